//! How old what is closed is said to be, whatever its authors say.

use super::*;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::host::testing::TestHost;
use crate::log::draft::{Authorship, EntryDraft, Tips};
use crate::log::op::{Field, Op};
use crate::name::{Name, SecretName};
use crate::people::init;
use crate::people::init::InitRequest;
use crate::vault::change::Change;
use crate::vault::testing::{Actor, open};

/// A vault whose owner wrote entries of these times, one after the other.
fn written_at(times: &[u64]) -> Vault {
    let (made, name) = (generate_identity(), |text: &str| Name::new(text).unwrap());
    let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient);
    let now = UnixTime::from_secs(1);
    let request = InitRequest { name: name("shop"), member, device, recipient, now };
    let mut vault = open(&init::init(&request, &TestHost).unwrap());
    let olga = Actor::new(&vault, parse_identities(&made.text).unwrap());
    for ts in times {
        let field = Field {
            secret: SecretName::parse("prod/A").unwrap(),
            field: "description".to_owned(),
            value: Some(ts.to_string()),
            adopts: None,
        };
        let (id, policy) = (vault.id(), vault.chain().head());
        let by = Authorship { vault: &id, policy, actor: &olga.signer.member };
        let ops = vec![Op::Field(field)];
        let draft = EntryDraft { ops, reason: String::new(), ts: UnixTime::from_secs(*ts) };
        let tips = Tips::of(vault.graph(), vault.standings(), &vault.file().entries);
        let entry = draft.sign(&tips, by, &olga.signer.key);
        vault = vault.apply(Change::log(vec![entry])).unwrap();
    }
    open(vault.file())
}

#[test]
fn an_entry_that_is_dated_back_takes_nothing_younger_along() {
    let vault = written_at(&[10, 500, 20]);
    let ages: Vec<u64> = summits(&vault).iter().map(|summit| summit.ts.as_secs()).collect();
    assert_eq!(ages[..3], [500, 500, 10]);
    let aside = put_aside(&vault, Some(UnixTime::from_secs(100))).unwrap();
    assert_eq!((aside.summit.ts.as_secs(), aside.summit.entries), (10, summits(&vault)[2].entries));
    assert_eq!(put_aside(&vault, None).unwrap().summit.entries, summits(&vault)[0].entries);
}
