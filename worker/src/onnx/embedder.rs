//! Face embeddings, ArcFace style.

use livegate_liveness::embedding::Embedding;
use livegate_models::EmbedderModel;

use super::session::{Model, Runtime};
use crate::analyzer::{AnalyzeError, StartError};
use crate::geometry::{Point, Similarity};
use crate::pixels::crop::Crop;
use livegate_media::RgbFrame;

/// Side of the aligned face, pixels.
pub const ALIGNED: u32 = 112;

/// Dimensions of an embedding.
const LENGTH: usize = 512;

/// Positions of the five points in the aligned crop, pixels.
///
/// Eye on the image's left, eye on its right, nose, mouth corner on its left, on its right. The reference
/// points of ArcFace (Deng et al., CVPR 2019; the insightface project's `arcface_dst`).
const TEMPLATE: [Point; 5] = [
    [38.2946, 51.6963],
    [73.5318, 51.5014],
    [56.0252, 71.7366],
    [41.5493, 92.3655],
    [70.7299, 92.2041],
];

/// The face turned upright and scaled so that its five points fall on the template; `None` when the
/// points coincide.
pub fn align(frame: &RgbFrame, points: &[Point; 5]) -> Option<Crop> {
    let to_frame = Similarity::fit(points, &TEMPLATE)?.inverse();
    Some(Crop::by_similarity(frame, ALIGNED, to_frame))
}

/// The embedding model.
pub struct Embedder {
    model: Model,
    spec: EmbedderModel,
}

impl Embedder {
    /// Loads the model.
    pub fn load(runtime: &Runtime, spec: &EmbedderModel) -> Result<Self, StartError> {
        if (spec.input.width, spec.input.height) != (ALIGNED, ALIGNED) {
            let cause = format!("an embedding model must take {ALIGNED}x{ALIGNED} pixels");
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

    /// Identity embedding of an aligned face, unit length; `None` when the model's vector has no
    /// direction.
    pub fn embed(&mut self, aligned: &Crop) -> Result<Option<Embedding>, AnalyzeError> {
        let input = aligned.to_planes(&self.spec.input);
        let side = ALIGNED as usize;
        self.model.run([1, 3, side, side], &input, |out| {
            Ok(Embedding::from_raw(out.first(Some(LENGTH))?.to_vec()))
        })
    }
}
