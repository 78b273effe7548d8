//! Identities as text: the places that hold them, and the carried pin. Which of them unlocks a
//! vault is for [`crate::cli::unlocking`].

use super::identity_command;
use crate::cli::door::config;
use crate::cli::door::job;
use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::new_file;
use crate::store::file::private;
use crate::store::file::private::{Exposed, PrivateFile};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::identity::recipient;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::identity::{self, Identity, IdentityError, NewIdentity};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::pin::{Carried, CarriedPin};

/// The most bytes of an identity file.
const MAX_IDENTITY_FILE: u64 = 64 << 10;
/// The identity file's name in the config folder.
pub const FILE: &str = "identity.txt";

/// A place that identities may come from.
#[derive(Debug, Clone)]
pub enum Source {
    File(PathBuf),
    /// Key text in `V_SECURE_IDENTITY`.
    Variable,
    /// What the command in `V_SECURE_IDENTITY_CMD` prints.
    Command(OsString),
}

impl Source {
    pub fn describe(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Variable => "V_SECURE_IDENTITY".into(),
            Self::Command(_) => "V_SECURE_IDENTITY_CMD".into(),
        }
    }
}

/// The default identity file, if there is a config folder.
pub(crate) fn default_file(context: &Surroundings<'_>) -> Option<PathBuf> {
    context.host.config_dir().map(|folder| folder.join(FILE))
}

/// The files that `--identity` names.
pub(crate) fn of_flags(context: &Surroundings<'_>) -> Vec<Source> {
    context.globals.identities.iter().cloned().map(Source::File).collect()
}

/// What the environment's variables give.
pub(crate) fn of_variables(context: &Surroundings<'_>) -> Vec<Source> {
    let mut found = Vec::new();
    if context.host.variable("V_SECURE_IDENTITY").is_some() {
        found.push(Source::Variable);
    }
    if let Some(path) = context.host.variable("V_SECURE_IDENTITY_FILE") {
        found.push(Source::File(path.into()));
    }
    found.extend(context.host.variable("V_SECURE_IDENTITY_CMD").map(Source::Command));
    found
}

/// The variables for an identity or its passphrase that are set and empty, which counts as not set.
pub(crate) fn empty_variables(context: &Surroundings<'_>) -> Vec<&'static str> {
    const NAMES: [&str; 5] = [
        "V_SECURE_IDENTITY",
        "V_SECURE_IDENTITY_FILE",
        "V_SECURE_IDENTITY_CMD",
        "V_SECURE_PASSPHRASE_FILE",
        "V_SECURE_PASSPHRASE",
    ];
    NAMES.into_iter().filter(|name| is_empty_variable(context, name)).collect()
}

/// Whether a variable is set and empty.
pub(crate) fn is_empty_variable(context: &Surroundings<'_>, name: &str) -> bool {
    context.host.variables().iter().any(|(set, value)| set == name && value.is_empty())
}

/// The files of the config folder: `identity.txt`, then what `config.toml` names.
pub(crate) fn of_config(context: &Surroundings<'_>) -> Outcome<Vec<Source>> {
    let default = default_file(context).filter(|path| path.exists());
    let named = config::load(context)?.identities;
    Ok(default.into_iter().chain(named).map(Source::File).collect())
}

/// The user's SSH key, where the vault has members with such keys.
pub(crate) fn of_ssh(context: &Surroundings<'_>, vault: &Vault) -> Option<Source> {
    let mut recipients = vault.policy().members().flat_map(|(_, member)| &member.recipients);
    if !recipients.any(|recipient| recipient::is_ssh(recipient)) {
        return None;
    }
    let path = context.host.home_dir()?.join(".ssh").join("id_ed25519");
    path.is_file().then_some(Source::File(path))
}

fn sources(context: &Surroundings<'_>) -> Outcome<Vec<Source>> {
    let given = of_flags(context);
    if !given.is_empty() {
        return Ok(given);
    }
    let mut found = of_variables(context);
    found.extend(of_config(context)?);
    Ok(found)
}

fn text(context: &Surroundings<'_>, source: &Source) -> Outcome<SecretValue> {
    match source {
        Source::Variable => {
            let value = context.host.variable("V_SECURE_IDENTITY").unwrap_or_default();
            Ok(SecretValue::new(value.into_encoded_bytes()))
        }
        Source::File(path) => read_file(context, path),
        Source::Command(command) => identity_command::run(context, command),
    }
}

/// Reads an identity file; warns if others can read it too.
pub(crate) fn read_file(context: &Surroundings<'_>, path: &Path) -> Outcome<SecretValue> {
    let file = read_private(context, path)?;
    if let Some(exposed) = file.exposed {
        context.ui.warn(&exposed.to_string());
    }
    Ok(file.bytes)
}

fn read_private(context: &Surroundings<'_>, path: &Path) -> Outcome<PrivateFile> {
    private::read_secret(path, MAX_IDENTITY_FILE, context.owners()).map_err(|error| {
        let message = format!("the identity file {} cannot be used", path.display());
        Failure::new(Code::IdentityFile, message)
            .because(&error)
            .hint("v-secure identity show")
            .hint("v-secure identity new -o FILE")
    })
}

/// Parses an identity file's text.
pub fn parse(context: &Surroundings<'_>, text: &SecretValue, from: &str) -> Outcome<Vec<Identity>> {
    let prompts = context.host.prompts(context.interactive());
    identity::parse_identities_with(text, &prompts).map_err(|error| {
        let message = format!("{from} holds no usable identity");
        let failure = Failure::new(Code::IdentitySyntax, message).because(&error);
        match &error {
            IdentityError::MissingPlugin { program, .. } => {
                failure.hint(format!("install {program}, and see that it is on PATH"))
            }
            _ => failure.hint("v-secure identity new -o FILE"),
        }
    })
}

/// The pin that the user gave: `V_SECURE_PIN`, or the comment in the identity that is used. That one is
/// for this place only where whoever defined a job gave it the identity, as the job's repository.
pub(crate) fn carried_pin(context: &Surroundings<'_>) -> Outcome<Option<Carried>> {
    let refuse = |from: &str, error: &dyn std::error::Error| {
        Failure::new(Code::PinSyntax, format!("{from} is not a valid pin"))
            .because(error)
            .hint("v-secure pin show  # where the vault is known: its line goes into V_SECURE_PIN")
    };
    if let Some(value) = context.host.variable("V_SECURE_PIN") {
        let pin = value.to_string_lossy().trim().parse();
        let given = |pin| Some(Carried { pin, is_for_place: true });
        return pin.map(given).map_err(|error| refuse("V_SECURE_PIN", &error));
    }
    let of_variables = match of_flags(context).is_empty() {
        true => of_variables(context).len(),
        false => 0,
    };
    for (position, source) in sources(context)?.into_iter().enumerate() {
        // What cannot be read, or others can read too, is reported where the key is needed.
        let text = match &source {
            Source::File(path) => read_private(context, path).map(|file| file.bytes),
            Source::Variable => text(context, &source),
            // Run where the key is needed and nowhere else: it may ask for a touch or a password.
            Source::Command(_) => continue,
        };
        let Ok(text) = text else { continue };
        if let Some(pin) = text.expose_str().and_then(CarriedPin::in_identity) {
            let is_for_place = position < of_variables && job::is_one(context.host);
            let found = |pin| Some(Carried { pin, is_for_place });
            return pin.map(found).map_err(|error| refuse(&source.describe(), &error));
        }
    }
    Ok(None)
}

/// The identity of this user: the one given, the one that is there, or a new one in the config
/// folder. Says which file it is in, and whether it was made now.
pub(crate) fn own_or_new(context: &Surroundings<'_>) -> Outcome<(Identity, Option<PathBuf>, bool)> {
    if let Some(source) = sources(context)?.into_iter().next() {
        let text = text(context, &source)?;
        let mut found = parse(context, &text, &source.describe())?;
        let identity = found.swap_remove(0);
        if !identity.knows_recipient() {
            return Err(unstated(&identity, &source));
        }
        let file = match source {
            Source::File(path) => Some(path),
            Source::Variable | Source::Command(_) => None,
        };
        return Ok((identity, file, false));
    }
    let Some(path) = default_file(context) else {
        return Err(Failure::new(
            Code::NoHome,
            "there is no home folder to keep a new identity in",
        )
        .hint("v-secure --identity FILE …"));
    };
    let identity = create(context, &path)?;
    Ok((identity, Some(path), true))
}

/// The identities of one place.
pub(crate) fn of_source(context: &Surroundings<'_>, source: &Source) -> Outcome<Vec<Identity>> {
    text(context, source).and_then(|text| parse(context, &text, &source.describe()))
}

fn unstated(identity: &Identity, source: &Source) -> Failure {
    let message = format!("{} holds {}", source.describe(), identity.recipient());
    Failure::new(Code::IdentityRecipient, message)
        .hint("write '# recipient: age1…' on the line above the identity, as the plugin printed it")
}

/// A place, and the identities that are there.
pub(crate) type Found = (String, Outcome<Vec<Identity>>);

/// The recipients of the identities that are in files and variables here, as far as they can be told
/// without a question, a touch or a word to the user.
pub(crate) fn own_recipients(
    context: &Surroundings<'_>,
    vault: &Vault,
) -> Outcome<BTreeSet<RecipientText>> {
    let sources = sources(context)?.into_iter().chain(of_ssh(context, vault));
    let mut own = BTreeSet::new();
    for source in sources {
        let text = match &source {
            Source::File(path) => read_private(context, path).map(|file| file.bytes),
            Source::Variable => text(context, &source),
            Source::Command(_) => continue,
        };
        let parsed = text.and_then(|text| {
            identity::parse_identities_with(&text, &context.host.prompts(false))
                .map_err(|error| Failure::from_error(Code::IdentitySyntax, &error))
        });
        let known = parsed.into_iter().flatten().filter(Identity::knows_recipient);
        own.extend(known.map(|identity| identity.recipient()));
    }
    Ok(own)
}

/// Every place that gives identities, in the order that they are tried, with what is there.
pub fn found(context: &Surroundings<'_>) -> Outcome<Vec<Found>> {
    let sources = sources(context)?;
    Ok(sources.iter().map(|source| (source.describe(), of_source(context, source))).collect())
}

/// What is at a place that identities may come from, for `doctor`.
pub(crate) struct Looked {
    pub from: String,
    /// Set where other accounts can read the file too.
    pub exposed: Option<Exposed>,
    pub identities: Outcome<Vec<Identity>>,
}

/// [`found`] without a word to the user.
pub fn looked_at(context: &Surroundings<'_>) -> Outcome<Vec<Looked>> {
    let look = |source: &Source| {
        let from = source.describe();
        let read = match source {
            Source::File(path) => {
                read_private(context, path).map(|file| (file.bytes, file.exposed))
            }
            Source::Variable | Source::Command(_) => text(context, source).map(|text| (text, None)),
        };
        match read {
            Ok((text, exposed)) => {
                Looked { identities: parse(context, &text, &from), from, exposed }
            }
            Err(failure) => Looked { from, exposed: None, identities: Err(failure) },
        }
    };
    Ok(sources(context)?.iter().map(look).collect())
}

/// Writes a new identity to a file in the user's own folder that does not exist yet.
pub fn create(context: &Surroundings<'_>, path: &Path) -> Outcome<Identity> {
    ensure_folder_of(context, path)?;
    create_file(context, path)
}

/// Makes the user's own folder that a file is to be in, if it is not there.
pub(crate) fn ensure_folder_of(context: &Surroundings<'_>, path: &Path) -> Outcome {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private::ensure_folder(folder, context.owners()).map_err(|error| {
            Failure::new(Code::ConfigFolder, "the folder for the identity cannot be used")
                .because(&error)
        })?;
    }
    Ok(())
}

/// Writes a new identity to a file that does not exist yet, in a folder that does.
pub(crate) fn create_file(context: &Surroundings<'_>, path: &Path) -> Outcome<Identity> {
    let new = identity::generate_identity();
    let text = file_text(&new, context.host.now(), None);
    new_file::write_new(path, text.expose(), private::FILE_MODE)?;
    let mut parsed = parse(context, &text, &path.display().to_string())?;
    Ok(parsed.swap_remove(0))
}

/// An identity file's text, as age-keygen writes it, with the pin comment for a service.
pub(crate) fn file_text(new: &NewIdentity, now: UnixTime, pin: Option<&CarriedPin>) -> SecretValue {
    let mut text = format!(
        "# created: {}\n# public key: {}\n",
        v_secure_core::convert::duration::rfc3339(now),
        new.recipient
    );
    if let Some(pin) = pin {
        text.push_str(&format!("{}{pin}\n", v_secure_core::vault::pin::COMMENT));
    }
    // Sized for all of it, so that no copy of the key is left behind by growing.
    let mut bytes = Vec::with_capacity(text.len() + new.text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(new.text.expose());
    bytes.push(b'\n');
    SecretValue::new(bytes)
}
