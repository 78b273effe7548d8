//! A commit that is taken back or picked from another branch, as `git resolve` finds it: its change is made as a
//! new one, by whoever runs the command, since a history only grows and a picked commit brings no other ones.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads::{Reading, record};
use crate::cli::error::codes::Code;
use crate::cli::error::failures::merging::not_merged;
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::git_history::GitHistory;
use crate::cli::unlocking;
use crate::engine::session::Session;
use crate::engine::transaction::TransactionError;
use crate::host::progress::Silent;
use crate::store::file::find::Location;
use crate::store::git::command as git_command;
use crate::store::git::index as git_index;
use crate::store::git::unfinished as git_unfinished;
use std::collections::BTreeMap;
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::{blended, is_lacking, settled, union};
use v_secure_core::name::SecretName;
use v_secure_core::policy::describe;
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::report::view::git::{AgainView, NotAgainView};
use v_secure_core::secret::carry::{self, LackingEntry, Origin, Place};
use v_secure_core::secret::take_back::{self, Changed};
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::unlock::Unlocked;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    TakenBack,
    Picked,
}

/// Where git ended the revert that its hook stopped.
const RESET: &str = "git reset --merge  # gives the revert up";

/// A commit's change, and the vault that it is to be made in.
pub(super) struct OneChange {
    kind: Kind,
    before: Vault,
    after: Vault,
    here: Vault,
    /// Whether git still works on it.
    runs: bool,
}

/// What was made of it.
pub(super) struct Remade {
    pub vault: Vault,
    pub again: Vec<AgainView>,
    pub left: Vec<NotAgainView>,
}

/// What is to be made, and what is not.
struct Plan<'a> {
    what: What<'a>,
    again: Vec<AgainView>,
    left: Vec<NotAgainView>,
}

enum What<'a> {
    Steps(Vec<take_back::Step>),
    Entries(Vec<LackingEntry<'a>>),
}

/// The change that git could not take back or bring here; `None` where the sides are those of a merge.
pub(super) fn find(
    context: &Context<'_>,
    location: &Location,
    text: &str,
) -> Outcome<Option<OneChange>> {
    let now = context.host.now();
    let is_in_parts =
        || git_index::side(&location.vault, 2).is_none() && blended::mended(text, now).is_err();
    let found = by_itself(location).filter(|_| is_in_parts()).or_else(|| files(location));
    let Some((kind, [before, after, here])) = found else { return Ok(None) };
    // With what was written to the file since.
    let later = blended::loose(text).ok().and_then(|later| union::union(here.clone(), later).ok());
    let here = later.filter(|both| settled(both.clone(), now).is_ok()).unwrap_or(here);
    let labels = ["theirs", "ours"];
    let opened = |file| {
        let vault = settled(file, now).map(|merged| merged.vault);
        vault.map_err(|error| not_merged(&location.vault, labels, &error))
    };
    let (before, after, here) = (opened(before)?, opened(after)?, opened(here)?);
    let runs = git_unfinished::is_picking(&location.folder);
    Ok(Some(OneChange { kind, before, after, here, runs }))
}

/// Before the change, after it, and what it is to be made in.
fn files(location: &Location) -> Option<(Kind, [VaultFile; 3])> {
    let side = |stage| {
        let bytes = git_index::side(&location.vault, stage)?;
        blended::loose(&String::from_utf8_lossy(&bytes)).ok()
    };
    let (Some(base), Some(ours), Some(theirs)) = (side(1), side(2), side(3)) else {
        return tip(location);
    };
    if [&ours, &theirs].iter().any(|side| side.header.vault != base.header.vault) {
        return None;
    }
    let is_one = git_unfinished::is_picking(&location.folder);
    if union::is_parted(&ours, &theirs) && !is_one {
        return None;
    }
    if is_lacking(&theirs, &base, &GitHistory::new(&location.folder)) {
        return Some((Kind::TakenBack, [theirs, base, ours]));
    }
    let is_picked = is_lacking(&ours, &base, &GitHistory::new(&location.folder))
        || union::is_parted(&ours, &theirs);
    is_picked.then_some((Kind::Picked, [base, theirs, ours]))
}

/// A commit that git put together without a conflict in the vault, as where no driver runs: by git's own records.
fn by_itself(location: &Location) -> Option<(Kind, [VaultFile; 3])> {
    if !git_unfinished::is_picking(&location.folder) {
        return None;
    }
    let name = std::path::Path::new(".").join(location.vault.file_name()?);
    let of = |revision: &str| {
        let bytes = git_command::show(&location.folder, revision, &name)?;
        blended::loose(&String::from_utf8_lossy(&bytes)).ok()
    };
    let one = |record| git_unfinished::unfinished(&location.folder, record).into_iter().next();
    let (commit, is_revert) = match (one("REVERT_HEAD"), one("CHERRY_PICK_HEAD")) {
        (Some(commit), _) => (commit, true),
        (None, commit) => (commit?, false),
    };
    let (before, after, here) = (of(&format!("{commit}~1"))?, of(&commit)?, of("HEAD")?);
    if [&before, &after].iter().any(|side| side.header.vault != here.header.vault) {
        return None;
    }
    Some(match is_revert {
        true => (Kind::TakenBack, [before, after, here]),
        false => (Kind::Picked, [before, after, here]),
    })
}

/// The last commit, taken back: git makes that by itself, and a hook stops it with the older file staged.
fn tip(location: &Location) -> Option<(Kind, [VaultFile; 3])> {
    if !git_unfinished::is_taking_back(&location.folder) {
        return None;
    }
    let name = location.vault.file_name()?.to_str()?;
    let parse = |bytes: Vec<u8>| blended::loose(&String::from_utf8_lossy(&bytes)).ok();
    let staged = parse(git_index::staged_below(&location.folder, name)?)?;
    let shown = format!("./{name}");
    let last = git_command::show(&location.folder, "HEAD", std::path::Path::new(&shown));
    let last = parse(last?)?;
    let is_older = staged.header.vault == last.header.vault
        && is_lacking(&staged, &last, &GitHistory::new(&location.folder));
    is_older.then(|| (Kind::TakenBack, [staged, last.clone(), last]))
}

impl OneChange {
    /// Makes the change anew, once it was shown and agreed to.
    pub fn make(
        self,
        context: &Context<'_>,
        session: &Session,
        confirm: &ConfirmArgs,
        reason: Option<&str>,
    ) -> Outcome<Remade> {
        let Plan { what, again, left } = self.plan(context);
        if again.is_empty() {
            return Err(self.nothing(session, &left));
        }
        if !context.ui.json {
            table(context, &again, &left)?;
        }
        confirm.check(context, self.question())?;
        let who = unlocking::unlock(context, &self.here)?.who;
        let signer = who.signer(&self.here)?;
        let led_out = |failure: Failure| match failure.code {
            // Who is told to ask somebody else has older states staged, which no later commit may bring.
            Code::NotPermitted => failure.hint(self.giving_up(session)),
            _ => failure,
        };
        let reason = reason.unwrap_or(self.reason()).to_owned();
        let (random, now, progress) = (context.host, context.host.now(), &Silent);
        let ctx = Ctx { who: &who, signer: &signer, random, now, reason, progress };
        let changed = self.change(context, session, what, (again, left), &ctx);
        let (change, again, left) = changed.map_err(led_out)?;
        let vault = self.here.apply(change).map_err(TransactionError::from)?;
        Ok(Remade { vault, again, left })
    }

    fn plan(&self, context: &Context<'_>) -> Plan<'_> {
        let Self { before, after, here, .. } = self;
        let mut left = self.policy();
        match self.kind {
            Kind::TakenBack => {
                let plan = take_back::plan(here, Changed { before, after }, context.host.now());
                left.extend(plan.left.iter().map(NotAgainView::from));
                let again = plan.steps.iter().map(AgainView::from).collect();
                Plan { what: What::Steps(plan.steps), again, left }
            }
            Kind::Picked => {
                let mut entries = carry::lacking(here, after);
                entries.retain(|entry| !before.file().entries.contains_key(&entry.id));
                let ops = entries.iter().flat_map(LackingEntry::ops);
                let again = ops.map(|(_, op)| AgainView::from(op)).collect();
                Plan { what: What::Entries(entries), again, left }
            }
        }
    }

    fn change(
        &self,
        context: &Context<'_>,
        session: &Session,
        what: What<'_>,
        (again, mut left): (Vec<AgainView>, Vec<NotAgainView>),
        ctx: &Ctx<'_>,
    ) -> Outcome<(Change, Vec<AgainView>, Vec<NotAgainView>)> {
        let (read, change, again) = match what {
            What::Steps(steps) => {
                let change = take_back::take_back(&self.here, &steps, ctx)?;
                let read = steps.iter().filter(|step| step.reads());
                let read = read.map(|step| step.secret().clone()).collect();
                (read, change, again)
            }
            What::Entries(entries) => {
                let there = unlocking::unlock(context, &self.after)?.who;
                let from = Origin { vault: &self.after, who: Some(&there) };
                let (made, change) = carry::carry(&self.here, from, &entries, Place::Last, ctx);
                left.extend(made.left_out.iter().map(NotAgainView::from));
                let is_made = |view: &AgainView| {
                    !made.left_out.iter().any(|left| {
                        view.action == left.action
                            && left.secret.as_ref().is_some_and(|s| view.secret == s.as_str())
                    })
                };
                (made.read, change, again.into_iter().filter(is_made).collect())
            }
        };
        let change = change.ok_or_else(|| self.nothing(session, &left))?;
        record_reads(context, session, &self.here, ctx.who, read)?;
        Ok((change, again, left))
    }

    /// The changes of policy, which have commands and questions of their own.
    fn policy(&self) -> Vec<NotAgainView> {
        let (before, here) = (self.before.chain().ids(), self.here.chain().ids());
        let is_meant = |entry: &&PolicyEntry| {
            let id = entry.id();
            !before.contains(&id) && here.contains(&id) == (self.kind == Kind::TakenBack)
        };
        let entries = self.after.file().chain.iter().filter(is_meant);
        entries
            .map(|entry| NotAgainView {
                what: describe::entry(entry),
                why: "members, roles, settings and keys have commands of their own".to_owned(),
            })
            .collect()
    }

    const fn question(&self) -> &'static str {
        match self.kind {
            Kind::TakenBack => "Take this back, as a change of your own?",
            Kind::Picked => "Make this here, as a change of your own?",
        }
    }

    const fn reason(&self) -> &'static str {
        match self.kind {
            Kind::TakenBack => "revert",
            Kind::Picked => "cherry-pick",
        }
    }

    fn nothing(&self, session: &Session, left: &[NotAgainView]) -> Failure {
        let (code, message) = match self.kind {
            Kind::TakenBack => {
                (Code::Revert, "nothing of this commit can be taken back by a change of its own")
            }
            Kind::Picked => {
                (Code::Pick, "nothing of this commit can be made here by a change of its own")
            }
        };
        let mut failure = Failure::new(code, message);
        failure.causes = left.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
        failure.hint(self.giving_up(session))
    }

    fn giving_up(&self, session: &Session) -> &'static str {
        if git_unfinished::is_rebasing(&session.location.folder) {
            return "git rebase --abort";
        }
        match (self.kind, self.runs) {
            (Kind::TakenBack, true) => "git revert --abort",
            (Kind::TakenBack, false) => RESET,
            (Kind::Picked, _) => "git cherry-pick --abort",
        }
    }
}

fn record_reads(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    who: &Unlocked,
    secrets: impl IntoIterator<Item = SecretName>,
) -> Outcome {
    let mut read: BTreeMap<String, Vec<SecretName>> = BTreeMap::new();
    for secret in secrets {
        read.entry(secret.environment().to_owned()).or_default().push(secret);
    }
    read.iter().try_for_each(|(environment, secrets)| {
        let reading = Reading { who, action: "resolve", environment, secrets, reason: None };
        record(context, session, vault, reading)
    })
}

fn table(context: &Context<'_>, again: &[AgainView], left: &[NotAgainView]) -> Outcome {
    let again = again.iter().map(|row| {
        let what = format!("{} {}", row.action, row.secret);
        vec![what, "is made".to_owned(), row.detail.clone().unwrap_or_default()]
    });
    let left = left.iter().map(|row| vec![row.what.clone(), "is left".to_owned(), row.why.clone()]);
    context.ui.table(&["CHANGE", "HERE", "WHY"], again.chain(left).collect())
}
