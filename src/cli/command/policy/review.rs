//! `v-secure policy review`: every device, recipient, membership and role that is active, with who vouches
//! for it.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::giving::names;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::people::attention;
use v_secure_core::people::attention::Since;
use v_secure_core::people::review;
use v_secure_core::people::review::{Held, Joined, Mark, RoleRow};
use v_secure_core::policy::vouching::Voucher;
use v_secure_core::report::view::giving::access_texts;
use v_secure_core::report::view::policy::{MarkView, PolicyReviewView};
use v_secure_core::report::view::remark::RemarkView;
use v_secure_core::vault::Depth;

/// Show who let whom in: every device, recipient, membership and role, and what is worth a look
#[derive(Debug, Args)]
#[command(
    after_help = "Marks what no current member vouches for, what was vouched for by a member \
                        who could not grant what it has, roles that have members but no grants, and roles that no owner made. Whoever gives a member something, knowing its devices, vouches for these. If you know \
                        that a marked item is right, vouch for it by giving the role again (role leave, role join). Remove what nobody knows with 'v-secure member key remove' or 'v-secure role leave'.\n\n\
                        Remarks besides, without a key: members whose time is over, who are in no role, or who signed nothing for long; \
                        roles without members; grants that match no secret, and rights that nobody used, but to read; what is dated after now; \
                        secrets that one person alone reads; and what one loss would end. Reads leave no trace in a vault, and what is void is no use.\n\n\
                        Examples:\n  v-secure policy review\n  v-secure policy review --marked\n  \
                        v-secure policy review --json"
)]
pub struct Review {
    /// Only what is marked, without the remarks
    #[arg(long)]
    marked: bool,

    /// After how long without a signature a member, or a right that nobody used, is remarked
    #[arg(long, value_name = "DURATION", default_value = "90d", conflicts_with = "marked")]
    stale: String,
}

impl Review {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let asked = self.since(context)?;
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let mut found = review::review(&opened.vault)
            .map_err(|error| Failure::from_error(Code::Of((&error).into()), &error))?;
        let marked = found.marked();
        if self.marked {
            found.credentials.retain(|row| !row.marks.is_empty());
            found.memberships.retain(|row| !row.marks.is_empty());
            found.roles.retain(|row| !row.marks.is_empty());
        }
        let remarks = match self.marked {
            true => Vec::new(),
            false => attention::remarks(&opened.vault, asked),
        };
        if context.ui.json {
            return context.ui.object(&PolicyReviewView::of(&found, &remarks));
        }
        table(context, &found)?;
        let remarks = remarks.iter().map(RemarkView::from);
        let remarks = remarks.map(|view| vec![view.remark.to_owned(), view.text]).collect();
        context.ui.table(&["REMARK", "WHAT"], remarks)?;
        told(context, marked);
        Ok(())
    }

    fn since(&self, context: &Context<'_>) -> Outcome<Since> {
        let now = context.host.now();
        let span = duration::parse_span(&self.stale);
        let span = span.map_err(|error| times::refuse("--stale", Takes::Duration, &error))?;
        Ok(Since { now, since: now.saturating_sub(span) })
    }
}

fn table(context: &Context<'_>, found: &review::Review) -> Outcome {
    let credentials = found.credentials.iter().map(credential_cells);
    let memberships = found.memberships.iter().map(membership_cells);
    let roles = found.roles.iter().map(role_cells);
    let rows = credentials.chain(memberships).chain(roles).collect();
    context.ui.table(&["WHO", "WHAT", "BY", "CONFIRMED", "REMARKS"], rows)
}

fn told(context: &Context<'_>, marked: usize) {
    match marked {
        0 => context.ui.note("nothing is marked"),
        1 => context.ui.warn("1 of these is worth a look: see its remarks"),
        many => context.ui.warn(&format!("{many} of these are worth a look: see their remarks")),
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
    let marks: Vec<String> = marks.iter().map(|mark| MarkView::from(mark).text).collect();
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
    let access = access_texts(&row.access).join("; ");
    let what = if access.is_empty() { "has nothing".to_owned() } else { access };
    cells(format!("role {}", row.role), what, &row.made, &[], &row.marks)
}
