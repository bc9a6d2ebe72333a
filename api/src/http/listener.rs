//! Accepts connections, and closes them so that the last answer arrives.
//!
//! A request can be refused before its body is read. If the socket were then closed with the
//! caller still sending, the caller's system would throw the answer away ("connection reset").
//! So the sending half is closed first and what still comes in is discarded for a moment: RFC 9112,
//! section 9.6. How many connections there are, and how long they are waited for, is bounded.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use super::http2::{self, FirstRequest, Found};
use super::patience::{Limits, Patience, Refused};
use super::refusal::{in_our_shape, of_head};

/// How long after the answer a caller may go on sending.
const LINGER: Duration = Duration::from_secs(2);

/// Pause after a failed accept: without one, "too many open files" would spin a core.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A TCP listener for poem.
pub struct LingeringListener {
    listener: TcpListener,
    address: LocalAddr,
    places: Arc<Semaphore>,
    limits: Limits,
}

impl LingeringListener {
    /// Accepts from `listener`, at most `max_connections` at once; more wait to be accepted.
    ///
    /// # Errors
    /// The I/O error of a socket that has no address.
    pub fn new(listener: TcpListener, max_connections: usize, limits: Limits) -> io::Result<Self> {
        let address = LocalAddr(listener.local_addr()?.into());
        Ok(Self {
            listener,
            address,
            places: Arc::new(Semaphore::new(max_connections)),
            limits,
        })
    }
}

impl Acceptor for LingeringListener {
    type Io = Lingering;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![self.address.clone()]
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        match self.listener.accept().await {
            Ok((stream, from)) => {
                // Answers are written whole: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let io = Lingering {
                    stream,
                    patience: Patience::new(self.limits),
                    unsent: Vec::new(),
                    is_flushed: true,
                    refused: None,
                    first_request: None,
                    closing: None,
                    _place: place,
                };
                Ok((
                    io,
                    self.address.clone(),
                    RemoteAddr(from.into()),
                    Scheme::HTTP,
                ))
            }
            Err(error) => {
                tracing::warn!(error = %error, "A connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                Err(error)
            }
        }
    }
}

/// A connection that lingers when it is closed.
pub struct Lingering {
    stream: TcpStream,
    patience: Patience,
    /// What is still to be sent in place of an answer that was taken as sent.
    unsent: Vec<u8>,
    /// Whether all that hyper wrote was sent.
    is_flushed: bool,
    /// Why it is not read on.
    refused: Option<Refused>,
    /// Where the connection is one of HTTP/2: its first request is waited for, to be refused.
    first_request: Option<FirstRequest>,
    closing: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Lingering {
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(self.unsent.drain(..sent)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ends a connection that is not read on.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.refused == Some(Refused::AfterAnswer) {
            // An answer may still be on its way out; the server closes the connection after it.
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_unsent(cx))?;
        ready!(self.poll_first_request(cx))?;
        Pin::new(self).poll_shutdown(cx)
    }

    /// Stops reading for this reason, which came with `read`, and says so where there is a way.
    fn refuse(&mut self, refused: Refused, read: &[u8]) {
        // Into the middle of an answer nothing can be said.
        let refused = if self.is_flushed {
            refused
        } else {
            Refused::AfterAnswer
        };
        self.refused = Some(refused);
        self.unsent = of_head(refused).unwrap_or_default();
        if let Refused::Http2 { before } = refused {
            self.unsent = http2::greeting();
            let mut first = FirstRequest::after(before);
            match first.read(read) {
                Some(found) => self.unsent.extend(http2::refusal(found)),
                None => self.first_request = Some(first),
            }
        }
    }

    /// Waits for the first request of HTTP/2, for as long as a head may take.
    fn poll_first_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut read = [0_u8; 4 * 1024];
        while let Some(first) = &mut self.first_request {
            let mut buf = ReadBuf::new(&mut read);
            let found = match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if buf.filled().is_empty() => Some(Found::Nothing),
                Poll::Ready(Ok(())) => first.read(buf.filled()),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.patience.poll_over(cx));
                    Some(Found::Nothing)
                }
            };
            if let Some(found) = found {
                self.unsent.extend(http2::refusal(found));
                self.first_request = None;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.refused.is_some() {
            return self.poll_end(cx);
        }
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Ready(Ok(())) => {
                let read = buf.filled().get(before..).unwrap_or_default();
                let Err(refused) = self.patience.read(read) else {
                    return Poll::Ready(Ok(()));
                };
                self.refuse(refused, read);
                // To hyper this is where the caller stops.
                buf.set_filled(before);
                self.poll_end(cx)
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                ready!(self.patience.poll_over(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_unsent(cx))?;
        self.is_flushed = false;
        self.patience.wrote(buf);
        if let Some(ours) = in_our_shape(buf) {
            self.unsent = ours;
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_unsent(cx))?;
        self.is_flushed = true;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.closing.is_none() {
            ready!(self.poll_unsent(cx))?;
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.closing = Some(Box::pin(tokio::time::sleep(LINGER)));
        }
        let mut discarded = [0_u8; 16 * 1024];
        loop {
            if self
                .closing
                .as_mut()
                .is_some_and(|until| until.as_mut().poll(cx).is_ready())
            {
                return Poll::Ready(Ok(()));
            }
            let mut buf = ReadBuf::new(&mut discarded);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A refusal of hyper's is one buffer: it has no body.
        if let [only] = bufs {
            return self.poll_write(cx, only);
        }
        ready!(self.poll_unsent(cx))?;
        self.is_flushed = false;
        if let Some(first) = bufs.iter().find(|b| !b.is_empty()) {
            self.patience.wrote(first);
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
