//! Makes the thumbnail of a face: a few grey cells at their place in the frame.

use livegate_liveness::measurement::Bounds;
use livegate_liveness::thumbnail::{Cells, FACES, LONG_SIDE, Thumbnail};

use crate::pixels::area::{Part, Small};
use livegate_media::RgbFrame;

/// The cells around a face; `None` where the face lies outside the frame.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the frame, which has 64 cells on its longer side"
)]
pub fn of(frame: &RgbFrame, face: Bounds) -> Option<Thumbnail> {
    let (width, height) = (frame.width as f32, frame.height as f32);
    let scale = f32::from(LONG_SIDE) / width.max(height);
    let cells = |side: f32| (side * scale).round().max(1.0);
    let (columns, rows) = (cells(width), cells(height));
    let kept = Part::from(face).scaled(FACES);
    // From the first cell that the area touches to the last one.
    let span = |low: f32, high: f32, side: f32, cells: f32| {
        let at = |v: f32| v / side * cells;
        let (low, high) = (at(low).floor(), at(high).ceil());
        (low.clamp(0.0, cells), high.clamp(0.0, cells))
    };
    let (left, right) = span(kept.left, kept.right, width, columns);
    let (top, bottom) = span(kept.top, kept.bottom, height, rows);
    let part = Part {
        left: left * width / columns,
        top: top * height / rows,
        right: right * width / columns,
        bottom: bottom * height / rows,
    };
    let (across, down) = ((right - left) as usize, (bottom - top) as usize);
    let small = Small::of(frame, part, across, down)?;
    let levels = small.grey().into_iter().map(|v| v.round() as u8);
    Thumbnail::try_from(Cells {
        frame: [columns as u8, rows as u8],
        left: left as u8,
        top: top as u8,
        width: (right - left) as u8,
        levels: levels.collect(),
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32, height: u32, level: impl Fn(u32, u32) -> u8) -> RgbFrame {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        RgbFrame {
            width,
            height,
            pixels: places.flat_map(|(x, y)| [level(x, y); 3]).collect(),
        }
    }

    fn face(x: f32, y: f32, side: f32) -> Bounds {
        Bounds {
            x,
            y,
            width: side,
            height: side,
        }
    }

    #[test]
    fn cells_are_those_of_the_frame_wherever_the_face_lies() {
        // Each cell of 10x10 pixels has its own level.
        let striped = frame(640, 480, |x, y| (x / 10 * 3 + y / 10) as u8);
        let seen = Cells::from(of(&striped, face(205.0, 105.0, 100.0)).unwrap());
        assert_eq!((seen.frame, seen.left, seen.top), ([64, 48], 19, 9));
        for (n, level) in (0..).zip(&seen.levels) {
            let (x, y) = (
                19 + n % u32::from(seen.width),
                9 + n / u32::from(seen.width),
            );
            assert_eq!(u32::from(*level), x * 3 + y);
        }
    }

    #[test]
    fn what_reaches_beyond_the_frame_ends_with_it_and_what_is_outside_is_none() {
        let grey = frame(360, 480, |_, _| 90);
        let seen = Cells::from(of(&grey, face(-40.0, 380.0, 200.0)).unwrap());
        assert_eq!((seen.left, seen.frame), (0, [48, 64]));
        assert!(seen.levels.iter().all(|v| *v == 90));
        assert_eq!(of(&grey, face(900.0, 10.0, 100.0)), None);
        assert_eq!(of(&frame(0, 0, |_, _| 0), face(0.0, 0.0, 9.0)), None);
        assert_eq!(of(&grey, face(f32::NAN, 10.0, 100.0)), None);
    }
}
