//! `v-secure unlock`: keeps the opened keys in the memory of a keyring, for a time.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::{self, session};
use crate::engine::door::Purpose;
use crate::store::keyring::session::Item;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::report::view::cause::cause;
use v_secure_core::report::view::unlock::UnlockView;
use v_secure_core::vault::Depth;
use v_secure_core::vault::session_keys;
use v_secure_core::vault::session_keys::{LONGEST, Term};

/// Keep the vault unlocked for a while, so that nothing is asked for again
#[derive(Debug, Args)]
#[command(
    after_help = "The keys go into the memory of the kernel, else into the OS keyring, never \
                        into a file. They are gone after that time, after 'v-secure lock', when \
                        the machine is switched off, and when the policy \
                        gives an audience new keys or takes yours away. Programs that run as you can read them.\n\n\
                        Examples:\n  v-secure unlock\n  v-secure unlock --for 15m\n  v-secure --identity KEY unlock --for 7d"
)]
pub struct Unlock {
    /// How long, at most 7d
    #[arg(long = "for", value_name = "SPAN", default_value = "8h")]
    span: String,
}

impl Unlock {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let seconds = span(&self.span)?;
        let (_, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let vault = &opened.vault;
        let by = unlocking::unlock_anew(context, vault)?;
        let now = context.host.now();
        let until = now.saturating_add(seconds);
        let gathered = session_keys::gather(vault, &by.who, Term { since: now, until })?;
        let item = Item { vault: &vault.id(), text: &gathered.text, now, until };
        let keyring = session::store(context).keep(item).map_err(session::failure)?;
        let report = UnlockView {
            vault: &vault.file().header.name,
            member: by.who.member(),
            unlocked_by: &by.way,
            keyring,
            until: duration::rfc3339(until),
            seconds,
            closed: gathered.closed.iter().map(|error| cause(error)).collect(),
        };
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.note(&format!(
            "{} is open for {} until {} ({}), in the {keyring}; 'v-secure lock' ends it",
            report.vault,
            report.member,
            report.until,
            duration::relative(until, now)
        ));
        for why in &report.closed {
            context.ui.warn(&format!("not kept: {why}; 'v-secure doctor' says what helps"));
        }
        Ok(())
    }
}

fn span(text: &str) -> Outcome<u64> {
    let seconds = duration::parse_span(text)
        .map_err(|error| times::refuse("--for", Takes::Duration, &error))?;
    if seconds > LONGEST {
        return Err(Failure::new(Code::BadTime, "a vault stays open for 7 days at most")
            .hint("v-secure unlock --for 7d"));
    }
    Ok(seconds)
}
