//! Face detection by YuNet.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use fast_image_resize::Resizer;
use livegate_liveness::measurement::Bounds;
use livegate_models::ModelFile;

use super::session::{Model, OutputError, Outputs, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::geometry::{Point, Similarity};
use crate::pixels::shrunk::{Input, Shrunk};
use livegate_media::RgbFrame;

/// Longer side of the input, pixels. At this size the model finds faces of 10 to 300 input pixels, which
/// covers selfies. It found all but 0-2 of 100 frames of each of nine head-turn videos.
const LONG_SIDE: u32 = 320;
/// Longer side of a second, smaller input, for a face so close that it fills the first, pixels.
const CLOSE_LONG_SIDE: u32 = 160;
/// Largest tilt at which a face is found as well as an upright one, degrees. The model was trained on
/// upright faces: at larger tilts its points are wrong when the head is also turned.
const UPRIGHT_DEG: f32 = 15.0;
/// Input for a tilted face that is turned upright: its side, pixels, and the ratio of the part of the
/// frame that it shows to the face's longer side.
const UPRIGHT_INPUT: u32 = 192;
const UPRIGHT_CONTEXT: f32 = 3.0;
/// Most such inputs for one face. Where the first points were wrong, a further turn is right.
const MOST_TURNS: usize = 3;
/// Largest tilt that may remain after such a turn, degrees.
const EXACT_DEG: f32 = 5.0;
/// Largest distance of a face found upright from where it was found before, as a share of its longer
/// side. Further away it is another face.
const SAME_FACE: f32 = 0.5;
const STRIDES: [usize; 3] = [8, 16, 32];
const OUTPUTS: [[&str; 4]; 3] = [
    ["cls_8", "obj_8", "bbox_8", "kps_8"],
    ["cls_16", "obj_16", "bbox_16", "kps_16"],
    ["cls_32", "obj_32", "bbox_32", "kps_32"],
];
/// Least score of a face, 0 to 1.
const SCORE: f32 = 0.6;
/// Overlap (intersection over union) above which two detections are one face; the model's own value.
const OVERLAP: f32 = 0.3;
/// Most faces reported. More are not needed to recognise a crowd.
const MOST: usize = 16;

/// A detected face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Tight box, frame pixels; may reach beyond the frame. For a face that was found in a turned frame,
    /// the upright box around its centre.
    pub bounds: Bounds,
    /// Confidence of the detector, 0 to 1.
    pub score: f32,
    /// Tilt of the face in the image plane, radians, clockwise.
    pub tilt: f32,
}

/// The face detector.
pub struct Detector {
    model: Model,
    resizer: Resizer,
}

impl Detector {
    /// Loads the model.
    pub fn load(runtime: &Runtime, file: &ModelFile) -> Result<Self, StartError> {
        let model = Model::load(runtime, file, &OUTPUTS.concat())?;
        Ok(Self {
            model,
            resizer: Resizer::new(),
        })
    }

    /// Finds the faces of each frame, largest first. If the largest is tilted, it is detected again in the frame turned
    /// so that it is upright.
    pub fn detect_all(
        &mut self,
        frames: &[&RgbFrame],
    ) -> Result<Vec<Vec<Detection>>, AnalyzeError> {
        let shrunk = frames.iter().map(|frame| self.shrink(frame, LONG_SIDE));
        let shrunk = shrunk.collect::<Result<Vec<_>, _>>()?;
        let inputs: Vec<Input> = shrunk.iter().map(Shrunk::upright).collect();
        let found = inputs.iter().map(|input| self.find(input));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let each = frames.iter().zip(shrunk).zip(found);
        each.map(|((frame, shrunk), found)| self.detect_further(frame, shrunk, found))
            .collect()
    }

    /// Goes on from what was found in the shrunk frame.
    fn detect_further(
        &mut self,
        frame: &RgbFrame,
        mut shrunk: Shrunk,
        mut found: Vec<Detection>,
    ) -> Result<Vec<Detection>, AnalyzeError> {
        if found.is_empty() {
            shrunk = self.shrink(frame, CLOSE_LONG_SIDE)?;
            found = self.find(&shrunk.upright())?;
        }
        if let Some(main) = found.first_mut() {
            *main = self.find_upright(&shrunk, *main)?;
        }
        Ok(found.into_iter().map(|d| d.scaled(shrunk.scale)).collect())
    }

    /// Finds the faces of a frame that lies on its side or upside down, largest first.
    ///
    /// Such frames come from phones whose orientation was lost, and from faces that are tilted far. The
    /// frame is turned in several ways; the way with the highest score counts.
    pub fn detect_sideways(&mut self, frame: &RgbFrame) -> Result<Vec<Detection>, AnalyzeError> {
        let large = self.shrink(frame, LONG_SIDE)?;
        // The face of a person who holds the phone is large.
        let small = self.shrink(frame, CLOSE_LONG_SIDE)?;
        let ways = [
            (FRAC_PI_4, &large),
            (-FRAC_PI_4, &large),
            (FRAC_PI_2, &small),
            (-FRAC_PI_2, &small),
            (PI, &small),
        ];
        let surest = |all: &[Detection]| all.iter().map(|d| d.score).fold(0.0, f32::max);
        let (mut best, mut best_in): (Vec<Detection>, _) = (Vec::new(), &large);
        for (angle, shrunk) in ways {
            let (input, way_back) = shrunk.turned_whole(angle);
            let found = self.find(&input)?;
            if surest(&found) > surest(&best) {
                let back = found.into_iter().map(|d| d.turned_back(way_back, angle));
                (best, best_in) = (back.collect(), shrunk);
            }
        }
        if let Some(main) = best.first_mut() {
            *main = self.find_upright(best_in, *main)?;
        }
        Ok(best.into_iter().map(|d| d.scaled(best_in.scale)).collect())
    }

    /// Detects a face again in the frame turned by `tilt` radians; `None` where it is not found again.
    /// The tilt of the result is computed from its points.
    pub fn detect_tilted(
        &mut self,
        frame: &RgbFrame,
        face: &Detection,
        tilt: f32,
    ) -> Result<Option<Detection>, AnalyzeError> {
        let shrunk = self.shrink(frame, LONG_SIDE)?;
        let found = self.find_turned(&shrunk, face.scaled(1.0 / shrunk.scale), tilt)?;
        Ok(found.map(|d| d.scaled(shrunk.scale)))
    }

    /// Detects a tilted face again where it is upright. Returns the face unchanged if it is not tilted
    /// or not found again.
    fn find_upright(
        &mut self,
        shrunk: &Shrunk,
        found: Detection,
    ) -> Result<Detection, AnalyzeError> {
        let (mut face, mut turned, mut limit) = (found, 0.0, UPRIGHT_DEG);
        for _ in 0..MOST_TURNS {
            if (face.tilt - turned).abs() <= limit.to_radians() {
                break;
            }
            let angle = face.tilt;
            let Some(again) = self.find_turned(shrunk, face, angle)? else {
                break;
            };
            (face, turned, limit) = (again, angle, EXACT_DEG);
        }
        Ok(face)
    }

    /// Finds a face in the picture turned so that a face tilted by `angle` radians is upright: the one
    /// nearest to where it was found; `None` without one.
    fn find_turned(
        &mut self,
        shrunk: &Shrunk,
        face: Detection,
        angle: f32,
    ) -> Result<Option<Detection>, AnalyzeError> {
        let longer = face.bounds.width.max(face.bounds.height);
        let (x, y) = face.bounds.centre();
        let side = UPRIGHT_CONTEXT * longer;
        let (input, way_back) = shrunk.turned(UPRIGHT_INPUT, [x - 0.5, y - 0.5], side, angle);
        let away = |d: &Detection| {
            let (dx, dy) = (d.bounds.centre().0 - x, d.bounds.centre().1 - y);
            dx.hypot(dy)
        };
        let found = self.find(&input)?.into_iter();
        Ok(found
            .map(|d| d.turned_back(way_back, angle))
            .filter(|d| away(d) < SAME_FACE * longer)
            .min_by(|a, b| away(a).total_cmp(&away(b))))
    }

    fn shrink(&mut self, frame: &RgbFrame, long_side: u32) -> Result<Shrunk, AnalyzeError> {
        Shrunk::of(frame, long_side, &mut self.resizer).map_err(|cause| AnalyzeError {
            model: "detector".to_owned(),
            cause: cause.to_string(),
        })
    }

    /// The faces of an input, in input pixels.
    fn find(&mut self, input: &Input) -> Result<Vec<Detection>, AnalyzeError> {
        let shape = [1, 3, input.height, input.width];
        let candidates = self.model.run(shape, &input.planes, |out| {
            read(out, input.width, input.height)
        })?;
        let mut faces = keep_best(candidates);
        let area = |d: &Detection| d.bounds.width * d.bounds.height;
        faces.sort_by(|a, b| area(b).total_cmp(&area(a)));
        faces.truncate(MOST);
        Ok(faces)
    }
}

/// Decodes the model's grids. For cell (c, r) of stride s: score = sqrt(class * object); centre
/// ((c + b0) s, (r + b1) s); size (e^b2 s, e^b3 s); points ((kx + c) s, (ky + r) s).
fn read(out: &Outputs<'_>, width: usize, height: usize) -> Result<Vec<Detection>, OutputError> {
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
            let tilt = tilt(&[point(0), point(1), point(2), point(3), point(4)]);
            if [bounds.x, bounds.y, w, h, tilt]
                .iter()
                .all(|v| v.is_finite())
            {
                found.push(Detection {
                    bounds,
                    score,
                    tilt,
                });
            }
        }
    }
    Ok(found)
}

/// Non-maximum suppression: of overlapping detections, keeps the one with the best score.
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

/// Tilt of a face in the image plane, radians, clockwise.
///
/// Points: eye on the image's left, eye on its right, nose, mouth corner on its left, on its right. The
/// line through the eyes and the line from eyes to mouth count together. The eyes nearly coincide when
/// the head is turned to the side, and their line then points anywhere. The other line does so when the
/// head looks up or down.
fn tilt(points: &[Point; 5]) -> f32 {
    let [left_eye, right_eye, _, left_mouth, right_mouth] = *points;
    let across = [right_eye[0] - left_eye[0], right_eye[1] - left_eye[1]];
    let down = [0, 1].map(|k| {
        f32::midpoint(left_mouth[k], right_mouth[k]) - f32::midpoint(left_eye[k], right_eye[k])
    });
    // Turned back by a quarter, the line down the face points along the line across it.
    (across[1] - down[0]).atan2(across[0] + down[1])
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
            ..self
        }
    }

    /// The detection in the coordinates of the picture before it was turned: a box of the same size
    /// around the same centre. `angle` is the turn, as in [`Similarity::from_crop`].
    fn turned_back(self, way_back: Similarity, angle: f32) -> Self {
        let (x, y) = self.bounds.centre();
        // Boxes are measured from the corner of the picture, points from the middle of its first pixel.
        let [x, y] = way_back.apply([x - 0.5, y - 0.5]);
        let (width, height) = (
            self.bounds.width * way_back.scale(),
            self.bounds.height * way_back.scale(),
        );
        Self {
            bounds: Bounds {
                x: x + 0.5 - width / 2.0,
                y: y + 0.5 - height / 2.0,
                width,
                height,
            },
            tilt: self.tilt + angle,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            tilt: 0.0,
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
    fn the_tilt_is_that_of_the_whole_face() {
        let face = [
            [-30.0, -20.0],
            [30.0, -20.0],
            [0.0, 0.0],
            [-20.0, 40.0],
            [20.0, 40.0],
        ];
        let profile = [
            [-2.0, -22.0],
            [2.0, -18.0],
            [30.0, 0.0],
            [-2.0, 40.0],
            [2.0, 40.0],
        ];
        let turned = |points: [Point; 5], a: f32| {
            points.map(|[x, y]| [x * a.cos() - y * a.sin(), x * a.sin() + y * a.cos()])
        };
        for angle in [-0.6, 0.0, 0.3, 1.2] {
            assert!((tilt(&turned(face, angle)) - angle).abs() < 1e-5);
            // The line through the eyes alone is off by 45 degrees here.
            assert!((tilt(&turned(profile, angle)) - angle).abs() < 0.08);
        }
    }

    proptest! {
        #[test]
        fn a_find_in_a_turned_picture_is_back_where_it_is(
            x in 10.0_f32..300.0, y in 10.0_f32..200.0, width in 5.0_f32..90.0, angle in -3.1_f32..3.1, side in 50.0_f32..900.0,
        ) {
            let way_back = Similarity::from_crop(192, [80.0, 60.0], side, angle);
            let [cx, cy] = way_back.inverse().apply([x - 0.5, y - 0.5]);
            let small = width / way_back.scale();
            let mut found = at(cx + 0.5 - small / 2.0, small, 0.9);
            found.bounds.y = cy + 0.5 - small / 2.0;
            found.tilt = 0.1;
            let back = found.turned_back(way_back, angle);
            let (bx, by) = back.bounds.centre();
            prop_assert!((bx - x).abs() < 0.1 && (by - y).abs() < 0.1, "{back:?}");
            prop_assert!((back.bounds.width / width - 1.0).abs() < 1e-3);
            prop_assert!((back.tilt - angle - 0.1).abs() < 1e-5);
        }
    }
}
