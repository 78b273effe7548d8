//! From each layer's typed errors to what a user sees: one `From` an error type.

pub mod closed;
mod departure;
pub(crate) mod earlier_form;
pub mod merging;
pub mod one_commit;
mod policy;
mod publishing;
mod rotating;
mod rotations;
mod secrets;
mod writing;

use super::pin_failures::ACCEPT;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::cli::output::shell_word;
use crate::engine::session::SessionError;
use crate::store::file::find::{FOLDER, FindError};
use crate::store::file::read::ReadError as FileError;
use crate::store::git::base::BaseError;
use crate::store::git::index as git_index;
use crate::store::state::pins::PinError;
use std::error::Error;
use std::path::Path;
use v_secure_core::crypto::envelope::EnvelopeError;
use v_secure_core::file::format::FormatError;
use v_secure_core::log::finding::{Finding, FindingCode, Severity};
use v_secure_core::merge;
use v_secure_core::name::Name;
use v_secure_core::people::init::InitError;
use v_secure_core::people::recovery;
use v_secure_core::vault::HistoryError;
use v_secure_core::vault::OpenError;
use v_secure_core::vault::unlock::{KeyError, SignerError};

/// Keys that do not open: a plugin that was not there for a touch or a PIN is no fault of the vault, and
/// neither are keys that nobody has given yet.
fn closed_keys(code: Code, error: &(dyn Error + 'static)) -> Failure {
    let waits = match key_error(error) {
        Some(KeyError::NoAudience { able, .. }) => Some((Code::NoAudience, able)),
        Some(KeyError::Waiting { able, .. }) => Some((Code::Unsettled, able)),
        _ => None,
    };
    if let Some((code, able)) = waits {
        let failure = Failure::from_error(code, error);
        return failure.hint(who_gives_keys(able));
    }
    match EnvelopeError::is_of_plugin(error) {
        true => Failure::from_error(Code::Plugin, error),
        false => Failure::from_error(code, error),
    }
}

/// The error of an audience's keys that another one stands on, or is.
fn key_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e KeyError> {
    let mut next = Some(error);
    std::iter::from_fn(|| {
        let this = next?;
        next = this.source();
        Some(this)
    })
    .find_map(|error| error.downcast_ref())
}

/// Whom somebody asks who waits for keys, and what these type.
fn who_gives_keys(able: &[Name]) -> String {
    match able {
        [] => "ask an owner, who gives the keys by: v-secure access settle".to_owned(),
        _ => format!(
            "ask one of these, who gives the keys by 'v-secure access settle': {}",
            names(able)
        ),
    }
}

/// The members who can be asked.
fn names(names: &[Name]) -> String {
    recovery::to_ask(names).into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

/// With a command on a path, where its name can be typed as it is shown.
fn typed(failure: Failure, path: &Path, command: impl Fn(&str) -> String) -> Failure {
    match shell_word::path(path) {
        Some(path) => failure.hint(command(&path)),
        None => failure,
    }
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        match &error {
            FindError::NotFound { .. } => Self::from_error(Code::NoVault, &error)
                .hint("v-secure init")
                .hint("v-secure --vault PATH …  # or V_SECURE_VAULT"),
            FindError::Missing { .. } => Self::from_error(Code::NoVault, &error)
                .hint("cd FOLDER && v-secure init  # for a new one there")
                .hint("v-secure --vault PATH …  # or V_SECURE_VAULT"),
            FindError::OtherOwner { path, .. } => {
                let failure = Self::from_error(Code::VaultRefused, &error);
                typed(failure, path, |path| {
                    format!("sudo chown -R \"$(id -un)\" {path}  # if it is yours")
                })
            }
            FindError::Symlink { path }
            | FindError::NotAFile { path }
            | FindError::NotAFolder { path }
            | FindError::Io { path, .. } => {
                let failure = Self::from_error(Code::VaultRefused, &error);
                typed(failure, path, |path| format!("ls -ld {path}"))
            }
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match &error {
            SessionError::Open { path, source } => open_failure(path, source),
            SessionError::Lacking { path, source } => merging::lacking(path, source),
            SessionError::MergedAsText { path, source } => {
                merging::merged_as_text(&error, path, source)
            }
            SessionError::Unmerged { .. } => merging::unmerged(&error),
            SessionError::Empty { path } => empty(&error, path),
            SessionError::Read(FileError::TooLarge { .. }) => {
                Self::from_error(Code::FileTooLarge, &error)
            }
            SessionError::Read(_) => Self::from_error(Code::VaultRead, &error),
            SessionError::Pin(
                PinError::Damaged { .. }
                | PinError::Older { .. }
                | PinError::Around { .. }
                | PinError::Differs { .. },
            )
            | SessionError::PinnedLine(_)
            | SessionError::PinnedChain(_) => Self::from_error(Code::Pin, &error).hint(ACCEPT),
            SessionError::Pin(_) => Self::from_error(Code::State, &error),
        }
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        let code = match &error {
            BaseError::Ambiguous { .. } => Code::BaseAmbiguous,
            BaseError::NoVault { .. } => Code::BaseWithoutVault,
            BaseError::NotFetched { .. } => Code::BaseNotFetched,
            BaseError::NoGit { .. } => Code::NoGit,
            BaseError::NoRepository { .. } => Code::NoRepository,
            BaseError::File(FileError::TooLarge { .. }) => Code::FileTooLarge,
            _ => Code::BaseMissing,
        };
        let failure = Self::from_error(code, &error);
        match &error {
            BaseError::Ambiguous { refs, .. } => {
                let named = refs.iter().filter_map(|name| shell_word::word(name));
                named.fold(failure, |failure, name| failure.hint(format!("--base {name}")))
            }
            BaseError::NoRevision { .. } => failure
                .hint("git branch --all  # the names that git knows here")
                .hint("git fetch --unshallow  # where the clone is shallow")
                .hint("write a file as ./FILE"),
            BaseError::NoGit { .. } => failure.hint("install git").hint("write a file as ./FILE"),
            BaseError::NoRepository { .. } => failure.hint("write a file as ./FILE"),
            BaseError::NotFetched { revision, folder, path } => {
                match words_of_commit(revision, folder, path) {
                    Some((folder, file)) => failure.hint(format!(
                        "git -C {folder} cat-file -e {file}  # fetches it; then the same again"
                    )),
                    None => failure,
                }
            }
            _ => failure,
        }
    }
}

/// The words for a vault of a commit, wherever they are typed: a folder, and the file from there.
fn words_of_commit(revision: &str, folder: &Path, path: &Path) -> Option<(String, String)> {
    let file = shell_word::operand(&format!("{revision}:{}", path.to_str()?))?;
    Some((shell_word::path(folder)?, file))
}

/// A file that a shell made for a command that wrote nothing, such as the side of a conflict that has no
/// vault.
fn empty(error: &SessionError, path: &Path) -> Failure {
    let failure = Failure::from_error(Code::FileEmpty, error)
        .hint("git log --all --oneline -- .v-secure/vault.toml  # REV: one that has the vault; in a conflict, :2 or :3");
    match shell_word::path(path) {
        _ if path.parent().is_some_and(|folder| folder.ends_with(FOLDER)) => {
            failure.hint("git checkout REV -- .v-secure/vault.toml")
        }
        Some(file) => {
            failure.hint(format!("git show REV:./.v-secure/vault.toml > {file}  # writes it anew"))
        }
        None => failure,
    }
}

/// A clone of a repository whose `.gitattributes` are not committed, on a machine that converts text.
fn changed_line_ends(path: &Path, error: &FormatError) -> Failure {
    let place = path.display();
    let message = format!("{place} has other line ends than git has: core.autocrlf changes them");
    let failure = Failure::new(Code::Of(error.into()), message)
        .because(&error.cause)
        .hint("v-secure git install  # tells git to leave them alone; then:");
    match shell_word::path(path).zip(shell_word::pathspec(path)) {
        Some((file, path)) => failure.hint(format!("rm {file} && git checkout -- {path}")),
        None => failure,
    }
}

pub(super) fn history_failure(path: &Path, error: &HistoryError) -> Failure {
    let place = path.display();
    let (code, message) = match error {
        HistoryError::Missing { .. } => (
            Code::HistoryMissing,
            format!(
                "this takes what was closed of the history of {place}, and not all of that is here"
            ),
        ),
        HistoryError::Other { .. } | HistoryError::Format { .. } => {
            (Code::HistoryWrong, format!("the history beside {place} is not the vault's"))
        }
    };
    let failure = Failure::new(code, message).because(error);
    closed::ways_back(path, error.name()).into_iter().fold(failure, Failure::hint)
}

fn open_failure(path: &Path, error: &OpenError) -> Failure {
    let place = path.display();
    match error {
        OpenError::Format(source) => {
            if source.needs_newer() {
                let message = format!("{place} needs a newer v-secure");
                let mut failure = Failure::new(Code::NeedsNewer, message);
                // The error's text has its cause in it.
                failure.causes.push(source.to_string());
                return failure;
            }
            if source.is_of_line_ends() && git_index::has_other_line_ends(path) {
                return changed_line_ends(path, source);
            }
            let message = format!("{place}, line {}: not a valid vault file", source.line);
            let failure = Failure::new(Code::Of(source.into()), message)
                .because(&source.cause)
                .hint("git log -p -- .v-secure/vault.toml")
                .hint("git checkout REV -- .v-secure/vault.toml");
            earlier_form::told(failure, path)
        }
        OpenError::Chain(source) => {
            let message = format!("{place}: the policy chain is broken");
            Failure::new(Code::Of(source.into()), message)
                .because(source)
                .hint("v-secure audit verify")
        }
        OpenError::Findings(findings) => {
            let code = findings.first().map_or(Code::Refused, |first| Code::Of(first.code.into()));
            let mut failure = Failure::new(code, format!("{place} does not verify"));
            failure.causes =
                findings.iter().map(|finding| finding.message.clone()).take(5).collect();
            if merge::is_of_lost(error) {
                failure = failure.hint(merging::FROM_HISTORY);
            } else if merging::waits(path, error) {
                failure = failure.hint(merging::RESOLVE);
            }
            if one_commit::is_one(findings) {
                failure = one_commit::led_out(failure, path);
            }
            if is_lost_beside(findings) {
                let ways = closed::ways_back_to_versions(path);
                failure = ways.into_iter().fold(failure, Failure::hint);
            }
            let failure =
                failure.hint("v-secure audit verify").hint("git log -p -- .v-secure/vault.toml");
            earlier_form::told(failure, path)
        }
        OpenError::History(source) => history_failure(path, source),
        OpenError::OtherVault => Failure::from_error(Code::HeaderVault, error)
            .hint("git log -p -- .v-secure/vault.toml")
            .hint("git checkout REV -- .v-secure/vault.toml"),
    }
}

/// Whether what closed history lacks is all that is wrong.
fn is_lost_beside(findings: &[Finding]) -> bool {
    let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let is_lost = |finding: &&Finding| {
        matches!(finding.code, FindingCode::ObjectMissing | FindingCode::WrapMissing)
    };
    let of_history = |hint: &String| hint.starts_with("git checkout ");
    errors.clone().next().is_some_and(|first| first.hint.as_ref().is_some_and(of_history))
        && errors.all(|finding| is_lost(&finding))
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match &error {
            KeyError::NotInAudience { readers, .. } => Self::from_error(Code::NotPermitted, &error)
                .hint(format!("ask one who can read it: {}", names(readers))),
            KeyError::Envelope { .. }
            | KeyError::NoAudience { .. }
            | KeyError::Waiting { .. }
            | KeyError::Kept { .. } => closed_keys(Code::Envelope, &error),
        }
    }
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        if EnvelopeError::is_of_plugin(&error) {
            return Self::from_error(Code::Plugin, &error);
        }
        Self::from_error(Code::NoSigningKey, &error)
            .hint("v-secure member request  # and give the line to a member who may grant")
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        Self::from_error(Code::Init, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::exit::Exit;
    use v_secure_core::name::SecretName;
    use v_secure_core::name::audience::AudienceName;
    use v_secure_core::secret::read::ReadError;

    /// Such a vault does not pass verification, so that no command's test reaches it.
    #[test]
    fn who_waits_for_keys_is_told_whom_to_ask() {
        let able = |names: &[&str]| names.iter().map(|name| Name::new(*name).unwrap()).collect();
        let waiting = |names: &[&str]| KeyError::NoAudience {
            audience: AudienceName::new("dev+owner"),
            able: able(names),
        };
        let secret = SecretName::parse("dev/DB").unwrap();
        let nested = ReadError::Keys { secret, source: waiting(&["ada", "recovery"]) };
        let said = "ask one of these, who gives the keys by 'v-secure access settle': ada";
        for failure in [Failure::from(waiting(&["ada", "recovery"])), nested.into()] {
            assert_eq!((failure.exit, failure.code), (Exit::NotPermitted, Code::NoAudience));
            assert_eq!(failure.steps(), [said]);
        }
        let nobody = Failure::from(waiting(&[]));
        assert_eq!(nobody.steps(), ["ask an owner, who gives the keys by: v-secure access settle"]);
    }
}
