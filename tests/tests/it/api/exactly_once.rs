//! One verdict and one audit record for each session, whatever callers do at once.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_tests::app::Options;
use livegate_tests::client::{Answer, Capture, Client};
use reqwest::Method;
use serde_json::{Value, json};

use super::replicas::Shared;

const SESSIONS: usize = 1000;
/// Verifies of each session at once.
const CALLS: usize = 5;
/// Sessions at once.
const IN_FLIGHT: usize = 32;
/// Stands in the body for the session.
const SESSION: &str = "SESSION";

/// Room for everything that is sent: nothing is refused but for being second.
fn roomy() -> Options {
    Options {
        server: ServerConfig {
            verify_timeout: Duration::from_secs(60),
            ..ServerConfig::default()
        },
        key: NewKey {
            requests_per_minute: 1_000_000,
            concurrency: 1000,
            ..NewKey::named("busy")
        },
        ..Options::default()
    }
}

/// Sends the same capture to the replicas in turn, all at once.
async fn verify_at_once(replicas: &[Client; 2], first: usize, body: &str) -> Vec<Answer> {
    let call = |n: usize| {
        let client = &replicas[(first + n) % replicas.len()];
        let request = client.request(Method::POST, "/v1/liveness/verify");
        let request = request.header("content-type", "application/json");
        Client::send(request.body(body.to_owned()))
    };
    join_all((0..CALLS).map(call)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_sessions_verified_five_times_at_once_each_has_one_verdict_and_one_record() {
    let shared = Shared::new();
    let first = shared.first(roomy()).await;
    let second = shared.another(&first, roomy()).await;
    let _workers = [shared.worker(), shared.worker()];
    let replicas = [first.client.clone(), second.client.clone()];
    let body = Capture::good().body(SESSION).to_string();

    let one = async |n: usize| {
        let session = replicas[n % 2].session(&["turn_left", "turn_right"]).await;
        let body = body.replace(SESSION, &session);
        let answers = verify_at_once(&replicas, n, &body).await;
        let mut seen: HashMap<(u16, &str), usize> = HashMap::new();
        for answer in &answers {
            *seen.entry((answer.status, answer.code())).or_default() += 1;
        }
        let expected = [((200, ""), 1), ((409, "SESSION_USED"), CALLS - 1)];
        assert_eq!(seen, HashMap::from(expected), "{session}");
        let verdict = answers.iter().find(|a| a.status == 200).unwrap();
        assert_eq!(verdict.body["verified"], json!(true), "{}", verdict.body);
        session
    };
    let sessions = stream::iter(0..SESSIONS).map(one);
    let mut sessions: Vec<String> = sessions.buffer_unordered(IN_FLIGHT).collect().await;

    let logs = [first.stop().await, second.stop().await];
    // Both took part, so the claims were contested between them.
    assert!(logs.iter().all(|log| log.len() > SESSIONS / 20));
    let records: Vec<&Value> = logs.iter().flatten().collect();
    assert!(records.iter().all(|record| record["verdict"] == "verified"));
    let recorded = records.iter().map(|r| r["session_id"].as_str().unwrap());
    let mut recorded: Vec<&str> = recorded.collect();
    recorded.sort_unstable();
    sessions.sort_unstable();
    assert_eq!(recorded, sessions);
}
