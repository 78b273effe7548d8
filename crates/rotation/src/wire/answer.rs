//! What a program answers. Nothing of it is repeated in an error: it may be a value.

use super::fields::Fields;
use super::{CONTRACT, MOST_ANSWER};
use crate::contract::{Abilities, Answer, Finds, Listed, Maker, State, Verb};
use v_secure_core::log::describe::is_hidden;
use v_secure_core::secret_value::SecretValue;

/// The most bytes of a handle.
const MOST_HANDLE: usize = 512;

/// Why an answer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("it says nothing")]
    Empty,
    #[error("it says more than {MOST_ANSWER} bytes")]
    TooLong,
    #[error("it says something that is no UTF-8")]
    NotUtf8,
    #[error("it does not say one JSON object")]
    NoObject,
    #[error("a field stands twice in its answer")]
    Twice,
    #[error("'{name}' is not {wanted}")]
    Field { name: &'static str, wanted: &'static str },
    #[error("its answer lacks '{name}'")]
    Missing { name: &'static str },
    #[error("its answer says that all went well, and an 'error' too")]
    Both,
    #[error("it goes by another contract than {CONTRACT}")]
    Contract,
    #[error("'verbs' has a word that is no verb")]
    NoVerb,
    #[error("a handle is empty, longer than {MOST_HANDLE} bytes, or has control characters")]
    Handle,
}

/// An answer, and its words to people, which may have values in them yet.
#[derive(Debug)]
pub(crate) struct Told<T> {
    pub(crate) reply: Reply<T>,
    pub(crate) why: Option<SecretValue>,
}

#[derive(Debug)]
pub(crate) enum Reply<T> {
    Done(T),
    Again,
    Refused,
    Fenced,
    Unclear,
}

/// The answer to a verb.
pub(crate) fn read(bytes: &[u8], verb: Verb) -> Result<Told<Answer>, AnswerError> {
    told(bytes, |fields| answer(fields, verb))
}

/// The answer to `Describe`.
pub(crate) fn read_abilities(bytes: &[u8]) -> Result<Told<Abilities>, AnswerError> {
    told(bytes, abilities)
}

fn told<T>(
    bytes: &[u8],
    done: impl FnOnce(&Fields<'_>) -> Result<T, AnswerError>,
) -> Result<Told<T>, AnswerError> {
    if bytes.len() > MOST_ANSWER {
        return Err(AnswerError::TooLong);
    }
    let json = std::str::from_utf8(bytes).map_err(|_| AnswerError::NotUtf8)?;
    if json.trim().is_empty() {
        return Err(AnswerError::Empty);
    }
    let fields = Fields::read(json)?;
    Ok(Told { reply: reply(&fields, done)?, why: fields.text("why")? })
}

fn reply<T>(
    fields: &Fields<'_>,
    done: impl FnOnce(&Fields<'_>) -> Result<T, AnswerError>,
) -> Result<Reply<T>, AnswerError> {
    let words = [("again", 0), ("refused", 1), ("fenced", 2), ("unclear", 3)];
    let error = fields.word("error", "'again', 'refused', 'fenced' or 'unclear'", &words)?;
    match (fields.flag("ok")?.ok_or(AnswerError::Missing { name: "ok" })?, error) {
        (true, None) => done(fields).map(Reply::Done),
        (true, Some(_)) => Err(AnswerError::Both),
        (false, None) => Err(AnswerError::Missing { name: "error" }),
        (false, Some(0)) => Ok(Reply::Again),
        (false, Some(1)) => Ok(Reply::Refused),
        (false, Some(2)) => Ok(Reply::Fenced),
        (false, Some(_)) => Ok(Reply::Unclear),
    }
}

fn answer(fields: &Fields<'_>, verb: Verb) -> Result<Answer, AnswerError> {
    let states =
        [State::Active, State::Inactive, State::Unknown].map(|state| (state.as_str(), state));
    let state = fields.word("state", "'active', 'inactive' or 'unknown'", &states)?;
    let value = fields.text("value")?;
    if value.as_ref().is_some_and(SecretValue::is_empty) {
        return Err(AnswerError::Field { name: "value", wanted: "a text of some length" });
    }
    match verb {
        Verb::Test | Verb::Validate if state.is_none() => {
            Err(AnswerError::Missing { name: "state" })
        }
        Verb::Generate if value.is_none() => Err(AnswerError::Missing { name: "value" }),
        _ => Ok(Answer {
            state,
            value,
            last_used: fields.time("last_used")?,
            listed: fields.objects("credentials")?.iter().map(listed).collect::<Result<_, _>>()?,
            time: fields.time("time")?,
            why: None,
        }),
    }
}

fn listed(fields: &Fields<'_>) -> Result<Listed, AnswerError> {
    let handle = fields.text("handle")?.ok_or(AnswerError::Missing { name: "handle" })?;
    let text = handle.expose_str().ok_or(AnswerError::Handle)?;
    let is_plain = (1..=MOST_HANDLE).contains(&text.len()) && !text.chars().any(is_hidden);
    is_plain.then(|| Listed { handle: text.to_owned() }).ok_or(AnswerError::Handle)
}

fn abilities(fields: &Fields<'_>) -> Result<Abilities, AnswerError> {
    if fields.number("contract")? != Some(CONTRACT) {
        return Err(AnswerError::Contract);
    }
    let verbs = fields.texts("verbs")?;
    let verbs = verbs.iter().map(|verb| verb.parse().map_err(|_| AnswerError::NoVerb));
    let makers = [("here", Maker::Here), ("provider", Maker::Provider)];
    let finds =
        [("nothing", Finds::Nothing), ("label", Finds::Label), ("idempotency", Finds::Idempotency)];
    Ok(Abilities {
        verbs: verbs.collect::<Result<_, _>>()?,
        maker: fields.word("makes", "'here' or 'provider'", &makers)?.unwrap_or(Maker::Here),
        finds: fields
            .word("finds", "'nothing', 'label' or 'idempotency'", &finds)?
            .unwrap_or(Finds::Nothing),
        holds_two: match fields.number("holds")?.unwrap_or(1) {
            1 => false,
            2 => true,
            _ => return Err(AnswerError::Field { name: "holds", wanted: "1 or 2" }),
        },
        fences: fields.flag("fences")?.unwrap_or(false),
    })
}
