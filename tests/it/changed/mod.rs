//! What changed between two states: in git's own listings, in `diff`, and for whoever reviews a pull request.

mod between;
mod reveal;
mod reviewed;
mod shown;

use std::process::Output;
use v_secure_testkit::repository::Repository;

/// A repository whose clone knows how vaults are merged and shown.
fn repository() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.0.ok("git install");
    repository.git(&["add", ".v-secure"]);
    repository.commit("told");
    Some(repository)
}

/// The file with another signature of its last entry.
fn badly_signed(sound: &str) -> String {
    let at = sound.rfind("\"sig\":\"").unwrap() + "\"sig\":\"".len();
    let other = if sound[at..].starts_with('A') { "B" } else { "A" };
    format!("{}{other}{}", &sound[..at], &sound[at + 1..])
}

/// What git prints, which must succeed.
#[track_caller]
fn said(repository: &Repository, arguments: &[&str]) -> String {
    let output: Output = repository.git_in(&repository.root(), arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
