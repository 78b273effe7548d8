//! Tests of what settings of providers take, and of what is read from them.

use super::*;
use crate::policy::settings::SettingError;

fn set(pairs: &[(&str, &str)]) -> Result<Settings, SettingError> {
    let mut settings = Settings::default();
    pairs.iter().try_for_each(|(key, value)| settings.set(key, value))?;
    Ok(settings)
}

fn patterns(count: usize) -> String {
    (0..count).map(|n| format!("e{n}/*")).collect::<Vec<_>>().join(",")
}

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn each_takes_what_it_says() {
    let most = patterns(64);
    for (what, value) in [
        ("serves", "prod/DB"),
        ("serves", "prod/DB_*,test/*,*"),
        ("serves", &most),
        ("kind", "command"),
        ("kind", "postgres"),
        ("program", "/usr/lib/v-secure/rotate database"),
        ("sha256", HASH),
        ("endpoint", "db.example:5432/shop"),
        ("endpoint", "the one in the cellar"),
        ("admin", "ops/PG_ADMIN"),
        ("deadline", "1s"),
        ("deadline", "60m"),
        ("deadline", "1h"),
        ("overlap", "0s"),
        ("overlap", "90m"),
        ("overlap", "36500d"),
        ("users", "app"),
        ("users", "app_a,app_b"),
        ("owner", "app"),
        ("tls", "verify"),
        ("tls", "off"),
    ] {
        for name in ["db", "a.b.kind", "A-1"] {
            let key = format!("provider.{name}.{what}");
            let settings = set(&[(&key, value)]).unwrap();
            let names: Vec<String> = settings.providers().map(|p| p.name.to_string()).collect();
            assert_eq!((settings.get(&key), names), (Some(value), vec![name.to_owned()]));
        }
    }
}

#[test]
fn and_nothing_else() {
    let (many, long) = (patterns(65), format!("/{}", "a/".repeat(2048) + "b"));
    for (what, value) in [
        ("serves", "prod"),
        ("serves", "prod/DB,"),
        ("serves", "prod/DB, test/DB"),
        ("serves", "prod/*,prod/*"),
        ("serves", "*/DB"),
        ("serves", &many),
        ("kind", "Command"),
        ("kind", "webhook"),
        ("program", "rotate"),
        ("program", "./rotate"),
        ("program", "/"),
        ("program", "/a/../b"),
        ("program", "/a//b"),
        ("program", "/a/."),
        ("program", "/a/"),
        ("program", &long),
        ("sha256", &HASH[1..]),
        ("sha256", "ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"),
        ("admin", "PG_ADMIN"),
        ("admin", "ops/*"),
        ("deadline", "0s"),
        ("deadline", "3601s"),
        ("deadline", "2h"),
        ("deadline", "60"),
        ("deadline", "01m"),
        ("overlap", "00s"),
        ("overlap", "1y"),
        ("overlap", "-1h"),
        ("overlap", "1.5h"),
        ("overlap", "36501d"),
        ("users", "app,app"),
        ("users", "a,b,c"),
        ("users", "a,"),
        ("users", "a b"),
        ("owner", "a,b"),
        ("tls", "on"),
    ] {
        let key = format!("provider.db.{what}");
        assert_eq!(set(&[(&key, value)]), Err(SettingError::Value), "{what} {value}");
    }
}

#[test]
fn a_key_has_a_name_and_one_of_the_words() {
    let long = format!("provider.{}.kind", "a".repeat(129));
    for key in [
        "provider",
        "provider.kind",
        "provider..kind",
        "provider.db",
        "provider.db.",
        "provider.db.url",
        "provider.db.KIND",
        "provider.-a.kind",
        "provider.a/b.kind",
        "provider.a b.kind",
        "provider...kind",
        "Provider.db.kind",
        &long,
    ] {
        assert_eq!(set(&[(key, "command")]), Err(SettingError::UnknownKey), "{key}");
    }
    assert!(set(&[(&format!("provider.{}.kind", "a".repeat(128)), "command")]).is_ok());
}

#[test]
fn what_is_not_said_has_its_default() {
    let settings = set(&[("provider.db.kind", "postgres")]).unwrap();
    let [db] = &settings.providers().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((db.kind(), db.tls()), (Some(ProviderKind::Postgres), Tls::Verify));
    assert_eq!((db.deadline(), db.overlap()), (Duration::from_secs(60), 24 * 3600));
    assert_eq!((db.program(), db.sha256(), db.endpoint(), db.owner()), (None, None, None, None));
    assert!(db.admin().is_none() && db.users().is_empty());
    assert!(!db.serves(&SecretName::parse("prod/DB").unwrap()));
}

#[test]
fn what_is_said_is_read() {
    let settings = set(&[
        ("rotation.overlap", "2h"),
        ("provider.pg.kind", "postgres"),
        ("provider.pg.serves", "prod/DB_*,test/DB"),
        ("provider.pg.users", "one,two"),
        ("provider.pg.tls", "off"),
        ("provider.pg.overlap", "0s"),
        ("provider.run.kind", "command"),
        ("provider.run.program", "/opt/rotate"),
        ("provider.run.sha256", HASH),
        ("provider.run.admin", "ops/ADMIN"),
        ("provider.run.deadline", "5m"),
        ("provider.run.serves", "prod/*"),
    ])
    .unwrap();
    let [pg, run] = &settings.providers().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((pg.users(), pg.tls(), pg.overlap()), (vec!["one", "two"], Tls::Off, 0));
    assert_eq!((run.program(), run.sha256()), (Some("/opt/rotate"), Some(HASH)));
    assert_eq!((run.deadline(), run.overlap()), (Duration::from_secs(300), 7200));
    assert_eq!(run.admin(), SecretName::parse("ops/ADMIN").ok());
    for (secret, expected) in [
        ("prod/DB_URL", &["pg", "run"][..]),
        ("test/DB", &["pg"]),
        ("prod/KEY", &["run"]),
        ("test/DB_URL", &[]),
    ] {
        let serving = settings.serving(&SecretName::parse(secret).unwrap());
        let names: Vec<&str> = serving.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, expected, "{secret}");
    }
}
