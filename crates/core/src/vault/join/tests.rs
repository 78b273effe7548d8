//! More heads than an entry can have parents: left by one member, united by the next writer.

use super::*;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::format;
use crate::file::format::Trust;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::log::op::Field;
use crate::name::{Name, SecretName};
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::PolicyOp;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::unlock::Unlocked;

fn open(vault: Vault) -> Vault {
    let text = format::write(vault.file());
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(1)).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A vault of one owner, who left `count` heads.
fn with_heads(count: usize, test: impl FnOnce(Vault, &Ctx<'_>)) {
    let made = generate_identity();
    let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient);
    let request =
        InitRequest { name: name("shop"), member, device, recipient, now: UnixTime::from_secs(1) };
    let text = format::write(&init::init(&request, &TestHost).unwrap());
    let vault =
        Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(1))
            .unwrap();
    let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
    let signer = who.signer(&vault).unwrap();
    let (random, progress, reason) = (&TestHost, &Silent, String::new());
    let ctx =
        Ctx { who: &who, signer: &signer, random, now: UnixTime::from_secs(1), reason, progress };
    let (id, policy) = (vault.id(), vault.chain().head());
    let by = Authorship { vault: &id, policy, actor: &signer.member };
    let entries = (0..count).map(|number| {
        let secret = SecretName::parse(format!("prod/S{number}")).unwrap();
        let (field, value) = ("description".to_owned(), Some("x".to_owned()));
        let ops = vec![Op::Field(Field { secret, field, value, adopts: None })];
        let draft = EntryDraft { ops, reason: String::new(), ts: UnixTime::from_secs(1) };
        draft.sign(&Tips { parents: Vec::new(), lamport: 1 }, by, &signer.key)
    });
    let vault = vault.apply(Change::log(entries.collect())).unwrap();
    test(open(vault), &ctx);
}

fn role() -> Vec<PolicyOp> {
    vec![PolicyOp::RoleAdd { role: name("dev") }]
}

#[test]
fn more_heads_than_can_be_named_are_united_and_a_policy_entry_knows_all() {
    with_heads(600, |vault, ctx| {
        let refused = vault_refuses(&vault, ctx);
        assert!(refused, "600 heads are too many for one policy entry");
        let change = join(&vault, ctx).unwrap();
        let vault = open(vault.apply(change).unwrap());
        assert_eq!(vault.known_heads().len(), 3);
        let (change, _) = policy_change::change(&vault, role(), ctx).unwrap();
        let vault = open(vault.apply(change).unwrap());
        let last = vault.chain().last();
        assert!((0..603).all(|place| vault.standings().known().at(last, place)));
    });
}

fn vault_refuses(vault: &Vault, ctx: &Ctx<'_>) -> bool {
    let (change, _) = policy_change::change(vault, role(), ctx).unwrap();
    change.check().is_err()
}

#[test]
fn as_many_heads_as_can_be_named_are_left_alone() {
    with_heads(256, |vault, ctx| assert!(join(&vault, ctx).is_none()));
}
