//! What `policy rebase` lists before it asks, and says afterwards.

use super::draft::Draft;
use super::sides::Both;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::error::failures::merging;
use crate::cli::people::policy;
use crate::store::file::find::Location;
use crate::store::git::unfinished as git_unfinished;
use v_secure_core::crypto::id::EntryId;
use v_secure_core::keys::policy_change::PolicyOutcome;
use v_secure_core::name::Name;
use v_secure_core::policy::describe;
use v_secure_core::rebase::Sides;
use v_secure_core::report::view::effects::EffectsView;
use v_secure_core::report::view::giving::GivenView;
use v_secure_core::report::view::policy_rebase::{
    KnownToView, LeftOutView, PolicyRebaseView, RebasedOpView,
};
use v_secure_core::secret::adopt;
use v_secure_core::secret::carry::CarriedOn;
use v_secure_core::vault::Vault;

/// The most policy entries that are described of the side that stays.
const MOST: usize = 8;

/// What the side that stays changed itself.
pub(super) fn sides(context: &Context<'_>, both: &Both, sides: &Sides<'_>) {
    let kept = sides.kept();
    context.ui.note(&format!("'{}' stays as it is, with its own changes:", both.stays.label));
    for entry in kept.iter().take(MOST) {
        context.ui.note(&format!("  {}", describe::entry(entry)));
    }
    if kept.len() > MOST {
        context.ui.note(&format!("  and {} more", kept.len() - MOST));
    }
    context.ui.note(&format!("of '{}':", both.gives_way.label));
}

pub(super) fn table(context: &Context<'_>, draft: &Draft<'_>) -> Outcome {
    let ops = draft.ops();
    let ops = ops.iter().map(op_cells);
    let entries = draft.entries();
    let entries = entries.iter().map(|row| {
        let verdict = match row.verdict {
            "again" => "encrypted anew",
            other => word(other),
        };
        let why = if row.verdict == "asked" { "its author may not do it now" } else { "" };
        vec![
            row.number.to_string(),
            row.what(),
            row.actor.to_string(),
            verdict.to_owned(),
            why.to_owned(),
        ]
    });
    let rows: Vec<Vec<String>> = ops.chain(entries).collect();
    if rows.is_empty() {
        context.ui.note(&format!("  {}", keys_alone(draft)));
    }
    context.ui.table(&["#", "CHANGE", "BY", "HERE", "WHY"], rows)
}

/// What the side that gives way changed where nothing of it is listed.
fn keys_alone(draft: &Draft<'_>) -> String {
    let renewed: Vec<&str> =
        draft.replay.renewed.iter().map(|audience| audience.as_str()).collect();
    match renewed.as_slice() {
        [] => "new keys, which give way: the side that stays made its own".to_owned(),
        some => format!("new keys, which give way: others are made for {}", some.join(", ")),
    }
}

fn op_cells(row: &RebasedOpView) -> Vec<String> {
    let why = match (&row.why, row.advice) {
        (Some(why), Some(advice)) => format!("{why}; {advice}"),
        (Some(why), None) => why.clone(),
        (None, _) => String::new(),
    };
    vec![
        row.number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
        format!("{} {}", row.action, row.object),
        policy::listed(&row.by),
        word(row.verdict).to_owned(),
        why,
    ]
}

fn word(verdict: &str) -> &str {
    match verdict {
        "again" => "made again",
        "asked" => "to be decided",
        "declined" => "left",
        "there" => "there already",
        "open-again" => "open again",
        other => other,
    }
}

pub(super) fn view<'a>(
    (both, sides, draft): (&'a Both, &Sides<'_>, &Draft<'_>),
    (vault, outcome, carried): (&Vault, &PolicyOutcome, &CarriedOn),
    gives: Vec<GivenView>,
) -> PolicyRebaseView<'a> {
    let known = sides.no_longer(&carried.entries, vault).into_iter();
    PolicyRebaseView {
        stays: &both.stays.label,
        gives_way: &both.gives_way.label,
        ops: draft.ops(),
        entries: draft.entries(),
        not_again: carried.left_out.iter().map(LeftOutView::from).collect(),
        known_to: known.map(|(secret, members)| KnownToView { secret, members }).collect(),
        void: void(sides, vault),
        conflicts: merging::conflicts(vault),
        gives,
        effects: EffectsView::from(outcome),
    }
}

/// The entries that counted on one side and do not here.
fn void(sides: &Sides<'_>, vault: &Vault) -> Vec<EntryId> {
    let was_void = |side: &Vault, id: &EntryId| {
        !side.file().entries.contains_key(id)
            || adopt::void_entries(side).iter().any(|void| void.id == *id)
    };
    let void = adopt::void_entries(vault).into_iter().map(|void| void.id);
    void.filter(|id| !(was_void(sides.stays, id) && was_void(sides.gives_way, id))).collect()
}

pub(super) fn tell(context: &Context<'_>, view: &PolicyRebaseView<'_>, vault: &Vault) {
    let again = view.ops.iter().filter(|row| row.verdict == "again").count();
    let written = view.entries.iter().filter(|row| row.verdict == "again").count();
    context.ui.note(&format!(
        "made again on '{}': {}, and {}",
        view.stays,
        counted(again, "change of the policy", "changes of the policy"),
        counted(written, "entry of the log", "entries of the log"),
    ));
    if view.ops.iter().any(|row| row.verdict == "open-again") {
        context.ui.note(&format!(
            "what '{}' had closed of the history is open again; to close it: v-secure history close",
            view.gives_way
        ));
    }
    for left in &view.not_again {
        let what = format!("{} {}", left.action, left.secret);
        context.ui.warn(&format!("'{}' was not issued anew: {}", what.trim_end(), left.why));
    }
    for known in &view.known_to {
        let members: Vec<&str> = known.members.iter().map(Name::as_str).collect();
        context.ui.warn(&format!(
            "{} was written where {} could read it, who may not now; a new value ends that: v-secure set {}",
            known.secret,
            members.join(", "),
            known.secret
        ));
    }
    if !view.void.is_empty() {
        context.ui.warn(&format!(
            "{} not count any more, since the other side took the right away: v-secure adopt --list",
            counted(view.void.len(), "entry does", "entries do")
        ));
    }
    merging::tell_conflicts(context, vault);
    policy::tell(&context.ui, &view.effects);
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What ends it in git.
pub(super) fn next(location: &Location, onto: Option<&str>) -> String {
    let folder = &location.folder;
    let is_rebase = git_unfinished::is_rebasing(folder);
    let last = match (onto, is_rebase, git_unfinished::is_in_the_middle(folder)) {
        (_, true, _) => "git rebase --continue".to_owned(),
        (_, false, true) => "git commit".to_owned(),
        (Some(_), ..) => "git commit -m 'Rebase the policy', and merge that branch".to_owned(),
        (None, ..) => "git commit -m 'Mend the vault'".to_owned(),
    };
    format!("git add .v-secure && {last}")
}
