//! The interface between a worker and what measures its frames.

use std::any::Any;
use std::sync::Arc;

use livegate_common::job::Look;
use livegate_jail::JailError;
use livegate_liveness::measurement::FrameMeasurement;
use livegate_liveness::thresholds::ModelSetId;

use livegate_media::RgbFrame;

/// Measures one frame at a time, on one thread.
///
/// Two implementations: the models in [`onnx`](crate::onnx), and a scripted one for tests.
pub trait FaceAnalyzer: Send {
    /// Measures a frame to the depth that `look` names. A frame without a face is a measurement, not an
    /// error.
    ///
    /// # Errors
    /// [`AnalyzeError`] when a model fails. The content of a frame alone never causes an error.
    fn analyze(&mut self, frame: &RgbFrame, look: Look) -> Result<FrameMeasurement, AnalyzeError>;

    /// Measures several frames; the measurements are those of [`analyze`](Self::analyze), in the order of the frames.
    ///
    /// An analyzer may measure them in step, one model after another: a model that runs several times in a row
    /// finds its weights in the processor's caches.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze), for any of them.
    fn analyze_all(
        &mut self,
        frames: &[&RgbFrame],
        look: Look,
    ) -> Result<Vec<FrameMeasurement>, AnalyzeError> {
        frames
            .iter()
            .map(|frame| self.analyze(frame, look))
            .collect()
    }

    /// Like [`analyze`](Self::analyze), for a frame of which a glance may have been taken before: `begun` is what the
    /// glance left. Gives, besides the measurement, what a glance leaves to go on from.
    ///
    /// The measurement is that of [`analyze`](Self::analyze), sooner.
    ///
    /// # Errors
    /// As [`analyze`](Self::analyze).
    fn go_on(
        &mut self,
        frame: &RgbFrame,
        look: Look,
        begun: Option<Begun>,
    ) -> Result<(FrameMeasurement, Option<Begun>), AnalyzeError> {
        // An analyzer that keeps nothing starts again.
        drop(begun);
        Ok((self.analyze(frame, look)?, None))
    }

    /// The models that it measures with; none that a worker has to name by default.
    fn models(&self) -> ModelSetId {
        ModelSetId::default()
    }

    /// Processor time spent inside the inference runtime since the last call, microseconds. 0 without a
    /// runtime.
    fn take_inference_us(&mut self) -> u64 {
        0
    }
}

/// What an analyzer keeps of a glance, for any analyzer of the same pool to go on from.
pub type Begun = Box<dyn Any + Send>;

/// Makes one analyzer for each thread of a pool.
pub type AnalyzerFactory = Arc<dyn Fn() -> Result<Box<dyn FaceAnalyzer>, StartError> + Send + Sync>;

/// A model failed on a frame.
#[derive(Debug, thiserror::Error)]
#[error("the {model} model failed: {cause}")]
pub struct AnalyzeError {
    /// The model's file name or role.
    pub model: String,
    /// The runtime's message. It holds nothing of the frame.
    pub cause: String,
}

/// Why an analyzer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The inference runtime does not load.
    #[error("ONNX Runtime cannot be loaded from {path}: {cause}; run `make build` to obtain it")]
    Runtime {
        /// Path that was tried.
        path: String,
        /// The loader's message.
        cause: String,
    },
    /// A model file does not load, or its inputs and outputs are not those of its role.
    #[error("the {model} model cannot be used: {cause}")]
    Model {
        /// The model's file name or role.
        model: String,
        /// What is wrong with the file.
        cause: String,
    },
    /// A program that reads clips is missing.
    #[error("`{0}` is not in PATH: install ffmpeg, version 5.1 or later")]
    Program(&'static str),
    /// There is no jail for the programs that read clips.
    #[error("clips cannot be decoded: {0}")]
    Jail(#[from] JailError),
    /// A program that reads clips does not run in confinement.
    #[error("`{name}` does not run confined, with only the libraries under /usr and /lib: {cause}")]
    Confined {
        /// Name of the program.
        name: &'static str,
        /// Exit status or error.
        cause: String,
    },
    /// The system cannot start another thread.
    #[error("an inference thread cannot be started: {0}")]
    Thread(String),
}
