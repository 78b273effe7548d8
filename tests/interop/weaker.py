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
    ("a retire what names its objects", 'return [("named", secret, found) for found in op["objects"]]', "return []"),
    ("each of them", 'return [("named", secret, found) for found in op["objects"]]', 'return [("named", secret, found) for found in op["objects"][-1:]]'),
    ("by a put", '("named", op["secret"], op["object"])]\n    if', ']\n    if'),
    ("or a pending", 'grounds += [("named", op["secret"], op["object"]), (', 'grounds += [('),
    ("of the same secret", "return bool(self.ancestors[entry.id] & self.grounds.get(ground, 0))",
     "return any(self.ancestors[entry.id] & mask for key, mask in self.grounds.items() if key[0] == ground[0] and key[2:] == ground[2:])"),
    ("of the same rotation", "return bool(self.ancestors[entry.id] & self.grounds.get(ground, 0))",
     "return any(self.ancestors[entry.id] & mask for key, mask in self.grounds.items() if key[:2] == ground[:2] and key[-1] == ground[-1])"),
    ("of the same object", "return bool(self.ancestors[entry.id] & self.grounds.get(ground, 0))",
     "return any(self.ancestors[entry.id] & mask for key, mask in self.grounds.items() if key[:3] == ground[:3])"),
    ("in an ancestor, not in the entry", "return bool(self.ancestors[entry.id] & self.grounds.get(ground, 0))",
     "return bool((self.ancestors[entry.id] | self.bit[entry.id]) & self.grounds.get(ground, 0))"),
    ("what is void needs ground too", "if not allowed or not graph.has_ground(entry, op):", "if not allowed or (ended is None and not graph.has_ground(entry, op)):"),
    ("by write too", "if not allowed or not graph.has_ground(entry, op):", "if not allowed or not (ends(WRITE)[0] or graph.has_ground(entry, op)):"),
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
    ("it stands on its rotation's base", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return not any(self._stands(item, one) for one in self.stood_on[item.at]) or"),
    ("which was active there", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return not self._stands(item, base) or"),
    ("which stands", "return base not in self.stood_on[item.at] or not self._stands(item, base) or", "return base not in self.stood_on[item.at] or"),
    ("the base that a void one says too", 'for o in self.either("pending") if not o.kept and o.op["nonce"]', 'for o in self.of("pending") if not o.kept and o.op["nonce"]'),
    ("what is removed beside a promotion sets nothing", "return any(self.beside(o, promote) for o in prunes) or self._is_removed_beside(promote, version)", "return any(self.beside(o, promote) for o in prunes)"),
    ("what is pruned beside it neither", "return any(self.beside(o, promote) for o in prunes) or self._is_removed_beside(promote, version)", "return self._is_removed_beside(promote, version)"),
    ("only beside it", "return any(self.beside(o, promote) for o in prunes) or", "return bool(prunes) or"),
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
    ("wraps of those that give it alone", "or o in self.given)]", 'or o.kind == "pending")]'))
all_of(
    "rotations.py",
    ("x is modulo 10,000 and below the share", "place(rotation, instance) < share", "place(rotation, instance) <= share"),
    ("x takes the rotation", 'H("rollout", rotation, instance)', 'H("rollout", b"", instance)'),
    ("x is least significant first", '[:8], "little")', '[:8], "big")'),
    ("only counting retires retire", 'for retire in fold.of("retire")', 'for retire in fold.either("retire")'),
    ("of several none is pending", "if len(live) == 1 else None", "if live else None"),
    ("several are told", 'state.odd = ["rotation-contested"] if len(live) > 1 else []', "state.odd = []"),
    ("each stale one is told", "for found in state.rotations.values() if found.word == STALE]", "for found in list(state.rotations.values())[:1] if found.word == STALE]"),
    ("divided ones are told", 'state.odd += ["rotation-divided" for found in state.rotations if is_divided(fold, found)]', ""),
    ("retired candidates are told", 'state.odd += ["retired-active" for found in state.candidates if is_withdrawn(fold, found)]', ""),
    ("and those with the value of one", 'return not fold.state.retired.isdisjoint({found, *same})', "return found in fold.state.retired"),
    ("as a put of them says that counts", 'same = {one for put in fold.of("put", version=found)', 'same = {one for put in fold.either("put", version=found)'),
    ("void pendings make no rotation", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.either("pending", "promote") if not o.kept}'),
    ("rollouts and aborts make none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote", "abort", "rollout") if not o.kept}'),
    ("what is kept is of none", 'for o in fold.of("pending", "promote") if not o.kept}', 'for o in fold.of("pending", "promote")}'),
    ("previous is of the current version", "in fold.set if o.kind == \"promote\" and not o.kept and o.op[\"object\"] == promoted", "in fold.set if o.kind == \"promote\" and not o.kept"),
    ("previous is by what sets something", "for o in fold.set if o.kind == \"promote\" and not o.kept and", "for o in fold.of(\"promote\") if not o.kept and"),
    ("previous was active there", 'fold.stood_on[o.at] & set(o.op["replaces"] or ())}', 'set(o.op["replaces"] or ()) & fold.state.versions.keys()}'),
    ("previous is named", 'fold.stood_on[o.at] & set(o.op["replaces"] or ())}', "fold.stood_on[o.at]}"),
    ("previous by what is closed", "return names | fold.replaced_before.get(promoted, set())", "return names"),
    ("of the current version alone", "fold.replaced_before.get(promoted, set())", "set().union(*fold.replaced_before.values())"),
    ("previous is not active", "if found not in state.candidates\n                  and found not in state.retired", "if found not in state.retired"),
    ("previous is not retired", "and found not in state.retired and is_usable(state.versions[found]))", "and is_usable(state.versions[found]))"),
    ("previous is not removed or pruned", "and found not in state.retired and is_usable(state.versions[found]))", "and found not in state.retired)"),
    ("what may be promoted yet is coming", "if one.word in OPEN\n", "if one.word == LIVE\n"),
    ("what was aborted is not", "if one.word in OPEN\n", "if True\n"),
    ("what is gone is not coming", "if one.word in OPEN\n                           for found in one.objects if is_left(state, found)})", "if one.word in OPEN\n                           for found in one.objects if found in state.held})"),
    ("what an abort leaves is told", "if one.word == ABORTED", "if False"),
    ("an abort alone does", "if one.word == ABORTED", "if True"),
    ("what is held", "return (found in state.held and found not in state.versions and", "return (found in state.held or True) and (found not in state.versions and"),
    ("what exists is not left", "return (found in state.held and found not in state.versions and", "return (found in state.held and"),
    ("what is gone is not", "found not in state.versions and is_usable(state.held[found])\n            and found not in state.retired)", "found not in state.versions and found not in state.retired)"),
    ("what is retired is not", "is_usable(state.held[found])\n            and found not in state.retired)", "is_usable(state.held[found]))"),
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
    ("live with one candidate", "len(self.fold.state.candidates) == 1 and self.stands_on_current()", "self.stands_on_current()"),
    ("live upon the current version", "return self.base == state.current and self.base not in state.retired", "return self.base not in state.retired"),
    ("live upon what is not retired", "return self.base == state.current and self.base not in state.retired", "return self.base == state.current"),
    ("live with one version at most", "(len(self.objects) == 1 and all(", "(all("),
    ("live with a version that counts", "found in counting and found not in state.versions and is_usable(state.held[found])", "found not in state.versions and (found not in state.held or is_usable(state.held[found]))"),
    ("live with a version that does not exist", "found in counting and found not in state.versions and", "found in counting and"),
    ("live with a version that is usable", "found not in state.versions and is_usable(state.held[found])\n            and found not in state.retired for", "found not in state.versions and found not in state.retired for"),
    ("live with a version that is not retired", "and found not in state.retired for found in self.objects))", "for found in self.objects))"),
    ("a void abort takes it away", "and not self.is_taken_back()", ""),
    ("other void ops do", "and not self.is_withdrawn_by_void()", ""),
    ("a void remove does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("prune", "retire")'),
    ("a void prune does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("remove", "retire")'),
    ("a void retire does", 'self.fold.either("remove", "prune", "retire")', 'self.fold.either("remove", "prune")'),
    ("a void retire of the base does", "or any(map(self.takes_base, void))", ""),
    ("a void remove of the base does not", 'return void.kind == "retire" and void.names(self.base) and not known', "return void.names(self.base) and not known"),
    ("a void retire that each pending knew does not", "void.names(self.base) and not known", "void.names(self.base)"),
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
    ("what is coming is kept up as what is active", "for found in [*state.candidates, *state.coming]:", "for found in state.candidates:"),
    ("void ops of rotations are told", "    _void_rotations(vault)\n    for", "    for"),
    ("of each kind", 'if op["op"] in OF_ROTATIONS and', 'if op["op"] == "abort" and'),
    ("of no other", 'if op["op"] in OF_ROTATIONS and', 'if "secret" in op and'),
    ("until adopted", 'and (kind, op["secret"], *at) not in adopted:', ":"),
    ("on the same secret", '(op["op"], op["secret"], op["adopts"]["entry"], op["adopts"]["op"]) for at', '(op["op"], ops[op["adopts"]["entry"], op["adopts"]["op"]].get("secret") if (op["adopts"]["entry"], op["adopts"]["op"]) in ops else "", op["adopts"]["entry"], op["adopts"]["op"]) for at'),
    ("by an op of its kind", '(op["op"], op["secret"], op["adopts"]["entry"], op["adopts"]["op"]) for at', '(ops[op["adopts"]["entry"], op["adopts"]["op"]]["op"].replace("promote", "put") if (op["adopts"]["entry"], op["adopts"]["op"]) in ops else "", op["secret"], op["adopts"]["entry"], op["adopts"]["op"]) for at'),
    ("a promotion by a put", 'kind = "put" if op["op"] == "promote" else op["op"]', 'kind = op["op"]'),
    ("what is left at the provider is told", 'vault.tell("notice", "log", "rotation-left", state.name)', "pass"),
    ("by what counts", 'if op.get("adopts") and at not in vault.standing.ended}', 'if op.get("adopts")}'),
    ("or until somebody set the secret since", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if True:\n            vault.tell("warning", "log", "rotation-void"'),
    ("not before", 'if current is None or current.first.policy < ended:\n            vault.tell("warning", "log", "rotation-void"', 'if current is None:\n            vault.tell("warning", "log", "rotation-void"'))
all_of(
    "keeping.py",
    ("what is open is not closed", "found.word in OPEN for found", "False for found"),
    ("what is stale is open", "found.word in OPEN for found", 'found.word == "live" for found'),
    ("a promotion by rotate beside a removal is not closed", 'rotations = [put for put in fold.of("put", "promote")', 'rotations = [put for put in fold.of("put")'),
    ("nor one beside a removal of its version", '_is_beside_removal(fold, item) for item in fold.of("promote"))', "False for item in ())"),
    ("nor left beside one", "\n               and not _is_beside_removal(fold, item) for", " for"),
    ("one of its version", 'fold.of("remove", version=item.op["object"]))', 'fold.of("remove"))'),
    ("unless one by write is left", 'return all(item.kind != "resolve" and', 'return all(item.kind == "put" and'),
    ("what is replaced is kept", "ids, known = set(gone).union(*gone.values()), fold", "ids, known = set(gone), fold"),
    ("and said to be", "gone.get(one.object, ())", "()"),
    ("but for what is retired", "if not fold.state.versions[found].pruned and found not in fold.state.retired}", "if not fold.state.versions[found].pruned}"),
    ("and for what is pruned", "if not fold.state.versions[found].pruned and found not in fold.state.retired}", "if found not in fold.state.retired}"),
    ("the first promotion is kept", 'items += of("promote")[:1] + [item', 'items += [item'),
    ("and no more", 'items += of("promote")[:1] + [item', 'items += of("promote") + [item'),
    ("but those that make it active", ' + [item for item in active if item.kind == "promote" and item.names(version.object)]', ""),
    ("pendings that give are kept", "items += [item for item in fold.given if item.names(version.object)] +", "items +="),
    ("void ones too", "for item in fold.given if item.names(version.object)]", "for item in fold.given if item.names(version.object) and item.counts]"),
    ("the first retire is kept", ' + of("retire")[:1]', ""),
    ("and no more (retire)", ' + of("retire")[:1]', ' + of("retire")'))
all_of(
    "recent.py",
    ("what stands on nothing open reaches behind", " | _groundless(graph)", ""),
    ("what is kept is not open", "return self.grounds.get(ground, 0) & ~self.kept_mask", "return self.grounds.get(ground, 0)"),
    ("but a retirement stands on what is kept or older", 'if ground[0] == "named" and not self.in_open(ground):', "if False:"),
    ("which nothing open states", 'if ground[0] == "named" and not self.in_open(ground):', 'if ground[0] == "named":'),
    ("and nothing else does", 'if ground[0] == "named" and not self.in_open(ground):', 'if not self.in_open(ground):'),
    ("what begins stands on what is closed", 'if ground[0] == "put" and ground[1] in self.put_before:', "if False:"),
    ("a new rotation needs no history", "return bool(self.ancestors[entry.id] & self.in_open(ground))", "return False"),
    ("what is not found is not refused", "return ground[1] in self.put_before or super().follows(entry, *ground)", "return super().follows(entry, *ground)"),
    ("but where nothing was put", "return ground[1] in self.put_before or super().follows(entry, *ground)", "return True"),
    ("what was replaced is kept", "if any(number not in versions for version in base.kept for number in version.replaced or ()):", "if False:"),
    ("a kept version has what gives it", 'or not any(op["op"] in ("put", "pending") for _, op in found)', ""),
    ("which names it", 'if about not in ([op["object"]] if "object" in op else op.get("objects") or ()):', 'if about not in ([op.get("object", about)] if "objects" not in op else op["objects"]):'),
    ("what sets the secret is under a version", 'if any(item.kind in ("put", "promote") and at not in under', 'if any(False'),
    ("void open ops take away", "counts = (entry.id, index) not in out.standing.ended\n", "counts = (entry.id, index) not in out.standing.ended\n                if not counts:\n                    continue\n"),
    ("a kept pending may be by rotate", "needed = EITHER if item.kind == \"put\" else RIGHTS_NEEDED[item.kind]", "needed = EITHER if item.kind == \"put\" else ((\"write\",),) if item.kind == \"pending\" else RIGHTS_NEEDED[item.kind]"))
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
