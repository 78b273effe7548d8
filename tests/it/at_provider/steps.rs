//! One machine that rotates.

use super::*;

#[test]
fn a_new_credential_works_before_it_is_current_and_the_old_one_ends_afterwards() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("secret rotate prod/A --dry-run").ok();
    assert_eq!((service.lines().len(), current(&owner).as_str()), (1, FIRST));
    let view = json(&owner, "secret rotate", "prod/A ");
    assert_eq!(view["rotation"]["state"], "promoted");
    let new = current(&owner);
    assert_ne!(new, FIRST);
    assert!(service.accepts(&new) && service.accepts(FIRST));
    // Another one waits for the end of this one.
    let again = owner.run("--json secret rotate prod/A").error();
    assert_eq!(again, (7, "not-retired".into()));
    let view = json(&owner, "rotation retire", "prod/A ");
    assert_eq!(view["retired"].as_array().unwrap().len(), 1);
    assert_eq!(service.lines(), [new.as_str()]);
    owner.run("secret rotate prod/A --overlap 1s").ok();
    assert_eq!(service.lines(), [current(&owner)]);
    owner.run("audit verify").ok();
}

#[test]
fn an_overlap_is_kept_and_a_run_ends_what_is_over() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("settings set provider.file.overlap 1h").ok();
    owner.run("secret rotate prod/A").ok();
    let early = owner.run("--json rotation retire prod/A");
    assert_eq!(early.error(), (7, "not-retired".into()));
    let run = json(&owner, "rotation run", "");
    assert_eq!(run["secrets"][0]["did"], "waits");
    assert!(run["secrets"][0]["until"].is_string() && service.accepts(FIRST));
    owner.run("settings set provider.file.overlap 0s").ok();
    let run = json(&owner, "rotation run", "");
    assert_eq!(run["secrets"][0]["did"], "retired");
    assert!(!service.accepts(FIRST));
    owner.run("settings set provider.file.overlap 1s").ok();
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A --wait").ok();
    assert_eq!(service.lines().len(), 1);
    assert_eq!(json(&owner, "rotation run", "")["secrets"].as_array().unwrap().len(), 0);
}

#[test]
fn a_run_waits_for_what_is_still_used_and_does_not_fail() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = fs::read_to_string(service.program()).unwrap();
    let tells = whole.replace("\"validate\",\"revoke\"", "\"validate\",\"last_used\",\"revoke\"").replace(
        "    revoke) revoke_it ;;",
        "    last_used) answer '{\"ok\":true,\"last_used\":4102444800}' ;;\n    revoke) revoke_it ;;",
    );
    service.replace(&tells);
    service.serve(&owner, "prod/A");
    owner.run("secret rotate prod/A").ok();
    assert_eq!(owner.run("--json rotation retire prod/A").error(), (7, "not-retired".into()));
    let ran = json(&owner, "rotation run", "")["secrets"][0].clone();
    assert_eq!((&ran["did"], &ran["until"]), (&"waits".into(), &"2100-01-01T00:00:00Z".into()));
    let run = owner.run("rotation run");
    assert!(
        run.code == 0 && run.err.contains("at least until 2100-01-01T00:00:00Z"),
        "{}",
        run.err
    );
    assert!(service.accepts(FIRST));
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    assert_eq!(json(&owner, "rotation run", "")["secrets"][0]["did"], "retired");
}

#[test]
fn a_share_is_served_and_taken_back_or_promoted_as_somebody_says() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("secret rotate prod/A --to 100%").ok();
    assert_eq!(current(&owner), FIRST);
    let given = owner.run("exec -e prod --instance web-1 -- printenv A").ok();
    assert!(service.accepts(given.trim_end()) && given.trim_end() != FIRST);
    // A machine leaves it to whoever began it.
    let run = json(&owner, "rotation run", "");
    assert_eq!(run["secrets"][0]["did"], "held");
    owner.run("secret rotate prod/A --resume --to 0%").ok();
    assert_eq!(json(&owner, "rotation run", "")["secrets"][0]["did"], "held");
    owner.run("rotation promote prod/A").ok();
    assert_eq!(current(&owner), given.trim_end());
    owner.run("rotation retire prod/A").ok();
    owner.run("secret rotate prod/A --to 5%").ok();
    owner.run("secret rotate prod/A --abort").ok();
    assert_eq!(service.lines().len(), 2);
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

#[test]
fn a_provider_that_fails_leaves_a_rotation_that_goes_on_by_resume_or_by_a_run() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = fs::read_to_string(service.program()).unwrap();
    let broken = whole.replace("    set) set_it ;;", "    set) exit 1 ;;");
    assert_ne!(broken, whole);
    for goes_on in ["secret rotate prod/A --resume", "rotation run"] {
        service.replace(&broken);
        service.serve(&owner, "prod/A");
        let failed = owner.run("--json secret rotate prod/A");
        assert_eq!(failed.error(), (1, "provider-unclear".into()));
        let before = current(&owner);
        assert_eq!(
            state(&owner).as_array().unwrap().iter().filter(|of| of["state"] == "live").count(),
            1
        );
        service.replace(&whole);
        service.serve(&owner, "prod/A");
        owner.run(goes_on).ok();
        assert_ne!(current(&owner), before);
        assert!(service.accepts(&current(&owner)));
        owner.run("rotation retire prod/A").ok();
    }
}

#[test]
fn a_program_that_was_changed_is_not_started() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let before = fs::read(owner.vault()).unwrap();
    let text = fs::read_to_string(service.program()).unwrap();
    service.replace(&format!("{text}\n# more\n"));
    for line in ["secret rotate prod/A", "secret rotate prod/A --dry-run", "rotation settle prod/A"]
    {
        let refused = owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (6, "provider-untrusted".into()), "{line}");
    }
    let run = owner.run("--json rotation run --due");
    assert_eq!(run.code, 0, "nothing is due, and nothing is asked");
    assert_eq!(fs::read(owner.vault()).unwrap(), before);
    assert_eq!(service.lines(), [FIRST]);
}

#[test]
fn settling_brings_the_provider_to_what_was_set_by_hand() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.set("prod/A", "by-hand-9Xk");
    let refused = owner.run("--json secret rotate prod/A");
    assert_eq!(refused.error(), (1, "credential-inactive".into()));
    // Whoever set it knows it, and is let in by it: that is said in so many words.
    let refused = owner.run("--json rotation settle prod/A");
    assert_eq!(refused.error(), (1, "credential-inactive".into()));
    let refused = owner.run("--json rotation settle prod/A --set");
    assert_eq!(refused.error(), (1, "not-confirmed".into()));
    assert!(!service.accepts("by-hand-9Xk"));
    let view = json(&owner, "rotation settle", "prod/A --set --yes ");
    assert_eq!(view["set_again"], true);
    assert!(service.accepts("by-hand-9Xk"));
}

#[test]
fn without_a_provider_or_a_place_what_is_about_one_is_refused() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.set("prod/B", "two");
    for line in [
        "secret rotate prod/B --dry-run",
        "secret rotate prod/B --overlap 1h",
        "rotation settle prod/B",
        "rotation retire prod/B --wait",
    ] {
        let refused = owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (5, "provider-missing".into()), "{line}");
    }
    owner.run("settings set provider.other.serves prod/*").ok();
    let refused = owner.run("--json secret rotate prod/A");
    assert_eq!(refused.error(), (1, "provider-ambiguous".into()));
    owner.run("settings set provider.other.serves prod/Z").ok();
    // By hand it goes on by what is said.
    owner.feed("secret rotate prod/B --to 5%", "three").ok();
    let refused = owner.run("--json secret rotate prod/B --resume");
    assert_eq!(refused.error(), (2, "usage".into()));
    owner.run("secret rotate prod/B --resume --to 50%").ok();
    owner.run("settings set rotation.via --unset").ok();
    for line in ["secret rotate prod/A", "rotation settle prod/A", "rotation run"] {
        let refused = owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (1, "rotation-unplaced".into()), "{line}");
    }
}

#[test]
fn where_one_works_at_a_time_an_abort_brings_the_one_before_back() {
    let Some(service) = Service::of_one() else { return };
    let single = fs::read_to_string(service.program()).unwrap();
    // What is new fails its test.
    let fails = "    test) answer '{\"ok\":true,\"state\":\"inactive\"}' ;;\n    validate)";
    service.replace(&replaced(&single, "    test | validate)", fails));
    let owner = owner(&service);
    let refused = owner.run("--json secret rotate prod/A --yes");
    assert_eq!(refused.error(), (1, "credential-inactive".into()), "{}", refused.err);
    assert!(!service.accepts(FIRST));
    owner.run("secret rotate prod/A --abort").ok();
    assert_eq!(service.lines(), [FIRST]);
    service.replace(&single);
    service.serve(&owner, "prod/A");
    owner.run("secret rotate prod/A --yes").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

/// Whatever way it came back: what is in use is revoked by no version that holds it.
#[test]
fn a_value_that_is_set_again_by_hand_is_not_revoked() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("secret rotate prod/A").ok();
    let made = current(&owner);
    owner.set("prod/A", FIRST);
    owner.run("rotation run").ok();
    assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, vec![FIRST.to_owned()]));
    assert!(!service.accepts(&made));
    // One that is only pending, too.
    owner.run("rotation settle prod/A").ok();
    let whole = fs::read_to_string(service.program()).unwrap();
    let fails = "    test) answer '{\"ok\":true,\"state\":\"inactive\"}' ;;\n    validate)";
    service.replace(&replaced(&whole, "    test | validate)", fails));
    service.serve(&owner, "prod/A");
    assert_eq!(owner.run("secret rotate prod/A").code, 1);
    let pending = service.lines().into_iter().find(|line| line != FIRST).unwrap();
    owner.set("prod/A", &pending);
    owner.run("secret rotate prod/A --abort").ok();
    owner.run("rotation run");
    assert!(service.accepts(&current(&owner)) && current(&owner) == pending);
}
