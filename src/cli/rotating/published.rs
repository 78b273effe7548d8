//! The vault of a command that rotates: read, written and published as its owners say.

use crate::cli::door::context::Context;
use crate::cli::door::reads::{self, Reading};
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::rotations;
use crate::cli::unlocking;
use crate::engine::door::Purpose;
use crate::engine::publishing;
use crate::host::Host;
use std::slice;
use std::time::Duration;
use v_secure_core::log::state::Version;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::settings::Via;
use v_secure_core::secret::read::{self, VersionSelector};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};
use v_secure_rotation::engine::{EngineError, Make, Publication, Step, credential};

/// The longest nap, in seconds.
const NAP: u64 = 30;

/// A vault, who the user is in it, and where rotations of it are published.
pub struct Published<'c> {
    context: &'c Context<'c>,
    via: Via,
    vault: Vault,
    who: Unlocked,
    reason: Option<String>,
}

impl<'c> Published<'c> {
    /// Opens the vault, and takes in what others have published. `reason` is what is written in place of the engine's
    /// own words.
    pub fn open_for(context: &'c Context<'c>, reason: Option<&str>) -> Outcome<Self> {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        let vault = opened.vault;
        let via = vault.serving().via().ok_or_else(|| unplaced(context, &vault))?;
        let who = context.unlock(&vault)?;
        let reason = reason.map(str::to_owned);
        let mut published = Self { context, via, vault, who, reason };
        published.refresh()?;
        Ok(published)
    }

    pub const fn via(&self) -> &Via {
        &self.via
    }

    pub fn host(&self) -> &'c dyn Host {
        self.context.host
    }

    /// The current value of a secret, which is recorded as read.
    pub fn current(&self, secret: &SecretName) -> Outcome<SecretValue> {
        let found = read::find(&self.vault, secret)?;
        let version = read::select(found, secret, &VersionSelector::Current)?;
        // By whose account a provider acts is no choice of a member who may not read it.
        if credential::is_foreign(&self.vault, secret, version) {
            let (secret, author) = (secret.clone(), version.author.clone());
            return Err(EngineError::Foreign { secret, author }.into());
        }
        self.value(secret, version)
    }

    /// A value that is compared with another one, and comes to nobody.
    pub(super) fn peek(&self, secret: &SecretName, version: &Version) -> Outcome<SecretValue> {
        Ok(read::open(&self.vault, &self.who, secret, version)?)
    }

    /// Until then, by naps: a machine that slept finds the time over.
    pub(super) fn wait(&self, until: UnixTime) {
        loop {
            match until.since(self.now()) {
                0 => return,
                left => self.pause(Duration::from_secs(left.min(NAP))),
            }
        }
    }

    fn take(&mut self, vault: Vault) -> Outcome {
        // Where it is published is the owners' word, and may have changed with what came in.
        if vault.serving().via().as_ref() != Some(&self.via) {
            let message = "the setting rotation.via was changed in what others published";
            return Err(Failure::new(Code::MovedMeanwhile, message).hint("run the command again"));
        }
        self.who = self.context.unlock(&vault)?;
        // Before a provider is asked for anything, and not when it is written down.
        publishing::refuse_elsewhere(&self.via, &self.who.signer(&vault)?)?;
        self.vault = vault;
        Ok(())
    }

    /// What is here as it is now.
    fn reopen(&mut self) -> Outcome {
        let (_, opened) = self.context.open_to_write(Depth::Everything)?;
        self.take(opened.vault)
    }
}

fn unplaced(context: &Context<'_>, vault: &Vault) -> Failure {
    let message = "no setting says where rotations are published, so nothing is done at a provider";
    let signer = unlocking::unlock_without_asking(context, vault)
        .and_then(|opened| Ok(opened.who.signer(vault)?));
    let here = signer.map_or_else(
        |_| "MEMBER/DEVICE".to_owned(),
        |signer| format!("{}/{}", signer.member, signer.device),
    );
    Failure::new(Code::RotationUnplaced, message)
        .hint("v-secure settings set rotation.via 'git origin refs/heads/main'")
        .hint(format!(
            "v-secure settings set rotation.via 'device {here}'  # where one machine rotates alone"
        ))
}

impl Publication for Published<'_> {
    type Error = Failure;

    fn refresh(&mut self) -> Outcome {
        publishing::refresh_whole(self.context, &self.context.session()?, &self.via)?;
        self.reopen()
    }

    fn vault(&self) -> &Vault {
        &self.vault
    }

    fn member(&self) -> &Name {
        self.who.member()
    }

    fn now(&self) -> UnixTime {
        self.context.host.now()
    }

    fn pause(&self, span: Duration) {
        self.context.host.pause(span);
    }

    fn value(&self, secret: &SecretName, version: &Version) -> Outcome<SecretValue> {
        let value = read::open(&self.vault, &self.who, secret, version)?;
        let reading = Reading {
            who: &self.who,
            action: "rotate",
            environment: secret.environment(),
            secrets: slice::from_ref(secret),
            reason: self.reason.as_deref(),
        };
        reads::record(self.context, &self.context.session()?, &self.vault, reading)?;
        Ok(value)
    }

    fn publish(&mut self, reason: &str, make: &mut Make<'_, Failure>) -> Outcome {
        let context = self.context;
        let reason = self.reason.as_deref().unwrap_or(reason);
        let unlock = |vault: &Vault| {
            let who = context.unlock(vault)?;
            let signer = who.signer(vault)?;
            Ok((who, signer))
        };
        let made = publishing::retried(
            context,
            &self.context.session()?,
            &self.via,
            (Purpose::Use, reason),
            unlock,
            |vault, ctx| make(vault, ctx).map(|change| ((), Some(change))),
        )?;
        self.take(made.vault)
    }

    fn told(&self, step: Step) {
        if !self.context.ui.json {
            self.context.ui.note(&rotations::step(step, self.now()));
        }
    }
}
