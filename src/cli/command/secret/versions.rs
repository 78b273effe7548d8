//! `v-secure secret versions`: what a secret was, when, by whom and why. Unlocks nothing.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::metadata;
use crate::engine::door::Purpose;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::log::describe::short;
use v_secure_core::log::state::{SecretState, Version};
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::versions::{
    OtherVersionView, SecretVersionsView, is_overruled,
};
use v_secure_core::secret::read;
use v_secure_core::time::UnixTime;
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

impl Versions {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open(Purpose::Look, Depth::Secrets(&names))?;
        let state = read::find(&opened.vault, &secret)?;
        let others = others(context, state)?;
        if context.ui.json {
            let view = SecretVersionsView::of(&secret, state, &others, session.now);
            return context.ui.object(&view);
        }
        let latest_first = state.versions.iter().rev();
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
fn others(
    context: &Context<'_>,
    state: &SecretState,
) -> Outcome<BTreeMap<ObjectId, OtherVersionView>> {
    let own: BTreeSet<&ObjectId> = state.versions.iter().map(|version| &version.object).collect();
    let named: BTreeSet<&ObjectId> = state
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
    let other = |name: &SecretName, version: &Version| OtherVersionView {
        secret: name.clone(),
        version: version.number,
    };
    Ok(found.map(|(name, version)| (version.object, other(name, version))).collect())
}

fn cells(
    context: &Context<'_>,
    state: &SecretState,
    version: &Version,
    now: UnixTime,
) -> Vec<String> {
    let status = state.status(version, now).as_str();
    let current = state.current == Some(version.object);
    let status = match current {
        true if version.retired => format!("{status} (current), and retired"),
        true => format!("{status} (current)"),
        false if is_overruled(version) => {
            format!("{status}, overruled: {}", metadata::OVERRULED)
        }
        false => status.to_owned(),
    };
    vec![
        version.number.to_string(),
        short(&version.object),
        metadata::when(context, Some(version.ts), now),
        status,
        by(version),
        metadata::shown(&version.reason),
        metadata::expires(context, version, now),
    ]
}

/// Who stated it, and who promoted it where that was somebody else.
fn by(version: &Version) -> String {
    let Version { author, brought_by, .. } = version;
    match author == brought_by {
        true => author.to_string(),
        false => format!("{author}, promoted by {brought_by}"),
    }
}
