"""Tests of closed history with rotations: what must have ended, what is kept, and what asks for the history."""

import copy
import unittest

import closing_model
from rotating import R, S, Rotating
from story import A, B
from vsecure import closed, keeping, recent
from vsecure.encoding import encode
from vsecure.errors import Refused
from vsecure.file import parse, records, render
from vsecure.records import log_entry
from vsecure.verify import verdict, verify, verify_alone
from vsecure.writing import ids, op


class Closing(Rotating):
    def agrees(self):
        lines, count = closing_model.compare(self.story)
        self.assertEqual((lines, count > 0), ([], True))

    def alone(self):
        """What is said of the secret without history."""
        told = self.story.both()[1]
        self.assertNotIn(A, told.behind)
        return told.secrets[A]

    def is_behind(self):
        """Whether nothing is said of it without, and something with it."""
        raw, beside = self.story.files()
        self.assertIsNone(verify_alone(raw, [A], beside).finding)
        self.assertIsNone(verify(raw, 0, beside).finding)
        finding = verify_alone(raw, [A]).finding
        return finding is not None and finding.code == "history-missing"

    def copied(self):
        return copy.deepcopy(self.story.build), self.story.chain

    def line(self):
        return next(base for base in self.story.closing.block.secrets if base.secret == A)

    def kinds(self, number):
        """The kinds of the ops that are kept with a version."""
        block = self.story.closing.block
        ops = next(version.ops for version in self.line().kept if version.number == number)
        return sorted(self.story.build.log[block.entries[place]].ops[index]["op"] for place, index in ops)


class Closable(Closing):
    def refused(self):
        with self.assertRaises(keeping.NotClosable):
            self.story.shut_all()

    def test_what_is_open_is_not_closed_live_or_stale(self):
        _, found = self.pending()
        self.refused()
        self.put()
        self.assertEqual(self.word(), "stale")
        self.refused()
        self.abort()
        self.story.shut_all()
        self.agrees()

    def test_what_is_active_and_may_be_withdrawn_is_not_closed(self):
        """Who reads the file alone would be told nothing of it, and be served what who has the history refuses."""
        def divided(found, entry):
            self.promote(found, on=[entry])
            self.abort("ron", on=[entry])

        def retired(found, entry):
            self.promote(found, on=[entry])
            self.on_versions("retire", found)

        def held_again(found, entry):
            self.promote(found, on=[entry])
            self.on_versions("retire", self.base)
            put = self.story.put(A, "ada", self.story.build.heads())
            put["put"]["same"] = ids([self.base])
            self.story.log("ada", put)
        for write, code in ((divided, "rotation-divided"), (retired, "retired-active"), (held_again, "retired-active")):
            self.setUp()
            entry, found = self.pending()
            write(found, entry)
            self.assertEqual(self.codes(), [code])
            self.refused()
            self.put("wes")
            self.assertEqual(self.codes(), [])
            self.story.shut_all()
            self.agrees()

    def test_an_entry_up_to_which_it_had_not_begun_can_be_closed(self):
        self.pending()
        self.story.shut(self.first)
        self.agrees()
        self.assertEqual(self.alone().rotations[self.id()].word, "live")

    def test_a_promotion_by_rotate_beside_a_removal_cannot_be(self):
        entry, found = self.pending()
        self.promote(found, on=[entry])
        self.on_versions("remove", self.base, on=[entry])
        self.abort()
        self.assertEqual(self.state().current, None)
        self.refused()
        self.put("wes")
        self.story.shut_all()
        self.agrees()

    def test_a_promotion_beside_a_removal_of_what_was_pending_can_be(self):
        """That removal is nothing, whatever follows."""
        for kind in ("remove", "prune"):
            for who in ("rob", "wes"):
                self.setUp()
                entry, found = self.pending()
                gone = self.on_versions(kind, found, on=[entry])
                self.promote(found, who, on=[entry])
                if kind == "remove" and who == "rob":
                    self.refused()  # it is by rotate, and beside a removal
                    continue
                self.story.shut_all()
                self.agrees()
                self.on_versions("restore", found, on=[gone])
                self.assertTrue(self.is_behind())
                self.assertEqual(self.state().current, found)

    def test_nor_a_put_by_rotate_beside_a_removal_of_another_version(self):
        old, before = self.base, self.story.build.heads()
        last = self.story.put_alone("ada")[0]
        self.on_versions("remove", old, who="del", on=before)
        new = self.put("rob", on=[last])
        self.assertEqual(self.state().current, new)
        self.refused()

    def test_a_restoration_changes_nothing_in_what_was_replaced(self):
        self.on_versions("remove", self.base, who="del", on=[self.first])
        new = self.put("rob", on=[self.first])
        self.assertIsNone(self.state().current)
        _, found = self.pending("wes", S, base=new)
        self.promote(found, "wes", S, replaces=[self.base, new])
        self.refused()  # what is left is by a promotion, of which it would matter what was active where it was written
        self.put("wes")
        self.story.shut_all()
        self.agrees()
        self.on_versions("restore", self.base, who="wes")
        self.agrees()

    def test_one_by_write_beside_a_removal_of_another_can(self):
        entry, found = self.pending()
        self.on_versions("remove", self.base, on=[entry])
        self.promote(found, "wes", on=[entry])
        self.story.shut_all()
        self.agrees()
        self.assertEqual(self.alone().current, found)

    def test_not_by_a_promotion_by_write_that_is_what_is_left(self):
        entry, found = self.pending()
        self.promote(found, on=[entry])
        self.on_versions("remove", self.base, on=[entry])
        self.promote(found, "wes")
        self.refused()
        new = self.put("wes")
        self.story.shut_all()
        self.agrees()
        self.assertEqual(self.alone().current, new)


class Kept(Closing):
    def test_a_promoted_version_with_what_gives_and_retires_it(self):
        entry, found = self.pending()
        self.promote(found, replaces=[self.base])
        for who in ("ada", "ron"):
            self.on_versions("retire", found, who=who)
        self.on_versions("retire", self.base, who="ron", on=[self.first])
        self.on_versions("remove", found)  # what is active and retired is not closed
        self.story.shut_all()
        self.assertEqual(self.kinds(2), ["pending", "promote", "remove", "retire"])
        self.agrees()
        self.assertEqual((self.alone().current, self.alone().retired, self.alone().rotations), (None, {found}, {}))

    def test_what_was_promoted_away_while_the_provider_accepts_it(self):
        _, found = self.pending()
        self.promote(found, replaces=[self.base])
        self.story.shut_all()
        self.assertEqual([(one.number, one.replaced) for one in self.line().kept], [(1, None), (2, (1,))])
        self.assertEqual(self.alone().previous, [self.base])
        self.agrees()
        self.on_versions("retire", self.base)
        self.assertEqual(self.alone().previous, [])
        self.agrees()
        self.story.shut_all()
        self.assertEqual([one.number for one in self.line().kept], [2])
        self.agrees()

    def test_nothing_of_what_was_promoted_away_and_pruned(self):
        _, found = self.pending()
        self.promote(found, replaces=[self.base])
        self.on_versions("prune", self.base)
        self.story.shut_all()
        self.assertEqual([(one.number, one.replaced) for one in self.line().kept], [(2, None)])
        self.agrees()

    def test_a_promotion_before_what_makes_its_version_active(self):
        entry, found = self.pending()
        other = self.put("wes", on=[self.first])
        self.promote(found, replaces=[self.base], on=[entry])
        self.assertEqual(self.state().candidates, sorted([found, other]))
        self.story.log("wes", op("resolve", secret=A, object=found))
        self.story.shut_all()
        number = self.state().versions[found].number
        self.assertEqual(self.kinds(number), ["pending", "promote"])
        self.agrees()
        self.assertEqual((self.alone().current, self.alone().previous), (found, [self.base]))

    def test_what_was_removed_may_come_back_as_the_one_before(self):
        _, found = self.pending()
        self.promote(found, replaces=[self.base])
        self.on_versions("remove", self.base)
        self.story.shut_all()
        self.assertEqual(self.alone().previous, [])
        self.on_versions("restore", self.base)
        self.assertEqual(self.alone().previous, [self.base])
        self.agrees()

    def test_what_was_promoted_and_removed_is_gone(self):
        for kind in ("remove", "prune"):
            self.setUp()
            _, found = self.pending()
            self.promote(found)
            self.on_versions(kind, found)
            self.story.shut_all()
            self.agrees()
            self.assertEqual(self.alone().candidates, [])

    def test_a_void_pending_that_a_promotion_used(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.promote(found, "wes", on=[entry])
        self.story.shut_all()
        self.assertEqual(self.kinds(2), ["pending", "promote"])
        self.agrees()
        raw, beside = self.story.files()
        self.assertEqual([verify_alone(raw, [A]).finding, verify(raw, 0, beside).finding], [None, None])

    def test_what_was_said_to_be_replaced_and_was_not_active_is_not(self):
        old = self.base
        self.base = self.put()
        entry, found = self.pending("ron")
        self.promote(found, "ron", replaces=[self.base])
        self.promote(found, "rob", replaces=[old, self.base])
        self.promote(found, "wes", replaces=[old, self.base], on=[entry])
        self.assertEqual(self.state().previous, [self.base])
        self.story.shut_all()
        self.assertEqual([(one.number, one.replaced) for one in self.line().kept], [(2, None), (3, (2,))])
        self.agrees()
        self.assertEqual(self.alone().previous, [self.base])

    def test_who_replaced_what_where_several_are_active(self):
        """Each of two promotions says that it replaced both, of which one was active there."""
        one, other = self.story.put_alone("ada", on=[self.first]), self.story.put_alone("wes", on=[self.first])
        promoted = []
        for (on, base), name in zip((one, other), (R, S)):
            entry, found = self.pending("ron", name, base, on=[on])
            self.promote(found, "wes", name, [one[1], other[1]], on=[entry])
            promoted.append(found)
        self.assertEqual(self.state().candidates, sorted(promoted))
        self.story.shut_all()
        self.agrees()
        for found, base in zip(promoted, (one[1], other[1])):
            side = self.copied()
            self.story.log("ada", op("resolve", secret=A, object=found))
            self.agrees()
            self.assertEqual((self.alone().current, self.alone().previous), (found, [base]))
            self.story.build, self.story.chain = side

    def test_of_promotions_and_retirements_which_anybody_repeats_the_first(self):
        """Whoever may rotate writes any number of them."""
        entry, found = self.pending("ron")
        end = self.promote(found, "ron", replaces=[self.base], on=[entry])
        lines = []
        for _ in range(2):
            for who in ("rob", "ron", "rob"):
                self.promote(found, who, replaces=[self.base])
                self.on_versions("retire", self.base, who=who)
            side = self.copied()
            self.story.shut_all()
            lines.append((self.kinds(2), len(self.story.closing.block.entries), end in self.story.closing.block.entries))
            self.agrees()
            self.story.build, self.story.chain = side
        self.assertEqual(lines[0], (["pending", "promote"], lines[1][1], True))
        self.assertEqual(lines[0], lines[1])

    def test_any_number_of_rotations_takes_no_place(self):
        """Whoever may rotate begins them, says something of them and ends them, or of those that are none."""
        sizes = []
        for count in (1, 40):
            self.setUp()
            for number in range(count):
                name = bytes([number]) * 16
                self.intent("rob", name)
                self.rollout(1, "rob", name)
                self.abort("rob", name)
            self.story.shut_all()
            sizes.append(sum(map(len, self.story.closing.block.blocks()[1])))
            self.agrees()
        self.assertEqual(sizes[0], sizes[1])

    def test_nothing_of_what_was_aborted(self):
        _, found = self.pending()
        self.intent(rotation=S)
        self.abort()
        self.abort(rotation=S)
        self.story.shut_all()
        self.assertNotIn(found, self.alone().held)
        raw, beside = self.story.files()
        self.assertNotIn(encode(found).encode(), raw)
        self.assertIsNone(verify(raw, 0, beside).finding)

    def test_what_is_added_to_a_void_beginning_reaches_behind(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.story.shut(self.story.log("ada", op("join"), on=[entry]))
        self.pending("ron")
        self.assertTrue(self.is_behind())
        self.assertEqual(self.word(), "stale")


class Behind(Closing):
    def test_a_new_rotation_needs_no_history(self):
        self.story.shut_all()
        _, found = self.pending()
        self.rollout(5)
        state = self.alone()
        self.assertEqual((state.pending, state.share), (found, 5))
        self.promote(found)
        self.assertEqual(self.alone().current, found)
        self.assertFalse(self.is_behind())
        self.agrees()

    def test_one_that_began_before_does(self):
        _, found = self.pending()
        self.abort()
        self.intent(rotation=S)
        self.abort(rotation=S)
        self.story.shut_all()
        for write, behind in ((lambda: self.rollout(1), False), (lambda: self.abort("wes", S), False),
                              (lambda: self.pending(rotation=S), True), (lambda: self.promote(found, "wes"), True)):
            side = self.copied()
            write()
            self.assertEqual(self.is_behind(), behind)
            _ = None if behind else self.agrees()
            self.story.build, self.story.chain = side

    def test_one_whose_beginning_is_kept_with_its_version_too(self):
        _, found = self.pending()
        self.promote(found)
        self.story.shut_all()
        for write, behind in ((self.abort, False), (lambda: self.rollout(1), False), (lambda: self.pending(), True),
                              (lambda: self.promote(found, "wes"), True)):
            side = self.copied()
            write()
            self.assertEqual(self.is_behind(), behind)
            _ = None if behind else self.agrees()
            self.story.build, self.story.chain = side

    def test_nobody_begins_one_of_a_secret_that_was_never_put(self):
        self.story.shut_all()
        raw, beside = self.story.files()
        self.story.log("rob", op("pending", secret=B, nonce=R, base=self.base))
        raw = self.with_log(raw)
        self.assertEqual([verify_alone(raw, [B]).finding.code, verify(raw, 0, beside).finding.code], ["op-unauthorised"] * 2)

    def with_log(self, raw):
        """The file with the entry that was written last, which may be forged."""
        file = parse(raw)
        last = list(self.story.build.log.values())[-1].line
        file.log = [line for _, line in sorted((log_entry(line, file.vault).id, line) for line in [*file.log, last])]
        return render(file).encode()

    def test_what_stands_on_nothing(self):
        """What could bring a version may stand on something closed; the rest says nothing in either case."""
        for write, behind in ((lambda found: self.promote(found, "wes", "?"), True), (lambda found: self.abort("wes", "?"), False),
                              (lambda found: self.rollout(1, "rob", "?"), False),
                              (lambda found: self.promote(found, "wes", self.other()), True),
                              (lambda found: self.on_versions("retire", bytes(32), who="rob"), False)):
            self.setUp()
            self.begun["?"] = b"?" * 16
            _, found = self.pending()
            self.abort()
            self.story.shut_all()
            before = self.state()
            write(found)
            self.assertEqual((self.is_behind(), self.state().candidates), (behind, before.candidates))
            self.assertEqual((self.state().versions, self.state().retired), (before.versions, before.retired))
            _ = None if behind else self.agrees()

    def test_what_others_write_upon_it_is_read_by_all(self):
        """It is no forgery that only some find."""
        self.begun["?"] = b"?" * 16
        self.story.put_alone("ada", B)
        self.story.shut_all()
        for write in (lambda: self.on_versions("retire", bytes(32), who="rob"), lambda: self.abort("rob", "?"),
                      lambda: self.rollout(1, "rob", "?"), lambda: self.promote(self.base, "rob", "?")):
            write()
            self.story.put_alone("ada", B)
        raw, beside = self.story.files()
        self.assertEqual([verify_alone(raw, [B]).finding, verify_alone(raw, [B], beside).finding, verify(raw, 0, beside).finding],
                         [None, None, None])
        self.story.shut_all()

    def test_of_a_secret_that_nothing_closed_puts_all_is_known(self):
        self.begun["?"] = b"?" * 16
        self.story.shut_all()
        self.story.put_alone("ada", B)
        self.story.log("rob", op("promote", secret=B, rotation=self.id("?"), object=self.base))
        self.assertEqual(self.story.both()[1].behind, set())

    def other(self):
        """A rotation that begins in what is open, in which nobody stated anything."""
        self.intent("ron", S)
        return S

    def test_an_op_of_another_secret_does_not(self):
        self.story.put_alone("ada", B)
        self.pending()
        self.abort()
        self.story.shut_all()
        self.story.log("rob", op("join"))
        begun = self.story.log("rob", op("pending", secret=B, nonce=R, base=self.base))
        self.story.log("rob", op("rollout", secret=B, rotation=self.story.build.log[begun].ops[0]["rotation"], share=1))
        self.assertEqual(self.story.both()[1].behind, set())

    def test_what_is_void_and_open_takes_away_without_history_too(self):
        self.story.shut_all()
        entry, found = self.pending("ron")
        late = self.lose("rob", "rotate")
        self.rollout(100, "ron")
        self.rollout(5, **late)
        self.assertEqual(self.alone().share, 5)
        self.abort(**late)
        self.assertEqual((self.alone().pending, self.alone().rotations[self.id()].word), (None, "stale"))
        self.agrees()

    def test_a_retirement_of_what_nothing_here_states_does_not(self):
        """It is an older version, which has no say in what is told without history."""
        old = self.base
        self.base = self.put()
        _, gone = self.pending()
        self.abort()
        self.story.shut_all()
        self.on_versions("retire", self.base)
        self.assertFalse(self.is_behind())
        self.on_versions("retire", old, gone)
        self.assertFalse(self.is_behind())
        self.assertEqual((self.alone().retired, self.state().retired), ({self.base}, {self.base, old, gone}))
        self.agrees()
        raw, beside = self.story.files()
        self.assertEqual([verify_alone(raw, [A]).finding, verify(raw, 0, beside).finding], [None, None])

    def test_an_aborted_version_that_is_stated_again_is_behind_with_its_retirement(self):
        """Its author may state it once more, upon the old parents: that is late, and so is what follows nothing else."""
        heads = self.story.build.heads()
        _, gone = self.pending(on=heads)
        self.abort()
        self.story.shut_all()
        self.on_versions("retire", gone)
        self.assertFalse(self.is_behind())
        self.again(gone, "rob", heads, nonce=S, base=self.base)
        self.assertTrue(self.is_behind())

    def test_a_retirement_of_what_an_open_entry_states_beside_it_says_nothing(self):
        self.story.shut_all()
        heads = self.story.build.heads()
        _, found = self.pending("ron", on=heads)
        self.on_versions("retire", found, self.base, on=heads)
        self.assertEqual((self.is_behind(), self.alone().retired), (False, {self.base}))
        self.agrees()

    def test_a_late_one_does_in_any_case(self):
        old, heads = self.base, self.story.build.heads()
        self.base = self.put()
        self.story.shut_all()
        self.on_versions("retire", old, on=heads)
        self.assertTrue(self.is_behind())

    def test_one_of_what_an_open_entry_states_does_not(self):
        self.story.shut_all()
        _, found = self.pending()
        self.on_versions("retire", found)
        self.assertFalse(self.is_behind())
        self.agrees()

    def test_a_void_retirement_of_the_base_that_was_closed_is_known_to_who_begins(self):
        gone = self.on_versions("retire", self.base, **self.lose("rob", "rotate"))
        self.story.shut(self.story.log("ada", op("join"), on=[gone]))
        self.pending("ron")
        self.assertEqual(self.alone().rotations[self.id()].word, "live")
        self.agrees()

    def test_a_retirement_of_what_was_put_before_acts(self):
        self.story.shut_all()
        self.on_versions("retire", self.base)
        self.pending()
        self.assertEqual((self.alone().retired, self.alone().rotations[self.id()].word), ({self.base}, "stale"))
        self.agrees()


class Blocks(Closing):
    """What a block may say of rotations."""

    LINE = '{"secret":"prod/A","versions":3,"ops":[],"kept":[%s]}'

    def test_what_was_replaced_stands_last_in_order_none_twice(self):
        item = '{"number":3,"ops":[[0,0]],"replaced":[1,2]}'
        line = self.LINE % item
        read = closed.parse([], [line])
        self.assertEqual((read.secrets[0].kept[0].replaced, read.blocks()[1]), ((1, 2), [line]))
        for wrong in ("[2,1]", "[1,1]", "[]", '["1"]', "[[1]]"):
            with self.subTest(wrong), self.assertRaises(Refused):
                closed.parse([], [line.replace("[1,2]", wrong)])
        with self.assertRaises(Refused):
            closed.parse([], [self.LINE % '{"number":3,"replaced":[1,2],"ops":[[0,0]]}'])
        with self.assertRaises(Refused):
            closed.parse([], ['{"secret":"prod/A","versions":2,"ops":[],"kept":[],"rotations":["%s"]}' % encode(R)])

    def test_what_was_replaced_is_kept(self):
        def more(entries, base):
            return base.ops, tuple(closed.KeptVersion(one.number, one.ops, (9,)) for one in base.kept)
        self.assertEqual(self.wrong(more), "closed-wrong")

    def wrong(self, change):
        """The code of a vault whose checkpoint states another block."""
        made = keeping.closing(self.story.judged(), self.story.stands, self.story.build.heads()[0], len(self.story.build.policy))
        entries, base = made.block.entries, next(base for base in made.block.secrets if base.secret == A)
        lines = change(entries, base)
        made.block = closed.Closed(entries, (closed.Base(A, base.versions, *lines),))
        self.story.policy([op("checkpoint", **made.op)], [made.entry])
        self.story.closing, self.story.checkpoints = made, [made]
        raw, beside = self.story.files()
        return verdict(verify(raw, 0, beside))["errors"][0]

    def place(self, entries, entry):
        return entries.index(entry), 0

    def test_a_promoted_version_is_kept_with_what_gives_it(self):
        entry, found = self.pending()
        self.promote(found)

        def without(entries, base):
            gone = self.place(entries, entry)
            return base.ops, tuple(closed.KeptVersion(one.number, tuple(at for at in one.ops if at != gone)) for one in base.kept)
        self.assertEqual(self.wrong(without), "closed-wrong")

    def test_an_intent_gives_nothing(self):
        _, found = self.pending()
        both = self.story.log("rob", op("promote", secret=A, rotation=self.id(), object=found),
                              op("pending", secret=A, nonce=S, base=self.base))
        self.abort(rotation=self.story.build.log[both].ops[1]["rotation"])

        def more(entries, base):
            place = entries.index(both), 1
            return base.ops, tuple(closed.KeptVersion(one.number, tuple(sorted({*one.ops, place}))) for one in base.kept)
        self.assertEqual(self.wrong(more), "closed-wrong")

    def test_what_sets_the_secret_is_under_a_version(self):
        for promoted in (False, True):
            self.setUp()
            if promoted:
                _, found = self.pending()
                self.promote(found)
            self.assertEqual(self.wrong(lambda entries, base: (base.ops, ())), "closed-wrong")

    def test_no_kept_op_is_about_a_rotation(self):
        _, found = self.pending()
        end = self.promote(found)
        self.story.log("ada", op("join"))
        made = keeping.closing(self.story.judged(), self.story.stands, self.story.build.heads()[0], len(self.story.build.policy))
        self.story.policy([op("checkpoint", **made.op)], [made.entry])
        self.story.closing, self.story.checkpoints = made, [made]
        graph = self.story.judged()
        file, _ = keeping.leave_out(self.story.build.file, graph, made.block, made.entry)
        told = recent.read(file, records(file)[1], self.story.chain)
        self.assertEqual((told.secrets[A].rotations, told.secrets[A].current, end in made.block.entries), ({}, found, True))


if __name__ == "__main__":
    unittest.main()
