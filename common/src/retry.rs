//! Pauses between attempts, for brokers and stores.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder, Retryable};
use tokio::time::Instant;

use crate::results::StoreError;

/// Pauses before a store is asked again: 100, 200, 400, 800 ms.
const STORE: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(100))
    .with_max_times(4);

/// Time after which a store is not called again.
const STORE_LIMIT: Duration = Duration::from_secs(2);

/// Pauses between attempts, doubling each time, without a limit on attempts.
#[derive(Debug)]
pub struct Backoff {
    builder: ExponentialBuilder,
    pauses: ExponentialBackoff,
    longest: Duration,
    is_fresh: bool,
}

impl Backoff {
    /// Pauses that start with `first` and double each time, up to `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(first)
            .with_max_delay(longest)
            .without_max_times();
        Self {
            builder,
            pauses: builder.build(),
            longest,
            is_fresh: true,
        }
    }

    /// Returns to the first pause. Call it after a success.
    pub fn reset(&mut self) {
        self.pauses = self.builder.build();
        self.is_fresh = true;
    }

    /// Whether no attempt has failed since the last success.
    pub fn is_fresh(&self) -> bool {
        self.is_fresh
    }

    /// Waits for the next pause.
    pub async fn wait(&mut self) {
        self.is_fresh = false;
        let pause = self.pauses.next().unwrap_or(self.longest);
        tokio::time::sleep(pause).await;
    }
}

/// Calls a store, and again while it does not answer: no call starts later than three seconds after the
/// first. A call may take two seconds itself. Only for operations that may be repeated.
///
/// # Errors
/// The [`StoreError`] of the last attempt.
pub async fn store<T, F>(ask: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let began = Instant::now();
    ask.retry(STORE)
        .sleep(tokio::time::sleep)
        // A store that stalls has used up the time with its first answer that does not come.
        .when(|_| began.elapsed() < STORE_LIMIT)
        .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_up_to_the_longest_and_start_again_after_a_success() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_millis(500));
        let mut backoff = Backoff::new(first, longest);
        let mut paused = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            backoff.wait().await;
            // The paused clock advances in whole milliseconds.
            paused.push((began.elapsed().as_millis() + 5) / 10 * 10);
        }
        assert_eq!(paused, [100, 200, 400, 500, 500]);
        assert!(!backoff.is_fresh());
        backoff.reset();
        let began = Instant::now();
        backoff.wait().await;
        assert!(began.elapsed() < 2 * first);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_is_asked_five_times() {
        let asked = Cell::new(0);
        let fails = async || {
            asked.set(asked.get() + 1);
            Err::<(), _>(StoreError("away".to_owned()))
        };
        assert!(store(fails).await.is_err());
        assert_eq!(asked.get(), 5);
        let at_last = async || {
            asked.set(asked.get() + 1);
            if asked.get() < 8 {
                Err(StoreError("away".to_owned()))
            } else {
                Ok(asked.get())
            }
        };
        assert_eq!(store(at_last).await.unwrap(), 8);
    }
}
