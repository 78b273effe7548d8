"""The policy chain (section 4): the state after each entry. Who may do it is in authority.py."""

from dataclasses import dataclass, field
from functools import lru_cache

from . import rules, signing
from .authority import authorise
from .errors import Refused
from .records import policy_entry

SUITE = "xchacha20poly1305-blake3"
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


@dataclass
class Audience:
    current: bytes
    envelope: bytes
    due: bool = False
    epochs: dict = field(default_factory=dict)  # epoch: (recipient, kek commitment)

    def copy(self):
        return Audience(self.current, self.envelope, self.due, dict(self.epochs))


class State:
    """What holds after one entry."""

    def __init__(self):
        self.vault = {}
        self.members = {}                 # name: {kind, recipients, expires}
        self.keys = {}                    # key id: Key, those that are valid
        self.roles = {"owner": set()}     # role: names
        self.grants = {"owner": {}}       # role: {pattern: rights}
        self.audiences, self.settings = {}, {}

    def copy(self):
        out = State()
        out.vault, out.keys, out.settings = self.vault, dict(self.keys), dict(self.settings)
        out.members = {k: {**v, "recipients": list(v["recipients"])} for k, v in self.members.items()}
        out.roles = {k: set(v) for k, v in self.roles.items()}
        out.grants = {k: {p: set(r) for p, r in v.items()} for k, v in self.grants.items()}
        out.audiences = {k: v.copy() for k, v in self.audiences.items()}
        return out

    def roles_of(self, member):
        return {role for role, names in self.roles.items() if member in names}

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
        return self.audiences[name].due and all(role in self.roles for role in name.split("+"))


class Chain:
    """The whole chain, folded. `states[n]` is the state after entry n."""

    def __init__(self, entries):
        self.entries, self.states = entries, []
        self.position = {}
        self.every_key, self.every_epoch = {}, {}  # key id: Key; epoch: audience
        self.ever_read = {}                        # role: patterns
        self.superseded = {}                       # epoch: the position of its successor
        state = State()
        for at, entry in enumerate(entries):
            state = self._entry(at, entry, state)
            self.position[entry.id] = at
            self.states.append(state)
        self.vault = entries[0].id
        self.removals = [at for at, e in enumerate(entries) if any(o["op"] in REMOVALS for o in e.ops)]

    def _entry(self, at, entry, before):
        previous = self.entries[at - 1].id if at else b""
        _check(entry.seq == at and entry.prev == previous, "link", f"entry {at}")
        after = before.copy()
        context = _Context(self, at, entry, after)
        for number, op in enumerate(entry.ops):
            if (op["op"] == "vault") != (at == 0 and number == 0):
                raise Refused("policy", "vault-op", f"entry {at}")
            _APPLY[op["op"]](context, **{k: v for k, v in op.items() if k != "op"})
        judge = before if at else after
        for signature in entry.sigs:
            key = judge.keys.get(signature["key"])
            _check(key is not None, "unknown-key", f"entry {at}")
            _check(signing.verify(key.public, "policy", entry.id, signature["sig"]), "signature", f"entry {at}")
        authorise(entry, judge, self.ever_read)
        for role, grants in after.grants.items():
            read = (pattern for pattern, have in grants.items() if "read" in have)
            self.ever_read.setdefault(role, set()).update(read)
        signing_owners = after.roles["owner"] & {key.member for key in after.keys.values()}
        _check(len(signing_owners) >= after.vault["threshold"], "owners-locked", f"entry {at}")
        return after


@lru_cache(8)
def chain_of(lines):
    """The chain of a file, given as a tuple of its lines."""
    return Chain([policy_entry(line) for line in lines])


class _Context:
    def __init__(self, chain, at, entry, state):
        self.chain, self.at, self.entry, self.state = chain, at, entry, state
        self.vault = chain.entries[0].id if at else b""

    def member(self, name):
        _check(name in self.state.members, "unknown-member", name)
        return self.state.members[name]

    def role(self, name):
        _check(name in self.state.roles, "unknown-role", name)
        return self.state.roles[name]

    def drop_keys(self, test):
        self.state.keys = {i: k for i, k in self.state.keys.items() if not test(i, k)}

    def make_due(self, roles):
        for name, audience in self.state.audiences.items():
            audience.due |= bool(roles & set(name.split("+")))


def _check(ok, code, detail=""):
    if not ok:
        raise Refused("policy", code, detail)


def _vault(c, suite, nonce, name, threshold):
    if suite != SUITE:
        raise Refused("policy", "suite", suite)
    _check(0 < threshold < 2**32, "threshold")
    c.state.vault = {"suite": suite, "name": name, "threshold": threshold}


def _member_add(c, member, kind, recipients, expires):
    _check(member not in c.state.members, "member-exists", member)
    _check(1 <= len(recipients) <= 16 and len(set(recipients)) == len(recipients), "recipients")
    c.state.members[member] = {"kind": kind, "recipients": recipients, "expires": expires}


def _enough_owners(c, role):
    few = len(c.state.roles["owner"]) < c.state.vault["threshold"]
    _check(not (role == "owner" and few), "last-owner")


def _member_remove(c, member):
    c.member(member)
    left = c.state.roles_of(member)
    for role in left:
        c.state.roles[role].discard(member)
        _enough_owners(c, role)
    del c.state.members[member]
    c.drop_keys(lambda _, key: key.member == member)
    c.make_due(left)


def _recipient_add(c, member, recipient):
    have = c.member(member)["recipients"]
    _check(recipient not in have and len(have) < 16, "recipients", member)
    have.append(recipient)


def _recipient_remove(c, member, recipient):
    have = c.member(member)["recipients"]
    _check(recipient in have and len(have) > 1, "recipients", member)
    have.remove(recipient)
    c.drop_keys(lambda _, key: key.member == member and key.recipient == recipient)
    c.make_due(c.state.roles_of(member))


def _key_add(c, member, device, key, recipient, sealed, proof):
    have = c.member(member)["recipients"]
    in_use = any(k.member == member and k.device == device for k in c.state.keys.values())
    _check(not in_use, "device-exists", device)
    _check(signing.valid_key(key), "public-key", device)
    found = signing.key_id(key)
    _check(found not in c.chain.every_key, "key-reused", device)
    _check(recipient in have, "recipients", device)
    digest = signing.proof_digest(c.vault, member, device, recipient, key, sealed)
    _check(signing.verify(key, "proof", digest, proof), "key-proof", device)
    signers = frozenset(s["key"] for s in c.entry.sigs)
    fact = Key(member, device, key, recipient, sealed, signers)
    c.chain.every_key[found] = c.state.keys[found] = fact


def _key_remove(c, member, device, lost):
    found = [i for i, k in c.state.keys.items() if (k.member, k.device) == (member, device)]
    _check(found, "unknown-key", device)
    c.drop_keys(lambda i, _: i == found[0])
    if lost:
        reached = _reached(c.chain.every_key, member, found[0])
        c.drop_keys(lambda i, _: i in reached)


def _reached(every_key, member, lost):
    """The keys of a member that a lost one helped to add, through any number of keys between."""
    reached = {lost}
    while True:
        more = {i for i, k in every_key.items() if k.member == member and k.signers & reached} - reached
        if not more:
            return reached
        reached |= more


def _role_add(c, role):
    _check(role not in c.state.roles, "role-exists", role)
    c.state.roles[role], c.state.grants[role] = set(), {}


def _role_remove(c, role):
    c.role(role)
    _check(role != "owner", "owner-role")
    del c.state.roles[role], c.state.grants[role]
    c.make_due({role})


def _role_join(c, role, member):
    c.member(member)
    _check(member not in c.role(role), "role-member", member)
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
    c.state.grants[role].setdefault(pattern, set()).update(rights)


def _revoke(c, role, pattern, rights):
    c.role(role)
    _check(role != "owner", "owner-role")
    have = c.state.grants[role].get(pattern, set())
    _check(set(rights) <= have, "revoke", pattern)
    have -= set(rights)
    if not have:
        del c.state.grants[role][pattern]


def _epoch(c, audience, epoch, recipient, kek, envelope):
    _check(c.at > 0, "genesis", "keys of an audience bind the hash of genesis")
    _check(rules.is_audience(audience), "audience", audience)
    _check(rules.looks_x25519(recipient), "epoch-recipient", audience)
    for role in audience.split("+"):
        c.role(role)
    _check(epoch not in c.chain.every_epoch, "epoch-reused", audience)
    c.chain.every_epoch[epoch] = audience
    if audience in c.state.audiences:
        c.chain.superseded[c.state.audiences[audience].current] = c.at
    fact = c.state.audiences.setdefault(audience, Audience(epoch, envelope))
    fact.current, fact.envelope, fact.due = epoch, envelope, False
    fact.epochs[epoch] = (recipient, kek)


def _reseal(c, audience, epoch, envelope):
    fact = c.state.audiences.get(audience)
    _check(fact is not None and fact.current == epoch, "epoch", audience)
    _check(not c.state.is_due(audience), "due", audience)
    fact.envelope = envelope


def _setting(c, key, value):
    rules.check_setting(key, value, c.state.settings)
    if value:
        c.state.settings[key] = value
    else:
        c.state.settings.pop(key, None)


_APPLY = {
    "vault": _vault, "member-add": _member_add, "member-remove": _member_remove,
    "recipient-add": _recipient_add, "recipient-remove": _recipient_remove, "key-add": _key_add,
    "key-remove": _key_remove, "role-add": _role_add, "role-remove": _role_remove,
    "role-join": _role_join, "role-leave": _role_leave, "grant": _grant, "revoke": _revoke,
    "epoch": _epoch, "reseal": _reseal, "setting": _setting, "rebase": lambda c, head: None,
}
