//! A vault with several members, made once, and the keys of everybody around it.

use super::model::{Law, Model, SECRETS};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{Identity, generate_identity, parse_identities};
use crate::crypto::sign::SigningKey;
use crate::file::device_key::new_device_key;
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::name::{Name, Pattern, SecretName};
use crate::people::init::{self, InitRequest};
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::Unlocked;
use crate::vault::{Depth, Vault};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub const NOW: UnixTime = UnixTime::from_secs(1_000);

/// With the role of each; nobody knows the outsider. The second owner is hostile.
pub const PEOPLE: [(&str, &str); 8] = [
    ("owner", "owner"),
    ("second", "owner"),
    ("writer", "dev"),
    ("leaver", "dev"),
    ("reader", "ci"),
    ("rotator", "rot"),
    ("grantor", "lead"),
    ("outsider", ""),
];

const ROLES: [(&str, &str, &[Right]); 4] = [
    ("dev", "dev/*", &[Right::Read, Right::Write, Right::Rotate, Right::Delete]),
    ("ci", "prod/*", &[Right::Read]),
    ("rot", "prod/*", &[Right::Rotate]),
    ("lead", "dev/*", &[Right::Read, Right::Write, Right::Grant]),
];

pub struct Person {
    text: SecretValue,
    pub recipient: RecipientText,
    pub key: SigningKey,
}

pub struct World {
    pub file: VaultFile,
    pub people: BTreeMap<&'static str, Person>,
}

pub static WORLD: LazyLock<World> = LazyLock::new(World::new);

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn secret(number: usize) -> SecretName {
    SecretName::parse(SECRETS[number]).unwrap()
}

pub fn open(file: &VaultFile) -> Vault {
    let text = format::write(file);
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap()
}

impl Person {
    pub fn identities(&self) -> Vec<Identity> {
        parse_identities(&self.text).unwrap()
    }

    pub fn text(&self) -> &str {
        self.text.expose_str().unwrap()
    }
}

/// What somebody makes of a vault, applied to it. The number says which write it is, so that no two are equal.
pub fn act<E>(
    vault: &Vault,
    who: &str,
    number: usize,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<Change, E>,
) -> Result<Vault, Option<E>> {
    let person = &WORLD.people[who];
    let who = Unlocked::new(vault, person.identities()).map_err(|_| None)?;
    let signer = who.signer(vault).map_err(|_| None)?;
    let now = NOW.saturating_add(number as u64);
    let reason = String::new();
    let ctx = Ctx { who: &who, signer: &signer, random: &TestHost, now, reason, progress: &Silent };
    let change = make(vault, &ctx).map_err(Some)?;
    Ok(open(open(vault.file()).apply(change).unwrap().file()))
}

impl World {
    fn new() -> Self {
        let made = generate_identity();
        let request = InitRequest {
            name: name("shop"),
            member: name("owner"),
            device: name("laptop"),
            recipient: made.recipient.clone(),
            now: NOW,
        };
        let vault = open(&init::init(&request, &TestHost).unwrap());
        let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&vault).unwrap();
        let mut ops = Vec::new();
        for (role, pattern, rights) in ROLES {
            ops.push(PolicyOp::RoleAdd { role: name(role) });
            let pattern = Pattern::new(pattern).unwrap();
            ops.push(PolicyOp::grant(name(role), pattern, rights.to_vec()));
        }
        let mut people = BTreeMap::new();
        for (member, role) in &PEOPLE[1..] {
            people.insert(*member, newcomer(&vault, member, role, &mut ops));
        }
        let (random, progress) = (&TestHost, &Silent);
        let reason = String::new();
        let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress };
        let (change, _) = policy_change::change(&vault, ops, &ctx).unwrap();
        let file = open(vault.file()).apply(change).unwrap().file().clone();
        let owner = Person { text: made.text, recipient: made.recipient, key: signer.key };
        people.insert("owner", owner);
        Self { file, people }
    }

    /// What the model knows of it.
    pub fn model(&self) -> Model {
        let mut law = Law::default();
        for (role, pattern, rights) in ROLES {
            law.roles.insert(role, vec![(pattern, rights.to_vec())]);
        }
        for (member, role) in PEOPLE.iter().filter(|(_, role)| !role.is_empty()) {
            law.members.insert(member, BTreeSet::from([*role]));
        }
        let (laws, writes, there) = (vec![(law, BTreeSet::new())], Vec::new(), BTreeSet::new());
        Model { laws, writes, there }
    }
}

fn newcomer(vault: &Vault, member: &str, role: &str, ops: &mut Vec<PolicyOp>) -> Person {
    let made = generate_identity();
    let (id, device) = (vault.id(), name("laptop"));
    let (op, key) =
        new_device_key(&TestHost, Some(&id), &name(member), &device, &made.recipient).unwrap();
    if !role.is_empty() {
        ops.push(PolicyOp::MemberAdd(MemberAdd {
            member: name(member),
            kind: MemberKind::User,
            recipients: vec![made.recipient.clone()],
            expires: None,
        }));
        ops.push(PolicyOp::KeyAdd(op));
        ops.push(PolicyOp::role_join(name(role), name(member)));
    }
    Person { text: made.text, recipient: made.recipient, key }
}
