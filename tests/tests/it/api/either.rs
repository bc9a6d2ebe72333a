//! What one replica began, another ends and tells: receipts with their evidence level, retry hints, test sessions.

use livegate_api::config::{ReceiptConfig, ServerConfig};
use livegate_api::keys::create::NewKey;
use livegate_api::receipts::check::check;
use livegate_api::receipts::edit::{new_key, remove_key, use_key};
use livegate_tests::app::{App, Options};
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::replicas::Shared;

const JWKS: &str = "/.well-known/jwks.json";

/// Two replicas that follow one file of signing keys.
struct Pair {
    first: App,
    second: App,
    folder: TempDir,
    shared: Shared,
}

impl Pair {
    async fn start(key: NewKey) -> Self {
        let (shared, folder) = (Shared::new(), tempfile::tempdir().unwrap());
        new_key(&folder.path().join("signing-keys.json")).unwrap();
        let options = || Options {
            server: ServerConfig {
                receipts: ReceiptConfig {
                    signing_keys: Some(folder.path().join("signing-keys.json")),
                    makes_keys: false,
                    issuer: "https://live.example".to_owned(),
                },
                ..Options::default().server
            },
            key: key.clone(),
            ..Options::default()
        };
        let first = shared.first(options()).await;
        let second = shared.another(&first, options()).await;
        Self {
            first,
            second,
            folder,
            shared,
        }
    }

    fn signing_keys(&self) -> std::path::PathBuf {
        self.folder.path().join("signing-keys.json")
    }

    /// Each replica, and the other one.
    fn ways(&self) -> [(&App, &App); 2] {
        [(&self.first, &self.second), (&self.second, &self.first)]
    }

    /// The claims of an answer's receipt, which the keys that either replica publishes verify.
    async fn claims(&self, answer: &Answer) -> Value {
        let receipt = answer.body["receipt"].as_str().expect("a receipt");
        let mut claims = Vec::new();
        for app in [&self.first, &self.second] {
            let published = app.client.without_key().get(JWKS).await.body;
            claims.push(check(receipt, &published.to_string()).unwrap());
        }
        assert_eq!(claims[0], claims[1]);
        claims.remove(0)
    }

    /// Waits until both replicas publish these keys, the one that signs first.
    async fn until_published(&self, kids: &[&str]) {
        for app in [&self.first, &self.second] {
            let published = |answer: &Answer| {
                let keys = answer.body["keys"].as_array().unwrap();
                keys.iter()
                    .map(|k| k["kid"].as_str().unwrap())
                    .eq(kids.iter().copied())
            };
            let client = app.client.without_key();
            app.until(async || client.get(JWKS).await, published).await;
        }
    }
}

/// The id of the key that signed an answer's receipt.
fn signed_by(answer: &Answer) -> String {
    let receipt = answer.body["receipt"].as_str().expect("a receipt");
    let head = receipt.split('.').next().unwrap();
    let head = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(head).unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

/// A capture of a drawn challenge, all of it within a moment.
async fn drawn(app: &App) -> (String, Value) {
    let created = app.client.create(&json!({})).await.body;
    let session = created["session_id"].as_str().unwrap().to_owned();
    let actions: Vec<String> = serde_json::from_value(created["challenge"].clone()).unwrap();
    let mut body = Capture::doing(&actions).body(&session);
    let frames = body["frames"].as_array_mut().unwrap();
    for (i, frame) in frames.iter_mut().enumerate() {
        frame["timestamp_ms"] = json!(i);
    }
    (session, body)
}

#[tokio::test]
async fn a_receipt_knows_what_the_other_replica_drew_and_when() {
    let pair = Pair::start(NewKey::named("test")).await;
    let _worker = pair.shared.worker();
    for (one, other) in pair.ways() {
        let (session, mut body) = drawn(one).await;
        body["attestation"] = json!("token");
        let answer = other.client.verify_raw(&body).await;
        assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
        let claims = pair.claims(&answer).await;
        assert_eq!(claims["sub"], json!(session));
        assert_eq!(
            claims["evidence_level"],
            json!(["server_drawn_challenge", "captured_in_session"])
        );
        assert!(claims["attestation_sha256"].is_string());
        // A live session: its frames come to both, its attestation to the first, and both tell of one receipt.
        let path = "/api/v1/liveness/sessions?challenges=TURN_LEFT";
        let created = one
            .client
            .post(path, &json!({"attestation": "token"}))
            .await;
        let id = created.body["session_id"].as_str().unwrap();
        let turn = Scene::doing("TURN_LEFT");
        one.client.play(id, &turn[..2]).await;
        let last = other.client.play(id, &turn[2..]).await;
        assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
        let of_live = pair.claims(&last).await;
        assert_eq!(of_live["attestation_sha256"], claims["attestation_sha256"]);
        assert_eq!(
            of_live["evidence_level"],
            json!(["captured_in_session", "live_guided"])
        );
        for app in [one, other] {
            let status = app.client.interactive_status(id).await;
            assert_eq!(status.body["receipt"], last.body["receipt"]);
        }
    }
    let Pair { first, second, .. } = pair;
    let levels: Vec<Value> = [first.stop().await, second.stop().await]
        .concat()
        .iter()
        .map(|line| line["evidence_level"].clone())
        .collect();
    assert_eq!(levels.len(), 4);
    assert!(
        levels
            .iter()
            .all(|level| level.as_array().unwrap().len() == 2)
    );
}

#[tokio::test]
async fn both_replicas_follow_a_rotation_and_receipts_of_before_and_after_stay_valid() {
    let pair = Pair::start(NewKey::named("test")).await;
    let _worker = pair.shared.worker();
    let path = pair.signing_keys();
    let mut receipts = Vec::new();
    let mut sign = async |by: &str| {
        for app in [&pair.first, &pair.second] {
            let answer = app.client.verify_new(&Capture::good()).await;
            assert_eq!(signed_by(&answer), by);
            receipts.push(answer);
        }
    };
    let published = pair.first.client.without_key().get(JWKS).await.body;
    let old = published["keys"][0]["kid"].as_str().unwrap().to_owned();
    sign(&old).await;
    let new = new_key(&path).unwrap().kid;
    pair.until_published(&[&old, &new]).await;
    sign(&old).await;
    use_key(&path, &new).unwrap();
    pair.until_published(&[&new, &old]).await;
    sign(&new).await;
    for answer in &receipts {
        pair.claims(answer).await;
    }
    remove_key(&path, &old).unwrap();
    pair.until_published(&[&new]).await;
    pair.claims(&receipts[4]).await;
}

#[tokio::test]
async fn the_other_replica_tells_the_same_hints() {
    let pair = Pair::start(NewKey::named("test")).await;
    let _worker = pair.shared.worker();
    for (one, other) in pair.ways() {
        let session = one.client.session(&["turn_left", "turn_right"]).await;
        let short = Capture::left_right(|_, s| s.yaw = s.yaw.max(-18.0));
        let answer = other.client.verify(&session, &short).await;
        assert_eq!(answer.body["verified"], json!(false), "{}", answer.body);
        let expected = json!(["turn_further_left"]);
        assert_eq!(answer.body["retry_hints"], expected);
        for app in [one, other] {
            let status = app.client.status(&session).await;
            assert_eq!(status.body["retry_hints"], expected);
        }
        let created = one.client.interactive("challenges=TURN_LEFT").await;
        let id = created.body["session_id"].as_str().unwrap();
        let token = created.body["client_token"].as_str().unwrap();
        let two = Scene {
            faces: 2,
            ..Scene::default()
        };
        one.client
            .with_token(token)
            .play(id, &[Scene::default()])
            .await;
        let last = other.client.with_token(token).play(id, &[two, two]).await;
        assert_eq!(last.body["state"], json!("failed"), "{}", last.body);
        let expected = json!(["one_person_only"]);
        assert_eq!(last.body["retry_hints"], expected);
        for app in [one, other] {
            let status = app.client.with_token(token).interactive_status(id).await;
            assert_eq!(status.body["retry_hints"], expected);
        }
    }
}

#[tokio::test]
async fn a_test_session_of_one_replica_ends_on_the_other_as_it_was_asked_to() {
    // Without a worker: nothing is measured.
    let pair = Pair::start(NewKey {
        test: true,
        ..NewKey::named("ci")
    })
    .await;
    let marked = |answer: &Answer| answer.headers["x-livegate-test"] == "true";
    for (one, other) in pair.ways() {
        for (outcome, verified) in [("verified", true), ("challenge_failed", false)] {
            let created = one.client.create(&json!({ "test_outcome": outcome })).await;
            let session = created.body["session_id"].as_str().unwrap();
            let answer = other.client.verify(session, &Capture::good()).await;
            assert_eq!(answer.body["verified"], json!(verified), "{}", answer.body);
            let status = one.client.status(session).await;
            let state = if verified { "verified" } else { "rejected" };
            assert_eq!(status.body["state"], json!(state));
            assert_eq!(status.body["retry_hints"], answer.body["retry_hints"]);
            assert!([&created, &answer, &status].iter().all(|a| marked(a)));
            assert_test_receipt(one, &answer).await;
        }
        let created = one
            .client
            .create(&json!({ "test_outcome": "PROCESSING_ERROR" }))
            .await;
        let session = created.body["session_id"].as_str().unwrap();
        let failed = other.client.verify(session, &Capture::good()).await;
        failed.assert_error(502, "PROCESSING_ERROR");
        assert!(marked(&failed));
        let created = one.client.interactive("challenges=SMILE").await;
        let id = created.body["session_id"].as_str().unwrap();
        let picture = png(&Scene::empty());
        one.client.frame(id, &picture).await;
        one.client.frame(id, &picture).await;
        let last = other.client.frame(id, &picture).await;
        assert_eq!(last.body["is_live"], json!(true), "{}", last.body);
        assert_test_receipt(one, &last).await;
    }
    let Pair { first, second, .. } = pair;
    let lines = [first.stop().await, second.stop().await].concat();
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().all(|line| line["test"] == json!(true)));
}

/// Fails the test unless the answer's receipt is one that this replica's published test key verifies, and no real key.
async fn assert_test_receipt(app: &App, answer: &Answer) {
    let receipt = answer.body["receipt"].as_str().expect("a receipt");
    let client = app.client.without_key();
    let tests = client.get("/.well-known/test-jwks.json").await.body;
    let claims = check(receipt, &tests.to_string()).unwrap();
    assert_eq!(claims["test"], json!(true));
    assert_eq!(claims["evidence_level"], json!([]));
    let real = client.get(JWKS).await.body;
    check(receipt, &real.to_string()).unwrap_err();
}
