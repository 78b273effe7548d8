//! Every code that a failure can carry: its exit codes, what it means, and the step that helps where
//! the failure itself names none. `docs/errors.md` is made from this table, and `tests/generated.rs`
//! holds it against the source.

/// A code of [`super::error::Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub code: &'static str,
    pub exits: &'static [u8],
    /// One line, for the document.
    pub meaning: &'static str,
    /// Shown where a failure has no hint of its own.
    pub next: &'static str,
}

const fn known(
    code: &'static str,
    exits: &'static [u8],
    meaning: &'static str,
    next: &'static str,
) -> Known {
    Known { code, exits, meaning, next }
}

/// The step that helps with a code.
pub fn next(code: &str) -> Option<&'static str> {
    if let Ok(place) = COMMANDS.binary_search_by_key(&code, |known| known.code) {
        return Some(COMMANDS[place].next);
    }
    code.starts_with("policy-").then_some("v-secure access list")
}

/// Codes of commands, in byte order. Those of a broken vault file and policy chain are their layers'
/// own (`vault::format::error`, `policy::error`).
#[rustfmt::skip]
pub const COMMANDS: &[Known] = &[
    known("age-debug", &[2], "AGEDEBUG would make age print keys", "unset AGEDEBUG"),
    known("as-file", &[1], "The files of --as-file cannot be made here", "v-secure get NAME > FILE"),
    known("audience-retired", &[7], "A group of readers has a role that no longer exists", "v-secure role list"),
    known("backup-damaged", &[6], "A file is no backup, or a damaged one", "restore another copy of it"),
    known("backup-identity", &[5], "The backup holds no identity", "v-secure backup create FILE --with-identity --passphrase"),
    known("backup-locked", &[3], "Nothing here opens the backup", "v-secure --identity FILE backup restore BACKUP"),
    known("backup-older", &[7], "The vault has what the backup lacks", "v-secure --vault EMPTY_FOLDER backup restore FILE"),
    known("backup-other-vault", &[6], "The backup is of another vault", "v-secure --vault EMPTY_FOLDER backup restore FILE"),
    known("backup-reader", &[2], "A backup with an identity does not say who opens it", "v-secure backup create FILE --with-identity --passphrase"),
    known("backup-terminal", &[2], "A terminal shows no bytes", "v-secure backup create - --armor"),
    known("bad-filter", &[2], "A filter is none", "rotation, read, policy, secret=NAME or actor=MEMBER"),
    known("bad-generator", &[2], "--generate is not understood", "v-secure set --help"),
    known("bad-meta", &[2], "--meta is not KEY=VALUE", "v-secure secret set --help"),
    known("bad-name", &[1, 2], "A name of a secret, environment or member is none", "names are letters, digits, '.', '_' and '-'"),
    known("bad-pattern", &[2], "A pattern is not ENVIRONMENT/NAME with at most one '*', at its end", "v-secure access grant --help"),
    known("bad-reason", &[2], "The reason cannot be stored: too long, or with control characters", "--reason TEXT, on one line"),
    known("bad-text", &[2], "A text cannot be stored: too long, or with control characters", "v-secure secret set --help"),
    known("bad-time", &[2], "A time or a span of time is none", "times are such as 30d, 12h, 2030-01-31, 2030-01-31T12:00:00Z"),
    known("bad-value", &[2], "A setting's value is none", "v-secure settings show"),
    known("bad-variable", &[1, 2], "The variable that a secret is given to programs as is no name, or a dangerous one", "v-secure set NAME --var VARIABLE"),
    known("base-missing", &[5], "The base to compare with is not there", "git log --oneline -- .v-secure/vault.toml"),
    known("base-without-vault", &[5], "The base to compare with has no vault", "git log --oneline -- .v-secure/vault.toml"),
    known("child-start", &[126, 127], "exec's program cannot run", "check the program's name and path"),
    known("closed", &[6], "What is to be settled does not open", "v-secure doctor"),
    known("config", &[1], "The user's config.toml cannot be used", "v-secure doctor"),
    known("config-folder", &[1], "The folder for identities cannot be used", "v-secure doctor"),
    known("conflict", &[7], "The secret has several active versions since a merge", "v-secure set NAME"),
    known("current", &[7], "The version to roll back to is the current one", "v-secure secret versions NAME"),
    known("current-folder", &[1], "The current folder cannot be read", "cd to a folder that exists"),
    known("declined", &[1], "A question was answered with no", "answer yes, or give --yes"),
    known("device-key", &[1], "No key for this device could be made", "v-secure doctor"),
    known("device-taken", &[7], "The member has a device of that name", "v-secure member request --device OTHER"),
    known("differs", &[1], "Two environments differ, and --exit-code was given", "v-secure secret diff LEFT RIGHT"),
    known("edit-syntax", &[2], "An edited text is no dotenv", "v-secure edit"),
    known("edited-meanwhile", &[7], "A secret changed in the vault while its text was edited", "v-secure edit"),
    known("editor", &[1], "The editor failed, or its text cannot be used", "EDITOR=COMMAND, for another editor"),
    known("empty-value", &[2], "The value is empty", "--raw, if it is to be empty"),
    known("envelope", &[6], "The keys of a group of readers cannot be used", "v-secure doctor"),
    known("environment", &[1, 7], "A secret cannot be given to a program: a dangerous or taken variable, or no text", "v-secure exec --help"),
    known("environment-unsaid", &[2], "A file's name says one environment, and none was given", "v-secure import FILE -e ENVIRONMENT"),
    known("exists", &[7], "What is to be made is there already", "choose another name"),
    known("expired", &[8], "A wanted secret is past its expiry", "v-secure set NAME"),
    known("export-format", &[1], "A value does not fit the format", "v-secure export --format json"),
    known("exposed", &[1], "Values are known to those who may not read them, longer than the deadline allows", "v-secure set NAME"),
    known("file", &[1, 5], "A file cannot be read", "check the path, and who may read it"),
    known("file-too-large", &[6], "The vault is longer than any that is read", "git log -p -- .v-secure/vault.toml"),
    known("fingerprint", &[6], "What arrived is not what was sent, or the words are of something else", "compare again, by a way that nobody else can write to"),
    known("first-use", &[1], "This device has never accepted the vault, and nothing vouches for it", "v-secure pin accept"),
    known("foreign-failed", &[1], "The tool of import --from failed; what it said stands above", "run the tool by itself on the file"),
    known("foreign-hook", &[7], "git's hook is another program's", "add the line to it by hand"),
    known("foreign-missing", &[5], "The tool of import --from is not installed", "install it, or pipe its output: v-secure import --help"),
    known("foreign-output", &[1], "The tool of import --from printed too much", "import a smaller file"),
    known("from-file", &[5], "A copy of the vault to take keys from cannot be read", "v-secure key restore --from FILE"),
    known("generate", &[1], "Pages could not be made (a hidden command)", "report this as a bug"),
    known("header-vault", &[6], "The vault's header names another vault than its policy", "v-secure audit verify"),
    known("identity-command", &[3], "The command in V_SECURE_IDENTITY_CMD gave no identity", "run the command by itself"),
    known("identity-file", &[3], "An identity file cannot be read", "v-secure identity show"),
    known("identity-lost", &[1], "A new member's key was made and could not be handed over", "v-secure member add NAME --new-identity"),
    known("identity-recipient", &[2], "A plugin's identity does not state its recipient", "write '# recipient: age1…' above the identity"),
    known("identity-syntax", &[3], "A file holds no usable identity", "v-secure identity new"),
    known("identity-twice", &[2], "--identity and --new-identity exclude each other", "give one of the two"),
    known("import-from", &[2], "import --from is given what it cannot take", "v-secure import --help"),
    known("import-syntax", &[1], "A file cannot be imported", "mend the line, or give --format"),
    known("init", &[1], "The vault could not be made", "v-secure doctor"),
    known("journal", &[4], "Reads must be written down, and cannot be", "v-secure doctor"),
    known("journal-broken", &[6], "The journal of reads was changed", "v-secure audit verify --reads"),
    known("journal-read", &[1], "The journal of reads cannot be read", "v-secure doctor"),
    known("keyring", &[1], "A keyring of this machine cannot keep or give up what it is to", "v-secure keyring show"),
    known("keyring-slot", &[1], "The sealed half of a keyring slot cannot be read or written", "v-secure doctor"),
    known("keys", &[6], "Keys of the vault cannot be used", "v-secure doctor"),
    known("keys-missing", &[5], "Missing keys were not found in older states of the vault", "v-secure key restore --from FILE"),
    known("last-device", &[7], "It is the last device of the member", "v-secure member remove NAME"),
    known("last-slot", &[7], "The slot is the only one of an identity that is nowhere else here", "v-secure key slot add"),
    known("lines-missing", &[2], "An edited text lacks secrets, and nobody can be asked", "v-secure edit --remove-missing"),
    known("locked", &[3], "No identity here belongs to a member", "v-secure member request"),
    known("locked-file", &[7], "Another v-secure is writing", "try again"),
    known("member-expiry", &[7], "The member is there, and its expiry is stated when it is added", "v-secure member show NAME"),
    known("member-kind", &[7], "The member is of another kind", "v-secure member show NAME"),
    known("needs-newer", &[1], "The vault needs a newer v-secure", "install a newer v-secure"),
    known("nested", &[7], "init in a project that has a vault", "v-secure init --nested"),
    known("no-action", &[5], "Nothing in the history is called that", "v-secure audit log"),
    known("no-audience", &[4], "The readers of a secret have no keys yet", "v-secure access settle"),
    known("no-command", &[2], "exec was given no program", "v-secure exec -- PROGRAM"),
    known("no-device", &[5], "The member has no such device", "v-secure member show NAME"),
    known("no-editor", &[2], "There is no terminal to edit on, and no editor is named", "EDITOR=COMMAND"),
    known("no-entry", &[5], "There is no such entry", "v-secure adopt --list"),
    known("no-grant", &[5], "The role has no such grant", "v-secure role list"),
    known("no-home", &[1], "There is no home folder for a new identity", "v-secure --identity FILE"),
    known("no-identity", &[3], "There is no identity here", "v-secure identity new"),
    known("no-input", &[2], "An identity or its words are needed, and nobody can be asked", "FILE, or '-' for standard input"),
    known("no-keyring-slot", &[5], "This device has no keyring slot for the vault", "v-secure keyring add"),
    known("no-member", &[5], "There is no such member", "v-secure member list"),
    known("no-memory-folder", &[1], "There is no folder in memory for a text that must not reach a disk", "v-secure set NAME"),
    known("no-passphrase", &[3], "No passphrase was given, and there is no terminal to ask on", "give it by the variable or the option that is named"),
    known("no-repository", &[5], "The folder is in no git repository", "git init"),
    known("no-role", &[5], "There is no such role", "v-secure role list"),
    known("no-secrets", &[5], "The environment or the selection gives no secrets", "v-secure env list"),
    known("no-signing-key", &[4], "The member has no signing key here: it can read and not write", "v-secure member request"),
    known("no-slot", &[5], "There is no such passphrase slot", "v-secure key slot list"),
    known("no-state", &[1], "There is no folder to remember anything in", "V_SECURE_PIN carries a pin instead"),
    known("no-template", &[2], "inject has no template, and its input is a terminal", "v-secure inject -i TEMPLATE"),
    known("no-terminal", &[2], "There is no terminal to show a recovery identity on", "v-secure recovery new --out FILE"),
    known("no-value", &[2], "No value was given, and nobody can be asked", "v-secure set NAME --file FILE"),
    known("no-vault", &[5], "There is no vault", "v-secure init"),
    known("no-version", &[5], "There is no such version", "v-secure secret versions NAME"),
    known("not-confirmed", &[1], "A fingerprint was not compared, or a question not answered", "--fingerprint WORDS, or --yes"),
    known("not-found", &[5], "There is no such secret", "v-secure ls"),
    known("not-permitted", &[4], "The member lacks the right", "v-secure access list"),
    known("not-removed", &[7], "What is to be restored is not removed", "v-secure secret versions NAME"),
    known("not-text", &[1], "The value to edit is no text", "v-secure set NAME --file FILE"),
    known("not-void", &[7], "The entry counts, or was adopted already", "v-secure adopt --list"),
    known("nothing", &[2], "Nothing is to be stored", "v-secure secret set --help"),
    known("nothing-to-seal", &[7], "What unlocked the vault is no identity that a slot can seal", "v-secure --identity FILE key slot add"),
    known("object-missing", &[5, 6], "A value's bytes are missing in the vault", "v-secure audit verify"),
    known("output", &[1], "Standard output cannot be written", "check the disk, or where the output goes"),
    known("owner-role", &[7], "The role of the owners cannot go, nor any of its rights", "v-secure role leave owner MEMBER"),
    known("owner-threshold", &[4], "More owners must sign than can with one command", "v-secure member list"),
    known("passphrase-differs", &[1], "Two passphrases that were typed differ", "type the same passphrase twice"),
    known("passphrase-input", &[3], "A passphrase cannot be taken from where it is said to be", "check the file or the descriptor"),
    known("pin", &[6], "What this device accepted is damaged, or another chain", "v-secure pin show"),
    known("pin-carried", &[6], "The vault does not contain what the given pin names", "v-secure pin show"),
    known("pin-diverged", &[6], "The policy parts from the one accepted here", "v-secure pin accept"),
    known("pin-older", &[6], "This state is older than one seen here: --strict was given, or writing on it would give rights back that were taken away", "git pull"),
    known("pin-other-in-project", &[6], "It is another vault than the one accepted in this project", "v-secure pin accept"),
    known("pin-other-vault", &[6], "It is another vault than the one accepted here", "v-secure pin accept"),
    known("pin-syntax", &[6], "A pin is none", "v-secure pin show"),
    known("plugin", &[3], "A plugin did not open what its key is needed for", "the same command on a terminal, where the plugin can ask"),
    known("policy", &[1], "A change of rights could not be made", "v-secure access list"),
    known("policy-op-setting", &[2], "A setting is refused", "v-secure settings show"),
    known("prompt", &[1], "An answer cannot be read from the terminal", "give the value by a file or standard input"),
    known("pruned", &[5], "The version's value is gone for good", "v-secure secret versions NAME"),
    known("read-back", &[7], "A value in the vault is not what the file holds", "v-secure import FILE"),
    known("recipient", &[2], "A recipient is none", "v-secure identity show"),
    known("recipient-taken", &[7], "The recipient is another member's", "v-secure member list"),
    known("recovery", &[3], "An identity does not open everything", "v-secure recovery new"),
    known("recovery-undecided", &[2], "An identity would be in the OS keyring alone", "v-secure init --keyring --no-recovery"),
    known("refused", &[6], "The vault does not verify", "git log -p -- .v-secure/vault.toml"),
    known("removed", &[5], "The secret or version was removed", "v-secure secret restore NAME"),
    known("repeated-field", &[2], "A field is given twice", "give it once"),
    known("request", &[6], "A member request is none", "v-secure member request"),
    known("request-other-name", &[7], "The request is in another name", "v-secure member add NAME --request LINE"),
    known("request-other-vault", &[7], "The request is for another vault", "v-secure member request, in this vault's folder"),
    known("role-taken", &[7], "The service's own role exists", "v-secure role list"),
    known("same-name", &[2], "The new name is the old one", "choose another name"),
    known("seal", &[1], "A value could not be encrypted", "v-secure doctor"),
    known("setting-variable", &[2], "A setting would let secrets set v-secure's own variables", "v-secure settings show"),
    known("slot", &[1, 3], "A passphrase slot cannot be made or opened", "v-secure key slot list"),
    known("slot-identity", &[7], "The slot seals another identity than the one in use", "v-secure --passphrase-fd N key slot change SLOT"),
    known("slots-full", &[7], "The vault holds as many slots as it may", "v-secure key slot list"),
    known("splits-policy", &[7], "A change of rights on a branch that lacks policy changes accepted here", "git merge BRANCH"),
    known("ssh-passphrase", &[3], "An SSH key stays closed without its passphrase", "run it on a terminal, or use V_SECURE_IDENTITY_CMD"),
    known("state", &[1], "The state folder cannot be used", "v-secure doctor"),
    known("stdin", &[1], "Standard input cannot be read", "v-secure set NAME --file FILE"),
    known("template-syntax", &[1], "A template has a reference that is none", "v-secure inject --help"),
    known("template-value", &[1], "A value does not fit where the template names it", "v-secure inject --help"),
    known("unknown-audience", &[5], "No secret has readers of exactly these roles", "v-secure key status"),
    known("unsealable", &[1], "Nothing can be sealed to the recipient of who is to be let in", "v-secure doctor"),
    known("unsettled", &[4], "A secret waits to be wrapped for its new readers", "v-secure access settle"),
    known("unsound", &[1], "doctor found an error", "v-secure doctor"),
    known("usage", &[2], "The arguments are not understood", "v-secure --help"),
    known("value-damaged", &[6], "A value does not decrypt", "v-secure audit verify"),
    known("value-in-arguments", &[2], "A value stands on the command line", "v-secure set NAME"),
    known("value-too-long", &[2, 6], "A value is longer than 1 MiB, to be written or in the vault", "keep it in an encrypted file, and that file's key in the vault"),
    known("vault-deleted", &[6], "The commit would delete the vault", "git restore --staged .v-secure/vault.toml"),
    known("vault-read", &[1], "The vault cannot be read", "v-secure doctor"),
    known("vault-refused", &[1], "The vault is a link, another user's, or no file", "v-secure doctor"),
    known("version-conflict", &[7], "--if-version names another version than the current one", "v-secure secret versions NAME"),
    known("voids-work", &[7], "A change of policy would end work that counts", "v-secure audit log"),
    known("weak-passphrase", &[2], "The passphrase is easily guessed", "six words drawn at random, or more"),
    known("words", &[1, 3], "24 words spell no identity", "compare them with the paper"),
    known("write", &[1], "A file cannot be written", "check the disk, and who may write there"),
    known("wrong-passphrase", &[3], "The passphrase opens no slot", "v-secure key slot list"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_complete() {
        assert!(COMMANDS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for known in COMMANDS {
            assert!(!known.exits.is_empty() && !known.meaning.is_empty(), "{known:?}");
            assert!(!known.next.is_empty(), "{known:?}");
        }
        assert_eq!(next("no-vault"), Some("v-secure init"));
        assert_eq!(next("nonsense"), None);
    }
}
