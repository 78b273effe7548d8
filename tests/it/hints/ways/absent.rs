//! Of exit codes 5 and 8.

use crate::hints::way::{Way, said, way};

/// A clone of the last commit alone.
const SHALLOW: &str = "git clone -q --bare . ../origin.git && git remote add origin ../origin.git && git rev-parse HEAD > .git/shallow";

pub fn all() -> Vec<Way> {
    vec![
        way("from-file", "v-secure key restore")
            .fill("FILE", "old.toml")
            .first("cp .v-secure/vault.toml old.toml")
            .does(),
        said(
            "base-missing",
            "write a file as",
            "cp .v-secure/vault.toml no-such && v-secure audit verify --base ./no-such",
        ),
        said(
            "no-git",
            "write a file as",
            "cp .v-secure/vault.toml no-such && v-secure audit verify --base ./no-such",
        ),
        said(
            "no-repository",
            "write a file as",
            "cp .v-secure/vault.toml no-such && v-secure diff ./no-such",
        ),
        said(
            "base-ambiguous",
            "--base refs/heads/other",
            "v-secure audit verify --base refs/heads/other",
        ),
        said(
            "base-ambiguous",
            "--base refs/tags/other",
            "v-secure audit verify --base refs/tags/other",
        ),
        way("no-member", "v-secure member add")
            .part("v-secure member add nobody …")
            .fill("…", "--service --new-identity --read 'dev/*'")
            .instead("v-secure member show nobody"),
        way("no-repository", "git init"),
        way("base-other-vault", "v-secure --vault FILE")
            .fill("FILE", "../o/.v-secure/vault.toml")
            .informs(),
        way("no-role", "v-secure role create").fill("PATTERN", "'dev/*'").ends("not-confirmed"),
        way("no-vault", "v-secure init"),
        way("no-vault", "cd FOLDER").fill("FOLDER", "elsewhere").first("mkdir elsewhere"),
        way("base-missing", "git fetch").first(SHALLOW).instead("git rev-parse -q --verify HEAD~1"),
        way("no-vault", "v-secure --vault PATH")
            .fill("PATH …", "there ls")
            .first("mkdir there && cd there && v-secure init")
            .does(),
        way("vault-hidden", "git checkout").on("ls"),
        way("vault-hidden", "git checkout").on("init").ends("exists"),
        way("vault-hidden", "git rm")
            .on("ls")
            .part("git rm --cached --ignore-unmatch -- .v-secure/vault.toml && git commit")
            .fill("git commit", "git commit -qm gone")
            .ends("no-vault"),
        way("vault-hidden", "git rm").on("init").fill("git commit", "git commit -qm gone"),
        said("unknown-audience", "audiences: owner", "v-secure key rotate --audience owner"),
        said("no-action", "one of: put", "v-secure audit log --action put"),
        way("no-grant", "v-secure access revoke")
            .instead("test -z \"$(v-secure access list | grep developer)\""),
        way("foreign-missing", "where it is installed")
            .part("sops -d --output-type json enc.yaml | v-secure import --format json -")
            .before("sops() { echo '{\"B\": \"1\"}'; }; ")
            .instead("v-secure get B"),
        way("backup-identity", "v-secure backup create")
            .fill("FILE", "with.age")
            .before("V_SECURE_BACKUP_PASSPHRASE='divorce garage shuffle hunt nasty tulip' ")
            .instead("test -s with.age"),
        way("expired", "v-secure set").before("printf new | "),
    ]
}
