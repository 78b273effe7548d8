"""Ops of every kind, as those who may do them write them, and as those who may not would like to."""

from vsecure import keys, signing
from vsecure.encoding import encode
from vsecure.log import RIGHTS_NEEDED
from vsecure.recipients import bech32, ssh_text, symbols
from vsecure.writing import ids, op

from . import turning

KINDS = ("put", "field", "resolve", "restore", "remove", "expire", "prune", "rewrap", "pending", "rollout", "abort",
         "retire")


def may(state, who, kind, name):
    """Whether the member may do this kind of op on the secret, a put by the right to write."""
    return any(all(state.holds(who, right, name) for right in rights) for rights in RIGHTS_NEEDED[kind])


def section(build, name):
    return build.file.secrets[keys.secret_uid(build.file.vault, name)]


def computed(file, secret):
    """The ids of versions and wraps anew, where what they are of was changed, and all in the order of these."""
    uid = keys.secret_uid(file.vault, secret.name)
    ids_ = {found: keys.object_id(uid, version) for found, version in secret.versions.items()}
    wraps = [{**wrap, "version": ids_.get(wrap["version"], wrap["version"])} for wrap in secret.wraps.values()]
    secret.versions = dict(sorted((ids_[found], version) for found, version in secret.versions.items()))
    secret.wraps = dict(sorted((keys.wrap_id(wrap), wrap) for wrap in wraps))
    secret.say_active(ids_.get(found, found) for found in secret.active)


def fresh(source, rng, build, name, seed, good=True, value=None, sealed=False, **at):
    """A new version with its wrap, in the file: (object, wrap). A wrap that is not good opens nothing."""
    value = rng.randbytes(rng.choice([1, 8, 70])) if value is None else value
    dek = rng.randbytes(32)
    found = build.version(name, value, dek, seed, **at)
    return found, wrapped(source, rng, build, name, found, dek if good else rng.randbytes(32), sealed)


def wrapped(source, rng, build, name, found, dek, sealed=False):
    """A wrap under the current epoch of the secret's audience, or of the owners if that has none."""
    audience = source.head.audience_of(name)
    audience = audience if audience in build.file.audiences else "owner"
    epoch = build.file.audiences[audience][0]
    kek, _ = source.epochs.get((audience, epoch), (rng.randbytes(32), None))
    facts = source.head.audiences.get(audience)
    recipient = facts.epochs[epoch][0] if sealed and facts and epoch in facts.epochs else None
    return build.wrap(name, found, dek, audience, epoch, kek, recipient)


def put(source, rng, build, name, seed, replaces=None, same=None, adopts=None, **how):
    found, wrap = fresh(source, rng, build, name, seed, **how)
    return build.put_op(name, found, wrap, replaces=replaces, same=same, adopts=adopts)


def pending(source, rng, build, name, seed, base=None, rotation=None, nonce=None, **how):
    """The op that begins a rotation with a new version, or adds one to a rotation."""
    found, wrap = fresh(source, rng, build, name, seed, **how)
    stated = {"rotation": rotation} if rotation else {"nonce": nonce or rng.randbytes(16), "base": base}
    return build.put_op(name, found, wrap, "pending", **stated)


def copied(build, name, found, seed, expires=None, parents=None, kind="put", **more):
    """The op that puts the bytes of another's version as one's own, with the section that it derives and a
    wrap of the same bytes as the live one."""
    secret, author = section(build, name), key_of(seed)
    version = {**secret.versions[found], "author": author, "origin": build.origin(parents), "expires": expires}
    new = build.keep_version(name, version)
    wrap = dict(next(w for w in secret.wraps.values() if w["version"] == found), version=new)
    secret.wraps[keys.wrap_id(wrap)] = wrap
    secret.wraps = dict(sorted(secret.wraps.items()))
    return build.put_op(name, new, keys.wrap_id(wrap), kind, **more)


def make(source, rng, build, kind, name, found, seed, parents=None):
    """An op of this kind on a version of a secret."""
    if kind == "put":
        return put(source, rng, build, name, seed, parents=parents)
    if kind == "pending":
        return pending(source, rng, build, name, seed, found, parents=parents)
    if kind == "field":
        return op(kind, secret=name, field="description", value=rng.choice(["noted", "", None]))
    if kind in ("rollout", "abort"):  # of what began, if something did
        return turning.turn(rng, build.log, name, kind, set(build.log)) or op("abort", secret=name, rotation=rng.randbytes(16))
    if kind in ("restore", "remove", "prune", "retire"):
        return op(kind, secret=name, objects=ids([found]))
    if kind == "expire":
        return op(kind, secret=name, object=found, at=rng.choice([None, 1, rng.randrange(2**53)]))
    if kind == "rewrap":
        wraps = [w for w, wrap in section(build, name).wraps.items() if wrap["version"] == found]
        wrap = rng.choice(wraps) if wraps else rng.randbytes(32)
        return op(kind, secret=name, object=found, wrap=wrap)
    return op(kind, secret=name, object=found)


def drop(build, name, found):
    """Takes a version with its wraps out of the file."""
    secret = section(build, name)
    secret.versions.pop(found, None)
    secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != found}
    build.file.secrets = {u: s for u, s in build.file.secrets.items() if s.versions}


def key_of(seed):
    return signing.key_id(signing.public_of(seed))


def adopts(entry, number=0):
    return {"entry": encode(entry), "op": number}


def age(public):
    """The X25519 recipient of 32 bytes."""
    return bech32("age", symbols(public))


def x25519(rng):
    return age(montgomery(signing.public_of(rng.randbytes(32))))


def ssh(rng):
    return ssh_text("ssh-ed25519", signing.public_of(rng.randbytes(32)))


def plugin(rng, name, length=25):
    """A recipient of the plugin with so many bytes."""
    return bech32(f"age1{name}", symbols(rng.randbytes(length)))


def spellings(seed):
    """The X25519 recipient and the SSH recipient of one key."""
    public = signing.public_of(seed)
    return age(montgomery(public)), ssh_text("ssh-ed25519", public)


def montgomery(public):
    _, y = signing.decode_point(public)
    return ((1 + y) * pow(1 - y, -1, signing.P) % signing.P).to_bytes(32, "little")


def twisted(public):
    """The key with a point of order 8 added."""
    point = signing.add(signing.decode_point(public), signing.decode_point(bytes.fromhex(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")))
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")
