//! What a command says of pruning on the side, which the engine does where the command ends: one line, whether
//! it went well or not.

use super::context::Context;
use crate::engine::pruning;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::name::SecretName;
use v_secure_core::secret::prune::PruneDue;

/// How many secrets the line names.
const NAMED: usize = 5;

/// Prunes what was found to be due, and says so in one line.
pub fn run(context: &Context<'_>) {
    let Some(pending) = context.pruning.take() else { return };
    match pruning::prune(context, &pending) {
        Ok(due) if due.is_empty() => {}
        Ok(due) => context.ui.note(&summary(&due)),
        Err(failure) => {
            let why = failure.causes.into_iter().next().unwrap_or(failure.message);
            context.ui.note(&format!("what is due to be pruned was kept: {why}"));
        }
    }
}

/// `pruned 3 versions: prod/A (1, 2), prod/B (3)`.
pub(crate) fn summary(due: &[PruneDue]) -> String {
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
