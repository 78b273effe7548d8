"""Opening secrets with an identity: envelopes, then wraps, then values."""

import pyrage

from . import keys
from .encoding import decode
from .errors import Conflict, HistoryMissing, NeedsNewer
from .keys import Unopened
from .rotations import is_served_pending
from .verify import verify_alone


class Damaged(Unopened):
    """There are keys for it, and they do not open it."""


class Sealed(Unopened):
    """It is sealed for audiences whose keys are not at hand."""

    def __init__(self, audiences):
        self.audiences = audiences
        names = ", ".join(sorted(audiences)) or "nobody"
        super().__init__(f"your identity cannot read it: it is sealed for {names}")


def identities(text):
    """The X25519 identities of an age identity file; comments and empty lines are skipped."""
    lines = [line.strip() for line in text.splitlines()]
    out = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if not line.startswith("AGE-SECRET-KEY-1"):
            raise Unopened("only AGE-SECRET-KEY-1… identities are understood here; for an SSH key or a hardware key "
                           "see 'With age alone' in docs/recovery.md")
        try:
            out.append(pyrage.x25519.Identity.from_str(line))
        except pyrage.IdentityError as error:
            raise Unopened("a line of the identity file is damaged") from error
    if not out:
        raise Unopened("the identity file holds no identity")
    return out


class Reader:
    """What a set of identities can open in a file."""

    def __init__(self, vault, found, audiences=None):
        self.vault, self.epochs = vault, {}
        for name, (_, envelope) in vault.file.audiences.items():
            if audiences is not None and name not in audiences:
                continue
            facts = vault.chain.states[-1].audiences[name].epochs
            try:
                opened = keys.open_envelope(vault.chain.vault, name, facts, envelope, found)
            except Unopened:
                continue  # an audience that these identities are not in
            self.epochs.update({(name, epoch): pair for epoch, pair in opened.items()})

    def value(self, full_name, found):
        """The bytes of one version, by its object id."""
        chain = self.vault.chain.vault
        uid = keys.secret_uid(chain, full_name)
        secret = self.vault.file.secrets.get(uid)
        version = secret.versions.get(found) if secret else None
        if version is None:
            raise Unopened("the file does not hold this version")
        dek = self._dek(secret, uid, found, version)
        return keys.open_value(chain, uid, version, dek)

    def _dek(self, secret, uid, found, version):
        state = self.vault.secrets.get(secret.name)
        wraps = order_of_wraps(secret, state.held[found]) if state and found in state.held else []
        mine = [w for w in wraps if (w["audience"], w["epoch"]) in self.epochs]
        for wrap in mine:
            aad = keys.wrap_aad(self.vault.chain.vault, wrap["audience"], wrap["epoch"], uid, version["commitment"])
            try:
                dek = keys.open_wrap(wrap, aad, *self.epochs[wrap["audience"], wrap["epoch"]])
            except Unopened:
                continue
            if len(dek) == 32 and keys.fits(self.vault.chain.vault, uid, version, dek):
                return dek
        if mine:
            raise Damaged("none of its wraps opens it: it was damaged or forged")
        raise Sealed({w["audience"] for w in wraps})


def order_of_wraps(secret, version):
    """The wraps of a version in the order in which a reader tries them."""
    first = version.source.op["wrap"]
    rest = [w for w in version.wraps if w not in (version.wrap, first)]
    kinds = [[w for w in rest if w in secret.wraps and secret.wraps[w]["kind"] == k] for k in ("key", "sealed")]
    tried = dict.fromkeys([version.wrap, first, *kinds[0], *kinds[1]])
    return [secret.wraps[w] for w in tried if w in secret.wraps]


def get(raw, name, member, identity, now, history=None, instance=None):
    """("value", bytes) or ("refused" | "unmerged" | "merged-as-text" | "locked" | "not-found" | "expired" |
    "not-permitted" | "unsettled" | "damaged" | "needs-newer" | "history-missing", detail): one secret for a member, of
    what is judged at every depth; for the program of a member's that is this instance, if one is given."""
    vault = verify_alone(raw, [name], history)
    if vault.finding:
        own = isinstance(vault.finding, (Conflict, NeedsNewer, HistoryMissing))
        return vault.finding.code if own else "refused", str(vault.finding)
    head = vault.chain.states[-1]
    if member not in head.members or str(identity.to_public()) not in head.members[member]["recipients"]:
        return "locked", member
    state = vault.secrets.get(name)
    if state is None or not state.versions:
        return "not-found", "never put"
    if state.current is None:
        return _gone(state, now)
    if instance is not None and _gets_pending(state, instance, now):
        found = _opened(vault, head, state.name, state.pending, member, identity)
        if found[0] == "value":
            return found
    expires = state.versions[state.current].expires
    if expires is not None and now >= expires:
        return "expired", str(expires)
    return _opened(vault, head, state.name, state.current, member, identity)


def _gets_pending(state, instance, now):
    """Whether the version that is to come is this instance's, if it opens."""
    if state.pending is None:
        return False
    rotation, found = next((k, r) for k, r in state.rotations.items() if state.pending in r.live_objects)
    expires = state.held[state.pending].expires
    return is_served_pending(rotation, found.share, instance) and (expires is None or now < expires)


def _gone(state, now):
    last = list(state.versions.values())[-1]
    aged = last.pruned and not last.removed and last.expires is not None and now >= last.expires
    return ("expired", str(last.expires)) if aged else ("not-found", "gone")


def _opened(vault, head, name, found, member, identity):
    try:
        return "value", Reader(vault, [identity], head.audiences_of(member)).value(name, found)
    except Sealed as error:
        if any(name in head.audiences_of(member) for name in error.audiences):
            return "damaged", "an envelope does not open"
        return ("unsettled" if head.holds(member, "read", name) else "not-permitted"), str(error)
    except Unopened as error:
        return "damaged", str(error)


def version_of(state, text):
    """The object id for a version given as its id, or as its number for display."""
    numbers = {str(version.number): version.object for version in state.versions.values()}
    if text in numbers:
        return numbers[text]
    found = decode(text, 32)
    if found not in state.versions:
        raise Unopened("this secret has no such version")
    return found
