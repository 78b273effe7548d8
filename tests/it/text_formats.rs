//! Text formats against files and a real shell: `fixtures/dotenv`, `fixtures/malformed/text`, `sh`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use v_secure_core::convert::text::{ImportedText, TextError, dotenv, json, yaml};

fn fixtures(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

/// The names in a fixture folder, but those that begin with a dot.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[derive(serde::Deserialize)]
struct Expected {
    values: BTreeMap<String, String>,
    warnings: Vec<String>,
}

#[test]
fn every_dotenv_fixture_reads_as_expected() {
    let folder = fixtures("dotenv");
    let cases = names(&folder);
    assert!(cases.len() >= 20);
    for case in cases {
        let input = fs::read(folder.join(&case).join("input.env")).unwrap();
        let expected = fs::read(folder.join(&case).join("expected.json")).unwrap();
        let expected: Expected = serde_json::from_slice(&expected).unwrap();
        let import = dotenv::read(&input).unwrap();
        let values: BTreeMap<String, String> = import
            .entries
            .iter()
            .map(|e| (e.name.clone(), e.value.expose_str().unwrap().to_owned()))
            .collect();
        assert_eq!(values, expected.values, "{case}");
        let warnings: Vec<String> =
            import.warnings.iter().map(|w| format!("{} {:?}", w.line, w.kind)).collect();
        assert_eq!(warnings, expected.warnings, "{case}");
    }
}

fn read(name: &str, input: &[u8]) -> Result<ImportedText, TextError> {
    match Path::new(name).extension().and_then(|e| e.to_str()) {
        Some("env") => dotenv::read(input),
        Some("json") => json::read(input),
        Some("yaml") => yaml::read(input),
        other => panic!("{other:?} is no format"),
    }
}

#[test]
fn every_malformed_fixture_gives_its_error() {
    let folder = fixtures("malformed/text");
    let expected = fs::read(folder.join("expected.json")).unwrap();
    let expected: BTreeMap<String, String> = serde_json::from_slice(&expected).unwrap();
    let found: Vec<String> =
        names(&folder).into_iter().filter(|name| name != "expected.json").collect();
    assert_eq!(found, expected.keys().cloned().collect::<Vec<_>>());
    for (name, error) in expected {
        let input = fs::read(folder.join(&name)).unwrap();
        assert_eq!(read(&name, &input).unwrap_err().to_string(), error, "{name}");
    }
}

#[cfg(unix)]
mod shell {
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Command;
    use v_secure_core::convert::text::{dotenv, shell};
    use v_secure_core::secret_value::SecretValue;

    /// What `shell` has in `A` after it evaluates the export, or `None` where there is no such
    /// shell.
    fn evaluated(shell: &str, value: &[u8]) -> Option<Vec<u8>> {
        let value = SecretValue::new(value.to_vec());
        let next = SecretValue::from("next".to_owned());
        let exported = shell::write(&[("A", &value), ("B", &next)]).unwrap();
        let output = Command::new(shell)
            .args(["-c", "eval \"$EXPORTED\"; [ \"$B\" = next ] && printenv A"])
            .env("EXPORTED", OsStr::from_bytes(exported.expose()))
            .output()
            .ok()?;
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        output.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec)
    }

    #[test]
    fn shells_read_back_hostile_values() {
        for shell in ["sh", "bash"] {
            for value in [
                b"".as_slice(),
                b"it's",
                b"'",
                b"''",
                b"'; touch /tmp/x; '",
                b"$(id) `id` ${HOME} $HOME",
                b"a\nb\n\n",
                b"\\ \\n \\'",
                b"!history",
                b"-n",
                b"\xff\xfe\x01\r\t",
                "é😀".as_bytes(),
            ] {
                let found = evaluated(shell, value);
                let absent = found.is_none() && shell == "bash";
                assert!(absent || found.as_deref() == Some(value), "{shell}: {value:?}");
            }
        }
    }

    /// What a shell has in `A` after it has sourced a dotenv export; `None` for what is not written.
    fn sourced(folder: &std::path::Path, value: &[u8]) -> Option<Vec<u8>> {
        let exported = dotenv::write(&[("A", &SecretValue::new(value.to_vec()))]).ok()?;
        std::fs::write(folder.join("a.env"), exported.expose()).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "set -a; . ./a.env; printenv A"]).current_dir(folder);
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{value:?}: {output:?}");
        output.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec)
    }

    #[test]
    fn a_dotenv_export_means_the_same_where_it_is_sourced() {
        let folder = tempfile::tempdir().unwrap();
        for (value, is_written) in [
            ("", true),
            ("$(touch ran) `touch ran` $HOME", true),
            ("it's\ntwo lines", true),
            ("a=~/b:~", true),
            ("it's $(touch ran)", false),
            ("it's `touch ran`", false),
            ("it's $HOME", false),
            ("'\"$(touch ran)", false),
            ("'a' \"b\"; touch ran", false),
            ("crlf\r\n", false),
        ] {
            let found = sourced(folder.path(), value.as_bytes());
            assert_eq!(found.is_some(), is_written, "{value:?}");
            assert!(found.is_none_or(|found| found == value.as_bytes()), "{value:?}");
        }
        assert!(!folder.path().join("ran").exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_dotenv_carries_a_shell_reads_alike(value in "[ a'\"`$()\\\\{}#~!;&|<>*?\n\r\t=]{0,8}") {
            let folder = tempfile::tempdir().unwrap();
            let found = sourced(folder.path(), value.as_bytes());
            prop_assert!(found.is_none_or(|found| found == value.as_bytes()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sh_reads_back_any_bytes(value in prop::collection::vec(1u8.., 0..40)) {
            prop_assert_eq!(evaluated("sh", &value), Some(value));
        }
    }
}
