//! `v-secure pin accept`: replaces what this device has accepted by what the vault is now.

use super::given_up::GivenUp;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::lost;
use crate::cli::error::pin_failures::pin_failure;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::compare::CompareArgs;
use crate::engine::session::{Session, SessionError};
use crate::store::state::pins::{AcceptedChain, KnownVault};
use clap::Args;
use v_secure_core::crypto::id::{PolicyId, VaultId};
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::report::view::pin::PinAcceptView;
use v_secure_core::vault::pin;
use v_secure_core::vault::pin::{Facts, Neighbour, PinStatus};
use v_secure_core::vault::{Depth, Vault};

/// Accept the vault as it is now, in place of what was accepted here before
#[derive(Debug, Args)]
#[command(
    after_help = "Compare the fingerprint first with what 'v-secure pin show' says on the device of a colleague you \
                        trust, over a way that nobody else can write to. First use: the vault's words. Otherwise: the \
                        policy's.\n\n\
                        Examples:\n  v-secure pin accept\n  v-secure pin accept --fingerprint 'zoo abandon …'"
)]
pub struct Accept {
    #[command(flatten)]
    compare: CompareArgs,
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
        let carried = session.carried.as_ref().map(|carried| &carried.pin);
        let carried = Facts { carried, ..Facts::default() };
        if pin::judge(chain.ids(), &carried) == PinStatus::CarriedMissing {
            return Err(carried_failure(&session));
        }
        let known = known(context, &session, &chain.vault_id())?;
        let judge = |facts: &Facts<'_>| pin::judge(chain.ids(), &Facts { carried: None, ..*facts });
        let standing = session.judge(&known, judge).map_err(SessionError::Pin)?;
        let (vault, head) =
            (fingerprint_words(&chain.vault_id()), fingerprint_words(&chain.head()));
        let given_up = GivenUp::of(&known, &opened.vault).map_err(SessionError::Pin)?;
        let lost = session.lost_of(&standing, &known).ok().flatten();
        given_up.warn(context, lost.as_ref());
        let demoted = session.demoted_by(&opened.vault, &known).unwrap_or_default();
        lost::demotions(&demoted).iter().for_each(|text| context.ui.warn(text));
        let changed = standing != PinStatus::Continues || !given_up.is_nothing();
        if changed {
            match standing {
                PinStatus::Continues => {
                    let missing = given_up.log_entries();
                    tell_same(context, &session, &known, &opened.vault, missing)?;
                }
                _ => tell(context, &before(&session, &known)?, (&vault, &head, chain.len())),
            }
            let right = fingerprints(&standing, &vault, &head);
            self.compare.check(context, &right, given_up.question())?;
        } else {
            // Nothing is given up, so the vault's own words are right too: a script may state them each time.
            self.compare.check_stated(&[vault.clone(), head.clone()])?;
        }
        session.accept(&opened.vault)?;
        let report = PinAcceptView {
            fingerprint: vault,
            policy_fingerprint: head,
            entries: chain.len(),
            changed,
            given_up: given_up.view(),
        };
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.note(if report.changed { "accepted" } else { "this was accepted already" });
        given_up.tell(context);
        if let Some(again) = lost.as_ref().and_then(|lost| lost::again(lost, &demoted)) {
            context.ui.note(&again);
        }
        Ok(())
    }
}

/// The fingerprints of which one must be stated. What is older than the accepted state, or diverged from it,
/// has the fingerprint of the same vault: only the policy's tells them apart.
fn fingerprints(standing: &PinStatus, vault: &str, head: &str) -> Vec<String> {
    let is_known = matches!(
        standing,
        PinStatus::Continues | PinStatus::Prefix { .. } | PinStatus::Diverged { .. }
    );
    let vault = Some(vault).filter(|_| !is_known);
    [head].into_iter().chain(vault).map(str::to_owned).collect()
}

/// What bears on the vault here, as far as it can be read.
fn known(context: &Context<'_>, session: &Session, vault: &VaultId) -> Outcome<KnownVault> {
    match session.known(vault) {
        Ok(known) => Ok(known),
        Err(error) if error.is_mended_by_accepting() => {
            context.ui.warn(&error.to_string());
            Ok(KnownVault::default())
        }
        Err(error) => Err(SessionError::Pin(error).into()),
    }
}

/// What was accepted before.
enum Before {
    Nothing,
    /// The chain of what was accepted here, or of this vault elsewhere.
    Chain(Vec<PolicyId>),
    /// The vault of the project that this place is new in.
    Around(Neighbour),
    /// A vault of whose chain nothing can be read.
    Vault(VaultId),
}

fn before(session: &Session, known: &KnownVault) -> Outcome<Before> {
    let chain = match (&known.here, known.around.first()) {
        (Some(here), _) => match session.known(&here.vault) {
            Ok(known) => known.chain,
            Err(_) => return Ok(Before::Vault(here.vault)),
        },
        (None, Some(neighbour)) => return Ok(Before::Around(neighbour.clone())),
        (None, None) => known.chain.clone(),
    };
    let ids = chain.as_ref().map(AcceptedChain::ids).transpose().map_err(SessionError::Pin)?;
    Ok(ids.map_or(Before::Nothing, Before::Chain))
}

/// Where the accepted policy is there, whole, the log alone is what differs. New of it is what this device
/// has not seen to count.
fn tell_same(
    context: &Context<'_>,
    session: &Session,
    known: &KnownVault,
    vault: &Vault,
    missing: usize,
) -> Outcome {
    let chain = vault.chain();
    let policy = format!("{} ({} entries)", fingerprint_words(&chain.head()), chain.len());
    context.ui.note_wrapped("policy  ", 8, &policy);
    let accepted = known.chain.as_ref().map(AcceptedChain::ids).transpose();
    let accepted = accepted.map_err(SessionError::Pin)?.map_or(0, |ids| ids.len());
    let added = chain.len().saturating_sub(accepted);
    let same = match added {
        0 => "the same policy as was accepted".to_owned(),
        _ => format!("the accepted policy, and {} after it", counted(added, "entry", "entries")),
    };
    let seen = session.ledger(&vault.id()).load().map_err(SessionError::Pin)?;
    let new = vault.file().entries.keys().filter(|id| !seen.0.contains_key(*id)).count();
    let is = |count: usize| if count == 1 { "is" } else { "are" };
    context.ui.note(&format!(
        "{same}; {} {} new here, {missing} {} missing",
        counted(new, "log entry", "log entries"),
        is(new),
        is(missing),
    ));
    Ok(())
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn tell(context: &Context<'_>, before: &Before, now: (&str, &str, usize)) {
    let ui = &context.ui;
    let is_same_vault = matches!(
        before,
        Before::Chain(ids) if ids.first().is_some_and(|id| fingerprint_words(id) == now.0)
    );
    let show = |label: &str, vault: &str, head: &str, entries: usize| {
        let policy = format!("{head} ({entries} entries)");
        if is_same_vault {
            return ui.note_wrapped(&format!("{label:<9} policy  "), 18, &policy);
        }
        ui.note_wrapped(&format!("{label:<9} vault   "), 18, vault);
        ui.note_wrapped(&format!("{:<9} policy  ", ""), 18, &policy);
    };
    match before {
        Before::Chain(ids) => match (ids.first(), ids.last()) {
            (Some(first), Some(last)) => {
                show("accepted", &fingerprint_words(first), &fingerprint_words(last), ids.len());
            }
            _ => ui.note("accepted  nothing yet"),
        },
        Before::Around(known) => {
            ui.note("accepted in this project:");
            ui.note_wrapped(&format!("{:<9} vault   ", ""), 18, &fingerprint_words(&known.vault));
            ui.note(&format!("{:<9} {} in {}", "", known.name, known.path));
        }
        Before::Vault(id) => {
            ui.note_wrapped("accepted  vault   ", 18, &fingerprint_words(id));
        }
        Before::Nothing => ui.note("accepted  nothing yet"),
    }
    show("now", now.0, now.1, now.2);
}

fn carried_failure(session: &Session) -> Failure {
    let mut failure = pin_failure(&PinStatus::CarriedMissing, &session.location.vault);
    failure.hints = vec![
        "the pin in V_SECURE_PIN or in the identity names another state, and 'pin accept' cannot change it"
            .into(),
    ];
    failure
}

fn no_state() -> Failure {
    Failure::new(Code::NoState, "there is no state folder to keep the pin in")
        .hint("give the pin that 'v-secure pin show' prints in V_SECURE_PIN")
}
