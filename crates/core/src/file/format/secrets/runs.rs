//! Reading all sections on several threads, with the outcome of reading them in turn.

use super::super::Trust;
use super::super::cursor::Cursor;
use super::super::error::Fault;
use super::super::section::follows;
use super::{HEADER, HEADER_END, ID_LENGTH, LOG_HEADER, Section, in_turn};
use crate::crypto::bytes::Id;
use crate::file::model::SecretSection;
use memchr::memmem;
use rayon::prelude::*;

/// From this many bytes on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 2 << 20;
/// Bytes of sections that one thread takes at a time, about.
const RUN: usize = 1 << 18;
/// Bytes of a section with one short version: few are shorter.
const SECTION: usize = 850;

/// What was read between two places that look like the beginning of a section.
struct Run {
    sections: Vec<(Id, SecretSection)>,
    start: usize,
    /// Where reading ended; short of the next run only where the text is not what it looks like.
    end: usize,
    fault: Option<Fault>,
}

/// Reads as many sections as are surely those that reading in turn would find, and leaves the
/// cursor behind them.
pub(super) fn parse(
    cursor: &mut Cursor<'_>,
    trust: Trust,
) -> Result<Vec<(Id, SecretSection)>, Fault> {
    let text = cursor.text().as_bytes();
    let log = memmem::find(&text[cursor.at()..], LOG_HEADER.as_bytes());
    let end = log.map_or(text.len(), |length| cursor.at() + length);
    if end - cursor.at() < PARALLEL_FROM { Ok(Vec::new()) } else { by(RUN, cursor, end, trust) }
}

fn by(
    length: usize,
    cursor: &mut Cursor<'_>,
    end: usize,
    trust: Trust,
) -> Result<Vec<(Id, SecretSection)>, Fault> {
    let starts = starts(cursor, end, length);
    let bounds = starts.iter().zip(starts.iter().skip(1).chain([&end]));
    let bounds: Vec<(usize, usize)> = bounds.map(|(start, end)| (*start, *end)).collect();
    let from = &*cursor;
    let runs: Vec<Run> =
        bounds.par_iter().map(|(start, end)| run(from.clone(), *start, *end, trust)).collect();
    let mut all: Vec<(Id, SecretSection)> =
        Vec::with_capacity(runs.iter().map(|run| run.sections.len()).sum());
    // A run counts only if what came before ended where it begins, with nothing wrong: otherwise
    // reading in turn says what is wrong, from the last place that is sure.
    for run in runs {
        let last = all.last().map(|(id, _)| *id);
        let ascends = run
            .sections
            .first()
            .is_none_or(|(id, _)| follows(last, *id, run.start, Section::Secret(*id)).is_ok());
        if run.start != cursor.at() || run.fault.is_some() || !ascends {
            break;
        }
        all.extend(run.sections);
        cursor.skip_to(run.end);
    }
    in_turn(cursor, usize::MAX, trust, &mut all)?;
    Ok(all)
}

fn run(mut cursor: Cursor<'_>, start: usize, end: usize, trust: Trust) -> Run {
    cursor.skip_to(start);
    let mut sections = Vec::with_capacity((end - start) / SECTION);
    let fault = in_turn(&mut cursor, end, trust, &mut sections).err();
    Run { sections, start, end: cursor.at(), fault }
}

/// The cursor's place, and from there on places that look like the empty line before a section's
/// header, at least `length` apart.
fn starts(cursor: &Cursor<'_>, end: usize, length: usize) -> Vec<usize> {
    let text = cursor.text().as_bytes();
    let finder = memmem::Finder::new(HEADER_END);
    let mut starts = vec![cursor.at()];
    let mut from = cursor.at() + length;
    while let Some(found) = text.get(from..end).and_then(|rest| finder.find(rest)) {
        let at = (from + found).saturating_sub(HEADER.len() + ID_LENGTH);
        if at > starts[starts.len() - 1] && text[at..].starts_with(HEADER.as_bytes()) {
            starts.push(at + 1);
            from = at + length.max(HEADER.len() + ID_LENGTH + HEADER_END.len());
        } else {
            from += found + HEADER_END.len();
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::super::super::{sample, write};
    use super::*;
    use crate::file::model::VaultFile;

    /// A text whose sections begin at the returned place.
    fn text(edit: impl Fn(String) -> String) -> (String, usize) {
        let mut file: VaultFile = sample::file();
        for seed in 3..10 {
            let (id, section) = sample::secret(seed, &format!("dev/S{seed}"), 1 + seed % 3);
            file.secrets.insert(id, section);
        }
        let text = edit(write(&file));
        let start = text.find("\n\n[secret.").unwrap() + 1;
        (text, start)
    }

    fn outcomes(text: &str, start: usize, length: usize) -> [String; 2] {
        let end = text.find(LOG_HEADER).unwrap_or(text.len());
        let at_start = || {
            let mut cursor = Cursor::new(text);
            cursor.skip_to(start);
            cursor
        };
        let (mut one, mut other) = (at_start(), at_start());
        let mut sections = Vec::new();
        let in_turn = in_turn(&mut one, usize::MAX, Trust::Strict, &mut sections);
        let in_turn = in_turn.map(|()| (sections, one.at()));
        let by_runs = by(length, &mut other, end, Trust::Strict).map(|all| (all, other.at()));
        [format!("{in_turn:?}"), format!("{by_runs:?}")]
    }

    #[test]
    fn runs_of_any_length_give_what_reading_in_turn_gives() {
        let (text, start) = text(|text| text);
        for length in [1, 200, 1_000, 3_000, 1 << 20] {
            let [in_turn, by_runs] = outcomes(&text, start, length);
            assert!(in_turn.starts_with("Ok") && in_turn == by_runs, "{length}");
        }
    }

    #[test]
    fn a_line_lost_doubled_or_swapped_is_the_same_fault_either_way() {
        let (whole, start) = text(|text| text);
        let lines: Vec<&str> = whole[start..].split_inclusive('\n').collect();
        for at in 0..lines.len() - 1 {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            let lost = [&lines[..at], &lines[at + 1..]].concat();
            let doubled = [&lines[..=at], &lines[at..]].concat();
            for edited in [swapped, lost, doubled] {
                let text = format!("{}{}", &whole[..start], edited.concat());
                let [in_turn, by_runs] = outcomes(&text, start, 500);
                assert_eq!(in_turn, by_runs, "line {at}");
            }
        }
    }
}
