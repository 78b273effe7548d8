//! `v-secure backup create`: writes one.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::unlocking;
use crate::cli::unlocking::asked_passphrase::{BACKUP, NewPassphrase, PassphraseUse};
use crate::cli::unlocking::identities;
use crate::engine::door::Purpose;
use crate::engine::judging;
use crate::store::file::new_file;
use crate::store::file::private::FILE_MODE;
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use v_secure_core::backup::container;
use v_secure_core::backup::container::{Backup, MAX_PLAIN};
use v_secure_core::backup::maker::Maker;
use v_secure_core::crypto::envelope::{self, EnvelopeError};
use v_secure_core::crypto::identity::Identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::crypto::passphrase_file;
use v_secure_core::report::view::backup::{BackupCreateView, BackupReaders};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::pin::CarriedPin;
use v_secure_core::vault::unlock::Signer;
use v_secure_core::vault::{Depth, Vault};

/// Write the vault, and your identity if you ask for it, to one encrypted file
#[derive(Debug, Args)]
#[command(
    after_help = "The file is an age file, encrypted to the recipients given, to those of the \
                        owners or to a passphrase. Inside is \
                        text (docs/recovery.md), so that it can be read without v-secure. An \
                        identity goes in only if you say who can open the file, and it must not \
                        be the only key to it. Your device signs what is in it.\n\n\
                        Examples:\n  v-secure backup create shop.age\n  \
                        v-secure backup create shop.age --with-identity --passphrase\n  \
                        v-secure backup create shop.age --recipient age1… --armor"
)]
pub struct Create {
    /// The new file; - is standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Put the identity that you use into it
    #[arg(long)]
    with_identity: bool,

    /// Encrypt to this age recipient instead of the owners'; may be given several times
    #[arg(long = "recipient", value_name = "AGE_RECIPIENT")]
    recipients: Vec<String>,

    /// Encrypt with a passphrase: asked for twice, or from V_SECURE_BACKUP_PASSPHRASE_FILE or
    /// V_SECURE_BACKUP_PASSPHRASE
    #[arg(long, conflicts_with = "recipients")]
    passphrase: bool,

    /// Encrypt with the passphrase read from this file descriptor
    #[arg(long, value_name = "N", conflicts_with = "recipients")]
    backup_passphrase_fd: Option<u32>,

    /// Accept a passphrase that is easily guessed
    #[arg(long)]
    allow_weak_passphrase: bool,

    /// Do not sign it: restoring it then always asks for consent
    #[arg(long)]
    unsigned: bool,

    /// Write text (age armor) instead of bytes
    #[arg(long)]
    armor: bool,
}

/// Who opens the file.
enum Key {
    Recipients(Vec<RecipientText>),
    Passphrase(SecretValue),
}

impl Create {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.refuse_unsaid_reader()?;
        let session = context.session()?;
        let bytes = session.read()?.bytes;
        let opened = session.open_bytes(&bytes, Depth::Everything)?;
        judging::judge(context, &session, &opened, Purpose::Use)?;
        let vault = &opened.vault;
        let history = if vault.has_history() { session.history_of(vault) } else { BTreeMap::new() };
        // Before a passphrase is asked for; and what is sealed has more.
        fits(history.values().fold(bytes.len(), |sum, file| sum.saturating_add(file.len())))?;
        let identity = self.with_identity.then(|| own(context, vault)).transpose()?;
        let key = self.key(context, vault)?;
        refuse_lone_identity(identity.as_ref(), &key)?;
        let text = identity.as_ref().map(identity_text);
        let mut backup = Backup {
            created: context.host.now(),
            pin: CarriedPin::of(vault.chain()),
            signed: None,
            vault: &bytes,
            history: history.iter().map(|(name, bytes)| (name.clone(), &bytes[..])).collect(),
            identity: text.as_ref().map(SecretValue::expose),
        };
        if !self.unsigned {
            backup.sign(&self.signer(context, vault)?);
        }
        let plain = container::write(&backup);
        fits(plain.len())?;
        let sealed = seal(&key, &plain)?;
        let to_out = self.write(context, &sealed)?;
        let maker = backup.signed.map(|signed| signed.maker);
        match to_out {
            true => Ok(()),
            false => self.report(context, vault, identity.as_ref(), &key, maker.as_ref()),
        }
    }

    /// Whose word the backup is.
    fn signer(&self, context: &Context<'_>, vault: &Vault) -> Outcome<Signer> {
        let signer = context.unlock(vault).and_then(|who| Ok(who.signer(vault)?));
        signer.map_err(|failure| {
            let command =
                format!("v-secure backup create {} --unsigned", shell_word::file(&self.file));
            failure.hint(format!("{command}  # restoring it asks for consent"))
        })
    }

    /// Whoever opens the file has the identity in it, so the default does not choose them.
    fn refuse_unsaid_reader(&self) -> Outcome {
        let said =
            self.passphrase || self.backup_passphrase_fd.is_some() || !self.recipients.is_empty();
        if said || !self.with_identity {
            return Ok(());
        }
        let message = "an identity goes into a backup only if --recipient or --passphrase says who can open it";
        let command =
            format!("v-secure backup create {} --with-identity", shell_word::file(&self.file));
        Err(Failure::new(Code::BackupReader, message)
            .hint(format!("{command} --passphrase"))
            .hint(format!("{command} --recipient AGE_RECIPIENT")))
    }

    fn key(&self, context: &Context<'_>, vault: &Vault) -> Outcome<Key> {
        if self.passphrase || self.backup_passphrase_fd.is_some() {
            let wanted = NewPassphrase {
                names: &BACKUP,
                descriptor: self.backup_passphrase_fd,
                sealed: PassphraseUse::Backup,
                allow_weak: self.allow_weak_passphrase,
                known: &[vault.file().header.name.as_str()],
            };
            return wanted.get(context).map(Key::Passphrase);
        }
        if !self.recipients.is_empty() {
            let given = self.recipients.iter().map(|text| RecipientText::new(text.trim()));
            return Ok(Key::Recipients(given.collect()));
        }
        let policy = vault.policy();
        let owners = policy.owners().filter_map(|owner| policy.member(owner));
        let mut recipients: Vec<RecipientText> =
            owners.flat_map(|owner| owner.recipients.iter().cloned()).collect();
        recipients.sort();
        recipients.dedup();
        Ok(Key::Recipients(recipients))
    }

    /// Writes the file; whether to standard output.
    fn write(&self, context: &Context<'_>, sealed: &[u8]) -> Outcome<bool> {
        let text = self.armor.then(|| envelope::armor(sealed));
        let bytes = text.as_ref().map_or(sealed, |text| text.as_bytes());
        if self.file.as_os_str() != "-" {
            new_file::write_new(&self.file, bytes, FILE_MODE).map_err(|error| {
                let mut failure = Failure::from(error);
                if failure.code == Code::Exists {
                    failure.hints = vec!["v-secure backup create OTHER_FILE".into()];
                }
                failure
            })?;
            return Ok(false);
        }
        if !self.armor && context.ui.out_is_terminal() {
            return Err(Failure::new(Code::BackupTerminal, "a terminal cannot show a binary file")
                .hint("v-secure backup create - --armor"));
        }
        context.ui.bytes(bytes)?;
        Ok(true)
    }

    fn report(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        identity: Option<&Identity>,
        key: &Key,
        maker: Option<&Maker>,
    ) -> Outcome {
        let readers = match key {
            Key::Recipients(recipients) => BackupReaders::Recipients(recipients),
            Key::Passphrase(_) => BackupReaders::Passphrase,
        };
        let identity = identity.map(Identity::recipient);
        let report = BackupCreateView::of(vault, &self.file, identity, &readers, maker);
        if context.ui.json {
            return context.ui.object(&report);
        }
        let ui = &context.ui;
        let opens = match key {
            Key::Passphrase(_) => "the passphrase".to_owned(),
            Key::Recipients(recipients) => recipients.join(", "),
        };
        ui.wrapped("backup       ", 13, &format!("{} of {}", self.file.display(), report.vault))?;
        ui.wrapped("fingerprint  ", 13, &report.fingerprint)?;
        ui.wrapped("identity     ", 13, report.identity.as_deref().unwrap_or("not in it"))?;
        let maker = maker.map_or_else(|| "nobody".to_owned(), ToString::to_string);
        ui.wrapped("signed by    ", 13, &maker)?;
        ui.wrapped("opened by    ", 13, &opens)?;
        ui.note(&format!(
            "Keep it off this machine. Back with: v-secure backup restore {}",
            self.file.display()
        ));
        Ok(())
    }
}

/// Nobody could restore a larger one.
fn fits(bytes: usize) -> Outcome {
    if bytes <= MAX_PLAIN {
        return Ok(());
    }
    let message = format!(
        "the vault and its history have {bytes} bytes, and a backup has at most {MAX_PLAIN}"
    );
    Err(Failure::new(Code::BackupTooLarge, message))
}

/// The identity here that belongs to a member of the vault: one that stands somewhere as text, or else
/// what a slot gives.
fn own(context: &Context<'_>, vault: &Vault) -> Outcome<Identity> {
    let policy = vault.policy();
    let is_members = |identity: &Identity| {
        let mut recipients = policy.members().flat_map(|(_, member)| &member.recipients);
        recipients.any(|recipient| identity.is_for(recipient))
    };
    let all = identities::found(context)?.into_iter();
    let mut usable = all.filter_map(|(_, found)| found.ok()).flatten();
    if let Some(identity) = usable.find(is_members) {
        return Ok(identity);
    }
    unlocking::unlock_anew(context, vault)?.who.into_identity(vault).ok_or_else(|| {
        let name = &vault.file().header.name;
        let message = format!("no identity here belongs to a member of the vault {name}");
        Failure::new(Code::Locked, message).hint("v-secure identity show")
    })
}

/// The text of an identity file, as `age-keygen` and age's plugins write it; an SSH key as it is.
fn identity_text(identity: &Identity) -> SecretValue {
    let key = identity.text();
    let comment = match identity.program() {
        Some(_) => format!("# recipient: {}\n", identity.recipient()),
        None if key.expose().starts_with(b"AGE-") => {
            format!("# public key: {}\n", identity.recipient())
        }
        None => String::new(),
    };
    let mut bytes = Vec::with_capacity(comment.len() + key.len() + 1);
    bytes.extend_from_slice(comment.as_bytes());
    bytes.extend_from_slice(key.expose());
    if !bytes.ends_with(b"\n") {
        bytes.push(b'\n');
    }
    SecretValue::new(bytes)
}

/// A key that only itself can take out of the file is not backed up.
fn refuse_lone_identity(identity: Option<&Identity>, key: &Key) -> Outcome {
    let (Some(identity), Key::Recipients(recipients)) = (identity, key) else { return Ok(()) };
    if recipients.iter().any(|recipient| !identity.is_for(recipient)) {
        return Ok(());
    }
    let message = "only the identity itself would open the file: once it is lost, both are";
    Err(Failure::new(Code::BackupReader, message)
        .hint("--passphrase")
        .hint("--recipient of a key that is kept elsewhere"))
}

fn seal(key: &Key, plain: &SecretValue) -> Outcome<Vec<u8>> {
    match key {
        Key::Passphrase(passphrase) => passphrase_file::encrypt(passphrase, plain.expose())
            .map_err(|error| Failure::from_error(Code::Seal, &error)),
        Key::Recipients(recipients) => {
            envelope::encrypt(recipients, plain.expose()).map_err(|error| {
                let which = match &error {
                    EnvelopeError::Recipient { index, .. } => recipients.get(*index),
                    _ => None,
                };
                match which {
                    Some(which) => Failure::new(Code::Recipient, format!("{which} cannot be used"))
                        .because(&error)
                        .hint("--recipient AGE_RECIPIENT, or --passphrase"),
                    None => Failure::from_error(Code::Seal, &error),
                }
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vault is whole, so that what helps is no look at its history.
    #[test]
    fn what_is_too_large_for_a_backup_is_copied() {
        fits(MAX_PLAIN).unwrap();
        let failure = fits(MAX_PLAIN + 1).unwrap_err();
        assert_eq!((failure.code.as_str(), failure.exit.code()), ("backup-too-large", 7));
        assert_eq!(failure.steps(), ["copy the folder .v-secure, which is all of the vault"]);
    }
}
