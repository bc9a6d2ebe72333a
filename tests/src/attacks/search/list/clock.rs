//! Attacks with a capture made before its session, whose actions the server draws.

use std::time::Duration;

use super::params;
use crate::attacks::list::{Cast, Expected, TURNS};
use crate::attacks::presentation::{Medium, Presentation};
use crate::attacks::search::attack::{Mode, Param, Searched, Setting, param};
use crate::attacks::search::reel::{acted, presentation};

const CLAIMED: &str = "a capture that claims to be short, or waits, fits its session: what is hurried too much fails by the speed of the head, and who waits needs the order in advance";

const HURRY: [Param; 2] = [
    param("seconds claimed", 0.2, 8.0),
    param("seconds waited", 0.0, 3.0),
];

/// Parameter of attacks that do not wait: the claimed duration of the capture.
const CLAIM: [Param; 1] = [param("seconds claimed", 3.0, 9.0)];

/// Genuine frames with a claimed duration, sent some time after the session was created.
fn claimed(cast: &Cast, mode: Mode, claimed_s: f32, waited_s: f32) -> Presentation {
    let mut shown = presentation(mode, &TURNS, acted(&cast.victim, &TURNS, mode), 90);
    shown.clock.is_drawn = true;
    shown.clock.wait = Duration::from_secs_f32(waited_s.max(0.0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few seconds, and tens of frames"
    )]
    match &mut shown.medium {
        Medium::Images(shots) => {
            let steps = shots.len().saturating_sub(1).max(1);
            shown.clock.step_ms = (1000.0 * claimed_s / steps as f32) as u64;
        }
        Medium::Clip(pictures, rate) => {
            *rate = (pictures.len() as f32 / claimed_s.max(0.1))
                .round()
                .max(1.0) as u32;
        }
        Medium::Live(_) => {}
    }
    shown
}

/// The attacks of this module.
pub(super) fn attacks() -> Vec<Searched> {
    vec![
        Searched {
            name: "a capture that claims to last longer than its session",
            modes: &[Mode::Images, Mode::Clip],
            params: params(&CLAIM, &[]),
            make: |cast, mode, s: &Setting<'_>, _| {
                claimed(cast, mode, s.of("seconds claimed"), 0.0)
            },
            control: None,
            expected: super::stopped,
        },
        Searched {
            name: "a capture made before its session, hurried and held back",
            modes: &[Mode::Images, Mode::Clip],
            params: params(&HURRY, &[]),
            make: |cast, mode, s, _| {
                claimed(cast, mode, s.of("seconds claimed"), s.of("seconds waited"))
            },
            control: None,
            expected: |_| Expected::Open(CLAIMED),
        },
    ]
}
