//! Writes a project with a vault of any size, to time whole commands on it:
//!
//! ```text
//! cargo run --release --example big_vault -- FOLDER ENTRIES SECRETS
//! cd FOLDER && v-secure --identity identity.txt --trust-first-use audit verify
//! ```

#[path = "../benches/synthetic/mod.rs"]
mod synthetic;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use synthetic::{Size, Synthetic};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, entries, secrets] = &arguments[..] else {
        return Err("usage: big_vault FOLDER ENTRIES SECRETS".into());
    };
    let size = Size { secrets: secrets.parse()?, entries: entries.parse()?, puts_per_entry: 1 };
    let made = Synthetic::make(size);
    let folder = PathBuf::from(folder);
    fs::create_dir_all(folder.join(".v-secure"))?;
    fs::write(folder.join(".v-secure/vault.toml"), &made.text)?;
    // A key for nothing but made-up values; it still goes only where the caller said.
    synthetic::write_key(&folder.join("identity.txt"), made.identity.text.expose())?;
    Ok(())
}
