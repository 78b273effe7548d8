//! Of exit codes 3, 4 and 6: who somebody is, what they may, and whether the vault is the right one.

use crate::hints::way::{Typed, Way, said, way};

pub fn all() -> Vec<Way> {
    let all = [identities(), ssh(), passphrases(), rights(), trust()];
    all.into_iter().flatten().collect()
}

/// Somebody else's vault in a folder.
const ELSEWHERE: &str = "mkdir vault ../other && cd vault && HOME=$PWD/../../other v-secure init";
const STATED: &str = "v-secure identity new -o key.txt && V_SECURE_IDENTITY_CMD='cat key.txt' v-secure init --vault-name shop";

fn identities() -> Vec<Way> {
    vec![
        said("identity-command", "run it by itself", STATED),
        way("identity-file", "v-secure identity new").fill("FILE", "missing.txt").ends("locked"),
        way("locked", "v-secure member request")
            .on("--identity")
            .fill("v-secure", "v-secure --identity other.txt")
            .does(),
        way("locked", "v-secure member request").on("v-secure get A").does(),
        way("locked", "v-secure member request").on("--generate").does(),
        way("no-identity", "v-secure identity new"),
        way("no-identity", "v-secure member request")
            .first(ELSEWHERE)
            .before("cd vault && v-secure --trust-first-use ls && ")
            .does(),
        way("identity-syntax", "v-secure identity new")
            .fill("FILE", "new.txt")
            .instead("v-secure --identity new.txt identity show"),
        way("wrong-passphrase", "v-secure --identity")
            .first(RECOVERY)
            .fill("FILE …", "rec.txt ls")
            .does(),
        way("recovery", "v-secure recovery new")
            .fill("recovery new", "recovery new --out rec.txt")
            .instead("v-secure recovery test rec.txt"),
    ]
}

const RECOVERY: &str =
    "V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty' v-secure recovery new --out rec.txt";
const BY_COMMAND: &str = "cp key copy && ssh-keygen -q -p -P secret -N '' -f copy && V_SECURE_IDENTITY_CMD='cat copy' v-secure set A --generate";

/// The three places of a passphrase, one after the other.
fn ssh() -> Vec<Way> {
    let given = |line: &'static str| {
        said("ssh-passphrase", "give it by", line).first("umask 077; printf secret > ../p")
    };
    vec![
        given("v-secure --passphrase-fd 0 --identity key set A --generate < ../p"),
        given("V_SECURE_PASSPHRASE_FILE=../p v-secure --identity key set A --generate"),
        given("V_SECURE_PASSPHRASE=secret v-secure --identity key set A --generate"),
        said("ssh-passphrase", "V_SECURE_IDENTITY_CMD", BY_COMMAND),
        way("ssh-passphrase", "on a terminal")
            .part("ssh-keygen -p -f COPY")
            .fill("COPY", "copy")
            .first("cp key copy")
            .answer("old passphrase", "secret")
            .answer("new passphrase", "")
            .answer("again", "")
            .instead("v-secure --identity copy set A --generate"),
    ]
}

const WORDS: &str = "umask 077; printf 'divorce garage shuffle hunt nasty tulip' > ../p";

fn passphrases() -> Vec<Way> {
    let by = |case: &'static str| way("no-passphrase", "give it by").on(case).first(WORDS);
    let set = |case, name: &'static str, value| {
        let typed = Typed::Variable(name);
        Way { typed, ..by(case).does() }.fill(name, value)
    };
    vec![
        by("init").option("--passphrase-fd N").fill("N", "0 < ../p"),
        set("init", "V_SECURE_PASSPHRASE_FILE", "V_SECURE_PASSPHRASE_FILE=../p"),
        set("init", "V_SECURE_PASSPHRASE", "V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty tulip'"),
        by("slot add").option("--new-passphrase-fd N").fill("N", "0 < ../p"),
        set("slot add", "V_SECURE_NEW_PASSPHRASE_FILE", "V_SECURE_NEW_PASSPHRASE_FILE=../p"),
        set("slot add", "V_SECURE_NEW_PASSPHRASE", "V_SECURE_NEW_PASSPHRASE='divorce garage shuffle hunt nasty tulip'"),
        by("backup").option("--backup-passphrase-fd N").fill("N", "0 < ../p"),
        set("backup", "V_SECURE_BACKUP_PASSPHRASE_FILE", "V_SECURE_BACKUP_PASSPHRASE_FILE=../p"),
        set("backup", "V_SECURE_BACKUP_PASSPHRASE", "V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip'"),
        said("passphrase-input", "check the file", "printf 'divorce garage shuffle hunt nasty' | v-secure --passphrase-fd 0 ls").on("get A"),
        said("passphrase-input", "check the file", "printf 'divorce garage shuffle hunt nasty' | v-secure backup create b.age --backup-passphrase-fd 0").on("backup create"),
        way("backup-locked", "v-secure --identity").fill("FILE", "../home/.config/v-secure/identity.txt").does(),
    ]
}

fn rights() -> Vec<Way> {
    vec![
        way("no-signing-key", "v-secure member request")
            .fill("v-secure", "v-secure --identity ci.txt")
            .does(),
        said("not-permitted", "ask one who can", "v-secure get A"),
        said("not-permitted", "who can: admin", "printf x | v-secure set A").on("set A"),
        said("not-permitted", "who can: admin", "v-secure role create more").on("role create"),
        said("not-permitted", "who can: admin", "v-secure member remove developer-1 --yes")
            .on("member remove"),
    ]
}

const ACCEPT: &str = "v-secure pin accept  # after comparing";
const AGAIN: &str = "v-secure pin accept --fingerprint \"$(v-secure pin accept --fingerprint x 2>&1 | sed -n '/^now/,$s/.*policy  *\\([^ ]*\\) .*/\\1/p')\"";

fn trust() -> Vec<Way> {
    vec![
        said(
            "backup-damaged",
            "restore another",
            "v-secure backup create c.age && v-secure backup restore c.age",
        ),
        way("journal-broken", "mv"),
        said("fingerprint", "compare again", AGAIN),
        way("pin", ACCEPT).answer("[y/N]", "y"),
        way("pin-diverged", ACCEPT).answer("[y/N]", "y"),
        way("pin-other-vault", ACCEPT).answer("[y/N]", "y").ends("locked"),
        way("pin-other-in-project", ACCEPT).answer("[y/N]", "y").ends("locked"),
        way("pin-carried", "v-secure pin show").before("unset V_SECURE_PIN; ").does(),
        way("pin-syntax", "v-secure pin show").before("unset V_SECURE_PIN; ").does(),
        way("header-vault", "git checkout REV").fill("REV", "HEAD"),
        way("vault-deleted", "git restore"),
        way("vault-deleted", "git commit")
            .part("git commit --no-verify")
            .fill("git commit", "git commit -qm x")
            .instead("test -z \"$(git ls-tree -r HEAD -- .v-secure/vault.toml)\""),
    ]
}
