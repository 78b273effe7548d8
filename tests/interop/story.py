"""Histories that are told one entry at a time, for tests."""

import unittest

import closing_model
from closing_model import World
from vsecure import keeping, recent
from vsecure.file import records
from vsecure.fold import fold
from vsecure.verify import verdict, verify, verify_alone
from vsecure.writing import op

A, B = "prod/A", "prod/B"


class Story(World):
    """A vault whose entries are told one by one."""

    def log(self, who, *ops, on=None, policy=None):
        """An entry upon these, or the heads; gives its id."""
        return self.build.add_log(who, self.base.seeds[who], list(ops), parents=on, policy=policy)

    def put_alone(self, who, name=A, on=None, *more):
        """An entry that puts: (its id, the object)."""
        put = self.put(name, who, self.build.heads() if on is None else on)
        entry = self.log(who, *more, put, on=on)
        return entry, next(o["object"] for o in self.build.log[entry].ops if o["op"] == "put")

    def shut(self, entry, **changed):
        """Closes at an entry; `changed` is what the checkpoint says otherwise than it should."""
        made = keeping.closing(self.judged(), self.stands, entry, len(self.build.policy))
        self.policy([op("checkpoint", **{**made.op, **changed})], [entry])
        self.closing = made
        self.checkpoints.append(made)
        return entry

    def shut_all(self):
        """Closes at an entry upon all heads, which is about nothing."""
        return self.shut(self.log("ada", op("join"), on=self.top(self.build.log)))

    def both(self):
        """({name: state} of the whole, what the file says without history)."""
        graph = self.judged()
        file, _ = keeping.leave_out(self.build.file, graph, self.closing.block, self.closing.entry)
        return fold(graph, self.stands), recent.read(file, records(file)[1], self.chain)

    def files(self):
        """(the file, what lies beside it)."""
        return closing_model.whole_file(self)


class Closed(unittest.TestCase):
    def setUp(self):
        self.story = Story(1)

    def agrees(self):
        lines, count = closing_model.compare(self.story)
        self.assertEqual((lines, count > 0), ([], True))

    def code(self, raw, history=None):
        return verdict(verify(raw, 0, history)).get("code")

    def alone(self, raw, name, history=None):
        finding = verify_alone(raw, [name], history).finding
        return finding and finding.code
