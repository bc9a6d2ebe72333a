//! The services under the API: queue, stores and limits, in this process or elsewhere.

use std::sync::{Arc, Mutex, PoisonError};

use livegate_common::broker::Publisher;
use livegate_common::limits::Limits;
use livegate_common::presence::Presence;
use livegate_common::results::ResultStore;
use livegate_common::seal::SealKey;
use livegate_common::sessions::SessionStore;
use livegate_liveness::thresholds::ThresholdSets;

use crate::metrics::Metrics;

/// Interfaces to everything outside the API. Clones share the same services.
#[derive(Clone)]
pub struct Services {
    /// Queue of batches for the workers.
    pub publisher: Arc<dyn Publisher>,
    /// Store of the workers' outcomes.
    pub results: Arc<dyn ResultStore>,
    /// Store of session records.
    pub sessions: Arc<dyn SessionStore>,
    /// Rates and places of all keys.
    pub limits: Arc<dyn Limits>,
    /// List of the workers that are running.
    pub presence: Arc<dyn Presence>,
    /// Key that frames and outcomes are sealed with; the workers have the same.
    pub seal: SealKey,
    /// Thresholds of the operating point, for each set of models that it covers.
    pub thresholds: ThresholdSets,
    /// The name of that operating point.
    pub point: PointName,
    /// The set of models that measured last.
    pub models: LatestModels,
    /// Metrics of all of this.
    pub metrics: Metrics,
}

/// Which operating point it is, for receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointName {
    /// `shipped`, or the name of the file of thresholds; empty where there is no file.
    pub name: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// The set of models that measured last, by its name. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LatestModels(Arc<Mutex<Option<String>>>);

impl LatestModels {
    /// Notes that these models measured; logs their name if it differs from the last.
    pub fn note(&self, name: &str) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_deref() != Some(name) {
            tracing::info!(models = %name, "Measured by the models `{name}`");
            *latest = Some(name.to_owned());
        }
    }

    /// Name of these models; `None` before the first measurement.
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
                point: PointName::default(),
                models: LatestModels::default(),
                metrics: Metrics::default(),
            }
        }
    }
}
