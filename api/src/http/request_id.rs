//! The id of a request.

use livegate_common::id::RequestId;
use poem::Request;
use poem::http::HeaderName;

/// The header with the request's id.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's own id of a request if it is safe to repeat, else a fresh one.
pub fn id_of(request: &Request) -> RequestId {
    let given = request.headers().get(&REQUEST_ID);
    let given = given.and_then(|v| RequestId::try_from(v.to_str().ok()?).ok());
    given.unwrap_or_else(RequestId::fresh)
}
