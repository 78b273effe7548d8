//! What the checks look at, found once. Whatever is missing or broken is a value here, never a
//! reason to stop.

use crate::cli::door::context::Context;
use crate::cli::error::codes;
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::hidden;
use crate::cli::unlocking::{self, Attempt};
use crate::engine::history::HistoryUse;
use crate::engine::session::{OpenedVault, Session, SessionError};
use crate::store::file::find::{FindError, Location, Search};
use std::cell::OnceCell;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{Depth, HistoryError, OpenError, Vault};

/// Where the vault is.
pub(crate) enum VaultSearch {
    Found(Location),
    /// None was stated, and none is here.
    Nowhere,
    Refused(Failure),
}

/// What there is to say of the part of a vault's history that was closed.
pub(crate) enum ClosedHistory {
    /// Nothing, or there is none.
    Sound,
    /// It is not in this clone, which does without.
    Absent { name: String },
    /// What secrets are now cannot be told without.
    Needed,
}

pub(crate) struct Examined<'a> {
    pub context: &'a Context<'a>,
    pub place: VaultSearch,
    /// The session at the place; an error where a variable or the configuration is wrong.
    pub session: Option<Outcome<Session>>,
    pub opened: Option<Outcome<OpenedVault>>,
    /// What of the vault's closed history is known.
    pub history: ClosedHistory,
    /// What came of unlocking without asking; tried once.
    tried: OnceCell<Tried>,
}

/// Who unlocked the vault, and every way that was tried.
pub(crate) type Tried = (Option<unlocking::UnlockedMember>, Vec<Attempt>);

impl<'a> Examined<'a> {
    pub fn new(context: &'a Context<'a>) -> Self {
        let place = place(context);
        let session = match &place {
            VaultSearch::Found(location) => Some(context.session_at(location.clone())),
            _ => None,
        };
        let (opened, history) = match &session {
            Some(Ok(session)) => {
                let (opened, history) = open(session);
                (Some(opened.map_err(Failure::from)), history)
            }
            _ => (None, ClosedHistory::Sound),
        };
        Self { context, place, session, opened, history, tried: OnceCell::new() }
    }

    /// Where the vault is, if it is not refused.
    pub fn location(&self) -> Option<&Location> {
        match &self.place {
            VaultSearch::Found(location) if !self.is_refused() => Some(location),
            _ => None,
        }
    }

    /// Whether the pins refuse the vault: nothing in it is worth a finding then, and what would mend
    /// one would be done for whoever put the vault there.
    pub(crate) fn is_refused(&self) -> bool {
        self.found().is_some_and(|opened| opened.pin.is_refused())
    }

    /// The vault, if it is not refused.
    pub fn vault(&self) -> Option<&Vault> {
        self.found().filter(|_| !self.is_refused()).map(|opened| &opened.vault)
    }

    /// What this device accepted before, as against the vault.
    pub(crate) fn pin(&self) -> Option<&PinStatus> {
        self.found().map(|opened| &opened.pin)
    }

    /// What comes of each way to unlock the vault, without asking.
    pub fn tried(&self, vault: &Vault) -> &Tried {
        let silent = || self.context.on_the_side();
        self.tried.get_or_init(|| unlocking::attempts(&silent(), vault).unwrap_or_default())
    }

    /// Who the user is in the vault.
    pub fn unlocked(&self) -> Option<&unlocking::UnlockedMember> {
        self.tried(self.vault()?).0.as_ref()
    }

    fn found(&self) -> Option<&OpenedVault> {
        self.opened.as_ref()?.as_ref().ok()
    }

    pub fn now(&self) -> UnixTime {
        self.context.host.now()
    }
}

/// Opens the vault with its closed history, and without where that is not here and need not be.
fn open(session: &Session) -> (Result<OpenedVault, SessionError>, ClosedHistory) {
    let alone = Session { history: HistoryUse::AsNeeded, ..session.clone() };
    match session.open(Depth::Everything) {
        Ok(opened) if opened.vault.has_history() => {
            let needed = alone.open(Depth::Everything).is_ok_and(|one| one.vault.has_history());
            (Ok(opened), if needed { ClosedHistory::Needed } else { ClosedHistory::Sound })
        }
        Err(error) => match missing(&error).zip(alone.open(Depth::Everything).ok()) {
            Some((name, opened)) => (Ok(opened), ClosedHistory::Absent { name }),
            None => (Err(error), ClosedHistory::Sound),
        },
        opened => (opened, ClosedHistory::Sound),
    }
}

/// The file of the closed history that is not there.
fn missing(error: &SessionError) -> Option<String> {
    let SessionError::Open { source: OpenError::History(source), .. } = error else { return None };
    let HistoryError::Missing { name } = source else { return None };
    Some(name.clone())
}

fn place(context: &Context<'_>) -> VaultSearch {
    let start = match context.current_dir() {
        Ok(start) => start,
        Err(failure) => return VaultSearch::Refused(failure),
    };
    let home = context.host.home_dir();
    let search = Search { start: &start, home: home.as_deref(), owners: context.project_owners() };
    let found = match &context.globals.vault {
        Some(path) => search.at(path),
        None => search.upward(),
    };
    match found {
        Ok(location) => VaultSearch::Found(location),
        Err(error) => {
            let is_nowhere = matches!(error, FindError::NotFound { .. });
            let failure = hidden::explain(context, error);
            match is_nowhere && failure.code == codes::Code::NoVault {
                true => VaultSearch::Nowhere,
                false => VaultSearch::Refused(failure),
            }
        }
    }
}
