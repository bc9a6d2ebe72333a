//! One ONNX Runtime session, and the processor time spent in it.

use std::cell::Cell;
use std::path::Path;
use std::sync::OnceLock;

use livegate_models::ModelFile;
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use rustix::time::{ClockId, clock_gettime};

use crate::analyzer::{AnalyzeError, StartError};

/// The loaded runtime library. A process loads one library, once: the first path that is requested.
#[derive(Clone, Copy)]
pub struct Runtime(&'static Environment);

static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

impl Runtime {
    /// Loads the library at `path`.
    pub fn load(path: &Path) -> Result<Self, StartError> {
        let load = || -> Result<Environment, String> {
            let builder = ort::init_from(path).map_err(|e| e.to_string())?;
            builder
                .with_name("livegate")
                .with_telemetry(false)
                .build()
                .map_err(|e| e.to_string())
        };
        match ENVIRONMENT.get_or_init(load) {
            Ok(environment) => Ok(Self(environment)),
            Err(cause) => Err(StartError::Runtime {
                path: path.display().to_string(),
                cause: cause.clone(),
            }),
        }
    }
}

thread_local! {
    /// Processor time of this thread inside `run` since the last call of `take_inference_us`,
    /// microseconds.
    static INFERENCE_US: Cell<u64> = const { Cell::new(0) };
}

/// Processor time that this thread has spent inside `run` since the last call, microseconds.
pub fn take_inference_us() -> u64 {
    INFERENCE_US.replace(0)
}

/// Processor time of the calling thread so far, microseconds.
pub fn thread_cpu_us() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(t.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(t.tv_nsec).unwrap_or(0) / 1_000
}

/// A loaded model, used by one thread.
pub struct Model {
    name: String,
    session: Session,
}

impl Model {
    /// Loads a model and checks that it has these inputs and outputs, in any order, possibly among
    /// others.
    ///
    /// A session uses one thread: several sessions side by side are faster than one that spreads over
    /// the cores.
    pub fn load(runtime: &Runtime, file: &ModelFile, outputs: &[&str]) -> Result<Self, StartError> {
        let fail = |cause: String| StartError::Model {
            model: file.name.clone(),
            cause,
        };
        let open = || -> Result<Session, String> {
            Session::builder(runtime.0)
                .map_err(|e| e.to_string())?
                .with_optimization_level(GraphOptimizationLevel::All)
                .map_err(|e| e.to_string())?
                .with_intra_threads(1)
                .map_err(|e| e.to_string())?
                .with_inter_threads(1)
                .map_err(|e| e.to_string())?
                .commit_from_file(&file.path)
                .map_err(|e| e.to_string())
        };
        let session = open().map_err(fail)?;
        if session.inputs().len() != 1 {
            return Err(fail(format!(
                "it has {} inputs; one is expected",
                session.inputs().len()
            )));
        }
        if let Some(missing) = outputs
            .iter()
            .find(|name| !session.outputs().iter().any(|o| o.name() == **name))
        {
            return Err(fail(format!("it has no output named `{missing}`")));
        }
        if session.outputs().is_empty() {
            return Err(fail("it has no output".to_owned()));
        }
        Ok(Self {
            name: file.name.clone(),
            session,
        })
    }

    /// Runs the model on one input of the given shape and passes its outputs, by name, to `read`.
    pub fn run<const D: usize, T>(
        &mut self,
        shape: [usize; D],
        input: &[f32],
        read: impl FnOnce(&Outputs<'_>) -> Result<T, OutputError>,
    ) -> Result<T, AnalyzeError> {
        let name = &self.name;
        let _span = tracing::debug_span!("run", otel.name = %name).entered();
        let fail = |cause: String| AnalyzeError {
            model: name.clone(),
            cause,
        };
        let tensor = TensorRef::from_array_view((shape, input)).map_err(|e| fail(e.to_string()))?;
        let before = thread_cpu_us();
        let outputs = self
            .session
            .run(ort::inputs![tensor])
            .map_err(|e| fail(e.to_string()));
        INFERENCE_US.set(INFERENCE_US.get() + thread_cpu_us().saturating_sub(before));
        read(&Outputs(outputs?)).map_err(|e| fail(e.to_string()))
    }
}

/// Why an output cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The model gave no output of this name.
    #[error("it gave no `{0}`")]
    Missing(String),
    /// The output is not a tensor of 32-bit floats.
    #[error(transparent)]
    Type(#[from] ort::Error),
    /// The output has another length than it should have.
    #[error("`{name}` has {given} numbers; {expected} are expected")]
    Length {
        /// The output.
        name: String,
        /// Its length.
        given: usize,
        /// The length that is expected.
        expected: usize,
    },
    /// The output holds NaN or an infinity.
    #[error("`{0}` holds a number that is not finite")]
    NotFinite(String),
    /// A classifier does not have the class that is configured.
    #[error("it has no class {live}, only {classes}")]
    NoClass {
        /// The class of bona fide presentations, from 0.
        live: usize,
        /// How many classes there are.
        classes: usize,
    },
}

/// What a run gave.
pub struct Outputs<'a>(ort::session::SessionOutputs<'a>);

impl Outputs<'_> {
    /// The numbers of the output `name`, which must be `len` of them if that is given.
    pub fn named(&self, name: &str, len: Option<usize>) -> Result<&[f32], OutputError> {
        let value = self
            .0
            .get(name)
            .ok_or_else(|| OutputError::Missing(name.to_owned()))?;
        checked(name, value, len)
    }

    /// The numbers of the first output, whatever its name, which must be `len` of them if that is
    /// given.
    pub fn first(&self, len: Option<usize>) -> Result<&[f32], OutputError> {
        checked("first output", &self.0[0], len)
    }
}

fn checked<'a>(
    name: &str,
    value: &'a ort::value::DynValue,
    len: Option<usize>,
) -> Result<&'a [f32], OutputError> {
    let (_, numbers) = value.try_extract_tensor::<f32>()?;
    let (name, given) = (name.to_owned(), numbers.len());
    if let Some(expected) = len.filter(|len| *len != given) {
        return Err(OutputError::Length {
            name,
            given,
            expected,
        });
    }
    if numbers.iter().any(|v| !v.is_finite()) {
        return Err(OutputError::NotFinite(name));
    }
    Ok(numbers)
}
