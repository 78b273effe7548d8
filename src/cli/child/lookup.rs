//! Finds the file of a program: as given where it is a path, otherwise along `PATH`, by the rules of
//! `execvp` on Unix (an empty entry is the current directory). On Windows the extensions tried are
//! a fixed list, `PATHEXT` is not read, and the current directory is searched only if `PATH` names
//! it.

use super::ChildError;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What `execvp` searches where there is no `PATH`.
#[cfg(unix)]
const DEFAULT_SEARCH: &str = "/bin:/usr/bin";
#[cfg(not(unix))]
const DEFAULT_SEARCH: &str = "";

/// The file that `name` stands for, as a path that needs no further search.
///
/// # Errors
/// The most telling of what was met on the way: a file that may not run, a directory, or nothing.
pub fn find(name: &OsStr, search: Option<&OsStr>) -> Result<PathBuf, ChildError> {
    let not_found = || ChildError::NotFound { name: name.to_owned() };
    if name.is_empty() {
        return Err(not_found());
    }
    if is_path(name) {
        let path = Path::new(name);
        return match candidates(path).find_map(judge) {
            Some(judged) => judged,
            None if is_out_of_reach(path) => {
                Err(ChildError::NotExecutable { path: path.to_owned() })
            }
            None => Err(not_found()),
        };
    }
    let mut met = None;
    for folder in std::env::split_paths(search.unwrap_or(OsStr::new(DEFAULT_SEARCH))) {
        // Without a separator the system would search again.
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        match candidates(&folder.join(name)).find_map(judge) {
            Some(Ok(path)) => return Ok(path),
            // A folder of that name is no attempt at a program; a file of it may be.
            Some(Err(error @ ChildError::NotExecutable { .. })) => met = met.or(Some(error)),
            Some(Err(_)) | None => {}
        }
    }
    Err(met.unwrap_or_else(not_found))
}

/// The names of the programs along `PATH` that begin like this, each once.
#[expect(
    clippy::disallowed_methods,
    reason = "names of programs, for completions; no file is read"
)]
pub(crate) fn beginning_with(start: &OsStr, search: Option<&OsStr>) -> BTreeSet<OsString> {
    let folders = std::env::split_paths(search.unwrap_or(OsStr::new(DEFAULT_SEARCH)));
    let files = folders.filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
    let start = start.as_encoded_bytes();
    let named = files.filter(|file| file.file_name().as_encoded_bytes().starts_with(start));
    let programs = named.filter(|file| matches!(judge(file.path()), Some(Ok(_))));
    programs.map(|file| file.file_name()).collect()
}

/// Whether `name` is a path and not a bare name.
fn is_path(name: &OsStr) -> bool {
    name.as_encoded_bytes().iter().any(|b| std::path::is_separator(char::from(*b)))
        || cfg!(windows) && Path::new(name).is_absolute()
}

/// Whether the file at `path` can run; `None` if there is none.
fn judge(path: PathBuf) -> Option<Result<PathBuf, ChildError>> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => Some(Err(ChildError::Directory { path })),
        Ok(_) if may_execute(&path) => Some(Ok(path)),
        Ok(_) => Some(Err(ChildError::NotExecutable { path })),
        Err(_) => None,
    }
}

/// Whether a folder on the way to `path` may not be entered. Along `PATH` such folders are passed
/// over: a mistyped name is "not found", and not the fault of the first closed folder.
fn is_out_of_reach(path: &Path) -> bool {
    path.metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

#[cfg(unix)]
fn may_execute(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn may_execute(_path: &Path) -> bool {
    true
}

#[cfg(unix)]
fn candidates(path: &Path) -> impl Iterator<Item = PathBuf> {
    std::iter::once(path.to_owned())
}

/// The path itself if it has an extension, then with each extension that programs have.
#[cfg(not(unix))]
fn candidates(path: &Path) -> impl Iterator<Item = PathBuf> {
    const PROGRAMS: [&str; 4] = [".COM", ".EXE", ".BAT", ".CMD"];
    let itself = path.extension().is_some().then(|| path.to_owned());
    let with = PROGRAMS.map(|extension| {
        let mut longer = path.as_os_str().to_owned();
        longer.push(extension);
        PathBuf::from(longer)
    });
    itself.into_iter().chain(with)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// A folder with `dir/tool` (a directory), `plain/tool` (not executable), `good/tool`.
    fn folders() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("dir/tool")).unwrap();
        for (folder, mode) in [("plain", 0o644), ("good", 0o755)] {
            fs::create_dir(root.path().join(folder)).unwrap();
            let file = root.path().join(folder).join("tool");
            fs::write(&file, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        root
    }

    fn search(root: &Path, folders: &[&str]) -> OsString {
        std::env::join_paths(folders.iter().map(|folder| root.join(folder))).unwrap()
    }

    #[test]
    fn the_first_file_that_can_run_wins() {
        let root = folders();
        let path = search(root.path(), &["none", "dir", "plain", "good"]);
        assert_eq!(find("tool".as_ref(), Some(&path)).unwrap(), root.path().join("good/tool"));
    }

    #[test]
    fn a_file_that_may_not_run_is_126_and_nothing_or_a_folder_is_127() {
        let root = folders();
        let code = |folders: &[&str]| {
            let path = search(root.path(), folders);
            find("tool".as_ref(), Some(&path)).unwrap_err().exit_code()
        };
        assert_eq!((code(&["dir", "plain"]), code(&["dir"]), code(&["none"])), (126, 127, 127));
        assert_eq!(find("".as_ref(), None).unwrap_err().exit_code(), 127);
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        let root = folders();
        let find = |path: &str| find(root.path().join(path).as_ref(), None);
        assert_eq!(find("good/tool").unwrap(), root.path().join("good/tool"));
        assert!(matches!(find("plain/tool"), Err(ChildError::NotExecutable { .. })));
        assert!(matches!(find("dir/tool"), Err(ChildError::Directory { .. })));
        assert!(matches!(find("none/tool"), Err(ChildError::NotFound { .. })));
    }

    #[test]
    fn without_a_path_the_systems_folders_are_searched() {
        let found = find("sh".as_ref(), None).unwrap();
        assert_eq!(found, Path::new("/bin/sh"));
    }
}
