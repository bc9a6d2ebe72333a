//! The embedded service: queue, stores and workers in this process. This is the default, for one
//! machine.

use std::sync::Arc;

use livegate_api::metrics::Metrics;
use livegate_api::services::{LatestModels, PointName, Services};
use livegate_common::broker::{MemoryBroker, Queue};
use livegate_common::limits::MemoryLimits;
use livegate_common::presence::MemoryPresence;
use livegate_common::results::MemoryResults;
use livegate_common::seal::{SealError, SealKey};
use livegate_common::sessions::MemorySessions;
use livegate_common::shutdown::{Shutdown, Trigger};
use livegate_liveness::thresholds::ThresholdSets;
use livegate_worker::AnalyzerPool;
use tokio::task::JoinHandle;

use crate::pool::prefetch;

/// Services in memory, without workers.
///
/// # Errors
/// [`SealError`] when the system has no random bytes for a key.
pub fn services(
    thresholds: impl Into<ThresholdSets>,
) -> Result<(Services, MemoryBroker), SealError> {
    let broker = MemoryBroker::new();
    let services = Services {
        publisher: Arc::new(broker.clone()),
        results: Arc::new(MemoryResults::new()),
        sessions: Arc::new(MemorySessions::new()),
        limits: Arc::new(MemoryLimits::new()),
        presence: Arc::new(MemoryPresence::new()),
        seal: SealKey::random()?,
        thresholds: thresholds.into(),
        point: PointName::default(),
        models: LatestModels::default(),
        metrics: Metrics::default(),
    };
    Ok((services, broker))
}

/// The workers of this process.
pub struct Workers {
    trigger: Trigger,
    running: JoinHandle<()>,
}

impl Workers {
    /// Starts measuring what is published at `broker`, on the threads of `pool`.
    pub fn start(services: &Services, broker: &MemoryBroker, pool: Arc<AnalyzerPool>) -> Self {
        let (trigger, shutdown) = Shutdown::new();
        // Twice the number of threads for each queue, so that no thread waits for its next batch.
        let prefetch = prefetch(pool.threads());
        let consumer = Box::new(broker.consumer(&Queue::ALL, prefetch));
        let results = Arc::clone(&services.results);
        let seal = services.seal.clone();
        let beating = livegate_worker::beat(
            Arc::clone(&services.presence),
            pool.threads(),
            shutdown.clone(),
        );
        let working = livegate_worker::run(consumer, results, pool, seal, shutdown);
        let running = tokio::spawn(async move {
            tokio::join!(beating, working);
        });
        Self { trigger, running }
    }

    /// Finishes the batches that were begun. Call it once nobody waits for a result any more.
    pub async fn stop(self) {
        self.trigger.stop();
        let _ = self.running.await;
    }
}
