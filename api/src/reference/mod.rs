//! The reference: a picture or an embedding of the caller's that a captured face is compared with.
//!
//! A picture is measured by the workers, before the session is claimed or created, and then dropped. What is kept is its
//! embedding, in memory and in the sealed record of a live session.

mod bad;
mod measure;
mod read;

pub use self::bad::BadReference;
pub use self::measure::{ReferenceFace, face_for_session, face_for_test, face_of};
pub use self::read::{EMBEDDING_LENGTH, NumberList, Reference};
