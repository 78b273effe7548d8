//! Branches that both changed members, roles or settings, brought together by `policy rebase` in the state that git
//! leaves.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use v_secure_core::crypto::id::PolicyId;
use v_secure_core::file::format;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::time::UnixTime;
use v_secure_testkit::branches as testkit;
use v_secure_testkit::cli::{Cli, Run, failure, finish};
use v_secure_testkit::repository::Repository;

/// Two branches that parted after `common`; merging `side` into `main` has just stopped.
fn parted(
    common: impl FnOnce(&Cli),
    side: impl FnOnce(&Cli),
    main: impl FnOnce(&Cli),
) -> Option<Repository> {
    let repository = branches(common, side, main)?;
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    let said = String::from_utf8_lossy(&merge.stderr).into_owned();
    assert!(!merge.status.success() && said.contains("v-secure policy rebase"), "{merge:?}");
    Some(repository)
}

/// The same before the merge, on `main`.
fn branches(
    common: impl FnOnce(&Cli),
    side: impl FnOnce(&Cli),
    main: impl FnOnce(&Cli),
) -> Option<Repository> {
    let repository = Repository::new()?;
    let cli = &repository.0;
    cli.ok("git install");
    repository.git(&["add", ".v-secure"]);
    common(cli);
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    side(cli);
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    // This device has seen the policy of the other branch.
    cli.ok("pin accept --yes");
    main(cli);
    repository.commit("main");
    Some(repository)
}

/// One line in a shell, in the project.
fn typed(repository: &Repository, line: &str) -> Output {
    let mut shell = Command::new("sh");
    repository.surroundings(&mut shell);
    shell.args(["-c", line]).current_dir(repository.root()).output().unwrap()
}

/// Rebases and commits: the hook finds that nothing of either side is lost.
#[track_caller]
fn rebased(repository: &Repository, options: &str) -> String {
    let line = format!(
        "v-secure policy rebase --yes {options} && git add .v-secure && git commit --quiet --no-edit"
    );
    let done = typed(repository, &line);
    assert!(done.status.success(), "{}{}", text(&done.stdout), text(&done.stderr));
    for line in ["audit verify", "audit verify --base side", "audit verify --base main~1"] {
        repository.0.ok(line);
    }
    text(&done.stdout) + &text(&done.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn developers(cli: &Cli) {
    cli.ok("role create dev --grant read,write,delete:default/*");
}

/// A newcomer's key in `../NAME.txt`, and the request.
fn request(cli: &Cli, name: &str) {
    cli.ok(&format!("identity new -o ../{name}.txt"));
    let line = cli.ok(&format!("--identity ../{name}.txt member request {name} -q"));
    std::fs::write(cli.project().join(format!("../{name}.request")), line).unwrap();
}

fn let_in(cli: &Cli, name: &str, role: &str) {
    cli.ok(&format!("member add {name} --request ../{name}.request --yes --role {role}"));
}

fn member(cli: &Cli, name: &str, role: &str) {
    request(cli, name);
    let_in(cli, name, role);
}

fn names(list: &Value, of: &str) -> Vec<String> {
    let rows = list[of].as_array().unwrap().iter();
    rows.map(|row| row["name"].as_str().or(row["member"].as_str()).unwrap().to_owned()).collect()
}

fn members(cli: &Cli) -> Vec<String> {
    names(&cli.json("member list"), "members")
}

#[track_caller]
fn rejected(run: &Run) -> (i32, String) {
    let last = run.err.trim().lines().last().unwrap();
    let error: Value = serde_json::from_str(last).unwrap();
    (run.code, error["error"]["code"].as_str().unwrap().to_owned())
}

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
    assert_eq!(rejected(&cli.run("policy rebase --json")), (1, "not-confirmed".into()));
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
    assert_eq!(rejected(&open), (1, "rebase-undecided".into()));
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
    assert_eq!(rejected(&run), (4, "not-permitted".into()));
}

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
    assert_eq!(rejected(&open), (1, "rebase-undecided".into()));
    rebased(&repository, "--leave 2");
    assert_eq!(repository.0.ok("get A"), "one");
}

#[test]
fn a_branch_is_rebased_commit_by_commit() {
    let Some(repository) = branches(
        developers,
        |cli| {
            cli.ok("role create first");
            cli.set("X", "x");
        },
        |cli| drop(cli.ok("role create of-main")),
    ) else {
        return;
    };
    let cli = &repository.0;
    repository.git(&["checkout", "--quiet", "side"]);
    cli.ok("pin accept --yes");
    cli.ok("role create second");
    cli.set("X", "later");
    cli.set("Y", "y");
    repository.commit("second");
    assert!(!repository.git_in(&repository.root(), &["rebase", "main"]).status.success());
    for last in [false, true] {
        let refused = cli.run("git resolve --json");
        assert_eq!(failure(&refused), (7, "policy-diverged".into()), "{refused:?}");
        let line = "v-secure policy rebase --yes && git add .v-secure && git commit --no-edit && git rebase --continue";
        assert!(refused.shows(&line.replace(" --yes", "")), "{refused:?}");
        let done = typed(&repository, line);
        assert_eq!(done.status.success(), last, "{done:?}");
    }
    cli.ok("audit verify --base main");
    assert_eq!((cli.ok("get X"), cli.ok("get Y")), ("later".into(), "y".into()));
    let roles = cli.ok("role list");
    assert!(["first", "second", "of-main"].iter().all(|role| roles.contains(role)), "{roles}");
    let versions = cli.json("secret versions X")["versions"].as_array().unwrap().len();
    assert_eq!(versions, 2, "nothing is issued anew twice");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    cli.ok("audit verify");
}

#[test]
fn a_branch_that_is_named_stays_and_merges_afterwards() {
    let Some(repository) = branches(
        developers,
        |cli| drop(cli.ok("role create of-side")),
        |cli| drop(cli.ok("role create of-main")),
    ) else {
        return;
    };
    let cli = &repository.0;
    let view = cli.json("policy rebase side --yes");
    assert_eq!((&view["stays"], &view["ops"][0]["verdict"]), (&"side".into(), &"again".into()));
    repository.commit("rebased");
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    cli.ok("audit verify --base side");
    let roles = cli.ok("role list");
    assert!(roles.contains("of-main") && roles.contains("of-side"), "{roles}");
    assert_eq!(cli.fails("policy rebase side --yes"), (7, "not-parted".into()));
    assert_eq!(cli.fails("policy rebase --yes"), (5, "no-sides".into()));
    assert_eq!(cli.fails("policy rebase nowhere --yes"), (5, "base-missing".into()));
}

/// A clone that knows the side that gave way follows on the word of its own owners, and is told nothing else.
#[test]
fn a_clone_that_knows_the_other_side_follows() {
    let Some(repository) = branches(
        developers,
        |cli| {
            cli.ok("role create of-side");
            cli.set("B", "b");
        },
        |cli| drop(cli.ok("role create of-main")),
    ) else {
        return;
    };
    let cli = &repository.0;
    let state = cli.project().with_file_name("elsewhere");
    let elsewhere = |line: &str| {
        let mut command = cli.command(line);
        command.env("XDG_STATE_HOME", &state);
        finish(&mut command, b"")
    };
    repository.git(&["checkout", "--quiet", "side"]);
    assert_eq!(elsewhere("pin accept --yes").code, 0);
    repository.git(&["checkout", "--quiet", "main"]);
    assert_eq!(elsewhere("get A").code, 6, "the policies parted");
    let merge = repository.git_in(&repository.root(), &["merge", "--no-edit", "side"]);
    assert!(!merge.status.success());
    rebased(&repository, "");
    for line in ["get B --strict", "audit verify --strict", "get A"] {
        let run = elsewhere(line);
        assert!(run.code == 0 && run.err.is_empty(), "{line}: {run:?}");
    }
    repository.git(&["checkout", "--quiet", "side"]);
    assert_eq!(elsewhere("get A").code, 6, "it is held to the new one");
}

/// Says of the vault here that it took over the policy of another state, and takes nothing over.
fn claim(cli: &Cli, identity: &Path, head: PolicyId) {
    let (_, signer) = testkit::thief(&cli.vault(), identity);
    let (vault, mut file) = (testkit::open(&cli.vault()), testkit::parse(&cli.vault()));
    let (ops, heads) = (vec![PolicyOp::Rebase { head }], vault.known_heads());
    let now = UnixTime::from_secs(1_800_000_000);
    let draft = PolicyDraft::next(vault.chain(), now, heads, ops, String::new());
    file.chain.push(draft.sign(&[&signer.key]));
    std::fs::write(cli.vault(), format::write(&file)).unwrap();
}

/// Whoever was removed by the policy that gives way may still be an owner by the other one.
#[test]
fn nobody_makes_a_clone_follow_who_is_no_owner_by_what_it_knows() {
    for (who, follows) in [("boss", false), ("ada", true)] {
        let Some(repository) = branches(
            |cli| member(cli, "boss", "owner"),
            |cli| drop(cli.ok("member remove boss --yes")),
            |cli| drop(cli.ok("role create of-main")),
        ) else {
            return;
        };
        let cli = &repository.0;
        let state = cli.project().with_file_name("elsewhere");
        let elsewhere = |line: &str| {
            let mut command = cli.command(line);
            command.env("XDG_STATE_HOME", &state);
            finish(&mut command, b"")
        };
        repository.git(&["checkout", "--quiet", "side"]);
        assert_eq!(elsewhere("pin accept --yes").code, 0);
        let head = testkit::open(&cli.vault()).chain().head();
        repository.git(&["checkout", "--quiet", "main"]);
        let identity = match who {
            "boss" => cli.project().with_file_name("boss.txt"),
            _ => cli.project().with_file_name("home").join("config/v-secure/identity.txt"),
        };
        claim(cli, &identity, head);
        let seen = elsewhere("get A --json");
        assert_eq!(seen.code == 0, follows, "{who}: {seen:?}");
        let verified = cli.run("audit verify --base side");
        let expected = if follows { "base-policy-rebased" } else { "base-policy-diverged" };
        assert!(verified.shows(expected), "{who}: {verified:?}");
        assert_eq!(verified.code == 0, follows);
    }
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
    assert_eq!(rejected(&run), (4, "not-permitted".into()));
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
    assert_eq!(rejected(&run), (7, "rebase-blocked".into()));
    assert!(run.shows("read on default/* for bob"), "{run:?}");
    rebased(&repository, "--keep theirs");
    assert_ne!(cli.run("--identity ../bob.txt get A").code, 0);
}

#[test]
fn values_that_the_signer_cannot_read_are_named_with_who_can() {
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
    // Ada was let go on the other side, which boss makes again: ada is asked to sign the end of her own rights.
    let refused = cli.run("policy rebase --yes --json");
    assert_ne!(refused.code, 0, "{refused:?}");
    let run = cli.run("--identity ../boss.txt policy rebase --yes");
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(cli.ok("--identity ../boss.txt get B"), "after ada");
    assert_ne!(cli.run("get A").code, 0, "ada is gone");
}
