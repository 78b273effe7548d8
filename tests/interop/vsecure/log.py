"""The signed log (section 6): its graph, and which ops count."""

from dataclasses import dataclass, field

from . import signing
from .errors import Refused

WRITE = (("write",),)
# For each kind of op the sets of rights that suffice.
RIGHTS_NEEDED = {
    "put": WRITE, "field": WRITE, "resolve": WRITE, "restore": WRITE, "remove": (("delete",),),
    "expire": (("write", "delete"),), "prune": (("delete",),), "rewrap": (("read", "write"), ("read", "grant")),
    "pending": (("write",), ("rotate",)), "rollout": (("write",), ("rotate",)),
}

# Any of these on any pattern suffices for a `join`.
JOINS = {"write", "rotate", "delete", "grant"}


class Graph:
    """The entries, children after parents, each with the set of its ancestors as a bit mask."""

    def __init__(self, entries, chain):
        self.entries, self.chain = entries, chain
        self.order = _sorted(entries)
        self.bit = {found: 1 << at for at, found in enumerate(self.order)}
        self.ancestors = {}
        for found in self.order:
            self._link(entries[found])

    def _link(self, entry):
        parents = [self.entries[parent] for parent in entry.parents]
        if entry.lamport != 1 + max((parent.lamport for parent in parents), default=0):
            raise Refused("log", "lamport-wrong", short(entry.id))
        position = self.policy_position(entry)
        if any(self.policy_position(parent) > position for parent in parents):
            raise Refused("log", "policy-backdated", short(entry.id))
        self.ancestors[entry.id] = self.reach(entry.parents)

    def policy_position(self, entry):
        if entry.policy not in self.chain.position:
            raise Refused("log", "policy-unknown", short(entry.id))
        return self.chain.position[entry.policy]

    def is_before(self, one, other):
        """Whether entry `one` is an ancestor of entry `other`."""
        return bool(self.ancestors[other] & self.bit[one])

    def reach(self, ids):
        """The mask of these entries and all their ancestors."""
        mask = 0
        for found in ids:
            mask |= self.ancestors[found] | self.bit[found]
        return mask


def short(found):
    return found.hex()[:12]


def _sorted(entries):
    """Ids with every parent first; refuses a parent that the log does not hold."""
    children, waiting = {}, {}
    for entry in entries.values():
        waiting[entry.id] = len(entry.parents)
        for parent in entry.parents:
            if parent not in entries:
                raise Refused("log", "parent-missing", short(entry.id))
            children.setdefault(parent, []).append(entry.id)
    ready, order = [found for found, count in waiting.items() if not count], []
    while ready:
        found = ready.pop()
        order.append(found)
        for child in children.get(found, ()):
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return order


@dataclass
class Standing:
    """Which ops count. An op is (entry id, index)."""
    ended: dict = field(default_factory=dict)     # void op: the position that ended it
    by_rotate: set = field(default_factory=set)   # puts, void ones by their own position
    known: list = field(default_factory=list)     # known(t) as a mask, for each position

    def void_in(self, entry):
        return [n for n in range(len(entry.ops)) if (entry.id, n) in self.ended]


def knowledge(graph):
    """known(t) for each position; refuses heads that are missing."""
    known, mask = [], 0
    for at, entry in enumerate(graph.chain.entries):
        if any(head not in graph.entries for head in entry.heads):
            raise Refused("log", "policy-head-missing", f"policy entry {at} knew a log entry that is gone")
        mask |= graph.reach(entry.heads)
        known.append(mask)
    return known


def standing(graph, wanted=None):
    """Judges the entries that name one of the `wanted` secrets (None: all); refuses a forged one."""
    out, puts = Standing(known=knowledge(graph)), _puts(graph)
    for found in graph.order:
        entry = graph.entries[found]
        if wanted is None or any(op.get("secret") in wanted for op in entry.ops):
            _judge(graph, puts, entry, out)
    return out


def _judge(graph, puts, entry, out):
    start = graph.policy_position(entry)
    _signed(graph, entry, start)
    for number, op in enumerate(entry.ops):
        def ends(rotates, op=op):
            return _ends(graph, entry, op, rotates, start, out.known)
        rotates = op["op"] == "put" and bool(graph.ancestors[entry.id] & puts.get(op["secret"], 0))
        allowed, ended = ends(rotates)
        if not allowed:
            raise Refused("log", "op-unauthorised", f"{short(entry.id)}: {op['op']}")
        if ended is not None:
            out.ended[entry.id, number] = ended
        if rotates:
            by_write, lost = ends(False)
            if not by_write or (ended is None and lost is not None):
                out.by_rotate.add((entry.id, number))


def _signed(graph, entry, start):
    ever = graph.chain.every_key.get(entry.key)
    if ever is None:
        raise Refused("log", "key-unknown", short(entry.id))
    if ever.member != entry.actor:
        raise Refused("log", "actor-wrong", short(entry.id))
    if entry.key not in graph.chain.states[start].keys:
        raise Refused("log", "key-inactive", short(entry.id))
    if not signing.verify(ever.public, "log", entry.id, entry.sig):
        raise Refused("log", "signature-invalid", short(entry.id))


def _ends(graph, entry, op, rotates, start, known):
    """(whether the op is authorised at its own position, the position that makes it void or None)."""
    chain = graph.chain
    if not authorised(chain, entry, op, rotates, start):
        return False, None
    for at in chain.removals:
        if at > start and not authorised(chain, entry, op, rotates, at):
            return True, None if known[at] & graph.bit[entry.id] else at
    return True, None


def authorised(chain, entry, op, rotates, position):
    """Whether the op's rights are held at a position; a put that `rotates` may be by rotate."""
    state, actor = chain.states[position], entry.actor
    key = state.keys.get(entry.key)
    if key is None or key.member != actor:
        return False
    if op["op"] == "checkpoint":
        return state.holds_over(actor, "grant", "*")
    if op["op"] == "join":
        return any(have & JOINS for _, have in state.grants_of(actor))
    needed = RIGHTS_NEEDED[op["op"]] + ((("rotate",),) if rotates else ())
    return any(all(state.holds(actor, right, op["secret"]) for right in rights) for rights in needed)


def _puts(graph):
    """By secret: the mask of the entries that put it, whether these ops count or not."""
    puts = {}
    for entry in graph.entries.values():
        for op in entry.ops:
            if op["op"] == "put":
                puts[op["secret"]] = puts.get(op["secret"], 0) | graph.bit[entry.id]
    return puts
