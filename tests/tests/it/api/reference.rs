//! The reference match: a picture or an embedding that the captured face is compared with. It is a separate answer: the
//! verdict does not depend on it, and a reference that cannot be used leaves the session unused.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use livegate_api::keys::create::NewKey;
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Capture, Client, base64, clip_body};
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::{Act, Scene, jpeg, person, png};
use reqwest::Method;
use serde_json::{Value, json};

use super::replicas::Shared;

/// A portrait of a person.
fn portrait(person: u16) -> Scene {
    Scene {
        person,
        ..Scene::default()
    }
}

/// A body's fields for this picture.
fn picture(scene: &Scene) -> Value {
    json!({ "reference_image_b64": base64(&png(scene)) })
}

/// A body's fields for the embedding of a person, scaled.
fn embedding(number: u16, scale: f32) -> Value {
    let values: Vec<f32> = person(number)
        .as_slice()
        .iter()
        .map(|v| v * scale)
        .collect();
    json!({ "reference_embedding": values })
}

/// A verify body with more fields.
fn with(mut body: Value, more: &Value) -> Value {
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    body
}

/// Verifies a capture with a reference, in a new session.
async fn verify(client: &Client, capture: &Capture, reference: &Value) -> Answer {
    let session = client.session(&["turn_left", "turn_right"]).await;
    client
        .verify_raw(&with(capture.body(&session), reference))
        .await
}

fn matched(score: f64) -> Value {
    let threshold = f64::from(Thresholds::default().reference_match);
    let threshold = (threshold * 1e4).round() / 1e4;
    json!({ "score": score, "threshold": threshold, "matched": score >= threshold })
}

#[tokio::test]
async fn the_same_person_matches_another_does_not_and_both_are_verified() {
    let app = spawn_app().await;
    for (reference, score) in [
        (picture(&portrait(0)), 1.0),
        (picture(&portrait(7)), 0.0),
        (embedding(0, 1.0), 1.0),
        (embedding(0, 250.0), 1.0),
        (embedding(7, 0.01), 0.0),
    ] {
        let answer = verify(&app.client, &Capture::good(), &reference).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        assert_eq!(answer.body["reference_match"], matched(score));
    }
    // Null means that none was sent.
    let none = json!({ "reference_image_b64": null, "reference_embedding": null });
    for body in [json!({}), none] {
        let answer = verify(&app.client, &Capture::good(), &body).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        assert_eq!(answer.body.get("reference_match"), None);
    }
}

#[tokio::test]
async fn a_clip_is_compared_too() {
    let app = spawn_app().await;
    let clip = of_scenes(&left_right(|_, _| {}), 15);
    for (number, score) in [(0, 1.0), (7, 0.0)] {
        let session = app.client.session(&["turn_left", "turn_right"]).await;
        let body = with(clip_body(&session, &clip), &picture(&portrait(number)));
        let answer = app.client.verify_raw(&body).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        assert_eq!(answer.body["reference_match"], matched(score));
    }
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let body = with(clip_body(&session, b"no clip"), &picture(&portrait(0)));
    let answer = app.client.verify_raw(&body).await;
    answer.assert_rejected(&["invalid_input"]);
    assert_eq!(answer.body.get("reference_match"), Some(&Value::Null));
}

#[tokio::test]
async fn a_rejection_has_the_match_of_one_persons_portrait_or_null() {
    let app = spawn_app().await;
    let verify =
        async |capture: &Capture| verify(&app.client, capture, &picture(&portrait(0))).await;
    let spoof = verify(&Capture::left_right(|_, s| s.bona_fide = 0.1)).await;
    spoof.assert_rejected(&["spoof_detected"]);
    assert_eq!(spoof.body["reference_match"], matched(1.0));
    let still = verify(&Capture::left_right(|_, s| s.yaw = 0.0)).await;
    still.assert_rejected(&["challenge_failed"]);
    assert_eq!(still.body["reference_match"], matched(1.0));
    let swap = verify(&Capture::left_right(|i, s| s.person = u16::from(i > 4))).await;
    assert_eq!(swap.body["verified"], json!(false));
    assert_eq!(swap.body.get("reference_match"), Some(&Value::Null));
    let company = verify(&Capture::left_right(|_, s| s.faces = 2)).await;
    assert_eq!(company.body.get("reference_match"), Some(&Value::Null));
    let empty = verify(&Capture::left_right(|_, s| s.faces = 0)).await;
    empty.assert_rejected(&["insufficient_face_detections"]);
    assert_eq!(empty.body.get("reference_match"), Some(&Value::Null));
    let mut broken = Capture::good();
    broken.0[4].1.truncate(100);
    let broken = verify(&broken).await;
    broken.assert_rejected(&["invalid_input"]);
    assert_eq!(broken.body.get("reference_match"), Some(&Value::Null));
}

/// A JPEG of one channel.
fn one_channel() -> Vec<u8> {
    let mut file = Vec::new();
    JpegEncoder::new(&mut file)
        .write_image(&[90; 160 * 160], 160, 160, ExtendedColorType::L8)
        .unwrap();
    file
}

/// References that are refused, with the code and words of the error.
fn refused() -> Vec<(Value, &'static str, &'static str)> {
    let change = |change: fn(&mut Scene)| {
        let mut scene = portrait(0);
        change(&mut scene);
        picture(&scene)
    };
    let bytes = |bytes: &[u8]| json!({ "reference_image_b64": base64(bytes) });
    let whole = png(&portrait(0));
    let unfit = "INVALID_REFERENCE";
    let invalid = "INVALID_INPUT";
    let both = with(picture(&portrait(0)), &embedding(0, 1.0));
    vec![
        (change(|s| s.faces = 0), unfit, "no face"),
        (bytes(&jpeg(320, 240)), unfit, "no face"),
        (change(|s| s.faces = 2), unfit, "2 faces"),
        (
            change(|s| s.face_width = 0.2),
            unfit,
            "32 pixels where at least 40",
        ),
        (
            change(|s| s.detail_px = Some(8.0)),
            unfit,
            "detail of 8 pixels",
        ),
        (change(|s| s.brightness = 20.0), unfit, "dark face"),
        (change(|s| s.brightness = 240.0), unfit, "bright face"),
        (
            change(|s| s.yaw = 40.0),
            unfit,
            "turned by 40 degrees where at most 30",
        ),
        (change(|s| s.roll = 60.0), unfit, "tilted by 60 degrees"),
        (bytes(&whole[..whole.len() / 2]), unfit, "cut off"),
        (bytes(&jpeg(100, 100)), unfit, "100x100 pixels"),
        (bytes(&one_channel()), unfit, "one channel"),
        (bytes(b"GIF89a........"), unfit, "a GIF"),
        (bytes(b"%PDF-1.7......"), unfit, "a PDF"),
        (bytes(b"some text"), unfit, "neither a JPEG nor a PNG"),
        (json!({ "reference_image_b64": "" }), unfit, "is empty"),
        (
            json!({ "reference_image_b64": "no base64!" }),
            unfit,
            "base64",
        ),
        (
            json!({ "reference_image_b64": 7 }),
            invalid,
            "must be a string",
        ),
        (both, invalid, "not both"),
        (
            json!({ "reference_embedding": [1.0, 2.0] }),
            invalid,
            "512 numbers; this one has 2",
        ),
        (
            json!({ "reference_embedding": vec![0.0; 512] }),
            invalid,
            "no direction",
        ),
        (
            json!({ "reference_embedding": vec!["1"; 512] }),
            invalid,
            "an array of 512 numbers",
        ),
    ]
}

#[tokio::test]
async fn a_reference_without_one_clear_face_is_refused_and_leaves_the_session_unused() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    for (reference, code, says) in refused() {
        let body = with(Capture::good().body(&session), &reference);
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, code);
        assert!(answer.error().contains(says), "{says}: {}", answer.error());
        let status = app.client.status(&session).await;
        assert_eq!(status.body["state"], json!("pending"));
    }
    let body = with(Capture::good().body(&session), &picture(&portrait(0)));
    let answer = app.client.verify_raw(&body).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    // A refused reference is no verification, so it has no record.
    assert_eq!(app.stop().await.len(), 1);
}

#[tokio::test]
async fn grey_noise_a_small_second_face_and_a_tight_crop_are_no_hindrance() {
    let app = spawn_app().await;
    for change in [
        (|s: &mut Scene| s.colour = 0.0) as fn(&mut Scene),
        |s| s.noise = 20.0,
        |s| s.face_width = 0.95,
        |s| s.bona_fide = 0.01,
    ] {
        let mut scene = portrait(0);
        change(&mut scene);
        let answer = verify(&app.client, &Capture::good(), &picture(&scene)).await;
        assert_eq!(
            answer.body["reference_match"],
            matched(1.0),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_reference_that_no_worker_measures_is_a_502_that_leaves_the_session_unused() {
    let app = spawn_app().await;
    let failing = Scene {
        act: Act::Fail,
        ..portrait(0)
    };
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let body = with(Capture::good().body(&session), &picture(&failing));
    let answer = app.client.verify_raw(&body).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let status = app.client.status(&session).await;
    assert_eq!(status.body["state"], json!("pending"));
}

/// Creates a live session with this body.
async fn create(client: &Client, body: &Value) -> Answer {
    let path = "/api/v1/liveness/sessions?challenges=TURN_LEFT";
    Client::send(client.request(Method::POST, path).json(body)).await
}

#[tokio::test]
async fn a_live_session_is_compared_at_its_end_for_the_keys_owner_alone() {
    let app = spawn_app().await;
    for (reference, score) in [
        (picture(&portrait(0)), 1.0),
        (picture(&portrait(7)), 0.0),
        (embedding(0, 3.0), 1.0),
    ] {
        let created = create(&app.client, &reference).await;
        assert_eq!(created.status, 200, "{}", created.body);
        let id = created.body["session_id"].as_str().unwrap();
        let token = created.body["client_token"].as_str().unwrap();
        let browser = app.client.with_token(token);
        let running = app.client.frame(id, &png(&Scene::default())).await;
        assert_eq!(running.body.get("reference_match"), None);
        let last = browser.play(id, &Scene::doing("TURN_LEFT")).await;
        assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
        assert_eq!(last.body.get("reference_match"), None);
        let status = browser.interactive_status(id).await;
        assert_eq!(status.body.get("reference_match"), None);
        let status = app.client.interactive_status(id).await;
        assert_eq!(status.body["reference_match"], matched(score));
        let frame = app.client.frame(id, &png(&Scene::default())).await;
        assert_eq!(frame.body["reference_match"], matched(score));
    }
    let created = create(&app.client, &json!({})).await;
    let id = created.body["session_id"].as_str().unwrap();
    let last = app.client.play(id, &Scene::doing("TURN_LEFT")).await;
    assert_eq!(last.body.get("reference_match"), None, "{}", last.body);
}

#[tokio::test]
async fn a_live_session_with_two_people_is_not_compared() {
    let app = spawn_app().await;
    let created = create(&app.client, &picture(&portrait(0))).await;
    let id = created.body["session_id"].as_str().unwrap();
    let two = Scene {
        faces: 2,
        ..Scene::default()
    };
    let last = app.client.play(id, &[Scene::default(), two, two]).await;
    assert_eq!(last.body["state"], json!("failed"), "{}", last.body);
    assert_eq!(last.body.get("reference_match"), Some(&Value::Null));
}

#[tokio::test]
async fn no_live_session_is_made_with_a_reference_that_cannot_be_used() {
    let app = spawn_app().await;
    for (reference, code, says) in refused() {
        let answer = create(&app.client, &reference).await;
        answer.assert_error(400, code);
        assert!(answer.error().contains(says), "{says}: {}", answer.error());
    }
    let picture = png(&portrait(0));
    let mut large = picture.clone();
    large.resize(11 << 20, 0);
    let over = json!({ "reference_image_b64": base64(&large) });
    let answer = create(&app.client, &over).await;
    assert!(matches!(answer.status, 400 | 413), "{}", answer.body);
    large.resize(9 << 20, 0);
    let under = json!({ "reference_image_b64": base64(&large) });
    let answer = create(&app.client, &under).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn any_replica_compares() {
    let shared = Shared::new();
    let first = shared.first(Options::default()).await;
    let second = shared.another(&first, Options::default()).await;
    let _worker = shared.worker();
    let verified = async |app: &App, session: &str, number: u16| {
        let body = with(Capture::good().body(session), &picture(&portrait(number)));
        let answer = app.client.verify_raw(&body).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        answer.body["reference_match"].clone()
    };
    let session = first.client.session(&["turn_left", "turn_right"]).await;
    let unfit = picture(&Scene::empty());
    let body = with(Capture::good().body(&session), &unfit);
    let refused = second.client.verify_raw(&body).await;
    refused.assert_error(400, "INVALID_REFERENCE");
    assert_eq!(verified(&second, &session, 0).await, matched(1.0));
    let session = second.client.session(&["turn_left", "turn_right"]).await;
    assert_eq!(verified(&first, &session, 7).await, matched(0.0));
    // A live session, made by one, with frames taken by both.
    let created = create(&first.client, &picture(&portrait(0))).await;
    let id = created.body["session_id"].as_str().unwrap();
    let turn = Scene::doing("TURN_LEFT");
    first.client.play(id, &turn[..2]).await;
    let last = second.client.play(id, &turn[2..]).await;
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    assert_eq!(last.body["reference_match"], matched(1.0));
    let status = first.client.interactive_status(id).await;
    assert_eq!(status.body["reference_match"], matched(1.0));
}

#[tokio::test]
async fn a_test_key_covers_a_match_and_a_stranger_without_a_worker() {
    let app = spawn(Options {
        workers: 0,
        key: NewKey {
            test: true,
            ..NewKey::named("ci")
        },
        ..Options::default()
    })
    .await;
    let verify = async |outcome: &str, reference: &Value| {
        let created = app.client.create(&json!({ "test_outcome": outcome })).await;
        let session = created.body["session_id"].as_str().unwrap();
        let body = with(Capture::good().body(session), reference);
        app.client.verify_raw(&body).await.body
    };
    let portrait = picture(&portrait(0));
    let known = verify("verified", &portrait).await;
    assert_eq!(known["reference_match"]["matched"], json!(true), "{known}");
    let stranger = verify("verified", &embedding(7, 1.0)).await;
    let found = &stranger["reference_match"]["matched"];
    assert_eq!(
        (&stranger["verified"], found),
        (&json!(true), &json!(false))
    );
    let spoof = verify("spoof_detected", &portrait).await;
    assert_eq!(spoof["reference_match"]["matched"], json!(true), "{spoof}");
    let several = verify("different_persons_detected", &portrait).await;
    assert_eq!(several["reference_match"], Value::Null, "{several}");
    let missed = verify("challenge_failed", &json!({})).await;
    assert_eq!(missed["retry_hints"].as_array().unwrap().len(), 1);
    let created = create(&app.client, &portrait).await;
    let id = created.body["session_id"].as_str().unwrap();
    let frames = [Scene::default(); 3];
    let last = app.client.play(id, &frames).await;
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    assert_eq!(last.body["reference_match"], matched(1.0));
}
