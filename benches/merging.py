#!/usr/bin/env python3
"""Counts what becomes of two branches that each changed secrets: with the merge driver, and merged as text.

    cargo build --release --bin v-secure
    python3 benches/merging.py [--pairs 40] [--sizes 10,100,1000] [--seed 1]

V_SECURE_BIN: another program than that of target/release. SOPS_BIN: a sops 1.18 (`pip install sops 'ruamel.yaml<0.18'`), whose
column stays empty otherwise; it needs gpg. It prints the table of docs/merging.md.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

PROGRAM = str(Path(os.environ.get("V_SECURE_BIN", "target/release/v-secure")).resolve())
SOPS = os.environ.get("SOPS_BIN")
VAULT = ".v-secure/vault.toml"
# What each side changes, and whether both change the same.
EDITS = {"one each": (1, False), "five each": (5, False), "the same one": (1, True)}


class Clone:
    def __init__(self, folder, env):
        self.folder, self.env = folder, env

    def run(self, *command, stdin="", expected=(0,)):
        done = subprocess.run(command, cwd=self.folder, env=self.env, input=stdin, capture_output=True, text=True)
        if expected and done.returncode not in expected:
            sys.exit(f"{command}: {done.returncode}: {done.stderr[-2000:]}")
        return done

    def git(self, *arguments, expected=(0,)):
        return self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments, expected=expected)

    def vault(self, *arguments, stdin="", expected=(0,)):
        return self.run(PROGRAM, *arguments, stdin=stdin, expected=expected)

    def text(self, path=VAULT):
        return (self.folder / path).read_text()


def name(number):
    return f"SECRET_{number:04}"


def start(root, size, history):
    """A clone that has the driver, with `size` secrets, made by one import or one by one."""
    home, folder = root / "home", root / "driven"
    home.mkdir(mode=0o700)
    folder.mkdir()
    (root / "bin").mkdir()
    (root / "bin/v-secure").symlink_to(PROGRAM)
    path = f"{root / 'bin'}:{os.environ['PATH']}"
    env = {"HOME": str(home), "USER": "owner", "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}
    clone = Clone(folder, env)
    clone.git("init", "--quiet", "--initial-branch", "main")
    clone.vault("init", "--vault-name", "shop", "--member", "owner")
    if history == "one import":
        (folder / "values.env").write_text("".join(f"{name(n)}=value-{n}\n" for n in range(size)))
        clone.vault("import", "values.env", "--delete-source")
    else:
        for number in range(size):
            clone.vault("set", name(number), stdin=f"value-{number}")
    clone.vault("git", "install")
    clone.git("add", "-A")
    clone.git("commit", "--quiet", "--no-verify", "-m", "base")
    # A clone in which nobody ran `git install`: git merges the lines.
    clone.git("clone", "--quiet", str(folder), str(root / "text"))
    return clone, Clone(root / "text", env)


def branches(clone, rng, size, count, same):
    """Two branches of the base; returns what each secret is to be then."""
    numbers = rng.sample(range(size), count if same else 2 * count)
    sides = [numbers, numbers] if same else [numbers[:count], numbers[count:]]
    wanted = {}
    for side, chosen in zip(("ours", "theirs"), sides):
        clone.git("checkout", "--quiet", "-B", side, "main")
        for number in chosen:
            value = f"{side}-{number}"
            clone.vault("set", name(number), stdin=value)
            wanted.setdefault(name(number), set()).add(value)
        clone.git("commit", "--quiet", "--no-verify", "-am", side)
    return wanted


def kept(clone, wanted):
    """Whether every value that was written is active, alone or in a conflict with the other one."""
    for secret, values in wanted.items():
        versions = json.loads(clone.vault("secret", "versions", secret, "--json").stdout)["versions"]
        active = [v["version"] for v in versions if v["state"] in ("active", "conflicting")]
        found = {clone.vault("get", secret, "--version", str(number)).stdout for number in active}
        if not values <= found:
            return False
    return True


def merged(clone):
    clone.git("checkout", "--quiet", "--detach", "origin/ours" if "text" in clone.folder.name else "ours")
    other = "origin/theirs" if "text" in clone.folder.name else "theirs"
    return clone.git("merge", "--quiet", "--no-edit", "--no-verify", other, expected=()).returncode == 0


def back(clone):
    clone.git("merge", "--abort", expected=())
    clone.git("reset", "--quiet", "--hard")


def pair(driven, text, wanted, found):
    clean = merged(driven)
    found["driver: conflicts"] += not clean
    found["driver: lost"] += not (clean and kept(driven, wanted))
    expected = driven.text()
    back(driven)
    text.git("fetch", "--quiet", "--force", "origin", "+refs/heads/*:refs/remotes/origin/*")
    clean = merged(text)
    served = text.vault("audit", "verify", "--trust-first-use", expected=(0, 1, 6, 7)).returncode == 0
    if clean and served and text.text() == expected:
        found["text: the same"] += 1
    elif served:
        found["text: served, and not the same"] += 1
    else:
        found["text: refused"] += 1
        found["text: with marks"] += not clean
        text.vault("git", "resolve")
        found["text: mended"] += text.text() == expected
    found["text: lost"] += text.text() != expected
    back(text)


class Sops:
    """The same edits of one encrypted YAML file."""

    def __init__(self, root, size):
        folder = root / "sops"
        folder.mkdir()
        (root / "gpg").mkdir(mode=0o700)
        env = {"HOME": str(root), "GNUPGHOME": str(root / "gpg"), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.clone = Clone(folder, env)
        self.clone.run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "bench", "rsa2048", "encrypt,sign")
        listed = self.clone.run("gpg", "--list-keys", "--with-colons").stdout
        env["SOPS_PGP_FP"] = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))
        (folder / "s.yaml").write_text("".join(f"{name(n)}: value-{n}\n" for n in range(size)))
        self.clone.git("init", "--quiet", "--initial-branch", "main")
        self.clone.run(SOPS, "--encrypt", "--in-place", "s.yaml")
        self.clone.git("add", "-A")
        self.clone.git("commit", "--quiet", "-m", "base")

    def conflicts(self, rng, size, count, same):
        numbers = rng.sample(range(size), count if same else 2 * count)
        sides = [numbers, numbers] if same else [numbers[:count], numbers[count:]]
        for side, chosen in zip(("ours", "theirs"), sides):
            self.clone.git("checkout", "--quiet", "-B", side, "main")
            for number in chosen:
                self.clone.run(SOPS, "--set", f'["{name(number)}"]', json.dumps(f"{side}-{number}"), "s.yaml")
            self.clone.git("commit", "--quiet", "-am", side)
        self.clone.git("checkout", "--quiet", "--detach", "ours")
        clean = self.clone.git("merge", "--quiet", "--no-edit", "theirs", expected=()).returncode == 0
        back(self.clone)
        return not clean


def row(size, history, edits, pairs, seed, sops_pairs):
    count, same = EDITS[edits]
    found = Counter()
    with tempfile.TemporaryDirectory() as root:
        driven, text = start(Path(root), size, history)
        rng = random.Random(f"{seed} {size} {history} {edits}")
        for _ in range(pairs):
            pair(driven, text, branches(driven, rng, size, count, same), found)
        beside = "–"
        if SOPS and history == "one import" and sops_pairs:
            sops = Sops(Path(root), size)
            beside = f"{sum(sops.conflicts(rng, size, count, same) for _ in range(sops_pairs))} of {sops_pairs}"
    cells = [size, history, edits, pairs, found["driver: conflicts"], found["driver: lost"], found["text: the same"],
             f"{found['text: with marks']} + {found['text: refused'] - found['text: with marks']}",
             found["text: mended"], found["text: lost"], found["text: served, and not the same"], beside]
    print("|" + "|".join(f" {cell} " for cell in cells) + "|", flush=True)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=40)
    options.add_argument("--sops-pairs", type=int, default=10)
    options.add_argument("--sizes", default="10,100,1000")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    print("| secrets | made by | changed | pairs | driver: conflicts | lost | text: the same file | marks + refused | mended | lost "
          "| served, and wrong | sops 1.18: conflicts |")
    print("|--:|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for size in map(int, chosen.sizes.split(",")):
        for history in ("one import", "one by one"):
            for edits in EDITS:
                row(size, history, edits, chosen.pairs, chosen.seed, chosen.sops_pairs)


if __name__ == "__main__":
    main()
