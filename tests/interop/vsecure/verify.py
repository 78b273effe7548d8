"""The verdict on a file: what any reader can check without a secret key (section 7)."""

import time
from dataclasses import dataclass, field

from . import history as closed_history
from . import keeping, keys, merged, recent, signing
from .encoding import encode
from .errors import Conflict, HistoryMissing, MergedAsText, NeedsNewer, Refused, Unmerged
from .file import parse, parse_alone, records
from .fold import fold
from .log import OF_ROTATIONS, Graph, Standing, short, standing
from .policy import chain_of
from .records import slot_record


@dataclass
class Finding:
    severity: str   # error, warning, notice
    kind: str       # which part of the file it is about
    code: str
    subject: str    # the secret's name, or a short id


@dataclass
class Vault:
    """A file that was verified as far as `finding` says (None: wholly)."""
    file: object = None      # as written; or the whole vault, with what lies beside it
    chain: object = None
    graph: object = None
    standing: Standing = field(default_factory=Standing)
    secrets: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    finding: object = None
    recent: object = None    # Recent: what the file says by itself, if its history is closed
    behind: set = field(default_factory=set)  # secrets of which the file alone says nothing, while it is alone
    history: object = None   # what lies beside the file, if it was read

    @property
    def void(self):
        """The entries all of whose ops are void."""
        return {i for i, e in self.graph.entries.items() if len(self.standing.void_in(e)) == len(e.ops)}

    @property
    def notices(self):
        return [f"{f.code}: {f.subject}" for f in self.findings if f.severity != "error"]

    def tell(self, severity, kind, code, subject):
        self.findings.append(Finding(severity, kind, code, subject))


def verify(raw, now=None, history=None):
    """Never raises for a bad file: the first error is in the result. `history` is what lies beside the file."""
    return _told_from_merges(raw, history, lambda: _whole(raw, time.time() if now is None else now, history))


def verify_alone(raw, names, history=None):
    """What is judged at every depth, for these secrets: section 7, the last part."""
    return _told_from_merges(raw, history, lambda: _alone(raw, names, history))


def _told_from_merges(raw, history, judge):
    """What `judge` finds, but for a file that git merged as text, or began to."""
    vault = Vault()
    if merged.is_unmerged(raw):
        vault.finding = Unmerged()
        return vault
    vault = judge()
    if vault.finding and not isinstance(vault.finding, (NeedsNewer, HistoryMissing)) and _is_merged_as_text(raw, history):
        vault.finding, vault.findings = MergedAsText(vault.finding), []
        vault.tell("error", "merge", "merged-as-text", "vault")
    return vault


def _is_merged_as_text(raw, history):
    try:
        finding = _whole(merged.mended(raw, history), 0, history).finding
    except Refused:
        return False
    return finding is None or isinstance(finding, HistoryMissing)


def _whole(raw, now, history):
    vault = Vault()
    try:
        vault.file = parse(raw)
        _judge(vault, None)
        for check in (_audiences, _objects, _present, _slots, _copies):
            check(vault)
        _stop(vault)
        if vault.recent:
            _unfold(vault, None, history or {})
            for check in (_objects, _present, _copies, _checkpoints):
                check(vault)
            _stop(vault)
        _attention(vault, now)
    except Refused as finding:
        vault.finding = finding
    return vault


def _alone(raw, names, history):
    vault = Vault()
    try:
        vault.file = parse_alone(raw, names)
        _judge(vault, set(names))
        for check in (_audiences, _objects, _present, _copies):
            check(vault)
        _stop(vault)
        if vault.recent:
            _settle(vault, names, history or {})
    except Refused as finding:
        vault.finding = finding
    return vault


def _judge(vault, wanted):
    _, log = records(vault.file)
    vault.chain = chain_of(tuple(vault.file.policy))
    if vault.file.vault != vault.chain.vault:
        raise Refused("copies", "header-vault")  # the ids of objects are derived with it
    recent.check_block(vault.file, vault.chain)
    if vault.file.closed:
        vault.recent = recent.read(vault.file, log, vault.chain, wanted)
        vault.graph, vault.standing = vault.recent.graph, vault.recent.standing
        vault.secrets, vault.behind = vault.recent.secrets, vault.recent.behind
    else:
        _fold_all(vault, log, wanted)


def _fold_all(vault, log, wanted):
    vault.graph = Graph(log, vault.chain)
    vault.standing = standing(vault.graph, wanted)
    vault.secrets = fold(vault.graph, vault.standing, wanted)


def _unfold(vault, wanted, history):
    """The whole vault in place of the file: the closed entries, and what was left out with them."""
    vault.history, vault.behind = history, set()
    vault.file, log = closed_history.whole(vault.file, vault.graph.entries, vault.chain, history)
    _fold_all(vault, log, wanted)


def _settle(vault, names, history):
    """Takes the whole vault for a secret that the file alone does not tell."""
    try:
        recent.need(vault.recent, names)
    except HistoryMissing:
        if not closed_history.is_there(vault.chain, history):
            raise
        _unfold(vault, set(names), history)
        for check in (_objects, _present, _copies):
            check(vault)
        _stop(vault)


def _checkpoints(vault):
    for at, op in closed_history.checkpoints(vault.chain):
        if not keeping.is_true(vault.graph, vault.standing, vault.history, at, op):
            vault.tell("error", "log", "checkpoint-false", f"policy entry {at}")


def _stop(vault):
    for error in (f for f in vault.findings if f.severity == "error"):
        raise Refused(error.kind, error.code, error.subject)


def _audiences(vault):
    facts = vault.chain.states[-1].audiences
    for name in sorted(facts.keys() | vault.file.audiences.keys()):
        if name not in facts:
            vault.tell("error", "objects", "audience-unknown", name)
        elif name not in vault.file.audiences:
            vault.tell("error", "objects", "audience-missing", name)
        else:
            epoch, envelope = vault.file.audiences[name]
            if epoch != facts[name].current:
                vault.tell("error", "objects", "audience-epoch", name)
            elif keys.envelope_id(envelope) != facts[name].envelope:
                vault.tell("error", "objects", "envelope-wrong", name)


def _objects(vault):
    """Some entry names every object and wrap."""
    named, wrapped = _named(vault.graph)
    for secret in vault.file.secrets.values():
        def wrong(ok, code, name=secret.name):
            if not ok:
                vault.tell("error", "objects", code, name)
        for found in secret.versions:
            wrong((secret.name, found) in named or secret.name in vault.behind, "object-unknown")
        for found, wrap in secret.wraps.items():
            wrong((secret.name, wrap["version"], found) in wrapped or secret.name in vault.behind, "wrap-unknown")
            wrong(vault.chain.every_epoch.get(wrap["epoch"]) == wrap["audience"], "wrap-epoch")


def _named(graph):
    objects, wraps = set(), set()
    for entry in graph.entries.values():
        for op in entry.ops:
            if op.get("wrap") is not None:
                wraps.add((op["secret"], op["object"], op["wrap"]))
            for found in [op["object"]] if "object" in op else op.get("objects") or ():
                objects.add((op["secret"], found))
    return objects, wraps


def _void_prunes(vault):
    return {(op["secret"], found) for entry, n in vault.standing.ended
            for op in [vault.graph.entries[entry].ops[n]] if op["op"] == "prune" for found in op["objects"]}


def _present(vault):
    lost, sections = _void_prunes(vault), {secret.name: secret for secret in vault.file.secrets.values()}
    for state in vault.secrets.values():
        for version in (v for v in state.held.values() if not v.pruned):
            secret = sections.get(state.name)
            if secret is None or version.object not in secret.versions:
                code = "object-lost" if (state.name, version.object) in lost else "object-missing"
                vault.tell("error", "objects", code, state.name)
                continue
            for found in version.wraps:
                if found not in secret.wraps:
                    vault.tell("error", "objects", "wrap-missing", state.name)


def _slots(vault):
    head = vault.chain.states[-1]
    for slot, line in vault.file.slots.items():
        record = slot_record(line)
        fact = vault.chain.every_key.get(record["key"])
        if not (fact is not None and fact.member == record["member"]
                and signing.verify(fact.public, "slot", record["id"], record["sig"])):
            vault.tell("error", "slots", "slot-forged", short(slot))
        elif record["key"] not in head.keys:
            vault.tell("notice", "slots", "slot-stale", short(slot))


def _copies(vault):
    file, stated = vault.file, vault.chain.states[-1].vault
    if file.name != stated["name"]:
        vault.tell("error", "copies", "header-name", "header")
    for secret in file.secrets.values():
        state = vault.secrets.get(secret.name)
        active = [found for found in (state.candidates if state else []) if found in secret.versions]
        if secret.name not in vault.behind and secret.active != active:
            vault.tell("error", "copies", "active-wrong", secret.name)


def _attention(vault, now):
    for state in vault.secrets.values():
        for _ in state.conflicts:
            vault.tell("warning", "log", "conflict", state.name)
        for _ in state.left:
            vault.tell("notice", "log", "rotation-left", state.name)
        for code in [code for version in state.held.values() for code in version.odd] + state.odd:
            vault.tell("warning", "log", code, state.name)
        for found in [*state.candidates, *state.coming]:
            _wrapped(vault, state, state.held[found])
        current = state.versions.get(state.current)
        if current and current.expires is not None and now >= current.expires:
            vault.tell("warning", "log", "expired", state.name)
    _void_changes(vault)
    _void_rotations(vault)
    for entry in vault.graph.entries.values():
        void = len(vault.standing.void_in(entry))
        if void:
            whole = void == len(entry.ops)
            vault.tell("notice" if whole else "warning", "log", "void" if whole else "split", short(entry.id))
    head = vault.chain.states[-1]
    for name in head.audiences:
        if head.is_due(name):
            vault.tell("warning", "policy", "audience-due", name)
        for member in sorted(head.members_of(name)) if head.is_whole(name) else ():
            if set(head.members[member]["recipients"]) & set(head.audiences[name].skipped):
                vault.tell("warning", "policy", "recipient-skipped", f"{name}, {member}")


def _wrapped(vault, state, version):
    """Whether a version that is served, or may be yet, can be opened by all who may read it, and by them alone."""
    wrap = vault.file.secrets[keys.secret_uid(vault.chain.vault, state.name)].wraps[version.wrap]
    if wrap["audience"] != vault.chain.states[-1].audience_of(state.name):
        vault.tell("warning", "log", "unsettled", state.name)
    successor = vault.chain.superseded.get(wrap["epoch"])
    if successor is not None and not vault.standing.known[successor] & vault.graph.bit[version.live]:
        vault.tell("warning", "log", "superseded-epoch", state.name)


def _void_changes(vault):
    """Void ops that would change what is active, if nobody has put a version since they ended."""
    last = {}
    for (found, number), ended in vault.standing.ended.items():
        entry = vault.graph.entries[found]
        op = entry.ops[number]
        if "secret" in op and op["op"] != "field":
            last[op["secret"]] = max(last.get(op["secret"], ended), ended)
    if not last:
        return
    other = fold(vault.graph, vault.standing, set(last), voids=True)
    for name, ended in last.items():
        state = vault.secrets.get(name)
        ours = state.candidates if state else []
        theirs = other[name].candidates if name in other else []
        current = state.versions[state.current] if state and state.current else None
        if ours != theirs and (current is None or current.first.policy < ended):
            vault.tell("warning", "log", "void-changes-value", name)


def _void_rotations(vault):
    """Void ops of rotations that do something and that nobody adopted, if nobody has set a version since they ended."""
    ops = {(entry.id, index): op for entry in vault.graph.entries.values() for index, op in enumerate(entry.ops)}
    adopted = {(op["op"], op["secret"], op.get("rotation"), op["adopts"]["entry"], op["adopts"]["op"])
               for at, op in ops.items()
               if op.get("adopts") and op["op"] in ("abort", "retire") and at not in vault.standing.ended}
    last = {}
    for at, ended in vault.standing.ended.items():
        op = ops[at]
        if op["op"] not in OF_ROTATIONS or vault.graph.acting(vault.graph.entries[at[0]], op) is None:
            continue
        if (op["op"], op["secret"], op.get("rotation"), *at) not in adopted:
            last[op["secret"]] = max(last.get(op["secret"], ended), ended)
    for name, ended in last.items():
        state = vault.secrets.get(name)
        current = state.versions[state.current] if state and state.current else None
        if current is None or current.first.policy < ended:
            vault.tell("warning", "log", "rotation-void", name)


def verdict(vault):
    """The verdict as plain data for JSON; of what git left, its code is the verdict."""
    if isinstance(vault.finding, NeedsNewer):
        return {"verdict": "needs-newer", "code": vault.finding.code, "detail": vault.finding.detail}
    found = sorted((f.severity, f.code, f.subject) for f in vault.findings)
    if vault.finding:
        bad = vault.finding
        codes = sorted({f.code for f in vault.findings if f.severity == "error"} | {bad.code})
        word = bad.code if isinstance(bad, (Conflict, HistoryMissing)) else "refused"
        return {"verdict": word, "class": bad.kind, "code": bad.code, "detail": bad.detail, "errors": codes}
    return {"verdict": "ok", "state": {s.name: _state(s) for s in vault.secrets.values()},
            "void": sorted(map(encode, vault.void)), "findings": [list(f) for f in found], "notices": vault.notices}


def _state(state):
    def listed(test):
        return [encode(v.object) for v in state.versions.values() if test(v)]
    return {"current": encode(state.current) if state.current else None,
            "candidates": [encode(c) for c in state.candidates],
            "versions": listed(lambda v: True), "removed": listed(lambda v: v.removed),
            "pruned": listed(lambda v: v.pruned), "overruled": listed(lambda v: v.overruled),
            "conflicts": sorted(set(state.conflicts)), "fields": dict(sorted(state.fields.items())),
            "pending": encode(state.pending) if state.pending else None, "share": state.share,
            "previous": [encode(found) for found in state.previous],
            "retired": [encode(found) for found in sorted(state.retired)],
            "rotations": {encode(found): rotation.word for found, rotation in state.rotations.items()}}
