//! Values against the schemas of the document.

use serde_json::{Value, json};

/// Ends the test unless `value` is what `schema` says, and has no field that it doesn't name.
#[track_caller]
pub fn validate(document: &Value, place: &str, schema: &Value, value: &Value) {
    let mut root = schema.clone();
    as_json_schema(&mut root);
    let mut schemas = document["components"]["schemas"].clone();
    for (_, schema) in schemas.as_object_mut().unwrap() {
        if schema["properties"].is_object() {
            schema["additionalProperties"] = json!(false);
        }
        as_json_schema(schema);
    }
    root["components"] = json!({ "schemas": schemas });
    let validator = jsonschema::validator_for(&root).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{place}: {errors:?}");
}

/// OpenAPI 3.0 has a keyword of its own for null.
fn as_json_schema(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(as_json_schema);
            if fields.remove("nullable") == Some(json!(true)) {
                *value = json!({"anyOf": [value.take(), {"type": "null"}]});
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_json_schema),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
