//! What the hook lets through: what was committed before, what a merge brings, and what the vault's owners allow.

use super::*;

#[test]
fn what_is_staged_counts_and_not_what_is_in_the_folder() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a", "staged\n");
    fs::write(repository.root().join("a"), TOKEN).unwrap();
    passes(&repository);
    repository.git(&["add", "a"]);
    fs::write(repository.root().join("a"), "taken out of the file alone\n").unwrap();
    let said = stopped(&repository);
    assert!(said.contains("git restore --staged a"), "{said}");
    repository.git(&["restore", "--staged", "a"]);
    repository.git(&["add", "a"]);
    passes(&repository);
    // git makes an index of its own for these.
    fs::write(repository.root().join("a"), TOKEN).unwrap();
    for line in [&["commit", "-q", "-a", "-m", "x"][..], &["commit", "-q", "-m", "x", "--", "a"]] {
        let output = repository.git_in(&repository.root(), line);
        assert!(!output.status.success(), "{output:?}");
    }
}

/// The value of a commit that is made already is its own matter: the next one must not wait for it.
#[test]
fn what_a_file_held_before_stops_no_later_commit() {
    let Some(repository) = guarded() else { return };
    let text = |first: &str| format!("{first}\n{}\n{TOKEN}\n", "line\n".repeat(20));
    write(&repository, "a", text("one"));
    stopped(&repository);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "x"]);
    write(&repository, "a", text("two"));
    passes(&repository);
    repository.git(&["mv", "a", "b"]);
    passes(&repository);
    repository.git(&["mv", "b", "c"]);
    write(&repository, "c", text("three"));
    passes(&repository);
    write(&repository, "d", text("three"));
    assert!(stopped(&repository).contains("d, line 23"), "a second file is news");
    repository.git(&["rm", "--quiet", "--force", "d"]);
    repository.git(&["rm", "--quiet", "c"]);
    passes(&repository);
    write(&repository, "c", TOKEN);
    stopped(&repository);
}

#[test]
fn what_a_merge_brings_was_committed_by_others() {
    let Some(repository) = guarded() else { return };
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    write(&repository, "a", TOKEN);
    write(&repository, "src/code", "side\n");
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "side"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["branch", "other"]);
    write(&repository, "b", "main\n");
    passes(&repository);
    // git commits it by itself.
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    // A person finishes it.
    repository.git(&["checkout", "--quiet", "other"]);
    write(&repository, "src/code", "other\n");
    passes(&repository);
    let merge = repository.git_in(&repository.root(), &["merge", "--quiet", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    write(&repository, "src/code", format!("{TOKEN}\n"));
    let said = stopped(&repository);
    assert!(said.contains("src/code, line 1") && !said.contains("places"), "{said}");
    write(&repository, "src/code", "both\n");
    passes(&repository);
}

#[test]
fn a_revert_brings_back_what_is_in_the_history() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a", TOKEN);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "x"]);
    repository.git(&["rm", "--quiet", "a"]);
    passes(&repository);
    repository.git(&["revert", "--no-edit", "HEAD"]);
}

#[test]
fn what_the_owners_allow_passes_and_nothing_else() {
    let Some(repository) = guarded() else { return };
    write(&repository, "docs/a.md", TOKEN);
    let said = stopped(&repository);
    assert!(said.contains("v-secure settings set scan.allow docs/a.md, by an owner"), "{said}");
    repository.0.ok("settings set scan.allow docs/,*.snap");
    write(&repository, "b.snap", TOKEN);
    passes(&repository);
    write(&repository, "b.txt", TOKEN);
    let said = stopped(&repository);
    assert!(said.contains("scan.allow 'docs/,*.snap,b.txt'"), "{said}");
    repository.git(&["rm", "--quiet", "--cached", "b.txt"]);
    repository.commit("allowed");
    repository.0.ok("settings set scan.allow --unset");
    repository.commit("stricter");
    write(&repository, "docs/b.md", TOKEN);
    stopped(&repository);
}

/// Anybody can write a vault with a setting in it.
#[test]
fn a_vault_that_was_not_accepted_allows_nothing() {
    let Some(repository) = guarded() else { return };
    repository.0.ok("settings set scan.allow docs/");
    repository.commit("allowed");
    write(&repository, "docs/a.md", TOKEN);
    fs::remove_dir_all(state(&repository).join("pins")).unwrap();
    let refused = hook(&repository, "git pre-commit --json", 1);
    assert_eq!(failure(&refused), (1, "value-staged".into()));
    repository.0.ok("pin accept --yes");
    hook(&repository, "git pre-commit", 0);
}

#[test]
fn what_is_too_large_is_left_out_and_said() {
    let Some(repository) = guarded() else { return };
    write(&repository, "large.bin", vec![b'x'; (16 << 20) + 1]);
    write(&repository, "small", "x");
    let run = hook(&repository, "git pre-commit", 0);
    assert!(run.err.contains("not searched for values of secrets, as too large"), "{run:?}");
    assert!(run.err.contains(": large.bin"), "{run:?}");
    write(&repository, "small", TOKEN);
    assert!(stopped(&repository).contains("small, line 1"));
}

#[test]
fn names_that_a_shell_would_act_on_are_quoted_or_left_out() {
    let Some(repository) = guarded() else { return };
    write(&repository, "a b;c", TOKEN);
    let said = stopped(&repository);
    assert!(said.contains("git rm --cached ':(literal)a b;c'"), "{said}");
    assert!(said.contains("scan.allow 'a b;c'"), "{said}");
    repository.git(&["mv", "a b;c", "a,\nb"]);
    let said = stopped(&repository);
    assert!(!said.contains("scan.allow"), "{said}");
}

/// The first commit has none before it, and a vault may come with it.
#[test]
fn a_first_commit_is_searched() {
    let Some(repository) = guarded() else { return };
    repository.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    write(&repository, "a", TOKEN);
    stopped(&repository);
    repository.git(&["rm", "--quiet", "--cached", "a"]);
    passes(&repository);
}

/// The framework gives the hook no files: what it looks at is the index.
#[test]
fn the_hook_of_the_pre_commit_framework_runs_the_same_command() {
    let hooks = v_secure_testkit::runner::yaml(".pre-commit-hooks.yaml");
    let [hook] = hooks.as_array().unwrap().as_slice() else { panic!("{hooks}") };
    assert_eq!((&hook["language"], &hook["pass_filenames"]), (&"system".into(), &false.into()));
    assert_eq!(hook["always_run"], true);
    let entry = hook["entry"].as_str().unwrap().strip_prefix("v-secure ").unwrap();
    let Some(repository) = guarded() else { return };
    super::hook(&repository, entry, 0);
    write(&repository, "a", TOKEN);
    super::hook(&repository, entry, 1);
}
