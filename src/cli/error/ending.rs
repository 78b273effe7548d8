//! Ends of the process that are no failures of v-secure's, and that the table of codes lacks.

use super::exit::Exit;

/// The exit code of a program whose reader has gone away: 128 and the number of SIGPIPE.
const BROKEN_PIPE: u8 = 141;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As the program ended that was run.
    Child(u8),
    /// Nobody reads what is printed any more.
    BrokenPipe,
    /// A signal came while somebody else's program had the terminal.
    Interrupted { signal: u8 },
}

impl Ending {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Child(_) => "child",
            Self::BrokenPipe => "broken-pipe",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    pub const fn exit(self) -> Exit {
        match self {
            Self::Child(code) => Exit::Child(code),
            Self::BrokenPipe => Exit::Child(BROKEN_PIPE),
            Self::Interrupted { signal } => Exit::Child(128 + signal),
        }
    }
}
