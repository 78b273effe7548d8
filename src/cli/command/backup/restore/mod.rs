//! `v-secure backup restore`: puts the vault of a backup back, and the identity if there is none.

mod identity;
mod opening;
mod refusals;
mod report;

use self::identity::{Destination, write_identity};

use crate::cli::door::context::Context;
use crate::cli::door::first_use;
use crate::cli::door::first_use::Source;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::pin_failures::pin_failure;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::repository::hidden;
use crate::cli::repository::project;
use crate::engine::history::HistoryUse;
use crate::engine::session::{OpenedVault, Session, SessionError};
use crate::engine::transaction::{Replacement, TransactionError};
use crate::engine::writing;
use crate::store::file::atomic;
use crate::store::file::find::{FindError, Location, Search};
use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use v_secure_core::backup::comparison;
use v_secure_core::backup::comparison::BackupStatus;
use v_secure_core::backup::container;
use v_secure_core::backup::container::Backup;
use v_secure_core::backup::maker::Maker;
use v_secure_core::vault::pin;
use v_secure_core::vault::pin::{Facts, PinStatus};
use v_secure_core::vault::{Depth, Vault};

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

impl Restore {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session_at(location(context)?)?;
        let is_judged = self.judge_there_alone(&session)?;
        let plain = self.open(context)?;
        let backup = container::parse(plain.expose()).map_err(|error| self.damaged(&error))?;
        let files = brought(&backup);
        if !is_judged {
            self.judge_there_with(&session, &files)?;
        }
        let opened = self.verify(context, &session, &backup, &files)?;
        let maker = backup.maker(opened.vault.policy()).map_err(|error| self.forged(&error))?;
        let is_new = session.location.vault.symlink_metadata().is_err();
        match is_new {
            // Before anything is made; where a vault is there, that is compared first.
            true => self.refuse_pinned(&opened)?,
            false => drop(self.compared(&session, &opened, &files)?),
        }
        let destination = self.destination(context, &backup)?;
        self.ask(context, &session, &opened, maker)?;
        if is_new {
            atomic::create_folder(&session.location.folder)?;
            project::write_git_files(&session.location.folder)?;
        }
        let done = self.replace(context, &session, opened, &files)?;
        if let (Destination::Write(path), Some(text)) = (&destination, backup.identity) {
            write_identity(context, path, text)?;
        }
        report::show(context, &session, &done, &destination, &backup)
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

    /// Judges what is in the place before the backup is read or its passphrase asked for; `false` if it does not verify
    /// and has closed history, which may be all that is wrong, and in the backup.
    fn judge_there_alone(&self, session: &Session) -> Outcome<bool> {
        if session.location.vault.symlink_metadata().is_err() {
            return Ok(true);
        }
        match session.open(Depth::Everything) {
            Err(SessionError::Open { .. } | SessionError::Lacking { .. })
                if session.has_closed_history() =>
            {
                Ok(false)
            }
            there => self.judge_there(session, there).map(|()| true),
        }
    }

    /// The same with the history of the backup.
    fn judge_there_with(&self, session: &Session, files: &Files) -> Outcome {
        let brought = Some(Arc::new(session.history_with(files)));
        let session = Session { brought, ..session.clone() };
        self.judge_there(&session, session.open(Depth::Everything))
    }

    /// An older state than one that was seen, or than a carried pin says, is what a backup may mend.
    fn judge_there(&self, session: &Session, there: Result<OpenedVault, SessionError>) -> Outcome {
        let there =
            there.map_err(|error| self.unreadable(session, TransactionError::Session(error)))?;
        if !there.pin.is_refused() || there.pin == PinStatus::CarriedMissing {
            return Ok(());
        }
        let failure = pin_failure(&there.pin, &session.location.vault);
        Err(failure.hint(self.elsewhere()))
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

    /// Puts the vault and its history in their place, if what is there loses nothing.
    fn replace(
        &self,
        context: &Context<'_>,
        session: &Session,
        new: OpenedVault,
        files: &Files,
    ) -> Outcome<Restored> {
        let (place, is_same) = self.compared(session, &new, files)?;
        let age = age(session, &new);
        if is_same {
            let history = session.bring(files).map_err(TransactionError::from)?;
            return Ok(Restored { vault: new.vault, file: false, history });
        }
        let (written, history) = place.commit(new, files)?;
        let vault = writing::finish(context, session, written);
        if let Some(age) = age {
            context.ui.warn(&age);
        }
        Ok(Restored { vault, file: true, history })
    }

    /// The place, locked, if what is there loses nothing, and whether it is what the backup has.
    fn compared<'s>(
        &self,
        session: &'s Session,
        new: &OpenedVault,
        files: &Files,
    ) -> Outcome<(Replacement<'s>, bool)> {
        let brought = (!files.is_empty()).then(|| Arc::new(session.history_with(files)));
        let place = Replacement::begin(session, brought)
            .map_err(|error| self.unreadable(session, error))?;
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
        Ok((place, is_same))
    }
}

/// What was put in its place.
struct Restored {
    vault: Vault,
    /// Whether the vault's file was written.
    file: bool,
    /// How many files of its history were.
    history: usize,
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
            if !project.is_dir() {
                let message = format!("there is no folder {}", project.display());
                let failure = Failure::new(Code::File, message).with_exit(Exit::NotFound);
                return Err(failure.hint(shell_word::on("mkdir -p", &project)));
            }
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
