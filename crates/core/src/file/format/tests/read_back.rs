//! What was written is judged the same whether its policy is known or read.

use super::super::{
    FormatError, ReadPolicy, ReadScope, Trust, parse, policy_lines, read_back, sample, write,
};
use crate::policy::entry::PolicyEntry;
use rayon::prelude::*;

fn known(text: &str) -> ReadPolicy {
    let file = parse(text.as_bytes(), Trust::Cached, ReadScope::All).unwrap();
    ReadPolicy::of(text.as_bytes(), &file).unwrap()
}

fn read(text: &str) -> Result<(), FormatError> {
    parse(text.as_bytes(), Trust::Written, ReadScope::All).map(drop)
}

#[test]
fn a_policy_that_is_known_is_passed_over_and_nothing_else() {
    let text = write(&sample::file());
    let policy = known(&text);
    assert_eq!(policy.length_in(&text), None, "it is a part of the file");
    assert_eq!(read_back(&text, Some(&policy)), Ok(()));
    // Bytes that no reader takes pass only as the policy that was read.
    let broken = text.replacen("{\"seq\":0", "{\"sequ\":0", 1);
    assert!(read_back(&broken, Some(&policy)).is_err());
    assert!(read_back(&broken, None).is_err());
}

#[test]
fn the_lines_of_the_policy_are_those_of_its_entries() {
    let file = sample::file();
    let text = write(&file);
    let lines: Vec<String> = file.chain.iter().map(PolicyEntry::line).collect();
    assert!(policy_lines(&text).unwrap().eq(lines.iter().map(String::as_str)));
    assert!(policy_lines("format = 1\n").is_none());
}

/// The file that is read has another policy in each of three ways: longer, shorter, and closing the log.
#[test]
fn another_policy_is_read() {
    let file = sample::file();
    let mut shorter = file.clone();
    shorter.chain.truncate(1);
    let (text, short) = (write(&file), write(&shorter));
    for (written, before) in [(&text, &short), (&short, &text)] {
        let policy = known(before);
        assert_eq!(read_back(written, Some(&policy)), read(written));
        let broken = written.replacen("\"prev\":", "\"previous\":", 1);
        assert_eq!(read_back(&broken, Some(&policy)), read(&broken));
        assert!(read(&broken).is_err());
    }
    let closed = text.replacen("requires = []", "requires = [\"log-segments\"]", 1);
    assert_eq!(read_back(&closed, Some(&known(&text))), read(&closed));
    assert!(read(&closed).is_err());
}

#[test]
fn every_byte_that_is_wrong_is_found_as_without_a_known_policy() {
    let text = write(&sample::file());
    let policy = known(&text);
    super::places(&text).into_par_iter().for_each(|at| {
        for byte in [b'"', b'0', b'z', b'\n', b'\''] {
            let mut changed = text.clone().into_bytes();
            changed[at] = byte;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert_eq!(read_back(&changed, Some(&policy)), read(&changed), "{at} {byte}");
        }
    });
}
