"""What the ops that give access state of it (section 4, "What an op gives")."""

from . import rules
from .encoding import H, encode
from .recipients import recipient_id

GIVING = ("role-join", "grant", "key-add", "recipient-add")


def credentials(state, member):
    """credentials(M)."""
    lines = [f"recipient {encode(recipient_id(r))}" for r in state.members[member]["recipients"]]
    lines += [f"key {key.device} {encode(found)}" for found, key in state.keys.items() if key.member == member]
    return H("credentials", *sorted(lines))


def role_lines(state, role):
    """The lines of access(R)."""
    if role == "owner":
        return ["* " + ",".join(rules.RIGHTS)]
    lines = [f"{pattern} {_joined(have)}" for pattern, have in state.grants[role].items()]
    return sorted(lines + [f"{pattern} ever" for pattern in state.ever_read.get(role, ())])


def _joined(have):
    return ",".join(right for right in rules.RIGHTS if right in have)


def access(state, role):
    """access(R)."""
    return H("role access", *role_lines(state, role))


def gives(op, state, vault):
    """What the op must state, `state` being that after the last op of its entry."""
    who, what = _PARTS[op["op"]](op, state)
    return H("access", vault, _text(who), _text(what))


def _text(lines):
    return "".join(line + "\n" for line in sorted(set(lines)))


def _member_lines(state, names):
    return [f"{name} {encode(credentials(state, name))}" for name in names]


def _role_lines(state, roles):
    return [f"{role} {encode(access(state, role))}" for role in roles]


def _join(op, state):
    return (_member_lines(state, {op["member"]} & state.members.keys()),
            _role_lines(state, {op["role"]} & state.roles.keys()))


def _grant(op, state):
    if op["role"] not in state.roles:
        return [], []
    what = [f"{op['role']} {line}" for line in role_lines(state, op["role"]) if line.split(" ")[0] == op["pattern"]]
    return _member_lines(state, state.roles[op["role"]]), what


def _key(op, state):
    found = op["key_id"]
    who = [f"{op['member']} key {op['device']} {encode(found)}"] if found in state.keys else []
    return who, _role_lines(state, state.roles_of(op["member"]))


def _recipient(op, state):
    found, member = recipient_id(op["recipient"]), state.members.get(op["member"])
    held = member is not None and found in map(recipient_id, member["recipients"])
    who = [f"{op['member']} recipient {encode(found)}"] if held else []
    return who, _role_lines(state, state.roles_of(op["member"]))


_PARTS = {"role-join": _join, "grant": _grant, "key-add": _key, "recipient-add": _recipient}
