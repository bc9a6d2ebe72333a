//! A broker that refuses, or loses what it took: the API publishes again.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_api::measure::measure_frame;
use livegate_common::broker::{MemoryBroker, PublishError, Publisher, Queue};
use livegate_common::id::RequestId;
use livegate_common::job::Look;
use livegate_liveness::outcome::FrameOutcome;
use livegate_liveness::thresholds::Thresholds;
use livegate_media::Picture;
use livegate_server::embedded;
use livegate_tests::app::{App, Options, live_admission, spawn};
use livegate_tests::client::Capture;
use livegate_tests::scripted::{self, Scene};
use livegate_worker::AnalyzerPool;
use serde_json::json;
use tokio::sync::watch;

/// What the broker does with its first messages.
#[derive(Clone, Copy, PartialEq)]
enum Trouble {
    Refuses,
    Loses,
}

/// The first messages go wrong; then all is well.
struct Troubled {
    inner: MemoryBroker,
    trouble: Trouble,
    /// How many messages go wrong.
    first: usize,
    published: AtomicUsize,
    connections: watch::Sender<u64>,
}

#[async_trait]
impl Publisher for Troubled {
    async fn publish(
        &self,
        queue: Queue,
        body: Bytes,
        expires_in: Duration,
    ) -> Result<(), PublishError> {
        let n = self.published.fetch_add(1, Ordering::SeqCst) + 1;
        if n > self.first {
            return self.inner.publish(queue, body, expires_in).await;
        }
        match self.trouble {
            Trouble::Refuses => Err(PublishError::Refused("the queue is full".to_owned())),
            Trouble::Loses => {
                if n == self.first {
                    // Gone, and back again, without what it held.
                    self.connections.send_modify(|n| *n += 1);
                }
                Ok(())
            }
        }
    }

    fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    fn is_connected(&self) -> bool {
        true
    }
}

/// Messages of [`Capture::good`] that go to one thread at once, of four.
const CAPTURE: usize = 2;

async fn app_with(trouble: Trouble, first: usize) -> (App, embedded::Workers) {
    let (mut services, broker) = embedded::services(Thresholds::default()).unwrap();
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
    let workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
    services.publisher = Arc::new(Troubled {
        inner: broker,
        trouble,
        first,
        published: AtomicUsize::new(0),
        connections: watch::Sender::new(1),
    });
    (
        spawn(Options {
            services: Some(services),
            ..Options::default()
        })
        .await,
        workers,
    )
}

#[tokio::test]
async fn what_the_broker_refuses_is_published_again() {
    let (app, _workers) = app_with(Trouble::Refuses, CAPTURE).await;
    let answer = app.client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

#[tokio::test]
async fn what_a_broker_lost_is_published_again_when_it_is_back() {
    let (app, _workers) = app_with(Trouble::Loses, CAPTURE).await;
    let answer = app.client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

#[tokio::test]
async fn a_live_frame_is_published_again_too() {
    for trouble in [Trouble::Refuses, Trouble::Loses] {
        let (app, _workers) = app_with(trouble, 1).await;
        let image = Picture::read(scripted::png(&Scene::default()).into()).unwrap();
        let admission = live_admission().await;
        let limit = Duration::from_secs(10);
        let measured = measure_frame(
            &app.services,
            admission.lane(),
            &RequestId::fresh(),
            &image,
            Look::Glance,
            limit,
        )
        .await;
        let outcome = measured.unwrap().outcome;
        assert!(matches!(outcome, FrameOutcome::Measured(_)), "{outcome:?}");
    }
}
