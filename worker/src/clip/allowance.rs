//! Whether the threads of this server can measure a clip in time.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::Unplayable;
use super::frames::RATE;
use super::probe::Probed;

/// How much of the time a clip may seem to take before it is refused: the pace is an estimate.
const DOUBT: f64 = 1.1;

/// How much time a clip has, and how much of it there is to measure.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    seconds: f64,
    rate: f64,
    /// Seconds of all threads together.
    time: f64,
}

impl Allowance {
    /// For a clip that has all of `threads` for `time`: the time that was allowed for it when it was sent,
    /// not what a queue left of it. A clip is never called too long because others were waiting.
    pub fn new(probed: &Probed, time: Duration, threads: NonZeroUsize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "at most hundreds of threads")]
        let threads = threads.get() as f64;
        Self {
            seconds: probed.seconds,
            rate: probed.rate.map_or(RATE, |rate| rate.min(RATE)),
            time: time.as_secs_f64() * threads,
        }
    }

    /// Whether it can be measured in time, at `pace` seconds of a thread for each frame.
    ///
    /// # Errors
    /// [`Unplayable::TooLongHere`].
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
