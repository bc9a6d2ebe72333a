//! Test keys: sessions that end as they were asked to, without a face and without a worker.

mod interactive;
mod kinds;
mod traces;
mod verify;

use std::collections::BTreeSet;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::{Answer, Capture};
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

/// A test key.
fn test_key() -> NewKey {
    NewKey {
        test: true,
        ..NewKey::named("ci")
    }
}

/// An API without workers, whose first key is a test key.
async fn spawn_without_workers() -> App {
    spawn(Options {
        workers: 0,
        key: test_key(),
        ..Options::default()
    })
    .await
}

/// A capture in which nobody is to be seen.
fn nobody() -> Capture {
    Capture::left_right(|_, scene| *scene = Scene::empty())
}

/// Creates a session with this outcome and returns its id.
async fn session(app: &App, outcome: &str) -> String {
    let created = app.client.create(&json!({ "test_outcome": outcome })).await;
    assert_eq!(created.status, 200, "{outcome}: {}", created.body);
    assert_test(&created);
    created.body["session_id"].as_str().unwrap().to_owned()
}

/// Creates an interactive session with this query and returns the answer.
async fn live_session(app: &App, query: &str) -> Answer {
    let created = app.client.interactive(query).await;
    assert_eq!(created.status, 200, "{query}: {}", created.body);
    assert_test(&created);
    created
}

fn id_of(created: &Answer) -> &str {
    created.body["session_id"].as_str().unwrap()
}

/// Fails the test unless this is marked as the answer to a test key.
#[track_caller]
fn assert_test(answer: &Answer) {
    let mark = answer.headers.get("x-livegate-test");
    assert!(mark.is_some_and(|m| m == "true"), "{}", answer.body);
}

/// The codes of the errors that the API document shows for an operation.
async fn documented_errors(app: &App, path: &str) -> BTreeSet<(u16, String)> {
    let document = app.client.get("/openapi.json").await.body;
    let responses = document["paths"][path]["post"]["responses"].as_object();
    let mut codes = BTreeSet::new();
    for (status, response) in responses.unwrap() {
        let examples = &response["content"]["application/json"]["examples"];
        for (_, example) in examples.as_object().unwrap() {
            if let Some(code) = example["value"]["code"].as_str() {
                codes.insert((status.parse().unwrap(), code.to_owned()));
            }
        }
    }
    codes
}

fn fields(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}
