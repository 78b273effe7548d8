//! Cases of templates, of other tools' files and of backups.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{a, second, vault};
use v_secure_testkit::stage::Stage;

/// A template with bytes that are no text.
fn bytes(stage: &Stage) {
    vault(stage);
    stage.ok("printf '\\377' | v-secure set A --raw");
}

/// With a program `sops` in `tools`.
fn tool(stage: &Stage, script: &str) {
    a(stage);
    stage.ok("mkdir tools && printf x > enc.yaml");
    stage.ok(&format!("printf '#!/bin/sh\\n{script}\\n' > tools/sops && chmod +x tools/sops"));
}

fn failing_tool(stage: &Stage) {
    tool(stage, "echo no key >&2; exit 3");
}

fn endless_tool(stage: &Stage) {
    tool(stage, "yes x");
}

fn backed_up(stage: &Stage) {
    a(stage);
    stage.ok("v-secure backup create b.age");
    stage.ok("v-secure identity new -o other.txt");
}

fn backed_up_and_changed(stage: &Stage) {
    backed_up(stage);
    stage.ok("printf x | v-secure set NEWER");
}

fn other_backed_up(stage: &Stage) {
    second(stage);
    stage.ok("cd other && printf 'five words are not so few' | HOME=$PWD/../home2 v-secure backup create ../b.age --backup-passphrase-fd 0");
}

fn junk(stage: &Stage) {
    backed_up(stage);
    stage.ok("printf junk > b.age");
}

const TOOLS: &str = "PATH=$PWD/tools:$PATH";
const NO_TOOLS: &str = "PATH=$(dirname $(command -v v-secure))";

pub fn all() -> Vec<Case> {
    let import = "v-secure import --from sops enc.yaml";
    let restore = "v-secure backup restore b.age";
    vec![
        case("template-syntax", a, "echo '{{ v-secure:A | upper }}' | v-secure inject"),
        case("template-value", bytes, "echo '{{ v-secure:A }}' | v-secure inject"),
        case("import-from", a, "v-secure import --from sops -"),
        case("foreign-missing", a, format!("{NO_TOOLS} {import}")),
        case("foreign-failed", failing_tool, format!("{TOOLS} {import}")),
        case("foreign-output", endless_tool, format!("{TOOLS} {import}")),
        case("backup-reader", a, "v-secure backup create b.age --with-identity"),
        case("no-passphrase", a, "v-secure backup create b.age --passphrase"),
        case("passphrase-input", a, "v-secure backup create b.age --backup-passphrase-fd 99"),
        case("backup-locked", backed_up, "v-secure --identity other.txt backup restore b.age"),
        case("backup-identity", backed_up, format!("{restore} --identity-out key.txt")),
        case("backup-older", backed_up_and_changed, restore),
        case("backup-damaged", junk, restore),
        case(
            "backup-other-vault",
            other_backed_up,
            "printf 'five words are not so few' | v-secure backup restore b.age --backup-passphrase-fd 0",
        ),
    ]
}
