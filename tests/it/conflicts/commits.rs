//! What the hook says of what is to be committed.

use super::*;

#[test]
fn of_a_merge_of_several_branches_none_is_dropped() {
    let Some(repository) = sides() else { return };
    repository.git(&["branch", "empty", "main~1"]);
    repository.git(&["checkout", "--quiet", "empty"]);
    repository.git(&["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--no-commit", "--strategy=ours", "empty", "side"]);
    hook(&repository, 6);
}

#[test]
fn a_merge_with_a_side_that_is_broken_is_not_committed_unseen() {
    let Some(repository) = sides() else { return };
    repository.git(&["checkout", "--quiet", "side"]);
    fs::write(repository.0.vault(), "x\n").unwrap();
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "broken"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--no-commit", "--strategy=ours", "side"]);
    let refused = hook(&repository, 6);
    assert!(
        hints(&refused).iter().any(|hint| hint.starts_with("git merge --abort")),
        "{refused:?}"
    );
}

/// Tags come with a pull, and git takes one where there is no record of that name.
#[test]
fn tags_that_are_called_like_gits_own_records_are_none() {
    let Some(repository) = sides() else { return };
    for name in ["MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD"] {
        repository.git(&["tag", name, "side"]);
    }
    repository.0.set("A", "next");
    repository.git(&["add", FILE]);
    hook(&repository, 0);
    repository.commit("next");
    let pick = repository.git_in(&repository.root(), &["cherry-pick", "side"]);
    assert!(!pick.status.success(), "{pick:?}");
    let hints = hints(&repository.0.run("get A --json"));
    assert_eq!(hints[0], "v-secure git resolve", "{hints:?}");
    repository.git(&["cherry-pick", "--abort"]);
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    let hidden = repository.0.run("ls --json");
    assert!(!hidden.shows("MERGE_HEAD"), "{hidden:?}");
}

#[test]
fn a_vault_that_is_moved_is_compared_where_it_went() {
    let Some(repository) = sides() else { return };
    let root = repository.root();
    let older = repository.git_in(&root, &["show", "main~1:.v-secure/vault.toml"]).stdout;
    fs::create_dir(root.join("app")).unwrap();
    repository.git(&["mv", ".v-secure", "app/.v-secure"]);
    hook(&repository, 0);
    let moved = root.join("app").join(FILE);
    let now = fs::read(&moved).unwrap();
    fs::write(&moved, older).unwrap();
    repository.git(&["add", "app"]);
    hook(&repository, 6);
    fs::write(&moved, now).unwrap();
    repository.git(&["add", "app"]);
    repository.commit("moved");
    repository.git(&["merge", "--no-commit", "--strategy=ours", "side"]);
    hook(&repository, 6);
}

#[test]
fn an_old_copy_that_sorts_first_stops_no_move() {
    let Some(repository) = sides() else { return };
    let root = repository.root();
    let older = repository.git_in(&root, &["show", "main~1:.v-secure/vault.toml"]).stdout;
    for folder in ["aa/.v-secure", "app"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("aa").join(FILE), &older).unwrap();
    repository.git(&["add", "aa"]);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "copy"]);
    repository.git(&["mv", ".v-secure", "app/.v-secure"]);
    hook(&repository, 0);
    let moved = root.join("app").join(FILE);
    let now = fs::read(&moved).unwrap();
    fs::write(&moved, "no vault").unwrap();
    repository.git(&["add", "app"]);
    hook(&repository, 6);
    fs::write(&moved, older).unwrap();
    repository.git(&["add", "app"]);
    hook(&repository, 6);
    fs::write(&moved, now).unwrap();
    repository.git(&["add", "app"]);
    repository.commit("moved");
}

#[test]
fn a_side_that_was_written_empty_is_called_so_and_written_anew() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    let other = ".git/other.toml";
    let shown = typed(&repository, &format!("git show :3:./{FILE} > {other}"));
    assert!(!shown.status.success(), "there is no such side: {shown:?}");
    let line = format!("audit log --vault {other} --base ./{FILE} --json");
    for line in [
        line.as_str(),
        "get A --vault .git/other.toml --json",
        "ls --vault .git/other.toml --json",
        "set A --vault .git/other.toml --json",
        "audit log --base ./.git/other.toml --json",
    ] {
        let refused = cli.feed(line, b"x");
        assert_eq!(failure(&refused), (6, "file-empty".into()), "{line}: {refused:?}");
        assert!(refused.shows("other.toml is empty"), "{refused:?}");
    }
    for hint in hints(&cli.run(&line)) {
        let done = typed(&repository, &hint.replace("REV:", "HEAD:"));
        assert!(done.status.success(), "{hint}: {done:?}");
    }
    cli.ok(&line);
    fs::write(cli.vault(), "").unwrap();
    for hint in hints(&cli.run("get A --json")) {
        assert!(typed(&repository, &hint.replace("REV", "HEAD")).status.success(), "{hint}");
    }
    assert_eq!(cli.ok("get A"), "one");
}

#[test]
fn names_that_are_no_text_turn_no_check_off() {
    use std::os::unix::ffi::OsStrExt;
    let Some(repository) = sides() else { return };
    let root = repository.root();
    let odd = root.join(std::ffi::OsStr::from_bytes(b"q\xff"));
    if fs::create_dir(&odd).is_err() {
        return;
    }
    fs::write(odd.join(".env"), "A=plain\n").unwrap();
    repository.git(&["add", "."]);
    let refused = hook(&repository, 1);
    assert!(refused.err.contains("plain-file"), "{refused:?}");
    fs::remove_file(odd.join(".env")).unwrap();
    fs::create_dir(odd.join(".v-secure")).unwrap();
    fs::copy(repository.0.vault(), odd.join(FILE)).unwrap();
    repository.git(&["add", "--all", "."]);
    repository.git(&["commit", "--quiet", "--no-verify", "-m", "odd"]);
    repository.git(&["merge", "--no-commit", "--strategy=ours", "side"]);
    hook(&repository, 6);
}

/// git runs the hook at the root, where there may be no vault.
#[test]
fn what_a_vault_below_the_root_holds_is_not_committed_in_the_clear() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    fs::create_dir(root.join("app")).unwrap();
    repository.git(&["mv", ".v-secure", "app/.v-secure"]);
    repository.commit("moved");
    fs::write(root.join("app/.env"), "A=plain\n").unwrap();
    repository.git(&["add", "app/.env"]);
    assert!(hook(&repository, 1).err.contains("plain-file"));
    repository.git(&["rm", "--quiet", "--cached", "app/.env"]);
    let identity = root.parent().unwrap().join("home/config/v-secure/identity.txt");
    fs::copy(identity, root.join("key.txt")).unwrap();
    repository.git(&["add", "key.txt"]);
    assert!(hook(&repository, 1).err.contains("plain-key"));
}
