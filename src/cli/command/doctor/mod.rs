//! `v-secure doctor`: everything that can keep v-secure from working or from protecting, each
//! finding with the command that mends it. Looks only: it asks nothing, unlocks nothing, accepts
//! nothing.
//!
//! A check is one function in one file; `CHECKS` is the list.

mod clock;
mod contents;
mod examined;
mod exposed;
pub mod finding;
mod git;
mod history;
mod identity;
mod keyring;
mod left_over;
mod members;
mod permissions;
mod pins;
mod plain;
mod proposals;
mod recovery;
mod secrets;
mod show;
mod vault;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use examined::Examined;
use finding::DoctorFinding;
use v_secure_core::report::view::doctor::{DoctorFindingView, DoctorSeverity, DoctorView};

/// In the order that findings are shown.
const CHECKS: &[fn(&Examined<'_>) -> Vec<DoctorFinding>] = &[
    vault::check,
    pins::check,
    identity::check,
    keyring::check,
    permissions::check,
    clock::check,
    git::check,
    plain::check,
    recovery::check,
    proposals::check,
    members::check,
    secrets::check,
    contents::check,
    exposed::check,
    history::check,
    left_over::check,
];

/// Check the set-up: identity, vault, keyring, pins, permissions, clock, git, recovery, members, secrets
#[derive(Debug, Args)]
#[command(
    after_help = "Each finding is ok, a note, a warning or an error, with a stable code (docs/doctor.md) and, where \
                        something is to be done, the command that does it. Exit code 1 if there is an error.\n\n\
                        Examples:\n  v-secure doctor\n  v-secure doctor --json | jq -r '.findings[].code'"
)]
pub struct Doctor {}

impl Doctor {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let examined = Examined::new(context);
        let findings: Vec<DoctorFinding> =
            CHECKS.iter().flat_map(|check| check(&examined)).collect();
        let errors: Vec<&DoctorFinding> =
            findings.iter().filter(|found| found.severity == DoctorSeverity::Error).collect();
        if context.ui.json {
            let findings = findings.iter().map(DoctorFindingView::from).collect();
            context.ui.object(&DoctorView::of(env!("CARGO_PKG_VERSION"), findings))?;
        } else {
            show::show(context, &findings)?;
        }
        match errors.first() {
            None => Ok(()),
            Some(first) => Err(failure(first, errors.len())),
        }
    }
}

fn failure(first: &DoctorFinding, count: usize) -> Failure {
    let message = match count {
        1 => "1 finding is an error".to_owned(),
        many => format!("{many} findings are errors"),
    };
    let failure = Failure::new(Code::Unsound, message);
    failure.hint(first.command.as_deref().unwrap_or("v-secure doctor"))
}
