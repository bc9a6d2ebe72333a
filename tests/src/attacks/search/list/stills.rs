//! Attacks that repeat a few stills of the victim.

use fastrand::Rng;
use livegate_instruments::perturb::mixed;

use super::params;
use crate::attacks::list::{Cast, Expected, TURNS};
use crate::attacks::presentation::{Presentation, phase};
use crate::attacks::search::attack::{Make, Mode, Param, Searched, Setting, param};
use crate::attacks::search::disguise::{Variation, quality};
use crate::attacks::search::reel::{
    Take, acted, changed, facing, of_tasks, presentation, spread, takes, turned,
};

const BENT: &str =
    "a picture that is bent by a pixel or more no longer matches itself: it counts as a new one";
const SHORT: &str = "only a picture that is held for three frames is no pose on the way: stills of different poses, each shown for a frame or two, are what a slow camera sends";
const FADES: &str = "a fade is found where its stills are 15 degrees or more apart and hardly move from picture to picture";

const HELD: [Param; 3] = [
    param("stills a turn", 1.0, 6.0),
    param("frames a still", 1.0, 12.0),
    param("peak deg", 28.0, 55.0),
];

const AGAIN: [Param; 3] = [
    param("frontal again", 1.0, 4.0),
    param("turned again", 0.0, 3.0),
    param("frontal of their own", 0.0, 4.0),
];

const FADE: [Param; 3] = [
    param("frames a fade", 2.0, 14.0),
    param("stills a turn", 1.0, 4.0),
    param("peak deg", 28.0, 55.0),
];

/// Most frames of the fades in one turn.
const MOST_FADES: usize = 40;

/// The frames, each varied separately.
fn varied(
    all: Vec<Take>,
    tasks: &[livegate_liveness::session::Task],
    mode: Mode,
    s: &Setting<'_>,
    rng: &mut Rng,
) -> Presentation {
    let variation = Variation::of(s);
    let all = changed(all, rng, |picture, _, rng| variation.on(picture, rng));
    presentation(mode, tasks, all, quality(s))
}

/// A live person, with every picture varied in the same way.
fn live(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    varied(acted(&cast.victim, &TURNS, mode), &TURNS, mode, s, rng)
}

/// Stills at rest and in turns, each held for some frames.
fn held(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let victim = &cast.victim;
    let (mut stills, mut frames) = (s.count("stills a turn"), s.count("frames a still"));
    let is_dense = mode != Mode::Images;
    if !is_dense {
        // Limited to the frames of a capture. Stills that are not held are like other pictures.
        stills = stills.min(3);
        frames = frames.clamp(2, 20 / (1 + 2 * stills));
    }
    let rests = facing(victim, 3);
    let mut all = Vec::new();
    let mut hold = |tag, index| all.extend(vec![Take::of(victim, tag, index); frames]);
    hold("center", rests[0]);
    for (task, rest) in TURNS.into_iter().zip(rests.iter().skip(1)) {
        if is_dense {
            hold(phase(task), *rest);
        }
        for still in turned(victim, task, 12.0, s.of("peak deg"), stills) {
            hold(phase(task), still);
        }
    }
    varied(all, &TURNS, mode, s, rng)
}

/// Genuine turns, with a repeated picture of the victim at rest between them, and some turned pictures
/// repeated.
fn again(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let victim = &cast.victim;
    let (again, twice) = (s.count("frontal again"), s.count("turned again"));
    let own = facing(victim, s.count("frontal of their own"));
    let still = victim.still();
    let mut all = takes(victim, "center", &own);
    all.extend(takes(victim, "center", &vec![still; again]));
    for (task, run) in TURNS.into_iter().zip(of_tasks(victim, &TURNS, mode)) {
        all.extend(takes(victim, phase(task), &run));
        let shown = turned(victim, task, 15.0, 60.0, twice);
        all.extend(takes(victim, phase(task), &vec![still; again]));
        all.extend(takes(victim, phase(task), &shown));
    }
    varied(all, &TURNS, mode, s, rng)
}

/// Stills that fade into each other, from rest to the peak of the turn.
fn faded(cast: &Cast, mode: Mode, s: &Setting<'_>, rng: &mut Rng) -> Presentation {
    let victim = &cast.victim;
    let rests = facing(victim, 3);
    let mut all = takes(victim, "center", &rests[..1]);
    all.extend(all.clone());
    for (task, rest) in TURNS.into_iter().zip(rests.iter().skip(1)) {
        let peaks = turned(
            victim,
            task,
            12.0,
            s.of("peak deg"),
            s.count("stills a turn"),
        );
        let way = [&[*rest], &peaks[..]].concat();
        let mut fades = Vec::new();
        for two in way.windows(2) {
            let [from, to] = [two[0], two[1]].map(|i| Take::of(victim, phase(task), i));
            let steps = s.count("frames a fade");
            for step in 0..=steps {
                let share = step as f32 / steps as f32;
                let to = &to.picture;
                fades.push(from.clone().with(|p, _| mixed(p, to, share)));
            }
        }
        let kept = spread(&(0..fades.len()).collect::<Vec<_>>(), MOST_FADES);
        let each = fades.into_iter().enumerate();
        all.extend(each.filter(|(i, _)| kept.contains(i)).map(|(_, t)| t));
    }
    varied(all, &TURNS, mode, s, rng)
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    let of = |name, modes, own: &[Param], make: Make, expected: fn(Mode) -> Expected| Searched {
        name,
        modes,
        params: params(own, &Variation::PARAMS),
        make,
        control: Some(live),
        expected,
    };
    // Verify expects no frames between a few chosen ones. So in images mode fades add nothing to the
    // stills.
    let dense: &[Mode] = &[Mode::Clip, Mode::Live];
    vec![
        of(
            "a few stills, each held for several frames",
            &Mode::ALL,
            &HELD,
            held,
            |mode| match mode {
                Mode::Images => Expected::Open(BENT),
                Mode::Clip | Mode::Live => Expected::Open(SHORT),
            },
        ),
        of(
            "a picture used again between genuine turns",
            &Mode::ALL,
            &AGAIN,
            again,
            |_| Expected::Open(BENT),
        ),
        of(
            "stills that fade into each other",
            dense,
            &FADE,
            faded,
            |_| Expected::Open(FADES),
        ),
    ]
}
