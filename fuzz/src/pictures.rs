//! Properties of decoding pictures in a worker, and of setting them upright in the API.

use bytes::Bytes;
use image::metadata::Orientation;
use livegate_media::{Format, ImageHeader, MAX_SIDE, MIN_SIDE, Picture};

use crate::memory::within;

/// Most pixels of a picture that is decoded here. Larger ones would only take longer.
const MOST_PIXELS: usize = 1 << 19;

/// Memory of decoding besides the pixels, bytes.
const MARGIN: usize = 4 << 20;

/// A picture has a size within the limits or is refused, without inflating anything.
pub fn picture_header(bytes: &[u8]) {
    let header = within(bytes.len() + (64 << 10), || ImageHeader::read(bytes));
    if let Ok(header) = header {
        let sides = MIN_SIDE..=MAX_SIDE;
        assert!(sides.contains(&header.width) && sides.contains(&header.height));
    }
}

/// A picture has the size in its header or is refused, and takes no more memory than that size needs.
pub fn picture(bytes: &[u8]) {
    let Ok(header) = ImageHeader::read(bytes) else {
        let refused = within(bytes.len() + (64 << 10), || livegate_media::decode(bytes));
        return assert!(refused.is_err());
    };
    let Some(most) = memory(&header) else { return };
    match within(most + bytes.len(), || livegate_media::decode(bytes)) {
        Ok(frame) => {
            assert_eq!((frame.width, frame.height), (header.width, header.height));
            assert_eq!(frame.pixels.len(), pixels(&header) * 3);
        }
        Err(refused) => assert!(refused.to_string().len() < 500, "{refused}"),
    }
}

/// The result is an upright JPEG of the same size that ends with its picture.
pub fn upright_jpeg(bytes: &[u8]) {
    let header = ImageHeader::read(bytes);
    let Some(most) = header.as_ref().map_or(Some(MARGIN), memory) else {
        return;
    };
    let picture = Bytes::copy_from_slice(bytes);
    let upright = within(most + bytes.len(), || {
        Picture::read(picture).map(Picture::into_upright_jpeg)
    });
    let Ok(Ok(upright)) = upright else {
        return;
    };
    let (before, after) = (header.unwrap(), ImageHeader::read(&upright).unwrap());
    let is_upright =
        |h: &ImageHeader| (h.format, h.orientation) == (Format::Jpeg, Orientation::NoTransforms);
    assert!(is_upright(&after));
    assert_eq!((before.width, before.height), (after.width, after.height));
    assert!(upright.ends_with(&[0xff, 0xd9]));
}

fn pixels(header: &ImageHeader) -> usize {
    header.width as usize * header.height as usize
}

/// Most memory of decoding a picture, bytes: two copies, since it is turned, with four channels of 16
/// bits.
fn memory(header: &ImageHeader) -> Option<usize> {
    let pixels = pixels(header);
    (pixels <= MOST_PIXELS).then_some(pixels * 16 + MARGIN)
}
