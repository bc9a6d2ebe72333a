//! The server-to-server API: `/v1/liveness`.

mod claim;
pub mod health;
pub mod idempotency;
mod receipt;
pub mod record;
mod reference;
mod rehearse;
mod repeatable;
mod report;
pub mod response;
mod run;
pub mod session;
pub mod submit;
pub mod vocabulary;
pub mod wire;

use std::sync::Arc;

use livegate_common::id::RequestId;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use self::health::{Health, HealthStatus};
use self::idempotency::RequestKey;
use self::response::{SessionCreated, VerdictBody};
use self::session::{SessionRequest, SessionStatus};
use self::submit::{Answer, VerifyBody};
use crate::auth::Caller;
use crate::error::replayed;
use crate::http::json::{JsonRequest, JsonResponse, WrittenJson};
use crate::state::AppState;

/// The routes under `/v1/liveness`.
pub struct ServerToServer;

#[derive(Tags)]
enum ApiTags {
    /// Create a session, capture, verify: from your backend, with your API key.
    #[oai(rename = "Server to server")]
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
    /// The verdict, whether `verified` is true or false.
    #[oai(status = 200)]
    Verdict(
        WrittenJson<VerdictBody>,
        #[oai(header = "Idempotent-Replayed")] Option<bool>,
    ),
}

#[derive(ApiResponse)]
enum StatusAnswer {
    /// The session's state, and its verdict if there is one.
    #[oai(status = 200)]
    Status(JsonResponse<SessionStatus>),
}

#[derive(ApiResponse)]
enum HealthAnswer {
    /// The service is `ok` or `degraded`.
    #[oai(status = 200)]
    Up(JsonResponse<Health>),
    /// The service is `down`.
    #[oai(status = 503)]
    Down(JsonResponse<Health>, #[oai(header = "Retry-After")] u32),
}

#[OpenApi(prefix_path = "/v1/liveness", tag = "ApiTags::ServerToServer")]
impl ServerToServer {
    /// Create a session
    ///
    /// Returns the challenge and the limits of the capture. The body is optional: a field left out
    /// takes the API key's default. A session is verified once, and expires at `expires_at`, after five
    /// minutes unless the operator chose otherwise.
    #[oai(path = "/session", method = "post", operation_id = "createSession")]
    async fn create_session(
        &self,
        state: Data<&Arc<AppState>>,
        caller: Caller,
        request: &Request,
        body: JsonRequest<Option<SessionRequest>>,
    ) -> poem::Result<CreateAnswer> {
        session::refuse_query(request.uri().query().unwrap_or_default())?;
        let created = session::create(&state, &caller.0, &body.bytes).await?;
        Ok(CreateAnswer::Created(JsonResponse(created)))
    }

    /// Verify a capture
    ///
    /// Judges the frames captured for a session: whether a live person is in front of the camera, the
    /// same person throughout, and performs the challenge. Answers when the verdict is there, within 15
    /// seconds unless the operator chose otherwise. A verdict uses the session up, and so does a 502; a
    /// request refused with a 4xx does not.
    ///
    /// With an `Idempotency-Key`, the same request sent again within two minutes gets the same answer, also from another
    /// server of the service.
    #[oai(path = "/verify", method = "post", operation_id = "verify")]
    async fn verify(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        caller: Caller,
        key: RequestKey,
        body: JsonRequest<VerifyBody>,
    ) -> poem::Result<VerifyAnswer> {
        let request_id = request_id.0.clone();
        match submit::verify(&state, &caller.0, request_id, key.0, body).await? {
            Answer::First(json) => Ok(VerifyAnswer::Verdict(WrittenJson::new(json), None)),
            Answer::Repeated(Ok(json)) => {
                Ok(VerifyAnswer::Verdict(WrittenJson::new(json), Some(true)))
            }
            Answer::Repeated(Err(error)) => Err(replayed(&error)),
        }
    }

    /// Read a session's status
    ///
    /// The session's state and verdict; no biometric data. It can be read until ten minutes after it
    /// expired or was verified, by the key that created it, and does not count against the rate.
    #[oai(path = "/session/:id", method = "get", operation_id = "sessionStatus")]
    async fn session_status(
        &self,
        state: Data<&Arc<AppState>>,
        caller: Caller,
        /// The session, as `session_id` named it when it was created.
        id: Path<String>,
    ) -> poem::Result<StatusAnswer> {
        let status = session::status(&state, &caller.0, &id).await?;
        Ok(StatusAnswer::Status(JsonResponse(status)))
    }

    /// Check the service's health
    ///
    /// Needs no API key. 200 for `ok` and `degraded`, 503 for `down`: fit for a load balancer's probe.
    #[oai(path = "/health", method = "get", operation_id = "health")]
    async fn health(&self, state: Data<&Arc<AppState>>) -> HealthAnswer {
        let health = health::look(&state.services).await;
        match health.status {
            HealthStatus::Ok | HealthStatus::Degraded => HealthAnswer::Up(JsonResponse(health)),
            HealthStatus::Down => HealthAnswer::Down(JsonResponse(health), 5),
        }
    }
}
