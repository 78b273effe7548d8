//! The user's own configuration, `config.toml` in the config folder: conveniences of one person on
//! one machine. Nothing in it steers the security of a vault; that is what signed settings are for.
//!
//! ```toml
//! # Identities to try after identity.txt; ~ is the home folder, other paths start here.
//! identities = ["~/keys/work.txt"]
//! ```

use super::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read::ReadError;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const FILE: &str = "config.toml";
/// The most bytes of it.
const MAX: u64 = 64 << 10;

/// What may be configured.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Identity files, tried in this order after all others.
    pub identities: Vec<PathBuf>,
}

/// Reads the configuration; a missing file is an empty one.
pub fn load(context: &Surroundings<'_>) -> Outcome<Config> {
    let Some(folder) = context.host.config_dir() else { return Ok(Config::default()) };
    let path = folder.join(FILE);
    let refuse = |error: &dyn std::error::Error| {
        let message = format!("{} cannot be used", path.display());
        Failure::new(Code::Config, message).because(error)
    };
    let bytes = match private::read_secret(&path, MAX, context.owners()) {
        Ok(file) => file.bytes,
        Err(PrivateError::Read(ReadError::Missing { .. })) => return Ok(Config::default()),
        Err(error) => return Err(refuse(&error)),
    };
    let config = parse(bytes.expose()).map_err(|error| refuse(&error))?;
    let home = context.host.home_dir();
    Ok(config.at(&folder, home.as_deref()))
}

/// What is wrong, on one line.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {message}")]
struct Syntax {
    line: usize,
    message: String,
}

fn parse(bytes: &[u8]) -> Result<Config, Syntax> {
    toml::from_slice(bytes).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(bytes.len()));
        let line = bytes[..start].iter().filter(|byte| **byte == b'\n').count() + 1;
        Syntax { line, message: error.message().to_owned() }
    })
}

impl Config {
    /// With paths that mean the same in every folder.
    fn at(mut self, folder: &Path, home: Option<&Path>) -> Self {
        for path in &mut self.identities {
            *path = match (path.strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => home.join(rest),
                _ => folder.join(&path),
            };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_at_home_or_beside_the_file() {
        let config = parse(b"identities = [\"~/a.txt\", \"b.txt\", \"/c.txt\"]").unwrap();
        let config = config.at(Path::new("/cfg"), Some(Path::new("/home/me")));
        let expected = ["/home/me/a.txt", "/cfg/b.txt", "/c.txt"].map(PathBuf::from).to_vec();
        assert_eq!(config.identities, expected);
    }

    #[test]
    fn an_unknown_key_is_an_error_and_nothing_is_a_configuration() {
        assert!(parse(b"\nidentity = \"x\"").unwrap_err().to_string().starts_with("line 2: "));
        assert_eq!(parse(b"").unwrap(), Config::default());
    }
}
