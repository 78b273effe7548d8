//! What a server may ask for before it lets somebody in. tokio-postgres hands the password itself, or its MD5, to any
//! server that asks for it, over any channel, and takes it for a login where nothing was asked at all; it has no option
//! against that. So what the server says is looked at here before the client reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

const AUTHENTICATION: u8 = b'R';
const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const MD5: u32 = 5;
const SASL_FINAL: u32 = 12;
/// The client keeps a message until it has all of it: a server that nobody knows yet does not fill the memory.
const LONGEST: u32 = 64 * 1024;

/// Whether the server at the other end is known to be the one that was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// By its certificate. It may ask for the password.
    Verified,
    /// It proves that it knows the password, by SCRAM, and is not given it.
    Unknown,
}

/// The server asked for what it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Cleartext,
    Md5,
    Nothing,
    Garbage,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cleartext => "it asks for the password in the clear, over a channel that nothing vouches for",
            Self::Md5 => "it asks for an MD5 of the password, over a channel that nothing vouches for",
            Self::Nothing => "it lets in without a proof that it knows the password, and nothing else vouches for it",
            Self::Garbage => "it does not speak the protocol of PostgreSQL",
        })
    }
}

impl std::error::Error for Asked {}

/// How far a login got.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The server asked for a proof.
    pub was_asked: AtomicBool,
    /// The server said that the proof is good.
    pub is_in: AtomicBool,
}

impl Progress {
    /// Whether the password was what opened the door.
    pub fn is_proved(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed) && self.is_in.load(Ordering::Relaxed)
    }
}

/// The server's messages until the login is over.
struct Handshake {
    channel: Channel,
    progress: Arc<Progress>,
    /// Type and length of a message, and what an authentication message begins with.
    head: Vec<u8>,
    /// Bytes of a message that are not looked at.
    skip: usize,
    is_mutual: bool,
}

impl Handshake {
    fn see(&mut self, mut bytes: &[u8]) -> Result<(), Asked> {
        while !bytes.is_empty() && !self.progress.is_in.load(Ordering::Relaxed) {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            if let Some((byte, rest)) = bytes.split_first() {
                self.head.push(*byte);
                bytes = rest;
                self.look()?;
            }
        }
        Ok(())
    }

    fn look(&mut self) -> Result<(), Asked> {
        let number = |at: usize| Some(u32::from_be_bytes(*self.head.get(at..)?.first_chunk()?));
        let Some(length) = number(1) else { return Ok(()) };
        if length > LONGEST {
            return Err(Asked::Garbage);
        }
        let begun = match (self.head[0], number(5)) {
            (AUTHENTICATION, None) if length >= 8 => return Ok(()),
            (AUTHENTICATION, Some(kind)) => {
                self.judge(kind)?;
                8
            }
            _ => 4,
        };
        self.head.clear();
        self.skip = (length as usize).checked_sub(begun).ok_or(Asked::Garbage)?;
        Ok(())
    }

    fn judge(&mut self, kind: u32) -> Result<(), Asked> {
        let may = self.channel == Channel::Verified;
        match kind {
            OK if may || self.is_mutual => self.progress.is_in.store(true, Ordering::Relaxed),
            OK => return Err(Asked::Nothing),
            CLEARTEXT if !may => return Err(Asked::Cleartext),
            MD5 if !may => return Err(Asked::Md5),
            _ => self.progress.was_asked.store(true, Ordering::Relaxed),
        }
        // The client has checked the server's own proof by then, or reads no further.
        self.is_mutual |= kind == SASL_FINAL;
        Ok(())
    }
}

/// A connection that ends where its server asks for too much.
pub(super) struct Guarded<S> {
    stream: S,
    handshake: Handshake,
}

impl<S> Guarded<S> {
    pub fn new(stream: S, channel: Channel, progress: Arc<Progress>) -> Self {
        let handshake =
            Handshake { channel, progress, head: Vec::new(), skip: 0, is_mutual: false };
        Self { stream, handshake }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(())))
            && let Err(asked) = self.handshake.see(&buffer.filled()[before..])
        {
            return Poll::Ready(Err(io::Error::other(asked)));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Guarded<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// TLS with the guard inside of it, where the messages can be read.
pub(super) struct GuardedTls<T> {
    pub tls: T,
    pub progress: Arc<Progress>,
}

impl<S, T> TlsConnect<S> for GuardedTls<T>
where
    T: TlsConnect<S>,
    T::Stream: TlsStream + Unpin,
    T::Future: 'static,
{
    type Stream = Guarded<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, T::Error>>>>;

    fn connect(self, stream: S) -> Self::Future {
        let (connecting, progress) = (self.tls.connect(stream), self.progress);
        Box::pin(async move { Ok(Guarded::new(connecting.await?, Channel::Verified, progress)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(8 + body.len()).unwrap();
        [&[AUTHENTICATION][..], &length.to_be_bytes(), &kind.to_be_bytes(), body].concat()
    }

    /// What is made of the server's bytes, in pieces of each size.
    fn seen(channel: Channel, bytes: &[u8]) -> Result<bool, Asked> {
        let mut results = (1..=bytes.len()).map(|size| {
            let progress = Arc::<Progress>::default();
            let mut guarded = Guarded::new((), channel, progress.clone());
            bytes.chunks(size).try_for_each(|piece| guarded.handshake.see(piece))?;
            Ok(progress.is_proved())
        });
        let first = results.next().unwrap();
        assert!(results.all(|result| result == first));
        first
    }

    fn scram() -> Vec<u8> {
        let parts = [
            message(10, b"SCRAM-SHA-256\0\0"),
            message(11, b"r=R\0\0\0\x08\0\0\0\x03"),
            message(SASL_FINAL, b"v=x"),
            message(OK, b""),
            // What rows hold is no message of a login.
            message(CLEARTEXT, b""),
        ];
        parts.concat()
    }

    #[test]
    fn scram_is_a_proof_over_any_channel() {
        for channel in [Channel::Verified, Channel::Unknown] {
            assert_eq!(seen(channel, &scram()), Ok(true));
            let notice = [b"N\0\0\0\x08R\0\0\0".to_vec(), scram()].concat();
            assert_eq!(seen(channel, &notice), Ok(true), "others are passed over");
        }
    }

    #[test]
    fn a_server_that_nobody_vouches_for_is_given_no_password() {
        let salted = message(MD5, b"salt");
        for (bytes, asked) in [
            (message(CLEARTEXT, b""), Asked::Cleartext),
            (salted, Asked::Md5),
            (message(OK, b""), Asked::Nothing),
            ([message(10, b"SCRAM-SHA-256\0\0"), message(OK, b"")].concat(), Asked::Nothing),
            ([message(10, b"x\0\0"), message(CLEARTEXT, b"")].concat(), Asked::Cleartext),
            (b"E\0\0\0\x03".to_vec(), Asked::Garbage),
            (b"HTTP/1.1 400 Bad Request".to_vec(), Asked::Garbage),
        ] {
            assert_eq!(seen(Channel::Unknown, &bytes), Err(asked));
        }
    }

    #[test]
    fn over_a_verified_channel_it_may_ask_for_it() {
        let cleartext = [message(CLEARTEXT, b""), message(OK, b"")].concat();
        assert_eq!(seen(Channel::Verified, &cleartext), Ok(true));
        assert_eq!(seen(Channel::Verified, &message(OK, b"")), Ok(false), "nothing was asked");
    }
}
