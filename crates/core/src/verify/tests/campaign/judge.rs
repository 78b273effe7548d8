//! What each way to open a forged file serves, held to the model of the honest history and of what the attackers
//! were allowed to do.

use super::attack::Forged;
use super::honest::{History, text};
use super::members::forged_text;
use super::model::{Law, Number, SECRETS};
use super::world::{NOW, PEOPLE, WORLD, name, secret};
use crate::crypto::id::{KeyId, ObjectId};
use crate::file::format::Trust;
use crate::log::finding::Severity;
use crate::merge::{self, blended};
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::secret::read::{VersionSelector, read};
use crate::vault::ledger::{self, Ledger};
use crate::vault::pin::{self, Facts, PinStatus};
use crate::vault::unlock::Unlocked;
use crate::vault::{Depth, OpenError, Vault};
use crate::verify::verify_base;
use std::collections::BTreeSet;

/// How a file was opened, and what came of it.
pub type Outcome = (&'static str, String);

/// Rights that change what is active, or whose use does.
const CHANGING: [Right; 4] = [Right::Write, Right::Rotate, Right::Delete, Right::Grant];

pub struct Judge<'a> {
    pub history: &'a History,
    pub forged: &'a Forged<'a>,
}

/// What the policy of a file lets whom do.
struct Place<'a> {
    law: Option<&'a Law>,
    /// Who signed the policy entries that are not of the honest history.
    tail: BTreeSet<&'static str>,
}

impl Place<'_> {
    fn may(&self, who: &str, right: Right, secret: usize) -> bool {
        self.law.is_some_and(|law| law.may(who, right, SECRETS[secret]))
    }

    /// Whether somebody changed the policy who may change something there.
    fn is_ruled(&self, secret: usize) -> bool {
        self.tail.iter().any(|who| CHANGING.iter().any(|right| self.may(who, *right, secret)))
    }
}

impl Judge<'_> {
    /// Opens the file in every way.
    pub fn all(&self) -> Vec<Outcome> {
        let text = self.forged.text();
        let mut outcomes = Vec::new();
        let whole = Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW);
        match &whole {
            Ok(vault) => {
                outcomes.push(("whole", self.check(vault, !self.forged.drops)));
                self.fast(&text, vault);
                outcomes.push(("pin", self.pinned(&text)));
                outcomes.push(("base", self.based(vault)));
            }
            Err(error) => {
                let blended = blended::is_blended(&text, NOW);
                let code = if blended { "merged-as-text".to_owned() } else { code(error) };
                outcomes.push(("whole", code));
            }
        }
        outcomes.extend(self.single(&text, whole.as_ref().ok()));
        outcomes.push(("merge", self.merged(&text)));
        if whole.is_err() {
            outcomes.push(("mend", self.mended(&text)));
        }
        outcomes
    }

    /// By the record of a verification: the same.
    fn fast(&self, text: &str, vault: &Vault) {
        let cached = Vault::open(text.as_bytes(), Trust::Cached, Depth::Everything, NOW).unwrap();
        for number in 0..SECRETS.len() {
            let wanted = BTreeSet::from([secret(number)]);
            let depth = Depth::Secrets(&wanted);
            let single = Vault::open(text.as_bytes(), Trust::Cached, depth, NOW).unwrap();
            for other in [&cached, &single] {
                assert_eq!(found(other, number), found(vault, number), "cached {number}");
            }
        }
    }

    /// One secret, without judging the rest.
    fn single(&self, text: &str, whole: Option<&Vault>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for number in 0..SECRETS.len() {
            let wanted = BTreeSet::from([secret(number)]);
            let depth = Depth::Secrets(&wanted);
            let single = Vault::open(text.as_bytes(), Trust::Strict, depth, NOW);
            let outcome = match (&single, whole) {
                (Ok(vault), Some(whole)) => {
                    assert_eq!(found(vault, number), found(whole, number), "alone {number}");
                    "as the whole file"
                }
                (Ok(vault), None) => {
                    self.secret(vault, number, !self.forged.drops);
                    "served of a file that is refused as a whole"
                }
                (Err(_), None) => "refused",
                (Err(error), Some(_)) => panic!("{number} refused of an accepted file: {error}"),
            };
            outcomes.push(("one", outcome.to_owned()));
        }
        outcomes
    }

    /// Where this device has accepted the honest file.
    fn pinned(&self, text: &str) -> String {
        let honest = self.history.vault();
        let mut vault =
            Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap();
        let ids = honest.chain().ids();
        let facts = Facts { here: Some(honest.id()), chain: Some(ids), ..Facts::default() };
        match pin::judge(vault.chain().ids(), &facts) {
            PinStatus::Continues => "continues".to_owned(),
            PinStatus::Prefix { .. } => {
                let seen = ledger::judged(honest);
                let mut known = Ledger::default();
                let news = known.news(&seen, u32::try_from(ids.len()).unwrap());
                known.0.extend(news);
                vault.hold_to(honest.chain(), &known);
                (0..SECRETS.len()).for_each(|number| self.held(&vault, number));
                "an older state, held to the newer policy".to_owned()
            }
            _ => "refused".to_owned(),
        }
    }

    /// What an older state gives where the newer one is known: nothing that is void there.
    fn held(&self, vault: &Vault, number: usize) {
        let first = self.place(vault);
        let from = vault.chain().len() - WORLD.file.chain.len();
        let laws = &self.history.model.laws[from.min(self.history.model.laws.len() - 1)..];
        for object in candidates(vault, number) {
            if let Some(write) = self.history.numbers.get(&object) {
                assert!(self.history.model.counts(*write), "void in the newer state: {write}");
                continue;
            }
            let act = self.forged.acts.iter().find(|act| act.object == Some(object));
            let by = act.expect("somebody's").by;
            let kept = laws.iter().all(|(law, _)| {
                let name = SECRETS[number];
                law.may(by, Right::Write, name) || law.may(by, Right::Rotate, name)
            });
            assert!(kept && first.tail.is_empty(), "by {by}, who lost the right");
        }
    }

    /// Compared with the honest file.
    fn based(&self, vault: &Vault) -> String {
        let base = self.history.vault().file();
        let found = verify_base(vault.file(), vault.state(), vault.chain(), base);
        match found.iter().find(|finding| finding.severity == Severity::Error) {
            Some(finding) => finding.code.as_str().to_owned(),
            None => self.check(vault, true),
        }
    }

    /// Merged into the honest file, as by a pull.
    fn merged(&self, text: &str) -> String {
        let Ok(file) = blended::loose(text) else { return "unreadable".to_owned() };
        match merge::merge(self.history.vault().file().clone(), [file], NOW) {
            Ok(merged) => self.check(&merged.vault, true),
            Err(_) => "refused".to_owned(),
        }
    }

    /// What `git resolve` makes of it.
    fn mended(&self, text: &str) -> String {
        match blended::mended(text, NOW) {
            Ok(merged) => self.check(&merged.vault, !self.forged.drops),
            Err(_) => "refused".to_owned(),
        }
    }

    fn place(&self, vault: &Vault) -> Place<'_> {
        let (ids, honest) = (vault.chain().ids(), self.history.vault().chain().ids());
        let common = ids.iter().zip(honest).take_while(|(one, other)| one == other).count();
        let law = common.checked_sub(WORLD.file.chain.len());
        let signers =
            (common..ids.len()).flat_map(|at| vault.chain().signers(PolicyPosition::new(at)));
        let law = law.map(|law| &self.history.model.laws[law].0);
        Place { law, tail: signers.map(person).collect() }
    }

    /// A file that was accepted: values, rights, and who reads what.
    fn check(&self, vault: &Vault, exact: bool) -> String {
        let place = self.place(vault);
        for number in 0..SECRETS.len() {
            self.secret(vault, number, exact);
            for (who, _) in &PEOPLE[1..] {
                self.rights(vault, &place, who, number);
            }
        }
        let is_same =
            (0..SECRETS.len()).all(|number| candidates(vault, number) == self.active(number));
        match (is_same, exact) {
            (true, _) => "as it was",
            (false, true) => "changed by who may",
            (false, false) => "an older state, or changed by who may",
        }
        .to_owned()
    }

    fn rights(&self, vault: &Vault, place: &Place<'_>, who: &'static str, number: usize) {
        let ruled = place.tail.contains("grantor") && place.may("grantor", Right::Grant, number);
        for right in Right::ALL {
            let holds = vault.policy().holds(&name(who), right, &secret(number));
            assert!(!holds || ruled || place.may(who, right, number), "{who} got {right:?}");
        }
        let current = vault.secret(&secret(number)).and_then(|found| found.current);
        let honest = current.is_some_and(|object| self.history.numbers.contains_key(&object));
        if honest && !ruled && !place.may(who, Right::Read, number) {
            let identities = WORLD.people[who].identities();
            let Ok(unlocked) = Unlocked::new(vault, identities) else { return };
            let given = read(vault, &unlocked, &secret(number), &VersionSelector::Current, NOW);
            assert!(given.is_err(), "{who} reads {}", SECRETS[number]);
        }
    }

    fn object(&self, write: &Number) -> ObjectId {
        let numbers = &self.history.numbers;
        *numbers.iter().find(|(_, number)| *number == write).unwrap().0
    }

    fn active(&self, number: usize) -> BTreeSet<ObjectId> {
        self.history.model.active(number).iter().map(|write| self.object(write)).collect()
    }

    /// The honest versions of a secret.
    fn ever(&self, number: usize) -> BTreeSet<ObjectId> {
        let writes = &self.history.model.writes;
        let of = self.history.numbers.iter().filter(|(_, write)| writes[**write].secret == number);
        of.map(|(object, _)| *object).collect()
    }

    /// What is active is what the model says, but for what attackers may do there.
    fn secret(&self, vault: &Vault, number: usize, exact: bool) {
        let place = self.place(vault);
        let ruled = place.is_ruled(number);
        let acts: Vec<_> = self.forged.acts.iter().filter(|act| act.secret == number).collect();
        let can = |right| acts.iter().any(|act| place.may(act.by, right, number));
        let may_put = |who| {
            ruled || place.may(who, Right::Write, number) || place.may(who, Right::Rotate, number)
        };
        let own: BTreeSet<ObjectId> =
            acts.iter().filter(|act| may_put(act.by)).filter_map(|act| act.object).collect();
        let (active, now) = (self.active(number), candidates(vault, number));
        let what = || format!("{}: {now:?}, the model {active:?}, own {own:?}", SECRETS[number]);
        let changes = ruled || can(Right::Write) || can(Right::Rotate) || can(Right::Delete);
        if ruled || can(Right::Write) || !exact {
            let ever = self.ever(number);
            assert!(now.iter().all(|one| ever.contains(one) || own.contains(one)), "{}", what());
        } else if changes {
            assert!(now.iter().all(|one| active.contains(one) || own.contains(one)), "{}", what());
            assert!(!active.is_empty() || now.is_empty(), "revived: {}", what());
        } else {
            assert_eq!(now, active, "{}", SECRETS[number]);
        }
        self.value(vault, number, changes);
    }

    /// The value that is served is the one that was written.
    fn value(&self, vault: &Vault, number: usize, changes: bool) {
        let Some(current) = vault.secret(&secret(number)).and_then(|found| found.current) else {
            return;
        };
        let Ok(owner) = Unlocked::new(vault, WORLD.people["owner"].identities()) else {
            panic!("the owner is locked out");
        };
        let given = read(vault, &owner, &secret(number), &VersionSelector::Current, NOW);
        let written = self.history.numbers.get(&current);
        let value = match given {
            Ok(value) => value.expose_str().unwrap().to_owned(),
            Err(error) => {
                assert!(changes, "{} is not given: {error}", SECRETS[number]);
                return;
            }
        };
        let expected = match written {
            Some(write) => text(number, self.history.model.writes[*write].by, *write),
            None => {
                let act = self.forged.acts.iter().find(|act| act.object == Some(current));
                forged_text(act.unwrap().by, number)
            }
        };
        assert_eq!(value, expected);
    }
}

fn person(key: &KeyId) -> &'static str {
    let of = WORLD.people.iter().find(|(_, person)| person.key.id() == *key);
    of.map_or("somebody new", |(who, _)| who)
}

fn found(vault: &Vault, number: usize) -> Option<(Vec<ObjectId>, Option<ObjectId>)> {
    let found = vault.secret(&secret(number)).filter(|found| !found.versions.is_empty());
    found.map(|found| (found.candidates.clone(), found.current))
}

fn candidates(vault: &Vault, number: usize) -> BTreeSet<ObjectId> {
    let found = vault.secret(&secret(number));
    found.into_iter().flat_map(|found| &found.candidates).copied().collect()
}

fn code(error: &OpenError) -> String {
    match error {
        OpenError::Format(error) => error.code().to_owned(),
        OpenError::Chain(error) => error.code().to_owned(),
        OpenError::OtherVault => "header-vault".to_owned(),
        OpenError::Findings(found) => {
            let error = found.iter().find(|one| one.severity == Severity::Error);
            error.map_or_else(String::new, |one| one.code.as_str().to_owned())
        }
    }
}
