//! The errors, one test for each code of each HTTP status: the one shape, and that what the document
//! says to do then works.

use std::time::Duration;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn, spawn_app, spawn_with_key};
use livegate_tests::client::{Capture, Client, base64};
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::Act;
use reqwest::Method;
use serde_json::{Value, json};

use super::{LEFT_RIGHT, assert_verified, let_pass, slow};

/// What is done to a body, and what its refusal then names.
type Change<'a> = (&'a dyn Fn(&mut Value), &'a str);

/// Ends the test unless each change to a good body is refused with this code and a text that names
/// what is wrong, and the same session is verified once that is put right.
async fn assert_fixable(app: &App, code: &str, changes: &[Change<'_>]) {
    let session = app.client.session(&LEFT_RIGHT).await;
    let good = Capture::good().body(&session);
    for (change, named) in changes {
        let mut body = good.clone();
        change(&mut body);
        let refused = app.client.verify_raw(&body).await;
        refused.assert_error(400, code);
        assert!(refused.error().contains(named), "{}", refused.error());
    }
    assert_eq!(app.client.status(&session).await.body["state"], "pending");
    assert_verified(&app.client.verify_raw(&good).await);
}

fn remove(body: &mut Value, field: &str) {
    body.as_object_mut().unwrap().remove(field).unwrap();
}

#[tokio::test]
async fn missing_fields_400() {
    let app = spawn_app().await;
    assert_fixable(
        &app,
        "MISSING_FIELDS",
        &[
            (&|b| remove(b, "session_id"), "session_id"),
            (&|b| remove(b, "mode"), "mode"),
            (&|b| remove(b, "frames"), "frames"),
            (&|b| b["frames"] = Value::Null, "frames"),
            (&|b| *b = json!({}), "session_id, mode, frames or video_b64"),
            (
                &|b| *b = json!({ "session_id": "live_1", "mode": "video" }),
                "video_b64",
            ),
            // Several are named together; null is as good as nothing.
            (
                &|b| *b = json!({ "mode": "images", "session_id": null }),
                "session_id, frames",
            ),
            (&|b| b["mode"] = Value::Null, "mode"),
        ],
    )
    .await;
    let empty = app.client.request(Method::POST, "/v1/liveness/verify");
    let empty = Client::send(empty).await;
    empty.assert_error(400, "MISSING_FIELDS");
}

#[tokio::test]
async fn invalid_input_400() {
    let app = spawn_app().await;
    assert_fixable(
        &app,
        "INVALID_INPUT",
        &[
            (
                &|b| b["session_id"] = json!(7),
                "session_id must be a string",
            ),
            (&|b| b["mode"] = json!(["images"]), "mode must be a string"),
            (&|b| b["mode"] = json!("photos"), "mode must be"),
            (&|b| b["mode"] = json!("video"), "send video_b64"),
            (&|b| b["frames"] = json!({}), "frames must be an array"),
            (
                &|b| b["frames"] = json!("frames"),
                "frames must be an array",
            ),
            (
                &|b| *b = json!({ "session_id": "x", "mode": "images", "video_b64": "AAAA" }),
                "frames",
            ),
            (&|b| b["video_b64"] = json!("AAAA"), "not both"),
            (&|b| *b = json!([]), "JSON object"),
        ],
    )
    .await;
    // A session with a value outside its range.
    let wide = app.client.create(&json!({ "yaw_deg": 90 })).await;
    wide.assert_error(400, "INVALID_INPUT");
    assert!(wide.error().contains("15 to 40"), "{}", wide.error());
}

#[tokio::test]
async fn invalid_frame_count_400() {
    let app = spawn_app().await;
    assert_fixable(
        &app,
        "INVALID_FRAME_COUNT",
        &[
            (
                &|b| b["frames"] = json!([]),
                "8 to 20 frames; this request has 0",
            ),
            (
                &|b| drop(b["frames"].as_array_mut().unwrap().pop()),
                "8 to 20 frames; this request has 7",
            ),
            (
                &|b| b["frames"] = vec![b["frames"][0].clone(); 21].into(),
                "8 to 20 frames; this request has 21",
            ),
            (
                &|b| b["frames"] = vec![b["frames"][0].clone(); 300].into(),
                "this request has 300",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn invalid_frame_format_400() {
    let app = spawn_app().await;
    assert_fixable(
        &app,
        "INVALID_FRAME_FORMAT",
        &[
            (
                &|b| b["frames"][2] = json!("frame"),
                "Frame 2: it must be an object",
            ),
            (&|b| b["frames"][3]["index"] = json!("3"), "Frame 3: index"),
            (
                &|b| b["frames"][1]["timestamp_ms"] = json!("200"),
                "Frame 1: timestamp_ms",
            ),
            (
                &|b| b["frames"][7]["phase"] = json!("nod"),
                "Frame 7: phase",
            ),
            (
                &|b| b["frames"][0]["image_b64"] = json!(base64(b"GIF89a....")),
                "Frame 0: image_b64",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn status_401() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let nobody = app.client.without_key();
    let stranger = app.client.with_key("tsk_your_api_key_here");
    for client in [nobody, stranger] {
        for answer in [
            client.create(&json!({})).await,
            client.status(&session).await,
            client.verify(&session, &Capture::good()).await,
        ] {
            answer.assert_error(401, "UNAUTHORIZED");
            assert!(
                answer.error().contains("X-AI-API-Key"),
                "{}",
                answer.error()
            );
        }
    }
    assert_verified(&app.client.verify(&session, &Capture::good()).await);
}

#[tokio::test]
async fn liveness_disabled_403() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let key = app.add_key(&NewKey {
        liveness: false,
        ..NewKey::named("other product")
    });
    let client = app.client.with_key(&key.secret);
    let create = async || client.create(&json!({})).await;
    let refused = app.until(create, |answer| answer.status != 401).await;
    refused.assert_error(403, "LIVENESS_DISABLED");
    // Neither is it told whose the session is.
    let verify = client.verify(&session, &Capture::good()).await;
    verify.assert_error(403, "LIVENESS_DISABLED");
    client
        .status(&session)
        .await
        .assert_error(403, "LIVENESS_DISABLED");

    // Who was asked has enabled it.
    let keys = std::fs::read_to_string(&app.keys).unwrap();
    let enabled = keys.replace("liveness = false", "liveness = true");
    std::fs::write(&app.keys, enabled).unwrap();
    app.until_known(&client).await;
    assert_verified(&client.verify_new(&Capture::good()).await);
}

#[tokio::test]
async fn session_forbidden_403() {
    let app = spawn_app().await;
    let other = app.add_key(&NewKey::named("other"));
    let other = app.client.with_key(&other.secret);
    app.until_known(&other).await;
    let session = app.client.session(&LEFT_RIGHT).await;
    other
        .verify(&session, &Capture::good())
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    other
        .status(&session)
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
    // Whose it is finds it unused.
    assert_verified(&app.client.verify(&session, &Capture::good()).await);
    // And so it stays theirs.
    other
        .verify(&session, &Capture::good())
        .await
        .assert_error(403, "SESSION_FORBIDDEN");
}

#[tokio::test]
async fn session_not_found_404() {
    let app = spawn_app().await;
    let unknown = format!("live_{}", "0".repeat(32));
    let malformed = ["live_a1b2c3d4...", "live_xyz", "live_", "x"];
    for session in malformed.into_iter().chain([unknown.as_str()]) {
        let status = app.client.status(session).await;
        status.assert_error(404, "SESSION_NOT_FOUND");
    }
    let long = "x".repeat(9000);
    for session in malformed.into_iter().chain([&*unknown, &*long]) {
        let verify = app.client.verify(session, &Capture::good()).await;
        verify.assert_error(404, "SESSION_NOT_FOUND");
    }
    assert_verified(&app.client.verify_new(&Capture::good()).await);
}

#[tokio::test]
async fn session_used_409() {
    let app = spawn_app().await;
    let spoof = Capture::left_right(|_, s| s.bona_fide = 0.1);
    for first in [Capture::good(), spoof] {
        let session = app.client.session(&LEFT_RIGHT).await;
        assert_eq!(app.client.verify(&session, &first).await.status, 200);
        for _ in 0..2 {
            let again = app.client.verify(&session, &Capture::good()).await;
            again.assert_error(409, "SESSION_USED");
        }
        // However late.
        let_pass(&app, &session, Duration::from_secs(300)).await;
        let again = app.client.verify(&session, &Capture::good()).await;
        again.assert_error(409, "SESSION_USED");
    }
    assert_verified(&app.client.verify_new(&Capture::good()).await);
}

#[tokio::test]
async fn session_expired_410() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let_pass(&app, &session, Duration::from_secs(300)).await;
    for _ in 0..2 {
        let late = app.client.verify(&session, &Capture::good()).await;
        late.assert_error(410, "SESSION_EXPIRED");
    }
    let status = app.client.status(&session).await;
    assert_eq!(
        (status.status, &status.body["state"]),
        (200, &json!("expired"))
    );
    assert!(status.body.get("verified").is_none());
    assert_verified(&app.client.verify_new(&Capture::good()).await);
}

#[tokio::test]
async fn video_too_large_413() {
    let app = spawn_app().await;
    let created = app.client.create(&json!({ "actions": LEFT_RIGHT })).await;
    let session = created.body["session_id"].as_str().unwrap();
    let max = created.body["config"]["max_video_size_mb"]
        .as_u64()
        .unwrap()
        << 20;
    let max = usize::try_from(max).unwrap();
    let large = app.client.verify_clip(session, &vec![0; max + 1]).await;
    large.assert_error(413, "VIDEO_TOO_LARGE");
    assert!(large.error().contains("25 MiB"), "{}", large.error());
    // As large as allowed is taken, though it is no clip.
    let largest = app.client.verify_new_clip(&LEFT_RIGHT, &vec![0; max]).await;
    largest.assert_rejected(&["invalid_input"]);

    let clip = of_scenes(&left_right(|_, _| {}), 15);
    assert_verified(&app.client.verify_clip(session, &clip).await);
}

#[tokio::test]
async fn rate_limit_429() {
    // One more each second.
    let key = NewKey {
        requests_per_minute: 60,
        ..NewKey::named("slow")
    };
    let app = spawn_with_key(key).await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let create = async || app.client.create(&json!({})).await;
    let refused = app.until(create, |answer| answer.status != 200).await;
    refused.assert_error(429, "RATE_LIMIT");
    assert_eq!(refused.headers["retry-after"], "1");
    let verify = async || app.client.verify(&session, &Capture::good()).await;
    assert_verified(&app.until(verify, |answer| answer.status != 429).await);
}

#[tokio::test]
async fn concurrency_limit_429() {
    let one_at_a_time = Options {
        key: NewKey {
            concurrency: 1,
            ..NewKey::named("narrow")
        },
        ..Options::default()
    };
    {
        let app = spawn(one_at_a_time).await;
        let first = app.client.session(&LEFT_RIGHT).await;
        let second = app.client.session(&LEFT_RIGHT).await;
        let running = {
            let (client, first) = (app.client.clone(), first.clone());
            tokio::spawn(async move { client.verify(&first, &slow()).await })
        };
        app.until_state(&first, "processing").await;
        let refused = app.client.verify(&second, &Capture::good()).await;
        refused.assert_error(429, "CONCURRENCY_LIMIT");
        assert_eq!(refused.headers["retry-after"], "1");
        assert_eq!(app.client.status(&second).await.body["state"], "pending");
        assert_verified(&running.await.unwrap());
        // The same session: it has not been used.
        assert_verified(&app.client.verify(&second, &Capture::good()).await);
    }
}

#[tokio::test]
async fn processing_error_502() {
    let app = spawn_app().await;
    for act in [Act::Fail, Act::Panic] {
        let session = app.client.session(&LEFT_RIGHT).await;
        let fails = Capture::left_right(|i, s| s.act = if i == 5 { act } else { Act::Measure });
        let failed = app.client.verify(&session, &fails).await;
        failed.assert_error(502, "PROCESSING_ERROR");
        assert!(failed.error().contains("retry"), "{}", failed.error());
        assert!(failed.error().contains("new session"), "{}", failed.error());
        // The old one is used, as the document says.
        let again = app.client.verify(&session, &Capture::good()).await;
        again.assert_error(409, "SESSION_USED");
        assert_verified(&app.client.verify_new(&Capture::good()).await);
    }
}
