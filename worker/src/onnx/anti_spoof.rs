//! Presentation attack detection from a single frame.

use livegate_liveness::measurement::{Bounds, margin_of};
use livegate_models::{AntiSpoofModel, ClassOutput, CropRule, Resample};

use super::session::{Model, OutputError, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::pixels::crop::{Crop, context};
use crate::pixels::resample::Axis;
use livegate_media::{MAX_SIDE, RgbFrame};

/// One anti-spoof model.
pub struct AntiSpoof {
    model: Model,
    spec: AntiSpoofModel,
}

impl AntiSpoof {
    /// Loads the model.
    pub fn load(runtime: &Runtime, spec: &AntiSpoofModel) -> Result<Self, StartError> {
        if spec.input.width != spec.input.height {
            let cause = "an anti-spoof model must take a square input".to_owned();
            return Err(StartError::Model {
                model: spec.file.name.clone(),
                cause,
            });
        }
        Ok(Self {
            model: Model::load(runtime, &spec.file, &[])?,
            spec: spec.clone(),
        })
    }

    /// Margin of the face at these bounds in each frame: the logit of the bona fide class less that of the strongest
    /// other class; `None` where the frame leaves no room for the crop.
    pub fn score_all(
        &mut self,
        faces: &[(&RgbFrame, Bounds)],
    ) -> Result<Vec<Option<f32>>, AnalyzeError> {
        let inputs: Vec<Option<Vec<f32>>> = faces
            .iter()
            .map(|(frame, bounds)| {
                let has_room = has_room(
                    *bounds,
                    self.spec.most_face_share,
                    (frame.width, frame.height),
                );
                has_room.then(|| cut_out(frame, *bounds, &self.spec).to_planes(&self.spec.input))
            })
            .collect();
        let score = |input: Option<Vec<f32>>| input.map(|i| self.score(&i)).transpose();
        inputs.into_iter().map(score).collect()
    }

    fn score(&mut self, input: &[f32]) -> Result<f32, AnalyzeError> {
        let side = self.spec.input.width as usize;
        let (live, output) = (self.spec.live_class, self.spec.output);
        self.model.run([1, 3, side, side], input, |out| {
            let classes = out.first(None)?;
            let logits = match output {
                ClassOutput::Logits => classes.to_vec(),
                ClassOutput::Probabilities => classes.iter().map(|p| p.max(1e-9).ln()).collect(),
            };
            margin_of(&logits, live).ok_or(OutputError::NoClass {
                live,
                classes: classes.len(),
            })
        })
    }
}

/// Whether the face is at most `most_share` of the frame's shorter side wide, which leaves room for a
/// crop around it.
fn has_room(face: Bounds, most_share: Option<f32>, (width, height): (u32, u32)) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
    let shorter = width.min(height) as f32;
    most_share.is_none_or(|most| face.width <= most * shorter)
}

/// The face with its surroundings, at the size of the model's input.
fn cut_out(frame: &RgbFrame, face: Bounds, spec: &AntiSpoofModel) -> Crop {
    let size = spec.input.width;
    let axis =
        |(first, length): (i64, u32), limit| Axis::new(spec.resample, size, first, length, limit);
    let (columns, rows) = match spec.crop {
        CropRule::Clamped => {
            let (first, last) = context(face, spec.crop_scale, frame.width, frame.height);
            if spec.resample == Resample::Linear {
                return Crop::by_rectangle(frame, size, first, last);
            }
            let stretch =
                |axis: usize| (whole(first[axis]), pixels(last[axis] - first[axis] + 1.0));
            (stretch(0), stretch(1))
        }
        CropRule::Reflected => square(face, spec.crop_scale),
    };
    let (columns, rows) = (axis(columns, frame.width), axis(rows, frame.height));
    Crop::resampled(frame, size, &columns, &rows)
}

/// First column and first row, each with the side, of a square around the face, in whole pixels. Its
/// side is `scale` times the longer side of the face's box. It may reach beyond the frame.
fn square(face: Bounds, scale: f32) -> ((i64, u32), (i64, u32)) {
    let side = scale * face.width.max(face.height);
    let (cx, cy) = face.centre();
    let length = pixels(side);
    let from = |centre: f32| (whole(centre - side / 2.0), length);
    (from(cx), from(cy))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "casts of floats saturate, and coordinates are a few times the side of a frame"
)]
fn whole(at: f32) -> i64 {
    at.floor() as i64
}

/// A length in whole pixels, at most a few frames' sides. That bounds the work for a box that is far too
/// large.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of floats saturate, and lengths are not negative"
)]
fn pixels(length: f32) -> u32 {
    (length as u32).clamp(1, 4 * MAX_SIDE)
}

#[cfg(test)]
mod tests {
    use livegate_models::{ChannelOrder, InputSpec, ModelFile};
    use proptest::prelude::*;

    use super::*;

    fn spec(size: u32, crop: CropRule, crop_scale: f32, resample: Resample) -> AntiSpoofModel {
        AntiSpoofModel {
            file: ModelFile {
                name: String::new(),
                path: "none.onnx".into(),
                sha256: String::new(),
            },
            input: InputSpec {
                width: size,
                height: size,
                channels: ChannelOrder::Rgb,
                mean: [0.0; 3],
                std: [1.0; 3],
            },
            crop,
            crop_scale,
            resample,
            most_face_share: None,
            live_class: 0,
            output: ClassOutput::Logits,
        }
    }

    /// A frame whose colours differ from pixel to pixel.
    fn textured(width: u32, height: u32) -> RgbFrame {
        let pixels = (0..width * height * 3).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
        RgbFrame {
            width,
            height,
            pixels: pixels.collect(),
        }
    }

    fn planes(frame: &RgbFrame, face: Bounds, spec: &AntiSpoofModel) -> Vec<f32> {
        cut_out(frame, face, spec).to_planes(&spec.input)
    }

    #[test]
    fn a_model_abstains_where_the_face_leaves_no_room() {
        let face = |width| Bounds {
            width,
            height: 900.0,
            ..Bounds::default()
        };
        let sides = (1280, 720);
        assert!(has_room(face(503.0), Some(0.7), sides));
        assert!(!has_room(face(505.0), Some(0.7), sides));
        assert!(!has_room(face(505.0), Some(0.7), (720, 1280)));
        assert!(has_room(face(5000.0), None, sides));
    }

    #[test]
    fn a_crop_beyond_the_frame_is_its_mirror_image() {
        let frame = textured(40, 30);
        // A square of 20 pixels around the corner of the frame, at the output's own size.
        let face = Bounds {
            x: -5.0,
            y: -5.0,
            width: 10.0,
            height: 10.0,
        };
        let planes = planes(
            &frame,
            face,
            &spec(20, CropRule::Reflected, 2.0, Resample::Area),
        );
        let at = |x: usize, y: usize| planes[y * 20 + x];
        for (x, y) in [(10_usize, 10_usize), (3, 10), (10, 7), (1, 19), (0, 0)] {
            let (fx, fy) = (x.abs_diff(10), y.abs_diff(10));
            let expected = f32::from(frame.pixels[(fy * 40 + fx) * 3]);
            assert!((at(x, y) - expected).abs() < 1e-3, "{x},{y}");
        }
    }

    proptest! {
        #[test]
        fn the_context_stays_inside_the_frame_and_around_the_face(
            x in -50.0_f32..700.0, y in -50.0_f32..500.0, w in 1.0_f32..900.0, h in 1.0_f32..900.0, scale in 1.0_f32..5.0,
        ) {
            let (first, last) = context(Bounds { x, y, width: w, height: h }, scale, 640, 480);
            prop_assert!(first[0] >= 0.0 && first[1] >= 0.0 && last[0] <= 639.0 && last[1] <= 479.0);
            prop_assert!(first[0] <= last[0] && first[1] <= last[1], "{first:?} {last:?}");
        }

        #[test]
        fn inside_the_frame_both_crops_of_a_square_face_hold_the_same(
            x in 30_u8..60, y in 30_u8..60, half in 3_u8..10, size in 8_u32..40,
        ) {
            let frame = textured(120, 110);
            let square = |side: f32, middle: f32| Bounds {
                x: f32::from(x) + middle - side / 2.0, y: f32::from(y) + middle - side / 2.0, width: side, height: side,
            };
            // The clamped crop includes the pixel at its end: its side is one pixel longer, its centre
            // half a pixel further.
            let side = f32::from(half) * 2.0;
            let clamped = spec(size, CropRule::Clamped, 2.0, Resample::Linear);
            let clamped = planes(&frame, square(side, 0.0), &clamped);
            let reflected = spec(size, CropRule::Reflected, 1.0, Resample::Linear);
            let reflected = planes(&frame, square(2.0 * side + 1.0, 0.5), &reflected);
            let pairs = clamped.into_iter().zip(reflected);
            for (clamped, reflected) in pairs {
                prop_assert!((clamped - reflected).abs() < 0.01, "{clamped} {reflected}");
            }
        }

        #[test]
        fn shrinking_by_area_keeps_the_mean(
            half in 20_u32..50, size in 8_u32..40, reflected in any::<bool>(),
        ) {
            let frame = textured(200, 200);
            let side = half as f32 * 2.0;
            let (x, y) = (100.0 - side / 2.0, 90.0 - side / 2.0);
            let face = Bounds { x, y, width: side, height: side };
            let crop = if reflected { CropRule::Reflected } else { CropRule::Clamped };
            let found = planes(&frame, face, &spec(size, crop, 1.0, Resample::Area));
            let found = found.iter().sum::<f32>() / found.len() as f32;
            let last = 2 * half as usize + usize::from(!reflected);
            let (x, y) = (x as usize, y as usize);
            let rows = (y..y + last).flat_map(|row| &frame.pixels[(row * 200 + x) * 3..(row * 200 + x + last) * 3]);
            let mean = rows.map(|v| f32::from(*v)).sum::<f32>() / (last * last * 3) as f32;
            prop_assert!((found - mean).abs() < 0.02, "{found} {mean}");
        }

        #[test]
        fn any_box_makes_a_crop_of_colours(
            x in -9000.0_f32..9000.0, y in -9000.0_f32..9000.0, w in 0.0_f32..400.0, h in 0.0_f32..400.0,
            reflected in any::<bool>(), area in any::<bool>(),
        ) {
            let crop = if reflected { CropRule::Reflected } else { CropRule::Clamped };
            let resample = if area { Resample::Area } else { Resample::Linear };
            let face = Bounds { x, y, width: w, height: h };
            let planes = planes(&textured(64, 48), face, &spec(16, crop, 1.8, resample));
            prop_assert_eq!(planes.len(), 3 * 16 * 16);
            prop_assert!(planes.iter().all(|v| (0.0..=255.0).contains(v)));
        }
    }
}
