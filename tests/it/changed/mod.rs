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

/// What git prints, which must succeed.
#[track_caller]
fn said(repository: &Repository, arguments: &[&str]) -> String {
    let output: Output = repository.git_in(&repository.root(), arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
