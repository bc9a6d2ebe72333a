//! Attacks that combine live footage of the victim from different recordings.

use fastrand::Rng;
use image::imageops::flip_horizontal;
use livegate_instruments::perturb::{Tone, elsewhere, toned};
use livegate_liveness::session::Task;

use super::params;
use crate::attacks::list::{Cast, Expected, TURNS};
use crate::attacks::presentation::{Presentation, phase};
use crate::attacks::search::attack::{Mode, Param, Searched, Setting, change, param};
use crate::attacks::search::disguise::{Variation, quality};
use crate::attacks::search::reel::{Take, changed, facing, near, of_tasks, presentation, takes};

const IMAGES: &str =
    "few pictures say little of their place: the person is the right one, and every picture is new";
const GRADUAL: &str = "surroundings that change over half a second change no faster than those of a camera that turns or adapts its exposure";
const MIRRORED: &str =
    "a mirrored face is as like the person as the face itself, and no picture of it repeats";

const TWO_PLACES: [Param; 4] = [
    param("frames of change", 0.0, 12.0),
    change("gamma", 0.8, 1.25, 1.0),
    change("warmth", -0.1, 0.1, 0.0),
    change("crop", 1.3, 4.0, 4.0),
];

const MIRROR: [Param; 2] = [
    param("frames at rest between", 0.0, 6.0),
    change("crop", 1.3, 4.0, 4.0),
];

/// The frames, each varied and cropped around its face.
fn finished(all: Vec<Take>, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let variation = Variation::of(s);
    let all = changed(all, rng, |picture, _, rng| variation.on(picture, rng));
    presentation(mode, &TURNS, near(all, s.of("crop")), quality(s))
}

/// A genuine capture whose second turn was filmed in another place. The two places fade into each other
/// over some frames.
fn two_places(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let (victim, place) = (&cast.victim, &cast.other.pictures[cast.other.still()]);
    let tone = Tone {
        gamma: s.of("gamma"),
        warmth: s.of("warmth"),
    };
    let rest = match mode {
        Mode::Images => victim.neutral(&TURNS).to_vec(),
        Mode::Clip | Mode::Live => Vec::new(),
    };
    let mut all = takes(victim, "center", &rest);
    let [left, right] = TURNS;
    let runs = of_tasks(victim, &TURNS, mode);
    all.extend(takes(victim, phase(left), &runs[0]));
    let there = takes(victim, phase(right), &runs[1]);
    let change = s.of("frames of change");
    for (n, take) in there.into_iter().enumerate() {
        let share = ((n as f32 + 1.0) / (change + 1.0)).min(1.0);
        all.push(take.with(|p, face| match face {
            Some(face) => elsewhere(&toned(p, tone), face, place, share),
            None => p.clone(),
        }));
    }
    finished(all, mode, s, rng)
}

/// One turn, and its mirror image as the turn to the other side.
fn mirrored(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let victim = &cast.victim;
    let rest = match mode {
        Mode::Images => victim.neutral(&[Task::TurnLeft]).to_vec(),
        Mode::Clip | Mode::Live => Vec::new(),
    };
    let mut all = takes(victim, "center", &rest);
    let run = &of_tasks(victim, &[Task::TurnLeft], mode)[0];
    all.extend(takes(victim, "turn_left", run));
    let mut between = facing(victim, s.count("frames at rest between"));
    between.retain(|index| !run.contains(index));
    all.extend(takes(victim, "turn_right", &between));
    let other = takes(victim, "turn_right", run).into_iter();
    all.extend(other.map(|t| Take {
        face: t.face.map(|f| f.mirrored(&t.picture)),
        picture: flip_horizontal(&t.picture),
        phase: t.phase,
    }));
    finished(all, mode, s, rng)
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    vec![
        Searched {
            name: "the victim's turns, filmed in two places",
            modes: &Mode::ALL,
            params: params(&TWO_PLACES, &Variation::PARAMS),
            make: two_places,
            control: None,
            expected: |mode| match mode {
                Mode::Images => Expected::Open(IMAGES),
                Mode::Clip | Mode::Live => Expected::Open(GRADUAL),
            },
        },
        Searched {
            name: "one turn, mirrored for the other side, searched",
            modes: &Mode::ALL,
            params: params(&MIRROR, &Variation::PARAMS),
            make: mirrored,
            control: None,
            expected: |_| Expected::Open(MIRRORED),
        },
    ]
}
