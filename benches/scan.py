#!/usr/bin/env python3
"""Times `v-secure git pre-commit` where values are searched for, and where nothing is.

    cargo build --release --bin v-secure
    python3 benches/scan.py

V_SECURE_BIN: another program than that of target/release. BENCH_STATISTIC: median, mean or min.
It prints the table of docs/performance.md.
"""
import os
import random
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = str(Path(os.environ.get("V_SECURE_BIN", "target/release/v-secure")).resolve())
STATISTICS = {"median": statistics.median, "mean": statistics.mean, "min": min}
STATISTIC = STATISTICS[os.environ.get("BENCH_STATISTIC", "median")]
RUNS, SECRETS = 21, 1000
SOURCES = Path(__file__).resolve().parent.parent / "src"


class Project:
    def __init__(self, root):
        self.home, self.folder = root / "home", root / "shop"
        self.home.mkdir(mode=0o700)
        self.folder.mkdir()
        self.env = {"HOME": str(self.home), "USER": "owner", "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}

    def run(self, *command, expected=0):
        done = subprocess.run(command, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, capture_output=True)
        if done.returncode != expected:
            sys.exit(f"{command}: {done.returncode}: {done.stderr.decode()}")

    def git(self, *arguments):
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments)

    def time(self, *command, expected=0):
        def once():
            start = time.perf_counter()
            self.run(*command, expected=expected)
            return 1000 * (time.perf_counter() - start)
        return STATISTIC(once() for _ in range(RUNS))


def text(size):
    """Source code of so many bytes."""
    whole = "".join(path.read_text() for path in sorted(SOURCES.rglob("*.rs")))
    return (whole * (size // len(whole) + 1))[:size]


def main():
    with tempfile.TemporaryDirectory() as root:
        project = Project(Path(root))
        project.git("init", "--quiet")
        project.run(PROGRAM, "init", "--vault-name", "shop")
        values = [secrets.token_urlsafe(random.choice((16, 24, 32, 48))) for _ in range(SECRETS)]
        lines = (f"KEY_{number}={value}\n" for number, value in enumerate(values))
        dotenv = Path(root) / "in.env"
        dotenv.write_text("".join(lines))
        project.run(PROGRAM, "import", str(dotenv))
        project.git("add", "--all")
        project.git("commit", "--quiet", "-m", "vault")
        scan, away = project.home / ".local/state/v-secure/scan", Path(root) / "scan"
        print(f"| staged, of {SECRETS:,} secrets | searched | not searched | a value in it |")
        print("|---|--:|--:|--:|")
        for label, size, count in (("50 KB in 5 files", 50_000, 5), ("1 MB in 50 files", 1_000_000, 50)):
            for number in range(count):
                (project.folder / f"f{number}").write_text(text(size // count))
            project.git("add", "--all")
            hook = (PROGRAM, "git", "pre-commit")
            searched = project.time(*hook)
            shutil.move(scan, away)
            plain = project.time(*hook)
            shutil.move(away, scan)
            held = project.folder / "f0"
            held.write_text(held.read_text() + f"\nkey = '{values[500]}'\n")
            project.git("add", "--all")
            stopped = project.time(*hook, expected=1)
            print(f"| {label} | {searched:.1f} ms | {plain:.1f} ms | {stopped:.1f} ms |")
        first = project.time(PROGRAM, "exec", "--", "true")
        print(f"\nexec of {SECRETS:,}: {first:.1f} ms")


main()
