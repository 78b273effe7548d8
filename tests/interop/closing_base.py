"""The vault that every history of closing_model.py begins from: an owner, and members with one right each, or two."""

import random
from functools import lru_cache

import pyrage

from vsecure import keys
from vsecure.file import File
from vsecure.writing import Builder, op

MEMBERS = {"wes": ("write",), "rob": ("rotate",), "ron": ("rotate",), "del": ("delete",), "wim": ("write", "delete"),
           "rod": ("rotate", "delete"),
           "ray": ("read", "write", "rotate", "delete", "grant")}


class Base:
    """The vault that every history begins from: made once, as keys are slow to make."""

    def __init__(self):
        rng = random.Random(1)
        self.build = Builder(File("", b"", ""), rng)
        self.seeds = {name: rng.randbytes(32) for name in ("ada", *MEMBERS)}
        self.identities = {name: pyrage.x25519.Identity.generate() for name in self.seeds}
        to = {name: str(identity.to_public()) for name, identity in self.identities.items()}
        ops = [op("vault", suite=keys.SUITE, nonce=rng.randbytes(16), name="closing", threshold=1)]
        self.build.add_policy(ops + self._member("ada", "owner", to), [self.seeds["ada"]])
        ops = [one for name, rights in MEMBERS.items() for one in (
            op("role-add", role=f"r-{name}"), op("grant", role=f"r-{name}", pattern="*", rights=list(rights)),
            *self._member(name, f"r-{name}", to))]
        self.build.add_policy(ops, [self.seeds["ada"]])
        self.build.add_policy([self._epoch(rng)], [self.seeds["ada"]])

    def _epoch(self, rng):
        item, self.epoch, self.kek = begin_epoch(self.build, self.identities["ada"], rng)
        self.recipient = item["epoch"]["recipient"]
        return item

    def _member(self, name, role, to):
        return [op("member-add", member=name, kind="user", recipients=[to[name]]),
                self.build.key_add(name, "one", self.seeds[name], to[name]), op("role-join", role=role, member=name)]


def begin_epoch(build, owner, rng):
    """(the op of another epoch of the owners, which the file then has the envelope of; its id; its key)."""
    epoch, kek, identity = rng.randbytes(16), rng.randbytes(32), pyrage.x25519.Identity.generate()
    plain = keys.envelope_text(build.file.vault, "owner", [(epoch, kek, str(identity))])
    binary = pyrage.encrypt(plain, [owner.to_public()])
    build.file.audiences["owner"] = (epoch, binary)
    return op("epoch", audience="owner", epoch=epoch, recipient=str(identity.to_public()),
              kek=keys.kek_commitment(build.file.vault, "owner", epoch, kek),
              envelope=keys.envelope_id(binary)), epoch, kek


@lru_cache(1)
def base():
    return Base()
