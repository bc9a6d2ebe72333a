//! Attacks with footage shown on a screen.

use fastrand::Rng;
use image::imageops::FilterType;
use livegate_instruments::camera::{coarse, noisy};
use livegate_instruments::screen::{Screen, shown};
use livegate_liveness::session::Task;

use super::{Attack, Cast, TURNS, between, open, stopped};
use crate::attacks::presentation::Presentation;

const FINE: &str = "the screen is drawn: its pixels are finer than the camera's, and no edge of it is in sight; what remains is the anti-spoof score";
const DRAWN: &str = "a drawn screen; its lines or its border speak, or the anti-spoof score, where they are clear enough";

/// The victim's turns shown on this screen.
fn on(screen: Screen, cast: &Cast, rng: &mut Rng) -> Presentation {
    let shots = cast.victim.shots(&TURNS);
    Presentation::images(&TURNS, shots).seen_through(|p| noisy(&shown(p, screen), 1.5, rng))
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        open(
            "a replay on a screen, its bezel in sight",
            DRAWN,
            |cast, rng| {
                let (share, bezel) = (between(rng, 0.6, 0.8), between(rng, 0.03, 0.08));
                on(
                    Screen {
                        share,
                        bezel,
                        ..Screen::default()
                    },
                    cast,
                    rng,
                )
            },
        ),
        stopped(
            "a replay on a screen whose lines the camera sees",
            |cast, rng| {
                let (period, direction) = (between(rng, 2.5, 8.0), between(rng, -20.0, 20.0));
                let lines = between(rng, 4.0, 10.0);
                on(
                    Screen {
                        period,
                        direction,
                        lines,
                        ..Screen::default()
                    },
                    cast,
                    rng,
                )
            },
        ),
        open(
            "a replay on a screen, turned away, with a lamp's reflection",
            DRAWN,
            |cast, rng| {
                let (yaw, glare) = (between(rng, 8.0, 22.0), between(rng, 60.0, 140.0));
                let (share, glare_at) = (
                    between(rng, 0.7, 0.9),
                    [between(rng, 0.2, 0.8), between(rng, 0.1, 0.6)],
                );
                on(
                    Screen {
                        share,
                        yaw,
                        glare,
                        glare_at,
                        ..Screen::default()
                    },
                    cast,
                    rng,
                )
            },
        ),
        open(
            "a replay on a screen that is finer than the camera",
            FINE,
            |cast, rng| on(Screen::default(), cast, rng),
        ),
        open(
            "the same, resampled and compressed hard, as a clip",
            FINE,
            |cast, rng| {
                let runs = cast.victim.take(&cast.victim.runs(&TURNS, 1));
                let share = between(rng, 0.4, 0.6);
                let mut clip = Presentation::clip(&TURNS, runs, 15).seen_through(|p| {
                    coarse(&shown(p, Screen::default()), share, FilterType::Lanczos3)
                });
                clip.quality = 40;
                clip
            },
        ),
        stopped("a replay that was really filmed off a phone", |cast, _| {
            let tasks = [Task::TurnRight, Task::TurnLeft];
            Presentation::images(&tasks, cast.replay.shots(&tasks))
        }),
        stopped(
            "a replay that was really filmed off a phone, as a clip",
            |cast, _| {
                let tasks = [Task::TurnRight, Task::TurnLeft];
                Presentation::clip(&tasks, cast.replay.take(&cast.replay.runs(&tasks, 1)), 15)
            },
        ),
    ]
}
