//! `v-secure inject`: a template with secrets in place of its references.

use crate::cli::args::source;
use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::readable;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::conflicts;
use crate::engine::session::{OpenedVault, Session};
use crate::host::Stream;
use crate::store::file::find::FOLDER;
use crate::store::file::new_file;
use crate::store::file::private::FILE_MODE;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use v_secure_core::convert::inject::Consent;
use v_secure_core::convert::inject::consent::together;
use v_secure_core::convert::template::{MAX_TEMPLATE, RenderError, Template, TextPosition};
use v_secure_core::name::SecretName;
use v_secure_core::report::view::inject::InjectView;
use v_secure_core::secret::read;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::references::{self, Lines, Missing};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::{Depth, Vault};

/// Replace the references in a template by secrets
#[derive(Debug, Args)]
#[command(
    after_help = "A reference is {{ v-secure:NAME }} or {{ v-secure:ENVIRONMENT/NAME }}, and may end with filters. \
                        \\{{ v-secure:… stands for the text {{ v-secure:…. Other {{ }} stay as they are. If a secret is \
                        missing, expired or denied, nothing is written.\n\nFilters:\n  \
                        | json     a JSON string with its quotes, also for YAML\n  \
                        | base64   standard base64, for any bytes\n  \
                        | url      percent-encoded, for a part of a URL\n\n\
                        Examples:\n  v-secure inject -i config.yaml.tmpl -o config.yaml\n  \
                        v-secure inject -e prod -i deploy.yaml | kubectl apply -f -\n  \
                        echo 'postgres://app:{{ v-secure:DB_PASS | url }}@db/app' | v-secure inject"
)]
pub struct Inject {
    /// The template; - is standard input (the default)
    #[arg(long, short = 'i', value_name = "TEMPLATE")]
    input: Option<PathBuf>,

    /// The file to write, mode 0600; - is standard output (the default)
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the output file if it exists
    #[arg(long, requires = "output")]
    force: bool,

    #[command(flatten)]
    strict: StrictArgs,

    /// Why the secrets are used
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

type Values = BTreeMap<SecretName, SecretValue>;

impl Inject {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.refuse_itself()?;
        self.refuse_vault()?;
        self.refuse_none(context)?;
        let opened = self.judged(context)?;
        let text = self.template(context)?;
        let template = Template::parse(text.expose())
            .map_err(|error| Failure::new(Code::TemplateSyntax, self.refusal()).because(&error))?;
        if template.references().is_empty() {
            context.ui.note(&format!("{} names no secrets", self.source()));
            return self.write(context, text.expose(), &Values::new(), 0);
        }
        let (session, opened) = opened?;
        self.refuse_copy(context, &text)?;
        let (names, values) = self.values(context, &session, &opened.vault, &template)?;
        let each: Vec<&SecretValue> = names.iter().filter_map(|name| values.get(name)).collect();
        let rendered =
            template.render(&each).map_err(|error| self.unrendered(&names, &template, &error))?;
        self.write(context, rendered.expose(), &values, names.len())
    }

    /// The vault, before anything is read in; or why there is none, which a template without references
    /// does not need.
    fn judged(&self, context: &Context<'_>) -> Outcome<Outcome<(Session, OpenedVault)>> {
        match context.open(self.strict.purpose(), Depth::Everything) {
            Err(failure) if failure.code == Code::NoVault => Ok(Err(failure)),
            judged => judged.map(Ok),
        }
    }

    fn refuse_none(&self, context: &Context<'_>) -> Outcome {
        if self.input.is_some() || !context.host.is_terminal(Stream::In) {
            return Ok(());
        }
        Err(Failure::new(Code::NoTemplate, "no template was given")
            .hint("v-secure inject -i TEMPLATE")
            .hint("v-secure inject < TEMPLATE"))
    }

    fn template(&self, context: &Context<'_>) -> Outcome<SecretValue> {
        let path = self.input.as_deref().unwrap_or(Path::new("-"));
        source::read(context, path, MAX_TEMPLATE as u64)
    }

    /// A template is kept, and often committed: values never go into its own file.
    fn refuse_itself(&self) -> Outcome {
        let place =
            |path: &Option<PathBuf>| path.as_ref().and_then(|path| path.canonicalize().ok());
        match (place(&self.input), place(&self.output)) {
            (Some(input), Some(output)) if input == output => {
                let message = format!("{} is the template itself", self.source());
                Err(Failure::new(Code::Exists, message).hint("-o FILE, to write to another file"))
            }
            _ => Ok(()),
        }
    }

    /// The same of one that comes through a pipe: the file that it came from holds the same text.
    fn refuse_copy(&self, context: &Context<'_>, text: &SecretValue) -> Outcome {
        let Some(path) = self.output.as_deref().filter(|_| self.force) else { return Ok(()) };
        // Standard output is no file, and `-` would be read as standard input.
        if path.as_os_str() == "-" {
            return Ok(());
        }
        let there = source::read(context, path, MAX_TEMPLATE as u64);
        if !there.is_ok_and(|there| there.same_as(text)) {
            return Ok(());
        }
        let message = format!("{} is the template itself", path.display());
        Err(Failure::new(Code::Exists, message).hint("-o FILE, to write to another file"))
    }

    /// A vault that is replaced by a text is lost, with everybody's secrets.
    fn refuse_vault(&self) -> Outcome {
        let Some(output) = &self.output else { return Ok(()) };
        let folder = output.canonicalize().ok().and_then(|path| path.parent().map(Path::to_owned));
        match folder {
            Some(folder) if folder.ends_with(FOLDER) => {
                let message =
                    format!("{} belongs to a vault, and is not replaced", output.display());
                Err(Failure::new(Code::Exists, message).hint("-o FILE, to write to another file"))
            }
            _ => Ok(()),
        }
    }

    fn source(&self) -> String {
        match self.input.as_deref() {
            Some(path) if path.as_os_str() != "-" => path.display().to_string(),
            _ => "the template".to_owned(),
        }
    }

    fn refusal(&self) -> String {
        format!("{} cannot be rendered", self.source())
    }

    /// The secret of each reference, and the value of each secret; the read is in the journal.
    fn values(
        &self,
        context: &Context<'_>,
        session: &Session,
        vault: &Vault,
        template: &Template<'_>,
    ) -> Outcome<(Vec<SecretName>, Values)> {
        let environment = context.environment()?;
        let names = references::resolve(template, vault, &environment).map_err(|error| {
            let asked = error.0.keys().map(SecretName::environment).next().unwrap_or_default();
            readable::or_elsewhere(context, vault, None, asked, missing(&error))
        })?;
        let mut secrets = names.clone();
        secrets.sort();
        secrets.dedup();
        self.judge(vault, &secrets)?;
        let who = context.unlock(vault)?;
        conflicts::judge(context, vault, &secrets, &self.strict)?;
        let values = read::read_all(vault, &who, &secrets, session.now).map_err(|error| {
            let asked = error.secret().environment().to_owned();
            let failure = unread(error, &names, template);
            readable::or_elsewhere(context, vault, Some(&who), &asked, failure)
        })?;
        let reading = Reading {
            who: &who,
            action: "inject",
            environment: environment.as_str(),
            secrets: &secrets,
            reason: self.reason.as_deref(),
        };
        reads::record(context, session, vault, reading)?;
        Ok((names, secrets.into_iter().zip(values).collect()))
    }

    /// By the names that `exec` would give the secrets: the owners' list holds for every way out.
    fn judge(&self, vault: &Vault, secrets: &[SecretName]) -> Outcome {
        let consent = Consent::of(vault.serving());
        let judged = secrets.iter().map(|secret| {
            let variable = vault.secret(secret).and_then(|found| found.var());
            consent.judge(secret, variable.unwrap_or(secret.name()))
        });
        together(judged)?;
        Ok(())
    }

    /// Which secret does not fit where it is named.
    fn unrendered(
        &self,
        names: &[SecretName],
        template: &Template<'_>,
        error: &RenderError,
    ) -> Failure {
        let failure = Failure::new(Code::TemplateValue, self.refusal()).because(error);
        let RenderError::NotText { place } = error else { return failure };
        let found = template.references().iter().position(|r| r.place == *place);
        match found.and_then(|index| names.get(index)) {
            Some(name) => failure.hint(format!("{{{{ v-secure:{name} | base64 }}}}")),
            None => failure,
        }
    }

    fn write(
        &self,
        context: &Context<'_>,
        text: &[u8],
        values: &Values,
        references: usize,
    ) -> Outcome {
        let Some(path) = self.output.as_deref().filter(|path| path.as_os_str() != "-") else {
            return context.ui.bytes(text);
        };
        match self.force {
            true => new_file::write_over(path, text, FILE_MODE)?,
            false => new_file::write_new(path, text, FILE_MODE).map_err(|error| {
                let failure = Failure::from(error);
                if failure.code != Code::Exists {
                    failure
                } else {
                    failure.hint("--force, to replace it")
                }
            })?,
        }
        if context.ui.json {
            let secrets = values.keys().collect();
            return context.ui.object(&InjectView { file: path, secrets, references });
        }
        let secrets: Vec<&str> = values.keys().map(SecretName::as_str).collect();
        context.ui.note(&format!("written to {}: {}", path.display(), secrets.join(", ")));
        Ok(())
    }
}

fn missing(error: &Missing) -> Failure {
    let mut failure = Failure::new(Code::NotFound, error.to_string());
    failure.causes = error.lines().collect();
    let environments: BTreeSet<&str> = error.0.keys().map(SecretName::environment).collect();
    for environment in environments {
        failure = failure.hint(format!("v-secure ls -e {environment}"));
    }
    failure
}

/// A secret that is there and not given out: says which lines ask for it.
fn unread(error: ReadError, names: &[SecretName], template: &Template<'_>) -> Failure {
    let pairs = names.iter().zip(template.references());
    let of_it = pairs.filter(|(name, _)| *name == error.secret());
    let places: Vec<TextPosition> = of_it.map(|(_, reference)| reference.place).collect();
    let mut failure = Failure::from(error);
    failure.causes.push(format!("the template names it in {}", Lines(&places)));
    failure
}
