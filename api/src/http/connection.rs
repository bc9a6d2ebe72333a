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
        self.turn
            .read(buf.filled().get(before..).unwrap_or_default());
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
        Pin::new(&mut self.stream).poll_write(cx, buf)
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
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
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
mod tests {
    use livegate_common::shutdown::Trigger;
    use poem::{Response, handler};
    use tokio::io::DuplexStream;

    use super::*;

    const LIMITS: Limits = Limits {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
    };

    #[handler]
    async fn echo(body: Vec<u8>) -> Response {
        Response::builder().body(body)
    }

    fn connect() -> (DuplexStream, Trigger) {
        let (caller, server) = tokio::io::duplex(1 << 20);
        let (trigger, stop) = Shutdown::new();
        tokio::spawn(serve(server, Arc::new(echo), LIMITS, stop));
        (caller, trigger)
    }

    /// Reads to the end: what was said, and after how long, in whole seconds.
    async fn ended(stream: &mut DuplexStream) -> (String, u64) {
        let start = Instant::now();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said).into_owned();
        (said, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_whole_head_ends_the_wait_for_it() {
        for parts in [
            &[][..],
            &["\r\n\r\n\r\n"],
            &["\r\n\r\nGET / HTTP/1.1\r\n"],
            &["G", "ET / HTTP/1.1\r\nHost: x\r\n", "A: b\r"],
        ] {
            let (mut stream, _trigger) = connect();
            for part in parts {
                stream.write_all(part.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
            assert_eq!(ended(&mut stream).await, (String::new(), 15), "{parts:?}");
        }
        let (mut stream, _trigger) = connect();
        let head = b"\r\nPOST / HTTP/1.1\nContent-Length: 2\n\n";
        stream.write_all(head).await.unwrap();
        tokio::time::sleep(Duration::from_secs(600)).await;
        stream.write_all(b"ok").await.unwrap();
        let (said, after) = ended(&mut stream).await;
        assert!(said.ends_with("\r\n\r\nok") && after == 75, "{said}");
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_answer_a_connection_may_rest_but_a_head_once_begun_is_due() {
        let whole = b"GET / HTTP/1.1\r\n\r\n";
        for (pause, more, after) in [(0, "", 75), (70, "\r\n", 5), (70, "GET", 15)] {
            let (mut stream, _trigger) = connect();
            stream.write_all(whole).await.unwrap();
            tokio::time::sleep(Duration::from_secs(pause)).await;
            stream.write_all(more.as_bytes()).await.unwrap();
            let (said, waited) = ended(&mut stream).await;
            assert!(said.starts_with("HTTP/1.1 200"), "{said}");
            assert_eq!(waited, after, "{more:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_is_read_up_to_its_limit() {
        let fill = |bytes: usize| "a".repeat(bytes);
        let longest = MAX_HEAD - "GET / HTTP/1.1\r\na: \r\n\r\n".len();
        for (head, status) in [
            (
                format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest)),
                200,
            ),
            (
                format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest + 1)),
                431,
            ),
            (format!("GET / HTTP/1.1\r\na: {}", fill(MAX_HEAD)), 431),
            (format!("GET /{}", fill(MAX_HEAD)), 414),
            ("\r\n".repeat(MAX_HEAD), 414),
        ] {
            // Alone, and after another request.
            for before in ["", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"] {
                for piece in [1000, head.len()] {
                    let (mut stream, _trigger) = connect();
                    stream.write_all(before.as_bytes()).await.unwrap();
                    for part in head.as_bytes().chunks(piece) {
                        stream.write_all(part).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                    let (said, _) = ended(&mut stream).await;
                    let said = said.split("\r\n\r\nok").last().unwrap();
                    let wanted = format!("HTTP/1.1 {status} ");
                    assert!(
                        said.starts_with(&wanted),
                        "{} by {piece}: {said}",
                        head.len()
                    );
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_is_refused_however_it_begins() {
        for piece in [1, 3, 24] {
            let (mut stream, _trigger) = connect();
            for part in b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".chunks(piece) {
                stream.write_all(part).await.unwrap();
                tokio::task::yield_now().await;
            }
            let (said, after) = ended(&mut stream).await;
            assert!(said.contains("HTTP/1.1 only") && after == 15, "{said}");
        }
        let (mut stream, _trigger) = connect();
        stream.write_all(b"PRINT / HTTP/1.1\r\n\r\n").await.unwrap();
        assert!(ended(&mut stream).await.0.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn told_to_stop_it_answers_what_runs_and_takes_no_more() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n";
        for (sent, rest, answers) in [("", "", 0), ("ok", "", 1), ("o", "k", 1)] {
            let (mut stream, trigger) = connect();
            if !sent.is_empty() {
                stream
                    .write_all(&[&request[..], sent.as_bytes()].concat())
                    .await
                    .unwrap();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            trigger.stop();
            tokio::time::sleep(Duration::from_secs(1)).await;
            stream.write_all(rest.as_bytes()).await.unwrap_or_default();
            let (said, after) = ended(&mut stream).await;
            assert_eq!(
                (said.matches("200 OK").count(), after),
                (answers, 0),
                "{sent}"
            );
        }
    }
}
