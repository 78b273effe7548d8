"""Whoever merges whatever in whatever order has one state: small histories by chance, void ops and rotations among them."""

import copy
import itertools
import random
import unittest

from mutating import turning
from rotating import NOW, R, S, Rotating
from story import A
from vsecure.copies import fix_copies
from vsecure.errors import Refused
from vsecure.file import parse, render
from vsecure.policy import Chain
from vsecure.union import union
from vsecure.verify import verdict, verify
from vsecure.writing import ids, op

STEPS, HISTORIES, PAIRED = 4, 30, 12
WHO = ("rob", "ron", "wes", "ray")


class Permuted(Rotating):
    def history(self, seed):
        """Entries upon the first one or each other, those of some members written as if they had their rights yet."""
        self.setUp()
        rng = self.rng = self.story.rng = self.story.build.rng = random.Random(seed)
        self.before, heads = self.story.build.policy[-1].id, self.story.build.heads()
        lost = rng.sample(["rob", "wes", "ray"], rng.choice([0, 1, 2]))
        for who in lost:
            self.story.policy([op("revoke", role=f"r-{who}", pattern="*", rights=["rotate" if who == "rob" else "write"])], heads)
        self.late = set()
        steps = []
        while len(steps) < STEPS:
            try:
                steps.append(self.step(rng, steps, rng.choice(WHO), lost))
            except Refused:
                continue
        return steps

    def step(self, rng, steps, who, lost):
        policy = self.before if who in lost else self.story.build.policy[-1].id
        fit = [self.first, *(found for found in steps if who not in lost or found in self.late)]
        on = sorted(rng.sample(fit, min(len(fit), rng.choice([1, 1, 2]))))
        kept = dict(self.story.build.log), list(self.story.build.file.log), copy.deepcopy(self.story.build.file.secrets)
        entry = self.story.log(who, self.op(rng, who, on, who in lost), on=on, policy=policy)
        try:
            self.story.judged()
        except Refused:
            self.story.build.log, self.story.build.file.log, self.story.build.file.secrets = kept
            raise
        self.late |= {entry} if who in lost else set()
        return entry

    def op(self, rng, who, on, is_late):
        """What is written late is of a rotation mostly: a void value alone takes nothing away."""
        log, above = self.story.build.log, frozenset().union(*map(self.story.above, on))
        found = rng.choice(turning.objects(log, A))
        begun = ["pending", "pending", "intent", "put", "remove"] if not is_late or rng.random() < 0.5 else []
        kind = rng.choice([*begun, *turning.TURNS, *["promote"] * (3 if is_late else 1)])
        turned = turning.turn(rng, log, A, kind, above) if kind in turning.TURNS else None
        if turned:
            return turned
        begins = {"nonce": rng.choice([R, R, S]), "base": rng.choice([self.base, self.base, found])}
        known = turning.rotations(log, A, above)
        if kind == "put":
            return self.story.put(A, who, on)
        if kind == "intent":
            return op("pending", secret=A, **begins)
        if kind == "remove":
            return op(kind, secret=A, objects=ids([found]))
        stated = {"rotation": rng.choice(known)} if known and rng.random() < 0.4 else begins
        return self.story.put(A, who, on, None, "pending", **stated)

    def part(self, chosen, chain):
        """The file of somebody who has these entries and what they stand on, and so much of the chain."""
        above = frozenset({self.first}).union(*map(self.story.above, chosen))
        file = parse(self.raw())
        file.policy = file.policy[:chain]
        file.log = [self.story.build.log[found].line for found in sorted(above)]
        named = {item["object"] for found in above for item in self.story.build.log[found].ops if item.get("body")}
        for secret in file.secrets.values():
            secret.versions = {found: one for found, one in secret.versions.items() if found in named}
            secret.wraps = {found: one for found, one in secret.wraps.items() if one["version"] in named}
        return parse(render(fix_copies(file)).encode())

    def least(self, chosen):
        """How much of the chain these entries need."""
        above = frozenset().union(*map(self.story.above, chosen))
        return 1 + max(self.story.chain.position[self.story.build.log[found].policy] for found in above)

    def kinds(self, steps):
        """(kind, whether it counts) of what these say."""
        self.story.judged()
        return {(item["op"], (found, index) not in self.story.stands.ended)
                for found in steps for index, item in enumerate(self.story.build.log[found].ops)}

    def test_every_order_of_merging_every_subset_ends_in_one_state(self):
        seen, kinds = {"void": 0, "rotations": 0}, set()
        for seed in range(HISTORIES):
            steps = self.history(seed)
            whole = len(self.story.build.policy)
            kinds |= self.kinds(steps)
            sides = {found: self.part([found], self.rng.choice([self.least([found]), whole])) for found in steps}
            rest = self.part([], whole)
            for size in range(1, STEPS + 1):
                for some in itertools.combinations(steps, size):
                    wanted = render(self.part(some, whole)).encode()
                    self.assertIsNone(verify(wanted, NOW).finding)
                    told = verdict(verify(wanted, NOW))
                    seen["void"] += any(f.code in ("void", "split") for f in verify(wanted, NOW).findings)
                    seen["rotations"] += bool(told["state"][A]["rotations"])
                    for order in itertools.permutations(some):
                        merged = rest
                        for found in order:
                            merged = union(merged, copy.deepcopy(sides[found]))
                        self.assertEqual(render(merged).encode(), wanted)
            Chain(self.story.build.policy)
        self.assertGreater(min(seen.values()), 20, seen)
        self.assertEqual({(kind, counts) for kind in ("pending", *turning.TURNS) for counts in (True, False)} - kinds, set())

    def test_merging_in_pairs_comes_to_the_same(self):
        for seed in range(100, 100 + PAIRED):
            steps = self.history(seed)
            whole = len(self.story.build.policy)
            sides = [self.part([found], whole) for found in steps]
            wanted = render(self.part(steps, whole)).encode()
            for one, other, third, last in itertools.permutations(sides):
                two = union(copy.deepcopy(one), copy.deepcopy(other)), union(copy.deepcopy(third), copy.deepcopy(last))
                self.assertEqual(render(union(*two)).encode(), wanted)


if __name__ == "__main__":
    unittest.main()
