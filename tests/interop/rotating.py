"""A story with a secret and ops of rotations on it, for tests."""

import copy
import unittest

from story import A, Story
from vsecure import keys
from vsecure.copies import fix_copies
from vsecure.file import render
from vsecure.fold import fold
from vsecure.reading import get
from vsecure.verify import verdict, verify
from vsecure.writing import ids, op

# What two rotations of a test are called: the nonces that begin them.
R, S = b"R" * 16, b"S" * 16
NOW = 1_800_000_000


class Rotating(unittest.TestCase):
    def setUp(self):
        self.story = Story(1)
        self.first, self.base = self.story.put_alone("ada")
        self.begun = {}

    # Entries. `on` are the parents: without any, the heads.

    def id(self, rotation=R):
        """The id of what began under this name; of another id itself."""
        return self.begun.get(rotation, rotation)

    def begin(self, rotation, who, item, **how):
        """An entry that begins what has this name from then on."""
        entry = self.story.log(who, item, **how)
        self.begun[rotation] = self.story.build.log[entry].ops[0]["rotation"]
        return entry

    def pending(self, who="rob", rotation=R, base=None, on=None, policy=None, expires=None):
        """A new version, in a rotation that it begins or that began: (entry, object)."""
        parents = self.story.build.heads() if on is None else on
        adds = rotation in self.begun
        stated = {"rotation": self.id(rotation)} if adds else {"nonce": rotation, "base": base or self.base}
        item = self.story.put(A, who, parents, expires, "pending", **stated)
        write = self.story.log if adds else lambda who, item, **how: self.begin(rotation, who, item, **how)
        entry = write(who, item, on=parents, policy=policy)
        return entry, self.story.build.log[entry].ops[0]["object"]

    def again(self, found, who, on, wrap=None, policy=None, **stated):
        """A version that its author states once more, upon the same parents, where `stated` says: the entry."""
        wrap = wrap or self.story.wrap(A, found)
        return self.story.log(who, self.story.build.put_op(A, found, wrap, "pending", **stated), on=on, policy=policy)

    def intent(self, who="rob", rotation=R, base=None, **how):
        return self.begin(rotation, who, op("pending", secret=A, nonce=rotation, base=base or self.base), **how)

    def promote(self, found, who="rob", rotation=R, replaces=None, **how):
        item = op("promote", secret=A, rotation=self.id(rotation), object=found, replaces=replaces and ids(replaces))
        return self.story.log(who, item, **how)

    def abort(self, who="rob", rotation=R, **how):
        return self.story.log(who, op("abort", secret=A, rotation=self.id(rotation)), **how)

    def rollout(self, share, who="rob", rotation=R, **how):
        return self.story.log(who, op("rollout", secret=A, rotation=self.id(rotation), share=share), **how)

    def on_versions(self, kind, *found, who="ada", **how):
        return self.story.log(who, op(kind, secret=A, objects=ids(found)), **how)

    def put(self, who="ada", on=None):
        return self.story.put_alone(who, A, on)[1]

    def lose(self, who, *rights):
        """The member loses these rights: {what an entry needs that is written as if that were not so}."""
        before, heads = self.story.build.policy[-1].id, self.story.build.heads()
        self.story.policy([op("revoke", role=f"r-{who}", pattern="*", rights=list(rights))], heads)
        return {"who": who, "on": heads, "policy": before}

    # What they come to.

    def raw(self):
        file = copy.deepcopy(self.story.build.file)
        file.suite, file.name = keys.SUITE, "closing"
        return render(fix_copies(file)).encode()

    def state(self):
        return fold(self.story.judged(), self.story.stands)[A]

    def word(self, rotation=R):
        return self.state().rotations[self.id(rotation)].word

    def judged(self):
        """(the error or None, the codes of what else is told of the secret). There is one audience, which is not its own."""
        vault = verify(self.raw(), NOW)
        codes = sorted(f.code for f in vault.findings if f.subject == A)
        return vault.finding and vault.finding.code, [code for code in codes if code != "unsettled"]

    def says_nothing(self, write):
        """That what is written stands on nothing: whoever judges it finds neither an error nor anything that it changes."""
        before = self.state()
        write()
        self.assertEqual((self.error(), self.state()), (None, before))

    def codes(self):
        error, codes = self.judged()
        self.assertIsNone(error)
        return codes

    def error(self):
        return self.judged()[0]

    def told(self):
        return verdict(verify(self.raw(), NOW))["state"][A]

    def get(self, instance=None):
        return get(self.raw(), A, "ada", self.story.base.identities["ada"], NOW, None, instance)
