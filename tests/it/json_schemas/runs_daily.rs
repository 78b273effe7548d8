//! Stories of daily use: as in runs.rs, a line with a command prints what its schema is held against.

use crate::json_schemas::runs::Run;

/// Values, backups, recovery and passphrases, by one owner.
pub const DAILY: &[Run] = &[
    (
        Some("init"),
        "mkdir ../sealed && cd ../sealed && V_SECURE_PASSPHRASE=x v-secure --json init --passphrase \
         --allow-weak-passphrase --kdf m=19456,t=2,p=1 --recovery-out kept.txt",
    ),
    (Some(""), "cd ../sealed && V_SECURE_PASSPHRASE=x v-secure --json"),
    (None, "v-secure init --vault-name shop --member admin --kdf m=19456,t=2,p=1"),
    (None, "printf one | v-secure set A --tag web"),
    (None, "printf two | v-secure set prod/B"),
    (None, "printf '\\377' | v-secure set prod/BYTES"),
    (Some("secret tag"), "v-secure --json secret tag A --add api,core --remove web"),
    (Some("secret tag"), "v-secure --json secret tag A --add api"),
    (Some("secret describe"), "v-secure --json secret describe A 'key of the shop'"),
    (Some("secret describe"), "v-secure --json secret describe A ''"),
    (Some("secret rotate"), "v-secure --json secret rotate A --generate --ttl 90d"),
    (Some("secret rotate"), "printf old | v-secure --json secret rotate A --no-expiry"),
    (Some("secret edit"), "EDITOR='sed -i.old s/old/new/' v-secure --json secret edit A"),
    (Some("secret edit"), "EDITOR=true v-secure --json secret edit A"),
    (Some("secret copy"), "v-secure --json secret copy A --to-env prod"),
    (Some("secret rename"), "v-secure --json secret rename A NEW"),
    (Some("secret versions"), "v-secure --json secret versions NEW"),
    (Some("secret get"), "v-secure --json get NEW prod/A prod/BYTES"),
    (Some("env copy"), "v-secure --json env copy prod review"),
    (Some("env rm"), "v-secure --json env rm review --yes"),
    (None, "v-secure secret copy NEW --to-env prod && printf x | v-secure set ONLY"),
    (None, "printf other | v-secure set prod/A && printf one | v-secure set A"),
    (None, "printf x | v-secure set OLD --expires-at 2020-01-01"),
    (Some("secret diff"), "v-secure --json secret diff default prod"),
    (Some("secret diff"), "v-secure --json secret diff default prod --reveal"),
    (
        None,
        "cp .v-secure/vault.toml old.toml && printf x | v-secure set prod/A && v-secure role create dev",
    ),
    (Some("diff"), "v-secure --json diff ./old.toml"),
    (Some("diff"), "v-secure --json diff ./old.toml --reveal"),
    (Some("diff"), "v-secure --json diff ./.v-secure/vault.toml ./old.toml"),
    (
        Some("edit"),
        "EDITOR=\"printf 'NEW=2\\nFRESH=1\\n' >\" v-secure --json edit --remove-missing",
    ),
    (Some("edit"), "EDITOR=true v-secure --json edit"),
    (Some("inject"), "echo '{{ v-secure:NEW }}' | v-secure --json inject -o filled.txt"),
    (Some("inject"), "echo nothing | v-secure --json inject -o plain.txt"),
    (Some("recovery new"), "v-secure --json recovery new --out kept.txt"),
    (Some("recovery new"), "v-secure --json recovery new --out words.txt --words"),
    (Some("recovery new"), "v-secure --json recovery new --out -"),
    (Some("recovery test"), "v-secure --json recovery test kept.txt"),
    (Some("recovery test"), "v-secure --json recovery test words.txt"),
    (Some("identity restore"), "v-secure --json identity restore words.txt -o again.txt"),
    (Some("backup create"), "v-secure --json backup create shop.age"),
    (None, "v-secure identity new -o other.txt > other.pub"),
    (
        Some("backup create"),
        "v-secure --json backup create all.age --with-identity --recipient $(cat other.pub)",
    ),
    (Some("backup restore"), "v-secure --json backup restore shop.age"),
    (
        Some("backup restore"),
        "mkdir ../back && v-secure --trust-first-use --identity other.txt --vault ../back --json backup restore all.age \
         --identity-out ../back/own.txt",
    ),
    (
        Some("backup restore"),
        "v-secure --identity other.txt --vault ../back --json backup restore all.age",
    ),
    (Some("key slot list"), "v-secure --json key slot list"),
    (
        Some("key slot add"),
        "V_SECURE_NEW_PASSPHRASE=x v-secure --json key slot add --label desk --allow-weak-passphrase",
    ),
    (Some("key slot list"), "v-secure --json key slot list"),
    (
        Some("key slot change"),
        "V_SECURE_NEW_PASSPHRASE=y v-secure --json key slot change desk --allow-weak-passphrase",
    ),
    (Some("key slot remove"), "v-secure --json key slot remove desk --yes"),
    (None, "v-secure settings set rotation.kek 4w"),
    (Some("key rotate"), "v-secure --json key rotate --due"),
    (None, "for value in 1 2 3; do printf $value | v-secure set MANY; done"),
    (None, "v-secure settings set retention.versions 1"),
    (Some("prune"), "v-secure --json prune --no-grace"),
    (Some("secret rotate"), "v-secure --json secret rotate NEW --generate --rotation-interval 30d"),
    (Some("secret list"), "v-secure --json ls"),
    (Some("secret show"), "v-secure --json secret show NEW"),
    (Some("audit log"), "v-secure --json audit log --reads"),
    (Some("audit verify"), "v-secure --json audit verify --reads"),
    (Some("key status"), "v-secure --json key status"),
    (None, "v-secure member add ci --service --new-identity --read 'prod/*' --expires 2020-01-01"),
    (Some("member list"), "v-secure --json member list"),
    (Some("member show"), "v-secure --json member show ci"),
];

/// What a developer finds who may write and not prune, up to the point where its work is a branch.
pub const BRANCH: &[Run] = &[
    (None, "v-secure init --vault-name shop --member owner"),
    (None, "for value in 1 2 3; do printf $value | v-secure set dev/DB; done"),
    (None, "v-secure secret copy dev/DB --to-env prod"),
    (None, "v-secure role create developer --grant 'read,write:dev/*'"),
    (None, "v-secure identity new -o ../other.txt"),
    (None, "v-secure --identity ../other.txt member request developer-1 -q > ../line.txt"),
    (None, "v-secure member add developer-1 --request ../line.txt --yes --role developer"),
    (None, "CI=1 v-secure settings set retention.versions 1"),
    (Some("prune"), "CI=1 v-secure --identity ../other.txt --json prune --dry-run"),
    (Some("error"), "v-secure --identity ../other.txt --json key rotate --all 2>&1 || true"),
    (
        Some("key rotate"),
        "v-secure --identity ../other.txt --json key rotate --dek --all --dry-run 2>/dev/null",
    ),
    (None, "cp -R . ../branch"),
    (
        None,
        "cd ../branch && printf honest | CI=1 v-secure --identity ../other.txt --trust-first-use set \
         dev/DB --ttl 1d",
    ),
    (None, "v-secure member remove developer-1 --yes"),
];

/// After the branch came back.
pub const UNITED: &[Run] = &[
    (Some("adopt"), "v-secure --json adopt --list"),
    (Some("audit verify"), "v-secure --json audit verify"),
    (Some("audit log"), "v-secure --json audit log"),
    (Some("exposed"), "v-secure --json exposed"),
    (
        Some("secret waive"),
        "v-secure --json secret waive $(v-secure exposed | head -1 | cut -f1) --reason 'an example'",
    ),
    (Some("exposed"), "v-secure --json exposed"),
    (Some("adopt"), "v-secure --json adopt --all --yes"),
    (Some("adopt"), "v-secure --json adopt --all --yes"),
    (Some("adopt"), "v-secure --json adopt --list"),
];

/// With a kernel keyring, each line in a session of its own.
pub const SESSION: &[Run] = &[
    (None, "v-secure init --vault-name shop --member admin"),
    (Some("lock"), "keyctl session - v-secure --json lock"),
    (Some("unlock"), "keyctl session - v-secure --json unlock --for 15m"),
    (None, "mv \"$HOME/.config/v-secure/identity.txt\" \"$HOME/away\""),
    (Some(""), "keyctl session - v-secure --json"),
    (Some("lock"), "keyctl session - v-secure --json lock"),
    (Some("error"), "keyctl session - v-secure --json unlock 2>&1 >/dev/null | tail -1"),
];

/// With an OS keyring on the bus.
pub const KEYRING: &[Run] = &[
    (Some("init"), "v-secure --json init --keyring --recovery-out kept.txt"),
    (Some("doctor"), "v-secure --json doctor"),
    (Some("keyring show"), "v-secure --json keyring show"),
    (
        Some("keyring show"),
        "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent v-secure --json keyring show",
    ),
    (Some("keyring remove"), "v-secure --json keyring remove --yes"),
    (Some("keyring add"), "v-secure --identity kept.txt --json keyring add"),
    (
        Some("keyring remove"),
        "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent v-secure --json keyring remove --yes",
    ),
    (Some("error"), "v-secure --json keyring show 2>&1 || true"),
];
