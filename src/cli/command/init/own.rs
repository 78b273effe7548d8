//! The identity that a new vault is owned with, and where it is kept.

use super::Init;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::asked_passphrase::{NewPassphrase, PASSPHRASE, PassphraseUse};
use crate::cli::unlocking::identities;
use crate::cli::unlocking::keyring;
use std::path::PathBuf;
use v_secure_core::crypto::identity::{Identity, generate_identity, parse_identity};
use v_secure_core::name::Name;
use v_secure_core::people::init::InitError;
use v_secure_core::secret_value::SecretValue;

pub(super) struct Own {
    pub identity: Identity,
    pub file: Option<PathBuf>,
    pub created: bool,
    /// What seals it in the vault, if that is where it is kept.
    pub passphrase: Option<SecretValue>,
}

impl Init {
    /// The identity that is given, the one in the config folder, or a new one.
    pub(super) fn own(&self, context: &Context<'_>, vault: &Name, member: &Name) -> Outcome<Own> {
        let given = !context.globals.identities.is_empty();
        if given && self.passphrase {
            let message = "--passphrase makes an identity of its own, and --identity names one";
            return Err(Failure::new(Code::IdentityTwice, message)
                .hint("v-secure --identity FILE init, and then: v-secure key slot add"));
        }
        if given && self.new_identity {
            let message = "--identity and --new-identity cannot be used together";
            return Err(Failure::new(Code::IdentityTwice, message));
        }
        if self.passphrase {
            return self.sealed(context, vault, member);
        }
        if self.keyring {
            return self.for_keyring(context);
        }
        let (identity, file, created) = identities::own_or_new(context)?;
        Ok(Own { identity, file, created, passphrase: None })
    }

    /// The identity for the keyring: the one given, or one that is in no file. The keyring is tried
    /// first, and so is the user: what only a keyring holds is lost with it.
    fn for_keyring(&self, context: &Context<'_>) -> Outcome<Own> {
        let given = !context.globals.identities.is_empty();
        if !given && !self.recovery.is_decided() {
            let message = "an identity that is only in the OS keyring is lost with it";
            return Err(Failure::new(Code::RecoveryUndecided, message)
                .hint(
                    "v-secure init --keyring --recovery-out FILE, with FILE kept off this machine",
                )
                .hint("v-secure init --keyring --no-recovery, if you accept that risk"));
        }
        keyring::check(context)?;
        if given {
            let (identity, file, created) = identities::own_or_new(context)?;
            return Ok(Own { identity, file, created, passphrase: None });
        }
        let identity = parse_identity(&generate_identity().text).map_err(InitError::Identity)?;
        Ok(Own { identity, file: None, created: true, passphrase: None })
    }

    fn sealed(&self, context: &Context<'_>, vault: &Name, member: &Name) -> Outcome<Own> {
        let wanted = NewPassphrase {
            names: &PASSPHRASE,
            descriptor: context.globals.passphrase_fd,
            sealed: PassphraseUse::Identity,
            allow_weak: self.allow_weak_passphrase,
            known: &[vault.as_str(), member.as_str()],
        };
        let passphrase = wanted.get(context)?;
        let identity = parse_identity(&generate_identity().text).map_err(InitError::Identity)?;
        // What follows in this command needs it, and nobody types the passphrase again.
        context.remember(identity.text());
        Ok(Own { identity, file: None, created: true, passphrase: Some(passphrase) })
    }
}
