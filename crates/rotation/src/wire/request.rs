//! What a program is asked.

use super::CONTRACT;
use crate::contract::{Call, Credential, Verb};
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use std::io::{self, Write};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use zeroize::Zeroizing;

/// A question, and whom it is put to.
pub(crate) struct Asked<'a> {
    pub(crate) verb: Verb,
    /// Its matter; `None` for `Describe`.
    pub(crate) call: Option<&'a Call<'a>>,
    pub(crate) provider: &'a str,
    pub(crate) endpoint: Option<&'a str>,
    pub(crate) admin: Option<&'a SecretValue>,
    /// When nobody waits for the answer any more.
    pub(crate) deadline: UnixTime,
}

#[derive(Serialize)]
struct Request<'a> {
    contract: u64,
    verb: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<&'a RotationId>,
    deadline: UnixTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_base64: Option<Base64<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Version<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Version<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    forced: bool,
}

#[derive(Serialize)]
struct Version<'a> {
    id: &'a ObjectId,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<Base64<'a>>,
}

/// Bytes that are no text, written digit by digit.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

/// A value as text where it is one, else as Base64.
fn either(value: &SecretValue) -> (Option<&str>, Option<Base64<'_>>) {
    match value.expose_str() {
        Some(text) => (Some(text), None),
        None => (None, Some(Base64(value.expose()))),
    }
}

impl<'a> From<Credential<'a>> for Version<'a> {
    fn from(Credential { id, value }: Credential<'a>) -> Self {
        let (value, value_base64) = either(value);
        Self { id, value, value_base64 }
    }
}

impl<'a> Request<'a> {
    fn of(asked: &Asked<'a>) -> Self {
        let (admin, admin_base64) = asked.admin.map(either).unwrap_or_default();
        let call = asked.call;
        Self {
            contract: CONTRACT,
            verb: asked.verb.as_str(),
            secret: call.map(|call| call.secret.as_str()),
            provider: asked.provider,
            endpoint: asked.endpoint,
            rotation: call.and_then(|call| call.rotation),
            deadline: asked.deadline,
            admin,
            admin_base64,
            base: call.and_then(|call| call.base).map(Version::from),
            credential: call.and_then(|call| call.credential).map(Version::from),
            handle: call.and_then(|call| call.handle),
            forced: call.is_some_and(|call| call.is_forced),
        }
    }
}

/// The object, and a line end, so that a shell's `read` takes it for a line.
///
/// # Errors
/// None that is known: a vector takes every write.
pub(crate) fn request(asked: &Asked<'_>) -> io::Result<Zeroizing<Vec<u8>>> {
    let request = Request::of(asked);
    let mut length = Length(0);
    serde_json::to_writer(&mut length, &request)?;
    let mut text = Zeroizing::new(Vec::with_capacity(length.0 + 1));
    serde_json::to_writer(&mut *text, &request)?;
    text.push(b'\n');
    Ok(text)
}

/// Counts what it is given.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
