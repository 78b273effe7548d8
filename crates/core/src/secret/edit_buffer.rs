//! Secrets as a text that somebody edits: what is on the sheet, how it is written, and what an edited
//! text changes.
//!
//! The text is dotenv as [`dotenv::read`] reads it. Where the form that other tools read too cannot
//! carry a value, an escaped one is used, which this program reads back: the text goes to an editor
//! and no further.

use super::put::{self, NewValue, PutError, PutRequest};
use super::read::{self, ReadError, VersionSelector};
use super::remove::{self, RemoveError};
use crate::convert::text::{MAX_INPUT, TextEntry, dotenv};
use crate::crypto::id::ObjectId;
use crate::name::environment::EnvironmentName;
use crate::name::{Name, NameError, SecretName};
use crate::secret::selection as wanted;
use crate::secret::selection::Selection;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::Unlocked;
use std::collections::HashMap;

/// So many bytes of lines are shown; the rest of what is read back is for what is added to them.
const MAX_SHOWN: usize = MAX_INPUT / 4 * 3;

/// A secret whose value is in the text.
#[derive(Debug)]
pub struct Shown {
    pub secret: SecretName,
    /// The version that is edited.
    pub object: ObjectId,
    pub expires: Option<UnixTime>,
    pub value: SecretValue,
}

/// A secret whose value is not in the text.
#[derive(Debug)]
pub struct LeftOutOfEdit {
    pub secret: SecretName,
    pub object: Option<ObjectId>,
    pub why: &'static str,
}

/// An environment's own secrets.
#[derive(Debug)]
pub struct Sheet {
    pub environment: EnvironmentName,
    pub shown: Vec<Shown>,
    pub left_out: Vec<LeftOutOfEdit>,
    /// What the environment gives besides, from those that it extends.
    pub inherited: Vec<SecretName>,
}

/// A new value for a secret.
#[derive(Debug)]
pub struct Edit {
    pub secret: SecretName,
    pub value: SecretValue,
    /// A value is amended, so that it expires when it was to.
    pub expires: Option<UnixTime>,
    /// The version that the text was made of.
    pub base: Option<ObjectId>,
}

/// What an edited text says.
#[derive(Debug)]
pub struct Edited {
    pub edits: Vec<Edit>,
    /// Secrets that were in the text and are not any more, with the versions that were.
    pub missing: Vec<(SecretName, ObjectId)>,
}

/// Why an edited text is not written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    #[error("{} changed in the vault while the text was edited", .secrets.join(", "))]
    Moved { secrets: Vec<String> },
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Remove(#[from] RemoveError),
}

/// One secret's value, to edit. `now` is in seconds since the Unix epoch.
pub fn shown(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    now: UnixTime,
) -> Result<Shown, ReadError> {
    let value = read::read(vault, who, secret, &VersionSelector::Current, now)?;
    let version = read::select(read::find(vault, secret)?, secret, &VersionSelector::Current)?;
    let (object, expires) = (version.object, version.expires);
    Ok(Shown { secret: secret.clone(), object, expires, value })
}

impl Sheet {
    /// The secrets of an environment. `now` is in seconds since the Unix epoch.
    ///
    /// # Errors
    /// A value that is missing or damaged. One that is denied, not settled, expired, no text or longer
    /// than what is left of the text is left out.
    pub fn of(
        vault: &Vault,
        who: &Unlocked,
        environment: &EnvironmentName,
        now: UnixTime,
    ) -> Result<Self, ReadError> {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        let mut room = MAX_SHOWN;
        let own = |name: &SecretName| name.environment() == environment.as_str();
        for (name, state) in vault.live().filter(|(name, _)| own(name)) {
            let why = match shown(vault, who, name, now) {
                Ok(found) if is_text(&found.value) => match room.checked_sub(line(&found).len()) {
                    Some(rest) => {
                        room = rest;
                        all.push(found);
                        continue;
                    }
                    None => "too long for this text; 'v-secure secret edit' takes it",
                },
                Ok(_) => "no text",
                Err(ReadError::NotPermitted { .. }) => "you may not read it",
                Err(ReadError::Unsettled { .. }) => "not settled for you yet",
                Err(ReadError::Expired { .. }) => "expired",
                Err(error) => return Err(error),
            };
            left_out.push(LeftOutOfEdit { secret: name.clone(), object: state.current, why });
        }
        let given = wanted::wanted(vault, environment, &Selection::default())?;
        let inherited = given.into_iter().filter(|name| !own(name)).collect();
        Ok(Self { environment: environment.clone(), shown: all, left_out, inherited })
    }

    /// The text: what it is, in comments, and a binding for each secret that is shown.
    pub fn text(&self) -> SecretValue {
        let heading = self.heading();
        let lines: Vec<SecretValue> = self.shown.iter().map(line).collect();
        let length = lines.iter().map(SecretValue::len).sum::<usize>();
        let mut text = Vec::with_capacity(heading.len() + length);
        text.extend_from_slice(heading.as_bytes());
        lines.iter().for_each(|line| text.extend_from_slice(line.expose()));
        SecretValue::new(text)
    }

    fn heading(&self) -> String {
        let environment = &self.environment;
        let mut text = format!(
            "# The secrets of {environment}:\n\
             # one NAME=value a line.\n\
             # Add a line to create a secret.\n\
             # Take a line out to remove one,\n\
             # if you confirm it.\n\
             # Lines like this one are dropped.\n"
        );
        for LeftOutOfEdit { secret, why, .. } in &self.left_out {
            text.push_str(&format!("# not shown: {} ({why})\n", secret.name()));
        }
        for secret in &self.inherited {
            let (name, from) = (secret.name(), secret.environment());
            text.push_str(&format!("# inherited: {name} from {from}\n"));
        }
        text.push('\n');
        text
    }

    /// What the entries of an edited text change.
    pub fn compare(&self, entries: Vec<TextEntry>) -> Result<Edited, NameError> {
        let mut before: HashMap<&str, &Shown> =
            self.shown.iter().map(|shown| (shown.secret.name(), shown)).collect();
        let mut edits = Vec::new();
        for TextEntry { name, value, .. } in entries {
            let old = before.remove(name.as_str());
            if old.is_some_and(|old| old.value.same_as(&value)) {
                continue;
            }
            let secret = SecretName::new(&self.environment, &Name::new(name)?);
            let hidden = self.left_out.iter().find(|out| out.secret == secret);
            let base = old.map(|old| old.object).or(hidden.and_then(|out| out.object));
            edits.push(Edit { secret, value, expires: old.and_then(|old| old.expires), base });
        }
        let missing = self.shown.iter().filter(|shown| before.contains_key(shown.secret.name()));
        let missing = missing.map(|shown| (shown.secret.clone(), shown.object)).collect();
        Ok(Edited { edits, missing })
    }
}

fn is_text(value: &SecretValue) -> bool {
    value.expose_str().is_some_and(|text| !text.contains('\0'))
}

/// A binding and its line end.
fn line(shown: &Shown) -> SecretValue {
    let (name, value) = (shown.secret.name(), &shown.value);
    dotenv::write(&[(name, value)]).unwrap_or_else(|_| escaped(name, value))
}

/// `NAME="…"` with the escapes that [`dotenv::read`] takes back.
fn escaped(name: &str, value: &SecretValue) -> SecretValue {
    let mut text = Vec::with_capacity(name.len() + 2 * value.len() + 4);
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"=\"");
    for byte in value.expose() {
        text.extend_from_slice(match byte {
            b'\\' => b"\\\\",
            b'"' => b"\\\"",
            b'\r' => b"\\r",
            other => std::slice::from_ref(other),
        });
    }
    text.extend_from_slice(b"\"\n");
    SecretValue::new(text)
}

/// Makes one change of all edits, and removes what is in `remove`.
///
/// # Errors
/// [`SheetError::Moved`] where a secret is not as it was edited, unless `force` says that the edit is
/// to win; then those of [`put::put`] and [`remove::remove`].
pub fn change(
    vault: &Vault,
    edited: &Edited,
    remove: &[(SecretName, ObjectId)],
    force: bool,
    ctx: &Ctx<'_>,
) -> Result<Change, SheetError> {
    let edits = edited.edits.iter().map(|edit| (&edit.secret, edit.base));
    let touched = edits.chain(remove.iter().map(|(secret, object)| (secret, Some(*object))));
    let current = |secret: &SecretName| vault.secret(secret).and_then(|found| found.current);
    let moved = touched.filter(|(secret, base)| current(secret) != *base);
    let moved: Vec<String> = moved.map(|(secret, _)| secret.to_string()).collect();
    if !force && !moved.is_empty() {
        return Err(SheetError::Moved { secrets: moved });
    }
    let gone = |secret: &SecretName| vault.secret(secret).is_none_or(|found| found.is_gone());
    let remove: Vec<SecretName> =
        remove.iter().map(|(secret, _)| secret.clone()).filter(|secret| !gone(secret)).collect();
    let removal = remove::removal(vault, &remove, ctx)?.1;
    let requests = edited.edits.iter().map(request).collect();
    Ok(put::put_with(vault, requests, removal, ctx)?)
}

/// The value is copied: a write that fails leaves the text to be written again.
fn request(edit: &Edit) -> PutRequest {
    let value = SecretValue::new(edit.value.expose().to_vec());
    let value = NewValue { value, expires: edit.expires, same: Vec::new() };
    PutRequest { secret: edit.secret.clone(), value: Some(value), fields: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sheet(values: &[(&str, &str)]) -> Sheet {
        let environment = EnvironmentName::new("prod").unwrap();
        let shown = values.iter().map(|(name, value)| Shown {
            secret: SecretName::new(&environment, &Name::new(*name).unwrap()),
            object: ObjectId([1; 32]),
            expires: Some(UnixTime::from_secs(7)),
            value: SecretValue::from((*value).to_owned()),
        });
        let shown = shown.collect();
        Sheet { environment, shown, left_out: Vec::new(), inherited: Vec::new() }
    }

    fn edited(sheet: &Sheet, text: &[u8]) -> Edited {
        sheet.compare(dotenv::read(text).unwrap().entries).unwrap()
    }

    proptest! {
        #[test]
        fn a_text_that_nobody_edited_changes_nothing(value in "[^\0]{0,40}", hard in "[\\\\\"'`$ {}\r\n#a]{0,12}") {
            let sheet = sheet(&[("A", &value), ("B.c-d", &hard)]);
            let edited = edited(&sheet, sheet.text().expose());
            prop_assert!(edited.edits.is_empty() && edited.missing.is_empty());
        }
    }

    #[test]
    fn what_is_new_changed_and_taken_out_is_told_apart() {
        let sheet = sheet(&[("A", "1"), ("B", "2"), ("C", "3")]);
        let edited = edited(&sheet, b"A=1\nB=other\nD=4\n");
        let edits: Vec<_> =
            edited.edits.iter().map(|e| (e.secret.as_str(), e.base.is_some(), e.expires)).collect();
        assert_eq!(
            edits,
            [("prod/B", true, Some(UnixTime::from_secs(7))), ("prod/D", false, None)]
        );
        let missing: Vec<_> = edited.missing.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(missing, ["prod/C"]);
    }
}
