//! The parameters of a new session and of a frame: what is taken, what is refused with its name, and what
//! holds where nothing is said.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Client;
use livegate_tests::scripted::{Scene, jpeg, png};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::{assert_fields, create, frames, types, until};

/// Ends the test unless each of these is refused, for the same reason.
async fn assert_refused(app: &App, name: &str, values: &[&str], rule: &str) {
    for value in values {
        let refused = app.client.interactive(&format!("{name}={value}")).await;
        refused.assert_error(400, "INVALID_INPUT");
        assert_eq!(
            refused.error(),
            format!("{name} must be {rule}."),
            "{value}"
        );
    }
}

#[tokio::test]
async fn num_challenges() {
    let app = spawn_app().await;
    for number in 1..=7 {
        let query = format!("num_challenges={number}");
        let drawn = types(&app.client.interactive(&query).await);
        let different: BTreeSet<&String> = drawn.iter().collect();
        assert_eq!(
            (drawn.len(), different.len()),
            (number, number),
            "{drawn:?}"
        );
    }
    for nothing_said in ["", "timeout_seconds=7"] {
        let drawn = types(&app.client.interactive(nothing_said).await);
        assert_eq!(drawn.len(), 3, "{drawn:?}");
    }
    let refused = ["0", "8", "-1", "2.5", "three", "", "99999999999999999999"];
    let rule = "a whole number from 1 to 7";
    assert_refused(&app, "num_challenges", &refused, rule).await;
}

#[tokio::test]
async fn timeout_seconds() {
    let app = spawn_app().await;
    for (query, seconds) in [
        ("", 5.0),
        ("num_challenges=2", 5.0),
        ("timeout_seconds=5", 5.0),
        ("timeout_seconds=5.0", 5.0),
        ("timeout_seconds=2.5", 2.5),
        ("timeout_seconds=1", 1.0),
        ("timeout_seconds=60", 60.0),
    ] {
        let created = app.client.interactive(query).await;
        for challenge in created.body["challenges"].as_array().unwrap() {
            assert_eq!(challenge["timeout_seconds"], json!(seconds), "{query}");
        }
    }
    let refused = ["0.99", "60.01", "0", "-5", "NaN", "inf", "five", ""];
    let rule = "a number from 1 to 60";
    assert_refused(&app, "timeout_seconds", &refused, rule).await;

    // It is a challenge's time, and begins anew with the next one.
    let id = create(&app, "challenges=SMILE,BLINK&timeout_seconds=1.5").await;
    frames(&app, &id, &[Scene::default()]).await;
    let smiled = Instant::now();
    frames(&app, &id, &[Scene::smiling()]).await;
    let failed = until(&app, &id, "failed").await;
    assert!(smiled.elapsed() > Duration::from_millis(1_500));
    let missed = &failed.body["rejection_details"]["failed_actions"][0]["action"];
    assert_eq!(missed, "BLINK");
}

#[tokio::test]
async fn image() {
    let app = spawn_app().await;
    let id = create(&app, "challenges=SMILE").await;
    // What is no frame leaves the session as it was.
    let whole = jpeg(640, 480);
    for refused in [
        b"".as_slice(),
        b"no picture",
        b"GIF89a....",
        &whole[..whole.len() / 2],
        &jpeg(119, 120),
        &jpeg(120, 4097),
    ] {
        let answer = app.client.frame(&id, refused).await;
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
    }
    let path = format!("/api/v1/liveness/sessions/{id}/frame");
    let picture = || Part::bytes(png(&Scene::default()));
    for form in [Form::new(), Form::new().part("frame", picture())] {
        let request = app.client.request(Method::POST, &path).multipart(form);
        let missing = Client::send(request).await;
        missing.assert_error(400, "MISSING_FIELDS");
        assert_eq!(missing.error(), "Required: image.");
    }
    assert_fields(
        &app.client.interactive_status(&id).await,
        &[("state", json!("pending"))],
    );

    // Camera frames of either format, whatever the form says of them.
    let neutral = png(&Scene::default());
    for (taken, file_name, mime) in [
        (whole, "frame.jpg", "image/jpeg"),
        (neutral.clone(), "frame.png", "image/png"),
        (neutral, "frame.jpg", "application/octet-stream"),
    ] {
        let part = Part::bytes(taken).file_name(file_name);
        let form = Form::new().part("image", part.mime_str(mime).unwrap());
        let request = app.client.request(Method::POST, &path).multipart(form);
        let answer = Client::send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_fields(&answer, &[("state", json!("in_progress"))]);
    }
}
