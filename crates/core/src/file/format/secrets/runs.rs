//! Reading all sections on several threads, with the outcome of reading them in turn.

use super::super::Trust;
use super::super::bucket::{Buckets, Parted};
use super::super::cursor::Cursor;
use super::super::error::Fault;
use super::{Form, HEADER, LOG_HEADER, Read, in_turn};
use memchr::memmem;
use rayon::prelude::*;

/// From this many bytes on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 1 << 18;
/// The same where what was read is also written again to compare, and signatures are checked on all cores anyway.
const PARALLEL_FROM_STRICT: usize = 1 << 16;
/// Bytes of sections that one thread takes at a time, about.
const RUN: usize = 1 << 16;
/// Bytes of a section with one short version: few are shorter.
const SECTION: usize = 600;

/// What was read between two places that look like the beginning of a section.
struct Run {
    start: Start,
    read: Read,
    /// Where reading ended; short of the next run only where the text is not what it looks like.
    end: usize,
    fault: Option<Fault>,
}

/// A place that looks like the beginning of a bucket's first secret, and that bucket: of a secret in the middle of
/// one only its name could tell whether the sections before it are its own.
#[derive(Clone, Copy)]
struct Start {
    at: usize,
    buckets: Buckets,
}

/// Reads as many sections as are surely those that reading in turn would find, and leaves the
/// cursor behind them.
pub(super) fn parse(cursor: &mut Cursor<'_>, form: Form<'_>, read: &mut Read) -> Result<(), Fault> {
    let text = cursor.text().as_bytes();
    let log = memmem::find(&text[cursor.at()..], LOG_HEADER.as_bytes());
    let end = log.map_or(text.len(), |length| cursor.at() + length);
    let from = match form.trust {
        Trust::Strict => PARALLEL_FROM_STRICT,
        Trust::Written | Trust::Cached => PARALLEL_FROM,
    };
    if end - cursor.at() < from { Ok(()) } else { by(RUN, cursor, end, form, read) }
}

fn by(
    length: usize,
    cursor: &mut Cursor<'_>,
    end: usize,
    form: Form<'_>,
    read: &mut Read,
) -> Result<(), Fault> {
    let starts = starts(cursor, end, length, read.buckets);
    let ends = starts.iter().skip(1).map(|start| start.at).chain([end]);
    let bounds: Vec<(Start, usize)> = starts.iter().copied().zip(ends).collect();
    let from = &*cursor;
    let runs: Vec<Run> =
        bounds.par_iter().map(|(start, end)| run(from.clone(), *start, *end, form)).collect();
    read.sections.reserve(runs.iter().map(|run| run.read.sections.len()).sum());
    // A run counts only if what came before ended where it begins, with nothing wrong: otherwise
    // reading in turn says what is wrong, from the last place that is sure.
    for run in runs {
        let last = read.sections.last().map(|(id, _)| *id);
        let first = run.read.sections.first().map(|(id, _)| *id);
        let ascends = first.is_none_or(|first| last.is_none_or(|last| last < first));
        let joins = run.start.at == cursor.at() && run.start.buckets == read.buckets;
        if !joins || run.fault.is_some() || !ascends {
            break;
        }
        read.sections.extend(run.read.sections);
        read.buckets = run.read.buckets;
        cursor.skip_to(run.end);
    }
    in_turn(cursor, usize::MAX, form, read)
}

fn run(mut cursor: Cursor<'_>, start: Start, end: usize, form: Form<'_>) -> Run {
    cursor.skip_to(start.at);
    let sections = Vec::with_capacity((end - start.at) / SECTION);
    let mut read = Read { sections, buckets: start.buckets };
    let fault = in_turn(&mut cursor, end, form, &mut read).err();
    Run { start, read, end: cursor.at(), fault }
}

/// The cursor's place, and from there on places that look like the empty line before the first secret behind a mark, at
/// least `length` apart.
fn starts(cursor: &Cursor<'_>, end: usize, length: usize, buckets: Buckets) -> Vec<Start> {
    let text = cursor.text().as_bytes();
    let finder = memmem::Finder::new(HEADER);
    let mut starts = vec![Start { at: cursor.at(), buckets }];
    let mut from = cursor.at() + length;
    while let Some(found) = text.get(from..end).and_then(|rest| finder.find(rest)) {
        let at = from + found;
        let bucket = bucket_before(cursor.text(), at).filter(|_| at > starts[starts.len() - 1].at);
        if let Some(bucket) = bucket {
            starts.push(Start { at: at + 1, buckets: Buckets::behind(Parted::Secrets, bucket) });
            from = at + length.max(HEADER.len());
        } else {
            from = at + HEADER.len();
        }
    }
    starts
}

/// The bucket whose line ends at `end`.
fn bucket_before(text: &str, end: usize) -> Option<u16> {
    let line = text.get(..end)?.rsplit('\n').next()?;
    Parted::Secrets.of_line(line)
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
        let start = text.find("# 00\n").unwrap();
        (text, start)
    }

    fn outcomes(text: &str, start: usize, length: usize) -> [String; 2] {
        let form = Form { vault: &sample::VAULT, trust: Trust::Strict };
        let end = text.find(LOG_HEADER).unwrap_or(text.len());
        let at_start = || {
            let mut cursor = Cursor::new(text);
            cursor.skip_to(start);
            cursor
        };
        let (mut one, mut other) = (at_start(), at_start());
        let none = || Read { sections: Vec::new(), buckets: Buckets::of(Parted::Secrets) };
        let (mut read, mut by_run) = (none(), none());
        let in_turn = in_turn(&mut one, usize::MAX, form, &mut read);
        let in_turn = in_turn.map(|()| (read, one.at()));
        let by_runs = by(length, &mut other, end, form, &mut by_run);
        let by_runs = by_runs.map(|()| (by_run, other.at()));
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
        // Of marks that follow each other one stands for several: they are alike.
        let is_mark = |at: usize| lines.get(at).is_some_and(|line| line.starts_with('#'));
        let alike = |at: usize| at > 0 && (at - 1..at + 3).all(is_mark) && !at.is_multiple_of(16);
        for at in (0..lines.len() - 1).filter(|at| !alike(*at)) {
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
