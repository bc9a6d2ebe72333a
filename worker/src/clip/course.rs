//! Timeline of a clip: where it begins, and whether frames are missing.

/// Longest time between two frames, seconds. What happens in a longer gap is unknown.
const MAX_GAP_SECONDS: f64 = 0.5;

/// A gap that ends within this time of the first frame is attributed to the recorder's start, seconds.
///
/// Browsers keep the first frame and then wait for the camera, or for the sound, for up to two seconds.
/// Frames before that gap are left out, as if the recording had started later: nothing in the remaining
/// frames is hidden.
const START_SECONDS: f64 = 2.5;

/// How a frame relates to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It continues them.
    Following,
    /// The clip begins here: the frames before it are left out.
    Beginning,
}

/// The timeline so far. Frames are added in the order of decoding.
#[derive(Debug, Default, PartialEq)]
pub struct Course {
    first: Option<f64>,
    latest: Option<f64>,
    kept: usize,
    has_gap: bool,
}

impl Course {
    /// Adds the next frame, taken at `seconds`.
    pub fn add(&mut self, seconds: f64) -> Place {
        let first = *self.first.get_or_insert(seconds);
        let before = self.latest.replace(seconds);
        // A time that runs backwards or is unknown counts as a gap, too.
        let follows = |before: f64| seconds > before && seconds - before <= MAX_GAP_SECONDS;
        let is_later = before.is_some_and(|before| seconds > before);
        if before.is_none_or(follows) {
            self.kept += 1;
            Place::Following
        } else if is_later && seconds - first <= START_SECONDS && !self.has_gap {
            self.kept = 1;
            Place::Beginning
        } else {
            self.kept += 1;
            self.has_gap = true;
            Place::Following
        }
    }

    /// Number of frames from the beginning on.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Whether there is a gap among the kept frames.
    pub fn has_gap(&self) -> bool {
        self.has_gap
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn course(times: &[f64]) -> (usize, bool) {
        let mut course = Course::default();
        times.iter().for_each(|t| {
            course.add(*t);
        });
        (course.kept(), course.has_gap())
    }

    #[test]
    fn a_gap_at_the_start_is_left_out_and_a_later_one_is_not() {
        assert_eq!(course(&[0.0, 0.5, 0.75]), (3, false));
        assert_eq!(course(&[0.0, 0.767, 0.8, 0.867]), (3, false));
        assert_eq!(course(&[0.0, 0.7, 1.4, 2.1, 2.2]), (2, false));
        assert_eq!(course(&[5.0, 5.1, 7.2, 7.3]), (2, false));
        assert_eq!(course(&[0.0, 0.1, 2.6, 2.7]), (4, true));
        assert_eq!(course(&[0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 3.0]), (8, true));
    }

    #[test]
    fn a_clock_that_goes_back_or_is_not_there_is_a_gap() {
        assert!(course(&[0.5, 0.25]).1);
        assert!(course(&[0.5, 0.5]).1);
        assert!(course(&[0.5, f64::NAN]).1);
        assert!(course(&[f64::NAN, 0.5, 0.6]).1);
        assert!(course(&[0.0, 0.5, 0.4, 1.5]).1);
    }

    proptest! {
        #[test]
        fn what_remains_has_no_gap_unless_it_is_told(steps in prop::collection::vec(0.01f64..1.5, 1..40)) {
            let (mut course, mut kept, mut now) = (Course::default(), Vec::new(), 0.0);
            for step in steps {
                now += step;
                if course.add(now) == Place::Beginning {
                    kept.clear();
                }
                kept.push(now);
            }
            prop_assert_eq!(course.kept(), kept.len());
            let widest = kept.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
            prop_assert_eq!(course.has_gap(), widest > MAX_GAP_SECONDS);
        }
    }
}
