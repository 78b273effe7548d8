//! What a session remembers of a vault, and is asked about it: the state that was accepted, what this device made and
//! wrote, what counted, and what was said of an older state.

use super::accepted::taken_over;
use super::known::KeptChain;
use super::session::{OpenedVault, Session, SessionError};
use crate::store::file::git_folder::has_worktrees;
use crate::store::git::unfinished as git_unfinished;
use crate::store::state::id_list::IdList;
use crate::store::state::ledger::LedgerFile;
use crate::store::state::pins::{Accepted, AcceptedChain, Here, KnownVault, PinError, Saved};
use crate::store::state::said::Said;
use std::collections::HashSet;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::{EntryId, KeyId, VaultId};
use v_secure_core::policy::chain_comparison::ChainComparison;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{Vault, ledger};

/// The list of the signing keys that this device made.
const MADE: &str = "keys.made";

/// The list of the log entries that this device wrote.
const WRITTEN: &str = "entries.made";

impl Session {
    /// Accepts the vault's chain and heads as what this place has been seen to hold. Of an older
    /// state of a vault that is known from elsewhere: that it is at home here.
    pub(crate) fn remember(&self, opened: &OpenedVault) -> Result<(), SessionError> {
        let is_new = opened.known.here.is_none();
        match opened.pin {
            PinStatus::Unknown | PinStatus::Continues => {}
            PinStatus::Prefix { .. } if is_new => {}
            _ => return Ok(()),
        }
        let chain = KeptChain::of(&opened.vault);
        self.save(&opened.vault, &chain, Some((&opened.known, opened.is_pinned)))?;
        self.keep(opened.record.clone());
        Ok(())
    }

    /// `known` is what was known, and whether the chain that is known is the vault's, to the byte.
    pub(super) fn save(
        &self,
        vault: &Vault,
        chain: &KeptChain<'_>,
        known: Option<(&KnownVault, bool)>,
    ) -> Result<(), SessionError> {
        // A write on a log that was cut back must not make this device forget what is missing: that
        // takes 'pin accept', or the entries.
        let asked;
        let (before, is_pinned) = match known {
            Some(known) => known,
            None => {
                asked = self.pins().known_unread(&self.place(), &vault.id())?;
                let kept = asked.chain.as_ref();
                // A chain that is this one to the byte is not parsed to say so.
                let is_pinned = kept.is_some_and(|kept| kept.is_text(chain.text()));
                (&asked, is_pinned)
            }
        };
        let gave_way = !is_pinned && gave_way(vault, before)?;
        let here = before.here.as_ref().filter(|here| here.vault == vault.id());
        let mut new = self.here(vault, before.heads(&vault.id()), self.roots(here));
        if known.is_some() && is_same(before, &new) && (is_pinned || holds(before, chain.lines())?)
        {
            return Ok(());
        }
        if gave_way {
            // What is missing of its log is missing for that reason, and its positions mean something else.
            new.heads = vault.signed_heads(&[]).unwrap_or_default().into_iter().collect();
            self.pins().accept(&self.place(), &self.accepted(vault, chain, new))?;
            let judged = ledger::judged(vault);
            self.ledger(&vault.id()).replace(&judged, vault.chain().len())?;
            return Ok(());
        }
        let new = self.accepted(vault, chain, new);
        let saved = self.pins().save_chain(&self.place(), &new, chain.text())?;
        let (ledger, judged) = (self.ledger(&vault.id()), || ledger::judged(vault));
        match saved {
            Saved::Kept => {}
            // There is something new, and the folder takes it.
            Saved::Written => ledger.add_new(&judged(), vault.chain().len())?,
            Saved::NoState | Saved::Unchanged => ledger.add(&judged(), vault.chain().len())?,
        }
        Ok(())
    }

    /// Replaces what was accepted here by what the vault is now.
    pub fn accept(&self, vault: &Vault) -> Result<(), SessionError> {
        let here = self.pins().here(&self.place()).ok().flatten();
        let here = here.filter(|here| here.vault == vault.id());
        let heads = vault.heads().into_iter().collect();
        let new = Here { heads, ..self.here(vault, &[], self.accepted_roots(here.as_ref())) };
        let new = self.accepted(vault, &KeptChain::of(vault), new);
        // A chain that was damaged or parted from this one: its positions mean something else.
        let before = self.known(&vault.id()).ok().and_then(|known| known.chain);
        let before = before.and_then(|before| before.ids().ok());
        let goes_on = before
            .is_some_and(|before| ChainComparison::of(vault.chain().ids(), &before).has_all());
        self.pins().accept(&self.place(), &new)?;
        let (ledger, judged) = (self.ledger(&vault.id()), ledger::judged(vault));
        match goes_on {
            true => ledger.add(&judged, vault.chain().len())?,
            false => ledger.replace(&judged, vault.chain().len())?,
        }
        Ok(())
    }

    /// What is accepted here with a vault, where `before` are the heads that it had to have.
    fn here(&self, vault: &Vault, before: &[EntryId], roots: Option<Vec<String>>) -> Here {
        let heads = match vault.signed_heads(before) {
            // Of entries that were not judged anybody can add some: they are no heads to remember.
            None => before.to_vec(),
            Some(heads) => {
                let missing = before.iter().filter(|id| !vault.file().entries.contains_key(*id));
                let missing = self.not_closed(vault, missing.copied().collect());
                let mut heads: Vec<EntryId> = heads.into_iter().chain(missing).collect();
                heads.sort_unstable();
                heads
            }
        };
        let counted = if vault.is_whole() { vault.chain().len() as u64 } else { 0 };
        Here { vault: vault.id(), heads, counted, roots, born: self.born() }
    }

    fn accepted(&self, vault: &Vault, chain: &KeptChain<'_>, here: Here) -> Accepted {
        let Here { vault: id, heads, counted, roots, born } = here;
        Accepted {
            path: self.location.vault.clone(),
            name: vault.file().header.name.to_string(),
            vault: id,
            chain: chain.lines().to_vec(),
            heads,
            counted,
            roots,
            born,
        }
    }

    /// The log heads that were last accepted here, or at the other places of a vault that is new here,
    /// and are not in it: an older state.
    pub(crate) fn missing_heads(&self, opened: &OpenedVault) -> Vec<EntryId> {
        if opened.took_over {
            return Vec::new();
        }
        let heads = opened.known.heads(&opened.vault.id()).iter();
        let entries = &opened.vault.file().entries;
        let missing = heads.filter(|id| !entries.contains_key(*id)).copied().collect();
        self.not_closed(&opened.vault, missing)
    }

    /// Whether the file has every entry that this device has seen to count in the vault, at this
    /// place or another: what it lacks may have put off what is due here.
    pub(crate) fn has_all_known(&self, opened: &OpenedVault) -> Result<bool, SessionError> {
        let seen = self.ledger(&opened.vault.id()).load()?;
        let entries = &opened.vault.file().entries;
        let missing = seen.0.keys().filter(|entry| !entries.contains_key(*entry)).copied();
        Ok(self.not_closed(&opened.vault, missing.collect()).is_empty())
    }

    /// Remembers signing keys, by their ids, as made on this device.
    pub(crate) fn note_made(&self, keys: impl IntoIterator<Item = KeyId>) -> Result<(), PinError> {
        self.made().add(keys.into_iter().map(Id::from)).map(|_| ())
    }

    /// The ids of the signing keys that were made on this device.
    pub(crate) fn made_here(&self) -> Result<HashSet<KeyId>, PinError> {
        Ok(self.made().load()?.into_iter().map(KeyId::from).collect())
    }

    /// Remembers log entries as written on this device.
    pub(crate) fn note_entries(&self, entries: &[EntryId]) -> Result<(), PinError> {
        self.written().add_made(entries.iter().map(|entry| Id::from(*entry))).map(|_| ())
    }

    /// The ids of the log entries that were written on this device.
    pub(crate) fn written_here(&self) -> Result<HashSet<EntryId>, PinError> {
        Ok(self.written().load()?.into_iter().map(EntryId::from).collect())
    }

    fn written(&self) -> IdList {
        // Without one of them a discarded change is warned of as a roll-back.
        IdList::new(self.state.as_deref(), self.owners, WRITTEN.to_owned()).in_passing()
    }

    fn made(&self) -> IdList {
        IdList::new(self.state.as_deref(), self.owners, MADE.to_owned())
    }

    /// Remembers what was written on an older state, as its policy judges it.
    pub(crate) fn note_written(&self, vault: &Vault, entries: &[EntryId]) -> Result<(), PinError> {
        let mut judged = ledger::judged(vault);
        judged.retain(|one| entries.contains(&one.entry));
        self.ledger(&vault.id()).add(&judged, vault.chain().len())
    }

    /// What this device has seen to count in a vault.
    pub fn ledger(&self, vault: &VaultId) -> LedgerFile {
        LedgerFile::new(self.state.as_deref(), self.owners, vault)
    }

    /// Whether an older state is worth a word again: where several working trees share a place it is
    /// what each of them has, for as long as it stays on its branch; and in the middle of a rebase or a
    /// merge it is what each of the steps finds.
    pub(crate) fn is_news(&self, state: &str) -> bool {
        let common_dir = self.location.git_common_dir.as_deref();
        let is_expected = common_dir.is_some_and(has_worktrees)
            || git_unfinished::is_in_the_middle(&self.location.project);
        !is_expected || self.told().is_news(&self.location.vault, state)
    }

    /// Whether a state of this path is worth a word again where it is expected: once.
    pub(crate) fn is_new_to_tell(&self, state: &str) -> bool {
        self.told().is_news(&self.location.vault, state)
    }

    /// Whether a state is the one that was told last.
    pub(crate) fn was_told(&self, state: &str) -> bool {
        self.told().is_known(&self.location.vault, state)
    }

    /// That the state is no older one, or is to be said again if it is.
    pub(crate) fn note_current(&self) {
        self.told().clear(&self.location.vault);
    }

    fn told(&self) -> Said {
        Said::new(self.state.as_deref(), self.owners)
    }
}

/// Whether the chain that was accepted is none that this vault's goes on from, and gave way to it.
fn gave_way(vault: &Vault, known: &KnownVault) -> Result<bool, SessionError> {
    let Some(before) = &known.chain else { return Ok(false) };
    match ChainComparison::of(vault.chain().ids(), &before.ids()?) {
        ChainComparison::Diverged { .. } => {
            Ok(taken_over(vault, known)? == Some(PinStatus::Continues))
        }
        _ => Ok(false),
    }
}

/// Whether a place says what is new, but for the chain.
fn is_same(known: &KnownVault, new: &Here) -> bool {
    let here = known.here.as_ref();
    here.is_some_and(|here| {
        here.vault == new.vault
            && here.heads == new.heads
            && here.counted >= new.counted
            && here.roots == new.roots
            && here.born == new.born
    })
}

fn holds(known: &KnownVault, chain: &[String]) -> Result<bool, PinError> {
    Ok(known.chain.as_ref().map(AcceptedChain::lines).transpose()? == Some(chain))
}
