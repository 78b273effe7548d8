//! What the keys lack that a change brought.

use super::cause::cause;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::keys::shortfall::{Closed, LeftOutRecipient, Shortfall, Skipped};
use crate::name::Name;
use crate::name::audience::AudienceName;
use serde::Serialize;

/// What could not be done about keys.
#[derive(Debug, Default, Serialize)]
pub struct KeyLacksView {
    /// Audiences whose new envelope does not hold the keys of all epochs.
    pub left_out: Vec<LeftOutAudienceView>,
    /// Recipients that could not be sealed to.
    pub skipped: Vec<SkippedRecipientView>,
    /// Audiences whose envelope should have opened, and did not.
    pub closed: Vec<ClosedEnvelopeView>,
    /// Audiences among those without keys that another entry has room for.
    #[serde(skip)]
    pub later: Vec<AudienceName>,
    /// Audiences among those without keys that no entry can state the keys of.
    #[serde(skip)]
    pub unstatable: Vec<AudienceName>,
}

#[derive(Debug, Serialize)]
pub struct LeftOutAudienceView {
    pub audience: AudienceName,
    pub held: usize,
    pub epochs: usize,
    pub why: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct SkippedRecipientView {
    pub member: Name,
    pub recipient: RecipientText,
    pub audiences: Vec<AudienceName>,
    pub why: String,
}

#[derive(Debug, Serialize)]
pub struct ClosedEnvelopeView {
    pub audience: AudienceName,
    pub why: String,
}

impl From<&Shortfall> for KeyLacksView {
    fn from(short: &Shortfall) -> Self {
        Self {
            left_out: short.left_out.iter().map(LeftOutAudienceView::from).collect(),
            skipped: short.skipped.iter().map(SkippedRecipientView::from).collect(),
            closed: short.closed.iter().map(ClosedEnvelopeView::from).collect(),
            later: short.later.clone(),
            unstatable: short.unstatable.clone(),
        }
    }
}

impl From<&LeftOutRecipient> for LeftOutAudienceView {
    fn from(left: &LeftOutRecipient) -> Self {
        Self {
            audience: left.audience.clone(),
            held: left.held,
            epochs: left.of,
            why: left.why.as_ref().map(|error| cause(error)),
        }
    }
}

impl From<&Skipped> for SkippedRecipientView {
    fn from(left: &Skipped) -> Self {
        Self {
            member: left.member.clone(),
            recipient: left.recipient.clone(),
            audiences: left.audiences.clone(),
            why: cause(&left.why),
        }
    }
}

impl From<&Closed> for ClosedEnvelopeView {
    fn from(left: &Closed) -> Self {
        Self { audience: left.audience.clone(), why: cause(&left.why) }
    }
}

#[cfg(test)]
pub(super) use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::envelope::EnvelopeError;
    use crate::report::view::testing::name;
    use crate::vault::unlock::KeyError;

    /// With everything that there may be, and with nothing.
    pub fn examples() -> [KeyLacksView; 2] {
        let closed =
            || KeyError::NoAudience { audience: AudienceName::new("dev"), able: Vec::new() };
        let left_out =
            |why| LeftOutRecipient { audience: AudienceName::new("dev+ops"), held: 1, of: 3, why };
        let short = Shortfall {
            left_out: vec![left_out(None), left_out(Some(closed()))],
            skipped: vec![Skipped {
                member: name("backend"),
                recipient: RecipientText::new("age1yubikey1x"),
                audiences: vec![AudienceName::new("dev")],
                why: EnvelopeError::NoRecipients,
            }],
            closed: vec![Closed { audience: AudienceName::new("dev"), why: closed() }],
            later: vec![AudienceName::new("qa")],
            unstatable: vec![AudienceName::new("ops")],
        };
        [KeyLacksView::from(&short), KeyLacksView::default()]
    }

    #[test]
    fn what_is_for_the_text_alone_is_not_printed() {
        let [all, _] = examples();
        let printed = serde_json::to_value(&all).unwrap();
        assert_eq!(all.later, ["qa"]);
        assert!(printed.get("later").is_none() && printed.get("unstatable").is_none());
    }
}
