//! Why a text is refused: one variant a cause. Nothing of the file's content is repeated but names
//! of sections and requirements, escaped, since the text may be anything.

use super::{MAX_CIPHERTEXT, MAX_CIPHERTEXT_LINE, MAX_FILE, MAX_LINE};
use crate::record::rule::RuleError;
use crate::record::text::escape_for_display;

/// A refusal: where, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct FormatError {
    /// Counted from 1.
    pub line: usize,
    #[source]
    pub cause: Cause,
}

impl FormatError {
    /// Whether a CR stands in the file.
    pub fn is_of_line_ends(&self) -> bool {
        matches!(self.cause, Cause::CarriageReturn)
    }

    /// Stable across releases.
    pub const fn code(&self) -> &'static str {
        self.cause.code()
    }

    /// Whether a newer version of the program may be able to read the file.
    pub const fn needs_newer(&self) -> bool {
        matches!(
            self.cause,
            Cause::FormatNumber { .. } | Cause::Requires { .. } | Cause::AlgorithmUnknown
        )
    }
}

/// The cause of a [`FormatError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("over {MAX_FILE} bytes")]
    TooLarge,
    #[error("begins with a byte order mark")]
    Bom,
    #[error("not UTF-8")]
    NotUtf8,
    #[error("holds a carriage return; lines end with LF alone")]
    CarriageReturn,
    #[error("the last line does not end with LF")]
    MissingFinalNewline,
    #[error("over {MAX_LINE} bytes, or over {MAX_CIPHERTEXT_LINE} of a ciphertext")]
    LineTooLong,
    #[error("'{expected}' expected")]
    HeaderKey { expected: &'static str },
    #[error("format {found} is not known; it may need a newer v-secure")]
    FormatNumber { found: u64 },
    #[error("the vault requires '{}': it needs a newer v-secure", escape_for_display(&unknown.join("', '")))]
    Requires { unknown: Vec<String> },
    #[error("a signature algorithm is not known: it needs a newer v-secure")]
    AlgorithmUnknown,
    #[error("the suite is not known")]
    SuiteUnknown,
    #[error("what the file says of closed history is not what its policy does")]
    Checkpoint,
    #[error("the header names another vault than the policy")]
    HeaderVault,
    #[error("not a name")]
    Name,
    #[error("'{expected}' expected")]
    KeyUnexpected { expected: &'static str },
    #[error("the value of '{key}' is not in the required form")]
    ValueSyntax { key: &'static str },
    #[error("not unpadded base64url of the right length")]
    BytesSyntax,
    #[error("the ciphertext is over {MAX_CIPHERTEXT} bytes")]
    CiphertextTooLarge,
    #[error("an empty line and a section expected")]
    SectionExpected,
    #[error("section [{}] is not one of this place", escape_for_display(name))]
    SectionUnexpected { name: String },
    #[error("section [{}] comes too late", escape_for_display(name))]
    SectionOrder { name: String },
    #[error("section [{}] appears twice", escape_for_display(name))]
    SectionDuplicate { name: String },
    #[error("section [{name}] is missing")]
    SectionMissing { name: &'static str },
    #[error("the block of '{key}' is not closed")]
    BlockOpen { key: &'static str },
    #[error("the chain has no entry")]
    ChainEmpty,
    #[error("the chain has two entries {seq}")]
    ChainForked { seq: u64 },
    #[error("a slot has exactly one record")]
    SlotRecords,
    #[error("the record is of another slot than its section")]
    SlotSection,
    #[error("not the armor of an age file")]
    Armor,
    #[error("not JSON, at column {column}")]
    JsonSyntax { column: usize },
    #[error("not a record of this format, at column {column}")]
    JsonShape { column: usize },
    #[error("not written canonically, from column {column} on")]
    JsonNotCanonical { column: usize },
    #[error("log entries are not in order of id")]
    EntryOrder,
    #[error("a log entry appears twice")]
    EntryDuplicate,
    #[error("the line '{line}' is missing")]
    BucketMissing { line: String },
    #[error("the line '{line}' appears twice")]
    BucketDoubled { line: String },
    #[error("the line '{line}' comes too late")]
    BucketOrder { line: String },
    #[error("the log entry belongs behind the line '{line}'")]
    EntryBucket { line: String },
    #[error("section [{}] belongs behind the line '{line}'", escape_for_display(name))]
    SectionBucket { name: String, line: String },
    #[error("there is text after the log")]
    TrailingBytes,
    #[error("the section is not written canonically")]
    NotCanonical,
    #[error(transparent)]
    Rule(#[from] RuleError),
}

impl Cause {
    /// Stable across releases.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Bom => "bom",
            Self::NotUtf8 => "not-utf8",
            Self::CarriageReturn => "carriage-return",
            Self::MissingFinalNewline => "missing-final-newline",
            Self::LineTooLong => "line-too-long",
            Self::HeaderKey { .. } => "header-key",
            Self::FormatNumber { .. } => "format-number",
            Self::Requires { .. } => "requires",
            Self::AlgorithmUnknown => "algorithm-unknown",
            Self::SuiteUnknown => "suite-unknown",
            Self::Checkpoint => "checkpoint-block",
            Self::HeaderVault => "header-vault",
            Self::Name => "name",
            Self::KeyUnexpected { .. } => "key-unexpected",
            Self::ValueSyntax { .. } => "value-syntax",
            Self::BytesSyntax => "bytes-syntax",
            Self::CiphertextTooLarge => "ciphertext-too-large",
            Self::SectionExpected => "section-expected",
            Self::SectionUnexpected { .. } => "section-unexpected",
            Self::SectionOrder { .. } => "section-order",
            Self::SectionDuplicate { .. } => "section-duplicate",
            Self::SectionMissing { .. } => "section-missing",
            Self::BlockOpen { .. } => "block-open",
            Self::ChainEmpty => "chain-empty",
            Self::ChainForked { .. } => "policy-diverged",
            Self::SlotRecords => "slot-records",
            Self::SlotSection => "slot-section",
            Self::Armor => "armor",
            Self::JsonSyntax { .. } => "json-syntax",
            Self::JsonShape { .. } => "json-shape",
            Self::JsonNotCanonical { .. } => "json-not-canonical",
            Self::EntryOrder => "entry-order",
            Self::EntryDuplicate => "entry-duplicate",
            Self::BucketMissing { .. } => "bucket-missing",
            Self::BucketDoubled { .. } => "bucket-doubled",
            Self::BucketOrder { .. } => "bucket-order",
            Self::EntryBucket { .. } => "entry-in-wrong-bucket",
            Self::SectionBucket { .. } => "section-in-wrong-bucket",
            Self::TrailingBytes => "trailing-bytes",
            Self::NotCanonical => "not-canonical",
            Self::Rule(rule) => rule.code(),
        }
    }

    /// This cause at a byte of the text; the line is counted once, when the error leaves.
    pub(super) const fn at(self, at: usize) -> Fault {
        Fault { at, cause: self }
    }
}

/// A cause and the byte it was found at.
#[derive(Debug)]
pub(super) struct Fault {
    at: usize,
    cause: Cause,
}

impl Fault {
    pub(super) fn into_error(self, bytes: &[u8]) -> FormatError {
        let before = &bytes[..self.at.min(bytes.len())];
        FormatError { line: memchr::memchr_iter(b'\n', before).count() + 1, cause: self.cause }
    }
}
