//! Each rule of the environment, alone.

use super::guarded::Danger;
use super::*;

const PLAIN: ChildOptions<'_> = ChildOptions {
    pristine: false,
    clash: Clash::Error,
    consent: &Consent { allowed: Vec::new(), strict: false },
    system: System::Linux,
};

fn consent(allowed: &[&str]) -> Consent {
    Consent { allowed: allowed.iter().map(|entry| (*entry).to_owned()).collect(), strict: false }
}

fn wanted(secret: &str, variable: Option<&str>, value: &[u8]) -> ChildVariable {
    ChildVariable {
        secret: name(secret),
        variable: variable.map(|text| Name::new(text).unwrap()),
        value: SecretValue::new(value.to_vec()),
    }
}

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn parent(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

fn again(wanted: &ChildVariable) -> ChildVariable {
    let (secret, variable) = (wanted.secret.clone(), wanted.variable.clone());
    ChildVariable { secret, variable, value: SecretValue::new(wanted.value.expose().to_vec()) }
}

/// `NAME=VALUE` of every variable of the result, sorted.
fn built(
    pairs: &[(&str, &str)],
    secrets: &[ChildVariable],
    options: ChildOptions<'_>,
) -> Result<Vec<String>, InjectError> {
    let environment = environment(parent(pairs), secrets.iter().map(again).collect(), &options)?;
    let line = |(name, value): (&OsStr, &OsStr)| {
        format!("{}={}", name.to_str().unwrap(), value.to_str().unwrap())
    };
    let mut lines: Vec<String> = environment.iter().map(line).collect();
    lines.sort();
    Ok(lines)
}

#[test]
fn secrets_join_what_the_parent_has() {
    let secrets = [wanted("prod/DB", None, b"x"), wanted("prod/api.key", Some("API_KEY"), b"y")];
    let lines = built(&[("PATH", "/bin"), ("LANG", "C")], &secrets, PLAIN).unwrap();
    assert_eq!(lines, ["API_KEY=y", "DB=x", "LANG=C", "PATH=/bin"]);
}

#[test]
fn own_variables_are_neither_inherited_nor_set() {
    let pairs = [("V_SECURE_IDENTITY", "k"), ("V_SECURE_X", "1"), ("V_SECUREX", "2")];
    assert_eq!(built(&pairs, &[], PLAIN).unwrap(), ["V_SECUREX=2"]);
    let all = consent(&["V_*", "V_SECURE_PIN"]);
    for (secret, variable) in
        [("a/V_SECURE_PIN", None), ("a/x", Some("V_SECURE_")), ("a/y", Some("v_secure_pin"))]
    {
        let error =
            built(&[], &[wanted(secret, variable, b"")], ChildOptions { consent: &all, ..PLAIN });
        assert!(matches!(error, Err(InjectError::OwnVariable { .. })), "{secret}");
    }
}

#[test]
fn pristine_inherits_the_short_list_only() {
    let pairs = [("PATH", "p"), ("LC_ALL", "C"), ("LCX", "-"), ("LD_PRELOAD", "-"), ("TZ", "t")];
    let options = ChildOptions { pristine: true, ..PLAIN };
    assert_eq!(built(&pairs, &[], options).unwrap(), ["LC_ALL=C", "PATH=p", "TZ=t"]);
    let windows = ChildOptions { system: System::Windows, ..options };
    let pairs = [("SystemRoot", "r"), ("Path", "p"), ("FOO", "-"), ("v_secure_pin", "-")];
    assert_eq!(built(&pairs, &[], windows).unwrap(), ["Path=p", "SystemRoot=r"]);
    assert!(built(&[("SystemRoot", "r")], &[], options).unwrap().is_empty());
}

#[test]
fn what_pristine_leaves_out_cannot_clash() {
    let options = ChildOptions { pristine: true, ..PLAIN };
    let lines = built(&[("DB", "old")], &[wanted("a/DB", None, b"new")], options).unwrap();
    assert_eq!(lines, ["DB=new"]);
}

#[test]
fn names_that_are_no_identifiers_need_a_variable() {
    for secret in ["a/api.key", "a/api-key", "a/1KEY"] {
        let error = built(&[], &[wanted(secret, None, b"v")], PLAIN).unwrap_err();
        assert_eq!(error, InjectError::NoVariable { secret: name(secret) });
        assert_eq!(error.hint().unwrap(), format!("v-secure secret set {secret} --var NAME"));
        assert!(built(&[], &[wanted(secret, Some("_k1"), b"v")], PLAIN).is_ok());
    }
    let error = built(&[], &[wanted("a/K", Some("K.x"), b"v")], PLAIN).unwrap_err();
    assert!(matches!(error, InjectError::NotAVariable { .. }));
}

#[test]
fn two_secrets_cannot_set_one_variable() {
    let secrets = [wanted("a/K", None, b"v"), wanted("b/x", Some("K"), b"v")];
    let error = built(&[], &secrets, PLAIN).unwrap_err().to_string();
    assert_eq!(error, "a/K and b/x would both set K");
    let secrets = [wanted("a/K", None, b"v"), wanted("a/k", None, b"w")];
    assert_eq!(built(&[], &secrets, PLAIN).unwrap(), ["K=v", "k=w"]);
    let windows = ChildOptions { system: System::Windows, ..PLAIN };
    let error = built(&[], &secrets, windows).unwrap_err();
    assert!(matches!(error, InjectError::SharedVariable { .. }));
}

#[test]
fn a_parents_other_value_is_an_error_unless_told_whose_wins() {
    let run = |value: &str, clash| {
        built(&[("K", value)], &[wanted("a/K", None, b"vault")], ChildOptions { clash, ..PLAIN })
    };
    assert_eq!(run("vault", Clash::Error).unwrap(), ["K=vault"]);
    assert_eq!(run("mine", Clash::Override).unwrap(), ["K=vault"]);
    assert_eq!(run("mine", Clash::Keep).unwrap(), ["K=mine"]);
    let error = run("mine", Clash::Error).unwrap_err();
    assert_eq!(error, InjectError::Clash { secret: name("a/K"), variable: "K".to_owned() });
    let text = format!("{error} {error:?}");
    assert!(!text.contains("mine") && !text.contains("vault"), "{text}");
}

#[test]
fn windows_clashes_ignore_case() {
    let options = ChildOptions { system: System::Windows, clash: Clash::Override, ..PLAIN };
    let lines = built(&[("Token", "old")], &[wanted("a/TOKEN", None, b"new")], options).unwrap();
    assert_eq!(lines, ["TOKEN=new"]);
}

#[test]
fn a_name_that_stands_twice_in_the_parent_counts_as_its_first_value() {
    assert_eq!(built(&[("K", "1"), ("K", "2")], &[], PLAIN).unwrap(), ["K=1"]);
}

#[test]
fn guarded_variables_need_the_signed_setting() {
    let secrets = [wanted("a/PATH", None, b"/x")];
    let error = built(&[], &secrets, PLAIN).unwrap_err();
    assert_eq!(error.hint().unwrap(), "v-secure settings set variables.allow PATH");
    assert!(matches!(error, InjectError::Guarded { danger: Danger::Place, .. }));
    for (entry, fits) in [
        ("PATH", true),
        ("path", true),
        ("PA*", true),
        ("p*", true),
        ("PATH*", true),
        ("PAT", false),
    ] {
        let consent = consent(&[entry]);
        let result = built(&[], &secrets, ChildOptions { consent: &consent, ..PLAIN });
        assert_eq!(result.is_ok(), fits, "{entry}");
    }
    for entry in ["", "*", "**", "*PATH", "*TH", "P*H", "P**", "PATH*X", " PATH"] {
        let consent = consent(&[entry]);
        let result = built(&[], &secrets, ChildOptions { consent: &consent, ..PLAIN });
        assert!(matches!(result, Err(InjectError::Guarded { .. })), "{entry}");
    }
    let hidden = [wanted("a/harmless", Some("LD_PRELOAD"), b"/x")];
    for clash in [Clash::Override, Clash::Keep] {
        let result = built(&[("LD_PRELOAD", "/y")], &hidden, ChildOptions { clash, ..PLAIN });
        assert!(matches!(result, Err(InjectError::Guarded { .. })));
    }
}

#[test]
fn in_strict_mode_only_listed_variables_pass() {
    let strict = Consent { strict: true, ..consent(&["DB", "APP_*", "path"]) };
    let options = ChildOptions { consent: &strict, ..PLAIN };
    for (secret, variable) in
        [("a/DB", None), ("a/app_key", None), ("a/api.key", Some("APP_API_KEY")), ("a/PATH", None)]
    {
        assert!(built(&[], &[wanted(secret, variable, b"v")], options).is_ok(), "{secret}");
    }
    for (secret, variable) in [("a/DBX", None), ("a/DB", Some("OTHER")), ("a/APP", None)] {
        let error = built(&[], &[wanted(secret, variable, b"v")], options).unwrap_err();
        assert!(matches!(error, InjectError::Unlisted { .. }), "{secret}");
        let hint = format!("'DB,APP_*,path,{}'", variable.unwrap_or(&secret[2..]));
        assert!(error.hint().unwrap().ends_with(&hint), "{error:?}");
    }
    let error = built(&[], &[wanted("a/LD_PRELOAD", None, b"v")], options).unwrap_err();
    assert!(matches!(error, InjectError::Guarded { .. }), "the danger is worth saying");
    let nothing = Consent { strict: true, ..Consent::default() };
    let options = ChildOptions { consent: &nothing, pristine: true, ..PLAIN };
    let error = built(&[], &[wanted("a/K", None, b"v")], options).unwrap_err();
    assert_eq!(error.hint().unwrap(), "v-secure settings set variables.allow K");
}

#[test]
fn keys_of_documents_are_judged_as_variables_are() {
    let plain = consent(&["KUBE*"]);
    let strict = Consent { strict: true, ..plain.clone() };
    for (key, passes) in [
        ("KUBECONFIG", (true, true)),
        ("DB", (true, false)),
        ("api.key", (true, false)),
        ("kube.config", (true, false)),
        ("LD_PRELOAD", (false, false)),
    ] {
        let secret = name(&format!("a/{key}"));
        let judged = [&plain, &strict].map(|consent| consent.judge(&secret, key).is_ok());
        assert_eq!((judged[0], judged[1]), passes, "{key}");
    }
    let error = strict.judge(&name("a/api.key"), "api.key").unwrap_err();
    assert_eq!(error.hint().unwrap(), "v-secure secret rename a/api.key NAME");
}

#[test]
fn several_that_the_settings_refuse_are_one_error_with_one_command() {
    let secrets = [
        wanted("a/LD_PRELOAD", None, b"v"),
        wanted("a/no.variable", None, b"v"),
        wanted("a/DB", None, b"v"),
        wanted("a/PATH", None, b"v"),
    ];
    let listed = consent(&["GIT_*"]);
    let error = built(&[], &secrets, ChildOptions { consent: &listed, ..PLAIN }).unwrap_err();
    assert_eq!(error.each().len(), 2);
    assert_eq!(error.hints(), ["v-secure settings set variables.allow 'GIT_*,LD_PRELOAD,PATH'"]);
    let error = built(&[], &secrets[..3], PLAIN).unwrap_err();
    assert!(matches!(error, InjectError::Guarded { .. }), "one is told as it is");
    let error = built(&[], &secrets[1..3], PLAIN).unwrap_err();
    assert!(matches!(error, InjectError::NoVariable { .. }));
    let strict = Consent { strict: true, ..Consent::default() };
    let judged = ["api.key", "DB"].map(|key| strict.judge(&name(&format!("a/{key}")), key));
    let hints = consent::together(judged).unwrap_err().hints();
    let rename = "v-secure secret rename a/api.key NAME";
    assert_eq!(hints, ["v-secure settings set variables.allow DB", rename]);
}

#[test]
fn a_nul_byte_is_refused() {
    let error = built(&[], &[wanted("a/K", None, b"a\0b")], PLAIN).unwrap_err();
    assert_eq!(error, InjectError::Nul { secret: name("a/K") });
}

#[test]
fn a_value_fills_the_systems_limit_and_no_more() {
    let run = |length: usize, system| {
        let secrets = [wanted("a/K", None, &vec![b'x'; length])];
        built(&[], &secrets, ChildOptions { system, ..PLAIN })
    };
    let around = "K=\0".len();
    assert!(run(LINUX_LIMIT - around, System::Linux).is_ok());
    let (size, limit) = (LINUX_LIMIT + 1, LINUX_LIMIT);
    let error = run(LINUX_LIMIT - around + 1, System::Linux).unwrap_err();
    assert_eq!(error, InjectError::TooLong { secret: name("a/K"), size, limit });
    assert!(run(WINDOWS_LIMIT - around, System::Windows).is_ok());
    assert!(run(WINDOWS_LIMIT - around + 1, System::Windows).is_err());
    assert!(run(LINUX_LIMIT, System::OtherUnix).is_ok());
}

#[cfg(unix)]
#[test]
fn bytes_that_are_no_text_pass_on_unix_and_not_on_windows() {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let secrets = [wanted("a/K", None, b"\xff\xfe")];
    let odd = OsString::from_vec(b"\x80=".to_vec());
    let environment =
        environment(vec![(odd.clone(), odd)], vec![again(&secrets[0])], &PLAIN).unwrap();
    let bytes: Vec<_> = environment.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let expected: [(&[u8], &[u8]); 2] = [(b"K", b"\xff\xfe"), (b"\x80=", b"\x80=")];
    assert_eq!(bytes, expected);
    let windows = ChildOptions { system: System::Windows, ..PLAIN };
    assert!(matches!(built(&[], &secrets, windows), Err(InjectError::NotText { .. })));
}

#[test]
fn debug_shows_names_only() {
    let environment =
        environment(parent(&[]), vec![wanted("a/K", None, b"hunter2")], &PLAIN).unwrap();
    assert_eq!(format!("{environment:?}"), r#"["K"]"#);
}
