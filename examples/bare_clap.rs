//! The least program that clap's derive makes: what `v-secure --version` is compared with in
//! `benches/compare.sh`. Built with the same profile and the same clap features.

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "A command line that does nothing")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Does nothing
    Nothing,
}

fn main() {
    match Arguments::parse().command {
        Command::Nothing => {}
    }
}
