//! The library's front: a vault at a place, opened by an identity.
//!
//! Every call reads the file anew and verifies it, so several processes can use one vault. Nothing
//! here reads the environment, the home folder or the terminal: folders and keys are arguments.

use crate::engine::giving;
use crate::engine::giving::{GivingError, Reading};
use crate::engine::session::{Opened as Found, Session, SessionError};
use crate::engine::transaction;
use crate::engine::transaction::{Transaction, TransactionError};
use crate::host::{Clock, Random, progress::Silent, real::RealHost};
use crate::store::file::atomic;
use crate::store::file::error::WriteError;
use crate::store::file::find::{FOLDER, FindError, Location, Search};
use crate::store::file::owners::{Owners, ProjectOwners};
use crate::store::git::hidden;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use v_secure_core::convert::inject::consent;
use v_secure_core::crypto::identity::{self, Identity, IdentityError};
use v_secure_core::keys::policy_change;
use v_secure_core::keys::policy_change::PolicyChangeError;
use v_secure_core::log::history::{self, Filter};
use v_secure_core::name::{Name, NameError, SecretName};
use v_secure_core::people::access;
use v_secure_core::people::init;
use v_secure_core::people::init::{InitError, InitRequest};
use v_secure_core::record::text::{MAX_REASON, TextError, check_text};
use v_secure_core::secret::put;
use v_secure_core::secret::put::{NewValue, PutError, PutRequest};
use v_secure_core::secret::read;
use v_secure_core::secret::read::{ReadError, Wanted};
use v_secure_core::secret::rollback;
use v_secure_core::secret::rollback::RollbackError;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::pin::{Carried, CarriedPin, Standing};
use v_secure_core::vault::unlock::{SignerError, UnlockError, Unlocked};
use v_secure_core::vault::verified_vault::{Depth, Vault as Opened};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Init(#[from] InitError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    #[error(transparent)]
    Giving(#[from] GivingError),
    #[error(transparent)]
    Policy(#[from] PolicyChangeError),
    #[error("the reason cannot be stored")]
    Reason(#[source] TextError),
    #[error("no secret may set a variable that begins with V_SECURE_")]
    OwnVariable,
    /// A new vault would take the place of one that is not checked out.
    #[error("git has the vault {path} that is not checked out here")]
    Hidden { path: PathBuf },
    /// The vault is not, or no longer, the one that was accepted at this place or that the pin names.
    #[error("the vault does not fit what was accepted before: {0:?}")]
    Pin(Standing),
}

/// What is accepted of a vault that the state folder does not know. In a project where another vault
/// was accepted, none is, whatever this says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstUse {
    /// Nothing: the vault must be known in the state folder, at whatever place.
    Refuse,
    /// Whatever is there.
    Accept,
    /// A vault that contains what the pin names.
    Pin(CarriedPin),
}

/// Where a vault is and how it is judged.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project's folder, the one that holds `.v-secure`.
    pub project: PathBuf,
    /// Where pins and the cache of verified files are; without it every call verifies everything.
    pub state: Option<PathBuf>,
    pub first_use: FirstUse,
}

impl Options {
    /// A vault in `project`, without memory, accepted only if it holds `pin`.
    pub fn pinned(project: impl Into<PathBuf>, pin: CarriedPin) -> Self {
        Self { project: project.into(), state: None, first_use: FirstUse::Pin(pin) }
    }
}

/// What a call remarks though it succeeds: [`Vault::take_notices`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The state folder does not know what was accepted, so that a later roll-back may go unnoticed.
    Unrecorded(SessionError),
    /// An older state: its policy has fewer entries than the one that was accepted here before.
    Older { seen: usize, accepted: usize },
    /// So many of the log's last entries that were accepted here before are missing.
    HeadsMissing(usize),
    /// The secret has several active versions since a merge; the later one was given.
    Conflict(SecretName),
    /// The secret's wrap in force does not open it, and an older one did: `v-secure access settle`
    /// mends that.
    FallenBack(SecretName),
}

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Seconds since the Unix epoch, as the author says.
    pub timestamp: u64,
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
    /// # let options = Options { project: project.clone(), state: None, first_use };
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
        vault.read(Depth::Everything)?;
        Ok(vault)
    }
}

impl<H: Clock + Random> Vault<H> {
    /// A vault whose clock and randomness are the caller's; nothing is read yet.
    pub fn with_host(options: Options, identity: &SecretValue, host: H) -> Self {
        let copy = SecretValue::new(identity.expose().to_vec());
        Self { options, identities: copy, host, notices: Mutex::default() }
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
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).extend(notice);
    }

    /// Stores a value as a new version of `secret` (`environment/name`).
    pub fn store(&self, secret: &str, value: SecretValue, reason: &str) -> Result<(), Error> {
        let secret = SecretName::parse(secret)?;
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        self.write(reason, |vault, ctx| {
            let request = PutRequest { secret, value, fields: Vec::new() };
            Ok(Some(put::put(vault, vec![request], ctx)?))
        })
    }

    /// The current value of `secret`. The read is written down first, as the signed setting `reads`
    /// says; where it must be and cannot, as without a state folder, no value is given.
    pub fn retrieve(&self, secret: &str) -> Result<SecretValue, Error> {
        let secret = SecretName::parse(secret)?;
        let (session, vault) = self.open_for(Depth::Secrets(&BTreeSet::from([secret.clone()])))?;
        let who = Unlocked::new(&vault, self.identity()?)?;
        let value = read::read(&vault, &who, &secret, &Wanted::Current, session.now)?;
        let reading = Reading {
            who: &who,
            action: "get",
            environment: secret.environment(),
            secrets: std::slice::from_ref(&secret),
            reason: None,
        };
        giving::record(&session, &vault, session.now, &reading)?;
        self.remark(who.take_fallen_back().into_iter().map(Notice::FallenBack));
        let is_conflict = read::find(&vault, &secret)?.is_conflict();
        self.remark(is_conflict.then_some(Notice::Conflict(secret)));
        Ok(value)
    }

    /// Makes the value of version `number` active again, as a new version.
    pub fn rollback(&self, secret: &str, number: usize, reason: &str) -> Result<(), Error> {
        let secret = SecretName::parse(secret)?;
        self.write(reason, |vault, ctx| {
            Ok(Some(rollback::rollback(vault, &secret, &Wanted::Number(number), ctx)?.1))
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
        let vault = self.read(Depth::Everything)?;
        let rows = history::rows(
            vault.graph(),
            &vault.file().entries,
            vault.standings(),
            vault.chain(),
            &Filter::default(),
        );
        let row = |row: history::Row<'_>| AuditRow {
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
        Ok(CarriedPin::of(self.read(Depth::Everything)?.chain()))
    }

    fn identity(&self) -> Result<Vec<Identity>, Error> {
        Ok(identity::parse_identities(&self.identities)?)
    }

    fn session(&self, location: Location) -> Session {
        let carried = match self.options.first_use {
            FirstUse::Pin(pin) => Some(Carried { pin, is_for_place: true }),
            FirstUse::Refuse | FirstUse::Accept => None,
        };
        let (state, now) = (self.options.state.clone(), self.host.now());
        Session { location, owners: Owners::current(), state, home: None, carried, now }
    }

    fn found(&self) -> Result<Session, Error> {
        let start: &Path = &self.options.project;
        let search = Search { start, home: None, owners: ProjectOwners::current(None) };
        Ok(self.session(search.at(start)?))
    }

    fn read(&self, depth: Depth<'_>) -> Result<Opened, Error> {
        Ok(self.open_for(depth)?.1)
    }

    fn open_for(&self, depth: Depth<'_>) -> Result<(Session, Opened), Error> {
        let session = self.found()?;
        let opened = session.open(depth)?;
        self.accept(&session, &opened)?;
        Ok((session, opened.vault))
    }

    /// Judges what was found, and remembers it where it continues what is known.
    fn accept(&self, session: &Session, found: &Found) -> Result<(), Error> {
        self.judge(&found.pin)?;
        if found.is_new_here && self.options.first_use == FirstUse::Refuse {
            return Err(Error::Pin(Standing::Unknown));
        }
        if let Standing::Prefix { seen, accepted } = found.pin {
            self.remark([Notice::Older { seen, accepted }]);
        }
        let missing = session.missing_heads(found).len();
        if missing > 0 && found.pin == Standing::Continues {
            self.remark([Notice::HeadsMissing(missing)]);
            // A place that is new is one all the same, which lacks what the others have.
            if !found.is_first_here() {
                return Ok(());
            }
        }
        match session.remember(found) {
            // A folder that cannot be written is no reason to withhold what was just verified.
            Err(SessionError::Pin(error)) if error.is_of_storage() => {
                self.remark([Notice::Unrecorded(error.into())]);
                Ok(())
            }
            result => Ok(result?),
        }
    }

    fn judge(&self, pin: &Standing) -> Result<(), Error> {
        match (pin, self.options.first_use) {
            (Standing::Continues, _) | (Standing::Unknown, FirstUse::Accept) => Ok(()),
            (Standing::Prefix { .. }, _) => Ok(()),
            (other, _) => Err(Error::Pin(other.clone())),
        }
    }

    fn write(
        &self,
        reason: &str,
        make: impl FnOnce(&Opened, &Ctx<'_>) -> Result<Option<Change>, Error>,
    ) -> Result<(), Error> {
        check_text(reason, MAX_REASON).map_err(Error::Reason)?;
        let session = self.found()?;
        let transaction = Transaction::begin(&session)?;
        let opened = transaction.opened();
        self.accept(&session, opened)?;
        if opened.missing_takings {
            return Err(Error::Pin(opened.pin.clone()));
        }
        let who = Unlocked::new(&opened.vault, self.identity()?)?;
        let signer = who.signer(&opened.vault)?;
        let ctx = Ctx {
            who: &who,
            signer: &signer,
            random: &self.host,
            now: session.now,
            reason: reason.to_owned(),
            progress: &Silent,
        };
        let transaction = transaction.joined(&ctx)?;
        if let Some(change) = make(transaction.vault(), &ctx)? {
            let written = transaction.commit(change)?;
            self.remark(written.unrecorded.map(Notice::Unrecorded));
        }
        Ok(())
    }
}
