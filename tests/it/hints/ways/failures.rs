//! Of exit code 1, and of programs that do not start.

use crate::hints::way::{Way, option, said, variable, way};

pub fn all() -> Vec<Way> {
    folders().into_iter().chain(output()).chain(values()).collect()
}

fn folders() -> Vec<Way> {
    vec![
        way("environment", "v-secure settings set variables.allow LD_PRELOAD"),
        way("unsound", "v-secure audit verify").diagnoses(),
        said(
            "current-folder",
            "cd to",
            "mkdir gone && cd gone && rmdir ../gone; cd \"$(dirname \"$PWD\")\" && v-secure ls",
        ),
        said("file", "check the path", "printf x > there && v-secure set A --file there"),
        said("child-start", "check the program", "v-secure exec -- true"),
        way("no-home", "v-secure identity new").fill("FILE", "key.txt").instead("test -s key.txt"),
        said(
            "no-state",
            "give the pin",
            "export V_SECURE_PIN=$(v-secure pin show --json | sed -n 's/.*\"pin\": \"\\(.*\\)\".*/\\1/p'); env -u HOME v-secure --identity ../home/.config/v-secure/identity.txt get A",
        ),
        said(
            "first-use",
            "give the pin",
            "export V_SECURE_PIN=$(v-secure pin show --json | sed -n 's/.*\"pin\": \"\\(.*\\)\".*/\\1/p'); V_SECURE_IDENTITY_FILE=$HOME/.config/v-secure/identity.txt HOME=$PWD/elsewhere v-secure get A",
        ),
        way("first-use", "--trust-first-use").option("--trust-first-use"),
        said("journal", "give v-secure a state folder", "v-secure --identity key.txt get A"),
    ]
}

fn output() -> Vec<Way> {
    vec![
        said("output", "check the disk", "v-secure ls > out.txt"),
        said(
            "write",
            "check the disk",
            "mkdir -p missing/folder && v-secure export --format dotenv --output missing/folder/out.env",
        ),
        way("identity-lost", "v-secure member add").does(),
        way("stdin", "v-secure set")
            .fill("NAME", "A")
            .fill("FILE", "value.txt")
            .first("printf two > value.txt")
            .instead("test \"$(v-secure get A)\" = two"),
        way("export-format", "v-secure export --format shell  #").does(),
        way("export-format", "v-secure exec")
            .fill("VAR=NAME", "B_FILE=B")
            .fill("PROGRAM", "sh -c 'test -s $B_FILE'")
            .does(),
        way("export-format", "v-secure export --format dotenv").fill("NAME,…", "A").does(),
        way("journal-read", "chmod go-w"),
        said("import-syntax", "fix the line", "echo A=open > .env && v-secure import .env"),
        said(
            "foreign-output",
            "import a smaller",
            "printf '#!/bin/sh\\necho {}\\n' > tools/sops && PATH=$PWD/tools:$PATH v-secure import --from sops enc.yaml",
        ),
        way("plain-file", "git rm"),
        way("plain-key", "git rm"),
        way("value-staged", "git rm"),
        said(
            "value-staged",
            "v-secure git pre-commit",
            "v-secure git pre-commit --confirm 2>&1 | grep -q 'line 1, holds the value of'",
        ),
        way("value-staged", "v-secure settings set scan.allow")
            .part("v-secure settings set scan.allow app.conf")
            .does(),
        way("value-staged", "git commit")
            .part("git commit --no-verify")
            .fill("--no-verify", "--no-verify -qm value")
            .does(),
        way("plain-key", "git commit")
            .part("git commit --no-verify")
            .fill("--no-verify", "--no-verify -qm key")
            .does(),
        said(
            "plain-file",
            "add this line",
            "git rm -q --cached .env && printf '/.env\\n' > .gitignore && git check-ignore -q .env",
        ),
        way("plain-file", "git commit")
            .part("git commit --no-verify")
            .fill("git commit", "git commit -qm x")
            .instead("git rev-parse -q --verify HEAD"),
    ]
}

fn values() -> Vec<Way> {
    vec![
        way("exposed", "change it").part("v-secure set dev/A").before("printf new | "),
        variable("editor", "V_SECURE_EDITOR=COMMAND").fill("COMMAND", "'sed -i s/one/two/'"),
        way("not-text", "v-secure get").fill("FILE", "value.bin").instead("test -s value.bin"),
        way("not-text", "v-secure set").fill("FILE", "value.bin").first("printf text > value.bin"),
        said("template-value", "{{", "echo '{{ v-secure:default/A | base64 }}' | v-secure inject"),
        way("older-values", "v-secure role create").fill("NEW", "fresh").instead("v-secure member add bot --service --new-identity --role fresh"),
        way("older-values", "v-secure set").fill("NAME", "A").before("printf new | "),
        option("older-values", "--older-values"),
        option("not-confirmed", "--fingerprint WORDS").fill("WORDS", "\"$(v-secure member add developer-1 --request request.txt 2>&1 | sed -n 's/^fingerprint  \\([^ ]*\\).*/\\1/p')\""),
        option("not-confirmed", "--yes"),
        option("not-vouched", "--vouch ID").on("role join").fill("ID", RECIPIENT),
        option("not-vouched", "--vouch ID").on("access grant").fill("ID", BOTH),
        option("not-vouched", "--vouch ROLE/MEMBER").fill("ROLE/MEMBER", ROLE_TOO),
    ]
}

const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const BOTH: &str =
    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa --vouch lead/svc";
const ROLE_TOO: &str =
    "lead/svc --vouch age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
