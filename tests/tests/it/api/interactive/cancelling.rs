//! Cancelling a session: what is left of it.

use std::time::Duration;

use futures_util::future::{join, join_all};
use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::scrape::Scrape;
use livegate_tests::scripted::{Scene, png};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::claims::{Fate, app_with};

/// A new session for a smile, and a browser with its client token.
async fn browser_of(app: &App) -> (String, Client) {
    let created = app.client.interactive("challenges=SMILE").await;
    let field = |name: &str| created.body[name].as_str().unwrap().to_owned();
    (
        field("session_id"),
        app.client.with_token(&field("client_token")),
    )
}

const CANCELLED: &str = r#"livegate_sessions_ended_total{mode="interactive",verdict="cancelled"}"#;

#[tokio::test]
async fn a_session_that_took_a_frame_leaves_a_line_when_it_is_cancelled() {
    let app = spawn_app().await;
    for by_holder in [true, false] {
        let (id, browser) = browser_of(&app).await;
        let client = if by_holder { &browser } else { &app.client };
        client.play(&id, &[Scene::default(); 3]).await;
        let request = client.request(Method::DELETE, &format!("/api/v1/liveness/sessions/{id}"));
        let answer = Client::send(request.header("x-request-id", "regret-1")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        client
            .frame(&id, &png(&Scene::default()))
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
        client
            .cancel(&id)
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
        // The line is written before the answer.
        let text = std::fs::read_to_string(&app.audit).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        for (field, value) in [
            ("session_id", json!(id)),
            ("mode", json!("interactive")),
            ("verdict", json!("cancelled")),
            ("reason_codes", json!([])),
            ("frames", json!(3)),
            ("confidence", Value::Null),
            ("caller_request_id", json!("regret-1")),
            (
                "request_id",
                json!(answer.headers["x-livegate-request-id"].to_str().unwrap()),
            ),
        ] {
            assert_eq!(last[field], value, "{field}");
        }
        // The first frame at rest is measured as a whole.
        assert!(
            last["anti_spoof_avg_score"].as_f64().unwrap() > 0.5,
            "{last}"
        );
    }
    let counted = Scrape::of(app.metrics).await.value(CANCELLED);
    assert!((counted - 2.0).abs() < f64::EPSILON, "{counted}");
    assert_eq!(app.stop().await.len(), 2);
}

#[tokio::test]
async fn a_cancellation_that_the_store_confirms_late_leaves_one_line() {
    for fate in [Fate::Done, Fate::NotDone] {
        for lost in [1, 5] {
            // The first swap is that of the frame.
            let (app, _workers) = app_with(fate, 1..1 + lost, ServerConfig::default()).await;
            let id = app.client.interactive_session("SMILE").await;
            app.client.play(&id, &[Scene::default()]).await;
            let answer = app.client.cancel(&id).await;
            assert_eq!(
                answer.status,
                if lost == 1 { 200 } else { 502 },
                "{fate:?} {lost}: {}",
                answer.body
            );
            // It goes on without its caller.
            let read = async || app.client.interactive_status(&id).await;
            let gone = app.until(read, |a| a.status != 200).await;
            gone.assert_error(404, "SESSION_NOT_FOUND");
            let records = app.stop().await;
            assert_eq!(records.len(), 1, "{fate:?} {lost}: {records:?}");
            assert_eq!(records[0]["verdict"], "cancelled");
        }
    }
}

#[tokio::test]
async fn a_cancellation_whose_caller_hangs_up_leaves_its_line_all_the_same() {
    // The store answers to the third try, after 300 ms.
    let (app, _workers) = app_with(Fate::NotDone, 1..3, ServerConfig::default()).await;
    let id = app.client.interactive_session("SMILE").await;
    app.client.play(&id, &[Scene::default()]).await;
    let path = format!("/api/v1/liveness/sessions/{id}");
    let request = app.client.request(Method::DELETE, &path);
    let hung_up = request.timeout(Duration::from_millis(50)).send().await;
    assert!(hung_up.unwrap_err().is_timeout());
    let read = async || app.client.interactive_status(&id).await;
    app.until(read, |a| a.status == 404).await;
    let records = app.stop().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["verdict"], "cancelled");
}

#[tokio::test]
async fn the_line_of_a_cancelled_session_counts_the_frames_that_were_taken() {
    let app = spawn_app().await;
    let mut expected = Vec::new();
    for round in 0..10_u64 {
        let id = app.client.interactive_session("SMILE").await;
        app.client.play(&id, &[Scene::default()]).await;
        let frame = png(&Scene::default());
        let frames = join_all((0..12).map(|_| app.client.frame(&id, &frame)));
        let cancelling = async {
            tokio::time::sleep(Duration::from_millis(round)).await;
            app.client.cancel(&id).await
        };
        let (frames, cancelled) = join(frames, cancelling).await;
        assert_eq!(cancelled.status, 200, "{}", cancelled.body);
        let taken = frames.iter().filter(|f| f.status == 200).count();
        assert!(frames.iter().all(|f| matches!(f.status, 200 | 404)));
        expected.push((id, 1 + taken));
    }
    let records = app.stop().await;
    assert_eq!(records.len(), expected.len());
    for (id, frames) in expected {
        let of_id = records.iter().find(|r| r["session_id"] == id).unwrap();
        assert_eq!(of_id["frames"], json!(frames), "{id}");
    }
}

#[tokio::test]
async fn of_the_last_frame_and_a_cancellation_at_once_one_decides() {
    let app = spawn_app().await;
    let mut expected = Vec::new();
    for round in 0..30_u64 {
        let (id, browser) = browser_of(&app).await;
        browser.play(&id, &[Scene::default()]).await;
        let smile = png(&Scene::smiling());
        let cancelling = async {
            // From before the frame to after it.
            tokio::time::sleep(Duration::from_micros(round * 500)).await;
            browser.cancel(&id).await
        };
        let (frame, cancelled) = join(browser.frame(&id, &smile), cancelling).await;
        let verdict = match (frame.status, cancelled.status) {
            (200, 409) => {
                assert_eq!(frame.body["is_live"], json!(true), "{}", frame.body);
                "verified"
            }
            (404, 200) => "cancelled",
            other => panic!("{other:?}: {} {}", frame.body, cancelled.body),
        };
        expected.push((id, verdict));
    }
    let records = app.stop().await;
    assert_eq!(records.len(), expected.len());
    for (id, verdict) in expected {
        let of_id: Vec<_> = records.iter().filter(|r| r["session_id"] == id).collect();
        assert_eq!(of_id.len(), 1, "{id}");
        assert_eq!(of_id[0]["verdict"], verdict, "{id}");
    }
}
