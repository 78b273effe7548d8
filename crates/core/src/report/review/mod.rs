//! A change for whoever reviews it, as Markdown that a forge shows under a pull request: whether it verifies
//! first, then who gets in and what they may do, then secrets. Short: what comes with something that is told
//! (the devices of a new member, the keys of a changed role) is counted and not listed.

mod code_span;
mod sentence;
#[cfg(test)]
mod tests;

use super::change::{About, Change, Item, OtherVault, What};
use crate::log::finding::Severity;
use crate::log::report::FindingRecord;
use crate::name::Name;
use crate::report::facts::Subject;
use code_span::code;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a forge finds its comment by.
const TITLE: &str = "## v-secure";
/// So many lines stand under a heading: more are read by nobody.
const LISTED: usize = 40;
/// So many bytes are written: forges refuse comments of 65,536 characters.
const MOST: usize = 60_000;

/// What is known of a change.
#[derive(Debug, Clone, Copy)]
pub struct Review<'a> {
    pub vault: Option<&'a Name>,
    /// What it is compared with, as the user calls it.
    pub base: Option<&'a str>,
    pub findings: &'a [FindingRecord],
    /// `None` without a base, and where one of the states could not be read.
    pub change: Option<Result<&'a Change, OtherVault>>,
}

impl Review<'_> {
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let of = |severity: Severity| {
            self.findings.iter().filter(move |found| found.severity == severity.as_str())
        };
        let errors: Vec<&FindingRecord> = of(Severity::Error).collect();
        self.verdict(&mut text, &errors);
        self.summary(&mut text);
        if let Some(Ok(change)) = self.change {
            listed(&mut text, "Who gets in, and what they may do", &rights(change));
            listed(&mut text, "Secrets", &secrets(change));
            listed(&mut text, "Settings and keys", &rest(change));
        }
        let warnings: Vec<String> = of(Severity::Warning).map(finding).collect();
        listed(&mut text, "Worth a look", &warnings);
        cut(text)
    }

    fn verdict(&self, text: &mut String, errors: &[&FindingRecord]) {
        let vault = self.vault.map_or_else(|| "the vault".to_owned(), |name| code(name.as_str()));
        if errors.is_empty() {
            add(text, format!("{TITLE}: verified\n\nEvery signature and right in {vault} holds."));
            return;
        }
        let mut faults: Vec<&str> = errors.iter().map(|found| fault(&found.code)).collect();
        if let Some(Err(OtherVault { .. })) = self.change {
            faults.insert(0, "another vault in its place");
        }
        let mut seen = BTreeSet::new();
        faults.retain(|fault| seen.insert(*fault));
        let faults = faults.join(", ");
        add(
            text,
            format!("{TITLE}: REFUSED\n\n**Do not merge this: {faults}.** It fails for {vault}:\n"),
        );
        let lines: Vec<String> = errors.iter().map(|found| finding(found)).collect();
        lines_of(text, &lines);
    }

    fn summary(&self, text: &mut String) {
        let Some(base) = self.base else {
            add(text, "\nThere is no earlier state to compare it with.".to_owned());
            return;
        };
        let Some(Ok(change)) = self.change else {
            let base = code(base);
            add(text, format!("\nWhat it changes since {base} cannot be told."));
            return;
        };
        let counted = counted(change);
        let changes = if counted.is_empty() { "nothing".to_owned() } else { counted.join(", ") };
        add(text, format!("\nIt changes, since {}: **{changes}**.", code(base)));
        if change.void > 0 {
            let ops = number(change.void, "op that is", "ops that are");
            add(
                text,
                format!("\nIt brings {ops} void, kept without effect: a right was taken away."),
            );
        }
    }
}

/// The text where nothing could be verified, such as where there is no vault.
pub fn failed(message: &str) -> String {
    format!(
        "{TITLE}: REFUSED\n\n**Do not merge this: it could not be verified.**\n\n- {}\n",
        code(message)
    )
}

/// The lines that fit.
fn cut(mut text: String) -> String {
    if text.len() > MOST {
        let end = (0..=MOST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
        text.truncate(line);
        add(&mut text, "- and more, which does not fit here".to_owned());
    }
    text
}

fn add(text: &mut String, line: String) {
    text.push_str(&line);
    text.push('\n');
}

fn listed(text: &mut String, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n### {heading}\n\n");
        lines_of(text, lines);
    }
}

fn lines_of(text: &mut String, lines: &[String]) {
    lines.iter().take(LISTED).for_each(|line| add(text, format!("- {line}")));
    if let Some(more) = lines.len().checked_sub(LISTED).filter(|more| *more > 0) {
        add(text, format!("- and {more} more"));
    }
}

fn finding(found: &FindingRecord) -> String {
    let hint = found.hint.as_deref().map(|hint| format!("; try {}", code(hint)));
    format!("{}: {}{}", code(&found.code), code(&found.message), hint.unwrap_or_default())
}

/// In a word or two what an error means to somebody who decides about a merge.
fn fault(error: &str) -> &'static str {
    match error {
        "signature-invalid"
        | "key-unknown"
        | "key-inactive"
        | "actor-wrong"
        | "slot-forged"
        | "policy-no-signature"
        | "policy-signature"
        | "policy-unknown-key" => "unsigned",
        "op-unauthorised" | "policy-unauthorised" | "void-known" => "unauthorised",
        "base-entry-missing"
        | "base-policy-diverged"
        | "base-slot-missing"
        | "base-object-missing" => "rolled back or forked",
        "merged-as-text" | "unmerged" => "a merge that nobody finished",
        "pin-older" | "pin-heads-missing" | "pin-void" => "older than what was accepted",
        "pin-diverged" | "pin-carried" | "policy-diverged" => "another history",
        "pin-other-vault" | "pin-other-in-project" | "header-vault" => "another vault",
        error if error.ends_with("-missing") => "missing",
        _ => "does not verify",
    }
}

/// What a reader wants to know first, in numbers.
fn counted(change: &Change) -> Vec<String> {
    let of = |wanted: fn(&Item) -> bool| change.items.iter().filter(|item| wanted(item)).count();
    let secrets: BTreeSet<_> = change.items.iter().filter_map(|item| item.about.secret()).collect();
    let kinds: [(usize, &str, &str); 4] = [
        (
            of(|item| is_of(item, &["member", "membership", "role", "threshold"])),
            "change of members and roles",
            "changes of members and roles",
        ),
        (of(|item| is_of(item, &["grant"])), "grant", "grants"),
        (secrets.len(), "secret", "secrets"),
        (of(|item| is_of(item, &["setting"])), "setting", "settings"),
    ];
    let some = kinds.into_iter().filter(|(count, ..)| *count > 0);
    some.map(|(count, one, many)| number(count, one, many)).collect()
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn is_of(item: &Item, kinds: &[&str]) -> bool {
    kinds.contains(&item.about.kind())
}

/// Members, roles and grants, but for what comes or goes with a member or role that is told.
fn rights(change: &Change) -> Vec<String> {
    let told: BTreeSet<(&Subject, bool)> =
        change.items.iter().filter_map(|item| Some((policy(item)?, comes(item)?))).collect();
    let goes = |subject: Subject| told.contains(&(&subject, false));
    let comes_along = |subject: &Subject| match subject {
        Subject::Device { member, .. } | Subject::Recipient { member, .. } => {
            let member = Subject::Member(member.clone());
            told.contains(&(&member, true)) || goes(member)
        }
        Subject::Membership { member, role } => {
            goes(Subject::Member(member.clone())) || goes(Subject::Role(role.clone()))
        }
        Subject::Grant { role, .. } => goes(Subject::Role(role.clone())),
        _ => false,
    };
    let lines = change.items.iter().filter_map(|item| match policy(item)? {
        Subject::Setting(_) | Subject::Keys { .. } => None,
        subject => (!comes_along(subject)).then(|| sentence::of(item)),
    });
    lines.collect()
}

fn policy(item: &Item) -> Option<&Subject> {
    match &item.about {
        About::Policy(subject) => Some(subject),
        _ => None,
    }
}

/// Whether it is new, or gone; `None` where it is neither.
fn comes(item: &Item) -> Option<bool> {
    match item.what {
        What::Added => Some(true),
        What::Removed => Some(false),
        _ => None,
    }
}

fn secrets(change: &Change) -> Vec<String> {
    let items = change.items.iter().filter(|item| item.about.secret().is_some());
    let (sealed, told): (Vec<&Item>, Vec<&Item>) =
        items.partition(|item| matches!(item.what, What::Rewrapped | What::Reencrypted));
    let mut lines: Vec<String> = told.into_iter().map(sentence::of).collect();
    let again = number(sealed.len(), "secret", "secrets");
    lines.extend((!sealed.is_empty()).then(|| {
        format!("{again} encrypted again with the same value, for other readers or under a new key")
    }));
    lines
}

fn rest(change: &Change) -> Vec<String> {
    let settings = change.items.iter().filter(|item| is_of(item, &["setting"]));
    let mut lines: Vec<String> = settings.map(sentence::of).collect();
    let keys = change.items.iter().filter(|item| is_of(item, &["keys"])).count();
    let audiences = number(keys, "group of readers", "groups of readers");
    lines.extend((keys > 0).then(|| format!("keys of {audiences} made, renewed or sealed anew")));
    lines
}
