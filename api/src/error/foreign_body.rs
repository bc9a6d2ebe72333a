//! Refusals of bodies whose content type, charset or encoding is not accepted.

use crate::contract::excerpt::Excerpt;

/// Why a body is refused by its headers, whatever it contains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignBody {
    /// The `Content-Type` is another one.
    #[error("Send the body as {expected}; its Content-Type is {arrived}.")]
    ContentType {
        /// The content type that is accepted.
        expected: &'static str,
        /// The content type that was sent.
        arrived: Excerpt,
    },
    /// There is no `Content-Type`.
    #[error("Send the body as {expected}; it has no Content-Type.")]
    NoContentType {
        /// The content type that is accepted.
        expected: &'static str,
    },
    /// The `Content-Type` states a charset other than UTF-8. Holds that charset.
    #[error("Send the body in UTF-8; its Content-Type says charset {0}.")]
    Charset(Excerpt),
    /// The body is compressed. Holds its `Content-Encoding`.
    #[error("Send the body uncompressed; its Content-Encoding is {0}.")]
    Encoding(Excerpt),
}
