"""The files beside the vault that hold closed history (section 11, "Beside the file"), and the whole vault.

`history` is what lies in that folder: {name: bytes}.
"""

import copy
import re

from . import keys, rules
from .encoding import H, decode, encode
from .errors import HistoryMissing, Refused
from .file import MOST_FILE, Lines, Secret, render_version, version, wrap, wrap_lines
from .recent import named
from .records import log_entry
from .rules import require

# A wrap stands by itself here and says what it is of: its version may be in the file.
_HEAD = re.compile(r'\[\[secret\."([^"]*)"\.(version|wrap)\]\]')


def load(folder):
    """What the folder holds, if it is there."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".log", ".versions")} \
        if folder.is_dir() else {}


def checkpoints(chain):
    """(position, op) of each checkpoint of the chain."""
    return [(at, op) for at, entry in enumerate(chain.entries) for op in entry.ops if op["op"] == "checkpoint"]


def segment(entries):
    """The text of a segment, of entries in any order."""
    return "".join(entry.line + "\n" for entry in sorted(entries, key=_order)).encode()


def segment_id(text):
    return H("segment", text)


def read_segment(history, found, vault):
    """The entries of a segment, in their order."""
    text = history.get(found.hex() + ".log")
    if text is None:
        raise HistoryMissing(f"{found.hex()}.log")
    if len(text) > MOST_FILE or segment_id(text) != found:
        raise Refused("history", "segment-wrong", found.hex())
    lines = text.decode().split("\n")
    require(lines.pop() == "", "line-ends", "a segment")
    entries = [log_entry(line, vault) for line in lines]
    require(entries == sorted(entries, key=_order), "order", "entries of a segment")
    return entries


def is_there(chain, history):
    """Whether the segments of all checkpoints are."""
    return all(op["segment"].hex() + ".log" in history for _, op in checkpoints(chain))


def _order(entry):
    return entry.lamport, entry.id


def versions_text(secrets):
    """The text of the versions and wraps that were left out: {uid: Secret}."""
    lines = []
    for secret in secrets.values():
        for version_ in secret.versions.values():
            lines += render_version(secret.name, version_)
        for found in secret.wraps.values():
            lines += ["", f'[[secret."{secret.name}".wrap]]', f'version = "{encode(found["version"])}"', *wrap_lines(found)]
    return "".join(f"{line}\n" for line in lines).encode()


def read_versions(text, vault):
    """{uid: Secret} of all that can be read; nothing signs it, and nothing in it is called active."""
    found = {}
    if len(text) > MOST_FILE:
        return found
    lines = Lines(text.decode("utf-8", "replace").split("\n"))
    while lines.left:
        start = lines.at
        try:
            _take_section(lines, found, vault)
        except Refused:
            lines.at = start + 1
    return found


def _take_section(lines, found, vault):
    head = _HEAD.fullmatch(lines.take())
    require(head and rules.is_full_name(head[1]), "layout", "no head of a version or wrap")
    name, uid = head[1], keys.secret_uid(vault, head[1])
    if head[2] == "version":
        one, _ = version(lines)
        found.setdefault(uid, Secret(name, [])).versions[keys.object_id(uid, one)] = one
    else:
        one = wrap(lines, decode(lines.value("version"), 32))
        found.setdefault(uid, Secret(name, [])).wraps[keys.wrap_id(one)] = one


def whole(file, log, chain, history):
    """(file, log) of the whole vault: with the entries that were closed, and what was left out with them."""
    log, sections = dict(log), {}
    for _, op in checkpoints(chain):
        for entry in read_segment(history, op["segment"], chain.vault):
            log[entry.id] = min(log.get(entry.id, entry), entry, key=lambda one: one.sig)
        for uid, secret in read_versions(history.get(op["segment"].hex() + ".versions", b""), chain.vault).items():
            _unite(sections.setdefault(uid, Secret(secret.name, [])), secret)
    file = copy.copy(file)
    file.closed, file.secrets = None, copy.deepcopy(file.secrets)
    _bring_back(file, sections, log)
    file.log = [log[found].line for found in sorted(log)]
    return file, log


def _unite(secret, more):
    secret.versions.update(more.versions)
    secret.wraps.update(more.wraps)


def _bring_back(file, sections, log):
    """Adds to the file what its entries name; a wrap of a version that is gone has no place in it."""
    names = {}
    for entry in log.values():
        for op in entry.ops:
            names.setdefault(op.get("secret"), set()).update(named(op))
    for uid, more in sections.items():
        known, there = names.get(more.name, set()), file.secrets.get(uid, Secret(more.name, []))
        versions = {**{found: one for found, one in more.versions.items() if found in known}, **there.versions}
        wraps = {found: one for found, one in more.wraps.items()
                 if (one["version"], found) in known and one["version"] in versions}
        if versions:
            there.versions, there.wraps = dict(sorted(versions.items())), dict(sorted({**wraps, **there.wraps}.items()))
            file.secrets[uid] = there
    file.secrets = dict(sorted(file.secrets.items()))
