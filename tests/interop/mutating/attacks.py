"""Attacks as re-signed histories: by members who use what rights they have, or had, on what is not theirs."""

from vsecure import keys
from vsecure.encoding import encode
from vsecure.rules import matches
from vsecure.writing import ids, log_line, op

from . import making
from .source import ACCEPT, EITHER, REFUSE, NotHere, fixed, pick, way


def _target(source, rng):
    state = pick(rng, source.live())
    return state.name, state.current


def _writer(source, rng, name):
    return pick(rng, source.holders("write", name))


def _rotator(source, rng, name):
    return pick(rng, source.signers(lambda s, n: s.holds(n, "rotate", name) and not s.holds(n, "write", name)))


def _deleter(source, rng, name):
    return pick(rng, source.holders("delete", name))


def _owner(source, rng):
    return pick(rng, source.owners())


def attack(kind, expect=ACCEPT):
    """Marks a function (source, rng, build, name, current) → description, on a secret with a current version."""
    def mark(function):
        @way("attack: " + kind, expect)
        def make(source, rng):
            build = source.builder(rng)
            name, current = _target(source, rng)
            description = function(source, rng, build, name, current)
            return fixed(build.file), f"{name}: {description}"
        return function
    return mark


# Another's version put anew.

def _foreign(kind, expect, by, expires, **how):
    @attack(f"a foreign put, {kind}", expect)
    def make(source, rng, build, name, current):
        who, seed = by(source, rng, name)
        parents = how["parents"](source, rng, build) if "parents" in how else None
        replaces = ids([current]) if by is _rotator else None
        if how.get("section", True):
            item = making.copied(build, name, current, seed, expires(rng), parents, replaces=replaces)
        else:
            version = making.section(build, name).versions[current]
            item = op("put", secret=name, body=keys.body_id(version), expires=expires(rng), replaces=replaces,
                      wrap=source.vault.secrets[name].versions[current].wrap)
        build.add_log(who, seed, [item], parents=parents)
        return f"by {who}"


_foreign("not in the file", REFUSE, _writer, lambda r: None, section=False)
_foreign("by a writer", ACCEPT, _writer, lambda r: None)
_foreign("expired", ACCEPT, _writer, lambda r: 1)
_foreign("for ever", ACCEPT, _writer, lambda r: 2**53 - 1)
_foreign("upon nothing", ACCEPT, _writer, lambda r: None, parents=lambda s, r, b: [])
_foreign("by a rotator", EITHER, _rotator, lambda r: r.choice([None, 1, 2**53 - 1]))
_foreign("by a rotator upon old parents", EITHER, _rotator, lambda r: 1,
         parents=lambda s, r, b: [pick(r, sorted(b.log))])


@attack("a foreign put upon the same parents")
def same_parents(source, rng, build, name, current):
    first = source.vault.secrets[name].versions[current].first
    parents = build.log[first.entry].parents
    who, seed = pick(rng, source.signers(lambda s, n: s.holds(n, "write", name)))
    build.add_log(who, seed, [making.copied(build, name, current, seed, parents=parents)], parents=parents)
    return f"by {who}, beside the first"


@attack("the author and origin in a section changed", REFUSE)
def section_changed(source, rng, build, name, current):
    secret = making.section(build, name)
    version = secret.versions[current]
    what = rng.choice(["author", "origin", "expires"])
    other = {"author": rng.randbytes(32), "origin": build.origin(),
             "expires": 1 if version["expires"] is None else None}
    version[what] = other[what]
    again = rng.random() < 0.5
    if again:
        making.computed(build.file, secret)
    return f"{what}, {'in order' if again else 'where it stood'}"


# Wraps.

@attack("a put with a garbage wrap")
def garbage_put(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    build.add_log(who, seed, [making.put(source, rng, build, name, seed, good=False, sealed=rng.random() < 0.3)])
    return f"by {who}"


def _garbage_rewrap(source, rng, build, name, current):
    who, seed = pick(rng, source.signers(lambda s, n: making.may(s, n, "rewrap", name)))
    wrap = making.wrapped(source, rng, build, name, current, rng.randbytes(32), rng.random() < 0.3)
    build.add_log(who, seed, [op("rewrap", secret=name, object=current, wrap=wrap)])
    return who, wrap


@attack("a garbage rewrap")
def garbage_rewrap(source, rng, build, name, current):
    who, _ = _garbage_rewrap(source, rng, build, name, current)
    return f"by {who}"


@attack("a garbage rewrap, the good wrap dropped", REFUSE)
def garbage_and_drop(source, rng, build, name, current):
    who, wrap = _garbage_rewrap(source, rng, build, name, current)
    secret = making.section(build, name)
    secret.wraps = {k: w for k, w in secret.wraps.items() if k == wrap or w["version"] != current}
    return f"by {who}"


@attack("many garbage rewraps")
def garbage_rewraps(source, rng, build, name, current):
    for _ in range(rng.choice([3, 6])):
        _garbage_rewrap(source, rng, build, name, current)
    return "one upon another"


# What is gone, and who brings it back.

@attack("resolve of a removed or pruned version")
def resolve_gone(source, rng, build, name, current):
    who, seed = _deleter(source, rng, name)
    kind = rng.choice(["remove", "prune"])
    writer, his = _writer(source, rng, name)
    fresh = making.put(source, rng, build, name, his)
    build.add_log(writer, his, [fresh])
    build.add_log(who, seed, [op(kind, secret=name, objects=ids([current]))])
    build.add_log(writer, his, [op("resolve", secret=name, object=current)])
    return f"{kind} by {who}, resolve by {writer}"


@attack("removal beside a rotation chain")
def rotation_beside(source, rng, build, name, current):
    """Rotations upon each other, some depths of them, beside a removal of the first, of all or of the last."""
    rotator, seed = _rotator(source, rng, name)
    deleter, his = _deleter(source, rng, name)
    heads, made, parents = build.heads(), [current], build.heads()
    for _ in range(rng.choice([1, 2, 3, 4])):
        item = making.put(source, rng, build, name, seed, ids([made[-1]]), parents=parents)
        found = build.add_log(rotator, seed, [item], parents=parents)
        made.append(build.log[found].ops[0]["object"])
        parents = [found]
    known = rng.randrange(len(made))
    at = heads if rng.random() < 0.6 else [e.id for e in build.log.values()
                                           if any(o.get("object") == made[known] for o in e.ops)][:1]
    gone = rng.choice([[current], made[:known + 1], [made[known]]])
    removal = build.add_log(deleter, his, [op("remove", secret=name, objects=ids(gone))], parents=at)
    if rng.random() < 0.3:
        writer, hers = _writer(source, rng, name)
        build.add_log(writer, hers, [op("restore", secret=name, objects=ids(gone[:1]))], parents=[removal])
    return f"{len(made) - 1} rotations by {rotator}, {len(gone)} removed by {deleter}"


def _of_removed(source, rng, name, right):
    """(name, seed, position, an entry that was there) of a key that was removed and had the right."""
    who, seed, at = pick(rng, source.removed())
    if not source.vault.chain.states[at].holds(who, right, name):
        raise NotHere
    graph = source.vault.graph
    return who, seed, at, pick(rng, [i for i, e in graph.entries.items() if graph.policy_position(e) <= at])


def _rotations(source, rng, build, name, seed, parents, count):
    """Rotations upon each other, the first upon these parents: the ids of their entries."""
    who, made = source.seeds[making.key_of(seed)][0], []
    for _ in range(count):
        item = making.put(source, rng, build, name, seed, _some_versions(build, rng, name), parents=parents)
        made.append(build.add_log(who, seed, [item], parents=parents))
        parents = [made[-1]]
    return made


def _some_versions(build, rng, name):
    """What a rotation may say that it replaces: it decides nothing."""
    known = sorted({o["object"] for e in build.log.values() for o in e.ops if o["op"] == "put" and o["secret"] == name})
    return ids(rng.sample(known, min(len(known), rng.choice([0, 1, 2])))) or None


def _puts_of(build, entries):
    return [o["object"] for i in entries for o in build.log[i].ops if o["op"] == "put"]


@attack("rotations upon a void version", EITHER)
def void_base(source, rng, build, name, current):
    """Upon a void put alone, nothing is active where a rotation is written: any removal wins over it."""
    who, seed, at, first = _of_removed(source, rng, name, "write")
    parents = rng.choice([[], [first]])
    item = making.put(source, rng, build, name, seed, parents=parents)
    void = build.add_log(who, seed, [item], parents, build.policy[at].id)
    rotator, his = _rotator(source, rng, name)
    made = _rotations(source, rng, build, name, his, rng.choice([[void], [void, *build.heads()]]), rng.choice([1, 2, 3]))
    if rng.random() < 0.7:
        deleter, hers = _deleter(source, rng, name)
        gone = rng.choice([[current], _puts_of(build, [void]), _puts_of(build, made[:1]), [rng.randbytes(32)]])
        build.add_log(deleter, hers, [op("remove", secret=name, objects=ids(gone))],
                      parents=rng.choice([None, [void], [first], made[:1]]))
    return f"{who}'s, {len(made)} by {rotator}"


@attack("rotations upon void and overruled versions", EITHER)
def overruled_base(source, rng, build, name, current):
    """A removal overrules a rotation; more are written upon that one, upon a void put, and upon both."""
    rotator, seed = _rotator(source, rng, name)
    deleter, his = _deleter(source, rng, name)
    start = build.heads()
    over = _rotations(source, rng, build, name, seed, start, 1)
    everything = sorted(source.vault.secrets[name].versions)
    gone = rng.choice([[current], everything])
    removal = build.add_log(deleter, his, [op("remove", secret=name, objects=ids(gone))], parents=start)
    parents = [over, [*over, removal]]
    try:
        who, hers, at, first = _of_removed(source, rng, name, "write")
        item = making.put(source, rng, build, name, hers, parents=[first])
        void = build.add_log(who, hers, [item], [first], build.policy[at].id)
        parents += [[void], [void, *over], [void, removal]]
    except NotHere:
        void = None
    made = _rotations(source, rng, build, name, seed, rng.choice(parents), rng.choice([1, 2]))
    if rng.random() < 0.5:
        writer, hers = _writer(source, rng, name)
        back = rng.choice([[current], _puts_of(build, over), _puts_of(build, made)])
        items = [op("restore", secret=name, objects=ids(back))]
        if rng.random() < 0.5:
            items.append(op("resolve", secret=name, object=back[0]))
        build.add_log(writer, hers, items, parents=rng.choice([None, [removal], made[-1:]]))
    return f"{1 + len(made)} by {rotator}, {'one void, ' if void else ''}removed by {deleter}"


@attack("a version of one whose right to write ended, rotated as one's own", EITHER)
def demoted(source, rng, build, name, current):
    """One who may rotate too: the put of before counts by rotate, and removals beside it win."""
    who, seed = pick(rng, source.signers(lambda s, n: n not in s.roles["owner"] and s.holds(n, "write", name)))
    owner, start = _owner(source, rng)[1], build.heads()
    build.add_policy([op("role-add", role="turns"), op("grant", role="turns", pattern=name, rights=["rotate"]),
                      op("role-join", role="turns", member=who)], [owner], start)
    first = build.add_log(who, seed, [making.put(source, rng, build, name, seed, ids([current]), parents=start)], start)
    deleter, his = _deleter(source, rng, name)
    gone = rng.choice([[current], _puts_of(build, [first])])
    build.add_log(deleter, his, [op("remove", secret=name, objects=ids(gone))], parents=rng.choice([None, start, [first]]))
    takes = [op("revoke", role=role, pattern=pattern, rights=["write"])
             for role in sorted(source.head.roles_of(who)) for pattern, have in source.head.grants[role].items()
             if "write" in have and matches(pattern, name)]
    build.add_policy(takes, [owner], rng.choice([[], start, None]))
    _rotations(source, rng, build, name, seed, rng.choice([[first], build.heads()]), rng.choice([0, 1, 2]))
    return f"put by {who}, removed by {deleter}"


@attack("a resolve of what is not active in its past", EITHER)
def resolve_inactive(source, rng, build, name, current):
    """Of an older version, of one beside, of one that comes later, or of one overruled: it sets nothing."""
    writer, seed = _writer(source, rng, name)
    start = build.heads()
    new = build.add_log(writer, seed, [making.put(source, rng, build, name, seed, ids([current]), parents=start)], start)
    beside = build.add_log(writer, seed, [making.put(source, rng, build, name, seed, ids([current]), parents=start)], start)
    of = rng.choice([current, *_puts_of(build, [new, beside]), *source.vault.secrets[name].versions])
    parents = rng.choice([start, [new], [beside], [new, beside], [pick(rng, sorted(build.log))]])
    build.add_log(writer, seed, [op("resolve", secret=name, object=of)], parents=parents)
    return f"by {writer}"


@attack("the same body put again from other parents of the same lamport", EITHER)
def same_lamport(source, rng, build, name, current):
    """As a second version it is its own; under the first one's id it cannot be named."""
    rotate = rng.random() < 0.5
    who, seed = (_rotator if rotate else _writer)(source, rng, name)
    start = build.heads()
    low = build.lamport(start) - 1
    item = making.put(source, rng, build, name, seed, parents=start)
    first = build.add_log(who, seed, [item], start)
    writer, his = _writer(source, rng, name)
    parents = [build.add_log(writer, his, [op("field", secret=name, field="type", value="x")],
                             parents=_of_lamport(source, build, rng, low - 1))] if low > 1 else []
    if build.lamport(parents) != low + 1:
        raise NotHere
    found = _puts_of(build, [first])[0]
    if rng.random() < 0.7:
        item = making.copied(build, name, found, seed, parents=parents)
    build.add_log(who, seed, [item], parents=parents)
    if rng.random() < 0.5:
        deleter, hers = _deleter(source, rng, name)
        build.add_log(deleter, hers, [op("remove", secret=name, objects=ids([found]))], parents=[first])
    return f"by {who}, {'rotating' if rotate else 'writing'}"


def _of_lamport(source, build, rng, lamport):
    return [pick(rng, sorted(i for i, e in source.vault.graph.entries.items() if e.lamport == lamport))]


@attack("the same object put twice upon the same parents", EITHER)
def same_object(source, rng, build, name, current):
    """Two entries of one author, one position or two, put one object: it is there while one of them counts."""
    who, seed = _writer(source, rng, name)
    start = build.heads()
    item = making.put(source, rng, build, name, seed, ids([current]), parents=start)
    build.add_log(who, seed, [item], start)
    if rng.random() < 0.5:
        build.add_policy([_takes(source, rng)], [_owner(source, rng)[1]], rng.choice([[], start, None]))
    other, wrap = dict(item["put"]), None
    if rng.random() < 0.5:
        found = _puts_of(build, [max(build.log.values(), key=lambda e: e.ts).id])[0]
        wrap = making.wrapped(source, rng, build, name, found, rng.randbytes(32))
        other["wrap"] = encode(wrap)
    build.add_log(who, seed, [{"put": other}, op("field", secret=name, field="type", value="x")], start,
                  policy=pick(rng, [build.policy[-1].id, build.log[max(build.log, key=lambda i: build.log[i].ts)].policy]))
    return f"by {who}{', with another wrap' if wrap else ''}"


@attack("more than 256 heads, joined")
def joined(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    start, note = build.heads(), op("field", secret=name, field="type", value="x")
    for n in range(rng.choice([257, 300])):
        build.add_log(who, seed, [op("field", secret=name, field=f"tag.t{n}", value="x")], parents=start)
    while len(build.heads()) > 256:
        build.add_log(who, seed, [op("join")], parents=build.heads()[:256])
    if rng.random() < 0.5:
        build.add_policy([op("setting", key="ttl", value="every")], [_owner(source, rng)[1]])
    build.add_log(who, seed, [note])
    return f"by {who}"


@attack("a put upon 257 heads", REFUSE)
def not_joined(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    start = build.heads()
    for n in range(257):
        build.add_log(who, seed, [op("field", secret=name, field=f"tag.t{n}", value="x")], parents=start)
    lamport, heads = build.lamport(), ids(build.heads())
    body = {"parents": heads, "lamport": lamport, "policy": encode(build.policy[-1].id), "actor": who,
            "key": encode(making.key_of(seed)), "ts": build.now, "ops": [op("join")], "reason": ""}
    line = log_line(body, seed)
    lines = {**{i: e.line for i, e in build.log.items()}, keys.H("log entry", line[:line.rindex(',"sig":')] + "}"): line}
    build.file.log = [lines[i] for i in sorted(lines)]
    return f"by {who}"


# Expiry.

def _expire(kind, expect, test):
    @attack(f"an expire by {kind}", expect)
    def make(source, rng, build, name, current):
        who, seed = pick(rng, source.signers(lambda s, n: test(s, n, name)))
        build.add_log(who, seed, [op("expire", secret=name, object=current, at=rng.choice([None, 0, 1, 2**53 - 1]))])
        return f"by {who}"


_expire("one who may write and delete", ACCEPT, lambda s, n, name: making.may(s, n, "expire", name))
for _right, _other in (("write", "delete"), ("delete", "write"), ("rotate", "write"), ("read", "write")):
    _expire(f"one with {_right} and without {_other}", REFUSE,
            lambda s, n, name, a=_right, b=_other: s.holds(n, a, name) and not s.holds(n, b, name))


@attack("expiries beside each other, and a prune")
def expiries(source, rng, build, name, current):
    who, seed = pick(rng, source.signers(lambda s, n: making.may(s, n, "expire", name)))
    heads = build.heads()
    for _ in range(rng.choice([1, 2, 3])):
        at = rng.choice([None, 1, 9_000_000_000, 9_000_000_001])
        build.add_log(who, seed, [op("expire", secret=name, object=current, at=at)], parents=heads)
    if rng.random() < 0.5:
        build.add_log(who, seed, [op("prune", secret=name, objects=ids([current]))],
                      parents=rng.choice([heads, None]))
    return f"by {who}"


@attack("a rotator's versions, more than are kept")
def many(source, rng, build, name, current):
    rotator, seed = _rotator(source, rng, name)
    owner, his = _owner(source, rng)
    last = current
    for _ in range(12):
        found = build.add_log(rotator, seed, [making.put(source, rng, build, name, seed, ids([last]))])
        last = build.log[found].ops[0]["object"]
    # What is only pending is not pruned.
    made = {item["object"] for entry in build.log.values() for item in entry.ops if item["op"] in ("put", "promote")}
    old = sorted(made.intersection(making.section(build, name).versions) - {last})
    gone = rng.sample(old, rng.randrange(1, len(old)))
    build.add_log(owner, his, [op("prune", secret=name, objects=ids(gone))])
    for found in gone:
        if rng.random() < 0.5:
            making.drop(build, name, found)
    return f"12 by {rotator}, {len(gone)} pruned by {owner}"


# Policy entries whose heads do not cover what they end.

def _heads(rng, build):
    return rng.choice([[], None, rng.sample(sorted(build.log), 1)])


def _takes(source, rng):
    """An op that takes a right away from somebody who is no owner."""
    state = source.head
    kind = rng.choice(["key-remove", "role-leave", "revoke", "member-remove", "role-remove"])
    plain = [n for n in state.members if n not in state.roles["owner"]]
    if kind == "key-remove":
        key = pick(rng, [k for k in state.keys.values() if k.member in plain])
        return op(kind, member=key.member, device=key.device, lost=rng.random() < 0.5)
    role = pick(rng, [r for r in state.roles if r != "owner"])
    if kind == "role-leave":
        return op(kind, role=role, member=pick(rng, sorted(state.roles[role])))
    if kind == "member-remove":
        return op(kind, member=pick(rng, plain))
    if kind == "role-remove":
        return op(kind, role=role)
    pattern = pick(rng, sorted(state.grants[role]))
    have = [r for r in ("read", "write", "rotate", "delete", "grant") if r in state.grants[role][pattern]]
    return op(kind, role=role, pattern=pattern, rights=[rng.choice(have)])


@attack("rights taken with heads that do not cover", EITHER)
def uncovered(source, rng, build, name, current):
    item = _takes(source, rng)
    build.add_policy([item], [_owner(source, rng)[1]], _heads(rng, build))
    return next(iter(item))


@attack("an entry that is void in part", EITHER)
def partly(source, rng, build, name, current):
    """An entry on several secrets, and then a revoke of one of the grants that it rests on."""
    who, seed = pick(rng, source.signers(lambda s, n: n not in s.roles["owner"] and s.holds(n, "write", name)))
    names = [s.name for s in source.live() if source.head.holds(who, "write", s.name)]
    items = [making.put(source, rng, build, other, seed) for other in rng.sample(names, min(3, len(names)))]
    build.add_log(who, seed, [*items, op("field", secret=name, field="description", value="split")])
    roles = [r for r in source.head.roles_of(who) if r != "owner"]
    role = pick(rng, [r for r in roles if any("write" in have for have in source.head.grants[r].values())])
    pattern = pick(rng, sorted(p for p, have in source.head.grants[role].items() if "write" in have))
    build.add_policy([op("revoke", role=role, pattern=pattern, rights=["write"])], [_owner(source, rng)[1]],
                     rng.choice([[], _older(build, rng)]))
    if rng.random() < 0.5:
        build.add_policy([op("grant", role=role, pattern=pattern, rights=["write"])], [_owner(source, rng)[1]])
    return f"{len(items)} puts by {who}, then {role} loses {pattern}"


def _older(build, rng):
    """Heads of what stood before the newest entry."""
    last = max(build.log.values(), key=lambda e: e.ts)
    return list(last.parents)


@attack("the chain kept, the log cut to what an older entry knew", REFUSE)
def log_cut(source, rng, build, name, current):
    heads = [h for e in source.vault.chain.entries for h in e.heads]
    head = pick(rng, heads)
    keep = source.vault.graph.ancestors[head]
    if rng.random() < 0.5 and keep:
        build.file.log = [e.line for i, e in build.log.items() if source.vault.graph.bit[i] & keep]
    else:
        build.file.log = [e.line for i, e in build.log.items() if i != head]
    return "a head of a policy entry is gone"


@attack("policy entries with empty or old heads", EITHER)
def forgetful(source, rng, build, name, current):
    """What one policy entry knew no later one forgets; what none knew falls with the right."""
    owner = _owner(source, rng)[1]
    who, seed = pick(rng, source.signers(lambda s, n: n not in s.roles["owner"] and s.holds(n, "write", name)))
    known = build.add_log(who, seed, [making.put(source, rng, build, name, seed, ids([current]))])
    build.add_policy([op("setting", key="ttl", value="every")], [owner], [known])
    build.add_log(who, seed, [making.put(source, rng, build, name, seed)], parents=rng.choice([None, []]))
    for _ in range(rng.choice([1, 2])):
        heads = rng.choice([[], [pick(rng, sorted(build.log))]])
        build.add_policy([op("setting", key="reads", value="off")], [owner], heads)
    state = source.head
    key = pick(rng, [k for k in state.keys.values() if k.member == who])
    build.add_policy([op("key-remove", member=who, device=key.device, lost=False)], [owner],
                     rng.choice([[], [pick(rng, sorted(build.log))]]))
    return f"{who}'s, one known and one not"


# Adoption.

@attack("an adopted op", ACCEPT)
def adopted(source, rng, build, name, current):
    who, seed = pick(rng, source.signers(lambda s, n: making.may(s, n, "expire", name)))
    of = making.adopts(rng.choice([rng.randbytes(32), pick(rng, sorted(build.log))]), rng.choice([0, 1, 999]))
    item = rng.choice([
        lambda: making.put(source, rng, build, name, seed, same=ids([current]), adopts=of),
        lambda: op("field", secret=name, field="type", value="x", adopts=of),
        lambda: op("resolve", secret=name, object=current, adopts=of),
        lambda: op("remove", secret=name, objects=ids([current]), adopts=of),
        lambda: op("restore", secret=name, objects=ids([current]), adopts=of),
        lambda: op("expire", secret=name, object=current, adopts=of)])()
    build.add_log(who, seed, [item])
    return f"{next(iter(item))} by {who}"


@attack("a value over 10 MiB")
def long_value(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    size = (10 << 20) + rng.choice([0, 1, 32_000, 262_140])
    build.add_log(who, seed, [making.put(source, rng, build, name, seed, value=bytes(size))])
    return f"{size} bytes by {who}"


@attack("a put of one's own version again")
def own_again(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    found = build.add_log(who, seed, [making.put(source, rng, build, name, seed)])
    made = build.log[found].ops[0]["object"]
    item = making.copied(build, name, made, seed, expires=rng.choice([None, 9_000_000_000]))
    build.add_log(who, seed, [item])
    return f"by {who}, at a later lamport"


@attack("a pending put of another's version")
def pending(source, rng, build, name, current):
    who, seed = _writer(source, rng, name)
    item = making.copied(build, name, current, seed, kind="pending", nonce=rng.randbytes(16), base=current)
    build.add_log(who, seed, [item])
    return f"by {who}"
