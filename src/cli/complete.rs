//! Answers to the shell's completion requests. They never prompt, never unlock and never fail: a
//! vault that cannot be read completes to nothing.

use super::context::Context;
use super::globals::Globals;
use super::root::Root;
use crate::host::real::RealHost;
use clap::CommandFactory;
use clap_complete::engine::CompletionCandidate;
use std::ffi::OsStr;

/// If the shell asks for completions (`COMPLETE=bash v-secure …`), answers and ends the process.
pub fn answer_shell() {
    clap_complete::CompleteEnv::with_factory(Root::command).complete();
}

/// Names of secrets: bare in the environment of `V_SECURE_ENV`, else `ENVIRONMENT/NAME`.
pub fn secrets(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(prefix) = current.to_str() else { return Vec::new() };
    let context = Context::new(&RealHost, Globals::default());
    let Ok(names) = context.secret_names() else { return Vec::new() };
    let environment = context.environment().map(String::from).unwrap_or_default();
    names
        .iter()
        .flat_map(|name| {
            let bare = (name.environment() == environment).then(|| name.name().to_owned());
            bare.into_iter().chain([name.to_string()])
        })
        .filter(|text| text.starts_with(prefix))
        .map(CompletionCandidate::new)
        .collect()
}

/// Names of environments.
pub fn environments(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(prefix) = current.to_str() else { return Vec::new() };
    let context = Context::new(&RealHost, Globals::default());
    let Ok(names) = context.secret_names() else { return Vec::new() };
    let environments: std::collections::BTreeSet<&str> =
        names.iter().map(|name| name.environment()).collect();
    environments
        .into_iter()
        .filter(|text| text.starts_with(prefix))
        .map(CompletionCandidate::new)
        .collect()
}
