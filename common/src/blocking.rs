//! Runs CPU work on messages: large ones on a blocking thread, small ones in place.
//!
//! Sealing and opening take about a millisecond a megabyte. A clip's message would delay everything else on
//! its async thread. A live frame's message is done before another thread has begun with it.

use tokio::task::{JoinError, spawn_blocking};

/// Largest message that is processed in place, bytes. That takes a fraction of a millisecond.
const SMALL: usize = 256 << 10;

/// Runs `work` on a message of about `bytes` bytes, on a thread for blocking work if the message is large.
///
/// # Errors
/// [`JoinError`] if the work ended early on that thread.
pub async fn run_blocking_if_large<T: Send + 'static>(
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
        let done_by = async |bytes| {
            run_blocking_if_large(bytes, || thread::current().id())
                .await
                .unwrap()
        };
        assert_eq!(done_by(SMALL).await, here);
        assert_ne!(done_by(SMALL + 1).await, here);
    }
}
