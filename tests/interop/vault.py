#!/usr/bin/env python3
"""Reads v-secure vault files without the v-secure program.

Use it to check a vault, or to get your secrets out of one if the program is not at hand. It never
writes to the vault. You need Python 3.11, the packages of requirements.txt and, to read values, your
age identity file (the one with a line that begins with AGE-SECRET-KEY-1).
"""

import argparse
import getpass
import json
import sys
import time
from pathlib import Path

from vsecure import history, keys, reading, vectors
from vsecure.encoding import encode
from vsecure.errors import Conflict, HistoryMissing, NeedsNewer, Refused
from vsecure.keys import Unopened
from vsecure.records import slot_record
from vsecure.verify import verdict, verify

OK, FAILED, REFUSED, CONFLICT = 0, 1, 6, 7
ADVICE = {
    "format": "The text of the file was changed or cut by something that is not v-secure.",
    "policy": "The chain of signed policy entries does not hold.",
    "log": "The signed log does not hold.",
    "objects": "A sealed value or key is missing, or is not the one that was signed.",
    "slots": "A passphrase slot does not hold.",
    "copies": "A readable copy in the file differs from what the signed entries say.",
    "history": "The folder `history` beside the file is not there, or not whole: nothing is said of what is closed.",
}

GIT = {
    "unmerged": "git left the marks of a conflict in it: the merge is not finished.",
    "merged-as-text": "git merged it as text: its records are whole, and what follows from them is out of date.",
}

NEWER = "The file asks for something that only a newer v-secure has; it is not judged here."


def advice(finding):
    if finding.code == "needs-newer":
        return NEWER
    return f"{GIT[finding.code]} `v-secure git resolve` mends it." if finding.code in GIT else ADVICE[finding.kind]


def code_of(finding):
    """The exit code that tells what kind of finding it is."""
    kinds = {NeedsNewer: FAILED, Conflict: CONFLICT, HistoryMissing: CONFLICT}
    return next((code for kind, code in kinds.items() if isinstance(finding, kind)), REFUSED)


class Stop(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def say(message):
    print(message, file=sys.stderr)


def load(path):
    try:
        return verify(Path(path).read_bytes(), history=history.load(Path(path).parent / "history"))
    except OSError as error:
        raise Stop(FAILED, f"Cannot read {path}: {error.strerror}") from error


def load_trusted(args):
    vault = load(args.file)
    if not vault.finding:
        return vault
    if isinstance(vault.finding, HistoryMissing) and not vault.recent.missing:
        say(f"Note: {advice(vault.finding)}")
        return vault
    what = f"{args.file} does not verify.\n{advice(vault.finding)}\n  {vault.finding}"
    if getattr(args, "unverified", False) and vault.secrets:
        say(f"Warning: {what}\nReading on, as --unverified says: somebody may have put these values there.")
        return vault
    raise Stop(code_of(vault.finding), f"{what}\nAn older copy of the file (for example in git) may be whole.")


def reader(args, vault):
    try:
        return reading.Reader(vault, reading.identities(Path(args.identity).read_text()))
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(FAILED, f"Cannot read the identity file {args.identity}: {error}") from error


def command_verify(args):
    vault = load(args.file)
    result = verdict(vault)
    if args.json:
        print(json.dumps(result))
    elif vault.finding:
        told = vault.finding.detail if result["verdict"] == vault.finding.code else str(vault.finding)
        print(": ".join(filter(None, [result["verdict"], told])) + f"\n{advice(vault.finding)}")
    else:
        print(f"ok: {len(vault.secrets)} secrets, {len(vault.void)} void entries")
        for notice in vault.notices:
            print(f"note: {notice}")
    return code_of(vault.finding) if vault.finding else OK


def command_list(args):
    for state in load_trusted(args).secrets.values():
        if state.candidates:
            print(state.name + (" (in conflict)" if len(state.candidates) > 1 else ""))
    return OK


def command_get(args):
    vault = load_trusted(args)
    if args.name in vault.behind:
        raise Stop(CONFLICT, f"{args.name} needs the history folder, which is not beside the file.")
    state = vault.secrets.get(args.name)
    if state is None or not state.versions:
        raise Stop(FAILED, f"The vault has no secret {args.name}. `list` shows the names.")
    try:
        found = reading.version_of(state, args.version) if args.version else _current(state)
    except Refused as error:
        raise Stop(FAILED, "--version takes a number from 1, or an object id of 43 characters.") from error
    sys.stdout.buffer.write(reader(args, vault).value(args.name, found))
    return OK


def _current(state):
    if state.current is None:
        raise Stop(FAILED, f"{state.name} was removed. --version can still name one of its versions.")
    expires = state.versions[state.current].expires
    if expires is not None and time.time() >= expires:
        raise Stop(FAILED, f"The current version of {state.name} is expired. --version can still name it.")
    if len(state.candidates) > 1:
        say(f"Note: {state.name} has {len(state.candidates)} versions in conflict; this is the one with the highest number.")
    return state.current


def command_dump(args):
    vault = load_trusted(args)
    source, out, left = reader(args, vault), {}, 0
    for state in vault.secrets.values():
        for version in state.versions.values():
            try:
                value = source.value(state.name, version.object)
            except Unopened as error:
                say(f"{state.name}: {error}")
                left += 1
                continue
            item = {"version": encode(version.object), "current": version.object == state.current}
            try:
                item["text"] = value.decode()
            except UnicodeDecodeError:
                item["base64url"] = encode(value)
            out.setdefault(state.name, []).append(item)
    print(json.dumps(out, indent=1))
    if left:
        say(f"{left} versions could not be opened.")
    return OK


def command_identity(args):
    vault = load_trusted(args)
    records = map(slot_record, vault.file.slots.values())
    seals = [r for r in records if r["op"] == "seal" and r["member"] == args.member]
    if not seals:
        raise Stop(FAILED, f"The vault has no passphrase slot of {args.member}.")
    for seal in seals:
        say(f"slot {encode(seal['slot'])}: {seal['label']!r}")
    passphrase = getpass.getpass("Passphrase: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    for seal in seals:
        try:
            print(keys.open_slot(vault.chain.vault, seal, passphrase))
            return OK
        except Unopened:
            continue
    raise Stop(FAILED, "The passphrase opens none of these slots.")


def command_vectors(args):
    failures, count = vectors.check(json.loads(Path(args.file).read_text()))
    for failure in failures:
        print(failure)
    print(f"{count - len(failures)} of {count} vectors agree")
    return FAILED if failures or not count else OK


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name, run, text):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", metavar="FILE", help="the vault file" if name != "vectors" else "the vectors")
        command.set_defaults(run=run)
        return command
    add("verify", command_verify, "check the file; no key is needed").add_argument("--json", action="store_true")
    add("list", command_list, "list the names of the secrets; no key is needed")
    get = add("get", command_get, "write one value to standard output, exactly as it was stored")
    get.add_argument("name", metavar="NAME", help="ENVIRONMENT/NAME")
    get.add_argument("--version", metavar="ID", help="a version number or object id; without it, the current one")
    dump = add("dump", command_dump, "write every value that your identity opens, as JSON, in plain text")
    slot = add("identity", command_identity, "ask for the passphrase of a member's slot and write the identity in it")
    slot.add_argument("member", metavar="MEMBER", help="whose slot")
    for command in (get, dump):
        command.add_argument("--identity", metavar="FILE", required=True, help="your age identity file")
        command.add_argument("--unverified", action="store_true",
                             help="read on although the file does not verify (only if you know why)")
    add("vectors", command_vectors, "check test vectors")
    return parser.parse_args()


def main():
    args = arguments()
    try:
        return args.run(args)
    except Stop as stop:
        say(str(stop))
        return stop.code
    except Unopened as error:
        say(f"Cannot open it: {error}.")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
