//! A file that has no name until it is whole: a killed process leaves nothing of it behind.

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Unnamed;
#[cfg(target_os = "linux")]
pub use linux::Unnamed;

#[cfg(target_os = "linux")]
mod linux {
    use crate::store::sys::Folder;
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat};
    use rustix::io::Errno;
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::PathBuf;

    pub struct Unnamed(File);

    impl Unnamed {
        /// `None` where the file system cannot do it or `/proc`, needed to name it, is missing.
        pub fn create(folder: &Folder, mode: u32) -> io::Result<Option<Self>> {
            let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
            match openat(folder, ".", flags, Mode::from_raw_mode(mode)) {
                Ok(file) => Ok(Some(Self(file.into())).filter(|file| file.proc_path().exists())),
                Err(error) if is_unsupported(error) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }

        pub fn file(&mut self) -> &mut File {
            &mut self.0
        }

        /// Gives it its name; fails with `AlreadyExists` rather than replace anything.
        pub fn link(self, folder: &Folder, name: &OsStr) -> io::Result<()> {
            Ok(linkat(CWD, self.proc_path(), folder, name, AtFlags::SYMLINK_FOLLOW)?)
        }

        fn proc_path(&self) -> PathBuf {
            format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
        }
    }

    fn is_unsupported(error: Errno) -> bool {
        // EISDIR and ENOENT are what kernels and file systems older than O_TMPFILE answer.
        matches!(error, Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL)
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use crate::store::sys::Folder;
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io;

    /// No other system has such files: there is never one.
    pub enum Unnamed {}

    impl Unnamed {
        pub fn create(_folder: &Folder, _mode: u32) -> io::Result<Option<Self>> {
            Ok(None)
        }

        pub fn file(&mut self) -> &mut File {
            match *self {}
        }

        pub fn link(self, _folder: &Folder, _name: &OsStr) -> io::Result<()> {
            match self {}
        }
    }
}
