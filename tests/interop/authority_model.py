#!/usr/bin/env python3
"""A model of who gets in: what must be true of every chain that is accepted, whatever its rules are made of.

It follows the ops of a chain in a state of its own and asks after each entry, of every credential in force and each
right that its member's roles give it: at the latest of (credential added, role joined, right granted), did somebody
who had that right, and the right to grant it, sign an op that states exactly this credential; or did the member's own
keys add it? By induction a chain of such people leads to the owners of genesis. It asks too that nobody's public key
is in two places, that empty members and roles are changed only by those who made them, and that keys of an audience
are handed on only by somebody who may grant all that these open, or by the owners, and who has them afterwards.

By itself, it makes histories by chance and judges them: N must be accepted by Python and hold here; with --verdict,
examples/verdict.rs must say the same of each.
"""

import argparse
import multiprocessing
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from mutating.crowds import crowd
from mutating.source import fixed
from vsecure.encoding import H, encode
from vsecure.recipients import recipient_id
from vsecure.verify import verify

# A name in each region that the patterns of the histories cut out.
SECRETS = ("dev/a", "dev/ab", "dev/ac", "dev/x", "prod/x", "prod/y", "demo/q", "zed/z")
ALL = ("read", "write", "rotate", "delete", "grant")
LEAST_ACCEPTED = 0.3


class Violation(Exception):
    """Somebody got in whom nobody let in."""


def covers(outer, inner):
    """Whether every name that the inner pattern matches is matched by the outer one."""
    return outer == inner or (outer[-1] == "*" and inner.rstrip("*").startswith(outer[:-1]))


class World:
    """Who is there, with what, since which entry."""

    def __init__(self):
        self.people, self.number = {}, 0
        self.roles = {"owner": {"made": set(), "in": {}, "gives": {("*", right): 0 for right in ALL}}}
        self.ever = {}            # (role name, pattern): since when
        self.threshold = 1

    def copy(self):
        out = World()
        out.number, out.threshold, out.ever = self.number, self.threshold, dict(self.ever)
        out.people = {name: {**p, "holds": dict(p["holds"])} for name, p in self.people.items()}
        out.roles = {name: {"made": r["made"], "in": dict(r["in"]), "gives": dict(r["gives"])}
                     for name, r in self.roles.items()}
        return out

    def roles_of(self, name):
        return [role for role, fact in self.roles.items() if name in fact["in"]]

    def has(self, name, right, pattern=None):
        """Whether a person has the right on all of a pattern; on anything, without one."""
        return any(have == right and (pattern is None or covers(outer, pattern))
                   for role in self.roles_of(name) for outer, have in self.roles[role]["gives"])

    def holder(self, key):
        return next((name for name, p in self.people.items() if ("key", key) in p["holds"]), None)

    def lines(self, name):
        """What a person's credentials come to, as an op states them."""
        held = [f"recipient {encode(found)}" if kind == "recipient" else f"key {fact[1]} {encode(found)}"
                for (kind, found), fact in self.people[name]["holds"].items()]
        return f"{name} {encode(H('credentials', *sorted(held)))}"

    def of_role(self, role):
        if role == "owner":
            return ["* " + ",".join(ALL)]
        have = {}
        for pattern, right in self.roles[role]["gives"]:
            have.setdefault(pattern, set()).add(right)
        out = [f"{p} " + ",".join(r for r in ALL if r in rights) for p, rights in have.items()]
        return sorted(out + [f"{p} ever" for name, p in self.ever if name == role])

    def role_line(self, role):
        return f"{role} {encode(H('role access', *self.of_role(role)))}"


class Model:
    """Follows a chain. Every rule that it needs of the format it has in its own words."""

    def __init__(self):
        self.world, self.at, self.vault = World(), -1, b""
        self.used, self.epochs = set(), set()   # RECIPIENT-IDs
        self.added = []                         # (name, credential, RECIPIENT-ID of a key's recipient, keys that signed)

    def follow(self, entry):
        """One more entry, which a verifier accepts; raises Violation where it should not."""
        self.at += 1
        self.signed = {s["key"] for s in entry.sigs}
        before, self.world = self.world, self.world.copy()
        self.fresh = []
        for op in entry.ops:
            getattr(self, "_" + op["op"].replace("-", "_"))(op)
        self.judge = before if self.at else self.world
        self.signers = {self.judge.holder(key) for key in self.signed}
        self.owners = len([n for n in self.signers if n in self.judge.roles["owner"]["in"]]) >= self.judge.threshold
        for role, fact in self.world.roles.items():
            for pattern, right in fact["gives"]:
                if right == "read" and role != "owner":
                    self.world.ever.setdefault((role, pattern), self.at)
        self._enough(before.threshold)
        self._makers(entry.ops)
        stating = [op for op in entry.ops if "gives" in op and op["gives"] == self._gives(op)]
        self._everybody(stating)
        for op in entry.ops:
            if not self.owners:
                self._empty(op)
            self._handed_on(op)
        self._once()
        if self.at == 0:
            self.vault = entry.id

    def wrong(self, what):
        raise Violation(f"entry {self.at}: {what}")

    def _enough(self, before):
        """How many owners must sign is theirs to change, and never more than could sign an entry."""
        if self.at and self.world.threshold != before and not self.owners:
            self.wrong("the threshold was changed by too few owners")
        able = [n for n in self.world.roles["owner"]["in"] if any(kind == "key" for kind, _ in self.world.people[n]["holds"])]
        if not 1 <= self.world.threshold <= min(len(able), 16):
            self.wrong(f"{len(able)} owners can sign, of {self.world.threshold}")

    # The invariant.

    def _everybody(self, stating):
        for name, person in self.world.people.items():
            for role in self.world.roles_of(name):
                fact = self.world.roles[role]
                known = {(p, "read"): since for (r, p), since in self.world.ever.items() if r == role}
                for cred, held in person["holds"].items():
                    for given, ever in ((fact["gives"], False), (known, True)):
                        for (pattern, right), since in given.items():
                            times = (held[0], fact["in"][name], since)
                            if max(times) == self.at and not any(
                                    self._lets_in(op, name, cred, role, pattern, right, ever, times) for op in stating):
                                self.wrong(f"nobody let {name} by a {cred[0]} {right} {pattern} through {role}")

    def _lets_in(self, op, name, cred, role, pattern, right, ever, times):
        """Whether the op states this credential for this right, and some signer could give the right."""
        if op["op"] == "role-join":
            stated = (op["role"], op["member"]) == (role, name)
        elif op["op"] == "grant":
            stated = (op["role"], op["pattern"]) == (role, pattern) and right in op["rights"]
        else:
            stated = op["member"] == name and _credential(op) == cred
            if stated and max(times[1:]) < self.at and self._own(name, 2 if cred[0] == "key" else 1):
                return True
        return stated and (self.owners or (role != "owner" and any(
            self.judge.has(s, right, pattern) and (ever or self.judge.has(s, "grant", pattern)) for s in self.signers)))

    def _own(self, name, least):
        """Whether so many keys sign of the person who still has the name."""
        then = self.judge.people.get(name)
        return (then is not None and self.world.people.get(name, then)["number"] == then["number"]
                and len([k for k in self.signed if ("key", k) in then["holds"]]) >= least)

    def _gives(self, op):
        who, what = {"role-join": self._of_join, "grant": self._of_grant}.get(op["op"], self._of_credential)(op)
        return H("access", self.vault, *("".join(sorted(line + "\n" for line in lines)) for lines in (who, what)))

    def _of_join(self, op):
        return ([self.world.lines(op["member"])] if op["member"] in self.world.people else [],
                [self.world.role_line(op["role"])] if op["role"] in self.world.roles else [])

    def _of_grant(self, op):
        role = op["role"]
        if role not in self.world.roles:
            return [], []
        return (list(map(self.world.lines, self.world.roles[role]["in"])),
                [f"{role} {line}" for line in self.world.of_role(role) if line.startswith(op["pattern"] + " ")])

    def _of_credential(self, op):
        name, (kind, found) = op["member"], _credential(op)
        held = (kind, found) in self.world.people.get(name, {"holds": ()})["holds"]
        word = f"{name} recipient " if kind == "recipient" else f"{name} key {op['device']} "
        return [word + encode(found)] if held else [], [self.world.role_line(r) for r in self.world.roles_of(name)]

    # What is empty, what is handed on, and whose a key is.

    def _makers(self, ops):
        makers = {(n, self.judge.people[n]["number"]) for n in self.signers if self.judge.has(n, "grant")}
        for op in ops:
            made = {"member-add": self.world.people, "role-add": self.world.roles}.get(op["op"], {})
            if op.get("member" if op["op"] == "member-add" else "role") in made:
                made[op["member" if op["op"] == "member-add" else "role"]]["made"] = makers

    def _empty(self, op):
        name, role = op.get("member"), op.get("role")
        person = self.judge.people.get(name)
        bare = not any(self.judge.roles[held]["gives"] for held in self.judge.roles_of(name)) if person else False
        if bare and op["op"] in ("key-add", "key-remove", "recipient-add", "recipient-remove", "member-remove", "role-join"):
            self._its_maker(person, op, self._signs(name, 2 if op["op"] == "key-add" else 1))
        if role in self.judge.roles and not self.judge.roles[role]["gives"] and op["op"] in (
                "role-join", "role-leave", "role-remove"):
            self._its_maker(self.judge.roles[role], op, op["op"] == "role-leave" and self._signs(name, 1))

    def _signs(self, name, least):
        return len([k for k in self.signed if ("key", k) in self.judge.people.get(name, {"holds": ()})["holds"]]) >= least

    def _its_maker(self, fact, op, own):
        if not own and not any((n, self.judge.people[n]["number"]) in fact["made"] and self.judge.has(n, "grant")
                               for n in self.signers):
            self.wrong(f"{op['op']} by one who did not make {op.get('member')} or {op.get('role')}")

    def _handed_on(self, op):
        if op["op"] not in ("epoch", "reseal"):
            return
        names = set(op["audience"].split("+"))
        # Whoever makes keys has them: signers who are gone afterwards, or whose key is, hand nothing on.
        stay = {n for n in self.signers if any(("key", k) in self.world.people.get(n, {"holds": ()})["holds"] for k in self.signed)}
        inside = {n for role in names & self.world.roles.keys() for n in self.world.roles[role]["in"]} & stay
        owners = stay & set(self.judge.roles["owner"]["in"]) & set(self.world.roles["owner"]["in"])
        if len(owners) >= self.judge.threshold:
            return
        if op["audience"] == "owner":
            ok = op["op"] == "reseal" and owners
        else:
            opened = [s for s in SECRETS if all(self._reads(role, s) for role in names - {"owner"})]
            ok = opened and any(all(self.judge.has(n, "grant", s) for s in opened) for n in inside)
        if not ok:
            self.wrong(f"{op['op']} of {op['audience']} by one who may not grant all that it opens, or leaves")

    def _reads(self, role, secret):
        if role not in self.world.roles:
            return False
        now = {pattern for pattern, right in self.world.roles[role]["gives"] if right == "read"}
        once = {pattern for name, pattern in self.world.ever if name == role}
        return any(covers(pattern, secret) for pattern in now | once)

    def _once(self):
        held = [found for p in self.world.people.values() for kind, found in p["holds"] if kind == "recipient"]
        if len(set(held)) < len(held):
            self.wrong("a public key is in two places")
        if set(self.fresh) & (self.used | self.epochs) and not self.owners:
            self.wrong("a public key came back without the owners")
        if len(set(self.fresh)) < len(self.fresh) and not self.owners:
            self.wrong("a public key came back within an entry without the owners")
        self.used.update(self.fresh)

    # What the ops do.

    def _vault(self, op):
        self.world.threshold = op["threshold"]

    def _threshold(self, op):
        self.world.threshold = op["owners"]

    def _holds(self, op):
        return self.world.people[op["member"]]["holds"]

    def _takes(self, name, recipient):
        self.fresh.append(recipient_id(recipient))
        self.world.people[name]["holds"]["recipient", recipient_id(recipient)] = (self.at, recipient)
        self.added.append((name, ("recipient", recipient_id(recipient)), None, self.signed))

    def _member_add(self, op):
        self.world.number += 1
        self.world.people[op["member"]] = {"number": self.world.number, "holds": {}, "made": set()}
        for recipient in op["recipients"]:
            self._takes(op["member"], recipient)

    def _member_remove(self, op):
        del self.world.people[op["member"]]
        for role in self.world.roles.values():
            role["in"].pop(op["member"], None)

    def _recipient_add(self, op):
        self._takes(op["member"], op["recipient"])

    def _recipient_remove(self, op):
        self._drop(self._holds(op), lambda cred, fact: op["recipient"] == (fact[1] if cred[0] == "recipient" else fact[2]))

    @staticmethod
    def _drop(holds, test):
        for cred in [cred for cred, fact in holds.items() if test(cred, fact)]:
            del holds[cred]

    def _key_add(self, op):
        self._holds(op)["key", op["key_id"]] = (self.at, op["device"], op["recipient"])
        self.added.append((op["member"], ("key", op["key_id"]), ("recipient", recipient_id(op["recipient"])), self.signed))

    def _key_remove(self, op):
        holds = self._holds(op)
        lost = next(cred for cred, fact in holds.items() if cred[0] == "key" and fact[1] == op["device"])
        del holds[lost]
        bad = {lost} if op["lost"] else set()
        for name, cred, sealed_to, signed in self.added:
            if name == op["member"] and (sealed_to in bad or any(("key", k) in bad for k in signed)):
                bad.add(cred)
        texts = [fact[1] for cred, fact in holds.items() if cred in bad and cred[0] == "recipient"]
        self._drop(holds, lambda cred, fact: cred in bad or (cred[0] == "key" and fact[2] in texts))

    def _role_add(self, op):
        self.world.roles[op["role"]] = {"made": set(), "in": {}, "gives": {}}

    def _role_remove(self, op):
        del self.world.roles[op["role"]]

    def _role_join(self, op):
        self.world.roles[op["role"]]["in"][op["member"]] = self.at

    def _role_leave(self, op):
        del self.world.roles[op["role"]]["in"][op["member"]]

    def _grant(self, op):
        for right in op["rights"]:
            self.world.roles[op["role"]]["gives"].setdefault((op["pattern"], right), self.at)

    def _revoke(self, op):
        for right in op["rights"]:
            del self.world.roles[op["role"]]["gives"][op["pattern"], right]

    def _epoch(self, op):
        found = recipient_id(op["recipient"])
        if found in self.used | self.epochs | set(self.fresh):
            self.wrong("an epoch's key was used before")
        self.epochs.add(found)

    def _reseal(self, op):
        pass

    _setting = _rebase = _reseal


def _credential(op):
    return ("key", op["key_id"]) if op["op"] == "key-add" else ("recipient", recipient_id(op["recipient"]))


def follow(entries):
    """Raises Violation if an accepted chain lets somebody in whom nobody let in."""
    model = Model()
    for entry in entries:
        model.follow(entry)


def one(task):
    """(accepted, what was tried, what is wrong or None) of one history."""
    number, seed, example, keep = task
    told, accepted = crowd(random.Random(f"{seed}:{number}"))
    try:
        follow(told.chain.entries)
    except Violation as violation:
        return accepted, told.tried, f"{number}: {violation}"
    raw = fixed(told.build.file)
    if (verify(raw).finding is None) != accepted:
        return accepted, told.tried, f"{number}: Python says otherwise of the file"
    return accepted, told.tried, _example(number, raw, accepted, told, example, keep) if example else None


def _example(number, raw, accepted, told, example, keep):
    with tempfile.NamedTemporaryFile(suffix=".vault") as file:
        file.write(raw)
        file.flush()
        run = subprocess.run([example, file.name], capture_output=True, timeout=300, check=False)
    if run.returncode == (0 if accepted else 6):
        return None
    if keep:
        (keep / f"{number:05}.vault").write_bytes(raw)
    why = "accepts" if accepted else told.refused[2]
    return f"{number}: Python {why}, the program {run.returncode} {run.stdout[:300].decode(errors='replace')}"


def histories(count, seed, jobs=1, example=None, keep=None):
    """(accepted, what honest and hostile people tried, what is wrong) of so many."""
    tasks, tried, bad, good = [(n, seed, example, keep) for n in range(count)], Counter(), [], 0
    with multiprocessing.Pool(jobs) as pool:
        for accepted, steps, problem in pool.imap_unordered(one, tasks, chunksize=16):
            good += accepted
            for side, (yes, no) in steps.items():
                tried[side, "accepted"] += yes
                tried[side, "refused"] += no
            bad += [problem] if problem else []
    return good, tried, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verdict", type=Path, help="examples/verdict.rs, built")
    parser.add_argument("--keep", type=Path, help="a folder for what the two disagree on")
    args = parser.parse_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    good, tried, bad = histories(args.count, args.seed, args.jobs, args.verdict and args.verdict.resolve(), args.keep)
    for problem in bad:
        print(problem)
    steps = ", ".join(f"{n} {side} entries {word}" for (side, word), n in sorted(tried.items()))
    print(f"{args.count} histories: {good} accepted; {steps}; {len(bad)} histories are wrong")
    fair = good >= args.count * LEAST_ACCEPTED and tried["hostile", "refused"] > tried["honest", "refused"]
    return 0 if fair and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
