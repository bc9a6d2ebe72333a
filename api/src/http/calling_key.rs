//! The API key behind a request, for metrics.

use std::sync::{Arc, OnceLock};

use poem::Request;

/// The caller's key id, once authenticated.
#[derive(Clone, Debug, Default)]
pub struct CallingKey(Arc<OnceLock<Arc<str>>>);

impl CallingKey {
    /// Notes the id of the key that a request was authenticated with.
    pub fn note(request: &Request, id: &str) {
        if let Some(Self(key)) = request.extensions().get::<Self>() {
            let _ = key.set(id.into());
        }
    }

    /// The id of the key that this request was authenticated with, if it was.
    pub fn of(request: &Request) -> Option<Arc<str>> {
        let Self(key) = request.extensions().get::<Self>()?;
        key.get().cloned()
    }

    /// The key's id; `None` before it is authenticated.
    pub fn get(&self) -> Option<&Arc<str>> {
        self.0.get()
    }
}
