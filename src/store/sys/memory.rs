//! Which folders are in memory: what is written there reaches no disk, as far as the system does not
//! swap it out.

use std::fs::File;
use std::io;

/// Whether an open folder is on a file system in memory, and nobody but its owner or root can put
/// another folder in the place of one that this process makes in it.
#[cfg(target_os = "linux")]
pub fn is_safe_memory(folder: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    const TMPFS: u32 = 0x0102_1994;
    const RAMFS: u32 = 0x8584_58f6;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    // A magic number of 32 bits, in a field whose width and sign differ between machines.
    let kind = rustix::fs::fstatfs(folder)?.f_type as u32;
    let metadata = folder.metadata()?;
    let owned = metadata.uid() == 0 || Some(metadata.uid()) == super::current_user();
    let (mode, open) = (metadata.mode(), metadata.mode() & WRITABLE_BY_OTHERS != 0);
    Ok(matches!(kind, TMPFS | RAMFS) && owned && (!open || mode & STICKY != 0))
}

/// No such folder is known on other systems.
#[cfg(not(target_os = "linux"))]
pub fn is_safe_memory(_folder: &File) -> io::Result<bool> {
    Ok(false)
}
