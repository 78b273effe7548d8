//! What a writing operation hands to the store: records together with the signed entries that name
//! them. There is no other way to change a vault, so nothing changes without its audit entry.

use crate::crypto::bytes::ShortId;
use crate::crypto::id::{EntryId, ObjectId, SecretId, VaultId, WrapId};
use crate::crypto::known_signatures::SignatureOf;
use crate::file::model::{AudienceSection, VaultFile, VersionObject, Wrap};
use crate::file::slot::SlotRecord;
use crate::file::slot_check;
use crate::log::entry::Entry;
use crate::log::judge::signature_of;
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::PolicyOp;
use crate::policy::signatures::signatures;
use crate::record::ids;
use crate::record::rule::RuleError;
use crate::{log, policy};
use std::collections::{BTreeMap, BTreeSet};

/// A change that carries at least one signed entry, or a self-signed slot record.
#[derive(Debug)]
pub struct Change {
    signed: Signed,
    versions: Vec<NewVersion>,
    wraps: Vec<NewWrap>,
    audiences: BTreeMap<AudienceName, AudienceSection>,
}

#[derive(Debug)]
enum Signed {
    Log(Vec<Entry>),
    Policy(Box<PolicyEntry>, Vec<Entry>),
    /// An entry that waits for signatures of more owners: no vault takes it as it is.
    Proposal(Box<PolicyEntry>),
    Slots(Vec<(ShortId, SlotRecord)>),
}

/// A version object on its way into the file.
#[derive(Debug)]
pub(crate) struct NewVersion {
    pub secret: SecretName,
    /// The secret's uid.
    pub uid: SecretId,
    pub id: ObjectId,
    pub object: VersionObject,
}

/// A wrap on its way into the file.
#[derive(Debug)]
pub struct NewWrap {
    /// The secret's uid.
    pub uid: SecretId,
    pub id: WrapId,
    pub wrap: Wrap,
}

impl Change {
    /// A change of secrets; there is at least one entry.
    pub fn log(entries: Vec<Entry>) -> Self {
        Self::of(Signed::Log(entries))
    }

    /// A change of policy with the envelopes that it names, and the log entries that go with it.
    pub fn policy(
        entry: PolicyEntry,
        audiences: BTreeMap<AudienceName, AudienceSection>,
        entries: Vec<Entry>,
    ) -> Self {
        Self { audiences, ..Self::of(Signed::Policy(Box::new(entry), entries)) }
    }

    /// A change of policy that needs the signatures of more owners, with the envelopes that it names.
    pub fn proposal(
        entry: PolicyEntry,
        audiences: BTreeMap<AudienceName, AudienceSection>,
    ) -> Self {
        Self { audiences, ..Self::of(Signed::Proposal(Box::new(entry))) }
    }

    /// The entry and the envelopes of what waits for signatures.
    pub fn proposed(&self) -> Option<(&PolicyEntry, &BTreeMap<AudienceName, AudienceSection>)> {
        match &self.signed {
            Signed::Proposal(entry) => Some((entry, &self.audiences)),
            _ => None,
        }
    }

    /// A slot added or removed by its own member.
    pub fn slot(id: ShortId, record: SlotRecord) -> Self {
        Self::of(Signed::Slots(vec![(id, record)]))
    }

    /// [`Change::slot`] with the removal of the slot that it replaces.
    pub(crate) fn slot_in_place_of(
        id: ShortId,
        record: SlotRecord,
        old: ShortId,
        removal: SlotRecord,
    ) -> Self {
        Self::of(Signed::Slots(vec![(id, record), (old, removal)]))
    }

    fn of(signed: Signed) -> Self {
        Self { signed, versions: Vec::new(), wraps: Vec::new(), audiences: BTreeMap::new() }
    }

    #[must_use]
    pub(crate) fn with_versions(mut self, versions: Vec<NewVersion>) -> Self {
        self.versions.extend(versions);
        self
    }

    #[must_use]
    pub(crate) fn with_wraps(mut self, wraps: Vec<NewWrap>) -> Self {
        self.wraps.extend(wraps);
        self
    }

    /// The signatures of its entries, which [`Vault::apply`] checks.
    ///
    /// [`Vault::apply`]: super::Vault::apply
    pub fn signatures(&self, vault: VaultId) -> Vec<SignatureOf> {
        let policy = self.policy_entry().map(std::slice::from_ref).unwrap_or_default();
        let log = self.entries().iter().map(|entry| signature_of(&entry.id(), entry));
        signatures(vault, policy).chain(log).collect()
    }

    /// Whether the change alters who may do what, and so which entries count.
    pub fn alters_policy(&self) -> bool {
        matches!(self.signed, Signed::Policy(..) | Signed::Proposal(_))
    }

    /// Whether it closes the log up to some entry.
    pub(super) fn is_checkpoint(&self) -> bool {
        let ops = self.policy_entry().map_or(&[][..], |entry| &entry.ops);
        ops.iter().any(|op| matches!(op, PolicyOp::Checkpoint(_)))
    }

    /// The change's policy entry, if it has one.
    pub(crate) fn policy_entry(&self) -> Option<&PolicyEntry> {
        match &self.signed {
            Signed::Policy(entry, _) | Signed::Proposal(entry) => Some(entry),
            Signed::Log(_) | Signed::Slots(_) => None,
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.signed {
            Signed::Log(entries) | Signed::Policy(_, entries) => entries,
            Signed::Slots(_) | Signed::Proposal(_) => &[],
        }
    }

    /// Checks the records as their readers will: what breaks a rule of the format is never written.
    pub fn check(&self) -> Result<(), RuleError> {
        self.entries().iter().try_for_each(log::check::entry)?;
        if let Some(entry) = self.policy_entry() {
            policy::check::entry(entry)?;
        }
        match &self.signed {
            Signed::Slots(slots) => slots.iter().try_for_each(|(_, slot)| slot_check::record(slot)),
            Signed::Log(_) | Signed::Policy(..) | Signed::Proposal(_) => Ok(()),
        }
    }

    /// Whether the records are other ones than the entries name: an id that was made of another
    /// entry's key or parents would leave the vault with an entry that lacks its version.
    pub(crate) fn is_torn(&self, vault: &VaultId) -> bool {
        let versions = self.versions.iter();
        let wraps = self.wraps.iter();
        let there = Named {
            objects: versions.map(|v| (v.uid, v.object.id(&v.uid))).collect(),
            wraps: wraps.map(|w| (w.uid, w.wrap.version, w.wrap.id())).collect(),
        };
        let filed = self.versions.iter().all(|v| there.objects.contains(&(v.uid, v.id)))
            && self.wraps.iter().all(|w| there.wraps.contains(&(w.uid, w.wrap.version, w.id)));
        let is_nothing = matches!(&self.signed, Signed::Log(entries) if entries.is_empty());
        is_nothing || !filed || there != Named::by(self.entries(), vault)
    }

    /// The ids of the change's log entries.
    pub fn entry_ids(&self) -> Vec<EntryId> {
        self.entries().iter().map(Entry::id).collect()
    }

    /// The secrets that the change's log entries name.
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        self.entries()
            .iter()
            .flat_map(|entry| &entry.ops)
            .filter_map(|op| op.secret())
            .cloned()
            .collect()
    }

    /// Puts the change's records into `file`. The readable copies are for the caller to renew.
    pub fn apply(self, file: &mut VaultFile) {
        match self.signed {
            Signed::Log(entries) => add_entries(file, entries),
            Signed::Policy(entry, entries) => {
                file.chain.push(*entry);
                add_entries(file, entries);
            }
            Signed::Proposal(entry) => file.chain.push(*entry),
            Signed::Slots(slots) => file.slots.extend(slots),
        }
        let mut versions: BTreeMap<(SecretId, SecretName), Vec<_>> = BTreeMap::new();
        for NewVersion { uid, secret, id, object } in self.versions {
            versions.entry((uid, secret)).or_default().push((id, object));
        }
        for ((uid, secret), versions) in versions {
            file.secret_section(uid, &secret).versions.extend(versions);
        }
        let mut wraps: BTreeMap<SecretId, Vec<_>> = BTreeMap::new();
        for NewWrap { uid, id, wrap } in self.wraps {
            wraps.entry(uid).or_default().push((id, wrap));
        }
        for (uid, wraps) in wraps {
            if let Some(section) = file.secrets.get_mut(&uid) {
                section.wraps.extend(wraps);
            }
        }
        file.audiences.extend(self.audiences);
    }
}

/// Objects and wraps, each with the uid of its secret.
#[derive(Default, PartialEq, Eq)]
struct Named {
    objects: BTreeSet<(SecretId, ObjectId)>,
    /// (secret, version, wrap)
    wraps: BTreeSet<(SecretId, ObjectId, WrapId)>,
}

impl Named {
    fn by(entries: &[Entry], vault: &VaultId) -> Self {
        let mut named = Self::default();
        for op in entries.iter().flat_map(|entry| &entry.ops) {
            let Some((secret, object, wrap)) = op.wraps() else { continue };
            let uid = ids::secret_uid(vault, secret);
            named.objects.extend(op.states().map(|(_, object)| (uid, *object)));
            named.wraps.insert((uid, *object, *wrap));
        }
        named
    }
}

fn add_entries(file: &mut VaultFile, entries: Vec<Entry>) {
    file.entries.extend(entries.into_iter().map(|entry| (entry.id(), entry)));
}
