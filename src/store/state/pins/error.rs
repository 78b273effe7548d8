//! Why what this device knows of vaults was not read or written.

use crate::store::file::error::WriteError;
use crate::store::file::lock::LockError;
use crate::store::file::private::PrivateError;
use std::io;
use std::path::PathBuf;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::record::line::LineError;

/// Why a pin was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    #[error(
        "the pin {file} is damaged, so nothing tells whether {vault} is the vault accepted before; \
         compare its fingerprint with a colleague's, then run 'v-secure pin accept'"
    )]
    Damaged { file: PathBuf, vault: PathBuf, source: PinDamage },
    #[error(
        "the pin {file} is of an earlier v-secure (pin format {format}), which this one does not \
         read, so nothing tells whether {vault} is the vault accepted before; compare its \
         fingerprint with a colleague's, then run 'v-secure pin accept'"
    )]
    Older { file: PathBuf, vault: PathBuf, format: u32 },
    #[error("the pin {file} was written by a newer v-secure (pin format {format}); use that one")]
    Newer { file: PathBuf, format: u32 },
    /// A pin of another place, which may be one of this project.
    #[error(
        "the pin {file} cannot be read, so nothing tells whether another vault than {vault} was \
         accepted in this project; run 'v-secure pin accept' in the project that it is about{about}, \
         or remove it if that is gone"
    )]
    Around { file: PathBuf, vault: PathBuf, about: String, source: PinDamage },
    /// Two processes accepted different chains; the second is not written.
    #[error(
        "the pin {file} holds another policy chain for {vault}; if this one is the right one, run \
         'v-secure pin accept'"
    )]
    Differs { file: PathBuf, vault: PathBuf },
    /// A caller's mistake: what could not be read again is not written.
    #[error("this cannot be a pin")]
    Unfit(#[source] PinDamage),
    #[error("the folder of pins {path} cannot be listed")]
    List { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("cannot add to {path}")]
    Append { path: PathBuf, source: io::Error },
}

impl PinError {
    /// Whether the disk or its permissions are in the way, and not what the pin says.
    pub(crate) fn is_of_storage(&self) -> bool {
        matches!(self, Self::Private(_) | Self::Lock(_) | Self::Write(_) | Self::Append { .. })
    }

    /// Whether accepting the vault anew puts right what is wrong with the pin of its place.
    pub(crate) fn is_mended_by_accepting(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Older { .. } | Self::Around { .. })
    }
}

/// What is wrong with a pin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinDamage {
    #[error("it is {len} bytes long; at most {limit} are read")]
    TooLarge { len: u64, limit: u64 },
    #[error("it is not text")]
    NotText,
    #[error("it is not one whole line")]
    NotALine,
    #[error(transparent)]
    Line(LineError),
    #[error("it is of pin format {format}")]
    Format { format: u32 },
    #[error("its policy chain does not begin with the genesis of vault {vault}")]
    NotItsGenesis { vault: VaultId },
    #[error("the policy chain that was accepted is gone")]
    Gone,
}
