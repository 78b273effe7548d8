//! The program of a plugin: where it is, and what it gets of ours when it starts, which is next to
//! nothing. A recipient that somebody else wrote into a vault is enough to start one.
//!
//! The one place of this crate that reads variables: a plugin is needed at any depth below sealing,
//! and a trait through all of it would say what stands here (`docs/architecture.md`).

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The variables that a plugin gets: where programs and the user's own files are, how to show text,
/// and how to reach the user's desktop, for a PIN or a touch. None of them holds a secret.
const VARIABLES: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TMPDIR",
    "DISPLAY",
    "XAUTHORITY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// Without these, programs do not start on Windows, or do not find the user's files.
const OF_WINDOWS: &[&str] = &[
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "TEMP",
    "TMP",
    "USERPROFILE",
    "USERNAME",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
];

/// How long a plugin may take, what the user is asked for meanwhile left out: a touch, a PIN in a
/// window of its own.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST: u64 = 3600;
/// The number of seconds in its place.
const PATIENCE_VARIABLE: &str = "V_SECURE_PLUGIN_TIMEOUT";

/// A program that was found.
#[derive(Debug, Clone)]
pub struct Program {
    pub name: String,
    path: PathBuf,
}

impl Program {
    /// The program of the plugin `plugin`, along `PATH`; an error is the name that is missing there.
    ///
    /// Entries that are relative are passed over: the current folder is a repository's, perhaps.
    #[expect(clippy::disallowed_methods, reason = "where programs are; the module says why here")]
    pub fn find(plugin: &str) -> Result<Self, String> {
        let name = format!("age-plugin-{plugin}");
        // In WSL the programs of the Windows around it can be started too.
        let files = match cfg!(windows) {
            true => vec![format!("{name}.exe")],
            false => vec![name.clone(), format!("{name}.exe")],
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = || std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        let found = files.iter().find_map(|file| {
            let mut places = folders().map(|folder| folder.join(file));
            places.find(|place| is_program(place))
        });
        match found.and_then(|path| path.canonicalize().ok()) {
            Some(path) => Ok(Self { name, path }),
            None => Err(name),
        }
    }

    /// Starts it as the `machine` that it is to be, with a pipe each way.
    #[expect(clippy::disallowed_methods, reason = "a plugin starts here, and nowhere else")]
    pub fn start(&self, machine: &str) -> io::Result<Child> {
        let mut command = Command::new(&self.path);
        command.arg(format!("--age-plugin={machine}"));
        command.env_clear().envs(std::env::vars_os().filter(is_given));
        // Not where it could take a repository's files for its own.
        command.current_dir(Path::new("/"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn()
    }
}

/// How long a plugin may take.
#[expect(clippy::disallowed_methods, reason = "the user's own limit, for whatever starts a plugin")]
pub fn patience() -> Duration {
    let stated = std::env::var_os(PATIENCE_VARIABLE).and_then(|text| text.to_str()?.parse().ok());
    let seconds = stated.filter(|seconds| (1..=LONGEST).contains(seconds));
    seconds.map_or(PATIENCE, Duration::from_secs)
}

fn is_given((name, _): &(OsString, OsString)) -> bool {
    let is = |given: &&&str| match cfg!(windows) {
        true => name.eq_ignore_ascii_case(given),
        false => name == **given,
    };
    let of_system: &[&str] = if cfg!(windows) { OF_WINDOWS } else { &[] };
    VARIABLES.iter().chain(of_system).any(|given| is(&given))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
