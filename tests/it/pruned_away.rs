//! A version that one branch wrote and pruned, where the other one took away the right to delete: the prune does not
//! count, so that the merge wants what no side has, and `git resolve` takes it from git's history.

use std::fs;
use v_secure_testkit::cli::{Cli, failure};
use v_secure_testkit::repository::Repository;

/// What somebody pruned and has again: they may have meant it to be gone.
const BACK: &str =
    "back from git's history, as what pruned it does not count: a version of default/A";

/// Which clone merges.
#[derive(Clone, Copy, PartialEq)]
enum Clone {
    Driver,
    Text,
}

/// `bob` writes two versions on `side`, of which the first is pruned with the second; on `main` he loses the right to
/// delete. Whether the first one was ever committed is to be chosen.
fn sides(committed: bool, clone: Clone) -> Option<Repository> {
    sides_that_lose(&[], "lost", committed, clone)
}

/// The same after an owner set the values of `before`, each of which prunes the one before it.
fn sides_that_lose(
    before: &[&str],
    lost: &str,
    committed: bool,
    clone: Clone,
) -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    if clone == Clone::Text {
        repository.git(&["config", "--remove-section", "merge.v-secure"]);
    }
    repository.git(&["add", ".v-secure"]);
    cli.ok("role create dev --grant read,write,delete:default/*");
    cli.ok("identity new -o ../bob.txt");
    let line = cli.ok("--identity ../bob.txt member request bob -q");
    fs::write(cli.project().join("../bob.request"), line).unwrap();
    cli.ok("member add bob --request ../bob.request --yes --role dev");
    cli.ok("settings set retention.versions 1");
    repository.commit("common");
    for value in before {
        cli.set("A", value);
        repository.commit("before");
    }
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    put(cli, lost);
    if committed {
        repository.commit("between");
    }
    put(cli, "kept");
    let pruned = format!("get A --version {} --json", before.len() + 2);
    assert_eq!(failure(&cli.run(&pruned)).1, "pruned");
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("access revoke dev default/* delete");
    repository.commit("main");
    Some(repository)
}

fn put(cli: &Cli, value: &str) {
    let run = cli.feed("--identity ../bob.txt set A", value.as_bytes());
    assert_eq!(run.code, 0, "{run:?}");
}

fn said(output: &std::process::Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

/// The way out that is named, typed.
#[track_caller]
fn resolved(repository: &Repository, git: &str) {
    let cli = &repository.0;
    let line = format!("v-secure git resolve && git add .v-secure && {git}");
    let done = repository.shell(&line);
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains(BACK), "{}", said(&done));
    cli.ok("audit verify");
    cli.ok("audit verify --base side");
    assert_eq!((cli.ok("get A"), cli.ok("get A --version 2")), ("kept".into(), "lost".into()));
}

/// Its line is longer than any other of a vault may be.
#[test]
fn a_long_value_comes_from_git_too() {
    let long = "0123456789abcdef".repeat(200_000);
    let Some(repository) = sides_that_lose(&[], &long, true, Clone::Driver) else { return };
    assert!(!repository.shell("git merge side").status.success());
    let done =
        repository.shell("v-secure git resolve && git add .v-secure && git commit --no-edit");
    assert!(done.status.success(), "{}", said(&done));
    assert!(repository.0.ok("get A --version 2") == long);
}

#[test]
fn what_was_pruned_by_right_stays_away() {
    let before = ["gone for good", "pruned by bob"];
    let lost = sides_that_lose(&before, "lost", true, Clone::Driver);
    let Some(repository) = lost else { return };
    assert!(!repository.shell("git merge side").status.success());
    let done =
        repository.shell("v-secure git resolve && git add .v-secure && git commit --no-edit");
    assert!(done.status.success(), "{}", said(&done));
    let get = |number: usize| repository.0.run(&format!("get A --version {number}"));
    let mut given: Vec<String> = (1..=5).map(get).map(|run| run.text()).collect();
    given.retain(|value| !value.is_empty());
    given.sort();
    assert_eq!(given, ["kept", "lost", "pruned by bob"]);
    repository.0.ok("audit verify");
}

#[test]
fn what_one_side_pruned_and_the_merge_wants_comes_from_git() {
    for direction in [["main", "side"], ["side", "main"]] {
        let Some(repository) = sides(true, Clone::Driver) else { return };
        let [here, there] = direction;
        repository.git(&["checkout", "--quiet", here]);
        let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", there]);
        assert!(!merge.status.success(), "{merge:?}");
        for text in ["put by bob, was deleted under a prune", "v-secure git resolve"] {
            assert!(said(&merge).contains(text), "{text}: {merge:?}");
        }
        // Neither side stands there alone, which somebody could add.
        assert_eq!(failure(&repository.0.run("get A --json")), (7, "unmerged".into()));
        resolved(&repository, "git commit --quiet --no-edit");
    }
}

/// Each commit of a branch brings what it has; of one that was squashed the reflog knows the steps.
#[test]
fn a_rebase_needs_nothing_more_unless_its_commits_were_squashed() {
    for squashed in [false, true] {
        let Some(repository) = sides(true, Clone::Driver) else { return };
        repository.git(&["checkout", "--quiet", "side"]);
        let older = repository.0.run("audit verify");
        assert!(older.shows("by the policy of this older state"), "{older:?}");
        assert!(!older.shows("not an owner"), "an owner took the right away: {older:?}");
        if squashed {
            repository.git(&["reset", "--quiet", "--soft", "HEAD~2"]);
            // Which a hook refuses where the other branch is known already.
            repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "squashed"]);
        }
        let rebase = repository.git_in(&repository.root(), &["rebase", "main"]);
        assert_eq!(rebase.status.success(), !squashed, "{rebase:?}");
        if squashed {
            assert!(said(&rebase).contains("git resolve"), "{rebase:?}");
            resolved(&repository, "git rebase --continue");
        }
        assert_eq!(repository.0.ok("get A --version 2"), "lost");
    }
}

/// git merges the lines, and no commit is made of it where a hook runs.
#[test]
fn a_merge_as_text_that_lacks_it_names_the_same_way_out() {
    let Some(repository) = sides(true, Clone::Text) else { return };
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    let cli = &repository.0;
    if merge.status.success() {
        assert!(said(&merge).is_empty(), "the hook has to stop it: {merge:?}");
    }
    for line in ["get A", "ls", "audit verify"] {
        let run = cli.run(line);
        assert!([6, 7].contains(&run.code) && run.shows("v-secure git resolve"), "{line}: {run:?}");
    }
    resolved(&repository, "git commit --quiet --no-edit");
}

#[test]
fn what_no_commit_has_is_said_and_the_merge_can_be_given_up() {
    let Some(repository) = sides(false, Clone::Driver) else { return };
    let cli = &repository.0;
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    let before = fs::read(cli.vault()).unwrap();
    let refused = cli.run("git resolve --json");
    assert_eq!(failure(&refused), (6, "object-lost".into()));
    for text in
        ["states of the vault", "git fetch --all", "git merge --abort", "v-secure diff HEAD"]
    {
        assert!(refused.shows(text), "{text}: {refused:?}");
    }
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    repository.git(&["merge", "--abort"]);
    let listed = repository.shell("v-secure diff HEAD side");
    assert!(said(&listed).contains("default/A"), "{}", said(&listed));
}

/// Both sides changed the policy too, so that another command unites them.
#[test]
fn a_rebase_of_the_policy_takes_it_from_git_too() {
    for keep in ["ours", "theirs"] {
        let Some(repository) = sides(true, Clone::Driver) else { return };
        let cli = &repository.0;
        repository.git(&["checkout", "--quiet", "side"]);
        cli.ok("pin accept --yes");
        // Or the next write would prune it, by somebody who may.
        cli.ok("settings set retention.versions --unset");
        repository.commit("of the side");
        repository.git(&["checkout", "--quiet", "main"]);
        let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
        assert!(!merge.status.success(), "{merge:?}");
        let line = format!(
            "v-secure policy rebase --yes --keep {keep} && git add .v-secure && git commit --quiet --no-edit"
        );
        let done = repository.shell(&line);
        assert!(done.status.success(), "{keep}: {}", said(&done));
        assert_eq!(said(&done).contains(BACK), keep == "ours", "{}", said(&done));
        cli.ok("audit verify");
        assert_eq!(cli.ok("get A"), "kept", "{keep}");
        // The policy of the side knew of the prune, which counts where it stays.
        match keep {
            "ours" => assert_eq!(cli.ok("get A --version 2"), "lost"),
            _ => assert_eq!(failure(&cli.run("get A --version 2 --json")).1, "pruned"),
        }
    }
}

/// The prune names the policy of the side that gives way, so that it is none of the union's: it is made again, and the
/// version comes from git until then.
#[test]
fn what_the_side_that_gives_way_pruned_by_its_own_policy_stays_pruned() {
    for committed in [true, false] {
        let Some(repository) = Repository::new() else { return };
        let cli = &repository.0;
        cli.ok("git install");
        repository.git(&["add", ".v-secure"]);
        cli.ok("settings set retention.versions 1");
        repository.commit("common");
        repository.git(&["checkout", "--quiet", "-b", "side"]);
        cli.set("A", "leaked");
        if committed {
            repository.commit("leak");
        }
        cli.ok("settings set reads required");
        cli.set("A", "good");
        repository.commit("side");
        repository.git(&["checkout", "--quiet", "main"]);
        cli.ok("pin accept --yes");
        cli.ok("role create dev --grant read:x/*");
        repository.commit("main");
        let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
        assert!(!merge.status.success(), "{merge:?}");
        let rebase = cli.run("policy rebase --yes");
        if !committed {
            assert_eq!(rebase.code, 6, "{rebase:?}");
            assert!(rebase.shows("states of the vault that git has here"), "{rebase:?}");
            assert!(rebase.shows("git merge --abort"), "{rebase:?}");
            continue;
        }
        assert_eq!(rebase.code, 0, "{rebase:?}");
        assert!(!rebase.shows("back from git's history"), "{rebase:?}");
        repository.git(&["add", ".v-secure"]);
        repository.git(&["commit", "--quiet", "--no-edit"]);
        cli.ok("audit verify");
        assert_eq!(cli.ok("get A"), "good");
        for number in [1, 2] {
            let pruned = cli.run(&format!("get A --version {number} --json"));
            assert_eq!(failure(&pruned).1, "pruned", "{number}");
        }
        let text = fs::read_to_string(cli.vault()).unwrap();
        assert_eq!(text.matches(".version]]").count(), 1);
    }
}

/// Whoever can push any branch puts as many vaults before it as are looked at, by one commit with a date of its own.
#[test]
fn states_of_other_branches_do_not_hide_what_this_merge_comes_from() {
    let Some(repository) = sides(true, Clone::Driver) else { return };
    let mut stream = String::new();
    for number in 1..=50_000 {
        let text = format!("format = 1\n{number}\n");
        stream += &format!("blob\nmark :{number}\ndata {}\n{text}\n", text.len());
    }
    stream += "commit refs/heads/other\ncommitter t <t@example.org> 4000000000 +0000\ndata 1\nx\n";
    for number in 1..=50_000 {
        stream += &format!("M 100644 :{number} d{number}/.v-secure/vault.toml\n");
    }
    fs::write(repository.root().join("../stream"), stream).unwrap();
    let made = repository.shell("git fast-import --quiet < ../stream");
    assert!(made.status.success(), "{}", said(&made));
    assert!(!repository.shell("git merge side").status.success());
    resolved(&repository, "git commit --quiet --no-edit");
}

#[test]
fn a_partial_clone_is_told_what_it_lacks_and_how_to_get_it() {
    let Some(repository) = sides(true, Clone::Driver) else { return };
    let origin = repository.root();
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let address = format!("file://{}", origin.display());
    let made = repository.git_in(
        &origin.join(".."),
        &["clone", "--quiet", "--filter=blob:none", &address, "partial"],
    );
    assert!(made.status.success(), "{made:?}");
    let clone = origin.join("../partial");
    let run = |line: &str| repository.run_in(&clone, line, &[]);
    assert_eq!(run("git install").code, 0);
    assert!(!repository.git_in(&clone, &["merge", "origin/side"]).status.success());
    let refused = run("git resolve --trust-first-use");
    assert!(refused.shows("are not in this clone"), "{refused:?}");
    assert!(refused.shows("git fetch --refetch --no-filter, and this again"), "{refused:?}");
    let fetched = repository.git_in(&clone, &["fetch", "--quiet", "--refetch", "--no-filter"]);
    assert!(fetched.status.success(), "{fetched:?}");
    let done = run("git resolve --trust-first-use");
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(run("get A --version 2").text(), "lost");
}
