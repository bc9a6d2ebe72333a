//! A blink, frame by frame: open, closed, open again.

use serde::{Deserialize, Serialize};

use super::rest::{Rest, can_read};
use super::seen::Seen;
use super::watch::Watch;
use crate::measurement::Face;
use crate::thresholds::Thresholds;

/// How far a blink has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Blink {
    /// Frames in which eyes were visible.
    visible: usize,
    /// Whether open eyes were seen.
    was_open: bool,
    /// The least aspect ratio while closed, after they were open.
    closed: Option<f32>,
    /// The widest aspect ratio since then.
    since_closed: Option<f32>,
    /// The least that was ever seen in a frame that counts.
    least: Option<f32>,
}

/// The aspect ratios between which a blink goes, by the person's own open eyes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lids {
    /// Below it eyes are closed.
    pub closed_below: f32,
    /// Above it they are open.
    pub open_above: f32,
}

impl Lids {
    /// Those for a level of open eyes and the `blink_ear` of the challenge.
    ///
    /// Closed is below `blink_ear` and well below the person's own level: a photo of closed eyes is
    /// below `blink_ear` throughout and shows no blink. Open is well up to that level and above
    /// `blink_ear`; narrow eyes never are, so that for them nearly their own level will do.
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
    /// Takes a face into account. The wider eye tells: one eye alone is no blink. The expression model
    /// must see the lids move too: the edge of glasses across an eye moves the ratio alone.
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

    /// The least aspect ratio seen in a frame that counts.
    pub fn least(&self) -> Option<f32> {
        self.least
    }

    /// The widest aspect ratio since the eyes closed: how nearly they opened again.
    pub fn since_closed(&self) -> Option<f32> {
        self.since_closed
    }

    /// Whether the eyes have closed, and not opened since.
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Frames in which eyes were visible.
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

    /// Whether these aspect ratios of both eyes hold a blink; the flag says whether the frame counts.
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
            // Narrow eyes, never above the default of 0.20.
            (&[0.18, 0.04, 0.17], true),
            (&[0.3, 0.05, 0.05, 0.05], false),
            (&[0.05, 0.05, 0.05], false),
            (&[0.05, 0.3, 0.3], false),
            (&[0.3, 0.2, 0.3], false),
            // Half open again.
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
