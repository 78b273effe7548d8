//! Writes the worst files that can be thought of, for `benches/hostile/run.py`: `outsider` cases are
//! what anybody who may push can write without a key, `member` cases are signed by a member that has
//! one right.
//!
//! ```text
//! cargo run --release --example hostile_vault -- list
//! cargo run --release --example hostile_vault -- base FOLDER
//! cargo run --release --example hostile_vault -- CASE BYTES FOLDER
//! ```
//!
//! A case adds to the vault that `base` made in the folder about so many bytes.

#[path = "../benches/hostile/cases.rs"]
mod cases;
#[path = "../benches/hostile/start.rs"]
mod start;
#[path = "../benches/synthetic/mod.rs"]
mod synthetic;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["list"] => cases::CASES.iter().for_each(|(name, _)| println!("{name}")),
        ["base", folder] => start::write(&PathBuf::from(folder))?,
        [case, bytes, folder] => {
            let start = start::Start::read(&PathBuf::from(folder))?;
            let (_, make) =
                cases::CASES.iter().find(|(name, _)| *name == case).ok_or("no such case")?;
            let text = make(&start, bytes.parse()?);
            std::fs::write(PathBuf::from(folder).join(".v-secure/vault.toml"), text)?;
        }
        _ => return Err("usage: hostile_vault list | base FOLDER | CASE BYTES FOLDER".into()),
    }
    Ok(())
}
