"""What somebody makes look like git's work: records that are changed, foreign or missing, in any order."""

from vsecure import keys
from vsecure.encoding import decode, encode
from vsecure.log import short
from vsecure.records import log_entry, policy_entry
from vsecure.writing import op, slot_line

from . import blends, making
from .source import MEND, NotHere, REFUSE, pick

# A change of the file, then its records in any order.

def _forged(kind, expect=REFUSE):
    """Marks a function (source, rng, file) → (file or None, description) that changes records of the file."""
    def mark(change):
        @blends.blend(kind, expect)
        def make(source, rng):
            file = source.file()
            description = change(source, rng, file)
            return blends.blended(rng, file), description
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
    @_forged("active is " + kind)
    def make(source, rng, file):
        uid, secret = _some(file, rng)
        version = dict(other(source, rng, file, uid))
        found = keys.object_id(uid, version)
        secret.versions[found] = version
        secret.active = sorted({found} if rng.random() < 0.5 else {*secret.active, found})
        return f"{secret.name}: {encode(found)}"


_called("a version that nobody put", lambda s, r, file, uid: {
    **pick(r, file.secrets[uid].versions.values()), "ciphertext": r.randbytes(80)})
_called("a version of another secret", lambda s, r, file, uid: pick(
    r, [v for u, secret in file.secrets.items() if u != uid for v in secret.versions.values()]))


@blends.blend("active is a version that is only pending", REFUSE)
def pending_active(source, rng):
    build, name = source.builder(rng), pick(rng, source.live()).name
    who, seed = pick(rng, source.holders("write", name))
    entry = build.add_log(who, seed, [making.make(source, rng, build, "pending", name, bytes(32), seed)])
    found = build.log[entry].ops[0]["object"]
    making.section(build, name).active.append(found)
    making.section(build, name).active.sort()
    return blends.blended(rng, build.file), f"{name} by {who}"


@blends.blend("active is a version that is only resolved", REFUSE)
def resolved_active(source, rng):
    build, name = source.builder(rng), pick(rng, source.live()).name
    who, seed = pick(rng, source.holders("write", name))
    found = build.version(name, b"only resolved", rng.randbytes(32), seed)
    build.add_log(who, seed, [op("resolve", secret=name, object=found)])
    making.section(build, name).active = [found]
    return blends.blended(rng, build.file), f"{name} by {who}"


@_forged("a section under another name")
def _other_name(source, rng, file):
    _, secret = _some(file, rng)
    secret.name = pick(rng, [secret.name + ".x", *(s.name for s in file.secrets.values() if s is not secret)])
    return secret.name


@_forged("a wrap under another version", MEND)
def _other_version(source, rng, file):
    secret = pick(rng, [s for s in file.secrets.values() if len(s.versions) > 1 and s.wraps])
    wrap = pick(rng, secret.wraps.values())
    wrap["version"] = pick(rng, [found for found in secret.versions if found != wrap["version"]])
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
        @blends.blend("foreign: " + kind, REFUSE)
        def make(source, rng):
            build = source.builder(rng)
            return blends.blended(rng, *rng.sample([source.file(), _after(add, source, rng, build)], 2)), kind
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
    @blends.blend("two that differ: " + kind, REFUSE)
    def make(source, rng):
        file, other = source.file(), source.file()
        change(source, rng, other)
        return blends.blended(rng, *rng.sample([file, other], 2), doubles=False), kind


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
    @blends.blend("a line more: " + kind, REFUSE)
    def make(source, rng):
        header, parts = blends.sections(source.file())
        if not within:
            at = rng.randrange(len(parts) + 1)
            return blends.written(header, parts[:at] + [[line]] + parts[at:], rng), f"{line!r} between sections"
        part = pick(rng, [p for p in parts if p[0] not in ("[policy]", "[log]")])
        # Between a version and its wrap it is not within.
        part.insert(pick(rng, [at for at in range(1, len(part)) if not blends.WRAP.fullmatch(part[at])]), line)
        return blends.written(header, parts, rng), f"{line!r} in {part[0]}"


for _line in ("# a comment", "# 100", "# 0A", "#0A0", "#", "# ", "#00", " ", "x", "[extra]", "format = 1", "'''"):
    _with_line(repr(_line), _line)
for _line in ("", "# 00", "#000", "# a comment"):
    _with_line(f"{_line!r} within a section", _line, within=True)


@blends.blend("a separating line within the header", REFUSE)
def in_header(source, rng):
    header, parts = blends.sections(source.file())
    header.insert(rng.randrange(len(header)), blends.separator(rng))
    return blends.written(header, parts, rng), ""


def _wrap_at(kind, place, expect=MEND):
    """A wrap that stands elsewhere than under its version; `place` is (rng, the other parts, it) → parts."""
    @blends.blend("a wrap " + kind, expect)
    def make(source, rng):
        header, parts = blends.sections(source.file())
        apart = [(at, blends.apart(part)) for at, part in enumerate(parts)]
        at, (version, *wraps) = pick(rng, [(at, lines) for at, lines in apart if len(lines) > 1])
        wrap = pick(rng, wraps)
        parts[at] = [line for lines in (version, *(one for one in wraps if one is not wrap)) for line in lines]
        return blends.written(header, place(rng, parts, wrap), rng), wrap[0]


def _behind_another(rng, parts, wrap):
    name = wrap[0].replace(".wrap]]", "]]")
    at = pick(rng, [at for at, part in enumerate(parts) if part[0].startswith("[[") and part[0] != name])
    return parts[:at + 1] + [wrap] + parts[at + 1:]


def _beside(rng, parts, wrap):
    return parts + [[wrap[0].replace(".version.wrap]]", ".wrap]]"), f'version = "{encode(rng.randbytes(32))}"', *wrap[1:]]]


_wrap_at("before all versions", lambda rng, parts, wrap: [wrap, *parts])
_wrap_at("behind a version of another secret", _behind_another)
_wrap_at("that says which version it is of", _beside, REFUSE)
