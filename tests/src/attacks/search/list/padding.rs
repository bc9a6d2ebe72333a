//! Attacks that surround the few deciding frames with many good ones.

use fastrand::Rng;

use super::replay::REPLAYED;
use super::{params, stopped};
use crate::attacks::list::Cast;
use crate::attacks::presentation::{Presentation, phase};
use crate::attacks::search::attack::{Mode, Param, Searched, Setting, param};
use crate::attacks::search::disguise::{Disguise, quality};
use crate::attacks::search::reel::{Take, changed, facing, presentation, takes, turned};

const PADDING: [Param; 4] = [
    param("frontal", 1.0, 10.0),
    param("one still", 0.0, 30.0),
    param("good turned", 0.0, 4.0),
    param("spoofed turned", 1.0, 4.0),
];

/// A replay off a phone. Frames at rest and on the way into the turns are disguised as well as possible.
/// Frames that reach the angle are unchanged.
fn padded(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let replay = &cast.replay;
    let dense = match mode {
        Mode::Images => 1,
        Mode::Clip | Mode::Live => 3,
    };
    let disguise = Disguise::of(s);
    let disguised = |all: Vec<Take>, rng: &mut Rng| {
        changed(all, rng, |picture, face, rng| {
            disguise.on(picture, face, rng)
        })
    };
    let (good, spoofed) = (s.count("good turned"), s.count("spoofed turned"));
    // Room in a capture besides the turns.
    let most = match mode {
        Mode::Images => 20 - 2 * (good + spoofed),
        Mode::Clip | Mode::Live => 40,
    };
    let mut rest = facing(replay, s.count("frontal") * dense + REPLAYED.len());
    let between = rest.split_off(rest.len().saturating_sub(REPLAYED.len()));
    rest.truncate(most);
    let again = s.count("one still").min(most - rest.len());
    rest.extend(vec![replay.still(); again]);
    let mut all = disguised(takes(replay, "center", &rest), rng);
    for (position, task) in REPLAYED.into_iter().enumerate() {
        let mut way = turned(replay, task, 12.5, 22.0, good * dense);
        if mode != Mode::Images {
            // A turn starts facing the camera.
            way.splice(0..0, between.get(position).copied());
        }
        all.extend(disguised(takes(replay, phase(task), &way), rng));
        let peaks = turned(replay, task, 25.0, 70.0, spoofed * dense);
        all.extend(takes(replay, phase(task), &peaks));
    }
    presentation(mode, &REPLAYED, all, quality(s))
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    vec![Searched {
        name: "many disguised frames around turns off a phone",
        modes: &Mode::ALL,
        params: params(&PADDING, &Disguise::PARAMS),
        make: padded,
        control: None,
        expected: stopped,
    }]
}
