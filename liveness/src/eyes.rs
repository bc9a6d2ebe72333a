//! Openness of the eyes.

use serde::{Deserialize, Serialize};

/// Openness of both eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Eyes {
    /// Aspect ratio of the subject's own left eye: about 0.17-0.35 open, 0.02-0.08 closed.
    pub left_ratio: f32,
    /// Aspect ratio of the subject's own right eye, in the same ranges.
    pub right_ratio: f32,
    /// Blink score of the subject's own left eye by the expression model, 0 (open) to 1 (closed).
    pub left_blink: f32,
    /// Blink score of the subject's own right eye, in the same range.
    pub right_blink: f32,
}

impl Eyes {
    /// Mean aspect ratio of both eyes, 0 or more. Closing one eye alone lowers it only half way.
    pub fn ratio(self) -> f32 {
        f32::midpoint(self.left_ratio, self.right_ratio)
    }

    /// Aspect ratio of the wider eye, 0 or more: `blink_ear` is compared with it. Low only when both eyes
    /// are closed.
    pub fn wider(self) -> f32 {
        self.left_ratio.max(self.right_ratio)
    }

    /// Mean blink score of both eyes, 0 (open) to 1 (closed).
    pub fn blink(self) -> f32 {
        f32::midpoint(self.left_blink, self.right_blink)
    }

    /// The same eyes in the mirrored picture: left and right are exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self {
            left_ratio: self.right_ratio,
            right_ratio: self.left_ratio,
            left_blink: self.right_blink,
            right_blink: self.left_blink,
        }
    }
}

/// Eye aspect ratio of six points around an eye, in pixels: `p[0]` and `p[3]` are the corners,
/// `p[1]` above `p[5]`, `p[2]` above `p[4]`. `None` when the corners coincide.
///
/// (|p1 - p5| + |p2 - p4|) / (2 |p0 - p3|): Soukupova and Cech, "Real-Time Eye Blink Detection
/// using Facial Landmarks", CVWW 2016, equation 1.
pub fn aspect_ratio(p: [[f32; 2]; 6]) -> Option<f32> {
    let d = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let ratio = (d(p[1], p[5]) + d(p[2], p[4])) / (2.0 * d(p[0], p[3]));
    ratio.is_finite().then_some(ratio)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eye(open: f32) -> [[f32; 2]; 6] {
        [
            [0.0, 0.0],
            [10.0, -open],
            [20.0, -open],
            [30.0, 0.0],
            [20.0, open],
            [10.0, open],
        ]
    }

    #[test]
    fn a_closed_eye_has_no_height_and_an_open_one_its_height_over_its_width() {
        assert_eq!(aspect_ratio(eye(0.0)), Some(0.0));
        assert!((aspect_ratio(eye(4.5)).unwrap() - 0.3).abs() < 1e-6);
        assert_eq!(aspect_ratio([[1.0, 1.0]; 6]), None, "corners coincide");
    }

    proptest! {
        #[test]
        fn size_place_tilt_and_mirror_change_nothing(
            open in 0.0_f32..8.0, scale in 0.1_f32..50.0, angle in -3.1_f32..3.1, dx in -100.0_f32..100.0, flip: bool,
        ) {
            let moved = eye(open).map(|[x, y]| {
                let x = if flip { -x } else { x };
                [scale * (x * angle.cos() - y * angle.sin()) + dx, scale * (x * angle.sin() + y * angle.cos()) - dx]
            });
            let (a, b) = (aspect_ratio(eye(open)).unwrap(), aspect_ratio(moved).unwrap());
            prop_assert!((a - b).abs() < 2e-3, "{a} {b}");
        }
    }
}
