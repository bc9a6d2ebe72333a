//! A caller, as an integrator's backend: one session and one capture at a time. It uses another replica
//! when one is down. Each verify has an idempotency key, and is sent again until its answer is final.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::VERIFY_SECONDS;
use super::ledger::{Ledger, Try};
use crate::client::{Capture, Client, Sent};

/// Longest time without a reachable replica. It exceeds every outage.
const PATIENCE: Duration = Duration::from_secs(120);

/// Time-out of the client. It exceeds the promised time, so that the ledger sees late answers.
const GIVE_UP: Duration = Duration::from_secs(VERIFY_SECONDS + 30);

const SESSION: &str = "/v1/liveness/session";
const VERIFY: &str = "/v1/liveness/verify";

/// One caller.
pub(super) struct Caller {
    /// A client for each replica.
    pub clients: Vec<Client>,
    /// The ledger that all callers share.
    pub ledger: Arc<Mutex<Ledger>>,
    /// Source of the caller's choices.
    pub rng: Rng,
}

impl Caller {
    /// Runs one session to its end. At times verifies once more, with the key or without, which must not give a
    /// second verdict.
    pub async fn verify(&mut self) {
        let session = self.session().await;
        let genuine = self.rng.u8(..4) > 0;
        let delay_ms = self.rng.u64(..30);
        let capture = Capture::left_right(|_, scene| {
            scene.delay_ms = delay_ms;
            if !genuine {
                scene.bona_fide = 0.05;
            }
        });
        let body = capture.body(&session);
        let key = format!("soak-{}", self.rng.u64(..));
        let mut replica = self.rng.usize(..self.clients.len());
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{session} was never answered");
            let sent = self.send(replica, VERIFY, &body, Some(&key)).await;
            let ended = match &sent.became {
                Sent::Answered(answer) => match answer.status {
                    429 => false,
                    // Final once it is repeated.
                    502 => answer.is_replayed(),
                    _ => true,
                },
                Sent::Lost(_) | Sent::Refused => false,
            };
            self.ledger.lock().unwrap().add(&session, genuine, sent);
            if ended {
                break;
            }
            replica = (replica + 1) % self.clients.len();
            self.pause().await;
        }
        if self.rng.u8(..4) == 0 {
            let other = (replica + 1) % self.clients.len();
            let key = self.rng.bool().then_some(key);
            let sent = self.send(other, VERIFY, &body, key.as_deref()).await;
            self.ledger.lock().unwrap().add(&session, genuine, sent);
        }
    }

    /// Creates a session at any replica that answers.
    async fn session(&mut self) -> String {
        let body = json!({ "actions": ["turn_left", "turn_right"] });
        let mut replica = self.rng.usize(..self.clients.len());
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "no session could be created");
            let sent = self.send(replica, SESSION, &body, None).await;
            let id = match &sent.became {
                Sent::Answered(answer) if answer.status == 200 => {
                    Some(answer.body["session_id"].as_str().unwrap().to_owned())
                }
                Sent::Answered(_) | Sent::Lost(_) | Sent::Refused => None,
            };
            self.ledger.lock().unwrap().created(&sent);
            if let Some(id) = id {
                return id;
            }
            replica = (replica + 1) % self.clients.len();
            self.pause().await;
        }
    }

    async fn send(&self, replica: usize, path: &str, body: &Value, key: Option<&str>) -> Try {
        let mut request = self.clients[replica].request(Method::POST, path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let began = Instant::now();
        let became = Client::try_send(request.json(body).timeout(GIVE_UP)).await;
        Try {
            replica,
            has_key: key.is_some(),
            began,
            ended: Instant::now(),
            became,
        }
    }

    async fn pause(&mut self) {
        let pause = Duration::from_millis(self.rng.u64(50..300));
        tokio::time::sleep(pause).await;
    }
}
