#!/usr/bin/env python3
"""Breaks one rule of rotations at a time in this implementation: some test must notice each.

    weaker.py --jobs 2 [--only TEXT]

Each rule is a text of `vsecure/` and what stands there instead. The last lines are how many were tried, and how many
nobody noticed. Exit 1 if there is one.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from multiprocessing.pool import ThreadPool
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = ("test_rotations", "test_turns", "test_served", "test_closed_rotations")
TIMEOUT = 300
RULES = []


def rule(file, name, old, new):
    RULES.append((file, name, old, new))


def all_of(file, *rules):
    for one in rules:
        rule(file, *one)


all_of(
    "records.py",
    ("a pending has body and wrap both or neither", "return all(stated) or not any([*stated,", "return True or not any([*stated,"),
    ("expires of a pending only with a body", 'not any([*stated, pending["expires"] is not None])', "not any(stated)"),
    ("a share is at most 10,000", "MOST_SHARE = 10_000", "MOST_SHARE = 10_001"),
    ("a pending is not adopted", '''"wrap": optional(ID),
                "expires": optional(integer)},''', '"wrap": optional(ID),\n                "expires": optional(integer), "adopts": _adopts},'),
    ("a rollout is not adopted", '"share": share}', '"share": share, "adopts": _adopts}'),
    ("an abort is adopted", '"abort": {"secret": full_name, "rotation": SHORT, "adopts": _adopts}', '"abort": {"secret": full_name, "rotation": SHORT}'),
    ("a retire names something", '"retire": {"secret": full_name, "objects": _objects,', '"retire": {"secret": full_name, "objects": ids(),'))
all_of(
    "log.py",
    ("rotate suffices for a pending", '"pending": EITHER', '"pending": WRITE'),
    ("rotate suffices for a rollout", '"rollout": EITHER', '"rollout": WRITE'),
    ("rotate suffices for an abort", '"abort": EITHER', '"abort": WRITE'),
    ("rotate suffices for a retire", '"retire": EITHER', '"retire": WRITE'),
    ("rotate suffices for a promote", '"promote": EITHER', '"promote": WRITE'),
    ("a rollout takes a right", '"rollout": EITHER', '"rollout": EITHER + (("delete",),)'),
    ("an abort is on a secret that was put", 'OF_ROTATIONS = ("pending", "rollout", "abort", "retire",', 'OF_ROTATIONS = ("pending", "rollout", "retire",'),
    ("a rollout is", 'OF_ROTATIONS = ("pending", "rollout",', 'OF_ROTATIONS = ("pending",'),
    ("a retire is", '"abort", "retire", "promote")\n', '"abort", "promote")\n'),
    ("a pending is", 'if kind in OF_ROTATIONS and not self.follows_put(entry, op):', 'if False:'),
    ("by write too", 'if kind in OF_ROTATIONS and not self.follows_put(entry, op):\n            return ()',
     'if kind in OF_ROTATIONS and not self.follows_put(entry, op):\n            return WRITE'),
    ("a promote has its pending below", 'if kind == "promote" and not self.follows_pending(entry, op):', "if False:"),
    ("by write too (promote)", 'if kind == "promote" and not self.follows_pending(entry, op):\n            return ()',
     'if kind == "promote" and not self.follows_pending(entry, op):\n            return WRITE'),
    ("of the same secret", 'key = op["secret"], op["rotation"], op["object"]\n        return bool(self.ancestors[entry.id] & self.pendings.get(key, 0))',
     'return any(self.ancestors[entry.id] & mask for key, mask in self.pendings.items() if key[1:] == (op["rotation"], op["object"]))'),
    ("of the same rotation", 'key = op["secret"], op["rotation"], op["object"]\n        return bool(self.ancestors[entry.id] & self.pendings.get(key, 0))',
     'return any(self.ancestors[entry.id] & mask for key, mask in self.pendings.items() if key[::2] == (op["secret"], op["object"]))'),
    ("of the same object", 'key = op["secret"], op["rotation"], op["object"]\n        return bool(self.ancestors[entry.id] & self.pendings.get(key, 0))',
     'return any(self.ancestors[entry.id] & mask for key, mask in self.pendings.items() if key[:2] == (op["secret"], op["rotation"]))'),
    ("in an ancestor, not in the entry", "return bool(self.ancestors[entry.id] & self.pendings.get(key, 0))",
     "return bool((self.ancestors[entry.id] | self.bit[entry.id]) & self.pendings.get(key, 0))"),
    ("a promote is by rotate where write does not suffice", 'if op["op"] in ("put", "promote") and needed', 'if op["op"] == "put" and needed'),
    ("by rotate where write is lost", "if not by_write or (ended is None and lost is not None):", "if not by_write:"))
all_of(
    "fold.py",
    ("a promote makes a version exist", 'for item in self.of("put", "promote"):\n            found, known', 'for item in self.of("put"):\n            found, known'),
    ("a pending makes none exist", 'for item in self.of("put", "promote"):\n            found, known', 'for item in self.of("put", "promote", "pending"):\n            found, known'),
    ("a void pending gives nothing by itself", "return pending.counts or any(", "return True or any("),
    ("a promotion makes a void pending give", "return pending.counts or any(", "return pending.counts and any("),
    ("of the same rotation and object", 'for key in ("rotation", "object"))', 'for key in ("object",))'),
    ("after the pending", "promotes(o, pending) and self.before(pending, o) for o", "promotes(o, pending) for o"),
    ("numbers go by put and promote", "item, sources[found], len(known) + 1)", "sources[found], sources[found], len(known) + 1)"),
    ("a promote sets something in active", 'for item in self.of("put", "promote", "resolve"):', 'for item in self.of("put", "resolve"):'),
    ("a promotion by rotate may be overruled", 'rotates and overrules[item.kind](item)', 'rotates and item.kind == "put" and overrules[item.kind](item)'),
    ("one by write is not", "if rotates and overrules[item.kind](item):", 'if (rotates or item.kind == "promote") and item.kind in overrules and overrules[item.kind](item):'),
    ("it stands on its rotation's base", "self._active_before(item) & bases)", "self._active_before(item))"),
    ("which was active there", "self._active_before(item) & bases)", "bases)"),
    ("which stands", "any(self._stands(item, version) for version in self._active_before(item) & bases)", "bool(self._active_before(item) & bases)"),
    ("the base of a pending below", "if promotes(item, o) and o.entry != item.entry and self.before(o, item)}", "if promotes(item, o)}"),
    ("the base of the same rotation's", "if promotes(item, o) and o.entry", "if o.entry"),
    ("the base of a void one too", 'bases = {o.op["base"] for o in self.either("pending"', 'bases = {o.op["base"] for o in self.of("pending"'),
    ("an abort before wins", "any(self.before(o, item) for o in aborts + retires)", "any(self.before(o, item) for o in retires)"),
    ("an abort beside does not", "any(self.before(o, item) for o in aborts + retires)", "any(not self.before(item, o) for o in aborts + retires)"),
    ("an abort of the rotation alone", 'if o.op["rotation"] == item.op["rotation"]]', "]"),
    ("a void abort does not win", 'aborts = [o for o in self.of("abort")', 'aborts = [o for o in self.either("abort")'),
    ("a retire before wins", "any(self.before(o, item) for o in aborts + retires)", "any(self.before(o, item) for o in aborts)"),
    ("overruled only if every op that makes it exist is", "all(o.at in self.overruled for o in makes)", "any(o.at in self.overruled for o in makes)"),
    ("promotions count for that", 'makes = self.of("put", "promote", version=found)', 'makes = self.of("put", version=found)'),
    ("wraps of pendings that give it", "or o in self.given)]", "or (o in self.given and o.counts))]"),
    ("wraps of those that give it alone", "or o in self.given)]", 'or o.kind == "pending")]'),
    ("a retire acts on what it knew", "return retire.kept or any(self.before(o, retire)", "return True or any(self.before(o, retire)"),
    ("be it put or pending", 'self.either("put", "pending", version=found))', 'self.either("put", version=found))'),
    ("stated by something void too", 'self.either("put", "pending", version=found))', 'self.of("put", "pending", version=found))'))
all_of(
    "rotations.py",
    ("x is modulo 10,000 and below the share", "place(rotation, instance) < share", "place(rotation, instance) <= share"),
    ("x takes the rotation", 'H("rollout", rotation, instance)', 'H("rollout", b"", instance)'),
    ("x is least significant first", '[:8], "little")', '[:8], "big")'),
    ("only counting retires retire", 'for retire in fold.of("retire")', 'for retire in fold.either("retire")'),
    ("what acts on nothing retires nothing", 'for found in retire.op["objects"] if fold.acts(retire, found)}', 'for found in retire.op["objects"]}'),
    ("of several none is pending", "if len(live) == 1 else None", "if live else None"),
    ("several are told", 'state.odd = ["rotation-contested"] if len(live) > 1 else []', "state.odd = []"),
    ("each stale one is told", "for found in state.rotations.values() if found.word == STALE]", "for found in list(state.rotations.values())[:1] if found.word == STALE]"),
    ("divided ones are told", 'state.odd += ["rotation-divided" for found in state.rotations if is_divided(fold, found)]', ""),
    ("retired candidates are told", 'state.odd += ["retired-active" for found in state.candidates if found in state.retired]', ""),
    ("void pendings make no rotation", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.either("pending", "promote") if not o.kept}'),
    ("rollouts and aborts make none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote", "abort", "rollout") if not o.kept}'),
    ("what is kept is of none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote")}'),
    ("previous is of the current version", 'for o in fold.of("promote") if o.op["object"] == state.current', 'for o in fold.of("promote")'),
    ("previous exists", "if found in state.versions and found not in state.candidates", "if found in state.held and found not in state.candidates"),
    ("previous is not active", "if found in state.versions and found not in state.candidates", "if found in state.versions"),
    ("previous is not retired", "and found not in state.retired and is_usable(state.versions[found]))", "and is_usable(state.versions[found]))"),
    ("previous is not removed or pruned", "and found not in state.retired and is_usable(state.versions[found]))", "and found not in state.retired)"),
    ("what is removed is not usable", "return not version.removed and not version.pruned", "return not version.pruned"),
    ("what is pruned is not usable", "return not version.removed and not version.pruned", "return not version.removed"),
    ("divided only if beside", "if not fold.before(o, abort) and not fold.before(abort, o)]", "if not fold.before(abort, o)]"),
    ("divided until promoted again", "settled = any(fold.before(abort, o) for o in promotes)", "settled = False"),
    ("divided by a candidate", 'any(o.op["object"] in fold.state.candidates for o in beside)', "beside"),
    ("void objects are objects", 'self.objects = {o.op["object"] for o in pendings if "object" in o.op}', 'self.objects = {o.op["object"] for o in pendings if "object" in o.op and o.counts}'),
    ("void bases are bases", 'self.bases = {o.op["base"] for o in pendings}', 'self.bases = {o.op["base"] for o in pendings if o.counts}'),
    ("so does its object's existence", 'if self.counting("promote") or self.objects & self.fold.state.versions.keys():', 'if self.counting("promote"):'),
    ("promoted before aborted", "return PROMOTED", "return ABORTED if self.counting(\"abort\") else PROMOTED"),
    ("an abort ends it", 'if self.counting("abort"):', "if False:"),
    ("live with one candidate", "len(self.fold.state.candidates) == 1 and self.stands_on_current()", "self.stands_on_current()"),
    ("live upon the current version", "return self.bases == {state.current} and state.current not in state.retired", "return state.current not in state.retired"),
    ("live with one base", "return self.bases == {state.current} and", "return state.current in self.bases and"),
    ("live upon what is not retired", "return self.bases == {state.current} and state.current not in state.retired", "return self.bases == {state.current}"),
    ("live with one version at most", "(len(self.objects) == 1 and all(", "(all("),
    ("live with a version that counts", "found in counting and is_usable", "is_usable"),
    ("live with a version that is usable", "and is_usable(state.held[found]) and", "and"),
    ("live with a version that is not retired", "and found not in state.retired for found in self.objects))", "for found in self.objects))"),
    ("a void abort takes it away", "and not self.is_taken_back()", ""),
    ("other void ops do", "and not self.is_withdrawn_by_void()", ""),
    ("a void remove does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("prune", "retire")'),
    ("a void prune does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("remove", "retire")'),
    ("a void retire does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("remove", "prune")'),
    ("a void retire of what it knew", 'return self.fold.acts(void, found) if void.kind == "retire" else void.names(found)', "return void.names(found)"),
    ("a void retire of the base does", "self.takes_base(o, found) for o in void for found in self.bases)", "False for o in void)"),
    ("a void remove of the base does not", 'return void.kind == "retire" and self.fold.acts(void, base) and not known', "return self.takes(void, base) and not known"),
    ("a void retire that each pending knew does not", "self.fold.acts(void, base) and not known", "self.fold.acts(void, base)"),
    ("each, not one", "known = all(self.fold.before(void, o)", "known = any(self.fold.before(void, o)"),
    ("share is the smallest", 'return min((o.op["share"] for o in left), default=0)', 'return max((o.op["share"] for o in left), default=0)'),
    ("share is of what no later one replaces", "if not any(self.fold.before(o, other) for other in counting)]", "]"),
    ("void rollouts replace none", "counting = self.counting(\"rollout\")\n", 'counting = self.void_too("rollout")\n'),
    ("void rollouts make it smaller", 'left = [o for o in self.void_too("rollout")', 'left = [o for o in counting'),
    ("void rollouts alone give nothing", "default=0) if counting else 0", "default=0)"))
all_of(
    "reading.py",
    ("what is expired is not served", "and (expires is None or now < expires)", ""),
    ("what does not open is not served", 'if found[0] == "value":\n            return found', "return found"),
    ("without an instance nothing pending is", "if instance is not None and _gets_pending", 'instance = instance or "web-1"\n    if _gets_pending'))
all_of(
    "verify.py",
    ("held versions are in the file", "for version in (v for v in state.held.values() if not v.pruned):", "for version in (v for v in state.versions.values() if not v.pruned):"),
    ("held versions are told of", "[code for version in state.held.values()", "[code for version in state.versions.values()"),
    ("void ops of rotations are told", "    _void_rotations(vault)\n    for", "    for"),
    ("of each kind", 'if op["op"] in OF_ROTATIONS and', 'if op["op"] == "abort" and'),
    ("of no other", 'if op["op"] in OF_ROTATIONS and', 'if "secret" in op and'),
    ("until adopted", 'and (op["secret"], *at) not in adopted:', ":"),
    ("by what counts", 'if op.get("adopts") and at not in vault.standing.ended}', 'if op.get("adopts")}'),
    ("or until somebody set the secret since", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if True:\n            vault.tell("warning", "log", "rotation-void"'),
    ("not before", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if current is None:\n            vault.tell("warning", "log", "rotation-void"'))
all_of(
    "keeping.py",
    ("what is open is not closed", "found.word in OPEN for found", "False for found"),
    ("what is stale is open", "found.word in OPEN for found", 'found.word == "live" for found'),
    ("a promotion by rotate beside a removal is not closed", 'rotations = [put for put in fold.of("put", "promote")', 'rotations = [put for put in fold.of("put")'),
    ("unless one by write is left", 'return all(item.kind != "resolve" and', 'return all(item.kind == "put" and'),
    ("what is replaced is kept", "ids |= _replaced(fold, ids)", ""),
    ("but for what is retired", "if found in versions and not versions[found].pruned and found not in fold.state.retired}", "if found in versions and not versions[found].pruned}"),
    ("promotions are kept", 'items = of("put", "promote") +', 'items = of("put") +'),
    ("pendings that give are kept", "items += [item for item in fold.given if item.names(version.object)]", ""),
    ("void ones too", "items += [item for item in fold.given if item.names(version.object)]", "items += [item for item in fold.given if item.names(version.object) and item.counts]"),
    ("retires are kept", 'items += [item for item in of("retire") if fold.acts(item, version.object)]', ""),
    ("those that act", 'items += [item for item in of("retire") if fold.acts(item, version.object)]', 'items += of("retire")'),
    ("rotations are listed", "tuple(sorted(folds[name].stated)) or None)", "None)"))
all_of(
    "recent.py",
    ("an op on a closed rotation reaches behind", 'if (op.get("secret"), op.get("rotation")) in begun or (', "if ("),
    ("of the same secret", 'if (op.get("secret"), op.get("rotation")) in begun or (', 'if op.get("rotation") in {one for _, one in begun} or ('),
    ("a promote without its pending reaches behind", 'op["op"] == "promote" and op["secret"] in graph.put_before and not graph.finds_pending(entry, op)', "False"),
    ("a new rotation does not", "and not graph.finds_pending(entry, op)", ""),
    ("a kept version has what gives it", 'or not any(op["op"] in ("put", "pending") for _, op in found)', ""),
    ("which names it", 'if about not in ([op["object"]] if "object" in op else op.get("objects") or ()):', 'if about not in ([op.get("object", about)] if "objects" not in op else op["objects"]):'),
    ("what sets the secret is under a version", 'if any(item.kind in ("put", "promote") and at not in under', 'if any(False'),
    ("void open ops take away", "counts = (entry.id, index) not in out.standing.ended\n", "counts = (entry.id, index) not in out.standing.ended\n                if not counts:\n                    continue\n"),
    ("a kept pending may be by rotate", "needed = EITHER if item.kind == \"put\" else RIGHTS_NEEDED[item.kind]", "needed = EITHER if item.kind == \"put\" else ((\"write\",),) if item.kind == \"pending\" else RIGHTS_NEEDED[item.kind]"))
rule("closed.py", "rotations rise", "require(_rises(found), \"order\", \"rotations\")", "")
rule("closed.py", "an empty list of them is left out", "require(type(value) is list and value, \"list\")", "require(type(value) is list, \"list\")")


def is_noticed(one):
    file, name, old, new = one
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(HERE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        path = Path(folder) / "vsecure" / file
        text = path.read_text()
        if text.count(old) != 1:
            return one, None
        path.write_text(text.replace(old, new))
        ran = subprocess.run([sys.executable, "-m", "unittest", "-f", *TESTS], cwd=folder, capture_output=True,
                             timeout=TIMEOUT, check=False)
        return one, ran.returncode != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="rules with this in their file or name")
    args = parser.parse_args()
    rules = [one for one in RULES if args.only in f"{one[0]}: {one[1]}"]
    missed = 0
    with ThreadPool(args.jobs) as pool:
        for (file, name, *_), noticed in pool.imap(is_noticed, rules):
            missed += not noticed
            if not noticed:
                print(f"{file}: {name}: {'its text is not there once' if noticed is None else 'no test notices it'}", flush=True)
    print(f"{len(rules)} rules: {missed} that no test notices")
    return 1 if missed or not rules else 0


if __name__ == "__main__":
    sys.exit(main())
