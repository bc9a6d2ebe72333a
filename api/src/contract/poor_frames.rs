//! Poor frames: which ones, why, and what the sender should change.

use livegate_liveness::evidence::clarity::Noise;
use livegate_liveness::evidence::poor::{self, Why};
use poem_openapi::Object;
use serde::Serialize;

use super::nullable::Nullable;
use super::numbers::rounded;

/// Most runs of consecutive frames that a sentence names.
const MOST_RUNS: usize = 6;
/// Tilt from which the picture, not the head, is taken to be turned, degrees.
const SIDEWAYS_DEG: f32 = 65.0;

/// Frames that are poor for the same reason: their face could not be judged, or scores suffer.
#[derive(Clone, Debug, Serialize, Object)]
pub struct PoorFrames {
    /// The reason. More may be added.
    ///
    /// - `no_face`: no face was found, or too little of one.
    /// - `face_too_small`: `measured` is the face's width in pixels, `required` the minimum.
    /// - `face_tilted`: `measured` is the tilt in the picture's plane in degrees, `required` the
    ///   maximum. About 90 or 180: the picture lies on its side or upside down.
    /// - `noise`: `measured` is the noise in grey levels of 0 to 255, `required` the maximum. `text`
    ///   says which noise: fine or coarse, in brightness or colour, on the face or around it.
    /// - `glare`: the face's colours are cut off at white; numbers as for `noise`.
    /// - `blurred`: `measured` is the detail in pixels across the face, `required` the minimum.
    /// - `face_too_close`: `measured` is the share of the picture's shorter side that the face takes, 0
    ///   to 1.
    /// - `turned_too_far`: the face was seen but cannot be compared. `measured` is the larger of yaw
    ///   and pitch, degrees. Reported only where too few faces could be judged.
    /// - `too_dark`, `too_bright`: the face counts, but anti-spoof scores suffer in such light.
    ///   `measured` is its mean grey level, 0 to 255, `required` the minimum or the maximum.
    pub reason: String,
    /// The number of frames.
    pub count: u32,
    /// Positions of the first 20 of these frames, from 0: `index` in images mode, the position among
    /// the sampled frames of a clip, or among the frames of a live session in the order in which they
    /// were taken.
    #[oai(validator(max_items = 20))]
    pub frames: Vec<u32>,
    /// The value measured in the frame that is furthest from what is accepted.
    pub measured: Nullable<f64>,
    /// The limit that is accepted; null where there is no number.
    pub required: Nullable<f64>,
    /// The same in a sentence for people, with what to change.
    pub text: String,
}

impl From<&poor::PoorFrames> for PoorFrames {
    fn from(poor: &poor::PoorFrames) -> Self {
        Self {
            reason: poor.why.name().to_owned(),
            count: poor.frames,
            frames: poor.positions.clone(),
            measured: Nullable(poor.measured.map(rounded)),
            required: Nullable(poor.required.map(rounded)),
            text: sentence(poor),
        }
    }
}

impl PoorFrames {
    /// The poor frames by reason, the reason with most frames first; `None` where there are none.
    pub fn of(poor: &[poor::PoorFrames]) -> Option<Vec<Self>> {
        (!poor.is_empty()).then(|| poor.iter().map(Self::from).collect())
    }
}

fn sentence(poor: &poor::PoorFrames) -> String {
    let frames = named(poor);
    let (is, accepted) = (
        number(poor.measured.unwrap_or_default()),
        number(poor.required.unwrap_or_default()),
    );
    match poor.why {
        Why::NoFace => format!(
            "{frames}: no face was found: keep the whole face in the picture, towards the camera, in even light, with nothing before it."
        ),
        Why::Narrow => format!(
            "{frames}: a face of {is} pixels where at least {accepted} are needed: come nearer, or send larger pictures."
        ),
        Why::Tilted if poor.measured.is_some_and(|m| m >= SIDEWAYS_DEG) => format!(
            "{frames}: a face that is turned by {is} degrees in the picture where at most {accepted} are accepted: send pictures upright; keep the camera's EXIF orientation, or rotate them."
        ),
        Why::Tilted => format!(
            "{frames}: a face that is tilted by {is} degrees where at most {accepted} are accepted: hold head and device upright."
        ),
        Why::Noisy(kind) => {
            let (noise, place) = match kind {
                Noise::Fine => ("noise", ""),
                Noise::Coarse => ("coarse noise", ""),
                Noise::Colour => ("colour noise", ""),
                Noise::Around => ("colour noise", " around the face"),
                Noise::Glare => {
                    return format!(
                        "{frames}: an overexposed face, its colours off by {is} grey levels where at most {accepted} is accepted: use less light, and none that shines straight on the face."
                    );
                }
            };
            format!(
                "{frames}: {noise} of {is} grey levels{place} where at most {accepted} is accepted: use more light, and no filters."
            )
        }
        Why::Blurred => format!(
            "{frames}: a face with the detail of {is} pixels where at least {accepted} are needed: hold still, clean the lens, and do not enlarge pictures."
        ),
        Why::Close => format!(
            "{frames}: a face that takes {is} of the picture's shorter side, too close to be judged: hold the device at arm's length."
        ),
        Why::Dark => format!(
            "{frames}: a dark face, of {is} grey levels where at least {accepted} are needed for reliable scores: use more light, and none from behind."
        ),
        Why::Bright => format!(
            "{frames}: a bright face, of {is} grey levels where at most {accepted} allow reliable scores: use less light, and none that shines straight on the face."
        ),
        Why::TurnedAway => format!(
            "{frames}: a head turned by {is} degrees, too far to be compared: turn as far as the challenge asks, and send frames from the way there."
        ),
    }
}

/// A number for a sentence: one decimal, two below one, no decimals where they would be zero.
fn number(value: f32) -> String {
    let text = if value.abs() < 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    };
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// "Frame 3", "Frames 3, 4 and 7", "Frames 0 to 7", "Frames 0, 2, 4, 6, 8, 10 and 12 more".
fn named(poor: &poor::PoorFrames) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for position in &poor.positions {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *position => *last = *position,
            Some(_) | None => runs.push((*position, *position)),
        }
    }
    runs.truncate(MOST_RUNS);
    let named: u32 = runs.iter().map(|(first, last)| last - first + 1).sum();
    let mut parts: Vec<String> = Vec::new();
    for (first, last) in runs {
        match last - first {
            0 => parts.push(first.to_string()),
            1 => parts.extend([first.to_string(), last.to_string()]),
            _ => parts.push(format!("{first} to {last}")),
        }
    }
    if poor.frames > named {
        parts.push(format!("{} more", poor.frames - named));
    }
    let noun = if poor.frames == 1 { "Frame" } else { "Frames" };
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{noun} {} and {last}", rest.join(", "))
        }
        Some((last, _)) => format!("{noun} {last}"),
        None => noun.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poor(why: Why, positions: &[u32], numbers: Option<(f32, f32)>) -> poor::PoorFrames {
        poor::PoorFrames {
            why,
            frames: u32::try_from(positions.len()).unwrap(),
            positions: positions.iter().copied().take(20).collect(),
            measured: numbers.map(|n| n.0),
            required: numbers.map(|n| n.1),
        }
    }

    #[test]
    fn every_reason_has_a_sentence_that_says_which_frames_and_what_to_change() {
        let noise = |kind| Why::Noisy(kind);
        for (why, numbers, says) in [
            (
                noise(Noise::Fine),
                Some((9.1, 8.0)),
                "Frames 3, 4 and 7: noise of 9.1 grey levels where at most 8 is accepted: use more light, and no filters.",
            ),
            (
                noise(Noise::Coarse),
                Some((9.0, 6.8)),
                "coarse noise of 9 grey levels where at most 6.8",
            ),
            (
                noise(Noise::Colour),
                Some((2.0, 1.45)),
                "colour noise of 2 grey levels where",
            ),
            (
                noise(Noise::Around),
                Some((9.0, 8.0)),
                "grey levels around the face where",
            ),
            (
                noise(Noise::Glare),
                Some((2.0, 1.45)),
                "overexposed face, its colours off by 2 grey levels",
            ),
            (
                Why::Dark,
                Some((21.0, 40.0)),
                "a dark face, of 21 grey levels where at least 40",
            ),
            (
                Why::Bright,
                Some((240.0, 225.0)),
                "a bright face, of 240 grey levels where at most 225",
            ),
            (Why::NoFace, None, "no face was found: keep the whole face"),
            (
                Why::Narrow,
                Some((31.2, 40.0)),
                "a face of 31.2 pixels where at least 40 are needed: come nearer",
            ),
            (
                Why::Tilted,
                Some((50.0, 45.0)),
                "tilted by 50 degrees where at most 45 are accepted: hold head",
            ),
            (
                Why::Tilted,
                Some((89.6, 45.0)),
                "turned by 89.6 degrees in the picture",
            ),
            (Why::Tilted, Some((178.0, 45.0)), "EXIF orientation"),
            (
                Why::Blurred,
                Some((14.3, 26.0)),
                "the detail of 14.3 pixels where at least 26 are needed: hold still",
            ),
            (
                Why::Close,
                Some((0.86, 0.0)),
                "takes 0.86 of the picture's shorter side",
            ),
            (
                Why::TurnedAway,
                Some((81.0, 0.0)),
                "turned by 81 degrees, too far to be compared",
            ),
        ] {
            let text = PoorFrames::from(&poor(why, &[3, 4, 7], numbers)).text;
            assert!(
                text.starts_with("Frames 3, 4 and 7: ")
                    && text.contains(says)
                    && text.ends_with('.'),
                "{why:?}: {text}"
            );
        }
    }

    #[test]
    fn frames_are_named_in_runs_and_never_without_end() {
        let many: Vec<u32> = (0..60).map(|i| 2 * i).collect();
        let all: Vec<u32> = (0..450).collect();
        for (positions, says) in [
            (&[5][..], "Frame 5"),
            (&[5, 6], "Frames 5 and 6"),
            (&[0, 1, 2, 3], "Frames 0 to 3"),
            (&[0, 1, 2, 5], "Frames 0 to 2 and 5"),
            (&many, "Frames 0, 2, 4, 6, 8, 10 and 54 more"),
            (&all, "Frames 0 to 19 and 430 more"),
        ] {
            assert_eq!(named(&poor(Why::NoFace, positions, None)), says);
        }
    }
}
