//! Branches that both changed members, roles or settings, brought together by `policy rebase` in the state that git
//! leaves.

mod added;
mod people;
mod states;
mod written;

use serde_json::Value;
use v_secure_testkit::cli::Cli;
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

/// Rebases and commits: the hook finds that nothing of either side is lost.
#[track_caller]
fn rebased(repository: &Repository, options: &str) -> String {
    let line = format!(
        "v-secure policy rebase --yes {options} && git add .v-secure && git commit --quiet --no-edit"
    );
    let done = repository.shell(&line);
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
