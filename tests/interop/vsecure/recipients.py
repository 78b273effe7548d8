"""Recipients (section 4): the canonical form of each kind, and the id by which two spellings are one."""

import base64
import re
from functools import lru_cache

from .encoding import H
from .signing import decode_point, valid_key

MOST = 4096
PLUGIN = re.compile(r"[a-z0-9-]+")
_P = 2**255 - 19
_A = 486662
# Of order 4, 1 or 2, 8 and 8, 2: https://cr.yp.to/ecdh.html#validate
_LOW_ORDER = {
    0, 1, _P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723061780553021112529911719440698176882885853963445705823}
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_CHECKSUM = 6


def looks_x25519(text):
    """Whether a recipient has the shape of an X25519 recipient, and so must be one."""
    return text.startswith("age1") and len(text) == 62 and "1" not in text[4:]


def is_recipient(text):
    return isinstance(text, str) and _read(text) is not None


def plugin_of(text):
    """The plugin that a recipient names, or None."""
    kind, _ = _read(text)
    return text[4:text.rindex("1")] if kind == "plugin" else None


@lru_cache(4096)
def recipient_id(text):
    kind, key = _read(text)
    return H("recipient", kind, key)


@lru_cache(4096)
def _read(text):
    """(kind, the bytes that the id is made of), or None for what is no recipient."""
    if len(text) > MOST or not text.isascii():
        return None
    if text.startswith("ssh-"):
        return _ssh(text)
    if looks_x25519(text):
        return _x25519(text)
    return ("plugin", text.encode()) if _is_plugin(text) else None


def _x25519(text):
    values = _bech32("age", text[4:])
    if values is None:
        return None
    number = 0
    for value in values[:-_CHECKSUM]:
        number = number << 5 | value
    # 52 symbols carry 260 bits: 256 of key and 4 of padding, which are zero.
    u = int.from_bytes((number >> 4).to_bytes(32, "big"), "little")
    if number & 15 or u >= _P or u in _LOW_ORDER:
        return None
    return "x25519", _eightfold(u)


def _eightfold(u):
    """u([8]P): three doublings on Curve25519 or its twist."""
    x, z = u, 1
    for _ in range(3):
        plus, minus = (x + z) ** 2 % _P, (x - z) ** 2 % _P
        product = plus - minus
        x, z = plus * minus % _P, product * (minus + (_A + 2) // 4 * product) % _P
    return (x * pow(z, -1, _P) % _P).to_bytes(32, "little")


def _is_plugin(text):
    human, mark, data = text.rpartition("1")
    if mark != "1" or not human.startswith("age1") or not PLUGIN.fullmatch(human[4:]):
        return False
    values = _bech32(human, data)
    return values is not None and _whole_bytes(values[:-_CHECKSUM])


def _whole_bytes(values):
    """Whether the symbols are bytes and fewer than five bits more, which are zero."""
    left = len(values) * 5 % 8
    return left < 5 and not (values and values[-1] & (1 << left) - 1)


def _bech32(human, data):
    """The values of the data with its checksum, or None."""
    if len(data) < _CHECKSUM or any(c not in _BECH32 for c in data):
        return None
    values = [_BECH32.index(c) for c in data]
    spread = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]
    return values if _polymod(spread + values) == 1 else None


def symbols(data):
    """Bytes in groups of five bits, the last one filled up with zeros."""
    size = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data, "big") << size * 5 - len(data) * 8
    return [number >> 5 * (size - 1 - n) & 31 for n in range(size)]


def bech32(human, values, constant=1):
    """The text of such a recipient, for the sample and the mutants."""
    spread = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]
    check = _polymod(spread + list(values) + [0] * _CHECKSUM) ^ constant
    return human + "1" + "".join(_BECH32[v] for v in [*values, *(check >> 5 * (5 - i) & 31 for i in range(6))])


def _polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def _ssh(text):
    kind, space, encoded = text.partition(" ")
    try:
        wire = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    fields = _strings(wire)
    if not space or base64.b64encode(wire).decode() != encoded or not fields or fields[0] != kind.encode():
        return None
    read = {"ssh-ed25519": _ed25519, "ssh-rsa": _rsa}.get(kind)
    return read(*fields[1:]) if read and len(fields) == {"ssh-ed25519": 2, "ssh-rsa": 3}[kind] else None


def _strings(wire):
    """The strings of RFC 4251 that the bytes are made of, wholly, or None."""
    out = []
    while wire:
        size = int.from_bytes(wire[:4], "big")
        if len(wire) < 4 + size:
            return None
        out.append(wire[4:4 + size])
        wire = wire[4 + size:]
    return out


def _ed25519(raw):
    if len(raw) != 32 or not valid_key(raw):
        return None
    _, y = decode_point(raw)
    return "x25519", _eightfold((1 + y) * pow(1 - y, -1, _P) % _P)


def _rsa(exponent, modulus):
    e, n = _mpint(exponent), _mpint(modulus)
    fits = e and n and e & n & 1 and 3 <= e < 2**32 and 2048 <= n.bit_length() <= 8192
    return ("rsa", n.to_bytes((n.bit_length() + 7) // 8, "big")) if fits else None


def _mpint(raw):
    """A positive integer in its only spelling, or None."""
    number = int.from_bytes(raw, "big")
    return number if number and raw == number.to_bytes(number.bit_length() // 8 + 1, "big") else None


def ssh_text(kind, *fields):
    """The text of an SSH recipient, for the sample and the mutants."""
    wire = b"".join(len(f).to_bytes(4, "big") + f for f in (kind.encode(), *fields))
    return f"{kind} {base64.b64encode(wire).decode()}"
