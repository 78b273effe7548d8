"""Tests of closed history: what somebody can do who may write the file, and what is seen of it."""

import hashlib
import unittest

from nacl import bindings

from story import A, B, Closed, Story
from vsecure import closed, keeping, signing
from vsecure.copies import fix_copies
from vsecure.encoding import encode
from vsecure.file import parse, render
from vsecure.history import read_versions, segment, segment_id, versions_text
from vsecure.records import dump
from vsecure.verify import verdict, verify
from vsecure.writing import ids, op


class Attacks(Closed):
    """What somebody can do who may write the file, and what is seen of it."""

    def setUp(self):
        super().setUp()
        self.story.put_alone("ada", B)
        self.story.put_alone("ada")
        self.story.shut(self.story.put_alone("wes")[0])
        self.older = self.story.files()
        self.open, _ = self.story.put_alone("wes")
        self.after = self.story.log("ada", op("field", secret=B, field="var", value="X"))
        self.raw, self.beside = self.story.files()

    def changed(self, change):
        file = parse(self.raw)
        change(file)
        return render(fix_copies(file)).encode()

    def dropped(self, found):
        line = self.story.build.log[found].line
        return self.changed(lambda file: file.log.remove(line))

    def told(self, raw, history=None):
        """What is said of both secrets, and of all."""
        return [self.alone(raw, A, history), self.alone(raw, B, history), self.code(raw, history)]

    def test_an_open_entry_that_others_follow_cannot_be_dropped(self):
        raw = self.dropped(self.open)
        self.assertEqual(self.told(raw), ["history-missing"] * 3)
        self.assertEqual(self.told(raw, self.beside), ["parent-missing"] * 3)

    def test_nor_can_one_below_a_head_that_the_chain_names(self):
        self.story.policy([op("grant", role="r-wes", pattern="*", rights=["delete"])], [self.after])
        self.raw, self.beside = self.story.files()
        first = parse(self.dropped(self.after))
        first.log.remove(self.story.build.log[self.open].line)
        raw = render(fix_copies(first)).encode()
        self.assertEqual(self.told(raw), ["history-missing"] * 3)
        self.assertEqual(self.told(raw, self.beside), ["policy-head-missing"] * 3)

    def test_a_kept_entry_cannot_be_dropped(self):
        raw = self.raw.replace(self.story.build.log[self.story.closing.entry].line.encode() + b"\n", b"")
        self.assertEqual(self.told(raw, self.beside), ["closed-wrong"] * 3)

    def test_a_block_cannot_be_changed_or_taken_from_an_older_state(self):
        self.story.shut(self.after)
        self.raw, self.beside = self.story.files()
        older = parse(self.older[0]).closed
        file = parse(self.raw)
        for block in (older, closed.Closed(file.closed.entries, file.closed.secrets[1:])):
            file.closed = block
            self.assertEqual(self.told(render(file).encode(), self.beside), ["closed-wrong"] * 3)

    def test_block_and_requirement_belong_to_a_checkpoint(self):
        file = parse(self.raw)
        for block, requires in ((None, []), (file.closed, []), (None, file.requires)):
            file.closed, file.requires = block, requires
            self.assertEqual(self.told(render(file).encode(), self.beside), ["closed"] * 3)

    def test_closed_entries_that_are_added_back_only_ask_for_history(self):
        def change(file):
            file.log = [self.story.build.log[found].line for found in sorted(self.story.build.log)]
        raw = self.changed(change)
        self.assertEqual(self.told(raw)[0], "history-missing")
        self.assertEqual(self.told(raw, self.beside), [None, None, None])

    def test_what_is_added_to_a_section_only_asks_for_history(self):
        def change(file):
            text = next(text for name, text in self.beside.items() if name.endswith(".versions"))
            for uid, more in read_versions(text, file.vault).items():
                file.secrets[uid].versions = dict(sorted({**file.secrets[uid].versions, **more.versions}.items()))
        raw = self.changed(change)
        self.assertEqual(self.told(raw), ["history-missing", None, "history-missing"])
        self.assertEqual(self.told(raw, self.beside), [None, None, None])

    def test_what_is_foreign_beside_the_file_is_passed_over(self):
        name = next(name for name in self.beside if name.endswith(".versions"))
        text, vault = self.beside[name], parse(self.raw).vault

        def foreign(change):
            sections = read_versions(text, vault)
            for secret in sections.values():
                change(secret)
            return versions_text(sections)

        def spoil(records, what):
            for one in records.values():
                one[what] = bytes(32) if what == "commitment" else "owner+other"
        for wrong in (foreign(lambda secret: setattr(secret, "name", "prod/Z")),
                      foreign(lambda secret: spoil(secret.versions, "commitment")),
                      foreign(lambda secret: spoil(secret.wraps, "audience"))):
            self.assertNotEqual(self.told(self.raw, {**self.beside, name: wrong})[2], None)
            for both in (wrong + text, text + wrong):
                self.assertEqual(self.told(self.raw, {**self.beside, name: both}), [None, None, None])

    def test_a_segment_is_what_its_id_says(self):
        name = next(name for name in self.beside if name.endswith(".log"))
        bad = {**self.beside, name: self.beside[name][:-1] + b" \n"}
        self.assertEqual(self.told(self.raw, bad), [None, None, "segment-wrong"])
        self.assertEqual(self.told(self.raw, {}), [None, None, "history-missing"])

    def test_versions_are_read_though_sections_stand_twice_or_are_cut(self):
        name = next(name for name in self.beside if name.endswith(".versions"))
        text = self.beside[name]
        for spoilt in (text + text, text.replace(b"\n\n", b"\n"), b'garbage\n[[secret."x\n' + text, text + text[:-40]):
            self.assertEqual(self.told(self.raw, {**self.beside, name: spoilt}), [None, None, None])
        self.assertEqual(self.told(self.raw, {**self.beside, name: b""}), [None, None, "object-missing"])

    def test_another_valid_signature_of_a_kept_entry_makes_no_checkpoint_false(self):
        """The copy with the smaller signature counts in the whole; a segment is compared by its entries."""
        entry = self.story.build.log[self.story.closing.entry]
        body, mark, sig = entry.line.rpartition(',"sig":')
        other = f"{body}{mark}{dump(encode(self.signed_again('wes', entry.id)))}}}"
        raw = self.raw.replace(entry.line.encode(), other.encode())
        self.assertNotEqual(raw, self.raw)
        self.assertEqual(self.told(raw, self.beside), [None] * 3)

    def signed_again(self, who, found):
        """A signature of the same by another nonce: nothing obliges anybody to the one that follows from the key."""
        digest = hashlib.sha512(self.story.base.seeds[who]).digest()
        secret = bytes([digest[0] & 248, *digest[1:31], digest[31] & 127 | 64])
        message = b"v-secure/1 log-entry\0" + found
        nonce = bindings.crypto_core_ed25519_scalar_reduce(bytes(range(64)))
        point = bindings.crypto_scalarmult_ed25519_base_noclamp(nonce)
        public = signing.public_of(self.story.base.seeds[who])
        challenge = bindings.crypto_core_ed25519_scalar_reduce(hashlib.sha512(point + public + message).digest())
        reduced = bindings.crypto_core_ed25519_scalar_reduce(secret + bytes(32))
        product = bindings.crypto_core_ed25519_scalar_mul(challenge, reduced)
        return point + bindings.crypto_core_ed25519_scalar_add(nonce, product)

    def lied(self, change):
        """The errors of a vault whose checkpoint `change` made false, given (closing, its op)."""
        self.story = story = Story(7)
        story.put_alone("ada", B)
        story.put_alone("ada")
        last, _ = story.put_alone("wes")
        made = keeping.closing(story.judged(), story.stands, last, len(story.build.policy))
        stated = dict(made.op)
        change(made, stated)
        story.policy([op("checkpoint", **{**stated, "closed": made.block.digest})], [last])
        story.closing, story.checkpoints = made, [made]
        raw, beside = story.files()
        return verdict(verify(raw, 0, beside))["errors"]

    def test_a_false_checkpoint_is_found_by_whoever_has_the_whole(self):
        def entries(made, stated):
            stated["entries"] += 1

        def block(made, stated):
            made.block = closed.Closed(made.block.entries, made.block.secrets[:1])

        def kept(made, stated):
            made.block = closed.Closed(tuple(sorted(self.story.build.log)), ())

        def skipped(made, stated):
            del made.segment[0]
            stated["segment"] = segment_id(segment(made.segment))
        for change in (entries, block, kept):
            with self.subTest(change.__name__):
                self.assertIn("checkpoint-false", self.lied(change))
        self.assertTrue(self.lied(skipped))  # an entry that is nowhere is missing to others
        self.assertIn("checkpoint-false", self.lied(lambda made, stated: stated.update(open=ids([made.entry]))))


if __name__ == "__main__":
    unittest.main()
