//! What a program sees that was started as `v-secure exec` starts it: its environment, and apart
//! from that nothing that differs from a direct start. Drives `examples/exec_child.rs`.

#![cfg(unix)]

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use v_secure_testkit::signals;

/// The example binary. Cargo builds examples for a full test run only, so this makes sure; where the
/// folder is somebody else's, what they built has to do.
static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(Path::parent).unwrap();
    let example = profile.join("examples/exec_child");
    if rustix::fs::access(profile, rustix::fs::Access::WRITE_OK).is_err() && example.exists() {
        return example;
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--example", "exec_child"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    example
});

static PATH: LazyLock<String> = LazyLock::new(|| std::env::var("PATH").unwrap_or_default());

/// The example with a short known environment; `arguments` are split at spaces.
fn exec(arguments: &str) -> Command {
    signals::as_in_the_foreground();
    let mut command = Command::new(&*EXAMPLE);
    command.env_clear().env("PATH", &*PATH).stdin(Stdio::null());
    command.args(arguments.split(' ').filter(|argument| !argument.is_empty()));
    command
}

/// A shell script, started through the example.
fn exec_script(script: &str) -> Command {
    let mut command = exec("TOKEN=s3cret -- sh -c");
    command.arg(script);
    command
}

/// The same script, started directly. By its full path, as the example is: the standard library
/// starts a name to look up in another way, which leaves other signals ignored.
fn direct_script(script: &str) -> Command {
    signals::as_in_the_foreground();
    let mut command = Command::new("/bin/sh");
    command.env_clear().env("PATH", &*PATH).stdin(Stdio::null()).args(["-c", script]);
    command
}

fn out(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The output of a start that fails; nothing may be on standard output.
fn refused(mut command: Command) -> (i32, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(stdout.is_empty());
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

/// Starts `script` in its own process group and waits for its first line.
fn started(script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut command = exec_script(script);
    let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    (child, lines)
}

fn signal_group(child: &Child, signal: rustix::process::Signal) {
    let group = rustix::process::Pid::from_child(child);
    rustix::process::kill_process_group(group, signal).unwrap();
}

#[test]
fn the_environment_is_exactly_the_parents_and_the_secrets() {
    let mut command = exec("TOKEN=a=b DB=x -- env -0");
    command.env("V_SECURE_IDENTITY", "key").env("KEPT", "two\nlines");
    let text = out(command);
    let mut variables: Vec<_> = text.split_terminator('\0').collect();
    variables.sort_unstable();
    assert_eq!(variables, ["DB=x", "KEPT=two\nlines", &format!("PATH={}", *PATH), "TOKEN=a=b"]);
}

#[test]
fn pristine_leaves_the_rest_of_the_parents_out() {
    let mut command = exec("--pristine TOKEN=t -- env -0");
    command.env("LD_LIBRARY_PATH", "/x").env("LC_ALL", "C").env("OTHER", "x");
    let text = out(command);
    let mut variables: Vec<_> = text.split_terminator('\0').collect();
    variables.sort_unstable();
    assert_eq!(variables, ["LC_ALL=C", &format!("PATH={}", *PATH), "TOKEN=t"]);
}

#[test]
fn the_program_is_found_along_the_parents_path() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = exec("--override --allow=PATH");
    command.arg(format!("PATH={}", folder.path().display()));
    command.args(["--", "env"]);
    assert_eq!(out(command), format!("PATH={}\n", folder.path().display()));
}

#[test]
fn a_clash_is_refused_before_anything_starts_and_shows_no_value() {
    let mut command = exec("TOKEN=in-vault -- echo started");
    command.env("TOKEN", "in-shell");
    let (code, text) = refused(command);
    assert_eq!(code, 2);
    assert!(text.contains("TOKEN") && !text.contains("in-vault") && !text.contains("in-shell"));
}

#[test]
fn arguments_and_values_that_are_no_text_pass_unchanged() {
    let mut command = exec("--");
    let bytes = OsString::from_vec(b"\xff\x80 x".to_vec());
    let output = command.args(["printf".into(), "%s|".into(), bytes, "".into()]).output().unwrap();
    assert_eq!(output.stdout, b"\xff\x80 x||");
    let mut command = exec("");
    command.arg(OsString::from_vec(b"TOKEN=\xff\xfe".to_vec()));
    let output = command.args(["--", "printenv", "TOKEN"]).output().unwrap();
    assert_eq!(output.stdout, b"\xff\xfe\n");
}

#[test]
fn the_process_is_replaced() {
    let child = exec_script("echo $$").stdout(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), id.to_string());
}

#[test]
fn exit_codes_pass() {
    for code in [0, 1, 42, 255] {
        assert_eq!(exec_script(&format!("exit {code}")).status().unwrap().code(), Some(code));
    }
}

#[test]
fn the_program_goes_by_the_name_it_was_called_with() {
    assert_eq!(out(exec_script("echo $0")), "sh\n");
}

#[test]
fn a_program_that_is_not_found_is_127() {
    for name in ["no-such-program", "/no/such/program", "./no-such"] {
        let (code, text) = refused(exec(&format!("-- {name}")));
        assert_eq!(code, 127, "{name}");
        assert!(text.contains(name));
    }
}

#[test]
fn a_program_that_cannot_run_is_126() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script");
    std::fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    let path = |path: &Path| exec(&format!("-- {}", path.display()));
    assert_eq!(refused(path(&file)).0, 126);
    assert_eq!(refused(path(folder.path())).0, 126);
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (code, text) = refused(path(&file));
    assert_eq!(code, 126);
    assert!(text.contains("interpreter"), "{text}");
}

#[test]
fn sigint_to_the_group_ends_the_program_by_that_signal() {
    let (mut child, _lines) = started("echo ready; exec sleep 60");
    signal_group(&child, rustix::process::Signal::INT);
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[test]
fn sigterm_ends_the_program_by_that_signal() {
    let (mut child, _lines) = started("echo ready; exec sleep 60");
    signal_group(&child, rustix::process::Signal::TERM);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn a_program_can_trap_signals() {
    let script = "trap 'echo trapped; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let (mut child, mut lines) = started(script);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!((line.as_str(), child.wait().unwrap().code()), ("trapped\n", Some(7)));
}

#[test]
fn a_broken_pipe_ends_the_program() {
    let mut child = exec("-- yes").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().signal(), Some(13));
}

#[test]
fn the_core_limit_is_the_parents() {
    for limit in ["0", "8"] {
        let example = EXAMPLE.display();
        let script = format!("ulimit -S -c {limit} && exec {example} -- sh -c 'ulimit -S -c'");
        assert_eq!(out(direct_script(&script)).trim(), limit);
    }
}

#[test]
fn a_terminal_is_the_programs_own() {
    use expectrl::{Expect, Session};
    let script =
        "test -t 0 && test -t 1 && echo terminal; read line; echo got $line; exec sleep 60";
    signals::as_in_the_foreground();
    let mut command = Command::new(&*EXAMPLE);
    command.args(["TOKEN=x", "--", "sh", "-c", script]);
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(std::time::Duration::from_secs(20)));
    session.expect("terminal").unwrap();
    session.send_line("hello").unwrap();
    session.expect("got hello").unwrap();
    session.send(expectrl::ControlCode::EndOfText).unwrap();
    let status = session.get_process().wait().unwrap();
    assert!(format!("{status:?}").contains("SIGINT"), "{status:?}");
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;

    fn same_as_direct(script: &str) {
        let direct = out(direct_script(script));
        assert!(!direct.is_empty());
        assert_eq!(out(exec_script(script)), direct, "{script}");
    }

    #[test]
    fn no_descriptor_is_added_or_lost() {
        same_as_direct("ls /proc/self/fd");
        same_as_direct("exec 7</dev/null; ls /proc/self/fd");
        let example = EXAMPLE.display();
        let inherited = format!("exec 7</dev/null; exec {example} -- readlink /proc/self/fd/7");
        assert_eq!(out(direct_script(&inherited)), "/dev/null\n");
    }

    #[test]
    fn limits_and_the_signal_mask_and_dispositions_are_the_parents() {
        same_as_direct("cat /proc/self/limits");
        same_as_direct("grep -E '^Sig(Blk|Ign)|^NoNewPrivs|^Seccomp:' /proc/self/status");
    }

    #[test]
    fn signals_that_the_parent_ignores_stay_ignored() {
        let run = |prefix: &str| {
            let script = format!("trap '' HUP INT; exec {prefix} grep ^SigIgn /proc/self/status");
            out(direct_script(&script))
        };
        let direct = run("");
        assert!(direct.ends_with("3\n"), "{direct}");
        assert_eq!(run(&format!("{} --", EXAMPLE.display())), direct);
    }

    #[test]
    fn a_broken_pipe_is_at_its_default_even_if_the_parent_ignores_it() {
        let example = EXAMPLE.display();
        let script = format!("trap '' PIPE; exec {example} -- grep ^SigIgn /proc/self/status");
        let ignored = out(direct_script(&script));
        let bits = u64::from_str_radix(ignored["SigIgn:\t".len()..].trim(), 16).unwrap();
        assert_eq!(bits & 1 << 12, 0);
    }

    #[test]
    fn the_program_is_dumpable_again() {
        let mut command = exec("--");
        command.arg(&*EXAMPLE).arg("--show-dumpable");
        assert_eq!(out(command), "Ok(Dumpable)\n");
    }

    #[test]
    fn the_longest_value_that_is_accepted_starts() {
        let longest = v_secure_core::convert::inject::LINUX_LIMIT - "TOKEN=\0".len();
        // The argument that carries it here has the same limit and is as long.
        let mut command = exec("");
        command.arg(format!("TOKEN={}", "x".repeat(longest)));
        command.args(["--", "sh", "-c", "echo ${#TOKEN}"]);
        assert_eq!(out(command).trim(), longest.to_string());
    }
}
