//! `v-secure pin accept`: replaces what this device has accepted by what the vault is now.

use crate::cli::compare::CompareArgs;
use crate::cli::context::{Context, pin_failure};
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::crypto::bytes::Id;
use crate::ops::pin::{self, Standing};
use crate::ops::vault::Depth;
use crate::policy::entry::PolicyEntry;
use crate::store::pins::{HeldPin, PinError, Pins};
use crate::store::session::Session;
use crate::vault::request::fingerprint_words;
use clap::Args;
use serde::Serialize;

/// Accept the vault as it is now, in place of what was accepted here before
#[derive(Debug, Args)]
#[command(
    after_help = "Compare the policy fingerprint first with what 'v-secure pin show' says on the device of somebody \
                        you trust, over a way that nobody else can write to.\n\n\
                        Examples:\n  v-secure pin accept\n  v-secure pin accept --fingerprint 'zoo abandon …'"
)]
pub struct Accept {
    #[command(flatten)]
    compare: CompareArgs,
}

#[derive(Serialize)]
struct Report {
    fingerprint: String,
    policy_fingerprint: String,
    entries: usize,
    /// Whether something else had been accepted, or nothing.
    changed: bool,
}

impl Accept {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        if session.state.is_none() {
            return Err(no_state());
        }
        // Judged as a stranger would: what was accepted before is what is in question.
        let stranger = Session { state: None, carried: None, ..session.clone() };
        let opened = stranger.open(Depth::Everything)?;
        let chain = opened.vault.chain();
        if pin::judge(chain.ids(), None, session.carried.as_ref()) == Standing::CarriedMissing {
            return Err(carried(&session));
        }
        let held = held(context, &session)?;
        let ids: Option<Vec<Id>> = held
            .as_ref()
            .map(|held| held.chain.iter().map(|l| PolicyEntry::id_of_line(l)).collect());
        let standing = pin::judge(chain.ids(), ids.as_deref(), None);
        let (vault, head) =
            (fingerprint_words(&chain.vault_id()), fingerprint_words(&chain.head()));
        if standing != Standing::Continues {
            tell(context, ids.as_deref(), (&vault, &head, chain.len()));
            let mut right = vec![head.clone()];
            // A policy that parted from the accepted one has the same vault's fingerprint.
            if matches!(standing, Standing::Unknown | Standing::OtherVault { .. }) {
                right.push(vault.clone());
            }
            self.compare.check(context, &right, "Accept what is in the repository now?")?;
        }
        session.accept(&opened.vault)?;
        let report = Report {
            fingerprint: vault,
            policy_fingerprint: head,
            entries: chain.len(),
            changed: standing != Standing::Continues,
        };
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.note(if report.changed { "accepted" } else { "this was accepted already" });
        Ok(())
    }
}

/// What was accepted here, as far as it can be read.
fn held(context: &Context<'_>, session: &Session) -> Outcome<Option<HeldPin>> {
    match Pins::new(session.state.as_deref(), session.owners).load(&session.place()) {
        Ok(held) => Ok(held),
        Err(error @ PinError::Damaged { .. }) => {
            context.ui.warn(&error.to_string());
            Ok(None)
        }
        Err(error) => Err(crate::store::session::SessionError::Pin(error).into()),
    }
}

fn tell(context: &Context<'_>, before: Option<&[Id]>, now: (&str, &str, usize)) {
    let ui = &context.ui;
    let show = |label: &str, vault: &str, head: &str, entries: usize| {
        ui.note(&format!("{label:<9} vault   {vault}"));
        ui.note(&format!("{:<9} policy  {head} ({entries} entries)", ""));
    };
    match before {
        Some(ids @ [first, .., last]) => {
            show("accepted", &fingerprint_words(first), &fingerprint_words(last), ids.len());
        }
        Some([only]) => show("accepted", &fingerprint_words(only), &fingerprint_words(only), 1),
        _ => ui.note("accepted  nothing yet"),
    }
    show("now", now.0, now.1, now.2);
}

fn carried(session: &Session) -> Failure {
    let mut failure = pin_failure(&Standing::CarriedMissing, &session.location.vault);
    failure.hints = vec![
        "the pin in V_SECURE_PIN or in the identity says otherwise, and is not ours to change"
            .into(),
    ];
    failure
}

fn no_state() -> Failure {
    Failure::new(Exit::Failure, "no-state", "there is no state folder to remember anything in")
        .hint("give the pin that 'v-secure pin show' prints in V_SECURE_PIN")
}
