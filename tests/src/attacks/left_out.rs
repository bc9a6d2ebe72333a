//! Thresholds that do not depend on a subject: the rules of the shipped thresholds, applied to all other
//! subjects.

use livegate_liveness::challenge::Phase;
use livegate_liveness::decision::best_frame;
use livegate_liveness::evidence::identity::{Identity, is_comparable};
use livegate_liveness::evidence::{Evidence, Kind, Plan, Sighting};
use livegate_liveness::measurement::Face;
use livegate_liveness::sampling::Sampling;
use livegate_liveness::session::Task;
use livegate_liveness::tagged::TaggedFrame;
use livegate_liveness::thresholds::{OperatingPoint, Thresholds};

use super::footage::{Footage, RATE, extent};

/// Margin beyond the worst of the other subjects, as a share of that value.
const MARGIN: f32 = 1.0 / 3.0;

/// Extreme values of the live footage of one person, by the rules and numbers of the shipped operating
/// point. `None` where the footage has nothing to measure a value on.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// Least likeness of a comparable face to the portrait, less the likeness required for its pose, a
    /// cosine. Above 0 every face passes.
    pub slack: Option<f32>,
    /// Least likeness of two faces in near poses, a cosine.
    pub pair: Option<f32>,
    /// Second highest peak in the spectra of one part, natural logarithm of power.
    pub raster: Option<f32>,
    /// Third highest border, 0 to 1.
    pub border: Option<f32>,
    /// Fastest turn without the fastest hundredth of the steps, degrees a second, including the error of
    /// measurement.
    pub speed: Option<f32>,
    /// Fastest change of the surroundings, as a multiple of what its duration allows.
    pub scene: Option<f32>,
    /// Highest score of two pictures between which the head was in another pose.
    pub copy: Option<f32>,
}

impl Extremes {
    /// The extremes of footage that was measured in full.
    pub fn of(footage: &Footage) -> Self {
        let (t, frames) = (Thresholds::default(), frames(footage));
        let evidence = gathered(&frames, &t);
        let statements = evidence.statements(&t);
        let measured = |kind: Kind| {
            statements
                .iter()
                .find(|s| s.kind == kind)
                .map(|s| s.measured)
        };
        let judged = |f: &TaggedFrame| Evidence::judged(&f.measurement, &t).cloned();
        let faces: Vec<Face> = frames.iter().filter_map(judged).collect();
        Self {
            slack: evidence.identity().weakest().map(|w| w - t.same_person),
            pair: measured(Kind::LeastLikeness),
            raster: measured(Kind::Raster),
            border: measured(Kind::Border),
            speed: fastest(&frames, &t),
            scene: measured(Kind::SceneChange),
            copy: most_alike(&faces, &t),
        }
    }
}

/// Gathers evidence of footage as a verification does of a capture. Each frame counts as one that a
/// caller chose, so that a single face unlike the portrait decides.
fn gathered(frames: &[TaggedFrame], t: &Thresholds) -> Evidence {
    let sampling = Sampling::Chosen;
    let plan = Plan {
        sampling,
        most_pictures: 0,
        away_frames: 1,
        copies: 0,
        jitter_s: 0.0,
        second_subjects: None,
    };
    let judged = frames
        .iter()
        .filter_map(|f| Evidence::judged(&f.measurement, t));
    let best = best_frame(frames, t).and_then(|i| frames[i].face()?.embedding.as_ref());
    let identity = best.map_or_else(
        || Identity::new(sampling, t),
        |best| Identity::with_portrait(sampling, best, judged, t),
    );
    let mut evidence = Evidence::new(plan, identity, t);
    for (position, frame) in (0..).zip(frames) {
        let seen = Sighting {
            frame: &frame.measurement,
            position,
            seconds: frame.seconds,
            supports: false,
            keep: false,
        };
        evidence.add(seen, t);
    }
    evidence
}

/// The operating point that follows from the footage of these people alone.
///
/// Likenesses, rasters, scene changes and copies keep a margin of a third beyond the worst value,
/// borders a margin of 0.25, and heads may turn three times as fast. Thresholds without a rule stay as
/// shipped.
pub fn operating_point(others: &[&Extremes]) -> OperatingPoint {
    let shipped = OperatingPoint::shipped().clone();
    let all = |of: fn(&Extremes) -> Option<f32>| others.iter().filter_map(move |e| of(e));
    let most = |of| all(of).reduce(f32::max);
    let least = |of| all(of).reduce(f32::min);
    let mut t = shipped.thresholds.clone();
    if let Some(slack) = least(|e| e.slack) {
        // The requirement moves in every pose by the same amount: slack is measured from it.
        let moved = (t.same_person + slack) * (1.0 - MARGIN) - t.same_person;
        for demanded in [
            &mut t.same_person,
            &mut t.far_likeness,
            &mut t.far_likeness_down,
        ] {
            *demanded += moved;
        }
    }
    if let Some(pair) = least(|e| e.pair) {
        t.least_likeness = pair * (1.0 - MARGIN);
    }
    if let Some(raster) = most(|e| e.raster) {
        t.raster = raster * (1.0 + MARGIN);
    }
    if let Some(border) = most(|e| e.border) {
        t.border = border + 0.25;
    }
    if let Some(speed) = most(|e| e.speed) {
        t.head_speed = (speed * 3.0).max(400.0);
    }
    if let Some(scene) = most(|e| e.scene) {
        for allowed in [&mut t.scene_step, &mut t.scene_rate, &mut t.scene_most] {
            *allowed *= scene * (1.0 + MARGIN);
        }
    }
    if let Some(copy) = most(|e| e.copy) {
        t.copy_likeness = copy + (1.0 - copy) * MARGIN;
    }
    OperatingPoint {
        thresholds: t,
        ..shipped
    }
}

/// Whether the footage shows turns to both sides.
pub fn turns(footage: &Footage) -> bool {
    let most = |task: Task| {
        let peak = footage.movement(task).peak;
        footage.face(peak).map_or(0.0, |f| extent(task, f))
    };
    super::list::TURNS.into_iter().all(|task| most(task) > 20.0)
}

/// Speed of the fastest step between two frames with reliable poses, without the fastest hundredth: some
/// single steps are errors of measurement.
fn fastest(frames: &[TaggedFrame], t: &Thresholds) -> Option<f32> {
    let poses = frames
        .iter()
        .map(|f| f.face().map(|f| f.pose).filter(|p| is_comparable(*p, t)));
    let poses: Vec<_> = poses.collect();
    let steps = poses.windows(2).filter_map(|two| Some((two[0]?, two[1]?)));
    let mut steps: Vec<f32> = steps.map(|(a, b)| a.differs_by(b) * RATE as f32).collect();
    steps.sort_by(f32::total_cmp);
    steps.get(steps.len() * 99 / 100).copied()
}

fn most_alike(faces: &[Face], t: &Thresholds) -> Option<f32> {
    let mut most = None;
    for (first, a) in faces.iter().enumerate() {
        let mut moved = false;
        for b in &faces[first + 1..] {
            if moved && a.pose.differs_by(b.pose) < t.copy_pose_deg {
                let alike = a.sketch.same_picture(&b.sketch);
                most = Some(most.map_or(alike, |m: f32| m.max(alike)));
            }
            moved |= a.pose.differs_by(b.pose) >= t.copy_away_deg;
        }
    }
    most
}

fn frames(footage: &Footage) -> Vec<TaggedFrame> {
    let frame = |(index, seen): (usize, &_)| TaggedFrame {
        phase: Phase::Untagged,
        measurement: Clone::clone(seen),
        seconds: Some(index as f32 / RATE as f32),
        has_picture: true,
    };
    footage.seen.iter().enumerate().map(frame).collect()
}
