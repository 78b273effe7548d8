"""Tests of what git leaves: told from tampering, never served, and mended by reading alone."""

import json
import random

from mutating import blends
from mutating.source import Source, fixed
from test_interop import WithSample
from vsecure import merged, reading
from vsecure.verify import verdict, verify


class Merged(WithSample):
    def setUp(self):
        self.source, self.rng = Source(self.raw, keys=self.sample.key_file()), random.Random(3)

    def blended(self):
        return blends.blended(self.rng, self.vault.file)

    def run_on(self, raw, *args):
        path = self.dir / "merged.vault"
        path.write_bytes(raw)
        return self.run_script(args[0], str(path), *args[1:])

    def get(self, raw, name="prod/db"):
        return reading.get(raw, name, "ada", self.sample.people["ada"].identity, 1_800_000_000)

    def test_records_in_any_order_mend_to_the_file_that_they_are_of(self):
        for _ in range(5):
            self.assertEqual(merged.mended(self.blended()), self.raw)

    def test_two_branches_mend_to_their_union(self):
        build = self.source.builder(self.rng)
        for who in ("bob", "ada"):
            name = "prod/db" if who == "bob" else "root/key"
            item = blends.making.put(self.source, self.rng, build, name, self.sample.people[who].seed, parents=[])
            build.add_log(who, self.sample.people[who].seed, [item], parents=[])
        whole = fixed(build.file)
        sides = [self.source.file(), verify(whole).file]
        self.assertEqual(merged.mended(blends.blended(self.rng, *sides)), whole)

    def test_it_is_the_only_finding(self):
        found = verdict(verify(self.blended()))
        self.assertEqual((found["verdict"], found["errors"]), ("merged-as-text", ["merged-as-text"]))
        self.assertEqual([(f.severity, f.code, f.subject) for f in verify(self.blended()).findings],
                         [("error", "merged-as-text", "vault")])

    def test_what_verifies_is_not_asked_whether_git_made_it(self):
        self.assertIsNone(verify(merged.mended(self.blended())).finding)

    def test_programs_end_with_the_exit_code_of_a_conflict(self):
        marks = self.raw + b"<<<<<<< HEAD\n=======\n>>>>>>> side\n"
        identity = self.identity_file("ada")
        for raw, code in ((self.blended(), "merged-as-text"), (marks, "unmerged")):
            for args in (["verify"], ["verify", "--json"], ["list"], ["get", "prod/db", "--identity", identity]):
                ran = self.run_on(raw, *args)
                self.assertEqual(ran.returncode, 7, (args, ran))
                self.assertIn(code.encode(), ran.stdout + ran.stderr)
            self.assertEqual(json.loads(self.run_on(raw, "verify", "--json").stdout)["verdict"], code)

    def test_a_secret_is_served_where_only_others_are_out_of_place(self):
        head = b'[[secret."root/key".version]]\n'
        raw = self.raw.replace(head + b"active = true\n", head)
        self.assertEqual(verdict(verify(raw))["verdict"], "merged-as-text")
        self.assertEqual(self.get(raw), self.get(self.raw))
        self.assertEqual(self.get(raw, "root/key")[0], "merged-as-text")

    def test_marks_of_a_conflict_come_before_anything_else(self):
        for raw in (self.raw, self.raw.replace(b"format = 1", b"format = 2"), b"\xef\xbb\xbf", b"\xff"):
            marked = b"<<<<<<< HEAD\n" + raw + b"\n=======\n>>>>>>> side\n"
            self.assertEqual(verify(marked).finding.code, "unmerged")
            self.assertEqual(self.get(marked)[0], "unmerged")
