"""The signed log (section 6): its graph, and which ops count."""

from dataclasses import dataclass, field
from functools import cached_property

from . import signing
from .errors import Refused

WRITE = (("write",),)
EITHER = (("write",), ("rotate",))
# For each kind of op the sets of rights that suffice.
RIGHTS_NEEDED = {
    "put": WRITE, "field": WRITE, "resolve": WRITE, "restore": WRITE, "remove": (("delete",),),
    "expire": (("write", "delete"),), "prune": (("delete",),), "rewrap": (("read", "write"), ("read", "grant")),
    "pending": EITHER, "rollout": EITHER, "abort": EITHER, "retire": EITHER, "promote": EITHER,
}

# These stand on what an ancestor begins or names.
OF_ROTATIONS = ("pending", "rollout", "abort", "retire", "promote")

# Any of these on any pattern suffices for a `join`.
JOINS = {"write", "rotate", "delete", "grant"}


class Graph:
    """The entries, children after parents, each with the set of its ancestors as a bit mask."""

    def __init__(self, entries, chain):
        self.entries, self.chain = entries, chain
        self.order = _sorted(entries, self.links)
        self.bit = {found: 1 << at for at, found in enumerate(self.order)}
        self.ancestors = {}
        for found in self.order:
            self._link(entries[found])

    def links(self, entry):
        """The entries that it directly follows."""
        return entry.parents

    def _link(self, entry):
        self.judge_link(entry, [self.entries[parent] for parent in entry.parents])
        self.ancestors[entry.id] = self.reach(entry.parents)

    def judge_link(self, entry, parents, all_there=True):
        """Lamport and policy against those of its parents, as far as these are there."""
        least = 1 + max((parent.lamport for parent in parents), default=0)
        if entry.lamport < least or (all_there and entry.lamport > least):
            raise Refused("log", "lamport-wrong", short(entry.id))
        position = self.policy_position(entry)
        if any(self.policy_position(parent) > position for parent in parents):
            raise Refused("log", "policy-backdated", short(entry.id))

    def heads(self, at):
        """The heads of policy entry `at`; refuses one that is missing."""
        heads = self.chain.entries[at].heads
        if any(head not in self.entries for head in heads):
            raise Refused("log", "policy-head-missing", f"policy entry {at} knew a log entry that is gone")
        return heads

    def known_from_the_start(self):
        """The mask of what every policy entry counts as known."""
        return 0

    @cached_property
    def grounds(self):
        """What an op may stand on, whether that counts or not: the mask of the entries with it, by what it is. What adds to a
        rotation is none if it follows no beginning of it."""
        grounds = {}
        for entry in map(self.entries.get, self.order):
            for ground in [ground for op in entry.ops if self._may_be_ground(grounds, entry, op) for ground in _grounds(op)]:
                grounds[ground] = grounds.get(ground, 0) | self.bit[entry.id]
        return grounds

    def _may_be_ground(self, grounds, entry, op):
        if op["op"] != "pending" or _begins(op):
            return True
        return bool(self.ancestors[entry.id] & grounds.get(("begun", op["secret"], op["rotation"]), 0))

    def follows(self, entry, *ground):
        """Whether an ancestor has it."""
        return bool(self.with_ground(entry, *ground))

    def with_ground(self, entry, *ground):
        """The mask of the ancestors that have it."""
        return self.ancestors[entry.id] & self.grounds.get(ground, 0)

    def needed(self, entry, op):
        """The sets of rights of which one suffices for an op on a secret."""
        if op["op"] == "put":
            return EITHER if self.follows(entry, "put", op["secret"]) else WRITE
        if op["op"] == "promote" and self._is_anothers(entry, op) and self._may_write(entry, op):
            return WRITE
        return RIGHTS_NEEDED.get(op["op"], ())

    def _is_anothers(self, entry, op):
        """Whether what it promotes is found below it, stated by others. All that state a version are signed by one key."""
        stated = self.with_ground(entry, "stated", op["secret"], op["rotation"], op["object"])
        return stated and self.entries[self.order[stated.bit_length() - 1]].actor != entry.actor

    def _may_write(self, entry, op):
        return authorised(self.chain, entry, op, WRITE, self.policy_position(entry))

    def acting(self, entry, op):
        """The op as far as it has below it what it stands on: a retirement object by object; None: it does nothing."""
        if op["op"] != "retire":
            return op if all(self.follows(entry, *ground) for ground in stands_on(op)) else None
        left = [found for found in op["objects"] if self.follows(entry, "named", op["secret"], found)]
        return {**op, "objects": left} if left else None

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


def _grounds(op):
    """What others may stand on of an op: each begins with its kind and the secret."""
    if op["op"] == "put":
        return [("put", op["secret"]), ("named", op["secret"], op["object"])]
    if op["op"] != "pending":
        return []
    grounds = [("begun", op["secret"], op["rotation"])] if _begins(op) else []
    if "object" in op:
        grounds += [("named", op["secret"], op["object"]), ("stated", op["secret"], op["rotation"], op["object"])]
    return grounds


def stands_on(op):
    """What an op about a rotation needs below it: all of these. A retirement needs it object by object."""
    kind, secret = op["op"], op.get("secret")
    if kind not in OF_ROTATIONS or kind == "retire":
        return []
    if _begins(op):
        return [("put", secret)]
    states = [("stated", secret, op["rotation"], op["object"])] if kind == "promote" else []
    return [("begun", secret, op["rotation"]), *states]


def _begins(op):
    """Whether it begins a rotation: who has the closed part of a log and who has not know alike which secrets were put."""
    return op["op"] == "pending" and op["nonce"] is not None


def short(found):
    return found.hex()[:12]


def _sorted(entries, links):
    """Ids with every parent first; refuses a parent that the log does not hold."""
    children, waiting = {}, {}
    for entry in entries.values():
        parents = links(entry)
        waiting[entry.id] = len(parents)
        for parent in parents:
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
    by_rotate: set = field(default_factory=set)   # puts and promotions, void ones by their own position
    known: list = field(default_factory=list)     # known(t) as a mask, for each position

    def void_in(self, entry):
        return [n for n in range(len(entry.ops)) if (entry.id, n) in self.ended]


def knowledge(graph):
    """known(t) for each position; refuses heads that are missing."""
    known, mask = [], graph.known_from_the_start()
    for at in range(len(graph.chain.entries)):
        mask |= graph.reach(graph.heads(at))
        known.append(mask)
    return known


def standing(graph, wanted=None):
    """Judges the entries that name one of the `wanted` secrets (None: all); refuses a forged one."""
    out = Standing(known=knowledge(graph))
    for found in graph.order:
        entry = graph.entries[found]
        if wanted is None or any(op.get("secret") in wanted for op in entry.ops):
            judge(graph, entry, out)
    return out


def judge(graph, entry, out):
    """Adds to `out` what is to be said of the ops of an entry; refuses a forged one."""
    start = graph.policy_position(entry)
    check_signature(graph, entry, start)
    for number, op in enumerate(entry.ops):
        def ends(needed, op=op):
            return ends_at(graph, entry, op, needed, start, out.known)
        needed = graph.needed(entry, op)
        allowed, ended = ends(needed)
        if not allowed or (_begins(op) and graph.acting(entry, op) is None):
            raise Refused("log", "op-unauthorised", f"{short(entry.id)}: {op['op']}")
        if ended is not None:
            out.ended[entry.id, number] = ended
        if op["op"] in ("put", "promote") and needed != WRITE:
            by_write, lost = ends(WRITE)
            if not by_write or (ended is None and lost is not None):
                out.by_rotate.add((entry.id, number))


def check_signature(graph, entry, start):
    """Refuses an entry whose key, actor or signature is wrong."""
    ever = graph.chain.every_key.get(entry.key)
    if ever is None:
        raise Refused("log", "key-unknown", short(entry.id))
    if ever.member != entry.actor:
        raise Refused("log", "actor-wrong", short(entry.id))
    if entry.key not in graph.chain.states[start].keys:
        raise Refused("log", "key-inactive", short(entry.id))
    if not signing.verify(ever.public, "log", entry.id, entry.sig):
        raise Refused("log", "signature-invalid", short(entry.id))


def ends_at(graph, entry, op, needed, start, known):
    """(whether the op is authorised at its own position, the position that makes it void or None)."""
    chain = graph.chain
    if not authorised(chain, entry, op, needed, start):
        return False, None
    for at in chain.removals:
        if at > start and not authorised(chain, entry, op, needed, at):
            return True, None if known[at] & graph.bit[entry.id] else at
    return True, None


def authorised(chain, entry, op, needed, position):
    """Whether the op's rights are held at a position: one of the `needed` sets, if it is on a secret."""
    state, actor = chain.states[position], entry.actor
    key = state.keys.get(entry.key)
    if key is None or key.member != actor:
        return False
    if op["op"] == "checkpoint":
        return state.holds_over(actor, "grant", "*")
    if op["op"] == "join":
        return any(have & JOINS for _, have in state.grants_of(actor))
    return any(all(state.holds(actor, right, op["secret"]) for right in rights) for rights in needed)
