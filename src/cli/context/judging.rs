//! What a command makes of the pins: what is asked, said, refused and remembered of a vault that was opened.

use super::{Context, Purpose};
use crate::cli::error::{Failure, Outcome};
use crate::cli::first_use::{self, Source};
use crate::cli::lost;
use crate::cli::pin_failures::{WHY_MISSING, discarded_entries, missing_entries, older};
use crate::engine::lost::Lost;
use crate::engine::session::{Opened, Session, SessionError};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::vault::pin::Standing;

impl Context<'_> {
    /// Judges what the pins say of a vault, and remembers what is accepted.
    pub fn judge(&self, session: &Session, opened: &Opened, purpose: Purpose) -> Outcome {
        if self.is_judged_by_policy(session, opened, purpose)? {
            return Ok(());
        }
        let missing = session.missing_heads(opened);
        let goes_on = opened.pin == Standing::Continues;
        match (missing.is_empty(), purpose) {
            (true, _) if goes_on => session.note_current(),
            (false, Purpose::UseNewest) => return Err(refused(session, opened, &missing)),
            (false, _) if goes_on => {
                if !self.is_told_as_discarded(session, opened, &missing) {
                    self.tell_missing(session, opened, &missing);
                }
                // A place that is new is one all the same, which lacks what the others have.
                if !opened.is_first_here() {
                    return Ok(());
                }
            }
            _ => {}
        }
        self.keep(session, opened)
    }

    /// Judges the policy chain; true where there is nothing more to judge, or to remember.
    fn is_judged_by_policy(
        &self,
        session: &Session,
        opened: &Opened,
        purpose: Purpose,
    ) -> Outcome<bool> {
        let fits = matches!(opened.pin, Standing::Continues | Standing::Prefix { .. });
        if fits
            && opened.is_new_here
            && (purpose == Purpose::Look || self.agrees(session, opened)?)
        {
            return Ok(true);
        }
        match (&opened.pin, purpose) {
            (Standing::Continues, _) => Ok(false),
            (Standing::Prefix { seen, accepted }, Purpose::UseNewest) => {
                let lost = lost::of(session, opened);
                let failure = older(&lost::older(*seen, *accepted, lost.as_ref()));
                let is_discarded = lost.as_ref().is_some_and(Lost::is_discarded);
                let demoted = session.demoted(opened).unwrap_or_default();
                let again = lost.as_ref().and_then(|lost| lost::again(lost, &demoted));
                let mut failure = given_up(failure, is_discarded);
                failure.causes.extend(lost::demotions(&demoted));
                failure.hints.extend(again.filter(|_| is_discarded));
                Err(failure)
            }
            (Standing::Prefix { seen, accepted }, _) => {
                let text = self.older(session, opened, *seen, *accepted);
                self.tell(session, &format!("policy {seen}/{accepted}"), &text);
                Ok(false)
            }
            (Standing::Unknown, Purpose::Look) => Ok(true),
            (Standing::Unknown, Purpose::Use | Purpose::UseNewest) => self.agrees(session, opened),
            _ => Err(lost::refusal(session, opened)),
        }
    }

    /// Remembers what was accepted.
    fn keep(&self, session: &Session, opened: &Opened) -> Outcome {
        match session.remember(opened) {
            // A home folder that cannot be written is no reason to withhold what was just verified.
            Err(SessionError::Pin(error)) if error.is_of_storage() => self.unrecorded(&error),
            result => result?,
        }
        Ok(())
    }

    /// The words for an older state, found out once a command.
    fn older(&self, session: &Session, opened: &Opened, seen: usize, accepted: usize) -> String {
        let key = (seen, accepted);
        if let Some((known, text)) = self.older.borrow().as_ref()
            && *known == key
        {
            return text.clone();
        }
        let lost = if self.ui.is_muted() { None } else { lost::of(session, opened) };
        let text =
            format!("this is an older state: {}", lost::older(seen, accepted, lost.as_ref()));
        *self.older.borrow_mut() = Some((key, text.clone()));
        text
    }

    /// Says once, and warns of nothing, where what is missing was thrown away before it was committed.
    fn is_told_as_discarded(&self, session: &Session, opened: &Opened, missing: &[Id]) -> bool {
        let ids: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let state = format!("discarded {}", ids.join(" "));
        if session.was_told(&state) {
            return true;
        }
        let is_discarded = !self.ui.is_muted()
            && session.is_discarded(&opened.vault.id(), missing).unwrap_or(false);
        if is_discarded && session.is_new_to_tell(&state) {
            self.ui.note(&discarded_entries(missing.len()));
        }
        is_discarded
    }

    /// Warns of log entries that are missing: where they still are, or what ends it.
    fn tell_missing(&self, session: &Session, opened: &Opened, missing: &[Id]) {
        let still = session.still_at(&opened.vault.id(), missing).ok().flatten();
        let entries = missing_entries(missing.len());
        let text = match still {
            Some(path) => format!(
                "{entries}; {} has what is lacking, which a pull or a merge brings here",
                path.display()
            ),
            None => format!(
                "{entries} ({WHY_MISSING}): 'v-secure audit verify --base origin/main' tells whether \
                 anything that was published is gone; if not, 'v-secure pin accept' ends this warning"
            ),
        };
        let state: Vec<String> = missing.iter().map(ToString::to_string).collect();
        self.tell(session, &state.join(" "), &text);
    }

    /// Warns of an older state: where that is what a worktree is for, once.
    fn tell(&self, session: &Session, state: &str, text: &str) {
        let known = self.warned.borrow().contains(text);
        if !known && !self.ui.is_muted() && session.is_news(state) {
            self.warn_once(text);
        }
    }

    /// Whether this command's user has agreed to the vault before; asks where that is not so.
    fn agrees(&self, session: &Session, opened: &Opened) -> Outcome<bool> {
        let chain = opened.vault.chain().ids();
        if *self.agreed.borrow() == chain {
            return Ok(true);
        }
        first_use::ask(self, session, opened, Source::Place)?;
        *self.agreed.borrow_mut() = chain.to_vec();
        Ok(false)
    }
}

/// Why a log that lacks what was seen gives nothing to who wants the newest.
fn refused(session: &Session, opened: &Opened, missing: &[Id]) -> Failure {
    match session.is_discarded(&opened.vault.id(), missing).unwrap_or(false) {
        true => given_up(older(&discarded_entries(missing.len())), true),
        false => older(&missing_entries(missing.len())).hint(lost::GIVE_UP),
    }
}

/// Of a change that was thrown away no branch has more.
fn given_up(mut failure: Failure, is_discarded: bool) -> Failure {
    if is_discarded {
        failure.hints = vec![lost::GIVE_UP.to_owned()];
    }
    failure
}
