//! What `edit` and `secret edit` share: going on where an edited text cannot be written, and the
//! journal of reads.

use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::conflicts;
use crate::engine::session::Session;
use v_secure_core::name::SecretName;
use v_secure_core::secret::edit_buffer::SheetError;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

impl From<SheetError> for Failure {
    fn from(error: SheetError) -> Self {
        match error {
            SheetError::Put(error) => error.into(),
            SheetError::Remove(error) => error.into(),
            SheetError::Moved { .. } => Self::from_error(Code::EditedMeanwhile, &error),
        }
    }
}

/// What is to be done with a text that was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The editor opens it again.
    Again,
    /// It is written over what changed meanwhile.
    Force,
}

/// Asks what to do with the text after a failure. Where nobody can be asked the failure stands, and
/// says that the text is gone.
pub fn next(context: &Context<'_>, failure: Failure, again: &str) -> Outcome<Next> {
    let (exit, code) = (failure.exit, failure.code);
    if !context.interactive() {
        return Err(failure.hint(format!("{again}, once more: the edited text was not kept")));
    }
    context.ui.failure(&match failure.hints.is_empty() {
        true => failure.hint("fix it in the editor, or leave everything as it is"),
        false => failure,
    });
    let (question, default, next) = match code {
        Code::EditedMeanwhile => {
            ("Overwrite what is there now with your text?", false, Next::Force)
        }
        _ => ("Open the editor again with your text?", true, Next::Again),
    };
    match confirm(context, question, default)? {
        true => Ok(next),
        false => Err(Failure::new(code, "nothing was changed, and the text is dropped")
            .with_exit(exit)
            .hint(again)),
    }
}

/// Writes a text, and where that fails asks what to do. `None` says that the editor is to open it
/// again; `write` is told whether it is to win over what changed meanwhile.
pub fn write<T>(
    context: &Context<'_>,
    again: &str,
    mut write: impl FnMut(bool) -> Outcome<T>,
) -> Outcome<Option<T>> {
    let failure = match write(false) {
        Ok(written) => return Ok(Some(written)),
        Err(failure) => failure,
    };
    match next(context, failure, again)? {
        Next::Force => write(true).map(Some),
        Next::Again => Ok(None),
    }
}

pub(crate) fn confirm(context: &Context<'_>, question: &str, default: bool) -> Outcome<bool> {
    context.ui.confirm(question, default)
}

/// Writes down what goes to the editor.
pub fn record(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    who: &Unlocked,
    (environment, secrets, reason): (&str, &[SecretName], Option<&str>),
) -> Outcome {
    conflicts::tell(context, vault, secrets);
    let reading = Reading { who, action: "edit", environment, secrets, reason };
    reads::record(context, session, vault, reading)
}
