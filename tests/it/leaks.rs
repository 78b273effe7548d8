//! Planted values, followed through everything that the commands write, open and start.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use v_secure_testkit::executable;
use v_secure_testkit::faults;
use v_secure_testkit::sandbox::{Sandbox, contains, describe, feed};

const VALUE: &str = "planted-value-3f9d";
const FILE_VALUE: &str = "planted-in-file-81c2";

/// Runs a command under `strace`; returns what it wrote to which file, and what it started.
fn traced(command: &Command, input: &str) -> (Output, String) {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-v", "-s", "2000000", "-o"]).arg(log.path());
    strace.arg("--trace=?write,?writev,?pwrite64,?pwritev,?sendto,?sendmsg,?openat,?open,?execve");
    strace.arg("--").arg(command.get_program()).args(command.get_args());
    strace.current_dir(command.get_current_dir().unwrap()).env_clear();
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = feed(strace.stdin(Stdio::piped()), input.as_bytes());
    (output, fs::read_to_string(log.path()).unwrap())
}

/// The lines that hold a planted text and are not a write to standard output.
fn leaks<'a>(trace: &'a str, planted: &[&str]) -> Vec<&'a str> {
    let holds = |line: &&str| planted.iter().any(|text| line.contains(text));
    let is_result = |line: &&str| line.contains(" write(1<");
    trace.lines().filter(holds).filter(|line| !is_result(line)).collect()
}

fn key(sandbox: &Sandbox) -> String {
    let text = fs::read_to_string(sandbox.identity()).unwrap();
    text.lines().last().unwrap().to_owned()
}

#[test]
fn no_command_writes_a_value_or_a_key_anywhere_but_to_its_result() {
    if faults::skipped() {
        return;
    }
    let sandbox = Sandbox::with_vault();
    let key = key(&sandbox);
    let file = sandbox.path("value");
    fs::write(&file, FILE_VALUE).unwrap();
    let source = sandbox.path("source.env");
    fs::write(&source, format!("C={FILE_VALUE}-env\n")).unwrap();
    let (file, source) = (file.to_str().unwrap(), source.to_str().unwrap());
    let commands: [(&[&str], &str); 12] = [
        (&["set", "A"], VALUE),
        (&["set", "A", "--json", "--ttl", "30d", "--description", "text"], VALUE),
        (&["set", "B", "--file", file], ""),
        (&["import", source, "--dry-run"], ""),
        (&["import", source, "--delete-source"], ""),
        (&["import", "-"], "D=planted-value-3f9d\nE='unterminated planted-value-3f9d\n"),
        (&["get", "A"], ""),
        (&["get", "A", "--json"], ""),
        (&["exec", "--", "true"], ""),
        (&["exec", "--", "/nonexistent/program"], ""),
        (&["set", "A", VALUE], ""),
        (&[], ""),
    ];
    for (arguments, input) in commands {
        let (output, trace) = traced(&sandbox.command(arguments), input);
        let mut found = leaks(&trace, &[VALUE, FILE_VALUE, &key]);
        // What the user typed and what the child is given are where values belong.
        found.retain(|line| !line.contains("execve("));
        assert!(found.is_empty(), "{arguments:?}: {found:#?}");
        assert!(!contains(&output.stderr, b"planted"), "{arguments:?}: {}", describe(&output));
        let gives = arguments.first() == Some(&"get");
        assert_eq!(contains(&output.stdout, b"planted"), gives, "{arguments:?}");
    }
    assert_eq!(sandbox.holding(&[VALUE, FILE_VALUE]), [] as [std::path::PathBuf; 0]);
    assert_eq!(sandbox.holding(&[&key]), [sandbox.identity()]);
}

/// `import` asks git about its files; git runs what a repository's configuration names.
#[test]
fn git_is_started_without_our_credentials() {
    let sandbox = Sandbox::with_vault();
    let (bin, seen) = (sandbox.path("bin"), sandbox.path("seen"));
    fs::create_dir(&bin).unwrap();
    let text = format!("#!/bin/sh\n/usr/bin/env >> {}\n", seen.display());
    executable::script(&bin.join("git"), &text);
    fs::write(sandbox.project().join(".env"), format!("A={VALUE}\n")).unwrap();
    let mut command = sandbox.command(&["import", ".env"]);
    command.env("PATH", &bin).env("V_SECURE_IDENTITY", key(&sandbox));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", describe(&output));
    let environment = fs::read_to_string(&seen).unwrap();
    assert!(environment.contains("HOME="), "{environment}");
    assert!(!environment.contains("AGE-SECRET-KEY") && !environment.contains(VALUE));
}

/// While `set` waits for its value, the process is already closed to others of the same user.
#[test]
fn a_process_that_takes_a_value_writes_no_core_and_cannot_be_read() {
    let sandbox = Sandbox::with_vault();
    let plain = sandbox.command(&["set", "A"]);
    let mut command = Command::new("/bin/sh");
    // Cores on to begin with, or the test would show nothing.
    command.args(["-c", "ulimit -S -c 1 && exec \"$@\"", "sh"]).arg(plain.get_program());
    command.args(plain.get_args()).current_dir(sandbox.project()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let process = Path::new("/proc").join(child.id().to_string());
    let limits = || fs::read_to_string(process.join("limits")).unwrap_or_default();
    let core = |limits: &str| {
        let line = limits.lines().find(|line| line.starts_with("Max core file size"));
        line.and_then(|line| line.split_whitespace().nth(4).map(str::to_owned))
    };
    let is_ours = || {
        fs::read(process.join("cmdline"))
            .is_ok_and(|line| contains(&line, b"\0set\0A") && !contains(&line, b"ulimit"))
    };
    // Until it has begun: there is nothing to wait on.
    let mut tries = 0;
    while !is_ours() || core(&limits()).as_deref() != Some("0") {
        tries += 1;
        assert!(tries < 1_000, "{}", limits());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    use std::os::unix::fs::MetadataExt;
    // The files of a process that may not be dumped belong to root.
    assert_eq!(fs::metadata(process.join("environ")).unwrap().uid(), 0);
    let arguments = fs::read(process.join("cmdline")).unwrap();
    assert!(!contains(&arguments, VALUE.as_bytes()));
    drop(child.stdin.take());
    child.wait().unwrap();
}
