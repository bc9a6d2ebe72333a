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

use crate::analyzer::{AnalyzeError, AnalyzerFactory, Begun, FaceAnalyzer, StartError};
use crate::cues::CueFinder;
use crate::pictures::{scene, sketch, thumbnail};
use crate::pixels::crop::Crop;
use crate::quality::{self, Detail};
use crate::stages::{Stage, timed};
use livegate_media::RgbFrame;

use anti_spoof::AntiSpoof;
use detector::Detector;
use embedder::Embedder;
use landmarker::{Landmarker, Landmarks};
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

/// What a glance leaves to go on from.
struct Glanced {
    measurement: FrameMeasurement,
    /// The main face, where one was found.
    main: Option<Main>,
}

/// Where the main face is, and its picture for the embedder.
struct Main {
    detection: detector::Detection,
    aligned: Crop,
}

impl FaceAnalyzer for OnnxAnalyzer {
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError> {
        Ok(self.go_on(frame, look, None)?.0)
    }

    fn go_on(
        &mut self,
        frame: &RgbFrame,
        look: Look,
        begun: Option<Begun>,
    ) -> Result<(FrameMeasurement, Option<Begun>), AnalyzeError> {
        let glanced = match begun.and_then(|b| b.downcast::<Glanced>().ok()) {
            Some(glanced) => *glanced,
            None => self.glance(frame)?,
        };
        match look {
            Look::Glance => Ok((glanced.measurement.clone(), Some(Box::new(glanced)))),
            Look::Whole => Ok((self.complete(frame, glanced)?, None)),
        }
    }

    fn models(&self) -> ModelSetId {
        self.models.clone()
    }

    fn take_inference_us(&mut self) -> u64 {
        session::take_inference_us()
    }
}

impl OnnxAnalyzer {
    /// Everything but who it is and whether it is a presentation attack.
    fn glance(&mut self, frame: &RgbFrame) -> Result<Glanced, AnalyzeError> {
        let mut found = timed(Stage::Detect, || self.detector.detect(frame))?;
        let mut face = self.measure_first(frame, &found)?;
        if face.is_none() {
            // A phone's picture whose orientation was lost shows a face, and should be told so.
            let sideways = timed(Stage::Detect, || self.detector.detect_sideways(frame))?;
            face = self.measure_first(frame, &sideways)?;
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
        let (face, main) = face.unzip();
        let scene = face
            .as_ref()
            .and_then(|f: &Face| scene::of(frame, f.bounds));
        Ok(Glanced {
            measurement: FrameMeasurement {
                width: frame.width,
                height: frame.height,
                faces,
                face,
                scene,
            },
            main,
        })
    }

    /// Adds to a glance who it is and whether it is a presentation attack.
    fn complete(
        &mut self,
        frame: &RgbFrame,
        glanced: Glanced,
    ) -> Result<FrameMeasurement, AnalyzeError> {
        let Glanced {
            mut measurement,
            main,
        } = glanced;
        let Some((face, main)) = measurement.face.as_mut().zip(main) else {
            return Ok(measurement);
        };
        match timed(Stage::Embed, || self.embedder.embed(&main.aligned))? {
            Some(embedding) => {
                face.embedding = Some(embedding);
                face.margins = self.score(frame, &main.detection)?;
                let cues = timed(Stage::Cues, || self.cues.find(frame, main.detection.bounds));
                face.cues = Some(cues);
            }
            None => {
                measurement.face = None;
                measurement.scene = None;
            }
        }
        Ok(measurement)
    }

    /// Measures the first of these faces, if there is one.
    fn measure_first(
        &mut self,
        frame: &RgbFrame,
        found: &[detector::Detection],
    ) -> Result<Option<(Face, Main)>, AnalyzeError> {
        match found.first() {
            Some(main) => self.measure(frame, main),
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
    ) -> Result<Option<(detector::Detection, Landmarks)>, AnalyzeError> {
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
    ) -> Result<Option<(Face, Main)>, AnalyzeError> {
        let Some((detection, seen)) = self.look_upright(frame, *main)? else {
            return Ok(None);
        };
        let Some(aligned) = embedder::align(frame, &seen.five) else {
            return Ok(None);
        };
        let Some(sketch) = sketch::of(frame, &seen.sketched) else {
            return Ok(None);
        };
        let face = Face {
            bounds: detection.bounds,
            pose: seen.pose,
            eyes: seen.eyes,
            mouth: seen.mouth,
            margins: Vec::new(),
            embedding: None,
            quality: quality::of(&aligned, frame, detection.bounds, &self.detail),
            sketch,
            thumbnail: thumbnail::of(frame, detection.bounds),
            cues: None,
        };
        Ok(Some((face, Main { detection, aligned })))
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
