//! The two things that a plugin does: wrapping a file key for recipients, and unwrapping one with an
//! identity.

use super::printable;
use super::program::Program;
use super::talk::{PluginFailure, Talk, Task, stanza};
use crate::host::{NoPrompts, Prompts};
use age::secrecy::ExposeSecret;
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use zeroize::{Zeroize, Zeroizing};

/// The recipients of one plugin.
pub struct Recipients {
    pub program: Program,
    pub texts: Vec<String>,
}

/// An identity of a plugin.
pub struct Key {
    pub program: Program,
    pub text: String,
    pub prompts: Arc<dyn Prompts>,
}

fn opening(stanzas: &[Zeroizing<Vec<u8>>]) -> Zeroizing<Vec<u8>> {
    let done = stanza(&["done"], b"");
    let length = stanzas.iter().map(|stanza| stanza.len()).sum::<usize>() + done.len();
    let mut all = Zeroizing::new(Vec::with_capacity(length));
    stanzas.iter().chain([&done]).for_each(|stanza| all.extend_from_slice(stanza));
    all
}

/// What a plugin says went wrong, about one of `names` where it says which.
fn complaint(talk: &Talk, heard: &Stanza, names: &[String]) -> PluginFailure {
    let program = talk.program.clone();
    let message = printable(&String::from_utf8_lossy(&heard.body));
    let words: Vec<&str> = heard.args.iter().map(String::as_str).collect();
    match words[..] {
        ["identity", _] => PluginFailure::Identity { program, message },
        ["recipient", index] => {
            match index.parse().ok().and_then(|index: usize| names.get(index)) {
                Some(recipient) => {
                    PluginFailure::Recipient { program, recipient: recipient.clone(), message }
                }
                None => PluginFailure::Other { program, message },
            }
        }
        _ => PluginFailure::Other { program, message },
    }
}

impl age::Recipient for Recipients {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let mut stanzas: Vec<_> =
            self.texts.iter().map(|text| stanza(&["add-recipient", text], b"")).collect();
        stanzas.push(stanza(&["extension-labels"], b""));
        stanzas.push(stanza(&["wrap-file-key"], file_key.expose_secret()));
        let texts = self.texts.clone();
        let task = Task {
            program: self.program.clone(),
            machine: "recipient-v1",
            prompts: Arc::new(NoPrompts),
            opening: opening(&stanzas),
            work: move |talk: &mut Talk| wrapped(talk, &texts),
        };
        task.run().map_err(|failure| EncryptError::Io(io::Error::other(failure)))
    }
}

fn wrapped(
    talk: &mut Talk,
    texts: &[String],
) -> Result<(Vec<Stanza>, HashSet<String>), PluginFailure> {
    let (mut stanzas, mut labels, mut failure) = (Vec::new(), None, None);
    while let Some(mut heard) = talk.hear()? {
        match heard.tag.as_str() {
            // The number of the file, of which there is one, and the stanza's own words.
            "recipient-stanza" if heard.args.len() >= 2 && heard.args[0] == "0" => {
                heard.args.remove(0);
                heard.tag = heard.args.remove(0);
                stanzas.push(heard);
            }
            "labels" if labels.is_none() => {
                let count = heard.args.len();
                let stated: HashSet<String> = heard.args.into_iter().collect();
                if stated.len() != count {
                    return Err(talk.protocol("a label twice"));
                }
                labels = Some(stated);
            }
            "error" => failure = failure.or(Some(complaint(talk, &heard, texts))),
            _ => return Err(talk.protocol("an answer to no question")),
        }
        talk.ok()?;
    }
    match failure {
        Some(failure) => Err(failure),
        None if stanzas.is_empty() => Err(talk.protocol("nothing")),
        None => Ok((stanzas, labels.unwrap_or_default())),
    }
}

impl age::Identity for Key {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        let mut said = vec![stanza(&["add-identity", &self.text], b"")];
        said.extend(stanzas.iter().map(|of_file| {
            let mut words = vec!["recipient-stanza", "0", &of_file.tag];
            words.extend(of_file.args.iter().map(String::as_str));
            stanza(&words, &of_file.body)
        }));
        let task = Task {
            program: self.program.clone(),
            machine: "identity-v1",
            prompts: Arc::clone(&self.prompts),
            opening: opening(&said),
            work: unwrapped,
        };
        match task.run() {
            Ok(None) => None,
            Ok(Some(key)) => Some(Ok(key)),
            Err(failure) => Some(Err(DecryptError::Io(io::Error::other(failure)))),
        }
    }
}

/// The key; `None` where no stanza is for this identity.
fn unwrapped(talk: &mut Talk) -> Result<Option<FileKey>, PluginFailure> {
    let (mut key, mut failure) = (None, None);
    while let Some(mut heard) = talk.hear()? {
        match heard.tag.as_str() {
            "file-key" if heard.args == ["0"] && key.is_none() => {
                key = Some(file_key(&heard.body).ok_or_else(|| talk.protocol("no file key"))?);
                heard.body.zeroize();
            }
            "error" => failure = failure.or(Some(complaint(talk, &heard, &[]))),
            _ => {
                talk.fail()?;
                continue;
            }
        }
        talk.ok()?;
    }
    match (key, failure) {
        (None, Some(failure)) => Err(failure),
        (key, _) => Ok(key),
    }
}

fn file_key(bytes: &[u8]) -> Option<FileKey> {
    let key = FileKey::try_init_with_mut(|key| {
        (bytes.len() == key.len()).then(|| key.copy_from_slice(bytes)).ok_or(())
    });
    key.ok()
}
