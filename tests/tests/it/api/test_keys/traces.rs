//! What tests leave behind: audit lines that say so, and no count of a real verdict.

use livegate_tests::client::Capture;
use livegate_tests::scrape::Scrape;
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

use super::{id_of, live_session, nobody, session, spawn_without_workers, test_key};
use crate::api::replicas::Shared;
use livegate_tests::app::{Options, spawn_app};

#[tokio::test]
async fn audit_lines_of_tests_say_so_and_those_of_real_sessions_do_not() {
    let app = spawn_without_workers().await;
    for outcome in ["verified", "spoof_detected", "PROCESSING_ERROR"] {
        let id = session(&app, outcome).await;
        app.client.verify(&id, &nobody()).await;
    }
    let created = live_session(&app, "challenges=BLINK").await;
    app.client.play(id_of(&created), &[Scene::empty(); 3]).await;
    let lines = app.stop().await;
    let verdicts: Vec<&Value> = lines.iter().map(|line| &line["verdict"]).collect();
    assert_eq!(verdicts, ["verified", "rejected", "failed", "verified"]);
    for line in &lines {
        assert_eq!(line["test"], json!(true), "{line}");
        assert_eq!(line["worker_cpu_ms"], json!(0.0), "{line}");
    }
    let app = spawn_app().await;
    app.client.verify_new(&Capture::good()).await;
    let lines = app.stop().await;
    assert!(lines[0].get("test").is_none(), "{}", lines[0]);
}

#[tokio::test]
async fn tests_are_counted_apart() {
    let app = spawn_without_workers().await;
    let before = Scrape::of(app.metrics).await;
    for outcome in [
        "verified",
        "spoof_detected",
        "PROCESSING_ERROR",
        "RATE_LIMIT",
    ] {
        let id = session(&app, outcome).await;
        app.client.verify(&id, &nobody()).await;
    }
    let created = live_session(&app, "challenges=BLINK").await;
    app.client
        .frame(id_of(&created), &png(&Scene::empty()))
        .await;
    app.client.cancel(id_of(&created)).await;
    let created = live_session(&app, "challenges=BLINK").await;
    app.client.cancel(id_of(&created)).await;
    let after = Scrape::of(app.metrics).await;
    let real = |scrape: &Scrape| -> Vec<String> {
        let names = [
            "livegate_http_requests_total",
            "livegate_http_request_duration_seconds_count",
            "livegate_errors_total",
            "livegate_limited_total",
            "livegate_key_refusals_total",
            "livegate_sessions_created_total",
            "livegate_sessions_ended_total",
            "livegate_verdict_reasons_total",
        ];
        let is_one = |line: &&str| names.iter().any(|name| line.starts_with(name));
        scrape.0.lines().filter(is_one).map(str::to_owned).collect()
    };
    assert_eq!(real(&before), real(&after));
    for (method, route, status, count) in [
        ("POST", "/v1/liveness/session", 200, 4.0),
        ("POST", "/v1/liveness/verify", 200, 2.0),
        ("POST", "/v1/liveness/verify", 502, 1.0),
        ("POST", "/v1/liveness/verify", 429, 1.0),
        ("DELETE", "/api/v1/liveness/sessions/{id}", 200, 2.0),
    ] {
        let sample = format!(
            r#"livegate_test_requests_total{{route="{route}",method="{method}",status="{status}"}}"#
        );
        assert_eq!(after.value(&sample), count, "{sample}");
    }
}

#[tokio::test]
async fn any_replica_answers_a_test_session_and_one_verify_proceeds() {
    let shared = Shared::new();
    let options = || Options {
        key: test_key(),
        ..Options::default()
    };
    let first = shared.first(options()).await;
    let other = shared.another(&first, options()).await;
    let id = session(&first, "CONCURRENCY_LIMIT,spoof_detected").await;
    let refused = other.client.verify(&id, &nobody()).await;
    refused.assert_error(429, "CONCURRENCY_LIMIT");
    let capture = nobody();
    let (one, two) = tokio::join!(
        first.client.verify(&id, &capture),
        other.client.verify(&id, &capture)
    );
    let (verdict, used) = if one.status == 200 {
        (one, two)
    } else {
        (two, one)
    };
    verdict.assert_rejected(&["spoof_detected"]);
    used.assert_error(409, "SESSION_USED");
    let created = live_session(&first, "challenges=BLINK").await;
    let id = id_of(&created);
    for replica in [&first, &other] {
        replica.client.play(id, &[Scene::empty()]).await;
    }
    let last = first.client.play(id, &[Scene::empty()]).await;
    assert_eq!(last.body["is_live"], json!(true));
}
