//! The first use of a vault that nothing vouches for: a question, and its refusal where nobody can
//! be asked. Neither is hidden by `--quiet`: what is agreed to here is served from then on.

use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::identities;
use super::ui::escape_lines;
use crate::name::Name;
use crate::ops::vault::Vault;
use crate::policy::state::{Member, OWNER};
use crate::store::find::Search;
use crate::store::session::{Opened, Session, SessionError};
use crate::vault::request::fingerprint_words;
use std::collections::BTreeSet;

/// Asks whether the vault is the right one; by `--trust-first-use` it is.
pub fn ask(context: &Context<'_>, session: &Session, opened: &Opened) -> Outcome {
    let vault = &opened.vault;
    let (name, words) = (&vault.file().header.name, fingerprint_words(&vault.id()));
    if context.globals.trust_first_use {
        context.ui.note(&format!("first use of the vault {name} here, fingerprint {words}"));
        return Ok(());
    }
    if !context.interactive() {
        // Whoever reads a vault that this device uses elsewhere could put it into any project.
        let message = match opened.is_new_here {
            true => format!(
                "the vault {name} ({words}) is known on this device, and has never been accepted \
                 in this project"
            ),
            false => format!(
                "the vault {name} ({words}) has never been accepted here, and nothing vouches for it"
            ),
        };
        return Err(refused(message));
    }
    context.host.write_err(&escape_lines(&told(context, session, opened)?));
    let question = "Is this the vault that you expect here?";
    let agreed = context.host.confirm(question, false).map_err(|error| {
        Failure::new(Exit::Failure, "prompt", "the answer cannot be read").because(&error)
    })?;
    if agreed {
        return Ok(());
    }
    Err(declined(format!(
        "the vault {name} ({words}) was not accepted: nothing was read or changed"
    )))
}

/// Whoever has just said no is not told how to skip the question.
fn declined(message: String) -> Failure {
    Failure::new(Exit::Failure, "first-use", message)
        .hint("compare the fingerprint with what 'v-secure pin show' prints on a colleague's machine, then 'v-secure pin accept'")
}

fn refused(message: String) -> Failure {
    Failure::new(Exit::Failure, "first-use", message)
        .hint("give the pin that 'v-secure pin show' prints on a machine that knows the vault, in V_SECURE_PIN")
        .hint("--trust-first-use accepts what this repository holds now")
}

/// What can be compared with what is expected.
fn told(context: &Context<'_>, session: &Session, opened: &Opened) -> Outcome<String> {
    let vault = &opened.vault;
    let path = session.location.vault.display();
    let owners: Vec<&str> = vault
        .policy()
        .members()
        .filter(|(_, member)| is_owner(member))
        .map(|(name, _)| name.as_str())
        .collect();
    let mut lines = vec![
        match opened.is_new_here {
            true => format!(
                "this device knows the vault {} from another place, and has never used it in {path}",
                vault.file().header.name
            ),
            false => {
                format!(
                    "this device has never used the vault {} in {path}",
                    vault.file().header.name
                )
            }
        },
        format!("fingerprint  {}", fingerprint_words(&vault.id())),
        format!("owners       {}", owners.join(", ")),
    ];
    lines.extend(above(context, session)?);
    lines.extend(foreign_keys(context, session, vault)?);
    Ok(lines.join("\n"))
}

/// Says that commands in the folder above use another vault.
fn above(context: &Context<'_>, session: &Session) -> Outcome<Option<String>> {
    let Some(start) = session.location.project.parent() else { return Ok(None) };
    let home = context.host.home_dir();
    let search = Search { start, home: home.as_deref(), owners: context.project_owners() };
    let found = search.above()?;
    Ok(found.map(|found| format!("above it    {} is another vault", found.vault.display())))
}

/// Says where the vault has a signing key of this user's that this device did not make: whoever
/// made it signs in the user's name.
fn foreign_keys(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
) -> Outcome<Option<String>> {
    let own = identities::own_recipients(context, vault)?;
    let made = session.made_here().map_err(SessionError::Pin)?;
    let is_foreign = |member: &Member| {
        member.keys.values().any(|key| own.contains(&key.recipient) && !made.contains(&key.id))
    };
    let found = vault.policy().members().find(|(_, member)| is_foreign(member));
    Ok(found.map(|(name, member)| foreign_key(name, member, &own)))
}

fn foreign_key(name: &Name, member: &Member, own: &BTreeSet<String>) -> String {
    let what = if is_owner(member) { "an owner" } else { "a member" };
    let devices = member.keys.iter().filter(|(_, key)| own.contains(&key.recipient));
    let devices: Vec<&str> = devices.map(|(device, _)| device.as_str()).collect();
    format!(
        "this vault makes you {what} ({name}, device {}) with a signing key that was not made on \
         this device: if no other device of yours made it, somebody else did, to read what you set",
        devices.join(", ")
    )
}

fn is_owner(member: &Member) -> bool {
    member.roles().any(|role| role.as_str() == OWNER)
}
