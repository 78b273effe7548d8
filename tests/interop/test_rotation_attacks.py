"""What somebody who may only rotate, or may no more, tries against the rotations of others."""

import unittest

from rotating import R, S, Rotating
from story import A
from vsecure import keeping, pruning
from vsecure.verify import verify, verify_alone
from vsecure.writing import ids, op


class Divided(Rotating):
    def test_a_second_promotion_that_sets_nothing_silences_nothing(self):
        """One by rotate beside the abort is active; another after it is overruled, and says nothing."""
        entry, found = self.pending("ron")
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
        self.again(old, policy=before, rotation=self.id(), **how)
        self.assertEqual(self.error(), "op-unauthorised")  # which did not see its beginning

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
            write(**late)
            self.assertEqual(self.error(), "op-unauthorised")

    def test_nor_of_a_version(self):
        late = self.lose("rob", "rotate")
        _, found = self.pending("ron")
        self.on_versions("retire", found, **late)
        self.assertEqual(self.error(), "op-unauthorised")

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
        self.promote(found, "rob")
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
        self.promote(found, "rob")
        self.assertEqual(self.ends(self.base), [])
        self.setUp()
        _, found = self.pending("ron")
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
                self.story.log("rob", *[op("retire", secret=A, objects=ids([found]))] * 20)
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
        self.promote(found, "rob", replaces=old)
        self.assertEqual(self.state().previous, [self.base])


class Gone(Rotating):
    """A promotion beside the removal of what it promotes, which would leave nothing."""

    def test_what_is_removed_beside_takes_nothings_place(self):
        for who in ("rob", "wes"):
            for aborted in (False, True):
                self.setUp()
                entry, found = self.pending("ron")
                _ = self.abort("ada") if aborted else None
                self.on_versions("remove", found)
                self.promote(found, who, on=[entry])
                self.assertEqual(self.state().candidates, [self.base])
                self.assertEqual(self.word(), "aborted" if aborted else "stale")

    def test_nor_what_is_pruned_beside(self):
        for who in ("rob", "wes"):
            self.setUp()
            entry, found = self.pending("rob", expires=1)
            self.on_versions("prune", found)
            self.promote(found, who, on=[entry])
            self.assertEqual((self.state().candidates, self.word()), ([self.base], "stale"))

    def test_a_removal_or_pruning_after_it_leaves_nothing_as_ever(self):
        for kind in ("remove", "prune"):
            self.setUp()
            _, found = self.pending("ron")
            self.promote(found, "rob")
            self.on_versions(kind, found)
            self.assertEqual(self.state().candidates, [])

    def test_what_is_restored_stands_and_what_removes_it_later_leaves_nothing(self):
        entry, found = self.pending("ron")
        self.on_versions("remove", found)
        self.on_versions("restore", found)
        self.promote(found, "rob", on=[entry])
        self.assertEqual(self.state().candidates, [found])
        self.on_versions("remove", found)
        self.assertEqual(self.state().candidates, [])

    def test_what_a_restoration_beside_the_removal_keeps_stands(self):
        entry, found = self.pending("ron")
        self.on_versions("remove", found, on=[entry])
        later = self.story.log("ada", op("join"), on=[entry])
        self.on_versions("restore", found, on=[later])
        self.promote(found, "rob", on=[entry])
        self.assertEqual((self.state().candidates, self.codes()), ([found], ["removal-conflict"]))

    def test_a_removal_of_another_version_beside_it_does_not_matter(self):
        old = self.base
        self.base = self.put()
        entry, found = self.pending("ron")
        self.on_versions("remove", old)
        self.promote(found, "rob", on=[entry])
        self.assertEqual(self.state().candidates, [found])

    def test_the_next_one_is_upon_what_was_there(self):
        entry, found = self.pending("ron")
        self.on_versions("remove", found)
        end = self.promote(found, "rob", on=[entry])
        _, other = self.pending("ron", S, on=[end])
        self.promote(other, "rob", S)
        self.assertEqual(self.state().candidates, [other])


if __name__ == "__main__":
    unittest.main()
