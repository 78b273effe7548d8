//! Which folders are in memory: what is written there reaches no disk, as far as the system does not
//! swap it out.

use super::Folder;
use std::io;

/// Whether an open folder is on a file system in memory, and nobody but its owner or root can put
/// another folder in the place of one that this process makes in it.
#[cfg(unix)]
pub fn is_safe_memory(folder: &Folder) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let metadata = folder.metadata()?;
    let owned = metadata.uid() == 0 || Some(metadata.uid()) == super::current_user();
    let (mode, open) = (metadata.mode(), metadata.mode() & WRITABLE_BY_OTHERS != 0);
    Ok(is_in_memory(folder)? && owned && (!open || mode & STICKY != 0))
}

#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Folder) -> io::Result<bool> {
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58f6;
    // A magic number of 32 bits, in a field whose width and sign differ between machines.
    Ok(matches!(rustix::fs::fstatfs(folder)?.f_type as u32, TMPFS | RAMFS))
}

#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
fn is_in_memory(folder: &Folder) -> io::Result<bool> {
    let found = rustix::fs::fstatfs(folder)?;
    let name = found.f_fstypename.iter().map(|c| *c as u8).take_while(|c| *c != 0);
    Ok(name.eq(*b"tmpfs"))
}

/// No such file system is known elsewhere.
#[cfg(all(unix, not(any(target_os = "linux", target_vendor = "apple", target_os = "freebsd"))))]
fn is_in_memory(_folder: &Folder) -> io::Result<bool> {
    Ok(false)
}

#[cfg(not(unix))]
pub fn is_safe_memory(_folder: &Folder) -> io::Result<bool> {
    Ok(false)
}
