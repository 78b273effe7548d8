//! What `doctor` reports, and the table of its codes (`docs/doctor.md` is compared with it).

use crate::cli::error::Failure;
use v_secure_core::log::finding as log;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::doctor::{DoctorFindingView, DoctorSeverity};

macro_rules! codes {
    ($($code:ident $text:literal $severity:ident $meaning:literal,)+) => {
        /// What was found. The texts are stable: scripts may match them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum DoctorCode {
            $(#[doc = $meaning] $code,)+
        }

        impl DoctorCode {
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            pub const fn severity(self) -> DoctorSeverity {
                match self { $(Self::$code => DoctorSeverity::$severity,)+ }
            }

            /// One line, for the document.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$code => $meaning,)+ }
            }
        }
    };
}

codes! {
    VaultFound "vault-found" Ok "There is a vault, and all of it verifies.",
    VaultNone "vault-none" Note "No vault is in this folder or above it.",
    VaultRefused "vault-refused" Error "There is a vault, but it is not used: it is a link, belongs to another user, or is not at the given path.",
    VaultBroken "vault-broken" Error "The vault does not verify, or cannot be read.",
    IdentityFound "identity-found" Ok "An identity here belongs to a member.",
    IdentityNone "identity-none" Note "There is no identity and no vault yet.",
    IdentityMissing "identity-missing" Error "There is a vault, and no identity to open it with.",
    IdentityStranger "identity-stranger" Error "The identities here belong to no member of the vault.",
    IdentityClosed "identity-closed" Warning "Nothing opens the vault without asking, for a passphrase for example.",
    IdentityPassed "identity-passed" Note "A way to unlock did not open the vault; a later one did.",
    IdentityUnusable "identity-unusable" Warning "A place for an identity holds no usable identity.",
    IdentityExposed "identity-exposed" Warning "Other accounts can read the identity's file.",
    IdentityReadsOnly "identity-reads-only" Note "This identity has no signing key: it can read and not write.",
    SessionOpen "session-open" Ok "'v-secure unlock' keeps the vault open.",
    SessionStale "session-stale" Note "What 'v-secure unlock' keeps does not fit the vault as it is now.",
    KeyringSound "keyring-sound" Ok "The OS keyring opens the vault on this device.",
    KeyringBroken "keyring-broken" Warning "This device's keyring slot does not open the vault.",
    ConfigUnusable "config-unusable" Error "config.toml, or a variable of v-secure, cannot be used.",
    HomeMissing "home-missing" Warning "There is no home folder: nothing is found or remembered there but what the XDG variables place.",
    PinAccepted "pin-accepted" Ok "The vault continues what this device accepted before.",
    PinFirstUse "pin-first-use" Note "This device has never accepted this vault.",
    PinOlder "pin-older" Warning "The vault is an older state than this device has seen.",
    PinRefused "pin-refused" Error "The vault is not the one that was accepted here or in this project, or its history diverges from it.",
    PinUnreadable "pin-unreadable" Error "What this device accepted cannot be read.",
    PermissionsSound "permissions-sound" Ok "Nobody else can write the vault or what this device keeps.",
    VaultWritable "vault-writable-by-others" Warning "Other accounts can replace the vault.",
    VaultReadOnly "vault-read-only" Note "The vault cannot be written here: reading works.",
    FolderUnusable "folder-unusable" Error "Another user can write to a folder where v-secure keeps its files.",
    FolderExposed "folder-exposed" Warning "Other accounts can read a folder of v-secure.",
    FolderReadOnly "folder-read-only" Warning "The state folder cannot be written: pins and the journal of reads are not kept.",
    ClockSound "clock-sound" Ok "The clock is not behind the vault's entries.",
    ClockBehind "clock-behind" Warning "The clock is before the newest entry: expiry is judged wrongly.",
    ClockAbsurd "clock-absurd" Error "The clock is before the first v-secure, or far in the future.",
    GitSound "git-sound" Ok "git tracks the vault and keeps its bytes.",
    GitNone "git-none" Note "The project is in no git repository.",
    GitUnusable "git-unusable" Warning "The project is in a git repository, but git fails.",
    GitUntracked "git-untracked" Warning "git does not track the vault: nobody else gets it.",
    GitIgnored "git-ignored" Error "git ignores the vault: it is never committed.",
    GitAttributes "git-attributes" Warning "git may change the vault's line ends, which breaks every signature.",
    GitLock "git-lock" Note "git tracks the vault's lock file, or does not ignore it.",
    DriverInstalled "driver-installed" Ok "git merges the vault by its records, and shows its changes in words.",
    DriverMissing "driver-missing" Note "This clone merges the vault as text, and may need 'v-secure git resolve' afterwards, or shows its changes as text.",
    HistoryAbsent "history-absent" Note "The closed history is not in this clone, which reads values without it.",
    HistoryNeeded "history-needed" Warning "Some secrets cannot be read without the closed history.",
    HistoryLong "history-long" Note "Most of the vault's file is history, which 'v-secure history close' puts aside.",
    HistoryLeft "history-left" Note "Files in the folder of the closed history belong to no closing of this vault.",
    HookInstalled "hook-installed" Ok "git verifies the staged vault before every commit.",
    HookMissing "hook-missing" Note "No hook verifies the staged vault before a commit.",
    HookOld "hook-old" Note "The hook is one that an older v-secure wrote.",
    HookHelpless "hook-helpless" Warning "The hook is there, and v-secure is not on PATH: every commit fails.",
    PlainFile "plain-file" Warning "A dotenv file that git does not ignore holds secrets of the vault in plain text.",
    PlainKey "plain-key" Warning "A file that git tracks holds the private key of a member.",
    RecoverySound "recovery-sound" Ok "Losing one identity does not lose the vault.",
    RecoveryNone "recovery-none" Warning "Only one identity can open everything: losing it loses the vault.",
    OwnersFew "owners-few" Warning "Losing one device would leave too few owners who can sign.",
    ProposalWaits "proposal-waits" Note "A change waits for the signature of this owner.",
    ProposalsOver "proposals-over" Note "A proposal to owners cannot be signed: the policy has changed since, or its files have.",
    ProposalsUnreadable "proposals-unreadable" Warning "The folder with the proposals to owners cannot be read.",
    MembersSound "members-sound" Ok "No member has expired.",
    MemberExpired "member-expired" Warning "A member has expired, and still has its rights.",
    MemberExpiring "member-expiring" Note "A member expires soon.",
    MemberKeyUnused "member-key-unused" Note "A device's signing key has never signed anything.",
    MemberIdle "member-idle" Note "A member is in no role: it can read nothing.",
    SecretsSound "secrets-sound" Ok "No secret is expired or expires soon.",
    SecretExpired "secret-expired" Warning "A secret is past its expiry: get and exec refuse it.",
    SecretExpiring "secret-expiring" Note "A secret expires within seven days.",
    ContentsSound "contents-sound" Ok "Every envelope and value that this identity may open opens.",
    ContentsUnasked "contents-unasked" Note "Nothing was opened to see whether it opens, since a plugin would be asked.",
    EpochsMissing "epochs-missing" Warning "An envelope lacks the keys of earlier epochs.",
    EnvelopeWaiting "envelope-waiting" Warning "An envelope was not sealed to this identity yet.",
    EnvelopeClosed "envelope-closed" Error "An envelope that was sealed to this identity does not open.",
    ValueClosed "value-closed" Error "A current value does not open, though its audience's envelope does.",
    SecretsExposed "secrets-exposed" Warning "Somebody without the right to read a current value may know it.",
}

/// One thing found. Of findings about the history the code is one of `audit verify`'s.
#[derive(Debug, Clone)]
pub(crate) struct DoctorFinding {
    pub severity: DoctorSeverity,
    pub code: &'static str,
    /// One sentence, escaped for display.
    pub what: String,
    /// What mends it.
    pub command: Option<String>,
}

impl DoctorFinding {
    pub fn new(code: DoctorCode, what: impl AsRef<str>) -> Self {
        Self {
            severity: code.severity(),
            code: code.as_str(),
            what: escape_for_display(what.as_ref()).into_owned(),
            command: None,
        }
    }

    #[must_use]
    pub fn mend(mut self, command: impl AsRef<str>) -> Self {
        self.command = Some(escape_for_display(command.as_ref()).into_owned());
        self
    }

    /// What a command would have failed with.
    pub(crate) fn of_failure(code: DoctorCode, failure: &Failure) -> Self {
        let texts: Vec<&str> =
            std::iter::once(&failure.message).chain(&failure.causes).map(String::as_str).collect();
        let finding = Self::new(code, texts.join(": "));
        match failure.hints.first() {
            Some(hint) => finding.mend(hint),
            None => finding,
        }
    }
}

impl<'a> From<&'a DoctorFinding> for DoctorFindingView<'a> {
    fn from(found: &'a DoctorFinding) -> Self {
        let DoctorFinding { severity, code, what, command } = found;
        Self { severity: *severity, code, what, command: command.as_deref() }
    }
}

impl From<log::Finding> for DoctorFinding {
    fn from(found: log::Finding) -> Self {
        let severity = match found.severity {
            log::Severity::Error => DoctorSeverity::Error,
            log::Severity::Warning => DoctorSeverity::Warning,
            log::Severity::Notice => DoctorSeverity::Note,
        };
        let command = found.hint;
        Self { severity, code: found.code.as_str(), what: found.message, command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_explained_in_one_sentence() {
        let mut texts: Vec<&str> = DoctorCode::ALL.iter().map(|code| code.as_str()).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), DoctorCode::ALL.len());
        assert!(DoctorCode::ALL.iter().all(|code| code.meaning().ends_with('.')));
    }
}
