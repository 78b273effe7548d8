//! What full verification found in a file, in the form that is kept for its exact bytes: enough to
//! answer `audit verify` and to judge pins again without parsing anything.

use crate::crypto::bytes::Id;
use crate::crypto::id::{EntryId, PolicyId};
use crate::log::finding::FindingCode;
use crate::log::report::FindingRecord;
use crate::name::Name;
use crate::secret::prune;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::pin;
use crate::vault::pin::{Facts, PinStatus};
use serde::{Deserialize, Serialize};

/// A verified file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    pub name: Name,
    /// Ids of the policy entries; the first is the vault's.
    pub chain: ChainIds,
    /// Heads of the log.
    pub heads: Vec<EntryId>,
    pub entries: usize,
    /// Secrets that are not gone.
    pub secrets: usize,
    /// Warnings and notices. `None` for a file that this program wrote: sound, since it comes of
    /// verified bytes and a checked change, but nobody has looked for what wants attention.
    pub findings: Option<Vec<FindingRecord>>,
    /// Seconds since the Unix epoch from which on the findings say too little: something expires.
    pub until: Option<UnixTime>,
    /// Seconds since the Unix epoch from which on something may be due to be pruned.
    pub prune_from: Option<UnixTime>,
    /// The hash of the text by which a device keeps the chain: where it keeps that, it has accepted this chain.
    pub pinned: Id,
}

impl Verified {
    /// What is known of an open vault at `now`, in seconds since the Unix epoch; see [`Verified::pinned`].
    pub fn of(vault: &Vault, now: UnixTime, pinned: Id) -> Self {
        let expiries = vault.live().filter_map(|(_, secret)| secret.current()?.expires);
        Self {
            name: vault.file().header.name.clone(),
            chain: ChainIds::of(vault.chain().ids()),
            heads: vault.heads().into_iter().collect(),
            entries: vault.file().entries.len(),
            secrets: vault.live().count(),
            findings: vault.findings().map(|found| found.iter().map(Into::into).collect()),
            until: expiries.filter(|at| *at > now).min(),
            prune_from: prune::first_due(vault),
            pinned,
        }
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What [`Verified::to_json`] wrote; `None` if it is something else.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether this says all that verification at `now` would.
    pub fn is_whole_at(&self, now: UnixTime) -> bool {
        self.findings.is_some() && self.until.is_none_or(|until| now < until)
    }

    /// Whether entries are void, of which a device can know more than the bytes say.
    pub fn has_void(&self) -> bool {
        let mut codes = self.findings.iter().flatten().map(|finding| finding.code.as_str());
        codes.any(|code| [FindingCode::Void.as_str(), FindingCode::Split.as_str()].contains(&code))
    }

    /// What the pins say of the file; see [`pin::judge`].
    pub fn standing(&self, facts: &Facts<'_>) -> PinStatus {
        pin::judge(&self.chain.all(), facts)
    }
}

/// The ids of a chain as one text, which every command reads and few look into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChainIds(String);

/// The characters of an id.
const ID: usize = 43;

impl ChainIds {
    fn of(ids: &[PolicyId]) -> Self {
        Self(ids.iter().map(PolicyId::to_string).collect())
    }

    #[expect(clippy::len_without_is_empty, reason = "a chain has a genesis")]
    pub const fn len(&self) -> usize {
        self.0.len() / ID
    }

    pub fn first(&self) -> Option<PolicyId> {
        PolicyId::parse(self.0.get(..ID)?).ok()
    }

    /// Each of them, up to one that is none.
    pub fn all(&self) -> Vec<PolicyId> {
        let texts = self.0.as_bytes().chunks(ID).map(std::str::from_utf8);
        texts.map_while(|text| PolicyId::parse(text.ok()?).ok()).collect()
    }
}
