//! Reports regularly that a worker is present.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use livegate_common::presence::{Presence, Worker};
use livegate_common::shutdown::Shutdown;
use tracing::warn;
use uuid::Uuid;

/// Time between two reports.
pub const BEAT: Duration = Duration::from_secs(2);
/// Time for which a report is valid.
const SEEN_FOR: Duration = Duration::from_secs(7);

/// Reports regularly that this worker is present, and how many threads it has, until shutdown. Then reports that
/// it is gone.
pub async fn beat(presence: Arc<dyn Presence>, threads: NonZeroUsize, shutdown: Shutdown) {
    let worker = Worker {
        id: Uuid::new_v4(),
        threads: u32::try_from(threads.get()).unwrap_or(u32::MAX),
    };
    let mut ticks = tokio::time::interval(BEAT);
    let mut away = false;
    loop {
        tokio::select! {
            () = shutdown.wait() => break,
            _ = ticks.tick() => {}
        }
        match presence.beat(worker, SEEN_FOR).await {
            Ok(()) => away = false,
            // Logged once for each outage: the store logs its own reconnects, too.
            Err(e) if !away => {
                warn!("This worker cannot report its presence: {e}");
                away = true;
            }
            Err(_) => {}
        }
    }
    let _ = presence.leave(worker).await;
}
