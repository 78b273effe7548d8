//! Reports and prompts in a terminal of 80 and of 40 columns and of 24 lines: no line is wider than
//! the screen, and nothing is coloured where NO_COLOR is set.

#![cfg(unix)]

use expectrl::{Eof, Expect, Session};
use std::process::Command;
use std::time::Duration;
use v_secure_testkit::stage::Stage;
use v_secure_testkit::tools;

/// A vault with long names, a conflictless history, members, and something to remark.
fn world() -> Stage {
    let stage = Stage::new();
    stage.ok("git init --quiet && v-secure init --vault-name shop --member admin");
    stage.ok("printf v | v-secure set prod/PAYMENT_PROVIDER_WEBHOOK_SIGNING_SECRET --tag payments --tag web --type api_key --ttl 2d");
    stage.ok("printf v | v-secure set A --reason 'a reason that is a good deal longer than forty columns are'");
    stage.ok("printf v | v-secure set OLD --expires-at 2020-01-01");
    stage.ok("v-secure role create developer --grant 'read,write:dev/*' --grant 'read:staging/*'");
    stage.ok("v-secure member add continuous-integration --service --new-identity --read 'prod/*' > /dev/null");
    stage
}

/// Runs a line in a terminal of this size; `answer` is typed where `question` appears.
fn shown(
    stage: &Stage,
    line: &str,
    columns: u16,
    colour: bool,
    ask: Option<(&str, &str)>,
) -> String {
    let outer = stage.shell("");
    let mut command = Command::new("sh");
    // Waits until the terminal has its size.
    command.args(["-c", &format!("read _; {line}")]);
    command.current_dir(stage.scene.project()).env_clear();
    command.envs(outer.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("TERM", "xterm-256color");
    if !colour {
        command.env("NO_COLOR", "1");
    }
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(30)));
    session.get_process_mut().set_window_size(columns, 24).unwrap();
    session.send_line("").unwrap();
    if let Some((question, answer)) = ask {
        session.expect(question).unwrap();
        session.send_line(answer).unwrap();
    }
    let captured = session.expect(Eof).unwrap();
    String::from_utf8_lossy(captured.as_bytes()).replace("\r\n", "\n")
}

/// The columns that a line takes on the screen.
fn columns(line: &str) -> usize {
    let mut styling = false;
    let visible = line.chars().filter(|c| {
        let of_style = styling || *c == '\u{1b}';
        styling = of_style && *c != 'm';
        !of_style && !c.is_control()
    });
    visible.count()
}

/// Whether a line is a command alone, or one behind its label.
fn is_command(line: &str) -> bool {
    let text = line.trim();
    let text = text.strip_prefix("try: ").unwrap_or(text);
    ["v-secure ", "git "].iter().any(|start| text.starts_with(start))
}

const REPORTS: [&str; 9] = [
    "v-secure",
    "v-secure ls",
    "v-secure member list",
    "v-secure role list",
    "v-secure access list",
    "v-secure audit log",
    "v-secure audit verify",
    "v-secure secret versions A",
    "v-secure doctor",
];

#[test]
fn no_line_of_a_report_is_wider_than_the_screen() {
    if !tools::has("git") {
        return;
    }
    let stage = world();
    for width in [80, 40] {
        for line in REPORTS {
            let text = shown(&stage, line, width, true, None);
            assert!(text.lines().count() > 1, "{line}: {text}");
            // A command to type stays in one piece, so that it can be copied.
            let wide = text
                .lines()
                .filter(|line| !is_command(line))
                .find(|line| columns(line.trim_end()) > usize::from(width));
            assert_eq!(wide, None, "{line} at {width}:\n{text}");
        }
    }
}

#[test]
fn a_narrow_screen_gets_records_that_hold_the_same() {
    if !tools::has("git") {
        return;
    }
    let stage = world();
    let wide = shown(&stage, "v-secure ls", 200, false, None);
    let narrow = shown(&stage, "v-secure ls", 40, false, None);
    assert!(wide.contains("prod/PAYMENT_PROVIDER_WEBHOOK_SIGNING_SECRET"), "{wide}");
    let name: String = narrow.split_whitespace().collect();
    assert!(name.contains("prod/PAYMENT_PROVIDER_WEBHOOK_SIGNING_SECRET"), "{narrow}");
    let starts = narrow.lines().filter(|line| line.starts_with("name ")).count();
    assert_eq!(starts, 3, "{narrow}");
    assert!(narrow.contains("tags     payments,web"), "{narrow}");
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    if !tools::has("git") {
        return;
    }
    let stage = world();
    for line in ["v-secure", "v-secure ls", "v-secure get NOPE"] {
        assert!(shown(&stage, line, 80, true, None).contains('\u{1b}'), "{line}");
        assert!(!shown(&stage, line, 80, false, None).contains('\u{1b}'), "{line}");
        let piped = shown(&stage, &format!("({line}) 2>&1 | cat"), 80, true, None);
        assert!(!piped.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn help_fits_the_screen() {
    let stage = Stage::new();
    for line in ["v-secure --help", "v-secure secret set --help", "v-secure exec --help"] {
        let text = shown(&stage, line, 80, false, None);
        let options = text.split("\n\n").filter(|part| !part.contains("v-secure"));
        let options = options.collect::<Vec<_>>().join("\n");
        let wide = options.lines().find(|line| columns(line) > 80);
        assert_eq!(wide, None, "{line}");
    }
}

#[test]
fn what_fails_is_told_in_whole_words_and_whole_commands() {
    let stage = Stage::new();
    stage.ok("v-secure init --vault-name shop --member admin && printf v | v-secure set prod/A");
    stage.ok("v-secure identity new -q -o other.txt > other.pub && chmod 644 other.txt");
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "v-secure --identity other.txt get prod/A",
        "CI=true XDG_CONFIG_HOME=$PWD V_SECURE_IDENTITY=$(cat other.txt) v-secure get prod/A",
        "v-secure role create web -q --grant 'read:prdo/*'; v-secure role rm web -q --yes",
        "v-secure audit log --action nothing-that-there-is",
        "v-secure exec -- true",
    ] {
        let piped = shown(&stage, &format!("({line}) 2>&1 | cat"), 40, false, None);
        for width in [24, 40, 80] {
            let text = shown(&stage, line, width, false, None);
            assert_eq!(words(&text), words(&piped), "{line} at {width}");
            let wide = text.lines().map(str::trim_end).find(|line| {
                // One word, or one command, is all that a line may be too narrow for.
                let fits = columns(line) <= usize::from(width);
                !fits && line.trim().contains(' ') && !is_command(line)
            });
            assert_eq!(wide, None, "{line} at {width}:\n{text}");
        }
    }
    let line =
        "CI=true XDG_CONFIG_HOME=$PWD V_SECURE_IDENTITY=$(cat other.txt) v-secure get prod/A";
    let text = shown(&stage, line, 40, false, None);
    let whole = "    v-secure member add NAME --service --new-identity";
    assert!(text.lines().any(|line| line.trim_end() == whole), "{text}");
}

#[test]
fn prompts_ask_and_hide_at_any_width() {
    if !tools::has("git") {
        return;
    }
    let stage = world();
    for width in [80, 40] {
        let ask = Some(("Value of default/TYPED", "typed-value"));
        let text = shown(&stage, "v-secure set TYPED", width, true, ask);
        assert!(!text.contains("typed-value"), "{text}");
        assert_eq!(stage.ok("v-secure get TYPED"), "typed-value");
        let text = shown(&stage, "v-secure rm A", width, true, Some(("?", "n")));
        assert!(text.contains("nothing was removed"), "{text}");
        stage.ok("v-secure get A");
    }
}
