//! What the verify step of `action.yml` and the job of the GitLab template compare with, and what they say
//! where they cannot: repositories with a remote, and checkouts of it as a runner makes them.

#![cfg(unix)]

mod parted;

use std::fs;
use std::process::Output;
use v_secure_testkit::binary;
use v_secure_testkit::executable;
use v_secure_testkit::runner;
use v_secure_testkit::runner::{gitlab_in, passes, step_in, text};
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

const WARNING: &str = "::warning title=v-secure::";
const HISTORY: &str = "fetch-depth: 0";
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// A team's repository, in which `main` is a first commit, one with a vault, and one with a further secret.
struct Team {
    stage: Stage,
}

impl Team {
    fn new() -> Self {
        let team = Self { stage: Stage::new() };
        team.ok("git init --quiet --bare -b main ../origin.git");
        team.ok("git init --quiet -b main && git commit --quiet --allow-empty -m first && git tag first");
        team.ok("git remote add origin ../origin.git");
        team.ok("v-secure init --vault-name shop --member admin");
        team.ok("v-secure member add ci --service --new-identity --read 'prod/*' > ../ci.txt");
        team.ok("git add . && git commit --quiet -m vault && git tag vault");
        team.set("ONE");
        team.ok("git tag one && git push --quiet origin main");
        team
    }

    #[track_caller]
    fn ok(&self, line: &str) -> String {
        self.stage.ok(line)
    }

    #[track_caller]
    fn set(&self, name: &str) {
        self.ok(&format!(
            "printf x | v-secure set prod/{name} && git add . && git commit --quiet -m {name}"
        ));
    }

    /// Puts a vault of somebody else's in place of what is there, sealed to whomever it likes.
    fn substitute(&self) {
        self.ok("mkdir -p ../other && cd ../other && rm -rf .v-secure && HOME=$PWD v-secure init --vault-name shop --member eve");
        self.ok("rm -rf .v-secure && cp -r ../other/.v-secure . && git add . && git commit --quiet -m substituted");
    }

    fn hash(&self, revision: &str) -> String {
        self.ok(&format!("git rev-parse '{revision}^{{commit}}'"))
    }

    fn pin(&self) -> String {
        self.ok("v-secure pin show")
    }

    /// A checkout of what the remote has, as `fetch-depth: 0` makes it; `options` are for git clone.
    #[track_caller]
    fn checkout(&self, revision: &str, options: &str) {
        self.ok(&format!(
            "rm -rf ../job && git clone --quiet {options} file://$PWD/../origin.git ../job && \
             cd ../job && git checkout --quiet --detach {revision}"
        ));
    }

    /// The step in that checkout, with what the event and the workflow say.
    fn verify(&self, given: &[(&str, &str)]) -> Output {
        step_in(&self.stage, &self.stage.path("../job"), "Verify the vault", given)
    }

    fn pushed(&self, before: &str, given: &[(&str, &str)]) -> Output {
        self.verify(&[&[("github.event.before", before)], given].concat())
    }

    fn requested(&self, given: &[(&str, &str)]) -> Output {
        self.verify(&[&[("github.base_ref", "main")], given].concat())
    }

    /// GitLab's job in that checkout, after a push.
    fn gitlab_pushed(&self, before: &str, pin: &str) -> Output {
        let given = [("CI_COMMIT_BEFORE_SHA", before), ("V_SECURE_PIN", pin)];
        gitlab_in(&self.stage, &self.stage.path("../job"), &given)
    }

    /// The same for a merge request, with the one commit that GitLab names.
    fn gitlab_requested(&self, base: &str, more: &[(&str, &str)]) -> Output {
        let given = [
            ("CI_COMMIT_BEFORE_SHA", NO_COMMIT),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
            ("CI_PROJECT_ID", "1"),
        ];
        gitlab_in(&self.stage, &self.stage.path("../job"), &[&given[..], more].concat())
    }
}

#[track_caller]
fn fails(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", text(output));
    text(output)
}

fn team() -> Option<Team> {
    tools::has("git").then(Team::new)
}

#[test]
fn a_first_vault_passes_and_without_a_pin_it_is_said_that_nothing_vouches_for_it() {
    let Some(team) = team() else { return };
    team.checkout(&team.hash("vault"), "");
    let first = team.hash("first");
    let key = fs::read_to_string(team.stage.path("../ci.txt")).unwrap();
    for before in [first.as_str(), NO_COMMIT, ""] {
        assert!(passes(&team.pushed(before, &[])).contains(WARNING), "{before}");
        for given in [("pin", team.pin()), ("identity", key.clone())] {
            let said = passes(&team.pushed(before, &[(given.0, &given.1)]));
            assert!(!said.contains(WARNING), "{said}");
        }
        let bare: String = key.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(passes(&team.pushed(before, &[("identity", &bare)])).contains(WARNING));
    }
    let broken = fails(&team.pushed(&first, &[("pin", "v-secure-pin-1.x")]), 6);
    assert!(broken.contains("V_SECURE_PIN"), "{broken}");
}

#[test]
fn a_substituted_vault_does_not_pass_the_pin_where_the_base_has_none() {
    let Some(team) = team() else { return };
    let (pin, key) = (team.pin(), fs::read_to_string(team.stage.path("../ci.txt")).unwrap());
    team.ok("git checkout --quiet -b early first");
    team.substitute();
    team.ok("git push --quiet origin early");
    team.checkout("origin/early", "");
    for before in [team.hash("first").as_str(), NO_COMMIT] {
        fails(&team.pushed(before, &[("pin", &pin)]), 6);
        fails(&team.pushed(before, &[("identity", &key)]), 6);
        assert!(passes(&team.pushed(before, &[])).contains(WARNING));
    }
    // A pull request that begins before the vault is judged by what its target has.
    fails(&team.requested(&[]), 6);
    fails(&team.requested(&[("pin", &pin)]), 6);
    // The base of one's own that has a vault needs no pin.
    fails(&team.verify(&[("base", "origin/main")]), 6);
}

#[test]
fn a_vault_that_was_removed_first_is_not_followed_by_another_one_without_a_pin() {
    let Some(team) = team() else { return };
    let old = team.pin();
    team.ok("git rm --quiet -r .v-secure && git commit --quiet -m removed && git tag removed");
    team.substitute();
    let new = team.ok("HOME=$PWD/../other v-secure pin show");
    team.ok("git push --quiet origin main");
    team.checkout("origin/main", "");
    let before = team.hash("removed");
    let said = fails(&team.pushed(&before, &[]), 6);
    assert!(said.contains(&before) && said.contains("input pin"), "{said}");
    fails(&team.pushed(&before, &[("pin", &old)]), 6);
    passes(&team.pushed(&before, &[("pin", &new)]));
    // A clone that does not reach back to it cannot tell.
    team.checkout("HEAD", "--depth=1");
    let said = fails(&team.pushed(&before, &[]), 5);
    assert!(said.contains(HISTORY) && said.contains("input pin"), "{said}");
    fails(&team.pushed(&before, &[("pin", &old)]), 6);
    passes(&team.pushed(&before, &[("pin", &new)]));
    fails(&team.verify(&[("base", &before)]), 5);
    fails(&team.verify(&[("github.event.merge_group.base_sha", &before)]), 5);
    // The commit itself has none to verify.
    team.checkout(&before, "");
    assert!(!team.pushed(&team.hash("one"), &[]).status.success());
}

#[test]
fn gitlabs_job_does_not_let_another_vault_follow_either() {
    let Some(team) = team() else { return };
    let old = team.pin();
    team.ok("git rm --quiet -r .v-secure && git commit --quiet -m removed && git tag removed");
    team.substitute();
    let new = team.ok("HOME=$PWD/../other v-secure pin show");
    team.ok("git push --quiet origin main");
    let before = team.hash("removed");
    for (options, code, way) in [("", 6, "V_SECURE_PIN"), ("--depth=1", 5, "GIT_DEPTH: 0")] {
        team.checkout("HEAD", options);
        let said = fails(&team.gitlab_pushed(&before, ""), code);
        assert!(said.contains(way) && said.contains("V_SECURE_PIN"), "{said}");
        fails(&team.gitlab_pushed(&before, &old), 6);
        passes(&team.gitlab_pushed(&before, &new));
    }
}

/// It looks like one that was removed and made anew.
#[test]
fn a_first_vault_in_a_shallow_checkout_needs_a_pin() {
    let Some(team) = team() else { return };
    let (first, pin) = (team.hash("first"), team.pin());
    team.ok("git push --quiet --force origin vault:main");
    team.checkout("HEAD", "--depth=1");
    assert!(fails(&team.pushed(&first, &[]), 5).contains(HISTORY));
    passes(&team.pushed(&first, &[("pin", &pin)]));
    fails(&team.gitlab_pushed(&first, ""), 5);
    passes(&team.gitlab_pushed(&first, &pin));
    // Where nothing was before nothing is missing.
    assert!(passes(&team.pushed(NO_COMMIT, &[])).contains(WARNING));
    passes(&team.gitlab_pushed(NO_COMMIT, ""));
}

#[test]
fn a_vault_in_a_folder_above_does_not_stand_in_for_one_that_was_removed() {
    let Some(team) = team() else { return };
    team.ok("mkdir app && cp -r .v-secure app && git add . && git commit --quiet -m app");
    let before = team.hash("HEAD");
    team.ok("git rm --quiet -r app && mkdir -p app && touch app/file && git add . && git commit --quiet -m removed && git push --quiet origin main");
    team.checkout("origin/main", "");
    let app = team.stage.path("../job/app");
    let run = |before: &str| {
        step_in(&team.stage, &app, "Verify the vault", &[("github.event.before", before)])
    };
    assert!(!run(&before).status.success());
    assert!(!run(NO_COMMIT).status.success());
}

#[test]
fn a_push_is_compared_with_what_was_there_before() {
    let Some(team) = team() else { return };
    team.checkout("origin/main", "");
    let said = passes(&team.pushed(&team.hash("vault"), &[]));
    assert!(!said.contains(WARNING), "{said}");
    // Undone by a commit on top.
    team.ok("git checkout --quiet vault -- .v-secure && git commit --quiet -m undo && git push --quiet origin main");
    team.checkout("origin/main", "");
    fails(&team.pushed(&team.hash("one"), &[]), 6);
    fails(&team.verify(&[("github.event.merge_group.base_sha", &team.hash("one"))]), 6);
    fails(&team.verify(&[("base", "origin/main~1")]), 6);
}

/// Moves `main` of the remote back to its commit `vault`, and on to another one, with or without the secret.
fn force_push(team: &Team, with_secret: bool) -> String {
    let before = team.hash("one");
    team.ok("git tag --delete one && git checkout --quiet -B main vault");
    if with_secret {
        team.ok(&format!("git checkout --quiet {before} -- .v-secure"));
    }
    team.ok("git commit --quiet --allow-empty -m again && git push --quiet --force origin main");
    before
}

#[test]
fn a_force_push_is_compared_with_the_commit_that_it_took_away() {
    for (with_secret, code) in [(true, 0), (false, 6)] {
        let Some(team) = team() else { return };
        let before = force_push(&team, with_secret);
        for (options, shallow) in [("", "false"), ("--depth=1", "true")] {
            team.checkout("HEAD", options);
            team.ok(&format!("cd ../job && ! git cat-file -e {before} 2>/dev/null"));
            fails(&team.pushed(&before, &[("github.event.forced", "true")]), code);
            // What is brought does not make a whole history a part of one.
            assert_eq!(team.ok("cd ../job && git rev-parse --is-shallow-repository"), shallow);
        }
    }
}

#[test]
fn a_force_push_whose_commit_is_gone_is_called_one() {
    let Some(team) = team() else { return };
    let before = force_push(&team, false);
    team.ok("git --git-dir ../origin.git reflog expire --expire=now --all && git --git-dir ../origin.git gc --quiet --prune=now");
    for (options, forced) in [("", "true"), ("", "false"), ("--depth=1", "true")] {
        team.checkout("HEAD", options);
        let said = fails(&team.pushed(&before, &[("github.event.forced", forced)]), 5);
        assert!(said.contains("force push") && said.contains(&before), "{said}");
        assert!(said.contains("input base") && !said.contains(HISTORY), "{said}");
    }
    // The way that is named.
    team.checkout("HEAD", "");
    passes(&team.pushed(&before, &[("base", "origin/main~1")]));
}

#[test]
fn a_shallow_checkout_brings_what_it_lacks_or_says_what_it_needs() {
    let Some(team) = team() else { return };
    team.checkout("HEAD", "--depth=1");
    passes(&team.pushed(&team.hash("vault"), &[]));
    team.checkout("HEAD", "--depth=1");
    let said = fails(&team.pushed(&"1".repeat(40), &[("github.event.forced", "false")]), 5);
    assert!(said.contains(HISTORY) && !said.contains("force push"), "{said}");
    assert!(fails(&team.requested(&[]), 5).contains(HISTORY));
    assert!(fails(&team.verify(&[("base", "no-such")]), 5).contains(HISTORY));
}

#[test]
fn no_program_of_the_step_is_given_the_key() {
    let Some(team) = team() else { return };
    team.checkout("origin/main", "");
    let key = fs::read_to_string(team.stage.path("../ci.txt")).unwrap();
    let folder = team.stage.path("../spy");
    fs::create_dir(&folder).unwrap();
    let git = team.ok("command -v git");
    for (name, program) in [("git", git.as_str()), ("v-secure", binary())] {
        let script =
            format!("#!/bin/sh\nenv >> {}/seen\nexec {program} \"$@\"\n", folder.display());
        executable::script(&folder.join(name), &script);
    }
    let before = team.hash("vault");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let given = [("github.event.before", before.as_str()), ("identity", key.as_str())];
    let mut command =
        runner::prepared(&team.stage, &team.stage.path("../job"), "Verify the vault", &given);
    passes(&command.env("PATH", path).output().unwrap());
    let seen = fs::read_to_string(folder.join("seen")).unwrap();
    assert!(
        seen.contains("V_SECURE_PIN=v-secure-pin-1.") && !seen.contains("AGE-SECRET-KEY"),
        "{seen}"
    );
}
