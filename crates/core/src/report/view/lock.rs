//! `lock`.

use crate::crypto::id::VaultId;
use serde::Serialize;

#[derive(Serialize)]
pub struct LockView {
    /// The ids of the vaults that were open.
    pub locked: Vec<VaultId>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("lock", locked)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn locked() -> Vec<Value> {
        vec![
            json(&LockView { locked: vec![VaultId(ID.0)] }),
            json(&LockView { locked: Vec::new() }),
        ]
    }
}
