//! A still picture of a face, warped to do what is asked: the poor relation of a deepfake.

use image::{Rgb, RgbImage};

use crate::canvas::{Point, blend, inside_ellipse, warped};
use crate::face::Frame;

/// The face turned as the front of an ellipsoid would be, by these degrees; what is around it stays.
pub fn turned(picture: &RgbImage, face: Frame, yaw: f32, pitch: f32) -> RgbImage {
    let (centre, radii) = (face.at([0.5, 0.5]), [face.width * 0.72, face.height * 0.68]);
    let (sy, cy) = yaw.to_radians().sin_cos();
    let (sp, cp) = (-pitch).to_radians().sin_cos();
    warped(picture, |at| {
        let x = (at[0] - centre[0]) / radii[0];
        let y = (at[1] - centre[1]) / radii[1];
        let from_axis = x * x + y * y;
        if from_axis >= 1.0 {
            return at;
        }
        let z = (1.0 - from_axis).sqrt();
        // Back to where the camera saw this point of the surface.
        let (x1, z1) = (x * cy + z * sy, z * cy - x * sy);
        let y1 = y * cp + z1 * sp;
        // The rim stays where it is, so that no seam shows.
        let share = ((1.0 - from_axis) * 3.0).min(1.0);
        [
            at[0] + (x1 - x) * radii[0] * share,
            at[1] + (y1 - y) * radii[1] * share,
        ]
    })
}

/// The face with the corners of its mouth drawn up and out, `strength` 0 to 1.
pub fn smiling(picture: &RgbImage, face: Frame, strength: f32) -> RgbImage {
    let corners = [face.at([0.3, 0.78]), face.at([0.7, 0.78])];
    let reach = face.width * 0.13;
    warped(picture, |at| {
        let mut from = at;
        for (corner, outward) in corners.into_iter().zip([-1.0, 1.0]) {
            let near = nearness(at, corner, reach) * strength;
            from[0] -= outward * 0.09 * face.width * near;
            from[1] += 0.07 * face.height * near;
        }
        from
    })
}

/// The face with its lower lip and chin drawn down and darkness between the lips, `strength` 0 to 1.
pub fn mouth_open(picture: &RgbImage, face: Frame, strength: f32) -> RgbImage {
    let [x, y] = face.at([0.5, 0.78]);
    let drop = 0.2 * face.height * strength;
    let mut open = warped(picture, |at| {
        let below = ((at[1] - y) / (0.5 * drop.max(1.0))).clamp(0.0, 1.0);
        let beside = nearness([at[0], y], [x, y], face.width * 0.3);
        [at[0], at[1] - drop * below * beside]
    });
    let centre = [x, y + drop * 0.45];
    let radii = [face.width * 0.17, (drop * 0.55).max(1.0)];
    blend(
        &mut open,
        |at| inside_ellipse(at, centre, radii, 0.25),
        |_| Some(Rgb([38, 16, 18])),
    );
    open
}

fn nearness(at: Point, to: Point, reach: f32) -> f32 {
    let d2 = (at[0] - to[0]).powi(2) + (at[1] - to[1]).powi(2);
    (-d2 / (2.0 * reach * reach)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_puppet_that_does_nothing_is_the_picture() {
        let picture = RgbImage::from_fn(80, 100, |x, y| Rgb([x as u8, y as u8, 0]));
        let face = Frame {
            x: 20.0,
            y: 20.0,
            width: 40.0,
            height: 50.0,
        };
        assert_eq!(turned(&picture, face, 0.0, 0.0), picture);
        assert_eq!(smiling(&picture, face, 0.0), picture);
    }

    #[test]
    fn a_puppet_that_turns_left_moves_its_middle_to_the_picture_s_right() {
        let mut picture = RgbImage::new(100, 100);
        let face = Frame {
            x: 20.0,
            y: 20.0,
            width: 60.0,
            height: 60.0,
        };
        (45..55).for_each(|y| picture.put_pixel(50, y, Rgb([255; 3])));
        let turned = turned(&picture, face, -20.0, 0.0);
        let brightest = (0..100)
            .max_by_key(|x| turned.get_pixel(*x, 50).0[0])
            .unwrap();
        assert!((58..70).contains(&brightest), "{brightest}");
    }
}
