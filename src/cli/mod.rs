//! The command line: one file a command, and what several of them need.

pub mod args;
pub mod child;
pub mod command;
mod confirm;
mod door;
pub mod error;
mod output;
mod people;
mod repository;
mod rotating;
mod secret;
mod unlocking;

use self::args::{parse, root};
use self::door::{context, pruning};
use self::error::{exit::Exit, meant};
use self::repository::sharing;
use crate::cli::error::codes::Code;
use crate::engine::history::HistoryUse;
use crate::host::Host;
use std::ffi::OsString;

/// Runs one command line. `args` begins with the program's name, as in `std::env::args_os`.
///
/// Can be called more than once in a process, except that `exec` replaces it on Unix.
pub fn run(args: impl IntoIterator<Item = OsString>, host: &dyn Host) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let root = match parse::parse(&args, host) {
        Ok(root) => root,
        Err(exit) => return exit,
    };
    let context = context::Context::new(host, root.globals);
    context.pruning.allow(root.command.as_ref().is_none_or(root::Command::may_prune));
    let history = root.command.as_ref().map_or(HistoryUse::AsNeeded, root::Command::history_use);
    context.history.set(history);
    context.sharing.want(root.command.as_ref().is_some_and(root::Command::is_of_others));
    let result = refuse_debugging(host).and_then(|()| match root.command {
        Some(command) => command.run(&context),
        None => command::status::run(&context),
    });
    pruning::run(&context);
    match result {
        Ok(()) => {
            sharing::tell(&context.sharing, &context.ui);
            Exit::Ok
        }
        Err(failure) => {
            let failure = meant::named(&context, failure);
            context.ui.failure(&failure);
            failure.exit
        }
    }
}

/// age would print what it sends to plugins, file keys among it.
fn refuse_debugging(host: &dyn Host) -> error::Outcome {
    let asked =
        host.variable("AGEDEBUG").is_some_and(|value| value.to_string_lossy().contains("plugin"));
    if !asked {
        return Ok(());
    }
    let message = "AGEDEBUG=plugin makes age print what it sends to plugins, keys among it";
    Err(error::Failure::new(Code::AgeDebug, message).hint("unset AGEDEBUG"))
}
