//! One error shape, and what goes wrong on our side.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use livegate_api::config::ServerConfig;
use livegate_common::sessions::{SessionStore, StoreError, Versioned};
use livegate_liveness::thresholds::Thresholds;
use livegate_server::embedded;
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::client::{Capture, Client};
use livegate_tests::scripted::Act;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

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
async fn a_405_lists_the_methods_that_the_path_takes() {
    let app = spawn_app().await;
    for (path, allow, others) in [
        ("/v1/liveness/session", "POST", ["GET", "HEAD", "OPTIONS"]),
        ("/v1/liveness/verify", "POST", ["GET", "PUT", "DELETE"]),
        (
            "/v1/liveness/session/live_x",
            "GET, HEAD",
            ["POST", "OPTIONS", "PATCH"],
        ),
        (
            "/v1/liveness/health",
            "GET, HEAD",
            ["POST", "OPTIONS", "TRACE"],
        ),
        ("/openapi.json", "GET, HEAD", ["POST", "OPTIONS", "PUT"]),
        ("/docs", "GET, HEAD", ["POST", "OPTIONS", "PUT"]),
        ("/docs/", "GET, HEAD", ["POST", "OPTIONS", "PUT"]),
        ("/", "GET, HEAD", ["POST", "OPTIONS", "SPAM"]),
    ] {
        for method in others {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let answer = Client::send(app.client.request(method.clone(), path)).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.headers["allow"], allow, "{method} {path}");
            if method != Method::HEAD {
                answer.assert_error(405, "METHOD_NOT_ALLOWED");
                assert!(answer.error().contains(allow), "{}", answer.error());
            }
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let app = spawn_app().await;
    for (path, status) in [
        ("/", 303),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/v1/liveness/health", 200),
        ("/v1/liveness/session/live_x", 404),
    ] {
        let request = app.client.request(Method::HEAD, path);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert!(response.headers().contains_key("x-request-id"));
        assert!(response.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_slash_too_many_is_404_and_named() {
    let app = spawn_app().await;
    for path in ["/v1/liveness/health/", "/v1/liveness/session/"] {
        let answer = app.client.get(path).await;
        answer.assert_error(404, "NOT_FOUND");
        assert!(answer.error().contains("slash"), "{}", answer.error());
    }
    let answer = app.client.get("/nothing/").await;
    answer.assert_error(404, "NOT_FOUND");
    assert!(!answer.error().contains("slash"), "{}", answer.error());
}

#[tokio::test]
async fn a_path_that_is_no_text_and_odd_queries_end_in_the_one_shape() {
    let app = spawn_app().await;
    app.client
        .get("/v1/liveness/session/%FF")
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    app.client
        .get("/v1/liveness/session/live_x?a=%FF&&=&a[]=1")
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused_by_its_name() {
    let app = spawn_app().await;
    for (path, body, name) in [
        (
            "session",
            r#"{"yaw_deg":20,"mirrored":true,"yaw_deg":20}"#,
            "yaw_deg",
        ),
        (
            "verify",
            r#"{"session_id":"live_a","mode":"images","session_id":"live_b","frames":[]}"#,
            "session_id",
        ),
        ("verify", r#"{"frames":null,"x":1,"frames":[]}"#, "frames"),
    ] {
        let request = app
            .client
            .request(Method::POST, &format!("/v1/liveness/{path}"));
        let answer = Client::send(request.body(body)).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains(name), "{}", answer.error());
        assert!(answer.error().contains("once"), "{}", answer.error());
    }
}

#[tokio::test]
async fn a_body_that_is_not_plain_json_is_415_which_says_what_arrived() {
    let app = spawn_app().await;
    let send = |path: &str, header: &str, value: &str, body: &'static str| {
        let request = app.client.request(Method::POST, path);
        Client::send(request.header(header, value).body(body))
    };
    let long = "x".repeat(5000);
    for (header, value, shown) in [
        ("content-type", "text/plain", "\"text/plain\""),
        (
            "content-type",
            "application/x-www-form-urlencoded",
            "\"application/x-www-form-urlencoded\"",
        ),
        (
            "content-type",
            "multipart/form-data; boundary=\"x\"",
            "\"multipart/form-data; boundary=?x?\"",
        ),
        ("content-type", "nonsense", "\"nonsense\""),
        ("content-type", &long, "xxx…\""),
        (
            "content-type",
            "application/json; charset=\"UTF-16\"",
            "\"UTF-16\"",
        ),
        (
            "content-type",
            "application/json;a=b;CHARSET=latin1",
            "\"latin1\"",
        ),
        ("content-encoding", "gzip", "uncompressed"),
        ("content-encoding", "br", "\"br\""),
    ] {
        for path in ["/v1/liveness/session", "/v1/liveness/verify"] {
            let answer = send(path, header, value, "{}").await;
            answer.assert_error(415, "UNSUPPORTED_MEDIA_TYPE");
            assert!(answer.error().contains(shown), "{}", answer.error());
            assert!(answer.error().len() < 200, "{}", answer.error());
        }
    }
    let send = |path: &'static str, content_type: &'static str, body: &'static str| {
        let request = app.client.request(Method::POST, path);
        Client::send(request.header("content-type", content_type).body(body))
    };
    for content_type in [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/json;charset=\"UTF8\";",
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
    let request = app.client.request(Method::POST, "/v1/liveness/session");
    let plain = request.header("content-encoding", "Identity").body("{}");
    assert_eq!(Client::send(plain).await.status, 200);
}

#[tokio::test]
async fn every_answer_carries_a_request_id() {
    let app = spawn_app().await;
    let ask = |id: &'static str| {
        let request = app.client.request(Method::GET, "/v1/liveness/health");
        async move {
            let answer = Client::send(request.header("X-Request-Id", id)).await;
            let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
            (header("x-request-id"), header("x-livegate-request-id"))
        }
    };
    let (echoed, ours) = ask("order-7.a_B").await;
    assert_eq!((echoed.as_str(), ours.len()), ("order-7.a_B", 36));
    for harmful in ["a b", "a;b", "<script>", &*"x".repeat(65).leak()] {
        let (echoed, ours) = ask(harmful).await;
        assert_eq!(echoed, ours, "{harmful}");
        assert_eq!(ours.len(), 36, "{harmful}");
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
    assert!(answer.error().contains("in time"), "{}", answer.error());
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
        assert!(!answer.error().contains("in time"), "{}", answer.error());
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

    async fn swap(
        &self,
        _: &str,
        _: u64,
        _: Uuid,
        _: Bytes,
        _: Duration,
    ) -> Result<bool, StoreError> {
        self.fail()
    }

    async fn remove(&self, _: &str, _: u64) -> Result<bool, StoreError> {
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
