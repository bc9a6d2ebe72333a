//! Presence: whether there is a face, and whether it is alone.

use super::statement::{Kind, Statement};
use crate::measurement::FrameMeasurement;
use crate::thresholds::Thresholds;

/// `part` divided by `whole`, 0 to 1; 0 if `whole` is 0.
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

/// Number of frames with a second subject from which a capture shows more than one person.
///
/// It grows with the number of frames, since a detector errs more often in a long clip.
pub fn second_subject_limit(frames: usize, thresholds: &Thresholds) -> usize {
    frames
        .div_ceil(thresholds.second_face_one_in)
        .max(thresholds.second_face_frames)
}

/// The statement for a number of frames with a second subject.
///
/// `limit` is the least number that is too many; `first` is the position of the first such frame.
#[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
pub fn second_subjects(frames: usize, limit: usize, first: Option<usize>) -> Statement {
    Statement {
        frame: first,
        ..Statement::new(
            Kind::SecondFace,
            frames as f32,
            limit.saturating_sub(1) as f32,
        )
    }
}

/// Whether the second face of a frame is large enough to be a second subject.
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
    use crate::challenge::Phase;
    use crate::testing::{detected, frame};

    #[test]
    fn a_second_subject_is_in_two_frames_or_in_a_tenth_of_many() {
        let t = Thresholds::default();
        for (frames, limit) in [(1, 2), (8, 2), (20, 2), (21, 3), (75, 8), (450, 45)] {
            assert_eq!(second_subject_limit(frames, &t), limit, "{frames}");
        }
    }

    #[test]
    fn a_small_bystander_is_no_second_subject() {
        let t = Thresholds::default();
        let with_second = |share: f32| {
            let mut frame = frame(Phase::Center, |_| {}).measurement;
            let main = frame.faces[0].bounds.width;
            frame.faces.push(detected(main * share));
            has_second_subject(&frame, &t)
        };
        assert!(!with_second(0.4) && with_second(0.6));
    }
}
