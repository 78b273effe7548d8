//! What a state lacks that counts as something taken away.

use super::*;

const DIGEST: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A setting, a first value and a later one: whether the later one lets less through.
const SETTINGS: [(&str, Option<&str>, Option<&str>, bool); 65] = [
    ("env.dev.extends", None, Some("base"), false),
    ("env.dev.extends", Some("base"), Some("common"), true),
    ("env.dev.extends", Some("base"), None, true),
    ("kdf", None, Some("m=524288,t=4,p=4"), true),
    ("kdf", Some("m=524288,t=4,p=4"), None, false),
    ("plugins.allow", None, Some("tpm"), false),
    ("plugins.allow", Some("tpm,yubikey"), Some("yubikey"), true),
    ("provider.db.admin", None, Some("ops/A"), false),
    ("provider.db.admin", Some("ops/A"), Some("ops/B"), true),
    ("provider.db.admin", Some("ops/A"), None, true),
    ("provider.db.deadline", None, Some("60s"), false),
    ("provider.db.deadline", Some("60s"), Some("5m"), true),
    ("provider.db.deadline", Some("60s"), None, true),
    ("provider.db.endpoint", None, Some("a/x"), false),
    ("provider.db.endpoint", Some("a/x"), Some("b/x"), true),
    ("provider.db.endpoint", Some("a/x"), None, true),
    ("provider.db.kind", None, Some("command"), false),
    ("provider.db.kind", Some("command"), Some("postgres"), true),
    ("provider.db.kind", Some("command"), None, true),
    ("provider.db.overlap", None, Some("1h"), false),
    ("provider.db.overlap", Some("1h"), Some("2h"), true),
    ("provider.db.overlap", Some("1h"), None, true),
    ("provider.db.owner", None, Some("one"), false),
    ("provider.db.owner", Some("one"), Some("two"), true),
    ("provider.db.owner", Some("one"), None, true),
    ("provider.db.program", None, Some("/a"), false),
    ("provider.db.program", Some("/a"), Some("/b"), true),
    ("provider.db.program", Some("/a"), None, true),
    ("provider.db.serves", None, Some("prod/A,prod/B"), false),
    ("provider.db.serves", Some("prod/A,prod/B"), Some("prod/A"), true),
    ("provider.db.serves", Some("prod/A,prod/B"), None, true),
    ("provider.db.sha256", None, Some(DIGEST), true),
    ("provider.db.sha256", Some(DIGEST), None, false),
    ("provider.db.tls", None, Some("off"), false),
    ("provider.db.tls", Some("off"), Some("verify"), true),
    ("provider.db.tls", Some("off"), None, true),
    ("provider.db.users", None, Some("a,b"), false),
    ("provider.db.users", Some("a,b"), Some("a"), true),
    ("provider.db.users", Some("a,b"), None, true),
    ("reads", None, Some("off"), false),
    ("reads", Some("off"), None, true),
    ("reads", None, Some("required"), true),
    ("retention.days", None, Some("9000"), true),
    ("retention.days", Some("9000"), Some("9001"), false),
    ("retention.versions", Some("9001"), Some("9000"), true),
    ("retention.versions", Some("9000"), None, false),
    ("rotation.dek", None, Some("30d"), true),
    ("rotation.dek", Some("30d"), Some("5w"), false),
    ("rotation.kek", Some("5w"), Some("30d"), true),
    ("rotation.kek", Some("30d"), None, false),
    ("rotation.overlap", Some("2h"), Some("3d"), true),
    ("rotation.overlap", Some("3d"), None, false),
    ("rotation.via", None, Some("device olga/laptop"), false),
    ("rotation.via", Some("device olga/laptop"), Some("device olga/desk"), true),
    ("scan.allow", None, Some("docs/"), false),
    ("scan.allow", Some("a.txt,docs/"), Some("a.txt"), true),
    ("ttl", None, Some("on-write"), false),
    ("ttl", Some("on-write"), None, true),
    ("variables.allow", None, Some("PATH"), false),
    ("variables.allow", Some("PATH,LD_*"), Some("PATH"), true),
    ("variables.allow", Some("LD_*"), Some("LD_PRELOAD"), true),
    ("variables.allow", Some("LD_PRELOAD,LD_A*"), Some("LD_*"), false),
    ("variables.allow", Some("PATH"), None, true),
    ("variables.strict", None, Some("on"), true),
    ("variables.strict", Some("on"), None, false),
];

#[test]
fn a_setting_that_was_made_stricter_counts_as_something_taken_away() {
    for known in v_secure_core::policy::settings::SETTINGS {
        let key = known.key.replace("ENVIRONMENT", "dev").replace("NAME", "db");
        let of_key: Vec<bool> = SETTINGS.iter().filter(|s| s.0 == key).map(|s| s.3).collect();
        assert!(of_key.contains(&true) && of_key.contains(&false), "{key}");
    }
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let first = kept(&olga, "first.toml");
    for (key, before, after, tightens) in SETTINGS {
        checkout(&olga, &first);
        olga.run("pin accept --yes").ok();
        let set = |value: Option<&str>| {
            let arguments = ["settings", "set", key, value.unwrap_or("--unset")];
            Done::from(olga.command(&arguments).output().unwrap()).ok();
        };
        before.into_iter().for_each(|before| set(Some(before)));
        let old = kept(&olga, "old.toml");
        set(after);
        checkout(&olga, &old);
        let told = olga.run("get dev/DB");
        let said = told.err.contains("which made a setting stricter");
        assert_eq!(said, tightens, "{key} {before:?} {after:?}: {told:?}");
        let written = olga.feed("--json set dev/NEW", "x");
        let code = if tightens { 6 } else { 0 };
        assert_eq!(written.code, code, "{key} {before:?} {after:?}: {written:?}");
    }
}

#[test]
fn new_keys_after_somebody_left_count_as_something_taken_away_and_a_schedules_do_not() {
    let (olga, rex) = team();
    let other = join(&olga, "other", "developer");
    rex.pull(&olga);
    // Leaves on their own, and cannot make the new keys.
    rex.run("member remove rex --yes").ok();
    olga.pull(&rex);
    olga.run("get dev/DB").ok();
    let left = kept(&olga, "left.toml");
    olga.run("access settle").ok();
    let settled = kept(&olga, "settled.toml");
    checkout(&olga, &left);
    let told = olga.run("get dev/DB");
    assert!(told.err.contains("made new keys since somebody had left"), "{told:?}");
    assert_eq!(olga.feed("--json set dev/DB", "x").error(), (6, "pin-older".into()));
    checkout(&olga, &settled);
    olga.run("key rotate --all").ok();
    checkout(&olga, &settled);
    let told = olga.run("get dev/DB");
    assert!(told.err.contains("older state") && !told.err.contains("which"), "{told:?}");
    olga.set("dev/DB", "two");
    drop(other);
}

#[test]
fn a_recipient_without_a_signing_key_is_something_taken_away_too() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let spare = Person::new("spare").run("identity new").ok();
    olga.run(&format!("member add olga --device --recipient {}", spare.trim())).ok();
    let old = kept(&olga, "old.toml");
    let tag: String =
        spare.trim().chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
    olga.run(&format!("member key remove olga/{tag} --yes")).ok();
    checkout(&olga, &old);
    assert!(olga.run("get dev/DB").err.contains("one is missing, which took rights away"));
    assert_eq!(olga.feed("--json set dev/DB", "x").error(), (6, "pin-older".into()));
}
