"""Tests of rotations: which are live, what is pending, and what is told."""

import unittest

from closing_base import begin_epoch
from rotating import NOW, R, S, Rotating
from story import A, B
from vsecure.encoding import encode
from vsecure.verify import verify
from vsecure.writing import ids, op


class Words(Rotating):
    """Which rotations are live."""

    def live(self, rotation=R):
        """Whether it is, and what is pending agrees."""
        state = self.state()
        self.assertEqual(state.pending is not None,
                         self.word(rotation) == "live" and bool(state.rotations[self.id(rotation)].objects))
        return self.word(rotation) == "live"

    def test_an_intent_is_live_without_a_version_which_may_be_added(self):
        self.intent()
        self.assertEqual((self.live(), self.state().pending, self.codes()), (True, None, []))
        _, found = self.pending("ron")
        self.assertEqual((self.live(), self.state().pending), (True, found))

    def test_a_void_beginning_alone_is_no_rotation(self):
        entry = self.intent(**self.lose("rob", "rotate"))
        self.rollout(1, "ron", on=[entry])
        self.abort("ron", on=[entry])
        self.assertEqual(self.state().rotations, {})

    def test_what_counts_and_adds_to_it_makes_it_one(self):
        entry = self.intent(**self.lose("rob", "rotate"))
        _, found = self.pending("ron", on=[entry])
        self.assertEqual((self.live(), self.state().pending), (True, found))

    def test_what_ends_a_rotation(self):
        entry, found = self.pending()
        self.abort(on=[entry])
        self.assertEqual((self.word(), self.state().pending, self.codes()), ("aborted", None, ["rotation-left"]))
        self.promote(found, on=[entry])
        self.assertEqual(self.word(), "promoted")

    def test_a_promotion_that_sets_nothing_ends_nothing(self):
        _, found = self.pending()
        self.put()
        self.promote(found)
        self.assertEqual((self.word(), self.codes()), ("stale", ["overruled", "rotation-stale"]))
        self.abort()
        self.assertEqual(self.word(), "aborted")
        self.promote(found, "wes")
        self.assertEqual(self.word(), "promoted")

    def test_nor_does_one_by_write_of_what_was_removed(self):
        heads = self.story.build.heads()
        entry, found = self.pending()
        again = self.again(found, "rob", heads, nonce=S, base=self.base)
        self.begun[S] = self.story.build.log[again].ops[0]["rotation"]
        self.promote(found, rotation=S, on=[entry, again])
        self.on_versions("remove", found)
        self.promote(found, "wes")
        self.assertEqual((self.word(), self.state().current), ("stale", None))

    def test_nor_does_a_promotion_of_its_object_in_another(self):
        heads = self.story.build.heads()
        entry, found = self.pending()
        again = self.again(found, "rob", heads, nonce=S, base=self.base)
        self.begun[S] = self.story.build.log[again].ops[0]["rotation"]
        self.promote(found, rotation=S, on=[again])
        self.assertEqual((self.word(), self.word(S)), ("stale", "promoted"))
        self.put("rob")
        self.assertEqual((self.word(), self.word(S)), ("stale", "promoted"))

    def test_it_is_live_while_its_base_is_the_one_candidate(self):
        entry, _ = self.pending()
        self.assertTrue(self.live())
        self.put(on=[self.first])
        self.assertFalse(self.live())  # its base is the current version, or another is
        self.assertIn("rotation-stale", self.codes())
        last = self.put()
        self.assertFalse(self.live())
        self.pending(rotation=S, base=last)
        self.assertTrue(self.word(S) == "live")

    def test_not_in_a_conflict_of_which_its_base_is_current(self):
        other = self.put(on=[])
        state = self.state()
        self.assertEqual(len(state.candidates), 2)
        self.pending(base=state.current)
        self.assertFalse(self.live())
        self.assertIn(other, state.candidates)

    def test_not_without_anything_active(self):
        entry, _ = self.pending()
        self.on_versions("remove", self.base)
        self.assertFalse(self.live())

    def test_not_with_two_versions_counting_or_void(self):
        for void in (False, True):
            self.setUp()
            self.pending()
            self.pending(**self.lose("ron", "rotate") if void else {"who": "ron"})
            self.assertFalse(self.live())

    def test_not_with_a_version_that_exists(self):
        """Its author put it, and states it once more upon the same parents."""
        heads = self.story.build.heads()
        first = self.story.log("wes", self.story.put(A, "wes", heads), on=heads)
        item = self.story.build.log[first].ops[0]
        self.base = self.put()
        self.again(item["object"], "wes", heads, wrap=item["wrap"], nonce=R, base=self.base)
        self.begun[R] = self.state().rotations.popitem()[0]
        self.assertEqual((self.live(), self.codes()), (False, ["rotation-stale"]))

    def test_not_with_a_version_that_only_a_void_pending_states(self):
        self.intent()
        self.pending(**self.lose("ron", "rotate"))
        self.assertFalse(self.live())

    def test_not_with_a_version_that_is_retired(self):
        _, found = self.pending()
        self.on_versions("retire", found)
        self.assertFalse(self.live())

    def test_not_upon_a_base_that_is_retired(self):
        self.pending()
        self.on_versions("retire", self.base)
        self.assertFalse(self.live())

    def test_not_where_something_void_withdraws_it(self):
        for kind in ("abort", "retire"):
            self.setUp()
            _, found = self.pending("ron")
            late = self.lose("rob", "rotate")
            self.abort(**late) if kind == "abort" else self.on_versions(kind, found, **late)
            self.assertFalse(self.live(), kind)
            self.assertIn("rotation-stale", self.codes())

    def test_void_ops_on_others_withdraw_nothing(self):
        self.put(on=[])
        old = self.base
        self.base = self.put()
        _, found = self.pending("ron")
        self.intent(rotation=S)
        self.abort(rotation=S)
        late = self.lose("rob", "rotate")
        self.abort(rotation=S, **late)
        self.on_versions("retire", old, **late)
        self.on_versions("remove", self.base, **self.lose("del", "delete"))
        self.assertTrue(self.live())

    def test_a_void_retirement_of_the_base_counts_unless_each_pending_knew_it(self):
        late = self.lose("rob", "rotate")
        gone = self.on_versions("retire", self.base, **late)
        self.pending("ron", on=[gone])
        self.assertTrue(self.live())
        self.setUp()
        entry, _ = self.pending("ron")
        self.on_versions("retire", self.base, **self.lose("rob", "rotate"))
        self.assertFalse(self.live())
        self.setUp()
        self.intent("ron")
        gone = self.on_versions("retire", self.base, **self.lose("rob", "rotate"))
        self.pending("ron", on=[gone])
        self.assertFalse(self.live())  # who added to it knew, and who began it did not

    def test_several_that_are_live_are_contested(self):
        entry, found = self.pending()
        other, _ = self.pending("ron", S, on=[self.first])
        self.assertEqual((self.word(), self.word(S), self.state().pending), ("live", "live", None))
        self.assertEqual(self.codes(), ["rotation-contested"])
        self.abort("wes", S, on=[entry, other])
        self.assertEqual((self.state().pending, self.codes()), (found, ["rotation-left"]))

    def test_one_that_is_stale_does_not_contest(self):
        _, found = self.pending()
        self.pending("ron", S)
        self.pending("ron", S)
        self.assertEqual((self.word(), self.word(S), self.state().pending), ("live", "stale", found))
        self.abort(rotation=S)
        self.pending("ron", b"T" * 16, base=bytes(32))
        self.assertEqual((self.word(b"T" * 16), self.state().pending), ("stale", found))

    def test_an_intent_contests_too(self):
        self.pending()
        self.intent("ron", S)
        self.assertIsNone(self.state().pending)


class Coming(Rotating):
    """Whose wraps are kept up: what is active, and what may be yet. There is one audience, which is not the secret's own."""

    def told(self, code="unsettled"):
        vault = verify(self.raw(), NOW)
        self.assertIsNone(vault.finding)
        return len([f for f in vault.findings if (f.subject, f.code) == (A, code)])

    def test_what_an_open_rotation_brings_is(self):
        _, found = self.pending()
        self.assertEqual((self.state().coming, self.told()), ([found], 2))
        self.again(found, "rob", [self.first], nonce=S, base=self.base)
        self.put()
        self.assertEqual((self.word(), self.state().coming, self.told()), ("stale", [found], 2))
        self.pending(rotation=S)
        self.assertEqual(self.told(), 3)

    def test_where_the_secret_is_gone_too(self):
        _, found = self.pending()
        self.on_versions("remove", self.base)
        self.assertEqual((self.state().candidates, self.state().coming, self.told()), ([], [found], 1))

    def test_what_was_aborted_or_promoted_or_is_gone_is_not(self):
        ends = [lambda found: self.abort(), self.promote] + [
            lambda found: self.on_versions("retire", found)]
        for end in ends:
            self.setUp()
            _, found = self.pending()
            end(found)
            self.assertEqual((self.state().coming, self.told()), ([], 1))

    def test_what_is_not_held_is_not(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.pending("ron", on=[entry])
        self.assertEqual((found in self.state().coming, self.told()), (False, 2))

    def test_one_whose_epoch_has_a_successor_is_told_too(self):
        for known, wanted in (([], 2), ([self.first], 1)):
            self.setUp()
            self.pending()
            begun, *_ = begin_epoch(self.story.build, self.story.base.identities["ada"], self.story.rng)
            self.story.policy([begun], known)
            self.assertEqual(self.told("superseded-epoch"), wanted)


class Retired(Rotating):
    def test_it_is_what_was_stated(self):
        entry, found = self.pending()
        self.on_versions("retire", found, on=[entry])
        self.assertEqual(self.state().retired, {found})

    def test_it_changes_nothing_in_active_and_is_told(self):
        self.on_versions("retire", self.base)
        self.assertEqual((self.state().current, self.codes()), (self.base, ["retired-active"]))

    def test_a_void_one_retires_nothing(self):
        self.on_versions("retire", self.base, **self.lose("rob", "rotate"))
        self.assertEqual(self.state().retired, set())

    def test_what_is_only_stated_by_something_void_can_be(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.on_versions("retire", found, on=[entry])
        self.assertEqual(self.state().retired, {found})

    def test_each_that_is_active_is_told(self):
        other = self.put(on=[])
        self.on_versions("retire", self.base, other)
        self.assertEqual(self.codes(), ["conflict", "retired-active", "retired-active"])

    def put_again(self, *old, found=None, **how):
        """A new version that says it has the value of others; or `found` once more, by its author upon the same parents."""
        on = how.get("on", self.story.build.heads())
        made = found or self.story.put(A, "wes", on)["put"]
        stated = {"body": made["body"], "wrap": made["wrap"]}
        return stated, self.story.log("wes", op("put", secret=A, **stated, same=ids(old) if old else None), **{"on": on, **how})

    def test_the_value_of_one_that_is_put_again_is_told(self):
        _, found = self.pending()
        self.put_again(self.base, found)
        self.assertEqual(self.codes(), ["rotation-stale"])
        self.on_versions("retire", found)
        self.assertEqual(self.codes(), ["retired-active", "rotation-stale"])
        self.on_versions("retire", self.base)
        self.assertEqual(self.codes(), ["retired-active", "rotation-stale"])
        self.put()
        self.assertEqual(self.codes(), ["rotation-stale"])

    def test_what_a_void_put_says_of_that_is_not(self):
        self.on_versions("retire", self.base)
        heads = self.story.build.heads()
        made, _ = self.put_again()
        self.assertEqual(self.codes(), [])
        late = self.lose("wes", "write")
        self.put_again(self.base, found=made, on=heads, policy=late["policy"])
        self.assertEqual(self.codes(), [])


class Previous(Rotating):
    def setUp(self):
        super().setUp()
        self.old = self.put()
        one, self.other = self.story.put_alone("ada")
        two, self.base = self.story.put_alone("ada", on=self.story.build.log[one].parents)
        self.below = [one, two]
        self.entry, self.found = self.pending()
        self.promote(self.found, "wes", replaces=[self.base, self.other, self.old, bytes(32)])

    def test_it_is_what_the_promotion_says_that_it_replaces(self):
        self.assertEqual(self.state().previous, sorted([self.base, self.other]))

    def test_and_what_was_active_there_alone(self):
        """Whoever may rotate promotes it again, and says that it took the place of all."""
        self.promote(self.found, "rob", replaces=[self.base, self.other, self.old])
        self.assertEqual(self.state().previous, sorted([self.base, self.other]))
        self.promote(self.found, "wes", replaces=[self.base, self.other, self.old])
        self.assertEqual(self.state().previous, sorted([self.base, self.other]))

    def unpromoted(self):
        """As before the promotion."""
        self.setUp()
        self.story.build.log.popitem()
        self.story.build.file.log = [entry.line for _, entry in sorted(self.story.build.log.items())]

    def test_what_was_active_there_and_is_not_named_is_not_but_for_the_base(self):
        """Which an engine has to retire, whatever the promotion says."""
        for replaces in ([], [self.base]):
            self.unpromoted()
            self.promote(self.found, "wes", replaces=replaces or None)
            self.assertEqual(self.state().previous, [self.base])

    def test_the_base_is_not_where_it_was_not_active(self):
        _, found = self.pending(rotation=S, base=self.old)
        self.promote(found, "wes", S)
        self.assertEqual((self.state().current, self.state().previous), (found, []))

    def test_a_promotion_that_sets_nothing_has_no_say(self):
        """It is overruled: by rotate, upon another version than the one on which its rotation was begun."""
        self.promote(self.found, "wes", replaces=[self.base])
        _, other = self.pending("ron", S, base=self.old)
        self.promote(other, "ron", S, replaces=[self.found])
        self.promote(other, "wes", S)
        self.assertEqual((self.state().current, self.state().previous), (other, []))

    def test_but_what_is_retired_removed_or_pruned(self):
        for kind in ("retire", "remove", "prune"):
            self.setUp()
            self.on_versions(kind, self.other)
            self.assertEqual(self.state().previous, [self.base], kind)

    def test_or_active(self):
        heads = self.story.build.heads()
        self.story.log("wes", op("resolve", secret=A, object=self.found), on=heads)
        self.assertEqual(self.state().previous, sorted([self.base, self.other]))
        self.promote(self.found, "wes", replaces=[self.found])
        self.assertEqual(self.state().current, self.found)
        self.assertEqual(self.state().previous, sorted([self.base, self.other]))

    def test_of_the_current_version_alone(self):
        self.put()
        self.assertEqual(self.state().previous, [])

    def test_not_what_is_only_pending(self):
        _, waiting = self.pending(rotation=S, base=self.found)
        self.promote(self.found, "wes", replaces=[waiting])
        self.assertNotIn(waiting, self.state().previous)


class Told(Rotating):
    """Findings of rotations; those of the words are above."""

    def test_a_rotation_is_divided_where_an_abort_and_a_promotion_did_not_know_each_other(self):
        entry, found = self.pending()
        self.promote(found, on=[entry])
        self.assertEqual(self.codes(), [])
        self.abort("ron", on=[entry])
        self.assertEqual(self.codes(), ["rotation-divided"])
        self.promote(found, "wes")
        self.assertEqual(self.codes(), [])

    def test_not_by_an_abort_after_it_or_one_of_another(self):
        entry, found = self.pending()
        self.promote(found, on=[entry])
        other = self.intent(rotation=S, on=[entry])
        self.abort("ron", S, on=[other])
        self.abort("ron")
        self.assertEqual(self.codes(), [])

    def test_not_where_something_else_is_active(self):
        entry, found = self.pending()
        self.promote(found, on=[entry])
        self.abort("ron", on=[entry])
        self.put()
        self.assertEqual(self.codes(), [])

    def test_each_stale_rotation_is_told(self):
        self.pending()
        self.pending("ron", S)
        self.put()
        self.assertEqual(self.codes(), ["rotation-stale", "rotation-stale"])

    def test_what_is_void_is_told_until_somebody_sets_the_secret(self):
        for write in (self.intent, self.pending, self.abort, lambda **how: self.rollout(1, **how),
                      lambda **how: self.on_versions("retire", self.base, **how)):
            self.setUp()
            self.intent(rotation=R)
            self.abort()
            write(**self.lose("rob", "rotate"))
            self.assertEqual(self.codes(), ["rotation-void"])
            self.put("ada")
            self.assertEqual(self.codes(), [])

    def test_void_ops_that_are_of_no_rotation_are_not(self):
        late = self.lose("wes", "write")
        self.story.log("wes", op("field", secret=A, field="var", value="X"), on=late["on"], policy=late["policy"])
        self.assertEqual(self.codes(), [])

    def test_so_is_a_void_promotion(self):
        entry, found = self.pending("rob")
        self.promote(found, **self.lose("rob", "rotate"))
        self.assertEqual(self.codes(), ["rotation-void", "void-changes-value"])

    def test_what_was_set_before_it_ended_silences_nothing(self):
        self.lose("wim", "write")  # so that positions differ
        self.intent()
        self.abort()
        self.put("ada")
        self.abort(**self.lose("rob", "rotate"))
        self.assertEqual(self.codes(), ["rotation-void"])

    def test_a_void_op_that_somebody_adopted_is_not_told(self):
        self.intent()
        self.abort()
        late = self.lose("rob", "rotate")
        entry = self.abort(**late)
        adopts = {"entry": encode(entry), "op": 0}
        _, other = self.story.put_alone("ada", B)
        begun = self.story.log("ada", op("pending", secret=B, nonce=R, base=other))
        other = self.story.build.log[begun].ops[0]["rotation"]
        self.story.log("ron", op("abort", secret=B, rotation=other, adopts=adopts))
        self.assertEqual(self.codes(), ["rotation-void"])
        self.story.log("ron", op("abort", secret=A, rotation=self.id(), adopts={**adopts, "op": 1}))
        self.assertEqual(self.codes(), ["rotation-void"])
        self.story.log("ada", op("field", secret=A, field="var", value="X", adopts=adopts))
        self.assertEqual(self.codes(), ["rotation-void"])  # which repeats nothing of it
        void = op("abort", secret=A, rotation=self.id(), adopts=adopts)
        other = self.story.log("rob", void, on=late["on"], policy=late["policy"])
        self.story.log("ron", op("abort", secret=A, rotation=self.id(), adopts={"entry": encode(other), "op": 0}))
        self.assertEqual(self.codes(), ["rotation-void"])  # who adopts it is void
        self.story.log("ron", void)
        self.assertEqual(self.codes(), [])

    def test_a_void_pending_that_a_promotion_uses_is_settled_by_it(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.promote(found, "wes", on=[entry])
        self.assertEqual(self.codes(), [])

    def test_void_changes_value_takes_promotions_for_sets(self):
        _, found = self.pending("rob")
        late = self.lose("rob", "rotate")
        self.promote(found, **late)
        self.assertIn("void-changes-value", self.codes())
        _, other = self.pending("ron", S)
        self.promote(other, "wes", S)
        self.assertEqual(self.codes(), ["rotation-stale"])

    def test_nothing_adopts_a_void_promotion(self):
        """What it is of may be withdrawn since: whoever wants it sets it, or begins a rotation."""
        entry, found = self.pending("ron")
        late = self.lose("rob", "rotate")
        void = self.promote(found, **late)
        adopts = {"entry": encode(void), "op": 0}
        gone = self.abort("ada", on=[entry])
        self.story.log("ron", op("promote", secret=A, rotation=self.id(), object=found, adopts=adopts), on=[gone])
        self.assertIn("rotation-void", self.codes())
        put = self.story.put(A, "ada", [self.first])
        put["put"]["adopts"] = adopts
        self.story.log("ada", put, on=[self.first], policy=late["policy"])
        self.assertIn("rotation-void", self.codes())
        self.put()
        self.assertNotIn("rotation-void", self.codes())

    def test_what_an_abort_leaves_at_the_provider_is_told(self):
        _, found = self.pending()
        self.assertEqual(self.codes(), [])
        self.abort()
        self.assertEqual(self.codes(), ["rotation-left"])
        self.pending("ron")
        self.assertEqual(self.codes(), ["rotation-left", "rotation-left"])
        self.pending(**self.lose("wim", "write"))  # what only something void states is not held
        self.assertEqual(self.codes(), ["rotation-left", "rotation-left", "rotation-void"])

    def test_until_it_is_retired_or_exists(self):
        for kind in ("retire", "remove", "prune"):
            self.setUp()
            _, found = self.pending()
            self.abort()
            self.on_versions(kind, found)
            self.assertEqual(self.codes(), [] if kind == "retire" else ["rotation-left"], kind)
        self.setUp()
        heads = self.story.build.heads()
        entry, found = self.pending()
        self.abort()
        again = self.again(found, "rob", heads, nonce=S, base=self.base)
        self.begun[S] = self.story.build.log[again].ops[0]["rotation"]
        self.promote(found, "rob", S, on=[again])
        self.assertEqual(self.codes(), [])

    def test_the_verdict_says_what_is_pending(self):
        _, found = self.pending()
        self.rollout(7)
        told = self.told()
        self.assertEqual((told["pending"], told["share"], told["rotations"]), (encode(found), 7, {encode(self.id()): "live"}))


if __name__ == "__main__":
    unittest.main()
