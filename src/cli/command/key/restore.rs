//! `v-secure key restore`: takes keys of earlier epochs from the vault's older states.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy::ReasonArg;
use crate::cli::people::shortfall;
use crate::cli::unlocking;
use crate::host::progress::with_progress;
use crate::store::file::find::Location;
use crate::store::file::read;
use crate::store::file::read::VAULT_LIMIT;
use crate::store::git::past as git_past;
use crate::store::git::past::{Contents, PastError};
use clap::Args;
use std::io::BufRead;
use std::path::PathBuf;
use v_secure_core::file::format;
use v_secure_core::keys::restore as key_restore;
use v_secure_core::keys::restore::{Hindrance, Lacking, Search};
use v_secure_core::name::Name;
use v_secure_core::report::view::cause::cause;
use v_secure_core::report::view::key::restore::{KeyRestoreView, LackingAudienceView};
use v_secure_core::report::view::lacks::KeyLacksView;
use v_secure_core::vault::Depth;

/// Restore keys of earlier epochs that the current envelopes lack, from git's history
#[derive(Debug, Args)]
#[command(
    after_help = "An envelope may lack keys: its maker could not open the one before it, or left them \
                        out. Every earlier envelope is in some commit of the vault, known by its id in the signed policy. This command looks for those that were sealed to you, newest first, and makes the current envelopes again with the keys in them, as one signed entry. It does not use the network: 'git fetch --all' first, \
                        or --from, bring states that this clone does not have.\n\n\
                        Examples:\n  v-secure key restore\n  v-secure key restore --dry-run\n  \
                        v-secure key restore --from ~/old-clone/.v-secure/vault.toml"
)]
pub struct Restore {
    /// Also look in this copy of the vault file; may be given several times
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    from: Vec<PathBuf>,

    /// Say what was found, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    reason: ReasonArg,
}

/// How far the search went.
#[derive(Default)]
struct Looked {
    states: usize,
    more: bool,
    fault: Option<PastError>,
}

impl Restore {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        // A file that is not there is said before anything is unlocked or found to be needless.
        let files = self.files(context)?;
        let (session, opened) = context.open_to_write(Depth::Everything)?;
        let vault = &opened.vault;
        let who = unlocking::unlock_anew(context, vault)?.who;
        who.signer(vault)?;
        let mut search = Search::new(vault, &who).map_err(folded)?;
        if search.is_needless() {
            return self.nothing(context);
        }
        let mut looked = Looked::default();
        for file in &files {
            // A slice is read without an error.
            let _ = format::envelopes(&mut &file[..], |envelope| search.take(&envelope));
            looked.states += 1;
        }
        history(context, &session.location, &mut search, &mut looked);
        let lacking = search.report();
        let found = search.into_found();
        let mut report = KeyRestoreView {
            dry_run: self.dry_run,
            audiences: lacking.iter().map(LackingAudienceView::from).collect(),
            looked_at: looked.states,
            more: looked.more,
            history: looked.fault.as_ref().map(|error| cause(error)),
            ..KeyRestoreView::default()
        };
        if found.is_empty() {
            return Err(refusal(&report, &lacking));
        }
        if !self.dry_run {
            let reason = self.reason.reason.as_deref();
            let (short, _) = context.write_if(reason, "take up earlier keys", |vault, ctx| {
                let (change, short) = key_restore::restore(vault, found, ctx)?;
                Ok((short, change))
            })?;
            report.lacks = KeyLacksView::from(&short);
        }
        show(context, &report)
    }

    fn nothing(&self, context: &Context<'_>) -> Outcome {
        if context.ui.json {
            let dry_run = self.dry_run;
            return context.ui.object(&KeyRestoreView { dry_run, ..KeyRestoreView::default() });
        }
        context
            .ui
            .note("nothing is missing: every envelope of yours holds the keys of all its epochs");
        Ok(())
    }

    fn files(&self, context: &Context<'_>) -> Outcome<Vec<Vec<u8>>> {
        let here = context.current_dir()?;
        let read = |file: &PathBuf| {
            read::read(&here.join(file), VAULT_LIMIT)
                .map(|content| content.bytes)
                .map_err(|error| Failure::from_error(Code::FromFile, &error))
        };
        self.from.iter().map(read).collect()
    }
}

/// Goes through the vault's states in git, newest first, until nothing is wanted any more.
fn history(
    context: &Context<'_>,
    location: &Location,
    search: &mut Search<'_>,
    looked: &mut Looked,
) {
    let progress = context.ui.progress();
    let look = |search: &mut Search<'_>, looked: &mut Looked| -> Result<(), PastError> {
        let states = git_past::nearest_states(location)?;
        looked.more = states.more;
        let mut contents = Contents::of(location)?;
        for id in with_progress(states.ids.iter(), "looking through git's history", &*progress) {
            if search.is_over() {
                looked.more = false;
                return Ok(());
            }
            let envelopes =
                |text: &mut dyn BufRead| format::envelopes(text, |envelope| search.take(&envelope));
            looked.states += usize::from(contents.look(id, envelopes)?);
        }
        Ok(())
    };
    if !search.is_over() {
        looked.fault = look(search, looked).err();
    }
}

fn folded(error: v_secure_core::policy::error::ChainError) -> Failure {
    Failure::from_error(Code::Of((&error).into()), &error)
}

/// What an audience lacks, and what helps.
fn text(row: &LackingAudienceView<'_>) -> String {
    let LackingAudienceView { audience, epochs, missing, able, .. } = row;
    let lacks = format!("{audience} lacks the keys of {missing} of its {epochs} epochs");
    match row.why {
        Some("due") => format!("{lacks}; somebody left it: 'v-secure access settle' first"),
        Some("no-current") => format!(
            "{audience} lacks the keys of its present epoch: 'v-secure key rotate --audience {audience}' \
             first, then this again"
        ),
        Some("not-permitted") => format!("{lacks}; who can make its envelope: {}", joined(able)),
        _ => lacks,
    }
}

fn joined(able: &[Name]) -> String {
    let able: Vec<&str> = able.iter().map(Name::as_str).collect();
    if able.is_empty() { "nobody now".into() } else { able.join(", ") }
}

/// Nothing was found that could be taken up.
fn refusal(report: &KeyRestoreView<'_>, lacking: &[Lacking]) -> Failure {
    let is = |wanted: Hindrance| lacking.iter().all(|of| of.hindrance == Some(wanted));
    let code = match () {
        () if is(Hindrance::NotPermitted) => Code::NotPermitted,
        () => Code::KeysMissing,
    };
    let message = format!("no missing keys were found in {}", states(report.looked_at));
    let mut failure = Failure::new(code, message);
    failure.causes = report.audiences.iter().map(text).collect();
    failure.causes.extend(report.history.as_ref().map(|why| format!("git's history: {why}")));
    failure
        .hint("git fetch --all, and again")
        .hint("v-secure key restore --from FILE, with an older copy of the vault")
        .hint("v-secure doctor, for the values that do not open")
}

fn show(context: &Context<'_>, report: &KeyRestoreView<'_>) -> Outcome {
    if context.ui.json {
        return context.ui.object(report);
    }
    let ui = &context.ui;
    for row in &report.audiences {
        if row.restored {
            let verb = if report.dry_run { "would get" } else { "has got" };
            ui.note(&format!(
                "{} {verb} the keys of {} earlier epochs, and has {} of {}",
                row.audience,
                row.found,
                row.held + row.found,
                row.epochs
            ));
        }
        if row.missing > 0 || !row.restored {
            ui.warn(&text(row));
        }
    }
    if report.more {
        ui.warn("git's history is longer than what was looked at: --from takes older copies");
    }
    shortfall::tell(ui, &report.lacks, "'v-secure key restore'");
    Ok(())
}

fn states(count: usize) -> String {
    match count {
        0 => "any older state of the vault".to_owned(),
        1 => "1 state of the vault".to_owned(),
        many => format!("{many} states of the vault"),
    }
}
