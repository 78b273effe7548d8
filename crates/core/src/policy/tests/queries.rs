//! What the state and the chain answer.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::environment::EnvironmentName;
use crate::policy::access::Subject;
use Right::{Grant, Read, Write};

fn audiences(world: &World) -> Vec<AudienceName> {
    world.chain.state().needed_audiences().into_iter().collect()
}

#[test]
fn the_audience_of_a_secret_is_every_role_that_may_read_it() {
    let mut world = World::cast();
    let state = world.chain.state();
    assert_eq!(state.audience_of(&secret("dev/DB")), "devs+leads+owner");
    assert_eq!(state.audience_of(&secret("prod/DB")), "ops+owner");
    assert_eq!(state.audience_of(&secret("stage/DB")), "owner");
    world.did(&["admin"], vec![grant("clerks", "dev/DB_*", &[Read])]);
    let state = world.chain.state();
    assert_eq!(state.audience_of(&secret("dev/DB_URL")), "clerks+devs+leads+owner");
    assert_eq!(state.audience_of(&secret("dev/DB")), "devs+leads+owner");
}

#[test]
fn needed_audiences_are_those_that_some_secret_can_have() {
    let mut world = World::cast();
    assert_eq!(audiences(&world), ["devs+leads+owner", "ops+owner", "owner"]);
    assert!(world.chain.state().missing_audiences().is_empty());
    world.did(&["admin"], vec![grant("ops", "*", &[Read]), grant("clerks", "prod/DB", &[Read])]);
    let all = ["clerks+ops+owner", "devs+leads+ops+owner", "ops+owner"];
    assert_eq!(audiences(&world), all);
    let missing = world.chain.state().missing_audiences();
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), all[..2]);
}

#[test]
fn recipients_of_an_audience_are_those_of_its_members() {
    let world = World::cast();
    let state = world.chain.state();
    let mut expected: Vec<RecipientText> = ["admin", "dora", "greta"].map(recipient).to_vec();
    expected.sort_unstable();
    assert_eq!(state.recipients_of(&AudienceName::new("devs+leads+owner")), expected);
    assert_eq!(state.recipients_of(&AudienceName::new("nonsense")), Vec::<RecipientText>::new());
    let readers: Vec<&str> =
        state.who_can_read(&secret("dev/DB")).into_iter().map(Name::as_str).collect();
    assert_eq!(readers, ["admin", "dora", "greta"]);
}

#[test]
fn writing_to_an_inherited_environment_shows_as_access_to_its_heirs() {
    let mut world = World::cast();
    world.did(&["admin"], vec![setting("env.prod.extends", "dev")]);
    let state = world.chain.state();
    let subject = secret("prod/DB");
    let shown = state.access(Subject::Secret(&subject));
    let dora = shown.iter().find(|access| access.member == name("dora")).unwrap();
    assert_eq!(
        (dora.rights.to_string(), &dora.through),
        ("write".into(), &Some(EnvironmentName::new("dev").unwrap()))
    );
    assert!(!state.holds(&name("dora"), Write, &subject), "it is no right on the heir");
    assert!(shown.iter().all(|access| access.member != name("gus")), "grant does not inherit");
    let (all, beginning) = (pattern("prod/*"), pattern("pr*"));
    for asked in [&all, &beginning] {
        let shown = state.access(Subject::Pattern(asked));
        assert!(shown.iter().any(|a| a.member == name("dora") && a.through.is_some()), "{asked}");
        assert!(shown.iter().any(|a| a.member == name("paul") && a.through.is_none()), "{asked}");
    }
}

#[test]
fn a_right_on_a_pattern_comes_from_one_grant_around_it() {
    let world = World::cast();
    let last = world.chain.last();
    let on = |member: &str, right, on: &str| {
        world.chain.holds_pattern(last, &name(member), right, &pattern(on))
    };
    assert!(on("admin", Grant, "*") && on("greta", Grant, "dev/DB*"));
    assert!(!on("greta", Grant, "*") && !on("dora", Grant, "dev/*"));
}

#[test]
fn signers_can_be_asked_before_an_entry_is_made() {
    let world = World::cast();
    let keys = BTreeSet::from([device_key("greta").id()]);
    let signers = world.chain.signers_with(&keys).unwrap();
    assert!(signers.judge(&join("devs", "gus")).is_ok());
    let needs = signers.judge(&setting("ttl", "every")).unwrap_err();
    assert_eq!(needs.to_string(), "the signature of an owner");
    let stranger = device_key("stranger").id();
    assert_eq!(world.chain.signers_with(&BTreeSet::from([stranger])).err(), Some(stranger));
}
