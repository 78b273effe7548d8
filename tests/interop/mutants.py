#!/usr/bin/env python3
"""Makes mutants of vaults: OUTDIR/0000.vault … and OUTDIR/manifest.jsonl.

A line of the manifest is {"file", "kind", "expect", "description", "source"}; `expect` is "accept", "refuse",
"mend" (merged as text), "unfinished" (with marks of a conflict), "stop" (refused or merged as text), "git" (what git
may leave, which is never refused), or null where only agreement counts. KEYS is the JSON that make_sample.py describes.
"""

import argparse
import itertools
import json
import random
import sys
from pathlib import Path

from mutating import (attacks, blends, chain, creators, credentials, crowds, entries, epochs, feigned, histories,  # noqa: F401
                      parts, rotating, sections, tales, text)  # they fill WAYS
from mutating.source import WAYS, NotHere, Source
from vsecure.errors import Refused
from vsecure.file import parse

TRIES, ATTEMPTS = 12, 60


def make(source, ways, rng, count):
    """Up to `count` different mutants: every way that works here at least once, then ways by chance."""
    seen = {source.raw}
    again = (drawn(ways, rng) for _ in range(TRIES * count))
    for way in itertools.chain(rng.sample(ways, len(ways)), again):
        if count <= 0:
            return
        made = attempt(source, way, rng)
        if made and made[0] not in seen:
            seen.add(made[0])
            count -= 1
            yield way, *made


def drawn(ways, rng):
    """A way by chance: histories and attacks more often than single changes."""
    return rng.choices(ways, [way.weight for way in ways])[0]


def attempt(source, way, rng):
    """A way may need some luck, for what it picks by chance; None if it has nothing to work on here."""
    for _ in range(ATTEMPTS):
        try:
            return way.make(source, rng)
        except (NotHere, Refused):  # Refused: the builder could not form such an entry
            continue
    return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--older", type=Path, help="an older copy of the vault, to replay parts of")
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400, help="mutants for all files together")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    rng, lines = random.Random(args.seed), []
    keys = json.loads(args.keys.read_text())
    older = parse(args.older.read_bytes()) if args.older else None
    for path in args.files:
        source = Source(path.read_bytes(), older, keys)
        for way, raw, description in make(source, WAYS, rng, args.count // len(args.files)):
            name = f"{len(lines):04}.vault"
            (args.out / name).write_bytes(raw)
            lines.append({"file": name, "kind": way.kind, "expect": way.expect,
                          "description": description, "source": path.name})
    (args.out / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    kinds = {line["kind"] for line in lines}
    print(f"{len(lines)} mutants of {len(kinds)} kinds; not made: "
          f"{sorted(w.kind for w in WAYS if w.kind not in kinds) or 'none'}", file=sys.stderr)
    return 0 if lines else 1


if __name__ == "__main__":
    sys.exit(main())
