//! Asking before what cannot be undone: a question on a terminal, `--yes` elsewhere.

use super::error::{Failure, Outcome};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use clap::Args;

#[derive(Debug, Clone, Args)]
pub(crate) struct ConfirmArgs {
    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,
}

impl ConfirmArgs {
    /// Whether nothing is to be asked.
    pub(crate) fn is_given(&self) -> bool {
        self.yes
    }

    /// Goes on only if the user means it.
    pub fn check(&self, context: &Context<'_>, question: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if !context.interactive() {
            let mut failure = Failure::new(
                Code::NotConfirmed,
                "this needs confirmation, and there is no terminal: nothing was changed",
            );
            failure.causes.push(format!("it asks: {question}"));
            return Err(failure.hint("--yes, to do it without being asked"));
        }
        let answer = context.ui.confirm(question, false)?;
        match answer {
            true => Ok(()),
            false => Err(Failure::new(Code::Declined, "nothing was changed")),
        }
    }
}
