//! Faces in pictures, cut, painted and exchanged.

use image::RgbImage;

use crate::canvas::{Point, blend, colour_around, inside_ellipse, sample};

/// Where a face is, pixels: a detector's rectangle, from the forehead to the chin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Frame {
    /// The place at these shares of its width and height.
    pub fn at(self, [u, v]: Point) -> Point {
        [self.x + u * self.width, self.y + v * self.height]
    }

    /// The same in the mirrored picture.
    #[must_use]
    pub fn mirrored(self, picture: &RgbImage) -> Self {
        let x = crate::canvas::size(picture)[0] - self.x - self.width;
        Self { x, ..self }
    }

    /// Where a place in this face is in another.
    fn to(self, other: Self, at: Point) -> Point {
        other.at([
            (at[0] - self.x) / self.width,
            (at[1] - self.y) / self.height,
        ])
    }
}

/// The middles of both eyes of a frontal face: the darkest spots near where eyes are.
pub fn eyes(picture: &RgbImage, face: Frame) -> [Point; 2] {
    [[0.29, 0.39], [0.71, 0.39]].map(|expected| {
        let steps = (-4..=4_i8).map(|step| f32::from(step) * 0.02);
        let places = steps
            .clone()
            .flat_map(|du| steps.clone().map(move |dv| [du, dv]));
        let place = |[du, dv]: Point| face.at([expected[0] + du, expected[1] + dv]);
        let dark = |at: Point| {
            let mean = colour_around(picture, at, face.width * 0.035);
            mean.0.iter().map(|c| u32::from(*c)).sum::<u32>()
        };
        let darkest = places.map(place).min_by_key(|at| dark(*at));
        darkest.unwrap_or_else(|| face.at(expected))
    })
}

/// The half axes of an eye's opening, lids included, of a face of this width.
fn opening(face: Frame) -> Point {
    [face.width * 0.14, face.width * 0.085]
}

/// The face with lids painted over its eyes: skin, and a line of lashes.
pub fn eyes_painted_shut(picture: &RgbImage, face: Frame) -> RgbImage {
    let mut shut = picture.clone();
    for eye in eyes(picture, face) {
        let radii = opening(face);
        let skin = colour_around(picture, [eye[0], eye[1] + radii[1] * 1.6], radii[0] * 0.5);
        blend(
            &mut shut,
            |at| inside_ellipse(at, eye, radii, 0.3),
            |_| Some(skin),
        );
        let lashes = image::Rgb(skin.0.map(|c| c / 3));
        let line = |at: Point| {
            let u = (at[0] - eye[0]) / (radii[0] * 0.85);
            let below = eye[1] + radii[1] * 0.45 * (1.0 - u * u);
            if u.abs() < 1.0 {
                1.0 - (at[1] - below).abs() / (radii[1] * 0.22)
            } else {
                0.0
            }
        };
        blend(&mut shut, line, |_| Some(lashes));
    }
    shut
}

/// A print whose eyes are cut out, and who is behind it: the eyes of `behind`, whose face is at
/// `their`, where those of the print were.
pub fn eyes_cut_out(
    print: &RgbImage,
    face: Frame,
    behind: &RgbImage,
    their: Frame,
    open: &RgbImage,
) -> RgbImage {
    let mut mask = print.clone();
    // Their eyes are found while they are open.
    for (hole, eye) in eyes(print, face).into_iter().zip(eyes(open, their)) {
        let radii = opening(face);
        let scale = their.width / face.width;
        blend(
            &mut mask,
            |at| inside_ellipse(at, hole, radii, 0.08),
            |at| {
                let from = [
                    eye[0] + (at[0] - hole[0]) * scale,
                    eye[1] + (at[1] - hole[1]) * scale,
                ];
                sample(behind, from)
            },
        );
    }
    mask
}

/// `share` of another face put over the face of a picture, in its colours: a swapped face where it is
/// 1, a morph between.
pub fn put_over(
    picture: &RgbImage,
    face: Frame,
    other: &RgbImage,
    their: Frame,
    share: f32,
) -> RgbImage {
    let mut mixed = picture.clone();
    let (centre, radii) = (face.at([0.5, 0.52]), [face.width * 0.6, face.height * 0.58]);
    let mean = |p: &RgbImage, f: Frame| {
        colour_around(p, f.at([0.5, 0.55]), f.width * 0.3)
            .0
            .map(f32::from)
    };
    let (own, theirs) = (mean(picture, face), mean(other, their));
    blend(
        &mut mixed,
        |at| share * inside_ellipse(at, centre, radii, 0.25),
        |at| {
            let mut colour = sample(other, face.to(their, at))?;
            for (i, c) in colour.0.iter_mut().enumerate() {
                let lit = f32::from(*c) * own[i] / theirs[i].max(1.0);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a colour, clamped"
                )]
                let lit = lit.round().clamp(0.0, 255.0) as u8;
                *c = lit;
            }
            Some(colour)
        },
    );
    mixed
}

/// Both pictures side by side: two faces in one frame.
pub fn beside(left: &RgbImage, right: &RgbImage) -> RgbImage {
    let height = left.height().min(right.height());
    let scaled = |p: &RgbImage| {
        let width = p.width() * height / p.height();
        image::imageops::resize(p, width, height, image::imageops::FilterType::Triangle)
    };
    let (left, right) = (scaled(left), scaled(right));
    let mut both = RgbImage::new(left.width() + right.width(), height);
    image::imageops::replace(&mut both, &left, 0, 0);
    image::imageops::replace(&mut both, &right, i64::from(left.width()), 0);
    both
}

/// The picture, `share` of its size, in the middle of a room of its size.
pub fn far_away(picture: &RgbImage, share: f32) -> RgbImage {
    let mut seen = crate::canvas::room(picture.width(), picture.height());
    let [w, h] = crate::canvas::size(picture);
    crate::canvas::draw(picture, &mut seen, |[x, y]| {
        Some([
            (x - w / 2.0) / share + w / 2.0,
            (y - h / 2.0) / share + h / 2.0,
        ])
    });
    seen
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const FACE: Frame = Frame {
        x: 20.0,
        y: 10.0,
        width: 100.0,
        height: 130.0,
    };

    /// A plain face with dark eyes, a little off where eyes are looked for.
    fn face() -> RgbImage {
        let mut picture = RgbImage::from_pixel(140, 150, Rgb([200, 170, 150]));
        for centre in [[52.0, 63.0], [88.0, 63.0]] {
            blend(
                &mut picture,
                |at| inside_ellipse(at, centre, [7.0, 5.0], 0.2),
                |_| Some(Rgb([20, 20, 20])),
            );
        }
        picture
    }

    #[test]
    fn eyes_are_found_and_painted_over() {
        let found = eyes(&face(), FACE);
        assert!(
            (found[0][0] - 52.0).abs() < 4.0 && (found[1][0] - 88.0).abs() < 4.0,
            "{found:?}"
        );
        let shut = eyes_painted_shut(&face(), FACE);
        assert!(shut.get_pixel(52, 61).0[0] > 150);
    }

    #[test]
    fn a_face_put_over_itself_changes_nothing() {
        assert_eq!(put_over(&face(), FACE, &face(), FACE, 1.0), face());
    }
}
