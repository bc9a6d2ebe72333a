//! Why signing keys cannot be used.

use std::io;
use std::path::PathBuf;

/// Why a file of signing keys cannot be used. No text repeats anything of a private key.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file cannot be read or written.
    #[error("the signing keys {path} cannot be used: {cause}; correct LIVEGATE_SIGNING_KEY, or make the file with `livegate-api receipts new-key`", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        cause: io::Error,
    },
    /// The content of the file cannot be used.
    #[error("the signing keys {path} cannot be used: {cause}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: Box<SigningKeyError>,
    },
    /// The content is neither PEM nor JSON.
    #[error("it is neither PEM nor a JWK or JWK set in JSON")]
    Format,
    /// A PEM block of another kind.
    #[error("it has a PEM block {0:?}; only PRIVATE KEY (PKCS#8) and PUBLIC KEY are used")]
    Tag(String),
    /// A key of another algorithm.
    #[error("it has a key that is not Ed25519; `openssl genpkey -algorithm ed25519` makes one")]
    NotEd25519,
    /// Public and private half are of two keys.
    #[error("the halves x and d of a key do not belong together")]
    Halves,
    /// A key id that cannot be used.
    #[error("a kid must be 1 to 64 visible ASCII characters")]
    Kid,
    /// Two keys with one id.
    #[error("the key {0} is there twice")]
    Twice(String),
    /// There is no key.
    #[error("it holds no key")]
    Empty,
    /// The first key has no private half.
    #[error("its first key is the one that signs, and has no private half")]
    FirstIsPublic,
    /// No such key.
    #[error("there is no key {0} in it")]
    NoSuchKey(String),
    /// The key that signs cannot be removed.
    #[error("{0} is the key that signs; let another one sign first")]
    Signs(String),
    /// The key cannot sign.
    #[error("only the public half of {0} is there, so it cannot sign")]
    CannotSign(String),
    /// The system gave no random bytes.
    #[error("the system's random number generator failed")]
    NoRandomness,
}
