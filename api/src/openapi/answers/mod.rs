//! Examples of requests and of successful answers.

mod interactive;
mod verify;

use serde::Serialize;
use serde_json::{Value, json};

use crate::receipts::keys_of_tests;

/// Examples of an operation's requests: name and OpenAPI example object.
pub fn requests(operation_id: &str) -> Vec<(&'static str, Value)> {
    let mut requests = verify::requests(operation_id);
    requests.extend(interactive::requests(operation_id));
    requests
}

/// Examples of an operation's successful answers, and of an unhealthy service: status, name and OpenAPI
/// example object.
pub fn answers(operation_id: &str) -> Vec<(&'static str, &'static str, Value)> {
    let mut answers = verify::answers(operation_id);
    answers.extend(interactive::answers(operation_id));
    if matches!(operation_id, "jwks" | "testJwks") {
        let keys = keys_of_tests().map(|keys| keys.public());
        answers.push(("200", "keys", example("One key", keys.unwrap_or_default())));
    }
    answers
}

/// A receipt in the examples.
const RECEIPT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSIsImtpZCI6ImtQcksiLCJ...";

fn example(summary: &str, value: impl Serialize) -> Value {
    json!({"summary": summary, "value": as_sent(&value)})
}

/// The value as it is sent. Serialising to text first prints an `f32` as short as it can be.
fn as_sent(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}
