//! What only the library can bring about: owners who propose what their program would not, and files that only
//! one who has a key can make.

use super::*;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::audience;
use crate::file::device_key::new_device_key;
use crate::file::model::{Header, VaultFile};
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::log::draft::{Authorship, EntryDraft};
use crate::log::op::{Field, Op};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::op::{EpochStart, MemberAdd, MemberKind, PolicyOp, VaultStart};
use crate::policy::sign::{PolicyDraft, co_sign};
use crate::record::ids;
use crate::time::UnixTime;
use crate::vault::change::Change;
use crate::vault::testing::{Actor, open};
use crate::vault::{Vault, closing};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// Owners olga, otto and ora, of whom two must sign, and the member mick, who is none.
fn team() -> (Vault, Vec<Actor>) {
    let suite = ids::SUITE.to_owned();
    let nonce = crate::crypto::bytes::Fixed([1; 16]);
    let mut ops = vec![PolicyOp::Vault(VaultStart {
        suite: suite.clone(),
        nonce,
        name: name("shop"),
        threshold: 2,
    })];
    let (mut keys, mut identities) = (Vec::new(), Vec::new());
    for member in ["olga", "otto", "ora", "mick"] {
        let made = generate_identity();
        let (recipient, who) = (made.recipient.clone(), name(member));
        let (add, key) =
            new_device_key(&TestHost, None, &who, &name("laptop"), &recipient).unwrap();
        let (kind, recipients) = (MemberKind::User, vec![recipient]);
        ops.push(PolicyOp::MemberAdd(MemberAdd {
            member: who.clone(),
            kind,
            recipients,
            expires: None,
        }));
        ops.push(PolicyOp::KeyAdd(add));
        if member != "mick" {
            ops.push(PolicyOp::role_join(name("owner"), who));
        }
        keys.push(key);
        identities.push(parse_identities(&made.text).unwrap());
    }
    let genesis = PolicyDraft::genesis(UnixTime::from_secs(1), ops, String::new());
    let genesis = genesis.sign(&[&keys[0], &keys[1]]);
    let header = Header { suite, vault: genesis.id().into(), name: name("shop") };
    let (audiences, slots) = (BTreeMap::new(), BTreeMap::new());
    let (secrets, entries) = (BTreeMap::new(), BTreeMap::new());
    let vault = open(&VaultFile {
        header,
        chain: vec![genesis],
        closed: None,
        audiences,
        slots,
        secrets,
        entries,
    });
    let actors = identities.into_iter().map(|own| Actor::new(&vault, own)).collect();
    (vault, actors)
}

fn proposed(vault: &Vault, by: &Actor, ops: Vec<PolicyOp>) -> Proposal {
    let (change, _) = policy_change::change(vault, ops, &by.ctx()).unwrap();
    let (entry, envelopes) = change.proposed().unwrap();
    Proposal { entry: entry.clone(), envelopes: envelopes.clone() }
}

fn removal() -> Vec<PolicyOp> {
    vec![PolicyOp::MemberRemove { member: name("ora") }]
}

/// As it comes through git.
fn carried(proposal: &Proposal) -> Result<Proposal, FileError> {
    let files = write(&proposal.entry, &proposal.envelopes);
    let signatures = files[2..].iter();
    let signatures =
        signatures.map(|(name, text)| SignatureFile { name, bytes: text.as_bytes() }).collect();
    let [entry, envelopes] = [files[0].1.as_bytes(), files[1].1.as_bytes()];
    Files { id: proposal.id(), entry, envelopes, signatures }.read()
}

/// What an owner proposes whose program is their own: the entry signed anew after a change.
fn resigned(mut proposal: Proposal, by: &Actor, edit: impl FnOnce(&mut Proposal)) -> Proposal {
    proposal.entry.sigs.clear();
    edit(&mut proposal);
    proposal.entry = co_sign(proposal.entry, &by.signer.key);
    proposal
}

#[test]
fn a_proposal_is_read_as_it_was_written_and_completed_by_another_owner() {
    let (vault, team) = team();
    let proposal = proposed(&vault, &team[0], removal());
    assert_eq!(carried(&proposal).unwrap(), proposal);
    assert_eq!(judge(&vault, &proposal).unwrap().missing(), 1);
    let again = sign(&vault, &proposal, &team[0].ctx());
    assert!(matches!(again, Err(SignError::AlreadySigned { missing: 1, .. })));
    let Signed::Complete(done) =
        sign(&vault, &proposal, &team[1].ctx()).unwrap_or_else(|e| panic!("{e}"))
    else {
        panic!("two are enough")
    };
    let vault = open(vault.apply(done.0).unwrap().file());
    assert!(vault.policy().member(&name("ora")).is_none());
    assert!(team[1].who.open(&vault, &AudienceName::new("owner")).is_ok());
    assert!(matches!(judge(&vault, &proposal), Err(Unfit::Done)));
}

#[test]
fn keys_that_are_not_what_the_entry_commits_to_are_signed_by_nobody() {
    let (vault, team) = team();
    let owner = AudienceName::new("owner");
    let to = vault.policy().recipients_of(&owner);
    let own = team[0].who.recipients(&vault);
    let (keys, _) = audience::new_epoch(&TestHost, &vault.id(), &owner).unwrap();
    let other = audience::seal_envelope(&vault.id(), &owner, &[keys], &to).unwrap();
    let garbage = b"age-encryption.org/v1\n".to_vec();
    let good = proposed(&vault, &team[0], removal());
    let mut only_own = None;
    let lacking = proposed(&vault, &team[0], removal());
    if let Some(section) = lacking.envelopes.get(&owner) {
        let opened = team[0].who.open_planned(
            &vault.id(),
            judge(&vault, &lacking).unwrap().after.state(),
            &owner,
            &section.envelope,
        );
        let keys = opened.unwrap().unwrap();
        only_own = Some(audience::seal_envelope(&vault.id(), &owner, &keys, &own).unwrap());
    }
    for envelope in [other, garbage, only_own.unwrap()] {
        let hostile = resigned(good.clone(), &team[0], |proposal| {
            let id = ids::envelope_id(&envelope);
            for op in &mut proposal.entry.ops {
                if let PolicyOp::Epoch(EpochStart { envelope, .. }) = op {
                    *envelope = id;
                }
            }
            proposal.envelopes.get_mut(&owner).unwrap().envelope = envelope.clone();
        });
        assert!(
            carried(&hostile).is_ok() && judge(&vault, &hostile).is_ok(),
            "without keys it looks right"
        );
        let refused = sign(&vault, &hostile, &team[1].ctx());
        assert!(matches!(refused, Err(SignError::Envelope { .. })));
    }
}

#[test]
fn signatures_of_others_and_what_does_not_fit_are_refused() {
    let (vault, team) = team();
    let good = proposed(&vault, &team[0], removal());
    let member =
        Proposal { entry: co_sign(good.entry.clone(), &team[3].signer.key), ..good.clone() };
    assert!(matches!(judge(&vault, &member), Err(Unfit::Chain(_))), "mick is no owner");
    let refused = sign(&vault, &good, &team[3].ctx());
    assert!(matches!(refused, Err(SignError::NoOwner { .. })));

    let mut swapped = good.clone();
    swapped.entry.sigs[0].sig =
        team[1].signer.key.sign(crate::crypto::sign::Tag::LogEntry, &good.id());
    assert!(matches!(judge(&vault, &swapped), Err(Unfit::Unsigned)));

    let stranger = crate::crypto::id::EntryId([9; 32]);
    let ahead = resigned(good.clone(), &team[0], |p| p.entry.heads = vec![stranger]);
    assert!(matches!(judge(&vault, &ahead), Err(Unfit::LogMissing { .. })));
    let later = resigned(good.clone(), &team[0], |p| p.entry.seq += 1);
    assert!(matches!(judge(&vault, &later), Err(Unfit::Stale { .. })));

    let owners = vec![PolicyOp::role_join(name("owner"), name("mick"))];
    let joined = proposed(&vault, &team[0], owners);
    let lies = resigned(joined, &team[0], |p| {
        if let Some(PolicyOp::RoleJoin { gives, .. }) = p.entry.ops.first_mut() {
            *gives = crate::crypto::bytes::Fixed([0; 32]);
        }
    });
    assert!(matches!(judge(&vault, &lies), Err(Unfit::Chain(_))), "it gives another access");
    let locked = resigned(good, &team[0], |p| {
        p.entry.ops = vec![PolicyOp::Threshold { owners: 9 }];
        p.envelopes.clear();
    });
    assert!(matches!(judge(&vault, &locked), Err(Unfit::Chain(_))));
}

#[test]
fn files_have_one_spelling_and_the_folder_says_which_entry_they_are_of() {
    let (vault, team) = team();
    let good = proposed(&vault, &team[0], removal());
    let files = write(&good.entry, &good.envelopes);
    let text = |index: usize| files[index].1.as_str();
    let read = |entry: &str, envelopes: &str, name: &str, sig: &str| {
        let signatures = vec![SignatureFile { name, bytes: sig.as_bytes() }];
        let (entry, envelopes) = (entry.as_bytes(), envelopes.as_bytes());
        Files { id: good.id(), entry, envelopes, signatures }.read()
    };
    let (entry, envelopes, key, sig) = (text(0), text(1), files[2].0.as_str(), text(2));
    assert!(read(entry, envelopes, key, sig).is_ok());
    let edited = entry.replacen("\"reason\":\"\"", "\"reason\":\"x\"", 1);
    assert!(matches!(read(&edited, envelopes, key, sig), Err(FileError::Renamed { .. })));
    for wrong in
        [format!(" {entry}"), format!("{entry}\n"), entry.trim_end().to_owned(), String::new()]
    {
        assert!(read(&wrong, envelopes, key, sig).is_err(), "{wrong}");
    }
    let twice = format!("{envelopes}{envelopes}");
    for wrong in ["", "\n", "x\n", twice.as_str(), envelopes.trim_end()] {
        assert!(read(entry, wrong, key, sig).is_err(), "{wrong}");
    }
    let other = team[1].signer.key.id().to_string();
    assert!(matches!(read(entry, envelopes, &other, sig), Err(FileError::OtherKey { .. })));
    let unsigned = Files {
        id: good.id(),
        entry: entry.as_bytes(),
        envelopes: envelopes.as_bytes(),
        signatures: vec![],
    };
    assert!(matches!(unsigned.read(), Err(FileError::Unsigned)));
    let signatures = vec![SignatureFile { name: key, bytes: sig.as_bytes() }; 17];
    assert!(matches!(Files { signatures, ..unsigned }.read(), Err(FileError::TooMany { .. })));
    assert_eq!(anew(&vault, &good), removal());
}

/// Whoever leaves can add a signature to what the others propose, and may have made the keys.
#[test]
fn keys_that_a_leaver_signed_are_signed_by_nobody_and_made_anew() {
    let (vault, team) = team();
    let good = proposed(&vault, &team[0], removal());
    assert!(matches!(sign(&vault, &good, &team[2].ctx()), Err(SignError::Leaver { .. })));
    let entry = co_sign(good.entry.clone(), &team[2].signer.key);
    let signed = Proposal { entry, ..good.clone() };
    let refused = sign(&vault, &signed, &team[1].ctx());
    assert!(matches!(refused, Err(SignError::SignedByLeaver { .. })));
    assert!(is_signable(&vault, &good) && !is_signable(&vault, &signed));
    let refused = vault.chain().extended(signed.entry.clone()).err().unwrap();
    assert_eq!(refused.code(), "policy-unauthorised", "one who stays, of two");
    let all = co_sign(signed.entry.clone(), &team[1].signer.key);
    assert!(vault.chain().extended(all).is_ok(), "a signature more undoes nothing");
    let anew = proposed(&vault, &team[1], anew(&vault, &signed));
    assert!(sign(&vault, &anew, &team[0].ctx()).is_ok());
}

/// What a session keeps opens nothing that is new: to sign by it would be to sign keys unseen.
#[test]
fn kept_keys_sign_no_new_envelopes() {
    use crate::vault::session_keys::{SessionKeys, Term, gather};
    use crate::vault::unlock::Unlocked;
    let (vault, team) = team();
    let good = proposed(&vault, &team[0], removal());
    let (since, until) = (UnixTime::from_secs(1), UnixTime::from_secs(100));
    let kept = gather(&vault, &team[1].who, Term { since, until }).unwrap().text;
    let keys = SessionKeys::parse(kept, &vault.id()).unwrap();
    let who = Unlocked::resumed(&vault, keys, since).unwrap();
    let signer = who.signer(&vault).unwrap();
    let kept = Actor { who, signer };
    let refused = sign(&vault, &good, &kept.ctx());
    assert!(matches!(refused, Err(SignError::NoIdentity { .. })));
    let setting = PolicyOp::Setting { key: "ttl".to_owned(), value: "on-write".to_owned() };
    let without_keys = proposed(&vault, &team[0], vec![setting]);
    let is_keyless = without_keys.envelopes.is_empty();
    assert_eq!(sign(&vault, &without_keys, &kept.ctx()).is_ok(), is_keyless);
}

/// The entry that closes the log has to know of what it closes: else it is false, whatever it states.
#[test]
fn a_checkpoint_whose_maker_knows_nothing_of_the_log_is_signed_by_nobody() {
    let (vault, team) = team();
    let by = Authorship { vault: &vault.id(), policy: vault.chain().head(), actor: &name("olga") };
    let secret = SecretName::parse("prod/A").unwrap();
    let value = Some("x".to_owned());
    let ops =
        vec![Op::Field(Field { secret, field: "description".to_owned(), value, adopts: None })];
    let draft = EntryDraft { ops, reason: String::new(), ts: UnixTime::from_secs(1) };
    let entry = draft.sign(&vault.tips(), by, &team[0].signer.key);
    let last = entry.id();
    let vault = open(vault.apply(Change::log(vec![entry])).unwrap().file());
    let checkpoint = closing::checkpoint(&vault, &last).unwrap();
    let proposal = proposed(&vault, &team[0], vec![PolicyOp::Checkpoint(checkpoint)]);
    judge(&vault, &proposal).unwrap();
    let blind = resigned(proposal, &team[0], |proposal| proposal.entry.heads.clear());
    assert!(matches!(judge(&vault, &blind), Err(Unfit::Checkpoint)));
    assert!(sign(&vault, &blind, &team[1].ctx()).is_err());
}
