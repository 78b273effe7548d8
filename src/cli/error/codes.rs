//! Every code that a failure can carry: its exit codes, what it means, and the step that helps where
//! the failure itself names none. `docs/errors.md` is made from this table.

use super::ending::Ending;
use super::exit::Exit::{
    self, Child, Conflict, Expired, Failure, Integrity, Locked, NotFound, NotPermitted, Usage,
};
use super::layer::LayerCode;

/// What the table says of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub code: Code,
    /// The usual one first.
    pub exits: &'static [Exit],
    /// One line, for the document.
    pub meaning: &'static str,
    /// Shown where a failure has no hint of its own.
    pub next: &'static str,
}

macro_rules! codes {
    ($($code:ident $text:literal [$exit:expr $(, $other:expr)*] $meaning:literal, $next:literal;)+) => {
        /// Why a command fails. The texts are stable: scripts may match them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $code,)+
            /// No failure of v-secure's: how the process ends after another one, or a signal.
            Ended(Ending),
            /// The code of a layer's own error.
            Of(LayerCode),
        }

        /// Codes of commands, in byte order. Those of a broken vault file and policy chain are their
        /// layers' own (`file::format::error`, `policy::error`).
        pub const COMMANDS: &[Known] = &[$(Known {
            code: Code::$code,
            exits: &[$exit $(, $other)*],
            meaning: $meaning,
            next: $next,
        },)+];

        impl Code {
            /// Kebab-case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)+
                    Self::Ended(ending) => ending.as_str(),
                    Self::Of(layer) => layer.as_str(),
                }
            }

            /// The usual exit code. A layer refuses what it finds in a vault, unless a command asked it
            /// to write that.
            pub const fn exit(self) -> Exit {
                match self {
                    $(Self::$code => $exit,)+
                    Self::Ended(ending) => ending.exit(),
                    Self::Of(_) => Integrity,
                }
            }

            /// The step that helps.
            pub fn next(self) -> Option<&'static str> {
                match self {
                    $(Self::$code => Some($next),)+
                    Self::Ended(_) => None,
                    Self::Of(layer) => next_of(layer.as_str()),
                }
            }
        }
    };
}

/// A layer may call a fault as a command does.
fn next_of(text: &str) -> Option<&'static str> {
    let known = COMMANDS.iter().find(|known| known.code.as_str() == text);
    known.map(|known| known.next).or(text.starts_with("policy-").then_some("v-secure access list"))
}

codes! {
    AgeDebug "age-debug" [Usage] "AGEDEBUG would make age print keys", "unset AGEDEBUG";
    AsFile "as-file" [Failure] "The files of --as-file cannot be made here", "v-secure get NAME > FILE";
    AudienceRetired "audience-retired" [Conflict] "An audience names a role that no longer exists", "v-secure role list";
    BackupDamaged "backup-damaged" [Integrity] "A file is not a backup, or is damaged", "restore another copy of it";
    BackupIdentity "backup-identity" [NotFound] "The backup holds no identity", "v-secure backup create FILE --with-identity --passphrase";
    BackupLocked "backup-locked" [Locked] "Nothing here opens the backup", "v-secure --identity FILE backup restore BACKUP";
    BackupOlder "backup-older" [Conflict] "The vault has what the backup lacks", "v-secure --vault EMPTY_FOLDER backup restore FILE";
    BackupOtherVault "backup-other-vault" [Integrity] "The backup belongs to another vault", "v-secure --vault EMPTY_FOLDER backup restore FILE";
    BackupReader "backup-reader" [Usage] "A backup with an identity needs a recipient or a passphrase", "v-secure backup create FILE --with-identity --passphrase";
    BackupSignature "backup-signature" [Integrity] "A backup was not made by the member it names", "restore another copy of it";
    BackupTerminal "backup-terminal" [Usage] "A terminal cannot show a binary file", "v-secure backup create - --armor";
    BackupTooLarge "backup-too-large" [Conflict] "The vault and its history are larger than a backup may be", "copy the folder .v-secure, which is all of the vault";
    BadFilter "bad-filter" [Usage] "A filter is not valid", "rotation, read, policy, secret=NAME or actor=MEMBER";
    BadGenerator "bad-generator" [Usage] "--generate does not name a valid generator", "v-secure set --help";
    BadInstance "bad-instance" [Usage] "The name of an instance is not valid", "--instance web-3";
    BadMeta "bad-meta" [Usage] "--meta is not KEY=VALUE", "v-secure secret set --help";
    BadName "bad-name" [Usage] "The name of a secret, environment or member is not valid", "names are letters, digits, '.', '_' and '-'";
    BadPattern "bad-pattern" [Usage] "A pattern is not ENVIRONMENT/NAME with at most one '*', at its end", "v-secure access grant --help";
    BadReason "bad-reason" [Usage] "The reason cannot be stored: too long, or with control characters", "--reason TEXT, on one line";
    BadShare "bad-share" [Usage] "A share of the instances is not valid", "--to 5%";
    BadText "bad-text" [Usage] "A text cannot be stored: too long, or with control characters", "v-secure secret set --help";
    BadTime "bad-time" [Usage] "A time or duration is not valid", "times are such as 30d, 12h, 2030-01-31, 2030-01-31T12:00:00Z";
    BadType "bad-type" [Usage] "The type of a secret is not one of the known ones", "types are database_credential, api_key, jwt_key, tls_certificate, ssh_key, oauth_token, config, generic";
    BadValue "bad-value" [Usage] "A setting's value is not valid", "v-secure settings set KEY --unset";
    BadVariable "bad-variable" [Usage, Failure] "The variable of a secret is not a valid name, or is dangerous to programs", "v-secure set NAME --var VARIABLE";
    BaseAmbiguous "base-ambiguous" [Conflict] "The base to compare with may be a branch or a tag", "git show-ref NAME";
    BaseMissing "base-missing" [NotFound] "The base to compare with is not there", "git log --oneline -- .v-secure/vault.toml";
    BaseNotFetched "base-not-fetched" [Conflict] "A revision has a vault whose bytes this clone has not fetched", "git fetch --refetch --no-filter";
    BaseOtherVault "base-other-vault" [Conflict] "The base to compare with is of another vault", "v-secure --vault FILE pin show";
    BaseWithoutVault "base-without-vault" [NotFound] "The base to compare with has no vault", "git log --oneline -- .v-secure/vault.toml";
    ChildStart "child-start" [Child(126), Child(127)] "exec's program cannot run", "check the program's name and path";
    Closed "closed" [Integrity] "The secrets to settle cannot be opened", "v-secure doctor";
    Config "config" [Failure] "The user's config.toml cannot be used", "v-secure doctor";
    ConfigFolder "config-folder" [Failure] "The folder for identities cannot be used", "v-secure doctor";
    Conflict "conflict" [Conflict] "The secret has several active versions since a merge", "v-secure secret resolve NAME --take VERSION";
    CredentialInactive "credential-inactive" [Failure] "A value does not work at the provider of its secret", "v-secure rotation settle NAME";
    CredentialUnknown "credential-unknown" [Failure] "Whether a value works at the provider of its secret cannot be told now", "v-secure provider list";
    Current "current" [Conflict] "The version to roll back to is the current one", "v-secure secret versions NAME";
    CurrentFolder "current-folder" [Failure] "The current folder cannot be read", "cd to a folder that exists";
    Declined "declined" [Failure] "A question was answered with no", "the same command asks again";
    DeviceKey "device-key" [Failure] "No key for this device could be made", "v-secure doctor";
    DeviceTaken "device-taken" [Conflict] "The member has a device of that name", "v-secure member request --device OTHER";
    Differs "differs" [Failure] "Two environments differ, and --exit-code was given", "v-secure secret diff LEFT RIGHT";
    EditSyntax "edit-syntax" [Usage] "An edited text is not valid dotenv", "v-secure edit";
    EditedMeanwhile "edited-meanwhile" [Conflict] "A secret changed in the vault while its text was edited", "v-secure edit";
    Editor "editor" [Failure] "The editor failed, or its text cannot be used", "EDITOR=COMMAND, for another editor";
    EmptyValue "empty-value" [Usage] "The value is empty", "--raw, if it is to be empty";
    Envelope "envelope" [Integrity] "The keys of an audience cannot be used", "v-secure doctor";
    Environment "environment" [Failure, Conflict] "A secret cannot be given to a program: its variable is dangerous or already set, or its value is not text", "v-secure exec --help";
    EnvironmentUnsaid "environment-unsaid" [Usage] "A file's name looks like an environment, but no environment was given", "v-secure import FILE -e ENVIRONMENT";
    Exists "exists" [Conflict] "What is to be created already exists", "choose another name";
    Expired "expired" [Expired] "A secret has expired", "v-secure set NAME";
    ExportFormat "export-format" [Failure] "A value does not fit the format", "v-secure export --only NAME";
    Exposed "exposed" [Failure] "Values have been exposed for longer than the deadline allows", "v-secure set NAME";
    File "file" [Failure, NotFound] "A file cannot be read", "check the path, and who may read it";
    FileEmpty "file-empty" [Integrity] "The vault file is empty", "git checkout REV -- .v-secure/vault.toml";
    FileTooLarge "file-too-large" [Integrity] "The vault file is larger than the limit", "git log -p -- .v-secure/vault.toml";
    Fingerprint "fingerprint" [Integrity] "The fingerprint does not match what arrived", "compare again, by a way that nobody else can write to";
    FirstUse "first-use" [Failure] "This device has never accepted the vault, and nothing shows that it is the right one", "v-secure pin accept";
    ForeignFailed "foreign-failed" [Failure] "The tool of import --from failed; its output is above", "run the tool by itself on the file";
    ForeignHook "foreign-hook" [Conflict] "The git hook belongs to another program", "add the line to it by hand";
    ForeignMissing "foreign-missing" [NotFound] "The tool of import --from is not installed", "install it, or pipe its output: v-secure import --help";
    ForeignOutput "foreign-output" [Failure] "The tool of import --from printed too much", "import a smaller file";
    FromFile "from-file" [NotFound] "A copy of the vault to take keys from cannot be read", "v-secure key restore --from FILE";
    Generate "generate" [Failure] "Pages could not be made (a hidden command)", "report this as a bug";
    HeaderVault "header-vault" [Integrity] "The vault's header names another vault than its policy", "git log -p -- .v-secure/vault.toml";
    HistoryMissing "history-missing" [Conflict] "What was closed of the vault's history is needed, and is not all there", "git checkout --ignore-skip-worktree-bits -- .v-secure/history";
    HistoryWrong "history-wrong" [Integrity] "A file of the closed history is not the one that owners signed", "git checkout --ignore-skip-worktree-bits -- .v-secure/history";
    IdentityCommand "identity-command" [Locked] "The command in V_SECURE_IDENTITY_CMD gave no identity", "run the command by itself";
    IdentityFile "identity-file" [Locked] "An identity file cannot be read", "v-secure identity show";
    IdentityLost "identity-lost" [Failure] "A new member's identity was made, but could not be printed", "v-secure member add NAME --new-identity";
    IdentityRecipient "identity-recipient" [Usage] "A plugin's identity does not state its recipient", "write '# recipient: age1…' above the identity";
    IdentitySyntax "identity-syntax" [Locked] "A file holds no usable identity", "v-secure identity new -o FILE";
    IdentityTwice "identity-twice" [Usage] "--identity and --new-identity cannot be used together", "give one of the two";
    ImportFrom "import-from" [Usage] "import --from was given something it cannot read", "v-secure import --help";
    ImportSyntax "import-syntax" [Failure] "A file cannot be imported", "fix the line, or give --format";
    InUse "in-use" [Conflict] "A value that is in use is not retired", "v-secure secret rotation-status NAME";
    Init "init" [Failure] "The vault could not be made", "v-secure doctor";
    Journal "journal" [NotPermitted] "Reads must be recorded, and cannot be", "v-secure doctor";
    JournalBroken "journal-broken" [Integrity] "The journal of reads was changed", "v-secure audit verify --reads";
    JournalRead "journal-read" [Failure] "The journal of reads cannot be read", "v-secure doctor";
    Keyring "keyring" [Failure] "A keyring of this machine cannot store or return a key", "v-secure keyring show";
    KeyringSlot "keyring-slot" [Failure] "The sealed half of a keyring slot cannot be read or written", "v-secure doctor";
    Keys "keys" [Integrity] "Keys of the vault cannot be used", "v-secure doctor";
    KeysMissing "keys-missing" [NotFound] "Missing keys were not found in older states of the vault", "v-secure key restore --from FILE";
    LastDevice "last-device" [Conflict] "The device is the member's last one", "v-secure member remove NAME";
    LastSlot "last-slot" [Conflict] "The slot is the only one for an identity that no file here has", "v-secure key slot add";
    LinesMissing "lines-missing" [Usage] "An edited text lacks secrets, and there is no terminal to ask on", "v-secure edit --remove-missing";
    Locked "locked" [Locked] "No identity here belongs to a member", "v-secure member request";
    LockedFile "locked-file" [Conflict] "Another v-secure is writing", "try again";
    MemberExists "member-exists" [Conflict] "A member with that name already exists, or one that differs only by case", "v-secure member add NAME --device, for a further device of theirs";
    MemberExpiry "member-expiry" [Conflict] "The member already exists, and an expiry can only be set when a member is added", "v-secure member show NAME";
    MemberKind "member-kind" [Conflict] "The member is of another kind", "v-secure member show NAME";
    MergeInput "merge-input" [Failure] "A file that git wants merged cannot be read", "git merge --abort";
    MergeOtherVault "merge-other-vault" [Conflict] "The sides of a merge have different vaults", "git log -p -- .v-secure/vault.toml";
    MergedAsText "merged-as-text" [Conflict] "git merged the vault as text: its records are whole, and what follows from them is out of date", "v-secure git resolve";
    Moved "moved" [Conflict] "Others published meanwhile, again and again: nothing was published or written here", "run the command again";
    MovedMeanwhile "moved-meanwhile" [Conflict] "The policy changed after it was shown and before it was signed", "run the command again";
    NeedsNewer "needs-newer" [Failure] "The vault needs a newer v-secure", "install a newer v-secure";
    Nested "nested" [Conflict] "init in a project that has a vault", "v-secure init --nested";
    NoAction "no-action" [NotFound] "--action names no action of the history", "v-secure audit log";
    NoAudience "no-audience" [NotPermitted] "The audience of a secret has no keys yet", "v-secure access settle";
    NoCommand "no-command" [Usage] "exec was given no program", "v-secure exec -- PROGRAM";
    NoConflict "no-conflict" [Conflict] "The secret has one active value, or the version is none of those in conflict", "v-secure secret versions NAME";
    NoDevice "no-device" [NotFound] "The member has no such device", "v-secure member show NAME";
    NoEditor "no-editor" [Usage] "There is no terminal, and no editor is set", "EDITOR=COMMAND";
    NoEntry "no-entry" [NotFound] "There is no such entry", "v-secure adopt --list";
    NoEnvironment "no-environment" [NotFound] "There is no such environment", "v-secure env list";
    NoGit "no-git" [NotFound] "The program git is not there", "install git";
    NoGithubEnv "no-github-env" [Usage] "--format github needs GITHUB_ENV, which is not set", "v-secure export --format dotenv";
    NoGrant "no-grant" [NotFound] "The role has no such grant", "v-secure role list";
    NoHome "no-home" [Failure] "There is no home folder for a new identity", "v-secure --identity FILE";
    NoIdentity "no-identity" [Locked] "There is no identity here", "v-secure identity new";
    NoInput "no-input" [Usage] "An identity or its words are needed, and there is no terminal to ask on", "FILE, or '-' for standard input";
    NoKeyringSlot "no-keyring-slot" [NotFound] "This device has no keyring slot for the vault", "v-secure keyring add";
    NoMember "no-member" [NotFound] "There is no such member", "v-secure member list";
    NoMemoryFolder "no-memory-folder" [Failure] "There is no in-memory folder for a text that must not reach a disk", "v-secure set NAME";
    NoPassphrase "no-passphrase" [Locked] "No passphrase was given, and there is no terminal to ask on", "give it by the variable or the option that is named";
    NoProposal "no-proposal" [NotFound] "There is no such proposal", "v-secure policy proposals";
    NoRepository "no-repository" [NotFound] "The folder is in no git repository", "git init";
    NoRole "no-role" [NotFound] "There is no such role", "v-secure role list";
    NoSecrets "no-secrets" [NotFound] "The environment or the selection gives no secrets", "v-secure env list";
    NoSides "no-sides" [NotFound] "No merge or rebase of the vault is unfinished, and no side was named", "v-secure policy rebase REV";
    NoSigningKey "no-signing-key" [NotPermitted] "The member has no signing key here: it can read and not write", "v-secure member request";
    NoSlot "no-slot" [NotFound] "There is no such passphrase slot", "v-secure key slot list";
    NoState "no-state" [Failure] "There is no state folder", "V_SECURE_PIN carries a pin instead";
    NoTemplate "no-template" [Usage] "inject has no template, and its input is a terminal", "v-secure inject -i TEMPLATE";
    NoTerminal "no-terminal" [Usage] "There is no terminal to show a recovery identity on", "v-secure recovery new --out FILE";
    NoValue "no-value" [Usage] "No value was given, and there is no terminal to ask for it", "v-secure set NAME --file FILE";
    NoVault "no-vault" [NotFound] "There is no vault", "v-secure init";
    NoVersion "no-version" [NotFound] "There is no such version", "v-secure secret versions NAME";
    NoVersionGiven "no-version-given" [Usage] "Which version is meant has to be said", "v-secure secret versions NAME";
    NotConfirmed "not-confirmed" [Failure] "A fingerprint was not compared, or a question not answered", "--fingerprint WORDS, or --yes";
    NotExposed "not-exposed" [Conflict] "The value is not exposed, so there is nothing to waive", "v-secure exposed";
    NotFound "not-found" [NotFound] "There is no such secret", "v-secure ls";
    NotParted "not-parted" [Conflict] "The policies of the two sides did not part: they merge", "v-secure git resolve";
    NotPermitted "not-permitted" [NotPermitted] "The member lacks the right", "v-secure access list";
    NotPublishedHere "not-published-here" [NotPermitted] "The setting rotation.via names another device, which alone rotates", "v-secure settings show";
    NotRemoved "not-removed" [Conflict] "What is to be restored is not removed", "v-secure secret versions NAME";
    NotRetired "not-retired" [Conflict] "An old credential is not retired yet, or may not be", "v-secure rotation retire NAME";
    NotText "not-text" [Failure] "The value to edit is not text", "v-secure set NAME --file FILE";
    NotVoid "not-void" [Conflict] "The entry is not void, or was already adopted", "v-secure adopt --list";
    NotVouched "not-vouched" [Failure] "A device, recipient or membership would get access, and nobody with the right to grant it has vouched for it", "v-secure policy review";
    Nothing "nothing" [Usage] "There is nothing to write", "v-secure secret set --help";
    NothingToClose "nothing-to-close" [Conflict] "There is no entry up to which the history can be closed", "v-secure history status";
    NothingToSeal "nothing-to-seal" [Conflict] "The vault was unlocked by an identity that a slot cannot seal", "v-secure --identity FILE key slot add";
    ObjectMissing "object-missing" [Integrity, NotFound] "A value's bytes are missing in the vault", "v-secure audit verify";
    OlderValues "older-values" [Failure] "The new member of a role would get the keys to values that the role could read in the past, and nobody confirmed that", "v-secure role create NEW";
    Output "output" [Failure] "Standard output cannot be written", "check the disk, or where the output goes";
    OwnerRole "owner-role" [Conflict] "The role owner and its rights cannot be removed", "v-secure role leave owner MEMBER";
    OwnerThreshold "owner-threshold" [NotPermitted] "The change needs the signatures of several owners: it is proposed to them, or cannot be", "v-secure policy proposals";
    PassphraseDiffers "passphrase-differs" [Failure] "The passphrase was not typed the same way twice", "type the same passphrase twice";
    PassphraseInput "passphrase-input" [Locked] "A passphrase cannot be read from the descriptor, file or variable that was given", "check the file or the descriptor";
    Pick "pick" [Conflict] "A picked commit was made upon changes that the branch does not have", "v-secure git resolve";
    Pin "pin" [Integrity] "The pin on this device is damaged, or is for another policy chain", "v-secure pin accept";
    PinCarried "pin-carried" [Integrity] "The vault does not contain what the given pin names", "v-secure pin show";
    PinDiverged "pin-diverged" [Integrity] "The policy differs from the one accepted here", "v-secure pin accept";
    PinOlder "pin-older" [Integrity] "This state is older than one seen here: --strict was given, or writing on it would undo what was taken away", "git pull";
    PinOtherInProject "pin-other-in-project" [Integrity] "The vault is not the one accepted in this project", "v-secure pin accept";
    PinOtherVault "pin-other-vault" [Integrity] "The vault is not the one accepted here", "v-secure pin accept";
    PinSyntax "pin-syntax" [Integrity] "A pin is not valid", "v-secure pin show, where the vault is known";
    PlainFile "plain-file" [Failure] "A staged file holds values of the vault's secrets in plain text", "git rm --cached FILE";
    PlainKey "plain-key" [Failure] "A staged file holds the private key of a member", "git rm --cached FILE";
    Plugin "plugin" [Locked] "A plugin could not decrypt with its key", "the same command on a terminal, where the plugin can ask";
    Policy "policy" [Failure] "A change of rights could not be made", "v-secure access list";
    PolicyDiverged "policy-diverged" [Conflict] "Both sides of a merge changed members, roles or settings", "v-secure policy rebase";
    PolicyOpSetting "policy-op-setting" [Usage] "A setting is refused", "v-secure settings show";
    Prompt "prompt" [Failure] "An answer cannot be read from the terminal", "give the value by a file or standard input";
    Proposal "proposal" [Integrity] "A proposal is not as it was written, or does not fit the policy", "v-secure policy proposals";
    ProposalSigned "proposal-signed" [Conflict] "The owner has signed the proposal, and others are still to sign", "v-secure policy proposals";
    ProposalStale "proposal-stale" [Conflict] "The proposal was made for another state of the vault", "v-secure policy proposals";
    ProviderAmbiguous "provider-ambiguous" [Failure] "Several providers serve the secret", "v-secure settings show";
    ProviderBusy "provider-busy" [Failure] "A provider asks to try again later", "v-secure rotation run";
    ProviderFailed "provider-failed" [Failure] "A provider did not do what a rotation asked for", "v-secure secret rotation-status NAME";
    ProviderFenced "provider-fenced" [Conflict] "A provider holds another credential than a rotation goes by", "v-secure rotation settle NAME";
    ProviderMissing "provider-missing" [NotFound] "No provider serves the secret, or its settings are not whole", "v-secure settings show";
    ProviderProgram "provider-program" [Failure] "The program of a provider is not started: others could change it, or it is not the one that is meant", "v-secure provider test --help";
    ProviderTest "provider-test" [Failure] "A program does not keep the contract of providers", "v-secure provider test --help";
    ProviderUnclear "provider-unclear" [Failure] "It is not known whether a provider did what was asked for", "v-secure secret rotate NAME --resume";
    ProviderUnfit "provider-unfit" [Failure] "A provider lacks what a rotation rests on", "v-secure settings show";
    ProviderUntrusted "provider-untrusted" [Integrity] "A provider is not the one that the owners named", "v-secure settings show";
    Pruned "pruned" [NotFound] "The version was pruned: its value is gone", "v-secure secret versions NAME";
    PublicationUnclear "publication-unclear" [Failure] "It is not known whether something was published: the push had no answer, and a look did not find it", "run the command again: it looks first";
    ReadBack "read-back" [Conflict] "A value in the vault is not what the file holds", "v-secure import FILE";
    RebaseBlocked "rebase-blocked" [Conflict] "What one side of a rebase took away would be in force by what the other one gave", "v-secure policy rebase --keep theirs";
    RebaseUndecided "rebase-undecided" [Failure] "Changes that a rebase asks about were neither taken nor left", "v-secure policy rebase --take NUMBER --leave NUMBER";
    Recipient "recipient" [Usage] "A recipient is not valid", "v-secure identity show";
    RecipientAmbiguous "recipient-ambiguous" [Usage] "The end of a recipient matches more than one", "v-secure member show NAME";
    RecipientTaken "recipient-taken" [Conflict] "The recipient already belongs to another member", "v-secure member list";
    Recovery "recovery" [Locked] "An identity does not open everything", "v-secure recovery new";
    RecoveryUndecided "recovery-undecided" [Usage] "An identity would be in the OS keyring only", "v-secure init --keyring --no-recovery";
    Refused "refused" [Integrity] "The vault does not verify", "git log -p -- .v-secure/vault.toml";
    Removed "removed" [NotFound] "The secret or version was removed", "v-secure secret restore NAME";
    RepeatedField "repeated-field" [Usage] "A field is given twice", "give it once";
    Request "request" [Usage, Integrity] "A member request is not valid, or was changed", "v-secure member request";
    RequestOtherName "request-other-name" [Conflict] "The request is for another member", "v-secure member add NAME --request LINE";
    RequestOtherVault "request-other-vault" [Conflict] "The request is for another vault", "v-secure member request, in this vault's folder";
    RequestUsed "request-used" [Conflict] "The request's key was in the vault and was removed", "v-secure member request, on the device";
    Retired "retired" [Conflict] "The version to roll back to was retired: what it is for accepts it no more", "v-secure set NAME";
    Revert "revert" [Conflict] "A revert would take changes out of the vault's history", "v-secure git resolve";
    RoleTaken "role-taken" [Conflict] "The role of the new service already exists", "v-secure role list";
    RotationMissing "rotation-missing" [NotFound] "The secret has no such rotation, none that is open, or nothing to retire", "v-secure secret rotation-status NAME";
    RotationOpen "rotation-open" [Conflict] "A rotation of the secret is open", "v-secure secret rotate NAME --abort";
    RotationOver "rotation-over" [Conflict] "The rotation was promoted or aborted", "v-secure secret rotation-status NAME";
    RotationUnplaced "rotation-unplaced" [Failure] "No setting says where rotations are published", "v-secure settings set rotation.via 'device MEMBER/DEVICE'";
    RotationUnsettled "rotation-unsettled" [Conflict] "A rotation of the secret cannot go on, or wants somebody", "v-secure secret rotation-status NAME";
    RotationsFailed "rotations-failed" [Failure] "Of some secrets a run could not go on", "v-secure rotation list";
    SameName "same-name" [Usage] "The new name is the same as the old one", "choose another name";
    Seal "seal" [Failure] "A value could not be encrypted", "v-secure doctor";
    SettingVariable "setting-variable" [Usage] "A setting would let secrets set v-secure's own variables", "v-secure settings show";
    SeveralValues "several-values" [Usage] "Several values were asked for, and only one can be printed", "v-secure get --json NAME NAME";
    Slot "slot" [Failure, Locked] "A passphrase slot cannot be made or opened", "v-secure key slot list";
    SlotIdentity "slot-identity" [Conflict] "The slot does not seal the identity in use", "v-secure --passphrase-fd N key slot change SLOT";
    SlotsFull "slots-full" [Conflict] "The vault has no room for another slot", "v-secure key slot list";
    SplitsPolicy "splits-policy" [Conflict] "A change of rights on a branch that lacks policy changes accepted here", "git merge BRANCH";
    SshPassphrase "ssh-passphrase" [Locked] "An SSH key cannot be unlocked without its passphrase", "run it on a terminal, or use V_SECURE_IDENTITY_CMD";
    State "state" [Failure] "The state folder cannot be used", "v-secure doctor";
    Stdin "stdin" [Failure] "Standard input cannot be read", "v-secure set NAME --file FILE";
    TemplateSyntax "template-syntax" [Failure] "A template has an invalid reference", "v-secure inject --help";
    TemplateValue "template-value" [Failure] "A value does not fit where the template names it", "v-secure inject --help";
    UnknownAudience "unknown-audience" [NotFound] "The vault has no audience of exactly these roles", "v-secure key status";
    Unmerged "unmerged" [Conflict] "The vault holds an unfinished merge: git's conflict markers", "v-secure git resolve";
    Unpublished "unpublished" [Failure] "Nothing was published where rotation.via says: it cannot be read, or did not take it", "v-secure settings show";
    Unsealable "unsealable" [Failure] "Nothing can be encrypted to the recipient of the new member", "v-secure doctor";
    Unsettled "unsettled" [NotPermitted] "A secret waits to be wrapped for its new readers", "v-secure access settle";
    Unsound "unsound" [Failure] "doctor found an error", "v-secure doctor";
    Unstatable "unstatable" [Failure] "The new keys of an audience do not fit in one policy entry", "v-secure member list";
    Usage "usage" [Usage] "The arguments are not valid", "v-secure --help";
    ValueDamaged "value-damaged" [Integrity] "A value does not decrypt", "v-secure audit verify";
    ValueInArguments "value-in-arguments" [Usage] "A value was given on the command line", "v-secure set NAME";
    ValueStaged "value-staged" [Failure] "A staged file seems to hold the value of a secret", "v-secure git pre-commit --confirm";
    ValueTooLong "value-too-long" [Usage, Integrity] "A value is longer than 10 MiB, to be written or in the vault", "keep it in an encrypted file, and that file's key in the vault";
    VaultDeleted "vault-deleted" [Integrity] "The commit would delete the vault", "git restore --staged .v-secure/vault.toml";
    VaultFull "vault-full" [Conflict] "The vault, or a file of its history, would be larger than its limit", "v-secure history close";
    VaultHidden "vault-hidden" [NotFound, Conflict] "git has a vault that is not checked out here", "git status";
    VaultRead "vault-read" [Failure] "The vault cannot be read", "v-secure doctor";
    VaultRefused "vault-refused" [Failure] "The vault is a link, belongs to another user, or is not a file", "v-secure doctor";
    VersionConflict "version-conflict" [Conflict] "--if-version names another version than the current one", "v-secure secret versions NAME";
    VoidsWork "voids-work" [Conflict] "A policy change would make valid work void", "v-secure audit log";
    VouchAmbiguous "vouch-ambiguous" [Usage] "--vouch names more than one device or recipient of those listed", "v-secure policy review --json";
    WeakPassphrase "weak-passphrase" [Usage] "The passphrase is easily guessed", "six words drawn at random, or more";
    Words "words" [Locked] "The 24 words do not spell an identity", "compare them with the paper";
    Write "write" [Failure] "A file cannot be written", "check the disk, and who may write there";
    WrongPassphrase "wrong-passphrase" [Locked] "The passphrase opens no slot", "v-secure key slot list";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_complete() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].code.as_str() < pair[1].code.as_str()));
        for known in COMMANDS {
            let text = known.code.as_str();
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{text}");
            assert!(!known.meaning.is_empty() && !known.next.is_empty(), "{known:?}");
            assert_eq!(known.exits.first(), Some(&known.code.exit()), "{known:?}");
            assert_eq!(known.code.next(), Some(known.next));
        }
    }

    #[test]
    fn a_layers_code_helps_as_a_commands_of_that_text_does() {
        assert_eq!(next_of("recipient"), Code::Recipient.next());
        assert_eq!(next_of("policy-seq"), Some("v-secure access list"));
        assert_eq!(next_of("line-too-long"), None);
    }
}
