//! The talk with a plugin (C2SP age-plugin): stanzas both ways over two pipes, on a thread that is
//! left behind where the plugin does not come to an end in time. It is killed then; a program of its
//! own that still holds the pipes holds nobody up.

use super::printable;
use super::program::{self, Program};
use crate::host::Prompts;
use crate::secret_value::SecretValue;
use age_core::format::{Stanza, read::age_stanza};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::{Zeroize, Zeroizing};

/// The most bytes of one stanza of a plugin's.
const LIMIT: usize = 1 << 20;
/// How often it is looked whether the time is over.
const TICK: Duration = Duration::from_millis(50);
/// After this time the user is told what is waited for.
const QUIET: Duration = Duration::from_secs(10);
/// How long a plugin that has done its work may take to end.
const LEAVE: Duration = Duration::from_secs(2);

/// Why a plugin's work is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PluginFailure {
    #[error("{program} does not start")]
    Start { program: String, source: io::Error },
    #[error("'{program}' unexpectedly died")]
    Died { program: String },
    #[error(
        "{program} did not finish within {seconds} s and was ended; V_SECURE_PLUGIN_TIMEOUT=SECONDS \
         gives it longer"
    )]
    TooLate { program: String, seconds: u64 },
    #[error("'{program}' said what is not of the plugin protocol: {what}")]
    Protocol { program: String, what: &'static str },
    #[error("'{program}' couldn't use an identity: {message}")]
    Identity { program: String, message: String },
    #[error("'{program}' couldn't use recipient {recipient}: {message}")]
    Recipient { program: String, recipient: String, message: String },
    #[error("'{program}' failed: {message}")]
    Other { program: String, message: String },
}

/// A stanza as it is written. Its text may be a key.
pub fn stanza(words: &[&str], body: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
    let length = words.iter().map(|word| word.len() + 1).sum::<usize>() + 4 + encoded.len() * 2;
    // Sized for all of it, so that no copy is left behind by growing.
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    text.extend_from_slice(b"-> ");
    text.extend_from_slice(words.join(" ").as_bytes());
    for line in encoded.as_bytes().chunks(64) {
        text.push(b'\n');
        text.extend_from_slice(line);
    }
    // The last line is a short one.
    text.extend_from_slice(if encoded.len().is_multiple_of(64) { b"\n\n" } else { b"\n" });
    text
}

/// What a plugin is started for.
pub(crate) struct Task<W> {
    pub program: Program,
    pub machine: &'static str,
    pub prompts: Arc<dyn Prompts>,
    /// All that is said first.
    pub opening: Zeroizing<Vec<u8>>,
    /// What comes after it.
    pub work: W,
}

impl<W> Task<W> {
    /// Starts the plugin, says the opening and lets `work` answer what it says.
    pub fn run<T>(self) -> Result<T, PluginFailure>
    where
        T: Send + 'static,
        W: FnOnce(&mut Talk) -> Result<T, PluginFailure> + Send + 'static,
    {
        let Self { program, machine, prompts, opening, work } = self;
        let name = program.name.clone();
        let died = || PluginFailure::Died { program: name.clone() };
        let started = program.start(machine);
        let mut child =
            started.map_err(|source| PluginFailure::Start { program: name.clone(), source })?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (writer, reader) = pipes.ok_or_else(died)?;
        let is_asking = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&prompts);
        let mut talk = Talk {
            program: name.clone(),
            writer,
            reader: BufReader::new(reader),
            prompts,
            is_asking: Arc::clone(&is_asking),
        };
        let (send, done) = mpsc::channel();
        thread::spawn(move || {
            let result = talk.say(&opening).and_then(|()| work(&mut talk));
            // Before the answer: a plugin ends where it hears no more.
            drop(talk);
            let _ = send.send(result);
        });
        let result = wait(&done, &is_asking, &name, &*told);
        end(child, result.is_some());
        result.unwrap_or_else(|| {
            Err(PluginFailure::TooLate { program: name, seconds: program::patience().as_secs() })
        })
    }
}

/// The result; `None` where the time is over.
fn wait<T>(
    done: &Receiver<Result<T, PluginFailure>>,
    is_asking: &AtomicBool,
    program: &str,
    told: &dyn Prompts,
) -> Option<Result<T, PluginFailure>> {
    let (patience, mut passed, mut is_told) = (program::patience(), Duration::ZERO, false);
    while passed < patience {
        let before = Instant::now();
        match done.recv_timeout(TICK.min(patience - passed)) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Disconnected) => {
                return Some(Err(PluginFailure::Died { program: program.to_owned() }));
            }
            // The time in which the user is asked is the user's.
            Err(RecvTimeoutError::Timeout) if is_asking.load(Ordering::Relaxed) => {}
            Err(RecvTimeoutError::Timeout) => passed += before.elapsed(),
        }
        if passed >= QUIET && !is_told {
            told.message(&format!("Waiting for {program}..."));
            is_told = true;
        }
    }
    None
}

/// Waits for the end of a plugin that is done, for a moment; kills it otherwise.
fn end(mut child: Child, is_done: bool) {
    let mut left = if is_done { LEAVE } else { Duration::ZERO };
    while !left.is_zero() {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        let pause = Duration::from_millis(2).min(left);
        thread::sleep(pause);
        left -= pause;
    }
    // A failure means that it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// The two pipes, and the user.
pub(crate) struct Talk {
    pub program: String,
    writer: ChildStdin,
    reader: BufReader<ChildStdout>,
    prompts: Arc<dyn Prompts>,
    is_asking: Arc<AtomicBool>,
}

impl Talk {
    fn say(&mut self, text: &[u8]) -> Result<(), PluginFailure> {
        let said = self.writer.write_all(text).and_then(|()| self.writer.flush());
        said.map_err(|_| PluginFailure::Died { program: self.program.clone() })
    }

    pub fn ok(&mut self) -> Result<(), PluginFailure> {
        self.say(&stanza(&["ok"], b""))
    }

    pub fn fail(&mut self) -> Result<(), PluginFailure> {
        self.say(&stanza(&["fail"], b""))
    }

    pub fn protocol(&self, what: &'static str) -> PluginFailure {
        PluginFailure::Protocol { program: self.program.clone(), what }
    }

    /// The next stanza that is the caller's to answer; `None` once the plugin is done. What the user
    /// is told and asked is answered here.
    pub fn hear(&mut self) -> Result<Option<Stanza>, PluginFailure> {
        loop {
            let mut heard = self.receive()?;
            let text = Zeroizing::new(String::from_utf8_lossy(&heard.body).into_owned());
            match heard.tag.as_str() {
                "done" => return Ok(None),
                "msg" => {
                    self.prompts.message(&printable(&text));
                    self.ok()?;
                }
                "confirm" => self.confirm(&text, &heard.args)?,
                "request-public" => {
                    let answer = self.ask(|prompts| prompts.line(&printable(&text)));
                    self.answer(answer.map(SecretValue::from))?;
                }
                "request-secret" => {
                    let answer = self.ask(|prompts| prompts.hidden(&printable(&text)));
                    self.answer(answer)?;
                }
                "recipient-stanza" | "labels" | "file-key" | "error" => return Ok(Some(heard)),
                _ => self.say(&stanza(&["unsupported"], b""))?,
            }
            heard.body.zeroize();
        }
    }

    fn confirm(&mut self, text: &str, words: &[String]) -> Result<(), PluginFailure> {
        let decoded = words.iter().take(2).map(|word| BASE64_STANDARD_NO_PAD.decode(word));
        let decoded: Result<Vec<_>, _> = decoded.collect();
        let decoded = decoded.map_err(|_| self.protocol("a choice that is not Base64"))?;
        let words: Vec<_> =
            decoded.iter().map(|word| printable(&String::from_utf8_lossy(word))).collect();
        let Some(yes) = words.first() else { return Err(self.protocol("a question of no choice")) };
        let no = words.get(1).map(String::as_str);
        match self.ask(|prompts| prompts.confirm(&printable(text), yes, no)) {
            Some(true) => self.say(&stanza(&["ok", "yes"], b"")),
            Some(false) => self.say(&stanza(&["ok", "no"], b"")),
            None => self.fail(),
        }
    }

    fn ask<T>(&self, ask: impl FnOnce(&dyn Prompts) -> T) -> T {
        self.is_asking.store(true, Ordering::Relaxed);
        let answer = ask(&*self.prompts);
        self.is_asking.store(false, Ordering::Relaxed);
        answer
    }

    fn answer(&mut self, answer: Option<SecretValue>) -> Result<(), PluginFailure> {
        match answer {
            Some(answer) => self.say(&stanza(&["ok"], answer.expose())),
            None => self.fail(),
        }
    }

    fn receive(&mut self) -> Result<Stanza, PluginFailure> {
        let mut text = Zeroizing::new(Vec::with_capacity(4096));
        loop {
            let room = (LIMIT - text.len()) as u64;
            let read = self.reader.by_ref().take(room).read_until(b'\n', &mut text);
            if text.len() == LIMIT {
                return Err(self.protocol("too much at once"));
            }
            if !read.is_ok_and(|read| read > 0) {
                return Err(PluginFailure::Died { program: self.program.clone() });
            }
            match age_stanza(&text) {
                Ok((_, stanza)) => return Ok(stanza.into()),
                Err(error) if error.is_incomplete() => {}
                Err(_) => return Err(self.protocol("no stanza")),
            }
        }
    }
}
