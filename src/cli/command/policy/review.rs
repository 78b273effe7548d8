//! `v-secure policy review`: every device, recipient, membership and role in force, with who stands
//! behind it.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::giving::{accesses, names};
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::people::review;
use v_secure_core::people::review::{Held, Joined, Mark, RoleRow};
use v_secure_core::policy::vouching::{Credential, Voucher};
use v_secure_core::vault::Depth;

/// Show who let whom in: every device, recipient, membership and role, and what is worth a look
#[derive(Debug, Args)]
#[command(
    after_help = "Marks what no present member vouches for, what was vouched for by a member \
                        who could not grant what it has, roles that have members but no grants, and roles that no owner made. Whoever gives a member something, knowing its devices, vouches for these. If you know \
                        that a marked item is right, vouch for it by giving the role again (role leave, role join). Remove what nobody knows with 'v-secure member key remove' or 'v-secure role leave'.\n\n\
                        Examples:\n  v-secure policy review\n  v-secure policy review --marked\n  \
                        v-secure policy review --json"
)]
pub struct Review {
    /// Only what is marked
    #[arg(long)]
    marked: bool,
}

#[derive(Serialize)]
struct Report {
    credentials: Vec<CredentialRow>,
    memberships: Vec<MembershipRow>,
    roles: Vec<RoleReport>,
}

#[derive(Serialize)]
struct CredentialRow {
    member: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// The key's id, or the recipient.
    id: String,
    roles: Vec<String>,
    added_by: Vec<String>,
    confirmed_by: Vec<String>,
    marks: Vec<Remark>,
}

#[derive(Serialize)]
struct MembershipRow {
    role: String,
    member: String,
    added_by: Vec<String>,
    marks: Vec<Remark>,
}

#[derive(Serialize)]
struct RoleReport {
    role: String,
    members: usize,
    access: Vec<String>,
    made_by: Vec<String>,
    marks: Vec<Remark>,
}

#[derive(Serialize)]
struct Remark {
    mark: &'static str,
    text: String,
}

impl Review {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let mut found = review::review(&opened.vault)
            .map_err(|error| Failure::from_error(Code::Of((&error).into()), &error))?;
        let marked = found.marked();
        if self.marked {
            found.credentials.retain(|row| !row.marks.is_empty());
            found.memberships.retain(|row| !row.marks.is_empty());
            found.roles.retain(|row| !row.marks.is_empty());
        }
        if context.ui.json {
            return context.ui.object(&Report {
                credentials: found.credentials.iter().map(credential).collect(),
                memberships: found.memberships.iter().map(membership).collect(),
                roles: found.roles.iter().map(role).collect(),
            });
        }
        let credentials = found.credentials.iter().map(credential_cells);
        let memberships = found.memberships.iter().map(membership_cells);
        let roles = found.roles.iter().map(role_cells);
        let rows = credentials.chain(memberships).chain(roles).collect();
        context.ui.table(&["WHO", "WHAT", "BY", "CONFIRMED", "REMARKS"], rows)?;
        match marked {
            0 => context.ui.note("nothing is marked"),
            1 => context.ui.warn("1 of these is worth a look: see its remarks"),
            many => {
                context.ui.warn(&format!("{many} of these are worth a look: see their remarks"))
            }
        }
        Ok(())
    }
}

fn credential(row: &Held) -> CredentialRow {
    let (kind, device, id) = match &row.credential {
        Credential::Key { device, id } => ("key", Some(device.to_string()), id.to_string()),
        Credential::Recipient(text) => ("recipient", None, text.clone()),
    };
    CredentialRow {
        member: row.member.to_string(),
        kind,
        device,
        id,
        roles: row.roles.iter().map(ToString::to_string).collect(),
        added_by: texts(&row.added),
        confirmed_by: texts(&row.confirmed),
        marks: remarks(&row.marks),
    }
}

fn membership(row: &Joined) -> MembershipRow {
    MembershipRow {
        role: row.role.to_string(),
        member: row.member.to_string(),
        added_by: texts(&row.by),
        marks: remarks(&row.marks),
    }
}

fn role(row: &RoleRow) -> RoleReport {
    RoleReport {
        role: row.role.to_string(),
        members: row.members,
        access: accesses(&row.access),
        made_by: texts(&row.made),
        marks: remarks(&row.marks),
    }
}

fn texts(vouchers: &[Voucher]) -> Vec<String> {
    vouchers.iter().map(|voucher| voucher.member.to_string()).collect()
}

fn remarks(marks: &[Mark]) -> Vec<Remark> {
    marks.iter().map(|mark| Remark { mark: mark.code(), text: text(mark) }).collect()
}

fn text(mark: &Mark) -> String {
    match mark {
        Mark::Nobody { lost } if lost.is_empty() => "no present member vouches for it".into(),
        Mark::Nobody { lost } => format!("by {}, with a device that was lost", listed(lost)),
        Mark::NotTheirs { role, lacks: Some(pattern) } => {
            format!("nobody vouches for it who may grant {pattern} (role {role})")
        }
        Mark::NotTheirs { role, lacks: None } => {
            format!("nobody vouches for it who could give the role {role}")
        }
        Mark::Empty => "has members, and gives nothing yet".into(),
        Mark::MadeByOthers => "no owner made it".into(),
    }
}

fn cells(
    who: String,
    what: String,
    by: &[Voucher],
    confirmed: &[Voucher],
    marks: &[Mark],
) -> Vec<String> {
    let or_dash =
        |text: String| if text.is_empty() || text == "nobody" { "-".into() } else { text };
    let marks: Vec<String> = marks.iter().map(text).collect();
    vec![who, what, or_dash(names(by)), or_dash(names(confirmed)), or_dash(marks.join("; "))]
}

fn credential_cells(row: &Held) -> Vec<String> {
    let what = match row.roles.is_empty() {
        true => row.credential.to_string(),
        false => format!("{} ({})", row.credential, listed(&row.roles)),
    };
    cells(row.member.to_string(), what, &row.added, &row.confirmed, &row.marks)
}

fn membership_cells(row: &Joined) -> Vec<String> {
    let what = format!("in the role {}", row.role);
    cells(row.member.to_string(), what, &row.by, &[], &row.marks)
}

fn role_cells(row: &RoleRow) -> Vec<String> {
    let access = accesses(&row.access).join("; ");
    let what = if access.is_empty() { "has nothing".to_owned() } else { access };
    cells(format!("role {}", row.role), what, &row.made, &[], &row.marks)
}
