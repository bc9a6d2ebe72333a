//! The attacks, one function each, grouped by the material that the attacker has.

mod edits;
mod genuine;
mod paper;
mod puppets;
mod screens;

use std::sync::Arc;

use fastrand::Rng;
use image::RgbImage;
use livegate_instruments::camera::noisy;
use livegate_instruments::face::Frame;
use livegate_liveness::session::Task;

use super::footage::Footage;
use super::presentation::Presentation;
use super::presentation::{Shot, phase};

/// Turns to both sides.
pub const TURNS: [Task; 2] = [Task::TurnLeft, Task::TurnRight];

/// The footage that an attacker has.
#[derive(Clone)]
pub struct Cast {
    /// The person who is impersonated, turning the head.
    pub victim: Arc<Footage>,
    /// Another person who turns the head.
    pub other: Arc<Footage>,
    /// A person who blinks and smiles.
    pub actor: Arc<Footage>,
    /// A replay that was really filmed off a screen.
    pub replay: Arc<Footage>,
}

/// The expected result of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It must be stopped, for every person and all parameters. Otherwise the suite fails.
    Stopped,
    /// It may be accepted, for this reason.
    Open(&'static str),
}

/// An attack.
pub struct Attack {
    /// Name, also in the document.
    pub name: &'static str,
    /// The expected result.
    pub expected: Expected,
    /// Makes one presentation.
    pub make: fn(&Cast, &mut Rng) -> Presentation,
}

/// All attacks.
pub fn all() -> Vec<Attack> {
    [
        paper::attacks(),
        puppets::attacks(),
        screens::attacks(),
        edits::attacks(),
        genuine::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn stopped(name: &'static str, make: fn(&Cast, &mut Rng) -> Presentation) -> Attack {
    Attack {
        name,
        expected: Expected::Stopped,
        make,
    }
}

fn open(
    name: &'static str,
    why: &'static str,
    make: fn(&Cast, &mut Rng) -> Presentation,
) -> Attack {
    Attack {
        name,
        expected: Expected::Open(why),
        make,
    }
}

/// A random number from `least` to `most`.
fn between(rng: &mut Rng, least: f32, most: f32) -> f32 {
    least + (most - least) * rng.f32()
}

/// A still of a person, and the position of the face in it.
fn still(footage: &Footage) -> (&RgbImage, Frame) {
    let index = footage.still();
    (&footage.pictures[index], footage.frame(index))
}

/// A head pose to show, degrees.
#[derive(Clone, Copy)]
struct Goal {
    yaw: f32,
    pitch: f32,
}

/// A capture for verify in which `show` makes the picture for each pose: two frames that face the
/// camera, then five of each movement. Each frame gets its own sensor noise.
fn acted(
    tasks: &[Task],
    rng: &mut Rng,
    mut show: impl FnMut(Goal, &mut Rng) -> RgbImage,
) -> Vec<Shot> {
    let mut shots = Vec::new();
    let mut shoot = |phase, goal, rng: &mut Rng| {
        let picture = noisy(&show(goal, rng), 1.5, rng);
        shots.push(Shot { phase, picture });
    };
    (0..2).for_each(|_| {
        shoot(
            "center",
            Goal {
                yaw: 0.0,
                pitch: 0.0,
            },
            rng,
        )
    });
    for task in tasks {
        let peak = between(rng, 32.0, 38.0);
        for share in [0.4, 0.75, 1.0, 0.97, 0.5] {
            shoot(phase(*task), towards(*task, peak * share), rng);
        }
    }
    shots
}

/// The same for an interactive session: each movement there and back several times, in small steps.
fn performed(
    tasks: &[Task],
    rng: &mut Rng,
    mut show: impl FnMut(Goal, &mut Rng) -> RgbImage,
) -> Vec<RgbImage> {
    let shares = [0.0, 0.0, 0.2, 0.45, 0.7, 0.9, 1.0, 0.98, 0.7, 0.4, 0.1];
    let mut pictures = Vec::new();
    for task in tasks {
        let peak = between(rng, 32.0, 38.0);
        for share in shares {
            let picture = show(towards(*task, peak * share), rng);
            pictures.push(noisy(&picture, 1.5, rng));
        }
    }
    pictures
}

fn towards(task: Task, degrees: f32) -> Goal {
    let (yaw, pitch) = match task {
        Task::TurnLeft => (-degrees, 0.0),
        Task::TurnRight => (degrees, 0.0),
        Task::LookUp => (0.0, -degrees),
        Task::LookDown => (0.0, degrees),
        Task::Blink | Task::Smile | Task::OpenMouth => (0.0, 0.0),
    };
    Goal { yaw, pitch }
}

/// Pictures, each with its own sensor noise.
fn noised(pictures: &[&RgbImage], rng: &mut Rng) -> Vec<RgbImage> {
    pictures.iter().map(|p| noisy(p, 1.5, rng)).collect()
}

/// The same pictures as frames of one phase.
fn tagged(phase: &'static str, pictures: &[&RgbImage], rng: &mut Rng) -> Vec<Shot> {
    let pictures = noised(pictures, rng).into_iter();
    pictures.map(|picture| Shot { phase, picture }).collect()
}
