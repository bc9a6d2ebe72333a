//! The main loop of a worker: take a batch, measure it, store the outcome, acknowledge the batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use livegate_common::blocking::run_blocking_if_large;
use livegate_common::broker::{Consumer, Delivery};
use livegate_common::job::{self, BatchHeader, Failure, Outcome, now_ms};
use livegate_common::results::ResultStore;
use livegate_common::seal::SealKey;
use livegate_common::shutdown::Shutdown;
use livegate_telemetry::{LINES, traces};
use tokio::task::JoinSet;
use tracing::{Instrument, debug, debug_span, error, error_span, info, warn};

use crate::measure::measure;
use crate::metrics::BatchEnd;
use crate::pool::AnalyzerPool;
use crate::stages::Stage;

/// Most attempts at one batch. A batch that reaches the limit has killed a worker each time, and is
/// given up.
const MOST_ATTEMPTS: u32 = 3;
/// How long an outcome stays in the store after its deadline, for a reader that is a little late.
const KEEP_PAST_DEADLINE: Duration = Duration::from_secs(10);
/// How long running work may continue after the signal to stop.
const GRACE: Duration = Duration::from_secs(20);
/// Pause between attempts to reach a store that is down.
const RETRY: Duration = Duration::from_millis(200);

/// Works until told to stop, then finishes what it has begun.
///
/// Delivery is at least once: a batch is acknowledged only when its outcome is stored, so the batch of a
/// worker that dies goes to another one. The consumer's prefetch limits how many batches are worked on
/// at once.
pub async fn run(
    mut consumer: Box<dyn Consumer>,
    results: Arc<dyn ResultStore>,
    pool: Arc<AnalyzerPool>,
    key: SealKey,
    shutdown: Shutdown,
) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.wait() => break,
            Some(_) = tasks.join_next() => {}
            delivery = consumer.next() => {
                let Some(delivery) = delivery else { break };
                let (results, pool, key) = (Arc::clone(&results), Arc::clone(&pool), key.clone());
                tasks.spawn(async move { handle(delivery, &*results, &pool, &key).await });
            }
        }
    }
    info!(
        tasks = tasks.len(),
        "Finishing {} batches, then stopping",
        tasks.len()
    );
    consumer.close().await;
    let drained = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} });
    if drained.await.is_err() {
        warn!(
            "Stopped with {} batches unfinished; they go to another worker",
            tasks.len()
        );
    }
}

async fn handle(delivery: Delivery, results: &dyn ResultStore, pool: &AnalyzerPool, key: &SealKey) {
    let (metrics, queue) = (pool.metrics(), delivery.queue);
    let _in_hand = metrics.take(queue, delivery.redelivered);
    let header = match job::read_header(&delivery.body) {
        Ok(header) => header,
        Err(e) => {
            error!("Dropped a message of {} bytes: {e}", delivery.body.len());
            metrics.end(queue, BatchEnd::Unreadable);
            return delivery.ack().await;
        }
    };
    metrics.stage(Stage::Queue, header.age(now_ms()));
    let callers_id = header.request.callers().map(tracing::field::display);
    let lines = error_span!(
        target: LINES,
        "batch",
        request.id = %header.request,
        request.caller_id = callers_id.as_ref(),
        batch.id = %header.id,
    );
    let span = debug_span!(
        parent: &lines,
        "process",
        otel.name = %format!("process {}", queue.name()),
        otel.kind = "consumer",
        request.id = %header.request,
        request.caller_id = callers_id.as_ref(),
        batch.id = %header.id,
    );
    traces::continue_from(&span, header.trace.as_deref());
    let finishing = finish(&delivery, &header, results, pool, key);
    // Both spans, because the inner one exists only where traces are collected.
    let end = finishing.instrument(span).instrument(lines.clone()).await;
    metrics.end(queue, end);
    lines.in_scope(|| debug!("Batch {} is {}", header.id, end.name()));
    delivery.ack().instrument(lines).await;
}

/// Measures a batch and stores its outcome, as long as somebody waits for it.
async fn finish(
    delivery: &Delivery,
    header: &BatchHeader,
    results: &dyn ResultStore,
    pool: &AnalyzerPool,
    key: &SealKey,
) -> BatchEnd {
    let expired = || {
        info!("Dropped batch {}: nobody waits for it any more", header.id);
        BatchEnd::Expired
    };
    if header.remaining(now_ms()).is_zero() {
        return expired();
    }
    let Some(outcome) = open_and_measure(delivery, header, results, pool, key).await else {
        return expired();
    };
    let end = match &outcome {
        Outcome::Frames { .. } | Outcome::Clip { .. } => BatchEnd::Done,
        Outcome::Failed(cause) => {
            error!("Batch {} failed: {cause}", header.id);
            BatchEnd::Failed
        }
    };
    let began = Instant::now();
    let storing = store(header, outcome, results, key);
    match storing.instrument(Stage::Store.span()).await {
        Ok(()) => {
            pool.metrics().stage(Stage::Store, began.elapsed());
            end
        }
        Err(NotStored::TooLate) => {
            warn!("The outcome of batch {} was too late", header.id);
            BatchEnd::Expired
        }
        Err(NotStored::Unsealed(cause)) => {
            error!(
                "The outcome of batch {} cannot be sealed: {cause}",
                header.id
            );
            BatchEnd::Failed
        }
    }
}

/// Measures a batch; `None` when nobody waits for its outcome any more.
async fn open_and_measure(
    delivery: &Delivery,
    header: &BatchHeader,
    results: &dyn ResultStore,
    pool: &AnalyzerPool,
    key: &SealKey,
) -> Option<Outcome> {
    if delivery.redelivered && is_deadly(header, results).await {
        return Some(Outcome::Failed(Failure::EndedWorkers(MOST_ATTEMPTS)));
    }
    let (body, key) = (delivery.body.clone(), key.clone());
    let began = Instant::now();
    let opening = run_blocking_if_large(body.len(), move || job::open_batch(&body, &key));
    let opened = match opening.instrument(Stage::Open.span()).await {
        Ok(opened) => opened,
        Err(e) => return Some(Outcome::Failed(Failure::Unreadable(e.to_string()))),
    };
    pool.metrics().stage(Stage::Open, began.elapsed());
    match opened {
        Ok((_, batch)) => measure(pool, delivery.queue, batch, header.time_limit()).await,
        Err(e) => Some(Outcome::Failed(Failure::Unreadable(e.to_string()))),
    }
}

/// Whether a batch has been redelivered too often.
///
/// Attempts are counted only from the first redelivery on, so that ordinary batches, nearly all, cost no
/// round trip.
async fn is_deadly(header: &BatchHeader, results: &dyn ResultStore) -> bool {
    let keep = header.remaining(now_ms()) + KEEP_PAST_DEADLINE;
    match results.count_attempt(header.id, keep).await {
        // The first delivery was not counted.
        Ok(returns) => returns >= MOST_ATTEMPTS,
        Err(e) => {
            warn!("Attempts at batch {} cannot be counted: {e}", header.id);
            false
        }
    }
}

/// Why an outcome is not in the store.
enum NotStored {
    TooLate,
    Unsealed(String),
}

/// Stores the outcome, and retries as long as somebody waits for it.
async fn store(
    header: &BatchHeader,
    outcome: Outcome,
    results: &dyn ResultStore,
    key: &SealKey,
) -> Result<(), NotStored> {
    let (sealing_header, key) = (header.clone(), key.clone());
    let sealing = run_blocking_if_large(outcome.bytes(), move || {
        job::encode_outcome(&sealing_header, &outcome, &key)
    });
    let sealed = sealing
        .await
        .map_err(|e| NotStored::Unsealed(e.to_string()))?;
    let sealed: Bytes = sealed.map_err(|e| NotStored::Unsealed(e.to_string()))?;
    loop {
        let remaining = header.remaining(now_ms());
        if remaining.is_zero() {
            return Err(NotStored::TooLate);
        }
        let keep = remaining + KEEP_PAST_DEADLINE;
        match results
            .put(header.id, header.reply_to, sealed.clone(), keep)
            .await
        {
            Ok(_first) => return Ok(()),
            Err(e) => warn!("The outcome of batch {} is not stored yet: {e}", header.id),
        }
        tokio::time::sleep(RETRY.min(remaining)).await;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::num::NonZeroUsize;
    use std::sync::{Mutex, mpsc};

    use image::{ImageFormat, RgbImage};
    use livegate_common::broker::{MemoryBroker, Publisher, Queue};
    use livegate_common::id::{BatchId, JobId, ReplicaId, RequestId};
    use livegate_common::job::{Batch, EncodedFrame, Look};
    use livegate_common::results::MemoryResults;
    use livegate_liveness::measurement::FrameMeasurement;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    use super::*;
    use crate::analyzer::{AnalyzeError, FaceAnalyzer};
    use livegate_media::RgbFrame;

    const LONG: Duration = Duration::from_secs(60);

    /// Reports that it measures a frame, named by its width, and waits for permission to go on.
    struct Halting {
        looks: UnboundedSender<u32>,
        go_on: Arc<Mutex<mpsc::Receiver<()>>>,
    }

    impl FaceAnalyzer for Halting {
        fn analyze(&mut self, frame: &RgbFrame, _: Look) -> Result<FrameMeasurement, AnalyzeError> {
            self.looks.send(frame.width).unwrap();
            self.go_on.lock().unwrap().recv().unwrap();
            Ok(FrameMeasurement {
                width: frame.width,
                height: frame.height,
                faces: Vec::new(),
                face: None,
                scene: None,
            })
        }
    }

    /// A batch of one frame of this width.
    fn message(width: u32, key: &SealKey) -> Bytes {
        let header = BatchHeader {
            id: BatchId {
                job: JobId::random(),
                batch: 0,
            },
            reply_to: ReplicaId::random(),
            deadline_ms: now_ms() + 60_000,
            sent_ms: now_ms(),
            request: RequestId::fresh(),
            trace: None,
        };
        let mut image = Cursor::new(Vec::new());
        let picture = RgbImage::new(width, 120);
        picture.write_to(&mut image, ImageFormat::Png).unwrap();
        let frames = vec![EncodedFrame {
            index: 0,
            image: image.into_inner().into(),
        }];
        let look = Look::Whole;
        job::encode_batch(&header, &Batch::Frames { frames, look }, key).unwrap()
    }

    #[tokio::test]
    async fn a_live_frame_overtakes_what_waits() {
        let (looks, mut looked) = unbounded_channel();
        let (go, go_on) = mpsc::channel();
        let go_on = Arc::new(Mutex::new(go_on));
        let factory: crate::AnalyzerFactory = Arc::new(move || {
            Ok(Box::new(Halting {
                looks: looks.clone(),
                go_on: Arc::clone(&go_on),
            }))
        });
        let pool = Arc::new(AnalyzerPool::start(NonZeroUsize::MIN, factory).unwrap());
        let (broker, key) = (MemoryBroker::new(), SealKey::random().unwrap());
        let (trigger, shutdown) = Shutdown::new();
        let working = tokio::spawn(run(
            Box::new(broker.consumer(&Queue::ALL, 4)),
            Arc::new(MemoryResults::new()),
            pool,
            key.clone(),
            shutdown,
        ));
        let publish = async |queue, width| {
            let published = broker.publish(queue, message(width, &key), LONG).await;
            published.unwrap();
        };
        publish(Queue::Verify, 121).await;
        assert_eq!(looked.recv().await, Some(121));
        for width in [122, 123] {
            publish(Queue::Verify, width).await;
        }
        publish(Queue::Interactive, 124).await;
        // A paused clock advances only when every task is idle.
        tokio::time::pause();
        tokio::time::sleep(Duration::from_millis(1)).await;
        tokio::time::resume();
        for expected in [124, 122, 123] {
            go.send(()).unwrap();
            assert_eq!(looked.recv().await, Some(expected));
        }
        go.send(()).unwrap();
        trigger.stop();
        working.await.unwrap();
    }
}
