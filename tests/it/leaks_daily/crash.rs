//! Commands that die while they hold something planted, where cores are allowed to begin with.

use crate::leaks_daily::scene::{PASSPHRASE, Scene, VALUE, case, is_own};
use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use v_secure_testkit::faults;
use v_secure_testkit::sandbox::{contains, describe, feed};
use v_secure_testkit::watch::files;

/// Cores on to begin with, or these tests would show nothing.
fn with_cores(command: &Command) -> Command {
    let mut shell = shell(command, "ulimit -S -c unlimited && exec \"$@\"");
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell
}

/// The command as the arguments of a script.
fn shell(command: &Command, script: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().current_dir(command.get_current_dir().unwrap());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "{what}: waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The soft limit of a process on cores.
fn limit(id: Pid) -> String {
    let file = format!("/proc/{}/limits", id.as_raw_nonzero());
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
    line.split_whitespace().nth(4).unwrap_or_default().to_owned()
}

/// Ends a process as a fault of its own would.
fn crash(mut child: Child, signal: Signal) -> ExitStatus {
    let id = Pid::from_child(&child);
    loop {
        // The first one ends what the runtime does about an overflowing stack.
        let _ = kill_process(id, signal);
        std::thread::sleep(Duration::from_millis(10));
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
    }
}

/// Where this system may put cores, beside the folder that a process runs in.
fn places(scene: &Scene) -> Vec<PathBuf> {
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap_or_default();
    let folder = Path::new(pattern.trim()).parent().filter(|folder| folder.is_absolute());
    let usual = ["/var/lib/systemd/coredump", "/var/crash"].map(PathBuf::from);
    let own = [scene.sandbox.path("")];
    own.into_iter().chain(usual).chain(folder.map(Path::to_path_buf)).collect()
}

fn cores(scene: &Scene) -> Vec<PathBuf> {
    let planted = |path: &PathBuf| {
        path.file_name().unwrap().to_string_lossy().contains("core")
            && fs::read(path).is_ok_and(|bytes| contains(&bytes, b"planted"))
    };
    places(scene).iter().flat_map(|folder| files(folder)).filter(planted).collect()
}

/// Without this the others might show nothing.
#[test]
fn a_program_that_is_not_ours_leaves_a_core_here() {
    if !is_own(a_program_that_is_not_ours_leaves_a_core_here) {
        return;
    }
    let scene = Scene::new();
    let mut sleep = Command::new("sleep");
    sleep.arg("60").current_dir(scene.sandbox.project());
    let child = with_cores(&sleep).spawn().unwrap();
    let id = Pid::from_child(&child);
    let exe = format!("/proc/{}/cmdline", id.as_raw_nonzero());
    wait_until("sleep", || fs::read(&exe).unwrap().starts_with(b"sleep"));
    let status = crash(child, Signal::SEGV);
    let pattern = fs::read_to_string("/proc/sys/kernel/core_pattern").unwrap();
    assert!(status.core_dumped() || pattern.trim().is_empty(), "{status:?}");
}

#[test]
fn no_command_that_dies_with_a_secret_leaves_a_core() {
    if !is_own(no_command_that_dies_with_a_secret_leaves_a_core) {
        return;
    }
    let scene = Scene::new();
    scene.plain("init --vault-name shop --member ada", "");
    scene.plain("settings set kdf m=19456,t=2,p=1", "");
    scene.plain("set A", VALUE);
    scene.plain("key slot add --new-passphrase-fd 0", PASSPHRASE);
    let key = scene.key.clone();
    for (line, input) in [
        ("set B", VALUE),
        ("secret rotate A", VALUE),
        ("import -", "X=planted-value-3f9d81c2\n"),
        ("inject", "planted-value-3f9d81c2 {{ v-secure:A }}"),
        ("--passphrase-fd 0 get A", PASSPHRASE),
        ("--passphrase-fd 0 unlock", PASSPHRASE),
        ("--passphrase-fd 0 exec -- true", PASSPHRASE),
        ("key slot add --new-passphrase-fd 0", PASSPHRASE),
        ("backup create x.age --backup-passphrase-fd 0", PASSPHRASE),
        ("recovery test -", &key),
        ("identity restore - -o x.txt", &key),
        ("member add developer --request -", &key),
    ] {
        for signal in [Signal::SEGV, Signal::ABORT] {
            let command = scene.command(&case(line));
            let mut child = with_cores(&command).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            stdin.write_all(input.as_bytes()).unwrap();
            wait_until(line, || ioctl_fionread(&stdin).unwrap() == 0);
            dies_without_a_core(&scene, line, child, signal);
            drop(stdin);
        }
    }
}

/// Both means are there, and each is enough.
fn dies_without_a_core(scene: &Scene, line: &str, child: Child, signal: Signal) {
    let id = Pid::from_child(&child);
    assert_eq!(limit(id), "0", "{line}");
    if signal == Signal::SEGV {
        // What a handler that cores are piped to gets, the limit does not keep.
        let none = Rlimit { current: None, maximum: None };
        prlimit(Some(id), Resource::Core, none).unwrap();
        assert_eq!(limit(id), "unlimited");
    }
    let status = crash(child, signal);
    assert_eq!((status.signal(), status.core_dumped()), (Some(signal.as_raw()), false), "{line}");
    assert_eq!(cores(scene), [] as [PathBuf; 0], "{line}");
    scene.nothing_is_left(line);
}

#[test]
fn what_an_editor_had_is_wiped_by_the_next_one() {
    if !is_own(what_an_editor_had_is_wiped_by_the_next_one) {
        return;
    }
    let scene = Scene::new();
    scene.plain("init --vault-name shop --member ada", "");
    scene.plain("set A", VALUE);
    let ready = scene.given("ready");
    let wait = format!("echo $$ >{ready}; exec sleep 60");
    let editor = scene.program("waiting", &wait).join("waiting");
    for line in ["secret edit A", "edit"] {
        let command = scene.command(&case(line).set("EDITOR", editor.to_str().unwrap()));
        let child = with_cores(&command).spawn().unwrap();
        wait_until(line, || fs::read_to_string(&ready).is_ok_and(|text| text.ends_with('\n')));
        let id = Pid::from_child(&child);
        assert_eq!(limit(id), "0", "{line}");
        let status = crash(child, Signal::ABORT);
        assert!(!status.core_dumped() && cores(&scene).is_empty(), "{line}");
        let id = fs::read_to_string(&ready).unwrap().trim().parse().unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
        fs::remove_file(&ready).unwrap();
        let next = scene.command(&case("secret edit A").set("EDITOR", "true")).output().unwrap();
        assert!(next.status.success(), "{}", describe(&next));
        scene.nothing_is_left(line);
    }
}

/// Out of memory in the midst of work: what the runtime says of it must not tell what it worked on.
#[test]
fn a_process_without_memory_tells_no_passphrase_as_it_fails() {
    if faults::skipped() || !is_own(a_process_without_memory_tells_no_passphrase_as_it_fails) {
        return;
    }
    let scene = Scene::new();
    scene.plain("init --vault-name shop --member ada", "");
    scene.plain("settings set kdf m=19456,t=2,p=1", "");
    scene.plain("set A", VALUE);
    scene.plain("key slot add --new-passphrase-fd 0", PASSPHRASE);
    let command = scene.command(&case("--passphrase-fd 0 get A").set("RUST_BACKTRACE", "full"));
    let log = scene.given("log");
    let mut panicked = 0;
    // From the call at which the program does not even load to one that it does not come to.
    for call in 14..30 {
        let strace = "exec strace -f -qq --trace=mmap,prctl -o";
        let inject = format!("--inject=mmap:error=ENOMEM:when={call}+");
        let script = format!("ulimit -S -c unlimited; {strace} {log} {inject} \"$@\"");
        let mut shell = shell(&command, &script);
        let output = feed(shell.stdin(Stdio::piped()), PASSPHRASE.as_bytes());
        assert!(!contains(&output.stderr, b"planted"), "{}", describe(&output));
        let trace = fs::read_to_string(&log).unwrap();
        if trace.contains("SUID_DUMP_DISABLE") {
            assert!(!trace.contains("core dumped"), "{}", describe(&output));
            panicked += usize::from(contains(&output.stderr, b"stack backtrace"));
        }
        let _ = fs::remove_file(scene.sandbox.project().join("core"));
    }
    assert!(panicked > 0, "no missing memory made it fail within");
    assert_eq!(cores(&scene), [] as [PathBuf; 0]);
    scene.nothing_is_left("what failed within");
}
