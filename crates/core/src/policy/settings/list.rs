//! Every setting that this version knows (`docs/format.md`, Settings): the one place that a new one is added to.

use super::known::Setting;
use super::provider;
use super::value::{
    ON, is_plugin_list, is_variable_pattern, parse_count, parse_interval, parse_reads, parse_span,
    parse_ttl,
};
use super::via::Via;
use crate::crypto::kdf::Params;
use crate::name::{Name, SecretName};
use crate::policy::paths;

const INTERVALS: &str = "a span of time from 1h, such as 12h, 30d or 4w";
const OVERLAPS: &str = "a span of time from 0s, such as 90m, 12h or 4w";

/// Every setting, in order of key.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "env.ENVIRONMENT.extends",
        values: "an environment",
        default: "none",
        meaning: "the environment that secrets are inherited from",
        takes: |value| Name::new(value).is_ok(),
    },
    Setting {
        key: "kdf",
        values: "m=KIB,t=PASSES,p=LANES: 19456 to 1048576, 2 to 10, 1 to 8",
        default: "m=262144,t=3,p=4",
        meaning: "what new passphrase slots cost (Argon2id)",
        takes: |value| value.parse::<Params>().is_ok(),
    },
    Setting {
        key: "plugins.allow",
        values: "names of age plugins in order, joined with ','",
        default: "none",
        meaning: "the plugins whose recipients may be added: their programs run where something is sealed",
        takes: is_plugin_list,
    },
    Setting {
        key: "provider.NAME.admin",
        values: "a secret, ENVIRONMENT/NAME",
        default: "none",
        meaning: "the secret whose value the provider is given to change others by",
        takes: |value| SecretName::parse(value).is_ok(),
    },
    Setting {
        key: "provider.NAME.deadline",
        values: "a span of time from 1s to 1h, such as 90s or 5m",
        default: "60s",
        meaning: "for how long one call of the provider may last",
        takes: |value| provider::parse_deadline(value).is_some(),
    },
    Setting {
        key: "provider.NAME.endpoint",
        values: "a text; for postgres, HOST[:PORT]/DATABASE",
        default: "none",
        meaning: "what the provider connects to: never what a secret's value names",
        takes: |value| !value.is_empty(),
    },
    Setting {
        key: "provider.NAME.kind",
        values: "command or postgres",
        default: "none",
        meaning: "how the provider is spoken to",
        takes: |value| provider::parse_kind(value).is_some(),
    },
    Setting {
        key: "provider.NAME.overlap",
        values: OVERLAPS,
        default: "what rotation.overlap says",
        meaning: "for how long a credential of the provider goes on to be valid once another took its place",
        takes: |value| parse_span(value).is_some(),
    },
    Setting {
        key: "provider.NAME.owner",
        values: "a role of the database",
        default: "none",
        meaning: "the role that owns the objects where two users take turns",
        takes: |value| Name::new(value).is_ok(),
    },
    Setting {
        key: "provider.NAME.program",
        values: "a path from '/', without '..'",
        default: "none",
        meaning: "the program that is run for the provider",
        takes: provider::is_program,
    },
    Setting {
        key: "provider.NAME.serves",
        values: "patterns as grants have, none twice, at most 64, joined with ','",
        default: "none",
        meaning: "the secrets that the provider is asked to rotate",
        takes: provider::is_pattern_list,
    },
    Setting {
        key: "provider.NAME.sha256",
        values: "64 lowercase hexadecimal digits",
        default: "none",
        meaning: "the SHA-256 that the file of the program must have",
        takes: provider::is_digest,
    },
    Setting {
        key: "provider.NAME.tls",
        values: "verify or off",
        default: "verify",
        meaning: "whether the connection is encrypted, to a server whose certificate is verified",
        takes: |value| provider::parse_tls(value).is_some(),
    },
    Setting {
        key: "provider.NAME.users",
        values: "one name, or two joined with ','",
        default: "none",
        meaning: "the users of the database whose password is changed: of two, in turns",
        takes: provider::is_user_list,
    },
    Setting {
        key: "reads",
        values: "off, best-effort or required",
        default: "best-effort",
        meaning: "whether each device records the values that are read on it",
        takes: |value| parse_reads(value).is_some(),
    },
    Setting {
        key: "retention.days",
        values: "a whole number from 1",
        default: "no limit",
        meaning: "for how many days a version keeps its value once its author or a member who may delete ended it",
        takes: |value| parse_count(value).is_some(),
    },
    Setting {
        key: "retention.versions",
        values: "a whole number from 1",
        default: "no limit",
        meaning: "with how many newer versions, by its author or members who may delete, a version loses its value",
        takes: |value| parse_count(value).is_some(),
    },
    Setting {
        key: "rotation.dek",
        values: INTERVALS,
        default: "never",
        meaning: "how old the key of a value may become before 'key rotate --due' renews it",
        takes: |value| parse_interval(value).is_some(),
    },
    Setting {
        key: "rotation.kek",
        values: INTERVALS,
        default: "never",
        meaning: "how old the key of readers may become before 'key rotate --due' renews it",
        takes: |value| parse_interval(value).is_some(),
    },
    Setting {
        key: "rotation.overlap",
        values: OVERLAPS,
        default: "24h",
        meaning: "for how long a credential goes on to be valid once another took its place",
        takes: |value| parse_span(value).is_some(),
    },
    Setting {
        key: "rotation.via",
        values: "'git REMOTE REF' with a branch such as refs/heads/main, or 'device MEMBER/DEVICE'",
        default: "none",
        meaning: "where rotations are published before a provider is called",
        takes: |value| Via::parse(value).is_some(),
    },
    Setting {
        key: "scan.allow",
        values: "paths from the vault's project, joined with ','; 'fixtures/' is a folder, '*' any text without '/'",
        default: "none",
        meaning: "files that may be committed though they seem to hold a secret's value",
        takes: paths::is_list,
    },
    Setting {
        key: "ttl",
        values: "every or on-write",
        default: "every",
        meaning: "which commands prune what has expired: every one that can, or those that write",
        takes: |value| parse_ttl(value).is_some(),
    },
    Setting {
        key: "variables.allow",
        values: "variables, or beginnings of some with '*', joined with ','",
        default: "none",
        meaning: "guarded variables that secrets may set; in strict mode the only ones",
        takes: |value| value.split(',').all(is_variable_pattern),
    },
    Setting {
        key: "variables.strict",
        values: "on",
        default: "off",
        meaning: "whether secrets pass under no other names than those of variables.allow",
        takes: |value| value == ON,
    },
];
