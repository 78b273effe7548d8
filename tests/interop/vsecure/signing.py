"""Strict Ed25519 (section 1).

OpenSSL checks that S is below the group order and compares R byte by byte with the recomputed
point, which is the equation without the cofactor and refuses an R that is not canonical. (Recent
versions of libsodium multiply by the cofactor, so they do not fit.) What is left is checked here:
the public key is canonical, and neither it nor R has small order.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .encoding import H

TAGS = {"policy": b"v-secure/1 policy-entry", "log": b"v-secure/1 log-entry",
        "proof": b"v-secure/1 key-proof", "slot": b"v-secure/1 slot"}
P = 2**255 - 19
_D = -121665 * pow(121666, -1, P) % P
_ROOT = pow(2, (P - 1) // 4, P)


def decode_point(raw):
    """(x, y) of a canonical encoding, or None."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * _ROOT % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x, y)


def add(one, two):
    (a, b), (c, d) = one, two
    product = _D * a * b * c * d % P
    return (a * d + b * c) * pow(1 + product, -1, P) % P, (b * d + a * c) * pow(1 - product, -1, P) % P


@lru_cache(maxsize=None)
def valid_key(raw):
    """Whether a public key decodes canonically and is not of small order."""
    point = decode_point(raw)
    if point is None:
        return False
    # Of order 1 or 2 is x = 0, of order 4 y = 0; and a point of order 8 doubles to one with y = 0.
    x, y = point
    return x * y * (x * x + y * y) % P != 0


@lru_cache(maxsize=None)
def key_id(raw):
    return H("key id", "ed25519", raw)


@lru_cache(maxsize=65536)
def verify(public, tag, digest, signature):
    if not valid_key(public) or not valid_key(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, TAGS[tag] + b"\0" + digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_of(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed, tag, digest):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(TAGS[tag] + b"\0" + digest)


def proof_digest(vault, member, device, recipient, public, sealed):
    """What a key signs about itself when it is added; `vault` is empty in genesis."""
    return H("key proof", vault, member, device, recipient, public, sealed)
