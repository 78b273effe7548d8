"""Mutants of objects, wraps, envelopes, slots and readable copies, each with the copies fixed up."""

import copy

from vsecure import keys
from vsecure.encoding import encode
from vsecure.signing import key_id, public_of
from vsecure.writing import op, slot_line

from . import making
from .source import ACCEPT, MEND, REFUSE, NotHere, fixed, pick, text, way


def _secret(file, rng, test=lambda s: True):
    return pick(rng, [(u, s) for u, s in file.secrets.items() if test(s)])


def _two(file, rng):
    if len(file.secrets) < 2:
        raise NotHere
    return rng.sample(list(file.secrets.values()), 2)


def _placed(file, rng, *secrets):
    """Perhaps in the order that what was changed has now; says which."""
    again = rng.random() < 0.6
    for secret in secrets if again else ():
        making.computed(file, secret)
    return "in order" if again else "where it stood"


def _needed(source, file, rng):
    """(secret, object id) of a version that must be in the file."""
    return pick(rng, [(s, v.object) for s in file.secrets.values() if s.name in source.vault.secrets
                      for v in source.vault.secrets[s.name].versions.values() if not v.pruned])


def _drop(file, secret, found):
    secret.versions.pop(found, None)
    secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != found}
    file.secrets = {u: s for u, s in file.secrets.items() if s.versions}


@way("object removed")
def object_removed(source, rng):
    file = source.file()
    secret, found = _needed(source, file, rng)
    _drop(file, secret, found)
    return fixed(file), f"{secret.name} {encode(found)}"


@way("pruned object removed", ACCEPT)
def pruned_removed(source, rng):
    file = source.file()
    secret, found = pick(rng, [(s, v.object) for s in file.secrets.values() if s.name in source.vault.secrets
                               for v in source.vault.secrets[s.name].versions.values()
                               if v.pruned and v.object in s.versions])
    _drop(file, secret, found)
    return fixed(file), f"{secret.name} {encode(found)}"


@way("live wrap removed")
def wrap_removed(source, rng):
    file = source.file()
    secret, found = _needed(source, file, rng)
    del secret.wraps[source.vault.secrets[secret.name].versions[found].wrap]
    return fixed(file), secret.name


@way("wrap removed that is not live")
def old_wrap_removed(source, rng):
    file = source.file()
    other = {w for s in source.vault.secrets.values() for v in s.versions.values() if not v.pruned
             for w in v.wraps if w != v.wrap}
    secret, found = pick(rng, [(s, w) for s in file.secrets.values() for w in s.wraps if w in other])
    del secret.wraps[found]
    return fixed(file), secret.name


@way("secret removed")
def secret_removed(source, rng):
    file = source.file()
    uid = keys.secret_uid(file.vault, _needed(source, file, rng)[0].name)
    return fixed(_without(file, uid)), encode(uid)


def _without(file, uid):
    del file.secrets[uid]
    return file


@way("objects swapped between secrets")
def swapped(source, rng):
    file = source.file()
    one, two = _two(file, rng)
    a, b = pick(rng, one.versions), pick(rng, two.versions)
    one.versions[a], two.versions[b] = two.versions[b], one.versions[a]
    placed = _placed(file, rng, one, two)
    return fixed(file), f"{one.name} and {two.name}, {placed}"


@way("object moved to another secret")
def moved(source, rng):
    file = source.file()
    one, two = _two(file, rng)
    found = pick(rng, one.versions)
    two.versions[found] = one.versions[found]
    if rng.random() < 0.5:
        two.wraps.update({w: wrap for w, wrap in one.wraps.items() if wrap["version"] == found})
    placed = _placed(file, rng, two)
    return fixed(file), f"{one.name} to {two.name}, {placed}"


@way("wrap moved to another version", MEND)
def wrap_moved(source, rng):
    file = source.file()
    secret = pick(rng, [s for s in file.secrets.values() if len(s.versions) > 1 and s.wraps])
    found = pick(rng, secret.wraps)
    wrap = secret.wraps[found]
    wrap["version"] = pick(rng, [v for v in secret.versions if v != wrap["version"]])
    placed = _placed(file, rng, secret)
    return fixed(file), f"{secret.name}, {placed}"


@way("wrap changed")
def wrap_changed(source, rng):
    file = source.file()
    _, secret = _secret(file, rng, lambda s: s.wraps)
    found = pick(rng, secret.wraps)
    wrap, what = secret.wraps[found], rng.choice(["audience", "epoch", "bytes", "kind", "unknown epoch"])
    if what == "audience":
        wrap["audience"] = pick(rng, [a for a in file.audiences if a != wrap["audience"]])
    elif what == "epoch":
        wrap["epoch"] = pick(rng, [e for e, _ in file.audiences.values() if e != wrap["epoch"]])
    elif what == "unknown epoch":
        wrap["epoch"] = rng.randbytes(16)
    elif what == "bytes":
        wrap["bytes"] = rng.randbytes(len(wrap["bytes"]))
    else:
        wrap["kind"] = "sealed" if wrap["kind"] == "key" else "key"
    placed = _placed(file, rng, secret)
    return fixed(file), f"{secret.name}: {what}, {placed}"


@way("version changed")
def version_changed(source, rng):
    file = source.file()
    _, secret = _secret(file, rng)
    found, what = pick(rng, secret.versions), rng.choice(
        ["commitment", "ciphertext", "short", "author", "origin", "expires"])
    version = secret.versions[found]
    if what == "short":
        version["ciphertext"] = version["ciphertext"][:-1]
    elif what == "expires":
        version["expires"] = 1 if version["expires"] is None else rng.choice([None, version["expires"] + 1])
    else:
        version[what] = rng.randbytes(len(version[what]))
    placed = _placed(file, rng, secret)
    return (text if rng.random() < 0.5 else fixed)(file), f"{secret.name}: {what}, {placed}"


@way("object that no entry names")
def unnamed(source, rng):
    build = source.builder(rng)
    name = pick(rng, build.file.secrets.values()).name
    build.version(name, b"planted", rng.randbytes(32), rng.randbytes(32))
    return fixed(build.file), name


@way("wrap that no entry names")
def unnamed_wrap(source, rng):
    build = source.builder(rng)
    secret = pick(rng, build.file.secrets.values())
    audience, (epoch, _) = pick(rng, build.file.audiences.items())
    build.wrap(secret.name, pick(rng, secret.versions), rng.randbytes(32), audience, epoch, rng.randbytes(32))
    return fixed(build.file), secret.name


@way("wrap under another audience's epoch, named by an entry")
def wrong_epoch(source, rng):
    build, (name, current) = source.builder(rng), pick(rng, [(s.name, s.current) for s in source.live()])
    audience, (epoch, _) = pick(rng, build.file.audiences.items())
    other = pick(rng, [a for a in build.file.audiences if a != audience])
    wrap = build.wrap(name, current, rng.randbytes(32), other, epoch, rng.randbytes(32))
    who, seed = pick(rng, source.signers(lambda s, n: s.holds(n, "write", name) and s.holds(n, "read", name)))
    build.add_log(who, seed, [op("rewrap", secret=name, object=current, wrap=wrap)])
    return fixed(build.file), f"{name} by {who}"


@way("secret of a name that no entry names")
def unnamed_secret(source, rng):
    build = source.builder(rng)
    build.version("prod/planted", b"planted", rng.randbytes(32), rng.randbytes(32))
    return fixed(build.file), "prod/planted"


@way("secret renamed")
def renamed(source, rng):
    file = source.file()
    uid, secret = _secret(file, rng)
    secret.name = secret.name + ".x"
    if rng.random() < 0.5:
        del file.secrets[uid]
        file.secrets[keys.secret_uid(file.vault, secret.name)] = secret
        file.secrets = dict(sorted(file.secrets.items()))
    placed = _placed(file, rng, secret)
    return fixed(file), f"{secret.name}, {placed}"


@way("envelopes swapped")
def envelopes(source, rng):
    file = source.file()
    if len(file.audiences) < 2:
        raise NotHere
    one, two = rng.sample(list(file.audiences), 2)
    whole = rng.random() < 0.5
    a, b = file.audiences[one], file.audiences[two]
    file.audiences[one], file.audiences[two] = (b, a) if whole else ((a[0], b[1]), (b[0], a[1]))
    return fixed(file), f"{one} and {two}, {'with' if whole else 'without'} their epochs"


@way("audience changed")
def audience(source, rng):
    file = source.file()
    name, (epoch, envelope) = pick(rng, file.audiences.items())
    what = rng.choice(["dropped", "epoch", "envelope cut", "added", "renamed"])
    if what == "dropped":
        del file.audiences[name]
    elif what == "epoch":
        file.audiences[name] = (rng.randbytes(16), envelope)
    elif what == "envelope cut":
        file.audiences[name] = (epoch, envelope[:-1])
    elif what == "added":
        file.audiences["owner+zz"] = (rng.randbytes(16), envelope)
    else:
        del file.audiences[name]
        file.audiences["owner+zz"] = (epoch, envelope)
    file.audiences = dict(sorted(file.audiences.items()))
    return fixed(file), f"{name}: {what}"


def _replay(kind):
    """Marks a function (file, older, rng) → description that puts parts of an older file back."""
    def mark(change):
        @way(kind)
        def make(source, rng):
            if source.older is None:
                raise NotHere
            file = source.file()
            before, description = text(file), change(file, copy.deepcopy(source.older), rng, source)
            if text(file) == before:
                raise NotHere
            return fixed(file), description
        return make
    return mark


@_replay("older envelope replayed")
def _old_envelope(file, older, rng, source):
    name = pick(rng, [n for n in older.audiences if n in file.audiences and older.audiences[n] != file.audiences[n]])
    keep = rng.random() < 0.5
    file.audiences[name] = (file.audiences[name][0], older.audiences[name][1]) if keep else older.audiences[name]
    return f"{name}, {'without' if keep else 'with'} its epoch"


@_replay("older secret section replayed")
def _old_secret(file, older, rng, source):
    def lacks(uid):
        needed = source.vault.secrets[file.secrets[uid].name].versions.values()
        return any(not v.pruned and v.object not in older.secrets[uid].versions for v in needed)
    uid = pick(rng, [u for u in older.secrets if u in file.secrets and lacks(u)])
    file.secrets[uid] = older.secrets[uid]
    return file.secrets[uid].name


@_replay("older chain replayed")
def _old_chain(file, older, rng, source):
    file.policy = list(older.policy)
    if rng.random() < 0.5:
        file.audiences = dict(older.audiences)
    return "the chain of the older file, everything else kept"


@_replay("older log replayed")
def _old_log(file, older, rng, source):
    file.log = list(older.log)
    if rng.random() < 0.5:
        file.secrets = dict(older.secrets)
    return "the log of the older file, the chain kept"


@way("older file whole", ACCEPT)
def older_whole(source, rng):
    if source.older is None:
        raise NotHere
    return text(source.older), "an older file is valid by itself"


@way("copy changed")
def copy_changed(source, rng):
    file = source.file()
    what = rng.choice(["suite", "vault", "name"])
    if what == "suite":
        file.suite = "xchacha20poly1305-blake2"
    elif what == "vault":
        file.vault = rng.randbytes(32)
    else:
        file.name += "x"
    return text(file), what


@way("active said of none", MEND)
def emptied(source, rng):
    file = source.file()
    secret = pick(rng, [s for s in file.secrets.values() if s.active])
    secret.active = []
    return text(file), secret.name


@way("active said of an earlier version", MEND)
def earlier(source, rng):
    file = source.file()
    secret, found = pick(rng, [(s, v) for s in file.secrets.values() if s.active and s.name in source.vault.secrets
                               for v in source.vault.secrets[s.name].versions if v not in s.active and v in s.versions])
    secret.active = [found]
    return text(file), secret.name


@way("slot dropped", ACCEPT)
def slot_dropped(source, rng):
    file = source.file()
    del file.slots[pick(rng, file.slots)]
    return text(file), "nothing says which slots there must be"


def _slot_fields(**changed):
    fields = {"slot": encode(bytes(16)), "member": "", "label": "a slot", "kind": "passphrase", "recipient": "",
              "m": 19456, "t": 2, "p": 1, "salt": encode(bytes(16)), "nonce": encode(bytes(24)),
              "commitment": encode(bytes(32)), "ciphertext": encode(bytes(90)), "key": ""}
    return {**fields, **changed}


def _slot(kind, expect, change):
    @way(kind, expect)
    def make(source, rng):
        file = source.file()
        name, seed = pick(rng, source.signers())
        slot = rng.randbytes(16)
        recipient = source.head.members[name]["recipients"][0]
        fields = _slot_fields(slot=encode(slot), member=name, recipient=recipient, key=encode(key_id(public_of(seed))))
        description = change(source, rng, fields, name) or ""
        removed = fields.pop("removed", False)
        if removed:
            fields = {k: fields[k] for k in ("slot", "member", "key")}
        file.slots[slot] = slot_line("removed" if removed else "seal", fields, fields.pop("seed", seed))
        file.slots = dict(sorted(file.slots.items()))
        return text(file), description


def _cost(source, rng, fields, name):
    key, value = rng.choice([("m", 19455), ("m", 1048577), ("t", 1), ("t", 11), ("p", 0), ("p", 9)])
    fields[key] = value
    return f"{key} = {value}"


def _edge_cost(source, rng, fields, name):
    key, value = rng.choice([("m", 19456), ("m", 1048576), ("t", 10), ("p", 8)])
    fields[key] = value
    return f"{key} = {value}"


def _other_member(source, rng, fields, name):
    fields["member"] = pick(rng, [m for m in source.head.members if m != name])


def _unknown_key(source, rng, fields, name):
    fields["key"] = encode(rng.randbytes(32))


def _other_seed(source, rng, fields, name):
    fields["seed"] = rng.randbytes(32)


def _other_kind(source, rng, fields, name):
    fields["kind"] = "passkey"


_slot("slot added", ACCEPT, lambda *_: "")
_slot("slot removed record", ACCEPT, lambda s, r, f, n: f.update(removed=True))
_slot("slot cost out of range", REFUSE, _cost)
_slot("slot cost at the edge", ACCEPT, _edge_cost)
_slot("slot of another member", REFUSE, _other_member)
_slot("slot of an unknown key", REFUSE, _unknown_key)
_slot("slot signed by another key", REFUSE, _other_seed)
_slot("slot of an unknown kind", REFUSE, _other_kind)
_slot("slot for an SSH recipient", REFUSE, lambda s, r, f, n: f.update(recipient="ssh-ed25519 AAAA"))


@way("slot of a removed key", ACCEPT)
def stale(source, rng):
    file, slot = source.file(), rng.randbytes(16)
    name, seed, _ = pick(rng, source.removed())
    fields = {"slot": encode(slot), "member": name, "key": encode(key_id(public_of(seed)))}
    file.slots[slot] = slot_line("removed", fields, seed)
    file.slots = dict(sorted(file.slots.items()))
    return text(file), f"a stale slot of {name} is a notice"


@way("slot under another name")
def slot_renamed(source, rng):
    file = source.file()
    found = pick(rng, file.slots)
    file.slots[rng.randbytes(16)] = file.slots.pop(found)
    file.slots = dict(sorted(file.slots.items()))
    return text(file), "the section is not named after its record"
