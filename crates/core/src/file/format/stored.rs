//! The versions and wraps in the text of a vault file, for who looks for some by their ids in old states: they are
//! read beside everything else, so that no old file is parsed whole or held.

use super::MAX_CIPHERTEXT_LINE;
use super::cursor::Cursor;
use super::secrets;
use super::section::Section;
use crate::crypto::id::{ObjectId, SecretId, WrapId};
use crate::file::model::{VersionObject, Wrap};
use std::io::{self, BufRead, Read};

/// A version or a wrap as some text has it, under the ids that stand above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Version { secret: SecretId, object: ObjectId, content: VersionObject },
    Wrap { secret: SecretId, wrap: WrapId, content: Wrap },
}

/// More lines than either has.
const MOST: usize = 16;

/// More bytes than either has: a line may be long for its ciphertext, and only one of them holds one.
const MOST_BYTES: usize = 2 * MAX_CIPHERTEXT_LINE;

/// Calls `each` with every version and wrap whose header `is_wanted`. Nothing of it is verified, and what is not
/// well-formed is passed over.
///
/// # Errors
/// The text cannot be read.
pub fn stored(
    text: &mut dyn BufRead,
    is_wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(Stored),
) -> io::Result<()> {
    let (mut line, mut open) = (Vec::new(), None::<Open>);
    loop {
        line.clear();
        // A line end belongs to the line.
        (&mut *text).take(MAX_CIPHERTEXT_LINE as u64 + 1).read_until(b'\n', &mut line)?;
        let content = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        if let (Some(content), Some(found)) = (content, &mut open)
            && found.takes(content)
        {
            continue;
        }
        open.take().and_then(Open::read).into_iter().for_each(&mut each);
        let Some(content) = content.filter(|content| *content != "[log]") else { return Ok(()) };
        open = Open::at(content, &is_wanted);
    }
}

/// A record that is being read.
struct Open {
    header: String,
    lines: String,
    count: usize,
}

impl Open {
    fn at(line: &str, is_wanted: &impl Fn(&str) -> bool) -> Option<Self> {
        let header = line.strip_prefix("[secret.")?;
        let is_part = header.contains(".version.") || header.contains(".wrap.");
        let open = || Self { header: line.to_owned() + "\n", lines: String::new(), count: 0 };
        (is_part && is_wanted(header)).then(open)
    }

    fn takes(&mut self, line: &str) -> bool {
        let has_room = self.count < MOST && self.lines.len() + line.len() <= MOST_BYTES;
        let is_content = !line.is_empty() && !line.starts_with(['[', '#']) && has_room;
        if is_content {
            self.count += 1;
            self.lines.extend([line, "\n"]);
        }
        is_content
    }

    fn read(self) -> Option<Stored> {
        let text = self.header + &self.lines;
        let mut cursor = Cursor::new(&text);
        let header = cursor.line().ok()??;
        let section = cursor.section_of(header).ok()?;
        match section {
            Section::Version { secret, object } => {
                let content = secrets::version(&mut cursor).ok()?;
                Some(Stored::Version { secret, object, content })
            }
            Section::Wrap { secret, wrap } => {
                let content = secrets::wrap(&mut cursor, None).ok()?;
                Some(Stored::Wrap { secret, wrap, content })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::format::{MAX_CIPHERTEXT, sample, write};
    use crate::file::model::VaultFile;

    fn found(text: &[u8], wanted: &str) -> Vec<Stored> {
        let mut all = Vec::new();
        stored(&mut &text[..], |header| header.contains(wanted), |one| all.push(one)).unwrap();
        all
    }

    fn all_of(file: &VaultFile) -> Vec<Stored> {
        let mut all = Vec::new();
        for (secret, section) in &file.secrets {
            let secret = *secret;
            all.extend(section.versions.iter().map(|(object, content)| Stored::Version {
                secret,
                object: *object,
                content: content.clone(),
            }));
            all.extend(section.wraps.iter().map(|(wrap, content)| Stored::Wrap {
                secret,
                wrap: *wrap,
                content: content.clone(),
            }));
        }
        all
    }

    #[test]
    fn every_version_and_wrap_is_found_and_those_that_are_not_wanted_are_not() {
        let file = sample::file();
        let (text, all) = (write(&file), all_of(&file));
        assert!(all.len() > 2);
        assert_eq!(found(text.as_bytes(), ""), all);
        let Stored::Version { object, .. } = &all[0] else { panic!("versions come first") };
        assert_eq!(found(text.as_bytes(), &object.to_string()), all[..1]);
        assert_eq!(found(text.as_bytes(), "no such id"), []);
    }

    #[test]
    fn a_value_as_long_as_any_is_found_and_hides_nothing_behind_it() {
        let mut file = sample::file();
        let section = file.secrets.values_mut().next().unwrap();
        let longest = section.versions.values_mut().next().unwrap();
        longest.ciphertext.0 = vec![7; MAX_CIPHERTEXT];
        assert_eq!(found(write(&file).as_bytes(), ""), all_of(&file));
    }

    #[test]
    fn conflict_marks_and_what_is_broken_are_passed_over() {
        let (file, log) = (sample::file(), "\n[log]\n");
        let (text, all) = (write(&file), all_of(&file));
        let marked = text.replace("[secret.", "<<<<<<< HEAD\n[secret.");
        assert_eq!(found(marked.as_bytes(), ""), all);
        let cut = text.replacen("nonce = \"", "nonce = ", 1);
        assert_eq!(found(cut.as_bytes(), "").len(), all.len() - 1);
        for text in [&b""[..], b"\xff\n", &vec![b'x'; MAX_CIPHERTEXT_LINE + 2], log.as_bytes()] {
            assert_eq!(found(text, ""), []);
        }
    }
}
