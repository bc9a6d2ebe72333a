//! Grey levels of pixels.

use livegate_media::RgbFrame;

/// Grey level of a pixel (red, green, blue), in the unit of the input: ITU-R BT.601 luma.
pub fn luma(p: &[f32; 3]) -> f32 {
    0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]
}

/// Grey levels of `n` pixels of a row, 0 to 255, starting at (x, y); empty where the frame's pixels end
/// before that.
pub fn levels(frame: &RgbFrame, x: usize, y: usize, n: usize) -> impl Iterator<Item = f32> {
    let from = (y * frame.width as usize + x) * 3;
    let pixels = frame.pixels.get(from..from + 3 * n).unwrap_or_default();
    let (pixels, _) = pixels.as_chunks::<3>();
    pixels.iter().map(|p| luma(&p.map(f32::from)))
}
