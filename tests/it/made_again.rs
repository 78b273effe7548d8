//! Changes that were made again on those of others after a conflict: what is said of the entries that
//! they replace, and which command ends it.

#![cfg(unix)]

use std::process::Command;
use v_secure_testkit::person;
use v_secure_testkit::person::{Done, Person, program};
use v_secure_testkit::planted::git;
use v_secure_testkit::tools;

const MISSING: &str = "that was seen here before is missing";
const WAY_OUT: &str = "v-secure pin accept";

/// Her vault, with a branch of hers and one that is published, which both set the same secret.
fn diverged() -> Person {
    let olga = Person::new("olga");
    git(&olga.checkout(), "init --quiet -b main");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    git(&olga.checkout(), "add .");
    commit(&olga);
    git(&olga.checkout(), "branch published");
    olga.set("dev/DB", "mine");
    commit(&olga);
    git(&olga.checkout(), "checkout --quiet published");
    olga.set("dev/DB", "theirs");
    commit(&olga);
    git(&olga.checkout(), "update-ref refs/remotes/origin/main published");
    git(&olga.checkout(), "checkout --quiet main");
    olga
}

fn commit(olga: &Person) {
    git(&olga.checkout(), "commit --quiet -a -m vault");
}

/// A line in a shell, in her checkout.
fn typed(olga: &Person, line: &str) -> Done {
    let mut shell = Command::new("sh");
    let own = olga.command(&[]);
    shell.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let binary = std::path::Path::new(program().get_program()).parent().unwrap().to_owned();
    shell.env("PATH", format!("{}:{}", binary.display(), person::path()));
    shell.env("GIT_EDITOR", "true").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        shell
            .env(format!("GIT_{role}_NAME"), "t")
            .env(format!("GIT_{role}_EMAIL"), "t@example.org");
    }
    shell.args(["-c", line]).current_dir(olga.checkout()).output().unwrap().into()
}

#[test]
fn after_a_rebase_the_base_is_whole_and_what_ends_the_warning_is_named() {
    if !tools::has("git") {
        return;
    }
    let olga = diverged();
    assert_ne!(typed(&olga, "git rebase origin/main").code, 0);
    for line in [
        "git show :3:./.v-secure/vault.toml > other.toml",
        "git checkout --ours -- .v-secure/vault.toml",
        "v-secure get dev/DB --vault other.toml | v-secure set dev/DB",
        "rm other.toml",
        "git add .v-secure && git rebase --continue",
    ] {
        typed(&olga, line).ok();
    }
    for _ in 0..2 {
        let told = olga.run("get dev/DB");
        assert!(told.err.contains(MISSING) && told.err.contains(WAY_OUT), "{told:?}");
        assert_eq!(told.ok(), "mine");
    }
    let compared = olga.run("audit verify --base origin/main");
    assert!(compared.out.contains("pin-heads-missing"), "{compared:?}");
    assert!(compared.err.contains(WAY_OUT) && !compared.err.contains("--base"), "{compared:?}");
    compared.ok();
    let doctor = olga.run("doctor");
    assert!(doctor.out.contains(WAY_OUT), "{doctor:?}");
    let strict = olga.run("get dev/DB --strict");
    assert!(strict.code == 6 && strict.err.contains(WAY_OUT), "{strict:?}");
    let asked = typed(&olga, "v-secure pin accept  # shows what is given up, and asks");
    assert!(asked.code == 1 && asked.err.contains("gives up what these wrote"), "{asked:?}");
    typed(&olga, "v-secure pin accept --yes").ok();
    for line in ["get dev/DB", "get dev/DB --strict", "audit verify --base origin/main"] {
        let done = olga.run(line);
        assert!(!done.err.contains("missing") && !done.out.contains("missing"), "{done:?}");
        done.ok();
    }
    olga.set("dev/DB", "next");
    assert_eq!(olga.run("get dev/DB").err, "");
}

/// In the middle of the steps each of them finds the same: it is said by the first, and by what is asked
/// about it. A refusal stays one, and what is over when the rebase is over warns again.
#[test]
fn in_the_middle_of_a_rebase_what_is_missing_is_said_once() {
    if !tools::has("git") {
        return;
    }
    let olga = diverged();
    assert_ne!(typed(&olga, "git rebase origin/main").code, 0);
    typed(&olga, "git checkout --ours -- .v-secure/vault.toml").ok();
    assert!(olga.run("get dev/DB").err.contains(MISSING));
    for line in ["get dev/DB", "ls", "set dev/NEW --generate", "get dev/DB"] {
        let done = olga.run(line);
        assert!(done.code == 0 && !done.err.contains(MISSING), "{line}: {done:?}");
    }
    for _ in 0..2 {
        assert!(olga.run("pin show").err.contains(MISSING));
        assert!(olga.run("doctor").out.contains(MISSING));
        assert!(olga.run("audit verify").out.contains("pin-heads-missing"));
        assert_eq!(olga.run("get dev/DB --strict").code, 6);
        assert!(!olga.run("get dev/DB").err.contains(MISSING));
    }
    typed(&olga, "git add .v-secure && git rebase --continue").ok();
    for _ in 0..2 {
        assert!(olga.run("get dev/DB").err.contains(MISSING));
    }
    let asked = olga.run("pin accept");
    let same = "the same policy as was accepted; 0 log entries are new here, 1 is missing";
    assert!(asked.err.contains(same) && !asked.err.contains("accepted  "), "{asked:?}");
}

#[test]
fn what_a_merge_left_out_is_named_with_who_signed_it_and_the_commit_to_rebase_on() {
    if !tools::has("git") {
        return;
    }
    let olga = diverged();
    typed(&olga, "git merge origin/main");
    for line in [
        "git checkout --ours -- .v-secure/vault.toml",
        "git add .v-secure && git commit --quiet --no-verify -m merged",
    ] {
        typed(&olga, line).ok();
    }
    let base = typed(&olga, "git rev-parse origin/main").ok();
    for base in ["origin/main", base.trim()] {
        let refused = olga.run(&format!("audit verify --base {base}"));
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(refused.out.contains("base-entry-missing"), "{refused:?}");
        assert!(refused.out.contains("by olga (device olga-laptop"), "{refused:?}");
        assert!(refused.err.contains(&format!("try: git rebase {base}  #")), "{refused:?}");
    }
    typed(&olga, "git show origin/main:.v-secure/vault.toml > base.toml").ok();
    let file = olga.run("audit verify --base base.toml");
    assert!(file.code == 6 && !file.err.contains("git rebase"), "{file:?}");
}
