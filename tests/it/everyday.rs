//! What people meet in their first days with secrets of an existing project: files that stay, names that are no
//! variables, values that a format carries badly, lists that are too long.

#![cfg(unix)]

use std::fs;
use std::process::Command;
use v_secure_testkit::binary;
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::person::Person;
use v_secure_testkit::terminal;
use v_secure_testkit::terminal::{rest, terminal};
use v_secure_testkit::tools;

fn write(cli: &Cli, name: &str, text: &str) {
    fs::write(cli.project().join(name), text).unwrap();
}

fn git(cli: &Cli, line: &str) -> Run {
    let program = std::path::Path::new(binary()).parent().unwrap();
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(line.split(' '));
    command.current_dir(cli.project()).env_clear().env("HOME", cli.project().join("../home"));
    command.env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    finish(&mut command, b"")
}

fn in_git() -> Cli {
    let cli = Cli::with_vault();
    assert_eq!(git(&cli, "init --quiet").code, 0);
    cli
}

#[test]
fn what_is_refused_is_refused_before_a_value_is_asked_for() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/A", "value");
    owner.run("role create developer --grant read,rotate:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let line = developer.run("member request").ok();
    owner.feed("member add developer --request - --role developer --yes", &line).ok();
    developer.pull(&owner);
    developer.accept_as(&owner);
    for arguments in [&["set", "dev/B"][..], &["set", "prod/A"], &["set", "dev/A", "--tag", "x"]] {
        let mut session = terminal(developer.command(arguments));
        let text = rest(&mut session);
        assert!(text.contains("may not write") && !text.contains("Value of"), "{text}");
    }
    // Who may rotate is asked.
    let mut session = terminal(developer.command(&["set", "dev/A"]));
    terminal::type_in(&mut session, "Value of dev/A", "another");
    rest(&mut session);
    assert_eq!(developer.run("get dev/A").ok(), "another");
}

#[test]
fn what_is_no_request_is_a_mistake_and_a_changed_one_is_an_attack() {
    let cli = Cli::with_vault();
    cli.ok("identity new -o other.txt");
    let request = cli.json("member request newcomer --identity other.txt");
    let line = request["request"].as_str().unwrap().to_owned();
    let cut = &line[..line.len() / 2];
    for (line, code) in [("no request", 2), (cut, 2), ("v-secure-request-1.AAAA", 2)] {
        let run = cli.feed("member add newcomer --request - --yes --json", line.as_bytes());
        assert_eq!(failure(&run), (code, "request".into()), "{line}");
    }
    use base64::Engine;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let json = String::from_utf8(engine.decode(&line["v-secure-request-1.".len()..]).unwrap());
    let changed = json.unwrap().replace("\"member\":\"newcomer\"", "\"member\":\"newcomex\"");
    let changed = format!("v-secure-request-1.{}", engine.encode(changed));
    let run = cli.feed("member add newcomex --request - --yes --json", changed.as_bytes());
    assert_eq!(failure(&run), (6, "request".into()));
}

#[test]
fn where_a_plain_file_is_in_git_is_said_as_it_is() {
    if !tools::has("git") {
        return;
    }
    let cli = in_git();
    write(&cli, ".env", "A=1\n");
    git(&cli, "add .env");
    let run = cli.run("import .env");
    assert!(run.err.contains(".env is staged") && !run.err.contains("for good. Rotate"), "{run:?}");
    git(&cli, "commit --quiet -m x --no-verify");
    let run = cli.run("import .env");
    assert!(run.err.contains("git tracks .env: its values are in the history for good"), "{run:?}");
    git(&cli, "rm --quiet --cached .env");
    git(&cli, "commit --quiet -m y --no-verify");
    let run = cli.run("import .env");
    assert!(run.err.contains(".env was committed once: its values are in the history"), "{run:?}");
    write(&cli, "other.env", "A=1\n");
    assert!(!cli.run("import other.env").err.contains("history"));
}

#[test]
fn a_file_that_stays_is_watched() {
    if !tools::has("git") {
        return;
    }
    let cli = in_git();
    cli.ok("git install");
    write(&cli, ".env", "A=hunter2\nB=\n");
    let run = cli.run("import .env");
    let told = "warning: .env stays, with its values in plain text, and git does not ignore it: rm .env, or add this line to .gitignore: /.env";
    assert!(run.err.contains(told), "{run:?}");
    // Nothing is said of what is gone, or was only looked at.
    assert!(!cli.run("import .env --dry-run").err.contains("stays"));
    let findings = |cli: &Cli| {
        let run = cli.run("doctor --json");
        let report: serde_json::Value = serde_json::from_slice(&run.out).unwrap();
        let all = report["findings"].as_array().unwrap().clone();
        all.into_iter().find(|found| found["code"] == "plain-file")
    };
    let found = findings(&cli).unwrap();
    assert_eq!(found["command"], "add this line to .gitignore: /.env");
    assert!(found["what"].as_str().unwrap().ends_with(": A"), "{found}");
    git(&cli, "add .");
    let run = git(&cli, "commit --quiet -m x");
    assert_ne!(run.code, 0);
    assert!(run.err.contains("secrets of the vault in plain text: A in .env"), "{run:?}");
    assert!(!run.err.contains("hunter2"), "{run:?}");
    assert_eq!(cli.fails("git pre-commit"), (1, "plain-file".into()));
    assert!(findings(&cli).unwrap()["command"].as_str().unwrap().starts_with("git rm --cached"));
    // What is said helps.
    git(&cli, "rm --quiet --cached .env");
    write(&cli, ".gitignore", "/.env\n");
    git(&cli, "add .gitignore");
    assert_eq!(git(&cli, "commit --quiet -m x").code, 0);
    assert!(findings(&cli).is_none());
    let run = cli.run("import .env");
    assert!(!run.err.contains("warning") && run.err.contains("--delete-source"), "{run:?}");
    assert!(!cli.run("import .env --delete-source").err.contains("stays"));
    // Templates and files of other projects are none of the vault's.
    write(&cli, ".env.example", "A=changeme\n");
    write(&cli, "other.env", "UNRELATED=1\n");
    git(&cli, "add -f .env.example other.env");
    assert_eq!(git(&cli, "commit --quiet -m z").code, 0);
}

#[test]
fn a_name_that_is_no_variable_stops_nobody() {
    let cli = Cli::with_vault();
    cli.set("GOOD", "yes");
    let run = cli.feed("set a-b", b"hunter2");
    assert!(
        run.code == 0
            && run
                .err
                .contains("exec leaves it out, because its name is not a valid variable name")
    );
    assert!(run.err.contains("--var"), "{run:?}");
    let exec = "exec -- printenv GOOD";
    let first = cli.run(exec);
    assert_eq!(first.text(), "yes\n");
    assert!(
        first
            .err
            .contains("left out, because their names are not valid variable names: default/a-b"),
        "{first:?}"
    );
    // It is said once.
    let second = cli.run(exec);
    assert!(second.code == 0 && !second.err.contains("left out"), "{second:?}");
    let run = cli.run("export --format shell");
    assert!(run.text().contains("GOOD") && !run.text().contains("hunter2"), "{run:?}");
    assert!(run.err.contains("left out"), "{run:?}");
    assert!(cli.ok("export --format json").contains("a-b"), "a format that names secrets has it");
    // What is named is given, or an error.
    assert_eq!(cli.run("exec --only a-b -- true").code, 1);
    assert_eq!(cli.run("exec --only a-b,GOOD -- true").code, 1);
    assert_eq!(cli.run("exec --prefix a -- true").code, 1);
    cli.run("set a-b --var A_B");
    assert_eq!(cli.ok("exec -- printenv A_B"), "hunter2\n");
}

#[test]
fn a_reference_is_exported_as_it_was_imported() {
    let cli = Cli::with_vault();
    let text = "A='${B}/x'\nB=plain\n";
    write(&cli, ".env", text);
    cli.ok("import .env");
    let run = cli.run("export --format dotenv");
    assert_eq!(run.text(), text);
    assert!(run.err.contains("python-dotenv expands the ${…} of A"), "{run:?}");
    assert!(!cli.run("export --format dotenv --only B").err.contains("python-dotenv"));
}

#[test]
fn the_same_of_many_lines_is_one_warning() {
    let cli = Cli::with_vault();
    let lines: String = (0..50).map(|number| format!("V{number}=$HOME/{number}\n")).collect();
    write(&cli, ".env", &lines);
    for line in ["import .env --dry-run", "import .env -q"] {
        let run = cli.run(line);
        assert_eq!(run.err.matches("a $ reference").count(), 1, "{line}: {run:?}");
        assert!(run.err.contains("lines 1, 2, 3, 4, 5 and 45 more"), "{line}: {run:?}");
    }
}

#[test]
fn several_values_are_printed_as_json_alone() {
    let cli = Cli::with_vault();
    cli.set("A", "1");
    cli.set("prod/B", "2");
    let report = cli.json("get A prod/B");
    let secrets = report["secrets"].as_array().unwrap();
    let pairs: Vec<_> =
        secrets.iter().map(|s| (s["secret"].as_str(), s["value"].as_str())).collect();
    assert_eq!(pairs, [(Some("default/A"), Some("1")), (Some("prod/B"), Some("2"))]);
    assert_eq!(cli.json("get A")["value"], "1");
    let run = cli.run("get A prod/B");
    assert!(run.code == 2 && run.out.is_empty() && run.err.contains("--json"), "{run:?}");
    assert_eq!(cli.fails("get A prod/B --version 1"), (2, "several-values".into()));
    assert_eq!(cli.fails("get A prod/NOPE"), (5, "not-found".into()));
    // The journal has each environment's own.
    let reads = cli.json("audit log --reads");
    assert_eq!(reads.as_array().unwrap().iter().filter(|read| read["action"] == "get").count(), 3);
    cli.set("base/C", "3");
    cli.ok("settings set env.prod.extends base");
    let report = cli.json("get -e prod B C");
    assert_eq!(report["secrets"][1]["secret"], "base/C");
}

#[test]
fn an_environment_is_copied_and_removed_as_a_whole() {
    let cli = Cli::with_vault();
    cli.set("dev/A --tag web", "1");
    cli.set("dev/B", "2");
    cli.ok("env copy dev review");
    assert_eq!(cli.ok("get review/A"), "1");
    assert_eq!(cli.json("secret show review/A")["tags"][0], "web");
    assert_eq!(cli.fails("env copy dev review"), (7, "exists".into()));
    cli.set("dev/A", "new");
    cli.ok("env copy dev review --overwrite");
    assert_eq!(cli.ok("get review/A"), "new");
    assert_eq!(cli.fails("env copy dev dev"), (2, "same-name".into()));
    assert_eq!(cli.fails("env copy dv x"), (5, "no-environment".into()));
    assert_eq!(cli.fails("env rm review"), (1, "not-confirmed".into()));
    cli.ok("settings set env.prod.extends review");
    let run = cli.run("env rm review --yes");
    assert!(run.code == 0 && run.err.contains("prod extends review"), "{run:?}");
    assert_eq!(cli.fails("get review/A"), (5, "removed".into()));
    assert_eq!(cli.fails("env rm review --yes"), (5, "no-secrets".into()));
    assert_eq!(cli.fails("env rm reviw --yes"), (5, "no-environment".into()));
    cli.ok("secret restore review/A");
    cli.ok("audit verify");
}

#[test]
fn versions_are_found_from_the_new_name() {
    let cli = Cli::with_vault();
    cli.set("OLD", "first");
    cli.set("OLD", "second");
    let run = cli.run("secret rename OLD NEW");
    assert!(run.err.contains("older versions: v-secure secret versions default/OLD"), "{run:?}");
    let run = cli.run("secret versions NEW");
    assert!(run.err.contains("v-secure secret versions default/OLD"), "{run:?}");
    let report = cli.json("secret versions NEW");
    assert_eq!(report["versions"][0]["from"][0]["secret"], "default/OLD");
    assert_eq!(report["versions"][0]["from"][0]["version"], 2);
    cli.ok("secret versions OLD");
    assert_eq!(cli.ok("get OLD --version 1"), "first");
}

#[test]
fn exposed_has_a_row_a_secret() {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/A", "1");
    owner.set("dev/B", "2");
    owner.run("role create developer --grant read:dev/*").ok();
    for name in ["one", "two"] {
        let newcomer = Person::new(name);
        newcomer.pull(&owner);
        let line = newcomer.run("member request").ok();
        owner.feed(&format!("member add {name} --request - --role developer --yes"), &line).ok();
        owner.run(&format!("member remove {name} --yes")).ok();
    }
    let rows = owner.run("exposed").ok();
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(rows.contains("one/one-laptop, two/two-laptop\tno longer a member\t"), "{rows}");
}

#[test]
fn a_user_without_a_name_is_told_the_one_given() {
    let cli = Cli::with_vault();
    cli.ok("identity new -o other.txt");
    let run = cli.run("member request --identity other.txt");
    assert!(run.err.contains("you are called owner-1"), "{run:?}");
    let mut command = cli.command("member request --identity other.txt");
    let run = finish(command.env("USER", "José"), b"");
    assert!(run.err.contains("you are called Jos in the vault"), "{run:?}");
    let mut command = cli.command("member request --identity other.txt");
    assert!(!finish(command.env("USER", "jo"), b"").err.contains("you are called"));
}

#[test]
fn masks_are_of_what_is_worth_hiding() {
    let cli = Cli::with_vault();
    cli.set("PIN", "1");
    cli.set("TOKEN", "long-enough");
    let mut command = cli.command("export --format github -q");
    let file = cli.project().join("github.env");
    fs::write(&file, "").unwrap();
    let run = finish(command.env("GITHUB_ENV", &file), b"");
    assert_eq!(run.text(), "::add-mask::long-enough\n");
    assert!(run.err.contains("too short to be masked in the log: PIN"), "{run:?}");
    assert!(fs::read_to_string(file).unwrap().contains("PIN<<"));
}

/// The messages are read where no repository is: only the program is installed.
#[test]
fn no_error_sends_anybody_to_a_file_of_the_repository() {
    let cli = Cli::with_vault();
    let run = cli.feed("import --format json -", br#"{"A":{"B":"1"}}"#);
    assert!(run.err.contains("jq ") && !run.err.contains("docs/"), "{run:?}");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("crates/core/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            // What only tests of the modules use.
            if path.ends_with("testing.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let said = |line: &&str| {
                let quoted = line.split('"').skip(1).step_by(2).any(|part| part.contains("docs/"));
                let is_message =
                    !line.trim_start().starts_with("//") && !line.contains("after_help");
                is_message && quoted
            };
            assert_eq!(text.lines().find(said), None, "{}", path.display());
        }
    }
}
