//! Attacks with a still that a program warps to meet the challenge.

use livegate_instruments::camera::noisy;
use livegate_instruments::puppet::{mouth_open, smiling, turned};
use livegate_liveness::session::Task;

use super::{Attack, TURNS, acted, open, performed, still};
use crate::attacks::presentation::Presentation;

const MADE: &str = "made pictures, injected: they move as asked, and a better program than this one makes them seamless";

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        open("a still, warped to follow the turn", MADE, |cast, rng| {
            let (photo, face) = still(&cast.victim);
            let shots = acted(&TURNS, rng, |goal, _| {
                turned(photo, face, goal.yaw, goal.pitch)
            });
            Presentation::images(&TURNS, shots)
        }),
        open("a still, warped to nod", MADE, |cast, rng| {
            let (photo, face) = still(&cast.victim);
            let tasks = [Task::LookDown, Task::LookUp];
            let shots = acted(&tasks, rng, |goal, _| {
                turned(photo, face, goal.yaw, goal.pitch)
            });
            Presentation::images(&tasks, shots)
        }),
        open(
            "a still, warped to follow the turn, interactive",
            MADE,
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let pictures = performed(&TURNS, rng, |goal, _| {
                    turned(photo, face, goal.yaw, goal.pitch)
                });
                Presentation::live(&TURNS, pictures)
            },
        ),
        open(
            "a smile drawn on a still, interactive",
            MADE,
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let pictures = [0.0, 0.0, 0.0, 0.3, 0.6, 0.9, 1.0, 1.0, 1.0, 0.8];
                let pictures =
                    pictures.map(|strength| noisy(&smiling(photo, face, strength), 1.5, rng));
                Presentation::live(&[Task::Smile], pictures.to_vec())
            },
        ),
        open(
            "a mouth opened on a still, interactive",
            MADE,
            |cast, rng| {
                let (photo, face) = still(&cast.victim);
                let pictures = [0.0, 0.0, 0.0, 0.3, 0.6, 0.9, 1.0, 1.0, 1.0, 0.6];
                let pictures =
                    pictures.map(|strength| noisy(&mouth_open(photo, face, strength), 1.5, rng));
                Presentation::live(&[Task::OpenMouth], pictures.to_vec())
            },
        ),
    ]
}
