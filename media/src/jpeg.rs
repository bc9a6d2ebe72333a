//! Reads a JPEG's header, segment by segment.
//!
//! This code guards a decoder, so it is our own: it walks the segments as libjpeg does, so that both see
//! the same picture, and its time is proportional to the length of the file.

use image::metadata::Orientation;

use super::exif;

/// Most markers before the picture's data. Cameras write some twenty.
const MOST_MARKERS: usize = 1000;

/// Properties in the header.
#[derive(Debug, PartialEq, Eq)]
pub struct JpegHeader {
    /// Width as stored, pixels.
    pub width: u32,
    /// Height as stored, pixels.
    pub height: u32,
    /// Bits of a channel. Only 8 is decoded.
    pub bits: u8,
    /// Colour channels: 1 grey, 3 colour, 4 printers' colours.
    pub channels: u8,
    /// Rotation and reflection that set the picture upright (EXIF).
    pub orientation: Orientation,
}

/// Reads the segments up to the picture's data; `None` when the bytes are not a JPEG.
pub fn read(bytes: &[u8]) -> Option<JpegHeader> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let (mut frame, mut orientation) = (None, None);
    for _ in 0..MOST_MARKERS {
        let (marker, after_marker) = next_marker(rest)?;
        if is_bare(marker) {
            rest = after_marker;
            continue;
        }
        let (content, after) = segment(marker, after_marker)?;
        match marker {
            0xda => {
                let frame: Frame = frame?;
                return Some(JpegHeader {
                    width: frame.width,
                    height: frame.height,
                    bits: frame.bits,
                    channels: frame.channels,
                    orientation: orientation.unwrap_or(Orientation::NoTransforms),
                });
            }
            // All kinds of start of frame. c4, c8 and cc are other markers.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                if frame.is_some() {
                    return None;
                }
                frame = Some(Frame::read(content)?);
            }
            0xe1 if orientation.is_none() => {
                // A broken EXIF block is not a reason to refuse a good picture: browsers also show it as
                // it is stored. The second zero is padding, and not always zero.
                let exif = content.strip_prefix(b"Exif\0").and_then(|c| c.get(1..));
                orientation = exif.and_then(exif::orientation);
            }
            _ => {}
        }
        rest = after;
    }
    None
}

/// The next marker and the bytes after it.
///
/// As libjpeg does, skips other bytes before the marker, and accepts any number of ff before it as
/// filling.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let first = rest.iter().position(|b| *b == 0xff)?;
        rest = rest.get(first..)?;
        let fill = rest.iter().take_while(|b| **b == 0xff).count();
        let (&marker, after) = rest.get(fill..)?.split_first()?;
        // ff 00 is data.
        if marker != 0 {
            return Some((marker, after));
        }
        rest = after;
    }
}

/// Whether a marker has no segment and no meaning in a header: restart markers, and one for arithmetic
/// coding.
fn is_bare(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xd0..=0xd7)
}

/// The content of a marker's segment, and the bytes after it.
///
/// `None` for a second start marker, an end marker before the picture, and a segment that reaches beyond
/// the file.
fn segment(marker: u8, after: &[u8]) -> Option<(&[u8], &[u8])> {
    if matches!(marker, 0xd8 | 0xd9) {
        return None;
    }
    // The length includes its own two bytes. libjpeg accepts a smaller length as 2.
    let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?])).max(2);
    Some((after.get(2..length)?, after.get(length..)?))
}

/// The fields of a start of frame.
struct Frame {
    bits: u8,
    width: u32,
    height: u32,
    channels: u8,
}

impl Frame {
    fn read(content: &[u8]) -> Option<Self> {
        let two = |at: usize| {
            Some(u32::from(u16::from_be_bytes([
                *content.get(at)?,
                *content.get(at + 1)?,
            ])))
        };
        Some(Self {
            bits: *content.first()?,
            height: two(1)?,
            width: two(3)?,
            channels: *content.get(5)?,
        })
    }
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
    fn what_libjpeg_passes_over_is_passed_over() {
        let expected = read(&[&START[..], &FRAME, &SCAN].concat()).unwrap();
        for (name, between) in [
            ("a restart marker", &[0xff, 0xd0][..]),
            ("the marker of arithmetic coding", &[0xff, 0x01]),
            ("stray bytes", &[0x00, 0x11, 0x22]),
            ("a stray byte of data", &[0xff, 0x00, 0x11]),
            ("filling", &[0xff; 50]),
            ("a comment of no length", &[0xff, 0xfe, 0, 0]),
            ("a comment shorter than its length", &[0xff, 0xfe, 0, 1]),
        ] {
            for bytes in [
                [&START[..], between, &FRAME, &SCAN].concat(),
                [&START[..], &FRAME, between, &SCAN].concat(),
            ] {
                assert_eq!(read(&bytes).as_ref(), Some(&expected), "{name}");
            }
        }
    }

    #[test]
    fn what_libjpeg_refuses_is_refused() {
        for (name, bytes) in [
            (
                "a second start",
                [&START[..], &START, &FRAME, &SCAN].concat(),
            ),
            ("two frames", [&START[..], &FRAME, &FRAME, &SCAN].concat()),
            ("no frame", [&START[..], &SCAN].concat()),
            (
                "a segment past the end",
                [&START[..], &[0xff, 0xe1, 0xff, 0xff, 1, 2]].concat(),
            ),
            (
                "an end before the picture",
                [&START[..], &FRAME, &[0xff, 0xd9]].concat(),
            ),
            ("nothing but stray bytes", [&START[..], &[7; 9]].concat()),
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
