"""The records of a file wherever they stand, as git leaves them where it merged two copies as text (section 7).

Each record is read as strictly as in `file.parse`; only its place is not looked at. So what comes out is no vault
that somebody wrote: `merged` writes it anew, and the whole is verified.
"""

import re

from .encoding import encode
from .file import Secret, audience, closed_blocks, head_of, header, lines_of, slot_line, version, wrap
from .keys import object_id, secret_uid, wrap_id
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
        found.above = None
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
        self.above = None   # (name, object id) of the nearest version before
        self.under = []     # (name, object id of the nearest version if it is of this secret, wrap)

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

    def version(self, lines, name):
        found, active = version(lines)
        uid = secret_uid(self.file.vault, name)
        secret, oid = self.file.secrets.setdefault(uid, Secret(name, [])), object_id(uid, found)
        secret.versions[oid] = found
        secret.active = sorted({*secret.active, oid}) if active else secret.active
        self.above = name, oid

    def wrap(self, lines, name):
        above = self.above[1] if self.above and self.above[0] == name else None
        self.under.append((name, above, wrap(lines, above)))

    def _place(self):
        """Puts each wrap with its version: git has moved some behind another one."""
        named = {}
        for entry in self.entries.values():
            for op in entry.ops:
                if op.get("wrap") is not None:
                    named.setdefault(op["secret"], set()).add((op["object"], op["wrap"]))
        for name, above, found in self.under:
            pairs = named.get(name, set())

            def is_of(oid):
                return (oid, wrap_id({**found, "version": oid})) in pairs

            of = [above] if above and is_of(above) else [oid for oid in {oid for oid, _ in pairs} if is_of(oid)]
            require(of or above, "layout", "a wrap that stands under no version of its secret")
            secret = self.file.secrets.get(secret_uid(self.file.vault, name))
            for oid in of or [above]:
                if secret and oid in secret.versions:
                    secret.wraps[wrap_id({**found, "version": oid})] = {**found, "version": oid}

    def whole(self):
        self._place()
        file = self.file
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
