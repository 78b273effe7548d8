//! The records that somebody who may grant and write on `dev/*` can make, signed with their own key.

use crate::sabotage::scene::AUDIENCE;
use std::collections::BTreeMap;
use std::path::Path;
use v_secure::host::progress::Silent;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::envelope::parse_identities;
use v_secure_core::crypto::identity::generate_identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::wrap::Kek;
use v_secure_core::file::audience;
use v_secure_core::file::audience::{EpochKeys, ExpectedEpoch};
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::model::AudienceSection;
use v_secure_core::file::version;
use v_secure_core::file::version::{Authored, WrapTo};
use v_secure_core::log::op::Op;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::op::{EpochReseal, EpochStart, PolicyOp};
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::record::ids;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::batch::{Batch, NewPut};
use v_secure_core::vault::change::{Change, NewWrap};
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

pub const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

/// A plugin's recipient, whose program nobody has.
const NOBODY: &str = "age1nobody1qqqqqqqqqqqqqqqqngket4";

pub struct Record {
    pub name: &'static str,
    make: fn(&Vault, &Ctx<'_>) -> Change,
    /// What the removal of its maker says.
    pub said: &'static [&'static str],
    /// What doctor finds in it.
    pub doctor: &'static str,
}

const LACKING: &str = "holds the keys of 1 of its 3 epochs";

pub const RECORDS: &[Record] = &[
    Record {
        name: "wrap-garbage",
        make: wrap_garbage,
        // The wrap before it opens, and is wrapped anew.
        said: &["mallory is no longer a member"],
        doctor: "contents-sound",
    },
    Record {
        name: "version-closed",
        make: version_closed,
        said: &["1 secret does not open with the keys at hand", "dev/DB", "v-secure set NAME"],
        doctor: "value-closed",
    },
    Record {
        name: "epoch-wrong-key",
        make: |vault, ctx| begin(vault, ctx, Trick::Key),
        said: &["holds the keys of 2 of its 3 epochs", "not the one that the policy commits to"],
        doctor: "envelope-closed",
    },
    Record {
        name: "epoch-wrong-identity",
        make: |vault, ctx| begin(vault, ctx, Trick::Identity),
        said: &["holds the keys of 2 of its 3 epochs", "does not belong to the recipient"],
        doctor: "envelope-closed",
    },
    Record {
        name: "epoch-to-its-maker",
        make: |vault, ctx| begin(vault, ctx, Trick::ToMaker),
        said: &[LACKING, "no identity at hand opens", "v-secure key restore"],
        doctor: "envelope-closed",
    },
    Record {
        name: "epoch-alone",
        make: |vault, ctx| begin(vault, ctx, Trick::Alone),
        said: &["holds the keys of 2 of its 3 epochs", "v-secure key restore"],
        doctor: "epochs-missing",
    },
    Record {
        name: "epoch-garbage",
        make: |vault, ctx| begin(vault, ctx, Trick::Garbage),
        said: &[LACKING, "the age file is damaged", "v-secure key restore"],
        doctor: "envelope-closed",
    },
    Record {
        name: "reseal-to-its-maker",
        make: |vault, ctx| reseal(vault, ctx, false),
        said: &["holds the keys of 1 of its 2 epochs", "no identity at hand opens"],
        doctor: "envelope-closed",
    },
    Record {
        name: "reseal-garbage",
        make: |vault, ctx| reseal(vault, ctx, true),
        said: &["holds the keys of 1 of its 2 epochs", "the age file is damaged"],
        doctor: "envelope-closed",
    },
    Record {
        name: "recipient-unsealable",
        make: recipient_unsealable,
        said: &["mallory is no longer a member"],
        doctor: "contents-sound",
    },
];

/// The vault's bytes with the record.
pub fn make(record: &Record, vault: &Path, identity: &Path) -> Vec<u8> {
    let bytes = std::fs::read(vault).unwrap();
    let open = || Vault::open(&bytes, Trust::Strict, Depth::Everything, NOW).unwrap();
    let vault = open();
    let text = SecretValue::new(std::fs::read(identity).unwrap());
    let who = Unlocked::new(&vault, parse_identities(&text).unwrap()).unwrap();
    let signer = who.signer(&vault).unwrap();
    let (reason, random, progress) = ("hostile".to_owned(), &RealHost, &Silent);
    let ctx = Ctx { who: &who, signer: &signer, random, now: NOW, reason, progress };
    let change = (record.make)(&vault, &ctx);
    format::write(open().apply(change).unwrap().file()).into_bytes()
}

fn secret() -> SecretName {
    SecretName::parse("dev/DB").unwrap()
}

fn keys(vault: &Vault, ctx: &Ctx<'_>) -> Vec<EpochKeys> {
    ctx.who.open(vault, &AUDIENCE).unwrap()
}

/// Keys that nobody has, under the name of the present epoch.
fn wrong(present: &EpochKeys) -> EpochKeys {
    let identity =
        v_secure_core::crypto::identity::parse_identity(&generate_identity().text).unwrap();
    EpochKeys::new(present.epoch, Kek::generate(&RealHost), identity)
}

fn wrap_garbage(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let (secret, keys) = (secret(), keys(vault, ctx));
    let (uid, found) = (vault.uid(&secret), vault.secret(&secret).unwrap());
    let version = found.current().unwrap();
    let object = vault.object(&uid, &version.object).unwrap();
    let wrap = vault.wrap(&uid, &version.live_wrap.wrap).unwrap();
    let to = WrapTo::Epoch { audience: &AUDIENCE, keys: &wrong(&keys[0]) };
    let (id, wrap) = version::rewrap(vault.binding(&uid), object, wrap, &keys, to).unwrap();
    let mut batch = Batch::new(vault, ctx);
    batch.add(Op::Rewrap { secret, object: version.object, wrap: id });
    batch.wrap(NewWrap { uid, id, wrap });
    batch.change().unwrap()
}

fn version_closed(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let (secret, keys) = (secret(), keys(vault, ctx));
    let (uid, author) = (vault.uid(&secret), ctx.signer.key.id());
    let value = SecretValue::from("spoilt".to_owned());
    let authored = Authored { value: &value, author: &author, expires: None };
    let to = WrapTo::Epoch { audience: &AUDIENCE, keys: &wrong(&keys[0]) };
    let value = version::seal_version(&RealHost, vault.binding(&uid), authored, to).unwrap();
    let replaces = vault.secret(&secret).unwrap().candidates.clone();
    let mut batch = Batch::new(vault, ctx);
    batch.put(NewPut { secret, value, replaces, same: Vec::new(), adopts: None });
    batch.change().unwrap()
}

/// What is wrong with an epoch.
#[derive(PartialEq)]
enum Trick {
    Key,
    Identity,
    ToMaker,
    /// Sealed to everybody, without the keys of before.
    Alone,
    Garbage,
}

fn begin(vault: &Vault, ctx: &Ctx<'_>, trick: Trick) -> Change {
    let id = vault.id();
    let (new, stated) = audience::new_epoch(&RealHost, &id, &AUDIENCE).unwrap();
    let (other, others) = audience::new_epoch(&RealHost, &id, &AUDIENCE).unwrap();
    let ExpectedEpoch { epoch, mut recipient, mut commitment } = stated;
    let mut first = new;
    match trick {
        Trick::Key => commitment = others.commitment,
        Trick::Identity => recipient = others.recipient,
        _ => {}
    }
    first.epoch = epoch;
    drop(other);
    let mut epochs = vec![first];
    if trick != Trick::Alone {
        epochs.extend(keys(vault, ctx));
    }
    let to = match trick {
        Trick::ToMaker => ctx.who.recipients(vault),
        _ => vault.policy().recipients_of(&AUDIENCE),
    };
    let envelope = match trick {
        Trick::Garbage => b"nothing that age made".to_vec(),
        _ => audience::seal_envelope(&id, &AUDIENCE, &epochs, &to).unwrap(),
    };
    let op = PolicyOp::Epoch(EpochStart {
        audience: AUDIENCE.clone(),
        epoch,
        recipient,
        kek: commitment,
        envelope: ids::envelope_id(&envelope),
        skipped: Vec::new(),
    });
    policy(vault, ctx, vec![op], Some(AudienceSection { epoch, envelope }))
}

fn reseal(vault: &Vault, ctx: &Ctx<'_>, garbage: bool) -> Change {
    let keys = keys(vault, ctx);
    let own = ctx.who.recipients(vault);
    let envelope = match garbage {
        true => b"nothing that age made".to_vec(),
        false => audience::seal_envelope(&vault.id(), &AUDIENCE, &keys, &own).unwrap(),
    };
    let (epoch, envelope_id) = (keys[0].epoch, ids::envelope_id(&envelope));
    let op = PolicyOp::Reseal(EpochReseal {
        audience: AUDIENCE.clone(),
        epoch,
        envelope: envelope_id,
        skipped: Vec::new(),
    });
    policy(vault, ctx, vec![op], Some(AudienceSection { epoch, envelope }))
}

/// A recipient of its own, which a member may add: the envelope of now is not sealed to it.
fn recipient_unsealable(vault: &Vault, ctx: &Ctx<'_>) -> Change {
    let member = Name::new("mallory").unwrap();
    let op = PolicyOp::recipient_add(member, RecipientText::new(NOBODY));
    policy(vault, ctx, vec![op], None)
}

fn policy(
    vault: &Vault,
    ctx: &Ctx<'_>,
    ops: Vec<PolicyOp>,
    section: Option<AudienceSection>,
) -> Change {
    let draft =
        PolicyDraft::next(vault.chain(), NOW, vault.known_heads(), ops, "hostile".to_owned());
    let sections: BTreeMap<_, _> =
        section.map(|section| (AUDIENCE.clone(), section)).into_iter().collect();
    Change::policy(draft.sign(&[&ctx.signer.key]), sections, Vec::new())
}
