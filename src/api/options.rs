//! Where a vault of the library is, and how it is judged.

use std::path::PathBuf;
use v_secure_core::vault::pin::CarriedPin;

/// What is accepted of a vault that the state folder does not know. In a project where another vault
/// was accepted, none is, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstUse {
    /// Nothing: the vault must be known in the state folder, at whatever place.
    Refuse,
    /// Whatever is there.
    Accept,
    /// A vault that contains what the pin names.
    Pin(CarriedPin),
}

/// Where a vault is and how it is judged.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project's folder, the one that holds `.v-secure`.
    pub project: PathBuf,
    /// Where pins and the cache of verified files are; without it every call verifies everything.
    pub state: Option<PathBuf>,
    pub first_use: FirstUse,
    /// Whether an older state than one that was accepted, or a secret with several active versions, gives
    /// nothing out, as with `--strict`; an older state is not written either. Without a state folder no state is known to be older.
    pub strict: bool,
    /// Whether calls prune what is due besides, as commands do: where the state folder says that this
    /// is the newest state. A service whose clock somebody else sets does better without.
    pub prune: bool,
    /// Whether every call reads the closed history and takes no checkpoint's word, as commands do with
    /// `V_SECURE_HISTORY=full`. Without it `store` and `retrieve` read it only where the file cannot tell.
    pub whole_history: bool,
}

impl Options {
    /// A vault in `project`, without memory, accepted only if it holds `pin`.
    pub fn pinned(project: impl Into<PathBuf>, pin: CarriedPin) -> Self {
        Self {
            project: project.into(),
            state: None,
            first_use: FirstUse::Pin(pin),
            strict: false,
            prune: false,
            whole_history: false,
        }
    }
}
