#!/usr/bin/env python3
"""Compares the program with the Python implementation on vaults whose history is closed, and on what is done to them.

    closing_agree.py --binary PROGRAM --count 200 --seed 1 --jobs 2

Each history of closing_model.py is written out, as it is or changed by somebody without keys: entries dropped or
added back, another block, segments changed or gone; or with a block by owners who state another one than follows. Compared are the verdict, its codes, what every secret holds, and
what `get` gives of each. Exit 1 on any disagreement.
"""

import argparse
import dataclasses
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import closing_model
from agree import ANYTHING, CODES, NO_VALUE, Program, _pin, compare
from vsecure.closed import Closed
from vsecure.copies import fix_copies
from vsecure.errors import Refused
from vsecure.file import Secret, parse, render, render_secret
from vsecure.history import read_versions, versions_text
from vsecure.records import log_entry
from vsecure.reading import get
from vsecure.verify import verdict, verify

WAYS = {}


def way(change):
    """Marks a function (world, file, beside, rng) that changes the file or what lies beside it."""
    WAYS[change.__name__] = change
    return change


@way
def as_it_is(world, file, beside, rng):
    pass


@way
def hidden(world, file, beside, rng):
    beside.clear()


@way
def one_hidden(world, file, beside, rng):
    del beside[rng.choice(sorted(beside))]


@way
def spoilt(world, file, beside, rng):
    name = rng.choice(sorted(beside))
    text = bytearray(beside[name] or b"\n")
    text[rng.randrange(len(text))] ^= 1
    beside[name] = bytes(text)


@way
def doubled_versions(world, file, beside, rng):
    for name in beside:
        if name.endswith(".versions"):
            beside[name] = beside[name] + beside[name].replace(b"\n\n", b"\n")


@way
def scattered_versions(world, file, beside, rng):
    """What was left out stands in the files of other closings, a wrap perhaps in another one than its version."""
    logs = [name for name in beside if name.endswith(".log")]
    found = [read_versions(beside[name], file.vault) for name in beside if name.endswith(".versions")]
    parts = {name[:-4] + ".versions": b"" for name in logs}
    for uid, secret in (one for sections in found for one in sections.items()):
        for kind, records in (("versions", secret.versions), ("wraps", secret.wraps)):
            for record in records.items():
                part = Secret(secret.name, [], **{kind: dict([record])})
                parts[rng.choice(sorted(parts))] += versions_text({uid: part})
    beside.update(parts)


@way
def shuffled_versions(world, file, beside, rng):
    """Wraps before versions, and between those of others."""
    for name in [name for name in beside if name.endswith(".versions")]:
        parts = re.split(rb"\n(?=\n)", beside[name].rstrip(b"\n"))
        beside[name] = b"\n".join(rng.sample(parts, len(parts))) + b"\n"


@way
def other_forms_of_versions(world, file, beside, rng):
    """Beside what is right the same as the file would have it: called active, and with wraps under their versions."""
    for name in [name for name in beside if name.endswith(".versions")]:
        lines = []
        for secret in read_versions(beside[name], file.vault).values():
            secret.say_active(secret.versions)
            lines += render_secret(secret)
        wrong = "".join(f"{line}\n" for line in lines).encode()
        beside[name] = wrong + beside[name] if rng.random() < 0.5 else beside[name] + wrong


@way
def foreign_versions(world, file, beside, rng):
    """Versions and wraps that no entry names, before the right ones or behind them."""
    for name in [name for name in beside if name.endswith(".versions")]:
        sections = read_versions(beside[name], file.vault)
        for secret in sections.values():
            what = rng.choice(["name", "versions", "wraps"])
            if what == "name":
                secret.name = "prod/Z"
            for one in secret.versions.values() if what == "versions" else ():
                one["commitment"] = bytes(32)
            for one in secret.wraps.values() if what == "wraps" else ():
                one["audience"] = "owner+other"
        wrong = versions_text(sections)
        beside[name] = wrong + beside[name] if rng.random() < 0.5 else beside[name] + wrong


@way
def dropped(world, file, beside, rng):
    del file.log[rng.randrange(len(file.log))]


@way
def dropped_without_history(world, file, beside, rng):
    dropped(world, file, beside, rng)
    beside.clear()


@way
def added_back(world, file, beside, rng):
    lines = {entry.id: entry.line for entry in world.build.log.values()}
    there = {log_entry(line, file.vault).id for line in file.log}
    some = rng.sample(sorted(lines), rng.choice([1, 2, len(lines)]) if len(lines) > 1 else 1)
    file.log = [lines[found] for found in sorted(there | set(some))]
    if rng.random() < 0.5:
        beside.clear()


@way
def versions_added_back(world, file, beside, rng):
    for name in [name for name in beside if name.endswith(".versions")]:
        for uid, more in read_versions(beside[name], file.vault).items():
            secret = file.secrets.get(uid)
            if secret:
                secret.versions = dict(sorted({**secret.versions, **more.versions}.items()))
    if rng.random() < 0.5:
        beside.clear()


@way
def moved_aside(world, file, beside, rng):
    """What the file needs lies beside it."""
    if file.secrets:
        uid = rng.choice(sorted(file.secrets))
        name = next((name for name in beside if name.endswith(".versions")), None)
        if name:
            beside[name] += versions_text({uid: file.secrets.pop(uid)})


@way
def older_block(world, file, beside, rng):
    file.closed = world.checkpoints[0].block


@way
def shorter_block(world, file, beside, rng):
    file.closed = Closed(file.closed.entries, file.closed.secrets[1:])


@way
def no_block(world, file, beside, rng):
    file.closed = None


@way
def no_requirement(world, file, beside, rng):
    file.requires = []


# What owners may state who sign another block than follows.

LIES = {}


def lie(change):
    """Marks a function (line, version, entries, rng) that gives what else a line may say: of one of its kept versions."""
    LIES[change.__name__] = change
    return change


def _with(line, old, **new):
    kept = tuple(dataclasses.replace(one, **new) if one is old else one for one in line.kept)
    return dataclasses.replace(line, kept=kept)


def _numbers(*found):
    return tuple(sorted(set(found))) or None


@lie
def replaced_left_out(line, version, entries, rng):
    return _with(line, version, replaced=None)


@lie
def one_more_replaced(line, version, entries, rng):
    return _with(line, version, replaced=_numbers(*version.replaced or (), rng.choice(line.kept).number))


@lie
def replaced_that_is_not_kept(line, version, entries, rng):
    return _with(line, version, replaced=_numbers(*version.replaced or (), rng.randrange(line.versions + 2)))


@lie
def replaced_by_another(line, version, entries, rng):
    other = rng.choice(line.kept)
    return _with(_with(line, version, replaced=None), other, replaced=version.replaced) if other is not version else line


@lie
def an_op_of_a_version_left_out(line, version, entries, rng):
    gone = rng.choice(version.ops)
    return _with(line, version, ops=tuple(at for at in version.ops if at != gone))


@lie
def one_more_op_of_a_version(line, version, entries, rng):
    return _with(line, version, ops=tuple(sorted({*version.ops, (rng.randrange(entries), rng.choice([0, 0, 1, 2]))})))


@lie
def the_ops_of_another_version(line, version, entries, rng):
    other = rng.choice(line.kept)
    return _with(line, version, ops=tuple(sorted({*version.ops, *other.ops})))


@lie
def an_op_left_out(line, version, entries, rng):
    return dataclasses.replace(line, ops=tuple(sorted(rng.sample(line.ops, len(line.ops) - 1)))) if line.ops else line


@lie
def one_more_op(line, version, entries, rng):
    at = rng.choice([rng.choice(version.ops), (rng.randrange(entries), rng.choice([0, 0, 1, 2]))])
    return dataclasses.replace(line, ops=tuple(sorted({*line.ops, at})))


@lie
def a_version_left_out(line, version, entries, rng):
    return dataclasses.replace(line, kept=tuple(one for one in line.kept if one is not version))


@lie
def another_number(line, version, entries, rng):
    return _with(line, version, number=line.versions + 3) if version is line.kept[-1] else line


@lie
def another_count(line, version, entries, rng):
    return dataclasses.replace(line, versions=rng.choice([None, 0, line.versions + 1]))


def lied(change, rng):
    """What changes a block so, where it has a line for that."""
    def tell(block):
        lines = list(block.secrets)
        places = [(at, one) for at, line in enumerate(lines) for one in line.kept]
        for at, one in sorted(rng.sample(places, len(places)), key=lambda found: not found[1].replaced):
            line = change(lines[at], one, len(block.entries), rng)
            if line != lines[at]:
                return Closed(block.entries, tuple([*lines[:at], line, *lines[at + 1:]]))
        raise closing_model.Nothing
    return tell


def told(name, seed, rng):
    """The world in which a way has something to change: for a lie that of who lies."""
    if name in LIES:
        return closing_model.lying(seed, lied(LIES[name], rng))
    return closing_model.history(seed)


def made(seed):
    """(way, raw, beside, names) of a history."""
    rng, ways = random.Random(f"closing:{seed}"), sorted({**WAYS, **LIES})
    name = ways[seed % len(ways)] if rng.random() < 0.8 else "as_it_is"
    world = told(name, seed, rng)
    if world is None:
        return None
    raw, beside = closing_model.whole_file(world)
    file = parse(raw)
    if name in LIES:
        return name, raw, {} if rng.random() < 0.6 else beside, world.names
    WAYS[name](world, file, beside, rng)
    try:
        file = fix_copies(file) if rng.random() < 0.5 else file
    except Refused:
        pass
    return name, render(file).encode(), beside, world.names


def disagreements(program, raw, beside, names):
    now, pin = time.time(), _pin(raw)
    vault = verify(raw, now, beside)
    ours = verdict(vault)
    word, report = program.judge(pin)
    out = compare(ANYTHING, ours, word, report)
    for name in names:
        said, detail = get(raw, name, "ada", closing_model.base().identities["ada"], now, beside)
        code, printed, message = program.get(name, "ada", closing_model.base().identities["ada"], pin)
        right = CODES.get(said, NO_VALUE)
        if code not in right or printed != (detail if said == "value" else b""):
            out.append(f"get {name}: Python {said} {detail!r}, the program {code} {printed!r} "
                       f"{message[:200].decode(errors='replace')}")
    return ours["verdict"], out


def judged(job):
    seed, binary, keep = job
    found = made(seed)
    if found is None:
        return None
    kind, raw, beside, names = found
    with tempfile.TemporaryDirectory() as folder:
        program = Program(binary.resolve(), None, Path(folder))
        program.take(raw, beside)
        word, problems = disagreements(program, raw, beside, names)
        if problems and keep:
            shutil.copytree(folder, keep / str(seed), ignore=shutil.ignore_patterns("homes"), dirs_exist_ok=True)
    return word, [f"{seed} [{kind}] {problem}" for problem in problems]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for the vaults on which something disagrees")
    args = parser.parse_args()
    closing_model.base()  # before the pool: its keys are made by chance, and are to be the same in each process
    counts, bad = Counter(), 0
    jobs = [(args.seed * 1_000_000 + number, args.binary, args.keep) for number in range(args.count)]
    with multiprocessing.get_context("fork").Pool(args.jobs) as pool:
        for result in pool.imap_unordered(judged, jobs):
            word, problems = result or ("not made", [])
            counts[word] += 1
            bad += bool(problems)
            for problem in problems:
                print(problem, flush=True)
    print(f"{args.count - counts['not made']} files: {dict(counts)}; {bad} files disagree")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
