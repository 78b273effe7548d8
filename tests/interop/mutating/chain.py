"""Mutants of the policy chain: entries added, signed by the wrong people, or cut away."""

import random

import pyrage

from vsecure import keys, signing
from vsecure.encoding import H, encode
from vsecure.file import File
from vsecure.records import dump, policy_entry
from vsecure.writing import Builder, blank, op, policy_line

from . import making
from .source import ACCEPT, EITHER, MEND, REFUSE, NotHere, fixed, pick, text, way


def _owner_seeds(source):
    """One seed for each owner, so that any threshold that can be met is met."""
    return list({name: seed for name, seed in source.owners()}.values())


def _plain_member(source, rng):
    """Somebody who is not an owner."""
    return pick(rng, source.signers(lambda s, n: n not in s.roles["owner"]))


def _new_member(rng):
    identity = pyrage.x25519.Identity.generate()
    return f"new{rng.randrange(1000)}", str(identity.to_public()), rng.randbytes(32)


def _added(kind, expect, ops, wrong_signer=False, **more):
    """A policy entry appended: signed by the owners, or by one who may not."""
    @way("policy entry: " + kind, expect)
    def make(source, rng):
        build = source.builder(rng)
        made = ops(source, rng, build)
        seeds = [_plain_member(source, rng)[1]] if wrong_signer else _owner_seeds(source)
        build.add_policy(made, seeds, **{k: v(source, rng, build) for k, v in more.items()})
        return fixed(build.file), ", ".join(next(iter(o)) for o in made)


def _setting(key, value):
    return lambda s, r, b: [op("setting", key=key, value=value)]


def _member(s, r, b):
    name, recipient, seed = _new_member(r)
    return [op("member-add", member=name, kind="agent", recipients=[recipient]),
            b.key_add(name, "d", seed, recipient)]


def _member_key(**changed):
    """The key of a new member, with fields of its op changed after the proof was made."""
    def make(s, r, b):
        add, key = _member(s, r, b)
        key["key-add"].update({k: v(s, r, b) if callable(v) else v for k, v in changed.items()})
        return [add, key]
    return make


def _audience(s, r):
    return pick(r, [n for n in s.head.audiences if all(role in s.head.roles for role in n.split("+"))])


def _epoch(**changed):
    """A new epoch with an envelope that holds nothing: a verifier without keys cannot tell."""
    def make(s, r, b):
        name, envelope = changed.get("audience") or _audience(s, r), r.randbytes(200)
        epoch = changed["epoch"](s, r) if "epoch" in changed else r.randbytes(16)
        recipient = changed.get("recipient") or str(pyrage.x25519.Identity.generate().to_public())
        if name in b.file.audiences or "audience" not in changed:
            b.file.audiences[name] = (epoch, envelope)
        return [op("epoch", audience=name, epoch=epoch, recipient=recipient, kek=r.randbytes(32),
                   envelope=keys.envelope_id(envelope))]
    return make


def _reseal(current=True):
    def make(s, r, b):
        name, envelope = _audience(s, r), r.randbytes(200)
        epoch = b.file.audiences[name][0]
        b.file.audiences[name] = (epoch, envelope)
        return [op("reseal", audience=name, epoch=epoch if current else r.randbytes(16),
                   envelope=keys.envelope_id(envelope))]
    return make


def _last_owner(kind):
    def make(s, r, b):
        owners = sorted(s.head.roles["owner"])
        if kind == "member-remove":
            return [op(kind, member=n) for n in owners]
        return [op(kind, role="owner", member=n) for n in owners]
    return make


def _self_join(s, r, b):
    return [op("role-join", role="owner", member=pick(r, [n for n in s.head.members if n not in s.head.roles["owner"]]))]


def _removal(s, r, b):
    return [op("member-remove", member=pick(r, [n for n in s.head.members if n not in s.head.roles["owner"]]))]


def _due_reseal(s, r, b):
    """Somebody leaves an audience, which is resealed under the epoch that they know."""
    name = pick(r, [n for n in s.head.audiences if all(role in s.head.roles for role in n.split("+"))
                    and any(s.head.roles[role] for role in n.split("+") if role != "owner")])
    role = pick(r, [x for x in name.split("+") if x != "owner" and s.head.roles[x]])
    envelope, epoch = r.randbytes(200), b.file.audiences[name][0]
    b.file.audiences[name] = (epoch, envelope)
    return [op("role-leave", role=role, member=sorted(s.head.roles[role])[0]),
            op("reseal", audience=name, epoch=epoch, envelope=keys.envelope_id(envelope))]


def _other_recipient(make):
    return lambda s, r, b: [op("member-add", member="other", kind="user", recipients=[make(r)])]


def _back_and_reseal(s, r, b):
    name = pick(r, [n for n in s.head.audiences if all(role in s.head.roles for role in n.split("+")) and n != "owner"])
    role = next(x for x in name.split("+") if x != "owner")
    envelope, epoch = r.randbytes(200), b.file.audiences[name][0]
    b.file.audiences[name] = (epoch, envelope)
    return [op("role-remove", role=role), op("role-add", role=role),
            op("reseal", audience=name, epoch=epoch, envelope=keys.envelope_id(envelope))]


for _kind, _ops in {
    "an SSH recipient": _other_recipient(lambda r: making.ssh(r)),
    "a plugin's recipient of 62 characters": lambda s, r, b: [
        op("setting", key="plugins.allow", value="tpm"), *_other_recipient(lambda r: making.plugin(r, "tpm", 30))(s, r, b)],
    "allowed variables": _setting("variables.allow", "A,_b9*"),
    "strict variables": _setting("variables.strict", "on"),
    "a role that comes back": lambda s, r, b: [op("role-add", role="x"), op("role-remove", role="x"), op("role-add", role="x")],
    "a setting": _setting("ttl", "every"), "a setting unset": _setting("reads", ""), "a member": _member,
    "a setting of a later version": _setting("sync.remote", "each 5 minutes"),
    "a setting of a later version unset": _setting("server.url", ""), "a later rotation": _setting("rotation.x.Y-1", "0"),
    "a role": lambda s, r, b: [op("role-add", role="fresh"), op("grant", role="fresh", pattern="fresh/*", rights=["read", "grant"])],
    "a ref for rotations": _setting("rotation.via", "git origin refs/heads/main"), "no overlap": _setting("rotation.overlap", "0s"),
    "what a provider serves": _setting("provider.a.b.serves", "prod/*,test/DB"), "a provider unset": _setting("provider.db.kind", ""),
    "an epoch": _epoch(), "a reseal": _reseal(), "a removal": _removal,
    "a rebase": lambda s, r, b: [op("rebase", head=r.randbytes(32))],
    "a threshold of all owners": lambda s, r, b: [op("threshold", owners=len(s.head.roles["owner"]))],
    "a pattern of everything": lambda s, r, b: [op("role-add", role="fresh"), op("grant", role="fresh", pattern="*", rights=["write"])],
    "a pattern within the name": lambda s, r, b: [op("role-add", role="fresh"), op("grant", role="fresh", pattern=r.choice(["a*", "a/*", "a/b*", "a/b"]), rights=["read"])],
    "a long environment list": lambda s, r, b: [op("setting", key=f"env.e{n}.extends", value=f"e{n + 1}") for n in range(50)],
}.items():
    _added(_kind, ACCEPT, _ops)
for _kind, _ops in {
    "a setting": _setting("ttl", "every"), "joining owner": _self_join, "an owner removed": _last_owner("member-remove"),
    "a rebase": lambda s, r, b: [op("rebase", head=r.randbytes(32))],
    "grant on everything": lambda s, r, b: [op("role-add", role="x"), op("grant", role="x", pattern="*", rights=["read"])],
    "an epoch of owner": _epoch(audience="owner"), "a threshold": lambda s, r, b: [op("threshold", owners=1)],
}.items():
    _added(_kind + ", by one who may not", REFUSE, _ops, wrong_signer=True)
for _kind, _ops in {
    "the vault op again": lambda s, r, b: [op("vault", suite=keys.SUITE, nonce=r.randbytes(16), name="x", threshold=1)],
    "a threshold of none": lambda s, r, b: [op("threshold", owners=0)],
    "a threshold above the owners": lambda s, r, b: [op("threshold", owners=len(s.head.roles["owner"]) + 1)],
    "a threshold of 2^32": lambda s, r, b: [op("threshold", owners=2**32)],
    "the last owner removed": _last_owner("member-remove"), "the last owner leaves": _last_owner("role-leave"),
    "owner removed": lambda s, r, b: [op("role-remove", role="owner")],
    "a grant for owner": lambda s, r, b: [op("grant", role="owner", pattern="*", rights=["read"])],
    "an unknown role": lambda s, r, b: [op("grant", role="nobody", pattern="*", rights=["read"])],
    "a role that exists": lambda s, r, b: [op("role-add", role="owner")],
    "a member that exists": lambda s, r, b: [op("member-add", member=pick(r, s.head.members), kind="user", recipients=[_new_member(r)[1]])],
    "a revoke of what is not there": lambda s, r, b: [op("role-add", role="x"), op("revoke", role="x", pattern="*", rights=["read"])],
    "an unknown setting": _setting("colour", "red"), "a namespace alone": _setting("sync", "x"),
    "a namespace without a name": _setting("sync.", "x"), "a namespace in capitals": _setting("Sync.a", "x"),
    "a name that begins with a hyphen": _setting("report.-a", "x"), "a namespace nobody kept": _setting("reads.a", "x"), "a bad setting": _setting("ttl", "never"), "variables half strict": _setting("variables.strict", "off"),
    "every variable allowed": _setting("variables.allow", "*"), "a name and *": _setting("variables.allow", "A,*"),
    "a variable that begins with a digit": _setting("variables.allow", "9A"),
    "an epoch to a plugin": _epoch(recipient=making.plugin(random.Random(1), "tpm", 30)), "an epoch to SSH": _epoch(recipient=making.ssh(random.Random(1))),
    "a role added twice": lambda s, r, b: [op("role-add", role="x"), op("role-add", role="x")],
    "owners without keys": lambda s, r, b: [op("key-remove", member=k.member, device=k.device, lost=False)
                                            for k in s.head.keys.values() if k.member in s.head.roles["owner"]],
    "a due audience whose role comes back": _back_and_reseal,
    "a revoke for owner": lambda s, r, b: [op("revoke", role="owner", pattern="*", rights=["read"])],
    "a schedule of minutes": _setting("rotation.kek", "90m"), "a schedule of a lifetime": _setting("rotation.dek", "36501d"),
    "a path out of the project": _setting("scan.allow", "../a"), "every path": _setting("scan.allow", "*"),
    "a cost out of bounds": _setting("kdf", "m=1,t=3,p=4"), "a cost spelt otherwise": _setting("kdf", "m=262144,t=03,p=4"),
    "a branch for rotations": _setting("rotation.via", "git origin main"), "an overlap of years": _setting("rotation.overlap", "1y"),
    "a ref that git refuses": _setting("rotation.via", "git origin refs/heads/a..b"),
    "a ref that is no branch": _setting("rotation.via", "git origin refs/tags/rotations"), "a provider of nobody": _setting("provider.kind", "command"),
    "a provider's password": _setting("provider.db.password", "x"), "a program of the work tree": _setting("provider.db.program", "./rotate"),
    "retention of zero": _setting("retention.days", "0"), "an environment of itself": _setting("env.prod.extends", "prod"),
    "an environment in a ring": lambda s, r, b: [op("setting", key=f"env.{x}.extends", value=y) for x, y in (("q1", "q2"), ("q2", "q3"), ("q3", "q1"))],
    "an epoch used before": _epoch(epoch=lambda s, r: pick(r, s.vault.chain.every_epoch)),
    "an audience of an unknown role": _epoch(audience="nobody+owner"),
    "a reseal of another epoch": _reseal(False), "a reseal of a due audience": _due_reseal,
    "a key with a bad proof": _member_key(proof=lambda s, r, b: encode(r.randbytes(64))),
    "a key for another device": _member_key(device="elsewhere"),
    "a key sealed otherwise": _member_key(sealed=lambda s, r, b: encode(r.randbytes(80))),
    "a key of small order": _member_key(key=encode(b"\x01" + bytes(31))),
    "a key that is not canonical": _member_key(key=encode(b"\xf0" + b"\xff" * 30 + b"\x7f")),
    "a key for a recipient not the member's": _member_key(recipient=lambda s, r, b: _new_member(r)[1]),
    "a key known already": _member_key(key=lambda s, r, b: encode(pick(r, [k.public for k in s.vault.chain.every_key.values()]))),
    "an unknown member leaves": lambda s, r, b: [op("role-leave", role="owner", member="nobody")],
}.items():
    _added(_kind, REFUSE, _ops)


def _oldest(source, build):
    """An entry that is not all that the last policy entry knew."""
    known = source.vault.graph.reach(next(e.heads for e in reversed(source.vault.chain.entries) if e.heads))
    old = next(i for i in source.vault.graph.order if source.vault.graph.bit[i] & known)
    if not known & ~source.vault.graph.reach([old]):
        raise NotHere
    return old


def _raw(kind, ops):
    """A policy entry that a reader cannot even parse, signed by the owners as it stands."""
    @way("policy entry: " + kind)
    def make(source, rng):
        build = source.builder(rng)
        body = {"seq": len(build.policy), "prev": encode(build.policy[-1].id), "ts": build.now,
                "heads": [], "ops": blank(ops(rng)), "reason": ""}
        build.file.policy.append(policy_line(body, _owner_seeds(source)))
        return text(build.file), "signed as it stands"


def _with_recipients(*recipients):
    return lambda r: [{"member-add": {"member": "x", "kind": "user", "recipients": list(recipients)}}]


def _with_grant(pattern, *rights):
    return lambda r: [op("role-add", role="x"), {"grant": {"role": "x", "pattern": pattern, "rights": list(rights)}}]


_raw("a member without recipient", _with_recipients())
_raw("a recipient of a bad checksum", _with_recipients("age1" + "q" * 58))
_raw("a recipient that begins with a space", _with_recipients(" ssh-ed25519 AAAA"))
_raw("a recipient that ends with a space", _with_recipients("ssh-ed25519 AAAA "))
_raw("a recipient with a tab", _with_recipients("ssh-ed25519\tAAAA"))
_raw("a recipient of low order", _with_recipients("age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9"))
_raw("a recipient that is not canonical", _with_recipients("age1amlllllllllllllllllllllllllllllllllllllllllllllllalselrwrv"))
_raw("recipients out of order", lambda r: _with_recipients(*sorted((_new_member(r)[1] for _ in range(2)), reverse=True))(r))
_raw("a recipient twice", lambda r: _with_recipients(*[_new_member(r)[1]] * 2)(r))
_raw("17 recipients", lambda r: _with_recipients(*sorted(_new_member(r)[1] for _ in range(17)))(r))
_raw("rights out of order", _with_grant("*", "write", "read"))
_raw("no rights", _with_grant("*"))
_raw("a right twice", _with_grant("*", "read", "read"))
for _pattern in ("a", "**", "a*b", "*/x", "a/b/*", "", "-*", "/*", "a/-*", "a/b*c", "a/" + "b" * 129 + "*"):
    _raw(f"the pattern {_pattern[:8]!r}", _with_grant(_pattern, "read"))
_raw("an unknown kind of member", lambda r: [
    {"member-add": {"member": "x", "kind": "robot", "recipients": [_new_member(r)[1]]}}])
_raw("lost as a number", lambda r: [{"key-remove": {"member": "x", "device": "d", "lost": 1}}])
_raw("no ops", lambda r: [])
for _audience_name in ("dev", "owner+dev", "owner+owner", "owner+"):
    _raw(f"an audience {_audience_name}", lambda r, name=_audience_name: [op(
        "epoch", audience=name, epoch=bytes(16), recipient=_new_member(r)[1], kek=bytes(32), envelope=bytes(32))])
_added("a head that is not there", REFUSE, _setting("ttl", "every"), heads=lambda s, r, b: [r.randbytes(32)])
_added("a lower seq", REFUSE, _setting("ttl", "every"), seq=lambda s, r, b: len(b.policy) - 1)
_added("another prev", REFUSE, _setting("ttl", "every"), prev=lambda s, r, b: encode(r.randbytes(32)))
_added("an old head only", ACCEPT, _setting("ttl", "every"), heads=lambda s, r, b: [_oldest(s, b)])
_added("no heads, nothing removed", ACCEPT, _setting("ttl", "every"), heads=lambda s, r, b: [])
_added("no heads", EITHER, _removal, heads=lambda s, r, b: [])
_added("an old head only, a removal", EITHER, _removal, heads=lambda s, r, b: [_oldest(s, b)])


@way("policy entry signed by an unknown key")
def unknown(source, rng):
    build = source.builder(rng)
    build.add_policy([op("setting", key="ttl", value="every")], [*_owner_seeds(source), rng.randbytes(32)])
    return fixed(build.file), "next to the owners"


@way("policy entry signed by one more", ACCEPT)
def one_more(source, rng):
    build, (name, seed) = source.builder(rng), _plain_member(source, rng)
    build.add_policy([op("setting", key="ttl", value="every")], [*_owner_seeds(source), seed])
    return fixed(build.file), name


@way("policy entry signed by a removed key")
def removed(source, rng):
    build, (name, seed, _) = source.builder(rng), pick(rng, source.removed())
    build.add_policy([op("setting", key="ttl", value="every")], [*_owner_seeds(source), seed])
    return fixed(build.file), name


@way("last policy entry dropped", EITHER)
def dropped(source, rng):
    file = source.file()
    if len(file.policy) < 2:
        raise NotHere
    file.policy.pop()
    return fixed(file), "the chain before it is valid by itself"


@way("policy entry dropped")
def hole(source, rng):
    file = source.file()
    if len(file.policy) < 3:
        raise NotHere
    at = rng.randrange(len(file.policy) - 1)
    del file.policy[at]
    return fixed(file), f"entry {at}"


@way("policy entries swapped", MEND)
def swapped(source, rng):
    file = source.file()
    if len(file.policy) < 2:
        raise NotHere
    at = rng.randrange(len(file.policy) - 1)
    file.policy[at:at + 2] = reversed(file.policy[at:at + 2])
    return fixed(file), f"entries {at} and {at + 1}"


def _signatures(kind, change):
    """The last policy entry with its signatures changed; its id stays, so all else still fits."""
    @way("policy signatures: " + kind)
    def make(source, rng):
        file = source.file()
        entry = policy_entry(file.policy[-1])
        body = entry.line[:entry.line.rindex(',"sigs":')]
        sigs = [{"key": encode(s["key"]), "alg": s["alg"], "sig": encode(s["sig"])} for s in entry.sigs]
        file.policy[-1] = body + ',"sigs":' + dump(change(source, rng, entry, sigs)) + "}"
        return text(file), f"entry {entry.seq}"


def _other(source, rng, entry, sigs):
    name, seed = _plain_member(source, rng)
    return [{"key": encode(signing.key_id(signing.public_of(seed))), "alg": "ed25519",
             "sig": encode(signing.sign(seed, "policy", entry.id))}]


_signatures("none", lambda s, r, e, sigs: [])
_signatures("doubled", lambda s, r, e, sigs: sigs * 2)
_signatures("random", lambda s, r, e, sigs: [{**x, "sig": encode(r.randbytes(64))} for x in sigs])
_signatures("another algorithm", lambda s, r, e, sigs: [{**x, "alg": "rsa"} for x in sigs])
_signatures("another key", lambda s, r, e, sigs: [{**x, "key": encode(r.randbytes(32))} for x in sigs])
_signatures("17 of them", lambda s, r, e, sigs: sorted(
    ({**sigs[0], "key": encode(r.randbytes(32))} for _ in range(17)), key=lambda x: x["key"]))


@way("last policy entry altered, signed by one who may not")
def altered(source, rng):
    build = source.builder(rng)
    last = build.policy[-1]
    if len(build.policy) < 2:
        raise NotHere
    name, seed = _plain_member(source, rng)
    body = last.line[:last.line.rindex(',"sigs":')] + "}"
    new = body.replace('"reason":"', '"reason":"x ')
    found = H("policy entry", new)
    sig = [{"key": encode(signing.key_id(signing.public_of(seed))), "alg": "ed25519",
            "sig": encode(signing.sign(seed, "policy", found))}]
    build.file.policy[-1] = new[:-1] + ',"sigs":' + dump(sig) + "}"
    if not any("setting" in o["op"] or o["op"] in ("epoch", "reseal", "member-remove") for o in last.ops):
        raise NotHere
    return text(build.file), f"by {name}"


@way("another genesis, same everything else")
def genesis(source, rng):
    file = source.file()
    seed, (_, recipient, _) = rng.randbytes(32), _new_member(rng)
    build = source.builder(rng)
    build.policy, build.file.policy = [], []
    build.add_policy([op("vault", suite=keys.SUITE, nonce=rng.randbytes(16), name=file.name, threshold=1),
                      op("member-add", member="eve", kind="user", recipients=[recipient]),
                      build.key_add("eve", "d", seed, recipient), op("role-join", role="owner", member="eve")], [seed], heads=[])
    build.file.policy += file.policy[1:]
    return fixed(build.file), "eve's"


def _genesis(kind, expect, ops, **more):
    """A whole new vault of one entry."""
    @way("genesis: " + kind, expect)
    def make(source, rng):
        build, seed, (_, recipient, _) = Builder(File("", b"", ""), rng), rng.randbytes(32), _new_member(rng)
        build.file.suite, build.file.name = keys.SUITE, "new"
        vault = {"suite": keys.SUITE, "nonce": rng.randbytes(16), "name": "new", "threshold": 1}
        made = [op("vault", **vault), op("member-add", member="eve", kind="user", recipients=[recipient]),
                build.key_add("eve", "d", seed, recipient), op("role-join", role="owner", member="eve")]
        build.add_policy(ops(made, rng, build, recipient), [seed], **more)
        return fixed(build.file), "a whole new vault"


def _threshold(number):
    def make(made, *_):
        made[0]["vault"]["threshold"] = number
        return made
    return make


def _suite(made, *_):
    made[0]["vault"]["suite"] = "rot13"
    return made


def _with_epoch(made, rng, build, recipient):
    envelope = rng.randbytes(200)
    build.file.audiences["owner"] = (bytes(16), envelope)
    return [*made, op("epoch", audience="owner", epoch=bytes(16), recipient=recipient, kek=bytes(32),
                      envelope=keys.envelope_id(envelope))]


_genesis("an epoch", REFUSE, _with_epoch)
_genesis("threshold of 2^32", REFUSE, _threshold(2**32))
_genesis("nothing wrong", ACCEPT, lambda made, *_: made)
_genesis("threshold 0", REFUSE, _threshold(0))
_genesis("threshold above the owners", REFUSE, _threshold(2))
_genesis("a threshold op", REFUSE, lambda made, *_: [*made, op("threshold", owners=1)])
_genesis("unknown suite", REFUSE, _suite)
_genesis("no owner", REFUSE, lambda made, *_: made[:-1])
_genesis("no vault op", REFUSE, lambda made, *_: made[1:])
_genesis("vault op second", REFUSE, lambda made, *_: [made[1], made[0], *made[2:]])
_genesis("vault op twice", REFUSE, lambda made, *_: [made[0], *made])
_genesis("key before its member", REFUSE, lambda made, *_: [made[0], made[2], made[1], made[3]])
_genesis("seq 1", REFUSE, lambda made, *_: made, seq=1)
_genesis("a prev", REFUSE, lambda made, *_: made, prev=encode(bytes(32)))
