//! A contractor who may grant on dev: who stands behind what she touches, and what is said before
//! honest members sign on it.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::policy::op::{MemberAdd, PolicyOp, Right};
use crate::policy::position::PolicyPosition;
use crate::policy::tests::*;

/// An owner has let in a contractor who may grant on dev alone.
struct Scene(World);

const ALL: [Right; 5] = Right::ALL;

impl Scene {
    fn new() -> Self {
        let mut scene = Self(World::found(1, &["admin"]));
        scene.by("admin", vec![role_add("dev"), grant("dev", "dev/*", &ALL)]);
        scene.by("admin", vec![role_add("ops"), grant("ops", "prod/*", &ALL)]);
        scene.let_in("admin", "contractor", &["dev"]);
        scene
    }

    fn by(&mut self, by: &str, ops: Vec<PolicyOp>) {
        self.0.did(&[by], ops);
    }

    fn let_in(&mut self, by: &str, member: &str, roles: &[&str]) {
        let mut ops = vec![member_add(member), self.0.key(member, member)];
        ops.extend(roles.iter().map(|role| join(role, member)));
        self.by(by, ops);
    }

    fn vouching(&self) -> Vouching {
        Vouching::of(&self.0.entries).unwrap()
    }

    /// What only this member stands behind, for the owner.
    fn alone(&self, leaver: &str) -> Alone {
        let leaver = name(leaver);
        self.vouching().alone(Going::Member(&leaver), &device_key("admin").id())
    }

    fn sole(&self, member: &str, credential: &Credential) -> Option<(Name, PolicyPosition)> {
        let vouching = self.vouching();
        let ground = vouching.ground(self.0.chain.state());
        let found = vouching.sole_departed(&ground, &name(member), credential);
        found.map(|(member, at)| (member.clone(), at))
    }

    fn is_backed(&self, member: &str) -> bool {
        let (vouching, state) = (self.vouching(), self.0.chain.state());
        let (ground, member) = (vouching.ground(state), name(member));
        let mut all = vouching.credentials(&member);
        all.all(|found| vouching.is_backed(&ground, state, &member, found))
    }

    fn plan(&self, by: &str, ops: Vec<PolicyOp>) -> Vec<Gift> {
        let mut after = self.0.clone();
        after.did(&[by], ops);
        self.vouching().plan(&self.0.chain, &after.chain, after.entries.last().unwrap())
    }
}

/// What is marked of what a plan gives: `member credential` or `member in ROLE`.
fn marked(gifts: &[Gift]) -> Vec<String> {
    let mut found = Vec::new();
    for (gift, to) in gifts.iter().flat_map(|gift| gift.to.iter().map(move |to| (gift, to))) {
        if to.membership.as_ref().is_some_and(|verdict| !verdict.is_vouched) {
            found.push(format!("{} in {}", to.member, gift.access.role));
        }
        let bare = to.credentials.iter().filter(|(_, verdict)| !verdict.is_vouched);
        found.extend(bare.map(|(credential, _)| match credential {
            Credential::Key { device, .. } => format!("{} {device}", to.member),
            Credential::Recipient(text) => format!("{} {text}", to.member),
        }));
    }
    found
}

fn given(gifts: &[Gift]) -> usize {
    gifts.iter().flat_map(|gift| &gift.to).map(|to| to.credentials.len()).sum()
}

#[test]
fn who_lets_somebody_in_vouches_for_it_and_is_not_asked() {
    let world = Scene::new();
    let ops =
        vec![member_add("newcomer"), world.0.key("newcomer", "newcomer"), join("ops", "newcomer")];
    let gifts = world.plan("admin", ops);
    assert_eq!((given(&gifts), marked(&gifts)), (2, Vec::new()));
    let contractor =
        world.plan("contractor", vec![member_add("newcomer"), join("dev", "newcomer")]);
    assert_eq!((given(&contractor), marked(&contractor)), (1, Vec::new()));
}

#[test]
fn what_a_contractor_let_in_is_marked_where_it_gets_more_than_she_may_give() {
    let mut world = Scene::new();
    world.let_in("contractor", "newcomer", &["dev"]);
    let dev = world.plan("admin", vec![grant("dev", "dev/X*", &[Right::Read])]);
    assert_eq!(marked(&dev), Vec::<String>::new(), "she may grant there");
    let ops = world.plan("admin", vec![join("ops", "newcomer")]);
    assert_eq!(marked(&ops), ["newcomer newcomer", &format!("newcomer {}", recipient("newcomer"))]);
    let verdict = &ops[0].to[0].credentials[0].1;
    assert_eq!(verdict.lacks, Some(pattern("prod/*")));
    assert_eq!(verdict.added[0].member, name("contractor"));
    let owner = world.plan("admin", vec![join("owner", "newcomer")]);
    assert_eq!(marked(&owner).len(), 2);
    // A grant to the role that the newcomer is in is the same by another way.
    let grant = world.plan("admin", vec![grant("dev", "prod/*", &[Right::Read])]);
    assert_eq!(
        marked(&grant),
        ["newcomer in dev", "newcomer newcomer", &format!("newcomer {}", recipient("newcomer"))]
    );
}

#[test]
fn a_confirmation_holds_for_what_was_there_and_for_what_its_signer_could_give() {
    let mut world = Scene::new();
    world.let_in("contractor", "newcomer", &["dev"]);
    world.by("admin", vec![join("ops", "newcomer")]);
    let again = world.plan("admin", vec![grant("ops", "prod/X*", &[Right::Read])]);
    assert_eq!(marked(&again), Vec::<String>::new(), "the owner has looked at it");
    world.by("admin", vec![recipient_add("newcomer", "later")]);
    let later = world.plan("admin", vec![join("owner", "newcomer")]);
    assert_eq!(
        marked(&later),
        ["newcomer newcomer", &format!("newcomer {}", recipient("newcomer"))],
        "not what she added herself; the rest she saw for ops alone"
    );
    world.by("admin", vec![join("owner", "newcomer")]);
    let all = world.plan("admin", vec![grant("dev", "*", &[Right::Read])]);
    assert!(
        !marked(&all).iter().any(|found| found.starts_with("newcomer ") && !found.contains(" in "))
    );
}

#[test]
fn nobody_is_vouched_for_by_joining_by_themselves() {
    let mut world = Scene::new();
    world.by("contractor", vec![role_add("tools"), join("tools", "contractor")]);
    let gifts = world.plan("admin", vec![grant("tools", "prod/*", &[Right::Read])]);
    assert_eq!(marked(&gifts), ["contractor in tools"]);
}

#[test]
fn who_joins_a_role_that_has_nothing_is_judged_as_for_what_it_may_get() {
    let mut world = Scene::new();
    world.by("admin", vec![role_add("later")]);
    world.let_in("contractor", "newcomer", &["dev"]);
    let joined = world.plan("admin", vec![join("later", "newcomer")]);
    assert_eq!(
        marked(&joined).len(),
        2,
        "or the grant that follows would find the owner behind it"
    );
    world.by("contractor", vec![role_add("hers")]);
    world.let_in("contractor", "other", &[]);
    assert_eq!(
        marked(&world.plan("contractor", vec![join("hers", "other")])),
        Vec::<String>::new()
    );
}

#[test]
fn who_is_gone_vouches_for_nobody_and_a_name_used_again_is_another() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    world.let_in("second", "newcomer", &["dev"]);
    world.by("admin", vec![member_remove("second")]);
    assert_eq!(marked(&world.plan("admin", vec![join("ops", "newcomer")])).len(), 2);
    world.by(
        "admin",
        vec![
            PolicyOp::MemberAdd(MemberAdd {
                member: name("second"),
                kind: crate::policy::op::MemberKind::User,
                recipients: vec![recipient("second-2")],
                expires: None,
            }),
            join("owner", "second"),
        ],
    );
    let gifts = world.plan("admin", vec![join("ops", "newcomer")]);
    assert_eq!(marked(&gifts).len(), 2);
    assert!(gifts[0].to[0].credentials[0].1.is_orphan());
}

#[test]
fn what_a_lost_device_signed_for_is_not_vouched_for() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    // Another device of the second owner's, by the first.
    world.by("admin", vec![world.0.key("second", "desk")]);
    world.let_in("second", "newcomer", &["dev"]);
    assert_eq!(marked(&world.plan("admin", vec![join("ops", "newcomer")])), Vec::<String>::new());
    world.by("admin", vec![key_remove("second", "second", true)]);
    let gifts = world.plan("admin", vec![join("ops", "newcomer")]);
    assert_eq!(marked(&gifts).len(), 2);
    assert_eq!(gifts[0].to[0].credentials[0].1.added[0].standing, VoucherStatus::Lost);
}

#[test]
fn what_only_the_leaver_vouched_for_is_found_in_others_too() {
    let mut world = Scene::new();
    world.let_in("admin", "colleague", &["dev"]);
    world.let_in("contractor", "newcomer", &["dev"]);
    world.by("contractor", vec![recipient_add("colleague", "planted")]);
    world.by("contractor", vec![role_add("hers"), grant("hers", "dev/*", &[Right::Read])]);
    world.by("contractor", vec![join("hers", "colleague")]);
    let alone = world.alone("contractor");
    assert_eq!(alone.members, [name("newcomer")]);
    assert_eq!(alone.roles, [name("hers")]);
    assert_eq!(alone.memberships, Vec::new(), "the role goes");
    let planted = Credential::Recipient(recipient("planted"));
    assert_eq!(alone.credentials, [(name("colleague"), planted)]);
    // An owner who gives a role has seen what its new member has.
    world.by("admin", vec![join("ops", "newcomer")]);
    let alone = world.alone("contractor");
    assert_eq!(alone.members, Vec::new());
    assert_eq!(alone.memberships, [(name("dev"), name("newcomer"))]);
    assert_eq!(world.alone("newcomer"), Alone::default());
}

#[test]
fn whoever_alone_let_a_service_in_is_known_after_leaving() {
    let mut world = Scene::new();
    world.by("contractor", vec![member_add("ci"), join("dev", "ci")]);
    let ci = Credential::Recipient(recipient("ci"));
    assert_eq!(world.sole("ci", &ci), None);
    world.by("admin", vec![member_remove("contractor")]);
    let (contractor, at) = (name("contractor"), PolicyPosition::new(world.0.entries.len() - 1));
    assert_eq!(world.sole("ci", &ci), Some((contractor, at)));
    world.by("admin", vec![join("ops", "ci")]);
    assert_eq!(world.sole("ci", &ci), None);
}

#[test]
fn credentials_are_named_by_what_is_shown_of_them() {
    let key = Credential::Key { device: name("laptop"), id: device_key("x").id() };
    assert_eq!(key.tag().len(), 10);
    assert!(key.is_named_by(&key.tag()) && !key.is_named_by(&key.tag()[..9]));
    assert!(!key.is_named_by("laptop") && !key.is_named_by(""));
    let text = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    let recipient = Credential::Recipient(RecipientText::new(text));
    assert_eq!(recipient.to_string(), "recipient age1…jp6svpy7pa".replace("jp6", "86jp6"));
    assert!(recipient.is_named_by(&recipient.tag()) && recipient.is_named_by(text));
    assert!(!recipient.is_named_by("svpy7pa"));
    let ssh = Credential::Recipient(RecipientText::new(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabcdefghijkl",
    ));
    assert_eq!(ssh.to_string(), "recipient ssh-ed25519 …abcdefghijkl");
}

#[test]
fn one_owner_of_two_vouches_for_no_further_owner_alone() {
    let mut world = World::found(2, &["admin", "second"]);
    world.did(&["admin", "second"], vec![role_add("dev"), grant("dev", "dev/*", &ALL)]);
    world
        .did(&["admin", "second"], vec![member_add("newcomer"), world.key("newcomer", "newcomer")]);
    world.did(&["admin"], vec![recipient_add("newcomer", "planted")]);
    let mut after = world.clone();
    after.did(&["admin", "second"], vec![join("owner", "newcomer")]);
    let vouching = Vouching::of(&world.entries).unwrap();
    let gifts = vouching.plan(&world.chain, &after.chain, after.entries.last().unwrap());
    assert_eq!(marked(&gifts), [format!("newcomer {}", recipient("planted"))]);
}

#[test]
fn whoever_is_alone_is_not_asked_about_the_key_that_signs_nor_twice_about_the_rest() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    world.by("second", vec![member_remove("admin")]);
    let first = world.plan("second", vec![join("dev", "second")]);
    assert_eq!(marked(&first), [format!("second {}", recipient("second"))]);
    world.by("second", vec![join("dev", "second")]);
    let again = world.plan("second", vec![grant("dev", "dev/X*", &[Right::Read])]);
    let own: Vec<String> =
        marked(&again).into_iter().filter(|found| found.starts_with("second")).collect();
    assert_eq!(own, Vec::<String>::new());
}

#[test]
fn what_only_a_lost_device_let_in_elsewhere_is_found() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    world.by("admin", vec![world.0.key("second", "desk")]);
    world.let_in("admin", "mate", &["dev"]);
    world.by("second", vec![recipient_add("mate", "evil")]);
    world.let_in("second", "mallory", &["owner"]);
    world.by("second", vec![role_add("hers"), join("hers", "mate")]);
    let second = name("second");
    let lost = |device: &str| BTreeSet::from([device_key(device).id()]);
    let by = device_key("admin").id();
    let (laptop, desk) = (lost("second"), lost("desk"));
    let alone = world.vouching().alone(Going::Keys(&second, &laptop), &by);
    assert_eq!(alone.members, [name("mallory")]);
    assert_eq!(alone.roles, [name("hers")]);
    let evil = Credential::Recipient(recipient("evil"));
    assert_eq!(alone.credentials, [(name("mate"), evil)]);
    // Another device of the same member's has let in nobody.
    let other = world.vouching().alone(Going::Keys(&second, &desk), &by);
    assert_eq!(other, Alone::default());
}

#[test]
fn who_asks_is_never_what_only_the_leaver_vouched_for() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    world.by("admin", vec![recipient_add("second", "planted")]);
    let admin = name("admin");
    let by = device_key("second").id();
    let alone = world.vouching().alone(Going::Member(&admin), &by);
    assert!(!alone.members.contains(&name("second")), "{alone:?}");
    assert!(!alone.memberships.iter().any(|(_, member)| *member == name("second")), "{alone:?}");
    let of_second: Vec<&Credential> = alone
        .credentials
        .iter()
        .filter(|(member, _)| *member == name("second"))
        .map(|(_, c)| c)
        .collect();
    assert!(of_second.contains(&&Credential::Recipient(recipient("planted"))), "{alone:?}");
    assert!(of_second.iter().all(|found| matches!(found, Credential::Recipient(_))), "{alone:?}");
}

#[test]
fn a_confirmation_of_little_is_none_of_more() {
    let mut world = Scene::new();
    world.let_in("contractor", "newcomer", &["dev"]);
    world.by("admin", vec![role_add("dev2"), grant("dev2", "dev/*", &[Right::Read])]);
    for little in [join("dev2", "newcomer"), grant("dev", "dev/X*", &[Right::Read])] {
        assert_eq!(marked(&world.plan("admin", vec![little.clone()])), Vec::<String>::new());
        world.by("admin", vec![little]);
        for more in [join("ops", "newcomer"), join("owner", "newcomer")] {
            assert_eq!(marked(&world.plan("admin", vec![more])).len(), 2);
        }
    }
    // Who agreed to a part has agreed to the part: of a role, each grant needs somebody.
    world.by("admin", vec![role_add("both"), grant("both", "prod/A*", &[Right::Read])]);
    world.by("admin", vec![join("both", "newcomer")]);
    let again = world.plan("admin", vec![grant("both", "prod/A1*", &[Right::Read])]);
    assert_eq!(marked(&again), Vec::<String>::new());
    for wider in [("prod/A*", Right::Write), ("prod/*", Right::Read)] {
        assert_eq!(marked(&world.plan("admin", vec![grant("both", wider.0, &[wider.1])])).len(), 2);
    }
    let access = |role: &str| AccessOfRole::of_role(&world.0.chain, &name(role));
    let credential = Credential::Recipient(recipient("newcomer"));
    let judged = |role: &str| {
        let state = world.0.chain.state();
        let (vouching, member) = (world.vouching(), name("newcomer"));
        vouching.of_credential(state, &member, &credential, &access(role)).is_vouched
    };
    assert!(judged("both") && judged("dev") && !judged("ops"));
}

#[test]
fn what_the_role_once_read_is_confirmed_as_such_alone() {
    let mut world = Scene::new();
    world.let_in("contractor", "newcomer", &["dev"]);
    world.by("admin", vec![role_add("past"), grant("past", "prod/*", &[Right::Read])]);
    world.by("admin", vec![revoke("past", "prod/*", &[Right::Read])]);
    assert_eq!(marked(&world.plan("admin", vec![join("past", "newcomer")])).len(), 2);
    world.by("admin", vec![join("past", "newcomer")]);
    let again = world.plan("admin", vec![grant("past", "prod/*", &[Right::Read])]);
    assert_eq!(marked(&again).len(), 2);
}

#[test]
fn an_empty_role_is_its_makers_to_fill_and_no_word_of_theirs_to_others() {
    let mut world = Scene::new();
    world.let_in("contractor", "newcomer", &["dev"]);
    world.by("contractor", vec![role_add("tools")]);
    let join = || vec![join("tools", "newcomer")];
    assert_eq!(marked(&world.plan("contractor", join())), Vec::<String>::new());
    assert_eq!(marked(&world.plan("admin", join())).len(), 2);
    world.by("admin", join());
    let gets = world.plan("admin", vec![grant("tools", "prod/*", &[Right::Read])]);
    assert_eq!(marked(&gets).len(), 2, "agreeing to nothing is agreeing to nothing");
}

/// The contractor lets in two who let each other in anew.
fn circle() -> Scene {
    let mut world = Scene::new();
    world.let_in("contractor", "c", &["dev"]);
    world.let_in("contractor", "d", &["dev"]);
    world.by("c", vec![leave("dev", "d"), join("dev", "d")]);
    world.by("d", vec![leave("dev", "c"), join("dev", "c")]);
    world
}

#[test]
fn those_who_vouch_for_each_other_alone_go_with_whoever_let_them_in() {
    let mut world = circle();
    assert_eq!(world.alone("contractor").members, [name("c"), name("d")]);
    world.by("contractor", vec![member_add("ci"), join("dev", "ci")]);
    world.by("d", vec![leave("dev", "ci"), join("dev", "ci")]);
    let ci = Credential::Recipient(recipient("ci"));
    assert!(world.is_backed("c") && world.sole("ci", &ci).is_none());
    world.by("admin", vec![member_remove("contractor")]);
    assert!(!world.is_backed("c") && !world.is_backed("d"));
    let at = PolicyPosition::new(world.0.entries.len() - 1);
    assert_eq!(world.sole("ci", &ci), Some((name("contractor"), at)));
    // Nobody but an owner mends it, and one word mends all that rests on it.
    world.by("admin", vec![leave("dev", "c"), join("dev", "c")]);
    assert!(world.is_backed("c") && world.is_backed("d"));
    assert_eq!(world.sole("ci", &ci), None);
}

#[test]
fn what_stands_through_others_goes_with_the_first_of_them() {
    let mut world = Scene::new();
    world.let_in("contractor", "c", &["dev"]);
    world.let_in("c", "d", &["dev"]);
    world.let_in("admin", "colleague", &["ops"]);
    world.by("c", vec![role_add("hers"), grant("hers", "dev/*", &[Right::Read])]);
    world.by("d", vec![role_add("more"), grant("more", "dev/*", &[Right::Read])]);
    world.by("d", vec![join("dev", "colleague")]);
    let alone = world.alone("contractor");
    assert_eq!(alone.members, [name("c"), name("d")]);
    assert_eq!(alone.roles, [name("hers"), name("more")]);
    assert_eq!(alone.memberships, [(name("dev"), name("colleague"))]);
    assert_eq!(alone.credentials, Vec::new());
}

#[test]
fn an_owner_stands_but_a_key_that_the_leaver_planted_in_one_does_not() {
    let mut world = Scene::new();
    world.let_in("admin", "second", &["owner"]);
    world.by("admin", vec![world.0.key("second", "planted")]);
    world.let_in("second", "honest", &["dev"]);
    let planted = device_key("planted").id();
    let vouching = world.vouching();
    let going = name("admin");
    let ground = vouching.ground_without(Some(Going::Member(&going)), |_, _| false);
    assert!(!ground.stands_for([planted].iter()));
    assert!(ground.stands_for([device_key("second").id()].iter()));
    let left = vouching.alone(Going::Member(&going), &device_key("second").id());
    assert!(!left.members.contains(&name("honest")));
}
