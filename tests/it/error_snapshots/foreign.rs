//! What no command of v-secure writes, and another program with a member's key may: signed as it should be.

use crate::error_snapshots::given::a;
use std::fs;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::envelope::parse_identities;
use v_secure_core::file::format::{self, Trust};
use v_secure_core::name::SecretName;
use v_secure_core::secret::put::{PutRequest, put};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::stage::Stage;

const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

/// With a variable for A that is no name.
pub fn variable(stage: &Stage) {
    a(stage);
    let bytes = fs::read(stage.vault()).unwrap();
    let vault = Vault::open(&bytes, Trust::Strict, Depth::Everything, NOW).unwrap();
    let identity = fs::read(stage.scene.home().join(".config/v-secure/identity.txt")).unwrap();
    let identities = parse_identities(&SecretValue::new(identity)).unwrap();
    let who = Unlocked::new(&vault, identities).unwrap();
    let signer = who.signer(&vault).unwrap();
    let (reason, random, progress) = ("by another program".to_owned(), &RealHost, &Silent);
    let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress };
    let fields = vec![("var".to_owned(), Some("A B".to_owned()))];
    let secret = SecretName::parse("default/A").unwrap();
    let change = put(&vault, vec![PutRequest { secret, value: None, fields }], &ctx).unwrap();
    fs::write(stage.vault(), format::write(vault.apply(change).unwrap().file())).unwrap();
}
