//! The replay itself: one entry after the other, and in each one op after the other.

use super::facts::{self, Fact, is_in};
use super::{
    Line, PlannedEntry, PlannedOp, Replay, ReplayError, Request, Verdict, WhyAsked, WhyRefused,
    named, words,
};
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient;
use crate::crypto::sign::key_id;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::policy::authority::Signers;
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::{ChainError, ChainFault, OpFault};
use crate::policy::gives::{self, unstated};
use crate::policy::op::{MemberAdd, PolicyOp, Right};
use crate::policy::position::PolicyPosition;
use crate::policy::rights::Rights;
use crate::policy::settings::reserved::is_carried;
use crate::policy::settings::{SettingKey, Settings};
use crate::policy::sign::PolicyDraft;
use crate::policy::state::PolicyState;
use crate::policy::strictness::tightens;
use std::collections::BTreeSet;

/// The states from the one where the sides parted on, that among them.
fn states(line: Line<'_>, parted: usize) -> Result<Vec<PolicyState>, ReplayError> {
    let mut found = Vec::new();
    let keep = |position: PolicyPosition, state: &PolicyState| {
        if position.index() + 1 >= parted {
            found.push(state.clone());
        }
    };
    Chain::replay(line.entries, keep)
        .map_err(|source| ReplayError { position: source.position, source })?;
    Ok(found)
}

pub(super) fn run(request: &Request<'_>) -> Result<Replay, ReplayError> {
    let Request { stays, gives_way, parted, .. } = *request;
    let [here, there] = [states(stays, parted)?, states(gives_way, parted)?];
    let patterns = facts::patterns(here.iter().chain(&there));
    let over = named(&stays.entries[parted..]);
    let mut run = Run {
        request,
        taken: facts::taken(&here, &patterns),
        here: &here,
        there: &there,
        chain: stays.chain.clone(),
        foreign: others(&here),
        next: 1,
        replay: Vec::new(),
        made: Vec::new(),
        undecided: Vec::new(),
    };
    let new = |entry: &&(usize, &PolicyEntry)| !over.contains(&entry.1.id());
    let entries: Vec<(usize, &PolicyEntry)> =
        gives_way.entries.iter().enumerate().skip(parted).collect();
    let entries: Vec<(usize, &PolicyEntry)> = entries.iter().filter(new).copied().collect();
    let first = entries.first().map_or(gives_way.entries.len(), |(position, _)| *position);
    for (position, entry) in &entries {
        run.entry(PolicyPosition::new(*position), entry)?;
    }
    let lost = facts::taken(&there[first - parted..], &patterns);
    let chains = [gives_way.chain, stays.chain];
    let kept = lost.iter().filter(|fact| fact.holds(run.chain.state()));
    let kept = kept.map(|fact| words::fact(fact, chains)).collect();
    let renewed = renewed(entries.iter().map(|(_, entry)| *entry), &stays.entries[parted..]);
    let of_entries = entries.iter().map(|(_, entry)| (*entry).clone()).collect::<Vec<_>>();
    let ids = of_entries.iter().map(PolicyEntry::id).chain(named(&of_entries)).collect();
    let Run { chain, next, replay, made, undecided, .. } = run;
    Ok(Replay { entries: replay, made, chain, undecided, kept, left_behind: ids, renewed, next })
}

/// The names that belong to other members than where the sides parted.
fn others(states: &[PolicyState]) -> BTreeSet<Name> {
    let (Some(first), Some(last)) = (states.first(), states.last()) else {
        return BTreeSet::new();
    };
    let is_other = |(name, member): &(&Name, &crate::policy::state::Member)| {
        last.member(name).is_some_and(|now| now.incarnation != member.incarnation)
    };
    first.members().filter(is_other).map(|(name, _)| name.clone()).collect()
}

/// The audiences to which one side gave keys, and not the other.
fn renewed<'a>(
    there: impl Iterator<Item = &'a PolicyEntry>,
    here: &'a [PolicyEntry],
) -> BTreeSet<AudienceName> {
    let of = |entry: &'a PolicyEntry| {
        entry.ops.iter().filter_map(|op| match op {
            PolicyOp::Epoch(start) => Some(start.audience.clone()),
            _ => None,
        })
    };
    let own: BTreeSet<AudienceName> = here.iter().flat_map(of).collect();
    there.flat_map(of).filter(|audience| !own.contains(audience)).collect()
}

struct Run<'a> {
    request: &'a Request<'a>,
    /// What the side that stays took away.
    taken: BTreeSet<Fact>,
    here: &'a [PolicyState],
    there: &'a [PolicyState],
    /// The side that stays, with what was made so far.
    chain: Chain,
    /// Names that are other members' on the side that stays.
    foreign: BTreeSet<Name>,
    next: usize,
    replay: Vec<PlannedEntry>,
    made: Vec<PolicyEntry>,
    undecided: Vec<usize>,
}

impl Run<'_> {
    fn entry(&mut self, position: PolicyPosition, entry: &PolicyEntry) -> Result<(), ReplayError> {
        let mut ops = self.judged(position, entry);
        ops.extend(self.endings(position, &ops));
        let made = self.settled(&mut ops);
        self.undecided.extend(ops.iter().filter_map(|op| match op.verdict {
            Verdict::Asked { agreed: None, .. } => op.number,
            _ => None,
        }));
        let there = self.request.gives_way.chain;
        let (id, reason) = (entry.id(), entry.reason.clone());
        let by = there.signing_members(position).into_iter().cloned().collect();
        self.replay.push(PlannedEntry { position, id, by, reason: reason.clone(), ops });
        if made.is_empty() {
            return Ok(());
        }
        let (heads, now) = ((self.request.heads)(entry), self.request.now);
        let draft = PolicyDraft::next(&self.chain, now, heads, made, reason);
        let entry = draft.sign(&[self.request.key]);
        let extended = self.chain.extended(entry.clone());
        self.chain = extended.map_err(|source| ReplayError { position, source })?;
        self.made.push(entry);
        Ok(())
    }

    /// Each op of an entry by itself, on what those before it left.
    fn judged(&mut self, position: PolicyPosition, entry: &PolicyEntry) -> Vec<PlannedOp> {
        let keys: Vec<KeyId> = entry.sigs.iter().map(|signature| signature.key).collect();
        let by: Vec<Name> =
            self.request.gives_way.chain.signing_members(position).into_iter().cloned().collect();
        let mut tried = self.chain.clone();
        let mut judged = Vec::new();
        let own = |op: &&PolicyOp| !matches!(op, PolicyOp::Rebase { .. }) && !op.gives_keys();
        for op in entry.ops.iter().filter(own) {
            let number = self.next;
            self.next += 1;
            let (mut verdict, op) = self.judge(&tried, position, op);
            if matches!(verdict, Verdict::Again)
                && !is_taking(tried.state(), &op)
                && !suffices(&self.chain, &keys, &op)
            {
                let why = WhyAsked::Signer { by: by.clone() };
                verdict = Verdict::Asked { why, agreed: (self.request.agreed)(number) };
            }
            if verdict.is_made()
                && let Ok(after) = tried.tried(std::slice::from_ref(&op))
            {
                tried = after;
            }
            judged.push(PlannedOp { number: Some(number), op, verdict });
        }
        judged
    }

    fn judge(
        &mut self,
        tried: &Chain,
        position: PolicyPosition,
        op: &PolicyOp,
    ) -> (Verdict, PolicyOp) {
        if let PolicyOp::Checkpoint(closing) = op {
            let here = tried.state().checkpoint.as_ref();
            let is_there = here.is_some_and(|here| here.stated.entry == closing.entry);
            let verdict = if is_there { Verdict::There } else { Verdict::OpenAgain };
            return (verdict, op.clone());
        }
        let Some(op) = wanted(tried.state(), self.before(position), op) else {
            return (Verdict::There, op.clone());
        };
        if let Some(member) = gets(&op).filter(|member| self.foreign.contains(*member)) {
            let member = member.clone();
            return (Verdict::Refused(WhyRefused::OtherMember { member }), op);
        }
        let after = match tried.tried(std::slice::from_ref(&op)) {
            Ok(after) => after,
            Err(ChainError { cause, .. }) => return (self.refused(cause, &op), op),
        };
        let (before, after) = (tried.state(), after.state());
        let back = self.taken.iter().find(|fact| fact.holds(after) && !fact.holds(before));
        if let Some(fact) = back {
            let chains = [self.request.gives_way.chain, self.request.stays.chain];
            let what = words::fact(fact, chains);
            return (Verdict::Refused(WhyRefused::TakenAway { what }), op);
        }
        if let PolicyOp::Setting { key, .. } = &op
            && self.is_set_here(key)
            && !is_stricter(key, [before.settings(), after.settings()])
        {
            let here = before.settings().get(key).unwrap_or_default().to_owned();
            return (Verdict::Refused(WhyRefused::Setting { here }), op);
        }
        let here = before.threshold();
        if matches!(op, PolicyOp::Threshold { .. })
            && self.has_new_threshold()
            && after.threshold() < here
        {
            return (Verdict::Refused(WhyRefused::Threshold { here }), op);
        }
        (Verdict::Again, op)
    }

    fn has_new_threshold(&self) -> bool {
        let of = |state: Option<&PolicyState>| state.map(PolicyState::threshold);
        of(self.here.first()) != of(self.here.last())
    }

    /// Whoever has a name already is not to get what was meant for somebody else.
    fn refused(&mut self, cause: ChainFault, op: &PolicyOp) -> Verdict {
        if let (PolicyOp::MemberAdd(add), ChainFault::Op(OpFault::MemberExists { .. })) =
            (op, &cause)
        {
            self.foreign.insert(add.member.clone());
        }
        Verdict::Refused(WhyRefused::Fault(cause))
    }

    /// The state that an entry of the side that gives way was made upon.
    fn before(&self, position: PolicyPosition) -> &PolicyState {
        &self.there[position.index() - self.request.parted]
    }

    fn is_set_here(&self, key: &str) -> bool {
        let of = |state: Option<&PolicyState>| {
            state.and_then(|state| state.settings().get(key)).map(str::to_owned)
        };
        of(self.here.first()) != of(self.here.last())
    }

    /// What ends what the entry ended and the ops so far leave in force: a key that is lost takes others with it
    /// only where it is there itself.
    fn endings(&self, position: PolicyPosition, judged: &[PlannedOp]) -> Vec<PlannedOp> {
        let made = judged.iter().filter(|planned| planned.verdict.is_made());
        let Ok(mut tried) = self.chain.tried(&made.map(|p| p.op.clone()).collect::<Vec<_>>())
        else {
            return Vec::new();
        };
        let (before, after) = (self.before(position), self.before(position.next()));
        let ended = facts::stated(before).into_iter().filter(|fact| !fact.holds(after));
        let mut endings = Vec::new();
        for fact in ended {
            if !fact.holds(tried.state()) {
                continue;
            }
            let Some(op) = fact.taking(tried.state()) else { continue };
            if let Ok(ending) = tried.tried(std::slice::from_ref(&op))
                && ending.state().signing_owners() >= ending.state().threshold()
            {
                tried = ending;
                endings.push(PlannedOp { number: None, op, verdict: Verdict::Again });
            }
        }
        endings
    }

    /// The ops that are made, stating what they give here. What gives something else than it did is asked about,
    /// and what does not fit without what was left out is left out too.
    fn settled(&self, planned: &mut [PlannedOp]) -> Vec<PolicyOp> {
        loop {
            let of: Vec<usize> =
                (0..planned.len()).filter(|index| planned[*index].verdict.is_made()).collect();
            let ops: Vec<PolicyOp> = of.iter().map(|index| unstated(&planned[*index].op)).collect();
            if let Err(ChainError { op, cause, .. }) = self.chain.tried(&ops) {
                let Some(index) = op.and_then(|op| of.get(op)) else { return Vec::new() };
                planned[*index].verdict = Verdict::Refused(WhyRefused::Fault(cause));
                continue;
            }
            let ops = gives::fill(Some(&self.chain), ops);
            let differs = |place: &usize| {
                let planned = &planned[of[*place]];
                matches!(planned.verdict, Verdict::Again)
                    && planned.op.gives() != ops[*place].gives()
            };
            let Some(place) = (0..of.len()).find(differs) else { return ops };
            let planned = &mut planned[of[place]];
            let agreed = planned.number.and_then(|number| (self.request.agreed)(number));
            planned.verdict = Verdict::Asked { why: WhyAsked::Gives, agreed };
        }
    }
}

/// Whether the new value of a setting lets less through, and the one before it nothing that the new one does not.
/// Which it is of a setting that is not known here, nobody can say; and those of a provider are one word of its
/// owners, of which no part is taken from another side.
fn is_stricter(key: &str, [before, after]: [&Settings; 2]) -> bool {
    let is_of_provider = SettingKey::parse(key).is_ok_and(|key| key.provider().is_some());
    !is_carried(key)
        && !is_of_provider
        && tightens(key, before, after)
        && !tightens(key, after, before)
}

/// Whether those who signed an op could do it here.
fn suffices(chain: &Chain, keys: &[KeyId], op: &PolicyOp) -> bool {
    Signers::new(&chain.state, &chain.history, keys).is_ok_and(|by| by.judge(op).is_ok())
}

fn is_taking(state: &PolicyState, op: &PolicyOp) -> bool {
    match op {
        PolicyOp::MemberRemove { .. }
        | PolicyOp::RecipientRemove { .. }
        | PolicyOp::KeyRemove { .. }
        | PolicyOp::RoleRemove { .. }
        | PolicyOp::RoleLeave { .. }
        | PolicyOp::Revoke { .. } => true,
        // From as many owners as sufficed before.
        PolicyOp::Threshold { owners } => is_above(*owners, state.threshold()),
        _ => false,
    }
}

fn is_above(owners: u32, threshold: usize) -> bool {
    usize::try_from(owners).is_ok_and(|owners| owners > threshold)
}

/// The member that an op gives something.
const fn gets(op: &PolicyOp) -> Option<&Name> {
    match op {
        PolicyOp::KeyAdd(add) => Some(&add.member),
        PolicyOp::RecipientAdd { member, .. } | PolicyOp::RoleJoin { member, .. } => Some(member),
        _ => None,
    }
}

/// What of an op is not so yet; `before` is the state that it was made upon.
fn wanted(state: &PolicyState, before: &PolicyState, op: &PolicyOp) -> Option<PolicyOp> {
    let is_there = match op {
        PolicyOp::MemberAdd(add) => is_member(state, add),
        PolicyOp::RecipientAdd { member, recipient, .. } => has_recipient(state, member, recipient),
        PolicyOp::KeyAdd(add) => state.key_owner(&key_id(&add.key)) == Some(&add.member),
        PolicyOp::RoleAdd { role } => state.role(role).is_some(),
        PolicyOp::RoleJoin { role, member, .. } => is_in(state, role, member),
        PolicyOp::Grant { role, pattern, rights, .. } => {
            let rights: Rights = rights.iter().copied().collect();
            granted(state, role, pattern).intersection(rights) == rights
        }
        PolicyOp::MemberRemove { member } => state.member(member).is_none(),
        PolicyOp::RecipientRemove { member, recipient } => {
            !state.member(member).is_some_and(|found| found.recipients.contains(recipient))
        }
        PolicyOp::KeyRemove { member, device, .. } => {
            let key = |state: &PolicyState| Some(state.member(member)?.keys.get(device)?.id);
            let meant = key(before);
            key(state).is_none_or(|key| meant.is_some_and(|meant| meant != key))
        }
        PolicyOp::RoleRemove { role } => state.role(role).is_none(),
        PolicyOp::RoleLeave { role, member } => !is_in(state, role, member),
        PolicyOp::Revoke { role, pattern, rights } => {
            return revoked(state, role, pattern, rights);
        }
        PolicyOp::Setting { key, value } => state.settings().get(key).unwrap_or_default() == value,
        PolicyOp::Threshold { owners } => usize::try_from(*owners) == Ok(state.threshold()),
        PolicyOp::Checkpoint(_)
        | PolicyOp::Vault(_)
        | PolicyOp::Epoch(_)
        | PolicyOp::Reseal(_)
        | PolicyOp::Rebase { .. } => true,
    };
    (!is_there).then(|| op.clone())
}

fn is_member(state: &PolicyState, add: &MemberAdd) -> bool {
    state.member(&add.member).is_some()
        && add.recipients.iter().all(|text| has_recipient(state, &add.member, text))
}

fn has_recipient(state: &PolicyState, member: &Name, text: &str) -> bool {
    let id = recipient::read(text).ok().map(|found| found.id);
    id.is_some_and(|id| state.recipient_owner(&id) == Some(member))
}

fn granted(state: &PolicyState, role: &Name, pattern: &Pattern) -> Rights {
    let mut grants = state.role(role).into_iter().flat_map(|role| role.grants());
    grants.find(|(granted, _)| *granted == pattern).map_or(Rights::NONE, |(_, rights)| rights)
}

/// The rights of them that are there to be taken.
fn revoked(
    state: &PolicyState,
    role: &Name,
    pattern: &Pattern,
    rights: &[Right],
) -> Option<PolicyOp> {
    let there = granted(state, role, pattern);
    let rights: Vec<Right> = rights.iter().copied().filter(|right| there.has(*right)).collect();
    let (role, pattern) = (role.clone(), pattern.clone());
    (!rights.is_empty()).then_some(PolicyOp::Revoke { role, pattern, rights })
}
