//! Each name stands once in every object of a body.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::{Answer, Capture, Client, clip_body};
use reqwest::Method;
use serde_json::{Value, json};

/// Writes `value` with one name twice; `place` leads to its object. The second time it is written in escapes.
fn with_repeated(value: &Value, place: &[Step], name: &str) -> String {
    match (value, place) {
        (Value::Array(items), [Step::Item(wanted), rest @ ..]) => {
            let items = items.iter().enumerate().map(|(i, item)| {
                if i == *wanted {
                    with_repeated(item, rest, name)
                } else {
                    item.to_string()
                }
            });
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        (Value::Object(fields), place) => {
            let mut written: Vec<String> = fields
                .iter()
                .map(|(field, value)| match place {
                    [Step::Field(wanted), rest @ ..] if wanted == field => {
                        format!("{:?}:{}", field, with_repeated(value, rest, name))
                    }
                    _ => format!("{field:?}:{value}"),
                })
                .collect();
            if place.is_empty() {
                let escaped: String = name
                    .chars()
                    .map(|c| format!("\\u{:04x}", c as u32))
                    .collect();
                written.push(format!("\"{escaped}\":{}", fields[name]));
            }
            format!("{{{}}}", written.join(","))
        }
        (other, place) => panic!("{other} at {place:?}"),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Item(usize),
}

/// Every object in `value`, the way to it, and its names.
fn objects(value: &Value, way: &[Step], found: &mut Vec<(Vec<Step>, Vec<String>)>) {
    match value {
        Value::Object(fields) => {
            found.push((way.to_vec(), fields.keys().cloned().collect()));
            for (name, value) in fields {
                objects(value, &[way, &[Step::Field(name.clone())]].concat(), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &[way, &[Step::Item(index)]].concat(), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A place as errors name it: `frames[3].phase`.
fn named(way: &[Step], name: &str) -> String {
    let mut text = String::new();
    for step in way {
        match step {
            Step::Field(field) if text.is_empty() => text.push_str(field),
            Step::Field(field) => text.push_str(&format!(".{field}")),
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    if text.is_empty() {
        name.to_owned()
    } else {
        format!("{text}.{name}")
    }
}

async fn post(app: &App, path: &str, body: String) -> Answer {
    let request = app.client.request(Method::POST, path);
    Client::send(
        request
            .header("content-type", "application/json")
            .body(body),
    )
    .await
}

#[tokio::test]
async fn a_name_that_stands_twice_in_any_object_of_a_body_is_refused_with_its_place() {
    let app = spawn_app().await;
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let mut images = Capture::good().body(&session);
    // What clients send besides.
    images["device"] = json!({"os": {"name": "x", "version": [{"major": 1}]}});
    images["frames"][5]["exif"] = json!({"lens": {"f": 1.8}});
    let mut refused = 0;
    for (path, body) in [
        ("/v1/liveness/verify", images.clone()),
        ("/v1/liveness/verify", clip_body(&session, b"clip")),
        (
            "/v1/liveness/session",
            json!({"actions": ["blink", "turn_left"], "yaw_deg": 25, "pitch_deg": 18, "blink_ear": 0.2, "mirrored": false}),
        ),
        // Refused for other reasons, but not before its names are read.
        (
            "/v1/liveness/session",
            json!({"actions": [{"name": "blink"}], "yaw_deg": {"min": 20, "max": 30}}),
        ),
    ] {
        let mut all = Vec::new();
        objects(&body, &[], &mut all);
        for (way, names) in all {
            for name in names {
                let answer = post(&app, path, with_repeated(&body, &way, &name)).await;
                answer.assert_error(400, "INVALID_INPUT");
                let place = named(&way, &name);
                let expected =
                    format!("The field \"{place}\" is there more than once; send it once.");
                assert_eq!(answer.error(), expected);
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused}");
    // None of them used the session.
    let answer = app.client.verify_raw(&images).await;
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}
