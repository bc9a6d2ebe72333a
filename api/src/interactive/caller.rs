//! Who acts on a session: the owner of the API key, or the holder of the session's client token.
//! Checked before a byte of the body is read.

use std::sync::Arc;

use livegate_common::limits::Rate;
use livegate_common::records::Stored;
use poem::http::{Method, StatusCode, header};
use poem::web::Data;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::auth::{ApiKey, Bearer};
use poem_openapi::registry::Registry;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, SecurityScheme};
use uuid::Uuid;

use super::record::LiveSession;
use super::{sessions, token};
use crate::auth::identify;
use crate::error::{ApiError, Rated};
use crate::http::calling_key::CallingKey;
use crate::http::framework::KEY_HEADER;
use crate::keys::KeyRecord;
use crate::state::AppState;

/// Size of a session's token bucket, frames: the most that it may send at once.
const BURST: u32 = 40;
/// Refill of that bucket, frames per minute: 20 a second.
const FRAMES_PER_MINUTE: u32 = 20 * 60;

/// The caller of a session, and the session if authentication had to load it.
pub struct SessionCaller {
    /// Who the caller is.
    pub who: Who,
    /// The session, loaded to authenticate the holder of its token; `None` for the key's owner.
    pub loaded: Option<Box<Stored<LiveSession>>>,
}

/// A caller that may act on a session.
pub enum Who {
    /// The owner of an API key. Whether the session belongs to the key is not checked yet.
    Owner(Arc<KeyRecord>),
    /// The holder of this session's client token.
    Holder(Uuid),
}

impl SessionCaller {
    /// Whether the caller is the owner of an API key.
    pub fn is_owner(&self) -> bool {
        matches!(self.who, Who::Owner(_))
    }
}

/// A session, and its record as loaded, that a client token gives access to.
struct Held {
    session: Uuid,
    stored: Stored<LiveSession>,
}

/// Your API key.
#[derive(SecurityScheme)]
#[oai(
    ty = "api_key",
    key_name = "X-AI-API-Key",
    key_in = "header",
    rename = "ApiKey",
    checker = "own"
)]
struct Owner(Arc<KeyRecord>);

/// The `client_token` of an interactive session, `lct_…`: for a browser or an app that sends frames to
/// its own session, reads it or cancels it.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "ClientToken", checker = "hold")]
struct Holder(Held);

async fn own(request: &Request, key: ApiKey) -> poem::Result<Arc<KeyRecord>> {
    Ok(identify(request, state_of(request).await?, &key.key)?)
}

async fn hold(request: &Request, bearer: Bearer) -> poem::Result<Held> {
    let state = state_of(request).await?;
    let session = token::session_of(&state.services.seal, &bearer.token);
    let session = session.ok_or(ApiError::BadToken)?;
    if session_id(request) != Some(session) {
        return Err(ApiError::TokenOfAnother.into());
    }
    let stored = sessions::load(state, session).await?;
    let opening = &stored.record.opening;
    CallingKey::note(request, &opening.key, opening.test.is_some());
    still_lets_in(state, &stored)?;
    Ok(Held { session, stored })
}

/// Checks that the key that created a session may still be used.
fn still_lets_in(state: &AppState, stored: &Stored<LiveSession>) -> Result<(), ApiError> {
    let key = state.keys.with_id(&stored.record.opening.key);
    // A key that became a test key, or ceased to be one, keeps its id and none of its sessions.
    let is_test = stored.record.opening.test.is_some();
    let key = key.filter(|key| key.is_test == is_test);
    let key = key.ok_or(ApiError::BadToken)?;
    if key.liveness {
        Ok(())
    } else {
        Err(ApiError::LivenessDisabled)
    }
}

async fn state_of(request: &Request) -> poem::Result<&Arc<AppState>> {
    let Data(state) =
        <Data<&Arc<AppState>> as FromRequest>::from_request_without_body(request).await?;
    Ok(state)
}

/// The session's id in the path, which is its only parameter; `None` if it is not one of our ids.
fn session_id(request: &Request) -> Option<Uuid> {
    sessions::parse_id(&request.path_params::<String>().ok()?)
}

impl<'a> ApiExtractor<'a> for SessionCaller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Owner as ApiExtractor>::register(registry);
        <Holder as ApiExtractor>::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        let mut schemes = <Owner as ApiExtractor>::security_schemes();
        schemes.extend(<Holder as ApiExtractor>::security_schemes());
        schemes
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        // Where both are sent, the key wins: it may do more.
        let has_key = request.headers().contains_key(KEY_HEADER);
        let has_token = request.headers().contains_key(header::AUTHORIZATION);
        let caller = if has_token && !has_key {
            let holder = Holder::from_request(request, body, options).await;
            let Held { session, stored } = holder.map_err(name_both)?.0;
            Self {
                who: Who::Holder(session),
                loaded: Some(Box::new(stored)),
            }
        } else {
            let owner = Owner::from_request(request, body, options).await;
            Self {
                who: Who::Owner(owner.map_err(name_both)?.0),
                loaded: None,
            }
        };
        if request.method() == Method::POST {
            take_token(request, &caller).await?;
        }
        Ok(caller)
    }
}

/// Where nothing usable was sent, the error names both ways to authenticate: a page must not be led to
/// ask for the key.
fn name_both(error: poem::Error) -> poem::Error {
    match error.downcast_ref::<ApiError>() {
        Some(ApiError::Unauthorized(_)) => ApiError::NoCredentials.into(),
        Some(_) => error,
        None if error.status() == StatusCode::UNAUTHORIZED => ApiError::NoCredentials.into(),
        None => error,
    }
}

/// Takes a token from the session's bucket: frames do not count against the key's rate.
async fn take_token(request: &Request, caller: &SessionCaller) -> poem::Result<()> {
    let Some(session) = session_id(request) else {
        return Ok(());
    };
    let limits = &state_of(request).await?.services.limits;
    // The bucket's name holds the key's id, so that another key cannot empty the bucket of a session
    // whose id it knows.
    let key = match (&caller.who, &caller.loaded) {
        (Who::Owner(key), _) => &key.id,
        (Who::Holder(_), Some(loaded)) => &loaded.record.opening.key,
        (Who::Holder(_), None) => return Ok(()),
    };
    let name = format!("frames:{key}:{session}");
    match limits.take_token(&name, BURST, FRAMES_PER_MINUTE).await {
        Ok(Rate::Allowed) => Ok(()),
        Ok(Rate::RetryAfter(retry_after)) => Err(ApiError::RateLimited {
            of: Rated::Frames,
            retry_after,
        }
        .into()),
        Err(error) => Err(ApiError::from(error).into()),
    }
}
