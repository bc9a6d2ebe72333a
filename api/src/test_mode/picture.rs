//! A drawn picture, for the best frame of a clip that is not decoded.

use bytes::Bytes;
use livegate_media::{RgbFrame, encode_jpeg};

use crate::error::ApiError;

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

/// A JPEG of 320x240 pixels: an oval in one colour before another. It looks like nobody.
///
/// # Errors
/// [`ApiError::Processing`] when it cannot be encoded.
pub fn drawn_jpeg() -> Result<Bytes, ApiError> {
    let mut pixels = Vec::with_capacity(3 * (WIDTH * HEIGHT) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let colour: [u8; 3] = if is_in_oval(x, y) {
                [240, 180, 90]
            } else {
                [40, 90, 140]
            };
            pixels.extend(colour);
        }
    }
    let frame = RgbFrame {
        width: WIDTH,
        height: HEIGHT,
        pixels,
    };
    encode_jpeg(&frame).map_err(ApiError::internal)
}

fn is_in_oval(x: u32, y: u32) -> bool {
    // Distances from the middle, as shares of 70 and 95 pixels.
    let across = (f64::from(x) - f64::from(WIDTH) / 2.0) / 70.0;
    let down = (f64::from(y) - f64::from(HEIGHT) / 2.0) / 95.0;
    across.hypot(down) <= 1.0
}

#[cfg(test)]
mod tests {
    use livegate_media::{Format, Picture};

    use super::*;

    #[test]
    fn the_drawn_picture_is_a_jpeg_that_a_frame_may_be() {
        let picture = Picture::read(drawn_jpeg().unwrap()).unwrap();
        let header = picture.header();
        assert_eq!(
            (header.format, header.width, header.height),
            (Format::Jpeg, WIDTH, HEIGHT)
        );
    }
}
