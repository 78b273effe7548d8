//! `policy review`.

use super::giving::{access_texts, members, parts};
use super::remark::RemarkView;
use crate::name::Name;
use crate::people::attention::Remark;
use crate::people::review::{Held, Joined, Mark, Review, RoleRow};
use serde::Serialize;

#[derive(Serialize)]
pub struct PolicyReviewView<'a> {
    pub credentials: Vec<CredentialReviewView<'a>>,
    pub memberships: Vec<MembershipReviewView<'a>>,
    pub roles: Vec<RoleReviewView<'a>>,
    pub remarks: Vec<RemarkView<'a>>,
}

#[derive(Serialize)]
pub struct CredentialReviewView<'a> {
    pub member: &'a Name,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<&'a Name>,
    /// The key's id, or the recipient.
    pub id: String,
    pub roles: &'a [Name],
    pub added_by: Vec<Name>,
    pub confirmed_by: Vec<Name>,
    pub marks: Vec<MarkView>,
}

#[derive(Serialize)]
pub struct MembershipReviewView<'a> {
    pub role: &'a Name,
    pub member: &'a Name,
    pub added_by: Vec<Name>,
    pub marks: Vec<MarkView>,
}

#[derive(Serialize)]
pub struct RoleReviewView<'a> {
    pub role: &'a Name,
    pub members: usize,
    pub access: Vec<String>,
    pub made_by: Vec<Name>,
    pub marks: Vec<MarkView>,
}

#[derive(Serialize)]
pub struct MarkView {
    pub mark: &'static str,
    pub text: String,
}

impl<'a> PolicyReviewView<'a> {
    pub fn of(found: &'a Review, remarks: &'a [Remark]) -> Self {
        Self {
            credentials: found.credentials.iter().map(CredentialReviewView::from).collect(),
            memberships: found.memberships.iter().map(MembershipReviewView::from).collect(),
            roles: found.roles.iter().map(RoleReviewView::from).collect(),
            remarks: remarks.iter().map(RemarkView::from).collect(),
        }
    }
}

impl<'a> From<&'a Held> for CredentialReviewView<'a> {
    fn from(row: &'a Held) -> Self {
        let (kind, device, id) = parts(&row.credential);
        Self {
            member: &row.member,
            kind,
            device,
            id,
            roles: &row.roles,
            added_by: members(&row.added),
            confirmed_by: members(&row.confirmed),
            marks: row.marks.iter().map(MarkView::from).collect(),
        }
    }
}

impl<'a> From<&'a Joined> for MembershipReviewView<'a> {
    fn from(row: &'a Joined) -> Self {
        Self {
            role: &row.role,
            member: &row.member,
            added_by: members(&row.by),
            marks: row.marks.iter().map(MarkView::from).collect(),
        }
    }
}

impl<'a> From<&'a RoleRow> for RoleReviewView<'a> {
    fn from(row: &'a RoleRow) -> Self {
        Self {
            role: &row.role,
            members: row.members,
            access: access_texts(&row.access),
            made_by: members(&row.made),
            marks: row.marks.iter().map(MarkView::from).collect(),
        }
    }
}

impl From<&Mark> for MarkView {
    fn from(mark: &Mark) -> Self {
        Self { mark: mark.code(), text: text(mark) }
    }
}

fn text(mark: &Mark) -> String {
    match mark {
        Mark::Nobody { lost } if lost.is_empty() => "no current member vouches for it".into(),
        Mark::Nobody { lost } => {
            let lost: Vec<&str> = lost.iter().map(Name::as_str).collect();
            format!("by {}, with a device that was lost", lost.join(", "))
        }
        Mark::NotTheirs { role, lacks: Some(pattern) } => {
            format!("nobody who may grant {pattern} (role {role}) vouches for it")
        }
        Mark::NotTheirs { role, lacks: None } => {
            format!("nobody who could give the role {role} vouches for it")
        }
        Mark::Empty => "has members, and gives nothing yet".into(),
        Mark::MadeByOthers => "no owner made it".into(),
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::KeyId;
    use crate::crypto::identity::recipient_text::RecipientText;
    use crate::policy::vouching::{AccessOfRole, Credential, Voucher, VoucherStatus};
    use crate::report::view::remark::tests::remarks;
    use crate::report::view::testing::{Examples, ID, hold, json, name, pattern};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("policy-review", reviews)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn marks() -> Vec<Mark> {
        let not_theirs = |lacks| Mark::NotTheirs { role: name("ops"), lacks };
        vec![
            Mark::Nobody { lost: Vec::new() },
            Mark::Nobody { lost: vec![name("admin")] },
            not_theirs(None),
            not_theirs(Some(pattern("prod/*"))),
            Mark::Empty,
            Mark::MadeByOthers,
        ]
    }

    fn reviews() -> Vec<Value> {
        let by = || vec![Voucher { member: name("admin"), standing: VoucherStatus::Lost }];
        let held = |credential| Held {
            member: name("backend"),
            credential,
            roles: vec![name("ops")],
            added: by(),
            confirmed: by(),
            marks: marks(),
        };
        let key = Credential::Key { device: name("laptop"), id: KeyId(ID.0) };
        let (role, grants) = (name("ops"), vec![]);
        let access = AccessOfRole { role: role.clone(), grants, once: vec![pattern("prod/*")] };
        let review = Review {
            credentials: vec![held(key), held(Credential::Recipient(RecipientText::new("age1x")))],
            memberships: vec![Joined {
                role: role.clone(),
                member: name("backend"),
                by: by(),
                marks: marks(),
            }],
            roles: vec![RoleRow { role, members: 1, access, made: by(), marks: marks() }],
        };
        vec![json(&PolicyReviewView::of(&review, &remarks()))]
    }
}
