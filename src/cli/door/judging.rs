//! What a command says of a vault that the engine judges: the questions, the remarks and the refusals.

use crate::cli::door::context::Context;
use crate::cli::door::first_use;
use crate::cli::door::first_use::Source;
use crate::cli::error::lost;
use crate::cli::error::pin_failures::{discarded_entries, lacks_takings, missing_entries, older};
use crate::cli::error::{Failure, Outcome};
use crate::engine::door::{Agreed, Refusal};
use crate::engine::lost::Lost;
use crate::engine::session::{OpenedVault, Session};
use v_secure_core::crypto::id::EntryId;

impl Context<'_> {
    /// Whether this command's user has agreed to the vault before; asks where that is not so.
    pub(in crate::cli) fn agrees(
        &self,
        session: &Session,
        opened: &OpenedVault,
    ) -> Outcome<Agreed> {
        let chain = opened.vault.chain().ids();
        if *self.agreed.borrow() == chain {
            return Ok(Agreed::Before);
        }
        first_use::ask(self, session, opened, Source::Place)?;
        *self.agreed.borrow_mut() = chain.to_vec();
        Ok(Agreed::Now)
    }

    /// Warns of an older state.
    pub(in crate::cli) fn tell_older(
        &self,
        session: &Session,
        opened: &OpenedVault,
        lengths: (usize, usize),
    ) {
        let text = self.older(session, opened, lengths);
        self.tell(session, &format!("policy {}/{}", lengths.0, lengths.1), &text);
    }

    /// The words for an older state, found out once a command.
    fn older(&self, session: &Session, opened: &OpenedVault, lengths: (usize, usize)) -> String {
        if let Some((known, text)) = self.older.borrow().as_ref()
            && *known == lengths
        {
            return text.clone();
        }
        let lost = if self.ui.is_muted() { None } else { lost::of(session, opened) };
        let (seen, accepted) = lengths;
        let older = lost::older_in_short(seen, accepted, lost.as_ref());
        let text = format!("this is an older state: {older}");
        *self.older.borrow_mut() = Some((lengths, text.clone()));
        text
    }

    /// Warns of log entries that are missing: where they still are, or what ends it.
    pub(in crate::cli) fn tell_missing(
        &self,
        session: &Session,
        opened: &OpenedVault,
        missing: &[EntryId],
    ) {
        if self.is_told_as_discarded(session, opened, missing) {
            return;
        }
        let still = session.still_at(&opened.vault.id(), missing).ok().flatten();
        let entries = missing_entries(missing.len());
        let text = match still {
            Some(path) => format!(
                "{entries}; {} has what is lacking, which a pull or a merge brings here",
                path.display()
            ),
            None => format!(
                "{entries} (an older branch, or a roll-back): v-secure doctor; 'v-secure pin accept' ends this"
            ),
        };
        let state: Vec<String> = missing.iter().map(ToString::to_string).collect();
        self.tell(session, &state.join(" "), &text);
    }

    /// Says once, and warns of nothing, where what is missing was thrown away before it was committed.
    fn is_told_as_discarded(
        &self,
        session: &Session,
        opened: &OpenedVault,
        missing: &[EntryId],
    ) -> bool {
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

    /// Warns of an older state: where that is what a worktree is for, once.
    fn tell(&self, session: &Session, state: &str, text: &str) {
        let known = self.has_warned(text);
        if !known && !self.ui.is_muted() && session.is_news(state) {
            self.warn_once(text);
        }
    }
}

/// The words for what the engine refuses.
pub(in crate::cli) fn refusal(
    session: &Session,
    opened: &OpenedVault,
    why: &Refusal<'_>,
) -> Failure {
    match why {
        Refusal::Pin => lost::refusal(session, opened),
        Refusal::Older { seen, accepted } => refused_as_older(session, opened, *seen, *accepted),
        Refusal::Missing(missing) => refused_as_lacking(session, opened, missing),
        Refusal::MissingTakings => lacks_takings(),
    }
}

fn refused_as_older(
    session: &Session,
    opened: &OpenedVault,
    seen: usize,
    accepted: usize,
) -> Failure {
    let lost = lost::of(session, opened);
    let failure = older(&lost::older(seen, accepted, lost.as_ref()));
    let is_discarded = lost.as_ref().is_some_and(Lost::is_discarded);
    let demoted = session.demoted(opened).unwrap_or_default();
    let again = lost.as_ref().and_then(|lost| lost::again(lost, &demoted));
    let mut failure = given_up(failure, is_discarded);
    failure.causes.extend(lost::demotions(&demoted));
    failure.hints.extend(again.filter(|_| is_discarded));
    failure
}

/// Why a log that lacks what was seen gives nothing to who wants the newest.
fn refused_as_lacking(session: &Session, opened: &OpenedVault, missing: &[EntryId]) -> Failure {
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
