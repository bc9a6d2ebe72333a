//! Attacks with a printed photo, moved by hand.

use livegate_instruments::face::{eyes_cut_out, eyes_painted_shut};
use livegate_instruments::paper::{Held, bent, held, printed, sheet, squeezed};
use livegate_liveness::session::Task;

use super::{Attack, TURNS, acted, between, noised, open, performed, still, stopped};
use crate::attacks::presentation::Presentation;

const EYES: &str =
    "the movement is there; only the anti-spoof score can tell that what moves is not the face";

const SMALL_TURN: &str = "a sheet tilted by 55 degrees reads as a head turned by 5 to 17: ask for 20 or more, as the default of 25 does";

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        stopped("a still photo", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            Presentation::images(&TURNS, acted(&TURNS, rng, |_, _| photo.clone()))
        }),
        stopped("a photo, moved", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let shots = acted(&TURNS, rng, |_, rng| {
                let moved = [between(rng, -0.15, 0.15), between(rng, -0.1, 0.1)];
                let (roll, nearer) = (between(rng, -12.0, 12.0), between(rng, -0.2, 0.2));
                held(
                    photo,
                    Held {
                        moved,
                        roll,
                        nearer,
                        ..Held::default()
                    },
                )
            });
            Presentation::images(&TURNS, shots)
        }),
        stopped("a photo, tilted as the head should turn", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let shots = acted(&TURNS, rng, |goal, rng| {
                let yaw = goal.yaw * between(rng, 1.0, 1.6);
                held(
                    photo,
                    Held {
                        yaw,
                        ..Held::default()
                    },
                )
            });
            Presentation::images(&TURNS, shots)
        }),
        open(
            "the same, for a session that asks for 15 degrees",
            SMALL_TURN,
            |cast, rng| {
                let (photo, _) = still(&cast.victim);
                let shots = acted(&TURNS, rng, |goal, _| {
                    let yaw = goal.yaw * 1.5;
                    held(
                        photo,
                        Held {
                            yaw,
                            ..Held::default()
                        },
                    )
                });
                let mut small = Presentation::images(&TURNS, shots);
                small.yaw_deg = Some(15);
                small
            },
        ),
        stopped("a photo, tilted up and down", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let tasks = [Task::LookDown, Task::LookUp];
            let shots = acted(&tasks, rng, |goal, rng| {
                let pitch = goal.pitch * between(rng, 1.0, 1.6);
                held(
                    photo,
                    Held {
                        pitch,
                        ..Held::default()
                    },
                )
            });
            Presentation::images(&tasks, shots)
        }),
        stopped("a photo, tilted, interactive", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let pictures = performed(&TURNS, rng, |goal, rng| {
                let yaw = goal.yaw * between(rng, 1.4, 1.6);
                held(
                    photo,
                    Held {
                        yaw,
                        ..Held::default()
                    },
                )
            });
            Presentation::live(&TURNS, pictures)
        }),
        stopped("a photo, bent around a head and turned", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let radius = between(rng, 0.3, 0.6);
            let shots = acted(&TURNS, rng, |goal, _| bent(photo, radius, goal.yaw));
            Presentation::images(&TURNS, shots)
        }),
        stopped("a photo, squeezed as a turned face is", |cast, rng| {
            let (photo, _) = still(&cast.victim);
            let shots = acted(&TURNS, rng, |goal, rng| {
                let turn = (goal.yaw * between(rng, 1.0, 1.7)).to_radians();
                squeezed(photo, turn.cos().max(0.4))
            });
            Presentation::images(&TURNS, shots)
        }),
        stopped(
            "a print with a border and its raster, tilted",
            |cast, rng| {
                let (photo, _) = still(&cast.victim);
                let print = printed(photo, between(rng, 3.0, 6.0), between(rng, 6.0, 14.0));
                let paper = sheet(&print, 0.05, between(rng, 0.6, 0.8));
                let shots = acted(&TURNS, rng, |goal, _| {
                    held(
                        &paper,
                        Held {
                            yaw: goal.yaw * 1.2,
                            ..Held::default()
                        },
                    )
                });
                Presentation::images(&TURNS, shots)
            },
        ),
        open(
            "a print, in turn with one whose eyes are painted shut",
            EYES,
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let (awake, shut) = (
                    printed(photo, 4.0, 3.0),
                    printed(&eyes_painted_shut(photo, face), 4.0, 3.0),
                );
                let order = [&awake, &awake, &awake, &shut, &shut, &awake, &awake, &awake];
                Presentation::live(&[Task::Blink], noised(&order, rng))
            },
        ),
        open(
            "a print with its eyes cut out, somebody blinking behind it",
            EYES,
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let print = printed(photo, 4.0, 3.0);
                let behind = &cast.actor;
                let awake = behind.still();
                let blinks = behind.runs(&[Task::Blink], 1);
                let with_a_face = blinks.into_iter().filter(|i| behind.face(*i).is_some());
                let masks = with_a_face.map(|index| {
                    let (eyes, their) = (&behind.pictures[index], behind.frame(index));
                    eyes_cut_out(&print, face, eyes, their, &behind.pictures[awake])
                });
                let masks: Vec<_> = masks.collect();
                Presentation::live(
                    &[Task::Blink],
                    noised(&masks.iter().collect::<Vec<_>>(), rng),
                )
            },
        ),
    ]
}
