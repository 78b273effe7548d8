//! `v-secure key restore`: takes keys of earlier epochs from the vault's older states.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy::ReasonArg;
use crate::cli::people::shortfall::{Lacks, cause};
use crate::cli::unlocking;
use crate::host::progress::with_progress;
use crate::store::file::find::Location;
use crate::store::file::read;
use crate::store::file::read::VAULT_LIMIT;
use crate::store::git::past as git_past;
use crate::store::git::past::{Contents, PastError};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use v_secure_core::file::format;
use v_secure_core::keys::restore as key_restore;
use v_secure_core::keys::restore::{Hindrance, Lacking, Search};
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
    /// Look into this copy of the vault file too; may be given several times
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    from: Vec<PathBuf>,

    /// Say what was found, and write nothing
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    reason: ReasonArg,
}

#[derive(Serialize)]
struct Report {
    dry_run: bool,
    audiences: Vec<Row>,
    /// How many older states of the file were looked at.
    looked_at: usize,
    /// Whether git's history is longer than that.
    more: bool,
    /// Why git's history was not looked at.
    history: Option<String>,
    #[serde(flatten)]
    lacks: Lacks,
}

#[derive(Serialize)]
struct Row {
    audience: String,
    epochs: usize,
    held: usize,
    found: usize,
    missing: usize,
    restored: bool,
    /// Why its envelope stays as it is.
    why: Option<&'static str>,
    able: Vec<String>,
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
        let mut report = Report {
            dry_run: self.dry_run,
            audiences: lacking.iter().map(Row::of).collect(),
            looked_at: looked.states,
            more: looked.more,
            history: looked.fault.as_ref().map(|error| cause(error)),
            lacks: Lacks::default(),
        };
        if found.is_empty() {
            return Err(report.refusal(&lacking));
        }
        if !self.dry_run {
            let reason = self.reason.reason.as_deref();
            let (short, _) = context.write_if(reason, "take up earlier keys", |vault, ctx| {
                let (change, short) = key_restore::restore(vault, found, ctx)?;
                Ok((short, change))
            })?;
            report.lacks = Lacks::of(&short);
        }
        report.show(context)
    }

    fn nothing(&self, context: &Context<'_>) -> Outcome {
        if context.ui.json {
            let (audiences, lacks) = (Vec::new(), Lacks::default());
            let (dry_run, history) = (self.dry_run, None);
            let (looked_at, more) = (0, false);
            return context.ui.object(&Report {
                dry_run,
                audiences,
                looked_at,
                more,
                history,
                lacks,
            });
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
        let states = git_past::states(location)?;
        looked.more = states.more;
        let mut contents = Contents::of(location)?;
        for id in with_progress(states.ids.iter(), "looking through git's history", &*progress) {
            if search.is_over() {
                looked.more = false;
                return Ok(());
            }
            contents.look(id, |text| format::envelopes(text, |envelope| search.take(&envelope)))?;
            looked.states += 1;
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

impl Row {
    fn of(lacking: &Lacking) -> Self {
        Self {
            audience: lacking.audience.clone(),
            epochs: lacking.epochs,
            held: lacking.held,
            found: lacking.found,
            missing: lacking.missing(),
            restored: lacking.hindrance.is_none(),
            why: lacking.hindrance.map(Hindrance::as_str),
            able: lacking.able.iter().map(ToString::to_string).collect(),
        }
    }

    fn text(&self) -> String {
        let Self { audience, epochs, missing, able, .. } = self;
        let lacks = format!("{audience} lacks the keys of {missing} of its {epochs} epochs");
        match self.why {
            Some("due") => format!("{lacks}; somebody left it: 'v-secure access settle' first"),
            Some("no-current") => format!(
                "{audience} lacks the keys of its present epoch: 'v-secure key rotate --audience {audience}' \
                 first, then this again"
            ),
            Some("not-permitted") => format!(
                "{lacks}; who can make its envelope: {}",
                if able.is_empty() { "nobody now".into() } else { able.join(", ") }
            ),
            _ => lacks,
        }
    }
}

impl Report {
    /// Nothing was found that could be taken up.
    fn refusal(&self, lacking: &[Lacking]) -> Failure {
        let is = |wanted: Hindrance| lacking.iter().all(|of| of.hindrance == Some(wanted));
        let code = match () {
            () if is(Hindrance::NotPermitted) => Code::NotPermitted,
            () => Code::KeysMissing,
        };
        let message = format!("no missing keys were found in {}", states(self.looked_at));
        let mut failure = Failure::new(code, message);
        failure.causes = self.audiences.iter().map(Row::text).collect();
        failure.causes.extend(self.history.as_ref().map(|why| format!("git's history: {why}")));
        failure
            .hint("git fetch --all, and again")
            .hint("v-secure key restore --from FILE, with an older copy of the vault")
            .hint("v-secure doctor, for the values that do not open")
    }

    fn show(&self, context: &Context<'_>) -> Outcome {
        if context.ui.json {
            return context.ui.object(self);
        }
        let ui = &context.ui;
        for row in &self.audiences {
            if row.restored {
                let verb = if self.dry_run { "would get" } else { "has got" };
                ui.note(&format!(
                    "{} {verb} the keys of {} earlier epochs, and has {} of {}",
                    row.audience,
                    row.found,
                    row.held + row.found,
                    row.epochs
                ));
            }
            if row.missing > 0 || !row.restored {
                ui.warn(&row.text());
            }
        }
        if self.more {
            ui.warn("git's history is longer than what was looked at: --from takes older copies");
        }
        self.lacks.tell(ui, "'v-secure key restore'");
        Ok(())
    }
}

fn states(count: usize) -> String {
    match count {
        0 => "any older state of the vault".to_owned(),
        1 => "1 state of the vault".to_owned(),
        many => format!("{many} states of the vault"),
    }
}
