//! What a failure means: whether anything was changed, and whether it is worth another try.

use super::guard::{Asked, Progress};
use crate::contract::CallError;
use std::error::Error as _;
use std::fmt::Display;
use std::io;
use std::sync::atomic::Ordering;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Nobody was let in.
#[derive(Debug)]
pub(super) enum ConnectError {
    /// There is no server, or it hung up.
    Unreachable(String),
    /// It is not known to be the server that was meant, or asked for what it is not given.
    Distrusted(String),
    /// The server said no.
    Server { error: Box<DbError>, is_in: bool },
}

impl ConnectError {
    pub fn unreachable(why: impl Display) -> Self {
        Self::Unreachable(why.to_string())
    }

    pub fn distrusted(why: impl Display) -> Self {
        Self::Distrusted(why.to_string())
    }

    pub fn of(error: &Error, progress: &Progress) -> Self {
        if let Some(said) = error.as_db_error() {
            let is_in = progress.is_in.load(Ordering::Relaxed);
            return Self::Server { error: Box::new(said.clone()), is_in };
        }
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let inner = io.and_then(io::Error::get_ref);
        match inner {
            Some(inner) if inner.is::<Asked>() => Self::distrusted(inner),
            Some(inner) if inner.is::<rustls::Error>() => Self::distrusted(inner),
            _ if io.is_some() || error.is_closed() => Self::Unreachable(text(error)),
            _ => Self::Distrusted(text(error)),
        }
    }
}

impl From<ConnectError> for CallError {
    /// Where it was the administrator who logged in.
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Unreachable(why) => again(format!("no connection: {why}")),
            ConnectError::Distrusted(why) => refused(format!("the server is not trusted: {why}")),
            ConnectError::Server { error, .. } => of_server(&error),
        }
    }
}

pub(super) fn again(why: impl Into<String>) -> CallError {
    CallError::Again { why: why.into() }
}

pub(super) fn refused(why: impl Into<String>) -> CallError {
    CallError::Refused { why: why.into() }
}

pub(super) fn unclear(why: impl Into<String>) -> CallError {
    CallError::Unclear { why: why.into() }
}

/// Of a statement in a transaction that nobody asked to commit: it ends with its connection.
pub(super) fn before_commit(error: Error) -> CallError {
    match error.as_db_error() {
        Some(said) => of_server(said),
        None => again(text(&error)),
    }
}

/// Of the word `COMMIT`.
pub(super) fn at_commit(error: Error) -> CallError {
    match error.as_db_error() {
        // A transaction that the server takes back, it takes back whole.
        Some(said) if said.parsed_severity() == Some(Severity::Error) => of_server(said),
        Some(said) => unclear(server_text(said)),
        None => unclear(text(&error)),
    }
}

fn of_server(error: &DbError) -> CallError {
    match may_pass(error.code()) {
        true => again(server_text(error)),
        false => refused(server_text(error)),
    }
}

/// Whether the same statement may succeed later.
fn may_pass(code: &SqlState) -> bool {
    // Connections; transactions in each other's way; resources; an operator; system errors.
    let classes = ["08", "40", "53", "57", "58"];
    // `XX000` is also what two changes of one role at a time give.
    let codes = [SqlState::LOCK_NOT_AVAILABLE, SqlState::OBJECT_IN_USE, SqlState::INTERNAL_ERROR];
    classes.contains(&&code.code()[..2]) || codes.contains(code)
}

/// Without its detail, hint and context, which show parts of rows and statements.
pub(super) fn server_text(error: &DbError) -> String {
    format!("the server says {}: {}", error.code().code(), error.message())
}

fn text(error: &Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
