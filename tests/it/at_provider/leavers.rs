//! Members who have left know what they made ready.

use super::*;

/// An owner, and a machine that began a rotation before it was removed. Who is left rotates from now on.
fn left(service: &Service, more: &str) -> (Person, String) {
    let owner = owner(service);
    let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
    publish_via(&owner, &device(&bot));
    bot.pull(&owner);
    if more.is_empty() {
        let whole = fs::read_to_string(service.program()).unwrap();
        let fails = "    test) answer '{\"ok\":true,\"state\":\"inactive\"}' ;;\n    validate)";
        service.replace(&replaced(&whole, "    test | validate)", fails));
        bot.pull(&owner);
        service.serve(&owner, "prod/A");
        bot.pull(&owner);
        assert_eq!(bot.run("secret rotate prod/A").code, 1);
        service.replace(&whole);
    } else {
        bot.run(&format!("secret rotate prod/A{more}")).ok();
    }
    owner.pull(&bot);
    service.serve(&owner, "prod/A");
    publish_via(&owner, &device(&owner));
    owner.run("member remove bot --yes").ok();
    let known = service.lines().pop().unwrap();
    assert_eq!(service.lines(), [FIRST, &known]);
    (owner, known)
}

#[test]
fn what_a_member_who_left_made_ready_is_gone_on_with_by_nobody() {
    for more in ["", " --to 5%"] {
        let Some(service) = Service::logging() else { return };
        let (owner, known) = left(&service, more);
        let accepted = service.lines();
        let run = owner.run("rotation run");
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains("try: v-secure secret rotate prod/A --abort"), "{}", run.err);
        for line in [
            "secret rotate prod/A --resume",
            "secret rotate prod/A --resume --to 50%",
            "rotation promote prod/A",
        ] {
            let refused = owner.run(&format!("--json {line}"));
            assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}: {}", refused.err);
            assert_eq!((current(&owner).as_str(), service.lines()), (FIRST, accepted.clone()));
        }
        // It is taken back, and the credential that was made for it is revoked.
        owner.run("secret rotate prod/A --abort").ok();
        if service.accepts(&known) {
            owner.run("rotation retire prod/A").ok();
        }
        assert_eq!(service.lines(), [FIRST]);
        owner.run("secret rotate prod/A").ok();
        owner.run("rotation retire prod/A").ok();
        assert_eq!(service.lines(), [current(&owner)]);
        owner.run("audit verify").ok();
    }
}

#[test]
fn what_a_member_who_left_has_promoted_is_replaced_and_revoked() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
    publish_via(&owner, &device(&bot));
    bot.pull(&owner);
    bot.run("secret rotate prod/A").ok();
    owner.pull(&bot);
    publish_via(&owner, &device(&owner));
    owner.run("member remove bot --yes").ok();
    let known = current(&owner);
    owner.run("rotation run").ok();
    assert_eq!(service.lines(), [known.as_str()]);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
    assert_ne!(current(&owner), known);
}

/// Promoted by an owner while its author was a member, which is what counts afterwards.
#[test]
fn what_was_promoted_before_its_author_left_is_no_strangers() {
    let Some(service) = Service::logging() else { return };
    let owner = owner(&service);
    let bot = member(&owner, "bot", &["read:prod/A", "rotate:prod/A"]);
    publish_via(&owner, &device(&bot));
    bot.pull(&owner);
    bot.run("secret rotate prod/A --to 5%").ok();
    owner.pull(&bot);
    publish_via(&owner, &device(&owner));
    owner.run("rotation promote prod/A").ok();
    owner.run("member remove bot --yes").ok();
    owner.run("rotation retire prod/A").ok();
    let known = current(&owner);
    assert_eq!(service.lines(), [known.as_str()]);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}

/// By hand, where nobody looks at who left. That its author could read when it was stated is what counts.
#[test]
fn what_was_promoted_after_its_author_left_is_replaced_and_revoked() {
    let Some(service) = Service::logging() else { return };
    let (owner, known) = left(&service, " --to 5%");
    owner.run("settings set provider.file.serves prod/Z").ok();
    owner.run("rotation promote prod/A").ok();
    service.serve(&owner, "prod/A");
    assert_eq!(current(&owner), known);
    owner.run("rotation retire prod/A").ok();
    owner.run("rotation settle prod/A").ok();
    assert_eq!(service.lines(), [known.as_str()]);
    owner.run("secret rotate prod/A").ok();
    owner.run("rotation retire prod/A").ok();
    assert_eq!(service.lines(), [current(&owner)]);
}
