//! What is said where a provider does not do what it is asked for, and whether that leads on.

use super::*;
use v_secure_testkit::person::Done;

/// A provider that answers this to one verb.
fn answering(service: &Service, verb: &str, answer: &str) -> String {
    let whole = fs::read_to_string(scene::repository("examples/providers/static-file.sh")).unwrap();
    let line = match verb {
        "describe" => "answer '{\"ok\":true,\"contract\":1",
        "set" => "    set) set_it ;;",
        "test" | "validate" => "    test | validate)",
        verb => panic!("{verb}"),
    };
    let with = match verb {
        "describe" => format!("answer '{answer}' #"),
        "test" => format!("    test) answer '{answer}' ;;\n    validate)"),
        "validate" => format!("    validate) answer '{answer}' ;;\n    test)"),
        _ => format!("    {verb}) answer '{answer}' ;;"),
    };
    assert!(whole.contains(line), "{line}");
    let other = whole.replacen(line, &with, 1);
    service.replace(&other);
    whole
}

/// The next steps that a failure names.
fn tries(done: &Done) -> Vec<String> {
    let lines = done.err.lines().filter_map(|line| line.trim().strip_prefix("try: "));
    lines.map(str::to_owned).collect()
}

/// Types a hint, as its own shell words.
#[track_caller]
fn typed(person: &Person, hint: &str) {
    person.run(hint.strip_prefix("v-secure ").unwrap()).ok();
}

#[test]
fn each_way_in_which_a_provider_fails_has_a_code_and_a_step_that_leads_on() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for (answer, exit, code, step) in [
        (r#"{"ok":false,"error":"again","why":"maintenance"}"#, 1, "provider-busy", "--resume"),
        (r#"{"ok":false,"error":"unclear","why":"no answer"}"#, 1, "provider-unclear", "--resume"),
        (r#"{"ok":false,"error":"refused","why":"full"}"#, 1, "provider-failed", "rotation-status"),
        (r#"{"ok":false,"error":"fenced","why":"another"}"#, 7, "provider-fenced", "settle"),
    ] {
        let whole = answering(&service, "set", answer);
        service.serve(&owner, "prod/A");
        let before = current(&owner);
        let failed = owner.run("secret rotate prod/A");
        assert_eq!(failed.code, exit, "{}", failed.err);
        let hints = tries(&failed);
        assert!(hints.iter().any(|hint| hint.contains(step)), "{code}: {hints:?}");
        assert_eq!(owner.run("--json secret rotate prod/A --resume").error(), (exit, code.into()));
        assert_eq!(current(&owner), before);
        service.replace(&whole);
        service.serve(&owner, "prod/A");
        hints.iter().for_each(|hint| typed(&owner, hint));
        owner.run("rotation run").ok();
        assert!(service.accepts(&current(&owner)));
        owner.run("rotation run").ok();
    }
}

#[test]
fn what_does_not_work_is_resumed_or_aborted() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = answering(&service, "set", r#"{"ok":true}"#);
    service.serve(&owner, "prod/A");
    let failed = owner.run("secret rotate prod/A");
    assert_eq!(failed.code, 1, "{}", failed.err);
    let hints = tries(&failed);
    assert_eq!(
        hints,
        ["v-secure secret rotate prod/A --resume", "v-secure secret rotate prod/A --abort"]
    );
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    typed(&owner, &hints[0]);
    typed(&owner, "v-secure rotation retire prod/A");
    answering(&service, "set", r#"{"ok":true}"#);
    service.serve(&owner, "prod/A");
    assert_eq!(owner.run("secret rotate prod/A").code, 1);
    typed(&owner, &hints[1]);
    assert!(service.accepts(&current(&owner)));
}

#[test]
fn what_a_provider_cannot_tell_is_no_word_against_a_value() {
    const UNKNOWN: &str = r#"{"ok":true,"state":"unknown","why":"it is not reached"}"#;
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = answering(&service, "validate", UNKNOWN);
    service.serve(&owner, "prod/A");
    for line in ["secret rotate prod/A", "secret rotate prod/A --dry-run", "rotation settle prod/A"]
    {
        assert_eq!(owner.run(&format!("--json {line}")).error(), (1, "credential-unknown".into()));
    }
    let failed = owner.run("secret rotate prod/A");
    assert!(failed.err.contains("is not known to work") && failed.err.contains("not reached"));
    let look = "v-secure provider list  # see whether it is reached, and run the command again";
    assert_eq!(tries(&failed), [look]);
    typed(&owner, "v-secure provider list");
    answering(&service, "test", UNKNOWN);
    service.serve(&owner, "prod/A");
    let failed = owner.run("secret rotate prod/A");
    let resume = "v-secure secret rotate prod/A --resume";
    assert_eq!((failed.code, tries(&failed)), (1, vec![look.to_owned(), resume.to_owned()]));
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    typed(&owner, resume);
    assert!(service.accepts(&current(&owner)) && current(&owner) != FIRST);
}

#[test]
fn a_provider_that_lacks_something_is_told_by_name() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    answering(
        &service,
        "describe",
        r#"{"ok":true,"contract":1,"verbs":["set","validate"],"holds":2,"fences":true}"#,
    );
    service.serve(&owner, "prod/A");
    let failed = owner.run("secret rotate prod/A");
    assert!(failed.err.contains("'revoke'"), "{}", failed.err);
    assert_eq!(tries(&failed), ["v-secure provider list"]);
    typed(&owner, "v-secure provider list");
    // What it makes could not be found again.
    answering(
        &service,
        "describe",
        r#"{"ok":true,"contract":1,"verbs":["set","validate","revoke"],"makes":"provider","finds":"nothing","holds":2,"fences":true}"#,
    );
    service.serve(&owner, "prod/A");
    let failed = owner.run("secret rotate prod/A");
    assert_eq!(tries(&failed), ["v-secure secret rotate prod/A --accept-orphans"]);
    let other = owner.run("--json secret rotate prod/A --accept-orphans").error();
    assert_ne!(other.1, "provider-unfit");
}

#[test]
fn settings_that_are_not_whole_are_named_at_once() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for key in ["kind", "program", "sha256"] {
        owner.run(&format!("settings set provider.file.{key} --unset")).ok();
        let hints = tries(&owner.run("secret rotate prod/A"));
        let [hint] = &hints[..] else { panic!("{hints:?}") };
        assert!(hint.starts_with(&format!("v-secure settings set provider.file.{key} ")), "{hint}");
        service.serve(&owner, "prod/A");
    }
    owner.run("secret rotate prod/A --dry-run").ok();
    owner.run("settings set provider.file.kind postgres").ok();
    owner.run("settings set provider.file.endpoint nowhere").ok();
    let lacking = [
        "v-secure settings set provider.file.admin ENVIRONMENT/NAME",
        "v-secure settings set provider.file.users USER,USER",
        "v-secure settings set provider.file.owner ROLE",
    ];
    assert_eq!(tries(&owner.run("secret rotate prod/A")), lacking);
    let listed = json(&owner, "provider list", "");
    assert_eq!(listed["providers"][0]["missing"], serde_json::json!(["admin", "users", "owner"]));
    let listed = owner.run("provider list");
    assert!(lacking.iter().all(|line| listed.err.contains(line)), "{}", listed.err);
    owner.set("prod/ADMIN", "postgres://admin:password@localhost/shop");
    for (hint, value) in lacking.iter().zip(["prod/ADMIN", "shop_a,shop_b", "shop_owner"]) {
        let (typed_so_far, _) = hint.rsplit_once(' ').unwrap();
        typed(&owner, &format!("{typed_so_far} {value}"));
    }
    let hint = "v-secure settings set provider.file.endpoint HOST:PORT/DATABASE";
    assert_eq!(tries(&owner.run("secret rotate prod/A")), [hint]);
    typed(&owner, &hint.replace("HOST:PORT/DATABASE", "localhost:5432/shop"));
}

#[test]
fn a_program_that_was_changed_is_named_with_the_setting_that_takes_it() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = fs::read_to_string(service.program()).unwrap();
    service.replace(&format!("{whole}# another line\n"));
    let failed = owner.run("secret rotate prod/A");
    assert_eq!(tries(&failed), ["v-secure provider list"]);
    let listed = owner.run("provider list");
    let line = listed.err.lines().find(|line| line.contains("settings set provider.file.sha256"));
    typed(&owner, line.unwrap().trim());
    owner.run("secret rotate prod/A").ok();
}

#[test]
fn where_rotations_are_published_is_said_with_its_own_names() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let own = format!("v-secure settings set rotation.via '{}'  # ", device(&owner));
    for before in ["--unset", "'device olga/elsewhere'"] {
        let before = before.trim_matches('\'');
        owner.command(&["settings", "set", "rotation.via", before]).output().unwrap();
        let hints = tries(&owner.run("secret rotate prod/A"));
        let hint = hints.iter().find(|hint| hint.starts_with(&own));
        assert!(hint.is_some(), "{hints:?}");
    }
    owner.command(&["settings", "set", "rotation.via", &device(&owner)]).output().unwrap();
    owner.run("secret rotate prod/A").ok();
}

#[test]
fn what_is_open_at_a_provider_goes_on_before_it_is_ended() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = answering(&service, "set", r#"{"ok":false,"error":"unclear","why":"none"}"#);
    service.serve(&owner, "prod/A");
    assert_eq!(owner.run("secret rotate prod/A").code, 1);
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    for line in ["secret rotate prod/A", "secret rotate prod/A --dry-run"] {
        let failed = owner.run(line);
        assert_eq!(tries(&failed)[0], "v-secure secret rotate prod/A --resume", "{line}");
    }
    typed(&owner, "v-secure secret rotate prod/A --resume");
}

#[test]
fn a_generator_is_refused_where_the_provider_makes_values() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    answering(
        &service,
        "describe",
        r#"{"ok":true,"contract":1,"verbs":["set","validate","revoke","generate"],"holds":2,"fences":true}"#,
    );
    service.serve(&owner, "prod/A");
    for line in ["--generate", "--generate=digits:40 --dry-run"] {
        let failed = owner.run(&format!("secret rotate prod/A {line}"));
        assert_eq!(failed.code, 2, "{}", failed.err);
        assert_eq!(tries(&failed), ["v-secure secret rotate prod/A"]);
    }
}

#[test]
fn a_dry_run_says_as_data_that_a_rotation_could_begin() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let found = json(&owner, "secret rotate", "prod/A --dry-run ");
    assert_eq!((&found["dry_run"], &found["rotation"]), (&Value::Bool(true), &Value::Null));
    assert_eq!(service.lines(), [FIRST]);
}

#[test]
fn who_sets_a_value_is_told_that_its_provider_was_not() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let told = "no provider was told: v-secure rotation settle prod/A --set";
    let set = owner.feed("set prod/A", "another-value-91");
    assert!(set.err.contains(told), "{}", set.err);
    let back = owner.run("secret rollback prod/A --version 2");
    assert!(back.err.contains(told), "{}", back.err);
    assert!(!owner.feed("set prod/A --json", "third-value-17").err.contains("no provider"));
    assert!(!owner.feed("set prod/NEW", "first").err.contains("no provider"));
    assert!(!owner.run("set prod/A --description text").err.contains("no provider"));
    owner.run("rotation settle prod/A --set --yes").ok();
}

#[test]
fn a_run_that_cannot_go_on_with_one_says_so_and_ends_with_1() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let whole = answering(&service, "set", r#"{"ok":false,"error":"unclear","why":"none"}"#);
    service.serve(&owner, "prod/A");
    assert_eq!(owner.run("secret rotate prod/A").code, 1);
    let failed = owner.run("rotation run");
    assert_eq!(failed.code, 1);
    assert_eq!(tries(&failed), ["v-secure rotation list", "v-secure rotation run"]);
    assert_eq!(owner.run("--json rotation run").error(), (1, "rotations-failed".into()));
    service.replace(&whole);
    service.serve(&owner, "prod/A");
    tries(&failed).iter().for_each(|hint| typed(&owner, hint));
    assert!(service.accepts(&current(&owner)));
}

#[test]
fn a_value_is_neither_given_nor_dated_where_a_provider_has_it() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    for line in ["--file -", "--ttl 1h", "--no-expiry", "--rotation-interval 1d"] {
        let refused = owner.feed(&format!("--json secret rotate prod/A {line}"), "x").error();
        assert_eq!(refused, (2, "usage".into()), "{line}");
    }
    let refused = owner.run("--json rotation retire prod/A --version 1").error();
    assert_eq!(refused, (2, "usage".into()));
    owner.run("rotation retire prod/A --by-hand --version 1 --yes").ok();
    owner.run("rotation run --jitter 1s").ok();
    for line in ["secret rotate prod/A --overlap soon", "rotation run --jitter soon"] {
        assert_eq!(owner.run(&format!("--json {line}")).error(), (2, "bad-value".into()), "{line}");
    }
}

#[test]
fn a_stored_generator_is_no_word_on_what_a_provider_is_set_to() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("set prod/A --generate=chars:8:ab").ok();
    owner.set("prod/A", FIRST);
    owner.run("secret rotate prod/A").ok();
    assert_eq!(current(&owner).len(), 32);
    owner.run("rotation run").ok();
    owner.run("secret rotate prod/A --generate=hex:24").ok();
    assert_eq!(current(&owner).len(), 48);
}

#[test]
fn two_secrets_with_one_credential_are_told_before_one_ends_the_others() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    service.serve(&owner, "prod/*");
    owner.set("prod/B", FIRST);
    for line in ["secret rotate prod/A", "rotation settle prod/B"] {
        let refused = owner.run(&format!("--json {line}")).error();
        assert_eq!(refused, (1, "provider-ambiguous".into()), "{line}");
    }
    assert_eq!(service.lines(), [FIRST]);
    typed(&owner, "v-secure settings set provider.file.serves prod/A");
    owner.run("secret rotate prod/A").ok();
}
