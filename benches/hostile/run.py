#!/usr/bin/env python3
"""Processor time and peak memory of commands over the worst files that can be thought of, per MB, at two sizes.

    python3 benches/hostile/run.py [--sizes 1,4] [--cases PART] [--commands get,ls] [--limit SECONDS]

It builds the program and the generator (`examples/hostile_vault.rs`), or takes those of --program and
--generator, and asserts nothing: where the time per MB of the larger size is much above that of the smaller
one (column x; `-` where it takes next to nothing), something is not linear. A refusal is as good an answer as any: what counts is what
it costs. Time is that of all cores together, so that a busy machine shows the same. Each command starts from a place where the vault without the hostile part was accepted.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    "get": (["get", "default/KEY_00000"], b""),
    "exec": (["exec", "--only", "KEY_00000", "--", "true"], b""),
    "verify": (["audit", "verify"], b""),
    "ls": (["ls"], b""),
    "set": (["set", "default/KEY_00001"], b"value"),
}
MB = 1 << 20


def built():
    """The program and the generator, by one build: two would make their dependencies twice."""
    wanted = ["--bin", "v-secure", "--example", "hostile_vault"]
    subprocess.run(["cargo", "build", "--release", "--quiet", *wanted], cwd=ROOT, check=True)
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    return folder / "v-secure", folder / "examples/hostile_vault"


class Place:
    """A project and a home, put back before each command."""

    def __init__(self, folder, program):
        self.project, self.home, self.program = folder / "project", folder / "home", program
        self.kept = folder / "kept"
        self.project.mkdir()
        self.home.mkdir()

    def accept(self):
        # A write accepts what it writes, and a reader what it is told to.
        code, *_ = self.measured(["--trust-first-use", "get", "default/KEY_00000"], b"", 600)
        if code != 0:
            raise SystemExit("the vault to start from is not accepted")
        shutil.copytree(self.home, self.kept)

    def reset(self):
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home)

    def measured(self, arguments, given, limit):
        """The exit code, seconds and KiB of a call; None for the code where it took too long."""
        spent = lambda usage: usage.ru_utime + usage.ru_stime
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin"}
        identity = ["--identity", str(self.project / "identity.txt")]
        start = time.monotonic()
        child = subprocess.Popen([self.program, *identity, *arguments], cwd=self.project, env=environment,
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.stdin.write(given)
            child.stdin.close()
        except BrokenPipeError:
            pass
        while True:
            done, status, usage = os.wait4(child.pid, os.WNOHANG)
            if done:
                child.returncode = os.waitstatus_to_exitcode(status)
                return child.returncode, spent(usage), usage.ru_maxrss
            if time.monotonic() - start > limit:
                child.kill()
                _, _, usage = os.wait4(child.pid, 0)
                child.returncode = -9
                return None, spent(usage), usage.ru_maxrss
            time.sleep(0.001)


def row(place, vault, command, limit, repeat):
    best = None
    for _ in range(repeat):
        place.reset()
        shutil.copyfile(vault, place.project / ".v-secure/vault.toml")
        found = place.measured(*COMMANDS[command], limit)
        if best is None or found[1] < best[1]:
            best = found
    return best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1,4", help="two sizes of the hostile part, in MB")
    parser.add_argument("--cases", default="", help="only cases whose names hold this")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--limit", type=float, default=60, help="seconds that a command may take")
    parser.add_argument("--repeat", type=int, default=1, help="the fastest of so many calls counts")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--generator", type=Path)
    options = parser.parse_args()
    program, generator = options.program, options.generator
    if program is None or generator is None:
        program, generator = built()
    program, generator = program.resolve(), generator.resolve()
    sizes = [float(size) for size in options.sizes.split(",")]
    commands = options.commands.split(",")
    cases = subprocess.run([generator, "list"], check=True, capture_output=True, text=True).stdout.split()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), program)
        subprocess.run([generator, "base", place.project], check=True)
        place.accept()
        base = Path(folder) / "base.toml"
        shutil.copyfile(place.project / ".v-secure/vault.toml", base)
        bare = {command: row(place, base, command, options.limit, 3) for command in commands}
        header = "".join(f"{f's/MB at {size:g}':>12}{'MiB/MB':>8}" for size in sizes)
        print(f"{'case':<36}{'command':<8}{'exit':>5} {header}{'x':>6}", flush=True)
        for case in (case for case in cases if options.cases in case):
            vaults = []
            for size in sizes:
                shutil.copyfile(base, place.project / ".v-secure/vault.toml")
                subprocess.run([generator, case, str(int(size * MB)), place.project], check=True)
                vaults.append(Path(folder) / f"{size:g}.toml")
                shutil.copyfile(place.project / ".v-secure/vault.toml", vaults[-1])
            for command in commands:
                floor = bare[command]
                found = [row(place, vault, command, options.limit, options.repeat) for vault in vaults]
                print(line(case, command, found, vaults, base, floor), flush=True)


def line(case, command, found, vaults, base, floor):
    # Of bytes, seconds and memory, what the vault takes without the hostile part is left out.
    _, idle, small = floor
    real = [max(vault.stat().st_size - base.stat().st_size, 1) / MB for vault in vaults]
    each = [max(took - idle, 0) / size for (_, took, _), size in zip(found, real)]
    cells = "".join(f"{seconds:>12.3f}{max(kib - small, 0) / 1024 / size:>8.1f}"
                    for seconds, (_, _, kib), size in zip(each, found, real))
    code = found[-1][0]
    # What takes next to nothing grows by chance.
    measurable = found[-1][1] - idle > 0.05 and each[0] > 0
    growth = f"{each[-1] / each[0]:.1f}" if measurable else "-"
    return f"{case:<36}{command:<8}{'late' if code is None else code:>5} {cells}{growth:>6}"


if __name__ == "__main__":
    main()
