//! One record in a file of its own: a format number first, one line, one spelling.

use super::FORMAT;
use super::error::{PinDamage, PinError};
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read::ReadError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::path::Path;
use v_secure_core::record::line;

/// The longest record that is written and read: 64 MiB, some 100,000 policy entries.
pub(super) const LIMIT: u64 = 64 << 20;

/// As much as every format has; the path is format 1's and what places have today.
#[derive(Deserialize)]
struct AnyFormat {
    format: u32,
    path: Option<String>,
}

/// Why a file gives no record.
pub(super) enum Unread {
    Damage(PinDamage),
    /// Of another format, with the path that it states.
    Format(u32, Option<String>),
    Other(PinError),
}

/// The record in `file`; `None` if there is no file.
pub(super) fn read<T: Serialize + DeserializeOwned>(
    file: &Path,
    owners: Owners,
) -> Result<Option<T>, Unread> {
    bytes(file, owners)?.map(|bytes| record(&bytes)).transpose()
}

/// What stands in `file`, whatever it is; `None` if there is no file.
pub(super) fn bytes(file: &Path, owners: Owners) -> Result<Option<Vec<u8>>, Unread> {
    if_there(private::read_own(file, LIMIT, owners))
}

/// `file`, opened to be read; `None` if there is no file.
pub(super) fn open(file: &Path, owners: Owners) -> Result<Option<(File, Metadata)>, Unread> {
    if_there(private::open_own(file, LIMIT, owners))
}

fn if_there<T>(found: Result<T, PrivateError>) -> Result<Option<T>, Unread> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(PrivateError::Read(ReadError::Missing { .. })) => Ok(None),
        Err(error) => Err(unread(error)),
    }
}

/// Of a file that is there.
pub(super) fn unread(error: PrivateError) -> Unread {
    match error {
        PrivateError::Read(ReadError::TooLarge { len, limit, .. }) => {
            Unread::Damage(PinDamage::TooLarge { len, limit })
        }
        error => Unread::Other(error.into()),
    }
}

/// The record that stands in these bytes.
pub(super) fn record<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Unread> {
    match serde_json::from_slice::<AnyFormat>(bytes) {
        Ok(found) if found.format != FORMAT => Err(Unread::Format(found.format, found.path)),
        _ => parse(bytes).map_err(Unread::Damage),
    }
}

fn parse<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, PinDamage> {
    let text = std::str::from_utf8(bytes).map_err(|_| PinDamage::NotText)?;
    let text = text.strip_suffix('\n').ok_or(PinDamage::NotALine)?;
    line::parse(text).map_err(PinDamage::Line)
}

/// The error of a file that is about `vault`.
pub(super) fn error(unread: Unread, file: &Path, vault: &Path) -> PinError {
    let (file, vault) = (file.to_path_buf(), vault.to_path_buf());
    match unread {
        Unread::Damage(source) => PinError::Damaged { file, vault, source },
        Unread::Format(format, _) if format < FORMAT => PinError::Older { file, vault, format },
        Unread::Format(format, _) => PinError::Newer { file, format },
        Unread::Other(error) => error,
    }
}

/// What stands in the file of a record.
pub(super) fn text<T: Serialize>(record: &T) -> String {
    let mut text = line::write(record);
    text.push('\n');
    text
}

pub(super) fn write<T: Serialize>(lock: &Lock, name: &str, record: &T) -> Result<(), PinError> {
    write_text(lock, name, &text(record), true)
}

/// Replaces a file; `is_last` of those that are written together waits for their names to be on the disk.
pub(super) fn write_text(
    lock: &Lock,
    name: &str,
    text: &str,
    is_last: bool,
) -> Result<(), PinError> {
    let len = text.len() as u64;
    if len > LIMIT {
        return Err(PinError::Unfit(PinDamage::TooLarge { len, limit: LIMIT }));
    }
    let target = lock.folder().join(name);
    let (bytes, mode) = (text.as_bytes(), private::FILE_MODE);
    match is_last {
        true => atomic::replace(lock, &target, bytes, mode, Expected::Any)?,
        false => atomic::replace_before_another(lock, &target, bytes, mode, Expected::Any)?,
    }
    Ok(())
}
