//! `member list`.

use crate::convert::duration::rfc3339;
use crate::name::Name;
use crate::policy::state::Member;
use crate::time::UnixTime;
use serde::Serialize;

#[derive(Serialize)]
pub struct MemberListView<'a> {
    pub members: Vec<MemberView<'a>>,
}

#[derive(Serialize)]
pub struct MemberView<'a> {
    pub member: &'a Name,
    pub kind: &'static str,
    pub roles: Vec<&'a Name>,
    pub devices: Vec<&'a Name>,
    /// Whether it can sign, and so write.
    pub signs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
}

impl<'a> MemberView<'a> {
    pub fn of(name: &'a Name, member: &'a Member, now: UnixTime) -> Self {
        Self {
            member: name,
            kind: member.kind.as_str(),
            roles: member.roles().collect(),
            devices: member.keys.keys().collect(),
            signs: !member.keys.is_empty(),
            expires: member.expires.map(rfc3339),
            expired: member.expires.is_some_and(|at| at <= now),
        }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::op::MemberKind;
    use crate::report::view::testing::{Examples, hold, json, name};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("member-list", lists)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn lists() -> Vec<Value> {
        let member = &name("admin");
        let view = |kind: MemberKind, expires: Option<UnixTime>| MemberView {
            member,
            kind: kind.as_str(),
            roles: vec![member],
            devices: vec![member],
            signs: true,
            expires: expires.map(rfc3339),
            expired: expires.is_some(),
        };
        let members = vec![
            view(MemberKind::User, None),
            view(MemberKind::Service, Some(UnixTime::from_secs(1_800_000_000))),
            view(MemberKind::Agent, None),
        ];
        vec![json(&MemberListView { members })]
    }
}
