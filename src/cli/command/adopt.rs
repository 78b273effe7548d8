//! `v-secure adopt`: takes over what somebody wrote honestly and what does not count any more.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::metadata::{shown, when};
use crate::cli::people::policy::{ReasonArg, count};
use crate::cli::secret::variables;
use crate::engine::door::Purpose;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::log::describe::short;
use v_secure_core::log::op::Op;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::adopt::{AdoptListView, AdoptView, VoidEntryView};
use v_secure_core::secret::adopt;
use v_secure_core::secret::adopt::{Adopted, LeftOutOp, VoidEntry};
use v_secure_core::time::UnixTime;
use v_secure_core::vault::{Depth, Vault};

const MAY_BE_WITHDRAWN: &str = "its value may have been withdrawn since";

/// Adopt void entries: work under a right that was revoked at the same time
#[derive(Debug, Args)]
#[command(
    after_help = "When a member loses a right, what they wrote on another branch becomes void, even if \
                        it was honest: nothing proves when it was written. Adopting writes it again, under your name and with your rights, and encrypts the values again. Ask the author first: after a device was stolen, void \
                        entries may be the thief's.\n\n\
                        Examples:\n  v-secure adopt --list\n  v-secure adopt 5Kd0zLw1Qe\n  \
                        v-secure adopt --all --yes --reason 'checked with backend'"
)]
pub struct Adopt {
    /// A void entry: its id, or the beginning of it; several may be given
    // Only this one takes an id that begins with '-': a list that does would swallow the options after it.
    #[arg(value_name = "ENTRY", allow_hyphen_values = true)]
    #[arg(required_unless_present_any = ["all", "list"])]
    entry: Option<String>,

    #[arg(value_name = "MORE", hide = true)]
    more: Vec<String>,

    /// All entries that nobody has adopted yet
    #[arg(long, conflicts_with = "entry")]
    all: bool,

    /// Show the void entries, and change nothing
    #[arg(long, conflicts_with_all = ["entry", "all"])]
    list: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Adopt {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if self.list {
            let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
            return list(context, &opened.vault, session.now);
        }
        let (session, opened) = context.open_to_write(Depth::Everything)?;
        let chosen = self.chosen(&opened.vault)?;
        if chosen.is_empty() {
            return report(context, &Adopted::default());
        }
        if !context.ui.json {
            table(context, &opened.vault, &chosen, session.now)?;
        }
        self.confirm.check(context, "Adopt these under your name?")?;
        let reason =
            format!("adopt {}", chosen.iter().map(|v| short(&v.id)).collect::<Vec<_>>().join(", "));
        let reason: String = reason.chars().take(200).collect();
        let (adopted, (_, vault)) =
            context.write_if(self.reason.reason.as_deref(), &reason, |vault, ctx| {
                Ok(adopt::adopt(vault, &self.chosen(vault)?, ctx)?)
            })?;
        let is_there = |secret: &&SecretName| vault.secret(secret).is_some_and(|s| !s.is_gone());
        variables::remark(context, &vault, adopted.secrets.iter().filter(is_there));
        report(context, &adopted)
    }

    fn chosen<'a>(&self, vault: &'a Vault) -> Outcome<Vec<VoidEntry<'a>>> {
        let mut chosen: Vec<VoidEntry<'a>> = match self.all {
            true => {
                adopt::void_entries(vault).into_iter().filter(|void| !void.is_adopted()).collect()
            }
            false => self
                .entry
                .iter()
                .chain(&self.more)
                .map(|text| adopt::find(vault, text).map_err(Failure::from))
                .collect::<Outcome<_>>()?,
        };
        // In the order of the log, whatever the order of the words.
        chosen.sort_by_key(|void| vault.graph().place(&void.id));
        chosen.dedup_by_key(|void| void.id);
        Ok(chosen)
    }
}

fn list(context: &Context<'_>, vault: &Vault, now: UnixTime) -> Outcome {
    let void = adopt::void_entries(vault);
    if context.ui.json {
        let void = void.iter().map(|void| VoidEntryView::of(vault, void)).collect();
        return context.ui.object(&AdoptListView { void });
    }
    if void.is_empty() {
        context.ui.note("no entry is void");
        return Ok(());
    }
    table(context, vault, &void, now)?;
    for secret in promoted(&void) {
        context.ui.note(&format!(
            "a promotion is not adopted, as {MAY_BE_WITHDRAWN}: {}",
            instead(secret)
        ));
    }
    Ok(())
}

/// The secrets of which a promotion is void.
fn promoted<'a>(void: &[VoidEntry<'a>]) -> BTreeSet<&'a SecretName> {
    let ops = void.iter().flat_map(|void| {
        let entry = void.entry;
        void.ops.iter().filter_map(move |op| entry.ops.get(op.index))
    });
    ops.filter_map(|op| if let Op::Promote(of) = op { Some(&of.secret) } else { None }).collect()
}

/// What brings a value that somebody promoted in vain.
fn instead(secret: &SecretName) -> String {
    format!("v-secure set {secret}, or v-secure secret rotate {secret}, if it is still wanted")
}

fn table(context: &Context<'_>, vault: &Vault, void: &[VoidEntry<'_>], now: UnixTime) -> Outcome {
    let rows = void.iter().map(|void| {
        let row = VoidEntryView::of(vault, void);
        let changes =
            row.changes.iter().map(|change| format!("{} {}", change.action, change.secret));
        let by = match row.device {
            Some(device) => format!("{}/{device}", row.actor),
            None => row.actor.to_string(),
        };
        vec![
            short(&void.id),
            by,
            when(context, Some(void.entry.ts), now),
            changes.collect::<Vec<_>>().join(", "),
            shown(&void.entry.reason),
            if row.adopted { "adopted".into() } else { "void".into() },
        ]
    });
    context.ui.table(&["ENTRY", "BY", "DATE", "CHANGES", "REASON", "STATE"], rows.collect())
}

fn report(context: &Context<'_>, adopted: &Adopted) -> Outcome {
    if context.ui.json {
        return context.ui.object(&AdoptView::from(adopted));
    }
    for LeftOutOp { entry, action, promotes } in &adopted.left_out {
        let why = match promotes {
            Some(secret) => format!("{MAY_BE_WITHDRAWN}: {}", instead(secret)),
            None => "do it yourself, if it is still wanted".to_owned(),
        };
        context.ui.warn(&format!("'{action}' of entry {} was not adopted: {why}", short(entry)));
    }
    if adopted.entries.is_empty() {
        context.ui.note("there was nothing to adopt");
        return Ok(());
    }
    let names: Vec<&str> = adopted.secrets.iter().map(|secret| secret.as_str()).collect();
    context.ui.note(&format!(
        "adopted {} of {}: {}",
        entries(adopted.entries.len()),
        count(names.len()),
        names.join(", ")
    ));
    context.ui.note("their author knows these values: v-secure exposed");
    Ok(())
}

fn entries(entries: usize) -> String {
    if entries == 1 { "1 entry".into() } else { format!("{entries} entries") }
}
