//! Reading an inherited file descriptor to its end: how a parent gives a passphrase without a file,
//! an argument or a variable.

use crate::secret_value::SecretValue;
use std::io;

/// At most `limit` bytes of descriptor `number`; more is an error.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a descriptor is opened by its name and is no file")]
pub fn read(number: u32, limit: usize) -> io::Result<SecretValue> {
    use std::io::Read;
    let file = std::fs::File::open(format!("/dev/fd/{number}"))?;
    // Reserved in full at once: a buffer that grows leaves unwiped copies behind.
    let mut bytes = Vec::with_capacity(limit + 1);
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    let value = SecretValue::new(bytes);
    match value.len() > limit {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, "what it gives is too long")),
        false => Ok(value),
    }
}

#[cfg(not(unix))]
pub fn read(_number: u32, _limit: usize) -> io::Result<SecretValue> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no numbered descriptors"))
}
