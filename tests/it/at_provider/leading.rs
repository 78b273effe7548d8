//! What the steps that failures name lead to.

use super::*;

/// The step that a failure names with this in it.
#[track_caller]
fn named(failed: &v_secure_testkit::person::Done, with: &str) -> String {
    let hints = failed.err.lines().filter_map(|line| line.trim().strip_prefix("try: v-secure "));
    let mut hints = hints.map(|hint| hint.split("  #").next().unwrap().to_owned());
    let found = hints.find(|hint| hint.contains(with));
    found.unwrap_or_else(|| panic!("nothing with {with}: {}", failed.err))
}

/// The owner states each value, reads each, and renames or copies what is hers.
#[test]
fn an_owners_value_is_hers_under_another_name() {
    for (line, secret) in
        [("secret rename prod/A prod/B", "prod/B"), ("secret copy prod/A --to-env dev", "dev/A")]
    {
        let Some(service) = Service::new() else { return };
        let owner = owner(&service);
        owner.run(line).ok();
        service.serve(&owner, secret);
        owner.run(&format!("secret rotate {secret}")).ok();
    }
}

#[test]
fn after_a_share_was_not_set_the_step_that_is_named_leads_on() {
    for verb in ["    set) set_it ;;", "    test | validate)"] {
        let Some(service) = Service::new() else { return };
        let owner = owner(&service);
        let whole = fs::read_to_string(service.program()).unwrap();
        let fails = match verb.contains("set_it") {
            true => "    set) exit 1 ;;",
            false => "    test) answer '{\"ok\":true,\"state\":\"inactive\"}' ;;\n    validate)",
        };
        service.replace(&replaced(&whole, verb, fails));
        service.serve(&owner, "prod/A");
        let failed = owner.run("secret rotate prod/A --to 5%");
        service.replace(&whole);
        service.serve(&owner, "prod/A");
        let hint = named(&failed, "--resume");
        let done = owner.run(&hint);
        assert_eq!(done.code, 0, "'{hint}': {}", done.err);
    }
}

#[test]
fn what_settling_cannot_do_does_not_name_settling() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    service.edit(|whole| {
        replaced(&whole, "    set) set_it ;;", "    set) refuse refused 'no such user' ;;")
    });
    service.serve(&owner, "prod/A");
    service.accept(&["elsewhere"]);
    let failed = owner.run("rotation settle prod/A");
    assert_eq!(failed.code, 1, "{}", failed.err);
    assert!(!failed.err.contains("try: v-secure rotation settle"), "{}", failed.err);
}

#[test]
fn who_may_only_read_waits_for_nothing_and_asks_nothing() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let rea = member(&owner, "rea", &["read:prod/A"]);
    owner.run("settings set provider.file.overlap 4s").ok();
    owner.run("secret rotate prod/A").ok();
    publish_via(&owner, &device(&rea));
    rea.pull(&owner);
    service.asked();
    let refused = rea.run("rotation retire prod/A --wait");
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert!(!refused.err.contains("is revoked in"), "{}", refused.err);
    assert_eq!(service.verbs(), [""; 0]);
}

#[test]
fn what_is_left_of_a_removed_secret_is_told_with_what_ends_it() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("secret rotate prod/A").ok();
    let removed = owner.run("rm prod/A --yes");
    assert!(removed.err.contains("accepts these values until they are revoked"), "{}", removed.err);
    owner.run("rotation retire prod/A --by-hand --version 2 --yes").ok();
}

/// Whether two secrets have one credential, who may not read the other one cannot tell.
#[test]
fn who_may_not_read_a_neighbour_is_told_which_one_and_rotates_once_that_is_granted() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.set("prod/X", "another-one-5Tq");
    service.serve(&owner, "prod/A,prod/X");
    let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
    publish_via(&owner, &device(&bot));
    bot.pull(&owner);
    let refused = bot.run("--json secret rotate prod/A");
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    assert!(refused.err.contains("prod/X"), "{}", refused.err);
    owner.run("access grant r-bot prod/X read").ok();
    bot.pull(&owner);
    bot.run("secret rotate prod/A").ok();
    bot.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&bot)]);
}
