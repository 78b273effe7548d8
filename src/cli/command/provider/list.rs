//! `v-secure provider list`: the providers that the vault's settings name. Unlocks nothing, and asks none of them.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use crate::engine::provider;
use clap::Args;
use std::path::Path;
use v_secure_core::policy::settings::{ProviderKind, ProviderSettings};
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::provider::{ProgramMatch, ProviderListView, ProviderView};
use v_secure_core::vault::{Depth, Vault};
use v_secure_rotation::command::{Checked, ProgramError};

/// List the providers of the vault, and whether their programs are the ones that are meant
#[derive(Debug, Args)]
#[command(
    after_help = "Providers are settings, which owners sign: provider.NAME.serves says of which secrets, and of a program \
                  provider.NAME.sha256 which file it is. 'v-secure settings show' lists them all.\n\n\
                  Examples:\n  v-secure provider list\n  v-secure provider list --json"
)]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let providers = vault.policy().settings().providers();
        let providers: Vec<ProviderView<'_>> = providers.map(|of| view(vault, &of)).collect();
        if context.ui.json {
            return context.ui.object(&ProviderListView { providers });
        }
        if providers.is_empty() {
            context.ui.note("no setting names a provider");
            return Ok(());
        }
        let header = ["name", "kind", "serves", "secrets", "program", "as meant", "admin"];
        context.ui.table(&header, providers.iter().map(cells).collect())?;
        for of in vault.policy().settings().providers() {
            tell_missing(context, &of);
            tell_changed(context, &of);
        }
        Ok(())
    }
}

fn view<'a>(vault: &Vault, of: &ProviderSettings<'a>) -> ProviderView<'a> {
    let found = is_program(of).then(|| found(of)).flatten();
    ProviderView {
        name: of.name.clone(),
        kind: of.kind().map(ProviderKind::as_str),
        serves: of.patterns(),
        secrets: vault.live().filter(|(name, _)| of.serves(name)).count(),
        program: of.program(),
        sha256: of.sha256(),
        matches: found.as_ref().map(|(matches, _)| *matches),
        why: found.and_then(|(_, why)| why),
        admin: of.admin(),
        missing: provider::missing(of).into_iter().map(|(key, _)| key).collect(),
    }
}

fn tell_missing(context: &Context<'_>, of: &ProviderSettings<'_>) {
    let (missing, name) = (provider::missing(of), &of.name);
    if missing.is_empty() {
        return;
    }
    context.ui.note(&format!("{name} is not whole; to be set:"));
    for (key, takes) in missing {
        context.ui.note(&format!("  v-secure settings set provider.{name}.{key} {takes}"));
    }
}

/// The setting beside the file: whether the file is right is for who set it to say.
fn tell_changed(context: &Context<'_>, of: &ProviderSettings<'_>) {
    let checked = |program| Checked::open(Path::new(program), of.sha256().unwrap_or_default());
    let (Some(wanted), Some(Err(ProgramError::Hash { found }))) =
        (of.sha256(), of.program().filter(|_| is_program(of)).map(checked))
    else {
        return;
    };
    let name = &of.name;
    context.ui.note(&format!("{name} wants the SHA-256 {wanted}; if the file was changed by you:"));
    context.ui.note(&format!("  v-secure settings set provider.{name}.sha256 {found}"));
}

fn is_program(of: &ProviderSettings<'_>) -> bool {
    of.kind() != Some(ProviderKind::Postgres)
}

/// Whether the program here is the one that is meant, and why not; `None` where none is stated.
fn found(of: &ProviderSettings<'_>) -> Option<(ProgramMatch, Option<String>)> {
    let program = of.program()?;
    Some(match Checked::open(Path::new(program), of.sha256().unwrap_or_default()) {
        Ok(_) => (ProgramMatch::Yes, None),
        Err(error @ ProgramError::Missing) => (ProgramMatch::Missing, Some(error.to_string())),
        Err(error) => (ProgramMatch::No, Some(error.to_string())),
    })
}

fn cells(of: &ProviderView<'_>) -> Vec<String> {
    let matches = match (of.matches, &of.why) {
        (None, _) => String::new(),
        (Some(ProgramMatch::No), Some(why)) => format!("no: {why}"),
        (Some(ProgramMatch::No), None) => "no".to_owned(),
        (Some(ProgramMatch::Yes), _) => "yes".to_owned(),
        (Some(ProgramMatch::Missing), _) => "not on this machine".to_owned(),
    };
    let serves: Vec<&str> = of.serves.iter().map(|pattern| pattern.as_str()).collect();
    vec![
        of.name.to_string(),
        of.kind.unwrap_or("?").to_owned(),
        serves.join(", "),
        of.secrets.to_string(),
        escape_for_display(of.program.unwrap_or_default()).into_owned(),
        escape_for_display(&matches).into_owned(),
        of.admin.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]
}
