//! Where the shell asks for completions: the whole command line, with what completes to each argument.

use super::complete::{audiences, environments, members, roles};
use super::root::Root;
use clap::{Command, CommandFactory};
use clap_complete::engine::ArgValueCompleter;

/// If the shell asks for completions (`COMPLETE=bash v-secure …`), answers and ends the process.
pub fn answer_shell() {
    clap_complete::CompleteEnv::with_factory(|| with_names(Root::command())).complete();
}

/// Adds what completes to each argument whose value the help calls a member, a role or an audience,
/// so that a new command has it without saying so.
fn with_names(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        if arg.get_long() == Some("env") {
            return arg.add(ArgValueCompleter::new(environments));
        }
        let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        match value.as_deref() {
            Some("MEMBER") => arg.add(ArgValueCompleter::new(members)),
            Some("ROLE") => arg.add(ArgValueCompleter::new(roles)),
            Some("AUDIENCE") => arg.add(ArgValueCompleter::new(audiences)),
            _ => arg,
        }
    });
    command.mut_subcommands(with_names)
}
