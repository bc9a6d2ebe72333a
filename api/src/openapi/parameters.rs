//! Parameters that are documented by hand, since they are read by hand: the query of a new interactive session, of
//! which unknown parameters are refused, and the idempotency key of a verify.

use serde_json::{Value, json};

use crate::verify::idempotency;

/// Adds an operation's parameters.
pub fn complete(operation: &mut Value) {
    let parameters = match operation["operationId"].as_str() {
        Some("createInteractiveSession") => interactive_query(),
        Some("verify") => idempotency_key(),
        _ => return,
    };
    operation["parameters"] = parameters;
}

fn idempotency_key() -> Value {
    json!([{
        "name": idempotency::NAME,
        "in": "header",
        "description": "A fresh random text for each verify that you send, for example a UUID. Send the same request \
            again with the same text if its answer was lost: for two minutes you get the same answer. Left out: nothing \
            is kept, and a lost answer is lost.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": idempotency::MAX_LENGTH,
            "pattern": "^[!-~]+$",
        },
        "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
    }])
}

/// The query parameters of a new interactive session. None has a `default`, since generated clients would send it
/// and so override the preset.
fn interactive_query() -> Value {
    json!([
        {
            "name": "num_challenges",
            "in": "query",
            "description": "Number of challenges, drawn at random, without repeats. Left \
                out: 3, or the preset's number. With a preset: at most the number of its types.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 7},
            "example": 3,
        },
        {
            "name": "timeout_seconds",
            "in": "query",
            "description": "Seconds for each challenge. Left out: 5, or the preset's time.",
            "schema": {"type": "number", "minimum": 1, "maximum": 60},
            "example": 5.0,
        },
        {
            "name": "challenges",
            "in": "query",
            "description": "The challenges, in this order, separated by commas: `TURN_LEFT,BLINK`. \
                Not together with `num_challenges` or `preset`. A caller who foresees the challenges can prepare a \
                recording of them.",
            "schema": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/ChallengeType"},
                "minItems": 1,
                "maxItems": 7,
                "uniqueItems": true,
            },
            "style": "form",
            "explode": false,
        },
        {
            "name": "preset",
            "in": "query",
            "description": "A ready-made session: the types of its challenges, their number and their \
                time. `num_challenges` and `timeout_seconds` override those of the preset.",
            "schema": {"$ref": "#/components/schemas/PresetName"},
        },
        {
            "name": "mirrored",
            "in": "query",
            "description": "Whether the frames will be mirror images, as some capture libraries \
                deliver them. Left out: false.",
            "schema": {"type": "boolean"},
            "example": false,
        },
        {
            "name": "test_outcome",
            "in": "query",
            "description": "With a test key only: the outcome of the session, `verified` where it is left out. It is a \
                verdict (`verified`, `expired`, or one rejecting reason code) or the code of an error of a frame, and may \
                have `delay:` and milliseconds after a comma. An error before a verdict is answered once: \
                `RATE_LIMIT,verified`.",
            "schema": {"type": "string", "minLength": 1},
        },
    ])
}
