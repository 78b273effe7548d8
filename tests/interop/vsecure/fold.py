"""What the counting ops say about each secret (section 7)."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from .rotations import rotate

@dataclass
class Version:
    object: bytes
    first: "Op"                 # its first counting put or promote; None: it is held and does not exist
    source: "Op"                # the first that states it, whose author's it is: a counting put, or a pending that gives it
    number: int = 0             # for display
    expires: int = None         # served until then; None: for ever
    pruned: bool = False
    removed: bool = False
    overruled: bool = False
    wrap: bytes = None          # the id of its live wrap
    live: bytes = None          # the entry that makes it live
    wraps: list = field(default_factory=list)  # ids in the order of the first op that names each
    odd: list = field(default_factory=list)    # codes of warnings


@dataclass
class SecretState:
    name: str
    versions: dict = field(default_factory=dict)    # object id: Version, of those that exist, in display order
    held: dict = field(default_factory=dict)        # object id: Version, those that are given and do not exist too
    candidates: list = field(default_factory=list)  # object ids, ordered
    current: bytes = None
    fields: dict = field(default_factory=dict)
    conflicts: list = field(default_factory=list)
    touched: bool = False
    retired: set = field(default_factory=set)       # object ids
    previous: list = field(default_factory=list)    # object ids, ordered: what was promoted away and still works
    rotations: dict = field(default_factory=dict)   # id: Rotation, of those that are there
    pending: bytes = None                           # the object that a reader with an instance may get
    coming: list = field(default_factory=list)      # object ids, ordered: what open rotations may bring yet
    left: list = field(default_factory=list)        # object ids, ordered: what ended rotations left at the provider
    spared: set = field(default_factory=set)        # object ids: what was promoted away, retired or not
    odd: list = field(default_factory=list)         # codes of warnings about rotations

    @property
    def share(self):
        """Of the pending version; None without one."""
        return next((found.share for found in self.rotations.values() if self.pending in found.live_objects), None)


@dataclass
class Op:
    entry: bytes
    lamport: int
    policy: int
    index: int
    op: dict
    counts: bool
    sets: bool = None           # of an op from before a checkpoint: whether it sets something in active

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


def promotes(promote, pending):
    """Whether a promotion is of the same rotation and object as a pending."""
    return not promote.kept and not pending.kept and all(
        promote.op[key] == pending.op.get(key) for key in ("rotation", "object"))


def fold(graph, standing, wanted=None, voids=False):
    """{full name: SecretState} for every secret that a counting op names; with `voids`, void ops count."""
    secrets = {}
    for found in graph.order:
        entry = graph.entries[found]
        for index, op in enumerate(entry.ops):
            if "secret" not in op or (wanted is not None and op["secret"] not in wanted):
                continue
            secrets.setdefault(op["secret"], []).extend(as_told(graph, standing, entry, index, voids))
    return states(graph, standing, secrets)


def as_told(graph, standing, entry, index, voids=False):
    """The op as the fold has it; none without ground, which does nothing."""
    counts, op = voids or (entry.id, index) not in standing.ended, graph.acting(entry, entry.ops[index])
    return [Op(entry.id, entry.lamport, graph.policy_position(entry), index, op, counts)] if op else []


def states(graph, standing, secrets, replaced=None):
    """{full name: SecretState} of {full name: ops}; `replaced` is what a block says of some secrets."""
    folded = {name: Fold(graph, standing, name, ops, (replaced or {}).get(name)).state
              for name, ops in sorted(secrets.items())}
    return {name: state for name, state in folded.items() if state.versions or state.touched}


class Fold:
    """What the ops on one secret come to. `replaced` is what closed promotions took the place of, by version."""

    def __init__(self, graph, standing, name, ops, replaced=None):
        self.graph, self.standing, self.replaced_before = graph, standing, replaced or {}
        self.all = sorted(ops, key=lambda o: o.order)
        self.all = [o for o in self.all if not self._is_anothers(o)]
        self.ops = [o for o in self.all if o.counts]
        self.ops = [self._on_what_was_set(o) for o in self.ops]
        self.state = SecretState(name)
        self.state.touched = bool(self.ops)
        self._hold()
        self.overruled, self.set, self.stood_on = set(), [], {}
        self._set()
        for version in self.state.held.values():
            self._version(version)
        self._active()
        for key in {o.op["field"] for o in self.of("field")}:
            self._field(key)
        rotate(self)

    def of(self, *kinds, version=None):
        """The counting ops of these kinds, on one version."""
        return [o for o in self.ops if o.kind in kinds and (version is None or o.names(version))]

    def either(self, *kinds, version=None):
        """The same with those that are void."""
        return [o for o in self.all if o.kind in kinds and (version is None or o.names(version))]

    def _is_anothers(self, item):
        """Whether it promotes by rotate what its actor did not state, and so does nothing: who may only rotate can be the
        author of what is current, and no more. All that state a version are signed by one key."""
        if item.kind != "promote" or not item.counts or item.at not in self.standing.by_rotate:
            return False
        entries = self.graph.entries
        stated = next(o for o in self.either("put", "pending") if o.op.get("object") == item.op["object"])
        return entries[stated.entry].actor != entries[item.entry].actor

    def _on_what_was_set(self, item):
        """What removes, restores or prunes acts on what was put, or promoted before it: what is only pending is aborted."""
        if item.kept or item.kind not in ("remove", "restore", "prune"):
            return item
        left = [found for found in item.op["objects"] if self.of("put", version=found)
                or any(self.before(o, item) for o in self.of("promote", version=found))]
        return replace(item, op={**item.op, "objects": left})

    def _hold(self):
        """Finds the versions whose bytes are given, and those of them that exist."""
        sources = {}
        for item in self.all:
            if (item.kind == "put" and item.counts) or item in self.given:
                sources.setdefault(item.op["object"], item)
        for item in self.of("put", "promote"):
            found, known = item.op["object"], self.state.versions
            if found not in known and found in sources:
                known[found] = Version(found, item, sources[found], len(known) + 1)
        others = {found: Version(found, None, source) for found, source in sources.items()}
        self.state.held = {**self.state.versions, **{k: v for k, v in others.items() if k not in self.state.versions}}

    @cached_property
    def given(self):
        """The pendings that give their object."""
        return [item for item in self.either("pending") if "object" in item.op and self._gives(item)]

    def _gives(self, pending):
        return pending.counts or any(promotes(o, pending) and self.before(pending, o) for o in self.of("promote"))

    @cached_property
    def bases(self):
        """The base of each rotation that an op begins, counting or void."""
        return {o.op["rotation"]: o.op["base"] for o in self.either("pending") if not o.kept and o.op["nonce"] is not None}

    def beside(self, one, other):
        return not self.before(one, other) and not self.before(other, one)

    def before(self, one, other):
        if one.entry == other.entry:
            return one.index < other.index
        return self.graph.is_before(one.entry, other.entry)

    def survivors(self, ops):
        """The ops that are not before another of them, in rising order."""
        return [o for o in ops if not any(self.before(o, other) for other in ops)]

    def _set(self):
        """Finds the ops that set something in active, and the puts and promotions that are overruled."""
        for item in self.of("put", "promote", "resolve"):
            if item.kept:
                self.set += [item] if item.sets else []
                continue
            found, rotates = item.op["object"], item.at in self.standing.by_rotate
            overrules = {"put": self._is_overruled, "promote": self._is_promotion_overruled}
            self.stood_on[item.at] = self._active_before(item)
            if rotates and overrules[item.kind](item):
                self.overruled.add(item.at)
            elif item.kind == "resolve" and found not in self.stood_on[item.at]:
                continue
            elif found in self.state.versions and not self._is_ended(item, found):
                self.set.append(item)

    def _active_before(self, item):
        """L of the op: the versions that were active where it was written."""
        return {o.op["object"] for o in self.survivors([o for o in self.set if self.before(o, item)])}

    def _is_overruled(self, put):
        active = self.stood_on[put.at]
        if active:
            return not any(self._stands(put, version) for version in active)
        return not all(self.before(put, remove) for remove in self.of("remove"))

    def _is_promotion_overruled(self, item):
        """By rotate one stands on the version on which its rotation was begun, and on no abort or retirement."""
        base = self.bases.get(item.op["rotation"])
        return base not in self.stood_on[item.at] or not self._stands(item, base) or self._is_withdrawn(item)

    def _is_withdrawn(self, item):
        """Whether before a promotion its rotation is aborted or its version retired."""
        aborts = [o for o in self.of("abort") if o.op["rotation"] == item.op["rotation"]]
        retires = self.of("retire", version=item.op["object"])
        return any(self.before(o, item) for o in aborts + retires)

    def _stands(self, put, version):
        return not self._is_ended(put, version) and not self._is_removed_beside(put, version)

    def _is_removed_beside(self, item, version):
        """Whether the version is removed, and beside the op that was so, which nobody took back."""
        restores, removed = self.of("restore", version=version), self._is_removed(version)
        beside = [o for o in self.of("remove", version=version) if self.beside(o, item)]
        return removed and not all(any(self.before(remove, o) for o in restores) for remove in beside)

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
        makes = self.of("put", "promote", version=found)
        version.overruled = bool(makes) and all(o.at in self.overruled for o in makes)
        own = version.source.op["expires"]
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
        return any(self.beside(o, prune) and not (o.kept and prune.kept)
                   for o in later for prune in self.of("prune", version=found))

    def _wraps(self, version):
        named = [o for o in self.all if o.names(version.object) and (
            (o.counts and o.kind in ("put", "rewrap")) or o in self.given)]
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
            if any(self._follows(versions[c].first, version.first) for c in state.candidates):
                version.odd = [code for code in version.odd if code != "overruled"]

    def _follows(self, item, other):
        return item.entry != other.entry and self.before(other, item)

    def _field(self, key):
        left = self.survivors([o for o in self.of("field") if o.op["field"] == key])
        if left[-1].op["value"] is not None:
            self.state.fields[key] = left[-1].op["value"]
        if len({o.op["value"] for o in left}) > 1:
            self.state.conflicts.append(key)
