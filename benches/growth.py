#!/usr/bin/env python3
"""What history costs: whole commands on vaults of 1,000 live secrets with ever more behind them, beside the same without,
in one run and in turn, as ratios; and beside age (or rage) and sops where they are there. Prints Markdown tables.

    bash benches/growth.sh [--entries 1000,10000] [--epochs 1000] [--policy 1000] [--sets 1000] [--changes 100]

--entries 1000,10000,100000 takes minutes more. V_SECURE_BIN, GROWTH_VAULT_BIN: other programs than those of
target/release. RAGE_BIN, AGE_BIN, SOPS_BIN: others than those of PATH. Everything happens in a new temporary folder,
which is removed. BENCH_STATISTIC: median or min, which is the least disturbed where other work is running. Ends with 1 if a command failed; a loss or a missing tool is no failure.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

RELEASE = Path(__file__).resolve().parents[1] / "target/release"
VAULT = ".v-secure/vault.toml"
SECRETS = 1000
ENOUGH = 1.5  # Seconds: a command that takes longer is run less often.
FAILED = []
STATISTIC = {"median": median, "min": min}[os.environ.get("BENCH_STATISTIC", "median")]


def tool(variable, *candidates):
    stated = os.environ.get(variable)
    found = [shutil.which(str(one)) for one in ([stated] if stated else candidates)]
    return next((str(Path(one).resolve()) for one in found if one), None)


class Project:
    """A vault with a home of its own, so that nothing of the caller's is read or written."""

    def __init__(self, tools, folder, words):
        self.tools, self.folder, self.words = tools, folder, words
        self.state = folder / "state"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder / "run")}
        for name in ("config", "state", "cache", "data"):
            self.env[f"XDG_{name.upper()}_HOME"] = str(folder / name)

    def grow(self, secrets, puts, epochs=0, policy=0):
        numbers = [str(number) for number in (secrets, puts, epochs, policy)]
        subprocess.run([self.tools["maker"], str(self.folder), *numbers], check=True)
        return self.accept()

    def close(self):
        """Puts what is history beside the vault."""
        self.ask("history", "close", "--all", "--yes")
        return self.accept()

    def accept(self):
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        self.trust()
        self.saved = (self.folder / VAULT).read_bytes()
        shutil.rmtree(self.folder / "known", ignore_errors=True)
        shutil.copytree(self.state, self.folder / "known")
        return self

    def trust(self):
        """Accepts the vault on this device, and leaves a record that it verifies."""
        self.ask("--trust-first-use", "get", "KEY_00000")
        self.ask("audit", "verify")

    def command(self, *arguments):
        return [self.tools["v-secure"], "--identity", "identity.txt", *arguments]

    def ask(self, *arguments, stdin=None, env=()):
        done = subprocess.run(self.command(*arguments), cwd=self.folder, env={**self.env, **dict(env)}, input=stdin,
                              capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{self.words}: {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def pin(self):
        lines = self.ask("pin", "show").splitlines()
        return lines[-1].removeprefix("# ").removeprefix("v-secure-pin: ").removeprefix("V_SECURE_PIN=").strip()

    def forget(self):
        shutil.rmtree(self.state / "v-secure", ignore_errors=True)

    def restore(self):
        """As it was before a set, with what the device knew then: of a vault alone that is put back it would be said that
        entries are missing, and git would be asked where they are."""
        (self.folder / VAULT).write_bytes(self.saved)
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self.folder / "known", self.state)
        # A set waits for its files to be on the disk, and would wait for these copies with them.
        os.sync()

    def case(self, *arguments, before=None, stdin=None, env=()):
        return Case(self.words, self.command(*arguments), self.folder, {**self.env, **dict(env)}, before, stdin)


class Case:
    def __init__(self, words, argv, folder, env, before=None, stdin=None):
        self.words, self.argv, self.folder, self.env = words, argv, folder, env
        self.before, self.stdin, self.times = before, stdin, []

    def run(self):
        if self.before:
            self.before()
        start = perf_counter()
        done = subprocess.run(self.argv, cwd=self.folder, env=self.env, input=self.stdin, text=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        took = perf_counter() - start
        if done.returncode and not FAILED:
            FAILED.append(f"{self.words}: {' '.join(self.argv[1:])}: {done.stderr.strip().splitlines()[-1:]}")
        return took

    def memory(self):
        """The greatest resident set in MiB, as /usr/bin/time has it."""
        done = subprocess.run(["/usr/bin/time", "-f", "%M", *self.argv], cwd=self.folder, env=self.env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return int(done.stderr.split()[-1]) / 1024

    @property
    def time(self):
        return STATISTIC(self.times)


def measure(cases, rounds=15):
    """In turn, so that what else the machine does meets all of them alike."""
    slowest = max(case.run() for case in cases)
    for _ in range(rounds if slowest < ENOUGH else 3):
        for case in cases:
            case.times.append(case.run())
    return cases


def head(*columns):
    print("\n| " + " | ".join(columns) + " |\n|---" + "|--:" * (len(columns) - 1) + "|")


def row(what, cases, bound, base=0):
    ratio = cases[-1].time / cases[base].time
    judged = "" if bound is None else ("yes" if ratio <= bound else "**no**")
    times = " | ".join(f"{case.time * 1000:.1f} ms" for case in cases)
    print(f"| {what} | {times} | {ratio:.2f} | {'' if bound is None else bound} | {judged} |", flush=True)


def sweep(tools, folder, entries):
    """1,000 live secrets with ever more entries, closed: the columns are the vaults, the ratio that of the last to the first,
    which has no history."""
    grown = [Project(tools, folder / f"puts-{count}", f"{count} entries").grow(SECRETS, count) for count in entries]
    print(f"\nOpen, {SECRETS} live secrets: {', '.join(f'{one.words} {len(one.saved) / 2**20:.1f} MiB' for one in grown)}.")
    grown = grown[:1] + [one.close() for one in grown[1:]]
    sizes = ", ".join(f"{one.words} {len(one.saved) / 2**20:.1f} MiB" for one in grown)
    print(f"Closed, but the first: {sizes}.")
    head("command", *[one.words for one in grown], "ratio", "wanted", "reached")
    key = f"KEY_{SECRETS // 2:05}"
    row("get", measure([one.case("get", key) for one in grown]), 1.3)
    row("exec", measure([one.case("exec", "--", "true") for one in grown]), 1.3)
    row("set", measure([one.case("set", key, before=one.restore, stdin="new") for one in grown], 7), 1.3)
    for one in grown:
        one.restore()
    row("exec in a fresh clone, in a job of CI with a pin", cold := measure([cold_exec(one, "CI") for one in grown], 7), 1.3)
    row("exec in a fresh clone, on a new device", measure([cold_exec(one) for one in grown], 7), None)
    for one in grown:
        one.trust()
    for what in (("get", key), ("exec", "--", "true")):
        print(f"| peak memory of {what[0]} | " + " | ".join(f"{one.case(*what).memory():.1f} MiB" for one in grown) +
              " | | | |", flush=True)
    return cold[-1]


def cold_exec(project, *variables):
    """A device makes fingerprints of all values that it sees first, a job of CI does not."""
    env = [("V_SECURE_PIN", project.pin()), *((name, "true") for name in variables)]
    return project.case("exec", "--", "true", before=project.forget, env=env)


def chains(tools, folder, epochs, policy):
    head("ten secrets", "none", "with it", "ratio", "wanted", "reached")
    plain = Project(tools, folder / "plain", "none").grow(10, 10)
    for name, words, of in (("epochs", f"{epochs} epochs", {"epochs": epochs}),
                            ("policy", f"{policy} policy entries", {"policy": policy})):
        grown = Project(tools, folder / name, words).grow(10, 10, **of)
        pair = [plain, grown]
        row(f"get, {words}", measure([one.case("get", "KEY_00003") for one in pair]), 1.5)
        row(f"set, {words}", measure([one.case("set", "KEY_00003", before=one.restore, stdin="new") for one in pair], 7), None)
        for one in pair:
            one.restore()


def sets(tools, folder, count):
    """So many sets by the program itself, of ten secrets in turn: never closed, and closed each five hundred entries, which is when
    doctor offers it. A closing's time counts."""
    for words, every in (("never closed", 0), ("closed each 500", 500)):
        project = Project(tools, folder / f"sets-{every}", words).grow(10, 10)
        times, closings = [], 0.0
        for number in range(count if every or count <= 1000 else 1000):
            times.append(project.case("set", f"KEY_{number % 10:05}", stdin=f"value {number}").run())
            if every and number % every == every - 1:
                closings += project.case("history", "close", "--all", "--yes").run()
        first, last, total = median(times[:10]), median(times[-10:]), sum(times) + closings
        print(f"\n{len(times)} sets, one by one, {words}: {total:.1f} s, of which {closings:.1f} s closings; the first take "
              f"{first * 1000:.1f} ms, the last {last * 1000:.1f} ms; all of them {total / (len(times) * first):.2f} times as "
              f"long as if each took as long as the first (wanted: at most 2).", flush=True)


def beside(tools, folder, cold):
    head("v-secure, beside another", "the other", "v-secure", "ratio", "wanted", "reached")
    hundred = Project(tools, folder / "hundred", "100").grow(100, 100)
    key, plain = folder / "age.key", folder / "plain.txt"
    plain.write_text("KEY_00001=0123456789abcdef\n")
    keygen = shutil.which("age-keygen") or shutil.which("rage-keygen")
    if keygen and not key.exists():
        subprocess.run([keygen, "-o", str(key)], check=True, capture_output=True)
    for name in ("rage", "age"):
        if not (tools[name] and keygen):
            print(f"| exec of 100, {name} -d of a small file | | {name} is missing | | | |")
            continue
        recipient = subprocess.run([keygen, "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
        small = folder / f"small.{name}"
        subprocess.run([tools[name], "-r", recipient, "-o", str(small), str(plain)], check=True)
        other = Case(name, [tools[name], "-d", "-i", str(key), str(small)], folder, dict(os.environ))
        ours, other = measure([hundred.case("exec", "--", "true"), other], 31)
        row(f"exec of 100, {name} -d of a small file", [other, ours], 1.8 if name == "rage" else None)
    sops_exec(tools, folder, cold, key, keygen)


def large(tools, folder):
    """A value of 1 MB, set anew, beside age with the same on the disk."""
    keygen, key = shutil.which("age-keygen"), folder / "age.key"
    if not (tools["age"] and keygen and key.exists()):
        print("| set of 1 MB, age and sync | | age is missing | | | |")
        return
    recipient = subprocess.run([keygen, "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
    value = folder / "large.txt"
    value.write_text(os.urandom(500_000).hex())
    project = Project(tools, folder / "large", "1 MB").grow(10, 10)
    sealed = folder / "large.age"
    theirs = f"{tools['age']} -r {recipient} -o {sealed} {value} && sync {sealed}"
    other = Case("age", ["sh", "-c", theirs], folder, dict(os.environ))
    ours = project.case("set", "KEY_00003", before=project.restore, stdin=value.read_text())
    row("set of 1 MB, age and sync", measure([other, ours]), 3)


def sops_exec(tools, folder, cold, key, keygen):
    what = f"exec of {SECRETS} in a fresh clone ({cold.words}), sops exec-env of as many"
    if not (tools["sops"] and keygen and is_go(tools["sops"])):
        print(f"| {what} | | a sops of Go is missing (SOPS_BIN) | | | |")
        return
    recipient = subprocess.run([keygen, "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
    plain = folder / "many.env"
    plain.write_text("".join(f"KEY_{number:05}={number:032x}\n" for number in range(SECRETS)))
    made = subprocess.run([tools["sops"], "encrypt", "--age", recipient, str(plain)], check=True, capture_output=True)
    sealed = folder / "sealed.env"
    sealed.write_bytes(made.stdout)
    env = {**os.environ, "SOPS_AGE_KEY_FILE": str(key)}
    ours = Case(cold.words, cold.argv, cold.folder, cold.env, cold.before)
    other = Case("sops", [tools["sops"], "exec-env", str(sealed), "true"], folder, env)
    row(what, measure([other, ours], 7), 1)


def is_go(program):
    return Path(program).read_bytes()[:2] != b"#!"


def in_git(tools, folder, changes):
    """The bytes that a packed repository grows by with each change, beside sops's."""
    print(f"\nA packed repository, 100 secrets, {changes} changes of one value each, committed one by one: ", end="")
    ours = packed(folder / "git-ours", changes, *ours_in_git(tools))
    keygen = shutil.which("age-keygen") or shutil.which("rage-keygen")
    theirs = tools["sops"] and is_go(tools["sops"]) and keygen
    other = packed(folder / "git-sops", changes, *sops_in_git(tools, keygen)) if theirs else None
    print(f"v-secure {ours:.0f} bytes a change", end="")
    print(f", sops (YAML, age) {other:.0f}, ratio {ours / other:.2f} (wanted: at most 2)." if other else
          "; a sops of Go or age-keygen is missing (SOPS_BIN).", flush=True)


def ours_in_git(tools):
    def start(folder):
        return Project(tools, folder, "git").grow(100, 100)

    def change(project, number):
        project.ask("set", f"KEY_{number * 37 % 100:05}", stdin=f"value {number}")
    return start, change


def sops_in_git(tools, keygen):
    def start(folder):
        key = folder.parent / "git-sops.key"
        subprocess.run([keygen, "-o", str(key)], check=True, capture_output=True)
        recipient = subprocess.run([keygen, "-y", str(key)], check=True, capture_output=True, text=True).stdout.strip()
        plain = folder / "secrets.yaml"
        plain.write_text("".join(f"KEY_{number:05}: first {number}\n" for number in range(100)))
        subprocess.run([tools["sops"], "encrypt", "--age", recipient, "--in-place", str(plain)], check=True, capture_output=True)
        return plain, {**os.environ, "SOPS_AGE_KEY_FILE": str(key)}

    def change(kept, number):
        plain, env = kept
        key, value = f'["KEY_{number * 37 % 100:05}"]', f'"value {number}"'
        subprocess.run([tools["sops"], "set", str(plain), key, value], env=env, check=True, capture_output=True)
    return start, change


def packed(folder, changes, start, change):
    folder.mkdir()

    def git(*arguments):
        # Each thread of git's looks through a part of the objects alone, and which one differs from run to run: with two of
        # them the same changes took two to three times as many bytes.
        who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false", "-c", "pack.threads=1"]
        return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout

    def size():
        git("gc", "--quiet", "--prune=now")
        return sum(path.stat().st_size for path in (folder / ".git/objects/pack").glob("*.pack"))
    git("init", "--quiet")
    kept = start(folder)
    tracked = [name for name in (VAULT, "secrets.yaml") if (folder / name).exists()]
    git("add", *tracked)
    git("commit", "--quiet", "-m", "change")
    before = size()
    for number in range(changes):
        change(kept, number)
        git("commit", "--quiet", "-m", "change", *tracked)
    return (size() - before) / changes


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", default="1000,10000", help="of the vaults; the first is the one without history")
    for name, number in (("epochs", 1000), ("policy", 1000), ("sets", 1000), ("changes", 100)):
        parser.add_argument(f"--{name}", type=int, default=number)
    return parser.parse_args()


def main():
    args = arguments()
    tools = {"v-secure": tool("V_SECURE_BIN", RELEASE / "v-secure"),
             "maker": tool("GROWTH_VAULT_BIN", RELEASE / "examples/growth_vault"),
             **{name: tool(f"{name.upper()}_BIN", name) for name in ("rage", "age", "sops")}}
    if not (tools["v-secure"] and tools["maker"]):
        sys.exit("build them first: bash benches/growth.sh")
    print(f"- {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; the {STATISTIC.__name__} of whole commands, in turn.")
    with tempfile.TemporaryDirectory(prefix="v-secure-growth.") as name:
        folder = Path(name)
        cold = sweep(tools, folder, [int(count) for count in args.entries.split(",")])
        chains(tools, folder, args.epochs, args.policy)
        sets(tools, folder, args.sets)
        beside(tools, folder, cold)
        large(tools, folder)
        in_git(tools, folder, args.changes)
    for line in dict.fromkeys(FAILED):
        print(f"failed: {line}", file=sys.stderr)
    print(f"- load {os.getloadavg()[0]:.1f} at the end.")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
