//! Which actions poses, eyes and mouths show, without regard to identity and copies.

use serde::{Deserialize, Serialize};

use crate::challenge::{Angles, Challenge};
use crate::evidence::clarity::unclear;
use crate::evidence::identity::is_comparable;
use crate::measurement::Face;
use crate::movement::{self, Missing, Movement, Rest, Standing, Task, Watch, Why};
use crate::sampling::Sampling;
use crate::tagged::TaggedFrame;
use crate::thresholds::Thresholds;

/// The actions of a challenge that the frames of a capture do not show, in the order of the challenge.
pub fn missed(
    challenge: &Challenge,
    frames: &[TaggedFrame],
    sampling: Sampling,
    t: &Thresholds,
) -> Vec<(Task, Missing)> {
    let standings: Vec<Standing> = frames.iter().map(|f| standing(f, t)).collect();
    let moving = vec![false; frames.len()];
    let found = movement::find(
        &challenge.actions,
        frames,
        &standings,
        &moving,
        &challenge.angles,
        sampling,
        t,
    );
    let failed = found.into_iter().filter_map(|(_, found)| found.err());
    failed.map(|f| (Task::from(f.action), f.missing)).collect()
}

/// Whether an action may rest on a frame, by how well its face can be seen and by its pose.
fn standing(frame: &TaggedFrame, t: &Thresholds) -> Standing {
    match frame.face() {
        None => Standing::NotSeen,
        Some(face) if unclear(face, t).is_some() => Standing::NotSeen,
        Some(face) if is_comparable(face.pose, t) => Standing::Counts,
        Some(_) => Standing::NotComparable,
    }
}

/// What the frames of a live session show of its current task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    movement: Movement,
    rest: Rest,
    /// Whether a frame showed a face that can be judged.
    saw_face: bool,
    is_whole: bool,
}

impl Shown {
    /// Before the first frame of the first task.
    pub fn of(task: Task) -> Self {
        Self {
            movement: Movement::of(task),
            rest: Rest::default(),
            saw_face: false,
            is_whole: false,
        }
    }

    /// Before the first frame of the next task. The levels at rest are known from the tasks before.
    #[must_use]
    pub fn next(self, task: Task) -> Self {
        Self {
            rest: self.rest,
            ..Self::of(task)
        }
    }

    /// Notes that a face was seen, without anything that it shows.
    pub fn see_face(&mut self) {
        self.saw_face = true;
    }

    /// Updates it with the next face that can be judged. `alone`: no second person is in the frame.
    pub fn see(&mut self, face: &Face, alone: bool, angles: &Angles, t: &Thresholds) {
        self.see_face();
        if !alone || self.is_whole {
            return;
        }
        self.rest.learn(face, t);
        let watch = Watch {
            angles,
            sampling: Sampling::Dense,
            counts: true,
            stands_still: false,
        };
        let seen = self.movement.see(face, &self.rest, &watch, t);
        self.is_whole = seen.is_whole;
    }

    /// What the task lacks; `None` if it was shown.
    pub fn missing(&self, angles: &Angles, t: &Thresholds) -> Option<Missing> {
        if self.is_whole {
            return None;
        }
        let missing = self.movement.missing(&self.rest, angles, t);
        let why = if self.saw_face {
            missing.why
        } else {
            Why::NoFrames
        };
        Some(Missing { why, ..missing })
    }
}
