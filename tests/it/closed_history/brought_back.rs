//! The files of a closed history that are gone from the working tree, from the index, from the last commit, or were
//! never in git: the command that is named brings them back, wherever it is typed.

use super::fill;
use v_secure_testkit::cli::Run;
use v_secure_testkit::repository::{FILE, Repository};

/// How the folder goes, what the hint ends with, and how it comes back where the hint is not followed.
const GONE: [(&str, &str); 4] = [
    ("rm -r .v-secure/history", "-- history"),
    ("git rm -qr .v-secure/history", "HEAD -- history"),
    ("git rm -qr .v-secure/history && git commit -qnm gone", "^ -- history"),
    ("git sparse-checkout set --no-cone '/*' '!.v-secure/history'", "-- history"),
];

/// All of it was closed and committed.
fn committed() -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    fill(cli, 2);
    cli.ok("history close --all --yes");
    repository.git(&["add", "-A"]);
    repository.commit("closed");
    Some(repository)
}

/// The first command of git's that a run with `--json` names.
#[track_caller]
fn way(run: &Run) -> String {
    let said = format!("{}{}", run.text(), run.err);
    let way = said.split('"').find(|text| text.starts_with("git -C "));
    way.unwrap_or_else(|| panic!("{run:?}")).to_owned()
}

#[track_caller]
fn follow(repository: &Repository, folder: &str, way: &str) {
    let done = repository.shell(&format!("cd {folder} && {way}"));
    assert!(done.status.success(), "{way}: {done:?}");
}

#[test]
fn what_brings_the_history_back_is_named_by_where_git_has_it_and_holds_anywhere() {
    let Some(repository) = committed() else { return };
    let at = repository.root().join(FILE);
    let outside = format!("--vault {} ", at.display());
    for (gone, end) in GONE {
        for line in ["secret versions A --json", "audit verify --json", "doctor --json"] {
            for (folder, place) in [("src", ""), ("/", outside.as_str())] {
                let done = repository.shell(gone);
                assert!(done.status.success(), "{gone}: {done:?}");
                let run = repository.run_in(
                    &repository.root().join(folder),
                    &format!("{place}{line}"),
                    &[],
                );
                let way = way(&run);
                let command = way.split_once("  #").map_or(way.as_str(), |(command, _)| command);
                assert!(command.ends_with(end), "{gone}: {line}: {way}");
                assert!(!run.shows("git-untracked"), "{gone}: {run:?}");
                follow(&repository, folder, &way);
                repository.0.ok("audit verify");
                let _ = repository.shell("git sparse-checkout disable");
                repository.git(&["reset", "--quiet", "--hard", "main"]);
                if gone.contains("commit") {
                    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
                }
            }
        }
    }
}

/// What the hook says, in the folder where `git commit` was typed.
#[test]
fn the_hook_names_what_brings_the_history_back_where_the_commit_was_typed() {
    for (gone, _) in &GONE[1..3] {
        for folder in [".", "src"] {
            let Some(repository) = committed() else { return };
            assert!(repository.shell(gone).status.success());
            repository.0.set("A", "new");
            let refused = repository.shell(&format!("cd {folder} && git commit -qam new"));
            let said = String::from_utf8_lossy(&refused.stderr).replace("\n    ", " ");
            let way = said.lines().find_map(|line| line.split_once("try: ")).unwrap().1;
            assert!(!refused.status.success() && way.starts_with("git checkout "), "{said}");
            follow(&repository, folder, &format!("{way}\ngit commit -qam new"));
        }
    }
}

/// As a pipeline clones: the index has the files, and their bytes are not here.
#[test]
fn a_sparse_and_partial_clone_commits_once_it_has_the_history() {
    let Some(repository) = committed() else { return };
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let there = repository.root().with_file_name("clone");
    let made = repository.shell(
        "git clone -q --filter=blob:none --no-checkout file://$PWD ../clone && cd ../clone \
         && git sparse-checkout set --no-cone '/*' '!.v-secure/history' && git checkout -q main \
         && v-secure git install",
    );
    assert!(made.status.success(), "{made:?}");
    assert_eq!(repository.run_in(&there, "set A", &[]).code, 0);
    let refused = repository.git_in(&there, &["commit", "--quiet", "-am", "new"]);
    let said = String::from_utf8_lossy(&refused.stderr).replace("\n    ", " ");
    let way = said.lines().find_map(|line| line.split_once("try: ")).unwrap().1;
    assert!(!refused.status.success(), "{said}");
    follow(&repository, "../clone", &format!("{way} && git commit -qam new"));
}

#[test]
fn a_closing_whose_new_files_were_cleaned_away_is_undone_by_the_last_commit() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    fill(cli, 2);
    repository.git(&["add", "-A"]);
    repository.commit("open");
    assert!(cli.run("history close --all --yes").shows("next: git add .v-secure"));
    repository.git(&["clean", "--quiet", "-fd"]);
    for line in ["secret versions A --json", "audit verify --json", "doctor --json"] {
        let way = way(&cli.run(line));
        assert!(way.contains("checkout HEAD -- vault.toml"), "{line}: {way}");
    }
    follow(&repository, "/", &way(&cli.run("audit verify --json")));
    cli.ok("pin accept --yes");
    cli.ok("audit verify");
    assert_eq!(cli.ok("get A --version 1"), "one");
}
