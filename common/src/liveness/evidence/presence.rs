//! Whether there is a face to judge, and whether it is alone.

use super::TaggedFrame;
use super::statement::{Kind, Statement};
use crate::liveness::measurement::{Face, FrameMeasurement};
use crate::liveness::thresholds::Thresholds;

/// A frame without its main face where that is too narrow or too noisy: models that are fed so little
/// see what they like.
#[must_use]
pub fn without_unclear_face(
    mut frame: FrameMeasurement,
    thresholds: &Thresholds,
) -> FrameMeasurement {
    let is_clear = |f: &Face| !is_narrow(f, thresholds) && !is_noisy(f, thresholds);
    frame.face = frame.face.filter(is_clear);
    frame
}

/// Whether a face has too few pixels to be judged.
pub fn is_narrow(face: &Face, thresholds: &Thresholds) -> bool {
    face.bounds.width < thresholds.face_px
}

/// Whether the noise of a face's pixels hides what the models look for.
pub fn is_noisy(face: &Face, thresholds: &Thresholds) -> bool {
    face.quality.noise > thresholds.face_noise
}

/// Frames that show a face.
pub fn frames_with_face(frames: &[TaggedFrame]) -> usize {
    frames.iter().filter(|f| f.face().is_some()).count()
}

/// Share of frames that show a face, 0 to 1; 0 for no frames.
pub fn face_ratio(frames: &[TaggedFrame]) -> f32 {
    share(frames_with_face(frames), frames.len())
}

/// `part` of `whole`, 0 to 1; 0 for nothing.
pub fn share(part: usize, whole: usize) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "captures hold at most a few hundred frames"
    )]
    match whole {
        0 => 0.0,
        n => part as f32 / n as f32,
    }
}

/// Number of frames with a second subject from which a capture shows more than one: in a clip of
/// many frames a detector errs more often.
pub fn second_subject_limit(frames: usize, thresholds: &Thresholds) -> usize {
    frames
        .div_ceil(thresholds.second_face_one_in)
        .max(thresholds.second_face_frames)
}

/// Frames in which a second face is large enough to be a second subject, not a bystander.
pub fn frames_with_second_subject(frames: &[TaggedFrame], thresholds: &Thresholds) -> usize {
    frames
        .iter()
        .filter(|f| has_second_subject(&f.measurement, thresholds))
        .count()
}

/// How many frames show a second subject, held against how many may.
pub fn second_subjects(frames: &[TaggedFrame], thresholds: &Thresholds) -> Statement {
    let seconds = frames_with_second_subject(frames, thresholds);
    let shows = |f: &TaggedFrame| has_second_subject(&f.measurement, thresholds);
    Statement {
        frame: frames.iter().position(shows),
        ..state_second_subjects(seconds, second_subject_limit(frames.len(), thresholds))
    }
}

/// The statement for so many frames with a second subject, where `limit` are too many.
#[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
pub fn state_second_subjects(frames: usize, limit: usize) -> Statement {
    Statement {
        kind: Kind::SecondFace,
        measured: frames as f32,
        required: limit.saturating_sub(1) as f32,
        frame: None,
    }
}

/// Whether a second face is large enough to be a second subject.
pub fn has_second_subject(frame: &FrameMeasurement, thresholds: &Thresholds) -> bool {
    match frame.faces.as_slice() {
        [main, second, ..] => {
            second.bounds.width > thresholds.second_face_share * main.bounds.width
        }
        [] | [_] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::{detected, frame, no_face};

    #[test]
    fn the_ratio_counts_frames_and_is_zero_for_none() {
        let (with, without) = (frame(Phase::Center, |_| {}), no_face(Phase::Center));
        assert!(
            (face_ratio(&[with.clone(), with.clone(), without.clone(), with]) - 0.75).abs() < 1e-6
        );
        assert!(face_ratio(&[without]).abs() < f32::EPSILON);
        assert!(face_ratio(&[]).abs() < f32::EPSILON);
    }

    #[test]
    fn a_face_that_is_too_narrow_or_too_noisy_counts_as_not_seen() {
        let t = Thresholds::default();
        let seen = |change: fn(&mut Face)| {
            let frame = frame(Phase::Center, change).measurement;
            without_unclear_face(frame, &t).face.is_some()
        };
        assert!(seen(|_| {}));
        assert!(seen(|f| f.quality.noise = 4.0) && !seen(|f| f.quality.noise = 12.0));
        assert!(seen(|f| f.bounds.width = 45.0) && !seen(|f| f.bounds.width = 35.0));
    }

    #[test]
    fn a_second_subject_is_in_two_frames_or_in_a_tenth_of_many() {
        let t = Thresholds::default();
        for (frames, limit) in [(1, 2), (8, 2), (20, 2), (21, 3), (75, 8), (450, 45)] {
            assert_eq!(second_subject_limit(frames, &t), limit, "{frames}");
        }
    }

    #[test]
    fn a_small_bystander_is_no_second_subject() {
        let with_second = |width| {
            let mut f = frame(Phase::Center, |_| {});
            f.measurement.faces.push(detected(width));
            f
        };
        let main = frame(Phase::Center, |_| {}).measurement.faces[0]
            .bounds
            .width;
        let t = Thresholds::default();
        assert_eq!(
            frames_with_second_subject(&[with_second(main * 0.4)], &t),
            0
        );
        assert_eq!(
            frames_with_second_subject(
                &[with_second(main * 0.6), frame(Phase::Center, |_| {})],
                &t
            ),
            1
        );
    }
}
