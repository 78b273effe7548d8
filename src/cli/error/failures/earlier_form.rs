//! A vault of a build from before the format was as it is now. What is wrong with it is said as of any other file,
//! and it is refused as ever: anybody can write a line of the earlier form into a file.

use crate::cli::error::Failure;
use crate::store::file::read::{self, VAULT_LIMIT};
use std::path::Path;

/// What helps, beside what else there is.
const WRITTEN_EARLIER: &str = "where an unreleased build wrote it, that build reads it: v-secure export there, and v-secure import here";

/// With what to do with it, if that is what it looks like.
pub(super) fn told(failure: Failure, path: &Path) -> Failure {
    match is_earlier_at(path) {
        true => failure.hint(WRITTEN_EARLIER),
        false => failure,
    }
}

/// The same, of a finding.
pub(crate) fn way(path: &Path) -> Option<String> {
    is_earlier_at(path).then(|| WRITTEN_EARLIER.to_owned())
}

fn is_earlier_at(path: &Path) -> bool {
    read::read(path, VAULT_LIMIT).is_ok_and(|found| is_earlier(&found.bytes))
}

/// Heads of secrets had an id, where they have a name in quotes now.
fn is_earlier(bytes: &[u8]) -> bool {
    const HEAD: &[u8] = b"[secret.";
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.any(|line| line.strip_prefix(HEAD).is_some_and(|rest| !rest.starts_with(b"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_with_an_id_are_of_an_earlier_build() {
        assert!(is_earlier(b"format = 1\n[secret.BZWxTFCol46u0SQKr9TVaHrjiADVUuL5GxWln95L7pA]\n"));
        assert!(!is_earlier(b"format = 1\n[secret.\"default/A\"]\n[[secret.\"a\".version]]\n"));
    }
}
