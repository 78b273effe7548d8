//! The findings for people: the worst are not lost among the sound, and many of one kind are few
//! lines.

use super::finding::DoctorFinding;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::spoken;
use std::collections::BTreeMap;
use v_secure_core::report::view::doctor::DoctorSeverity;

/// How many findings of one code are shown one by one.
const SHOWN: usize = 5;
/// The width of the longest severity, and two spaces.
const INDENT: usize = 9;

pub fn show(context: &Context<'_>, findings: &[DoctorFinding]) -> Outcome {
    if !context.ui.out_is_terminal() {
        let cells = |found: &DoctorFinding| {
            let command = found.command.clone().unwrap_or_default();
            vec![
                found.severity.as_str().to_owned(),
                found.code.to_owned(),
                found.what.clone(),
                command,
            ]
        };
        return context.ui.table(&[], findings.iter().map(cells).collect());
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        let count = counts.entry(finding.code).or_default();
        *count += 1;
        if *count <= SHOWN {
            one(context, finding)?;
        }
    }
    for (code, count) in counts.iter().filter(|(_, count)| **count > SHOWN) {
        let more = count - SHOWN;
        context.ui.wrapped(
            "",
            INDENT,
            &format!("and {more} more of {code}: v-secure doctor --json"),
        )?;
    }
    Ok(())
}

fn one(context: &Context<'_>, finding: &DoctorFinding) -> Outcome {
    let label = format!("{:<INDENT$}", finding.severity.as_str());
    let (what, code) = (&finding.what, finding.code);
    let text = match finding.severity {
        DoctorSeverity::Ok => what.clone(),
        _ => format!("{what} ({code})"),
    };
    context.ui.wrapped(&label, INDENT, &text)?;
    match &finding.command {
        Some(command) => {
            let (label, width) = (format!("{:INDENT$}try: ", ""), context.host.width());
            context.ui.line(&spoken::step(&label, INDENT + 2, command, width))
        }
        None => Ok(()),
    }
}
