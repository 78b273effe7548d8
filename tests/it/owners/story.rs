//! What owners propose to each other through git, and what becomes of it.

use super::{Team, commit, folder, git, listed, owners, proposes};
use std::fs;

#[test]
fn a_change_is_proposed_by_one_owner_and_completed_by_another() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    let id = proposes(ada, "owner remove cy --yes --reason leaves");
    assert_eq!(owners(ada), ["ada", "bob", "cy"]);
    let view = &listed(ada)[0];
    assert_eq!((view["signed_by"][0].as_str(), view["missing"].as_u64()), (Some("ada"), Some(1)));
    assert_eq!(view["changes"][0]["object"], "cy owner");
    assert_eq!(view["reason"], "leaves");
    ada.run("audit verify").ok();
    team.push(ada, "propose");

    // Whom the change is about sees it, and can use nothing of it.
    team.pull(cy);
    assert_eq!(cy.run("get prod/DB").ok(), "prod-db");

    team.pull(bob);
    let status = bob.run("--json").json()["attention"].to_string();
    assert!(status.contains(&format!("v-secure policy sign {id}")), "{status}");
    let doctor = bob.run("doctor --json");
    assert!(doctor.out.contains("proposal-waits"), "{}", doctor.out);
    assert_eq!(bob.run("policy sign --json").error(), (1, "not-confirmed".into()));
    assert_eq!(owners(bob), ["ada", "bob", "cy"]);
    let signed = bob.run("policy sign --yes");
    assert!(signed.err.contains("role-leave cy owner"), "{}", signed.err);
    signed.ok();
    assert_eq!(owners(bob), ["ada", "bob"]);
    assert!(!folder(bob, &id).exists() && listed(bob).is_empty());
    bob.set("prod/DB", "after");
    bob.set("dev/DB", "after");
    team.push(bob, "cy goes");

    for (who, reads) in [(ada, true), (cy, false)] {
        team.pull(who);
        assert!(!folder(who, &id).exists());
        who.run("audit verify").ok();
        for secret in ["prod/DB", "dev/DB"] {
            let read = who.run(&format!("get {secret}"));
            assert_eq!(read.code == 0, reads, "{}", read.err);
            assert_eq!(read.out == "after", reads);
        }
    }
    let log = ada.run("audit log --json").out;
    assert!(log.contains("ada") && log.contains("bob"), "{log}");
}

/// Three of three: two sign on branches of their own, which git merges, and whoever comes next completes it.
#[test]
fn signatures_on_two_branches_merge_without_a_conflict() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    let id = proposes(ada, "owner threshold 3 --yes");
    team.push(ada, "propose");
    team.pull(bob);
    bob.run(&format!("policy sign {} --yes", &id[..6])).ok();
    team.push(bob, "three must sign");
    team.pull(ada);
    team.pull(cy);
    assert_eq!(cy.run("owner list --json").json()["threshold"], 3);

    let id = proposes(ada, "settings set reads required");
    team.push(ada, "propose");
    for (who, branch) in [(bob, "of-bob"), (cy, "of-cy")] {
        team.pull(who);
        git(who, &["switch", "--quiet", "-c", branch]);
        let signed = who.run("policy sign --yes --json").json();
        assert_eq!(
            (signed["missing"].as_u64(), signed["complete"].as_bool()),
            (Some(1), Some(false))
        );
        let again = who.run("policy sign --yes --json").error();
        assert_eq!(again, (7, "proposal-signed".into()));
        commit(who, "sign");
        git(who, &["push", "--quiet", "origin", branch]);
    }
    git(ada, &["fetch", "--quiet"]);
    git(ada, &["merge", "--quiet", "--no-edit", "origin/of-bob"]);
    git(ada, &["merge", "--quiet", "--no-edit", "origin/of-cy"]);
    assert_eq!(listed(ada)[0]["state"], "signed");
    assert_eq!(fs::read_dir(folder(ada, &id)).unwrap().count(), 5);
    // The one who proposed it can complete it, as nobody else is needed any more.
    let complete = ada.run("policy sign --yes --json").json();
    assert_eq!(complete["complete"], true);
    assert_eq!(complete["signed_by"].as_array().unwrap().len(), 3);
    assert!(ada.run("settings show --json").out.contains("required"));
    team.push(ada, "signed");
    team.pull(cy);
    cy.run("audit verify").ok();
}

/// Two complete one proposal on two branches: the entry is one, and has the signatures of both.
#[test]
fn a_proposal_that_two_complete_is_one_entry() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    proposes(ada, "settings set ttl on-write");
    team.push(ada, "propose");
    for (who, branch) in [(bob, "of-bob"), (cy, "of-cy")] {
        team.pull(who);
        who.run("git install").ok();
        git(who, &["switch", "--quiet", "-c", branch]);
        who.run("policy sign --yes").ok();
        commit(who, "complete");
        git(who, &["push", "--quiet", "origin", branch]);
    }
    ada.run("git install").ok();
    git(ada, &["fetch", "--quiet"]);
    git(ada, &["merge", "--quiet", "--no-edit", "origin/of-bob"]);
    git(ada, &["merge", "--quiet", "--no-edit", "origin/of-cy"]);
    ada.run("audit verify").ok();
    assert!(ada.run("settings show --json").out.contains("on-write"));
    assert!(listed(ada).is_empty());
}

#[test]
fn a_proposal_that_the_policy_overtook_is_stale_and_made_anew() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let id = proposes(ada, "owner remove cy --yes");
    // What one owner may do alone goes on, and the proposal is for a policy that was.
    ada.run("role create ops --grant read:prod/*").ok();
    team.push(ada, "propose, and go on");
    team.pull(bob);
    let view = &listed(bob)[0];
    assert_eq!(view["state"], "stale");
    let refused = bob.run("policy sign --yes --json");
    assert_eq!(refused.error(), (7, "proposal-stale".into()));
    // In quotes where it begins as an option does.
    let named = ["", "'"].map(|quote| format!("v-secure policy renew {quote}{id}{quote}"));
    assert!(named.iter().any(|text| refused.err.contains(text)), "{}", refused.err);
    assert!(bob.run("doctor").out.contains("proposals-over"));
    assert_eq!(bob.run(&format!("policy renew {id} --json")).error(), (1, "not-confirmed".into()));
    assert!(folder(bob, &id).exists());
    // It is the only one.
    let anew = bob.run("policy renew --yes --json").error();
    assert_eq!(anew, (4, "owner-threshold".into()));
    assert!(!folder(bob, &id).exists());
    team.push(bob, "anew");
    team.pull(ada);
    ada.run("policy sign --yes").ok();
    assert_eq!(owners(ada), ["ada", "bob"]);
}

/// The one who is to go writes something in the meantime: it is not voided unseen.
#[test]
fn a_proposal_ends_nothing_that_its_maker_did_not_see() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    proposes(ada, "member remove cy --yes");
    team.push(ada, "propose");
    team.pull(cy);
    cy.set("prod/HERS", "honest work");
    team.push(cy, "work");
    team.pull(bob);
    assert_eq!(bob.run("policy sign --yes --json").error(), (7, "proposal-stale".into()));
    assert_eq!(bob.run("get prod/HERS").ok(), "honest work");
}

/// It came by itself, without what its maker knew.
#[test]
fn a_proposal_waits_for_the_history_that_its_maker_knew() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    ada.set("prod/NEW", "new");
    let id = proposes(ada, "owner remove cy --yes");
    git(ada, &["switch", "--quiet", "-c", "of-ada"]);
    commit(ada, "propose");
    git(ada, &["push", "--quiet", "origin", "of-ada"]);
    git(bob, &["fetch", "--quiet"]);
    git(bob, &["checkout", "--quiet", "origin/of-ada", "--", ".v-secure/proposals"]);
    let refused = bob.run("policy sign --yes --json");
    assert_eq!(refused.error(), (7, "proposal-stale".into()));
    assert!(refused.err.contains("git pull"), "{}", refused.err);
    git(bob, &["reset", "--quiet", "--hard"]);
    git(bob, &["merge", "--quiet", "--no-edit", "origin/of-ada"]);
    bob.run(&format!("policy sign {id} --yes")).ok();
    assert_eq!(owners(bob), ["ada", "bob"]);
}

/// A branch from before a change of rights, where signing would split the policy.
#[test]
fn nothing_is_proposed_on_an_older_state() {
    let Some(team) = Team::new() else { return };
    let ada = &team.ada;
    ada.run("role create ops --grant read:prod/*").ok();
    team.push(ada, "ops");
    git(ada, &["checkout", "--quiet", "HEAD~1"]);
    let refused = ada.run("owner remove cy --yes --json").error();
    assert_eq!(refused, (7, "splits-policy".into()));
    assert!(listed(ada).is_empty());
}

/// What leads out instead: one side stays whole, and the other's changes are asked for again.
#[test]
fn a_rebase_that_owners_would_have_to_sign_is_refused_and_its_changes_are_proposed() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    bob.run("git install").ok();
    ada.run("role create one --grant read:prod/*").ok();
    team.push(ada, "one");
    bob.run("role create two --grant read:prod/*").ok();
    let id = proposes(bob, "settings set ttl on-write");
    commit(bob, "two");
    git(bob, &["fetch", "--quiet"]);
    let refused = bob.run("policy rebase origin/main --yes");
    assert_eq!(refused.code, 4, "{refused:?}");
    for hint in ["git switch -c again origin/main", "v-secure pin accept", "commands again"] {
        assert!(refused.err.contains(hint), "{hint}: {}", refused.err);
    }
    assert_eq!(listed(bob).len(), 1);

    git(bob, &["switch", "--quiet", "-c", "again", "origin/main"]);
    git(bob, &["checkout", "main", "--", ".v-secure/proposals"]);
    bob.run("pin accept --yes").ok();
    bob.run("role create two --grant read:prod/*").ok();
    assert_eq!(listed(bob)[0]["state"], "stale");
    let anew = bob.run(&format!("policy renew {id} --yes --json")).error();
    assert_eq!(anew, (4, "owner-threshold".into()));
    commit(bob, "two, on what is there");
    git(bob, &["push", "--quiet", "origin", "HEAD:main"]);
    team.pull(cy);
    cy.run("policy sign --yes").ok();
    team.push(cy, "signed");
    for who in [ada, bob] {
        team.pull(who);
        who.run("audit verify").ok();
        let roles = who.run("role list --json").out;
        assert!(roles.contains("\"one\"") && roles.contains("\"two\""), "{roles}");
        assert!(who.run("settings show --json").out.contains("on-write"));
    }
}

/// The same in an unfinished merge.
#[test]
fn a_merge_of_two_policies_keeps_one_side_whole_where_owners_must_sign() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    bob.run("git install").ok();
    ada.run("role create one --grant read:prod/*").ok();
    team.push(ada, "one");
    bob.run("role create two --grant read:prod/*").ok();
    commit(bob, "two");
    git(bob, &["fetch", "--quiet"]);
    super::git_fails(bob, &["merge", "--quiet", "--no-edit", "origin/main"]);
    let refused = bob.run("policy rebase --yes");
    assert!(refused.code == 4, "{refused:?}");
    let hint = "git merge --abort && git switch -c again REV";
    assert!(refused.err.contains(hint), "{}", refused.err);
    git(bob, &["merge", "--abort"]);
    git(bob, &["switch", "--quiet", "-c", "again", "origin/main"]);
    bob.run("pin accept --yes").ok();
    bob.run("role create two --grant read:prod/*").ok();
    commit(bob, "both");
    git(bob, &["push", "--quiet", "origin", "HEAD:main"]);
    team.pull(ada);
    ada.run("audit verify").ok();
    assert!(ada.run("role list --json").out.contains("\"two\""));
}

#[test]
fn a_proposal_is_withdrawn_after_a_question() {
    let Some(team) = Team::new() else { return };
    let ada = &team.ada;
    let id = proposes(ada, "owner threshold 1 --yes");
    assert_eq!(
        ada.run(&format!("policy withdraw {id} --json")).error(),
        (1, "not-confirmed".into())
    );
    assert_eq!(ada.run("policy withdraw none --yes --json").error(), (5, "no-proposal".into()));
    assert_eq!(
        ada.run(&format!("policy withdraw {id} --yes --json")).json()["proposal"],
        id.as_str()
    );
    assert!(listed(ada).is_empty());
    assert_eq!(ada.run("policy sign --yes --json").error(), (5, "no-proposal".into()));
}

/// Whatever owners must sign is proposed, by each command that asks for it; and what one may do alone is done.
#[test]
fn every_command_that_needs_owners_proposes() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    for line in [
        "owner remove cy --yes",
        "role leave owner cy",
        "member remove cy --yes",
        "member key remove cy/cy-laptop --yes --lost",
        "owner threshold 1 --yes",
        "settings set reads off",
        "key rotate --audience owner",
        "recovery new --out ../recovery.txt",
    ] {
        let done = ada.run(&format!("{line} --json"));
        if line.starts_with("member key remove") {
            assert_ne!(done.code, 0, "{line}");
            continue;
        }
        assert_eq!(done.error(), (4, "owner-threshold".to_owned()), "{line}: {}", done.err);
        let made = listed(ada);
        assert_eq!(made.len(), 1, "{line}");
        let id = made[0]["proposal"].as_str().unwrap();
        if line.starts_with("recovery") {
            team.push(ada, "propose");
            team.pull(bob);
            let asked = bob.run("policy sign --yes");
            assert_eq!(asked.code, 1, "{asked:?}");
            let marked = asked.err.split_once("device recovery ").unwrap().1;
            let (ids, _) = marked.split_once(": added by").unwrap();
            let (key, recipient) = ids.split_once(", recipient age1…").unwrap();
            bob.run(&format!("policy sign --yes --vouch {key} --vouch {recipient}")).ok();
            assert!(owners(bob).contains(&"recovery".to_owned()), "{:?}", owners(bob));
            break;
        }
        ada.run(&format!("policy withdraw {id} --yes")).ok();
    }
    let lost = ada.run("member add robot --service --new-identity --role owner");
    assert!(lost.code == 4 && lost.err.contains("v-secure owner add robot"), "{}", lost.err);
    let lost = ada.run("recovery new --out -");
    assert!(
        lost.code == 4 && lost.err.contains("v-secure recovery new --out FILE"),
        "{}",
        lost.err
    );
    assert!(lost.out.is_empty());
    assert!(listed(ada).is_empty() || listed(ada)[0]["state"] != "unreadable");
    ada.run("member add robot --service --new-identity").ok();
    let robot = proposes(ada, "owner add robot --yes");
    ada.run(&format!("policy withdraw {robot} --yes")).ok();
    ada.run("role create alone --grant read:prod/*").ok();
}
