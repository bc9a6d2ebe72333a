//! Pictures for unit tests: a header, and nothing after it.

use bytes::Bytes;
use livegate_media::Picture;

/// A picture of this size whose file has at least this number of bytes: a PNG with a header alone.
pub fn png(width: u32, height: u32, bytes: usize) -> Picture {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    file.extend(width.to_be_bytes());
    file.extend(height.to_be_bytes());
    // 8 bits, RGB.
    file.extend([8, 2, 0, 0, 0]);
    file.extend([0; 4]);
    file.extend(b"\0\0\0\0IDAT\0\0\0\0");
    file.resize(file.len().max(bytes), 0);
    Picture::read(Bytes::from(file)).unwrap()
}
