//! Writes a project whose vault has a past, for `benches/growth.py`:
//!
//! ```text
//! cargo run --release --example growth_vault -- FOLDER SECRETS PUTS EPOCHS POLICY
//! ```
//!
//! SECRETS secrets, put PUTS times in turn, one entry each; EPOCHS changes of the owners' keys before, and POLICY other
//! entries of the policy.

#[path = "../benches/synthetic/mod.rs"]
mod synthetic;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use synthetic::{Past, Size, Synthetic};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, secrets, puts, epochs, policy] = &arguments[..] else {
        return Err("usage: growth_vault FOLDER SECRETS PUTS EPOCHS POLICY".into());
    };
    let (secrets, entries) = (secrets.parse()?, puts.parse()?);
    let past = Past { epochs: epochs.parse()?, policy: policy.parse()? };
    let made = Synthetic::grown(Size { secrets, entries, puts_per_entry: 1 }, past);
    let folder = PathBuf::from(folder);
    fs::create_dir_all(folder.join(".v-secure"))?;
    fs::write(folder.join(".v-secure/vault.toml"), &made.text)?;
    // A key for nothing but made-up values; it still goes only where the caller said.
    synthetic::write_key(&folder.join("identity.txt"), made.identity.text.expose())?;
    Ok(())
}
