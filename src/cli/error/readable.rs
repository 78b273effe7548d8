//! Which environments hold what a key may read: for who states none, and may read nothing in the one that
//! is taken then.

use super::exit::Exit;
use super::meant;
use crate::cli::door::context::Context;
use crate::cli::error::Failure;
use crate::cli::people::shortfall::few;
use crate::cli::unlocking;
use std::collections::BTreeSet;
use v_secure_core::secret::selection as wanted;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// The failure, which is of a secret of the environment `asked`, with those to take instead. Of a key that
/// nobody was asked for yet, it is told where it takes no question to know.
pub(crate) fn or_elsewhere(
    context: &Context<'_>,
    vault: &Vault,
    who: Option<&Unlocked>,
    asked: &str,
    failure: Failure,
) -> Failure {
    let is_about_it = matches!(failure.exit, Exit::NotPermitted | Exit::NotFound);
    if context.states_environment() || !is_about_it {
        return failure;
    }
    let unasked = who.is_none().then(|| unlocking::unasked(context, vault)).flatten();
    let Some(who) = who.or(unasked.as_ref()) else { return failure };
    match elsewhere(context, who, asked).as_slice() {
        [] => failure,
        all @ [first, ..] => failure.hint(format!(
            "-e {first}  # {} may read {}",
            who.member(),
            few(all.iter().map(String::as_str))
        )),
    }
}

/// The environments with a secret that the member may read; none where the one that is taken has one, or
/// another was asked for by its name. They are looked for in the vault as it lies there: what was opened may hold only what was asked for.
fn elsewhere(context: &Context<'_>, who: &Unlocked, asked: &str) -> Vec<String> {
    let (Ok(own), Ok(vault)) = (context.environment(), meant::as_it_lies(context)) else {
        return Vec::new();
    };
    let readable: BTreeSet<&str> = vault
        .live()
        .filter(|(name, _)| who.may_read(&vault, name))
        .map(|(name, _)| name.environment())
        .collect();
    let taken = wanted::environments(&vault, &own);
    let is_taken = |name: &str| taken.iter().any(|taken| taken.as_str() == name);
    match !is_taken(asked) || readable.iter().any(|name| is_taken(name)) {
        true => Vec::new(),
        false => readable.into_iter().map(str::to_owned).collect(),
    }
}
