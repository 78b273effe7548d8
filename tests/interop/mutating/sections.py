"""Mutants of the sections of secrets as text: which of them stand where, and what says whose they are."""

import re

from vsecure.encoding import encode

from .source import MEND, REFUSE, STOP, NotHere, pick, way

WRAP = re.compile(r'\[\[secret\."[^"]*"\.version\.wrap\]\]')
_KEPT = re.compile(rb'\n\[\[secret\."([^"]*)"\.version(\.wrap)?\]\]\n(?:.*\n)*?(?=\n|# )')


def together(parts, between):
    """The parts, each wrap with what precedes it, which is its version or another wrap of that."""
    mark, out = between[:0], []
    for part in parts:
        head = part.partition("\n" if isinstance(between, str) else b"\n")[0]
        if out and WRAP.fullmatch(head if isinstance(head, str) else head.decode()):
            out[-1] = mark.join([out[-1], between, part])
        else:
            out.append(part)
    return out


def _found(source, test=lambda found: True):
    """The sections of versions and wraps in the bytes, each with the empty line before it."""
    return [found for found in _KEPT.finditer(source.raw) if test(found)]


def _is_wrap(found):
    return found[2] is not None


def _replaced(kind, expect, pattern, new):
    """One line of the secrets in another form."""
    @way("section: " + kind, expect)
    def make(source, rng):
        places = list(re.finditer(pattern, source.raw, re.M))
        found = pick(rng, places)
        made = source.raw[:found.start()] + found.expand(new) + source.raw[found.end():]
        return made, found[0][:60].decode()
    return make


_ID = b"A" * 43
_VERSION = rb'^\[\[secret\.("[^"]*")\.version\]\]\n'
for _kind, _new in {
        "active = false": rb"\g<0>active = false\n", "active in quotes": rb'\g<0>active = "true"\n',
        "active as a list": rb'\g<0>active = ["%s"]\n' % _ID,
        "active without spaces": rb"\g<0>active=true\n", "a uid": rb'\g<0>uid = "AAAAAAAAAAAAAAAAAAAAAA"\n',
        "its id": rb'\g<0>id = "%s"\n' % _ID,
        "a table in place of one of a list": rb"[secret.\1.version]\n", "without quotes": rb"[[secret.x.version]]\n",
        "a name without a slash": rb'[[secret."prod".version]]\n', "a secret's own head": rb"[[secret.\1]]\n",
        "spaces in the head": rb"[[ secret.\1.version ]]\n", "a wrap in place of a version": rb"[[secret.\1.version.wrap]]\n",
}.items():
    _replaced(_kind, REFUSE, _VERSION + (rb"(?!active)" if _kind.startswith("active") else b""), _new)
_replaced("active twice", REFUSE, rb"^active = true\n", rb"\g<0>\g<0>")
_replaced("active behind the author", REFUSE, rb"^(active = true\n)(author = .*\n)", rb"\2\1")
_replaced("active in a wrap", REFUSE, rb"^\[\[secret\..*\.wrap\]\]\n", rb"\g<0>active = true\n")
_replaced("a version's id in a wrap", REFUSE, rb"^\[\[secret\..*\.wrap\]\]\n", rb'\g<0>version = "%s"\n' % _ID)
_replaced("a nonce in a version", REFUSE, rb"^(origin = .*\n)", rb'\1nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"\n')
_replaced("a nonce before the key of a wrap", REFUSE, rb'^key = "', rb'key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
_replaced("a wrap of another secret", REFUSE, rb'^(\[\[secret\.")([^"]*)(".version.wrap\]\]\n)', rb"\1prod/other\3")


@way("section: all said to be active", STOP)
def all_active(source, rng):
    """Of versions that nobody put, too: then it is no work of git's."""
    made = re.sub(_VERSION + rb"(?!active)", rb"\g<0>active = true\n", source.raw, flags=re.M)
    if made == source.raw:
        raise NotHere
    return made, "every version"


@way("section: a wrap as beside the vault", REFUSE)
def stray(source, rng):
    """It says which version it is of, rightly, and stands where it should or behind all others of its secret."""
    file = source.file()
    secret = pick(rng, [s for s in file.secrets.values() if s.wraps])
    wrap = pick(rng, secret.wraps.values())
    found = pick(rng, [f for f in _found(source, _is_wrap) if f[1].decode() == secret.name
                       and encode(wrap["bytes"]).encode() in f[0]])
    said = f'{secret.name}".wrap]]\nversion = "{encode(wrap["version"])}"\n'.encode()
    new = found[0].replace(f'{secret.name}".version.wrap]]\n'.encode(), said)
    return source.raw[:found.start()] + new + source.raw[found.end():], secret.name


@way("section: ids spelled as before", REFUSE)
def spelled(source, rng):
    found = pick(rng, _found(source))
    what = b"wrap" if _is_wrap(found) else b"version"
    head = b"\n[secret.%s.%s.%s]\n" % (_ID, what, _ID)
    return source.raw[:found.start()] + head + found[0].split(b"\n", 2)[2] + source.raw[found.end():], found[1].decode()


def _twice(kind, is_wrap):
    @way(f"section: {kind} twice", MEND)
    def make(source, rng):
        found = pick(rng, _found(source, lambda f: _is_wrap(f) == is_wrap))
        return source.raw[:found.start()] + found[0] + source.raw[found.start():], found[1].decode()


_twice("a version", False)
_twice("a wrap", True)


def _exchanged(kind, expect, fits):
    """Two sections that follow each other, the other way around."""
    @way("section: " + kind, expect)
    def make(source, rng):
        all_ = _found(source)
        one, two = pick(rng, [(a, b) for a, b in zip(all_, all_[1:]) if a.end() == b.start() and fits(a, b)])
        return source.raw[:one.start()] + two[0] + one[0] + source.raw[two.end():], one[1].decode()


def _kinds(one, two):
    return _is_wrap(one), _is_wrap(two)


_exchanged("wraps of a version the other way around", MEND, lambda a, b: _kinds(a, b) == (True, True))
_exchanged("a wrap before its version", MEND, lambda a, b: _kinds(a, b) == (False, True))
_exchanged("a wrap behind the next version", MEND, lambda a, b: _kinds(a, b) == (True, False))


@way("section: versions of a secret the other way around", MEND)
def versions_exchanged(source, rng):
    groups = []
    for found in _found(source):
        if _is_wrap(found):
            groups[-1] = (groups[-1][0], groups[-1][1], found.end())
        else:
            groups.append((found[1], found.start(), found.end()))
    (name, a, b), (_, c, d) = pick(rng, [(x, y) for x, y in zip(groups, groups[1:]) if x[0] == y[0] and x[2] == y[1]])
    return source.raw[:a] + source.raw[c:d] + source.raw[a:b] + source.raw[d:], name.decode()


@way("section: a version in another bucket than its secret's", MEND)
def apart(source, rng):
    """It has the head of its secret, so that the secret stands in two places."""
    groups = [found for found in _found(source) if not _is_wrap(found)]
    found = pick(rng, groups)
    end = next((f.start() for f in _found(source) if f.start() >= found.end() and not _is_wrap(f)), None)
    stop = source.raw.index(b"\n# ", found.start()) + 1
    end = min(end, stop) if end is not None else stop
    section, rest = source.raw[found.start():end], source.raw[:found.start()] + source.raw[end:]
    own = source.raw.rindex(b"\n# ", 0, found.start())
    marks = [m.end() for m in re.finditer(rb"^# [0-9a-f]{2}\n", rest, re.M) if m.start() != own + 1]
    at = pick(rng, marks)
    return rest[:at] + section + rest[at:], found[1].decode()
