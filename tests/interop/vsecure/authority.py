"""Who may do an op of the policy chain (section 4, "Authority")."""

from .errors import Refused


class Signers:
    """The signers of an entry, judged by the state before it (of genesis: after it); `after` is that after it."""

    def __init__(self, entry, state, after):
        self.entry, self.state, self.after = entry, state, after
        self.keys = {s["key"] for s in entry.sigs}
        self.names = {state.keys[k].member for k in self.keys}

    def owner_level(self):
        owners = self.names & self.state.roles["owner"]
        return len(owners) >= self.state.vault["threshold"]

    def any_grant(self):
        return any(self.state.has_grant(name) for name in self.names)

    def created(self, name, creators):
        """Whether the signer is among the creators, and acts as one."""
        return self.state.incarnation(name) in creators and self.state.has_grant(name)

    def over_role(self, role):
        if role == "owner":
            return self.owner_level()
        return any(self._over(name, role) for name in self.names)

    def _over(self, name, role):
        if role not in self.state.roles:
            return self.state.has_grant(name)
        grants = self.state.grants[role]
        if not grants:
            return self.created(name, self.state.makers[role])
        return all(self.state.holds_over(name, "grant", pattern) for pattern in grants)

    def giving(self, role):
        if role == "owner":
            return self.owner_level()
        return any(self._over(name, role) and self._has_all(name, role) and self._reads_all(name, role)
                   for name in self.names)

    def _reads_all(self, name, role):
        """An envelope carries earlier epochs: who joins can open what the role once read."""
        return all(self.state.holds_over(name, "read", pattern) for pattern in self.state.ever_read.get(role, ()))

    def _has_all(self, name, role):
        grants = self.state.grants.get(role, {})
        return all(self.state.holds_over(name, right, pattern)
                   for pattern, have in grants.items() for right in have)

    def over_member(self, member):
        return self._for_member(member, self.over_role)

    def standing_in(self, member):
        return self._for_member(member, self.giving)

    def _for_member(self, member, test):
        if member not in self.state.members:
            return self.any_grant()
        if not self.has_grants(member) and not self.made(member):
            return False
        return all(map(test, self.state.roles_of(member)))

    def has_grants(self, member):
        return any(role == "owner" or self.state.grants.get(role) for role in self.state.roles_of(member))

    def made(self, member):
        creators = self.state.members[member]["creators"]
        return any(self.created(name, creators) for name in self.names)

    def placing(self, member):
        """A first role that gives something is for who made the member, or itself."""
        return member not in self.state.members or self.has_grants(member) or member in self.names or self.made(member)

    def own_keys(self, member):
        return sum(self.state.keys[k].member == member for k in self.keys)

    def grants(self, pattern, rights):
        return any(all(self.state.holds_over(n, right, pattern) for right in {"grant", *rights})
                   for n in self.names)

    def staying(self):
        """The signers who still have a key of those that they sign with."""
        return {self.state.keys[k].member for k in self.keys
                if k in self.after.keys and self.after.keys[k].member == self.state.keys[k].member}

    def owners_staying(self):
        return self.staying() & self.state.roles["owner"] & self.after.roles["owner"]

    def handing_on(self, kind, audience):
        """Keys of an audience: whoever makes them has them, and is to be one who may."""
        if len(self.owners_staying()) >= self.state.vault["threshold"]:
            return True
        if audience == "owner":
            return kind == "reseal" and bool(self.owners_staying())
        return self.sealing(audience)

    def sealing(self, audience):
        """Who stays in an audience and may grant on all that it reads hands its keys on."""
        if self.after.is_wide(audience):
            return False
        reads = self.after.reads(audience)
        return bool(reads) and any(
            all(self.state.holds_over(name, "grant", pattern) for pattern in reads)
            for name in self.staying() & self.after.members_of(audience))


ENTRIES_BY_OTHERS = 9_000


def authorise(signers, for_owners):
    """Refuses the entry if one of its ops is not authorised; `for_owners` is what they alone may do."""
    seq, by_owners = signers.entry.seq, signers.owner_level()
    _check(by_owners or seq < ENTRIES_BY_OTHERS, "authority", f"entry {seq}: the last ones are for owners")
    _check(by_owners or not for_owners, "authority", f"entry {seq}: {', '.join(for_owners)}")
    for op in signers.entry.ops:
        hands_on = op["op"] in ("epoch", "reseal")
        may = signers.handing_on(op["op"], op["audience"]) if hands_on else by_owners or _may(signers, op)
        _check(may, "authority", f"entry {seq}: {op['op']}")


def _check(ok, code, detail):
    if not ok:
        raise Refused("policy", code, detail)


def _may(signers, op):
    kind = op["op"]
    if kind in ("member-add", "role-add"):
        return signers.any_grant()
    if kind in ("member-remove", "key-remove", "recipient-remove"):
        return signers.over_member(op["member"]) or op["member"] in signers.names
    if kind == "recipient-add":
        return signers.standing_in(op["member"]) or op["member"] in signers.names
    if kind == "key-add":
        return signers.standing_in(op["member"]) or signers.own_keys(op["member"]) >= 2
    if kind == "role-leave":
        return signers.over_role(op["role"]) or op["member"] in signers.names
    if kind == "role-remove":
        return signers.over_role(op["role"])
    if kind == "role-join":
        return signers.giving(op["role"]) and signers.placing(op["member"])
    if kind == "grant":
        return signers.grants(op["pattern"], op["rights"])
    if kind == "revoke":
        return signers.grants(op["pattern"], ())
    return False  # vault, setting, rebase, threshold and checkpoint are owner-level
