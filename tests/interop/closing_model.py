#!/usr/bin/env python3
"""Histories by chance whose log is closed somewhere: whoever reads without the closed part must find what the whole says.

    closing_model.py --count 400 --seed 1 --jobs 2

Members with one right each, or two, write on branches, lose rights and have them back; history is closed at any entry
where that is allowed; they go on, on top of it and on branches that began before it.
"""

import argparse
import copy
import random
import sys
from multiprocessing import Pool

from closing_base import MEMBERS, base
from mutating import turning
from vsecure import keeping, recent, rules
from vsecure.copies import fix_copies
from vsecure.errors import Refused
from vsecure.file import records, render
from vsecure.fold import fold
from vsecure.history import segment, segment_id
from vsecure.log import Graph, RIGHTS_NEEDED, standing
from vsecure.policy import Chain
from vsecure.verify import verify
from vsecure.writing import ids, op

NAMES = ("prod/A", "prod/B", "prod/C")
KINDS = ("put",) * 5 + ("resolve", "restore") * 2 + ("remove",) * 3 + ("expire", "prune", "rewrap", "field")
TURNS = ("pending", "pending", "intent", "rollout", "abort", "abort", "retire", "promote", "promote", "promote")


class Nothing(Exception):
    """This step has nothing to work on."""


class World:
    """A vault that grows, whole: what is closed stays in it."""

    def __init__(self, seed):
        self.rng, self.base = random.Random(seed), base()
        self.build = copy.deepcopy(self.base.build)
        self.build.rng = self.rng
        self.chain, self.closing = Chain(self.build.policy), None
        self.floor, self.kept = None, set()  # upon which entry most goes on, and what else stays of what is below
        self.deks, self.reaches, self.late = {}, {}, self.rng.choice([0, 0.05, 0.2])
        self.names = NAMES[:self.rng.choice([1, 1, 2, 3])]
        # What a world is about differs: else what takes three ops of one kind would hardly ever come together.
        turns = TURNS * self.rng.choice([0, 1, 3])
        self.kinds = [kind for kind in KINDS + turns for _ in range(self.rng.choice([0, 1, 1, 3]))] + ["put"]
        self.apart = self.rng.choice([0, 0.5, 0.9])  # how many puts are beside all else
        self.rights, self.twice = self.rng.choice([0.02, 0.14]), self.rng.choice([0.02, 0.25])
        self.through = self.rng.choice([0, 0, 0.2, 0.5])  # how many steps are a rotation to its end
        self.checkpoints = []
        self.lie = None  # what whoever closes says in place of the block that follows

    # The graph as the steps need it.

    def above(self, found):
        """An entry with all its ancestors."""
        if found not in self.reaches:
            parents = self.build.log[found].parents
            self.reaches[found] = frozenset({found}).union(*map(self.above, parents))
        return self.reaches[found]

    def parents(self, fit):
        chance, rng = self.rng.random(), self.rng
        if self.floor:
            is_late = rng.random() < self.late
            fit = [found for found in fit if self.stays(found) and (is_late or self.floor in self.above(found))]
        heads = self.top(fit)
        if not fit:
            return []
        if chance < 0.35:
            return heads
        some = rng.sample(fit, min(len(fit), rng.choice([0, 1, 1, 1, 2, 2, 3])))
        if not some and self.floor and self.late == 0:
            return heads
        return self.top(some)

    def stays(self, found):
        """Whether an entry is in the file without history: one upon another makes it say nothing, mostly."""
        return (found in self.kept or found not in self.above(self.floor)
                or self.rng.random() < 0.001)

    def top(self, found):
        """Those that no other of them follows."""
        return sorted(one for one in set(found)
                      if not any(one != other and one in self.above(other) for other in found))

    # Steps.

    def step(self):
        chance = self.rng.random()
        if chance < self.rights:
            self.change_rights()
        elif chance < self.rights + self.twice:
            self.again()
        elif self.rng.random() < self.through:
            self.rotate()
        else:
            self.write()

    def write(self):
        last = len(self.chain.states) - 1
        at = self.rng.randrange(last + 1) if self.rng.random() < 0.3 else last
        fit = sorted(found for found, entry in self.build.log.items() if self.chain.position[entry.policy] <= at)
        kinds = self.rng.choices(self.kinds, k=self.rng.choice([1, 1, 1, 2, 2, 3]))
        apart = kinds == ["put"] and not self.floor and self.rng.random() < self.apart
        parents = [] if apart else self.parents(fit)
        who = self.rng.choice([*sorted(self.base.seeds), "ada", "ray", "wim", "rod"])
        ops = [self.op(kind, who, at, parents) for kind in kinds]
        self.add(who, [one for one in ops if one], parents, at)

    def rotate(self):
        """A version begun upon what was set last, and promoted in its place: perhaps by another, or beside something."""
        at, parents = len(self.chain.states) - 1, self.parents(sorted(self.build.log))
        name = self.name(parents)
        for kind in ("pending", *self.rng.choice([(), ("rollout",), ("retire",)]), "promote"):
            who = self.rng.choice(["rob", "ron", "rod", "wes", "ray", "ada"])
            made = self.op(kind, who, at, parents, name)
            if not made:
                raise Nothing
            self.add(who, [made], parents, at)
            parents = [max(self.build.log.values(), key=lambda entry: entry.ts).id]

    def add(self, who, ops, parents, at):
        if not ops:
            raise Nothing
        self.build.add_log(who, self.base.seeds[who], ops, parents=parents, policy=self.build.policy[at].id)

    def op(self, kind, who, at, parents, name=None):
        """An op on this secret, or on any."""
        state, name = self.chain.states[at], name or self.name(parents)
        if not self.may(state, who, kind, name, parents):
            return None
        if kind in TURNS:
            return self.turn(kind, name, who, parents)
        if kind == "put":
            return self.put(name, who, parents, self.expires())
        if kind == "field":
            field, value = self.rng.choice(["description", "var"]), self.rng.choice(["a", "b", None])
            return op(kind, secret=name, field=field, value=value)
        versions = list(dict.fromkeys(o["object"] for e in self.build.log.values() for o in e.ops
                                      if o["op"] in ("put", "pending") and "object" in o and o["secret"] == name))
        versions = versions[-self.rng.choice([2, 3, 9]):]
        if not versions:
            return None
        if kind in ("restore", "remove", "prune"):
            some = self.rng.sample(versions, min(len(versions), self.rng.choice([1, 1, 2])))
            return op(kind, secret=name, objects=ids(some))
        found = self.rng.choice(versions)
        if kind == "rewrap":
            return op(kind, secret=name, object=found, wrap=self.wrap(name, found, self.rng.random() < 0.5))
        if kind == "expire":
            return op(kind, secret=name, object=found, at=self.rng.choice([None, 1, 9_000_000_000]))
        return op(kind, secret=name, object=found)

    def name(self, parents):
        """What is late is about one secret, mostly, so that others can be compared."""
        is_late = self.floor and not any(self.floor in self.above(one) for one in parents)
        return self.names[-1] if is_late and self.rng.random() < 0.9 else self.rng.choice(self.names)

    def may(self, state, who, kind, name, parents):
        needed = RIGHTS_NEEDED["pending" if kind == "intent" else kind]
        if any(all(state.holds(who, right, name) for right in rights) for rights in needed):
            return kind not in TURNS or self.is_put(name, parents)
        return kind == "put" and state.holds(who, "rotate", name) and self.is_put(name, parents)

    def is_put(self, name, parents):
        return turning.is_put(self.build.log, name, frozenset().union(*map(self.above, parents)))

    def turn(self, kind, name, who, parents):
        """An op about a rotation, or None."""
        above = frozenset().union(*map(self.above, parents))
        if kind in turning.TURNS:
            return turning.turn(self.rng, self.build.log, name, kind, above)
        if kind == "intent":
            return op("pending", secret=name, **turning.begins(self.rng, self.build.log, name, above))
        stated = turning.states(self.rng, self.build.log, name, above)
        return self.put(name, who, parents, self.expires(), "pending", **stated)

    def expires(self):
        return self.rng.choice([None, None, None, 1, 9_000_000_000])

    def put(self, name, who, parents, expires=None, kind="put", **begun):
        dek = self.rng.randbytes(32)
        found = self.build.version(name, self.rng.randbytes(8), dek, self.base.seeds[who], expires, parents)
        self.deks[found] = dek
        return self.build.put_op(name, found, self.wrap(name, found), kind, **begun)

    def wrap(self, name, found, sealed=False):
        """One that is not sealed is always the same, as there is one epoch."""
        recipient = self.base.recipient if sealed else None
        return self.build.wrap(name, found, self.deks[found], "owner", self.base.epoch, self.base.kek, recipient)

    def again(self):
        """A version put once more by its author upon the same parents, beside other ops."""
        entries = sorted(self.build.log.values(), key=lambda entry: entry.id)
        entry = self.rng.choice(entries or [None])
        puts = [o for o in entry.ops if o["op"] == "put"] if entry else []
        if not puts or (self.floor and not self.late):
            raise Nothing
        item, at = self.rng.choice(puts), self.chain.position[entry.policy]
        if not self.may(self.chain.states[at], entry.actor, "put", item["secret"], entry.parents):
            raise Nothing
        first = self.op(self.rng.choice(["put", "remove", "remove", "field", "prune"]), entry.actor, at, entry.parents)
        put = op("put", secret=item["secret"], body=item["body"], wrap=item["wrap"], expires=item["expires"])
        self.add(entry.actor, [first, put] if first else [put], entry.parents, at)

    def change_rights(self):
        who = self.rng.choice(sorted(MEMBERS))
        held = self.chain.states[-1].grants[f"r-{who}"].get("*", set())
        lost = [right for right in rules.RIGHTS if right in MEMBERS[who] and right not in held]
        kind, some = "revoke", [right for right in rules.RIGHTS if right in held]
        if lost and self.rng.random() < 0.5:
            kind, some = "grant", lost
        if not some:
            raise Nothing
        rights = [right for right in some if self.rng.random() < 0.6] or some[:1]
        log = [found for found in sorted(self.build.log) if not self.floor or self.stays(found)]
        heads = self.rng.choice([[], self.top(self.rng.sample(log, min(len(log), 2))), self.build.heads()])
        self.policy([op(kind, role=f"r-{who}", pattern="*", rights=rights)], heads)

    def policy(self, ops, heads):
        kept = list(self.build.policy), list(self.build.file.policy)
        try:
            self.build.add_policy(ops, [self.base.seeds["ada"]], heads)
            self.chain = Chain(self.build.policy)
        except Refused:
            self.build.policy, self.build.file.policy = kept
            raise Nothing from None

    def close(self):
        """Closes history at some entry where that is allowed."""
        first = self.united() if self.rng.random() < 0.9 and self.build.log else []
        if first and self.rng.random() < 0.5:  # where people have branches it is some steps old
            self.floor, self.kept = first[0], set(first)
            _steps(self, self.rng.choice([1, 3, 6]))
        graph = self.judged()
        for entry in first + self.rng.sample(sorted(self.build.log), len(self.build.log)):
            if not first and self.rng.random() < 0.7 and len(self.above(entry)) < len(self.build.log) / 2:
                continue
            try:
                made = keeping.closing(graph, self.stands, entry, len(self.build.policy))
            except keeping.NotClosable:
                continue
            made.block = self.lie(made.block) if self.lie else made.block
            others = self.rng.choice([[], self.build.heads()])
            self.policy([op("checkpoint", **made.op)], self.top([entry, *others]))
            self.closing, self.floor, self.kept = made, entry, set(made.block.entries)
            self.checkpoints.append(made)
            return
        raise Nothing

    def united(self):
        """An owner's entry upon all heads but some: it says nothing, or something about a secret."""
        at = len(self.chain.states) - 1
        heads = self.build.heads() if self.rng.random() < 0.9 else self.build.heads()[1:]
        kinds = self.rng.choice([(), (), KINDS, TURNS])
        ops = [self.op(self.rng.choice(kinds), "ada", at, heads)] if kinds else []
        self.add("ada", [one for one in ops if one] or [op("join")], heads, at)
        return [max(self.build.log.values(), key=lambda entry: entry.ts).id]

    def judged(self):
        _, log = records(self.build.file)
        graph = Graph(log, self.chain)
        self.stands = standing(graph)
        return graph


def history(seed):
    """A world with at least one checkpoint and what came after it, or None."""
    world = World(seed)
    rounds = world.rng.choice([1, 1, 2])
    for _ in range(rounds):
        _steps(world, world.rng.choice([3, 6, 10, 16]))
        _attempt(world.close)
        if not world.rng.randrange(3):
            world.late = world.rng.choice([0, 0.05, 0.2])
    if not world.closing:
        return None
    _steps(world, world.rng.choice([1, 3, 6, 12]))
    return world


def _steps(world, count):
    for _ in range(4 * count):
        count -= _attempt(world.step)
        if not count:
            return


def lying(seed, lie):
    """A world whose last checkpoint states another block than follows, and what came after it; None if none has one that
    can be changed so."""
    for number in range(60):
        world = history(f"{seed}.{number}")
        if world is None:
            continue
        world.lie = lie
        if _attempt(world.close):
            _steps(world, world.rng.choice([1, 3, 6]))
            return world
    return None


def _attempt(step):
    """Whether the step was taken."""
    try:
        step()
    except Nothing:
        return False
    return True


def compare(world):
    """What reading without history says otherwise than the whole: lines; and how many secrets were compared."""
    graph = world.judged()
    told = fold(graph, world.stands)
    closing = world.closing
    file, _ = keeping.leave_out(world.build.file, graph, closing.block, closing.entry)
    _, log = records(file)
    found = recent.read(file, log, world.chain)
    names = sorted(told.keys() - found.behind)
    return [line for name in names for line in _differences(graph, closing, told[name], found.secrets.get(name))], len(names)


def _differences(graph, closing, told, found):
    """What is said otherwise of one secret. That a prune and an expiry were closed beside each other is not told."""
    mask, name = graph.reach([closing.entry]), told.name
    if found is None:
        if told.fields or any(not graph.bit[v.first.entry] & mask for v in told.versions.values()) or told.candidates:
            yield f"{name}: not there"
        return
    for what in ("candidates", "current", "fields"):
        if getattr(told, what) != getattr(found, what):
            yield f"{name}: {what} {getattr(told, what)} {getattr(found, what)}"
    if sorted(told.conflicts) != sorted(found.conflicts):
        yield f"{name}: conflicts {told.conflicts} {found.conflicts}"
    yield from _turned(graph, closing, told, found)
    if list(found.versions) != [v for v in told.versions if v in found.versions]:
        yield f"{name}: order of versions"
    for object_id, version in told.versions.items():
        closed = bool(graph.bit[version.first.entry] & mask)
        mine = found.versions.get(object_id)
        if mine is None:
            if not closed or object_id in told.candidates:
                yield f"{name}: a version is missing"
            continue
        wraps = () if closed and version.pruned else ("live", "wrap", "wraps")  # of what was pruned they are not kept
        for what in ("number", "removed", "pruned", "expires", "overruled") + wraps:
            if getattr(version, what) != getattr(mine, what):
                yield f"{name} {version.number}: {what} {getattr(version, what)} {getattr(mine, what)}"
        odd = set(version.odd) ^ set(mine.odd)
        if odd and not (closed and odd <= {"prune-beside-expire", "overruled"} & set(version.odd)):
            yield f"{name} {version.number}: {version.odd} {mine.odd}"


def _turned(graph, closing, told, found):
    """What is said otherwise of rotations: of those that began in what is closed nothing is said."""
    mask = graph.reach([closing.entry])
    closed = {item["rotation"] for found in graph.order if graph.bit[found] & mask for item in graph.entries[found].ops
              if item["op"] == "pending" and item["secret"] == told.name}
    rotations = {one: rotation for one, rotation in told.rotations.items() if one not in closed}
    for what, whole, alone in (
            ("rotations", rotations, found.rotations), ("pending", told.pending, found.pending),
            ("share", told.share, found.share), ("retired", told.retired & found.versions.keys(), found.retired & found.versions.keys()),
            ("coming", told.coming, found.coming),
            ("left", [one for one in told.left if one in found.held], found.left),
            ("previous", [one for one in told.previous if one in found.versions], found.previous)):
        if whole != alone:
            yield f"{told.name}: {what} {whole} {alone}"
    odd = [code for code in told.odd if code != "rotation-divided"]
    if odd != [code for code in found.odd if code != "rotation-divided"] or not set(found.odd) <= set(told.odd):
        yield f"{told.name}: {told.odd} {found.odd}"


def whole_file(world):
    """(the file without what is closed, what lies beside it): as writers leave it who close at each checkpoint."""
    beside, graph = {}, world.judged()
    for made in world.checkpoints:
        text = segment(made.segment)
        beside[segment_id(text).hex() + ".log"] = text
    file, versions = keeping.leave_out(world.build.file, graph, world.closing.block, world.closing.entry)
    beside[segment_id(segment(world.closing.segment)).hex() + ".versions"] = versions
    return render(fix_copies(copy.deepcopy(file), beside)).encode(), beside


def verified(world):
    """What the whole vault is found to have wrong, of a history that honest writers made."""
    raw, beside = whole_file(world)
    vault = verify(raw, 0, beside)
    return [f"verify: {vault.finding}"] if vault.finding else []


def judged(seed):
    """(what is wrong, how many secrets were compared) of one history."""
    try:
        world = history(seed)
        if world is None:
            return [], 0
        lines, count = compare(world)
        return [f"{seed} {line}" for line in lines + (verified(world) if seed % 4 == 0 else [])], count
    except Refused as refused:
        return [f"{seed} refused: {refused}"], 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    wrong = compared = 0
    seeds = range(args.seed * 1_000_000, args.seed * 1_000_000 + args.count)
    with Pool(args.jobs) as pool:
        for lines, count in pool.imap_unordered(judged, seeds):
            compared += count
            wrong += bool(lines)
            for line in lines[:4]:
                print(line, flush=True)
    print(f"{args.count} histories: {compared} secrets were read without history")
    print(f"{wrong} histories are wrong")
    return 1 if wrong or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
