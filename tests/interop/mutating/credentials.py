"""Tales of recipients: their forms, whose they are, and what a lost key takes with it."""

from base64 import b64decode, b64encode

from vsecure import signing
from vsecure.recipients import bech32, ssh_text
from vsecure.writing import op

from . import making
from .source import ACCEPT, REFUSE
from .tales import beginning, drop, grant, join, remove, role, short, tale, vault


def _add(text, member="clerk"):
    return op("recipient-add", member=member, recipient=text)


def _take(text, member="clerk"):
    return op("recipient-remove", member=member, recipient=text)


# Forms. A text that is none is not even parsed, so these are signed as they stand.

def mpint(number):
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def modulus(rng, bits=2048):
    return 1 << bits - 1 | rng.getrandbits(bits - 1) | 1


def rsa(rng, e=65537, bits=2048):
    return ssh_text("ssh-rsa", mpint(e), mpint(modulus(rng, bits)))


def _public(rng):
    return signing.public_of(rng.randbytes(32))


def _plugin_ops(name, text, allow=None):
    return lambda t: ("owners", op("setting", key="plugins.allow", value=allow or name), t.add("x", text(t)))


GOOD = {
    "an SSH key": lambda r: making.ssh(r),
    "an RSA key": lambda r: rsa(r),
    "an RSA key of 8,192 bits": lambda r: rsa(r, bits=8192),
    "an RSA key of 2,049 bits": lambda r: rsa(r, bits=2049),
    "an RSA key with e of 3": lambda r: rsa(r, 3),
    "an RSA key with the greatest e": lambda r: rsa(r, 2**32 - 1),
    "an SSH key with a point of small order added": lambda r: ssh_text("ssh-ed25519", making.twisted(_public(r))),
}
BAD = {
    "an SSH key with a comment": lambda r: making.ssh(r) + " ada@desk",
    "an SSH key with a space at its end": lambda r: making.ssh(r) + " ",
    "an SSH key after two spaces": lambda r: making.ssh(r).replace(" ", "  "),
    "an SSH key after a tab": lambda r: making.ssh(r).replace(" ", "\t"),
    "an SSH key of small order": lambda r: ssh_text("ssh-ed25519", b"\x01" + bytes(31)),
    "an SSH key that is no point": lambda r: ssh_text("ssh-ed25519", b"\x02" + bytes(31)),
    "an SSH key that is not canonical": lambda r: ssh_text("ssh-ed25519", b"\xf0" + b"\xff" * 30 + b"\x7f"),
    "an SSH key of 33 bytes": lambda r: ssh_text("ssh-ed25519", _public(r) + b"\0"),
    "an SSH key and one string more": lambda r: ssh_text("ssh-ed25519", _public(r), b""),
    "an SSH key and a byte more": lambda r: _longer(making.ssh(r)),
    "an SSH key of another kind inside": lambda r: ssh_text("ssh-ed25519", _public(r)).replace("AAAAC3NzaC1lZDI1NTE5", "AAAAC3NzaC1lZDI1NTE4"),
    "an SSH key of an unknown kind": lambda r: ssh_text("ssh-dss", r.randbytes(32)),
    "an SSH key in upper case": lambda r: making.ssh(r).replace("ssh", "SSH"),
    "an RSA key of 2,047 bits": lambda r: rsa(r, bits=2047),
    "an RSA key of 8,193 bits": lambda r: rsa(r, bits=8193),
    "an RSA key with e of 1": lambda r: rsa(r, 1),
    "an RSA key with an even e": lambda r: rsa(r, 65536),
    "an RSA key with e of 2^32+1": lambda r: rsa(r, 2**32 + 1),
    "an RSA key with an even n": lambda r: ssh_text("ssh-rsa", mpint(65537), mpint(modulus(r) - 1)),
    "an RSA key with a zero too many": lambda r: ssh_text("ssh-rsa", mpint(65537), b"\0" + mpint(modulus(r))),
    "an RSA key with a zero too many in e": lambda r: ssh_text("ssh-rsa", b"\0" + mpint(65537), mpint(modulus(r))),
    "an RSA key with a negative n": lambda r: ssh_text("ssh-rsa", mpint(65537), mpint(modulus(r))[1:]),
    "an RSA key without padding": lambda r: _unpadded(r),
    "an RSA key with a trailing bit": lambda r: _trailing(r),
    "a recipient of nothing": lambda r: "",
    "a recipient that is age1": lambda r: "age1",
    "a recipient of 61 characters": lambda r: making.age(_public(r))[:-1],
    "a recipient in upper case": lambda r: making.age(making.montgomery(_public(r))).upper(),
    "a word as a recipient": lambda r: "ada",
    "a plugin's recipient without a name": lambda r: bech32("age1", [0] * 30),
    "a plugin's recipient with a bad checksum": lambda r: making.plugin(r, "tok")[:-1] + "b",
    "a plugin's recipient of constant Bech32m": lambda r: _bech32m(r),
    "a plugin's recipient in upper case": lambda r: making.plugin(r, "tok").upper(),
    "a plugin with a dot": lambda r: bech32("age1to.k", [1] * 20),
    "a plugin's recipient of 4,097 characters": lambda r: bech32("age1tok", [0] * 4083),
    "a plugin's recipient with a bit left over": lambda r: bech32("age1tok", [*[1] * 12, 1]),
    "a plugin's recipient with a symbol too many": lambda r: bech32("age1tok", [0] * 9),
    "a plugin's recipient of one symbol": lambda r: bech32("age1tok", [0]),
}


def _longer(text):
    kind, _, wire = text.partition(" ")
    return f"{kind} {b64encode(b64decode(wire) + bytes(1)).decode()}"


def _padded(rng):
    """An RSA key whose text ends with padding."""
    for e in (65537, 3, 2**31 + 1, 2**31 + 3):
        for bits in (2048, 2056, 2064):
            text = rsa(rng, e, bits)
            if text.endswith("="):
                return text
    raise AssertionError("some length has padding")


def _unpadded(rng):
    return _padded(rng).rstrip("=")


def _trailing(rng):
    body, end = _padded(rng).rstrip("="), "="
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(body[-1]) | 1]
    return body[:-1] + last + end * (-len(body.split(" ")[1]) % 4)


def _bech32m(rng):
    return bech32("age1tok", [rng.randrange(32) for _ in range(30)], constant=0x2bc830a3)


for _kind, _make in GOOD.items():
    short(f"adds {_kind}", ACCEPT, lambda t, make=_make: ("owners", t.add("x", make(t.rng))))
for _kind, _make in BAD.items():
    @tale(f"adds {_kind}")
    def _bad(t, make=_make):
        text = make(t.rng)
        t.by("owners", op("setting", key="plugins.allow", value="tok"))
        t.raw("owners", op("member-add", member="x", kind="user", recipients=[text]))

for _name, _length in (("tok", 25), ("tok", 2551), ("a1b-2", 33), ("tok", 0), ("-", 7), ("p1", 30), ("tok", 1), ("tok", 4)):
    short(f"adds a recipient of the plugin {_name} with {_length} bytes", ACCEPT,
          _plugin_ops(_name, lambda t, n=_name, size=_length: making.plugin(t.rng, n, size)))
short("adds a plugin's recipient that is not allowed", REFUSE, lambda t: ("owners", t.add("x", making.plugin(t.rng, "tok"))))
short("adds a plugin's recipient where another plugin is allowed", REFUSE,
      _plugin_ops("tok", lambda t: making.plugin(t.rng, "tok"), "toe,tokk"))
short("adds one of two plugins allowed", ACCEPT, _plugin_ops("tok", lambda t: making.plugin(t.rng, "tok"), "toe,tok"))
short("adds a plugin's recipient before it is allowed", REFUSE, lambda t: (
    "owners", t.add("x", making.plugin(t.rng, "tok")), op("setting", key="plugins.allow", value="tok")))
short("adds a plugin's recipient after it was allowed", REFUSE,
      lambda t: ("owners", op("setting", key="plugins.allow", value="tok")),
      lambda t: ("owners", op("setting", key="plugins.allow", value=""), t.add("x", making.plugin(t.rng, "tok"))))
short("has a plugin's recipient that is no longer allowed", ACCEPT,
      lambda t: ("owners", op("setting", key="plugins.allow", value="tok"), t.add("x", making.plugin(t.rng, "tok"))),
      lambda t: ("owners", op("setting", key="plugins.allow", value=""), join("readers", "x")))
for _value in ("b,a", "a,a", "a,", ",a", "A", "a b", "a.b", "a_b", ",", "a, b"):
    short(f"plugins.allow of {_value!r}", REFUSE, lambda t, v=_value: ("owners", op("setting", key="plugins.allow", value=v)))
short("plugins.allow by the clerk", REFUSE, lambda t: ("clerk", op("setting", key="plugins.allow", value="tok")))

# Whose a recipient is.


def _pair(t):
    return making.spellings(t.seed("pair"))


short("one recipient in two members", REFUSE, lambda t: ("owners", t.add("x", t.recipient("clerk"))))
short("the clerk's own recipient in a service", REFUSE, lambda t: ("clerk", t.add("svc", t.recipient("clerk"), kind="service")))
short("one recipient twice in a member", REFUSE, lambda t: ("owners", _add(t.recipient("clerk"))))
short("one key in two spellings in one op", REFUSE, lambda t: ("owners", t.add("x", *_pair(t))))
short("one key in two spellings in a member", REFUSE, lambda t: ("owners", t.add("x", _pair(t)[0]), _add(_pair(t)[1], "x")))
short("one key in two spellings in two members", REFUSE, lambda t: ("owners", t.add("x", _pair(t)[0])),
      lambda t: ("owners", _add(_pair(t)[1])))


@tale("one key and the same with a point of small order in two members")
def torsion(t):
    public = _public(t.rng)
    t.by("owners", t.add("x", ssh_text("ssh-ed25519", public)))
    t.by("owners", _add(ssh_text("ssh-ed25519", making.twisted(public))))


@tale("one u and the same with a point of small order in two members")
def torsion_u(t):
    public = _public(t.rng)
    t.by("owners", t.add("x", making.age(making.montgomery(public))))
    t.by("owners", _add(making.age(making.montgomery(making.twisted(public)))))


@tale("one RSA key with two exponents in two members")
def two_exponents(t):
    n = mpint(modulus(t.rng))
    t.by("owners", t.add("x", ssh_text("ssh-rsa", mpint(3), n)))
    t.by("owners", _add(ssh_text("ssh-rsa", mpint(65537), n)))


short("a key and its negative are one", REFUSE, lambda t: ("owners", t.add("x", ssh_text("ssh-ed25519", _public_of(t)))),
      lambda t: ("owners", _add(ssh_text("ssh-ed25519", _public_of(t)[:31] + bytes([_public_of(t)[31] ^ 0x80])))))


def _public_of(t):
    return signing.public_of(t.seed("negative"))


short("a recipient that was another's, by owners", ACCEPT, lambda t: ("owners", remove("new")),
      lambda t: ("owners", t.add("x", t.recipient("new"))))
short("a recipient that was another's, by the clerk", REFUSE, lambda t: ("owners", remove("new")),
      lambda t: ("clerk", t.add("x", t.recipient("new"))))
short("a recipient that was another's, in one entry by the clerk", REFUSE, lambda t: ("clerk", t.add("own")),
      lambda t: ("clerk", remove("own"), t.add("x", t.recipient("own"))))
short("a recipient that was its own, by the member", REFUSE, lambda t: ("owners", t.add("x"), t.key("x"), _add(t.recipient("y"), "x")),
      lambda t: ("x", _take(t.recipient("y"), "x")), lambda t: ("x", _add(t.recipient("y"), "x")))
short("a recipient that was its own, in another spelling, by the member", REFUSE,
      lambda t: ("owners", t.add("x"), t.key("x"), _add(_pair(t)[0], "x")),
      lambda t: ("x", _take(_pair(t)[0], "x")), lambda t: ("x", _add(_pair(t)[1], "x")))
short("a recipient that was its own, by owners", ACCEPT, lambda t: ("owners", _add(t.recipient("y"))),
      lambda t: ("owners", _take(t.recipient("y"))), lambda t: ("owners", _add(t.recipient("y"))))
short("a member adds a recipient", ACCEPT, lambda t: ("clerk", _add(t.recipient("y"))))
short("takes a recipient in another spelling", REFUSE, lambda t: ("owners", _add(_pair(t)[0])),
      lambda t: ("owners", _take(_pair(t)[1])))
short("a key for a recipient in another spelling", REFUSE, lambda t: ("owners", _add(_pair(t)[0])),
      lambda t: ("owners", t.key("clerk", "e", _pair(t)[1])))
short("the last recipient taken", ACCEPT, lambda t: ("owners", _take(t.recipient("new"), "new")))
short("the last recipient taken, by the member", ACCEPT, lambda t: ("clerk", _take(t.recipient("clerk"))))
short("the last recipient taken, with its keys", REFUSE, lambda t: ("owners", _take(t.recipient("clerk"))),
      lambda t: ("clerk", role("more")))
short("a recipient for one without any", ACCEPT, lambda t: ("owners", _take(t.recipient("new"), "new")),
      lambda t: ("owners", _add(t.recipient("y"), "new"), t.key("new", recipient=t.recipient("y"))))
for _who, _expect in {"clerk": REFUSE, "owners": ACCEPT}.items():
    short(f"an epoch's recipient as a member's, by {_who}", _expect,
          lambda t: ("owners", t.epoch(recipient=t.recipient("e"))),
          lambda t, who=_who: (who, t.add("x", t.recipient("e"))))
    short(f"an epoch's recipient as a member's, in its other spelling, by {_who}", _expect,
          lambda t: ("owners", t.epoch(recipient=_pair(t)[0])), lambda t, who=_who: (who, t.add("x", _pair(t)[1])))
short("a member's recipient as an epoch's", REFUSE, lambda t: ("owners", t.epoch(recipient=t.recipient("clerk"))))
short("a former member's recipient as an epoch's", REFUSE, lambda t: ("owners", remove("new")),
      lambda t: ("owners", t.epoch(recipient=t.recipient("new"))))
short("an epoch's recipient again", REFUSE, lambda t: ("owners", t.epoch(recipient=t.recipient("e"))),
      lambda t: ("owners", t.epoch(recipient=t.recipient("e"))))
short("an epoch's recipient in the next epoch of one entry", REFUSE,
      lambda t: ("owners", t.epoch(recipient=t.recipient("e")), t.epoch("clerks", recipient=t.recipient("e"))))


# Limits.

@tale("16 recipients", ACCEPT)
def most_recipients(t):
    t.by("owners", *[_add(t.recipient(f"r{n}")) for n in range(15)])


@tale("17 recipients, one by one")
def more_recipients(t):
    t.by("owners", *[_add(t.recipient(f"r{n}")) for n in range(16)])


def _many(kind, most, make):
    for number, expect in ((most, ACCEPT), (most + 1, REFUSE)):
        @tale(f"{number} {kind}", expect)
        def many(t, count=number):
            items = make(t, count)
            for at in range(0, len(items), 900):
                t.by("owners", *items[at:at + 900])


_many("keys of a member", 64, lambda t, count: [t.key("new", f"d{n}") for n in range(count)])
_many("roles of a member", 64, lambda t, count: [o for n in range(count) for o in (role(f"r{n}"), join(f"r{n}", "new"))])
_many("patterns of a role", 1024, lambda t, count: [grant("readers", "read", pattern=f"p{n}/*") for n in range(count)])
_many("patterns of a role's name", 1024, lambda t, count: [
    *[grant("readers", "read", pattern=f"p{n}/*") for n in range(count - 1)], op("role-remove", role="readers"),
    role("readers"), grant("readers", "write", pattern="p0/*"), grant("readers", "write")])


def _by_the_clerk(number, expect):
    @tale(f"{number} patterns of a role, the last by the clerk", expect)
    def patterns(t):
        t.by("owners", *[grant("readers", "read", pattern=f"p{n}/*") for n in range(number - 1)])
        t.by("clerk", grant("readers", "write", pattern="tale/last"))


_by_the_clerk(256, ACCEPT)
_by_the_clerk(257, REFUSE)
_many("members of a role", 1000, lambda t, count: [
    *[t.add(f"m{n}") for n in range(count)], *[join("readers", f"m{n}") for n in range(count)]])


# The last places of each are the owners': the clerk makes mate, and fills up what mate may have.

def _filled(kind, by_others, item, setup=lambda t: ()):
    for number, last, expect in ((by_others, "clerk", ACCEPT), (by_others + 1, "clerk", REFUSE), (by_others + 1, "owners", ACCEPT)):
        @tale(f"{number} {kind} by the clerk, the last by {last}", expect)
        def fill(t, count=number, who=last):
            t.by("clerk", role("mates"), grant("mates", "grant"), t.add("mate"), join("mates", "mate"), *setup(t))
            for at in range(0, count - 1, 400):
                t.by("clerk", *[o for n in range(at, min(at + 400, count - 1)) for o in item(t, n)])
            t.by(who, *item(t, count - 1))


_filled("keys of mate", 48, lambda t, n: [t.key("mate", f"d{n}")])
_filled("recipients of mate", 11, lambda t, n: [op("recipient-add", member="mate", recipient=t.recipient(f"m{n}"))])
_filled("roles of mate", 47, lambda t, n: [role(f"r{n}"), join(f"r{n}", "mate")])
_filled("members of mates", 899, lambda t, n: [t.add(f"m{n}"), join("mates", f"m{n}")])
short("64 keys, one of them taken, and one more", ACCEPT, lambda t: (
    "owners", *[t.key("new", f"d{n}") for n in range(64)], drop("new", "d0"), t.key("new", "d64")))


# What a lost key takes with it.

def _lost(kind, expect):
    """Keys d, e and f of one member, each added by the one before; then d is lost, e was removed before."""
    def tell(t):
        t.by("owners", grant("readers", "grant"), join("readers", "new"), t.key("new"), t.add("two"), t.key("two"))
        t.by("owners+new", t.key("new", "e"))
        t.by("owners+new.e", t.key("new", "f"), drop("new", "e"))
        t.by("owners", drop("new", lost=kind == "lost"))
        t.by("new.f", role("last"))
    tale(f"the last of three keys, the first {kind}", expect)(tell)


_lost("lost", REFUSE)
_lost("removed", ACCEPT)


def _link(kind, expect, middle, end):
    """The member `new` may grant and has a key; then what `middle` does, the key is lost, and `end` tells."""
    def tell(t):
        t.by("owners", grant("readers", "grant"), join("readers", "new"), t.key("new"))
        for who, *ops in middle(t):
            t.by(who, *ops)
        t.by("owners", drop("new", lost=True))
        for who, *ops in end(t):
            t.by(who, *ops)
    tale("a lost key takes " + kind, expect)(tell)


_link("the recipient that it added", REFUSE, lambda t: [("new", _add(t.recipient("y"), "new"))],
      lambda t: [("owners", _take(t.recipient("y"), "new"))])
_link("not the recipient that another added", ACCEPT, lambda t: [("owners", _add(t.recipient("y"), "new"))],
      lambda t: [("owners", _take(t.recipient("y"), "new"))])
_link("not the recipient that it is sealed to", ACCEPT, lambda t: [], lambda t: [("owners", _take(t.recipient("new"), "new"))])
_link("a key that owners sealed to that recipient", REFUSE,
      lambda t: [("new", _add(t.recipient("y"), "new")), ("owners", t.key("new", "e", t.recipient("y")))],
      lambda t: [("new.e", role("last"))])
_link("not a key that owners sealed to another recipient", ACCEPT,
      lambda t: [("new", _add(t.recipient("y"), "new")), ("owners", t.key("new", "e"))],
      lambda t: [("new.e", role("last"))])
_link("what a key added that was sealed to that recipient", REFUSE,
      lambda t: [("new", _add(t.recipient("y"), "new")), ("owners", t.key("new", "e", t.recipient("y"))),
                 ("new.e", _add(t.recipient("z"), "new"), drop("new", "e"))],
      lambda t: [("owners", _take(t.recipient("z"), "new"))])
_link("what it added beside the owners", REFUSE, lambda t: [("owners+new", _add(t.recipient("y"), "new"))],
      lambda t: [("owners", _take(t.recipient("y"), "new"))])
_link("nothing of another member", ACCEPT, lambda t: [("new", t.add("own"), t.key("own"))],
      lambda t: [("owners", _take(t.recipient("own"), "own"))])
_link("a recipient that owners gave back", REFUSE,
      lambda t: [("new", _add(t.recipient("y"), "new")), ("owners", _take(t.recipient("y"), "new")),
                 ("owners", _add(t.recipient("y"), "new"))],
      lambda t: [("owners", _take(t.recipient("y"), "new"))])
_link("a recipient and makes its audience due", REFUSE,
      lambda t: [("owners", t.epoch("readers")), ("new", _add(t.recipient("y"), "new"))],
      lambda t: [("owners", t.reseal("readers"))])
_link("keys alone and makes no audience due", ACCEPT,
      lambda t: [("owners", t.epoch("readers")), ("owners+new", t.key("new", "e"))],
      lambda t: [("owners", t.reseal("readers"))])


@tale("a lost key takes what it adds in the entry that says so")
def own_entry(t):
    t.by("owners", t.key("new"))
    t.by("new", _add(t.recipient("y"), "new"), drop("new", lost=True))
    t.by("owners", _take(t.recipient("y"), "new"))


@tale("a lost key does not take what comes later in the entry that says so", ACCEPT)
def own_entry_later(t):
    t.by("owners", t.key("new"))
    t.by("new", drop("new", lost=True), _add(t.recipient("y"), "new"))
    t.by("owners", _take(t.recipient("y"), "new"))


@tale("a lost key takes what was added in a life before")
def life_before(t):
    """Key d added y; the member is removed and comes back with key e, of the owners', and y given back."""
    t.by("owners", t.key("new"))
    t.by("new", _add(t.recipient("y"), "new"))
    t.by("owners", t.key("new", "e"))
    t.by("new+new.e", t.key("new", "f"))
    t.by("owners", remove("new"), t.add("new", t.recipient("y")), t.key("new", "g", t.recipient("y")), grant("readers", "grant"),
         join("readers", "new"))
    t.by("owners", t.key("new", "h", t.recipient("y")))
    t.by("owners", drop("new", "g", lost=True))
    t.by("new.g", role("last"))


@beginning("a lost key that signed genesis takes all of its member's there")
def lost_genesis(t):
    t.by("ada", vault(t), t.add("ada", t.recipient("ada"), t.recipient("ada2")), t.key("ada"),
         t.key("ada", "e", t.recipient("ada2")), t.add("bob"), t.key("bob"), join("owner", "ada"), join("owner", "bob"))
    t.by("bob", drop("ada", lost=True))
    t.by("ada.e", role("last"))


@beginning("a lost key that did not sign genesis takes nothing there", ACCEPT)
def lost_other(t):
    t.by("ada", vault(t), t.add("ada", t.recipient("ada"), t.recipient("ada2")), t.key("ada"),
         t.key("ada", "e", t.recipient("ada2")), join("owner", "ada"))
    t.by("ada", drop("ada", "e", lost=True))
    t.by("ada", _take(t.recipient("ada2"), "ada"))


@beginning("a lost key that signed genesis leaves other members alone", ACCEPT)
def lost_alone(t):
    t.by("ada", vault(t), t.add("ada"), t.key("ada"), t.add("bob"), t.key("bob"), join("owner", "ada"), join("owner", "bob"))
    t.by("bob", drop("ada", lost=True))
    t.by("bob", op("setting", key="ttl", value="every"))
