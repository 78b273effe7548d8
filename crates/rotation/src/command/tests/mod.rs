//! Programs of all kinds, as shell scripts: what they say, how they end, and what they see.
#![cfg(unix)]

mod answers;
mod endings;
mod sees;
mod trust;

use super::{Checked, CommandProvider, Target};
use crate::contract::{Answer, Call, CallError, Credential, Provider, Verb};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::host::Clock;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

const VALUE: &str = "correct-horse-battery-staple";
const ADMIN: &str = "admin/pass\"word";

struct At(u64);

impl Clock for At {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0)
    }

    fn pause(&self, _: Duration) {}
}

/// A folder that nobody else writes, up to the root. `/tmp` is none, so it is in the user's home, or beside what is
/// built; `None`, with a word, where neither is one.
pub(super) fn folder() -> Option<TempDir> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let places = std::env::var_os("HOME").map(PathBuf::from).into_iter().chain([built]);
    for place in places.filter_map(|place| place.canonicalize().ok()) {
        let Ok(folder) = tempfile::Builder::new().prefix(".v-secure-test-").tempdir_in(place)
        else {
            continue;
        };
        let probe = folder.path().join("probe");
        script(&probe, "");
        if Checked::as_it_is(&probe).is_ok() {
            return Some(folder);
        }
    }
    let line = b"skipped: others can write the home folder, and the folder of this project\n";
    std::io::stderr().write_all(line).unwrap();
    None
}

/// Another process writes it: a file that is open for writing here could not be started.
pub(super) fn script(path: &Path, text: &str) {
    let mut sh = Command::new("sh");
    sh.args(["-c", "umask 022; cat > \"$1\" && chmod 755 \"$1\"", "sh"]).arg(path);
    let mut sh = sh.stdin(Stdio::piped()).spawn().unwrap();
    sh.stdin.take().unwrap().write_all(format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    assert!(sh.wait().unwrap().success());
}

fn target(deadline: Duration) -> Target {
    Target {
        name: Name::new("db").unwrap(),
        endpoint: None,
        admin: Some(SecretValue::from(ADMIN.to_owned())),
        deadline,
    }
}

/// Asks a script for one thing.
pub(super) fn ask(verb: Verb, text: &str) -> Option<Result<Answer, CallError>> {
    ask_within(Duration::from_secs(60), verb, text)
}

pub(super) fn ask_within(
    deadline: Duration,
    verb: Verb,
    text: &str,
) -> Option<Result<Answer, CallError>> {
    let folder = folder()?;
    let path = folder.path().join("provider");
    script(&path, text);
    Some(call(&Checked::as_it_is(&path).unwrap(), deadline, verb))
}

pub(super) fn call(program: &Checked, deadline: Duration, verb: Verb) -> Result<Answer, CallError> {
    let clock = At(1_000);
    let provider = CommandProvider::new(program.clone(), target(deadline), &clock);
    let (secret, id) = (SecretName::parse("prod/DB").unwrap(), ObjectId([7; 32]));
    let value = SecretValue::from(VALUE.to_owned());
    let credential = Some(Credential { id: &id, value: &value });
    provider.call(&Call { credential, ..Call::new(verb, &secret) })
}

/// The kind of a failure, and its words.
pub(super) fn told(result: Result<Answer, CallError>) -> (&'static str, String) {
    match result {
        Ok(answer) => ("ok", answer.why.unwrap_or_default()),
        Err(CallError::Again { why }) => ("again", why),
        Err(CallError::Refused { why }) => ("refused", why),
        Err(CallError::Fenced { why }) => ("fenced", why),
        Err(CallError::Unclear { why }) => ("unclear", why),
        Err(CallError::Untrusted { why }) => ("untrusted", why),
        Err(CallError::NotThere { verb }) => ("not there", verb.to_string()),
    }
}
