//! Comparison with a base (`--base`): nothing that it holds may be gone.

use crate::crypto::id::{EntryId, ObjectId, PolicyId, SecretId, VaultId};
use crate::file::model::VaultFile;
use crate::file::slot::SlotRecord;
use crate::log::describe::{self, short};
use crate::log::entry::Entry;
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::policy_view::PolicyView;
use crate::log::standing::{EntryStatus, LogSignatures, Standings};
use crate::log::state::LogState;
use crate::name::SecretName;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::policy::chain_comparison::lacking;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::PolicyOp;
use crate::policy::rebase;
use crate::record::ids;

/// What `base` holds and `new` does not; `state` and `policy` are those of `new`.
///
/// A wholly void entry that nothing counting descends from may be dropped, with what only it put.
pub fn verify_base(
    new: &VaultFile,
    state: &LogState,
    policy: &dyn PolicyView,
    base: &VaultFile,
) -> Vec<Finding> {
    let over = took_over(new, base);
    let mut findings: Vec<Finding> = chain(policy, base, over).into_iter().collect();
    findings.extend(entries(new, policy, base, over));
    findings.extend(objects(new, state, base));
    findings.extend(slots(new, base));
    findings
}

/// Whether the base's policy gave way to the new one, on the word of its own owners.
fn took_over(new: &VaultFile, base: &VaultFile) -> bool {
    let of = |entries: &[PolicyEntry]| Chain::build(entries, ChainSignatures::Trusted);
    let is_named = |op: &PolicyOp| matches!(op, PolicyOp::Rebase { .. });
    // Few vaults ever had to do with it.
    new.chain.iter().any(|entry| entry.ops.iter().any(is_named))
        && matches!((of(&new.chain), of(&base.chain)), (Ok(now), Ok(then))
            if rebase::took_over(&now, &new.chain, &then))
}

fn chain(policy: &dyn PolicyView, base: &VaultFile, over: bool) -> Option<Finding> {
    let ids: Vec<PolicyId> = base.chain.iter().map(PolicyEntry::id).collect();
    let gone = lacking(&ids, policy.ids());
    let (position, id) = (ids.len() - gone.len(), *gone.first()?);
    if over {
        let message = format!(
            "policy entry {position} of the base and what follows it gave way: an owner made its changes again"
        );
        return Some(Finding::new(FindingCode::BasePolicyRebased, Subject::Policy(id), message));
    }
    let message =
        format!("policy entry {position} of the base, {}, is not in the chain", short(&id));
    let finding = Finding::new(FindingCode::BasePolicyDiverged, Subject::Policy(id), message);
    Some(finding.hint("git log -p -- .v-secure/vault.toml"))
}

fn entries(new: &VaultFile, policy: &dyn PolicyView, base: &VaultFile, over: bool) -> Vec<Finding> {
    // What was written under a policy that gave way cannot be there, and was issued anew or left with it.
    let lacks = |(id, entry): &(&EntryId, &Entry)| {
        let gave_way = over && policy.position(&entry.policy).is_none();
        !new.entries.contains_key(*id) && !gave_way
    };
    let missing: Vec<&EntryId> = base.entries.iter().filter(lacks).map(|(id, _)| id).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    // The base's entries, judged by the policy of now.
    let graph = Graph::inspect(&base.entries);
    let standings =
        Standings::judge(&graph, &base.entries, policy, FoldScope::All, LogSignatures::Trusted);
    let counting = standings.iter().filter(|(_, standing)| standing.counts_partly());
    let kept = graph.ancestry(counting.map(|(place, _)| graph.id(place)));
    let droppable = |id: &EntryId| {
        graph.place(id).is_some_and(|place| {
            matches!(standings.of(place), EntryStatus::Void { .. }) && !kept.get(place)
        })
    };
    missing.into_iter().map(|id| entry(id, base, policy, droppable(id))).collect()
}

fn entry(id: &EntryId, base: &VaultFile, policy: &dyn PolicyView, droppable: bool) -> Finding {
    let who = base.entries.get(id);
    let who = who.map_or_else(|| short(id), |entry| describe::entry(id, entry, policy));
    let (code, message) = if droppable {
        (FindingCode::BaseVoidDropped, format!("{who} of the base was void and has been dropped"))
    } else {
        (FindingCode::BaseEntryMissing, format!("{who} of the base is missing"))
    };
    let finding = Finding::new(code, Subject::Entry(*id), message);
    if droppable { finding } else { finding.hint("git log -p -- .v-secure/vault.toml") }
}

fn objects(new: &VaultFile, state: &LogState, base: &VaultFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (uid, section) in &base.secrets {
        let there = new.secrets.get(uid);
        for object in section.versions.keys() {
            let is_there = there.is_some_and(|section| section.versions.contains_key(object));
            if !is_there && is_needed(state, &base.header.vault, uid, &section.name, object) {
                findings.push(object_missing(&section.name, object));
            }
        }
    }
    findings
}

/// Whether the version still exists for the new vault and nobody pruned it.
fn is_needed(
    state: &LogState,
    vault: &VaultId,
    uid: &SecretId,
    name: &SecretName,
    object: &ObjectId,
) -> bool {
    let version = state.secret(name).and_then(|secret| secret.version(object));
    version.is_some_and(|version| !version.pruned) && ids::secret_uid(vault, name) == *uid
}

fn object_missing(secret: &SecretName, object: &ObjectId) -> Finding {
    let message = format!("version {} of {secret} of the base is missing", short(object));
    let subject = Subject::Object { secret: secret.clone(), object: *object };
    let finding = Finding::new(FindingCode::BaseObjectMissing, subject, message);
    finding.hint("git log -p -- .v-secure/vault.toml")
}

/// Secrets that are not gone and that `base` has not, or has as gone.
pub fn new_secrets(state: &LogState, base: &LogState) -> Vec<Finding> {
    let is_live = |state: &LogState, name| state.secret(name).is_some_and(|found| !found.is_gone());
    let new = state.secrets.keys().filter(|name| is_live(state, name) && !is_live(base, name));
    let finding = |secret: &SecretName| {
        let message = format!(
            "{secret} is new since the base: programs of {} get it too",
            secret.environment()
        );
        Finding::new(FindingCode::BaseSecretNew, Subject::Secret(secret.clone()), message)
    };
    new.map(finding).collect()
}

fn slots(new: &VaultFile, base: &VaultFile) -> Vec<Finding> {
    let gone = base.slots.iter().filter(|(id, record)| match (record, new.slots.get(*id)) {
        (SlotRecord::Removed(_), there) => !matches!(there, Some(SlotRecord::Removed(_))),
        (SlotRecord::Seal(_), there) => there.is_none(),
    });
    gone.map(|(id, _)| {
        let message = format!("slot {} of the base, or its removal, is missing", short(id));
        Finding::new(FindingCode::BaseSlotMissing, Subject::Slot(*id), message)
    })
    .collect()
}
