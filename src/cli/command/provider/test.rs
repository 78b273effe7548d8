//! `v-secure provider test`: whether a program keeps the contract of providers. Opens no vault.

use crate::cli::args::source;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;
use v_secure_core::crypto::bytes;
use v_secure_core::crypto::seal::MAX_VALUE;
use v_secure_core::host::random;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::provider::{
    CheckResult, ProviderAbilitiesView, ProviderCheckView, ProviderTestView,
};
use v_secure_core::secret_value::SecretValue;
use v_secure_rotation::command::{Checked, CommandProvider, Target};
use v_secure_rotation::contract::{Abilities, Finds, Maker};
use v_secure_rotation::trial::{Check, Outcome as Found, Trial, Tried};

/// How long one answer may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// Try a program that is to rotate secrets
#[derive(Debug, Args)]
#[command(
    after_help = "It makes a credential up, sets, tests and revokes it there, each step twice, and then two at a time and \
                  out of turn, as far as the program says that it can: where it holds two, there must be place for both. What the program has to do is in \
                  docs/providers.md. No vault is needed.\n\n\
                  The program is given by its whole path; nobody but you and root may be able to change it, or \
                  a folder above it.\n\n\
                  Examples:\n  v-secure provider test /opt/providers/shop.sh\n  \
                  v-secure provider test /opt/shop.sh --endpoint https://shop.example\n  \
                  v-secure get ADMIN | v-secure provider test /opt/shop.sh --admin-file - -y"
)]
pub struct Test {
    /// The program, from the root
    #[arg(value_name = "PROGRAM", value_hint = clap::ValueHint::FilePath)]
    program: PathBuf,

    /// What the program is to speak to, in its own words
    #[arg(long, value_name = "TEXT")]
    endpoint: Option<String>,

    /// What it logs in with, from a file; - is standard input
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    admin_file: Option<PathBuf>,

    /// The first credential, from a file, where it cannot be any text
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    value_file: Option<PathBuf>,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl Test {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let program = Checked::as_it_is(&self.program).map_err(|error| {
            let message = format!("{} is not started", self.program.display());
            Failure::new(Code::ProviderProgram, message).because(&error)
        })?;
        let admin = self.admin_file.as_deref().map(|path| value(context, path)).transpose()?;
        let first = self.value_file.as_deref().map(|path| value(context, path)).transpose()?;
        self.confirm.check(context, &self.question())?;
        let settings = self.settings(&program);
        let tried = self.tried(context, program.clone(), admin, first)?;
        show(context, &program, &tried, &settings)?;
        let failed = tried.checks.iter().filter(|check| result(check) == CheckResult::Failed);
        match failed.count() {
            0 => Ok(()),
            failed => {
                let message = format!("{failed} of {} checks failed", tried.checks.len());
                Err(Failure::new(Code::ProviderTest, message))
            }
        }
    }

    fn question(&self) -> String {
        let at = self.endpoint.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
        format!("{} sets and revokes made-up credentials{at}. Try it?", self.program.display())
    }

    fn tried(
        &self,
        context: &Context<'_>,
        program: Checked,
        admin: Option<SecretValue>,
        value: Option<SecretValue>,
    ) -> Outcome<Tried> {
        let misnamed = |error| Failure::from_error(Code::BadName, &error);
        let chance = bytes::encode(&random::<12>(context.host));
        let secret = SecretName::parse(format!("trial/TRIAL_{chance}")).map_err(misnamed)?;
        let name = Name::new(called(&self.program)).map_err(misnamed)?;
        let target = Target { name, endpoint: self.endpoint.clone(), admin, deadline: DEADLINE };
        let provider = CommandProvider::new(program, target, context.host);
        let trial = Trial { provider: &provider, random: context.host, secret: &secret, value };
        Ok(trial.run())
    }

    /// What makes it the provider of secrets.
    fn settings(&self, program: &Checked) -> Vec<String> {
        let name = called(&self.program);
        let word = |text: &str| shell_word::word(text).unwrap_or_else(|| "...".to_owned());
        let set = |key: &str, value: &str| {
            format!("v-secure settings set provider.{name}.{key} {}", word(value))
        };
        let endpoint = self.endpoint.as_deref().map(|endpoint| set("endpoint", endpoint));
        let mut settings = vec![set("kind", "command")];
        settings.push(set("program", &program.path().to_string_lossy()));
        settings.push(set("sha256", &program.sha256()));
        settings.extend(endpoint);
        settings.extend(self.admin_file.is_some().then(|| set("admin", "ENVIRONMENT/NAME")));
        settings.push(set("serves", "ENVIRONMENT/NAME"));
        settings
    }
}

/// A name for the provider: what the file is called, as far as a key of settings takes it.
fn called(program: &Path) -> String {
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = !stem.is_empty() && !stem.starts_with('-') && stem.chars().all(is_plain);
    if fits && stem.len() <= 32 { stem.into_owned() } else { "NAME".to_owned() }
}

/// The text of a file, less one line end, which an editor puts there.
fn value(context: &Context<'_>, path: &Path) -> Outcome<SecretValue> {
    let read = source::read(context, path, MAX_VALUE as u64)?;
    let bytes = read.expose();
    let text = bytes.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
    Ok(SecretValue::new(text.unwrap_or(bytes).to_vec()))
}

fn show(context: &Context<'_>, program: &Checked, tried: &Tried, settings: &[String]) -> Outcome {
    let path = program.path().to_string_lossy();
    let view = ProviderTestView {
        program: &path,
        sha256: &program.sha256(),
        abilities: tried.abilities.as_ref().map(abilities),
        checks: tried.checks.iter().map(check).collect(),
        passed: tried.has_passed(),
        settings,
    };
    if context.ui.json {
        return context.ui.object(&view);
    }
    let rows = view.checks.iter().map(|row| {
        let why = row.why.unwrap_or_default().to_owned();
        vec![row.check.to_owned(), row.result.as_str().to_owned(), why]
    });
    context.ui.table(&["check", "result", "why"], rows.collect())?;
    if let Some(able) = &view.abilities {
        let fences = if able.fences { "fences" } else { "does not fence" };
        let (verbs, makes) = (able.verbs.join(", "), able.makes);
        context.ui.note(&format!(
            "it says: {verbs}; makes {makes}, finds {}, holds {}, {fences}",
            able.finds, able.holds
        ));
    }
    context.ui.note(&format!("{path} has the SHA-256 {}; what uses it:", view.sha256));
    settings.iter().for_each(|line| context.ui.note(&format!("  {line}")));
    Ok(())
}

fn abilities(of: &Abilities) -> ProviderAbilitiesView {
    ProviderAbilitiesView {
        verbs: of.verbs.iter().map(|verb| verb.as_str()).collect(),
        makes: match of.maker {
            Maker::Here => "here",
            Maker::Provider => "provider",
        },
        finds: match of.finds {
            Finds::Nothing => "nothing",
            Finds::Label => "label",
            Finds::Idempotency => "idempotency",
        },
        holds: if of.holds_two { 2 } else { 1 },
        fences: of.fences,
    }
}

fn check(of: &Check) -> ProviderCheckView<'_> {
    let why = match &of.outcome {
        Found::Passed => None,
        Found::Failed(why) => Some(why.as_str()),
        Found::Skipped(why) => Some(*why),
    };
    ProviderCheckView { check: of.name, result: result(of), why }
}

const fn result(of: &Check) -> CheckResult {
    match of.outcome {
        Found::Passed => CheckResult::Passed,
        Found::Failed(_) => CheckResult::Failed,
        Found::Skipped(_) => CheckResult::Skipped,
    }
}
