"""Making entries, objects and wraps, for the sample vault and the mutants. Not part of a reader."""

import pyrage

from . import access, keys, policy, signing
from .encoding import H, encode
from .file import Secret
from .records import dump, log_entry, policy_entry


def op(kind, /, **fields):
    """An op as JSON text holds it: bytes encoded, keys without a value left out."""
    return {kind: {k: plain(v) for k, v in fields.items() if v is not None}}


def plain(value):
    if isinstance(value, bytes):
        return encode(value)
    return [plain(v) for v in sorted(value)] if type(value) is set else value


def ids(found):
    return [encode(i) for i in sorted(found)]


def policy_line(body, seeds):
    """Signs a policy entry given as a dict without `sigs`."""
    digest = H("policy entry", dump(body))
    sigs = {signing.key_id(signing.public_of(s)): signing.sign(s, "policy", digest) for s in seeds}
    listed = [{"key": encode(k), "alg": "ed25519", "sig": encode(sigs[k])} for k in sorted(sigs)]
    return dump({**body, "sigs": listed})


def blank(ops):
    """The ops with some `gives` where they need one and state none."""
    out = []
    for item in ops:
        (kind, fields), = item.items()
        missing = kind in access.GIVING and "gives" not in fields
        out.append({kind: {**fields, "gives": encode(bytes(32))}} if missing else item)
    return out


class Folding:
    """The states of a chain, whether or not its signers may do what they do: what `gives` is computed on."""

    def __init__(self):
        self.entries, self.states = [], []

    def after(self, entries):
        """The state after these entries."""
        same = 0
        while same < min(len(entries), len(self.entries)) and entries[same] is self.entries[same]:
            same += 1
        del self.entries[same:], self.states[same:]
        for entry in entries[same:]:
            self.entries.append(entry)
            self.states.append(self.step(entry, self.states[-1] if self.states else policy.State()))
        return self.states[-1] if self.states else policy.State()

    def step(self, entry, before):
        at = len(self.states)
        return policy.as_if_allowed(entry, at, before, self.vault(at))

    def vault(self, at):
        return self.entries[0].id if at else b""

    def filled(self, entries, body, ops, seeds, vault=None):
        """The ops, each with what it gives after the last of them; `vault` in place of this one's id."""
        stated = blank(ops)
        if stated == ops:
            return ops
        before = self.after(entries)
        entry = policy_entry(policy_line({**body, "ops": stated}, seeds))
        after = self.step(entry, before)
        vault = self.vault(len(self.states)) if vault is None else vault
        return [self._given(item, parsed, after, vault) if item is not given else item
                for given, item, parsed in zip(ops, stated, entry.ops)]

    @staticmethod
    def _given(item, parsed, after, vault):
        (kind, fields), = item.items()
        return {kind: {**fields, "gives": encode(access.gives(parsed, after, vault))}}


def log_line(body, seed):
    """Signs a log entry given as a dict without `sig`."""
    return dump({**body, "sig": encode(signing.sign(seed, "log", H("log entry", dump(body))))})


def slot_line(kind, fields, seed):
    digest = H("slot", dump({kind: fields}))
    return dump({kind: {**fields, "sig": encode(signing.sign(seed, "slot", digest))}})


class Builder:
    """A file that grows by entries. It signs what it is told to: it checks nothing."""

    def __init__(self, file, rng):
        self.file, self.rng, self.now = file, rng, 1_790_000_000
        self.policy, self.log, self.folding = [], {}, Folding()
        for line in file.policy:
            self.policy.append(policy_entry(line))
        for line in file.log:
            self._keep(log_entry(line, file.vault))
        times = [e.ts for e in (*self.policy, *self.log.values())]
        self.now = max(times, default=self.now)

    def _keep(self, entry):
        self.log[entry.id] = entry
        self.file.log = [self.log[i].line for i in sorted(self.log)]
        return entry.id

    def heads(self):
        parents = {p for e in self.log.values() for p in e.parents} | self._below_checkpoint()
        return sorted(set(self.log) - parents)

    def _below_checkpoint(self):
        """Of closed history, what the checkpoint's entry follows, though the links are not here."""
        entries = [o["entry"] for entry in self.policy for o in entry.ops if o["op"] == "checkpoint"]
        return set(self.file.closed.entries) - {entries[-1]} if self.file.closed and entries else set()

    def add_policy(self, ops, seeds, heads=None, reason="", **changed):
        heads = self.heads() if heads is None else heads
        self.now += 60
        body = {"seq": len(self.policy), "prev": encode(self.policy[-1].id) if self.policy else "",
                "ts": self.now, "heads": ids(heads), "ops": ops, "reason": reason, **changed}
        body["ops"] = self.folding.filled(self.policy, body, ops, seeds)
        entry = policy_entry(policy_line(body, seeds))
        self.policy.append(entry)
        self.file.policy.append(entry.line)
        if len(self.policy) == 1:
            self.file.vault = entry.id
        return entry.id

    def add_log(self, actor, seed, ops, parents=None, policy=None, reason="", **changed):
        parents = self.heads() if parents is None else parents
        self.now += 60
        body = {"parents": ids(parents), "lamport": self.lamport(parents),
                "policy": encode(policy or self.policy[-1].id), "actor": actor,
                "key": encode(signing.key_id(signing.public_of(seed))), "ts": self.now,
                "ops": ops, "reason": reason, **changed}
        return self._keep(log_entry(log_line(body, seed), self.file.vault))

    def key_add(self, member, device, seed, recipient):
        vault = self.policy[0].id if self.policy else b""
        public = signing.public_of(seed)
        sealed = pyrage.encrypt(seed, [pyrage.x25519.Recipient.from_str(recipient)])
        proof = signing.sign(seed, "proof", signing.proof_digest(vault, member, device, recipient, public, sealed))
        return op("key-add", member=member, device=device, key=public, recipient=recipient,
                  sealed=sealed, proof=proof)

    def lamport(self, parents=None):
        """That of an entry with these parents, the heads if none are given."""
        parents = self.heads() if parents is None else parents
        return 1 + max((self.log[p].lamport for p in parents if p in self.log), default=0)

    def origin(self, parents=None):
        """That of an entry with these parents, the heads if none are given."""
        return keys.origin(self.heads() if parents is None else parents)

    def version(self, name, value, dek, seed, expires=None, parents=None):
        """Puts a new object into the file, as an entry by this key upon these parents puts it; gives its id."""
        uid, author = keys.secret_uid(self.file.vault, name), signing.key_id(signing.public_of(seed))
        version = keys.seal_value(self.file.vault, uid, author, self.origin(parents), expires, dek, value)
        return self.keep_version(name, version)

    def keep_version(self, name, version):
        uid = keys.secret_uid(self.file.vault, name)
        found = keys.object_id(uid, version)
        self._secret(uid, name).versions[found] = version
        self._sort(uid)
        return found

    def put_op(self, name, found, wrap, kind="put", **more):
        """The op that puts an object of the file, or states it as pending: in a new rotation, which `nonce` and `base`
        begin, or in a `rotation` that was begun."""
        version = self.file.secrets[keys.secret_uid(self.file.vault, name)].versions[found]
        stated = {"body": keys.body_id(version), "wrap": wrap, "expires": version["expires"]}
        first = {key: more.pop(key) for key in ("nonce", "rotation", "base") if key in more}
        return op(kind, secret=name, **first, **stated, **more)

    def wrap(self, name, found, dek, audience, epoch, kek=None, recipient=None):
        """Puts a wrap into the file, sealed if `recipient` is given; gives its id."""
        uid = keys.secret_uid(self.file.vault, name)
        secret = self.file.secrets[uid]
        aad = keys.wrap_aad(self.file.vault, audience, epoch, uid, secret.versions[found]["commitment"])
        wrap = {"version": found, "audience": audience, "epoch": epoch, "kind": "key"}
        if recipient:
            wrap["kind"] = "sealed"
            wrap["bytes"] = pyrage.encrypt(dek + aad, [pyrage.x25519.Recipient.from_str(recipient)])
        else:
            wrap["bytes"] = keys.wrap_key(kek, dek, aad)
        found_wrap = keys.wrap_id(wrap)
        secret.wraps[found_wrap] = wrap
        self._sort(uid)
        return found_wrap

    def _secret(self, uid, name):
        self.file.secrets.setdefault(uid, Secret(name, []))
        self.file.secrets = dict(sorted(self.file.secrets.items()))
        return self.file.secrets[uid]

    def _sort(self, uid):
        secret = self.file.secrets[uid]
        secret.versions, secret.wraps = dict(sorted(secret.versions.items())), dict(sorted(secret.wraps.items()))
