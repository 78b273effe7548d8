"""Who gets in: tales of a clerk who may grant on tale/*, as chains that are signed by who tells them.

Every op states rightly what it gives, but where that is what the tale is about: what must refuse it is the rule."""

from vsecure import keys, signing
from vsecure.encoding import encode
from vsecure.file import File
from vsecure.rules import RIGHTS
from vsecure.writing import Builder, op, policy_line

from . import making
from .source import ACCEPT, REFUSE, fixed, way


class Tale:
    """A chain that grows. A signer is "owners" or the name of a key: MEMBER, or MEMBER.DEVICE."""

    def __init__(self, source, rng, build=None):
        self.source, self.rng = source, rng
        self.build = build or source.builder(rng)
        self.owners = list({name: seed for name, seed in source.owners()}.values())
        self.seeds, self.recipients = {}, {}

    def by(self, who, *ops, **more):
        self.build.add_policy(list(ops), self.signing(who), **more)

    def signing(self, who):
        return [seed for name in who.split("+") for seed in (self.owners if name == "owners" else [self.seed(name)])]

    def raw(self, who, *ops):
        """An entry that a reader may not be able to parse: nothing can come after it."""
        body = {"seq": len(self.build.policy), "prev": encode(self.build.policy[-1].id), "ts": self.build.now,
                "heads": [], "ops": list(ops), "reason": ""}
        self.build.file.policy.append(policy_line(body, self.signing(who)))

    def seed(self, name):
        return self.seeds.setdefault(name, self.rng.randbytes(32))

    def recipient(self, name):
        """The recipient called so, made when it is first asked for."""
        return self.recipients.setdefault(name, making.x25519(self.rng))

    def add(self, name, *recipients, kind="user"):
        given = sorted(recipients or [self.recipient(name)])
        return op("member-add", member=name, kind=kind, recipients=given)

    def key(self, name, device="", recipient=None):
        """The key of this name is the member's, for its recipient or another one of its."""
        full = f"{name}.{device}" if device else name
        public, to = signing.public_of(self.seed(full)), recipient or self.recipient(name)
        vault, sealed = self.build.policy[0].id if self.build.policy else b"", self.rng.randbytes(80)
        digest = signing.proof_digest(vault, name, device or "d", to, public, sealed)
        return op("key-add", member=name, device=device or "d", key=public, recipient=to, sealed=sealed,
                  proof=signing.sign(self.seed(full), "proof", digest))

    def stated(self, *ops, seeds=(), vault=None):
        """The ops with what they give now, and not when they are signed; or in another vault."""
        body = {"seq": len(self.build.policy), "prev": encode(self.build.policy[-1].id), "ts": 0, "heads": [],
                "ops": [], "reason": ""}
        return self.build.folding.filled(self.build.policy, body, list(ops), list(seeds) or self.owners, vault)

    def audience(self, *roles):
        return "+".join(sorted({"owner", *roles}))

    def epoch(self, *roles, recipient=None, skipped=None, again=False):
        """A new epoch, or another envelope of the current one; a verifier without keys cannot tell what is in it."""
        name, envelope = self.audience(*roles), self.rng.randbytes(200)
        epoch = self.build.file.audiences[name][0] if again else self.rng.randbytes(16)
        self.build.file.audiences[name] = (epoch, envelope)
        self.build.file.audiences = dict(sorted(self.build.file.audiences.items()))
        found = keys.envelope_id(envelope)
        if again:
            return op("reseal", audience=name, epoch=epoch, envelope=found, skipped=skipped)
        to = recipient or making.x25519(self.rng)
        return op("epoch", audience=name, epoch=epoch, recipient=to, kek=self.rng.randbytes(32), envelope=found,
                  skipped=skipped)

    def reseal(self, *roles, skipped=None):
        return self.epoch(*roles, skipped=skipped, again=True)


def grant(role, *rights, pattern="tale/*"):
    return op("grant", role=role, pattern=pattern, rights=[r for r in RIGHTS if r in rights])


def revoke(role, *rights, pattern="tale/*"):
    return op("revoke", role=role, pattern=pattern, rights=[r for r in RIGHTS if r in rights])


def join(role, member):
    return op("role-join", role=role, member=member)


def leave(role, member):
    return op("role-leave", role=role, member=member)


def role(name):
    return op("role-add", role=name)


def remove(member):
    return op("member-remove", member=member)


def drop(member, device="d", lost=False):
    return op("key-remove", member=member, device=device, lost=lost)


def tale(kind, expect=REFUSE):
    """Marks a function (tale), told after owners made the clerk, a member `new` and a role `readers`."""
    def mark(function):
        @way("policy tale: " + kind, expect)
        def make(source, rng):
            told = Tale(source, rng)
            told.by("owners", role("clerks"), role("readers"), grant("clerks", "write", "grant"),
                    told.add("clerk"), told.key("clerk"), join("clerks", "clerk"), told.add("new"))
            function(told)
            return fixed(told.build.file), "the clerk's"
        return function
    return mark


def short(kind, expect, *tellings):
    """A tale of entries that are functions (tale) → (who, ops)."""
    def tell(told):
        for telling in tellings:
            who, *ops = telling(told)
            told.by(who, *ops)
    tale(kind, expect)(tell)


class Empty:
    """The source of a vault that begins with the tale."""

    def owners(self):
        return []


def beginning(kind, expect=REFUSE):
    """Marks a function (tale) that makes a whole new vault: it signs genesis itself."""
    def mark(function):
        @way("policy tale: " + kind, expect)
        def make(source, rng):
            told = Tale(Empty(), rng, Builder(File("", b"", ""), rng))
            told.build.file.suite, told.build.file.name = keys.SUITE, "new"
            function(told)
            return fixed(told.build.file), "a whole new vault"
        return function
    return mark


def vault(told, threshold=1):
    return op("vault", suite=keys.SUITE, nonce=told.rng.randbytes(16), name="new", threshold=threshold)


# What was so before: giving what one holds, and what was once read.

def _owners(*ops):
    return lambda t: ("owners", *ops)


def _clerk(*ops):
    return lambda t: ("clerk", *ops)


def _own_joins(name):
    """Somebody whom the clerk made, and gives a role."""
    return (lambda t: ("clerk", t.add("own"))), _clerk(join(name, "own"))


short("gives what it holds", ACCEPT, _owners(grant("readers", "write")), *_own_joins("readers"))
short("gives what it does not hold", REFUSE, _owners(grant("readers", "read")), *_own_joins("readers"))
short("gives what was once read", REFUSE, _owners(grant("readers", "read", "write")),
      _owners(revoke("readers", "read")), *_own_joins("readers"))
short("gives what was read for no entry", ACCEPT,
      _owners(grant("readers", "read", "write"), revoke("readers", "read")), *_own_joins("readers"))
short("gives a name that once read", REFUSE, _owners(grant("readers", "read")),
      _owners(op("role-remove", role="readers"), role("readers"), grant("readers", "write")), *_own_joins("readers"))
# A newcomer's first role is given by who made it.
short("places a newcomer of the owners", REFUSE, _owners(grant("readers", "write")), _clerk(join("readers", "new")))
short("places a newcomer of the owners who signs, too", ACCEPT, _owners(grant("readers", "write")),
      lambda t: ("owners", t.key("new")), lambda t: ("clerk+new", join("readers", "new")))
short("places one whom the owners placed", ACCEPT, _owners(grant("readers", "write"), role("more"), grant("more", "write"),
                                                           join("more", "new")), _clerk(join("readers", "new")))
short("places a newcomer of the owners in a role of its own without grants", REFUSE, _clerk(role("mine")), _clerk(join("mine", "new")))
short("adds a key to a newcomer of the owners in its role without grants", REFUSE, _clerk(role("mine")),
      _owners(join("mine", "new")), lambda t: ("clerk", t.key("new")))
short("removes a newcomer of the owners in its role without grants", REFUSE, _clerk(role("mine")), _owners(join("mine", "new")),
      _clerk(remove("new")))
short("stands in for a reader by a key", REFUSE, _owners(grant("readers", "read"), join("readers", "new")),
      lambda t: ("clerk", t.key("new")))
short("stands in for a reader by a recipient", REFUSE, _owners(grant("readers", "read"), join("readers", "new")),
      lambda t: ("clerk", op("recipient-add", member="new", recipient=t.recipient("other"))))
short("stands in for a writer by a key", ACCEPT, _owners(grant("readers", "write"), join("readers", "new")),
      lambda t: ("clerk", t.key("new")))
short("stands in for a writer by a recipient", ACCEPT, _owners(grant("readers", "write"), join("readers", "new")),
      lambda t: ("clerk", op("recipient-add", member="new", recipient=t.recipient("other"))))
short("takes a reader out", ACCEPT, _owners(grant("readers", "read"), join("readers", "new")), _clerk(leave("readers", "new")))
short("removes an owner", REFUSE, _owners(join("owner", "new")), _clerk(remove("new")))
short("one key adds another", REFUSE, lambda t: ("owners", grant("readers", "read"), join("readers", "new"), t.key("new")),
      lambda t: ("new", t.key("new", "e")))
short("two keys add a third", ACCEPT,
      lambda t: ("owners", grant("readers", "read"), join("readers", "new"), t.key("new"), t.key("new", "e")),
      lambda t: ("new+new.e", t.key("new", "f")))
