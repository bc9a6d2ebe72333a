//! Perturbations: changes to pictures that an attacker makes who owns the pixels.
//!
//! Lengths are pixels of the picture, angles degrees, brightness grey levels of 0 to 255. Where a change
//! is random, a generator comes in; the rest depends on its arguments alone.

use fastrand::Rng;
use image::RgbImage;

use crate::camera::blurred;
use crate::canvas::{Point, inside_ellipse, sample, size, warped};
use crate::face::Frame;

/// Where noise is added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    #[default]
    Whole,
    /// On the face only.
    Face,
    /// On what surrounds the face only.
    Around,
}

/// Noise, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation, grey levels; 0 changes nothing.
    pub sigma: f32,
    /// Size of a grain, pixels, 1 or more: independent values are this far apart.
    pub grain: f32,
    /// Share of the variance that goes into colour, 0 (brightness only) to 1 (colour only).
    pub chroma: f32,
    /// Where it is added; without a face, everywhere.
    pub place: Place,
}

impl Default for Noise {
    fn default() -> Self {
        Self {
            sigma: 0.0,
            grain: 1.0,
            chroma: 0.5,
            place: Place::Whole,
        }
    }
}

/// The picture with noise.
pub fn noised(picture: &RgbImage, noise: Noise, face: Option<Frame>, rng: &mut Rng) -> RgbImage {
    if noise.sigma <= 0.0 {
        return picture.clone();
    }
    let (width, height) = picture.dimensions();
    let chroma = noise.chroma.clamp(0.0, 1.0);
    let mut field = |share: f32| {
        let sigma = noise.sigma * share.sqrt();
        (sigma > 0.0).then(|| grains(width, height, noise.grain, sigma, rng))
    };
    let luma = field(1.0 - chroma);
    let (red, blue) = (field(chroma), field(chroma));
    let mut noisy = picture.clone();
    let at = |field: &Option<Vec<f32>>, i: usize| field.as_ref().map_or(0.0, |f| f[i]);
    for (i, (x, y, pixel)) in noisy.enumerate_pixels_mut().enumerate() {
        let mask = mask(noise.place, face, point(x, y));
        if mask <= 0.0 {
            continue;
        }
        let (l, r, b) = (at(&luma, i), at(&red, i), at(&blue, i));
        // Equal brightness (ITU-R BT.601): what red and blue gain, green loses.
        let green = -(0.299 * r + 0.114 * b) / 0.587;
        for (c, change) in pixel.0.iter_mut().zip([l + r, l + green, l + b]) {
            *c = byte(f32::from(*c) + mask * change);
        }
    }
    noisy
}

/// How much of a place belongs to the masked part, 0 to 1; the edge is soft.
fn mask(place: Place, face: Option<Frame>, at: Point) -> f32 {
    let Some(face) = face else { return 1.0 };
    let inside = || {
        let radii = [face.width * 0.62, face.height * 0.62];
        inside_ellipse(at, face.at([0.5, 0.5]), radii, 0.15)
    };
    match place {
        Place::Whole => 1.0,
        Place::Face => inside(),
        Place::Around => 1.0 - inside(),
    }
}

/// Normal noise for each pixel of a picture, row by row: independent values `grain` pixels apart, between
/// them interpolated and of the same variance.
fn grains(width: u32, height: u32, grain: f32, sigma: f32, rng: &mut Rng) -> Vec<f32> {
    let (columns, rows) = (Between::along(width, grain), Between::along(height, grain));
    let points = |all: &[Between]| all.last().map_or(0, |b| b.before + 2);
    let wide = points(&columns);
    let values: Vec<f32> = (0..wide * points(&rows))
        .map(|_| sigma * normal(rng))
        .collect();
    let mut field = Vec::with_capacity(columns.len() * rows.len());
    for row in &rows {
        let (upper, lower) = values[row.before * wide..].split_at(wide);
        for column in &columns {
            let along = |line: &[f32]| column.mix(line[column.before], line[column.before + 1]);
            field.push(row.mix(along(upper), along(lower)));
        }
    }
    field
}

/// A pixel between two points of a grid.
struct Between {
    /// The point before it.
    before: usize,
    /// Weights of the point before it and of the next, of the squared sum 1: the mean of independent values
    /// would vary less than each.
    weights: [f32; 2],
}

impl Between {
    /// All pixels of a side whose points are `grain` pixels apart.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "places in a picture are small and not negative"
    )]
    fn along(side: u32, grain: f32) -> Vec<Self> {
        let of = |pixel: u32| {
            let at = pixel as f32 / grain.max(1.0);
            let before = at as usize;
            let next = at - before as f32;
            let kept = (next * next + (1.0 - next) * (1.0 - next)).sqrt();
            Self {
                before,
                weights: [(1.0 - next) / kept, next / kept],
            }
        };
        (0..side).map(of).collect()
    }

    fn mix(&self, before: f32, next: f32) -> f32 {
        self.weights[0] * before + self.weights[1] * next
    }
}

/// A normal number, mean 0, variance 1: the sum of eight uniform bytes (Irwin and Hall).
fn normal(rng: &mut Rng) -> f32 {
    let sum: u32 = rng
        .u64(..)
        .to_le_bytes()
        .iter()
        .map(|b| u32::from(*b))
        .sum();
    // Eight bytes: mean 1020, variance 8 · (256² - 1) / 12.
    #[expect(clippy::cast_precision_loss, reason = "at most 2040")]
    let centred = sum as f32 - 1020.0;
    centred / (8.0_f32 * 65_535.0 / 12.0).sqrt()
}

/// Light that falls off: `amount` more at one end and as much less at the other, as a share of the
/// brightness; brightest towards `direction`, degrees from the right, clockwise.
pub fn shaded(picture: &RgbImage, amount: f32, direction: f32) -> RgbImage {
    let [width, height] = size(picture);
    let (sin, cos) = direction.to_radians().sin_cos();
    let mut shaded = picture.clone();
    for (x, y, pixel) in shaded.enumerate_pixels_mut() {
        let [x, y] = point(x, y);
        let along = 2.0 * ((x / width - 0.5) * cos + (y / height - 0.5) * sin);
        let gain = 1.0 + amount * along;
        pixel.0 = pixel.0.map(|c| byte(f32::from(c) * gain));
    }
    shaded
}

/// A picture moved in its plane.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Affine {
    /// To the right and down, pixels.
    pub shift: Point,
    /// Clockwise, degrees.
    pub rotation: f32,
    /// Enlargement, as a share: 0 changes nothing, 0.1 is a tenth larger.
    pub enlarge: f32,
}

/// The picture moved about its middle; pixels that come from outside stay as they were.
pub fn moved(picture: &RgbImage, by: Affine) -> RgbImage {
    let [width, height] = size(picture);
    let centre = [width / 2.0, height / 2.0];
    let (sin, cos) = (-by.rotation).to_radians().sin_cos();
    let scale = (1.0 + by.enlarge).max(0.1);
    warped(picture, |[x, y]| {
        let (dx, dy) = (
            (x - centre[0] - by.shift[0]) / scale,
            (y - centre[1] - by.shift[1]) / scale,
        );
        [
            centre[0] + cos * dx - sin * dy,
            centre[1] + sin * dx + cos * dy,
        ]
    })
}

/// A smooth warp: every place moves by up to `amplitude` pixels, in waves of `length` pixels. `phase`
/// tells two warps of one size apart, radians.
pub fn wavy(picture: &RgbImage, amplitude: f32, length: f32, phase: f32) -> RgbImage {
    let k = std::f32::consts::TAU / length.max(1.0);
    warped(picture, |[x, y]| {
        [
            x + amplitude * (k * y + phase).sin(),
            y + amplitude * (k * x + 1.7 * phase).cos(),
        ]
    })
}

/// The tone of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Exponent of the brightness, 0 to 1: above 1 darkens the middle, 1 changes nothing.
    pub gamma: f32,
    /// Share of the brightness that red gains and blue loses; negative is colder.
    pub warmth: f32,
}

/// The picture in another tone.
pub fn toned(picture: &RgbImage, tone: Tone) -> RgbImage {
    let curve = |gain: f32| {
        std::array::from_fn::<u8, 256, _>(|level| {
            #[expect(clippy::cast_precision_loss, reason = "at most 255")]
            let share = level as f32 / 255.0;
            byte(255.0 * share.powf(tone.gamma) * gain)
        })
    };
    let curves = [
        curve(1.0 + tone.warmth),
        curve(1.0),
        curve(1.0 - tone.warmth),
    ];
    let mut toned = picture.clone();
    for pixel in toned.pixels_mut() {
        for (c, curve) in pixel.0.iter_mut().zip(&curves) {
            *c = curve[usize::from(*c)];
        }
    }
    toned
}

/// Sharpened: `amount` times what a blur of `sigma` pixels takes away is added (unsharp masking).
pub fn sharpened(picture: &RgbImage, amount: f32, sigma: f32) -> RgbImage {
    mixed(picture, &blurred(picture, sigma), -amount)
}

/// `share` of another picture of the same size in this one: 0 is this one, 1 the other; below 0 away from
/// the other. The smaller of the two sets the size.
pub fn mixed(picture: &RgbImage, other: &RgbImage, share: f32) -> RgbImage {
    let mut mixed = picture.clone();
    for (x, y, pixel) in mixed.enumerate_pixels_mut() {
        let Some(other) = other.get_pixel_checked(x, y) else {
            continue;
        };
        for (c, o) in pixel.0.iter_mut().zip(other.0) {
            *c = byte(f32::from(*c) + share * (f32::from(o) - f32::from(*c)));
        }
    }
    mixed
}

/// The head in another place: `place`, stretched to the picture, shows outside an ellipse around the
/// head, `share` of it, 0 to 1.
pub fn elsewhere(picture: &RgbImage, face: Frame, place: &RgbImage, share: f32) -> RgbImage {
    let (from, to) = (size(place), size(picture));
    let radii = [face.width * 0.95, face.height * 0.95];
    let mut there = picture.clone();
    crate::canvas::blend(
        &mut there,
        |at| share * (1.0 - inside_ellipse(at, face.at([0.5, 0.45]), radii, 0.2)),
        |[x, y]| {
            sample(
                place,
                [x * (from[0] - 1.0) / to[0], y * (from[1] - 1.0) / to[1]],
            )
        },
    );
    there
}

/// The middle of a picture around a face, `times` the face's longer side each side, or less at an edge:
/// the nearer, the less is seen of what surrounds it.
pub fn cropped(picture: &RgbImage, face: Frame, times: f32) -> RgbImage {
    let side = face.width.max(face.height) * times.max(1.0);
    let [cx, cy] = face.at([0.5, 0.5]);
    let [width, height] = size(picture);
    let (left, top) = ((cx - side / 2.0).max(0.0), (cy - side / 2.0).max(0.0));
    let (right, bottom) = ((cx + side / 2.0).min(width), (cy + side / 2.0).min(height));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places in a picture"
    )]
    let [left, top, w, h] = [left, top, right - left, bottom - top].map(|v| v.max(0.0) as u32);
    image::imageops::crop_imm(picture, left, top, w.max(2), h.max(2)).to_image()
}

#[expect(clippy::cast_precision_loss, reason = "sides of pictures are small")]
fn point(x: u32, y: u32) -> Point {
    [x as f32, y as f32]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a colour, clamped"
)]
fn byte(level: f32) -> u8 {
    level.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests;
