//! Values that were written, and keys that were renewed, on the side that gives way.

use super::{branches, developers, let_in, member, parted, rebased, request};
use serde_json::Value;
use v_secure_testkit::cli::{Cli, last_failure};

#[test]
fn keys_that_both_sides_renewed_open_for_everybody() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
        },
        |cli| {
            cli.ok("key rotate --all");
            cli.set("B", "under new keys");
        },
        |cli| {
            cli.ok("key rotate --all");
            cli.set("C", "under other keys");
        },
    );
    let Some(repository) = sides else { return };
    rebased(&repository, "");
    for identity in ["", "--identity ../bob.txt "] {
        for (secret, value) in [("A", "one"), ("B", "under new keys"), ("C", "under other keys")] {
            assert_eq!(repository.0.ok(&format!("{identity}get {secret}")), value);
        }
    }
}

/// What one side renewed alone is renewed: the keys of before may be in other hands.
#[test]
fn keys_that_the_side_renewed_that_gives_way_are_renewed_again() {
    let Some(repository) = branches(
        developers,
        |cli| drop(cli.ok("key rotate --all")),
        |cli| drop(cli.ok("role create more")),
    ) else {
        return;
    };
    let epoch = |cli: &Cli| cli.json("key status")["audiences"][0]["epoch"].clone();
    let before = epoch(&repository.0);
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    assert!(!merge.status.success());
    rebased(&repository, "");
    assert_ne!(epoch(&repository.0), before);
    assert_eq!(repository.0.ok("get A"), "one");
}

/// Entries of the log under the policy that gives way keep their meaning: what they did beside something else stays
/// beside it.
#[test]
fn what_was_written_on_the_side_that_gives_way_is_issued_anew_in_its_place() {
    let sides = parted(
        |cli| {
            for name in ["GONE", "BOTH", "TOLD", "PLAIN"] {
                cli.set(name, "before");
            }
        },
        |cli| {
            cli.set("UNDER", "the common policy");
            cli.ok("role create of-side");
            cli.set("PLAIN", "of the side");
            cli.set("PLAIN", "of the side again");
            cli.ok("rm GONE --yes");
            cli.set("BOTH", "of the side");
            cli.ok("secret describe TOLD described");
            cli.ok("secret rename UNDER MOVED");
        },
        |cli| {
            cli.ok("role create of-main");
            cli.set("BOTH", "of main");
        },
    );
    let Some(repository) = sides else { return };
    let said = rebased(&repository, "");
    let cli = &repository.0;
    assert!(said.contains("default/BOTH has several values"), "{said}");
    assert_eq!(cli.ok("get PLAIN"), "of the side again");
    assert_eq!(cli.ok("get MOVED"), "the common policy");
    for gone in ["GONE", "UNDER"] {
        assert_eq!(cli.fails(&format!("get {gone}")).1, "removed", "{gone}");
    }
    assert!(cli.ok("secret show TOLD").contains("described"));
    let both = cli.json("secret versions BOTH");
    let active = both["versions"].as_array().unwrap().iter();
    assert_eq!(active.filter(|one| one["state"] == "conflicting").count(), 2, "{both}");
    let roles = cli.ok("role list");
    assert!(roles.contains("of-main") && roles.contains("of-side"), "{roles}");
    let reads = cli.ok("logs tail --filter read");
    assert!(reads.contains("rebase"), "{reads}");
}

/// A member wrote on one side and was removed on the other: as in any merge.
#[test]
fn what_a_removed_member_wrote_beside_the_removal_is_void() {
    let write = |cli: &Cli| {
        cli.ok("role create beside");
        let run = cli.feed("--identity ../bob.txt set A", b"by bob");
        assert_eq!(run.code, 0, "{run:?}");
    };
    let remove = |cli: &Cli| drop(cli.ok("member remove bob --yes"));
    let common = |cli: &Cli| {
        developers(cli);
        member(cli, "bob", "dev");
    };
    let Some(repository) = parted(common, remove, write) else { return };
    let said = rebased(&repository, "");
    let cli = &repository.0;
    assert!(said.contains("v-secure adopt --list"), "{said}");
    assert_eq!(cli.ok("get A"), "one");
    cli.ok("adopt --all --yes");
    assert_eq!(cli.ok("get A"), "by bob");
    // The other way round nobody issues it anew unasked.
    let Some(repository) = parted(common, write, remove) else { return };
    let open = repository.0.run("policy rebase --yes --json");
    assert_eq!(last_failure(&open), (1, "rebase-undecided".into()));
    rebased(&repository, "--leave 2");
    assert_eq!(repository.0.ok("get A"), "one");
}

/// Boss lets ada go and writes on: who is gone signs nothing, and boss brings all of it along.
#[test]
fn an_owner_whom_the_other_side_removed_does_not_rebase_and_the_other_owner_does() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "boss", "owner");
            request(cli, "late");
        },
        |cli| {
            cli.ok("--identity ../boss.txt member remove ada --yes");
            let set = cli.feed("--identity ../boss.txt set B", b"after ada");
            assert_eq!(set.code, 0, "{set:?}");
        },
        |cli| drop(cli.ok("role create of-main")),
    );
    let Some(repository) = sides else { return };
    let cli = &repository.0;
    let refused = cli.run("policy rebase --yes --json");
    assert_ne!(refused.code, 0, "{refused:?}");
    let run = cli.run("--identity ../boss.txt policy rebase --yes");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(cli.ok("--identity ../boss.txt get B"), "after ada");
    assert_ne!(cli.run("get A").code, 0, "ada is gone");
}

/// Who became an owner on the side that stays has none of the keys that the other one renewed meanwhile.
#[test]
fn values_that_the_signer_cannot_read_are_named_with_who_can() {
    let sides = parted(
        |cli| {
            developers(cli);
            member(cli, "bob", "dev");
            request(cli, "late");
        },
        |cli| {
            cli.ok("member remove bob --yes");
            cli.set("B", "under new keys");
        },
        |cli| let_in(cli, "late", "owner"),
    );
    let Some(repository) = sides else { return };
    let cli = &repository.0;
    let run = cli.run("--identity ../late.txt policy rebase --yes --json");
    assert_eq!(run.code, 0, "{run:?}");
    let report: Value = serde_json::from_slice(&run.out).unwrap();
    let [left] = &report["not_again"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(left["secret"], "default/B");
    assert_eq!(left["why"], "you are no member on that side; who can read it there: ada");
    cli.ok("audit verify");
    assert_ne!(cli.run("get B").code, 0, "what nobody issued anew is not here");
    assert_eq!(cli.ok("get A"), "one");
}
