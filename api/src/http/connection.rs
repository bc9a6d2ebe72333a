//! One connection: hyper reads its requests, within our limits, and poem's endpoint answers them.
//!
//! hyper limits a head's size. It can limit a head's time too, but counts the idle time before the head into
//! it, from the moment when it next reads; so the time limits are ours, set as the turn goes from the caller
//! to us and back.
//!
//! A request can be refused before its body is read. If the socket were then closed with the
//! caller still sending, the caller's system would throw the answer away ("connection reset").
//! So the sending half is closed first and what still comes in is discarded for a moment: RFC 9112,
//! section 9.6.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use livegate_common::shutdown::Shutdown;
use poem::Endpoint;
use poem::http::uri::Scheme;
use poem::http::{Request, StatusCode};
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::http2;
use super::refusal::{self, MAX_HEAD};

/// How long after the last answer a caller may go on sending.
const LINGER: Duration = Duration::from_secs(2);

/// What every HTTP/2 connection begins with, and no request of HTTP/1.
const HTTP2: &[u8] = b"PRI ";

/// How long a caller may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From a connection's beginning, or from the first byte of a head, to the head's end.
    pub head: Duration,
    /// From an answer to the first byte of the next head.
    pub idle: Duration,
}

/// Serves one connection to its end.
pub async fn serve<S, E>(mut stream: S, endpoint: Arc<E>, limits: Limits, stop: Shutdown)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    E: Endpoint,
{
    let start = tokio::select! {
        start = timeout(limits.head, start_of(&mut stream)) => start,
        () = stop.wait() => return,
    };
    let Ok(Ok(start)) = start else {
        return;
    };
    if start.starts_with(HTTP2) {
        if http2::refuse(&mut stream, start, limits.head).await.is_ok() {
            close(stream, &[]).await;
        }
        return;
    }
    let turn = Turn::new(limits);
    let mut late = pin!(turn.clone().late());
    let stream = Watched {
        stream,
        start,
        turn: turn.clone(),
        refused: None,
        is_blocked: false,
    };
    let answer = service_fn(move |request: Request<Incoming>| {
        turn.is_ours();
        let (turn, endpoint) = (turn.clone(), Arc::clone(&endpoint));
        async move {
            // Nothing reads the addresses.
            let (to, from) = (LocalAddr::default(), RemoteAddr::default());
            let request = poem::Request::from((request, to, from, Scheme::HTTP));
            let answer = endpoint.get_response(request).await;
            turn.is_theirs();
            Ok::<hyper::Response<_>, Infallible>(answer.into())
        }
    });
    let mut connection = http1::Builder::new()
        .max_header_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    let mut is_stopping = false;
    let ended = loop {
        tokio::select! {
            biased;
            ended = &mut connection => break ended,
            () = &mut late => return,
            () = stop.wait(), if !is_stopping => {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let parts = connection.into_parts();
    let Watched {
        stream, refused, ..
    } = parts.io.into_inner();
    if let Some(status) = refused {
        close(stream, &refusal::answer(status, &parts.read_buf)).await;
    } else if ended.is_ok() {
        close(stream, &[]).await;
    }
}

/// Reads what tells HTTP/2 from HTTP/1.
async fn start_of(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<BytesMut> {
    let mut start = BytesMut::new();
    while start.len() < HTTP2.len() && HTTP2.starts_with(&start) {
        if stream.read_buf(&mut start).await? == 0 {
            break;
        }
    }
    Ok(start)
}

/// Says a last word and lets the caller finish sending.
async fn close(mut stream: impl AsyncRead + AsyncWrite + Unpin, last: &[u8]) {
    let _ = timeout(LINGER, async {
        stream.write_all(last).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    })
    .await;
}

/// Whose turn it is. Clones share it.
#[derive(Clone)]
struct Turn(watch::Sender<Due>, Limits);

/// By when the caller has to do what.
#[derive(Clone, Copy)]
enum Due {
    /// To end a head.
    End(Instant),
    /// To begin one.
    Beginning(Instant),
    /// Nothing: it is our turn.
    Nothing,
}

impl Turn {
    /// The caller's, who has begun a head.
    fn new(limits: Limits) -> Self {
        let due = Due::End(Instant::now() + limits.head);
        Self(watch::Sender::new(due), limits)
    }

    /// A head is here.
    fn is_ours(&self) {
        self.0.send_replace(Due::Nothing);
    }

    /// The answer is here.
    fn is_theirs(&self) {
        let until = Instant::now() + self.1.idle;
        self.0.send_replace(Due::Beginning(until));
    }

    /// Takes note of what the caller sent. Empty lines before a head are nothing (RFC 9112, section 2.2).
    fn read(&self, bytes: &[u8]) {
        let is_beginning = matches!(*self.0.borrow(), Due::Beginning(_));
        if is_beginning && !bytes.trim_ascii().is_empty() {
            let until = Instant::now() + self.1.head;
            self.0.send_replace(Due::End(until));
        }
    }

    /// Returns when the caller is late.
    async fn late(self) {
        let mut due = self.0.subscribe();
        loop {
            // Not copied inside `match`: what is borrowed there locks the channel.
            let until = *due.borrow_and_update();
            match until {
                Due::Nothing => drop(due.changed().await),
                Due::End(until) | Due::Beginning(until) => {
                    if timeout_at(until, due.changed()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// The stream as hyper sees it: it says when a head begins, and keeps hyper's refusals back.
struct Watched<S> {
    stream: S,
    /// What was read already.
    start: BytesMut,
    turn: Turn,
    /// With what hyper refused a head.
    refused: Option<StatusCode>,
    /// Whether the caller has not yet read what was written: what it sends meanwhile begins no head.
    is_blocked: bool,
}

impl<S> Watched<S> {
    /// Whether this is a refusal of hyper's, which we send in its place.
    fn is_refusal(&mut self, written: &[u8]) -> bool {
        self.refused = self.refused.or_else(|| refusal::of_hyper(written));
        self.refused.is_some()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.start.is_empty() {
            let length = self.start.len().min(buf.remaining());
            buf.put_slice(&self.start.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if !self.is_blocked {
            self.turn
                .read(buf.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_refusal(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.is_blocked = written.is_pending();
        written
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
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.is_blocked = written.is_pending();
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Nothing: the stream is closed when hyper has given it back.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
