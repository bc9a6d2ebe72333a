//! What the API stands on: queue, stores and limits, in this process or elsewhere.

use std::sync::Arc;

use livegate_common::broker::Publisher;
use livegate_common::limits::Limits;
use livegate_common::liveness::thresholds::Thresholds;
use livegate_common::presence::Presence;
use livegate_common::results::ResultStore;
use livegate_common::seal::SealKey;
use livegate_common::sessions::SessionStore;

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
    /// The operating point.
    pub thresholds: Arc<Thresholds>,
    /// What is counted of all that.
    pub metrics: Metrics,
}
