"""Bytes as text, the hash H with its context strings, and age armor (sections 1 and 2)."""

import base64
import re

from blake3 import blake3

from .errors import malformed

CONTEXTS = (
    "policy entry", "log entry", "secret uid", "version body", "version object", "entry parents",
    "value aad", "value key", "wrap", "wrap aad", "wrap key",
    "kek commitment", "envelope", "key id", "key proof", "slot", "slot aad", "slot key",
    "request", "access", "credentials", "role access", "recipient", "closed", "segment", "rollout", "rotation",
)
_URL = re.compile(r"[A-Za-z0-9_-]*")
_BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----"
_END = "-----END AGE ENCRYPTED FILE-----"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text, size=None):
    """Canonical base64url without padding; `size` is the number of bytes that it must hold."""
    if not isinstance(text, str) or not _URL.fullmatch(text) or len(text) % 4 == 1:
        raise malformed("base64", repr(text)[:60])
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise malformed("base64", "unused trailing bits are not zero")
    if size is not None and len(data) != size:
        raise malformed("length", f"{len(data)} bytes where {size} belong")
    return data


def context(name):
    assert name in CONTEXTS, name
    return f"v-secure 2026-11 v1 {name}"


def derive(name, material, length=32):
    """BLAKE3 in derive_key mode, `length` bytes of output."""
    return blake3(material, derive_key_context=context(name)).digest(length=length)


def u32le(number):
    return number.to_bytes(4, "little")


def u64le(number):
    return number.to_bytes(8, "little")


def H(name, *fields):
    """The hash of section 1: every field preceded by its length."""
    raw = [f.encode() if isinstance(f, str) else f for f in fields]
    return derive(name, b"".join(u64le(len(f)) + f for f in raw))


def armor(binary):
    """The armor of age as a list of lines."""
    body = base64.b64encode(binary).decode()
    return [_BEGIN, *(body[i:i + 64] for i in range(0, len(body), 64)), _END]


def unarmor(lines):
    """The binary age file; `lines` must be exactly what `armor` writes for it."""
    if len(lines) < 3 or lines[0] != _BEGIN or lines[-1] != _END:
        raise malformed("armor", "marker lines")
    try:
        binary = base64.b64decode("".join(lines[1:-1]), validate=True)
    except ValueError as error:
        raise malformed("armor", str(error)) from error
    if armor(binary) != lines:
        raise malformed("armor", "not in canonical form")
    return binary
