//! The lines that part the secrets and the log into buckets. All of them always stand there, so that
//! what two branches add next to each other has a line between it that neither changes.

use super::error::{Cause, Fault};
use memchr::memmem;
use std::cmp::Ordering;

/// What is parted, by the first bits of its ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parted {
    Secrets,
    Log,
}

impl Parted {
    pub const fn count(self) -> u16 {
        match self {
            Self::Secrets => 1 << 8,
            Self::Log => 1 << 10,
        }
    }

    /// The bucket that an id belongs to.
    pub(crate) fn bucket(self, id: &impl AsRef<[u8; 32]>) -> u16 {
        let [first, second, ..] = *id.as_ref();
        let first = u16::from_be_bytes([first, second]);
        match self {
            Self::Secrets => first >> 8,
            Self::Log => first >> 6,
        }
    }

    /// The line that a bucket begins with.
    pub fn line(self, bucket: u16) -> String {
        match self {
            Self::Secrets => format!("# {bucket:02x}"),
            Self::Log => format!("#{bucket:03x}"),
        }
    }

    /// The bucket that begins with this line.
    pub(crate) fn of_line(self, line: &str) -> Option<u16> {
        let (start, length) = match self {
            Self::Secrets => ("# ", 2),
            Self::Log => ("#", 3),
        };
        let digits = line.strip_prefix(start).filter(|digits| digits.len() == length)?;
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let bucket = digits.bytes().all(is_digit).then(|| u16::from_str_radix(digits, 16).ok());
        bucket.flatten().filter(|bucket| *bucket < self.count())
    }
}

/// How far reading has come: the line that must come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buckets {
    parted: Parted,
    next: u16,
}

impl Buckets {
    /// Before the first line.
    pub const fn of(parted: Parted) -> Self {
        Self { parted, next: 0 }
    }

    /// Behind the line of this bucket.
    pub const fn behind(parted: Parted, bucket: u16) -> Self {
        Self { parted, next: bucket + 1 }
    }

    /// The bucket that was entered last.
    pub const fn current(self) -> Option<u16> {
        self.next.checked_sub(1)
    }

    /// Goes past the line of a bucket, which stands in `text` at `at`.
    pub fn pass(&mut self, bucket: u16, at: usize, text: &str) -> Result<(), Fault> {
        match bucket.cmp(&self.next) {
            Ordering::Equal => {
                self.next += 1;
                Ok(())
            }
            // It was passed: every line up to the next was.
            Ordering::Less => Err(Cause::BucketDoubled { line: self.parted.line(bucket) }.at(at)),
            Ordering::Greater => Err(self.lacking(at, text)),
        }
    }

    /// Refuses an end at `at` before the last line.
    pub fn end(self, at: usize, text: &str) -> Result<(), Fault> {
        if self.next == self.parted.count() { Ok(()) } else { Err(self.lacking(at, text)) }
    }

    /// The fault of another line at `at` than the next.
    pub fn lacking(self, at: usize, text: &str) -> Fault {
        let line = self.parted.line(self.next);
        let later = memmem::find(&text.as_bytes()[at..], format!("\n{line}\n").as_bytes());
        match later {
            Some(_) => Cause::BucketOrder { line }.at(at),
            None => Cause::BucketMissing { line }.at(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;

    #[test]
    fn every_bucket_has_a_line_of_its_own() {
        for parted in [Parted::Secrets, Parted::Log] {
            for bucket in 0..parted.count() {
                assert_eq!(parted.of_line(&parted.line(bucket)), Some(bucket));
            }
            assert_eq!(parted.of_line(&parted.line(parted.count())), None);
        }
        assert_eq!(
            (Parted::Secrets.line(10), Parted::Log.line(10)),
            ("# 0a".into(), "#00a".into())
        );
    }

    #[test]
    fn other_lines_begin_no_bucket() {
        for line in
            ["", "#", "# 0", "# 0A", "# +1", "# 000", "#00", "#0A0", "#+01", "#400", " # 00", "# é"]
        {
            assert_eq!((Parted::Secrets.of_line(line), Parted::Log.of_line(line)), (None, None));
        }
    }

    #[test]
    fn buckets_go_by_the_first_bits() {
        let mut id = Fixed([0xff; 32]);
        assert_eq!((Parted::Secrets.bucket(&id), Parted::Log.bucket(&id)), (0xff, 0x3ff));
        (id.0[0], id.0[1]) = (0x12, 0x7f);
        assert_eq!((Parted::Secrets.bucket(&id), Parted::Log.bucket(&id)), (0x12, 0x49));
    }
}
