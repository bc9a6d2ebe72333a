//! The reference match: how like a picture or embedding of the caller's the captured face is.

use livegate_liveness::reference::Comparison;
use poem_openapi::Object;
use serde::Serialize;

use super::nullable::Nullable;
use super::numbers::rounded;

/// How like the reference the captured face is. It says nothing about liveness, and `verified` or `is_live` does not
/// depend on it: a photo of the right person matches. Read those first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Object)]
pub struct ReferenceMatch {
    /// Likeness of both faces, 0 to 1: the cosine of their embeddings, negative values as 0. Rounded to four decimals.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub score: f64,
    /// The least score of one person, 0 to 1. It depends on the operator's models.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    pub threshold: f64,
    /// Whether the score reaches the threshold.
    pub matched: bool,
}

/// The field `reference_match`: absent without a reference; null where the capture does not show one person's face.
pub type ReferenceField = Option<Nullable<ReferenceMatch>>;

/// The public form of a comparison.
pub fn field_of(comparison: Comparison) -> ReferenceField {
    match comparison {
        Comparison::NoReference => None,
        Comparison::NoFace => Some(Nullable(None)),
        Comparison::Made(made) => Some(Nullable(Some(ReferenceMatch {
            score: rounded(made.score),
            threshold: rounded(made.threshold),
            matched: made.is_matched(),
        }))),
    }
}
