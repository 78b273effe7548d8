//! What git has of a vault and the working tree has not, and whose variables git is asked with: nobody
//! is led to make another vault, and an unfinished merge is called one.

#![cfg(unix)]

#[allow(dead_code)]
#[path = "support/cli.rs"]
mod cli;
#[path = "support/tools.rs"]
mod tools;

use cli::{Cli, Run, failure, finish};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = ".v-secure/vault.toml";
const LEAVER: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// A vault in a repository, with its first commit. Commands run in a folder of their own.
struct Repository(Cli);

impl Repository {
    fn new() -> Option<Self> {
        let cli = Cli::with_vault();
        let repository = Self(cli);
        if !tools::has("git") {
            return None;
        }
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.0.ok("pin accept --yes");
        repository.0.set("A", "one");
        fs::create_dir(repository.root().join("src")).unwrap();
        fs::write(repository.root().join("src/code"), "x\n").unwrap();
        let attributes = repository.root().join(".v-secure/.gitattributes");
        fs::write(attributes, "vault.toml -text\n").unwrap();
        repository.git(&["add", "."]);
        repository.commit("first");
        Some(repository)
    }

    fn root(&self) -> PathBuf {
        self.0.project()
    }

    fn git_in(&self, folder: &Path, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new("git");
        self.surroundings(&mut command);
        command.args(["-c", "protocol.file.allow=always"]);
        command.current_dir(folder).args(arguments).output().unwrap()
    }

    /// The variables of the program's user, with the program on PATH, for git and its hooks.
    fn surroundings(&self, command: &mut Command) {
        let own = self.0.command("ls");
        let own = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let binary = Path::new(env!("CARGO_BIN_EXE_v-secure")).parent().unwrap();
        command.env_clear().envs(own);
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_EDITOR", "true");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "t");
            command.env(format!("GIT_{role}_EMAIL"), "t@example.org");
        }
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) {
        let output = self.git_in(&self.root(), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    #[track_caller]
    fn commit(&self, message: &str) {
        self.git(&["commit", "--quiet", "--all", "-m", message]);
    }

    /// The program in a folder, with variables.
    fn run_in(&self, folder: &Path, line: &str, variables: &[(&str, &Path)]) -> Run {
        let mut command = self.0.command(line);
        command.current_dir(folder).envs(variables.iter().copied());
        finish(&mut command, b"x")
    }

    /// What `ls`, `init`, `doctor` and a restored backup say where the vault is hidden; returns the
    /// first hint.
    #[track_caller]
    fn hidden_in(&self, folder: &Path) -> String {
        let seen = self.run_in(folder, "ls --json", &[]);
        assert_eq!(failure(&seen), (5, "vault-hidden".into()));
        for line in ["init --json", "init --nested --json"] {
            let refused = self.run_in(folder, line, &[]);
            assert_eq!(failure(&refused), (7, "vault-hidden".into()), "{line}");
        }
        assert!(!folder.join(FILE).exists());
        let doctor = self.run_in(folder, "doctor", &[]);
        assert!(doctor.shows("vault-refused") && !doctor.shows("v-secure init"), "{doctor:?}");
        first_hint(&seen)
    }

    /// Follows a hint in a shell; afterwards the vault is there.
    #[track_caller]
    fn follow(&self, folder: &Path, hint: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", hint]).current_dir(folder).env("GIT_ALLOW_PROTOCOL", "file");
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{hint}: {output:?}");
        assert!(folder.join(FILE).exists(), "{hint}");
    }
}

fn first_hint(run: &Run) -> String {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    error["error"]["hints"][0].as_str().unwrap().to_owned()
}

#[test]
fn a_vault_that_a_sparse_checkout_leaves_out_is_no_missing_one() {
    let Some(repository) = Repository::new() else { return };
    let (root, src) = (repository.root(), repository.root().join("src"));
    repository.git(&["sparse-checkout", "set", "src"]);
    let below = repository.run_in(&src, "init --json", &[]);
    assert_eq!(failure(&below), (7, "vault-hidden".into()));
    let hint = first_hint(&below);
    assert!(
        hint.starts_with("git -C ") && hint.ends_with("sparse-checkout add .v-secure"),
        "{hint}"
    );
    let hint = repository.hidden_in(&root);
    assert_eq!(hint, "git sparse-checkout add .v-secure");
    repository.follow(&root, &hint);
    repository.0.ok("get A");
}

#[test]
fn a_vault_that_the_index_or_the_last_commit_has_is_brought_back() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    let remove = || fs::remove_dir_all(root.join(".v-secure")).unwrap();
    repository.git(&["update-index", "--skip-worktree", FILE]);
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["rm", "-r", "--quiet", "--cached", ".v-secure"]);
    remove();
    repository.follow(&root, &repository.hidden_in(&root));
    assert_eq!(repository.0.ok("get A"), "one");
}

#[test]
fn a_backup_replaces_no_vault_that_is_out_of_sight() {
    let Some(repository) = Repository::new() else { return };
    let backup = repository.root().join("src/backup");
    repository.0.ok(&format!("backup create {}", backup.display()));
    repository.git(&["sparse-checkout", "set", "src"]);
    let line = format!("backup restore {} --json", backup.display());
    let run = repository.run_in(&repository.root(), &line, &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    assert!(!repository.root().join(FILE).exists());
}

#[test]
fn a_vault_that_an_unfinished_merge_or_rebase_took_away_is_found() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.git(&["checkout", "--quiet", "-b", "without"]);
    repository.git(&["rm", "-r", "--quiet", ".v-secure"]);
    repository.commit("remove");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-commit", "--no-ff", "without"]);
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["merge", "--abort"]);
    repository.0.set("A", "two");
    repository.commit("second");
    let merge = repository.git_in(&root, &["merge", "without"]);
    assert!(!merge.status.success(), "one side changed what the other removed");
    let _ = fs::remove_file(root.join(FILE));
    repository.follow(&root, &repository.hidden_in(&root));
    repository.git(&["merge", "--abort"]);
    let rebase = repository.git_in(&root, &["rebase", "without"]);
    assert!(!rebase.status.success());
    repository.git(&["rm", "--quiet", "--cached", FILE]);
    fs::remove_file(root.join(FILE)).unwrap();
    repository.follow(&root, &repository.hidden_in(&root));
}

#[test]
fn a_vault_of_another_branch_is_named_and_another_one_is_made_only_on_demand() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    repository.git(&["commit", "--quiet", "--allow-empty", "-m", "empty"]);
    let run = repository.run_in(&root, "init --json", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    assert!(run.shows("the branch main has"), "{run:?}");
    let made = repository.run_in(&root, "init --nested", &[]);
    assert_eq!(made.code, 0, "{made:?}");
    fs::remove_dir_all(root.join(".v-secure")).unwrap();
    assert_eq!(first_hint(&run), "git checkout main -- .v-secure");
    repository.follow(&root, &first_hint(&run));
}

#[test]
fn a_partial_clone_has_the_vault_of_a_branch_though_not_its_content() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let (clone, url) = (repository.root().parent().unwrap().join("clone"), repository.root());
    let url = format!("file://{}", url.display());
    let path = clone.display().to_string();
    repository.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, &path]);
    let hint = repository.hidden_in(&clone);
    repository.follow(&clone, &hint);
    let bare = clone.with_file_name("bare");
    let path = bare.display().to_string();
    repository.git(&["clone", "--quiet", "--filter=tree:0", "--no-checkout", &url, &path]);
    repository.follow(&bare, &repository.hidden_in(&bare));
    for arguments in [
        &["checkout", "--quiet", "--orphan", "pages"][..],
        &["rm", "-r", "--quiet", "--force", "."],
    ] {
        assert!(repository.git_in(&clone, arguments).status.success(), "{arguments:?}");
    }
    let run = repository.run_in(&clone, "init --json", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
}

#[test]
fn a_branch_name_that_a_shell_would_run_is_quoted_in_what_is_to_be_typed() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["branch", "-m", "x;$(touch${IFS}ran)"]);
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    let run = repository.run_in(&repository.root(), "ls --json", &[]);
    assert_eq!(first_hint(&run), "git checkout 'x;$(touch${IFS}ran)' -- .v-secure");
}

/// git refuses to make such a branch, and takes one that a server has.
#[test]
fn a_branch_that_git_would_take_for_an_option_is_named_in_full() {
    let Some(repository) = Repository::new() else { return };
    repository.git(&["update-ref", "refs/heads/-f", "HEAD"]);
    repository.git(&["checkout", "--quiet", "--orphan", "pages"]);
    repository.git(&["branch", "-D", "main"]);
    repository.git(&["rm", "-r", "--quiet", "--force", "."]);
    let run = repository.run_in(&repository.root(), "ls --json", &[]);
    assert_eq!(failure(&run), (5, "vault-hidden".into()));
    assert!(run.shows("the branch -f has"), "{run:?}");
    assert_eq!(first_hint(&run), "git checkout refs/heads/-f -- .v-secure");
    repository.follow(&repository.root(), &first_hint(&run));
}

#[test]
fn folders_whose_names_are_options_or_not_shown_as_they_are_lead_nobody_astray() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in ["-f", "two\nlines"] {
        let folder = root.join(name);
        fs::create_dir_all(folder.join(".v-secure")).unwrap();
        fs::copy(root.join(FILE), folder.join(FILE)).unwrap();
        repository.git(&["add", "."]);
        repository.commit(name);
        fs::remove_dir_all(folder.join(".v-secure")).unwrap();
        let run = repository.run_in(&folder, "ls --json --vault .", &[]);
        assert_eq!(failure(&run), (5, "vault-hidden".into()), "{name}");
        match name {
            "-f" => repository.follow(&folder, &first_hint(&run)),
            _ => assert!(first_hint(&run).starts_with("git status, in that folder"), "{run:?}"),
        }
    }
    let skipped = "-f/.v-secure/vault.toml";
    repository.git(&["update-index", "--skip-worktree", "--", skipped]);
    fs::remove_dir_all(root.join("-f/.v-secure")).unwrap();
    let run = repository.run_in(&root.join("-f"), "ls --json --vault .", &[]);
    repository.follow(&root.join("-f"), &first_hint(&run));
    repository.git(&["sparse-checkout", "set", "src"]);
    assert!(!root.join("-f").exists(), "the folder is left out too");
    let run = repository.run_in(&root, "init --json --vault ./-f", &[]);
    assert_eq!(failure(&run), (7, "vault-hidden".into()));
    let run = repository.run_in(&root, "ls --json --vault ./-f", &[]);
    assert_eq!(failure(&run), (5, "vault-hidden".into()));
    let hint = first_hint(&run);
    let mut shell = Command::new("sh");
    assert!(shell.args(["-c", &hint]).current_dir(&root).output().unwrap().status.success());
    assert!(root.join(skipped).exists(), "{hint}");
}

/// Two branches that both changed the vault, merged as far as git can.
fn conflict() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.0.ok("git install");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.0.set("A", "side");
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.0.set("A", "main");
    repository.0.set("M", "main");
    repository.commit("main");
    let merge = repository.git_in(&repository.root(), &["merge", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    Some(repository)
}

#[test]
fn every_command_calls_conflict_markers_an_unfinished_merge() {
    let Some(repository) = conflict() else { return };
    let cli = &repository.0;
    let before = fs::read(cli.vault()).unwrap();
    for line in [
        "ls",
        "get A",
        "set A",
        "rm A --yes",
        "exec -- true",
        "export --format json",
        "secret show A",
        "import src/code --format dotenv",
        "member list",
        "member request",
        "access list",
        "audit log",
        "audit verify",
        "pin show",
        "pin accept --yes",
        "key status",
        "policy review",
        "settings show",
        "backup create out",
        "exposed",
        "prune",
        "unlock",
        "git pre-commit",
        "inject -i src/code",
    ] {
        let run = cli.feed(&format!("--json {line}"), b"x");
        assert_eq!(failure(&run), (7, "unmerged".into()), "{line}: {run:?}");
    }
    let run = cli.run("get A");
    for text in ["unfinished merge of 'HEAD' and 'side'", "line ", "git rebase \"$side\""] {
        assert!(run.shows(text), "{text}: {run:?}");
    }
    assert!(cli.run("doctor").shows("unfinished merge"));
    let init = cli.run("init");
    assert!(init.code == 7 && init.shows("unfinished merge"), "{init:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// git merges the log by itself where the new entries of both sides lie apart, and the marks are in one
/// secret's section alone.
#[test]
fn a_secret_beside_the_marks_is_not_served_either() {
    let Some(repository) = Repository::new() else { return };
    let cli = &repository.0;
    cli.set("OTHER", "beside");
    cli.ok("get OTHER");
    let text = fs::read_to_string(cli.vault()).unwrap();
    let (before, rest) = text.split_once("name = \"default/A\"\n").unwrap();
    let (active, after) = rest.split_once('\n').unwrap();
    let marked = format!(
        "{before}name = \"default/A\"\n<<<<<<< HEAD\n{active}\n=======\n{active}\n>>>>>>> side\n{after}"
    );
    fs::write(cli.vault(), marked).unwrap();
    fs::write(cli.project().join("in.tmpl"), "{{ v-secure:OTHER }}").unwrap();
    for line in [
        "get OTHER",
        "get OTHER --strict",
        "get A OTHER",
        "secret show OTHER",
        "secret versions OTHER",
        "exec --only OTHER -- true",
        "export --only OTHER --format json",
        "inject -i in.tmpl",
        "ls",
    ] {
        let run = cli.run(&format!("--json {line}"));
        assert_eq!(failure(&run), (7, "unmerged".into()), "{line}: {run:?}");
    }
    // A device that knows nothing is not asked about a vault that it could not read.
    let mut new = cli.command("get OTHER --json --trust-first-use");
    new.env("XDG_STATE_HOME", cli.project().with_file_name("new"));
    assert_eq!(failure(&finish(&mut new, b"")), (7, "unmerged".into()));
}

/// The hints of `unmerged`, typed one after the other, each of which succeeds.
#[track_caller]
fn follow_all(repository: &Repository, commit: &str) {
    for hint in hints(&repository.0.run("get A --json")) {
        let line = hint.replace("COMMIT", commit);
        let line = line.replace("NAME", "A").replace("git commit", "git commit -m merged");
        let output = typed(repository, &line);
        assert!(output.status.success(), "{line}: {output:?}");
        if line.contains("audit log") {
            let rows = String::from_utf8(output.stdout).unwrap();
            let rows: Vec<&str> = rows.lines().map(|row| row.split('\t').nth(2).unwrap()).collect();
            let changed = |row: &&str| ["default/A", "default/M"].contains(row);
            assert!(rows.contains(&"default/A") && rows.iter().all(changed), "{rows:?}");
        }
    }
}

/// One line in a shell, in the project.
fn typed(repository: &Repository, line: &str) -> std::process::Output {
    let mut shell = Command::new("sh");
    repository.surroundings(&mut shell);
    shell.args(["-c", line]).current_dir(repository.root()).output().unwrap()
}

fn hints(run: &Run) -> Vec<String> {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap();
    hints.iter().map(|hint| hint.as_str().unwrap().to_owned()).collect()
}

/// The steps out of a conflict, to the end: first those of the merge, then those of the rebase that
/// these begin.
#[track_caller]
fn rebase(repository: &Repository) {
    let first = hints(&repository.0.run("get A --json")).swap_remove(0);
    assert!(!typed(repository, &first).status.success(), "the same conflict, the other way round");
    follow_all(repository, "none");
    assert!(!repository.root().join(".git/other.toml").exists());
    repository.0.ok("audit verify");
    let lists = repository.git_in(&repository.root(), &["status", "--porcelain"]);
    assert!(lists.status.success() && lists.stdout.is_empty(), "{lists:?}");
}

#[test]
fn the_steps_out_of_a_conflict_lose_neither_side_and_pass_the_hook() {
    let Some(repository) = conflict() else { return };
    rebase(&repository);
    let cli = &repository.0;
    assert_eq!(cli.ok("get A"), "main", "the commit that was made again comes last");
    let verified = cli.run("audit verify --base side");
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// As [`conflict`], where the other side took a member out.
fn removal() -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    cli.ok(&format!("member add leaver --recipient {LEAVER} --yes"));
    cli.ok("role create app");
    cli.ok("access grant app prod/* read");
    cli.ok("role join app leaver");
    repository.commit("member");
    repository.git(&["branch", "side"]);
    cli.set("A", "main");
    repository.commit("main");
    repository.git(&["checkout", "--quiet", "side"]);
    cli.set("A", "side");
    cli.ok("member remove leaver --yes");
    repository.commit("leaves");
    repository.git(&["checkout", "--quiet", "main"]);
    let merge = repository.git_in(&repository.root(), &["merge", "side"]);
    assert!(!merge.status.success(), "{merge:?}");
    Some(repository)
}

#[test]
fn a_removal_on_the_other_side_of_a_conflict_stays_made() {
    let Some(repository) = removal() else { return };
    rebase(&repository);
    let members = repository.0.ok("member list");
    assert!(!members.contains("leaver"), "{members}");
    assert_eq!(repository.0.ok("get A"), "main");
}

#[test]
fn a_merge_that_drops_what_the_other_side_signed_is_not_committed() {
    for repository in [conflict, removal] {
        let Some(repository) = repository() else { return };
        repository.git(&["checkout", "--ours", "--", FILE]);
        repository.git(&["add", FILE]);
        let refused = repository.0.run("git pre-commit --json");
        assert_eq!(refused.code, 6, "{refused:?}");
        let commit = repository.git_in(&repository.root(), &["commit", "--quiet", "-m", "merged"]);
        assert!(!commit.status.success(), "{commit:?}");
        assert!(hints(&refused)[0].starts_with("side=$(git rev-parse MERGE_HEAD)"), "{refused:?}");
    }
}

#[test]
fn marks_that_were_added_are_taken_back_first() {
    let Some(repository) = sides() else { return };
    let root = repository.root();
    assert!(!repository.git_in(&root, &["merge", "side"]).status.success());
    repository.git(&["add", FILE]);
    assert!(hints(&repository.0.run("get A --json"))[0].starts_with("side=$("));
    let added = hook(&repository, 7);
    assert!(hints(&added)[0].starts_with("side=$("), "{added:?}");
    repository.git(&["merge", "--abort"]);
    assert!(!repository.git_in(&root, &["rebase", "side"]).status.success());
    repository.git(&["add", FILE]);
    hook(&repository, 7);
    assert!(hints(&repository.0.run("get A --json"))[0].starts_with("git checkout --merge"));
    follow_all(&repository, "none");
    assert_eq!(repository.0.ok("get A"), "main");
    repository.0.ok("audit verify --base side");
}

/// git runs another hook for a merge that it makes by itself, and a file that it merged by itself may be none.
#[test]
fn a_merge_that_git_makes_by_itself_is_verified() {
    let Some(repository) = Repository::new() else { return };
    let (cli, root) = (&repository.0, repository.root());
    cli.ok("git install");
    repository.git(&["branch", "side"]);
    cli.set("N", "main");
    repository.commit("main");
    repository.git(&["checkout", "--quiet", "side"]);
    let text = fs::read_to_string(cli.vault()).unwrap();
    fs::write(cli.vault(), text.replacen("format = 1", "format = 1\nbroken = 1", 1)).unwrap();
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "broken"]);
    repository.git(&["checkout", "--quiet", "main"]);
    let merge = repository.git_in(&root, &["merge", "--no-edit", "side"]);
    let said = String::from_utf8_lossy(&merge.stderr).into_owned();
    assert!(!merge.status.success() && said.contains("git merge --abort"), "{merge:?}");
    repository.git(&["merge", "--abort"]);
    assert_eq!(cli.ok("get N"), "main");
    cli.ok("git install --uninstall");
    assert!(!root.join(".git/hooks/pre-merge-commit").exists());
}

/// A name that a hint would write to may be committed by others as a link.
#[test]
fn the_steps_out_of_a_conflict_write_through_no_link_of_the_tree() {
    let Some(repository) = conflict() else { return };
    let (link, victim) =
        (repository.root().join("other.toml"), repository.root().join(".git/victim"));
    fs::write(&victim, "mine").unwrap();
    std::os::unix::fs::symlink(".git/victim", &link).unwrap();
    repository.git(&["add", "other.toml"]);
    let first = hints(&repository.0.run("get A --json")).swap_remove(0);
    assert!(!typed(&repository, &first).status.success());
    std::os::unix::fs::symlink(".git/victim", &link).unwrap();
    follow_all(&repository, "none");
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
}

/// A second branch with a value of its own, beside `main` with another; on `main`, the hook installed.
fn sides() -> Option<Repository> {
    let repository = conflict()?;
    repository.git(&["merge", "--abort"]);
    Some(repository)
}

/// What the hook says of what is staged.
#[track_caller]
fn hook(repository: &Repository, expected: i32) -> Run {
    let run = repository.0.run("git pre-commit --json");
    assert_eq!(run.code, expected, "{}", run.text());
    run
}

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
    assert!(hints[0].starts_with("git show :3:"), "{hints:?}");
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

#[test]
fn marks_that_were_committed_have_a_way_out_too() {
    let Some(repository) = conflict() else { return };
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "marks"]);
    follow_all(&repository, "HEAD");
    let cli = &repository.0;
    assert_eq!((cli.ok("get A"), cli.ok("get M")), ("side".into(), "main".into()));
    cli.ok("audit verify");
}

#[test]
fn variables_of_another_repository_are_not_taken_for_the_vaults() {
    let Some(repository) = Repository::new() else { return };
    repository.0.ok("git install");
    let other = repository.root().parent().unwrap().join("other");
    fs::create_dir(&other).unwrap();
    assert!(repository.git_in(&other, &["init", "--quiet"]).status.success());
    fs::write(other.join("file"), "x").unwrap();
    assert!(repository.git_in(&other, &["add", "file"]).status.success());
    let git = other.join(".git");
    let (index, objects) = (git.join("index"), git.join("objects"));
    let temporary = Path::new(".git/next-index-1.lock");
    for variables in [
        &[("GIT_DIR", git.as_path())][..],
        &[("GIT_INDEX_FILE", &index)],
        &[("GIT_INDEX_FILE", temporary)],
        &[("GIT_WORK_TREE", &other)],
        &[("GIT_DIR", &git), ("GIT_WORK_TREE", &other), ("GIT_INDEX_FILE", &index)],
        &[("GIT_OBJECT_DIRECTORY", &objects)],
        // The vault's own, as an alias and a hook in a folder below have them.
        &[("GIT_DIR", Path::new(".git"))],
    ] {
        let run = repository.run_in(&repository.root(), "doctor", variables);
        assert!(run.shows("git-sound"), "{variables:?}: {}", run.text());
        assert!(run.shows("hook-helpless"), "{variables:?}: {}", run.text());
        let verified = repository.run_in(&repository.root(), "audit verify --base HEAD", variables);
        assert_eq!(verified.code, 0, "{variables:?}: {verified:?}");
    }
}

#[test]
fn the_index_of_a_commit_that_is_being_made_is_the_one_that_the_hook_sees() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    let mut broken = fs::read(root.join(FILE)).unwrap();
    broken.extend_from_slice(b"x\n");
    fs::write(root.join(FILE), broken).unwrap();
    fs::copy(root.join(".git/index"), root.join(".git/mine")).unwrap();
    let mut add = Command::new("git");
    add.current_dir(&root).env("GIT_INDEX_FILE", ".git/mine").args(["add", FILE]);
    assert!(add.output().unwrap().status.success());
    let in_git = root.join(".git/mine");
    let outside = root.parent().unwrap().join("mine");
    fs::copy(&in_git, &outside).unwrap();
    assert_eq!(repository.0.run("git pre-commit").code, 0, "nothing is staged in the index itself");
    for index in [in_git.as_path(), &outside, Path::new(".git/mine")] {
        let run = repository.run_in(&root, "git pre-commit", &[("GIT_INDEX_FILE", index)]);
        assert_eq!(run.code, 6, "{index:?}: {run:?}");
    }
}

#[test]
fn what_a_second_worktree_lacks_is_said_once() {
    let Some(repository) = Repository::new() else { return };
    let second = repository.root().parent().unwrap().join("second");
    let path = second.display().to_string();
    repository.git(&["worktree", "add", "--quiet", "-b", "second", &path]);
    repository.0.set("A", "two");
    let get = || repository.run_in(&second, "get A", &[]);
    let warns = |run: &Run| run.shows("log entry that was seen here before is missing");
    assert!(warns(&get()), "a roll-back looks the same");
    assert!(!warns(&get()) && !warns(&get()));
    repository.0.set("A", "three");
    assert!(warns(&get()), "another state");
    assert!(!warns(&get()));
    repository.0.ok("settings set reads off");
    let older = |run: &Run| run.shows("this is an older state");
    assert!(older(&get()) && !older(&get()));
    let strict = repository.run_in(&second, "exec --strict -- true", &[]);
    assert_eq!(strict.code, 6, "{strict:?}");
}
