//! A program while it runs: fed, heard, and ended with all that it started.
//!
//! Each stream has a thread of its own, so that a program that writes before it reads, or never reads, waits for
//! nobody. What ends the wait is the program's own end, too long an answer, or the deadline; then its process group is
//! killed, with whatever in it still holds the pipes.

use super::program::end_with_group;
use crate::redact::MOST_READ;
use crate::wire::MOST_ANSWER;
use std::io::{self, Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How often it is looked whether the program has ended.
const TICK: Duration = Duration::from_millis(5);
/// How long the pipes of a program that has ended may stay open: who holds them left its group.
const GRACE: Duration = Duration::from_secs(1);

/// What a program left behind.
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) out: Zeroizing<Vec<u8>>,
    pub(super) err: Captured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Exited(i32),
    Killed,
    /// It ran at the deadline.
    Late,
    TooMuch,
    /// It has ended, and its output has not.
    HeldOpen,
    Lost(io::ErrorKind),
}

/// The first bytes of a stream.
#[derive(Default)]
pub(super) struct Captured {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// There were more.
    pub(super) is_cut: bool,
}

/// What a thread has to tell.
enum Heard {
    Out(io::Result<Captured>),
    Err(io::Result<Captured>),
}

/// A program that does not outlive this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        end_with_group(&mut self.0);
        // It was killed; where it cannot be waited for there is nobody to tell.
        let _ = self.0.wait();
    }
}

/// Gives the program its input and waits for its end, until the deadline.
pub(super) fn run(child: Child, input: Zeroizing<Vec<u8>>, deadline: Instant) -> Ended {
    let mut running = Running(child);
    let mut heard = Listening::default();
    let how = listen(&mut running, input, deadline, &mut heard);
    drop(running);
    let how = how.unwrap_or_else(|error| How::Lost(error.kind()));
    heard.rest(GRACE);
    let err = heard.err.unwrap_or_default();
    match (how, heard.out) {
        (How::Exited(_), None) => Ended { how: How::HeldOpen, out: Zeroizing::default(), err },
        (how, out) => {
            let out = out.unwrap_or_default();
            Ended { how: if out.is_cut { How::TooMuch } else { how }, out: out.bytes, err }
        }
    }
}

fn listen(
    running: &mut Running,
    input: Zeroizing<Vec<u8>>,
    deadline: Instant,
    heard: &mut Listening,
) -> io::Result<How> {
    let (tell, told) = channel();
    heard.told = Some(told);
    let child = &mut running.0;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let tell_err = tell.clone();
    spawn(move || send(&tell, Heard::Out(captured(out, MOST_ANSWER, Rest::Left))))?;
    spawn(move || send(&tell_err, Heard::Err(captured(err, MOST_READ, Rest::Drained))))?;
    let stdin = child.stdin.take();
    spawn(move || {
        // A program need not read what it does not care for.
        let _ = stdin.map(|mut stdin| stdin.write_all(&input));
    })?;
    loop {
        if has_ended(child)? {
            return Ok(how(end(child)?));
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(How::Late);
        }
        heard.wait(TICK.min(deadline - now))?;
        if heard.out.as_ref().is_some_and(|out| out.is_cut) {
            return Ok(How::TooMuch);
        }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().spawn(work).map(drop)
}

fn send(tell: &Sender<Heard>, heard: Heard) {
    // Whoever asked may have gone.
    let _ = tell.send(heard);
}

fn how(status: ExitStatus) -> How {
    status.code().map_or(How::Killed, How::Exited)
}

/// Ends the rest of the group, and then lets go of the number that names it.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    end_with_group(child);
    child.wait()
}

/// Whether the program has ended. It stays a zombie, whose number no other group gets.
#[cfg(unix)]
fn has_ended(child: &Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    Ok(waitid(WaitId::Pid(Pid::from_child(child)), options)?.is_some())
}

#[cfg(not(unix))]
fn has_ended(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// What is done with what is too much.
#[derive(Clone, Copy)]
enum Rest {
    Left,
    Drained,
}

/// The first `most` bytes.
fn captured(stream: Option<impl Read>, most: usize, rest: Rest) -> io::Result<Captured> {
    // As long as it gets: a vector that grows leaves what it held behind.
    let mut bytes = Zeroizing::new(vec![0; most + 1]);
    let Some(mut stream) = stream else { return Ok(Captured::default()) };
    let mut length = 0;
    while length < bytes.len() {
        match stream.read(&mut bytes[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_cut = length > most;
    if is_cut && matches!(rest, Rest::Drained) {
        drain(&mut stream)?;
    }
    bytes.truncate(length.min(most));
    Ok(Captured { bytes, is_cut })
}

fn drain(stream: &mut impl Read) -> io::Result<()> {
    let mut passing = Zeroizing::new(vec![0; MOST_READ]);
    loop {
        match stream.read(&mut passing) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What was heard so far.
#[derive(Default)]
struct Listening {
    told: Option<Receiver<Heard>>,
    out: Option<Captured>,
    err: Option<Captured>,
}

impl Listening {
    fn wait(&mut self, span: Duration) -> io::Result<()> {
        match self.told.as_ref().map(|told| told.recv_timeout(span)) {
            Some(Ok(Heard::Out(out))) => self.out = Some(out?),
            Some(Ok(Heard::Err(err))) => self.err = Some(err?),
            Some(Err(RecvTimeoutError::Timeout)) => {}
            // Both streams have ended, and the program has not.
            Some(Err(RecvTimeoutError::Disconnected)) | None => thread::sleep(span),
        }
        Ok(())
    }

    /// What the threads have yet, once nobody writes any more.
    fn rest(&mut self, span: Duration) {
        let until = Instant::now() + span;
        while self.out.is_none() || self.err.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.wait(left).is_err() {
                return;
            }
        }
    }
}
