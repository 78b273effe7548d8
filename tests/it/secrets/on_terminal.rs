//! What a terminal is asked and shown.

use super::*;

/// Everything that a call prints on a terminal.
fn shown(command: Command) -> String {
    rest(&mut terminal(command))
}

#[test]
fn a_terminal_is_asked_before_a_secret_is_removed() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    let mut session = terminal(cli.command("rm A"));
    session.expect("Remove default/A?").unwrap();
    session.send("\r").unwrap();
    session.expect("nothing was removed").unwrap();
    assert_eq!(cli.ok("get A"), "v");
    assert!(shown(cli.command("rm A --yes")).contains("removed"));
    assert_eq!(cli.run("get A").code, 5);
}

#[test]
fn a_terminal_asks_for_a_value_only_where_there_is_none() {
    let cli = Cli::with_vault();
    let mut session = terminal(cli.command("set A --tag x"));
    session.expect("Value of default/A:").unwrap();
    session.send("typed-value\r").unwrap();
    assert!(!rest(&mut session).contains("typed-value"));
    assert_eq!(cli.ok("get A"), "typed-value");
    assert!(shown(cli.command("set A --tag y")).contains("metadata changed"));
}

#[test]
fn colour_and_a_last_newline_are_for_terminals() {
    let cli = Cli::with_vault();
    cli.set("A", "v");
    assert_eq!(shown(cli.command("get A")), "v\r\n");
    assert_eq!(cli.ok("get A"), "v");
    assert!(shown(cli.command("ls")).contains('\u{1b}'));
    let mut plain = cli.command("ls");
    plain.env("NO_COLOR", "1");
    let plain = shown(plain);
    assert!(plain.contains("default/A") && !plain.contains('\u{1b}'), "{plain:?}");
}
