//! Upright edges of a grey picture, and their slopes.

use super::grey::Grey;

/// Least height of a step that counts as an edge, grey levels. Lower steps are noise and shading.
const LEAST_STEP: f32 = 9.0;
/// Width of a margin without edges, pixels: the frame's own edge is not a border.
const MARGIN: usize = 2;
/// Marks a pixel that is not on an edge. The value is outside the tolerance of every line.
pub const NO_EDGE: i8 = i8::MAX;

/// For each pixel, the slope of the upright edge that it lies on: pixels across for each pixel down, in
/// hundredths. `NO_EDGE` where it lies on none.
pub fn upright(grey: &Grey) -> Vec<i8> {
    let (width, height) = (grey.width, grey.height);
    let mut edges = vec![NO_EDGE; width * height];
    let (mut across, mut along) = (vec![0.0_f32; width], vec![0.0_f32; width]);
    for y in MARGIN..height.saturating_sub(MARGIN) {
        let row = |y: usize| &grey.levels[y * width..(y + 1) * width];
        let (above, here, below) = (row(y - 1), row(y), row(y + 1));
        // Sobel's operators, divided by 8: grey levels a pixel.
        for x in 1..width.saturating_sub(1) {
            let column = |x: usize| above[x] + 2.0 * here[x] + below[x];
            let line = |row: &[f32]| row[x - 1] + 2.0 * row[x] + row[x + 1];
            across[x] = (column(x + 1) - column(x - 1)) / 8.0;
            along[x] = (line(below) - line(above)) / 8.0;
        }
        for x in MARGIN..width.saturating_sub(MARGIN) {
            let steepness = across[x].abs();
            let is_steepest = across[x - 1].abs() <= steepness && steepness > across[x + 1].abs();
            // A step is spread over two pixels.
            if is_steepest && steepness > LEAST_STEP / 2.0 && steepness > along[x].abs() {
                edges[y * width + x] = hundredths(-along[x] / across[x]);
            }
        }
    }
    edges
}

#[expect(clippy::cast_possible_truncation, reason = "between -100 and 100")]
/// A slope between -1 and 1 in hundredths.
pub fn hundredths(slope: f32) -> i8 {
    (100.0 * slope).round() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture that is lighter right of the line through (20, 20). The step is as steep as one that
    /// was shrunk.
    fn step(height: f32, slope: f32) -> Grey {
        let places = (0..40).flat_map(|y| (0..40).map(move |x| (x as f32, y as f32)));
        let level = |(x, y): (f32, f32)| {
            let beyond = x + 0.5 - (20.0 + slope * (y - 20.0));
            100.0 + height / 2.0 * beyond.clamp(-1.0, 1.0)
        };
        Grey {
            width: 40,
            height: 40,
            levels: places.map(level).collect(),
        }
    }

    fn found(grey: &Grey) -> Vec<(usize, i8)> {
        let edges = upright(grey).into_iter().enumerate();
        edges.filter(|(_, slope)| *slope != NO_EDGE).collect()
    }

    #[test]
    fn an_edge_is_a_pixel_wide_and_knows_its_slope() {
        for slope in [-0.25_f32, 0.0, 0.1, 0.3] {
            let edges = found(&step(40.0, slope));
            assert_eq!(edges.len(), 36, "{slope}");
            for (at, found) in edges {
                let off = (at % 40) as f32 + 0.5 - (20.0 + slope * ((at / 40) as f32 - 20.0));
                assert!(off.abs() <= 1.0, "{slope}: {off}");
                assert!(
                    (f32::from(found) / 100.0 - slope).abs() < 0.1,
                    "{slope}: {found}"
                );
            }
        }
    }

    #[test]
    fn low_steps_lying_steps_and_the_frames_own_edge_are_no_upright_edges() {
        assert!(found(&step(8.0, 0.0)).is_empty());
        assert!(found(&step(40.0, 0.0).transposed()).is_empty());
        assert!(found(&step(40.0, -20.0 / 0.01)).is_empty());
    }
}
