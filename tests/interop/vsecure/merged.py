"""What git leaves where it merged a vault as text, told apart from a file that somebody changed (section 7)."""

import re

from . import loose
from .copies import active_of
from .file import records, render
from .rules import require

# The marks of a conflict, of which the first of each kind is looked for, one behind the other.
_MARKS = [re.compile(rb"^" + sign * 7 + rb"(?: [^\n]*)?\r?$", re.M) for sign in (b"<", b"=", b">")]


def is_unmerged(raw):
    """Whether the marks of a conflict stand in the bytes."""
    at = 0
    for mark in _MARKS:
        found = mark.search(raw, at)
        if found is None:
            return False
        at = found.end()
    return True


def mended(raw, history=None):
    """The text of the vault that the records give, to be verified. Refuses what git does not make of two vaults."""
    file = loose.read(raw)
    _, log = records(file)
    put = {(op["secret"], op["object"]) for entry in log.values() for op in entry.ops
           if op["op"] in ("put", "promote")}
    active = active_of(file, history)
    for secret in file.secrets.values():
        require(all((secret.name, found) in put for found in secret.active), "active", secret.name)
        secret.say_active(active.get(secret.name, []))
    return render(file).encode()
