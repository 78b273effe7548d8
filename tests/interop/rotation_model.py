#!/usr/bin/env python3
"""Histories by chance with rotations, and upon each some entries of one member: what these may change, and what never.

    rotation_model.py --count 400 --seed 1 --jobs 2 [--only TEXT]

Who may only rotate, who may only delete, who has lost every right and writes back-dated, what stands on no ground, and what
is said of a version that is only pending. Of each state, and of what changed, are asked sentences in words of their own:
they go by what people said and knew, not by how the library tells it.
"""

import argparse
import collections
import sys
from dataclasses import dataclass
from multiprocessing import Pool

import closing_model
from closing_model import KINDS, TURNS, Nothing, World
from mutating import turning
from vsecure import keeping, pruning, recent, rules
from vsecure.errors import Refused
from vsecure.file import records
from vsecure.fold import fold
from vsecure.log import Graph, standing
from vsecure.writing import ids, op

A = "prod/A"
OPEN = ("live", "stale")
ROTATES = ("put", "pending", "pending", "intent", "again", "rollout", "abort", "retire", *["promote"] * 5)
DELETES = ("remove", "prune")
ALL = ("put", "pending", "intent", "again", "rollout", "abort", "retire", "promote", "promote", "remove", "prune", "restore",
       "expire", "rewrap", "resolve")


@dataclass
class Told:
    """What a log comes to for the secret; `alone` is what the file says of it without what is closed, if it says so."""
    graph: Graph
    standing: object
    state: object
    alone: object = None

    @property
    def log(self):
        return self.graph.entries

    def ops(self, *kinds):
        """(entry, index, op, whether it counts) of these kinds on the secret."""
        return [(entry, index, item, (entry.id, index) not in self.standing.ended)
                for entry in self.log.values() for index, item in enumerate(entry.ops)
                if item.get("secret") == A and item["op"] in kinds]

    def author(self, found):
        return next((entry.actor for entry, _, item, _ in self.ops("put", "pending") if item.get("object") == found), None)


class Rotations(World):
    """A world of one secret whose members rotate most of the time."""

    def __init__(self, seed):
        super().__init__(seed)
        self.names = (A,)
        self.kinds = [kind for kind in KINDS + TURNS * 2 for _ in range(self.rng.choice([0, 1, 1, 3]))] + ["put"]
        self.through, self.late = self.rng.choice([0, 0.3, 0.7]), 0

    def told(self):
        _, whole = records(self.build.file)
        graph = Graph(whole, self.chain)
        stands = standing(graph)
        out = Told(graph, stands, fold(graph, stands).get(A))
        if self.closing:
            file, _ = keeping.leave_out(self.build.file, graph, self.closing.block, self.closing.entry)
            found = recent.read(file, records(file)[1], self.chain)
            out.alone = None if A in found.behind else found.secrets.get(A)
        return out

    def active_at(self, entry, told):
        """What was active for whoever had this entry and what it stands on, by what counts now."""
        graph = Graph({found: told.log[found] for found in self.above(entry)}, self.chain)
        state = fold(graph, told.standing).get(A)
        return state.candidates if state else []

    def known(self, parents):
        return frozenset().union(*map(self.above, parents))

    def is_grounded(self, item, parents):
        """Whether what an op says something about was said below it."""
        if item["op"] not in ("retire", "rollout", "abort", "promote", "pending"):
            return True
        below = [said for entry, said in turning.ops_on(self.build.log, A, self.known(parents))
                 if said["op"] == "put" or (said["op"] == "pending" and self.is_grounded(said, entry.parents))]
        if item["op"] == "retire":
            stated = {said.get("object") for said in below}
            return stated.issuperset(item["objects"])
        if item["op"] == "pending" and item["nonce"] is not None:
            return any(said["op"] == "put" for said in below)
        of = [said for said in below if said["op"] == "pending" and said["rotation"] == item["rotation"]]
        stated = item["op"] != "promote" or any(said.get("object") == item["object"] for said in of)
        return stated and any(said["nonce"] is not None for said in of)

    # What is written upon a history.

    def upon(self, at):
        """Parents by chance that the position allows."""
        fit = sorted(found for found, entry in self.build.log.items() if self.chain.position[entry.policy] <= at
                     and (not self.floor or self.stays(found)))
        if self.floor:
            fit = [found for found in fit if self.floor in self.above(found)] or [self.floor]
        if self.rng.random() < 0.3 and at == len(self.chain.states) - 1:
            return self.build.heads()
        return self.top(self.rng.sample(fit, min(len(fit), self.rng.choice([1, 1, 1, 2, 3]))))

    def lifted(self, who, parents, at):
        """One upon these that comes late in the order."""
        for _ in range(self.rng.randrange(1, 12)):
            parents = [self.build.add_log(who, self.base.seeds[who], [op("join")], parents=parents,
                                          policy=self.build.policy[at].id)]
        return parents

    def say(self, kind, who, at):
        """An entry with an op of this kind: its id."""
        parents = self.upon(at)
        if self.rng.random() < 0.3 and kind in ROTATES and at == len(self.chain.states) - 1:
            parents = self.lifted(who, parents, at)
        if kind == "again":
            return self.state_again(who, at)
        made = self.op(kind, who, at, parents, A)
        if not made:
            raise Nothing
        return self.write_entry(who, [made], parents, at)

    def write_entry(self, who, ops, parents, at):
        return self.build.add_log(who, self.base.seeds[who], ops, parents=parents, policy=self.build.policy[at].id)

    def state_again(self, who, at):
        """A member's own version stated once more upon the same parents, in another rotation."""
        own = [(entry, item) for entry in sorted(self.build.log.values(), key=lambda one: one.id) for item in entry.ops
               if item["op"] == "pending" and "object" in item and entry.actor == who
               and (not self.floor or self.floor in self.above(entry.id))]
        if not own:
            raise Nothing
        entry, item = self.rng.choice(own)
        at = max(at, self.chain.position[entry.policy])
        if not any(self.chain.states[at].holds(who, right, A) for right in ("write", "rotate")):
            raise Nothing
        base = self.rng.choice(turning.objects(self.build.log, A))
        made = self.build.put_op(A, item["object"], item["wrap"], "pending", nonce=bytes([self.rng.randrange(9)]) * 16, base=base)
        return self.write_entry(who, [made], list(entry.parents), at)


def history(seed, is_closed):
    world = Rotations(seed)
    closing_model._steps(world, world.rng.choice([4, 6, 9, 14, 20]))
    if is_closed:
        _end(world)
        if not closing_model._attempt(world.close):
            raise Nothing
        closing_model._steps(world, world.rng.choice([1, 3, 6]))
    if not world.build.log:
        raise Nothing
    return world


def _end(world):
    """An owner aborts what is open: else nothing can be closed."""
    state = world.told().state
    opened = [one for one, rotation in state.rotations.items() if rotation.word in OPEN] if state else []
    if opened:
        aborts = [op("abort", secret=A, rotation=one) for one in opened]
        world.write_entry("ada", aborts, world.build.heads(), len(world.chain.states) - 1)


# Who goes on, by what. Each gives (who, the entries).

def by_rotate(world):
    return _campaign(world, world.rng.choice(["rob", "ron"]), "rotate", ROTATES)


def by_delete(world):
    return _campaign(world, "del", "delete", DELETES)


def _campaign(world, who, right, kinds):
    at = len(world.chain.states) - 1
    if not world.chain.states[at].holds(who, right, A):
        raise Nothing
    made = set()
    for _ in range(world.rng.choice([1, 1, 2, 3])):
        closing_model._attempt(lambda: made.add(world.say(world.rng.choice(kinds), who, at)))
    if not made:
        raise Nothing
    return who, made


def by_nobody(world):
    """Back-dated, by somebody who has lost all rights."""
    who = world.rng.choice(["rob", "ron", "wes", "rod", "wim", "ray", "del"])
    held, at = world.chain.states[-1].grants[f"r-{who}"].get("*", set()), len(world.chain.states) - 1
    if not held:
        raise Nothing
    heads = [found for found in world.build.heads() if not world.floor or world.floor in world.above(found)]
    world.policy([op("revoke", role=f"r-{who}", pattern="*", rights=[one for one in rules.RIGHTS if one in held])], heads)
    closing_model._steps(world, world.rng.choice([0, 0, 2, 4]))
    return who, at


def void(world):
    who, at = by_nobody(world)
    world.before = world.told()
    return who, {world.say(world.rng.choice(ALL), who, at)}


def groundless(world):
    """Of what nobody said below."""
    who, rng, log = world.rng.choice(["rob", "ron", "wes", "ada"]), world.rng, world.build.log
    at = len(world.chain.states) - 1
    if not any(world.chain.states[at].holds(who, right, A) for right in ("write", "rotate")):
        raise Nothing
    parents = world.upon(at)
    rotation = rng.choice([*turning.rotations(log, A), rng.randbytes(16)])
    found = rng.choice([*turning.objects(log, A), rng.randbytes(32)])
    kind = rng.choice(["retire", "abort", "rollout", "promote", "pending"])
    if kind == "pending":
        made = world.put(A, who, parents, None, kind, rotation=rotation)
    else:
        says = {"retire": {"objects": ids([found])}, "abort": {"rotation": rotation},
                "promote": {"rotation": rotation, "object": found},
                "rollout": {"rotation": rotation, "share": rng.choice([0, 10_000])}}[kind]
        made = op(kind, secret=A, **says)
    entry = world.write_entry(who, [made], parents, at)
    if world.is_grounded(world.build.log[entry].ops[0], parents):
        raise Nothing
    return who, {entry}


def of_what_is_pending(world):
    """A removal, or what takes one back, of what nobody put or promoted below."""
    who, rng = world.rng.choice(["del", "wim", "ada"]), world.rng
    at = len(world.chain.states) - 1
    kind = rng.choice(["remove", "prune"])
    if not world.chain.states[at].holds(who, "delete", A):
        raise Nothing
    state, parents = world.before.state, world.upon(at)
    below = [said for _, said in turning.ops_on(world.build.log, A, world.known(parents))]
    known = {said["object"] for said in below if said["op"] == "promote"}
    known |= {item["object"] for _, _, item, _ in world.before.ops("put")}
    only = sorted(found for found in state.held if found not in known) if state else []
    if not only or (kind == "remove" and came_upon_nothing(world, world.before)):
        raise Nothing
    return who, {world.write_entry(who, [op(kind, secret=A, objects=ids([rng.choice(only)]))], parents, at)}


def came_upon_nothing(world, told):
    """Whether a put by rotate alone came upon no active version: any removal overrules it, whatever that removes."""
    def stands_on(entry):
        graph = Graph({found: told.log[found] for found in world.above(entry.id) - {entry.id}}, world.chain)
        state = fold(graph, told.standing).get(A)
        return bool(state and state.candidates)
    return any((entry.id, index) in told.standing.by_rotate and not stands_on(entry)
               for entry, index, _, counts in told.ops("put") if counts)


# What is asked.

def of_each(told):
    """What holds of every state."""
    state, found = told.state, []
    pending = state.pending
    if pending is not None:
        mine = {one for one, rotation in state.rotations.items() if rotation.word == "live" and pending in rotation.objects}
        found += ["pending is retired"] if _retires(told, pending) else []
        found += ["pending is aborted"] if any(_says(told, "abort", one) for one in mine) else []
        found += ["pending upon what is not current"] if any(state.rotations[one].base != state.current for one in mine) else []
        found += ["pending beside another that is live"] if sum(r.word == "live" for r in state.rotations.values()) > 1 else []
    for one in state.held:
        is_open = any(one in rotation.objects and rotation.word in OPEN for rotation in state.rotations.values())
        if one not in state.versions and one not in state.retired and not is_open and one not in state.left:
            found.append("a value that may work at the provider is not told of")
    withdrawn = _same(told)
    for one in state.candidates:
        if withdrawn(one) and "retired-active" not in state.odd:
            found.append("what is withdrawn is active and not told of")
    return found


def _below(told, entry):
    return [item for found in told.log if told.graph.is_before(found, entry.id) for item in told.log[found].ops
            if item.get("secret") == A and (item["op"] != "pending" or item["nonce"] is not None or _says_of(
                told, told.log[found], item["rotation"]))]


def _retires(told, found):
    return any(counts and found in item["objects"] and any(
        said["op"] in ("put", "pending") and said.get("object") == found for said in _below(told, entry))
        for entry, _, item, counts in told.ops("retire"))


def _says(told, kind, rotation):
    return any(item["rotation"] == rotation and _says_of(told, entry, rotation) for entry, _, item, _ in told.ops(kind))


def _says_of(told, entry, rotation):
    """Whether an entry follows the beginning of a rotation."""
    return any(said["op"] == "pending" and said["rotation"] == rotation and said["nonce"] is not None
               for found in told.log if told.graph.is_before(found, entry.id) for said in told.log[found].ops)


def _same(told):
    """Whether a version is one value with one that is retired, as counting puts say."""
    near = collections.defaultdict(set)
    for _, _, item, counts in told.ops("put"):
        for other in (item["same"] or ()) if counts else ():
            near[item["object"]].add(other)
            near[other].add(item["object"])

    def is_withdrawn(one):
        seen, left = {one}, [one]
        while left:
            more = near[left.pop()] - seen
            seen |= more
            left += more
        return any(_retires(told, found) for found in seen)
    return is_withdrawn


def alone_as_whole(told):
    """What reading without what is closed says otherwise."""
    whole, alone = told.state, told.alone
    if alone is None or whole is None:
        return []
    found = [f"alone: {what}" for what in _differ(whole, alone, ("candidates", "current", "pending", "share", "coming"))]
    previous = [one for one in whole.previous if one in alone.versions]
    return found + (["alone: previous"] if previous != alone.previous else [])


def _differ(one, other, names):
    return [what for what in names if getattr(one, what) != getattr(other, what)]


def is_earlier(world, before, found):
    """Whether somebody knew a version as active, and somebody who knew that of another one in its place."""
    active = {entry: world.active_at(entry, before) for entry in before.log}
    return any(found in active[one] and active[other] and found not in active[other] and one in world.above(other)
               for one in active for other in active)


def brings_no_earlier(world, who, before, after):
    """By `rotate` alone or `delete` alone no version comes back that was replaced."""
    found = []
    for one in after.state.candidates:
        if one in before.state.candidates or one not in before.state.versions or after.author(one) == who:
            continue
        if is_earlier(world, before, one):
            found.append("an earlier version is " + ("current" if one == after.state.current else "a candidate"))
    return found


def changed_by_rotate(world, who, before, after):
    old, new, found = before.state, after.state, brings_no_earlier(world, who, before, after)
    if old.candidates and not new.candidates:
        found.append("the secret is gone")
    if any(after.author(one) != who for one in set(new.candidates) - set(old.candidates)):
        found.append("another's version is a candidate")
    return found + _held_changed(who, before, after) + _rotations_changed(old, new)


def _held_changed(who, before, after):
    old, new, found = before.state, after.state, []
    for one, version in old.held.items():
        same = new.held.get(one)
        if same is None or (version.removed, version.pruned, version.expires) != (same.removed, same.pruned, same.expires):
            found.append("what is held changed")
        elif before.author(one) != who and (version.wrap, version.source.at) != (same.wrap, same.source.at):
            found.append("another's version changed")
        if one in old.versions and before.author(one) != who:
            more = _ended_by(after, one) - _ended_by(before, one)
            found += ["retention ends another's version"] if any(after.author(newer) != who for newer in more) else []
    return found


def _rotations_changed(old, new):
    found = []
    for one, rotation in old.rotations.items():
        after_that = new.rotations.get(one)
        if after_that is None or after_that.base != rotation.base:
            found.append("a rotation is gone, or has another base")
        elif (rotation.word == "aborted" and after_that.word in OPEN) or (
                rotation.word == "promoted" and after_that.word != "promoted"):
            found.append(f"{rotation.word} becomes {after_that.word}")
    return found


def _ended_by(told, found):
    return {newer.object for newer in pruning.ended_by(told.graph, told.standing, told.state, told.state.versions[found])}


def changed_by_delete(world, who, before, after):
    found = brings_no_earlier(world, who, before, after)
    found += ["a candidate that was none"] if set(after.state.candidates) - set(before.state.candidates) else []
    return found


def changed_by_void(world, who, before, after):
    old, new = before.state, after.state
    found = [f"void changes {what}" for what in _differ(
        old, new, ("candidates", "current", "fields", "conflicts", "retired", "previous"))]
    found += _versions_changed(old, new)
    if new.pending not in (None, old.pending):
        found.append("void makes something pending")
    if new.pending is not None and old.share is not None and new.share > old.share:
        found.append("void raises the share")
    for one, rotation in old.rotations.items():
        word = new.rotations[one].word if one in new.rotations else "gone"
        if word != rotation.word and (rotation.word, word) != ("live", "stale"):
            found.append(f"void: {rotation.word} becomes {word}")
    return found + (["void begins a rotation"] if set(new.rotations) - set(old.rotations) else [])


def changes_nothing(world, who, before, after):
    old, new = before.state, after.state
    names = ("candidates", "current", "fields", "conflicts", "retired", "previous", "rotations", "pending", "share", "coming",
             "left", "odd")
    return [f"it changes {what}" for what in _differ(old, new, names)] + _versions_changed(old, new)


def _versions_changed(old, new):
    if list(old.versions) != list(new.versions) or set(old.held) != set(new.held):
        return ["which versions there are"]
    names = ("number", "removed", "pruned", "expires", "overruled", "wrap", "live", "wraps", "odd")
    found = {what for one, version in old.held.items() for what in _differ(version, new.held[one], names)}
    return [f"a version's {what}" for what in sorted(found)]


TRIALS = {
    "rotate": (by_rotate, changed_by_rotate),
    "delete": (by_delete, changed_by_delete),
    "void": (void, changed_by_void),
    "groundless": (groundless, changes_nothing),
    "only pending": (of_what_is_pending, changes_nothing),
}


def trial(seed, name):
    """(what is wrong, how many were asked: of one who goes on so, and of one with closed history)."""
    goes_on, ask = TRIALS[name]
    try:
        world = history(seed, seed % 3 == 0)
        world.before = world.told()
        who, made = goes_on(world)
    except Nothing:
        return [], 0, 0
    before = world.before
    try:
        after = world.told()
    except Refused as refused:
        return [f"refused: {refused}"], 1, 0
    if name == "void" and any(len(after.standing.void_in(after.log[one])) != len(after.log[one].ops) for one in made):
        return [], 0, 0
    if before.state is None or after.state is None:
        return [], 0, 0
    wrong = of_each(after) + alone_as_whole(after) + ask(world, who, before, after)
    kinds = "+".join(sorted({item["op"] for one in made for item in after.log[one].ops}))
    return [f"{line} (by {kinds})" for line in dict.fromkeys(wrong)], 1, int(after.alone is not None)


def judged(task):
    seed, name = task
    try:
        lines, asked, closed = trial(seed, name)
    except Refused as refused:
        lines, asked, closed = [f"refused: {refused}"], 1, 0
    return name, [f"{seed} {name}: {line}" for line in lines], asked, closed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    tasks = [(args.seed * 1_000_000 + at, name) for at in range(args.count) for name in TRIALS if args.only in name]
    asked, wrong, closed, kinds = collections.Counter(), 0, 0, collections.Counter()
    with Pool(args.jobs) as pool:
        for name, lines, count, alone in pool.imap_unordered(judged, tasks, 8):
            asked[name] += count
            closed += alone
            wrong += bool(lines)
            for line in lines:
                kind = line.split(" ", 1)[1]
                kinds[kind] += 1
                if kinds[kind] <= 2:
                    print(line, flush=True)
    for kind, count in kinds.most_common():
        print(f"  {count} {kind}")
    print(f"{sum(asked.values())} trials: {dict(asked)}, {closed} of a closed history")
    print(f"{wrong} trials are wrong")
    return 1 if wrong or not all(asked.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
