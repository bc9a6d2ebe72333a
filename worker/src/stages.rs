//! The stages of measuring, timed where they happen.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tracing::Span;

/// A step between a batch that waits at the broker and its outcome in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the API's sending it to a worker's taking it, by the clocks of two hosts.
    Queue,
    /// Opening the seal of a batch.
    Open,
    /// Waiting for an inference thread.
    Thread,
    /// Probing a clip, in a process of its own.
    Probe,
    /// Decoding a clip and measuring its frames meanwhile.
    Clip,
    /// A picture to pixels.
    Decode,
    /// Finding faces.
    Detect,
    /// Landmarks and expression.
    Landmarks,
    /// The embedding.
    Embed,
    /// One anti-spoof model.
    AntiSpoof,
    /// Signs of a screen or a sheet.
    Cues,
    /// Sealing and storing the outcome.
    Store,
}

impl Stage {
    /// Every stage, in the order in which a batch goes through them.
    pub const ALL: [Self; 12] = [
        Self::Queue,
        Self::Open,
        Self::Thread,
        Self::Probe,
        Self::Clip,
        Self::Decode,
        Self::Detect,
        Self::Landmarks,
        Self::Embed,
        Self::AntiSpoof,
        Self::Cues,
        Self::Store,
    ];

    /// What metrics and traces call it.
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
            Self::Embed => "embed",
            Self::AntiSpoof => "anti_spoof",
            Self::Cues => "cues",
            Self::Store => "store",
        }
    }

    /// What a trace shows of it.
    pub fn span(self) -> Span {
        tracing::debug_span!("stage", otel.name = self.name())
    }
}

thread_local! {
    /// What this thread has timed since it was last taken.
    static TIMED: RefCell<Vec<(Stage, Duration)>> = const { RefCell::new(Vec::new()) };
}

/// Does `work`, a stage of what this thread measures, and notes how long it took.
pub fn timed<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
    let _span = stage.span().entered();
    let began = Instant::now();
    let done = work();
    TIMED.with_borrow_mut(|timed| timed.push((stage, began.elapsed())));
    done
}

/// The stages that this thread has timed since the last call.
pub fn take() -> Vec<(Stage, Duration)> {
    TIMED.take()
}
