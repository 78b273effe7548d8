//! Exercises the durable writes of `v_secure::store` in a process of its own, for
//! `tests/it/faults.rs`: that one is killed, and its system calls fail.
//!
//! An example and not a hidden command: the released program contains nothing for tests.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use v_secure::store::file::atomic::{Expected, replace};
use v_secure::store::file::lock;
use v_secure::store::file::lock::Lock;
use v_secure::store::file::new_file::write_new;
use v_secure::store::file::read::{ReadError, VAULT_LIMIT, read};

const USAGE: &str = "usage: durable_write replace|new PATH SIZE | append PATH LINE";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => {
            println!("ok");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}: {:?}", error.source().map(ToString::to_string));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match arguments {
        ["replace", path, size] => replace_whole(Path::new(path), size.parse()?),
        ["new", path, size] => Ok(write_new(Path::new(path), &content(size.parse()?), 0o600)?),
        ["append", path, line] => append(Path::new(path), line),
        _ => Err(USAGE.into()),
    }
}

fn replace_whole(path: &Path, size: usize) -> Result<(), Box<dyn Error>> {
    let lock = locked(path)?;
    Ok(replace(&lock, path, &content(size), 0o644, Expected::Any)?)
}

fn append(path: &Path, line: &str) -> Result<(), Box<dyn Error>> {
    let lock = locked(path)?;
    let (mut bytes, expected) = match read(path, VAULT_LIMIT) {
        Ok(contents) => (contents.bytes, Expected::Same(contents.stamp)),
        Err(ReadError::Missing { .. }) => (Vec::new(), Expected::Absent),
        Err(error) => return Err(error.into()),
    };
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    Ok(replace(&lock, path, &bytes, 0o644, expected)?)
}

fn locked(path: &Path) -> Result<Lock, Box<dyn Error>> {
    Ok(Lock::acquire(path.parent().ok_or(USAGE)?, lock::WAIT)?)
}

/// Bytes that tell their size, so that a test can tell a part from a whole.
fn content(size: usize) -> Vec<u8> {
    let unit = format!("{size},");
    unit.bytes().cycle().take(size).collect()
}
