"""What git leaves where it merges a vault as text, and what somebody makes look like it: all of it refused, and only
the first told to be git's work."""

import re

from nacl import bindings

from vsecure import keys, signing
from vsecure.encoding import decode, encode
from vsecure.log import short
from vsecure.records import log_entry, policy_entry
from vsecure.writing import op, slot_line

from . import making
from .source import MEND, REFUSE, UNFINISHED, NotHere, fixed, pick, text, way

_MARK = re.compile(r"#(?: [0-9a-f]{2}|[0-9a-f]{3})")


def sections(file):
    """The lines of the header, and those of each section, without empty lines and marks."""
    header, *rest = text(file).decode()[:-1].split("\n\n")
    return header.split("\n"), [[line for line in part.split("\n") if not _MARK.fullmatch(line)] for part in rest]


def blended(rng, *files, also=(), doubles=True):
    """The records of the files in one text, in any order: those of the first all, of the others what it lacks, and
    some twice. `also` are sections, or lines within the block that begins like the first of them."""
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
    inner += [line for line in inner if rng.random() < 0.1] + [_separator(rng) for _ in range(3)]
    rng.shuffle(inner)
    return [*part[:2], *inner, part[-1]]


def _separator(rng):
    return rng.choice(["", f"# {rng.randrange(256):02x}", f"#{rng.randrange(4096):03x}"])


def written(header, parts, rng):
    out = list(header)
    for part in parts:
        out += [_separator(rng) for _ in range(rng.randrange(3))] + part
    return ("\n".join(out) + "\n").encode()


def blend(kind, expect):
    return way("blend: " + kind, expect)


def _branch(source, rng):
    """The file with a new value of some secret, by somebody who may write it."""
    build, name = source.builder(rng), pick(rng, source.live()).name
    who, seed = pick(rng, source.holders("write", name))
    build.add_log(who, seed, [making.put(source, rng, build, name, seed)])
    return build, f"{name} by {who}"


# What git does.

@blend("a file in any order", MEND)
def any_order(source, rng):
    return blended(rng, source.file()), "every record, some twice"


@blend("two branches in any order", MEND)
def branches(source, rng):
    (one, a), (two, b) = _branch(source, rng), _branch(source, rng)
    return blended(rng, fixed_file(one), fixed_file(two)), f"{a}, {b}"


@blend("two branches, one of which takes a key away", MEND)
def removed_beside(source, rng):
    (one, a), two = _branch(source, rng), source.builder(rng)
    key, fact = pick(rng, [(k, f) for k, f in source.head.keys.items() if f.member not in source.head.roles["owner"]])
    owners = list({name: seed for name, seed in source.owners()}.values())
    two.add_policy([op("key-remove", member=fact.member, device=source.head.keys[key].device, lost=False)], owners)
    return blended(rng, fixed_file(two), fixed_file(one)), f"{a}, without a key of {fact.member}"


@blend("every record in its place, and what was active before", MEND)
def stale_copies(source, rng):
    build, description = _branch(source, rng)
    return text(build.file), description


@blend("a void version called active", MEND)
def void_active(source, rng):
    file, graph = source.file(), source.vault.graph
    found = [(op["secret"], op["object"]) for entry, n in source.vault.standing.ended
             for op in [graph.entries[entry].ops[n]] if op["op"] == "put"]
    name, version = pick(rng, found)
    secret = file.secrets[keys.secret_uid(file.vault, name)]
    secret.active = sorted({*secret.active, version})
    return text(file), name


@blend("versions of several secrets called active", MEND)
def earlier_active(source, rng):
    file = source.file()
    for secret in file.secrets.values():
        put = [op["object"] for entry in source.vault.graph.entries.values() for op in entry.ops
               if op["op"] == "put" and op["secret"] == secret.name]
        secret.active = sorted(set(rng.sample(put, rng.randrange(len(put) + 1))))
    if file == source.file():
        raise NotHere
    return text(file), "by chance, all of them put"


@blend("a section of each kind twice", MEND)
def doubled(source, rng):
    header, parts = sections(source.file())
    kind = rng.choice(["[policy]", "[audience", "[slot", "[secret", "[log]"])
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


@blend("versions and wraps before the heads of their secrets", MEND)
def heads_last(source, rng):
    header, parts = sections(source.file())
    return written(header, sorted(parts, key=lambda part: len(part[0].split(".")), reverse=True), rng), "heads last"


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


# What somebody does, and lays out like git's work: a change of the file, then its records in any order.

def _forged(kind):
    """Marks a function (source, rng, file) → (file or None, description) that changes records of the file."""
    def mark(change):
        @blend(kind, REFUSE)
        def make(source, rng):
            file = source.file()
            description = change(source, rng, file)
            return blended(rng, file), description
        return change
    return mark


def _flipped(rng, line, sig):
    wrong = bytearray(sig)
    wrong[rng.randrange(64)] ^= 1 << rng.randrange(8)
    return line.replace(encode(sig), encode(bytes(wrong)))


@_forged("a bit of an entry's signature flipped")
def _flip_log(source, rng, file):
    at = rng.randrange(len(file.log))
    file.log[at] = _flipped(rng, file.log[at], log_entry(file.log[at], file.vault).sig)
    return f"entry {at}"


@_forged("a bit of a policy entry's signature flipped")
def _flip_policy(source, rng, file):
    at = rng.randrange(len(file.policy))
    file.policy[at] = _flipped(rng, file.policy[at], policy_entry(file.policy[at]).sigs[0]["sig"])
    return f"entry {at}"


@_forged("a bit of a slot's signature flipped")
def _flip_slot(source, rng, file):
    slot = pick(rng, file.slots)
    line = file.slots[slot]
    file.slots[slot] = _flipped(rng, line, decode(line[line.rindex(':"') + 2:-3]))
    return encode(slot)


def _some(file, rng):
    return pick(rng, file.secrets.items())


def _called(kind, other):
    @_forged("active names " + kind)
    def make(source, rng, file):
        uid, secret = _some(file, rng)
        found = other(source, rng, file, uid)
        secret.active = sorted({found} if rng.random() < 0.5 else {*secret.active, found})
        return f"{secret.name}: {encode(found)}"


_called("an id by chance", lambda s, r, file, uid: r.randbytes(32))
_called("a version of another secret", lambda s, r, file, uid: pick(
    r, [v for u, secret in file.secrets.items() if u != uid for v in secret.versions]))
_called("the secret", lambda s, r, file, uid: uid)
_called("a wrap", lambda s, r, file, uid: pick(r, file.secrets[uid].wraps))


@blend("active names a version that is only pending", REFUSE)
def pending_active(source, rng):
    build, name = source.builder(rng), pick(rng, source.live()).name
    who, seed = pick(rng, source.holders("write", name))
    entry = build.add_log(who, seed, [making.put(source, rng, build, name, seed, kind="pending")])
    found = build.log[entry].ops[0]["object"]
    making.section(build, name).active.append(found)
    making.section(build, name).active.sort()
    return blended(rng, build.file), f"{name} by {who}"


@blend("active names a version that is only resolved", REFUSE)
def resolved_active(source, rng):
    build, name, found = source.builder(rng), pick(rng, source.live()).name, rng.randbytes(32)
    who, seed = pick(rng, source.holders("write", name))
    build.add_log(who, seed, [op("resolve", secret=name, object=found)])
    making.section(build, name).active = [found]
    return blended(rng, build.file), f"{name} by {who}"


@_forged("a section under another name")
def _other_name(source, rng, file):
    _, secret = _some(file, rng)
    secret.name = pick(rng, [secret.name + ".x", *(s.name for s in file.secrets.values() if s is not secret)])
    return secret.name


@_forged("a section under another uid")
def _other_uid(source, rng, file):
    uid, secret = _some(file, rng)
    del file.secrets[uid]
    file.secrets[rng.randbytes(32)] = secret
    return secret.name


@_forged("a version under another secret")
def _other_secret(source, rng, file):
    (a, one), (b, two) = rng.sample(list(file.secrets.items()), 2)
    found = pick(rng, one.versions)
    two.versions[found] = one.versions.pop(found)
    one.wraps = {w: wrap for w, wrap in one.wraps.items() if wrap["version"] != found}
    return f"{one.name} to {two.name}"


@_forged("a byte of a ciphertext changed")
def _ciphertext(source, rng, file):
    _, secret = _some(file, rng)
    version = secret.versions[pick(rng, secret.versions)]
    version["ciphertext"] = bytes([version["ciphertext"][0] ^ 1]) + version["ciphertext"][1:]
    return secret.name


@_forged("an entry left out")
def _entry_out(source, rng, file):
    inner = {p for e in source.vault.graph.entries.values() for p in e.parents}
    drop = pick(rng, inner)
    file.log = [line for line in file.log if log_entry(line, file.vault).id != drop]
    return short(drop)


@_forged("a version left out")
def _version_out(source, rng, file):
    state = pick(rng, source.live())
    secret = file.secrets[keys.secret_uid(file.vault, state.name)]
    del secret.versions[state.current]
    return state.name


@_forged("a wrap left out")
def _wrap_out(source, rng, file):
    state = pick(rng, source.live())
    del file.secrets[keys.secret_uid(file.vault, state.name)].wraps[state.versions[state.current].wrap]
    return state.name


@_forged("another name in the header")
def _header_name(source, rng, file):
    file.name += "x"
    return file.name


@_forged("an audience left out")
def _audience_out(source, rng, file):
    name = pick(rng, file.audiences)
    del file.audiences[name]
    return name


def _foreign(kind):
    """Marks a function (source, rng, build) → description that adds a record which nobody here made or may make."""
    def mark(add):
        @blend("foreign: " + kind, REFUSE)
        def make(source, rng):
            build = source.builder(rng)
            return blended(rng, *rng.sample([source.file(), _after(add, source, rng, build)], 2)), kind
        return add
    return mark


def _after(add, source, rng, build):
    add(source, rng, build)
    return build.file


@_foreign("an object")
def _object(source, rng, build):
    build.version(pick(rng, build.file.secrets.values()).name, b"planted", rng.randbytes(32), rng.randbytes(32))


@_foreign("a wrap")
def _wrap(source, rng, build):
    secret, (audience, (epoch, _)) = pick(rng, build.file.secrets.values()), pick(rng, build.file.audiences.items())
    build.wrap(secret.name, pick(rng, secret.versions), rng.randbytes(32), audience, epoch, rng.randbytes(32))


@_foreign("a secret")
def _secret(source, rng, build):
    build.version("prod/planted", b"planted", rng.randbytes(32), rng.randbytes(32))


@_foreign("an entry by a stranger")
def _stranger(source, rng, build):
    name = pick(rng, source.live()).name
    build.add_log("ada", rng.randbytes(32), [op("field", secret=name, field="type", value="x")])


@_foreign("an entry by one without the right")
def _no_right(source, rng, build):
    name = pick(rng, source.live()).name
    who, seed = pick(rng, source.holders("write", name, False))
    build.add_log(who, seed, [op("field", secret=name, field="type", value="x")])


@_foreign("a policy entry by one who may not")
def _no_owner(source, rng, build):
    who, seed = pick(rng, source.signers(lambda s, n: n not in s.roles["owner"]))
    build.add_policy([op("role-join", role="owner", member=who)], [seed])


@_foreign("a slot")
def _slot(source, rng, build):
    name, slot = pick(rng, source.signers())[0], rng.randbytes(16)
    seed = rng.randbytes(32)
    build.file.slots[slot] = slot_line("removed", {
        "slot": encode(slot), "member": name, "key": encode(making.key_of(seed))}, seed)


@_foreign("an audience")
def _audience(source, rng, build):
    build.file.audiences["owner+zz"] = (rng.randbytes(16), rng.randbytes(200))


def _contradicted(kind, change):
    """A section that stands there twice, with something else in one of the two, whichever comes first."""
    @blend("two that differ: " + kind, REFUSE)
    def make(source, rng):
        file, other = source.file(), source.file()
        change(source, rng, other)
        return blended(rng, *rng.sample([file, other], 2), doubles=False), kind


def _with_object(source, rng, file):
    version = pick(rng, [v for s in file.secrets.values() for v in s.versions.values()])
    version["ciphertext"] = version["ciphertext"][:-1] + bytes([version["ciphertext"][-1] ^ 1])


def _with_wrap(source, rng, file):
    wrap = pick(rng, [w for s in file.secrets.values() for w in s.wraps.values()])
    wrap["bytes"] = wrap["bytes"][:-1] + bytes([wrap["bytes"][-1] ^ 1])


def _with_envelope(source, rng, file):
    name, (epoch, envelope) = pick(rng, file.audiences.items())
    file.audiences[name] = (epoch, envelope[:-1] + bytes([envelope[-1] ^ 1]))


def _with_older_envelope(source, rng, file):
    if source.older is None:
        raise NotHere
    name = pick(rng, [n for n in source.older.audiences if source.older.audiences[n] != file.audiences.get(n)])
    file.audiences[name] = source.older.audiences[name]


def _with_name(source, rng, file):
    pick(rng, file.secrets.values()).name = "prod/other"


def _with_chain(source, rng, file):
    """Another entry in the place of the last one, by owners: git stops there, as the driver does."""
    build = source.builder(rng)
    build.policy.pop()
    file.policy.pop()
    build.file = file
    build.add_policy([op("setting", key="ttl", value="every")], list(dict(source.owners()).values()))


_contradicted("a version", _with_object)
_contradicted("a wrap", _with_wrap)
_contradicted("an envelope", _with_envelope)
_contradicted("an envelope, an older one", _with_older_envelope)
_contradicted("a secret's name", _with_name)
_contradicted("a policy entry", _with_chain)


# Lines that git has no part in.

def _with_line(kind, line, within=False):
    @blend("a line more: " + kind, REFUSE)
    def make(source, rng):
        header, parts = sections(source.file())
        if not within:
            at = rng.randrange(len(parts) + 1)
            return written(header, parts[:at] + [[line]] + parts[at:], rng), f"{line!r} between sections"
        part = pick(rng, [p for p in parts if p[0] not in ("[policy]", "[log]")])
        at = rng.randrange(1, len(part))
        part.insert(at, line)
        return written(header, parts, rng), f"{line!r} in {part[0]}"


for _line in ("# a comment", "# 100", "# 0A", "#0A0", "#", "# ", "#00", " ", "x", "[extra]", "format = 1", "'''"):
    _with_line(repr(_line), _line)
for _line in ("", "# 00", "#000", "# a comment"):
    _with_line(f"{_line!r} within a section", _line, within=True)


@blend("a separating line within the header", REFUSE)
def in_header(source, rng):
    header, parts = sections(source.file())
    header.insert(rng.randrange(len(header)), _separator(rng))
    return written(header, parts, rng), ""


@blend("a version or wrap without its secret", REFUSE)
def headless(source, rng):
    header, parts = sections(source.file())
    parts.remove(pick(rng, [p for p in parts if re.fullmatch(r"\[secret\.[^.]*\]", p[0])]))
    return written(header, parts, rng), ""


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


def fixed_file(build):
    """The file with its readable copies recomputed."""
    fixed(build.file)
    return build.file
