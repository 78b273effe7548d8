"""Histories by chance of who may change who: honest people and hostile ones, whose ops are whatever they can sign.

Every op states what it gives as the rules ask, or as it was some entries before: that is a race, or a lie."""

from vsecure import keys, signing
from vsecure.encoding import encode
from vsecure.errors import Refused
from vsecure.file import File
from vsecure.policy import Chain
from vsecure.rules import RIGHTS
from vsecure.writing import Builder, op

from . import making
from .source import EITHER, fixed, way

ROLES = ("dev", "ops", "lead", "sub")
NAMES = ("ada", "bob", "cy", "dan", "eve", "fay", "gus")
PATTERNS = ("*", "dev/*", "dev/a*", "dev/ab", "prod/*", "prod/x", "de*")
# What people add is drawn often; what takes away, less.
KINDS = ("key-add", "key-add", "recipient-add", "recipient-add", "role-join", "role-join", "role-join", "grant", "grant",
         "grant", "member-add", "member-add", "role-add", "revoke", "role-leave", "member-remove", "key-remove",
         "recipient-remove", "role-remove", "epoch", "reseal", "threshold")


class Crowd:
    """A vault of its own that grows by entries. `chain` is what is accepted so far."""

    def __init__(self, rng):
        self.rng, self.seeds, self.pool, self.refused = rng, {}, [], None
        self.build = Builder(File(keys.SUITE, b"", "crowd"), rng)
        self.chain = Chain([])
        self.tried = {"honest": [0, 0], "hostile": [0, 0]}   # accepted, refused
        self._genesis()

    def _genesis(self):
        owners = NAMES[:self.rng.choice([1, 2, 3])]
        threshold = self.rng.randrange(1, len(owners) + 1)
        ops = [op("vault", suite=keys.SUITE, nonce=self.rng.randbytes(16), name="crowd", threshold=threshold)]
        for name in owners:
            ops += [*self.person(name, self.rng.choice([1, 2])), op("role-join", role="owner", member=name)]
        # Eve may let people in to dev/*, and mostly not read what others do there.
        ops += [op("role-add", role="dev"), op("grant", role="dev", pattern="dev/*", rights=self.rights() + ["grant"])]
        ops += [*self.person("eve", 2), op("role-join", role="dev", member="eve")]
        ops += [op("role-add", role="ops"), op("grant", role="ops", pattern=self.rng.choice(PATTERNS[1:]), rights=self.rights())]
        ops += [*self.person("fay", self.rng.choice([0, 1, 2])), op("role-join", role="ops", member="fay")]
        ops += [op("role-join", role="ops", member="eve")] if self.rng.random() < 0.3 else []
        if not self.sign(ops, [self.key_of(name) for name in owners], "honest", {}):
            raise AssertionError(self.refused[2])

    @property
    def state(self):
        return self.chain.states[-1]

    # People and their keys.

    def person(self, name, devices):
        recipient = self.recipient()
        return [op("member-add", member=name, kind="user", recipients=[recipient]),
                *[self.key(name, f"d{n}", recipient) for n in range(devices)]]

    def recipient(self):
        """A new one; or one that was made before, of whomever, in some spelling."""
        if self.chain.entries and self.rng.random() < 0.08:
            return self.rng.choice(self.rng.choice(self.pool))
        self.pool.append(making.spellings(self.rng.randbytes(32)))
        return self.pool[-1][0 if self.rng.random() < 0.9 else 1]

    def key(self, member, device, recipient):
        seed = self.rng.randbytes(32)
        public, sealed = signing.public_of(seed), b"sealed"
        digest = signing.proof_digest(self.chain.vault if self.chain.entries else b"", member, device, recipient, public, sealed)
        self.seeds[signing.key_id(public)] = (member, seed)
        return op("key-add", member=member, device=device, key=public, recipient=recipient, sealed=sealed,
                  proof=signing.sign(seed, "proof", digest))

    def key_of(self, name):
        return next(seed for member, seed in reversed(self.seeds.values()) if member == name)

    def keys_of(self, name):
        return [self.seeds[found][1] for found, key in self.state.keys.items() if key.member == name]

    # Ops.

    def rights(self):
        return [r for r in RIGHTS[:4] if self.rng.random() < 0.5] or ["read"]

    def member(self):
        return self.rng.choice(sorted(self.state.members) if self.rng.random() < 0.95 else NAMES)

    def role(self):
        return self.rng.choice(sorted(self.state.roles) if self.rng.random() < 0.95 else ROLES)

    def some(self, kind):
        """An op of the kind, on what is there."""
        rng, state, member = self.rng, self.state, self.member()
        held = state.members.get(member, {"recipients": []})["recipients"]
        devices = [k.device for k in state.keys.values() if k.member == member]
        if kind == "member-add":
            left = [n for n in NAMES if n not in state.members] or NAMES
            many = rng.choice((12, 13, 16)) if rng.random() < 0.05 else 1
            return op(kind, member=rng.choice(left), kind="user", recipients=sorted(self.recipient() for _ in range(many)))
        if kind == "key-add":
            device = rng.choice([d for d in (f"d{n}" for n in range(6)) if d not in devices])
            return self.key(member, device, rng.choice(held) if held else self.recipient())
        if kind == "recipient-add":
            return op(kind, member=member, recipient=self.recipient())
        if kind == "recipient-remove":
            return op(kind, member=member, recipient=rng.choice(held) if held else self.recipient())
        if kind == "key-remove":
            return op(kind, member=member, device=rng.choice(devices or ["d0"]), lost=rng.random() < 0.5)
        if kind == "member-remove":
            return op(kind, member=member)
        if kind == "threshold":
            return op(kind, owners=rng.choice((0, 1, 1, 2, 2, 3, 4)))
        return self._of_role(kind, self.role(), member)

    def _of_role(self, kind, role, member):
        rng, grants = self.rng, self.state.grants.get(role, {})
        if kind == "role-add":
            left = [r for r in ROLES if r not in self.state.roles] or ROLES
            return op(kind, role=rng.choice(left))
        if kind == "role-remove":
            left = [r for r in sorted(self.state.roles) if r != "owner"] or ROLES
            return op(kind, role=rng.choice(left))
        if kind in ("role-join", "role-leave"):
            fit = [n for n in sorted(self.state.members) if (n in self.state.roles.get(role, ())) == (kind == "role-leave")]
            return op(kind, role=role, member=rng.choice(fit) if fit else member)
        if kind in ("epoch", "reseal"):
            return self._epoch(kind)
        if role == "owner" and rng.random() < 0.97:
            return self._of_role(kind, rng.choice(sorted(self.state.roles.keys() - {"owner"}) or ROLES), member)
        pattern = rng.choice(sorted(grants)) if kind == "revoke" and grants else rng.choice(PATTERNS)
        held = [r for r in RIGHTS if r in grants.get(pattern, RIGHTS)]
        rights = [r for r in held if rng.random() < 0.5] or held[:1]
        return op(kind, role=role, pattern=pattern, rights=rights)

    def _epoch(self, kind):
        rng, state = self.rng, self.state
        name = rng.choice(sorted(state.audiences)) if state.audiences and rng.random() < 0.6 else "+".join(
            sorted({"owner", *rng.sample(sorted(state.roles), min(len(state.roles), rng.choice([1, 2])))}))
        envelope, epoch = rng.randbytes(100), rng.randbytes(16)
        if kind == "reseal" and name not in self.build.file.audiences:
            kind = "epoch"
        held = sorted(state.recipients_of(name))
        skipped = sorted(rng.sample(held, rng.randrange(1, len(held) + 1))) if held and rng.random() < 0.2 else None
        if kind == "reseal":
            epoch = self.build.file.audiences[name][0]
        self.build.file.audiences = dict(sorted({**self.build.file.audiences, name: (epoch, envelope)}.items()))
        found = keys.envelope_id(envelope)
        if kind == "reseal":
            return op(kind, audience=name, epoch=epoch, envelope=found, skipped=skipped)
        return op(kind, audience=name, epoch=epoch, recipient=self.recipient(), kek=bytes(32), envelope=found,
                  skipped=skipped)

    # Entries.

    def step(self):
        """One more entry by somebody; whether it is accepted."""
        hostile = self.rng.random() < 0.5
        return self.hostile() if hostile else self.honest()

    def honest(self):
        """What owners and leads type: one command, on what they see."""
        rng, files = self.rng, dict(self.build.file.audiences)
        story = rng.choice(["person", "person", "bare", "role", "one", "one", "one", "join", "grant"])
        if story in ("person", "bare"):
            left = [n for n in NAMES if n not in self.state.members] or NAMES
            name = rng.choice(left)
            ops = self.person(name, rng.choice([0, 1, 2]))
            ops += [op("role-join", role=self.role(), member=name)] if story == "person" else []
        elif story == "role":
            name = rng.choice([r for r in ROLES if r not in self.state.roles] or ROLES)
            ops = [op("role-add", role=name), *([self.some("grant")] if rng.random() < 0.5 else [])]
        else:
            ops = [self.some({"join": "role-join", "grant": "grant"}.get(story) or rng.choice(KINDS))]
        return self.sign(ops, self._who(ops), "honest", files)

    def _who(self, ops):
        """The owners, or one who may grant; who adds a device signs with what the member has."""
        rng, state = self.rng, self.state
        (kind, fields), = ops[-1].items()
        if kind in ("key-add", "recipient-add") and rng.random() < 0.6:
            return self.keys_of(fields["member"])
        if rng.random() < 0.5:
            return [rng.choice(self.keys_of(n)) for n in sorted(state.roles["owner"]) if self.keys_of(n)]
        able = [n for n in sorted(state.members) if self.keys_of(n) and state.has_grant(n)]
        return [rng.choice(self.keys_of(rng.choice(able)))] if able else []

    def hostile(self):
        """Any ops, by any keys in force, of some who work together; or a plot of one who may let people in."""
        rng, files = self.rng, dict(self.build.file.audiences)
        able = [n for n in sorted(self.state.members) if self.keys_of(n) and (self.state.has_grant(n) or rng.random() < 0.2)]
        plain = [n for n in able if n not in self.state.roles["owner"]]
        if able and rng.random() < 0.5:
            who = rng.choice(plain or able if rng.random() < 0.7 else able)
            return self.sign(self.plot(who), [rng.choice(self.keys_of(who))], "hostile", files)
        ops = [self.some(rng.choice(KINDS)) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
        # Who plans ahead acts on what the entry itself makes.
        made = [(k, f) for o in ops for k, f in o.items() if k in ("member-add", "role-add")]
        for kind, fields in made:
            if kind == "member-add" and rng.random() < 0.5:
                ops += [op("role-join", role=self.role(), member=fields["member"])]
            elif kind == "role-add" and rng.random() < 0.5:
                ops += [self._of_role("grant", fields["role"], self.member()),
                        op("role-join", role=fields["role"], member=self.member())]
        alive = [self.seeds[found][1] for found in self.state.keys]
        return self.sign(ops, rng.sample(alive, min(len(alive), rng.choice([1, 1, 2, 3]))), "hostile", files)

    def plot(self, who):
        """What one with some rights would like most."""
        rng, state, target = self.rng, self.state, self.member()
        kind = rng.choice(["plant", "plant", "let in", "let in", "leave", "squat", "swap", "seal", "undo"])
        held = state.members.get(target, {"recipients": []})["recipients"]
        if kind == "plant":
            return [self.some(rng.choice(["key-add", "recipient-add"]))]
        if kind == "let in":
            return [self._of_role("role-join", self.role(), target)]
        if kind == "leave":
            roles = sorted(state.roles_of(who)) or ["dev"]
            device = rng.choice([k.device for k in state.keys.values() if k.member == who] or ["d0"])
            gone = rng.choice([op("role-leave", role=rng.choice(roles), member=who), op("member-remove", member=who),
                               op("key-remove", member=who, device=device, lost=False)])
            keys_of = self._epoch(rng.choice(["epoch", "epoch", "reseal"]))
            return [gone, keys_of] if rng.random() < 0.5 else [keys_of, gone]
        if kind == "squat":
            taken = rng.choice(rng.choice(self.pool))
            return [op("recipient-add", member=who, recipient=taken)] if rng.random() < 0.5 else [
                op("member-add", member=rng.choice(NAMES), kind="service", recipients=[taken])]
        if kind == "swap":
            new = self.recipient()
            return [op("member-remove", member=target), op("member-add", member=target, kind="user", recipients=[new]),
                    self.key(target, "d0", new)]
        if kind == "undo" and held:
            gone = rng.choice(held)
            return [op("recipient-remove", member=target, recipient=gone),
                    op("recipient-add", member=rng.choice([who, target]), recipient=gone)]
        return [self._epoch(rng.choice(["epoch", "reseal"]))]

    def sign(self, ops, seeds, side, files):
        """Whether the entry is accepted; if not, it is kept in `refused`, and the vault is as before."""
        if not seeds:
            return False
        entries = list(self.build.policy)
        try:
            if self.rng.random() < 0.12 and len(entries) > 1:
                ops = self._stale(entries, ops, seeds)
            self.build.add_policy(ops, seeds, heads=[])
            self.chain.append(self.build.policy[-1])
        except Refused as error:
            if len(self.build.policy) > len(entries):
                self.refused = (self.build.policy[-1], dict(self.build.file.audiences), str(error))
            self.build.policy[:], self.build.file.audiences = entries, files
            self.build.file.policy = [e.line for e in entries]
            self.tried[side][1] += 1
            return False
        self.tried[side][0] += 1
        return True

    def _stale(self, entries, ops, seeds):
        """What the ops would give had the last entries not been there."""
        seen = entries[:-self.rng.randrange(1, min(len(entries), 3))]
        body = {"seq": len(seen), "prev": encode(seen[-1].id), "ts": 0, "heads": [], "ops": [], "reason": ""}
        return self.build.folding.filled(seen, body, ops, seeds)

    def end_refused(self):
        """Puts the last refused entry back at the end, where the chain has not grown since."""
        if self.refused and self.refused[0].seq == len(self.build.policy):
            entry, self.build.file.audiences, _ = self.refused
            self.build.policy.append(entry)
            self.build.file.policy.append(entry.line)
            return True
        return False


def crowd(rng):
    """(the crowd, whether its file is accepted). Some end with an entry that is refused."""
    told = Crowd(rng)
    for _ in range(rng.choice([4, 8, 12, 16])):
        told.step()
    return told, not (rng.random() < 0.5 and told.end_refused())


def history(source, rng):
    told, accepted = crowd(rng)
    return fixed(told.build.file), f"{len(told.build.policy)} entries, {'accepted' if accepted else told.refused[2]}"


for _number in range(4):
    way(f"crowd {_number}", EITHER)(history)
