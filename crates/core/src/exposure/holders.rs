//! Who held which keys, and who might read what, at every position of the policy chain.

use super::same::Disclosure;
use super::{ExposureCause, Knower, Through};
use crate::crypto::id::{EpochId, KeyId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::key_id;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp, Right};
use crate::policy::position::PolicyPosition;
use crate::policy::state::PolicyState;
use crate::policy::vouching::{Credential, Vouching};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A recipient that is or was a member's, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Reader(u32);

/// What is known of a recipient.
struct Facts {
    recipient: RecipientText,
    member: Name,
    device: Option<Name>,
}

/// An envelope: the keys of its epoch and of all before, sealed to these.
struct Seal {
    position: PolicyPosition,
    epoch: EpochId,
    to: BTreeSet<Reader>,
}

/// Who might read the secrets that the same grants ever matched, from a position on.
struct Span {
    from: PolicyPosition,
    audience: AudienceName,
    readers: BTreeSet<Reader>,
}

type SinceWhen = Arc<BTreeMap<Reader, PolicyPosition>>;

/// Which grants ever matched a secret; equal for secrets that always had the same readers.
type Class = Vec<usize>;

pub(super) struct Holders {
    facts: Vec<Facts>,
    numbers: HashMap<RecipientText, Reader>,
    /// By device key: the recipient that its device has.
    devices: HashMap<KeyId, Reader>,
    /// By audience, in the order of the chain.
    seals: BTreeMap<AudienceName, Vec<Seal>>,
    patterns: Vec<Pattern>,
    spans: HashMap<Class, Vec<Span>>,
    /// Who alone stood for the recipient of a member without a device and was removed, and when.
    makers: HashMap<Reader, (Name, UnixTime)>,
    /// The time that each policy entry states.
    times: Vec<UnixTime>,
    /// By audience and the first of its seals that is asked for.
    opened: RefCell<HashMap<(AudienceName, usize), SinceWhen>>,
}

impl Holders {
    pub fn of(vault: &Vault) -> Result<Self, ChainError> {
        let chain = &vault.file().chain;
        let ops = || chain.iter().flat_map(|entry| &entry.ops);
        let patterns: BTreeSet<&Pattern> = ops().filter_map(read_pattern).collect();
        let mut holders = Self {
            facts: Vec::new(),
            numbers: HashMap::new(),
            devices: HashMap::new(),
            seals: BTreeMap::new(),
            patterns: patterns.into_iter().cloned().collect(),
            spans: HashMap::new(),
            makers: HashMap::new(),
            times: chain.iter().map(|entry| entry.ts).collect(),
            opened: RefCell::default(),
        };
        let mut classes: HashMap<Class, &SecretName> = HashMap::new();
        for secret in vault.state().secrets.keys() {
            classes.entry(holders.class(secret)).or_insert(secret);
        }
        Chain::replay(chain, |position, state| {
            holders.note_envelopes(position, &chain[position.index()].ops, state);
            for (class, secret) in &classes {
                holders.note_readers(position, class, secret, state);
            }
        })?;
        for add in
            ops().filter_map(|op| if let PolicyOp::KeyAdd(add) = op { Some(add) } else { None })
        {
            let known = holders.numbers.get(&add.recipient).copied();
            let reader = known.unwrap_or_else(|| holders.number(&add.member, &add.recipient));
            holders.facts[reader.0 as usize].device = Some(add.device.clone());
            holders.devices.insert(key_id(&add.key), reader);
        }
        holders.note_makers(vault)?;
        Ok(holders)
    }

    /// Whoever lets a service in may have made its identity, and nobody can tell.
    fn note_makers(&mut self, vault: &Vault) -> Result<(), ChainError> {
        let vouching = Vouching::of(&vault.file().chain)?;
        let ground = vouching.ground(vault.policy());
        for (name, member) in vault.policy().members().filter(|(_, m)| m.keys.is_empty()) {
            for recipient in &member.recipients {
                let credential = Credential::Recipient(recipient.clone());
                let found = vouching.sole_departed(&ground, name, &credential);
                if let (Some((maker, at)), Some(reader)) = (found, self.numbers.get(recipient)) {
                    self.makers.insert(*reader, (maker.clone(), self.times[at.index()]));
                }
            }
        }
        Ok(())
    }

    fn class(&self, secret: &SecretName) -> Class {
        let matching = self.patterns.iter().enumerate().filter(|(_, p)| p.matches(secret));
        matching.map(|(number, _)| number).collect()
    }

    fn note_envelopes(&mut self, position: PolicyPosition, ops: &[PolicyOp], state: &PolicyState) {
        for op in ops {
            let (PolicyOp::Epoch(EpochStart { audience, epoch, .. })
            | PolicyOp::Reseal(EpochReseal { audience, epoch, .. })) = op
            else {
                continue;
            };
            // Sealed after the whole entry, by the rule that an envelope is for all of its audience.
            let to = self.readers(state, audience);
            let seal = Seal { position, epoch: *epoch, to };
            self.seals.entry(audience.clone()).or_default().push(seal);
        }
    }

    fn note_readers(
        &mut self,
        position: PolicyPosition,
        class: &Class,
        secret: &SecretName,
        state: &PolicyState,
    ) {
        let audience = state.audience_of(secret);
        let readers = self.readers(state, &audience);
        let spans = self.spans.entry(class.clone()).or_default();
        if spans.last().is_none_or(|last| last.audience != audience || last.readers != readers) {
            spans.push(Span { from: position, audience, readers });
        }
    }

    fn readers(&mut self, state: &PolicyState, audience: &AudienceName) -> BTreeSet<Reader> {
        let members = state.members_of(audience).into_iter();
        let found = members.filter_map(|name| Some((name, state.member(name)?)));
        let recipients = found.flat_map(|(name, m)| m.recipients.iter().map(move |r| (name, r)));
        recipients.map(|(member, recipient)| self.number(member, recipient)).collect()
    }

    fn number(&mut self, member: &Name, recipient: &RecipientText) -> Reader {
        if let Some(reader) = self.numbers.get(recipient) {
            let facts = &mut self.facts[reader.0 as usize];
            if facts.member != *member {
                facts.member = member.clone();
            }
            return *reader;
        }
        let reader = Reader(self.facts.len() as u32);
        let (recipient, member) = (recipient.clone(), member.clone());
        self.numbers.insert(recipient.clone(), reader);
        self.facts.push(Facts { recipient, member, device: None });
        reader
    }

    /// Who could open one of the wraps of a secret's version, and when the first of them was written
    /// or its keys came to them, in seconds since the Unix epoch.
    pub fn opened(
        &self,
        vault: &Vault,
        secret: &SecretName,
        disclosures: &[Disclosure],
    ) -> BTreeMap<Reader, UnixTime> {
        let mut first: BTreeMap<Reader, UnixTime> = BTreeMap::new();
        for disclosure in disclosures {
            for (reader, position) in self.openers(vault, secret, disclosure).iter() {
                let at = disclosure.ts.max(self.times[position.index()]);
                first.entry(*reader).and_modify(|known| *known = at.min(*known)).or_insert(at);
            }
        }
        first
    }

    /// Whose devices put the values, and when they first did, in seconds since the Unix epoch.
    pub fn authors(&self, disclosures: &[Disclosure]) -> BTreeMap<Reader, UnixTime> {
        let mut first: BTreeMap<Reader, UnixTime> = BTreeMap::new();
        for (disclosure, key) in disclosures.iter().filter_map(|d| Some((d, d.author?))) {
            if let Some(reader) = self.devices.get(&key) {
                let at = first.entry(*reader).or_insert(disclosure.ts);
                *at = disclosure.ts.min(*at);
            }
        }
        first
    }

    /// The members that could open one of the wraps.
    pub fn members(
        &self,
        vault: &Vault,
        secret: &SecretName,
        disclosures: &[Disclosure],
    ) -> BTreeSet<&Name> {
        let readers = self.opened(vault, secret, disclosures).into_keys();
        readers.map(|reader| &self.facts[reader.0 as usize].member).collect()
    }

    /// Who was ever sealed the keys that open a wrap, with the position where that first was so.
    ///
    /// Keys open what is sealed to them whenever it comes: that a wrap is newer than somebody's
    /// leaving does not matter, which is the case of a branch that merges in late.
    fn openers(&self, vault: &Vault, secret: &SecretName, disclosure: &Disclosure) -> SinceWhen {
        let wrap = vault.wrap(&vault.uid(secret), &disclosure.wrap);
        let (audience, from) = match wrap {
            Some(wrap) => (&wrap.audience, self.begin(&wrap.audience, &wrap.epoch)),
            // Pruned, or left out: what the policy asked of its writer is what is known.
            None => {
                let span = self.span_at(secret, disclosure.position);
                let Some(Span { audience, .. }) = span else { return Arc::default() };
                (audience, self.current_at(audience, disclosure.position))
            }
        };
        let Some(from) = from else { return Arc::default() };
        let key = (audience.clone(), from);
        if let Some(known) = self.opened.borrow().get(&key) {
            return Arc::clone(known);
        }
        let mut openers = BTreeMap::new();
        for seal in self.seals.get(audience).into_iter().flatten().skip(from) {
            for reader in &seal.to {
                openers.entry(*reader).or_insert(seal.position);
            }
        }
        let openers = Arc::new(openers);
        self.opened.borrow_mut().insert(key, Arc::clone(&openers));
        openers
    }

    /// The first seal of an audience that holds the epoch's keys; all later ones do.
    fn begin(&self, audience: &AudienceName, epoch: &EpochId) -> Option<usize> {
        self.seals.get(audience)?.iter().position(|seal| seal.epoch == *epoch)
    }

    /// The first seal of the epoch that was current at a position.
    fn current_at(&self, audience: &AudienceName, position: PolicyPosition) -> Option<usize> {
        let current = self.seals.get(audience)?.iter().rfind(|seal| seal.position <= position)?;
        self.begin(audience, &current.epoch)
    }

    fn spans(&self, secret: &SecretName) -> &[Span] {
        self.spans.get(&self.class(secret)).map_or(&[], Vec::as_slice)
    }

    fn span_at(&self, secret: &SecretName, position: PolicyPosition) -> Option<&Span> {
        self.spans(secret).iter().rfind(|span| span.from <= position)
    }

    pub fn may_read(&self, secret: &SecretName, reader: Reader) -> bool {
        self.spans(secret).last().is_some_and(|span| span.readers.contains(&reader))
    }

    /// Whether the reader is a member's who may read, write or rotate the secret.
    pub(crate) fn may_handle(&self, vault: &Vault, secret: &SecretName, reader: Reader) -> bool {
        let Facts { recipient, member, .. } = &self.facts[reader.0 as usize];
        let found = vault.policy().member(member);
        found.is_some_and(|found| found.recipients.contains(recipient))
            && handles(vault.chain(), vault.chain().last(), member, secret)
    }

    /// When the member of a reader last lost all rights to handle the secret; the first second if it has one still,
    /// or never had.
    pub(crate) fn handling_ended(
        &self,
        vault: &Vault,
        secret: &SecretName,
        reader: Reader,
    ) -> UnixTime {
        let (chain, member) = (vault.chain(), &self.facts[reader.0 as usize].member);
        if handles(chain, chain.last(), member, secret) {
            return UnixTime::MIN;
        }
        let mut removals = chain.removals().iter().rev();
        let had = |position: &&PolicyPosition| {
            position.before().is_some_and(|before| handles(chain, before, member, secret))
        };
        removals.find(had).map_or(UnixTime::MIN, |position| self.times[position.index()])
    }

    /// When the reader's right to the secret ended, in seconds since the Unix epoch; the first if it never
    /// had one. It has none now.
    pub fn ended(&self, secret: &SecretName, reader: Reader) -> UnixTime {
        let spans = self.spans(secret);
        let last = spans.iter().rposition(|span| span.readers.contains(&reader));
        let after = last.and_then(|last| spans.get(last + 1));
        after.map_or(UnixTime::MIN, |span| self.times[span.from.index()])
    }

    /// Who may have made the identity of a reader, and is gone.
    pub fn maker(&self, reader: Reader, at: UnixTime, through: Option<Through>) -> Option<Knower> {
        let (member, left) = self.makers.get(&reader)?;
        Some(Knower {
            member: member.clone(),
            device: None,
            recipient: self.facts[reader.0 as usize].recipient.clone(),
            made: Some(self.facts[reader.0 as usize].member.clone()),
            why: ExposureCause::LetReaderIn,
            since: at.max(*left),
            through,
        })
    }

    /// A reader as people know it, who once had a right to the secret or never did.
    pub fn knower(
        &self,
        vault: &Vault,
        reader: Reader,
        since: UnixTime,
        (had_right, through): (bool, Option<Through>),
    ) -> Knower {
        let Facts { recipient, member, device } = &self.facts[reader.0 as usize];
        let why = match vault.policy().member(member) {
            None => ExposureCause::MemberRemoved,
            Some(found) if !found.recipients.contains(recipient) => ExposureCause::KeyRemoved,
            Some(_) if had_right => ExposureCause::NoRight,
            Some(_) => ExposureCause::NeverAllowed,
        };
        let (member, device, recipient) = (member.clone(), device.clone(), recipient.clone());
        Knower { member, device, recipient, made: None, why, since, through }
    }
}

fn handles(chain: &Chain, position: PolicyPosition, member: &Name, secret: &SecretName) -> bool {
    let rights = [Right::Read, Right::Write, Right::Rotate];
    rights.into_iter().any(|right| chain.holds(position, member, right, secret))
}

/// The pattern of a grant to read.
fn read_pattern(op: &PolicyOp) -> Option<&Pattern> {
    match op {
        PolicyOp::Grant { pattern, rights, .. } if rights.contains(&Right::Read) => Some(pattern),
        _ => None,
    }
}
