#!/usr/bin/env python3
"""Times the first command of each way to unlock, and the next one after `v-secure unlock`.

    cargo build --release --bin v-secure
    python3 benches/unlock.py

V_SECURE_BIN: another program than that of target/release. BENCH_STATISTIC: median, mean or min; min is the
least disturbed where other work is running.

Prompts are answered in a pseudo-terminal as soon as they stand there; hyperfine, which is needed, times what
asks nothing. The keyring is one of its own, on a bus of its own; ways whose tools are missing are left out.
It prints the table of docs/performance.md.
"""
import json
import os
import pty
import select
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = str(Path(os.environ.get("V_SECURE_BIN", "target/release/v-secure")).resolve())
PLUGINS = Path(__file__).resolve().parent.parent / "crates/testkit/plugin"
WORDS = "orbit lantern velvet quarry thistle magnet"
STATISTICS = {"median": statistics.median, "mean": statistics.mean, "min": min}
STATISTIC = STATISTICS[os.environ.get("BENCH_STATISTIC", "median")]
RUNS, LIMIT = 21, 30


class Person:
    def __init__(self, folder):
        self.home, self.project = folder / "home", folder / "shop"
        for made in (self.home / ".ssh", self.project):
            made.mkdir(parents=True, mode=0o700)
        self.env = {"HOME": str(self.home), "USER": "owner", "TERM": "xterm"}
        self.env["PATH"] = os.pathsep.join([str(PLUGINS), os.environ["PATH"]])

    def run(self, *arguments, value=None, **env):
        command = [PROGRAM, *arguments]
        done = subprocess.run(
            command, cwd=self.project, env=self.env | env, input=value, timeout=LIMIT, capture_output=True
        )
        if done.returncode:
            sys.exit(f"{command}: {done.stderr.decode()}")
        return done.stdout

    def typed(self, arguments, prompt, answer):
        """Seconds of a command on a terminal, and what it said."""
        start = time.perf_counter()
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.project)
            os.execve(PROGRAM, [PROGRAM, *arguments], self.env)
        said, answered = b"", 0
        while select.select([terminal], [], [], LIMIT)[0]:
            try:
                said += os.read(terminal, 4096)
            except OSError:
                break
            if prompt and said.count(prompt) > answered:
                answered += 1
                os.write(terminal, answer + b"\n")
        else:
            sys.exit(f"{arguments}: it waits: {said!r}")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        if code:
            sys.exit(f"{arguments}: {said!r}")
        return time.perf_counter() - start, said


def ssh_key(person, passphrase):
    file = str(person.home / ".ssh/id_ed25519")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file], check=True)
    return ["--identity", file]


def plugin_file(person, text):
    file = person.home / ".config/v-secure/identity.txt"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_text(text)
    file.chmod(0o600)


def of_passphrase(person):
    person.run("init", "--passphrase", "--no-recovery", V_SECURE_PASSPHRASE=WORDS)
    return b"Passphrase of the vault", WORDS.encode()


def of_keyring(person):
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE)
    person.bus = bus
    person.env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
    person.env["XDG_RUNTIME_DIR"] = str(person.home)
    daemon = ["gnome-keyring-daemon", "--unlock", "--components=secrets"]
    subprocess.run(daemon, env=person.env, input=b"\n", stdout=subprocess.DEVNULL, timeout=LIMIT, check=True)
    time.sleep(1)
    person.run("init", "--keyring", "--no-recovery")
    return None, None


def of_ssh(person):
    person.run(*ssh_key(person, ""), "init", "--no-recovery")
    return None, None


def of_ssh_passphrase(person):
    person.run(*ssh_key(person, WORDS), "init", "--no-recovery")
    return b"Passphrase of /", WORDS.encode()


def of_scripted_plugin(person):
    recipient, identity = "age1scripted1qqqqqqqqqqqqqqqqhxemgs", "AGE-PLUGIN-SCRIPTED-1QQQQQQQQQQQQQQQQJRCL6V"
    plugin_file(person, f"# recipient: {recipient}\n{identity}\n")
    person.run("init", "--no-recovery")
    return b"PIN of the test key", b"1234"


def of_real_plugin(person):
    made = subprocess.run(["age-plugin-unencrypted"], capture_output=True, text=True, check=True)
    plugin_file(person, made.stdout)
    person.run("init", "--no-recovery")
    return None, None


WAYS = [
    ("a passphrase, asked for", of_passphrase, []),
    ("the OS keyring (gnome-keyring)", of_keyring, ["dbus-daemon", "gnome-keyring-daemon"]),
    ("an SSH key", of_ssh, ["ssh-keygen"]),
    ("an SSH key with a passphrase", of_ssh_passphrase, ["ssh-keygen"]),
    ("a plugin with a PIN (scripted, Python)", of_scripted_plugin, []),
    ("a plugin (age-plugin-unencrypted)", of_real_plugin, ["age-plugin-unencrypted"]),
]


def unasked(person, arguments):
    file = person.home / "hyperfine.json"
    command = ["hyperfine", "-N", "--warmup=2", f"--runs={RUNS}", "--export-json", str(file)]
    command.append(shlex.join([PROGRAM, *arguments]))
    subprocess.run(command, cwd=person.project, env=person.env, capture_output=True, timeout=LIMIT, check=True)
    return STATISTIC(json.loads(file.read_text())["results"][0]["times"]) * 1000


def times(person, arguments, expected, prompt, answer):
    """Milliseconds: hyperfine's, where nothing is asked."""
    if not prompt:
        return unasked(person, arguments)
    taken = []
    for _ in range(RUNS):
        seconds, said = person.typed(arguments, prompt, answer)
        assert expected in said and prompt in said, said
        taken.append(seconds * 1000)
    return STATISTIC(taken)


def measure(name, prepare, tools):
    if missing := [tool for tool in tools if not shutil.which(tool)]:
        print(f"left out: {name}: no {', '.join(missing)}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        person = Person(Path(folder))
        try:
            prompt, answer = prepare(person)
            unlocking = times(person, ["unlock", "--for", "10m"], b" is open for ", prompt, answer)
            person.run("set", "A", value=b"hunter2")
            assert person.run("get", "A") == b"hunter2"
            second = unasked(person, ["get", "A"])
            person.run("lock")
            first = times(person, ["get", "A"], b"hunter2", prompt, answer)
        finally:
            if hasattr(person, "bus"):
                person.bus.kill()
    print(f"| {name} | {first:.1f} ms | {unlocking:.1f} ms | {second:.1f} ms | {second / first:.3f} |", flush=True)


if __name__ == "__main__":
    print("| way | `get` | `unlock` | `get` after it | ratio of the two |\n|---|--:|--:|--:|--:|")
    for way in WAYS:
        measure(*way)
