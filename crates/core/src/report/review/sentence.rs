//! One item in words. The verb comes first, as a list is read by its front.

use super::code_span::code;
use crate::policy::state::OWNER;
use crate::report::change::{About, Item, What};
use crate::report::facts::Subject;

pub(super) fn of(item: &Item) -> String {
    let mut text = match &item.about {
        About::Policy(subject) => of_policy(item, subject),
        About::Secret(secret) => of_secret(item, &code(secret.as_str())),
        About::Field { secret, field } => {
            let (secret, field) = (code(secret.as_str()), code(field));
            format!("**{}** {field} of {secret}{}", item.what.as_str(), turned(item))
        }
    };
    if let Some(by) = &item.by {
        text.push_str(&format!(", by {}: {}", code(&by.who), code(&by.reason)));
    }
    text
}

fn of_policy(item: &Item, subject: &Subject) -> String {
    let what = item.what.as_str();
    let after = || item.after.as_deref().map(code).unwrap_or_default();
    let before = || item.before.as_deref().map(code).unwrap_or_default();
    match (subject, item.what) {
        (Subject::Membership { role, member }, _) => {
            let verb = if item.what == What::Added { "joins" } else { "leaves" };
            let all = if role.as_str() == OWNER { ", which has every right" } else { "" };
            format!("{} **{verb}** {}{all}", code(member.as_str()), code(role.as_str()))
        }
        (Subject::Grant { role, pattern }, What::Added) => {
            format!("{} **may now** {} {}", code(role.as_str()), after(), code(pattern.as_str()))
        }
        (Subject::Grant { role, pattern }, What::Removed) => {
            let (role, pattern) = (code(role.as_str()), code(pattern.as_str()));
            format!("{role} **may no longer** {} {pattern}", before())
        }
        (Subject::Grant { role, pattern }, _) => {
            let (role, pattern) = (code(role.as_str()), code(pattern.as_str()));
            format!("{role} **may now** {} {pattern}, and before {}", after(), before())
        }
        (Subject::Threshold, What::Removed) => {
            format!("**one owner** alone may change what owners may, {} before", before())
        }
        (Subject::Threshold, _) => {
            let was = item.before.as_deref().map_or("1 did", |before| before);
            format!("of the owners **{}**, where {} before", after(), code(was))
        }
        (Subject::Recipient { member, recipient }, _) => {
            let (member, recipient) = (code(member.as_str()), code(recipient));
            format!("**{what}** {recipient}, by which {member} reads")
        }
        (other, _) => {
            format!("**{what}** {} {}{}", other.kind(), code(&other.to_string()), turned(item))
        }
    }
}

fn of_secret(item: &Item, secret: &str) -> String {
    let what = item.what.as_str();
    match (item.what, &item.before) {
        (What::Renamed, Some(from)) => format!("**renamed** {} to {secret}", code(from)),
        (What::Copied, Some(from)) => format!("**copied** {} to {secret}", code(from)),
        (What::Expiry, _) => {
            let at = item.after.as_deref().map_or_else(|| "never".to_owned(), code);
            format!("{secret} **expires** {at}")
        }
        (What::Conflict, _) => {
            let active = item.after.as_deref().map(code).unwrap_or_default();
            format!("**conflict** in {secret}: {active} are all active, and somebody has to choose")
        }
        (What::Rotation, _) => format!("**rotation** of {secret}{}", turned(item)),
        _ => format!("**{what}** {secret}{}", turned(item)),
    }
}

/// What it was and what it is.
fn turned(item: &Item) -> String {
    match (&item.before, &item.after) {
        (Some(before), Some(after)) => format!(", {} → {}", code(before), code(after)),
        (Some(one), None) | (None, Some(one)) => format!(", {}", code(one)),
        (None, None) => String::new(),
    }
}
