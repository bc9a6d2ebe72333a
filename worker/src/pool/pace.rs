//! The pace at which this pool measures frames of clips.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Fewest measured frames before the pace counts as known.
const FEWEST: u32 = 8;

/// Frames over which the moving mean is taken.
const MEMORY: u32 = 64;

/// A single frame counts for at most this many times the mean.
const MOST_TIMES: f64 = 4.0;

/// Time without a frame after which the pace is unknown again. Otherwise one slow hour could make every
/// later clip count as too long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// Moving mean of the time that a thread takes for one frame of a clip.
#[derive(Debug, Default)]
pub struct Pace(Mutex<Known>);

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    frames: u32,
    seconds: f64,
    /// When the latest frame was finished.
    latest: Option<Instant>,
}

impl Pace {
    /// Adds the time that one frame took.
    pub fn add(&self, took: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_old() {
            *known = Known::default();
        }
        known.latest = Some(Instant::now());
        let mut took = took.as_secs_f64();
        if known.frames >= FEWEST {
            // A single delayed frame is a poor estimate of the next ones.
            took = took.min(MOST_TIMES * known.seconds);
        }
        known.frames = (known.frames + 1).min(MEMORY);
        known.seconds += (took - known.seconds) / f64::from(known.frames);
    }

    /// Seconds of one thread for one frame; `None` until enough frames were measured, and again a minute
    /// after the latest one.
    pub fn seconds(&self) -> Option<f64> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (known.frames >= FEWEST && !known.is_old()).then_some(known.seconds)
    }
}

impl Known {
    fn is_old(&self) -> bool {
        self.latest
            .is_some_and(|at| at.elapsed() >= FORGOTTEN_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_a_mean_that_follows() {
        let pace = Pace::default();
        let add =
            |ms: u64, times: u32| (0..times).for_each(|_| pace.add(Duration::from_millis(ms)));
        add(20, 7);
        assert_eq!(pace.seconds(), None);
        add(40, 7);
        assert!((pace.seconds().unwrap() - 0.03).abs() < 1e-6);
        add(100, 500);
        assert!((pace.seconds().unwrap() - 0.1).abs() < 0.001);
        add(60_000, 1);
        assert!(pace.seconds().unwrap() < 0.11);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_hour_is_forgotten() {
        let pace = Pace::default();
        (0..20).for_each(|_| pace.add(Duration::from_secs(9)));
        assert!(pace.seconds().is_some_and(|s| s > 8.0));
        tokio::time::advance(FORGOTTEN_AFTER).await;
        assert_eq!(pace.seconds(), None);
        (0..8).for_each(|_| pace.add(Duration::from_millis(20)));
        assert!(pace.seconds().is_some_and(|s| s < 0.03));
    }
}
