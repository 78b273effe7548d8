//! age identities: the private keys that open envelopes. X25519 keys, SSH keys and those that a
//! plugin holds, behind [`Identity`].

pub mod plugin;
pub mod recipient;
pub mod recipient_text;
pub mod ssh;

use crate::crypto::identity::recipient_text::RecipientText;
use crate::host::{NoPrompts, Prompts};
use crate::secret_value::SecretValue;
use age::secrecy::ExposeSecret;
use age::x25519;
use std::sync::Arc;

/// Why a text gives no identities. Neither text nor line content is repeated: it may be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("it is not UTF-8 text")]
    NotText,
    #[error("line {line} is not an age identity")]
    NotIdentity { line: usize },
    #[error("line {line} is of a kind that this version cannot use")]
    Unsupported { line: usize },
    #[error("it holds no identity")]
    Empty,
    #[error(
        "line {line} has an age identity with other text beside it, such as comments that lost their line \
         ends: give the word that begins with AGE-SECRET-KEY-1 alone"
    )]
    Crowded { line: usize },
    #[error("the SSH private key has lost its line ends: give it with them, as its file holds it")]
    SshOnOneLine,
    #[error(
        "the private key is of a kind that age cannot use: it takes ssh-ed25519 keys in OpenSSH's \
         format, and no keys of an agent or a security key"
    )]
    Ssh,
    #[error(
        "ssh-rsa keys need a build with the feature ssh-rsa: RUSTSEC-2023-0071 has no fix; use \
         ssh-ed25519"
    )]
    SshRsa,
    #[error("the passphrase is not the SSH key's")]
    SshPassphrase,
    #[error("line {line} needs {program}, which is not on PATH")]
    MissingPlugin { line: usize, program: String },
}

/// A private key that age files can be opened with; wiped on drop.
pub struct Identity(IdentityKind);

enum IdentityKind {
    X25519(x25519::Identity),
    Ssh(Box<SshIdentity>),
    Plugin(Box<PluginIdentity>),
}

struct SshIdentity {
    key: age::ssh::Identity,
    recipient: RecipientText,
    text: SecretValue,
}

struct PluginIdentity {
    age: plugin::Key,
    program: String,
    /// As the file's comment states it: the line itself does not tell.
    recipient: Option<RecipientText>,
    text: SecretValue,
}

/// An identity that was just made.
#[derive(Debug)]
pub struct NewIdentity {
    /// One line, `AGE-SECRET-KEY-1…`, without a line end.
    pub text: SecretValue,
    pub recipient: RecipientText,
}

impl Identity {
    /// The recipient that this identity opens files to; of a plugin's whose file does not state it,
    /// words that say so, which no policy has as a recipient.
    pub fn recipient(&self) -> RecipientText {
        match &self.0 {
            IdentityKind::X25519(key) => RecipientText::new(key.to_public().to_string()),
            IdentityKind::Ssh(ssh) => ssh.recipient.clone(),
            IdentityKind::Plugin(plugin) => plugin.recipient.clone().unwrap_or_else(|| {
                let program = &plugin.program;
                RecipientText::new(format!(
                    "an identity of {program} without a line '# recipient: …'"
                ))
            }),
        }
    }

    /// Whether the recipient is known: it is not where a plugin's identity does not state it.
    pub fn knows_recipient(&self) -> bool {
        !matches!(&self.0, IdentityKind::Plugin(plugin) if plugin.recipient.is_none())
    }

    /// Whether files to `recipient` are for this identity.
    pub fn is_for(&self, recipient: &RecipientText) -> bool {
        self.knows_recipient() && self.recipient() == recipient::canonical(recipient)
    }

    /// The program that holds the key, if a plugin does.
    pub fn program(&self) -> Option<&str> {
        match &self.0 {
            IdentityKind::Plugin(plugin) => Some(&plugin.program),
            IdentityKind::X25519(_) | IdentityKind::Ssh(_) => None,
        }
    }

    /// Takes a plugin's identity for that of `recipient`, where its file does not state one.
    #[must_use]
    pub(crate) fn assumed_to_be(mut self, recipient: &RecipientText) -> Self {
        if let IdentityKind::Plugin(plugin) = &mut self.0 {
            plugin.recipient.get_or_insert_with(|| recipient.clone());
        }
        self
    }

    /// Whether this is an SSH key that opens nothing before its passphrase is given.
    pub fn is_locked(&self) -> bool {
        matches!(&self.0, IdentityKind::Ssh(ssh) if matches!(ssh.key, age::ssh::Identity::Encrypted(_)))
    }

    /// Opens a locked SSH key; any other identity is open already.
    pub fn unlock_with(&mut self, passphrase: &SecretValue) -> Result<(), IdentityError> {
        if let IdentityKind::Ssh(ssh) = &mut self.0
            && let age::ssh::Identity::Encrypted(key) = &ssh.key
        {
            ssh.key = ssh::decrypt(key, passphrase)?;
        }
        Ok(())
    }

    /// The identity as its file holds it; an X25519 key or a plugin's as one line without its end.
    pub fn text(&self) -> SecretValue {
        match &self.0 {
            IdentityKind::X25519(key) => {
                SecretValue::new(key.to_string().expose_secret().as_bytes().to_vec())
            }
            IdentityKind::Ssh(ssh) => SecretValue::new(ssh.text.expose().to_vec()),
            IdentityKind::Plugin(plugin) => SecretValue::new(plugin.text.expose().to_vec()),
        }
    }

    pub(super) fn as_age(&self) -> &dyn age::Identity {
        match &self.0 {
            IdentityKind::X25519(key) => key,
            IdentityKind::Ssh(ssh) => &ssh.key,
            IdentityKind::Plugin(plugin) => &plugin.age,
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

/// The identities of an identity file: an SSH private key, or one age identity a line, between
/// empty lines and `#` comments. Plugins cannot ask: [`parse_identities_with`] lets them.
pub fn parse_identities(file: &SecretValue) -> Result<Vec<Identity>, IdentityError> {
    parse_identities_with(file, &(Arc::new(NoPrompts) as Arc<dyn Prompts>))
}

/// [`parse_identities`], with the way for plugins to ask the user.
pub fn parse_identities_with(
    file: &SecretValue,
    prompts: &Arc<dyn Prompts>,
) -> Result<Vec<Identity>, IdentityError> {
    let text = file.expose_str().ok_or(IdentityError::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if ssh::is_private_key(text) {
        let text = trimmed_lines(text);
        let ssh::Key { identity, recipient } =
            ssh::parse_private_key(text.expose_str().ok_or(IdentityError::NotText)?)?;
        return Ok(vec![Identity(IdentityKind::Ssh(Box::new(SshIdentity {
            key: identity,
            recipient,
            text,
        })))]);
    }
    let (mut identities, mut stated, mut crowded) = (Vec::new(), None, None);
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with('#') {
            crowded = crowded.or_else(|| holds_identity(line).then_some(index + 1));
            stated = plugin::stated_recipient(line).or(stated);
        } else if !line.is_empty() {
            identities.push(parse_line(line, index + 1, stated.take(), prompts)?);
        }
    }
    match (identities.is_empty(), crowded) {
        (false, _) => Ok(identities),
        (true, Some(line)) => Err(IdentityError::Crowded { line }),
        (true, None) => Err(IdentityError::Empty),
    }
}

/// Whether an age identity stands somewhere in a line. It is not taken from there: behind a `#` it may be one
/// that was taken out of use.
pub fn holds_identity(line: &str) -> bool {
    line.match_indices("AGE-SECRET-KEY-1").any(|(at, _)| {
        let word = line[at..].split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next();
        word.is_some_and(|word| word.parse::<x25519::Identity>().is_ok())
    })
}

/// The lines without what pasting leaves at their ends; in a buffer that does not grow.
fn trimmed_lines(text: &str) -> SecretValue {
    let mut bytes = Vec::with_capacity(text.len() + 1);
    for line in text.lines().map(str::trim) {
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    SecretValue::new(bytes)
}

fn parse_line(
    text: &str,
    line: usize,
    recipient: Option<RecipientText>,
    prompts: &Arc<dyn Prompts>,
) -> Result<Identity, IdentityError> {
    if let Ok(key) = text.parse::<x25519::Identity>() {
        return Ok(Identity(IdentityKind::X25519(key)));
    }
    if text.starts_with(plugin::IDENTITY_PREFIX) {
        return parse_plugin(text, line, recipient, prompts);
    }
    let other_kind = ["AGE-SECRET-KEY-PQ-", "-----BEGIN ", "age-encryption.org/"];
    if other_kind.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(IdentityError::Unsupported { line });
    }
    match holds_identity(text) {
        true => Err(IdentityError::Crowded { line }),
        false => Err(IdentityError::NotIdentity { line }),
    }
}

fn parse_plugin(
    text: &str,
    line: usize,
    recipient: Option<RecipientText>,
    prompts: &Arc<dyn Prompts>,
) -> Result<Identity, IdentityError> {
    let identity = plugin::parse_identity(text).ok_or(IdentityError::NotIdentity { line })?;
    let program = format!("age-plugin-{}", identity.plugin());
    // A comment that states another plugin's recipient belongs to something else.
    let recipient = recipient.filter(|text| plugin::program(text).as_ref() == Some(&program));
    let age = plugin::identity(&identity, Arc::clone(prompts))
        .map_err(|program| IdentityError::MissingPlugin { line, program })?;
    let text = SecretValue::from(text.to_owned());
    Ok(Identity(IdentityKind::Plugin(Box::new(PluginIdentity { age, program, recipient, text }))))
}

/// One identity in its only spelling: no comments, no line end.
pub fn parse_identity(text: &SecretValue) -> Result<Identity, IdentityError> {
    let line = text.expose_str().ok_or(IdentityError::NotText)?;
    let prompts: Arc<dyn Prompts> = Arc::new(NoPrompts);
    let identity = parse_line(line, 1, None, &prompts)?;
    if identity.text().same_as(text) {
        Ok(identity)
    } else {
        Err(IdentityError::NotIdentity { line: 1 })
    }
}

/// Makes an X25519 identity.
///
/// age draws from the operating system's generator itself, here and for every file it encrypts: it
/// takes no source of randomness, so these are the places that bypass [`crate::host::Random`].
pub fn generate_identity() -> NewIdentity {
    let identity = Identity(IdentityKind::X25519(x25519::Identity::generate()));
    NewIdentity { text: identity.text(), recipient: identity.recipient() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    fn parse(text: String) -> Result<Vec<Identity>, IdentityError> {
        parse_identities(&SecretValue::from(text))
    }

    #[test]
    fn identity_files_may_hold_comments_blank_lines_and_several_keys() {
        let other = generate_identity();
        let text = format!(
            "# created: 2026\n# public key: {RECIPIENT}\n{KEY}\r\n\n{}",
            other.text.expose_str().unwrap()
        );
        let recipients: Vec<_> = parse(text).unwrap().iter().map(Identity::recipient).collect();
        assert_eq!(recipients, [RECIPIENT, &other.recipient]);
    }

    #[test]
    fn what_pasting_leaves_at_the_ends_of_lines_does_not_count() {
        for text in [
            format!("{KEY}\r"),
            format!("{KEY} \t\r\n"),
            format!("\u{feff}{KEY}\n"),
            format!("# x\r\n  {KEY}\u{a0}\n \r\n\t\r"),
        ] {
            let recipients: Vec<_> = parse(text).unwrap().iter().map(Identity::recipient).collect();
            assert_eq!(recipients, [RECIPIENT]);
        }
        assert!(parse(format!("{} {}", &KEY[..40], &KEY[40..])).is_err(), "within is no end");
    }

    #[test]
    fn errors_name_the_line_and_never_repeat_it() {
        let error = parse(format!("# x\n{KEY}X\n")).unwrap_err();
        assert_eq!(error, IdentityError::NotIdentity { line: 2 });
        assert!(!error.to_string().contains("AGE"));
        let plugin = parse("AGE-PLUGIN-YUBIKEY-1QQQ".to_owned()).unwrap_err();
        assert_eq!(plugin, IdentityError::NotIdentity { line: 1 }, "no checksum");
        let hybrid = parse("AGE-SECRET-KEY-PQ-1QQQ".to_owned()).unwrap_err();
        assert_eq!(hybrid, IdentityError::Unsupported { line: 1 });
        assert_eq!(parse("# nothing\n".to_owned()).unwrap_err(), IdentityError::Empty);
    }

    #[test]
    fn what_lost_its_line_ends_is_told_from_what_is_no_identity() {
        for text in [
            format!("# created: 2026 # public key: {RECIPIENT} {KEY}"),
            format!("# created: 2026\\n# public key: {RECIPIENT}\\n{KEY}\\n"),
            format!("{KEY} {KEY}"),
            format!("{KEY} # mine"),
            format!("\"{KEY}\""),
        ] {
            let error = parse(text.clone()).unwrap_err();
            assert_eq!(error, IdentityError::Crowded { line: 1 }, "{text}");
            assert!(!error.to_string().contains(&KEY[..20]));
        }
        assert_eq!(parse(format!("# {KEY}\n{KEY}")).map(|found| found.len()), Ok(1), "an old one");
        let begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
        let squeezed = format!("{begin} b3BlbnNzaC1rZXk= -----END OPENSSH PRIVATE KEY-----");
        assert_eq!(parse(squeezed.clone()).unwrap_err(), IdentityError::SshOnOneLine);
        assert_eq!(
            parse(squeezed.replace("----- ", "-----\n").replace("= ", "=\n")).unwrap_err(),
            IdentityError::Ssh
        );
    }

    #[test]
    fn a_single_identity_has_one_spelling() {
        let one = |text: String| parse_identity(&SecretValue::from(text)).map(|i| i.recipient());
        assert_eq!(one(KEY.to_owned()).as_deref(), Ok(RECIPIENT));
        for bad in [format!("{KEY}\n"), KEY.to_lowercase(), format!("# c\n{KEY}")] {
            assert!(one(bad).is_err());
        }
    }
}
