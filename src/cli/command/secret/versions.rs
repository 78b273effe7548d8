//! `v-secure secret versions`: what a secret was, when, by whom and why. Unlocks nothing.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::{Context, short};
use crate::cli::error::Outcome;
use crate::cli::output::metadata;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::convert::duration;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::log::state::{SecretState, Version};
use v_secure_core::name::SecretName;
use v_secure_core::secret::read;
use v_secure_core::vault::Depth;

/// List a secret's versions, the latest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure secret versions DATABASE_URL\n  \
                        v-secure get DATABASE_URL --version 2\n  \
                        v-secure secret rollback DATABASE_URL --version 2")]
pub struct Versions {
    #[command(flatten)]
    secret: SecretArg,
}

#[derive(Serialize)]
struct Report {
    secret: String,
    versions: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    version: usize,
    id: String,
    date: String,
    /// active, conflicting, retired, removed, expired or pruned.
    state: &'static str,
    current: bool,
    /// Whether it sets nothing, since what it rotates was removed.
    overruled: bool,
    author: String,
    reason: String,
    expires: Option<String>,
    /// Whether that was changed in several ways since a merge; `expires` is the earliest.
    expiry_conflict: bool,
    /// The versions that are said to hold the same value.
    same_value_as: Vec<String>,
    /// Those of them that another secret has: what it was renamed or copied from.
    from: Vec<Other>,
    /// The log entry that put it.
    entry: String,
}

/// A version of another secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Other {
    secret: String,
    version: usize,
}

impl Versions {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open(Purpose::Look, Depth::Secrets(&names))?;
        let state = read::find(&opened.vault, &secret)?;
        let latest_first = state.versions.iter().rev();
        let others = others(context, state)?;
        if context.ui.json {
            let row = |version| row(state, version, &others, session.now);
            let versions = latest_first.map(row).collect();
            return context.ui.object(&Report { secret: secret.to_string(), versions });
        }
        let rows = latest_first.map(|version| cells(context, state, version, session.now));
        let header = ["version", "id", "date", "state", "author", "reason", "expires"];
        context.ui.table(&header, rows.collect())?;
        let sources: BTreeSet<&str> = others.values().map(|other| other.secret.as_str()).collect();
        for source in sources {
            context.ui.note(&format!(
                "more versions are under another name: v-secure secret versions {source}"
            ));
        }
        Ok(())
    }
}

/// The versions of other secrets that versions of this one are said to hold the value of. The others are read
/// only where there is such a word.
fn others(context: &Context<'_>, state: &SecretState) -> Outcome<BTreeMap<Id, Other>> {
    let own: BTreeSet<&Id> = state.versions.iter().map(|version| &version.object).collect();
    let named: BTreeSet<&Id> = state
        .versions
        .iter()
        .flat_map(|version| &version.same)
        .filter(|id| !own.contains(id))
        .collect();
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
    let secrets = opened.vault.state().secrets.iter();
    let versions = secrets.flat_map(|(name, state)| state.versions.iter().map(move |v| (name, v)));
    let found = versions.filter(|(_, version)| named.contains(&version.object));
    let other = |name: &SecretName, version: &Version| Other {
        secret: name.to_string(),
        version: version.number,
    };
    Ok(found.map(|(name, version)| (version.object, other(name, version))).collect())
}

fn row(state: &SecretState, version: &Version, others: &BTreeMap<Id, Other>, now: u64) -> Row {
    Row {
        version: version.number,
        id: version.object.to_string(),
        date: duration::rfc3339(version.ts),
        state: state.status(version, now).as_str(),
        current: state.current == Some(version.object),
        overruled: metadata::is_overruled(version),
        author: version.author.to_string(),
        reason: version.reason.clone(),
        expires: version.expires.map(duration::rfc3339),
        expiry_conflict: version.expiry_conflict,
        same_value_as: version.same.iter().map(ToString::to_string).collect(),
        from: version.same.iter().filter_map(|id| others.get(id).cloned()).collect(),
        entry: version.entry.to_string(),
    }
}

fn cells(context: &Context<'_>, state: &SecretState, version: &Version, now: u64) -> Vec<String> {
    let status = state.status(version, now).as_str();
    let current = state.current == Some(version.object);
    let status = match current {
        true => format!("{status} (current)"),
        false if metadata::is_overruled(version) => {
            format!("{status}, overruled: {}", metadata::OVERRULED)
        }
        false => status.to_owned(),
    };
    vec![
        version.number.to_string(),
        short(&version.object),
        metadata::when(context, Some(version.ts), now),
        status,
        version.author.to_string(),
        metadata::shown(&version.reason),
        metadata::expires(context, version, now),
    ]
}
