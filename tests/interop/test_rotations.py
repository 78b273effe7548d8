"""Tests of rotations: the form of their ops, what each needs, and what they make active."""

import unittest

from rotating import R, S, Rotating
from story import A, B
from vsecure import keys, vectors
from vsecure.encoding import encode
from vsecure.errors import Refused
from vsecure.fold import fold
from vsecure.writing import ids, op


class Form(Rotating):
    def test_only_the_one_form_is_read(self):
        some, wrap, key = encode(bytes(32)), encode(b"\1" * 32), encode(R)
        begun, version = {"secret": A, "nonce": key, "base": some}, {"body": some, "wrap": wrap}
        whole, adds = {**begun, **version}, {"secret": A, "rotation": key, **version}
        good = [{"pending": begun}, {"pending": whole}, {"pending": {**whole, "expires": 0}},
                {"pending": adds}, {"pending": {**adds, "expires": 0}},
                {"rollout": {"secret": A, "rotation": key, "share": 0}},
                {"rollout": {"secret": A, "rotation": key, "share": 10_000}},
                {"abort": {"secret": A, "rotation": key, "adopts": {"entry": some, "op": 0}}},
                {"retire": {"secret": A, "objects": [some], "adopts": {"entry": some, "op": 0}}},
                {"promote": {"secret": A, "rotation": key, "object": some}},
                {"promote": {"secret": A, "rotation": key, "object": some, "replaces": [some],
                             "adopts": {"entry": some, "op": 0}}}]
        bad = [{"pending": {**begun, "body": some}}, {"pending": {**begun, "wrap": wrap}},
               {"pending": {**begun, "expires": 1}}, {"pending": {"secret": A, "body": some, "wrap": wrap}},
               {"pending": {"secret": A, "nonce": key, **version}}, {"pending": {"secret": A, "base": some, **version}},
               {"pending": {"secret": A, "nonce": some, "base": some}}, {"pending": {"secret": A, "nonce": key}},
               {"pending": {"secret": A, "base": some}}, {"pending": {"secret": A, "base": some, "nonce": key}},
               {"pending": {"secret": A, "rotation": key}}, {"pending": {"secret": A, "rotation": key, "body": some}},
               {"pending": {"secret": A, "rotation": key, "wrap": wrap}},
               {"pending": {"secret": A, "rotation": key, "base": some}},
               {"pending": {"secret": A, "rotation": key, "base": some, **version}},
               {"pending": {"secret": A, "nonce": key, "rotation": key, **version}},
               {"pending": {"secret": A, "nonce": key, "rotation": key, "base": some, **version}},
               {"pending": {**whole, "replaces": [some]}}, {"pending": {**whole, "adopts": {"entry": some, "op": 0}}},
               {"rollout": {"secret": A, "rotation": key, "share": 10_001}}, {"rollout": {"secret": A, "record": "x"}},
               {"rollout": {"secret": A, "rotation": key}}, {"rollout": {"secret": A, "rotation": some, "share": 1}},
               {"rollout": {"secret": A, "rotation": key, "share": 1, "adopts": {"entry": some, "op": 0}}},
               {"abort": {"secret": A}}, {"abort": {"secret": A, "rotation": key, "share": 1}},
               {"retire": {"secret": A, "objects": []}}, {"retire": {"secret": A, "objects": [wrap, some]}},
               {"retire": {"secret": A, "object": some}}, {"promote": {"secret": A, "object": some}},
               {"promote": {"secret": A, "rotation": key, "object": some, "replaces": []}},
               {"promote": {"secret": A, "rotation": key, "object": some, "same": [some]}},
               {"promote": {"secret": A, "rotation": key, "object": some, "wrap": wrap}}]
        for item in good:
            self.story.log("ada", item)
        for item in bad:
            with self.subTest(item), self.assertRaises(Refused):
                self.story.log("ada", item)


class Ids(Rotating):
    """A rotation's id is derived from its beginning."""

    def test_it_is_that_of_the_document(self):
        self.intent("rob")
        entry = self.story.build.log[self.story.build.heads()[0]]
        uid = keys.secret_uid(self.story.build.file.vault, A)
        made = keys.rotation_id(uid, entry.key, keys.origin(entry.parents), self.base, R)
        self.assertEqual((self.id(), len(made)), (made, 16))
        self.assertEqual(list(self.state().rotations), [made])

    def test_vectors_of_it_are_compared(self):
        self.intent("rob")
        entry, uid = self.story.build.log[self.story.build.heads()[0]], keys.secret_uid(self.story.build.file.vault, A)
        vector = {"secret_uid": encode(uid), "author": encode(entry.key), "parents": list(map(encode, entry.parents)),
                  "base": encode(self.base), "nonce": encode(R), "rotation": encode(self.id())}
        self.assertEqual(vectors.check({"rotations": [vector]}), ([], 1))
        self.assertEqual(len(vectors.check({"rotations": [{**vector, "nonce": encode(S)}]})[0]), 1)

    def test_each_of_what_it_is_derived_from_makes_another(self):
        self.story.put_alone("ada", B)
        found = set()
        for how in ({}, {"rotation": S}, {"base": bytes(32)}, {"who": "ron"}):
            self.intent(**{"on": [self.first], **how})
            found.add(self.id(how.get("rotation", R)))
        self.intent(on=self.story.build.heads())
        other = self.story.log("rob", op("pending", secret=B, nonce=R, base=self.base), on=self.story.build.heads())
        found |= {self.id(), self.story.build.log[other].ops[0]["rotation"]}
        self.assertEqual(len(found), 6)

    def test_its_author_may_begin_it_again_upon_the_same_parents(self):
        self.intent("rob", on=[self.first])
        one = self.id()
        self.begun.clear()
        _, found = self.pending("rob", on=[self.first])
        self.assertEqual((self.id(), self.state().pending), (one, found))


class Rights(Rotating):
    """What an op needs: who writes one without the right forges, and what stands on nothing says nothing."""

    def test_write_or_rotate_suffices_and_delete_does_not(self):
        for who, error in (("wes", None), ("rob", None), ("del", "op-unauthorised")):
            for kind in ("pending", "rollout", "abort", "retire", "promote"):
                with self.subTest(who=who, kind=kind):
                    self.setUp()
                    _, found = self.pending("ron")
                    {"pending": lambda: self.pending(who), "rollout": lambda: self.rollout(1, who),
                     "abort": lambda: self.abort(who), "retire": lambda: self.on_versions("retire", found, who=who),
                     "promote": lambda: self.promote(found, who)}[kind]()
                    self.assertEqual(self.error(), error)

    def test_a_secret_that_was_never_put_has_no_rotations(self):
        for who in ("ada", "rob"):
            self.setUp()
            self.intent(who, on=[])
            self.assertEqual(self.error(), "op-unauthorised")

    def test_all_that_is_said_of_a_rotation_follows_its_beginning(self):
        for who in ("ada", "rob"):
            for write in (self.pending, self.abort, lambda *who, **how: self.rollout(1, *who, **how)):
                for beside in (False, True):
                    self.setUp()
                    begun = self.intent("ron")
                    if beside:
                        self.says_nothing(lambda who=who, write=write: write(who, on=[self.first]))
                    else:
                        before = self.state()
                        write(who, on=[begun])
                        self.assertNotEqual(self.word() if write == self.abort else self.state(), before)

    def test_a_retirement_follows_what_names_each_of_its_objects(self):
        for who in ("ada", "rob"):
            self.setUp()
            _, found = self.pending(on=[self.first])
            self.says_nothing(lambda who=who, found=found: self.on_versions("retire", found, bytes(32), who=who, on=[self.first]))
            self.on_versions("retire", self.base, found, bytes(32), who=who, on=[self.first])
            self.assertEqual((self.error(), self.state().retired), (None, {self.base}))

    def test_a_retirement_or_a_mention_of_it_names_none(self):
        gone = self.on_versions("remove", bytes(32))
        self.says_nothing(lambda: self.on_versions("retire", bytes(32), on=[gone]))
        self.assertEqual(self.state().retired, set())

    def test_a_version_of_another_secret_is_none(self):
        _, other = self.story.put_alone("ada", B)
        self.says_nothing(lambda: self.on_versions("retire", other))

    def test_a_put_or_a_beginning_in_the_same_entry_is_no_ancestor(self):
        self.story.log("ada", self.story.put(A, "ada", []), op("pending", secret=A, nonce=R, base=self.base), on=[])
        self.assertEqual(self.error(), "op-unauthorised")
        self.setUp()
        self.intent(on=[self.first])
        made = self.id()
        self.setUp()
        self.story.log("rob", op("pending", secret=A, nonce=R, base=self.base), op("abort", secret=A, rotation=made))
        self.assertEqual((self.error(), self.word(made)), (None, "live"))

    def test_what_adds_is_ground_if_it_has_some(self):
        for states in (lambda found, on: self.on_versions("retire", found, on=[on]),
                       lambda found, on: self.promote(found, "wes", on=sorted([on, begun]))):
            self.setUp()
            begun = self.intent("ron")
            heads = [self.first]
            beside, found = self.pending("rob", on=heads)
            item = self.story.build.log[beside].ops[0]
            self.assertNotIn(found, self.state().held)
            self.again(found, "rob", heads, wrap=item["wrap"], nonce=S, base=bytes(32))
            self.assertIn(found, self.state().held)
            self.says_nothing(lambda found=found, beside=beside, states=states: states(found, beside))

    def test_what_is_void_is_ground(self):
        late = self.lose("wes", "write")
        put = self.story.log("wes", self.story.put(B, "wes", []), on=[], policy=late["policy"])
        begun = self.story.log("rob", op("pending", secret=B, nonce=R, base=bytes(32)), on=[put])
        self.assertIsNone(self.error())
        late = self.lose("rob", "rotate")
        begun = self.intent(**late)
        self.abort("ron", on=[begun])
        _, found = self.pending("wim", on=[begun])
        self.assertEqual((self.error(), self.word()), (None, "aborted"))

    def test_a_pending_alone_puts_nothing(self):
        entry, _ = self.pending("ada")
        self.story.log("rob", self.story.put(B, "rob", [entry]), on=[entry])
        self.assertEqual(self.error(), "op-unauthorised")

    def test_a_promotion_needs_its_pending_below_whoever_writes_it(self):
        for who in ("ada", "rob"):
            for wrong in ("beside", "rotation", "none", "object", "intent"):
                with self.subTest(who=who, wrong=wrong):
                    self.setUp()
                    entry, found = self.pending()
                    other = self.intent(on=[entry], rotation=S)
                    self.begun["?"] = b"?" * 16
                    self.says_nothing({
                        "beside": lambda: self.promote(found, who, on=[self.first]),
                        "rotation": lambda: self.promote(found, who, S, on=[other]),
                        "none": lambda: self.promote(found, who, "?", on=[other]),
                        "object": lambda: self.promote(self.base, who, on=[entry]),
                        "intent": lambda: self.promote(bytes(32), who, S, on=[other])}[wrong])

    def test_a_pending_in_the_same_entry_is_not_below(self):
        begun = self.intent("ada")
        item = self.story.put(A, "ada", [begun], None, "pending", rotation=self.id())
        found = self.story.log("ada", item)
        found = self.story.build.log[found].ops[0]["object"]
        self.story.build.log.popitem()
        self.story.log("ada", item, op("promote", secret=A, rotation=self.id(), object=found), on=[begun])
        self.assertEqual((self.error(), self.state().current, self.state().pending), (None, self.base, found))

    def test_a_rotation_is_of_one_secret(self):
        self.story.put_alone("ada", B)
        _, found = self.pending()
        for item in (op("promote", secret=B, rotation=self.id(), object=found), op("abort", secret=B, rotation=self.id())):
            self.setUp()
            self.story.put_alone("ada", B)
            self.pending()
            self.says_nothing(lambda item=item: self.story.log("ada", item))

    def test_what_is_lost_later_makes_them_void(self):
        _, found = self.pending("ron")
        late = self.lose("rob", "rotate")
        self.promote(found, **late)
        self.assertEqual((self.state().versions.keys(), self.error()), ({self.base}, None))

    def test_a_promotion_whose_write_is_lost_stands_by_rotate(self):
        _, found = self.pending("ron", base=bytes(32))  # on no version that was active: by rotate it sets nothing
        late = self.lose("ray", "write")
        self.says_nothing(lambda: self.promote(found, **late))
        self.assertEqual(self.state().current, self.base)
        self.setUp()
        late = {**self.lose("ray", "write"), "on": None}
        _, found = self.pending("ray", base=bytes(32), policy=late["policy"], on=[self.first])
        self.promote(found, "ray", policy=late["policy"])
        self.assertEqual((self.state().current, self.state().versions[found].overruled), (self.base, True))

    def test_of_anothers_value_it_is_void_where_write_ends(self):
        """By rotate it would do nothing, and nobody would be told that it ever did something."""
        def promoted(author, by, known):
            self.setUp()
            entry, found = self.pending(author)
            before = self.story.build.policy[-1].id
            last = self.promote(found, by, on=[entry], policy=before)
            self.story.policy([op("revoke", role="r-ray", pattern="*", rights=["write"])], [last] if known else [entry])
            return {self.base: "old", found: "new"}[self.state().current], self.codes()
        told = ["rotation-void", "void-changes-value"]
        self.assertEqual(promoted("ron", "ray", False), ("old", told))
        self.assertEqual(promoted("ron", "ray", True), ("new", []))
        self.assertEqual(promoted("ray", "ray", False), ("new", []))  # one's own, by rotate
        self.assertEqual(promoted("ray", "rob", False), ("old", []))  # which did nothing before

    def test_what_somebody_else_states_in_another_rotation_is_not_it(self):
        """Nothing is found below that it could be of, so that it does nothing."""
        entry, found = self.pending("ron")
        _, other = self.pending("ron", S, on=[entry])
        late = self.lose("ray", "write")
        item = op("promote", secret=A, rotation=self.id(S), object=found)
        self.says_nothing(lambda: self.story.log("ray", item, on=late["on"], policy=late["policy"]))
        self.story.judged()
        self.assertEqual(self.story.stands.ended, {})

    def test_write_sets_upon_any_base(self):
        _, found = self.pending("ron", base=bytes(32))
        self.promote(found, "ray")
        self.assertEqual(self.state().current, found)


class Versions(Rotating):
    """What exists, is held, and is active."""

    def test_a_pending_is_held_and_nothing_else(self):
        _, found = self.pending()
        state = self.state()
        self.assertEqual((list(state.versions), state.current, found in state.held), ([self.base], self.base, True))
        self.assertEqual(self.codes(), [])

    def drop(self, found, wraps_only=False):
        for secret in self.story.build.file.secrets.values():
            secret.wraps = {k: w for k, w in secret.wraps.items() if w["version"] != found}
            if not wraps_only:
                secret.versions.pop(found, None)

    def test_what_is_held_is_in_the_file_until_it_is_pruned(self):
        _, found = self.pending()
        self.drop(found, wraps_only=True)
        self.assertEqual(self.error(), "wrap-missing")
        self.drop(found)
        self.assertEqual(self.error(), "object-missing")
        self.on_versions("prune", found)
        self.assertEqual(self.error(), "object-missing")
        self.promote(found)
        self.on_versions("prune", found)
        self.assertIsNone(self.error())

    def test_what_only_a_void_pending_states_need_not_be_there(self):
        _, found = self.pending(**self.lose("rob", "rotate"))
        self.assertIsNone(self.error())
        self.drop(found)
        self.assertIsNone(self.error())
        self.assertNotIn(found, self.state().held)

    def test_a_promotion_makes_a_void_pending_give_its_object(self):
        entry, found = self.pending(**self.lose("rob", "rotate"))
        self.promote(found, "wes", on=[entry])
        self.assertEqual((self.state().current, self.codes()), (found, []))
        self.drop(found)
        self.assertEqual(self.error(), "object-missing")

    def test_only_a_promotion_of_the_same_rotation_does(self):
        late = self.lose("rob", "rotate")
        one, found = self.pending(**late)
        wrap = self.story.wrap(A, found, sealed=True)
        two = self.again(found, wrap=wrap, nonce=S, base=self.base, **late)
        self.promote(found, "wes", on=[one, two])
        version = self.state().held[found]
        self.assertEqual([wrap in version.wraps, len(version.wraps)], [False, 1])

    def test_and_only_of_a_pending_below_it(self):
        late = self.lose("rob", "rotate")
        one, found = self.pending(**late)
        wrap = self.story.wrap(A, found, sealed=True)
        self.again(found, wrap=wrap, nonce=R, base=self.base, **late)
        self.promote(found, "wes", on=[one])
        self.assertNotIn(wrap, self.state().held[found].wraps)

    def test_a_promotion_is_the_next_version(self):
        _, found = self.pending()
        self.put()
        self.promote(found, "wes")
        state = self.state()
        self.assertEqual((state.current, [v.number for v in state.versions.values()]), (found, [1, 2, 3]))
        self.assertEqual(list(state.versions)[2], found)
        self.assertEqual(self.get()[0], "value")

    def test_two_promote_one_version_without_a_conflict(self):
        entry, found = self.pending()
        for who in ("rob", "wes"):
            self.promote(found, who, on=[entry])
        self.assertEqual((self.state().candidates, self.codes()), ([found], []))

    def test_a_promotion_beside_a_put_is_a_conflict(self):
        entry, found = self.pending()
        new = self.put(on=[entry])
        self.promote(found, on=[entry])
        self.assertEqual((self.state().candidates, self.codes()), (sorted([found, new]), ["conflict"]))

    def test_what_acts_on_versions_acts_on_pending_ones(self):
        _, found = self.pending()
        wrap = self.story.wrap(A, found, sealed=True)
        self.story.log("ada", op("rewrap", secret=A, object=found, wrap=wrap), op("expire", secret=A, object=found, at=7))
        held = self.state().held[found]
        self.assertEqual((held.wrap, len(held.wraps), held.expires), (wrap, 2, 7))

    def test_but_what_removes_restores_or_prunes(self):
        """What is only pending is aborted: to remove it is nothing, whether somebody promotes it later or beside."""
        for kind in ("remove", "restore", "prune"):
            for void in (False, True):
                self.setUp()
                entry, found = self.pending("ron")
                self.rollout(5, "ron")
                late = self.lose("wim", "write", "delete") if void else {"who": "wim"}
                before = self.state()
                gone = self.on_versions(kind, found, **late)
                self.assertEqual((self.error(), self.state()), (None, before))
                self.promote(found, "rob", on=[entry])
                self.promote(found, "ron", on=[gone])
                self.assertEqual((self.state().candidates, self.state().versions[found].removed), ([found], False))
                if not void:
                    self.on_versions(kind, found)
                    self.assertEqual(self.state().candidates, [found] if kind == "restore" else [])

    def test_a_restoration_beside_its_promotion_brings_nothing_back(self):
        entry, found = self.pending()
        on = entry
        for _ in range(5):
            on = self.story.log("wes", op("join"), on=[on])
        self.on_versions("restore", found, who="wes", on=[on])
        promoted = self.promote(found, on=[entry])
        self.on_versions("remove", found, on=[promoted])
        self.assertEqual((self.state().versions[found].removed, self.state().candidates, self.codes()), (True, [], []))

    def test_a_removal_of_what_is_only_pending_is_one_of_the_secret(self):
        """Where nothing is active, whoever may only rotate sets nothing beside what was removed, whatever that was."""
        late = self.lose("wes", "write")
        begun = self.story.log("wes", self.story.put(B, "wes", []), on=[], policy=late["policy"])
        entry = self.story.log("ron", self.story.put(B, "ron", [begun], None, "pending", nonce=R, base=bytes(32)), on=[begun])
        found = self.story.build.log[entry].ops[0]["object"]
        for removed in (False, True):
            if removed:
                self.story.log("ada", op("remove", secret=B, objects=ids([found])), on=[entry])
            else:
                _, new = self.story.put_alone("rob", B, [entry])
            state = fold(self.story.judged(), self.story.stands)[B]
            self.assertEqual((state.current, state.versions[new].overruled), (None if removed else new, removed))

    def test_what_is_put_is_removed_by_whoever_did_not_see_that(self):
        heads = self.story.build.heads()
        put = self.story.put(A, "wes", heads)
        self.story.log("wes", put, on=heads)
        found = self.state().current
        self.on_versions("remove", found, on=heads)
        self.assertEqual((self.state().candidates, self.state().versions[found].removed), ([], True))

    def test_what_is_odd_about_a_pending_version_is_told(self):
        entry, found = self.pending()
        for at in (7, 8):
            self.story.log("ada", op("expire", secret=A, object=found, at=at), on=[entry])
        self.assertEqual(self.codes(), ["expiry-conflict"])

    def test_an_own_expiry_is_that_of_the_pending(self):
        _, found = self.pending(expires=1)
        self.promote(found)
        self.assertEqual((self.state().versions[found].expires, self.codes()), (1, ["expired"]))

    def test_a_version_that_is_removed_or_pruned_before_is_not_promoted(self):
        for kind in ("remove", "prune"):
            self.setUp()
            _, found = self.pending()
            self.promote(found)
            self.put()
            self.on_versions(kind, found)
            self.promote(found, "wes")
            self.assertNotIn(found, self.state().candidates)

    def test_a_rotator_puts_upon_what_was_promoted(self):
        entry, found = self.pending()
        promoted = self.promote(found, on=[entry])
        new = self.put("rob", on=[promoted])
        self.on_versions("remove", self.base, on=[promoted])
        self.assertEqual(self.state().current, new)
        self.on_versions("remove", found, on=[promoted])
        self.assertIsNone(self.state().current)


class Overruled(Rotating):
    """Upon what a promotion by rotate stands."""

    def current_of(self, *, promoted):
        state = self.state()
        self.assertEqual((state.current, state.versions[promoted].overruled),
                         (promoted, False) if state.current == promoted else (state.current, True))
        return state.current

    def test_it_stands_on_the_base_of_its_rotation(self):
        _, found = self.pending()
        self.promote(found)
        self.assertEqual(self.current_of(promoted=found), found)

    def test_not_where_somebody_set_the_secret_before(self):
        _, found = self.pending()
        new = self.put()
        self.promote(found)
        self.assertEqual((self.current_of(promoted=found), self.codes()), (new, ["overruled", "rotation-stale"]))

    def test_another_value_beside_does_not_matter(self):
        entry, found = self.pending()
        self.put(on=[self.first])
        self.promote(found, on=[entry])
        self.assertFalse(self.state().versions[found].overruled)

    def test_not_upon_what_is_not_active_whatever_the_base_says(self):
        new = self.put()
        _, found = self.pending()
        self.promote(found)
        self.assertEqual(self.current_of(promoted=found), new)

    def test_a_removal_of_the_base_wins(self):
        entry, found = self.pending()
        self.on_versions("remove", self.base, on=[entry])
        self.promote(found, on=[entry])
        self.assertIsNone(self.current_of(promoted=found))

    def test_a_removal_that_was_taken_back_does_not(self):
        """Whatever is removed later."""
        entry, found = self.pending()
        removed = self.on_versions("remove", self.base, on=[entry])
        restored = self.on_versions("restore", self.base, on=[removed])
        promoted = self.promote(found, on=[entry])
        self.on_versions("remove", self.base, on=[promoted, restored])
        self.assertEqual(self.current_of(promoted=found), found)

    def test_nor_one_beside_which_it_stays(self):
        entry, found = self.pending()
        self.on_versions("remove", self.base, on=[entry])
        tip = entry
        for _ in range(8):
            tip = self.story.log("ada", op("join"), on=[tip])
        self.on_versions("restore", self.base, on=[tip])
        self.promote(found, on=[entry])
        self.assertEqual(self.current_of(promoted=found), found)

    def test_nothing_active_is_nothing_to_stand_on(self):
        _, found = self.pending()
        self.on_versions("remove", self.base)
        self.promote(found)
        self.assertIsNone(self.current_of(promoted=found))

    def test_a_void_beginning_says_the_base_too(self):
        late = self.lose("rob", "rotate")
        entry, found = self.pending(**late)
        self.story.policy([op("grant", role="r-rob", pattern="*", rights=["rotate"])], self.story.build.heads())
        self.promote(found, "rob", on=[entry])
        self.assertEqual(self.current_of(promoted=found), found)

    def test_it_is_of_a_version_of_ones_own(self):
        """Who may only rotate can be the author of what is current, as by a put. To finish another's takes write."""
        _, found = self.pending("ron")
        for who in ("rob", "rod"):
            self.says_nothing(lambda who=who: self.promote(found, who))
        self.promote(found, "ron")
        self.assertEqual((self.state().current, self.word()), (found, "promoted"))
        for who in ("wes", "ray"):
            self.setUp()
            _, found = self.pending("ron")
            self.promote(found, who)
            self.assertEqual(self.current_of(promoted=found), found)

    def test_a_promotion_of_anothers_makes_nothing_exist_or_newer(self):
        entry, found = self.pending("ada")
        self.put("wim")
        self.promote(found, "ada")
        before = self.state()
        self.says_nothing(lambda: self.promote(found, "rob", on=[entry]))
        self.assertEqual(before.versions[found].number, 3)

    def test_whoever_states_another_one_in_that_rotation(self):
        self.intent("ron")
        _, found = self.pending("rob")
        self.promote(found, "rob")
        self.assertEqual(self.current_of(promoted=found), found)

    def test_a_rotation_of_the_same_object_upon_another_base_has_no_say(self):
        heads = self.story.build.heads()
        entry, found = self.pending(base=bytes(32))
        again = self.again(found, "rob", heads, nonce=R, base=self.base)
        self.promote(found, on=[entry, again])
        self.assertEqual(self.current_of(promoted=found), self.base)
        self.begun[R] = self.story.build.log[again].ops[0]["rotation"]
        self.promote(found, on=[entry, again])
        self.assertEqual(self.current_of(promoted=found), found)

    def test_an_abort_before_it_wins_and_one_beside_does_not(self):
        for on, wins in (("heads", True), ("first", False)):
            self.setUp()
            entry, found = self.pending()
            self.abort(on=[entry])
            self.promote(found, on=None if on == "heads" else [entry])
            self.assertEqual(self.current_of(promoted=found), self.base if wins else found)

    def test_an_abort_of_another_rotation_or_a_void_one_does_not(self):
        _, found = self.pending()
        self.intent(rotation=S)
        late = self.lose("ron", "rotate")
        one, two = self.abort(**late), self.abort(rotation=S)
        self.promote(found, on=[one, two])
        self.assertEqual(self.current_of(promoted=found), found)

    def test_a_retirement_of_it_before_wins(self):
        _, found = self.pending()
        self.on_versions("retire", found, who="ron")
        self.promote(found)
        self.assertEqual(self.current_of(promoted=found), self.base)

    def test_with_write_neither_does(self):
        _, found = self.pending()
        self.abort()
        self.on_versions("retire", found, who="ron")
        self.promote(found, "wes")
        self.assertEqual((self.current_of(promoted=found), self.codes()), (found, ["retired-active"]))

    def test_it_is_overruled_only_if_each_op_that_makes_it_exist_is(self):
        entry, found = self.pending()
        self.abort(on=[entry])
        self.promote(found)
        self.promote(found, "wes", on=[entry])
        self.assertEqual(self.current_of(promoted=found), found)


if __name__ == "__main__":
    unittest.main()
