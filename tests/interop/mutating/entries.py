"""Mutants of the log: entries signed well by those who may not, and entries cut away or added."""

from vsecure import keys, signing
from vsecure.encoding import encode
from vsecure.log import JOINS
from vsecure.records import log_entry
from vsecure.writing import ids, log_line, op

from . import making, turning
from .source import ACCEPT, EITHER, REFUSE, NotHere, fixed, pick, text, way

_ORDER = 2**252 + 27742317777372353535851937790883648493


def _target(source, rng):
    state = pick(rng, source.live())
    return state.name, state.current


def _note(name, value="noted"):
    return op("field", secret=name, field="description", value=value)


@way("entry added", ACCEPT)
def added(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    begun = [kind for kind in making.KINDS if kind not in ("rollout", "abort") or turning.rotations(build.log, name)]
    kind = rng.choice(begun)
    who, seed = pick(rng, source.signers(lambda s, n: making.may(s, n, kind, name) and s.holds(n, "read", name)))
    build.add_log(who, seed, [making.make(source, rng, build, kind, name, current, seed)])
    return fixed(build.file), f"{kind} {name} by {who}"


@way("entry added on a branch", ACCEPT)
def branched(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("write", name))
    some = rng.sample(sorted(build.log), min(len(build.log), rng.choice([1, 2])))
    build.add_log(who, seed, [op("resolve", secret=name, object=current), _note(name, rng.randbytes(4).hex())],
                  parents=some)
    return fixed(build.file), f"{name} by {who}, {len(some)} parents"


@way("entry added with no parent", ACCEPT)
def rootless(source, rng):
    build, (name, _) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("write", name))
    build.add_log(who, seed, [_note(name)], parents=[])
    return fixed(build.file), f"{name} by {who}"


@way("concurrent puts", ACCEPT)
def concurrent(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("write", name))
    heads = build.heads()
    for value in (b"one", b"two"):
        item = making.put(source, rng, build, name, seed, value=value, parents=heads)
        build.add_log(who, seed, [item], parents=heads)
    return fixed(build.file), f"{name} by {who}: a conflict"


@way("entry by one without the right")
def no_right(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    kind = rng.choice(making.KINDS)
    who, seed = pick(rng, source.signers(lambda s, n: not making.may(s, n, kind, name)
                                         and not (kind == "put" and s.holds(n, "rotate", name))))
    build.add_log(who, seed, [making.make(source, rng, build, kind, name, current, seed)])
    return fixed(build.file), f"{kind} {name} by {who}"


def _rotator(source, rng, name):
    return pick(rng, source.signers(lambda s, n: s.holds(n, "rotate", name) and not s.holds(n, "write", name)))


@way("rotation of what no ancestor puts")
def bad_rotation(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = _rotator(source, rng, name)
    ops = [making.put(source, rng, build, name, seed, ids([current]), parents=[]) for _ in range(rng.choice([1, 2]))]
    build.add_log(who, seed, ops, parents=[])
    return fixed(build.file), f"{name} by {who}, {len(ops)} puts"


@way("rotation that does not say what it replaces", ACCEPT)
def silent_rotation(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = _rotator(source, rng, name)
    replaces = rng.choice([None, ids([rng.randbytes(32)]), ids([pick(rng, source.vault.secrets[name].versions)])])
    build.add_log(who, seed, [making.put(source, rng, build, name, seed, replaces)])
    return fixed(build.file), f"{name} by {who}"


@way("join by one with a single right", ACCEPT)
def join(source, rng):
    build = source.builder(rng)
    who, seed = pick(rng, source.signers(lambda s, n: any(have & JOINS for _, have in s.grants_of(n))))
    parents = rng.choice([None, [], [pick(rng, sorted(build.log))]])
    build.add_log(who, seed, [op("join")] * rng.choice([1, 2]), parents=parents)
    return fixed(build.file), who


@way("join by one who may only read")
def join_by_reader(source, rng):
    build = source.builder(rng)
    who, seed = pick(rng, source.signers(lambda s, n: not any(have & JOINS for _, have in s.grants_of(n))))
    build.add_log(who, seed, [op("join")])
    return fixed(build.file), who


@way("rotation", ACCEPT)
def rotation(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = _rotator(source, rng, name)
    build.add_log(who, seed, [making.put(source, rng, build, name, seed, ids([current]))])
    return fixed(build.file), f"{name} by {who}"


@way("checkpoint by one without grant on *")
def checkpoint(source, rng):
    build = source.builder(rng)
    who, seed = pick(rng, source.signers(lambda s, n: not s.holds_over(n, "grant", "*")))
    build.add_log(who, seed, [op("checkpoint", segment=rng.randbytes(32), heads=ids(build.heads()))])
    return fixed(build.file), who


@way("entry by an unknown key")
def unknown_key(source, rng):
    build, (name, _) = source.builder(rng), _target(source, rng)
    who, _ = pick(rng, source.holders("write", name))
    build.add_log(who, rng.randbytes(32), [_note(name)])
    return fixed(build.file), f"as {who}"


@way("entry under another's name")
def other_name(source, rng):
    build, (name, _) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("write", name))
    other = pick(rng, [m for m in source.head.members if m != who] + ["nobody"])
    build.add_log(other, seed, [_note(name)])
    return fixed(build.file), f"{who} as {other}"


@way("entry by a removed member, at the head")
def removed_now(source, rng):
    build, (name, _) = source.builder(rng), _target(source, rng)
    who, seed, _ = pick(rng, source.removed())
    build.add_log(who, seed, [_note(name)])
    return fixed(build.file), who


def _backdated(source, rng, build, parents):
    name, _ = _target(source, rng)
    who, seed, at = pick(rng, source.removed())
    if not source.vault.chain.states[at].holds(who, "write", name):
        raise NotHere
    build.add_log(who, seed, [_note(name, "backdated")], parents=parents, policy=build.policy[at].id)
    return f"{who} on {name} at policy {at}"


@way("entry backdated by a removed member: void", ACCEPT)
def backdated(source, rng):
    build = source.builder(rng)
    _, _, at = pick(rng, source.removed())
    known = [i for i, e in build.log.items() if source.vault.graph.policy_position(e) <= at]
    return _done(build, _backdated(source, rng, build, rng.sample(sorted(known), min(1, len(known)))))


def _done(build, description):
    return fixed(build.file), description


@way("entry backdated by a removed member, on later parents")
def backdated_late(source, rng):
    build = source.builder(rng)
    _, _, at = pick(rng, source.removed())
    late = [i for i, e in build.log.items() if source.vault.graph.policy_position(e) > at]
    return _done(build, _backdated(source, rng, build, [pick(rng, late)]))


@way("prune by a removed member, object gone")
def void_prune(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed, at = pick(rng, source.removed())
    if not source.vault.chain.states[at].holds(who, "delete", name):
        raise NotHere
    build.add_log(who, seed, [op("prune", secret=name, objects=ids([current]))], parents=[],
                  policy=build.policy[at].id)
    secret = build.file.secrets[keys.secret_uid(build.file.vault, name)]
    del secret.versions[current]
    secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != current}
    build.file.secrets = {u: s for u, s in build.file.secrets.items() if s.versions}
    return fixed(build.file), f"{name} is lost"


@way("prune, object gone", ACCEPT)
def prune(source, rng):
    build, (name, current) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("delete", name))
    build.add_log(who, seed, [op("prune", secret=name, objects=ids([current]))])
    secret = build.file.secrets[keys.secret_uid(build.file.vault, name)]
    del secret.versions[current]
    secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != current}
    build.file.secrets = {u: s for u, s in build.file.secrets.items() if s.versions}
    return fixed(build.file), f"{name} by {who}"


def _changed(kind, expect, change):
    """A new entry by one who may, with fields of the entry changed before it is signed."""
    @way("entry with " + kind, expect)
    def make(source, rng):
        build, (name, current) = source.builder(rng), _target(source, rng)
        who, seed = pick(rng, source.holders("write", name))
        more = change(source, rng, build, name, current, seed)
        ops = more.pop("ops", [_note(name)])
        build.add_log(who, seed, ops, **more)
        return fixed(build.file), f"{name} by {who}"


def _lamport(step):
    return lambda s, r, b, n, c, seed: {"lamport": 1 + max(b.log[h].lamport for h in b.heads()) + step}


def _one_old_parent(source, rng, build, name, current, seed):
    if len(build.log) < 2:
        raise NotHere
    low = min(build.log.values(), key=lambda e: e.lamport)
    return {"parents": [low.id], "lamport": 1 + max(e.lamport for e in build.log.values())}


_changed("lamport too high", REFUSE, _lamport(1))
_changed("lamport too low", REFUSE, _lamport(-1))
_changed("a parent dropped, lamport kept", REFUSE, _one_old_parent)
_changed("a parent that is not there", REFUSE, lambda s, r, b, n, c, seed: {
    "parents": b.heads() + [r.randbytes(32)]})
_changed("an unknown policy", REFUSE, lambda s, r, b, n, c, seed: {"policy": r.randbytes(32)})
_changed("the policy of genesis", REFUSE, lambda s, r, b, n, c, seed: {"policy": b.policy[0].id})
_changed("a version that does not exist", ACCEPT, lambda s, r, b, n, c, seed: {
    "ops": [op("resolve", secret=n, object=r.randbytes(32))]})
_changed("an object that is not in the file", REFUSE, lambda s, r, b, n, c, seed: {
    "ops": [op("put", secret=n, body=r.randbytes(32), wrap=r.randbytes(32))]})
_changed("a wrap that is not in the file", REFUSE, lambda s, r, b, n, c, seed: {
    "ops": [op("rewrap", secret=n, object=c, wrap=r.randbytes(32))]})
_changed("an expiry", ACCEPT, lambda s, r, b, n, c, seed: {
    "ops": [making.put(s, r, b, n, seed, expires=r.randrange(2**53))]})
_changed("1,000 ops", ACCEPT, lambda s, r, b, n, c, seed: {"ops": [_note(n)] * 1000})
_changed("a value of 4,096 bytes", ACCEPT, lambda s, r, b, n, c, seed: {"ops": [_note(n, "x" * 4096)]})
_changed("two puts of one version", ACCEPT, lambda s, r, b, n, c, seed: {
    "ops": [making.put(s, r, b, n, seed)] * 2})


@way("entry with the object of another secret")
def other_object(source, rng):
    build = source.builder(rng)
    if len(source.live()) < 2:
        raise NotHere
    one, two = rng.sample(source.live(), 2)
    who, seed = pick(rng, source.holders("write", one.name))
    version = making.section(build, two.name).versions[two.current]
    build.add_log(who, seed, [op("put", secret=one.name, body=keys.body_id(version), expires=version["expires"],
                                 wrap=two.versions[two.current].wrap)])
    return fixed(build.file), f"{two.name} as {one.name}"


def _raw(kind, change):
    """A new entry whose parsed line could not be built as a proper one, signed as it stands."""
    @way("entry with " + kind)
    def make(source, rng):
        build, (name, current) = source.builder(rng), _target(source, rng)
        who, seed = pick(rng, source.holders("write", name))
        heads = build.heads()
        body = {"parents": ids(heads), "lamport": 1 + max(build.log[h].lamport for h in heads),
                "policy": encode(build.policy[-1].id), "actor": who,
                "key": encode(signing.key_id(signing.public_of(seed))), "ts": build.now, "ops": [_note(name)],
                "reason": ""}
        change(rng, body, name, current)
        line = log_line(body, seed)
        found = keys.H("log entry", line[:line.rindex(',"sig":')] + "}")
        lines = {**{i: e.line for i, e in build.log.items()}, found: line}
        build.file.log = [lines[i] for i in sorted(lines)]
        return text(build.file), f"{name} by {who}"


def raw_op(kind, made):
    """The same, of one op."""
    _raw(kind, lambda rng, body, name, current: body.update(ops=[made(rng, name, current)]))


_raw("a parent twice", lambda r, b, n, c: b.update(parents=b["parents"][:1] * 2))
_raw("parents out of order", lambda r, b, n, c: b.update(parents=[encode(b"\xff" * 32), encode(bytes(32))]))
_raw("1,001 ops", lambda r, b, n, c: b.update(ops=[_note(n)] * 1001))
_raw("257 parents", lambda r, b, n, c: b.update(parents=ids(r.randbytes(32) for _ in range(257))))
_raw("no ops", lambda r, b, n, c: b.update(ops=[]))
_raw("a value of 4,097 bytes", lambda r, b, n, c: b.update(ops=[_note(n, "x" * 4097)]))
_raw("an empty list of objects", lambda r, b, n, c: b.update(ops=[{"remove": {"secret": n, "objects": []}}]))
_raw("an object twice", lambda r, b, n, c: b.update(ops=[{"restore": {"secret": n, "objects": [encode(c)] * 2}}]))
_raw("1,001 objects", lambda r, b, n, c: b.update(
    ops=[{"restore": {"secret": n, "objects": ids(r.randbytes(32) for _ in range(1001))}}]))
_raw("an unknown field", lambda r, b, n, c: b.update(ops=[op("field", secret=n, field="colour", value="red")]))
_raw("a tag without a name", lambda r, b, n, c: b.update(ops=[op("field", secret=n, field="tag.", value="red")]))
_raw("a bad secret name", lambda r, b, n, c: b.update(ops=[_note(r.choice(["prod", "a/b/c", "-a/b", "a/-b", "/b", "a/", "a/é"]))]))
_raw("a negative time", lambda r, b, n, c: b.update(ts=-1))
_raw("a join of something", lambda r, b, n, c: b.update(ops=[{"join": {"secret": n}}]))
_raw("two kinds in an op", lambda r, b, n, c: b.update(ops=[{**_note(n), "resolve": {"secret": n, "object": encode(c)}}]))


@way("entry with its secret's name in another case", EITHER)
def other_case(source, rng):
    build, (name, _) = source.builder(rng), _target(source, rng)
    who, seed = pick(rng, source.holders("write", name.upper()))
    build.add_log(who, seed, [_note(name.upper())])
    return fixed(build.file), f"{name.upper()} is another secret"


def _signature(kind, change):
    @way("signature " + kind)
    def make(source, rng):
        build, (name, _) = source.builder(rng), _target(source, rng)
        who, seed = pick(rng, source.holders("write", name))
        found = build.add_log(who, seed, [_note(name)])
        line = build.log[found].line
        old = build.log[found].sig
        new = change(rng, old, seed, found)
        build.file.log = [l.replace(encode(old), encode(new)) if l == line else l for l in build.file.log]
        return fixed(build.file), f"{name} by {who}"


_signature("with S above the order", lambda r, old, seed, i: old[:32] + (
    int.from_bytes(old[32:], "little") + _ORDER).to_bytes(32, "little"))
_signature("under the tag of a policy entry", lambda r, old, seed, i: signing.sign(seed, "policy", i))
_signature("by another key", lambda r, old, seed, i: signing.sign(r.randbytes(32), "log", i))
_signature("of zeros", lambda r, old, seed, i: bytes(64))
_signature("with R of small order", lambda r, old, seed, i: b"\x01" + bytes(31) + old[32:])


def _leaf(source, rng):
    """A head of the log that no policy entry knew, by somebody whose seed is here."""
    known = {h for e in source.vault.chain.entries for h in e.heads}
    graph = source.vault.graph
    parents = {p for e in graph.entries.values() for p in e.parents}
    return pick(rng, [e for e in graph.entries.values()
                      if e.id not in parents and e.id not in known and e.key in source.seeds])


def _edited(source, rng, leaf, change, sign_again=True):
    build = source.builder(rng)
    body = leaf.line[:leaf.line.rindex(',"sig":')] + "}"
    new = change(body)
    if new == body:
        raise NotHere
    seed = source.seeds[leaf.key][1]
    found = keys.H("log entry", new)
    sig = signing.sign(seed, "log", found) if sign_again else leaf.sig
    lines = {i: e.line for i, e in build.log.items() if i != leaf.id}
    lines[found] = new[:-1] + f',"sig":"{encode(sig)}"}}'
    build.file.log = [lines[i] for i in sorted(lines)]
    return fixed(build.file)


@way("reason altered, signed again", ACCEPT)
def reason(source, rng):
    leaf = _leaf(source, rng)
    return _edited(source, rng, leaf, lambda b: b.replace('"reason":"', f'"reason":"{rng.randbytes(3).hex()} ')), leaf.actor


@way("reason altered, not signed again")
def reason_unsigned(source, rng):
    leaf = _leaf(source, rng)
    return _edited(source, rng, leaf, lambda b: b.replace('"reason":"', '"reason":"x '), False), leaf.actor


@way("actor altered, signed by another")
def actor(source, rng):
    leaf = _leaf(source, rng)
    name, seed = pick(rng, [v for k, v in source.seeds.items() if k != leaf.key and v[0] != leaf.actor])
    old = encode(leaf.key)
    new = encode(signing.key_id(signing.public_of(seed)))
    build = _edited(source, rng, leaf, lambda b: b.replace(old, new), True)
    return build, f"key of {name}, actor {leaf.actor}"


@way("log cut to a prefix", EITHER)
def prefix(source, rng):
    file, graph = source.file(), source.vault.graph
    gone, drop = set(), pick(rng, graph.order)
    for found in graph.order:
        if found == drop or graph.is_before(drop, found):
            gone.add(found)
    file.log = [l for l in file.log if log_entry(l, file.vault).id not in gone]
    if rng.random() < 0.7:
        _forget(file)
    return fixed(file), f"{len(gone)} entries gone"


def _forget(file):
    """Drops objects and wraps that no entry of the file names any more."""
    objects, wraps = set(), set()
    for line in file.log:
        for item in log_entry(line, file.vault).ops:
            objects.update([item["object"]] if "object" in item else item.get("objects") or ())
            wraps.add(item.get("wrap"))
    for secret in file.secrets.values():
        secret.versions = {k: v for k, v in secret.versions.items() if k in objects}
        secret.wraps = {k: w for k, w in secret.wraps.items() if k in wraps and w["version"] in secret.versions}
    file.secrets = {u: s for u, s in file.secrets.items() if s.versions}


@way("entry in the middle dropped")
def middle(source, rng):
    file, graph = source.file(), source.vault.graph
    inner = {p for e in graph.entries.values() for p in e.parents}
    drop = pick(rng, inner)
    file.log = [l for l in file.log if log_entry(l, file.vault).id != drop]
    return fixed(file), encode(drop)
