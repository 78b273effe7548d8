#!/usr/bin/env python3
"""Which mistakes of a reader the tests of v-secure-core notice.

Builds one copy of the sources in WORK, in which each reader of readers.py stands beside the right one and is chosen by
a variable, and runs with each the campaign (crates/core/src/verify/tests/campaign) and then core's other tests. Nothing of
that is in the sources themselves. Prints a row for each: after how many cases the campaign fails, and which other test
does. Exit 1 if something is noticed by neither.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from readers import READERS

ROOT = Path(__file__).resolve().parents[2]
CORE = "crates/core/src"
VARIABLE = "V_SECURE_MUTANT"
SWITCH = f"""
/// Whether this mistake is made.
pub(crate) fn mutant(name: &str) -> bool {{
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(|| std::env::var("{VARIABLE}").ok()).as_deref() == Some(name)
}}
"""
CAMPAIGN = "verify::tests::campaign::"
FAILED = re.compile(r"^test (\S+) \.\.\. FAILED")


def copy(work):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source, target = ROOT / name, work / name
        if not source.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        # What is unchanged keeps its time, so that a second build is short.
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)


def spoil(work):
    """Puts every reader into the copy."""
    texts = {}
    for reader in READERS:
        path = work / CORE / reader.file
        text = texts.setdefault(path, (ROOT / CORE / reader.file).read_text())
        if text.count(reader.old) != 1:
            sys.exit(f"{reader.name}: stands {text.count(reader.old)} times in {reader.file}")
    for path in texts:
        of = [reader for reader in READERS if work / CORE / reader.file == path]
        texts[path] = spoilt(texts[path], of)
    lib = work / CORE / "lib.rs"
    texts[lib] = (ROOT / CORE / "lib.rs").read_text() + SWITCH
    for path, text in texts.items():
        if path.read_text() != text:
            path.write_text(text)


def spoilt(text, readers):
    for reader in readers:
        if reader.old not in text:
            sys.exit(f"{reader.name}: another reader changes the same place")
        on = f'crate::mutant("{reader.name}")'
        text = text.replace(reader.old, reader.new.replace("ON", on), 1)
    return text


def build(work, target):
    command = ["cargo", "test", "-p", "v-secure-core", "--lib", "--locked", "--release", "--no-run", "--target-dir", str(target)]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    found = re.search(r"Executable unittests src/lib.rs \((.*)\)", done.stderr)
    if done.returncode or not found:
        sys.exit(done.stderr[-4000:])
    # A path from the work folder, or a whole one.
    return work / found.group(1)


def run(program, work, name, arguments, seconds, **variables):
    """(whether a test failed, what was printed); ends with the first that fails, and what takes too long has failed."""
    environment = {**os.environ, VARIABLE: name, "PROPTEST_MAX_SHRINK_ITERS": "0", "RUST_BACKTRACE": "0", **variables}
    child = subprocess.Popen([program, *arguments], cwd=work / "crates/core", env=environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    alarm = threading.Timer(seconds, child.kill)
    alarm.start()
    printed = []
    with child:
        for line in child.stdout:
            printed.append(line)
            if FAILED.match(line):
                child.kill()
    alarm.cancel()
    return child.returncode != 0, "".join(printed)


def first_failure(printed):
    found = [match.group(1) for match in map(FAILED.match, printed.splitlines()) if match]
    return f"`{found[0]}`" if found else "runs too long"


def campaign(program, work, name, args):
    """After how many cases the campaign fails; the model alone is asked about a quarter as many."""
    test = CAMPAIGN + "what_is_accepted_is_what_was_written_or_allowed"
    failed, printed = run(program, work, name, [test, "--nocapture"], args.seconds, V_SECURE_CAMPAIGN_CASES=str(args.cases))
    if failed:
        after = re.search(r"^(\d+) cases: ", printed, re.M)
        return f"after {after.group(1)}" if after else "at once"
    failed, printed = run(program, work, name, [CAMPAIGN, "--skip", test, "--test-threads=1"], args.seconds,
                          V_SECURE_CAMPAIGN_CASES=str(max(args.cases // 4, 1)))
    return "honest histories" if failed else "no"


def rest(program, work, name, args):
    failed, printed = run(program, work, name, ["--skip", CAMPAIGN, "--test-threads=1"], args.seconds)
    return first_failure(printed) if failed else "no"


def judged(program, work, reader, args):
    seen = campaign(program, work, reader.name, args)
    other = "not asked" if args.quick and seen != "no" else rest(program, work, reader.name, args)
    return reader, seen, other


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="a folder for the copy; a second run builds less")
    parser.add_argument("--cases", type=int, default=300, help="of the campaign, for each reader")
    parser.add_argument("--seconds", type=int, default=600, help="for one run of tests")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="ask the other tests only where the campaign notices nothing")
    parser.add_argument("--only", help="readers with this in their names")
    return parser.parse_args()


def main():
    args = arguments()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    copy(work)
    spoil(work)
    program = build(work, work / "target")
    for what in [[CAMPAIGN], ["--skip", CAMPAIGN]]:
        failed, printed = run(program, work, "", what, args.seconds, V_SECURE_CAMPAIGN_CASES="20")
        if failed:
            sys.exit(f"the right reader fails:\n{printed[-3000:]}")
    chosen = [reader for reader in READERS if not args.only or args.only in reader.name]
    print("| a reader that does not look at | campaign | other tests |\n|---|---|---|", flush=True)
    unseen = []
    with ThreadPoolExecutor(args.jobs) as pool:
        asked = [pool.submit(judged, program, work, one, args) for one in chosen]
        for reader, seen, other in (done.result() for done in as_completed(asked)):
            print(f"| {reader.words} (`{reader.name}`) | {seen} | {other} |", flush=True)
            if (seen, other) == ("no", "no"):
                unseen.append(reader.name)
    print(f"{len(chosen)} readers; noticed by nothing: {', '.join(unseen) or 'none'}")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
