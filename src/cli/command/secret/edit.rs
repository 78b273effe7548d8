//! `v-secure secret edit`: one value in the user's editor.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::child::editing;
use crate::cli::child::editor;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::{rotations, variables};
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::crypto::seal::MAX_VALUE;
use v_secure_core::report::view::secret::value::{CurrentView, SecretEditView};
use v_secure_core::secret::edit_buffer as sheet;
use v_secure_core::secret::edit_buffer::{Edit as NewText, Edited, Shown};
use v_secure_core::secret::put;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::{Depth, Vault};

/// The most bytes of a text: more than a value may have, so that one that is too long is refused as
/// such, and the editor can open it again.
const LIMIT: u64 = 2 * MAX_VALUE as u64;

/// Change a value in your editor
#[derive(Debug, Args)]
#[command(
    after_help = "The editor is V_SECURE_EDITOR, VISUAL, EDITOR or vi; without a terminal one has to be named. The \
                        text is in a private file in memory, which is wiped afterwards. The last line end is not part of \
                        the value. An unchanged value makes no version. Metadata and expiry stay.\n\n\
                        Examples:\n  v-secure secret edit prod/SERVICE_ACCOUNT_JSON\n  \
                        EDITOR='code --wait' v-secure secret edit BANNER"
)]
pub struct Edit {
    #[command(flatten)]
    secret: SecretArg,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Edit {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let editor = editor::find(context)?;
        let shown = self.shown(context)?;
        let (again, name) = (
            format!("v-secure secret edit {}", shown.secret),
            format!("{}.txt", shown.secret.name()),
        );
        let mut text = with_newline(&shown.value);
        loop {
            let edited = editor.edit(context, &name, &text, LIMIT)?;
            let edit = edit(&shown, &edited)?;
            if edit.value.same_as(&shown.value) {
                return report(context, &shown, None);
            }
            let edit = Edited { edits: vec![edit], missing: Vec::new() };
            let write = |force| self.write(context, &edit, force);
            match editing::write(context, &again, write)? {
                Some(vault) => {
                    variables::remark(context, &vault, [&shown.secret]);
                    rotations::remark(context, &vault, [&shown.secret]);
                    return report(context, &shown, Some(&vault));
                }
                None => text = edited,
            }
        }
    }

    /// The value, for somebody who may change it.
    fn shown(&self, context: &Context<'_>) -> Outcome<Shown> {
        let secret = self.secret.resolve(context)?;
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open_to_write(Depth::Secrets(&names))?;
        let vault = &opened.vault;
        let who = context.unlock(vault)?;
        put::permit_value(vault, &secret, who.member())?;
        who.signer(vault)?;
        let shown = sheet::shown(vault, &who, &secret, session.now)?;
        if shown.value.expose_str().is_none() {
            let message = format!("the value of {secret} is not text");
            return Err(Failure::new(Code::NotText, message)
                .hint(format!("v-secure get {secret} > FILE"))
                .hint(format!("v-secure set {secret} --file FILE")));
        }
        let read = (secret.environment(), std::slice::from_ref(&secret), self.reason.as_deref());
        editing::record(context, &session, vault, &who, read)?;
        Ok(shown)
    }

    fn write(&self, context: &Context<'_>, edited: &Edited, force: bool) -> Outcome<Vault> {
        let ((), vault) = context.write(self.reason.as_deref(), "edit", |vault, ctx| {
            Ok(((), sheet::change(vault, edited, &[], force, ctx)?))
        })?;
        Ok(vault)
    }
}

/// Editors end what they save with a newline, so that the text has one that the value has not.
fn with_newline(value: &SecretValue) -> SecretValue {
    let mut text = Vec::with_capacity(value.len() + 1);
    text.extend_from_slice(value.expose());
    text.push(b'\n');
    SecretValue::new(text)
}

fn edit(shown: &Shown, text: &SecretValue) -> Outcome<NewText> {
    let bytes = text.expose();
    let value = SecretValue::new(bytes.strip_suffix(b"\n").unwrap_or(bytes).to_vec());
    let secret = shown.secret.clone();
    if value.is_empty() && !shown.value.is_empty() {
        let message = format!("the text for {secret} is empty: nothing was changed");
        return Err(Failure::new(Code::EmptyValue, message)
            .hint(format!("printf '' | v-secure set {secret} --raw, if it is to be empty")));
    }
    Ok(NewText { secret, value, expires: shown.expires, base: Some(shown.object) })
}

fn report(context: &Context<'_>, shown: &Shown, written: Option<&Vault>) -> Outcome {
    let secret = &shown.secret;
    let current = written.map(|vault| CurrentView::of(vault, secret)).unwrap_or_default();
    let report = SecretEditView { secret, changed: written.is_some(), current };
    if context.ui.json {
        return context.ui.object(&report);
    }
    context.ui.note(&match report.current.version {
        Some(number) => format!("{secret}: version {number}"),
        None => format!("{secret}: nothing changed"),
    });
    Ok(())
}
