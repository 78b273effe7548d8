//! The codes of the core's own errors, as a failure carries them. They are made of those errors alone,
//! so that no command spells one.

use v_secure_core::file::format::FormatError;
use v_secure_core::log::finding;
use v_secure_core::policy::error::ChainError;
use v_secure_core::record::rule::RuleError;

/// What an error of a layer calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerCode(&'static str);

impl LayerCode {
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<&FormatError> for LayerCode {
    fn from(error: &FormatError) -> Self {
        Self(error.code())
    }
}

impl From<&ChainError> for LayerCode {
    fn from(error: &ChainError) -> Self {
        Self(error.code())
    }
}

impl From<RuleError> for LayerCode {
    fn from(error: RuleError) -> Self {
        Self(error.code())
    }
}

impl From<finding::FindingCode> for LayerCode {
    fn from(code: finding::FindingCode) -> Self {
        Self(code.as_str())
    }
}
