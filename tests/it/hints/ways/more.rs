//! Of the cases of `more.rs`.

use crate::hints::way::{Way, option, said, way};

pub fn all() -> Vec<Way> {
    let all = [usage(), values(), files(), backups(), identities()];
    all.into_iter().flatten().collect()
}

fn usage() -> Vec<Way> {
    vec![
        option("config-folder", "--identity-out FILE").on("backup restore").fill("FILE", "key.txt"),
        way("exists", "v-secure backup create").fill("OTHER_FILE", "c.age").does(),
        said("pin-carried", "the pin in V_SECURE_PIN", "v-secure pin accept --yes"),
        said("identity-lost", "v-secure recovery new", "v-secure recovery new --out rec.txt"),
        said(
            "bad-variable",
            "--as-file OTHER",
            "v-secure exec --as-file F=A --as-file OTHER_VARIABLE=B -- true",
        ),
        way("bad-variable", "v-secure exec").fill("VAR=NAME", "F=A").fill("CMD", "true").does(),
        said("bad-reason", "--reason TEXT, which", "v-secure secret waive dev/A --reason TEXT"),
        way("bad-name", "printf").fill("NAME", "B").instead("v-secure get B"),
        way("usage", "printf %s \"$VALUE\" | v-secure secret rotate")
            .fill("NAME", "A")
            .instead("test \"$(v-secure get A)\" = new"),
        way("usage", "printf %s \"$VALUE\" | v-secure set")
            .fill("NAME", "A")
            .instead("test \"$(v-secure get A)\" = new"),
        way("usage", "v-secure audit verify --state").does(),
        way("usage", "v-secure recovery new --out -")
            .first("v-secure init")
            .fill("--out -", "--out - | grep -q AGE-SECRET")
            .does(),
        way("several-values", "v-secure get --json").fill("NAME NAME", "A B").does(),
        way("several-values", "v-secure exec --only")
            .fill("NAME,NAME", "A,B")
            .fill("COMMAND", "true")
            .does(),
        way("bad-time", "v-secure unlock --for 7d").informs(),
        said("bad-time", "times are", "v-secure audit log --since 30d").on("--since"),
        said("bad-time", "times are", "v-secure audit log --since 2030-01-31").on("--since"),
    ]
}

fn values() -> Vec<Way> {
    vec![
        way("environment", "v-secure exec --as-file")
            .fill("VARIABLE", "B_FILE")
            .fill("PROGRAM", "sh -c 'test -s $B_FILE'")
            .does(),
        way("environment", "v-secure secret set").fill("NAME", "OTHER"),
        way("environment", "v-secure secret rename").fill("NAME", "OTHER"),
        way("environment", "v-secure settings set variables.allow '"),
        said("environment", "--as-file OTHER", "v-secure exec --as-file OTHER_VARIABLE=A -- true"),
        way("export-format", "v-secure export --format json  #").does(),
        way("export-format", "v-secure export --format shell --only").fill("NAME,…", "A").does(),
        way("no-github-env", "v-secure export --format github").does(),
        way("import-from", "v-secure import --from sops s.env")
            .first(SOPS)
            .before("PATH=$PWD/tools:$PATH ")
            .instead("v-secure get B"),
        said(
            "import-syntax",
            "make it one",
            "echo '{\"B\":\"1\"}' > levels.json && v-secure import levels.json",
        )
        .on("levels"),
    ]
}

const SOPS: &str =
    "mkdir tools && printf '#!/bin/sh\\necho B=1\\n' > tools/sops && chmod +x tools/sops";

fn files() -> Vec<Way> {
    vec![
        said("exists", "-o FILE", "v-secure inject -i t -o FILE").on("inject"),
        option("exists", "--force"),
        said("weak-passphrase", "six words", "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' v-secure backup create b.age --passphrase").on("backup"),
        way("nothing-to-seal", "v-secure --identity FILE key slot add").first(LET_IN).fill("FILE", "own.txt").before("V_SECURE_NEW_PASSPHRASE='banjo kettle orbit thrift mellow canyon' ").does(),
        said("exists", "--recovery-out or --out", "v-secure recovery new --out new.txt"),
        said("file", "give it in parts", "echo B=1 | v-secure import --format dotenv -"),
        way("refused", "git restore"),
    ]
}

fn backups() -> Vec<Way> {
    vec![
        said(
            "exists",
            "--identity-out OTHER_FILE",
            "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' v-secure backup restore b.age --identity-out OTHER_FILE",
        ),
        said(
            "backup-reader",
            "--passphrase",
            "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' v-secure backup create b.age --with-identity --passphrase",
        ),
        said(
            "backup-reader",
            "--recipient of",
            "v-secure backup create b.age --with-identity --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
        ),
        said(
            "recipient",
            "--recipient AGE",
            "v-secure backup create b.age --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
        ),
        way("no-signing-key", "v-secure backup create b.age --unsigned")
            .before("V_SECURE_IDENTITY_FILE=ci.txt ")
            .instead("test -s b.age"),
        way("backup-locked", "v-secure backup restore")
            .before("V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' ")
            .does(),
        way("trailing-bytes", "mv"),
        way("trailing-bytes", "v-secure backup restore")
            .first("mv .v-secure/vault.toml damaged.toml"),
        way("trailing-bytes", "git checkout REV").fill("REV", "HEAD"),
    ]
}

fn identities() -> Vec<Way> {
    vec![
        way("identity-twice", "v-secure --identity FILE init").part("v-secure --identity FILE init").fill("FILE", "k.txt").first("v-secure identity new -o k.txt").does(),
        said("fingerprint", "compare again", "v-secure member add developer-1 --request request.txt --fingerprint \"$(v-secure member add developer-1 --request request.txt 2>&1 | sed -n 's/^fingerprint  \\([^ ]*\\).*/\\1/p')\"").on("member add"),
        way("exists", "v-secure identity restore -o").fill("FILE", "FILE - < ../home/.config/v-secure/identity.txt").instead("test -s FILE"),
        way("no-home", "v-secure identity restore").fill("FILE", "FILE key.txt").instead("test -s FILE"),
        said("identity-syntax", "a file with", "v-secure recovery new --out rec.txt && v-secure recovery test rec.txt"),
        way("policy-op-plugin", "v-secure settings set plugins.allow").part("v-secure settings set plugins.allow scripted").ends("unsealable"),
    ]
}

/// With an identity of age's own beside the SSH key.
const LET_IN: &str = "v-secure identity new -o own.txt && v-secure --identity own.txt member request admin --device other -q > line && v-secure --identity key member add admin --device --request line --yes";
