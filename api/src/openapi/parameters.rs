//! The query of a new interactive session: it is read by hand, since unknown parameters are refused,
//! so nothing derives its documentation.

use serde_json::{Value, json};

/// Adds an operation's query parameters. None has a `default`: generated clients would send it, and so
/// override what a preset says.
pub fn complete(operation: &mut Value) {
    if operation["operationId"] != "createInteractiveSession" {
        return;
    }
    operation["parameters"] = json!([
        {
            "name": "num_challenges",
            "in": "query",
            "description": "How many challenges; which ones is chosen at random, without repeats. Left \
                out: 3, or as many as the preset says. With a preset at most as many as it has types.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 7},
            "example": 3,
        },
        {
            "name": "timeout_seconds",
            "in": "query",
            "description": "Seconds for each challenge. Left out: 5, or what the preset says.",
            "schema": {"type": "number", "minimum": 1, "maximum": 60},
            "example": 5.0,
        },
        {
            "name": "challenges",
            "in": "query",
            "description": "The challenges, in this order, separated by commas: `TURN_LEFT,BLINK`. \
                Without `num_challenges` and `preset`. Whoever can foresee the challenges can prepare a \
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
            "description": "A ready-made session: what it is drawn from, how many challenges and how \
                long. `num_challenges` and `timeout_seconds` win over what it says.",
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
    ]);
}
