//! What the service survives, done to real processes: API replicas, workers, RabbitMQ and Redis.
//!
//! Every request ends, before its deadline, in a verdict or a typed error; no session gives two verdicts;
//! and all is well again, without a hand, within [`RECOVERY`] of a part's return.
//!
//! | what happens | where |
//! |---|---|
//! | a worker, a replica, the broker or the store is killed, and comes back | [`kills`] |
//! | a replica is killed or stalls, and its verify is sent again | [`retries`] |
//! | a capture kills whoever looks at it | [`poison`] |
//! | a network stalls, and forgets its connections | [`network`] |
//! | a queue fills | [`queue`] |
//! | processes are told to stop, under load | [`stopping`] |
//! | all of it at once, at random, over TLS | [`soak`] |
//! | one broker, store or Sentinel of several is killed | [`soak`] |
//!
//! Workers here look with the scripted analyzer. `real::workers` kills one that has the models;
//! `seams::broker_outages` and `seams::results_outages` hold each seam alone to the same.

mod kills;
mod network;
mod poison;
mod queue;
mod retries;
mod soak;
mod stopping;

use std::time::{Duration, Instant};

use livegate_tests::client::{Answer, Capture, Client};
use livegate_tests::fleet::{Fleet, RECOVERY};
use serde_json::json;
use tokio::task::JoinHandle;

/// What an answer may take beyond the verify's deadline, which runs from the claim: reading the session
/// before it and recording its end after it each wait up to two seconds for a store that is away.
const SLACK: Duration = Duration::from_secs(5);

/// Somebody live, each of whose frames takes this long to look at.
fn slow(delay_ms: u64) -> Capture {
    Capture::left_right(|_, scene| scene.delay_ms = delay_ms)
}

/// A verify on its way.
pub struct Underway {
    /// Its session.
    pub session: String,
    /// How it will end.
    pub answer: JoinHandle<Answer>,
}

impl Underway {
    /// Creates a session, sends its verify, and waits until it is claimed.
    pub async fn start(client: &Client, capture: Capture) -> Self {
        let session = client.session(&["turn_left", "turn_right"]).await;
        let (sender, id) = (client.clone(), session.clone());
        let answer = tokio::spawn(async move { sender.verify(&id, &capture).await });
        while !answer.is_finished() && client.status(&session).await.body["state"] == "pending" {
            tokio::task::yield_now().await;
        }
        Self { session, answer }
    }

    /// The same for many.
    async fn start_many(client: &Client, count: usize, capture: &Capture) -> Vec<Self> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(Self::start(client, capture.clone()).await);
        }
        all
    }

    async fn assert_verified(self) {
        let answer = self.answer.await.unwrap();
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    }
}

/// Verifies at every replica until it succeeds there. Each try must end in time, in a verdict or a typed
/// error.
async fn assert_recovers(fleet: &Fleet, since: Instant, limit: Duration) {
    for client in &fleet.clients {
        loop {
            let answer = verify_in_time(client, limit).await;
            if answer.body["verified"] == json!(true) {
                break;
            }
            assert!(since.elapsed() < RECOVERY, "still {}", answer.body);
        }
    }
    assert!(since.elapsed() < RECOVERY, "{:?}", since.elapsed());
}

/// Creates a session and verifies, and sees that both end in time; the answer of whichever failed.
async fn verify_in_time(client: &Client, limit: Duration) -> Answer {
    let began = Instant::now();
    let mut answer = client
        .create(&json!({"actions": ["turn_left", "turn_right"]}))
        .await;
    if answer.status == 200 {
        let session = answer.body["session_id"].as_str().unwrap();
        answer = client.verify(session, &Capture::good()).await;
    }
    assert!(began.elapsed() < limit + SLACK, "{:?}", began.elapsed());
    if answer.status != 200 {
        answer.assert_error(502, "PROCESSING_ERROR");
    }
    answer
}
