//! Pruning on the side: whatever a command is for, what has expired goes once nobody can be wrong
//! about the time any more, and a command that wrote also takes what the vault's retention does not
//! keep. It asks nothing, waits for nobody, and never makes the command fail.
//!
//! Commands need not know: [`watch`] and [`watch_written`] stand where vaults are opened and
//! written, [`run`] where a command ends. Where nothing is due, nothing is locked or verified.

use super::context::Context;
use super::error::Outcome;
use super::job;
use super::unlocking;
use crate::engine::session::{Opened, Session};
use crate::engine::transaction::{Transaction, TransactionError};
use crate::host::progress::Silent;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use v_secure_core::name::SecretName;
use v_secure_core::policy::op::Right;
use v_secure_core::policy::settings::{Retention, Ttl};
use v_secure_core::secret::prune;
use v_secure_core::secret::prune::{Due, GRACE, Look};
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::pin::Standing;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::verified_vault::Vault;

/// How many secrets the line names.
const NAMED: usize = 5;

/// What a command may prune besides, as far as is known yet.
#[derive(Default)]
pub struct Pruning {
    allowed: Cell<bool>,
    pending: RefCell<Option<Pending>>,
}

/// A vault in which something is due.
struct Pending {
    session: Session,
    /// Superseded versions too: the command wrote.
    superseded: bool,
}

impl Pruning {
    pub fn allow(&self, allowed: bool) {
        self.allowed.set(allowed);
    }

    fn note(&self, session: &Session, superseded: bool) {
        let session = session.clone();
        *self.pending.borrow_mut() = Some(Pending { session, superseded });
    }
}

/// Takes note of a vault that was opened, if this user can prune something there.
pub fn watch(context: &Context<'_>, session: &Session, opened: &Opened, whole: bool) {
    let late = opened.prune_from.is_some_and(|from| from <= session.now);
    if !late || !may(context) || opened.vault.policy().settings().ttl() != Ttl::Every {
        return;
    }
    let Some(who) = unlocking::unasked(context, &opened.vault) else { return };
    let able = match whole {
        true => !own(&opened.vault, &who, session.now, false).is_empty(),
        false => opened.vault.policy().holds_anywhere(who.member(), Right::Delete),
    };
    if able {
        context.pruning.note(session, false);
    }
}

/// Takes note of a vault that was written.
pub fn watch_written(context: &Context<'_>, session: &Session, vault: &Vault) {
    let retains = vault.policy().settings().retention() != Retention::default();
    let late = prune::first_due(vault).is_some_and(|from| from <= session.now);
    if (retains || late) && may(context) {
        context.pruning.note(session, true);
    }
}

fn may(context: &Context<'_>) -> bool {
    context.pruning.allowed.get() && !job::is_one(context.host)
}

/// Prunes what was found to be due, and says so in one line.
pub fn run(context: &Context<'_>) {
    let Some(pending) = context.pruning.pending.take() else { return };
    match prune(context, &pending) {
        Ok(due) if due.is_empty() => {}
        Ok(due) => context.ui.note(&told(&due)),
        Err(failure) => {
            let why = failure.causes.into_iter().next().unwrap_or(failure.message);
            context.ui.note(&format!("what is due to be pruned stays: {why}"));
        }
    }
}

fn prune(context: &Context<'_>, Pending { session, superseded }: &Pending) -> Outcome<Vec<Due>> {
    if !session.is_writable() {
        return Ok(Vec::new());
    }
    let transaction = match Transaction::begin_within(session, Duration::ZERO) {
        // Whoever writes now prunes as well, or the next command does.
        Err(TransactionError::Lock(_)) => return Ok(Vec::new()),
        transaction => transaction?,
    };
    let opened = transaction.opened();
    // An older state is not written to unasked.
    if opened.pin != Standing::Continues
        || opened.is_new_here
        || !session.missing_heads(opened).is_empty()
        || !session.has_all_known(opened)?
    {
        return Ok(Vec::new());
    }
    let vault = transaction.vault();
    let Some(who) = unlocking::unasked(context, vault) else { return Ok(Vec::new()) };
    let due = own(vault, &who, session.now, *superseded);
    if due.is_empty() {
        return Ok(due);
    }
    let Ok(signer) = who.signer(vault) else { return Ok(Vec::new()) };
    let (random, reason) = (context.host, "prune what is due".to_owned());
    let ctx =
        Ctx { who: &who, signer: &signer, random, now: session.now, reason, progress: &Silent };
    if let Some(change) = prune::prune(vault, &due, &ctx) {
        context.written(transaction.commit(change)?);
    }
    Ok(due)
}

/// What is due and this member's to prune.
fn own(vault: &Vault, who: &Unlocked, now: u64, superseded: bool) -> Vec<Due> {
    let due = prune::due(vault, Look { now, grace: GRACE, superseded });
    prune::share(vault, Some(who.member()), due).own
}

/// `pruned 3 versions: prod/A (1, 2), prod/B (3)`.
pub fn told(due: &[Due]) -> String {
    let mut numbers: BTreeMap<&SecretName, BTreeSet<usize>> = BTreeMap::new();
    for one in due {
        numbers.entry(&one.secret).or_default().insert(one.number);
    }
    let one = |(secret, numbers): (&&SecretName, &BTreeSet<usize>)| {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        format!("{secret} ({})", numbers.join(", "))
    };
    let names: Vec<String> = numbers.iter().take(NAMED).map(one).collect();
    let more = if numbers.len() > NAMED { ", …" } else { "" };
    let versions = if due.len() == 1 { "1 version" } else { &format!("{} versions", due.len()) };
    format!("pruned {versions}: {}{more}", names.join(", "))
}
