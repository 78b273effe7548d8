"""Tales of members without roles and roles without grants, and of what an op states that it gives."""

from vsecure.encoding import encode
from vsecure.rules import RIGHTS
from vsecure.writing import op

from . import making
from .source import ACCEPT, REFUSE
from .tales import beginning, drop, grant, join, leave, remove, revoke, role, short, tale, vault


def _recipient_add(t, member, name="other"):
    return op("recipient-add", member=member, recipient=t.recipient(name))


# Acting for a member without roles is its creator's.

for _kind, _make in {
    "adds a key to": lambda t, m="new": t.key(m), "adds a recipient to": lambda t, m="new": _recipient_add(t, m),
    "removes": lambda t, m="new": remove(m),
    "takes the recipient of": lambda t, m="new": op("recipient-remove", member=m, recipient=t.recipient(m)),
}.items():
    short(f"{_kind} a roleless member of the owners", REFUSE, lambda t, make=_make: ("clerk", make(t)))
    short(f"{_kind} a roleless member of its own", ACCEPT,
          lambda t: ("clerk", t.add("own")), lambda t, make=_make: ("clerk", make(t, "own")))


@tale("a key planted in a member before it joins")
def planted(t):
    """An owner's join states what the owner saw: the clerk's key is not in it."""
    t.by("clerk", t.add("own"))
    honest = t.stated(join("readers", "own"))
    t.by("clerk", t.key("own"))
    t.by("owners", *honest)


@tale("a key planted before a grant")
def planted_grant(t):
    t.by("clerk", role("mine"), t.add("own"), join("mine", "own"))
    honest = t.stated(grant("mine", "read", pattern="*"))
    t.by("clerk", t.key("own"))
    t.by("owners", *honest)


@tale("a member joined before a grant")
def joined_grant(t):
    t.by("clerk", role("mine"), t.add("own"))
    honest = t.stated(grant("mine", "read", pattern="*"))
    t.by("clerk", join("mine", "own"))
    t.by("owners", *honest)


@tale("a key planted and stated", ACCEPT)
def planted_stated(t):
    t.by("clerk", t.add("own"))
    t.by("clerk", t.key("own"))
    t.by("owners", join("owner", "own"))


@tale("a creator who was removed and is back")
def creator_back(t):
    t.by("clerk", t.add("own"))
    t.by("owners", remove("clerk"))
    t.by("owners", t.add("clerk", t.recipient("clerk2")), t.key("clerk", "e", t.recipient("clerk2")), join("clerks", "clerk"))
    t.by("clerk.e", t.key("own"))


@tale("a creator who was removed and is back in one entry")
def creator_swapped(t):
    t.by("clerk", t.add("own"))
    t.by("owners", remove("clerk"), t.add("clerk", t.recipient("clerk2")), t.key("clerk", "e", t.recipient("clerk2")),
         join("clerks", "clerk"))
    t.by("clerk.e", t.key("own"))


@tale("a creator of a name that is used again")
def name_again(t):
    t.by("clerk", t.add("own"))
    t.by("owners", remove("own"), t.add("own", t.recipient("own2")))
    t.by("clerk", t.key("own", recipient=t.recipient("own2")))


short("a creator who may grant no more", REFUSE, lambda t: ("clerk", t.add("own")),
      lambda t: ("owners", revoke("clerks", "grant")), lambda t: ("clerk", t.key("own")))
short("a creator who may grant elsewhere", ACCEPT, lambda t: ("clerk", t.add("own")),
      lambda t: ("owners", revoke("clerks", "grant"), grant("clerks", "grant", pattern="other/x")),
      lambda t: ("clerk", t.key("own")))
short("a creator who stayed in another role", ACCEPT, lambda t: ("clerk", t.add("own")),
      lambda t: ("owners", leave("clerks", "clerk"), grant("readers", "grant", pattern="a/b"), join("readers", "clerk")),
      lambda t: ("clerk", t.key("own")))
short("one of two creators", ACCEPT, lambda t: ("owners", t.add("more"), t.key("more"), join("clerks", "more")),
      lambda t: ("clerk+more", t.add("own")), lambda t: ("more", t.key("own")))
short("one who signed beside the creator, without grant", REFUSE,
      lambda t: ("owners", t.add("more"), t.key("more")), lambda t: ("clerk+more", t.add("own")),
      lambda t: ("owners", join("clerks", "more"), remove("clerk")), lambda t: ("more", t.key("own")))
short("a member and its key in one entry", ACCEPT, lambda t: ("clerk", t.add("own"), t.key("own")))
short("a key for a member that is removed and added in one entry", REFUSE,
      lambda t: ("clerk", remove("new"), t.add("new", t.recipient("new2")), t.key("new", recipient=t.recipient("new2"))))

# A role without grants likewise.

short("joins the owners' role without grants", REFUSE, lambda t: ("clerk", t.add("own"), join("readers", "own")))
short("joins its own role without grants", ACCEPT, lambda t: ("clerk", role("mine")),
      lambda t: ("clerk", t.add("own"), join("mine", "own")))
short("removes the owners' role without grants", REFUSE, lambda t: ("clerk", op("role-remove", role="readers")))
short("removes its own role without grants", ACCEPT, lambda t: ("clerk", role("mine")),
      lambda t: ("clerk", op("role-remove", role="mine")))
short("takes somebody from the owners' role without grants", REFUSE, lambda t: ("owners", join("readers", "new")),
      lambda t: ("clerk", leave("readers", "new")))
short("acts for a member of the owners' role without grants", REFUSE, lambda t: ("owners", join("readers", "new")),
      lambda t: ("clerk", t.key("new")))
short("leaves a role without grants", ACCEPT, lambda t: ("owners", t.key("new"), join("readers", "new")),
      lambda t: ("new", leave("readers", "new")))
short("joins a role whose grants were taken", REFUSE, lambda t: ("owners", grant("readers", "write")),
      lambda t: ("owners", revoke("readers", "write")), lambda t: ("clerk", t.add("own"), join("readers", "own")))
short("joins a role made anew by the owners", REFUSE, lambda t: ("clerk", role("mine")),
      lambda t: ("owners", op("role-remove", role="mine"), role("mine")),
      lambda t: ("clerk", t.add("own"), join("mine", "own")))
short("makes a role, gives to it and joins it in one entry", ACCEPT,
      lambda t: ("clerk", role("mine"), grant("mine", "write"), t.add("own"), t.key("own"), join("mine", "own")))
short("makes a role of a name that once read", REFUSE, lambda t: ("owners", role("old"), grant("old", "read")),
      lambda t: ("owners", op("role-remove", role="old")),
      lambda t: ("clerk", role("old"), t.add("own"), join("old", "own")))
short("gives to a role what it does not hold, in one entry", REFUSE,
      lambda t: ("clerk", role("mine"), grant("mine", "read"), t.add("own"), join("mine", "own")))
short("two of whom each could give a half", REFUSE,
      lambda t: ("owners", role("more"), grant("more", "read", "grant", pattern="b/*"), t.add("more"), t.key("more"),
                 join("more", "more"), grant("readers", "read", pattern="b/*"), grant("readers", "write")),
      lambda t: ("clerk+more", join("readers", "new")))
short("two of whom each could give one of a member's roles", ACCEPT,
      lambda t: ("owners", role("more"), grant("more", "read", "grant", pattern="b/*"), t.add("more"), t.key("more"),
                 join("more", "more"), role("half"), grant("half", "read", pattern="b/*"), grant("readers", "write"),
                 join("half", "new"), join("readers", "new")),
      lambda t: ("clerk+more", t.key("new")))

# Names but for case.

short("a member of a name in another case", REFUSE, lambda t: ("owners", t.add("Clerk", t.recipient("x"))))
short("a role of a name in another case", REFUSE, lambda t: ("owners", role("cLerks")))
short("a role called Owner", REFUSE, lambda t: ("owners", role("Owner")))
short("a name in another case after its removal", ACCEPT,
      lambda t: ("owners", remove("new"), t.add("NEW", t.recipient("x")), op("role-remove", role="readers"), role("Readers")))
short("a member of a role's name in another case", ACCEPT, lambda t: ("owners", t.add("CLERKS", t.recipient("x"))))

# What an op states that it gives.

GIVING = {
    "role-join": lambda t: join("readers", "new"), "grant": lambda t: grant("clerks", "read"),
    "key-add": lambda t: t.key("clerk", "e"), "recipient-add": lambda t: _recipient_add(t, "clerk"),
}


def _wrong(kind, how, change):
    @tale(f"{kind} that states {how}")
    def make(t):
        t.by("owners", t.key("new"), grant("readers", "read"))
        (name, fields), = t.stated(GIVING[kind](t))[0].items()
        t.by("owners", {name: {**fields, "gives": change(t, fields["gives"])}})


for _kind in GIVING:
    _wrong(_kind, "nothing", lambda t, _: encode(bytes(32)))
    _wrong(_kind, "chance", lambda t, _: encode(t.rng.randbytes(32)))

    @tale(f"{_kind} that states what was so before the entry's last op")
    def _too_early(t, kind=_kind):
        """The hash of the state at the op: a credential or grant that the same entry adds later is not in it."""
        t.by("owners", t.key("new"), grant("readers", "read"))
        first = t.stated(GIVING[kind](t))
        later = {"role-join": t.key("new", "e"), "grant": t.key("clerk", "f"), "key-add": grant("clerks", "delete"),
                 "recipient-add": grant("clerks", "delete")}[kind]
        t.by("owners", *first, later)

    @tale(f"{_kind} and an op that changes what it gives, both stated", ACCEPT)
    def _whole(t, kind=_kind):
        t.by("owners", t.key("new"), grant("readers", "read"))
        later = {"role-join": t.key("new", "e"), "grant": t.key("clerk", "f"), "key-add": grant("clerks", "delete"),
                 "recipient-add": grant("clerks", "delete")}[kind]
        t.by("owners", GIVING[kind](t), later)


for _kind, _vault in {"in genesis": lambda t: b"", "in another vault": lambda t: t.rng.randbytes(32)}.items():
    for _op in GIVING:
        @tale(f"{_op} that states what it would give {_kind}")
        def _elsewhere(t, kind=_op, found=_vault):
            t.by("owners", t.key("new"), grant("readers", "read"))
            t.by("owners", *t.stated(GIVING[kind](t), vault=found(t)))


@tale("a join that leaves out what the role once read")
def without_ever(t):
    honest = t.stated(join("readers", "new"))
    t.by("owners", grant("readers", "read"))
    t.by("owners", revoke("readers", "read"))
    t.by("owners", *honest)


short("a join to a role that once read", ACCEPT, lambda t: ("owners", grant("readers", "read")),
      lambda t: ("owners", revoke("readers", "read")), lambda t: ("owners", join("readers", "new")))


@tale("a join to a role that read for no entry in between", ACCEPT)
def read_between(t):
    """The state is as it was: what is granted and taken within an entry was never had."""
    honest = t.stated(join("readers", "new"))
    t.by("owners", grant("readers", "read"), revoke("readers", "read"))
    t.by("owners", *honest)


@tale("a grant that states the lines of another pattern")
def other_pattern(t):
    honest = t.stated(grant("readers", "write", pattern="a/*"))[0]["grant"]["gives"]
    t.by("owners", {"grant": {**grant("readers", "write")["grant"], "gives": honest}})


for _kind, _ops in {
    "who leaves again": lambda t: (join("readers", "new"), leave("readers", "new")),
    "who is removed again": lambda t: (join("readers", "new"), remove("new")),
    "to a role that is removed again": lambda t: (join("readers", "new"), op("role-remove", role="readers")),
    "who is removed and added again": lambda t: (join("readers", "new"), remove("new"), t.add("new", t.recipient("new2"))),
    "to owner": lambda t: (join("owner", "new"),),
}.items():
    short(f"a join of one {_kind}" if _kind.startswith("who") else f"a join {_kind}", ACCEPT,
          lambda t, ops=_ops: ("owners", *ops(t)))
for _kind, _ops in {
    "a grant that is revoked again": lambda t: (grant("readers", "read"), revoke("readers", "read")),
    "a grant to a role that is removed again": lambda t: (grant("readers", "read"), op("role-remove", role="readers")),
    "a grant to a role that is made anew": lambda t: (grant("readers", "read"), op("role-remove", role="readers"), role("readers")),
    "two grants on one pattern": lambda t: (grant("readers", "read"), grant("readers", "write")),
    "a grant to a role of several members": lambda t: (grant("readers", *RIGHTS), join("readers", "new"), join("readers", "clerk")),
    "a key that is removed again": lambda t: (t.key("clerk", "e"), drop("clerk", "e")),
    "a key whose member is removed": lambda t: (t.key("new", "e"), remove("new")),
    "a key whose member comes back": lambda t: (t.key("new", "e"), remove("new"), t.add("new", t.recipient("x")), join("readers", "new")),
    "a key whose recipient is removed": lambda t: (t.key("new", "e"), op("recipient-remove", member="new", recipient=t.recipient("new"))),
    "a recipient that is removed again": lambda t: (
        _recipient_add(t, "clerk"), op("recipient-remove", member="clerk", recipient=t.recipient("other"))),
    "a recipient that goes to another": lambda t: (
        _recipient_add(t, "clerk"), op("recipient-remove", member="clerk", recipient=t.recipient("other")), _recipient_add(t, "new")),
    "a recipient that returns": lambda t: (
        _recipient_add(t, "clerk"), op("recipient-remove", member="clerk", recipient=t.recipient("other")), _recipient_add(t, "clerk")),
}.items():
    short(_kind, ACCEPT, lambda t, ops=_ops: ("owners", *ops(t)))


@tale("a recipient that returns in its other spelling", ACCEPT)
def other_spelling(t):
    """The first op's line is there: the id is in force again, by another text."""
    seed = t.rng.randbytes(32)
    one, two = making.spellings(seed)
    t.by("owners", op("recipient-add", member="clerk", recipient=one), op("recipient-remove", member="clerk", recipient=one),
         op("recipient-add", member="clerk", recipient=two))


def _first(kind, expect, change):
    """A genesis whose ops state what they give, or something else."""
    @beginning(f"genesis, {kind}", expect)
    def make(t):
        t.by("ada", *change(t, [vault(t), t.add("ada"), t.key("ada"), join("owner", "ada")]))


def _with_vault(t, ops):
    """What they would state if genesis were not the first entry: some vault instead of none."""
    found = t.rng.randbytes(32)
    stated = t.build.folding.filled([], {"seq": 0, "prev": "", "ts": 0, "heads": [], "ops": [], "reason": ""}, ops, [t.seed("ada")])
    (name, fields), = stated[-1].items()
    return [*stated[:-1], {name: {**fields, "gives": encode(found)}}]


_first("as it should be", ACCEPT, lambda t, ops: ops)
_first("a join that states chance", REFUSE, _with_vault)
_first("a role with a grant and a reader", ACCEPT, lambda t, ops: [
    *ops, role("dev"), grant("dev", "read", "grant", pattern="dev/*"), t.add("bob"), t.key("bob"), join("dev", "bob")])
_first("a grant that is taken again", ACCEPT, lambda t, ops: [
    *ops, role("dev"), grant("dev", "read", pattern="dev/*"), revoke("dev", "read", pattern="dev/*")])


def _after_genesis(kind, expect, tell):
    @beginning(f"genesis makes members and roles, {kind}", expect)
    def make(t):
        """Bob signs genesis beside Ada, and holds grant by its end."""
        t.by("ada+bob", vault(t), t.add("ada"), t.key("ada"), t.add("bob"), t.key("bob"), t.add("new"), role("empty"),
             role("dev"), grant("dev", "write", "grant", pattern="dev/*"), join("dev", "bob"), join("owner", "ada"))
        tell(t)


_after_genesis("a signer acts as creator", ACCEPT, lambda t: t.by("bob", t.key("new"), join("empty", "new")))
_after_genesis("one who did not sign does not", REFUSE, lambda t: (
    t.by("ada", t.add("cy"), t.key("cy"), join("dev", "cy")), t.by("cy", t.key("new"))))
