//! Work on messages: aside when they are large, in place when they are small.
//!
//! Sealing and opening take about a millisecond a megabyte. A clip's would hold up everything else
//! on its async thread; a live frame's is over before another thread has begun with it.

use tokio::task::{JoinError, spawn_blocking};

/// Bytes up to which work is done in place, where it takes a fraction of a millisecond.
const SMALL: usize = 256 << 10;

/// Does `work` on a message of about `bytes`, on a thread for blocking work unless that is little.
///
/// # Errors
/// [`JoinError`] when the work was cut short on that thread.
pub async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    if bytes <= SMALL {
        Ok(work())
    } else {
        spawn_blocking(work).await
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn only_large_messages_leave_their_thread() {
        let here = thread::current().id();
        let done_by = async |bytes| aside(bytes, || thread::current().id()).await.unwrap();
        assert_eq!(done_by(SMALL).await, here);
        assert_ne!(done_by(SMALL + 1).await, here);
    }
}
