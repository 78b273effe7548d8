#!/usr/bin/env python3
"""What a vault's file spells though other records of it say it, in git, which keeps one whole copy of the file for each fifty
states or so: how many bytes of such a copy a secret and a change have, and would have without. What comes of leaving it out
is no vault.

    cargo build --release --bin v-secure --example growth_vault
    python3 benches/ids.py [CHANGES]

Prints a Markdown table; CHANGES are 100 unless stated. V_SECURE_BIN, GROWTH_VAULT_BIN: as for growth.py.
"""
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import growth

ID = "[A-Za-z0-9_-]{43}"
AUTHOR_AND_ORIGIN = rf'(?m)^(author|origin) = "{ID}"\n'
PARENT, REPLACED = rf'"parents":\["{ID}"\],', rf',?"replaces":\["{ID}"\]'
# Without author and origin a version is found by the body that its entry states, so of these two only one can go.
LEFT_OUT = (
    ("nothing",),
    ("the author and origin of versions, which their entry has", AUTHOR_AND_ORIGIN),
    ("the body and wrap that an entry puts, which follow from the sections", rf'"(body|wrap)":"{ID}",?'),
    ("the only parent of an entry", PARENT),
    ("the one version that an entry replaces", REPLACED),
    ("all of these but the body and wrap", AUTHOR_AND_ORIGIN, PARENT, REPLACED),
)


def ends(folder):
    """The first and the last state."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout
    commits = git("rev-list", "--reverse", "HEAD").split()
    return [git("show", f"{commit}:{growth.VAULT}") for commit in (commits[0], commits[-1])]


def copy(text, patterns):
    """How large git keeps a state that is no difference to another."""
    for pattern in patterns:
        text = re.sub(pattern, "", text)
    return len(zlib.compress(text.encode()))


def main():
    changes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    tools = {"v-secure": growth.tool("V_SECURE_BIN", growth.RELEASE / "v-secure"),
             "maker": growth.tool("GROWTH_VAULT_BIN", growth.RELEASE / "examples/growth_vault")}
    if not (tools["v-secure"] and tools["maker"]):
        sys.exit("build them first: cargo build --release --bin v-secure --example growth_vault")
    with tempfile.TemporaryDirectory(prefix="v-secure-ids.") as name:
        folder = Path(name) / "vault"
        growth.packed(folder, changes, *growth.ours_in_git(tools))
        first, last = ends(folder)
        growth.head("left out, each by itself", "a secret", "a change")
        for what, *patterns in LEFT_OUT:
            live, grown = copy(first, patterns), copy(last, patterns)
            print(f"| {what} | {live / 100:.0f} | {(grown - live) / changes:.0f} |")


if __name__ == "__main__":
    main()
