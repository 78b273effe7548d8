//! age plugins: recipients and identities whose work a program `age-plugin-NAME` on `PATH` does
//! (C2SP age-plugin specification).
//!
//! The age crate would start them with all that is in our environment, and wait for ever. So they are
//! started here: `program` finds one and says what it gets of ours, `talk` has the time limit, and
//! `machines` are the two traits of age.

mod machines;
mod program;
mod talk;

pub(in crate::crypto) use self::machines::Key;
use self::machines::Recipients;
use self::program::Program;
use self::talk::PluginFailure;
use super::recipient::RecipientError;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::host::Prompts;
use age::EncryptError;
use age::plugin;
use bech32::{FromBase32, Variant};
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::Arc;

/// How a plugin's identity line begins.
pub(in crate::crypto) const IDENTITY_PREFIX: &str = "AGE-PLUGIN-";

/// How a plugin's recipient begins; its name follows.
const RECIPIENT_PREFIX: &str = "age1";

/// A plugin's words, without what would steer a terminal: control characters, and the marks of
/// direction that age itself puts around names.
pub(in crate::crypto) fn printable(text: &str) -> String {
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !steers(*c)).collect()
}

/// The recipient as age's own type, if the text is a plugin's recipient.
pub(in crate::crypto) fn parse_recipient(text: &str) -> Result<plugin::Recipient, RecipientError> {
    text.parse().map_err(|_| RecipientError::Unsupported)
}

/// The plugin of a recipient in canonical form: `age1NAME1DATA`, as lower-case Bech32 of any length.
pub(in crate::crypto) fn name(text: &str) -> Result<&str, RecipientError> {
    let behind = text.strip_prefix(RECIPIENT_PREFIX).ok_or(RecipientError::Unsupported)?;
    let (name, _) = behind.rsplit_once('1').ok_or(RecipientError::Unsupported)?;
    match bech32::decode(text) {
        // age takes no data that is not whole bytes.
        Ok((_, data, Variant::Bech32)) if Vec::from_base32(&data).is_ok() => {}
        _ => return Err(RecipientError::Checksum),
    }
    if is_name(name) { Ok(name) } else { Err(RecipientError::PluginName) }
}

/// Whether a plugin may have this name. age allows more, which no plugin that is known has, and which
/// has two spellings on some file systems.
pub fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(fits)
}

/// The program that a plugin's recipient needs, if the text is one.
pub fn program(recipient: &str) -> Option<String> {
    parse_recipient(recipient).ok().map(|recipient| program_of(recipient.plugin()))
}

pub(in crate::crypto) fn program_of(plugin: &str) -> String {
    format!("age-plugin-{plugin}")
}

/// One encryptor for all recipients of each plugin, so that each program is started once.
pub(in crate::crypto) fn encryptors(
    recipients: &[plugin::Recipient],
) -> Result<Vec<Box<dyn age::Recipient>>, EncryptError> {
    let mut by_plugin: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for recipient in recipients {
        by_plugin.entry(recipient.plugin()).or_default().push(recipient.to_string());
    }
    by_plugin
        .into_iter()
        .map(|(name, texts)| {
            let program = Program::find(name)
                .map_err(|binary_name| EncryptError::MissingPlugin { binary_name })?;
            Ok(Box::new(Recipients { program, texts }) as Box<dyn age::Recipient>)
        })
        .collect()
}

/// A plugin's identity line.
pub(in crate::crypto) fn parse_identity(line: &str) -> Option<plugin::Identity> {
    line.parse().ok()
}

/// The identity, with the program that knows what to do with it; an error names the program that
/// is missing.
pub(in crate::crypto) fn identity(
    identity: &plugin::Identity,
    prompts: Arc<dyn Prompts>,
) -> Result<Key, String> {
    let program = Program::find(identity.plugin())?;
    Ok(Key { program, text: identity.to_string(), prompts })
}

/// The recipient that a comment states, as the plugins write it: `# Recipient: age1…`, or
/// `# public key: age1…`.
pub(in crate::crypto) fn stated_recipient(comment: &str) -> Option<RecipientText> {
    let (label, recipient) = comment.strip_prefix('#')?.split_once(':')?;
    let label = label.trim().to_ascii_lowercase();
    let known = matches!(label.as_str(), "recipient" | "public key");
    let recipient = recipient.trim();
    (known && parse_recipient(recipient).is_ok()).then(|| RecipientText::new(recipient))
}

/// What went wrong with a plugin, on one line, if that is what the error is about.
pub(in crate::crypto) fn complaint(error: &io::Error) -> Option<String> {
    let failure: &PluginFailure = error.get_ref()?.downcast_ref()?;
    let cause = failure.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Some(printable(&format!("{failure}{cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_states_the_recipient() {
        let recipient = age_recipient();
        for comment in [
            format!("#    Recipient: {recipient}"),
            format!("# public key: {recipient}"),
            format!("# recipient: {recipient}"),
        ] {
            assert_eq!(
                stated_recipient(&comment),
                Some(RecipientText::new(&*recipient)),
                "{comment}"
            );
        }
        for other in ["# Recipient: age1x", "# Serial: 1", "#", &format!("Recipient: {recipient}")]
        {
            assert_eq!(stated_recipient(other), None, "{other}");
        }
    }

    #[test]
    fn a_plugins_words_cannot_steer_the_terminal() {
        assert_eq!(printable("touch\u{1b}[2J it\r\n"), "touch[2J it");
        assert_eq!(printable("'\u{2068}age-plugin-nobody\u{2069}'"), "'age-plugin-nobody'");
    }

    /// A well-formed recipient of a plugin that nobody has.
    fn age_recipient() -> String {
        "age1nobody1qqqqqqqqqqqqqqqqngket4".to_owned()
    }
}
