//! The audit log: what leaves a line, and what stands in it.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::client::{Capture, Client};
use livegate_tests::scripted::Act;
use reqwest::Method;
use serde_json::{Value, json};

const FIELDS: [&str; 16] = [
    "time",
    "request_id",
    "caller_request_id",
    "key_id",
    "session_id",
    "mode",
    "verdict",
    "reason_codes",
    "confidence",
    "anti_spoof_avg_score",
    "same_person_score",
    "evidence_level",
    "frames",
    "processing_time_ms",
    "worker_cpu_ms",
    "inference_cpu_ms",
];

fn fields(record: &Value) -> Vec<&String> {
    record.as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn a_verification_that_failed_leaves_a_line_of_the_same_fields() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let failing = Capture::left_right(|_, s| s.act = Act::Fail);
    let answer = app.client.verify(&session, &failing).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let request_id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let records = app.stop().await;
    let [record] = records.as_slice() else {
        panic!("{records:?}")
    };
    assert_eq!(fields(record), FIELDS);
    for (field, value) in [
        ("session_id", json!(session)),
        ("request_id", json!(request_id)),
        ("caller_request_id", Value::Null),
        ("verdict", json!("failed")),
        ("reason_codes", json!(["internal_error"])),
        ("confidence", Value::Null),
        ("anti_spoof_avg_score", Value::Null),
        ("same_person_score", Value::Null),
        ("frames", json!(8)),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
}

#[tokio::test]
async fn the_line_is_in_the_log_when_the_answer_comes() {
    let app = spawn_app().await;
    for number in 1..=10 {
        let answer = app.client.verify_new(&Capture::good()).await;
        assert_eq!(answer.body["verified"], json!(true));
        let text = std::fs::read_to_string(&app.audit).unwrap();
        assert_eq!(text.lines().count(), number);
        assert!(text.ends_with('\n'));
    }
}

#[tokio::test]
async fn two_requests_of_one_callers_id_have_ids_of_their_own() {
    let app = spawn_app().await;
    for (given, noted) in [
        (Some("order-7"), json!("order-7")),
        (Some("order-7"), json!("order-7")),
        // It could break a line of a log.
        (Some("order 7; x=\"y\""), Value::Null),
        (None, Value::Null),
    ] {
        let session = app.client.session(&["turn_left", "turn_right"]).await;
        let mut request = app.client.request(Method::POST, "/v1/liveness/verify");
        if let Some(given) = given {
            request = request.header("x-request-id", given);
        }
        let answer = Client::send(request.json(&Capture::good().body(&session))).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let (echoed, ours) = (header("x-request-id"), header("x-livegate-request-id"));
        assert_eq!(echoed, noted.as_str().unwrap_or(&ours));
        let text = std::fs::read_to_string(&app.audit).unwrap();
        let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(line["request_id"], json!(ours));
        assert_eq!(line["caller_request_id"], noted);
    }
    let records = app.stop().await;
    let ids: HashSet<_> = records.iter().map(|r| r["request_id"].as_str()).collect();
    assert_eq!(ids.len(), 4);
}

#[tokio::test]
async fn a_verification_that_ran_out_of_time_leaves_a_line() {
    let app = spawn(Options {
        workers: 0,
        server: ServerConfig {
            verify_timeout: Duration::from_millis(50),
            ..ServerConfig::default()
        },
        ..Options::default()
    })
    .await;
    let answer = app.client.verify_new(&Capture::good()).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    let records = app.stop().await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["verdict"], "failed");
    assert!(records[0]["processing_time_ms"].as_u64().unwrap() >= 50);
}

#[tokio::test]
async fn what_is_refused_before_the_claim_leaves_no_line() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let good = Capture::good();
    let few = Capture(good.0[..7].to_vec());
    app.client
        .verify(&session, &few)
        .await
        .assert_error(400, "INVALID_FRAME_COUNT");
    app.client
        .verify("live_0", &good)
        .await
        .assert_error(404, "SESSION_NOT_FOUND");
    app.client
        .without_key()
        .verify(&session, &good)
        .await
        .assert_error(401, "UNAUTHORIZED");
    assert_eq!(app.client.verify(&session, &good).await.status, 200);
    app.client
        .verify(&session, &good)
        .await
        .assert_error(409, "SESSION_USED");
    let records = app.stop().await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["verdict"], "verified");
}

#[tokio::test]
async fn a_line_holds_numbers_and_names_and_nothing_of_the_person() {
    let app = spawn_app().await;
    let answer = app.client.verify_new(&Capture::good()).await;
    assert_eq!(answer.body["verified"], json!(true));
    let records = app.stop().await;
    let record = &records[0];
    assert_eq!(fields(record), FIELDS);
    // Neither list nor text can hide an embedding or a picture: they are few, and short.
    for (field, value) in record.as_object().unwrap() {
        match value {
            Value::Array(_) if field == "evidence_level" => {
                assert_eq!(*value, json!(["captured_in_session"]));
            }
            Value::Array(items) => {
                assert_eq!(field, "reason_codes");
                assert_eq!(*value, answer.body["reason_codes"], "{items:?}");
            }
            Value::String(text) => assert!(text.len() <= 40, "{field}: {text}"),
            Value::Number(_) => {}
            Value::Null if field == "caller_request_id" => {}
            Value::Null | Value::Bool(_) | Value::Object(_) => panic!("{field}: {value}"),
        }
    }
    for score in ["confidence", "anti_spoof_avg_score", "same_person_score"] {
        assert_eq!(record[score], answer.body[score], "{score}");
    }
}

#[tokio::test]
async fn a_log_that_is_truncated_under_the_server_goes_on_from_its_start() {
    let app = spawn_app().await;
    app.client.verify_new(&Capture::good()).await;
    // As logrotate does with `copytruncate`, once it has its copy.
    let log = OpenOptions::new().write(true).open(&app.audit).unwrap();
    log.set_len(0).unwrap();
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    app.client.verify(&session, &Capture::good()).await;
    let records = app.stop().await;
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0]["session_id"], json!(session));
}
