//! The ids of a request: ours, and the caller's own.

use livegate_common::id::{CallerRequestId, RequestId};
use poem::Request;
use poem::http::{HeaderMap, HeaderName, HeaderValue};

/// The header with the caller's own id of the request. An answer repeats it; without one it holds ours.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header of an answer with our id of the request.
pub static OUR_REQUEST_ID: HeaderName = HeaderName::from_static("x-livegate-request-id");

/// A new id, beside the caller's own if that is safe to repeat.
pub fn id_of(request: &Request) -> RequestId {
    let given = request.headers().get(&REQUEST_ID);
    RequestId::with(given.and_then(|v| CallerRequestId::try_from(v.to_str().ok()?).ok()))
}

/// Adds both ids to the headers of an answer.
pub fn add_ids(id: &RequestId, headers: &mut HeaderMap) {
    let ours = id.to_string();
    let echoed = id.callers().map_or(ours.as_str(), CallerRequestId::as_str);
    for (name, value) in [(&REQUEST_ID, echoed), (&OUR_REQUEST_ID, &ours)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name.clone(), value);
        }
    }
}
