//! Attacks with a replay that was really filmed off a phone, changed to look live.

use fastrand::Rng;
use livegate_liveness::session::Task;

use super::stopped;
use crate::attacks::footage::Footage;
use crate::attacks::list::{Cast, TURNS};
use crate::attacks::presentation::Presentation;
use crate::attacks::search::attack::{Mode, Searched, Setting};
use crate::attacks::search::disguise::{Disguise, quality};
use crate::attacks::search::reel::{acted, changed, presentation};

/// The turns of the replay, in the order in which they were filmed.
pub const REPLAYED: [Task; 2] = [Task::TurnRight, Task::TurnLeft];

/// Footage with every picture disguised.
pub fn disguised(
    footage: &Footage,
    tasks: &[Task],
    mode: Mode,
    s: &Setting<'_>,
    rng: &mut Rng,
) -> Presentation {
    let disguise = Disguise::of(s);
    let takes = changed(acted(footage, tasks, mode), rng, |picture, face, rng| {
        disguise.on(picture, face, rng)
    });
    presentation(mode, tasks, takes, quality(s))
}

/// A live person with the same disguise.
pub fn live_disguised(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    disguised(&cast.victim, &TURNS, mode, s, rng)
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    vec![Searched {
        name: "a replay filmed off a phone, under noise, blur and tone",
        modes: &Mode::ALL,
        params: Disguise::PARAMS.to_vec(),
        make: |cast, mode, s, rng| disguised(&cast.replay, &REPLAYED, mode, s, rng),
        control: Some(live_disguised),
        expected: stopped,
    }]
}
