//! Conversion of HDR and BT.2020 clips to standard dynamic range.
//!
//! The models were trained on pictures of standard range. HDR samples shown as if they were standard
//! range are flat and pale: the anti-spoof score of a living person falls from 0.65 to 0.16. So the
//! samples are converted here. The decoder's own filters are not used: in the confined process they cost
//! as much again as decoding, and its time is limited.

use std::fmt;

use livegate_media::RgbFrame;

/// Luminance of white paper in HDR, candela a square metre; it becomes the white of standard range.
/// ITU-R BT.2408-7, section 2.1.
const WHITE_NITS: f32 = 203.0;

/// Luminance that becomes the brightest white, candela a square metre: the peak of HLG's reference display.
///
/// Cameras that write PQ go no higher in scenes with people. ITU-R BT.2100-2, table 5.
const PEAK_NITS: f32 = 1000.0;

/// Light up to this share of white is not compressed. Skin lies below it.
const KNEE: f32 = 0.7;

/// Exponent of a display of standard range. ITU-R BT.1886, annex 1.
const DISPLAY_GAMMA: f32 = 2.4;

/// Exponent between the light in front of a camera and the light of an HLG display of 1000 candela a
/// square metre (ITU-R BT.2100-2, table 5).
///
/// It is applied to each colour separately, as cameras and displays of standard range together do. HLG
/// displays apply it to the luminance; but the aim is the picture that a camera of standard range would
/// have taken.
const SYSTEM_GAMMA: f32 = 1.2;

/// Entries of the lookup tables: four for each step of ten bits.
const STEPS: usize = 4096;

/// Transfer function: how a clip's samples become light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Perceptual quantizer, used by HDR10 and HDR10+.
    Pq,
    /// Hybrid log-gamma, used by iPhones.
    Hlg,
    /// Standard range, in the colours of BT.2020.
    Standard,
}

/// Colour primaries: what the three numbers of a colour stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gamut {
    /// ITU-R BT.2020.
    Bt2020,
    /// Display P3 (SMPTE EG 432-1).
    P3,
    /// ITU-R BT.709.
    Bt709,
}

/// Matrix between red, green and blue and one luma and two colour differences. It is given by the shares
/// of red and blue in the luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
    /// ITU-R BT.709.
    Bt709,
    /// ITU-R BT.601.
    Bt601,
}

/// The colour format of a clip that has to be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    /// From samples to light.
    pub transfer: Transfer,
    /// From light to colours.
    pub gamut: Gamut,
    /// From luma and two colour differences to red, green and blue.
    pub matrix: Matrix,
    /// Whether samples use the full range of their bits.
    pub is_full_range: bool,
}

impl Colours {
    /// The format for `ffprobe`'s names; `None` for standard range, which the decoder converts itself.
    /// An unnamed property defaults to the one of BT.2100.
    pub fn of(transfer: &str, primaries: &str, space: &str, range: &str) -> Option<Self> {
        let transfer = match (transfer, primaries) {
            ("smpte2084", _) => Transfer::Pq,
            ("arib-std-b67", _) => Transfer::Hlg,
            (_, "bt2020") => Transfer::Standard,
            _ => return None,
        };
        Some(Self {
            transfer,
            gamut: match primaries {
                "bt709" => Gamut::Bt709,
                "smpte432" => Gamut::P3,
                _ => Gamut::Bt2020,
            },
            matrix: match space {
                "bt709" => Matrix::Bt709,
                "bt470bg" | "smpte170m" => Matrix::Bt601,
                _ => Matrix::Bt2020,
            },
            is_full_range: range == "pc",
        })
    }
}

impl Gamut {
    /// Matrix from these primaries to those of BT.709, both with the white point D65. ITU-R BT.2087-0,
    /// section 2; for P3 by the same computation.
    fn to_bt709(self) -> [[f32; 3]; 3] {
        match self {
            Self::Bt2020 => [
                [1.6605, -0.5876, -0.0728],
                [-0.1246, 1.1329, -0.0083],
                [-0.0182, -0.1006, 1.1187],
            ],
            Self::P3 => [
                [1.2249, -0.2249, 0.0],
                [-0.0420, 1.0420, 0.0],
                [-0.0197, -0.0786, 1.0983],
            ],
            Self::Bt709 => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        }
    }
}

impl Matrix {
    /// Shares of red and of blue in the luma. ITU-R BT.2020-2, table 4; BT.709-6, item 3.2; BT.601-7,
    /// section 2.5.1.
    fn shares(self) -> (f32, f32) {
        match self {
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt601 => (0.299, 0.114),
        }
    }
}

/// A decoded frame in three planes of ten bits: luma, then two colour differences.
///
/// The planes of colour have half of the width and height, rounded up. A sample takes two bytes, the
/// lower one first.
#[derive(Clone, PartialEq, Eq)]
pub struct YuvFrame {
    /// Width, pixels.
    pub width: u32,
    /// Height, pixels.
    pub height: u32,
    /// The three planes, [`YuvFrame::bytes`] long.
    pub samples: Vec<u8>,
}

/// Prints the size only: the samples show a person.
impl fmt::Debug for YuvFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "YuvFrame({}x{})", self.width, self.height)
    }
}

impl YuvFrame {
    /// Bytes of a frame of this size, in pixels.
    pub fn bytes(width: u32, height: u32) -> usize {
        let (width, height) = (width as usize, height as usize);
        let of_colour = width.div_ceil(2) * height.div_ceil(2);
        2 * (width * height + 2 * of_colour)
    }
}

/// Converts the frames of one clip by lookup tables.
pub struct Converter {
    levels: Levels,
    /// Light of each sample value; 1 is the white of standard range.
    light: Vec<f32>,
    gamut: [[f32; 3]; 3],
    /// Standard-range value, 0 to 255, by the square root of light.
    shown: Vec<u8>,
}

/// Scaling that turns samples into red, green and blue, each 0 to 1.
struct Levels {
    black: f32,
    of_brightness: f32,
    red_of_cr: f32,
    green_of_cr: f32,
    green_of_cb: f32,
    blue_of_cb: f32,
}

/// Light at which the output saturates; 1 is the white of standard range.
const MOST_LIGHT: f32 = PEAK_NITS / WHITE_NITS;

impl Converter {
    /// Builds the tables for these colours.
    pub fn new(colours: Colours) -> Self {
        let light = |share: f32| match colours.transfer {
            Transfer::Pq => pq(share) / WHITE_NITS,
            Transfer::Hlg => hlg(share).powf(SYSTEM_GAMMA) * MOST_LIGHT,
            Transfer::Standard => share.powf(DISPLAY_GAMMA),
        };
        let shown = |share: f32| {
            let light = share * share * MOST_LIGHT;
            let shown = match colours.transfer {
                Transfer::Pq | Transfer::Hlg => rolled_off(light),
                Transfer::Standard => light.min(1.0),
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 255"
            )]
            let level = (255.0 * shown.powf(1.0 / DISPLAY_GAMMA)).round() as u8;
            level
        };
        Self {
            levels: Levels::new(colours),
            light: table(light),
            gamut: colours.gamut.to_bt709(),
            shown: table(shown),
        }
    }

    /// Converts a frame to standard range and the colours of BT.709. Missing samples become black.
    pub fn convert(&self, frame: &YuvFrame) -> RgbFrame {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let half = width.div_ceil(2);
        let of_luma = (2 * width * height).min(frame.samples.len());
        let (luma, chroma) = frame.samples.split_at(of_luma);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let mut pixels = vec![0; 3 * width * height];
        for (y, pixels) in pixels.chunks_exact_mut(3 * width).enumerate() {
            let chroma = row(blue, half, y / 2).chunks_exact(2);
            let chroma = chroma.zip(row(red, half, y / 2).chunks_exact(2));
            let luma = row(luma, width, y).chunks(4);
            for ((pixels, luma), (cb, cr)) in pixels.chunks_mut(6).zip(luma).zip(chroma) {
                let (cb, cr) = (sample(cb), sample(cr));
                for (pixel, luma) in pixels.chunks_exact_mut(3).zip(luma.chunks_exact(2)) {
                    let samples = self.levels.rgb(sample(luma), cb, cr);
                    pixel.copy_from_slice(&self.shown(samples));
                }
            }
        }
        RgbFrame {
            width: frame.width,
            height: frame.height,
            pixels,
        }
    }

    fn shown(&self, samples: [f32; 3]) -> [u8; 3] {
        let light = samples.map(|s| at(&self.light, s));
        self.gamut.map(|row| {
            let share = dot(row, light).max(0.0) / MOST_LIGHT;
            at(&self.shown, share.sqrt())
        })
    }
}

impl Levels {
    fn new(colours: Colours) -> Self {
        let (red, blue) = colours.matrix.shares();
        let green = 1.0 - red - blue;
        // BT.2100-2, table 9, ten bits.
        let (black, luma, chroma) = if colours.is_full_range {
            (0.0, 1023.0, 1023.0)
        } else {
            (64.0, 876.0, 896.0)
        };
        Self {
            black,
            of_brightness: 1.0 / luma,
            red_of_cr: 2.0 * (1.0 - red) / chroma,
            green_of_cr: 2.0 * (1.0 - red) * red / green / chroma,
            green_of_cb: 2.0 * (1.0 - blue) * blue / green / chroma,
            blue_of_cb: 2.0 * (1.0 - blue) / chroma,
        }
    }

    fn rgb(&self, luma: f32, cb: f32, cr: f32) -> [f32; 3] {
        let (luma, cb, cr) = (
            (luma - self.black) * self.of_brightness,
            cb - 512.0,
            cr - 512.0,
        );
        [
            luma + self.red_of_cr * cr,
            luma - self.green_of_cr * cr - self.green_of_cb * cb,
            luma + self.blue_of_cb * cb,
        ]
    }
}

/// Row `y` of a plane; empty where the plane ends before it.
fn row(plane: &[u8], width: usize, y: usize) -> &[u8] {
    plane
        .get(2 * width * y..2 * width * (y + 1))
        .unwrap_or_default()
}

fn sample(bytes: &[u8]) -> f32 {
    let bytes = <[u8; 2]>::try_from(bytes).unwrap_or_default();
    f32::from(u16::from_le_bytes(bytes))
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn table<T>(value: impl Fn(f32) -> T) -> Vec<T> {
    (0..STEPS)
        .map(|step| value(step as f32 / (STEPS - 1) as f32))
        .collect()
}

/// Table index for a share. Shares outside 0 to 1 are clamped.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "limited to the table"
)]
fn at<T: Copy + Default>(table: &[T], share: f32) -> T {
    let step = (share.clamp(0.0, 1.0) * (STEPS - 1) as f32 + 0.5) as usize;
    table.get(step).copied().unwrap_or_default()
}

/// Luminance of a PQ sample, candela a square metre. SMPTE ST 2084; ITU-R BT.2100-2, table 4.
fn pq(share: f32) -> f32 {
    const M1: f32 = 2610.0 / 16384.0;
    const M2: f32 = 2523.0 / 4096.0 * 128.0;
    const C1: f32 = 3424.0 / 4096.0;
    const C2: f32 = 2413.0 / 4096.0 * 32.0;
    const C3: f32 = 2392.0 / 4096.0 * 32.0;
    let root = share.powf(1.0 / M2);
    10_000.0 * ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

/// Light in front of the camera for an HLG sample, both 0 to 1. ITU-R BT.2100-2, table 5.
fn hlg(share: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 0.284_668_92;
    const C: f32 = 0.559_910_7;
    if share <= 0.5 {
        share * share / 3.0
    } else {
        (((share - C) / A).exp() + B) / 12.0
    }
}

/// Light compressed to standard range, 0 to 1.
///
/// Unchanged up to the knee; beyond it ever more compressed, up to the brightest. From the knee on:
/// Reinhard et al., "Photographic tone reproduction for digital images", 2002, equation 4.
fn rolled_off(light: f32) -> f32 {
    if light <= KNEE {
        return light;
    }
    let beyond = |light: f32| (light - KNEE) / (1.0 - KNEE);
    let (x, most) = (beyond(light.min(MOST_LIGHT)), beyond(MOST_LIGHT));
    KNEE + (1.0 - KNEE) * x * (1.0 + x / (most * most)) / (1.0 + x)
}

#[cfg(test)]
mod tests;
