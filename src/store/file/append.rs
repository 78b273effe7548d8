//! Appending to a file that another program made and reads afterwards: `$GITHUB_ENV`. No owner is
//! checked: a job in a container is often another user than the runner that made the file.

use super::atomic::unchanged;
use super::error::{Step, WriteError};
use super::private::FILE_MODE;
use crate::store::sys;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Appends `bytes` as lines of their own. If that fails half-way, the file is cut back.
///
/// # Errors
/// [`WriteError::Unchanged`]; [`WriteError::NotAFile`].
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut file = sys::open_append(path, FILE_MODE).map_err(unchanged(path, Step::Inspect))?;
    let metadata = file.metadata().map_err(unchanged(path, Step::Inspect))?;
    if !metadata.is_file() {
        return Err(WriteError::NotAFile { path: path.into() });
    }
    write(&mut file, metadata.len(), bytes).map_err(|error| {
        // The first failure is the one to tell; what is left over then is a part of a binding.
        let _ = file.set_len(metadata.len());
        unchanged(path, Step::Write)(error)
    })
}

fn write(file: &mut File, before: u64, bytes: &[u8]) -> io::Result<()> {
    if before > 0 {
        // Whoever wrote last may have left the line open.
        file.write_all(b"\n")?;
    }
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::tempdir;

    #[test]
    fn lines_follow_what_is_there_and_never_join_it() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("env");
        append(&path, b"A=1\n").unwrap();
        append(&path, b"B=2").unwrap();
        append(&path, b"C=3\n").unwrap();
        let read = super::super::read::read_any(&path, 1 << 10).unwrap();
        assert_eq!(read.expose(), b"A=1\n\nB=2\nC=3\n");
    }

    #[test]
    fn a_folder_is_refused() {
        let folder = tempdir().unwrap();
        assert!(append(folder.path(), b"A=1\n").is_err());
    }
}
