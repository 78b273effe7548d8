//! Cases of rights and identities, of passphrases, and of what has no integrity.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{
    a, after, broken, damaged_pin, diverged, header, large, let_in, nothing, other_vault,
    pin_of_another, proposed, repository, request, sealed, second, service, two_owners,
};

/// Of several owners.
pub fn owners() -> Vec<Case> {
    vec![
        case("owner-threshold", two_owners, "v-secure settings set ttl on-write"),
        case("no-proposal", a, "v-secure policy sign"),
        case("proposal-signed", proposed, "v-secure policy sign --yes"),
        case(
            "proposal-stale",
            after!(proposed, "v-secure role create ops"),
            "v-secure --identity o.txt policy sign --yes",
        ),
        case(
            "proposal",
            after!(proposed, "for p in .v-secure/proposals/*; do echo x > $p/notes; done"),
            "v-secure --identity o.txt policy sign --yes",
        ),
    ]
}

pub fn rights() -> Vec<Case> {
    vec![
        case("age-debug", nothing, "AGEDEBUG=plugin v-secure ls"),
        case(
            "identity-command",
            nothing,
            "V_SECURE_IDENTITY_CMD='exit 7' v-secure init --vault-name shop",
        ),
        case(
            "ssh-passphrase",
            after!(
                nothing,
                "ssh-keygen -q -t ed25519 -N secret -C '' -f key && v-secure --identity key init --vault-name shop --member admin"
            ),
            "v-secure --identity key get A",
        )
        .with("ssh-keygen"),
        case("identity-file", a, "v-secure --identity missing.txt get A"),
        case(
            "identity-syntax",
            after!(a, "echo nonsense > key.txt"),
            "v-secure --identity key.txt get A",
        ),
        case(
            "locked",
            after!(a, "v-secure identity new -o other.txt"),
            "v-secure --identity other.txt get A",
        ),
        case("locked", after!(a, "rm ../home/.config/v-secure/identity.txt"), "v-secure get A"),
        case("no-identity", nothing, "v-secure identity show"),
        case(
            "journal",
            after!(
                a,
                "v-secure settings set reads required && cp ../home/.config/v-secure/identity.txt key.txt"
            ),
            "env -u HOME v-secure --trust-first-use --identity key.txt get A",
        ),
        case("no-signing-key", service, "printf x | v-secure --identity ci.txt set prod/A"),
        case("not-permitted", service, "v-secure --identity ci.txt get A"),
        case("not-permitted", let_in, "printf x | v-secure --identity other.txt set A"),
        case("not-permitted", let_in, "v-secure --identity other.txt role create more"),
    ]
}

pub fn integrity() -> Vec<Case> {
    vec![
        case(
            "journal-broken",
            after!(a, "v-secure get A && sed -i s/get/got/ ../home/.local/state/v-secure/reads/*"),
            "v-secure audit verify --reads",
        ),
        case(
            "file-empty",
            after!(repository, ": > other.toml"),
            "v-secure get A --vault other.toml",
        )
        .with("git"),
        case("file-too-large", large, "v-secure ls"),
        case(
            "history-wrong",
            after!(
                repository,
                "v-secure history close --all --yes && git add .v-secure && git commit -qm closed && for f in .v-secure/history/*.log; do echo >> $f; done"
            ),
            "v-secure audit log",
        )
        .with("git"),
        case("fingerprint", other_vault, "v-secure pin accept --fingerprint 'some other words'"),
        case("header-vault", header, "v-secure ls").with("git"),
        case("pin", damaged_pin, "v-secure get A"),
        case("pin-carried", pin_of_another, "V_SECURE_PIN=$(cat pin.txt) v-secure get A"),
        case("pin-diverged", after!(diverged, "cp one.toml two.toml"), "v-secure get A"),
        case(
            "pin-other-in-project",
            after!(second, "mkdir app && mv other/.v-secure app/.v-secure"),
            "cd app && v-secure get A",
        ),
        case("pin-other-vault", other_vault, "v-secure get A"),
        case("pin-syntax", a, "V_SECURE_PIN=nonsense v-secure get A"),
        case("refused", broken, "v-secure audit verify"),
        case("request", a, "v-secure member add developer-1 --request v-secure-request-1.nonsense"),
        case(
            "request",
            after!(request, "sed s/ZXItMSIs/ZXItMiIs/ request.txt > changed.txt"),
            "v-secure member add developer-2 --request changed.txt --role developer",
        ),
        case(
            "vault-deleted",
            after!(repository, "git rm --quiet --cached .v-secure/vault.toml"),
            "v-secure git pre-commit",
        )
        .with("git"),
    ]
}

pub fn passphrases() -> Vec<Case> {
    let good = "printf 'divorce garage shuffle hunt nasty' | v-secure --passphrase-fd 0";
    vec![
        case("last-slot", sealed, format!("{good} key slot remove laptop")),
        case("locked", sealed, "v-secure set A --generate"),
        case("no-input", a, "v-secure recovery test"),
        case("no-passphrase", nothing, "v-secure init --passphrase"),
        case("no-passphrase", a, "v-secure key slot add"),
        case("no-slot", a, "v-secure key slot remove phone"),
        case("no-terminal", a, "v-secure recovery new"),
        case("passphrase-input", sealed, "v-secure --passphrase-fd 0 get A"),
        case(
            "recovery",
            after!(a, "v-secure identity new -o other.txt"),
            "v-secure recovery test other.txt",
        ),
        case("weak-passphrase", nothing, "V_SECURE_PASSPHRASE=hunter2 v-secure init --passphrase"),
        case("words", a, "printf 'one two three' | v-secure identity restore - -o new.txt"),
        case("wrong-passphrase", sealed, "printf wrong | v-secure --passphrase-fd 0 get A"),
    ]
}
