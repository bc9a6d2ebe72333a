//! One person throughout.
//!
//! Embeddings weaken as the head turns away, so a turned face is not held against the frontal one
//! but against what is most like it: the frames are joined into ever larger groups, the two most
//! alike first, and the least likeness at which groups had to be joined is the score. One person's
//! frames, taken along a movement, hang together; two people end as two groups that are joined at
//! last and unlike, also where one of them shows only in the turned frames.
//!
//! Groups are compared by the means of their embeddings (average linkage; Sokal and Michener 1958,
//! here with centroids on the sphere). By their closest members instead, one chance likeness among
//! all pairs joins two people: on captures of 2 to 12 frames, composed of four people's turns with
//! one action's frames swapped for another person's, the closest pair let 28% of the swaps pass at a
//! threshold of 0.40, the means 2%, where they refuse 2% of the captures of one person.

mod direct;
mod linkage;

pub use self::direct::{Direct, least};
use self::linkage::Group;
pub use self::linkage::Linkage;
use super::TaggedFrame;
use crate::liveness::challenge::{Angles, HeadMove};
use crate::liveness::embedding::Embedding;
use crate::liveness::measurement::Face;
use crate::liveness::pose::Pose;
use crate::liveness::thresholds::Thresholds;

/// Frames whose face can be compared with others'.
pub fn usable_frames(frames: &[TaggedFrame], t: &Thresholds) -> usize {
    usable(frames, t).count()
}

/// Whether a face can be compared that is on its way to one of these turns, or there: otherwise
/// nothing says that who faced the camera is who turned.
pub fn covers_turns(
    frames: &[TaggedFrame],
    turns: impl Iterator<Item = HeadMove> + Clone,
    angles: &Angles,
    t: &Thresholds,
) -> bool {
    let is_turned =
        |turn: HeadMove, pose| turn.extent(pose) >= t.neutral_deg.min(angles.required(turn));
    usable(frames, t).any(|f| turns.clone().any(|turn| is_turned(turn, f.pose)))
}

/// Whether a face in this pose can be compared with others.
pub fn is_usable(pose: Pose, t: &Thresholds) -> bool {
    pose.yaw.abs() <= t.usable_yaw_deg && pose.pitch.abs() <= t.usable_pitch_deg
}

fn usable<'a>(frames: &'a [TaggedFrame], t: &Thresholds) -> impl Iterator<Item = &'a Face> {
    let faces = frames.iter().filter_map(TaggedFrame::face);
    faces.filter(|f| f.embedding.is_some() && is_usable(f.pose, t))
}

/// How strongly all usable frames hang together, 0 to 1; `None` with fewer than two of them.
pub fn consistency(frames: &[TaggedFrame], t: &Thresholds) -> Option<f32> {
    let groups = usable(frames, t).filter_map(|face| Group::of(face, t));
    linkage::consistency(groups.collect())
}

/// The face of the capture: mean embedding of its portraits, or of the most frontal frame.
pub fn template(frames: &[TaggedFrame], portrait_deg: f32) -> Option<Embedding> {
    let faces = || {
        frames
            .iter()
            .filter_map(TaggedFrame::face)
            .filter_map(|f| Some((f.pose, f.embedding.as_ref()?)))
    };
    let portraits = faces().filter(|(pose, _)| pose.is_within(portrait_deg));
    Embedding::mean(portraits.map(|(_, embedding)| embedding)).or_else(|| {
        faces()
            .min_by(|(a, _), (b, _)| a.deviation().total_cmp(&b.deviation()))
            .map(|(_, embedding)| embedding.clone())
    })
}

fn is_reliable(pose: Pose, t: &Thresholds) -> bool {
    pose.yaw.abs() <= t.reliable_yaw_deg && pose.pitch.abs() <= t.reliable_pitch_deg
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::liveness::challenge::Phase;
    use crate::liveness::evidence::testing::{frame, no_face, person};

    fn consistency_of(frames: &[TaggedFrame]) -> Option<f32> {
        consistency(frames, &Thresholds::default())
    }

    fn seen(degrees: f32, yaw: f32) -> TaggedFrame {
        frame(Phase::Center, |f| {
            f.embedding = Some(person(degrees));
            f.pose.yaw = yaw;
        })
    }

    /// A frame that was only glanced at.
    fn glanced_at(yaw: f32) -> TaggedFrame {
        frame(Phase::Center, |f| {
            (f.embedding, f.pose.yaw) = (None, yaw);
        })
    }

    #[test]
    fn a_person_who_turns_hangs_together_and_a_swap_does_not() {
        // 30 degrees between neighbours is a cosine of 0.87, 60 between the ends one of 0.5.
        let turn = [seen(0.0, 0.0), seen(30.0, 20.0), seen(60.0, 35.0)];
        assert!(consistency_of(&turn).unwrap() > 0.7);
        let swap = [
            seen(0.0, 0.0),
            seen(5.0, 20.0),
            seen(90.0, 35.0),
            seen(95.0, 38.0),
        ];
        assert!(consistency_of(&swap).unwrap() < 0.1);
    }

    #[test]
    fn one_face_has_nothing_to_be_compared_with() {
        assert_eq!(
            consistency_of(&[seen(0.0, 0.0), no_face(Phase::Center), seen(0.0, 85.0)]),
            None
        );
        assert_eq!(consistency_of(&[]), None);
    }

    #[test]
    fn the_template_comes_from_portraits_where_there_are_some() {
        let t = template(&[seen(90.0, 40.0), seen(0.0, 3.0), seen(10.0, -3.0)], 15.0).unwrap();
        assert!((t.cosine(&person(5.0)) - 1.0).abs() < 1e-5);
        let t = template(&[seen(90.0, 40.0), seen(0.0, 30.0)], 15.0).unwrap();
        assert!((t.cosine(&person(0.0)) - 1.0).abs() < 1e-5);
        assert_eq!(template(&[no_face(Phase::Center)], 15.0), None);
    }

    #[test]
    fn a_glance_says_nothing_about_who_it_is() {
        let whole = [seen(90.0, 40.0), seen(0.0, 3.0), seen(10.0, -3.0)];
        let between = [0.0, 20.0].map(glanced_at);
        let mixed = [&between[..1], &whole, &between[1..]].concat();
        let t = Thresholds::default();
        assert_eq!(usable_frames(&mixed, &t), usable_frames(&whole, &t));
        assert_eq!(consistency_of(&mixed), consistency_of(&whole));
        for portrait_deg in [15.0, 1.0] {
            let of = |frames| template(frames, portrait_deg);
            assert_eq!(of(&mixed), of(&whole), "{portrait_deg}");
        }
        assert_eq!(
            (consistency_of(&between), template(&between, 15.0)),
            (None, None)
        );
    }

    proptest! {
        #[test]
        fn the_score_does_not_depend_on_the_order_of_frames(
            people in prop::collection::vec((0.0_f32..90.0, -40.0_f32..40.0), 2..8), by in 0_usize..8,
        ) {
            let frames: Vec<_> = people.iter().map(|(d, yaw)| seen(*d, *yaw)).collect();
            let mut rotated = frames.clone();
            rotated.rotate_left(by % frames.len());
            let (a, b) = (consistency_of(&frames).unwrap(), consistency_of(&rotated).unwrap());
            prop_assert!((a - b).abs() < 1e-6);
        }

        #[test]
        fn a_stranger_among_reliable_frames_always_shows(
            yaws in prop::collection::vec(-40.0_f32..40.0, 2..10), stranger in -40.0_f32..40.0,
        ) {
            let mut frames: Vec<_> = yaws.iter().map(|y| seen(0.0, *y)).collect();
            frames.push(seen(80.0, stranger));
            prop_assert!(consistency_of(&frames).unwrap() < 0.2);
        }
    }
}
