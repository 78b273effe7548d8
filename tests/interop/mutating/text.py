"""Mutants of the text as such: flipped bits, lines moved, and forms that are not canonical."""

import json
import re

from vsecure.encoding import H, encode
from vsecure import signing
from vsecure.records import log_entry

from . import making, sections
from .source import ACCEPT, MEND, REFUSE, STOP, NotHere, fixed, pick, text, way

_PLACES = {
    "header": r"(format|requires|suite|vault) = ", "vault name": r'name = "[^/]*"$',
    "policy entry": r'\{"seq"', "log entry": r'\{"parents"', "slot record": r'\{"(seal|removed)"',
    "audience head": r"\[audience", "epoch": r"epoch = ", "armor": r"[A-Za-z0-9+/]{64}$",
    "version head": r"\[\[secret\..*\.version\]\]$", "active": r"active = ",
    "author": r"author = ", "origin": r"origin = ", "expires": r"expires = ", "ciphertext": r"ciphertext = ",
    "commitment": r"commitment = ", "wrap head": r"\[\[secret\..*\.wrap\]\]$",
    "wrap audience": r"audience = ", "wrap key": r"(key|sealed) = ",
    "mark of secrets": r"# [0-9a-f]{2}$", "mark of the log": r"#[0-9a-f]{3}$",
}


def _flip(place, pattern):
    @way(f"flip {place}", STOP if place.startswith("mark") else REFUSE)
    def make(source, rng):
        lines = source.raw.split(b"\n")
        at = pick(rng, [i for i, l in enumerate(lines) if re.match(pattern, l.decode())])
        line, bit = bytearray(lines[at]), rng.randrange(len(lines[at]) * 8)
        line[bit // 8] ^= 1 << bit % 8
        lines[at] = bytes(line)
        return b"\n".join(lines), f"line {at + 1}, byte {bit // 8}, bit {bit % 8}"
    return make


for _place, _pattern in _PLACES.items():
    _flip(_place, _pattern)


def _lines(kind, expect, change):
    @way(kind, expect)
    def make(source, rng):
        lines = source.raw.split(b"\n")[:-1]
        # Most lines are marks of buckets, which are alike.
        at = pick(rng, [i for i in range(len(lines) - 1) if not lines[i].startswith(b"#") or rng.random() < 0.05])
        new = change(list(lines), at)
        return b"\n".join(new) + b"\n", f"line {at + 1}: {lines[at][:40]!r}"
    return make


_lines("line dropped", STOP, lambda l, at: l[:at] + l[at + 1:])
_lines("line doubled", STOP, lambda l, at: l[:at + 1] + l[at:])
_lines("lines swapped", STOP, lambda l, at: l[:at] + ([l[at + 1] + b" ", l[at]] if l[at] == l[at + 1] else
                                                      [l[at + 1], l[at]]) + l[at + 2:])
_lines("space at line end", REFUSE, lambda l, at: l[:at] + [l[at] + b" "] + l[at + 1:])
_lines("comment after line", REFUSE, lambda l, at: l[:at + 1] + [b"# a comment"] + l[at + 1:])


_MARKS = {"secrets": (rb"# [0-9a-f]{2}", rb"\[\[secret\."), "the log": (rb"#[0-9a-f]{3}", rb"\{\"parents\"")}


def _marks(where, kind, change, expect=MEND):
    mark, held = _MARKS[where]

    @way(f"mark of {where}: {kind}", expect)
    def make(source, rng):
        lines = source.raw.split(b"\n")
        marks = [i for i, line in enumerate(lines) if re.fullmatch(mark, line)]
        # Half of them beside something that a bucket holds.
        full = [i for i in marks if re.match(held, lines[i + 1] or lines[i + 2])]
        at = pick(rng, full if rng.random() < 0.5 else marks)
        new = change(rng, list(lines), at, marks)
        return b"\n".join(new), f"{lines[at].decode()} in line {at + 1}"


def _swapped(rng, lines, at, marks):
    other = pick(rng, [i for i in marks if i != at])
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _next_swapped(rng, lines, at, marks):
    other = pick(rng, [i for i in marks if i > at][:1])
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _moved(rng, lines, at, marks):
    to = pick(rng, [i for i in marks if i != at])
    line = lines.pop(at)
    lines.insert(to, line)
    return lines


for _where in _MARKS:
    _marks(_where, "removed", lambda rng, l, at, marks: l[:at] + l[at + 1:])
    _marks(_where, "doubled", lambda rng, l, at, marks: l[:at] + l[at:at + 1] + l[at:])
    _marks(_where, "repeated later", lambda rng, l, at, marks: l[:marks[-1] + 1] + [l[at]] + l[marks[-1] + 1:])
    _marks(_where, "swapped", _swapped)
    _marks(_where, "swapped with the next", _next_swapped)
    _marks(_where, "moved", _moved)
    _marks(_where, "with a letter more", lambda rng, l, at, marks: l[:at] + [l[at] + b"A"] + l[at + 1:], REFUSE)
    _marks(_where, "of the other kind", lambda rng, l, at, marks: l[:at] + [
        (b"#0" if b" " in l[at] else b"# ") + l[at][-2:]] + l[at + 1:])
    _marks(_where, "after an empty line", lambda rng, l, at, marks: l[:at] + [b""] + l[at:])
    _marks(_where, "all removed", lambda rng, l, at, marks: [line for i, line in enumerate(l) if i not in set(marks)])
    _marks(_where, "one too many", lambda rng, l, at, marks: l[:marks[-1] + 1] + [
        b"# 100" if b" " in l[at] else b"#400"] + l[marks[-1] + 1:], REFUSE if _where == "secrets" else MEND)


def _elsewhere(kind, start, end):
    """What a bucket holds, put behind another one's mark."""
    @way(f"{kind} in another bucket", MEND)
    def make(source, rng):
        text = source.raw.decode()
        found = pick(rng, list(re.finditer(start + "(?:.*\n)*?(?=" + end + ")", text)))
        rest = text[:found.start()] + text[found.end():]
        own = re.findall(r"^(# ?[0-9a-f]+)\n", text[:found.start()], re.M)[-1]
        mark = r"^# [0-9a-f]{2}\n" if " " in own else r"^#[0-9a-f]{3}\n"
        marks = [m for m in re.finditer(mark, rest, re.M) if m[0][:-1] != own]
        # Half of them into a neighbour, where the order may still hold.
        near = sorted(marks, key=lambda m: abs(m.end() - found.start()))[:2]
        to = pick(rng, near if rng.random() < 0.5 else marks).end()
        return (rest[:to] + found[0] + rest[to:]).encode(), f"{found[0][:60]!r} behind {rest[:to].splitlines()[-1]}"


_elsewhere("an entry", r'(?m)^\{"parents".*\n', r'')
_elsewhere("a secret", r'(?m)^\n\[\[secret\.("[^"\n]*")\.version\]\]\n',
           r"# [0-9a-f]{2}\n|\n\[\[secret\.(?!\1)|\n\[log\]")


@way("line end", STOP)
def line_end(source, rng):
    name, change = pick(rng, [
        ("CRLF everywhere", lambda r: r.replace(b"\n", b"\r\n")), ("one CRLF", lambda r: r.replace(b"\n", b"\r\n", 1)),
        ("byte order mark", lambda r: b"\xef\xbb\xbf" + r), ("no final newline", lambda r: r[:-1]),
        ("two final newlines", lambda r: r + b"\n"), ("text after the end", lambda r: r + b"x\n"),
        ("empty", lambda r: b""), ("NUL at the end", lambda r: r + b"\0"), ("cut in half", lambda r: r[:len(r) // 2]),
        ("doubled", lambda r: r + r), ("not UTF-8", lambda r: r.replace(b"name", b"n\xffme", 1)),
        ("format 2", lambda r: r.replace(b"format = 1", b"format = 2", 1)),
        ("format 2^53-1", lambda r: r.replace(b"format = 1", b"format = 9007199254740991", 1)),
        ("format 2^53", lambda r: r.replace(b"format = 1", b"format = 9007199254740992", 1)),
        ("format 2^64", lambda r: r.replace(b"format = 1", b"format = 18446744073709551616", 1)),
        ("17 requirements, one no name", lambda r: r.replace(b"requires = []", b'requires = ["' + b'", "'.join([b"x"] * 17) + b' "]', 1)),
        ("an algorithm, not UTF-8", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":"rsa"', 1).replace(b"name", b"n\xffme", 1)),
        ("an algorithm, an unknown op", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":"rsa"', 1).replace(b'{"vault":', b'{"vauld":', 1)),
        ("an algorithm, a bad key", lambda r: re.sub(b'"key":"[^"]*","alg":"ed25519"', b'"key":"?","alg":"rsa"', r, count=1)),
        ("an algorithm with an escape", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":"rs\\u0061"', 1)),
        ("an algorithm, an extra key", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":"rsa","x":"y"', 1)),
        ("an algorithm that is empty", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":""', 1)),
        ("an algorithm that is a number", lambda r: r.replace(b'"alg":"ed25519"', b'"alg":1', 1)),
        ("format 0", lambda r: r.replace(b"format = 1", b"format = 0", 1)),
        ("two requirements", lambda r: r.replace(b"requires = []", b'requires = ["x", "y"]', 1)),
        ("a requirement that is no name", lambda r: r.replace(b"requires = []", b'requires = ["x y"]', 1)),
        ("requirements without a space", lambda r: r.replace(b"requires = []", b'requires = ["x","y"]', 1)),
        ("a newer format, CRLF", lambda r: r.replace(b"format = 1", b"format = 3", 1).replace(b"name", b"na\r\nme")),
        ("list without a space", lambda r: r.replace(b'", "', b'","', 1)),
        ("unknown suite", lambda r: r.replace(b'suite = "x', b'suite = "y', 1)),
        ("format 01", lambda r: r.replace(b"format = 1", b"format = 01", 1)),
        ("format 1.0", lambda r: r.replace(b"format = 1", b"format = 1.0", 1)),
        ("requires", lambda r: r.replace(b"requires = []", b'requires = ["x"]', 1)),
        ("requires space", lambda r: r.replace(b"requires = []", b"requires = [ ]", 1)),
        ("literal string", lambda r: re.sub(rb'name = "(.*)"', rb"name = '\1'", r, count=1)),
        ("escape in TOML", lambda r: re.sub(rb'name = "(.)', lambda m: b'name = "\\u%04x' % m[1][0], r, count=1)),
        ("two empty lines", lambda r: r.replace(b"\n\n[log]", b"\n\n\n[log]")),
        ("no empty line", lambda r: r.replace(b"\n\n[log]", b"\n[log]")),
        ("unknown section", lambda r: r.replace(b"\n\n[log]", b"\n\n[extra]\n\n[log]")),
        ("tab", lambda r: r.replace(b" = ", b"\t= ", 1))])
    return change(source.raw), name


def _trailing(line):
    """The same bytes with an unused trailing bit set, for a 32-byte value in a quoted string."""
    return re.sub(r'"([A-Za-z0-9_-]{42})([AEIMQUYcgkosw048])"',
                  lambda m: f'"{m[1]}{chr(ord(m[2]) + 1)}"', line, count=1)


_FORMS = {
    "space after comma": lambda l: l.replace(',"ops"', ', "ops"', 1),
    "space after colon": lambda l: l.replace('"ts":', '"ts": ', 1),
    "leading zero": lambda l: re.sub(r'"ts":(\d)', r'"ts":0\1', l, count=1),
    "float": lambda l: re.sub(r'"ts":(\d+)', r'"ts":\1.0', l, count=1),
    "exponent": lambda l: re.sub(r'"ts":(\d+)', r'"ts":\1e0', l, count=1),
    "minus zero": lambda l: re.sub(r'"ts":(\d+)', r'"ts":-0', l, count=1),
    "2^53": lambda l: re.sub(r'"ts":(\d+)', f'"ts":{2**53}', l, count=1),
    "needless escape": lambda l: re.sub(r'"ts"', r'"\\u0074s"', l, count=1),
    "escaped slash": lambda l: l.replace("/", "\\/", 1),
    "bare quote": lambda l: l.replace('"reason":"', '"reason":"\'', 1),
    "upper-case escape": lambda l: l.replace('"reason":"', '"reason":"\\u001F', 1),
    "control escape": lambda l: l.replace('"reason":"', '"reason":"\\n', 1),
    "NFD": lambda l: l.replace('"reason":"', '"reason":"e\u0301', 1),
    "bidi": lambda l: l.replace('"reason":"', '"reason":"\u202e', 1),
    "line separator": lambda l: l.replace('"reason":"', '"reason":"\u2028', 1),
    "lone surrogate": lambda l: l.replace('"reason":"', '"reason":"\\ud800', 1),
    "C1 control": lambda l: l.replace('"reason":"', '"reason":"\u0085', 1),
    "base64 trailing bits": _trailing,
    "base64 padding": lambda l: re.sub(r'"([A-Za-z0-9_-]{43})"', r'"\1="', l, count=1),
    "key order": lambda l: re.sub(r'("ts":\d+),("ops":.*),("reason":"[^"]*")', r"\3,\1,\2", l, count=1),
    "extra key": lambda l: l.replace('"ts":', '"zz":1,"ts":', 1),
    "doubled key": lambda l: re.sub(r'("ts":\d+)', r"\1,\1", l, count=1),
    "null": lambda l: re.sub(r'"ts":\d+', '"ts":null', l, count=1),
    "empty optional list": lambda l: re.sub(r'(\{"put":\{"secret":[^}]*"wrap":"[^"]*")', r'\1,"same":[]', l, count=1),
    "unknown op": lambda l: re.sub(r'"ops":\[\{"[a-z-]*"', '"ops":[{"dance"', l, count=1),
    "no ops": lambda l: re.sub(r'"ops":\[.*\],"reason"', '"ops":[],"reason"', l, count=1),
}


def _resigned(source, rng, change, kind):
    """A new last log entry, changed as text and signed as changed; its id fits the changed text."""
    build, old = source.builder(rng), pick(rng, source.live())
    name, seed = pick(rng, source.holders("write", old.name))
    build.add_log(name, seed, [{"field": {"secret": old.name, "field": "type", "value": "a'b"}},
                               {"resolve": {"secret": old.name, "object": encode(old.current)}},
                               making.put(source, rng, build, old.name, seed)], reason="r")
    entry = max(build.log.values(), key=lambda e: e.ts)
    body = entry.line[:entry.line.rindex(',"sig":')] + "}"
    new = change(body)
    if new == body:
        raise NotHere
    digest = H("log entry", new.encode("utf-8"))
    line = new[:-1] + f',"sig":"{encode(signing.sign(seed, "log", digest))}"}}'
    known = {log_entry(l, build.file.vault).id: l for l in build.file.log if l != entry.line}
    known[digest] = line
    build.file.log = [known[i] for i in sorted(known)]
    return build.file, f"{kind}, signed as it stands"


def _form(kind, change):
    @way("form: " + kind)
    def plain(source, rng):
        lines = source.raw.decode().split("\n")
        at = pick(rng, [i for i, l in enumerate(lines) if l.startswith("{") and change(l) != l])
        lines[at] = change(lines[at])
        return "\n".join(lines).encode(), f"{kind} in line {at + 1}, not signed again"

    @way("signed form: " + kind)
    def signed(source, rng):
        file, description = _resigned(source, rng, change, kind)
        return text(file), description


for _kind, _change in _FORMS.items():
    _form(_kind, _change)


@way("signed form: nothing wrong", ACCEPT)
def control(source, rng):
    reason = pick(rng, ["ordinary", "\u00e9\u4e2d\U0001f600", "it's \"fine\" \\", "x" * 1000, ""])
    file, description = _resigned(source, rng, lambda b: b.replace('"reason":"r"', '"reason":' + _quoted(reason)), "a reason")
    return fixed(file), f"{description}: {reason[:20]!r}"


def _quoted(reason):
    return json.dumps(reason, ensure_ascii=False).replace("'", "\\u0027")


@way("signed form: reason too long")
def long_reason(source, rng):
    file, description = _resigned(source, rng, lambda b: b.replace('"reason":"r"', f'"reason":"{"x" * 1001}"'), "1001 bytes")
    return fixed(file), description


@way("section moved", MEND)
def section_moved(source, rng):
    parts = sections.together(source.raw[:-1].split(b"\n\n"), b"\n\n")
    one, two = rng.sample(range(1, len(parts)), 2)
    parts[one], parts[two] = parts[two], parts[one]
    return b"\n\n".join(parts) + b"\n", f"sections {one} and {two} swapped"
