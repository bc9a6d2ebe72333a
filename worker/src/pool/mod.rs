//! The pool of inference threads. Each thread owns its models; tasks reach it over a channel, live
//! frames first.
//!
//! The async runtime never runs anything that takes milliseconds of processor time.

mod channel;
mod pace;
mod recent;
mod turns;

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use livegate_common::broker::Queue;
use livegate_liveness::thresholds::ModelSetId;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, SemaphorePermit, oneshot};
use tracing::{Span, error, info};

use crate::analyzer::{AnalyzerFactory, FaceAnalyzer, StartError};
use crate::clip::{ClipError, ClipReader};
use crate::metrics::Metrics;
use crate::stages::{self, Stage};
use channel::{Receiver, Sender, channel};
use pace::Pace;
pub(crate) use recent::{Kept, Recent};
pub use turns::Turns;

/// Pause between two attempts to load models again.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);

/// A pool of threads that measure frames.
pub struct AnalyzerPool {
    tasks: Sender<Task>,
    threads: NonZeroUsize,
    clips: Semaphore,
    frames: Arc<Semaphore>,
    pace: Arc<Pace>,
    metrics: Metrics,
    models: ModelSetId,
    recent: Arc<Recent>,
    clip_reader: OnceCell<ClipReader>,
}

type Task = Box<dyn FnOnce(&mut dyn FaceAnalyzer) -> Condition + Send>;

/// State in which a task leaves its analyzer.
enum Condition {
    Sound,
    /// The task panicked: the analyzer is replaced before the next task.
    Doubtful,
}

/// Why a task has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// The task panicked. The panic hook has logged where.
    #[error("the analyzer panicked")]
    Panicked,
    /// All threads have ended.
    #[error("every inference thread has ended")]
    Ended,
}

impl AnalyzerPool {
    /// Starts the threads, and blocks until each has its analyzer.
    ///
    /// # Errors
    /// [`StartError`] of the first thread that could not start.
    pub fn start(threads: NonZeroUsize, factory: AnalyzerFactory) -> Result<Self, StartError> {
        let (tasks, waiting) = channel(threads.get());
        let waiting = Arc::new(waiting);
        let (ready, started) = std::sync::mpsc::channel();
        let metrics = Metrics::new(threads.get());
        for n in 0..threads.get() {
            let (waiting, factory) = (Arc::clone(&waiting), Arc::clone(&factory));
            let (ready, metrics) = (ready.clone(), metrics.clone());
            let thread = move || match factory() {
                Ok(analyzer) => {
                    let _ = ready.send(Ok(analyzer.models()));
                    drop(ready);
                    work(analyzer, &factory, &waiting, &metrics);
                }
                Err(e) => {
                    let _ = ready.send(Err(e));
                }
            };
            std::thread::Builder::new()
                .name(format!("inference-{n}"))
                .spawn(thread)
                .map_err(|e| StartError::Thread(e.to_string()))?;
        }
        drop(ready);
        let models = started.iter().take(threads.get());
        let models = models.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            tasks,
            threads,
            clips: Semaphore::new(threads.get()),
            frames: Arc::new(Semaphore::new(2 * threads.get())),
            pace: Arc::default(),
            metrics,
            models: models.into_iter().next().unwrap_or_default(),
            recent: Arc::default(),
            clip_reader: OnceCell::new(),
        })
    }

    /// The same pool, which reads clips with `reader`. Otherwise the first clip makes one, which refuses
    /// clips where the kernel cannot confine the programs that read them.
    #[must_use]
    pub fn with_clip_reader(self, reader: ClipReader) -> Self {
        Self {
            clip_reader: OnceCell::new_with(Some(reader)),
            ..self
        }
    }

    /// The models that the threads measure with.
    pub fn models(&self) -> &ModelSetId {
        &self.models
    }

    /// Number of threads, and so of tasks that run at once.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// The pool's metrics, which the code that feeds it uses, too.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The frames of which a glance was taken lately.
    pub(crate) fn recent(&self) -> &Arc<Recent> {
        &self.recent
    }

    /// How fast its threads measure frames of clips.
    pub(crate) fn pace(&self) -> &Arc<Pace> {
        &self.pace
    }

    /// What reads clips.
    pub(crate) async fn clip_reader(&self) -> Result<&ClipReader, ClipError> {
        let reader = self.clip_reader.get_or_try_init(|| ClipReader::open(false));
        reader.await.map_err(|e| ClipError::Failed(e.to_string()))
    }

    /// Waits for permission to decode a clip. There are as many permits as threads: more would decode
    /// frames faster than the threads measure them.
    pub(crate) async fn clip_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.clips.acquire().await.ok()
    }

    /// Waits for room for a decoded frame, which takes megabytes. As many frames wait as are being
    /// measured, no matter how many clips there are.
    pub(crate) async fn frame_room(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.frames).acquire_owned().await.ok()
    }

    /// Runs `work` on a thread of the pool.
    ///
    /// `work` gets a function that returns whether its caller still waits for the result. Work of
    /// [`Queue::Interactive`] goes ahead of other waiting work, see `turns`.
    ///
    /// # Errors
    /// [`PoolError`] when the work panicked or no thread is left.
    pub async fn run<T, F>(&self, queue: Queue, work: F) -> Result<T, PoolError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn FaceAnalyzer, &dyn Fn() -> bool) -> T + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let (span, sent, metrics) = (Span::current(), Instant::now(), self.metrics.clone());
        let task: Task = Box::new(move |analyzer| {
            let _span = span.entered();
            metrics.stage(Stage::Thread, sent.elapsed());
            let began = Instant::now();
            let is_awaited = || !reply.is_closed();
            let done = catch_unwind(AssertUnwindSafe(|| work(analyzer, &is_awaited)));
            for (stage, took) in stages::take() {
                metrics.stage(stage, took);
            }
            metrics.busy(began.elapsed());
            let (done, condition) = match done {
                Ok(done) => (Ok(done), Condition::Sound),
                Err(_panic) => (Err(PoolError::Panicked), Condition::Doubtful),
            };
            // The caller may be gone.
            let _ = reply.send(done);
            condition
        });
        let sent = self.tasks.send(queue, task).await;
        sent.map_err(|channel::Ended| PoolError::Ended)?;
        result.await.unwrap_or(Err(PoolError::Ended))
    }
}

fn work(
    mut analyzer: Box<dyn FaceAnalyzer>,
    factory: &AnalyzerFactory,
    waiting: &Receiver<Task>,
    metrics: &Metrics,
) {
    while let Some(task) = waiting.receive() {
        match task(analyzer.as_mut()) {
            Condition::Sound => {}
            Condition::Doubtful => {
                let Some(fresh) = load_again(factory, waiting) else {
                    return;
                };
                metrics.reloaded();
                analyzer = fresh;
            }
        }
    }
}

/// Makes another analyzer, and tries until it succeeds. `None` once the pool is gone.
///
/// A thread that ended instead would leave its work to the others, and a pool without threads would fail
/// every batch of the queue.
fn load_again(
    factory: &AnalyzerFactory,
    waiting: &Receiver<Task>,
) -> Option<Box<dyn FaceAnalyzer>> {
    loop {
        match factory() {
            Ok(fresh) => {
                info!("An inference thread loaded its models again after a panic");
                return Some(fresh);
            }
            Err(e) => error!("The models cannot be loaded again after a panic: {e}"),
        }
        std::thread::sleep(RELOAD_PAUSE);
        if waiting.has_ended() {
            return None;
        }
    }
}

#[cfg(test)]
mod tests;
