//! `policy proposals`, `policy sign`, `policy withdraw`.

use super::effects::EffectsView;
use super::giving::GivenView;
use crate::convert::duration::rfc3339;
use crate::name::Name;
use crate::policy::describe;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp};
use crate::proposal::{Proposal, Unfit, judge};
use crate::vault::Vault;
use serde::Serialize;

#[derive(Serialize)]
pub struct ProposalListView {
    pub proposals: Vec<ProposalView>,
    /// Whether more lie there than are looked at.
    pub more: bool,
}

/// What lies where proposals do.
#[derive(Debug, Serialize)]
pub struct ProposalView {
    pub proposal: String,
    pub state: &'static str,
    /// The owners who signed and count now.
    pub signed_by: Vec<Name>,
    /// How many owners are still to sign.
    pub missing: usize,
    pub changes: Vec<ProposedChangeView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<String>,
    /// Why it cannot be signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ProposedChangeView {
    pub action: &'static str,
    pub object: String,
}

impl ProposedChangeView {
    /// All that the entry does: nobody signs what was not shown.
    pub fn all(entry: &PolicyEntry) -> Vec<Self> {
        let of = |op| Self { action: describe::action(op), object: whole(op) };
        entry.ops.iter().map(of).collect()
    }

    pub fn text(&self) -> String {
        format!("{} {}", self.action, self.object)
    }
}

impl ProposalView {
    /// One that can be read, as the vault is now.
    pub fn of(vault: &Vault, proposal: &Proposal) -> Self {
        let entry = &proposal.entry;
        let judged = judge(vault, proposal);
        let (state, missing, why) = match &judged {
            Ok(judged) if judged.missing() == 0 => ("signed", 0, None),
            Ok(judged) => ("waits", judged.missing(), None),
            Err(unfit) => (if unfit.is_stale() { "stale" } else { "unfit" }, 0, Some(said(unfit))),
        };
        let signers = judged.map(|judged| judged.signed_by).unwrap_or_default();
        Self {
            proposal: proposal.id().to_string(),
            state,
            signed_by: signers.into_iter().collect(),
            missing,
            changes: ProposedChangeView::all(entry),
            reason: Some(entry.reason.clone()),
            proposed: Some(rfc3339(entry.ts)),
            why,
        }
    }

    /// One that cannot be read.
    pub fn unreadable(proposal: String, why: String) -> Self {
        Self {
            proposal,
            state: "unreadable",
            signed_by: Vec::new(),
            missing: 0,
            changes: Vec::new(),
            reason: None,
            proposed: None,
            why: Some(why),
        }
    }

    /// Whether this owner could sign it, or complete it.
    pub fn waits_for(&self, member: &Name) -> bool {
        match self.state {
            "signed" => true,
            "waits" => !self.signed_by.contains(member),
            _ => false,
        }
    }
}

/// What an op is about, with what the history leaves to its other rows: whom keys leave out, what goes with a lost
/// device, by which recipients somebody reads and until when.
fn whole(op: &PolicyOp) -> String {
    let object = describe::object(op);
    match op {
        PolicyOp::Epoch(EpochStart { skipped, .. })
        | PolicyOp::Reseal(EpochReseal { skipped, .. })
            if !skipped.is_empty() =>
        {
            let skipped: Vec<&str> = skipped.iter().map(|text| text.as_str()).collect();
            format!("{object}, not sealed to {}", skipped.join(", "))
        }
        PolicyOp::KeyRemove { lost: true, .. } => {
            format!("{object}, and what it may have brought in")
        }
        PolicyOp::MemberAdd(add) => {
            let recipients: Vec<&str> = add.recipients.iter().map(|text| text.as_str()).collect();
            let until = add.expires.map(|at| format!(", until {}", rfc3339(at)));
            format!("{object}, reads by {}{}", recipients.join(", "), until.unwrap_or_default())
        }
        _ => object,
    }
}

fn said(unfit: &Unfit) -> String {
    let causes = super::cause::causes(unfit);
    std::iter::once(unfit.to_string()).chain(causes).collect::<Vec<_>>().join(": ")
}

#[derive(Serialize)]
pub struct PolicySignView<'a> {
    pub proposal: &'a str,
    pub changes: &'a [ProposedChangeView],
    pub signed_by: &'a [Name],
    pub missing: usize,
    /// Whether it is in the vault now.
    pub complete: bool,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct PolicyWithdrawView<'a> {
    pub proposal: &'a str,
}

#[derive(Serialize)]
pub struct PolicyRenewView<'a> {
    pub proposal: &'a str,
    pub changed: bool,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json, name};
    use crate::report::view::{effects, giving};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("policy-proposals", listed),
        ("policy-sign", signed),
        ("policy-withdraw", withdrawn),
        ("policy-renew", renewed),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn changes() -> Vec<ProposedChangeView> {
        let object = "backend owner".to_owned();
        crate::policy::describe::ACTIONS
            .map(|action| ProposedChangeView { action, object: object.clone() })
            .into()
    }

    fn listed() -> Vec<Value> {
        let full = |state| ProposalView {
            proposal: ID.to_string(),
            state,
            signed_by: vec![name("admin")],
            missing: 1,
            changes: changes(),
            reason: Some("leaves".to_owned()),
            proposed: Some("2026-11-28T10:00:00Z".to_owned()),
            why: (state == "stale").then(|| "the policy has changed".to_owned()),
        };
        let mut proposals: Vec<_> = ["waits", "signed", "stale", "unfit"].map(full).into();
        proposals.push(ProposalView::unreadable("x".to_owned(), "it lacks a file".to_owned()));
        vec![json(&ProposalListView { proposals, more: false })]
    }

    fn signed() -> Vec<Value> {
        let (gives, signed_by) = (&giving::examples()[..], &[name("admin")][..]);
        let view = |effects: &_| {
            json(&PolicySignView {
                proposal: &ID.to_string(),
                changes: &changes(),
                signed_by,
                missing: 0,
                complete: true,
                gives,
                effects,
            })
        };
        effects::examples().iter().map(view).collect()
    }

    fn withdrawn() -> Vec<Value> {
        vec![json(&PolicyWithdrawView { proposal: &ID.to_string() })]
    }

    fn renewed() -> Vec<Value> {
        let gives = &giving::examples()[..];
        let view = |effects: &_| {
            json(&PolicyRenewView { proposal: &ID.to_string(), changed: true, gives, effects })
        };
        effects::examples().iter().map(view).collect()
    }
}
