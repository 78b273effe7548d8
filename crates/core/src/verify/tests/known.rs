//! What knowing signatures spares a reader: their check, and nothing else.

use super::scope::forge;
use super::*;
use crate::crypto::known_signatures::{KnownSignatures, SignatureOf};
use crate::log::entry::Entry;
use crate::log::judge::signature_of;
use crate::verify::verify_knowing;
use std::sync::Mutex;

/// Knows these, and writes down what it was asked.
#[derive(Default)]
struct Known {
    these: Vec<SignatureOf>,
    asked: Mutex<Vec<SignatureOf>>,
}

impl KnownSignatures for Known {
    fn has(&self, signature: &SignatureOf) -> bool {
        self.asked.lock().unwrap().push(*signature);
        self.these.contains(signature)
    }
}

fn codes_knowing(vault: &TestVault, known: &Known) -> Vec<FindingCode> {
    codes(&verify_knowing(&vault.file, &vault.log.policy, VerifyOptions::all(NOW), known).findings)
}

fn signatures(vault: &TestVault) -> Vec<SignatureOf> {
    vault.file.entries.iter().map(|(id, entry)| signature_of(id, entry)).collect()
}

/// A sound vault with one more entry, whose signature does not hold.
fn with_a_bad_signature() -> (TestVault, EntryId) {
    let mut vault = TestVault::new();
    forge(&mut vault, A, |entry| entry.sig = Fixed([7; 64]));
    let is_bad = |(_, entry): &(&EntryId, &Entry)| entry.sig == Fixed([7; 64]);
    let bad = *vault.file.entries.iter().find(is_bad).unwrap().0;
    (vault, bad)
}

#[test]
fn every_entry_is_asked_about_and_what_is_known_is_not_checked() {
    let (vault, _) = with_a_bad_signature();
    let none = Known::default();
    assert_eq!(codes_knowing(&vault, &none), [FindingCode::SignatureInvalid]);
    let mut asked = none.asked.into_inner().unwrap();
    asked.sort_unstable_by_key(|signature| signature.id);
    assert_eq!(asked, signatures(&vault));
    let all = Known { these: signatures(&vault), ..Known::default() };
    assert_eq!(codes_knowing(&vault, &all), []);
}

#[test]
fn a_signature_that_is_known_of_another_entry_key_or_purpose_is_checked() {
    let (vault, bad) = with_a_bad_signature();
    let known = signature_of(&bad, &vault.file.entries[&bad]);
    for other in [
        SignatureOf { tag: Tag::PolicyEntry, ..known },
        SignatureOf { key: id(9), ..known },
        SignatureOf { id: Fixed([9; 32]), ..known },
        SignatureOf { signature: Fixed([8; 64]), ..known },
    ] {
        let known = Known { these: vec![other], ..Known::default() };
        assert_eq!(codes_knowing(&vault, &known), [FindingCode::SignatureInvalid]);
    }
}

#[test]
fn who_knows_every_signature_finds_all_else() {
    type Spoil = fn(&mut TestVault);
    let spoils: [(Spoil, FindingCode); 6] = [
        (|v| forge(v, B, |entry| entry.lamport += 1), FindingCode::LamportWrong),
        (|v| forge(v, B, |entry| entry.parents = vec![id(98)]), FindingCode::ParentMissing),
        (|v| forge(v, B, |entry| entry.policy = id(99)), FindingCode::PolicyUnknown),
        (|v| forge(v, A, |entry| entry.actor = name("ann")), FindingCode::ActorWrong),
        (|v| v.section(A).active.clear(), FindingCode::ActiveWrong),
        (
            |v| {
                let (id, object) = v.version(A, 9);
                v.section(A).versions.insert(id, object);
            },
            FindingCode::ObjectUnknown,
        ),
    ];
    for (spoil, code) in spoils {
        let mut vault = TestVault::new();
        spoil(&mut vault);
        let all = Known { these: signatures(&vault), ..Known::default() };
        assert_eq!(codes_knowing(&vault, &all), [code]);
    }
}
