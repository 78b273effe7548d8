//! A version that states the commitment of another one, which anybody who may write can put.

use super::{TOKEN, guarded, hook, write};
use std::fs;
use v_secure_core::file::format;
use v_secure_core::log::draft::{Authorship, EntryDraft, Tips};
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::{Op, Put};
use v_secure_core::name::SecretName;
use v_secure_core::record::ids;
use v_secure_core::time::UnixTime;
use v_secure_testkit::branches::{open, parse, thief};
use v_secure_testkit::cli::Cli;

/// Puts a version beside that of the token, and before it in order, with its commitment and other bytes.
fn put_beside(cli: &Cli) {
    let identity = cli.project().join("../home/config/v-secure/identity.txt");
    let (vault, (_, signer)) = (open(&cli.vault()), thief(&cli.vault(), &identity));
    let secret = SecretName::parse("prod/TOKEN").unwrap();
    let (uid, version) = (vault.uid(&secret), &vault.secret(&secret).unwrap().versions[0]);
    let mut file = parse(&cli.vault());
    let puts = |entry: &&Entry| entry.ops.iter().any(|op| op.secret() == Some(&secret));
    let genuine = file.entries.values().find(puts).unwrap().clone();
    let section = file.secrets.get_mut(&uid).unwrap();
    let mut object = section.versions[&version.object].clone();
    object.ciphertext.0.reverse();
    object.origin = ids::origin(&genuine.parents);
    let id = object.id(&uid);
    let (_, wrap) = section.wraps.iter().find(|(_, wrap)| wrap.version == version.object).unwrap();
    let mut wrap = wrap.clone();
    wrap.version = id;
    let put = Put {
        secret,
        body: object.body_id(),
        object: id,
        wrap: wrap.id(),
        expires: object.expires,
        replaces: Vec::new(),
        same: Vec::new(),
        adopts: None,
    };
    let tips = Tips { parents: genuine.parents.clone(), lamport: genuine.lamport };
    let by =
        || Authorship { vault: &file.header.vault, policy: genuine.policy, actor: &signer.member };
    let made = (0..).map(|number| {
        let (ops, reason) = (vec![Op::Put(put.clone())], format!("{number}"));
        let draft = EntryDraft { ops, reason, ts: UnixTime::from_secs(1_800_000_000) };
        draft.sign(&tips, by(), &signer.key)
    });
    let entry = made.into_iter().find(|entry| entry.id() < genuine.id()).unwrap();
    section.versions.insert(id, object);
    section.wraps.insert(wrap.id(), wrap);
    section.active = section.versions.keys().copied().collect();
    file.entries.insert(entry.id(), entry);
    fs::write(cli.vault(), format::write(&file)).unwrap();
}

/// What was copied is not taken for what was seen here: the value that stands in the file is found all the same.
#[test]
fn a_copied_commitment_hides_no_value() {
    let Some(repository) = guarded() else { return };
    put_beside(&repository.0);
    let versions = repository.0.json("secret versions prod/TOKEN")["versions"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 2);
    write(&repository, "a", TOKEN);
    let sure = hook(&repository, "git pre-commit --confirm", 1);
    assert!(sure.err.contains("a, line 1, holds the value of prod/TOKEN"), "{sure:?}");
}
