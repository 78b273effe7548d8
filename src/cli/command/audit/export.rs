//! `v-secure audit export`: the whole history for other systems, one event a line.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::trail;
use crate::cli::output::trail::Event;
use crate::cli::output::ui;
use crate::engine::door::Purpose;
use crate::store::file::new_file;
use crate::store::file::private::FILE_MODE;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use v_secure_core::report::view::audit::AuditExportView;
use v_secure_core::report::view::logs::EventView;
use v_secure_core::vault::Depth;

/// Export the history for other systems: changes of secrets and of policy, one event a line
#[derive(Debug, Args)]
#[command(
    after_help = "Oldest first, by the authors' clocks. The fields are described in docs/json.md. In CSV, a cell \
                        that a spreadsheet would take for a formula begins with ' and lists are joined with ;. A \
                        new file gets mode 0600; an existing one is never overwritten.\n\n\
                        Examples:\n  v-secure audit export --format jsonl --since 30d | jq .\n  \
                        v-secure audit export --format csv --reads -o audit.csv"
)]
pub struct Export {
    /// How events are written
    #[arg(long, value_name = "FORMAT")]
    format: Format,

    /// A new file to write to; - is standard output (the default)
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,

    /// Only from this time on: a date, a time, or a span such as 7d, counted back from now
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Also the values that this device has read, from its journal
    #[arg(long)]
    reads: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
}

const COLUMNS: [&str; 11] = [
    "timestamp",
    "action",
    "secret_id",
    "actor",
    "actor_type",
    "source_ip",
    "reason",
    "status",
    "compliance_standards",
    "object",
    "id",
];

impl Export {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let now = context.host.now();
        let since = trail::time("--since", self.since.as_deref(), now)?;
        let until = trail::time("--until", self.until.as_deref(), now)?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        if self.reads
            && let Some(failure) = trail::broken(&trail::journal(&session)?)
        {
            return Err(failure);
        }
        let mut events = trail::events(&session, &opened.vault, self.reads)?;
        events.retain(|event| since.is_none_or(|since| event.ts >= since));
        events.retain(|event| until.is_none_or(|until| event.ts < until));
        let text = match self.format {
            Format::Jsonl => jsonl(&events)?.into_bytes(),
            Format::Csv => csv(&events)?,
        };
        match self.output.as_deref().filter(|path| path.as_os_str() != "-") {
            None => context.ui.bytes(&text),
            Some(path) => self.write(context, path, &text, events.len()),
        }
    }

    fn write(&self, context: &Context<'_>, path: &Path, text: &[u8], events: usize) -> Outcome {
        new_file::write_new(path, text, FILE_MODE)?;
        if context.ui.json {
            let format = match self.format {
                Format::Jsonl => "jsonl",
                Format::Csv => "csv",
            };
            return context.ui.object(&AuditExportView { format, file: path, events });
        }
        context.ui.note(&format!("written to {}: {events} events", path.display()));
        Ok(())
    }
}

fn jsonl(events: &[Event]) -> Outcome<String> {
    let mut text = String::new();
    for event in events {
        text.push_str(&ui::json_line(&event.record)?);
        text.push('\n');
    }
    Ok(text)
}

fn csv(events: &[Event]) -> Outcome<Vec<u8>> {
    let failed = |error: &dyn std::error::Error| {
        Failure::new(Code::Output, "the result is not CSV").because(error)
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| failed(&error))?;
    for event in events {
        let cells = cells(&event.record);
        writer.write_record(cells.map(|cell| neutral(&cell))).map_err(|error| failed(&error))?;
    }
    writer.into_inner().map_err(|error| failed(&error))
}

fn cells(record: &EventView) -> [String; COLUMNS.len()] {
    [
        record.timestamp.clone(),
        record.action.clone(),
        record.secret_id.clone(),
        record.actor.clone(),
        record.actor_type.to_owned(),
        record.source_ip.to_owned(),
        record.reason.clone(),
        record.status.to_owned(),
        record.compliance_standards.join(";"),
        record.object.clone(),
        record.id.to_string(),
    ]
}

/// A cell that no spreadsheet calculates: what people wrote may be meant for whoever opens it.
fn neutral(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(neutral(formula), format!("'{formula}"));
        }
        assert_eq!(neutral("set a value"), "set a value");
    }
}
