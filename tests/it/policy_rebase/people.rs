//! Members, roles and rights that both sides changed: what is made again, refused, or asked about.

use super::{developers, let_in, member, members, parted, rebased, request};
use v_secure_testkit::cli::{Cli, failure, last_failure};

#[test]
fn members_that_both_sides_let_in_are_all_in_and_read_what_the_other_side_wrote() {
    let sides = parted(
        |cli| {
            developers(cli);
            request(cli, "one");
            request(cli, "two");
        },
        |cli| {
            let_in(cli, "two", "dev");
            cli.set("B", "of the side");
        },
        |cli| {
            let_in(cli, "one", "dev");
            cli.set("C", "of main");
        },
    );
    let Some(repository) = sides else { return };
    let cli = &repository.0;
    let refused = cli.run("git resolve --json");
    assert_eq!(failure(&refused), (7, "policy-diverged".into()));
    assert!(refused.shows("v-secure policy rebase && git add .v-secure"), "{refused:?}");
    assert_eq!(last_failure(&cli.run("policy rebase --json")), (1, "not-confirmed".into()));
    let said = rebased(&repository, "");
    assert!(said.contains("member-add two (user)") && said.contains("made again"), "{said}");
    assert!(said.contains("this gives the role dev"), "{said}");
    let found = members(cli);
    assert!(["ada", "one", "two"].iter().all(|name| found.contains(&(*name).to_owned())));
    for who in ["one", "two"] {
        for (secret, value) in [("B", "of the side"), ("C", "of main"), ("A", "one")] {
            assert_eq!(cli.ok(&format!("--identity ../{who}.txt get {secret}")), value, "{who}");
        }
    }
}

#[test]
fn a_removal_stays_made_whichever_side_stays() {
    for (side_removes, keep) in
        [(true, "ours"), (true, "theirs"), (false, "ours"), (false, "theirs")]
    {
        let remove = |cli: &Cli| drop(cli.ok("member remove bob --yes"));
        let promote = |cli: &Cli| {
            cli.ok("role create ops --grant read:prod/*");
            cli.ok("role join ops bob");
        };
        let common = |cli: &Cli| {
            developers(cli);
            member(cli, "bob", "dev");
        };
        let sides = match side_removes {
            true => parted(common, remove, promote),
            false => parted(common, promote, remove),
        };
        let Some(repository) = sides else { return };
        let said = rebased(&repository, &format!("--keep {keep}"));
        let cli = &repository.0;
        assert!(!members(cli).contains(&"bob".to_owned()), "{keep}: {said}");
        assert!(cli.ok("role list").contains("ops"), "{keep}: {said}");
        cli.set("A", "after");
        assert_ne!(cli.run("--identity ../bob.txt get A").code, 0);
    }
}

#[test]
fn the_same_member_on_both_sides_is_let_in_once() {
    let both = |cli: &Cli| let_in(cli, "bob", "dev");
    let sides = parted(
        |cli| {
            developers(cli);
            request(cli, "bob");
        },
        |cli| {
            both(cli);
            cli.ok("access grant dev dev/* read");
        },
        |cli| {
            cli.ok("role create first");
            both(cli);
        },
    );
    let Some(repository) = sides else { return };
    let said = rebased(&repository, "");
    assert!(said.contains("there already"), "{said}");
    assert_eq!(repository.0.ok("--identity ../bob.txt get A"), "one");
}

#[test]
fn another_member_of_the_name_keeps_what_is_theirs() {
    let sides = parted(
        |cli| {
            developers(cli);
            cli.ok("role create ops --grant read:prod/*");
            request(cli, "bob");
            cli.ok("identity new -o ../other.txt");
            let line = cli.ok("--identity ../other.txt member request bob -q");
            std::fs::write(cli.project().join("../other.request"), line).unwrap();
        },
        |cli| drop(cli.ok("member add bob --request ../other.request --yes --role ops")),
        |cli| let_in(cli, "bob", "dev"),
    );
    let Some(repository) = sides else { return };
    let said = rebased(&repository, "");
    assert!(said.contains("bob is another member on the side that stays"), "{said}");
    let cli = &repository.0;
    assert_eq!(cli.json("member show bob")["roles"], serde_json::json!(["dev"]));
    assert_ne!(cli.run("--identity ../other.txt get A").code, 0);
}

/// One side removed the admin who signed the other side's changes: these are somebody's to decide on.
#[test]
fn what_a_removed_admin_signed_is_decided_on_by_number() {
    let sides = || {
        parted(
            |cli| {
                developers(cli);
                member(cli, "boss", "owner");
                request(cli, "bob");
            },
            |cli| {
                cli.ok("--identity ../boss.txt member add bob --request ../bob.request --yes --role dev");
                let set = cli.feed("--identity ../boss.txt set B", b"by the boss");
                assert_eq!(set.code, 0, "{set:?}");
            },
            |cli| drop(cli.ok("member remove boss --yes")),
        )
    };
    let Some(repository) = sides() else { return };
    let cli = &repository.0;
    let before = std::fs::read(cli.vault()).unwrap();
    let open = cli.run("policy rebase --yes --json");
    assert_eq!(last_failure(&open), (1, "rebase-undecided".into()));
    for what in ["1  member-add bob", "4  put default/B: written by boss, who may not do it now"] {
        assert!(open.shows(what), "{what}: {open:?}");
    }
    assert_eq!(std::fs::read(cli.vault()).unwrap(), before);
    rebased(&repository, "--leave 1 --leave 2 --leave 3 --leave 4");
    let found = members(cli);
    assert!(!found.contains(&"bob".to_owned()) && !found.contains(&"boss".to_owned()));
    assert_eq!(cli.fails("get B").1, "not-found");
    let Some(repository) = sides() else { return };
    let said = rebased(&repository, "--take 1 --take 2 --take 3 --take 4");
    assert!(said.contains("B was written where boss could read it"), "{said}");
    let cli = &repository.0;
    assert_eq!(cli.ok("--identity ../bob.txt get B"), "by the boss");
    assert!(!members(cli).contains(&"boss".to_owned()));
    let log = cli.json("audit log --secret-id B").to_string();
    assert!(log.contains("\"actor\":\"ada\"") && !log.contains("boss"), "{log}");
}

#[test]
fn an_admin_who_was_removed_does_not_come_back() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "boss", "owner");
            request(cli, "again");
        },
        |cli| {
            // A stolen laptop lets its owner in again, with another key.
            cli.ok("--identity ../boss.txt role create later");
            cli.ok("member remove boss --yes");
            cli.ok("identity new -o ../new.txt");
            let line = cli.ok("--identity ../new.txt member request boss -q");
            std::fs::write(cli.project().join("../new.request"), line).unwrap();
            cli.ok("member add boss --request ../new.request --yes --role owner");
        },
        |cli| drop(cli.ok("member remove boss --yes")),
    );
    let Some(repository) = sides else { return };
    let said = rebased(&repository, "--take 1");
    assert!(
        said.contains("bring back what the side that stays took away: the member boss"),
        "{said}"
    );
    assert!(!members(&repository.0).contains(&"boss".to_owned()));
}

#[test]
fn a_revoked_right_stays_revoked_beside_a_wider_grant() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
        },
        |cli| drop(cli.ok("access grant dev * read,write")),
        |cli| drop(cli.ok("access revoke dev default/* write,delete")),
    );
    let Some(repository) = sides else { return };
    let said = rebased(&repository, "");
    assert!(said.contains("took away: write on default/*"), "{said}");
    let run = repository.0.feed("--identity ../bob.txt set A --json", b"x");
    assert_eq!(last_failure(&run), (4, "not-permitted".into()));
}

#[test]
fn who_is_no_owner_is_told_who_can() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
        },
        |cli| drop(cli.ok("role create of-side")),
        |cli| drop(cli.ok("role create of-main")),
    );
    let Some(repository) = sides else { return };
    let run = repository.0.run("--identity ../bob.txt policy rebase --yes --json");
    assert_eq!(last_failure(&run), (4, "not-permitted".into()));
    assert!(run.shows("who can: ada"), "{run:?}");
}

/// A right that came by other means on the side that stays: one side may stay, and the other may not.
#[test]
fn a_right_that_no_op_ends_stops_it() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
        },
        |cli| drop(cli.ok("role leave dev bob")),
        |cli| {
            cli.ok("role create more --grant read:default/*");
            cli.ok("role join more bob");
        },
    );
    let Some(repository) = sides else { return };
    let cli = &repository.0;
    let run = cli.run("policy rebase --yes --json");
    assert_eq!(last_failure(&run), (7, "rebase-blocked".into()));
    assert!(run.shows("read on default/* for bob"), "{run:?}");
    rebased(&repository, "--keep theirs");
    assert_ne!(cli.run("--identity ../bob.txt get A").code, 0);
}

/// Who meets it and is no owner gives the merge up, and asks one.
#[test]
fn a_member_who_is_no_owner_is_told_how_to_leave_it_to_one() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
        },
        |cli| drop(cli.ok("role create one")),
        |cli| drop(cli.ok("role create two")),
    );
    let Some(repository) = sides else { return };
    let cli = &repository.0;
    let refused = cli.run("--identity ../bob.txt policy rebase --yes --json");
    assert_eq!(failure(&refused), (4, "not-permitted".into()), "{refused:?}");
    let hint = "git merge --abort  # and ask an owner for it";
    assert!(refused.shows(hint) && refused.shows("who can: ada"), "{refused:?}");
    assert!(repository.shell(hint).status.success());
    assert_eq!(cli.ok("--identity ../bob.txt get A"), "one");
}
