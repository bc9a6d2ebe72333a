//! Refusals of heads that never become requests, in our shape.
//!
//! One that is too long is not read on. One that is malformed hyper answers by itself, with a status and
//! an empty body, and offers no hook: such an answer is known by what it lacks, a request id, and is
//! replaced on its way out. The connection is closed after either.

use super::patience::Refused;
use super::request_id::REQUEST_ID;
use crate::error::{Code, ErrorBody};
use livegate_common::id::RequestId;

/// How an answer to a caller's mistake begins.
const CLIENT_ERROR: &[u8] = b"HTTP/1.1 4";

const LONG_ADDRESS: &str = "The address is too long.";
const LONG_HEADERS: &str = "The headers are too many or too long.";

/// What to send in place of `answer`, if it is one that hyper wrote by itself.
pub fn in_our_shape(answer: &[u8]) -> Option<Vec<u8>> {
    if !answer.starts_with(CLIENT_ERROR) {
        return None;
    }
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    if head.lines().any(is_request_id) {
        return None;
    }
    let status = head.lines().next()?;
    let reason = match status.split(' ').nth(1)? {
        "414" => LONG_ADDRESS,
        "431" => LONG_HEADERS,
        _ => "The request's head is not valid HTTP/1.1.",
    };
    Some(written(status, reason))
}

/// What a head is told that is not read on, if anything.
pub fn of_head(refused: Refused) -> Option<Vec<u8>> {
    match refused {
        // It is told in HTTP/2; and after the last answer nothing is.
        Refused::Http2 { .. } | Refused::AfterAnswer => None,
        Refused::LongAddress => Some(written("HTTP/1.1 414 URI Too Long", LONG_ADDRESS)),
        Refused::LongHeaders => Some(written(
            "HTTP/1.1 431 Request Header Fields Too Large",
            LONG_HEADERS,
        )),
    }
}

/// The one JSON shape.
pub(super) fn body_of(reason: &str) -> String {
    let body = ErrorBody {
        error: reason.to_owned(),
        code: Code::InvalidInput,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

fn written(status: &str, reason: &str) -> Vec<u8> {
    let body = body_of(reason);
    let (length, id) = (body.len(), RequestId::fresh());
    tracing::info!(request.id = %id, "Refused a head: {status}");
    format!(
        "{status}\r\ncontent-type: application/json\r\n{REQUEST_ID}: {id}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn is_request_id(line: &str) -> bool {
    line.split_once(':')
        .is_some_and(|(name, _)| name.eq_ignore_ascii_case(REQUEST_ID.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_are_not_ours_are_replaced() {
        for ours in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Re",
            "4",
        ] {
            assert_eq!(in_our_shape(ours.as_bytes()), None, "{ours}");
        }
        let theirs = b"HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\n\r\n";
        let replaced = String::from_utf8(in_our_shape(theirs).unwrap()).unwrap();
        assert!(replaced.starts_with("HTTP/1.1 414 URI Too Long\r\n"));
        assert!(
            replaced
                .ends_with("{\"error\":\"The address is too long.\",\"code\":\"INVALID_INPUT\"}")
        );
    }
}
