"""The records of a file wherever they stand, as git leaves them where it merged two copies as text (section 7).

Each record is read as strictly as in `file.parse`; only its place is not looked at. So what comes out is no vault
that somebody wrote: `merged` writes it anew, and the whole is verified.
"""

import re

from .encoding import encode
from .file import Secret, audience, closed_blocks, head_of, header, lines_of, secret_copies, slot_line, version, wrap
from .records import dump, log_entry, policy_entry, slot_record
from .rules import require

# A line that only keeps others apart: an empty one, or the mark of a bucket of either kind.
_SEPARATOR = re.compile(r"(?:# [0-9a-f]{2}|#[0-9a-f]{3})?")


def read(raw):
    """A `File` with the records of the bytes in their order, each once."""
    return united([raw])


def united(sides):
    """A `File` with the records of these files, each once; the header is that of the first."""
    found = None
    for lines in map(lines_of, sides):
        head = header(lines)
        found = found or _Found(head)
        while lines.left:
            line = lines.take()
            if not _separates(line):
                kind, *names = head_of(line)
                getattr(found, kind)(lines, *names)
    return found.whole()


def _separates(line):
    return _SEPARATOR.fullmatch(line) is not None


def _records(block):
    return [line for line in block if not _separates(line)]


class _Found:
    """What was found so far. There is a method for each kind of section, which reads one of it."""

    def __init__(self, file):
        self.file, self.chain, self.entries = file, {}, {}

    def policy(self, lines):
        for line in _records(lines.block("chain")):
            entry = policy_entry(line)
            kept = self.chain.setdefault(entry.seq, entry)
            require(kept.id == entry.id, "doubled", f"two policy entries {entry.seq}")
            self.chain[entry.seq] = policy_entry(_signed_by_both(kept, entry))

    def log(self, lines):
        for line in _records(lines.block("entries")):
            entry = log_entry(line, self.file.vault)
            kept = self.entries.setdefault(entry.id, entry)
            self.entries[entry.id] = min(kept, entry, key=lambda found: found.sig)

    def closed(self, lines):
        section = closed_blocks(lines)
        require(self.file.closed in (None, section), "doubled", "two blocks of what is closed")
        self.file.closed = section

    def audience(self, lines, name):
        section = audience(lines)
        require(self.file.audiences.setdefault(name, section) == section, "doubled", name)

    def slot(self, lines, slot):
        line = slot_line(lines, slot)
        self.file.slots[slot] = min(self.file.slots.get(slot, line), line, key=_rank_of_slot)

    def secret(self, lines, uid):
        section = secret_copies(lines)
        kept = self.file.secrets.setdefault(uid, section)
        # Versions and wraps may stand before the head of their secret.
        kept.name = kept.name or section.name
        require(kept.name == section.name, "doubled", f"{kept.name} and {section.name}")
        kept.active = sorted({*kept.active, *section.active})

    def version(self, lines, uid, found):
        section = version(lines)
        require(self._of(uid).versions.setdefault(found, section) == section, "doubled", "version")

    def wrap(self, lines, uid, found):
        section = wrap(lines)
        require(self._of(uid).wraps.setdefault(found, section) == section, "doubled", "wrap")

    def _of(self, uid):
        return self.file.secrets.setdefault(uid, Secret("", []))

    def whole(self):
        file = self.file
        require(all(secret.name for secret in file.secrets.values()), "layout", "a version or wrap without its secret")
        file.policy = [self.chain[seq].line for seq in sorted(self.chain)]
        file.log = [self.entries[found].line for found in sorted(self.entries)]
        file.audiences = dict(sorted(file.audiences.items(), key=lambda item: item[0].encode()))
        file.slots, file.secrets = dict(sorted(file.slots.items())), dict(sorted(file.secrets.items()))
        for secret in file.secrets.values():
            secret.versions, secret.wraps = dict(sorted(secret.versions.items())), dict(sorted(secret.wraps.items()))
        return file


def _signed_by_both(one, other):
    """The line of a policy entry with the signatures of two copies; of two by one key the smaller."""
    smallest = {}
    for signature in one.sigs + other.sigs:
        key, sig = signature["key"], signature["sig"]
        smallest[key] = min(smallest.get(key, sig), sig)
    listed = [{"key": encode(key), "alg": "ed25519", "sig": encode(smallest[key])} for key in sorted(smallest)]
    body, mark, _ = one.line.rpartition(',"sigs":')
    return f"{body}{mark}{dump(listed)}}}"


def _rank_of_slot(line):
    return slot_record(line)["op"] != "removed", line.encode()
