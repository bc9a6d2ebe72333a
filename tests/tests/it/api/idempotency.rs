//! `Idempotency-Key`: the same verify sent again.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_api::keys::create::NewKey;
use livegate_api::verify::idempotency::{Identity, KeptAnswer, LEASE_MS, Outcome, Repeatable};
use livegate_api::verify::record::{State, VerifySession};
use livegate_common::job::now_ms;
use livegate_common::limits::Rate;
use livegate_common::records::{Attempt, Records, Stored};
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Capture, Client};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::replicas::Shared;

const ACTIONS: [&str; 2] = ["turn_left", "turn_right"];

async fn new_body(client: &Client, capture: &Capture) -> (String, Value) {
    let session = client.session(&ACTIONS).await;
    let body = capture.body(&session);
    (session, body)
}

async fn send(client: &Client, key: &str, body: &Value) -> Answer {
    Client::send(client.verify_with_key(key, body)).await
}

fn slow(delay_ms: u64) -> Capture {
    Capture::left_right(|_, scene| scene.delay_ms = delay_ms)
}

fn attack() -> Capture {
    Capture::left_right(|_, scene| scene.bona_fide = 0.05)
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer_to_the_byte_and_is_decided_once() {
    let app = spawn_app().await;
    for (capture, verified) in [(Capture::good(), true), (attack(), false)] {
        let (session, body) = new_body(&app.client, &capture).await;
        let first = send(&app.client, "a", &body).await;
        assert_eq!((first.status, first.is_replayed()), (200, false));
        assert_eq!(first.body["verified"], verified);
        for _ in 0..2 {
            let again = send(&app.client, "a", &body).await;
            assert_eq!((again.status, again.is_replayed()), (200, true));
            assert_eq!(again.bytes, first.bytes);
            assert_eq!(again.headers["content-type"], first.headers["content-type"]);
        }
        let state = if verified { "verified" } else { "rejected" };
        assert_eq!(app.client.status(&session).await.body["state"], state);
    }
    assert_eq!(app.stop().await.len(), 2);
}

#[tokio::test]
async fn another_body_is_422_another_key_409_and_another_session_is_independent() {
    let app = spawn_app().await;
    let (session, body) = new_body(&app.client, &slow(30)).await;
    let working = tokio::spawn({
        let (client, body) = (app.client.clone(), body.clone());
        async move { send(&client, "a", &body).await }
    });
    app.until_state(&session, "processing").await;
    // While it is worked on, and afterwards.
    let other = attack().body(&session);
    let without = async || app.client.verify_raw(&body).await;
    for _ in 0..2 {
        let refused = send(&app.client, "a", &other).await;
        refused.assert_error(422, "IDEMPOTENCY_MISMATCH");
        let refused = send(&app.client, "b", &body).await;
        refused.assert_error(409, "SESSION_USED");
        without().await.assert_error(409, "SESSION_USED");
        app.until_state(&session, "verified").await;
    }
    assert_eq!(working.await.unwrap().status, 200);
    let (_, body) = new_body(&app.client, &attack()).await;
    let independent = send(&app.client, "a", &body).await;
    assert!(!independent.is_replayed());
    independent.assert_rejected(&["spoof_detected"]);
    // A session that was verified without a key cannot be repeated with one.
    let (_, body) = new_body(&app.client, &Capture::good()).await;
    assert_eq!(app.client.verify_raw(&body).await.status, 200);
    let refused = send(&app.client, "a", &body).await;
    refused.assert_error(409, "SESSION_USED");
}

#[tokio::test]
async fn a_wrong_key_is_400_and_leaves_the_session_unused() {
    let app = spawn_app().await;
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    for wrong in ["", "a b", &"x".repeat(256)] {
        let refused = send(&app.client, wrong, &body).await;
        refused.assert_error(400, "INVALID_INPUT");
        assert!(refused.error().contains("Idempotency-Key"));
    }
    let twice = app.client.verify_with_key("secret", &body);
    let refused = Client::send(twice.header("Idempotency-Key", "secret")).await;
    refused.assert_error(400, "INVALID_INPUT");
    assert!(!refused.error().contains("secret"));
    assert_eq!(app.client.status(&session).await.body["state"], "pending");
}

#[tokio::test]
async fn a_refusal_before_the_claim_is_not_kept() {
    let app = spawn(Options {
        key: NewKey {
            concurrency: 1,
            ..NewKey::named("one at a time")
        },
        ..Options::default()
    })
    .await;
    let (busy, in_the_way) = new_body(&app.client, &slow(50)).await;
    let working = tokio::spawn({
        let (client, body) = (app.client.clone(), in_the_way.clone());
        async move { send(&client, "a", &body).await }
    });
    app.until_state(&busy, "processing").await;
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let mut bad = body.clone();
    bad["mode"] = json!("film");
    send(&app.client, "b", &bad)
        .await
        .assert_error(400, "INVALID_INPUT");
    let refused = send(&app.client, "b", &body).await;
    refused.assert_error(429, "CONCURRENCY_LIMIT");
    assert_eq!(app.client.status(&session).await.body["state"], "pending");
    // The same request needs no place while the first is worked on: it waits for its answer.
    let waiting = send(&app.client, "a", &in_the_way).await;
    let first = working.await.unwrap();
    assert_eq!((waiting.is_replayed(), waiting.bytes), (true, first.bytes));
    let answer = app
        .until(
            async || send(&app.client, "b", &body).await,
            |a| a.status == 200,
        )
        .await;
    assert!(!answer.is_replayed());
}

#[tokio::test]
async fn a_502_is_final_and_repeated_too() {
    let app = spawn(Options {
        workers: 0,
        server: ServerConfig {
            verify_timeout: Duration::from_secs(1),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await;
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let first = send(&app.client, "a", &body).await;
    first.assert_error(502, "PROCESSING_ERROR");
    assert!(!first.is_replayed());
    let again = send(&app.client, "a", &body).await;
    again.assert_error(502, "PROCESSING_ERROR");
    assert_eq!((again.is_replayed(), again.bytes), (true, first.bytes));
    assert_eq!(app.client.status(&session).await.body["state"], "failed");
    assert_eq!(app.stop().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_get_the_same_request_at_once_decide_it_once_and_give_one_answer() {
    let shared = Shared::new();
    let first = shared.first(Options::default()).await;
    let second = shared.another(&first, Options::default()).await;
    let _worker = shared.worker();
    for _ in 0..20 {
        let (_, body) = new_body(&first.client, &slow(3)).await;
        let (a, b, c) = tokio::join!(
            send(&first.client, "same", &body),
            send(&second.client, "same", &body),
            send(&first.client, "same", &body),
        );
        let replayed = [&a, &b, &c].iter().filter(|a| a.is_replayed()).count();
        assert_eq!((a.status, b.status, c.status, replayed), (200, 200, 200, 2));
        assert!(a.bytes == b.bytes && b.bytes == c.bytes);
        let later = send(&second.client, "same", &body).await;
        assert!(later.is_replayed() && later.bytes == a.bytes);
    }
    let records = [first.stop().await, second.stop().await];
    assert_eq!(records.iter().map(Vec::len).sum::<usize>(), 20);
}

#[tokio::test]
async fn a_caller_who_hangs_up_gets_the_answer_of_its_first_request() {
    let app = spawn_app().await;
    let (session, body) = new_body(&app.client, &slow(20)).await;
    let hung_up = app.client.verify_with_key("a", &body);
    let hung_up = tokio::spawn(Client::try_send(hung_up));
    app.until_state(&session, "processing").await;
    hung_up.abort();
    let again = send(&app.client, "a", &body).await;
    assert!(again.is_replayed());
    assert_eq!(again.body["verified"], true);
    assert_eq!(app.stop().await.len(), 1);
}

#[tokio::test]
async fn an_answer_beyond_the_key_s_room_is_given_and_not_kept() {
    let app = spawn_app().await;
    let limits = &app.services.limits;
    let name = format!("answers:{}", app.key.id);
    // One token a minute, so that the bucket counts as empty for hours.
    let taken = limits.take_tokens(&name, 4096, 4096, 1).await.unwrap();
    assert_eq!(taken, Rate::Allowed);
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let answer = send(&app.client, "a", &body).await;
    assert_eq!(answer.body["verified"], true);
    let again = send(&app.client, "a", &body).await;
    again.assert_error(409, "SESSION_USED");
    assert_eq!(app.client.status(&session).await.body["state"], "verified");
}

/// Puts a session that was claimed for this request into a state, as a process that died leaves it.
async fn left_behind(app: &App, session: &str, body: &Value, state: State, until_ms: u64) -> Uuid {
    let records = Records::new(&*app.services.sessions, &app.services.seal);
    let stored: Stored<VerifySession> = records.load(session).await.unwrap().unwrap();
    let owner = Uuid::new_v4();
    let mut left = stored.record.in_state(state);
    left.repeatable = Some(Repeatable {
        identity: Identity {
            key: Sha256::digest("a").into(),
            body: Sha256::digest(body.to_string()).into(),
        },
        owner,
        until_ms,
        is_recorded: false,
    });
    let swapped = records.swap(&stored, left, Attempt::fresh(), now_ms());
    assert!(swapped.await.unwrap().is_some());
    owner
}

fn request(app: &App, body: &Value) -> reqwest::RequestBuilder {
    let request = app.client.request(Method::POST, "/v1/liveness/verify");
    let request = request.header("content-type", "application/json");
    request
        .header("idempotency-key", "a")
        .body(body.to_string())
}

#[tokio::test]
async fn an_audit_record_that_a_dead_process_did_not_write_is_written_once_by_the_retry() {
    let app = spawn_app().await;
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let owner = left_behind(&app, &session, &body, State::Verified, now_ms() - 1).await;
    let records = Records::new(&*app.services.sessions, &app.services.seal);
    let kept = KeptAnswer {
        outcome: Outcome::Verdict("{\"verified\":true}".to_owned()),
        audit: b"{\"session_id\":\"live_of_the_dead\"}\n".to_vec(),
    };
    let id = owner.to_string();
    records.add(&id, &kept, now_ms()).await.unwrap();
    for _ in 0..2 {
        let answer = Client::send(request(&app, &body)).await;
        assert_eq!((answer.status, answer.is_replayed()), (200, true));
        assert_eq!(answer.bytes, b"{\"verified\":true}");
    }
    let lines = app.stop().await;
    assert_eq!(lines, [json!({"session_id": "live_of_the_dead"})]);
}

#[tokio::test]
async fn a_claim_is_taken_over_when_it_lapses_also_after_the_session_counted_as_failed() {
    let app = spawn_app().await;
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let deadline_ms = now_ms() - 1;
    let lapses = now_ms() + LEASE_MS / 4;
    left_behind(
        &app,
        &session,
        &body,
        State::Processing { deadline_ms },
        lapses,
    )
    .await;
    assert_eq!(app.client.status(&session).await.body["state"], "failed");
    let answer = Client::send(request(&app, &body)).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
    assert!(!answer.is_replayed() && now_ms() >= lapses);
    assert_eq!(app.client.status(&session).await.body["state"], "verified");
    // Two minutes after the claim lapsed nothing is taken over any more.
    let (session, body) = new_body(&app.client, &Capture::good()).await;
    let long_ago = now_ms() - 120_000;
    left_behind(
        &app,
        &session,
        &body,
        State::Processing { deadline_ms },
        long_ago,
    )
    .await;
    let answer = Client::send(request(&app, &body)).await;
    answer.assert_error(409, "SESSION_USED");
    assert_eq!(app.stop().await.len(), 1);
}
