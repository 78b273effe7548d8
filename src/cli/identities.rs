//! Where identities and the carried pin come from, in the order that they are tried:
//! `--identity`; `V_SECURE_IDENTITY` (key text); `V_SECURE_IDENTITY_FILE`; `identity.txt` in the
//! config folder; the `identities` of `config.toml`. A flag excludes the rest; otherwise the first source that belongs to a member wins.

use super::config;
use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use crate::crypto::identity::{self, Identity, NewIdentity};
use crate::name::Name;
use crate::ops::pin::CarriedPin;
use crate::ops::unlock::{UnlockError, Unlocked};
use crate::ops::vault::Vault;
use crate::secret_value::SecretValue;
use crate::store::fresh;
use crate::store::private::{self, Exposed, PrivateFile};
use std::path::{Path, PathBuf};

/// The most bytes of an identity file.
const MAX_IDENTITY_FILE: u64 = 64 << 10;
/// The identity file's name in the config folder.
pub const FILE: &str = "identity.txt";

/// A place that identities may come from.
enum Source {
    File(PathBuf),
    /// Key text in `V_SECURE_IDENTITY`.
    Variable,
}

impl Source {
    fn describe(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Variable => "V_SECURE_IDENTITY".into(),
        }
    }
}

/// The default identity file, if there is a config folder.
pub fn default_file(context: &Context<'_>) -> Option<PathBuf> {
    context.host.config_dir().map(|folder| folder.join(FILE))
}

fn sources(context: &Context<'_>) -> Outcome<Vec<Source>> {
    if !context.globals.identities.is_empty() {
        return Ok(context.globals.identities.iter().cloned().map(Source::File).collect());
    }
    let mut found = Vec::new();
    if context.host.variable("V_SECURE_IDENTITY").is_some() {
        found.push(Source::Variable);
    }
    if let Some(path) = context.host.variable("V_SECURE_IDENTITY_FILE") {
        found.push(Source::File(path.into()));
    }
    let default = default_file(context).filter(|path| path.exists());
    found.extend(default.map(Source::File));
    found.extend(config::load(context)?.identities.into_iter().map(Source::File));
    Ok(found)
}

fn text(context: &Context<'_>, source: &Source) -> Outcome<SecretValue> {
    match source {
        Source::Variable => {
            let value = context.host.variable("V_SECURE_IDENTITY").unwrap_or_default();
            Ok(SecretValue::new(value.into_encoded_bytes()))
        }
        Source::File(path) => read_file(context, path),
    }
}

/// Reads an identity file; warns if others can read it too.
pub fn read_file(context: &Context<'_>, path: &Path) -> Outcome<SecretValue> {
    let file = read_private(context, path)?;
    if let Some(exposed) = file.exposed {
        context.ui.warn(&exposed.to_string());
    }
    Ok(file.bytes)
}

fn read_private(context: &Context<'_>, path: &Path) -> Outcome<PrivateFile> {
    private::read_secret(path, MAX_IDENTITY_FILE, context.owners()).map_err(|error| {
        let message = format!("the identity file {} cannot be used", path.display());
        Failure::new(Exit::Locked, "identity-file", message)
            .because(&error)
            .hint("v-secure identity show")
            .hint("v-secure identity new -o FILE")
    })
}

/// Parses an identity file's text.
pub fn parse(text: &SecretValue, from: &str) -> Outcome<Vec<Identity>> {
    identity::parse_identities(text).map_err(|error| {
        let message = format!("{from} holds no usable identity");
        Failure::new(Exit::Locked, "identity-syntax", message)
            .because(&error)
            .hint("v-secure identity new")
    })
}

/// The pin that the user gave: `V_SECURE_PIN`, or the comment in the identity that is used.
pub fn carried_pin(context: &Context<'_>) -> Outcome<Option<CarriedPin>> {
    let refuse = |from: &str, error: &dyn std::error::Error| {
        Failure::new(Exit::Integrity, "pin-syntax", format!("{from} holds no pin")).because(error)
    };
    if let Some(value) = context.host.variable("V_SECURE_PIN") {
        let pin = value.to_string_lossy().trim().parse();
        return pin.map(Some).map_err(|error| refuse("V_SECURE_PIN", &error));
    }
    for source in sources(context)? {
        // What cannot be read, or others can read too, is reported where the key is needed.
        let text = match &source {
            Source::File(path) => read_private(context, path).map(|file| file.bytes),
            Source::Variable => text(context, &source),
        };
        let Ok(text) = text else { continue };
        if let Some(pin) = text.expose_str().and_then(CarriedPin::in_identity) {
            return pin.map(Some).map_err(|error| refuse(&source.describe(), &error));
        }
    }
    Ok(None)
}

/// Finds out who the user is in the vault.
pub fn unlock(context: &Context<'_>, vault: &Vault) -> Outcome<Unlocked> {
    let mut tried = Vec::new();
    for source in sources(context)? {
        let from = source.describe();
        match text(context, &source).and_then(|text| parse(&text, &from)) {
            Ok(found) => match Unlocked::new(vault, found) {
                Ok(unlocked) => return Ok(unlocked),
                Err(UnlockError::NoMember { recipients, .. }) => {
                    tried.push(format!("{from}: {} is no member's", recipients.join(", ")));
                }
                Err(error) => tried.push(format!("{from}: {error}")),
            },
            Err(failure) if context.globals.identities.is_empty() => {
                tried.push(format!("{from}: {}", describe(&failure)));
            }
            Err(failure) => return Err(failure),
        }
    }
    Err(locked(vault, &tried))
}

fn describe(failure: &Failure) -> String {
    failure.causes.first().unwrap_or(&failure.message).clone()
}

fn locked(vault: &Vault, tried: &[String]) -> Failure {
    let owners: Vec<&str> = vault.policy().owners().map(Name::as_str).collect();
    let mut failure = Failure::new(
        Exit::Locked,
        "locked",
        format!("no identity here opens the vault {}", vault.file().header.name),
    );
    failure.causes = match tried {
        [] => vec!["no identity was found (--identity, V_SECURE_IDENTITY, V_SECURE_IDENTITY_FILE, identity.txt or config.toml in the config folder)".into()],
        tried => tried.to_vec(),
    };
    failure
        .hint("v-secure member request, and send the line that it prints to an owner")
        .hint(format!("owners who can let you in: {}", owners.join(", ")))
}

/// The identity of this user: the one given, the one that is there, or a new one in the config
/// folder. Says which file it is in, and whether it was made now.
pub fn own_or_new(context: &Context<'_>) -> Outcome<(Identity, Option<PathBuf>, bool)> {
    if let Some(source) = sources(context)?.into_iter().next() {
        let text = text(context, &source)?;
        let mut found = parse(&text, &source.describe())?;
        let file = match source {
            Source::File(path) => Some(path),
            Source::Variable => None,
        };
        return Ok((found.swap_remove(0), file, false));
    }
    let Some(path) = default_file(context) else {
        return Err(Failure::new(
            Exit::Failure,
            "no-home",
            "there is no home folder to keep a new identity in",
        )
        .hint("v-secure --identity FILE …"));
    };
    let identity = create(context, &path)?;
    Ok((identity, Some(path), true))
}

/// A place, and the identities that are there.
pub type Found = (String, Outcome<Vec<Identity>>);

/// Every place that gives identities, in the order that they are tried, with what is there.
pub fn found(context: &Context<'_>) -> Outcome<Vec<Found>> {
    let parsed =
        |source: &Source| text(context, source).and_then(|text| parse(&text, &source.describe()));
    Ok(sources(context)?.iter().map(|source| (source.describe(), parsed(source))).collect())
}

/// What is at a place that identities may come from, for `doctor`.
pub struct Looked {
    pub from: String,
    /// Set where other accounts can read the file too.
    pub exposed: Option<Exposed>,
    pub identities: Outcome<Vec<Identity>>,
}

/// [`found`] without a word to the user.
pub fn looked_at(context: &Context<'_>) -> Outcome<Vec<Looked>> {
    let look = |source: &Source| {
        let from = source.describe();
        let read = match source {
            Source::File(path) => {
                read_private(context, path).map(|file| (file.bytes, file.exposed))
            }
            Source::Variable => text(context, source).map(|text| (text, None)),
        };
        match read {
            Ok((text, exposed)) => Looked { identities: parse(&text, &from), from, exposed },
            Err(failure) => Looked { from, exposed: None, identities: Err(failure) },
        }
    };
    Ok(sources(context)?.iter().map(look).collect())
}

/// Writes a new identity to a file in the user's own folder that does not exist yet.
pub fn create(context: &Context<'_>, path: &Path) -> Outcome<Identity> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private::ensure_folder(folder, context.owners()).map_err(|error| {
            Failure::new(
                Exit::Failure,
                "config-folder",
                "the folder for the identity cannot be used",
            )
            .because(&error)
        })?;
    }
    create_file(context, path)
}

/// Writes a new identity to a file that does not exist yet, in a folder that does.
pub fn create_file(context: &Context<'_>, path: &Path) -> Outcome<Identity> {
    let new = identity::generate_identity();
    let text = file_text(&new, context.host.now(), None);
    fresh::write_new(path, text.expose(), private::FILE_MODE)?;
    let mut parsed = parse(&text, &path.display().to_string())?;
    Ok(parsed.swap_remove(0))
}

/// An identity file's text, as age-keygen writes it, with the pin comment for a service.
pub fn file_text(new: &NewIdentity, now: u64, pin: Option<&CarriedPin>) -> SecretValue {
    let mut text = format!(
        "# created: {}\n# public key: {}\n",
        crate::ops::duration::rfc3339(now),
        new.recipient
    );
    if let Some(pin) = pin {
        text.push_str(&format!("{}{pin}\n", crate::ops::pin::COMMENT));
    }
    // Sized for all of it, so that no copy of the key is left behind by growing.
    let mut bytes = Vec::with_capacity(text.len() + new.text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(new.text.expose());
    bytes.push(b'\n');
    SecretValue::new(bytes)
}
