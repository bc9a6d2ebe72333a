//! What is left of a request's body when the answer is ready.
//!
//! A connection is used again only if each body was read to its end: what is left of one would be taken for
//! the next request. hyper closes such a connection without saying so, and a client that keeps connections
//! open then loses its next request on it. So before any answer goes out, the rest of a small body is read
//! and discarded, and where it is not, the answer says `Connection: close` (RFC 9112, section 9.6).
//!
//! The outermost layer, since every answer passes through it: those of the framework and of handlers that
//! refuse a request by its head.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use poem::http::{HeaderMap, HeaderValue, Version, header};
use poem::{Body, Endpoint, Middleware, Request, Response};

/// Most that is read and discarded of one body, bytes: a live frame, or a small capture. A larger one costs
/// more to read than the client needs to connect anew.
const MAX_DISCARDED: u64 = 1 << 20;

/// How long the answer waits for the rest of the body; a closed connection lingers as long.
const DISCARD_TIME: Duration = Duration::from_secs(2);

/// Reads what is left of bodies, or announces that the connection is closed.
pub struct Leftover;

impl<E: Endpoint> Middleware<E> for Leftover {
    type Output = Finished<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Finished { inner }
    }
}

/// The wrapped application.
pub struct Finished<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for Finished<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let Some(announced) = Announced::by(request.headers()) else {
            return Ok(self.inner.get_response(request).await);
        };
        let version = request.version();
        let mut body = SharedBody::new(request.take_body(), announced.length);
        request.set_body(Body::from_bytes_stream(body.clone()));
        let mut response = self.inner.get_response(request).await;
        if !body.finish(&announced).await {
            body.discard_meanwhile(&announced);
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
            if version == Version::HTTP_10 {
                // Else hyper adds the keep-alive that such a client may have asked for.
                response.set_version(Version::HTTP_10);
            }
        }
        Ok(response)
    }
}

/// What a head says of the body that follows it.
struct Announced {
    /// Bytes; `None` for a chunked body.
    length: Option<u64>,
    /// The client may wait for "100 Continue" before it sends the body.
    expects_continue: bool,
    /// The connection ends with this request.
    closes: bool,
}

impl Announced {
    /// `None` when there is no body.
    fn by(headers: &HeaderMap) -> Option<Self> {
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|l| l.to_str().ok()?.parse().ok());
        let is_chunked = headers.contains_key(header::TRANSFER_ENCODING);
        if !is_chunked && length.unwrap_or(0) == 0 {
            return None;
        }
        let expect = headers.get(header::EXPECT);
        let connection = headers.get_all(header::CONNECTION).iter();
        Some(Self {
            length: length.filter(|_| !is_chunked),
            expects_continue: expect
                .is_some_and(|e| e.as_bytes().eq_ignore_ascii_case(b"100-continue")),
            closes: connection
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|option| option.trim().eq_ignore_ascii_case("close")),
        })
    }
}

/// A body that outlives its reader. Clones share it.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Incoming>>);

struct Incoming {
    /// `None` once it has ended or broken off.
    stream: Option<Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>>,
    /// Whether anything asked for it; that is when hyper sends "100 Continue".
    was_asked_for: bool,
    has_broken_off: bool,
    /// Bytes still to come, where the head announced how many.
    rest: Option<u64>,
}

impl SharedBody {
    fn new(body: Body, length: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(Incoming {
            stream: Some(Box::pin(body.into_bytes_stream())),
            was_asked_for: false,
            has_broken_off: false,
            rest: length,
        })))
    }

    /// Reads the rest if it is small; says whether the connection can be used again.
    async fn finish(&mut self, announced: &Announced) -> bool {
        if let Some(known) = self.with(|body| body.is_over(announced)) {
            return known;
        }
        tokio::time::timeout(DISCARD_TIME, self.discard())
            .await
            .unwrap_or(false)
    }

    /// Reads on while the answer goes out: the connection is closed only after that, since some clients (Java's
    /// among them) lose an answer after which it ends while they are still sending.
    fn discard_meanwhile(mut self, announced: &Announced) {
        // Asking for a body that is waited with would send "100 Continue".
        if self.with(|body| body.stream.is_some() && !body.is_waited_with(announced)) {
            tokio::spawn(async move {
                let rest = async { while let Some(Ok(_)) = self.next().await {} };
                tokio::time::timeout(DISCARD_TIME, rest).await
            });
        }
    }

    async fn discard(&mut self) -> bool {
        let mut discarded = 0_u64;
        while let Some(Ok(chunk)) = self.next().await {
            discarded += chunk.len() as u64;
            if discarded > MAX_DISCARDED {
                return false;
            }
        }
        !self.with(|body| body.has_broken_off)
    }

    fn with<T>(&self, see: impl FnOnce(&mut Incoming) -> T) -> T {
        see(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Incoming {
    /// Whether the connection can be used again, where that is known without reading on.
    fn is_over(&self, announced: &Announced) -> Option<bool> {
        if self.has_broken_off || announced.closes {
            Some(false)
        } else if self.stream.is_none() || self.rest == Some(0) {
            Some(true)
        } else if self.is_waited_with(announced) {
            Some(false)
        } else {
            self.rest
                .filter(|rest| *rest > MAX_DISCARDED)
                .map(|_| false)
        }
    }

    /// Whether the client waits for "100 Continue". With a final answer in its place it may send the body or
    /// not (RFC 9110, section 10.1.1): what comes next cannot be told.
    fn is_waited_with(&self, announced: &Announced) -> bool {
        announced.expects_continue && !self.was_asked_for
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        self.was_asked_for = true;
        let next = stream.as_mut().poll_next(cx);
        match &next {
            Poll::Ready(Some(Ok(chunk))) => {
                let length = chunk.len() as u64;
                self.rest = self.rest.map(|rest| rest.saturating_sub(length));
            }
            Poll::Ready(Some(Err(_))) => {
                self.has_broken_off = true;
                self.stream = None;
            }
            Poll::Ready(None) => self.stream = None,
            Poll::Pending => {}
        }
        next
    }
}

impl Stream for SharedBody {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.with(|body| body.poll_next(cx))
    }
}
