//! What callers send: heads, addresses, bodies, tokens; and the one file that is as long as a program.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use livegate_api::contract::media::{MAX_FRAME_BYTES, MAX_IMAGES, MAX_VIDEO_BYTES, MIN_IMAGES};
use livegate_api::http::multipart::find_image;
use livegate_api::http::patience::{Limits, Patience};
use livegate_api::http::refusal::in_our_shape;
use livegate_api::interactive::{query, token};
use livegate_api::verify::wire::{Capture, SessionOptions, VerifyRequest};
use livegate_common::seal::SealKey;
use livegate_liveness::thresholds::OperatingPoint;
use poem::http::HeaderValue;
use tokio::runtime::Runtime;

use crate::memory::within;

/// Longest sentence of a refusal, bytes.
const LONGEST_REFUSAL: usize = 500;

/// What is said of bytes that are refused is one short line.
#[track_caller]
fn is_short(refused: &dyn std::fmt::Display) {
    let text = refused.to_string();
    let is_line = !text.chars().any(char::is_control);
    assert!(is_line && text.len() < LONGEST_REFUSAL, "{text}");
}

/// Reading takes a few times the body's own memory: strings without their escapes, what base64 holds.
fn memory(bytes: &[u8]) -> usize {
    bytes.len() * 5 + (64 << 10)
}

/// A verification holds as many frames, or as large a clip, as may be, or is refused in short words.
pub fn verify_body(bytes: &[u8]) {
    match within(memory(bytes), || VerifyRequest::parse(bytes)) {
        Ok(request) => match request.capture {
            Capture::Images(frames) => {
                assert!((MIN_IMAGES..=MAX_IMAGES).contains(&frames.len()));
                assert!(frames.iter().all(|f| f.image.len() <= MAX_FRAME_BYTES));
            }
            Capture::Video(clip) => assert!((1..=MAX_VIDEO_BYTES).contains(&clip.len())),
        },
        Err(refused) => is_short(&refused),
    }
}

/// A session asks for what may be asked for, or is refused in short words.
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

/// The same of an interactive session's query.
pub fn session_query(bytes: &[u8]) {
    // What is no text never gets into an address.
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

/// A form gives a part of itself, or is refused in short words. Its first line is its content type.
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

/// Nobody makes up a token, and no change to one goes unnoticed.
pub fn client_token(bytes: &[u8]) {
    static KEY: LazyLock<SealKey> = LazyLock::new(|| SealKey::random().unwrap());
    let text = String::from_utf8_lossy(bytes);
    for token in [text.clone().into_owned(), format!("lct_{text}")] {
        assert_eq!(within(1 << 10, || token::session_of(&KEY, &token)), None);
    }
}

/// A head ends where it ends, however it is cut into pieces, and takes next to no memory. An answer that
/// is replaced is replaced by a whole one.
pub fn head(bytes: &[u8]) {
    const LIMITS: Limits = Limits {
        head: Duration::from_secs(15),
        idle: Duration::from_secs(75),
    };
    static CLOCK: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().unwrap()
    });
    let _clock = CLOCK.enter();
    // The first byte says how long the pieces are.
    let Some((piece, bytes)) = bytes.split_first() else {
        return;
    };
    let read = |size: usize| {
        let mut patience = Patience::new(LIMITS);
        let read = bytes.chunks(size).try_for_each(|part| patience.read(part));
        (read.is_ok(), patience.awaits_head())
    };
    let whole = within(16 << 10, || read(bytes.len().max(1)));
    let pieces = read(usize::from(*piece).max(1));
    // A refusal leaves nothing to wait for.
    assert!(whole == pieces || (!whole.0 && !pieces.0));
    if let Some(ours) = in_our_shape(bytes) {
        let text = String::from_utf8(ours).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}

/// An operating point is one that is written as it was read, or is refused.
pub fn operating_point(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(point) = OperatingPoint::parse(text) {
        let again = OperatingPoint::parse(&point.to_toml().unwrap()).unwrap();
        assert_eq!(again.thresholds, point.thresholds);
    }
}
