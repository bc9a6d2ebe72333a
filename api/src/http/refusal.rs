//! Refusals of heads that never become requests, in our shape.
//!
//! hyper answers a head that is malformed or too long by itself, with a status and an empty body, and offers
//! no hook: such an answer is known by what it lacks, a request id, and is replaced. The connection is closed
//! after it.

use memchr::memmem;
use poem::http::StatusCode;

use super::request_id::{OUR_REQUEST_ID, REQUEST_ID};
use crate::error::{Code, ErrorBody};
use livegate_common::id::RequestId;

/// Longest head, bytes: four times what browsers and proxies get along with.
pub const MAX_HEAD: usize = 32 << 10;

/// The status of an answer that hyper wrote by itself.
pub fn of_hyper(answer: &[u8]) -> Option<StatusCode> {
    // "HTTP/1.1 400 Bad Request".
    let status = answer.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    let status = StatusCode::from_bytes(status).ok()?;
    let is_ours = || memmem::find(answer, REQUEST_ID.as_str().as_bytes()).is_some();
    (status.is_client_error() && !is_ours()).then_some(status)
}

/// The answer to a head, as much of it as was read, that hyper refused with this status.
pub fn answer(mut status: StatusCode, head: &[u8]) -> Vec<u8> {
    let is_one_line = !head.iter().take(MAX_HEAD).any(|byte| *byte == b'\n');
    if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE && is_one_line {
        status = StatusCode::URI_TOO_LONG;
    }
    let body = body_of(match status {
        StatusCode::URI_TOO_LONG => "The address is too long.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The headers are too many or too long.",
        _ => "The request's head is not valid HTTP/1.1.",
    });
    let (length, id) = (body.len(), RequestId::fresh());
    tracing::info!(request.id = %id, "Refused a head: {status}");
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{REQUEST_ID}: {id}\r\n{OUR_REQUEST_ID}: {id}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The one JSON shape.
pub(super) fn body_of(reason: &str) -> String {
    let body = ErrorBody {
        error: reason.to_owned(),
        code: Code::InvalidInput,
    };
    serde_json::to_string(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_that_are_not_ours_are_replaced() {
        for ours in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 4",
            "4",
        ] {
            assert_eq!(of_hyper(ours.as_bytes()), None, "{ours}");
        }
        for theirs in ["HTTP/1.1 414 URI Too Long", "HTTP/1.0 414 URI Too Long"] {
            let theirs = format!("{theirs}\r\ncontent-length: 0\r\n\r\n");
            assert_eq!(of_hyper(theirs.as_bytes()), Some(StatusCode::URI_TOO_LONG));
        }
    }

    #[test]
    fn what_is_too_long_is_said() {
        let long = "a".repeat(MAX_HEAD);
        for (head, status, reason) in [
            (format!("GET /{long}\r\n"), "414 URI Too Long", "address"),
            (format!("GET /\r\na: {long}"), "431 Request", "headers"),
        ] {
            let status_of_hyper = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            let said = answer(status_of_hyper, head.as_bytes());
            let said = String::from_utf8(said).unwrap();
            assert!(said.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
            assert!(said.contains(reason) && said.ends_with("\"code\":\"INVALID_INPUT\"}"));
        }
    }
}
