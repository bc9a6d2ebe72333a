//! The query parameters of a new interactive session. They are documented by hand: the query is read by
//! hand, since unknown parameters are refused.

use serde_json::{Value, json};

/// Adds an operation's query parameters. None has a `default`, since generated clients would send it
/// and so override the preset.
pub fn complete(operation: &mut Value) {
    if operation["operationId"] != "createInteractiveSession" {
        return;
    }
    operation["parameters"] = json!([
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
    ]);
}
