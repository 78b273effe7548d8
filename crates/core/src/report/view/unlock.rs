//! `unlock`.

use crate::name::Name;
use serde::Serialize;

#[derive(Serialize)]
pub struct UnlockView<'a> {
    pub vault: &'a Name,
    pub member: &'a Name,
    /// What was used to unlock it now.
    pub unlocked_by: &'a str,
    /// `kernel keyring` or `OS keyring`.
    pub keyring: &'static str,
    pub until: String,
    pub seconds: u64,
    /// Why some keys that should have opened are not kept.
    pub closed: Vec<String>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::duration::rfc3339;
    use crate::report::view::testing::{Examples, hold, json, name};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("unlock", unlocked)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn unlocked() -> Vec<Value> {
        let (vault, member) = (&name("shop"), &name("admin"));
        let view = |keyring| {
            json(&UnlockView {
                vault,
                member,
                unlocked_by: "identity.txt",
                keyring,
                until: rfc3339(UnixTime::from_secs(1_800_000_000)),
                seconds: 60,
                closed: vec!["no identity at hand opens this age file".into()],
            })
        };
        vec![view("kernel keyring"), view("OS keyring")]
    }
}
