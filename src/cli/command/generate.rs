//! `v-secure generate`, hidden: prints the completions and man pages that are checked in, so that
//! no build script is needed. `tests/it/generated.rs` compares and renews them.

use crate::cli::args::manual;
use crate::cli::args::root::Root;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::{Args, CommandFactory};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};
use serde::Serialize;
use std::io;

/// Print completions and man pages as a JSON list of paths and texts
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
            Failure::new(Code::Generate, "the pages cannot be made").because(&error)
        };
        let mut files = completions().map_err(failed)?;
        let pages = manual::pages(Root::command()).map_err(failed)?;
        files.extend(
            pages.into_iter().map(|(name, text)| File { path: format!("man/{name}.1"), text }),
        );
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
            let text = String::from_utf8_lossy(&text).into_owned();
            Ok(File { path: format!("completions/{name}"), text })
        })
        .collect()
}
