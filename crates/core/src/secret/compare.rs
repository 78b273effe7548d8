//! Two environments side by side: which names each gives, and whether their values are equal.

use super::read::{self, ReadError};
use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use crate::secret::selection as wanted;
use crate::secret::selection::Selection;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;
use std::collections::BTreeMap;

/// How a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    Left,
    Right,
    Equal,
    Different,
    /// One of the values is not given to this member, or has expired.
    Unknown,
}

impl Difference {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

/// A name that one of the environments gives.
#[derive(Debug)]
pub struct Compared {
    pub name: String,
    pub difference: Difference,
    pub left: Option<Side>,
    pub right: Option<Side>,
}

/// One environment's secret of a name, its own or inherited.
#[derive(Debug)]
pub struct Side {
    pub secret: SecretName,
    /// `None` where it was not opened.
    pub value: Option<SecretValue>,
}

/// Compares what two environments give to programs, inherited secrets included, by name. `now` is
/// in seconds since the Unix epoch.
///
/// # Errors
/// A value that is missing or damaged. One that is denied, not settled or expired is
/// [`Difference::Unknown`].
pub fn compare(
    vault: &Vault,
    who: &Unlocked,
    environments: [&EnvironmentName; 2],
    now: UnixTime,
) -> Result<Vec<Compared>, ReadError> {
    let mut names: BTreeMap<String, [Option<SecretName>; 2]> = BTreeMap::new();
    for (index, environment) in environments.into_iter().enumerate() {
        for secret in wanted::wanted(vault, environment, &Selection::default())? {
            let name = secret.name().to_owned();
            names.entry(name).or_default()[index] = Some(secret);
        }
    }
    let read = |secret: SecretName| -> Result<Side, ReadError> {
        let value = opened(vault, who, &secret, now)?;
        Ok(Side { secret, value })
    };
    names
        .into_iter()
        .map(|(name, [left, right])| {
            let shared = left.is_some() && left == right;
            let (left, right) = (left.map(read).transpose()?, right.map(read).transpose()?);
            let difference = difference(left.as_ref(), right.as_ref(), shared);
            Ok(Compared { name, difference, left, right })
        })
        .collect()
}

fn opened(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    now: UnixTime,
) -> Result<Option<SecretValue>, ReadError> {
    match read::read(vault, who, secret, &read::VersionSelector::Current, now) {
        Ok(value) => Ok(Some(value)),
        Err(
            ReadError::NotPermitted { .. }
            | ReadError::Unsettled { .. }
            | ReadError::Expired { .. }
            | ReadError::Pruned { .. },
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `shared` says that both are one secret, which needs no value to be equal.
fn difference(left: Option<&Side>, right: Option<&Side>, shared: bool) -> Difference {
    match (left, right) {
        (Some(_), None) => Difference::Left,
        (None, _) => Difference::Right,
        _ if shared => Difference::Equal,
        (Some(left), Some(right)) => match (&left.value, &right.value) {
            (Some(left), Some(right)) if left.same_as(right) => Difference::Equal,
            (Some(_), Some(_)) => Difference::Different,
            _ => Difference::Unknown,
        },
    }
}
