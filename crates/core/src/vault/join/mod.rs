//! Uniting heads, where branches left more of them than an entry has parents or a policy entry names:
//! whoever writes first takes up all of them, so that nobody keeps others from writing, or from
//! taking rights away, by leaving heads behind.

use super::change::Change;

use crate::crypto::id::EntryId;
use crate::log::draft::{Authorship, EntryDraft, MAX_PARENTS, Tips};
use crate::log::entry::Entry;
use crate::log::op::{Join, Op};
use crate::vault::Vault;
use crate::vault::author::Ctx;

/// The change that leaves at most [`MAX_PARENTS`] heads; `None` where there are no more.
pub fn join(vault: &Vault, ctx: &Ctx<'_>) -> Option<Change> {
    let lamport = |id: &EntryId| vault.file().entries.get(id).map_or(0, |entry| entry.lamport);
    let mut heads: Vec<(EntryId, u64)> =
        vault.known_heads().into_iter().map(|id| (id, lamport(&id))).collect();
    let mut entries = Vec::new();
    while heads.len() > MAX_PARENTS {
        let joined: Vec<Entry> =
            heads.chunks(MAX_PARENTS).map(|some| entry(vault, ctx, some)).collect();
        heads = joined.iter().map(|entry| (entry.id(), entry.lamport)).collect();
        heads.sort_unstable();
        entries.extend(joined);
    }
    (!entries.is_empty()).then(|| Change::log(entries))
}

/// The change that leaves one head that everything leads to, what is void too; `None` where it is so.
pub fn everything(vault: &Vault, ctx: &Ctx<'_>) -> Option<Change> {
    let graph = vault.graph();
    if let [place] = graph.heads()
        && vault.standings().of(*place).counts_partly()
    {
        return None;
    }
    let lamport = |id: &EntryId| vault.file().entries.get(id).map_or(0, |entry| entry.lamport);
    let mut heads: Vec<(EntryId, u64)> =
        vault.heads().into_iter().map(|id| (id, lamport(&id))).collect();
    let mut entries = Vec::new();
    while !heads.is_empty() {
        let joined: Vec<Entry> =
            heads.chunks(MAX_PARENTS).map(|some| entry(vault, ctx, some)).collect();
        heads = joined.iter().map(|entry| (entry.id(), entry.lamport)).collect();
        heads.sort_unstable();
        entries.extend(joined);
        if heads.len() == 1 {
            break;
        }
    }
    (!entries.is_empty()).then(|| Change::log(entries))
}

/// `heads` with their numbers, in order of id.
fn entry(vault: &Vault, ctx: &Ctx<'_>, heads: &[(EntryId, u64)]) -> Entry {
    let parents = heads.iter().map(|(id, _)| *id).collect();
    let lamport = heads.iter().map(|(_, lamport)| *lamport).max().unwrap_or(0) + 1;
    let (id, policy, actor) = (vault.id(), vault.chain().head(), &ctx.signer.member);
    let draft =
        EntryDraft { ops: vec![Op::Join(Join {})], reason: ctx.reason.clone(), ts: ctx.now };
    let by = Authorship { vault: &id, policy, actor };
    draft.sign(&Tips { parents, lamport }, by, &ctx.signer.key)
}

#[cfg(test)]
mod tests;
