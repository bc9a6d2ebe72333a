//! What poor light, poor lenses and poor lines do to a picture.

use fastrand::Rng;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};

/// A picture as JPEG of this quality, 1 to 100.
///
/// # Errors
/// When it cannot be encoded.
pub fn jpeg(picture: &RgbImage, quality: u8) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture)?;
    Ok(bytes)
}

/// The sensor's noise: normal, `sigma` grey levels, of its own in each channel.
pub fn noisy(picture: &RgbImage, sigma: f32, rng: &mut Rng) -> RgbImage {
    changed(picture, |c| {
        // Irwin and Hall: the sum of twelve uniforms is normal enough, with variance 1.
        let normal = (0..12).map(|_| rng.f32()).sum::<f32>() - 6.0;
        c + sigma * normal
    })
}

/// The light, `gain` times as much.
pub fn lit(picture: &RgbImage, gain: f32) -> RgbImage {
    changed(picture, |c| c * gain)
}

/// Out of focus, `sigma` pixels.
pub fn blurred(picture: &RgbImage, sigma: f32) -> RgbImage {
    imageops::fast_blur(picture, sigma)
}

/// Another number of pixels.
pub fn scaled(picture: &RgbImage, share: f32, filter: FilterType) -> RgbImage {
    let [w, h] = crate::canvas::size(picture);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides of pictures"
    )]
    let side = |length: f32| (length * share).round().max(1.0) as u32;
    imageops::resize(picture, side(w), side(h), filter)
}

/// Fewer pixels, and as many as before of them again.
pub fn coarse(picture: &RgbImage, share: f32, filter: FilterType) -> RgbImage {
    let few = scaled(picture, share, filter);
    imageops::resize(&few, picture.width(), picture.height(), filter)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "colours, clamped"
)]
fn changed(picture: &RgbImage, mut change: impl FnMut(f32) -> f32) -> RgbImage {
    let mut changed = picture.clone();
    for c in changed.iter_mut() {
        *c = change(f32::from(*c)).round().clamp(0.0, 255.0) as u8;
    }
    changed
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn noise_has_its_size_and_its_seed() {
        let grey = RgbImage::from_pixel(64, 64, Rgb([128; 3]));
        let noise = |seed| noisy(&grey, 8.0, &mut Rng::with_seed(seed));
        assert_eq!(noise(1), noise(1));
        assert_ne!(noise(1), noise(2));
        let square = |c: &u8| (f32::from(*c) - 128.0).powi(2);
        let variance = noise(3).iter().map(square).sum::<f32>() / (64.0 * 64.0 * 3.0);
        assert!((7.0..9.0).contains(&variance.sqrt()), "{variance}");
    }
}
