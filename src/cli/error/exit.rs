//! The exit codes: a documented contract (`docs/errors.md`).

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Ok,
    Failure,
    Usage,
    Locked,
    NotPermitted,
    NotFound,
    Integrity,
    Conflict,
    Expired,
    /// A child's code, or 126 / 127 where it could not be run.
    Child(u8),
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Locked => 3,
            Self::NotPermitted => 4,
            Self::NotFound => 5,
            Self::Integrity => 6,
            Self::Conflict => 7,
            Self::Expired => 8,
            Self::Child(code) => code,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
