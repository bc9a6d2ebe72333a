//! Head pose from matched points in three dimensions.

use serde::{Deserialize, Serialize};

/// Orientation of the head towards the camera, degrees.
///
/// Roll is removed before yaw and pitch are measured, as if the camera had been turned about its own axis.
/// So yaw and pitch do not depend on how the camera is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Turn about the vertical axis, -180 to 180. Negative: to the subject's own left.
    pub yaw: f32,
    /// Nod, -90 to 90. Negative: up.
    pub pitch: f32,
    /// Tilt in the image plane, -180 to 180. Positive: clockwise in the image, which in an unmirrored frame
    /// is towards the subject's own left shoulder.
    pub roll: f32,
}

impl Pose {
    /// Whether yaw and pitch are both within `degrees` of facing the camera.
    pub fn is_within(self, degrees: f32) -> bool {
        self.deviation() <= degrees
    }

    /// The larger of |yaw| and |pitch|, degrees, 0 or more: 0 faces the camera exactly.
    pub fn deviation(self) -> f32 {
        self.yaw.abs().max(self.pitch.abs())
    }

    /// The larger of the differences in yaw and pitch, degrees, 0 or more.
    pub fn differs_by(self, other: Self) -> f32 {
        (self.yaw - other.yaw)
            .abs()
            .max((self.pitch - other.pitch).abs())
    }

    /// The same head in the mirrored picture: yaw and roll change sign.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self {
            yaw: -self.yaw,
            roll: -self.roll,
            ..self
        }
    }

    /// The pose that turns `reference` (a face looking at the camera) into `observed`.
    ///
    /// Both sets of points are in a right-handed frame with x to the image's right, y up and z towards the
    /// camera, in any unit, at any scale and position. `weights` are those of the points, not negative.
    /// `None` if the points do not determine a rotation: fewer than three points, sets of different
    /// lengths, points on one line, or coordinates that are not finite.
    ///
    /// Source: Horn, "Closed-form solution of absolute orientation using unit quaternions", JOSA A 4(4),
    /// 1987. The rotation that minimises the weighted squared distance is the eigenvector of the largest
    /// eigenvalue of a symmetric 4x4 matrix. The scale does not matter.
    pub fn between(reference: &[[f32; 3]], observed: &[[f32; 3]], weights: &[f32]) -> Option<Self> {
        let rotation = rotation_between(reference, observed, weights)?;
        let roll = roll_of(&rotation);
        // The direction in which the face looks, after the picture was turned so that the roll is 0.
        let [x, y, z] = [rotation[0][2], rotation[1][2], rotation[2][2]];
        let (sin, cos) = roll.sin_cos();
        let (right, up) = (cos * x + sin * y, cos * y - sin * x);
        let pose = Self {
            yaw: degrees(-right.atan2(z)),
            pitch: degrees(-up.clamp(-1.0, 1.0).asin()),
            roll: degrees(-roll),
        };
        (pose.yaw.is_finite() && pose.pitch.is_finite() && pose.roll.is_finite()).then_some(pose)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "angles fit an f32")]
fn degrees(radians: f64) -> f32 {
    radians.to_degrees() as f32
}

/// Rotation about the line of sight, radians, counterclockwise: the twist of a swing-twist decomposition.
///
/// The rest of the rotation is a turn about an axis in the image plane. The angle is that of the mean
/// direction of the face's two projected axes. So it is as exact at 60 degrees of yaw or pitch as at 0; the
/// angle of the line through the eyes alone is not. Source: Diebel, "Representing attitude: Euler angles,
/// unit quaternions, and rotation vectors", 2006.
fn roll_of(rotation: &[[f64; 3]; 3]) -> f64 {
    (rotation[1][0] - rotation[0][1]).atan2(rotation[0][0] + rotation[1][1])
}

fn rotation_between(
    reference: &[[f32; 3]],
    observed: &[[f32; 3]],
    weights: &[f32],
) -> Option<[[f64; 3]; 3]> {
    if reference.len() < 3 || reference.len() != observed.len() || reference.len() != weights.len()
    {
        return None;
    }
    let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
    let centre = |points: &[[f32; 3]]| {
        let mut c = [0.0; 3];
        for (p, w) in points.iter().zip(weights) {
            for k in 0..3 {
                c[k] += f64::from(p[k]) * f64::from(*w) / total;
            }
        }
        c
    };
    let (rc, oc) = (centre(reference), centre(observed));
    // Cross-covariance s[i][j] = sum of w * reference_i * observed_j, about the centres.
    let mut s = [[0.0; 3]; 3];
    for ((r, o), w) in reference.iter().zip(observed).zip(weights) {
        for (i, row) in s.iter_mut().enumerate() {
            for (j, cell) in row.iter_mut().enumerate() {
                *cell += f64::from(*w) * (f64::from(r[i]) - rc[i]) * (f64::from(o[j]) - oc[j]);
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    let n = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, -xx + yy - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, -xx - yy + zz],
    ];
    quaternion_to_matrix(dominant_eigenvector(n)?)
}

/// Eigenvector of the largest eigenvalue of a symmetric matrix; `None` if that eigenvalue is not single.
///
/// Cyclic Jacobi rotations: Golub and Van Loan, "Matrix Computations", 8.5.
fn dominant_eigenvector(mut a: [[f64; 4]; 4]) -> Option<[f64; 4]> {
    let scale = a.iter().flatten().fold(0.0_f64, |m, v| m.max(v.abs()));
    if !scale.is_finite() || scale <= 0.0 {
        return None;
    }
    let mut v = [[0.0; 4]; 4];
    for (i, row) in v.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    for _sweep in 0..32 {
        let off: f64 = (0..4)
            .flat_map(|p| (0..p).map(move |q| (p, q)))
            .map(|(p, q)| a[p][q].powi(2))
            .sum();
        if off.sqrt() <= 1e-14 * scale {
            break;
        }
        for p in 0..4 {
            for q in p + 1..4 {
                if a[p][q].abs() <= f64::MIN_POSITIVE {
                    continue;
                }
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (row_p, row_q) = (a[p], a[q]);
                a[p] = std::array::from_fn(|k| c * row_p[k] - s * row_q[k]);
                a[q] = std::array::from_fn(|k| s * row_p[k] + c * row_q[k]);
                for row in &mut v {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
    }
    let mut order = [0, 1, 2, 3];
    order.sort_by(|i, j| a[*j][*j].total_cmp(&a[*i][*i]));
    let (first, second) = (order[0], order[1]);
    (a[first][first] - a[second][second] > 1e-9 * scale)
        .then(|| [v[0][first], v[1][first], v[2][first], v[3][first]])
}

fn quaternion_to_matrix([w, x, y, z]: [f64; 4]) -> Option<[[f64; 3]; 3]> {
    let norm = w * w + x * x + y * y + z * z;
    if !norm.is_normal() {
        return None;
    }
    let s = 2.0 / norm;
    Some([
        [
            1.0 - s * (y * y + z * z),
            s * (x * y - w * z),
            s * (x * z + w * y),
        ],
        [
            s * (x * y + w * z),
            1.0 - s * (x * x + z * z),
            s * (y * z - w * x),
        ],
        [
            s * (x * z - w * y),
            s * (y * z + w * x),
            1.0 - s * (x * x + y * y),
        ],
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FACE: [[f32; 3]; 6] = [
        [-3.0, 3.0, 2.0],
        [3.0, 3.0, 2.0],
        [0.0, 0.0, 6.0],
        [-2.0, -4.0, 3.0],
        [2.0, -4.0, 3.0],
        [0.0, -8.0, 2.0],
    ];
    const WEIGHTS: [f32; 6] = [1.0, 1.0, 2.0, 0.5, 0.5, 1.0];

    /// The face after a turn and a nod about an axis in the image plane, then a roll of the picture. Angles
    /// are degrees of the public convention.
    fn posed(pose: Pose) -> Vec<[f32; 3]> {
        let (yaw, pitch) = (-pose.yaw.to_radians(), pose.pitch.to_radians());
        let look = [
            yaw.sin() * pitch.cos(),
            -pitch.sin(),
            yaw.cos() * pitch.cos(),
        ];
        // Rodrigues: about (-y, x, 0), by the angle to the line of sight.
        let (x, y, z) = (look[0], look[1], look[2]);
        let k = 1.0 / (1.0 + z);
        let swing = [
            [1.0 - k * x * x, -k * x * y, x],
            [-k * x * y, 1.0 - k * y * y, y],
            [-x, -y, z],
        ];
        let swung = FACE.map(|p| swing.map(|row| (0..3).map(|j| row[j] * p[j]).sum::<f32>()));
        turned_picture(&swung, pose.roll)
    }

    /// The points in a picture that was turned clockwise by `degrees`.
    fn turned_picture(points: &[[f32; 3]], degrees: f32) -> Vec<[f32; 3]> {
        let (sin, cos) = (-degrees.to_radians()).sin_cos();
        let turn = |&[x, y, z]: &[f32; 3]| [x * cos - y * sin, x * sin + y * cos, z];
        points.iter().map(turn).collect()
    }

    fn close(a: Pose, b: Pose) -> bool {
        (a.yaw - b.yaw).abs() < 0.01
            && (a.pitch - b.pitch).abs() < 0.01
            && (a.roll - b.roll).abs() < 0.01
    }

    #[test]
    fn a_nose_towards_the_images_right_is_a_turn_to_the_subjects_left_and_negative() {
        let turned = posed(Pose {
            yaw: -30.0,
            pitch: 0.0,
            roll: 0.0,
        });
        assert!(turned[2][0] > 0.0, "the nose moved to the image's right");
        let raised = posed(Pose {
            yaw: 0.0,
            pitch: -20.0,
            roll: 0.0,
        });
        assert!(raised[2][1] > 0.0, "the nose moved up");
        let tilted = posed(Pose {
            yaw: 0.0,
            pitch: 0.0,
            roll: 20.0,
        });
        assert!(
            tilted[5][0] < 0.0,
            "clockwise: the chin moved to the image's left"
        );
        for (points, yaw, pitch, roll) in [
            (turned, -30.0, 0.0, 0.0),
            (raised, 0.0, -20.0, 0.0),
            (tilted, 0.0, 0.0, 20.0),
        ] {
            let pose = Pose::between(&FACE, &points, &WEIGHTS).unwrap();
            assert!(close(pose, Pose { yaw, pitch, roll }), "{pose:?}");
        }
    }

    #[test]
    fn points_that_determine_no_rotation_give_no_pose() {
        let line: Vec<_> = (0..6).map(|i| [i as f32, 0.0, 0.0]).collect();
        assert_eq!(Pose::between(&FACE, &line, &WEIGHTS), None);
        assert_eq!(Pose::between(&FACE, &[[1.0; 3]; 6], &WEIGHTS), None);
        assert_eq!(Pose::between(&FACE, &[[f32::NAN; 3]; 6], &WEIGHTS), None);
        assert_eq!(Pose::between(&FACE[..2], &FACE[..2], &WEIGHTS[..2]), None);
        assert_eq!(Pose::between(&FACE, &FACE[..5], &WEIGHTS), None);
        assert_eq!(Pose::between(&FACE, &FACE, &[0.0; 6]), None);
    }

    proptest! {
        #[test]
        fn the_pose_is_found_whatever_the_scale_and_the_place(
            yaw in -80.0_f32..80.0, pitch in -60.0_f32..60.0, roll in -90.0_f32..90.0,
            scale in 0.01_f32..100.0, dx in -500.0_f32..500.0, dy in -500.0_f32..500.0,
        ) {
            let wanted = Pose { yaw, pitch, roll };
            let centre = scale * 3.0;
            let points: Vec<_> = posed(wanted)
                .into_iter()
                .map(|[x, y, z]| [x * scale + dx.clamp(-centre, centre), y * scale + dy.clamp(-centre, centre), z * scale])
                .collect();
            let found = Pose::between(&FACE, &points, &WEIGHTS).unwrap();
            prop_assert!(close(found, wanted), "{found:?} for {wanted:?}");
        }

        #[test]
        fn a_picture_that_is_turned_changes_the_roll_alone(
            yaw in -80.0_f32..80.0, pitch in -60.0_f32..60.0, roll in -40.0_f32..40.0, by in -90.0_f32..90.0,
        ) {
            let points = posed(Pose { yaw, pitch, roll });
            let found = Pose::between(&FACE, &turned_picture(&points, by), &WEIGHTS).unwrap();
            let wanted = Pose { yaw, pitch, roll: roll + by };
            prop_assert!(close(found, wanted), "{found:?} for {wanted:?}");
        }

        #[test]
        fn a_mirrored_head_has_mirrored_angles(
            yaw in -80.0_f32..80.0, pitch in -60.0_f32..60.0, roll in -60.0_f32..60.0,
        ) {
            // The reference is symmetric except for the order of its pairs of points, so the pairs are
            // exchanged too.
            let mirror = |p: &[[f32; 3]]| -> Vec<[f32; 3]> {
                [1, 0, 2, 4, 3, 5].iter().map(|&i| [-p[i][0], p[i][1], p[i][2]]).collect()
            };
            let points = posed(Pose { yaw, pitch, roll });
            let straight = Pose::between(&FACE, &points, &WEIGHTS).unwrap();
            let mirrored = Pose::between(&FACE, &mirror(&points), &WEIGHTS).unwrap();
            prop_assert!(close(mirrored, straight.mirrored()), "{mirrored:?} {straight:?}");
        }
    }
}
