"""What git leaves where it merges a vault as text: records in any order, or the marks of a conflict."""

import re
import subprocess
import tempfile
from pathlib import Path

from nacl import bindings

from vsecure import keys, signing
from vsecure.encoding import encode
from vsecure.log import short
from vsecure.records import log_entry, policy_entry
from vsecure.writing import op, slot_line

from . import making
from .sections import WRAP, together
from .source import GIT, MEND, REFUSE, UNFINISHED, NotHere, fixed, pick, text, way

_MARK = re.compile(r"#(?: [0-9a-f]{2}|[0-9a-f]{3})")


def sections(file):
    """The lines of the header, and those of each section, without empty lines and marks; a version's with its wraps."""
    header, *rest = together(text(file).decode()[:-1].split("\n\n"), "\n")
    return header.split("\n"), [[line for line in part.split("\n") if not _MARK.fullmatch(line)] for part in rest]


def blended(rng, *files, also=(), doubles=True):
    """The records of the files in one text, in any order: those of the first all, of the others what it lacks, and
    some twice. `also` are the lines of further sections."""
    header, kept = sections(files[0])
    kept += [list(part) for part in also]
    for file in files[1:]:
        kept += [part for part in sections(file)[1] if part not in kept]
    kept += [list(part) for part in kept if doubles and rng.random() < 0.1]
    rng.shuffle(kept)
    return written(header, [_shuffled(rng, part) for part in kept], rng)


def _shuffled(rng, part):
    """The lines of the chain or the log in any order, some twice."""
    if part[0] not in ("[policy]", "[log]"):
        return part
    inner = part[2:-1]
    inner += [line for line in inner if rng.random() < 0.1] + [separator(rng) for _ in range(3)]
    rng.shuffle(inner)
    return [*part[:2], *inner, part[-1]]


def separator(rng):
    return rng.choice(["", f"# {rng.randrange(256):02x}", f"#{rng.randrange(4096):03x}"])


def written(header, parts, rng):
    out = list(header)
    for part in parts:
        for line in part:
            if line == part[0] or WRAP.fullmatch(line):
                out += [separator(rng) for _ in range(rng.randrange(3))]
            out.append(line)
    return ("\n".join(out) + "\n").encode()


def blend(kind, expect):
    return way("blend: " + kind, expect)


def fixed_file(build):
    """The file with its readable copies recomputed."""
    fixed(build.file)
    return build.file


def _branch(source, rng):
    """The file with a new value of some secret, by somebody who may write it."""
    build = source.builder(rng)
    return build, f"by {_put(source, rng, build)}"


# What git does.

def _git(rng, base, ours, theirs):
    """What git leaves of two sides, which it does not know the driver for."""
    with tempfile.TemporaryDirectory() as held:
        names = [Path(held) / name for name in ("ours", "base", "theirs")]
        for path, raw in zip(names, (ours, base, theirs)):
            path.write_bytes(raw)
        style = rng.choice([[], ["--diff3"], ["--zdiff3"]])
        run = subprocess.run(["git", "merge-file", "-p", *style, *names], capture_output=True, check=False)
    if not 0 <= run.returncode < 128:
        raise NotHere
    return run.stdout, f"{run.returncode} conflicts"


@blend("git's own, of two branches", GIT)
def by_git(source, rng):
    sides = []
    for _ in range(2):
        build = source.builder(rng)
        for _ in range(rng.choice([1, 1, 3])):
            _put(source, rng, build)
        if rng.random() < 0.2:
            build.file.slots = {}
        sides.append(fixed(build.file))
    return _git(rng, source.raw, *sides)


@blend("git's own, of a branch and one that takes a key away", GIT)
def away_by_git(source, rng):
    one, two = source.builder(rng), source.builder(rng)
    who = _put(source, rng, one, lambda s, n: n not in s.roles["owner"])
    two.add_policy(_key_away(source, rng, who), list(dict(source.owners()).values()))
    return _git(rng, source.raw, *rng.sample([fixed(one.file), fixed(two.file)], 2))


def _put(source, rng, build, test=lambda state, name: True):
    name = pick(rng, source.live()).name
    who, seed = pick(rng, source.signers(lambda s, n: s.holds(n, "write", name) and test(s, n)))
    build.add_log(who, seed, [making.put(source, rng, build, name, seed)])
    return who


def _key_away(source, rng, who=None):
    fact = pick(rng, [f for f in source.head.keys.values() if f.member == who or (
        who is None and f.member not in source.head.roles["owner"])])
    return [op("key-remove", member=fact.member, device=fact.device, lost=False)]


@blend("a file in any order", MEND)
def any_order(source, rng):
    return blended(rng, source.file()), "every record, some twice"


@blend("two branches in any order", MEND)
def branches(source, rng):
    (one, a), (two, b) = _branch(source, rng), _branch(source, rng)
    return blended(rng, fixed_file(one), fixed_file(two)), f"{a}, {b}"


@blend("two branches, one of which takes a key away", MEND)
def removed_beside(source, rng):
    (one, a), two, away = _branch(source, rng), source.builder(rng), _key_away(source, rng)
    two.add_policy(away, list(dict(source.owners()).values()))
    return blended(rng, fixed_file(two), fixed_file(one)), f"{a}, without a key of {away[0]['key-remove']['member']}"


@blend("every record in its place, and what was active before", MEND)
def stale_copies(source, rng):
    build, description = _branch(source, rng)
    return text(build.file), description


@blend("a void version called active", MEND)
def void_active(source, rng):
    file, graph = source.file(), source.vault.graph
    found = [(op["secret"], op["object"]) for entry, n in source.vault.standing.ended
             for op in [graph.entries[entry].ops[n]] if op["op"] == "put"]
    name, version = pick(rng, [(n, v) for n, v in found if v in source.versions(n)])
    secret = file.secrets[keys.secret_uid(file.vault, name)]
    secret.active = sorted({*secret.active, version})
    return text(file), name


@blend("versions of several secrets called active", MEND)
def earlier_active(source, rng):
    file = source.file()
    for secret in file.secrets.values():
        put = [op["object"] for entry in source.vault.graph.entries.values() for op in entry.ops
               if op["op"] == "put" and op["secret"] == secret.name]
        secret.say_active(rng.sample(put, rng.randrange(len(put) + 1)))
    if file == source.file():
        raise NotHere
    return text(file), "by chance, all of them put"


@blend("a section of each kind twice", MEND)
def doubled(source, rng):
    header, parts = sections(source.file())
    kind = rng.choice(["[policy]", "[audience", "[slot", "[[secret", "[log]"])
    return written(header, parts + [pick(rng, [p for p in parts if p[0].startswith(kind)])], rng), kind


@blend("the log in two blocks, and the chain", MEND)
def halves(source, rng):
    header, parts = sections(source.file())
    for kind in ("[policy]", "[log]"):
        whole = next(part for part in parts if part[0] == kind)
        at = rng.randrange(2, len(whole))
        parts.append([*whole[:2], *whole[at:]])
        del whole[at:-1]
    return written(header, parts, rng), "cut by chance"


@blend("secrets before all else, wraps under their versions in any order, some twice", MEND)
def wraps_in_any_order(source, rng):
    header, parts = sections(source.file())
    parts = [shuffled_wraps(part, rng) for part in parts]
    return written(header, sorted(parts, key=lambda part: not part[0].startswith("[[")), rng), "secrets first"


def shuffled_wraps(part, rng):
    version, *wraps = apart(part)
    wraps += [wrap for wrap in wraps if rng.random() < 0.3]
    rng.shuffle(wraps)
    return [line for lines in (version, *wraps) for line in lines]


def apart(part):
    """The lines of a version, and those of each of its wraps."""
    starts = [0] + [at for at, line in enumerate(part) if WRAP.fullmatch(line)] + [len(part)]
    return [part[one:two] for one, two in zip(starts, starts[1:])]


@blend("wraps behind other sections than their versions", MEND)
def wraps_apart(source, rng):
    header, parts = sections(source.file())
    others = [part for part in parts if not part[0].startswith("[[")]
    versions = [part for part in parts if part[0].startswith("[[")]
    out = []
    for part in versions:
        version, *wraps = apart(part)
        out += [version, *([others.pop()] if others else []), *wraps]
    return written(header, out + others, rng), "between them what is of no secret"


@blend("a version twice, of which one is called active", MEND)
def half_active(source, rng):
    file, other = source.file(), source.file()
    secret = pick(rng, [s for s in other.secrets.values() if s.active])
    secret.active = []
    return blended(rng, *rng.sample([file, other], 2), doubles=False), secret.name


@blend("a slot and its removal", MEND)
def removal_of_slot(source, rng):
    file, other = source.file(), source.file()
    slot, line = pick(rng, [(s, l) for s, l in file.slots.items() if l.startswith('{"seal"')])
    name, seed = pick(rng, source.signers(lambda s, n: f'"member":"{n}"' in line))
    fields = {"slot": encode(slot), "member": name, "key": encode(making.key_of(seed))}
    other.slots[slot] = slot_line("removed", fields, seed)
    return blended(rng, *rng.sample([file, other], 2)), name


@blend("a policy entry that two signed, each copy by one", MEND)
def signed_apart(source, rng):
    build = source.builder(rng)
    owners, held = source.owners(), {signing.key_id(signing.public_of(seed)): seed for _, seed in source.owners()}
    if len(held) < 2:
        raise NotHere
    build.add_policy([op("setting", key="ttl", value="every")], [seed for _, seed in owners])
    line = build.file.policy[-1]
    sigs = [{k: encode(v) if isinstance(v, bytes) else v for k, v in s.items()} for s in policy_entry(line).sigs]
    body = line[:line.rindex(',"sigs":')]
    one, two = (f'{body},"sigs":[{{"key":"{s["key"]}","alg":"ed25519","sig":"{s["sig"]}"}}]}}' for s in sigs[:2])
    build.file.policy[-1] = one
    return blended(rng, build.file, also=[_block("policy", two)]), "a setting"


def _block(kind, *lines):
    return [f"[{kind}]", {"policy": "chain", "log": "entries"}[kind] + " = '''", *lines, "'''"]


def _again(seed, rng, digest):
    """Another signature by the key that holds: Ed25519 with a secret scalar by chance."""
    message, public = signing.TAGS["log"] + b"\0" + digest, signing.public_of(seed)
    scalar = bindings.crypto_hash_sha512(seed)[:32]
    scalar = bytes([scalar[0] & 248]) + scalar[1:31] + bytes([scalar[31] & 63 | 64])
    reduced = bindings.crypto_core_ed25519_scalar_reduce
    chance = reduced(rng.randbytes(64))
    point = bindings.crypto_scalarmult_ed25519_base_noclamp(chance)
    product = bindings.crypto_core_ed25519_scalar_mul(
        reduced(bindings.crypto_hash_sha512(point + public + message)), reduced(scalar + bytes(32)))
    return point + bindings.crypto_core_ed25519_scalar_add(product, chance)


def _two_signatures(kind, expect, other):
    """A log entry that stands there twice, once with another signature; the smaller one stays."""
    @blend("an entry with two signatures, " + kind, expect)
    def make(source, rng):
        file = source.file()
        entry = log_entry(pick(rng, file.log), file.vault)
        _, seed = pick(rng, [source.seeds[k] for k in [entry.key] if k in source.seeds])
        line = entry.line.replace(encode(entry.sig), encode(other(rng, seed, entry)))
        return blended(rng, file, also=[_block("log", line)]), short(entry.id)


_two_signatures("both of which hold", MEND, lambda r, seed, e: _again(seed, r, e.id))
_two_signatures("the greater of which does not hold", MEND, lambda r, seed, e: b"\xff" * 64)
_two_signatures("the smaller of which does not hold", REFUSE, lambda r, seed, e: bytes(64))


# Marks of conflicts: what stands between them is not looked at.

def _conflict(kind, expect, *marks, change=lambda raw: raw):
    """`marks` are lines in their order, parted by lines of the file."""
    @way("marks of git: " + kind, expect)
    def make(source, rng):
        lines = source.raw[:-1].split(b"\n")
        places = sorted(rng.choices(range(len(lines) + 1), k=len(marks)))
        for place, mark in reversed(list(zip(places, marks))):
            lines.insert(place, mark)
        return change(b"\n".join(lines) + b"\n"), f"behind lines {places}"


_OURS, _BASE, _PARTED, _THEIRS = b"<<<<<<< HEAD", b"||||||| 1a2b3c", b"=======", b">>>>>>> side (a 'subject')"
_conflict("a conflict", UNFINISHED, _OURS, _PARTED, _THEIRS)
_conflict("a conflict, with what both began from", UNFINISHED, _OURS, _BASE, _PARTED, _THEIRS)
_conflict("two conflicts", UNFINISHED, _OURS, _PARTED, _THEIRS, _OURS, _PARTED, _THEIRS)
_conflict("without names", UNFINISHED, b"<" * 7, b"=" * 7, b">" * 7)
_conflict("with lines ended by CRLF", UNFINISHED, *(mark + b"\r" for mark in (_OURS, _PARTED, _THEIRS)))
_conflict("not UTF-8", UNFINISHED, _OURS + b"\xff", _PARTED, _THEIRS)
_conflict("and the last never closed", UNFINISHED, _OURS, _PARTED, _THEIRS, _OURS)
_conflict("one opened twice", UNFINISHED, _OURS, _OURS, _PARTED, _THEIRS)
_conflict("of another format", UNFINISHED, _OURS, _PARTED, _THEIRS,
          change=lambda raw: raw.replace(b"format = 1", b"format = 2", 1))
_conflict("the last missing", REFUSE, _OURS, _PARTED)
_conflict("the middle missing", REFUSE, _OURS, _THEIRS)
_conflict("the first missing", REFUSE, _PARTED, _THEIRS)
_conflict("in another order", REFUSE, _PARTED, _OURS, _THEIRS)
_conflict("of eight signs", REFUSE, b"<" * 8, b"=" * 8, b">" * 8)
_conflict("with a name right behind", REFUSE, b"<<<<<<<HEAD", _PARTED, _THEIRS)
_conflict("behind a space", REFUSE, b" <<<<<<< HEAD", _PARTED, _THEIRS)
