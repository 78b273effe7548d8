//! What changed of people, rights, settings and keys, and which entry of the chain did it.

use super::{About, By, Item, What};
use crate::name::Name;
use crate::policy::chain_comparison::lacking;
use crate::policy::op::{EpochReseal, EpochStart, MemberAdd, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::report::facts;
use crate::report::facts::Subject;
use crate::vault::Vault;
use std::collections::BTreeSet;

pub(super) fn items(old: &Vault, new: &Vault) -> Vec<Item> {
    let (mut had, mut has) = (facts::of(old.policy()), facts::of(new.policy()));
    let subjects: BTreeSet<Subject> = had.keys().chain(has.keys()).cloned().collect();
    let differs = subjects.into_iter().filter_map(|subject| {
        let (before, after) = (had.remove(&subject), has.remove(&subject));
        let what = match (&before, &after) {
            (None, Some(_)) => What::Added,
            (Some(_), None) => What::Removed,
            (before, after) if before != after => What::Changed,
            _ => return None,
        };
        let by = by(old, new, &subject);
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let item = Item::new(About::Policy(subject), what);
        Some(Item { before: said(before), after: said(after), by, ..item })
    });
    differs.collect()
}

/// The last entry of the chain that the old state does not have and that is about the subject.
fn by(old: &Vault, new: &Vault, subject: &Subject) -> Option<By> {
    let ids = new.chain().ids();
    let fresh = lacking(ids, old.chain().ids());
    let positions = (ids.len() - fresh.len()..ids.len()).rev();
    let chain = &new.file().chain;
    let mut entries = positions.filter_map(|position| Some((position, chain.get(position)?)));
    let (position, entry) =
        entries.find(|(_, entry)| entry.ops.iter().any(|op| concerns(op, subject)))?;
    let signers = new.chain().signing_members(PolicyPosition::new(position));
    let who: Vec<&str> = signers.iter().map(|name| name.as_str()).collect();
    Some(By {
        who: who.join("+"),
        when: entry.ts,
        reason: entry.reason.clone(),
        entry: (*ids.get(position)?).into(),
    })
}

/// Whether an op can make or end what is said of a subject.
fn concerns(op: &PolicyOp, subject: &Subject) -> bool {
    match op {
        PolicyOp::MemberAdd(MemberAdd { member: of, .. })
        | PolicyOp::MemberRemove { member: of } => match subject {
            Subject::Member(member)
            | Subject::Device { member, .. }
            | Subject::Recipient { member, .. }
            | Subject::Membership { member, .. } => member == of,
            _ => false,
        },
        // With the device goes what it may have brought in.
        PolicyOp::KeyRemove { member: of, lost: true, .. } => match subject {
            Subject::Device { member, .. } | Subject::Recipient { member, .. } => member == of,
            _ => false,
        },
        PolicyOp::RecipientAdd { member, recipient, .. }
        | PolicyOp::RecipientRemove { member, recipient } => {
            let of = Subject::Recipient { member: member.clone(), recipient: recipient.clone() };
            *subject == of
        }
        PolicyOp::KeyAdd(key) => is_device(subject, &key.member, &key.device),
        PolicyOp::KeyRemove { member, device, .. } => is_device(subject, member, device),
        PolicyOp::RoleAdd { role: of } | PolicyOp::RoleRemove { role: of } => match subject {
            Subject::Role(role)
            | Subject::Membership { role, .. }
            | Subject::Grant { role, .. } => role == of,
            _ => false,
        },
        PolicyOp::RoleJoin { role, member, .. } | PolicyOp::RoleLeave { role, member } => {
            *subject == Subject::Membership { role: role.clone(), member: member.clone() }
        }
        PolicyOp::Grant { role, pattern, .. } | PolicyOp::Revoke { role, pattern, .. } => {
            *subject == Subject::Grant { role: role.clone(), pattern: pattern.clone() }
        }
        PolicyOp::Epoch(EpochStart { audience: of, .. })
        | PolicyOp::Reseal(EpochReseal { audience: of, .. }) => {
            matches!(subject, Subject::Keys { audience } if audience == of)
        }
        PolicyOp::Setting { key: of, .. } => matches!(subject, Subject::Setting(key) if key == of),
        PolicyOp::Threshold { .. } => matches!(subject, Subject::Threshold),
        PolicyOp::Vault(_) | PolicyOp::Rebase { .. } | PolicyOp::Checkpoint(_) => false,
    }
}

fn is_device(subject: &Subject, of: &Name, name: &Name) -> bool {
    matches!(subject, Subject::Device { member, device } if member == of && device == name)
}
