//! What was written is judged the same whether its policy is known or read.

use super::super::{
    FormatError, ReadPolicy, ReadScope, Trust, parse, policy_lines, read_back, sample, write,
};
use crate::file::model::VaultFile;
use crate::log::closed::{Closed, ClosedSecret, KeptVersion};
use crate::name::SecretName;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{Checkpoint, PolicyOp};
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

/// The sample with a checkpoint, and what that keeps.
fn closed() -> VaultFile {
    let mut file = sample::file();
    let entry = *file.entries.keys().next().unwrap();
    let last = file.chain.last_mut().unwrap();
    last.ops = vec![PolicyOp::Checkpoint(Checkpoint {
        entry,
        closed: sample::id(1),
        open: Vec::new(),
        segment: sample::id(2),
        entries: 1,
    })];
    let kept = KeptVersion { number: 1, ops: vec![(0, 0)], replaced: vec![1] };
    let secret = SecretName::parse("prod/DATABASE_URL").unwrap();
    let of = ClosedSecret { secret, versions: Some(1), ops: vec![(0, 0)], kept: vec![kept] };
    file.closed = Some(Closed { entries: vec![entry], secrets: vec![of] });
    file
}

#[test]
fn what_is_closed_is_passed_over_with_the_policy_and_read_where_either_is_another() {
    let text = write(&closed());
    assert_eq!(read(&text), Ok(()));
    let before = known(&text);
    assert_eq!(read_back(&text, Some(&before)), Ok(()));
    // It is not read: the same bytes pass as what was read, whatever they are.
    let spoil = |text: &str| text.replacen("\"versions\":1", "\"version\":1", 1);
    let broken = spoil(&text);
    let file = parse(text.as_bytes(), Trust::Cached, ReadScope::All).unwrap();
    let as_read = ReadPolicy::of(broken.as_bytes(), &file).unwrap();
    assert_eq!(read_back(&broken, Some(&as_read)), Ok(()));
    assert!(read_back(&broken, Some(&before)).is_err());
    assert_eq!(read_back(&text, Some(&as_read)), Ok(()));
    let mut further = closed();
    let seq = further.chain.len() as u64;
    further.chain.push(PolicyEntry { seq, ..further.chain[0].clone() });
    let further = spoil(&write(&further));
    assert_eq!(read_back(&further, Some(&as_read)), read(&further), "another policy");
    assert!(read(&further).is_err());
    let open = write(&sample::file());
    assert_eq!(read_back(&open, Some(&before)), Ok(()));
    assert_eq!(read_back(&text, Some(&known(&open))), Ok(()));
}

#[test]
fn every_byte_that_is_wrong_is_found_as_without_a_known_policy() {
    for file in [sample::file(), closed()] {
        found_as_without(&write(&file));
    }
}

fn found_as_without(text: &str) {
    let policy = known(text);
    super::places(text).into_par_iter().for_each(|at| {
        for byte in [b'"', b'0', b'z', b'\n', b'\''] {
            let mut changed = text.to_owned().into_bytes();
            changed[at] = byte;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert_eq!(read_back(&changed, Some(&policy)), read(&changed), "{at} {byte}");
        }
    });
}
