#!/usr/bin/env python3
"""Compares the v-secure program with the Python verifier on a directory of mutants.

Exit 1 on any disagreement: between the two, or with what the manifest expects.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from vsecure.verify import verdict, verify

ACCEPTED, FAILED, REFUSED = 0, 1, 6


def program(binary, path):
    """("ok" | "refused" | "exit N", the program's JSON or {})."""
    run = subprocess.run([binary, "audit", "verify", "--vault", path, "--json", "--state"],
                         capture_output=True, timeout=60, check=False)
    if run.returncode == FAILED and b'"code":"needs-newer"' in run.stderr:
        # The program judges no file that states a requirement which it does not know.
        return "refused", {}
    words = {ACCEPTED: "ok", REFUSED: "refused"}.get(run.returncode, f"exit {run.returncode}")
    try:
        return words, json.loads(run.stdout)
    except ValueError:
        return words, {}


def compare(mutant, ours, theirs, report):
    """The disagreements on one mutant, as text."""
    word = ours["verdict"]
    expect = {"accept": "ok", "refuse": "refused"}.get(mutant["expect"])
    out = []
    if expect and word != expect:
        out.append(f"the manifest expects {expect}, Python says {word}")
    if theirs is not None and theirs != word:
        out.append(f"Python says {word}, the program {theirs}")
    stated = report.get("state") if word == theirs == "ok" else None
    if isinstance(stated, dict):
        out += _states(ours["state"], stated)
    return out


def _states(ours, theirs):
    """`theirs` may leave secrets out that have nothing current."""
    current = {name: s["current"] for name, s in ours.items() if s["current"]}
    other = {name: s.get("current") for name, s in theirs.items() if s.get("current")}
    return [] if current == other else [f"current versions differ: {current} and {other}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", help="the program; without it only the manifest is compared")
    parser.add_argument("--mutants", type=Path, required=True)
    args = parser.parse_args()
    counts, bad = Counter(), 0
    for line in (args.mutants / "manifest.jsonl").read_text().splitlines():
        mutant = json.loads(line)
        path = args.mutants / mutant["file"]
        ours = verdict(verify(path.read_bytes()))
        theirs, report = program(args.binary, str(path)) if args.binary else (None, {})
        counts[ours.get("class", "ok")] += 1
        for problem in compare(mutant, ours, theirs, report):
            bad += 1
            print(f"{mutant['file']} [{mutant['kind']}: {mutant['description']}] {problem}"
                  + (f" ({ours['class']}/{ours['code']} {ours['detail']})" if "class" in ours else ""))
    print(f"{sum(counts.values())} files: {dict(counts)}; {bad} disagreements")
    return 1 if bad or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
