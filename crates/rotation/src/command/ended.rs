//! What the end of a program means for what it was asked for.

use super::running::{Captured, Ended, How};
use crate::contract::{CallError, Verb};
use crate::redact::Redactor;
use crate::wire::{AnswerError, MOST_ANSWER, Reply, Told};
use std::io;
use v_secure_core::secret_value::SecretValue;

/// `EX_TEMPFAIL` of sysexits: try again.
const TRY_AGAIN: i32 = 75;

/// What the program said, if it came to a good end and said it by the contract.
pub(super) fn judged<T>(
    verb: Verb,
    ended: &Ended,
    read: impl Fn(&[u8]) -> Result<Told<T>, AnswerError>,
    redactor: &Redactor,
) -> Result<(T, Option<SecretValue>), CallError> {
    let unknown = |what: String| Err(without_answer(verb, with_errors(what, &ended.err, redactor)));
    match ended.how {
        How::Exited(0) => match read(&ended.out) {
            Ok(Told { reply: Reply::Done(answer), why }) => Ok((answer, why)),
            Ok(told) => Err(refusal(&told, &ended.err, redactor)),
            Err(error) => unknown(error.to_string()),
        },
        How::Exited(TRY_AGAIN) => match read(&ended.out) {
            Err(AnswerError::Empty) => {
                Err(CallError::Again { why: with_errors(String::new(), &ended.err, redactor) })
            }
            Ok(told @ Told { reply: Reply::Again, .. }) => {
                Err(refusal(&told, &ended.err, redactor))
            }
            _ => unknown(format!("it ends with {TRY_AGAIN}, and says something else")),
        },
        How::Exited(code) => unknown(format!("it ends with {code}")),
        How::Killed => unknown("a signal ended it".to_owned()),
        How::Late => unknown("it did not end in time".to_owned()),
        How::TooMuch => unknown(format!("it says more than {MOST_ANSWER} bytes")),
        How::HeldOpen => unknown("what it started holds its output open".to_owned()),
        How::Lost(kind) => unknown(format!("it cannot be heard: {kind}")),
    }
}

/// What stands for "no answer": only a verb that changes nothing has changed nothing.
fn without_answer(verb: Verb, why: String) -> CallError {
    match verb.changes() {
        true => CallError::Unclear { why },
        false => CallError::Refused { why },
    }
}

fn refusal<T>(told: &Told<T>, errors: &Captured, redactor: &Redactor) -> CallError {
    let said = told.why.as_ref().map(|why| redactor.line(why.expose(), false));
    let why = match said.filter(|why| !why.is_empty()) {
        Some(why) => why,
        None => with_errors(String::new(), errors, redactor),
    };
    match told.reply {
        Reply::Again => CallError::Again { why },
        Reply::Fenced => CallError::Fenced { why },
        Reply::Unclear => CallError::Unclear { why },
        Reply::Refused | Reply::Done(_) => CallError::Refused { why },
    }
}

/// What happened, and what the program wrote to standard error.
fn with_errors(what: String, errors: &Captured, redactor: &Redactor) -> String {
    let said = redactor.line(&errors.bytes, errors.is_cut);
    match (what.is_empty(), said.is_empty()) {
        (false, false) => format!("{what}: {said}"),
        (false, true) => what,
        (true, false) => said,
        (true, true) => "it does not say why".to_owned(),
    }
}

/// It was asked nothing.
pub(super) fn not_started(error: &io::Error) -> CallError {
    let why = format!("it cannot be started: {error}");
    match error.kind() {
        // No process to be had, or its file is being written.
        io::ErrorKind::WouldBlock | io::ErrorKind::ExecutableFileBusy => CallError::Again { why },
        _ => CallError::Refused { why },
    }
}
