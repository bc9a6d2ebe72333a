//! What pictures say of how the face was presented: anti-spoof models, and signs of screens and
//! sheets.

use super::TaggedFrame;
use super::statement::{Kind, Statement};
use crate::liveness::measurement::{Cues, Face};
use crate::liveness::thresholds::{Scale, Thresholds};

/// Frames that must show a border.
pub const BORDERS: usize = 3;

/// Combined anti-spoof score of a capture, 0 (attack presentation) to 1 (bona fide); `None` when no
/// model looked.
///
/// The mean of the models' scores, over the frames that face the camera and over those that don't,
/// half and half, on the scale of the operating point. Frames that face the camera say who it is,
/// turned ones that the person is there: sending more of the one kind must not outvote the other. A
/// mean, since single frames err: a model that is wrong about one frame in six is wrong about a
/// capture only when most of its frames mislead it.
pub fn anti_spoof(frames: &[TaggedFrame], t: &Thresholds) -> Option<f32> {
    let faces = || frames.iter().filter_map(TaggedFrame::face);
    let scores = |facing: bool| {
        let of_kind = faces().filter(move |f| f.pose.is_within(t.neutral_deg) == facing);
        mean(of_kind.filter_map(Face::bona_fide_score))
    };
    combined(scores(true), scores(false), t.anti_spoof_scale)
}

/// Two parts of a score, half and half where there are both, on the scale of the operating point.
pub fn combined(one: Option<f32>, other: Option<f32>, scale: Scale) -> Option<f32> {
    let score = match (one, other) {
        (Some(one), Some(other)) => Some(f32::midpoint(one, other)),
        (one, other) => one.or(other),
    };
    score.map(|s| scale.apply(s))
}

/// What the pictures themselves say; nothing where they are too small for it.
pub fn find(frames: &[TaggedFrame], t: &Thresholds) -> Vec<Statement> {
    let faces = frames.iter().filter_map(TaggedFrame::face);
    let cues: Vec<Cues> = faces.filter_map(|f| f.cues).collect();
    let raster: Vec<f32> = cues.iter().filter_map(|c| c.periodicity).collect();
    let border: Vec<f32> = cues.iter().filter_map(|c| c.border).collect();
    state(&raster, &border, t)
}

/// The statements for what was measured of single frames.
///
/// A raster covers all of them: the median.
/// A border is in sight as long as the screen is far enough away: the third largest, since a frame or
/// two may show one by chance.
pub fn state(raster: &[f32], border: &[f32], t: &Thresholds) -> Vec<Statement> {
    let say = |kind, measured: Option<f32>, required| {
        measured.map(|measured| Statement {
            kind,
            measured,
            required,
            frame: None,
        })
    };
    let all = [
        say(Kind::Raster, median(raster), t.raster),
        say(Kind::Border, third(border), t.border),
    ];
    all.into_iter().flatten().collect()
}

/// The third largest; `None` of fewer.
fn third(values: &[f32]) -> Option<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(BORDERS - 1).copied()
}

/// The lower one of the two in the middle where their number is even; `None` without a value.
fn median(values: &[f32]) -> Option<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
    (n > 0.0).then(|| sum / n)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::{frame, no_face};

    fn scored(score: f32, yaw: f32) -> TaggedFrame {
        frame(Phase::Center, |f| {
            f.bona_fide = vec![score];
            f.pose.yaw = yaw;
        })
    }

    #[test]
    fn many_good_frames_do_not_outvote_those_that_turn() {
        let t = Thresholds::default();
        let mut frames = vec![scored(1.0, 0.0); 20];
        frames.push(scored(0.0, 30.0));
        let score = anti_spoof(&frames, &t).unwrap();
        assert!((score - 0.5).abs() < 1e-3, "{score}");
        let facing = anti_spoof(&frames[..20], &t).unwrap();
        assert!(facing > 0.999, "{facing}");
        assert_eq!(anti_spoof(&[no_face(Phase::Center)], &t), None);
    }

    #[test]
    fn signs_are_medians_over_the_frames_that_can_show_them() {
        let cued = |periodicity, border| {
            frame(Phase::Center, |f| {
                f.cues = Some(Cues {
                    periodicity,
                    border,
                });
            })
        };
        let t = Thresholds::default();
        let frames = [Some(5.0), Some(4.5), Some(0.5), None].map(|p| cued(p, None));
        let said = find(&frames, &t);
        let [raster] = said[..] else {
            panic!("{said:?}")
        };
        assert_eq!((raster.kind, raster.measured), (Kind::Raster, 4.5));
        assert!(raster.is_against());
        assert_eq!(find(&[cued(None, None)], &t), []);
    }

    proptest! {
        #[test]
        fn the_scale_keeps_the_order_and_stays_within_bounds(
            a in 0.0_f32..=1.0, b in 0.0_f32..=1.0, slope in 0.1_f32..5.0, offset in -3.0_f32..3.0,
        ) {
            let scale = Scale { slope, offset };
            let (low, high) = (scale.apply(a.min(b)), scale.apply(a.max(b)));
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low <= high);
            prop_assert!((Scale::default().apply(a) - a).abs() < 1e-3);
        }
    }
}
