//! `pin accept`, `pin show`.

use crate::file::request::fingerprint_words;
use crate::policy::chain::Chain;
use crate::vault::pin::CarriedPin;
use serde::Serialize;

#[derive(Serialize)]
pub struct PinShowView {
    pub pin: String,
    /// Of the vault: it never changes.
    pub fingerprint: String,
    /// Of the newest policy entry.
    pub policy_fingerprint: String,
    pub entries: usize,
    /// Whether this device has accepted the vault.
    pub accepted: bool,
}

impl PinShowView {
    pub fn of(chain: &Chain, accepted: bool) -> Self {
        Self {
            pin: CarriedPin::of(chain).to_string(),
            fingerprint: fingerprint_words(&chain.vault_id()),
            policy_fingerprint: fingerprint_words(&chain.head()),
            entries: chain.len(),
            accepted,
        }
    }
}

#[derive(Serialize)]
pub struct PinAcceptView {
    pub fingerprint: String,
    pub policy_fingerprint: String,
    pub entries: usize,
    /// Whether something else had been accepted, or nothing.
    pub changed: bool,
    pub given_up: GivenUpView,
}

/// What a device knew of a vault and no longer asks for.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GivenUpView {
    /// Of the policy, which is known by the vault: for every clone on this device.
    pub policy_entries: usize,
    /// Of the log, whose heads are known by the place: here alone.
    pub log_entries: usize,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("pin-accept", accepted), ("pin-show", shown)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn accepted() -> Vec<Value> {
        vec![json(&PinAcceptView {
            fingerprint: fingerprint_words(&ID),
            policy_fingerprint: fingerprint_words(&ID),
            entries: 3,
            changed: true,
            given_up: GivenUpView { policy_entries: 0, log_entries: 1 },
        })]
    }

    fn shown() -> Vec<Value> {
        vec![json(&PinShowView {
            pin: "v-secure-pin-1…".into(),
            fingerprint: fingerprint_words(&ID),
            policy_fingerprint: fingerprint_words(&ID),
            entries: 3,
            accepted: false,
        })]
    }
}
