//! A story of rotations by hand.

use crate::json_schemas::runs::Run;

pub const ROTATIONS: &[Run] = &[
    (None, "v-secure init --vault-name shop --member admin"),
    (None, "printf one | v-secure set A"),
    (Some("secret rotation-status"), "v-secure --json secret rotation-status A"),
    (Some("secret rotate"), "printf two | v-secure --json secret rotate A --to 5% --ttl 90d"),
    (Some("secret rotate"), "v-secure --json secret rotate A --resume --to 100%"),
    (Some("rotation list"), "v-secure --json rotation list"),
    (Some("secret rotation-status"), "v-secure --json secret rotation-status A --instance web-1"),
    (Some("rotation promote"), "v-secure --json rotation promote A"),
    (Some("rotation retire"), "v-secure --json rotation retire A --yes"),
    (Some("secret rotate"), "printf three | v-secure --json secret rotate A --to 0%"),
    (Some("secret rotate"), "v-secure --json secret rotate A --abort"),
    (Some("rotation retire"), "v-secure --json rotation retire A --yes"),
    (None, "printf four | v-secure secret rotate A --to 5%"),
    (Some("secret rollback"), "v-secure --json secret rollback A"),
    (None, "v-secure rotation retire A --yes"),
    (None, "printf five | v-secure secret rotate A --to 5% && printf six | v-secure set A"),
    (Some("rotation list"), "v-secure --json rotation list"),
    (Some("secret rotation-status"), "v-secure --json secret rotation-status"),
];
