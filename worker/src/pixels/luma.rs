//! Grey levels.

use livegate_media::RgbFrame;

/// Grey level of a pixel: ITU-R BT.601 luma.
pub fn luma(p: &[f32; 3]) -> f32 {
    0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]
}

/// Grey levels of `n` pixels of a frame's row, 0 to 255, from the one at (x, y) on; none where it has
/// not so many.
pub fn levels(frame: &RgbFrame, x: usize, y: usize, n: usize) -> impl Iterator<Item = f32> {
    let from = (y * frame.width as usize + x) * 3;
    let pixels = frame.pixels.get(from..from + 3 * n).unwrap_or_default();
    let (pixels, _) = pixels.as_chunks::<3>();
    pixels.iter().map(|p| luma(&p.map(f32::from)))
}
