"""The union of two files of one vault (section 7, "Merging"), with what section 11 says of closed history.

Only `active` of a secret that reaches behind the checkpoint takes that history: without it the ids of both sides stay.
"""

from . import loose
from .copies import active_of
from .errors import Refused
from .file import render
from .records import log_entry, policy_entry


def union(one, other, history=None):
    """A `File` with the records of both; refuses chains of which neither goes on from the other."""
    longer, shorter = (one, other) if len(one.policy) >= len(other.policy) else (other, one)
    ids = [[policy_entry(line).id for line in file.policy] for file in (longer, shorter)]
    if ids[0][:len(ids[1])] != ids[1]:
        raise Refused("merge", "policy-diverged", "neither chain goes on from the other")
    file = loose.united([render(_bare(found)).encode() for found in (longer, shorter)])
    file.audiences, file.closed, file.requires = dict(longer.audiences), longer.closed, longer.requires
    _leave_out_closed(file, longer.closed, shorter.closed)
    active = active_of(file, history)
    for secret in file.secrets.values():
        secret.say_active(active.get(secret.name, []))
    return file


def _bare(file):
    """What is united record by record."""
    return type(file)(file.suite, file.vault, file.name, [], file.policy, None, {}, file.slots, file.secrets, file.log)


def _leave_out_closed(file, block, other):
    """What the shorter chain kept is closed by the longer one, too, which lists what it keeps of it."""
    if other is not None and block != other:
        gone = set(other.entries) - set(block.entries)
        file.log = [line for line in file.log if log_entry(line, file.vault).id not in gone]
