//! A claim whose outcome the store does not tell.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_api::config::ServerConfig;
use livegate_common::limits::Rate;
use livegate_common::sessions::{MemorySessions, SessionStore, StoreError, Versioned};
use livegate_liveness::thresholds::Thresholds;
use livegate_server::embedded;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::{Capture, Client};
use uuid::Uuid;

/// What becomes of a swap before its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Done,
    NotDone,
    /// Another's came first.
    Overtaken,
}

/// Loses its answers to some swaps.
struct LostAnswers {
    inner: MemorySessions,
    fate: Fate,
    /// Which are lost, counted from 0.
    lost: Range<usize>,
    swaps: AtomicUsize,
}

#[async_trait]
impl SessionStore for LostAnswers {
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
        if !self
            .lost
            .contains(&self.swaps.fetch_add(1, Ordering::SeqCst))
        {
            return self.inner.swap(id, version, token, value, keep).await;
        }
        match self.fate {
            Fate::Done => assert!(self.inner.swap(id, version, token, value, keep).await?),
            Fate::NotDone => {}
            Fate::Overtaken => {
                let other = Uuid::nil();
                assert!(self.inner.swap(id, version, other, value, keep).await?);
            }
        }
        Err(StoreError("no answer".to_owned()))
    }

    async fn remove(&self, id: &str, version: u64) -> Result<bool, StoreError> {
        self.inner.remove(id, version).await
    }
}

/// A server of these settings whose session store loses its answers to these swaps, counted from 0.
pub async fn app_with(
    fate: Fate,
    lost: Range<usize>,
    server: ServerConfig,
) -> (App, embedded::Workers) {
    use std::num::NonZeroUsize;
    let (mut services, broker) = embedded::services(Thresholds::default()).unwrap();
    let analyzers = livegate_tests::scripted::factory();
    let pool = livegate_worker::AnalyzerPool::start(NonZeroUsize::MIN, analyzers).unwrap();
    let workers = embedded::Workers::start(&services, &broker, Arc::new(pool));
    services.sessions = Arc::new(LostAnswers {
        inner: MemorySessions::new(),
        fate,
        lost,
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
async fn a_lost_answer_costs_no_verdict() {
    for fate in [Fate::Done, Fate::NotDone] {
        let (app, _workers) = app_with(fate, 0..1, ServerConfig::default()).await;
        let id = app.client.session(&["turn_left", "turn_right"]).await;
        let answer = app.client.verify(&id, &Capture::good()).await;
        assert_eq!(answer.body["verified"], true, "{fate:?}: {answer:?}");
        assert_eq!(app.client.status(&id).await.body["state"], "verified");
        let again = app.client.verify(&id, &Capture::good()).await;
        again.assert_error(409, "SESSION_USED");
        let records = app.stop().await;
        assert_eq!(records.len(), 1, "{fate:?}");
        assert_eq!(records[0]["verdict"], "verified");
    }
}

#[tokio::test]
async fn a_claim_that_is_never_confirmed_gives_no_verdict_and_leaves_one_record() {
    for fate in [Fate::Done, Fate::NotDone] {
        // All tries of the claim.
        let (app, _workers) = app_with(fate, 0..5, ServerConfig::default()).await;
        let id = app.client.session(&["turn_left", "turn_right"]).await;
        let answer = app.client.verify(&id, &Capture::good()).await;
        answer.assert_error(502, "PROCESSING_ERROR");
        let status = app.client.status(&id).await;
        let state = match fate {
            // It ends as failed at its deadline.
            Fate::Done => "processing",
            Fate::NotDone | Fate::Overtaken => "pending",
        };
        assert_eq!(status.body["state"], state, "{fate:?}");
        let records = app.stop().await;
        assert_eq!(records.len(), 1, "{fate:?}");
        assert_eq!(records[0]["verdict"], "failed");
        assert_eq!(records[0]["session_id"], id.as_str());
    }
}

#[tokio::test]
async fn another_s_claim_is_left_alone() {
    let (app, _workers) = app_with(Fate::Overtaken, 0..1, ServerConfig::default()).await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify(&id, &Capture::good()).await;
    answer.assert_error(409, "SESSION_USED");
    assert_eq!(app.client.status(&id).await.body["state"], "processing");
    assert!(app.stop().await.is_empty());
}

#[tokio::test]
async fn a_repeatable_end_that_is_confirmed_late_leaves_one_record_also_if_nobody_asks_again() {
    for fate in [Fate::Done, Fate::NotDone] {
        // All tries of the end.
        let (app, _workers) = app_with(fate, 1..6, ServerConfig::default()).await;
        let id = app.client.session(&["turn_left", "turn_right"]).await;
        let body = Capture::good().body(&id);
        let send = async || Client::send(app.client.verify_with_key("a", &body)).await;
        let answer = send().await;
        answer.assert_error(502, "PROCESSING_ERROR");
        app.until_state(&id, "verified").await;
        app.until_recorded(1).await;
        let again = send().await;
        assert!(again.is_replayed(), "{fate:?}: {again:?}");
        assert_eq!(again.body["verified"], true, "{fate:?}: {again:?}");
        let records = app.stop().await;
        assert_eq!(records.len(), 1, "{fate:?}");
        assert_eq!(records[0]["verdict"], "verified");
    }
}

#[tokio::test]
async fn an_end_that_is_not_confirmed_and_whose_answer_has_no_room_is_left_to_the_repeated_request()
{
    // All tries of the end.
    let (app, _workers) = app_with(Fate::NotDone, 1..6, ServerConfig::default()).await;
    let name = format!("answers:{}", app.key.id);
    // One token a minute, so that there is no room for hours.
    let taken = app.services.limits.take_tokens(&name, 4096, 4096, 1);
    assert_eq!(taken.await.unwrap(), Rate::Allowed);
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let body = Capture::good().body(&id);
    let send = async || Client::send(app.client.verify_with_key("a", &body)).await;
    send().await.assert_error(502, "PROCESSING_ERROR");
    let again = send().await;
    assert_eq!(again.body["verified"], true, "{again:?}");
    assert!(!again.is_replayed());
    assert_eq!(app.stop().await.len(), 1);
}
