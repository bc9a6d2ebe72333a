//! Thresholds that owe nothing to a subject: the rules that the shipped ones follow, on everybody else.

use livegate_common::liveness::challenge::Phase;
use livegate_common::liveness::evidence::identity::{consistency, least};
use livegate_common::liveness::evidence::{TaggedFrame, speed};
use livegate_common::liveness::measurement::Cues;
use livegate_common::liveness::session::Task;
use livegate_common::liveness::thresholds::Thresholds;

use super::footage::{Footage, RATE, extent};

/// What live footage of one person comes to, at most or at least.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// Highest correlation of two of its pictures, the head having been elsewhere between.
    copy: f32,
    /// Least likeness of two of its faces.
    least: Option<f32>,
    /// Highest peak of a single frame's spectrum.
    raster: f32,
    /// Third highest border.
    border: f32,
    /// Fastest turn, degrees a second, error included.
    speed: f32,
    /// Consistency of all its frames.
    consistency: Option<f32>,
}

impl Extremes {
    /// Looks through footage that was looked at as a whole.
    pub fn of(footage: &Footage) -> Self {
        let frames = frames(footage);
        let faces = || frames.iter().filter_map(TaggedFrame::face);
        let cues = |cue: fn(&Cues) -> Option<f32>| {
            let mut all: Vec<f32> = faces().filter_map(|f| cue(f.cues.as_ref()?)).collect();
            all.sort_by(|a, b| b.total_cmp(a));
            all
        };
        let poses: Vec<_> = faces().map(|f| f.pose).collect();
        let steps = poses
            .windows(2)
            .map(|two| two[0].differs_by(two[1]) * RATE as f32);
        Self {
            copy: most_alike(&frames, &Thresholds::default()),
            least: least(&frames, &Thresholds::default()).map(|(least, _)| least),
            raster: cues(|c| c.periodicity).first().copied().unwrap_or(0.0),
            border: cues(|c| c.border).get(2).copied().unwrap_or(0.0),
            speed: speed::find(&frames, &Thresholds::default()).map_or(0.0, |_| {
                let mut steps: Vec<f32> = steps.collect();
                steps.sort_by(f32::total_cmp);
                // Of single steps some are errors of measurement.
                steps.get(steps.len() * 99 / 100).copied().unwrap_or(0.0)
            }),
            consistency: consistency(&frames, &Thresholds::default()),
        }
    }
}

/// The thresholds that these people's footage gives, and no other's; what has no rule is as shipped.
pub fn thresholds(others: &[(&Footage, &Extremes)]) -> Thresholds {
    let most = |of: fn(&Extremes) -> f32| others.iter().map(|(_, e)| of(e)).fold(0.0, f32::max);
    let lowest = |of: fn(&Extremes) -> Option<f32>| {
        others.iter().filter_map(|(_, e)| of(e)).fold(1.0, f32::min)
    };
    let swapped = swaps(&others.iter().map(|(f, _)| *f).collect::<Vec<_>>());
    let round = |value: f32, to: f32| (value / to).round() * to;
    Thresholds {
        copy_likeness: (most(|e| e.copy) * 1000.0).ceil() / 1000.0,
        least_likeness: round(lowest(|e| e.least) * 0.7, 0.05),
        raster: round(most(|e| e.raster) * 4.0 / 3.0, 0.1),
        border: round(most(|e| e.border) + 0.25, 0.05),
        head_speed: round(most(|e| e.speed) * 3.0, 100.0).max(400.0),
        same_person: swapped.map_or(Thresholds::default().same_person, |swapped| {
            round(f32::midpoint(swapped, lowest(|e| e.consistency)), 0.05)
        }),
        ..Thresholds::default()
    }
}

/// The highest consistency of one person's footage in which another does one movement; `None` without
/// two who move.
fn swaps(people: &[&Footage]) -> Option<f32> {
    let moving: Vec<&&Footage> = people.iter().filter(|f| turns(f)).collect();
    let mut highest = None;
    for (a, b) in moving
        .iter()
        .flat_map(|a| moving.iter().map(move |b| (a, b)))
    {
        if a.name == b.name {
            continue;
        }
        for task in super::list::TURNS {
            let (out, into) = (a.movement(task), b.movement(task));
            let mut mixed = frames(a);
            mixed.drain(out.start..=out.end);
            mixed.extend(frames(b).drain(into.start..=into.end));
            highest = consistency(&mixed, &Thresholds::default())
                .into_iter()
                .chain(highest)
                .reduce(f32::max);
        }
    }
    highest
}

/// Whether somebody turns the head both ways.
pub fn turns(footage: &Footage) -> bool {
    let most = |task: Task| {
        let peak = footage.movement(task).peak;
        footage.face(peak).map_or(0.0, |f| extent(task, f))
    };
    super::list::TURNS.into_iter().all(|task| most(task) > 20.0)
}

fn most_alike(frames: &[TaggedFrame], t: &Thresholds) -> f32 {
    let faces: Vec<_> = frames.iter().filter_map(TaggedFrame::face).collect();
    let mut most = 0.0_f32;
    for (first, a) in faces.iter().enumerate() {
        let mut moved = false;
        for b in &faces[first + 1..] {
            if moved && a.pose.differs_by(b.pose) < t.copy_pose_deg {
                most = most.max(a.sketch.likeness(&b.sketch));
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
