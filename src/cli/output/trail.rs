//! What happened, from all three records of it: the log, the policy chain, and this device's journal
//! of reads. `audit export`, `audit log` and `logs tail` show it, each in its own way.

use super::shell_word;
use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::engine::session::Session;
use crate::store::file::private::PrivateError;
use crate::store::state::journal::JournalError;
use crate::store::state::reads;
use crate::store::state::reads::{Journal, Read};
use v_secure_core::convert::duration;
use v_secure_core::convert::duration::TimeError;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::history;
use v_secure_core::report::history::{HistoryFilter, HistoryRow};
use v_secure_core::report::view::audit::log::ReadView;
use v_secure_core::report::view::logs::EventView;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

/// Which record an event stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Secret,
    Policy,
    Read,
}

/// One event: an op of an entry, or one secret of a read.
#[derive(Debug)]
pub(crate) struct Event {
    pub kind: EventKind,
    /// Whether something comes in the place of an older one.
    pub rotates: bool,
    /// Seconds since the Unix epoch.
    pub ts: UnixTime,
    pub record: EventView,
}

/// All events in order of time, oldest first; where clocks agree, in the order of the log.
pub fn events(session: &Session, vault: &Vault, with_reads: bool) -> Outcome<Vec<Event>> {
    let rows = history::rows(vault, &HistoryFilter::default());
    let mut events: Vec<Event> = rows.iter().rev().map(of_row).collect();
    if with_reads {
        let journal = journal(session)?;
        events.extend(journal.reads.iter().flat_map(|read| of_read(vault, read)));
    }
    events.sort_by_key(|event| event.ts);
    Ok(events)
}

fn of_row(row: &HistoryRow) -> Event {
    let kind = match row.kind {
        history::HistoryKind::Secret => EventKind::Secret,
        history::HistoryKind::Policy => EventKind::Policy,
    };
    Event { kind, rotates: row.rotates, ts: row.timestamp, record: EventView::from(row) }
}

fn of_read<'a>(vault: &'a Vault, read: &'a Read) -> impl Iterator<Item = Event> + 'a {
    let kind = Name::new(read.actor.as_str()).ok().and_then(|name| history::kind_of(vault, &name));
    let event = |record| Event { kind: EventKind::Read, rotates: false, ts: read.ts, record };
    EventView::of_read(read_view(read), kind).map(event)
}

/// A line of the journal, for machines.
pub(crate) fn read_view(read: &Read) -> ReadView<'_> {
    ReadView {
        timestamp: duration::rfc3339(read.ts),
        action: &read.action,
        actor: &read.actor,
        environment: &read.environment,
        secrets: &read.secrets,
        reason: &read.reason,
        id: read.id,
    }
}

/// This device's journal of the vault's place.
pub fn journal(session: &Session) -> Outcome<Journal> {
    let journal = reads::load(session.state.as_deref(), session.owners, &session.place());
    journal.map_err(|error| match &error {
        JournalError::NoState => Failure::from_error(Code::NoState, &error)
            .hint("give v-secure a state folder that it can write to (HOME, XDG_STATE_HOME)"),
        JournalError::Private(PrivateError::WritableByOthers { path, .. }) => {
            let failure = Failure::from_error(Code::JournalRead, &error);
            match shell_word::path(path) {
                Some(path) => failure.hint(format!("chmod go-w {path}")),
                None => failure,
            }
        }
        _ => Failure::from_error(Code::JournalRead, &error),
    })
}

/// Why the journal is not to be relied on, if it is not.
pub fn broken(journal: &Journal) -> Option<Failure> {
    let first = journal.breaks.first()?;
    let message = format!("the journal of reads {} is broken", first.path.display());
    let mut failure = Failure::new(Code::JournalBroken, message);
    if let Some(path) = shell_word::path(&first.path) {
        failure = failure.hint(format!(
            "mv {path} {path}.broken, once it has been looked into: a new one begins"
        ));
    }
    let breaks = journal.breaks.iter().take(5);
    failure.causes = breaks.map(|found| format!("line {}: {}", found.line, found.cause)).collect();
    Some(failure)
}

/// A time that an option gives: a point, or a span that means ago.
pub fn time(option: &str, text: Option<&str>, now: UnixTime) -> Outcome<Option<UnixTime>> {
    let read = |text: &str| match duration::parse_span(text) {
        Ok(span) => Ok(now.saturating_sub(span)),
        Err(TimeError::Span) => duration::parse_instant(text),
        Err(error) => Err(error),
    };
    text.map(read).transpose().map_err(|error| times::refuse(option, Takes::Either, &error))
}

/// Refuses a secret that the vault never had: it is misspelt, and silence would look like an answer.
pub(crate) fn known_secret(vault: &Vault, secret: &SecretName) -> Outcome {
    if history::knows_secret(vault, secret) {
        return Ok(());
    }
    let message = format!("there has never been a secret {secret}");
    Err(Failure::new(Code::NotFound, message)
        .of_unknown(Unknown::Secret(secret.clone()))
        .hint(format!("v-secure ls -e {}", secret.environment())))
}

/// Refuses a member that the vault never had.
pub(crate) fn known_actor(vault: &Vault, actor: &Name) -> Outcome {
    if history::kind_of(vault, actor).is_some() {
        return Ok(());
    }
    let message = format!("there has never been a member {actor}");
    Err(Failure::new(Code::NoMember, message)
        .of_unknown(Unknown::Member(actor.clone()))
        .hint("v-secure member list"))
}

/// Refuses what is no action.
pub(crate) fn known_action(action: &str, known: impl Iterator<Item = &'static str>) -> Outcome {
    let known: Vec<&str> = known.collect();
    if known.contains(&action) {
        return Ok(());
    }
    let message = format!("{action} is not a valid action");
    Err(Failure::new(Code::NoAction, message).hint(format!("one of: {}", known.join(", "))))
}

/// Parses the name of a member that an option gives.
pub fn actor(option: &str, text: &str) -> Outcome<Name> {
    Name::new(text).map_err(|error| {
        Failure::new(Code::BadName, format!("{option} is not a valid member name")).because(&error)
    })
}

/// Warns where the journal that is shown is broken.
pub(crate) fn warn_of_breaks(context: &Context<'_>, journal: &Journal) {
    if let Some(failure) = broken(journal) {
        let cause = failure.causes.first().cloned().unwrap_or_default();
        context.ui.warn(&format!("{}: {cause} (v-secure audit verify --reads)", failure.message));
    }
}
