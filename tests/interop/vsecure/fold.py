"""What the counting entries say about each secret (section 7)."""

from dataclasses import dataclass, field


@dataclass
class Version:
    object: bytes
    first: tuple            # the order of its first put
    expires: int = None
    pruned: bool = False
    removed: bool = False
    wrap: bytes = None      # the id of its live wrap


@dataclass
class SecretState:
    name: str
    versions: dict = field(default_factory=dict)    # object id: Version, in display order
    candidates: list = field(default_factory=list)  # object ids, ordered
    current: bytes = None
    fields: dict = field(default_factory=dict)
    conflicts: list = field(default_factory=list)


@dataclass
class _Op:
    entry: bytes
    lamport: int
    policy: int
    index: int
    op: dict

    @property
    def order(self):
        return (self.lamport, self.entry, self.index)


def fold(graph, void):
    """{full name: SecretState} for every secret that a counting op names."""
    secrets = {}
    for found in graph.order:
        entry = graph.entries[found]
        if found in void:
            continue
        for index, op in enumerate(entry.ops):
            if "secret" in op and op["op"] not in ("pending", "rollout"):
                item = _Op(found, entry.lamport, graph.policy_position(entry), index, op)
                secrets.setdefault(op["secret"], []).append(item)
    return {name: _fold_one(graph, name, ops) for name, ops in sorted(secrets.items())}


def _fold_one(graph, name, ops):
    ops.sort(key=lambda o: o.order)
    state = SecretState(name)
    for item in ops:
        if item.op["op"] == "put" and item.op["object"] not in state.versions:
            state.versions[item.op["object"]] = Version(item.op["object"], item.order)
    for version in state.versions.values():
        _fold_version(graph, version, ops, state)
    _fold_active(graph, state, ops)
    for name_of_field in {o.op["field"] for o in ops if o.op["op"] == "field"}:
        _fold_field(graph, state, name_of_field, ops)
    return state


def _left(graph, ops):
    """The ops that are not before another of them, in rising order."""
    def before(one, other):
        if one.entry == other.entry:
            return one.index < other.index
        return graph.is_before(one.entry, other.entry)
    return [o for o in ops if not any(before(o, other) for other in ops)]


def _names(item, version):
    return item.op.get("object") == version.object or version.object in (item.op.get("objects") or ())


def _fold_version(graph, version, ops, state):
    own = [o for o in ops if _names(o, version)]
    version.pruned = any(o.op["op"] == "prune" for o in own)
    left = _left(graph, [o for o in own if o.op["op"] in ("remove", "restore")])
    version.removed = bool(left) and left[-1].op["op"] == "remove"
    if len({o.op["op"] for o in left}) > 1:
        state.conflicts.append("removed")
    expiries = [o.op["expires"] for o in own if o.op["op"] == "put" and o.op["expires"] is not None]
    version.expires = max(expiries, default=None)
    wraps = [o for o in own if o.op["op"] in ("put", "rewrap")]
    version.wrap = max(wraps, key=lambda o: (o.policy, *o.order)).op["wrap"]


def _fold_active(graph, state, ops):
    register = [o for o in ops if o.op["op"] in ("put", "resolve") and o.op["object"] in state.versions]
    rest = [o for o in _left(graph, register) if _served(state.versions[o.op["object"]])]
    state.candidates = sorted({o.op["object"] for o in rest})
    state.current = rest[-1].op["object"] if rest else None
    if len(state.candidates) > 1:
        state.conflicts.append("active")


def _served(version):
    return not version.pruned and not version.removed


def _fold_field(graph, state, key, ops):
    left = _left(graph, [o for o in ops if o.op["op"] == "field" and o.op["field"] == key])
    if left[-1].op["value"] is not None:
        state.fields[key] = left[-1].op["value"]
    if len({o.op["value"] for o in left}) > 1:
        state.conflicts.append(key)
