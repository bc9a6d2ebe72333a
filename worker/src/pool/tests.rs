//! Tests of the pool, with analyzers that measure nothing.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use futures_util::FutureExt;
use livegate_common::job::Look;
use livegate_liveness::measurement::FrameMeasurement;

use super::*;
use crate::analyzer::AnalyzeError;
use livegate_media::RgbFrame;

/// An analyzer for tests that measure nothing.
struct Blind;

impl FaceAnalyzer for Blind {
    fn analyze(&mut self, _: &RgbFrame, _: Look) -> Result<FrameMeasurement, AnalyzeError> {
        unreachable!()
    }
}

#[tokio::test]
async fn a_live_frame_waits_for_nothing_but_what_runs() {
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, Arc::new(|| Ok(Box::new(Blind))));
    let pool = pool.unwrap();
    let (go_on, told) = mpsc::channel();
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |queue, name| {
        let order = Arc::clone(&order);
        let work = move |_: &mut dyn FaceAnalyzer, _: &dyn Fn() -> bool| {
            order.lock().unwrap().push(name);
        };
        pool.run(queue, work).boxed()
    };
    let (began, begins) = oneshot::channel();
    let first = move |_: &mut dyn FaceAnalyzer, _: &dyn Fn() -> bool| {
        began.send(()).unwrap();
        told.recv().unwrap();
    };
    let mut running = pool.run(Queue::Verify, first).boxed();
    assert!((&mut running).now_or_never().is_none());
    begins.await.unwrap();
    // One task fills its line; the others wait for a place.
    let mut burst = ["one", "two", "three"].map(|name| note(Queue::Verify, name));
    for verify in &mut burst {
        assert!(verify.now_or_never().is_none());
    }
    let mut live = note(Queue::Interactive, "live");
    assert!((&mut live).now_or_never().is_none());
    go_on.send(()).unwrap();
    running.await.unwrap();
    for done in futures_util::future::join_all(burst).await {
        done.unwrap();
    }
    live.await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["live", "one", "two", "three"]);
}

#[tokio::test]
async fn after_a_panic_the_next_task_finds_another_analyzer() {
    let loads = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&loads);
    let factory: AnalyzerFactory = Arc::new(move || {
        *counted.lock().unwrap() += 1;
        Ok(Box::new(Blind))
    });
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, factory).unwrap();
    let panicked = pool.run(Queue::Verify, |_, _| panic!("told to panic"));
    assert_eq!(panicked.await, Err::<(), _>(PoolError::Panicked));
    assert_eq!(pool.run(Queue::Verify, |_, _| 7).await, Ok(7));
    assert_eq!(*loads.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_pool_whose_threads_have_died_says_so() {
    let healthy = AtomicBool::new(true);
    let factory: AnalyzerFactory = Arc::new(move || {
        assert!(healthy.swap(false, Ordering::SeqCst), "told to die");
        Ok(Box::new(Blind))
    });
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, factory).unwrap();
    let killed = pool.run(Queue::Verify, |_, _| panic!("told to panic"));
    assert_eq!(killed.await, Err::<(), _>(PoolError::Panicked));
    assert_eq!(
        pool.run(Queue::Interactive, |_, _| ()).await,
        Err(PoolError::Ended)
    );
}
