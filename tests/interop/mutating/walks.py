"""Histories made by chance: whatever two verifiers say of them, they must say the same."""

from vsecure import rules
from vsecure.writing import ids, op

from .source import EITHER, NotHere, fixed, pick, way

_FIELDS = ("type", "description", "tag.a")


def _versions(source, rng, name):
    known = list(source.vault.secrets[name].versions)
    return rng.sample(known, rng.randint(1, min(2, len(known))))


def _op(source, rng, name):
    """An op on a version that the file holds with its live wrap."""
    whole = [v for v in source.vault.secrets[name].versions.values() if not v.pruned]
    some = {"secret": name, "objects": ids(_versions(source, rng, name))}
    kind = rng.choice(["put", "put", "resolve", "remove", "restore", "field", "field", "rewrap", "prune"])
    if kind == "field":
        return op(kind, secret=name, field=rng.choice(_FIELDS), value=rng.choice(["x", "y", "", None]))
    if kind in ("remove", "restore") or (kind == "prune" and rng.random() < 0.4):
        return op(kind, **some)
    version = pick(rng, whole)
    if kind == "put":
        more = {"expires": rng.choice([None, rng.randrange(2**40)]),
                "replaces": rng.choice([None, some["objects"]]), "same": rng.choice([None, some["objects"]])}
        return op(kind, secret=name, object=version.object, wrap=version.wrap, **more)
    if kind == "rewrap":
        return op(kind, secret=name, object=version.object, wrap=version.wrap)
    return op("resolve", secret=name, object=version.object)


def _allowed(source, item, name, policy):
    """Who may do the op, at a position of the chain."""
    rights = {"remove": "delete", "prune": "delete", "rewrap": "write"}
    right = rights.get(next(iter(item)), "write")
    return source.signers(lambda s, n: s.holds(n, right, name)
                          and (right != "write" or "rewrap" not in item or s.holds(n, "read", name)), policy)


def _step(source, rng, build, honest):
    name = pick(rng, [s for s in source.vault.secrets.values() if s.versions]).name
    policy = rng.randrange(len(build.policy)) if rng.random() < 0.4 else len(build.policy) - 1
    fit = [i for i, e in build.log.items() if source.vault.chain.position[e.policy] <= policy]
    parents = rng.sample(sorted(fit), min(len(fit), rng.choice([0, 1, 1, 2, 3])))
    items = [_op(source, rng, name) for _ in range(rng.choice([1, 1, 2, 3]))]
    signers = [set(_allowed(source, item, name, policy)) for item in items] if honest else [source.signers(at=policy)]
    who, seed = pick(rng, sorted(set.intersection(*map(set, signers))))
    build.add_log(who, seed, items, parents=parents, policy=build.policy[policy].id)


def _walk(kind, steps, honest):
    @way(kind, EITHER)
    def make(source, rng):
        build = source.builder(rng)
        done = 0
        for _ in range(steps):
            try:
                _step(source, rng, build, honest)
                done += 1
            except NotHere:
                continue
        if not done:
            raise NotHere
        return fixed(build.file), f"{done} entries"


for _number in range(8):
    _walk(f"walk of entries that are allowed, {_number}", 12, True)
for _number in range(4):
    _walk(f"walk of entries by anybody, {_number}", 2, False)


def _policy_op(source, rng, build):
    state = source.head
    member, role = pick(rng, sorted(state.members)), pick(rng, sorted(state.roles))
    patterns = [p for grants in state.grants.values() for p in grants] + ["*", "dev/*", "prod/db", "tmp/*"]
    pattern = rng.choice(patterns)
    rights = [r for r in rules.RIGHTS if rng.random() < 0.4] or ["read"]
    devices = [(k.member, k.device) for k in state.keys.values()]
    whose, device = rng.choice(devices)
    ways = [
        lambda: op("member-remove", member=member), lambda: op("role-add", role=f"r{rng.randrange(3)}"),
        lambda: op("role-remove", role=role), lambda: op("role-join", role=role, member=member),
        lambda: op("role-join", role=role, member=member), lambda: op("role-leave", role=role, member=member),
        lambda: op("grant", role=role, pattern=pattern, rights=rights),
        lambda: op("revoke", role=role, pattern=pattern, rights=rights),
        lambda: op("key-remove", member=whose, device=device, lost=rng.random() < 0.5),
        lambda: op("recipient-add", member=member, recipient=f"ssh-ed25519 {rng.randrange(3)}"),
        lambda: build.key_add(member, f"d{rng.randrange(3)}", rng.randbytes(32), _recipient(state, member)),
    ]
    return rng.choice(ways)()


def _recipient(state, member):
    usable = [r for r in state.members[member]["recipients"] if r.startswith("age1")]
    if not usable:
        raise NotHere
    return usable[0]


def _policy_walk(kind, steps, signing):
    @way(kind, EITHER)
    def make(source, rng):
        build = source.builder(rng)
        for _ in range(steps):
            items = [_policy_op(source, rng, build) for _ in range(rng.choice([1, 1, 2]))]
            build.add_policy(items, [seed for _, seed in signing(source, rng)], build.heads() if rng.random() < 0.8 else [])
        return fixed(build.file), ", ".join(next(iter(item)) for item in items)


def _some(source, rng):
    return rng.sample(source.signers(), rng.choice([1, 1, 2]))


def _all_owners(source, rng):
    return list({name: (name, seed) for name, seed in source.owners()}.values())


for _number in range(8):
    _policy_walk(f"policy entry by chance, by anybody, {_number}", 1, _some)
for _number in range(6):
    _policy_walk(f"policy entries by chance, by owners, {_number}", 2, _all_owners)
