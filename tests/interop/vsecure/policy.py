"""The policy chain (section 4): the state after each entry. Who may do it is in authority.py."""

from dataclasses import dataclass, field
from functools import lru_cache

from . import access, rules, signing
from .authority import Signers, authorise
from .errors import Refused
from .records import policy_entry
from .recipients import looks_x25519, plugin_of, recipient_id

SUITE = "xchacha20poly1305-blake3"
MOST_RECIPIENTS, MOST_ROLE, MOST_ROLES, MOST_KEYS, MOST_PATTERNS = 16, 1000, 64, 64, 1024
MOST_SIGNATURES = 16
PATTERNS_BY_GRANTORS = 256
# Whose an epoch's recipient is: no member has an empty name.
EPOCH = ""
REMOVALS = {"member-remove", "key-remove", "recipient-remove", "role-remove", "role-leave", "revoke"}


@dataclass
class Key:
    """A device key, for as long as the chain is known: also after its removal."""
    member: str
    device: str
    public: bytes
    recipient: str
    sealed: bytes
    signers: frozenset  # the keys that signed the entry that added it


@dataclass(frozen=True)
class Added:
    """A credential, as it was added to whoever had the name then: a key id or a RECIPIENT-ID."""
    member: str
    found: bytes
    sealed_to: bytes    # the RECIPIENT-ID of a key's recipient; None for a recipient
    signers: frozenset
    genesis: bool


@dataclass
class Audience:
    current: bytes
    envelope: bytes
    due: bool = False
    skipped: tuple = ()
    epochs: dict = field(default_factory=dict)  # epoch: (recipient, kek commitment)

    def copy(self):
        return Audience(self.current, self.envelope, self.due, self.skipped, dict(self.epochs))


class State:
    """What holds after one entry, and what a chain remembers of the entries before."""

    def __init__(self):
        self.vault = {}
        self.members = {}                 # name: {kind, recipients, expires, incarnation, creators}
        self.keys = {}                    # key id: Key, those that are valid
        self.roles = {"owner": set()}     # role: names
        self.grants = {"owner": {}}       # role: {pattern: rights}
        self.makers = {"owner": set()}    # role: its creators
        self.audiences, self.settings = {}, {}
        self.every_key, self.every_epoch = {}, {}  # key id: Key; epoch: audience
        self.every_recipient = {}         # RECIPIENT-ID: the member in whom it is in force, or None
        self.added = []                   # every credential in the order of adding
        self.ever_read, self.ever_granted = {}, {}  # role name: patterns
        self.superseded = {}              # epoch: the position of its successor
        self.checkpoint = None            # the last op of that kind
        self.incarnations = 0

    def copy(self):
        out = State()
        for name in ("vault", "checkpoint", "incarnations"):
            setattr(out, name, getattr(self, name))
        for name in ("keys", "settings", "every_key", "every_epoch", "every_recipient", "superseded"):
            setattr(out, name, dict(getattr(self, name)))
        for name in ("roles", "makers", "ever_read", "ever_granted"):
            setattr(out, name, {k: set(v) for k, v in getattr(self, name).items()})
        out.added = list(self.added)
        out.members = {k: {**v, "recipients": list(v["recipients"])} for k, v in self.members.items()}
        out.grants = {k: {p: set(r) for p, r in v.items()} for k, v in self.grants.items()}
        out.audiences = {k: v.copy() for k, v in self.audiences.items()}
        return out

    def roles_of(self, member):
        return {role for role, names in self.roles.items() if member in names}

    def incarnation(self, member):
        return (member, self.members[member]["incarnation"])

    def has_grant(self, member):
        """Whether the member holds `grant` on any pattern."""
        return any("grant" in have for _, have in self.grants_of(member))

    def grants_of(self, member):
        """Every (pattern, rights) that a member holds."""
        for role in self.roles_of(member):
            yield from self.grants[role].items()
            if role == "owner":
                yield "*", set(rules.RIGHTS)

    def holds(self, member, right, full_name):
        return any(right in have and rules.matches(pattern, full_name)
                   for pattern, have in self.grants_of(member))

    def holds_over(self, member, right, inner):
        """Whether the right is held on a pattern that contains `inner`."""
        return any(right in have and rules.contains(pattern, inner)
                   for pattern, have in self.grants_of(member))

    def audience_of(self, full_name):
        readers = {role for role, grants in self.grants.items() for pattern, have in grants.items()
                   if "read" in have and rules.matches(pattern, full_name)}
        return "+".join(sorted(readers | {"owner"}))

    def audiences_of(self, member):
        """The audiences that the member is in."""
        return [name for name in self.audiences if self.roles_of(member) & set(name.split("+"))]

    def is_due(self, name):
        return self.audiences[name].due and self.is_whole(name)

    def is_whole(self, name):
        """Whether all roles of the audience exist."""
        return all(role in self.roles for role in name.split("+"))

    def members_of(self, audience):
        return {name for role in audience.split("+") for name in self.roles.get(role, ())}

    def recipients_of(self, audience):
        return {r for name in self.members_of(audience) for r in self.members[name]["recipients"]}

    def is_wide(self, audience):
        """Whether its keys are for owners, however little it reads."""
        roles = [role for role in audience.split("+") if role != "owner"]
        patterns = sum(len(self.ever_read.get(role, ())) for role in roles if role in self.roles)
        return len(roles) > 64 or patterns > 512

    def reads(self, audience):
        """The patterns that the audience reads or ever read; keys of its epochs may open what was there."""
        if audience == "owner":
            return {"*"}
        roles = [self.ever_read.get(role, set()) if role in self.roles else set()
                 for role in audience.split("+") if role != "owner"]
        return {pattern for read in roles for pattern in read
                if all(any(rules.contains(outer, pattern) for outer in other) for other in roles)}


def apply(entry, at, before, vault):
    """The state that the ops leave, and the context that they were judged in; who may do them is not asked,
    nor what they state to give."""
    context = _Context(at, entry, before, vault)
    for number, op in enumerate(entry.ops):
        _check((op["op"] == "vault") == (at == 0 and number == 0), "vault-op", f"entry {at}")
        context.apply(op)
    context.remember()
    return context


def as_if_allowed(entry, at, before, vault):
    """The state that the ops would leave if no rule refused any: what a hostile signer states `gives` of."""
    global _strict
    context, _strict = _Context(at, entry, before, vault), False
    try:
        for op in entry.ops:
            try:
                context.apply(op)
            except (Refused, LookupError, ValueError):
                continue
    finally:
        _strict = True
    context.remember()
    return context.state


class Chain:
    """The whole chain, folded. `states[n]` is the state after entry n."""

    def __init__(self, entries):
        self.entries, self.states, self.position, self.removals = [], [], {}, []
        for entry in entries:
            self.append(entry)

    def append(self, entry):
        """Takes one more entry, or refuses it and stays as it was."""
        at, before = len(self.entries), self.states[-1] if self.states else State()
        previous = self.entries[-1].id if at else b""
        _check(entry.seq == at and entry.prev == previous, "link", f"entry {at}")
        vault = self.vault if at else b""
        context = apply(entry, at, before, vault)
        after = context.state
        judge = before if at else after
        for signature in entry.sigs:
            key = judge.keys.get(signature["key"])
            _check(key is not None, "unknown-key", f"entry {at}")
            _check(signing.verify(key.public, "policy", entry.id, signature["sig"]), "signature", f"entry {at}")
        signers = Signers(entry, judge, after)
        for op in entry.ops:
            if op["op"] in access.GIVING:
                _check(op["gives"] == access.gives(op, after, vault), "gives", f"entry {at}: {op['op']}")
            if op.get("skipped"):
                held = after.recipients_of(op["audience"])
                _check(set(op["skipped"]) < held, "skipped", op["audience"])
        authorise(signers, context.for_owners)
        signing_owners = after.roles["owner"] & {key.member for key in after.keys.values()}
        _check(len(signing_owners) >= after.vault["threshold"], "owners-locked", f"entry {at}")
        self.entries.append(entry)
        self.states.append(after)
        self.position[entry.id] = at
        if any(op["op"] in REMOVALS for op in entry.ops):
            self.removals.append(at)

    @property
    def vault(self):
        return self.entries[0].id

    @property
    def every_key(self):
        return self.states[-1].every_key

    @property
    def checkpoint(self):
        """The last checkpoint, with its position as `at`; None without one."""
        return self.states[-1].checkpoint

    @property
    def every_epoch(self):
        return self.states[-1].every_epoch

    @property
    def superseded(self):
        return self.states[-1].superseded


@lru_cache(8)
def chain_of(lines):
    """The chain of a file, given as a tuple of its lines."""
    return Chain([policy_entry(line) for line in lines])


class _Context:
    def __init__(self, at, entry, before, vault):
        self.at, self.entry, self.before, self.vault = at, entry, before, vault
        self.state = before.copy()
        self.signers = frozenset(s["key"] for s in entry.sigs)
        self.made = []        # the members and roles that this entry makes: their sets of creators
        self.for_owners = []  # what owners alone may do, whatever else suffices for the op

    def apply(self, op):
        _APPLY[op["op"]](self, **{k: v for k, v in op.items() if k not in ("op", "gives", "key_id")})

    def member(self, name):
        _check(name in self.state.members, "unknown-member", name)
        return self.state.members[name]

    def role(self, name):
        _check(name in self.state.roles, "unknown-role", name)
        return self.state.roles[name]

    def creators(self):
        """The creators of what this entry adds; filled in when its signers are known, for genesis at its end."""
        self.made.append(set())
        return self.made[-1]

    def remember(self):
        """What the entry leaves for later ones: who made its members and roles, and what was read."""
        judge = self.before if self.at else self.state
        names = {judge.keys[k].member for k in self.signers if k in judge.keys}
        for creators in self.made:
            creators.update(judge.incarnation(n) for n in names if judge.has_grant(n))
        for role, grants in self.state.grants.items():
            read = (pattern for pattern, have in grants.items() if "read" in have)
            self.state.ever_read.setdefault(role, set()).update(read)

    def take_recipient(self, member, recipient):
        plugin, found = plugin_of(recipient), recipient_id(recipient)
        allowed = self.state.settings.get("plugins.allow", "").split(",")
        _check(plugin is None or plugin in allowed, "plugin", recipient[:80])
        if found in self.state.every_recipient:
            _check(self.state.every_recipient[found] in (None, EPOCH), "recipient-taken", recipient[:80])
            self.for_owners.append(f"{recipient[:80]} comes back")
        self.state.every_recipient[found] = member
        self.state.added.append(Added(member, found, None, self.signers, self.at == 0))

    def keep_for_owners(self, is_last, what):
        """The last places of whatever has a limit: who lets people in cannot fill it up and keep owners out."""
        self.for_owners += [what] if is_last else []

    def drop_keys(self, test):
        self.state.keys = {i: k for i, k in self.state.keys.items() if not test(i, k)}

    def drop_recipient(self, member, recipient):
        self.state.members[member]["recipients"].remove(recipient)
        self.state.every_recipient[recipient_id(recipient)] = None
        self.drop_keys(lambda _, key: key.member == member and key.recipient == recipient)
        self.make_due(self.state.roles_of(member))

    def make_due(self, roles):
        for name, audience in self.state.audiences.items():
            audience.due |= bool(roles & set(name.split("+")))


_strict = True


def _check(ok, code, detail=""):
    if not ok and _strict:
        raise Refused("policy", code, detail)


def _vault(c, suite, nonce, name, threshold):
    if suite != SUITE:
        raise Refused("policy", "suite", suite)
    _check(0 < threshold < 2**32, "threshold")
    c.state.vault = {"suite": suite, "name": name, "threshold": threshold}


def _threshold(c, owners):
    _check(c.at > 0, "threshold-in-genesis")
    _check(0 < owners <= min(len(c.state.roles["owner"]), MOST_SIGNATURES), "threshold")
    c.state.vault = {**c.state.vault, "threshold": owners}


def _new_name(name, present, code):
    _check(name.lower() not in {other.lower() for other in present}, code, name)


def _member_add(c, member, kind, recipients, expires):
    _new_name(member, c.state.members, "member-exists")
    _check(1 <= len(recipients) <= MOST_RECIPIENTS, "recipients")
    c.keep_for_owners(len(recipients) > 12, f"the last recipients of {member}")
    c.state.incarnations += 1
    c.state.members[member] = {"kind": kind, "recipients": list(recipients), "expires": expires,
                               "incarnation": c.state.incarnations, "creators": c.creators()}
    for recipient in recipients:
        c.take_recipient(member, recipient)


def _enough_owners(c, role):
    few = len(c.state.roles["owner"]) < c.state.vault["threshold"]
    _check(not (role == "owner" and few), "last-owner")


def _member_remove(c, member):
    c.member(member)
    left = c.state.roles_of(member)
    for role in left:
        c.state.roles[role].discard(member)
        _enough_owners(c, role)
    for recipient in list(c.state.members[member]["recipients"]):
        c.drop_recipient(member, recipient)
    del c.state.members[member]
    c.drop_keys(lambda _, key: key.member == member)
    c.make_due(left)


def _recipient_add(c, member, recipient):
    have = c.member(member)["recipients"]
    _check(len(have) < MOST_RECIPIENTS, "recipients", member)
    c.keep_for_owners(len(have) >= 12, f"the last recipients of {member}")
    c.take_recipient(member, recipient)
    have.append(recipient)


def _recipient_remove(c, member, recipient):
    _check(recipient in c.member(member)["recipients"], "recipients", member)
    c.drop_recipient(member, recipient)


def _key_add(c, member, device, key, recipient, sealed, proof):
    have = c.member(member)["recipients"]
    devices = [k.device for k in c.state.keys.values() if k.member == member]
    _check(device not in devices, "device-exists", device)
    _check(len(devices) < MOST_KEYS, "limit", member)
    c.keep_for_owners(len(devices) >= 48, f"the last devices of {member}")
    _check(signing.valid_key(key), "public-key", device)
    found = signing.key_id(key)
    _check(found not in c.state.every_key, "key-reused", device)
    _check(recipient in have, "recipients", device)
    digest = signing.proof_digest(c.vault, member, device, recipient, key, sealed)
    _check(signing.verify(key, "proof", digest, proof), "key-proof", device)
    fact = Key(member, device, key, recipient, sealed, c.signers)
    c.state.every_key[found] = c.state.keys[found] = fact
    c.state.added.append(Added(member, found, recipient_id(recipient), c.signers, c.at == 0))


def _key_remove(c, member, device, lost):
    found = [i for i, k in c.state.keys.items() if (k.member, k.device) == (member, device)]
    _check(found, "unknown-key", device)
    c.drop_keys(lambda i, _: i == found[0])
    if lost:
        tainted = _tainted(c.state.added, member, found[0])
        c.drop_keys(lambda i, _: i in tainted)
        for recipient in list(c.state.members[member]["recipients"]):
            if recipient_id(recipient) in tainted:
                c.drop_recipient(member, recipient)


def _tainted(added, member, lost):
    """The credentials of a member that a lost key may have brought in, through any number between."""
    tainted = {lost}
    for fact in added:
        if fact.member == member and (fact.signers & tainted or fact.sealed_to in tainted):
            tainted.add(fact.found)
    return tainted


def _role_add(c, role):
    _new_name(role, c.state.roles, "role-exists")
    c.state.roles[role], c.state.grants[role], c.state.makers[role] = set(), {}, c.creators()


def _role_remove(c, role):
    c.role(role)
    _check(role != "owner", "owner-role")
    del c.state.roles[role], c.state.grants[role], c.state.makers[role]
    c.make_due({role})


def _role_join(c, role, member):
    c.member(member)
    _check(member not in c.role(role), "role-member", member)
    there, roles = len(c.state.roles[role]), len(c.state.roles_of(member))
    _check(there < MOST_ROLE and roles < MOST_ROLES, "limit", role)
    c.keep_for_owners(there >= 900 or roles >= 48, f"the last places of {member} or {role}")
    c.state.roles[role].add(member)


def _role_leave(c, role, member):
    c.member(member)
    _check(member in c.role(role), "role-member", member)
    c.state.roles[role].discard(member)
    _enough_owners(c, role)
    c.make_due({role})


def _grant(c, role, pattern, rights):
    c.role(role)
    _check(role != "owner", "owner-role")
    ever = c.state.ever_granted.setdefault(role, set())
    new = pattern not in ever
    ever.add(pattern)
    _check(len(ever) <= MOST_PATTERNS, "limit", role)
    c.keep_for_owners(len(ever) > PATTERNS_BY_GRANTORS and new, f"a pattern more of {role}")
    c.state.grants[role].setdefault(pattern, set()).update(rights)


def _revoke(c, role, pattern, rights):
    c.role(role)
    _check(role != "owner", "owner-role")
    have = c.state.grants[role].get(pattern, set())
    _check(set(rights) <= have, "revoke", pattern)
    have -= set(rights)
    if not have:
        del c.state.grants[role][pattern]


def _epoch(c, audience, epoch, recipient, kek, envelope, skipped):
    _check(c.at > 0, "genesis", "keys of an audience bind the hash of genesis")
    _check(rules.is_audience(audience), "audience", audience)
    _check(looks_x25519(recipient), "epoch-recipient", audience)
    for role in audience.split("+"):
        c.role(role)
    _check(epoch not in c.state.every_epoch, "epoch-reused", audience)
    c.state.every_epoch[epoch] = audience
    _check(recipient_id(recipient) not in c.state.every_recipient, "recipient-taken", audience)
    c.state.every_recipient[recipient_id(recipient)] = EPOCH
    if audience in c.state.audiences:
        c.state.superseded[c.state.audiences[audience].current] = c.at
    fact = c.state.audiences.setdefault(audience, Audience(epoch, envelope))
    fact.current, fact.envelope, fact.due, fact.skipped = epoch, envelope, False, tuple(skipped or ())
    fact.epochs[epoch] = (recipient, kek)


def _reseal(c, audience, epoch, envelope, skipped):
    _check(c.at > 0, "genesis")
    fact = c.state.audiences.get(audience)
    _check(fact is not None and fact.current == epoch, "epoch", audience)
    _check(not c.state.is_due(audience), "due", audience)
    fact.envelope, fact.skipped = envelope, tuple(skipped or ())


def _setting(c, key, value):
    rules.check_setting(key, value, c.state.settings)
    if value:
        c.state.settings[key] = value
    else:
        c.state.settings.pop(key, None)


def _checkpoint(c, **stated):
    before = c.state.checkpoint["entries"] if c.state.checkpoint else 0
    _check(c.at > 0 and len(c.entry.ops) == 1, "checkpoint", "it stands alone, and not in genesis")
    _check(stated["entries"] > before, "checkpoint", "it closes no more than the one before it")
    c.state.checkpoint = {**stated, "at": c.at}


_APPLY = {
    "vault": _vault, "member-add": _member_add, "member-remove": _member_remove,
    "recipient-add": _recipient_add, "recipient-remove": _recipient_remove, "key-add": _key_add,
    "key-remove": _key_remove, "role-add": _role_add, "role-remove": _role_remove,
    "role-join": _role_join, "role-leave": _role_leave, "grant": _grant, "revoke": _revoke,
    "epoch": _epoch, "reseal": _reseal, "setting": _setting, "rebase": lambda c, head: None, "threshold": _threshold,
    "checkpoint": _checkpoint,
}
