//! A vault of 20 members who read three environments in different roles, at a place of its own.

use super::{name, timed};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use v_secure::engine::history::HistoryUse;
use v_secure::engine::session::Session;
use v_secure::engine::transaction::Transaction;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure::store::file::find::Search;
use v_secure::store::file::owners::{Owners, ProjectOwners};
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{Identity, NewIdentity, generate_identity, parse_identity};
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::request::Request;
use v_secure_core::keys::policy_change;
use v_secure_core::name::SecretName;
use v_secure_core::people::access;
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::people::member;
use v_secure_core::people::member::{Device, Joining};
use v_secure_core::policy::op::MemberKind;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// When everything here was written: seconds since the Unix epoch.
pub const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// Role, what it may do where, and how many members it has. The owner is one more.
const ROLES: [(&str, &[&str], usize); 3] = [
    ("developer", &["read,write:dev/*", "read,write:stage/*"], 12),
    ("operator", &["read,write,rotate:*"], 5),
    ("ci", &["read:prod/*"], 2),
];

/// Of ten secrets: how many are in which environment.
const ENVIRONMENTS: [(&str, usize); 3] = [("dev", 4), ("stage", 3), ("prod", 3)];

pub struct Team {
    pub secrets: usize,
    /// The vault's file.
    pub text: String,
    /// Somebody who asks to be let in.
    pub newcomer: Joining,
    owner: NewIdentity,
    place: Place,
}

struct Place {
    _folder: TempDir,
    vault: PathBuf,
    session: Session,
}

impl Team {
    pub fn new(secrets: usize) -> Self {
        let owner = generate_identity();
        let member = name("owner-1");
        let recipient = owner.recipient.clone();
        let device = name("laptop");
        let request = InitRequest { name: name("bench"), member, device, recipient, now: NOW };
        let file = init(&request, &RealHost).expect("a new vault");
        let mut vault = open(&format::write(&file), Trust::Strict);
        for (role, grants, members) in ROLES {
            let grants = grants.iter().map(|text| text.parse().expect("a grant"));
            let ops = access::create_role(&name(role), &grants.collect::<Vec<_>>());
            vault = apply(vault, &owner, |vault, ctx| policy(vault, ops, ctx));
            for number in 1..=members {
                let joining = joining(&vault, &format!("{role}-{number}"), role);
                let ops = member::add(vault.chain(), &joining).expect("a newcomer");
                vault = apply(vault, &owner, |vault, ctx| policy(vault, ops, ctx));
            }
        }
        vault = apply(vault, &owner, |vault, ctx| {
            put::put(vault, values(secrets), ctx).expect("the owner may write")
        });
        let text = format::write(vault.file());
        let newcomer = joining(&vault, "newcomer", "developer");
        Self { place: Place::new(&text), text, newcomer, owner, secrets }
    }

    /// Opens and verifies all of it.
    pub fn open_strict(&self) -> (Duration, Vault) {
        timed(|| open(&self.text, Trust::Strict))
    }

    /// An operation on an open vault, which was verified before.
    pub fn with(&self, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) -> (Duration, Change) {
        let vault = open(&self.text, Trust::Cached);
        as_owner(&vault, &self.owner, |ctx| timed(|| make(&vault, ctx)))
    }

    /// The same from file to file; returns the vault as a stranger finds it afterwards.
    pub fn whole(&self, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) -> (Duration, Vault) {
        self.place.put(&self.text);
        let (time, written) = timed(|| {
            let transaction = Transaction::begin(&self.place.session).expect("the vault");
            let vault = transaction.vault();
            let change = as_owner(vault, &self.owner, |ctx| make(vault, ctx));
            transaction.commit(change).expect("a vault that is written")
        });
        drop(written);
        let text = std::fs::read_to_string(&self.place.vault).expect("the vault");
        (time, open(&text, Trust::Strict))
    }

    /// The values of all secrets, and the recipients of everybody.
    pub fn plain(&self) -> (Vec<SecretValue>, Vec<RecipientText>) {
        let vault = open(&self.text, Trust::Cached);
        let recipients = vault.policy().members().flat_map(|(_, member)| member.recipients.clone());
        ((0..self.secrets).map(value).collect(), recipients.collect())
    }

    pub fn identity(&self) -> Identity {
        parse_identity(&self.owner.text).expect("the identity just made")
    }
}

impl Place {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let vault = root.join("project/.v-secure/vault.toml");
        std::fs::create_dir_all(vault.parent().expect("a parent")).expect("a folder");
        std::fs::write(&vault, text).expect("the vault");
        let owners = Owners::current();
        let search = Search { start: &root, home: None, owners: ProjectOwners::current(None) };
        let location = search.at(&root.join("project")).expect("the vault");
        let state = Some(root.join("state"));
        let (home, carried, history) = (None, None, HistoryUse::Whole);
        let brought = None;
        let session =
            Session { location, owners, state, home, carried, history, brought, now: NOW };
        let opened = session.open(Depth::Everything).expect("a vault that verifies");
        session.accept(&opened.vault).expect("a state folder");
        Self { _folder: folder, vault, session }
    }

    /// Puts the vault back as it was, with what the state folder knew of it.
    fn put(&self, text: &str) {
        std::fs::write(&self.vault, text).expect("the vault");
        let opened = self.session.open(Depth::Everything).expect("a vault that verifies");
        self.session.accept(&opened.vault).expect("a state folder");
    }
}

fn open(text: &str, trust: Trust) -> Vault {
    Vault::open(text.as_bytes(), trust, Depth::Everything, NOW).expect("a vault that verifies")
}

fn as_owner<T>(vault: &Vault, owner: &NewIdentity, make: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let identity = parse_identity(&owner.text).expect("the identity just made");
    let who = Unlocked::new(vault, vec![identity]).expect("the owner");
    let signer = who.signer(vault).expect("the owner's device key");
    let reason = "a reason of usual length, such as people give".to_owned();
    make(&Ctx {
        who: &who,
        signer: &signer,
        random: &RealHost,
        now: NOW,
        reason,
        progress: &Silent,
    })
}

fn apply(
    vault: Vault,
    owner: &NewIdentity,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Change,
) -> Vault {
    let change = as_owner(&vault, owner, |ctx| make(&vault, ctx));
    vault.apply(change).expect("the owner may")
}

fn policy(vault: &Vault, ops: Vec<v_secure_core::policy::op::PolicyOp>, ctx: &Ctx<'_>) -> Change {
    policy_change::change(vault, ops, ctx).expect("the owner may").0
}

fn joining(vault: &Vault, member: &str, role: &str) -> Joining {
    let identity = generate_identity();
    let (member, device) = (name(member), name("laptop"));
    let asked = Request::new(&RealHost, &vault.id(), &member, &device, &identity.recipient);
    let device = Device::Request(Box::new(asked.expect("a device key").0));
    let (kind, roles) = (Some(MemberKind::User), vec![name(role)]);
    Joining { member, kind, device, roles, read: Vec::new(), expires: None }
}

fn value(number: usize) -> SecretValue {
    SecretValue::from(format!("{number:032x}"))
}

fn values(secrets: usize) -> Vec<PutRequest> {
    let places = ENVIRONMENTS.iter().flat_map(|(name, share)| std::iter::repeat_n(*name, *share));
    let places: Vec<&str> = places.collect();
    (0..secrets)
        .map(|number| PutRequest {
            secret: SecretName::parse(format!("{}/KEY_{number:05}", places[number % places.len()]))
                .expect("a name"),
            value: Some(NewValue { value: value(number), expires: None, same: Vec::new() }),
            fields: Vec::new(),
        })
        .collect()
}
