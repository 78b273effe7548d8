//! `exec --as-file`: what a real program finds at the path that it is given, and what is left of it.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::signals;

const VALUE: &[u8] = b"two\nlines\0\xff";

fn filled() -> Cli {
    let cli = Cli::with_vault();
    cli.set("CERT --raw", VALUE);
    cli.set("tls.key", "k3y");
    cli.set("PLAIN", "v");
    cli
}

/// `exec` with `options` of a shell script.
fn command(cli: &Cli, options: &str, script: &str) -> Command {
    let mut command = cli.command(&format!("exec {options} -- sh -c"));
    command.arg(script);
    command
}

fn run(cli: &Cli, options: &str, script: &str) -> Run {
    finish(&mut command(cli, options, script), b"")
}

/// Our folders in `folder`.
fn left(folder: &Path) -> Vec<String> {
    let names =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("v-secure-")).collect()
}

/// Waits for the folder to be removed: that happens beside the program's end, not before it.
fn wait_until_gone(path: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    while path.exists() {
        assert!(Instant::now() < until, "{path:?} is left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_program_reads_the_file_each_time_from_its_beginning() {
    let cli = filled();
    let run =
        run(&cli, "--only PLAIN --as-file F=CERT", "cat \"$F\"; cat \"$F\"; exec cat < \"$F\"");
    assert_eq!((run.code, run.out), (0, VALUE.repeat(3)), "{}", run.err);
}

#[test]
fn the_descriptor_is_private_sealed_and_inherited() {
    let cli = filled();
    let script = "case $F in /proc/self/fd/*) ;; *) exit 9;; esac
        stat -L -c %a \"$F\"; (sh -c 'cat \"$F\"'); echo x 2>/dev/null >> \"$F\" || echo sealed";
    let run = run(&cli, "--as-file F=tls.key --only PLAIN", script);
    assert_eq!((run.code, run.text().as_str()), (0, "400\nk3ysealed\n"), "{}", run.err);
}

#[test]
fn a_secret_that_is_a_file_is_no_variable_and_the_others_are() {
    let cli = filled();
    let script = "echo ${CERT-none} $PLAIN; env | grep -c k3y";
    let run = run(&cli, "--as-file F=CERT --as-file KEY=default/tls.key", script);
    assert_eq!(run.text(), "none v\n0\n", "{}", run.err);
    let mut command =
        command(&cli, "--only PLAIN --as-file PLAIN_FILE=PLAIN", "cat \"$PLAIN_FILE\"");
    command.env("PLAIN_FILE", "/before");
    assert_eq!(finish(&mut command, b"").text(), "v");
}

#[test]
fn named_files_are_in_a_private_folder_in_memory_and_go_with_the_program() {
    let cli = filled();
    let script = "dirname \"$F\"; stat -c %a \"$(dirname \"$F\")\" \"$F\"; cat \"$F\"; exit 7";
    let run = run(&cli, "--only PLAIN --as-file F=tls.key --named-files", script);
    assert_eq!(run.code, 7, "{}", run.err);
    let text = run.text();
    let (folder, rest) = text.split_once('\n').unwrap();
    assert!(folder.starts_with("/dev/shm/v-secure-"), "{folder}");
    assert_eq!(rest, "700\n400\nk3y");
    wait_until_gone(Path::new(folder));
}

#[test]
fn the_runtime_folder_is_taken_where_it_is_in_memory() {
    let cli = filled();
    let runtime = tempfile::tempdir_in("/dev/shm").unwrap();
    for (folder, taken) in [(runtime.path(), true), (&cli.project(), false)] {
        let mut command =
            command(&cli, "--only PLAIN --as-file F=tls.key --named-files", "echo \"$F\"");
        command.env("XDG_RUNTIME_DIR", folder);
        let path = finish(&mut command, b"").text();
        assert_eq!(Path::new(path.trim()).starts_with(folder), taken, "{path}");
        wait_until_gone(Path::new(path.trim()));
    }
    assert_eq!(left(runtime.path()).len() + left(&cli.project()).len(), 0);
}

/// Starts a program that says where its file is and then sleeps.
fn sleeping(cli: &Cli) -> (Child, String) {
    signals::as_in_the_foreground();
    let options = "--only PLAIN --as-file F=tls.key --named-files";
    let mut command = command(cli, options, "echo \"$F\"; exec sleep 60");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

#[test]
fn no_signal_to_the_program_leaves_a_file() {
    use rustix::process::{Pid, Signal, kill_process};
    let cli = filled();
    for signal in [Signal::TERM, Signal::KILL, Signal::INT, Signal::HUP] {
        let (mut child, path) = sleeping(&cli);
        assert_eq!(fs::read(&path).unwrap(), b"k3y");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert!(!child.wait().unwrap().success());
        wait_until_gone(Path::new(&path).parent().unwrap());
    }
}

#[test]
fn the_program_has_no_child_that_it_did_not_start() {
    let cli = filled();
    let script = "cat /proc/$$/task/$$/children; echo end";
    let run = run(&cli, "--only PLAIN --as-file F=tls.key --named-files", script);
    // `cat` itself, and nothing else.
    assert_eq!(run.text().split_whitespace().count(), 2, "{run:?}");
}

#[test]
fn nothing_is_left_where_the_program_does_not_start() {
    let cli = filled();
    let runtime = tempfile::tempdir_in("/dev/shm").unwrap();
    for (options, program, code) in [
        ("--only PLAIN --as-file F=tls.key --named-files", "/none/program", 127),
        ("--as-file F=tls.key --as-file PLAIN=CERT --named-files", "true", 7),
        ("--as-file F=tls.key --named-files", "true", 1),
    ] {
        let mut command = cli.command(&format!("exec {options} -- {program}"));
        command.env("XDG_RUNTIME_DIR", runtime.path());
        assert_eq!(finish(&mut command, b"").code, code);
    }
    let until = Instant::now() + Duration::from_secs(20);
    while !left(runtime.path()).is_empty() {
        assert!(Instant::now() < until, "{:?}", left(runtime.path()));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_is_no_file_of_a_secret_is_refused() {
    let cli = filled();
    for (options, code, name) in [
        ("--as-file F", 2, "bad-variable"),
        ("--as-file 1F=CERT", 2, "bad-variable"),
        ("--as-file ../F=CERT", 2, "bad-variable"),
        ("--as-file /tmp/F=CERT", 2, "bad-variable"),
        ("--as-file F\n=CERT --named-files", 2, "bad-variable"),
        ("--as-file F\u{1b}[31m=CERT", 2, "bad-variable"),
        ("--as-file F=../../CERT", 2, "bad-name"),
        ("--as-file F=a/b/c", 2, "bad-name"),
        ("--as-file F=CERT --as-file F=tls.key", 2, "bad-variable"),
        ("--as-file F=NONE", 5, "not-found"),
        ("--as-file V_SECURE_X=CERT --only PLAIN", 1, "environment"),
        ("--as-file PLAIN=CERT --as-file K=tls.key", 7, "environment"),
        ("--named-files", 2, "usage"),
    ] {
        let run = cli.run(&format!("exec --json {options} -- true"));
        assert_eq!(failure(&run), (code, name.into()), "{options}");
    }
}
