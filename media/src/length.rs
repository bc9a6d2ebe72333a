//! The length of a clip as its file states it, read without decoding.
//!
//! It is a hint, to expect what a clip will cost. A caller may state any length, and files that were recorded in a
//! browser often state none. What a clip really is, the decoder finds out.

/// Longest clip that is accepted, seconds.
const LONGEST_S: f64 = 30.0;

/// Shortest length that is assumed where the file states none: that of a usual capture, seconds.
const USUAL_S: f64 = 5.0;

/// Bytes a second of a clip whose file states no length: about 2 Mbit/s, as browsers record.
const BYTES_A_SECOND: f64 = 256.0 * 1024.0;

/// The expected length of a clip, mp4 or webm, seconds: 5 to 30. A shorter one is not believed: it would be the cheapest
/// lie.
pub fn expected_s(clip: &[u8]) -> f64 {
    let stated = mp4(clip).or_else(|| webm(clip));
    let stated = stated.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    #[expect(clippy::cast_precision_loss, reason = "megabytes")]
    let by_size = || (clip.len() as f64 / BYTES_A_SECOND).max(USUAL_S);
    stated.unwrap_or_else(by_size).clamp(USUAL_S, LONGEST_S)
}

/// The duration of a movie header: ISO/IEC 14496-12, section 8.2.2.
fn mp4(bytes: &[u8]) -> Option<f64> {
    let header = find_box(find_box(bytes, b"moov")?, b"mvhd")?;
    let (timescale, duration) = match header.first()? {
        0 => (number(header, 12, 4)?, number(header, 16, 4)?),
        1 => (number(header, 20, 4)?, number(header, 24, 8)?),
        _ => return None,
    };
    (timescale > 0).then(|| ratio(duration, timescale))
}

/// The content of the first box of this type, among the boxes of `bytes`.
fn find_box<'a>(mut bytes: &'a [u8], wanted: &[u8; 4]) -> Option<&'a [u8]> {
    loop {
        let (head, size) = match number(bytes, 0, 4)? {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(number(bytes, 8, 8)?).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let whole = bytes.get(..size).unwrap_or(bytes);
        if bytes.get(4..8)? == wanted {
            return whole.get(head..);
        }
        if size < head {
            return None;
        }
        bytes = bytes.get(size..)?;
    }
}

/// The duration of a segment: RFC 9559, sections 5.1.2.9 and 5.1.2.10.
fn webm(bytes: &[u8]) -> Option<f64> {
    let rest = element(bytes).filter(|e| e.id == 0x1A45_DFA3)?.after;
    let segment = element(rest).filter(|e| e.id == 0x1853_8067)?;
    let info = find_element(segment.content, 0x1549_A966)?;
    let nanoseconds = match find_element(info, 0x2A_D7B1) {
        Some(scale) => number(scale, 0, scale.len())?,
        None => 1_000_000,
    };
    let duration = find_element(info, 0x4489)?;
    let ticks = match duration.len() {
        4 => f64::from(f32::from_be_bytes(duration.try_into().ok()?)),
        8 => f64::from_be_bytes(duration.try_into().ok()?),
        _ => return None,
    };
    Some(ticks * ratio(nanoseconds, 1_000_000_000))
}

/// An EBML element: RFC 8794, section 6.
struct Element<'a> {
    id: u64,
    content: &'a [u8],
    after: &'a [u8],
}

fn find_element(mut bytes: &[u8], id: u64) -> Option<&[u8]> {
    loop {
        let next = element(bytes)?;
        if next.id == id {
            return Some(next.content);
        }
        bytes = next.after;
    }
}

fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let id_length = vint_length(bytes)?;
    let rest = bytes.get(id_length..)?;
    let size_length = vint_length(rest)?;
    let content = rest.get(size_length..)?;
    let mask = (1_u64 << (7 * size_length)) - 1;
    let size = number(rest, 0, size_length)? & mask;
    // All bits set: a size that was not known when the element was begun.
    let end = if size == mask {
        content.len()
    } else {
        usize::try_from(size).ok()?.min(content.len())
    };
    let (content, after) = content.split_at(end);
    Some(Element {
        id: number(bytes, 0, id_length)?,
        content,
        after,
    })
}

/// Length of a variable-size integer, by its first byte.
fn vint_length(bytes: &[u8]) -> Option<usize> {
    let zeros = bytes.first()?.leading_zeros();
    (zeros < 8).then_some(zeros as usize + 1)
}

/// The number in these bytes, most significant byte first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let digits = bytes.get(at..at.checked_add(length)?)?;
    (length <= 8).then(|| digits.iter().fold(0, |n, byte| (n << 8) | u64::from(*byte)))
}

#[expect(clippy::cast_precision_loss, reason = "a hint")]
fn ratio(number: u64, by: u64) -> f64 {
    number as f64 / by as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn atom(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], name, content].concat()
    }

    fn movie(version: u8, timescale: u32, duration: u32) -> Vec<u8> {
        let header = if version == 0 {
            let numbers = [0, 0, 0, timescale, duration];
            numbers.map(u32::to_be_bytes).concat()
        } else {
            let mut header = vec![1, 0, 0, 0];
            header.extend([0; 16]);
            header.extend(timescale.to_be_bytes());
            header.extend(u64::from(duration).to_be_bytes());
            header
        };
        let moov = atom(
            b"moov",
            &[atom(b"udta", b"xx"), atom(b"mvhd", &header)].concat(),
        );
        [atom(b"ftyp", b"isom"), atom(b"mdat", &[0; 100]), moov].concat()
    }

    fn segment(info: &[u8]) -> Vec<u8> {
        let length = u8::try_from(info.len()).unwrap();
        let mut file = vec![0x1A, 0x45, 0xDF, 0xA3, 0x80];
        // A segment of unknown size, and an element before the one that counts.
        file.extend([0x18, 0x53, 0x80, 0x67, 0xFF, 0xEC, 0x81, 0x00]);
        file.extend([0x15, 0x49, 0xA9, 0x66, 0x80 | length]);
        file.extend(info);
        file
    }

    fn near(seconds: f64, expected: f64) -> bool {
        (seconds - expected).abs() < 1e-6
    }

    #[test]
    fn the_stated_length_is_read() {
        assert!(near(expected_s(&movie(0, 600, 4200)), 7.0));
        assert!(near(expected_s(&movie(1, 90_000, 1_125_000)), 12.5));
        let mut info = vec![0x44, 0x89, 0x88];
        info.extend(8500.0_f64.to_be_bytes());
        assert!(near(expected_s(&segment(&info)), 8.5));
        let mut info = vec![0x2A, 0xD7, 0xB1, 0x83, 0x0F, 0x42, 0x40, 0x44, 0x89, 0x84];
        info.extend(2500.0_f32.to_be_bytes());
        assert!(near(webm(&segment(&info)).unwrap(), 2.5));
        assert!(near(expected_s(&segment(&info)), USUAL_S));
    }

    #[test]
    fn without_a_length_the_size_counts() {
        for clip in [movie(0, 600, 0), movie(0, 0, 600), segment(&[]), vec![]] {
            assert!(near(expected_s(&clip), USUAL_S));
        }
        assert!(near(expected_s(&vec![0; 4 << 20]), 16.0));
        assert!(near(expected_s(&movie(0, 1, 1_000_000)), LONGEST_S));
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_length(
            start in prop_oneof![Just(movie(0, 600, 4200)), Just(segment(&[0x44, 0x89, 0x84, 1, 2, 3, 4]))],
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = start;
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(end.index(bytes.len() + 1));
            let seconds = expected_s(&bytes);
            prop_assert!((USUAL_S..=LONGEST_S).contains(&seconds));
        }
    }
}
