//! Thresholds of an operating point, chosen by the set of models that measured.

use std::collections::HashMap;
use std::sync::Arc;

use super::file::OperatingPoint;
use super::models::{ModelSetId, Models};
use super::numbers::Thresholds;

/// The thresholds of an operating point for each of its sets of models. Clones share the same data.
#[derive(Clone, Debug)]
pub struct ThresholdSets {
    first: Arc<Thresholds>,
    by_set: HashMap<ModelSetId, Arc<Thresholds>>,
    models: HashMap<ModelSetId, Models>,
    /// Whether the first set's thresholds are also used for other sets.
    for_all: bool,
}

impl ThresholdSets {
    /// The thresholds for these models; `None` if the operating point is for other models. Models without a
    /// name are treated as the first set.
    pub fn of(&self, models: &ModelSetId) -> Option<&Arc<Thresholds>> {
        if self.for_all || models.is_unnamed() {
            return Some(&self.first);
        }
        self.by_set.get(models)
    }

    /// The name of a set of models; `None` if the operating point does not list it.
    pub fn name_of(&self, models: &ModelSetId) -> Option<&str> {
        self.models_of(models).map(|models| models.name.as_str())
    }

    /// A set of models with the hashes of its files; `None` if the operating point does not list it.
    pub fn models_of(&self, models: &ModelSetId) -> Option<&Models> {
        self.models.get(models)
    }

    /// The thresholds of the first set, for everything that no anti-spoof model measured.
    pub fn first(&self) -> &Arc<Thresholds> {
        &self.first
    }
}

impl From<&OperatingPoint> for ThresholdSets {
    fn from(point: &OperatingPoint) -> Self {
        let of_set = |pad: &super::PadThresholds| {
            Arc::new(Thresholds {
                pad: pad.clone(),
                ..point.thresholds.clone()
            })
        };
        Self {
            first: Arc::new(point.thresholds.clone()),
            by_set: point
                .models
                .iter()
                .map(|m| (m.id(), of_set(&m.pad)))
                .collect(),
            models: point.models.iter().map(|m| (m.id(), m.clone())).collect(),
            for_all: false,
        }
    }
}

/// The same thresholds for any set of models.
impl From<Thresholds> for ThresholdSets {
    fn from(thresholds: Thresholds) -> Self {
        Self {
            first: Arc::new(thresholds),
            by_set: HashMap::new(),
            models: HashMap::new(),
            for_all: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_of_models_has_numbers_of_its_own() {
        let shipped = OperatingPoint::shipped();
        let sets = ThresholdSets::from(shipped);
        for models in &shipped.models {
            assert_eq!(sets.of(&models.id()).unwrap().pad, models.pad);
            assert_eq!(sets.name_of(&models.id()), Some(models.name.as_str()));
        }
        let mut others = shipped.models[0].clone();
        others.embedder = "0".repeat(64);
        assert!(sets.of(&others.id()).is_none());
        assert_eq!(sets.of(&ModelSetId::default()), Some(sets.first()));
    }
}
