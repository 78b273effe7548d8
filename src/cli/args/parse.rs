//! From words to a parsed command line, without ever repeating a word that may be a value.

use super::root::Root;
use super::{daily, verbs};
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::output::ui::Ui;
use crate::host::{Host, Stream};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use v_secure_core::record::text::escape_for_display;

/// Parses, or prints help or what is wrong and says how to exit.
pub fn parse(args: &[OsString], host: &dyn Host) -> Result<Root, Exit> {
    let args = &*asked(args);
    if is_version(args) {
        // Said before all commands are described, which takes longer than everything else here.
        let _ = host.write_out(concat!("v-secure ", env!("CARGO_PKG_VERSION"), "\n").as_bytes());
        return Err(Exit::Ok);
    }
    if let Some(root) = daily::parse(args) {
        return Ok(root);
    }
    let plain = host.variable("NO_COLOR").is_some() || !host.is_terminal(Stream::Out);
    let colour = if plain { ColorChoice::Never } else { ColorChoice::Auto };
    let mut command = Root::command().color(colour);
    let parsed = command.try_get_matches_from_mut(args).and_then(|m| Root::from_arg_matches(&m));
    // To free the description of all commands, piece by piece, takes a tenth of what `get` computes.
    std::mem::forget(command);
    parsed.map_err(|error| report(&error, args, host))
}

/// `help COMMAND`, which git and cargo have, as the option. A command of its own would be one more in every group.
///
/// The option stands right behind the command's name: behind the program that `exec` is to start it would be that
/// program's, and asking for help would run it.
fn asked(args: &[OsString]) -> Cow<'_, [OsString]> {
    let [program, help, words @ ..] = args else { return args.into() };
    if help != "help" {
        return args.into();
    }
    let mut asked = vec![program.clone()];
    let root = Root::command();
    let mut group = &root;
    for word in words {
        if !group.has_subcommands() {
            break;
        }
        asked.push(word.clone());
        let Some(command) = group.find_subcommand(word) else { break };
        group = command;
    }
    let rest = asked.len() - 1;
    asked.push(OsString::from("--help"));
    asked.extend_from_slice(&words[rest..]);
    asked.into()
}

fn is_version(args: &[OsString]) -> bool {
    matches!(args, [_, only] if only == "--version" || only == "-V")
}

fn report(error: &clap::Error, args: &[OsString], host: &dyn Host) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone away does not make help a failure.
            let _ = host.write_out(error.render().to_string().as_bytes());
            Exit::Ok
        }
        _ => {
            let json = args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json");
            let known = other_word(error, args).filter(|_| is_known_word(error));
            match known.or_else(|| refusal(args)).or_else(|| other_word(error, args)) {
                None if !json => host.write_err(error.render().to_string().trim_end()),
                refusal => {
                    Ui::new(host, json, false).failure(&refusal.unwrap_or_else(|| repeated(error)))
                }
            }
            Exit::Usage
        }
    }
}

/// The failure for arguments that must not be repeated.
fn refusal(args: &[OsString]) -> Option<Failure> {
    let failure = |why: &str| {
        let message = format!("the arguments are not valid (not repeated here: {why})");
        Failure::new(Code::Usage, message)
    };
    if may_repeat_a_value(args) {
        let failure = failure("one may be a value");
        // Whether the word is the command or an option's value is not known here: both are named.
        let settings = args.iter().any(|arg| arg == "settings");
        let failure = if settings { failure.hint("v-secure settings set --help") } else { failure };
        let (help, example) = match args.iter().any(|arg| arg == "rotate") {
            true => ("v-secure secret rotate --help", "v-secure secret rotate NAME"),
            false => ("v-secure secret set --help", "v-secure set NAME"),
        };
        return Some(failure.hint(help).hint(format!("printf %s \"$VALUE\" | {example}")));
    }
    let acts = args.iter().any(|arg| acts_on_a_terminal(arg));
    acts.then(|| failure("they hold control or invisible characters"))
}

/// Whether what is no command here is one of other tools, and not perhaps a value.
fn is_known_word(error: &clap::Error) -> bool {
    let word = error.get(ContextKind::InvalidSubcommand);
    matches!(word, Some(ContextValue::String(word)) if verbs::is_known(word))
}

/// A word that is no command: what is typed for it here. clap's own suggestions are of other commands by
/// their letters, also of some that delete.
fn other_word(error: &clap::Error, args: &[OsString]) -> Option<Failure> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let failure = Failure::new(Code::Usage, format!("there is no command '{word}'"));
    let hints = verbs::instead(&Root::command(), args, word);
    Some(hints.into_iter().fold(failure, |failure, hint| failure.hint(hint)))
}

/// What clap says, as data: its first paragraph, and where help is.
fn repeated(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::new(Code::Usage, "a command is missing: this is a group of several")
            .hint("v-secure --help");
    }
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let message = first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>();
    Failure::new(Code::Usage, message.join(" ")).hint("v-secure --help")
}

/// Whether repeating a word could steer a terminal, or show something else than what is there.
fn acts_on_a_terminal(arg: &OsStr) -> bool {
    arg.to_str().is_none_or(|text| matches!(escape_for_display(text), Cow::Owned(_)))
}

/// Whether the command is one where users type a value by mistake.
fn may_repeat_a_value(args: &[OsString]) -> bool {
    // 'key rotate' takes no value.
    let about_keys = args.windows(2).any(|pair| pair[0] == "key" && pair[1] == "rotate");
    args.iter().skip(1).any(|arg| arg == "set" || (arg == "rotate" && !about_keys))
}
