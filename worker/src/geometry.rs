//! Plane geometry: similarity transforms between a frame and the crops that models read.
//!
//! Points are pixel coordinates with y down; the centre of the top left pixel is (0, 0).

/// A point, `[x, y]`, pixels.
pub type Point = [f32; 2];

/// Rotation, uniform scale and shift: maps `p` to `(a x - b y + tx, b x + a y + ty)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    a: f32,
    b: f32,
    tx: f32,
    ty: f32,
}

impl Similarity {
    /// The transform from `from` to `to` with the least squared error; `None` when the points do not
    /// determine one (fewer than two distinct points, or points that are not finite).
    ///
    /// Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    /// PAMI 13(4), 1991; in the plane it is one complex division.
    pub fn fit(from: &[Point], to: &[Point]) -> Option<Self> {
        if from.len() != to.len() || from.len() < 2 {
            return None;
        }
        let (fc, tc) = (centroid(from), centroid(to));
        let (mut re, mut im, mut norm) = (0.0, 0.0, 0.0);
        for (f, t) in from.iter().zip(to) {
            let (fx, fy, tx, ty) = (f[0] - fc[0], f[1] - fc[1], t[0] - tc[0], t[1] - tc[1]);
            re += fx * tx + fy * ty;
            im += fx * ty - fy * tx;
            norm += fx * fx + fy * fy;
        }
        let (a, b) = (re / norm, im / norm);
        let fitted = Self {
            a,
            b,
            tx: tc[0] - (a * fc[0] - b * fc[1]),
            ty: tc[1] - (b * fc[0] + a * fc[1]),
        };
        (a.hypot(b) > 0.0 && fitted.is_finite()).then_some(fitted)
    }

    /// The transform from the pixels of a `size` x `size` crop to the frame.
    ///
    /// The crop is a square of `side` frame pixels around `centre`, turned clockwise by `angle` radians.
    pub fn from_crop(size: u32, centre: Point, side: f32, angle: f32) -> Self {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a crop has a few hundred pixels"
        )]
        let size = size as f32;
        let scale = side / size;
        let (a, b) = (scale * angle.cos(), scale * angle.sin());
        // The middle of the crop, half a pixel off its middle sample, maps to the centre.
        let middle = (size - 1.0) / 2.0;
        Self {
            a,
            b,
            tx: centre[0] - (a - b) * middle,
            ty: centre[1] - (b + a) * middle,
        }
    }

    /// Maps a point.
    pub fn apply(self, [x, y]: Point) -> Point {
        [
            self.a * x - self.b * y + self.tx,
            self.b * x + self.a * y + self.ty,
        ]
    }

    /// Factor by which lengths grow.
    pub fn scale(self) -> f32 {
        self.a.hypot(self.b)
    }

    /// The inverse transform. Every [`Similarity`] has one: the scale is never 0.
    #[must_use]
    pub fn inverse(self) -> Self {
        let n = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / n, -self.b / n);
        Self {
            a,
            b,
            tx: -(a * self.tx - b * self.ty),
            ty: -(b * self.tx + a * self.ty),
        }
    }

    fn is_finite(self) -> bool {
        [self.a, self.b, self.tx, self.ty]
            .iter()
            .all(|v| v.is_finite())
    }
}

fn centroid(points: &[Point]) -> Point {
    #[expect(clippy::cast_precision_loss, reason = "a handful of points")]
    let n = points.len() as f32;
    let sum = points
        .iter()
        .fold([0.0, 0.0], |s, p| [s[0] + p[0], s[1] + p[1]]);
    [sum[0] / n, sum[1] / n]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_similarity_is_found_from_points_and_undone_by_its_inverse(
            scale in 0.05_f32..20.0, angle in -3.1_f32..3.1, x in -500.0_f32..500.0, y in -500.0_f32..500.0,
        ) {
            let truth = Similarity::from_crop(112, [x, y], 112.0 * scale, angle);
            let from = [[0.0, 0.0], [100.0, 3.0], [40.0, 90.0]];
            let to = from.map(|p| truth.apply(p));
            let found = Similarity::fit(&from, &to).unwrap();
            prop_assert!((found.scale() - scale).abs() < 1e-3 * scale);
            for p in from {
                let there = found.apply(p);
                let wanted = truth.apply(p);
                prop_assert!((there[0] - wanted[0]).abs() < 0.1 && (there[1] - wanted[1]).abs() < 0.1);
                let back = found.inverse().apply(there);
                prop_assert!((back[0] - p[0]).abs() < 0.05 && (back[1] - p[1]).abs() < 0.05, "{back:?} {p:?}");
            }
        }
    }

    #[test]
    fn points_that_coincide_determine_nothing() {
        assert_eq!(Similarity::fit(&[[1.0, 1.0]; 5], &[[2.0, 2.0]; 5]), None);
        assert_eq!(
            Similarity::fit(&[[0.0, 0.0], [f32::NAN, 1.0]], &[[0.0, 0.0], [1.0, 1.0]]),
            None
        );
        assert_eq!(Similarity::fit(&[], &[]), None);
    }

    #[test]
    fn a_crop_is_centred_on_its_centre() {
        let t = Similarity::from_crop(256, [320.0, 240.0], 300.0, 0.7);
        let middle = t.apply([127.5, 127.5]);
        assert!((middle[0] - 320.0).abs() < 1e-3 && (middle[1] - 240.0).abs() < 1e-3);
    }
}
