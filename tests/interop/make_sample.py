#!/usr/bin/env python3
"""Builds a valid vault to test with: OUTDIR/sample.vault, older.vault, keys.json, values.json.

keys.json is what mutants.py takes: {"members": {NAME: {"identity": "AGE-SECRET-KEY-1…",
"keys": {DEVICE: SEED in base64url}}}}. older.vault is the same vault some entries earlier.
"""

import argparse
import copy
import json
import random
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vsecure import keys, signing
from vsecure.copies import fix_copies
from vsecure.encoding import encode
from vsecure.file import File, render
from vsecure.recipients import bech32, symbols
from vsecure.writing import Builder, ids, op, slot_line


class Member:
    def __init__(self, name, rng, *devices):
        self.name, self.identity = name, pyrage.x25519.Identity.generate()
        self.recipient = str(self.identity.to_public())
        self.seeds = {device: rng.randbytes(32) for device in devices}

    @property
    def seed(self):
        return next(iter(self.seeds.values()))


def ssh_recipient(private):
    """The public key as an SSH recipient, without a comment."""
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class Sample:
    """The story of one vault. Every step is one entry, policy or log."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.build = Builder(File("", b"", ""), self.rng)
        self.file = self.build.file
        self.people = {n: Member(n, self.rng, *d) for n, d in {
            "ada": ("desk", "phone"), "bob": ("laptop",), "cy": ("box",), "rob.ot": ("ci",), "wes": ("pad",),
            "del": ("mac",), "rea": ("mini",)}.items()}
        self.epochs, self.values, self.deks = {}, {}, {}
        # Hal's recipients are of every other kind; nobody here can seal to the plugin's.
        self.plugin = bech32("age1token", symbols(self.rng.randbytes(33)))
        self.ssh = [ssh_recipient(Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32))),
                    ssh_recipient(generate_private_key(65537, 2048))]

    def member_ops(self, name, kind="user", *roles):
        who = self.people[name]
        out = [op("member-add", member=name, kind=kind, recipients=[who.recipient])]
        out += [self.build.key_add(name, d, s, who.recipient) for d, s in who.seeds.items()]
        return out + [op("role-join", role=role, member=name) for role in roles]

    def genesis(self):
        ops = [op("vault", suite=keys.SUITE, nonce=self.rng.randbytes(16), name="sample", threshold=1)]
        self.build.add_policy(ops + self.member_ops("ada", "user", "owner"), [self.people["ada"].seed],
                              reason="it's the start")

    def hal(self):
        """Somebody who only reads, by keys of other kinds."""
        return [op("setting", key="plugins.allow", value="tag-1,token"), op("setting", key="plugins.allow", value="token"),
                op("member-add", member="hal", kind="user", recipients=sorted([self.plugin, *self.ssh])),
                op("role-join", role="rea", member="hal")]

    def epoch_op(self, audience, *names, ssh=(), skipped=None):
        epoch, kek, identity = self.rng.randbytes(16), self.rng.randbytes(32), pyrage.x25519.Identity.generate()
        held = self.epochs.setdefault(audience, [])
        held.insert(0, (epoch, kek, str(identity)))
        envelope = self.seal_envelope(audience, names, ssh)
        return op("epoch", audience=audience, epoch=epoch, recipient=str(identity.to_public()),
                  kek=keys.kek_commitment(self.file.vault, audience, epoch, kek), envelope=envelope, skipped=skipped)

    def seal_envelope(self, audience, names, ssh=()):
        plain = keys.envelope_text(self.file.vault, audience, self.epochs[audience])
        to = [pyrage.x25519.Recipient.from_str(self.people[n].recipient) for n in names]
        to += map(pyrage.ssh.Recipient.from_str, ssh)
        binary = pyrage.encrypt(plain, to)
        self.file.audiences[audience] = (self.epochs[audience][0][0], binary)
        self.file.audiences = dict(sorted(self.file.audiences.items()))
        return keys.envelope_id(binary)

    def policy(self, *ops, by=("ada",), heads=None, reason=""):
        return self.build.add_policy(list(ops), [self.people[n].seed for n in by], heads, reason)

    def log(self, who, *ops, **more):
        return self.build.add_log(who, self.people[who].seed, list(ops), **more)

    def put(self, by, name, value, audience, sealed=False, expires=None, parents=None, replaces=()):
        """The op that puts a value, in an entry by this member upon these parents."""
        dek = self.rng.randbytes(32)
        found = self.build.version(name, value, dek, self.people[by].seed, expires, parents)
        self.values[encode(found)], self.deks[found] = value.decode("latin-1"), dek
        wrap = self.seal(name, found, audience, sealed)
        return found, self.build.put_op(name, found, wrap, replaces=ids(replaces) or None)

    def seal(self, name, found, audience, sealed=False):
        epoch, kek, identity = self.epochs[audience][0]
        recipient = str(pyrage.x25519.Identity.from_str(identity).to_public()) if sealed else None
        return self.build.wrap(name, found, self.deks[found], audience, epoch, kek, recipient)

    def older(self):
        """Up to here nothing is removed: two roles, three members, concurrent puts."""
        self.genesis()
        self.policy(op("role-add", role="dev"), op("grant", role="dev", pattern="prod/*", rights=["read", "write", "delete"]),
                    op("grant", role="dev", pattern="test/*", rights=["read", "write", "delete", "grant"]),
                    *self.member_ops("bob", "user", "dev"), *self.member_ops("cy", "user", "dev"))
        self.policy(*self.half("wes", "prod/*", "write"), *self.half("del", "prod/*", "delete"),
                    *self.half("rea", "root/*", "read"), *self.hal())
        self.policy(self.epoch_op("owner", "ada"), self.epoch_op("dev+owner", "ada", "bob", "cy"),
                    self.epoch_op("owner+rea", "ada", "rea", ssh=self.ssh, skipped=[self.plugin]))
        self.policy(op("role-add", role="ci"), op("grant", role="ci", pattern="prod/db", rights=["rotate"]),
                    *self.member_ops("rob.ot", "service", "ci"), op("setting", key="env.prod.extends", value="test"))
        self.db, put = self.put("ada", "prod/db", b"first", "dev+owner")
        base = self.log("ada", put, reason="a 'quoted' \\ \"reason\", é")
        _, root = self.put("ada", "root/key", b"\x00\xff" * 40, "owner+rea", parents=[base])
        self.log("ada", root, op("field", secret="root/key", field="description", value="the root"), parents=[base])
        db_two, two = self.put("bob", "prod/db", b"second", "dev+owner", parents=[base], replaces=[self.db])
        self.left = self.log("bob", two, parents=[base])
        self.db_three, three = self.put("cy", "prod/db", b"third", "dev+owner", parents=[base], replaces=[self.db])
        self.right = self.log("cy", three, op("field", secret="prod/db", field="var", value="DB"), parents=[base])
        _, drop = self.put("bob", "test/drop", b"sealed box", "dev+owner", sealed=True, expires=9_000_000_000)
        self.log("bob", drop)

    def newer(self):
        """Removal, a void entry, a rotation by a service, remove and restore, prune, rewrap, a slot."""
        before = self.build.policy[-1].id
        self.gone, gone = self.put("bob", "test/gone", b"soon pruned", "dev+owner")
        fork = self.log("bob", gone)
        last = self.log("cy", op("field", secret="test/gone", field="tag.x", value="1"))
        _, late = self.put("cy", "prod/db", b"void", "dev+owner", parents=[fork])
        self.void = self.log("cy", late, parents=[fork], policy=before)
        self.policy(op("member-remove", member="cy"), self.epoch_op("dev+owner", "ada", "bob"), heads=[last],
                    reason="cy has left")
        self.policy(op("reseal", audience="owner", epoch=self.epochs["owner"][0][0],
                       envelope=self.seal_envelope("owner", ["ada"])), by=("ada",))
        old, _ = self.db_three, self.log("ada", op("resolve", secret="prod/db", object=self.db_three))
        _, rotated = self.put("rob.ot", "prod/db", b"rotated", "dev+owner", sealed=True, replaces=[old])
        self.log("rob.ot", rotated)
        self.log("bob", op("remove", secret="prod/db", objects=ids([old])))
        self.log("bob", op("restore", secret="prod/db", objects=ids([old])),
                 op("rewrap", secret="prod/db", object=old, wrap=self.seal("prod/db", old, "dev+owner")))
        self.log("bob", op("prune", secret="test/gone", objects=ids([self.gone])))
        drop = next(iter(self.file.secrets[keys.secret_uid(self.file.vault, "test/drop")].versions))
        self.log("bob", op("expire", secret="test/drop", object=drop, at=9_500_000_000))
        self.slot("bob")
        self.log("ada", op("checkpoint", segment=self.rng.randbytes(32), heads=ids(self.build.heads())))

    def half(self, name, pattern, right):
        """A member who has a single right, by a role of the same name."""
        return [op("role-add", role=name), op("grant", role=name, pattern=pattern, rights=[right]),
                *self.member_ops(name, "agent", name)]

    def slot(self, name):
        who, slot = self.people[name], self.rng.randbytes(16)
        fields = {"slot": slot, "member": name, "label": "office", "kind": "passphrase", "recipient": who.recipient,
                  "m": 19456, "t": 2, "p": 1, "salt": self.rng.randbytes(16), "nonce": self.rng.randbytes(24)}
        fields["commitment"], fields["ciphertext"] = keys.seal_slot(
            self.file.vault, fields, "correct horse", str(who.identity))
        fields["key"] = _key_id(who.seed)
        plain = {k: encode(v) if isinstance(v, bytes) else v for k, v in fields.items()}
        self.file.slots[slot] = slot_line("seal", plain, who.seed)

    def key_file(self):
        return {"members": {n: {"identity": str(m.identity), "keys": {d: encode(s) for d, s in m.seeds.items()}}
                            for n, m in self.people.items()}}


def _key_id(seed):
    return signing.key_id(signing.public_of(seed))


def make(out, seed=1):
    """Writes the files and gives the finished `Sample`."""
    out.mkdir(parents=True, exist_ok=True)
    sample = Sample(seed)
    sample.older()
    (out / "older.vault").write_text(render(fix_copies(copy.deepcopy(sample.file))))
    sample.newer()
    (out / "sample.vault").write_text(render(fix_copies(sample.file)))
    (out / "keys.json").write_text(json.dumps(sample.key_file(), indent=1))
    (out / "values.json").write_text(json.dumps(sample.values, indent=1))
    return sample


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    make(arguments.outdir, arguments.seed)
