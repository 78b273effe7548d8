#!/usr/bin/env python3
"""Compares the v-secure program with the Python implementation on mutants of a vault.

For each mutant: the verdict of `audit verify` (ok, refused, merged as text, with marks of a conflict), its finding
codes and the state; and what `get` gives of every secret to a member, a value or the reason why not. Each way to
make a mutant comes once, then ways by chance. Exit 1 on any disagreement: between the two, or with what a mutant is
known to be. KEYS is the JSON that make_sample.py describes.
"""

import argparse
import json
import multiprocessing
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from mutants import attempt, drawn
from mutating.source import WAYS, Source, closed
from vsecure.copies import fix_copies
from vsecure.encoding import H, encode
from vsecure.errors import Refused
from vsecure.file import parse, render
from vsecure.reading import get
from vsecure.verify import verdict, verify

FAILED, CONFLICT = 1, 7
WORDS = {0: "ok", 6: "refused"}
MERGED, UNMERGED, MISSING = "merged-as-text", "unmerged", "history-missing"
# The exit codes of `get` that fit each word. The format states those of a file that is not read; why a member
# has no value of one that is, is the program's to say.
NO_VALUE = {3, 4, 5, 8}
CODES = {"value": {0}, MISSING: {CONFLICT}, "refused": {6}, "needs-newer": {1}, "damaged": {6, *NO_VALUE},
         MERGED: {CONFLICT}, UNMERGED: {CONFLICT}}
# The verdicts that fit what a mutant is known to be. What is refused is not taken for git's work.
EXPECTED = {"accept": {"ok"}, "refuse": {"refused", "needs-newer"}, "mend": {MERGED}, "unfinished": {UNMERGED},
            "stop": {"refused", "needs-newer", MERGED}, "git": {"ok", MERGED, UNMERGED}}
# Warnings and notices of section 7; the program tells others too, of pins and the like.
ATTENTION = {"conflict", "removal-conflict", "expiry-conflict", "prune-beside-expire", "overruled",
             "void-changes-value", "split", "unsettled", "superseded-epoch", "audience-due", "expired", "void",
             "slot-stale", "recipient-skipped", "rotation-contested", "rotation-stale", "rotation-divided",
             "retired-active", "rotation-void", "rotation-left"}


ANYTHING = SimpleNamespace(expect=None)


class Program:
    """The program, or examples/verdict.rs, in a folder that holds one mutant at a time. Each run has a home of
    its own: neither a pin of the machine's user nor what an earlier run found has a say."""

    def __init__(self, binary, example, folder):
        self.binary, self.example, self.folder = binary, example, folder
        self.path, self.homes, self.runs = folder / "vault.toml", folder / "homes", 0

    def take(self, raw, beside=None):
        shutil.rmtree(self.homes, ignore_errors=True)
        self.homes.mkdir(parents=True)
        self.path.write_bytes(raw)
        shutil.rmtree(self.folder / "history", ignore_errors=True)
        for name, text in (beside or {}).items():
            (self.folder / "history").mkdir(exist_ok=True)
            (self.folder / "history" / name).write_bytes(text)

    def run(self, args, **env):
        self.runs += 1
        home = self.homes / str(self.runs)
        home.mkdir()
        # In CI no command prunes on the side.
        env = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "XDG_CACHE_HOME": home,
               "PATH": "/usr/bin:/bin", "V_SECURE_NO_INPUT": "1", "CI": "1", **env}
        return subprocess.run(args, capture_output=True, timeout=300, check=False, env=env, cwd=home)

    def judge(self, pin):
        """("ok" | "refused" | "needs-newer" | "merged-as-text" | "unmerged" | "exit N", the program's JSON or {})."""
        args = [self.example, self.path] if self.example else [
            self.binary, "audit", "verify", "--json", "--state", "--vault", self.path]
        run = self.run(args, **pin)
        word = WORDS.get(run.returncode, f"exit {run.returncode}")
        if run.returncode == FAILED and b'"needs-newer"' in run.stdout + run.stderr:
            word = "needs-newer"
        if run.returncode == CONFLICT and f'"{UNMERGED}"'.encode() in run.stderr:
            word = UNMERGED
        try:
            report = json.loads(run.stdout)
        except ValueError:
            return word, {}
        if run.returncode == CONFLICT and _codes(report) == [MISSING]:
            word = MISSING
        alone = [(f.get("severity"), f["code"]) for f in report.get("findings", ())] == [("error", MERGED)]
        return MERGED if run.returncode == CONFLICT and alone else word, report

    def get(self, name, member, identity, pin):
        """(exit code, what is printed, what is said)."""
        own = self.folder / f"{member}.txt"
        if not own.exists():
            own.touch(0o600)
            own.write_text(f"{identity}\n")
        run = self.run([self.binary, "get", name, "--vault", self.path], V_SECURE_IDENTITY_FILE=str(own), **pin)
        return run.returncode, run.stdout, run.stderr


def compare(way, ours, theirs, report):
    """The disagreements of the verdicts on one mutant, as text."""
    word = ours["verdict"]
    out = []
    if way.expect is not None and word not in EXPECTED[way.expect]:
        out.append(f"known to be one to {way.expect}, Python says {word}")
    if theirs is not None and theirs != word:
        out.append(f"Python says {word}, the program {theirs} {_codes(report)}")
    if word == theirs == "ok":
        out += _states(ours["state"], report.get("state") or {}) + _findings(ours, report)
    if word == theirs == "refused" and "errors" in ours and ours["class"] in ("log", "objects", "slots", "copies"):
        if not set(ours["errors"]) & set(_codes(report)):
            out.append(f"Python refuses for {ours['errors']}, the program for {_codes(report)}")
    return out


def _codes(report):
    return sorted({f["code"] for f in report.get("findings", ()) if f.get("severity") == "error"})


def _findings(ours, report):
    def of_secret(found):
        return found["subject"].split("@")[0] if found.get("kind") in ("secret", "object", "wrap") else ""
    stated = [f for f in report.get("findings", ()) if f["code"] in ATTENTION]
    if any("kind" not in f for f in stated):
        return []
    two = Counter((f["severity"], f["code"], of_secret(f)) for f in stated)
    one = Counter((severity, code, subject if "/" in subject else "") for severity, code, subject in ours["findings"])
    return [f"findings: only Python's {dict(one - two)}, only the program's {dict(two - one)}"] if one != two else []


def _states(ours, theirs):
    """`theirs` may leave secrets out that have nothing current, and what it does not state."""
    out = []
    for key in ("current", "candidates", "fields", "pending", "share", "previous"):
        stated = any(key in s for s in theirs.values())
        one = {name: s[key] for name, s in ours.items() if s[key]}
        two = {name: s[key] for name, s in theirs.items() if s.get(key)}
        if stated and one != two:
            out.append(f"{key} differ: {one} and {two}")
    return out


def read(program, raw, source, vault, rng, pin):
    """The disagreements of `get` on every secret, each for a member who may read it, and for one by chance. The
    program may withhold what a member has keys for and no right to read."""
    out, head = [], vault.chain.states[-1] if vault.chain else source.head
    members = sorted(source.identities)
    for name in sorted(source.vault.secrets):
        readers = [m for m in members if m in head.members and head.holds(m, "read", name)]
        for member in {rng.choice(readers or members)} | ({rng.choice(members)} if rng.random() < 0.2 else set()):
            identity = source.identities[member]
            word, detail = get(raw, name, member, identity, time.time(), source.beside)
            code, printed, said = program.get(name, member, identity, pin)
            withheld = word == "value" and member not in readers and code in NO_VALUE and not printed
            right = code in CODES.get(word, NO_VALUE) and printed == (detail if word == "value" else b"")
            if not right and not withheld:
                out.append(f"get {name} for {member}: Python {word} {detail!r}, "
                           f"the program {code} {printed!r} {said[:300].decode(errors='replace')}")
    return out


def _pin(raw):
    """A pin of the genesis that the file has, so that nothing is a first use."""
    line = next((line for line in raw.split(b"\n") if line.startswith(b'{"seq":0,')), b"")
    body, mark, _ = line.rpartition(b',"sigs":')
    found = encode(H("policy entry", body + b"}"))
    return {"V_SECURE_PIN": f"v-secure-pin-1.{found}.0.{found}"} if mark else {}


class Judge:
    """One process of the pool."""

    def __init__(self, args):
        self.args = args
        keys = json.loads(args.keys.read_text())
        older = parse(args.older.read_bytes()) if args.older else None
        self.source = Source(args.vault.read_bytes(), older, keys)
        if args.closed:
            self.source = closed(self.source, random.Random(args.seed))
        folder = Path(tempfile.mkdtemp(dir=args.work))
        self.program = Program(args.binary and args.binary.resolve(), args.verdict and args.verdict.resolve(), folder)
        self.ways = [w for w in WAYS if args.only in w.kind]

    def one(self, number):
        """(what Python says of mutant `number`, its problems); None where it cannot be made."""
        rng = random.Random(f"{self.args.seed}:{number}")
        way = self.ways[number] if number < len(self.ways) else drawn(self.ways, rng)
        made = self._made(way, rng)
        if made is None:
            return None
        raw, description = made
        # Some are read without what lies beside the vault; nothing is known then of what they are.
        hidden = self.args.closed and rng.random() < 0.2
        self.source.beside, kept = {} if hidden else self.source.beside, self.source.beside
        try:
            return self._judged(raw, way if not self.args.closed else ANYTHING, way.kind, description, rng, number)
        finally:
            self.source.beside = kept

    def _made(self, way, rng):
        if not self.args.closed:
            return attempt(self.source, way, rng)
        try:
            made = attempt(self.source, way, rng)
        except (LookupError, TypeError):  # some ways take it that all versions are in the file
            return None
        try:  # what a way cannot know: what is active where the file alone does not tell
            return made and (render(fix_copies(parse(made[0]), self.source.beside)).encode(), made[1])
        except Refused:
            return made

    def _judged(self, raw, way, kind, description, rng, number):
        vault = verify(raw, history=self.source.beside)
        ours, pin, problems = verdict(vault), _pin(raw), []
        if self.program.binary or self.program.example:
            self.program.take(raw, self.source.beside)
            problems = compare(way, ours, *self.program.judge(pin))
            if self.program.binary:
                problems += read(self.program, raw, self.source, vault, rng, pin)
            if self.program.path.read_bytes() != raw:
                problems.append("a command that reads changed the file")
        else:
            problems = compare(way, ours, None, {})
        if problems and self.args.keep:
            (self.args.keep / f"{number:05}.vault").write_bytes(raw)
        why = f" ({ours['class']}/{ours['code']} {ours['detail']})" if "class" in ours else ""
        return ours.get("class", ours["verdict"]), [f"{number} [{kind}: {description}] {p}{why}" for p in problems]


_JUDGE = None


def _start(args):
    global _JUDGE
    _JUDGE = Judge(args)


def _one(number):
    return _JUDGE.one(number)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vault", type=Path)
    parser.add_argument("--older", type=Path, help="an older copy of the vault, to replay parts of")
    parser.add_argument("--keys", type=Path, required=True)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--binary", type=Path, help="the program; without any, Python stands alone")
    which.add_argument("--verdict", type=Path, help="examples/verdict.rs, built: the library alone")
    parser.add_argument("--closed", action="store_true", help="close the vault's history first, by an owner")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="kinds of mutants with this in their name")
    parser.add_argument("--keep", type=Path, help="a folder for the mutants on which something disagrees")
    return parser.parse_args()


def main():
    args = arguments()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    counts, bad, unmade = Counter(), 0, 0
    with tempfile.TemporaryDirectory() as args.work, multiprocessing.Pool(args.jobs, _start, (args,)) as pool:
        for result in pool.imap_unordered(_one, range(args.count), chunksize=8):
            if result is None:
                unmade += 1
                continue
            word, problems = result
            counts[word] += 1
            bad += bool(problems)
            for problem in problems:
                print(problem, flush=True)
    print(f"{sum(counts.values())} files: {dict(counts)}; {unmade} not made; {bad} files disagree")
    return 1 if bad or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
