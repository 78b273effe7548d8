//! Writes reads down, as the signed setting `reads` says: `off`, `best-effort` (the default) or
//! `required`, where a value is not given out unless the journal has it.

use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use crate::name::SecretName;
use crate::ops::unlock::Unlocked;
use crate::ops::vault::Vault;
use crate::policy::settings::Reads;
use crate::store::journal::{self, ReadRecord};
use crate::store::session::Session;
use crate::vault::text::{MAX_REASON, check_text};

/// What is read, by whom, for what.
pub struct Reading<'a> {
    pub who: &'a Unlocked,
    pub action: &'a str,
    pub environment: &'a str,
    pub secrets: &'a [SecretName],
    pub reason: Option<&'a str>,
}

/// Writes a read down before its values leave this process, and says which of them were opened by
/// another wrap than the one in force.
pub fn record(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    reading: Reading<'_>,
) -> Outcome {
    for secret in reading.who.take_fallen_back() {
        context.ui.note(&format!(
            "the key in force for {secret} does not open it, and an older one did: 'v-secure access settle' mends that"
        ));
    }
    let reason = reading.reason.unwrap_or_default();
    check_text(reason, MAX_REASON).map_err(|error| {
        Failure::usage("bad-reason", "the reason cannot be stored").because(&error)
    })?;
    let mode = vault.policy().settings().reads();
    if mode == Reads::Off {
        return Ok(());
    }
    let record = ReadRecord {
        ts: context.host.now(),
        actor: reading.who.member(),
        action: reading.action,
        environment: reading.environment,
        secrets: reading.secrets,
        reason,
    };
    let written =
        journal::append(session.state.as_deref(), session.owners, &session.place(), record);
    match (written, mode) {
        (Err(error), Reads::Required) => Err(Failure::new(
            Exit::NotPermitted,
            "journal",
            "this vault gives values only where reads can be written down",
        )
        .because(&error)
        .hint("give v-secure a state folder that it can write to (HOME, XDG_STATE_HOME)")),
        _ => Ok(()),
    }
}
