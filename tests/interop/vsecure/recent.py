"""The log of a file whose history is closed, read without that history (section 11, "Judged without history").

The kept entries stand for all that is closed: their ops count where the block lists them. What is written on top of the
checkpoint's entry follows all of them, so it is judged as ever. Whoever wrote on a branch that began before it followed
entries that are not here: nothing is said then of the secrets that such an entry is about.
"""

from dataclasses import dataclass, field
from functools import cached_property

from .errors import HistoryMissing, Refused, malformed
from .fold import Op, as_told, states
from .log import EITHER, RIGHTS_NEEDED, Graph, Standing, authorised, check_signature, judge, knowledge, short

# What may act on a kept version, and what on the secret.
_ON_VERSION = ("put", "promote", "pending", "retire", "remove", "restore", "expire", "prune", "rewrap")
_ON_SECRET = ("put", "promote", "resolve", "field", "remove")


class RecentGraph(Graph):
    """The kept entries, which the checkpoint's entry follows, and what is open, linked as far as parents are here."""

    def __init__(self, entries, chain, closed):
        self.top, self.open_heads = chain.checkpoint["entry"], set(chain.checkpoint["open"])
        self.kept, self.at = set(closed.entries), chain.checkpoint["at"]
        self.put_before = {base.secret for base in closed.secrets if base.versions is not None}
        self.kept_versions = set()  # (secret, object): what a settled retirement may be of
        self.settled, self.missing = {self.top}, set()
        super().__init__(entries, chain)

    def links(self, entry):
        if entry.id in self.kept:
            return self.kept - {self.top} if entry.id == self.top else ()
        return [parent for parent in entry.parents if parent in self.entries]

    def _link(self, entry):
        if entry.id not in self.kept:
            self._place(entry)
        else:
            self.policy_position(entry)
        self.ancestors[entry.id] = self.reach(self.links(entry))

    def _place(self, entry):
        """Whether an open entry follows the checkpoint's, and whether its links hold."""
        missing = set(entry.parents) - self.entries.keys()
        self.judge_link(entry, [self.entries[parent] for parent in self.links(entry)], not missing)
        if self.settled & set(entry.parents):
            self.settled.add(entry.id)
        self.missing |= missing

    def open(self):
        """The entries that are not closed, as far as the file can tell, parents first."""
        return [self.entries[found] for found in self.order if found not in self.kept]

    def is_late(self, found):
        return found not in self.kept and found not in self.settled

    def heads(self, at):
        """Those that are here: what is closed says nothing, as all of it is known from the start. Which of those
        before the checkpoint are not closed is stated by it; of later ones only the whole vault can tell."""
        gone = [head for head in self.chain.entries[at].heads if head not in self.entries]
        self.missing.update(gone if at >= self.at else self.open_heads & set(gone))
        return [head for head in self.chain.entries[at].heads if head in self.entries]

    def known_from_the_start(self):
        return self.reach([self.top])

    def follows(self, entry, *ground):
        """Whether an open entry below has it, or something closed of which that is known here."""
        kind, secret = ground[:2]
        if secret not in self.put_before:
            return super().follows(entry, *ground)
        if kind == "put" or (kind == "named" and entry.id in self.settled and ground[1:] in self.kept_versions):
            return True
        return super().follows(entry, *ground)

    def with_ground(self, entry, *ground):
        """Those that are open: what is closed, of a secret with rotations, is known in part."""
        return super().with_ground(entry, *ground) & ~self.kept_mask

    def may_stand_on_what_is_closed(self, entry, op):
        """Whether an op that brings a version has no ground here: it has one that is closed, or none at all. What else is
        said of what is closed says nothing: it has ended, or is an older version."""
        return (op["op"] in ("pending", "promote") and op["secret"] in self.put_before
                and self.acting(entry, op) is None)

    @cached_property
    def kept_mask(self):
        return sum(self.bit[found] for found in self.kept)


@dataclass
class Recent:
    """What a file says without its history."""
    graph: RecentGraph
    standing: Standing
    secrets: dict = field(default_factory=dict)     # SecretState by name, of those that do not reach behind
    behind: set = field(default_factory=set)        # names of secrets of which nothing is said

    @property
    def missing(self):
        """Parents and heads that are not in the file: closed, if nobody took them out."""
        return self.graph.missing


def check_block(file, chain):
    """Refuses a block that is not the one that the last checkpoint states, or that does not fit the file."""
    stated = chain.checkpoint
    has = file.closed is not None
    if has != bool(file.requires) or has != (stated is not None):
        raise malformed("closed", "block, requirement and checkpoint belong together")
    if has and (file.closed.digest != stated["closed"] or stated["entry"] not in file.closed.entries):
        raise _wrong("it is not what the last checkpoint closed")


def read(file, log, chain, wanted=None):
    """What the file says of the `wanted` secrets (None: all); refuses what is forged."""
    if any(found not in log for found in file.closed.entries):
        raise _wrong("a kept entry is missing")
    graph = RecentGraph(log, chain, file.closed)
    kept, replaced = {}, {}
    for base in file.closed.secrets:
        kept[base.secret], replaced[base.secret] = _of_base(graph, base, file.closed.entries)
        graph.kept_versions |= {(base.secret, found) for found in replaced[base.secret]}
    out = Recent(graph, Standing(known=knowledge(graph)))
    if out.missing:
        out.behind = {secret.name for secret in file.secrets.values()} | _ops(out, kept).keys()
        return out
    _judge(out, kept, wanted)
    out.behind |= _named_by_nobody(file, graph, kept) | _groundless(graph)
    ops = _ops(out, kept)
    told = (ops.keys() if wanted is None else ops.keys() & wanted) - out.behind
    out.secrets = states(graph, out.standing, {name: ops[name] for name in told}, replaced)
    _number(out.secrets, file.closed)
    return out


def _wrong(detail):
    return Refused("log", "closed-wrong", detail)


def _of_base(graph, base, entries):
    """(the kept ops of a secret, each on the one version that it acts on, and of each kept version which others it
    replaced); refuses places that hold no such op."""
    sets, items, versions = set(base.ops), {}, {}
    for at in base.ops:
        entry, op = _op_at(graph, base, at, entries, _ON_SECRET)
        items[at, op.get("object")] = _item(graph, entry, at, op, True)
    for version in base.kept:
        found = [_op_at(graph, base, at, entries, _ON_VERSION) for at in version.ops]
        objects = {op["object"] for _, op in found if op["op"] in ("put", "promote")}
        if len(objects) != 1 or not any(op["op"] in ("put", "pending") for _, op in found):
            raise _wrong(f"{base.secret}: version {version.number} is not one")
        about, = objects
        versions[version.number] = about
        for at, (entry, op) in zip(version.ops, found):
            if about not in ([op["object"]] if "object" in op else op.get("objects") or ()):
                raise _wrong(f"{base.secret}: an op on another version")
            only = {**op, "objects": [about]} if "objects" in op else op
            items[at, about] = _item(graph, entry, at, only, at in sets)
    under = {at for version in base.kept for at in version.ops}
    if any(item.kind in ("put", "promote") and at not in under for (at, _), item in items.items()):
        raise _wrong(f"{base.secret}: what is active is not kept")
    return list(items.values()), _replaced(base, versions)


def _replaced(base, versions):
    """By kept version the objects of those that it replaced; `versions` are the objects by number."""
    if any(number not in versions for version in base.kept for number in version.replaced or ()):
        raise _wrong(f"{base.secret}: what was replaced is not kept")
    return {versions[version.number]: {versions[number] for number in version.replaced or ()} for version in base.kept}


def _op_at(graph, base, at, entries, kinds):
    place, index = at
    entry = graph.entries[entries[place]] if place < len(entries) else None
    ops = entry.ops if entry else []
    if index >= len(ops) or ops[index].get("secret") != base.secret or ops[index]["op"] not in kinds:
        raise _wrong(f"{base.secret}: no op is kept at {place}, {index}")
    return entry, ops[index]


def _item(graph, entry, at, op, sets):
    return Op(entry.id, entry.lamport, graph.policy_position(entry), at[1], op, True, sets)


def _judge(out, kept, wanted):
    """Signatures and rights: of kept entries those of their kept ops, of open ones as ever."""
    graph = out.graph
    for entry in graph.open():
        if wanted is None or any(op.get("secret") in wanted for op in entry.ops):
            judge(graph, entry, out.standing)
        if graph.is_late(entry.id):
            out.behind |= {op["secret"] for op in entry.ops if "secret" in op}
    for found in graph.kept if wanted is None else ():
        check_signature(graph, graph.entries[found], graph.policy_position(graph.entries[found]))
    for name in kept.keys() if wanted is None else kept.keys() & wanted:
        for item in kept[name]:
            _judge_kept(graph, graph.entries[item.entry], item)


def _judge_kept(graph, entry, item):
    check_signature(graph, entry, item.policy)
    needed = EITHER if item.kind == "put" else RIGHTS_NEEDED[item.kind]
    if not authorised(graph.chain, entry, item.op, needed, item.policy):
        raise Refused("log", "op-unauthorised", f"{short(entry.id)}: {item.kind}")


def named(op):
    """The objects that an op names, and the (object, wrap) if it names one."""
    objects = {op["object"]} if "object" in op else set(op.get("objects") or ())
    return objects | ({(op["object"], op["wrap"])} if op.get("wrap") is not None else set())


def _named_by_nobody(file, graph, kept):
    """The secrets whose sections hold what neither a kept op nor an open entry names."""
    names = {}
    ops = [graph.entries[item.entry].ops[item.index] for items in kept.values() for item in items]
    ops += [op for entry in graph.open() for op in entry.ops]
    for op in ops:
        names.setdefault(op.get("secret"), set()).update(named(op))
    return {secret.name for secret in file.secrets.values()
            if not held(secret) <= names.get(secret.name, set())}


def _groundless(graph):
    """The secrets to which an open entry brings a version on ground that is not found: it is closed, or nowhere."""
    return {op["secret"] for entry in graph.open() for op in entry.ops if graph.may_stand_on_what_is_closed(entry, op)}


def held(secret):
    """What the section of a secret holds, as `named` has it."""
    return {*secret.versions, *((wrap["version"], found) for found, wrap in secret.wraps.items())}


def _ops(out, kept):
    """By secret the kept ops and those of open entries, of which some are void."""
    ops, graph = {name: list(items) for name, items in kept.items()}, out.graph
    for entry in graph.open():
        for index, op in enumerate(entry.ops):
            if "secret" in op:
                ops.setdefault(op["secret"], []).extend(as_told(graph, out.standing, entry, index))
    return ops


def _number(secrets, closed):
    """Kept versions have the numbers that the block gives them; later ones go on from how many there were."""
    for base in closed.secrets:
        versions = list(secrets[base.secret].versions.values()) if base.secret in secrets else []
        numbers = [version.number for version in base.kept]
        for at, version in enumerate(versions):
            version.number = numbers[at] if at < len(numbers) else (base.versions or 0) + 1 + at - len(numbers)


def need(recent, names):
    """Ends where one of these secrets cannot be told without history. Where somebody names an entry that is not here,
    it may be closed or it may have been taken out, with others that it followed: then nothing is certain."""
    if recent.missing:
        raise HistoryMissing(f"{len(recent.missing)} entries that others follow are not in the file")
    behind = sorted(recent.behind & set(names))
    if behind:
        raise HistoryMissing(", ".join(behind))
