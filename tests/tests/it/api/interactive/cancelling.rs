//! A DELETE that meets the frame which ends its session.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_common::sessions::{MemorySessions, SessionStore, StoreError, Versioned};
use livegate_server::embedded;
use livegate_tests::app::{Options, spawn};
use livegate_tests::scripted::{self, Scene};
use livegate_worker::AnalyzerPool;
use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Stops before it deletes a record, until the test lets it go on.
struct SlowRemoval {
    inner: MemorySessions,
    reached: Semaphore,
    go: Semaphore,
}

#[async_trait]
impl SessionStore for SlowRemoval {
    async fn create(&self, id: &str, value: Bytes, keep: Duration) -> Result<bool, StoreError> {
        self.inner.create(id, value, keep).await
    }

    async fn load(&self, id: &str) -> Result<Option<Versioned>, StoreError> {
        self.inner.load(id).await
    }

    async fn swap(
        &self,
        id: &str,
        version: u64,
        token: Uuid,
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        self.inner.swap(id, version, token, value, keep).await
    }

    async fn remove(&self, id: &str, version: u64) -> Result<bool, StoreError> {
        self.reached.add_permits(1);
        let _go = self.go.acquire().await.unwrap();
        self.inner.remove(id, version).await
    }
}

#[tokio::test]
async fn a_token_holder_s_cancellation_that_comes_after_the_last_frame_leaves_the_verdict() {
    let (mut services, broker) = embedded::services(scripted::thresholds()).unwrap();
    let pool = AnalyzerPool::start(NonZeroUsize::MIN, scripted::factory()).unwrap();
    let _workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
    let store = Arc::new(SlowRemoval {
        inner: MemorySessions::new(),
        reached: Semaphore::new(0),
        go: Semaphore::new(0),
    });
    services.sessions = Arc::clone(&store) as _;
    let app = spawn(Options {
        services: Some(services),
        ..Options::default()
    })
    .await;
    let created = app.client.interactive("challenges=SMILE").await;
    let [id, token] =
        ["session_id", "client_token"].map(|field| created.body[field].as_str().unwrap());
    let browser = app.client.with_token(token);
    let cancelling = tokio::spawn({
        let (browser, id) = (browser.clone(), id.to_owned());
        async move { browser.cancel(&id).await }
    });
    store.reached.acquire().await.unwrap().forget();
    let last = browser.play(id, &Scene::doing("SMILE")).await;
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    store.go.add_permits(1);
    let cancelled = cancelling.await.unwrap();
    cancelled.assert_error(409, "SESSION_USED");
    let read = app.client.interactive_status(id).await;
    assert_eq!(read.body["is_live"], json!(true), "{}", read.body);
    // Who owns the session may still delete it.
    assert_eq!(app.client.cancel(id).await.status, 200);
    let gone = app.client.interactive_status(id).await;
    gone.assert_error(404, "SESSION_NOT_FOUND");
}
