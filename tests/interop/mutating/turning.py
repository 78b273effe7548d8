"""Ops of rotations by chance, for histories: honest ones, and those that go against each other.

`log` is {entry id: entry}, `above` the ids of the entries that the one to come stands on.
"""

from vsecure.writing import ids, op

TURNS = ("rollout", "abort", "retire", "promote")
SHARES = (0, 1, 2_500, 5_000, 9_999, 10_000)


def ops_on(log, name, above=None):
    """(entry, op) on the secret in the order of entries, all or those above."""
    found = [entry for entry in log.values() if above is None or entry.id in above]
    return [(entry, item) for entry in sorted(found, key=lambda one: (one.lamport, one.id))
            for item in entry.ops if item.get("secret") == name]


def objects(log, name):
    """What any entry puts or has as pending."""
    return sorted({item["object"] for _, item in ops_on(log, name)
                   if item["op"] in ("put", "pending") and "object" in item})


def is_put(log, name, above):
    return any(item["op"] == "put" for _, item in ops_on(log, name, above))


def begins(rng, log, name, above):
    """{rotation, base} of a pending: of a new rotation mostly, upon what was set last."""
    known = _rotations(log, name)
    last = [item["object"] for _, item in ops_on(log, name, above) if item["op"] in ("put", "promote", "resolve")]
    base = last[-1] if last and rng.random() < 0.8 else rng.choice(objects(log, name) or [rng.randbytes(32)])
    if known and rng.random() < 0.35:
        rotation = rng.choice(known)
        bases = [item["base"] for _, item in ops_on(log, name) if item["op"] == "pending" and item["rotation"] == rotation]
        base = rng.choice(bases) if bases and rng.random() < 0.8 else base
    else:
        rotation = rng.randbytes(16)
    return {"rotation": rotation, "base": base}


def turn(rng, log, name, kind, above):
    """An op of one of the kinds `TURNS`, or None if there is nothing to be done."""
    if kind == "retire":
        some = objects(log, name)
        return op(kind, secret=name, objects=ids(rng.sample(some, min(len(some), rng.choice([1, 1, 2]))))) if some else None
    if kind == "promote":
        return _promote(rng, log, name, above)
    known = _rotations(log, name)
    rotation = rng.choice(known) if known and rng.random() < 0.95 else rng.randbytes(16)
    return op(kind, secret=name, rotation=rotation, **({"share": rng.choice(SHARES)} if kind == "rollout" else {}))


def _promote(rng, log, name, above):
    pendings = [item for _, item in ops_on(log, name, above) if item["op"] == "pending" and "object" in item]
    if not pendings:
        return None
    item, others = rng.choice(pendings), objects(log, name)
    chance = rng.random()
    replaces = [item["base"]] if chance < 0.7 else rng.sample(others, min(2, len(others))) if chance < 0.9 else []
    return op("promote", secret=name, rotation=item["rotation"], object=item["object"], replaces=ids(set(replaces)) or None)


def _rotations(log, name):
    """Those that began, the last ones more often than others."""
    found = list(dict.fromkeys(item["rotation"] for _, item in ops_on(log, name) if item["op"] == "pending"))
    return found[-2:]
