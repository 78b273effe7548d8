//! Cases of rotations by hand.

use crate::error_snapshots::cases::{Case, case};
use crate::error_snapshots::given::{a, after};
use v_secure_testkit::branches;
use v_secure_testkit::stage::Stage;

/// With a rotation of A that is open, its id in id.txt and its value's in value.txt.
pub fn rotating(stage: &Stage) {
    a(stage);
    stage.ok("printf two | v-secure secret rotate A --to 5%");
    for (key, file) in [("rotation", "id.txt"), ("value", "value.txt")] {
        let id = format!(r#"s/.*"{key}": "\([^"]*\)".*/\1/p"#);
        stage.ok(&format!("v-secure rotation list --json | sed -n '{id}' > {file}"));
    }
}

/// Its rotation is stale.
pub fn overtaken(stage: &Stage) {
    rotating(stage);
    stage.ok("printf three | v-secure set A");
}

/// Two branches began a rotation each, and were merged.
pub fn contested(stage: &Stage) {
    a(stage);
    stage.ok("mkdir ../branch && cp -R .v-secure ../branch && cd ../branch && printf two | XDG_STATE_HOME=$PWD/../state v-secure --trust-first-use secret rotate A --to 5%");
    stage.ok("printf three | v-secure secret rotate A --to 5%");
    branches::unite(&stage.vault(), &stage.path("../branch/.v-secure/vault.toml"));
}

pub fn all() -> Vec<Case> {
    vec![
        case("provider-program", a, "v-secure provider test shop.sh --yes"),
        case("provider-test", a, "v-secure provider test -q --yes $(readlink -f /bin/cat)"),
        case("bad-share", a, "printf two | v-secure secret rotate A --to 5"),
        case("bad-instance", a, "v-secure exec --instance '' -- true"),
        case(
            "no-version-given",
            after!(a, "printf two | v-secure set A"),
            "v-secure secret rollback A",
        ),
        case("provider-missing", a, "v-secure secret rotate A --dry-run"),
        case(
            "rotation-unplaced",
            after!(a, "v-secure settings set provider.shop.serves default/A"),
            "v-secure secret rotate A",
        ),
        case("rotation-missing", a, "v-secure secret rotate A --abort"),
        case("rotation-missing", rotating, "v-secure rotation promote A --rotation=none"),
        case("rotation-missing", a, "v-secure rotation retire A --yes"),
        case("rotation-open", rotating, "printf three | v-secure secret rotate A"),
        case("rotation-open", rotating, "v-secure key rotate --dek --secret A"),
        case("usage", rotating, "v-secure rotation promote A --rotation="),
        case("rotation-open", overtaken, "printf four | v-secure secret rotate A --to 5%"),
        case(
            "rotation-over",
            after!(rotating, "v-secure secret rotate A --abort"),
            "v-secure rotation promote A --rotation=$(cat id.txt)",
        ),
        case("rotation-unsettled", overtaken, "v-secure rotation promote A"),
        case("rotation-unsettled", contested, "v-secure secret rotate A --resume --to 50%"),
        case("rotation-unsettled", overtaken, "v-secure exec --strict -- true"),
        case("in-use", a, "v-secure rotation retire A --yes --version 1"),
        case("in-use", rotating, "v-secure rotation retire A --yes --version=$(cat value.txt)"),
        case(
            "in-use",
            after!(
                rotating,
                "v-secure rotation promote A && v-secure secret rollback A --version 1"
            ),
            "v-secure rotation retire A --yes --version 1",
        ),
        case(
            "not-retired",
            after!(rotating, "v-secure rotation promote A"),
            "printf three | v-secure secret rotate A --to 5%",
        ),
        case(
            "retired",
            after!(rotating, "v-secure rotation promote A && v-secure rotation retire A --yes"),
            "v-secure secret rollback A --version 1",
        ),
        case(
            "expired",
            after!(a, "printf two | v-secure secret rotate A --to 5% --expires-at 2020-01-01"),
            "v-secure rotation promote A",
        ),
    ]
}
