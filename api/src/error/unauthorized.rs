//! Why a request has no API key that counts.

/// What is wrong with the key. An unknown key and a revoked one look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Nothing was sent.
    #[error("There is no API key; send it in the X-AI-API-Key header.")]
    Missing,
    /// It was sent as `Authorization`.
    #[error(
        "There is no X-AI-API-Key header; send the API key there, not in Authorization, which is for a session's client_token."
    )]
    InAuthorization,
    /// It is not written as keys are.
    #[error("The value of X-AI-API-Key is not an API key: keys begin with tsk_.")]
    Malformed,
    /// No key of this server.
    #[error("The API key is not known here: it was revoked, or it belongs to another server.")]
    Unknown,
}
