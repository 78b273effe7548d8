//! Runs a program as `v-secure exec` does, without a vault: hardens itself, builds the environment
//! and becomes the program. `tests/it/exec_child.rs` drives it.
//!
//! `exec_child --show-dumpable` tells the flag that the process starts with.
//! `exec_child [--pristine] [--override] [--keep] [--allow=VARIABLE] NAME=VALUE ... -- CMD ARG ...`

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use v_secure::cli::child::{self, Program};
use v_secure::host::{Environment, hardening, real::RealHost};
use v_secure_core::convert::inject::{
    ChildOptions, ChildVariable, Clash, Consent, System, environment,
};
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if std::env::args_os().nth(1).is_some_and(|argument| argument == "--show-dumpable") {
        println!("{:?}", rustix::process::dumpable_behavior());
        return ExitCode::SUCCESS;
    }
    match run() {
        // Windows only: elsewhere the program has taken this process's place.
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.downcast_ref::<child::ChildError>().map_or(2, |e| e.exit_code()))
        }
    }
}

fn run() -> Result<i32, Box<dyn Error>> {
    let hardened = hardening::harden();
    // Held open to show that a descriptor of ours does not reach the child.
    let _open = std::fs::File::open("/dev/null")?;
    let mut arguments = std::env::args_os().skip(1);
    let (mut pristine, mut clash) = (false, Clash::Error);
    let (mut wanted, mut consent) = (Vec::new(), Consent::default());
    for argument in arguments.by_ref() {
        match argument.to_str() {
            Some("--") => break,
            Some("--pristine") => pristine = true,
            Some("--override") => clash = Clash::Override,
            Some("--keep") => clash = Clash::Keep,
            Some(text) if text.starts_with("--allow=") => {
                consent.allowed.push(text[8..].to_owned())
            }
            _ => wanted.push(secret(&argument)?),
        }
    }
    let options = ChildOptions { pristine, clash, consent: &consent, system: System::current() };
    let environment = environment(RealHost.variables(), wanted, &options)?;
    let name = arguments.next().ok_or("no command")?;
    let arguments: Vec<OsString> = arguments.collect();
    let search = RealHost.variable("PATH");
    let program = Program { name: &name, arguments: &arguments, search: search.as_deref() };
    Ok(child::run(program, &environment, &hardened)?)
}

fn secret(argument: &OsStr) -> Result<ChildVariable, Box<dyn Error>> {
    let bytes = argument.as_encoded_bytes();
    let equals = bytes.iter().position(|b| *b == b'=').ok_or("expected NAME=VALUE")?;
    let name = Name::new(String::from_utf8(bytes[..equals].to_vec())?)?;
    let secret = SecretName::new(&EnvironmentName::new("test")?, &name);
    let value = SecretValue::new(bytes[equals + 1..].to_vec());
    Ok(ChildVariable { secret, variable: None, value })
}
