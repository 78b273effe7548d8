//! The operating system, as [`super::Host`]: the one place that reads the real clock, randomness,
//! environment, folders and terminal.

#![expect(clippy::disallowed_methods, reason = "this is what the fences lead to")]

use super::{Clock, Environment, Prompts, Random, Stream, Terminal};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use zeroize::Zeroizing;

/// Answers to [`Terminal::prompt_hidden`]: of the process, as its terminal is.
static HIDDEN_PROMPTS: AtomicUsize = AtomicUsize::new(0);

/// Whether there was no standard output when the process began.
static OUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// For the binary, before Rust's runtime starts: nothing here needs it.
#[cfg(unix)]
pub fn look_at_output() {
    if rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err() {
        OUT_WAS_CLOSED.store(true, Ordering::Relaxed);
    }
}

/// The machine this process runs on.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealHost;

impl Clock for RealHost {
    fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(UnixTime::MIN, |since| UnixTime::from_secs(since.as_secs()))
    }

    fn pause(&self, span: Duration) {
        std::thread::sleep(span);
    }
}

impl Random for RealHost {
    /// # Panics
    /// If the operating system has no randomness to give: going on would make guessable keys.
    #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

impl Environment for RealHost {
    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name).filter(|value| !value.is_empty())
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        std::env::vars_os().collect()
    }

    fn machine_name(&self) -> Option<String> {
        #[cfg(unix)]
        {
            let name = rustix::system::uname();
            name.nodename().to_str().ok().map(str::to_owned)
        }
        #[cfg(not(unix))]
        self.variable("COMPUTERNAME").and_then(|name| name.into_string().ok())
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf())
    }

    fn config_dir(&self) -> Option<PathBuf> {
        match project_dirs() {
            Some(dirs) => Some(dirs.config_dir().to_path_buf()),
            None => stated_dir("XDG_CONFIG_HOME"),
        }
    }

    fn state_dir(&self) -> Option<PathBuf> {
        match project_dirs() {
            Some(dirs) => {
                Some(dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_path_buf())
            }
            None => stated_dir("XDG_STATE_HOME"),
        }
    }
}

/// The name of the folders of this program.
const FOLDER: &str = "v-secure";

/// The folder that a variable places, which needs no home: `directories` looks for a home first, and
/// gives none of the folders without one.
fn stated_dir(variable: &str) -> Option<PathBuf> {
    let base = RealHost.variable(variable).map(PathBuf::from).filter(|base| base.is_absolute())?;
    (cfg!(unix) && cfg!(not(target_os = "macos"))).then(|| base.join(FOLDER))
}

fn project_dirs() -> Option<directories::ProjectDirs> {
    // `directories` falls back on the password database; a process without HOME (env -i, some CI)
    // must not pick up another account's folders by way of its uid.
    if cfg!(unix) && std::env::var_os("HOME").is_none_or(|home| home.is_empty()) {
        return None;
    }
    directories::ProjectDirs::from("", "", FOLDER)
}

/// What is reserved at first for a value of unknown length. All of it at once would be the longest one's megabytes,
/// which are wiped whatever they hold.
const FIRST: usize = 64 << 10;

fn bounded(source: impl Read, limit: usize, what: &str) -> io::Result<SecretValue> {
    let value = up_to(source, limit + 1)?;
    if value.len() > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("{what} is longer than the {limit} bytes that are taken"),
        ));
    }
    Ok(value)
}

/// The first bytes of what is read. Each buffer that became too short is wiped, which a growing Vec does not do.
fn up_to(mut source: impl Read, most: usize) -> io::Result<SecretValue> {
    let mut bytes = Zeroizing::new(vec![0; FIRST.min(most)]);
    let mut filled = 0;
    loop {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == bytes.len() {
            let mut longer = vec![0; (2 * filled).min(most)];
            longer[..filled].copy_from_slice(&bytes);
            drop(SecretValue::new(std::mem::replace(&mut *bytes, longer)));
        }
    }
    bytes.truncate(filled);
    Ok(SecretValue::new(std::mem::take(&mut *bytes)))
}

impl Terminal for RealHost {
    fn is_terminal(&self, stream: Stream) -> bool {
        match stream {
            Stream::In => io::stdin().is_terminal(),
            Stream::Out => io::stdout().is_terminal(),
            Stream::Err => io::stderr().is_terminal(),
        }
    }

    fn width(&self) -> Option<usize> {
        #[cfg(unix)]
        return columns(io::stdout());
        #[cfg(not(unix))]
        None
    }

    fn err_width(&self) -> Option<usize> {
        #[cfg(unix)]
        return columns(io::stderr());
        #[cfg(not(unix))]
        None
    }

    fn prompt_hidden(&self, question: &str) -> io::Result<SecretValue> {
        let answer = rpassword::prompt_password(question).map(SecretValue::from)?;
        HIDDEN_PROMPTS.fetch_add(1, Ordering::Relaxed);
        Ok(answer)
    }

    fn hidden_prompts(&self) -> usize {
        HIDDEN_PROMPTS.load(Ordering::Relaxed)
    }

    fn confirm(&self, question: &str, default: bool) -> io::Result<bool> {
        dialoguer::Confirm::new()
            .with_prompt(question)
            .default(default)
            // An Enter after a typed word must not answer the question that follows.
            .wait_for_newline(true)
            .interact()
            .map_err(|dialoguer::Error::IO(error)| error)
    }

    fn forget_typed(&self) {
        #[cfg(unix)]
        {
            use rustix::termios::{QueueSelector, tcflush};
            // Where it is no terminal, nothing was typed.
            let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        }
    }

    fn prompts(&self, ask: bool) -> Arc<dyn Prompts> {
        Arc::new(RealPrompts { ask })
    }

    fn read_stdin(&self, limit: usize) -> io::Result<SecretValue> {
        bounded(io::stdin().lock(), limit, "standard input")
    }

    fn read_descriptor(&self, number: u32, limit: usize) -> io::Result<SecretValue> {
        match number {
            0 => self.read_stdin(limit),
            // By its name: taking a descriptor by its number needs `unsafe`. A pipe is the same pipe,
            // and a file is read from its beginning.
            _ if cfg!(unix) => {
                let file = std::fs::File::open(format!("/dev/fd/{number}"))?;
                bounded(file, limit, "the descriptor's content")
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn write_out(&self, bytes: &[u8]) -> io::Result<()> {
        if OUT_WAS_CLOSED.load(Ordering::Relaxed) {
            return Err(io::Error::other("it was closed when the program started"));
        }
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    fn out_is_closed(&self) -> bool {
        if OUT_WAS_CLOSED.load(Ordering::Relaxed) {
            return true;
        }
        #[cfg(unix)]
        {
            use rustix::event::{PollFd, PollFlags, poll};
            let out = io::stdout();
            let mut watched = [PollFd::new(&out, PollFlags::empty())];
            let now = rustix::event::Timespec::default();
            let gone = PollFlags::ERR | PollFlags::HUP;
            poll(&mut watched, Some(&now)).is_ok() && watched[0].revents().intersects(gone)
        }
        #[cfg(not(unix))]
        false
    }

    /// Colour codes become calls on consoles that do not know them, and nothing in a file.
    fn write_err(&self, text: &str) {
        // Nothing sensible is left to do when standard error itself cannot be written.
        let _ = writeln!(anstream::stderr().lock(), "{text}");
    }
}

#[cfg(unix)]
fn columns(stream: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then_some(size.ws_col as usize)
}

/// The terminal, for plugins: what they say is always shown, what they ask only where one may ask.
struct RealPrompts {
    ask: bool,
}

impl Prompts for RealPrompts {
    fn message(&self, text: &str) {
        RealHost.write_err(text);
    }

    fn confirm(&self, question: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let choices = match no {
            Some(no) => format!("{question} (yes: {yes}, no: {no})"),
            None => format!("{question} ({yes})"),
        };
        if !self.ask {
            return None;
        }
        RealHost.forget_typed();
        RealHost.confirm(&choices, true).ok()
    }

    fn line(&self, question: &str) -> Option<String> {
        let ask = || dialoguer::Input::<String>::new().with_prompt(question).interact_text().ok();
        if self.ask { ask() } else { None }
    }

    fn hidden(&self, question: &str) -> Option<SecretValue> {
        if self.ask { RealHost.prompt_hidden(&format!("{question}: ")).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, and is interrupted in between.
    struct Slow<'a>(&'a [u8], bool);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let few = into.len().min(50_021);
            self.0.read(&mut into[..few])
        }
    }

    #[test]
    fn what_is_read_is_whole_whatever_its_length_and_longer_than_the_limit_is_refused() {
        let all: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
        for length in [0, 1, FIRST - 1, FIRST, FIRST + 1, 2 * FIRST, 200_000, 200_001, 300_000] {
            let read = bounded(Slow(&all[..length], false), 200_000, "it");
            match length <= 200_000 {
                true => assert_eq!(read.unwrap().expose(), &all[..length]),
                false => assert_eq!(read.unwrap_err().kind(), io::ErrorKind::FileTooLarge),
            }
        }
    }
}
