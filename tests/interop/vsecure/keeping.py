"""What a checkpoint keeps of the log that it closes, and what it says of it (section 11, "The op", "What is kept").

All of it follows from the whole vault, the entry up to which it is closed and the place in the chain: whoever writes a
checkpoint computes it here, and so does whoever judges one.
"""

import copy
from dataclasses import dataclass

from .closed import REQUIREMENT, Base, Closed, KeptVersion
from .encoding import encode
from .file import Secret
from .fold import Fold, as_told
from .history import checkpoints, read_segment, segment, segment_id, versions_text
from .recent import held, named
from .rotations import OPEN, replaced

_SETS = ("put", "promote", "resolve")


class NotClosable(Exception):
    """Closing there would say something that is not so, or change what counts."""


@dataclass
class Closing:
    """What follows from closing history at an entry."""
    entry: bytes
    entries: int
    open: list
    block: Closed
    segment: list      # entries that no earlier checkpoint closed

    @property
    def op(self):
        """The fields of the policy op."""
        return {"entry": self.entry, "closed": self.block.digest, "open": [encode(found) for found in self.open],
                "segment": segment_id(segment(self.segment)), "entries": self.entries}


def closing(graph, standing, entry, at):
    """The closing at `entry` by a checkpoint at position `at`, which may be the next; raises NotClosable."""
    if entry not in graph.entries or len(standing.void_in(graph.entries[entry])) == len(graph.entries[entry].ops):
        raise NotClosable("the entry is not there, or no op of it counts")
    mask = graph.reach([entry])
    before = [op["entry"] for place, op in checkpoints(graph.chain) if place < at]
    if before and not (graph.is_before(before[-1], entry) and before[-1] in graph.entries):
        raise NotClosable("the entry does not follow that of the checkpoint before")
    folds = _folds(graph, standing, mask)
    if not all(map(_is_closable, folds.values())):
        raise NotClosable("a rotation is open, what is active may be withdrawn, or a removal is beside a rotation")
    earlier = graph.reach(before[-1:])
    heads = {head for known in graph.chain.entries[:at] for head in known.heads}
    return Closing(entry, mask.bit_count(), sorted(head for head in heads if not graph.bit[head] & mask),
                   _block(graph, entry, folds),
                   [one for one in graph.entries.values() if graph.bit[one.id] & mask & ~earlier])


def is_true(graph, standing, history, at, op):
    """Whether a checkpoint says what follows from the whole vault. A segment is what its id says: which entries are
    in it is compared, as of one entry there may be copies with several signatures."""
    try:
        found = closing(graph, standing, op["entry"], at)
    except NotClosable:
        return False
    listed = [entry.id for entry in read_segment(history, op["segment"], graph.chain.vault)]
    return (bool(standing.known[at] & graph.bit[op["entry"]])
            and (op["entries"], op["open"], op["closed"]) == (found.entries, found.open, found.block.digest)
            and listed == [entry.id for entry in sorted(found.segment, key=lambda one: (one.lamport, one.id))])


def _folds(graph, standing, mask):
    """Of each secret with a base the fold of what is closed; `fold.ops` are its ops that count, and `fold.put` says
    whether any op puts it."""
    ops, put = {}, set()
    for entry in graph.entries.values():
        for index, op in enumerate(entry.ops) if graph.bit[entry.id] & mask else ():
            if "secret" in op:
                put |= {op["secret"]} if op["op"] == "put" else set()
                ops.setdefault(op["secret"], []).extend(as_told(graph, standing, entry, index))
    folds = {name: Fold(graph, standing, name, ops[name]) for name in sorted(ops, key=str.encode)}
    for name, fold in folds.items():
        fold.put = name in put
    return {name: fold for name, fold in folds.items() if fold.put or fold.of("field", "remove")}


def _is_closable(fold):
    """Whether no rotation is open, nothing active is told to be withdrawn, and no later removal or restoration can change
    which ops set something: of those that are left, at least."""
    if any(found.word in OPEN for found in fold.state.rotations.values()):
        return False
    if not {"rotation-divided", "retired-active"}.isdisjoint(fold.state.odd):
        return False

    rotations = [put for put in fold.of("put", "promote") if put.at in fold.standing.by_rotate]
    if not any(fold.beside(put, remove) for put in rotations for remove in fold.of("remove")):
        return True
    return all(item.kind == "put" and item.at not in fold.standing.by_rotate and item in fold.set
               for item in fold.survivors(fold.of(*_SETS)))


def _block(graph, entry, folds):
    kept = {name: _kept(fold) for name, fold in folds.items()}
    found = sorted({entry} | {item.entry for ops, versions in kept.values()
                              for item in ops + [item for _, items, _ in versions for item in items]})
    place = {one: at for at, one in enumerate(found)}

    def listed(items):
        return tuple(sorted({(place[item.entry], item.index) for item in items}))
    bases = [Base(name, len(folds[name].state.versions) if folds[name].put else None, listed(ops),
                  tuple(KeptVersion(number, listed(items), numbers) for number, items, numbers in versions))
             for name, (ops, versions) in kept.items()]
    return Closed(tuple(found), tuple(bases))


def _kept(fold):
    """(what acts on the secret, [(number, what acts on that version, the numbers of those that it replaced)])."""
    active = fold.survivors(fold.set)
    keys = {item.op["field"] for item in fold.of("field")}
    fields = [item for key in keys for item in fold.survivors([o for o in fold.of("field") if o.op["field"] == key])]
    gone = {item.op["object"]: _replaced(fold, item.op["object"]) for item in active}
    ids, known = set(gone).union(*gone.values()), fold.state.versions
    versions = [(one.number, _on_version(fold, one, active),
                 tuple(sorted(known[found].number for found in gone.get(one.object, ()))) or None)
                for one in known.values() if one.object in ids]
    # With nothing active a put by rotate asks whether anything was removed.
    removes = [] if versions else fold.of("remove")[-1:]
    return fields + active + removes, versions


def _replaced(fold, promoted):
    """What a version replaced and the provider may still accept: it can be the previous version."""
    return {found for found in replaced(fold, promoted)
            if not fold.state.versions[found].pruned and found not in fold.state.retired}


def _on_version(fold, version, active):
    """What acts on it. Of promotions and retirements, which anybody who may rotate repeats, the first says all."""
    def of(*kinds):
        return fold.of(*kinds, version=version.object)
    acts = of("put") + fold.survivors(of("remove", "restore")) + of("prune") + fold.survivors(of("expire"))
    acts += of("promote")[:1] + [item for item in active if item.kind == "promote" and item.names(version.object)]
    acts += [item for item in fold.given if item.names(version.object)] + of("retire")[:1]
    return acts if version.pruned else acts + of("rewrap")


def leave_out(file, graph, block, entry, pruned=frozenset()):
    """(the file without what may be left out, the text of `.versions` with that), of the whole vault's file. What is
    pruned is in neither, unless something that is kept names it."""
    closed = graph.reach([entry])
    stay = {found for found in graph.entries if found in block.entries or not graph.bit[found] & closed}
    names = _names(graph, block, closed)
    out, left = copy.copy(file), {}
    out.closed, out.requires = block, [REQUIREMENT]
    out.log = [graph.entries[found].line for found in sorted(stay)]
    out.secrets = {}
    for uid, secret in file.secrets.items():
        here, gone = _parted(secret, names.get(secret.name, set()), pruned)
        out.secrets.update({uid: here} if here.versions else {})
        left.update({uid: gone} if held(gone) else {})
    return out, versions_text(left)


def _names(graph, block, closed):
    """By secret what kept ops and open entries name."""
    kept = {(block.entries[place], index) for base in block.secrets
            for ops in (base.ops, *(version.ops for version in base.kept)) for place, index in ops}
    names = {}
    for entry in graph.entries.values():
        for index, op in enumerate(entry.ops):
            if "secret" in op and ((entry.id, index) in kept or not graph.bit[entry.id] & closed):
                names.setdefault(op["secret"], set()).update(named(op))
    return names


def _parted(secret, names, pruned):
    """The section with what is named, and with the rest. A wrap stays with its version."""
    here, gone = Secret(secret.name, secret.active), Secret(secret.name, [])
    for found, version in secret.versions.items():
        if found in names or found not in pruned:
            (here if found in names else gone).versions[found] = version
    for found, wrap in secret.wraps.items():
        stays = (wrap["version"], found) in names and wrap["version"] in here.versions
        if stays or wrap["version"] not in pruned:
            (here if stays else gone).wraps[found] = wrap
    return here, gone
