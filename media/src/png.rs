//! Reads a PNG's header, chunk by chunk, without inflating anything.

use image::metadata::Orientation;

use super::exif;

/// Most chunks that are not the picture's data. Cameras write far fewer.
const MOST_CHUNKS: usize = 1000;

/// Properties in the header.
#[derive(Debug, PartialEq, Eq)]
pub struct PngHeader {
    /// Width as stored, pixels.
    pub width: u32,
    /// Height as stored, pixels.
    pub height: u32,
    /// Whether all colours are grey: the picture has one colour channel, or a palette of greys.
    pub is_grey: bool,
    /// Rotation and reflection that set the picture upright (EXIF).
    pub orientation: Orientation,
}

/// Reads the chunks; `None` when those up to the picture's data are not the chunks of a PNG.
///
/// EXIF may come after the picture's data: PNG specification, third edition, section 5.6.
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
    // Grey, with and without alpha.
    let mut is_grey = matches!(content.get(9)?, 0 | 4);
    let has_palette = *content.get(9)? == 3;
    let (mut orientation, mut has_data, mut others) = (None, false, 0);
    while others < MOST_CHUNKS {
        // The picture's data may be incomplete: the decoder checks that.
        has_data |= rest.get(4..8) == Some(b"IDAT");
        if has_data && orientation.is_some() {
            break;
        }
        let Some((name, content, after)) = chunk(rest) else {
            break;
        };
        match name {
            b"IDAT" => {}
            b"IEND" => break,
            b"eXIf" if orientation.is_none() => orientation = exif::orientation(content),
            b"PLTE" if has_palette => {
                let (colours, _) = content.as_chunks::<3>();
                is_grey = colours.iter().all(|[r, g, b]| r == g && g == b);
            }
            _ => {}
        }
        others += usize::from(name != b"IDAT");
        rest = after;
    }
    has_data.then(|| PngHeader {
        width,
        height,
        is_grey,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    })
}

/// One chunk: its name, its content and the bytes after its checksum.
fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(8)?;
    Some((
        bytes.get(4..8)?.try_into().ok()?,
        bytes.get(8..end)?,
        bytes.get(end.checked_add(4)?..)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::exif::testing::block;
    use super::*;

    fn chunk_of(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        // Checksums are left to the decoder.
        [&length, &name[..], content, &[0; 4]].concat()
    }

    fn png(colour_type: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut header = [[0, 0, 0, 200], [0, 0, 0, 150]].concat();
        header.extend([8, colour_type, 0, 0, 0]);
        let start = [b"\x89PNG\r\n\x1a\n", &chunk_of(b"IHDR", &header)[..]].concat();
        [start, chunks.concat()].concat()
    }

    #[test]
    fn exif_counts_wherever_it_stands() {
        let data = || chunk_of(b"IDAT", &[7; 30]);
        let exif = |value| chunk_of(b"eXIf", &block(true, 4, 1, value, 2));
        let end = || chunk_of(b"IEND", &[]);
        let text = || chunk_of(b"tEXt", b"a\0b");
        for (name, chunks, expected) in [
            ("before", vec![exif(6), data(), end()], Some(6)),
            (
                "after",
                vec![data(), data(), text(), exif(6), end()],
                Some(6),
            ),
            ("twice", vec![exif(3), data(), exif(6), end()], Some(3)),
            ("beyond the end", vec![data(), end(), exif(6)], None),
            (
                "after much data",
                [vec![data(); 5000], vec![exif(8), end()]].concat(),
                Some(8),
            ),
        ] {
            let header = read(&png(2, &chunks)).unwrap();
            let expected = expected.and_then(Orientation::from_exif);
            assert_eq!(
                header.orientation,
                expected.unwrap_or(Orientation::NoTransforms),
                "{name}"
            );
        }
        let others = vec![text(); 5000];
        assert_eq!(read(&png(2, &[others, vec![data()]].concat())), None);
        assert_eq!(read(&png(2, &[exif(6), end()])), None);
    }

    #[test]
    fn what_is_grey_is_known_by_the_header() {
        let data = || chunk_of(b"IDAT", &[7; 30]);
        let is_grey =
            |colour_type, chunks: &[Vec<u8>]| read(&png(colour_type, chunks)).unwrap().is_grey;
        assert_eq!(
            [0, 2, 4, 6].map(|colour_type| is_grey(colour_type, &[data()])),
            [true, false, true, false]
        );
        let palette = |colours: &[u8]| {
            vec![
                chunk_of(b"eXIf", &block(true, 3, 1, 6, 0)),
                chunk_of(b"PLTE", colours),
                data(),
            ]
        };
        assert!(is_grey(3, &palette(&[0, 0, 0, 90, 90, 90])));
        assert!(!is_grey(3, &palette(&[0, 0, 0, 90, 91, 90])));
        // A suggested palette does not make a picture grey.
        assert!(!is_grey(2, &palette(&[0, 0, 0, 90, 90, 90])));
    }
}
