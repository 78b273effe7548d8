//! The states that git leaves, and the clones that had accepted the side that gave way.

use super::{branches, developers, member, parted, rebased, text};
use std::path::Path;
use v_secure_core::crypto::id::PolicyId;
use v_secure_core::file::format;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::time::UnixTime;
use v_secure_testkit::branches as testkit;
use v_secure_testkit::cli::{Cli, Run, failure, finish};

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
        let done = repository.shell(line);
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
/// As another device runs it: with a state folder of its own, which knows what that device accepted.
fn elsewhere(cli: &Cli, line: &str) -> Run {
    let mut command = cli.command(line);
    command.env("XDG_STATE_HOME", cli.project().with_file_name("elsewhere"));
    finish(&mut command, b"")
}

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
    let elsewhere = |line: &str| elsewhere(cli, line);
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
        let elsewhere = |line: &str| elsewhere(cli, line);
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
fn a_revision_that_git_does_not_know_is_a_slip_and_the_names_are_near() {
    let sides = branches(|_| (), |cli| drop(cli.ok("role create s")), |cli| cli.set("M", "m"));
    let Some(repository) = sides else { return };
    let refused = repository.0.run("policy rebase sdie --yes --json");
    assert_eq!(failure(&refused), (5, "base-missing".into()));
    assert!(refused.shows("git branch --all"), "{refused:?}");
}

/// Marks that were committed hold two policies; a third one that parted from both has no place beside them.
#[test]
fn a_third_policy_waits_until_the_first_two_are_one() {
    let role = |name: &'static str| move |cli: &Cli| drop(cli.ok(&format!("role create {name}")));
    let Some(repository) = branches(|_| (), role("of-side"), role("of-main")) else { return };
    let (cli, root) = (&repository.0, repository.root());
    repository.git(&["checkout", "--quiet", "-b", "third", "main~1"]);
    cli.ok("pin accept --yes");
    role("of-third")(cli);
    repository.commit("third");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("pin accept --yes");
    assert!(!repository.git_in(&root, &["merge", "side"]).status.success());
    repository.git(&["commit", "--quiet", "--all", "--no-verify", "-m", "marks"]);
    let marked = std::fs::read(cli.vault()).unwrap();
    let merge = repository.git_in(&root, &["merge", "--no-edit", "third"]);
    let said = text(&merge.stderr);
    assert!(!merge.status.success() && said.contains("a third one comes in"), "{said}");
    assert_eq!(std::fs::read(cli.vault()).unwrap(), marked);
    let hint = said.lines().find_map(|line| line.trim().strip_prefix("try: ")).unwrap();
    let first = repository.shell(&hint.replace("policy rebase", "policy rebase --yes"));
    assert!(first.status.success(), "{first:?}");
    assert!(!repository.git_in(&root, &["merge", "--no-edit", "third"]).status.success());
    let last = "v-secure policy rebase --yes && git add .v-secure && git commit --quiet --no-edit";
    assert!(repository.shell(last).status.success());
    let roles = cli.ok("role list");
    assert!(["of-side", "of-main", "of-third"].iter().all(|role| roles.contains(role)), "{roles}");
    cli.ok("audit verify");
}

/// Of keys alone nothing is listed, so that it is said what gives way.
#[test]
fn of_new_keys_on_both_sides_it_is_said_that_one_gives_way() {
    let rotate = |cli: &Cli| drop(cli.ok("key rotate --all"));
    let Some(repository) = parted(|_| (), rotate, rotate) else { return };
    let resolve = repository.0.run("git resolve");
    assert!(resolve.shows("both sides changed keys, and neither"), "{resolve:?}");
    let said = rebased(&repository, "");
    assert!(said.contains("new keys, which give way: the side that stays made its own"), "{said}");
}
