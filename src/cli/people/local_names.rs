//! The names that this machine suggests: of its user, and of itself as a device.

use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use v_secure_core::name::Name;

/// A name from a flag, or else made of what is there by leaving out what names may not hold.
pub fn name(flag: Option<&str>, found: String, option: &'static str) -> Outcome<Name> {
    if let Some(text) = flag {
        return Name::new(text).map_err(|error| {
            Failure::new(Code::BadName, format!("{option} is not a valid name")).because(&error)
        });
    }
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let kept: String = found.chars().filter(fits).collect();
    let kept = kept.trim_start_matches(['-', '.']).to_owned();
    Name::new(kept).map_err(|error| {
        Failure::new(Code::BadName, format!("no name can be made of what is here: give {option}"))
            .because(&error)
    })
}

/// The name that a user goes by in a vault: the one given, or the system's.
pub(crate) fn name_of_user(context: &Surroundings<'_>, flag: Option<&str>) -> Outcome<Name> {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| context.host.variable(name));
    let user = user.map(|user| user.to_string_lossy().into_owned());
    let named = name(flag, user.clone().unwrap_or_else(|| "owner-1".into()), "--member")?;
    match user {
        None if flag.is_none() => context.ui.warn(&format!(
            "the system names no user (USER is not set): you are called {named} in the vault"
        )),
        Some(user) if flag.is_none() && user != named.as_str() => {
            context
                .ui
                .note(&format!("you are called {named} in the vault, by what fits of {user}"));
        }
        _ => {}
    }
    Ok(named)
}

/// This device's name, for its signing key.
pub fn device(context: &Surroundings<'_>) -> Name {
    let stated = context.host.variable("HOSTNAME").and_then(|name| name.into_string().ok());
    let host = stated.or_else(|| context.host.machine_name()).unwrap_or_default();
    name(None, host, "--device")
        .or_else(|_| name(Some("device-1"), String::new(), "--device"))
        .unwrap_or_else(|_| unreachable!("the constant is a name"))
}
