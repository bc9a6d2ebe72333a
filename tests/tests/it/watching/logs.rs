//! Logs for machines: whose lines they are.

use std::collections::BTreeSet;

use livegate_tests::client::Capture;
use livegate_tests::media::{jpeg, portrait_frame};
use reqwest::Method;
use serde_json::Value;

use super::process::{Process, Service};

/// Not the key of the API.
const OTHER_SEAL_KEY: &str = "YW5vdGhlciBrZXkgdGhhbiB0aGUgQVBJJ3MsIDMyYiE=";

/// A capture that the real models find a face in.
pub fn capture() -> Capture {
    let frame = jpeg(&portrait_frame(700, 0));
    let tags = (0..8).map(|i| if i < 4 { "center" } else { "turn_left" });
    Capture(tags.map(|tag| (tag.to_owned(), frame.clone())).collect())
}

/// Verifies a capture as the request of this id; gives the status.
async fn verify_as(service: &Service, id: &str) -> u16 {
    let session = service.client.session(&["turn_left", "turn_right"]).await;
    let request = service.client.request(Method::POST, "/v1/liveness/verify");
    let request = request.header("x-request-id", id);
    let answer = request
        .json(&capture().body(&session))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-request-id"], id);
    answer.status().as_u16()
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))
}

/// Waits for a line of this request in which the message holds these words.
async fn says(process: &mut Process, request: &str, words: &str) -> Value {
    let of_request = |line: &str| {
        let line = parsed(line);
        let holds = line["message"].as_str().unwrap().contains(words);
        (line["request.caller_id"] == request && holds).then_some(line)
    };
    process.until(of_request).await
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn the_request_id_leads_to_the_lines_of_every_process_that_worked_for_it() {
    let json = ("LIVEGATE_LOG_FORMAT", "json".to_owned());
    let mut service = Service::start(&[json]).await;
    let mut stranger = service.worker_with_key(OTHER_SEAL_KEY).await;
    // Fails in the worker and, for that, in the API: two processes complain, at the default level.
    let failed = verify_as(&service, "failing-1").await;
    assert_eq!(failed, 502);
    let complaint = says(&mut stranger, "failing-1", "cannot be read").await;
    assert_eq!(complaint["level"], "ERROR");
    assert!(complaint["batch.id"].is_string(), "{complaint}");
    assert_eq!(complaint["target"], "livegate_worker::run");
    let complaint = says(&mut service.api, "failing-1", "The request failed").await;
    assert_eq!(complaint["level"], "ERROR");
    stranger.stop().await;
    // Refusals leave a line, too.
    let request = service
        .client
        .without_key()
        .request(Method::POST, "/v1/liveness/session");
    request
        .header("x-request-id", "refused-1")
        .send()
        .await
        .unwrap();
    let refusal = says(&mut service.api, "refused-1", "Refused POST").await;
    assert_eq!(refusal["http.status"], 401);
    service.api.stop().await;
    let lines = [stranger.lines(), service.api.lines()].concat();
    let about_batches = lines.iter().map(|line| parsed(line));
    for line in about_batches.filter(|line| line.get("batch.id").is_some()) {
        assert_eq!(line["request.caller_id"], "failing-1", "{line}");
    }
    assert!(!lines.concat().contains(&service.key.secret));
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn lines_of_requests_side_by_side_are_told_apart_whatever_is_filtered() {
    // No span of ours is asked for here.
    let filter =
        "livegate_api::http=debug,livegate_api=info,livegate_worker=debug,livegate_common=info";
    let mut service = Service::start(&[
        ("LIVEGATE_LOG_FORMAT", "json".to_owned()),
        ("LIVEGATE_LOG", filter.to_owned()),
    ])
    .await;
    let mut worker = service.worker().await;
    let answers = tokio::join!(verify_as(&service, "side-1"), verify_as(&service, "side-2"));
    assert_eq!(answers, (200, 200));
    for id in ["side-1", "side-2"] {
        says(&mut service.api, id, "Answered POST /v1/liveness/verify").await;
        says(&mut worker, id, " is done").await;
    }
    worker.stop().await;
    let done = |id: &str| {
        let lines = worker.lines();
        let of_request = lines
            .iter()
            .map(|line| parsed(line))
            .filter(|line| line["request.caller_id"] == id);
        of_request
            .filter(|line| line["message"].as_str().unwrap().ends_with(" is done"))
            .count()
    };
    // Two batches of four frames: the worker has one thread.
    assert_eq!((done("side-1"), done("side-2")), (2, 2));
    // Ours is the same in both processes.
    let ours = |lines: &[String], caller: &str| -> BTreeSet<String> {
        let lines = lines.iter().map(|line| parsed(line));
        let of_caller = lines.filter(|line| line["request.caller_id"] == caller);
        of_caller
            .map(|line| line["request.id"].as_str().unwrap().to_owned())
            .collect()
    };
    for id in ["side-1", "side-2"] {
        let in_worker = ours(&worker.lines(), id);
        assert_eq!(in_worker.len(), 1, "{in_worker:?}");
        assert_eq!(ours(&service.api.lines(), id), in_worker);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_wrong_place_of_a_request_is_in_no_line() {
    const SECRET: &str = "tsk_0SecretSecretSecret";
    for format in ["json", "text"] {
        let mut service = Service::start(&[
            ("LIVEGATE_LOG_FORMAT", format.to_owned()),
            ("LIVEGATE_LOG", "debug".to_owned()),
        ])
        .await;
        let (live, session) = ("/api/v1/liveness/sessions", "/v1/liveness/session");
        for (method, path) in [
            ("GET", format!("/{SECRET}")),
            ("GET", format!("/v1/liveness/session/{SECRET}")),
            ("GET", format!("/v1/liveness/session/live_0?key={SECRET}")),
            ("POST", format!("{session}?{SECRET}=1")),
            ("POST", format!("{session}?key={SECRET}")),
            ("POST", format!("{live}?{SECRET}")),
            ("POST", format!("{live}?challenges={SECRET}")),
            ("POST", format!("{live}/{SECRET}/frame")),
            ("DELETE", format!("{live}/{SECRET}")),
            ("GET", format!("/v1/liveness/health?{SECRET}")),
            ("GET", format!("/docs?{SECRET}")),
            (SECRET, "/v1/liveness/verify".to_owned()),
            ("PUT", format!("{session}/{SECRET}/")),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            service.client.request(method, &path).send().await.unwrap();
        }
        for body in [
            format!(r#"{{"{SECRET}":1}}"#),
            format!(r#"{{"{SECRET}":1,"{SECRET}":2}}"#),
            format!(r#"{{"actions":["blink","{SECRET}"]}}"#),
        ] {
            let request = service.client.request(Method::POST, session);
            let refused = request.body(body).send().await.unwrap();
            assert_eq!(refused.status().as_u16(), 400);
        }
        let request = service.client.request(Method::POST, session);
        let request = request.header("content-type", format!("text/{SECRET}"));
        request.body("{}").send().await.unwrap();
        service.api.stop().await;
        let lines = service.api.lines();
        let all = lines.join("\n");
        assert!(!all.contains("0SecretSecret"), "{all}");
        for said in [
            "Refused GET unmatched: NOT_FOUND",
            "Refused GET /v1/liveness/session/{id}: SESSION_NOT_FOUND",
            "Refused POST /api/v1/liveness/sessions/{id}/frame: ",
            "Refused other /v1/liveness/verify: METHOD_NOT_ALLOWED",
            "Answered GET /v1/liveness/health: ",
        ] {
            assert!(all.contains(said), "{said} is not in\n{all}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_for_people_and_says_the_request_too() {
    let mut service = Service::start(&[]).await;
    let request = service
        .client
        .without_key()
        .request(Method::POST, "/v1/liveness/session");
    request
        .header("x-request-id", "person-1")
        .send()
        .await
        .unwrap();
    let line = service
        .api
        .until(|line| line.contains("Refused POST").then(|| line.to_owned()));
    let line = line.await;
    assert!(
        line.contains("request.caller_id=person-1") && line.contains("request.id="),
        "{line}"
    );
    assert!(serde_json::from_str::<Value>(&line).is_err(), "{line}");
}
