//! Inference threads. Each owns its models; work reaches them over a channel, and nothing that
//! takes milliseconds of processor time runs on the async runtime.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use livegate_common::job::{Cost, FrameBatch, FrameOutcome, Outcome, now_ms};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

use crate::analyzer::{AnalyzerFactory, FaceAnalyzer, StartError};
use crate::decode;
use crate::onnx::thread_cpu_us;

/// Pause before models that could not be loaded again are tried once more.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);

/// Threads that measure frames.
pub struct AnalyzerPool {
    tasks: mpsc::Sender<Task>,
    threads: NonZeroUsize,
}

struct Task {
    batch: FrameBatch,
    deadline_ms: u64,
    reply: oneshot::Sender<Outcome>,
}

impl AnalyzerPool {
    /// Starts the threads and waits until each has its analyzer.
    ///
    /// # Errors
    /// [`StartError`] of the first thread that could not start.
    pub fn start(threads: NonZeroUsize, factory: AnalyzerFactory) -> Result<Self, StartError> {
        let (tasks, queue) = mpsc::channel::<Task>(threads.get());
        let queue = Arc::new(Mutex::new(queue));
        let (ready, started) = std::sync::mpsc::channel();
        for n in 0..threads.get() {
            let (queue, factory, ready) = (Arc::clone(&queue), Arc::clone(&factory), ready.clone());
            let thread = move || match factory() {
                Ok(analyzer) => {
                    let _ = ready.send(Ok(()));
                    drop(ready);
                    work(analyzer, &factory, &queue);
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
        started
            .iter()
            .take(threads.get())
            .collect::<Result<Vec<()>, _>>()?;
        Ok(Self { tasks, threads })
    }

    /// How many batches are measured at once.
    pub fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Measures a batch; `None` when nobody waits for it any more: the deadline (Unix milliseconds)
    /// passed before or while it was measured.
    pub async fn measure(&self, batch: FrameBatch, deadline_ms: u64) -> Option<Outcome> {
        let (reply, outcome) = oneshot::channel();
        let task = Task {
            batch,
            deadline_ms,
            reply,
        };
        if self.tasks.send(task).await.is_err() {
            return Some(Outcome::Failed(
                "every inference thread has ended".to_owned(),
            ));
        }
        outcome.await.ok()
    }
}

fn work(
    mut analyzer: Box<dyn FaceAnalyzer>,
    factory: &AnalyzerFactory,
    queue: &Mutex<mpsc::Receiver<Task>>,
) {
    loop {
        // Held only while waiting: whoever gets the task lets the next thread wait.
        let task = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(Task {
            batch,
            deadline_ms,
            reply,
        }) = task
        else {
            return;
        };
        let measured = catch_unwind(AssertUnwindSafe(|| {
            measure(analyzer.as_mut(), &batch, deadline_ms, &reply)
        }));
        let outcome = match measured {
            Ok(outcome) => outcome,
            Err(_panic) => {
                // The panic hook has logged where.
                let failed = Outcome::Failed("the analyzer panicked".to_owned());
                let _ = reply.send(failed);
                // It may be broken: the next batch gets another.
                let Some(fresh) = load_again(factory, queue) else {
                    return;
                };
                analyzer = fresh;
                continue;
            }
        };
        // Dropping the sender says that nobody waits.
        if let Some(outcome) = outcome {
            let _ = reply.send(outcome);
        }
    }
}

/// Makes another analyzer, for as long as it takes: a thread that ended would leave its batches to
/// the others, and a pool without threads would fail every batch of the queue. `None` once the pool
/// is gone.
fn load_again(
    factory: &AnalyzerFactory,
    queue: &Mutex<mpsc::Receiver<Task>>,
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
        // Whoever holds the lock waits for work: the pool is there.
        if queue.try_lock().is_ok_and(|q| q.is_closed()) {
            return None;
        }
    }
}

fn measure(
    analyzer: &mut dyn FaceAnalyzer,
    batch: &FrameBatch,
    deadline_ms: u64,
    reply: &oneshot::Sender<Outcome>,
) -> Option<Outcome> {
    let began_us = thread_cpu_us();
    analyzer.take_inference_us();
    let mut frames = Vec::with_capacity(batch.frames.len());
    for frame in &batch.frames {
        if reply.is_closed() || now_ms() >= deadline_ms {
            return None;
        }
        let outcome = match decode::decode(&frame.image) {
            Err(e) => FrameOutcome::Undecodable(e.to_string()),
            Ok(pixels) => match analyzer.analyze(&pixels) {
                Ok(measurement) => FrameOutcome::Measured(Box::new(measurement)),
                Err(e) => return Some(Outcome::Failed(e.to_string())),
            },
        };
        frames.push((frame.index, outcome));
    }
    let cost = Cost {
        cpu_us: thread_cpu_us().saturating_sub(began_us),
        inference_us: analyzer.take_inference_us(),
    };
    Some(Outcome::Done { frames, cost })
}
