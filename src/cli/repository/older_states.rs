//! Earlier states of the vault, from git, for a merge that wants a version which neither side has any more.

use crate::cli::door::context::Context;
use crate::cli::error::Failure;
use crate::cli::repository::git_history::GitHistory;
use crate::host::progress::with_progress;
use crate::store::file::find::Location;
use crate::store::git::past::{self, Contents, PastError};
use crate::store::git::unfinished as git_unfinished;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use v_secure_core::file::format::Stored;
use v_secure_core::merge::lost::{Lost, Past};
use v_secure_core::vault::{History, Vault};

/// All that this clone has, the newest first.
pub struct OlderStates<'a> {
    context: &'a Context<'a>,
    location: &'a Location,
    beside: GitHistory<'a>,
    /// Of earlier searches: a rebase is planned several times.
    found: RefCell<Vec<Stored>>,
    looked: Cell<Option<Looked>>,
    fault: RefCell<Option<PastError>>,
}

/// How far a search went that did not find everything.
#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    states: usize,
    /// What git knows of and has not here.
    absent: usize,
    more: bool,
}

impl Past for OlderStates<'_> {
    fn show(&self, lost: &mut Lost) {
        self.found.borrow().iter().for_each(|one| lost.take(one));
        let mut looked = Looked::default();
        let ended = if lost.is_over() { Ok(()) } else { self.search(lost, &mut looked) };
        *self.fault.borrow_mut() = ended.err();
        self.looked.set((!lost.is_over()).then_some(looked));
        *self.found.borrow_mut() = lost.found().to_vec();
    }

    fn history(&self) -> Option<&dyn History> {
        Some(&self.beside)
    }
}

impl<'a> OlderStates<'a> {
    pub fn new(context: &'a Context<'a>, location: &'a Location) -> Self {
        let (looked, fault) = (Cell::new(None), RefCell::new(None));
        let beside = GitHistory::new(&location.folder);
        Self { context, location, beside, found: RefCell::default(), looked, fault }
    }

    fn search(&self, lost: &mut Lost, looked: &mut Looked) -> Result<(), PastError> {
        let states = past::nearest_states(self.location)?;
        looked.more = states.more;
        let mut contents = Contents::of(self.location)?;
        let progress = self.context.ui.progress();
        for id in with_progress(states.ids.iter(), "looking through git's history", &*progress) {
            match contents.look(id, |text| lost.look(text))? {
                true => looked.states += 1,
                false => looked.absent += 1,
            }
            if lost.is_over() {
                break;
            }
        }
        Ok(())
    }

    /// Says which secrets have a version again that somebody meant to be gone.
    pub fn tell_found(&self, vault: &Vault) {
        let found = self.found.borrow();
        let back = found.iter().filter_map(|one| {
            let Stored::Version { secret, object, .. } = one else { return None };
            let section = vault.file().secrets.get(secret)?;
            section.versions.contains_key(object).then(|| section.name.as_str())
        });
        let names: BTreeSet<&str> = back.collect();
        if !names.is_empty() && !self.context.ui.json {
            let names: Vec<&str> = names.into_iter().collect();
            self.context.ui.note(&format!(
                "back from git's history, as what pruned it does not count: a version of {}",
                names.join(", ")
            ));
        }
    }

    /// With what was looked at, where something was not found, and what may bring it.
    pub fn tell(&self, mut failure: Failure) -> Failure {
        let Some(Looked { states, absent, more }) = self.looked.get() else { return failure };
        failure.hints.clear();
        let found = match states {
            1 => "the 1 state of the vault that git has here does not have it".to_owned(),
            many => format!("none of the {many} states of the vault that git has here has it"),
        };
        failure.causes.push(found);
        if absent > 0 {
            failure.causes.push(format!("the contents of {absent} are not in this clone"));
        }
        if more {
            failure.causes.push("git has more of them, which were not looked at".to_owned());
        }
        let fault = self.fault.borrow();
        failure.causes.extend(fault.as_ref().map(|error| format!("git's history: {error}")));
        let common = self.location.git_common_dir.as_ref();
        let is_shallow = common.is_some_and(|folder| folder.join("shallow").exists());
        let failure = match (past::is_partial(self.location), is_shallow) {
            // Such a clone left old contents of the vault out, and no other fetch brings them.
            (true, _) => failure.hint("git fetch --refetch --no-filter, and this again"),
            (false, true) => failure.hint("git fetch --unshallow, and this again"),
            (false, false) => failure
                .hint("git fetch --all, and this again  # a commit of another clone may have it"),
        };
        let folder = &self.location.folder;
        match (git_unfinished::is_rebasing(folder), git_unfinished::is_in_the_middle(folder)) {
            (true, _) => failure.hint("git rebase --abort").hint(ANEW),
            (false, true) => failure.hint("git merge --abort").hint(ANEW),
            (false, false) => failure.hint("git log -p -- .v-secure/vault.toml"),
        }
    }
}

/// What is left of a branch whose merge wants what nobody has: a look at its changes, which are made by hand.
const ANEW: &str =
    "v-secure diff HEAD BRANCH  # what that branch changed, to be made anew on this one";
