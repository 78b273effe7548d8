"""Tales of who may hand the keys of an audience on, and of recipients that were skipped."""

from vsecure.writing import op

from . import making
from .source import ACCEPT, REFUSE
from .tales import beginning, drop, grant, join, leave, remove, revoke, role, short, tale, vault

# The clerk may grant on tale/* by `clerks`. `team` reads what each tale says; the clerk is in it.


def _team(*ops):
    """Owners make a team of the clerk and new, which reads tale/* and what `ops` give it."""
    return lambda t: ("owners", role("team"), grant("team", "read"), *ops, join("team", "clerk"), join("team", "new"),
                      t.epoch("team"))


for _kind, _act in {"begins an epoch": lambda t, *roles: t.epoch(*roles), "seals again": lambda t, *roles: t.reseal(*roles)}.items():
    short(f"{_kind} of what it may grant on", ACCEPT, _team(), lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of more than it may grant on", REFUSE, _team(grant("team", "read", pattern="prod/*")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of a wider pattern", REFUSE, _team(grant("team", "read", pattern="tal*")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} by grants in pieces", ACCEPT,
          _team(grant("team", "read", pattern="a/*"), grant("clerks", "grant", pattern="a/*")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} by two who hold a piece each", REFUSE,
          _team(grant("team", "read", pattern="a/*")),
          lambda t: ("owners", role("more"), grant("more", "grant", pattern="a/*"), t.add("more"), t.key("more"),
                     join("more", "more"), join("team", "more")),
          lambda t, act=_act: ("clerk+more", act(t, "team")))
    short(f"{_kind} of an audience that it is not in", REFUSE, _team(), lambda t: ("owners", leave("team", "clerk"), t.epoch("team")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    # What it read once counts as if it read it now.
    short(f"{_kind} of an audience that reads nothing any more", ACCEPT, _team(),
          lambda t: ("owners", revoke("team", "read"), grant("team", "write")), lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of an audience that read more once", REFUSE, _team(),
          lambda t: ("owners", grant("team", "read", pattern="prod/*")),
          lambda t: ("owners", revoke("team", "read", pattern="prod/*")), lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of an audience whose role of that name read more once", REFUSE, _team(),
          lambda t: ("owners", grant("team", "read", pattern="prod/*")),
          lambda t: ("owners", op("role-remove", role="team"), role("team"), grant("team", "read"), join("team", "clerk"),
                     t.epoch("team")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of an audience that was given more in one entry which took it again", ACCEPT, _team(),
          lambda t: ("owners", grant("team", "read", pattern="prod/*"), revoke("team", "read", pattern="prod/*")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of an audience that never read", REFUSE,
          lambda t: ("owners", role("team"), grant("team", "write"), join("team", "clerk"), join("team", "new"), t.epoch("team")),
          lambda t, act=_act: ("clerk", act(t, "team")))
    short(f"{_kind} of an audience that reads nothing any more, by owners", ACCEPT, _team(),
          lambda t: ("owners", revoke("team", "read"), grant("team", "write")), lambda t, act=_act: ("owners", act(t, "team")))
    short(f"{_kind} by a member without grant", REFUSE, _team(), lambda t: ("owners", t.key("new")),
          lambda t, act=_act: ("new", act(t, "team")))
    short(f"{_kind} of owner", REFUSE, lambda t: ("owners", t.epoch()), lambda t, act=_act: ("clerk", act(t)))
    # Of two roles it reads what each of them reads.
    short(f"{_kind} of what both roles read", ACCEPT, _team(grant("team", "read", pattern="prod/*")),
          lambda t: ("owners", role("half"), grant("half", "read", pattern="tale/x*"), join("half", "new"), t.epoch("half", "team")),
          lambda t, act=_act: ("clerk", act(t, "half", "team")))
    short(f"{_kind} of what both roles read, which is more", REFUSE, _team(grant("team", "read", pattern="prod/*")),
          lambda t: ("owners", role("half"), grant("half", "read", pattern="prod/x"), join("half", "new"), t.epoch("half", "team")),
          lambda t, act=_act: ("clerk", act(t, "half", "team")))
    short(f"{_kind} of two roles that read nothing in common", REFUSE, _team(),
          lambda t: ("owners", role("half"), grant("half", "read", pattern="prod/x"), join("half", "new"), t.epoch("half", "team")),
          lambda t, act=_act: ("clerk", act(t, "half", "team")))
    short(f"{_kind} and grants more in the same entry", REFUSE, _team(),
          lambda t, act=_act: ("clerk", act(t, "team"), grant("team", "read", pattern="prod/*")))
    short(f"{_kind} while more is granted in the same entry, by owners", ACCEPT, _team(),
          lambda t, act=_act: ("owners", act(t, "team"), grant("team", "read", pattern="prod/*")))



def _wide(roles, patterns):
    """Owners make so many roles that read tale/*, and grant the team so many patterns more."""
    names = [f"w{n:02}" for n in range(roles)]
    crowd = _team(*[o for name in names for o in (role(name), grant(name, "read"))],
                  *[grant("team", "read", pattern=f"tale/k{n}") for n in range(patterns)])
    return crowd, ("team", *names)


for _roles, _patterns, _expect in ((63, 0, ACCEPT), (64, 0, REFUSE), (0, 511, ACCEPT), (0, 512, REFUSE), (3, 508, ACCEPT), (3, 509, REFUSE)):
    _first, _all = _wide(_roles, _patterns)
    for _who, _judged in (("clerk", _expect), ("owners", ACCEPT)):
        short(f"an epoch of {_roles} roles more and {_patterns} patterns more, by {_who}", _judged, _first,
              lambda t, all=_all, who=_who: (who, t.epoch(*all)))

short("begins an epoch and leaves", REFUSE, _team(), lambda t: ("clerk", leave("team", "clerk"), t.epoch("team")))
short("begins an epoch and is removed", REFUSE, _team(), lambda t: ("clerk", remove("clerk"), t.epoch("team")))
short("begins an epoch after another was taken out", ACCEPT, _team(), lambda t: ("clerk", leave("team", "new"), t.epoch("team")))
short("makes a role and an epoch in one entry", ACCEPT, lambda t: ("owners", grant("clerks", "read")),
      lambda t: ("clerk", role("mine"), grant("mine", "read"), join("mine", "clerk"), t.epoch("mine")))
short("makes a role and an epoch without being in it", REFUSE, lambda t: ("owners", grant("clerks", "read")),
      lambda t: ("clerk", role("mine"), grant("mine", "read"), t.epoch("mine")))
short("narrows what an audience reads to begin its epoch", REFUSE, _team(grant("team", "read", pattern="prod/*")),
      lambda t: ("clerk", revoke("team", "read", pattern="prod/*"), t.epoch("team")))
short("begins an epoch of a role that goes in the same entry", REFUSE, _team(),
      lambda t: ("clerk", t.epoch("team"), op("role-remove", role="team")))
short("an epoch of a role that goes in the same entry, by owners", ACCEPT, _team(),
      lambda t: ("owners", t.epoch("team"), op("role-remove", role="team")))


def _three(kind, expect, *tellings):
    """A vault of threshold two and owners ada, bob and cy, with an epoch of owner."""
    @beginning("threshold of two, " + kind, expect)
    def make(t):
        names = ("ada", "bob", "cy")
        t.by("ada+bob", vault(t, 2), *[o for n in names for o in (t.add(n), t.key(n), join("owner", n))])
        t.by("ada+bob", t.epoch())
        for telling in tellings:
            who, *ops = telling(t)
            t.by(who, *ops)


_three("an epoch of owner by one", REFUSE, lambda t: ("ada", t.epoch()))
_three("an epoch of owner by two", ACCEPT, lambda t: ("ada+cy", t.epoch()))
_three("a reseal of owner by one", ACCEPT, lambda t: ("ada", t.reseal()))
_three("a reseal of owner by one who leaves", REFUSE, lambda t: ("ada", leave("owner", "ada"), t.reseal()))
_three("a reseal of owner by one who was one before", REFUSE, lambda t: ("ada+bob", t.add("dee"), t.key("dee"), join("owner", "dee")),
       lambda t: ("bob+cy", leave("owner", "dee"), t.epoch()), lambda t: ("dee", t.reseal()))
_three("an epoch of owner by one who stays and one who leaves", REFUSE, lambda t: ("ada+cy", leave("owner", "cy"), t.epoch()))
_three("an epoch of a team by one who stays and one who leaves", ACCEPT,
       lambda t: ("ada", role("team"), grant("team", "read"), t.epoch("team")),
       lambda t: ("ada+cy", leave("owner", "cy"), t.epoch("team")))
_three("an epoch of a team that nothing reads, by one who stays and one who leaves", REFUSE, lambda t: ("ada+bob", role("team")),
       lambda t: ("ada+cy", leave("owner", "cy"), t.epoch("team")))
_three("an epoch of owner by two who stay and one who leaves", ACCEPT, lambda t: ("ada+bob+cy", leave("owner", "cy"), t.epoch()))
_three("an epoch of owner as the threshold falls to those who stay", REFUSE,
       lambda t: ("ada+cy", op("threshold", owners=1), leave("owner", "cy"), t.epoch()))
_three("an epoch of owner with a key that goes", REFUSE, lambda t: ("ada+bob", t.key("ada", "e")),
       lambda t: ("ada+bob", t.epoch(), drop("ada")))
_three("a reseal of owner with a key that goes", REFUSE, lambda t: ("ada+bob", t.key("ada", "e")),
       lambda t: ("ada", t.reseal(), drop("ada")))
_three("a reseal of owner with a key that stays", ACCEPT, lambda t: ("ada+bob", t.key("ada", "e")),
       lambda t: ("ada.e", t.reseal(), drop("ada")))
_three("an epoch of owner with a key that goes and one that stays", ACCEPT, lambda t: ("ada+bob", t.key("ada", "e")),
       lambda t: ("ada+ada.e+bob", t.epoch(), drop("ada")))


def _two(kind, expect, *tellings):
    """A vault of threshold one and owners ada and bob, with an epoch of owner and one of a team."""
    @beginning("one owner of two signs, " + kind, expect)
    def make(t):
        t.by("ada", vault(t), *[o for n in ("ada", "bob") for o in (t.add(n), t.key(n), join("owner", n))])
        t.by("ada", role("team"), grant("team", "read"), t.epoch(), t.epoch("team"))
        for telling in tellings:
            who, *ops = telling(t)
            t.by(who, *ops)


for _audience in ((), ("team",)):
    _of_what = "of a team" if _audience else "of owner"
    for _word, _gone in (("leaves", leave("owner", "ada")), ("is removed", remove("ada"))):
        _two(f"begins an epoch {_of_what} and {_word}", REFUSE,
             lambda t, a=_audience, gone=_gone: ("ada", gone, t.epoch(*a)))
        _two(f"seals an envelope {_of_what} again and {_word}", REFUSE,
             lambda t, a=_audience, gone=_gone: ("ada", t.reseal(*a), gone))
        _two(f"begins an epoch {_of_what} as the other {_word}", ACCEPT,
             lambda t, a=_audience, gone=_gone: ("bob", gone, t.epoch(*a)))
    _two(f"begins an epoch {_of_what} with a key that it replaces", REFUSE,
         lambda t, a=_audience: ("ada", drop("ada"), t.key("ada", "e"), t.epoch(*a)))
_two("begins an epoch of a team that it joins, and leaves the owners", ACCEPT,
     lambda t: ("ada", join("team", "ada"), leave("owner", "ada"), t.epoch("team")))

_three("one lowers it", REFUSE, lambda t: ("ada", op("threshold", owners=1)))
_three("one states it as it is", REFUSE, lambda t: ("ada", op("threshold", owners=2)))
_three("two lower it, and one acts alone", ACCEPT, lambda t: ("ada+cy", op("threshold", owners=1)), lambda t: ("cy", t.epoch()))
_three("two raise it, and two do not suffice", REFUSE, lambda t: ("ada+cy", op("threshold", owners=3)), lambda t: ("ada+bob", t.epoch()))
_three("one lowers it in the entry that it needs it for", REFUSE, lambda t: ("ada", op("threshold", owners=1), leave("owner", "bob")))
_three("two raise it and do something else", ACCEPT, lambda t: ("ada+bob", op("threshold", owners=3), t.epoch()))
_three("a threshold of three as one leaves", REFUSE, lambda t: ("ada+bob", op("threshold", owners=3), leave("owner", "cy")))
_three("a threshold of three as one loses the last key", REFUSE, lambda t: ("ada+bob", op("threshold", owners=3), op("key-remove", member="cy", device="d", lost=False)))
_three("one owner joins another", REFUSE, lambda t: ("ada", t.add("dee"), join("owner", "dee")))
_three("one owner adds a key to another", REFUSE, lambda t: ("ada", t.key("bob", "e")))
_three("one owner adds a recipient to another", REFUSE, lambda t: ("ada", op("recipient-add", member="bob", recipient=t.recipient("x"))))
_three("one owner adds a recipient to itself", ACCEPT, lambda t: ("ada", op("recipient-add", member="ada", recipient=t.recipient("x"))))
_three("one owner adds a key to itself", REFUSE, lambda t: ("ada", t.key("ada", "e")))
_three("two keys of one owner join another", REFUSE, lambda t: ("ada+bob", t.key("ada", "e")),
       lambda t: ("ada+ada.e", t.add("dee"), join("owner", "dee")))
_three("two keys of one owner add a third", ACCEPT, lambda t: ("ada+bob", t.key("ada", "e")), lambda t: ("ada+ada.e", t.key("ada", "f")))
_three("one owner plants a key in a member that it did not make", REFUSE, lambda t: ("ada+bob", t.add("dee"), t.key("dee")),
       lambda t: ("cy", t.key("dee", "e")))
_three("one owner plants a key in its own member who becomes an owner, stated", ACCEPT,
       lambda t: ("ada", t.add("dee"), t.key("dee")), lambda t: ("ada", t.key("dee", "e")),
       lambda t: ("bob+cy", join("owner", "dee")))
_three("one owner seals a team's keys that it may grant on", ACCEPT,
       lambda t: ("ada", role("team"), grant("team", "read"), t.epoch("team")), lambda t: ("bob", t.reseal("team")))


@beginning("threshold of two, a key planted in a member before two owners join it")
def planted_owner(t):
    t.by("ada+bob", vault(t, 2), *[o for n in ("ada", "bob") for o in (t.add(n), t.key(n), join("owner", n))])
    t.by("ada", t.add("dee"), t.key("dee"))
    honest = t.stated(join("owner", "dee"), seeds=[t.seed("ada")])
    t.by("ada", t.key("dee", "e"))
    t.by("ada+bob", *honest)


# Recipients that were skipped.

def _skip(kind, expect, choose, *ops):
    for word, act in (("an epoch", lambda t, s: t.epoch("team", skipped=s)), ("a reseal", lambda t, s: t.reseal("team", skipped=s))):
        @tale(f"{word} that skips {kind}", expect)
        def make(t, act=act):
            t.by("owners", role("team"), grant("team", "read"), join("team", "clerk"), join("team", "new"), t.epoch("team"))
            more = [o(t) for o in ops]
            if expect is REFUSE and choose(t) == sorted(set(choose(t))) and choose(t) or expect is ACCEPT:
                t.by("owners", act(t, choose(t)), *more)
            else:
                t.raw("owners", act(t, choose(t)))


def _of(*names):
    return lambda t: sorted(t.recipient(name) for name in names)


_skip("one", ACCEPT, _of("new"))
_skip("two", ACCEPT, _of("new", "clerk"))
_skip("nobody, stated", REFUSE, lambda t: [])
_skip("two out of order", REFUSE, lambda t: _of("new", "clerk")(t)[::-1])
_skip("one twice", REFUSE, lambda t: _of("new", "new")(t))
_skip("a stranger", REFUSE, _of("stranger"))
_skip("a text that is none", REFUSE, lambda t: ["age1x", "age1x"])
_skip("one who leaves in the entry", REFUSE, _of("new"), lambda t: leave("team", "new"))
_skip("one who joins in the entry", ACCEPT, _of("late"), lambda t: t.add("late"), lambda t: join("team", "late"))
_skip("a recipient that is taken in the entry", REFUSE, _of("new"),
      lambda t: op("recipient-remove", member="new", recipient=t.recipient("new")))


@tale("an epoch that skips everybody")
def everybody(t):
    t.by("owners", role("team"), grant("team", "read"), join("team", "clerk"), t.epoch("team"))
    t.by("owners", t.epoch("team", skipped=sorted(t.build.folding.after(t.build.policy).recipients_of("owner+team"))))


@tale("an epoch that skips everybody but one who joins in the entry", ACCEPT)
def everybody_but(t):
    t.by("owners", role("team"), grant("team", "read"), join("team", "clerk"), t.epoch("team"))
    skipped = sorted(t.build.folding.after(t.build.policy).recipients_of("owner+team"))
    t.by("owners", t.epoch("team", skipped=skipped), join("team", "new"))


@tale("an epoch that skips a key by its other spelling")
def other_text(t):
    one, two = making.spellings(t.seed("pair"))
    t.by("owners", t.add("x", one), role("team"), grant("team", "read"), join("team", "x"))
    t.by("owners", t.epoch("team", skipped=[two]))


@beginning("an epoch for nobody", ACCEPT)
def nobody(t):
    """The owner's only recipient is gone with its key, and another owner's is left: a list must name somebody."""
    t.by("ada", vault(t), t.add("ada"), t.key("ada"), join("owner", "ada"), t.add("bob"), role("team"),
         grant("team", "read"), join("team", "bob"))
    t.by("ada", t.epoch("team", skipped=[t.recipient("bob")]),
         op("recipient-add", member="bob", recipient=t.recipient("bob2")))
    t.by("ada", op("recipient-remove", member="bob", recipient=t.recipient("bob")))


@tale("a skipped recipient until the next envelope", ACCEPT)
def until(t):
    t.by("owners", role("team"), grant("team", "read"), join("team", "clerk"), join("team", "new"),
         t.epoch("team", skipped=_of("clerk", "new")(t)))
    t.by("owners", leave("team", "clerk"))
    if t.rng.random() < 0.5:
        t.by("owners", t.epoch("team"))
    elif t.rng.random() < 0.5:
        t.by("owners", op("role-remove", role="team"))


short("skips one and takes nobody's right", ACCEPT, lambda t: ("owners", t.epoch(skipped=None)),
      lambda t: ("owners", role("team"), join("team", "new"), t.epoch("team", skipped=[t.recipient("new")])),
      lambda t: ("owners", remove("new")))
