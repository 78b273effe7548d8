//! `action.yml` and the GitLab template: their steps are read from the files and run by a shell, with
//! the variables that the service would set.

#![cfg(unix)]

use std::fs;
use std::process::Output;
use v_secure_testkit::binary;
use v_secure_testkit::executable;
use v_secure_testkit::runner::{gitlab_in, passes, runner, step, text, yaml};
use v_secure_testkit::scene;
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

const PLANTED: &str = "planted-value-7319";

/// A repository with a vault on main, a service's key, and a further commit.
fn project() -> Stage {
    let stage = Stage::new();
    stage.ok("git init --quiet -b main && git commit --quiet --allow-empty -m first");
    stage.ok("v-secure init --vault-name shop --member admin");
    stage.ok(&format!("printf {PLANTED} | v-secure set prod/API_TOKEN"));
    stage.ok("v-secure member add ci --service --new-identity --read 'prod/*' > ../ci.txt");
    stage.ok(
        "git add . && git commit --quiet -m vault && git update-ref refs/remotes/origin/main main",
    );
    stage.ok("printf other | v-secure set prod/OTHER && git commit --quiet -am other");
    stage
}

#[test]
fn the_actions_expressions_stand_in_variables_and_conditions_alone() {
    let action = yaml("action.yml");
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(step["shell"], "bash");
        for (variable, value) in step["env"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            assert!(value.starts_with("${{ ") && value.ends_with(" }}"), "{variable}: {value}");
        }
    }
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
}

/// A tag is whatever its owner makes of it tomorrow. Ours has no hash before there is a release.
#[test]
fn actions_are_named_by_the_hash_of_a_commit() {
    let files = ["README.md", "action.yml"].map(scene::repository).into_iter();
    let folders = [".github/workflows", "docs"].map(scene::repository).into_iter();
    let more = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files.chain(more.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    let mut pinned = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().filter_map(|line| line.split_once("uses: ")) {
            let (action, rest) = line.1.split_once('@').unwrap();
            let (hash, comment) = rest.split_once(" # ").unwrap_or((rest, ""));
            if (action, hash) == ("OWNER/v-secure", "REVISION") {
                continue;
            }
            let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && comment.starts_with('v'), "{}: {}", file.display(), line.1);
            pinned += 1;
        }
    }
    assert!(pinned >= 8, "{pinned}");
}

#[test]
fn the_action_verifies_against_what_was_there_before() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let verify = |inputs: &[(&str, &str)]| step(&stage, "Verify the vault", inputs);
    passes(&verify(&[]));
    passes(&verify(&[("github.base_ref", "main")]));
    let before = stage.ok("git rev-parse HEAD~1");
    passes(&verify(&[("github.event.before", &before)]));
    passes(&verify(&[("github.event.before", &"0".repeat(40))]));
    // The first commit has no vault yet.
    passes(&verify(&[("base", "HEAD~2")]));
    let missing = verify(&[("base", "no-such")]);
    assert_eq!(missing.status.code(), Some(5));
    assert!(text(&missing).contains("fetch-depth"), "{}", text(&missing));
    // A history that lost what the base has.
    stage.ok("cp .v-secure/vault.toml ../new.toml && git checkout --quiet HEAD~1 -- .v-secure/vault.toml");
    let rolled_back = verify(&[("base", "main")]);
    assert_eq!(rolled_back.status.code(), Some(6), "{}", text(&rolled_back));
    let forged = fs::read_to_string(stage.vault()).unwrap().replace("\"admin\"", "\"eve\"");
    fs::write(stage.vault(), forged).unwrap();
    assert_eq!(verify(&[]).status.code(), Some(6));
}

#[test]
fn the_action_exports_masked_and_shows_nothing_else() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let key = fs::read_to_string(stage.path("../ci.txt")).unwrap();
    let inputs = [("identity", key.as_str()), ("environment", "prod"), ("only", "API_TOKEN")];
    let out = passes(&step(&stage, "Export the secrets", &inputs));
    assert!(out.contains(&format!("::add-mask::{PLANTED}")), "{out}");
    let unmasked = out.lines().filter(|line| !line.starts_with("::add-mask::"));
    assert!(unmasked.clone().all(|line| !line.contains(PLANTED)), "{out}");
    assert!(!out.contains("AGE-SECRET-KEY"));
    let env = fs::read_to_string(stage.scene.home().join("env")).unwrap();
    assert!(env.starts_with("API_TOKEN<<") && env.contains(PLANTED), "{env}");
    assert!(!env.contains("OTHER"), "{env}");
    let refused = step(&stage, "Export the secrets", &[("environment", "prod")]);
    assert_ne!(refused.status.code(), Some(0));
    assert!(!text(&refused).contains(PLANTED));
}

#[test]
fn the_action_installs_only_the_archive_that_was_named() {
    if !tools::has("git") || !tools::has("curl") {
        return;
    }
    let stage = project();
    let folder = stage.scene.home().join("release");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(binary(), folder.join("v-secure")).unwrap();
    stage.ok("tar -C ../home/release -czf ../home/release.tar.gz v-secure");
    let sum = stage.ok("sha256sum ../home/release.tar.gz | cut -d' ' -f1");
    let url = format!("file://{}", stage.scene.home().join("release.tar.gz").display());
    let install = |sum: &str| {
        let inputs = [("install", "release"), ("release-url", &url), ("release-sha256", sum)];
        step(&stage, "Install v-secure", &inputs)
    };
    assert_ne!(install("").status.code(), Some(0));
    assert_ne!(install(&"0".repeat(64)).status.code(), Some(0));
    assert!(!stage.scene.home().join("temp/v-secure/bin/v-secure").exists());
    let out = passes(&install(&sum));
    assert!(out.contains(concat!("v-secure ", env!("CARGO_PKG_VERSION"))), "{out}");
    let path = fs::read_to_string(stage.scene.home().join("path")).unwrap();
    assert!(path.trim_end().ends_with("temp/v-secure/bin"), "{path}");
    assert_eq!(step(&stage, "Install v-secure", &[("install", "bogus")]).status.code(), Some(2));
    passes(&step(&stage, "Install v-secure", &[("install", "none")]));
}

#[test]
fn the_action_builds_its_own_revision_with_the_locked_dependencies() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    // A cargo that writes down how it was called, and installs what is built already.
    let fake = stage.scene.home().join("fake");
    fs::create_dir_all(&fake).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@\" > {0}/called\ncp {1} {2}/temp/v-secure/bin/\n",
        fake.display(),
        binary(),
        stage.scene.home().display()
    );
    executable::script(&fake.join("cargo"), &script);
    let action = yaml("action.yml");
    let script = action["runs"]["steps"][0]["run"].as_str().unwrap();
    let mut command = runner(&stage, script);
    let path = format!("{}:{}", fake.display(), std::env::var("PATH").unwrap_or_default());
    command.env("INSTALL", "source").env("GITHUB_ACTION_PATH", "/action").env("PATH", path);
    passes(&command.output().unwrap());
    let called = fs::read_to_string(fake.join("called")).unwrap();
    assert!(called.contains("install --quiet --locked --path /action"), "{called}");
}

/// The GitLab job in the project's folder.
fn gitlab(stage: &Stage, variables: &[(&str, &str)]) -> Output {
    gitlab_in(stage, &stage.scene.project(), variables)
}

#[test]
fn the_gitlab_job_verifies_against_what_was_there_before() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let before = stage.ok("git rev-parse HEAD~1");
    let first = stage.ok("git rev-list --max-parents=0 HEAD");
    let zero = "0".repeat(40);
    for (name, value) in [
        ("CI_COMMIT_BEFORE_SHA", before.as_str()),
        ("CI_COMMIT_BEFORE_SHA", &zero),
        ("CI_COMMIT_BEFORE_SHA", &first),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &before),
    ] {
        passes(&gitlab(&stage, &[(name, value)]));
    }
    let gone = gitlab(&stage, &[("CI_COMMIT_BEFORE_SHA", &"1".repeat(40))]);
    assert_eq!(gone.status.code(), Some(5));
    assert!(text(&gone).contains("forced push"), "{}", text(&gone));
    // A name may be a tag's, and so may the front of an id.
    let as_long = format!("main{}", "~0".repeat(18));
    for name in ["main", &as_long, &before[..10]] {
        let refused = gitlab(&stage, &[("CI_COMMIT_BEFORE_SHA", name)]);
        assert_eq!(refused.status.code(), Some(2), "{name}: {}", text(&refused));
    }
    stage.ok("git checkout --quiet HEAD~1 -- .v-secure/vault.toml");
    let head = stage.ok("git rev-parse HEAD");
    let rolled_back = gitlab(&stage, &[("CI_MERGE_REQUEST_DIFF_BASE_SHA", &head)]);
    assert_eq!(rolled_back.status.code(), Some(6), "{}", text(&rolled_back));
}

#[test]
fn the_gitlab_job_fetches_what_a_forced_push_took_away_and_judges_by_the_pin() {
    if !tools::has("git") {
        return;
    }
    let stage = project();
    let (before, first) = (stage.ok("git rev-parse HEAD"), stage.ok("git rev-parse HEAD~2"));
    let pin = stage.ok("v-secure pin show");
    stage.ok("git init --quiet --bare ../origin.git && git remote add origin ../origin.git");
    stage.ok("git push --quiet origin main && git reset --quiet --hard HEAD~1");
    stage.ok("git reflog expire --expire=now --all && git gc --quiet --prune=now");
    let rolled_back = gitlab(&stage, &[("CI_COMMIT_BEFORE_SHA", &before)]);
    assert_eq!(rolled_back.status.code(), Some(6), "{}", text(&rolled_back));
    let none =
        |pin: &str| gitlab(&stage, &[("CI_COMMIT_BEFORE_SHA", &first), ("V_SECURE_PIN", pin)]);
    assert!(!passes(&none(&pin)).contains("warning: there is no earlier vault"));
    assert!(passes(&none("")).contains("warning: there is no earlier vault"));
    stage.ok(
        "rm -rf .v-secure && mkdir ../other && cd ../other && HOME=$PWD v-secure init --member eve",
    );
    stage.ok("cp -r ../other/.v-secure . && git add . && git commit --quiet -m substituted");
    assert_eq!(none(&pin).status.code(), Some(6));
    let early = [
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", first.as_str()),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    assert_eq!(gitlab(&stage, &early).status.code(), Some(6));
    let removed = stage.ok(
        "git checkout --quiet -B apart && git rm --quiet -r --cached .v-secure && git commit --quiet -m removed && git rev-parse HEAD",
    );
    let again = gitlab(&stage, &[("CI_COMMIT_BEFORE_SHA", &removed)]);
    assert_eq!(again.status.code(), Some(6), "{}", text(&again));
    assert!(text(&again).contains("V_SECURE_PIN"), "{}", text(&again));
}
