//! Attempts to get more than anybody meant to give: by a contractor, who may grant on `dev/*` so as to
//! let their own people in, by an owner's entry that states another access than it gives, and by some of
//! several owners, whose entries [`super::several_owners`] makes.

use crate::forgery::kind::{Forgery, Get, Setup, text};
use crate::forgery::several_owners::{
    epoch_by_key_that_goes, epoch_by_leaving_owner, epoch_of_owners_by_one,
    epoch_with_one_who_leaves, owner_removed_below_threshold, threshold_lowered_by_one,
};
use crate::forgery::world::{NOW, World, name, open};
use base64::Engine;
use bech32::{ToBase32, Variant};
use std::collections::BTreeSet;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::id::EpochId;
use v_secure_core::crypto::identity::generate_identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::file::model::VaultFile;
use v_secure_core::name::Pattern;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::policy::gives;
use v_secure_core::policy::op::{EpochStart, MemberAdd, MemberKind, PolicyOp, Right};
use v_secure_core::policy::sign::PolicyDraft;

/// The newcomer's.
const SSH: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
pub const DEV: &str = "dev+outside+owner";
const PROD: &str = "ci+owner";

const UNAUTHORISED: &str = "policy-unauthorised";
const GIVES: &str = "policy-op-gives";

const fn forgery(
    name: &'static str,
    what: &'static str,
    code: &'static str,
    make: fn(&World) -> String,
) -> Forgery {
    Forgery { name, what, code, setup: Setup::File, get: Get::Refused("prod/DB"), make }
}

pub const ALL: &[Forgery] = &[
    forgery(
        "device-planted",
        "a grantor adds a device of its own to a member that has no role yet",
        UNAUTHORISED,
        |world| {
            let cast = Cast::new(world);
            let op = cast.key("newcomer", "desk", SSH);
            cast.appended(vec![op])
        },
    ),
    forgery(
        "bare-role-joined",
        "a grantor joins a role that somebody else made and that has no grant yet",
        UNAUTHORISED,
        |world| {
            Cast::new(world).appended(vec![PolicyOp::role_join(name("bare"), name("contractor"))])
        },
    ),
    forgery(
        "role-join-misstated",
        "an owner's entry lets a member into a role and states another access than that gives",
        GIVES,
        |world| Cast::new(world).misstated(PolicyOp::role_join(name("ci"), name("newcomer"))),
    ),
    forgery(
        "grant-misstated",
        "an owner's entry grants and states another access than the grant gives",
        GIVES,
        |world| {
            let pattern = Pattern::new("prod/*").unwrap();
            let op = PolicyOp::grant(name("outside"), pattern, vec![Right::Read]);
            Cast::new(world).misstated(op)
        },
    ),
    forgery(
        "key-add-misstated",
        "an owner's entry adds a device and states another access than that gives",
        GIVES,
        |world| {
            let cast = Cast::new(world);
            let op = cast.key("newcomer", "desk", SSH);
            cast.misstated(op)
        },
    ),
    forgery(
        "recipient-add-misstated",
        "an owner's entry adds a recipient and states another access than that gives",
        GIVES,
        |world| {
            let recipient = generate_identity().recipient;
            Cast::new(world).misstated(PolicyOp::recipient_add(name("rita"), recipient))
        },
    ),
    forgery(
        "recipient-taken",
        "a grantor adds to itself a recipient of another member",
        "policy-op-recipient-taken",
        |world| Cast::new(world).with_recipient(&world.person("rita").recipient),
    ),
    forgery(
        "recipient-taken-as-age",
        "a grantor adds to itself the age form of another member's SSH key",
        "policy-op-recipient-taken",
        |world| Cast::new(world).with_recipient(&ssh_as_age()),
    ),
    forgery(
        "recipient-reused",
        "a grantor adds to itself a recipient of a removed member",
        UNAUTHORISED,
        |world| Cast::new(world).with_recipient(&world.person("rex").recipient),
    ),
    forgery(
        "recipient-of-plugin",
        "a reader adds to itself a recipient whose plugin no owner allowed",
        "policy-op-plugin",
        |world| {
            let data = [7u8; 32].to_base32();
            let plugin = bech32::encode("age1nobody", data, Variant::Bech32).unwrap();
            Cast::new(world).with_recipient(&plugin)
        },
    ),
    forgery(
        "recipient-unusable",
        "a reader adds to itself a recipient that nothing can be sealed to",
        "policy-op-recipient",
        |world| Cast::new(world).with_recipient("nothing can be sealed to this"),
    ),
    forgery(
        "epoch-recipient-reused",
        "a grantor begins an epoch with the recipient of an earlier one, whose identity removed readers have",
        "policy-op-epoch-recipient-used",
        |world| {
            let cast = Cast::new(world);
            let ops = world.file.chain.iter().flat_map(|entry| &entry.ops);
            let mut used = ops.filter_map(|op| match op {
                PolicyOp::Epoch(EpochStart { recipient, .. }) => Some(recipient.clone()),
                _ => None,
            });
            cast.appended(vec![epoch(DEV, &used.next().unwrap())])
        },
    ),
    forgery(
        "epoch-of-owners-by-one",
        "one owner of two that must sign gives the owners new keys",
        UNAUTHORISED,
        epoch_of_owners_by_one,
    ),
    forgery(
        "threshold-lowered-by-one",
        "one owner of two that must sign lowers how many must",
        UNAUTHORISED,
        threshold_lowered_by_one,
    ),
    forgery(
        "owner-removed-below-threshold",
        "one owner of two that must sign lowers the threshold and removes the other in one entry",
        UNAUTHORISED,
        owner_removed_below_threshold,
    ),
    forgery(
        "epoch-outside-pattern",
        "a grantor who reads beyond its pattern gives the readers there new keys",
        UNAUTHORISED,
        |world| {
            let mut cast = Cast::new(world);
            cast.owner(vec![PolicyOp::role_join(name("ci"), name("contractor"))]);
            cast.appended(vec![epoch(PROD, &generate_identity().recipient)])
        },
    ),
    forgery(
        "epoch-by-leaver",
        "a grantor leaves an audience and gives it new keys by the same entry",
        UNAUTHORISED,
        |world| {
            let leave = PolicyOp::RoleLeave { role: name("outside"), member: name("contractor") };
            Cast::new(world).appended(vec![leave, epoch(DEV, &generate_identity().recipient)])
        },
    ),
    forgery(
        "epoch-by-leaving-owner",
        "an owner leaves the owners and gives them new keys by the same entry",
        UNAUTHORISED,
        epoch_by_leaving_owner,
    ),
    forgery(
        "epoch-with-one-who-leaves",
        "one of two owners that must sign leaves by the entry that gives the owners new keys",
        UNAUTHORISED,
        epoch_with_one_who_leaves,
    ),
    forgery(
        "epoch-by-key-that-goes",
        "an owner gives the owners new keys with a device that the same entry takes away",
        UNAUTHORISED,
        epoch_by_key_that_goes,
    ),
    forgery(
        "name-in-capitals",
        "a grantor adds a member whose name is the owner's but for the case of letters",
        "policy-op-member-alike",
        |world| Cast::new(world).appended(vec![member_add("Ada", &generate_identity().recipient)]),
    ),
];

/// The genuine vault, continued by an owner: a contractor in a role of its own, a member without a
/// role, a role without grants.
pub struct Cast<'a> {
    world: &'a World,
    file: VaultFile,
    chain: Chain,
    contractor: SigningKey,
}

impl<'a> Cast<'a> {
    pub fn new(world: &'a World) -> Self {
        let file = world.file.clone();
        let chain = Chain::build(&file.chain, ChainSignatures::Check).unwrap();
        let recipient = generate_identity().recipient;
        let (member, device) = (name("contractor"), name("laptop"));
        let vault = Some(chain.vault_id());
        let made = new_device_key(&RealHost, vault.as_ref(), &member, &device, &recipient).unwrap();
        let (key, contractor) = made;
        let rights = vec![Right::Read, Right::Write, Right::Grant];
        let mut cast = Self { world, file, chain, contractor };
        cast.owner(vec![
            PolicyOp::RoleAdd { role: name("outside") },
            PolicyOp::grant(name("outside"), Pattern::new("dev/*").unwrap(), rights),
            member_add("contractor", &recipient),
            PolicyOp::KeyAdd(key),
            PolicyOp::role_join(name("outside"), member),
            member_add("newcomer", SSH),
            PolicyOp::RoleAdd { role: name("bare") },
        ]);
        cast
    }

    fn draft(&self, ops: Vec<PolicyOp>) -> PolicyDraft {
        let heads: BTreeSet<_> = open(&self.world.file).heads();
        PolicyDraft::next(&self.chain, NOW, heads, ops, "as agreed".to_owned())
    }

    /// An entry that is in order.
    fn owner(&mut self, ops: Vec<PolicyOp>) {
        let entry = self.draft(ops).sign(&[&self.world.person("ada").key]);
        self.chain = self.chain.extended(entry.clone()).unwrap();
        self.file.chain.push(entry);
    }

    /// The contractor's entry.
    pub fn appended(self, ops: Vec<PolicyOp>) -> String {
        text(&self.grown(ops))
    }

    /// The file with the contractor's entry.
    pub fn grown(mut self, ops: Vec<PolicyOp>) -> VaultFile {
        let entry = self.draft(ops).sign(&[&self.contractor]);
        self.file.chain.push(entry);
        self.file
    }

    /// The point of the newcomer's SSH key.
    pub fn newcomer() -> [u8; 32] {
        let (_, blob) = SSH.split_once(' ').unwrap();
        let blob = base64::engine::general_purpose::STANDARD.decode(blob).unwrap();
        blob[blob.len() - 32..].try_into().unwrap()
    }

    pub fn with_recipient(self, recipient: &str) -> String {
        self.appended(vec![PolicyOp::recipient_add(
            name("contractor"),
            RecipientText::new(recipient),
        )])
    }

    /// The owner's entry, which states another access.
    fn misstated(mut self, op: PolicyOp) -> String {
        let mut ops = gives::fill(Some(&self.chain), vec![op]);
        let stated = Fixed([7; 32]);
        match &mut ops[0] {
            PolicyOp::KeyAdd(add) => add.gives = stated,
            PolicyOp::RoleJoin { gives, .. }
            | PolicyOp::Grant { gives, .. }
            | PolicyOp::RecipientAdd { gives, .. } => *gives = stated,
            _ => panic!("an op that states what it gives"),
        }
        let entry = self.draft(ops).sign(&[&self.world.person("ada").key]);
        self.file.chain.push(entry);
        text(&self.file)
    }

    fn key(&self, member: &str, device: &str, recipient: &str) -> PolicyOp {
        let vault = Some(self.chain.vault_id());
        let (member, device) = (name(member), name(device));
        let made = new_device_key(
            &RealHost,
            vault.as_ref(),
            &member,
            &device,
            &RecipientText::new(recipient),
        );
        PolicyOp::KeyAdd(made.unwrap().0)
    }
}

pub(super) fn member_add(member: &str, recipient: &str) -> PolicyOp {
    PolicyOp::MemberAdd(MemberAdd {
        member: name(member),
        kind: MemberKind::User,
        recipients: vec![RecipientText::new(recipient)],
        expires: None,
    })
}

pub(super) fn epoch(audience: &str, recipient: &str) -> PolicyOp {
    PolicyOp::Epoch(EpochStart {
        audience: AudienceName::new(audience),
        epoch: EpochId([7; 16]),
        recipient: RecipientText::new(recipient),
        kek: Fixed([8; 32]),
        envelope: Fixed([9; 32]),
        skipped: Vec::new(),
    })
}

/// What `ssh-to-age` makes of [`SSH`].
fn ssh_as_age() -> String {
    let key = ed25519_dalek::VerifyingKey::from_bytes(&Cast::newcomer()).unwrap();
    x25519_text(&key.to_montgomery().to_bytes())
}

/// A recipient of this coordinate.
pub fn x25519_text(point: &[u8; 32]) -> String {
    bech32::encode("age", point.to_base32(), Variant::Bech32).unwrap()
}
