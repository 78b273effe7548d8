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


def base_of(log, name, rotation):
    return next(item["base"] for _, item in ops_on(log, name)
                if item["op"] == "pending" and item["nonce"] is not None and item["rotation"] == rotation)


def is_put(log, name, above):
    return any(item["op"] == "put" for _, item in ops_on(log, name, above))


def begins(rng, log, name, above):
    """{nonce, base} of a pending, upon what was set last mostly. Nonces repeat: who begins twice upon the same parents
    begins one rotation."""
    last = [item["object"] for _, item in ops_on(log, name, above) if item["op"] in ("put", "promote", "resolve")]
    base = last[-1] if last and rng.random() < 0.8 else rng.choice(objects(log, name) or [rng.randbytes(32)])
    return {"nonce": bytes([rng.randrange(3)]) * 16, "base": base}


def states(rng, log, name, above):
    """What a pending with a version says of its rotation: it begins one mostly, or adds to one that began below."""
    known = rotations(log, name, above)
    return {"rotation": rng.choice(known)} if known and rng.random() < 0.35 else begins(rng, log, name, above)


def turn(rng, log, name, kind, above):
    """An op of one of the kinds `TURNS`, or None if there is nothing below that it could be about."""
    if kind == "retire":
        some = sorted({item["object"] for _, item in ops_on(log, name, above)
                       if item["op"] in ("put", "pending") and "object" in item})
        return op(kind, secret=name, objects=ids(rng.sample(some, min(len(some), rng.choice([1, 1, 2]))))) if some else None
    if kind == "promote":
        return _promote(rng, log, name, above)
    known = rotations(log, name, above)
    share = {"share": rng.choice(SHARES)} if kind == "rollout" else {}
    return op(kind, secret=name, rotation=rng.choice(known), **share) if known else None


def _promote(rng, log, name, above):
    pendings = [item for _, item in ops_on(log, name, above) if item["op"] == "pending" and "object" in item]
    if not pendings:
        return None
    item, others = rng.choice(pendings), objects(log, name)
    chance, base = rng.random(), base_of(log, name, item["rotation"])
    replaces = [base] if chance < 0.7 else rng.sample(others, min(2, len(others))) if chance < 0.9 else []
    return op("promote", secret=name, rotation=item["rotation"], object=item["object"], replaces=ids(set(replaces)) or None)


def rotations(log, name, above=None):
    """The last that began, anywhere or below."""
    found = list(dict.fromkeys(item["rotation"] for _, item in ops_on(log, name, above)
                               if item["op"] == "pending" and item["nonce"] is not None))
    return found[-2:]
