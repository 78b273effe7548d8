"""Which settings a chain may state, and what each takes: `fixtures/vectors/settings.json`, as the program is held to it."""

import json
import unittest
from pathlib import Path

from vsecure import rules
from vsecure.errors import Refused

VECTORS = Path(__file__).resolve().parents[2] / "fixtures" / "vectors" / "settings.json"


def taken(key, value):
    """Whether the rules for text and for settings take it, as a chain is judged by both."""
    try:
        rules.check_setting(key, value, {})
    except Refused:
        return False
    return rules.is_text(value, 4096)


class Settings(unittest.TestCase):
    def setUp(self):
        self.vectors = json.loads(VECTORS.read_text(encoding="utf-8"))

    def test_what_each_takes(self):
        for key, value in self.vectors["taken"]:
            self.assertTrue(taken(key, value), (key, value))

    def test_and_what_not(self):
        for key, value in self.vectors["refused"]:
            self.assertFalse(taken(key, value), (key, value))

    def test_keys_that_are_none(self):
        for key in self.vectors["unknown"]:
            self.assertFalse(taken(key, "command"), key)
            self.assertFalse(taken(key, ""), key)

    def test_each_is_unset_by_an_empty_value(self):
        for key, _ in self.vectors["taken"] + self.vectors["refused"]:
            self.assertTrue(taken(key, ""), key)
