//! The fields of a frame: what is taken, and what is refused with the frame and the field named.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture, base64};
use livegate_tests::scripted::{Scene, jpeg, png};
use serde_json::{Value, json};

use super::{LEFT_RIGHT, assert_verified};

/// Verifies a good capture with the frames changed.
async fn verify(app: &App, change: impl FnOnce(&mut Vec<Value>)) -> Answer {
    let session = app.client.session(&LEFT_RIGHT).await;
    let mut body = Capture::good().body(&session);
    change(body["frames"].as_array_mut().unwrap());
    app.client.verify_raw(&body).await
}

/// Ends the test unless the frame's field may not be any of `values`, nor be left out.
async fn assert_refused(app: &App, frame: usize, field: &str, values: &[Value]) {
    let missing = verify(app, |frames| {
        frames[frame].as_object_mut().unwrap().remove(field);
    });
    let mut answers = vec![missing.await];
    for value in values {
        answers.push(verify(app, |frames| frames[frame][field] = value.clone()).await);
    }
    for answer in answers {
        answer.assert_error(400, "INVALID_FRAME_FORMAT");
        let named = format!("Frame {frame}: {field} ");
        assert!(answer.error().starts_with(&named), "{}", answer.error());
    }
}

#[tokio::test]
async fn index() {
    let app = spawn_app().await;
    assert_verified(&verify(&app, |_| {}).await);
    assert_verified(&verify(&app, |frames| frames[0]["index"] = json!(0.0)).await);
    // It starts at 0 and leaves nothing out.
    assert_refused(&app, 0, "index", &[json!(1), json!(-1)]).await;
    let others = [json!(2), json!(4), json!(3.5), json!("3"), json!(null)];
    assert_refused(&app, 3, "index", &others).await;
    let from_one = verify(&app, |frames| {
        for (at, frame) in frames.iter_mut().enumerate() {
            frame["index"] = json!(at + 1);
        }
    });
    let from_one = from_one.await;
    from_one.assert_error(400, "INVALID_FRAME_FORMAT");
    assert!(from_one.error().starts_with("Frame 0: index must be 0"));
}

#[tokio::test]
async fn timestamp_ms() {
    let app = spawn_app().await;
    for times in [
        // As in the document's example, and as a browser's clock gives them.
        [0.0, 200.0, 600.0, 800.0, 1200.0, 1400.0, 1800.0, 2000.0],
        [16.7, 33.4, 50.1, 66.8, 83.5, 100.2, 116.9, 133.6],
    ] {
        let taken = verify(&app, |frames| {
            for (frame, time) in frames.iter_mut().zip(times) {
                frame["timestamp_ms"] = json!(time);
            }
        });
        assert_verified(&taken.await);
    }
    assert_refused(&app, 0, "timestamp_ms", &[json!(-1), json!(-0.1)]).await;
    // The frame before it is at 20.
    let others = [json!(20), json!(19.9), json!(0), json!("600"), json!(null)];
    assert_refused(&app, 3, "timestamp_ms", &others).await;
}

#[tokio::test]
async fn phase() {
    let app = spawn_app().await;
    // Also of an action that is not asked for.
    for tag in [
        "center",
        "center_start",
        "turn_left_start",
        "turn_up",
        "turn_down2",
        "blink_1",
    ] {
        assert_verified(&verify(&app, |frames| frames[0]["phase"] = json!(tag)).await);
    }
    let others = [
        json!("smile"),
        json!(""),
        json!("turn"),
        json!("left_turn_left"),
        json!("Turn_Left"),
        json!(" turn_left"),
        json!(7),
        json!(null),
    ];
    assert_refused(&app, 2, "phase", &others).await;

    // A frame belongs to the action of its tag and to no other.
    let elsewhere = verify(&app, |frames| {
        frames[2]["phase"] = json!("blink");
        frames[3]["phase"] = json!("center");
    });
    let elsewhere = elsewhere.await;
    elsewhere.assert_rejected(&["challenge_failed"]);
    let failed = &elsewhere.body["rejection_details"]["failed_actions"];
    assert_eq!(
        (&failed[0]["action"], &failed[0]["why"]),
        (&json!("turn_left"), &json!("no_frames"))
    );
}

#[tokio::test]
async fn image_b64() {
    let app = spawn_app().await;
    // Pictures without a face, as far as the scripted analyzer sees: one of eight is no matter.
    for (width, height) in [(1280, 720), (720, 1280), (120, 120), (4096, 120)] {
        let picture = json!(base64(&jpeg(width, height)));
        let answer = verify(&app, |frames| frames[1]["image_b64"] = picture).await;
        assert_verified(&answer);
        assert_eq!(answer.body["frames_analyzed"], json!(7));
    }
    let whole = base64(&png(&Scene::default()));
    for taken in [
        format!("data:image/png;base64,{whole}"),
        // What it says of the format does not count.
        format!("data:image/jpeg;base64,{whole}"),
        whole.trim_end_matches('=').to_owned(),
        whole.clone(),
    ] {
        let answer = verify(&app, |frames| frames[1]["image_b64"] = json!(taken)).await;
        assert_verified(&answer);
        assert_eq!(answer.body["frames_analyzed"], json!(8));
    }
    let others = [
        json!(""),
        json!("/9j/4AAQ..."),
        json!("data:image/jpeg;base64,"),
        json!(base64(b"GIF89a....")),
        json!(base64(&[0xff, 0xd8, 0xff, 0xe0])),
        json!(base64(&jpeg(119, 120))),
        json!(base64(&jpeg(120, 4097))),
        json!(7),
        json!(null),
    ];
    assert_refused(&app, 5, "image_b64", &others).await;
}
