//! `v-secure edit`: an environment's own secrets as dotenv in the user's editor, and all changes in
//! one entry.

use crate::cli::child::editing;
use crate::cli::child::editor;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::{rotations, variables};
use clap::Args;
use v_secure_core::convert::text;
use v_secure_core::convert::text::{TextError, WarningKind, dotenv};
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::edit::EditView;
use v_secure_core::secret::edit_buffer as sheet;
use v_secure_core::secret::edit_buffer::{Edited, Sheet};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::{Depth, Vault};

/// What the first line of a text begins with that is opened again.
const MARK: &[u8] = b"# v-secure: ";

/// Change an environment's secrets in your editor, as dotenv
#[derive(Debug, Args)]
#[command(
    after_help = "The editor is V_SECURE_EDITOR, VISUAL, EDITOR or vi; without a terminal one has to be named. The \
                        text is in a private file in memory, which is wiped afterwards. Add a line to create a \
                        secret. Take a line out to remove one: that is asked on a terminal, and otherwise needs \
                        --remove-missing. Secrets that are inherited, are not text, are too long, or that you may not read are not in the editor, and stay \
                        as they are. Metadata and expiry stay. All changes are one log entry; without a change there is none.\n\n\
                        Examples:\n  v-secure edit\n  v-secure edit -e prod --reason 'new database host'\n  \
                        EDITOR='sed -i s/old.example/new.example/' v-secure edit -e staging"
)]
pub struct Edit {
    /// Remove the secrets whose lines are gone, without asking
    #[arg(long)]
    remove_missing: bool,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// A secret to remove, and the version that was shown.
type Removal = (SecretName, ObjectId);

impl Edit {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let editor = editor::find(context)?;
        let sheet = self.sheet(context)?;
        let environment = &sheet.environment;
        let (again, file) =
            (format!("v-secure edit -e {environment}"), format!("{environment}.env"));
        let mut text = sheet.text();
        loop {
            let saved = editor.edit(context, &file, &text, text::MAX_INPUT as u64)?;
            let edited = match parse(&sheet, &saved) {
                Ok(edited) => edited,
                Err(failure) => {
                    editing::next(context, failure, &again)?;
                    text = marked(&saved);
                    continue;
                }
            };
            let remove = self.removals(context, &edited)?;
            if edited.edits.is_empty() && remove.is_empty() {
                return report(context, &sheet, &edited, &remove);
            }
            let write = |force| self.write(context, &edited, &remove, force);
            if let Some(vault) = editing::write(context, &again, write)? {
                let written = || edited.edits.iter().map(|edit| &edit.secret);
                variables::remark(context, &vault, written());
                rotations::remark(context, &vault, written());
                return report(context, &sheet, &edited, &remove);
            }
            text = saved;
        }
    }

    fn sheet(&self, context: &Context<'_>) -> Outcome<Sheet> {
        let environment = context.environment()?;
        let (session, opened) = context.open_to_write(Depth::Everything)?;
        let vault = &opened.vault;
        meant::begin(context, &environment)?;
        let who = context.unlock(vault)?;
        who.signer(vault)?;
        let sheet = Sheet::of(vault, &who, &environment, session.now)?;
        let names: Vec<SecretName> = sheet.shown.iter().map(|s| s.secret.clone()).collect();
        if !names.is_empty() {
            let read = (environment.as_str(), names.as_slice(), self.reason.as_deref());
            editing::record(context, &session, vault, &who, read)?;
        }
        for out in &sheet.left_out {
            context.ui.note(&format!("{} is not in the text: {}", out.secret, out.why));
        }
        Ok(sheet)
    }

    /// The secrets to remove of those whose lines are gone.
    fn removals(&self, context: &Context<'_>, edited: &Edited) -> Outcome<Vec<Removal>> {
        if edited.missing.is_empty() || self.remove_missing {
            return Ok(edited.missing.clone());
        }
        let names: Vec<&str> = edited.missing.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        if !context.interactive() {
            let message = format!(
                "the edited text no longer has these secrets, so nothing was changed: {names}"
            );
            return Err(Failure::new(Code::LinesMissing, message).hint(format!(
                "v-secure edit -e {} --remove-missing, if these secrets are to be removed",
                context.environment()?
            )));
        }
        match editing::confirm(context, &format!("Remove {names}?"), false)? {
            true => Ok(edited.missing.clone()),
            false => Ok(Vec::new()),
        }
    }

    fn write(
        &self,
        context: &Context<'_>,
        edited: &Edited,
        remove: &[Removal],
        force: bool,
    ) -> Outcome<Vault> {
        let ((), vault) = context.write(self.reason.as_deref(), "edit", |vault, ctx| {
            Ok(((), sheet::change(vault, edited, remove, force, ctx)?))
        })?;
        Ok(vault)
    }
}

fn parse(sheet: &Sheet, text: &SecretValue) -> Outcome<Edited> {
    let refuse = |error: &dyn std::error::Error| {
        Failure::new(Code::EditSyntax, "the edited text is not valid dotenv").because(error)
    };
    let entries = read(text.expose()).map_err(|error| refuse(&error))?;
    sheet.compare(entries).map_err(|error| refuse(&error))
}

/// The entries; of a text that was written to be edited, a name bound twice is a slip.
fn read(text: &[u8]) -> Result<Vec<text::TextEntry>, TextError> {
    let import = dotenv::read(text)?;
    let twice = import.warnings.iter().find_map(|warning| match warning.kind {
        WarningKind::Duplicate { first } => {
            Some(TextError::Duplicate { line: warning.line, first })
        }
        _ => None,
    });
    twice.map_or(Ok(import.entries), Err)
}

/// The text with what is wrong in its first line, which it did not have when it was parsed.
fn marked(text: &SecretValue) -> SecretValue {
    let mut rest = text.expose();
    if rest.starts_with(MARK) {
        rest = rest.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
    }
    let mut below = Vec::with_capacity(rest.len() + 2);
    below.extend_from_slice(b"#\n");
    below.extend_from_slice(rest);
    let below = SecretValue::new(below);
    let Err(error) = read(below.expose()) else { return below };
    let reason = error.to_string();
    let mut all = Vec::with_capacity(MARK.len() + reason.len() + below.len());
    all.extend_from_slice(MARK);
    all.extend_from_slice(reason.as_bytes());
    all.extend_from_slice(&below.expose()[1..]);
    SecretValue::new(all)
}

fn report(context: &Context<'_>, sheet: &Sheet, edited: &Edited, removed: &[Removal]) -> Outcome {
    let written = edited.edits.iter().map(|edit| &edit.secret).collect();
    let removed = removed.iter().map(|(secret, _)| secret).collect();
    let report = EditView { environment: &sheet.environment, written, removed };
    if context.ui.json {
        return context.ui.object(&report);
    }
    for secret in &report.written {
        context.ui.note(&format!("{secret}: written"));
    }
    for secret in &report.removed {
        context.ui.note(&format!("{secret}: removed (v-secure secret restore {secret})"));
    }
    if report.written.is_empty() && report.removed.is_empty() {
        context.ui.note(&format!("{}: nothing changed", report.environment));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_opened_again_says_in_which_line_it_is_wrong() {
        let once = marked(&SecretValue::from("A=1\nB\n".to_owned()));
        let text = once.expose_str().unwrap();
        assert!(text.starts_with("# v-secure: line 3: "), "{text}");
        assert_eq!(text.lines().nth(2), Some("B"));
        let twice = marked(&SecretValue::from(text.replace("A=1", "A='")));
        let text = twice.expose_str().unwrap();
        assert!(text.starts_with("# v-secure: line 2: "), "{text}");
        assert_eq!(text.matches("v-secure").count(), 1);
    }

    #[test]
    fn a_name_twice_is_a_slip() {
        assert!(matches!(read(b"A=1\nA=2\n"), Err(TextError::Duplicate { line: 2, first: 1 })));
    }
}
