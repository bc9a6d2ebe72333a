//! How a worker says that it is there.

use std::sync::Arc;
use std::time::Duration;

use livegate_common::presence::Presence;
use livegate_common::shutdown::Shutdown;
use tracing::warn;
use uuid::Uuid;

/// How often a worker says that it is there.
const BEAT: Duration = Duration::from_secs(2);
/// How long it counts as there after it last said so.
const SEEN_FOR: Duration = Duration::from_secs(7);

/// Says regularly that this worker is there, and at the end that it no longer is.
pub async fn beat(presence: Arc<dyn Presence>, shutdown: Shutdown) {
    let worker = Uuid::new_v4();
    let mut ticks = tokio::time::interval(BEAT);
    let mut away = false;
    loop {
        tokio::select! {
            () = shutdown.wait() => break,
            _ = ticks.tick() => {}
        }
        match presence.beat(worker, SEEN_FOR).await {
            Ok(()) => away = false,
            // Once is enough: the store's own reconnects are logged too.
            Err(e) if !away => {
                warn!("This worker cannot say that it is there: {e}");
                away = true;
            }
            Err(_) => {}
        }
    }
    let _ = presence.leave(worker).await;
}
