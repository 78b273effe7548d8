//! What `policy review` remarks beside who vouches for what.

use crate::convert::duration::rfc3339;
use crate::name::{Name, Pattern, SecretName};
use crate::people::attention::Remark;
use crate::policy::op::Right;
use serde::Serialize;

/// So many secrets are named in the text.
const NAMED: usize = 5;

#[derive(Serialize)]
pub struct RemarkView<'a> {
    pub remark: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<&'a Pattern>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<&'a [SecretName]>,
    pub text: String,
}

impl<'a> From<&'a Remark> for RemarkView<'a> {
    fn from(remark: &'a Remark) -> Self {
        let mut view = Self {
            remark: code(remark),
            member: None,
            role: None,
            pattern: None,
            secrets: None,
            text: text(remark),
        };
        match remark {
            Remark::Expired { member, .. }
            | Remark::NoRole { member }
            | Remark::Silent { member, .. }
            | Remark::Ahead { member, .. } => view.member = Some(member),
            Remark::OneReader { member, secrets } => {
                view.member = Some(member);
                view.secrets = Some(secrets);
            }
            Remark::RoleEmpty { role } => view.role = Some(role),
            Remark::MatchesNothing { role, pattern } | Remark::Unused { role, pattern, .. } => {
                view.role = Some(role);
                view.pattern = Some(pattern);
            }
            Remark::Loss(_) => {}
        }
        view
    }
}

fn code(remark: &Remark) -> &'static str {
    match remark {
        Remark::Expired { .. } => "expired",
        Remark::NoRole { .. } => "no-role",
        Remark::Silent { .. } => "silent",
        Remark::Ahead { .. } => "ahead",
        Remark::RoleEmpty { .. } => "role-empty",
        Remark::MatchesNothing { .. } => "matches-nothing",
        Remark::Unused { .. } => "unused",
        Remark::OneReader { .. } => "one-reader",
        Remark::Loss(loss) => loss.code(),
    }
}

fn text(remark: &Remark) -> String {
    match remark {
        Remark::Expired { member, at } => {
            format!("{member} was to be here until {}", rfc3339(*at))
        }
        Remark::NoRole { member } => format!("{member} is in no role"),
        Remark::Silent { member, last: Some(last), .. } => {
            format!(
                "{member} last signed something at {}; reading leaves no trace here",
                rfc3339(*last)
            )
        }
        Remark::Silent { member, last: None, .. } => {
            format!("{member} has signed nothing; reading leaves no trace here")
        }
        Remark::Ahead { member, at } => format!(
            "{member} signed something that says it is of {}: a wrong clock, or to look recent",
            rfc3339(*at)
        ),
        Remark::RoleEmpty { role } => format!("the role {role} has no members"),
        Remark::MatchesNothing { role, pattern } => {
            format!("no secret matches {pattern}, which is granted to {role}")
        }
        Remark::Unused { role, pattern, rights, since } => {
            let rights: Vec<&str> = rights.iter().copied().map(Right::as_str).collect();
            let (rights, since) = (rights.join(","), rfc3339(*since));
            format!("nobody in {role} made use of {rights} on {pattern} since {since}")
        }
        Remark::OneReader { member, secrets } => {
            let named: Vec<&str> = secrets.iter().take(NAMED).map(SecretName::as_str).collect();
            let more = secrets.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("only {member} reads {}{more}", named.join(", "))
        }
        Remark::Loss(loss) => loss.to_string(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::people::loss::Loss;
    use crate::report::view::testing::{name, pattern, secret};
    use crate::time::UnixTime;

    /// One of each.
    pub(crate) fn remarks() -> Vec<Remark> {
        let (member, role, at) = (name("backend"), name("ops"), UnixTime::from_secs(1_800_000_000));
        let silent = |last| Remark::Silent { member: name("backend"), last, since: at };
        vec![
            Remark::Expired { member: member.clone(), at },
            Remark::NoRole { member: member.clone() },
            silent(None),
            silent(Some(at)),
            Remark::Ahead { member: member.clone(), at },
            Remark::RoleEmpty { role: role.clone() },
            Remark::MatchesNothing { role: role.clone(), pattern: pattern("prod/*") },
            Remark::Unused {
                role,
                pattern: pattern("prod/*"),
                rights: vec![Right::Write],
                since: at,
            },
            Remark::OneReader { member: member.clone(), secrets: vec![secret()] },
            Remark::Loss(Loss::OneIdentity),
            Remark::Loss(Loss::FewOwners { needed: 2, able: 2 }),
            Remark::Loss(Loss::OneOwner { member }),
        ]
    }

    #[test]
    fn of_many_secrets_some_are_named() {
        let secrets: Vec<SecretName> =
            (0..7).map(|n| SecretName::parse(format!("prod/S{n}")).unwrap()).collect();
        let said = text(&Remark::OneReader { member: name("backend"), secrets });
        assert_eq!(
            said,
            "only backend reads prod/S0, prod/S1, prod/S2, prod/S3, prod/S4 and 2 more"
        );
    }
}
