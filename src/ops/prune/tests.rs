//! Which versions are due at a given time, and what pruning leaves.

use super::*;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::host::progress::Silent;
use crate::host::real::RealHost;
use crate::log::op::Expire;
use crate::name::Pattern;
use crate::ops::access;
use crate::ops::init::{self, InitRequest};
use crate::ops::policy_change;
use crate::ops::put::{self, NewValue, PutRequest};
use crate::ops::read::{self, ReadError, Wanted};
use crate::ops::remove;
use crate::ops::unlock::{Signer, Unlocked};
use crate::ops::vault::Depth;
use crate::policy::op::{MemberKind, PolicyOp};
use crate::secret_value::SecretValue;
use crate::vault::device_key::new_device_key;
use crate::vault::format::{self, Trust};

const A: &str = "prod/A";

/// A vault of one owner, who acts at stated times.
struct Scene {
    vault: Vault,
    who: Unlocked,
    signer: Signer,
}

fn secret() -> SecretName {
    SecretName::parse(A).unwrap()
}

fn open(text: &str) -> Vault {
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, 1).unwrap()
}

impl Scene {
    fn new() -> Self {
        let made = generate_identity();
        let identities = parse_identities(&made.text).unwrap();
        let name = |text| Name::new(text).unwrap();
        let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient);
        let request = InitRequest { name: name("shop"), member, device, recipient, now: 1 };
        let vault = open(&format::write(&init::init(&request, &RealHost).unwrap()));
        let who = Unlocked::new(&vault, identities).unwrap();
        let signer = who.signer(&vault).unwrap();
        Self { vault, who, signer }
    }

    fn ctx(&self, now: u64) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx { who, signer, random: &RealHost, now, reason: String::new(), progress: &Silent }
    }

    /// Applies what `make` makes, writes, and reads as a stranger would.
    fn change(mut self, now: u64, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) -> Self {
        let change = make(&self.vault, &self.ctx(now));
        let text = format::write(self.vault.apply(change).unwrap().file());
        self.vault = open(&text);
        self
    }

    fn put(self, now: u64, expires: Option<u64>) -> Self {
        self.change(now, |vault, ctx| {
            let value = SecretValue::new(b"hunter2".to_vec());
            let value = Some(NewValue { value, expires, same: Vec::new() });
            let request = PutRequest { secret: secret(), value, fields: Vec::new() };
            put::put(vault, vec![request], ctx).unwrap()
        })
    }

    fn set(self, key: &str, value: &str) -> Self {
        self.change(1, |vault, ctx| {
            let ops = access::setting(vault.policy(), key, Some(value));
            policy_change::change(vault, ops, ctx).unwrap().0
        })
    }

    fn prune(self, look: Look) -> Self {
        self.change(look.now, |vault, ctx| prune(vault, &due(vault, look), ctx).unwrap())
    }

    fn due(&self, look: Look) -> Vec<(usize, Why)> {
        due(&self.vault, look).into_iter().map(|due| (due.number, due.why)).collect()
    }

    /// The numbers of the versions whose bytes are in the file.
    fn kept(&self) -> Vec<usize> {
        let section = self.vault.file().secrets.get(&self.vault.uid(&secret()));
        let there = |object: &Id| section.is_some_and(|s| s.versions.contains_key(object));
        let versions = &self.vault.secret(&secret()).unwrap().versions;
        versions.iter().filter(|v| there(&v.object)).map(|v| v.number).collect()
    }

    /// Two versions written beside each other, each by what `put` takes.
    fn beside(mut self, one: (u64, Option<u64>), other: (u64, Option<u64>)) -> Self {
        let before = format::write(self.vault.file());
        self = self.put(one.0, one.1);
        let mut file = self.vault.file().clone();
        self.vault = open(&before);
        self = self.put(other.0, other.1);
        file.entries.extend(self.vault.file().entries.clone());
        for (uid, section) in &self.vault.file().secrets {
            let own = file.secret_section(*uid, &section.name);
            section.versions.iter().for_each(|(id, v)| _ = own.versions.insert(*id, v.clone()));
            section.wraps.iter().for_each(|(id, wrap)| _ = own.wraps.insert(*id, wrap.clone()));
            own.active.extend(section.active.iter().copied());
            own.active.sort_unstable();
            own.active.dedup();
        }
        self.vault = open(&format::write(&file));
        self
    }

    fn value(&self, now: u64) -> Result<SecretValue, ReadError> {
        read::read(&self.vault, &self.who, &secret(), &Wanted::Current, now)
    }
}

fn look(now: u64, superseded: bool) -> Look {
    Look { now, grace: GRACE, superseded }
}

#[test]
fn what_expired_is_left_a_day() {
    let scene = Scene::new().put(10, Some(100));
    assert_eq!(scene.due(look(100 + GRACE - 1, true)), []);
    assert_eq!(scene.due(look(100 + GRACE, false)), [(1, Why::Expired)]);
    assert_eq!(scene.due(Look { now: 100, grace: 0, superseded: false }), [(1, Why::Expired)]);
    assert_eq!(first_due(&scene.vault), Some(100 + GRACE));
    assert_eq!(first_due_at_a_glance(scene.vault.file()), Some(100 + GRACE));
    let late = Scene::new().put(500, Some(100));
    assert_eq!(late.due(look(499 + GRACE, false)), [], "written with a time gone by");
}

#[test]
fn a_pruned_version_stays_known_as_expired_and_no_older_one_comes_back() {
    let scene = Scene::new().put(10, None).put(20, Some(100)).prune(look(100 + GRACE, false));
    assert_eq!(scene.kept(), [1]);
    assert!(matches!(scene.value(200 + GRACE), Err(ReadError::Expired { since: 100, .. })));
    assert_eq!((first_due(&scene.vault), first_due_at_a_glance(scene.vault.file())), (None, None));
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
    let both = Scene::new().beside((20, Some(90)), (30, Some(100)));
    assert_eq!(both.due(look(95 + GRACE, false)), []);
    assert_eq!(both.due(look(100 + GRACE, false)).len(), 2);
    let kept = scene.set("retention.versions", "1");
    assert_eq!(kept.due(look(99, true)), [(1, Why::Versions)], "conflicting ones are spared");
}

#[test]
fn retention_by_number_counts_the_active_version() {
    let scene = (1..=5).fold(Scene::new(), |scene, at| scene.put(at * 10, None));
    let scene = scene.set("retention.versions", "3");
    assert_eq!(scene.due(look(99, false)), []);
    assert_eq!(scene.due(look(99, true)), [(2, Why::Versions), (1, Why::Versions)]);
    let scene = scene.prune(look(99, true));
    assert_eq!(scene.kept(), [3, 4, 5]);
    assert_eq!(scene.value(99).unwrap().expose(), b"hunter2");
    let scene = scene.put(99, None);
    assert_eq!(scene.due(look(99, true)), [(3, Why::Versions)]);
}

#[test]
fn retention_by_age_counts_from_when_a_version_ended() {
    let scene = Scene::new().put(10, None).put(1_000, None).put(5 * DAY, None);
    let scene = scene.set("retention.days", "2");
    assert_eq!(scene.due(look(1_000 + 2 * DAY, true)), []);
    assert_eq!(scene.due(look(1_001 + 2 * DAY, true)), [(1, Why::Days)]);
    assert_eq!(scene.due(look(5 * DAY + 2 * DAY + 1, true)), [(2, Why::Days), (1, Why::Days)]);
    let removed =
        scene.change(6 * DAY, |vault, ctx| remove::remove(vault, &[secret()], ctx).unwrap().1);
    assert_eq!(removed.due(look(8 * DAY, true)), []);
    assert_eq!(removed.due(look(8 * DAY + 1, true)).len(), 3, "what was removed goes as well");
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
    assert_eq!(scene.due(look(200 + GRACE, true)), [(1, Why::LeftOver)]);
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
    let (first, more) = ctx.sign(vault.chain().head(), vault.tips(), ops);
    Change::log(first, more)
}

impl Scene {
    fn expire(self, now: u64, at: Option<u64>) -> Self {
        self.change(now, |vault, ctx| {
            let object = vault.secret(&secret()).unwrap().current.unwrap();
            let op = Expire { secret: secret(), object, at, adopts: None };
            ops(vault, ctx, vec![Op::Expire(op)])
        })
    }

    /// Somebody else's hands: a member who may rotate and no more.
    fn rotator(&mut self) -> (Unlocked, Signer) {
        let made = generate_identity();
        let name = |text| Name::new(text).unwrap();
        let (member, device, vault) = (name("rita"), name("pc"), self.vault.id());
        let key =
            new_device_key(&RealHost, Some(&vault), &member, &device, &made.recipient).unwrap();
        let (role, kind) = (name("rotator"), MemberKind::User);
        let recipients = vec![made.recipient.clone()];
        let (pattern, rights) = (Pattern::new("*").unwrap(), vec![Right::Rotate]);
        let ops = vec![
            PolicyOp::RoleAdd { role: role.clone() },
            PolicyOp::Grant { role: role.clone(), pattern, rights },
            PolicyOp::MemberAdd { member: member.clone(), kind, recipients, expires: None },
            PolicyOp::KeyAdd(key.0),
            PolicyOp::RoleJoin { role, member },
        ];
        let change = policy_change::change(&self.vault, ops, &self.ctx(1)).unwrap().0;
        let text = format::write(self.vault.file());
        let before = std::mem::replace(&mut self.vault, open(&text));
        self.vault = open(&format::write(before.apply(change).unwrap().file()));
        let who = Unlocked::new(&self.vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&self.vault).unwrap();
        (who, signer)
    }

    fn rotate(self, (who, signer): &(Unlocked, Signer), now: u64, expires: Option<u64>) -> Self {
        let reason = String::new();
        let ctx = Ctx { who, signer, random: &RealHost, now, reason, progress: &Silent };
        let value = SecretValue::new(b"rotated".to_vec());
        let value = Some(NewValue { value, expires, same: Vec::new() });
        let request = PutRequest { secret: secret(), value, fields: Vec::new() };
        let change = put::put(&self.vault, vec![request], &ctx).unwrap();
        let text = format::write(self.vault.apply(change).unwrap().file());
        Self { vault: open(&text), who: self.who, signer: self.signer }
    }
}

#[test]
fn a_changed_expiry_has_its_day_from_when_it_was_stated() {
    let scene = Scene::new().put(10, None).expire(500, Some(100));
    assert_eq!(scene.due(look(499 + GRACE, false)), [], "stated when it had gone by");
    assert_eq!(scene.due(look(500 + GRACE, false)), [(1, Why::Expired)]);
    assert_eq!(first_due(&scene.vault), Some(500 + GRACE));
    assert_eq!(first_due_at_a_glance(scene.vault.file()), Some(500 + GRACE));
    assert!(matches!(scene.value(501), Err(ReadError::Expired { since: 100, .. })));
    let kept = Scene::new().put(10, Some(100)).expire(20, None);
    assert_eq!(kept.due(look(u64::MAX, false)), []);
    assert_eq!((first_due(&kept.vault), first_due_at_a_glance(kept.vault.file())), (None, None));
    assert_eq!(kept.value(1_000).unwrap().expose(), b"hunter2");
}

#[test]
fn rotations_make_no_version_of_a_writer_go() {
    let mut scene = (1..=3).fold(Scene::new(), |scene, at| scene.put(at * 10, None));
    let rita = scene.rotator();
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
