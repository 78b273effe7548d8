//! Giving a member a role and taking one, for each command that does: no way is less guarded than another.

use super::exposure;
use super::exposure::Narrowed;
use super::giving::{OlderArgs, VouchArgs};
use super::policy;
use super::policy::ReasonArg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use v_secure_core::name::Name;
use v_secure_core::people::access;
use v_secure_core::policy::state::OWNER;
use v_secure_core::report::view::role::{RoleJoinView, RoleLeaveView};
use v_secure_core::vault::Vault;

/// The role that has every right.
pub(crate) fn owner() -> Outcome<Name> {
    Name::new(OWNER).map_err(|error| Failure::from_error(Code::BadName, &error))
}

/// Gives a member a role: for each command that does. `ask` asks what else is to be asked.
pub(crate) fn give(
    context: &Context<'_>,
    (role, member): (&Name, &Name),
    asks: (&VouchArgs, &OlderArgs),
    reason: &ReasonArg,
    ask: impl FnOnce() -> Outcome,
) -> Outcome {
    let why = format!("give {member} the role {role}");
    let join = |vault: &Vault| Ok(access::join(vault.policy(), role, member));
    let changed = policy::give(context, (reason, &why), asks, join, ask)?;
    if context.ui.json {
        return context.ui.object(&RoleJoinView {
            role,
            member,
            changed: changed.written,
            gives: &changed.gives,
            effects: &changed.effects,
        });
    }
    let verb = if changed.written { "is in" } else { "was in" };
    context.ui.note(&format!("{member} {verb} the role {role}"));
    policy::tell(&context.ui, &changed.effects);
    exposure::tell_older(context, &changed.vault, member)
}

/// Takes a role from a member: for each command that does. `ask` asks before anything is signed.
pub(crate) fn take(
    context: &Context<'_>,
    (role, member): (&Name, &Name),
    reason: &ReasonArg,
    ask: impl FnOnce() -> Outcome,
) -> Outcome {
    let why = format!("take the role {role} from {member}");
    let leave = |vault: &Vault| {
        let state = vault.policy();
        state.member(member).ok_or_else(|| policy::unknown_member(member))?;
        Ok(access::leave(state, role, member)?)
    };
    let changed = policy::take(context, (reason, &why), leave, |_| ask())?;
    let changes = changed.written;
    let narrowed = Narrowed::to_members(context, &changed, std::slice::from_ref(member))?;
    if context.ui.json {
        let narrowed = narrowed.view();
        return context.ui.object(&RoleLeaveView { role, member, changed: changes, narrowed });
    }
    let verb = if changes { "is no longer" } else { "was not" };
    context.ui.note(&format!("{member} {verb} in the role {role}"));
    narrowed.tell(context);
    narrowed.finish(context, member.as_str());
    Ok(())
}
