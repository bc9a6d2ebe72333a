//! The refusal of HTTP/2 by prior knowledge, in HTTP/2: a caller that begins with it understands nothing
//! else ([RFC 9113](https://www.rfc-editor.org/rfc/rfc9113)).
//!
//! HTTP/2 is not served: its heads and streams would need limits of their own, and with TLS it is the
//! proxy's. The first request gets an answer with our usual body; then the connection is given up with
//! `HTTP_1_1_REQUIRED`. Nothing of a request is decoded for that but the number of its stream.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::refusal::body_of;
use super::request_id::{OUR_REQUEST_ID, REQUEST_ID};
use livegate_common::id::RequestId;

/// Length of what a connection begins with, before the first frame, bytes.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// Length (3 bytes), type, flags and stream (4 bytes).
const FRAME_HEADER: usize = 9;

/// Most that is read in search of a request, bytes: settings and one head, as everywhere.
const MAX_BYTES: usize = 32 << 10;

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

const HTTP_1_1_REQUIRED: u32 = 0xd;

const STATUS: &str = "505";
const REASON: &str =
    "This service speaks HTTP/1.1 only; turn HTTP/2 without TLS off in your client.";

/// Refuses the first request on a connection that begins with `read`; it is waited for this long.
///
/// # Errors
/// The I/O error of a connection that broke off.
pub async fn refuse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    mut read: BytesMut,
    limit: Duration,
) -> io::Result<()> {
    // Some callers send no request before this: no settings.
    stream.write_all(&frame(SETTINGS, 0, 0, b"")).await?;
    let mut first = FirstRequest::new();
    let found = tokio::time::timeout(limit, async {
        loop {
            if let Some(found) = first.read(&read) {
                return Ok(found);
            }
            read.clear();
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(Found::Nothing);
            }
        }
    });
    let found: io::Result<Found> = found.await.unwrap_or(Ok(Found::Nothing));
    stream.write_all(&refusal(found?)).await
}

/// Finds the first request on a connection.
struct FirstRequest {
    /// Bytes seen, the preface included.
    seen: usize,
    /// The header of the frame that is being read, as far as it is here.
    header: Vec<u8>,
    /// Bytes of the preface, or of a frame's content, that are still to be skipped.
    skip: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// A request, on this stream.
    Stream(u32),
    /// Too many bytes that are no request, or too few in time.
    Nothing,
}

impl FirstRequest {
    fn new() -> Self {
        Self {
            seen: 0,
            header: Vec::new(),
            skip: PREFACE,
        }
    }

    /// Reads on; `None`: not found yet.
    fn read(&mut self, bytes: &[u8]) -> Option<Found> {
        for byte in bytes {
            self.seen += 1;
            if self.seen > MAX_BYTES {
                return Some(Found::Nothing);
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            self.header.push(*byte);
            let [a, b, c, kind, _, stream @ ..] = self.header.as_slice() else {
                continue;
            };
            let Ok(stream) = <[u8; 4]>::try_from(stream) else {
                continue;
            };
            if *kind == HEADERS {
                // The highest bit means nothing.
                return Some(Found::Stream(u32::from_be_bytes(stream) & !(1 << 31)));
            }
            self.skip = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            self.header.clear();
        }
        None
    }
}

/// The refusal of what was found, and the id that the answer carries.
fn refusal(found: Found) -> Vec<u8> {
    let Found::Stream(stream) = found else {
        return go_away(0);
    };
    let (id, body) = (RequestId::fresh(), body_of(REASON));
    tracing::info!(request.id = %id, "Refused HTTP/2 by prior knowledge: {STATUS}");
    [
        frame(SETTINGS, ACK, 0, b""),
        frame(
            HEADERS,
            END_HEADERS,
            stream,
            &head(&id.to_string(), body.len()),
        ),
        frame(0, END_STREAM, stream, body.as_bytes()),
        // No reset, though the request's body is not waited for: curl would drop the answer.
        go_away(stream),
    ]
    .concat()
}

/// A head, with every field written out (HPACK, RFC 7541, section 6.2.2); names by their number in its
/// static table.
fn head(id: &str, length: usize) -> Vec<u8> {
    let mut head = vec![0x08];
    push_text(&mut head, STATUS);
    head.extend([0x0f, 31 - 15]);
    push_text(&mut head, "application/json");
    head.extend([0x0f, 28 - 15]);
    push_text(&mut head, &length.to_string());
    for name in [&REQUEST_ID, &OUR_REQUEST_ID] {
        head.push(0);
        push_text(&mut head, name.as_str());
        push_text(&mut head, id);
    }
    head
}

/// A text of up to 126 bytes, which an id and our own texts are.
fn push_text(head: &mut Vec<u8>, text: &str) {
    let text = text.get(..text.len().min(126)).unwrap_or_default();
    head.extend(u8::try_from(text.len()));
    head.extend_from_slice(text.as_bytes());
}

fn go_away(last_stream: u32) -> Vec<u8> {
    let mut content = last_stream.to_be_bytes().to_vec();
    content.extend(HTTP_1_1_REQUIRED.to_be_bytes());
    content.extend_from_slice(REASON.as_bytes());
    frame(GO_AWAY, 0, 0, &content)
}

/// A frame; its content is far below the 16 KiB that every caller takes.
fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or_default();
    let mut frame = Vec::with_capacity(FRAME_HEADER + content.len());
    frame.extend_from_slice(&length.to_be_bytes()[1..]);
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend_from_slice(content);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(before: usize) -> Vec<u8> {
        let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        sent.extend(frame(SETTINGS, 0, 0, &[0; 18]));
        for _ in 0..before {
            sent.extend(frame(8, 0, 0, &[1; 4]));
        }
        sent.extend(frame(HEADERS, END_HEADERS, 3 | 1 << 31, b"\x82"));
        sent
    }

    #[test]
    fn the_first_request_is_found_however_it_comes_in_pieces() {
        let sent = connection(2);
        for piece in [1, 7, sent.len()] {
            let mut first = FirstRequest::new();
            let found = sent.chunks(piece).find_map(|bytes| first.read(bytes));
            assert_eq!(found, Some(Found::Stream(3)), "{piece}");
        }
        let mut first = FirstRequest::new();
        assert_eq!(first.read(&sent[..sent.len() - 5]), None);
        let mut first = FirstRequest::new();
        assert_eq!(first.read(&connection(3000)), Some(Found::Nothing));
    }

    #[test]
    fn a_refusal_is_made_of_whole_frames() {
        let refusal = refusal(Found::Stream(1));
        let mut rest = refusal.as_slice();
        let mut kinds = Vec::new();
        while let [a, b, c, kind, ..] = rest {
            kinds.push(*kind);
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            rest = &rest[FRAME_HEADER + length..];
        }
        assert_eq!(kinds, [SETTINGS, HEADERS, 0, GO_AWAY]);
        assert!(String::from_utf8_lossy(&refusal).contains("\"code\":\"INVALID_INPUT\""));
    }
}
