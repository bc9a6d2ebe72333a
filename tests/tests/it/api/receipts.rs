//! Receipts: what they say, who gets them, and that they stay valid while keys change.

use std::path::{Path, PathBuf};

use livegate_api::config::{ReceiptConfig, ServerConfig};
use livegate_api::keys::create::NewKey;
use livegate_api::receipts::check::{ReceiptError, check};
use livegate_api::receipts::edit::{new_key, remove_key, use_key};
use livegate_tests::app::{App, Options, spawn, spawn_app};
use livegate_tests::client::{Answer, Capture, base64};
use livegate_tests::scripted::{Act, Scene, person, png};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const JWKS: &str = "/.well-known/jwks.json";

/// An API that signs, and the folder of its keys.
async fn signing() -> (App, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let receipts = ReceiptConfig {
        signing_keys: Some(keys(&folder)),
        makes_keys: true,
        issuer: "https://live.example".to_owned(),
    };
    let server = ServerConfig {
        receipts,
        ..Options::default().server
    };
    let options = Options {
        server,
        ..Options::default()
    };
    (spawn(options).await, folder)
}

fn keys(folder: &TempDir) -> PathBuf {
    folder.path().join("signing-keys.json")
}

async fn jwks(app: &App) -> Value {
    let answer = app.client.without_key().get(JWKS).await;
    assert_eq!(answer.status, 200);
    answer.body
}

/// The claims of the receipt in an answer.
async fn claims(app: &App, answer: &Answer) -> Value {
    let receipt = answer.body["receipt"].as_str().expect("a receipt");
    check(receipt, &jwks(app).await.to_string()).unwrap()
}

fn sha256(bytes: &[u8]) -> Value {
    let digest = Sha256::digest(bytes);
    json!(
        digest
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    )
}

#[tokio::test]
async fn the_receipt_of_a_verified_capture_says_what_the_answer_says() {
    let (app, _folder) = signing().await;
    let created = app
        .client
        .create(&json!({"actions": ["turn_left", "turn_right"], "yaw_deg": 20}))
        .await;
    let session = created.body["session_id"].as_str().unwrap();
    let mut body = Capture::good().body(session);
    body["attestation"] = json!("app-attest: ü");
    body["reference_embedding"] = json!(person(0).as_slice());
    let answer = app.client.verify_raw(&body).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    let claims = claims(&app, &answer).await;
    for same in [
        "verified",
        "reason_codes",
        "confidence",
        "anti_spoof_avg_score",
        "same_person_score",
        "reference_match",
    ] {
        assert_eq!(claims[same], answer.body[same], "{same}");
    }
    for (claim, value) in [
        ("iss", json!("https://live.example")),
        ("sub", json!(session)),
        ("key_id", json!(app.key.id)),
        (
            "jti",
            json!(answer.headers["x-livegate-request-id"].to_str().unwrap()),
        ),
        ("api", json!("server_to_server")),
        ("mode", json!("images")),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("attestation_sha256", sha256("app-attest: ü".as_bytes())),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    let challenge = &claims["challenge"];
    assert_eq!(challenge["actions"], json!(["turn_left", "turn_right"]));
    assert_eq!(challenge["completed"], challenge["actions"]);
    assert_eq!(
        (&challenge["yaw_deg"], &challenge["mirrored"]),
        (&json!(20.0), &json!(false))
    );
    // The hashes are of what the answer holds, as a caller computes them.
    let picture = answer.body["best_frame_b64"].as_str().unwrap();
    let picture = base64_simd::STANDARD.decode_to_vec(picture).unwrap();
    assert_eq!(claims["best_frame_sha256"], sha256(&picture));
    let embedding = answer.body["embedding"].as_array().unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "they were 4-byte floats")]
    let embedding = embedding
        .iter()
        .flat_map(|v| (v.as_f64().unwrap() as f32).to_le_bytes());
    let embedding: Vec<u8> = embedding.collect();
    assert_eq!(claims["embedding_sha256"], sha256(&embedding));
    assert_eq!(claims["reference_match"]["matched"], json!(true));
    assert!(claims["iat"].as_u64().unwrap() > 1_700_000_000);
    // Actions that the caller named are no challenge of the server's.
    assert_eq!(claims["evidence_level"], json!(["captured_in_session"]));
    let records = app.stop().await;
    assert_eq!(records[0]["evidence_level"], claims["evidence_level"]);
    assert_eq!(records[0]["request_id"], claims["jti"]);
}

#[tokio::test]
async fn a_rejection_has_a_receipt_without_hashes_and_a_failure_has_none() {
    let (app, _folder) = signing().await;
    let two_people = Capture::left_right(|i, s| s.person = u16::from(i > 4));
    let answer = app.client.verify_new(&two_people).await;
    assert_eq!(answer.body["verified"], json!(false));
    let of_rejection = claims(&app, &answer).await;
    assert_eq!(of_rejection["reason_codes"], answer.body["reason_codes"]);
    assert_eq!(of_rejection["verified"], json!(false));
    for absent in [
        "confidence",
        "best_frame_sha256",
        "embedding_sha256",
        "attestation_sha256",
    ] {
        assert_eq!(of_rejection[absent], Value::Null, "{absent}");
    }
    // Nothing was measured in a frame that is cut short.
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let mut body = Capture::good().body(&session);
    let cut = png(&Scene::default());
    body["frames"][3]["image_b64"] = json!(base64(&cut[..cut.len() - 20]));
    let answer = app.client.verify_raw(&body).await;
    answer.assert_rejected(&["invalid_input"]);
    let of_invalid = claims(&app, &answer).await;
    assert_eq!(of_invalid["anti_spoof_avg_score"], Value::Null);
    assert_eq!(of_invalid["challenge"]["completed"], json!([]));
    let failing = Capture::left_right(|_, s| s.act = Act::Fail);
    let answer = app.client.verify_new(&failing).await;
    answer.assert_error(502, "PROCESSING_ERROR");
}

#[tokio::test]
async fn what_was_established_follows_from_who_drew_the_challenge_and_from_the_clock() {
    let (app, _folder) = signing().await;
    let drawn = app.client.create(&json!({})).await.body;
    let actions: Vec<String> = serde_json::from_value(drawn["challenge"].clone()).unwrap();
    let session = drawn["session_id"].as_str().unwrap();
    let mut body = Capture::doing(&actions).body(session);
    // The whole capture within the time that the session has existed.
    for (i, frame) in body["frames"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        frame["timestamp_ms"] = json!(i);
    }
    let answer = app.client.verify_raw(&body).await;
    let level = &claims(&app, &answer).await["evidence_level"];
    assert_eq!(
        level,
        &json!(["server_drawn_challenge", "captured_in_session"])
    );
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let mut body = Capture::good().body(&session);
    body["frames"][7]["timestamp_ms"] = json!(60_000);
    let answer = app.client.verify_raw(&body).await;
    let level = &claims(&app, &answer).await["evidence_level"];
    assert_eq!(level, &json!([]), "a minute in a session of a moment");
}

#[tokio::test]
async fn a_live_session_has_one_receipt_and_only_its_owner_gets_it() {
    let (app, _folder) = signing().await;
    let path = "/api/v1/liveness/sessions?num_challenges=2";
    let created = app
        .client
        .post(path, &json!({"attestation": "token"}))
        .await;
    let session = created.body["session_id"].as_str().unwrap().to_owned();
    let browser = app
        .client
        .with_token(created.body["client_token"].as_str().unwrap());
    for challenge in created.body["challenges"].as_array().unwrap() {
        let scenes = Scene::doing(challenge["type"].as_str().unwrap());
        let last = browser.play(&session, &scenes).await;
        assert!(last.body.get("receipt").is_none(), "{}", last.body);
    }
    let for_browser = browser.interactive_status(&session).await;
    assert_eq!(
        for_browser.body["is_live"],
        json!(true),
        "{}",
        for_browser.body
    );
    assert!(for_browser.body.get("receipt").is_none());
    let status = app.client.interactive_status(&session).await;
    let claims = claims(&app, &status).await;
    let names: Vec<&Value> = created.body["challenges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["type"])
        .collect();
    assert_eq!(claims["challenge"]["completed"], json!(names));
    for (claim, value) in [
        ("sub", json!(session)),
        ("api", json!("interactive")),
        ("mode", json!("interactive")),
        ("verified", json!(true)),
        ("attestation_sha256", sha256(b"token")),
        (
            "evidence_level",
            json!([
                "server_drawn_challenge",
                "captured_in_session",
                "live_guided"
            ]),
        ),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    // The same receipt each time, also to a further frame.
    let again = app.client.interactive_status(&session).await;
    assert_eq!(again.body["receipt"], status.body["receipt"]);
    let after = app.client.frame(&session, &png(&Scene::default())).await;
    assert_eq!(after.body["receipt"], status.body["receipt"]);
    let named = app.client.interactive_session("SMILE").await;
    let last = app.client.play(&named, &Scene::doing("SMILE")).await;
    assert_eq!(
        self::claims(&app, &last).await["evidence_level"],
        json!(["captured_in_session", "live_guided"])
    );
}

#[tokio::test]
async fn receipts_of_before_and_after_a_rotation_are_valid() {
    let (app, folder) = signing().await;
    let path = keys(&folder);
    let before = app.client.verify_new(&Capture::good()).await;
    let first = jwks(&app).await["keys"][0]["kid"].clone();
    let second = new_key(&path).unwrap().kid;
    until_keys(&app, 2, &first).await;
    // Published, and not signing yet.
    let between = app.client.verify_new(&Capture::good()).await;
    use_key(&path, &second).unwrap();
    until_keys(&app, 2, &json!(second)).await;
    let after = app.client.verify_new(&Capture::good()).await;
    for (answer, by) in [
        (&before, &first),
        (&between, &first),
        (&after, &json!(second)),
    ] {
        claims(&app, answer).await;
        let head = answer.body["receipt"].as_str().unwrap();
        let head = head.split('.').next().unwrap();
        let head = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(head).unwrap();
        let head: Value = serde_json::from_slice(&head).unwrap();
        assert_eq!((&head["kid"], &head["alg"]), (by, &json!("EdDSA")));
    }
    remove_key(&path, first.as_str().unwrap()).unwrap();
    until_keys(&app, 1, &json!(second)).await;
    let old = check(
        before.body["receipt"].as_str().unwrap(),
        &jwks(&app).await.to_string(),
    );
    assert!(matches!(old, Err(ReceiptError::UnknownKey(_))));
    // A file that is gone or broken stops nothing.
    std::fs::write(&path, "{").unwrap();
    let broken = app.client.verify_new(&Capture::good()).await;
    claims(&app, &broken).await;
    assert!(
        !jwks(&app).await.to_string().contains("\"d\""),
        "the private half"
    );
}

/// Waits until `number` keys are published, the first of them `first`.
async fn until_keys(app: &App, number: usize, first: &Value) {
    let client = app.client.without_key();
    app.until(
        async || client.get(JWKS).await,
        |answer| {
            let keys = answer.body["keys"].as_array().unwrap();
            keys.len() == number && keys[0]["kid"] == *first
        },
    )
    .await;
}

#[tokio::test]
async fn a_test_session_has_a_receipt_that_no_real_key_signed() {
    let (app, _folder) = signing().await;
    let key = app.add_key(&NewKey {
        test: true,
        ..NewKey::named("ci")
    });
    let ci = app.client.with_key(&key.secret);
    let created = app.until_known(&ci).await.body;
    let answer = ci
        .verify(created["session_id"].as_str().unwrap(), &Capture::good())
        .await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
    let live = ci.interactive("challenges=SMILE").await.body;
    let session = live["session_id"].as_str().unwrap();
    let mut last = ci.frame(session, &png(&Scene::default())).await;
    for _ in 0..2 {
        last = ci.frame(session, &png(&Scene::default())).await;
    }
    assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
    let tests = app.client.get("/.well-known/test-jwks.json").await.body;
    for answer in [&answer, &last] {
        let receipt = answer.body["receipt"].as_str().unwrap();
        let claims = check(receipt, &tests.to_string()).unwrap();
        assert_eq!(
            (&claims["test"], &claims["verified"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(claims["evidence_level"], json!([]));
        let by_real_keys = check(receipt, &jwks(&app).await.to_string());
        assert!(matches!(by_real_keys, Err(ReceiptError::UnknownKey(_))));
    }
    let real = app.client.verify_new(&Capture::good()).await;
    assert!(claims(&app, &real).await.get("test").is_none());
}

#[tokio::test]
async fn without_a_key_verdicts_are_as_they_were() {
    let app = spawn_app().await;
    let answer = app.client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true));
    assert!(answer.body.get("receipt").is_none());
    assert_eq!(jwks(&app).await, json!({"keys": []}));
    let posted = app.client.request(Method::POST, JWKS);
    livegate_tests::client::Client::send(posted)
        .await
        .assert_error(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn an_attestation_of_another_shape_is_refused_before_the_session_is_used() {
    let (app, _folder) = signing().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    for wrong in [
        json!(""),
        json!(7),
        json!({"a": 1}),
        json!("x".repeat(16_385)),
    ] {
        let mut body = Capture::good().body(&session);
        body["attestation"] = wrong.clone();
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, "INVALID_INPUT");
        assert!(answer.error().contains("attestation"), "{}", answer.error());
        let created = app
            .client
            .post(
                "/api/v1/liveness/sessions",
                &json!({ "attestation": wrong }),
            )
            .await;
        created.assert_error(400, "INVALID_INPUT");
    }
    let answer = app.client.verify(&session, &Capture::good()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_file_with_a_mistake_ends_the_start() {
    // Read at the start, so that no verdict goes out without the receipt that the operator asked for.
    for (text, says) in [(None, "new-key"), (Some("{"), "neither PEM")] {
        let folder = tempfile::tempdir().unwrap();
        let path: &Path = &folder.path().join("keys.json");
        if let Some(text) = text {
            std::fs::write(path, text).unwrap();
        }
        let config = ReceiptConfig {
            signing_keys: Some(path.to_owned()),
            ..ReceiptConfig::default()
        };
        let services = livegate_server::embedded::services(livegate_tests::scripted::thresholds());
        let opened = livegate_api::receipts::Receipts::open(&config, &services.unwrap().0);
        let error = opened.err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
}
