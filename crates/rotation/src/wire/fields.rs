//! The fields of an answer's object, each read as what it has to be.

use super::answer::AnswerError;
use super::text;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

/// An object's fields, as they are written. What nobody asks for is passed over.
pub(super) struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Fields)
    }
}

impl<'a> Fields<'a> {
    /// Reads an object in which no field stands twice.
    pub(super) fn read(json: &'a str) -> Result<Self, AnswerError> {
        // Its own message may repeat what it read.
        let fields: Self = serde_json::from_str(json).map_err(|_| AnswerError::NoObject)?;
        let mut names: Vec<&str> = fields.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(AnswerError::Twice),
            false => Ok(fields),
        }
    }

    /// `null` is as good as nothing.
    fn raw(&self, name: &str) -> Option<&'a str> {
        let (_, raw) = self.0.iter().find(|(found, _)| found == name)?;
        Some(raw.get()).filter(|raw| *raw != "null")
    }

    fn parsed<T: Deserialize<'a>>(
        &self,
        name: &'static str,
        wanted: &'static str,
    ) -> Result<Option<T>, AnswerError> {
        let parse =
            |raw| serde_json::from_str(raw).map_err(|_| AnswerError::Field { name, wanted });
        self.raw(name).map(parse).transpose()
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, AnswerError> {
        self.parsed(name, "true or false")
    }

    pub(super) fn number(&self, name: &'static str) -> Result<Option<u64>, AnswerError> {
        self.parsed(name, "a whole number")
    }

    pub(super) fn time(&self, name: &'static str) -> Result<Option<UnixTime>, AnswerError> {
        let time = self.parsed(name, "seconds since 1970, as a whole number")?;
        Ok(time.map(UnixTime::from_secs))
    }

    /// A text that may be a secret.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<SecretValue>, AnswerError> {
        let wanted = AnswerError::Field { name, wanted: "a text" };
        self.raw(name).map(|raw| text::decoded(raw).ok_or(wanted)).transpose()
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &'static str,
        wanted: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, AnswerError> {
        let Some(said) = self.text(name)? else { return Ok(None) };
        let known = words.iter().find(|(word, _)| word.as_bytes() == said.expose());
        known.map(|(_, meant)| Some(*meant)).ok_or(AnswerError::Field { name, wanted })
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, AnswerError> {
        Ok(self.parsed(name, "a list of texts")?.unwrap_or_default())
    }

    pub(super) fn objects(&self, name: &'static str) -> Result<Vec<Self>, AnswerError> {
        let listed: Option<Vec<&RawValue>> = self.parsed(name, "a list of objects")?;
        listed.unwrap_or_default().into_iter().map(|raw| Self::read(raw.get())).collect()
    }
}
