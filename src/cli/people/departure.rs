//! What is said of everything that only a leaver, or a lost device, vouched for, and how much of it goes.

use super::giving::accesses;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::layout;
use crate::cli::output::ui::escape_lines;
use serde::Serialize;
use v_secure_core::crypto::bytes::{Fixed, Id};
use v_secure_core::name::Name;
use v_secure_core::people::departure;
use v_secure_core::people::recovery;
use v_secure_core::policy::error::ChainError;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::vouching::{AccessOfRole, Alone, Credential, Going, Vouching};
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;

/// One thing that only the leaver, or the device that was lost, stands behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Which device or recipient, with its short id.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    /// What a role gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    access: Vec<String>,
    /// Who is in a role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<String>,
    /// Whether a member is an owner.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    owner: bool,
    /// The row before, where this is the recipient of that device.
    #[serde(skip)]
    follows: bool,
    /// Whether it goes with the leaver.
    pub revoked: bool,
}

impl Left {
    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            member: None,
            role: None,
            credential: None,
            access: Vec::new(),
            members: Vec::new(),
            owner: false,
            follows: false,
            revoked: false,
        }
    }

    fn text(&self) -> String {
        let text = |found: &Option<String>| found.clone().unwrap_or_default();
        match self.kind {
            "member" if self.owner => format!("the owner {} with all it has", text(&self.member)),
            "member" => format!("the member {} with all it has", text(&self.member)),
            "credential" => format!("{}: {}", text(&self.member), text(&self.credential)),
            "membership" => format!("{} in the role {}", text(&self.member), text(&self.role)),
            _ => format!("the role {} ({})", text(&self.role), self.about()),
        }
    }

    /// What a role gives, and who is in it.
    fn about(&self) -> String {
        let access = match self.access.as_slice() {
            [] => "gives nothing yet".to_owned(),
            access => access.join("; "),
        };
        let within =
            if self.members.is_empty() { "nobody".into() } else { self.members.join(", ") };
        format!("{access}; in it: {within}")
    }

    /// Whether an op takes it away.
    fn is_taken_by(&self, op: &PolicyOp) -> bool {
        let is = |own: &Option<String>, name: &Name| own.as_deref() == Some(name.as_str());
        match (self.kind, op) {
            ("member", PolicyOp::MemberRemove { member }) => is(&self.member, member),
            ("membership", PolicyOp::RoleLeave { role, member }) => {
                is(&self.member, member) && is(&self.role, role)
            }
            ("role", PolicyOp::RoleRemove { role }) => is(&self.role, role),
            ("credential", PolicyOp::KeyRemove { member, device, .. }) => {
                let named = format!("device {device} ");
                let shown = self.credential.as_deref().unwrap_or_default();
                is(&self.member, member) && shown.starts_with(&named)
            }
            ("credential", PolicyOp::RecipientRemove { member, recipient }) => {
                let shown = Credential::Recipient(recipient.clone());
                is(&self.member, member) && self.credential == Some(shown.to_string())
            }
            _ => false,
        }
    }
}

/// What only they vouched for who go.
#[derive(Debug, Default)]
pub struct Vouched {
    /// All of it, as 'policy review' marks it afterwards: also what the signer has by their word alone.
    all: Alone,
    /// What may go with them.
    takeable: Alone,
    /// Whether a device was lost, and its member stays.
    lost: bool,
}

pub fn alone(vault: &Vault, going: Going<'_>, by: &Id) -> Outcome<Vouched> {
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
const NOBODY: Id = Fixed([0; 32]);

/// The one key of the one owner who is left. Nobody else could vouch for it.
fn last_owners_key(vault: &Vault, going: Going<'_>) -> Option<Id> {
    let goes = |owner: &Name| matches!(going, Going::Member(member) if member == owner);
    let mut owners = vault.policy().owners().filter(|owner| !goes(owner));
    let (owner, None) = (owners.next()?, owners.next()) else { return None };
    let is_gone = |key: &Id| matches!(going, Going::Keys(_, keys) if keys.contains(key));
    let keys = vault.policy().member(owner)?.keys.values().map(|key| key.id);
    let mut keys = keys.filter(|key| !is_gone(key));
    let (first, None) = (keys.next()?, keys.next()) else { return None };
    Some(first)
}

/// The same as rows, with what `ops` take away of it.
fn rows(vault: &Vault, alone: &Alone, ops: &[PolicyOp]) -> Vec<Left> {
    let members = alone.members.iter().map(|member| Left {
        member: Some(member.to_string()),
        owner: vault.policy().is_owner(member),
        ..Left::of("member")
    });
    let memberships = alone.memberships.iter().map(|(role, member)| Left {
        member: Some(member.to_string()),
        role: Some(role.to_string()),
        ..Left::of("membership")
    });
    let roles = alone.roles.iter().map(|role| role_row(vault, role));
    let all = members.chain(credential_rows(vault, alone)).chain(memberships).chain(roles);
    all.map(|left| {
        let revoked = ops.iter().any(|op| left.is_taken_by(op));
        Left { revoked, ..left }
    })
    .collect()
}

fn credential_rows(vault: &Vault, alone: &Alone) -> Vec<Left> {
    let mut rows = Vec::new();
    let mut before: Option<(&Name, &Name)> = None;
    for (member, credential) in &alone.credentials {
        let device = before.filter(|(of, _)| *of == member).map(|(_, device)| device);
        let key = device.and_then(|device| vault.policy().member(member)?.keys.get(device));
        let follows = match (key, credential) {
            (Some(key), Credential::Recipient(text)) => key.recipient == *text,
            _ => false,
        };
        rows.push(Left {
            member: Some(member.to_string()),
            credential: Some(credential.to_string()),
            follows,
            ..Left::of("credential")
        });
        before = match credential {
            Credential::Key { device, .. } => Some((member, device)),
            Credential::Recipient(_) => None,
        };
    }
    rows
}

fn role_row(vault: &Vault, role: &Name) -> Left {
    let found = vault.policy().role(role);
    let members = found.into_iter().flat_map(|found| found.members());
    Left {
        role: Some(role.to_string()),
        access: accesses(&AccessOfRole::of_role(vault.chain(), role)),
        members: members.map(ToString::to_string).collect(),
        ..Left::of("role")
    }
}

/// As people read it: a device and its recipient are one.
fn texts<'a>(rows: impl IntoIterator<Item = &'a Left>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for left in rows {
        match (texts.last_mut(), &left.credential) {
            (Some(last), Some(recipient)) if left.follows && last.contains(": device ") => {
                last.push_str(&format!(", {recipient}"));
            }
            _ => texts.push(left.text()),
        }
    }
    texts
}

/// Lists it before anything is asked.
pub fn tell(context: &Context<'_>, who: &str, vault: &Vault, vouched: &Vouched) {
    let rows = rows(vault, &vouched.all, &[]);
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
pub fn tell_staying(context: &Context<'_>, nobody: &str, rows: &[Left]) {
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
) -> Outcome<(Vec<PolicyOp>, Vec<Left>)> {
    let revokable = departure::revoke(vault, &vouched.takeable, &ctx.signer.key.id(), removal);
    let may_ask = !confirm.is_given() && context.interactive();
    let also = match by_option {
        false if may_ask && !revokable.is_empty() => ask(context)?,
        chosen => chosen,
    };
    let taken = if also { revokable } else { Vec::new() };
    let left = rows(vault, &vouched.all, &taken);
    Ok((taken, left))
}

fn ask(context: &Context<'_>) -> Outcome<bool> {
    context.ui.confirm("Remove that, too?", false)
}
