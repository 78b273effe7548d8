//! Owners who sign a checkpoint that is false: what a reader without the history takes from them, and who finds it.

use super::{fill, outcome};
use std::fs;
use v_secure_core::crypto::id::{EntryId, ObjectId};
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;
use v_secure_core::log::closed::closing::{Closing, WholeLog, close};
use v_secure_core::log::closed::{Closed, KeptVersion};
use v_secure_core::log::op::Op;
use v_secure_core::policy::op::{Checkpoint, PolicyOp};
use v_secure_core::policy::position::PolicyPosition;
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Vault, segment_name};
use v_secure_testkit::branches::{open, thief};
use v_secure_testkit::cli::Cli;

/// The vault, and what closing all of it comes to.
fn truth(cli: &Cli) -> (Vault, Closing) {
    let vault = open(&cli.vault());
    let last = *vault.heads().iter().next().unwrap();
    let log = WholeLog {
        graph: vault.graph(),
        entries: &vault.file().entries,
        standings: vault.standings(),
        policy: vault.chain(),
    };
    let closing = close(log, &last, PolicyPosition::new(vault.chain().len()), None).unwrap();
    (vault, closing)
}

/// Signs that the log is closed with this block, and leaves the file and the segment as they follow from it.
fn sign(cli: &Cli, vault: &Vault, closing: &Closing, block: Closed, change: fn(&mut Checkpoint)) {
    let (_, signer) =
        thief(&cli.vault(), &cli.project().join("../home/config/v-secure/identity.txt"));
    let lines = closing.entries.iter().map(|id| &vault.file().entries[id]);
    let segment = format::write_segment(lines);
    let last = *vault.heads().iter().next().unwrap();
    let mut checkpoint = Checkpoint {
        entry: last,
        closed: block.id(),
        open: closing.open.clone(),
        segment: format::segment_id(segment.as_bytes()),
        entries: closing.entries.len() as u64,
    };
    change(&mut checkpoint);
    let mut file: VaultFile = vault.file().clone();
    let ops = vec![PolicyOp::Checkpoint(checkpoint.clone())];
    let (now, heads) = (UnixTime::from_secs(1_795_000_000), [last].into());
    let draft = PolicyDraft::next(vault.chain(), now, heads, ops, String::new());
    file.chain.push(draft.sign(&[&signer.key]));
    file.entries.retain(|id, _| block.entries.contains(id));
    let folder = cli.project().join(".v-secure/history");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(segment_name(&checkpoint.segment)), segment).unwrap();
    let held = file.secrets.clone();
    let name = segment_name(&checkpoint.segment).replace(".log", ".versions");
    let beside = held.into_iter().map(|(uid, mut section)| {
        section.active.clear();
        (uid, section)
    });
    fs::write(folder.join(name), format::write_versions(&beside.collect())).unwrap();
    // What nothing names stays beside the file.
    let kept = kept_objects(&file, &block);
    for section in file.secrets.values_mut() {
        section.versions.retain(|id, _| kept.contains(id));
        section.wraps.retain(|_, wrap| kept.contains(&wrap.version));
        let is_active = |id: &&ObjectId| {
            section.versions.contains_key(*id) && section.name.as_str() != "default/GONE"
        };
        section.active = kept.iter().filter(is_active).copied().collect();
        section.active.sort_unstable();
    }
    file.secrets.retain(|_, section| !section.versions.is_empty());
    file.closed = Some(block);
    fs::write(cli.vault(), format::write(&file)).unwrap();
}

fn kept_objects(file: &VaultFile, block: &Closed) -> Vec<ObjectId> {
    let ops = block.secrets.iter().flat_map(|secret| secret.kept.iter().flat_map(|kept| &kept.ops));
    let put = |(place, op): &(u32, u32)| {
        let entry = &file.entries[&block.entries[*place as usize]];
        match &entry.ops[*op as usize] {
            Op::Put(put) => Some(put.object),
            _ => None,
        }
    };
    ops.filter_map(put).collect()
}

/// The block with `A` as it was when its first version was the only one.
fn with_the_first_version(vault: &Vault, closing: &Closing) -> Closed {
    let mut block = closing.closed.clone();
    let puts_a = |id: &&EntryId| {
        let ops = &vault.file().entries[*id].ops;
        ops.iter().any(|op| matches!(op, Op::Put(put) if put.secret.as_str() == "default/A"))
    };
    let first = *closing.entries.iter().find(puts_a).unwrap();
    let before = block.entries.clone();
    block.entries.push(first);
    block.entries.sort_unstable();
    block.entries.dedup();
    let place = |id| block.entries.binary_search(id).unwrap() as u32;
    for secret in &mut block.secrets {
        let moved = |at: &mut (u32, u32)| at.0 = place(&before[at.0 as usize]);
        secret.ops.iter_mut().for_each(moved);
        secret.kept.iter_mut().flat_map(|kept| &mut kept.ops).for_each(moved);
        if secret.secret.as_str() == "default/A" {
            secret.ops = vec![(place(&first), 0)];
            secret.kept =
                vec![KeptVersion { number: 1, ops: vec![(place(&first), 0)], replaced: vec![] }];
        }
    }
    block
}

#[test]
fn an_older_value_is_served_on_the_word_of_owners_and_found_by_verification() {
    let cli = Cli::with_vault();
    fill(&cli, 3);
    let (vault, closing) = truth(&cli);
    sign(&cli, &vault, &closing, with_the_first_version(&vault, &closing), |_| {});
    assert_eq!(cli.ok("get A"), "a1");
    assert_eq!(outcome(&cli, "audit verify"), (6, "checkpoint-false".into()));
    assert_eq!(outcome(&cli, "secret versions A").0, 6);
}

#[test]
fn what_a_checkpoint_states_is_compared_with_the_log() {
    let changes: [fn(&mut Checkpoint); 3] = [
        |stated| stated.entries += 1,
        |stated| stated.open = vec![stated.entry],
        |stated| stated.entries -= 1,
    ];
    for change in changes {
        let cli = Cli::with_vault();
        fill(&cli, 2);
        let (vault, closing) = truth(&cli);
        let block = closing.closed.clone();
        sign(&cli, &vault, &closing, block, change);
        assert_eq!(outcome(&cli, "audit verify"), (6, "checkpoint-false".into()));
    }
    let cli = Cli::with_vault();
    fill(&cli, 2);
    let (vault, closing) = truth(&cli);
    sign(&cli, &vault, &closing, closing.closed.clone(), |_| {});
    assert_eq!(outcome(&cli, "audit verify"), (0, String::new()), "one that is true");
    assert_eq!(cli.ok("get A"), "a2");
}
