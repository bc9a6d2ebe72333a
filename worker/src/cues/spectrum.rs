//! Peaks in the power spectrum of a square patch. Bins are stored row by row, the lowest frequency
//! first.

/// Side of a patch, pixels. Patches are never scaled: scaling would move and blur the peaks.
pub const SIDE: usize = 64;
/// Bins of the spectrum of a patch.
pub const BINS: usize = SIDE * SIDE;
/// Frequencies below this, in cycles a patch, are the face itself: 0.1 cycles a pixel.
const LOWEST: f32 = 0.1 * SIDE as f32;
/// Bins on either side of the axes that are left out: straight edges and the grid of JPEG's blocks lie
/// there.
const AXIS: usize = 1;
/// Size of a bin's surroundings: this many bins on either side, without those within `CORE`.
const REACH: usize = 4;
const CORE: usize = 1;
const AROUND: usize = (2 * REACH + 1).pow(2) - (2 * CORE + 1).pow(2);

/// The bins in which a raster may be: one of each pair of opposite frequencies, which are equal for a
/// real signal.
pub fn band() -> impl Iterator<Item = usize> {
    let rows = AXIS + 1..=SIDE / 2;
    rows.flat_map(|row| {
        let columns = AXIS + 1..SIDE - AXIS;
        let within = move |column: &usize| {
            #[expect(clippy::cast_precision_loss, reason = "less than 64")]
            let (x, y) = ((*column).min(SIDE - column) as f32, row as f32);
            // Compared as squares: this runs thousands of times a frame.
            let highest = SIDE as f32 / 2.0;
            (LOWEST * LOWEST..=highest * highest).contains(&(x * x + y * y))
        };
        columns
            .filter(within)
            .map(move |column| row * SIDE + column)
    })
}

/// The highest ratio of a peak to the median of its surroundings; 0 where nothing stands out.
pub fn highest_peak(power: &[f32]) -> f32 {
    let level: Vec<f32> = power.iter().map(|p| p.ln()).collect();
    let heights = band()
        .filter(|at| neighbours(*at, 0, CORE).all(|other| level[other] <= level[*at]))
        .map(|at| level[at] - median(neighbours(at, CORE, REACH).map(|other| level[other])));
    heights.fold(0.0, f32::max)
}

/// Bins more than `hole` and at most `reach` rows or columns away. The spectrum is periodic.
fn neighbours(at: usize, hole: usize, reach: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (at / SIDE, at % SIDE);
    let steps = move || 0..=2 * reach;
    let wrapped = move |from: usize, step: usize| (from + SIDE + step - reach) % SIDE;
    let is_beyond = move |step: usize| step.abs_diff(reach) > hole;
    steps().flat_map(move |down| {
        let columns = steps().filter(move |across| is_beyond(down) || is_beyond(*across));
        columns.map(move |across| wrapped(row, down) * SIDE + wrapped(column, across))
    })
}

/// The median power of the surroundings of a bin.
fn median(levels: impl Iterator<Item = f32>) -> f32 {
    let mut around = [0.0; AROUND];
    for (slot, level) in around.iter_mut().zip(levels) {
        *slot = level;
    }
    let (below, upper, _) = around.select_nth_unstable_by(AROUND / 2, f32::total_cmp);
    let lower = below.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    lower.midpoint(*upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A spectrum that falls with frequency, as that of any picture.
    fn smooth() -> Vec<f32> {
        let distance = |k: usize| k.min(SIDE - k) as f32;
        let power =
            |at: usize| 1.0 / (1.0 + distance(at / SIDE).hypot(distance(at % SIDE))).powi(2);
        (0..BINS).map(power).collect()
    }

    #[test]
    fn a_peak_stands_out_as_high_as_it_is() {
        for (row, column) in [(10, 7), (20, 50), (3, 30), (9, 57)] {
            let mut power = smooth();
            power[row * SIDE + column] *= 30.0;
            let height = highest_peak(&power);
            assert!(
                (height - 30.0_f32.ln()).abs() < 0.2,
                "{row},{column}: {height}"
            );
        }
    }

    #[test]
    fn low_frequencies_axes_and_corners_are_no_peaks() {
        for (row, column) in [(3, 4), (1, 20), (20, 63), (0, 9), (31, 31)] {
            let mut power = smooth();
            power[row * SIDE + column] *= 30.0;
            let height = highest_peak(&power);
            assert!(height < 0.2, "{row},{column}: {height}");
        }
    }

    #[test]
    fn a_ridge_that_falls_with_frequency_is_no_peak() {
        let mut power = smooth();
        for k in 0..SIDE {
            power[k * SIDE + k] *= 30.0;
        }
        let height = highest_peak(&power);
        assert!(height < 0.2, "{height}");
    }
}
