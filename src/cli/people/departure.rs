//! What is said of everything that only a leaver, or a lost device, vouched for, and how much of it goes.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::layout;
use crate::cli::output::ui::escape_lines;
use v_secure_core::crypto::id::KeyId;
use v_secure_core::name::Name;
use v_secure_core::people::departure;
use v_secure_core::people::recovery;
use v_secure_core::policy::error::ChainError;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::vouching::{Alone, Going, Vouching};
use v_secure_core::report::view::vouched_alone::VouchedAloneView;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;

/// What only they vouched for who go.
#[derive(Debug, Default)]
pub(crate) struct Vouched {
    /// All of it, as 'policy review' marks it afterwards: also what the signer has by their word alone.
    all: Alone,
    /// What may go with them.
    takeable: Alone,
    /// Whether a device was lost, and its member stays.
    lost: bool,
}

pub fn alone(vault: &Vault, going: Going<'_>, by: &KeyId) -> Outcome<Vouched> {
    let failed = |error: ChainError| Failure::from_error(Code::Of((&error).into()), &error);
    let vouching = Vouching::of(&vault.file().chain).map_err(failed)?;
    let stands = last_owners_key(vault, going).unwrap_or(NOBODY);
    Ok(Vouched {
        all: vouching.alone(going, &stands),
        takeable: vouching.alone(going, by),
        lost: matches!(going, Going::Keys(..)),
    })
}

/// An id that no key has.
const NOBODY: KeyId = KeyId([0; 32]);

/// The one key of the one owner who is left. Nobody else could vouch for it.
fn last_owners_key(vault: &Vault, going: Going<'_>) -> Option<KeyId> {
    let goes = |owner: &Name| matches!(going, Going::Member(member) if member == owner);
    let mut owners = vault.policy().owners().filter(|owner| !goes(owner));
    let (owner, None) = (owners.next()?, owners.next()) else { return None };
    let is_gone = |key: &KeyId| matches!(going, Going::Keys(_, keys) if keys.contains(key));
    let keys = vault.policy().member(owner)?.keys.values().map(|key| key.id);
    let mut keys = keys.filter(|key| !is_gone(key));
    let (first, None) = (keys.next()?, keys.next()) else { return None };
    Some(first)
}

/// As people read it: a device and its recipient are one.
fn texts<'a>(rows: impl IntoIterator<Item = &'a VouchedAloneView>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for left in rows {
        match (texts.last_mut(), &left.credential) {
            (Some(last), Some(recipient)) if left.follows && last.contains(": device ") => {
                last.push_str(&format!(", {recipient}"));
            }
            _ => texts.push(text(left)),
        }
    }
    texts
}

fn text(left: &VouchedAloneView) -> String {
    let text = |found: &Option<Name>| found.as_ref().map(Name::to_string).unwrap_or_default();
    let (member, role) = (text(&left.member), text(&left.role));
    match left.kind {
        "member" if left.owner => format!("the owner {member} with all it has"),
        "member" => format!("the member {member} with all it has"),
        "credential" => format!("{member}: {}", left.credential.as_deref().unwrap_or_default()),
        "membership" => format!("{member} in the role {role}"),
        _ => format!("the role {role} ({})", about(left)),
    }
}

/// What a role gives, and who is in it.
fn about(left: &VouchedAloneView) -> String {
    let access = match left.access.as_slice() {
        [] => "gives nothing yet".to_owned(),
        access => access.join("; "),
    };
    let within: Vec<&str> = left.members.iter().map(Name::as_str).collect();
    let within = if within.is_empty() { "nobody".into() } else { within.join(", ") };
    format!("{access}; in it: {within}")
}

/// Lists it before anything is asked.
pub fn tell(context: &Context<'_>, who: &str, vault: &Vault, vouched: &Vouched) {
    let rows = VouchedAloneView::all(vault, &vouched.all, &[]);
    if rows.is_empty() {
        return;
    }
    let mut lines = vec![("", format!("only {who} vouched for:"))];
    lines.extend(texts(&rows).into_iter().map(|text| ("  ", text)));
    let kept_away = recovery::members(vault.policy());
    let kept_away = kept_away.filter(|name| vouched.all.members.contains(name));
    lines.extend(kept_away.map(|name| ("", on_recovery(name, who, vouched.lost))));
    say(context, &lines);
}

/// Which answer is right about a recovery identity. Its name is anybody's to take, so whether it is one is for
/// the person to say.
fn on_recovery(name: &Name, who: &str, lost: bool) -> String {
    match lost {
        true => format!(
            "{name}: keep it if you made it and {who} never held its words or file; 'v-secure recovery test' \
             tells whether yours are for it. In any other case remove it, and then make a new one: v-secure \
             recovery new. One answer is for the whole list"
        ),
        false => format!(
            "{name}: keep it if {who} cannot have its words or file. In any other case remove it, and then \
             make a new one: v-secure recovery new. One answer is for the whole list"
        ),
    }
}

/// Lines that `--quiet` does not hide, as wide as the terminal: each behind a label.
pub fn say(context: &Context<'_>, lines: &[(&str, String)]) {
    let width = context.host.err_width();
    let line =
        |(label, text): &(&str, String)| layout::paragraph(label, label.len() + 2, text, width);
    let lines: Vec<String> = lines.iter().map(line).collect();
    context.host.write_err(&escape_lines(&lines.join("\n")));
}

/// Says what of it went, and what stays although `nobody` is there to vouch for it.
pub(crate) fn tell_staying(context: &Context<'_>, nobody: &str, rows: &[VouchedAloneView]) {
    let went = texts(rows.iter().filter(|left| left.revoked));
    if !went.is_empty() {
        context.ui.note(&format!("went with it: {}", went.join("; ")));
    }
    let stays = texts(rows.iter().filter(|left| !left.revoked));
    if !stays.is_empty() {
        let stays = stays.join("; ");
        context.ui.warn(&format!("{nobody} what stays: {stays}; next: v-secure policy review"));
    }
}

/// What is asked first: with the option, of all of it at once.
pub fn question(what: &str, by_option: bool, vouched: &Vouched) -> String {
    match by_option && vouched.takeable != Alone::default() {
        true => format!("Remove {what} and all of this?"),
        false => format!("Remove {what}?"),
    }
}

/// The ops that take what only they vouched for who go, and what becomes of it: by the option, or by a
/// question of its own. What the signer may not take stays.
pub fn settled(
    context: &Context<'_>,
    (vault, ctx): (&Vault, &Ctx<'_>),
    (vouched, removal): (&Vouched, &[PolicyOp]),
    by_option: bool,
    confirm: &ConfirmArgs,
) -> Outcome<(Vec<PolicyOp>, Vec<VouchedAloneView>)> {
    let revokable = departure::revoke(vault, &vouched.takeable, &ctx.signer.key.id(), removal);
    let may_ask = !confirm.is_given() && context.interactive();
    let also = match by_option {
        false if may_ask && !revokable.is_empty() => ask(context)?,
        chosen => chosen,
    };
    let taken = if also { revokable } else { Vec::new() };
    let left = VouchedAloneView::all(vault, &vouched.all, &taken);
    Ok((taken, left))
}

fn ask(context: &Context<'_>) -> Outcome<bool> {
    context.ui.confirm("Remove that, too?", false)
}
