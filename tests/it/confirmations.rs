//! What commands that give access, or let somebody go, show and ask on a terminal of 80 and of 40
//! columns: no line is wider than the screen, the default is no, and `docs/people.md` shows the same.

#![cfg(unix)]

use expectrl::{Eof, Expect, Session, session::OsSession};
use std::fs;
use std::process::Command;
use std::time::Duration;
use v_secure_testkit::scene;
use v_secure_testkit::stage::Stage;

/// An owner; a contractor who may grant on dev alone; a tester whom the contractor let in, with a
/// device of the contractor's own.
fn world() -> Stage {
    let stage = Stage::new();
    stage.ok("v-secure init --vault-name shop --member admin");
    stage.ok("printf v | v-secure set dev/A && printf v | v-secure set prod/A");
    stage.ok("v-secure role create contractor --grant 'read,write,grant:dev/*'");
    stage.ok("v-secure role create operator --grant 'read:prod/*'");
    stage.ok(&let_in("contractor", "home", "", "contractor", ""));
    let by = "--identity contractor-home.txt";
    stage.ok(&format!("v-secure {by} role create tester --grant 'read:dev/*'"));
    stage.ok(&let_in("tester", "desk", by, "tester", ""));
    stage.ok(&let_in("tester", "tablet", by, "tester", "--device"));
    stage.ok(&format!(
        "v-secure {by} role create tools && v-secure {by} role join tools contractor"
    ));
    stage
}

fn let_in(member: &str, device: &str, by: &str, role: &str, rest: &str) -> String {
    let file = format!("{member}-{device}");
    format!(
        "v-secure identity new -o {file}.txt && \
         v-secure --identity {file}.txt member request {member} --device {device} -q > {file}.request && \
         v-secure {by} member add {member} {rest} --request {file}.request --role {role} --yes"
    )
}

/// Starts a line in a terminal of this size.
fn start(stage: &Stage, line: &str, columns: u16) -> OsSession {
    let outer = stage.shell("");
    let mut command = Command::new("sh");
    // Waits until the terminal has its size, which is not to stand in what is shown.
    command
        .args(["-c", &format!("stty -echo; echo ready; read _; stty echo; {line}; echo exit $?")]);
    command.current_dir(stage.scene.project()).env_clear();
    command.envs(outer.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("TERM", "xterm-256color").env("NO_COLOR", "1");
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(60)));
    session.get_process_mut().set_window_size(columns, 24).unwrap();
    session.expect("ready\r\n").unwrap();
    session.send_line("").unwrap();
    session
}

/// What stands on the screen: without the codes by which a line is written anew.
fn screen(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = line.rsplit('\r').next().unwrap_or_default();
        let mut parts = line.split('\u{1b}');
        let mut shown = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
            // A line that is erased is not on the screen.
            if part[..end].ends_with('K') {
                shown.clear();
            }
            shown.push_str(&part[end..]);
        }
        lines.push(shown.trim_end().to_owned());
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

/// The screen of a line, with an answer to each question that it asks.
fn shown(stage: &Stage, line: &str, columns: u16, answers: &[(&str, &str)]) -> String {
    let mut session = start(stage, line, columns);
    let mut all = Vec::new();
    for (question, answer) in answers {
        let captured = session.expect(*question).unwrap();
        all.extend_from_slice(captured.as_bytes());
        // What is typed before the question takes keys is echoed, and stands on the screen.
        std::thread::sleep(Duration::from_millis(100));
        session.send(format!("{answer}\r")).unwrap();
    }
    all.extend_from_slice(session.expect(Eof).unwrap().as_bytes());
    screen(&all)
}

/// What was shown up to the last answer.
fn asked(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.iter().rposition(|line| line.contains("? ")).unwrap();
    lines[..=last].join("\n")
}

#[track_caller]
fn fits(text: &str, columns: usize) {
    let lines = text.lines().filter(|line| {
        // A command to type stays in one piece.
        !["v-secure ", "'v-secure ", "git "].iter().any(|start| line.trim().starts_with(start))
    });
    for line in lines {
        assert!(line.chars().count() <= columns, "wider than {columns}: {line}\n{text}");
    }
}

/// Ids are different each time.
fn without_ids(text: &str) -> String {
    let words = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect::<Vec<_>>().join("\n")
}

fn word(word: &str) -> String {
    let start = word.trim_end_matches([':', ',']);
    let end = &word[start.len()..];
    let is_id = start.len() == 10
        && start.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        && start.chars().any(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    match start.split_once('…') {
        Some((before, after)) if after.len() == 12 => format!("{before}…{}{end}", "0".repeat(12)),
        _ if is_id => format!("{}{end}", "0".repeat(10)),
        _ => word.to_owned(),
    }
}

/// The screen that the document shows.
fn documented(name: &str, columns: u16) -> (usize, usize, String) {
    let document = fs::read_to_string(scene::repository("docs/people.md")).unwrap();
    let begin = format!("<!-- screen: {name} {columns} -->\n```\n");
    let from = document.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let to = from + document[from..].find("\n```\n<!-- screen end -->").unwrap();
    (from, to, document[from..to].to_owned())
}

#[track_caller]
fn as_documented(name: &str, columns: u16, text: &str) {
    let text = without_ids(text);
    let (from, to, shown) = documented(name, columns);
    if scene::regenerating() {
        let path = scene::repository("docs/people.md");
        let mut document = fs::read_to_string(&path).unwrap();
        document.replace_range(from..to, &text);
        fs::write(path, document).unwrap();
    } else {
        assert_eq!(text, shown, "docs/people.md shows another screen: just generate");
    }
}

const MORE: &str = "Give it to those marked '!' too?";

#[test]
fn what_gets_more_than_anybody_vouched_for_is_asked_about() {
    let stage = world();
    let before = fs::read(stage.vault()).unwrap();
    for columns in [80, 40] {
        // An empty answer is the default.
        for answer in ["", "n"] {
            let text =
                shown(&stage, "v-secure role join operator tester", columns, &[(MORE, answer)]);
            fits(&asked(&text), columns.into());
            assert!(
                joined(&text).contains("nothing was changed") && text.ends_with("exit 1"),
                "{text}"
            );
            assert_eq!(fs::read(stage.vault()).unwrap(), before);
            if answer == "n" {
                as_documented("role-join", columns, &asked(&text));
            }
        }
        let text =
            shown(&stage, "v-secure access grant tools 'prod/*' read", columns, &[(MORE, "n")]);
        fits(&asked(&text), columns.into());
        assert!(joined(&text).contains("! contractor: in tools by contractor"), "{text}");
        let add = "v-secure identity new -q -o x.txt > x.pub && v-secure --identity x.txt member request tester \
                   --device phone -q > x.request; \
                   v-secure member add tester --device --role operator --request x.request; rm x.*";
        let text = shown(&stage, add, columns, &[(MORE, "y"), ("words?", "n")]);
        fits(&asked(&text), columns.into());
        assert!(joined(&text).contains("! tester: device tablet"), "{text}");
        assert!(
            joined(&text).contains("have it sent again") && !joined(&text).contains("--yes"),
            "{text}"
        );
        assert_eq!(fs::read(stage.vault()).unwrap(), before);
    }
    let text = shown(&stage, "v-secure role join operator tester", 80, &[(MORE, "y")]);
    assert!(
        joined(&text).contains("tester is in the role operator") && text.ends_with("exit 0"),
        "{text}"
    );
}

/// Later: an owner has given the tester more, and the contractor has let in a colleague.
fn later() -> Stage {
    let stage = world();
    stage.ok("v-secure member key remove tester/tablet --yes");
    shown(&stage, "v-secure role join operator tester", 80, &[(MORE, "y")]);
    stage.ok("v-secure identity new -o spare.txt");
    stage.ok("v-secure --identity contractor-home.txt member add colleague --role tester \
         --recipient $(sed -n 's/.*public key: //p' spare.txt)");
    stage
}

#[test]
fn what_the_leaver_vouched_for_is_a_question_of_its_own() {
    let (remove, sure, too) =
        ("v-secure member remove contractor", "Remove contractor", "Remove that, too?");
    for columns in [80, 40] {
        let stage = later();
        let before = fs::read(stage.vault()).unwrap();
        let text = shown(&stage, remove, columns, &[(sure, "n")]);
        assert!(text.ends_with("exit 1") && !joined(&text).contains(too), "{text}");
        assert_eq!(fs::read(stage.vault()).unwrap(), before);
        let text = shown(&stage, remove, columns, &[(sure, "y"), (too, "")]);
        fits(&asked(&text), columns.into());
        assert!(joined(&text).contains("no current member vouches for what stays"), "{text}");
        assert!(stage.ok("v-secure member list").contains("colleague"));
        as_documented("member-remove", columns, &asked(&text));
    }
    let stage = later();
    let text = shown(&stage, remove, 80, &[(sure, "y"), (too, "y")]);
    assert!(joined(&text).contains("went with it: the member colleague"), "{text}");
    let stage = later();
    let remove = "v-secure member remove contractor --revoke-vouched";
    let text = shown(&stage, remove, 80, &[("Remove contractor and all of this?", "y")]);
    assert!(joined(&text).contains("went with it: the member colleague"), "{text}");
    let left = stage.ok("v-secure member list");
    assert!(left.contains("tester") && !left.contains("colleague"), "{left}");
}

#[test]
fn what_a_lost_device_let_in_is_a_question_of_its_own() {
    let (lost, too) = ("v-secure member key remove second/laptop --lost", "Remove that, too?");
    for columns in [80, 40] {
        let stage = world();
        stage.ok(&let_in("second", "laptop", "", "owner", ""));
        stage.ok(&let_in("second", "desk", "", "owner", "--device"));
        stage.ok(&let_in("mallory", "home", "--identity second-laptop.txt", "owner", ""));
        let before = fs::read(stage.vault()).unwrap();
        let sure = "Remove second/laptop?";
        let text = shown(&stage, lost, columns, &[(sure, "n")]);
        fits(&asked(&text), columns.into());
        assert!(joined(&text).contains("the owner mallory with all it has"), "{text}");
        assert!(text.ends_with("exit 1") && !joined(&text).contains("--yes"), "{text}");
        let all = format!("{lost} --revoke-vouched");
        let text = shown(&stage, &all, columns, &[("Remove second/laptop and all of", "n")]);
        assert!(text.ends_with("exit 1"), "{text}");
        assert_eq!(fs::read(stage.vault()).unwrap(), before);
        let text = shown(&stage, lost, columns, &[(sure, "y"), (too, "")]);
        fits(&asked(&text), columns.into());
        let stays =
            "only a device that was lost, second/laptop, vouched for what stays: the owner mallory";
        assert!(
            joined(&text).contains(stays) && joined(&text).contains("next: v-secure policy review"),
            "{text}"
        );
        assert!(stage.ok("v-secure member list").contains("mallory"));
        fs::write(stage.vault(), before).unwrap();
        stage.ok("v-secure pin accept --yes");
        let text = shown(&stage, lost, columns, &[(sure, "y"), (too, "y")]);
        assert!(joined(&text).contains("went with it: the owner mallory"), "{text}");
        assert!(!stage.ok("v-secure member list").contains("mallory"));
    }
}

#[test]
fn what_is_signed_is_what_was_listed() {
    let stage = world();
    let mut session = start(&stage, "v-secure role join operator tester", 80);
    session.expect(MORE).unwrap();
    // Nobody waits for the answer, and the answer is not for what came meanwhile.
    stage.ok("v-secure role create other");
    session.send("y\r").unwrap();
    let text = screen(session.expect(Eof).unwrap().as_bytes());
    assert!(
        joined(&text).contains("another member changed the vault's policy in the meantime"),
        "{text}"
    );
    assert!(text.ends_with("exit 7"), "{text}");
    assert!(!stage.ok("v-secure role list").contains("operator\ttester"));
}

#[test]
fn the_review_fits_any_screen() {
    let stage = world();
    for columns in [80, 40] {
        let text = shown(&stage, "v-secure policy review", columns, &[]);
        fits(&text, columns.into());
        let all: String = text.split_whitespace().collect();
        assert!(all.contains("hasmembers,andgivesnothingyet"), "{text}");
    }
}

/// What was shown, its lines joined: whether nothing was said twice is seen in it.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What cannot be taken back is asked about, and the default is no.
#[test]
fn what_is_retired_is_named_before_it_is() {
    for columns in [80, 40] {
        let stage = Stage::new();
        stage.ok("v-secure init --vault-name shop --member admin");
        stage.ok("printf one | v-secure set A && printf two | v-secure secret rotate A --to 5%");
        stage.ok("v-secure rotation promote A");
        let before = fs::read(stage.vault()).unwrap();
        let (retire, question) = ("v-secure rotation retire A", "[y/N]");
        let text = shown(&stage, retire, columns, &[(question, "")]);
        fits(&asked(&text), columns.into());
        assert!(
            joined(&text).contains("Was version 1 of default/A revoked at the provider?"),
            "{text}"
        );
        assert!(text.ends_with("exit 1"), "{text}");
        assert_eq!(fs::read(stage.vault()).unwrap(), before);
        let text = shown(&stage, retire, columns, &[(question, "y")]);
        assert!(joined(&text).contains("default/A: version 1 retired"), "{text}");
    }
}

/// What was typed before a question was on the screen is no answer to it.
#[test]
fn letters_typed_ahead_answer_nothing() {
    let stage = world();
    let before = fs::read(stage.vault()).unwrap();
    for (line, question) in [
        ("v-secure rm dev/A", "[y/N]"),
        ("v-secure member remove contractor", "Remove contractor"),
        ("v-secure role join operator tester", MORE),
        ("v-secure set devv/X", "Create devv?"),
        ("XDG_STATE_HOME=$HOME/other v-secure get dev/A", "expect here?"),
    ] {
        for ahead in ["y", "y\r"] {
            let mut session = start(&stage, &format!("echo typing; sleep 1; {line}"), 80);
            session.expect("typing").unwrap();
            session.send(ahead).unwrap();
            session.expect(question).unwrap();
            std::thread::sleep(Duration::from_millis(300));
            session.send("\r").unwrap();
            let text = screen(session.expect(Eof).unwrap().as_bytes());
            assert!(text.ends_with("exit 1"), "{line}: {text}");
            assert_eq!(fs::read(stage.vault()).unwrap(), before, "{line}");
        }
    }
}

#[test]
fn a_question_wider_than_the_terminal_is_asked_once() {
    let stage = world();
    let names = "dev/A_LONG_NAME_OF_A_SECRET dev/ANOTHER_LONG_NAME_OF_A_SECRET";
    stage.ok("for name in A_LONG_NAME_OF_A_SECRET ANOTHER_LONG_NAME_OF_A_SECRET; do printf v | v-secure set dev/$name; done");
    for (columns, answer) in [(80, "n"), (40, "n"), (40, "xxn"), (24, "n")] {
        let line = format!("v-secure rm {names}");
        let text = shown(&stage, &line, columns, &[("[y/N]", answer)]);
        fits(&asked(&text), columns.into());
        let all = joined(&text);
        assert_eq!(all.matches("ANOTHER_LONG").count(), 1, "{columns}: {text}");
        assert!(joined(&text).contains("nothing was removed"), "{text}");
        let line = "v-secure set devv/X";
        let text = shown(&stage, line, columns, &[("[y/N]", "n")]);
        fits(&asked(&text), columns.into());
        assert_eq!(joined(&text).matches("There is no environment devv").count(), 1, "{text}");
    }
}

#[test]
fn fingerprints_and_passphrases_break_between_words() {
    for columns in [80, 40] {
        let stage = Stage::new();
        let init = "v-secure init --vault-name shop --member admin --no-recovery --passphrase --kdf m=19456,t=2,p=1";
        let words = "correct horse battery staple planet orbit";
        let answers = [("New passphrase:", words), ("Once more:", words)];
        let text = shown(&stage, init, columns, &answers);
        // The recipient is one word, and longer than the line.
        let lines: Vec<&str> = text.lines().filter(|line| !line.contains("age1")).collect();
        fits(&lines.join("\n"), columns.into());
        let whole = |word: &str| text.split_whitespace().any(|found| found == word);
        assert!(whole("repository") && whole("offline") && whole("fingerprint"), "{text}");
        let shown_words: String = text
            .lines()
            .skip_while(|line| !line.starts_with("fingerprint"))
            .enumerate()
            .take_while(|(index, line)| *index == 0 || line.starts_with(' '))
            .map(|(_, line)| line.trim_start_matches("fingerprint").trim())
            .collect();
        let pin = stage.ok("V_SECURE_PASSPHRASE='correct horse battery staple planet orbit' v-secure --json pin show");
        let pin: serde_json::Value = serde_json::from_str(&pin).unwrap();
        assert_eq!(shown_words, pin["fingerprint"].as_str().unwrap());
        let text = shown(&stage, "v-secure pin show", columns, &[]);
        let pin_line = |line: &&str| !line.starts_with("v-secure-pin-1");
        fits(&text.lines().filter(pin_line).collect::<Vec<_>>().join("\n"), columns.into());
    }
}

#[test]
fn a_first_use_fits_the_terminal_that_asks() {
    let stage = Stage::new();
    stage.ok("v-secure init --vault-name shop --member admin && printf v | v-secure set A");
    for columns in [80, 40] {
        let line = "XDG_STATE_HOME=$HOME/other v-secure get A";
        let text = shown(&stage, line, columns, &[("expect here?", "n")]);
        let paths = |line: &&str| !line.contains('/');
        fits(&asked(&text).lines().filter(paths).collect::<Vec<_>>().join("\n"), columns.into());
        assert!(text.contains("owners       admin"), "{text}");
        // Where the result goes into a pipe, the question is on a terminal all the same.
        let text = shown(&stage, &format!("{line} | cat"), columns, &[("expect here?", "n")]);
        fits(&asked(&text).lines().filter(paths).collect::<Vec<_>>().join("\n"), columns.into());
    }
}
