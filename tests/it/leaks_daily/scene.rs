//! A vault with planted secrets, and commands that run traced and watched.

use std::cell::{Cell, RefCell};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::{NamedTempFile, TempDir};
use v_secure::SecretValue;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_testkit::sandbox::{Sandbox, contains, describe, feed};
use v_secure_testkit::watch::{Allowed, Watch};
use v_secure_testkit::{binary, executable, keyctl, own_process};

pub const VALUE: &str = "planted-value-3f9d81c2";
pub const PASSPHRASE: &str = "planted walrus ladder copper 8317";

/// The calls by which something leaves a process, and those that close it to others.
/// Each process stays a while at its end, to be seen.
const LINGER: &str = "--inject=exit_group:delay_enter=30000";
const CALLS: &str = "--trace=?write,?writev,?pwrite64,?pwritev,?sendto,?sendmsg,?openat,?open,?execve,\
                     ?prctl,?prlimit64,exit_group";

pub struct Scene {
    pub sandbox: Sandbox,
    pub watch: Watch,
    pub key: String,
    /// What users keep and get outside of the folders that are searched.
    given: TempDir,
    /// `XDG_RUNTIME_DIR`, in memory.
    runtime: TempDir,
    traces: RefCell<Vec<(Case, NamedTempFile)>>,
    /// Commands whose process was looked at while it ran.
    seen: Cell<usize>,
}

/// Whether a test goes on: in a process of its own, as a scene looks at everything that its process
/// started. One after the other, as scenes plant the same texts.
pub fn is_own(test: impl Fn()) -> bool {
    let _alone = keyctl::alone();
    own_process::is_own(test)
}

/// A command line, and what it may do.
#[derive(Clone)]
pub struct Case {
    line: String,
    input: String,
    variables: Vec<(String, String)>,
    /// Whether values are its result.
    gives: bool,
    in_memory: bool,
    program: bool,
    in_session: bool,
    code: i32,
}

pub fn case(line: &str) -> Case {
    Case {
        line: line.to_owned(),
        input: String::new(),
        variables: Vec::new(),
        gives: false,
        in_memory: false,
        program: false,
        in_session: false,
        code: 0,
    }
}

impl Case {
    pub fn input(mut self, input: &str) -> Self {
        input.clone_into(&mut self.input);
        self
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn gives(mut self) -> Self {
        self.gives = true;
        self
    }

    /// It may have values in files in memory while it runs.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// It becomes a program that gets values.
    pub fn program(mut self) -> Self {
        self.program = true;
        self
    }

    /// It runs in a session keyring of its own.
    pub fn in_session(mut self) -> Self {
        self.in_session = true;
        self
    }

    pub fn fails(mut self, code: i32) -> Self {
        self.code = code;
        self
    }
}

impl Scene {
    /// Without a vault; the identity is where the program looks for it.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        for name in ["tmp", "state"] {
            fs::create_dir(sandbox.path(name)).unwrap();
        }
        let config = sandbox.identity().parent().unwrap().to_owned();
        fs::create_dir_all(&config).unwrap();
        let key = v_secure::generate_identity().text.expose_str().unwrap().trim().to_owned();
        fs::write(sandbox.identity(), format!("{key}\n")).unwrap();
        fs::set_permissions(sandbox.identity(), fs::Permissions::from_mode(0o600)).unwrap();
        let root = sandbox.path("");
        let mut watch = Watch::new(vec![root, "/dev/shm".into()]);
        watch.plant(VALUE, None);
        watch.plant(PASSPHRASE, None);
        watch.plant(&key, Some(config));
        let (given, runtime) = (tempfile::tempdir(), tempfile::tempdir_in("/dev/shm"));
        let (given, runtime) = (given.unwrap(), runtime.unwrap());
        Self { sandbox, watch, key, given, runtime, traces: RefCell::default(), seen: Cell::new(0) }
    }

    /// Plants what the identity opens: keys of audiences, and the key that signs.
    pub fn plant_keys(&mut self) {
        let vault = self.sandbox.verified().unwrap();
        let text = SecretValue::new(self.key.clone().into_bytes());
        let who = Unlocked::new(&vault, parse_identities(&text).unwrap()).unwrap();
        let config = self.sandbox.identity().parent().map(Path::to_owned);
        for keys in who.keys(&vault, &AudienceName::new("owner")).unwrap().iter() {
            self.watch.plant(keys.kek.expose(), None);
            self.watch.plant(keys.identity().unwrap().text().expose(), None);
        }
        let seed = who.signer(&vault).unwrap().key.seed();
        self.watch.plant(seed.expose(), config);
    }

    /// The path of something that the user keeps.
    pub fn given(&self, name: &str) -> String {
        self.given.path().join(name).to_str().unwrap().to_owned()
    }

    /// A file that the user keeps.
    pub fn hand(&self, name: &str, text: &str) -> String {
        let path = self.given(name);
        fs::write(&path, format!("{text}\n")).unwrap();
        path
    }

    /// A folder with a script of that name, also outside.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.given(name);
        executable::script(Path::new(&path), &format!("#!/bin/sh\n{script}\n"));
        self.given.path().to_owned()
    }

    /// The command with private folders for everything that it may write to.
    pub fn command(&self, case: &Case) -> Command {
        let arguments: Vec<&str> = case.line.split(' ').filter(|word| !word.is_empty()).collect();
        let mut command = self.sandbox.command(&arguments);
        command.env("TMPDIR", self.sandbox.path("tmp"));
        command.env("XDG_STATE_HOME", self.sandbox.path("state"));
        command.env("XDG_RUNTIME_DIR", self.runtime.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command.envs(case.variables.clone());
        command
    }

    /// Runs what must succeed, neither traced nor watched.
    #[track_caller]
    pub fn plain(&self, line: &str, input: &str) {
        let mut command = self.command(&case(line));
        let output = feed(command.stdin(Stdio::piped()), input.as_bytes());
        assert!(output.status.success(), "{line}: {}", describe(&output));
    }

    /// Runs it traced and watched; returns its standard output.
    #[track_caller]
    pub fn run(&self, case: &Case) -> String {
        let log = NamedTempFile::new().unwrap();
        let mut strace = traced(&self.command(case), log.path(), case.in_session);
        let run = || feed(strace.stdin(Stdio::piped()), case.input.as_bytes());
        let (output, seen) = self.watch.during(&self.allowed(case), run);
        let line = &case.line;
        assert_eq!(output.status.code(), Some(case.code), "{line}: {}", describe(&output));
        assert!(seen.leaks.is_empty(), "during {line}: {:?}", seen.leaks);
        self.seen.set(self.seen.get() + usize::from(seen.programs.contains(Path::new(binary()))));
        self.nothing_is_left(line);
        assert!(!contains(&output.stderr, b"planted"), "{line}: {}", describe(&output));
        assert_eq!(contains(&output.stdout, b"planted"), case.gives, "{line}");
        self.traces.borrow_mut().push((case.clone(), log));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn allowed(&self, case: &Case) -> Allowed {
        let mut folders = vec![self.given.path().to_owned()];
        if case.in_memory {
            folders.push(self.runtime.path().to_owned());
        }
        Allowed { program: case.program, folders }
    }

    /// What removes named files does so beside the end of the program.
    #[track_caller]
    pub fn nothing_is_left(&self, line: &str) {
        let mut left = self.watch.left();
        for _ in 0..200 {
            if left.is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
            left = self.watch.left();
        }
        panic!("after {line}: {left:?}");
    }

    /// Looks through the traces of all commands, now that everything planted is known.
    pub fn nothing_was_written(&self) {
        let (seen, all) = (self.seen.get(), self.traces.borrow().len());
        assert!(seen * 2 >= all, "{seen} of {all} processes were seen");
        let own = self.sandbox.identity().parent().unwrap().display().to_string();
        for (case, log) in self.traces.borrow().iter() {
            let mut found = self.watch.lines(log.path());
            found.retain(|line| !self.belongs(case, line) && !is_key_file(line, &self.key, &own));
            assert!(found.is_empty(), "{}: {found:#?}", case.line);
            self.closes_first(case, &fs::read_to_string(log.path()).unwrap());
        }
    }

    /// Results, the files that the user asked for, and what a program gets.
    fn belongs(&self, case: &Case, line: &str) -> bool {
        let given = format!("<{}", self.given.path().display());
        let memory = format!("<{}", self.runtime.path().display());
        line.contains(" write(1<")
            || (line.contains(" write(") && line.contains(&given))
            || (case.in_memory && line.contains(" write(") && line.contains(&memory))
            || (case.program && line.contains(" execve(") && !line.contains(binary()))
            // A file without a name, which only the program can open.
            || (case.program && line.contains("</memfd:"))
    }

    /// Nothing of the user's is opened before the process is closed to others.
    fn closes_first(&self, case: &Case, trace: &str) {
        let begin = trace.find(&format!("execve(\"{}", binary())).unwrap();
        let trace = &trace[begin..];
        let at =
            |text: &str| trace.find(text).unwrap_or_else(|| panic!("{}: no {text}", case.line));
        let closed = at("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0");
        let limited = at("RLIMIT_CORE, {rlim_cur=0");
        for folder in [self.sandbox.path(""), self.given.path().to_owned()] {
            let opened = format!("<{}", folder.display());
            let mut opens = trace.lines().filter(|line| line.contains(" openat("));
            let of = |line: &&str| line.rsplit(" = ").next().unwrap().contains(&opened);
            let Some(first) = opens.find(of) else { continue };
            let first = at(first);
            assert!(closed < first && limited < first, "{}: {first}", case.line);
        }
    }
}

/// A write of the identity where it belongs.
fn is_key_file(line: &str, key: &str, folder: &str) -> bool {
    line.contains(" write(") && line.contains(folder) && line.contains(key)
}

fn traced(command: &Command, log: &Path, in_session: bool) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-v", "-s", "2000000", CALLS, LINGER, "-o"]).arg(log).arg("--");
    if in_session {
        strace.args(["keyctl", "session", "-"]);
    }
    strace.arg(command.get_program()).args(command.get_args());
    strace.current_dir(command.get_current_dir().unwrap()).env_clear();
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace
}
