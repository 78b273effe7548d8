//! `v-secure secret list`, `v-secure ls`: metadata of secrets, never values. Unlocks nothing.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::metadata;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::name::NameError;
use v_secure_core::report::view::secret::list::SecretListView;
use v_secure_core::report::view::secret::row::SecretView;
use v_secure_core::secret::list;
use v_secure_core::secret::list::{ListFilter, ListPattern, Listed};
use v_secure_core::secret::rotation_due::Ages;
use v_secure_core::secret::similar;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault};

/// List secrets with their metadata, never their values
#[derive(Debug, Args)]
#[command(
    after_help = "All environments are listed, unless -e or V_SECURE_ENV names one. Nothing is \
                        unlocked.\n\n\
                        Examples:\n  v-secure ls\n  v-secure ls 'prod/DB_*'\n  v-secure ls -e prod --tag web\n  \
                        v-secure ls --expiring 7d --expired\n  v-secure ls --stale\n  v-secure ls | cut -f1"
)]
pub struct List {
    /// Only what this matches: ENVIRONMENT/NAME, or NAME in any environment, where '*' at the end
    /// matches any rest
    #[arg(value_name = "PATTERN", value_parser = parse_pattern)]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    pattern: Option<ListPattern>,

    /// Only secrets with this tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Only secrets of this type
    #[arg(long = "type", value_name = "TYPE")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::secret_kind::complete))]
    kind: Option<String>,

    /// Only secrets that expire within this time, 7d if none is given
    #[arg(long, value_name = "SPAN", num_args = 0..=1, default_missing_value = "7d")]
    expiring: Option<String>,

    /// Only secrets whose value is older than their rotation interval ('set --rotation-interval')
    #[arg(long)]
    stale: bool,

    /// Only secrets that have expired; with --expiring: these too
    #[arg(long)]
    expired: bool,

    /// Include removed secrets
    #[arg(long)]
    all: bool,
}

fn parse_pattern(text: &str) -> Result<ListPattern, NameError> {
    ListPattern::parse(text)
}

/// What was asked for by name and is not there.
fn unmatched(vault: &Vault, pattern: &ListPattern) -> Failure {
    let near = match pattern {
        ListPattern::Full(pattern) => similar::pattern(vault, pattern),
        ListPattern::Bare { .. } => None,
    };
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let message = format!("no secret that is asked for matches {pattern}{near}");
    Failure::new(Code::NoSecrets, message).hint("v-secure ls")
}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let filter = self.filter(context)?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        if let Some(environment) = &filter.environment {
            meant::must_exist(&opened.vault, environment)?;
        }
        let listed = list::list(&opened.vault, &filter, session.now);
        if let (Some(pattern), true) = (&filter.pattern, listed.is_empty()) {
            return Err(unmatched(&opened.vault, pattern));
        }
        if context.ui.json {
            let ages = Ages::new(&opened.vault);
            let secrets = listed.iter().map(|listed| SecretView::of(listed, &ages)).collect();
            return context.ui.object(&SecretListView { secrets });
        }
        if listed.is_empty() {
            let is_empty = opened.vault.live().next().is_none();
            context.ui.note(&match is_empty && !self.narrows() {
                true => "the vault has no secrets yet: v-secure set NAME".to_owned(),
                false => self.none(&filter),
            });
        }
        for conflicting in listed.iter().filter(|listed| listed.state.is_conflict()) {
            let name = conflicting.name;
            context.ui.warn(&format!(
                "{name} has several active versions since a merge: v-secure secret resolve {name} --take VERSION"
            ));
        }
        let mut header = vec!["name", "version", "type", "tags", "expires", "updated", "who"];
        if self.all {
            header.push("state");
        }
        if self.stale {
            header.push("rotation due");
        }
        let ages = Ages::new(&opened.vault);
        let cells = |listed| self.cells(context, listed, &ages, session.now);
        context.ui.table(&header, listed.iter().map(cells).collect())
    }

    fn filter(&self, context: &Context<'_>) -> Outcome<ListFilter> {
        let expiring = self.expiring.as_deref().map(duration::parse_span).transpose();
        let expiring =
            expiring.map_err(|error| times::refuse("--expiring", Takes::Duration, &error))?;
        let environment =
            context.states_environment().then(|| context.environment()).transpose()?;
        Ok(ListFilter {
            environment,
            pattern: self.pattern.clone(),
            tags: self.tags.clone(),
            kind: self.kind.clone(),
            expiring: expiring.map(|span| context.host.now().saturating_add(span)),
            expired: self.expired,
            stale: self.stale,
            removed: self.all,
        })
    }

    fn narrows(&self) -> bool {
        let by_age = self.expiring.is_some() || self.expired || self.stale;
        by_age || !self.tags.is_empty() || self.kind.is_some()
    }

    /// What there is none of, in the words of the options.
    fn none(&self, filter: &ListFilter) -> String {
        let mut said = match (&filter.environment, self.all) {
            (Some(environment), _) => format!("no secret of the environment {environment}"),
            (None, true) => "no secret, nor a removed one,".to_owned(),
            (None, false) => "no secret".to_owned(),
        };
        if !self.tags.is_empty() {
            said.push_str(&format!(" with the tag {}", self.tags.join(" or ")));
        }
        if let Some(kind) = &self.kind {
            said.push_str(&format!(" of the type {kind}"));
        }
        let span = self.expiring.as_deref().map(|span| format!("expires within {span}"));
        let gone = self.expired.then(|| "has expired".to_owned());
        let by_age: Vec<String> = span.into_iter().chain(gone).collect();
        let stale = self.stale.then(|| "is stale".to_owned());
        let ends = [(!by_age.is_empty()).then(|| by_age.join(" or ")), stale];
        let ends: Vec<String> = ends.into_iter().flatten().collect();
        match ends.is_empty() {
            true => format!("there is {said}"),
            false => format!("{said} {}", ends.join(" and ")),
        }
    }

    fn cells<'a>(
        &self,
        context: &Context<'_>,
        listed: &Listed<'a>,
        ages: &Ages<'a>,
        now: UnixTime,
    ) -> Vec<String> {
        let Listed { name, state, version, status } = listed;
        let when = |time: Option<UnixTime>| metadata::when(context, time, now);
        let tags: Vec<&str> = state.tags().map(|(tag, _)| tag).collect();
        let mut cells = vec![
            name.to_string(),
            version.number.to_string(),
            metadata::shown(state.type_of().unwrap_or_default()),
            metadata::shown(&tags.join(",")),
            when(version.expires),
            when(Some(version.ts)),
            version.author.to_string(),
        ];
        if self.all {
            cells.push(status.as_str().to_owned());
        }
        if self.stale {
            cells.push(when(ages.due(state, listed.version)));
        }
        cells
    }
}
