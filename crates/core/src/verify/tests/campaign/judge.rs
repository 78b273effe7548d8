//! What each way to open a forged file serves, held to the model of the honest history and of what the attackers
//! were allowed to do.

use super::attack::{Act, Forged};
use super::honest::{History, text};
use super::members::forged_text;
use super::model::{Number, SECRETS};
use super::permitted::Place;
use super::tally::{ALLOWED, KEPT, OLDER};
use super::world::{NOW, PEOPLE, WORLD, name, secret};
use crate::crypto::id::ObjectId;
use crate::crypto::known_signatures::{KnownSignatures, SignatureOf};
use crate::file::format::Trust;
use crate::log::finding::Severity;
use crate::log::state::Version;
use crate::merge::{self, blended};
use crate::policy::op::Right;
use crate::secret::read::{VersionSelector, read};
use crate::vault::ledger::{self, Ledger};
use crate::vault::pin::{self, Facts, PinStatus};
use crate::vault::unlock::Unlocked;
use crate::vault::{Depth, OpenError, Vault};
use crate::verify::verify_base;
use std::collections::BTreeSet;

/// How a file was opened, and what came of it.
pub type Outcome = (&'static str, String);

pub struct Judge<'a> {
    pub history: &'a History,
    pub forged: &'a Forged<'a>,
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
        self.knowing(&text, &whole);
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

    /// On a device that has seen the signatures of the honest file hold: the same.
    fn knowing(&self, text: &str, whole: &Result<Vault, OpenError>) {
        let known = Known(self.history.vault().signatures());
        let bytes = text.as_bytes();
        let again = Vault::open_knowing(bytes, Trust::Strict, Depth::Everything, NOW, &known);
        match (whole, &again) {
            (Ok(whole), Ok(again)) => {
                (0..SECRETS.len()).for_each(|n| assert_eq!(found(again, n), found(whole, n)));
            }
            (Err(whole), Err(again)) => assert_eq!(code(again), code(whole)),
            (whole, _) => panic!("otherwise on a device that knows it: {:?}", whole.as_ref().err()),
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
                    let place = Place::of(vault, self.history, self.forged);
                    self.secret(vault, &place, number, !self.forged.drops);
                    self.values(vault, &place, &readers(vault), number);
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
        let first = Place::of(vault, self.history, self.forged);
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
            assert!(kept && first.is_honest(), "by {by}, who lost the right");
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

    /// A file that was accepted: values, rights, and who reads what.
    fn check(&self, vault: &Vault, exact: bool) -> String {
        let place = Place::of(vault, self.history, self.forged);
        place.check_owners(vault);
        let readers = readers(vault);
        for number in 0..SECRETS.len() {
            self.secret(vault, &place, number, exact);
            self.values(vault, &place, &readers, number);
            PEOPLE[1..].iter().for_each(|(who, _)| rights(vault, &place, who, number));
        }
        let is_same =
            (0..SECRETS.len()).all(|number| candidates(vault, number) == self.active(number));
        match (is_same, exact) {
            (true, _) => KEPT,
            (false, true) => ALLOWED,
            (false, false) => OLDER,
        }
        .to_owned()
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
        let model = &self.history.model;
        let of = self.history.numbers.iter().filter(|(_, write)| {
            model.there.contains(write) && model.writes[**write].secret == number
        });
        of.map(|(object, _)| *object).collect()
    }

    fn acts(&self, number: usize) -> impl Iterator<Item = &Act> {
        self.forged.acts.iter().filter(move |act| act.secret == number)
    }

    /// What is active is what the model says, but for what attackers may do there.
    fn secret(&self, vault: &Vault, place: &Place<'_>, number: usize, exact: bool) {
        let ruled = place.is_ruled(number);
        let can = |right| self.acts(number).any(|act| place.may(act.by, right, number));
        let may_put = |who| {
            ruled || place.may(who, Right::Write, number) || place.may(who, Right::Rotate, number)
        };
        let own: BTreeSet<ObjectId> =
            self.acts(number).filter(|act| may_put(act.by)).filter_map(|act| act.object).collect();
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
        self.stated(vault, place, number);
    }

    /// Of fields and expiries, of which honest histories have none.
    fn stated(&self, vault: &Vault, place: &Place<'_>, number: usize) {
        let Some(found) = vault.secret(&secret(number)) else { return };
        let ruled = place.is_ruled(number);
        let may = |who, right| ruled || place.may(who, right, number);
        let writes = self.acts(number).any(|act| may(act.by, Right::Write));
        assert!(writes || found.fields.is_empty(), "a field of {}", SECRETS[number]);
        let expires =
            self.acts(number).any(|act| may(act.by, Right::Write) && may(act.by, Right::Delete));
        let honest = |version: &&Version| self.history.numbers.contains_key(&version.object);
        let mut versions = found.versions.iter().filter(honest);
        assert!(expires || versions.all(|v| v.expires.is_none()), "expiry of {}", SECRETS[number]);
    }

    /// Whoever is given a value is given what was written, and who may not read nothing of what is honest.
    fn values(&self, vault: &Vault, place: &Place<'_>, readers: &[Reader], number: usize) {
        let name = secret(number);
        let Some(found) = vault.secret(&name) else { return };
        for (who, unlocked) in readers {
            for version in &found.versions {
                let given = self.given(vault, unlocked, version, number);
                let honest = self.history.numbers.contains_key(&version.object);
                let may =
                    place.may(who, Right::Read, number) || place.may_be_given(Right::Read, number);
                assert!(!given || !honest || may, "{who} reads {}", SECRETS[number]);
                let current = found.current == Some(version.object);
                if *who == "owner" && current && self.is_theirs(place, number) {
                    assert!(given, "{} is not given", SECRETS[number]);
                }
            }
        }
        let is_there = readers.iter().any(|(who, _)| *who == "owner");
        assert!(is_there || place.is_by_an_owner(), "the owner is locked out");
    }

    /// Whether nobody who may change something there did anything.
    fn is_theirs(&self, place: &Place<'_>, number: usize) -> bool {
        let changing = [Right::Write, Right::Rotate, Right::Delete];
        let may = |act: &Act| changing.iter().any(|right| place.may(act.by, *right, number));
        !place.is_ruled(number) && !place.is_by_an_owner() && !self.acts(number).any(may)
    }

    /// Whether a version is given, and then as the one that was written.
    fn given(&self, vault: &Vault, who: &Unlocked, version: &Version, number: usize) -> bool {
        let wanted = VersionSelector::Number(version.number);
        let Ok(value) = read(vault, who, &secret(number), &wanted, NOW) else { return false };
        let expected = match self.history.numbers.get(&version.object) {
            Some(write) => text(number, self.history.model.writes[*write].by, *write),
            None => {
                let act = self.forged.acts.iter().find(|act| act.object == Some(version.object));
                forged_text(act.expect("somebody's").by, number)
            }
        };
        assert_eq!(value.expose_str().unwrap(), expected);
        assert!(!self.forged.broken.contains(&version.object), "what was sealed to give nothing");
        true
    }
}

/// Signatures that a device has seen.
struct Known(Vec<SignatureOf>);

impl KnownSignatures for Known {
    fn has(&self, signature: &SignatureOf) -> bool {
        self.0.contains(signature)
    }
}

/// Nobody has a right that neither the model gives them nor somebody who could.
fn rights(vault: &Vault, place: &Place<'_>, who: &'static str, number: usize) {
    for right in Right::ALL {
        let holds = vault.policy().holds(&name(who), right, &secret(number));
        let may = place.may(who, right, number) || place.may_be_given(right, number);
        assert!(!holds || may, "{who} got {right:?} of {}", SECRETS[number]);
    }
}

type Reader = (&'static str, Unlocked);

/// Everybody whose identity opens something.
fn readers(vault: &Vault) -> Vec<Reader> {
    let unlock = |who: &'static str| {
        let unlocked = Unlocked::new(vault, WORLD.people[who].identities()).ok()?;
        Some((who, unlocked))
    };
    PEOPLE.iter().filter_map(|(who, _)| unlock(who)).collect()
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
        OpenError::History(_) => "history".to_owned(),
        OpenError::Findings(found) => {
            let error = found.iter().find(|one| one.severity == Severity::Error);
            error.map_or_else(String::new, |one| one.code.as_str().to_owned())
        }
    }
}
