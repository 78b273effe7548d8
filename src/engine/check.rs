//! Full verification of bytes as the vault of a place: from the record of an earlier one where
//! there is one, and otherwise in full.

use super::known;
use super::session::{OpenedVault, Session, SessionError};
use v_secure_core::report::verified::Verified;
use v_secure_core::vault::Depth;
use v_secure_core::vault::pin::PinStatus;

/// Bytes that passed.
#[derive(Debug)]
pub struct Check {
    /// Its findings are there, warnings and notices alone.
    pub record: Verified,
    pub pin: PinStatus,
    /// Log heads that were accepted here and are missing.
    pub missing_heads: usize,
    /// `None` where the record alone gave the answer.
    pub opened: Option<OpenedVault>,
}

/// Verifies `bytes`. With `open`, the vault is parsed even where the record would do.
///
/// # Errors
/// [`SessionError::Open`] holds everything that was found in bytes that do not pass.
pub fn check(session: &Session, bytes: &[u8], open: bool) -> Result<Check, SessionError> {
    let known = session.verified(bytes).filter(|record| record.is_whole_at(session.now));
    let Some(record) = known else {
        let opened = session.verify_bytes(bytes)?;
        return Ok(of(session, known::verified(&opened.vault, session.now), opened));
    };
    if !open
        && !record.has_void()
        && let Some(pin) = session.settled(&record)?
    {
        return Ok(Check { record, pin, missing_heads: 0, opened: None });
    }
    let opened = session.open_bytes(bytes, Depth::Everything)?;
    Ok(of(session, record, opened))
}

fn of(session: &Session, record: Verified, opened: OpenedVault) -> Check {
    let missing_heads = session.missing_heads(&opened).len();
    Check { record, pin: opened.pin.clone(), missing_heads, opened: Some(opened) }
}
