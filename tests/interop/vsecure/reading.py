"""Opening secrets with an identity: envelopes, then wraps, then values."""

import pyrage

from . import keys
from .encoding import decode
from .keys import Unopened


def identities(text):
    """The X25519 identities of an age identity file; comments and empty lines are skipped."""
    lines = [line.strip() for line in text.splitlines()]
    out = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if not line.startswith("AGE-SECRET-KEY-1"):
            raise Unopened("only AGE-SECRET-KEY-1… identities are understood here "
                           "(for a hardware key, decrypt with the v-secure program)")
        try:
            out.append(pyrage.x25519.Identity.from_str(line))
        except pyrage.IdentityError as error:
            raise Unopened("a line of the identity file is damaged") from error
    if not out:
        raise Unopened("the identity file holds no identity")
    return out


class Reader:
    """What a set of identities can open in a file."""

    def __init__(self, vault, found):
        self.vault, self.epochs = vault, {}
        for name, (_, envelope) in vault.file.audiences.items():
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
        live = self.vault.secrets[secret.name].versions.get(found)
        wraps = [secret.wraps[live.wrap]] if live and live.wrap in secret.wraps else []
        wraps += [w for w in secret.wraps.values() if w["version"] == found and w not in wraps]
        for wrap in wraps:
            pair = self.epochs.get((wrap["audience"], wrap["epoch"]))
            if pair is None:
                continue
            aad = keys.wrap_aad(self.vault.chain.vault, wrap["audience"], wrap["epoch"], uid, version["uid"])
            return keys.open_wrap(wrap, aad, *pair)
        audiences = ", ".join(sorted({w["audience"] for w in wraps})) or "nobody"
        raise Unopened(f"your identity cannot read it: it is sealed for {audiences}")


def version_of(state, text):
    """The object id for a version given as its id, or as its number for display."""
    ordered = sorted(state.versions.values(), key=lambda v: v.first)
    if text.isdecimal() and 1 <= int(text) <= len(ordered):
        return ordered[int(text) - 1].object
    found = decode(text, 32)
    if found not in state.versions:
        raise Unopened("this secret has no such version")
    return found
