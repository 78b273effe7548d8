//! `v-secure recovery test`: whether a recovery identity opens everything that it should, today.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy::count;
use crate::cli::people::recovery;
use crate::engine::door::Purpose;
use clap::Args;
use std::path::PathBuf;
use v_secure_core::people::recovery as ops;
use v_secure_core::people::recovery::Trial;
use v_secure_core::report::view::recovery::RecoveryTestView;
use v_secure_core::vault::Depth;
use v_secure_core::vault::unlock::Unlocked;

/// Test whether a recovery identity opens everything, without changing anything
#[derive(Debug, Args)]
#[command(
    after_help = "Opens every value and the signing key with it, and shows none. Do it once after it was made, and once \
                        a year: exit 0 if it opens everything, 3 if not.\n\n\
                        Examples:\n  v-secure recovery test\n  v-secure recovery test --words\n  \
                        v-secure recovery test /media/stick/shop-recovery.txt"
)]
pub struct Test {
    /// A file with the identity or its words; '-' for standard input; asked for if it is left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Ask for the 24 words
    #[arg(long, conflicts_with = "file")]
    words: bool,
}

impl Test {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let vault = &opened.vault;
        let identity = recovery::read(context, self.file.as_deref(), self.words)?;
        let recipient = identity.recipient();
        let who = Unlocked::new(vault, vec![identity]).map_err(|_| {
            let message =
                format!("this identity opens nothing here: {recipient} belongs to no member");
            Failure::new(Code::Recovery, message).hint("v-secure recovery new, for one that does")
        })?;
        let trial = ops::trial(vault, &who);
        if !trial.faults.is_empty() {
            return Err(refusal(&who, &trial));
        }
        if context.ui.json {
            let (member, recipient, opened) = (who.member(), recipient.as_str(), trial.opened);
            return context.ui.object(&RecoveryTestView { member, recipient, opened });
        }
        context.ui.line(&format!(
            "ok: {} opens everything ({}) and can sign",
            who.member(),
            count(trial.opened)
        ))
    }
}

fn refusal(who: &Unlocked, trial: &Trial) -> Failure {
    let message = format!("{} does not open everything with this identity", who.member());
    let mut failure = Failure::new(Code::Recovery, message);
    let faults = trial.faults.iter().take(5);
    for fault in faults {
        failure = failure.because(fault);
    }
    failure.hint("v-secure access settle").hint("v-secure recovery new, for one that does")
}
