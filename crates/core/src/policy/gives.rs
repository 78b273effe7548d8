//! What an op gives to whom, as a hash that the op states: `gives` (`docs/format.md`, Access).
//!
//! It is computed on the state after the entry. `prev` fixes the state that was signed for all the
//! same; but an entry that is issued anew elsewhere must not give more than was looked at, and a
//! writer that does not look at the state cannot write the op.

use super::chain::Chain;
use super::history::History;
use super::op::{KeyAdd, PolicyOp};
use super::state::{OWNER, PolicyState};
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::digest::{self, Digest, HashContext, Started};
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::key_id;
use crate::name::{Name, Pattern};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::OnceLock;

/// The `gives` of an op that is not stated yet. [`fill`] states it.
pub(crate) const UNSTATED: Id = Fixed([0; 32]);

/// A text that is made when it is asked for, and is no part of what a state is.
#[derive(Debug, Clone, Default)]
pub(super) struct Cached(OnceLock<String>);

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Cached {}

impl Cached {
    fn get(&self, make: impl FnOnce() -> String) -> &str {
        self.0.get_or_init(make)
    }

    pub fn clear(&mut self) {
        self.0.take();
    }
}

/// The op without what it states to give, which is filled in where it is made again.
pub(crate) fn unstated(op: &PolicyOp) -> PolicyOp {
    let mut op = op.clone();
    if let Some(gives) = op.gives_mut() {
        *gives = UNSTATED;
    }
    op
}

/// States what ops give where they do not, as the next entry of the chain or, without one, as
/// genesis. Ops that cannot be applied come back as they are: the chain says why.
///
/// What the entry's own signers vouch for is not known here: an entry whose signer adds a credential
/// and then says that the signing key is lost is refused, and makes no sense.
pub fn fill(chain: Option<&Chain>, mut ops: Vec<PolicyOp>) -> Vec<PolicyOp> {
    if ops.iter().all(|op| op.gives() != Some(&UNSTATED)) {
        return ops;
    }
    let applied = match chain {
        Some(chain) => chain.trial(&ops),
        None => Chain::trial_of_genesis(&ops),
    };
    let Some((state, history)) = applied else { return ops };
    let mut given = Given::new(&state, &history, chain.map(Chain::vault_id));
    for op in &mut ops {
        let gives = given.of(op);
        if let (Some(stated), Some(gives)) = (op.gives_mut(), gives)
            && *stated == UNSTATED
        {
            *stated = gives;
        }
    }
    ops
}

/// What the ops of one entry give, by the state after it.
pub(super) struct Given<'a> {
    state: &'a PolicyState,
    history: &'a History,
    vault: Option<VaultId>,
    /// By role: the hash so far of what grants to it give, since an entry may have many.
    grants: HashMap<Name, Started>,
}

impl<'a> Given<'a> {
    /// `vault` is `None` in genesis.
    pub fn new(state: &'a PolicyState, history: &'a History, vault: Option<VaultId>) -> Self {
        Self { state, history, vault, grants: HashMap::new() }
    }

    /// The hash of what the op gives; `None` for an op that states none.
    pub fn of(&mut self, op: &PolicyOp) -> Option<Id> {
        match op {
            PolicyOp::RoleJoin { role, member, .. } => {
                let (who, what) = (self.member_line(member), self.role_line(role));
                Some(self.start(who).finish(what.as_bytes()))
            }
            PolicyOp::Grant { role, pattern, .. } => {
                let what = self.grant_lines(role, pattern);
                if !self.grants.contains_key(role) {
                    let started = self.start(&self.members_lines(role));
                    self.grants.insert(role.clone(), started);
                }
                self.grants.get(role).map(|started| started.finish(what.as_bytes()))
            }
            PolicyOp::KeyAdd(add) => {
                let what = self.roles_lines(&add.member);
                Some(self.start(&self.key_line(add)).finish(what.as_bytes()))
            }
            PolicyOp::RecipientAdd { member, recipient, .. } => {
                let what = self.roles_lines(member);
                let who = self.recipient_line(member, recipient);
                Some(self.start(&who).finish(what.as_bytes()))
            }
            _ => None,
        }
    }

    fn start(&self, who: &str) -> Started {
        let vault = self.vault.as_ref().map_or(&[][..], VaultId::as_bytes);
        Digest::new(HashContext::Access).start(&[vault, who.as_bytes()])
    }

    fn member_line(&self, name: &Name) -> &'a str {
        let Some(member) = self.state.member(name) else { return "" };
        member.line.get(|| {
            let keys = member.keys.iter().map(|(device, key)| format!("key {device} {}", key.id));
            let recipients = member.ids.values().map(|id| format!("recipient {id}"));
            let lines = keys.chain(recipients).collect();
            format!("{name} {}\n", hash(HashContext::Credentials, &lines))
        })
    }

    /// A line for each member of a role, in order of their names.
    fn members_lines(&self, role: &Name) -> String {
        let members = self.state.role(role).into_iter().flat_map(|found| found.members());
        members.map(|member| self.member_line(member)).collect()
    }

    fn key_line(&self, add: &KeyAdd) -> String {
        let (member, device, id) = (&add.member, &add.device, key_id(&add.key));
        let found = self.state.member(member).and_then(|found| found.keys.get(device));
        match found.filter(|key| key.id == id) {
            Some(_) => format!("{member} key {device} {id}\n"),
            None => String::new(),
        }
    }

    fn recipient_line(&self, member: &Name, recipient: &RecipientText) -> String {
        let Some(found) = self.state.member(member) else { return String::new() };
        // The same key may be back in its other spelling: it has access all the same.
        let same = || {
            let id = recipient::read(recipient).ok()?.id;
            found.ids.values().find(|have| **have == id)
        };
        let id = found.recipient_id(recipient).or_else(same);
        id.map_or_else(String::new, |id| format!("{member} recipient {id}\n"))
    }

    fn role_line(&self, name: &Name) -> &'a str {
        let Some(role) = self.state.role(name) else { return "" };
        role.line.get(|| {
            let access = self.access(name, |_| true);
            format!("{name} {}\n", hash(HashContext::RoleAccess, &access))
        })
    }

    /// A line for each role of a member, in order of their names.
    fn roles_lines(&self, member: &Name) -> String {
        let roles = self.state.member(member).into_iter().flat_map(|found| found.roles());
        roles.map(|role| self.role_line(role)).collect()
    }

    fn grant_lines(&self, role: &Name, pattern: &Pattern) -> String {
        let mut text = String::new();
        for line in self.access(role, |other| other == pattern) {
            // Writing to a text does not fail.
            _ = writeln!(text, "{role} {line}");
        }
        text
    }

    /// What a role has on the patterns that are asked about, and where it ever read.
    fn access(&self, name: &Name, asked: impl Fn(&Pattern) -> bool) -> BTreeSet<String> {
        let Some(role) = self.state.role(name) else { return BTreeSet::new() };
        if name.as_str() == OWNER {
            return BTreeSet::from(["* read,write,rotate,delete,grant".to_owned()]);
        }
        let grants = role.grants().filter(|(pattern, _)| asked(pattern));
        let grants = grants.map(|(pattern, rights)| format!("{pattern} {rights}"));
        let ever = self.history.ever_read(name).filter(|pattern| asked(pattern));
        grants.chain(ever.map(|pattern| format!("{pattern} ever"))).collect()
    }
}

/// A field for each line.
fn hash(context: HashContext, lines: &BTreeSet<String>) -> Id {
    let fields: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
    digest::hash(context, &fields)
}
