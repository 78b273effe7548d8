//! Settings of later versions: the namespaces that a reader carries without knowing what stands there
//! (`docs/format.md`, What a newer version may add).
//!
//! They are judged by their form alone, for ever: a version that gives one a meaning has to take what an
//! older one carried for unset where it makes no sense, since by then the chain states it.

use super::known::SettingKey;
use crate::name::Name;

/// What later versions keep their settings under. What a reader must not ignore is no such setting:
/// that is what `requires` is for.
const NAMESPACES: [&str; 4] = ["report", "rotation", "server", "sync"];

/// Whether a key that this version does not know may stand in a chain.
pub(crate) fn is_carried(key: &str) -> bool {
    let Some((namespace, name)) = key.split_once('.') else { return false };
    SettingKey::parse(key).is_err() && NAMESPACES.contains(&namespace) && Name::new(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_and_a_name_are_carried_and_nothing_that_is_known_or_without_a_namespace() {
        for key in ["server.url", "sync.every", "rotation.window", "report.to.Ops-1", "sync.a.b"] {
            assert!(is_carried(key), "{key}");
        }
        let long = format!("sync.{}", "a".repeat(129));
        for key in [
            "rotation.kek",
            "rotation.via",
            "provider.db.url",
            "ttl",
            "sync",
            "sync.",
            "sync.-a",
            "Sync.a",
            "synced.a",
            "sync.a b",
            "sync.a/b",
            "sync.a*",
            "reads.a",
            "",
            ".a",
            &long,
        ] {
            assert!(!is_carried(key), "{key}");
        }
    }
}
