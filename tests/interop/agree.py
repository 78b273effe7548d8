#!/usr/bin/env python3
"""Compares the v-secure program with the Python verifier on a directory of mutants.

Exit 1 on any disagreement: between the two, or with what the manifest expects. A file that needs a
newer version is a verdict of its own: both must say so.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from vsecure.verify import verdict, verify

FAILED = 1
WORDS = {0: "ok", 6: "refused"}
AUDIT = ["audit", "verify", "--json", "--state", "--vault"]


def program(command, path):
    """("ok" | "refused" | "needs-newer" | "exit N", the program's JSON or {})."""
    # A home of its own: no pin of the machine's user may have a say.
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "PATH": "/usr/bin:/bin"}
        run = subprocess.run([*command, path], capture_output=True, timeout=120, check=False, env=env, cwd=home)
    words = WORDS.get(run.returncode, f"exit {run.returncode}")
    if run.returncode == FAILED and (b'"needs-newer"' in run.stdout + run.stderr):
        words = "needs-newer"
    try:
        return words, json.loads(run.stdout)
    except ValueError:
        return words, {}


def compare(mutant, ours, theirs, report):
    """The disagreements on one mutant, as text."""
    word = ours["verdict"]
    expect = {"accept": True, "refuse": False}.get(mutant["expect"])
    out = []
    if expect is not None and (word == "ok") != expect:
        out.append(f"the manifest expects to {mutant['expect']}, Python says {word}")
    if theirs is not None and theirs != word:
        out.append(f"Python says {word}, the program {theirs}")
    stated = report.get("state") if word == theirs == "ok" else None
    if isinstance(stated, dict):
        out += _states(ours["state"], stated)
    return out


def _states(ours, theirs):
    """`theirs` may leave secrets out that have nothing current, and what it does not state."""
    out = []
    for key in ("current", "candidates", "fields"):
        stated = any(key in s for s in theirs.values())
        one = {name: s[key] for name, s in ours.items() if s[key]}
        two = {name: s[key] for name, s in theirs.items() if s.get(key)}
        if stated and one != two:
            out.append(f"{key} differ: {one} and {two}")
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--binary", type=Path, help="the program; without any, only the manifest is compared")
    which.add_argument("--verdict", type=Path, help="examples/verdict.rs, built: the library alone")
    parser.add_argument("--mutants", type=Path, required=True)
    args = parser.parse_args()
    command = [args.binary.resolve(), *AUDIT] if args.binary else [args.verdict.resolve()] if args.verdict else None
    counts, bad = Counter(), 0
    for line in (args.mutants / "manifest.jsonl").read_text().splitlines():
        mutant = json.loads(line)
        path = args.mutants / mutant["file"]
        ours = verdict(verify(path.read_bytes()))
        theirs, report = program(command, str(path.resolve())) if command else (None, {})
        counts[ours.get("class", ours["verdict"])] += 1
        problems = compare(mutant, ours, theirs, report)
        bad += bool(problems)
        for problem in problems:
            print(f"{mutant['file']} [{mutant['kind']}: {mutant['description']}] {problem}"
                  + (f" ({ours['class']}/{ours['code']} {ours['detail']})" if "class" in ours else ""))
    print(f"{sum(counts.values())} files: {dict(counts)}; {bad} files disagree")
    return 1 if bad or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
