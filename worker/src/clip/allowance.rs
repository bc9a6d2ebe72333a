//! Whether the threads of this server can measure a clip in time.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::Unplayable;
use super::frames::RATE;
use super::probe::Probed;

/// A clip is refused when its estimated time exceeds the allowed time by this factor: the pace is an
/// estimate.
const DOUBT: f64 = 1.1;

/// The length of a clip, and the thread time there is to measure it.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    seconds: f64,
    rate: f64,
    /// Thread time, seconds: wall-clock time multiplied by the number of threads.
    time: f64,
}

impl Allowance {
    /// An allowance where all `threads` work on the clip for `time`.
    ///
    /// `time` is what was allowed when the clip was sent, not what is left after the queue. So a clip is
    /// never refused as too long because others were waiting.
    pub fn new(probed: &Probed, time: Duration, threads: NonZeroUsize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most hundreds of threads")]
        let threads = threads.get() as f64;
        Self {
            seconds: probed.seconds,
            rate: probed.rate.map_or(RATE, |rate| rate.min(RATE)),
            time: time.as_secs_f64() * threads,
        }
    }

    /// Checks that the clip can be measured in time at `pace`, in seconds of one thread for each frame.
    /// Always `Ok` while the pace is unknown.
    ///
    /// # Errors
    /// [`Unplayable::TooLongHere`], with the length that would be possible.
    pub fn check(&self, pace: Option<f64>) -> Result<(), Unplayable> {
        let Some(pace) = pace.filter(|p| *p > 0.0) else {
            return Ok(());
        };
        let possible = self.time / (pace * self.rate);
        if self.seconds > possible * DOUBT {
            return Err(Unplayable::TooLongHere {
                seconds: self.seconds,
                possible: possible.floor(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seconds: f64, rate: Option<f64>, threads: usize, pace: Option<f64>) -> Option<f64> {
        let probed = Probed {
            seconds,
            rate,
            starts_with_key: true,
            colours: None,
            guessed_matrix: None,
        };
        let threads = NonZeroUsize::new(threads).unwrap();
        let allowance = Allowance::new(&probed, Duration::from_secs(15), threads);
        match allowance.check(pace) {
            Err(Unplayable::TooLongHere { possible, .. }) => Some(possible),
            other => {
                assert_eq!(other, Ok(()));
                None
            }
        }
    }

    #[test]
    fn a_clip_is_too_long_for_slow_threads_and_not_for_more_of_them() {
        // 450 frames at 50 ms are 22.5 s of one thread.
        assert_eq!(check(30.0, Some(30.0), 1, Some(0.05)), Some(20.0));
        assert_eq!(check(30.0, Some(30.0), 2, Some(0.05)), None);
        assert_eq!(check(21.0, None, 1, Some(0.05)), None);
        assert_eq!(check(30.0, Some(8.0), 1, Some(0.05)), None);
        assert_eq!(check(30.0, Some(30.0), 1, None), None);
        assert_eq!(check(0.0, None, 1, Some(10.0)), None);
    }
}
