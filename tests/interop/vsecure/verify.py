"""The verdict on a file: what any reader can check without a secret key."""

from dataclasses import dataclass, field

from . import keys, signing
from .encoding import encode
from .errors import NeedsNewer, Refused
from .file import parse, records
from .fold import fold
from .log import Graph, short, standing
from .policy import Chain
from .records import slot_record


@dataclass
class Vault:
    """A file that was verified as far as `finding` says (None: wholly)."""
    file: object = None
    chain: object = None
    graph: object = None
    void: set = field(default_factory=set)
    secrets: dict = field(default_factory=dict)
    notices: list = field(default_factory=list)
    finding: object = None


def verify(raw):
    """Never raises for a bad file: the first finding is in the result."""
    vault = Vault()
    try:
        vault.file = parse(raw)
        policy, log = records(vault.file)
        vault.chain = Chain(policy)
        vault.graph = Graph(log, vault.chain)
        vault.void = standing(vault.graph)
        vault.secrets = fold(vault.graph, vault.void)
        for check in (_audiences, _objects, _present, _slots, _copies):
            check(vault)
    except Refused as finding:
        vault.finding = finding
    return vault


def _check(ok, kind, code, detail=""):
    if not ok:
        raise Refused(kind, code, detail)


def _audiences(vault):
    facts = vault.chain.states[-1].audiences
    _check(set(facts) == set(vault.file.audiences), "objects", "audiences",
           "the sections are not the audiences of the policy")
    for name, (epoch, envelope) in vault.file.audiences.items():
        _check(epoch == facts[name].current, "objects", "epoch", name)
        _check(keys.envelope_id(envelope) == facts[name].envelope, "objects", "envelope", name)


def _objects(vault):
    """Every object and wrap is what its id says, and some entry names it."""
    named, wrapped = _named(vault.graph)
    for uid, secret in vault.file.secrets.items():
        _check(keys.secret_uid(vault.chain.vault, secret.name) == uid, "objects", "secret-uid", secret.name)
        for found, version in secret.versions.items():
            _check(keys.object_id(uid, version) == found, "objects", "object-id", secret.name)
            _check((secret.name, found) in named, "objects", "unnamed-object", secret.name)
        for found, wrap in secret.wraps.items():
            _check(keys.wrap_id(wrap) == found, "objects", "wrap-id", secret.name)
            _check((secret.name, wrap["version"], found) in wrapped, "objects", "unnamed-wrap", secret.name)
            known = vault.chain.every_epoch.get(wrap["epoch"]) == wrap["audience"]
            _check(known, "objects", "unknown-epoch", secret.name)


def _named(graph):
    objects, wraps = set(), set()
    for entry in graph.entries.values():
        for op in entry.ops:
            if op["op"] in ("put", "pending", "rewrap"):
                wraps.add((op["secret"], op["object"], op["wrap"]))
            for found in [op["object"]] if "object" in op else op.get("objects") or ():
                objects.add((op["secret"], found))
    return objects, wraps


def _present(vault):
    pruned_by_void = {(op["secret"], found) for entry in vault.void for op in vault.graph.entries[entry].ops
                      if op["op"] == "prune" for found in op["objects"]}
    by_name = {secret.name: secret for secret in vault.file.secrets.values()}
    for state in vault.secrets.values():
        secret = by_name.get(state.name)
        for version in state.versions.values():
            if version.pruned:
                continue
            lost = (state.name, version.object) in pruned_by_void
            held = secret is not None and version.object in secret.versions
            _check(held, "objects", "lost-object" if lost else "missing-object", state.name)
            wrap = secret.wraps.get(version.wrap)
            _check(wrap is not None and wrap["version"] == version.object, "objects", "missing-wrap", state.name)
            if version.object in state.candidates and wrap["audience"] != vault.chain.states[-1].audience_of(state.name):
                vault.notices.append(f"unsettled: {state.name}")


def _slots(vault):
    head = vault.chain.states[-1]
    for slot, line in vault.file.slots.items():
        record = slot_record(line)
        fact = vault.chain.every_key.get(record["key"])
        _check(fact is not None and fact.member == record["member"], "slots", "forged", short(slot))
        _check(signing.verify(fact.public, "slot", record["id"], record["sig"]), "slots", "signature", short(slot))
        if record["key"] not in head.keys:
            vault.notices.append(f"stale slot: {short(slot)}")


def _copies(vault):
    file, stated = vault.file, vault.chain.states[-1].vault
    _check(file.vault == vault.chain.vault, "copies", "vault")
    _check(file.suite == stated["suite"], "copies", "suite")
    _check(file.name == stated["name"], "copies", "name")
    for secret in file.secrets.values():
        state = vault.secrets.get(secret.name)
        _check(secret.active == (state.candidates if state else []), "copies", "active", secret.name)


def verdict(vault):
    """The verdict as plain data for JSON."""
    if isinstance(vault.finding, NeedsNewer):
        return {"verdict": "needs-newer", "code": vault.finding.code, "detail": vault.finding.detail}
    if vault.finding:
        bad = vault.finding
        return {"verdict": "refused", "class": bad.kind, "code": bad.code, "detail": bad.detail}
    return {"verdict": "ok", "state": {s.name: _state(s) for s in vault.secrets.values()},
            "void": sorted(map(encode, vault.void)), "notices": vault.notices}


def _state(state):
    def listed(test):
        return [encode(v.object) for v in state.versions.values() if test(v)]
    return {"current": encode(state.current) if state.current else None,
            "candidates": [encode(c) for c in state.candidates],
            "versions": listed(lambda v: True), "removed": listed(lambda v: v.removed),
            "pruned": listed(lambda v: v.pruned), "conflicts": sorted(set(state.conflicts)),
            "fields": dict(sorted(state.fields.items()))}
