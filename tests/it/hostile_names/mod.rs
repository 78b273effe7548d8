//! Files, folders and branches whose names others chose, so that a shell or git would read more in them than
//! a name: what is typed as it is shown runs nothing else, and is about that file alone.

#![cfg(unix)]

mod commands;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use v_secure_testkit::binary;
use v_secure_testkit::cli::{Cli, Run, finish, mode};
use v_secure_testkit::tools;

const NAMES: [&str; 8] = [
    "a$(touch ${HOME}_pwned)",
    ";touch ${HOME}_pwned;#",
    "it's; touch ${HOME}_pwned; '",
    ":^x",
    ":!x",
    "-f",
    "*",
    "two \"words\" !1 é",
];

struct Repository(Cli);

impl Repository {
    /// A vault and two other files, in a first commit.
    fn new() -> Option<Self> {
        if !tools::has("git") {
            return None;
        }
        let repository = Self(Cli::with_vault());
        repository.0.set("A", "one");
        repository.git("init --quiet --initial-branch=main");
        fs::create_dir(repository.root().join("x")).unwrap();
        for file in ["keep", "x/keep"] {
            fs::write(repository.root().join(file), "theirs\n").unwrap();
        }
        repository.commit();
        Some(repository)
    }

    fn root(&self) -> PathBuf {
        self.0.project().canonicalize().unwrap()
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Run {
        let mut command = self.0.command("--json");
        finish(command.current_dir(folder).args(arguments), b"")
    }

    /// A line as a user types it.
    fn type_in(&self, shell: &str, folder: &Path, line: &str) -> Output {
        let own = self.0.command("ls");
        let own = own.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let binary = Path::new(binary()).parent().unwrap();
        let mut command = Command::new(shell);
        command.args(["-c", line]).current_dir(folder).env_clear().envs(own);
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display()));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C.UTF-8");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "t");
            command.env(format!("GIT_{role}_EMAIL"), "t@example.org");
        }
        let output = command.output().unwrap();
        let pwned = self.0.project().with_file_name("home_pwned");
        assert!(!pwned.exists(), "{line} ran what stands in a name");
        output
    }

    #[track_caller]
    fn follow(&self, folder: &Path, line: &str) {
        let output = self.type_in("sh", folder, line);
        assert!(output.status.success(), "{line}: {output:?}");
    }

    #[track_caller]
    fn git(&self, line: &str) {
        self.follow(&self.root(), &format!("git {line}"));
    }

    fn commit(&self) {
        self.git("add --all");
        self.git("commit --quiet --no-verify --allow-empty -m x");
    }

    fn tracked(&self) -> Vec<String> {
        let listed = self.type_in("sh", &self.root(), "git ls-files -z");
        let listed = String::from_utf8(listed.stdout).unwrap();
        listed.split_terminator('\0').map(str::to_owned).collect()
    }

    /// A folder with this repository's vault.
    fn vault_in(&self, name: &str) -> PathBuf {
        let folder = self.root().join(name);
        fs::create_dir_all(folder.join(".v-secure")).unwrap();
        fs::copy(self.0.vault(), folder.join(FILE)).unwrap();
        folder
    }

    /// A folder with a vault of its own.
    fn own_vault_in(&self, name: &str) -> PathBuf {
        let folder = self.root().join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut command = self.0.command("init --nested --vault-name other --member ada");
        let run = finish(command.current_dir(&folder), b"");
        assert_eq!(run.code, 0, "{name}: {run:?}");
        folder
    }

    /// Changes of the user's own in files that no hint is about.
    fn begin_work(&self) {
        for file in ["keep", "x/keep"] {
            fs::write(self.root().join(file), "mine\n").unwrap();
        }
    }

    #[track_caller]
    fn has_work(&self, line: &str) {
        for file in ["keep", "x/keep"] {
            let text = fs::read_to_string(self.root().join(file)).unwrap();
            assert_eq!(text, "mine\n", "{line}: {file}");
        }
    }
}

const FILE: &str = ".v-secure/vault.toml";

#[track_caller]
fn hints(run: &Run, code: &str) -> Vec<String> {
    let error: serde_json::Value = serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], code, "{run:?}");
    let hints = error["error"]["hints"].as_array().unwrap();
    hints.iter().map(|hint| hint.as_str().unwrap().to_owned()).collect()
}

/// What a finding of `doctor` says is to be typed.
#[track_caller]
fn mends(run: &Run, code: &str) -> String {
    let report: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
    let mut findings = report["findings"].as_array().unwrap().iter();
    let found = findings.find(|found| found["code"] == code);
    let found = found.unwrap_or_else(|| panic!("{code}: {report}"));
    found["command"].as_str().unwrap().to_owned()
}

#[test]
fn the_hook_s_hints_are_about_those_files_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        fs::create_dir(root.join(name)).unwrap();
        let (file, known) = (format!("{name}/.env"), repository.tracked());
        for folder in [&root, &root.join("x")] {
            fs::write(root.join(&file), "A=hunter2\n").unwrap();
            repository.git("add --all");
            assert!(repository.tracked().contains(&file));
            let hints = hints(&repository.run(folder, &["git", "pre-commit"]), "plain-file");
            assert_eq!(hints[1], "add a line to .gitignore that leaves this file out");
            repository.type_in("sh", folder, &hints[1]);
            repository.follow(folder, &hints[0]);
            assert_eq!(repository.tracked(), known, "{}", hints[0]);
            assert!(root.join(&file).exists(), "{}", hints[0]);
        }
        fs::remove_dir_all(root.join(name)).unwrap();
    }
}

#[test]
fn a_staged_vault_that_is_refused_is_taken_back_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        let path = format!("{name}/{FILE}");
        repository.own_vault_in(name);
        repository.commit();
        let known = repository.tracked();
        for folder in [&root, &root.join("x")] {
            let removed = format!(":(top,literal){path}");
            let mut git = Command::new("git");
            git.args(["rm", "--quiet", "--cached", "--", &removed, ":(top)keep"]);
            assert!(git.current_dir(&root).status().unwrap().success());
            let run = repository.run(folder, &["git", "pre-commit"]);
            let hints = hints(&run, "vault-deleted");
            repository.follow(folder, &hints[0]);
            let mut less = known.clone();
            less.retain(|known| known != "keep");
            assert_eq!(repository.tracked(), less, "{}", hints[0]);
            repository.git("reset --quiet");
        }
    }
}

#[test]
fn shells_read_the_same_word() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join(".env"), "A=hunter2\n").unwrap();
        repository.git("add --all");
        let hints = hints(&repository.run(&root, &["git", "pre-commit"]), "plain-file");
        let line = hints[0].replacen("git rm --cached", "printf %s", 1);
        for shell in ["sh", "dash", "bash", "zsh", "fish"] {
            if Path::new("/usr/bin").join(shell).exists() {
                let output = repository.type_in(shell, &root, &line);
                let word = String::from_utf8(output.stdout).unwrap();
                assert_eq!(word, format!(":(literal){name}/.env"), "{shell}: {line}");
            }
        }
        repository.git("reset --quiet");
        fs::remove_dir_all(root.join(name)).unwrap();
    }
}

#[test]
fn what_doctor_says_is_about_those_files_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        let known = repository.tracked();
        let folder = repository.vault_in(name);
        fs::set_permissions(folder.join(FILE), fs::Permissions::from_mode(0o666)).unwrap();
        let run = repository.run(&folder, &["doctor"]);
        repository.follow(&folder, &mends(&run, "git-untracked"));
        let added: Vec<_> =
            repository.tracked().into_iter().filter(|file| !known.contains(file)).collect();
        assert_eq!(added, [format!("{name}/{FILE}")]);
        repository.follow(&folder, &mends(&run, "vault-writable-by-others"));
        assert_eq!(mode(&folder.join(FILE)) & 0o022, 0, "{name}");
        fs::write(folder.join(".v-secure/.lock"), "").unwrap();
        repository.git("add --all --force");
        let run = repository.run(&folder, &["doctor"]);
        repository.follow(&folder, &mends(&run, "git-lock"));
        assert!(!repository.tracked().contains(&format!("{name}/.v-secure/.lock")), "{name}");
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
        repository.git("reset --quiet --hard");
        fs::write(folder.join(".env"), "A=hunter2\n").unwrap();
        for place in [&root, &folder] {
            repository.git("add --all");
            let mend =
                mends(&repository.run(place, &["doctor", "--vault", &vault(&root)]), "plain-file");
            repository.follow(place, &mend);
            assert_eq!(repository.tracked(), known, "{mend}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}

fn vault(root: &Path) -> String {
    root.join(FILE).display().to_string()
}

#[test]
fn what_brings_a_vault_back_is_about_that_vault_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        let folder = repository.vault_in(name);
        repository.commit();
        let path = folder.join(FILE);
        let literal =
            format!("GIT_LITERAL_PATHSPECS=1 git rm -r --quiet --cached -- {}", quoted(name));
        let skipped =
            format!("git update-index --skip-worktree {}", quoted(&format!("./{name}/{FILE}")));
        let sparse = "git sparse-checkout set x";
        for state in ["true", &literal, &skipped, sparse] {
            repository.begin_work();
            repository.follow(&root, state);
            let _ = fs::remove_dir_all(folder.join(".v-secure"));
            let run = repository.run(&root, &["ls", "--vault", &format!("./{name}")]);
            let hint = hints(&run, "vault-hidden").remove(0);
            repository.follow(&root, &hint);
            assert!(path.exists(), "{hint}");
            repository.has_work(&hint);
            repository.git("sparse-checkout disable");
            repository.git("reset --quiet --hard");
        }
        fs::remove_dir_all(folder.join(".v-secure")).unwrap();
        let run = repository.run(&folder, &["ls", "--vault", "."]);
        repository.begin_work();
        let hint = hints(&run, "vault-hidden").remove(0);
        repository.follow(&folder, &hint);
        assert!(path.exists(), "{hint}");
        repository.has_work(&hint);
        repository.git("reset --quiet --hard");
    }
}

#[test]
fn what_mends_line_ends_is_about_that_vault_alone() {
    let Some(repository) = Repository::new() else { return };
    let root = repository.root();
    for name in NAMES {
        let path = repository.vault_in(name).join(FILE);
        repository.commit();
        repository.begin_work();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        let run = repository.run(&root, &["ls", "--vault", &format!("./{name}")]);
        let hint = hints(&run, "carriage-return").pop().unwrap();
        repository.follow(&root, &hint);
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{hint}");
        repository.has_work(&hint);
        repository.git("reset --quiet --hard");
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
