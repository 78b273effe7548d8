"""Tests of closed history: what is kept, what is read without the rest, and what nobody can hide by it."""

import copy
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import closing_model
from story import A, B, Closed, Story
from vsecure import closed, keeping
from vsecure.copies import fix_copies
from vsecure.encoding import encode
from vsecure.errors import Refused
from vsecure.file import parse, render
from vsecure.keys import secret_uid
from vsecure.policy import Chain
from vsecure.records import log_entry
from vsecure.union import union
from vsecure.verify import verdict, verify, verify_alone
from vsecure.writing import ids, op

SCRIPT = Path(__file__).resolve().parent / "vault.py"


class Kept(Closed):
    """What acts without history, and where."""

    def test_a_removal_that_was_taken_back_does_not_come_back(self):
        _, put = self.story.put_alone("ada")
        self.story.log("ada", op("remove", secret=A, objects=ids([put])))
        self.story.log("ada", op("restore", secret=A, objects=ids([put])))
        self.story.shut_all()
        _, rotated = self.story.put_alone("rob")
        self.agrees()
        self.assertEqual(self.story.both()[1].secrets[A].current, rotated)

    def test_a_removal_of_two_acts_only_on_the_one_that_was_not_restored(self):
        first, one = self.story.put_alone("ada")
        _, other = self.story.put_alone("wes", on=[])
        self.story.log("ada", op("remove", secret=A, objects=ids([one, other])))
        self.story.log("ada", op("restore", secret=A, objects=ids([other])))
        self.story.shut_all()
        self.agrees()
        self.story.log("ada", op("resolve", secret=A, object=other))
        self.agrees()
        state = self.story.both()[1].secrets[A]
        self.assertEqual((state.current, state.versions[one].removed), (other, True))
        self.assertEqual([version.odd for version in state.versions.values()], [[], []])

    def test_a_put_that_sets_nothing_does_not_decide_which_is_current(self):
        """The same version put twice, once behind its own removal: the other copy's place is what counts."""
        for tries in range(40):
            self.story = story = Story(100 + tries)
            base = story.log("ada", op("join"))
            one, version = story.put_alone("wim", on=[base])
            item = story.build.log[one].ops[0]
            again = op("put", secret=A, body=item["body"], wrap=item["wrap"])
            twice = story.log("wim", op("remove", secret=A, objects=ids([version])), again, on=[base])
            beside, other = story.put_alone("wes", on=[base])
            story.log("ada", op("restore", secret=A, objects=ids([version])))
            story.shut_all()
            self.agrees()
            if one < beside < twice:
                self.assertEqual(story.both()[1].secrets[A].current, other)
                return
        self.fail("no entry came to lie between")

    def test_a_field_alone_lets_nobody_rotate(self):
        self.story.shut(self.story.log("ada", op("field", secret=A, field="var", value="X")))
        raw, beside = self.story.files()
        file, (entry, _) = parse(raw), self.story.put_alone("rob")
        file.secrets = self.story.build.file.secrets
        file.log = [line for _, line in sorted((log_entry(line, file.vault).id, line)
                                               for line in [*file.log, self.story.build.log[entry].line])]
        raw = render(file).encode()
        self.assertEqual([self.code(raw, found) for found in (None, beside)], ["op-unauthorised"] * 2)

    def test_a_void_put_lets_somebody_rotate_as_it_does_in_the_whole(self):
        before = self.story.build.policy[-1].id
        self.story.policy([op("revoke", role="r-wes", pattern="*", rights=["write"])], [])
        self.story.log("wes", self.story.put(A, "wes", []), on=[], policy=before)
        self.story.shut(self.story.log("ada", op("join"), on=sorted(self.story.build.log)))
        _, rotated = self.story.put_alone("rob")
        self.agrees()
        state = self.story.both()[1].secrets[A]
        self.assertEqual((state.current, state.versions[rotated].number), (rotated, 1))

    def test_a_removal_of_what_was_never_put_overrules_as_it_does_in_the_whole(self):
        self.story.shut(self.story.log("ada", op("remove", secret=A, objects=ids([bytes(32)]))))
        before = self.story.build.policy[-1].id
        self.story.policy([op("revoke", role="r-wes", pattern="*", rights=["write"])], [])
        at = self.story.build.heads()
        self.story.log("wes", self.story.put(A, "wes", at), on=at, policy=before)
        self.story.put_alone("rob", on=sorted(found for found in self.story.build.log if found not in at))
        self.agrees()
        self.assertIsNone(self.story.both()[1].secrets[A].current)

    def test_a_rotation_beside_a_removal_cannot_be_closed(self):
        first, put = self.story.put_alone("ada")
        self.story.put_alone("rob", on=[first])
        self.story.log("ada", op("remove", secret=A, objects=ids([put])), on=[first])
        with self.assertRaises(keeping.NotClosable):
            self.story.shut_all()
        self.story.shut(self.story.put_alone("wes")[0])
        self.agrees()

    def test_expiry_and_wraps_are_kept(self):
        first, version = self.story.put_alone("ada")
        wrap = self.story.wrap(A, version, sealed=True)
        self.story.log("ada", op("expire", secret=A, object=version, at=7),
                       op("rewrap", secret=A, object=version, wrap=wrap))
        self.story.shut_all()
        self.agrees()
        state = self.story.both()[1].secrets[A].versions[version]
        self.assertEqual((state.expires, state.wrap, len(state.wraps)), (7, wrap, 2))
        self.story.log("ada", op("prune", secret=A, objects=ids([version])))
        self.story.shut_all()
        self.assertEqual(self.story.both()[1].secrets[A].versions[version].expires, 7)
        self.agrees()

    def test_versions_keep_their_numbers(self):
        for _ in range(3):
            last, third = self.story.put_alone("ada")
        self.story.shut(last)
        _, fourth = self.story.put_alone("ada")
        versions = self.story.both()[1].secrets[A].versions
        self.assertEqual({found: one.number for found, one in versions.items()}, {third: 3, fourth: 4})

    def test_a_second_checkpoint_goes_on_from_the_first(self):
        self.story.shut(self.story.put_alone("ada")[0])
        first = self.story.closing
        self.story.shut(self.story.put_alone("wes")[0])
        self.story.put_alone("ada", B)
        self.agrees()
        raw, beside = self.story.files()
        self.assertIsNone(self.code(raw, beside))
        self.assertEqual([len(first.segment), len(self.story.closing.segment)], [1, 1])


class Reading(Closed):
    """What is said without history, and what is not."""

    def setUp(self):
        super().setUp()
        self.first, self.old = self.story.put_alone("ada")
        self.story.put_alone("ada", B)
        self.story.shut(self.story.put_alone("wes")[0])
        self.top = self.story.closing.entry

    def test_values_need_no_history_but_a_verdict_on_everything_does(self):
        raw, beside = self.story.files()
        self.assertNotIn(encode(self.old).encode(), raw)
        self.assertEqual((self.alone(raw, A), self.alone(raw, "prod/none")), (None, None))
        self.assertEqual((self.code(raw, beside), self.code(raw)), (None, "history-missing"))
        self.assertEqual(verdict(verify(raw, 0))["verdict"], "history-missing")

    def test_a_late_put_is_not_told_without_history(self):
        self.story.put_alone("wes", on=[])
        raw, beside = self.story.files()
        self.assertEqual([self.alone(raw, A), self.alone(raw, B)], ["history-missing", None])
        self.assertEqual([self.alone(raw, A, beside), self.code(raw, beside)], [None, None])
        self.assertEqual(len(verify_alone(raw, [A], beside).secrets[A].candidates), 2)

    def test_a_late_rotation_upon_a_kept_entry_is_no_forgery(self):
        self.story.put_alone("rob", on=[self.story.closing.block.entries[0]])
        raw, beside = self.story.files()
        self.assertIsNone(self.alone(raw, B) if self.alone(raw, A) else self.alone(raw, A))
        self.assertIsNone(self.code(raw, beside))

    def test_upon_a_closed_entry_nothing_is_told_without_history(self):
        self.story.put_alone("wes", "prod/C", on=[self.first])
        raw, beside = self.story.files()
        self.assertEqual([self.alone(raw, name) for name in (A, B, "prod/C")], ["history-missing"] * 3)
        self.assertEqual([self.alone(raw, name, beside) for name in (A, B, "prod/C")], [None] * 3)
        self.assertIsNone(self.code(raw, beside))

    def test_a_closed_head_of_a_later_policy_entry_says_nothing_without_history(self):
        self.story.policy([op("revoke", role="r-wes", pattern="*", rights=["write"])], [self.first])
        raw, beside = self.story.files()
        told = [self.alone(raw, B), self.alone(raw, B, beside), self.code(raw, beside)]
        self.assertEqual(told, ["history-missing", None, None])

    def test_older_versions_are_in_the_whole(self):
        raw, beside = self.story.files()
        whole = verify(raw, 0, beside)
        self.assertEqual([version.number for version in whole.secrets[A].versions.values()], [1, 2])
        self.assertIn(self.old, whole.file.secrets[secret_uid(whole.chain.vault, A)].versions)

    def test_the_script_reads_the_folder_beside_the_file(self):
        raw, beside = self.story.files()
        with tempfile.TemporaryDirectory() as folder:
            path, history = Path(folder) / "vault.toml", Path(folder) / "history"
            identity = Path(folder) / "ada.txt"
            path.write_bytes(raw)
            identity.write_text(f"{self.story.base.identities['ada']}\n")

            def run(*args):
                return subprocess.run([sys.executable, str(SCRIPT), *map(str, args)], capture_output=True, check=False)
            self.assertEqual(run("verify", path).returncode, 7)
            self.assertRegex(run("verify", path).stdout.decode(), r"^history-missing: [0-9a-f]+\.log\n")
            self.assertEqual([run("list", path).returncode, run("get", path, A, "--identity", identity).returncode], [0, 0])
            self.assertEqual(run("get", path, A, "--version", 1, "--identity", identity).returncode, 1)
            history.mkdir()
            for name, text in beside.items():
                (history / name).write_bytes(text)
            self.assertEqual(run("verify", path).returncode, 0)
            self.assertEqual(run("get", path, A, "--version", 1, "--identity", identity).returncode, 0)

    def test_the_block_is_written_as_it_is_read(self):
        raw, _ = self.story.files()
        file = parse(raw)
        self.assertEqual(render(file).encode(), raw)
        self.assertEqual(closed.parse(*file.closed.blocks()), file.closed)


class Merging(Closed):
    """What two branches come to, of which one closed history."""

    def setUp(self):
        super().setUp()
        self.story.put_alone("ada", B)
        self.first, _ = self.story.put_alone("ada")

    def branch(self):
        """A copy that goes on by itself, with random bytes of its own."""
        side = copy.copy(self.story)
        side.build, side.rng = copy.deepcopy(self.story.build), random.Random(2)
        side.build.rng, side.checkpoints = side.rng, list(self.story.checkpoints)
        return side

    def united(self, *sides):
        """(the union of the files as bytes, what lies beside them)."""
        files, beside = zip(*(side.files() if side.closing else (render(fix_copies(side.build.file)).encode(), {})
                              for side in sides))
        beside = {name: text for found in beside for name, text in found.items()}
        one, other = (render(union(*map(parse, order), beside)).encode() for order in (files, files[::-1]))
        self.assertEqual(one, other)
        return one, beside

    def test_a_branch_that_knows_of_no_checkpoint_is_united(self):
        side = self.branch()
        _, late = side.put_alone("wim")
        self.story.shut(self.story.put_alone("wes")[0])
        raw, beside = self.united(self.story, side)
        self.assertEqual(self.alone(raw, A), "history-missing")
        whole = verify_alone(raw, [A], beside)
        self.assertEqual((whole.finding, len(whole.secrets[A].candidates)), (None, 2))
        self.assertIsNone(self.code(raw, beside))

    def test_of_two_blocks_what_the_older_kept_is_left_out(self):
        self.story.shut(self.first)
        side = self.branch()
        side.put_alone("wim", "prod/C")
        self.story.shut(self.story.put_alone("wes")[0])
        raw, beside = self.united(self.story, side)
        self.assertNotIn(self.story.build.log[self.first].line.encode(), raw)
        self.assertIsNone(self.code(raw, beside))

    def test_upon_one_checkpoint_nothing_needs_history(self):
        self.story.shut(self.first)
        side = self.branch()
        side.put_alone("wim")
        self.story.put_alone("wes")
        raw, beside = self.united(self.story, side)
        self.assertEqual((self.alone(raw, A), self.alone(raw, B), self.code(raw, beside)), (None, None, None))
        self.assertEqual(len(verify_alone(raw, [A]).secrets[A].candidates), 2)


class PolicyOp(Closed):
    """What the chain refuses."""

    def setUp(self):
        super().setUp()
        self.entry, _ = self.story.put_alone("ada")
        self.op = keeping.closing(self.story.judged(), self.story.stands, self.entry, len(self.story.build.policy)).op

    def refused(self, ops, by=("ada",)):
        self.story.build.add_policy(ops, [self.story.base.seeds[name] for name in by], [self.entry])
        with self.assertRaises(Refused) as caught:
            Chain(self.story.build.policy)
        self.story.build.policy.pop()
        self.story.build.file.policy.pop()
        return caught.exception.code

    def test_it_is_for_owners(self):
        self.assertEqual(self.refused([op("checkpoint", **self.op)], ["ray"]), "authority")

    def test_it_stands_alone(self):
        self.assertEqual(self.refused([op("checkpoint", **self.op), op("rebase", head=bytes(32))]), "checkpoint")

    def test_it_closes_more_than_the_one_before(self):
        self.assertEqual(self.refused([op("checkpoint", **{**self.op, "entries": 0})]), "checkpoint")
        self.story.policy([op("checkpoint", **self.op)], [self.entry])
        self.assertEqual(self.refused([op("checkpoint", **self.op)]), "checkpoint")


class Blocks(unittest.TestCase):
    LINE = '{"secret":"prod/A","versions":2,"ops":[[0,0]],"kept":[{"number":2,"ops":[[0,0]]}]}'

    def test_only_the_one_form_is_read(self):
        one, other = encode(bytes(32)), encode(b"\1" * 32)
        self.assertEqual(closed.parse([one, other], [self.LINE]).blocks(), ([one, other], [self.LINE]))
        bare = '{"secret":"prod/B","ops":[],"kept":[]}'
        self.assertEqual(closed.parse([], [self.LINE, bare]).blocks()[1], [self.LINE, bare])
        for entries, secrets in (([other, one], []), ([one, one], []), ([one + "="], []),
                                 ([], [bare, self.LINE]), ([], [bare, bare]),
                                 ([], [self.LINE.replace("[[0,0]]", "[[0,0],[0,0]]", 1)]),
                                 ([], [self.LINE.replace("[0,0]", "[0]", 1)]),
                                 ([], [self.LINE.replace(":2,", ":-2,")]), ([], [self.LINE.replace(",", ", ", 1)]),
                                 ([], [self.LINE.replace('"ops":[[0,0]],', "", 1)])):
            with self.subTest(entries=entries, secrets=secrets), self.assertRaises(Refused):
                closed.parse(entries, secrets)


class Model(unittest.TestCase):
    def test_without_history_all_is_as_the_whole_says(self):
        compared = 0
        for seed in range(120):
            lines, count = closing_model.judged(seed)
            self.assertEqual(lines, [])
            compared += count
        self.assertGreater(compared, 20)
