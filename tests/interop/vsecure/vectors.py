"""Checks the files of fixtures/vectors: format-1.json, format-1-age.json and ed25519-strict.json."""

import json

import pyrage

from . import keys, signing
from .encoding import H, decode, encode, unarmor
from .records import slot_record
from .rotations import place


def check(document):
    """(failures as text, number of comparisons) for a parsed file of vectors."""
    results = list(_results(document))
    return [f"{name}: {found!r} is not {wanted!r}" for name, found, wanted in results if found != wanted], len(results)


def _results(document):
    """(name, what this implementation gives, what the file states) for each comparison."""
    if isinstance(document, list):
        yield from _strict(document)
    elif "sealed_wrap" in document:
        yield from _age(document)
    else:
        for key, value in document.items():
            yield from _PARTS[key](value)


def _bytes(vector, *names):
    return [decode(vector[name]) for name in names]


def _padded(pairs):
    for length, wanted in pairs:
        yield f"padded length of {length}", keys.padded_length(length), wanted


def _versions(vectors):
    for number, vector in enumerate(vectors):
        for name, found in _version(vector).items():
            yield f"version {number}: {name}", found, vector[name]


def _version(v):
    vault, uid, value, dek, epoch, kek = _bytes(v, "vault", "secret_uid", "value", "dek", "epoch", "kek")
    author, origin, expires = decode(v["author"]), keys.origin(map(decode, v["parents"])), v["expires"]
    sealed = keys.seal_value(vault, uid, author, origin, expires, dek, value)
    found = keys.object_id(uid, sealed)
    aad = keys.wrap_aad(vault, v["audience"], epoch, uid, sealed["commitment"])
    wrap = {"version": found, "audience": v["audience"], "epoch": epoch, "kind": "key", "bytes": decode(v["wrap"])}
    again = keys.wrap_key(kek, dek, aad)
    opened = keys.open_value(vault, uid, {**sealed, "ciphertext": decode(v["ciphertext"])},
                             keys.open_wrap(wrap, aad, kek, None))
    return {"suite": keys.SUITE, "origin": encode(origin), "secret_uid": encode(keys.secret_uid(vault, v["secret"])),
            "value_aad": encode(keys.value_aad(vault, uid, author, expires)), "commitment": encode(sealed["commitment"]),
            "ciphertext": encode(sealed["ciphertext"]), "body": encode(keys.body_id(sealed)), "object_id": encode(found), "wrap_aad": encode(aad),
            "wrap": encode(again), "wrap_id": encode(keys.wrap_id(wrap)), "value": encode(opened)}


def _commitment(v):
    vault, epoch, kek = _bytes(v, "vault", "epoch", "kek")
    yield "kek commitment", encode(keys.kek_commitment(vault, v["audience"], epoch, kek)), v["commitment"]
    yield "recipient", str(pyrage.x25519.Identity.from_str(v["identity"]).to_public()), v["recipient"]


def _envelope(v):
    yield "envelope id", encode(keys.envelope_id(decode(v["file"]))), v["id"]


def _keys(v):
    seed, public = _bytes(v, "seed", "public")
    yield "public key", encode(signing.public_of(seed)), v["public"]
    yield "key id", encode(signing.key_id(public)), v["key_id"]
    tags = {tag.decode(): name for name, tag in signing.TAGS.items()}
    for one in v["signatures"]:
        tag, (digest, sig) = tags[one["tag"]], _bytes(one, "id", "sig")
        yield f"signature, {tag}", encode(signing.sign(seed, tag, digest)), one["sig"]
        yield f"verification, {tag}", signing.verify(public, tag, digest, sig), True


def _instances(vectors):
    for v in vectors:
        yield f"place of {v['instance'][:20]}", place(decode(v["rotation"]), v["instance"]), v["place"]


def _rotations(vectors):
    for v in vectors:
        uid, author, base, nonce = _bytes(v, "secret_uid", "author", "base", "nonce")
        made = keys.rotation_id(uid, author, keys.origin(map(decode, v["parents"])), base, nonce)
        yield f"rotation of {v['nonce']}", encode(made), v["rotation"]


def _request(v):
    body = json.loads(v["json"])
    fields = (body["member"], body["device"], body["recipient"], *_bytes(body, "key", "sealed"))
    yield "proof id", encode(signing.proof_digest(decode(body["vault"]), *fields)), v["proof_id"]
    yield "proof id in genesis", encode(signing.proof_digest(b"", *fields)), v["proof_id_in_genesis"]
    proven = signing.verify(fields[3], "proof", decode(v["proof_id"]), decode(body["proof"]))
    yield "proof", proven, True
    yield "fingerprint", encode(H("request", v["json"])), v["fingerprint"]


def _slot(v):
    vault = decode(v["vault"])
    seal, removed = slot_record(v["seal"]), slot_record(v["removed"])
    yield "slot id", encode(seal["id"]), v["seal_id"]
    yield "removed slot id", encode(removed["id"]), v["removed_id"]
    yield "identity in the slot", keys.open_slot(vault, seal, v["passphrase"]), v["identity"]
    commitment, ciphertext = keys.seal_slot(vault, seal, v["passphrase"], v["identity"])
    yield "slot commitment", encode(commitment), encode(seal["commitment"])
    yield "slot ciphertext", encode(ciphertext), encode(seal["ciphertext"])


def _age(v):
    vault, epoch, kek, uid, commitment = _bytes(v, "vault", "epoch", "kek", "secret_uid", "commitment")
    identity = pyrage.x25519.Identity.from_str(v["identity"])
    facts = {epoch: (v["recipient"], keys.kek_commitment(vault, v["audience"], epoch, kek))}
    envelope, sealed = (unarmor(v[name].rstrip("\n").split("\n")) for name in ("envelope", "sealed_wrap"))
    opened = keys.open_envelope(vault, v["audience"], facts, envelope, [identity])
    yield "envelope", opened, {epoch: (kek, v["identity"])}
    wrap = {"version": decode(v["sealed_wrap_version"]), "audience": v["audience"], "epoch": epoch,
            "kind": "sealed", "bytes": sealed}
    aad = keys.wrap_aad(vault, v["audience"], epoch, uid, commitment)
    yield "sealed wrap", encode(keys.open_wrap(wrap, aad, None, v["identity"])), v["dek"]
    yield "sealed wrap id", encode(keys.wrap_id(wrap)), v["sealed_wrap_id"]


def _strict(vectors):
    tags = {tag.decode(): name for name, tag in signing.TAGS.items()}
    for v in vectors:
        found, key, sig = (bytes.fromhex(v[name]) for name in ("id", "key", "sig"))
        yield v["what"], signing.verify(key, tags[v["tag"]], found, sig), v["accept"]


_PARTS = {"padded_lengths": _padded, "versions": _versions, "kek_commitment": _commitment,
          "envelope_id": _envelope, "keys": _keys, "request": _request, "slot": _slot, "instances": _instances,
          "rotations": _rotations}
