//! A real vault, made by the library's own operations, and the keys of everybody in it.

use std::collections::BTreeMap;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{self, Identity};
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::model::VaultFile;
use v_secure_core::keys::policy_change;
use v_secure_core::name::{Name, Pattern, SecretName};
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use v_secure_core::secret::put::{NewValue, PutRequest, put};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

pub const NOW: UnixTime = UnixTime::from_secs(1_750_000_000);
/// Far enough that the fixtures do not expire.
pub const LATE: UnixTime = UnixTime::from_secs(4_000_000_000);

/// Ada owns; Apprentice develops; Rita may read what pipelines read; Rob may rotate one secret; Rex
/// developed and was removed, and so was Boss, who owned; Demoted developed and left that role; Phone is a
/// device of Apprentice's that was revoked. Mallory can push and is nobody.
pub const PEOPLE: [&str; 8] =
    ["ada", "apprentice", "rita", "rob", "rex", "boss", "demoted", "mallory"];

pub struct Person {
    pub text: SecretValue,
    pub recipient: RecipientText,
    pub key: SigningKey,
}

pub struct World {
    pub file: VaultFile,
    /// The vault when Ada was alone.
    pub first: VaultFile,
    /// The vault before Rex and the others went.
    pub before: VaultFile,
    /// The vault before the last entry.
    pub shorter: VaultFile,
    pub people: BTreeMap<&'static str, Person>,
}

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn secret(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

pub fn open(file: &VaultFile) -> Vault {
    let text = format::write(file);
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap()
}

impl World {
    pub fn person(&self, name: &str) -> &Person {
        &self.people[name]
    }

    pub fn identities(&self, name: &str) -> Vec<Identity> {
        identity::parse_identities(&self.person(name).text).unwrap()
    }

    pub fn build() -> Self {
        let new = identity::generate_identity();
        let file = start(&new.recipient, "demo");
        let mut story = Story::new(file, new);
        let first = story.vault.file().clone();
        story.people();
        story.write("ada", &[("prod/DB", "prod-db-1"), ("prod/API", "prod-api-1")]);
        story.write("apprentice", &[("dev/DB", "dev-db-1"), ("dev/FLAG", "dev-flag-1")]);
        story.write("rex", &[("dev/TOKEN", "dev-token-1")]);
        let before = story.vault.file().clone();
        story.leave();
        story.write("apprentice", &[("dev/FLAG", "dev-flag-2")]);
        let shorter = story.vault.file().clone();
        story.write("ada", &[("prod/DB", "prod-db-2")]);
        let file = story.vault.file().clone();
        assert_eq!(open(&file).findings().unwrap(), [], "the genuine vault is in order");
        Self { file, first, before, shorter, people: story.keys }
    }
}

/// A vault with one owner, Ada.
pub fn start(recipient: &str, vault: &str) -> VaultFile {
    let request = InitRequest {
        name: name(vault),
        member: name("ada"),
        device: name("laptop"),
        recipient: RecipientText::new(recipient),
        now: NOW,
    };
    init(&request, &RealHost).unwrap()
}

struct Story {
    vault: Vault,
    keys: BTreeMap<&'static str, Person>,
}

impl Story {
    fn new(file: VaultFile, new: identity::NewIdentity) -> Self {
        let vault = open(&file);
        let who = Unlocked::new(&vault, identity::parse_identities(&new.text).unwrap()).unwrap();
        let key = who.signer(&vault).unwrap().key;
        let ada = Person { text: new.text, recipient: new.recipient, key };
        Self { vault, keys: BTreeMap::from([("ada", ada)]) }
    }

    fn people(&mut self) {
        let mut ops = Vec::new();
        for (role, pattern, rights) in [
            ("dev", "dev/*", &[Right::Read, Right::Write, Right::Rotate, Right::Delete][..]),
            ("ci", "prod/*", &[Right::Read]),
            ("rotator", "prod/DB", &[Right::Rotate]),
        ] {
            ops.push(PolicyOp::RoleAdd { role: name(role) });
            let (role, pattern) = (name(role), Pattern::new(pattern).unwrap());
            ops.push(PolicyOp::grant(role, pattern, rights.to_vec()));
        }
        for (member, role) in [
            ("apprentice", "dev"),
            ("rita", "ci"),
            ("rob", "rotator"),
            ("rex", "dev"),
            ("boss", "owner"),
            ("demoted", "dev"),
            ("mallory", ""),
        ] {
            ops.extend(self.newcomer(member, role));
        }
        ops.push(self.phone());
        self.policy("let the team in", ops);
    }

    /// A member with a device key; somebody without a role stays outside.
    fn newcomer(&mut self, member: &'static str, role: &str) -> Vec<PolicyOp> {
        let new = identity::generate_identity();
        let id = self.vault.id();
        let device = name("laptop");
        let (op, key) =
            new_device_key(&RealHost, Some(&id), &name(member), &device, &new.recipient).unwrap();
        let recipients = vec![new.recipient.clone()];
        self.keys.insert(member, Person { text: new.text, recipient: new.recipient, key });
        if role.is_empty() {
            return Vec::new();
        }
        let (kind, expires) = (MemberKind::User, None);
        vec![
            PolicyOp::MemberAdd(MemberAdd { member: name(member), kind, recipients, expires }),
            PolicyOp::KeyAdd(op),
            PolicyOp::role_join(name(role), name(member)),
        ]
    }

    /// A second device of Apprentice's, sealed to the recipient that it has.
    fn phone(&mut self) -> PolicyOp {
        let member = &self.keys["apprentice"];
        let (text, recipient) = (member.text.expose_str().unwrap(), member.recipient.clone());
        let text = SecretValue::from(text.to_owned());
        let (member, device) = (name("apprentice"), name("phone"));
        let id = Some(self.vault.id());
        let (op, key) =
            new_device_key(&RealHost, id.as_ref(), &member, &device, &recipient).unwrap();
        self.keys.insert("phone", Person { text, recipient, key });
        PolicyOp::KeyAdd(op)
    }

    fn leave(&mut self) {
        let removed = ["rex", "boss"].map(|who| PolicyOp::MemberRemove { member: name(who) });
        let demoted = PolicyOp::RoleLeave { role: name("dev"), member: name("demoted") };
        let (member, device) = (name("apprentice"), name("phone"));
        let revoked = PolicyOp::KeyRemove { member, device, lost: false };
        let ops = removed.into_iter().chain([demoted, revoked]).collect();
        self.policy("rex leaves, and others with him", ops);
    }

    fn policy(&mut self, reason: &str, ops: Vec<PolicyOp>) {
        self.act("ada", reason, |vault, ctx| policy_change::change(vault, ops, ctx).unwrap().0);
    }

    fn write(&mut self, who: &str, values: &[(&str, &str)]) {
        let requests = values.iter().map(|(name, value)| PutRequest {
            secret: secret(name),
            value: Some(NewValue {
                value: SecretValue::from((*value).to_owned()),
                expires: Some(LATE),
                same: Vec::new(),
            }),
            fields: Vec::new(),
        });
        let requests = requests.collect();
        self.act(who, "set a value", |vault, ctx| put(vault, requests, ctx).unwrap());
    }

    fn act(&mut self, who: &str, reason: &str, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) {
        let identities = identity::parse_identities(&self.keys[who].text).unwrap();
        let who = Unlocked::new(&self.vault, identities).unwrap();
        let signer = who.signer(&self.vault).unwrap();
        let reason = reason.to_owned();
        let ctx = Ctx {
            who: &who,
            signer: &signer,
            random: &RealHost,
            now: NOW,
            reason,
            progress: &Silent,
        };
        let change = make(&self.vault, &ctx);
        // Opened anew, so that each step starts from what the file says.
        self.vault = open(open(self.vault.file()).apply(change).unwrap().file());
    }
}
