//! `owner add`, `remove`, `list` and `threshold` where one owner may sign.

use super::{Team, git, owners};

#[test]
fn owners_are_added_listed_and_removed_after_a_question() {
    let Some(team) = Team::of_one() else { return };
    let Team { ada, bob, .. } = &team;
    assert_eq!(owners(ada), ["ada", "bob", "cy"]);
    assert!(ada.run("owner list").ok().contains("ada"));
    assert!(ada.run("owner list").err.contains("any of them may sign alone"));
    for line in ["owner remove cy", "owner threshold 2"] {
        assert_eq!(
            ada.run(&format!("{line} --json")).error(),
            (1, "not-confirmed".into()),
            "{line}"
        );
    }
    let left = ada.run("owner remove cy --yes --json").json();
    assert_eq!((left["role"].as_str(), left["member"].as_str()), (Some("owner"), Some("cy")));
    assert_eq!(owners(ada), ["ada", "bob"]);
    assert_eq!(ada.run("owner add cy --json").error(), (1, "not-confirmed".into()));
    assert!(ada.run("owner add cy --yes").ok().is_empty());
    assert_eq!(owners(ada), ["ada", "bob", "cy"]);
    assert_eq!(ada.run("owner add nobody --yes --json").error().0, 5);
    assert_eq!(ada.run("owner remove nobody --yes --json").error(), (5, "no-member".into()));
    team.push(ada, "as before");
    team.pull(bob);
    bob.run("audit verify").ok();
}

#[test]
fn a_threshold_is_one_that_the_owners_can_meet() {
    let Some(team) = Team::of_one() else { return };
    let ada = &team.ada;
    for refused in ["0", "17", "x"] {
        assert_eq!(ada.run(&format!("owner threshold {refused} --yes --json")).error().0, 2);
    }
    let above = ada.run("owner threshold 4 --yes --json").error();
    assert_eq!(above, (7, "policy-op-threshold-too-high".into()));
    let set = ada.run("owner threshold 3 --yes");
    assert!(set.err.contains("no owner can be spared"), "{}", set.err);
    assert_eq!(ada.run("owner list --json").json()["threshold"], 3);
    assert!(ada.run("doctor").out.contains("owners-few"));
    let same = ada.run("owner threshold 3 --yes --json").json();
    assert_eq!((same["threshold"].as_u64(), same["changed"].as_bool()), (Some(3), Some(false)));
    assert!(ada.run("git textconv .v-secure/vault.toml").ok().contains("3 must sign"));
}

#[test]
fn a_member_without_the_right_changes_no_owner_and_no_threshold() {
    let Some(team) = Team::of_one() else { return };
    let Team { ada, cy, .. } = &team;
    ada.run("owner remove cy --yes").ok();
    ada.run("role join dev cy").ok();
    team.push(ada, "cy is a developer");
    team.pull(cy);
    for line in ["owner add cy --yes", "owner remove bob --yes", "owner threshold 2 --yes"] {
        assert_eq!(
            cy.run(&format!("{line} --json")).error(),
            (4, "not-permitted".into()),
            "{line}"
        );
    }
}

/// By whichever command an owner goes: nothing that is written from then on opens for their identity, in any
/// audience, in a clone that has everything.
#[test]
fn who_was_an_owner_opens_nothing_that_is_written_afterwards() {
    for line in ["owner remove cy --yes", "role leave owner cy", "member remove cy --yes"] {
        let Some(team) = Team::of_one() else { return };
        let Team { ada, bob, cy, .. } = &team;
        ada.run("role join dev bob").ok();
        assert_eq!(cy.run("get dev/DB").ok(), "dev-db", "{line}");
        let before = ada.run("key status --json").json();
        ada.run(line).ok();
        let after = ada.run("key status --json").json();
        let epochs = |view: &serde_json::Value| -> Vec<String> {
            let audiences = view["audiences"].as_array().unwrap().iter();
            audiences.map(|audience| audience["epoch"].to_string()).collect()
        };
        let (old, new) = (epochs(&before), epochs(&after));
        assert!(
            !old.is_empty() && old.iter().all(|epoch| !new.contains(epoch)),
            "{line}: {old:?} {new:?}"
        );
        for secret in ["dev/DB", "prod/DB", "prod/NEW", "dev/NEW"] {
            ada.set(secret, "after");
        }
        team.push(ada, "cy goes");
        git(cy, &["pull", "--quiet"]);
        for secret in ["dev/DB", "prod/DB", "prod/NEW", "dev/NEW"] {
            assert_ne!(cy.run(&format!("get {secret}")).code, 0, "{line}: {secret}");
        }
        team.pull(bob);
        assert_eq!(bob.run("get prod/NEW").ok(), "after", "{line}");
        assert_eq!(bob.run("get dev/NEW").ok(), "after", "{line}");
    }
}
