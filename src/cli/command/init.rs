//! `v-secure init`: a new vault with its first owner.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::identities;
use crate::cli::local_names;
use crate::cli::unlocking::keyring;
use crate::crypto::identity::{self, Identity};
use crate::host::hardening;
use crate::ops::init::{self, InitRequest};
use crate::store::session::Session;
use crate::store::{atomic, fresh};
use crate::store::{find, find::Location, find::Search, transaction};
use crate::vault::request::fingerprint_words;
use crate::vault::text::escape_for_display;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

const ATTRIBUTES: &str =
    "# Line ends and merges of a signed file are not git's to change.\nvault.toml -text\n";
const IGNORE: &str = "/.lock\n/.*.tmp-*\n";
const README_MODE: u32 = 0o644;

/// Create a vault in this folder, with you as its owner
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  v-secure init\n  v-secure init --vault-name shop --member admin\n  \
                        v-secure --identity ~/keys/age.txt init\n  v-secure init --keyring --no-recovery"
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

    /// Make a vault of this folder's own below one that there is
    #[arg(long)]
    nested: bool,

    /// Keep the new identity in the OS keyring and in no file
    #[arg(long)]
    keyring: bool,

    /// With --keyring: there is no other copy of the identity, and that may be
    #[arg(long, requires = "keyring")]
    no_recovery: bool,
}

#[derive(Serialize)]
struct Report {
    vault: String,
    name: String,
    path: PathBuf,
    member: String,
    recipient: String,
    identity: Option<PathBuf>,
    identity_created: bool,
    /// The sealed half of the identity, if the other half is in the OS keyring.
    keyring: Option<PathBuf>,
    fingerprint: String,
    id: String,
}

impl Init {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let _hardened = hardening::harden();
        let project = project(context)?;
        refuse_existing(&project)?;
        if !self.nested {
            refuse_nested(context, &project)?;
        }
        let name =
            local_names::name(self.vault_name.as_deref(), folder_name(&project), "--vault-name")?;
        let member = local_names::name_of_user(context, self.member.as_deref())?;
        let (identity, file, created) = match self.keyring {
            true => keyring_identity(context, self.no_recovery)?,
            false => identity(context, self.new_identity)?,
        };
        let request = InitRequest {
            name,
            member,
            device: local_names::device(context),
            recipient: identity.recipient(),
            now: context.host.now(),
        };
        let vault = init::init(&request, context.host)?;
        let keyring = match self.keyring {
            true => {
                let id = &vault.header.vault;
                Some(keyring::make(context, id, &request.member, &identity)?.file)
            }
            false => None,
        };
        atomic::create_folder(&project.join(find::FOLDER))?;
        write_git_files(&project)?;
        let location = Location::in_project(&project)?;
        let session = Session { carried: None, ..context.session_at(location)? };
        let vault = context.written(transaction::create(&session, vault)?);
        let report = Report {
            vault: vault.id().to_string(),
            name: request.name.to_string(),
            path: session.location.vault.clone(),
            member: request.member.to_string(),
            recipient: request.recipient,
            identity: file,
            identity_created: created,
            keyring,
            fingerprint: fingerprint_words(&vault.id()),
            id: vault.id().to_string(),
        };
        show(context, &report, &project)?;
        offer_import(context, &project)
    }
}

fn project(context: &Context<'_>) -> Outcome<PathBuf> {
    let here = context.current_dir()?;
    Ok(match &context.globals.vault {
        None => here,
        Some(path) if path.ends_with(find::FILE) => {
            // …/.v-secure/vault.toml: the project is the folder above.
            let up = path.parent().and_then(Path::parent).filter(|up| !up.as_os_str().is_empty());
            up.map_or(here.clone(), |up| here.join(up))
        }
        Some(path) => here.join(path),
    })
}

fn refuse_existing(project: &Path) -> Outcome {
    let path = project.join(find::FOLDER).join(find::FILE);
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("there is a vault already: {}", path.display());
    Err(Failure::new(Exit::Conflict, "exists", message)
        .hint("v-secure")
        .hint("v-secure member request, to be let in"))
}

/// A second vault below the project's own would hide it from every command that runs there.
fn refuse_nested(context: &Context<'_>, project: &Path) -> Outcome {
    let home = context.host.home_dir();
    let search = Search { start: project, home: home.as_deref(), owners: context.owners() };
    let Ok(above) = search.upward() else { return Ok(()) };
    let message = format!("this folder belongs to the vault {}", above.vault.display());
    Err(Failure::new(Exit::Conflict, "nested", message)
        .hint("v-secure, which shows that vault from here too")
        .hint("v-secure init --nested, for another one that hides it in this folder"))
}

fn folder_name(project: &Path) -> String {
    let canonical = project.canonicalize().unwrap_or_else(|_| project.to_path_buf());
    canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The identity to own the vault with: the one given, the one in the config folder, or a new one.
fn identity(context: &Context<'_>, new: bool) -> Outcome<(Identity, Option<PathBuf>, bool)> {
    if new && !context.globals.identities.is_empty() {
        return Err(Failure::usage(
            "identity-twice",
            "--identity and --new-identity exclude each other",
        ));
    }
    identities::own_or_new(context)
}

/// The identity for the keyring: the one given, or one that is in no file. The keyring is tried
/// first, and so is the user: what only a keyring holds is lost with it.
fn keyring_identity(
    context: &Context<'_>,
    no_recovery: bool,
) -> Outcome<(Identity, Option<PathBuf>, bool)> {
    if !no_recovery && context.globals.identities.is_empty() {
        let message = "an identity that only the OS keyring holds is lost with it";
        return Err(Failure::usage("recovery-undecided", message)
            .hint("v-secure --identity FILE init --keyring, with a copy of FILE kept off this machine")
            .hint("v-secure init --keyring --no-recovery, if that may be"));
    }
    keyring::check(context)?;
    if !context.globals.identities.is_empty() {
        return identities::own_or_new(context);
    }
    let made = identity::generate_identity();
    let parsed = identity::parse_identity(&made.text)
        .map_err(|error| Failure::from_error(Exit::Failure, "init", &error))?;
    Ok((parsed, None, true))
}

fn in_git(project: &Path) -> bool {
    project.ancestors().any(|folder| folder.join(".git").exists())
}

fn write_git_files(project: &Path) -> Outcome {
    if !in_git(project) {
        return Ok(());
    }
    for (name, text) in [(".gitattributes", ATTRIBUTES), (".gitignore", IGNORE)] {
        let path = project.join(find::FOLDER).join(name);
        if path.symlink_metadata().is_err() {
            fresh::write_new(&path, text.as_bytes(), README_MODE)?;
        }
    }
    Ok(())
}

fn show(context: &Context<'_>, report: &Report, project: &Path) -> Outcome {
    if context.ui.json {
        return context.ui.object(report);
    }
    let ui = &context.ui;
    let shown = |path: &Path| escape_for_display(&path.to_string_lossy()).into_owned();
    ui.line(&format!("vault        {} in {}", report.name, shown(&report.path)))?;
    ui.line(&format!("fingerprint  {}", report.fingerprint))?;
    ui.line(&format!("owner        {} ({})", report.member, report.recipient))?;
    let identity = match (&report.identity, report.identity_created) {
        (None, true) => "in the OS keyring (new)".to_owned(),
        (Some(path), true) => format!("{} (new)", shown(path)),
        (Some(path), false) => format!("{} (found)", shown(path)),
        (None, _) => "from the environment (V_SECURE_IDENTITY)".to_owned(),
    };
    ui.line(&format!("identity     {identity}"))?;
    if report.keyring.is_some() && report.identity.is_some() {
        ui.line("keyring      opens the vault on this device, too")?;
    }
    ui.note("Back the identity up, off this machine: without it nobody opens this vault.");
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
    let wanted = context.host.confirm("Import .env now?", true).unwrap_or(false);
    if wanted { super::import::Import::of(file).run(context) } else { Ok(()) }
}
