#!/usr/bin/env python3
"""What commands take over the dearest policy chains that one member who may grant on `dev/*` can sign, per MB.

    pip install -r tests/interop/requirements.txt
    python3 benches/hostile/grantor.py --program target/release/v-secure [--sizes 0.5,2] [--cases joins]

Each case is a valid chain: no command may refuse it, and none may take long for it. What the figures are, and
how they are measured, is as in run.py beside this; the chains are made with the Python of tests/interop.
"""

import argparse
import itertools
import json
import os
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/interop"))

import pyrage
from run import MB, Place, line, row
from vsecure import keys, signing
from vsecure.copies import fix_copies
from vsecure.encoding import encode
from vsecure.file import File, parse, render
from vsecure.records import dump, policy_entry
from vsecure.writing import Builder, op, policy_line

WHERE = "default/KEY_00000"
ENTRIES = 9_000


def person():
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


class Chain:
    """A vault of an owner and of a contractor, whose chain the contractor goes on with."""

    def __init__(self, folder):
        self.rng, self.folder = random.Random(1), folder
        self.identity, self.owner = person()
        _, self.contractor = person()
        self.seeds = [self.rng.randbytes(32) for _ in range(2)]
        self.build = Builder(File(keys.SUITE, b"", "x"), self.rng)
        everything = ["read", "write", "grant"]
        self.build.add_policy([
            op("vault", suite=keys.SUITE, nonce=self.rng.randbytes(16), name="x", threshold=1),
            *self.member("admin", self.owner, self.seeds[0]), op("role-join", role="owner", member="admin"),
            op("role-add", role="contractor"), op("grant", role="contractor", pattern="dev/*", rights=everything),
            *self.member("contractor", self.contractor, self.seeds[1]),
            op("role-join", role="contractor", member="contractor"),
        ], self.seeds[:1], heads=[])

    def member(self, name, recipient, seed):
        return [op("member-add", member=name, kind="user", recipients=[recipient]),
                self.build.key_add(name, "home", seed, recipient)]

    def start(self, place):
        """The vault before the contractor goes on, with what the program itself adds to it."""
        (place.project / ".v-secure").mkdir()
        identity = place.project / "identity.txt"
        identity.write_text(self.identity + "\n")
        os.chmod(identity, 0o600)
        path = place.project / ".v-secure/vault.toml"
        path.write_text(render(fix_copies(self.build.file)))
        for arguments in (["access", "settle"], ["set", WHERE], ["set", "default/KEY_00001"]):
            code, *_ = place.measured(["--trust-first-use", *arguments], b"value", 60)
            assert code == 0, arguments
        place.accept()
        self.base = path.read_bytes()

    def back(self):
        self.build, self.bytes = Builder(parse(self.base), self.rng), 0

    def first(self, *ops):
        """An entry whose ops state what they give; returns them."""
        self.build.add_policy(list(ops), self.seeds[1:])
        entry = self.build.policy[-1]
        self.bytes += len(entry.line)
        return json.loads(entry.line)["ops"]

    def more(self, ops):
        """An entry with ops that state what they give already: checking that again is dear in Python."""
        before = self.build.policy[-1]
        self.build.now += 60
        body = {"seq": len(self.build.policy), "prev": encode(before.id), "ts": self.build.now,
                "heads": [encode(head) for head in self.build.heads()], "ops": ops, "reason": ""}
        entry = policy_entry(policy_line(body, self.seeds[1:]))
        self.build.policy.append(entry)
        self.build.file.policy.append(entry.line)
        self.bytes += len(entry.line)

    def grow(self, size, ops):
        """Entries of what `ops` gives, up to the size or the most that a chain has."""
        while self.bytes < size and len(self.build.policy) < ENTRIES:
            self.more(ops())

    def epoch(self, audience):
        """An epoch of an audience, whose envelope opens for nobody."""
        _, recipient = person()
        envelope = self.rng.randbytes(48)
        name = self.rng.randbytes(16)
        self.build.file.audiences[audience] = (name, envelope)
        self.bytes += 150
        return op("epoch", audience=audience, epoch=name, recipient=recipient, kek=self.rng.randbytes(32),
                  envelope=keys.envelope_id(envelope))

    def write(self, path):
        file = self.build.file
        file.audiences = dict(sorted(file.audiences.items()))
        path.write_text(render(file))


def audience(*roles):
    return "+".join(sorted({"owner", *roles}))


def many_audiences(chain, size):
    """Audiences of every choice of 14 roles, up to a size."""
    roles = [f"r{number:x}" for number in range(14)]
    chain.first(*itertools.chain.from_iterable(
        (op("role-add", role=role), op("grant", role=role, pattern="dev/*", rights=["read"])) for role in roles))
    choices = (choice for count in range(2, 15) for choice in itertools.combinations(roles, count))
    while chain.bytes < size:
        some = [chain.epoch(audience("contractor", *choice)) for choice in itertools.islice(choices, 500)]
        if not some:
            return
        chain.more(some)


def roles_beside_audiences(chain, size):
    """Many audiences, and a role that comes and goes: each is asked whether it is due."""
    many_audiences(chain, size // 2)
    chain.grow(size, lambda: [op("role-add", role="z"), op("role-remove", role="z")] * 500)


def recipients_beside_audiences(chain, size):
    """The same with a recipient of a member who is in as many roles as others than owners give."""
    many_audiences(chain, size // 2)
    roles = [f"q{number:02}" for number in range(46)]
    chain.first(*(op("role-add", role=role) for role in roles))
    chain.first(*(op("role-join", role=role, member="contractor") for role in roles))

    def pair(**stated):
        _, recipient = person()
        return [op("recipient-add", member="contractor", recipient=recipient, **stated),
                op("recipient-remove", member="contractor", recipient=recipient)]

    # Gone by the end of the entry, it gives nobody anything, whichever recipient it is.
    gives = chain.first(*pair())[0]["recipient-add"]["gives"]
    chain.grow(size, lambda: [item for _ in range(250) for item in pair(gives=gives)])


def wide_epochs(chain, size):
    """Epochs of the widest audience that others than owners may begin: its patterns are asked for each."""
    roles = [f"w{number}" for number in range(2)]
    for role in roles:
        patterns = [f"dev/{number:03}*" for number in range(250)]
        chain.first(op("role-add", role=role),
                    *(op("grant", role=role, pattern=pattern, rights=["read"]) for pattern in patterns))
        chain.first(op("role-join", role=role, member="contractor"))
    chain.grow(size, lambda: [chain.epoch(audience(*roles)) for _ in range(20)])


def grants_to_many(chain, size):
    """Grants to a role of 900 members, each of which states them all."""
    names = ["m" * 100 + f"{number:04}" for number in range(900)]
    chain.first(op("role-add", role="t"),
                *(op("member-add", member=name, kind="service", recipients=[person()[1]]) for name in names))
    chain.first(*(op("role-join", role="t", member=name) for name in names))
    stated = chain.first(op("grant", role="t", pattern="dev/*", rights=["read"]))
    chain.grow(size, lambda: stated)


def joins_of_many_patterns(chain, size):
    """A member with thousands of patterns lets another into a role with as many as one may have."""
    roles = [f"a{number:02}" for number in range(46)]
    for role in [*roles, "t"]:
        grants = (op("grant", role=role, pattern=f"dev/{role}{number}*", rights=["read", "grant"]) for number in range(250))
        chain.first(op("role-add", role=role), *grants)
    chain.first(*(op("role-join", role=role, member="contractor") for role in roles))
    chain.first(op("member-add", member="x", kind="service", recipients=[person()[1]]))
    stated = chain.first(op("role-join", role="t", member="x"), op("role-leave", role="t", member="x"))
    size += chain.bytes
    chain.grow(size, lambda: stated * 250)


CASES = {make.__name__.replace("_", "-"): make for make in (
    roles_beside_audiences, recipients_beside_audiences, wide_epochs, grants_to_many, joins_of_many_patterns)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--sizes", default="0.5,2", help="two sizes of what the contractor signs, in MB")
    parser.add_argument("--cases", default="", help="only cases whose names hold this")
    parser.add_argument("--commands", default="get,ls")
    parser.add_argument("--limit", type=float, default=120, help="seconds that a command may take")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many calls counts")
    options = parser.parse_args()
    sizes, commands = [float(size) for size in options.sizes.split(",")], options.commands.split(",")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        place, chain, base = Place(folder, options.program.resolve()), Chain(folder), folder / "base.toml"
        chain.start(place)
        base.write_bytes(chain.base)
        bare = {command: row(place, base, command, options.limit, 3) for command in commands}
        header = "".join(f"{f's/MB at {size:g}':>14}{'MiB/MB':>8}" for size in sizes)
        print(f"{'case':<36}{'command':<8}{'exit':>5} {header}{'x':>6}", flush=True)
        for name, make in CASES.items():
            if options.cases not in name:
                continue
            vaults = [folder / f"{size:g}.toml" for size in sizes]
            for size, vault in zip(sizes, vaults):
                chain.back()
                make(chain, int(size * MB))
                chain.write(vault)
            for command in commands:
                found = [row(place, vault, command, options.limit, options.repeat) for vault in vaults]
                print(line(name, command, found, vaults, base, bare[command]), flush=True)


if __name__ == "__main__":
    main()
