//! The API key behind a request, for metrics and for the header of test answers.

use std::sync::{Arc, OnceLock};

use poem::Request;

/// The caller's key, once authenticated: its id, and whether it is a test key.
#[derive(Clone, Debug, Default)]
pub struct CallingKey(Arc<OnceLock<(Arc<str>, bool)>>);

impl CallingKey {
    /// Notes the key that a request was authenticated with.
    pub fn note(request: &Request, id: &str, is_test: bool) {
        if let Some(Self(key)) = request.extensions().get::<Self>() {
            let _ = key.set((id.into(), is_test));
        }
    }

    /// The id of the key that this request was authenticated with, if it was.
    pub fn of(request: &Request) -> Option<Arc<str>> {
        request.extensions().get::<Self>()?.get().cloned()
    }

    /// The key's id; `None` before it is authenticated.
    pub fn get(&self) -> Option<&Arc<str>> {
        self.0.get().map(|(id, _)| id)
    }

    /// Whether it is a test key; false before it is authenticated.
    pub fn is_test(&self) -> bool {
        self.0.get().is_some_and(|(_, is_test)| *is_test)
    }
}
