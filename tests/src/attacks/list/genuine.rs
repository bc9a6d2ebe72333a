//! Attacks that inject genuine footage of the right person: in the wrong order, used twice, at another
//! speed, unchanged.

use image::imageops::flip_horizontal;
use livegate_liveness::session::Task;

use super::{Attack, TURNS, open, stopped};
use crate::attacks::footage::{Footage, Movement, extent};
use crate::attacks::presentation::{Presentation, Shot};

const GENUINE: &str = "genuine pixels in the order asked for: nothing in them repeats or breaks, and no server can tell where they come from";
const TURNED_BACK: [Task; 2] = [Task::TurnRight, Task::TurnLeft];

/// The two turns in the order in which they were filmed, and in the other order.
fn recorded_and_other(footage: &Footage) -> ([Task; 2], [Task; 2]) {
    let peak = |turn| footage.movement(turn).peak;
    if peak(Task::TurnLeft) < peak(Task::TurnRight) {
        (TURNS, TURNED_BACK)
    } else {
        (TURNED_BACK, TURNS)
    }
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        stopped("a session's clip again, for another order", |cast, _| {
            let (recorded, asked) = recorded_and_other(&cast.victim);
            let frames = cast.victim.runs(&recorded, 1);
            Presentation::clip(&asked, cast.victim.take(&frames), 15)
        }),
        stopped("a session's frames again, tags exchanged", |cast, _| {
            let exchanged = |phase| match phase {
                "turn_left" => "turn_right",
                "turn_right" => "turn_left",
                other => other,
            };
            let shots = cast.victim.shots(&TURNS).into_iter();
            let shots = shots
                .map(|s| Shot {
                    phase: exchanged(s.phase),
                    ..s
                })
                .collect();
            Presentation::images(&TURNS, shots)
        }),
        stopped("turns in a loop, as a clip", |cast, _| {
            let [left, right] = TURNS.map(|turn| cast.victim.runs(&[turn], 1));
            let again = [&left[..], &right, &left, &right].concat();
            Presentation::clip(&TURNS, cast.victim.take(&again), 15)
        }),
        stopped("half turns, played there and back, as a clip", |cast, _| {
            let there_and_back = |turn| {
                let Movement { start, peak, .. } = cast.victim.movement(turn);
                let there = start.saturating_sub(5)..=peak;
                there.clone().chain(there.rev().skip(1))
            };
            let all: Vec<usize> = TURNS.into_iter().flat_map(there_and_back).collect();
            Presentation::clip(&TURNS, cast.victim.take(&all), 15)
        }),
        stopped("frames at rest used again after each turn", |cast, _| {
            let mut shots = cast.victim.shots(&TURNS);
            let rest: Vec<Shot> = shots
                .iter()
                .filter(|s| s.phase == "center")
                .cloned()
                .collect();
            let again = |phase| rest.clone().into_iter().map(move |s| Shot { phase, ..s });
            let second = shots.iter().position(|s| s.phase == "turn_right");
            let second = second.unwrap_or(shots.len());
            shots.splice(second..second, again("turn_left"));
            shots.extend(again("turn_right"));
            Presentation::images(&TURNS, shots)
        }),
        stopped("a clip whose ways there and back are cut out", |cast, _| {
            let victim = &cast.victim;
            let ends = TURNS.map(|turn| {
                let peak = victim.movement(turn).peak;
                let most = victim.face(peak).map_or(0.0, |f| extent(turn, f));
                let is_end = |i: &usize| {
                    let seen = victim.face(*i).map(|f| extent(turn, f));
                    seen.is_some_and(|e| e < 8.0 || e > 0.9 * most)
                };
                victim
                    .runs(&[turn], 1)
                    .into_iter()
                    .filter(is_end)
                    .collect::<Vec<_>>()
            });
            Presentation::clip(&TURNS, victim.take(&ends.concat()), 15)
        }),
        open(
            "a clip hurried eightfold",
            "sampled 15 times a second, a hurried turn is one of 500 degrees a second: hasty, and no more than that",
            |cast, _| {
                Presentation::clip(&TURNS, cast.victim.take(&cast.victim.runs(&TURNS, 1)), 120)
            },
        ),
        open(
            "a clip stretched to a third of its speed",
            "a slow turn is a turn; the server knows no other clock than the clip's own",
            |cast, _| Presentation::clip(&TURNS, cast.victim.take(&cast.victim.runs(&TURNS, 1)), 5),
        ),
        open(
            "one turn, mirrored for the other side",
            "a mirrored face is as like the person as the face itself, and no picture of it repeats; only the place could tell",
            |cast, _| {
                let mut shots = cast.victim.shots(&[Task::TurnLeft]);
                let turn: Vec<Shot> = shots
                    .iter()
                    .filter(|s| s.phase == "turn_left")
                    .cloned()
                    .collect();
                let mirrored = turn.into_iter().map(|s| Shot {
                    phase: "turn_right",
                    picture: flip_horizontal(&s.picture),
                });
                shots.extend(mirrored);
                Presentation::images(&TURNS, shots)
            },
        ),
        open(
            "a whole session, mirrored for the other order",
            "who knows which way a camera mirrors? nothing in a face tells left from right",
            |cast, _| {
                let (recorded, asked) = recorded_and_other(&cast.victim);
                let frames = cast.victim.runs(&recorded, 1);
                Presentation::clip(&asked, cast.victim.take(&frames), 15)
                    .seen_through(flip_horizontal)
            },
        ),
        open(
            "genuine frames in the order asked for",
            GENUINE,
            |cast, _| Presentation::images(&TURNS, cast.victim.shots(&TURNS)),
        ),
        open(
            "genuine frames in the order asked for, as a clip",
            GENUINE,
            |cast, _| {
                Presentation::clip(&TURNS, cast.victim.take(&cast.victim.runs(&TURNS, 1)), 15)
            },
        ),
        open(
            "genuine frames in the order asked for, interactive",
            GENUINE,
            |cast, _| Presentation::live(&TURNS, cast.victim.take(&cast.victim.runs(&TURNS, 2))),
        ),
    ]
}
