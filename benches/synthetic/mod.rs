//! Vaults of any size, made by the library itself: for the benches, and for timing the binary on
//! logs that no command line makes in reasonable time (`examples/big_vault.rs`).
#![allow(dead_code)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::id::SecretId;
use v_secure_core::crypto::identity::{Identity, NewIdentity, generate_identity, parse_identity};
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::version::{Authored, SealedValue, WrapTo, seal_version};
use v_secure_core::keys::policy_change;
use v_secure_core::keys::rotation::kek::{self, KekSelection};
use v_secure_core::keys::status::key_status;
use v_secure_core::log::op::{Field, Op};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::batch::{Batch, NewPut};
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// When everything here was written: seconds since the Unix epoch.
pub const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// How large a vault is to be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Each has one version.
    pub secrets: usize,
    /// At least as many as there are secrets. The first puts; what is left changes metadata, so
    /// that the log grows without the objects, as it does where old versions are pruned.
    pub entries: usize,
    /// How many of the puts stand in one entry, as after an import.
    pub puts_per_entry: usize,
}

/// What a vault's policy went through before its secrets were put.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    /// Changes of the owners' keys.
    pub epochs: usize,
    /// Other entries.
    pub policy: usize,
}

/// A vault's text, and whose it is.
pub struct Synthetic {
    pub text: String,
    pub identity: NewIdentity,
}

impl Synthetic {
    pub fn make(size: Size) -> Self {
        let identity = generate_identity();
        let vault = founded(&identity);
        let vault = changed(vault, &identity, |vault, ctx| Log::new(vault, ctx).fill(size));
        Self { text: format::write(vault.file()), identity }
    }

    /// With a past: each entry puts a secret, the same ones in turn, so that older versions are there too.
    pub fn grown(size: Size, past: Past) -> Self {
        let identity = generate_identity();
        let mut vault = founded(&identity);
        for _ in 0..past.epochs {
            vault = changed(vault, &identity, renewed);
        }
        for number in 0..past.policy {
            vault = changed(vault, &identity, |vault, ctx| setting(vault, ctx, number));
        }
        let rounds: Vec<usize> = (0..size.entries).collect();
        for round in rounds.chunks(size.secrets) {
            let last = round.len();
            vault = changed(vault, &identity, |vault, ctx| Log::new(vault, ctx).again(last));
        }
        Self { text: format::write(vault.file()), identity }
    }

    pub fn identity(&self) -> Identity {
        own(&self.identity)
    }
}

fn founded(identity: &NewIdentity) -> Vault {
    let file = init(&request(identity), &RealHost).expect("a new vault");
    open(&format::write(&file), Trust::Strict, Depth::Everything)
}

/// The vault with what its owner makes of it.
fn changed(
    vault: Vault,
    identity: &NewIdentity,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Change,
) -> Vault {
    let change = {
        let who = Unlocked::new(&vault, vec![own(identity)]).expect("the owner");
        let signer = who.signer(&vault).expect("the owner's device key");
        let reason = "a reason of usual length, such as people give".to_owned();
        let (random, progress) = (&RealHost, &Silent);
        let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress };
        make(&vault, &ctx)
    };
    vault.apply(change).expect("the owner may do everything")
}

fn renewed(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let status = key_status(vault, ctx.now);
    let plan = kek::plan(&status, ctx.who.member(), &KekSelection::All).expect("a plan");
    let (change, _) = kek::renew(vault, plan, &status, ctx).expect("new keys");
    change.expect("an audience")
}

fn setting(vault: &Vault, ctx: &Ctx<'_>, number: usize) -> Change {
    let value = ["best-effort", "off"][number % 2].to_owned();
    let ops = vec![PolicyOp::Setting { key: "reads".to_owned(), value }];
    policy_change::change(vault, ops, ctx).expect("a setting").0
}

/// Writes a key where only its user reads it.
pub fn write_key(path: &Path, key: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key)?;
    file.write_all(b"\n")
}

/// Opens a vault that must verify.
pub fn open(text: &str, trust: Trust, depth: Depth<'_>) -> Vault {
    Vault::open(text.as_bytes(), trust, depth, NOW).expect("a vault that verifies")
}

/// The name of a vault's secret.
pub fn secret(number: usize) -> SecretName {
    SecretName::parse(format!("default/KEY_{number:05}")).expect("a name")
}

pub fn only(number: usize) -> BTreeSet<SecretName> {
    BTreeSet::from([secret(number)])
}

fn own(identity: &NewIdentity) -> Identity {
    parse_identity(&identity.text).expect("the identity just made")
}

fn request(identity: &NewIdentity) -> InitRequest {
    let name = |text: &str| Name::new(text).expect("a name");
    InitRequest {
        name: name("bench"),
        member: name("bench"),
        device: name("device-1"),
        recipient: identity.recipient.clone(),
        now: NOW,
    }
}

/// A row of entries, each the parent of the next.
struct Log<'a> {
    vault: &'a Vault,
    ctx: &'a Ctx<'a>,
    batch: Batch<'a>,
}

impl<'a> Log<'a> {
    fn new(vault: &'a Vault, ctx: &'a Ctx<'a>) -> Self {
        Self { vault, ctx, batch: Batch::new(vault, ctx) }
    }

    fn fill(mut self, size: Size) -> Change {
        let all: Vec<usize> = (0..size.secrets).collect();
        let puts = all.chunks(size.puts_per_entry);
        let entries = puts.len();
        for numbers in puts {
            numbers.iter().for_each(|number| self.put(*number));
            self.batch.close();
        }
        for number in entries..size.entries {
            self.batch.add(field(number, size.secrets));
            self.batch.close();
        }
        self.batch.change().expect("at least one secret")
    }

    /// The first secrets put once more, each in an entry of its own.
    fn again(mut self, secrets: usize) -> Change {
        for number in 0..secrets {
            self.put(number);
            self.batch.close();
        }
        self.batch.change().expect("at least one secret")
    }

    fn put(&mut self, number: usize) {
        let secret = secret(number);
        let value = self.sealed(&self.vault.uid(&secret), number);
        let active = self.vault.secret(&secret).map(|found| found.candidates.clone());
        let (replaces, same) = (active.unwrap_or_default(), Vec::new());
        self.batch.put(NewPut { secret, value, replaces, same, adopts: None });
    }

    fn sealed(&self, uid: &SecretId, number: usize) -> SealedValue {
        let keys =
            self.ctx.who.keys(self.vault, &AudienceName::new("owner")).expect("the owner's keys");
        let value = SecretValue::from(format!("{number:032x}"));
        let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] };
        let author = self.ctx.signer.key.id();
        let authored = Authored { value: &value, author: &author, expires: None };
        seal_version(&RealHost, self.vault.binding(uid), authored, to).expect("a sealed value")
    }
}

fn field(number: usize, secrets: usize) -> Op {
    Op::Field(Field {
        secret: secret(number % secrets),
        field: format!("tag.team-{}", number % 7),
        value: Some(format!("round {}", number / secrets)),
        adopts: None,
    })
}
