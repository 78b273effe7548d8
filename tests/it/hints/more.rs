//! Cases of hints that no case of the transcripts gives.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{
    a, after, let_in, nothing, pin_of_another, repository, request, sealed, service, vault,
};
use std::fs;
use v_secure_testkit::stage::Stage;

pub fn cases() -> Vec<Case> {
    let all = [usage(), values(), files(), backups(), identities(), damage()];
    all.into_iter().flatten().collect()
}

/// With a value that has a NUL.
fn nul(stage: &Stage) {
    a(stage);
    stage.ok("printf 'a\\0b' | v-secure set B --raw");
}

fn two(stage: &Stage) {
    a(stage);
    stage.ok("printf two | v-secure set B");
}

/// A colleague who read a value and was let go.
fn let_go(stage: &Stage) {
    let_in(stage);
    stage.ok("printf x | v-secure set dev/A && v-secure member remove developer-1 --yes");
}

fn usage() -> Vec<Case> {
    vec![
        case("bad-variable", two, "v-secure exec --as-file F=A --as-file F=B -- true"),
        case("bad-variable", a, "v-secure exec --as-file =A -- true"),
        case("bad-reason", let_go, "v-secure secret waive dev/A --reason ''"),
        case("bad-name", a, "v-secure set B=x"),
        case("usage", a, "v-secure secret rotate A typed"),
        case("usage", a, "v-secure settings set a b c"),
        case("usage", a, "v-secure audit verify --state"),
        case("usage", nothing, "v-secure init --recovery-out -"),
        case("policy-op-threshold-too-high", a, "v-secure owner threshold 2 --yes"),
        case("several-values", two, "v-secure get A B"),
        case("bad-time", a, "v-secure unlock --for 8d"),
        case("bad-time", a, "v-secure audit log --since soon"),
        case("no-secrets", a, "v-secure ls 'X*'"),
        case("no-secrets", a, "v-secure exec --tag web -- true"),
        case("empty-value", a, "EDITOR='cp /dev/null' v-secure secret edit A"),
    ]
}

fn values() -> Vec<Case> {
    vec![
        case("environment", nul, "v-secure exec -- true"),
        case(
            "environment",
            after!(a, "printf x | v-secure set a-b"),
            "v-secure exec --only a-b -- true",
        ),
        case("environment", after!(two, "v-secure secret set B --var A"), "v-secure exec -- true"),
        case(
            "environment",
            after!(two, "printf x | v-secure set LD_PRELOAD && printf x | v-secure set LD_AUDIT"),
            "v-secure exec -- true",
        ),
        case("environment", two, "v-secure exec --as-file B=A -- true"),
        case(
            "export-format",
            after!(a, "printf \"it's \\${B}\" | v-secure set B"),
            "v-secure export --format dotenv",
        ),
        case("export-format", nul, "v-secure export --format shell"),
        case(
            "no-github-env",
            after!(a, "touch ../env"),
            "GITHUB_ENV=../env v-secure export --format github -o -",
        ),
        case(
            "import-from",
            after!(a, "echo 'A=ENC[AES256_GCM,data:q1w2,iv:e3,tag:r4,type:str]' > s.env"),
            "v-secure import s.env",
        ),
        case(
            "import-syntax",
            after!(a, "echo '{\"B\":{\"C\":\"1\"}}' > levels.json"),
            "v-secure import levels.json",
        ),
    ]
}

fn files() -> Vec<Case> {
    vec![
        case(
            "exists",
            after!(a, "echo '{{ v-secure:A }}' > t && touch out"),
            "v-secure inject -i t -o out",
        ),
        case(
            "exists",
            after!(a, "echo '{{ v-secure:A }}' > t"),
            "v-secure inject -i t -o t --force",
        ),
        case("exists", after!(a, "touch rec.txt"), "v-secure recovery new --out rec.txt"),
        case("not-found", a, "echo '{{ v-secure:NOPE }}' | v-secure inject"),
        case("file", a, "head -c 20000000 /dev/zero | v-secure import --format dotenv -"),
        case("refused", staged, "v-secure git pre-commit").with("git"),
    ]
}

/// With a vault that does not verify staged.
fn staged(stage: &Stage) {
    repository(stage);
    stage.replace(&stage.vault(), "\"admin\"", "\"eve\"");
    stage.ok("git add . && git checkout -q HEAD -- . && git show HEAD:.v-secure/vault.toml | sed s/admin/eve/ > v && cp v .v-secure/vault.toml && git add .v-secure");
}

const OPEN: &str = "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip'";

fn with_identity(stage: &Stage) {
    a(stage);
    stage.ok(&format!("{OPEN} v-secure backup create b.age --with-identity --passphrase"));
}

fn backups() -> Vec<Case> {
    vec![
        case(
            "exists",
            after!(with_identity, "touch key.txt"),
            format!("{OPEN} v-secure backup restore b.age --identity-out key.txt"),
        ),
        case(
            "backup-reader",
            a,
            "v-secure backup create b.age --with-identity --recipient $(sed -n 's/.*public key: //p' ../home/.config/v-secure/identity.txt)",
        ),
        case(
            "config-folder",
            after!(
                with_identity,
                "rm -r .v-secure ../home/.config/v-secure && mkdir -m 777 ../home/.config/v-secure"
            ),
            format!("{OPEN} v-secure backup restore b.age"),
        ),
        case("exists", after!(a, "touch b.age"), "v-secure backup create b.age"),
        case("recipient", a, "v-secure backup create b.age --recipient age1nonsense"),
        case(
            "weak-passphrase",
            a,
            "V_SECURE_BACKUP_PASSPHRASE=hunter2 v-secure backup create b.age --passphrase",
        ),
        case("no-signing-key", service, "v-secure --identity ci.txt backup create b.age"),
        case(
            "backup-locked",
            with_identity,
            "V_SECURE_BACKUP_PASSPHRASE=wrong v-secure backup restore b.age",
        ),
        case("file", a, "v-secure backup restore missing.age"),
        case(
            "trailing-bytes",
            after!(with_identity, "echo tail >> .v-secure/vault.toml"),
            format!("{OPEN} v-secure backup restore b.age"),
        ),
    ]
}

/// With an SSH key as the identity.
fn by_ssh(stage: &Stage) {
    stage.ok("ssh-keygen -q -t ed25519 -N '' -C '' -f key");
    stage.ok("v-secure --identity key init --vault-name shop --member admin");
}

fn identities() -> Vec<Case> {
    vec![
        case("identity-twice", nothing, "v-secure --identity key.txt init --passphrase"),
        case("fingerprint", request, "v-secure member add developer-1 --request request.txt --fingerprint 'some other words'"),
        case("exists", a, "v-secure identity restore - < ../home/.config/v-secure/identity.txt"),
        case("no-home", after!(nothing, "v-secure identity new -o key.txt"), "env -u HOME v-secure identity restore key.txt"),
        case("identity-syntax", after!(a, "v-secure identity new -o k && cat k ../home/.config/v-secure/identity.txt > both.txt"), "v-secure recovery test both.txt"),
        case("identity-syntax", after!(a, "echo AGE-SECRET-KEY-1NONSENSE > key.txt"), "v-secure recovery test key.txt"),
        case("nothing-to-seal", by_ssh, "V_SECURE_NEW_PASSPHRASE='banjo kettle orbit thrift mellow canyon' v-secure --identity key key slot add").with("ssh-keygen"),
        case("policy-op-plugin", a, "v-secure member add svc --recipient age1scripted1qqqqqqqqqqqqqqqqhxemgs --read 'dev/*'"),
        case("no-slot", sealed, "V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty' v-secure key slot remove phone"),
        case("no-keyring-slot", vault, "v-secure keyring remove"),
        case("pin-carried", pin_of_another, "V_SECURE_PIN=$(cat pin.txt) v-secure pin accept --yes"),
        case("identity-lost", a, "v-secure recovery new --out - > /dev/full"),
    ]
}

/// The last commit is whole, and the file has something behind its end.
fn tail(stage: &Stage) {
    repository(stage);
    let text = fs::read_to_string(stage.vault()).unwrap();
    fs::write(stage.vault(), text + "tail\n").unwrap();
}

fn damage() -> Vec<Case> {
    vec![
        case("trailing-bytes", tail, "v-secure get A").with("git"),
        case(
            "journal-broken",
            after!(a, "v-secure get A && sed -i s/get/got/ ../home/.local/state/v-secure/reads/*"),
            "v-secure audit export --format jsonl --reads",
        ),
    ]
}
