//! How a user becomes a member: the ways to unlock a vault, in the order that they are tried.
//!
//! 1. What a flag names (`--identity`, `--passphrase-fd`): it excludes all others.
//! 2. What the environment gives: `V_SECURE_IDENTITY` (key text), `V_SECURE_IDENTITY_FILE`,
//!    `V_SECURE_IDENTITY_CMD` (a command that prints an identity), `V_SECURE_PASSPHRASE_FILE` or
//!    `V_SECURE_PASSPHRASE`.
//! 3. The keys that `v-secure unlock` keeps.
//! 4. The config folder: `identity.txt`, then the `identities` of `config.toml`.
//! 5. This device's keyring slot.
//! 6. `~/.ssh/id_ed25519`, if a member of the vault has an SSH key.
//! 7. Asking for a passphrase, on a terminal, where the vault has a slot.
//!
//! `docs/unlocking.md` has the order for users.
//! The first way that belongs to a member wins. A new way is a module with the shape of
//! [`identity_file`] and a line in [`ways`].

pub mod asked_passphrase;
pub mod identities;
pub mod identity_command;
pub mod identity_file;
pub mod keyring;
pub mod passphrase;
pub mod session;

use super::error::{Failure, Outcome};
use crate::cli::door::context::Context;
use crate::cli::door::job;
use crate::cli::error::codes::Code;
use crate::cli::unlocking::asked_passphrase::{PASSPHRASE, PassphraseSource};
use crate::cli::unlocking::identities::Source;
use v_secure_core::crypto::identity::Identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::name::Name;
use v_secure_core::people::recovery;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// One way to unlock.
#[derive(Debug, Clone)]
pub enum Way {
    /// Identities that stand somewhere as text.
    Identities(Source),
    /// A passphrase that is given.
    Passphrase(PassphraseSource),
    /// A passphrase that is asked for.
    Ask,
    /// The keys that `v-secure unlock` keeps.
    Session,
    /// The identity under a share in the OS keyring.
    Keyring,
}

/// What came of trying a way.
pub(crate) enum Tried {
    Opened(Unlocked),
    /// Why this way does not open the vault; the next one is tried.
    Passed(String),
    /// The same of identities that are no member's: what they are.
    Stranger(String),
    /// There is nothing to try.
    Absent,
}

/// A way that was tried, and why it did not open the vault; `None` if it did.
pub(crate) struct Attempt {
    pub way: String,
    pub passed: Option<String>,
    /// Whether an identity was there that belongs to no member.
    pub stranger: bool,
}

impl Attempt {
    fn passed(way: String, why: String) -> Self {
        Self { way, passed: Some(why), stranger: false }
    }

    fn stranger(way: String, recipients: &str) -> Self {
        Self { way, passed: Some(format!("{recipients} belongs to no member")), stranger: true }
    }
}

/// A member, and the way by which the vault was unlocked.
pub(crate) struct UnlockedMember {
    pub who: Unlocked,
    pub way: String,
    /// Whether something was asked for that is not echoed.
    pub prompted: bool,
}

impl Way {
    /// The way as messages name it.
    pub fn describe(&self) -> String {
        match self {
            Self::Identities(source) => source.describe(),
            Self::Passphrase(place) => place.describe(),
            Self::Ask => "a passphrase".into(),
            Self::Session => "v-secure unlock".into(),
            Self::Keyring => keyring::WAY.into(),
        }
    }

    /// Whether somebody may have to do something for it, each time.
    fn may_ask(&self) -> bool {
        match self {
            Self::Identities(source) => matches!(source, Source::Command(_)),
            // A passphrase's work takes memory and a second, also where nobody is asked.
            Self::Passphrase(_) | Self::Ask => true,
            Self::Session | Self::Keyring => false,
        }
    }

    /// Whether it waits for the user.
    fn asks(&self) -> bool {
        matches!(self, Self::Ask)
    }

    /// A failure ends the search; what only does not fit is [`Tried::Passed`].
    fn attempt(&self, context: &Context<'_>, vault: &Vault) -> Outcome<Tried> {
        match self {
            Self::Identities(source) => identity_file::attempt(context, vault, source),
            Self::Passphrase(place) => passphrase::attempt(context, vault, place),
            Self::Ask => passphrase::ask(context, vault),
            Self::Session => Ok(session::attempt(context, vault)),
            Self::Keyring => Ok(keyring::attempt(context, vault)),
        }
    }
}

/// The ways that there are for this user, in the order that they are tried.
pub fn ways(context: &Context<'_>, vault: &Vault) -> Outcome<Vec<Way>> {
    let given = identities::of_flags(context).into_iter().map(Way::Identities);
    let descriptor = context.globals.passphrase_fd.map(PassphraseSource::Descriptor);
    let given: Vec<Way> = given.chain(descriptor.map(Way::Passphrase)).collect();
    if !given.is_empty() {
        return Ok(given);
    }
    let mut ways: Vec<Way> =
        identities::of_variables(context).into_iter().map(Way::Identities).collect();
    ways.extend(PASSPHRASE.place(context, None).map(Way::Passphrase));
    ways.push(Way::Session);
    ways.extend(identities::of_config(context)?.into_iter().map(Way::Identities));
    ways.push(Way::Keyring);
    ways.extend(identities::of_ssh(context, vault).map(Way::Identities));
    if passphrase::is_possible(vault) {
        ways.push(Way::Ask);
    }
    Ok(ways)
}

/// Finds out who the user is in the vault.
pub fn unlock(context: &Context<'_>, vault: &Vault) -> Outcome<UnlockedMember> {
    let (opened, attempts) = attempts(context, vault)?;
    let opened = opened.ok_or_else(|| locked(context, vault, &attempts))?;
    if opened.prompted {
        session::offer(context);
    }
    Ok(opened)
}

/// [`unlock`] by an identity: kept keys do not do where one is to be sealed anew.
pub(crate) fn unlock_anew(context: &Context<'_>, vault: &Vault) -> Outcome<UnlockedMember> {
    let (opened, attempts) = try_ways(context, vault, |way| !matches!(way, Way::Session))?;
    opened.ok_or_else(|| locked(context, vault, &attempts))
}

/// The member, where that takes neither a question nor a touch: for what is done on the side.
pub(crate) fn unasked(context: &Context<'_>, vault: &Vault) -> Option<Unlocked> {
    let context = context.on_the_side();
    let ways = ways(&context, vault).ok()?;
    ways.iter().filter(|way| !way.may_ask()).find_map(|way| match way.attempt(&context, vault) {
        Ok(Tried::Opened(who)) if who.needs_nobody() => Some(who),
        _ => None,
    })
}

/// [`unlock`] for what only shows who the user is: nobody is asked for anything.
pub(crate) fn unlock_without_asking(
    context: &Context<'_>,
    vault: &Vault,
) -> Outcome<UnlockedMember> {
    let (opened, attempts) = try_ways(context, vault, |way| !way.asks())?;
    opened.ok_or_else(|| {
        let mut failure = locked(context, vault, &attempts);
        if passphrase::is_possible(vault) {
            if attempts.is_empty() {
                failure.causes.clear();
            }
            failure.causes.push("a passphrase opens it, and is asked for when it is needed".into());
        }
        failure
    })
}

/// Whether a passphrase may open the vault.
pub(crate) fn may_ask(vault: &Vault) -> bool {
    passphrase::is_possible(vault)
}

/// Whether an identity that stands somewhere as text opens the vault.
pub(crate) fn has_identity(context: &Context<'_>, vault: &Vault) -> Outcome<bool> {
    Ok(try_ways(context, vault, |way| matches!(way, Way::Identities(_)))?.0.is_some())
}

/// Tries the ways until one opens the vault, and reports all that were tried.
pub(crate) fn attempts(
    context: &Context<'_>,
    vault: &Vault,
) -> Outcome<(Option<UnlockedMember>, Vec<Attempt>)> {
    try_ways(context, vault, |_| true)
}

fn try_ways(
    context: &Context<'_>,
    vault: &Vault,
    wanted: impl Fn(&Way) -> bool,
) -> Outcome<(Option<UnlockedMember>, Vec<Attempt>)> {
    let mut attempts = Vec::new();
    let before = context.host.hidden_prompts();
    for way in ways(context, vault)?.into_iter().filter(|way| wanted(way)) {
        let name = way.describe();
        match way.attempt(context, vault)? {
            Tried::Opened(who) => {
                attempts.push(Attempt { way: name.clone(), passed: None, stranger: false });
                let prompted = context.host.hidden_prompts() > before;
                return Ok((Some(UnlockedMember { who, way: name, prompted }), attempts));
            }
            Tried::Passed(why) => attempts.push(Attempt::passed(name, why)),
            Tried::Stranger(who) => attempts.push(Attempt::stranger(name, &who)),
            Tried::Absent => {}
        }
    }
    Ok((None, attempts))
}

/// Why no way here opens the vault, where that is plain without a question, a program, a passphrase's work
/// or a look at what the vault has sealed: for a vault that is not trusted yet. `None` where one may.
pub(crate) fn hopeless(context: &Context<'_>, vault: &Vault) -> Outcome<Option<Failure>> {
    let mut attempts = Vec::new();
    for way in ways(context, vault)? {
        let tried = match &way {
            Way::Identities(Source::Command(_)) | Way::Passphrase(_) => return Ok(None),
            Way::Identities(source) => unfit(context, vault, source),
            Way::Session => Some(session::attempt(context, vault)),
            Way::Keyring => match keyring::files(context).load(&vault.id()) {
                Ok(None) => continue,
                _ => None,
            },
            Way::Ask => continue,
        };
        match tried {
            Some(Tried::Passed(why)) => attempts.push(Attempt::passed(way.describe(), why)),
            Some(Tried::Stranger(who)) => attempts.push(Attempt::stranger(way.describe(), &who)),
            Some(Tried::Absent) => {}
            Some(Tried::Opened(_)) | None => return Ok(None),
        }
    }
    Ok(Some(locked(context, vault, &attempts)))
}

fn unfit(context: &Context<'_>, vault: &Vault, source: &Source) -> Option<Tried> {
    let found = match identities::of_source(context, source) {
        Ok(found) => found,
        Err(failure) => return Some(Tried::Passed(identity_file::describe(&failure))),
    };
    let may = |identity: &Identity| {
        !identity.knows_recipient() || identity_file::belongs(vault, identity)
    };
    let recipients: Vec<RecipientText> = found.iter().map(Identity::recipient).collect();
    (!found.iter().any(may)).then(|| Tried::Stranger(recipients.join(", ")))
}

fn locked(context: &Context<'_>, vault: &Vault, attempts: &[Attempt]) -> Failure {
    let owners = recovery::to_ask(vault.policy().owners());
    let owners: Vec<&str> = owners.into_iter().map(Name::as_str).collect();
    let mut failure = Failure::new(
        Code::Locked,
        format!("no identity here opens the vault {}", vault.file().header.name),
    );
    failure.causes = match attempts {
        [] => vec!["no identity was found (--identity, V_SECURE_IDENTITY, V_SECURE_IDENTITY_FILE, V_SECURE_IDENTITY_CMD, identity.txt or config.toml in the config folder)".into()],
        tried => tried.iter().map(|attempt| {
            format!("{}: {}", attempt.way, attempt.passed.as_deref().unwrap_or("opened"))
        }).collect(),
    };
    let empty = identities::empty_variables(context);
    let said = |name: &&str| format!("{name} is set, and empty");
    failure.causes.splice(0..0, empty.iter().map(said));
    if let Some(name) = empty.first() {
        failure = failure.hint(format!(
            "give {name} a value: an unset CI secret, or one that this job may not use, is empty"
        ));
    }
    let unlocks = [Way::Ask.describe(), Way::Session.describe()];
    if attempts.iter().any(|attempt| unlocks.contains(&attempt.way)) {
        failure = failure.hint("v-secure unlock, on a terminal if it has to ask");
    }
    // A key of a machine that nobody sits at is made by somebody else; whoever has one of their own asks with it.
    let has_own = attempts.iter().any(|attempt| attempt.stranger) && !job::is_one(context.host);
    let failure = match context.is_unattended() && !has_own {
        true if empty.is_empty() => failure.hint(
            "V_SECURE_IDENTITY, with a key that an owner makes: v-secure member add NAME --service --new-identity",
        ),
        true => failure,
        false => {
            failure.hint("v-secure member request, and send the line that it prints to an owner")
        }
    };
    failure.hint(format!("owners who can let you in: {}", owners.join(", ")))
}
