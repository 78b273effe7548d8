//! Members who write and do not read: what they set is sealed, readers open and keep it, and what was
//! sealed wrongly is named with who did.
#![cfg(unix)]

use std::fs;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Blob;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::file::format::{Trust, write};
use v_secure_core::file::model::{VaultFile, WrapKey};
use v_secure_core::host::progress::Silent;
use v_secure_core::log::op::Op;
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::person::Person;
use v_secure_testkit::sandbox::secret;

/// Olga's vault, with a role that writes, and `partner` in it.
fn team() -> [Person; 2] {
    let (olga, partner) = (Person::new("olga"), Person::new("partner"));
    olga.run("init --vault-name shop").ok();
    olga.set("partner/API", "first");
    olga.run("role create contributor --grant write:partner/*").ok();
    partner.pull(&olga);
    let line = partner.run("member request partner").ok();
    let add = "member add partner --request - --role contributor --yes";
    let added = olga.feed(add, line.trim());
    assert!(added.err.contains("writes and does not read"), "{}", added.err);
    added.ok();
    partner.pull(&olga);
    partner.accept_as(&olga);
    [olga, partner]
}

fn sealed(person: &Person) -> usize {
    fs::read_to_string(person.vault()).unwrap().matches("\nsealed = ").count()
}

#[test]
fn what_is_set_without_reading_is_read_and_kept_by_those_who_may() {
    let [olga, partner] = team();
    partner.set("partner/API", "second");
    partner.set("partner/NEW", "new");
    assert_eq!(partner.run("--json get partner/API").error(), (4, "not-permitted".into()));
    assert_eq!(
        partner.run("--json get partner/NEW").error(),
        (4, "not-permitted".into()),
        "its own"
    );
    for line in [
        "export -e partner --format dotenv",
        "exec -e partner -- env",
        "secret copy partner/API --to-env partner --as B",
    ] {
        let refused = partner.run(line);
        assert_eq!(refused.code, 4, "{line}: {refused:?}");
    }
    partner.run("secret rotate partner/NEW --generate").ok();
    partner.set("partner/NEW", "new");
    olga.pull(&partner);
    assert_eq!((olga.run("get partner/API").ok(), sealed(&olga)), ("second".to_owned(), 4));
    let kept = olga.run("access settle --json").json();
    assert_eq!(kept["kept"], serde_json::json!(["partner/API", "partner/NEW"]));
    assert_eq!(kept["settled"], serde_json::json!([]));
    assert_eq!(olga.run("get partner/NEW").ok(), "new");
    assert!(olga.run("access settle").err.contains("everything is settled"), "once");
    olga.run("audit verify").ok();
    olga.run("member remove partner --yes").ok();
    let exposed = olga.run("exposed --json");
    assert!(
        exposed.out.contains("partner/API") && exposed.out.contains("partner/NEW"),
        "{exposed:?}"
    );
}

/// What the partner's key signs with a wrap that opens nothing.
fn sealed_wrongly(partner: &Person) -> VaultFile {
    let bytes = fs::read(partner.vault()).unwrap();
    let now = UnixTime::from_secs(2_000_000_000);
    let vault = Vault::open(&bytes, Trust::Strict, Depth::Everything, now).unwrap();
    let config = partner.home().join(".config/v-secure/identity.txt");
    let identities = parse_identities(&SecretValue::new(fs::read(config).unwrap())).unwrap();
    let who = Unlocked::new(&vault, identities).unwrap();
    let signer = who.signer(&vault).unwrap();
    let reason = String::new();
    let ctx = Ctx { who: &who, signer: &signer, random: &RealHost, now, reason, progress: &Silent };
    let value =
        NewValue { value: SecretValue::from("third".to_owned()), expires: None, same: Vec::new() };
    let request =
        PutRequest { secret: secret("partner/API"), value: Some(value), fields: Vec::new() };
    let change = put::put(&vault, vec![request], &ctx).unwrap();
    let uid = vault.uid(&secret("partner/API"));
    let mut file = vault.apply(change).unwrap().file().clone();
    let entry = file.entries.values().max_by_key(|entry| entry.lamport).unwrap().clone();
    file.entries.remove(&entry.id());
    let mut entry = entry;
    let Op::Put(put) = &mut entry.ops[0] else { panic!("{entry:?}") };
    let section = file.secrets.get_mut(&uid).unwrap();
    let mut wrap = section.wraps.remove(&put.wrap).unwrap();
    wrap.key = WrapKey::Sealed(Blob(b"age-encryption.org/v1\n".to_vec()));
    put.wrap = wrap.id();
    section.wraps.insert(wrap.id(), wrap);
    entry.sig = signer.key.sign(v_secure_core::crypto::sign::Tag::LogEntry, &entry.id());
    file.entries.insert(entry.id(), entry);
    file
}

#[test]
fn what_was_sealed_wrongly_is_named_with_its_author_and_an_earlier_value_is_there() {
    let [olga, partner] = team();
    fs::write(partner.vault(), write(&sealed_wrongly(&partner))).unwrap();
    olga.pull(&partner);
    olga.run("audit verify").ok();
    let refused = olga.run("get partner/API");
    assert_eq!(refused.code, 6, "{refused:?}");
    assert!(refused.err.contains("partner, who set it, sealed it wrongly"), "{}", refused.err);
    assert_eq!(olga.run("exec -e partner -- true").code, 6);
    let settled = olga.run("access settle");
    assert!(settled.code == 6 || settled.err.contains("partner/API"), "{settled:?}");
    olga.run("secret rollback partner/API --version 1").ok();
    assert_eq!(olga.run("get partner/API").ok(), "first");
}
