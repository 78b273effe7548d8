//! Secrets as files for the program of `v-secure exec`: each a path that the program opens.
//!
//! Where the program replaces this process on Linux, a file is a sealed descriptor without a name,
//! `/proc/self/fd/N`: it is gone with the last process that holds it, whatever ends that. Otherwise,
//! or where the user asks for paths that every other process can open too, the files are in a
//! private folder in memory, and a small shell that outlives the program removes it. That shell sees
//! the end of the program by a pipe, so no signal to the program, `KILL` included, leaves a file.

use crate::store::file::memory::MemoryError;
use std::io;
use v_secure_core::secret_value::SecretValue;

/// A file that is wanted: the variable that is to hold its path, and its content.
#[derive(Debug)]
pub struct ChildFile {
    pub variable: String,
    pub value: SecretValue,
}

/// Why a program got no files, and was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    #[error("this system has no files that leave nothing behind: --as-file needs Unix")]
    Unsupported,
    #[error(transparent)]
    Folder(#[from] MemoryError),
    #[error("what is to remove the files afterwards cannot be started")]
    Remover(#[source] io::Error),
    #[error("a descriptor for a file cannot be made")]
    Descriptor(#[source] io::Error),
}

#[cfg(unix)]
pub use unix::Files;

#[cfg(not(unix))]
pub use elsewhere::Files;

#[cfg(unix)]
mod unix {
    use super::{ChildFile, FilesError};
    use crate::store::file::memory::{MemoryFolder, OwnerMode};
    use crate::store::file::owners::Owners;
    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
    use std::ffi::OsString;
    use std::io;
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// From here on, descriptors are out of the way of scripts, which use those below 10, and of
    /// shells, which put their own at 10 and 255.
    const FIRST: i32 = 64;

    /// Waits in the background until nobody holds the pipe, and removes the folder. The signals that
    /// end a session or a terminal's job are ignored: the program decides whether it goes. Its output
    /// is the folder's lock, by which the folder counts as used.
    const REMOVER: &str = r#"trap '' HUP INT QUIT TERM
        exec 3<&0
        { cat <&3; rm -rf -- "$1"; } &"#;

    /// Files that are ready for a program.
    #[derive(Debug)]
    pub struct Files {
        paths: Vec<OsString>,
        descriptors: Vec<OwnedFd>,
        folder: Option<MemoryFolder>,
    }

    /// What must stay open until the program has taken over.
    #[derive(Debug)]
    pub(crate) struct Handed {
        _descriptors: Vec<OwnedFd>,
    }

    impl Files {
        /// Makes the files: descriptors, or with `named`, or where there are none, a folder in
        /// `runtime`, which is `XDG_RUNTIME_DIR`, or another place in memory.
        pub fn create(
            wanted: &[ChildFile],
            named: bool,
            runtime: Option<&Path>,
            owners: Owners,
        ) -> Result<Self, FilesError> {
            #[cfg(target_os = "linux")]
            if !named && let Some(files) = Self::descriptors(wanted)? {
                return Ok(files);
            }
            let _ = named;
            let folder = MemoryFolder::create(runtime, owners)?;
            let write = |file: &ChildFile| {
                folder.write(&file.variable, file.value.expose(), OwnerMode::Read)
            };
            let paths = wanted.iter().map(write);
            let paths = paths.map(|path| path.map(OsString::from)).collect::<Result<_, _>>()?;
            Ok(Self { paths, descriptors: Vec::new(), folder: Some(folder) })
        }

        /// `None` where the system has no such files, or `/proc`, which names them, is missing.
        #[cfg(target_os = "linux")]
        fn descriptors(wanted: &[ChildFile]) -> Result<Option<Self>, FilesError> {
            use std::os::fd::AsRawFd;
            let (mut paths, mut descriptors) = (Vec::new(), Vec::new());
            for file in wanted {
                let Some(descriptor) = sealed(file)? else { return Ok(None) };
                let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
                if !Path::new(&path).exists() {
                    return Ok(None);
                }
                paths.push(path.into());
                descriptors.push(descriptor);
            }
            Ok(Some(Self { paths, descriptors, folder: None }))
        }

        /// The path of each file, in the order that they were wanted in.
        pub fn paths(&self) -> &[OsString] {
            &self.paths
        }

        /// Makes the files outlive this process's own program. Comes right before the start: what is
        /// started in between would inherit them.
        pub(crate) fn hand_over(self) -> Result<Handed, FilesError> {
            let mut descriptors = self.descriptors;
            if let Some(folder) = self.folder {
                descriptors.push(remove_after(folder).map_err(FilesError::Remover)?);
            }
            for descriptor in &descriptors {
                let inherited = fcntl_setfd(descriptor, FdFlags::empty());
                inherited.map_err(|error| FilesError::Descriptor(error.into()))?;
            }
            Ok(Handed { _descriptors: descriptors })
        }
    }

    /// Starts what removes the folder once the returned descriptor is closed everywhere.
    #[expect(clippy::disallowed_methods, reason = "a shell of ours that outlives the program")]
    fn remove_after(folder: MemoryFolder) -> io::Result<OwnedFd> {
        let (reader, writer) = io::pipe()?;
        let writer = high(writer)?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", REMOVER, "v-secure"]).arg(folder.path());
        shell.env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
        shell.stdin(reader).stdout(folder.lock()?).stderr(Stdio::null());
        // Not in the terminal's foreground job, which gets the signals of its keys.
        shell.process_group(0);
        // Only the shell in front ends here: the remover is nobody's child, so that the program
        // does not meet it when it waits for its own.
        match shell.status()? {
            status if status.success() => {
                folder.keep();
                Ok(writer)
            }
            status => Err(io::Error::other(status.to_string())),
        }
    }

    fn high(descriptor: impl AsFd) -> io::Result<OwnedFd> {
        // A process may be limited to fewer descriptors.
        fcntl_dupfd_cloexec(&descriptor, FIRST)
            .or_else(|_| fcntl_dupfd_cloexec(&descriptor, 3))
            .map_err(Into::into)
    }

    /// A file in memory without a name, that nobody can change; `None` where the system has none.
    #[cfg(target_os = "linux")]
    fn sealed(file: &ChildFile) -> Result<Option<OwnedFd>, FilesError> {
        use rustix::fs::{MemfdFlags, SealFlags, fchmod, fcntl_add_seals, memfd_create};
        use std::fs::File;
        use std::io::{Seek, Write};
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let name = "v-secure";
        // Before Linux 6.3 a file in memory could always be run.
        let made = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL);
        let Ok(made) = made.or_else(|_| memfd_create(name, flags)) else { return Ok(None) };
        let fill = |mut made: File| -> io::Result<OwnedFd> {
            made.write_all(file.value.expose())?;
            made.rewind()?;
            fchmod(&made, 0o400.into())?;
            let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
            fcntl_add_seals(&made, seals)?;
            high(made)
        };
        fill(File::from(made)).map(Some).map_err(FilesError::Descriptor)
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::{ChildFile, FilesError};
    use crate::store::file::owners::Owners;
    use std::ffi::OsString;
    use std::path::Path;

    /// There are none.
    #[derive(Debug)]
    pub enum Files {}

    impl Files {
        pub fn create(
            _wanted: &[ChildFile],
            _named: bool,
            _runtime: Option<&Path>,
            _owners: Owners,
        ) -> Result<Self, FilesError> {
            Err(FilesError::Unsupported)
        }

        pub fn paths(&self) -> &[OsString] {
            match *self {}
        }

        pub(crate) fn hand_over(self) -> Result<(), FilesError> {
            match self {}
        }
    }
}
