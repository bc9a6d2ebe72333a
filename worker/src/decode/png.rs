//! A PNG's header, walked chunk by chunk, nothing inflated.

use image::metadata::Orientation;

/// Chunks before the picture's data beyond which a file is no camera's.
const MOST_CHUNKS: usize = 1000;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub struct PngHeader {
    /// Width as stored, pixels.
    pub width: u32,
    /// Height as stored, pixels.
    pub height: u32,
    /// How to set it upright (EXIF).
    pub orientation: Orientation,
}

/// Reads the chunks up to the picture's data; `None` when they are not those of a PNG.
pub fn read(bytes: &[u8]) -> Option<PngHeader> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let (name, content, mut rest) = chunk(rest)?;
    let number = |at: usize| {
        Some(u32::from_be_bytes(
            content.get(at..at + 4)?.try_into().ok()?,
        ))
    };
    let (width, height) = (number(0)?, number(4)?);
    if name != b"IHDR" {
        return None;
    }
    let mut orientation = None;
    for _ in 0..MOST_CHUNKS {
        // The picture's data need not be whole yet: that is for the decoder to say.
        if rest.get(4..8)? == b"IDAT" {
            return Some(PngHeader {
                width,
                height,
                orientation: orientation.unwrap_or(Orientation::NoTransforms),
            });
        }
        let (name, content, after) = chunk(rest)?;
        if name == b"eXIf" && orientation.is_none() {
            orientation = Orientation::from_exif_chunk(content);
        }
        rest = after;
    }
    None
}

/// One chunk, as name, content and what follows its checksum.
fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(8)?;
    Some((
        bytes.get(4..8)?,
        bytes.get(8..end)?,
        bytes.get(end.checked_add(4)?..)?,
    ))
}
