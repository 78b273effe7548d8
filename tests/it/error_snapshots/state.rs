//! Cases of what is not there, and of what is there already.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{
    a, after, asked_elsewhere, asked_twice, let_in, nothing, repository, request, service, stages,
    vault,
};

const NO_GIT: &str = "PATH=$(dirname $(command -v v-secure)) v-secure audit verify --base HEAD";

pub fn absent() -> Vec<Case> {
    vec![
        case("no-keyring-slot", vault, "v-secure keyring show"),
        case("base-missing", repository, "v-secure audit verify --base no-such").with("git"),
        case(
            "base-ambiguous",
            after!(repository, "git branch other && git tag other"),
            "v-secure audit verify --base other",
        )
        .with("git"),
        case(
            "base-other-vault",
            after!(a, "mkdir ../o && cd ../o && v-secure init --vault-name other --no-recovery"),
            "v-secure audit log --base ../o/.v-secure/vault.toml",
        ),
        case("base-without-vault", repository, "v-secure audit verify --base HEAD~1").with("git"),
        case("no-git", repository, NO_GIT).with("git"),
        case("no-git", repository, "PATH=$(dirname $(command -v v-secure)) v-secure git install")
            .with("git"),
        case("no-repository", a, "v-secure diff HEAD"),
        case("file", a, "v-secure set A --file missing.txt"),
        case("no-member", a, "v-secure member show nobody"),
        case("no-member", a, "v-secure member add nobody --device --new-identity"),
        case("no-repository", a, "v-secure git install").with("git"),
        case(
            "no-role",
            request,
            "v-secure member add developer-1 --request request.txt --role nobodys",
        ),
        case("policy-op-unknown-role", a, "v-secure access grant nobodys 'dev/*' read"),
        case("no-secrets", a, "v-secure exec -e prdo -- true"),
        case("no-vault", nothing, "v-secure ls"),
        case("vault-hidden", after!(repository, "rm -r .v-secure"), "v-secure ls").with("git"),
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
        case("removed", after!(a, "v-secure rm --yes A"), "v-secure secret expire A --never"),
        case(
            "removed",
            after!(a, "v-secure rm --yes A"),
            "v-secure secret expire A --ttl 30d --version 1",
        ),
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

pub fn conflicts() -> Vec<Case> {
    vec![
        case("current", a, "v-secure secret rollback A --version 1"),
        case(
            "unmerged",
            after!(
                a,
                "printf '<<<<<<< HEAD\\n=======\\n\\n>>>>>>> side\\n' >> .v-secure/vault.toml"
            ),
            "v-secure get A",
        ),
        case("nothing-to-close", a, "v-secure history close"),
        case(
            "history-missing",
            after!(
                repository,
                "v-secure history close --all --yes && git add .v-secure && git commit -qm closed && rm -r .v-secure/history"
            ),
            "v-secure audit log",
        )
        .with("git"),
        case("merged-as-text", after!(a, "sed -i '/\"put\":/p' .v-secure/vault.toml"), "v-secure get A"),
        case(
            "policy-diverged",
            after!(
                repository,
                "git checkout -qb side && v-secure role create side && git commit -qam side && git checkout -q - && v-secure pin accept --yes && v-secure role create here && git commit -qam here && ! git merge -q side"
            ),
            "v-secure git resolve",
        )
        .with("git"),
        case("no-sides", repository, "v-secure policy rebase").with("git"),
        case("not-parted", repository, "v-secure policy rebase HEAD").with("git"),
        case(
            "merge-other-vault",
            after!(a, "mkdir other && cd other && v-secure init --nested --no-recovery --vault-name other"),
            "v-secure git merge-driver .v-secure/vault.toml .v-secure/vault.toml other/.v-secure/vault.toml",
        ),
        case("pick", stages, "v-secure git merge-driver ../two.toml ../one.toml ../three.toml"),
        case("revert", stages, "v-secure git merge-driver ../two.toml ../two.toml ../one.toml"),
        case("no-conflict", a, "v-secure secret resolve A --take 1"),
        case("vault-hidden", after!(repository, "rm -r .v-secure"), "v-secure init").with("git"),
        case(
            "device-taken",
            asked_twice,
            "v-secure member add developer-1 --device --request second.txt --yes",
        ),
        case("environment", a, "A=two v-secure exec -- true"),
        case(
            "older-values",
            after!(
                a,
                "v-secure role create once --grant 'read:*' && v-secure access settle && v-secure access revoke once '*' read"
            ),
            "v-secure member add bot --service --new-identity --role once",
        ),
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
        )
        .with("git"),
        case(
            "member-exists",
            let_in,
            "v-secure member add developer-1 --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
        ),
        case(
            "member-exists",
            let_in,
            "v-secure member add Developer-1 --recipient age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
        ),
        case(
            "member-kind",
            let_in,
            "v-secure member add developer-1 --device --service --new-identity",
        ),
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
