//! Parameters of changes to single pictures.

use fastrand::Rng;
use image::RgbImage;
use livegate_instruments::camera::blurred;
use livegate_instruments::face::Frame;
use livegate_instruments::perturb::{
    Affine, Noise, Place, Tone, moved, noised, shaded, sharpened, toned, wavy,
};

use super::attack::{Param, Setting, change, param};

/// Changes that make a picture look live, applied to every picture of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Disguise {
    /// Noise.
    pub noise: Noise,
    /// Blur, sigma in pixels.
    pub blur: f32,
    /// Sharpening, as a share of the detail that a blur of 1.5 pixels removes.
    pub sharpen: f32,
    /// Tone.
    pub tone: Tone,
}

impl Disguise {
    /// The parameters of a disguise, and the JPEG quality.
    pub const PARAMS: [Param; 9] = [
        change("sigma", 0.0, 16.0, 0.0),
        param("grain", 1.0, 4.0),
        param("chroma", 0.0, 1.0),
        param("place", 0.0, 2.0),
        change("blur", 0.0, 3.0, 0.0),
        change("sharpen", 0.0, 2.0, 0.0),
        change("gamma", 0.7, 1.4, 1.0),
        change("warmth", -0.15, 0.15, 0.0),
        change("quality", 30.0, 95.0, 90.0),
    ];

    /// The disguise of a setting with these parameters.
    pub fn of(s: &Setting<'_>) -> Self {
        let place = match s.count("place") {
            0 => Place::Whole,
            1 => Place::Face,
            _ => Place::Around,
        };
        Self {
            noise: Noise {
                sigma: s.of("sigma"),
                grain: s.of("grain"),
                chroma: s.of("chroma"),
                place,
            },
            blur: s.of("blur"),
            sharpen: s.of("sharpen"),
            tone: Tone {
                gamma: s.of("gamma"),
                warmth: s.of("warmth"),
            },
        }
    }

    /// The disguised picture: first changed as another camera would show it, then with its noise.
    pub fn on(&self, picture: &RgbImage, face: Option<Frame>, rng: &mut Rng) -> RgbImage {
        let mut seen = toned(picture, self.tone);
        if self.blur > 0.2 {
            seen = blurred(&seen, self.blur);
        }
        if self.sharpen > 0.1 {
            seen = sharpened(&seen, self.sharpen, 1.5);
        }
        noised(&seen, self.noise, face, rng)
    }
}

/// The JPEG quality of a setting.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 30 to 95"
)]
pub fn quality(s: &Setting<'_>) -> u8 {
    s.of("quality").round() as u8
}

/// How much copies of one picture differ. Each difference is drawn at random up to these sizes.
#[derive(Clone, Copy, Debug)]
pub struct Variation {
    noise: f32,
    shift: f32,
    rotation: f32,
    scale: f32,
    shade: f32,
    warp: f32,
}

impl Variation {
    /// The parameters of a variation, and the JPEG quality. Lengths are pixels of frames whose shorter
    /// side is 540.
    pub const PARAMS: [Param; 7] = [
        change("noise", 0.0, 12.0, 0.0),
        change("shift", 0.0, 8.0, 0.0),
        change("rotation", 0.0, 6.0, 0.0),
        change("scale", 0.0, 0.06, 0.0),
        change("shade", 0.0, 0.15, 0.0),
        change("warp", 0.0, 3.0, 0.0),
        change("quality", 30.0, 95.0, 90.0),
    ];

    /// The variation of a setting with these parameters.
    pub fn of(s: &Setting<'_>) -> Self {
        Self {
            noise: s.of("noise"),
            shift: s.of("shift"),
            rotation: s.of("rotation"),
            scale: s.of("scale"),
            shade: s.of("shade"),
            warp: s.of("warp"),
        }
    }

    /// One varied copy of a picture.
    pub fn on(&self, picture: &RgbImage, rng: &mut Rng) -> RgbImage {
        let mut either = |most: f32| most * (2.0 * rng.f32() - 1.0);
        let by = Affine {
            shift: [either(self.shift), either(self.shift)],
            rotation: either(self.rotation),
            enlarge: either(self.scale),
        };
        let (amount, direction) = (either(self.shade), either(180.0));
        let (amplitude, phase) = (either(self.warp), either(std::f32::consts::PI));
        let mut seen = moved(picture, by);
        if amplitude.abs() > 0.05 {
            seen = wavy(&seen, amplitude, 90.0, phase);
        }
        seen = shaded(&seen, amount, direction);
        let noise = Noise {
            sigma: self.noise,
            chroma: 0.3,
            ..Noise::default()
        };
        noised(&seen, noise, None, rng)
    }
}
