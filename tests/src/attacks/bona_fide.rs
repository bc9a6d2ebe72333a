//! Sessions of live people, cut from their footage in many ways, to measure the share that is accepted.

use fastrand::Rng;
use livegate_instruments::camera::{blurred, lit, scaled};
use livegate_liveness::session::Task;

use super::footage::{Footage, RATE};
use super::presentation::Presentation;

use Task::{Blink, LookDown, LookUp, OpenMouth, Smile, TurnLeft, TurnRight};

/// A person in footage.
pub struct Subject {
    /// Name of the clip.
    pub file: &'static str,
    /// Movements that it shows; in this order where there are several.
    pub shows: &'static [Task],
}

/// All people.
pub const SUBJECTS: [Subject; 11] = [
    Subject {
        file: "live/turns_a.mov",
        shows: &[TurnLeft, TurnRight, LookUp, LookDown],
    },
    Subject {
        file: "live/turns_b.mov",
        shows: &[TurnLeft, TurnRight, LookUp, LookDown],
    },
    Subject {
        file: "live/turns_c.mov",
        shows: &[LookUp, TurnRight, TurnLeft, LookDown],
    },
    Subject {
        file: "live/turns_d.mov",
        shows: &[TurnLeft, TurnRight, LookUp, LookDown],
    },
    Subject {
        file: "live/turns_e.mp4",
        shows: &[TurnRight, TurnLeft, LookUp, LookDown],
    },
    Subject {
        file: "actions/smile_blink.mp4",
        shows: &[Smile, Blink],
    },
    Subject {
        file: "actions/open_mouth_eyes.mp4",
        shows: &[Blink, OpenMouth],
    },
    Subject {
        file: "actions/blinks_smile.mp4",
        shows: &[Blink, Smile],
    },
    Subject {
        file: "actions/talking_smile.mp4",
        shows: &[Blink, Smile],
    },
    Subject {
        file: "actions/blinks_closeup.mp4",
        shows: &[Blink],
    },
    Subject {
        file: "actions/expressions.mp4",
        shows: &[Blink, Smile],
    },
];

/// Frames at rest before a movement: a second. A person waits that long at least until they have read what to do.
const REST: usize = RATE as usize;
/// Frames before and after a movement: a person stays in front of the camera.
const AROUND: [usize; 2] = [REST, REST];

/// One session of a person: some of the shown movements, in some order, in one of the modes, with some
/// quality of picture.
pub fn session(subject: &Subject, footage: &Footage, rng: &mut Rng) -> Presentation {
    let mut tasks = subject.shows.to_vec();
    rng.shuffle(&mut tasks);
    tasks.truncate(rng.usize(1..=tasks.len().min(3)));
    // In another order than that of the film, pictures that are neighbours in time would come before and after a
    // movement, which no camera sees.
    if footage.overlap(&tasks, AROUND, REST) {
        tasks.sort_by_key(|t| footage.movement(*t).start);
    }
    // Verify needs two or more actions, and none of the mouth.
    let is_live = tasks.len() < 2 || tasks.iter().any(|t| matches!(t, Smile | OpenMouth));
    let ways = if is_live { 2..3 } else { 0..3 };
    let session = match rng.usize(ways) {
        0 => {
            let rest = footage.neutral_ahead(&tasks, REST);
            let indices = footage.indices_after(rest, &tasks);
            Presentation::images(&tasks, footage.shot(indices))
        }
        1 => {
            let step = rng.usize(1..=2);
            let frames = footage.take(&footage.runs_with(&tasks, step, AROUND));
            Presentation::clip(&tasks, frames, RATE / if step == 1 { 1 } else { 2 })
        }
        _ => {
            let frames = footage.take(&footage.runs_with(&tasks, rng.usize(1..=3), AROUND));
            Presentation::live(&tasks, frames)
        }
    };
    let (gain, sigma, share) = (0.7 + 0.6 * rng.f32(), rng.f32(), 0.5 + 0.5 * rng.f32());
    let mut session = session.seen_through(|picture| {
        let small = scaled(picture, share, image::imageops::FilterType::Triangle);
        lit(&blurred(&small, sigma.max(0.1) * share), gain)
    });
    session.quality = rng.u8(60..=95);
    session
}
