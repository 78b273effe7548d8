//! Words that are no commands here and are in other tools: what is typed instead.

use clap::Command;
use std::ffi::OsString;
use v_secure_core::secret::similar;

/// A word of other tools, and the commands that do it here, most likely first.
pub const ELSEWHERE: &[(&[&str], &[&str])] = &[
    (&["delete", "remove", "del", "unset", "destroy"], &["v-secure rm NAME"]),
    (
        &["show", "view", "cat", "read", "print", "reveal"],
        &["v-secure get NAME", "v-secure secret show NAME  # all but the value"],
    ),
    (&["decrypt", "dump"], &["v-secure get NAME", "v-secure export --format json"]),
    (&["encrypt"], &["v-secure set NAME", "v-secure import FILE"]),
    (&["add", "put", "insert", "create", "new", "store", "save", "update"], &["v-secure set NAME"]),
    (&["login", "signin", "auth", "open"], &["v-secure unlock"]),
    (&["logout", "signout", "close"], &["v-secure lock"]),
    (&["secrets", "find", "search", "grep"], &["v-secure ls", "v-secure ls 'NAME*'"]),
    (&["envs", "environments", "profiles"], &["v-secure env list"]),
    (&["start", "with"], &["v-secure exec -- COMMAND"]),
    (&["render", "template", "substitute"], &["v-secure inject -i TEMPLATE -o FILE"]),
    (
        &["rotate", "regenerate"],
        &["v-secure secret rotate NAME", "v-secure key rotate  # the keys"],
    ),
    (&["rename", "mv", "move"], &["v-secure secret rename OLD NEW"]),
    (&["copy", "cp"], &["v-secure secret copy NAME --to-env ENVIRONMENT"]),
    (&["compare"], &["v-secure secret diff LEFT RIGHT"]),
    (&["rollback", "revert", "undo"], &["v-secure secret rollback NAME --version NUMBER"]),
    (&["restore"], &["v-secure secret restore NAME", "v-secure backup restore FILE"]),
    (&["versions"], &["v-secure secret versions NAME"]),
    (&["log"], &["v-secure audit log", "v-secure secret versions NAME"]),
    (&["verify", "check", "validate"], &["v-secure audit verify", "v-secure doctor"]),
    (&["users", "user", "members", "recipients", "collaborators"], &["v-secure member list"]),
    (
        &["share", "invite", "adduser", "add-recipient"],
        &["v-secure member add NAME --request LINE"],
    ),
    (&["join", "request"], &["v-secure member request"]),
    (&["roles"], &["v-secure role list"]),
    (&["grant"], &["v-secure access grant ROLE PATTERN RIGHTS"]),
    (&["revoke"], &["v-secure access revoke ROLE PATTERN RIGHTS", "v-secure member remove NAME"]),
    (&["keygen", "key-gen", "genkey"], &["v-secure identity new"]),
    (&["whoami"], &["v-secure identity show"]),
    (&["config", "configure"], &["v-secure settings show"]),
    (&["status", "info"], &["v-secure"]),
    (&["setup"], &["v-secure init", "v-secure git install"]),
    (&["version"], &["v-secure --version"]),
    (&["resolve"], &["v-secure secret resolve NAME --take VERSION", "v-secure git resolve"]),
    (
        &["merge"],
        &["v-secure git resolve", "v-secure git install  # then git merges the vault itself"],
    ),
    (
        &["push", "pull", "commit", "sync"],
        &["v-secure git install  # the vault goes with the other files: git push"],
    ),
];

/// Words for the same, for commands of a group.
const ALIKE: &[&[&str]] = &[
    &["rm", "remove", "delete", "del", "destroy", "unset"],
    &["list", "ls"],
    &["show", "view", "info", "status", "print"],
    &["add", "new", "create", "make", "generate"],
    &["rename", "mv", "move"],
    &["copy", "cp"],
    &["set", "put", "update", "store"],
    &["get", "read", "cat", "reveal", "decrypt"],
    &["rotate", "renew"],
];

/// Whether the word is a command of other tools, and so no value that must not be repeated.
pub(crate) fn is_known(word: &str) -> bool {
    let elsewhere = ELSEWHERE.iter().map(|(words, _)| *words);
    elsewhere.chain(ALIKE.iter().copied()).any(|words| words.contains(&word))
}

/// What is typed instead of a word that is no command where it stands.
pub fn instead(root: &Command, args: &[OsString], word: &str) -> Vec<String> {
    let (path, group) = group(root, args, word);
    if path.is_empty()
        && let Some((_, commands)) = ELSEWHERE.iter().find(|(words, _)| words.contains(&word))
    {
        return commands.iter().map(|command| (*command).to_owned()).collect();
    }
    let prefix: String = path.iter().flat_map(|name| [name.as_str(), " "]).collect();
    let found = alike(group, word).or_else(|| misspelt(group, word));
    let help = || format!("v-secure {prefix}--help");
    vec![found.map_or_else(help, |name| format!("v-secure {prefix}{name}"))]
}

/// The group of commands that the word was looked for in, and its name.
fn group<'c>(root: &'c Command, args: &[OsString], word: &str) -> (Vec<String>, &'c Command) {
    let (mut path, mut group) = (Vec::new(), root);
    let words = args.iter().skip(1).filter_map(|arg| arg.to_str());
    for arg in words.take_while(|arg| *arg != word) {
        if let Some(inner) = group.find_subcommand(arg) {
            path.push(inner.get_name().to_owned());
            group = inner;
        }
    }
    (path, group)
}

fn names(group: &Command) -> impl Iterator<Item = &str> {
    // A hidden command is nobody's answer.
    group.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name)
}

fn alike<'c>(group: &'c Command, word: &str) -> Option<&'c str> {
    let same = ALIKE.iter().find(|words| words.contains(&word))?;
    names(group).find(|name| same.contains(name))
}

fn misspelt<'c>(group: &'c Command, word: &str) -> Option<&'c str> {
    similar::nearest(word, names(group))
}
