//! Sheets of paper, seen by a pinhole camera.

use image::{Rgb, RgbImage};

use crate::canvas::{Point, draw, room, sample, size};

/// Focal length by the picture's width: about 45 degrees of view, as of a phone's front camera.
const FOCAL: f32 = 1.2;

/// How a flat sheet is held. As it lies, it fills the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Turned about its upright axis, degrees.
    pub yaw: f32,
    /// Turned about its level axis, degrees.
    pub pitch: f32,
    /// Turned in its plane, degrees, clockwise.
    pub roll: f32,
    /// Moved, share of the picture's width and height.
    pub moved: Point,
    /// Moved nearer, where above 0, or away: how much larger it looks, as a share.
    pub nearer: f32,
}

/// What the camera sees of a sheet with this picture, in front of a plain room.
pub fn held(picture: &RgbImage, how: Held) -> RgbImage {
    let mut seen = room(picture.width(), picture.height());
    let [w, h] = size(picture);
    let focal = FOCAL * w;
    let distance = focal / (1.0 + how.nearer);
    let (sy, cy) = (-how.yaw).to_radians().sin_cos();
    let (sp, cp) = (-how.pitch).to_radians().sin_cos();
    let (sr, cr) = how.roll.to_radians().sin_cos();
    // The sheet's axes and normal, in the camera's x right, y down, z away. Turned to its own left, which
    // is the picture's right, its left side is farther away; looking up, its upper side is.
    let right = [cy, 0.0, sy];
    let down = [sp * sy, cp, -sp * cy];
    let normal = [-cp * sy, sp, cp * cy];
    let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    draw(picture, &mut seen, |[x, y]| {
        let ray = [
            x - w / 2.0 - how.moved[0] * w,
            y - h / 2.0 - how.moved[1] * h,
            focal,
        ];
        let t = distance * normal[2] / dot(ray, normal);
        if !(t.is_finite() && t > 0.0) {
            return None;
        }
        let hit = [ray[0] * t, ray[1] * t, ray[2] * t - distance];
        let (u, v) = (dot(hit, right), dot(hit, down));
        Some([u * cr + v * sr + w / 2.0, v * cr - u * sr + h / 2.0])
    });
    seen
}

/// What the camera sees of a sheet that is bent around an upright axis, as around a head, and turned
/// by `yaw` degrees about it; `radius` of the bend by the picture's width.
pub fn bent(picture: &RgbImage, radius: f32, yaw: f32) -> RgbImage {
    let mut seen = room(picture.width(), picture.height());
    let [w, h] = size(picture);
    let (focal, r) = (FOCAL * w, radius * w);
    let axis = focal + r;
    draw(picture, &mut seen, |[x, y]| {
        let (dx, dy) = (x - w / 2.0, y - h / 2.0);
        // Where the ray (dx, dy, focal) t meets x^2 + (z - axis)^2 = r^2 first.
        let (a, b, c) = (dx * dx + focal * focal, focal * axis, axis * axis - r * r);
        let root = b * b - a * c;
        if root < 0.0 {
            return None;
        }
        let t = (b - root.sqrt()) / a;
        let angle = (dx * t).atan2(axis - focal * t) + yaw.to_radians();
        Some([w / 2.0 + r * angle, h / 2.0 + dy * t])
    });
    seen
}

/// A sheet with a margin around the picture, `margin` by its width, that fills `share` of the camera's
/// view.
pub fn sheet(picture: &RgbImage, margin: f32, share: f32) -> RgbImage {
    let [w, h] = size(picture);
    let mut seen = room(picture.width(), picture.height());
    let edge = margin * w;
    for (x, y, pixel) in seen.enumerate_pixels_mut() {
        let at = [
            (x as f32 - w / 2.0) / share + w / 2.0,
            (y as f32 - h / 2.0) / share + h / 2.0,
        ];
        if let Some(colour) = sample(picture, at) {
            *pixel = colour;
        } else if at[0] > -edge && at[0] < w + edge && at[1] > -edge && at[1] < h + edge {
            *pixel = Rgb([238, 236, 230]);
        }
    }
    seen
}

/// The picture as a printer makes it: a raster of dots of `pitch` pixels at 45 degrees, `strength` of
/// it in grey levels, less contrast and less colour.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "colours, clamped"
)]
pub fn printed(picture: &RgbImage, pitch: f32, strength: f32) -> RgbImage {
    let mut print = picture.clone();
    for (x, y, pixel) in print.enumerate_pixels_mut() {
        let (u, v) = ((x + y) as f32, x as f32 - y as f32);
        let turn = std::f32::consts::TAU / (pitch * std::f32::consts::SQRT_2);
        let dots = strength * ((u * turn).cos() + (v * turn).cos()) / 2.0;
        let grey = pixel.0.iter().map(|c| f32::from(*c)).sum::<f32>() / 3.0;
        for c in &mut pixel.0 {
            let faded = 0.8 * f32::from(*c) + 0.2 * grey;
            let inked = 30.0 + faded * 0.8 + dots;
            *c = inked.round().clamp(0.0, 255.0) as u8;
        }
    }
    print
}

/// The picture squeezed to `share` of its width, as on a screen or a sheet of other proportions: what
/// foreshortening does, without a turn.
pub fn squeezed(picture: &RgbImage, share: f32) -> RgbImage {
    let mut seen = room(picture.width(), picture.height());
    let w = size(picture)[0];
    draw(picture, &mut seen, |[x, y]| {
        Some([(x - w / 2.0) / share + w / 2.0, y])
    });
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> RgbImage {
        RgbImage::from_fn(120, 160, |x, y| Rgb([x as u8 * 2, y as u8, 90]))
    }

    fn difference(a: &RgbImage, b: &RgbImage) -> f32 {
        let sum: u32 = a
            .iter()
            .zip(b.iter())
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum();
        sum as f32 / a.len() as f32
    }

    #[test]
    fn a_sheet_that_lies_as_it_was_taken_looks_as_it_was() {
        assert!(difference(&held(&chart(), Held::default()), &chart()) < 2.0);
        assert!(difference(&bent(&chart(), 1000.0, 0.0), &chart()) < 2.0);
        assert!(difference(&squeezed(&chart(), 1.0), &chart()) < 1.0);
    }

    #[test]
    fn a_sheet_that_turns_left_shows_its_left_side_farther_away() {
        let yaw = -40.0;
        let turned = held(
            &RgbImage::from_pixel(200, 200, Rgb([255, 0, 255])),
            Held {
                yaw,
                ..Held::default()
            },
        );
        let height = |x: u32| {
            (0..200)
                .filter(|y| turned.get_pixel(x, *y).0 == [255, 0, 255])
                .count()
        };
        // The picture's right is the subject's left.
        assert!(height(60) > height(140), "{} {}", height(60), height(140));
    }

    #[test]
    fn a_print_has_its_raster_and_less_contrast() {
        let print = printed(
            &RgbImage::from_pixel(64, 64, Rgb([128, 128, 128])),
            4.0,
            12.0,
        );
        let (least, most) = (print.iter().min().unwrap(), print.iter().max().unwrap());
        assert!(most - least > 15 && most - least < 30, "{least} {most}");
    }
}
