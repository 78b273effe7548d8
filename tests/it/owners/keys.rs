//! Keys that owners have to renew together.

use super::{Team, folder, listed, proposes};

/// New keys of what owners alone read are the owners' to sign; what one may renew is not held up by them.
#[test]
fn keys_that_owners_alone_read_are_renewed_by_a_proposal() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    let epoch = |who: &v_secure_testkit::person::Person| {
        let view = who.run("key status --json").json();
        let audiences = view["audiences"].as_array().unwrap().clone();
        audiences.iter().find(|found| found["audience"] == "owner").unwrap()["epoch"].clone()
    };
    let before = epoch(ada);
    let planned = ada.run("key rotate --audience owner --dry-run --json").json();
    assert_eq!(planned["audiences"][0]["audience"], "owner");
    let all = ada.run("key rotate --all --json").json();
    assert_eq!(
        (&all["audiences"][0]["audience"], &all["left"][0]["why"]),
        (&"dev+owner".into(), &"to-propose".into())
    );
    let all = ada.run("key rotate --all");
    assert!(all.err.contains("v-secure key rotate --audience owner"), "{}", all.err);
    assert!(listed(ada).is_empty());
    let id = proposes(ada, "key rotate --audience owner");
    assert_eq!(epoch(ada), before);
    team.push(ada, "propose keys");
    team.pull(cy);
    cy.run(&format!("policy sign {id} --yes")).ok();
    assert_ne!(epoch(cy), before);
    cy.set("prod/DB", "after");
    team.push(cy, "keys");
    for who in [ada, bob] {
        team.pull(who);
        assert_eq!(who.run("get prod/DB").ok(), "after");
        who.run("audit verify").ok();
    }
}

/// A proposal of keys alone, which the policy overtakes, is made anew with keys of its own.
#[test]
fn a_proposal_of_keys_is_made_anew() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    cy.run("role leave owner cy").ok();
    team.push(cy, "leaves");
    team.pull(ada);
    if ada.run("access settle --json").code == 0 {
        team.push(ada, "settle");
    }
    let id = proposes(ada, "access settle");
    ada.run("role create ops --grant read:ops/*").ok();
    team.push(ada, "propose keys, and go on");
    team.pull(bob);
    assert_eq!(bob.run(&format!("policy renew {id} --json")).error(), (1, "not-confirmed".into()));
    assert!(folder(bob, &id).exists());
    let anew = bob.run(&format!("policy renew {id} --yes --json")).error();
    assert_eq!(anew, (4, "owner-threshold".into()));
    assert!(!folder(bob, &id).exists());
    let view = &listed(bob)[0];
    assert_eq!(
        (&view["changes"][0]["action"], &view["signed_by"][0]),
        (&"epoch".into(), &"bob".into())
    );
    team.push(bob, "anew");
    team.pull(ada);
    ada.run("policy sign --yes").ok();
    ada.set("prod/DB", "after");
    assert_eq!(ada.run("get prod/DB").ok(), "after");
    assert_eq!(ada.run("key status --json").json()["audiences"][0]["due"], false);
}

/// An owner leaves by themselves, which needs nobody; the keys of the owners wait for two of those who stay.
#[test]
fn keys_that_two_owners_must_renew_are_proposed_by_settling() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    cy.run("role leave owner cy").ok();
    team.push(cy, "leaves");
    team.pull(ada);
    let settled = ada.run("access settle --json");
    if settled.code == 0 {
        // Audiences that one may renew come first.
        team.push(ada, "settle");
    }
    let id = proposes(ada, "access settle");
    assert_eq!(listed(ada)[0]["changes"][0]["action"], "epoch");
    team.push(ada, "propose keys");
    team.pull(bob);
    bob.run(&format!("policy sign {id} --yes")).ok();
    bob.set("prod/DB", "after");
    team.push(bob, "keys");
    team.pull(cy);
    assert_ne!(cy.run("get prod/DB").code, 0);
    team.pull(ada);
    assert_eq!(ada.run("get prod/DB").ok(), "after");
}
