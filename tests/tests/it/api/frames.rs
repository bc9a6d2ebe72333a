//! What a verify body may hold: every refusal before a pixel is decoded.

use livegate_tests::app::spawn_app;
use livegate_tests::client::{Capture, Client, base64};
use livegate_tests::scripted::{Scene, jpeg, png};
use reqwest::Method;
use serde_json::{Value, json};

/// A good body with one thing changed.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = Capture::good().body("live_0123456789abcdef0123456789abcdef");
    change(&mut body);
    body
}

#[tokio::test]
async fn a_frame_that_is_no_object_or_no_picture_is_named_with_what_came_instead() {
    let app = spawn_app().await;
    let set = |index: usize, field: &'static str, value: Value| {
        changed(|b| b["frames"][index][field] = value)
    };
    for (body, index, named) in [
        (changed(|b| b["frames"][2] = json!([1, 2])), 2, "object"),
        (changed(|b| b["frames"][2] = Value::Null), 2, "object"),
        (set(6, "image_b64", json!("%%%%")), 6, "base64"),
        (set(6, "image_b64", json!("data:image/jpeg")), 6, "base64"),
        (set(6, "image_b64", json!("")), 6, "image_b64 is empty"),
        (set(6, "image_b64", json!(null)), 6, "image_b64"),
        (
            set(6, "image_b64", json!(base64(b"GIF89a....."))),
            6,
            "neither a JPEG nor a PNG",
        ),
        (
            set(6, "image_b64", json!(base64(&[0xff, 0xd8, 0xff, 0xe0]))),
            6,
            "JPEG header",
        ),
        (
            set(6, "image_b64", json!(base64(&jpeg(119, 300)))),
            6,
            "119x300",
        ),
        (
            set(6, "image_b64", json!(base64(&jpeg(4100, 120)))),
            6,
            "4100x120",
        ),
        (
            set(7, "image_b64", json!("A".repeat(14 << 20))),
            7,
            "10 MiB",
        ),
    ] {
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        let text = answer.error();
        assert!(
            text.starts_with(&format!("Frame {index}: ")) && text.contains(named),
            "{text}"
        );
    }
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let app = spawn_app().await;
    for body in [
        changed(|b| b["session_id"] = json!({"secret": "hunter2"})),
        changed(|b| b["mode"] = json!("hunter2")),
        changed(|b| b["frames"][0]["phase"] = json!("hunter2")),
        changed(|b| b["frames"][0]["image_b64"] = json!("hunter2!")),
    ] {
        let answer = app.client.verify_raw(&body).await;
        assert_eq!(answer.status, 400);
        assert!(
            !answer.body.to_string().contains("hunter2"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn the_bounds_of_what_is_legal_are_taken() {
    let app = spawn_app().await;
    for body in [
        changed(|b| b["frames"][1]["timestamp_ms"] = json!(13.4)),
        changed(|b| b["frames"][0]["image_b64"] = json!(base64(&jpeg(120, 4096)))),
        changed(|b| b["frames"][0]["index"] = json!(0.0)),
        changed(|b| b["frames"][0]["extra"] = json!({"deep": [[1]]})),
        changed(|b| b["client"] = json!({"version": [1, 2]})),
        changed(|b| b["video_b64"] = Value::Null),
    ] {
        app.client
            .verify_raw(&body)
            .await
            .assert_error(404, "SESSION_NOT_FOUND");
    }
}

#[tokio::test]
async fn base64_is_taken_as_clients_write_it() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let mut body = Capture::good().body(&session);
    let text = base64(&png(&Scene::default()));
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(76)
        .map(|c| std::str::from_utf8(c).unwrap())
        .collect();
    body["frames"][0]["image_b64"] = json!(format!("data:image/png;base64,{text}"));
    body["frames"][1]["image_b64"] = json!(lines.join("\r\n"));
    body["frames"][5]["image_b64"] = json!(text.trim_end_matches('='));
    // As PHP writes JSON.
    let sent = body.to_string().replace('/', "\\/");
    let request = app.client.request(Method::POST, "/v1/liveness/verify");
    let answer = Client::send(
        request
            .header("content-type", "application/json")
            .body(sent),
    )
    .await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}
