//! Of rotations by hand.

use crate::hints::way::{Way, said, way};

pub fn all() -> Vec<Way> {
    vec![
        said("bad-share", "--to 5%", "printf two | v-secure secret rotate A --to 5%"),
        said("bad-instance", "--instance web-3", "v-secure exec --instance web-3 -- true"),
        way("provider-missing", "v-secure settings set provider.NAME.serves")
            .fill("NAME", "shop")
            .ends("rotation-unplaced"),
        way("rotation-unplaced", "v-secure settings set rotation.via 'device")
            .ends("provider-missing"),
        way("no-version-given", "v-secure secret rollback").fill("NUMBER", "1").does(),
        way("rotation-unsettled", "v-secure secret rotate")
            .on("rotation promote A")
            .ends("rotation-missing"),
        way("in-use", "v-secure secret rotate").on("--version 1").before("printf new | "),
        way("rotation-open", "v-secure secret rotate").on("printf four").ends("not-retired"),
        way("not-retired", "v-secure rotation retire").answer("This is not taken back", "y"),
        way("retired", "v-secure set default/A").on("rollback").before("printf new | ").does(),
        way("expired", "v-secure secret rotate").ends("rotation-missing"),
    ]
}
