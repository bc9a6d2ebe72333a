//! Presentation attack detection from one frame, Silent-Face style.

use livegate_common::liveness::measurement::Bounds;
use livegate_models::{AntiSpoofModel, ClassOutput};

use super::crop::Crop;
use super::session::{Model, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::decode::RgbFrame;
use crate::geometry::Point;

/// One anti-spoof model.
pub struct AntiSpoof {
    model: Model,
    spec: AntiSpoofModel,
}

impl AntiSpoof {
    /// Loads it.
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

    /// Score of the face at `bounds`: 0 an attack presentation, 1 bona fide.
    pub fn score(&mut self, frame: &RgbFrame, bounds: Bounds) -> Result<f32, AnalyzeError> {
        let size = self.spec.input.width;
        let (first, last) = context(bounds, self.spec.crop_scale, frame.width, frame.height);
        let input = Crop::by_rectangle(frame, size, first, last).to_planes(&self.spec.input);
        let side = size as usize;
        let (live, output) = (self.spec.live_class, self.spec.output);
        self.model.run([1, 3, side, side], &input, |out| {
            let classes = out.first(None)?;
            let score = match output {
                ClassOutput::Logits => softmax(classes, live),
                ClassOutput::Probabilities => classes.get(live).copied(),
            };
            score
                .map(|s| s.clamp(0.0, 1.0))
                .ok_or_else(|| format!("it has no class {live}, only {}", classes.len()))
        })
    }
}

/// The outermost pixels of the face with `scale` times its size around it, moved or shrunk to stay
/// inside the frame: the crop that these models were trained on (`CropImage` of minivision's
/// Silent-Face-Anti-Spoofing).
fn context(face: Bounds, scale: f32, frame_width: u32, frame_height: u32) -> (Point, Point) {
    #[expect(clippy::cast_precision_loss, reason = "sides are at most 4096")]
    let (right, bottom) = (frame_width as f32 - 1.0, frame_height as f32 - 1.0);
    let (width, height) = (face.width.max(1.0), face.height.max(1.0));
    let scale = scale.min(right / width).min(bottom / height);
    let (cx, cy) = face.centre();
    let (x0, x1) = keep_inside(cx, width * scale, right);
    let (y0, y1) = keep_inside(cy, height * scale, bottom);
    ([x0, y0], [x1, y1])
}

/// A span of `length` around `centre`, moved into 0..=`last`, its ends on whole pixels.
fn keep_inside(centre: f32, length: f32, last: f32) -> (f32, f32) {
    let (mut from, mut to) = (centre - length / 2.0, centre + length / 2.0);
    if from < 0.0 {
        (from, to) = (0.0, to - from);
    }
    if to > last {
        (from, to) = (from - (to - last), last);
    }
    (from.floor().max(0.0), to.floor().clamp(0.0, last))
}

fn softmax(logits: &[f32], class: usize) -> Option<f32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|l| (l - top).exp()).sum();
    logits.get(class).map(|l| (l - top).exp() / sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn softmax_sums_to_one_and_survives_large_logits() {
        let logits = [1000.0, 998.0, -2000.0];
        let sum: f32 = (0..3).filter_map(|c| softmax(&logits, c)).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert!(softmax(&logits, 0).unwrap() > 0.85);
        assert_eq!(softmax(&logits, 3), None);
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
    }
}
