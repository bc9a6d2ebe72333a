//! Faces in a frame: YuNet.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use livegate_common::liveness::measurement::Bounds;
use livegate_models::ModelFile;

use super::session::{Model, Outputs, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::decode::RgbFrame;
use crate::geometry::Point;

/// Longer side of the input, pixels. At this size the model sees faces of 10 to 300 of its pixels,
/// which covers selfies, and found all but 0-2 of 100 frames of each of nine head-turn videos.
const LONG_SIDE: u32 = 320;
/// Longer side of a second look, for a face so close that it fills the first.
const CLOSE_LONG_SIDE: u32 = 160;
/// Sides of the input are multiples of the coarsest stride.
const MULTIPLE: u32 = 32;
const STRIDES: [usize; 3] = [8, 16, 32];
const OUTPUTS: [[&str; 4]; 3] = [
    ["cls_8", "obj_8", "bbox_8", "kps_8"],
    ["cls_16", "obj_16", "bbox_16", "kps_16"],
    ["cls_32", "obj_32", "bbox_32", "kps_32"],
];
/// Score from which something is a face, 0 to 1.
const SCORE: f32 = 0.6;
/// Overlap (intersection over union) above which two finds are one face; the model's own value.
const OVERLAP: f32 = 0.3;
/// Most faces reported; a crowd needs no more to be told.
const MOST: usize = 16;

/// A face found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Tight box, frame pixels; may reach beyond the frame.
    pub bounds: Bounds,
    /// 0 to 1.
    pub score: f32,
    /// Eye on the image's left, eye on its right, nose, mouth corner on its left, on its right.
    pub points: [Point; 5],
}

/// The detector.
pub struct Detector {
    model: Model,
    resizer: Resizer,
}

impl Detector {
    /// Loads it.
    pub fn load(runtime: &Runtime, file: &ModelFile) -> Result<Self, StartError> {
        let model = Model::load(runtime, file, &OUTPUTS.concat())?;
        Ok(Self {
            model,
            resizer: Resizer::new(),
        })
    }

    /// Finds the faces of a frame, largest first.
    pub fn detect(&mut self, frame: &RgbFrame) -> Result<Vec<Detection>, AnalyzeError> {
        let found = self.look(frame, LONG_SIDE)?;
        if found.is_empty() {
            self.look(frame, CLOSE_LONG_SIDE)
        } else {
            Ok(found)
        }
    }

    fn look(&mut self, frame: &RgbFrame, long_side: u32) -> Result<Vec<Detection>, AnalyzeError> {
        let input = Input::letterbox(frame, long_side, &mut self.resizer).map_err(|cause| {
            AnalyzeError {
                model: "detector".to_owned(),
                cause,
            }
        })?;
        let shape = [1, 3, input.height, input.width];
        let candidates = self.model.run(shape, &input.planes, |out| {
            read(out, input.width, input.height)
        })?;
        let mut faces: Vec<Detection> = keep_best(candidates)
            .into_iter()
            .map(|d| d.scaled(input.scale))
            .collect();
        let area = |d: &Detection| d.bounds.width * d.bounds.height;
        faces.sort_by(|a, b| area(b).total_cmp(&area(a)));
        faces.truncate(MOST);
        Ok(faces)
    }
}

/// A frame as the model takes it: shrunk into the top left corner, the rest black; planes of blue,
/// green, red, 0 to 255.
struct Input {
    planes: Vec<f32>,
    width: usize,
    height: usize,
    /// Frame pixels per input pixel.
    scale: f32,
}

impl Input {
    fn letterbox(frame: &RgbFrame, long_side: u32, resizer: &mut Resizer) -> Result<Self, String> {
        let longer = frame.width.max(frame.height);
        let shrink = |side: u32| (side * long_side).div_ceil(longer).max(1);
        let (width, height) = (shrink(frame.width), shrink(frame.height));
        let source = ImageRef::new(frame.width, frame.height, &frame.pixels, PixelType::U8x3)
            .map_err(|e| e.to_string())?;
        let mut small = Image::new(width, height, PixelType::U8x3);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        resizer
            .resize(&source, &mut small, &options)
            .map_err(|e| e.to_string())?;

        let (full_width, full_height) = (
            width.next_multiple_of(MULTIPLE) as usize,
            height.next_multiple_of(MULTIPLE) as usize,
        );
        let plane = full_width * full_height;
        let mut planes = vec![0.0; 3 * plane];
        for (y, row) in small.buffer().chunks_exact(width as usize * 3).enumerate() {
            for (x, pixel) in row.chunks_exact(3).enumerate() {
                let at = y * full_width + x;
                planes[at] = f32::from(pixel[2]);
                planes[plane + at] = f32::from(pixel[1]);
                planes[2 * plane + at] = f32::from(pixel[0]);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
        let scale = longer as f32 / long_side as f32;
        Ok(Self {
            planes,
            width: full_width,
            height: full_height,
            scale,
        })
    }
}

/// Decodes the model's grids. For cell (c, r) of stride s: score = sqrt(class * object); centre
/// ((c + b0) s, (r + b1) s); size (e^b2 s, e^b3 s); points ((kx + c) s, (ky + r) s).
fn read(out: &Outputs<'_>, width: usize, height: usize) -> Result<Vec<Detection>, String> {
    let mut found = Vec::new();
    for (stride, [class, object, boxes, points]) in STRIDES.into_iter().zip(OUTPUTS) {
        let (columns, rows) = (width / stride, height / stride);
        let cells = columns * rows;
        let class = out.named(class, Some(cells))?;
        let object = out.named(object, Some(cells))?;
        let boxes = out.named(boxes, Some(cells * 4))?;
        let points = out.named(points, Some(cells * 10))?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "grids have at most a few hundred cells a side"
        )]
        for cell in 0..cells {
            let score = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if score < SCORE {
                continue;
            }
            let s = stride as f32;
            let (c, r) = ((cell % columns) as f32, (cell / columns) as f32);
            let [b0, b1, b2, b3] = [0, 1, 2, 3].map(|k| boxes[cell * 4 + k]);
            let (w, h) = (b2.exp() * s, b3.exp() * s);
            let bounds = Bounds {
                x: (c + b0) * s - w / 2.0,
                y: (r + b1) * s - h / 2.0,
                width: w,
                height: h,
            };
            let point = |k: usize| {
                [
                    (points[cell * 10 + 2 * k] + c) * s,
                    (points[cell * 10 + 2 * k + 1] + r) * s,
                ]
            };
            let points = [point(0), point(1), point(2), point(3), point(4)];
            if [bounds.x, bounds.y, w, h].iter().all(|v| v.is_finite()) {
                found.push(Detection {
                    bounds,
                    score,
                    points,
                });
            }
        }
    }
    Ok(found)
}

/// Non-maximum suppression: of finds that overlap, the one with the best score stays.
fn keep_best(mut candidates: Vec<Detection>) -> Vec<Detection> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for candidate in candidates {
        if kept
            .iter()
            .all(|k| overlap(k.bounds, candidate.bounds) <= OVERLAP)
        {
            kept.push(candidate);
        }
    }
    kept
}

fn overlap(a: Bounds, b: Bounds) -> f32 {
    let w = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let h = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    let common = w.max(0.0) * h.max(0.0);
    common / (a.width * a.height + b.width * b.height - common).max(f32::MIN_POSITIVE)
}

impl Detection {
    fn scaled(self, k: f32) -> Self {
        let Bounds {
            x,
            y,
            width,
            height,
        } = self.bounds;
        Self {
            bounds: Bounds {
                x: x * k,
                y: y * k,
                width: width * k,
                height: height * k,
            },
            score: self.score,
            points: self.points.map(|[x, y]| [x * k, y * k]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, width: f32, score: f32) -> Detection {
        Detection {
            bounds: Bounds {
                x,
                y: 0.0,
                width,
                height: width,
            },
            score,
            points: [[0.0; 2]; 5],
        }
    }

    #[test]
    fn one_face_found_twice_is_one_face() {
        let kept = keep_best(vec![
            at(0.0, 100.0, 0.7),
            at(5.0, 100.0, 0.9),
            at(300.0, 80.0, 0.8),
        ]);
        assert_eq!(kept.iter().map(|d| d.score).collect::<Vec<_>>(), [0.9, 0.8]);
    }

    #[test]
    fn the_letterbox_keeps_the_shape_and_pads_to_whole_cells() {
        for (w, h, width, height) in [
            (1280, 720, 320, 192),
            (720, 1280, 192, 320),
            (4096, 120, 320, 32),
            (640, 640, 320, 320),
        ] {
            let frame = RgbFrame {
                width: w,
                height: h,
                pixels: vec![200; (w * h * 3) as usize],
            };
            let input = Input::letterbox(&frame, 320, &mut Resizer::new()).unwrap();
            assert_eq!((input.width, input.height), (width, height), "{w}x{h}");
            assert_eq!(input.planes.len(), 3 * width * height);
            assert!((input.planes[0] - 200.0).abs() < 1.0);
        }
    }
}
