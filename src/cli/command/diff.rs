//! `v-secure diff`: what changed between two states of the vault.
//!
//! A revision is for comparing and nothing more: it may be a branch of anybody's. So values are given out of
//! the vault that lies here alone, which is judged as for `get`, and by the rights that it gives now.

use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::secret::conflicts;
use crate::engine::door::Purpose;
use crate::engine::session::{OpenedVault, Session};
use crate::store::git::base;
use crate::store::git::base::BaseError;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use v_secure_core::convert::duration;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::name::SecretName;
use v_secure_core::report::change::{Change, Item};
use v_secure_core::report::view::diff::{DiffView, ItemValues};
use v_secure_core::secret::read;
use v_secure_core::secret::read::{ReadError, VersionSelector};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// Show what changed between two commits: secrets, members, roles, grants, settings and keys
#[derive(Debug, Args)]
#[command(
    after_help = "Each thing is shown once, as it ends, with who did it last, when and why. 'rotated' is a new value \
                  by somebody who may rotate the secret and not write it. Values are shown with --reveal alone, as \
                  'get' would give them: what you may not read stays out.\n\n\
                  Examples:\n  v-secure diff\n  v-secure diff origin/main\n  v-secure diff HEAD~5 HEAD --json\n  \
                  v-secure diff HEAD --reveal"
)]
pub struct Diff {
    /// The state to begin with: a git revision, or a file (./FILE)
    #[arg(value_name = "REV|FILE", default_value = "HEAD")]
    from: String,

    /// The state to end with; if it is left out, the vault as it lies here
    #[arg(value_name = "REV|FILE")]
    to: Option<String>,

    /// Show the values that changed
    #[arg(long)]
    reveal: bool,

    #[command(flatten)]
    strict: StrictArgs,

    /// Why values are read, for this device's journal of reads
    #[arg(long, value_name = "TEXT", requires = "reveal")]
    reason: Option<String>,
}

impl Diff {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.reveal {
            return self.revealed(context);
        }
        let (session, new) = match &self.to {
            Some(text) => {
                let session = context.session()?;
                let new = state(context, &session, text)?;
                (session, new)
            }
            None => {
                let looks =
                    if self.strict.is_given() { self.strict.purpose() } else { Purpose::Look };
                let (session, opened) = context.open(looks, Depth::Everything)?;
                (session, opened.vault)
            }
        };
        let old = state(context, &session, &self.from)?;
        self.show(context, &self.between(&old, &new)?, &Revealed::default())
    }

    fn revealed(&self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(self.strict.purpose(), Depth::Everything)?;
        let old = state(context, &session, &self.from)?;
        let new = self.to.as_deref().map(|text| state(context, &session, text)).transpose()?;
        let change = self.between(&old, new.as_ref().unwrap_or(&opened.vault))?;
        let revealed = self.values(context, (&session, &opened), &change)?;
        self.show(context, &change, &revealed)
    }

    fn between(&self, old: &Vault, new: &Vault) -> Outcome<Change> {
        Change::between(old, new).map_err(|_| {
            let message =
                format!("{} belongs to another vault, {}", self.from, old.file().header.name);
            Failure::new(Code::BaseOtherVault, message)
        })
    }

    /// The values of what changed, each as `get` gives it or refuses it, and written down as read.
    fn values(
        &self,
        context: &Context<'_>,
        (session, opened): (&Session, &OpenedVault),
        change: &Change,
    ) -> Outcome<Revealed> {
        let vault = &opened.vault;
        let who = context.unlock(vault)?;
        let mut revealed = Revealed::default();
        let mut opened = BTreeSet::new();
        let mut refused = None;
        for item in &change.items {
            let mut side = |object: Option<ObjectId>| -> Outcome<Side> {
                let Some((secret, object)) = item.about.secret().zip(object) else {
                    return Ok(Side::default());
                };
                match value(vault, &who, secret, object, session)? {
                    Ok(value) => {
                        opened.insert(secret.clone());
                        Ok(Side { value: Some(value), word: None })
                    }
                    Err(error) => {
                        let word = Some(word(&error));
                        refused.get_or_insert(error);
                        Ok(Side { value: None, word })
                    }
                }
            };
            let (old, new) = (side(item.old_value)?, side(item.new_value)?);
            revealed.words.push([old.word, new.word]);
            revealed.values.push(ItemValues { old: old.value, new: new.value });
        }
        if let (true, Some(error)) = (opened.is_empty(), refused) {
            return Err(error.into());
        }
        let secrets: Vec<SecretName> = opened.into_iter().collect();
        conflicts::judge(context, vault, &secrets, &self.strict)?;
        self.record(context, (session, vault), &who, &secrets)?;
        Ok(revealed)
    }

    fn record(
        &self,
        context: &Context<'_>,
        (session, vault): (&Session, &Vault),
        who: &Unlocked,
        secrets: &[SecretName],
    ) -> Outcome {
        let mut grouped: BTreeMap<&str, Vec<SecretName>> = BTreeMap::new();
        for secret in secrets {
            grouped.entry(secret.environment()).or_default().push(secret.clone());
        }
        for (environment, secrets) in grouped {
            let (action, reason) = ("diff", self.reason.as_deref());
            let reading = Reading { who, action, environment, secrets: &secrets, reason };
            reads::record(context, session, vault, reading)?;
        }
        Ok(())
    }

    fn show(&self, context: &Context<'_>, change: &Change, revealed: &Revealed) -> Outcome {
        let to = self.to.as_deref();
        if context.ui.json {
            let view = DiffView::of(&self.from, to, change, &revealed.values);
            return context.ui.object(&view);
        }
        let to = to.unwrap_or("the vault here");
        if change.missing > 0 {
            context.ui.warn(&format!(
                "{to} lacks {} entries of {}: it is older, or on a branch that parted",
                change.missing, self.from
            ));
        }
        if change.is_empty() {
            context.ui.note(&format!("nothing changed between {} and {to}", self.from));
        }
        let mut header = vec!["change", "kind", "on", "before", "after", "who", "time", "reason"];
        if self.reveal {
            header.extend(["old value", "new value"]);
        }
        let rows = change.items.iter().enumerate();
        let rows = rows.map(|(at, item)| {
            let mut row = cells(item);
            row.extend(self.reveal.then(|| revealed.cells(at)).into_iter().flatten());
            row
        });
        context.ui.table(&header, rows.collect())
    }
}

/// Values by item, and a word for each that is not given.
#[derive(Default)]
struct Revealed {
    values: Vec<ItemValues>,
    words: Vec<[Option<&'static str>; 2]>,
}

impl Revealed {
    fn cells(&self, at: usize) -> [String; 2] {
        let values = self.values.get(at).map(|values| [values.old.as_ref(), values.new.as_ref()]);
        let [old, new] = values.unwrap_or_default();
        let [old_word, new_word] = self.words.get(at).copied().unwrap_or_default();
        [cell(old, old_word), cell(new, new_word)]
    }
}

fn cell(value: Option<&SecretValue>, word: Option<&str>) -> String {
    match (value, word) {
        (Some(value), _) => value.expose_str().unwrap_or("(not text)").to_owned(),
        (None, word) => word.unwrap_or("-").to_owned(),
    }
}

#[derive(Default)]
struct Side {
    value: Option<SecretValue>,
    word: Option<&'static str>,
}

/// Another state of the vault, for comparing.
fn state(context: &Context<'_>, session: &Session, text: &str) -> Outcome<Vault> {
    let bytes = base::read(&session.location, &context.current_dir()?, text);
    let bytes = bytes.map_err(|error| match &error {
        // Its other hints are about an option that is not here.
        BaseError::Ambiguous { refs, .. } => {
            let named: Vec<String> =
                refs.iter().filter_map(|name| shell_word::word(name)).collect();
            let failure = Failure { hints: Vec::new(), ..error.into() };
            named
                .iter()
                .fold(failure, |failure, name| failure.hint(format!("v-secure diff {name}")))
        }
        _ => error.into(),
    })?;
    Ok(session.other(Path::new(text), &bytes)?)
}

/// A version's value; within, why it is not given to this member, of reasons that are of this value alone.
fn value(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    object: ObjectId,
    session: &Session,
) -> Outcome<Result<SecretValue, ReadError>> {
    let wanted = VersionSelector::Id(object.to_string());
    match read::read(vault, who, secret, &wanted, session.now) {
        Ok(value) => Ok(Ok(value)),
        Err(
            error @ (ReadError::NotPermitted { .. }
            | ReadError::Unsettled { .. }
            | ReadError::Expired { .. }
            | ReadError::Pruned { .. }
            | ReadError::NotFound { .. }
            | ReadError::NoVersion { .. }),
        ) => Ok(Err(error)),
        Err(error) => Err(error.into()),
    }
}

const fn word(error: &ReadError) -> &'static str {
    match error {
        ReadError::NotPermitted { .. } => "(not permitted)",
        ReadError::Unsettled { .. } => "(not wrapped for you)",
        ReadError::Expired { .. } => "(expired)",
        ReadError::Pruned { .. } => "(pruned)",
        _ => "(not in the vault here)",
    }
}

fn cells(item: &Item) -> Vec<String> {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let by = item.by.as_ref();
    vec![
        item.what.as_str().to_owned(),
        item.about.kind().to_owned(),
        item.about.to_string(),
        or_dash(item.before.as_deref()),
        or_dash(item.after.as_deref()),
        or_dash(by.map(|by| by.who.as_str())),
        by.map_or_else(|| "-".to_owned(), |by| duration::rfc3339(by.when)),
        or_dash(by.map(|by| by.reason.as_str())),
    ]
}
