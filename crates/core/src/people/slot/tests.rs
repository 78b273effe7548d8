//! Slots that count no more, which the command line alone cannot bring about, and changes of them.

use super::*;
use crate::crypto::identity::{Identity, generate_identity, parse_identity};
use crate::crypto::kdf::Params;
use crate::file::device_key::new_device_key;
use crate::file::format;
use crate::file::format::Trust;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::people::init;
use crate::people::init::{Extras, InitRequest};
use crate::policy::op::PolicyOp;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::unlock::Signer;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn pass(text: &str) -> SecretValue {
    SecretValue::from(text.to_owned())
}

fn identity() -> Identity {
    parse_identity(&generate_identity().text).unwrap()
}

/// Written and read as a stranger would.
fn reopened(vault: &Vault) -> Vault {
    let text = format::write(vault.file());
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9)).unwrap()
}

struct Owner {
    vault: Vault,
    who: Unlocked,
    signer: Signer,
}

impl Owner {
    /// With a slot that "one" opens.
    fn new() -> Self {
        let own = identity();
        let request = InitRequest {
            name: name("shop"),
            member: name("olga"),
            device: name("laptop"),
            recipient: own.recipient(),
            now: UnixTime::from_secs(1),
        };
        let passphrase = pass("one");
        let extras = Extras {
            slot: Some((&own, &passphrase)),
            kdf: Some(Params::LEAST),
            ..Extras::default()
        };
        let file = init::init_with(&request, extras, &TestHost).unwrap();
        let text = format::write(&file);
        let vault =
            Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9))
                .unwrap();
        let who = Unlocked::new(&vault, vec![own]).unwrap();
        let signer = who.signer(&vault).unwrap();
        Self { vault, who, signer }
    }

    fn ctx(&self) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx {
            who,
            signer,
            random: &TestHost,
            now: UnixTime::from_secs(1),
            reason: String::new(),
            progress: &Silent,
        }
    }

    fn policy(&mut self, ops: Vec<PolicyOp>) {
        let (change, _) = policy_change::change(&self.vault, ops, &self.ctx()).unwrap();
        self.apply(change);
    }

    fn apply(&mut self, change: Change) {
        self.vault = reopened(&reopened(&self.vault).apply(change).unwrap());
    }

    fn opens(&self, passphrase: &str) -> bool {
        open(&self.vault, &usable(&self.vault, None), &pass(passphrase)).unwrap().is_some()
    }
}

/// A second device of olga's, so that the first can be taken away.
fn second_device(owner: &Owner) -> Vec<PolicyOp> {
    let recipient = identity().recipient();
    let member = name("olga");
    let id = owner.vault.id();
    let (key, _) =
        new_device_key(&TestHost, Some(&id), &member, &name("desk"), &recipient).unwrap();
    vec![PolicyOp::recipient_add(member, recipient), PolicyOp::KeyAdd(key)]
}

#[test]
fn a_slot_whose_signing_key_was_removed_is_stale_and_not_tried() {
    let mut owner = Owner::new();
    assert!(owner.opens("one") && !owner.opens("two"));
    owner.policy(second_device(&owner));
    let (member, device) = (name("olga"), name("laptop"));
    owner.policy(vec![PolicyOp::KeyRemove { member, device, lost: false }]);
    let states: Vec<SlotStatus> = list(&owner.vault).iter().map(|slot| slot.standing).collect();
    assert_eq!(states, [SlotStatus::Stale]);
    assert!(usable(&owner.vault, None).is_empty());
    // Not even where somebody hands it in all the same.
    let stale = list(&owner.vault);
    assert!(open(&owner.vault, &stale, &pass("one")).unwrap().is_none());
}

#[test]
fn a_changed_slot_takes_the_place_of_the_old_one_for_good() {
    let mut owner = Owner::new();
    let old = list(&owner.vault)[0];
    let (old_id, record) = (*old.id, SlotRecord::Seal(old.seal.clone()));
    let (id, change) = change(&owner.vault, &owner.ctx(), old, &pass("two")).unwrap();
    owner.apply(change);
    assert!(owner.opens("two") && !owner.opens("one"));
    assert_eq!(list(&owner.vault).iter().map(|slot| *slot.id).collect::<Vec<_>>(), [id]);
    // The removal stays in the file, where a merge finds it.
    let kept = &owner.vault.file().slots[&old_id];
    assert!(matches!(kept, SlotRecord::Removed(_)) && *kept != record);
}

#[test]
fn the_users_own_slots_are_tried_first_and_found_by_what_names_them() {
    let mut owner = Owner::new();
    let (_, added) = add(&owner.vault, &owner.ctx(), "phone", &pass("two")).unwrap();
    owner.apply(added);
    let olga = name("olga");
    assert_eq!(find(&owner.vault, "phone").unwrap().seal.label, "phone");
    let id = find(&owner.vault, "laptop").unwrap().id.to_string();
    assert_eq!(find(&owner.vault, &id[..10]).unwrap().seal.label, "laptop");
    assert!(matches!(find(&owner.vault, ""), Err(SlotChangeError::NotFound { .. })));
    let (_, again) = add(&owner.vault, &owner.ctx(), "phone", &pass("three")).unwrap();
    owner.apply(again);
    assert!(matches!(find(&owner.vault, "phone"), Err(SlotChangeError::Ambiguous { .. })));
    assert_eq!(usable(&owner.vault, Some(&olga)).len(), 3);
    let other = find_own(&owner.vault, "laptop", &name("ada"));
    assert!(matches!(other, Err(SlotChangeError::NotYours { .. })));
    assert!(!is_last(&owner.vault, find(&owner.vault, "laptop").unwrap()));
}

#[test]
fn a_vault_full_of_slots_takes_no_more() {
    let mut owner = Owner::new();
    let signer = &owner.signer;
    let mut file = owner.vault.file().clone();
    while file.slots.len() < Counted::Slots.max() {
        let id = crate::crypto::bytes::Fixed(crate::host::random(&TestHost));
        let removed = slot_seal::remove(id, &signer.member, &signer.key);
        file.slots.insert(id, SlotRecord::Removed(removed));
    }
    let text = format::write(&file);
    owner.vault =
        Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9))
            .unwrap();
    let refused = add(&owner.vault, &owner.ctx(), "", &pass("two"));
    assert!(matches!(refused, Err(SlotChangeError::Full)));
    // What is there can still be removed.
    let change = remove(&owner.ctx(), list(&owner.vault)[0]);
    owner.apply(change);
    assert!(list(&owner.vault).is_empty());
}
