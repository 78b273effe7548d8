//! Commands on a terminal of their own.

use crate::signals;
use expectrl::{Eof, Expect, Session, session::OsSession};
use std::process::{Command, Stdio};
use std::time::Duration;

pub fn terminal(mut command: Command) -> OsSession {
    signals::as_in_the_foreground();
    // Whatever the command's standard input was to be, the terminal is it.
    command.env("TERM", "xterm").stdin(Stdio::inherit());
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(60)));
    // So wide that no message is broken into lines: how they are, `tests/it/terminal.rs` looks at.
    session.get_process_mut().set_window_size(1000, 24).unwrap();
    session
}

/// What is printed up to the end.
pub fn rest(session: &mut OsSession) -> String {
    String::from_utf8_lossy(session.expect(Eof).unwrap().as_bytes()).into_owned()
}

/// Types a line where `question` appears.
pub fn type_in(session: &mut OsSession, question: &str, text: &str) {
    session.expect(question).unwrap();
    session.send(format!("{text}\r")).unwrap();
}
