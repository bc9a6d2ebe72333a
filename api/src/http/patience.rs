//! How long a connection is waited for, and how much of a head.
//!
//! hyper would wait for the rest of a request's head for ever, and keep 400 KiB of it, since poem sets it
//! no limits, and a stranger without a key could keep any number of connections with a few bytes each,
//! or the memory of a few thousand heads. What a body may take is for whoever reads it to say.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// How a provisional answer begins ("100 Continue"): the request goes on after it.
const PROVISIONAL: &[u8] = b"HTTP/1.1 1";

/// What every HTTP/2 connection begins with, and no request of HTTP/1.
const HTTP2: &[u8] = b"PRI ";

/// What requests begin with.
const METHODS: [&[u8]; 7] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"PATCH ",
    b"DELETE ",
    b"OPTIONS ",
];

/// Bytes of a head that tell how it begins: the longest method's.
const START: usize = b"OPTIONS ".len();

/// Longest head, bytes: four times what browsers and proxies get along with.
const MAX_HEAD: usize = 32 << 10;

/// Why no more is read of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// HTTP/2, which is not served: its heads cannot be watched from here.
    Http2 {
        /// How many bytes of it were read before.
        before: usize,
    },
    /// The address alone is longer than a head may be.
    LongAddress,
    /// The headers make it longer than it may be.
    LongHeaders,
    /// It follows an answer and does not begin as a request does: the body of one that was sent before that
    /// answer. Such a one may be no longer than a head.
    AfterAnswer,
}

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From a connection's beginning, or from the first byte of a head, to the head's end.
    pub head: Duration,
    /// From an answer to the first byte of the next head.
    pub idle: Duration,
}

/// Watches what goes over one connection.
pub struct Patience {
    limits: Limits,
    state: State,
    /// Whether an answer was begun on this connection.
    has_answered: bool,
    /// Whether it announced that it is the last.
    is_last: bool,
}

enum State {
    /// It is the caller's turn to send a head, until then.
    Head { until: Pin<Box<Sleep>>, head: Head },
    /// The head is here; it is our turn to answer.
    Answer,
}

impl Patience {
    /// For a connection that begins now.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::head_within(limits.head),
            has_answered: false,
            is_last: false,
        }
    }

    /// Ready when the caller has taken too long.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            State::Head { until, .. } => until.as_mut().poll(cx),
            State::Answer => Poll::Pending,
        }
    }

    /// Whether it is the caller's turn to send a head, or the rest of one.
    pub fn awaits_head(&self) -> bool {
        matches!(self.state, State::Head { .. })
    }

    /// Takes note of what the caller sent.
    ///
    /// # Errors
    /// [`Refused`]: it is not to be read on.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        if self.is_last {
            // The rest of the body; hyper takes no further head.
            return Ok(());
        }
        let State::Head { until, head } = &mut self.state else {
            return Ok(());
        };
        let (had_begun, before) = (head.has_begun(), head.bytes);
        let complete = head.read(bytes);
        let (is_http2, is_long) = (head.start.starts_with(HTTP2), head.bytes > MAX_HEAD);
        if is_http2 || is_long {
            return Err(match head.lines {
                // Nobody goes over to HTTP/2 that has spoken HTTP/1.
                _ if self.has_answered && !head.begins_with_method() => Refused::AfterAnswer,
                _ if is_http2 => Refused::Http2 { before },
                0 => Refused::LongAddress,
                _ => Refused::LongHeaders,
            });
        }
        if complete {
            self.state = State::Answer;
        } else if head.has_begun() && !had_begun {
            until.as_mut().reset(Instant::now() + self.limits.head);
        }
        Ok(())
    }

    /// Takes note of what we send.
    pub fn wrote(&mut self, mut bytes: &[u8]) {
        // The final answer may follow in one piece.
        while bytes.starts_with(PROVISIONAL) {
            bytes = head_end(bytes).map_or(b"", |end| bytes.get(end..).unwrap_or_default());
        }
        if matches!(self.state, State::Answer) && !bytes.is_empty() {
            self.state = State::head_within(self.limits.idle);
            self.has_answered = true;
            self.is_last = announces_close(bytes);
        }
    }
}

/// Where the first head in `bytes` ends.
fn head_end(bytes: &[u8]) -> Option<usize> {
    Some(memchr::memmem::find(bytes, b"\r\n\r\n")? + 4)
}

/// Whether an answer that begins like this says that the connection is closed after it.
fn announces_close(answer: &[u8]) -> bool {
    let head = answer.get(..head_end(answer).unwrap_or(answer.len()));
    let mut lines = head.unwrap_or_default().split(|byte| *byte == b'\n');
    lines.any(|line| line.trim_ascii().eq_ignore_ascii_case(b"connection: close"))
}

impl State {
    fn head_within(limit: Duration) -> Self {
        Self::Head {
            until: Box::pin(tokio::time::sleep(limit)),
            head: Head::default(),
        }
    }
}

/// As much of a head as its end depends on.
#[derive(Default)]
struct Head {
    /// Its first bytes.
    start: Vec<u8>,
    /// Whether the line that is being read has anything in it yet.
    in_line: bool,
    /// How many lines have ended, once it has begun.
    lines: usize,
    /// How long it is so far, the empty lines before it included.
    bytes: usize,
}

impl Head {
    fn has_begun(&self) -> bool {
        !self.start.is_empty()
    }

    fn begins_with_method(&self) -> bool {
        METHODS.iter().any(|method| self.start.starts_with(method))
    }

    /// Whether these bytes complete it: with an empty line, once it has begun. Empty lines before
    /// it are nothing (RFC 9112, section 2.2), and servers take a bare LF for a line's end.
    fn read(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            self.bytes += 1;
            match byte {
                b'\r' => {}
                b'\n' if self.has_begun() && !self.in_line => return true,
                b'\n' => {
                    self.in_line = false;
                    self.lines += usize::from(self.has_begun());
                }
                other => {
                    self.in_line = true;
                    if self.start.len() < START {
                        self.start.push(*other);
                    }
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LIMITS: Limits = Limits {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
    };

    async fn over(patience: &mut Patience) -> Duration {
        let start = Instant::now();
        std::future::poll_fn(|cx| patience.poll_over(cx)).await;
        start.elapsed()
    }

    fn waits_for_ever(patience: &mut Patience) -> bool {
        std::future::poll_fn(|cx| patience.poll_over(cx))
            .now_or_never()
            .is_none()
            && matches!(patience.state, State::Answer)
    }

    /// Timers count milliseconds and round up.
    fn about(found: Duration, wanted: Duration) {
        assert!(
            found >= wanted && found < wanted + Duration::from_millis(5),
            "{found:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_whole_head_ends_the_wait_for_it() {
        for parts in [
            &[&b""[..]][..],
            &[b"\r\n\r\n\r\n"],
            &[b"\r\n\r\nGET / HTTP/1.1\r\n"],
            &[b"GET / HTTP/1.1\r\nHost: x\r\n", b"A: b\r"],
        ] {
            let mut patience = Patience::new(LIMITS);
            for part in parts {
                patience.read(part).unwrap();
            }
            about(over(&mut patience).await, LIMITS.head);
        }
        for parts in [
            &[&b"GET / HTTP/1.1\r\n\r\n"[..]][..],
            &[b"GET / HTTP/1.1\r\nHost: x\r\n\r", b"\n"],
            &[b"\r\nGET / HTTP/1.1\n\nbody"],
        ] {
            let mut patience = Patience::new(LIMITS);
            for part in parts {
                patience.read(part).unwrap();
            }
            assert!(waits_for_ever(&mut patience));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_answer_a_connection_may_rest_but_a_head_once_begun_is_due() {
        let mut patience = Patience::new(LIMITS);
        patience.read(b"POST / HTTP/1.1\r\n\r\n").unwrap();
        patience.wrote(b"HTTP/1.1 100 Continue\r\n\r\n");
        assert!(waits_for_ever(&mut patience), "the body is on its way");
        patience.wrote(b"HTTP/1.1 200 OK\r\n\r\n{");
        patience.wrote(b"}");
        tokio::time::advance(Duration::from_secs(60)).await;
        patience.read(b"G").unwrap();
        tokio::time::advance(Duration::from_secs(10)).await;
        patience.read(b"ET").unwrap();
        about(over(&mut patience).await, Duration::from_secs(5));

        let mut patience = Patience::new(LIMITS);
        patience.read(b"GET / HTTP/1.1\r\n\r\nGET").unwrap();
        patience.wrote(b"HTTP/1.1 200 OK\r\n\r\n");
        about(over(&mut patience).await, LIMITS.idle);
    }

    #[tokio::test]
    async fn a_head_is_read_up_to_its_limit_and_a_body_is_none() {
        let fill = |bytes: usize| "a".repeat(bytes);
        let longest = MAX_HEAD - "GET / HTTP/1.1\r\na: \r\n\r\n".len();
        for (head, refused) in [
            (
                format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest)),
                None,
            ),
            (
                format!("GET / HTTP/1.1\r\n\r\n{}", fill(2 * MAX_HEAD)),
                None,
            ),
            (
                format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", fill(longest + 1)),
                Some(Refused::LongHeaders),
            ),
            (
                format!("GET / HTTP/1.1\r\na: {}", fill(MAX_HEAD)),
                Some(Refused::LongHeaders),
            ),
            (
                format!("GET /{}", fill(MAX_HEAD)),
                Some(Refused::LongAddress),
            ),
            ("\r\n".repeat(MAX_HEAD), Some(Refused::LongAddress)),
        ] {
            for piece in [1, 1000, head.len()] {
                let mut patience = Patience::new(LIMITS);
                let mut pieces = head.as_bytes().chunks(piece);
                let read = pieces.try_for_each(|bytes| patience.read(bytes));
                assert_eq!(read.err(), refused, "{} in {piece}", head.len());
            }
        }
    }

    #[tokio::test]
    async fn a_head_after_an_answer_has_the_same_limit_and_after_the_last_there_is_none() {
        let long = [b"GET /".as_slice(), &[b'a'; MAX_HEAD]].concat();
        let body = [b'a'; MAX_HEAD + 1];
        for (answer, sent, read) in [
            (
                "HTTP/1.1 200 OK\r\nx: y\r\n\r\n",
                &long[..],
                Err(Refused::LongAddress),
            ),
            (
                "HTTP/1.1 200 OK\r\nx: y\r\n\r\n",
                &body,
                Err(Refused::AfterAnswer),
            ),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nconnection: close\r\n",
                &long,
                Err(Refused::LongAddress),
            ),
            (
                "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\n\r\n",
                &long,
                Ok(()),
            ),
        ] {
            let mut patience = Patience::new(LIMITS);
            patience.read(b"POST / HTTP/1.1\r\n\r\n").unwrap();
            patience.wrote(answer.as_bytes());
            assert_eq!(patience.read(sent), read, "{answer}");
        }
    }

    #[tokio::test]
    async fn http_2_is_refused() {
        let mut patience = Patience::new(LIMITS);
        patience.read(b"PR").unwrap();
        let preface = b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        assert_eq!(patience.read(preface), Err(Refused::Http2 { before: 2 }));
        assert!(Patience::new(LIMITS).read(b"PRINT / HTTP/1.1\r\n").is_ok());
    }
}
