//! Stages of measuring, and their timing.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tracing::Span;

/// A step between waiting at the broker and the stored outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From sending by the API to taking by a worker. Compares the clocks of two hosts.
    Queue,
    /// Opening the seal of a batch.
    Open,
    /// Waiting for an inference thread.
    Thread,
    /// Probing a clip, in a process of its own.
    Probe,
    /// Decoding a clip while its frames are measured.
    Clip,
    /// Decoding a picture to pixels.
    Decode,
    /// Face detection.
    Detect,
    /// Landmarks.
    Landmarks,
    /// Expression: blinks, smile, open mouth.
    Expression,
    /// Identity embedding.
    Embed,
    /// One anti-spoof model.
    AntiSpoof,
    /// Search for signs of a screen or a sheet.
    Cues,
    /// Sealing and storing the outcome.
    Store,
}

impl Stage {
    /// All stages, in the order in which a batch goes through them.
    pub const ALL: [Self; 13] = [
        Self::Queue,
        Self::Open,
        Self::Thread,
        Self::Probe,
        Self::Clip,
        Self::Decode,
        Self::Detect,
        Self::Landmarks,
        Self::Expression,
        Self::Embed,
        Self::AntiSpoof,
        Self::Cues,
        Self::Store,
    ];

    /// Name in metrics and traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Open => "open",
            Self::Thread => "thread",
            Self::Probe => "probe",
            Self::Clip => "clip",
            Self::Decode => "decode",
            Self::Detect => "detect",
            Self::Landmarks => "landmarks",
            Self::Expression => "expression",
            Self::Embed => "embed",
            Self::AntiSpoof => "anti_spoof",
            Self::Cues => "cues",
            Self::Store => "store",
        }
    }

    /// A trace span for this stage.
    pub fn span(self) -> Span {
        tracing::debug_span!("stage", otel.name = self.name())
    }
}

thread_local! {
    /// Stages that this thread has timed since the last `take`.
    static TIMED: RefCell<Vec<(Stage, Duration)>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` as a stage on this thread, and records how long it took.
pub fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    timed_each(stage, 1, work)
}

/// Runs `work` on `count` pictures as a stage on this thread, and records the same share of the time for each of them.
pub fn timed_each<T>(stage: Stage, count: usize, work: impl FnOnce() -> T) -> T {
    let _span = stage.span().entered();
    let began = Instant::now();
    let done = work();
    let each = began.elapsed() / u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    TIMED.with_borrow_mut(|timed| timed.extend(std::iter::repeat_n((stage, each), count)));
    done
}

/// Removes and returns the stages timed on this thread since the last call, with their durations.
pub fn take() -> Vec<(Stage, Duration)> {
    TIMED.take()
}
