//! What is there before a case: vaults, people and damage.

use std::fs;
use v_secure_testkit::stage::Stage;

/// A vault with one more thing done by the shell.
macro_rules! after {
    ($base:expr, $line:literal) => {{
        fn given(stage: &v_secure_testkit::stage::Stage) {
            $base(stage);
            stage.ok($line);
        }
        given
    }};
}
pub(crate) use after;

pub fn nothing(_: &Stage) {}

pub fn vault(stage: &Stage) {
    stage.ok("v-secure init --vault-name shop --member admin");
}

/// With the secret A.
pub fn a(stage: &Stage) {
    vault(stage);
    stage.ok("printf one | v-secure set A");
}

/// Three states of a vault, each with a change more.
pub fn stages(stage: &Stage) {
    a(stage);
    let keep = |name: &str| stage.ok(&format!("cp .v-secure/vault.toml ../{name}.toml"));
    keep("one");
    stage.ok("printf two | v-secure set A");
    keep("two");
    stage.ok("printf three | v-secure set A");
    keep("three");
}

pub fn repository(stage: &Stage) {
    stage.ok("git init --quiet -b main && git commit --quiet --allow-empty -m first");
    a(stage);
    stage.ok("git add . && git commit --quiet -m vault");
}

/// With a service that may read prod, its key in ci.txt.
pub fn service(stage: &Stage) {
    a(stage);
    stage.ok("printf x | v-secure set prod/A");
    stage.ok("v-secure member add ci --service --new-identity --read 'prod/*' > ci.txt");
    stage.ok("chmod 600 ci.txt");
}

/// With somebody's request in request.txt.
pub fn request(stage: &Stage) {
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

/// With a contractor who may grant on dev alone, and a service that the contractor let in.
pub fn contracted(stage: &Stage) {
    request(stage);
    stage.ok("v-secure role create lead --grant 'read,grant:dev/*'");
    stage.ok("v-secure role create ops --grant 'read:prod/*'");
    stage.ok("v-secure member add developer-1 --request request.txt --role lead --yes");
    stage.ok("v-secure --identity other.txt member add svc --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa --role lead");
}

/// A second vault in `other`, with its own home.
pub fn second(stage: &Stage) {
    a(stage);
    stage.ok("mkdir -p other home2 && cd other && HOME=$PWD/../home2 v-secure init --nested --vault-name blog");
}

pub fn pin_of_another(stage: &Stage) {
    second(stage);
    stage.ok("cd other && HOME=$PWD/../home2 v-secure pin show --json | sed -n 's/.*\"pin\": \"\\(.*\\)\".*/\\1/p' > ../pin.txt");
}

/// Two devices that both call themselves laptop, the first of them let in.
pub fn asked_twice(stage: &Stage) {
    request(stage);
    stage.ok("v-secure identity new -o third.txt");
    stage.ok(
        "v-secure --identity third.txt member request developer-1 --device laptop -q > second.txt",
    );
    stage.ok("v-secure member add developer-1 --request request.txt --role developer --yes");
}

pub fn asked_elsewhere(stage: &Stage) {
    second(stage);
    stage.ok("v-secure identity new -o key.txt");
    stage.ok("cd other && HOME=$PWD/../home2 v-secure --trust-first-use --identity ../key.txt member request svc -q > ../other.txt");
}

pub fn broken(stage: &Stage) {
    a(stage);
    stage.replace(&stage.vault(), "\"admin\"", "\"eve\"");
}

pub fn other_vault(stage: &Stage) {
    second(stage);
    stage.ok("cp other/.v-secure/vault.toml .v-secure/vault.toml");
}

pub fn diverged(stage: &Stage) {
    a(stage);
    stage.ok("cp .v-secure/vault.toml before.toml && v-secure role create one");
    stage.ok("cp .v-secure/vault.toml one.toml && cp before.toml .v-secure/vault.toml");
    stage.ok("HOME=$PWD/home2 v-secure --trust-first-use --identity ../home/.config/v-secure/identity.txt role create two");
}

pub fn damaged_pin(stage: &Stage) {
    a(stage);
    stage.ok("for pin in ../home/.local/state/v-secure/pins/*.json; do echo x > $pin; done");
}

pub fn newer(stage: &Stage) {
    a(stage);
    stage.replace(&stage.vault(), "format = 1", "format = 2");
}

pub fn large(stage: &Stage) {
    a(stage);
    let file = fs::OpenOptions::new().write(true).open(stage.vault()).unwrap();
    file.set_len((256 << 20) + 1).unwrap();
}

pub fn header(stage: &Stage) {
    repository(stage);
    let text = fs::read_to_string(stage.vault()).unwrap();
    let line = text.lines().find(|line| line.starts_with("vault = ")).unwrap();
    stage.replace(&stage.vault(), line, &format!("vault = \"{}\"", "A".repeat(43)));
}

/// With a sealed half of a keyring slot that is none.
pub fn damaged_slot(stage: &Stage) {
    vault(stage);
    let id = stage.ok("v-secure --json | sed -n 's/.*\"id\": \"\\(.*\\)\".*/\\1/p'");
    let folder = "$HOME/.local/state/v-secure/keyring";
    stage.ok(&format!("umask 077; mkdir -p {folder}; echo '{{}}' > {folder}/{id}.json"));
}

/// With a vault that a passphrase opens.
pub fn sealed(stage: &Stage) {
    stage.ok("V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty' v-secure init --vault-name shop --member admin --passphrase --kdf m=19456,t=2,p=1");
}

/// Two owners, both of whom must sign; the other one's identity is `o.txt`.
pub fn two_owners(stage: &Stage) {
    a(stage);
    stage.ok("v-secure identity new -o o.txt");
    stage.ok("v-secure --identity o.txt member request second --device desk -q > o.line");
    stage
        .ok("v-secure member add second --request o.line --yes && v-secure owner add second --yes");
    stage.ok("v-secure owner threshold 2 --yes");
}

/// With a proposal of the first one.
pub fn proposed(stage: &Stage) {
    two_owners(stage);
    stage.ok("v-secure settings set ttl on-write || true");
}
