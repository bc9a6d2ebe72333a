//! The server-to-server API: `/v1/liveness`.

mod conduct;
pub mod details;
pub mod health;
pub mod record;
pub mod response;
pub mod session;
pub mod verify;
pub mod vocabulary;
pub mod wire;

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use self::health::{Health, HealthStatus};
use self::response::{SessionCreated, Verdict};
use self::session::{SessionRequest, SessionStatus};
use self::verify::VerifyBody;
use crate::auth::Caller;
use crate::http::boundary::RequestId;
use crate::http::failure::{Failure, Failures};
use crate::http::json::{JsonRequest, JsonResponse};
use crate::state::AppState;

/// The routes under `/v1/liveness`.
pub struct ServerToServer;

#[derive(Tags)]
enum ApiTags {
    /// Create a session, capture, verify: from your backend, with your API key.
    ServerToServer,
}

#[derive(ApiResponse)]
enum CreateAnswer {
    /// The session.
    #[oai(status = 200)]
    Created(JsonResponse<SessionCreated>),
}

#[derive(ApiResponse)]
enum VerifyAnswer {
    /// The verdict, whether verified or not.
    #[oai(status = 200)]
    Verdict(JsonResponse<Verdict>),
}

#[derive(ApiResponse)]
enum StatusAnswer {
    /// What has become of the session.
    #[oai(status = 200)]
    Status(JsonResponse<SessionStatus>),
}

#[derive(ApiResponse)]
enum HealthAnswer {
    /// The service answers: `ok` or `degraded`.
    #[oai(status = 200)]
    Up(JsonResponse<Health>),
    /// The service can do nothing: `down`.
    #[oai(status = 503)]
    Down(JsonResponse<Health>, #[oai(header = "Retry-After")] u32),
}

/// Why a session is not created.
pub struct CreateFailures;

impl Failures for CreateFailures {
    const DOCUMENTED: &'static [(u16, &'static str)] = &[
        (400, "`INVALID_INPUT`: fix the body."),
        (401, "`UNAUTHORIZED`: missing or invalid API key."),
        (403, "`LIVENESS_DISABLED`: the key lacks liveness."),
        (
            413,
            "`VIDEO_TOO_LARGE`: the body is larger than any valid request.",
        ),
        (415, "`UNSUPPORTED_MEDIA_TYPE`: send JSON."),
        (
            429,
            "`RATE_LIMIT`: back off, at least as long as `Retry-After` says, and retry.",
        ),
        (502, "`PROCESSING_ERROR`: retry."),
    ];
}

/// Why a capture is not verified.
pub struct VerifyFailures;

impl Failures for VerifyFailures {
    const DOCUMENTED: &'static [(u16, &'static str)] = &[
        (
            400,
            "`MISSING_FIELDS`, `INVALID_INPUT`, `INVALID_FRAME_COUNT`, `INVALID_FRAME_FORMAT`: fix the payload.",
        ),
        (401, "`UNAUTHORIZED`: missing or invalid API key."),
        (
            403,
            "`LIVENESS_DISABLED`: the key lacks liveness. `SESSION_FORBIDDEN`: the session belongs to another key.",
        ),
        (404, "`SESSION_NOT_FOUND`: create a new session."),
        (409, "`SESSION_USED`: create a new session."),
        (410, "`SESSION_EXPIRED`: create a new session."),
        (
            413,
            "`VIDEO_TOO_LARGE`: the medium or the body is too large.",
        ),
        (415, "`UNSUPPORTED_MEDIA_TYPE`: send JSON."),
        (
            429,
            "`RATE_LIMIT`, `CONCURRENCY_LIMIT`: back off, at least as long as `Retry-After` says, and retry.",
        ),
        (502, "`PROCESSING_ERROR`: retry with a new session."),
    ];
}

/// Why a status is not told.
pub struct StatusFailures;

impl Failures for StatusFailures {
    const DOCUMENTED: &'static [(u16, &'static str)] = &[
        (401, "`UNAUTHORIZED`: missing or invalid API key."),
        (
            403,
            "`LIVENESS_DISABLED`: the key lacks liveness. `SESSION_FORBIDDEN`: the session belongs to another key.",
        ),
        (
            404,
            "`SESSION_NOT_FOUND`: there is no such session, or no longer.",
        ),
        (502, "`PROCESSING_ERROR`: retry."),
    ];
}

#[OpenApi(prefix_path = "/v1/liveness", tag = "ApiTags::ServerToServer")]
impl ServerToServer {
    /// Create a session
    ///
    /// Returns the challenge and the limits of the capture. The body is optional: anything left out
    /// is the API key's default. A session can be verified once, and expires after five minutes
    /// unless configured otherwise.
    #[oai(path = "/session", method = "post", operation_id = "createSession")]
    async fn create_session(
        &self,
        state: Data<&Arc<AppState>>,
        caller: Caller,
        body: JsonRequest<Option<SessionRequest>>,
    ) -> Result<CreateAnswer, Failure<CreateFailures>> {
        let created = session::create(&state, &caller.0, &body.bytes).await?;
        Ok(CreateAnswer::Created(JsonResponse(created)))
    }

    /// Verify a capture
    ///
    /// Judges the frames captured for a session: whether a real person is in front of the camera,
    /// the same throughout, and does what the challenge asks.
    #[oai(path = "/verify", method = "post", operation_id = "verify")]
    async fn verify(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        caller: Caller,
        body: JsonRequest<VerifyBody>,
    ) -> Result<VerifyAnswer, Failure<VerifyFailures>> {
        let request_id = request_id.0.clone();
        let verdict = verify::verify(&state, &caller.0, request_id, body).await?;
        Ok(VerifyAnswer::Verdict(JsonResponse(verdict)))
    }

    /// Read a session's status
    ///
    /// Answers until ten minutes after the session expired or was verified.
    #[oai(path = "/session/:id", method = "get", operation_id = "sessionStatus")]
    async fn session_status(
        &self,
        state: Data<&Arc<AppState>>,
        caller: Caller,
        /// The session.
        id: Path<String>,
    ) -> Result<StatusAnswer, Failure<StatusFailures>> {
        let status = session::status(&state, &caller.0, &id).await?;
        Ok(StatusAnswer::Status(JsonResponse(status)))
    }

    /// Check the service's health
    ///
    /// Public.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self, state: Data<&Arc<AppState>>) -> HealthAnswer {
        let health = health::look(&state.services).await;
        match health.status {
            HealthStatus::Ok | HealthStatus::Degraded => HealthAnswer::Up(JsonResponse(health)),
            HealthStatus::Down => HealthAnswer::Down(JsonResponse(health), 5),
        }
    }
}
