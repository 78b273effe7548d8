"""Policy entries, log entries and slot records: the JSON lines of sections 2, 4, 5 and 6.

A line is read with the standard parser, checked against its form key by key, written again in the
one canonical way, and refused if the bytes differ.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from . import keys, recipients as forms, rules, signing
from .encoding import H, decode
from .errors import malformed
from .rules import require

MOST_OPS, MOST_IDS, MOST_HEADS, MOST_SIGS, MOST_RECIPIENTS = 1000, 1000, 256, 16, 16
MOST_SHARE = 10_000
REASON, VALUE = 1000, 4096
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f",
          "\r": "\\r", "'": "\\u0027"}
_ESCAPES = str.maketrans({**{chr(n): f"\\u{n:04x}" for n in range(32)}, **_SHORT})
# Parsed lines that are kept: the files that are compared with each other share most of theirs.
KEPT = 8192


class Pairs(list):
    """A JSON object as the list of its pairs, so that order and doubled keys are seen."""


def quote(text):
    return f'"{text.translate(_ESCAPES)}"'


def dump(value):
    """The canonical text of a parsed value, `Pairs` or dict for objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, (Pairs, dict)):
        items = value if isinstance(value, Pairs) else value.items()
        return "{" + ",".join(f"{quote(k)}:{dump(v)}" for k, v in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    raise malformed("json", f"a {type(value).__name__} has no place here")


def load(line):
    """A line as `Pairs`; the line must be what `dump` writes for it."""
    try:
        value = json.loads(line, object_pairs_hook=Pairs)
        canonical = isinstance(value, Pairs) and dump(value).encode() == line.encode()
    except (ValueError, RecursionError) as error:
        raise malformed("json", str(error)[:80]) from error
    require(canonical, "json", "not in canonical form")
    return value


# Readers: each takes a parsed value and gives the decoded one, or refuses it.

def integer(value):
    require(type(value) is int and 0 <= value < 2**53, "integer", repr(value)[:40])
    return value


def boolean(value):
    require(type(value) is bool, "boolean", repr(value)[:40])
    return value


def checked(test, code):
    def read(value):
        require(isinstance(value, str) and test(value), code, repr(value)[:80])
        return value
    return read


def data(size=None):
    return lambda value: decode(value, size)


def text(most):
    return checked(lambda v: rules.is_text(v, most), "text")


def one_of(*values):
    return checked(lambda v: v in values, "value")


def ids(most=MOST_IDS, least=0):
    def read(value):
        require(type(value) is list and least <= len(value) <= most, "list")
        out = [decode(v, 32) for v in value]
        require(out == sorted(set(out)), "order", "ids are ordered, none twice")
        return out
    return read


def recipients(value):
    require(type(value) is list, "list")
    out = [recipient(v) for v in value]
    require(out == sorted(out), "order", "recipients are in byte order")
    return out


def skipped(value):
    require(type(value) is list and 1 <= len(value) <= MOST_IDS, "list")
    out = [recipient(v) for v in value]
    require(out == sorted(set(out)), "order", "recipients are in byte order, none twice")
    return out


def rights(value):
    require(type(value) is list and value, "rights")
    require(value == [r for r in rules.RIGHTS if r in value], "rights", repr(value)[:80])
    return value


def optional(reader):
    return ("optional", reader)


def form(pairs, fields):
    """Reads an object whose keys are those of `fields`, in that order."""
    require(isinstance(pairs, Pairs), "json", "an object belongs here")
    have, out, rest = [k for k, _ in pairs], {}, list(pairs)
    for key, reader in fields.items():
        may_miss = isinstance(reader, tuple)
        if rest and rest[0][0] == key:
            out[key] = (reader[1] if may_miss else reader)(rest.pop(0)[1])
        else:
            require(may_miss, "keys", f"{key} is missing among {have}")
            out[key] = None
    require(not rest, "keys", f"{have}")
    return out


def op_number(value):
    require(integer(value) < MOST_OPS, "integer", repr(value))
    return value


def share(value):
    require(integer(value) <= MOST_SHARE, "integer", repr(value))
    return value


def adopted(value):
    return form(value, {"entry": ID, "op": op_number})


name, full_name = checked(rules.is_name, "name"), checked(rules.is_full_name, "secret-name")
pattern, recipient = checked(rules.is_pattern, "pattern"), checked(forms.is_recipient, "recipient")
audience = checked(rules.is_audience, "audience")
ID, SHORT = data(32), data(16)


def field_name(value):
    if value.startswith(("tag.", "meta.")):
        return rules.is_name(value.partition(".")[2])
    return value in ("type", "description", "var", "generate", "rotation-interval")


POLICY_OPS = {
    "vault": {"suite": text(REASON), "nonce": SHORT, "name": name, "threshold": integer},
    "member-add": {"member": name, "kind": one_of("user", "service", "agent"),
                   "recipients": recipients, "expires": optional(integer)},
    "member-remove": {"member": name},
    "recipient-add": {"member": name, "recipient": recipient, "gives": ID},
    "recipient-remove": {"member": name, "recipient": recipient},
    "key-add": {"member": name, "device": name, "key": ID, "recipient": recipient,
                "sealed": data(), "proof": data(64), "gives": ID},
    "key-remove": {"member": name, "device": name, "lost": boolean},
    "role-add": {"role": name},
    "role-remove": {"role": name},
    "role-join": {"role": name, "member": name, "gives": ID},
    "role-leave": {"role": name, "member": name},
    "grant": {"role": name, "pattern": pattern, "rights": rights, "gives": ID},
    "revoke": {"role": name, "pattern": pattern, "rights": rights},
    "epoch": {"audience": audience, "epoch": SHORT, "recipient": recipient, "kek": ID,
              "envelope": ID, "skipped": optional(skipped)},
    "reseal": {"audience": audience, "epoch": SHORT, "envelope": ID, "skipped": optional(skipped)},
    "setting": {"key": text(REASON), "value": text(VALUE)},
    "rebase": {"head": ID},
    "checkpoint": {"entry": ID, "closed": ID, "open": ids(), "segment": ID, "entries": integer},
    "threshold": {"owners": integer},
}
_some_ids, _objects, _adopts = optional(ids(least=1)), ids(least=1), optional(adopted)
LOG_OPS = {
    "put": {"secret": full_name, "body": ID, "wrap": ID, "expires": optional(integer),
            "replaces": _some_ids, "same": _some_ids, "adopts": _adopts},
    "field": {"secret": full_name, "field": checked(field_name, "field"),
              "value": optional(text(VALUE)), "adopts": _adopts},
    "resolve": {"secret": full_name, "object": ID, "adopts": _adopts},
    "restore": {"secret": full_name, "objects": _objects, "adopts": _adopts},
    "remove": {"secret": full_name, "objects": _objects, "adopts": _adopts},
    "expire": {"secret": full_name, "object": ID, "at": optional(integer), "adopts": _adopts},
    "prune": {"secret": full_name, "objects": _objects},
    "rewrap": {"secret": full_name, "object": ID, "wrap": ID},
    "pending": {"secret": full_name, "nonce": optional(SHORT), "rotation": optional(SHORT), "base": optional(ID),
                "body": optional(ID), "wrap": optional(ID), "expires": optional(integer)},
    "rollout": {"secret": full_name, "rotation": SHORT, "share": share},
    "abort": {"secret": full_name, "rotation": SHORT, "adopts": _adopts},
    "retire": {"secret": full_name, "objects": _objects, "adopts": _adopts},
    "promote": {"secret": full_name, "rotation": SHORT, "object": ID, "replaces": _some_ids, "adopts": _adopts},
    "join": {},
    "checkpoint": {"segment": ID, "heads": ids()},
}


def ops(forms):
    def read(value):
        require(type(value) is list and 1 <= len(value) <= MOST_OPS, "ops")
        return [_op(op, forms) for op in value]
    return read


def _op(op, forms):
    require(isinstance(op, Pairs) and len(op) == 1, "op", "one key, its kind")
    kind, body = op[0]
    require(kind in forms, "op", f"unknown kind {kind!r}"[:80])
    out = {"op": kind, **form(body, forms[kind])}
    if kind == "key-add":
        out["key_id"] = signing.key_id(out["key"])
    if kind == "pending":
        require(_is_whole(out), "keys", "it begins upon a base, or adds a version to a rotation")
    return out


def _is_whole(pending):
    """Whether it begins a rotation, with a version or without, which is an intent; or adds a version to one."""
    stated = [pending[key] is not None for key in ("body", "wrap")]
    begins = [pending["nonce"] is not None, pending["base"] is not None]
    if pending["rotation"] is not None:
        return all(stated) and not any(begins)
    return all(begins) and (all(stated) or not any([*stated, pending["expires"] is not None]))


def _signature(value):
    return form(value, {"key": ID, "alg": one_of("ed25519"), "sig": data(64)})


def _signatures(value):
    require(type(value) is list and 1 <= len(value) <= MOST_SIGS, "signatures")
    out = [_signature(v) for v in value]
    keys = [s["key"] for s in out]
    require(keys == sorted(set(keys)), "order", "signatures are ordered by key, none twice")
    return out


def _previous(value):
    return b"" if value == "" else decode(value, 32)


@dataclass
class Entry:
    """An entry of the policy or of the log, with its id."""
    id: bytes
    line: str
    fields: dict

    def __getattr__(self, key):
        try:
            return self.__dict__["fields"][key]
        except KeyError:
            raise AttributeError(key) from None


@lru_cache(KEPT)
def policy_entry(line):
    fields = form(load(line), {
        "seq": integer, "prev": _previous, "ts": integer, "heads": ids(MOST_HEADS),
        "ops": ops(POLICY_OPS), "reason": text(REASON), "sigs": _signatures})
    return Entry(H("policy entry", line[:line.rindex(',"sigs":')] + "}"), line, fields)


@lru_cache(KEPT)
def log_entry(line, vault):
    """A log entry; `vault` is the id in the header, with which the objects that it puts are derived."""
    fields = form(load(line), {
        "parents": ids(MOST_HEADS), "lamport": integer, "policy": ID, "actor": name, "key": ID,
        "ts": integer, "ops": ops(LOG_OPS), "reason": text(REASON), "sig": data(64)})
    origin = keys.origin(fields["parents"])
    for op in fields["ops"]:
        if op["op"] in ("put", "pending"):
            _derive(op, keys.secret_uid(vault, op["secret"]), fields["key"], origin)
    return Entry(H("log entry", line[:line.rindex(',"sig":')] + "}"), line, fields)


def _derive(op, uid, author, origin):
    """Adds the object that a body comes to, and the rotation that a nonce does."""
    if op["body"] is not None:  # a pending without one is an intent
        op["object"] = keys.derived_id(uid, author, origin, op["expires"], op["body"])
    if op.get("nonce") is not None:
        op["rotation"] = keys.rotation_id(uid, author, origin, op["base"], op["nonce"])


_SEAL = {"slot": SHORT, "member": name, "label": text(REASON), "kind": one_of("passphrase"),
         "recipient": recipient, "m": integer, "t": integer, "p": integer, "salt": data(16),
         "nonce": data(24), "commitment": ID, "ciphertext": data(), "key": ID, "sig": data(64)}
_REMOVED = {"slot": SHORT, "member": name, "key": ID, "sig": data(64)}


@lru_cache(KEPT)
def slot_record(line):
    """A slot record as a dict, with `op` and `id`, the hash that its signature covers."""
    pairs = load(line)
    require(len(pairs) == 1 and pairs[0][0] in ("seal", "removed"), "slot")
    kind, body = pairs[0]
    record = {"op": kind, **form(body, _SEAL if kind == "seal" else _REMOVED)}
    if kind == "seal":
        fit = 19456 <= record["m"] <= 1048576 and 2 <= record["t"] <= 10 and 1 <= record["p"] <= 8
        require(fit, "slot-cost")
        require(forms.looks_x25519(record["recipient"]), "slot-recipient")
    record["id"] = H("slot", line[:line.rindex(',"sig":')] + "}}")
    return record
