//! Which versions are due at a given time, and what pruning leaves.

use super::*;
use crate::crypto::id::ObjectId;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::device_key::new_device_key;
use crate::file::format;
use crate::file::format::Trust;
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::{Expire, Promote};
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;
use crate::name::Pattern;
use crate::people::access;
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp};
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::{ReadError, VersionSelector};
use crate::secret::remove;
use crate::secret::rotate::{self, Begun, Retiring};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::unlock::{Signer, Unlocked};

mod words;

const A: &str = "prod/A";

/// A vault of one owner, who acts at stated times.
pub struct Scene {
    pub vault: Vault,
    who: Unlocked,
    signer: Signer,
}

pub fn secret() -> SecretName {
    SecretName::parse(A).unwrap()
}

fn open(text: &str) -> Vault {
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(1)).unwrap()
}

impl Scene {
    pub fn new() -> Self {
        let made = generate_identity();
        let identities = parse_identities(&made.text).unwrap();
        let name = |text| Name::new(text).unwrap();
        let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient);
        let request = InitRequest {
            name: name("shop"),
            member,
            device,
            recipient,
            now: UnixTime::from_secs(1),
        };
        let vault = open(&format::write(&init::init(&request, &TestHost).unwrap()));
        let who = Unlocked::new(&vault, identities).unwrap();
        let signer = who.signer(&vault).unwrap();
        Self { vault, who, signer }
    }

    pub fn ctx(&self, now: u64) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx {
            who,
            signer,
            random: &TestHost,
            now: UnixTime::from_secs(now),
            reason: String::new(),
            progress: &Silent,
        }
    }

    /// Applies what `make` makes, writes, and reads as a stranger would.
    pub fn change(mut self, now: u64, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) -> Self {
        let change = make(&self.vault, &self.ctx(now));
        let text = format::write(self.vault.apply(change).unwrap().file());
        self.vault = open(&text);
        self
    }

    pub fn put(self, now: u64, expires: Option<u64>) -> Self {
        self.change(now, |vault, ctx| {
            let value = SecretValue::new(b"hunter2".to_vec());
            let value = Some(NewValue {
                value,
                expires: expires.map(UnixTime::from_secs),
                same: Vec::new(),
            });
            let request = PutRequest { secret: secret(), value, fields: Vec::new() };
            put::put(vault, vec![request], ctx).unwrap()
        })
    }

    pub fn set(self, key: &str, value: &str) -> Self {
        self.change(1, |vault, ctx| {
            let ops = access::setting(vault.policy(), key, Some(value));
            policy_change::change(vault, ops, ctx).unwrap().0
        })
    }

    pub fn prune(self, look: Look) -> Self {
        self.change(look.now.as_secs(), |vault, ctx| prune(vault, &due(vault, look), ctx).unwrap())
    }

    pub fn due(&self, look: Look) -> Vec<(usize, PruneCause)> {
        due(&self.vault, look).into_iter().map(|due| (due.number, due.why)).collect()
    }

    /// The numbers of the versions whose bytes are in the file.
    pub fn kept(&self) -> Vec<usize> {
        let section = self.vault.file().secrets.get(&self.vault.uid(&secret()));
        let there = |object: &ObjectId| section.is_some_and(|s| s.versions.contains_key(object));
        let versions = &self.vault.secret(&secret()).unwrap().versions;
        versions.iter().filter(|v| there(&v.object)).map(|v| v.number).collect()
    }

    /// Two versions written beside each other, each by what `put` takes.
    fn beside(mut self, one: (u64, Option<u64>), other: (u64, Option<u64>)) -> Self {
        let before = format::write(self.vault.file());
        self = self.put(one.0, one.1);
        let file = self.vault.file().clone();
        self.vault = open(&before);
        let mut scene = self.put(other.0, other.1);
        scene.merge(&file);
        scene
    }

    pub fn value(&self, now: u64) -> Result<SecretValue, ReadError> {
        read::read(
            &self.vault,
            &self.who,
            &secret(),
            &VersionSelector::Current,
            UnixTime::from_secs(now),
        )
    }
}

fn look(now: u64, superseded: bool) -> Look {
    Look { now: UnixTime::from_secs(now), grace: GRACE, superseded }
}

#[test]
fn what_expired_is_left_a_day() {
    let scene = Scene::new().put(10, Some(100));
    assert_eq!(scene.due(look(100 + GRACE - 1, true)), []);
    assert_eq!(scene.due(look(100 + GRACE, false)), [(1, PruneCause::Expired)]);
    assert_eq!(
        scene.due(Look { now: UnixTime::from_secs(100), grace: 0, superseded: false }),
        [(1, PruneCause::Expired)]
    );
    assert_eq!(first_due(&scene.vault), Some(UnixTime::from_secs(100 + GRACE)));
    assert_eq!(first_due_at_a_glance(&scene.vault), Some(UnixTime::from_secs(100 + GRACE)));
    let late = Scene::new().put(500, Some(100));
    assert_eq!(late.due(look(499 + GRACE, false)), [], "written with a time gone by");
}

#[test]
fn a_pruned_version_stays_known_as_expired_and_no_older_one_comes_back() {
    let scene = Scene::new().put(10, None).put(20, Some(100)).prune(look(100 + GRACE, false));
    assert_eq!(scene.kept(), [1]);
    assert!(
        matches!(scene.value(200 + GRACE), Err(ReadError::Expired { since, .. }) if since.as_secs() == 100)
    );
    assert_eq!((first_due(&scene.vault), first_due_at_a_glance(&scene.vault)), (None, None));
    assert_eq!(scene.due(look(u64::MAX, true)), []);
    let alone = Scene::new().put(20, Some(100)).prune(look(100 + GRACE, false));
    assert!(alone.vault.file().secrets.is_empty(), "no section without a version");
    assert!(matches!(alone.value(200 + GRACE), Err(ReadError::Expired { .. })));
}

#[test]
fn pruning_settles_no_conflict() {
    let scene = Scene::new().put(10, None).beside((20, None), (30, Some(100)));
    assert!(scene.vault.secret(&secret()).unwrap().is_conflict());
    assert_eq!(scene.due(look(200 + GRACE, false)), []);
    assert_eq!(first_due(&scene.vault), None, "not while the other one lasts");
    let both = Scene::new().beside((20, Some(90)), (30, Some(100)));
    assert_eq!(first_due(&both.vault), Some(UnixTime::from_secs(100 + GRACE)), "both at once");
    assert_eq!(both.due(look(95 + GRACE, false)), []);
    assert_eq!(both.due(look(100 + GRACE, false)).len(), 2);
    let kept = scene.set("retention.versions", "1");
    assert_eq!(
        kept.due(look(99, true)),
        [(1, PruneCause::Versions)],
        "conflicting ones are spared"
    );
}

#[test]
fn retention_by_number_counts_the_active_version() {
    let scene = (1..=5).fold(Scene::new(), |scene, at| scene.put(at * 10, None));
    let scene = scene.set("retention.versions", "3");
    assert_eq!(scene.due(look(99, false)), []);
    assert_eq!(scene.due(look(99, true)), [(2, PruneCause::Versions), (1, PruneCause::Versions)]);
    let scene = scene.prune(look(99, true));
    assert_eq!(scene.kept(), [3, 4, 5]);
    assert_eq!(scene.value(99).unwrap().expose(), b"hunter2");
    let scene = scene.put(99, None);
    assert_eq!(scene.due(look(99, true)), [(3, PruneCause::Versions)]);
}

#[test]
fn retention_by_age_counts_from_when_a_version_ended() {
    let scene = Scene::new().put(10, None).put(1_000, None).put(5 * DAY, None);
    let scene = scene.set("retention.days", "2");
    assert_eq!(scene.due(look(1_000 + 2 * DAY, true)), []);
    assert_eq!(scene.due(look(1_001 + 2 * DAY, true)), [(1, PruneCause::Days)]);
    assert_eq!(
        scene.due(look(5 * DAY + 2 * DAY + 1, true)),
        [(2, PruneCause::Days), (1, PruneCause::Days)]
    );
    let removed =
        scene.change(6 * DAY, |vault, ctx| remove::remove(vault, &[secret()], ctx).unwrap().1);
    assert_eq!(removed.due(look(8 * DAY, true)), []);
    assert_eq!(removed.due(look(8 * DAY + 1, true)).len(), 3, "what was removed goes as well");
    assert!(matches!(removed.value(8 * DAY), Err(ReadError::Gone { .. })));
    let pruned = removed.prune(look(8 * DAY + 1, true));
    assert!(matches!(pruned.value(9 * DAY), Err(ReadError::Pruned { number: None, .. })));
    let restored =
        remove::restore(&pruned.vault, &secret(), &VersionSelector::Current, &pruned.ctx(9 * DAY));
    let refusal = restored.map(|_| ()).unwrap_err().to_string();
    assert_eq!(refusal, "the value of prod/A was pruned");
}

#[test]
fn what_a_merge_brings_back_is_due_again_and_goes_with_the_next_write() {
    let scene = Scene::new().put(10, Some(100)).put(20, None);
    let old = scene.vault.file().clone();
    let mut scene = scene.prune(look(100 + GRACE, false));
    assert_eq!(scene.kept(), [2]);
    let mut file = scene.vault.file().clone();
    file.secrets = old.secrets;
    scene.vault = open(&format::write(&file));
    assert_eq!(scene.kept().len(), 2, "a pruned version may be there or not");
    assert_eq!(scene.due(look(200 + GRACE, true)), [(1, PruneCause::LeftOver)]);
    assert_eq!(scene.put(300, None).kept(), [2, 3]);
}

#[test]
fn who_may_not_delete_is_told_who_may() {
    let scene = Scene::new().put(10, Some(100));
    let due = due(&scene.vault, look(100 + GRACE, false));
    let olga = scene.who.member();
    assert_eq!(share(&scene.vault, Some(olga), due.clone()).own.len(), 1);
    let shares = share(&scene.vault, None, due);
    assert!(shares.own.is_empty());
    assert_eq!(shares.others[&secret()].able, std::slice::from_ref(olga));
}

/// The entry that does these ops, at `now`, stating the owner's or another clock.
fn ops(vault: &Vault, ctx: &Ctx<'_>, ops: Vec<Op>) -> Change {
    Batch::of(vault, ctx, ops).change().unwrap()
}

impl Scene {
    pub fn expire(self, now: u64, at: Option<u64>) -> Self {
        self.change(now, |vault, ctx| {
            let object = vault.secret(&secret()).unwrap().current.unwrap();
            let op =
                Expire { secret: secret(), object, at: at.map(UnixTime::from_secs), adopts: None };
            ops(vault, ctx, vec![Op::Expire(op)])
        })
    }

    /// Another member, with these rights on everything.
    pub fn member(&mut self, member: &str, rights: &[Right]) -> Hands {
        let made = generate_identity();
        let name = |text| Name::new(text).unwrap();
        let (member, device, vault) = (name(member), name("pc"), self.vault.id());
        let key =
            new_device_key(&TestHost, Some(&vault), &member, &device, &made.recipient).unwrap();
        let (role, kind) = (member.clone(), MemberKind::User);
        let recipients = vec![made.recipient.clone()];
        let grant = PolicyOp::grant(role.clone(), all(), rights.to_vec());
        let ops = vec![
            PolicyOp::RoleAdd { role: role.clone() },
            grant,
            PolicyOp::MemberAdd(MemberAdd {
                member: member.clone(),
                kind,
                recipients,
                expires: None,
            }),
            PolicyOp::KeyAdd(key.0),
            PolicyOp::role_join(role, member),
        ];
        self.policy(ops);
        let who = Unlocked::new(&self.vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&self.vault).unwrap();
        Hands { who, signer }
    }

    fn policy(&mut self, ops: Vec<PolicyOp>) {
        let change = policy_change::change(&self.vault, ops, &self.ctx(1)).unwrap().0;
        let vault = open(&format::write(self.vault.file()));
        self.vault = open(&format::write(vault.apply(change).unwrap().file()));
    }

    /// The owner changes what the member may do.
    pub fn rights(&mut self, member: &str, rights: &[Right]) {
        let role = Name::new(member).unwrap();
        let holds = |right: &Right| self.vault.policy().holds(&role, *right, &secret());
        let (old, new): (Vec<Right>, Vec<Right>) = (
            Right::ALL.into_iter().filter(|r| holds(r) && !rights.contains(r)).collect(),
            rights.iter().copied().filter(|right| !holds(right)).collect(),
        );
        let mut ops = Vec::new();
        if !old.is_empty() {
            ops.push(PolicyOp::Revoke { role: role.clone(), pattern: all(), rights: old });
        }
        if !new.is_empty() {
            ops.push(PolicyOp::grant(role.clone(), all(), new));
        }
        self.policy(ops);
    }

    /// What another member does.
    pub fn by(
        &mut self,
        Hands { who, signer }: &Hands,
        now: u64,
        make: impl FnOnce(&Vault, &Ctx<'_>) -> Change,
    ) {
        let reason = String::new();
        let ctx = Ctx {
            who,
            signer,
            random: &TestHost,
            now: UnixTime::from_secs(now),
            reason,
            progress: &Silent,
        };
        let change = make(&self.vault, &ctx);
        let vault = open(&format::write(self.vault.file()));
        self.vault = open(&format::write(vault.apply(change).unwrap().file()));
    }

    pub fn rotate(mut self, hands: &Hands, now: u64, expires: Option<u64>) -> Self {
        self.by(hands, now, |vault, ctx| new_value(vault, expires, ctx));
        self
    }

    /// Does `change` in a copy, for [`Scene::merge`].
    pub fn aside(&mut self, change: impl FnOnce(&mut Self)) -> VaultFile {
        let before = format::write(self.vault.file());
        change(self);
        std::mem::replace(&mut self.vault, open(&before)).file().clone()
    }

    /// Brings the entries and versions of another copy in.
    pub fn merge(&mut self, other: &VaultFile) {
        let mut file = self.vault.file().clone();
        file.entries.extend(other.entries.clone());
        for (uid, section) in &other.secrets {
            let own = file.secret_section(*uid, &section.name);
            section.versions.iter().for_each(|(id, v)| _ = own.versions.insert(*id, v.clone()));
            section.wraps.iter().for_each(|(id, wrap)| _ = own.wraps.insert(*id, wrap.clone()));
        }
        // The copies of what is active follow from the log.
        let chain = self.vault.chain();
        let graph = Graph::build(&file.entries).unwrap();
        let (all, trusted) = (FoldScope::All, LogSignatures::Trusted);
        let standings = Standings::judge(&graph, &file.entries, chain, all, trusted);
        let state = LogState::fold(&graph, &file.entries, &standings, all);
        for (name, secret) in &state.secrets {
            if let Some(section) = file.secrets.get_mut(&self.vault.uid(name)) {
                section.active.clone_from(&secret.candidates);
            }
        }
        self.vault = open(&format::write(&file));
    }
}

fn all() -> Pattern {
    Pattern::new("*").unwrap()
}

/// Puts a new value.
pub(crate) fn new_value(vault: &Vault, expires: Option<u64>, ctx: &Ctx<'_>) -> Change {
    let value = SecretValue::new(b"rotated".to_vec());
    let value =
        Some(NewValue { value, expires: expires.map(UnixTime::from_secs), same: Vec::new() });
    let request = PutRequest { secret: secret(), value, fields: Vec::new() };
    put::put(vault, vec![request], ctx).unwrap()
}

/// Another member at work.
pub(crate) struct Hands {
    who: Unlocked,
    signer: Signer,
}

#[test]
fn a_changed_expiry_has_its_day_from_when_it_was_stated() {
    let scene = Scene::new().put(10, None).expire(500, Some(100));
    assert_eq!(scene.due(look(499 + GRACE, false)), [], "stated when it had gone by");
    assert_eq!(scene.due(look(500 + GRACE, false)), [(1, PruneCause::Expired)]);
    assert_eq!(first_due(&scene.vault), Some(UnixTime::from_secs(500 + GRACE)));
    assert_eq!(first_due_at_a_glance(&scene.vault), Some(UnixTime::from_secs(500 + GRACE)));
    assert!(
        matches!(scene.value(501), Err(ReadError::Expired { since, .. }) if since.as_secs() == 100)
    );
    let kept = Scene::new().put(10, Some(100)).expire(20, None);
    assert_eq!(kept.due(look(u64::MAX, false)), []);
    assert_eq!((first_due(&kept.vault), first_due_at_a_glance(&kept.vault)), (None, None));
    assert_eq!(kept.value(1_000).unwrap().expose(), b"hunter2");
}

#[test]
fn rotations_make_no_version_of_a_writer_go() {
    let mut scene = (1..=3).fold(Scene::new(), |scene, at| scene.put(at * 10, None));
    let rita = scene.member("rita", &[Right::Rotate]);
    let mut scene = scene.set("retention.versions", "3").set("retention.days", "1");
    for number in 0..5 {
        // Her clock is one that makes everything look old.
        scene = scene.rotate(&rita, 40 + number, Some(u64::from(u32::MAX)));
    }
    let due = scene.due(look(20 + DAY, true));
    let numbers: Vec<usize> = due.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [5, 4], "of hers the newest three are kept, of the writer's all");
    let due = scene.due(look(100 * DAY, true));
    let days: Vec<usize> = due.iter().map(|(number, _)| *number).filter(|n| *n <= 3).collect();
    assert_eq!(days, [2, 1], "the writer's last has no end that a writer stated");
}

/// A promotion of a new value, which expires then.
fn promote(mut scene: Scene, at: u64, expires: u64) -> Scene {
    let begin = |vault: &Vault, ctx: &Ctx<'_>| {
        let value = SecretValue::new(b"rotated".to_vec());
        let begun = Begun { value, expires: Some(UnixTime::from_secs(expires)), share: None };
        rotate::begin(vault, &secret(), begun, ctx).unwrap().1
    };
    scene = scene.change(at, begin);
    scene.change(at + 1, |vault, ctx| rotate::promote(vault, &secret(), None, ctx).unwrap().1)
}

/// Nobody could revoke at the provider what is not held here.
#[test]
fn what_a_rotation_left_stays_until_it_is_retired() {
    let scene = promote(Scene::new().put(10, Some(100)), 20, 1_000 * DAY);
    let scene = scene.change(30, |vault, ctx| {
        let value = SecretValue::new(b"by hand".to_vec());
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        let request = PutRequest { secret: secret(), value, fields: Vec::new() };
        put::put(vault, vec![request], ctx).unwrap()
    });
    let scene = scene.set("retention.versions", "1").set("retention.days", "1");
    let all = look(500 * DAY, true);
    assert_eq!(scene.due(all), []);
    assert_eq!(first_due(&scene.vault), None);
    let scene = scene.change(40, |vault, ctx| {
        let due = rotate::to_retire(vault, &secret(), &Retiring::WhatIsOver).unwrap();
        assert_eq!(due.len(), 2);
        rotate::retire(vault, &secret(), due, ctx).unwrap().1
    });
    let due = scene.due(all);
    assert_eq!(due, [(1, PruneCause::Expired), (2, PruneCause::Versions)]);
}

/// What stands on nothing does nothing, wherever in the order it is.
#[test]
fn a_promotion_of_no_rotation_holds_up_no_retention() {
    let mut scene = Scene::new().set("retention.days", "1");
    let rita = scene.member("rita", &[Right::Rotate]);
    let before = format::write(scene.vault.file());
    scene = (1..=3).fold(scene, |scene, at| scene.put(at * 10, None));
    let file = scene.vault.file().clone();
    let versions = &scene.vault.secret(&secret()).unwrap().versions;
    let promoted = versions.iter().map(|version| {
        let (secret, object, replaces) = (secret(), version.object, Vec::new());
        let rotation = crate::crypto::bytes::Fixed([9; 16]).into();
        Op::Promote(Promote { secret, rotation, object, replaces, adopts: None })
    });
    let promoted: Vec<Op> = promoted.collect();
    scene.vault = open(&before);
    scene.by(&rita, 5, |vault, ctx| ops(vault, ctx, promoted));
    scene.merge(&file);
    let due = scene.due(look(10 * DAY, true));
    assert_eq!(due, [(2, PruneCause::Days), (1, PruneCause::Days)]);
}
