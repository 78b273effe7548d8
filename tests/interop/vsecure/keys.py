"""Values, wraps, envelopes and slots: what keys do (section 5)."""

import hmac
import unicodedata

import pyrage
from argon2.low_level import Type, hash_secret_raw
from nacl import bindings
from nacl.exceptions import CryptoError

from .encoding import H, decode, derive, encode, u32le, u64le
from .errors import Refused

SUITE = "xchacha20poly1305-blake3"
MOST_VALUE, MOST_ENVELOPE, MOST_SLOT = 10 << 20, 2 << 20, 64 << 10
# Of what is sealed under a key that seals nothing else.
NO_NONCE = bytes(24)


class Unopened(Exception):
    """Something sealed could not be opened with the keys at hand."""


def padded_length(total):
    """max(64, Padmé(total)), where `total` counts the 4 bytes of the length too."""
    total = max(total, 64)
    exponent = total.bit_length() - 1
    step = 1 << exponent - exponent.bit_length()
    return (total + step - 1) // step * step


def pad(value):
    return (u32le(len(value)) + value).ljust(padded_length(4 + len(value)), b"\0")


def unpad(plain):
    length = int.from_bytes(plain[:4], "little")
    if length > MOST_VALUE:
        raise Unopened("the value is over 10 MiB")
    if len(plain) < 64 or 4 + length > len(plain) or pad(plain[4:4 + length]) != plain:
        raise Unopened("the padding of the value is wrong")
    return plain[4:4 + length]


def xseal(key, nonce, plain, aad):
    return bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, aad, nonce, key)


def xopen(key, nonce, sealed, aad):
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, aad, nonce, key)
    except (CryptoError, ValueError, TypeError) as error:
        raise Unopened("the seal does not open with this key") from error


def secret_uid(vault, full_name):
    return H("secret uid", vault, *full_name.split("/"))


def body_id(version):
    return H("version body", version["commitment"], version["ciphertext"])


def _expires(number):
    return b"" if number is None else u64le(number)


def origin(parents):
    """What an object says of the parents of the entry that puts it."""
    return H("entry parents", *sorted(parents))


def derived_id(uid, author, origin, expires, body):
    """The id of the object that an entry of this key and origin puts."""
    return H("version object", uid, author, origin, _expires(expires), body)


def rotation_id(uid, author, origin, base, nonce):
    """The id of the rotation that an entry of this key and origin begins upon a base."""
    return H("rotation", uid, author, origin, base, nonce)[:16]


def object_id(uid, version):
    return derived_id(uid, version["author"], version["origin"], version["expires"], body_id(version))


def wrap_id(wrap):
    return H("wrap", wrap["version"], wrap["audience"], wrap["epoch"], wrap["kind"], wrap["bytes"])


def envelope_id(binary):
    return H("envelope", binary)


def kek_commitment(vault, audience, epoch, kek):
    return H("kek commitment", vault, audience, epoch, kek)


def value_aad(vault, uid, author, expires):
    return H("value aad", SUITE, vault, uid, author, _expires(expires), "padme-64")


def _value_keys(dek, aad):
    both = derive("value key", dek + aad, 64)
    return both[:32], both[32:]


def seal_value(vault, uid, author, origin, expires, dek, value):
    """A version object as the file holds it. The DEK must be of this version alone: the nonce is always the same."""
    aad = value_aad(vault, uid, author, expires)
    key, commitment = _value_keys(dek, aad)
    return {"author": author, "origin": origin, "expires": expires,
            "commitment": commitment, "ciphertext": xseal(key, NO_NONCE, pad(value), aad)}


def fits(vault, uid, version, dek):
    """Whether the version was sealed under this DEK."""
    aad = value_aad(vault, uid, version["author"], version["expires"])
    return hmac.compare_digest(_value_keys(dek, aad)[1], version["commitment"])


def open_value(vault, uid, version, dek):
    if not fits(vault, uid, version, dek):
        raise Unopened("the key does not belong to this value (commitment)")
    aad = value_aad(vault, uid, version["author"], version["expires"])
    key, _ = _value_keys(dek, aad)
    return unpad(xopen(key, NO_NONCE, version["ciphertext"], aad))


def wrap_aad(vault, audience, epoch, uid, commitment):
    return H("wrap aad", vault, audience, epoch, uid, commitment)


def wrap_key(kek, dek, aad):
    """The `key` of a wrap: under a key of its own, which only this DEK has."""
    return xseal(derive("wrap key", kek + aad), NO_NONCE, dek, aad)


def open_wrap(wrap, aad, kek, identity):
    """The DEK, from a wrap under the KEK or one sealed to the epoch's recipient."""
    if wrap["kind"] == "key" and kek is None:
        raise Unopened("the key in the envelope is not the one that the policy states")
    if wrap["kind"] == "key":
        return xopen(derive("wrap key", kek + aad), NO_NONCE, wrap["bytes"], aad)
    if identity is None:
        raise Unopened("the identity in the envelope is not the one that the policy states")
    plain = age_open(wrap["bytes"], [pyrage.x25519.Identity.from_str(identity)])
    if len(plain) != 64 or not hmac.compare_digest(plain[32:], aad):
        raise Unopened("the sealed wrap belongs to something else")
    return plain[:32]


def age_open(binary, identities):
    try:
        return pyrage.decrypt(binary, identities)
    except (pyrage.DecryptError, ValueError) as error:
        raise Unopened("no identity here opens it") from error


def envelope_text(vault, audience, epochs):
    """The plaintext; `epochs` are (short id, KEK, identity), newest first."""
    lines = ["v-secure-envelope 1", f"vault {encode(vault)}", f"audience {audience}"]
    lines += [f"epoch {encode(e)} {encode(kek)} {identity}" for e, kek, identity in epochs]
    return "".join(line + "\n" for line in lines).encode()


def recipient_of(identity):
    """`None` of what is no identity."""
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError:
        return None


def open_envelope(vault, audience, facts, binary, identities):
    """{epoch: (KEK, identity)}, checked against `facts`, the epochs of the policy, oldest first. Of an earlier epoch the
    identity is `None` where it is not the one that the policy states, and both are where the KEK is not."""
    plain = age_open(binary, identities)
    if len(plain) > MOST_ENVELOPE:
        raise Unopened("the envelope is too long")
    lines, left = plain.decode("utf-8", "replace").split("\n"), list(reversed(facts))
    if lines[:3] != ["v-secure-envelope 1", f"vault {encode(vault)}", f"audience {audience}"] or lines[-1]:
        raise Unopened("the envelope belongs to another vault or audience")
    out = {}
    for line in lines[3:-1]:
        word, epoch, kek, identity = (line.split(" ") + [""] * 4)[:4]
        try:
            epoch = decode(epoch, 16)
        except Refused as error:
            raise Unopened("a line of the envelope is damaged") from error
        if word != "epoch" or epoch not in left or line.count(" ") != 3 or len(kek) != 43 or not identity:
            raise Unopened("the envelope names an epoch that the policy does not know there")
        left = left[left.index(epoch) + 1:]
        recipient, commitment = facts[epoch]
        kek = _stated_kek(vault, audience, epoch, kek, commitment)
        is_own = recipient_of(identity) == recipient
        if not (kek and is_own) and epoch == next(reversed(facts)):
            raise Unopened("the current keys in the envelope are not those that the policy states")
        out[epoch] = (kek, identity if kek and is_own else None)
    if not facts or next(iter(out), None) != next(reversed(facts)):
        raise Unopened("the envelope does not begin with the current epoch")
    return out


def _stated_kek(vault, audience, epoch, text, commitment):
    try:
        kek = decode(text, 32)
    except Refused:
        return None
    return kek if hmac.compare_digest(kek_commitment(vault, audience, epoch, kek), commitment) else None


def _slot_keys(vault, record, passphrase):
    aad = H("slot aad", vault, record["slot"], record["member"], record["recipient"], "argon2id",
            u64le(record["m"]), u64le(record["t"]), u64le(record["p"]), record["salt"])
    passphrase = unicodedata.normalize("NFC", passphrase).encode()
    hashed = hash_secret_raw(passphrase, record["salt"], record["t"], record["m"], record["p"], 32, Type.ID)
    both = derive("slot key", hashed + aad, 64)
    return both[:32], both[32:], aad


def seal_slot(vault, record, passphrase, identity):
    """(commitment, ciphertext) for a record that has the other fields."""
    key, commitment, aad = _slot_keys(vault, record, passphrase)
    return commitment, xseal(key, record["nonce"], identity.encode(), aad)


def open_slot(vault, record, passphrase):
    """The identity text that a passphrase protects. The signature must have been checked."""
    if len(record["ciphertext"]) > MOST_SLOT:
        raise Unopened("the slot is too long")
    key, commitment, aad = _slot_keys(vault, record, passphrase)
    if not hmac.compare_digest(commitment, record["commitment"]):
        raise Unopened("wrong passphrase")
    identity = xopen(key, record["nonce"], record["ciphertext"], aad).decode()
    if str(pyrage.x25519.Identity.from_str(identity).to_public()) != record["recipient"]:
        raise Unopened("the slot holds the identity of another recipient")
    return identity
