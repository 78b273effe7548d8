//! Programs that do not end, or not alone.

use super::{ask, ask_within, folder, told};
use crate::contract::Verb;
use std::fs;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(700);

#[test]
fn one_that_ignores_signals_is_ended_at_the_deadline() {
    let start = Instant::now();
    let Some(answer) =
        ask_within(SHORT, Verb::Set, "trap '' TERM INT HUP\nwhile :; do sleep 1; done")
    else {
        return;
    };
    assert_eq!(told(answer), ("unclear", "it did not end in time".to_owned()));
    let Some(answer) = ask_within(SHORT, Verb::Test, "exec sleep 100") else { return };
    assert_eq!(told(answer).0, "refused");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_it_started_ends_with_it() {
    let Some(place) = folder() else { return };
    let alive = place.path().join("pid");
    let background = format!(
        "sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 100' &\nwhile [ ! -e {0} ]; do :; done",
        alive.display()
    );
    let answer = r#"echo '{"ok":true}'"#;
    for (end, kind) in [(answer, "ok"), ("wait", "unclear")] {
        let start = Instant::now();
        let result = ask_within(Duration::from_secs(3), Verb::Set, &format!("{background}\n{end}"));
        assert_eq!(told(result.unwrap()).0, kind);
        assert!(start.elapsed() < Duration::from_secs(30));
        let pid = fs::read_to_string(&alive).unwrap();
        assert!(is_gone(pid.trim()), "{pid} runs on");
        fs::remove_file(&alive).unwrap();
    }
}

/// A process that was killed may be waited for by nobody, where the first process of a container does not.
fn is_gone(pid: &str) -> bool {
    (0..200).any(|_| {
        let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let is_gone = state.is_empty() || state.contains(") Z");
        if !is_gone {
            std::thread::sleep(Duration::from_millis(10));
        }
        is_gone
    })
}

#[test]
fn a_program_that_leaves_its_group_with_the_output_is_not_waited_for() {
    let text = "command -v setsid >/dev/null || exit 75\nsetsid sleep 4 &\necho '{\"ok\":true}'";
    let start = Instant::now();
    let Some(answer) = ask(Verb::Set, text) else { return };
    let (kind, why) = told(answer);
    assert!(
        kind == "again" || (kind, &*why) == ("unclear", "what it started holds its output open"),
        "{why}"
    );
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_daemon_with_its_own_output_is_no_hindrance() {
    let text = "command -v setsid >/dev/null || { echo '{\"ok\":true}'; exit; }
        setsid sleep 2 >/dev/null &\necho '{\"ok\":true}'";
    let Some(answer) = ask(Verb::Set, text) else { return };
    assert_eq!(told(answer).0, "ok");
}

#[test]
fn neither_waits_for_the_other() {
    let whole =
        format!("cat >/dev/null; echo '{{\"ok\":true,\"why\":\"{}\"}}'", "a".repeat(60_000));
    let cases = [
        // It never reads, and closes at once.
        "exec 0<&-\necho '{\"ok\":true}'",
        "echo '{\"ok\":true}'",
        // It writes much more to standard error than a pipe holds before it reads.
        "head -c 3000000 /dev/zero >&2\ncat >/dev/null\necho '{\"ok\":true}'",
        "exec 2>&-\necho '{\"ok\":true}'",
        &whole,
    ];
    for text in cases {
        let Some(answer) = ask(Verb::Set, text) else { return };
        assert_eq!(told(answer).0, "ok", "{}", &text[..30]);
    }
    let Some(answer) = ask(Verb::Set, "exec 1>&-\nsleep 0.1") else { return };
    assert_eq!(told(answer), ("unclear", "it says nothing".to_owned()));
}
