//! Attacks with edited footage of one person or several.

use fastrand::Rng;
use image::RgbImage;
use livegate_instruments::camera::{coarse, scaled};
use livegate_instruments::face::{beside, far_away, put_over};
use livegate_instruments::paper::printed;
use livegate_liveness::session::Task;

use super::{Attack, Cast, TURNS, acted, between, noised, open, still, stopped, tagged};
use crate::attacks::footage::Footage;
use crate::attacks::presentation::{Presentation, Shot, phase};

const SWAPPED: &str = "a face swapped in every frame: there is one face throughout; only seams and the anti-spoof score could speak";
const MORPH: &str =
    "a morph may be near enough to both, where the two are by chance not quite unlike";
const STILLS: &str = "an expression needs no pose on the way: a few frames of it are all that a short blink or smile leaves of itself";

/// The victim's face blended over each face of these frames; `share` is the opacity, 0 to 1.
fn over(cast: &Cast, onto: &Footage, indices: &[(&'static str, usize)], share: f32) -> Vec<Shot> {
    let (face, at) = still(&cast.victim);
    let shot = |(phase, index): &(&'static str, usize)| Shot {
        phase,
        picture: put_over(&onto.pictures[*index], onto.frame(*index), face, at, share),
    };
    indices.iter().map(shot).collect()
}

fn is_center(shot: &Shot) -> bool {
    shot.phase == "center"
}

/// The frames of one person, with the frames at rest replaced by another person's.
fn resting_from(rest: Vec<Shot>, turns: Vec<Shot>) -> Vec<Shot> {
    let rest = rest.into_iter().filter(is_center);
    rest.chain(turns.into_iter().filter(|s| !is_center(s)))
        .collect()
}

/// Two stills in turn: eyes open, shut in this many frames, and open again.
fn blink_of_stills(cast: &Cast, shut_frames: usize, rng: &mut Rng) -> Presentation {
    let actor = &cast.actor;
    let shut = &actor.pictures[actor.movement(Task::Blink).peak];
    let awake = still(actor).0;
    let order = [vec![awake; 3], vec![shut; shut_frames], vec![awake; 3]].concat();
    Presentation::live(&[Task::Blink], noised(&order, rng))
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        stopped("another person in the turned frames", |cast, _| {
            let (victim, other) = (cast.victim.shots(&TURNS), cast.other.shots(&TURNS));
            Presentation::images(&TURNS, resting_from(victim, other))
        }),
        stopped("another person in the frontal frames", |cast, _| {
            let (victim, other) = (cast.victim.shots(&TURNS), cast.other.shots(&TURNS));
            Presentation::images(&TURNS, resting_from(other, victim))
        }),
        stopped("another person in one of two turns", |cast, _| {
            let mut shots = cast.victim.shots(&TURNS);
            let other = cast.other.shots(&[Task::TurnRight]);
            shots.retain(|s| s.phase != "turn_right");
            shots.extend(other.into_iter().filter(|s| !is_center(s)));
            Presentation::images(&TURNS, shots)
        }),
        stopped(
            "a face put over another's in the frontal frames",
            |cast, _| {
                let indices = cast.other.indices(&TURNS);
                let frontal = over(cast, &cast.other, &indices, 1.0);
                Presentation::images(&TURNS, resting_from(frontal, cast.other.shots(&TURNS)))
            },
        ),
        open(
            "a face put over another's in every frame",
            SWAPPED,
            |cast, rng| {
                let indices = cast.other.indices(&TURNS);
                let shots = over(cast, &cast.other, &indices, between(rng, 0.9, 1.0));
                Presentation::images(&TURNS, shots)
            },
        ),
        open("a morph that bridges two people", MORPH, |cast, rng| {
            let at_rest = cast.other.neutral(&TURNS).map(|i| ("center", i));
            let bridge = over(cast, &cast.other, &at_rest, between(rng, 0.4, 0.6));
            let victim = cast.victim.shots(&TURNS).into_iter().filter(is_center);
            let turns = cast.other.shots(&TURNS);
            let shots = victim
                .chain(bridge)
                .chain(turns.into_iter().filter(|s| !is_center(s)));
            Presentation::images(&TURNS, shots.collect())
        }),
        stopped("two faces in the frames", |cast, _| {
            let (photo, _) = still(&cast.victim);
            let shots = cast.other.shots(&TURNS).into_iter();
            let shots = shots.map(|s| Shot {
                picture: beside(&s.picture, photo),
                ..s
            });
            Presentation::images(&TURNS, shots.collect())
        }),
        stopped("a still for each pose, in turn", |cast, rng| {
            let victim = &cast.victim;
            let front = still(victim).0;
            let mut shots = tagged("center", &[front, front], rng);
            for task in TURNS {
                let side = &victim.pictures[victim.movement(task).peak];
                shots.extend(tagged(phase(task), &[front, side, side, side, front], rng));
            }
            Presentation::images(&TURNS, shots)
        }),
        stopped(
            "stills of a turn and its way, each used again",
            |cast, rng| {
                let victim = &cast.victim;
                let front = still(victim).0;
                let mut shots = tagged("center", &[front, front], rng);
                for task in TURNS {
                    let [_, way, peak, _] = victim.stages(task).map(|i| &victim.pictures[i]);
                    shots.extend(tagged(
                        phase(task),
                        &[front, way, peak, peak, way, front],
                        rng,
                    ));
                }
                Presentation::images(&TURNS, shots)
            },
        ),
        stopped("one still six times, and one of each turn", |cast, rng| {
            let victim = &cast.victim;
            let mut shots = tagged("center", &[still(victim).0; 6], rng);
            for task in TURNS {
                let side = &victim.pictures[victim.movement(task).peak];
                shots.extend(tagged(phase(task), &[side], rng));
            }
            Presentation::images(&TURNS, shots)
        }),
        stopped(
            "another person's turns, before the victim is seen from the front, interactive",
            |cast, _| {
                let aside = |person: &Footage, from: f32, to: f32| -> Vec<RgbImage> {
                    let yaw = |i: &usize| person.face(*i).map_or(0.0, |f| f.pose.yaw.abs());
                    let all = 0..person.pictures.len();
                    let shown: Vec<usize> = all.filter(|i| (from..to).contains(&yaw(i))).collect();
                    person.take(&shown)
                };
                let mut pictures = aside(&cast.victim, 16.0, 40.0);
                pictures.truncate(40);
                // From one side to the other, and back.
                pictures.extend(aside(&cast.other, 16.0, 90.0));
                pictures.extend(cast.victim.take(&cast.victim.neutral(&TURNS)));
                Presentation::live(&TURNS, pictures)
            },
        ),
        stopped(
            "two stills of a blink, in turn, interactive",
            |cast, rng| blink_of_stills(cast, 2, rng),
        ),
        open(
            "the same, with the eyes shut in a single frame, interactive",
            STILLS,
            |cast, rng| blink_of_stills(cast, 1, rng),
        ),
        open(
            "two stills of a smile, in turn, interactive",
            STILLS,
            |cast, rng| {
                let actor = &cast.actor;
                let smile = &actor.pictures[actor.movement(Task::Smile).peak];
                let rest = still(actor).0;
                let order = [rest, rest, rest, smile, smile, smile, smile, rest];
                Presentation::live(&[Task::Smile], noised(&order, rng))
            },
        ),
        stopped("a very small face in a large frame", |cast, rng| {
            let share = between(rng, 0.07, 0.1);
            let shots = cast.victim.shots(&TURNS);
            Presentation::images(&TURNS, shots).seen_through(|p| far_away(p, share))
        }),
        stopped(
            "a photo in frames of ever other sizes and proportions",
            |cast, rng| {
                let (photo, _) = still(&cast.victim);
                let filter = image::imageops::FilterType::Nearest;
                let shots = acted(&TURNS, rng, |_, rng| {
                    let (wide, high) = (between(rng, 0.5, 1.3), between(rng, 0.7, 1.3));
                    let even = scaled(photo, high, filter);
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "pixels"
                    )]
                    let width = (even.width() as f32 * wide) as u32;
                    image::imageops::resize(&even, width, even.height(), filter)
                });
                Presentation::images(&TURNS, shots)
            },
        ),
        open(
            "a print's raster, resampled away, eyes painted shut",
            "resampling leaves nothing of the raster; the anti-spoof score remains",
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let shut = livegate_instruments::face::eyes_painted_shut(photo, face);
                let filter = image::imageops::FilterType::Triangle;
                let seen = |p: &RgbImage| coarse(&printed(p, 4.0, 10.0), 0.5, filter);
                let (awake, shut) = (seen(photo), seen(&shut));
                let order = [&awake, &awake, &awake, &shut, &shut, &awake, &awake, &awake];
                Presentation::live(&[Task::Blink], noised(&order, rng))
            },
        ),
    ]
}
