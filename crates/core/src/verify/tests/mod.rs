//! A sound vault, and what each way of spoiling it is reported as.

use super::{Report, VerifyOptions, verify, verify_base};
use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::digest::{HashContext, hash};
use crate::crypto::id::{EntryId, EpochId, ObjectId, SecretId, WrapId};
use crate::crypto::sign::Tag;
use crate::file::model::*;
use crate::file::slot::{SlotRecord, SlotRemoved};
use crate::log::finding::{Finding, FindingCode, Severity};
use crate::log::fold::FoldScope;
use crate::log::op::{Op, Put};
use crate::log::policy_view::PolicyView;
use crate::log::testing::*;
use crate::name::audience::AudienceName;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::record::ids::SUITE;
use crate::record::{ids, line};
use crate::time::UnixTime;
use std::collections::BTreeMap;

mod campaign;
mod known;
mod rotating;
mod scope;

const A: &str = "prod/A";
const B: &str = "prod/B";
const EPOCH: EpochId = EpochId([1; 16]);
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

#[derive(Clone)]
struct TestVault {
    log: Log,
    file: VaultFile,
}

impl TestVault {
    /// Two secrets, three versions, `backend` who may write and delete.
    fn new() -> Self {
        let mut log = Log::new();
        log.policy.add("backend", &[Right::Write, Right::Delete], "*");
        let envelope = b"an envelope".to_vec();
        let audience =
            FakeAudience { epoch: EPOCH, envelope: ids::envelope_id(&envelope), due: false };
        log.policy.audiences.insert(AudienceName::new("owner"), audience);
        log.policy
            .epochs
            .insert(EPOCH, (AudienceName::new("owner"), PolicyPosition::GENESIS, None));
        let header = Header {
            suite: SUITE.to_owned(),
            vault: log.policy.vault_id,
            name: log.policy.name.clone(),
        };
        let section = AudienceSection { epoch: EPOCH, envelope };
        let file = VaultFile {
            header,
            chain: Vec::new(),
            closed: None,
            audiences: BTreeMap::from([(AudienceName::new("owner"), section)]),
            slots: BTreeMap::new(),
            secrets: BTreeMap::new(),
            entries: BTreeMap::new(),
        };
        let mut vault = Self { log, file };
        let first = vault.put("ann", &[], A, 1);
        let second = vault.put("backend", &[first], A, 2);
        vault.put("ann", &[second], B, 3);
        vault
    }

    fn uid(&self, of: &str) -> SecretId {
        ids::secret_uid(&self.log.policy.vault_id, &secret(of))
    }

    fn section(&mut self, of: &str) -> &mut SecretSection {
        let uid = self.uid(of);
        self.file.secret_section(uid, &secret(of))
    }

    fn version(&self, of: &str, number: u8) -> (ObjectId, VersionObject) {
        let object = VersionObject {
            author: id(66),
            origin: ids::origin(&[]),
            expires: None,
            commitment: Fixed([3; 32]),
            ciphertext: Blob(vec![number; 80]),
        };
        (object.id(&self.uid(of)), object)
    }

    fn wrap(&mut self, of: &str, version: ObjectId, epoch: EpochId) -> WrapId {
        let key = WrapKey::Kek(Blob(vec![5; 48]));
        let wrap = Wrap { version, audience: AudienceName::new("owner"), epoch, key };
        let id = wrap.id();
        self.section(of).wraps.insert(id, wrap);
        id
    }

    /// The op that puts version `number` under the first epoch, its object and wrap being added.
    fn put_op(&mut self, of: &str, number: u8) -> Put {
        let (id, object) = self.version(of, number);
        self.section(of).versions.insert(id, object);
        let wrap = self.wrap(of, id, EPOCH);
        Put { wrap, ..put_op(of, id) }
    }

    fn put(&mut self, actor: &str, parents: &[EntryId], of: &str, number: u8) -> EntryId {
        let op = Op::Put(self.put_op(of, number));
        self.add(actor, parents, op)
    }

    fn add(&mut self, actor: &str, parents: &[EntryId], op: Op) -> EntryId {
        let id = self.log.add(actor, parents, vec![op]);
        self.settle();
        id
    }

    /// Copies the log into the file and makes the readable copies agree.
    fn settle(&mut self) {
        self.file.entries = self.log.entries.clone();
        let state = self.log.state();
        for section in self.file.secrets.values_mut() {
            let secret = state.secret(&section.name);
            section.active = secret.map(|s| s.candidates.clone()).unwrap_or_default();
        }
    }

    fn head(&self) -> EntryId {
        let (graph, standings) = self.log.standings();
        *graph.id(*standings.tips(&graph).last().unwrap())
    }

    fn report(&self) -> Report {
        let file = self.file.clone().rekeyed();
        verify(&file, &self.log.policy, VerifyOptions { now: NOW, scope: FoldScope::All })
    }

    fn codes(&self) -> Vec<FindingCode> {
        codes(&self.report().findings)
    }
}

fn codes(findings: &[Finding]) -> Vec<FindingCode> {
    let mut codes: Vec<FindingCode> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The codes after `spoil` had its way with a sound vault.
fn spoilt(spoil: impl FnOnce(&mut TestVault)) -> Vec<FindingCode> {
    let mut vault = TestVault::new();
    spoil(&mut vault);
    vault.codes()
}

#[test]
fn a_sound_vault_has_no_findings() {
    let report = TestVault::new().report();
    assert_eq!(report.findings, []);
    assert!(!report.has_errors());
}

#[test]
fn each_false_copy_is_an_error_of_its_own() {
    // Under another vault all else is something else too.
    assert_eq!(spoilt(|v| v.file.header.vault = id(1))[0], FindingCode::HeaderVault);
    assert_eq!(spoilt(|v| v.file.header.name = name("other")), [FindingCode::HeaderName]);
    assert_eq!(spoilt(|v| v.section(A).active.clear()), [FindingCode::ActiveWrong]);
    let audience = |v: &mut TestVault| v.file.audiences.remove("owner").unwrap();
    assert_eq!(spoilt(|v| _ = audience(v)), [FindingCode::AudienceMissing]);
    let copied = |v: &mut TestVault| {
        let section = v.file.audiences["owner"].clone();
        v.file.audiences.insert(AudienceName::new("ci+owner"), section);
    };
    assert_eq!(spoilt(copied), [FindingCode::AudienceUnknown]);
    let section = |v: &mut TestVault, change: fn(&mut AudienceSection)| {
        change(v.file.audiences.get_mut("owner").unwrap());
    };
    assert_eq!(
        spoilt(|v| section(v, |s| s.epoch = EpochId([9; 16]))),
        [FindingCode::AudienceEpoch]
    );
    assert_eq!(spoilt(|v| section(v, |s| s.envelope.push(0))), [FindingCode::EnvelopeWrong]);
}

/// The codes of what is another version, or another wrap, than the one that was put.
const ANOTHER: [FindingCode; 3] =
    [FindingCode::ObjectUnknown, FindingCode::ObjectMissing, FindingCode::WrapUnknown];

#[test]
fn a_version_under_another_name_is_another_one() {
    let renamed = spoilt(|v| {
        v.section(A).name = secret("prod/C");
    });
    assert!(ANOTHER.iter().all(|code| renamed.contains(code)), "{renamed:?}");
    let swapped = spoilt(|v| {
        v.section(A).name = secret(B);
    });
    assert!(ANOTHER.iter().all(|code| swapped.contains(code)), "{swapped:?}");
}

#[test]
fn changed_versions_and_wraps_are_others() {
    let first = |v: &mut TestVault| *v.section(A).versions.keys().next().unwrap();
    let changed = spoilt(|v| {
        let id = first(v);
        v.section(A).versions.get_mut(&id).unwrap().ciphertext.0[0] ^= 1;
    });
    assert!(ANOTHER.iter().all(|code| changed.contains(code)), "{changed:?}");
    let wrap = spoilt(|v| {
        v.section(A).wraps.values_mut().next().unwrap().key = WrapKey::Kek(Blob(vec![6; 48]));
    });
    assert_eq!(wrap, [FindingCode::WrapUnknown, FindingCode::WrapMissing]);
}

#[test]
fn what_the_log_does_not_name_is_an_error() {
    let object = spoilt(|v| {
        let (id, object) = v.version(A, 9);
        v.section(A).versions.insert(id, object);
    });
    assert_eq!(object, [FindingCode::ObjectUnknown]);
    let wrap = spoilt(|v| {
        let id = v.version(A, 1).0;
        v.log
            .policy
            .epochs
            .insert(EpochId([2; 16]), (AudienceName::new("owner"), PolicyPosition::GENESIS, None));
        v.wrap(A, id, EpochId([2; 16]));
    });
    assert_eq!(wrap, [FindingCode::WrapUnknown]);
}

#[test]
fn what_the_fold_needs_must_be_there() {
    let object = spoilt(|v| {
        let id = v.version(A, 1).0;
        v.section(A).versions.remove(&id);
        v.section(A).wraps.retain(|_, wrap| wrap.version != id);
    });
    assert_eq!(object, [FindingCode::ObjectMissing]);
    assert_eq!(spoilt(|v| v.section(A).wraps.clear()), [FindingCode::WrapMissing]);
    let secret = spoilt(|v| {
        let uid = v.uid(B);
        v.file.secrets.remove(&uid);
    });
    assert_eq!(secret, [FindingCode::ObjectMissing]);
}

#[test]
fn a_wraps_epoch_must_be_its_audiences() {
    assert_eq!(spoilt(|v| v.log.policy.epochs.clear()), [FindingCode::WrapEpoch]);
    let other =
        spoilt(|v| v.log.policy.epochs.get_mut(&EPOCH).unwrap().0 = AudienceName::new("ci+owner"));
    assert_eq!(other, [FindingCode::WrapEpoch]);
}

#[test]
fn an_op_cannot_name_the_wrap_of_another_version() {
    let codes = spoilt(|v| {
        let (first, head) = (v.version(A, 1).0, v.head());
        let mut op = v.put_op(A, 7);
        let own =
            v.section(A).wraps.iter().find(|(_, w)| w.version == op.object).map(|(id, _)| *id);
        v.section(A).wraps.remove(&own.unwrap());
        op.wrap =
            v.section(A).wraps.iter().find(|(_, w)| w.version == first).map(|w| *w.0).unwrap();
        v.add("ann", &[head], Op::Put(op));
    });
    assert_eq!(codes, [FindingCode::WrapMissing]);
}

#[test]
fn a_pruned_version_may_be_there_or_not() {
    let prune = |v: &mut TestVault| {
        let (id, head) = (v.version(A, 1).0, v.head());
        v.add("ann", &[head], Op::Prune { secret: secret(A), objects: vec![id] });
        id
    };
    assert_eq!(spoilt(|v| _ = prune(v)), []);
    let dropped = spoilt(|v| {
        let id = prune(v);
        v.section(A).versions.remove(&id);
        v.section(A).wraps.retain(|_, wrap| wrap.version != id);
    });
    assert_eq!(dropped, []);
}

#[test]
fn what_a_void_prune_deleted_is_lost() {
    let mut vault = TestVault::new();
    let (id, head) = (vault.version(A, 1).0, vault.head());
    vault.log.policy.next(&[head]);
    vault.add("backend", &[head], Op::Prune { secret: secret(A), objects: vec![id] });
    vault.section(A).versions.remove(&id);
    vault.section(A).wraps.retain(|_, wrap| wrap.version != id);
    assert_eq!(vault.codes(), []);
    vault.log.policy.revoke(&[head], "backend", A);
    vault.settle();
    assert_eq!(vault.codes(), [FindingCode::ObjectLost, FindingCode::Void]);
    assert!(vault.report().has_errors(), "a value is gone that nobody may have wanted gone");
}

#[test]
fn each_forged_entry_is_an_error_that_names_it() {
    type Forge = fn(&mut crate::log::entry::Entry);
    let cases: [(Forge, FindingCode); 7] = [
        (|e| e.policy = id(99), FindingCode::PolicyUnknown),
        (|e| e.key = id(99), FindingCode::KeyUnknown),
        (|e| e.actor = name("ann"), FindingCode::ActorWrong),
        (|e| e.reason = "x\u{1b}[2J".to_owned(), FindingCode::SignatureInvalid),
        (|e| e.sig = Fixed([7; 64]), FindingCode::SignatureInvalid),
        (|e| e.lamport += 1, FindingCode::LamportWrong),
        (|e| e.parents = vec![id(98)], FindingCode::ParentMissing),
    ];
    for (forge, code) in cases {
        let mut vault = TestVault::new();
        let head = vault.head();
        let op = field(A, "type", Some("x"));
        let mut entry = vault.log.draft(PolicyPosition::GENESIS, "backend", &[head], vec![op]);
        forge(&mut entry);
        vault.log.insert(entry);
        vault.settle();
        let report = vault.report();
        assert_eq!(codes(&report.findings), [code]);
        assert!(report.has_errors());
        assert!(!report.findings[0].message.contains('\u{1b}'));
    }
    let unauthorised = spoilt(|v| {
        v.log.policy.add("eve", &[Right::Read], "*");
        v.add("eve", &[], field(A, "type", Some("x")));
    });
    assert_eq!(unauthorised, [FindingCode::OpUnauthorised]);
}

#[test]
fn key_and_order_of_policy_are_checked_against_the_chain() {
    let mut vault = TestVault::new();
    let head = vault.head();
    vault.log.policy.remove_key(&[head], "backend");
    let after = vault.add("ann", &[head], field(A, "type", Some("x")));
    let mut inactive = vault.clone();
    inactive.add("backend", &[after], field(A, "type", Some("y")));
    assert_eq!(inactive.codes(), [FindingCode::KeyInactive]);
    vault.log.add_at(
        PolicyPosition::GENESIS,
        "backend",
        &[after],
        vec![field(A, "type", Some("y"))],
    );
    vault.settle();
    assert_eq!(vault.codes(), [FindingCode::PolicyBackdated]);
}

#[test]
fn history_that_the_policy_knew_must_be_there() {
    let mut vault = TestVault::new();
    vault.log.policy.next(&[id(77)]);
    assert_eq!(vault.codes(), [FindingCode::PolicyHeadMissing]);
}

#[test]
fn a_policy_entry_may_name_less_than_one_before_it_and_takes_nothing_away() {
    let mut vault = TestVault::new();
    let fork = vault.head();
    let left = vault.add("backend", &[fork], field(A, "type", Some("x")));
    vault.log.policy.next(&[left]);
    let right = vault.add("ann", &[fork], field(B, "type", Some("x")));
    vault.log.policy.next(&[right]);
    assert_eq!(vault.codes(), []);
    vault.log.policy.remove_key(&[], "backend");
    assert_eq!(vault.codes(), [], "what an earlier entry knew stays known");
}

#[test]
fn conflicts_are_warnings() {
    let two = spoilt(|v| {
        v.put("ann", &[], B, 8);
    });
    assert_eq!(two, [FindingCode::Conflict]);
    let fields = spoilt(|v| {
        v.add("ann", &[], field(A, "type", Some("x")));
        v.add("backend", &[], field(A, "type", Some("y")));
    });
    assert_eq!(fields, [FindingCode::Conflict]);
}

#[test]
fn a_void_put_warns_until_somebody_writes_under_the_new_policy() {
    let mut vault = TestVault::new();
    let known = vault.head();
    vault.put("backend", &[known], A, 8);
    assert_eq!(vault.codes(), []);
    vault.log.policy.revoke(&[known], "backend", A);
    vault.settle();
    let report = vault.report();
    assert_eq!(codes(&report.findings), [FindingCode::VoidChangesValue, FindingCode::Void]);
    assert_eq!(report.findings[0].severity, Severity::Warning);
    assert_eq!(report.findings[0].hint, Some(format!("v-secure secret versions {A}")));
    vault.put("ann", &[known], A, 9);
    assert_eq!(vault.codes(), [FindingCode::Void]);
}

#[test]
fn of_a_secret_that_only_void_entries_made_the_way_is_the_list_of_them() {
    let mut vault = TestVault::new();
    let known = vault.head();
    vault.put("backend", &[known], "prod/NEW", 8);
    vault.log.policy.revoke(&[known], "backend", "prod/NEW");
    vault.settle();
    let report = vault.report();
    assert_eq!(codes(&report.findings), [FindingCode::VoidChangesValue, FindingCode::Void]);
    assert_eq!(report.findings[0].hint.as_deref(), Some("v-secure adopt --list"));
}

#[test]
fn values_under_the_wrong_keys_are_warnings() {
    let unsettled = spoilt(|v| v.log.policy.audience_of_all = AudienceName::new("ci+owner"));
    assert_eq!(unsettled, [FindingCode::Unsettled]);
    let due = spoilt(|v| v.log.policy.audiences.get_mut("owner").unwrap().due = true);
    assert_eq!(due, [FindingCode::AudienceDue]);
}

#[test]
fn only_what_the_new_epochs_author_did_not_know_is_superseded() {
    let mut vault = TestVault::new();
    let known = vault.head();
    let position = vault.log.policy.next(&[known]);
    vault.log.policy.epochs.get_mut(&EPOCH).unwrap().2 = Some(position);
    assert_eq!(vault.codes(), [], "what was there stays under the old epoch on purpose");
    let op = Op::Put(vault.put_op(A, 8));
    vault.log.add_at(PolicyPosition::GENESIS, "backend", &[known], vec![op]);
    vault.settle();
    assert_eq!(vault.codes(), [FindingCode::SupersededEpoch]);
}

#[test]
fn an_expired_value_is_a_warning_from_its_second_on() {
    let expiring = |expires| {
        spoilt(|v| {
            let head = v.head();
            let op = Put { expires: Some(expires), ..v.put_op(A, 8) };
            v.add("ann", &[head], Op::Put(op));
        })
    };
    assert_eq!(expiring(NOW), [FindingCode::Expired]);
    assert_eq!(expiring(NOW.saturating_add(1)), []);
}

fn slot(member: &str, signer: &str) -> SlotRecord {
    let mut removed = SlotRemoved {
        slot: Fixed([4; 16]),
        member: name(member),
        key: key(signer).id(),
        sig: Fixed([0; 64]),
    };
    let line = line::write(&SlotRecord::Removed(removed.clone()));
    let body = line.split(",\"sig\":").next().unwrap().to_owned() + "}}";
    removed.sig = key(signer).sign(Tag::Slot, &hash(HashContext::Slot, &[body.as_bytes()]));
    SlotRecord::Removed(removed)
}

#[test]
fn a_slot_is_sound_stale_or_forged() {
    let with = |record: SlotRecord| spoilt(|v| _ = v.file.slots.insert(Fixed([4; 16]), record));
    assert_eq!(with(slot("backend", "backend")), []);
    assert_eq!(with(slot("backend", "ann")), [FindingCode::SlotForged], "another member's key");
    assert_eq!(with(slot("backend", "eve")), [FindingCode::SlotForged], "a key of nobody's");
    let SlotRecord::Removed(mut removed) = slot("backend", "backend") else { return };
    removed.slot = Fixed([5; 16]);
    assert_eq!(with(SlotRecord::Removed(removed)), [FindingCode::SlotForged]);
    let stale = spoilt(|v| {
        v.file.slots.insert(Fixed([4; 16]), slot("backend", "backend"));
        let head = v.head();
        v.log.policy.remove_key(&[head], "backend");
    });
    assert_eq!(stale, [FindingCode::SlotStale]);
}

fn against_base(new: &TestVault, base: &TestVault) -> Vec<FindingCode> {
    codes(&verify_base(&new.file, &new.report().state, &new.log.policy, &base.file))
}

#[test]
fn a_vault_that_grew_from_its_base_misses_nothing() {
    let base = TestVault::new();
    let mut new = base.clone();
    let head = new.head();
    let next = new.put("backend", &[head], A, 9);
    let object = new.version(A, 1).0;
    new.add("backend", &[next], Op::Prune { secret: secret(A), objects: vec![object] });
    new.section(A).versions.remove(&object);
    new.section(A).wraps.retain(|_, wrap| wrap.version != object);
    new.file.slots.insert(Fixed([4; 16]), slot("backend", "backend"));
    assert_eq!(against_base(&new, &base), []);
    let backwards = [FindingCode::BaseEntryMissing, FindingCode::BaseSlotMissing];
    assert_eq!(against_base(&base, &new), backwards, "a roll-back");
}

#[test]
fn a_version_of_the_base_that_nobody_pruned_must_be_there() {
    let base = TestVault::new();
    let mut new = base.clone();
    let object = new.version(A, 1).0;
    new.section(A).versions.remove(&object);
    assert_eq!(against_base(&new, &base), [FindingCode::BaseObjectMissing]);
}

#[test]
fn a_void_entry_of_the_base_may_be_dropped() {
    let mut base = TestVault::new();
    let mut new = base.clone();
    let known = new.head();
    base.put("backend", &[known], A, 8);
    assert_eq!(against_base(&new, &base), [FindingCode::BaseEntryMissing]);
    new.log.policy.revoke(&[known], "backend", A);
    assert_eq!(against_base(&new, &base), [FindingCode::BaseVoidDropped]);
}

#[test]
fn another_policy_chain_than_the_bases_is_no_continuation() {
    use crate::policy::entry::PolicyEntry;
    let entry = PolicyEntry {
        seq: 0,
        prev: None,
        ts: UnixTime::from_secs(0),
        heads: Vec::new(),
        ops: Vec::new(),
        reason: String::new(),
        sigs: Vec::new(),
    };
    let (new, mut base) = (TestVault::new(), TestVault::new());
    assert!(!new.log.policy.ids().contains(&entry.id()));
    base.file.chain.push(entry);
    assert_eq!(against_base(&new, &base), [FindingCode::BasePolicyDiverged]);
}
