//! Why 'v-secure unlock' has no keys of an envelope, as one word of what it keeps: a command that renews
//! an audience goes by it.

use crate::crypto::envelope::EnvelopeError;
use crate::file::audience::AudienceError;
use crate::vault::unlock::KeyError;

/// Why the keys of an envelope are not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClosedBy {
    /// It was not sealed to the member yet.
    Others,
    /// What it holds is not what the policy states.
    Content,
    /// A program that the identity needs was not there, or did not do its work.
    Program,
}

impl ClosedBy {
    const WORDS: [(Self, &'static str); 3] =
        [(Self::Others, "sealed"), (Self::Content, "broken"), (Self::Program, "unasked")];

    pub fn of(error: &KeyError) -> Self {
        match is_not_sealed_to(error) {
            true => Self::Others,
            false if EnvelopeError::is_of_program(error) => Self::Program,
            false => Self::Content,
        }
    }

    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(by, _)| *by == self).map_or("sealed", |(_, word)| word)
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(by, _)| *by)
    }

    pub fn error(self) -> EnvelopeError {
        match self {
            Self::Others => EnvelopeError::NoMatch,
            Self::Content => EnvelopeError::Damaged,
            Self::Program => EnvelopeError::Plugin {
                complaint: "it failed when 'v-secure unlock' needed it".to_owned(),
            },
        }
    }
}

fn is_not_sealed_to(error: &KeyError) -> bool {
    match error {
        KeyError::Waiting { .. } => true,
        KeyError::Envelope { source, .. } => {
            matches!(source, AudienceError::Envelope { source: EnvelopeError::NoMatch, .. })
        }
        _ => false,
    }
}
