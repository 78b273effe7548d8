//! A key is in one member, and what it was used for is never forgotten.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;

const REFUSED: &str = "policy-unauthorised";
const SSH: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";

fn adding(member: &str, text: &str) -> PolicyOp {
    PolicyOp::recipient_add(name(member), RecipientText::new(text))
}

/// What `ssh-to-age` makes of [`SSH`].
fn ssh_as_age() -> String {
    use base64::Engine;
    let blob = base64::engine::general_purpose::STANDARD.decode(&SSH[12..]).unwrap();
    let point: [u8; 32] = blob[blob.len() - 32..].try_into().unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&point).unwrap();
    let u = key.to_montgomery().to_bytes();
    bech32::encode("age", u.to_base32(), Variant::Bech32).unwrap()
}

fn plugin(hrp: &str) -> String {
    bech32::encode(hrp, [7u8; 33].to_base32(), Variant::Bech32).unwrap()
}

#[test]
fn a_recipient_in_force_is_one_members() {
    let world = World::cast();
    assert_eq!(
        world.code(&["gus"], vec![recipient_add("gus", "greta")]),
        "policy-op-recipient-taken"
    );
    let mut service = member_add("service");
    if let PolicyOp::MemberAdd(MemberAdd { recipients, .. }) = &mut service {
        *recipients = vec![recipient("greta")];
    }
    assert_eq!(world.code(&["greta"], vec![service]), "policy-op-recipient-taken");
    assert_eq!(
        world.code(&["gus"], vec![recipient_add("gus", "gus")]),
        "policy-op-recipient-exists"
    );
}

#[test]
fn one_key_in_two_spellings_is_one_key() {
    let mut world = World::cast();
    world.did(&["dora"], vec![adding("dora", SSH)]);
    let age = ssh_as_age();
    assert_eq!(world.code(&["gus"], vec![adding("gus", &age)]), "policy-op-recipient-taken");
    assert_eq!(world.code(&["dora"], vec![adding("dora", &age)]), "policy-op-recipient-exists");
    world.did(
        &["dora"],
        vec![PolicyOp::RecipientRemove {
            member: name("dora"),
            recipient: RecipientText::new(SSH),
        }],
    );
    assert_eq!(world.code(&["dora"], vec![adding("dora", &age)]), REFUSED);
    assert_eq!(world.code(&["admin"], vec![adding("dora", &age)]), "accepted");
}

#[test]
fn what_a_recipient_gives_is_stated_of_its_key() {
    let mut world = World::cast();
    let remove =
        PolicyOp::RecipientRemove { member: name("dora"), recipient: RecipientText::new(SSH) };
    let ops = vec![adding("dora", SSH), remove, adding("dora", &ssh_as_age())];
    world.did(&["admin"], ops.clone());
    let stated = gives::fill(Some(&World::cast().chain), ops);
    assert_eq!(stated[0].gives(), stated[2].gives(), "the key is in force, by another spelling");
}

#[test]
fn a_recipient_that_was_used_comes_back_by_owners_alone() {
    let mut world = World::cast();
    world.did(&["dora"], vec![recipient_add("dora", "spare")]);
    let swap = vec![recipient_remove("dora", "spare"), recipient_add("dora", "spare")];
    assert_eq!(world.code(&["dora"], swap), REFUSED, "within one entry too");
    world.did(&["dora"], vec![recipient_remove("dora", "spare")]);
    for (signer, member) in [("dora", "dora"), ("gus", "gus"), ("greta", "dora")] {
        assert_eq!(world.code(&[signer], vec![recipient_add(member, "spare")]), REFUSED);
    }
    assert_eq!(world.code(&["admin"], vec![recipient_add("gus", "spare")]), "accepted");
    world.did(&["admin"], vec![member_remove("paul")]);
    assert_eq!(world.code(&["gus"], vec![recipient_add("gus", "paul")]), REFUSED);
    assert_eq!(world.code(&["admin"], vec![recipient_add("gus", "paul")]), "accepted");
}

#[test]
fn an_owner_of_two_does_not_bring_a_recipient_back_alone() {
    let mut world = World::found(2, &["admin", "backend"]);
    world.did(&["admin"], vec![recipient_add("admin", "spare")]);
    world.did(&["admin"], vec![recipient_remove("admin", "spare")]);
    let back = vec![recipient_add("admin", "spare")];
    let needs = Needs::Owners { threshold: 2 };
    assert_eq!(world.fault(&["admin"], back.clone()), Some(ChainFault::Unauthorised { needs }));
    assert_eq!(world.code(&["admin", "backend"], back), "accepted");
}

#[test]
fn an_epochs_recipient_is_new_and_nobodys() {
    let mut world = World::cast();
    let begin = |text: RecipientText| {
        let mut op = epoch("owner", 9);
        if let PolicyOp::Epoch(EpochStart { recipient, .. }) = &mut op {
            *recipient = text;
        }
        op
    };
    let code = |world: &World, text: &str| world.code(&["admin"], vec![begin(recipient(text))]);
    assert_eq!(code(&world, "epoch 1"), "policy-op-epoch-recipient-used", "its own audience's");
    assert_eq!(code(&world, "epoch 2"), "policy-op-epoch-recipient-used");
    assert_eq!(code(&world, "dora"), "policy-op-epoch-recipient-used");
    world.did(&["admin"], vec![member_remove("dora")]);
    assert_eq!(code(&world, "dora"), "policy-op-epoch-recipient-used");
    assert_eq!(code(&world, "new"), "accepted");
    // What a grantor took for an epoch may be a colleague's: owners give it back.
    let adding = || vec![recipient_add("gus", "epoch 2")];
    assert_eq!(world.code(&["gus"], adding()), "policy-unauthorised");
    assert_eq!(world.code(&["admin"], adding()), "accepted");
}

#[test]
fn recipients_that_a_reader_put_off_are_read_before_anything_is_judged_by_them() {
    let mut world = World::cast();
    world.chain = Chain::refold(&world.entries).unwrap();
    let mut again = epoch("owner", 9);
    if let PolicyOp::Epoch(EpochStart { recipient: text, .. }) = &mut again {
        *text = recipient("epoch 2");
    }
    assert_eq!(world.code(&["admin"], vec![again]), "policy-op-epoch-recipient-used");
    let adding = || vec![recipient_add("gus", "epoch 2")];
    assert_eq!(world.code(&["gus"], adding()), "policy-unauthorised");
    // In the other order: what owners gave to a member stays the member's.
    world.did(&["admin"], adding());
    world.chain = Chain::refold(&world.entries).unwrap();
    assert_eq!(
        world.code(&["admin"], vec![recipient_add("dora", "epoch 2")]),
        "policy-op-recipient-taken"
    );
}

#[test]
fn recipients_have_one_spelling_and_allowed_plugins() {
    let mut world = World::cast();
    let code = |world: &World, text: &str| world.code(&["admin"], vec![adding("gus", text)]);
    for bad in [format!("{SSH} comment"), "a  b".to_owned(), recipient("x").to_uppercase()] {
        assert_eq!(code(&world, &bad), "policy-op-recipient", "{bad}");
    }
    let (tpm, evil) = (plugin("age1tpm"), plugin("age1evil"));
    assert_eq!(code(&world, &tpm), "policy-op-plugin");
    assert_eq!(world.code(&["greta"], vec![setting("plugins.allow", "tpm")]), REFUSED);
    let both = vec![setting("plugins.allow", "tpm"), adding("gus", &tpm)];
    assert_eq!(world.code(&["admin"], both), "accepted", "by the ops before it");
    world.did(&["admin"], vec![setting("plugins.allow", "tpm,yubikey")]);
    assert_eq!((code(&world, &tpm), code(&world, &evil)), ("accepted", "policy-op-plugin"));
    world.did(&["gus"], vec![adding("gus", &tpm)]);
    world.did(&["admin"], vec![setting("plugins.allow", "")]);
    assert!(world.chain.state().member(&name("gus")).unwrap().recipients.contains(&*tpm));
}

#[test]
fn a_lost_key_takes_recipients_and_what_is_sealed_to_them() {
    let mut world = World::cast();
    let phone = world.key("dora", "phone");
    world.did(&["greta"], vec![phone]);
    world.did(&["dora"], vec![recipient_add("dora", "thief")]);
    let hidden = world.key_to("dora", "hidden", "thief");
    world.did(&["greta"], vec![hidden]);
    world.did(&["hidden"], vec![recipient_add("dora", "second")]);
    world.did(&["phone"], vec![recipient_add("dora", "good")]);
    world.did(&["greta"], vec![key_remove("dora", "dora", true)]);
    let state = world.chain.state();
    let dora = state.member(&name("dora")).unwrap();
    let keys: Vec<&str> = dora.keys.keys().map(Name::as_str).collect();
    assert_eq!(keys, ["phone"]);
    assert_eq!(dora.recipients, BTreeSet::from([recipient("dora"), recipient("good")]));
    assert!(state.is_due(&AudienceName::new("devs+leads+owner")));
    assert_eq!(world.code(&["phone"], vec![recipient_add("dora", "thief")]), REFUSED);
}

#[test]
fn who_signs_genesis_vouches_for_all_that_it_gives_the_member() {
    let left = |signers: &[&str]| {
        let ops = founding(1, 1, &["admin", "backend"]);
        let mut world = World::genesis(ops, signers).unwrap();
        world.did(&["backend"], vec![key_remove("admin", "admin", true)]);
        world.chain.state().member(&name("admin")).unwrap().recipients.len()
    };
    assert_eq!((left(&["admin", "backend"]), left(&["backend"])), (0, 1));
}
