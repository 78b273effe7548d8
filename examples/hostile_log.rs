//! Times what a reader does with a log that somebody filled who has no key: entries that state a
//! rotator's key and carry no signature, each rotating the version that all of them put.
//!
//! ```text
//! cargo run --release --example hostile_log -- MEGABYTES…
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Instant;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::id::{EntryId, KeyId, WrapId};
use v_secure_core::crypto::identity::{generate_identity, parse_identities};
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::model::VaultFile;
use v_secure_core::keys::policy_change;
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::{Op, Put};
use v_secure_core::name::{Name, Pattern, SecretName};
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let (vault, key) = vault()?;
    println!("{:>5} {:>8} {:>10} {:>10} {:>10}", "MB", "entries", "get", "get other", "verify");
    for megabytes in std::env::args().skip(1) {
        let file = filled(&vault, key, megabytes.parse::<usize>()? << 20)?;
        let text = format::write(&file);
        let named = |name: &str| SecretName::parse(name).map(|name| BTreeSet::from([name]));
        let (own, other) = (named("prod/A")?, named("prod/B")?);
        let timed = |depth: Depth<'_>| {
            let start = Instant::now();
            let opened = Vault::open(text.as_bytes(), Trust::Strict, depth, NOW);
            (start.elapsed(), opened.is_ok())
        };
        let of = [Depth::Secrets(&own), Depth::Secrets(&other), Depth::Everything].map(timed);
        let shown = of.map(|(time, ok)| {
            format!("{:.2}s {}", time.as_secs_f64(), if ok { "ok" } else { "no" })
        });
        println!(
            "{:>5.1} {:>8} {:>10} {:>10} {:>10}",
            text.len() as f64 / (1 << 20) as f64,
            file.entries.len(),
            shown[0],
            shown[1],
            shown[2]
        );
    }
    Ok(())
}

/// A vault with `prod/A` and `prod/B`, and a member who may rotate; the id of its key.
fn vault() -> Result<(Vault, KeyId), Box<dyn Error>> {
    let made = generate_identity();
    let (name, member, device) = (Name::new("shop")?, Name::new("olga")?, Name::new("laptop")?);
    let recipient = made.recipient.clone();
    let request = InitRequest { name, member, device, recipient, now: NOW };
    let mut vault = open(&init(&request, &RealHost)?)?;
    let (rita, role) = (Name::new("rita")?, Name::new("rotator")?);
    let hers = generate_identity().recipient;
    let made_key = new_device_key(&RealHost, Some(&vault.id()), &rita, &Name::new("pc")?, &hers)?;
    let rights = vec![Right::Rotate];
    let ops = vec![
        PolicyOp::RoleAdd { role: role.clone() },
        PolicyOp::grant(role.clone(), Pattern::new("*")?, rights),
        PolicyOp::MemberAdd(MemberAdd {
            member: rita.clone(),
            kind: MemberKind::User,
            recipients: vec![hers],
            expires: None,
        }),
        PolicyOp::KeyAdd(made_key.0),
        PolicyOp::role_join(role, rita),
    ];
    let identities = || parse_identities(&made.text);
    vault =
        changed(vault, identities()?, |vault, ctx| Ok(policy_change::change(vault, ops, ctx)?.0))?;
    for secret in ["prod/A", "prod/B"] {
        let secret = SecretName::parse(secret)?;
        let value = SecretValue::new(b"a value".to_vec());
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        let request = PutRequest { secret, value, fields: Vec::new() };
        vault =
            changed(vault, identities()?, |vault, ctx| Ok(put::put(vault, vec![request], ctx)?))?;
    }
    Ok((vault, made_key.1.id()))
}

fn open(file: &VaultFile) -> Result<Vault, Box<dyn Error>> {
    let text = format::write(file);
    Ok(Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW)?)
}

fn changed(
    vault: Vault,
    identities: Vec<v_secure_core::crypto::identity::Identity>,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Result<Change, Box<dyn Error>>,
) -> Result<Vault, Box<dyn Error>> {
    let who = Unlocked::new(&vault, identities)?;
    let signer = who.signer(&vault)?;
    let (random, reason) = (&RealHost, String::new());
    let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress: &Silent };
    let change = make(&vault, &ctx)?;
    open(vault.apply(change)?.file())
}

/// The vault's file with entries of about so many bytes that nobody signed.
fn filled(vault: &Vault, key: KeyId, bytes: usize) -> Result<VaultFile, Box<dyn Error>> {
    let secret = SecretName::parse("prod/A")?;
    let current = vault.secret(&secret).and_then(|secret| secret.current).ok_or("no version")?;
    let entry = |number: u64| Entry {
        parents: Vec::new(),
        lamport: 1,
        policy: vault.chain().head(),
        actor: Name::new("rita").unwrap_or_else(|_| vault.file().header.name.clone()),
        key,
        ts: UnixTime::from_secs(number),
        ops: vec![Op::Put(Put {
            secret: secret.clone(),
            body: Fixed(current.0),
            object: current,
            wrap: WrapId([7; 32]),
            expires: None,
            replaces: vec![current],
            same: Vec::new(),
            adopts: None,
        })],
        reason: String::new(),
        sig: Fixed([0; 64]),
    };
    let mut file = vault.file().clone();
    let count = bytes / (entry(NOW.as_secs()).line().len() + 1);
    let entries: BTreeMap<EntryId, Entry> =
        (0..count as u64).map(entry).map(|e| (e.id(), e)).collect();
    file.entries.extend(entries);
    Ok(file)
}
