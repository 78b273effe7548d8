//! `v-secure import`: dotenv, JSON or YAML files, or those of another tool, into an environment.

mod remarks;
mod tool;

use crate::cli::args::source;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::{rotations, variables};
use crate::store::file::atomic;
use clap::{Args, ValueEnum};
use std::collections::HashMap;
use std::collections::hash_map::Entry::{Occupied, Vacant};
use std::path::{Path, PathBuf};
use tool::Tool;
use v_secure_core::convert::text;
use v_secure_core::convert::text::{dotenv, json, yaml};
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::import::{ImportView, ImportedSecretView};
use v_secure_core::secret::import;
use v_secure_core::secret::import::{Effect, Planned};
use v_secure_core::secret::put;
use v_secure_core::secret::read;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault};

/// Import the entries of .env, JSON or YAML files into an environment
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure import .env --delete-source\n  \
                        v-secure import .env.production -e production --dry-run\n  \
                        v-secure import --from sops secrets.yaml\n  \
                        jq .data.data app.json | v-secure import --format json -")]
pub struct Import {
    /// Files to import; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The files' format; if not given, the one that a file's name ends with
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,

    /// The tool that encrypted the files, and opens them; it must be installed
    #[arg(long, value_name = "TOOL")]
    from: Option<Tool>,

    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Delete each file once every value has been read back from the written vault
    #[arg(long, conflicts_with = "dry_run")]
    delete_source: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Dotenv,
    Json,
    Yaml,
}

impl Format {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Dotenv => "dotenv",
            Self::Json => "json",
            Self::Yaml => "yaml",
        }
    }
}

impl Import {
    /// The command for one file, as `init` offers it.
    pub fn of(file: PathBuf) -> Self {
        Self {
            files: vec![file],
            format: None,
            from: None,
            dry_run: false,
            delete_source: false,
            reason: None,
        }
    }

    /// Whether it is to show only what it would do.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run
    }

    pub fn run(self, context: &Context<'_>) -> Outcome {
        let environment = context.environment()?;
        context.open_to_write(Depth::Everything)?;
        let entries = self.entries(context)?;
        self.remark(context, &environment)?;
        // Once the files are read: where they cannot be, no environment is made.
        meant::begin(context, &environment)?;
        let rows = if self.dry_run {
            self.dry(context, &environment, entries)?
        } else {
            self.write(context, &environment, entries)?
        };
        let deleted =
            if self.delete_source { self.delete(context, &environment)? } else { Vec::new() };
        self.remark_left(context);
        let (environment, dry_run, secrets) = (&environment, self.dry_run, rows);
        show(context, &ImportView { environment, dry_run, secrets, deleted })
    }

    fn entries(&self, context: &Context<'_>) -> Outcome<Vec<text::TextEntry>> {
        let mut all: Vec<text::TextEntry> = Vec::new();
        let mut places: HashMap<String, (usize, &Path)> = HashMap::new();
        for file in &self.files {
            let import = self.read(context, file)?;
            for warning in text::in_lines(&import.warnings) {
                context.ui.warn(&format!("{}: {warning}", file.display()));
            }
            for entry in import.entries {
                // A later file wins, as with every tool that takes several.
                match places.entry(entry.name.clone()) {
                    Occupied(mut known) => {
                        let (place, earlier) = *known.get();
                        if earlier != file {
                            context.ui.warn(&twice(&entry.name, earlier, file));
                        }
                        known.insert((place, file));
                        all[place] = entry;
                    }
                    Vacant(new) => {
                        new.insert((all.len(), file));
                        all.push(entry);
                    }
                }
            }
        }
        Ok(all)
    }

    fn read(&self, context: &Context<'_>, file: &Path) -> Outcome<text::ImportedText> {
        let (bytes, format) = match self.from {
            Some(tool) => tool.read(context, file, self.format)?,
            None => {
                let bytes = source::read(context, file, text::MAX_INPUT as u64)?;
                let into = context.globals.environment.as_deref();
                Tool::refuse_ciphertext(file, into, bytes.expose())?;
                (bytes, self.format.unwrap_or_else(|| format_of(file)))
            }
        };
        let read = match format {
            Format::Dotenv => dotenv::read(bytes.expose()),
            Format::Json => json::read(bytes.expose()),
            Format::Yaml => yaml::read(bytes.expose()),
        };
        let mut import = read.map_err(|error| unreadable(file, (self.from, format), &error))?;
        if let Some(tool) = self.from {
            tool.without_own(context, &mut import);
        }
        Ok(import)
    }

    fn dry(
        &self,
        context: &Context<'_>,
        environment: &EnvironmentName,
        entries: Vec<text::TextEntry>,
    ) -> Outcome<Vec<ImportedSecretView>> {
        let (session, opened) =
            context.open(crate::engine::door::Purpose::Use, Depth::Everything)?;
        let who = context.unlock(&opened.vault)?;
        let planned = import::plan(&opened.vault, &who, environment, entries, session.now);
        let planned = planned.map_err(|error| bad_name(&error))?;
        variables::remark(context, &opened.vault, planned.iter().map(|entry| &entry.secret));
        Ok(rows(&planned))
    }

    fn write(
        &self,
        context: &Context<'_>,
        environment: &EnvironmentName,
        entries: Vec<text::TextEntry>,
    ) -> Outcome<Vec<ImportedSecretView>> {
        let default = format!("import {}", self.describe());
        let ((rows, secrets, written), (_, vault)) =
            context.write_if(self.reason.as_deref(), &default, |vault, ctx| {
                let planned = import::plan(vault, ctx.who, environment, entries, ctx.now)
                    .map_err(|error| bad_name(&error))?;
                let rows = rows(&planned);
                let secrets: Vec<SecretName> = planned.iter().map(|p| p.secret.clone()).collect();
                let is_written = |p: &&Planned| p.effect != Effect::Unchanged;
                let written = planned.iter().filter(is_written);
                let written: Vec<SecretName> = written.map(|p| p.secret.clone()).collect();
                let requests = import::requests(planned);
                let change = match requests.is_empty() {
                    true => None,
                    false => Some(put::put(vault, requests, ctx)?),
                };
                Ok(((rows, secrets, written), change))
            })?;
        variables::remark(context, &vault, &secrets);
        rotations::remark(context, &vault, &written);
        Ok(rows)
    }

    fn describe(&self) -> String {
        let names: Vec<String> = self
            .files
            .iter()
            .filter_map(|file| file.file_name())
            .map(|name| {
                name.to_string_lossy().chars().filter(|c| !c.is_control()).take(60).collect()
            })
            .collect();
        names.join(", ").chars().take(200).collect()
    }

    /// Deletes the files after every value has come back from the vault on disk.
    fn delete(
        &self,
        context: &Context<'_>,
        environment: &EnvironmentName,
    ) -> Outcome<Vec<PathBuf>> {
        let files = || self.files.iter().filter(|file| file.as_os_str() != "-");
        let (session, opened) =
            context.open(crate::engine::door::Purpose::Use, Depth::Everything)?;
        let who = context.unlock(&opened.vault)?;
        // File by file: a value that a later file replaced is in no vault, and its file must stay.
        for file in files() {
            for entry in self.read(context, file)?.entries {
                verify_entry(&opened.vault, &who, environment, &entry, session.now)?;
            }
        }
        files()
            .map(|file| atomic::remove(file).map(|()| file.clone()).map_err(Into::into))
            .collect()
    }
}

fn unreadable(
    file: &Path,
    (from, format): (Option<Tool>, Format),
    error: &text::TextError,
) -> Failure {
    let name = match file.as_os_str() == "-" {
        true => "standard input".into(),
        false => file.to_string_lossy(),
    };
    let message = format!("{name} cannot be imported");
    let failure = Failure::new(Code::ImportSyntax, message).because(error);
    match error {
        text::TextError::Nested { .. } | text::TextError::List { .. } => {
            let names = "[paths(scalars) as $p | {key: ($p | map(tostring) | join(\"_\")), value: getpath($p)}]";
            let failure = failure.hint("make it one flat list of names first");
            // What is in the file is sealed still.
            failure.hint(match (from, format) {
                (None, Format::Yaml) => format!(
                    "yq -o=json . FILE.yaml | jq '{names} | from_entries' | v-secure import --format json -"
                ),
                (Some(Tool::Sops), _) => format!(
                    "sops -d --output-type json FILE | jq '{names} | from_entries' | v-secure import --format json -"
                ),
                _ => format!(
                    "jq '{names} | from_entries' FILE.json | v-secure import --format json -"
                ),
            })
        }
        _ => failure,
    }
}

fn twice(name: &str, earlier: &Path, later: &Path) -> String {
    let (earlier, later) = (earlier.display(), later.display());
    format!("{name} is in {earlier} and in {later}; the value of {later} counts")
}

fn verify_entry(
    vault: &Vault,
    who: &v_secure_core::vault::unlock::Unlocked,
    environment: &EnvironmentName,
    entry: &text::TextEntry,
    now: UnixTime,
) -> Outcome {
    let name = Name::new(entry.name.clone()).map_err(|error| bad_name(&error))?;
    let secret = SecretName::new(environment, &name);
    let stored = read::read(vault, who, &secret, &VersionSelector::Current, now)?;
    if stored.same_as(&entry.value) {
        return Ok(());
    }
    Err(Failure::new(
        Code::ReadBack,
        format!("{secret} in the vault is not what the file holds; nothing was deleted"),
    ))
}

fn rows(planned: &[Planned]) -> Vec<ImportedSecretView> {
    planned.iter().map(ImportedSecretView::from).collect()
}

fn bad_name(error: &dyn std::error::Error) -> Failure {
    Failure::new(Code::BadName, "an entry's name cannot be a secret's").because(error)
}

fn format_of(file: &Path) -> Format {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("yaml" | "yml") => Format::Yaml,
        _ => Format::Dotenv,
    }
}

fn show(context: &Context<'_>, report: &ImportView<'_>) -> Outcome {
    if context.ui.json {
        return context.ui.object(report);
    }
    let rows = report.secrets.iter().map(|row| vec![row.effect.to_owned(), row.secret.to_string()]);
    context.ui.table(&["effect", "secret"], rows.collect())?;
    let written =
        report.secrets.iter().filter(|row| row.effect != Effect::Unchanged.as_str()).count();
    let verb = if report.dry_run { "would be written" } else { "written" };
    context.ui.note(&format!(
        "{written} of {} {verb} to {}",
        report.secrets.len(),
        report.environment
    ));
    for file in &report.deleted {
        context.ui.note(&format!("deleted {}", file.display()));
    }
    Ok(())
}
