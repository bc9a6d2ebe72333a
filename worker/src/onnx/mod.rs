//! The real analyzer: ONNX models, run one after another.
//!
//! Order: detector -> landmarks and expression -> pose, eyes, mouth -> embedding -> anti-spoofing ->
//! cues and quality, which need no model. `Look::Glance` leaves out embedding, anti-spoofing and cues.
//! Each model has a file of its own, with its pre- and post-processing as pure functions.

mod anti_spoof;
mod detector;
mod embedder;
mod landmarker;
mod session;

use std::sync::Arc;

use livegate_common::job::Look;
use livegate_liveness::measurement::{DetectedFace, Face, FrameMeasurement};
use livegate_liveness::thresholds::ModelSetId;
use livegate_models::ModelSet;

use crate::analyzer::{AnalyzeError, AnalyzerFactory, FaceAnalyzer, StartError};
use crate::cues::CueFinder;
use crate::pictures::{scene, sketch, thumbnail};
use crate::quality::{self, Detail};
use crate::stages::{Stage, timed};
use livegate_media::RgbFrame;

use anti_spoof::AntiSpoof;
use detector::Detector;
use embedder::Embedder;
use landmarker::{Landmarker, Look as Seen};
use session::Runtime;

pub use session::thread_cpu_us;

/// Makes a factory of analyzers for these models.
///
/// The runtime is loaded here. Each thread loads its own models when it calls the factory.
///
/// # Errors
/// [`StartError::Runtime`] when ONNX Runtime does not load.
pub fn factory(models: ModelSet) -> Result<AnalyzerFactory, StartError> {
    let runtime = Runtime::load(&models.runtime)?;
    Ok(Arc::new(move || {
        Ok(Box::new(OnnxAnalyzer::load(&runtime, &models)?))
    }))
}

/// Largest difference between the tilt computed from the landmarks and the tilt with which the face was
/// measured, degrees.
///
/// Of 1,589 frames of eleven films of upright people 2% exceed it, all with heads turned by 38 degrees or
/// more.
const TILT_ERROR_DEG: f32 = 12.0;
/// Most repeated measurements of a face whose tilt was wrong.
const MOST_LOOKS: usize = 2;

/// Whether a face measured with the tilt `with` has the tilt `is` instead, radians.
fn is_misjudged(with: f32, is: f32) -> bool {
    let (sin, cos) = (with - is).sin_cos();
    sin.atan2(cos).abs() > TILT_ERROR_DEG.to_radians()
}

/// Measures frames with ONNX models.
struct OnnxAnalyzer {
    detector: Detector,
    landmarker: Landmarker,
    anti_spoof: Vec<AntiSpoof>,
    embedder: Embedder,
    cues: CueFinder,
    models: ModelSetId,
    detail: Detail,
}

impl OnnxAnalyzer {
    fn load(runtime: &Runtime, models: &ModelSet) -> Result<Self, StartError> {
        let anti_spoof = models
            .anti_spoof
            .iter()
            .map(|m| AntiSpoof::load(runtime, m));
        Ok(Self {
            detector: Detector::load(runtime, &models.detector)?,
            landmarker: Landmarker::load(runtime, models)?,
            anti_spoof: anti_spoof.collect::<Result<_, _>>()?,
            embedder: Embedder::load(runtime, &models.embedder)?,
            cues: CueFinder::new(),
            models: models.listed_as("in use").id(),
            detail: Detail::new(),
        })
    }
}

impl FaceAnalyzer for OnnxAnalyzer {
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError> {
        let mut found = timed(Stage::Detect, || self.detector.detect(frame))?;
        let mut face = self.measure_first(frame, &found, look)?;
        if face.is_none() {
            // A phone's picture whose orientation was lost does show a face: the caller should learn
            // that.
            let sideways = timed(Stage::Detect, || self.detector.detect_sideways(frame))?;
            face = self.measure_first(frame, &sideways, look)?;
            if face.is_some() {
                found = sideways;
            }
        }
        let faces = found
            .iter()
            .map(|d| DetectedFace {
                bounds: d.bounds,
                score: d.score,
            })
            .collect();
        let scene = face.as_ref().and_then(|f| scene::of(frame, f.bounds));
        Ok(FrameMeasurement {
            width: frame.width,
            height: frame.height,
            faces,
            face,
            scene,
        })
    }

    fn models(&self) -> ModelSetId {
        self.models.clone()
    }

    fn take_inference_us(&mut self) -> u64 {
        session::take_inference_us()
    }
}

impl OnnxAnalyzer {
    /// Measures the first of these faces; `None` without one.
    fn measure_first(
        &mut self,
        frame: &RgbFrame,
        found: &[detector::Detection],
        look: Look,
    ) -> Result<Option<Face>, AnalyzeError> {
        match found.first() {
            Some(main) => self.measure(frame, main, look),
            None => Ok(None),
        }
    }

    /// The landmarks of a face; `None` when the landmark model finds no face there.
    ///
    /// The landmarks give the tilt more exactly than the detector does. Where the two disagree, the face
    /// was not upright for the landmark model either, and is measured again.
    fn look_upright(
        &mut self,
        frame: &RgbFrame,
        mut face: detector::Detection,
    ) -> Result<Option<(detector::Detection, Seen)>, AnalyzeError> {
        let first = timed(Stage::Landmarks, || self.landmarker.look(frame, &face))?;
        let Some(mut seen) = first else {
            return Ok(None);
        };
        for _ in 0..MOST_LOOKS {
            let tilt = seen.pose.roll.to_radians();
            if !is_misjudged(face.tilt, tilt) {
                break;
            }
            let again = timed(Stage::Detect, || {
                self.detector.detect_tilted(frame, &face, tilt)
            })?;
            let turned = detector::Detection {
                tilt,
                ..again.unwrap_or(face)
            };
            let again = timed(Stage::Landmarks, || self.landmarker.look(frame, &turned))?;
            let Some(again) = again else { break };
            (face, seen) = (turned, again);
        }
        Ok(Some((face, seen)))
    }

    fn measure(
        &mut self,
        frame: &RgbFrame,
        main: &detector::Detection,
        look: Look,
    ) -> Result<Option<Face>, AnalyzeError> {
        let Some((main, seen)) = self.look_upright(frame, *main)? else {
            return Ok(None);
        };
        let Some(aligned) = embedder::align(frame, &seen.five) else {
            return Ok(None);
        };
        let Some(sketch) = sketch::of(frame, &seen.sketched) else {
            return Ok(None);
        };
        let (embedding, margins, cues) = match look {
            Look::Glance => (None, Vec::new(), None),
            Look::Whole => match timed(Stage::Embed, || self.embedder.embed(&aligned))? {
                Some(embedding) => (
                    Some(embedding),
                    self.score(frame, &main)?,
                    Some(timed(Stage::Cues, || self.cues.find(frame, main.bounds))),
                ),
                None => return Ok(None),
            },
        };
        Ok(Some(Face {
            bounds: main.bounds,
            pose: seen.pose,
            eyes: seen.eyes,
            mouth: seen.mouth,
            margins,
            embedding,
            quality: quality::of(&aligned, frame, main.bounds, &self.detail),
            sketch,
            thumbnail: thumbnail::of(frame, main.bounds),
            cues,
        }))
    }

    fn score(
        &mut self,
        frame: &RgbFrame,
        main: &detector::Detection,
    ) -> Result<Vec<Option<f32>>, AnalyzeError> {
        let models = self.anti_spoof.iter_mut();
        models
            .map(|m| timed(Stage::AntiSpoof, || m.score(frame, main.bounds)))
            .collect()
    }
}
