//! What some of several owners sign that takes more of them, or that leaves keys with one who goes.

use crate::forgery::access::{epoch, member_add};
use crate::forgery::kind::text;
use crate::forgery::world::{NOW, World, name};
use std::collections::BTreeSet;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::identity::generate_identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::op::{PolicyOp, VaultStart};
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::record::ids::SUITE;

pub(super) fn epoch_of_owners_by_one(world: &World) -> String {
    by_one_owner_of_two(world, |recipient| vec![epoch("owner", recipient)])
}

/// The lower threshold is to judge its own entry.
pub(super) fn threshold_lowered_by_one(world: &World) -> String {
    by_one_owner_of_two(world, |_| vec![PolicyOp::Threshold { owners: 1 }])
}

pub(super) fn owner_removed_below_threshold(world: &World) -> String {
    by_one_owner_of_two(world, |_| {
        let lower = PolicyOp::Threshold { owners: 1 };
        vec![lower, PolicyOp::MemberRemove { member: name("second") }]
    })
}

/// Whoever made the keys has them, and the audience would be taken for one that the leaver does not read.
pub(super) fn epoch_by_leaving_owner(world: &World) -> String {
    let owners = Owners { names: &["ada", "second"], threshold: 1, sign: 1 };
    owners.sign(world, |recipient| {
        let leave = PolicyOp::RoleLeave { role: name("owner"), member: name("ada") };
        vec![leave, epoch("owner", recipient)]
    })
}

pub(super) fn epoch_with_one_who_leaves(world: &World) -> String {
    let owners = Owners { names: &["ada", "second", "third"], threshold: 2, sign: 2 };
    owners.sign(world, |recipient| {
        let leave = PolicyOp::RoleLeave { role: name("owner"), member: name("second") };
        vec![leave, epoch("owner", recipient)]
    })
}

pub(super) fn epoch_by_key_that_goes(world: &World) -> String {
    let owners = Owners { names: &["ada", "second"], threshold: 1, sign: 1 };
    owners.sign(world, |recipient| {
        let (member, device) = (name("ada"), name("laptop"));
        vec![PolicyOp::KeyRemove { member, device, lost: false }, epoch("owner", recipient)]
    })
}

fn by_one_owner_of_two(
    world: &World,
    make: impl FnOnce(&RecipientText) -> Vec<PolicyOp>,
) -> String {
    Owners { names: &["ada", "second"], threshold: 2, sign: 1 }.sign(world, make)
}

/// Another vault, since the genuine one has one owner.
struct Owners {
    names: &'static [&'static str],
    threshold: u32,
    /// How many of them, the first ones, sign the entry that is forged.
    sign: usize,
}

impl Owners {
    fn sign(&self, world: &World, make: impl FnOnce(&RecipientText) -> Vec<PolicyOp>) -> String {
        let (genesis, keys) = self.found(world);
        let chain = Chain::build(std::slice::from_ref(&genesis), ChainSignatures::Check).unwrap();
        let ops = make(&generate_identity().recipient);
        let draft = PolicyDraft::next(&chain, NOW, BTreeSet::new(), ops, String::new());
        let signers: Vec<&SigningKey> = keys.iter().take(self.sign).collect();
        let mut file = world.file.clone();
        file.header.vault = chain.vault_id();
        file.chain = vec![genesis, draft.sign(&signers)];
        file.audiences.clear();
        file.secrets.clear();
        file.entries.clear();
        text(&file)
    }

    fn found(&self, world: &World) -> (PolicyEntry, Vec<SigningKey>) {
        let vault = PolicyOp::Vault(VaultStart {
            suite: SUITE.to_owned(),
            nonce: Fixed([6; 16]),
            name: name("demo"),
            threshold: self.threshold,
        });
        let (mut ops, mut keys) = (vec![vault], Vec::new());
        for owner in self.names {
            let recipient = match *owner {
                "ada" => world.person("ada").recipient.clone(),
                _ => generate_identity().recipient,
            };
            let (member, device) = (name(owner), name("laptop"));
            let (add, key) = new_device_key(&RealHost, None, &member, &device, &recipient).unwrap();
            ops.push(member_add(owner, &recipient));
            ops.extend([PolicyOp::KeyAdd(add), PolicyOp::role_join(name("owner"), member)]);
            keys.push(key);
        }
        let signers: Vec<&SigningKey> = keys.iter().collect();
        let genesis = PolicyDraft::genesis(NOW, ops, "several owners".to_owned()).sign(&signers);
        (genesis, keys)
    }
}
