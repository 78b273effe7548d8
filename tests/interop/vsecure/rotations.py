"""Rotations of a secret (section 7, "Rotations"): which is live, what is pending, and what is told of the others.

Whatever is void only takes away: whoever wrote it may have done at the provider what it says.
"""

from dataclasses import dataclass, field

from .encoding import H

PROMOTED, ABORTED, LIVE, STALE = "promoted", "aborted", "live", "stale"
OPEN = (LIVE, STALE)
PARTS = 10_000


@dataclass
class Rotation:
    word: str                                       # one of the four above
    share: int = 0
    base: bytes = None
    objects: set = field(default_factory=set)

    @property
    def live_objects(self):
        return self.objects if self.word == LIVE else set()


def place(rotation, instance):
    """x of an instance: where it stands among all, of which a share is served what is pending."""
    return int.from_bytes(H("rollout", rotation, instance)[:8], "little") % PARTS


def is_served_pending(rotation, share, instance):
    """Whether a reader with this instance gets what is pending, as far as the share goes."""
    return place(rotation, instance) < share


def rotate(fold):
    """Adds to the state what its rotations come to."""
    state = fold.state
    state.retired = {found for retire in fold.of("retire") for found in retire.op["objects"]}
    state.spared = replaced(fold, state.current)
    state.previous = _previous(fold)
    told = {found: Told(fold, found) for found in there(fold)}
    state.rotations = {found: one.rotation for found, one in told.items()}
    live = [one.rotation for one in told.values() if one.rotation.word == LIVE]
    # A live one of which a void op made the only one is pending to nobody.
    is_contested = sum(one.may_be_live for one in told.values()) > 1
    state.pending = next(iter(live[0].objects), None) if live and not is_contested else None
    state.odd = ["rotation-contested"] if live and is_contested else []
    state.odd += ["rotation-stale" for found in state.rotations.values() if found.word == STALE]
    state.odd += ["rotation-divided" for found in state.rotations if is_divided(fold, found)]
    state.odd += ["retired-active" for found in state.candidates if is_withdrawn(fold, found)]
    state.coming = sorted({found for one in state.rotations.values() if one.word in OPEN
                           for found in one.objects if is_left(state, found)})
    state.left = sorted({found for one in state.rotations.values() if one.word in (PROMOTED, ABORTED)
                         for found in one.objects if is_left(state, found)})


def there(fold):
    """The rotations that are there. What is kept from before a checkpoint is of none."""
    return sorted({o.op["rotation"] for o in fold.of("pending", "promote") if not o.kept})


def _previous(fold):
    state = fold.state
    return sorted(found for found in replaced(fold, state.current) if found not in state.candidates
                  and found not in state.retired and is_usable(state.versions[found]))


def replaced(fold, promoted):
    """The versions in whose place a version was promoted: what these promotions name and their bases, if found active."""
    names = {found for o in fold.set if o.kind == "promote" and not o.kept and o.op["object"] == promoted
             for found in fold.stood_on[o.at] & {fold.bases.get(o.op["rotation"]), *(o.op["replaces"] or ())}}
    return names | fold.replaced_before.get(promoted, set())


def is_withdrawn(fold, found):
    """Whether a version is retired, or holds the value of one that is, over any number of steps."""
    classes = [{put.op["object"], *(put.op["same"] or ())} for put in fold.of("put")]
    same, more = set(), {found}
    while more:
        same |= more
        more = set().union(*(one for one in classes if one & same)) - same
    return not fold.state.retired.isdisjoint(same)


def is_left(state, found):
    """Whether a version that nobody promoted may work at the provider: nobody said that it is gone."""
    return found in state.held and found not in state.versions and found not in state.retired


def is_usable(version):
    return not version.removed and not version.pruned


def is_divided(fold, rotation):
    """Whether neither of an abort and a promotion of a candidate knew the other, and nobody promoted it since."""
    aborts, promotes = ([o for o in fold.of(kind) if not o.kept and o.op["rotation"] == rotation]
                        for kind in ("abort", "promote"))
    for abort in aborts:
        beside = [o for o in promotes if fold.beside(o, abort)]
        settled = any(fold.before(abort, o) for o in promotes if o in fold.set)
        if not settled and any(o.op["object"] in fold.state.candidates for o in beside):
            return True
    return False


class Told:
    """What the ops say of one rotation that is there."""

    def __init__(self, fold, found):
        self.fold, self.found = fold, found
        pendings = self.void_too("pending")
        self.pendings = pendings
        self.base = fold.bases.get(found)
        self.objects = {o.op["object"] for o in pendings if "object" in o.op}
        self.rotation = Rotation(self.word(), self.share(), self.base, self.objects)
        self.may_be_live = self.rotation.word == LIVE or (self.rotation.word == STALE and self.is_live_but_for_void())

    def void_too(self, kind):
        """Its ops of this kind, counting or void."""
        return [o for o in self.fold.either(kind) if not o.kept and o.op["rotation"] == self.found]

    def counting(self, kind):
        return [o for o in self.void_too(kind) if o.counts]

    def word(self):
        if any(o in self.fold.set for o in self.counting("promote")):
            return PROMOTED
        if self.counting("abort"):
            return ABORTED
        return LIVE if self.is_live() else STALE

    def is_live(self):
        return (self.stands_on_current() and self.has_one_version(self.objects) and not self.is_taken_back()
                and not self.is_withdrawn_by_void())

    def is_live_but_for_void(self):
        """Whether it would be live if no void op were there."""
        return self.stands_on_current() and self.has_one_version({o.op.get("object") for o in self.counting("pending")} - {None})

    def stands_on_current(self):
        state = self.fold.state
        return len(state.candidates) == 1 and self.base == state.current and self.base not in state.retired

    def has_one_version(self, objects):
        """Whether it has no version yet, or one that can be served. What only a void op states is served to nobody; nor is
        what exists by other means."""
        state, counting = self.fold.state, {o.op.get("object") for o in self.counting("pending")}
        return not objects or (len(objects) == 1 and all(
            found in counting and found not in state.versions and found not in state.retired for found in objects))

    def is_taken_back(self):
        return any(not o.counts for o in self.void_too("abort"))

    def is_withdrawn_by_void(self):
        """Whether somebody who lost the right said that its version is retired, or that its base is."""
        void = [o for o in self.fold.either("retire") if not o.counts]
        return any(o.names(found) for o in void for found in self.objects) or any(map(self.takes_base, void))

    def takes_base(self, void):
        """One of the base, but for one that whoever began the rotation knew."""
        return void.names(self.base) and not all(self.fold.before(void, o) for o in self.pendings)

    def share(self):
        """The smallest of the rollouts that no later one takes the place of; what is void makes it only smaller."""
        counting = self.counting("rollout")
        left = [o for o in self.void_too("rollout") if not any(self.fold.before(o, other) for other in counting)]
        return min((o.op["share"] for o in left), default=0) if counting else 0
