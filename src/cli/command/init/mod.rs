//! `v-secure init`: a new vault with its first owner.

mod own;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::lost;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::local_names;
use crate::cli::people::recovery::{Of, RecoveryArgs};
use crate::cli::repository::project::{in_git, new_project, write_git_files};
use crate::cli::unlocking::identities;
use crate::cli::unlocking::keyring;
use crate::engine::session::{Session, SessionError};
use crate::engine::{transaction, writing};
use crate::store::file::atomic;
use crate::store::file::find;
use crate::store::file::find::{Location, Search};
use crate::store::git::hidden;
use crate::store::git::hidden::HiddenBy;
use clap::Args;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::kdf::Params;
use v_secure_core::file::model::VaultFile;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::people::init;
use v_secure_core::people::init::{Extras, InitRequest};
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::init::{InitRecoveryView, InitView};
use v_secure_core::vault::pin::Neighbour;
use v_secure_core::vault::{Depth, Vault};

/// What a passphrase slot is good for.
const CLONE: &str = "A clone and the passphrase are enough, on any machine: the first use there asks whether this is the right \
                     vault, and without a terminal it needs the line of 'v-secure pin show' in V_SECURE_PIN.";

/// Create a vault in this folder, with you as its owner
#[derive(Debug, Args)]
#[command(
    after_help = "With --passphrase, a clone and the passphrase are enough to unlock, on any machine; no file holds the \
                        identity. The first use on a machine asks whether it is the right vault; without a terminal, \
                        give the pin that 'v-secure pin show' prints in V_SECURE_PIN. Whoever can read the repository \
                        can guess at the passphrase, so a weak one is refused.\n\n\
                        Examples:\n  v-secure init\n  v-secure init --vault-name shop --member admin\n  \
                        v-secure init --passphrase --recovery-out /media/stick/shop-recovery.txt\n  \
                        v-secure init --keyring --recovery-out /media/stick/shop-recovery.txt\n  \
                        v-secure --identity ~/keys/age.txt init"
)]
pub struct Init {
    /// The vault's name; the folder's name by default
    #[arg(long, value_name = "NAME")]
    vault_name: Option<String>,

    /// Your name in the vault; the user name by default
    #[arg(long, value_name = "NAME")]
    member: Option<String>,

    /// Make a new identity if there is none yet (the default)
    #[arg(long)]
    new_identity: bool,

    /// Make a vault of its own in a project that has one
    #[arg(long)]
    nested: bool,

    /// Seal a new identity by a passphrase, in the vault itself, and write it to no file
    #[arg(long)]
    passphrase: bool,

    /// Accept a passphrase that is easily guessed
    #[arg(long, requires = "passphrase")]
    allow_weak_passphrase: bool,

    /// What a guess at a passphrase costs, written as in the setting kdf [default:
    /// m=262144,t=3,p=4]
    #[arg(long, value_name = "m=KIB,t=N,p=N")]
    kdf: Option<Params>,

    /// Keep the new identity in the OS keyring and in no file
    #[arg(long, conflicts_with = "passphrase")]
    keyring: bool,

    #[command(flatten)]
    recovery: RecoveryArgs,
}

impl Init {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let project = new_project(context)?;
        refuse_existing(context, &project)?;
        refuse_hidden(context, &project, self.nested)?;
        if !self.nested {
            refuse_nested(context, &project)?;
        }
        let name =
            local_names::name(self.vault_name.as_deref(), folder_name(&project), "--vault-name")?;
        let member = local_names::name_of_user(context, self.member.as_deref())?;
        let own = self.own(context, &name, &member)?;
        let request = InitRequest {
            name,
            member,
            device: local_names::device(context),
            recipient: own.identity.recipient(),
            now: context.host.now(),
        };
        let recovery = self.recovery.make(context)?;
        let extras = Extras {
            recovery: recovery.as_ref().map(|new| &new.recipient),
            slot: own.passphrase.as_ref().map(|passphrase| (&own.identity, passphrase)),
            kdf: self.kdf,
        };
        let vault = init::init_with(&request, extras, context.host)?;
        if let Some(new) = &recovery {
            let of = Of { name: request.name.as_str(), vault: &vault.header.vault };
            self.recovery.write(context, new, of)?;
        }
        let id = &vault.header.vault;
        let keep = || keyring::make(context, id, &request.member, &own.identity);
        let keyring = self.keyring.then(keep).transpose()?.map(|made| made.file);
        let (path, vault) = write(context, &project, vault)?;
        let report = InitView {
            vault: vault.id(),
            name: request.name,
            path,
            member: request.member,
            recipient: request.recipient,
            identity: own.file,
            identity_created: own.created,
            slot: vault.file().slots.keys().next().copied(),
            recovery: recovery.map(|new| InitRecoveryView {
                recipient: new.recipient,
                file: self.recovery.recovery_out,
            }),
            keyring,
            fingerprint: fingerprint_words(&vault.id()),
            id: vault.id(),
        };
        show(context, &report, &project)?;
        offer_import(context, &project)
    }
}

/// Writes the vault, and for git what belongs to it; returns its path.
fn write(context: &Context<'_>, project: &Path, vault: VaultFile) -> Outcome<(PathBuf, Vault)> {
    let folder = project.join(find::FOLDER);
    atomic::create_folder(&folder)?;
    write_git_files(&folder)?;
    let location = Location::in_project(project)?;
    let session = Session { carried: None, ..context.session_at(location)? };
    let vault = writing::finish(context, &session, transaction::create(&session, vault)?);
    Ok((session.location.vault, vault))
}

fn refuse_existing(context: &Context<'_>, project: &Path) -> Outcome {
    let path = project.join(find::FOLDER).join(find::FILE);
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("there is a vault already: {}", path.display());
    let failure = Failure::new(Code::Exists, message);
    Err(match refusal(context, project) {
        Some(refusal) => Failure { hints: refusal.hints.clone(), ..failure.caused(&refusal) },
        None if is_member(context, project) => {
            failure.hint("v-secure, which shows it: you are a member")
        }
        None => failure.hint("v-secure").hint("v-secure member request, to become a member"),
    })
}

/// Whether an identity that is in files and variables here is a member's of the vault that is there.
fn is_member(context: &Context<'_>, project: &Path) -> bool {
    let found = || -> Outcome<bool> {
        let session = context.session_at(Location::in_project(project)?)?;
        let vault = session.open(Depth::Everything)?.vault;
        let own = identities::own_recipients(context, &vault)?;
        let mut recipients = vault.policy().members().flat_map(|(_, member)| &member.recipients);
        Ok(recipients.any(|recipient| own.contains(recipient)))
    };
    found().unwrap_or(false)
}

/// git's vault that is not checked out is there, too: committing another one would replace it. What
/// is beside it, or on another branch alone, may have one of its own.
fn refuse_hidden(context: &Context<'_>, project: &Path, nested: bool) -> Outcome {
    let Some(found) = hidden::above(project) else { return Ok(()) };
    let is_elsewhere = matches!(found.why, HiddenBy::Branch { .. }) || !found.is_in(project);
    match is_elsewhere && nested {
        true => Ok(()),
        false => Err(crate::cli::repository::hidden::in_the_way(context, &found)),
    }
}

/// Why the vault that is there is not used here: its owners are then nobody to send a request to.
fn refusal(context: &Context<'_>, project: &Path) -> Option<Failure> {
    let judged = || -> Outcome<Option<Failure>> {
        let session = context.session_at(Location::in_project(project)?)?;
        let opened = session.open(Depth::Everything)?;
        let is_refused = opened.pin.is_refused();
        Ok(is_refused.then(|| lost::refusal(&session, &opened)))
    };
    judged().unwrap_or_else(Some)
}

/// A second vault in a project would take what is meant for the first one.
fn refuse_nested(context: &Context<'_>, project: &Path) -> Outcome {
    let home = context.host.home_dir();
    let search = Search { start: project, home: home.as_deref(), owners: context.project_owners() };
    let location = Location::in_project(project)?;
    let message = match search.above()? {
        Some(above) => format!("this folder belongs to the vault {}", above.vault.display()),
        None => match known_around(context, location)? {
            Some(known) => format!(
                "this project has the vault {} ({}) in {}",
                known.name,
                fingerprint_words(&known.vault),
                known.path
            ),
            None => return Ok(()),
        },
    };
    Err(Failure::new(Code::Nested, message)
        .hint("v-secure, which shows the vault that is used here")
        .hint("v-secure init --nested, for another one beside it, which is used in this folder"))
}

/// A vault that this device has accepted in the project.
fn known_around(context: &Context<'_>, location: Location) -> Outcome<Option<Neighbour>> {
    let session = Session { carried: None, ..context.session_at(location)? };
    let around = session.around().map_err(SessionError::Pin)?;
    Ok(around.into_iter().next())
}

fn folder_name(project: &Path) -> String {
    let canonical = project.canonicalize().unwrap_or_else(|_| project.to_path_buf());
    canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn show(context: &Context<'_>, report: &InitView, project: &Path) -> Outcome {
    if context.ui.json {
        return context.ui.object(report);
    }
    let ui = &context.ui;
    let say = |text: &str| ui.note_wrapped("", 0, text);
    let shown = |path: &Path| escape_for_display(&path.to_string_lossy()).into_owned();
    ui.wrapped("vault        ", 13, &format!("{} in {}", report.name, shown(&report.path)))?;
    ui.wrapped("fingerprint  ", 13, &report.fingerprint)?;
    ui.wrapped("owner        ", 13, &format!("{} ({})", report.member, report.recipient))?;
    let identity = match (&report.identity, report.identity_created) {
        _ if report.slot.is_some() => "in the vault, sealed by the passphrase".to_owned(),
        (None, true) => "in the OS keyring (new)".to_owned(),
        (Some(path), true) => format!("{} (new)", shown(path)),
        (Some(path), false) => format!("{} (found)", shown(path)),
        (None, _) => "from the environment (V_SECURE_IDENTITY)".to_owned(),
    };
    ui.wrapped("identity     ", 13, &identity)?;
    if report.keyring.is_some() && report.identity.is_some() {
        ui.line("keyring      opens the vault on this device, too")?;
    }
    if let Some(recovery) = &report.recovery {
        ui.wrapped("recovery     ", 13, &format!("a second owner ({})", recovery.recipient))?;
    }
    match (&report.slot, &report.recovery) {
        (Some(_), None) => {
            say(CLONE);
            say(
                "If the passphrase is lost, nobody opens this vault: make a recovery identity with \
                 'v-secure recovery new'.",
            );
        }
        (Some(_), Some(_)) => say(CLONE),
        (None, None) if report.keyring.is_some() && report.identity.is_none() => say(
            "The OS keyring of this device alone opens this vault: make a recovery identity with \
             'v-secure recovery new'.",
        ),
        (None, None) => {
            say("Back the identity up, off this machine: without it nobody opens this vault.");
        }
        (None, Some(_)) => {}
    }
    let dotenv =
        if project.join(".env").is_file() { "v-secure import .env" } else { "v-secure set NAME" };
    let keep = if in_git(project) { "git add .v-secure" } else { "git init && git add .v-secure" };
    ui.note(&format!("Next:\n  {dotenv}\n  v-secure exec -- your-program\n  {keep}"));
    Ok(())
}

fn offer_import(context: &Context<'_>, project: &Path) -> Outcome {
    let file = project.join(".env");
    if context.ui.json || !context.interactive() || !file.is_file() {
        return Ok(());
    }
    let wanted = context.ui.confirm("Import .env now?", true).unwrap_or(false);
    if wanted { super::import::Import::of(file).run(context) } else { Ok(()) }
}
