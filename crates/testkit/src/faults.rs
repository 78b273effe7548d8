//! Runs a command once for each way in which one of its system calls can fail.
//!
//! `strace` counts the calls of a clean run, then each run kills the process at one of them or
//! makes it fail with ENOSPC or EIO. Calls are counted per thread, as `strace` injects: where a
//! program has several, one fault may hit more than one of them.

use crate::tools::{has, skip, skip_here};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

/// Every call by which a file or its name changes, and those that lead there. `?` lets `strace`
/// pass over what a processor does not have.
#[rustfmt::skip]
const CALLS: [&str; 23] = [
    "write", "pwrite64", "writev", "copy_file_range", "fsync", "fdatasync", "rename", "renameat",
    "renameat2", "link", "linkat", "unlink", "unlinkat", "openat", "close", "ftruncate",
    "fallocate", "fchmod", "fchown", "flock", "mkdir", "mkdirat", "pwritev",
];

/// Calls whose result nobody looks at: what matters is only that the process can die there.
const KILL_ONLY: [&str; 1] = ["close"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The process is killed on entering the call.
    Kill,
    NoSpace,
    InputOutput,
}

/// One thing that goes wrong in a run.
#[derive(Debug, Clone)]
pub struct Fault {
    pub call: String,
    /// Counted from 1.
    pub nth: usize,
    pub kind: Kind,
}

/// Whether the target got its new content, by the calls that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    Yes,
    No,
    /// The process died within the call that decides, or the trace does not show its path.
    Unknown,
}

/// What a run with a fault did.
pub struct Outcome {
    pub fault: Fault,
    pub output: Output,
    pub landed: Landed,
    /// Whether the fault was met at all: the n-th call can be missing where runs differ.
    pub injected: bool,
    trace: String,
}

impl Outcome {
    /// Whether the fault hit a call that leads to the change, such as a sync, and not one of the
    /// process's start or the printing of its result.
    pub fn hit(&self, calls: &[&str]) -> bool {
        self.injected && self.fault.kind != Kind::Kill && calls.contains(&&*self.fault.call)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, output, landed, .. } = self;
        let errors = String::from_utf8_lossy(&output.stderr);
        writeln!(f, "{fault:?}, {landed:?}, {}\n{errors}", output.status)?;
        // Without the loading of the program.
        let lines: Vec<_> = self.trace.lines().collect();
        f.write_str(&lines[lines.len().saturating_sub(40)..].join("\n"))
    }
}

/// Whether the tests of this module do not run.
pub fn skipped() -> bool {
    if !has("strace") {
        return true;
    }
    if !rustix::process::geteuid().is_root() {
        skip_here("strace reads the calls of a program that closes itself to others as root alone");
        return true;
    }
    let works = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if works.is_ok_and(|output| output.status.success()) {
        return false;
    }
    skip("strace may not trace here");
    true
}

/// Runs `command` once for each fault; `prepare` comes before each run and `check` after it.
/// `target` is the file whose change is followed. Returns how many faults were met.
pub fn each_fault(
    command: &Command,
    target: &Path,
    prepare: impl FnMut(),
    check: impl FnMut(&Outcome),
) -> usize {
    each_fault_at(&CALLS, command, target, prepare, check)
}

/// [`each_fault`] at some of the calls only.
pub fn each_fault_at(
    at: &[&str],
    command: &Command,
    target: &Path,
    mut prepare: impl FnMut(),
    mut check: impl FnMut(&Outcome),
) -> usize {
    prepare();
    let (output, trace) = traced(command, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(landed(&trace, target), Landed::Yes, "the clean run changes the file:\n{trace}");
    let mut met = 0;
    for fault in faults(&trace).into_iter().filter(|fault| at.contains(&&*fault.call)) {
        prepare();
        let (output, trace) = traced(command, Some(&fault));
        let injected = match fault.kind {
            Kind::Kill => output.status.signal() == Some(9) || output.status.code() == Some(137),
            _ => trace.contains("(INJECTED)"),
        };
        let landed = landed(&trace, target);
        met += usize::from(injected);
        check(&Outcome { fault, output, landed, injected, trace });
    }
    met
}

/// The calls of a clean run, in order, that are among `wanted`; for a program of one thread.
pub fn calls(command: &Command, wanted: &[&str]) -> Vec<String> {
    let (output, trace) = traced(command, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = trace.lines().filter_map(|line| call(line).map(|(_, call)| call));
    names.filter(|name| wanted.contains(name)).map(str::to_owned).collect()
}

/// The thread and the call of a line that begins one.
fn call(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(char::is_whitespace)?;
    let (call, _) = rest.trim_start().split_once('(')?;
    CALLS.contains(&call).then_some((thread, call))
}

fn faults(trace: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (call, count) in counts(trace) {
        for nth in 1..=count {
            let kinds: &[Kind] = if KILL_ONLY.contains(&&*call) {
                &[Kind::Kill]
            } else {
                &[Kind::Kill, Kind::NoSpace, Kind::InputOutput]
            };
            let fault = |kind: &Kind| Fault { call: call.clone(), nth, kind: *kind };
            faults.extend(kinds.iter().map(fault));
        }
    }
    faults
}

/// The greatest number of times that one thread made each call.
fn counts(trace: &str) -> BTreeMap<String, usize> {
    let mut by_thread = BTreeMap::<(&str, &str), usize>::new();
    for place in trace.lines().filter_map(call) {
        *by_thread.entry(place).or_default() += 1;
    }
    let mut counts = BTreeMap::new();
    for ((_, call), count) in by_thread {
        let most: &mut usize = counts.entry(call.to_owned()).or_default();
        *most = count.max(*most);
    }
    counts
}

/// Looks for the call that gives the target's name to a file.
fn landed(trace: &str, target: &Path) -> Landed {
    // Files are named within their folder, which is held open.
    let name = format!("{:?}", target.file_name().unwrap());
    let mut landed = Landed::No;
    for line in trace.lines().filter(|line| line.contains(" rename") || line.contains(" link")) {
        let shown = line.contains('"');
        if line.contains("(INJECTED)") || line.contains("= -1 ") || (shown && !line.contains(&name))
        {
            continue;
        }
        if shown && line.ends_with("= 0") {
            return Landed::Yes;
        }
        landed = Landed::Unknown;
    }
    landed
}

/// Runs under `strace`; returns the trace as well. The exit status is the command's own.
fn traced(command: &Command, fault: Option<&Fault>) -> (Output, String) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-qq").arg("-o").arg(log.path());
    strace.arg(format!("--trace={}", CALLS.map(|call| format!("?{call}")).join(",")));
    strace.args(fault.map(Fault::argument));
    strace.arg("--").arg(command.get_program()).args(command.get_args());
    // A command does not tell whether its environment was cleared, and folders of the caller's
    // would be shared by every test: only what the command names is passed on.
    strace.env_clear().env("PATH", crate::search_path::path());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    let output = strace.output().unwrap();
    (output, std::fs::read_to_string(log.path()).unwrap())
}

impl Fault {
    fn argument(&self) -> OsString {
        let what = match self.kind {
            Kind::Kill => "signal=KILL",
            Kind::NoSpace => "error=ENOSPC",
            Kind::InputOutput => "error=EIO",
        };
        format!("--inject={}:{what}:when={}", self.call, self.nth).into()
    }
}
