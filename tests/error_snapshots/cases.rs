//! The cases: a code, what must be there first, and the call that fails.

use crate::stage::Stage;
use std::fs;

pub struct Case {
    pub code: &'static str,
    pub given: fn(&Stage),
    pub line: String,
}

pub fn case(code: &'static str, given: fn(&Stage), line: impl Into<String>) -> Case {
    Case { code, given, line: line.into() }
}

pub fn nothing(_: &Stage) {}

pub fn vault(stage: &Stage) {
    stage.ok("v-secure init --vault-name shop --member admin");
}

/// With the secret A.
pub fn a(stage: &Stage) {
    vault(stage);
    stage.ok("printf one | v-secure set A");
}

fn repository(stage: &Stage) {
    stage.ok("git init --quiet -b main && git commit --quiet --allow-empty -m first");
    a(stage);
    stage.ok("git add . && git commit --quiet -m vault");
}

/// With a service that may read prod, its key in ci.txt.
fn service(stage: &Stage) {
    a(stage);
    stage.ok("printf x | v-secure set prod/A");
    stage.ok("v-secure member add ci --service --new-identity --read 'prod/*' > ci.txt");
    stage.ok("chmod 600 ci.txt");
}

/// With somebody's request in request.txt.
fn request(stage: &Stage) {
    a(stage);
    stage.ok("v-secure role create developer --grant 'read:dev/*'");
    stage.ok("v-secure identity new -o other.txt");
    stage.ok(
        "v-secure --identity other.txt member request developer-1 --device laptop -q > request.txt",
    );
}

pub fn let_in(stage: &Stage) {
    request(stage);
    stage.ok("v-secure member add developer-1 --request request.txt --role developer --yes");
}

/// A second vault in `other`, with its own home.
fn second(stage: &Stage) {
    a(stage);
    stage.ok("mkdir -p other home2 && cd other && HOME=$PWD/../home2 v-secure init --nested --vault-name blog");
}

fn pin_of_another(stage: &Stage) {
    second(stage);
    stage.ok("cd other && HOME=$PWD/../home2 v-secure pin show --json | sed -n 's/.*\"pin\": \"\\(.*\\)\".*/\\1/p' > ../pin.txt");
}

/// Two devices that both call themselves laptop, the first of them let in.
fn asked_twice(stage: &Stage) {
    request(stage);
    stage.ok("v-secure identity new -o third.txt");
    stage.ok(
        "v-secure --identity third.txt member request developer-1 --device laptop -q > second.txt",
    );
    stage.ok("v-secure member add developer-1 --request request.txt --role developer --yes");
}

fn asked_elsewhere(stage: &Stage) {
    second(stage);
    stage.ok("v-secure identity new -o key.txt");
    stage.ok("cd other && v-secure --trust-first-use --identity ../key.txt member request svc -q > ../other.txt");
}

fn broken(stage: &Stage) {
    a(stage);
    stage.replace(&stage.vault(), "\"admin\"", "\"eve\"");
}

fn other_vault(stage: &Stage) {
    second(stage);
    stage.ok("cp other/.v-secure/vault.toml .v-secure/vault.toml");
}

fn diverged(stage: &Stage) {
    a(stage);
    stage.ok("cp .v-secure/vault.toml before.toml && v-secure role create one");
    stage.ok("cp .v-secure/vault.toml one.toml && cp before.toml .v-secure/vault.toml");
    stage.ok("HOME=$PWD/home2 v-secure --trust-first-use --identity ../home/.config/v-secure/identity.txt role create two");
}

fn damaged_pin(stage: &Stage) {
    a(stage);
    stage.ok("for pin in ../home/.local/state/v-secure/pins/*.json; do echo x > $pin; done");
}

fn newer(stage: &Stage) {
    a(stage);
    stage.replace(&stage.vault(), "format = 1", "format = 2");
}

fn large(stage: &Stage) {
    a(stage);
    let file = fs::OpenOptions::new().write(true).open(stage.vault()).unwrap();
    file.set_len((256 << 20) + 1).unwrap();
}

fn header(stage: &Stage) {
    a(stage);
    let text = fs::read_to_string(stage.vault()).unwrap();
    let line = text.lines().find(|line| line.starts_with("vault = ")).unwrap();
    stage.replace(&stage.vault(), line, &format!("vault = \"{}\"", "A".repeat(43)));
}

/// A vault with one more thing done by the shell.
macro_rules! after {
    ($base:expr, $line:literal) => {{
        fn given(stage: &Stage) {
            $base(stage);
            stage.ok($line);
        }
        given
    }};
}

pub fn all() -> Vec<Case> {
    let mut cases = usage();
    cases.extend(failures());
    cases.extend(rights());
    cases.extend(absent());
    cases.extend(crate::daily::all());
    cases.extend(integrity());
    cases.extend(conflicts());
    cases.extend(leaving());
    cases
}

fn leaving() -> Vec<Case> {
    vec![
        case("no-device", let_in, "v-secure member key remove developer-1/no-such --yes"),
        case("last-device", let_in, "v-secure member key remove developer-1/laptop --yes"),
        case("no-grant", let_in, "v-secure access revoke developer 'prod/*' read"),
        case(
            "member-expiry",
            let_in,
            "v-secure identity new -q -o d.txt > /dev/null; v-secure --identity d.txt member request developer-1 --device desk -q > d.line; v-secure member add developer-1 --request d.line --yes --expires 30d",
        ),
        case("owner-role", a, "v-secure role rm owner --yes"),
        case("unknown-audience", a, "v-secure key rotate --audience owner+nobodys"),
        case("no-entry", a, "v-secure adopt nosuchentry"),
        case("not-void", counting, "v-secure adopt $(cat id.txt)"),
        case("exposed", left_with_a_value, "sleep 2; v-secure exposed --deadline 1s"),
    ]
}

/// The id of an entry that counts in id.txt.
fn counting(stage: &Stage) {
    a(stage);
    stage.ok("v-secure audit log --secret-id A --json | sed -n 's/.*\"id\": \"\\(.*\\)\".*/\\1/p' > id.txt");
}

/// Somebody has left who could read dev/A.
fn left_with_a_value(stage: &Stage) {
    let_in(stage);
    stage.ok("printf x | v-secure set dev/A && v-secure member remove developer-1 --yes");
}

fn usage() -> Vec<Case> {
    vec![
        case("bad-generator", a, "v-secure set A --generate=bogus"),
        case("bad-meta", a, "v-secure set A --meta nonsense"),
        case("bad-name", a, "v-secure get 'A B'"),
        case("bad-name", a, "v-secure ls -e 'a b'"),
        case("bad-name", a, "v-secure audit log --actor 'a b'"),
        case("bad-reason", a, format!("v-secure rm --yes A --reason {}", "x".repeat(1001))),
        case("bad-text", a, format!("v-secure set A --description {}", "x".repeat(4097))),
        case("bad-time", a, "v-secure set A --ttl soon"),
        case("bad-time", a, "v-secure set A --expires-at yesterday"),
        case("bad-time", a, "v-secure ls --expiring soon"),
        case("bad-value", a, "v-secure settings set env.prod.extends ''"),
        case("bad-variable", a, "v-secure set A --var 1A"),
        case("empty-value", a, "v-secure set A"),
        case("environment-unsaid", after!(a, "echo B=1 > .env.prod"), "v-secure import .env.prod"),
        case("identity-twice", nothing, "v-secure --identity key.txt init --new-identity"),
        case("policy-op-setting", a, "v-secure settings set no.such on"),
        case("recipient", a, "v-secure member add svc --recipient age1nonsense --read 'dev/*'"),
        case("repeated-field", a, "v-secure set A --meta team=a --meta team=b"),
        case("bad-filter", a, "v-secure logs tail --filter sometimes"),
        case("setting-variable", a, "v-secure settings set variables.allow 'V_SECURE_*'"),
        case("usage", a, "v-secure get A --bogus"),
        case("usage", a, "v-secure gett A"),
        case("usage", a, "v-secure exec --onyl A -- true"),
        case("value-in-arguments", a, "v-secure set A hunter2"),
    ]
}

fn failures() -> Vec<Case> {
    vec![
        case(
            "config",
            after!(a, "echo nonsense = 1 > ../home/.config/v-secure/config.toml"),
            "v-secure get A",
        ),
        case(
            "config-folder",
            after!(nothing, "mkdir ../home/.config && touch ../home/.config/v-secure"),
            "v-secure identity new",
        ),
        case("current-folder", a, "mkdir -p gone && cd gone && rmdir ../gone && v-secure ls"),
        case(
            "environment",
            after!(a, "printf x | v-secure set LD_PRELOAD"),
            "v-secure exec -- true",
        ),
        case(
            "export-format",
            after!(a, "printf '\\377' | v-secure set B"),
            "v-secure export --format dotenv",
        ),
        case("file", a, "v-secure set A --file ."),
        case("first-use", a, "HOME=$PWD/elsewhere v-secure get A"),
        case(
            "identity-lost",
            a,
            "v-secure member add ci --service --new-identity --read 'prod/*' > /dev/full",
        ),
        case("import-syntax", after!(a, "echo 'A=\"open' > .env"), "v-secure import .env"),
        case(
            "journal-read",
            after!(a, "v-secure get A && chmod 666 ../home/.local/state/v-secure/reads/*"),
            "v-secure audit log --reads",
        ),
        case("needs-newer", newer, "v-secure ls"),
        case("no-home", nothing, "env -u HOME v-secure identity new"),
        case("no-state", a, "env -u HOME v-secure pin accept"),
        case("not-confirmed", request, "v-secure member add developer-1 --request request.txt"),
        case("output", a, "v-secure ls > /dev/full"),
        case("state", after!(a, "chmod 777 ../home/.local/state/v-secure"), "v-secure get A"),
        case("stdin", a, "head -c 1048577 /dev/zero | v-secure set A"),
        case("unsound", broken, "v-secure doctor"),
        case(
            "vault-refused",
            after!(a, "mv .v-secure/vault.toml v && ln -s ../v .v-secure/vault.toml"),
            "v-secure ls",
        ),
        case("write", a, "v-secure export --format dotenv --output missing/folder/out.env"),
        case(
            "expired",
            after!(a, "printf x | v-secure set B --expires-at 2020-01-01"),
            "v-secure get B",
        ),
        case("child-start", a, "v-secure exec -- no-such-program"),
        case("child-start", a, "v-secure exec -- ./.v-secure"),
    ]
}

fn rights() -> Vec<Case> {
    vec![
        case("age-debug", nothing, "AGEDEBUG=plugin v-secure ls"),
        case(
            "identity-command",
            nothing,
            "V_SECURE_IDENTITY_CMD='exit 7' v-secure init --vault-name shop",
        ),
        case(
            "ssh-passphrase",
            after!(
                nothing,
                "ssh-keygen -q -t ed25519 -N secret -C '' -f key && v-secure --identity key init --vault-name shop --member admin"
            ),
            "v-secure --identity key get A",
        ),
        case("identity-file", a, "v-secure --identity missing.txt get A"),
        case(
            "identity-syntax",
            after!(a, "echo nonsense > key.txt"),
            "v-secure --identity key.txt get A",
        ),
        case(
            "locked",
            after!(a, "v-secure identity new -o other.txt"),
            "v-secure --identity other.txt get A",
        ),
        case("locked", after!(a, "rm ../home/.config/v-secure/identity.txt"), "v-secure get A"),
        case("no-identity", nothing, "v-secure identity show"),
        case(
            "journal",
            after!(
                a,
                "v-secure settings set reads required && cp ../home/.config/v-secure/identity.txt key.txt"
            ),
            "env -u HOME v-secure --trust-first-use --identity key.txt get A",
        ),
        case("no-signing-key", service, "printf x | v-secure --identity ci.txt set prod/A"),
        case("not-permitted", service, "v-secure --identity ci.txt get A"),
        case("not-permitted", let_in, "printf x | v-secure --identity other.txt set A"),
        case("not-permitted", let_in, "v-secure --identity other.txt role create more"),
    ]
}

fn absent() -> Vec<Case> {
    vec![
        case("base-missing", repository, "v-secure audit verify --base no-such"),
        case("base-without-vault", repository, "v-secure audit verify --base HEAD~1"),
        case("file", a, "v-secure set A --file missing.txt"),
        case("no-member", a, "v-secure member show nobody"),
        case("no-repository", a, "v-secure git install"),
        case(
            "no-role",
            request,
            "v-secure member add developer-1 --request request.txt --role nobodys",
        ),
        case("policy-op-unknown-role", a, "v-secure access grant nobodys 'dev/*' read"),
        case("no-secrets", a, "v-secure exec -e prdo -- true"),
        case("no-vault", nothing, "v-secure ls"),
        case("no-vault", nothing, "v-secure --vault elsewhere ls"),
        case("no-version", a, "v-secure get A --version 9"),
        case("not-found", a, "v-secure get NOPE"),
        case("unknown-audience", a, "v-secure key rotate --audience developer+owner"),
        case(
            "not-found",
            after!(a, "printf x | v-secure set DATABASE_URL"),
            "v-secure get DATABSE_URL",
        ),
        case("removed", after!(a, "v-secure rm --yes A"), "v-secure get A"),
        case("no-action", a, "v-secure audit log --action dance"),
        case("not-found", a, "v-secure audit log --secret-id NOPE"),
        case("no-member", a, "v-secure logs tail --filter actor=nobody"),
        case(
            "pruned",
            after!(a, "printf two | v-secure set A && v-secure settings set retention.versions 1"),
            "v-secure get A --version 1",
        ),
    ]
}

fn integrity() -> Vec<Case> {
    vec![
        case(
            "journal-broken",
            after!(a, "v-secure get A && sed -i s/get/got/ ../home/.local/state/v-secure/reads/*"),
            "v-secure audit verify --reads",
        ),
        case("file-too-large", large, "v-secure ls"),
        case("fingerprint", other_vault, "v-secure pin accept --fingerprint 'some other words'"),
        case("header-vault", header, "v-secure ls"),
        case("pin", damaged_pin, "v-secure get A"),
        case("pin-carried", pin_of_another, "V_SECURE_PIN=$(cat pin.txt) v-secure get A"),
        case("pin-diverged", after!(diverged, "cp one.toml two.toml"), "v-secure get A"),
        case("pin-other-vault", other_vault, "v-secure get A"),
        case("pin-syntax", a, "V_SECURE_PIN=nonsense v-secure get A"),
        case("refused", broken, "v-secure audit verify"),
        case("request", a, "v-secure member add developer-1 --request v-secure-request-1.nonsense"),
        case(
            "vault-deleted",
            after!(repository, "git rm --quiet --cached .v-secure/vault.toml"),
            "v-secure git pre-commit",
        ),
    ]
}

fn conflicts() -> Vec<Case> {
    vec![
        case("current", a, "v-secure secret rollback A --version 1"),
        case(
            "device-taken",
            asked_twice,
            "v-secure member add developer-1 --request second.txt --yes",
        ),
        case("environment", a, "A=two v-secure exec -- true"),
        case("exists", vault, "v-secure init"),
        case("exists", a, "v-secure member request"),
        case(
            "exists",
            after!(a, "touch out.env"),
            "v-secure export --format dotenv --output out.env",
        ),
        case(
            "foreign-hook",
            after!(repository, "printf '#!/usr/bin/python3\\n' > .git/hooks/pre-commit"),
            "v-secure git install",
        ),
        case("member-kind", let_in, "v-secure member add developer-1 --service --new-identity"),
        case("nested", after!(a, "mkdir below"), "cd below && v-secure init"),
        case("not-removed", a, "v-secure secret restore A"),
        case("policy-op-role-exists", let_in, "v-secure role create developer"),
        case(
            "recipient-taken",
            service,
            "v-secure member add svc --recipient $(sed -n 's/.*public key: //p' ci.txt) --read 'dev/*'",
        ),
        case(
            "request-other-name",
            request,
            "v-secure member add developer-2 --request request.txt --role developer",
        ),
        case(
            "request-other-vault",
            asked_elsewhere,
            "v-secure member add svc --request other.txt --yes",
        ),
        case(
            "role-taken",
            after!(a, "v-secure role create ci"),
            "v-secure member add ci --service --new-identity --read 'prod/*'",
        ),
        case("version-conflict", a, "printf x | v-secure set A --if-version 7"),
    ]
}
