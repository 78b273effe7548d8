//! What a rebase would do, as far as it is decided: the changes of policy, and what was written under them.

use crate::cli::error::Outcome;
use crate::cli::error::failures::merging::not_merged;
use crate::cli::repository::older_states::OlderStates;
use std::collections::BTreeMap;
use std::path::Path;
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::policy::describe;
use v_secure_core::policy::rebase::{Replay, Verdict};
use v_secure_core::rebase::Sides;
use v_secure_core::report::view::policy_rebase::{RebasedEntryView, RebasedOpView};
use v_secure_core::secret::carry::{self, LackingEntry};
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

/// What the sides are called before one of them stays.
pub(super) const SIDES: [&str; 2] = ["ours", "theirs"];

/// By number: whether somebody wants it made again.
pub(super) type Decisions = BTreeMap<usize, bool>;

pub(super) struct Draft<'a> {
    pub replay: Replay,
    pub written: Vec<Written<'a>>,
}

/// An entry of the log that was written under the policy that gives way.
pub(super) struct Written<'a> {
    pub number: usize,
    pub lacking: LackingEntry<'a>,
    pub verdict: &'static str,
}

impl<'a> Draft<'a> {
    pub fn of(
        (sides, path, past): (&Sides<'a>, &Path, &OlderStates<'_>),
        key: &SigningKey,
        decisions: &Decisions,
        now: UnixTime,
    ) -> Outcome<Self> {
        let replay = sides.plan(key, &|number| decisions.get(&number).copied(), now)?;
        let united = sides
            .united(&replay, now, past)
            .map_err(|error| past.tell(not_merged(path, SIDES, &error)))?;
        // What has been issued anew before is not listed, and has no number.
        let lacking = carry::lacking(&united, sides.gives_way).into_iter();
        let lacking = lacking.filter(|lacking| !lacking.ops.is_empty());
        let written = lacking.zip(replay.next..).map(|(lacking, number)| {
            let verdict = verdict(&lacking, &united, number, decisions);
            Written { number, lacking, verdict }
        });
        let written = written.collect();
        Ok(Self { replay, written })
    }

    /// What nobody has decided on yet, with the question.
    pub fn undecided(&self) -> Vec<(usize, String)> {
        let ops = self.replay.entries.iter().flat_map(|entry| &entry.ops).filter_map(|planned| {
            let Verdict::Asked { why, agreed: None } = &planned.verdict else { return None };
            let what =
                format!("{} {}", describe::action(&planned.op), describe::object(&planned.op));
            Some((planned.number?, format!("{what}: {why}")))
        });
        let written = self.written.iter().filter(|written| written.verdict == "asked");
        let written = written.map(|written| {
            let row = written.view();
            let by = &written.lacking.entry.actor;
            (written.number, format!("{}: written by {by}, who may not do it now", row.what()))
        });
        ops.chain(written).collect()
    }

    /// What was written there and is issued anew.
    pub fn chosen(&self) -> Vec<LackingEntry<'a>> {
        let again = self.written.iter().filter(|written| written.verdict == "again");
        again.map(|written| written.lacking.clone()).collect()
    }

    pub fn ops(&self) -> Vec<RebasedOpView> {
        self.replay.entries.iter().flat_map(RebasedOpView::all).collect()
    }

    pub fn entries(&self) -> Vec<RebasedEntryView> {
        self.written.iter().map(Written::view).collect()
    }
}

impl Written<'_> {
    fn view(&self) -> RebasedEntryView {
        RebasedEntryView::of(self.number, &self.lacking, self.verdict)
    }
}

fn verdict(
    lacking: &LackingEntry<'_>,
    united: &Vault,
    number: usize,
    decisions: &Decisions,
) -> &'static str {
    match (lacking.is_its_authors(united.policy()), decisions.get(&number)) {
        (_, Some(false)) => "declined",
        (true, _) | (false, Some(true)) => "again",
        (false, None) => "asked",
    }
}
