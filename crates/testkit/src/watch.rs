//! Looks for planted texts, all the while that a command runs and after it: in files, and in `/proc` of
//! every process that the test started, orphans among them.

use crate::binary::binary;
use crate::sandbox::contains;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rustix::process::{getpid, set_child_subreaper};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Files that are larger are not ours.
const LARGEST: u64 = 8 << 20;

/// A secret, in the spellings that it might have.
#[derive(Clone)]
pub struct Planted {
    spellings: Vec<Vec<u8>>,
    /// The folder where it belongs.
    place: Option<PathBuf>,
}

/// What a command may do while it runs.
#[derive(Default, Clone)]
pub struct Allowed {
    /// The program that it becomes has values in its environment and its descriptors.
    pub program: bool,
    /// Folders whose files may hold values.
    pub folders: Vec<PathBuf>,
}

/// What was seen while a command ran.
#[derive(Default, Debug)]
pub struct Seen {
    pub leaks: BTreeSet<String>,
    /// Programs whose `/proc` was read.
    pub programs: BTreeSet<PathBuf>,
}

pub struct Watch {
    folders: Vec<PathBuf>,
    planted: Vec<Planted>,
    /// The files that were read, as they were then.
    known: Mutex<BTreeMap<PathBuf, (i64, i64, u64)>>,
}

/// The text itself, and as hexadecimal digits and base64, wherever it begins in what is encoded.
fn spellings(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found = vec![secret.to_vec(), hex.into_bytes()];
    for (before, skip) in [(0, 0), (1, 2), (2, 3)] {
        let bytes = [vec![0; before], secret.to_vec()].concat();
        // What comes after decides on the last character.
        let whole = bytes.len() / 3 * 4;
        for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            found.push(text.as_bytes()[skip..whole].to_vec());
        }
    }
    found
}

impl Watch {
    pub fn new(folders: Vec<PathBuf>) -> Self {
        // What its parent leaves behind comes to this process, and is found again.
        set_child_subreaper(Some(getpid())).unwrap();
        Self { folders, planted: Vec::new(), known: Mutex::default() }
    }

    pub fn plant(&mut self, secret: impl AsRef<[u8]>, place: Option<PathBuf>) {
        let secret = secret.as_ref();
        assert!(secret.len() >= 12, "too short to be told from chance");
        self.planted.push(Planted { spellings: spellings(secret), place });
    }

    /// Does `work` while the folders and processes are looked at.
    pub fn during<T>(&self, allowed: &Allowed, work: impl FnOnce() -> T) -> (T, Seen) {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let (mut seen, mut known) = (Seen::default(), self.known.lock().unwrap());
                while !done.load(Ordering::Relaxed) {
                    self.look(allowed, &mut seen, &mut known);
                    std::thread::sleep(Duration::from_millis(1));
                }
                seen
            });
            let result = work();
            done.store(true, Ordering::Relaxed);
            (result, watcher.join().unwrap())
        })
    }

    fn look(
        &self,
        allowed: &Allowed,
        seen: &mut Seen,
        known: &mut BTreeMap<PathBuf, (i64, i64, u64)>,
    ) {
        for process in descendants() {
            self.look_at(&process, allowed, seen);
        }
        for path in self.folders.iter().flat_map(|folder| files(folder)) {
            let Ok(metadata) = path.symlink_metadata() else { continue };
            let state = (metadata.mtime(), metadata.mtime_nsec(), metadata.len());
            if metadata.len() > LARGEST || known.insert(path.clone(), state) == Some(state) {
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_default();
            let is_allowed = allowed.folders.iter().any(|folder| path.starts_with(folder));
            if !is_allowed && self.holds(&bytes, &path) {
                seen.leaks.insert(path.display().to_string());
            }
        }
    }

    /// Reads what `/proc` tells of a process.
    fn look_at(&self, process: &Path, allowed: &Allowed, seen: &mut Seen) {
        let read = |name: &str| fs::read(process.join(name)).unwrap_or_default();
        let texts = [("cmdline", read("cmdline")), ("environ", read("environ"))];
        let open = removed_files(process);
        // Asked for last: a process that became another program since is that one.
        // Only root reads the link of a process that is closed to others.
        let first = texts[0].1.split(|byte| *byte == 0).next().unwrap_or_default();
        let named = || PathBuf::from(String::from_utf8_lossy(first).into_owned());
        let program = fs::read_link(process.join("exe")).unwrap_or_else(|_| named());
        let free = allowed.program && program != Path::new(binary());
        for (name, bytes) in &texts {
            if self.holds(bytes, process) && !(free && *name == "environ") {
                seen.leaks.insert(format!("{name} of {}", program.display()));
            }
        }
        for (name, bytes) in &open {
            let path = Path::new(name);
            let is_allowed = allowed.folders.iter().any(|folder| path.starts_with(folder));
            if self.holds(bytes, path) && !allowed.program && !is_allowed {
                seen.leaks.insert(format!("{name}, which {} holds", program.display()));
            }
        }
        seen.programs.insert(program);
    }

    fn holds(&self, bytes: &[u8], path: &Path) -> bool {
        let elsewhere = |planted: &&Planted| {
            planted.place.as_ref().is_none_or(|place| !path.starts_with(place))
        };
        let mut spellings = self.planted.iter().filter(elsewhere).flat_map(|one| &one.spellings);
        spellings.any(|spelling| contains(bytes, spelling))
    }

    /// Whether these bytes are something planted, or hold it.
    pub fn is_planted(&self, bytes: &[u8]) -> bool {
        self.holds(bytes, Path::new(""))
    }

    /// What is left: by `grep` in the folders, and in processes that are still there.
    pub fn left(&self) -> BTreeSet<String> {
        let mut seen = Seen::default();
        for planted in &self.planted {
            let found = grep(&planted.spellings, &["-ral"], &self.folders);
            let found = found.lines().map(PathBuf::from);
            let place = planted.place.as_deref();
            let elsewhere = found.filter(|path| place.is_none_or(|place| !path.starts_with(place)));
            seen.leaks.extend(elsewhere.map(|path| path.display().to_string()));
        }
        for process in descendants() {
            self.look_at(&process, &Allowed::default(), &mut seen);
        }
        seen.leaks
    }

    /// The lines of a file that hold something planted.
    pub fn lines(&self, file: &Path) -> Vec<String> {
        let all: Vec<_> = self.planted.iter().flat_map(|one| one.spellings.clone()).collect();
        grep(&all, &["-ah"], &[file.to_owned()]).lines().map(str::to_owned).collect()
    }
}

fn grep(texts: &[Vec<u8>], options: &[&str], places: &[PathBuf]) -> String {
    let mut grep = Command::new("grep");
    grep.env("LC_ALL", "C").args(options).args(["-sF", "-f", "-"]).args(places);
    let mut grep = grep.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // A line end would make two texts of one; such bytes are looked for in their other spellings.
    let texts: Vec<_> = texts.iter().filter(|text| !text.contains(&b'\n')).cloned().collect();
    grep.stdin.take().unwrap().write_all(&texts.join(&b"\n"[..])).unwrap();
    let output = grep.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The folders in `/proc` of all processes below this one.
fn descendants() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![PathBuf::from("/proc").join(getpid().as_raw_nonzero().to_string())];
    while let Some(process) = next.pop() {
        for thread in fs::read_dir(process.join("task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().map(|id| Path::new("/proc").join(id));
            let children: Vec<PathBuf> = children.collect();
            next.extend(children.clone());
            found.extend(children);
        }
    }
    found
}

/// What a process holds open that has no name any more or never had one.
fn removed_files(process: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(process.join("fd")).into_iter().flatten().flatten() {
        let Ok(name) = fs::read_link(entry.path()) else { continue };
        let name = name.display().to_string();
        // A pipe must not be read: that would take from it.
        let is_file =
            || fs::metadata(entry.path()).is_ok_and(|m| m.is_file() && m.len() <= LARGEST);
        if name.starts_with('/') && name.ends_with(" (deleted)") && is_file() {
            found.push((name, fs::read(entry.path()).unwrap_or_default()));
        }
    }
    found
}

/// All regular files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}
