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
TESTS = ("test_rotations", "test_turns", "test_served", "test_rotation_attacks", "test_closed_rotations")
TIMEOUT = 300
RULES = []


def rule(file, name, old, new):
    RULES.append((file, name, old, new))


def all_of(file, *rules):
    for one in rules:
        rule(file, *one)


all_of(
    "records.py",
    ("a beginning pending has body and wrap both or neither", "return all(begins) and (all(stated) or not any([*stated,", "return all(begins) and (True or not any([*stated,"),
    ("expires of it only with a body", 'not any([*stated, pending["expires"] is not None])', "not any(stated)"),
    ("it has a nonce and a base", "return all(begins) and (all", "return any(begins) and (all"),
    ("one that adds has a version", "return all(stated) and not any(begins)", "return not any(begins)"),
    ("and neither nonce nor base", "return all(stated) and not any(begins)", "return all(stated)"),
    ("a share is at most 10,000", "MOST_SHARE = 10_000", "MOST_SHARE = 10_001"),
    ("a pending is not adopted", '"wrap": optional(ID), "expires": optional(integer)},', '"wrap": optional(ID), "expires": optional(integer), "adopts": _adopts},'),
    ("a rollout is not adopted", '"share": share}', '"share": share, "adopts": _adopts}'),
    ("an abort is adopted", '"abort": {"secret": full_name, "rotation": SHORT, "adopts": _adopts}', '"abort": {"secret": full_name, "rotation": SHORT}'),
    ("a retire names something", '"retire": {"secret": full_name, "objects": _objects,', '"retire": {"secret": full_name, "objects": ids(),'),
    ("a rotation's id is derived with the base", 'keys.rotation_id(uid, author, origin, op["base"], op["nonce"])', 'keys.rotation_id(uid, author, origin, b"", op["nonce"])'),
    ("and the nonce", 'keys.rotation_id(uid, author, origin, op["base"], op["nonce"])', 'keys.rotation_id(uid, author, origin, op["base"], b"")'),
    ("and its author", 'keys.rotation_id(uid, author, origin, op["base"], op["nonce"])', 'keys.rotation_id(uid, b"", origin, op["base"], op["nonce"])'),
    ("and its origin", 'keys.rotation_id(uid, author, origin, op["base"], op["nonce"])', 'keys.rotation_id(uid, author, b"", op["base"], op["nonce"])'),
    ("and the secret", 'keys.rotation_id(uid, author, origin, op["base"], op["nonce"])', 'keys.rotation_id(b"", author, origin, op["base"], op["nonce"])'))
all_of(
    "log.py",
    ("rotate suffices for a pending", '"pending": EITHER', '"pending": WRITE'),
    ("rotate suffices for a rollout", '"rollout": EITHER', '"rollout": WRITE'),
    ("rotate suffices for an abort", '"abort": EITHER', '"abort": WRITE'),
    ("rotate suffices for a retire", '"retire": EITHER', '"retire": WRITE'),
    ("rotate suffices for a promote", '"promote": EITHER', '"promote": WRITE'),
    ("a rollout takes a right", '"rollout": EITHER', '"rollout": EITHER + (("delete",),)'),
    ("a beginning is on a secret that was put", 'return [("put", secret)]', "return []"),
    ("all that is said of a rotation follows its beginning", 'return [("begun", secret, op["rotation"]), *states]', "return states"),
    ("a rollout too", 'return [("begun", secret, op["rotation"]), *states]', 'return states if kind == "rollout" else [("begun", secret, op["rotation"]), *states]'),
    ("an abort too", 'return [("begun", secret, op["rotation"]), *states]', 'return states if kind == "abort" else [("begun", secret, op["rotation"]), *states]'),
    ("what adds too", 'return [("begun", secret, op["rotation"]), *states]', 'return states if kind == "pending" else [("begun", secret, op["rotation"]), *states]'),
    ("a promote has its pending below", 'if kind == "promote" else []', "if False else []"),
    ("by a put", '("named", op["secret"], op["object"])]\n    if', ']\n    if'),
    ("or a pending", 'grounds += [("named", op["secret"], op["object"]), (', 'grounds += [('),
    ("of the same secret", "return self.ancestors[entry.id] & self.grounds.get(ground, 0)",
     "return max(self.ancestors[entry.id] & mask for key, mask in {**self.grounds, None: 0}.items() if not key or key[0] == ground[0] and key[2:] == ground[2:])"),
    ("of the same rotation", "return self.ancestors[entry.id] & self.grounds.get(ground, 0)",
     "return max(self.ancestors[entry.id] & mask for key, mask in {**self.grounds, None: 0}.items() if not key or key[:2] == ground[:2] and key[-1] == ground[-1])"),
    ("of the same object", "return self.ancestors[entry.id] & self.grounds.get(ground, 0)",
     "return max(self.ancestors[entry.id] & mask for key, mask in {**self.grounds, None: 0}.items() if not key or key[:3] == ground[:3])"),
    ("in an ancestor, not in the entry", "return self.ancestors[entry.id] & self.grounds.get(ground, 0)",
     "return (self.ancestors[entry.id] | self.bit[entry.id]) & self.grounds.get(ground, 0)"),
    ("of anothers it is void where write ends", "and self._is_anothers(entry, op) and self._may_write", "and False and self._may_write"),
    ("not of one's own", "and self._is_anothers(entry, op) and self._may_write", "and self._may_write"),
    ("nor by rotate alone", "and self._is_anothers(entry, op) and self._may_write(entry, op)", "and self._is_anothers(entry, op)"),
    ("as far as it is found", "return stated and self.entries", "return not stated or self.entries"),
    ("a promote is by rotate where write does not suffice", 'if op["op"] in ("put", "promote") and needed', 'if op["op"] == "put" and needed'),
    ("by rotate where write is lost", "if not by_write or (ended is None and lost is not None):", "if not by_write:"),
    ("what stands on nothing acts on nothing", "for ground in stands_on(op)) else None", "for ground in stands_on(op)) or True else None"),
    ("a retirement acts on what something below names", 'if self.follows(entry, "named", op["secret"], found)]', "if True]"),
    ("object by object", "return {**op, \"objects\": left} if left else None", 'return op if left == op["objects"] else None'),
    ("and not on the others", "return {**op, \"objects\": left} if left else None", "return op if left else None"),
    ("and is no forgery", "(_begins(op) and graph.acting(entry, op) is None):", "graph.acting(entry, op) is None:"),
    ("but what begins upon nothing", "if not allowed or (_begins(op) and graph.acting(entry, op) is None):", "if not allowed:"),
    ("what adds is ground if it has some", 'return bool(self.ancestors[entry.id] & grounds.get(("begun", op["secret"], op["rotation"]), 0))', "return True"))
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
    ("it stands on its rotation's base", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return not any(self._stands(item, one) for one in self.stood_on[item.at]) or"),
    ("which was active there", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return not self._stands(item, base) or"),
    ("a promotion by rotate of what is another's does nothing", "self.all = [o for o in self.all if not self._is_anothers(o)]", "self.all = list(self.all)"),
    ("one by write does", "or not item.counts or item.at not in self.standing.by_rotate:", "or not item.counts:"),
    ("which stands", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return base not in self.stood_on[item.at] or"),
    ("the base that a void one says too", 'for o in self.either("pending") if not o.kept and o.op["nonce"]', 'for o in self.of("pending") if not o.kept and o.op["nonce"]'),
    ("what was restored does", "return removed and not all(any(self.before(remove, o) for o in restores) for remove in beside)", "return removed and bool(beside)"),
    ("what is not removed does", "return removed and not all(", "return not all("),
    ("a removal after it is not beside it", 'beside = [o for o in self.of("remove", version=version) if self.beside(o, item)]', 'beside = self.of("remove", version=version)'),
    ("an abort before wins", "any(self.before(o, item) for o in aborts + retires)", "any(self.before(o, item) for o in retires)"),
    ("an abort beside does not", "any(self.before(o, item) for o in aborts + retires)", "any(not self.before(item, o) for o in aborts + retires)"),
    ("an abort of the rotation alone", 'if o.op["rotation"] == item.op["rotation"]]', "]"),
    ("a void abort does not win", 'aborts = [o for o in self.of("abort")', 'aborts = [o for o in self.either("abort")'),
    ("a retire before wins", "any(self.before(o, item) for o in aborts + retires)", "any(self.before(o, item) for o in aborts)"),
    ("overruled only if every op that makes it exist is", "all(o.at in self.overruled for o in makes)", "any(o.at in self.overruled for o in makes)"),
    ("promotions count for that", 'makes = self.of("put", "promote", version=found)', 'makes = self.of("put", version=found)'),
    ("wraps of pendings that give it", "or o in self.given)]", "or (o in self.given and o.counts))]"),
    ("wraps of those that give it alone", "or o in self.given)]", 'or o.kind == "pending")]'),
    ("what is only pending is not removed", "        self.ops = [self._on_what_was_set(o) for o in self.ops]\n", ""),
    ("nor restored", 'if item.kept or item.kind not in ("remove", "restore", "prune"):', 'if item.kept or item.kind not in ("remove", "prune"):'),
    ("nor pruned", 'if item.kept or item.kind not in ("remove", "restore", "prune"):', 'if item.kept or item.kind not in ("remove", "restore"):'),
    ("what was put is, whenever", 'if self.of("put", version=found)\n', 'if any(self.before(o, item) for o in self.of("put", version=found))\n'),
    ("what was promoted before is", '\n                or any(self.before(o, item) for o in self.of("promote", version=found))]', "]"),
    ("what was promoted beside is not", "or any(self.before(o, item) for o in self.of(\"promote\", version=found))]", "or any(not self.before(item, o) for o in self.of(\"promote\", version=found))]"),
    ("what is kept acts where it is listed", 'if item.kept or item.kind not in ("remove"', 'if item.kind not in ("remove"'),
    ("a removal that is nothing was one", "self.ops = [self._on_what_was_set(o) for o in self.ops]\n", "self.ops = [o for o in map(self._on_what_was_set, self.ops) if o.op.get(\"objects\") != []]\n"))
all_of(
    "rotations.py",
    ("x is modulo 10,000 and below the share", "place(rotation, instance) < share", "place(rotation, instance) <= share"),
    ("x takes the rotation", 'H("rollout", rotation, instance)', 'H("rollout", b"", instance)'),
    ("x is least significant first", '[:8], "little")', '[:8], "big")'),
    ("only counting retires retire", 'for retire in fold.of("retire")', 'for retire in fold.either("retire")'),
    ("each stale one is told", "for found in state.rotations.values() if found.word == STALE]", "for found in list(state.rotations.values())[:1] if found.word == STALE]"),
    ("divided ones are told", 'state.odd += ["rotation-divided" for found in state.rotations if is_divided(fold, found)]', ""),
    ("retired candidates are told", 'state.odd += ["retired-active" for found in state.candidates if is_withdrawn(fold, found)]', ""),
    ("void pendings make no rotation", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.either("pending", "promote") if not o.kept}'),
    ("rollouts and aborts make none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote", "abort", "rollout") if not o.kept}'),
    ("what is kept is of none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote")}'),
    ("previous is of the current version", "in fold.set if o.kind == \"promote\" and not o.kept and o.op[\"object\"] == promoted", "in fold.set if o.kind == \"promote\" and not o.kept"),
    ("previous is by what sets something", "for o in fold.set if o.kind == \"promote\" and not o.kept and", "for o in fold.of(\"promote\") if not o.kept and"),
    ("previous by what is closed", "return names | fold.replaced_before.get(promoted, set())", "return names"),
    ("of the current version alone", "fold.replaced_before.get(promoted, set())", "set().union(*fold.replaced_before.values())"),
    ("previous is not active", "if found not in state.candidates\n                  and found not in state.retired", "if found not in state.retired"),
    ("previous is not retired", "and found not in state.retired and is_usable(state.versions[found]))", "and is_usable(state.versions[found]))"),
    ("previous is not removed or pruned", "and found not in state.retired and is_usable(state.versions[found]))", "and found not in state.retired)"),
    ("what may be promoted yet is coming", "if one.word in OPEN\n", "if one.word == LIVE\n"),
    ("what was aborted is not", "if one.word in OPEN\n", "if True\n"),
    ("what is gone is not coming", "if one.word in OPEN\n                           for found in one.objects if is_left(state, found)})", "if one.word in OPEN\n                           for found in one.objects if found in state.held})"),
    ("what is removed is not usable", "return not version.removed and not version.pruned", "return not version.pruned"),
    ("what is pruned is not usable", "return not version.removed and not version.pruned", "return not version.removed"),
    ("divided only if beside", "beside = [o for o in promotes if fold.beside(o, abort)]", "beside = [o for o in promotes if not fold.before(abort, o)]"),
    ("divided until promoted again", "settled = any(fold.before(abort, o) for o in promotes if o in fold.set)", "settled = False"),
    ("by a promotion that sets something", "for o in promotes if o in fold.set)", "for o in promotes)"),
    ("which follows the abort", "settled = any(fold.before(abort, o) for o in promotes if o in fold.set)", "settled = any(not fold.before(o, abort) and not fold.beside(o, abort) or fold.beside(o, abort) for o in promotes if o in fold.set)"),
    ("divided by a candidate", 'any(o.op["object"] in fold.state.candidates for o in beside)', "beside"),
    ("void objects are objects", 'self.objects = {o.op["object"] for o in pendings if "object" in o.op}', 'self.objects = {o.op["object"] for o in pendings if "object" in o.op and o.counts}'),
    ("what sets nothing ends nothing", 'if any(o in self.fold.set for o in self.counting("promote")):', 'if self.counting("promote"):'),
    ("nor does what exists otherwise", 'if any(o in self.fold.set for o in self.counting("promote")):', 'if any(o in self.fold.set for o in self.counting("promote")) or self.objects & self.fold.state.versions.keys():'),
    ("promoted before aborted", "return PROMOTED", "return ABORTED if self.counting(\"abort\") else PROMOTED"),
    ("an abort ends it", 'if self.counting("abort"):', "if False:"),
    ("live with a version that does not exist", "found in counting and found not in state.versions and", "found in counting and"),
    ("a void abort takes it away", "and not self.is_taken_back()", ""),
    ("other void ops do", "and not self.is_withdrawn_by_void()", ""),
    ("a void retire of the base does", "or any(map(self.takes_base, void))", ""),
    ("share is the smallest", 'return min((o.op["share"] for o in left), default=0)', 'return max((o.op["share"] for o in left), default=0)'),
    ("share is of what no later one replaces", "if not any(self.fold.before(o, other) for other in counting)]", "]"),
    ("void rollouts replace none", "counting = self.counting(\"rollout\")\n", 'counting = self.void_too("rollout")\n'),
    ("void rollouts make it smaller", 'left = [o for o in self.void_too("rollout")', 'left = [o for o in counting'),
    ("void rollouts alone give nothing", "default=0) if counting else 0", "default=0)"),
    ("of several none is pending", "if live and not is_contested else None", "if live else None"),
    ("several are told", 'state.odd = ["rotation-contested"] if live and is_contested else []', "state.odd = []"),
    ("if one of them is live", 'state.odd = ["rotation-contested"] if live and is_contested else []', 'state.odd = ["rotation-contested"] if is_contested else []'),
    ("a void op settles no contest", "sum(one.may_be_live for one in told.values()) > 1", "len(live) > 1"),
    ("nor a void version", 'self.has_one_version({o.op.get("object") for o in self.counting("pending")} - {None})', "self.has_one_version(self.objects)"),
    ("what is stale for else contests nothing", "self.rotation.word == STALE and self.is_live_but_for_void())", "self.rotation.word == STALE)"),
    ("what has ended contests nothing", "(self.rotation.word == STALE and self.is_live_but_for_void())", "self.is_live_but_for_void()"),
    ("retired over any number of steps", "        more = set().union(*(one for one in classes if one & same)) - same", "        more = set().union(*(one for one in classes if one & same)) - same if len(same) == 1 else set()"),
    ("either way", "more = set().union(*(one for one in classes if one & same)) - same", 'more = set().union(*(put.op["same"] or () for put in fold.of("put") if put.op["object"] in same)) - same'),
    ("and the other", "more = set().union(*(one for one in classes if one & same)) - same", 'more = {put.op["object"] for put in fold.of("put") if same & set(put.op["same"] or ())} - same'),
    ("as puts say that count", '*(put.op["same"] or ())} for put in fold.of("put")]', '*(put.op["same"] or ())} for put in fold.either("put")]'),
    ("previous was active there", 'for found in fold.stood_on[o.at] & {fold.bases', 'for found in fold.state.versions.keys() & {fold.bases'),
    ("previous is named", 'fold.stood_on[o.at] & {fold.bases.get(o.op["rotation"]), *(o.op["replaces"] or ())}}', "fold.stood_on[o.at]}"),
    ("or the base", '& {fold.bases.get(o.op["rotation"]), *(o.op["replaces"] or ())}}', '& set(o.op["replaces"] or ())}'),
    ("and not the base alone", '*(o.op["replaces"] or ())}}', "}}"),
    ("what was promoted away is spared", "state.spared = replaced(fold, state.current)", "state.spared = set()"),
    ("retired or not", "state.spared = replaced(fold, state.current)", "state.spared = replaced(fold, state.current) - state.retired"),
    ("what a rotation leaves is told", "if one.word in (PROMOTED, ABORTED)", "if False"),
    ("of one that was aborted", "if one.word in (PROMOTED, ABORTED)", "if one.word == PROMOTED"),
    ("of one that was promoted", "if one.word in (PROMOTED, ABORTED)", "if one.word == ABORTED"),
    ("not of one that is open", "if one.word in (PROMOTED, ABORTED)", "if True"),
    ("what is held", "return found in state.held and found not in state.versions and", "return found not in state.versions and"),
    ("what exists is not left", "return found in state.held and found not in state.versions and", "return found in state.held and"),
    ("what is retired is not", "found not in state.versions and found not in state.retired\n\n", "found not in state.versions\n\n"),
    ("live with one candidate", "return len(state.candidates) == 1 and self.base", "return self.base"),
    ("live upon the current version", "and self.base == state.current and self.base not", "and self.base not"),
    ("live upon what is not retired", "self.base == state.current and self.base not in state.retired", "self.base == state.current"),
    ("live with one version at most", "return not objects or (len(objects) == 1 and all(", "return not objects or (all("),
    ("live with a version that counts", "found in counting and found not in state.versions and", "found not in state.versions and"),
    ("live with a version that is not retired", "found not in state.versions and found not in state.retired for found", "found not in state.versions for found"),
    ("a void retire of it does", "any(o.names(found) for o in void for found in self.objects) or ", ""),
    ("a void retire that each pending knew does not", "return void.names(self.base) and not all(", "return void.names(self.base) and not any(False and "),
    ("each, not one", "and not all(self.fold.before(void, o)", "and not any(self.fold.before(void, o)"))
all_of(
    "reading.py",
    ("what is expired is not served", "and (expires is None or now < expires)", ""),
    ("what does not open is not served", 'if found[0] == "value":\n            return found', "return found"),
    ("without an instance nothing pending is", "if instance is not None and _gets_pending", 'instance = instance or "web-1"\n    if _gets_pending'))
all_of(
    "verify.py",
    ("held versions are in the file", "for version in (v for v in state.held.values() if not v.pruned):", "for version in (v for v in state.versions.values() if not v.pruned):"),
    ("held versions are told of", "[code for version in state.held.values()", "[code for version in state.versions.values()"),
    ("what is coming is kept up as what is active", "for found in [*state.candidates, *state.coming]:", "for found in state.candidates:"),
    ("void ops of rotations are told", "    _void_rotations(vault)\n    for", "    for"),
    ("of each kind", 'if op["op"] not in OF_ROTATIONS or', 'if op["op"] != "abort" or'),
    ("of no other", 'if op["op"] not in OF_ROTATIONS or', 'if "secret" not in op or'),
    ("what is left at the provider is told", 'vault.tell("notice", "log", "rotation-left", state.name)', "pass"),
    ("by what counts", 'op["op"] in ("abort", "retire") and at not in vault.standing.ended}', 'op["op"] in ("abort", "retire")}'),
    ("of nothing else", 'op["op"] in ("abort", "retire") and at not in', 'at not in'),
    ("that says something", "or vault.graph.acting(vault.graph.entries[at[0]], op) is None:", ":"),
    ("or until somebody set the secret since", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if True:\n            vault.tell("warning", "log", "rotation-void"'),
    ("not before", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if current is None:\n            vault.tell("warning", "log", "rotation-void"'),
    ("until adopted", 'if (op["op"], op["secret"], op.get("rotation"), *at) not in adopted:', "if True:"),
    ("on the same secret", 'adopted = {(op["op"], op["secret"], op.get("rotation"),', 'adopted = {(op["op"], next((ops[at].get("secret") for at in ops if at == (op["adopts"]["entry"], op["adopts"]["op"])), ""), op.get("rotation"),'),
    ("of the same rotation", 'adopted = {(op["op"], op["secret"], op.get("rotation"),', 'adopted = {(op["op"], op["secret"], ops.get((op["adopts"]["entry"], op["adopts"]["op"]), {}).get("rotation") if op["op"] == "abort" else op.get("rotation"),'))
all_of(
    "keeping.py",
    ("what is open is not closed", "found.word in OPEN for found", "False for found"),
    ("what may be withdrawn is not closed", 'if not {"rotation-divided", "retired-active"}.isdisjoint(fold.state.odd):', "if False:"),
    ("be it divided", 'if not {"rotation-divided", "retired-active"}.isdisjoint', 'if not {"retired-active"}.isdisjoint'),
    ("or retired", 'if not {"rotation-divided", "retired-active"}.isdisjoint', 'if not {"rotation-divided"}.isdisjoint'),
    ("what is stale is open", "found.word in OPEN for found", 'found.word == "live" for found'),
    ("a promotion by rotate beside a removal is not closed", 'rotations = [put for put in fold.of("put", "promote")', 'rotations = [put for put in fold.of("put")'),
    ("what is replaced is kept", "ids, known = set(gone).union(*gone.values()), fold", "ids, known = set(gone), fold"),
    ("and said to be", "gone.get(one.object, ())", "()"),
    ("but for what is retired", "if not fold.state.versions[found].pruned and found not in fold.state.retired}", "if not fold.state.versions[found].pruned}"),
    ("and for what is pruned", "if not fold.state.versions[found].pruned and found not in fold.state.retired}", "if found not in fold.state.retired}"),
    ("but those that make it active", ' + [item for item in active if item.kind == "promote" and item.names(version.object)]', ""),
    ("void ones too", "for item in fold.given if item.names(version.object)]", "for item in fold.given if item.names(version.object) and item.counts]"),
    ("the first retire is kept", ' + of("retire")[:1]', ""),
    ("and no more (retire)", ' + of("retire")[:1]', ' + of("retire")'),
    ("or left beside one by a put alone", 'return all(item.kind == "put" and', 'return all(item.kind != "resolve" and'),
    ("which is by write", "item.at not in fold.standing.by_rotate and item in fold.set", "item in fold.set"),
    ("the first promotion is kept", 'acts += of("promote")[:1] + [item', 'acts += [item'),
    ("and no more", 'acts += of("promote")[:1] + [item', 'acts += of("promote") + [item'),
    ("pendings that give are kept", "acts += [item for item in fold.given if item.names(version.object)] +", "acts +="),
    ("what has no ground is not kept", '.extend(as_told(graph, standing, entry, index))', '.extend([Op(entry.id, entry.lamport, graph.policy_position(entry), index, op, (entry.id, index) not in standing.ended)])'))
all_of(
    "recent.py",
    ("what stands on nothing open reaches behind", " | _groundless(graph)", ""),
    ("what was replaced is kept", "if any(number not in versions for version in base.kept for number in version.replaced or ()):", "if False:"),
    ("a kept version has what gives it", 'or not any(op["op"] in ("put", "pending") for _, op in found)', ""),
    ("which names it", 'if about not in ([op["object"]] if "object" in op else op.get("objects") or ()):', 'if about not in ([op.get("object", about)] if "objects" not in op else op["objects"]):'),
    ("what sets the secret is under a version", 'if any(item.kind in ("put", "promote") and at not in under', 'if any(False'),
    ("a kept pending may be by rotate", "needed = EITHER if item.kind == \"put\" else RIGHTS_NEEDED[item.kind]", "needed = EITHER if item.kind == \"put\" else ((\"write\",),) if item.kind == \"pending\" else RIGHTS_NEEDED[item.kind]"),
    ("what is kept is not open", "return super().with_ground(entry, *ground) & ~self.kept_mask", "return super().with_ground(entry, *ground)"),
    ("but a retirement stands on what is kept", 'if kind == "put" or (kind == "named" and entry.id in self.settled and ground[1:] in self.kept_versions):', 'if kind == "put":'),
    ("of what is kept alone", " and ground[1:] in self.kept_versions):", "):"),
    ("what begins stands on what is closed", 'if kind == "put" or (kind', 'if (kind'),
    ("a new rotation needs no history", "return super().with_ground(entry, *ground) & ~self.kept_mask", "return 0"),
    ("but where nothing was put", "if secret not in self.put_before:\n            return super().follows(entry, *ground)", "if secret not in self.put_before:\n            return True"),
    ("an abort does not reach behind", 'return (op["op"] in ("pending", "promote") and', 'return (op["op"] in ("pending", "promote", "abort") and'),
    ("nor a rollout", 'return (op["op"] in ("pending", "promote") and', 'return (op["op"] in ("pending", "promote", "rollout") and'),
    ("nor a retirement", 'return (op["op"] in ("pending", "promote") and', 'return (op["op"] in ("pending", "promote", "retire") and'),
    ("what adds does", 'return (op["op"] in ("pending", "promote") and', 'return (op["op"] == "promote" and'),
    ("a promotion does", 'return (op["op"] in ("pending", "promote") and', 'return (op["op"] == "pending" and'),
    ("of what is closed", 'and op["secret"] in self.put_before\n', "\n"),
    ("void open ops take away", "ops.setdefault(op[\"secret\"], []).extend(as_told(graph, out.standing, entry, index))", "ops.setdefault(op[\"secret\"], []).extend(o for o in as_told(graph, out.standing, entry, index) if o.counts)"))
rule("closed.py", "what was replaced rises", 'require(_rises(found), "order", "versions that were replaced")', "")
rule("closed.py", "an empty list of it is left out", 'require(type(value) is list and value, "list")', 'require(type(value) is list, "list")')
all_of(
    "pruning.py",
    ("a version is its author's", "graph.entries[version.source.entry].actor", "graph.entries[version.first.entry].actor"),
    ("whose own may end it", "return entry.actor == author(graph, version) or", "return"),
    ("or what one says who may delete", " or _could_delete(graph, standing, entry, op.op)", ""),
    ("and could when it became known", "return allowed and ended is None", "return allowed"),
    ("and when it was written", "return allowed and ended is None", "return ended is None"),
    ("in the name of who put or promoted the newer one", "may_end(graph, standing, newer.first, version)", "may_end(graph, standing, newer.source, version)"))


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
