//! A blink: eyes open, closed, open again.

use super::{FailedAction, TaggedFrame, Unit, Why};
use crate::liveness::challenge::Action;
use crate::liveness::thresholds::Thresholds;

/// Looks for a blink and gives the index of the frame in which the eyes are closed.
///
/// Only frames near enough to frontal count, where aspect ratios can be compared. The closing must
/// be in a frame tagged `blink`, or in any where frames come without tags; the open eyes before and after it may be in any frame. Closed is
/// below `blink_ear` *and* well below the session's own open level: a photo of closed eyes is below
/// `blink_ear` throughout and shows no blink. And the expression model must see the lids move too: the
/// edge of glasses across an eye moves the ratio alone.
///
/// # Errors
/// What was measured instead.
pub fn find(
    frames: &[TaggedFrame],
    blink_ear: f32,
    thresholds: &Thresholds,
) -> Result<usize, FailedAction> {
    let eyes: Vec<Eyes> = visible(frames, thresholds).collect();
    let dip = eyes
        .iter()
        .filter(|e| e.tagged)
        .min_by(|a, b| a.ratio.total_cmp(&b.ratio));
    let measured = dip.map(|e| e.ratio);
    let fail = |why, measured, required, unit| {
        Err(FailedAction {
            action: Action::Blink,
            why,
            measured,
            required,
            unit,
        })
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "captures hold at most a few hundred frames"
    )]
    {
        let tagged = eyes.iter().filter(|e| e.tagged).count();
        if tagged == 0 {
            return fail(Why::NoFrames, Some(0.0), 1.0, Unit::Frames);
        }
        if eyes.len() < thresholds.blink_frames {
            let (seen, needed) = (eyes.len() as f32, thresholds.blink_frames as f32);
            return fail(Why::NoFrames, Some(seen), needed, Unit::Frames);
        }
    }
    let level = open_level(&eyes);
    let closed = blink_ear.min(thresholds.blink_closed_share * level);
    let open = blink_ear.max(thresholds.blink_open_share * level);
    let lids_move = open_score(&eyes) + thresholds.blink_rise;
    let closings = || {
        eyes.iter()
            .enumerate()
            .filter(|(_, e)| e.tagged && e.ratio < closed && e.score >= lids_move)
    };
    let is_open = |e: &Eyes| e.ratio > open;
    let begun = |at: usize| eyes[..at].iter().any(is_open);
    let ended = |at: usize| eyes[at + 1..].iter().any(is_open);

    if let Some((_, found)) = closings().find(|(at, _)| begun(*at) && ended(*at)) {
        return Ok(found.index);
    }
    let ratio = Unit::EyeAspectRatio;
    if measured.is_none_or(|m| m >= blink_ear) {
        fail(Why::NotReached, measured, blink_ear, ratio)
    } else if closings().next().is_none() {
        fail(Why::NoMovement, measured, closed, ratio)
    } else if closings().any(|(at, _)| begun(at)) {
        // The widest that the eyes opened after they first closed: how near it came.
        let first = closings().next().map_or(0, |(at, _)| at);
        let reopened = eyes[first + 1..].iter().map(|e| e.ratio).reduce(f32::max);
        fail(Why::NotReopened, reopened, open, ratio)
    } else {
        let first = closings().next().map_or(0, |(at, _)| at);
        let before = eyes[..first].iter().map(|e| e.ratio).reduce(f32::max);
        fail(Why::NoNeutralBefore, before, open, ratio)
    }
}

struct Eyes {
    index: usize,
    tagged: bool,
    ratio: f32,
    /// Blink score.
    score: f32,
}

fn visible<'a>(
    frames: &'a [TaggedFrame],
    thresholds: &'a Thresholds,
) -> impl Iterator<Item = Eyes> + 'a {
    frames.iter().enumerate().filter_map(|(index, frame)| {
        let face = frame.face()?;
        let near_frontal = face.pose.yaw.abs() <= thresholds.eyes_yaw_deg
            && face.pose.pitch.abs() <= thresholds.eyes_pitch_deg;
        near_frontal.then(|| Eyes {
            index,
            tagged: frame.phase.may_show(Action::Blink),
            ratio: face.eyes.ratio(),
            score: face.eyes.blink(),
        })
    })
}

/// The blink score of the session's own open eyes: the lower quartile, likewise.
fn open_score(eyes: &[Eyes]) -> f32 {
    let mut scores: Vec<f32> = eyes.iter().map(|e| e.score).collect();
    scores.sort_by(f32::total_cmp);
    scores.get(scores.len() / 4).copied().unwrap_or(0.0)
}

/// The session's own open-eye level: the upper quartile, so that neither the closed frames nor one
/// wide-eyed frame set it.
fn open_level(eyes: &[Eyes]) -> f32 {
    let mut ratios: Vec<f32> = eyes.iter().map(|e| e.ratio).collect();
    ratios.sort_by(f32::total_cmp);
    ratios.get(ratios.len() * 3 / 4).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::frame;
    use crate::liveness::measurement::Face;

    const BLINK: Phase = Phase::Of(Action::Blink);

    fn eyes(phase: Phase, ratio: f32) -> TaggedFrame {
        frame(phase, |f| {
            see(f, ratio);
        })
    }

    /// Eyes of this ratio, closed where it is low.
    fn see(face: &mut Face, ratio: f32) {
        let score = if ratio < 0.15 { 0.7 } else { 0.05 };
        (face.eyes.left_ratio, face.eyes.right_ratio) = (ratio, ratio);
        (face.eyes.left_blink, face.eyes.right_blink) = (score, score);
    }

    fn blink(ratios: &[f32]) -> Result<usize, Why> {
        let frames: Vec<_> = ratios.iter().map(|r| eyes(BLINK, *r)).collect();
        find(&frames, 0.2, &Thresholds::default()).map_err(|f| f.why)
    }

    #[test]
    fn a_blink_is_open_then_closed_then_open() {
        for (ratios, expected) in [
            (&[0.30, 0.05, 0.29][..], Ok(1)),
            (&[0.22, 0.21, 0.06, 0.21], Ok(2)),
            (&[0.30, 0.31, 0.29], Err(Why::NotReached)),
            (&[0.30, 0.05, 0.05], Err(Why::NotReopened)),
            (&[0.30, 0.05, 0.12], Err(Why::NotReopened)),
            (&[0.05, 0.05, 0.30], Err(Why::NoNeutralBefore)),
            (&[0.19, 0.16, 0.19], Err(Why::NoMovement)),
            (&[0.05, 0.05, 0.05], Err(Why::NoMovement)),
            (&[0.30, 0.05], Err(Why::NoFrames)),
        ] {
            assert_eq!(blink(ratios), expected, "{ratios:?}");
        }
    }

    #[test]
    fn the_dip_must_be_tagged_and_the_open_eyes_need_not() {
        let c = Phase::Center;
        let elsewhere = [eyes(c, 0.3), eyes(c, 0.05), eyes(c, 0.3), eyes(BLINK, 0.3)];
        let failed = find(&elsewhere, 0.2, &Thresholds::default()).unwrap_err();
        assert_eq!(failed.why, Why::NotReached);
        let tagged = [eyes(c, 0.3), eyes(BLINK, 0.05), eyes(c, 0.3)];
        assert_eq!(find(&tagged, 0.2, &Thresholds::default()), Ok(1));
    }

    #[test]
    fn a_low_ratio_alone_is_no_moving_lid() {
        let mut frames = [0.3, 0.05, 0.3].map(|r| eyes(BLINK, r));
        let squint = frames[1].measurement.face.as_mut().unwrap();
        (squint.eyes.left_blink, squint.eyes.right_blink) = (0.1, 0.1);
        let failed = find(&frames, 0.2, &Thresholds::default()).unwrap_err();
        assert_eq!(failed.why, Why::NoMovement);
    }

    #[test]
    fn eyes_of_a_turned_head_do_not_count() {
        let turned = frame(BLINK, |f| {
            f.pose.yaw = 35.0;
            see(f, 0.05);
        });
        let frames = [
            eyes(Phase::Center, 0.3),
            turned,
            eyes(BLINK, 0.3),
            eyes(BLINK, 0.3),
        ];
        let failed = find(&frames, 0.2, &Thresholds::default()).unwrap_err();
        assert_eq!(failed.why, Why::NotReached);
    }

    proptest! {
        #[test]
        fn a_still_never_blinks_however_its_ratio_jitters(
            level in 0.0_f32..0.4, jitter in prop::collection::vec(0.85_f32..1.15, 3..20), ear in 0.12_f32..0.28,
        ) {
            let frames: Vec<_> = jitter.iter().map(|j| eyes(BLINK, level * j)).collect();
            prop_assert!(find(&frames, ear, &Thresholds::default()).is_err());
        }
    }
}
