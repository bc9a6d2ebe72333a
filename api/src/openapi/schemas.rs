//! Adds to the schemas what their Rust types do not express.

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use serde_json::{Value, json};

use super::failures;
use crate::error::{Code, ErrorBody};
use crate::interactive::presets::PRESETS;

/// Completes `components.schemas`.
pub fn complete(schemas: &mut Value) {
    // The body of errors is not in the type of any handler, so poem-openapi leaves it out.
    let mut registry = Registry::new();
    ErrorBody::register(&mut registry);
    for (name, schema) in registry.schemas {
        schemas[name] = json!(schema);
    }
    schemas["ErrorCode"]["description"] = json!(format!(
        "What went wrong. More may be added: treat one that you do not know by its HTTP status.\n\n{}",
        failures::list(Code::ALL)
    ));
    for (_, schema) in schemas.as_object_mut().into_iter().flatten() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            if name == "expires_at" {
                property["format"] = json!("date-time");
            }
            // The property is a reference with a description. The description stands beside the
            // reference as well.
            if let Some(parts) = property.get_mut("allOf").and_then(Value::as_array_mut) {
                parts.retain(|part| part.get("$ref").is_some());
            }
            let format = property["format"].as_str().unwrap_or_default();
            if format.starts_with("uint") && property["minimum"].is_null() {
                property["minimum"] = json!(0);
            }
        }
    }
    for name in ["SessionRequest", "InteractiveSessionRequest"] {
        let request = &mut schemas[name];
        request["additionalProperties"] = json!(false);
        for (_, property) in request["properties"].as_object_mut().into_iter().flatten() {
            property["nullable"] = json!(true);
        }
    }
    for medium in [
        "frames",
        "video_b64",
        "attestation",
        "reference_image_b64",
        "reference_embedding",
    ] {
        schemas["VerifyRequest"]["properties"][medium]["nullable"] = json!(true);
    }
    schemas["PresetName"] = preset_name();
    schemas["Preset"]["properties"]["name"] = json!({
        "allOf": [{"$ref": "#/components/schemas/PresetName"}],
        "description": "Its name.",
    });
    // The field that tells the two verdicts apart.
    for (name, verified) in [("Verified", true), ("Rejected", false)] {
        schemas[name]["properties"]["verified"]["enum"] = json!([verified]);
    }
}

fn preset_name() -> Value {
    let listed = PRESETS.map(|preset| format!("- `{}`: {}", preset.name, preset.description));
    json!({
        "type": "string",
        "enum": PRESETS.map(|preset| preset.name),
        "description": format!("The name of a preset.\n\n{}", listed.join("\n")),
    })
}
