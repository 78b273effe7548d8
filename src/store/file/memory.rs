//! A private folder in memory, for what a program of the user finds under a name and no disk may see:
//! the text in an editor, a secret as a file. It is overwritten and removed when it is dropped.
//!
//! The folder is locked while it is in use. One that is left over, because its process was killed
//! outright, can be locked by anybody and is wiped by the next. Memory can reach a disk too, as swap;
//! that is the system's to encrypt or turn off.

use super::owners::Owners;
use super::private;
use super::read::{self, ReadError};
use super::temp;
use crate::host::real::RealHost;
use crate::store::sys;
use crate::store::sys::Folder;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use v_secure_core::secret_value::SecretValue;

const PREFIX: &str = "v-secure-files-";
/// Behind the prefix.
const RANDOM_CHARACTERS: usize = 6;
const FOLDER_MODE: u32 = 0o700;
/// Somebody who wipes what was left over may take a new folder for one, before it is locked.
const TRIES: usize = 5;
/// Bytes that are overwritten at a time.
const BLOCK: usize = 64 << 10;

/// Why there is no such folder, or its file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryError {
    #[error("there is no folder in memory here that is safe from others (none of: {})", names(.tried))]
    NoPlace { tried: Vec<PathBuf> },
    #[error("cannot use {path}")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
}

fn names(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Who may do what with a file in the folder; nobody else than its owner may anything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OwnerMode {
    Read,
    Write,
}

impl OwnerMode {
    const fn mode(self) -> u32 {
        match self {
            Self::Read => 0o400,
            Self::Write => 0o600,
        }
    }
}

/// The folder and all that is in it, for this user alone.
#[derive(Debug)]
pub(crate) struct MemoryFolder {
    /// What it is in.
    place: Folder,
    name: OsString,
    path: PathBuf,
    /// Held open, as the lock is on it.
    folder: Folder,
    is_kept: bool,
}

impl MemoryFolder {
    /// Makes one in `runtime`, which is `XDG_RUNTIME_DIR`, or in `/dev/shm`.
    pub fn create(runtime: Option<&Path>, owners: Owners) -> Result<Self, MemoryError> {
        let shared = cfg!(target_os = "linux").then(|| PathBuf::from("/dev/shm"));
        Self::create_in(runtime.map(Path::to_path_buf).into_iter().chain(shared).collect(), owners)
    }

    /// In the first place that is in memory.
    fn create_in(tried: Vec<PathBuf>, owners: Owners) -> Result<Self, MemoryError> {
        let Some((place, path)) = tried.iter().find_map(|path| usable(path, owners)) else {
            return Err(MemoryError::NoPlace { tried });
        };
        wipe_leftovers(&place, owners);
        let failed = |source| MemoryError::Io { path: path.clone(), source };
        let tries = (0..TRIES).find_map(|_| make(&place, &path).transpose());
        tries.unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into())).map_err(failed)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file and returns its path.
    pub fn write(
        &self,
        name: &str,
        bytes: &[u8],
        access: OwnerMode,
    ) -> Result<PathBuf, MemoryError> {
        let path = self.path.join(name);
        let file = self.folder.create(name.as_ref(), access.mode());
        match file.and_then(|mut file| file.write_all(bytes)) {
            Ok(()) => Ok(path),
            Err(source) => Err(MemoryError::Io { path, source }),
        }
    }

    /// Reads a file of at most `limit` bytes; by its name, since programs replace what they save.
    pub fn read(&self, name: &str, limit: u64) -> Result<SecretValue, MemoryError> {
        let path = self.path.join(name);
        let (file, metadata) = read::open_in(&self.folder, &path, limit)?;
        let mut bytes = read::fill(&file, &metadata, &path)?;
        Ok(SecretValue::new(std::mem::take(&mut *bytes)))
    }

    /// The lock, for somebody who outlives this process: the folder counts as used while it is open.
    #[cfg(unix)]
    pub fn lock(&self) -> io::Result<File> {
        self.folder.file().try_clone()
    }

    /// Leaves the folder to somebody else, who has its lock, to remove.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for MemoryFolder {
    fn drop(&mut self) {
        if !self.is_kept {
            remove(&self.place, &self.name, &self.folder);
        }
    }
}

/// A place in memory that nobody else can put another one in the place of, by its path without links.
fn usable(path: &Path, owners: Owners) -> Option<(Folder, PathBuf)> {
    // What is looked at is the way to what stands in it.
    private::unreplaceable(&path.join(PREFIX), owners).ok().filter(|()| path.is_absolute())?;
    let path = path.canonicalize().ok()?;
    let place = Folder::open(&path).ok()?;
    sys::is_safe_memory(&place).unwrap_or(false).then_some((place, path))
}

/// A new locked folder; `None` if it was taken for a left-over, or its name is taken.
fn make(place: &Folder, path: &Path) -> io::Result<Option<MemoryFolder>> {
    let name = format!("{PREFIX}{}", temp::random_characters(&RealHost, RANDOM_CHARACTERS));
    let (path, name) = (path.join(&name), OsString::from(name));
    match place.make_folder(&name, FOLDER_MODE) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        made => made?,
    }
    let folder = match place.folder(&name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let is_ours = folder.try_lock()? && is_at(place, &name, &folder);
    let place = place.try_clone()?;
    Ok(is_ours.then_some(MemoryFolder { place, name, path, folder, is_kept: false }))
}

fn is_at(place: &Folder, name: &OsStr, folder: &Folder) -> bool {
    let there = place.look(name).ok().zip(folder.metadata().ok());
    there.is_some_and(|(there, open)| there.is_that_of(&open))
}

/// Wipes the folders whose processes are gone: this user's alone, as nobody else can change what is in
/// them meanwhile. Failures are passed over: the next one tries again.
fn wipe_leftovers(place: &Folder, owners: Owners) {
    for name in place.names().unwrap_or_default().iter().filter(|name| is_ours(name)) {
        let Ok(folder) = place.folder(name) else { continue };
        if is_own(&folder, owners) && folder.try_lock().unwrap_or(false) {
            remove(place, name, &folder);
        }
    }
}

/// Whether a name is one that [`make`] gives.
fn is_ours(name: &OsStr) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(PREFIX.as_bytes());
    random.is_some_and(|random| {
        random.len() == RANDOM_CHARACTERS && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

fn is_own(folder: &Folder, owners: Owners) -> bool {
    folder.metadata().is_ok_and(|metadata| {
        let mode = sys::mode(&metadata).unwrap_or(0);
        owners.stranger(&metadata).is_none() && mode & private::WRITABLE_BY_OTHERS == 0
    })
}

fn remove(place: &Folder, name: &OsStr, folder: &Folder) {
    wipe(folder);
    if is_at(place, name, folder) {
        let _ = place.remove_folder(name);
    }
}

/// Overwrites and removes every file, also those that a program put there besides: swap files and
/// backups. Failures are passed over, so that the rest goes. A file that is only to be read is
/// removed as it is.
fn wipe(folder: &Folder) {
    for name in folder.names().unwrap_or_default() {
        let Ok(seen) = folder.look(&name) else { continue };
        if seen.is_folder() {
            if let Ok(inner) = folder.folder(&name) {
                wipe(&inner);
            }
            let _ = folder.remove_folder(&name);
            continue;
        }
        if seen.is_file() {
            _ = folder.write(&name).and_then(overwrite);
        }
        let _ = folder.remove(&name);
    }
}

fn overwrite(mut file: File) -> io::Result<()> {
    let metadata = file.metadata()?;
    // Whoever put another file in its place meanwhile does not choose a device.
    let length = if metadata.is_file() { metadata.len() } else { 0 };
    let mut left = usize::try_from(length).unwrap_or(usize::MAX);
    while left > 0 {
        let length = left.min(BLOCK);
        file.write_all(&[0; BLOCK][..length])?;
        left -= length;
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const PLACE: &str = "/dev/shm";

    fn create() -> MemoryFolder {
        MemoryFolder::create(None, Owners::current()).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_the_users_alone_and_gone_when_dropped() {
        let folder = create();
        let path = folder.write("name", b"text", OwnerMode::Write).unwrap();
        assert_eq!((mode(folder.path()), mode(&path)), (0o700, 0o600));
        assert_eq!(mode(&folder.write("fixed", b"text", OwnerMode::Read).unwrap()), 0o400);
        assert!(folder.write("name", b"", OwnerMode::Write).is_err());
        fs::create_dir(folder.path().join("more")).unwrap();
        fs::write(folder.path().join("more/backup~"), "text").unwrap();
        let root = folder.path().to_owned();
        drop(folder);
        assert!(!root.exists());
    }

    #[test]
    fn a_file_that_was_replaced_is_read_and_a_link_is_not() {
        let folder = create();
        let path = folder.write("name", b"text", OwnerMode::Write).unwrap();
        fs::write(folder.path().join("new"), "other").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(folder.read("name", 5).unwrap().expose(), b"other");
        assert!(matches!(folder.read("name", 4), Err(MemoryError::Read(_))));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        assert!(matches!(folder.read("name", 99), Err(MemoryError::Read(_))));
    }

    #[test]
    fn overwriting_reaches_the_bytes_that_others_hold_open() {
        let folder = create();
        let path = folder.write("name", &[7; BLOCK + 1], OwnerMode::Write).unwrap();
        let mut open = File::open(path).unwrap();
        drop(folder);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut open, &mut bytes).unwrap();
        assert!(bytes.len() == BLOCK + 1 && bytes.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_left_over_folder_is_wiped_and_one_in_use_stays() {
        let left = Path::new(PLACE).join(format!("{PREFIX}{:06}", std::process::id() % 1_000_000));
        let used = create();
        fs::create_dir(&left).unwrap();
        fs::write(left.join("name"), "text").unwrap();
        // Another test's folder may be made first, and wipe it.
        let _new = create();
        assert!(!left.exists() && used.path().exists());
    }

    #[test]
    fn a_folder_that_is_kept_stays_as_long_as_somebody_has_its_lock() {
        let folder = create();
        folder.write("name", b"text", OwnerMode::Read).unwrap();
        let (path, lock) = (folder.path().to_owned(), folder.lock().unwrap());
        folder.keep();
        drop(create());
        assert_eq!(fs::read(path.join("name")).unwrap(), b"text");
        drop(lock);
        drop(create());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_on_a_disk_and_one_that_others_can_change_are_refused() {
        let disk = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let open = create();
        let inside = open.path().join("open");
        fs::create_dir(&inside).unwrap();
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o777)).unwrap();
        let places = vec![disk.clone(), inside.clone(), "/nonexistent".into(), "dev/shm".into()];
        let error = MemoryFolder::create_in(places, Owners::current()).unwrap_err();
        assert!(matches!(error, MemoryError::NoPlace { .. }), "{error}");
        let other = MemoryFolder::create(Some(&disk), Owners::current()).unwrap();
        assert!(other.path().starts_with(PLACE));
        fs::set_permissions(&inside, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(
            MemoryFolder::create(Some(&inside), Owners::current())
                .unwrap()
                .path()
                .starts_with(&inside)
        );
    }

    /// Gives a left-over to another account; `None` for who is not root.
    fn left_to(owner: u32, number: u32) -> Option<PathBuf> {
        let left = Path::new(PLACE).join(format!("{PREFIX}t{:05}", number % 100_000));
        fs::create_dir(&left).unwrap();
        fs::write(left.join("name"), "text").unwrap();
        if std::os::unix::fs::chown(&left, Some(owner), None).is_err() {
            eprintln!("skipped: only root can give files away");
            fs::remove_dir_all(left).unwrap();
            return None;
        }
        Some(left)
    }

    #[test]
    fn what_another_account_left_stays_as_it_is() {
        let Some(left) = left_to(65_534, std::process::id()) else { return };
        drop(create());
        assert_eq!(fs::read(left.join("name")).unwrap(), b"text");
        fs::remove_dir_all(left).unwrap();
    }

    #[test]
    fn a_link_is_removed_and_what_it_leads_to_is_not_touched() {
        let victim = tempfile::tempdir().unwrap();
        fs::write(victim.path().join("file"), "text").unwrap();
        let folder = create();
        for (name, to) in [("file", victim.path().join("file")), ("folder", victim.path().into())] {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        }
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
        assert_eq!(fs::read(victim.path().join("file")).unwrap(), b"text");
    }

    #[test]
    fn other_names_are_nobodys_left_overs() {
        let name = |end: &str| is_ours(OsStr::new(&format!("{PREFIX}{end}")));
        assert!(name("aB3456"));
        assert!(!["", "12345", "1234567", "12345-", "my-own-notes"].into_iter().any(name));
        assert!(!is_ours(OsStr::new("notes-123456")));
    }

    #[test]
    fn a_place_in_another_accounts_folder_is_refused() {
        let Some(left) = left_to(65_534, std::process::id() + 50_000) else { return };
        let inner = left.join("runtime");
        fs::create_dir(&inner).unwrap();
        assert!(usable(&inner, Owners::current()).is_none());
        assert!(usable(Path::new(PLACE), Owners::current()).is_some());
        fs::remove_dir_all(left).unwrap();
    }
}
