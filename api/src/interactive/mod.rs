//! The interactive API: `/api/v1/liveness`.

pub mod body;
mod caller;
mod cancel;
mod create;
mod frame;
pub mod in_flight;
mod lookup;
pub mod presets;
pub mod query;
mod receipt;
mod record;
mod rehearse;
pub mod response;
mod sessions;
pub mod token;
pub mod vocabulary;
mod watch;

use std::sync::Arc;

use livegate_common::id::RequestId;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, OpenApi, Tags};

use self::body::InteractiveSessionRequest;
use self::caller::SessionCaller;
use self::presets::{PRESETS, PresetBody};
use self::response::{
    FrameResult, InteractiveSessionCreated, InteractiveSessionStatus, SessionCancelled,
};
use crate::auth::Caller;
use crate::http::json::{JsonRequest, JsonResponse};
use crate::http::multipart::FrameUpload;
use crate::state::AppState;

/// The routes under `/api/v1/liveness`.
pub struct Interactive;

#[derive(Tags)]
enum ApiTags {
    /// Frame by frame, with live guidance: create a session on your backend, hand its `client_token` to
    /// the browser, send frames from there.
    #[oai(rename = "Interactive")]
    Interactive,
}

#[derive(ApiResponse)]
enum CreateAnswer {
    /// The session.
    #[oai(status = 200)]
    Created(JsonResponse<InteractiveSessionCreated>),
}

#[derive(ApiResponse)]
enum FrameAnswer {
    /// What the frame showed, and where the session stands.
    #[oai(status = 200)]
    Taken(JsonResponse<FrameResult>),
}

#[derive(ApiResponse)]
enum StatusAnswer {
    /// Where the session stands.
    #[oai(status = 200)]
    Status(JsonResponse<InteractiveSessionStatus>),
}

#[derive(ApiResponse)]
enum CancelAnswer {
    /// The session is gone.
    #[oai(status = 200)]
    Cancelled(JsonResponse<SessionCancelled>),
}

#[derive(ApiResponse)]
enum PresetsAnswer {
    /// The presets.
    #[oai(status = 200)]
    Presets(JsonResponse<Vec<PresetBody>>),
}

#[OpenApi(prefix_path = "/api/v1/liveness", tag = "ApiTags::Interactive")]
impl Interactive {
    /// Create an interactive session
    ///
    /// Returns the challenges, to be passed one after the other, and a token for your user's browser. A
    /// session expires at `expires_at`, after five minutes unless the operator chose otherwise, if no
    /// frame comes before; from the first frame on each challenge has its own time. The body is optional.
    #[oai(
        path = "/sessions",
        method = "post",
        operation_id = "createInteractiveSession"
    )]
    async fn create_session(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        caller: Caller,
        request: &Request,
        body: JsonRequest<Option<InteractiveSessionRequest>>,
    ) -> poem::Result<CreateAnswer> {
        let query = request.uri().query().unwrap_or_default();
        let request_id = request_id.0.clone();
        let created = create::create(&state, &caller.0, request_id, query, body).await?;
        Ok(CreateAnswer::Created(JsonResponse(created)))
    }

    /// Submit a frame
    ///
    /// Send 5 to 10 frames a second while the user does what the session asks. A challenge is passed by
    /// a movement, from the face at rest to the challenge: a still picture passes none. Each answer
    /// says how far the current challenge has come and what to do better; the last one holds the
    /// verdict. A session takes up to 20 frames a second.
    #[oai(
        path = "/sessions/:id/frame",
        method = "post",
        operation_id = "submitFrame"
    )]
    async fn submit_frame(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        caller: SessionCaller,
        /// The session, as `session_id` named it when it was created.
        id: Path<String>,
        upload: FrameUpload,
    ) -> poem::Result<FrameAnswer> {
        let request_id = request_id.0.clone();
        let result = frame::submit(&state, caller, id.0, upload, request_id).await?;
        Ok(FrameAnswer::Taken(JsonResponse(result)))
    }

    /// Read an interactive session
    ///
    /// Where the session stands. It can be read until ten minutes after it was over. Does not count
    /// against any rate.
    #[oai(
        path = "/sessions/:id",
        method = "get",
        operation_id = "interactiveSession"
    )]
    async fn session(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        mut caller: SessionCaller,
        /// The session, as `session_id` named it when it was created.
        id: Path<String>,
    ) -> poem::Result<StatusAnswer> {
        let stored = lookup::find_settled(&state, &mut caller, &id, &request_id).await?;
        let status = InteractiveSessionStatus::new(&stored, caller.is_owner());
        Ok(StatusAnswer::Status(JsonResponse(status)))
    }

    /// Cancel an interactive session
    ///
    /// Deletes the session, whatever its state: from then on it is not found. The holder of a client
    /// token can cancel it only until it is over, since the verdict is for the key's owner to read. A
    /// session that had a frame stays in the operator's audit log, as `cancelled`.
    #[oai(
        path = "/sessions/:id",
        method = "delete",
        operation_id = "cancelInteractiveSession"
    )]
    async fn cancel(
        &self,
        state: Data<&Arc<AppState>>,
        request_id: Data<&RequestId>,
        mut caller: SessionCaller,
        /// The session, as `session_id` named it when it was created.
        id: Path<String>,
    ) -> poem::Result<CancelAnswer> {
        let cancelled = cancel::cancel(&state, &mut caller, &id, &request_id).await?;
        Ok(CancelAnswer::Cancelled(JsonResponse(cancelled)))
    }

    /// List the presets
    ///
    /// Ready-made sessions, for the `preset` parameter.
    #[oai(path = "/presets", method = "get", operation_id = "presets")]
    async fn presets(&self, _caller: Caller) -> PresetsAnswer {
        let presets = PRESETS.iter().map(PresetBody::from).collect();
        PresetsAnswer::Presets(JsonResponse(presets))
    }
}
