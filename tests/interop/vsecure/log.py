"""The signed log (section 6): its graph, and which entries count."""

from . import signing
from .errors import Refused

RIGHTS_NEEDED = {
    "field": ("write",), "resolve": ("write",), "restore": ("write",), "remove": ("delete",),
    "prune": ("delete",), "pending": ("write", "rotate"), "rollout": ("write", "rotate"),
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
                raise Refused("log", "policy-order", short(entry.id))
        if entry.lamport != lamport + 1:
            raise Refused("log", "lamport", short(entry.id))
        self.ancestors[entry.id] = mask

    def policy_position(self, entry):
        if entry.policy not in self.chain.position:
            raise Refused("log", "unknown-policy", short(entry.id))
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

    def above(self, entry):
        return (e for e in map(self.entries.get, self.order) if self.is_before(e.id, entry.id))


def short(found):
    return found.hex()[:12]


def _sorted(entries):
    """Ids with every parent first; refuses a parent that the log does not hold."""
    children, waiting = {}, {}
    for entry in entries.values():
        waiting[entry.id] = len(entry.parents)
        for parent in entry.parents:
            if parent not in entries:
                raise Refused("log", "missing-parent", short(entry.id))
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


def standing(graph):
    """The ids of the void entries; refuses a forged one."""
    chain, void = graph.chain, set()
    _heads_present(graph)
    _heads_onwards(graph)
    kept = {at: graph.reach(chain.entries[at].heads) for at in chain.removals}
    for found in graph.order:
        entry = graph.entries[found]
        start = graph.policy_position(entry)
        _not_forged(graph, entry, start)
        for at in chain.removals:
            if at > start and not kept[at] & graph.bit[found] and _lost(graph, entry, at):
                void.add(found)
                break
    return void


def _heads_present(graph):
    for at, entry in enumerate(graph.chain.entries):
        if any(head not in graph.entries for head in entry.heads):
            raise Refused("log", "missing-head", f"policy entry {at} knew a log entry that is gone")


def _heads_onwards(graph):
    """No policy entry that names heads knows less than one before it."""
    known = 0
    for at, entry in enumerate(graph.chain.entries):
        if entry.heads:
            reach = graph.reach(entry.heads)
            if known & ~reach:
                raise Refused("log", "heads-backwards", f"policy entry {at} forgets what an earlier one knew")
            known = reach


def _not_forged(graph, entry, start):
    key = graph.chain.states[start].keys.get(entry.key)
    if key is None or key.member != entry.actor:
        raise Refused("log", "forged-key", short(entry.id))
    if not signing.verify(key.public, "log", entry.id, entry.sig):
        raise Refused("log", "forged-signature", short(entry.id))
    for op in entry.ops:
        if not authorised(graph, entry, op, start):
            raise Refused("log", "forged-right", f"{short(entry.id)}: {op['op']}")


def _lost(graph, entry, at):
    return any(authorised(graph, entry, op, at - 1) and not authorised(graph, entry, op, at)
               for op in entry.ops)


def authorised(graph, entry, op, position):
    state = graph.chain.states[position]
    key = state.keys.get(entry.key)
    return key is not None and key.member == entry.actor and _has_right(graph, entry, op, state)


def _has_right(graph, entry, op, state):
    actor, kind = entry.actor, op["op"]
    if kind == "checkpoint":
        return state.holds_over(actor, "grant", "*")

    def holds(right):
        return state.holds(actor, right, op["secret"])
    if kind == "put":
        return holds("write") or (holds("rotate") and _rotates(graph, entry, op))
    if kind == "rewrap":
        return holds("read") and (holds("write") or holds("grant"))
    return any(map(holds, RIGHTS_NEEDED[kind]))


def _rotates(graph, entry, op):
    """Whether `replaces` holds a version that an ancestor puts and none takes away."""
    put, gone = set(), set()
    for ancestor in graph.above(entry):
        for other in ancestor.ops:
            if other.get("secret") != op["secret"]:
                continue
            if other["op"] == "put":
                put.add(other["object"])
            elif other["op"] in ("remove", "prune"):
                gone.update(other["objects"])
    return any(found in put - gone for found in op["replaces"] or ())
