//! Properties of parsing what callers send (heads, queries, bodies, tokens) and of the file of
//! thresholds.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use livegate_api::contract::media::{MAX_FRAME_BYTES, MAX_IMAGES, MAX_VIDEO_BYTES, MIN_IMAGES};
use livegate_api::http::connection::{self, Limits};
use livegate_api::http::leftover::Leftover;
use livegate_api::http::multipart::find_image;
use livegate_api::interactive::{query, token};
use livegate_api::verify::wire::{Capture, SessionOptions, VerifyRequest};
use livegate_common::seal::SealKey;
use livegate_common::shutdown::Shutdown;
use livegate_liveness::thresholds::OperatingPoint;
use poem::endpoint::make_sync;
use poem::http::HeaderValue;
use poem::{EndpointExt, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::memory::within;

/// Longest text of a refusal, bytes.
const LONGEST_REFUSAL: usize = 500;

/// Asserts that the text of a refusal is one short line.
#[track_caller]
fn is_short(refused: &dyn std::fmt::Display) {
    let text = refused.to_string();
    let is_line = !text.chars().any(char::is_control);
    assert!(is_line && text.len() < LONGEST_REFUSAL, "{text}");
}

/// Most memory of reading a body, bytes: a few times the body, for strings without escapes and decoded
/// base64.
fn memory(bytes: &[u8]) -> usize {
    bytes.len() * 5 + (64 << 10)
}

/// A verification holds an allowed number of frames or a clip of allowed size, or is refused with a
/// short text.
pub fn verify_body(bytes: &[u8]) {
    match within(memory(bytes), || VerifyRequest::parse(bytes)) {
        Ok(request) => match request.capture {
            Capture::Images(frames) => {
                assert!((MIN_IMAGES..=MAX_IMAGES).contains(&frames.len()));
                assert!(
                    frames
                        .iter()
                        .all(|f| f.image.bytes().len() <= MAX_FRAME_BYTES)
                );
            }
            Capture::Video(clip) => assert!((1..=MAX_VIDEO_BYTES).contains(&clip.len())),
        },
        Err(refused) => is_short(&refused),
    }
}

/// A session has options within their ranges, or is refused with a short text.
pub fn session_body(bytes: &[u8]) {
    match within(memory(bytes), || SessionOptions::parse(bytes)) {
        Ok(new) => {
            let angles = [new.yaw_deg, new.pitch_deg, new.blink_ear];
            let is_angle = |angle: &f32| *angle > 0.0 && *angle <= 90.0;
            assert!(angles.iter().flatten().all(is_angle));
            assert!(new.actions.is_none_or(|a| (2..=5).contains(&a.len())));
        }
        Err(refused) => is_short(&refused),
    }
}

/// The same property for the query of an interactive session.
pub fn session_query(bytes: &[u8]) {
    // An address is always valid UTF-8.
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match within(memory(bytes) * 4, || query::LiveOptions::parse(text)) {
        Ok(new) => {
            assert!((1_000..=60_000).contains(&new.timeout_ms));
            let number = match new.tasks {
                query::Tasks::Chosen(tasks) => tasks.len(),
                query::Tasks::Drawn { number, from } => number.min(from.len()),
            };
            assert!((1..=7).contains(&number));
        }
        Err(refused) => is_short(&refused),
    }
}

/// A form yields a part of itself, or is refused with a short text. The first line of the input is the
/// content type.
pub fn live_form(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let content_type = parts.next().and_then(|t| HeaderValue::from_bytes(t).ok());
    let form = Bytes::copy_from_slice(parts.next().unwrap_or_default());
    let found = within(memory(bytes) + (256 << 10), || {
        find_image(content_type.as_ref(), &form)
    });
    match found {
        Ok(image) => assert!(image.is_empty() || form.windows(image.len()).any(|w| w == image)),
        Err(refused) => is_short(&refused),
    }
}

/// A random token is never accepted.
pub fn client_token(bytes: &[u8]) {
    static KEY: LazyLock<SealKey> = LazyLock::new(|| SealKey::random().unwrap());
    let text = String::from_utf8_lossy(bytes);
    for token in [text.clone().into_owned(), format!("lct_{text}")] {
        assert_eq!(within(1 << 10, || token::session_of(&KEY, &token)), None);
    }
}

/// A connection on which anything is sent, cut into any pieces, ends in time and takes little memory; what is
/// said on it is whole answers, and a refusal is in the one shape and the last of them.
pub fn head(bytes: &[u8]) {
    // The first byte says how long the pieces are.
    let Some((piece, bytes)) = bytes.split_first() else {
        return;
    };
    let size = usize::from(*piece).max(1);
    let said = within(bytes.len() * 3 + (512 << 10), || {
        said_to(bytes.chunks(size))
    });
    if bytes.starts_with(b"PRI ") {
        assert!(said.windows(8).any(|part| part == b"HTTP/1.1"));
        return;
    }
    let mut rest = String::from_utf8(said).unwrap();
    while !rest.is_empty() {
        rest = after_answer(&rest).to_owned();
    }
}

/// What is answered on a connection on which these pieces are sent, and nothing after them.
fn said_to<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    const LIMITS: Limits = Limits {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // Time goes on as soon as everything waits for it.
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (caller, server) = tokio::io::duplex(16 << 10);
        let (_trigger, stop) = Shutdown::new();
        let answer = make_sync(|_| Response::builder().header("x-request-id", "1").body("yes"));
        let served = connection::serve(server, Arc::new(answer.with(Leftover)), LIMITS, stop);
        let (mut reading, mut writing) = tokio::io::split(caller);
        let sending = async {
            for piece in pieces {
                // It may be closed already.
                if writing.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            std::future::pending::<()>().await;
        };
        let mut said = Vec::new();
        let talking = async {
            tokio::select! {
                () = sending => {}
                read = reading.read_to_end(&mut said) => drop(read),
            }
        };
        tokio::join!(served, talking);
        said
    })
}

/// What follows the answer that `said` begins with.
fn after_answer(said: &str) -> &str {
    let (head, rest) = said.split_once("\r\n\r\n").unwrap();
    let status = head.strip_prefix("HTTP/1.").unwrap().get(2..5).unwrap();
    if status == "100" {
        return rest;
    }
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap().parse().unwrap();
    if status == "200" {
        // An answer to HEAD has no body.
        return rest.strip_prefix("yes").unwrap_or(rest);
    }
    let body: Value = serde_json::from_str(rest).unwrap();
    assert!(rest.len() == length && body["code"] == "INVALID_INPUT");
    assert!(head.contains("connection: close") && head.contains("x-request-id: "));
    ""
}

/// An operating point is the same after it is written and read again, or is refused.
pub fn operating_point(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(point) = OperatingPoint::parse(text) {
        let again = OperatingPoint::parse(&point.to_toml().unwrap()).unwrap();
        assert_eq!(again.thresholds, point.thresholds);
    }
}
