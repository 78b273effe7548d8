//! Which of the names that are there somebody meant who typed another one.

use crate::name::environment::EnvironmentName;
use crate::name::{Pattern, SecretName};
use crate::vault::Vault;
use std::collections::BTreeSet;

/// The environment of names without one, which is there from the beginning.
const FIRST_ENVIRONMENT: &str = "default";

/// The name that is nearest to what was typed, if one is near. Which letters are capitals and which of
/// `-`, `_` and `.` joins words counts for nothing.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let others = known.into_iter().filter(|name| *name != typed);
    others.filter_map(|name| Some((distance(typed, name)?, name))).min().map(|(_, name)| name)
}

/// The secret that was meant: of a name and an environment that are near, and else one of that name.
pub fn secret<'a>(vault: &'a Vault, typed: &SecretName) -> Option<&'a SecretName> {
    let others = || vault.live().map(|(name, _)| name).filter(|name| *name != typed);
    let near = others().filter_map(|name| {
        let environment = distance(typed.environment(), name.environment())?;
        Some((environment + distance(typed.name(), name.name())?, name))
    });
    let same_name = |name: &&SecretName| name.name().eq_ignore_ascii_case(typed.name());
    near.min().map(|(_, name)| name).or_else(|| others().find(same_name))
}

/// The environment that was meant.
pub fn environment(vault: &Vault, typed: &str) -> Option<EnvironmentName> {
    let known = environments(vault);
    let near = nearest(typed, known.iter().map(EnvironmentName::as_str))?;
    EnvironmentName::new(near).ok()
}

/// The environment that one is to be the misspelling of: names that differ in their numbers alone are a
/// row.
pub fn misspelt(vault: &Vault, typed: &str) -> Option<EnvironmentName> {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    environment(vault, typed).filter(|near| letters(near.as_str()) != letters(typed))
}

/// The environments that are there: those that hold or held a secret, extend another or are extended.
pub fn environments(vault: &Vault) -> BTreeSet<EnvironmentName> {
    let secrets = vault
        .state()
        .secrets
        .keys()
        .filter_map(|name| EnvironmentName::new(name.environment()).ok());
    let settings = vault.policy().settings();
    let extending = settings.heirs().flat_map(|heir| {
        let base = settings.extends(heir.as_str());
        base.into_iter().chain([heir])
    });
    secrets.chain(extending).chain(EnvironmentName::new(FIRST_ENVIRONMENT)).collect()
}

/// Whether a grant names the environment: it was meant by then.
pub fn is_granted(vault: &Vault, environment: &EnvironmentName) -> bool {
    let names = |pattern: &Pattern| {
        pattern.as_str().split_once('/').is_some_and(|(named, _)| named == environment.as_str())
    };
    let mut roles = vault.policy().roles();
    roles.any(|(_, role)| role.grants().any(|(pattern, _)| names(pattern)))
}

/// The pattern that was meant, where one matches no secret: the same of an environment that is there.
pub fn pattern(vault: &Vault, typed: &Pattern) -> Option<String> {
    let (named, rest) = typed.as_str().split_once('/')?;
    if vault.live().any(|(name, _)| typed.matches(name)) {
        return None;
    }
    environment(vault, named).map(|near| format!("{near}/{rest}"))
}

/// How far two names are from each other; `None` if too far to be one by a slip.
fn distance(typed: &str, name: &str) -> Option<usize> {
    let (typed, name) = (folded(typed), folded(name));
    let longer = typed.len().max(name.len());
    let limit = longer.max(3) / 3;
    if typed.len().abs_diff(name.len()) > limit {
        return None;
    }
    let found = edits(&typed, &name);
    (found <= limit && (found == 0 || 2 * found < longer)).then_some(found)
}

fn folded(text: &str) -> Vec<u8> {
    let fold = |byte: u8| match byte {
        b'.' | b'-' => b'_',
        other => other.to_ascii_lowercase(),
    };
    text.bytes().map(fold).collect()
}

/// The letters to be put in, taken out, replaced or swapped with the next one.
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let near = |typed, name| nearest(typed, [name]).is_some();
        for (typed, name) in [
            ("prd", "prod"),
            ("prdo", "prod"),
            ("Prod", "prod"),
            ("databse-url", "DATABASE_URL"),
            ("API_KEY", "API_KEYS"),
            ("stagin", "staging"),
            ("ownr", "owner"),
        ] {
            assert!(near(typed, name) && near(name, typed), "{typed} {name}");
        }
        for (typed, name) in [
            ("dev", "prod"),
            ("A", "B"),
            ("qa", "ci"),
            ("prod", "prod"),
            ("", "a"),
            ("test", "prod"),
        ] {
            assert!(!near(typed, name), "{typed} {name}");
        }
    }

    #[test]
    fn the_nearest_of_several_is_meant() {
        assert_eq!(nearest("API_KEZ", ["API_KEYS", "API_KEY"]), Some("API_KEY"));
        assert_eq!(edits(b"prdo", b"prod"), 1);
        assert_eq!(edits(b"", b"abc"), 3);
    }
}
