//! Of exit code 7.

use crate::hints::way::{Way, option, said, way};

pub fn all() -> Vec<Way> {
    people().into_iter().chain(files()).collect()
}

const THIRD: &str = "v-secure identity new -o third.txt && v-secure --identity third.txt member request developer-1 --device phone -q > third.line";
const OWNERS: &str = "v-secure identity new -o o.txt && v-secure --identity o.txt member request second --device desk -q > o.line && v-secure member add second --request o.line --yes";

const TWO_OWNERS: &str = "v-secure identity new -o o.txt && v-secure --identity o.txt member request second --device desk -q > o.line && v-secure member add second --request o.line --yes && v-secure role join owner second";

fn people() -> Vec<Way> {
    vec![
        said(
            "nothing-to-close",
            "v-secure history close --keep",
            "v-secure history close --all --yes",
        ),
        way("nothing-to-close", "v-secure history status").informs(),
        way("history-missing", "git -C"),
        way("history-wrong", "git -C"),
        way("last-device", "v-secure member add")
            .part("v-secure member add developer-1 --device --request …")
            .fill("…", "third.line --yes")
            .first(THIRD),
        way("last-device", "v-secure member remove").answer("[y/N]", "y").ends("no-member"),
        way("owner-threshold", "v-secure policy sign")
            .before("V_SECURE_IDENTITY_FILE=o.txt ")
            .answer("[y/N]", "y")
            .does(),
        way("proposal-signed", "v-secure policy sign")
            .before("V_SECURE_IDENTITY_FILE=o.txt ")
            .answer("[y/N]", "y")
            .ends("no-proposal"),
        way("proposal-stale", "v-secure policy withdraw").answer("[y/N]", "y").ends("no-proposal"),
        way("proposal", "v-secure policy withdraw").answer("[y/N]", "y").ends("no-proposal"),
        way("policy-op-last-owner", "v-secure role join").fill("MEMBER", "second").first(OWNERS),
        way("owner-role", "v-secure role leave").fill("MEMBER", "second").first(TWO_OWNERS).does(),
        way("member-expiry", "v-secure member remove").answer("[y/N]", "y").ends("no-member"),
        way("device-taken", "v-secure member request")
            .fill("OTHER", "phone")
            .before("V_SECURE_IDENTITY_FILE=third.txt ")
            .does(),
        said(
            "member-exists",
            "another name",
            "v-secure member add developer-2 --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
        ),
        way("member-exists", "v-secure member add")
            .part("v-secure member add developer-1 --device …")
            .fill("…", "--recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa")
            .does(),
        way("policy-op-role-exists", "v-secure access grant")
            .fill("PATTERN", "'test/*'")
            .fill("RIGHTS", "read")
            .does(),
        way("request-other-name", "v-secure member add")
            .part("v-secure member add developer-1 --request …")
            .fill("…", "request.txt --role developer --yes")
            .does(),
        said(
            "role-taken",
            "--role ci instead",
            "v-secure member add ci --service --new-identity --role ci",
        ),
    ]
}

/// At a device that is not in the vault.
const STRANGER: &str = "export HOME=$PWD/../other; mkdir $HOME; ";

/// The hook in another language, which comes to this: a commit that it must refuse.
const HOOK: &str = "printf '#!/bin/sh\\nv-secure git pre-commit || exit 1\\n' > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && echo A=one > .env && git add . && ! git commit -qm x";

fn files() -> Vec<Way> {
    vec![
        way("exists", "v-secure member request, to become a member").before(STRANGER).does(),
        way("request-other-vault", "v-secure member request").before(STRANGER).does(),
        said("foreign-hook", "have it run", HOOK),
        way("file-empty", "git show REV").fill("REV", "HEAD"),
        option("exists", "--overwrite"),
        said("exists", "-o FILE", "v-secure export --format dotenv -o other.env"),
        way("edited-meanwhile", "v-secure secret edit").before("EDITOR=true ").does(),
        way("backup-older", "v-secure --vault").fill("EMPTY_FOLDER", "fresh").first("mkdir fresh").instead("test -s fresh/.v-secure/vault.toml"),
        way("backup-other-vault", "v-secure --vault").before("V_SECURE_BACKUP_PASSPHRASE='five words are not so few' ").answer("[y/N]", "y").fill("EMPTY_FOLDER", "../fresh").first("mkdir ../fresh").instead("test -s ../fresh/.v-secure/vault.toml"),
        option("environment", "--override"),
        option("environment", "--keep"),
        way("nested", "v-secure init --nested").does(),
        option("last-slot", "--last"),
        way("last-slot", "v-secure key slot change").before("V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty' V_SECURE_NEW_PASSPHRASE='banjo kettle orbit thrift mellow canyon' ").does(),
        way("last-slot", "v-secure key slot add").fill("LABEL", "other").before("V_SECURE_PASSPHRASE='divorce garage shuffle hunt nasty' V_SECURE_NEW_PASSPHRASE='banjo kettle orbit thrift mellow canyon' ").ends(""),
    ]
}
