//! Moving pixels: every instrument is a map from where a pixel is seen to where it comes from.

use image::{Rgb, RgbImage};

/// A place in a picture, pixels.
pub type Point = [f32; 2];

/// The colour at a place, between its four neighbours; `None` outside.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides of pictures, and colours, are small and not negative"
)]
pub fn sample(picture: &RgbImage, [x, y]: Point) -> Option<Rgb<u8>> {
    let (w, h) = picture.dimensions();
    if !(x >= 0.0 && y >= 0.0 && x <= (w - 1) as f32 && y <= (h - 1) as f32) {
        return None;
    }
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(w - 1), (top + 1).min(h - 1));
    let (fx, fy) = (x - left as f32, y - top as f32);
    let at = |x, y| picture.get_pixel(x, y).0.map(f32::from);
    let (a, b, c, d) = (
        at(left, top),
        at(right, top),
        at(left, bottom),
        at(right, bottom),
    );
    let mixed = |i: usize| {
        let upper = a[i] + (b[i] - a[i]) * fx;
        let lower = c[i] + (d[i] - c[i]) * fx;
        (upper + (lower - upper) * fy).round() as u8
    };
    Some(Rgb([mixed(0), mixed(1), mixed(2)]))
}

/// Draws `picture` onto `onto`: each pixel of it shows what is at `source` of it, where that is in the
/// picture, and stays as it is elsewhere.
pub fn draw(picture: &RgbImage, onto: &mut RgbImage, source: impl Fn(Point) -> Option<Point>) {
    for (x, y, pixel) in onto.enumerate_pixels_mut() {
        if let Some(colour) = source(point(x, y)).and_then(|from| sample(picture, from)) {
            *pixel = colour;
        }
    }
}

/// The picture with each pixel from elsewhere in it, or as it was where `source` leads outside.
pub fn warped(picture: &RgbImage, source: impl Fn(Point) -> Point) -> RgbImage {
    let mut onto = picture.clone();
    draw(picture, &mut onto, |at| Some(source(at)));
    onto
}

/// Mixes `picture` into `onto`, as much of it as `share` says for each place, 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "colours, clamped"
)]
pub fn blend(
    onto: &mut RgbImage,
    share: impl Fn(Point) -> f32,
    colour: impl Fn(Point) -> Option<Rgb<u8>>,
) {
    for (x, y, pixel) in onto.enumerate_pixels_mut() {
        let share = share(point(x, y)).clamp(0.0, 1.0);
        if share > 0.0
            && let Some(Rgb(new)) = colour(point(x, y))
        {
            for (old, new) in pixel.0.iter_mut().zip(new) {
                let mixed = f32::from(*old) * (1.0 - share) + f32::from(new) * share;
                *old = mixed.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// How far inside an ellipse a place is: 1 well inside, 0 outside, in between in its outer `feather`.
pub fn inside_ellipse(at: Point, centre: Point, radii: Point, feather: f32) -> f32 {
    let d = ((at[0] - centre[0]) / radii[0]).hypot((at[1] - centre[1]) / radii[1]);
    ((1.0 - d) / feather).clamp(0.0, 1.0)
}

/// A plain room behind things: a soft gradient.
#[expect(clippy::cast_possible_truncation, reason = "a remainder below 24")]
pub fn room(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let light = 150 - (y * 60 / height.max(1)) as u8;
        let tint = (x * 24 / width.max(1)) as u8;
        Rgb([light + tint / 2, light, light - tint / 3])
    })
}

/// A mean colour around a place, `radius` pixels each side.
pub fn colour_around(picture: &RgbImage, at: Point, radius: f32) -> Rgb<u8> {
    let steps = [-1.0, -0.5, 0.0, 0.5, 1.0_f32];
    let (mut sum, mut count) = ([0_u32; 3], 0);
    for dy in steps {
        for dx in steps {
            let near = [at[0] + dx * radius, at[1] + dy * radius];
            if let Some(Rgb(colour)) = sample(picture, near) {
                sum.iter_mut()
                    .zip(colour)
                    .for_each(|(s, c)| *s += u32::from(c));
                count += 1;
            }
        }
    }
    let mean = |total: u32| u8::try_from(total / count.max(1)).unwrap_or(u8::MAX);
    Rgb(sum.map(mean))
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures are small")]
fn point(x: u32, y: u32) -> Point {
    [x as f32, y as f32]
}

/// The sides of a picture.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures are small")]
pub fn size(picture: &RgbImage) -> Point {
    [picture.width() as f32, picture.height() as f32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_drawn_from_where_it_is_stays_as_it_was() {
        let picture = RgbImage::from_fn(20, 30, |x, y| Rgb([x as u8 * 9, y as u8 * 7, 50]));
        assert_eq!(warped(&picture, |at| at), picture);
        assert_eq!(sample(&picture, [20.0, 3.0]), None);
        assert_eq!(sample(&picture, [1.5, 2.0]), Some(Rgb([14, 14, 50])));
    }
}
