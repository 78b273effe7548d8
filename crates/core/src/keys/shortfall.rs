//! What a change could not do about keys, and why: it is said, and left to somebody else or to later.
//! Taking rights away never waits for it.

use crate::crypto::envelope::EnvelopeError;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::vault::unlock::KeyError;

/// What the keys that a change brings lack.
#[derive(Debug, Default)]
pub struct Shortfall {
    pub left_out: Vec<LeftOutRecipient>,
    pub skipped: Vec<Skipped>,
    pub closed: Vec<Closed>,
    /// Audiences that the signer could give what they need, in another entry: one holds no more.
    pub later: Vec<AudienceName>,
    /// Audiences whose keys no entry can state: too many recipients cannot be sealed to, or what is
    /// to be stated is too long.
    pub unstatable: Vec<AudienceName>,
}

/// An audience whose new envelope does not hold the keys of all its epochs.
#[derive(Debug)]
pub struct LeftOutRecipient {
    pub audience: AudienceName,
    /// How many epochs' keys it holds, of how many.
    pub held: usize,
    pub of: usize,
    /// Why the former envelope did not give them; `None` if it opened and lacked them.
    pub why: Option<KeyError>,
}

/// A recipient that could not be sealed to, so that what holds it opens nothing of these audiences.
#[derive(Debug)]
pub struct Skipped {
    pub member: Name,
    pub recipient: RecipientText,
    pub audiences: Vec<AudienceName>,
    pub why: EnvelopeError,
}

/// An audience whose envelope should have opened for the signer, and did not, so that its keys stay
/// as they are.
#[derive(Debug)]
pub struct Closed {
    pub audience: AudienceName,
    pub why: KeyError,
}
