//! One error shape, and what goes wrong on our side.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_api::config::ServerConfig;
use livegate_api::embedded;
use livegate_common::liveness::thresholds::Thresholds;
use livegate_common::sessions::{SessionStore, StoreError, Versioned};
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::client::{Capture, Client};
use livegate_tests::scripted::Act;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn errors_of_the_framework_have_the_one_shape() {
    let app = spawn_app().await;
    app.client
        .get("/v1/liveness/nothing")
        .await
        .assert_error(404, "NOT_FOUND");
    app.client
        .get("/nothing")
        .await
        .assert_error(404, "NOT_FOUND");
    app.client
        .get("/v1/liveness/verify")
        .await
        .assert_error(405, "METHOD_NOT_ALLOWED");
    app.client
        .post("/v1/liveness/health", &json!({}))
        .await
        .assert_error(405, "METHOD_NOT_ALLOWED");
    let deep = format!("{{\"x\":{}}}", "[".repeat(100_000));
    for body in [
        "{",
        "nonsense",
        "\"text\"",
        "[[[[",
        "{\"mode\":\"\u{fffd}",
        "{} trailing",
        &deep,
    ] {
        for path in ["/v1/liveness/session", "/v1/liveness/verify"] {
            let request = app.client.request(Method::POST, path);
            let request = request.header("content-type", "application/json");
            let answer = Client::send(request.body(body.to_owned())).await;
            match answer.status {
                413 => assert!(path.ends_with("session") && body.len() > 65_536),
                _ => answer.assert_error(400, "INVALID_INPUT"),
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415() {
    let app = spawn_app().await;
    let send = |path: &'static str, content_type: &'static str, body: &'static str| {
        let request = app.client.request(Method::POST, path);
        Client::send(request.header("content-type", content_type).body(body))
    };
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
    ] {
        send("/v1/liveness/session", content_type, "{}")
            .await
            .assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
        send("/v1/liveness/verify", content_type, "{}")
            .await
            .assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    for content_type in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/ld+json",
    ] {
        assert_eq!(
            send("/v1/liveness/session", content_type, "{}")
                .await
                .status,
            200
        );
    }
    assert_eq!(
        send("/v1/liveness/session", "text/plain", "").await.status,
        200
    );
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let app = spawn_app().await;
    let ask = |id: &'static str| {
        let request = app.client.request(Method::GET, "/v1/liveness/health");
        async move {
            let answer = Client::send(request.header("X-Request-Id", id)).await;
            answer.headers["x-request-id"].to_str().unwrap().to_owned()
        }
    };
    assert_eq!(ask("order-7.a_B").await, "order-7.a_B");
    for harmful in ["a b", "a;b", "<script>", &*"x".repeat(65).leak()] {
        assert_eq!(ask(harmful).await.len(), 36, "{harmful}");
    }
    let (first, second) = (app.client.get("/").await, app.client.get("/").await);
    assert_ne!(
        first.headers["x-request-id"],
        second.headers["x-request-id"]
    );
}

#[tokio::test]
async fn without_a_worker_a_verify_ends_at_the_deadline_and_uses_the_session() {
    let verify_timeout = Duration::from_millis(400);
    let server = ServerConfig {
        verify_timeout,
        ..ServerConfig::default()
    };
    let app = spawn(Options {
        server,
        workers: 0,
        ..Options::default()
    })
    .await;
    let id = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify(&id, &Capture::good()).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let status = app.client.status(&id).await;
    assert_eq!(status.body["state"], "failed");
    assert_eq!(status.body["verified"], json!(false));
    assert_eq!(status.body["reason_codes"], json!(["internal_error"]));
    app.client
        .verify(&id, &Capture::good())
        .await
        .assert_error(409, "SESSION_USED");
    let records = app.stop().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["verdict"], "failed");
    assert_eq!(records[0]["reason_codes"], json!(["internal_error"]));
}

#[tokio::test]
async fn a_failing_worker_is_502_and_its_words_stay_here() {
    let app = spawn_app().await;
    for act in [Act::Fail, Act::Panic] {
        let capture = Capture::left_right(|i, s| s.act = if i == 5 { act } else { Act::Measure });
        let answer = app.client.verify_new(&capture).await;
        answer.assert_error(502, "PROCESSING_ERROR");
        assert!(!answer.error().contains("told to"), "{}", answer.error());
    }
    assert_eq!(
        app.client.verify_new(&Capture::good()).await.body["verified"],
        json!(true)
    );
}

/// Fails, or panics, whatever is asked of it.
struct BrokenSessions {
    panics: bool,
}

impl BrokenSessions {
    fn fail<T>(&self) -> Result<T, StoreError> {
        assert!(!self.panics, "told to panic about hunter2");
        Err(StoreError("no connection to hunter2".to_owned()))
    }
}

#[async_trait]
impl SessionStore for BrokenSessions {
    async fn create(&self, _: &str, _: Bytes, _: Duration) -> Result<bool, StoreError> {
        self.fail()
    }

    async fn load(&self, _: &str) -> Result<Option<Versioned>, StoreError> {
        self.fail()
    }

    async fn swap(&self, _: &str, _: u64, _: Bytes, _: Duration) -> Result<bool, StoreError> {
        self.fail()
    }

    async fn remove(&self, _: &str) -> Result<bool, StoreError> {
        self.fail()
    }
}

#[tokio::test]
async fn a_store_that_fails_and_a_handler_that_panics_are_502_in_the_one_shape() {
    for panics in [false, true] {
        let (mut services, _) = embedded::services(Thresholds::default()).unwrap();
        services.sessions = Arc::new(BrokenSessions { panics });
        let app = spawn(Options {
            services: Some(services),
            ..Options::default()
        })
        .await;
        let known = format!("live_{}", "0".repeat(32));
        for answer in [
            app.client.create(&json!({})).await,
            app.client.status(&known).await,
            app.client.verify(&known, &Capture::good()).await,
        ] {
            answer.assert_error(502, "PROCESSING_ERROR");
            assert!(!answer.error().contains("hunter2"), "{}", answer.error());
        }
    }
}

#[tokio::test]
async fn health_is_public_and_says_how_each_part_is() {
    let app = spawn_app().await;
    let health = app.until_health("ok").await;
    assert_eq!(health.status, 200);
    assert_eq!(
        health.body["components"],
        json!({"broker": {"status": "ok"}, "store": {"status": "ok"}, "workers": {"status": "ok", "count": 1}})
    );
    assert!(health.body["version"].is_string());
    let idle = spawn(Options {
        workers: 0,
        ..Options::default()
    })
    .await;
    let health = idle.client.without_key().get("/v1/liveness/health").await;
    assert_eq!(
        (health.status, &health.body["status"]),
        (200, &json!("degraded"))
    );
    assert_eq!(
        health.body["components"]["workers"],
        json!({"status": "down", "count": 0})
    );
}
