"""The TOML form of the file (section 2): reading, writing, and the check that both agree."""

import itertools
import re
from dataclasses import dataclass, field

from . import closed, rules
from .encoding import H, armor, decode, encode, unarmor
from .errors import NeedsNewer, malformed
from .keys import SUITE, object_id, secret_uid, wrap_id
from .records import log_entry, policy_entry, slot_record
from .rules import require

MOST_FILE, MOST_LINE, MOST_CHAIN, MOST_SLOTS = 256 << 20, 2 << 20, 10_000, 256
# The longest sealed value: Padmé(4 + 10 MiB) and the tag of the AEAD; and the line that it stands in.
MOST_CIPHERTEXT, MOST_CIPHERTEXT_LINE = 10_747_904 + 16, 14 << 20
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_BLOCK_END = b"'" * 3
# The signatures at the end of a policy entry's line, and one of them.
_SIGNATURE = rb'\{"key":"[^"\\]*","alg":"([^"\\]*)","sig":"[^"\\]*"\}'
_SIGNATURES = re.compile(rb'\{"seq":.*,"sigs":\[(' + _SIGNATURE + rb'(?:,' + _SIGNATURE + rb')*)\]\}', re.S)
# What this reader knows beyond the bare format.
KNOWN_REQUIREMENTS = {closed.REQUIREMENT}
# Between the items of a TOML list.
SEPARATOR = ", "
# The lines that part the secrets and the log, each before what its bucket holds.
SECRET_MARKS = [f"# {number:02x}" for number in range(256)]
LOG_MARKS = [f"#{number:03x}" for number in range(1024)]
# The head of a version, or of a wrap under one.
_OF_SECRET = re.compile(r'\[\[secret\."([^"]*)"\.(version|version\.wrap)\]\]')
# Where what is held of a secret may end: before a mark, or an empty line.
_END = re.compile(r"\n(?=# [0-9a-f]{2}\n|\n)")


@dataclass
class Secret:
    """The versions and wraps of a secret by their ids, which are computed and never written, bytes decoded."""
    name: str
    active: list                                # object ids, in order
    versions: dict = field(default_factory=dict)
    wraps: dict = field(default_factory=dict)   # each with the id of its `version`

    def say_active(self, found):
        """Calls those versions active that are among `found`: of one that does not stand here nothing can be said."""
        self.active = sorted(self.versions.keys() & set(found))


@dataclass
class File:
    """The file as written. Nothing here is checked against anything else in it."""
    suite: str
    vault: bytes
    name: str
    requires: list = field(default_factory=list)
    policy: list = field(default_factory=list)
    closed: object = None                          # Closed, or None
    audiences: dict = field(default_factory=dict)  # name: (epoch, binary age file)
    slots: dict = field(default_factory=dict)      # slot id: line
    secrets: dict = field(default_factory=dict)    # uid: Secret
    log: list = field(default_factory=list)


def render(file):
    out = ["format = 1", f"requires = {_list(file.requires)}", f'suite = "{file.suite}"',
           f'vault = "{encode(file.vault)}"', f'name = "{file.name}"',
           "", "[policy]", "chain = '''", *file.policy, "'''"]
    out += _render_closed(file.closed) if file.closed else []
    for name, (epoch, envelope) in file.audiences.items():
        out += ["", f'[audience."{name}"]', f'epoch = "{encode(epoch)}"',
                "envelope = '''", *armor(envelope), "'''"]
    for slot, line in file.slots.items():
        out += ["", f"[slot.{encode(slot)}]", "record = '''", line, "'''"]
    out += _parted(SECRET_MARKS, ((uid[0], render_secret(secret)) for uid, secret in file.secrets.items()))
    out += ["", "[log]", "entries = '''", *_parted(LOG_MARKS, ((_bucket(line), [line]) for line in file.log)), "'''"]
    return "\n".join(out) + "\n"


def _render_closed(found):
    entries, secrets = found.blocks()
    return ["", "[closed]", "entries = '''", *entries, "'''", "secrets = '''", *secrets, "'''"]


def _parted(marks, items):
    """All marks, and behind each what its bucket holds: `items` are (bucket, lines). What comes too late for its
    bucket stays where it is."""
    out, passed = [], 0
    for bucket, lines in items:
        out += marks[passed:bucket + 1] + lines
        passed = max(passed, bucket + 1)
    return out + marks[passed:]


def _bucket(line):
    """The bucket of a log entry, which is that of its id's first ten bits; a line without an id goes to the first."""
    end = line.rfind(',"sig":')
    return int.from_bytes(H("log entry", line[:end] + "}")[:2], "big") >> 6 if end >= 0 else 0


def _list(items):
    return "[" + SEPARATOR.join(f'"{item}"' for item in items) + "]"


def render_secret(secret):
    """Its versions, those that are active first, and behind each its wraps."""
    out = []
    for oid in sorted(secret.versions, key=lambda oid: oid not in secret.active):
        out += render_version(secret.name, secret.versions[oid], oid in secret.active)
        for wrap in secret.wraps.values():
            out += ["", f'[[secret."{secret.name}".version.wrap]]', *wrap_lines(wrap)] if wrap["version"] == oid else []
    return out


def render_version(name, version, active=False):
    return ["", f'[[secret."{name}".version]]', *(["active = true"] if active else []),
            f'author = "{encode(version["author"])}"', f'origin = "{encode(version["origin"])}"',
            *([f'expires = {version["expires"]}'] if version["expires"] is not None else []),
            f'commitment = "{encode(version["commitment"])}"', f'ciphertext = "{encode(version["ciphertext"])}"']


def wrap_lines(wrap):
    """What stands behind the head of a wrap."""
    return [f'audience = "{wrap["audience"]}"', f'epoch = "{encode(wrap["epoch"])}"',
            f'{wrap["kind"]} = "{encode(wrap["bytes"])}"']


class Lines:
    """The lines of the file, taken one after another."""

    def __init__(self, lines):
        self.lines, self.at = lines, 0

    @property
    def left(self):
        return self.at < len(self.lines)

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else ""

    def take(self):
        require(self.left, "truncated")
        self.at += 1
        return self.lines[self.at - 1]

    def expect(self, line):
        got = self.take()
        require(got == line, "layout", f"line {self.at}: {line!r} belongs here, not {got[:60]!r}")

    def value(self, key):
        line, start = self.take(), f'{key} = "'
        require(line.startswith(start) and line.endswith('"') and len(line) > len(start),
                "layout", f"line {self.at}: {key} = \"…\" belongs here")
        return line[len(start):-1]

    def number(self, key):
        line, start = self.take(), f"{key} = "
        require(line.startswith(start) and _NUMBER.fullmatch(line[len(start):]), "layout", f"line {self.at}: {key}")
        require(int(line[len(start):]) < 2**53, "integer", f"line {self.at}: {key}")
        return int(line[len(start):])

    def array(self, key):
        line, start = self.take(), f"{key} = ["
        require(line.startswith(start) and line.endswith("]"), "layout", f"line {self.at}: {key}")
        inner = line[len(start):-1]
        if not inner:
            return []
        require(len(inner) > 1 and inner[0] == inner[-1] == '"', "layout", f"line {self.at}: {key}")
        return inner[1:-1].split(f'"{SEPARATOR}"')

    def block(self, key):
        self.expect(f"{key} = '''")
        start = self.at
        while self.take() != "'''":
            pass
        return self.lines[start:self.at - 1]


def parse(raw):
    """A `File` and its records; refuses bytes that `render` would not write."""
    lines = lines_of(raw)
    file = header(lines)
    _sections(lines, file)
    require(render(file).encode() == raw, "canonical", "the file is not as it would be written")
    return file


def lines_of(raw):
    """The lines, if nothing is wrong with the bytes as a whole."""
    text = _text(raw)
    require(all(len(line) <= (MOST_CIPHERTEXT_LINE if line.startswith(b'ciphertext = "') else MOST_LINE)
                for line in raw.split(b"\n")), "limit", "length of a line")
    return Lines(text[:-1].split("\n"))


def parse_alone(raw, names):
    """A `File` with the sections of these secrets only; the rest between slots and log is not judged."""
    text = _text(raw)
    lines = Lines(text[:-1].split("\n"))
    file = header(lines)
    _before_secrets(lines, file)
    before = lines.lines[:lines.at]
    lines.expect(SECRET_MARKS[0])
    rest = "\n" + "\n".join(lines.lines[lines.at:]) + "\n"
    middle, mark, log = rest.partition("\n\n[log]\n")
    require(mark, "layout", "no log")
    wanted = sorted((secret_uid(file.vault, name)[0], secret_uid(file.vault, name), name) for name in names)
    sections = ((bucket, _section_of(middle + mark, name)) for bucket, _, name in wanted)
    return parse(("\n".join(before + _parted(SECRET_MARKS, sections)) + mark + log).encode())


def head_of(line):
    """What the head of a section says: its kind and the name or id that follows."""
    require(line[:1] == "[" and line[-1:] == "]", "layout", f"not a section: {line[:60]!r}")
    of_secret = _OF_SECRET.fullmatch(line)
    if of_secret:
        require(rules.is_full_name(of_secret[1]), "secret-name", line[:80])
        return of_secret[2].rpartition(".")[2], of_secret[1]
    kind, _, rest = line[1:-1].partition(".")
    if kind == "audience":
        require(rest[:1] == rest[-1:] == '"' and rules.is_audience(rest[1:-1]), "audience", rest[:80])
        return kind, rest[1:-1]
    if kind == "slot":
        return kind, decode(rest, 16)
    require(line in ("[policy]", "[closed]", "[log]"), "layout", line[:80])
    return (kind,)


def _section_of(text, name):
    """The lines of a secret's versions and wraps, the empty one before the first too; may be none."""
    start = text.find(f'\n\n[[secret."{name}".version]]\n')
    if start < 0:
        return []
    end = start
    while True:
        end = _END.search(text, end + 1).start()
        if not text.startswith(f'\n\n[[secret."{name}".version', end):
            following = text[end + 1:].split("\n")[:2]
            # What follows the part that is read must begin a section, of whatever kind.
            if following[0] not in SECRET_MARKS:
                require(following[0] == "", "layout", f"not a section: {following[0][:60]!r}")
                head_of(following[1])
            return text[start + 1:end].split("\n")


def _newer(raw):
    """Stops at what only a newer reader knows, before this one's rules are applied to the rest."""
    first, second = (raw.split(b"\n", 2) + [b""])[:2]
    number = re.fullmatch(rb"format = (0|[1-9][0-9]{0,15})", first)
    if number and int(number[1]) < 2**53 and number[1] != b"1":
        raise NeedsNewer(first.decode())
    listed = re.fullmatch(rb'requires = \["(.*)"\]', second)
    if number and listed:
        wanted = listed[1].decode("utf-8", "replace").split(f'"{SEPARATOR}"')
        if all(map(rules.is_name, wanted)) and not set(wanted) <= KNOWN_REQUIREMENTS:
            raise NeedsNewer(", ".join(wanted))
    if number and number[1] == b"1":
        _algorithms(raw.split(b"\n"))


def _algorithms(lines):
    for line in itertools.takewhile(lambda line: line != _BLOCK_END, lines):
        found = _SIGNATURES.fullmatch(line) if line.startswith(b'{"seq":') else None
        for algorithm in re.findall(_SIGNATURE, found[1]) if found else ():
            if algorithm != b"ed25519":
                raise NeedsNewer(f"the signature algorithm {algorithm[:80]!r}")


def _text(raw):
    require(len(raw) <= MOST_FILE, "limit", "size of the file")
    require(not raw.startswith(b"\xef\xbb\xbf"), "line-ends", "byte order mark")
    _newer(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed("utf-8", str(error)) from error
    require(text.endswith("\n") and "\r" not in text, "line-ends")
    return text


def header(lines):
    require(lines.take() == "format = 1", "layout", "not a vault file")
    requires = lines.array("requires")
    require(requires in ([], [closed.REQUIREMENT]), "layout", "requires")
    suite = lines.value("suite")
    require(suite == SUITE, "suite-unknown", suite[:80])
    file = File(suite, decode(lines.value("vault"), 32), lines.value("name"), requires)
    require(rules.is_name(file.name), "name", file.name[:80])
    return file


def _before_secrets(lines, file):
    _head(lines, "[policy]")
    file.policy = lines.block("chain")
    require(0 < len(file.policy) <= MOST_CHAIN, "limit", "entries of the chain")
    if lines.peek(1) == "[closed]":
        _head(lines, "[closed]")
        file.closed = closed_blocks(lines)
    while lines.peek(1).startswith('[audience."'):
        _audience(lines, file)
    while lines.peek(1).startswith("[slot."):
        _slot(lines, file)
    _ordered([name.encode() for name in file.audiences], "audiences")
    require(len(file.slots) <= MOST_SLOTS, "limit", "slots")
    _ordered(file.slots, "slots")


def _sections(lines, file):
    _before_secrets(lines, file)
    for number, mark in enumerate(SECRET_MARKS):
        lines.expect(mark)
        while lines.peek(1).startswith("[[secret."):
            require(_secret(lines, file)[0] == number, "bucket", "a secret behind the mark of another bucket")
    _head(lines, "[log]")
    file.log = list(_log(lines.block("entries")))
    require(lines.at == len(lines.lines), "layout", "text after the log")
    _ordered(file.secrets, "secrets")


def _log(lines):
    """The entries among the lines of the log."""
    marks, number = iter(LOG_MARKS), -1
    for line in lines:
        if line[:1] == "#":
            require(line == next(marks, None), "bucket", f"{line[:8]!r} is not the mark that comes next")
            number += 1
        else:
            require(number >= 0 and _bucket(line) == number, "bucket", "an entry behind the mark of another bucket")
            yield line
    require(next(marks, None) is None, "bucket", "marks are missing")


def _ordered(keys, what):
    keys = list(keys)
    require(keys == sorted(keys), "order", what)


def _head(lines, line):
    lines.expect("")
    lines.expect(line)


def _section(lines, start, end="]"):
    lines.expect("")
    line = lines.take()
    require(line.startswith(start) and line.endswith(end), "layout", f"line {lines.at}: {line[:60]!r}")
    return line[len(start):-len(end)]


def _add(mapping, key, value, what):
    require(key not in mapping, "doubled", what)
    mapping[key] = value


def _audience(lines, file):
    name = _section(lines, '[audience."', '"]')
    require(rules.is_audience(name), "audience", name[:80])
    _add(file.audiences, name, audience(lines), name)


def _slot(lines, file):
    slot = decode(_section(lines, "[slot."), 16)
    _add(file.slots, slot, slot_line(lines, slot), "slot")


def _secret(lines, file):
    """All that the file holds of a secret; gives its uid."""
    kind, name = head_of(lines.peek(1))
    require(kind == "version", "layout", "a wrap without a version")
    secret, uid = Secret(name, []), secret_uid(file.vault, name)
    while lines.peek(1) == f'[[secret."{name}".version]]':
        oid = _version(lines, uid, secret)
        while lines.peek(1) == f'[[secret."{name}".version.wrap]]':
            _wrap(lines, oid, secret)
        _ordered([wid for wid, found in secret.wraps.items() if found["version"] == oid], "wraps")
    _ordered([(oid not in secret.active, oid) for oid in secret.versions], "versions")
    secret.versions = dict(sorted(secret.versions.items()))
    _add(file.secrets, uid, secret, "secret")
    return uid


def _version(lines, uid, secret):
    _head(lines, lines.peek(1))
    found, active = version(lines)
    oid = object_id(uid, found)
    _add(secret.versions, oid, found, "version")
    secret.active += [oid] if active else []
    return oid


def _wrap(lines, oid, secret):
    _head(lines, lines.peek(1))
    found = wrap(lines, oid)
    _add(secret.wraps, wrap_id(found), found, "wrap")


# What stands behind the head of a section.

def closed_blocks(lines):
    return closed.parse(lines.block("entries"), lines.block("secrets"))


def audience(lines):
    epoch = decode(lines.value("epoch"), 16)
    return epoch, unarmor(lines.block("envelope"))


def slot_line(lines, slot):
    block = lines.block("record")
    require(len(block) == 1, "slot", "one record")
    require(slot_record(block[0])["slot"] == slot, "slot", "the section is not named after its record")
    return block[0]


def version(lines):
    """(the version, whether it is called active)"""
    active = lines.peek().startswith("active = ")
    if active:
        lines.expect("active = true")
    out = {"author": decode(lines.value("author"), 32), "origin": decode(lines.value("origin"), 32), "expires": None}
    if lines.peek().startswith("expires = "):
        out["expires"] = lines.number("expires")
    out |= {"commitment": decode(lines.value("commitment"), 32), "ciphertext": decode(lines.value("ciphertext"))}
    require(len(out["ciphertext"]) <= MOST_CIPHERTEXT, "limit", "size of a value")
    return out, active


def wrap(lines, version):
    """A wrap of the version with this id."""
    out = {"version": version, "audience": lines.value("audience"), "epoch": decode(lines.value("epoch"), 16)}
    require(rules.is_audience(out["audience"]), "audience")
    out["kind"] = "sealed" if lines.peek().startswith("sealed = ") else "key"
    out["bytes"] = decode(lines.value(out["kind"]), 48 if out["kind"] == "key" else None)
    return out


def records(file):
    """The policy entries in chain order and the log entries by id."""
    policy = [policy_entry(line) for line in file.policy]
    log = [log_entry(line, file.vault) for line in file.log]
    found = [entry.id for entry in log]
    require(found == sorted(set(found)), "order", "log entries are ordered by id, none twice")
    return policy, {entry.id: entry for entry in log}
