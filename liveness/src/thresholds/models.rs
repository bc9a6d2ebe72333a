//! Sets of models that an operating point is for.

use serde::{Deserialize, Serialize};

use super::pad::PadThresholds;

/// A set of models, each named by the sha256 of its file, with the thresholds of its anti-spoof models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// The set's name, for people.
    pub name: String,
    /// sha256 of the face detector, hex.
    pub detector: String,
    /// sha256 of the landmark model, hex.
    pub landmarks: String,
    /// sha256 of the expression model, hex.
    pub blendshapes: String,
    /// sha256 of the embedding model, hex.
    pub embedder: String,
    /// sha256 of each anti-spoof model, hex, in any order.
    pub anti_spoof: Vec<String>,
    /// Thresholds for the margins of the anti-spoof models.
    #[serde(default)]
    pub pad: PadThresholds,
}

/// Identifier of a set of models. A worker puts that of its set into every outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelSetId(String);

impl ModelSetId {
    /// The identifier as text: the first eight hex digits of each file's sha256.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the worker did not name its models.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_empty()
    }
}

impl Models {
    /// The identifier of this set.
    pub fn id(&self) -> ModelSetId {
        let mut anti_spoof = self.anti_spoof.clone();
        anti_spoof.sort_unstable();
        let roles = [
            &self.detector,
            &self.landmarks,
            &self.blendshapes,
            &self.embedder,
        ];
        let all = roles.into_iter().chain(&anti_spoof);
        let short = |sha256: &String| sha256.chars().take(8).collect::<String>();
        ModelSetId(all.map(short).collect::<Vec<_>>().join("-"))
    }

    /// Whether both sets have the same models. Their names may differ.
    pub fn are(&self, other: &Self) -> bool {
        let sorted = |models: &Self| {
            let mut all = models.anti_spoof.clone();
            all.sort_unstable();
            all
        };
        let others = |m: &Self| {
            [&m.detector, &m.landmarks, &m.blendshapes, &m.embedder].map(String::to_owned)
        };
        others(self) == others(other) && sorted(self) == sorted(other)
    }
}
