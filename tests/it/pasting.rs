//! What people paste, redirect and refuse: white space at the ends of lines, an output that nobody
//! gets, and a command that says no.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::person::Person;

/// What an editor, a mail or a terminal leaves at the ends of lines.
fn pasted(text: &str) -> [String; 4] {
    let lines = |end: &str| text.lines().map(|line| format!("{line}{end}")).collect::<String>();
    let one = text.trim_end();
    [format!("{one}\r"), lines("\r\n"), lines(" \t\n"), format!("\u{feff}  {one}\u{a0}\n\n")]
}

#[test]
fn an_identity_is_read_however_it_was_pasted() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    let file = cli.project().parent().unwrap().join("home/config/v-secure/identity.txt");
    let identity = fs::read_to_string(&file).unwrap();
    for text in pasted(&identity) {
        fs::write(&file, &text).unwrap();
        assert_eq!(cli.ok("get A"), "one", "{text:?}");
        let mut by_variable = cli.command("get A");
        let run = finish(by_variable.env("V_SECURE_IDENTITY", &text), b"");
        assert_eq!(run.text(), "one", "{text:?}: {run:?}");
    }
    let key = identity.lines().last().unwrap();
    fs::write(&file, key.replacen('1', "1 ", 1)).unwrap();
    assert_eq!(cli.run("get A").code, 3, "within a line is no end");
}

#[test]
fn pins_requests_recipients_and_words_are_read_however_they_were_pasted() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "one");
    let pin = owner.run("pin show --json").json()["pin"].as_str().unwrap().to_owned();
    for text in pasted(&pin) {
        let service = Person::new("service");
        service.pull(&owner);
        fs::create_dir_all(service.home().join(".config/v-secure")).unwrap();
        let identity = owner.home().join(".config/v-secure/identity.txt");
        let key = fs::read_to_string(identity).unwrap();
        let mut get = service.command(&["get", "A"]);
        get.env("V_SECURE_PIN", text.trim_start_matches('\u{feff}'));
        let output = get.env("V_SECURE_IDENTITY", &key).output().unwrap();
        assert!(output.status.success(), "{text:?}: {output:?}");
        let mut get = service.command(&["get", "A"]);
        let with_pin = format!("# v-secure-pin: {text}\n{key}").replace('\u{feff}', "");
        let output = get.env("V_SECURE_IDENTITY", with_pin).output().unwrap();
        assert!(output.status.success(), "{text:?}: {output:?}");
    }
    for (index, end) in ["\r", " \r\n", "\n\n"].iter().enumerate() {
        let person = Person::new("person");
        person.pull(&owner);
        let line = person.run(&format!("--trust-first-use member request p{index} -q")).ok();
        let name = format!("p{index}");
        let pasted = format!(" {}{end}", line.trim());
        let mut add =
            owner.command(&["member", "add", &name, "--role", "owner", "--yes", "--request"]);
        let output = add.arg(&pasted).output().unwrap();
        assert!(output.status.success(), "{pasted:?}: {output:?}");
        owner.run(&format!("member remove {name} --yes")).ok();
        let again = person.run(&format!("member request q{index} --device new -q")).ok();
        let pasted = format!("\u{feff}{}{end}", again.trim());
        owner.feed(&format!("member add q{index} --request - --yes"), &pasted).ok();
    }
    let recipient = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa\r";
    let mut add = owner.command(&["member", "add", "backup", "--recipient", recipient]);
    let output = add.args(["--read", "prod/*"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn recovery_words_are_read_however_they_were_pasted() {
    let cli = Cli::with_vault();
    cli.ok("recovery new --words --out words.txt");
    let words = fs::read_to_string(cli.project().join("words.txt")).unwrap();
    for text in pasted(&words) {
        let run = cli.feed("recovery test -", text.as_bytes());
        assert_eq!(run.code, 0, "{text:?}: {run:?}");
    }
}

/// A command whose standard output goes where the shell's redirection says.
fn redirected(cli: &Cli, line: &str, to: &str) -> Run {
    let command = cli.command(line);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$@\" {to}"), "sh"]).arg(command.get_program());
    shell.args(command.get_args()).current_dir(cli.project()).env_clear();
    let own = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    finish(shell.envs(own), b"{{ v-secure:A }}")
}

#[test]
fn an_output_that_nobody_gets_is_no_success() {
    let cli = Cli::with_vault();
    cli.set("A", "one");
    fs::write(cli.project().join("template"), "{{ v-secure:A }}").unwrap();
    for line in [
        "get A",
        "get A --json",
        "export --format json",
        "export --format shell",
        "inject",
        "inject -i template",
        "backup create - --armor",
        "backup create -",
        "ls",
        "ls --json",
        "secret show A",
        "secret show A --json",
        "audit log",
        "audit export --format csv",
        "pin show",
        "member list",
        "member request me --device other",
        "key status",
        "doctor",
        "settings show",
        "exposed --json",
        "member add ci --service --read prod/* --new-identity",
    ] {
        for to in [">&-", ">/dev/full"] {
            let run = redirected(&cli, line, to);
            assert_ne!(run.code, 0, "{line} {to}: {run:?}");
            assert!(run.shows("error"), "{line} {to}: {run:?}");
        }
        // Who throws it away knows that.
        let thrown = redirected(&cli, line, "1<>/dev/null");
        let may_fail = line.starts_with("member ");
        assert!(may_fail || thrown.code == 0, "{line}: {thrown:?}");
    }
    let lost = redirected(&cli, "member add other --service --read prod/* --new-identity", ">&-");
    assert_eq!(lost.code, 1, "{lost:?}");
    assert_eq!(cli.fails("member show other").1, "no-member", "its key would have been lost");
    let exec = redirected(&cli, "exec -- true", ">&-");
    assert_eq!(exec.code, 0, "it writes nothing itself: {exec:?}");
}

/// Everything in a person's home, with its time of change.
fn tree(folder: &Path) -> BTreeSet<(PathBuf, std::time::SystemTime)> {
    let mut found = BTreeSet::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.map(Result::unwrap) {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            found.extend(tree(&entry.path()));
        }
        found.insert((entry.path(), metadata.modified().unwrap()));
    }
    found
}

#[test]
fn a_command_that_is_refused_writes_nothing() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop --member owner").ok();
    owner.set("A", "one");
    let stranger = Person::new("stranger");
    stranger.pull(&owner);
    let project = tree(&stranger.checkout());
    for absent in [true, false] {
        if absent {
            fs::remove_dir_all(stranger.home()).unwrap();
        } else {
            fs::create_dir_all(stranger.home().join(".local/state/v-secure")).unwrap();
        }
        let home = tree(&stranger.home());
        for line in [
            "get A",
            "exec -- true",
            "export --format json",
            "set A",
            "set B --generate",
            "rm A",
            "rm A --yes",
            "inject",
            "member list",
            "audit log --reads",
            "backup create out",
            "member add x --new-identity",
            "recovery new --out words",
            "init",
            "pin accept --fingerprint wrong-words",
            "key rotate",
            "settings set reads off",
            "unlock",
            "doctor",
            "ls",
            "secret show A",
            "audit verify",
            "keyring add",
            "key slot add",
            "prune",
            "edit",
            "import nothing.env",
            "role create x",
            "access list",
        ] {
            let run = stranger.feed(line, "x");
            assert_eq!(tree(&stranger.home()), home, "{line} ({})", run.code);
            assert_eq!(stranger.home().exists(), !absent, "{line} ({})", run.code);
            let now: BTreeSet<_> = tree(&stranger.checkout());
            let names = |tree: &BTreeSet<(PathBuf, _)>| -> Vec<PathBuf> {
                tree.iter().map(|(path, _)| path.clone()).collect()
            };
            assert_eq!(names(&now), names(&project), "{line} ({})", run.code);
        }
    }
}

#[test]
fn a_file_that_is_too_large_is_not_asked_for_again() {
    let cli = Cli::with_vault();
    let long = vec![b'a'; (16 << 20) + 1];
    fs::write(cli.project().join("long"), &long).unwrap();
    for (line, input) in [
        ("import --format dotenv - --json", &long[..]),
        ("import --format dotenv long --json", b""),
        ("inject --json", &long),
        ("inject -i long --json", b""),
        ("member add x --request - --json", &long[..1 << 17]),
    ] {
        let run = cli.feed(line, input);
        assert_eq!(failure(&run), (1, "file".into()), "{line}");
        assert!(run.shows("too large") && !run.shows("who may read it"), "{line}: {run:?}");
    }
    for line in ["set A", "set A --file -", "set A --raw"] {
        let run = cli.feed(&format!("{line} --json"), &long[..(10 << 20) + 1]);
        assert_eq!(failure(&run), (2, "value-too-long".into()), "{line}");
        assert!(!run.shows("--file"), "{line}: {run:?}");
    }
}

#[test]
fn what_a_format_cannot_carry_is_carried_by_what_is_named() {
    let cli = Cli::with_vault();
    for (value, formats) in [
        (&b"it's $(id)"[..], &["dotenv"][..]),
        (b"a\r\n", &["dotenv"]),
        (b"it's ${A}", &["dotenv"]),
        (b"\xff\xfe", &["dotenv", "json", "yaml"]),
        (b"a\0b", &["dotenv", "shell"]),
    ] {
        cli.set("A --raw", value);
        cli.set("PLAIN", "x");
        for format in formats {
            let run = cli.run(&format!("export --format {format} --json"));
            assert_eq!(failure(&run), (1, "export-format".into()), "{format}: {value:?}");
            let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
            for hint in error["error"]["hints"].as_array().unwrap() {
                let hint = hint.as_str().unwrap().split("  #").next().unwrap();
                let only = hint.replace("NAME,…", "PLAIN");
                let line = only.replace("VAR=NAME", "F=A").replace("PROGRAM", "true");
                let line = match line.contains("--only") {
                    true => format!("export --format {format} --only PLAIN"),
                    false => line.trim_start_matches("v-secure ").to_owned(),
                };
                assert_eq!(cli.run(&line).code, 0, "{format}, {value:?}: {line}");
            }
        }
        cli.ok("rm A PLAIN --yes");
    }
}

#[test]
fn a_folder_that_cannot_be_locked_is_not_one_that_somebody_else_has_locked() {
    let cli = Cli::with_vault();
    fs::remove_file(cli.project().join(".v-secure/.lock")).unwrap();
    fs::create_dir(cli.project().join(".v-secure/.lock")).unwrap();
    for line in ["set A", "settings set reads off", "role create x"] {
        let run = cli.feed(&format!("{line} --json"), b"x");
        assert_eq!(failure(&run), (1, "write".into()), "{line}");
        assert!(!run.shows("try again"), "{line}: {run:?}");
    }
}
