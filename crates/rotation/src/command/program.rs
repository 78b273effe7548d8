//! The executable that owners named: a file that nobody else can have put there, with the bytes that they meant.
//!
//! On Linux it is opened once, and what was read is what is started, by `/proc/self/fd/N`: a path that names another
//! file by then changes nothing. A script is read by its interpreter from there too, so its `$0` says so. Where there is
//! no `/proc`, and on other systems, the path is started right after the look at it, and nobody but root and this user
//! can change what it names. What an executable loads or starts in its turn is not looked at: its interpreter,
//! libraries and other programs are the machine's.

use crate::contract::CallError;
use sha2::{Digest, Sha256};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The largest executable.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// Where programs are found by the program: folders that the system alone writes.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a file is not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    #[error("there is no such file on this machine")]
    Missing,
    #[error("its path does not begin at the root")]
    Relative,
    #[error("its path leads over a link: {} is what it names", real.display())]
    Link { real: PathBuf },
    #[error("it is no file")]
    NoFile,
    #[error("it is larger than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("{} belongs to another user", at.display())]
    Owner { at: PathBuf },
    #[error("{} can be written by others", at.display())]
    Writable { at: PathBuf },
    #[error("its SHA-256 is {found}")]
    Hash { found: String },
    #[error("its SHA-256 is not stated as 64 hexadecimal digits")]
    NoHash,
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
}

impl From<io::Error> for ProgramError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Missing,
            _ => Self::Unreadable(error),
        }
    }
}

impl From<ProgramError> for CallError {
    fn from(error: ProgramError) -> Self {
        let why = match &error {
            ProgramError::Unreadable(cause) => format!("{error}: {cause}"),
            _ => error.to_string(),
        };
        Self::Untrusted { why }
    }
}

/// A program that was found as its owners stated it. It is looked at again whenever it is started.
#[derive(Debug, Clone)]
pub struct Checked {
    path: PathBuf,
    sha256: [u8; 32],
}

impl Checked {
    /// Looks whether the file is the one that is meant: `sha256` are 64 hexadecimal digits.
    ///
    /// # Errors
    /// It is not, or others could change it.
    pub fn open(path: &Path, sha256: &str) -> Result<Self, ProgramError> {
        let sha256 = bytes(sha256).ok_or(ProgramError::NoHash)?;
        let program = Self { path: path.to_owned(), sha256 };
        program.ready()?;
        Ok(program)
    }

    /// Takes the file as it is, for whoever is about to state its hash.
    ///
    /// # Errors
    /// It cannot be read, or others could change it.
    pub fn as_it_is(path: &Path) -> Result<Self, ProgramError> {
        let (_, sha256) = looked_at(path)?;
        Ok(Self { path: path.to_owned(), sha256 })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn sha256(&self) -> String {
        hex(&self.sha256)
    }

    /// The file, once more found as it has to be.
    pub(super) fn ready(&self) -> Result<Ready<'_>, ProgramError> {
        let (file, found) = looked_at(&self.path)?;
        match found == self.sha256 {
            true => Ok(Ready { path: &self.path, file }),
            false => Err(ProgramError::Hash { found: hex(&found) }),
        }
    }
}

/// A program that was looked at a moment ago.
pub(super) struct Ready<'a> {
    path: &'a Path,
    /// Its bytes.
    file: File,
}

impl Ready<'_> {
    /// Starts it with nothing of this process but pipes.
    #[expect(clippy::disallowed_methods, reason = "providers' programs start here alone")]
    pub(super) fn start(&self) -> io::Result<Child> {
        let inherited = inherited(&self.file)?;
        let mut command = Command::new(inherited.as_ref().map_or(self.path, |file| &file.path));
        command.env_clear().env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.env("PATH", PATH).current_dir("/").arg0(self.path).process_group(0);
        }
        command.spawn()
    }
}

/// A descriptor that children get, by the path that they know it by.
struct Inherited {
    path: PathBuf,
    _descriptor: Descriptor,
}

#[cfg(unix)]
type Descriptor = std::os::fd::OwnedFd;
#[cfg(not(unix))]
type Descriptor = ();

/// `None` where the system does not start what a descriptor is of.
#[cfg(target_os = "linux")]
fn inherited(file: &File) -> io::Result<Option<Inherited>> {
    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
    use std::os::fd::AsRawFd;
    /// Out of the way of scripts, which use those below 10, and of shells, which put their own at 10 and 255.
    const FIRST: i32 = 64;
    // Other children that start right now get it too; it is of a program, and for reading alone.
    let descriptor = fcntl_dupfd_cloexec(file, FIRST)?;
    fcntl_setfd(&descriptor, FdFlags::empty())?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", descriptor.as_raw_fd()));
    Ok(path.exists().then_some(Inherited { path, _descriptor: descriptor }))
}

#[cfg(not(target_os = "linux"))]
fn inherited(_file: &File) -> io::Result<Option<Inherited>> {
    Ok(None)
}

/// Ends a program and all of its group. What has ended already is no failure.
#[cfg(unix)]
pub(super) fn end_with_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
pub(super) fn end_with_group(child: &mut Child) {
    let _ = child.kill();
}

/// The file, and the hash of what it holds.
fn looked_at(path: &Path) -> Result<(File, [u8; 32]), ProgramError> {
    if !path.is_absolute() {
        return Err(ProgramError::Relative);
    }
    let real = path.canonicalize()?;
    if real.as_os_str() != path.as_os_str() {
        return Err(ProgramError::Link { real });
    }
    // From the root down: what a folder holds says something only where nobody else writes the folder.
    for folder in path.ancestors().skip(1).collect::<Vec<_>>().into_iter().rev() {
        unchanged_by_others(folder, &folder.symlink_metadata()?)?;
    }
    let file = opened(path)?;
    let metadata = file.metadata()?;
    unchanged_by_others(path, &metadata)?;
    match metadata {
        metadata if !metadata.is_file() => Err(ProgramError::NoFile),
        metadata if metadata.len() > MOST_BYTES => Err(ProgramError::TooLarge),
        _ => digest(&file).map(|hash| (file, hash)),
    }
}

/// Neither over a link nor waiting for who writes into a pipe.
#[expect(clippy::disallowed_methods, reason = "what is started is read here, bounded")]
fn opened(path: &Path) -> io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

fn digest(file: &File) -> Result<[u8; 32], ProgramError> {
    let (mut hasher, mut part, mut length) = (Sha256::new(), vec![0; 64 * 1024], 0);
    let mut file = file.take(MOST_BYTES + 1);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(hasher.finalize().into()),
            read => {
                length += read as u64;
                hasher.update(&part[..read]);
            }
        }
        if length > MOST_BYTES {
            return Err(ProgramError::TooLarge);
        }
    }
}

/// Whether root and this user alone can change it. Sticky folders do not pass: who owns a file in one was there first.
#[cfg(unix)]
fn unchanged_by_others(at: &Path, metadata: &Metadata) -> Result<(), ProgramError> {
    use std::os::unix::fs::MetadataExt;
    /// Writing for the group and for others. With access lists, the group's bits are the most that anybody listed has.
    const OTHERS: u32 = 0o022;
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != 0 && metadata.uid() != own {
        return Err(ProgramError::Owner { at: at.to_owned() });
    }
    match metadata.mode() & OTHERS {
        0 => Ok(()),
        _ => Err(ProgramError::Writable { at: at.to_owned() }),
    }
}

#[cfg(not(unix))]
fn unchanged_by_others(_at: &Path, _metadata: &Metadata) -> Result<(), ProgramError> {
    Ok(())
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let is_hash = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (byte, at) in bytes.iter_mut().zip(0..).take_while(|_| is_hash) {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    is_hash.then_some(bytes)
}
