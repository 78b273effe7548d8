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

/// Bytes of the line of a bucket of the log, with its end.
const LOG_LINE: usize = 5;
const LOG_BUCKETS: usize = Parted::Log.count() as usize;

/// The lines of the log's buckets, one behind the other.
static LOG_LINES: [u8; LOG_BUCKETS * LOG_LINE] = log_lines();

const fn log_lines() -> [u8; LOG_BUCKETS * LOG_LINE] {
    let digits = b"0123456789abcdef";
    let mut lines = [b'\n'; LOG_BUCKETS * LOG_LINE];
    let mut bucket = 0;
    while bucket < LOG_BUCKETS {
        let at = bucket * LOG_LINE;
        lines[at] = b'#';
        lines[at + 1] = digits[bucket >> 8];
        lines[at + 2] = digits[bucket >> 4 & 0xf];
        lines[at + 3] = digits[bucket & 0xf];
        bucket += 1;
    }
    lines
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

    /// Goes past the lines of the next buckets of the log with which `text` begins, and returns how many bytes they are:
    /// a log has a thousand of them however short it is, and most stand together.
    pub fn pass_lines(&mut self, text: &str) -> usize {
        debug_assert_eq!(self.parted, Parted::Log);
        let wanted = &LOG_LINES[usize::from(self.next) * LOG_LINE..];
        let same = wanted.iter().zip(text.as_bytes()).take_while(|(a, b)| a == b).count();
        let lines = same / LOG_LINE;
        self.next += lines as u16;
        lines * LOG_LINE
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
    fn lines_that_stand_together_are_passed_as_one_by_one() {
        let line = |bucket| Parted::Log.line(bucket) + "\n";
        let all: String = (0..Parted::Log.count()).map(line).collect();
        let cut = |text: &str, at: usize| format!("{}{}", &text[..at], &text[at + 1..]);
        // Each with a byte less, a line twice, and what is no line's end.
        let spoilt = (0..100).map(|at| cut(&all, at)).chain([
            all.clone(),
            all.replace("#005\n", "#005\n#005\n"),
            all.replace("#005\n", "{}\n"),
            all.replace("#005\n", "#005 \n"),
            all.replace("#00a\n", "#00A\n"),
            format!("{all}#400\n"),
            "#000".to_owned(),
        ]);
        for text in spoilt {
            let (mut together, mut single) = (Buckets::of(Parted::Log), Buckets::of(Parted::Log));
            let passed = together.pass_lines(&text);
            let mut at = 0;
            while let Some((line, _)) = text[at..].split_once('\n')
                && let Some(bucket) = Parted::Log.of_line(line)
                && single.pass(bucket, at, &text).is_ok()
            {
                at += line.len() + 1;
            }
            assert_eq!((passed, together), (at, single), "{}", &text[..40.min(text.len())]);
        }
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
