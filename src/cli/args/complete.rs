//! Answers to the shell's completion requests. They never prompt, never unlock and never fail: a
//! vault that cannot be read completes to nothing.

use super::globals::Globals;
use crate::cli::child::lookup;
use crate::cli::door::context::Context;
use crate::host::Environment;
use crate::host::real::RealHost;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use v_secure_core::policy::settings::SETTINGS;
use v_secure_core::secret::similar;
use v_secure_core::vault::{Depth, Vault};

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
    let environments: BTreeSet<&str> = names.iter().map(|name| name.environment()).collect();
    environments
        .into_iter()
        .filter(|text| text.starts_with(prefix))
        .map(CompletionCandidate::new)
        .collect()
}

/// Names of members.
pub fn members(current: &OsStr) -> Vec<CompletionCandidate> {
    of_vault(current, |vault| vault.policy().members().map(|(name, _)| name.to_string()).collect())
}

/// Names of roles.
pub fn roles(current: &OsStr) -> Vec<CompletionCandidate> {
    of_vault(current, |vault| vault.policy().roles().map(|(name, _)| name.to_string()).collect())
}

/// Ids of the rotations that are open.
pub fn rotations(current: &OsStr) -> Vec<CompletionCandidate> {
    of_vault(current, |vault| {
        let open = vault.state().secrets.values().flat_map(|state| state.open_rotations());
        open.map(|rotation| rotation.id.to_string()).collect()
    })
}

/// Names of audiences.
pub fn audiences(current: &OsStr) -> Vec<CompletionCandidate> {
    of_vault(current, |vault| {
        vault.policy().audiences().map(|(name, _)| name.to_string()).collect()
    })
}

/// `MEMBER/DEVICE` of every device that can sign.
pub fn devices(current: &OsStr) -> Vec<CompletionCandidate> {
    of_vault(current, |vault| {
        let members = vault.policy().members();
        let devices = members.flat_map(|(name, member)| {
            member.keys.keys().map(move |device| format!("{name}/{device}"))
        });
        devices.collect()
    })
}

/// Settings; of those that each environment has, one for each that is there, and of those of a provider one for each
/// that something is said of, or whose name is typed.
pub fn settings(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = current.to_str().and_then(|text| text.strip_prefix("provider.")?.rsplit_once('.'));
    of_vault(current, |vault| {
        let environments = similar::environments(vault);
        let providers = vault.policy().settings().providers().map(|provider| provider.name);
        let mut providers: BTreeSet<String> = providers.map(String::from).collect();
        providers.extend(typed.map(|(name, _)| name.to_owned()));
        let keys = SETTINGS.iter().flat_map(|setting| {
            let named = |name: &String| setting.named(name);
            match setting.is_of_environments() {
                true => environments.iter().map(|name| setting.named(name.as_str())).collect(),
                false if setting.around_name().is_some() => providers.iter().map(named).collect(),
                false => vec![setting.key.to_owned()],
            }
        });
        keys.collect()
    })
}

/// What `exec` runs: a program, and behind it files, which are the arguments of most.
pub struct Programs;

impl ValueCompleter for Programs {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let files = PathCompleter::any().complete(current);
        // All programs there are would be no help.
        if current.is_empty() || !is_program() {
            return files;
        }
        let programs = lookup::beginning_with(current, RealHost.variable("PATH").as_deref());
        programs.into_iter().map(CompletionCandidate::new).chain(files).collect()
    }
}

/// Whether the word to be completed stands where the program does. The library does not tell, and the words are
/// this process's own arguments then.
fn is_program() -> bool {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let index = RealHost.variable("_CLAP_COMPLETE_INDEX");
    let index = index.and_then(|index| index.to_str()?.parse::<usize>().ok());
    let before = match index {
        Some(index) => index.checked_sub(1).and_then(|before| words.nth(before)),
        // Shells that count no words give none behind this one.
        None => words.collect::<Vec<_>>().into_iter().rev().nth(1),
    };
    before.is_some_and(|word| word == "--" || word == "exec" || word == "run")
}

/// Names in the vault as it lies there: nothing of it is verified, and nothing but offered.
fn of_vault(current: &OsStr, names: impl Fn(&Vault) -> Vec<String>) -> Vec<CompletionCandidate> {
    let Some(prefix) = current.to_str() else { return Vec::new() };
    let context = Context::new(&RealHost, Globals::default());
    let Ok(session) = context.session() else { return Vec::new() };
    let Ok(opened) = session.open(Depth::Unverified) else { return Vec::new() };
    let names = names(&opened.vault).into_iter();
    names.filter(|text| text.starts_with(prefix)).map(CompletionCandidate::new).collect()
}
