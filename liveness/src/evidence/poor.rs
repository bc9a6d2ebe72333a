//! Poor frames, by reason: those without a clear face, and those whose light is too dark or too bright.

use serde::{Deserialize, Serialize};

use super::clarity::{Noise, Unclear, unclear, worst_noise};
use super::identity::is_comparable;
use crate::measurement::{Face, FrameMeasurement};
use crate::thresholds::Thresholds;

/// Mean grey level below which a face is too dark, 0 to 255.
///
/// Measured on frames of four live people, made darker: at 13 to 37 grey levels their anti-spoof margins
/// are up to 11 below those at 54 to 74.
pub const DARK: f32 = 40.0;
/// Mean grey level above which a face is too bright, 0 to 255.
pub const BRIGHT: f32 = 225.0;

/// Most positions that are kept for each reason.
const MOST_POSITIONS: usize = 20;

/// Why a frame is poor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// No face was found.
    NoFace,
    /// Too few pixels. Measured: pixels across the face, at least `required`.
    Narrow,
    /// Tilted in the image plane, as when a phone lies on its side. Measured: degrees, at most `required`.
    Tilted,
    /// Noise. Measured: grey levels, at most `required`.
    Noisy(Noise),
    /// Too little detail. Measured: pixels across the face that carry detail, at least `required`.
    Blurred,
    /// Too close. Measured: width of the face as a share of the frame's shorter side, 0 to 1. The largest
    /// share that is accepted depends on the anti-spoof models, so `required` is `None`.
    Close,
    /// The face is clear, but turned too far to be compared with others. Measured: the larger of |yaw| and
    /// |pitch|, degrees.
    TurnedAway,
    /// The face is clear, but dark, and anti-spoof scores fall in the dark. Measured: mean grey level, at
    /// least `required`.
    Dark,
    /// The face is clear, but bright. Measured: mean grey level, at most `required`.
    Bright,
}

impl Why {
    /// The reason's public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::Narrow => "face_too_small",
            Self::Tilted => "face_tilted",
            Self::Noisy(Noise::Glare) => "glare",
            Self::Noisy(Noise::Fine | Noise::Coarse | Noise::Colour | Noise::Around) => "noise",
            Self::Blurred => "blurred",
            Self::Close => "face_too_close",
            Self::TurnedAway => "turned_too_far",
            Self::Dark => "too_dark",
            Self::Bright => "too_bright",
        }
    }

    /// Whether `required` is an upper limit.
    fn is_limit(self) -> bool {
        match self {
            Self::Narrow | Self::Blurred | Self::Dark => false,
            Self::NoFace
            | Self::Tilted
            | Self::Noisy(_)
            | Self::Close
            | Self::TurnedAway
            | Self::Bright => true,
        }
    }
}

/// The poor frames with one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoorFrames {
    /// The reason.
    pub why: Why,
    /// Number of frames.
    pub frames: u32,
    /// Positions of the first 20, from 0.
    pub positions: Vec<u32>,
    /// The measured value furthest from what is accepted, in the unit of `why`; `None` if the reason has no
    /// measurement.
    pub measured: Option<f32>,
    /// The limit of accepted values; `None` if no number states it.
    pub required: Option<f32>,
}

/// What is wrong with one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lack {
    why: Why,
    measured: Option<f32>,
    required: Option<f32>,
}

impl Lack {
    /// What is wrong with a frame; `None` if nothing is.
    pub fn of(frame: &FrameMeasurement, t: &Thresholds) -> Option<Self> {
        let Some(face) = &frame.face else {
            return Some(Self {
                why: Why::NoFace,
                measured: None,
                required: None,
            });
        };
        let turned_away = || {
            (!is_comparable(face.pose, t)).then_some(Self {
                why: Why::TurnedAway,
                measured: Some(face.pose.deviation()),
                required: None,
            })
        };
        unclear(face, t)
            .map(|why| Self::unclear(why, face, frame, t))
            .or_else(turned_away)
            .or_else(|| Self::of_light(face))
    }

    fn of_light(face: &Face) -> Option<Self> {
        let level = face.quality.brightness;
        let (why, required) = if level < DARK {
            (Why::Dark, DARK)
        } else if level > BRIGHT {
            (Why::Bright, BRIGHT)
        } else {
            return None;
        };
        Some(Self {
            why,
            measured: Some(level),
            required: Some(required),
        })
    }

    fn unclear(why: Unclear, face: &Face, frame: &FrameMeasurement, t: &Thresholds) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
        let shorter = frame.width.min(frame.height) as f32;
        let (why, measured, required) = match why {
            Unclear::Narrow => (Why::Narrow, face.bounds.width, Some(t.face_px)),
            Unclear::Tilted => (Why::Tilted, face.pose.roll.abs(), Some(t.upright_deg)),
            Unclear::Noisy => {
                let (noise, measured, most) = worst_noise(&face.quality, t);
                (Why::Noisy(noise), measured, Some(most))
            }
            Unclear::Blurred => (Why::Blurred, face.quality.detail_px, Some(t.face_detail_px)),
            Unclear::Close => (Why::Close, face.bounds.width / shorter, None),
        };
        Self {
            why,
            measured: Some(measured),
            required,
        }
    }
}

/// All poor frames so far. Its size does not grow with the number of frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Poor(Vec<PoorFrames>);

impl Poor {
    /// Adds a frame, whose position counts from 0.
    pub fn add(&mut self, lack: Lack, position: u32) {
        let Lack {
            why,
            measured,
            required,
        } = lack;
        let known = self.0.iter_mut().find(|u| u.why == why);
        let Some(known) = known else {
            self.0.push(PoorFrames {
                why,
                frames: 1,
                positions: vec![position],
                measured,
                required,
            });
            return;
        };
        known.frames += 1;
        if known.positions.len() < MOST_POSITIONS {
            known.positions.push(position);
        }
        known.measured = match (known.measured, measured) {
            (Some(a), Some(b)) if why.is_limit() => Some(a.max(b)),
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }

    /// The frames of each reason, the reason with most frames first. `with_turned_away`: includes the faces
    /// that are clear and could not be compared.
    pub fn by_reason(&self, with_turned_away: bool) -> Vec<PoorFrames> {
        let counts = |u: &&PoorFrames| with_turned_away || u.why != Why::TurnedAway;
        let mut all: Vec<_> = self.0.iter().filter(counts).cloned().collect();
        all.sort_by_key(|u| std::cmp::Reverse(u.frames));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Phase;
    use crate::testing::{frame, no_face};

    fn lack(change: fn(&mut Face)) -> Option<(Why, Option<f32>, Option<f32>)> {
        let frame = frame(Phase::Center, change).measurement;
        let lack = Lack::of(&frame, &Thresholds::default())?;
        Some((lack.why, lack.measured, lack.required))
    }

    #[test]
    fn each_lack_comes_with_its_numbers() {
        let t = Thresholds::default();
        assert_eq!(lack(|_| {}), None);
        let narrow = lack(|f| f.bounds.width = 31.0);
        assert_eq!(narrow, Some((Why::Narrow, Some(31.0), Some(t.face_px))));
        let tilted = lack(|f| f.pose.roll = -88.0);
        assert_eq!(tilted, Some((Why::Tilted, Some(88.0), Some(t.upright_deg))));
        let soft = lack(|f| f.quality.detail_px = 12.0);
        let detail = Some(t.face_detail_px);
        assert_eq!(soft, Some((Why::Blurred, Some(12.0), detail)));
        let close = lack(|f| (f.bounds.width, f.margins) = (540.0, vec![None]));
        assert_eq!(close, Some((Why::Close, Some(0.75), None)));
        let away = lack(|f| f.pose.yaw = -85.0);
        assert_eq!(away, Some((Why::TurnedAway, Some(85.0), None)));
        // Of several kinds of noise, the one furthest from its limit is reported.
        let noisy = lack(|f| (f.quality.noise, f.quality.coarse_noise.red) = (8.5, 9.0));
        let red = |kind| Some((Why::Noisy(kind), Some(9.0), Some(t.coarse_red_noise)));
        assert_eq!(noisy, red(Noise::Colour));
        let cut_off = lack(|f| (f.quality.brightness, f.quality.coarse_noise.red) = (200.0, 9.0));
        assert_eq!(cut_off, red(Noise::Glare));
        let dark = lack(|f| f.quality.brightness = 20.0);
        assert_eq!(dark, Some((Why::Dark, Some(20.0), Some(DARK))));
        let bright = lack(|f| f.quality.brightness = 240.0);
        assert_eq!(bright, Some((Why::Bright, Some(240.0), Some(BRIGHT))));
        let fine = lack(|f| f.quality.noise = 9.1);
        let limit = Some(t.face_noise);
        assert_eq!(fine, Some((Why::Noisy(Noise::Fine), Some(9.1), limit)));
    }

    #[test]
    fn frames_are_grouped_by_reason_and_bounded() {
        let (mut poor, t) = (Poor::default(), Thresholds::default());
        let noise = |level: f32| frame(Phase::Center, |f| f.quality.noise = level).measurement;
        let mut add = |frame: &FrameMeasurement, position| {
            poor.add(Lack::of(frame, &t).unwrap(), position);
        };
        add(&no_face(Phase::Center).measurement, 0);
        add(&frame(Phase::Center, |f| f.pose.yaw = 85.0).measurement, 1);
        for position in 2..500 {
            add(&noise(9.0 + position as f32 / 100.0), position);
        }
        let all = poor.by_reason(false);
        assert_eq!(all.iter().map(|u| u.frames).collect::<Vec<_>>(), [498, 1]);
        assert_eq!(all[0].positions, (2..22).collect::<Vec<_>>());
        assert!((all[0].measured.unwrap() - 13.99).abs() < 1e-3);
        assert_eq!(all[1].why, Why::NoFace);
        assert_eq!(poor.by_reason(true).len(), 3);
    }
}
