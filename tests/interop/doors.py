#!/usr/bin/env python3
"""Every command that reads, on a directory of mutants: none may give what another refuses.

For each mutant and a few of its secrets, each door of the program (`get`, `exec`, `export`, `inject`, `ls`,
`secret show`, `secret versions`, `secret diff`, `secret rollback`, `edit`, `secret edit`, `backup create`) is
asked. Where `audit verify` refuses the file, a door refuses it too or gives exactly what the genuine file
gives; but what reads one secret may serve it where `get` does, which agree.py compares with Python. Where
`audit verify` accepts the file, all doors give one value or none. Exit 1 otherwise.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INTEGRITY, CONFLICT, NOT_PERMITTED, DAMAGED = 6, 7, 4, 66
VALUES = ("get", "exec", "export", "inject", "secret edit")
TEXT = ("export", "inject", "secret edit")
ONE = ("get", "secret edit", "secret show", "secret versions")


class Project:
    """A vault in a folder of its own, with a state folder that has seen nothing."""

    def __init__(self, binary, raw, identity):
        self.binary, self.root = binary, Path(tempfile.mkdtemp())
        for name in ("p/.v-secure", "home", "runtime"):
            (self.root / name).mkdir(parents=True)
        os.chmod(self.root / "runtime", 0o700)
        self.vault = self.root / "p/.v-secure/vault.toml"
        self.vault.write_bytes(raw)
        self.identity = self.root / "identity.txt"
        self.identity.write_text(identity + "\n")
        os.chmod(self.identity, 0o600)

    def close(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def call(self, args, given=b"", **more):
        # In CI nothing is pruned on the side: the answers stay those of one file.
        env = {"PATH": "/usr/bin:/bin", "V_SECURE_NO_INPUT": "1", "CI": "1", **more}
        env.update(dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(self.root / "home")))
        env["XDG_RUNTIME_DIR"] = str(self.root / "runtime")
        command = [self.binary, "--trust-first-use", "--identity", str(self.identity), *args]
        done = subprocess.run(command, input=given, capture_output=True, timeout=120, check=False, env=env,
                              cwd=self.root / "p")
        if done.returncode < 0 or done.returncode == 101:
            raise RuntimeError(f"{args}: died with {done.returncode}: {done.stderr!r}")
        return done

    def run(self, args, given=b"", **more):
        done = self.call(args, given, **more)
        return done.returncode, done.stdout

    # Doors: what each gives of one secret.

    def get(self, name):
        code, out = self.run(["get", name])
        # A value that does not open is refused by what opens it, and by nothing that only shows.
        return (DAMAGED if code == INTEGRITY and self.is_damaged(name) else code), out

    def is_damaged(self, name):
        return b'"code":"value-damaged"' in self.call(["get", name, "--json"]).stderr

    def exec(self, name):
        env, own = name.split("/")
        return self.run(["exec", "-e", env, "--only", own, "--as-file", f"F={own}", "--", "/bin/sh", "-c", 'cat "$F"'])

    def export(self, name):
        env, own = name.split("/")
        code, out = self.run(["export", "-e", env, "--format", "json", "--only", own])
        return code, json.loads(out)[own].encode() if code == 0 else out

    def inject(self, name):
        return self.run(["inject"], given=("{{ v-secure:%s }}" % name).encode())

    def list(self, _name):
        return self.run(["ls", "--json", "--all"])

    def show(self, name):
        return self.run(["secret", "show", name, "--json"])

    def versions(self, name):
        return self.run(["secret", "versions", name, "--json"])

    def diff(self, name):
        env = name.split("/")[0]
        return self.run(["secret", "diff", env, "prod" if env == "dev" else "dev", "--reveal", "--json"])

    def edited(self, args):
        out = self.root / "edited"
        out.unlink(missing_ok=True)
        code, said = self.run(args, V_SECURE_EDITOR=f"sh -c 'cat \"$1\" > {out}' sh")
        return code, out.read_bytes() if out.exists() else said

    def edit(self, name):
        return self.edited(["edit", "-e", name.split("/")[0]])

    def secret_edit(self, name):
        code, out = self.edited(["secret", "edit", name])
        return code, out.removesuffix(b"\n")

    def backup(self, _name):
        code, out = self.run(["backup", "create", "-", "--armor"])
        return code, b"a backup" if out else b""

    def rollback(self, name):
        """Of the first version, on a copy: the value that is current afterwards."""
        before = self.vault.read_bytes()
        code, out = self.run(["secret", "rollback", name, "--version", "1", "--reason", "a test"])
        if code == 0:
            code, out = self.get(name)
        self.vault.write_bytes(before)
        return code, out


DOORS = {
    "get": Project.get, "exec": Project.exec, "export": Project.export, "inject": Project.inject,
    "secret edit": Project.secret_edit, "ls": Project.list, "secret show": Project.show,
    "secret versions": Project.versions, "secret diff": Project.diff, "edit": Project.edit,
    "backup create": Project.backup, "secret rollback": Project.rollback,
}


def answers(project, name):
    return {door: ask(project, name) for door, ask in DOORS.items()}


def judge(verdict, now, genuine):
    """What is wrong with the doors' answers on one secret, as text."""
    wrong = []
    given = {door: now[door] for door in VALUES}
    # What makes text of a value refuses bytes that are none, and names that the settings do not let out.
    said = {door: answer for door, answer in given.items() if answer[0] != 1 or door not in TEXT}
    if said.get("secret edit", (0, b""))[0] == NOT_PERMITTED:
        del said["secret edit"]  # it asks for the right to write
    if verdict != 0:
        # Of a history that is refused for another secret, `get` may serve this one, and so may its kind.
        served = ONE if now["get"][0] not in (INTEGRITY, CONFLICT) else ()
        for door, (code, out) in now.items():
            refuses = code != 0 and not out
            if door not in served and not refuses and (code, out) != genuine[door]:
                wrong.append(f"verify exits {verdict}, {door} exits {code} and gives {out[:60]!r}")
        said = {door: answer for door, answer in said.items() if door in served}
    # Which fault is named first is each door's own business: a reader may lack a key and the name.
    if len({(code == 0, out) for code, out in said.values()}) > 1:
        wrong.append(f"the doors differ: { {door: (code, out[:40]) for door, (code, out) in given.items()} }")
    return wrong


def one(args):
    binary, path, identity, names, genuine = args
    project = Project(binary, path.read_bytes(), identity)
    try:
        now = {name: answers(project, name) for name in names}
        verdict, _ = project.run(["audit", "verify"])
        problems = [f"{name}: {text}" for name in names for text in judge(verdict, now[name], genuine[name])]
        same = sum(now[n][d] == genuine[n][d] and now[n][d][0] == 0 for n in names for d in DOORS)
        return verdict, problems, same, len(names) * len(DOORS)
    finally:
        project.close()


def readable(binary, raw, identity):
    """The genuine answers on every secret that all the doors for values can give."""
    project = Project(binary, raw, identity)
    try:
        _, listed = project.run(["ls", "--json"])
        names = [secret["secret"] for secret in json.loads(listed)["secrets"]]
        found = {name: answers(project, name) for name in names}
        return {name: asked for name, asked in found.items() if all(asked[d][0] == 0 for d in VALUES)}
    finally:
        project.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--genuine", type=Path, required=True)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--mutants", type=Path, required=True)
    parser.add_argument("--member", default=None, help="whose identity reads; the first of KEYS")
    parser.add_argument("--secrets", type=int, default=1, help="how many secrets of each mutant")
    parser.add_argument("--every", type=int, default=1, help="only each N-th mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    members = json.loads(args.keys.read_text())["members"]
    identity = members[args.member or next(iter(members))]["identity"]
    binary = str(args.binary.resolve())
    genuine = readable(binary, args.genuine.read_bytes(), identity)
    rng = random.Random(1)
    work = []
    for line in (args.mutants / "manifest.jsonl").read_text().splitlines()[::args.every]:
        mutant = json.loads(line)
        touched = [name for name in genuine if name in mutant["description"]]
        names = (touched or rng.sample(sorted(genuine), min(args.secrets, len(genuine))))[:args.secrets]
        work.append((mutant, (binary, args.mutants / mutant["file"], identity, names, genuine)))
    verdicts, bad, same, asked = Counter(), 0, 0, 0
    with ThreadPoolExecutor(args.jobs) as pool:
        for (mutant, _), (verdict, problems, alike, doors) in zip(work, pool.map(one, (job for _, job in work))):
            verdicts[verdict] += 1
            same, asked, bad = same + alike, asked + doors, bad + bool(problems)
            for problem in problems:
                print(f"{mutant['file']} [{mutant['kind']}: {mutant['description']}] {problem}", flush=True)
    print(f"{len(work)} files, verify exits {dict(verdicts)}; {asked} answers, {same} as of the genuine file; "
          f"{bad} files at odds")
    return 1 if bad or not work or not genuine else 0


if __name__ == "__main__":
    sys.exit(main())
