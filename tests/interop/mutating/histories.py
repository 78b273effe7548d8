"""Histories by chance, honest and hostile: whatever two readers say of them, they must say the same."""

from vsecure import rules
from vsecure.errors import Refused
from vsecure.policy import Chain
from vsecure.writing import ids, op

from . import making, turning
from .source import EITHER, NotHere, fixed, pick, way


class World:
    """A vault that grows by entries of its members."""

    def __init__(self, source, rng, turns=0.15):
        self.turns = turns  # how many steps are about rotations
        self.source, self.rng = source, rng
        self.build = source.builder(rng)
        self.chain = source.vault.chain
        self.names = sorted(s.name for s in source.vault.secrets.values() if s.versions)

    def seeds(self, at, test=lambda state, name: True):
        state = self.chain.states[at]
        return [self.source.seeds[k] for k, fact in state.keys.items()
                if k in self.source.seeds and test(state, fact.member)]

    def versions(self, name):
        """Objects that any entry puts for the secret, or has as pending."""
        return turning.objects(self.build.log, name)

    def step(self, honest):
        chance = self.rng.random()
        if chance < 0.32:
            return self.policy_step(honest) if chance < 0.25 else self.again()
        name = self.rng.choice(self.names)
        at = self.position()
        fit = sorted(i for i, e in self.build.log.items() if self.chain.position[e.policy] <= at)
        parents = self.parents(fit, at)
        if self.rng.random() < self.turns:
            return self.turn(honest, name, parents, at)
        kinds = [self.rng.choice(making.KINDS + ("put", "put", "remove")) for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]
        rotate = self.rng.random() < 0.3
        test = (lambda s, n: s.holds(n, "rotate", name)) if rotate else (
            lambda s, n: all(making.may(s, n, kind, name) for kind in kinds))
        who, seed = pick(self.rng, self.seeds(at, test if honest else lambda s, n: True))
        items = [self.rotation(name, seed, parents)] if rotate else [
            self.op(kind, name, seed, parents) for kind in kinds]
        items = [item for item in items if item]
        if self.rng.random() < 0.2:
            other = self.rng.choice(self.names)
            if not honest or making.may(self.chain.states[at], who, "put", other):
                items.append(self.op("put", other, seed, parents))
        if self.rng.random() < 0.1 or not items:
            items.append(op("join"))
        self.build.add_log(who, seed, items, parents=parents, policy=self.build.policy[at].id)

    def position(self):
        last = len(self.chain.states) - 1
        return self.rng.randrange(last + 1) if self.rng.random() < 0.3 else last

    def parents(self, fit, at):
        if at == len(self.chain.states) - 1 and self.rng.random() < 0.5:
            return self.build.heads()
        return self.rng.sample(fit, min(len(fit), self.rng.choice([0, 1, 1, 2, 3])))

    def turn(self, honest, name, parents, at):
        """Ops of rotations, of one who may, by whatever right."""
        kinds = self.rng.choices(("pending", "intent", *turning.TURNS, "promote"), k=self.rng.choice([1, 1, 2]))
        who, seed = pick(self.rng, self.seeds(at, lambda s, n: not honest or making.may(s, n, "rollout", name)))
        items = [self.turning(kind, name, seed, parents) for kind in kinds]
        items = [item for item in items if item]
        if not items:
            raise NotHere
        self.build.add_log(who, seed, items, parents=parents, policy=self.build.policy[at].id)

    def turning(self, kind, name, seed, parents):
        above = self.above(parents)
        if not turning.is_put(self.build.log, name, above):
            return None
        if kind in turning.TURNS:
            return turning.turn(self.rng, self.build.log, name, kind, above)
        if kind == "intent":
            return op("pending", secret=name, **turning.begins(self.rng, self.build.log, name, above))
        stated = turning.states(self.rng, self.build.log, name, above)
        expires = self.rng.choice([None, None, 1, 9_000_000_000])
        return making.pending(self.source, self.rng, self.build, name, seed, parents=parents, expires=expires, **stated)

    def above(self, parents):
        above, stack = set(), list(parents)
        while stack:
            found = stack.pop()
            if found not in above:
                above.add(found)
                stack += [one for one in self.build.log[found].parents if one in self.build.log]  # others are closed
        return above

    def op(self, kind, name, seed, parents):
        found = pick(self.rng, self.versions(name))
        if kind in ("put", "pending"):
            return self.put(kind, name, seed, parents)
        if kind in turning.TURNS:
            return self.turning(kind, name, seed, parents)
        if kind == "rewrap" and found in making.section(self.build, name).versions and self.rng.random() < 0.5:
            wrap = making.wrapped(self.source, self.rng, self.build, name, found, self.rng.randbytes(32))
            return op(kind, secret=name, object=found, wrap=wrap)
        if kind in ("restore", "remove", "prune") and self.rng.random() < 0.3:
            some = self.rng.sample(self.versions(name), min(2, len(self.versions(name))))
            return op(kind, secret=name, objects=ids(some))
        return making.make(self.source, self.rng, self.build, kind, name, found, seed)

    def put(self, kind, name, seed, parents):
        held = sorted(making.section(self.build, name).versions)
        stands = kind == "put" or turning.is_put(self.build.log, name, self.above(parents))
        if held and stands and self.rng.random() < 0.15:
            expires = self.rng.choice([None, 1, 9_000_000_000])
            begun = {} if kind == "put" else {"nonce": self.rng.randbytes(16), "base": self.rng.choice(held)}
            return making.copied(self.build, name, self.rng.choice(held), seed, expires, parents, kind, **begun)
        if kind == "pending":
            return self.turning(kind, name, seed, parents)
        return making.put(self.source, self.rng, self.build, name, seed, parents=parents,
                          good=self.rng.random() < 0.9, expires=self.rng.choice([None, None, 1, 9_000_000_000]),
                          replaces=self.replaces(name))

    def replaces(self, name):
        known = self.versions(name)
        return ids(self.rng.sample(known, min(len(known), self.rng.choice([0, 1, 1, 2])))) or None

    def rotation(self, name, seed, parents):
        """A put upon entries of which one puts the secret, whatever it says that it replaces."""
        if not turning.is_put(self.build.log, name, self.above(parents)):
            raise NotHere
        return making.put(self.source, self.rng, self.build, name, seed, self.replaces(name), parents=parents)

    def again(self):
        """One's own body put once more, upon the same parents, which is the same object, or upon others."""
        entry = pick(self.rng, sorted(self.build.log.values(), key=lambda e: e.id))
        who, seed = self.source.seeds.get(entry.key) or pick(self.rng, [])
        item = pick(self.rng, [o for o in entry.ops if o["op"] == "put"])
        parents = entry.parents if self.rng.random() < 0.5 else self.rng.sample(sorted(self.build.log), 1)
        at = self.rng.randrange(max(self.chain.position[self.build.log[i].policy] for i in (entry.id, *parents)),
                                len(self.chain.states))
        put = op("put", secret=item["secret"], body=item["body"], wrap=item["wrap"], expires=item["expires"],
                 replaces=self.replaces(item["secret"]))
        if parents is not entry.parents:
            if item["object"] not in making.section(self.build, item["secret"]).versions:
                raise NotHere
            put = making.copied(self.build, item["secret"], item["object"], seed, item["expires"], parents)
        if not making.may(self.chain.states[at], who, "put", item["secret"]):
            raise NotHere
        self.build.add_log(who, seed, [put], parents=parents, policy=self.build.policy[at].id)

    def policy_step(self, honest):
        owners = lambda s, n: n in s.roles["owner"]  # noqa: E731
        at = len(self.chain.states) - 1
        signers = self.seeds(at, owners if honest or self.rng.random() < 0.5 else lambda s, n: True)
        chosen = {n: s for n, s in signers} if honest else dict([pick(self.rng, signers)])
        heads = self.build.heads() if honest and self.rng.random() < 0.6 else self.rng.choice(
            [[], self.rng.sample(sorted(self.build.log), 1), self.build.heads()])
        kept = list(self.build.policy), list(self.build.file.policy)
        try:
            self.build.add_policy([self.policy_op() for _ in range(self.rng.choice([1, 1, 2]))],
                                  list(chosen.values()), heads)
            self.chain = Chain(self.build.policy)
        except (Refused, NotHere):
            self.build.policy, self.build.file.policy = kept
            raise NotHere from None

    def policy_op(self):
        state, rng = self.chain.states[-1], self.rng
        role = pick(rng, sorted(r for r in state.roles if r != "owner"))
        member = pick(rng, sorted(state.members))
        kind = rng.choice(["revoke", "revoke", "grant", "role-leave", "role-join", "key-remove", "member-remove"])
        if kind in ("revoke", "grant"):
            held = state.grants[role]
            pattern = rng.choice(sorted(held) or ["*"])
            rights = [r for r in rules.RIGHTS if r in held.get(pattern, ())] if kind == "revoke" else list(rules.RIGHTS)
            return op(kind, role=role, pattern=pattern, rights=[r for r in rights if rng.random() < 0.5] or rights[:1])
        if kind == "key-remove":
            key = pick(rng, state.keys.values())
            return op(kind, member=key.member, device=key.device, lost=rng.random() < 0.3)
        if kind == "member-remove":
            return op(kind, member=member)
        return op(kind, role=role, member=member)


def history(source, rng, turns=0.15):
    """A history of some steps; one in three has hostile ones."""
    world, done = World(source, rng, turns), 0
    hostile = 0.25 if rng.random() < 0.33 else 0
    if turns > 0.5:  # what goes against each other is about one secret
        world.names = rng.sample(world.names, min(len(world.names), rng.choice([1, 2])))
    for _ in range(rng.choice([4, 8, 12])):
        try:
            world.step(rng.random() >= hostile)
            done += 1
        except NotHere:
            continue
    if not done:
        raise NotHere
    for name in world.names:
        _drop_pruned(world, name)
    return fixed(world.build.file), f"{done} steps{', some hostile' if hostile else ''}"


def _drop_pruned(world, name):
    """As writers do, mostly: what is pruned is taken out of the file."""
    ops = [o for e in world.build.log.values() for o in e.ops if o.get("secret") == name]
    gone = {f for o in ops if o["op"] == "prune" for f in o["objects"]}
    for found in gone & {o["object"] for o in ops if o["op"] == "put"}:
        if making.keys.secret_uid(world.build.file.vault, name) in world.build.file.secrets and world.rng.random() < 0.7:
            making.drop(world.build, name, found)


for _number in range(4):
    way(f"history {_number}", EITHER)(history)
    way(f"history {_number} of rotations", EITHER)(lambda source, rng: history(source, rng, 0.75))
