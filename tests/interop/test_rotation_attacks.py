"""What somebody who may only rotate, or may no more, tries against the rotations of others."""

import unittest

from rotating import R, S, Rotating
from story import A, B
from vsecure import keeping, pruning
from vsecure.encoding import encode
from vsecure.verify import verify, verify_alone
from vsecure.writing import ids, op


class Divided(Rotating):
    def test_a_second_promotion_that_sets_nothing_silences_nothing(self):
        """One by rotate beside the abort is active; another after it is overruled, and says nothing."""
        entry, found = self.pending("rob")
        self.abort("ada")
        self.promote(found, "rob", on=[entry])
        self.assertEqual((self.state().current, self.codes()), (found, ["rotation-divided"]))
        self.promote(found, "rob")
        self.assertEqual((self.state().current, self.codes()), (found, ["rotation-divided"]))
        self.promote(found, "wes")
        self.assertEqual((self.state().current, self.codes()), (found, []))


class Ended(Rotating):
    """Who ends somebody else's rotation without an abort that all see."""

    def refused(self):
        with self.assertRaises(keeping.NotClosable):
            self.story.shut_all()

    def put_before(self, who):
        """A version put upon parents on which its author states it again: (object, how)."""
        heads = self.story.build.heads()
        entry = self.story.log(who, self.story.put(A, who, heads), on=heads)
        item = self.story.build.log[entry].ops[0]
        return item["object"], {"who": who, "on": heads, "wrap": item["wrap"]}

    def test_a_former_member_states_in_it_a_version_that_exists(self):
        old, how = self.put_before("wes")
        before = self.story.build.policy[-1].id
        self.lose("wes", "write")
        self.base = self.put()
        _, found = self.pending("rob")
        self.rollout(5_000)
        self.assertEqual((self.word(), self.state().pending), ("live", found))
        self.says_nothing(lambda: self.again(old, policy=before, rotation=self.id(), **how))  # he did not see its beginning

    def test_what_began_upon_such_parents_is_another(self):
        old, how = self.put_before("wes")
        before = self.story.build.policy[-1].id
        self.lose("wes", "write")
        self.base = self.put()
        _, found = self.pending("rob")
        self.again(old, policy=before, nonce=R, base=self.base, **how)
        self.assertEqual((self.word(), self.state().pending, self.codes()), ("live", found, []))

    def test_an_insider_who_saw_its_beginning_makes_it_stale_and_no_more(self):
        begun = self.intent("ron")
        old, how = self.put_before("rob")
        self.assertEqual(how["on"], [begun])
        again = self.again(old, rotation=self.id(), **how)
        self.on_versions("remove", old)
        self.assertEqual((self.word(), self.codes()), ("stale", ["rotation-stale"]))
        self.pending("ron", on=[begun])
        self.assertEqual((self.word(), self.codes(), bool(again)), ("stale", ["rotation-stale"], True))
        self.refused()
        self.abort("ron")
        self.assertEqual((self.word(), self.codes()), ("aborted", ["rotation-left"]))

    def test_a_promotion_that_is_overruled_ends_nothing(self):
        begun, found = self.pending("ron")
        self.rollout(5_000, "ron")
        new = self.put()
        self.promote(found, "rob")
        self.assertEqual((self.word(), self.state().current), ("stale", new))
        self.on_versions("remove", found)
        self.assertEqual((self.word(), self.codes()), ("stale", ["rotation-stale"]))
        self.refused()
        self.abort()
        self.story.shut_all()

    def test_one_of_another_version_in_it_ends_nothing(self):
        """It is retired before, so that nothing comes of its promotion."""
        _, found = self.pending("ron")
        _, other = self.pending("rob")
        self.on_versions("retire", other, who="rob")
        self.promote(other, "rob")
        self.assertEqual((self.word(), self.state().current), ("stale", self.base))
        self.refused()
        self.abort("ron")
        self.assertEqual(self.word(), "aborted")


class Stale(Rotating):
    """A former member who can still push, and all that begins after him."""

    def test_nothing_is_said_of_what_was_not_seen(self):
        for write in (self.abort, self.pending, lambda **how: self.rollout(0, **how)):
            self.setUp()
            late = self.lose("rob", "rotate")
            self.base = self.put()
            _, found = self.pending("ron")
            self.rollout(10_000, "ron")
            self.says_nothing(lambda write=write, late=late: write(**late))
            self.assertEqual((self.state().pending, self.state().share, self.codes()), (found, 10_000, []))

    def test_nor_of_a_version(self):
        late = self.lose("rob", "rotate")
        _, found = self.pending("ron")
        self.says_nothing(lambda: self.on_versions("retire", found, **late))
        self.assertEqual((self.state().pending, self.codes()), (found, []))

    def test_nothing_is_told_of_what_is_said_of_nothing(self):
        """Nobody could end that but by a new value: there is nothing to adopt."""
        _, found = self.pending("ron")
        late = self.lose("rob", "rotate")
        for kind, more in (("abort", {}), ("rollout", {"share": 1}), ("promote", {"object": found})):
            item = op(kind, secret=A, rotation=bytes(16), **more)
            self.says_nothing(lambda item=item: self.story.log("rob", item, on=late["on"], policy=late["policy"]))
        self.says_nothing(lambda: self.again(found, "rob", late["on"], policy=late["policy"], rotation=bytes(16)))
        self.says_nothing(lambda: self.on_versions("retire", bytes(32), **late))
        self.assertEqual(self.codes(), [])
        self.on_versions("retire", bytes(32), self.base, **late)
        self.assertEqual(self.codes(), ["rotation-stale", "rotation-void"])

    def test_what_he_begins_with_the_same_nonce_is_his_own(self):
        late = self.lose("rob", "rotate")
        _, found = self.pending("ron")
        made = self.id()
        self.intent(**late)
        self.assertNotEqual(self.id(), made)
        self.assertEqual((self.state().rotations[made].word, self.state().pending), ("live", found))


class Deleted(Rotating):
    """Whose a version is: no promotion of it, and nothing after that, ends another's."""

    def ends(self, version):
        graph = self.story.judged()
        state = self.state()
        return [newer.object for newer in pruning.ended_by(graph, self.story.stands, state, state.versions[version])]

    def author(self, version):
        return pruning.author(self.story.judged(), self.state().held[version])

    def test_who_promotes_it_is_not_its_author(self):
        entry, found = self.pending("ron")
        self.promote(found, "wes")
        for _ in range(3):
            self.put("rob")
        self.assertEqual((self.author(found), self.ends(found)), ("ron", []))
        own = self.put("ron")
        self.assertEqual(self.ends(found), [own])

    def test_nor_who_promotes_it_first_in_order(self):
        entry, found = self.pending("ada")
        self.story.log("ada", op("join"))
        self.promote(found, "ada")
        self.promote(found, "rob", on=[entry])
        self.assertEqual(self.author(found), "ada")
        self.put("rob")
        self.assertEqual(self.ends(found), [])

    def test_what_is_newer_ends_by_who_put_or_promoted_it(self):
        _, found = self.pending("ron")
        self.promote(found, "wes")
        self.assertEqual(self.ends(self.base), [])
        self.setUp()
        _, found = self.pending("rod")
        self.promote(found, "rod")  # who may delete
        self.assertEqual(self.ends(self.base), [found])
        self.setUp()
        _, found = self.pending("ron")
        self.promote(found, "ada")
        self.assertEqual(self.ends(self.base), [found])


    def test_who_lost_delete_ends_nothing_by_an_entry_from_before(self):
        for known in (True, False):
            self.setUp()
            before, heads = self.story.build.policy[-1].id, self.story.build.heads()
            newer = self.story.log("wim", self.story.put(A, "wim", heads), on=heads, policy=before)
            revoked = op("revoke", role="r-wim", pattern="*", rights=["delete"])
            self.story.policy([revoked], [newer] if known else heads)
            self.assertEqual(self.ends(self.base), [self.story.build.log[newer].ops[0]["object"]] if known else [])

    def test_nor_does_who_may_delete_later(self):
        self.lose("rod", "delete")
        _, found = self.pending("ron")
        self.promote(found, "rod")
        self.story.policy([op("grant", role="r-rod", pattern="*", rights=["delete"])], self.story.build.heads())
        self.assertEqual(self.ends(self.base), [])
        self.put("rod")
        self.assertEqual(len(self.ends(self.base)), 1)


class Grown(Rotating):
    """What somebody who may rotate repeats, and history that is closed."""

    def block(self):
        self.story.shut_all()
        return self.story.closing.block

    def test_what_is_closed_does_not_grow_with_it(self):
        sizes = []
        for count in (2, 12):
            self.setUp()
            _, found = self.pending("ron")
            self.promote(found, "ron", replaces=[self.base])
            for number in range(count):
                begun = self.story.log("rob", *[op("pending", secret=A, nonce=bytes([number, one]) * 8, base=self.base)
                                                for one in range(20)])
                of = [item["rotation"] for item in self.story.build.log[begun].ops]
                self.story.log("rob", *[op("abort", secret=A, rotation=one) for one in of])
                self.story.log("rob", *[op("rollout", secret=A, rotation=one, share=1) for one in of])
                self.story.log("rob", *[op("retire", secret=A, objects=ids([self.base]))] * 20)
                self.story.log("rob", *[op("promote", secret=A, rotation=self.id(), object=found)] * 20)
            block = self.block()
            sizes.append((len(block.entries), [len(text) for text in block.blocks()[1]]))
        self.assertEqual(sizes[0], sizes[1])
        raw, beside = self.story.files()
        self.assertEqual([verify_alone(raw, [A]).finding, verify(raw, 0, beside).finding], [None, None])


class Pinned(Rotating):
    def test_nobody_makes_old_versions_previous_by_promoting_what_is_current(self):
        old = [self.base, *(self.put() for _ in range(4))]
        self.base = old[-1]
        _, found = self.pending("ron")
        self.promote(found, "ron", replaces=[self.base])
        self.assertEqual(self.state().previous, [self.base])
        for who in ("rob", "wes"):
            self.promote(found, who, replaces=old)
            self.assertEqual(self.state().previous, [self.base])

    def test_nor_by_the_one_that_makes_it_so(self):
        old = [self.base, *(self.put() for _ in range(4))]
        self.base = old[-1]
        _, found = self.pending("ron")
        self.promote(found, "ron", replaces=old)
        self.assertEqual(self.state().previous, [self.base])


class Chain(Rotating):
    """V, X1, X2, X3, each promoted by ron in place of the one before: what nobody with one right brings back."""

    def chain(self, length=3, who="ron"):
        """Versions, and of each rotation (the entry that begins it, its id, the entry that promotes)."""
        self.setUp()
        self.versions, self.steps = [self.base], []
        for number in range(length):
            begun, found = self.pending(who, bytes([number]) * 16, self.versions[-1])
            promoted = self.promote(found, who, bytes([number]) * 16, replaces=[self.versions[-1]])
            self.steps.append((begun, self.id(bytes([number]) * 16), promoted))
            self.versions.append(found)

    def active(self):
        state = self.state()
        return [self.versions.index(found) for found in state.candidates], self.versions.index(state.current)

    def lifted(self, *on, who="rob"):
        """An entry that is late in the order."""
        for _ in range(20):
            on = [self.story.log(who, op("join"), on=on)]
        return on[0]

    def repeat(self, number, *on, who="rob"):
        """A version is promoted once more."""
        return self.promote(self.versions[number], who, self.steps[number - 1][1], on=sorted(set(on)))

    def test_who_may_rotate_serves_no_earlier_value_again(self):
        for number in (1, 2):
            self.chain()
            self.repeat(number, self.lifted(self.steps[number - 1][0]))
            self.assertEqual((self.active(), self.codes()), (([3], 3), []))

    def test_a_stale_clone_that_finishes_what_was_gone_on_from_is_told(self):
        for who in ("ron", "wes"):
            self.chain(2)
            self.repeat(1, self.steps[0][0], who=who)
            self.assertEqual((sorted(self.active()[0]), self.codes()), ([1, 2], ["conflict"]))

    def test_nor_upon_another_that_he_promoted_again(self):
        self.chain()
        first = self.repeat(1, self.steps[0][0])
        self.repeat(2, first, self.steps[2][2])
        self.assertEqual((self.active(), self.codes()), (([3], 3), []))

    def test_nor_hinders_he_those_who_go_on(self):
        self.chain(2)
        self.repeat(1, self.lifted(self.steps[0][0]))
        _, found = self.pending("ron", S, self.versions[2])
        self.assertEqual(self.state().pending, found)
        self.promote(found, "ron", S)
        self.assertEqual((self.state().candidates, self.codes()), ([found], []))

    def test_two_promotions_of_one_version_give_way_to_nothing_beside_them(self):
        for times in (1, 2):
            self.setUp()
            entry, found = self.pending()
            new = self.put(on=[entry])
            for _ in range(2):
                on = entry
                for _ in range(times):
                    on = self.promote(found, "wes", on=[on])
            self.assertEqual((self.state().candidates, self.codes()), (sorted([found, new]), ["conflict"]))

    def crossed(self):
        """rob promotes X3 once more, and upon that two versions of his own each upon the other."""
        begun = self.repeat(3, self.steps[2][0])
        made, ends = [], []
        for name in (b"Y" * 16, b"Z" * 16):
            entry, found = self.pending("rob", name, self.versions[3], on=[begun])
            made.append((entry, found, self.id(name), self.story.build.log[entry].ops[0]["wrap"]))
            self.versions.append(found)
        for (_, found, rotation, wrap), (_, other, *_) in (made, made[::-1]):
            once = self.again(found, "rob", [begun], wrap=wrap, nonce=R, base=other)
            made.append((once, found, self.story.build.log[once].ops[0]["rotation"], wrap))
        one, other, one_again, other_again = made
        for (entry, found, rotation, _), (last, then, turned, _) in ((one, other_again), (other, one_again)):
            promoted = self.promote(found, "rob", rotation, on=[entry])
            ends.append(self.promote(then, "rob", turned, on=sorted([promoted, last])))
        return ends

    def test_nor_where_two_are_promoted_each_upon_the_other(self):
        self.chain()
        self.repeat(1, self.lifted(self.steps[0][0]))
        self.crossed()
        self.assertEqual(self.active(), ([3], 3))

    def test_nor_upon_that(self):
        self.chain()
        first = self.repeat(1, self.steps[0][0])
        self.repeat(2, first, self.steps[2][2], *self.crossed())
        self.assertEqual(self.active(), ([3], 3))

    def test_nor_upon_a_conflict(self):
        """Somebody said V again on a branch: whoever may only rotate does not settle that."""
        self.chain(2)
        self.story.log("wes", op("resolve", secret=A, object=self.versions[0]), on=[self.first])
        self.repeat(1, *self.story.build.heads(), self.steps[1][2])
        self.assertEqual((sorted(self.active()[0]), self.codes()), ([0, 2], ["conflict"]))
        self.repeat(1, *self.story.build.heads(), who="wes")
        self.assertEqual(self.active(), ([1], 1))

    def test_who_goes_back_with_write_does(self):
        self.chain(2)
        self.repeat(1, self.steps[1][2], who="wes")
        self.assertEqual((self.active(), self.codes()), (([1], 1), []))
        self.repeat(2, self.lifted(self.steps[1][0]))
        self.assertEqual((self.active(), self.codes()), (([1], 1), []))

    def test_and_nobody_goes_on_from_there_again(self):
        """X1 is current, on which the rotation of X2 was begun."""
        self.chain(2)
        self.repeat(1, self.steps[1][2], who="wes")
        self.repeat(2, *self.story.build.heads())
        self.assertEqual(self.active(), ([1], 1))

    def test_and_does_not_give_way_to_a_branch_that_went_on_from_it_before(self):
        self.chain(2)
        self.repeat(1, self.steps[1][2], who="wes")
        begun, found = self.pending("ron", S, self.versions[1], on=[self.steps[0][2]])
        self.promote(found, "ron", S, on=[begun])
        self.assertEqual(self.state().candidates, sorted([self.versions[1], found]))

    def test_who_may_delete_brings_none_back_either(self):
        for kind in ("remove", "prune"):
            for who in ("ron", "wes"):
                for number in (1, 2, 3):
                    self.chain(who=who)
                    before = self.state()
                    self.on_versions(kind, self.versions[number], who="del", on=[self.steps[number - 1][0]])
                    self.assertEqual((self.state(), self.codes()), (before, []))

    def test_nor_does_a_removal_that_counts(self):
        for number, active in ((1, []), (2, []), (3, [])):
            self.chain()
            self.repeat(number, self.steps[number - 1][0])
            self.on_versions("remove", self.versions[number], who="del", on=[self.steps[number - 1][2]])
            self.assertEqual(self.state().candidates, active)

    def test_a_removal_that_is_closed_stays(self):
        """What is removed late, beside what was closed, changes nothing in it."""
        for kind in ("remove", "prune"):
            self.chain()
            for version in self.versions[:3]:
                self.on_versions("retire", version)
            self.story.shut_all()
            self.on_versions(kind, self.versions[1], who="del", on=[self.steps[0][0]])
            raw, beside = self.story.files()
            self.assertIsNone(verify(raw, 0, beside).finding)
            self.assertEqual(self.active(), ([3], 3))


class Withdrawn(Rotating):
    """What somebody said is withdrawn is handed to nobody again, and is told while it may work."""

    def test_a_void_op_settles_no_contest(self):
        writes = {"abort": lambda late, found: self.abort(rotation=S, **late),
                  "retire": lambda late, found: self.on_versions("retire", found, **late),
                  "pending": lambda late, found: self.pending(rotation=S, **late)}
        for name, write in writes.items():
            self.setUp()
            begun, _ = self.pending("wim")
            self.rollout(10_000, "wim")
            other, found = self.pending("ron", S, on=[begun])
            self.assertEqual(self.codes(), ["rotation-contested"])
            write(self.lose("rob", "rotate"), found)
            self.assertEqual((self.word(), self.word(S), self.state().pending), ("live", "stale", None), name)
            self.assertEqual(self.codes(), ["rotation-contested", "rotation-stale", "rotation-void"], name)
            self.abort("wes", S)
            self.assertEqual((self.state().pending, self.state().share), (self.state().coming[0], 10_000))

    def test_nor_is_there_one_without_any_that_is_live(self):
        begun, _ = self.pending("wim")
        self.pending("ron", S, on=[begun])
        late = self.lose("rob", "rotate")
        self.abort(rotation=R, **late)
        self.abort(rotation=S, **late)
        self.assertEqual(self.codes(), ["rotation-stale", "rotation-stale", "rotation-void"])

    def test_a_promotion_of_anothers_value_hides_nothing(self):
        _, found = self.pending("ron")
        self.rollout(5_000, "ron")
        self.says_nothing(lambda: self.promote(found, "rob"))
        self.abort("ron")
        self.put("ada")
        self.assertEqual((self.state().left, self.codes()), ([found], ["rotation-left"]))

    def test_an_own_value_in_another_ones_rotation_hides_nothing(self):
        _, found = self.pending("ron")
        self.rollout(5_000, "ron")
        _, other = self.pending("rob")
        self.promote(other, "rob", replaces=[self.base])
        self.assertEqual((self.word(), self.state().left, self.codes()), ("promoted", [found], ["rotation-left"]))
        self.on_versions("retire", found)
        self.assertEqual(self.codes(), [])

    def put_same(self, *old):
        entry = self.story.log("ada", {"put": {**self.story.put(A, "ada", self.story.build.heads())["put"], "same": ids(old)}})
        return self.story.build.log[entry].ops[0]["object"]

    def test_a_retired_value_is_told_over_any_number_of_steps_either_way(self):
        again = [self.put_same(self.base)]
        again += [self.put_same(again[0]), self.put_same(self.base)]
        self.on_versions("retire", again[1])
        self.assertEqual(self.codes(), ["retired-active"])
        self.put()
        self.assertEqual(self.codes(), [])

    def test_retention_spares_what_was_promoted_away_whoever_says_that_it_is_retired(self):
        _, found = self.pending("ron")
        self.promote(found, "ada", replaces=[self.base])
        self.on_versions("retire", self.base, who="rob")
        self.assertEqual((self.state().previous, self.state().spared), ([], {self.base}))

    def test_nor_does_a_retirement_on_another_secret(self):
        void = self.on_versions("retire", self.base, **self.lose("wes", "write"))
        _, other = self.story.put_alone("ada", B)
        for name, found, codes in ((B, other, ["rotation-void"]), (A, self.base, ["retired-active"])):
            adopts = {"entry": encode(void), "op": 0}
            self.story.log("rob", op("retire", secret=name, objects=ids([found]), adopts=adopts))
            self.assertEqual(self.codes(), codes)

    def test_an_abort_of_another_rotation_adopts_nothing(self):
        self.pending("ron")
        void = self.abort("wes", **{key: value for key, value in self.lose("wes", "write").items() if key != "who"})
        self.intent("rob", S)
        adopts = {"entry": encode(void), "op": 0}
        self.story.log("rob", op("abort", secret=A, rotation=self.id(S), adopts=adopts))
        self.assertEqual(self.codes(), ["rotation-stale", "rotation-void"])
        self.story.log("rob", op("abort", secret=A, rotation=self.id(), adopts=adopts))
        self.assertEqual(self.codes(), ["rotation-left"])


if __name__ == "__main__":
    unittest.main()
