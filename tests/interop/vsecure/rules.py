"""Names, patterns, text and settings (sections 1 and 4)."""

import re
import unicodedata

from .errors import Refused, malformed
from .recipients import PLUGIN

NAME = re.compile(r"(?!\.+\Z)[A-Za-z0-9._][A-Za-z0-9._-]{0,127}")
RIGHTS = ("read", "write", "rotate", "delete", "grant")
_BIDI = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")
_COUNT = re.compile(r"[1-9][0-9]{0,15}")


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


def is_audience(text):
    if not isinstance(text, str):
        return False
    roles = text.split("+")
    return all(map(is_name, roles)) and "owner" in roles and roles == sorted(set(roles))


_BRANCH = re.compile(r"refs/heads(?!/HEAD\Z)(/(?!\.)[^/\x00-\x20\x7f~^:?*\[\\]+(?<!\.lock))+(?<!\.)")
_SPAN = re.compile(r"(0|[1-9][0-9]{0,15})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LATER = ("report", "rotation", "server", "sync")


def check_setting(key, value, settings):
    """Refuses an unknown key or a bad value; `settings` are those before the op."""
    if _is_carried(key):
        return
    if not _known_setting(key) or (value != "" and not _setting_value(key, value, settings)):
        raise Refused("policy", "setting", key)


def extends_of(key):
    """The environment of an `env.ENVIRONMENT.extends` key, or None."""
    if key.startswith("env.") and key.endswith(".extends") and len(key) > len("env..extends"):
        return key[len("env."):-len(".extends")]
    return None


def provider_of(key):
    """The provider of a `provider.NAME.WORD` key, and the word; or None."""
    first, _, rest = key.partition(".")
    name, dot, word = rest.rpartition(".")
    return (name, word) if first == "provider" and dot and word in _PROVIDER and is_name(name) else None


def _is_carried(key):
    """Whether a later version may have set it: any text is its value."""
    namespace, dot, name = key.partition(".")
    return not _known_setting(key) and dot != "" and namespace in _LATER and is_name(name)


def _known_setting(key):
    environment = extends_of(key)
    if environment is not None:
        return is_name(environment)
    if provider_of(key) is not None:
        return True
    return key in ("variables.allow", "variables.strict", "ttl", "reads", "retention.versions", "retention.days",
                   "rotation.kek", "rotation.dek", "rotation.via", "rotation.overlap", "kdf", "plugins.allow", "scan.allow")


def _setting_value(key, value, settings):
    environment = extends_of(key)
    if environment is not None:
        return is_name(value) and not _cycle(environment, value, settings)
    if key == "variables.allow":
        return all(_VARIABLE.fullmatch(v) for v in value.split(","))
    if key == "plugins.allow":
        names = value.split(",")
        return names == sorted(set(names)) and all(PLUGIN.fullmatch(name) for name in names)
    if key == "scan.allow":
        return all(map(_is_path, value.split(",")))
    if key == "variables.strict":
        return value == "on"
    if key == "ttl":
        return value in ("every", "on-write")
    if key == "reads":
        return value in ("off", "best-effort", "required")
    if provider_of(key) is not None:
        return _PROVIDER[provider_of(key)[1]](value)
    if key == "rotation.overlap":
        return _span(value) is not None
    if key == "rotation.via":
        return _is_via(value)
    if key.startswith("rotation."):
        hours = {"h": 1, "d": 24, "w": 168}.get(value[-1:], 0)
        return _COUNT.fullmatch(value[:-1]) is not None and 1 <= int(value[:-1]) * hours <= 36500 * 24
    if key == "kdf":
        return _cost(value)
    return _COUNT.fullmatch(value) is not None and int(value) < 2**53


def _span(value):
    """A span of time in seconds, or None."""
    found = _SPAN.fullmatch(value)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else None
    return seconds if found and int(found[1]) < 2**53 and seconds <= 36500 * 86400 else None


def _is_via(value):
    way, *words = value.split(" ")
    if way == "git":
        return (len(words) == 2 and is_name(words[0]) and _BRANCH.fullmatch(words[1]) is not None
                and ".." not in words[1] and "@{" not in words[1])
    return way == "device" and len(words) == 1 and is_full_name(words[0])


def _is_patterns(value):
    patterns = value.split(",")
    return len(patterns) <= 64 and len(set(patterns)) == len(patterns) and all(map(is_pattern, patterns))


def _is_program(value):
    return value.startswith("/") and not any(part in ("", ".", "..") for part in value[1:].split("/"))


def _is_users(value):
    users = value.split(",")
    return len(users) <= 2 and len(set(users)) == len(users) and all(map(is_name, users))


_PROVIDER = {
    "serves": _is_patterns, "kind": lambda value: value in ("command", "postgres"), "program": _is_program,
    "sha256": lambda value: re.fullmatch("[0-9a-f]{64}", value) is not None, "endpoint": lambda value: True,
    "admin": is_full_name, "deadline": lambda value: 1 <= (_span(value) or 0) <= 3600,
    "overlap": lambda value: _span(value) is not None, "users": _is_users, "owner": is_name,
    "tls": lambda value: value in ("verify", "off"),
}


def _is_path(path):
    parts = path.removesuffix("/").split("/")
    return (not any(part in ("", ".", "..") for part in parts) and any(c not in "*/" for c in path)
            and all(" " <= c != "\x7f" for c in path))


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
