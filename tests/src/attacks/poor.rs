//! Poor capture: what live people and attacks come to where little can be seen.

use fastrand::Rng;
use image::RgbImage;
use image::imageops::FilterType;
use livegate_instruments::camera::{blurred, coarse, lit, noisy};

use super::list::{Attack, Expected, all};
use super::presentation::Presentation;

/// A way to see badly.
#[derive(Clone, Copy, Debug)]
pub enum Poor {
    /// Out of focus, pixels.
    Blur(f32),
    /// A sensor's noise, grey levels.
    Noise(f32),
    /// The light, as a share.
    Light(f32),
    /// JPEG quality.
    Jpeg(u8),
    /// Pixels, as a share of each side.
    Pixels(f32),
}

/// All of them, each worse than the one before.
pub const ALL: [Poor; 16] = [
    Poor::Blur(1.0),
    Poor::Blur(2.0),
    Poor::Blur(4.0),
    Poor::Noise(4.0),
    Poor::Noise(8.0),
    Poor::Noise(12.0),
    Poor::Noise(16.0),
    Poor::Light(0.5),
    Poor::Light(0.25),
    Poor::Light(0.1),
    Poor::Jpeg(40),
    Poor::Jpeg(20),
    Poor::Jpeg(8),
    Poor::Pixels(0.5),
    Poor::Pixels(0.25),
    Poor::Pixels(0.12),
];

impl Poor {
    /// The same presentation, seen like that.
    pub fn seen(self, mut presentation: Presentation, rng: &mut Rng) -> Presentation {
        if let Self::Jpeg(quality) = self {
            presentation.quality = quality;
            return presentation;
        }
        presentation.seen_through(|picture| self.picture(picture, rng))
    }

    fn picture(self, picture: &RgbImage, rng: &mut Rng) -> RgbImage {
        match self {
            Self::Blur(sigma) => blurred(picture, sigma),
            Self::Noise(sigma) => noisy(picture, sigma, rng),
            Self::Light(gain) => lit(picture, gain),
            Self::Jpeg(_) => picture.clone(),
            Self::Pixels(share) => coarse(picture, share, FilterType::Triangle),
        }
    }

    /// In words.
    pub fn words(self) -> String {
        match self {
            Self::Blur(sigma) => format!("out of focus, σ {sigma} pixels"),
            Self::Noise(sigma) => format!("noise, σ {sigma} grey levels"),
            Self::Light(gain) => format!("{:.0}% of the light", gain * 100.0),
            Self::Jpeg(quality) => format!("JPEG quality {quality}"),
            Self::Pixels(share) => format!("{:.0}% of the pixels of each side", share * 100.0),
        }
    }
}

/// The attacks that are presented so: those that are stopped when they can be seen well, in frames.
pub fn attacks() -> Vec<Attack> {
    let names = [
        "a photo, moved",
        "a photo, tilted as the head should turn",
        "another person in the turned frames",
        "a face put over another's in the frontal frames",
        "a replay that was really filmed off a phone",
    ];
    let mut attacks = all();
    attacks.retain(|a| a.expected == Expected::Stopped && names.contains(&a.name));
    assert_eq!(attacks.len(), names.len());
    attacks
}
