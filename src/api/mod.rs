//! The library's front: a vault at a place, opened by an identity.
//!
//! Every call reads the file anew and verifies it, so several processes can use one vault. Nothing
//! here reads the environment, the home folder or the terminal: folders and keys are arguments.

mod door;
mod error;
mod options;

pub use self::error::{Error, Notice};
pub use self::options::{FirstUse, Options};

use crate::engine::door::Purpose;
use crate::engine::giving::{self, Reading};
use crate::engine::history::HistoryUse;
use crate::engine::pruning::PendingPrune;
use crate::engine::session::Session;
use crate::engine::{judging, pruning, transaction, writing};
use crate::host::{Clock, Random, real::RealHost};
use crate::store::file::atomic;
use crate::store::file::find::{FOLDER, Location, Search};
use crate::store::file::owners::{Owners, ProjectOwners};
use crate::store::file::private;
use crate::store::git::hidden;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use v_secure_core::convert::inject::consent;
use v_secure_core::crypto::identity::{self, Identity};
use v_secure_core::keys::policy_change;
use v_secure_core::log::history::{self, LogFilter};
use v_secure_core::name::{Name, SecretName};
use v_secure_core::people::access;
use v_secure_core::people::init::{self, InitRequest};
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::secret::read::{self, VersionSelector};
use v_secure_core::secret::rollback;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::pin::{Carried, CarriedPin};
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault as Verified};

/// How many remarks wait to be taken; later ones are lost.
const MAX_NOTICES: usize = 256;

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Seconds since the Unix epoch, as the author says.
    pub timestamp: UnixTime,
    pub action: &'static str,
    /// The full name; empty where the action is about no secret.
    pub secret: String,
    pub actor: String,
    pub reason: String,
    /// `counting`, `void` or `forged`.
    pub status: &'static str,
}

/// A vault at a place, and who opens it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use v_secure::{FirstUse, Options, SecretValue, Vault, generate_identity};
///
/// let folder = tempfile::tempdir()?;
/// let identity = generate_identity();
/// let options = Options {
///     project: folder.path().to_path_buf(),
///     state: None,
///     first_use: FirstUse::Accept,
///     strict: false,
///     prune: true,
///     whole_history: false,
/// };
/// let vault = Vault::create(options, "shop", "admin", &identity.text)?;
///
/// vault.store("prod/DATABASE_URL", SecretValue::new(b"postgres://one".to_vec()), "first")?;
/// vault.store("prod/DATABASE_URL", SecretValue::new(b"postgres://two".to_vec()), "moved")?;
/// assert_eq!(vault.retrieve("prod/DATABASE_URL")?.expose(), b"postgres://two");
///
/// vault.rollback("prod/DATABASE_URL", 1, "the move failed")?;
/// assert_eq!(vault.retrieve("prod/DATABASE_URL")?.expose(), b"postgres://one");
///
/// vault.configure("env.staging.extends", "prod")?;
/// let actions: Vec<_> = vault.audit_trail()?.into_iter().map(|row| row.action).collect();
/// assert_eq!(actions, ["put", "put", "put"]);
/// # Ok(()) }
/// ```
pub struct Vault<H = RealHost> {
    options: Options,
    identities: SecretValue,
    host: H,
    notices: Mutex<Vec<Notice>>,
    /// What is to be pruned once a call is done.
    due: Mutex<Option<PendingPrune>>,
}

impl Vault<RealHost> {
    /// Makes a vault in `options.project` with `member` as its owner. `identity` is the text of an
    /// identity file.
    pub fn create(
        options: Options,
        name: &str,
        member: &str,
        identity: &SecretValue,
    ) -> Result<Self, Error> {
        let vault = Self::with_host(options, identity, RealHost);
        vault.make(name, member)?;
        Ok(vault)
    }

    /// Opens the vault in `options.project` with the text of an identity file, and verifies it.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use v_secure::{FirstUse, Options, SecretValue, Vault, generate_identity};
    /// # let folder = tempfile::tempdir()?;
    /// # let (project, identity) = (folder.path().to_path_buf(), generate_identity());
    /// # let first_use = FirstUse::Accept;
    /// # let options = Options { project: project.clone(), state: None, first_use, strict: false, prune: false, whole_history: false };
    /// # let made = Vault::create(options, "shop", "admin", &identity.text)?;
    /// # made.store("prod/TOKEN", SecretValue::new(b"t".to_vec()), "first")?;
    /// # let pin = made.pin()?;
    /// // A service that remembers nothing: `pin` came with its key, and any other vault is refused.
    /// let vault = Vault::open(Options::pinned(project, pin), &identity.text)?;
    /// assert_eq!(vault.retrieve("prod/TOKEN")?.expose(), b"t");
    /// # Ok(()) }
    /// ```
    pub fn open(options: Options, identity: &SecretValue) -> Result<Self, Error> {
        let vault = Self::with_host(options, identity, RealHost);
        vault.read()?;
        Ok(vault)
    }
}

impl<H: Clock + Random> Vault<H> {
    /// A vault whose clock and randomness are the caller's; nothing is read yet.
    pub fn with_host(options: Options, identity: &SecretValue, host: H) -> Self {
        let copy = SecretValue::new(identity.expose().to_vec());
        Self { options, identities: copy, host, notices: Mutex::default(), due: Mutex::default() }
    }

    fn make(&self, name: &str, member: &str) -> Result<(), Error> {
        let identity = self.identity()?.swap_remove(0);
        let request = InitRequest {
            name: Name::new(name)?,
            member: Name::new(member)?,
            device: Name::new("library")?,
            recipient: identity.recipient(),
            now: self.host.now(),
        };
        if let Some(found) = hidden::above(&self.options.project) {
            return Err(Error::Hidden { path: found.root.join(found.path) });
        }
        let file = init::init(&request, &self.host)?;
        atomic::create_folder(&self.options.project.join(FOLDER))?;
        let session = self.session(Location::in_project(&self.options.project)?);
        let written = transaction::create(&session, file)?;
        self.remark(written.unrecorded.map(Notice::Unrecorded));
        Ok(())
    }

    /// What calls remarked since this was asked last.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn remark(&self, notice: impl IntoIterator<Item = Notice>) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        for new in notice {
            // Whoever never asks for them must not pay for them.
            if notices.len() < MAX_NOTICES && !notices.iter().any(|known| known.repeats(&new)) {
                notices.push(new);
            }
        }
    }

    /// Stores a value as a new version of `secret` (`environment/name`).
    pub fn store(&self, secret: &str, value: SecretValue, reason: &str) -> Result<(), Error> {
        let secret = SecretName::parse(secret)?;
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        self.write_upon(self.history_of_now(), reason, |vault, ctx| {
            let request = PutRequest { secret, value, fields: Vec::new() };
            Ok(Some(put::put(vault, vec![request], ctx)?))
        })
    }

    /// The current value of `secret`. The read is written down first, as the signed setting `reads`
    /// says; where it must be and cannot, as without a state folder, no value is given.
    pub fn retrieve(&self, secret: &str) -> Result<SecretValue, Error> {
        let secret = SecretName::parse(secret)?;
        self.pruning_after(|| self.current(secret))
    }

    fn current(&self, secret: SecretName) -> Result<SecretValue, Error> {
        let (session, vault) = self.open_for(Depth::Secrets(&BTreeSet::from([secret.clone()])))?;
        if self.options.strict {
            giving::refuse_unsettled(&vault, std::slice::from_ref(&secret), session.now)?;
        }
        let who = Unlocked::new(&vault, self.identity()?)?;
        let value = read::read(&vault, &who, &secret, &VersionSelector::Current, session.now)?;
        let reading = Reading {
            who: &who,
            action: "get",
            environment: secret.environment(),
            secrets: std::slice::from_ref(&secret),
            reason: None,
        };
        giving::record(self, &session, &vault, &reading)?;
        let is_conflict = giving::conflicts(&vault, [&secret]).next().is_some();
        self.remark(is_conflict.then_some(Notice::Conflict(secret)));
        Ok(value)
    }

    /// Makes the value of version `number` active again, as a new version.
    pub fn rollback(&self, secret: &str, number: usize, reason: &str) -> Result<(), Error> {
        let secret = SecretName::parse(secret)?;
        self.write(reason, |vault, ctx| {
            Ok(Some(rollback::rollback(vault, &secret, &VersionSelector::Number(number), ctx)?.1))
        })
    }

    /// Changes a signed setting; an empty value unsets it.
    pub fn configure(&self, key: &str, value: &str) -> Result<(), Error> {
        if key == "variables.allow" && consent::names_own(value) {
            return Err(Error::OwnVariable);
        }
        let value = Some(value).filter(|value| !value.is_empty());
        self.write("change a setting", |vault, ctx| {
            let ops = access::setting(vault.policy(), key, value);
            if ops.is_empty() {
                return Ok(None);
            }
            Ok(Some(policy_change::change(vault, ops, ctx)?.0))
        })
    }

    /// The history of secrets, oldest first.
    pub fn audit_trail(&self) -> Result<Vec<AuditRow>, Error> {
        let vault = self.read()?;
        let rows = history::rows(
            vault.graph(),
            &vault.file().entries,
            vault.standings(),
            vault.chain(),
            &LogFilter::default(),
        );
        let row = |row: history::LogRow<'_>| AuditRow {
            timestamp: row.timestamp,
            action: row.action,
            secret: row.secret_id.map(ToString::to_string).unwrap_or_default(),
            actor: row.actor.to_string(),
            reason: row.reason.to_owned(),
            status: row.status.as_str(),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// The pin that a machine without memory needs to accept this vault.
    pub fn pin(&self) -> Result<CarriedPin, Error> {
        Ok(CarriedPin::of(self.read()?.chain()))
    }

    fn identity(&self) -> Result<Vec<Identity>, Error> {
        Ok(identity::parse_identities(&self.identities)?)
    }

    fn session(&self, location: Location) -> Session {
        let carried = match self.options.first_use {
            FirstUse::Pin(pin) => Some(Carried { pin, is_for_place: true }),
            FirstUse::Refuse | FirstUse::Accept => None,
        };
        let (owners, now) = (Owners::current(), self.host.now());
        let (state, history) = (self.state(owners), HistoryUse::Whole);
        Session { location, owners, state, home: None, carried, history, brought: None, now }
    }

    /// The state folder, where nobody else can replace it: its records would be believed.
    fn state(&self, owners: Owners) -> Option<PathBuf> {
        let folder = self.options.state.clone()?;
        match private::unreplaceable(&folder, owners) {
            Ok(()) => Some(folder),
            Err(error) => {
                self.remark([Notice::StateUnused(error)]);
                None
            }
        }
    }

    fn found(&self) -> Result<Session, Error> {
        let start: &Path = &self.options.project;
        let search = Search { start, home: None, owners: ProjectOwners::current(None) };
        Ok(self.session(search.at(start)?))
    }

    /// Looks at the whole vault, and prunes nothing.
    fn read(&self) -> Result<Verified, Error> {
        let found = self.open_for(Depth::Everything);
        self.take_due();
        Ok(found?.1)
    }

    fn open_for(&self, depth: Depth<'_>) -> Result<(Session, Verified), Error> {
        let mut session = self.found()?;
        if let Depth::Secrets(_) = depth {
            session.history = self.history_of_now();
        }
        let opened = judging::open(self, &session, self.purpose(), depth)?;
        Ok((session, opened.vault))
    }

    /// What of the history a call reads that is about values as they are.
    const fn history_of_now(&self) -> HistoryUse {
        if self.options.whole_history { HistoryUse::Whole } else { HistoryUse::AsNeeded }
    }

    fn purpose(&self) -> Purpose {
        if self.options.strict { Purpose::UseNewest } else { Purpose::Use }
    }

    fn write(
        &self,
        reason: &str,
        make: impl FnOnce(&Verified, &Ctx<'_>) -> Result<Option<Change>, Error>,
    ) -> Result<(), Error> {
        self.write_upon(HistoryUse::Whole, reason, make)
    }

    fn write_upon(
        &self,
        history: HistoryUse,
        reason: &str,
        make: impl FnOnce(&Verified, &Ctx<'_>) -> Result<Option<Change>, Error>,
    ) -> Result<(), Error> {
        let unlock = |vault: &Verified| {
            let who = Unlocked::new(vault, self.identity()?)?;
            let signer = who.signer(vault)?;
            Ok((who, signer))
        };
        let make = |vault: &Verified, ctx: &Ctx<'_>| Ok(((), make(vault, ctx)?));
        let write = || {
            let session = Session { history, ..self.found()? };
            writing::write(self, &session, (self.purpose(), reason), unlock, make).map(|_| ())
        };
        self.pruning_after(write)
    }

    /// What is due goes where the call is done, whether it went well or not.
    fn pruning_after<T>(&self, call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let result = call();
        self.prune();
        result
    }

    fn take_due(&self) -> Option<PendingPrune> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn prune(&self) {
        let Some(due) = self.take_due() else { return };
        self.remark(match pruning::prune(self, &due) {
            Ok(gone) if gone.is_empty() => None,
            Ok(gone) => Some(Notice::Pruned(gone.len())),
            Err(error) => Some(Notice::NotPruned(Box::new(error))),
        });
    }
}
