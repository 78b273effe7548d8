//! Commands on a terminal of their own.

use crate::signals;
use expectrl::{Eof, Expect, Session, session::OsSession};
use std::process::Command;
use std::time::Duration;

/// The command on a terminal so wide that no message is broken into lines: how they are, `tests/it/terminal.rs` looks at.
/// Its environment is what was set of it, and nothing else.
pub fn terminal(command: Command) -> OsSession {
    signals::as_in_the_foreground();
    let mut session = Session::spawn(waiting(&command)).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(60)));
    session.get_process_mut().set_window_size(1000, 24).unwrap();
    session.send_line("").unwrap();
    session
}

/// Waits for a line, so that the terminal has its size before the command runs: on a busy machine it printed before.
fn waiting(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "read _; exec \"$0\" \"$@\""]).arg(command.get_program());
    shell.args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    shell.env("TERM", "xterm");
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
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
