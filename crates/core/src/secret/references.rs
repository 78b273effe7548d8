//! Which secrets of a vault a template's references mean.

use crate::convert::template::{Template, TextPosition};
use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use crate::secret::selection as wanted;
use crate::vault::Vault;
use std::collections::BTreeMap;
use std::fmt;

/// The template names secrets that the vault does not have: all of them, each with its places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template names {} that the vault does not have", count(.0.len()))]
pub struct Missing(pub BTreeMap<SecretName, Vec<TextPosition>>);

fn count(secrets: usize) -> String {
    match secrets {
        1 => "a secret".to_owned(),
        count => format!("{count} secrets"),
    }
}

impl Missing {
    /// A line for each secret: its name, and the lines that name it.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(secret, places)| format!("{secret}, named in {}", Lines(places)))
    }
}

/// Places as people name them: `line 3`, `lines 3, 4`.
pub struct Lines<'a>(pub &'a [TextPosition]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<usize> = self.0.iter().map(|place| place.line).collect();
        lines.dedup();
        let texts: Vec<String> = lines.iter().map(usize::to_string).collect();
        let word = if lines.len() == 1 { "line" } else { "lines" };
        write!(f, "{word} {}", texts.join(", "))
    }
}

/// The secret that each reference means, in their order. A name without an environment is
/// looked up as for `exec`: in `environment`, then in those that it extends.
pub fn resolve(
    template: &Template<'_>,
    vault: &Vault,
    environment: &EnvironmentName,
) -> Result<Vec<SecretName>, Missing> {
    let mut missing: BTreeMap<SecretName, Vec<TextPosition>> = BTreeMap::new();
    let mut found = Vec::with_capacity(template.references().len());
    for reference in template.references() {
        match wanted::meant(&reference.target, vault, environment) {
            Ok(secret) => found.push(secret),
            Err(secret) => missing.entry(secret).or_default().push(reference.place),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(Missing(missing)) }
}
