"""Test vectors: named inputs and the output that the format gives for them."""

from . import keys
from .encoding import H, decode, encode


def check(document):
    """(failures as text, number of vectors). Every vector names its `kind` among those below."""
    failures, count = [], 0
    for vector in document["vectors"]:
        count += 1
        run = _RUN.get(vector["kind"])
        if run is None:
            failures.append(f"{vector['kind']}: unknown kind")
            continue
        try:
            found = run({k: v for k, v in vector.items() if k not in ("kind", "out", "name")})
        except Exception as error:  # a vector that cannot be computed is a failure like another
            found = f"{type(error).__name__}: {error}"
        if found != vector["out"]:
            failures.append(f"{vector['kind']} {vector.get('name', '')}: {found} is not {vector['out']}")
    return failures, count


def _b(vector, *names):
    return [decode(vector[name]) for name in names]


def _value(v):
    vault, uid, version, nonce, dek, value = _b(v, "vault", "secret_uid", "version_uid", "nonce", "dek", "value")
    sealed = keys.seal_value(vault, uid, version, nonce, dek, value)
    assert keys.open_value(vault, uid, sealed, dek) == value
    return {k: encode(sealed[k]) for k in ("commitment", "ciphertext")}


def _wrap(v):
    vault, epoch, uid, version, nonce, dek, kek = _b(
        v, "vault", "epoch", "secret_uid", "version_uid", "nonce", "dek", "kek")
    return encode(keys.wrap_key(kek, nonce, dek, keys.wrap_aad(vault, v["audience"], epoch, uid, version)))


def _wrap_id(v):
    return encode(keys.wrap_id({"version": decode(v["object"]), "audience": v["audience"], "epoch": decode(v["epoch"]),
                                "kind": v["wrap_kind"], "bytes": decode(v["bytes"])}))


def _object_id(v):
    return encode(keys.object_id(decode(v["secret_uid"]), {
        "uid": decode(v["version_uid"]), **{k: decode(v[k]) for k in ("nonce", "commitment", "ciphertext")}}))


_RUN = {
    "hash": lambda v: encode(H(v["context"], *map(decode, v["fields"]))),
    "padme": lambda v: keys.padded_length(v["length"]),
    "secret-uid": lambda v: encode(keys.secret_uid(decode(v["vault"]), v["secret"])),
    "object-id": _object_id,
    "wrap-id": _wrap_id,
    "kek-commitment": lambda v: encode(keys.kek_commitment(
        decode(v["vault"]), v["audience"], decode(v["epoch"]), decode(v["kek"]))),
    "value": _value,
    "wrap": _wrap,
}
