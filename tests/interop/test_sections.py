"""Tests of the sections of secrets, whose ids are computed and never spelled, in the file and beside it."""

import random
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

from mutating import making
from mutating.source import Source, fixed
from test_closed import A, B, Closed
from test_interop import RECOVERY, WithSample
from vsecure import keys, loose, reading, rules
from vsecure.encoding import encode
from vsecure.errors import Refused
from vsecure.file import Secret, parse, render
from vsecure.history import read_versions, versions_text
from vsecure.verify import verdict, verify
from vsecure.writing import ids, op

DB, ROOT_KEY = b'[[secret."prod/db".version]]', b'[[secret."root/key".version]]'


class Names(unittest.TestCase):
    def test_dots_alone_are_no_name(self):
        for dots in (".", "..", "..."):
            self.assertFalse(rules.is_name(dots) or rules.is_full_name(f"{dots}/x") or rules.is_full_name(f"x/{dots}"))
            self.assertFalse(rules.is_pattern(f"{dots}/*"))
        self.assertTrue(rules.is_name(".env") and rules.is_name("a..b"))


class Sections(WithSample):
    def code(self, raw):
        return verdict(verify(raw)).get("code")

    def changed(self, change):
        file = parse(self.raw)
        change(file)
        return render(file).encode()

    def secret(self, file, name="prod/db"):
        return file.secrets[keys.secret_uid(file.vault, name)]

    def test_no_id_of_a_secret_version_or_wrap_is_spelled_in_them(self):
        text = self.raw[self.raw.index(b"\n# 00\n"):self.raw.index(b"\n\n[log]\n")].decode()
        for uid, secret in self.vault.file.secrets.items():
            for found in (uid, *secret.versions, *secret.wraps):
                self.assertNotIn(encode(found), text)

    def test_they_are_toml_in_which_a_wrap_is_in_its_version(self):
        found = tomllib.loads(self.raw.decode())["secret"]
        for secret in self.vault.file.secrets.values():
            read = found[secret.name]["version"]
            order = sorted(secret.versions, key=lambda oid: (oid not in secret.active, oid))
            self.assertEqual([one["commitment"] for one in read],
                             [encode(secret.versions[oid]["commitment"]) for oid in order])
            self.assertEqual([one.get("active", False) for one in read], [oid in secret.active for oid in order])
            for one, oid in zip(read, order):
                bound = [wrap["bytes"] for wrap in secret.wraps.values() if wrap["version"] == oid]
                self.assertEqual([wrap.get("key") or wrap["sealed"] for wrap in one["wrap"]], list(map(encode, bound)))

    def test_a_record_that_is_changed_renamed_or_moved_is_another_one(self):
        def moved(file):
            db = self.secret(file)
            wrap = next(iter(db.wraps.values()))
            wrap["version"] = next(found for found in db.versions if found != wrap["version"])
            making.computed(file, db)

        def renamed(file):
            db = self.secret(file)
            db.name, uid = "prod/db2", keys.secret_uid(file.vault, "prod/db2")
            file.secrets[uid] = file.secrets.pop(keys.secret_uid(file.vault, "prod/db"))
            file.secrets = dict(sorted(file.secrets.items()))
            making.computed(file, db)

        def spoilt(file):
            db = self.secret(file)
            db.versions[db.active[0]]["commitment"] = bytes(32)
            making.computed(file, db)
        another = {"object-unknown", "wrap-unknown", "object-missing"}
        self.assertEqual(verdict(verify(self.changed(moved)))["verdict"], "merged-as-text")
        for change, codes in ((renamed, another), (spoilt, another)):
            found = verdict(verify(self.changed(change)))
            self.assertEqual(found["verdict"], "refused")
            self.assertLessEqual(codes, set(found["errors"]))

    def test_a_wrap_stands_under_its_version_and_says_of_none_which_it_is(self):
        head = b'[[secret."root/key".version.wrap]]\n'
        said = b'[[secret."root/key".wrap]]\nversion = "%s"\n' % encode(self.vault.secrets["root/key"].current).encode()
        raw = self.raw.replace(head, said)
        self.assertNotEqual(raw, self.raw)
        self.assertEqual(self.code(raw), "layout")
        self.assertEqual(reading.get(raw, "root/key", "ada", self.sample.people["ada"].identity, 0)[0], "refused")
        with self.assertRaises(Refused):
            loose.read(raw)

    def test_loosely_a_wrap_is_of_the_version_that_the_log_says(self):
        start = self.raw.index(b"\n" + ROOT_KEY)
        wrap = self.raw.index(b"\n[[", start + 1)
        end = self.raw.index(b"\n# ", wrap) + 1
        section, rest = self.raw[wrap:end], self.raw[:wrap] + self.raw[end:]
        slot = rest.index(b"\n[slot.")
        self.assertEqual(self.code(rest[:slot] + section + rest[slot:]), "merged-as-text")
        version, slots = self.raw[start:wrap], rest[slot:rest.index(b"\n# 00\n", slot) + 1]
        for between in (b"", b"# 00\n#3ff\n", slots):
            self.assertEqual(self.code(rest + version + between + section), "merged-as-text")
        other = re.search(rb"\n" + re.escape(DB) + rb"\n(?:.+\n)+", self.raw)[0]
        self.assertEqual(self.code(rest + version + other + section), "merged-as-text")
        for foreign in (section.replace(b'key = "', b'key = "AAAA')[:-1], section.replace(b"root/key", b"root/none")):
            self.assertEqual(self.code(rest[:slot] + foreign + rest[slot:]), "layout")

    def test_a_version_that_one_copy_calls_active_is_called_active(self):
        plain = self.raw.replace(ROOT_KEY + b"\nactive = true\n", ROOT_KEY + b"\n")
        for sides in ((self.raw, plain), (plain, self.raw)):
            self.assertEqual(self.secret(loose.united(sides), "root/key").active,
                             [self.vault.secrets["root/key"].current])

    def test_of_a_secret_in_two_places_the_first_is_served_if_it_is_whole(self):
        good = self.get(self.raw)
        start = self.raw.index(b"\n" + DB)
        second = self.raw.index(b"\n" + DB, start + 1)
        section, rest = self.raw[start:second], self.raw[:start] + self.raw[second:]
        self.assertEqual(self.get(self.raw.replace(b"\n# ff\n", b"\n# ff\n" + section)), good)
        apart = rest.replace(b"\n# ff\n", b"\n# ff\n" + section)
        self.assertEqual((self.code(apart), self.get(apart)[0]), ("merged-as-text", "merged-as-text"))

    def get(self, raw):
        return reading.get(raw, "prod/db", "ada", self.sample.people["ada"].identity, 1_800_000_000)

    def test_who_wraps_again_for_the_same_epoch_gets_the_same_bytes(self):
        build = Source(self.raw, keys=self.sample.key_file()).builder(random.Random(1))
        current = self.vault.secrets["root/key"].current
        before = dict(self.secret(build.file, "root/key").wraps)
        self.sample.build, kept = build, self.sample.build
        try:
            found = self.sample.seal("root/key", current, "owner+rea")
        finally:
            self.sample.build = kept
        self.assertEqual((list(before), self.secret(build.file, "root/key").wraps), ([found], before))

    def test_a_wrap_does_not_open_under_other_keys_nor_of_another_version(self):
        aad, other = (keys.wrap_aad(b"v" * 32, "owner", b"e" * 16, b"s" * 32, one * 32) for one in (b"c", b"d"))
        wrap = {"kind": "key", "bytes": keys.wrap_key(b"k" * 32, b"x" * 32, aad)}
        self.assertEqual((len(wrap["bytes"]), keys.open_wrap(wrap, aad, b"k" * 32, None)), (48, b"x" * 32))
        for kek, bound in ((b"l" * 32, aad), (b"k" * 32, other)):
            with self.assertRaises(keys.Unopened):
                keys.open_wrap(wrap, bound, kek, None)


class Beside(Closed):
    """Versions and wraps that the file leaves out."""

    def setUp(self):
        super().setUp()
        _, self.one = self.story.put_alone("ada")
        self.story.log("ada", op("rewrap", secret=A, object=self.one, wrap=self.story.wrap(A, self.one, sealed=True)))
        self.story.put_alone("wes")
        self.story.put_alone("ada", B)
        self.story.shut_all()

    def left_out(self, beside):
        return next(name for name in beside if name.endswith(".versions"))

    def test_wraps_follow_the_versions_and_say_what_they_are_of(self):
        raw, beside = self.story.files()
        text = beside[self.left_out(beside)].decode()
        self.assertEqual(re.findall(r"^\[.*", text, re.M), [f'[[secret."{A}".version]]'] + [f'[[secret."{A}".wrap]]'] * 2)
        self.assertEqual(re.findall(r'^version = "(.*)"', text, re.M), [encode(self.one)] * 2)
        self.assertNotIn("active", text)
        secret, = read_versions(text.encode(), parse(raw).vault).values()
        self.assertEqual((list(secret.versions), list(secret.wraps)), ([self.one], sorted(secret.wraps)))

    def test_a_version_may_be_in_the_file_and_its_wraps_beside_it(self):
        self.story.log("ada", op("restore", secret=A, objects=ids([self.one])))
        raw, beside = self.story.files()
        secret = next(s for s in parse(raw).secrets.values() if s.name == A)
        self.assertIn(self.one, secret.versions)
        self.assertNotIn(self.one, [wrap["version"] for wrap in secret.wraps.values()])
        self.assertNotIn(b".version]]", beside[self.left_out(beside)])
        self.assertEqual([self.code(raw, beside), self.code(raw)], [None, "history-missing"])
        beside[self.left_out(beside)] = b""
        self.assertEqual(self.code(raw, beside), "wrap-missing")

    def test_they_may_stand_in_any_order(self):
        raw, beside = self.story.files()
        name = self.left_out(beside)
        parts = re.split(rb"\n(?=\n)", beside[name].rstrip(b"\n"))
        for order in (parts[::-1], parts[1:] + parts[:1], parts * 2):
            self.assertIsNone(self.code(raw, {**beside, name: b"\n".join(order) + b"\n"}))

    def test_what_is_called_active_there_is_not_active_by_that(self):
        raw, beside = self.story.files()
        name = self.left_out(beside)
        said = beside[name].replace(b".version]]\n", b".version]]\nactive = true\n")
        self.assertEqual([self.code(raw, {**beside, name: beside[name] + said}),
                          self.code(raw, {**beside, name: said + beside[name]})], [None, None])

    def test_an_active_version_has_no_place_there(self):
        """Upon no closed entry, so that the file alone does not say that it lacks a version."""
        _, late = self.story.put_alone("wes", on=[])
        raw, beside = self.story.files()
        file, name = parse(raw), self.left_out(beside)
        uid, secret = next((uid, s) for uid, s in file.secrets.items() if s.name == A)
        self.assertEqual((len(secret.active), self.code(raw, beside)), (2, None))
        wraps = {found: wrap for found, wrap in secret.wraps.items() if wrap["version"] == late}
        beside[name] += versions_text({uid: Secret(A, [], {late: secret.versions.pop(late)}, wraps)})
        self.assertEqual(self.code(render(file).encode(), beside), "active-wrong")


class Script(WithSample):
    """The script of docs/recovery.md that needs age alone, with the keys that age gives."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = Path(held.name)
        (self.folder / ".v-secure").mkdir()
        text = re.search(r"^```python open\.py\n(.*?)^```$", RECOVERY.read_text(), re.M | re.S)[1]
        (self.folder / "open.py").write_text(text)
        lines = [f"epoch {encode(epoch)} {encode(kek)} {identity}\n"
                 for held in self.sample.epochs.values() for epoch, kek, identity in held]
        (self.folder / "audience.keys").write_text("".join(lines))

    def opened(self, raw, name):
        (self.folder / ".v-secure" / "vault.toml").write_bytes(raw)
        return subprocess.run([sys.executable, "open.py", name, "audience.keys"], cwd=self.folder, capture_output=True)

    def older(self):
        return (self.dir / "older.vault").read_bytes()

    def test_it_prints_each_active_version_of_a_conflict_once(self):
        ran = self.opened(self.older(), "prod/db")
        self.assertEqual((ran.returncode, sorted(ran.stdout.split()), ran.stderr), (0, [b"second", b"third"], b""))

    def test_it_opens_one_of_several_versions_and_tries_each_wrap(self):
        source = Source(self.raw, keys=self.sample.key_file())
        build, rng = source.builder(random.Random(2)), random.Random(2)
        item = making.put(source, rng, build, "prod/db", self.sample.people["bob"].seed, value=b"newest")
        build.add_log("bob", self.sample.people["bob"].seed, [item])
        current = verify(fixed(build.file)).secrets["prod/db"].current
        for _ in range(4):
            making.wrapped(source, rng, build, "prod/db", current, rng.randbytes(32))
        for sealed in (False, True):
            if sealed:
                making.wrapped(source, rng, build, "prod/db", current, rng.randbytes(32), sealed=True)
            ran = self.opened(fixed(build.file), "prod/db")
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, b"newest\n", b""))

    def test_it_says_why_there_is_no_value(self):
        self.assertIn(b"was sealed by a contributor: open it as in", self.opened(self.raw, "prod/db").stderr)
        self.assertIn(b"the vault has no value of prod/none", self.opened(self.raw, "prod/none").stderr)
        self.assertIn(b"the vault has no value of none", self.opened(self.raw, "none").stderr)
        (self.folder / "audience.keys").write_text("")
        self.assertEqual(self.opened(self.raw, "root/key").stderr, b"root/key needs keys of the audience owner+rea\n")

    def test_it_opens_no_value_whose_author_or_commitment_was_changed(self):
        for what in ("author", "commitment"):
            file = parse(self.raw)
            secret = file.secrets[keys.secret_uid(file.vault, "root/key")]
            secret.versions[secret.active[0]][what] = bytes(32)
            ran = self.opened(render(file).encode(), "root/key")
            self.assertEqual((ran.returncode, ran.stdout), (1, b""))
            self.assertIn(b"is damaged", ran.stderr)


if __name__ == "__main__":
    unittest.main()
