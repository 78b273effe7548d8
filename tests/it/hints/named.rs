//! Texts of hints that do not stand in the call that adds them.

/// File in `src`, what stands in the call, and the texts. Where no call is named, the texts are added
/// in another way.
#[rustfmt::skip]
pub const TEXTS: &[(&str, &str, &[&str])] = &[
    ("cli/command/backup/restore/mod.rs", "self.elsewhere()", &["v-secure --vault EMPTY_FOLDER backup restore {}"]),
    ("cli/command/backup/restore/refusals.rs", "self.elsewhere()", &["v-secure --vault EMPTY_FOLDER backup restore {}"]),
    ("cli/command/backup/restore/refusals.rs", "self.elsewhere() + OUTSIDE", &[]),
    ("cli/command/backup/restore/refusals.rs", "self.elsewhere() + outside, accept", &["v-secure pin accept  # once the .v-secure from there is here"]),
    ("cli/command/exec/mod.rs", "*hint", &["--override lets the secret win", "--keep leaves the variable as it is", "--as-file OTHER_VARIABLE=NAME"]),
    ("cli/command/import/mod.rs", "", &["sops -d --output-type json FILE | jq '{names} | from_entries' | v-secure import --format json -"]),
    ("cli/command/import/remarks.rs", "into(suffix)", &["v-secure import {from}{} -e {name}"]),
    ("cli/command/import/remarks.rs", "into(environment.as_str())", &["v-secure import {from}{} -e {name}"]),
    ("cli/command/import/tool.rs", "hint", &["v-secure import --from {tool} {file}", "v-secure import --from {tool} {file} -e {into}"]),
    ("cli/error/pin_failures.rs", "NEWER_BRANCH", &["git merge BRANCH  # the branch that was seen here; or go to it: git switch BRANCH"]),
    ("cli/error/pin_failures.rs", "ACCEPT", &[ACCEPT]),
    ("cli/command/git/pre_commit/mod.rs", "left_out", &[
        "add this line to {gitignore}: /{file}",
        "add a line to .gitignore that leaves this file out",
    ]),
    ("cli/door/judging.rs", "lost::GIVE_UP", &[GIVE_UP]),
    ("cli/door/judging.rs", "lost::GIVE_UP.to_owned()", &[GIVE_UP]),
    ("cli/door/mod.rs", "GIVE_UP.to_owned()", &[GIVE_UP]),
    ("cli/error/lost.rs", "GIVE_UP.to_owned()", &[GIVE_UP]),
    // A policy change that was given up, before the way out or after it.
    ("cli/error/lost.rs", "", &[
        "ask an owner to make the policy change again, if it is still wanted: {changes}",
        "make the policy change again afterwards, if it is still wanted: {changes}",
    ]),
    ("cli/door/judging.rs", "again.filter(|_| is_discarded)", &[]),
    ("cli/door/mod.rs", "lost::again(lost, &[])", &[]),
    ("cli/error/lost.rs", "again(&lost, &demoted)", &[]),
    ("cli/error/lost.rs", "ACCEPT.to_owned()", &[ACCEPT]),
    ("cli/error/failures/mod.rs", "ACCEPT", &[ACCEPT]),
    // What editing is begun with again.
    ("cli/child/editing.rs", "again", &[]),
    // The call that all others are.
    ("cli/error/mod.rs", "hint.into()", &[]),
    ("cli/error/failures/mod.rs", "command(&path)", &[
        "ls -ld {path}",
        "sudo chown -R \"$(id -un)\" {path}  # if it is yours",
    ]),
    ("cli/error/failures/merging.rs", "AGAIN", &["v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own"]),
    ("cli/error/failures/merging.rs", "RESOLVE", &["v-secure git resolve"]),
    ("cli/error/failures/mod.rs", "merging::RESOLVE", &[]),
    ("cli/error/failures/mod.rs", "merging::FROM_HISTORY", &["v-secure git resolve  # takes it from git's history"]),
    ("cli/error/failures/merging.rs", "FROM_HISTORY", &["v-secure git resolve  # takes it from git's history"]),
    ("cli/command/git/merge_driver.rs", "FIRST", &["git merge --abort && v-secure policy rebase && git add .v-secure && git commit -m 'Mend the vault'  # and then this merge again"]),
    ("cli/error/failures/one_commit.rs", "way", &[
        "v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own",
        "git checkout HEAD~1 -- .v-secure/vault.toml && git commit -m 'Take the vault back'  # the last commit picked or reverted a part of it; then: v-secure git install, and do that again",
        "git checkout HEAD -- .v-secure/vault.toml  # as the last commit has it, which is whole",
    ]),
    ("cli/repository/older_states.rs", "ANEW", &["v-secure diff HEAD BRANCH  # what that branch changed, to be made anew on this one"]),
    ("cli/error/failures/merging.rs", "POLICY_REBASE", &["v-secure policy rebase"]),
    ("cli/error/failures/merging.rs", "REBASE_ASKED", &["git rebase --abort  # and ask an owner for it"]),
    ("cli/error/failures/merging.rs", "MERGE_ASKED", &["git merge --abort  # and ask an owner for it"]),
    ("cli/error/failures/merging.rs", "AGAIN_IN_REBASE", &["v-secure git resolve && git add .v-secure && git rebase --continue  # makes the change as one of your own"]),
    ("cli/command/git/merge_driver.rs", "merging::RESOLVE", &["v-secure git resolve"]),
    ("cli/command/policy/rebase/mod.rs", "RESOLVE", &["v-secure git resolve"]),
    ("cli/command/policy/rebase/sides.rs", "RESOLVE", &["v-secure git resolve"]),
    ("cli/error/failures/mod.rs", "who_gives_keys(able)", &GIVES_KEYS),
    ("cli/error/failures/secrets.rs", "who_gives_keys(able)", &GIVES_KEYS),
    ("cli/error/failures/policy.rs", "hint.into()", &["v-secure settings show", "v-secure access list"]),
    ("cli/error/failures/secrets.rs", "*hint", &[
        "v-secure export --format shell  # which carries all but NUL",
        "v-secure export --format json  # which carries any text",
        "v-secure exec --as-file VAR=NAME -- PROGRAM  # a file that the program reads",
    ]),
    ("cli/error/failures/secrets.rs", "error.hints()", &[
        "v-secure secret set {secret} --var NAME",
        "v-secure secret set {second} --var NAME",
        "v-secure secret rename {secret} NAME",
        "v-secure exec --as-file VARIABLE={secret} -- PROGRAM",
        "v-secure settings set variables.allow {one}",
        "v-secure settings set variables.allow '{}'",
    ]),
    ("convert/inject/error.rs", "", &[]),
    ("cli/args/parse.rs", "help", &["v-secure secret rotate --help", "v-secure secret set --help"]),
    // Those of `verbs.rs`, which tests/it/meant.rs types.
    ("cli/args/parse.rs", "hint", &[]),
    ("cli/unlocking/asked_passphrase.rs", "self.sealed.allow_weak()", &[
        "--allow-weak-passphrase, where nobody else can read the repository",
        "--allow-weak-passphrase, where nobody else can read the file",
    ]),
    ("cli/people/recovery.rs", "hint.into()", &["--recovery-out or --out with the name of a new file"]),
    ("cli/command/git/again.rs", "self.giving_up(session)", &[
        "git revert --abort",
        "git reset --merge  # gives the revert up",
        "git cherry-pick --abort",
        "git rebase --abort",
    ]),
    // Those of findings, which stand in crates/core/src/log.
    ("cli/repository/verification.rs", "hint", &[]),
    ("cli/repository/verification.rs", "", &[
        "v-secure audit verify --base origin/main",
        "git rebase {revision}  # what you signed since is made again on what others published there",
    ]),
    ("cli/door/first_use.rs", "pin", &["give the pin that 'v-secure pin show' prints on a machine that knows the vault, in V_SECURE_PIN"]),
    ("verify/attention.rs", "hint", &[]),
    ("verify/contents.rs", "hint", &["git log -p -- .v-secure/vault.toml", "git checkout --ignore-skip-worktree-bits -- .v-secure/history"]),
    ("cli/command/git/pre_commit/mod.rs", "way", &[]),
    ("cli/error/failures/earlier_form.rs", "", &[EARLIER]),
    ("cli/error/failures/earlier_form.rs", "WRITTEN_EARLIER", &[EARLIER]),
    ("cli/error/failures/closed.rs", "", &[
        "git checkout --ignore-skip-worktree-bits -- .v-secure/history",
        "{git} checkout --ignore-skip-worktree-bits -- {folder}",
        "{git} checkout --ignore-skip-worktree-bits HEAD -- {folder}  # as the last commit has it",
        "{git} checkout --ignore-skip-worktree-bits {commit} -- {folder}  # a commit that has it",
        "{git} checkout HEAD -- {word}  # from before the closing, with all of it; what was written since then is lost. Then: v-secure pin accept",
        "{git} fetch --all  # a commit of another clone may have it",
        "v-secure backup restore FILE  # or bring .v-secure/history from another copy of the vault",
    ]),
    ("verify/contents.rs", "place.way_back()", &[]),
    ("cli/repository/hidden.rs", "", &[
        "{git} sparse-checkout add {directory}",
        "{git} sparse-checkout add --skip-checks {directory}",
        "{git} update-index --no-skip-worktree {file} && {git} checkout -- {folder}",
        "{git} checkout -- {folder}",
        "{git} checkout {side} -- {path}",
        "{git} checkout HEAD -- {folder}",
        "{git} checkout {head} -- {folder}",
        "{git} status  # for what is being merged",
        "{git} status  # for what is being merged or applied",
        "{git} checkout",
        "{git} checkout {name} -- {folder}",
        "git status, in that folder: its name cannot be shown as it is typed",
        "v-secure init --nested  # for another vault all the same",
        "{git} rm --cached --ignore-unmatch -- {path} && {git} commit  # if the vault is to go",
    ]),
];

const ACCEPT: &str = "v-secure pin accept  # after comparing the fingerprint with 'v-secure pin show' on a colleague's machine";
const EARLIER: &str = "where an unreleased build wrote it, that build reads it: v-secure export there, and v-secure import here";
const GIVE_UP: &str = "v-secure pin accept  # shows what is given up, and asks";
const GIVES_KEYS: [&str; 2] = [
    "ask an owner, who gives the keys by: v-secure access settle",
    "ask one of these, who gives the keys by 'v-secure access settle': {}",
];
