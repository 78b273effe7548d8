//! Who may have a provider do what.

use super::*;

#[test]
fn who_may_not_read_a_secret_chooses_no_credential_of_it() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    // Begun while nobody served it, as by a program that does not look.
    owner.run("settings set provider.file.serves prod/Z").ok();
    let rob = member(&owner, "rob", &["rotate:prod/A"]);
    rob.feed("secret rotate prod/A --to 0%", "known-to-rob").ok();
    owner.pull(&rob);
    service.serve(&owner, "prod/A");
    for line in ["secret rotate prod/A --resume", "rotation promote prod/A"] {
        let refused = owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}");
    }
    assert_eq!(service.lines(), [FIRST]);
    owner.run("access list").ok();
    // Nor is it taken from the provider, which never had it.
    owner.run("secret rotate prod/A --abort").ok();
    let refused = owner.run("--json rotation retire prod/A");
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    owner.run("rotation retire prod/A --by-hand --yes").ok();
    // Nor does he have one made that he could not read.
    rob.pull(&owner);
    let refused = rob.run("--json secret rotate prod/A");
    assert_eq!(refused.code, 4, "{}", refused.err);
    assert_eq!(service.lines(), [FIRST]);
}

#[test]
fn a_machine_with_read_and_rotate_rotates_what_is_due_from_an_empty_environment() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
    owner.run("set prod/A --rotation-interval 1s").ok();
    publish_via(&owner, &device(&bot));
    bot.pull(&owner);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let run = bot.run("rotation run --due --json").json();
    assert_eq!(run["secrets"][0]["did"], "rotated", "{run}");
    assert!(service.accepts(&current(&bot)) && current(&bot) != FIRST);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    // The old one is retired, and as the new one is due too, one more begins.
    let run = bot.run("rotation run --due --json").json();
    assert_eq!(run["secrets"][0]["did"], "rotated", "{run}");
    assert_eq!(run["secrets"][0]["retired"].as_array().unwrap().len(), 1, "{run}");
    assert!(!service.accepts(FIRST));
    owner.pull(&bot);
    owner.run("audit verify").ok();
    // Another device is not the one that rotates.
    let refused = owner.run("--json secret rotate prod/A --abort").error();
    assert_eq!(refused, (4, "not-published-here".into()));
    owner.run("rotation list").ok();
}

/// What no provider was given is told of last, and by hand it is said that it is over.
#[test]
fn a_foreign_value_holds_up_the_retirement_of_no_other() {
    let Some(service) = Service::new() else { return };
    let owner = owner(&service);
    owner.run("settings set provider.file.serves prod/Z").ok();
    let rob = member(&owner, "rob", &["rotate:prod/A"]);
    rob.feed("secret rotate prod/A --to 0%", "known-to-rob").ok();
    owner.pull(&rob);
    owner.run("secret rotate prod/A --abort").ok();
    owner.run("rotation retire prod/A --by-hand --yes").ok();
    service.serve(&owner, "prod/A");
    owner.run("secret rotate prod/A").ok();
    let made = current(&owner);
    owner.run("settings set provider.file.serves prod/Z").ok();
    owner.run("rotation retire prod/A --yes").ok();
    rob.pull(&owner);
    rob.feed("secret rotate prod/A --to 0%", "known-to-rob-too").ok();
    owner.pull(&rob);
    owner.run("secret rotate prod/A --abort").ok();
    fs::write(service.accepted(), format!("{made}\nby-hand\n")).unwrap();
    owner.feed("set prod/A", "by-hand").ok();
    service.serve(&owner, "prod/A");
    let run = owner.run("--json rotation run");
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(service.lines(), ["by-hand"]);
    owner.run("rotation retire prod/A --by-hand --yes").ok();
    owner.run("rotation run").ok();
}

#[test]
fn what_is_set_for_the_account_that_a_provider_acts_by_is_given_to_none_if_its_author_may_not_read()
{
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    owner.set("prod/ADM", "the-owners-account");
    owner.run("settings set provider.file.admin prod/ADM").ok();
    owner.run("secret rotate prod/A --dry-run").ok();
    assert!(service.asked().contains("the-owners-account"));
    let wil = member(&owner, "wil", &["write:prod/ADM"]);
    wil.set("prod/ADM", "wils-account");
    owner.pull(&wil);
    owner.run("set prod/A --rotation-interval 1s").ok();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    for line in ["secret rotate prod/A", "secret rotate prod/A --dry-run", "rotation settle prod/A"]
    {
        let refused = owner.run(&format!("--json {line}")).error();
        assert_eq!(refused, (4, "not-permitted".into()), "{line}");
    }
    assert_eq!(owner.run("rotation run --due").code, 1);
    assert_eq!((service.asked().as_str(), service.lines()), ("", vec![FIRST.to_owned()]));
    // Once it is the owner's again, it goes on.
    owner.set("prod/ADM", "the-owners-account");
    owner.run("secret rotate prod/A").ok();
}
