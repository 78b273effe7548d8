//! Cases of wrong usage, and of what fails for reasons outside of the vault.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::foreign;
use crate::error_snapshots::given::{a, after, broken, damaged_slot, newer, nothing, request};

pub fn usage() -> Vec<Case> {
    vec![
        case("bad-generator", a, "v-secure set A --generate=bogus"),
        case("bad-generator", a, "v-secure set A --generate hex:16"),
        case("bad-meta", a, "v-secure set A --meta nonsense"),
        case("merge-input", a, "v-secure git merge-driver base ours theirs"),
        case("bad-name", a, "v-secure get 'A B'"),
        case("bad-name", a, "v-secure ls -e 'a b'"),
        case("bad-name", a, "v-secure audit log --actor 'a b'"),
        case("bad-reason", a, format!("v-secure rm --yes A --reason {}", "x".repeat(1001))),
        case("bad-text", a, format!("v-secure set A --description {}", "x".repeat(4097))),
        case("bad-time", a, "v-secure set A --ttl soon"),
        case("bad-time", a, "v-secure set A --expires-at yesterday"),
        case("bad-time", a, "v-secure ls --expiring soon"),
        case("bad-type", a, "v-secure set A --type api-key"),
        case("bad-type", a, "v-secure set A --type password"),
        case("bad-value", a, "v-secure settings set env.prod.extends ''"),
        case("bad-value", a, "V_SECURE_HISTORY=some v-secure get A"),
        case("bad-variable", a, "v-secure set A --var 1A"),
        case("empty-value", a, "v-secure set A"),
        case("from-file", a, "v-secure key restore --from nowhere.toml"),
        case("environment-unsaid", after!(a, "echo B=1 > .env.prod"), "v-secure import .env.prod"),
        case("identity-twice", nothing, "v-secure --identity key.txt init --new-identity"),
        case("policy-op-setting", a, "v-secure settings set no.such on"),
        case("recipient", a, "v-secure member add svc --recipient age1nonsense --read 'dev/*'"),
        case("recovery-undecided", nothing, "v-secure init --keyring"),
        case("repeated-field", a, "v-secure set A --meta team=a --meta team=b"),
        case("bad-filter", a, "v-secure logs tail --filter sometimes"),
        case("setting-variable", a, "v-secure settings set variables.allow 'V_SECURE_*'"),
        case("usage", a, "v-secure get A --bogus"),
        case("usage", a, "v-secure gett A"),
        case("usage", a, "v-secure exec --onyl A -- true"),
        case("value-in-arguments", a, "v-secure set A hunter2"),
    ]
}

pub fn failures() -> Vec<Case> {
    vec![
        case(
            "keyring",
            nothing,
            "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent v-secure init --keyring --no-recovery",
        ),
        case("keyring-slot", damaged_slot, "v-secure keyring show"),
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
        case("bad-variable", foreign::variable, "v-secure exec -- true"),
        case("file", a, "v-secure set A --file ."),
        case(
            "first-use",
            a,
            "V_SECURE_IDENTITY_FILE=$HOME/.config/v-secure/identity.txt HOME=$PWD/elsewhere v-secure get A",
        ),
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
        case("stdin", a, "v-secure set A < ."),
        case("value-too-long", a, "head -c 10485761 /dev/zero | v-secure set A"),
        case(
            "value-too-long",
            after!(a, "head -c 10485761 /dev/zero > big.bin"),
            "v-secure set A --file big.bin",
        ),
        case(
            "value-too-long",
            after!(a, "{ printf BIG=; head -c 10485761 /dev/zero | tr '\\0' x; } > big.env"),
            "v-secure import big.env",
        ),
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
