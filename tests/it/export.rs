//! `export`: what each format's own reader makes of it, and what is refused.

#![cfg(unix)]

use std::fs;
use std::process::Command;
use v_secure_testkit::cli::{Cli, finish, mode};

/// Values that break careless quoting.
const PLAIN: [(&str, &str); 6] = [
    ("A", "it's"),
    ("B", "two\nlines\n"),
    ("C", "$(touch pwned) `id` $HOME \\"),
    ("D", "käse = 🧀"),
    ("E", "  spaces  "),
    ("F", "a#b \"c\""),
];

fn filled() -> Cli {
    let cli = Cli::with_vault();
    for (name, value) in PLAIN {
        cli.set(&format!("{name} --raw"), value);
    }
    cli
}

#[test]
fn a_shell_evaluates_every_value_to_itself() {
    let cli = filled();
    let text = cli.ok("export --format shell");
    for (name, value) in PLAIN {
        let script = format!("eval \"$1\"; printf '%s.' \"${name}\"");
        let mut sh = Command::new("/bin/sh");
        sh.args(["-c", &script, "sh", &text]).env_clear().current_dir(cli.project());
        assert_eq!(finish(&mut sh, b"").text(), format!("{value}."), "{name}");
    }
    assert!(!cli.project().join("pwned").exists());
}

#[test]
fn files_import_back_to_the_same_values() {
    let cli = filled();
    let refused = cli.fails("export --format dotenv -o all.env");
    assert_eq!(refused, (1, "export-format".into()), "a shell that sources C would run it");
    cli.ok("rm C --yes");
    for (format, file) in [("json", "all.json"), ("yaml", "all.yaml"), ("dotenv", "all.env")] {
        cli.ok(&format!("export --format {format} -o {file}"));
        assert_eq!(mode(&cli.project().join(file)), 0o600);
        cli.ok(&format!("import {file} -e {format}"));
        for (name, value) in PLAIN.iter().filter(|(name, _)| *name != "C") {
            assert_eq!(&cli.ok(&format!("get {format}/{name}")), value, "{format} {name}");
        }
    }
    let read: serde_json::Value =
        serde_json::from_slice(&fs::read(cli.project().join("all.json")).unwrap()).unwrap();
    assert_eq!(read["B"], "two\nlines\n");
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let cli = filled();
    fs::write(cli.project().join("out"), "mine").unwrap();
    assert_eq!(cli.fails("export --format json -o out"), (7, "exists".into()));
    assert_eq!(fs::read(cli.project().join("out")).unwrap(), b"mine");
}

#[test]
fn a_selection_and_variables_name_what_is_exported() {
    let cli = Cli::with_vault();
    cli.set("api.key --var API_KEY --tag web", "k");
    cli.set("OTHER", "o");
    assert_eq!(cli.ok("export --format shell --tag web"), "export API_KEY='k'\n");
    assert_eq!(cli.ok("export --format dotenv --only api.key"), "API_KEY=k\n");
    assert_eq!(cli.ok("export --format json --prefix api").trim(), "{\n  \"api.key\": \"k\"\n}");
    assert_eq!(cli.fails("export --format json --only MISSING"), (5, "not-found".into()));
    cli.set("SECOND --var API_KEY", "s");
    assert_eq!(cli.fails("export --format shell"), (1, "environment".into()));
}

#[test]
fn an_environment_exports_what_it_inherits() {
    let cli = Cli::with_vault();
    cli.set("base/A", "from base");
    cli.set("base/B", "from base");
    cli.set("prod/B", "own");
    cli.ok("settings set env.prod.extends base");
    assert_eq!(cli.ok("export -e prod --format shell"), "export A='from base'\nexport B='own'\n");
    assert_eq!(cli.ok("env list"), "base\t2\t0\t-\nprod\t1\t0\tbase\n");
}

#[test]
fn what_a_format_cannot_carry_is_an_error_and_nothing_is_written() {
    let cli = Cli::with_vault();
    cli.set("BIN", b"\xff\xfe");
    for format in ["dotenv", "json", "yaml"] {
        let line = format!("export --format {format}");
        assert_eq!(cli.fails(&line), (1, "export-format".into()), "{format}");
        assert_eq!(cli.fails(&format!("{line} -o out")), (1, "export-format".into()), "{format}");
    }
    let mut command = cli.command("export --json --format github");
    let run = finish(command.env("GITHUB_ENV", cli.project().join("out")), b"");
    assert_eq!((run.code, run.out.len()), (1, 0), "{run:?}");
    assert!(!cli.project().join("out").exists());
    cli.set("BIN --raw", b"a\0b");
    assert_eq!(cli.fails("export --format shell"), (1, "export-format".into()));
    cli.ok("rm BIN");
    cli.set("api.key", "no variable");
    assert_eq!(cli.fails("export --format shell"), (1, "environment".into()));
    cli.ok("rm api.key");
    cli.set("LD_PRELOAD", "/tmp/evil.so");
    assert_eq!(cli.fails("export --format shell"), (1, "environment".into()));
    // What reads JSON makes variables of its keys too.
    assert_eq!(cli.fails("export --format json"), (1, "environment".into()));
    cli.ok("settings set variables.allow LD_PRELOAD");
    assert_eq!(cli.run("export --format json").code, 0);
}

#[test]
fn github_masks_every_line_and_appends_to_its_file() {
    let cli = Cli::with_vault();
    cli.set("A --raw", "one\ntwo");
    let file = cli.project().join("github_env");
    fs::write(&file, "LEFT=open").unwrap();
    let mut command = cli.command("export --format github");
    let run = finish(command.env("GITHUB_ENV", &file), b"");
    assert_eq!(run.text(), "::add-mask::one\n::add-mask::two\n", "{run:?}");
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let delimiter = lines[1].strip_prefix("A<<").unwrap();
    assert_eq!(lines, ["LEFT=open", lines[1], "one", "two", delimiter]);
    let mut command = cli.command("export --format github -o new");
    let run = finish(command.env("GITHUB_ENV", &file), b"");
    assert_eq!(run.text(), "::add-mask::one\n::add-mask::two\n", "{run:?}");
    assert!(!fs::read_to_string(cli.project().join("new")).unwrap().contains(delimiter));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

/// GitHub masks whole lines, and a mask of one letter would blot out the log.
#[test]
fn lines_that_github_does_not_mask_are_said_once() {
    let cli = Cli::with_vault();
    for (name, value) in
        [("A", "user\n12"), ("B", "ok\nlonger\nno"), ("C", "{\n\"a\": 1\n}"), ("D", "1")]
    {
        cli.set(&format!("{name} --raw"), value);
    }
    let file = cli.project().join("github_env");
    fs::write(&file, "").unwrap();
    let mut command = cli.command("export --format github");
    let run = finish(command.env("GITHUB_ENV", &file), b"");
    assert_eq!(run.code, 0, "{run:?}");
    let said: Vec<&str> = run.err.lines().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(
        said,
        [
            "warning: too short to be masked in the log: D",
            "warning: lines of one or two characters are not masked in the log, and these values have \
             some: A, B"
        ]
    );
    let quiet =
        finish(cli.command("export --only C --format github").env("GITHUB_ENV", &file), b"");
    assert!(!quiet.shows("warning"), "{quiet:?}");
}

/// A mask is a value: where no runner reads it, nothing may be printed.
#[test]
fn github_prints_nothing_where_no_runner_reads() {
    let cli = Cli::with_vault();
    cli.set("A", "hunter2");
    let refused = |line: &str, variable: Option<&str>| {
        let mut command = cli.command(line);
        command.envs(variable.map(|value| ("GITHUB_ENV", value)));
        let run = finish(&mut command, b"");
        assert_eq!((run.code, run.out.as_slice()), (2, &b""[..]), "{line}: {run:?}");
        assert!(!run.err.contains("hunter2") && run.err.contains("--format github"), "{}", run.err);
        run.err
    };
    for line in
        ["export --format github", "export --format github -o -", "export --format github -o f"]
    {
        for variable in [None, Some("")] {
            let said = refused(line, variable);
            assert!(said.contains("GITHUB_ENV") && said.contains("--format dotenv"), "{said}");
        }
    }
    refused("export --format github -o -", Some("env"));
    assert!(["f", "env"].iter().all(|name| !cli.project().join(name).exists()));
}
