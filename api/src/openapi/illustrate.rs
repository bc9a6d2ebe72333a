//! Adds an example to every field, taken from the examples of whole bodies.

use serde_json::Value;

/// Prefix of a reference to a schema.
const SCHEMAS: &str = "#/components/schemas/";

/// Gives each field of the schemas its value from the first example that has the field. Fields that
/// hold objects are left out: their own fields have examples.
pub fn fields(document: &mut Value) {
    let mut found = Vec::new();
    for_each_body(document, &mut |body| {
        let examples = body["examples"].as_object().into_iter().flatten();
        for (_, example) in examples {
            collect(document, &body["schema"], &example["value"], &mut found);
        }
    });
    for (schema, field, value) in found {
        let property = &mut document["components"]["schemas"][schema]["properties"][field];
        if property["example"].is_null() {
            property["example"] = value;
        }
    }
}

/// Calls `take` with the content of every request and response.
fn for_each_body<'a>(document: &'a Value, take: &mut impl FnMut(&'a Value)) {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    for (_, operation) in operations {
        take(&operation["requestBody"]["content"]["application/json"]);
        for (_, response) in operation["responses"].as_object().into_iter().flatten() {
            take(&response["content"]["application/json"]);
        }
    }
}

/// Collects schema, field and value of every field of `value`.
fn collect(
    document: &Value,
    schema: &Value,
    value: &Value,
    found: &mut Vec<(String, String, Value)>,
) {
    if let Some(items) = value.as_array() {
        items
            .iter()
            .for_each(|item| collect(document, &schema["items"], item, found));
        return;
    }
    let (Some((name, schema)), Some(fields)) = (object(document, schema, value), value.as_object())
    else {
        return;
    };
    for (field, value) in fields {
        collect(document, &schema["properties"][field], value, found);
        if is_plain(value) {
            found.push((name.to_owned(), field.clone(), value.clone()));
        }
    }
}

/// The name and the schema of the object that `value` is: the referenced schema, or, of several, the
/// one whose required fields `value` has.
fn object<'a>(
    document: &'a Value,
    schema: &'a Value,
    value: &Value,
) -> Option<(&'a str, &'a Value)> {
    if let Some(several) = schema["oneOf"].as_array().or(schema["allOf"].as_array()) {
        return several.iter().find_map(|s| object(document, s, value));
    }
    let name = schema["$ref"].as_str()?.strip_prefix(SCHEMAS)?;
    let schema = &document["components"]["schemas"][name];
    if schema["oneOf"].is_array() {
        return object(document, schema, value);
    }
    let mut required = schema["required"].as_array().into_iter().flatten();
    let is_this = required.all(|field| field.as_str().is_some_and(|f| value.get(f).is_some()));
    is_this.then_some((name, schema))
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Object(_) => false,
        Value::Array(items) => items.first().is_some_and(is_plain),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
