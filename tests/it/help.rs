//! The help of every command on a screen of 80 columns: nothing is cut or broken, and there are
//! examples.

use clap::{Command, CommandFactory};
use v_secure::cli::args::root::Root;

/// Each command that is shown, with its name.
fn all(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
    found.push((name.to_owned(), command.clone()));
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        all(child, &format!("{name} {}", child.get_name()), found);
    }
}

fn commands() -> Vec<(String, Command)> {
    let mut root = Root::command().term_width(80);
    root.build();
    let mut found = Vec::new();
    all(&root, "v-secure", &mut found);
    assert!(found.len() > 80);
    found
}

#[test]
fn every_command_has_examples_that_fit() {
    for (name, command) in commands().into_iter().skip(1) {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = text.split_once("Examples:\n").unwrap_or_else(|| panic!("{name}: {text}")).1;
        assert!(examples.contains("v-secure "), "{name}");
        for line in examples.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn no_line_of_help_is_wider_than_the_screen_or_ends_early() {
    for (name, mut command) in commands() {
        let text = command.render_long_help().to_string();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        // A line end within a sentence leaves ragged lines on every screen but one.
        let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for paragraph in notes.split("\n\n").filter(|part| !part.starts_with("Exit codes")) {
            let kept = paragraph.split_once(":\n").is_some_and(|(title, _)| !title.contains('.'));
            assert!(kept || !paragraph.contains('\n'), "{name}: {paragraph}");
        }
    }
}

/// As git and cargo take it.
#[test]
fn help_before_a_command_is_its_option() {
    let cli = v_secure_testkit::cli::Cli::with_vault();
    for (line, same) in
        [("help", "--help"), ("help get", "get --help"), ("help secret set", "secret set --help")]
    {
        assert_eq!(cli.ok(line), cli.ok(same), "{line}");
    }
    assert_eq!(cli.fails("help nonsense"), (2, "usage".into()));
    // Nor does it run what exec would.
    for line in ["help exec -- env", "help exec env", "help get A --version"] {
        let command = line.split(' ').nth(1).unwrap();
        assert_eq!(cli.ok(line), cli.ok(&format!("{command} --help")), "{line}");
    }
}

#[test]
fn a_group_without_a_command_says_that_one_is_missing() {
    let cli = v_secure_testkit::cli::Cli::with_vault();
    let run = cli.run("--json history");
    assert_eq!(v_secure_testkit::cli::failure(&run), (2, "usage".into()));
    assert!(run.shows("a command is missing"), "{run:?}");
}
