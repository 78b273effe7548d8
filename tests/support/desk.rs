//! The program in this process, on a host whose clock is so many hours behind: to leave behind what
//! the real binary then finds to be old.

use std::cell::RefCell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use v_secure::SecretValue;
use v_secure::cli::exit::Exit;
use v_secure::host::real::RealHost;
use v_secure::host::{Clock, Environment, Random, Stream, Terminal};

pub struct Desk {
    folder: PathBuf,
    home: PathBuf,
    hours: u64,
    input: RefCell<String>,
    errors: RefCell<String>,
}

impl Desk {
    pub fn new(folder: &Path, home: &Path, hours: u64) -> Self {
        let (folder, home) = (folder.to_owned(), home.to_owned());
        Self { folder, home, hours, input: RefCell::default(), errors: RefCell::default() }
    }

    /// Runs a command whose arguments hold no spaces, and which must succeed.
    #[track_caller]
    pub fn ok(&self, line: &str, input: &str) {
        self.input.replace(input.to_owned());
        let args = std::iter::once("v-secure").chain(line.split(' ')).map(OsString::from);
        let exit = v_secure::cli::run(args, self);
        assert_eq!(exit, Exit::Ok, "{line}: {}", self.errors.borrow());
    }
}

impl Clock for Desk {
    fn now(&self) -> u64 {
        RealHost.now() - self.hours * 3600
    }
}

impl Random for Desk {
    fn fill(&self, bytes: &mut [u8]) {
        RealHost.fill(bytes);
    }
}

impl Environment for Desk {
    fn variable(&self, _: &str) -> Option<OsString> {
        None
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        Vec::new()
    }

    fn machine_name(&self) -> Option<String> {
        Some("desk".into())
    }

    fn current_dir(&self) -> io::Result<PathBuf> {
        Ok(self.folder.clone())
    }

    fn home_dir(&self) -> Option<PathBuf> {
        Some(self.home.clone())
    }

    fn config_dir(&self) -> Option<PathBuf> {
        Some(self.home.join(".config/v-secure"))
    }

    fn state_dir(&self) -> Option<PathBuf> {
        Some(self.home.join(".local/state/v-secure"))
    }
}

impl Terminal for Desk {
    fn is_terminal(&self, _: Stream) -> bool {
        false
    }

    fn width(&self) -> Option<usize> {
        None
    }

    fn prompt_hidden(&self, _: &str) -> io::Result<SecretValue> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn confirm(&self, _: &str, _: bool) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_stdin(&self, _: usize) -> io::Result<SecretValue> {
        Ok(self.input.borrow().clone().into())
    }

    fn read_descriptor(&self, _: u32, _: usize) -> io::Result<SecretValue> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn write_out(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn write_err(&self, text: &str) {
        self.errors.borrow_mut().push_str(text);
    }
}
