"""What a mutant is made from, and the list of ways to make one."""

from dataclasses import dataclass, field

import pyrage

from vsecure import history, keeping, signing
from vsecure.copies import fix_copies
from vsecure.encoding import decode
from vsecure.file import parse, render
from vsecure.log import Graph, standing
from vsecure.reading import Reader
from vsecure.rotations import OPEN
from vsecure.verify import verify
from vsecure.writing import Builder, op

ACCEPT, REFUSE, EITHER = "accept", "refuse", None
# Merged as text; refused or that; with marks of a conflict; accepted, merged as text, or with marks.
MEND, STOP, UNFINISHED, GIT = "mend", "stop", "unfinished", "git"
WAYS = []


class NotHere(Exception):
    """This way has nothing to work on in this vault."""


@dataclass
class Way:
    """One way to make a mutant: its kind, what a verifier must say, and the function."""
    kind: str
    expect: str
    make: object

    @property
    def weight(self):
        """How often it is drawn, beside others: histories differ most from each other."""
        return {"history": 40, "crowd": 20, "attack:": 4, "rotation:": 4}.get(self.kind.split(" ")[0], 1)


def way(kind, expect=REFUSE):
    """Marks a function (source, rng) → (bytes, description), or raises NotHere."""
    def mark(function):
        WAYS.append(Way(kind, expect, function))
        return function
    return mark


def pick(rng, items):
    items = list(items)
    if not items:
        raise NotHere
    return rng.choice(items)


@dataclass
class Source:
    """A vault that verifies, an older copy of it, and the signing seeds."""
    raw: bytes
    older: object = None                       # File
    keys: dict = field(default_factory=dict)   # {"members": …} as keys.json has it
    beside: dict = field(default_factory=dict) # what lies in the folder `history`

    def __post_init__(self):
        self.vault = verify(self.raw, history=self.beside)
        if self.vault.finding:
            raise SystemExit(f"the source does not verify: {self.vault.finding}")
        self.seeds = {}
        for name, member in self.keys.get("members", {}).items():
            for seed in map(decode, member["keys"].values()):
                self.seeds[signing.key_id(signing.public_of(seed))] = (name, seed)
        self.head = self.vault.chain.states[-1]
        self.identities = {name: pyrage.x25519.Identity.from_str(member["identity"])
                           for name, member in self.keys.get("members", {}).items()}
        self.epochs = {}   # (audience, epoch): (KEK, identity)
        for identity in self.identities.values():
            self.epochs.update(Reader(self.vault, [identity]).epochs)

    def file(self):
        return parse(self.raw)

    def versions(self, name):
        """The ids of those that the file holds of a secret."""
        return [found for secret in self.file().secrets.values() if secret.name == name for found in secret.versions]

    def builder(self, rng):
        return Builder(self.file(), rng)

    def signers(self, test=lambda state, name: True, at=-1):
        """(name, seed) of the keys that are valid at a position and whose member passes `test`."""
        state = self.vault.chain.states[at]
        return [self.seeds[k] for k, fact in state.keys.items()
                if k in self.seeds and test(state, fact.member)]

    def owners(self):
        return self.signers(lambda state, name: name in state.roles["owner"])

    def holders(self, right, secret, yes=True):
        return self.signers(lambda state, name: state.holds(name, right, secret) == yes)

    def removed(self):
        """(name, seed, position) of keys that a policy entry took away, with that position."""
        out = []
        for key, (name, seed) in self.seeds.items():
            valid = [at for at, s in enumerate(self.vault.chain.states) if key in s.keys]
            if valid and key not in self.head.keys:
                out.append((name, seed, valid[-1]))
        return out

    def live(self):
        """States of the secrets that have a current version."""
        return [s for s in self.vault.secrets.values() if s.current]


def closed(source, rng):
    """The same vault with its history closed by an owner at an entry that follows all, and an entry more on top."""
    build, (who, seed) = source.builder(rng), source.owners()[0]
    aborts = [op("abort", secret=state.name, rotation=found) for state in source.vault.secrets.values()
              for found, rotation in state.rotations.items() if rotation.word in OPEN]
    top = build.add_log(who, seed, [*aborts, op("join")])
    graph = Graph(build.log, source.vault.chain)
    made = keeping.closing(graph, standing(graph), top, len(build.policy))
    build.add_policy([op("checkpoint", **made.op)], [seed for _, seed in source.owners()], [top])
    file, versions = keeping.leave_out(build.file, graph, made.block, top)
    after = Builder(file, rng)
    after.add_log(who, seed, [op("join")])
    segment = history.segment(made.segment)
    beside = {f"{history.segment_id(segment).hex()}.{kind}": text for kind, text in (("log", segment), ("versions", versions))}
    return Source(fixed(after.file), source.older, source.keys, beside)


def text(file):
    return render(file).encode()


def fixed(file):
    """The text of the file with its readable copies recomputed."""
    return text(fix_copies(file))
