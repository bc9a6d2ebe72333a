//! Poor captures: results of live people and attacks when little can be seen.

use fastrand::Rng;
use image::RgbImage;
use image::imageops::FilterType;
use livegate_instruments::camera::{blurred, coarse, lit, noisy};

use super::list::{Attack, Expected, all};
use super::presentation::Presentation;

/// A way in which a capture is poor.
#[derive(Clone, Copy, Debug)]
pub enum Poor {
    /// Blur, sigma in pixels.
    Blur(f32),
    /// Sensor noise, standard deviation in grey levels.
    Noise(f32),
    /// Light, as a share of the original.
    Light(f32),
    /// JPEG quality, 1 to 100.
    Jpeg(u8),
    /// Resolution, as a share of each side.
    Pixels(f32),
}

/// All of them. Within a kind, each is worse than the one before.
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
    /// The presentation in a poor capture.
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

    /// Name in the document.
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

/// Attacks that are presented in poor captures: those in images mode that are stopped in good ones.
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
