//! Changes that were thrown away before anybody else had them: what is said of them, which command
//! leads out, and that no roll-back of what was committed is taken for one.

#![cfg(unix)]

use v_secure_testkit::person::{Done, Person};
use v_secure_testkit::planted::{git, run_in};
use v_secure_testkit::tools;

const DISCARDED: &str = "a change that was discarded";
const WAY_OUT: &str = "v-secure pin accept";

/// Her committed vault.
fn committed() -> Person {
    let olga = Person::new("olga");
    git(&olga.checkout(), "init --quiet -b main");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    olga.run("role create developer --grant read,write:dev/*").ok();
    git(&olga.checkout(), "add .");
    commit(&olga);
    olga
}

fn commit(olga: &Person) {
    git(&olga.checkout(), "commit --quiet -a -m vault");
}

fn discard(olga: &Person) {
    git(&olga.checkout(), "checkout --quiet HEAD -- .v-secure");
}

/// Another owner, who has the vault as it is.
fn colleague(olga: &Person) -> Person {
    let rex = Person::new("rex");
    rex.pull(olga);
    let line = rex.run("member request --json").json();
    let line = line["request"].as_str().unwrap().to_owned();
    olga.feed("member add rex --request - --yes --role owner", &line).ok();
    commit(olga);
    rex.pull(olga);
    rex.accept_as(olga);
    rex
}

/// What the commands say that look at the vault, by name.
fn said(olga: &Person) -> Vec<(&'static str, Done)> {
    git(&olga.checkout(), "add .v-secure");
    let lines = ["get dev/DB", "set dev/NEW --generate", "pin show", "doctor", "audit verify"];
    let all: Vec<_> = lines.into_iter().map(|line| (line, olga.run(line))).collect();
    git(&olga.checkout(), "checkout --quiet HEAD -- .v-secure");
    all
}

#[track_caller]
fn all_say(said: &[(&str, Done)], texts: &[&str]) {
    for (line, done) in said {
        for text in texts {
            assert!(
                done.out.contains(text) || done.err.contains(text),
                "{line}: {text}: {done:#?}"
            );
        }
    }
}

/// What is about something else names the command that tells it all.
#[track_caller]
fn in_short(said: &[(&'static str, Done)], texts: &[&str]) {
    let is_long = |(line, _): &&(&'static str, Done)| ["doctor", "audit verify"].contains(line);
    for (line, done) in said.iter().filter(|one| !is_long(one)) {
        let told = done.err.lines().find(|told| told.contains("older state")).unwrap_or_default();
        assert!(done.code != 0 || told.ends_with(": v-secure doctor"), "{line}: {done:#?}");
        assert!(told.len() < 200, "{line}: {told}");
    }
    for (line, done) in said.iter().filter(is_long) {
        assert!(texts.iter().all(|text| done.out.contains(text)), "{line}: {done:#?}");
    }
}

#[track_caller]
fn none_say(said: &[(&str, Done)], text: &str) {
    for (line, done) in said {
        assert!(!done.out.contains(text) && !done.err.contains(text), "{line}: {done:#?}");
    }
}

#[test]
fn a_discarded_policy_change_is_named_and_one_command_leads_out() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    olga.run("role create x").ok();
    discard(&olga);
    all_say(&said(&olga), &["role-add x", "signed by this device", DISCARDED, WAY_OUT]);
    let refused = olga.run("--json role create y");
    assert_eq!(refused.error(), (7, "splits-policy".into()));
    for text in ["role-add x", DISCARDED, WAY_OUT] {
        assert!(refused.err.contains(text), "{}", refused.err);
    }
    assert!(!refused.err.contains("git merge"), "{}", refused.err);
    let strict = olga.run("--json get dev/DB --strict");
    assert_eq!(strict.error(), (6, "pin-older".into()));
    assert!(strict.err.contains(WAY_OUT) && !strict.err.contains("git pull"), "{}", strict.err);
    let again = "make the policy change again afterwards, if it is still wanted: role-add x";
    for failed in [&refused, &strict] {
        assert!(failed.err.contains(again), "{}", failed.err);
    }
    let asked = olga.run("pin accept");
    assert_eq!(asked.code, 1);
    assert!(asked.err.contains("role-add x"), "{}", asked.err);
    assert_eq!(olga.run("role create y").code, 7, "nothing is accepted without a word");
    olga.run("pin accept --yes").ok();
    let done = olga.run("role create y");
    assert!(done.code == 0 && !done.err.contains("warning"), "{done:?}");
    none_say(&[("get", olga.run("get dev/DB"))], "Missing");
}

#[test]
fn where_a_colleagues_policy_takes_its_place_the_same_is_said_and_leads_out() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    let rex = colleague(&olga);
    olga.run("role create x").ok();
    discard(&olga);
    rex.run("role create z").ok();
    olga.pull(&rex);
    git(&olga.checkout(), "add .v-secure");
    let hook = olga.run("git pre-commit");
    commit(&olga);
    let mut all = said(&olga);
    for (line, done) in all.iter().filter(|(line, _)| *line != "doctor") {
        assert_eq!(done.code, 6, "{line}: {done:?}");
    }
    all.push(("git pre-commit", hook));
    all_say(&all, &["role-add x", "signed by this device", DISCARDED, WAY_OUT]);
    none_say(&all, "colleague's machine");
    let asked = olga.run("pin accept");
    assert!(asked.code == 1 && asked.err.contains("role-add x"), "{asked:?}");
    assert_eq!(olga.run("get dev/DB").code, 6);
    olga.run("pin accept --yes").ok();
    assert_eq!(olga.run("get dev/DB").ok(), "one");
    olga.run("role create y").ok();
}

#[test]
fn who_was_removed_meanwhile_is_told_so_and_what_is_to_be_made_again() {
    if !tools::has("git") {
        return;
    }
    for (line, said, again) in [
        (
            "member remove rex --yes",
            "rex, whose key this device has, is no longer a member",
            "ask an owner to make the policy change again, if it is still wanted: role-add x",
        ),
        (
            "role leave owner rex",
            "rex, whose key this device has, no longer has: owner",
            "make the policy change again afterwards, if it is still wanted: role-add x",
        ),
    ] {
        let olga = committed();
        let rex = colleague(&olga);
        rex.run("role create x").ok();
        olga.run(line).ok();
        rex.pull(&olga);
        for line in ["ls", "get dev/DB", "set dev/NEW --generate", "pin show"] {
            let refused = rex.run(line);
            assert_eq!(refused.code, 6, "{line}: {refused:?}");
            assert!(refused.err.contains(said) && refused.err.contains(again), "{refused:?}");
        }
        let asked = rex.run("pin accept");
        assert!(asked.code == 1 && asked.err.contains(said), "{asked:?}");
        let accepted = rex.run("pin accept --yes");
        assert!(accepted.err.contains(said) && accepted.err.contains(again), "{accepted:?}");
        accepted.ok();
        assert!(!rex.run("ls").err.contains("role-add x"));
    }
}

#[test]
fn what_a_commit_holds_was_not_discarded() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    olga.run("role create x").ok();
    commit(&olga);
    git(&olga.checkout(), "reset --quiet --hard HEAD~1");
    let all = said(&olga);
    in_short(&all, &["role-add x", "in a commit of this repository"]);
    none_say(&all, DISCARDED);
    assert!(olga.run("role create y").err.contains("git merge BRANCH"));
}

#[test]
fn what_took_rights_away_or_is_anothers_gets_no_gentler_words() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    let rex = colleague(&olga);
    olga.run("role rm developer --yes").ok();
    discard(&olga);
    let all = said(&olga);
    all_say(&all, &["which took rights away"]);
    in_short(&all, &["role-remove developer", WAY_OUT]);
    none_say(&all, DISCARDED);
    assert!(olga.run("pin accept").err.contains("these entries took away are back"));
    olga.run("pin accept --yes").ok();
    rex.run("role create z").ok();
    olga.pull(&rex);
    olga.run("get dev/DB").ok();
    discard(&olga);
    let all = said(&olga);
    in_short(&all, &["role-add z", "not all of it was signed by this device alone"]);
    none_say(&all, DISCARDED);
}

#[test]
fn what_another_working_tree_or_place_holds_was_not_discarded() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "worktree add --quiet -b side ../side");
    olga.run("role create x").ok();
    let other = olga.checkout().join("../side");
    let get = |folder: &std::path::Path| -> Done {
        let mut command = olga.command(&["--json", "get", "dev/DB", "--strict"]);
        command.current_dir(folder).output().unwrap().into()
    };
    let refused = get(&other);
    assert!(refused.err.contains("still in") && !refused.err.contains(DISCARDED), "{refused:?}");
    git(&olga.checkout(), "clone --quiet . ../clone");
    let refused = get(&olga.checkout().join("../clone"));
    assert!(refused.err.contains("still in") && !refused.err.contains(DISCARDED), "{refused:?}");
}

#[test]
fn without_a_repository_nothing_tells_what_was_discarded() {
    if !tools::has("git") {
        return;
    }
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let before = std::fs::read(olga.vault()).unwrap();
    olga.run("role create x").ok();
    std::fs::write(olga.vault(), before).unwrap();
    let told = olga.run("get dev/DB");
    assert!(told.err.contains("(an older branch") && !told.err.contains(DISCARDED), "{told:?}");
    assert!(olga.run("doctor").out.contains("role-add x"));
}

#[test]
fn a_discarded_set_is_one_note_that_names_what_clears_it() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    olga.set("dev/NEW", "x");
    discard(&olga);
    let first = olga.run("get dev/DB");
    assert!(first.err.contains(DISCARDED) && first.err.contains(WAY_OUT), "{first:?}");
    assert!(!first.err.contains("warning"), "{first:?}");
    for _ in 0..2 {
        assert_eq!(olga.run("get dev/DB").err, "");
    }
    let strict = olga.run("--json get dev/DB --strict");
    assert_eq!(strict.error(), (6, "pin-older".into()));
    assert!(strict.err.contains(WAY_OUT), "{strict:?}");
    for line in ["doctor", "audit verify"] {
        let told = olga.run(line);
        assert!(told.out.contains(DISCARDED) && told.out.contains(WAY_OUT), "{told:?}");
    }
    olga.run("pin accept --yes").ok();
    olga.run("get dev/DB --strict").ok();
}

#[test]
fn a_set_that_was_committed_and_rolled_back_is_a_warning_each_time() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    olga.set("dev/NEW", "x");
    commit(&olga);
    git(&olga.checkout(), "reset --quiet --hard HEAD~1");
    for _ in 0..2 {
        let told = olga.run("get dev/DB");
        assert!(told.err.contains("warning") && !told.err.contains(DISCARDED), "{told:?}");
    }
}

/// Her vault in the sub-folder `app`, committed.
fn committed_in_app() -> Person {
    let olga = Person::new("olga");
    git(&olga.checkout(), "init --quiet -b main");
    std::fs::create_dir(olga.checkout().join("app")).unwrap();
    run_in(&olga, "app", "init --vault-name shop").ok();
    run_in(&olga, "app", "set dev/DB --generate").ok();
    git(&olga.checkout(), "add .");
    commit(&olga);
    olga
}

/// Moves the vault's folder, with the state that the last commit but one has.
fn move_rolled_back(olga: &Person) {
    git(&olga.checkout(), "mv app lib");
    let old = std::process::Command::new("git")
        .args(["show", "HEAD~1:app/.v-secure/vault.toml"])
        .current_dir(olga.checkout())
        .output()
        .unwrap();
    std::fs::write(olga.checkout().join("lib/.v-secure/vault.toml"), old.stdout).unwrap();
    commit(olga);
}

#[test]
fn what_a_commit_holds_at_another_path_was_not_discarded() {
    if !tools::has("git") {
        return;
    }
    for line in ["role create x", "set dev/DB --generate"] {
        let olga = committed_in_app();
        run_in(&olga, "app", line).ok();
        commit(&olga);
        move_rolled_back(&olga);
        for look in ["get dev/DB", "doctor", "audit verify"] {
            let told = run_in(&olga, "lib", look);
            assert!(!told.out.contains(DISCARDED) && !told.err.contains(DISCARDED), "{told:?}");
        }
        if line.starts_with("role") {
            let told = run_in(&olga, "lib", "doctor");
            assert!(told.out.contains("in a commit of this repository"), "{told:?}");
        }
    }
}

#[test]
fn what_a_commit_of_another_clone_held_or_may_have_held_was_not_discarded() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "clone --quiet . ../clone");
    run_in(&olga, "../clone", "role create x").ok();
    let clone = olga.checkout().join("../clone");
    git(&clone, "commit --quiet -a -m role");
    git(&clone, "reset --quiet --hard HEAD~1");
    let told = olga.run("doctor");
    assert!(told.out.contains("in a commit of the repository of"), "{told:?}");
    std::fs::rename(&clone, olga.checkout().join("../moved")).unwrap();
    let told = olga.run("doctor");
    assert!(
        told.out.contains("it is unknown whether a commit has it") && !told.out.contains(DISCARDED),
        "{told:?}"
    );
}

#[test]
fn a_partial_clone_tells_nothing_of_what_was_committed() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    git(&olga.checkout(), "config uploadpack.allowFilter true");
    olga.set("dev/DB", "two");
    commit(&olga);
    let url = format!("file://{}", olga.checkout().display());
    git(&olga.checkout(), &format!("clone --quiet --filter=blob:none {url} ../partial"));
    std::fs::remove_dir_all(olga.checkout()).unwrap();
    std::fs::create_dir(olga.checkout()).unwrap();
    let old = |line: &str| run_in(&olga, "../partial", line);
    old("role create x").ok();
    git(&olga.checkout().join("../partial"), "checkout --quiet HEAD -- .v-secure");
    let told = old("get dev/DB");
    assert!(told.err.contains("(an older branch") && !told.err.contains(DISCARDED), "{told:?}");
    assert!(old("doctor").out.contains("role-add x"));
}

#[test]
fn a_file_of_this_repository_that_is_gone_hides_no_commit() {
    if !tools::has("git") {
        return;
    }
    let olga = committed();
    std::fs::copy(olga.vault(), olga.checkout().join("other.toml")).unwrap();
    olga.run("--vault other.toml get dev/DB").ok();
    std::fs::remove_file(olga.checkout().join("other.toml")).unwrap();
    olga.run("role create x").ok();
    discard(&olga);
    assert!(olga.run("get dev/DB").err.contains(DISCARDED));
}
