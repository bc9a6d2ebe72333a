//! Error answers of each operation: every code that it can answer with, each with an example.

use std::time::Duration;

use livegate_liveness::reference::Unfit;
use serde_json::{Map, Value, json};

use crate::contract::bad_picture::BadImage;
use crate::contract::bad_picture::{BadFrame, Problem};
use crate::contract::excerpt::Excerpt;
use crate::contract::media::{MAX_IMAGES, MIN_IMAGES};
use crate::error::{ApiError, Busy, Code, ForeignBody, KeyProblem, Rated};
use crate::http::json::too_large;
use crate::interactive::body::MAX_LIVE_SESSION_BODY_BYTES;
use crate::measure::MeasureError;
use crate::reference::BadReference;
use crate::verify::wire::{MAX_SESSION_BODY_BYTES, MAX_VERIFY_BODY_BYTES};

/// The error responses of an operation, by status.
pub fn responses(operation_id: &str) -> Vec<(String, Value)> {
    let mut by_status: Vec<(String, Vec<ApiError>)> = Vec::new();
    for error in failures(operation_id) {
        let status = error.code().status().as_u16().to_string();
        match by_status.last_mut().filter(|(last, _)| *last == status) {
            Some((_, errors)) => errors.push(error),
            None => by_status.push((status, vec![error])),
        }
    }
    let responses = by_status.into_iter();
    responses
        .map(|(status, errors)| (status, response(&errors)))
        .collect()
}

fn response(errors: &[ApiError]) -> Value {
    let description = match errors {
        [only] => format!("`{}`: {}", name(only.code()), only.code().meaning()),
        several => list(several.iter().map(ApiError::code)),
    };
    let examples: Map<String, Value> = errors
        .iter()
        .map(|e| (name(e.code()), json!({"value": e.body()})))
        .collect();
    json!({
        "description": description,
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Error"},
            "examples": examples,
        }},
    })
}

/// A Markdown list of codes and their meanings.
pub fn list(codes: impl IntoIterator<Item = Code>) -> String {
    let items = codes
        .into_iter()
        .map(|code| format!("- `{}`: {}", name(code), code.meaning()));
    items.collect::<Vec<_>>().join("\n")
}

fn name(code: Code) -> String {
    serde_json::to_value(code)
        .ok()
        .and_then(|name| Some(name.as_str()?.to_owned()))
        .unwrap_or_default()
}

const SECOND: Duration = Duration::from_secs(1);

/// Errors that the operation can answer with, at least one for each of its codes, in the order of their statuses.
pub fn failures(operation_id: &str) -> Vec<ApiError> {
    match operation_id {
        "createSession" => vec![
            invalid("yaw_deg must be a number from 15 to 40."),
            ApiError::Unauthorized(KeyProblem::Missing),
            ApiError::LivenessDisabled,
            too_large(MAX_SESSION_BODY_BYTES),
            foreign_body("application/json"),
            rate_limited(Rated::Key),
            ApiError::internal("an example"),
        ],
        "verify" => vec![
            ApiError::MissingFields(vec!["session_id", "frames"]),
            invalid("Send either frames or video_b64, as mode says, not both."),
            ApiError::FrameCount {
                given: 5,
                min: MIN_IMAGES,
                max: MAX_IMAGES,
            },
            ApiError::FrameFormat(BadFrame {
                position: 3,
                problem: Problem::Phase,
            }),
            BadReference::Face(Unfit::NoFace).into(),
            ApiError::Unauthorized(KeyProblem::Missing),
            ApiError::LivenessDisabled,
            ApiError::SessionForbidden,
            ApiError::SessionNotFound,
            ApiError::SessionUsed,
            ApiError::SessionExpired,
            too_large(MAX_VERIFY_BODY_BYTES),
            foreign_body("application/json"),
            rate_limited(Rated::Key),
            ApiError::busy(Busy::Key, SECOND),
            ApiError::TimedOut("an example".into()),
        ],
        "createInteractiveSession" => vec![
            invalid("num_challenges must be a whole number from 1 to 7."),
            BadReference::Face(Unfit::SeveralFaces(2)).into(),
            ApiError::Unauthorized(KeyProblem::Missing),
            ApiError::LivenessDisabled,
            too_large(MAX_LIVE_SESSION_BODY_BYTES),
            foreign_body("application/json"),
            rate_limited(Rated::Key),
            ApiError::busy(Busy::LiveFrames, SECOND),
            ApiError::internal("an example"),
        ],
        "submitFrame" => vec![
            ApiError::MissingFields(vec!["image"]),
            invalid("The form has the field image more than once; send one image in each request."),
            BadImage::Undecodable.into(),
            BadImage::NoColour.into(),
            ApiError::NoCredentials,
            ApiError::LivenessDisabled,
            ApiError::SessionForbidden,
            ApiError::SessionNotFound,
            ApiError::FrameTooLarge,
            foreign_body("multipart/form-data"),
            rate_limited(Rated::Frames),
            ApiError::busy(Busy::LiveFrames, SECOND),
            ApiError::FrameNotMeasured(MeasureError::Missing.into()),
        ],
        "sessionStatus" => vec![
            ApiError::Unauthorized(KeyProblem::Missing),
            ApiError::LivenessDisabled,
            ApiError::SessionForbidden,
            ApiError::SessionNotFound,
            ApiError::internal("an example"),
        ],
        "interactiveSession" => vec![
            ApiError::NoCredentials,
            ApiError::LivenessDisabled,
            ApiError::SessionForbidden,
            ApiError::SessionNotFound,
            ApiError::internal("an example"),
        ],
        "cancelInteractiveSession" => vec![
            ApiError::NoCredentials,
            ApiError::LivenessDisabled,
            ApiError::SessionForbidden,
            ApiError::SessionNotFound,
            ApiError::SessionOver,
            ApiError::internal("an example"),
        ],
        "presets" => vec![
            ApiError::Unauthorized(KeyProblem::Missing),
            ApiError::LivenessDisabled,
        ],
        _ => Vec::new(),
    }
}

fn invalid(text: &str) -> ApiError {
    ApiError::InvalidInput(text.to_owned())
}

fn foreign_body(expected: &'static str) -> ApiError {
    ApiError::UnsupportedMediaType(ForeignBody::ContentType {
        expected,
        arrived: Excerpt::of("text/plain"),
    })
}

fn rate_limited(of: Rated) -> ApiError {
    ApiError::RateLimited {
        of,
        retry_after: Duration::from_secs(1),
    }
}
