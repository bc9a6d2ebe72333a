//! The document on interactive sessions, row by row.

mod challenges;
pub mod document;
mod fields;
mod parameters;
mod prose;
mod states;

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{App, Options, spawn};
use livegate_tests::client::Answer;
use livegate_tests::scripted::{Scene, png};
use serde_json::{Value, json};

/// Creates a session with this query and gives its id.
async fn create(app: &App, query: &str) -> String {
    let created = app.client.interactive(query).await;
    assert_eq!(created.status, 200, "{}", created.body);
    created.body["session_id"].as_str().unwrap().to_owned()
}

/// The challenges' types, in their order.
fn types(answer: &Answer) -> Vec<String> {
    let challenges = answer.body["challenges"].as_array().unwrap();
    let of = |challenge: &Value| challenge["type"].as_str().unwrap().to_owned();
    challenges.iter().map(of).collect()
}

/// What a new session for these challenges answers to each frame; there is time enough.
async fn show(app: &App, challenges: &str, scenes: &[Scene]) -> Vec<Answer> {
    let query = format!("challenges={challenges}&timeout_seconds=60");
    frames(app, &create(app, &query).await, scenes).await
}

/// What a session answers to each frame.
async fn frames(app: &App, session_id: &str, scenes: &[Scene]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for scene in scenes {
        let answer = app.client.frame(session_id, &png(scene)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answers.push(answer);
    }
    answers
}

/// Frames of somebody live who does what each of these asks, one after the other.
fn doing(challenges: &[impl AsRef<str>]) -> Vec<Scene> {
    let scenes = challenges.iter().map(|c| Scene::doing(c.as_ref()));
    scenes.collect::<Vec<_>>().concat()
}

/// Reads a session until its state is this.
async fn until(app: &App, session_id: &str, state: &str) -> Answer {
    let read = async || app.client.interactive_status(session_id).await;
    app.until(read, |answer| answer.body["state"] == state)
        .await
}

/// A server whose sessions expire so long after their creation.
async fn with_ttl(session_ttl: Duration) -> App {
    let server = ServerConfig {
        session_ttl,
        ..Options::default().server
    };
    spawn(Options {
        server,
        ..Options::default()
    })
    .await
}

/// Somebody who does what the challenge asks, as an attack shows it.
fn replayed(challenge: &str) -> Vec<Scene> {
    let scenes = Scene::doing(challenge).into_iter();
    let attack = |scene| Scene {
        bona_fide: 0.1,
        ..scene
    };
    scenes.map(attack).collect()
}

/// Somebody, with somebody else beside them.
fn two_people() -> Scene {
    Scene {
        faces: 2,
        ..Scene::default()
    }
}

/// Ends the test unless the answer has these values.
#[track_caller]
fn assert_fields(answer: &Answer, fields: &[(&str, Value)]) {
    for (field, value) in fields {
        assert_eq!(
            answer.body.get(*field),
            Some(value),
            "{field} of {}",
            answer.body
        );
    }
}

/// Ends the test unless the answer is the end of a session that found somebody live.
#[track_caller]
fn assert_live(answer: &Answer) {
    let live = [("state", json!("completed")), ("is_live", json!(true))];
    assert_fields(answer, &live);
}
