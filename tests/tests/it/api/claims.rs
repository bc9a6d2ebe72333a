//! A claim whose outcome the store does not tell.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_api::config::ServerConfig;
use livegate_common::sessions::{MemorySessions, SessionStore, StoreError, Versioned};
use livegate_liveness::thresholds::Thresholds;
use livegate_server::embedded;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::Capture;

/// What becomes of the first swap, before its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Done,
    NotDone,
    /// Somebody else's came first.
    Overtaken,
}

struct LostAnswer {
    inner: MemorySessions,
    fate: Fate,
    swaps: AtomicUsize,
}

#[async_trait]
impl SessionStore for LostAnswer {
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
        value: Bytes,
        keep: Duration,
    ) -> Result<bool, StoreError> {
        if self.swaps.fetch_add(1, Ordering::SeqCst) > 0 {
            return self.inner.swap(id, version, value, keep).await;
        }
        let value = match self.fate {
            Fate::Done => Some(value),
            Fate::NotDone => None,
            Fate::Overtaken => Some(with_another_claim(&value)),
        };
        if let Some(value) = value {
            assert!(self.inner.swap(id, version, value, keep).await?);
        }
        Err(StoreError("no answer".to_owned()))
    }

    async fn remove(&self, id: &str) -> Result<bool, StoreError> {
        self.inner.remove(id).await
    }
}

fn with_another_claim(record: &Bytes) -> Bytes {
    let mut record: serde_json::Value = serde_json::from_slice(record).unwrap();
    let claim = &mut record["state"]["Processing"]["claim"];
    assert!(claim.is_string());
    *claim = "00000000-0000-4000-8000-000000000000".into();
    record.to_string().into()
}

/// A server of these settings whose session store loses its answer to the first swap.
pub async fn app_with(fate: Fate, server: ServerConfig) -> (App, embedded::Workers) {
    use std::num::NonZeroUsize;
    let (mut services, broker) = embedded::services(Thresholds::default()).unwrap();
    let analyzers = livegate_tests::scripted::factory();
    let pool = livegate_worker::AnalyzerPool::start(NonZeroUsize::MIN, analyzers).unwrap();
    let workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
    services.sessions = Arc::new(LostAnswer {
        inner: MemorySessions::new(),
        fate,
        swaps: AtomicUsize::new(0),
    });
    let options = Options {
        services: Some(services),
        server,
        ..Options::default()
    };
    (spawn(options).await, workers)
}

#[tokio::test]
async fn a_claim_that_may_have_been_made_ends_as_failed_and_leaves_one_record() {
    for fate in [Fate::Done, Fate::NotDone] {
        let (app, _workers) = app_with(fate, ServerConfig::default()).await;
        let id = app.client.session(&["turn_left", "turn_right"]).await;
        let answer = app.client.verify(&id, &Capture::good()).await;
        answer.assert_error(502, "PROCESSING_ERROR");
        let status = app.client.status(&id).await;
        assert_eq!(status.body["state"], "failed", "{fate:?}");
        let again = app.client.verify(&id, &Capture::good()).await;
        again.assert_error(409, "SESSION_USED");
        let records = app.stop().await;
        assert_eq!(records.len(), 1, "{fate:?}");
        assert_eq!(records[0]["verdict"], "failed");
        assert_eq!(records[0]["session_id"], id.as_str());
    }
}

#[tokio::test]
async fn another_s_claim_is_left_alone() {
    let (app, _workers) = app_with(Fate::Overtaken, ServerConfig::default()).await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify(&id, &Capture::good()).await;
    answer.assert_error(409, "SESSION_USED");
    assert_eq!(app.client.status(&id).await.body["state"], "processing");
    assert!(app.stop().await.is_empty());
}
