//! Which models an operating point is for.

use serde::{Deserialize, Serialize};

use super::pad::PadThresholds;

/// A set of models, by the sha256 of their files, and the thresholds of its anti-spoof models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Models {
    /// What to call it.
    pub name: String,
    /// The face detector.
    pub detector: String,
    /// The landmark model.
    pub landmarks: String,
    /// The expression model.
    pub blendshapes: String,
    /// The embedding model.
    pub embedder: String,
    /// The anti-spoof models, in any order.
    pub anti_spoof: Vec<String>,
    /// What is decided by their margins.
    #[serde(default)]
    pub pad: PadThresholds,
}

/// Tells sets of models apart: what a worker names its set by in every outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelSetId(String);

impl ModelSetId {
    /// As text: the first eight digits of each file's sha256.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the worker did not name the models that it used.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_empty()
    }
}

impl Models {
    /// Tells it apart from other sets.
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

    /// Whether both are the same models, whatever they are called.
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
