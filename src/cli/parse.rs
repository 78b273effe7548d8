//! From words to a parsed command line, without ever repeating a word that may be a value.

use super::exit::Exit;
use super::root::Root;
use crate::host::{Host, Stream};
use crate::vault::text::escape_for_display;
use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

/// Parses, or prints help or what is wrong and says how to exit.
pub fn parse(args: &[OsString], host: &dyn Host) -> Result<Root, Exit> {
    let plain = host.variable("NO_COLOR").is_some() || !host.is_terminal(Stream::Out);
    let colour = if plain { ColorChoice::Never } else { ColorChoice::Auto };
    let mut command = Root::command().color(colour);
    let parsed = command.try_get_matches_from_mut(args).and_then(|m| Root::from_arg_matches(&m));
    parsed.map_err(|error| report(&error, args, host))
}

fn report(error: &clap::Error, args: &[OsString], host: &dyn Host) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone away does not make help a failure.
            let _ = host.write_out(error.render().to_string().as_bytes());
            Exit::Ok
        }
        _ if may_repeat_a_value(args) => {
            host.write_err(
                "error: these arguments are not understood (not repeated here: one may be a value)\n  \
                 try: v-secure secret set --help\n  \
                 try: printf %s \"$VALUE\" | v-secure set NAME",
            );
            Exit::Usage
        }
        _ if args.iter().any(|arg| acts_on_a_terminal(arg)) => {
            host.write_err(
                "error: these arguments are not understood (not repeated here: they hold control or \
                 invisible characters)",
            );
            Exit::Usage
        }
        _ => {
            host.write_err(error.render().to_string().trim_end());
            Exit::Usage
        }
    }
}

/// Whether repeating a word could steer a terminal, or show something else than what is there.
fn acts_on_a_terminal(arg: &OsStr) -> bool {
    arg.to_str().is_none_or(|text| matches!(escape_for_display(text), Cow::Owned(_)))
}

/// Whether the command is one where users type a value by mistake.
fn may_repeat_a_value(args: &[OsString]) -> bool {
    args.iter().skip(1).any(|arg| arg == "set" || arg == "rotate")
}
