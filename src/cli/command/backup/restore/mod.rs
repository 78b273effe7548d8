//! `v-secure backup restore`: puts the vault of a backup back, and the identity if there is none.

mod report;

use crate::cli::args::source;
use crate::cli::door::context::Context;
use crate::cli::door::first_use;
use crate::cli::door::first_use::Source;
use crate::cli::error::codes::Code;
use crate::cli::error::pin_failures::pin_failure;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::repository::hidden;
use crate::cli::repository::project;
use crate::cli::unlocking::asked_passphrase as passphrase;
use crate::cli::unlocking::asked_passphrase::BACKUP;
use crate::cli::unlocking::identities;
use crate::engine::history::HistoryUse;
use crate::engine::session::{OpenedVault, Session, SessionError};
use crate::engine::transaction::{Replacement, TransactionError};
use crate::engine::writing;
use crate::store::file::find::{FindError, Location, Search};
use crate::store::file::private;
use crate::store::file::private::FILE_MODE;
use crate::store::file::{atomic, new_file};
use clap::Args;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use v_secure_core::backup::comparison;
use v_secure_core::backup::comparison::{BackupStatus, Missing};
use v_secure_core::backup::container;
use v_secure_core::backup::container::{Backup, MAX_PLAIN};
use v_secure_core::backup::maker::{Maker, MakerError};
use v_secure_core::crypto::envelope::{self, EnvelopeError};
use v_secure_core::crypto::passphrase_file::{self, PassphraseError};
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::pin;
use v_secure_core::vault::pin::{Facts, PinStatus};
use v_secure_core::vault::{Depth, Vault};

/// The most bytes of a backup: armored, with the headers of many recipients.
const MAX_FILE: u64 = (MAX_PLAIN as u64) / 2 * 3;

/// Where another vault may be restored: in the project it would take the accepted one's place.
const OUTSIDE: &str = ", with a folder outside this project";

/// Restore the vault of a backup
#[derive(Debug, Args)]
#[command(
    after_help = "A vault that has anything that the backup lacks is not replaced, and another vault never is. \
                        The identity in a backup goes to identity.txt in the config folder if none is there, or to \
                        --identity-out. Anybody who knows a recipient can encrypt to it, so you \
                        are asked about a vault that this device does not know, and about a \
                        backup that nobody signed. Compare the \
                        fingerprint with what you noted or what a colleague sees.\n\n\
                        Examples:\n  v-secure backup restore shop.age\n  \
                        v-secure --identity recovery.txt backup restore shop.age\n  \
                        v-secure backup restore shop.age --identity-out restored.txt"
)]
pub struct Restore {
    /// The backup; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Write the identity that is in it to this new file
    #[arg(long, value_name = "FILE")]
    identity_out: Option<PathBuf>,

    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "N")]
    backup_passphrase_fd: Option<u32>,
}

/// What becomes of the identity in the backup.
enum Destination {
    Write(PathBuf),
    /// The config folder has another one.
    Taken(PathBuf),
    /// It is there already.
    There(PathBuf),
    None,
}

impl Restore {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session_at(location(context)?)?;
        self.judge_there(&session)?;
        let plain = self.open(context)?;
        let backup = container::parse(plain.expose()).map_err(|error| self.damaged(&error))?;
        let files = brought(&backup);
        let opened = self.verify(context, &session, &backup, &files)?;
        let maker = backup.maker(opened.vault.policy()).map_err(|error| self.forged(&error))?;
        let is_new = session.location.vault.symlink_metadata().is_err();
        match is_new {
            // Before anything is made; where a vault is there, that is compared first.
            true => self.refuse_pinned(&opened)?,
            false => drop(self.compared(&session, &opened)?),
        }
        let destination = self.destination(context, &backup)?;
        self.ask(context, &session, &opened, maker)?;
        if is_new {
            atomic::create_folder(&session.location.folder)?;
            project::write_git_files(&session.location.folder)?;
        }
        let (vault, changed) = self.replace(context, &session, opened, &files)?;
        if let (Destination::Write(path), Some(text)) = (&destination, backup.identity) {
            write_identity(context, path, text)?;
        }
        report::show(context, &session, &vault, changed, &destination, &backup)
    }

    /// Asks as at any first use, without the lock, which others would wait for as long as the question
    /// is open. Of what nobody signed the vault is verified too, but not who chose this state of it,
    /// nor whose identity is beside it: so that is asked about where the vault is known as well.
    fn ask(
        &self,
        context: &Context<'_>,
        session: &Session,
        opened: &OpenedVault,
        maker: Option<&Maker>,
    ) -> Outcome {
        if opened.pin == PinStatus::Unknown || opened.is_new_here || maker.is_none() {
            let source = Source::Backup { file: &self.file, maker };
            first_use::ask(context, session, opened, source)?;
        }
        Ok(())
    }

    fn forged(&self, error: &MakerError) -> Failure {
        let message = format!("{} was not made by the member it names", self.file.display());
        Failure::new(Code::BackupSignature, message).because(error)
    }

    /// What is in the place, before the backup is read or its passphrase asked for. An older state than
    /// one that was seen, or than a carried pin says, is what a backup may mend.
    fn judge_there(&self, session: &Session) -> Outcome {
        if session.location.vault.symlink_metadata().is_err() {
            return Ok(());
        }
        let there = session
            .open(Depth::Everything)
            .map_err(|error| self.unreadable(session, TransactionError::Session(error)))?;
        if !there.pin.is_refused() || there.pin == PinStatus::CarriedMissing {
            return Ok(());
        }
        let failure = pin_failure(&there.pin, &session.location.vault);
        Err(failure.hint(self.elsewhere()))
    }

    /// The plaintext.
    fn open(&self, context: &Context<'_>) -> Outcome<SecretValue> {
        let bytes = source::read(context, &self.file, MAX_FILE)?;
        let dearmored = match bytes.expose().starts_with(b"-----BEGIN ") {
            true => {
                let text = bytes.expose_str().unwrap_or_default();
                Some(envelope::dearmor(text).map_err(|error| self.damaged(&error))?)
            }
            false => None,
        };
        let file = dearmored.as_deref().unwrap_or(bytes.expose());
        if passphrase_file::is_passphrase_file(file) {
            let question = "Passphrase of the backup: ";
            let passphrase =
                passphrase::present(context, &BACKUP, self.backup_passphrase_fd, question)?;
            return passphrase_file::decrypt(&passphrase, file, MAX_PLAIN).map_err(|error| {
                match error {
                    PassphraseError::File(error) => self.damaged(&error),
                    _ => Failure::from_error(Code::BackupLocked, &error)
                        .hint(format!("v-secure backup restore {}", shell_word::file(&self.file))),
                }
            });
        }
        let found = identities::found(context)?;
        let open = found.into_iter().filter_map(|(_, found)| found.ok()).flatten();
        // A locked SSH key opens nothing, and is asked for its passphrase where a vault needs it.
        let all: Vec<_> = open.filter(|identity| !identity.is_locked()).collect();
        envelope::decrypt(&all, file, MAX_PLAIN).map_err(|error| match error {
            EnvelopeError::NoMatch => {
                let message = format!("no identity here opens {}", self.file.display());
                Failure::new(Code::BackupLocked, message)
                    .hint(format!(
                        "v-secure --identity FILE backup restore {}",
                        shell_word::file(&self.file)
                    ))
                    .hint("v-secure identity show")
            }
            error => self.damaged(&error),
        })
    }

    fn damaged(&self, error: &dyn std::error::Error) -> Failure {
        let message = format!("{} is not a usable backup", self.file.display());
        Failure::new(Code::BackupDamaged, message).because(error)
    }

    /// Verifies the vault of the backup as if it stood at the place.
    fn verify(
        &self,
        context: &Context<'_>,
        session: &Session,
        backup: &Backup<'_>,
        files: &Files,
    ) -> Outcome<OpenedVault> {
        let brought = (!files.is_empty()).then(|| files.clone());
        // One that was made of the file alone is as good as the file, except where that is not enough.
        let is_alone = files.is_empty() && !context.wants_whole_history()?;
        let history = if is_alone { HistoryUse::AsNeeded } else { HistoryUse::Whole };
        let session = Session { brought, history, ..session.clone() };
        let opened = session.verify_bytes(backup.vault).map_err(|error| match error {
            SessionError::Open { source, .. } | SessionError::Lacking { source, .. } => {
                SessionError::Open { path: self.file.clone(), source }
            }
            error => error,
        })?;
        let chain = opened.vault.chain().ids();
        let carried = Some(&backup.pin);
        match pin::judge(chain, &Facts { carried, ..Facts::default() }) {
            PinStatus::CarriedMissing => {
                let message =
                    format!("{}: the pin names another vault or state", self.file.display());
                Err(Failure::new(Code::BackupDamaged, message))
            }
            _ => Ok(opened),
        }
    }

    fn destination(&self, context: &Context<'_>, backup: &Backup<'_>) -> Outcome<Destination> {
        let Some(text) = backup.identity else {
            return match &self.identity_out {
                None => Ok(Destination::None),
                Some(_) => {
                    let message = format!("{} holds no identity", self.file.display());
                    Err(Failure::new(Code::BackupIdentity, message)
                        .hint("v-secure backup create FILE --with-identity --passphrase, where the identity is"))
                }
            };
        };
        let text = SecretValue::new(text.to_vec());
        let own = identities::parse(context, &text, &self.file.display().to_string())?;
        if let Some(path) = &self.identity_out {
            return match path.symlink_metadata() {
                Err(_) => Ok(Destination::Write(path.clone())),
                Ok(_) => {
                    Err(Failure::new(Code::Exists, format!("{} exists already", path.display()))
                        .hint("--identity-out OTHER_FILE"))
                }
            };
        }
        let Some(path) = identities::default_file(context) else { return Ok(Destination::None) };
        if path.symlink_metadata().is_err() {
            return Ok(Destination::Write(path));
        }
        let there = identities::read_file(context, &path)
            .and_then(|text| identities::parse(context, &text, &path.display().to_string()));
        let same = there.is_ok_and(|there| {
            own.iter().all(|own| there.iter().any(|one| one.recipient() == own.recipient()))
        });
        Ok(if same { Destination::There(path) } else { Destination::Taken(path) })
    }

    /// Puts the vault in its place, if what is there loses nothing; whether the file changed.
    fn replace(
        &self,
        context: &Context<'_>,
        session: &Session,
        new: OpenedVault,
        files: &Files,
    ) -> Outcome<(Vault, bool)> {
        let Some(place) = self.compared(session, &new)? else { return Ok((new.vault, false)) };
        let age = age(session, &new);
        // Before the vault is there, whose policy names them.
        session.bring(files).map_err(TransactionError::from)?;
        let vault = writing::finish(context, session, place.commit(new)?);
        if let Some(age) = age {
            context.ui.warn(&age);
        }
        Ok((vault, true))
    }

    /// The place, locked, if what is there loses nothing; `None` if it is what the backup has.
    fn compared<'s>(
        &self,
        session: &'s Session,
        new: &OpenedVault,
    ) -> Outcome<Option<Replacement<'s>>> {
        let place = Replacement::begin(session).map_err(|error| self.unreadable(session, error))?;
        let relation = place.there().map(|there| (there, comparison::compare(there, &new.vault)));
        let is_same = match relation {
            None | Some((_, BackupStatus::Older)) => false,
            Some((_, BackupStatus::Same)) => true,
            Some((there, BackupStatus::Other)) => {
                return Err(self.other(session, there, &new.vault));
            }
            Some((there, BackupStatus::Newer(missing))) => {
                return Err(self.newer(session, there, &missing));
            }
        };
        self.refuse_pinned(new)?;
        Ok((!is_same).then_some(place))
    }

    /// This place is known to hold something that the backup is at odds with.
    fn refuse_pinned(&self, new: &OpenedVault) -> Outcome {
        use PinStatus::{Continues, Prefix, Unknown};
        if matches!(new.pin, Unknown | Continues | Prefix { .. }) {
            return Ok(());
        }
        let mut failure = pin_failure(&new.pin, &self.file);
        let outside = matches!(new.pin, PinStatus::OtherInProject { .. });
        let outside = if outside { OUTSIDE } else { "" };
        let accept = "v-secure pin accept  # once the .v-secure from there is here".to_owned();
        failure.hints = vec![self.elsewhere() + outside, accept];
        Err(failure)
    }

    fn elsewhere(&self) -> String {
        format!("v-secure --vault EMPTY_FOLDER backup restore {}", shell_word::file(&self.file))
    }

    /// What is there does not verify: a backup is wanted now, and what is there is not ours to drop.
    fn unreadable(&self, session: &Session, error: TransactionError) -> Failure {
        let damaged = matches!(
            &error,
            TransactionError::Session(
                SessionError::Open { .. }
                    | SessionError::Lacking { .. }
                    | SessionError::Empty { .. }
            )
        );
        let mut failure = Failure::from(error);
        if damaged {
            let path = shell_word::file(&session.location.vault);
            failure.hints = vec![
                format!("mv {path} {path}.damaged, and then"),
                format!("v-secure backup restore {}", shell_word::file(&self.file)),
            ];
        }
        failure
    }

    fn other(&self, session: &Session, there: &Vault, backup: &Vault) -> Failure {
        let message = format!(
            "{} is a backup of the vault {} ({}), but {} is another vault ({})",
            self.file.display(),
            backup.file().header.name,
            fingerprint_words(&backup.id()),
            session.location.vault.display(),
            fingerprint_words(&there.id()),
        );
        Failure::new(Code::BackupOtherVault, message).hint(self.elsewhere() + OUTSIDE)
    }

    fn newer(&self, session: &Session, there: &Vault, missing: &Missing) -> Failure {
        let message = format!(
            "{} has changes that {} lacks, so it was not replaced",
            session.location.vault.display(),
            self.file.display()
        );
        let mut failure = Failure::new(Code::BackupOlder, message);
        failure.causes = missing.lines(there);
        failure.hint(self.elsewhere())
    }
}

type Files = Arc<BTreeMap<String, Vec<u8>>>;

/// The files of the history that the backup holds.
fn brought(backup: &Backup<'_>) -> Files {
    let files = backup.history.iter().map(|(name, bytes)| (name.clone(), bytes.to_vec()));
    Arc::new(files.collect())
}

/// Where the vault goes: where one is, or where `init` would make one.
fn location(context: &Context<'_>) -> Outcome<Location> {
    let (start, home) = (context.current_dir()?, context.host.home_dir());
    let search = Search { start: &start, home: home.as_deref(), owners: context.project_owners() };
    let found = match &context.globals.vault {
        Some(path) => search.at(path),
        None => search.upward(),
    };
    match found {
        Err(FindError::NotFound { .. } | FindError::Missing { .. }) => {
            let project = project::new_project(context)?;
            hidden::refuse_unseen(context, &project)?;
            Ok(Location::in_project(&project)?)
        }
        found => Ok(found?),
    }
}

/// What is to be said where this device has seen a later state than the backup's.
fn age(session: &Session, new: &OpenedVault) -> Option<String> {
    let missing = session.missing_heads(new).len();
    match new.pin {
        PinStatus::Prefix { seen, accepted } => Some(format!(
            "the backup's policy has {seen} of the {accepted} entries that were seen here: rights \
             that were taken away since are back in it. To write on it: v-secure pin accept"
        )),
        PinStatus::Continues if missing > 0 => Some(
            "the backup is older than what was seen here: later changes of the log are not in it"
                .into(),
        ),
        _ => None,
    }
}

fn write_identity(context: &Context<'_>, path: &Path, text: &[u8]) -> Outcome {
    if identities::default_file(context).as_deref() == Some(path)
        && let Some(folder) = path.parent()
    {
        private::ensure_folder(folder, context.owners()).map_err(|error| {
            let message = "the folder for the identity cannot be used; the vault is restored";
            Failure::new(Code::ConfigFolder, message).because(&error).hint("--identity-out FILE")
        })?;
    }
    Ok(new_file::write_new(path, text, FILE_MODE)?)
}
