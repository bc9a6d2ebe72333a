//! Attacks with two people in one capture.

use livegate_instruments::camera::{blurred, scaled};
use livegate_instruments::perturb::{Noise, noised};
use livegate_liveness::session::Task;

use super::{params, stopped};
use crate::attacks::footage::Footage;
use crate::attacks::list::{Cast, TURNS};
use crate::attacks::presentation::{Presentation, phase};
use crate::attacks::search::attack::{Mode, Param, Searched, Setting, change, param};
use crate::attacks::search::disguise::quality;
use crate::attacks::search::reel::{
    Take, acted, changed, facing, near, presentation, takes, turned,
};

use Task::{LookDown, LookUp, TurnLeft, TurnRight};

/// Pairs of actions.
const PAIRS: [[Task; 2]; 6] = [
    TURNS,
    [LookUp, LookDown],
    [TurnLeft, LookUp],
    [TurnRight, LookDown],
    [LookUp, TurnRight],
    [LookDown, TurnLeft],
];

const HEADS: [Param; 8] = [
    param("actions", 0.0, 5.0),
    param("from deg", 12.0, 40.0),
    param("to deg", 25.0, 75.0),
    param("turned", 2.0, 6.0),
    param("frontal", 2.0, 6.0),
    param("between", 0.0, 3.0),
    change("crop", 1.3, 4.0, 4.0),
    change("quality", 30.0, 95.0, 90.0),
];

const BLUR: [Param; 6] = [
    param("blur, of the face's width", 0.0, 0.08),
    change("sigma", 0.0, 8.0, 0.0),
    param("grain", 1.0, 4.0),
    param("chroma", 0.0, 1.0),
    change("pixels left", 0.3, 1.0, 1.0),
    change("quality", 30.0, 95.0, 90.0),
];

/// Frames that face the camera, to be used once each.
struct Frontal<'a> {
    footage: &'a Footage,
    left: std::vec::IntoIter<usize>,
}

impl<'a> Frontal<'a> {
    fn new(footage: &'a Footage, count: usize) -> Self {
        let left = facing(footage, count).into_iter();
        Self { footage, left }
    }

    /// The next `count` frames, or fewer where they run out.
    fn next(&mut self, tag: &'static str, count: usize) -> Vec<Take> {
        let some: Vec<usize> = self.left.by_ref().take(count).collect();
        takes(self.footage, tag, &some)
    }
}

/// Number of frames that replace one frame of images mode.
fn density(mode: Mode) -> usize {
    match mode {
        Mode::Images => 1,
        Mode::Clip | Mode::Live => 3,
    }
}

/// The victim faces the camera; another person's head turns.
fn heads(cast: &Cast, mode: Mode, s: &Setting<'_>) -> Presentation {
    let tasks = PAIRS[s.count("actions").min(PAIRS.len() - 1)];
    let (from, to) = (s.of("from deg"), s.of("to deg"));
    let of = |name| density(mode) * s.count(name);
    let (count, rest, between) = (of("turned"), of("frontal"), of("between"));
    let mut frontal = Frontal::new(&cast.victim, rest + 2 * between);
    let mut all = frontal.next("center", rest);
    for task in tasks {
        let tag = phase(task);
        all.extend(frontal.next(tag, between));
        let theirs = turned(&cast.other, task, from.min(to - 5.0), to, count);
        all.extend(takes(&cast.other, tag, &theirs));
    }
    let all = near(all, s.of("crop"));
    presentation(mode, &tasks, all, quality(s))
}

/// The pictures with blur, as a share of each face's width, and with noise.
fn blur(all: Vec<Take>, mode: Mode, s: &Setting<'_>, rng: &mut fastrand::Rng) -> Presentation {
    let share = s.of("blur, of the face's width");
    let noise = Noise {
        sigma: s.of("sigma"),
        grain: s.of("grain"),
        chroma: s.of("chroma"),
        ..Noise::default()
    };
    let left = s.of("pixels left");
    let all = changed(all, rng, |picture, face, rng| {
        let sigma = share * face.map_or(200.0, |f| f.width);
        let soft = if sigma > 0.3 {
            blurred(picture, sigma)
        } else {
            picture.clone()
        };
        let small = scaled(&soft, left, image::imageops::FilterType::Triangle);
        noised(&small, noise, None, rng)
    });
    presentation(mode, &TURNS, all, quality(s))
}

/// The victim faces the camera; another person turns.
fn two(cast: &Cast, mode: Mode) -> Vec<Take> {
    let density = density(mode);
    let mut frontal = Frontal::new(&cast.victim, 5 * density);
    let mut all = frontal.next("center", 3 * density);
    for task in TURNS {
        let count = 4 * density;
        if mode != Mode::Images {
            all.extend(frontal.next(phase(task), density));
        }
        let theirs = turned(&cast.other, task, 5.0, 60.0, count);
        all.extend(takes(&cast.other, phase(task), &theirs));
    }
    all
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    vec![
        Searched {
            name: "another person's head in the turns, in poses that are seldom compared",
            modes: &Mode::ALL,
            params: params(&HEADS, &[]),
            make: |cast, mode, s, _| heads(cast, mode, s),
            control: None,
            expected: stopped,
        },
        Searched {
            name: "two people, blurred until they are one",
            modes: &Mode::ALL,
            params: params(&BLUR, &[]),
            make: |cast, mode, s, rng| blur(two(cast, mode), mode, s, rng),
            control: Some(|cast, mode, s, rng| {
                blur(acted(&cast.victim, &TURNS, mode), mode, s, rng)
            }),
            expected: stopped,
        },
    ]
}
