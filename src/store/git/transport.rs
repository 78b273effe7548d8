//! git commands that may reach other machines: within a bound of time, with the user's own configuration for
//! transports, credentials and signatures. Everything else asks through [`super::command`], which reaches nothing.

use super::command::git;
use crate::host::real::RealHost;
use crate::host::{Environment, Stream, Terminal};
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;
use v_secure_core::file::format::MAX_FILE;

/// For how long a command may last.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// For how long the rest of an answer is waited for: a connection that is kept for later ones holds the pipe open.
const GRACE: Duration = Duration::from_secs(1);
/// The most that is read of an answer, and of what is said beside it.
const MOST: usize = MAX_FILE + 1;
/// So many of the last lines that git says are told, and so many characters of each.
const LINES: usize = 5;
const CHARACTERS: usize = 300;

/// Why git did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    #[error("git cannot be run")]
    Run(#[source] io::Error),
    #[error("git {what} did not end within {} s", LIMIT.as_secs())]
    Late { what: String },
    #[error("git {what} failed: {}", said.join("; "))]
    Failed { what: String, said: Vec<String> },
    #[error("the answer of git {what} cannot be read")]
    Answer { what: String },
    #[error("git knows no remote {remote} in this repository")]
    NoRemote { remote: String },
    #[error("git pushes to another place than it fetches {remote} from, or to several")]
    Apart { remote: String },
    #[error("{path} is no file there")]
    NotAFile { path: String },
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    what: String,
    pub code: Option<i32>,
    pub out: Vec<u8>,
    said: Vec<String>,
}

impl Ran {
    pub(crate) fn ok(self) -> Result<Vec<u8>, GitError> {
        match self.code {
            Some(0) => Ok(self.out),
            _ => Err(GitError::Failed { what: self.what, said: self.said }),
        }
    }

    /// The one line that it printed.
    pub(crate) fn line(self) -> Result<String, GitError> {
        let what = self.what.clone();
        let text = String::from_utf8(self.ok()?).map_err(|_| GitError::Answer { what })?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

/// A command in a folder, which may reach other machines.
pub(crate) struct Reaching {
    command: Command,
    what: String,
    is_alone: bool,
    limit: Duration,
}

impl Reaching {
    pub(crate) fn new(folder: &Path, what: &str) -> Self {
        let (mut command, host) = (git(folder), RealHost);
        // What the user allows counts again; hooks stay off.
        match host.variable("GIT_ALLOW_PROTOCOL") {
            Some(allowed) => command.env("GIT_ALLOW_PROTOCOL", allowed),
            None => command.env_remove("GIT_ALLOW_PROTOCOL"),
        };
        command.env_remove("GIT_NO_LAZY_FETCH");
        let is_terminal = [Stream::In, Stream::Err].iter().all(|one| host.is_terminal(*one));
        if is_terminal {
            command.env("GIT_TERMINAL_PROMPT", "1");
        }
        command.arg("--no-replace-objects").arg(what);
        // What asks on a terminal has to be in front of it.
        Self { command, what: what.to_owned(), is_alone: !is_terminal, limit: LIMIT }
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn run(self) -> Result<Ran, GitError> {
        self.feed(&[])
    }

    /// Runs it with something on standard input.
    pub(crate) fn feed(mut self, input: &[u8]) -> Result<Ran, GitError> {
        let pipes = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
        let [stdin, stdout, stderr] = pipes;
        self.command.stdin(stdin).stdout(stdout).stderr(stderr);
        if self.is_alone {
            alone(&mut self.command);
        }
        let mut child = self.command.spawn().map_err(GitError::Run)?;
        let writer = child.stdin.take().map(|pipe| write(pipe, input.to_vec()));
        let (out, err) = (child.stdout.take().map(read), child.stderr.take().map(read));
        let code = self.wait(&mut child);
        let [out, err] = [out, err].map(|pipe| pipe.map(Reader::end).unwrap_or_default());
        drop(writer);
        let what = self.what;
        match code {
            Some(code) => Ok(Ran { what, code, out, said: last_lines(&err) }),
            None => Err(GitError::Late { what }),
        }
    }

    /// The exit code; `None` where it was killed, as it took too long.
    fn wait(&self, child: &mut Child) -> Option<Option<i32>> {
        let (mut waited, mut pause) = (Duration::ZERO, FIRST_PAUSE);
        while waited < self.limit {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(status.code());
            }
            thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        end(child, self.is_alone);
        let _ = child.wait();
        None
    }
}

/// In a group of its own, which is killed as a whole.
#[cfg(unix)]
fn alone(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn alone(_: &mut Command) {}

#[cfg(unix)]
fn end(child: &mut Child, is_alone: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if is_alone {
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
}

#[cfg(not(unix))]
fn end(child: &mut Child, _: bool) {
    let _ = child.kill();
}

fn write(mut pipe: impl Write + Send + 'static, input: Vec<u8>) -> thread::JoinHandle<()> {
    // A command that refuses before it reads closes the pipe.
    thread::spawn(move || _ = pipe.write_all(&input))
}

/// What comes out of a pipe, as far as it has come.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

fn read(mut pipe: impl Read + Send + 'static) -> Reader {
    let bytes: Arc<Mutex<Vec<u8>>> = Arc::default();
    let (send, ended) = mpsc::channel();
    let shared = Arc::clone(&bytes);
    thread::spawn(move || {
        let mut piece = [0; 8192];
        while let Ok(length @ 1..) = pipe.read(&mut piece) {
            let mut bytes = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let left = MOST - bytes.len();
            bytes.extend(&piece[..length.min(left)]);
        }
        let _ = send.send(());
    });
    Reader { bytes, ended }
}

impl Reader {
    fn end(self) -> Vec<u8> {
        let _ = self.ended.recv_timeout(GRACE);
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The last lines that git said, without what stands in front of a host, which may be a password.
fn last_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty());
    let mut last: Vec<String> = lines.rev().take(LINES).map(told).collect();
    last.reverse();
    last
}

fn told(line: &str) -> String {
    let shown = line.chars().filter(|c| !c.is_control()).collect::<String>();
    redacted(&shown).chars().take(CHARACTERS).collect()
}

/// Takes user and password out of each URL, and what it asks for.
fn redacted(line: &str) -> String {
    let Some((before, url)) = line.split_once("://") else { return line.to_owned() };
    let ends = |c: char| [' ', '\'', '"'].contains(&c);
    // A password in quotes may have spaces, if it is not encoded as it should be.
    let quote = before.rfind(ends).and_then(|at| before[at..].chars().next()).filter(|c| *c != ' ');
    let end = quote.and_then(|quote| url.find(quote)).or_else(|| url.find(ends));
    let (url, rest) = url.split_at(end.unwrap_or(url.len()));
    format!("{before}://{}{}", without_credentials(url), redacted(rest))
}

/// A URL behind its scheme. What may be the one or the other is a credential.
fn without_credentials(url: &str) -> &str {
    let (path, asked) = url.split_once('?').unwrap_or((url, ""));
    match asked.contains('@') {
        true => "",
        false => path.rsplit_once('@').map_or(path, |(_, host)| host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let started = Reaching::new(folder.path(), "init").args(["--quiet"]).run();
        if started.is_err() {
            return;
        }
        let slow = format!("--upload-pack=sleep 2; touch {} #", mark.display());
        let mut fetch = Reaching::new(folder.path(), "fetch").args([slow.as_str(), "."]);
        fetch.limit = Duration::from_millis(300);
        assert!(matches!(fetch.run(), Err(GitError::Late { .. })));
        thread::sleep(Duration::from_secs(3));
        assert!(!mark.exists());
    }

    #[test]
    fn what_git_says_is_told_without_credentials() {
        for (line, told) in [
            (
                "fatal: Authentication failed for 'https://me:t0k@x.example/a.git/'",
                "fatal: Authentication failed for 'https://x.example/a.git/'",
            ),
            ("To ssh://git@x.example/a", "To ssh://x.example/a"),
            ("https://t0k@a/b and https://c/d", "https://a/b and https://c/d"),
            ("https://me:p/w@a/b", "https://a/b"),
            ("http://me:a://b@h/x", "http://h/x"),
            ("https://a/b?private_token=t0k and more", "https://a/b and more"),
            ("'https://a/b?private_token=t0k': no", "'https://a/b': no"),
            ("https://a/b?to=x@y&key=t0k", "https://"),
            ("https://me:p?w@a/b", "https://"),
            ("https://me:p#w@x@a/b", "https://a/b"),
            (
                "read 'https://me:p w@a/b/': no, \"https://c:d e@f\"",
                "read 'https://a/b/': no, \"https://f\"",
            ),
            ("remote: a@b", "remote: a@b"),
        ] {
            assert_eq!(redacted(line), told);
        }
    }

    #[test]
    fn the_last_lines_are_told_and_nothing_that_steers_a_terminal() {
        let said = b"one\ntwo\nthree\nfour\nfive\nsix\n\n\x1b[31mseven\r\n";
        assert_eq!(last_lines(said), ["three", "four", "five", "six", "[31mseven"]);
        assert_eq!(last_lines("é".repeat(400).as_bytes()), ["é".repeat(300)]);
        assert!(last_lines(b"").is_empty());
    }
}
