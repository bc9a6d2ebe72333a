//! Authentication: the API key, whether it may use liveness, and its request rate. These are checked in
//! this order, before a byte of the body is read.

use std::sync::Arc;

use poem::Request;
use poem::http::Method;
use poem::web::Data;
use poem::{FromRequest, RequestBody};
use poem_openapi::SecurityScheme;
use poem_openapi::auth::ApiKey;

use crate::error::{ApiError, KeyProblem};
use crate::http::calling_key::CallingKey;
use crate::keys::{KeyRecord, PREFIX};
use crate::rate::take_token;
use crate::state::AppState;

/// Your API key, `tsk_…`, from the operator of the service. Treat it like a password: keep it on your
/// server, out of apps and browsers.
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_name = "X-AI-API-Key",
    key_in = "header",
    rename = "ApiKey",
    checker = "admit"
)]
// The text above is for readers of the API document. A value of this type proves that the key is valid,
// may use liveness, and has spent a token where the request costs one.
pub struct Caller(pub Arc<KeyRecord>);

async fn admit(request: &Request, key: ApiKey) -> poem::Result<Arc<KeyRecord>> {
    let Data(state) =
        Data::<&Arc<AppState>>::from_request(request, &mut RequestBody::default()).await?;
    let record = identify(request, state, &key.key)?;
    // Requests that create or verify count against the rate; reading a status does not.
    if request.method() == Method::POST {
        take_token(&*state.services.limits, &record).await?;
    }
    Ok(record)
}

/// The key's record, if `presented` is a valid key that may use liveness.
///
/// # Errors
/// [`ApiError::Unauthorized`] or [`ApiError::LivenessDisabled`].
pub fn identify(
    request: &Request,
    state: &AppState,
    presented: &str,
) -> Result<Arc<KeyRecord>, ApiError> {
    let record = state.keys.find(presented).ok_or_else(|| {
        ApiError::Unauthorized(if presented.starts_with(PREFIX) {
            KeyProblem::Unknown
        } else {
            KeyProblem::Malformed
        })
    })?;
    CallingKey::note(request, &record.id, record.is_test);
    if record.liveness {
        Ok(record)
    } else {
        Err(ApiError::LivenessDisabled)
    }
}
