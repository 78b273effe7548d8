//! Small things that users stumble over: each says what happens instead of leaving it to be guessed.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;
use v_secure_testkit::binary;
use v_secure_testkit::cli;
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::tools;

fn in_folder(cli: &Cli, folder: &str, line: &str) -> Run {
    let folder = cli.project().join(folder);
    fs::create_dir_all(&folder).unwrap();
    finish(cli.command(line).current_dir(folder), b"")
}

#[test]
fn a_vault_below_another_one_must_be_meant() {
    let cli = Cli::with_vault();
    let run = in_folder(&cli, "sub/deeper", "init");
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.err.contains("belongs to the vault") && run.err.contains("--nested"), "{run:?}");
    assert!(!cli.project().join("sub/deeper/.v-secure").exists());
    // A repository inside belongs to the project around it too, as a submodule does.
    fs::create_dir_all(cli.project().join("module/.git")).unwrap();
    assert_eq!(in_folder(&cli, "module", "init").code, 7);
    assert_eq!(in_folder(&cli, "module", "init --nested").code, 0);
    assert_eq!(in_folder(&cli, "sub/deeper", "init --nested").code, 0);
    assert!(cli.project().join("sub/deeper/.v-secure/vault.toml").exists());
}

#[test]
fn a_name_in_two_imported_files_is_said() {
    let cli = Cli::with_vault();
    fs::write(cli.project().join("a.env"), "A=1\nB=1\n").unwrap();
    fs::write(cli.project().join("b.env"), "B=2\nC=2\n").unwrap();
    let run = cli.run("import a.env b.env");
    assert_eq!(run.err.matches("warning").count(), 1, "{run:?}");
    assert!(run.err.contains("B is in a.env and in b.env; the value of b.env counts"), "{run:?}");
    assert_eq!(cli.ok("get B"), "2");
}

#[test]
fn what_is_taken_out_of_a_hook_is_called_removed() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    git(&cli, &["init", "--quiet"]);
    assert!(cli.ok("git install").contains("(written)"));
    assert!(cli.ok("git install").contains("(nothing to change)"));
    assert!(cli.ok("git install --uninstall").contains("(removed)"));
    assert!(cli.ok("git install --uninstall").contains("(nothing to change)"));
}

fn git(cli: &Cli, arguments: &[&str]) -> Run {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(arguments);
    command.current_dir(cli.project()).env_clear().env("HOME", cli.project());
    command.env("PATH", cli::path());
    finish(&mut command, b"")
}

#[test]
fn a_hook_that_does_not_find_the_program_says_what_to_do() {
    if !tools::has("git") {
        return;
    }
    let cli = Cli::with_vault();
    git(&cli, &["init", "--quiet"]);
    cli.ok("git install");
    git(&cli, &["add", "."]);
    let run = git(&cli, &["commit", "-m", "x"]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("v-secure is not on PATH"), "{run:?}");
    assert!(run.err.contains("try: git commit --no-verify"), "{run:?}");
    // A block of an older version is renewed in its place.
    let hook = cli.project().join(".git/hooks/pre-commit");
    let old = "#!/bin/sh\n# v-secure: begin\nv-secure git pre-commit || exit 1\n# v-secure: end\necho rest\n";
    fs::write(&hook, old).unwrap();
    assert!(cli.ok("git install").contains("(written)"));
    let text = fs::read_to_string(&hook).unwrap();
    assert!(text.contains("not on PATH") && text.ends_with("echo rest\n"), "{text}");
    assert_eq!(text.matches("# v-secure: begin").count(), 1);
}

#[test]
fn a_misspelt_option_of_exec_is_no_program() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    let run = cli.run("exec --onyl A -- true");
    assert!(run.code == 2 && run.err.contains("--onyl") && run.err.contains("--only"), "{run:?}");
    let run = cli.run("exec -- --onyl A");
    assert_eq!(run.code, 127, "{run:?}");
    // Options of the program are its own, with and without `--`.
    assert_eq!(cli.ok("exec -- printf %s --only"), "--only");
    assert_eq!(cli.ok("exec printf %s --json"), "--json");
}

#[test]
fn a_role_that_exists_is_given_rights_by_another_command() {
    let cli = Cli::with_vault();
    cli.ok("role create developer");
    let run = cli.run("role create developer --grant read:dev/*");
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.err.contains("v-secure access grant developer PATTERN RIGHTS"), "{run:?}");
}

#[test]
fn one_owner_is_one_signature() {
    let cli = Cli::with_vault();
    cli.set("dev/A", "v");
    let request = {
        let identity = cli.project().join("other.txt");
        cli.ok("identity new -o other.txt");
        assert!(identity.exists());
        cli.json("member request developer-1 --identity other.txt")
    };
    cli.ok("role create developer --grant read,write,grant:dev/*");
    let (line, words) =
        (request["request"].as_str().unwrap(), request["fingerprint"].as_str().unwrap());
    cli.ok(&format!(
        "member add developer-1 --request {line} --fingerprint {words} --role developer"
    ));
    let run = cli.run("role join owner developer-1 --identity other.txt");
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.err.contains("the signature of an owner"), "{run:?}");
}

#[test]
fn a_value_that_is_too_long_is_told_its_size_and_the_limit() {
    const LIMIT: usize = 10 << 20;
    let cli = Cli::with_vault();
    cli.set("A", "before");
    let file = cli.project().join("big.bin");
    for (length, told) in [(LIMIT + 1, "10485761 bytes"), (2 * LIMIT, "20971520 bytes")] {
        let value = vec![b'x'; length];
        std::fs::write(&file, &value).unwrap();
        for line in [
            "set A",
            "set A --raw",
            "set A --file -",
            "set A --file big.bin",
            "secret rotate A",
            "secret rotate A --file big.bin",
        ] {
            let run = cli.feed(line, &value);
            for text in [told, "the limit is 10485760", "default/A", "encrypted file", "split -b"] {
                assert!(run.code == 2 && run.err.contains(text), "{line}: {text}: {run:?}");
            }
            assert!(!run.err.contains("who may read") && !run.err.contains("--file"), "{run:?}");
            let run = cli.feed(&format!("{line} --json"), &value);
            assert_eq!(failure(&run), (2, "value-too-long".into()), "{line}");
        }
    }
    let run = cli.feed("set A", &vec![b'x'; 2 * LIMIT + 1]);
    assert!(run.code == 2 && run.err.contains("more than 20971520 bytes"), "{run:?}");
    assert_eq!(cli.ok("get A"), "before");
    cli.set("A", [vec![b'x'; LIMIT], b"\n".to_vec()].concat());
    assert_eq!(cli.ok("get A").len(), LIMIT, "a line end is no part of the value");
}

fn hints(run: &Run) -> Vec<String> {
    let error: serde_json::Value = serde_json::from_str(run.err.trim()).unwrap();
    let hints = error["error"]["hints"].as_array().unwrap();
    hints.iter().map(|hint| hint.as_str().unwrap().to_owned()).collect()
}

#[test]
fn who_is_in_the_vault_is_not_told_to_ask_for_it() {
    let cli = Cli::with_vault();
    let run = cli.run("init --json");
    assert_eq!(failure(&run), (7, "exists".into()));
    assert_eq!(hints(&run), ["v-secure, which shows it: you are a member"]);
    let home = cli.project().with_file_name("stranger");
    let stranger = |line: &str| {
        let mut command = cli.command(line);
        command.env("XDG_CONFIG_HOME", &home).env("XDG_STATE_HOME", &home);
        finish(&mut command, b"")
    };
    let run = stranger("init --json");
    assert_eq!(hints(&run), ["v-secure", "v-secure member request, to become a member"]);
    // A key of another vault belongs to no member.
    assert_eq!(stranger("identity new").code, 0);
    assert_eq!(hints(&stranger("init --json")).len(), 2);
}

#[test]
fn who_may_not_read_what_an_environment_inherits_is_told_that_it_does() {
    let cli = Cli::with_vault();
    cli.set("A", "base's");
    cli.set("prod/B", "prod's");
    cli.ok("settings set env.prod.extends default");
    let key = cli.ok("member add ci --service --new-identity --read prod/*");
    let as_ci = |line: &str| {
        let mut command = cli.command(line);
        finish(command.env("V_SECURE_IDENTITY", &key), b"")
    };
    for line in ["exec -e prod -- true", "export -e prod --format json", "get -e prod A"] {
        let run = as_ci(line);
        assert_eq!(run.code, 4, "{line}: {run:?}");
        assert!(run.shows("may not read default/A"), "{line}: {run:?}");
        assert!(run.shows("because: prod inherits it from default"), "{line}: {run:?}");
        assert_eq!(run.shows("--only NAME"), line != "get -e prod A", "{line}: {run:?}");
    }
    assert_eq!(as_ci("exec -e prod --only B -- true").code, 0);
    // Named in full, it is that one.
    for line in ["get -e prod default/A", "exec -e prod --as-file F=default/A -- true"] {
        let run = as_ci(line);
        assert!(run.code == 4 && !run.shows("inherits"), "{line}: {run:?}");
    }
    cli.ok("settings set env.qa.extends empty");
    let run = cli.run("exec -e qa -- true");
    assert!(run.code == 5 && run.shows("has no secrets, and inherits none from empty"), "{run:?}");
}

#[test]
fn a_key_that_reads_another_environment_is_told_which() {
    let cli = Cli::with_vault();
    cli.set("prod/B", "prod's");
    cli.set("qa/B", "qa's");
    let key = cli.ok("member add ci --service --new-identity --read prod/*");
    let both = cli.ok("member add both --service --new-identity --read prod/* --read qa/*");
    let run = |key: &str, line: &str, environment: &str| {
        let mut command = cli.command(line);
        command.env("V_SECURE_IDENTITY", key).env("V_SECURE_ENV", environment);
        finish(&mut command, b"{{ v-secure:B }}")
    };
    let (one, two) =
        ("try: -e prod  # ci may read prod\n", "try: -e prod  # both may read prod, qa\n");
    let lines = ["exec -- true", "export --format json", "inject"];
    for line in lines {
        assert!(run(&key, line, "").err.contains(one), "{line}");
        assert!(run(&both, line, "").err.contains(two), "{line}");
    }
    cli.set("B", "default's");
    for line in lines.iter().chain(&["get B"]) {
        let denied = run(&key, line, "");
        assert!(denied.code == 4 && denied.err.contains(one), "{line}: {denied:?}");
        // Who stated an environment meant it, as did who named it with the secret.
        let stated = run(&key, line, "qa");
        assert!(stated.code == 4 && !stated.err.contains("-e prod"), "{line}: {stated:?}");
        let led = format!("{} -e prod", line.replace(" -- true", ""));
        let led = if line.starts_with("exec") { "exec -e prod -- true" } else { &led };
        assert_eq!(run(&key, led, "").code, 0, "{led}");
    }
    assert!(!run(&key, "get qa/B", "").err.contains("-e prod"));
    // One whose environment gives something has no wrong one.
    let missing =
        run(&cli.ok("member add own --service --new-identity --read default/*"), "get NO", "");
    assert!(missing.code == 5 && !missing.err.contains("try: -e "), "{missing:?}");
}

#[test]
fn get_gives_what_an_environment_inherits() {
    let cli = Cli::with_vault();
    cli.set("base/A", "base's");
    cli.set("base/B", "base's");
    cli.set("prod/B", "prod's");
    cli.ok("settings set env.prod.extends base");
    assert_eq!(cli.ok("get -e prod A"), "base's");
    assert_eq!(cli.ok("get -e prod B"), "prod's");
    assert_eq!(cli.json("get -e prod A")["secret"], "base/A");
    // A full name is that one.
    assert_eq!(cli.fails("get prod/A"), (5, "not-found".into()));
    assert_eq!(cli.fails("get -e prod NOPE"), (5, "not-found".into()));
    // On a terminal the source is named, through a pipe nothing is.
    assert_eq!(cli.run("get -e prod A").err, "");
    let program = Path::new(binary()).display();
    let mut command = cli.command("get");
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("{program} get -e prod A"), "/dev/null"]);
    terminal.current_dir(cli.project()).env_clear();
    terminal.envs(command.get_envs().filter_map(|(k, v)| Some((k.to_owned(), v?.to_owned()))));
    command.env("TERM", "dumb");
    match terminal.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(text.contains("prod inherits this from base/A"), "{text}");
        }
        Err(error) => tools::skip(format!("script does not run: {error}")),
    }
}
