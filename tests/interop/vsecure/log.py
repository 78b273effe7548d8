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
        mask, lamport, position = 0, 0, self.policy_position(entry)
        for parent in entry.parents:
            mask |= self.ancestors[parent] | self.bit[parent]
            lamport = max(lamport, self.entries[parent].lamport)
            if self.policy_position(self.entries[parent]) > position:
                raise Refused("log", "policy-backdated", short(entry.id))
        if entry.lamport != lamport + 1:
            raise Refused("log", "lamport-wrong", short(entry.id))
        self.ancestors[entry.id] = mask

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
    """known(t) for each position; refuses heads that are missing or go backwards."""
    known, mask, before = [], 0, ()
    for at, entry in enumerate(graph.chain.entries):
        if any(head not in graph.entries for head in entry.heads):
            raise Refused("log", "policy-head-missing", f"policy entry {at} knew a log entry that is gone")
        if entry.heads:
            reach = graph.reach(entry.heads)
            if any(not reach & graph.bit[head] for head in before):
                raise Refused("log", "policy-heads-backwards", f"policy entry {at} forgets what one before it knew")
            before, mask = entry.heads, mask | reach
        known.append(mask)
    return known


def standing(graph, wanted=None):
    """Judges the entries that name one of the `wanted` secrets (None: all); refuses a forged one."""
    out, bases = Standing(known=knowledge(graph)), Bases(graph)
    for found in graph.order:
        entry = graph.entries[found]
        if wanted is None or any(op.get("secret") in wanted for op in entry.ops):
            _judge(graph, bases, entry, out)
    return out


def _judge(graph, bases, entry, out):
    start = graph.policy_position(entry)
    _signed(graph, entry, start)
    for number, op in enumerate(entry.ops):
        def ends(based, op=op):
            return _ends(graph, entry, op, based, start, out.known)
        based = op["op"] == "put" and bool(bases.of(entry, op))
        allowed, ended = ends(based)
        if not allowed:
            raise Refused("log", "op-unauthorised", f"{short(entry.id)}: {op['op']}")
        if ended is not None:
            out.ended[entry.id, number] = ended
        if based:
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


def _ends(graph, entry, op, based, start, known):
    """(whether the op is authorised at its own position, the position that makes it void or None)."""
    chain = graph.chain
    if not authorised(chain, entry, op, based, start):
        return False, None
    for at in chain.removals:
        if at > start and not authorised(chain, entry, op, based, at):
            return True, None if known[at] & graph.bit[entry.id] else at
    return True, None


def authorised(chain, entry, op, based, position):
    """Whether the op's rights are held at a position; a put that is `based` may be by rotate."""
    state, actor = chain.states[position], entry.actor
    key = state.keys.get(entry.key)
    if key is None or key.member != actor:
        return False
    if op["op"] == "checkpoint":
        return state.holds_over(actor, "grant", "*")
    needed = RIGHTS_NEEDED[op["op"]] + ((("rotate",),) if based else ())
    return any(all(state.holds(actor, right, op["secret"]) for right in rights) for rights in needed)


class Bases:
    """Which versions of its `replaces` a put rotates."""

    def __init__(self, graph):
        self.graph, self.puts, self.gone = graph, {}, {}
        for entry in graph.entries.values():
            for op in entry.ops:
                if op["op"] == "put":
                    self._note(self.puts, op["secret"], op["object"], entry)
                elif op["op"] in ("remove", "prune"):
                    for found in op["objects"]:
                        self._note(self.gone, op["secret"], found, entry)

    def _note(self, masks, secret, found, entry):
        masks[secret, found] = masks.get((secret, found), 0) | self.graph.bit[entry.id]

    def of(self, entry, op):
        above = self.graph.ancestors[entry.id]
        return [found for found in op["replaces"] or () if above & self.puts.get((op["secret"], found), 0)
                and not above & self.gone.get((op["secret"], found), 0)]
