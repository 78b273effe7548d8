//! Of secrets: reading, writing, removing, copying and exporting them.

use super::{closed_keys, names, who_gives_keys};
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Unknown};
use v_secure_core::convert::export::ExportError;
use v_secure_core::convert::inject::InjectError;
use v_secure_core::convert::text;
use v_secure_core::secret::copy::CopyError;
use v_secure_core::secret::expire::ExpireError;
use v_secure_core::secret::put::PutError;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::remove::RemoveError;
use v_secure_core::secret::resolve::ResolveError;
use v_secure_core::secret::rollback::RollbackError;
use v_secure_core::secret::take_back::TakeBackError;
use v_secure_core::secret::waived::WaiveError;

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            ReadError::NotFound { secret } => is(Code::NotFound)
                .of_unknown(Unknown::Secret(secret.clone()))
                .hint(format!("v-secure ls -e {}", secret.environment())),
            ReadError::Gone { secret } => is(Code::Removed)
                .hint(format!("v-secure secret restore {secret}"))
                .hint(format!("v-secure secret versions {secret}")),
            ReadError::NoVersion { secret } | ReadError::Ambiguous { secret } => {
                is(Code::NoVersion).hint(format!("v-secure secret versions {secret}"))
            }
            ReadError::Pruned { secret, number } => {
                let failure = is(Code::Pruned);
                let failure = match number {
                    None => failure.hint(format!("v-secure set {secret}")),
                    Some(_) => failure,
                };
                failure.hint(format!("v-secure secret versions {secret}"))
            }
            ReadError::Expired { secret, since, kept } => {
                let mut failure = is(Code::Expired);
                failure
                    .causes
                    .push(format!("since {}", v_secure_core::convert::duration::rfc3339(*since)));
                let failure = failure.hint(format!("v-secure set {secret}"));
                match kept {
                    Some(number) => failure.hint(format!(
                        "v-secure secret expire {secret} --version {number} --ttl 30d  # where its value is still good"
                    )),
                    None => failure,
                }
            }
            ReadError::NotPermitted { secret, readers, .. } => is(Code::NotPermitted)
                .hint(format!("v-secure access list --secret-id {secret}"))
                .hint(format!("ask one who can read it: {}", names(readers))),
            ReadError::Unsettled { secret, able, .. } => is(Code::Unsettled).hint(format!(
                "who can settle it, by 'v-secure access settle' or a new value of {secret}: {}",
                names(able)
            )),
            ReadError::Missing { .. } => is(Code::ObjectMissing)
                .hint("v-secure audit verify")
                .hint("git log -p -- .v-secure/vault.toml"),
            ReadError::Open { secret, .. } => is(Code::ValueDamaged)
                .hint("v-secure audit verify")
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure set {secret}  # which replaces it")),
            ReadError::TooLong { secret } => is(Code::ValueTooLong)
                .with_exit(Exit::Integrity)
                .hint(format!("v-secure set {secret}  # which replaces it"))
                .hint(format!(
                    "v-secure audit log --secret-id {secret}  # which tells who wrote it"
                )),
            ReadError::Keys { .. } => closed_keys(Code::Keys, &error),
        }
    }
}

impl From<PutError> for Failure {
    fn from(error: PutError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            PutError::NotPermitted { able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            PutError::NoAudience { able, .. } | PutError::Due { able, .. } => {
                is(Code::NoAudience).hint(who_gives_keys(able))
            }
            PutError::Keys { .. } => closed_keys(Code::Keys, &error),
            PutError::TooLong { .. } => is(Code::ValueTooLong)
                .hint("keep it in an encrypted file, and that file's key in the vault")
                .hint("split -b 10M FILE PART-, and set each part under a name of its own"),
            PutError::Seal { .. } => is(Code::Seal),
            PutError::Nothing => is(Code::Nothing),
        }
    }
}

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            RemoveError::Read(error) => error.into(),
            RemoveError::NotPermitted { ref able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            RemoveError::NotRemoved { ref secret }
            | RemoveError::VersionNotRemoved { ref secret, .. } => {
                is(Code::NotRemoved).hint(format!("v-secure secret versions {secret}"))
            }
        }
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            ResolveError::Read(error) => error.into(),
            ResolveError::NotPermitted { ref able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            ResolveError::NoConflict { ref secret }
            | ResolveError::NotActive { ref secret, .. } => {
                is(Code::NoConflict).hint(format!("v-secure secret versions {secret}"))
            }
        }
    }
}

impl From<ExpireError> for Failure {
    fn from(error: ExpireError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            ExpireError::Read(error) => error.into(),
            ExpireError::NotPermitted { ref able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            ExpireError::Removed { ref secret, number } => is(Code::Removed)
                .hint(format!("v-secure secret restore {secret} --version {number}")),
        }
    }
}

impl From<WaiveError> for Failure {
    fn from(error: WaiveError) -> Self {
        match error {
            WaiveError::Read(error) => error.into(),
            WaiveError::Put(error) => error.into(),
            WaiveError::NotOwner { ref owners, .. } => Self::from_error(Code::NotPermitted, &error)
                .hint(format!("who can: {}", names(owners))),
        }
    }
}

impl From<RollbackError> for Failure {
    fn from(error: RollbackError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            RollbackError::Read(error) => error.into(),
            RollbackError::Put(error) => error.into(),
            RollbackError::Current { ref secret, .. } => {
                is(Code::Current).hint(format!("v-secure secret versions {secret}"))
            }
            RollbackError::Removed { ref secret, number } => is(Code::Removed)
                .hint(format!("v-secure secret restore {secret} --version {number}")),
            RollbackError::Retired { ref secret, .. } => {
                is(Code::Retired).hint(format!("v-secure set {secret}"))
            }
        }
    }
}

impl From<TakeBackError> for Failure {
    fn from(error: TakeBackError) -> Self {
        match error {
            TakeBackError::Read(error) => error.into(),
            TakeBackError::Put(error) => error.into(),
            TakeBackError::NotPermitted { ref able, .. } => {
                Self::from_error(Code::NotPermitted, &error)
                    .hint(format!("who can: {}", names(able)))
            }
        }
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            CopyError::Read(error) => error.into(),
            CopyError::Put(error) => error.into(),
            CopyError::Remove(error) => error.into(),
            CopyError::Same { .. } => is(Code::SameName),
            CopyError::Exists { ref secret } => is(Code::Exists)
                .hint(format!("v-secure secret show {secret}"))
                .hint("--overwrite, to replace it (its versions stay in the history)"),
            CopyError::Conflict { ref secret } => is(Code::Conflict)
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure set {secret}  # which settles it")),
        }
    }
}

impl From<InjectError> for Failure {
    fn from(error: InjectError) -> Self {
        let mut failure = match &error {
            InjectError::Clash { .. } | InjectError::Taken { .. } => {
                Self::from_error(Code::Environment, &error).with_exit(Exit::Conflict)
            }
            _ => Self::from_error(Code::Environment, &error),
        };
        failure.causes.extend(error.each().iter().map(ToString::to_string));
        failure.hints.extend(error.hints());
        failure
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Variable(error) => error.into(),
            ExportError::Text { ref source, format } => {
                let (others, goes_without) = carried_by(source);
                let failure = others
                    .iter()
                    .fold(Self::from_error(Code::ExportFormat, &error), |failure, hint| {
                        failure.hint(*hint)
                    });
                match goes_without {
                    true => failure.hint(format!(
                        "v-secure export --format {} --only NAME,…  # those that the format carries",
                        format.as_str()
                    )),
                    false => failure,
                }
            }
        }
    }
}

const SHELL: &str = "v-secure export --format shell  # which carries all but NUL";
const JSON: &str = "v-secure export --format json  # which carries any text";
const FILE: &str = "v-secure exec --as-file VAR=NAME -- PROGRAM  # a file that the program reads";

/// What carries a value that a format does not, and whether to leave it out is worth a word.
fn carried_by(error: &text::ExportError) -> (&'static [&'static str], bool) {
    use text::ExportError as E;
    match error {
        E::Quoting { .. } | E::Reference { .. } => (&[SHELL, JSON], false),
        E::NotUtf8 { .. } => (&[SHELL, FILE], true),
        E::Nul { .. } => (&[FILE], true),
        _ => (&[JSON], true),
    }
}
