//! Shrunk frames, upright or turned, as inputs of the detector.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use livegate_models::{ChannelOrder, InputSpec};

use super::crop::Crop;
use crate::geometry::{Point, Similarity};
use livegate_media::RgbFrame;

/// The sides of an input are multiples of the detector's coarsest stride, pixels.
const MULTIPLE: u32 = 32;

/// An input of the detector: planes of blue, green, red, row by row, 0 to 255.
pub struct Input {
    /// `3 * width * height` values: blue, green, red.
    pub planes: Vec<f32>,
    /// Width, pixels; a multiple of 32.
    pub width: usize,
    /// Height, pixels; a multiple of 32.
    pub height: usize,
}

/// A shrunk frame.
pub struct Shrunk {
    picture: RgbFrame,
    /// Frame pixels per pixel of the shrunk frame.
    pub scale: f32,
}

/// Why a frame cannot be made smaller: a bug, since frames are checked when they are decoded.
#[derive(Debug, thiserror::Error)]
pub enum ShrinkError {
    /// The frame has not the pixels that its sides say.
    #[error("the frame has too few pixels")]
    Source,
    /// The resizing library refuses it.
    #[error(transparent)]
    Resize(#[from] fast_image_resize::ResizeError),
}

impl Shrunk {
    /// The frame with a longer side of `long_side` pixels.
    pub fn of(
        frame: &RgbFrame,
        long_side: u32,
        resizer: &mut Resizer,
    ) -> Result<Self, ShrinkError> {
        let longer = frame.width.max(frame.height);
        let shrink = |side: u32| (side * long_side).div_ceil(longer).max(1);
        let (width, height) = (shrink(frame.width), shrink(frame.height));
        let source = ImageRef::new(frame.width, frame.height, &frame.pixels, PixelType::U8x3)
            .map_err(|_| ShrinkError::Source)?;
        let mut small = Image::new(width, height, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        resizer.resize(&source, &mut small, &options)?;
        #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
        let scale = longer as f32 / long_side as f32;
        let pixels = small.into_vec();
        Ok(Self {
            picture: RgbFrame {
                width,
                height,
                pixels,
            },
            scale,
        })
    }

    /// The whole picture in the top left corner of an input. The rest is black.
    pub fn upright(&self) -> Input {
        let RgbFrame {
            width,
            height,
            ref pixels,
        } = self.picture;
        let (full_width, full_height) = (
            width.next_multiple_of(MULTIPLE) as usize,
            height.next_multiple_of(MULTIPLE) as usize,
        );
        let plane = full_width * full_height;
        let mut planes = vec![0.0; 3 * plane];
        for (y, row) in pixels.chunks_exact(width as usize * 3).enumerate() {
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let at = y * full_width + x;
                planes[at] = f32::from(pixel[2]);
                planes[plane + at] = f32::from(pixel[1]);
                planes[2 * plane + at] = f32::from(pixel[0]);
            }
        }
        Input {
            planes,
            width: full_width,
            height: full_height,
        }
    }

    /// A square of the picture as an input, and the transform from the input back to the picture.
    ///
    /// `size` is the side of the input, a multiple of 32; the other parameters are those of
    /// [`Similarity::from_crop`]. Black beyond the picture.
    pub fn turned(&self, size: u32, centre: Point, side: f32, angle: f32) -> (Input, Similarity) {
        let way_back = Similarity::from_crop(size, centre, side, angle);
        let spec = InputSpec {
            width: size,
            height: size,
            channels: ChannelOrder::Bgr,
            mean: [0.0; 3],
            std: [1.0; 3],
        };
        let input = Input {
            planes: Crop::by_similarity(&self.picture, size, way_back).to_planes(&spec),
            width: size as usize,
            height: size as usize,
        };
        (input, way_back)
    }

    /// The whole picture turned by `angle` radians, in a square of its longer side. Corners that turn
    /// out of the square are cut off.
    pub fn turned_whole(&self, angle: f32) -> (Input, Similarity) {
        let RgbFrame { width, height, .. } = self.picture;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
        let [width, height] = [width, height].map(|side| side as f32);
        let middle = [(width - 1.0) / 2.0, (height - 1.0) / 2.0];
        let size = self.picture.width.max(self.picture.height);
        let size = size.next_multiple_of(MULTIPLE);
        self.turned(size, middle, width.max(height), angle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrunk(width: u32, height: u32, pixels: Vec<u8>, long_side: u32) -> Shrunk {
        let frame = RgbFrame {
            width,
            height,
            pixels,
        };
        Shrunk::of(&frame, long_side, &mut Resizer::new()).unwrap()
    }

    #[test]
    fn the_letterbox_keeps_the_shape_and_pads_to_whole_cells() {
        for (w, h, width, height) in [
            (1280, 720, 320, 192),
            (720, 1280, 192, 320),
            (4096, 120, 320, 32),
            (640, 640, 320, 320),
        ] {
            let input = shrunk(w, h, vec![200; (w * h * 3) as usize], 320).upright();
            assert_eq!((input.width, input.height), (width, height), "{w}x{h}");
            assert_eq!(input.planes.len(), 3 * width * height);
            assert!((input.planes[0] - 200.0).abs() < 1.0);
        }
    }

    #[test]
    fn a_quarter_turn_puts_the_right_side_up() {
        // Red grows to the right, green downwards.
        let side = 64_u8;
        let pixels = (0..side).flat_map(|y| (0..side).flat_map(move |x| [4 * x, 4 * y, 9]));
        let shrunk = shrunk(64, 64, pixels.collect(), 64);
        let quarter = std::f32::consts::FRAC_PI_2;
        let (input, way_back) = shrunk.turned_whole(quarter);
        let (blue, rest) = input.planes.split_at(64 * 64);
        let (green, red) = rest.split_at(64 * 64);
        // Right in the turned picture is down in the picture, and down is left.
        for (x, y) in [(0_usize, 0_usize), (63, 0), (0, 63), (20, 40)] {
            let [fx, fy] = way_back.apply([x as f32, y as f32]);
            assert!((fx - (63 - y) as f32).abs() < 1e-3 && (fy - x as f32).abs() < 1e-3);
            let at = y * 64 + x;
            assert!((red[at] - 4.0 * fx).abs() < 0.1 && (green[at] - 4.0 * fy).abs() < 0.1);
            assert!((blue[at] - 9.0).abs() < 0.1);
        }
    }
}
