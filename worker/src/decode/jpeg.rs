//! A JPEG's header, walked segment by segment.
//!
//! Ours rather than a library's, since it guards a decoder: both must see the same picture, so
//! whatever two readers could take differently is refused, and no file makes it take longer than
//! its number of segments.

use image::metadata::Orientation;

/// Segments before the picture's data beyond which a file is no camera's; those write some twenty.
const MOST_SEGMENTS: usize = 1000;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub struct JpegHeader {
    /// Width as stored, pixels.
    pub width: u32,
    /// Height as stored, pixels.
    pub height: u32,
    /// Colour channels: 1 grey, 3 colour, 4 printers' colours.
    pub channels: u8,
    /// How to set it upright (EXIF).
    pub orientation: Orientation,
}

/// Reads the segments up to the picture's data; `None` when they are not those of a JPEG.
pub fn read(bytes: &[u8]) -> Option<JpegHeader> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let (mut frame, mut orientation) = (None, None);
    for _ in 0..MOST_SEGMENTS {
        let (marker, content, after) = segment(rest)?;
        match marker {
            0xda => {
                let (width, height, channels) = frame?;
                let orientation = orientation.unwrap_or(Orientation::NoTransforms);
                return Some(JpegHeader {
                    width,
                    height,
                    channels,
                    orientation,
                });
            }
            // Start of frame, in all its kinds; c4, c8 and cc are something else.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                if frame.is_some() {
                    return None;
                }
                frame = Some(start_of_frame(content)?);
            }
            0xe1 if orientation.is_none() => {
                // A broken EXIF block is no reason to refuse a good picture: browsers show it as it
                // is stored, too.
                let exif = content.strip_prefix(b"Exif\0\0");
                orientation = exif.and_then(Orientation::from_exif_chunk);
            }
            _ => {}
        }
        rest = after;
    }
    None
}

/// One segment, as marker, content and what follows it. Markers without a length (restarts, the end
/// of the picture) have no place in a header.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let after_first = bytes.strip_prefix(&[0xff])?;
    // A marker may be filled up with any number of ff.
    let fill = after_first.iter().take_while(|b| **b == 0xff).count();
    let (&marker, rest) = after_first.get(fill..)?.split_first()?;
    if matches!(marker, 0x00 | 0x01 | 0xd0..=0xd9) {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    let content = rest.get(2..length)?;
    Some((marker, content, rest.get(length..)?))
}

fn start_of_frame(content: &[u8]) -> Option<(u32, u32, u8)> {
    let two = |at: usize| {
        Some(u32::from(u16::from_be_bytes([
            *content.get(at)?,
            *content.get(at + 1)?,
        ])))
    };
    Some((two(3)?, two(1)?, *content.get(5)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: [u8; 2] = [0xff, 0xd8];
    const FRAME: [u8; 19] = [
        0xff, 0xc0, 0, 17, 8, 1, 0xe0, 2, 0x80, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1,
    ];
    const SCAN: [u8; 4] = [0xff, 0xda, 0, 2];

    #[test]
    fn the_size_is_that_of_the_start_of_frame() {
        let header = read(&[&START[..], &FRAME, &SCAN].concat()).unwrap();
        assert_eq!(
            (header.width, header.height, header.channels),
            (640, 480, 3)
        );
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        let restart = [0xff, 0xd0];
        let garbage = [0x00, 0x11];
        for (name, bytes) in [
            (
                "a restart marker in the header",
                [&START[..], &restart, &FRAME, &SCAN].concat(),
            ),
            (
                "bytes between segments",
                [&START[..], &garbage, &FRAME, &SCAN].concat(),
            ),
            ("two frames", [&START[..], &FRAME, &FRAME, &SCAN].concat()),
            ("no frame", [&START[..], &SCAN].concat()),
            (
                "a segment past the end",
                [&START[..], &[0xff, 0xe1, 0xff, 0xff, 1, 2]].concat(),
            ),
            (
                "a segment shorter than its length",
                [&START[..], &[0xff, 0xe1, 0, 1], &FRAME, &SCAN].concat(),
            ),
            (
                "an end before the picture",
                [&START[..], &FRAME, &[0xff, 0xd9]].concat(),
            ),
        ] {
            assert_eq!(read(&bytes), None, "{name}");
        }
    }

    #[test]
    fn a_file_of_nothing_but_segments_is_given_up() {
        let comment = [0xff, 0xfe, 0, 2];
        let few = [&START[..], &comment.repeat(900), &FRAME, &SCAN].concat();
        let many = [&START[..], &comment.repeat(100_000), &FRAME, &SCAN].concat();
        assert!(read(&few).is_some() && read(&many).is_none());
    }
}
