//! Against an oracle that opens envelopes: what each key could ever open, by opening it.

mod model;
mod ready;

use super::*;
use crate::crypto::id::{EpochId, ObjectId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{Identity, NewIdentity, generate_identity, parse_identities};
use crate::file::audience;
use crate::file::device_key::new_device_key;
use crate::file::format;
use crate::file::format::Trust;
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::name::Pattern;
use crate::name::audience::AudienceName;
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::remove;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::author::Ctx;
use crate::vault::unlock::{Signer, Unlocked};
use std::collections::{BTreeMap, BTreeSet};

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

/// What is exposed by what writers stated alone.
fn stated(vault: &Vault) -> Result<Vec<Exposed>, ChainError> {
    exposed(vault, || None).map(|found| found.values)
}

fn open(file: &VaultFile) -> Vault {
    let text = format::write(file);
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9)).unwrap()
}

/// A key that was given out, and every epoch whose keys it was ever able to open.
struct Key {
    made: NewIdentity,
    epochs: BTreeSet<(AudienceName, EpochId)>,
}

impl Key {
    fn identities(&self) -> Vec<Identity> {
        parse_identities(&self.made.text).unwrap()
    }
}

/// A vault of one owner, who does everything, and what was seen of it over time.
struct World {
    vault: Option<Vault>,
    who: Unlocked,
    signer: Signer,
    keys: Vec<Key>,
    /// Every wrap that was ever in the file.
    wraps: BTreeSet<(ObjectId, AudienceName, EpochId)>,
    /// Pairs of versions that are stated to hold the same value.
    same: Vec<(ObjectId, ObjectId)>,
    /// What each version holds.
    values: BTreeMap<ObjectId, usize>,
    /// Values from here on were never set.
    fresh: usize,
    now: UnixTime,
}

impl World {
    fn new() -> Self {
        let made = generate_identity();
        let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient.clone());
        let request = InitRequest {
            name: name("shop"),
            member,
            device,
            recipient,
            now: UnixTime::from_secs(1),
        };
        let vault = open(&init::init(&request, &TestHost).unwrap());
        let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&vault).unwrap();
        let keys = vec![Key { made, epochs: BTreeSet::new() }];
        let (wraps, same, values) = (BTreeSet::new(), Vec::new(), BTreeMap::new());
        let vault = Some(vault);
        let mut world = Self {
            vault,
            who,
            signer,
            keys,
            wraps,
            same,
            values,
            fresh: 100,
            now: UnixTime::from_secs(1),
        };
        world.look();
        world
    }

    fn vault(&self) -> &Vault {
        self.vault.as_ref().unwrap()
    }

    /// A new recipient.
    fn key(&mut self) -> RecipientText {
        let made = generate_identity();
        let recipient = made.recipient.clone();
        self.keys.push(Key { made, epochs: BTreeSet::new() });
        recipient
    }

    /// Takes note of what everybody can open, and of the wraps that are there.
    fn look(&mut self) {
        let vault = self.vault.as_ref().unwrap();
        for (audience, section) in &vault.file().audiences {
            let expected = vault.expected_epochs(audience);
            for key in &mut self.keys {
                let (identities, file) = (key.identities(), &section.envelope);
                let id = vault.id();
                let opened = audience::open_envelope(&identities, file, &id, audience, &expected);
                let epochs = opened.into_iter().flatten().map(|keys| keys.epoch);
                key.epochs.extend(epochs.map(|epoch| (audience.clone(), epoch)));
            }
        }
        let wraps = vault.file().secrets.values().flat_map(|section| section.wraps.values());
        self.wraps.extend(wraps.map(|wrap| (wrap.version, wrap.audience.clone(), wrap.epoch)));
    }

    fn act(&mut self, make: impl FnOnce(&Vault, &Ctx<'_>) -> crate::vault::change::Change) {
        self.now = self.now.saturating_add(10);
        let vault = self.vault.take().unwrap();
        // Keys that were opened before are of envelopes that may be replaced by now.
        let who = Unlocked::new(&vault, self.keys[0].identities()).unwrap();
        let (signer, now) = (&self.signer, self.now);
        let ctx = Ctx {
            who: &who,
            signer,
            random: &TestHost,
            now,
            reason: String::new(),
            progress: &Silent,
        };
        let change = make(&vault, &ctx);
        // Opened again: what is left after a change knows the secrets that it touched alone.
        self.vault = Some(open(vault.apply(change).unwrap().file()));
        self.who = who;
        self.look();
    }

    fn change(&mut self, ops: Vec<PolicyOp>) {
        self.act(|vault, ctx| policy_change::change(vault, ops, ctx).unwrap().0);
    }

    fn put(&mut self, of: &SecretName, same: Vec<ObjectId>) {
        let known = same.first().and_then(|id| self.values.get(id)).copied();
        self.fresh += 1;
        self.put_value(of, same, known.unwrap_or(self.fresh));
    }

    fn put_value(&mut self, of: &SecretName, same: Vec<ObjectId>, number: usize) {
        self.act(|vault, ctx| {
            let value = SecretValue::from(format!("hunter{number}"));
            let value = Some(NewValue { value, expires: None, same });
            let request = PutRequest { secret: of.clone(), value, fields: Vec::new() };
            put::put(vault, vec![request], ctx).unwrap()
        });
        let new = self.vault().secret(of).and_then(|state| state.current).unwrap();
        self.values.insert(new, number);
    }

    fn set(&mut self, of: &str) {
        self.put(&secret(of), Vec::new());
    }

    /// Sets a value that may have been set before, without saying so.
    fn set_to(&mut self, of: &str, number: usize) {
        self.put_value(&secret(of), Vec::new(), number);
    }

    fn remove(&mut self, of: &str) {
        let of = [secret(of)];
        if self.vault().live().any(|(name, _)| *name == of[0]) {
            self.act(|vault, ctx| remove::remove(vault, &of, ctx).unwrap().1);
        }
    }

    fn copy(&mut self, from: &str, to: &str) {
        let Some(old) = self.vault().secret(&secret(from)).and_then(|s| s.current) else { return };
        self.put(&secret(to), vec![old]);
        let new = self.vault().secret(&secret(to)).and_then(|s| s.current).unwrap();
        self.same.push((old, new));
    }

    fn add(&mut self, member: &str, role: &str) {
        let recipients = vec![self.key()];
        let (member, kind, expires) = (name(member), MemberKind::User, None);
        let add =
            PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires });
        self.change(vec![add, PolicyOp::role_join(name(role), member)]);
    }

    fn role(&mut self, role: &str, read: &str) {
        let role = name(role);
        let rights = vec![Right::Read];
        let grant = PolicyOp::grant(role.clone(), pattern(read), rights);
        self.change(vec![PolicyOp::RoleAdd { role }, grant]);
    }

    /// Secrets with the members that know their values without a right to.
    fn found(&self) -> Vec<(String, String)> {
        let found = stated(self.vault()).unwrap();
        let pairs = found.iter().flat_map(|value| {
            value.to.iter().map(|to| (value.secret.to_string(), to.member.to_string()))
        });
        pairs.collect()
    }

    /// What the oracle says: secrets and recipients.
    fn expected(&self) -> BTreeSet<(String, RecipientText)> {
        let mut expected = BTreeSet::new();
        for (of, state) in self.vault().live() {
            let policy = self.vault().policy();
            let readers = policy.members().filter(|(m, _)| policy.holds(m, Right::Read, of));
            let may: BTreeSet<&RecipientText> = readers.flat_map(|(_, m)| &m.recipients).collect();
            let current = state.current.unwrap();
            let value = self.values.get(&current);
            let equal = state.versions.iter().filter(|v| self.values.get(&v.object) == value);
            let family: BTreeSet<ObjectId> = equal.flat_map(|v| self.family(v.object)).collect();
            assert!(family.contains(&current));
            let wraps: Vec<_> = self.wraps.iter().filter(|(v, ..)| family.contains(v)).collect();
            for key in &self.keys {
                let opens = |(_, a, e): &&&(ObjectId, AudienceName, EpochId)| {
                    key.epochs.contains(&(a.clone(), *e))
                };
                if wraps.iter().any(|wrap| opens(&wrap)) && !may.contains(&key.made.recipient) {
                    expected.insert((of.to_string(), key.made.recipient.clone()));
                }
            }
        }
        expected
    }

    fn family(&self, object: ObjectId) -> BTreeSet<ObjectId> {
        let mut family = BTreeSet::from([object]);
        for _ in &self.same {
            for (a, b) in &self.same {
                if family.contains(a) || family.contains(b) {
                    family.extend([*a, *b]);
                }
            }
        }
        family
    }

    fn compare(&self, step: &str) {
        let owner = || Unlocked::new(self.vault(), self.keys[0].identities()).ok();
        let Exposure { values: found, uncompared, .. } = exposed(self.vault(), owner).unwrap();
        assert_eq!(uncompared, Uncompared::new(), "after {step}");
        let pairs = found.iter().flat_map(|value| {
            value.to.iter().map(|to| (value.secret.to_string(), to.recipient.clone()))
        });
        assert_eq!(pairs.collect::<BTreeSet<_>>(), self.expected(), "after {step}");
        let times = found.iter().flat_map(|value| value.to.iter().map(|to| to.since));
        times.for_each(|since| {
            assert!((UnixTime::from_secs(1)..=self.now).contains(&since), "{since} after {step}")
        });
    }
}

fn pairs(found: &[(&str, &str)]) -> Vec<(String, String)> {
    found.iter().map(|(secret, who)| (String::from(*secret), String::from(*who))).collect()
}

/// A developer who reads dev, and a value there.
fn with_developer() -> World {
    let mut world = World::new();
    world.set("dev/DB");
    world.role("developer", "dev/*");
    world.add("ann", "developer");
    world
}

#[test]
fn nothing_is_exposed_to_those_who_may_read_it() {
    let world = with_developer();
    assert_eq!(world.found(), []);
}

#[test]
fn a_removed_member_knows_what_it_could_read_until_there_is_a_new_value() {
    let mut world = with_developer();
    world.set("prod/DB");
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    assert_eq!(world.found(), pairs(&[("dev/DB", "ann")]));
    let ann = stated(world.vault()).unwrap().remove(0).to.remove(0);
    assert_eq!((ann.why, ann.since, ann.through), (ExposureCause::MemberRemoved, world.now, None));
    world.set("dev/DB");
    assert_eq!(world.found(), []);
}

#[test]
fn a_value_of_before_somebody_came_and_of_after_they_went() {
    let mut world = with_developer();
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    world.add("bob", "developer");
    world.set("dev/NEW");
    // Bob's envelope carries the epoch that the old value is under.
    world.change(vec![PolicyOp::RoleLeave { role: name("developer"), member: name("bob") }]);
    let expected = [("dev/DB", "ann"), ("dev/DB", "bob"), ("dev/NEW", "bob")];
    assert_eq!(world.found(), pairs(&expected));
    let why = stated(world.vault()).unwrap().remove(1).to.remove(0).why;
    assert_eq!(why, ExposureCause::NoRight);
}

#[test]
fn a_narrowed_grant_leaves_the_old_wrap_behind() {
    let mut world = with_developer();
    let (role, rights) = (name("developer"), vec![Right::Read]);
    world.change(vec![PolicyOp::Revoke { role, pattern: pattern("dev/*"), rights }]);
    assert_eq!(world.found(), pairs(&[("dev/DB", "ann")]));
    // Given back, it is nothing but a right again.
    let (role, rights) = (name("developer"), vec![Right::Read]);
    world.change(vec![PolicyOp::grant(role, pattern("dev/*"), rights)]);
    assert_eq!(world.found(), []);
}

#[test]
fn a_removed_key_is_not_its_member() {
    let mut world = with_developer();
    let (member, old) = (name("ann"), world.keys[1].made.recipient.clone());
    let recipient = world.key();
    world.change(vec![PolicyOp::recipient_add(member.clone(), recipient)]);
    world.change(vec![PolicyOp::RecipientRemove { member, recipient: old.clone() }]);
    let found = stated(world.vault()).unwrap();
    assert_eq!((&found[0].to[0].recipient, found[0].to[0].why), (&old, ExposureCause::KeyRemoved));
    assert_eq!((found.len(), found[0].to.len()), (1, 1));
}

#[test]
fn a_copy_is_known_to_the_readers_of_what_it_was_copied_from() {
    let mut world = with_developer();
    world.copy("dev/DB", "prod/DB");
    let found = stated(world.vault()).unwrap().remove(0);
    let to = &found.to[0];
    let by = |in_force| Some(Through { secret: secret("dev/DB"), in_force });
    assert_eq!((found.secret, &to.through), (secret("prod/DB"), &by(true)));
    assert_eq!((to.why, to.since), (ExposureCause::NeverAllowed, world.now));
    // A new value where it came from cures that one, not the copy.
    world.set("dev/DB");
    assert_eq!(world.found(), pairs(&[("prod/DB", "ann")]));
    let through = |world: &World| stated(world.vault()).unwrap().remove(0).to.remove(0).through;
    assert_eq!(through(&world), by(false));
    world.remove("dev/DB");
    assert_eq!(through(&world), by(false));
    world.set("prod/DB");
    assert_eq!(world.found(), []);
}

#[test]
fn rolling_back_to_a_known_value_exposes_again() {
    let mut world = with_developer();
    let old = world.vault().secret(&secret("dev/DB")).unwrap().current.unwrap();
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    world.set("dev/DB");
    assert_eq!(world.found(), []);
    world.put(&secret("dev/DB"), vec![old]);
    assert_eq!(world.found(), pairs(&[("dev/DB", "ann")]));
}

#[test]
fn a_value_under_a_fresh_key_is_known_for_as_long_as_before() {
    let mut world = with_developer();
    let since = |world: &World, of: &str| {
        let found = stated(world.vault()).unwrap().into_iter().find(|v| v.secret == secret(of));
        found.unwrap().since()
    };
    // A member who never had the right, and one whose right ended.
    world.copy("dev/DB", "prod/DB");
    let copied = world.now;
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    let removed = world.now;
    for of in ["dev/DB", "prod/DB"] {
        let old = world.vault().secret(&secret(of)).unwrap().current.unwrap();
        world.put(&secret(of), vec![old]);
    }
    assert_eq!((since(&world, "dev/DB"), since(&world, "prod/DB")), (removed, copied));
    // The same value again under another name that the member might have read.
    world.copy("dev/DB", "dev/OTHER");
    assert_eq!(since(&world, "dev/OTHER"), removed);
}

#[test]
fn a_wrap_that_is_gone_counts_by_what_the_policy_asked_for() {
    let mut world = with_developer();
    world.set("dev/DB");
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    let mut file = world.vault().file().clone();
    file.secrets.values_mut().for_each(|section| section.wraps.clear());
    let text = format::write(&file);
    let vault =
        Vault::open(text.as_bytes(), Trust::Cached, Depth::Everything, UnixTime::from_secs(9))
            .unwrap();
    let found = stated(&vault).unwrap();
    assert_eq!((found.len(), &found[0].to[0].member), (1, &name("ann")));
}

/// Somebody who writes dev, with a role `writer` that can be given more.
fn with_writer() -> (World, Signer) {
    let mut world = with_developer();
    world.set("prod/DB");
    let (member, recipient) = (name("eve"), world.key());
    let (device, vault) = (name("laptop"), world.vault().id());
    let made = new_device_key(&TestHost, Some(&vault), &member, &device, &recipient).unwrap();
    let (recipients, kind, expires) = (vec![recipient], MemberKind::User, None);
    world.change(vec![
        PolicyOp::RoleAdd { role: name("writer") },
        PolicyOp::grant(name("writer"), pattern("dev/*"), vec![Right::Write]),
        PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires }),
        PolicyOp::KeyAdd(made.0),
        PolicyOp::role_join(name("writer"), member.clone()),
    ]);
    (world, Signer { member, device, key: made.1 })
}

/// What is said to hold the value of `prod/DB`, by `eve`.
fn claim(world: &mut World, eve: Signer) {
    let known = world.vault().secret(&secret("prod/DB")).unwrap().current.unwrap();
    let vault = world.vault.take().unwrap();
    let identities = world.keys.last().unwrap().identities();
    let who = Unlocked::new(&vault, identities).unwrap();
    let ctx = Ctx {
        who: &who,
        signer: &eve,
        random: &TestHost,
        now: UnixTime::from_secs(500),
        reason: String::new(),
        progress: &Silent,
    };
    let value = SecretValue::new(b"hunter2".to_vec());
    let value = Some(NewValue { value, expires: None, same: vec![known] });
    let request = PutRequest { secret: secret("dev/X"), value, fields: Vec::new() };
    let change = put::put(&vault, vec![request], &ctx).unwrap();
    world.vault = Some(open(vault.apply(change).unwrap().file()));
}

#[test]
fn a_claim_of_somebody_who_could_not_open_the_value_is_noise() {
    let (mut world, eve) = with_writer();
    claim(&mut world, eve);
    assert_eq!(world.found(), []);
    let (mut world, eve) = with_writer();
    let (role, rights) = (name("writer"), vec![Right::Read]);
    world.change(vec![PolicyOp::grant(role, pattern("prod/*"), rights)]);
    claim(&mut world, eve);
    let found = world.found();
    assert!(found.contains(&("prod/DB".into(), "ann".into())), "{found:?}");
}

#[test]
fn an_author_knows_the_value_once_it_may_do_nothing_with_the_secret() {
    let (mut world, eve) = with_writer();
    claim(&mut world, eve);
    let known = || ("dev/X".to_owned(), "eve".to_owned());
    assert!(!world.found().contains(&known()), "who may write it is no leak");
    let role = name("writer");
    let (read, rights) = (pattern("dev/*"), vec![Right::Write]);
    world.change(vec![PolicyOp::Revoke { role: role.clone(), pattern: read, rights }]);
    assert!(world.found().contains(&known()), "{:?}", world.found());
    let since = |world: &World| {
        let found = stated(world.vault()).unwrap().into_iter();
        let to = found.filter(|e| e.secret == secret("dev/X")).flat_map(|e| e.to);
        to.filter(|knower| knower.member == name("eve")).map(|k| (k.since, k.why)).next()
    };
    assert_eq!(
        since(&world),
        Some((world.now.max(UnixTime::from_secs(500)), ExposureCause::NoRight))
    );
    let (role_again, rights) = (role.clone(), vec![Right::Rotate]);
    world.change(vec![PolicyOp::grant(role_again, pattern("dev/*"), rights)]);
    assert!(!world.found().contains(&known()), "who may rotate it either");
    world.change(vec![PolicyOp::MemberRemove { member: name("eve") }]);
    assert_eq!(since(&world).map(|(_, why)| why), Some(ExposureCause::MemberRemoved));
    world.set("dev/X");
    assert!(!world.found().contains(&known()), "a new value ends it");
}

/// What the owner sees who opens older versions, as `found` is what nobody needs a key for.
fn compared(world: &World) -> Vec<(String, String)> {
    let owner = || Unlocked::new(world.vault(), world.keys[0].identities()).ok();
    let found = exposed(world.vault(), owner).unwrap();
    assert_eq!(found.uncompared, Uncompared::new());
    let pairs = found.values.iter().flat_map(|value| {
        value.to.iter().map(|to| (value.secret.to_string(), to.member.to_string()))
    });
    pairs.collect()
}

#[test]
fn an_old_value_that_is_set_again_is_known_to_those_who_knew_it() {
    let mut world = with_developer();
    world.set_to("dev/DB", 7);
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    let removed = world.now;
    world.set_to("dev/DB", 8);
    assert_eq!(compared(&world), []);
    world.set_to("dev/DB", 7);
    assert_eq!(compared(&world), pairs(&[("dev/DB", "ann")]));
    let owner = || Unlocked::new(world.vault(), world.keys[0].identities()).ok();
    let found = exposed(world.vault(), owner).unwrap().values.remove(0);
    assert_eq!((found.since(), found.to[0].through.clone()), (removed, None));
    world.set_to("dev/DB", 9);
    assert_eq!(compared(&world), []);
}

#[test]
fn a_value_that_was_removed_and_set_again_is_known_to_those_who_knew_it() {
    let mut world = with_developer();
    world.set_to("dev/DB", 7);
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    world.remove("dev/DB");
    assert_eq!(compared(&world), []);
    world.set_to("dev/DB", 7);
    assert_eq!(compared(&world), pairs(&[("dev/DB", "ann")]));
}

#[test]
fn what_cannot_be_opened_is_said_to_be_uncompared() {
    let mut world = with_developer();
    world.change(vec![PolicyOp::MemberRemove { member: name("ann") }]);
    world.set("dev/DB");
    world.set("dev/DB");
    let nobody = exposed(world.vault(), || None).unwrap();
    let versions = BTreeSet::from([1]);
    assert_eq!(nobody.values, []);
    assert_eq!(nobody.uncompared, Uncompared::from([(secret("dev/DB"), versions)]));
    // Where nobody knows more than they may, no key is asked for.
    let calm = with_developer();
    let asked = || -> Option<Unlocked> { panic!("nothing is to be compared") };
    assert_eq!(exposed(calm.vault(), asked).unwrap(), Exposure::default());
}
