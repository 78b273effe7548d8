"""The block `[closed]` (section 11): which entries are kept of what a checkpoint closed, and where their ops act.

Here it is text and nothing else: `recent` judges by it, and `keeping` makes it.
"""

from dataclasses import dataclass

from .encoding import H, decode, encode
from .records import dump, form, full_name, integer, load, optional
from .rules import require

REQUIREMENT = "log-segments"


@dataclass(frozen=True)
class KeptVersion:
    """A version that was active when history was closed, or works besides; `ops` are (place of the entry, index) of what acts on it."""
    number: int
    ops: tuple
    replaced: tuple = None  # numbers of the versions that its promotions took the place of; None: there are none


@dataclass(frozen=True)
class Base:
    """What the open log goes on from, for one secret. An op acts where it is listed and nowhere else."""
    secret: str
    versions: int       # how many exist among what is closed; None: no closed op puts it, not even a void one
    ops: tuple          # survivors of fields and of active; or a removal, if nothing is active
    kept: tuple         # KeptVersion, by number


@dataclass(frozen=True)
class Closed:
    entries: tuple      # ids of the kept entries, in order
    secrets: tuple      # Base, in order of name

    def blocks(self):
        """The lines of `entries` and those of `secrets`."""
        return [encode(found) for found in self.entries], [_line(base) for base in self.secrets]

    @property
    def digest(self):
        """What a checkpoint states as `closed`."""
        return H("closed", *("".join(line + "\n" for line in block) for block in self.blocks()))


def parse(entries, secrets):
    """The block of its lines; refuses what `blocks` would not write."""
    closed = Closed(tuple(decode(line, 32) for line in entries), tuple(_base(line) for line in secrets))
    names = [base.secret.encode() for base in closed.secrets]
    require(_rises(closed.entries) and _rises(names), "order", "[closed] is ordered, nothing twice")
    return closed


def _line(base):
    versions = {} if base.versions is None else {"versions": base.versions}
    return dump({"secret": base.secret, **versions, "ops": _listed(base.ops), "kept": list(map(_version, base.kept))})


def _version(version):
    replaced = {"replaced": list(version.replaced)} if version.replaced else {}
    return {"number": version.number, "ops": _listed(version.ops), **replaced}


def _listed(ops):
    return [list(op) for op in ops]


def _base(line):
    return Base(**form(load(line), {"secret": full_name, "versions": optional(integer), "ops": _ops, "kept": _kept}))


def _kept(value):
    require(type(value) is list, "list")
    versions = tuple(KeptVersion(**form(item, {"number": integer, "ops": _ops, "replaced": optional(_numbers)}))
                     for item in value)
    require(_rises([version.number for version in versions]), "order", "kept versions")
    return versions


def _numbers(value):
    require(type(value) is list and value, "list")
    found = tuple(map(integer, value))
    require(_rises(found), "order", "versions that were replaced")
    return found


def _ops(value):
    require(type(value) is list, "list")
    ops = tuple(_op(item) for item in value)
    require(_rises(ops), "order", "kept ops")
    return ops


def _op(value):
    require(type(value) is list and len(value) == 2, "list")
    return tuple(map(integer, value))


def _rises(items):
    return all(one < other for one, other in zip(items, items[1:]))
