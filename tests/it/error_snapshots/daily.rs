//! Cases of the commands for daily use: people who leave, keys, editing, unlocking.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{a, after, contracted, let_in, repository, vault};
use v_secure_testkit::stage::Stage;

/// A colleague who read a value and was let go.
fn let_go(stage: &Stage) {
    let_in(stage);
    stage.ok("printf x | v-secure set dev/A");
    stage.ok("v-secure member remove developer-1 --yes");
}

fn long_let_go(stage: &Stage) {
    let_go(stage);
    stage.ok("sleep 2");
}

/// With an entry's id in id.txt.
fn logged(stage: &Stage) {
    a(stage);
    let id = r#"s/.*"id": "\([^"]*\)".*/\1/p"#;
    stage.ok(&format!("v-secure audit log --json | sed -n '{id}' | head -1 > id.txt"));
}

pub fn all() -> Vec<Case> {
    people().into_iter().chain(values()).chain(editing()).collect()
}

/// With another value of the same name in prod.
fn in_two(stage: &Stage) {
    a(stage);
    stage.ok("printf two | v-secure set prod/A");
}

/// With the plain text of a secret staged.
fn plain(stage: &Stage) {
    a(stage);
    stage.ok("git init --quiet && echo A=one > .env && git add .");
}

/// With the value of a secret in a file that is staged.
fn staged_value(stage: &Stage) {
    repository(stage);
    stage.ok(
        "printf %s x9Lq2vRt7Pw4zK1m0TbC > app.conf && v-secure set A --file app.conf && git add .",
    );
}

fn values() -> Vec<Case> {
    vec![
        case("no-value", a, "v-secure secret rotate A"),
        case("no-environment", in_two, "v-secure ls -e prdo"),
        case("several-values", in_two, "v-secure get A prod/A --version 1"),
        case("not-exposed", a, "v-secure secret waive A --reason 'an example'"),
        case("plain-file", plain, "v-secure git pre-commit").with("git"),
        case(
            "plain-key",
            after!(
                repository,
                "cp ../home/.config/v-secure/identity.txt . && git add identity.txt"
            ),
            "v-secure git pre-commit",
        )
        .with("git"),
        case("value-staged", staged_value, "v-secure git pre-commit").with("git"),
        case("differs", in_two, "v-secure secret diff default prod --exit-code"),
        case("exists", in_two, "v-secure secret copy A --to-env prod"),
        case("same-name", a, "v-secure secret rename A A"),
    ]
}

fn binary(stage: &Stage) {
    vault(stage);
    stage.ok("printf '\\377' | v-secure set A --raw");
}

fn editing() -> Vec<Case> {
    let meanwhile = "EDITOR=\"sh -c 'printf b | v-secure set A -q; echo c > \\$1' sh\"";
    vec![
        case("no-editor", a, "v-secure edit"),
        case("no-github-env", a, "v-secure export --format github"),
        case("editor", a, "EDITOR=false v-secure secret edit A"),
        case("not-text", binary, "EDITOR=true v-secure secret edit A"),
        case("edit-syntax", a, "EDITOR='sed -i s/=/:/' v-secure edit"),
        case("lines-missing", a, "EDITOR='sed -i /^A=/d' v-secure edit"),
        case("edited-meanwhile", a, format!("{meanwhile} v-secure secret edit A")),
    ]
}

fn people() -> Vec<Case> {
    vec![
        case("exposed", long_let_go, "v-secure exposed --deadline 1s"),
        case("no-device", let_in, "v-secure member key remove developer-1/desktop --yes"),
        case("last-device", let_in, "v-secure member key remove developer-1/laptop --lost --yes"),
        case("no-entry", a, "v-secure adopt 0000000000"),
        case("not-void", logged, "v-secure adopt -- $(cat id.txt)"),
        case("no-grant", let_in, "v-secure access revoke developer 'prod/*' write"),
        case("no-grant", let_in, "v-secure access revoke developer dev/A read"),
        case("not-confirmed", let_in, "v-secure member remove developer-1"),
        case("not-vouched", contracted, "v-secure role join ops svc"),
        case("not-vouched", contracted, "v-secure access grant lead 'prod/*' read"),
        case("not-permitted", let_in, "v-secure --identity other.txt member remove admin --yes"),
        case("policy-op-last-owner", a, "v-secure member remove admin --yes"),
        case("owner-role", a, "v-secure access revoke owner '*' read"),
        case(
            "member-expiry",
            let_in,
            "v-secure member add developer-1 --device --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa --expires 30d --yes",
        ),
    ]
}
