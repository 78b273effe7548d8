"""Names, patterns, text, recipients and settings (sections 1 and 4)."""

import re
import unicodedata
from functools import lru_cache

from .errors import Refused, malformed

NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,127}")
RIGHTS = ("read", "write", "rotate", "delete", "grant")
_BIDI = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_RECIPIENT = re.compile(r"[ !#-&(-\[\]-~]{1,4096}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")
_COUNT = re.compile(r"[1-9][0-9]{0,15}")
_P = 2**255 - 19
# Of order 4, 1 or 2, 8 and 8, 2: https://cr.yp.to/ecdh.html#validate
_LOW_ORDER = {
    0, 1, _P - 1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823}
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def is_name(text):
    return isinstance(text, str) and NAME.fullmatch(text) is not None


def is_full_name(text):
    parts = text.split("/") if isinstance(text, str) else []
    return len(parts) == 2 and all(map(is_name, parts))


def is_pattern(text):
    if is_full_name(text):
        return True
    if not isinstance(text, str) or not text.endswith("*"):
        return False
    environment, slash, name = text[:-1].partition("/")
    if not slash:
        return environment == "" or is_name(environment)
    return is_name(environment) and (name == "" or is_name(name))


def matches(pattern, full_name):
    return pattern == full_name or (pattern.endswith("*") and full_name.startswith(pattern[:-1]))


def contains(outer, inner):
    return outer == inner or (outer.endswith("*") and inner.removesuffix("*").startswith(outer[:-1]))


def is_text(text, most):
    if not isinstance(text, str):
        return False
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot hold
        return False
    if size > most or unicodedata.normalize("NFC", text) != text:
        return False
    banned = _BIDI | {0x2028, 0x2029}
    return not any(ord(c) in banned or unicodedata.category(c) == "Cc" for c in text)


@lru_cache(1024)
def is_recipient(text):
    if not isinstance(text, str) or not _RECIPIENT.fullmatch(text) or text != text.strip(" "):
        return False
    return not looks_x25519(text) or _usable(_bech32_key(text))


def looks_x25519(text):
    """Whether a recipient has the shape of an X25519 recipient, and so must be one."""
    return text.startswith("age1") and len(text) == 62 and "1" not in text[4:]


def _usable(key):
    """Whether the 32 bytes are a u-coordinate in its only spelling that is not of low order."""
    if key is None:
        return False
    number = int.from_bytes(key, "little")
    return number < _P and number not in _LOW_ORDER


def _polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def _bech32_key(text):
    """The 32 bytes of an X25519 recipient, or None."""
    if any(c not in _BECH32 for c in text[4:]):
        return None
    values = [_BECH32.index(c) for c in text[4:]]
    human = [ord(c) >> 5 for c in "age"] + [0] + [ord(c) & 31 for c in "age"]
    if _polymod(human + values) != 1:
        return None
    number = 0
    for value in values[:-6]:
        number = number << 5 | value
    # 52 symbols carry 260 bits: 256 of key and 4 of padding, which are zero.
    return None if number & 15 else (number >> 4).to_bytes(32, "big")


def is_audience(text):
    if not isinstance(text, str):
        return False
    roles = text.split("+")
    return all(map(is_name, roles)) and "owner" in roles and roles == sorted(set(roles))


def check_setting(key, value, settings):
    """Refuses an unknown key or a bad value; `settings` are those before the op."""
    if not _known_setting(key) or (value != "" and not _setting_value(key, value, settings)):
        raise Refused("policy", "setting", key)


def extends_of(key):
    """The environment of an `env.ENVIRONMENT.extends` key, or None."""
    if key.startswith("env.") and key.endswith(".extends") and len(key) > len("env..extends"):
        return key[len("env."):-len(".extends")]
    return None


def _known_setting(key):
    environment = extends_of(key)
    if environment is not None:
        return is_name(environment)
    return key in ("variables.allow", "variables.strict", "ttl", "reads", "retention.versions", "retention.days",
                   "rotation.kek", "rotation.dek", "kdf")


def _setting_value(key, value, settings):
    environment = extends_of(key)
    if environment is not None:
        return is_name(value) and not _cycle(environment, value, settings)
    if key == "variables.allow":
        return all(_VARIABLE.fullmatch(v) for v in value.split(","))
    if key == "variables.strict":
        return value == "on"
    if key == "ttl":
        return value in ("every", "on-write")
    if key == "reads":
        return value in ("off", "best-effort", "required")
    if key.startswith("rotation."):
        hours = {"h": 1, "d": 24, "w": 168}.get(value[-1:], 0)
        return _COUNT.fullmatch(value[:-1]) is not None and 1 <= int(value[:-1]) * hours <= 36500 * 24
    if key == "kdf":
        return _cost(value)
    return _COUNT.fullmatch(value) is not None and int(value) < 2**53


def _cost(value):
    found = re.fullmatch(r"m=([0-9]{1,9}),t=([0-9]{1,9}),p=([0-9]{1,9})", value, re.ASCII)
    numbers = found and found.groups()
    return (bool(numbers) and all(_COUNT.fullmatch(number) for number in numbers)
            and 19456 <= int(numbers[0]) <= 1048576 and 2 <= int(numbers[1]) <= 10 and 1 <= int(numbers[2]) <= 8)


def _cycle(environment, parent, settings):
    seen = {environment}
    while parent is not None:
        if parent in seen:
            return True
        seen.add(parent)
        parent = settings.get(f"env.{parent}.extends")
    return False


def require(ok, code, detail=""):
    if not ok:
        raise malformed(code, detail)
