//! Sealing keys to all of an audience that can be sealed to.
//!
//! A recipient may need a program that is not here, or that fails, or be one that this build takes no
//! files for. Whoever holds it is left out and named, so that nobody keeps an audience's keys from
//! being renewed by what they hold.

use crate::crypto::envelope::{self, EnvelopeError};
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient::{RecipientKind, check_recipient};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::audience;
use crate::file::audience::{AudienceError, EpochKeys};
use crate::name::audience::AudienceName;
use std::collections::{BTreeMap, BTreeSet};

/// An envelope, and the recipients that it leaves out, in byte order.
pub(crate) struct SealedEnvelope {
    pub envelope: Vec<u8>,
    pub skipped: Vec<RecipientText>,
}

/// What was found out of recipients in one command: each is tried once.
#[derive(Default)]
pub(crate) struct Sealer {
    usable: BTreeSet<RecipientText>,
    unusable: BTreeMap<RecipientText, EnvelopeError>,
}

impl Sealer {
    /// Seals to those of `recipients`, which are in byte order, that can be sealed to.
    ///
    /// # Errors
    /// There is nobody among them.
    pub fn seal(
        &mut self,
        vault: &VaultId,
        audience: &AudienceName,
        epochs: &[EpochKeys],
        recipients: &[RecipientText],
    ) -> Result<SealedEnvelope, AudienceError> {
        let mut to = self.without_unusable(recipients);
        let seal = |to: &[RecipientText]| audience::seal_envelope(vault, audience, epochs, to);
        let mut made = seal(&to);
        // One by one only after a failure: it costs the start of a program for each.
        if made.is_err() {
            to.iter().for_each(|recipient| _ = self.is_usable(recipient));
            to = self.without_unusable(&to);
            made = seal(&to);
        }
        if made.is_err() {
            to = self.together(to);
            made = seal(&to);
        }
        let skipped = recipients.iter().filter(|one| !to.contains(one)).cloned().collect();
        made.map(|envelope| SealedEnvelope { envelope, skipped })
    }

    fn without_unusable(&self, recipients: &[RecipientText]) -> Vec<RecipientText> {
        let is_tried = |one: &&RecipientText| !self.unusable.contains_key(*one);
        recipients.iter().filter(is_tried).cloned().collect()
    }

    /// Whether a recipient can be sealed to.
    pub(crate) fn is_usable(&mut self, recipient: &RecipientText) -> bool {
        if self.usable.contains(recipient) || self.unusable.contains_key(recipient) {
            return self.usable.contains(recipient);
        }
        match envelope::try_recipients(std::slice::from_ref(recipient)) {
            Ok(()) => self.usable.insert(recipient.clone()),
            Err(error) => {
                self.unusable.insert(recipient.clone(), error);
                false
            }
        }
    }

    /// Recipients that work by themselves may want files of their own kind alone: those that go with
    /// the plain ones stay.
    fn together(&mut self, recipients: Vec<RecipientText>) -> Vec<RecipientText> {
        let is_plain = |text: &RecipientText| check_recipient(text) == Ok(RecipientKind::X25519);
        let (mut together, others): (Vec<_>, Vec<_>) = recipients.into_iter().partition(is_plain);
        for recipient in others {
            together.push(recipient);
            if let Err(error) = envelope::try_recipients(&together)
                && let Some(recipient) = together.pop()
            {
                self.usable.remove(&recipient);
                self.unusable.insert(recipient, error);
            }
        }
        together
    }

    /// Why a recipient cannot be sealed to.
    pub(crate) fn take_fault(&mut self, recipient: &RecipientText) -> Option<EnvelopeError> {
        self.unusable.remove(recipient)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::generate_identity;
    use crate::host::testing::TestHost;

    const PLUGIN: &str = "age1nobody1qqqqqqqqqqqqqqqqngket4";
    const VAULT: VaultId = VaultId([1; 32]);

    fn seal(
        sealer: &mut Sealer,
        recipients: &[RecipientText],
    ) -> Result<SealedEnvelope, AudienceError> {
        let (keys, _) =
            audience::new_epoch(&TestHost, &VAULT, &AudienceName::new("owner")).unwrap();
        sealer.seal(&VAULT, &AudienceName::new("owner"), &[keys], recipients)
    }

    #[test]
    fn who_can_be_sealed_to_is_and_the_others_are_named() {
        let good = generate_identity().recipient;
        let rsa = RecipientText::new("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ");
        let all = [good.clone(), RecipientText::new(PLUGIN), rsa.clone()];
        let mut sealer = Sealer::default();
        let sealed = seal(&mut sealer, &all).unwrap();
        assert_eq!(sealed.skipped, [RecipientText::new(PLUGIN), rsa]);
        assert!(sealer.is_usable(&good) && !sealer.is_usable(&RecipientText::new(PLUGIN)));
        let fault = sealer.take_fault(&RecipientText::new(PLUGIN)).unwrap();
        assert!(fault.to_string().contains("age-plugin-nobody"), "{fault}");
    }

    #[test]
    fn an_envelope_for_nobody_is_not_made() {
        let error = seal(&mut Sealer::default(), &[RecipientText::new(PLUGIN)]).err().unwrap();
        assert!(matches!(
            error,
            AudienceError::Envelope { source: EnvelopeError::NoRecipients, .. }
        ));
    }
}
