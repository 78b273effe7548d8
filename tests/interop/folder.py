#!/usr/bin/env python3
"""Compares the v-secure program with the Python implementation on the vault files of a folder.

FOLDER has NAME.toml files, and `identities.json`, an age identity for each member. Of each file are compared what
agree.py compares of a mutant: the verdict, the codes, the state, and what `get` gives of the secrets. The
forgeries (`fixtures/forgeries`) are such a folder, and so is what the campaign writes
(`V_SECURE_CAMPAIGN_OUT=FOLDER cargo test -p v-secure-core --lib campaign`). Exit 1 on any disagreement.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pyrage

from agree import ANYTHING, Program, _pin, compare, read
from vsecure.verify import verdict, verify

def one(job):
    """(the class of what Python says, the problems) of a file."""
    path, args, identities = job
    raw, rng = path.read_bytes(), random.Random(path.name)
    with tempfile.TemporaryDirectory() as folder:
        program = Program(args.binary and args.binary.resolve(), args.verdict and args.verdict.resolve(), Path(folder))
        vault = verify(raw)
        ours, pin = verdict(vault), _pin(raw)
        program.take(raw)
        problems = compare(ANYTHING, ours, *program.judge(pin))
        if program.binary and vault.chain:
            source = SimpleNamespace(identities=identities, vault=vault, beside={}, head=vault.chain.states[-1])
            problems += read(program, raw, source, vault, rng, pin)
        if program.path.read_bytes() != raw:
            problems.append("a command that reads changed the file")
    code = ours.get("code") or ours["verdict"]
    return code, [f"{path.name} [{code}] {problem}" for problem in problems]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--binary", type=Path, help="the program")
    which.add_argument("--verdict", type=Path, help="examples/verdict.rs, built: the library alone")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    text = json.loads((args.folder / "identities.json").read_text())
    identities = {name: pyrage.x25519.Identity.from_str(identity.strip()) for name, identity in text.items()}
    jobs = [(path, args, identities) for path in sorted(args.folder.glob("*.toml"))]
    counts, bad = Counter(), 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for code, problems in pool.map(one, jobs):
            counts[code] += 1
            bad += bool(problems)
            for problem in problems:
                print(problem, flush=True)
    print(f"{len(jobs)} files: {dict(counts.most_common())}; {bad} files disagree")
    return 1 if bad or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
