//! The variables that a vault may set only with the owners' signed consent.
//!
//! Whoever may write one secret chooses the name of a variable in every reader's child process.
//! Most names only reach the application that asks for them; these steer the loader, the shell, an
//! interpreter, a tool or the network, and so turn the right to write a value into the right to run
//! a program on the reader's machine or to listen in. The list cannot be complete, since any
//! program may read any variable; it holds what common systems and tools read unasked, by name and
//! by classes of names ([`table`] says which, and which are too wide). Where nothing but names that the
//! owners know may pass, there is the strict mode ([`super::consent`]).
//!
//! Names are compared without regard to case on every system: one vault serves Unix and Windows,
//! and some tools (npm, curl, pip) read either case on both.

mod table;

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;
use table::{CREDENTIALS, GUARDED, WHOLE};

/// What setting a guarded variable can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    /// Read by the dynamic loader or the C library of nearly every program.
    Loader,
    /// Runs or changes the commands of a shell.
    Shell,
    /// Gives an interpreter, a virtual machine or a build tool code or options.
    Interpreter,
    /// Names a program that another program starts, or a file that names one.
    Program,
    /// Says where programs, settings or temporary files are.
    Place,
    /// Sends network traffic elsewhere, or changes whom it trusts.
    Network,
    /// Makes a program write secrets to a file.
    Leak,
}

impl fmt::Display for Danger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loader => "controls the loader or the C library of every program",
            Self::Shell => "changes what shells run",
            Self::Interpreter => "gives an interpreter or another program code or options",
            Self::Program => "names a program that others start",
            Self::Place => "says where programs and settings are found",
            Self::Network => "redirects network traffic or changes whom it trusts",
            Self::Leak => "makes programs write secrets to a file",
        })
    }
}

/// The table, for documents.
pub fn table() -> impl Iterator<Item = (Danger, &'static [&'static str])> {
    GUARDED.iter().copied()
}

/// What setting `variable` can do, if it is guarded.
pub fn danger(variable: &str) -> Option<Danger> {
    let variable = variable.to_ascii_uppercase();
    let (first, last) = (variable.bytes().next()?, variable.bytes().next_back()?);
    let candidates = [Key::First(first), Key::Last(last)];
    let credential = CREDENTIALS.iter().any(|ending| variable.ends_with(ending));
    let mut candidates = candidates.iter().filter_map(|key| BY_KEY.get(key)).flatten();
    candidates.find(|guard| guard.holds(&variable, credential)).map(|guard| guard.danger)
}

/// A pattern of the table.
struct Guard {
    pattern: Divided<'static>,
    /// Whether the names of credentials are no members.
    spares_credentials: bool,
    danger: Danger,
}

impl Guard {
    fn of(pattern: &'static str, danger: Danger) -> Self {
        let spares_credentials = pattern.ends_with('*') && !WHOLE.contains(&pattern);
        Self { pattern: Divided::of(pattern), spares_credentials, danger }
    }

    fn holds(&self, variable: &str, credential: bool) -> bool {
        !(credential && self.spares_credentials) && self.pattern.covers(variable)
    }
}

/// What patterns are looked up by: how they begin, or how they end where they begin with the star.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    First(u8),
    Last(u8),
}

impl Key {
    fn of(pattern: &str) -> Option<Self> {
        match pattern.bytes().next()? {
            b'*' => pattern.bytes().next_back().map(Self::Last),
            first => Some(Self::First(first)),
        }
    }
}

/// The table, divided once by keys and at the star: `exec` asks for every secret.
static BY_KEY: LazyLock<HashMap<Key, Vec<Guard>>> = LazyLock::new(|| {
    let mut table: HashMap<Key, Vec<_>> = HashMap::new();
    for (danger, patterns) in GUARDED {
        for pattern in *patterns {
            if let Some(key) = Key::of(pattern) {
                table.entry(key).or_default().push(Guard::of(pattern, *danger));
            }
        }
    }
    table
});

/// A pattern with at most one `*`.
enum Divided<'a> {
    Exactly(&'a str),
    Around(&'a str, &'a str),
}

impl<'a> Divided<'a> {
    fn of(pattern: &'a str) -> Self {
        match pattern.split_once('*') {
            Some((start, end)) => Self::Around(start, end),
            None => Self::Exactly(pattern),
        }
    }

    /// Both must be in the same case.
    fn covers(&self, variable: &str) -> bool {
        match self {
            Self::Exactly(pattern) => *pattern == variable,
            Self::Around(start, end) => {
                let rest = variable.strip_prefix(start);
                rest.is_some_and(|rest| rest.ends_with(end) && !end.contains('*'))
            }
        }
    }
}

/// Whether `pattern`, with at most one `*`, covers `variable`; both in the same case.
pub(super) fn covers(pattern: &str, variable: &str) -> bool {
    Divided::of(pattern).covers(variable)
}

#[cfg(test)]
mod tests;
