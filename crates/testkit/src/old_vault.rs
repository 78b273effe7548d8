//! A vault as it was written some time ago, by the library with a clock of that time: what the real
//! binary then finds to be old.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use v_secure::host::Clock;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::identity::{NewIdentity, generate_identity, parse_identity};
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::keys::policy_change;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::people::access;
use v_secure_core::people::init::{InitRequest, init};
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// Leaves a vault of the member olga at `path`, so many hours old, with the identity in `home`.
pub fn leave(path: &Path, home: &Path, hours: u64, secrets: &[(&str, &str)], ops: Vec<PolicyOp>) {
    let (identity, now) = (generate_identity(), RealHost.now().saturating_sub(hours * 3600));
    let (member, device) = (name("olga"), name("laptop"));
    let recipient = identity.recipient.clone();
    let request = InitRequest { name: name("shop"), member, device, recipient, now };
    let text = format::write(&init(&request, &RealHost).unwrap());
    let vault = Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, now).unwrap();
    let vault = apply(vault, &identity, now, |vault, ctx| {
        put::put(vault, secrets.iter().map(request_of).collect(), ctx).unwrap()
    });
    let vault = apply(vault, &identity, now, |vault, ctx| {
        policy_change::change(vault, ops, ctx).unwrap().0
    });
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format::write(vault.file())).unwrap();
    write_identity(home, &identity);
}

/// Ops that make a role and a schedule.
pub fn ops(role: &str, grant: &str, settings: &[(&str, &str)]) -> Vec<PolicyOp> {
    let role = access::create_role(&name(role), &[grant.parse().unwrap()]);
    let settings = settings
        .iter()
        .map(|(key, value)| PolicyOp::Setting { key: (*key).into(), value: (*value).into() });
    role.into_iter().chain(settings).collect()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn request_of((secret, value): &(&str, &str)) -> PutRequest {
    let value = SecretValue::from((*value).to_owned());
    let value = Some(NewValue { value, expires: None, same: Vec::new() });
    // A type that is none of today's, as writers of then could put.
    let fields = vec![("type".to_owned(), Some("password".to_owned()))];
    PutRequest { secret: SecretName::parse(secret).unwrap(), value, fields }
}

fn apply(
    vault: Vault,
    identity: &NewIdentity,
    now: UnixTime,
    make: impl FnOnce(&Vault, &Ctx<'_>) -> Change,
) -> Vault {
    let own = parse_identity(&identity.text).unwrap();
    let who = Unlocked::new(&vault, vec![own]).unwrap();
    let signer = who.signer(&vault).unwrap();
    let (random, reason) = (&RealHost, String::new());
    let ctx = Ctx { who: &who, signer: &signer, random, now, reason, progress: &Silent };
    let change = make(&vault, &ctx);
    vault.apply(change).unwrap()
}

fn write_identity(home: &Path, identity: &NewIdentity) {
    let folder = home.join(".config/v-secure");
    fs::create_dir_all(&folder).unwrap();
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o600).open(folder.join("identity.txt")).unwrap();
    file.write_all(identity.text.expose()).unwrap();
    file.write_all(b"\n").unwrap();
}
