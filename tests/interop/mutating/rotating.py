"""Rotations: honest ones, and what a member could push who goes against somebody else's or has lost the right."""

from vsecure import keys
from vsecure.encoding import encode
from vsecure.writing import ids, op

from . import blends, making, turning
from .entries import raw_op
from .source import ACCEPT, MEND, REFUSE, NotHere, fixed, pick, way


class Scene:
    """A vault with a rotation upon what is active of some secret."""

    def __init__(self, source, rng):
        self.source, self.rng, self.build = source, rng, source.builder(rng)
        state = pick(rng, [s for s in source.live() if len(s.candidates) == 1 and s.current not in s.retired])
        self.name, self.current = state.name, state.current
        self.rotation, self.start = None, self.build.heads()

    def who(self, test=None):
        """(member, seed) of somebody who may turn this secret, or passes another test."""
        test = test or (lambda s, n, name: self.may_turn(s, n))
        return pick(self.rng, self.source.signers(lambda s, n: test(s, n, self.name)))

    def rotator(self):
        return self.who(lambda s, n, name: s.holds(n, "rotate", name) and not s.holds(n, "write", name))

    def may_turn(self, state, who):
        return state.holds(who, "write", self.name) or state.holds(who, "rotate", self.name)

    def adding(self, seed, on):
        """The op that adds a version to what began, in an entry upon these."""
        return making.pending(self.source, self.rng, self.build, self.name, seed, rotation=self.rotation, parents=on)

    def begin(self, by=None, on=None, base=None, rotation=None, drop=None, policy=None, nonce=None):
        """A version in a rotation that it begins, or in one that began: (entry, object)."""
        (who, seed), on = by or self.who(), self.start if on is None else on
        item = making.pending(self.source, self.rng, self.build, self.name, seed, base or self.current, rotation, nonce,
                              parents=on)
        entry = self.log((who, seed), item, on=on, policy=policy)
        found = self.build.log[entry].ops[0]["object"]
        secret = making.section(self.build, self.name)
        if drop:
            secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != found}
        if drop == "version":
            del secret.versions[found]
        return entry, found

    def log(self, by, *items, on=None, policy=None):
        """An entry; the first rotation that one begins is what the others are about."""
        who, seed = by or self.who()
        entry = self.build.add_log(who, seed, list(items), parents=on, policy=policy)
        begun = [item["rotation"] for item in self.build.log[entry].ops if item.get("nonce") is not None]
        self.rotation = self.rotation or (begun[0] if begun else None)
        return entry

    def derived(self, seed, on, nonce):
        """The id of what an intent begins."""
        uid = keys.secret_uid(self.build.file.vault, self.name)
        return keys.rotation_id(uid, making.key_of(seed), self.build.origin(on), self.current, nonce)

    def intent(self, **fields):
        return op("pending", **{"secret": self.name, "nonce": self.rng.randbytes(16), "base": self.current, **fields})

    def rollout(self, share):
        return op("rollout", secret=self.name, rotation=self.rotation, share=share)

    def abort(self, **fields):
        return op("abort", **{"secret": self.name, "rotation": self.rotation, **fields})

    def retire(self, *found):
        return op("retire", secret=self.name, objects=ids(found))

    def promote(self, found, **fields):
        return op("promote", **{"secret": self.name, "rotation": self.rotation, "object": found,
                                "replaces": ids([self.current]), **fields})

    def former(self, right):
        """((member, seed), policy, entries) of somebody whose key went who had the right, and what could be known then."""
        removed = [(who, seed, at) for who, seed, at in self.source.removed()
                   if self.source.vault.chain.states[at].holds(who, right, self.name)]
        who, seed, at = pick(self.rng, removed)
        fit = [found for found, entry in self.build.log.items() if self.source.vault.graph.policy_position(entry) <= at]
        if not turning.is_put(self.build.log, self.name, set(fit)):
            raise NotHere
        return (who, seed), self.build.policy[at].id, sorted(fit)

    def objects(self, parents):
        """What these and what they stand on state."""
        return sorted({item["object"] for _, item in turning.ops_on(self.build.log, self.name, _above(self, parents))
                       if item["op"] in ("put", "pending") and "object" in item})

    def before(self, right):
        """(former member who had the right, policy, parents, one who may turn the secret then and now)."""
        former, policy, fit = self.former(right)
        puts = {one: self.objects([one]) for one in fit if turning.is_put(self.build.log, self.name, _above(self, [one]))}
        parents = [pick(self.rng, [one for one in puts if self.current in puts[one]] or sorted(puts))]
        then = self.source.vault.chain.states[self.source.vault.chain.position[policy]]
        still = [one for one in self.source.signers(lambda s, n: self.may_turn(s, n) and self.may_turn(then, n))
                 if making.key_of(one[1]) in then.keys]
        return former, policy, parents, pick(self.rng, still)


def rotation(kind, expect=ACCEPT):
    """Marks a function (scene) → description."""
    def mark(function):
        @way("rotation: " + kind, expect)
        def make(source, rng):
            scene = Scene(source, rng)
            description = function(scene)
            return fixed(scene.build.file), f"{scene.name}: {description}"
        return function
    return mark


# As it should be.

@rotation("begun, given to some, promoted, and the one before retired")
def whole(scene):
    _, found = scene.begin()
    scene.log(None, scene.rollout(scene.rng.choice(turning.SHARES)))
    scene.log(None, scene.promote(found))
    scene.log(None, scene.retire(scene.current))
    return "to its end"


@rotation("begun by one, and a version added by another")
def intended(scene):
    scene.log(None, scene.intent())
    entry = scene.log(None, scene.rollout(10_000))
    scene.begin(on=[entry], rotation=scene.rotation)
    return "pending"


@rotation("by rotate alone, to its end")
def by_rotate(scene):
    who = scene.rotator()
    _, found = scene.begin(who)
    scene.log(who, scene.promote(found))
    return f"by {who[0]}"


@rotation("its value is removed, restored, pruned or expires")
def acted_on(scene):
    _, found = scene.begin()
    kind = scene.rng.choice(["remove", "restore", "prune", "expire", "rewrap"])
    who, seed = pick(scene.rng, scene.source.signers(lambda s, n: making.may(s, n, kind, scene.name)))
    item = making.make(scene.source, scene.rng, scene.build, kind, scene.name, found, seed)
    scene.log((who, seed), item)
    return kind


# Against each other.

@rotation("two at once")
def contested(scene):
    scene.begin()
    scene.begin()
    scene.log(None, scene.rollout(10_000))
    return "contested"


@rotation("two versions in one")
def two_versions(scene):
    entry, _ = scene.begin()
    scene.begin(on=[entry], rotation=scene.rotation)
    return "stale"


@rotation("a version that exists, stated once more upon the same parents")
def twin(scene):
    who, seed = pick(scene.rng, scene.source.holders("write", scene.name))
    entry = scene.log((who, seed), making.put(scene.source, scene.rng, scene.build, scene.name, seed, parents=scene.start),
                      on=scene.start)
    item = scene.build.log[entry].ops[0]
    scene.log((who, seed), scene.intent(base=scene.rng.choice([scene.current, item["object"]]), body=item["body"],
                                        wrap=item["wrap"]), on=scene.start)
    return "stale"


@rotation("its version removed or pruned beside its promotion")
def gone(scene):
    entry, found = scene.begin()
    who = pick(scene.rng, scene.source.holders("delete", scene.name))
    scene.log(who, op(scene.rng.choice(["remove", "prune"]), secret=scene.name, objects=ids([found])), on=[entry])
    scene.log(scene.rng.choice([None, scene.rotator()]), scene.promote(found), on=[entry])
    return "which sets nothing"


@rotation("promoted again by rotate, with all that was")
def replacing(scene):
    _, found = scene.begin()
    scene.log(None, scene.promote(found))
    scene.log(scene.rotator(), scene.promote(found, replaces=ids(scene.source.vault.secrets[scene.name].versions)))
    return "and no more is previous"


@rotation("upon what is not active")
def elsewhere(scene):
    others = [v for v in scene.source.vault.secrets[scene.name].versions if v != scene.current]
    _, found = scene.begin(base=scene.rng.choice([*others, scene.rng.randbytes(32)]))
    if scene.rng.random() < 0.5:
        scene.log(scene.rotator(), scene.promote(found))
    return "stale"


@rotation("promoted by rotate after somebody set the secret")
def late(scene):
    entry, found = scene.begin()
    who, seed = pick(scene.rng, scene.source.holders("write", scene.name))
    scene.log((who, seed), making.put(scene.source, scene.rng, scene.build, scene.name, seed))
    scene.log(scene.rotator(), scene.promote(found), on=scene.rng.choice([None, [entry]]))
    return "overruled, or a conflict"


@rotation("an abort and a promotion beside each other")
def divided(scene):
    entry, found = scene.begin()
    for item in (scene.abort(), scene.promote(found)):
        scene.log(None, item, on=[entry])
    if scene.rng.random() < 0.5:
        scene.log(scene.rng.choice([None, scene.rotator()]), scene.promote(found))
    return "divided, whatever who may only rotate says later"


@rotation("promoted after its abort or a retirement of it")
def withdrawn(scene):
    _, found = scene.begin()
    scene.log(None, scene.rng.choice([scene.abort(), scene.retire(found)]))
    scene.log(scene.rng.choice([None, scene.rotator()]), scene.promote(found))
    return "overruled if by rotate"


@rotation("the active version retired")
def retired(scene):
    scene.begin(on=scene.start)
    scene.log(None, scene.retire(scene.current), on=scene.rng.choice([None, scene.start]))
    return "current is retired"


@rotation("removal of its base beside a promotion by rotate")
def removed(scene):
    entry, found = scene.begin()
    scene.log(scene.rotator(), scene.promote(found), on=[entry])
    who = pick(scene.rng, scene.source.holders("delete", scene.name))
    scene.log(who, op("remove", secret=scene.name, objects=ids([scene.current])), on=[entry])
    return f"removed by {who[0]}"


@rotation("rollouts beside each other")
def rollouts(scene):
    entry, _ = scene.begin()
    for share in scene.rng.sample(turning.SHARES, 3):
        scene.log(None, scene.rollout(share), on=[entry])
    return "the smallest"


@rotation("promoted upon old parents")
def old_promotion(scene):
    entry, found = scene.begin(on=[pick(scene.rng, [found for found in sorted(scene.build.log) if turning.is_put(
        scene.build.log, scene.name, _above(scene, [found]))])])
    scene.log(scene.rng.choice([None, scene.rotator()]), scene.promote(found), on=[entry])
    return "a conflict, or overruled"


def _above(scene, parents):
    above, stack = set(), list(parents)
    while stack:
        found = stack.pop()
        if found not in above:
            above.add(found)
            stack += [one for one in scene.build.log[found].parents if one in scene.build.log]  # others are closed
    return above


# By those who have lost the right.

def _void(kind, right, items):
    @rotation(f"{kind} by a former member")
    def make(scene):
        who, policy, parents, other = scene.before(right)
        known = scene.objects(parents)
        base = scene.current if scene.current in known else scene.rng.choice(known)
        entry, found = scene.begin(other, on=parents, base=base, policy=policy)
        scene.log(None, scene.rollout(10_000))
        scene.log(who, *items(scene, found, base), on=[entry], policy=policy)
        return f"by {who[0]}"


_void("an abort", "write", lambda scene, found, base: [scene.abort()])
_void("a rollout", "write", lambda scene, found, base: [scene.rollout(1)])
_void("a retirement of its base", "write", lambda scene, found, base: [scene.retire(base)])
_void("a removal of its version", "delete", lambda scene, found, base: [op("remove", secret=scene.name, objects=ids([found]))])
_void("another rotation", "write", lambda scene, found, base: [scene.intent(base=scene.rng.choice([scene.current, scene.rng.randbytes(32)]))])


@rotation("an abort or a rollout by a former member, of what began later")
def unseen(scene):
    scene.begin()
    who, policy, parents, _ = scene.before("write")
    scene.log(who, scene.rng.choice([scene.abort(), scene.rollout(0)]), on=parents, policy=policy)
    return f"by {who[0]}"


@rotation("a value given to an intent by a former member")
def void_value(scene):
    who, policy, parents, other = scene.before("write")
    begun = scene.log(other, scene.intent(), on=parents, policy=policy)
    scene.log(None, scene.rollout(10_000))
    entry, found = scene.begin(who, on=[begun], policy=policy, rotation=scene.rotation)
    if scene.rng.random() < 0.5:
        scene.log(None, scene.promote(found), on=sorted({entry, *scene.start}))
    return f"by {who[0]}"


# Upon nothing, which says nothing.

def _groundless(kind, items):
    @rotation(kind)
    def make(scene):
        entry, found = scene.begin()
        by = scene.who()
        scene.log(by, *items(scene, found, by), on=[entry])
        return f"by {by[0]}"


_groundless("a promotion in another rotation", lambda scene, found, by: [scene.promote(found, rotation=scene.rng.randbytes(16))])
_groundless("a promotion of what is active", lambda scene, found, by: [scene.promote(scene.current)])
_groundless("a version added to what never began", lambda scene, found, by: [making.pending(
    scene.source, scene.rng, scene.build, scene.name, by[1], rotation=scene.rng.randbytes(16), parents=scene.build.heads())])
_groundless("a retirement of what nobody stated", lambda scene, found, by: [scene.retire(found, scene.rng.randbytes(32))])


@rotation("begun in the entry that says more of it")
def at_once(scene):
    by, nonce = scene.who(), scene.rng.randbytes(16)
    found = scene.derived(by[1], scene.start, nonce)
    scene.log(by, scene.intent(nonce=nonce), scene.abort(rotation=found), on=scene.start)
    return f"by {by[0]}"


@rotation("a promotion beside its pending")
def unknown(scene):
    _, found = scene.begin()
    scene.log(None, scene.promote(found), on=scene.start)
    return "which it does not follow"


@rotation("said upon no ancestor")
def said_upon_nothing(scene):
    scene.rotation = scene.rng.randbytes(16)
    item = scene.rng.choice([scene.rollout(1), scene.abort(), scene.retire(scene.current)])
    scene.log(None, item, on=[])
    return next(iter(item))


# Forged.

@rotation("on a secret that no ancestor puts", REFUSE)
def never_put(scene):
    scene.log(None, scene.intent(), on=[])
    return "nobody begins one there"


@rotation("by one who may neither write nor rotate", REFUSE)
def no_right(scene):
    _, found = scene.begin()
    by = scene.who(lambda s, n, name: not s.holds(n, "write", name) and not s.holds(n, "rotate", name))
    item = scene.rng.choice([scene.intent(), scene.rollout(1), scene.abort(), scene.retire(found), scene.promote(found)])
    scene.log(by, item)
    return f"{next(iter(item))} by {by[0]}"


@rotation("what is said of a rotation, upon a beginning with another base, nonce or parents")
def begun_otherwise(scene):
    """Each of these makes another rotation, which nobody stands on who speaks of the first."""
    (who, seed), what = scene.who(), scene.rng.choice(["base", "nonce", "parents"])
    first, nonce = pick(scene.rng, scene.start), scene.rng.randbytes(16)
    entry, found = scene.begin((who, seed), on=[first], nonce=nonce)
    on = [scene.log((who, seed), op("join"), on=[first])] if what == "parents" else [first]
    again = scene.log((who, seed), scene.intent(base=scene.rng.randbytes(32) if what == "base" else scene.current,
                                       nonce=scene.rng.randbytes(16) if what == "nonce" else nonce), on=on)
    # Made only if it is chosen: a version that no entry names is refused.
    made = scene.rng.choice([lambda: scene.rollout(1), scene.abort, lambda: scene.promote(found),
                             lambda: scene.adding(seed, [again])])
    item = made()
    scene.log((who, seed), item, on=[again])
    return f"{what}: {next(iter(item))}"


@rotation("a version added to a rotation of another secret")
def foreign(scene):
    entry, _ = scene.begin()
    others = [s.name for s in scene.source.live() if s.name != scene.name]
    scene.name = pick(scene.rng, others)
    who, seed = scene.who()
    scene.log((who, seed), scene.adding(seed, [entry]), on=[entry])
    return f"of {scene.name} by {who}"


@rotation("a version added to a rotation that began beside it")
def added_beside(scene):
    scene.begin()
    who, seed = scene.who()
    scene.log((who, seed), scene.adding(seed, scene.start), on=scene.start)
    return f"by {who}"


@rotation("a promotion of what another rotation states")
def stated_elsewhere(scene):
    entry = scene.log(None, scene.intent())
    scene.rotation, intent = None, scene.rotation
    stated, found = scene.begin(on=scene.rng.choice([[entry], scene.start]))
    below = sorted({entry, stated})
    if scene.rng.random() < 0.5:  # what the rotation has itself does not help
        below = [scene.begin(on=below, rotation=intent)[0]]
    scene.log(None, scene.promote(found, rotation=intent), on=below)
    return "of one that has nothing, or something else"


@rotation("a promotion upon its rotation's beginning, beside its pending")
def pending_beside(scene):
    entry = scene.log(None, scene.intent())
    _, found = scene.begin(on=[entry], rotation=scene.rotation)
    scene.log(None, scene.promote(found), on=[entry])
    return "which it does not follow"


@rotation("a retirement of what a removal names, or of another secret's version")
def retired_elsewhere(scene):
    found = pick(scene.rng, [s.current for s in scene.source.live() if s.name != scene.name] + [scene.rng.randbytes(32)])
    named = scene.log(pick(scene.rng, scene.source.holders("delete", scene.name)),
                      op("remove", secret=scene.name, objects=ids([found])))
    scene.log(None, scene.retire(found), on=[named])
    return "which nobody stated"


@rotation("what a pending states, stated by somebody else, upon other parents or with another expiry", REFUSE)
def restated(scene):
    """Nobody has the bytes of what is derived so."""
    (who, seed), what = scene.who(), scene.rng.choice(["author", "parents", "expiry"])
    entry, _ = scene.begin((who, seed))
    item = scene.build.log[entry].ops[0]
    others = [one for one in scene.source.signers(scene.may_turn) if one[1] != seed]
    by = pick(scene.rng, others) if what == "author" else (who, seed)
    expires = {"expires": 9_000_000_000} if what == "expiry" else {}
    scene.log(by, scene.intent(body=item["body"], wrap=item["wrap"], **expires), on=[entry] if what == "parents" else scene.start)
    return what


@rotation("a pending version that is not in the file", REFUSE)
def lacking(scene):
    what = scene.rng.choice(["version", "wraps"])
    scene.begin(drop=what)
    return what


@blends.blend("active is a version that was promoted", MEND)
def promoted_active(source, rng):
    scene = Scene(source, rng)
    _, found = scene.begin()
    scene.log(pick(rng, source.holders("write", scene.name)), scene.promote(found))
    section = making.section(scene.build, scene.name)
    section.active = sorted({found} | ({scene.current} if rng.random() < 0.5 else set()))
    return blends.blended(rng, scene.build.file), scene.name


# Not in the one form.

raw_op("a share over the whole", lambda r, n, c: {"rollout": {"secret": n, "rotation": encode(r.randbytes(16)), "share": 10_001}})
raw_op("the text of a rollout", lambda r, n, c: {"rollout": {"secret": n, "record": "done"}})
raw_op("an adopted rollout", lambda r, n, c: {"rollout": {
    "secret": n, "rotation": encode(r.randbytes(16)), "share": 1, "adopts": making.adopts(c)}})
raw_op("a pending without its wrap", lambda r, n, c: {"pending": {
    "secret": n, "nonce": encode(r.randbytes(16)), "base": encode(c), "body": encode(r.randbytes(32))}})
raw_op("a pending without its body", lambda r, n, c: {"pending": {
    "secret": n, "nonce": encode(r.randbytes(16)), "base": encode(c), "wrap": encode(r.randbytes(32))}})
raw_op("an intent that expires", lambda r, n, c: {"pending": {
    "secret": n, "nonce": encode(r.randbytes(16)), "base": encode(c), "expires": 1}})
raw_op("a pending without a base", lambda r, n, c: {"pending": {"secret": n, "nonce": encode(r.randbytes(16))}})
raw_op("a pending that adds nothing", lambda r, n, c: {"pending": {"secret": n, "rotation": encode(r.randbytes(16))}})
raw_op("a pending that says its rotation's id and base", lambda r, n, c: {"pending": {
    "secret": n, "rotation": encode(r.randbytes(16)), "base": encode(c), "body": encode(r.randbytes(32)), "wrap": encode(r.randbytes(32))}})
raw_op("a pending of both forms", lambda r, n, c: {"pending": {
    "secret": n, "nonce": encode(r.randbytes(16)), "rotation": encode(r.randbytes(16)), "base": encode(c)}})
raw_op("a nonce of 32 bytes", lambda r, n, c: {"pending": {"secret": n, "nonce": encode(c), "base": encode(c)}})
raw_op("a rotation of 32 bytes", lambda r, n, c: {"abort": {"secret": n, "rotation": encode(c)}})
raw_op("a retirement of nothing", lambda r, n, c: {"retire": {"secret": n, "objects": []}})
raw_op("a promotion that names no rotation", lambda r, n, c: {"promote": {"secret": n, "object": encode(c)}})
raw_op("a promotion with a wrap", lambda r, n, c: {"promote": {
    "secret": n, "rotation": encode(r.randbytes(16)), "object": encode(c), "wrap": encode(r.randbytes(32))}})
