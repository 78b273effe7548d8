//! `edit` and `secret edit`: with a scripted editor, in a pseudo-terminal, with vim, and what is left
//! afterwards: nothing.

#![cfg(target_os = "linux")]

use expectrl::Expect;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use v_secure_testkit::binary;
use v_secure_testkit::cli::{Cli, Run, failure, finish, keys};
use v_secure_testkit::executable;
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools;

/// A value that only this test plants: others run beside it.
fn planted(cli: &Cli) -> String {
    let folder = cli.project().parent().unwrap().file_name().unwrap().to_owned();
    format!("planted-{}", folder.to_str().unwrap().trim_start_matches('.'))
}

/// An editor: a shell script that gets the file as `$1`.
fn script(cli: &Cli, text: &str) -> PathBuf {
    let path = cli.project().parent().unwrap().join("editor");
    executable::script(&path, &format!("#!/bin/sh\n{text}\n"));
    path
}

fn command(cli: &Cli, line: &str, editor: &str) -> Command {
    let mut command = cli.command(line);
    command.env("EDITOR", script(cli, editor));
    command
}

/// A call whose editor is a script.
fn edit(cli: &Cli, line: &str, editor: &str) -> Run {
    finish(&mut command(cli, line, editor), b"")
}

fn actions(cli: &Cli) -> Vec<(String, String)> {
    let rows = cli.json("audit log");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let rows = rows.as_array().unwrap();
    let newest = rows.iter().filter(|row| row["id"] == rows[0]["id"]);
    newest.map(|row| (text(&row["action"]), text(&row["secret_id"]))).collect()
}

/// The files below `folder` that hold the planted text; what cannot be read is passed over.
fn holding(folder: &Path, planted: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            found.extend(holding(&path, planted));
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            if memchr::memmem::find(&bytes, planted.as_bytes()).is_some() {
                found.push(path);
            }
        }
    }
    found
}

/// Fails if a planted value is anywhere in the project, the home, or memory-backed folders. The
/// script itself may name it.
fn nothing_is_left(cli: &Cli) {
    let _ = fs::remove_file(cli.project().parent().unwrap().join("editor"));
    for folder in [cli.project().parent().unwrap(), Path::new("/dev/shm"), Path::new("/var/tmp")] {
        assert_eq!(holding(folder, &planted(cli)), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_value_is_edited_in_a_private_file_in_memory() {
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A --tag web --ttl 30d", &planted);
    let before = cli.json("secret show A");
    let see = "stat -f -c %T \"$1\" >&2; stat -c %a \"$1\" \"${1%/*}\" >&2; echo T=$TMPDIR >&2
        env | grep ^V_SECURE_ >&2; cat \"$1\" >&2; echo ' two' >>\"$1\"";
    let mut call = command(&cli, "secret edit A", see);
    call.env("V_SECURE_TEST_VARIABLE", "ours");
    let run = finish(&mut call, b"");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.starts_with("tmpfs\n600\n700\nT=/dev/shm/v-secure-files-"), "{run:?}");
    assert!(run.err.contains(&planted) && !run.err.contains("V_SECURE_"), "{run:?}");
    assert_eq!(cli.ok("get A"), format!("{planted}\n two"));
    let after = cli.json("secret show A");
    assert_eq!((&after["tags"], &after["expires"]), (&before["tags"], &before["expires"]));
    assert_eq!(after["version"], 2);
    nothing_is_left(&cli);
}

#[test]
fn what_is_unchanged_makes_no_entry_and_line_ends_are_kept() {
    let cli = Cli::with_vault();
    for value in ["one", "one\n", "\n", "a\r\nb\n\n"] {
        cli.set("A --raw", value);
        let before = fs::read(cli.vault()).unwrap();
        for editor in ["true", "touch \"$1\"", "cp \"$1\" \"$1.new\"; mv \"$1.new\" \"$1\""] {
            let run = edit(&cli, "secret edit A --json", editor);
            assert!(run.text().contains("\"changed\": false"), "{value:?} {editor}: {run:?}");
        }
        assert_eq!(fs::read(cli.vault()).unwrap(), before);
    }
}

#[test]
fn an_editor_that_fails_or_empties_the_text_changes_nothing() {
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A", &planted);
    let before = fs::read(cli.vault()).unwrap();
    let failed = |editor: &str| failure(&edit(&cli, "secret edit A --json", editor));
    assert_eq!(failed("echo more >>\"$1\"; exit 3"), (1, "editor".into()));
    assert_eq!(failed(": >\"$1\""), (2, "empty-value".into()));
    assert_eq!(failed("rm \"$1\""), (1, "editor".into()));
    assert_eq!(failed("rm \"$1\"; ln -s /etc/hostname \"$1\""), (1, "editor".into()));
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    nothing_is_left(&cli);
}

#[test]
fn without_a_terminal_an_editor_has_to_be_named() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    assert_eq!(cli.fails("secret edit A"), (2, "no-editor".into()));
    assert_eq!(cli.fails("edit"), (2, "no-editor".into()));
    let mut call = cli.command("secret edit A");
    call.env("EDITOR", "false").env("VISUAL", "false").env("V_SECURE_EDITOR", "sed -i s/v/w/");
    assert_eq!(finish(&mut call, b"").code, 0);
    assert_eq!(cli.ok("get A"), "w");
}

#[test]
fn what_is_no_text_or_gone_or_expired_is_not_edited() {
    let cli = Cli::with_vault();
    cli.set("BIN --raw", [0xff, 0xfe]);
    cli.set("OLD --expires-at 2020-01-01", "v");
    let failed = |name: &str| failure(&edit(&cli, &format!("secret edit {name} --json"), "true"));
    assert_eq!(failed("BIN"), (1, "not-text".into()));
    assert_eq!(failed("OLD"), (8, "expired".into()));
    assert_eq!(failed("NONE"), (5, "not-found".into()));
}

#[test]
fn a_value_that_changed_meanwhile_is_not_overwritten() {
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A", "first");
    let meanwhile =
        format!("printf theirs | {} set A >/dev/null 2>&1; echo {planted} >\"$1\"", binary());
    let run = edit(&cli, "secret edit A --json", &meanwhile);
    assert_eq!(failure(&run), (7, "edited-meanwhile".into()));
    assert!(run.err.contains("was not kept"), "{run:?}");
    assert_eq!(cli.ok("get A"), "theirs");
    let run = edit(&cli, "edit --json", &meanwhile.replace("echo ", "echo A="));
    assert_eq!(failure(&run), (7, "edited-meanwhile".into()));
    // On a terminal the user decides.
    for (answer, value) in [("n", "theirs"), ("y", planted.as_str())] {
        let mut session = terminal(command(&cli, "secret edit A", &meanwhile));
        session.expect("Overwrite what is there now with your text?").unwrap();
        session.send(format!("{answer}\r")).unwrap();
        rest(&mut session);
        assert_eq!(cli.ok("get A"), value);
    }
    nothing_is_left(&cli);
}

#[test]
fn an_environment_is_edited_as_one_change() {
    let cli = Cli::with_vault();
    cli.set("prod/A", "old");
    cli.set("prod/B", "stays");
    cli.set("prod/C", "goes");
    cli.set("prod/HARD --raw", "it's \"\\ ${x}\r\n#");
    cli.set("prod/BIN --raw", [0xff]);
    cli.set("BASE", "inherited");
    cli.ok("settings set env.prod.extends default");
    let editor = "cat \"$1\" >&2; sed -i -e s/^A=old/A=new/ -e /^C=/d -e '$aNEW=\"n w\"' \"$1\"";
    let refused = edit(&cli, "edit -e prod --json", "sed -i /^C=/d \"$1\"");
    assert!(refused.err.contains("lines-missing") && refused.code == 2, "{refused:?}");
    let run = edit(&cli, "edit -e prod --remove-missing --reason tidy", editor);
    assert_eq!(run.code, 0, "{run:?}");
    for shown in ["# not shown: BIN (no text)", "# inherited: BASE from default"] {
        assert!(run.err.contains(shown), "{shown}: {run:?}");
    }
    assert!(!run.err.contains("BASE="), "{run:?}");
    let mut ops = actions(&cli);
    ops.sort();
    let op = |action: &str, name: &str| (action.to_owned(), name.to_owned());
    assert_eq!(ops, [op("put", "prod/A"), op("put", "prod/NEW"), op("remove", "prod/C")]);
    assert_eq!((cli.ok("get prod/A"), cli.ok("get prod/NEW")), ("new".into(), "n w".into()));
    assert_eq!(cli.ok("get prod/HARD"), "it's \"\\ ${x}\r\n#");
    assert_eq!(cli.fails("get prod/C"), (5, "removed".into()));
    let before = fs::read(cli.vault()).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&edit(&cli, "edit -e prod --json", "true").text()).unwrap();
    assert_eq!(keys(&report), ["environment", "written", "removed"]);
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

/// What is edited has to be read back, and an environment may hold more than that.
#[test]
fn what_is_more_than_is_read_back_is_not_in_the_text() {
    let cli = Cli::with_vault();
    let long = "0123456789abcdef".repeat((13 << 20) / 2 / 16);
    cli.set("prod/A", "short");
    cli.set("prod/LONG", &long);
    cli.set("prod/LONGER", &long);
    let run = edit(&cli, "edit -e prod", "sed -i s/^A=short/A=new/ \"$1\"");
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.shows("prod/LONGER is not in the text: too long"), "{run:?}");
    assert!(!run.shows("prod/LONG is not"), "{run:?}");
    assert_eq!(cli.ok("get prod/A"), "new");
    assert!(cli.ok("get prod/LONGER") == long);
}

#[test]
fn a_syntax_error_ends_without_a_terminal_and_opens_the_editor_again_with_one() {
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A", "one");
    let before = fs::read(cli.vault()).unwrap();
    let run = edit(&cli, "edit --json", &format!("echo '{planted}' >>\"$1\""));
    assert_eq!(failure(&run), (2, "edit-syntax".into()));
    assert!(run.err.contains("line 9") && !run.err.contains(&planted), "{run:?}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    // The second time it mends what the first line names.
    let editor = format!(
        "if grep -q '^# v-secure: line 10: ' \"$1\"; then sed -i 's/^{planted}$/B=two/' \"$1\"
        else echo '{planted}' >>\"$1\"; fi"
    );
    let mut session = terminal(command(&cli, "edit", &editor));
    session.expect("Open the editor again with your text?").unwrap();
    session.send("y\r").unwrap();
    let shown = rest(&mut session);
    assert!(shown.contains("default/B: written"), "{shown}");
    assert_eq!(cli.ok("get B"), "two");
    nothing_is_left(&cli);
}

#[test]
fn removing_is_asked_on_a_terminal() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    cli.set("B", "two");
    for (answer, code) in [("n", 0), ("y", 5)] {
        let mut session = terminal(command(&cli, "edit", "sed -i /^B=/d \"$1\""));
        session.expect("Remove default/B?").unwrap();
        session.send(format!("{answer}\r")).unwrap();
        rest(&mut session);
        assert_eq!(cli.run("get B").code, code);
    }
    assert_eq!(cli.ok("get A"), "one");
}

#[test]
fn a_request_to_end_wipes_the_text() {
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A", &planted);
    let ready = cli.project().join("ready");
    let editor = format!("echo \"$1\" >{}; sleep 60", ready.display());
    let mut call = command(&cli, "secret edit A", &editor);
    let mut child = call.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut path = String::new();
    for _ in 0..1_000 {
        path = fs::read_to_string(&ready).unwrap_or_default();
        if path.ends_with('\n') {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(fs::read_to_string(path.trim_end()).unwrap().contains(&planted), "{path}");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!Path::new(path.trim_end()).parent().unwrap().exists());
    nothing_is_left(&cli);
}

#[test]
fn the_interrupt_key_is_the_editors_affair() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let editor = "trap 'echo caught >>\"$1\"; exit 0' INT; echo ready; while :; do sleep 0.1; done";
    let mut session = terminal(command(&cli, "secret edit A", editor));
    session.expect("ready").unwrap();
    session.send(expectrl::ControlCode::EndOfText).unwrap();
    let shown = rest(&mut session);
    assert!(shown.contains("default/A: version 2"), "{shown}");
    assert_eq!(cli.ok("get A"), "one\ncaught");
}

/// With settings that would leave backup, swap and undo files on a disk.
#[test]
fn vim_leaves_nothing_behind() {
    if !tools::has("vim") {
        return;
    }
    let cli = Cli::with_vault();
    let planted = planted(&cli);
    cli.set("A", &planted);
    let home = cli.project().parent().unwrap().join("home");
    let kept = home.join("kept");
    fs::create_dir(&kept).unwrap();
    let settings = format!(
        "set nocompatible backup writebackup undofile swapfile viminfo='100\n\
         set backupdir={0} undodir={0} directory={0}\n",
        kept.display()
    );
    fs::write(home.join(".vimrc"), settings).unwrap();
    let mut call = cli.command("secret edit A");
    call.env("EDITOR", "vim");
    let mut session = terminal(call);
    session.expect(planted.as_str()).unwrap();
    session.send("yypo more\u{1b}:wq\r").unwrap();
    let shown = rest(&mut session);
    assert!(shown.contains("default/A: version 2"), "{shown}");
    assert!(cli.ok("get A").contains("more"));
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 0);
    nothing_is_left(&cli);
}

#[test]
fn what_is_edited_is_in_the_journal_of_reads() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    edit(&cli, "secret edit A --reason look", "true");
    edit(&cli, "edit", "true");
    let folder = cli.project().parent().unwrap().join("home/state/v-secure/reads");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(file).unwrap();
    let edits = text.lines().filter(|line| line.contains("\"action\":\"edit\"")).count();
    assert!(edits == 2 && text.contains("\"reason\":\"look\""), "{text}");
}
