//! A file that has no name until it is whole: a killed process leaves nothing of it behind.

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Unnamed;
#[cfg(target_os = "linux")]
pub use linux::Unnamed;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::{AtFlags, CWD, OFlags, linkat};
    use rustix::io::Errno;
    use std::fs::{File, OpenOptions};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::{Path, PathBuf};

    pub struct Unnamed(File);

    impl Unnamed {
        /// `None` where the file system cannot do it or `/proc`, needed to name it, is missing.
        #[expect(clippy::disallowed_methods, reason = "files without names are made here")]
        pub fn create(folder: &Path, mode: u32) -> io::Result<Option<Self>> {
            let mut options = OpenOptions::new();
            options.read(true).write(true).mode(mode).custom_flags(OFlags::TMPFILE.bits() as i32);
            match options.open(folder) {
                Ok(file) => Ok(Some(Self(file)).filter(|file| file.proc_path().exists())),
                Err(error) if is_unsupported(&error) => Ok(None),
                Err(error) => Err(error),
            }
        }

        pub fn file(&mut self) -> &mut File {
            &mut self.0
        }

        /// Gives it its name; fails with `AlreadyExists` rather than replace anything.
        pub fn link(self, target: &Path) -> io::Result<()> {
            Ok(linkat(CWD, self.proc_path(), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
        }

        fn proc_path(&self) -> PathBuf {
            format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
        }
    }

    fn is_unsupported(error: &io::Error) -> bool {
        // EISDIR and ENOENT are what kernels and file systems older than O_TMPFILE answer.
        let error = Errno::from_io_error(error);
        matches!(error, Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL))
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    /// No other system has such files: there is never one.
    pub enum Unnamed {}

    impl Unnamed {
        pub fn create(_folder: &Path, _mode: u32) -> io::Result<Option<Self>> {
            Ok(None)
        }

        pub fn file(&mut self) -> &mut File {
            match *self {}
        }

        pub fn link(self, _target: &Path) -> io::Result<()> {
            match self {}
        }
    }
}
