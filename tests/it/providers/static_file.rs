//! `static-file.sh`: two values at a time, fenced.

use super::{checks, example, failed, folder, tried};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;
use v_secure_rotation::command::{Checked, CommandProvider, Target};
use v_secure_rotation::contract::{Call, CallError, Credential, Provider, State, Verb};
use v_secure_testkit::cli::Cli;

struct Service {
    folder: TempDir,
    program: PathBuf,
}

impl Service {
    fn new() -> Option<Self> {
        let folder = folder()?;
        let program = example(folder.path(), "static-file.sh");
        Some(Self { folder, program })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("accepted")
    }

    fn accepted(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// `(version, value)`, and `base` likewise.
    fn ask(
        &self,
        verb: Verb,
        (id, value): (u8, &str),
        base: Option<u8>,
        is_forced: bool,
    ) -> Result<Option<State>, CallError> {
        let target = Target {
            name: Name::new("file").unwrap(),
            endpoint: Some(self.file().to_str().unwrap().to_owned()),
            admin: None,
            deadline: std::time::Duration::from_secs(60),
        };
        let program = Checked::as_it_is(&self.program).unwrap();
        let provider = CommandProvider::new(program, target, &v_secure::host::real::RealHost);
        let secret = SecretName::parse("prod/SHOP").unwrap();
        let (id, value) = (ObjectId([id; 32]), SecretValue::from(value.to_owned()));
        let (old, none) =
            (base.map(|base| ObjectId([base; 32])), SecretValue::from("x".to_owned()));
        let call = Call {
            rotation: Some(&RotationId([9; 16])),
            base: old.as_ref().map(|id| Credential { id, value: &none }),
            credential: Some(Credential { id: &id, value: &value }),
            is_forced,
            ..Call::new(verb, &secret)
        };
        provider.call(&call).map(|answer| answer.state)
    }

    fn set(&self, version: u8, value: &str, base: Option<u8>) -> Result<(), CallError> {
        self.ask(Verb::Set, (version, value), base, false).map(drop)
    }
}

#[test]
fn it_keeps_the_contract_and_leaves_nothing() {
    let Some(service) = Service::new() else { return };
    let cli = Cli::with_vault();
    let endpoint = service.file();
    let run = tried(&cli, &service.program, &["--endpoint", endpoint.to_str().unwrap()], b"");
    assert_eq!((run.code, failed(&run)), (0, vec![]), "{run:?}");
    for check in [
        "two at a time passed",
        "a wrong base is fenced passed",
        "what was revoked is fenced passed",
        "finish skipped",
    ] {
        assert!(checks(&run).iter().any(|found| found == check), "{check}");
    }
    assert_eq!(service.accepted(), [""; 0]);
}

#[test]
fn a_stale_clone_overwrites_nothing() {
    let Some(service) = Service::new() else { return };
    service.set(1, "one", None).unwrap();
    service.set(2, "two", Some(1)).unwrap();
    let late = service.set(3, "late", Some(1));
    assert!(matches!(late, Err(CallError::Fenced { .. })), "{late:?}");
    assert_eq!(service.accepted(), ["one", "two"]);
    let third = service.set(3, "three", Some(2));
    assert!(matches!(third, Err(CallError::Refused { .. })), "{third:?}");
    service.ask(Verb::Revoke, (1, "one"), None, false).unwrap();
    service.set(3, "three", Some(2)).unwrap();
    // It is given up: the next one begins on what was there.
    service.ask(Verb::Revoke, (3, "three"), None, false).unwrap();
    service.set(4, "four", Some(2)).unwrap();
    service.ask(Verb::Revoke, (2, "two"), None, false).unwrap();
    service.ask(Verb::Set, (9, "nine"), Some(7), true).unwrap();
    assert_eq!(service.accepted(), ["four", "nine"]);
}

#[test]
fn what_was_revoked_is_set_again_by_force_alone() {
    let Some(service) = Service::new() else { return };
    service.set(1, "one", None).unwrap();
    // The third was given up before anybody set it.
    for (version, value, is_set) in [(2, "two", true), (3, "three", false)] {
        if is_set {
            service.set(version, value, Some(1)).unwrap();
        }
        service.ask(Verb::Revoke, (version, value), Some(1), false).unwrap();
        let late = service.set(version, value, Some(1));
        assert!(matches!(late, Err(CallError::Fenced { .. })), "{late:?}");
        assert_eq!(service.accepted(), ["one"]);
    }
    service.ask(Verb::Set, (2, "two"), None, true).unwrap();
    assert_eq!(service.accepted(), ["one", "two"]);
    service.set(2, "two", Some(1)).unwrap();
    service.set(1, "one", Some(2)).unwrap();
}

#[test]
fn what_it_cannot_read_is_refused() {
    let Some(service) = Service::new() else { return };
    for value in ["a\"b", "a\\b", "two\nlines", r#"","verb":"revoke"#] {
        let refused = service.set(1, value, None);
        assert!(matches!(refused, Err(CallError::Refused { .. })), "{value}: {refused:?}");
    }
    assert!(!Path::new(&service.file()).exists());
    service.set(1, "verb:revoke, {'ok'} $(id) %41 *", None).unwrap();
    assert_eq!(service.accepted(), ["verb:revoke, {'ok'} $(id) %41 *"]);
    let state = service.ask(Verb::Validate, (1, "verb"), None, false).unwrap();
    assert_eq!(state, Some(State::Inactive), "a part of a value is none");
}
