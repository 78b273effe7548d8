//! What `member remove` says of everything that only the leaver vouched for, and how much of it goes.

use super::confirm::ConfirmArgs;
use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::layout;
use super::ui::escape_lines;
use crate::host::Stream;
use crate::name::Name;
use crate::ops::vault::Vault;
use crate::policy::error::ChainError;
use crate::policy::op::PolicyOp;
use crate::policy::vouching::{Alone, Vouching};
use serde::Serialize;

/// One thing that only the leaver stands behind.
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
    /// Whether it goes with the leaver.
    pub revoked: bool,
}

impl Left {
    fn of(kind: &'static str) -> Self {
        Self { kind, member: None, role: None, credential: None, revoked: false }
    }

    fn text(&self) -> String {
        let text = |found: &Option<String>| found.clone().unwrap_or_default();
        match self.kind {
            "member" => format!("the member {} with all it has", text(&self.member)),
            "credential" => format!("{}: {}", text(&self.member), text(&self.credential)),
            "membership" => format!("{} in the role {}", text(&self.member), text(&self.role)),
            _ => format!("the role {}", text(&self.role)),
        }
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
                let shown = crate::policy::vouching::Credential::Recipient(recipient.clone());
                is(&self.member, member) && self.credential == Some(shown.to_string())
            }
            _ => false,
        }
    }
}

/// What only `leaver` vouched for.
pub fn alone(vault: &Vault, leaver: &Name) -> Outcome<Alone> {
    let failed = |error: ChainError| Failure::from_error(Exit::Integrity, error.code(), &error);
    Ok(Vouching::of(&vault.file().chain).map_err(failed)?.alone(leaver))
}

/// The same as rows, with what `ops` take away of it.
pub fn rows(alone: &Alone, ops: &[PolicyOp]) -> Vec<Left> {
    let members = alone
        .members
        .iter()
        .map(|member| Left { member: Some(member.to_string()), ..Left::of("member") });
    let credentials = alone.credentials.iter().map(|(member, credential)| Left {
        member: Some(member.to_string()),
        credential: Some(credential.to_string()),
        ..Left::of("credential")
    });
    let memberships = alone.memberships.iter().map(|(role, member)| Left {
        member: Some(member.to_string()),
        role: Some(role.to_string()),
        ..Left::of("membership")
    });
    let roles =
        alone.roles.iter().map(|role| Left { role: Some(role.to_string()), ..Left::of("role") });
    let all = members.chain(credentials).chain(memberships).chain(roles);
    all.map(|left| {
        let revoked = ops.iter().any(|op| left.is_taken_by(op));
        Left { revoked, ..left }
    })
    .collect()
}

/// Lists it before anything is asked.
pub fn tell(context: &Context<'_>, leaver: &Name, rows: &[Left]) {
    if rows.is_empty() {
        return;
    }
    let mut lines = vec![("", format!("only {leaver} vouched for:"))];
    lines.extend(rows.iter().map(|left| ("  ", left.text())));
    say(context, &lines);
}

/// Lines that `--quiet` does not hide, as wide as the terminal: each behind a label.
pub fn say(context: &Context<'_>, lines: &[(&str, String)]) {
    let width = context.host.is_terminal(Stream::Err).then(|| context.host.width()).flatten();
    let line =
        |(label, text): &(&str, String)| layout::paragraph(label, label.len() + 2, text, width);
    let lines: Vec<String> = lines.iter().map(line).collect();
    context.host.write_err(&escape_lines(&lines.join("\n")));
}

/// Says what of it stays.
pub fn tell_staying(context: &Context<'_>, rows: &[Left]) {
    let went: Vec<String> = rows.iter().filter(|l| l.revoked).map(Left::text).collect();
    if !went.is_empty() {
        context.ui.note(&format!("went with it: {}", went.join("; ")));
    }
    let stays: Vec<String> = rows.iter().filter(|l| !l.revoked).map(Left::text).collect();
    if !stays.is_empty() {
        context.ui.warn(&format!(
            "nobody who is there vouches for what stays: {}; see v-secure policy review",
            stays.join("; ")
        ));
    }
}

/// Whether what only the leaver vouched for is to go: by the option, or by a question of its own.
pub fn wants_revoking(
    context: &Context<'_>,
    by_option: bool,
    confirm: &ConfirmArgs,
    rows: &[Left],
) -> Outcome<bool> {
    if by_option || rows.is_empty() || confirm.is_given() || !context.interactive() {
        return Ok(by_option && !rows.is_empty());
    }
    context.host.confirm("Remove that, too?", false).map_err(|error| {
        Failure::new(Exit::Failure, "prompt", "the answer cannot be read").because(&error)
    })
}
