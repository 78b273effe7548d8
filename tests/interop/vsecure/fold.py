"""What the counting ops say about each secret (section 7)."""

from dataclasses import dataclass, field


@dataclass
class Version:
    object: bytes
    first: "Op"                 # its first counting put
    number: int = 0             # for display
    expires: int = None         # served until then; None: for ever
    pruned: bool = False
    removed: bool = False
    overruled: bool = False
    wrap: bytes = None          # the id of its live wrap
    live: bytes = None          # the entry that makes it live
    wraps: list = field(default_factory=list)  # ids in the order of the first counting op that names each
    odd: list = field(default_factory=list)    # codes of warnings


@dataclass
class SecretState:
    name: str
    versions: dict = field(default_factory=dict)    # object id: Version, in display order
    candidates: list = field(default_factory=list)  # object ids, ordered
    current: bytes = None
    fields: dict = field(default_factory=dict)
    conflicts: list = field(default_factory=list)
    touched: bool = False


@dataclass
class Op:
    entry: bytes
    lamport: int
    policy: int
    index: int
    op: dict
    counts: bool
    sets: bool = None           # of a put or resolve from before a checkpoint: whether it sets something in active

    @property
    def kept(self):
        """Whether it is an op from before a checkpoint, read without what else was closed."""
        return self.sets is not None

    @property
    def order(self):
        return (self.lamport, self.entry, self.index)

    @property
    def kind(self):
        return self.op["op"]

    @property
    def at(self):
        return (self.entry, self.index)

    def names(self, found):
        return self.op.get("object") == found or found in (self.op.get("objects") or ())


def fold(graph, standing, wanted=None, voids=False):
    """{full name: SecretState} for every secret that a counting op names; with `voids`, void ops count."""
    secrets = {}
    for found in graph.order:
        entry = graph.entries[found]
        for index, op in enumerate(entry.ops):
            if "secret" not in op or (wanted is not None and op["secret"] not in wanted):
                continue
            counts = voids or (found, index) not in standing.ended
            item = Op(found, entry.lamport, graph.policy_position(entry), index, op, counts)
            secrets.setdefault(op["secret"], []).append(item)
    return states(graph, standing, secrets)


def states(graph, standing, secrets):
    """{full name: SecretState} of {full name: ops}."""
    folded = {name: Fold(graph, standing, name, ops).state for name, ops in sorted(secrets.items())}
    return {name: state for name, state in folded.items() if state.versions or state.touched}


class Fold:
    """What the ops on one secret come to."""

    def __init__(self, graph, standing, name, ops):
        self.graph, self.standing = graph, standing
        self.ops = sorted((o for o in ops if o.counts), key=lambda o: o.order)
        self.state = SecretState(name)
        self.state.touched = bool(self.ops)
        for put in self.of("put"):
            known = self.state.versions
            known.setdefault(put.op["object"], Version(put.op["object"], put, len(known) + 1))
        self.overruled, self.set = set(), []
        self._set()
        for version in self.state.versions.values():
            self._version(version)
        self._active()
        for key in {o.op["field"] for o in self.of("field")}:
            self._field(key)

    def of(self, *kinds, version=None):
        return [o for o in self.ops if o.kind in kinds and (version is None or o.names(version))]

    def before(self, one, other):
        if one.entry == other.entry:
            return one.index < other.index
        return self.graph.is_before(one.entry, other.entry)

    def survivors(self, ops):
        """The ops that are not before another of them, in rising order."""
        return [o for o in ops if not any(self.before(o, other) for other in ops)]

    def _set(self):
        """Finds the puts and resolves that set something in active, and the puts that are overruled."""
        for item in self.of("put", "resolve"):
            if item.kept:
                self.set += [item] if item.sets else []
                continue
            found, rotates = item.op["object"], item.kind == "put" and item.at in self.standing.by_rotate
            if rotates and self._is_overruled(item):
                self.overruled.add(item.at)
            elif item.kind == "resolve" and found not in self._active_before(item):
                continue
            elif found in self.state.versions and not self._is_ended(item, found):
                self.set.append(item)

    def _active_before(self, item):
        """L of the op: the versions that were active where it was written."""
        return {o.op["object"] for o in self.survivors([o for o in self.set if self.before(o, item)])}

    def _is_overruled(self, put):
        active = self._active_before(put)
        if active:
            return not any(self._stands(put, version) for version in active)
        return not all(self.before(put, remove) for remove in self.of("remove"))

    def _stands(self, put, version):
        if self._is_ended(put, version):
            return False
        restores, removed = self.of("restore", version=version), self._is_removed(version)
        beside = [o for o in self.of("remove", version=version) if not self.before(o, put) and not self.before(put, o)]
        return not removed or all(any(self.before(remove, o) for o in restores) for remove in beside)

    def _is_ended(self, item, version):
        """Whether before the op the version is pruned, or removed and not restored."""
        if any(self.before(o, item) for o in self.of("prune", version=version)):
            return True
        restores = [o for o in self.of("restore", version=version) if self.before(o, item)]
        removes = [o for o in self.of("remove", version=version) if self.before(o, item)]
        return not all(any(self.before(remove, o) for o in restores) for remove in removes)

    def _is_removed(self, version):
        left = self.survivors(self.of("remove", "restore", version=version))
        return bool(left) and left[-1].kind == "remove"

    def _version(self, version):
        found = version.object
        version.pruned = bool(self.of("prune", version=found))
        left = self.survivors(self.of("remove", "restore", version=found))
        version.removed = self._is_removed(found)
        version.overruled = all(o.at in self.overruled for o in self.of("put", version=found))
        own = version.first.op["expires"]
        expires = self.of("expire", version=found)
        times = [o.op["at"] for o in self.survivors(expires)]
        version.expires = min((t for t in times if t is not None), default=None) if times else own
        self._wraps(version)
        if version.pruned:
            if self._prune_beside(found, expires, own):
                version.odd.append("prune-beside-expire")
            return
        version.odd += ["removal-conflict"] if len({o.kind for o in left}) > 1 else []
        version.odd += ["expiry-conflict"] if len(set(times)) > 1 else []
        version.odd += ["overruled"] if version.overruled and not version.removed else []

    def _prune_beside(self, found, expires, own):
        later = [o for o in expires if o.op["at"] is None or (own is not None and o.op["at"] > own)]
        return any(not self.before(o, prune) and not self.before(prune, o) and not (o.kept and prune.kept)
                   for o in later for prune in self.of("prune", version=found))

    def _wraps(self, version):
        named = self.of("put", "rewrap", version=version.object)
        live = max(named, key=lambda o: (o.policy, *o.order))
        version.wrap, version.live = live.op["wrap"], live.entry
        version.wraps = list(dict.fromkeys(o.op["wrap"] for o in named))

    def _active(self):
        state = self.state
        versions = state.versions
        rest = [o for o in self.survivors(self.set)
                if not versions[o.op["object"]].pruned and not versions[o.op["object"]].removed]
        state.candidates = sorted({o.op["object"] for o in rest})
        state.current = rest[-1].op["object"] if rest else None
        if len(state.candidates) > 1:
            state.conflicts.append("active")
        for version in versions.values():
            if any(self._descends(versions[c].first, version.first) for c in state.candidates):
                version.odd = [code for code in version.odd if code != "overruled"]

    def _descends(self, item, other):
        return item.entry != other.entry and self.before(other, item)

    def _field(self, key):
        left = self.survivors([o for o in self.of("field") if o.op["field"] == key])
        if left[-1].op["value"] is not None:
            self.state.fields[key] = left[-1].op["value"]
        if len({o.op["value"] for o in left}) > 1:
            self.state.conflicts.append(key)
