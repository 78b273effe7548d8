"""Tests of rotations: to which readers what is pending is served."""

import unittest
from unittest import mock

from rotating import R, S, Rotating
from story import A
from vsecure import rotations
from vsecure.encoding import H
from vsecure.writing import op


class Share(Rotating):
    def setUp(self):
        super().setUp()
        self.entry, self.found = self.pending("ron")

    def share(self):
        return self.state().share

    def test_it_is_what_was_said_last(self):
        self.assertEqual(self.share(), 0)
        for share in (100, 10_000, 50):
            self.rollout(share)
            self.assertEqual(self.share(), share)

    def test_of_two_beside_it_is_the_smaller(self):
        for share in (300, 200, 400):
            self.rollout(share, on=[self.entry])
        self.assertEqual(self.share(), 200)

    def test_one_of_another_rotation_has_no_say(self):
        self.rollout(100)
        self.intent(rotation=S)
        self.rollout(1, rotation=S)
        self.abort(rotation=S)
        self.assertEqual(self.share(), 100)

    def test_what_is_void_makes_it_smaller_and_never_greater(self):
        self.rollout(100, "ron")
        late = self.lose("rob", "rotate")
        self.rollout(200, **late)
        self.assertEqual(self.share(), 100)
        last = self.rollout(50, **late)
        self.assertEqual(self.share(), 50)
        self.rollout(70, "ron", on=[last])
        self.assertEqual(self.share(), 70)

    def test_a_void_one_takes_the_place_of_none(self):
        self.rollout(100, "ron")
        late = self.lose("rob", "rotate")
        one = self.rollout(50, **late)
        self.rollout(10_000, **{**late, "on": [one]})
        self.assertEqual(self.share(), 50)

    def test_void_ones_alone_give_nothing(self):
        self.rollout(200, **self.lose("rob", "rotate"))
        self.assertEqual(self.share(), 0)


class Serving(Rotating):
    """What a reader with an instance is served."""

    def setUp(self):
        super().setUp()
        _, self.found = self.pending("ron")

    def served(self, instance="web-1"):
        word, value = self.get(instance)
        self.assertEqual(word, "value")
        return "current" if value == self.get()[1] else "pending"

    def test_an_instance_falls_below_the_share_or_not(self):
        self.assertEqual(self.served(), "current")
        self.rollout(10_000)
        self.assertEqual((self.served(), self.get()[0]), ("pending", "value"))
        served = {rotations.is_served_pending(R, 5_000, f"web-{number}") for number in range(40)}
        self.assertEqual(served, {True, False})
        self.rollout(rotations.place(self.id(), "web-1"))
        self.assertEqual(self.served(), "current")
        self.rollout(rotations.place(self.id(), "web-1") + 1)
        self.assertEqual(self.served(), "pending")

    def test_the_hash_is_that_of_the_document(self):
        x = int.from_bytes(H("rollout", R, "web-1")[:8], "little") % 10_000
        self.assertEqual([rotations.is_served_pending(R, share, "web-1") for share in (0, x, x + 1, 10_000)],
                         [False, False, True, True])

    def test_what_rotates_together_moves_together(self):
        """It takes nothing of the secret."""
        with mock.patch.object(rotations, "H", lambda name, *fields: bytes(32) if fields == (R, "i") else None):
            self.assertTrue(rotations.is_served_pending(R, 1, "i"))

    def test_not_while_it_is_contested_or_stale(self):
        self.rollout(10_000)
        self.intent("rob", S)
        self.assertEqual(self.served(), "current")
        self.abort("wes", S)
        self.assertEqual(self.served(), "pending")
        self.on_versions("retire", self.found)
        self.assertEqual(self.served(), "current")

    def test_not_once_it_is_expired(self):
        self.rollout(10_000)
        self.story.log("ada", op("expire", secret=A, object=self.found, at=1))
        self.assertEqual(self.served(), "current")

    def test_not_if_it_does_not_open(self):
        self.rollout(10_000)
        self.assertEqual(self.served(), "pending")
        for secret in self.story.build.file.secrets.values():
            ciphertext = secret.versions[self.found]["ciphertext"]
            self.assertTrue(ciphertext)
        garbage = self.unopenable()
        self.assertEqual((self.state().pending, self.served()), (garbage, "current"))

    def unopenable(self):
        """A pending version whose only wrap holds another key, in a rotation of its own."""
        self.abort("wes")
        heads = self.story.build.heads()
        found = self.story.build.version(A, b"lost", bytes(32), self.story.base.seeds["ron"], None, heads)
        self.story.deks[found] = b"\1" * 32
        wrap = self.story.wrap(A, found)
        self.begin(S, "ron", self.story.build.put_op(A, found, wrap, "pending", nonce=S, base=self.base))
        self.rollout(10_000, rotation=S)
        return found


if __name__ == "__main__":
    unittest.main()
