//! A repository whose configuration names a program wherever git takes one: no command of v-secure
//! that asks git something runs any of them.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, Run, finish};
use v_secure_testkit::executable;

/// Settings that name a program; `TRAP` stands for one that writes down what it was called for.
const PROGRAMS: &[(&str, &str)] = &[
    ("core.fsmonitor", "TRAP fsmonitor"),
    ("core.sshCommand", "TRAP ssh"),
    ("core.gitProxy", "TRAP proxy"),
    ("core.pager", "TRAP pager"),
    ("core.editor", "TRAP editor"),
    ("core.askPass", "TRAP"),
    ("core.alternateRefsCommand", "TRAP alternates"),
    ("pager.show", "TRAP pager"),
    ("pager.diff", "TRAP pager"),
    ("diff.external", "TRAP diff"),
    ("diff.t.textconv", "TRAP textconv"),
    ("diff.t.command", "TRAP command"),
    ("filter.t.clean", "TRAP clean"),
    ("filter.t.smudge", "TRAP smudge"),
    ("filter.t.process", "TRAP process"),
    ("filter.t.required", "true"),
    ("merge.t.driver", "TRAP merge"),
    ("credential.helper", "!TRAP credential"),
    ("gpg.program", "TRAP gpg"),
    ("log.showSignature", "true"),
    ("alias.ls-files", "!TRAP alias"),
    ("alias.cat-file", "!TRAP alias"),
    ("alias.show", "!TRAP alias"),
    ("protocol.allow", "always"),
    ("protocol.ext.allow", "always"),
    ("remote.far.url", "ext::TRAP fetch"),
    ("remote.far.uploadpack", "TRAP upload"),
    ("remote.far.promisor", "true"),
    ("remote.far.partialclonefilter", "blob:none"),
    ("extensions.partialClone", "far"),
    ("submodule.recurse", "true"),
];

struct Hostile {
    cli: Cli,
    trap: PathBuf,
}

impl Hostile {
    /// A vault in a repository whose last commit lacks the vault's blob, as in a partial clone.
    fn new() -> Option<Self> {
        let cli = Cli::with_vault();
        let hostile = Self { trap: cli.project().parent().unwrap().join("trap"), cli };
        let log = hostile.log();
        let script = format!("#!/bin/sh\necho \"$0 $*\" >> {}\nexit 1\n", log.display());
        executable::script(&hostile.trap, &script);
        if !hostile.git(&["init", "--quiet"]) {
            return None;
        }
        // The repository is another place than the folder alone.
        hostile.cli.ok("pin accept --yes");
        hostile.cli.set("A", "one");
        fs::write(hostile.cli.project().join(".env"), "B=two\n").unwrap();
        hostile.git(&["add", "."]);
        hostile.git(&["commit", "--quiet", "-m", "first"]);
        fs::write(hostile.cli.project().join(".gitattributes"), "* diff=t filter=t merge=t\n")
            .unwrap();
        Some(hostile)
    }

    fn log(&self) -> PathBuf {
        self.trap.with_extension("log")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(self.cli.project()).env_clear().env("PATH", cli::path());
        command.env("HOME", self.cli.project().parent().unwrap().join("home"));
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        command
    }

    fn git(&self, arguments: &[&str]) -> bool {
        self.command().args(arguments).output().is_ok_and(|output| output.status.success())
    }

    fn config(&self, programs: &[(&str, &str)], file: &Path) {
        let trap = self.trap.to_str().unwrap();
        for (key, value) in programs {
            let value = value.replace("TRAP", trap);
            let mut command = self.command();
            let set = command.args(["config", "--file"]).arg(file).args([*key, &value]);
            assert!(set.output().unwrap().status.success(), "{key}");
        }
    }

    /// Puts a trap in place of each hook, and of each program in the repository's configuration or
    /// in a file that it includes.
    fn arm(&self, included: bool) {
        let folder = self.cli.project().join(".git");
        let hooks = self.trap.with_extension("hooks");
        fs::create_dir_all(&hooks).unwrap();
        for hook in
            ["post-index-change", "reference-transaction", "pre-commit", "fsmonitor-watchman"]
        {
            fs::copy(&self.trap, hooks.join(hook)).unwrap();
        }
        let mut programs = PROGRAMS.to_vec();
        programs.push(("core.hooksPath", hooks.to_str().unwrap()));
        // Last: it makes git look at the remote for what is missing.
        programs.sort_by_key(|(key, _)| *key == "extensions.partialClone");
        if included {
            self.config(&programs, &folder.join("more"));
            self.config(&[("include.path", "more")], &folder.join("config"));
        } else {
            self.config(&programs, &folder.join("config"));
        }
        // A repository of the newer form, where extensions count.
        self.config(&[("core.repositoryFormatVersion", "1")], &folder.join("config"));
        let _ = fs::remove_file(self.log());
    }

    /// Takes the blob of a file at `HEAD` away, so that git wants to fetch it.
    fn lose(&self, path: &str) {
        let mut command = self.command();
        let id = command.args(["rev-parse", &format!("HEAD:{path}")]).output().unwrap();
        let id = String::from_utf8(id.stdout).unwrap();
        let (start, end) = id.trim().split_at(2);
        let blob = self.cli.project().join(".git/objects").join(start).join(end);
        fs::remove_file(blob).unwrap();
    }

    fn ran(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Each command that asks git something, with the answer that it must still give.
    fn calls(&self) -> Vec<(&'static str, Run)> {
        let lines = [
            "doctor",
            "git pre-commit",
            "git install",
            "audit verify --base HEAD",
            "audit verify --base main --json",
            "diff HEAD",
            "diff HEAD HEAD --json",
            "import --dry-run .env",
            "git install --uninstall",
        ];
        lines.map(|line| (line, self.cli.run(line))).into()
    }
}

#[test]
fn no_command_runs_what_a_repository_names() {
    for included in [false, true] {
        let Some(hostile) = Hostile::new() else { return };
        hostile.cli.set("A", "two");
        hostile.git(&["add", ".v-secure"]);
        hostile.arm(included);
        for (line, run) in hostile.calls() {
            assert_eq!(hostile.ran(), "", "{line}: {}", run.err);
            let (mains, code) = (line.contains("--base main"), run.code);
            assert!(code == 0 || mains || line == "doctor", "{line}: {run:?}");
        }
        hostile.lose(".v-secure/vault.toml");
        for (line, run) in hostile.calls() {
            assert_eq!(hostile.ran(), "", "{line}: {}", run.err);
        }
        let run = hostile.cli.run("audit verify --base HEAD");
        assert_eq!(run.code, 7, "a blob that is not here is not fetched: {run:?}");
    }
}

#[test]
fn the_traps_are_armed() {
    let Some(hostile) = Hostile::new() else { return };
    hostile.arm(false);
    for (arguments, trap) in [
        (&["ls-files", "--others"][..], "fsmonitor"),
        (&["show", "--textconv", "HEAD:.env"], "process"),
    ] {
        hostile.git(arguments);
        assert!(hostile.ran().contains(trap), "{arguments:?}: {}", hostile.ran());
    }
    hostile.lose(".v-secure/vault.toml");
    hostile.git(&["cat-file", "blob", "HEAD:.v-secure/vault.toml"]);
    assert!(hostile.ran().contains("fetch"), "{}", hostile.ran());
}

/// What is pushed can hold a bare repository, whose configuration is one of its files.
#[test]
fn a_bare_repository_among_the_files_names_nothing_that_runs() {
    let Some(hostile) = Hostile::new() else { return };
    let inner = hostile.cli.project().join("inner");
    hostile.git(&["init", "--quiet", "--bare", "inner"]);
    hostile.config(&[("core.worktree", ".."), ("core.bare", "false")], &inner.join("config"));
    hostile.config(PROGRAMS, &inner.join("config"));
    fs::create_dir(inner.join(".v-secure")).unwrap();
    fs::copy(hostile.cli.vault(), inner.join(".v-secure/vault.toml")).unwrap();
    let _ = fs::remove_file(hostile.log());
    for line in ["doctor", "git pre-commit", "git install", "audit verify --base HEAD"] {
        let run = finish(hostile.cli.command(line).current_dir(&inner), b"");
        assert_eq!(hostile.ran(), "", "{line}: {}", run.err);
    }
    assert!(!inner.join("hooks/pre-commit").exists());
}

/// `:0:app/…` is the file `app/…` of the index, and not one in a folder `0:app`.
#[test]
fn the_name_of_a_folder_does_not_choose_what_is_verified() {
    let Some(hostile) = Hostile::new() else { return };
    let project = hostile.cli.project();
    for (folder, text) in
        [("app", fs::read(hostile.cli.vault()).unwrap()), ("0:app", b"junk".to_vec())]
    {
        fs::create_dir_all(project.join(folder).join(".v-secure")).unwrap();
        fs::write(project.join(folder).join(".v-secure/vault.toml"), text).unwrap();
    }
    assert!(hostile.git(&["add", "-f", "app"]));
    hostile.cli.ok("git pre-commit");
    assert!(hostile.git(&["add", "-f", "./0:app"]));
    let run = hostile.cli.run("git pre-commit");
    assert!(run.err.contains("0:app/.v-secure/vault.toml"), "{}", run.err);
    assert_eq!(run.code, 6);
}

#[test]
fn hooks_are_where_the_setting_says() {
    let Some(hostile) = Hostile::new() else { return };
    hostile.git(&["config", "core.hooksPath", "my-hooks"]);
    hostile.cli.ok("git install");
    assert!(hostile.cli.project().join("my-hooks/pre-commit").is_file());
}
