//! A secret that was written some time ago: the program has only today's clock, so the library
//! writes, with another time, what the program then finds.

use crate::cli::Cli;
use v_secure::engine::history::HistoryUse;
use v_secure::engine::session::Session;
use v_secure::engine::transaction::Transaction;
use v_secure::host::Clock;
use v_secure::host::real::RealHost;
use v_secure::store::file::find::Location;
use v_secure::store::file::owners::Owners;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::name::SecretName;
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutRequest};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::unlock::Unlocked;

/// Sets a secret to `hunter2`, `age` seconds ago, as the vault's owner does.
pub fn put_in_the_past(cli: &Cli, secret: &str, age: u64, ttl: Option<u64>) {
    let home = cli.project().parent().unwrap().join("home");
    let key = std::fs::read(home.join("config/v-secure/identity.txt")).unwrap();
    let now = RealHost.now().saturating_sub(age);
    let session = Session {
        location: Location::in_project(&cli.project()).unwrap(),
        owners: Owners::current(),
        state: Some(home.join("state/v-secure")),
        home: None,
        carried: None,
        history: HistoryUse::Whole,
        brought: None,
        now,
    };
    let transaction = Transaction::begin(&session).unwrap();
    let vault = transaction.vault();
    let who = Unlocked::new(vault, parse_identities(&SecretValue::new(key)).unwrap()).unwrap();
    let signer = who.signer(vault).unwrap();
    let ctx = Ctx {
        who: &who,
        signer: &signer,
        random: &RealHost,
        now,
        reason: "long ago".to_owned(),
        progress: &v_secure::host::progress::Silent,
    };
    let value = SecretValue::new(b"hunter2".to_vec());
    let value =
        Some(NewValue { value, expires: ttl.map(|ttl| now.saturating_add(ttl)), same: Vec::new() });
    let secret = SecretName::parse(secret).unwrap();
    let request = PutRequest { secret, value, fields: Vec::new() };
    let change = put::put(vault, vec![request], &ctx).unwrap();
    transaction.commit(change).unwrap();
}
