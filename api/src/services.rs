//! What the API stands on: queue, stores and limits, in this process or elsewhere.

use std::sync::{Arc, Mutex, PoisonError};

use livegate_common::broker::Publisher;
use livegate_common::limits::Limits;
use livegate_common::presence::Presence;
use livegate_common::results::ResultStore;
use livegate_common::seal::SealKey;
use livegate_common::sessions::SessionStore;
use livegate_liveness::thresholds::ThresholdSets;

use crate::metrics::Metrics;

/// The seams to everything outside the API. Clones are the same services.
#[derive(Clone)]
pub struct Services {
    /// Where frame batches go.
    pub publisher: Arc<dyn Publisher>,
    /// Where outcomes come from.
    pub results: Arc<dyn ResultStore>,
    /// Where session records are.
    pub sessions: Arc<dyn SessionStore>,
    /// Rates and places of all keys.
    pub limits: Arc<dyn Limits>,
    /// Which workers are there.
    pub presence: Arc<dyn Presence>,
    /// What frames and outcomes are sealed with; the workers have the same.
    pub seal: SealKey,
    /// The operating point, for each set of models that it is for.
    pub thresholds: ThresholdSets,
    /// The models that measured last.
    pub models: LatestModels,
    /// What is counted of all that.
    pub metrics: Metrics,
}

/// The set of models that measured last, by its name. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct LatestModels(Arc<Mutex<Option<String>>>);

impl LatestModels {
    /// Notes that these models measure; logs where they are others than before.
    pub fn note(&self, name: &str) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_deref() != Some(name) {
            tracing::info!(models = %name, "Measured by the models `{name}`");
            *latest = Some(name.to_owned());
        }
    }

    /// Their name; `None` where nothing was measured yet.
    pub fn name(&self) -> Option<String> {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }
}

#[cfg(test)]
mod testing {
    use livegate_common::broker::MemoryBroker;
    use livegate_common::limits::MemoryLimits;
    use livegate_common::presence::MemoryPresence;
    use livegate_common::results::MemoryResults;
    use livegate_common::sessions::MemorySessions;

    use super::*;

    impl Services {
        /// Services in memory, without workers.
        pub(crate) fn in_memory(thresholds: impl Into<ThresholdSets>) -> Self {
            Self {
                publisher: Arc::new(MemoryBroker::new()),
                results: Arc::new(MemoryResults::new()),
                sessions: Arc::new(MemorySessions::new()),
                limits: Arc::new(MemoryLimits::new()),
                presence: Arc::new(MemoryPresence::new()),
                seal: SealKey::random().unwrap(),
                thresholds: thresholds.into(),
                models: LatestModels::default(),
                metrics: Metrics::default(),
            }
        }
    }
}
