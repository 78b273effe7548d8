//! Changing the vault file: lock, read, verify, apply, write. [`Transaction::commit`] takes a
//! [`Change`], which cannot be made without a signed entry.

use super::history::BesideError;
use super::known::KeptChain;
use super::session::{OpenedVault, Session, SessionError};
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::error::WriteError;
use crate::store::file::lock;
use crate::store::file::lock::{Lock, LockError};
use crate::store::file::read::ReadError;
use crate::store::state::pins::AcceptedChain;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use v_secure_core::crypto::id::EntryId;
use v_secure_core::crypto::known_signatures::SignatureOf;
use v_secure_core::file::format;
use v_secure_core::file::format::{FormatError, ReadPolicy};
use v_secure_core::file::model::VaultFile;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;
use v_secure_core::vault::join;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{ApplyError, Beside, Depth, Texts, Vault};

/// The vault is for whoever may read the repository.
const VAULT_MODE: u32 = 0o644;

/// Why a change was not written; the old file is intact, but for
/// [`WriteError::WrittenNotDurable`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("the change was not made")]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Two policy chains would part, and whichever is taken, this device refuses the other.
    #[error(
        "this branch lacks policy changes that this device has accepted: changing rights here would \
         split the policy"
    )]
    SplitsPolicy,
    #[error("the vault is unchanged: a file of its history cannot be written")]
    Beside(#[from] BesideError),
    #[error("the vault is unchanged: {what} would exceed {} MiB", format::MAX_FILE >> 20)]
    TooLarge { what: String },
    #[error("the vault is unchanged: after this change nobody could read it")]
    Unreadable(#[source] FormatError),
}

/// A vault whose new state is in place.
#[derive(Debug)]
pub struct Written {
    pub vault: Vault,
    /// Why the state folder does not know of the new state, if it does not. No failure of the
    /// write: whoever took it for one would write again.
    pub unrecorded: Option<SessionError>,
}

/// A vault that nobody else writes until this is committed or dropped.
pub struct Transaction<'a> {
    session: &'a Session,
    lock: Lock,
    opened: OpenedVault,
    /// The policy as the bytes have it that were read.
    policy: Option<ReadPolicy>,
}

impl<'a> Transaction<'a> {
    /// Takes the lock, and reads and verifies the whole vault.
    pub fn begin(session: &'a Session) -> Result<Self, TransactionError> {
        Self::begin_within(session, lock::WAIT)
    }

    /// [`Transaction::begin`] with its own limit to the wait for another writer.
    pub(crate) fn begin_within(
        session: &'a Session,
        wait: Duration,
    ) -> Result<Self, TransactionError> {
        let lock = Lock::acquire(&session.location.folder, wait)?;
        let (opened, bytes) = session.open_with_bytes(Depth::Everything)?;
        let policy = ReadPolicy::of(&bytes, opened.vault.file());
        Ok(Self { session, lock, opened, policy })
    }

    pub fn opened(&self) -> &OpenedVault {
        &self.opened
    }

    pub fn vault(&self) -> &Vault {
        &self.opened.vault
    }

    /// Whether this is an older state than one that was accepted here.
    pub(crate) fn is_older(&self) -> bool {
        matches!(self.opened.pin, PinStatus::Prefix { .. })
    }

    /// What was read, without the lock.
    pub(crate) fn into_opened(self) -> OpenedVault {
        self.opened
    }

    /// The vault, where there is nothing to change after all.
    pub(crate) fn into_vault(self) -> Vault {
        self.opened.vault
    }

    /// Unites the log's heads where they are too many to be named: part of what [`commit`] writes.
    ///
    /// [`commit`]: Transaction::commit
    pub fn joined(mut self, ctx: &Ctx<'_>) -> Result<Self, TransactionError> {
        if let Some(change) = join::join(&self.opened.vault, ctx) {
            self.opened.vault = self.opened.vault.apply(change)?;
        }
        Ok(self)
    }

    /// Applies the change and replaces the file.
    pub fn commit(self, change: Change) -> Result<Written, TransactionError> {
        self.prepare(change)?.commit()
    }

    /// Applies the change: what would be in place of the file, which is as it was.
    pub(super) fn prepare(self, change: Change) -> Result<Prepared<'a>, TransactionError> {
        let (is_older, entries) = (self.is_older(), change.entry_ids());
        let signatures = change.signatures(self.opened.vault.id());
        let Self { session, lock, opened, policy } = self;
        if is_older && change.alters_policy() {
            return Err(TransactionError::SplitsPolicy);
        }
        let OpenedVault { vault, known, is_pinned, stamp, .. } = opened;
        let is_same = is_pinned && !change.alters_policy();
        let same = known.chain.filter(|_| is_same);
        let vault = vault.apply(change)?;
        let texts = vault.texts();
        readable(&texts.vault, policy.as_ref())?;
        readable_beside(texts.beside.iter().map(|(name, file)| (name, file.with_old().len())))?;
        let expected = stamp.map_or(Expected::Absent, Expected::Same);
        Ok(Prepared { session, lock, vault, texts, expected, same, signatures, is_older, entries })
    }
}

/// A vault as it will be: whoever reads its texts can read them, and the lock is held until it is in place or
/// dropped.
pub(super) struct Prepared<'a> {
    session: &'a Session,
    lock: Lock,
    vault: Vault,
    texts: Texts,
    expected: Expected,
    /// The accepted chain, where it is this vault's to the byte.
    same: Option<AcceptedChain>,
    signatures: Vec<SignatureOf>,
    is_older: bool,
    entries: Vec<EntryId>,
}

impl Prepared<'_> {
    pub(super) const fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Replaces the file.
    pub(super) fn commit(self) -> Result<Written, TransactionError> {
        let Self { session, lock, vault, texts, expected, .. } = self;
        let Texts { vault: text, beside } = texts;
        session.write_beside(&beside)?;
        atomic::replace(&lock, &session.location.vault, text.as_bytes(), VAULT_MODE, expected)?;
        // A crash before this leaves bytes that nothing names, and the next writer takes them out.
        session.prune_beside(&beside)?;
        let known = (&self.signatures[..], self.same.as_ref());
        let mut written = finish(session, vault, (&text, &beside), known);
        // Without it a discarded change is warned of as a roll-back: no reason for a word.
        let _ = session.note_entries(&self.entries);
        if self.is_older
            && let Err(error) = session.note_written(&written.vault, &self.entries)
        {
            written.unrecorded.get_or_insert(error.into());
        }
        Ok(written)
    }
}

/// Writes a new vault where there is none.
pub fn create(session: &Session, file: VaultFile) -> Result<Written, TransactionError> {
    let lock = Lock::acquire(&session.location.folder, lock::WAIT)?;
    let text = format::write(&file);
    // Opened as a stranger would before it is written: what does not verify must not exist.
    let vault = Vault::open(text.as_bytes(), format::Trust::Strict, Depth::Everything, session.now)
        .map_err(|source| SessionError::Open { path: session.location.vault.clone(), source })?;
    // Before the vault is there: were this process killed in between, its own maker would find a
    // vault that nothing vouches for. What another vault left at this place is replaced.
    let keys = vault.policy().members().flat_map(|(_, member)| member.keys.values());
    let made = session.note_made(keys.map(|key| key.id));
    let unrecorded = session.accept(&vault).err().or(made.err().map(SessionError::Pin));
    atomic::replace(&lock, &session.location.vault, text.as_bytes(), VAULT_MODE, Expected::Absent)?;
    let signatures = vault.signatures();
    Ok(Written {
        unrecorded,
        ..finish(session, vault, (&text, &BTreeMap::new()), (&signatures, None))
    })
}

/// The place of a vault, that nobody else writes while that of a backup is compared and put there.
pub struct Replacement<'a> {
    session: &'a Session,
    lock: Lock,
    there: Option<OpenedVault>,
}

impl<'a> Replacement<'a> {
    /// Takes the lock, and reads and verifies what is there, if anything is; with the files of a history that are
    /// `brought`, if any are.
    pub fn begin(
        session: &'a Session,
        brought: Option<Arc<BTreeMap<String, Vec<u8>>>>,
    ) -> Result<Self, TransactionError> {
        let lock = Lock::acquire(&session.location.folder, lock::WAIT)?;
        // As a stranger would: a pin that is at odds with what is there does not hide it.
        let stranger = Session { state: None, carried: None, brought, ..session.clone() };
        let there = match stranger.open(Depth::Everything) {
            Ok(opened) => Some(opened),
            Err(SessionError::Read(ReadError::Missing { .. })) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { session, lock, there })
    }

    /// The vault that is there.
    pub fn there(&self) -> Option<&Vault> {
        self.there.as_ref().map(|opened| &opened.vault)
    }

    /// Puts `new`, which [`Session::verify_bytes`] gave, in its place. Accepts it, but where this
    /// device has seen a later state: that it is older must stay known.
    /// `files` are those of its history, which it was verified with; how many of them were written comes beside it.
    pub fn commit(
        self,
        new: OpenedVault,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(Written, usize), TransactionError> {
        let Self { session, lock, there } = self;
        let expected =
            there.and_then(|opened| opened.stamp).map_or(Expected::Absent, Expected::Same);
        let older = !session.missing_heads(&new).is_empty() || new.pin != PinStatus::Continues;
        let text = new.vault.texts().vault;
        readable(&text, None)?;
        readable_beside(files.iter().map(|(name, bytes)| (name, bytes.len())))?;
        let written = session.bring_before(files)?;
        // Before the file is there, as in `create`.
        let unrecorded = match new.pin {
            PinStatus::Unknown => session.accept(&new.vault).err(),
            _ => None,
        };
        atomic::replace(&lock, &session.location.vault, text.as_bytes(), VAULT_MODE, expected)?;
        // Where it fails, more is there than was verified, which is not remembered as verified; the next writer takes
        // it out.
        let is_settled = session.bring(files).is_ok();
        let vault = match older || !is_settled {
            true => Written { vault: new.vault, unrecorded },
            false => finish(session, new.vault, (&text, &BTreeMap::new()), (&[], None)),
        };
        Ok((vault, written))
    }
}

/// Puts a verified vault's text in the place of what is there, and the files of its history beside it.
pub(super) fn replace(
    session: &Session,
    lock: &Lock,
    vault: Vault,
    (text, files): (&str, &BTreeMap<String, Vec<u8>>),
    expected: Expected,
) -> Result<Written, TransactionError> {
    session.bring_before(files)?;
    atomic::replace(lock, &session.location.vault, text.as_bytes(), VAULT_MODE, expected)?;
    match session.bring(files) {
        Ok(_) => Ok(finish(session, vault, (text, &BTreeMap::new()), (&[], None))),
        // More is there than was verified, which is not remembered as verified; the next writer takes it out.
        Err(_) => Ok(Written { vault, unrecorded: None }),
    }
}

/// The text of the file, which is read back before it takes the place of one that can be read: a
/// writer applies the rules of single records, and not all limits are those of one.
fn readable(text: &str, policy: Option<&ReadPolicy>) -> Result<(), TransactionError> {
    within("it", text.len())?;
    format::read_back(text, policy).map_err(TransactionError::Unreadable)
}

/// The same of what is put beside it, which nobody would read either.
fn readable_beside<'n>(
    mut files: impl Iterator<Item = (&'n String, usize)>,
) -> Result<(), TransactionError> {
    files.try_for_each(|(name, length)| within(&format!("its file history/{name}"), length))
}

fn within(what: &str, length: usize) -> Result<(), TransactionError> {
    match length > format::MAX_FILE {
        true => Err(TransactionError::TooLarge { what: what.to_owned() }),
        false => Ok(()),
    }
}

/// Records that these bytes are verified (they come of verified bytes and a checked change with these
/// `signatures`), and pins what they hold. `same` is the accepted chain where it is this vault's to the byte.
fn finish(
    session: &Session,
    vault: Vault,
    (text, beside): (&str, &BTreeMap<String, Beside>),
    (signatures, same): (&[SignatureOf], Option<&AcceptedChain>),
) -> Written {
    let chain = KeptChain::of_written(&vault, text, same);
    session.keep_written(&vault, &chain, (text, beside), signatures);
    let unrecorded = session.save(&vault, &chain, None).err();
    drop(chain);
    Written { vault, unrecorded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::history::HistoryUse;
    use crate::host::progress::Silent;
    use crate::host::real::RealHost;
    use crate::store::file::find::{FOLDER, Location};
    use crate::store::file::owners::Owners;
    use bech32::{ToBase32, Variant};
    use std::fs;
    use v_secure_core::crypto::identity::recipient_text::RecipientText;
    use v_secure_core::crypto::identity::{generate_identity, parse_identities};
    use v_secure_core::keys::policy_change;
    use v_secure_core::name::Name;
    use v_secure_core::people::init;
    use v_secure_core::people::init::InitRequest;
    use v_secure_core::policy::op::{MemberAdd, MemberKind, PolicyOp};
    use v_secure_core::record::rule::Counted;
    use v_secure_core::time::UnixTime;
    use v_secure_core::vault::unlock::Unlocked;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    /// A service with recipients that are as many and nearly as long as they may be.
    fn long_member(number: usize) -> PolicyOp {
        let long = |n: usize| {
            let mut data = vec![n as u8; 2_400];
            data[0] = number as u8;
            let text = bech32::encode("age1none", data.to_base32(), Variant::Bech32);
            RecipientText::new(text.unwrap())
        };
        let mut recipients: Vec<RecipientText> = (0..Counted::Recipients.max()).map(long).collect();
        recipients.sort();
        PolicyOp::MemberAdd(MemberAdd {
            member: name(&format!("s{number}")),
            kind: MemberKind::Service,
            recipients,
            expires: None,
        })
    }

    #[test]
    fn a_change_that_nobody_could_read_is_refused_before_the_file_changes() {
        let project = tempfile::tempdir().unwrap();
        fs::create_dir(project.path().join(FOLDER)).unwrap();
        let location = Location::in_project(project.path()).unwrap();
        let (owners, home, carried) = (Owners::current(), None, None);
        let session = Session {
            location,
            owners,
            state: None,
            home,
            carried,
            history: HistoryUse::Whole,
            brought: None,
            now: UnixTime::from_secs(1),
        };
        let made = generate_identity();
        let (member, device) = (name("olga"), name("laptop"));
        let recipient = made.recipient;
        let request = InitRequest {
            name: name("shop"),
            member,
            device,
            recipient,
            now: UnixTime::from_secs(1),
        };
        create(&session, init::init(&request, &RealHost).unwrap()).unwrap();
        let before = fs::read(&session.location.vault).unwrap();
        let transaction = Transaction::begin(&session).unwrap();
        let vault = transaction.vault();
        let who = Unlocked::new(vault, parse_identities(&made.text).unwrap()).unwrap();
        let (signer, reason) = (who.signer(vault).unwrap(), String::new());
        let (who, signer, random, progress) = (&who, &signer, &RealHost, &Silent);
        let ctx = Ctx { who, signer, random, now: UnixTime::from_secs(1), reason, progress };
        let allowed = PolicyOp::Setting { key: "plugins.allow".into(), value: "none".into() };
        let ops =
            |count| std::iter::once(allowed.clone()).chain((0..count).map(long_member)).collect();
        let (long, _) = policy_change::change(vault, ops(40), &ctx).unwrap();
        let error = transaction.commit(long).unwrap_err();
        let TransactionError::Unreadable(source) = &error else { panic!("{error}") };
        assert_eq!((source.code(), source.line), ("line-too-long", 11));
        assert_eq!(fs::read(&session.location.vault).unwrap(), before);
        let transaction = Transaction::begin(&session).unwrap();
        let (short, _) = policy_change::change(transaction.vault(), ops(2), &ctx).unwrap();
        assert_eq!(transaction.commit(short).unwrap().vault.chain().len(), 3);
    }
}
