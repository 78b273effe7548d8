//! Reading the log for a few secrets: a line that names none of them is cut to what links it.

use super::ReadScope;
use memchr::memmem;

/// With more names than this, parsing everything is cheaper than looking for each.
const MAX_NAMES: usize = 8;
/// Before and after the ops of a canonical line. Within strings quotes are escaped, so both are
/// found only where they are keys; no op has a key of the latter's name.
const OPS: &str = ",\"ops\":[";
const AFTER_OPS: &str = "],\"reason\":\"";

/// Tells the lines that name one of the wanted secrets.
pub(super) struct Naming<'a> {
    names: Vec<memmem::Finder<'a>>,
}

impl Naming<'_> {
    /// `None` where every line is to be read in full.
    pub fn of(scope: ReadScope<'_>) -> Option<Self> {
        let ReadScope::Naming(names) = scope else { return None };
        // Names have no character that JSON escapes.
        let finder = |name| memmem::Finder::new(&format!("\"secret\":\"{name}\"")).into_owned();
        (names.len() <= MAX_NAMES).then(|| Self { names: names.iter().map(finder).collect() })
    }

    /// The line with an empty list of ops, if none of them is about a wanted secret.
    pub(crate) fn without_ops(&self, line: &str) -> Option<String> {
        let start = memmem::find(line.as_bytes(), OPS.as_bytes())? + OPS.len();
        let end = memmem::rfind(line.as_bytes(), AFTER_OPS.as_bytes())?;
        let ops = line.get(start..end)?.as_bytes();
        let is_named = self.names.iter().any(|name| name.find(ops).is_some());
        (!is_named).then(|| [&line[..start], &line[end..]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::SecretName;
    use std::collections::BTreeSet;

    const LINE: &str = r#"{"parents":[],"actor":"a","ops":[{"put":{"secret":"prod/A"}},{"field":{"secret":"prod/B","value":"\"secret\":\"prod/C\"],\"reason\":\""}}],"reason":"],\"reason\":\"x","sig":""}"#;

    fn cut(names: &[&str]) -> Option<String> {
        let names: BTreeSet<SecretName> =
            names.iter().map(|name| SecretName::parse(*name).unwrap()).collect();
        Naming::of(ReadScope::Naming(&names)).unwrap().without_ops(LINE)
    }

    #[test]
    fn a_line_that_names_a_wanted_secret_stays_whole() {
        assert_eq!(cut(&["prod/A"]), None);
        assert_eq!(cut(&["prod/X", "prod/B"]), None);
    }

    #[test]
    fn other_lines_lose_their_ops_whatever_their_texts_say() {
        let short = r#"{"parents":[],"actor":"a","ops":[],"reason":"],\"reason\":\"x","sig":""}"#;
        assert_eq!(cut(&["prod/C"]).as_deref(), Some(short));
        assert_eq!(cut(&["prod/AA", "rod/A"]).as_deref(), Some(short));
    }

    #[test]
    fn many_names_are_not_looked_for() {
        let names: BTreeSet<SecretName> =
            (0..9).map(|n| SecretName::parse(format!("prod/{n}")).unwrap()).collect();
        assert!(Naming::of(ReadScope::Naming(&names)).is_none());
    }
}
