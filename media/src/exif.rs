//! Reads the orientation from an EXIF block, and nothing else.
//!
//! The standard stores the orientation as one SHORT. Writers deviate from it and readers are lenient, so
//! this reader is lenient, too. Its time is proportional to the directory, which the block's size
//! limits.

use image::metadata::Orientation;

/// Tag of the orientation.
const ORIENTATION: u16 = 0x0112;
/// Bytes of a directory entry: tag, type, count, and the value or its offset.
const ENTRY: usize = 12;

/// Reads the orientation from the first directory of a TIFF structure, as TIFF 6.0, section 2, and EXIF
/// 2.32, section 4.6.4, define it.
///
/// Any integer type, either byte order and any position of the entry are accepted. `None` unless the
/// value is 1 to 8.
pub fn orientation(block: &[u8]) -> Option<Orientation> {
    // The prefix is part of JPEG only, but some writers put it into PNG, too.
    let tiff = Tiff::new(block.strip_prefix(b"Exif\0\0").unwrap_or(block))?;
    let directory = tiff.long(4)?;
    let entries = usize::from(tiff.short(directory)?);
    let first = directory.checked_add(2)?;
    (0..entries)
        .map_while(|i| first.checked_add(i * ENTRY))
        // A directory may claim more entries than the block holds.
        .take_while(|at| at.saturating_add(ENTRY) <= tiff.bytes.len())
        .filter(|at| tiff.short(*at) == Some(ORIENTATION))
        .find_map(|at| Orientation::from_exif(u8::try_from(tiff.number(at)?).ok()?))
}

struct Tiff<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_little = match bytes.get(..4)? {
            b"II\x2a\0" => true,
            b"MM\0\x2a" => false,
            _ => return None,
        };
        Some(Self { bytes, is_little })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let number = if self.is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(number).ok()
    }

    /// The first number of an entry. A negative number becomes too large for an orientation.
    fn number(&self, entry: usize) -> Option<usize> {
        let size = match self.short(entry.checked_add(2)?)? {
            // BYTE and SBYTE.
            1 | 6 => 1,
            // SHORT and SSHORT.
            3 | 8 => 2,
            // LONG and SLONG.
            4 | 9 => 4,
            _ => return None,
        };
        let value = entry.checked_add(8)?;
        let at = match self.long(entry.checked_add(4)?)? {
            0 => return None,
            // The numbers are stored in the entry if they all fit there.
            count if count <= 4 / size => value,
            _ => self.long(value)?,
        };
        match size {
            1 => self.bytes.get(at).map(|b| usize::from(*b)),
            2 => self.short(at).map(usize::from),
            _ => self.long(at),
        }
    }
}

#[cfg(test)]
pub mod testing {
    //! EXIF blocks for tests.

    /// A TIFF structure whose first directory holds `before` other entries, and then the orientation as
    /// `count` numbers of the type `kind`. Each of the numbers is `value`.
    pub fn block(is_little: bool, kind: u16, count: u32, value: u8, before: u16) -> Vec<u8> {
        let two = |n: u16| {
            if is_little {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let four = |n: u32| {
            if is_little {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let number: Vec<u8> = match kind {
            3 | 8 => two(value.into()).to_vec(),
            4 | 9 => four(value.into()).to_vec(),
            _ => vec![value],
        };
        let mut numbers = number.repeat(count as usize);
        let entries = before + 1;
        let end = 8 + 2 + 12 * u32::from(entries) + 4;
        let mut tiff = if is_little {
            b"II\x2a\0".to_vec()
        } else {
            b"MM\0\x2a".to_vec()
        };
        tiff.extend(four(8));
        tiff.extend(two(entries));
        for tag in 0..before {
            // A text entry (Software), with its text elsewhere.
            tiff.extend([two(0x0100 + tag), two(3)].concat());
            tiff.extend([four(1), four(0)].concat());
        }
        tiff.extend([two(super::ORIENTATION), two(kind)].concat());
        tiff.extend(four(count));
        if numbers.len() <= 4 {
            numbers.resize(4, 0);
            tiff.extend(&numbers);
            tiff.extend(four(0));
        } else {
            tiff.extend(four(end));
            tiff.extend(four(0));
            tiff.extend(&numbers);
        }
        tiff
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::block;
    use super::*;

    proptest! {
        #[test]
        fn any_integer_type_byte_order_count_and_place_is_read(
            is_little: bool, kind in prop::sample::select(vec![1_u16, 3, 4, 6, 8, 9]), count in 1_u32..6, value in 1_u8..9, before in 0_u16..12,
        ) {
            let tiff = block(is_little, kind, count, value, before);
            let expected = Orientation::from_exif(value);
            prop_assert_eq!(orientation(&tiff), expected);
            prop_assert_eq!(orientation(&[b"Exif\0\0", &tiff[..]].concat()), expected);
        }

        #[test]
        fn what_is_no_orientation_is_none(
            is_little: bool, kind in prop::sample::select(vec![2_u16, 5, 7, 10, 11, 12, 0, 13, 65535]), value in 9_u8..=255,
        ) {
            prop_assert_eq!(orientation(&block(is_little, kind, 1, 6, 0)), None);
            prop_assert_eq!(orientation(&block(is_little, 3, 1, value, 0)), None);
            prop_assert_eq!(orientation(&block(is_little, 3, 1, 0, 0)), None);
        }

        #[test]
        fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..60, with: u8) {
            let _ = orientation(&bytes);
            let mut tiff = block(true, 3, 3, 6, 2);
            let at = at % tiff.len();
            tiff[at] = with;
            let _ = orientation(&tiff);
            let _ = orientation(&tiff[..at]);
        }
    }

    #[test]
    fn a_directory_that_claims_more_entries_than_there_are_is_read_as_far_as_it_goes() {
        let mut tiff = block(false, 3, 1, 6, 1);
        tiff[8..10].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(orientation(&tiff), Orientation::from_exif(6));
        // An offset beyond the end of the block.
        tiff[4..8].copy_from_slice(&[0xff; 4]);
        assert_eq!(orientation(&tiff), None);
    }
}
