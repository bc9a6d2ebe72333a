//! Bodies in a form that is not read.

use crate::contract::excerpt::Excerpt;

/// Why a body is not read, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignBody {
    /// It says that it is something else.
    #[error("Send the body as {expected}; its Content-Type is {arrived}.")]
    ContentType {
        /// The content type that is read.
        expected: &'static str,
        /// What it says.
        arrived: Excerpt,
    },
    /// It does not say what it is.
    #[error("Send the body as {expected}; it has no Content-Type.")]
    NoContentType {
        /// The content type that is read.
        expected: &'static str,
    },
    /// It says that its text is coded in another way.
    #[error("Send the body in UTF-8; its Content-Type says charset {0}.")]
    Charset(Excerpt),
    /// It says that it is compressed.
    #[error("Send the body uncompressed; its Content-Encoding is {0}.")]
    Encoding(Excerpt),
}
