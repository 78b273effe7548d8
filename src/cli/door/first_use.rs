//! The first use of a vault that nothing vouches for: a question, and its refusal where nobody can
//! be asked. Neither is hidden by `--quiet`: what is agreed to here is served from then on.

use super::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::unlocking;
use crate::cli::unlocking::identities;
use crate::engine::session::{OpenedVault, Session, SessionError};
use crate::store::file::find::Search;
use crate::store::state::pins::Home;
use std::collections::BTreeSet;
use std::path::Path;
use v_secure_core::backup::maker::Maker;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::name::Name;
use v_secure_core::policy::state::{Member, OWNER};
use v_secure_core::vault::Vault;
use v_secure_core::vault::pin::PinStatus;

/// Where a vault comes from that somebody is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// It stands at its place.
    Place,
    /// It is to be put there.
    Backup { file: &'a Path, maker: Option<&'a Maker> },
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// Nothing is known of the vault.
    Unknown,
    /// Whoever reads a vault that this device uses elsewhere could put it into any project.
    NewHere,
    /// The vault is known, and not who chose this state of it.
    Unsigned,
}

impl Doubt {
    fn of(opened: &OpenedVault) -> Self {
        match (opened.is_new_here, &opened.pin) {
            (true, _) => Self::NewHere,
            (false, PinStatus::Unknown) => Self::Unknown,
            _ => Self::Unsigned,
        }
    }
}

/// Asks whether the vault is the right one; by `--trust-first-use` it is.
pub fn ask(
    context: &Context<'_>,
    session: &Session,
    opened: &OpenedVault,
    source: Source<'_>,
) -> Outcome {
    let vault = &opened.vault;
    let (name, words) = (&vault.file().header.name, fingerprint_words(&vault.id()));
    let doubt = Doubt::of(opened);
    if context.globals.trust_first_use {
        let what = if doubt == Doubt::Unsigned { "an unsigned backup" } else { "first use" };
        context.ui.note(&format!("{what} of the vault {name} here, fingerprint {words}"));
        return Ok(());
    }
    if !context.interactive() {
        // Trust is judged where there is a key to use: a job without one is not led to switch it off.
        if let (Source::Place, Some(failure)) = (source, unlocking::hopeless(context, vault)?) {
            return Err(failure);
        }
        let homes = homes(session, &vault.id())?;
        let vault = format!("the vault {name} ({words})");
        let mut failure = refused(doubt, &vault, &homes, source);
        if identities::is_empty_variable(context, "V_SECURE_PIN") {
            failure.causes.push("V_SECURE_PIN is set, and empty".to_owned());
        }
        return Err(failure);
    }
    let mut told = told(context, session, opened, doubt)?;
    if let Source::Backup { file, maker } = source {
        let made = match maker {
            Some(maker) => format!("{maker}, as {} says", file.display()),
            None => format!("nobody signed {}", file.display()),
        };
        told.push(("made by      ", made));
    }
    for (label, text) in told {
        context.ui.say_wrapped(label, label.len(), &text);
    }
    let question = "Is this the vault that you expect here?";
    let agreed = context.ui.confirm(question, false)?;
    if agreed {
        return Ok(());
    }
    let message =
        format!("the vault {name} ({words}) was not accepted: nothing was read or changed");
    Err(declined(message, source))
}

/// Whoever has just said no is not told how to skip the question.
fn declined(message: String, source: Source<'_>) -> Failure {
    let then = match source {
        Source::Place => "v-secure pin accept".to_owned(),
        Source::Backup { file, .. } => {
            // Within quotes of its own: quotes in it would end them.
            let file = file.to_str().filter(|file| shell_word::is_plain(file)).unwrap_or("FILE");
            format!("v-secure backup restore {file}")
        }
    };
    Failure::new(Code::FirstUse, message).hint(format!(
        "compare the fingerprint with what 'v-secure pin show' prints on a colleague's machine, then '{then}'"
    ))
}

/// Where the vault was accepted. Folders that are gone tell nobody anything.
fn homes(session: &Session, vault: &VaultId) -> Outcome<String> {
    let homes = session.homes(vault).map_err(SessionError::Pin)?;
    let shown = |home: &Home| match home.path == session.location.vault {
        true => "another folder that was here before".to_owned(),
        false => home.path.display().to_string(),
    };
    let there = homes.iter().filter(|home| home.path.exists());
    let paths: Vec<String> = there.map(shown).collect();
    Ok(match &paths[..] {
        [] if !homes.is_empty() => "a folder that is gone".to_owned(),
        [] => "another place".to_owned(),
        [one] => one.clone(),
        [one, more @ ..] => format!("{one} and {} more", more.len()),
    })
}

fn refused(doubt: Doubt, vault: &str, homes: &str, source: Source<'_>) -> Failure {
    let message = match (doubt, source) {
        (Doubt::NewHere, _) => {
            format!(
                "{vault} is known on this device from {homes}, has never been accepted in this \
                 project, and nothing shows that the two projects are the same"
            )
        }
        (Doubt::Unsigned, Source::Backup { file, .. }) => format!(
            "nobody signed {}: which state of {vault} is in it, and which identity, is the choice of \
             whoever made it",
            file.display()
        ),
        _ => format!(
            "{vault} has never been accepted on this device, and nothing here shows that it is the right one"
        ),
    };
    let what = match source {
        Source::Place => "this repository holds now",
        Source::Backup { .. } => "the backup holds",
    };
    let pin = "give the pin that 'v-secure pin show' prints on a machine that knows the vault, in \
               V_SECURE_PIN";
    let failure = Failure::new(Code::FirstUse, message);
    // A pin says which vault is the right one, and not who made a backup of it.
    let is_unsigned = matches!(source, Source::Backup { maker: None, .. });
    let failure = if is_unsigned { failure } else { failure.hint(pin) };
    failure.hint(format!("--trust-first-use accepts what {what}"))
}

/// A label and what stands behind it.
type Told = (&'static str, String);

/// What can be compared with what is expected.
fn told(
    context: &Context<'_>,
    session: &Session,
    opened: &OpenedVault,
    doubt: Doubt,
) -> Outcome<Vec<Told>> {
    let vault = &opened.vault;
    let (path, homes) = (session.location.vault.display(), homes(session, &vault.id())?);
    let owners: Vec<&str> = vault
        .policy()
        .members()
        .filter(|(_, member)| is_owner(member))
        .map(|(name, _)| name.as_str())
        .collect();
    let mut lines = vec![
        ("", first_line(doubt, &vault.file().header.name, &path.to_string(), &homes)),
        ("fingerprint  ", fingerprint_words(&vault.id())),
        ("owners       ", owners.join(", ")),
    ];
    lines.extend(above(context, session)?.map(|text| ("above it     ", text)));
    lines.extend(foreign_keys(context, session, vault)?.map(|text| ("", text)));
    Ok(lines)
}

fn first_line(doubt: Doubt, name: &Name, path: &str, homes: &str) -> String {
    match doubt {
        Doubt::NewHere => format!(
            "this device knows the vault {name} from {homes}, has never used it in {path}, and \
             nothing shows that the two projects are the same"
        ),
        Doubt::Unknown => format!("this device has never used the vault {name} in {path}"),
        Doubt::Unsigned => format!(
            "this device knows the vault {name} of {path}, and not who chose this state of it"
        ),
    }
}

/// Says that commands in the folder above use another vault.
fn above(context: &Context<'_>, session: &Session) -> Outcome<Option<String>> {
    let Some(start) = session.location.project.parent() else { return Ok(None) };
    let home = context.host.home_dir();
    let search = Search { start, home: home.as_deref(), owners: context.project_owners() };
    let found = search.above()?;
    Ok(found.map(|found| format!("{} is another vault", found.vault.display())))
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

fn foreign_key(name: &Name, member: &Member, own: &BTreeSet<RecipientText>) -> String {
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
