//! Brightness and colour differences of small pictures, and their finest detail.

use super::area::Small;
use crate::pixels::luma::luma;

/// Full-range red difference of a unit of R - Y, ITU-R BT.601: 0.5 / (1 - 0.299).
pub const RED: f32 = 0.713;
/// Full-range blue difference of a unit of B - Y, ITU-R BT.601: 0.5 / (1 - 0.114).
pub const BLUE: f32 = 0.564;
/// Gain of the Laplacian on independent noise of one grey level: the root of the sum of its squared
/// weights, 4² + 4 · 1².
pub const LAPLACIAN_GAIN: f32 = 4.472_136;
/// Median of the absolute value of a standard normal variable.
pub const NORMAL_MEDIAN: f32 = 0.6745;

/// Y (0 to 255), Cr and Cb (differences about 0) of a pixel, full-range ITU-R BT.601.
pub fn ycrcb(p: &[f32; 3]) -> [f32; 3] {
    let y = luma(p);
    [y, RED * (p[0] - y), BLUE * (p[2] - y)]
}

/// The Laplacian (four neighbours) of Y, Cr and Cb at each pixel but the outermost, row by row, grey
/// levels.
pub fn laplacians(small: &Small, width: usize) -> Vec<[f32; 3]> {
    let pixels: Vec<[f32; 3]> = small.pixels().iter().map(ycrcb).collect();
    let rows: Vec<&[[f32; 3]]> = pixels.chunks_exact(width).collect();
    rows.windows(3)
        .flat_map(|rows| {
            let columns = rows[1].windows(3).zip(&rows[0][1..]).zip(&rows[2][1..]);
            columns.map(|((across, above), below)| {
                std::array::from_fn(|k| {
                    across[0][k] + across[2][k] + above[k] + below[k] - 4.0 * across[1][k]
                })
            })
        })
        .collect()
}

/// The median; 0 for no values.
pub fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
