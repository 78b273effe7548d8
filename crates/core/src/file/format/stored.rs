//! The versions and wraps in the text of a vault file, for who looks for some by their ids in old states: they are
//! read beside everything else, so that no old file is parsed whole or held.

use super::MAX_CIPHERTEXT_LINE;
use super::cursor::Cursor;
use super::secrets;
use super::section::Section;
use crate::crypto::id::{ObjectId, SecretId, VaultId, WrapId};
use crate::file::model::{VersionObject, Wrap};
use crate::name::SecretName;
use crate::record::ids;
use std::io::{self, BufRead, Read};

/// A version or a wrap as some text has it, under the id that follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Version { secret: SecretId, object: ObjectId, content: VersionObject },
    Wrap { secret: SecretId, wrap: WrapId, content: Wrap },
}

/// More lines than either has.
const MOST: usize = 16;

/// More bytes than either has: a line may be long for its ciphertext, and only one of them holds one.
const MOST_BYTES: usize = 2 * MAX_CIPHERTEXT_LINE;

/// Calls `each` with every version and wrap of the secrets that are wanted, in a text of the vault with this id. Nothing
/// of it is verified, and what is not well-formed is passed over.
///
/// # Errors
/// The text cannot be read.
pub fn stored(
    text: &mut dyn BufRead,
    vault: &VaultId,
    is_wanted: impl Fn(&SecretName) -> bool,
    mut each: impl FnMut(Stored),
) -> io::Result<()> {
    let (mut line, mut open, mut above) = (Vec::new(), None::<Open>, None);
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
        open.take().and_then(|open| open.read(vault, &mut above)).into_iter().for_each(&mut each);
        let Some(content) = content.filter(|content| *content != "[log]") else { return Ok(()) };
        open = Open::at(content, &is_wanted);
    }
}

/// The version that a wrap behind it is of.
type Above = Option<(SecretName, ObjectId)>;

/// A record that is being read.
struct Open {
    header: String,
    secret: SecretName,
    lines: String,
    count: usize,
}

impl Open {
    fn at(line: &str, is_wanted: &impl Fn(&SecretName) -> bool) -> Option<Self> {
        let (name, _) = line.strip_prefix("[[secret.\"")?.split_once('"')?;
        let secret = SecretName::parse(name).ok().filter(is_wanted)?;
        Some(Self { header: line.to_owned() + "\n", secret, lines: String::new(), count: 0 })
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

    /// A version is the one that wraps behind it are of, and one that is not well-formed lets them be of none.
    fn read(self, vault: &VaultId, above: &mut Above) -> Option<Stored> {
        let text = self.header + &self.lines;
        let mut cursor = Cursor::new(&text);
        let header = cursor.line().ok()??;
        let (section, secret) =
            (cursor.section_of(header).ok()?, ids::secret_uid(vault, &self.secret));
        match section {
            Section::Version(_) => {
                *above = None;
                let (_, content) = secrets::version(&mut cursor).ok()?;
                let object = content.id(&secret);
                *above = Some((self.secret, object));
                Some(Stored::Version { secret, object, content })
            }
            Section::Wrap(_) => {
                let (_, version) = above.as_ref().filter(|(name, _)| *name == self.secret)?;
                let content = secrets::wrap(&mut cursor, *version).ok()?;
                Some(Stored::Wrap { secret, wrap: content.id(), content })
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
        let is_wanted = |name: &SecretName| name.as_str().contains(wanted);
        stored(&mut &text[..], &sample::VAULT, is_wanted, |one| all.push(one)).unwrap();
        all
    }

    fn all_of(file: &VaultFile) -> Vec<Stored> {
        let mut all = Vec::new();
        for (secret, section) in &file.secrets {
            let secret = *secret;
            for (object, content) in &section.versions {
                all.push(Stored::Version { secret, object: *object, content: content.clone() });
                let wraps = section.wraps.iter().filter(|(_, wrap)| wrap.version == *object);
                all.extend(wraps.map(|(wrap, content)| Stored::Wrap {
                    secret,
                    wrap: *wrap,
                    content: content.clone(),
                }));
            }
        }
        all
    }

    #[test]
    fn every_version_and_wrap_is_found_and_those_that_are_not_wanted_are_not() {
        let file = sample::file();
        let (text, all) = (write(&file), all_of(&file));
        assert!(all.len() > 4);
        assert_eq!(found(text.as_bytes(), ""), all);
        let mut one = file;
        one.secrets.retain(|_, section| section.name.as_str() == "dev/TOKEN");
        assert_eq!(found(text.as_bytes(), "dev/TOKEN"), all_of(&one));
        assert_eq!(found(text.as_bytes(), "dev/NONE"), []);
    }

    #[test]
    fn a_value_as_long_as_any_is_found_and_hides_nothing_behind_it() {
        let mut file = sample::file();
        let (uid, section) = file.secrets.iter_mut().next().unwrap();
        let mut longest = section.versions.values().next().unwrap().clone();
        longest.ciphertext.0 = vec![7; MAX_CIPHERTEXT];
        section.active = vec![longest.id(uid)];
        section.versions = [(longest.id(uid), longest)].into_iter().collect();
        section.wraps.clear();
        assert_eq!(found(write(&file).as_bytes(), ""), all_of(&file));
    }

    #[test]
    fn conflict_marks_and_what_is_broken_are_passed_over() {
        let (file, log) = (sample::file(), "\n[log]\n");
        let (text, all) = (write(&file), all_of(&file));
        let marked = text.replace("[[secret.", "<<<<<<< HEAD\n[[secret.");
        assert_eq!(found(marked.as_bytes(), ""), all);
        let cut = text.replacen("epoch = \"BAQEBAQEBAQEBAQEBAQEBA\"\nkey", "epoch = \"\"\nkey", 1);
        assert_eq!(found(cut.as_bytes(), "").len(), all.len() - 1);
        // And with a version go its wraps: of which one they are nobody can say.
        let cut = text.replacen("commitment = \"", "commitment = ", 1);
        assert_eq!(found(cut.as_bytes(), "").len(), all.len() - 2);
        for text in [&b""[..], b"\xff\n", &vec![b'x'; MAX_CIPHERTEXT_LINE + 2], log.as_bytes()] {
            assert_eq!(found(text, ""), []);
        }
    }
}
