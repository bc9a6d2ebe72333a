//! The API's own answers, held against its document.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

use super::schema::validate;

/// The API beside its document.
struct Documented {
    app: App,
    document: Value,
}

impl Documented {
    async fn start() -> Self {
        let app = spawn_app().await;
        let document = app.client.get("/openapi.json").await.body;
        Self { app, document }
    }

    /// Ends the test unless this is one of the answers that the operation is documented with.
    #[track_caller]
    fn check(&self, path: &str, method: &str, answer: &Answer) {
        let response =
            &self.document["paths"][path][method]["responses"][answer.status.to_string()];
        let schema = &response["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}: {}", answer.status);
        validate(&self.document, path, schema, &answer.body);
        for (name, header) in response["headers"].as_object().unwrap() {
            let header = header["$ref"].as_str().unwrap().trim_start_matches('#');
            let is_required = self.document.pointer(header).unwrap()["required"] == json!(true);
            let is_there = answer.headers.contains_key(name);
            assert_eq!(is_there, is_required, "{path}: {name}");
        }
    }
}

#[tokio::test]
async fn answers_of_the_interactive_api_are_as_documented() {
    let (create, presets) = ("/api/v1/liveness/sessions", "/api/v1/liveness/presets");
    let session = "/api/v1/liveness/sessions/{id}";
    let frame = "/api/v1/liveness/sessions/{id}/frame";
    let documented = Documented::start().await;
    let client = &documented.app.client;
    for query in ["", "preset=eye&timeout_seconds=2.5", "challenges=NOD"] {
        documented.check(create, "post", &client.interactive(query).await);
    }
    for client in [client, &client.without_key()] {
        documented.check(presets, "get", &client.get(presets).await);
    }
    let live = Scene::default();
    let turned = || Scene::doing("TURN_LEFT");
    let each = |change: fn(&mut Scene)| {
        let mut scenes = turned();
        scenes.iter_mut().for_each(change);
        scenes
    };
    for (scenes, state, is_live) in [
        (vec![live, Scene::empty()], "in_progress", Value::Null),
        (turned(), "completed", json!(true)),
        (each(|s| s.bona_fide = 0.1), "completed", json!(false)),
        (each(|s| s.faces = 2), "failed", json!(false)),
    ] {
        let created = client.interactive("challenges=TURN_LEFT").await;
        let id = created.body["session_id"].as_str().unwrap();
        let token = created.body["client_token"].as_str().unwrap();
        documented.check(session, "get", &client.interactive_status(id).await);
        for scene in scenes {
            let answer = client.frame(id, &png(&scene)).await;
            documented.check(frame, "post", &answer);
        }
        for client in [client, &client.with_token(token)] {
            let status = client.interactive_status(id).await;
            assert_eq!(status.body["state"], state, "{}", status.body);
            assert_eq!(*status.body.get("is_live").unwrap_or(&Value::Null), is_live);
            documented.check(session, "get", &status);
            let late = client.frame(id, &png(&live)).await;
            documented.check(frame, "post", &late);
            documented.check(frame, "post", &client.frame(id, b"no picture").await);
        }
        for _ in 0..2 {
            documented.check(session, "delete", &client.cancel(id).await);
        }
        documented.check(session, "get", &client.interactive_status(id).await);
    }
    let missed = client
        .interactive("challenges=BLINK&timeout_seconds=1")
        .await;
    let missed = missed.body["session_id"].as_str().unwrap();
    client.play(missed, &[live]).await;
    let failed = documented.app.until(
        async || client.interactive_status(missed).await,
        |answer| answer.body["state"] == "failed",
    );
    let failed = failed.await;
    assert!(failed.body["rejection_details"]["failed_actions"].is_array());
    documented.check(session, "get", &failed);
}

#[tokio::test]
async fn answers_are_as_documented() {
    let documented = Documented::start().await;
    let app = &documented.app;
    let check = |path: &str, method: &str, answer: &Answer| documented.check(path, method, answer);
    let (session, verify) = ("/v1/liveness/session", "/v1/liveness/verify");
    let status = "/v1/liveness/session/{id}";
    check(session, "post", &app.client.create(&json!({})).await);
    check(
        session,
        "post",
        &app.client.create(&json!({"yaw_deg": 7})).await,
    );
    let stranger = app.client.without_key();
    check(session, "post", &stranger.create(&json!({})).await);
    check("/v1/liveness/health", "get", &app.until_health("ok").await);

    for (change, reason) in [(None, "liveness_passed"), (Some(0.0), "challenge_failed")] {
        let id = app.client.session(&["turn_left", "turn_right"]).await;
        check(status, "get", &app.client.status(&id).await);
        let capture = Capture::left_right(|_, scene| {
            if let Some(yaw) = change {
                *scene = Scene::turned(yaw);
            }
        });
        let answer = app.client.verify(&id, &capture).await;
        assert_eq!(answer.body["reason_codes"][0], reason);
        check(verify, "post", &answer);
        check(status, "get", &app.client.status(&id).await);
        check(verify, "post", &app.client.verify(&id, &capture).await);
    }
    let mut undecodable = Capture::good();
    let cut = &mut undecodable.0[3].1;
    cut.truncate(cut.len() / 2);
    check(verify, "post", &app.client.verify_new(&undecodable).await);
    check(verify, "post", &app.client.verify_raw(&json!({})).await);
    check(status, "get", &app.client.status("live_nothing").await);
    check(status, "get", &app.client.status("%FF").await);
}
