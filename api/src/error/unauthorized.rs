//! Why a request's API key is not accepted.

/// What is wrong with the key. An unknown key and a revoked one get the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// No key was sent.
    #[error("There is no API key; send it in the X-AI-API-Key header.")]
    Missing,
    /// The key was sent as `Authorization`.
    #[error(
        "There is no X-AI-API-Key header; send the API key there, not in Authorization, which is for a session's client_token."
    )]
    InAuthorization,
    /// The value does not have the format of a key.
    #[error(
        "The value of X-AI-API-Key is not an API key: keys begin with tsk_, without Bearer or quotes."
    )]
    Malformed,
    /// The key does not belong to this server.
    #[error(
        "The API key in X-AI-API-Key is not known here. A new key counts after two seconds; else it was revoked, or is in another key file than this server's (LIVEGATE_KEYS)."
    )]
    Unknown,
}
