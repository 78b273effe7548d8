//! The commands that read and write values, described without the others: what a script runs many times. To describe
//! all commands takes longer than to read a secret. Whatever this does not make out, from help to an error,
//! [`super::parse`] asks of the whole description; it alone says anything.

use super::globals::Globals;
use super::root::{Command, Root};
use crate::cli::command as c;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

#[derive(Debug, Parser)]
#[command(name = "v-secure", disable_help_subcommand = true)]
struct Daily {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: DailyCommand,
}

/// Each is the variant of [`Command`] with this name; its options are described if it is the one that is asked for.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum DailyCommand {
    Set(c::secret::set::Set),
    Get(c::secret::get::Get),
    #[command(alias = "list")]
    Ls(c::secret::list::List),
    #[command(alias = "run")]
    Exec(c::exec::Exec),
    Inject(c::inject::Inject),
    Export(c::export::Export),
}

/// What the command line asks for, where it is one of these commands without any fault.
pub(super) fn parse(args: &[OsString]) -> Option<Root> {
    let mut command = Daily::command();
    let parsed = command.try_get_matches_from_mut(args).and_then(|m| Daily::from_arg_matches(&m));
    // As in `super::parse`.
    std::mem::forget(command);
    let Daily { globals, command } = parsed.ok()?;
    Some(Root { globals, command: Some(command.into()) })
}

impl From<DailyCommand> for Command {
    fn from(command: DailyCommand) -> Self {
        match command {
            DailyCommand::Set(set) => Self::Set(set),
            DailyCommand::Get(get) => Self::Get(get),
            DailyCommand::Ls(list) => Self::Ls(list),
            DailyCommand::Exec(exec) => Self::Exec(exec),
            DailyCommand::Inject(inject) => Self::Inject(inject),
            DailyCommand::Export(export) => Self::Export(export),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both readings of a command line, as text.
    fn read(line: &str) -> (Option<String>, Option<String>) {
        let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let whole = Root::try_parse_from(&args).ok().map(|root| format!("{root:?}"));
        (parse(&args).map(|root| format!("{root:?}")), whole)
    }

    /// Every command of the whole description, with its options as they are spelled there.
    fn lines() -> Vec<String> {
        let mut lines = Vec::new();
        for command in Root::command().get_subcommands() {
            let names = std::iter::once(command.get_name()).chain(command.get_all_aliases());
            for name in names {
                for before in ["", "-q ", "--json ", "-e prod ", "--vault get ", "--identity set "]
                {
                    for words in
                        ["", " A", " A B", " prod/A -- true", " -- set A", " A --json -e exec"]
                    {
                        lines.push(format!("v-secure {before}{name}{words}"));
                    }
                }
                for option in command.get_arguments().filter_map(|arg| arg.get_long()) {
                    for rest in ["", " A", " 1 A", "=A", "=1 A", "=A -- true", " A -- true", " A B"]
                    {
                        lines.push(format!("v-secure {name} --{option}{rest}"));
                        lines.push(format!("v-secure {name} A --{option}{rest}"));
                    }
                }
            }
        }
        lines
    }

    /// How a command line of [`DailyCommand`]'s commands is shown.
    fn is_daily(text: &str) -> bool {
        let names = ["Set", "Get", "Ls", "Exec", "Inject", "Export"];
        names.iter().any(|name| text.contains(&format!("command: Some({name}(")))
    }

    #[test]
    fn what_is_read_here_is_what_the_whole_description_reads() {
        let mut read_here = 0;
        for line in lines() {
            let (daily, whole) = read(&line);
            read_here += usize::from(daily.is_some());
            assert_eq!(daily, whole.filter(|text| is_daily(text)), "{line}");
        }
        assert!(read_here > 300, "{read_here}");
    }

    #[test]
    fn help_and_faults_are_left_to_the_whole_description() {
        for line in [
            "v-secure",
            "v-secure get --help",
            "v-secure -h",
            "v-secure --version",
            "v-secure get",
            "v-secure get --no-such A",
        ] {
            let args: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(parse(&args).is_none(), "{line}");
        }
    }
}
