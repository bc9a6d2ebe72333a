//! A blink, frame by frame: eyes open, closed, open again.

use serde::{Deserialize, Serialize};

use super::rest::{Rest, can_read};
use super::seen::Seen;
use super::watch::Watch;
use crate::measurement::Face;
use crate::thresholds::Thresholds;

/// Progress of a blink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blink {
    /// Number of frames in which the eyes could be read.
    visible: usize,
    /// Whether open eyes were seen.
    was_open: bool,
    /// Lowest aspect ratio of closed eyes, after they were open.
    closed: Option<f32>,
    /// Highest aspect ratio since the eyes closed.
    since_closed: Option<f32>,
    /// Lowest aspect ratio in all frames that count.
    least: Option<f32>,
}

/// The aspect ratios that separate closed and open eyes, relative to the person's own open eyes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lids {
    /// Eyes are closed below this aspect ratio.
    pub closed_below: f32,
    /// Eyes are open above this aspect ratio.
    pub open_above: f32,
}

impl Lids {
    /// The limits for a person's level of open eyes and the challenge's `blink_ear`.
    ///
    /// Closed means below `blink_ear` and below `blink_closed_share` of the person's own level: a photo of
    /// closed eyes is below `blink_ear` in every frame and shows no blink. Open means above `blink_ear` and
    /// above `blink_open_share` of that level. Narrow eyes are never above `blink_ear`; they are open above
    /// `blink_narrow_share` of their own level.
    pub fn of(level: f32, blink_ear: f32, t: &Thresholds) -> Self {
        Self {
            closed_below: blink_ear.min(t.blink_closed_share * level),
            open_above: blink_ear
                .min(t.blink_narrow_share * level)
                .max(t.blink_open_share * level),
        }
    }
}

impl Blink {
    /// Updates the blink with the face of the next frame.
    ///
    /// The wider eye counts: closing one eye alone is not a blink. The blink score of the expression model
    /// must rise too, since the edge of glasses across an eye lowers the aspect ratio alone.
    pub fn see(&mut self, face: &Face, rest: &Rest, watch: &Watch<'_>, t: &Thresholds) -> Seen {
        if !can_read(face.pose, t) {
            return Seen::nothing(true);
        }
        self.visible += 1;
        let ratio = face.eyes.wider();
        if watch.counts {
            self.least = Some(self.least.map_or(ratio, |l| l.min(ratio)));
        }
        let Some((level, open_score)) = rest.eyes.zip(rest.blink) else {
            return Seen::nothing(true);
        };
        let lids = Lids::of(level, watch.angles.blink_ear, t);
        let share = |ratio: f32| (level - ratio) / (level - lids.closed_below);
        if ratio > lids.open_above {
            self.was_open = true;
            if let Some(closed) = self.closed
                && self.visible >= t.blink_frames
            {
                return Seen {
                    share: share(closed),
                    is_turning_point: false,
                    is_whole: true,
                    is_readable: true,
                };
            }
        }
        let lids_moved = face.eyes.blink() >= open_score + t.blink_rise;
        let is_closed = watch.counts && ratio < lids.closed_below && lids_moved;
        let is_turning_point = self.was_open && is_closed && self.closed.is_none();
        if self.was_open && is_closed {
            self.closed = Some(self.closed.map_or(ratio, |c| c.min(ratio)));
        }
        if self.closed.is_some() {
            self.since_closed = Some(self.since_closed.map_or(ratio, |w| w.max(ratio)));
        }
        Seen {
            share: share(ratio),
            is_turning_point,
            is_whole: false,
            is_readable: true,
        }
    }

    /// The lowest aspect ratio in the frames that count.
    pub fn least(&self) -> Option<f32> {
        self.least
    }

    /// The highest aspect ratio since the eyes closed: how far they opened again.
    pub fn since_closed(&self) -> Option<f32> {
        self.since_closed
    }

    /// Whether the eyes have closed and not opened since.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Number of frames in which the eyes could be read.
    pub fn visible(&self) -> usize {
        self.visible
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::challenge::Angles;
    use crate::sampling::Sampling;
    use crate::testing::face;

    /// Whether these aspect ratios of both eyes contain a blink. The flag tells whether the frame counts.
    fn passes(eyes: &[(f32, f32, bool)], blink_ear: f32) -> bool {
        let (mut blink, mut rest, t) = (Blink::default(), Rest::default(), Thresholds::default());
        let angles = Angles {
            blink_ear,
            ..Angles::default()
        };
        eyes.iter().any(|(left, right, counts)| {
            let mut face = face();
            (face.eyes.left_ratio, face.eyes.right_ratio) = (*left, *right);
            let score = |ratio: f32| if ratio < 0.15 { 0.7 } else { 0.1 };
            (face.eyes.left_blink, face.eyes.right_blink) = (score(*left), score(*right));
            rest.learn(&face, &t);
            let watch = Watch {
                angles: &angles,
                sampling: Sampling::Chosen,
                counts: *counts,
                stands_still: false,
            };
            blink.see(&face, &rest, &watch, &t).is_whole
        })
    }

    fn both(ratios: &[f32]) -> Vec<(f32, f32, bool)> {
        ratios.iter().map(|r| (*r, *r, true)).collect()
    }

    #[test]
    fn a_blink_closes_both_eyes_and_opens_them_again() {
        for (ratios, whole) in [
            (&[0.3, 0.05, 0.28][..], true),
            (&[0.3, 0.2, 0.1, 0.05, 0.15, 0.29], true),
            // Narrow eyes, never above the default `blink_ear` of 0.20.
            (&[0.18, 0.04, 0.17], true),
            (&[0.3, 0.05, 0.05, 0.05], false),
            (&[0.05, 0.05, 0.05], false),
            (&[0.05, 0.3, 0.3], false),
            (&[0.3, 0.2, 0.3], false),
            // The eyes open half way only.
            (&[0.3, 0.05, 0.19], false),
        ] {
            assert_eq!(passes(&both(ratios), 0.2), whole, "{ratios:?}");
        }
        let wink = [(0.3, 0.3, true), (0.3, 0.03, true), (0.3, 0.3, true)];
        assert!(!passes(&wink, 0.2));
    }

    #[test]
    fn the_closing_must_be_in_a_frame_that_counts_and_the_open_eyes_need_not() {
        let elsewhere = [(0.3, 0.3, true), (0.05, 0.05, false), (0.3, 0.3, true)];
        assert!(!passes(&elsewhere, 0.2));
        let tagged = [(0.3, 0.3, false), (0.05, 0.05, true), (0.3, 0.3, false)];
        assert!(passes(&tagged, 0.2));
    }

    #[test]
    fn a_low_ratio_alone_is_no_moving_lid() {
        let (mut blink, mut rest, t) = (Blink::default(), Rest::default(), Thresholds::default());
        let angles = Angles::default();
        let watch = Watch {
            angles: &angles,
            sampling: Sampling::Dense,
            counts: true,
            stands_still: false,
        };
        for ratio in [0.3, 0.05, 0.3] {
            let mut face = face();
            (face.eyes.left_ratio, face.eyes.right_ratio) = (ratio, ratio);
            rest.learn(&face, &t);
            assert!(!blink.see(&face, &rest, &watch, &t).is_whole);
        }
    }

    proptest! {
        #[test]
        fn a_still_never_blinks_however_its_ratio_jitters(
            level in 0.0_f32..0.4, jitter in prop::collection::vec(0.85_f32..1.15, 3..20), ear in 0.12_f32..0.28,
        ) {
            let eyes: Vec<_> = jitter.iter().map(|j| (level * j, level * j, true)).collect();
            prop_assert!(!passes(&eyes, ear));
        }
    }
}
