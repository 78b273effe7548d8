//! `v-secure generate`, hidden: writes the completions and man pages that are checked in.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::root::Root;
use clap::{Args, CommandFactory};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use serde::Serialize;
use std::io;

/// Print completions and man pages as one JSON object, file name to text
#[derive(Debug, Args)]
pub struct Generate {}

#[derive(Serialize)]
struct File {
    path: String,
    text: String,
}

impl Generate {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let failed = |error: io::Error| {
            Failure::new(Exit::Failure, "generate", "the pages cannot be made").because(&error)
        };
        let mut files = completions().map_err(failed)?;
        files.extend(pages().map_err(failed)?);
        context.ui.object(&files)
    }
}

fn completions() -> io::Result<Vec<File>> {
    let shells: [(&str, &dyn EnvCompleter); 4] = [
        ("v-secure.bash", &Bash),
        ("_v-secure", &Zsh),
        ("v-secure.fish", &Fish),
        ("v-secure.ps1", &Powershell),
    ];
    shells
        .iter()
        .map(|(name, shell)| {
            let mut text = Vec::new();
            shell.write_registration("COMPLETE", "v_secure", "v-secure", "v-secure", &mut text)?;
            Ok(File { path: format!("completions/{name}"), text: lossy(text) })
        })
        .collect()
}

fn pages() -> io::Result<Vec<File>> {
    let mut root = Root::command().disable_help_subcommand(true);
    root.build();
    let mut files = Vec::new();
    page(&root, "v-secure", &mut files)?;
    Ok(files)
}

fn page(command: &clap::Command, name: &str, files: &mut Vec<File>) -> io::Result<()> {
    let mut text = Vec::new();
    let named = command
        .clone()
        .display_name(name)
        .bin_name(name.replace('-', " ").replace("v secure", "v-secure"));
    clap_mangen::Man::new(named).date("").render(&mut text)?;
    files.push(File { path: format!("man/{name}.1"), text: lossy(text) });
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        page(child, &format!("{name}-{}", child.get_name()), files)?;
    }
    Ok(())
}

fn lossy(text: Vec<u8>) -> String {
    String::from_utf8_lossy(&text).into_owned()
}
