//! The real analyzer: ONNX models, run one after another.
//!
//! Order: detector -> landmarks, pose -> expression -> eyes, mouth, quality -> embedding -> anti-spoofing ->
//! cues, which need no model. `Look::Glance` leaves out embedding, anti-spoofing and cues.
//! Each model has a file of its own, with its pre- and post-processing as pure functions.
//!
//! Frames that are measured together go through this order in step: each model runs on all of them before the next
//! model does. Together the models are larger than a core's cache, so a model that runs once finds nothing of itself
//! there. In step, four frames take a tenth less time inside `run` (docs/performance.md). The numbers are the same.

mod anti_spoof;
mod detector;
mod embedder;
mod landmarker;
mod session;

use std::sync::Arc;

use livegate_common::job::Look;
use livegate_liveness::measurement::{Bounds, DetectedFace, Face, FrameMeasurement};
use livegate_liveness::sketch::Sketch;
use livegate_liveness::thresholds::ModelSetId;
use livegate_models::ModelSet;

use crate::analyzer::{AnalyzeError, AnalyzerFactory, Begun, FaceAnalyzer, StartError};
use crate::cues::CueFinder;
use crate::pictures::{scene, sketch, thumbnail};
use crate::pixels::crop::Crop;
use crate::quality::{self, Detail};
use crate::stages::{Stage, timed, timed_each};
use livegate_media::RgbFrame;

use anti_spoof::AntiSpoof;
use detector::{Detection, Detector};
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
    detection: Detection,
    aligned: Crop,
}

/// The faces found in a frame, and the main one where its landmarks are found.
type Found = (Vec<Detection>, Option<Located>);

/// The main face of a frame, before its expression is read.
struct Located {
    detection: Detection,
    seen: Landmarks,
    aligned: Crop,
    sketch: Sketch,
}

impl FaceAnalyzer for OnnxAnalyzer {
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError> {
        Ok(self.go_on(frame, look, None)?.0)
    }

    fn analyze_all(
        &mut self,
        frames: &[&RgbFrame],
        look: Look,
    ) -> Result<Vec<FrameMeasurement>, AnalyzeError> {
        let glanced = self.glance_all(frames)?;
        match look {
            Look::Glance => Ok(glanced.into_iter().map(|g| g.measurement).collect()),
            Look::Whole => self.complete_all(frames, glanced),
        }
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
            Look::Whole => {
                let whole = self.complete_all(&[frame], vec![glanced])?;
                Ok((only(whole)?, None))
            }
        }
    }

    fn models(&self) -> ModelSetId {
        self.models.clone()
    }

    fn take_inference_us(&mut self) -> u64 {
        session::take_inference_us()
    }
}

/// The one result for one frame.
fn only<T>(results: Vec<T>) -> Result<T, AnalyzeError> {
    results.into_iter().next().ok_or_else(|| AnalyzeError {
        model: "all".to_owned(),
        cause: "a frame has no result".to_owned(),
    })
}

impl OnnxAnalyzer {
    fn glance(&mut self, frame: &RgbFrame) -> Result<Glanced, AnalyzeError> {
        only(self.glance_all(&[frame])?)
    }

    /// Everything but who it is and whether it is a presentation attack.
    fn glance_all(&mut self, frames: &[&RgbFrame]) -> Result<Vec<Glanced>, AnalyzeError> {
        let found = timed_each(Stage::Detect, frames.len(), || {
            self.detector.detect_all(frames)
        })?;
        let mut located = self.locate_all(frames, found)?;
        let faces = located.iter_mut().filter_map(|(_, l)| l.as_mut());
        let faces: Vec<&mut Located> = faces.collect();
        timed_each(Stage::Expression, faces.len(), || {
            let mut faces = faces.into_iter();
            faces.try_for_each(|face| self.landmarker.read_expression(&mut face.seen))
        })?;
        let both = frames.iter().zip(located);
        let glanced = both.map(|(frame, (found, located))| self.glanced(frame, &found, located));
        Ok(glanced.collect())
    }

    fn glanced(&self, frame: &RgbFrame, found: &[Detection], located: Option<Located>) -> Glanced {
        let seen = |d: &Detection| DetectedFace {
            bounds: d.bounds,
            score: d.score,
        };
        let (face, main) = located.map(|l| self.face_of(frame, l)).unzip();
        let scene = face
            .as_ref()
            .and_then(|f: &Face| scene::of(frame, f.bounds));
        Glanced {
            measurement: FrameMeasurement {
                width: frame.width,
                height: frame.height,
                faces: found.iter().map(seen).collect(),
                face,
                scene,
            },
            main,
        }
    }

    fn face_of(&self, frame: &RgbFrame, located: Located) -> (Face, Main) {
        let Located {
            detection,
            seen,
            aligned,
            sketch,
        } = located;
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
        (face, Main { detection, aligned })
    }

    /// Looks for the landmarks of the main face of each frame; `found` are the faces found in each.
    fn locate_all(
        &mut self,
        frames: &[&RgbFrame],
        found: Vec<Vec<Detection>>,
    ) -> Result<Vec<Found>, AnalyzeError> {
        let firsts = frames.iter().zip(&found);
        let firsts: Vec<(&RgbFrame, Detection)> = firsts
            .filter_map(|(frame, found)| Some((*frame, *found.first()?)))
            .collect();
        let mut seen = timed_each(Stage::Landmarks, firsts.len(), || {
            self.landmarker.look_all(&firsts)
        })?
        .into_iter();
        let located = frames.iter().zip(found).map(|(frame, found)| {
            let first = found.first().copied();
            let seen = first.and_then(|d| Some((d, seen.next()??)));
            match self.locate(frame, seen)? {
                Some(located) => Ok((found, Some(located))),
                None => self.locate_sideways(frame, found),
            }
        });
        located.collect()
    }

    /// The main face of a frame that lies on its side: a phone's picture whose orientation was lost shows a face, and
    /// the caller should be told so. `upright` is what was found before.
    fn locate_sideways(
        &mut self,
        frame: &RgbFrame,
        upright: Vec<Detection>,
    ) -> Result<Found, AnalyzeError> {
        let sideways = timed(Stage::Detect, || self.detector.detect_sideways(frame))?;
        let seen = match sideways.first() {
            Some(main) => {
                let seen = timed(Stage::Landmarks, || self.landmarker.look(frame, main))?;
                seen.map(|seen| (*main, seen))
            }
            None => None,
        };
        Ok(match self.locate(frame, seen)? {
            Some(located) => (sideways, Some(located)),
            None => (upright, None),
        })
    }

    /// The face with these landmarks, measured upright; `None` where its points coincide.
    fn locate(
        &mut self,
        frame: &RgbFrame,
        seen: Option<(Detection, Landmarks)>,
    ) -> Result<Option<Located>, AnalyzeError> {
        let Some((detection, seen)) = seen else {
            return Ok(None);
        };
        let (detection, seen) = self.look_upright(frame, detection, seen)?;
        let aligned = embedder::align(frame, &seen.five);
        let both = aligned.zip(sketch::of(frame, &seen.sketched));
        Ok(both.map(|(aligned, sketch)| Located {
            detection,
            seen,
            aligned,
            sketch,
        }))
    }

    /// The landmarks of a face, where it is upright for the landmark model.
    ///
    /// The landmarks give the tilt more exactly than the detector does. Where the two disagree, the face
    /// was not upright for the landmark model either, and is measured again.
    fn look_upright(
        &mut self,
        frame: &RgbFrame,
        mut face: Detection,
        mut seen: Landmarks,
    ) -> Result<(Detection, Landmarks), AnalyzeError> {
        for _ in 0..MOST_LOOKS {
            let tilt = seen.pose.roll.to_radians();
            if !is_misjudged(face.tilt, tilt) {
                break;
            }
            let again = timed(Stage::Detect, || {
                self.detector.detect_tilted(frame, &face, tilt)
            })?;
            let turned = Detection {
                tilt,
                ..again.unwrap_or(face)
            };
            let again = timed(Stage::Landmarks, || self.landmarker.look(frame, &turned))?;
            let Some(again) = again else { break };
            (face, seen) = (turned, again);
        }
        Ok((face, seen))
    }

    /// Adds to glances who it is and whether it is a presentation attack.
    fn complete_all(
        &mut self,
        frames: &[&RgbFrame],
        glanced: Vec<Glanced>,
    ) -> Result<Vec<FrameMeasurement>, AnalyzeError> {
        let mut whole: Vec<(FrameMeasurement, Option<Main>)> = glanced
            .into_iter()
            .map(|g| (g.measurement, g.main))
            .collect();
        for (measurement, main) in &mut whole {
            if let Some((face, aligned)) = measurement.face.as_mut().zip(main.as_ref()) {
                face.embedding = timed(Stage::Embed, || self.embedder.embed(&aligned.aligned))?;
                if face.embedding.is_none() {
                    (measurement.face, measurement.scene, *main) = (None, None, None);
                }
            }
        }
        let mut faces: Vec<(&RgbFrame, Bounds, &mut Face)> = frames
            .iter()
            .zip(&mut whole)
            .filter_map(|(frame, (measurement, main))| {
                Some((
                    *frame,
                    main.as_ref()?.detection.bounds,
                    measurement.face.as_mut()?,
                ))
            })
            .collect();
        let places: Vec<(&RgbFrame, Bounds)> = faces.iter().map(|(f, b, _)| (*f, *b)).collect();
        for model in &mut self.anti_spoof {
            let scores = timed_each(Stage::AntiSpoof, places.len(), || model.score_all(&places))?;
            for ((.., face), score) in faces.iter_mut().zip(scores) {
                face.margins.push(score);
            }
        }
        for (frame, bounds, face) in &mut faces {
            face.cues = Some(timed(Stage::Cues, || self.cues.find(frame, *bounds)));
        }
        Ok(whole
            .into_iter()
            .map(|(measurement, _)| measurement)
            .collect())
    }
}
