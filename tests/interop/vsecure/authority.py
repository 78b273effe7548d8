"""Who may do an op of the policy chain (section 4, "Authority")."""

from .errors import Refused


class _Signers:
    """The signers of an entry, judged by one state."""

    def __init__(self, entry, state, ever_read):
        self.state, self.ever_read = state, ever_read
        self.keys = {s["key"] for s in entry.sigs}
        self.names = {state.keys[k].member for k in self.keys}

    def owner_level(self):
        owners = self.names & self.state.roles["owner"]
        return len(owners) >= self.state.vault["threshold"]

    def any_grant(self):
        return any("grant" in have for n in self.names for _, have in self.state.grants_of(n))

    def over_role(self, role):
        if role == "owner":
            return self.owner_level()
        return any(self._over(name, role) for name in self.names)

    def _over(self, name, role):
        grants = self.state.grants.get(role, {})
        if not grants:
            return any("grant" in have for _, have in self.state.grants_of(name))
        return all(self.state.holds_over(name, "grant", pattern) for pattern in grants)

    def giving(self, role):
        if role == "owner":
            return self.owner_level()
        return any(self._over(name, role) and self._has_all(name, role) and self._reads_all(name, role)
                   for name in self.names)

    def _reads_all(self, name, role):
        """An envelope carries earlier epochs: who joins can open what the role once read."""
        return all(self.state.holds_over(name, "read", pattern) for pattern in self.ever_read.get(role, ()))

    def _has_all(self, name, role):
        grants = self.state.grants.get(role, {})
        return all(self.state.holds_over(name, right, pattern)
                   for pattern, have in grants.items() for right in have)

    def over_member(self, member):
        roles = self.state.roles_of(member)
        return all(map(self.over_role, roles)) if roles else self.any_grant()

    def standing_in(self, member):
        roles = self.state.roles_of(member)
        return all(map(self.giving, roles)) if roles else self.any_grant()

    def own_keys(self, member):
        return sum(self.state.keys[k].member == member for k in self.keys)

    def grants(self, pattern, rights):
        return any(all(self.state.holds_over(n, right, pattern) for right in {"grant", *rights})
                   for n in self.names)

    def in_audience(self, audience):
        roles = set(audience.split("+"))
        return any(roles & self.state.roles_of(name)
                   and any("grant" in have for _, have in self.state.grants_of(name))
                   for name in self.names)


def authorise(entry, judge, ever_read):
    """Refuses the entry if one of its ops is not authorised by `judge`; `ever_read` says on which
    patterns each role has or had the right to read."""
    signers = _Signers(entry, judge, ever_read)
    for op in entry.ops:
        _check(signers.owner_level() or _may(signers, op), "authority", f"entry {entry.seq}: {op['op']}")


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
        return signers.giving(op["role"])
    if kind == "grant":
        return signers.grants(op["pattern"], op["rights"])
    if kind == "revoke":
        return signers.grants(op["pattern"], ())
    if kind in ("epoch", "reseal"):
        return signers.in_audience(op["audience"])
    return False  # vault, setting and rebase are owner-level
