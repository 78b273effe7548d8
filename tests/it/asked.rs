//! What `git resolve` and `policy rebase` ask about on a terminal, answered with yes and with no.

use expectrl::Expect;
use std::fs;
use v_secure_testkit::cli::Cli;
use v_secure_testkit::repository::Repository;
use v_secure_testkit::terminal::{rest, terminal, type_in};

/// `main` of a clone with the driver.
fn repository() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.0.ok("git install");
    repository.git(&["add", ".v-secure"]);
    repository.commit("driver");
    Some(repository)
}

#[track_caller]
fn stopped(repository: &Repository, arguments: &[&str]) {
    let stopped = repository.git_in(&repository.root(), arguments);
    assert!(!stopped.status.success(), "{arguments:?}: {stopped:?}");
}

/// Types an answer where a question appears; returns what is printed afterwards.
fn answered(cli: &Cli, line: &str, answer: &str) -> String {
    let mut session = terminal(cli.command(line));
    type_in(&mut session, "?", answer);
    rest(&mut session)
}

/// Answers what is asked about each change of a rebase, and the question whether to sign it; returns how many
/// questions there were about changes, and what is printed afterwards.
fn rebased(cli: &Cli, of_each: &str, at_last: &str) -> (usize, String) {
    let mut session = terminal(cli.command("policy rebase"));
    let (mut asked, mut before) = (0, String::new());
    loop {
        // The bracket tells the question from its answer, which repeats it.
        let found = session.expect("signed by you? [").unwrap();
        let text = String::from_utf8_lossy(found.before()).into_owned();
        let question = text.rsplit(['\n', '\u{1b}']).next().unwrap_or_default();
        let question = question.trim_start_matches("[2K").to_owned();
        // A key that was typed draws the question again, and another answer would be the next one's.
        if question == before {
            continue;
        }
        let is_last = question.contains("Make the changes of");
        session.send(format!("{}\r", if is_last { at_last } else { of_each })).unwrap();
        if is_last {
            return (asked, rest(&mut session));
        }
        (asked, before) = (asked + 1, question);
    }
}

#[test]
fn a_commit_that_is_taken_back_is_asked_about() {
    let Some(repository) = repository() else { return };
    let cli = &repository.0;
    cli.set("A", "two");
    repository.commit("two");
    stopped(&repository, &["revert", "--no-edit", "HEAD"]);
    let before = fs::read(cli.vault()).unwrap();
    let said = answered(cli, "git resolve", "n");
    assert!(said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
    let said = answered(cli, "git resolve", "y");
    assert_eq!(cli.ok("get A"), "one", "{said}");
    cli.ok("audit verify --base HEAD");
}

fn request(cli: &Cli, name: &str) {
    cli.ok(&format!("identity new -o ../{name}.txt"));
    let line = cli.ok(&format!("--identity ../{name}.txt member request {name} -q"));
    fs::write(cli.project().join(format!("../{name}.request")), line).unwrap();
}

/// An owner who let bob in on one branch is removed on the other: whether bob stays is a question.
fn parted() -> Option<Repository> {
    let repository = repository()?;
    let cli = &repository.0;
    cli.ok("role create dev --grant read:default/*");
    request(cli, "boss");
    request(cli, "bob");
    cli.ok("member add boss --request ../boss.request --yes --role owner");
    repository.commit("common");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    cli.ok("--identity ../boss.txt member add bob --request ../bob.request --yes --role dev");
    repository.commit("side");
    repository.git(&["checkout", "--quiet", "main"]);
    cli.ok("pin accept --yes");
    cli.ok("member remove boss --yes");
    repository.commit("main");
    stopped(&repository, &["merge", "--no-edit", "side"]);
    Some(repository)
}

#[test]
fn a_rebase_that_is_declined_at_the_end_writes_nothing() {
    let Some(repository) = parted() else { return };
    let cli = &repository.0;
    let before = fs::read(cli.vault()).unwrap();
    let (asked, said) = rebased(cli, "y", "n");
    assert!(asked > 0 && said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read(cli.vault()).unwrap(), before);
}

#[test]
fn what_is_asked_about_in_a_rebase_is_made_as_it_is_answered() {
    for (answer, is_in) in [("y", true), ("n", false)] {
        let Some(repository) = parted() else { return };
        let cli = &repository.0;
        let (asked, said) = rebased(cli, answer, "y");
        assert!(asked > 0, "{said}");
        let listed = cli.run("member list");
        assert_eq!(listed.code, 0, "{said}\n{listed:?}");
        let members = listed.text();
        assert_eq!(members.contains("bob"), is_in, "{said}\n{members}");
        assert!(!members.contains("boss"), "{members}");
        let read = cli.run("--identity ../bob.txt get A");
        assert_eq!(read.code == 0, is_in, "{read:?}");
        repository.git(&["add", ".v-secure"]);
        repository.git(&["commit", "--quiet", "--no-edit"]);
        cli.ok("audit verify --base side");
    }
}
