"""Tests of the second implementation by itself: python -m unittest (in this directory)."""

import copy
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import pyrage
from nacl import bindings

import authority_model
import make_sample
import mutants
from agree import compare
from mutating import making
from mutating.source import WAYS, Source, closed, fixed
from vsecure import authority, keys, policy, reading, recipients, rules, signing, vectors
from vsecure.encoding import armor, decode, encode, unarmor
from vsecure.errors import NeedsNewer, Refused
from vsecure.file import parse, render
from vsecure.records import log_entry, slot_record
from vsecure.verify import verdict, verify
from vsecure.writing import ids, op

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VECTORS = ROOT / "fixtures" / "vectors"
FIXTURE, EXAMPLE = ROOT / "fixtures" / "vault" / "v1", ROOT / "fixtures" / "vault" / "example"
RECOVERY = ROOT / "docs" / "recovery.md"
LATER = ROOT / "fixtures" / "later"
HISTORIES = 150


class WithSample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.held = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.held.cleanup)
        cls.dir = Path(cls.held.name)
        cls.sample = make_sample.make(cls.dir)
        cls.raw = (cls.dir / "sample.vault").read_bytes()
        cls.vault = verify(cls.raw)

    def identity_file(self, name):
        path = self.dir / f"{name}.txt"
        path.write_text(f"# {name}\n{self.sample.people[name].identity}\n")
        return str(path)

    def run_script(self, *args):
        return subprocess.run([sys.executable, str(HERE / "vault.py"), *args], capture_output=True, check=False)


class Verification(WithSample):
    def test_the_sample_and_its_older_copy_are_accepted(self):
        self.assertIsNone(self.vault.finding)
        self.assertIsNone(verify((self.dir / "older.vault").read_bytes()).finding)

    def test_rewriting_gives_the_same_bytes(self):
        self.assertEqual(render(parse(self.raw)).encode(), self.raw)

    def test_the_entry_that_the_removal_did_not_know_is_void(self):
        self.assertEqual(self.vault.void, {self.sample.void})

    def test_concurrent_puts_are_a_conflict_until_one_is_resolved(self):
        older = verify((self.dir / "older.vault").read_bytes()).secrets["prod/db"]
        self.assertEqual(len(older.candidates), 2)
        self.assertEqual(len(self.vault.secrets["prod/db"].candidates), 1)

    def test_a_removed_version_comes_back_by_restore_but_a_pruned_one_does_not(self):
        self.assertFalse(self.vault.secrets["prod/db"].versions[self.sample.db_three].removed)
        gone = self.vault.secrets["test/gone"]
        self.assertIsNone(gone.current)
        self.assertTrue(gone.versions[self.sample.gone].pruned)

    def test_a_removed_current_version_leaves_no_current_version(self):
        build = Source(self.raw, keys=self.sample.key_file()).builder(random.Random(1))
        current = self.vault.secrets["root/key"].current
        build.add_log("ada", self.sample.people["ada"].seed,
                      [{"remove": {"secret": "root/key", "objects": [encode(current)]}}])
        secret = build.file.secrets[keys.secret_uid(build.file.vault, "root/key")]
        secret.active = []
        after = verify(render(build.file).encode())
        self.assertIsNone(after.finding)
        self.assertIsNone(after.secrets["root/key"].current)


class Later(unittest.TestCase):
    """What a later version may add, met by this reader as by one that is older (section 2)."""

    def test_each_file_is_met_as_the_document_says(self):
        expected = json.loads((LATER / "expected.json").read_text())
        self.assertEqual(set(expected), {path.stem for path in LATER.glob("*.toml")})
        for name, (code, _) in expected.items():
            with self.subTest(name):
                found = verify((LATER / f"{name}.toml").read_bytes()).finding
                refused = {0: type(None), 1: NeedsNewer, 6: Refused}[code]
                self.assertIsInstance(found, refused)
                self.assertEqual(isinstance(found, NeedsNewer), code == 1)

    def test_what_is_carried_is_written_as_it_was(self):
        raw = (LATER / "carried.toml").read_bytes()
        self.assertEqual(render(parse(raw)).encode(), raw)
        self.assertEqual(verify(raw).chain.states[-1].settings["sync.remote"], "every 5 minutes")


class Mutants(WithSample):
    def test_every_way_gives_what_it_expects(self):
        older, made = parse((self.dir / "older.vault").read_bytes()), set()
        source = Source(self.raw, older, self.sample.key_file())
        problems = []

        def try_all(ways, seed, count):
            for way, raw, description in mutants.make(source, ways, random.Random(seed), count):
                made.add(way.kind)
                for problem in compare(way, verdict(verify(raw)), None, {}):
                    problems.append(f"{way.kind} ({description}): {problem}")

        try_all(WAYS, 7, len(WAYS) + 100)
        # The sample is another one each time, and a way may not fit what chance picks of it first.
        for seed in range(8, 16):
            missing = [way for way in WAYS if way.kind not in made]
            if missing:
                try_all(missing, seed, 4 * len(missing))
        self.assertEqual(problems, [])
        self.assertEqual({way.kind for way in WAYS} - made, set())

    def test_histories_go_on_upon_a_closed_vault(self):
        """What is closed is not there to be looked at: one that is not made compares nothing."""
        source = closed(Source(self.raw, None, self.sample.key_file()), random.Random(1))
        made = 0
        for way in [way for way in WAYS if way.weight == 40] * 3:
            try:
                made += mutants.attempt(source, way, random.Random(made)) is not None
            except LookupError:
                pass
        self.assertGreater(made, 12)


class Rules(WithSample):
    """What the rules of sections 6 and 7 come to, on entries added to the sample."""

    def setUp(self):
        self.source = Source(self.raw, keys=self.sample.key_file())
        self.rng = random.Random(5)
        self.build = self.source.builder(self.rng)
        self.current = self.vault.secrets["prod/db"].current

    def seed(self, name):
        return self.sample.people[name].seed

    def log(self, who, *items, parents=None):
        found = self.build.add_log(who, self.seed(who), list(items), parents=parents)
        return self.build.log[found]

    def put(self, who, replaces=(), parents=None, **how):
        item = making.put(self.source, self.rng, self.build, "prod/db", self.seed(who), ids(replaces) or None,
                          parents=parents, **how)
        return self.log(who, item, parents=parents).ops[0]["object"]

    def judged(self):
        vault = verify(fixed(self.build.file))
        self.assertIsNone(vault.finding)
        return vault

    def codes(self):
        return {f.code for f in self.judged().findings}

    def get(self, who="ada"):
        identity = self.sample.people[who].identity
        return reading.get(fixed(self.build.file), "prod/db", who, identity, 1_800_000_000)

    def test_a_garbage_rewrap_does_not_hide_the_value(self):
        before = self.get()
        wrap = making.wrapped(self.source, self.rng, self.build, "prod/db", self.current, bytes(32))
        self.log("bob", op("rewrap", secret="prod/db", object=self.current, wrap=wrap))
        self.assertEqual(self.get(), before)

    def test_anothers_version_put_anew_is_another_version_that_does_not_open(self):
        item = making.copied(self.build, "prod/db", self.current, self.seed("rob.ot"), 1,
                             replaces=ids([self.current]))
        found = self.log("rob.ot", item).ops[0]["object"]
        state = self.judged().secrets["prod/db"]
        self.assertNotEqual(found, self.current)
        self.assertIsNone(state.versions[self.current].expires)
        self.assertEqual(self.get()[0], "expired")

    def test_a_removal_wins_over_rotations_beside_it_at_every_depth(self):
        heads, last, parents = self.build.heads(), self.current, self.build.heads()
        for _ in range(3):
            last = self.put("rob.ot", [last], parents)
            parents = [max(self.build.log.values(), key=lambda e: e.ts).id]
        removal = self.log("bob", op("remove", secret="prod/db", objects=ids([self.current])), parents=heads)
        self.assertIsNone(self.judged().secrets["prod/db"].current)
        self.assertIn("overruled", self.codes())
        self.log("bob", op("restore", secret="prod/db", objects=ids([self.current])), parents=[removal.id])
        self.assertEqual(self.judged().secrets["prod/db"].current, last)

    def test_resolve_of_a_removed_version_does_not_take_the_secret_away(self):
        new = self.put("bob", [self.current])
        self.log("bob", op("remove", secret="prod/db", objects=ids([self.current])))
        self.log("wes", op("resolve", secret="prod/db", object=self.current))
        self.assertEqual(self.judged().secrets["prod/db"].current, new)

    def test_a_rotation_upon_a_void_version_alone_loses_to_any_removal_beside_it(self):
        before = self.build.policy[-1].id
        self.build.add_policy([op("key-remove", member="wes", device="pad", lost=False)], [self.seed("ada")])
        void = self.build.add_log("wes", self.seed("wes"), [making.put(
            self.source, self.rng, self.build, "prod/db", self.seed("wes"), parents=[])], [], before)
        new = self.put("rob.ot", parents=[void])
        self.log("bob", op("remove", secret="prod/db", objects=ids([self.current])), parents=[])
        state = self.judged().secrets["prod/db"]
        self.assertEqual((state.candidates, state.versions[new].overruled), ([], True))

    def test_a_rotation_stands_on_what_was_active_whatever_it_says_that_it_replaces(self):
        heads, old = self.build.heads(), self.sample.db
        new = self.put("rob.ot", [old], heads)
        self.log("bob", op("remove", secret="prod/db", objects=ids([old])), parents=heads)
        self.assertEqual(self.judged().secrets["prod/db"].current, new)
        self.log("bob", op("remove", secret="prod/db", objects=ids([self.current])), parents=heads)
        self.assertIsNone(self.judged().secrets["prod/db"].current)

    def test_a_resolve_sets_nothing_but_what_it_found_active(self):
        heads = self.build.heads()
        one, two = (self.put("bob", [self.current], heads) for _ in range(2))
        last = self.build.heads()
        self.log("wes", op("resolve", secret="prod/db", object=self.sample.db))
        self.log("wes", op("resolve", secret="prod/db", object=one), parents=heads)
        self.assertEqual(self.judged().secrets["prod/db"].candidates, sorted([one, two]))
        self.log("wes", op("resolve", secret="prod/db", object=one), parents=last)
        self.assertEqual(self.judged().secrets["prod/db"].candidates, [one])

    def test_a_body_put_again_elsewhere_is_another_version(self):
        heads = self.build.heads()
        first = self.put("bob", [self.current], heads)
        again = self.log("bob", making.copied(self.build, "prod/db", first, self.seed("bob"), parents=[]), parents=[])
        self.assertNotEqual(again.ops[0]["object"], first)
        self.assertEqual(self.judged().secrets["prod/db"].candidates, sorted([first, again.ops[0]["object"]]))

    def test_a_join_takes_any_right_but_read(self):
        for who in ("rob.ot", "del", "wes"):
            self.log(who, op("join"))
        self.judged()
        self.log("rea", op("join"))
        self.assertEqual(verify(fixed(self.build.file)).finding.code, "op-unauthorised")

    def test_what_a_policy_entry_knew_no_later_one_without_heads_makes_void(self):
        new = self.put("wes", [self.current])
        self.build.add_policy([op("setting", key="ttl", value="every")], [self.seed("ada")])
        late = self.put("wes", parents=[])
        self.build.add_policy([op("key-remove", member="wes", device="pad", lost=False)], [self.seed("ada")], [])
        vault = self.judged()
        self.assertIn(new, vault.secrets["prod/db"].versions)
        self.assertNotIn(late, vault.secrets["prod/db"].versions)

    def test_an_op_that_is_still_authorised_does_not_fall_with_another(self):
        self.build.add_policy([op("grant", role="wes", pattern="test/drop", rights=["write"])], [self.seed("ada")])
        items = [op("field", secret=n, field="type", value="x") for n in ("prod/db", "test/drop")]
        self.log("wes", *items)
        self.build.add_policy([op("revoke", role="wes", pattern="test/drop", rights=["write"])],
                              [self.seed("ada")], [])
        vault = self.judged()
        self.assertEqual(vault.secrets["prod/db"].fields["type"], "x")
        self.assertNotIn("type", vault.secrets["test/drop"].fields)
        self.assertIn("split", self.codes())

    def test_expiries_beside_each_other_serve_until_the_earliest(self):
        heads = self.build.heads()
        for at in (1_900_000_000, 1_700_000_000, None):
            self.log("bob", op("expire", secret="prod/db", object=self.current, at=at), parents=heads)
        self.assertEqual(self.judged().secrets["prod/db"].versions[self.current].expires, 1_700_000_000)
        self.assertIn("expiry-conflict", self.codes())
        self.assertEqual(self.get()[0], "expired")

    def test_a_prune_beside_an_extension_is_told(self):
        heads = self.build.heads()
        self.log("bob", op("expire", secret="prod/db", object=self.current), parents=heads)
        self.log("bob", op("prune", secret="prod/db", objects=ids([self.current])), parents=heads)
        self.assertIn("prune-beside-expire", self.codes())


class Alone(WithSample):
    """What may be left unjudged, and what may not."""

    def get(self, raw):
        return reading.get(raw, "prod/db", "ada", self.sample.people["ada"].identity, 1_800_000_000)

    def test_other_sections_may_be_wrong(self):
        good = self.get(self.raw)
        raw = self.raw.replace(b'[[secret."root/key".version]]\nactive = true', b'[[secret."root/key".version]]\nnonsense')
        self.assertIsNotNone(verify(raw).finding)
        self.assertEqual(self.get(raw), good)

    def test_marks_among_the_secrets_may_be_wrong_but_the_first_and_what_follows(self):
        good, uid = self.get(self.raw), keys.secret_uid(self.vault.chain.vault, "prod/db")
        marks = range(1, 256)
        other = next(n for n in marks if n not in (uid[0], uid[0] + 1))
        after = f"\n# {uid[0] + 1:02x}\n".encode()
        for old, new, served in ((f"\n# {other:02x}\n".encode(), b"\n", True), (b"\n# 00\n", b"\n", False),
                                 (b"\n# 00\n", b"\n# 00\n# 00\n", True), (b"\n#1ff\n", b"\n", False),
                                 (after, b"\n# 00\n", True), (after, b"\n# 0\n", False), (after, b"\n\n# 00\n", False)):
            raw = self.raw.replace(old, new)
            self.assertNotEqual(raw, self.raw)
            self.assertIsNotNone(verify(raw).finding)
            self.assertEqual(self.get(raw) == good, served, (old, new))

    def test_a_section_may_stand_behind_the_mark_of_another(self):
        good = self.get(self.raw)
        start = self.raw.index(b'\n[[secret."prod/db".version]]\n')
        end = self.raw.index(b"\n# ", start) + 1
        section, rest = self.raw[start:end], self.raw[:start] + self.raw[end:]
        raw = rest.replace(b"\n# ff\n", b"\n# ff\n" + section)
        self.assertIsNotNone(verify(raw).finding)
        self.assertEqual(self.get(raw), good)

    def test_an_entry_on_another_secret_may_be_forged_but_not_its_links(self):
        file = copy.deepcopy(self.vault.file)
        at, entry = next((n, e) for n, e in enumerate(map(self.entry, file.log))
                         if {o.get("secret") for o in e.ops} == {"test/gone"} and e.actor == "cy")
        file.log[at] = entry.line.replace(encode(entry.sig), encode(bytes(64)))
        raw = render(file).encode()
        self.assertEqual(verify(raw).finding.code, "signature-invalid")
        self.assertEqual(self.get(raw), self.get(self.raw))
        del file.log[at]
        self.assertEqual(self.get(render(file).encode())[0], "refused")

    def entry(self, line):
        return log_entry(line, self.vault.chain.vault)

    def test_the_log_of_an_older_file_under_the_newest_chain_is_refused(self):
        file = copy.deepcopy(self.vault.file)
        older = parse((self.dir / "older.vault").read_bytes())
        file.log, file.secrets = older.log, older.secrets
        self.assertEqual(self.get(render(file).encode())[0], "refused")


class Reading(WithSample):
    def test_an_owner_opens_every_value_that_is_in_the_file(self):
        found = reading.Reader(self.vault, [self.sample.people["ada"].identity])
        for state in self.vault.secrets.values():
            for version in state.versions:
                value = self.sample.values[encode(version)].encode("latin-1")
                self.assertEqual(found.value(state.name, version), value)

    def test_one_outside_the_audience_is_told_for_whom_it_is_sealed(self):
        found = reading.Reader(self.vault, [self.sample.people["bob"].identity])
        with self.assertRaisesRegex(keys.Unopened, "sealed for owner"):
            found.value("root/key", self.vault.secrets["root/key"].current)

    def test_the_member_removed_cannot_open_what_came_after(self):
        found = reading.Reader(self.vault, [self.sample.people["cy"].identity])
        with self.assertRaises(keys.Unopened):
            found.value("prod/db", self.vault.secrets["prod/db"].current)

    def test_a_slot_opens_with_its_passphrase_only(self):
        record = slot_record(next(iter(self.vault.file.slots.values())))
        vault = self.vault.chain.vault
        self.assertEqual(keys.open_slot(vault, record, "correct horse"), str(self.sample.people["bob"].identity))
        with self.assertRaises(keys.Unopened):
            keys.open_slot(vault, record, "wrong horse")

    def test_a_value_does_not_open_under_another_secret(self):
        dek = bytes(32)
        sealed = keys.seal_value(b"v" * 32, b"s" * 32, b"a" * 32, bytes(32), None, dek, b"value")
        self.assertEqual(keys.open_value(b"v" * 32, b"s" * 32, sealed, dek), b"value")
        for secret, changed in ((b"t" * 32, {}), (b"s" * 32, {"author": b"b" * 32}), (b"s" * 32, {"expires": 1})):
            with self.assertRaises(keys.Unopened):
                keys.open_value(b"v" * 32, secret, {**sealed, **changed}, dek)

    def test_the_identity_of_an_earlier_epoch_is_checked_before_it_opens_anything(self):
        vault, mine = b"v" * 32, pyrage.x25519.Identity.generate()
        made = [pyrage.x25519.Identity.generate() for _ in range(2)]
        old, new = (b"o" * 16, bytes(32), made[0]), (b"n" * 16, b"k" * 32, made[1])
        facts = {epoch: (str(identity.to_public()), keys.kek_commitment(vault, "owner", epoch, kek))
                 for epoch, kek, identity in (old, new)}

        def opened(old_identity, new_identity=str(new[2]), old_kek=old[1], new_kek=new[1]):
            lines = [(new[0], new_kek, new_identity), (old[0], old_kek, old_identity)]
            sealed = pyrage.encrypt(keys.envelope_text(vault, "owner", lines), [mine.to_public()])
            return keys.open_envelope(vault, "owner", facts, sealed, [mine])

        self.assertEqual(opened(str(old[2]))[old[0]], (old[1], str(old[2])))
        for wrong in (str(new[2]), "none"):
            self.assertEqual(opened(wrong)[old[0]], (old[1], None))
            with self.assertRaises(keys.Unopened):
                keys.open_wrap({"kind": "sealed", "bytes": b""}, b"", *opened(wrong)[old[0]])
        for wrong in (str(old[2]), "none"):
            with self.assertRaises(keys.Unopened):
                opened(str(old[2]), wrong)
        for line in ("", "two words"):
            with self.assertRaises(keys.Unopened):
                opened(line)
        with self.assertRaises(keys.Unopened):
            opened(str(old[2]), old_kek=bytes(31))
        self.assertEqual(opened(str(old[2]), old_kek=new[1])[old[0]], (None, None))
        with self.assertRaises(keys.Unopened):
            opened(str(old[2]), new_kek=old[1])
        with self.assertRaises(keys.Unopened):
            keys.open_wrap({"kind": "key", "bytes": bytes(72)}, b"", None, None)

    def test_a_value_over_the_limit_is_told_as_that(self):
        self.assertEqual(len(keys.unpad(keys.pad(bytes(10 << 20)))), 10 << 20)
        with self.assertRaisesRegex(keys.Unopened, "over 10 MiB"):
            keys.unpad(keys.pad(bytes((10 << 20) + 1)))

    def test_get_and_dump_write_the_stored_bytes(self):
        file, identity = str(self.dir / "sample.vault"), self.identity_file("ada")
        got = self.run_script("get", file, "root/key", "--identity", identity)
        self.assertEqual((got.returncode, got.stdout), (0, b"\x00\xff" * 40))
        dumped = json.loads(self.run_script("dump", file, "--identity", identity).stdout)
        self.assertIn("rotated", [v["text"] for v in dumped["prod/db"] if v["current"]])

    def test_get_stops_on_a_file_that_does_not_verify(self):
        bad = self.dir / "bad.vault"
        bad.write_bytes(self.raw.replace(b"root/key", b"root/kex", 1))
        got = self.run_script("get", str(bad), "prod/db", "--identity", self.identity_file("ada"))
        self.assertEqual((got.returncode, got.stdout), (6, b""))


@unittest.skipUnless(FIXTURE.is_dir(), "fixtures/vault/v1 is not there")
class Fixture(unittest.TestCase):
    """A vault that the program's library made."""

    def test_it_verifies_and_every_value_opens(self):
        keys_file = json.loads((FIXTURE / "keys.json").read_text())
        vault = verify((FIXTURE / "vault.toml").read_bytes())
        self.assertIsNone(vault.finding)
        with tempfile.TemporaryDirectory() as held:
            identity = Path(held) / "identity.txt"
            identity.write_text(keys_file["members"]["ada"]["identity"] + "\n")
            run = subprocess.run([sys.executable, str(HERE / "vault.py"), "dump", str(FIXTURE / "vault.toml"),
                                  "--identity", str(identity)], capture_output=True, check=True)
        expected = json.loads((FIXTURE / "expected.json").read_text())
        self.assertEqual(json.loads(run.stdout), expected)

    def test_its_slot_opens(self):
        vault = verify((FIXTURE / "vault.toml").read_bytes())
        records = map(slot_record, vault.file.slots.values())
        seal = next(r for r in records if r["op"] == "seal" and r["key"] in vault.chain.states[-1].keys)
        opened = keys.open_slot(vault.chain.vault, seal, "correct horse battery staple")
        stated = json.loads((FIXTURE / "keys.json").read_text())["members"][seal["member"]]["identity"]
        self.assertEqual(opened, stated)


@unittest.skipUnless(RECOVERY.is_file() and EXAMPLE.is_dir(), "docs/recovery.md is not there")
class Recovery(unittest.TestCase):
    """docs/recovery.md, word for word, but for the lines that need a network."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.dir = Path(held.name)
        (self.dir / ".v-secure" / "history").mkdir(parents=True)
        # Of a vault of which some is closed; the one here has no use for it.
        (self.dir / ".v-secure" / "history" / f"{'0' * 64}.log").write_bytes(b"")
        (self.dir / "v-secure").symlink_to(ROOT)
        (self.dir / "recovery" / "bin").mkdir(parents=True)
        python = self.dir / "recovery" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        self.blocks = re.findall(r"^```(sh|python)(?: (\S+))?\n(.*?)^```$", RECOVERY.read_text(), re.M | re.S)

    def run_shell(self, text, **more):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=self.dir, capture_output=True, **more)

    def take(self, vault, identity):
        (self.dir / ".v-secure" / "vault.toml").write_bytes(vault)
        (self.dir / "identity.txt").write_text(identity)

    @unittest.skipUnless(shutil.which("age"), "age is not installed")
    def test_every_command_does_what_it_says(self):
        self.take((EXAMPLE / "vault.toml").read_bytes(), (EXAMPLE / "identity.txt").read_text())
        git = "git -c user.name=a -c user.email=a@b"
        made = self.run_shell(f"git init -q . && git add .v-secure && {git} commit -qm vault")
        self.assertEqual(made.returncode, 0, made.stderr)
        printed = []
        for language, mark, text in self.blocks:
            if language == "python":
                (self.dir / mark).write_text(text)
            elif not mark:
                run = self.run_shell(text)
                self.assertEqual((run.returncode, run.stderr), (0, b""), text)
                printed.append(run.stdout)
        self.assertEqual((self.dir / "older.toml").read_bytes(), (EXAMPLE / "vault.toml").read_bytes())
        self.assertIn(b"ok: 1 secrets", printed[2])
        self.assertEqual(printed[3], b"hunter2")
        self.assertEqual(json.loads((self.dir / "values.json").read_text())["prod/DB"][0]["text"], "hunter2")
        self.assertEqual(printed[5], b"hunter2\n")

    def test_a_passphrase_gives_the_identity(self):
        self.take((FIXTURE / "vault.toml").read_bytes(), "")
        text = next(text for _, mark, text in self.blocks if mark == "slot")
        run = self.run_shell(text, input=b"correct horse battery staple\n")
        self.assertEqual(run.returncode, 0, run.stderr)
        stated = json.loads((FIXTURE / "keys.json").read_text())["members"]["ada"]["identity"]
        self.assertEqual((self.dir / "identity.txt").read_text(), stated + "\n")
        self.assertEqual(self.run_shell(text, input=b"wrong\n").returncode, 1)


class Authority(unittest.TestCase):
    """The model of who gets in: it holds for the rules, and does not for weaker ones."""

    def test_nobody_gets_in_whom_nobody_let_in(self):
        good, tried, bad = authority_model.histories(HISTORIES, 3, jobs=2)
        self.assertEqual(bad, [])
        self.assertGreater(good, HISTORIES * authority_model.LEAST_ACCEPTED)
        self.assertGreater(tried["hostile", "refused"], tried["hostile", "accepted"])
        self.assertGreater(tried["honest", "accepted"], tried["honest", "refused"])

    def weaker(self, where, name, rule):
        with mock.patch.object(where, name, rule):
            for number in range(1000):
                told, _ = authority_model.crowd(random.Random(f"w:{number}"))
                try:
                    authority_model.follow(told.chain.entries)
                except authority_model.Violation:
                    return
        self.fail("the model does not notice it")

    def test_the_model_notices_what_is_not_checked(self):
        real = policy._check
        for skipped in ("gives", "recipient-taken"):
            with self.subTest(skipped):
                self.weaker(policy, "_check", lambda ok, code, detail="", skipped=skipped: None if code == skipped
                            else real(ok, code, detail))

    def test_the_model_notices_weaker_rules(self):
        signers = authority.Signers
        own, grants, handing_on = signers.own_keys, signers.grants, signers.handing_on
        for name, rule in {
            "own_keys": lambda s, member: 2 * own(s, member), "_has_all": lambda s, *_: True,
            "grants": lambda s, pattern, _: grants(s, pattern, ()), "standing_in": signers.over_member,
            "owner_level": lambda s: bool(s.names & s.state.roles["owner"]),
            "sealing": lambda s, audience: s.any_grant() and bool(s.names & s.after.members_of(audience)),
            "created": lambda s, name, _: s.state.has_grant(name), "giving": signers.over_role,
            "placing": lambda s, _: True, "staying": lambda s: s.names,
            "handing_on": lambda s, kind, audience: s.owner_level() or handing_on(s, kind, audience),
        }.items():
            with self.subTest(name):
                self.weaker(signers, name, rule)

    def test_the_model_notices_a_recipient_that_comes_back(self):
        real = policy.authorise
        self.weaker(policy, "authorise", lambda signers, _: real(signers, ()))


class Parts(unittest.TestCase):
    def test_another_suite_is_refused_as_the_file_is_read_whatever_stands_behind_it(self):
        raw = (FIXTURE / "vault.toml").read_text()
        for text in (raw, raw.replace('vault = "', 'vault = "!', 1)):
            with self.assertRaises(Refused) as refused:
                parse(text.replace('suite = "x', 'suite = "y', 1).encode())
            self.assertEqual((refused.exception.kind, refused.exception.code), ("format", "suite-unknown"))

    def test_base64_with_unused_bits_is_refused(self):
        self.assertEqual(decode("AA"), b"\0")
        for text in ("AB", "A", "AA=", "A A", "+/"):
            with self.assertRaises(Refused):
                decode(text)

    def test_armor_is_read_only_as_it_is_written(self):
        for size in (1, 47, 48, 49, 96, 100):
            lines = armor(bytes(size))
            self.assertEqual(unarmor(lines), bytes(size))
            with self.assertRaises(Refused):
                unarmor([*lines[:-1], "", lines[-1]])

    def test_containment_of_patterns(self):
        for outer, inner, wanted in (("*", "a/*", True), ("a*", "a/b", True), ("a/*", "a*", False),
                                     ("a/b", "a/b*", False), ("a/b*", "a/b", True), ("a/b", "a/b", True)):
            self.assertEqual(rules.contains(outer, inner), wanted, (outer, inner))

    def test_keys_of_small_order_or_doubly_spelt_are_refused(self):
        prime = 2**255 - 19
        for y in (0, 1, prime - 1, prime, prime + 1):
            self.assertFalse(signing.valid_key(y.to_bytes(32, "little")), y)
        self.assertTrue(signing.valid_key(signing.public_of(bytes(32))))

    def test_a_signature_holds_for_its_tag_only(self):
        public, sig = signing.public_of(bytes(32)), signing.sign(bytes(32), "log", b"i" * 32)
        self.assertTrue(signing.verify(public, "log", b"i" * 32, sig))
        self.assertFalse(signing.verify(public, "policy", b"i" * 32, sig))

    def test_recipients_are_those_that_can_be_sealed_to(self):
        good = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa"
        for text, wanted in ((good, True), (good.replace("7pa", "7pq"), False), ("ssh-ed25519 AAAA ada", False),
                             (" x", False), ("x ", False), ("age1tpm1" + "q" * 54, False),
                             (making.plugin(random.Random(1), "tpm"), True), (making.ssh(random.Random(1)), True),
                             ("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z", False),
                             ("age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv", False)):
            self.assertEqual(recipients.is_recipient(text), wanted, text)

    def test_the_id_of_a_recipient_is_that_of_its_key(self):
        """The eightfold of a point, by a library whose scalars are multiples of eight."""
        for n in range(8):
            scalar = n.to_bytes(32, "little")
            public = bindings.crypto_scalarmult_base(b"\7" * 32)
            then = bindings.crypto_scalarmult(scalar, recipients._eightfold(int.from_bytes(public, "little")))
            other = recipients._eightfold(int.from_bytes(bindings.crypto_scalarmult(scalar, public), "little"))
            self.assertEqual(then, other)

    def test_spellings_of_one_key_have_one_id(self):
        for n in range(8):
            public = signing.public_of(bytes([n]) * 32)
            age, ssh = making.spellings(bytes([n]) * 32)
            twisted = making.twisted(public)
            self.assertNotEqual(twisted, public)
            found = {recipients.recipient_id(text) for text in (
                age, ssh, recipients.ssh_text("ssh-ed25519", twisted), making.age(making.montgomery(twisted)))}
            self.assertEqual(len(found), 1)
        self.assertNotEqual(found, {recipients.recipient_id(making.spellings(b"other" + bytes(27))[0])})

    def test_plugins_names_end_at_the_last_one(self):
        text = making.plugin(random.Random(1), "a1b")
        self.assertEqual(recipients.plugin_of(text), "a1b")
        self.assertIsNone(recipients.plugin_of(making.ssh(random.Random(1))))

    @unittest.skipUnless(VECTORS.is_dir(), "fixtures/vectors is not there")
    def test_vectors_agree(self):
        for name in ("format-1.json", "format-1-age.json", "ed25519-strict.json"):
            failures, count = vectors.check(json.loads((VECTORS / name).read_text()))
            self.assertEqual(failures, [], name)
            self.assertGreater(count, 0)


if __name__ == "__main__":
    unittest.main()
