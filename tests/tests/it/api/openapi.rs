//! The API document and its page.

mod answers;
mod query;
mod schema;

use std::collections::BTreeSet;

use livegate_api::error::Code;
use livegate_tests::app::spawn_app;
use serde_json::{Map, Value, json};

use self::schema::validate;

#[tokio::test]
async fn the_document_lists_every_operation_with_its_answers() {
    let app = spawn_app().await;
    let answer = app.client.without_key().get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    let document = answer.body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let (key, key_or_token) = (vec!["ApiKey"], vec!["ApiKey", "ClientToken"]);
    let session = "/api/v1/liveness/sessions/{id}";
    let of_a_session = vec![200, 401, 403, 404, 502];
    let expected = [
        (
            "/v1/liveness/session",
            "post",
            vec![200, 400, 401, 403, 413, 415, 429, 502],
            key.clone(),
        ),
        (
            "/v1/liveness/verify",
            "post",
            vec![200, 400, 401, 403, 404, 409, 410, 413, 415, 429, 502],
            key.clone(),
        ),
        (
            "/v1/liveness/session/{id}",
            "get",
            of_a_session.clone(),
            key.clone(),
        ),
        ("/v1/liveness/health", "get", vec![200, 503], vec![]),
        (
            "/api/v1/liveness/sessions",
            "post",
            vec![200, 400, 401, 403, 413, 415, 429, 502],
            key.clone(),
        ),
        (
            "/api/v1/liveness/sessions/{id}/frame",
            "post",
            vec![200, 400, 401, 403, 404, 413, 415, 429, 502],
            key_or_token.clone(),
        ),
        (session, "get", of_a_session, key_or_token.clone()),
        (
            session,
            "delete",
            vec![200, 401, 403, 404, 409, 502],
            key_or_token,
        ),
        ("/api/v1/liveness/presets", "get", vec![200, 401, 403], key),
        ("/.well-known/jwks.json", "get", vec![200], vec![]),
        ("/.well-known/test-jwks.json", "get", vec![200], vec![]),
    ];
    assert_eq!(operations(&document).count(), expected.len());
    for (path, method, statuses, schemes) in expected {
        let operation = &document["paths"][path][method];
        let mut found: Vec<u16> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(|s| s.parse().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(found, statuses, "{method} {path}");
        // One of them is enough.
        let found = operation["security"].as_array().into_iter().flatten();
        let found: Vec<&String> = found
            .flat_map(|scheme| scheme.as_object().unwrap().keys())
            .collect();
        assert_eq!(found, schemes, "{method} {path}");
    }
    let responses = &document["paths"]["/v1/liveness/verify"]["post"]["responses"];
    assert!(
        responses["429"]["headers"]["Retry-After"].is_object(),
        "{responses}"
    );
    for (_, response) in responses.as_object().unwrap() {
        let content = response["content"].as_object().unwrap();
        assert_eq!(content.keys().collect::<Vec<_>>(), ["application/json"]);
        assert!(
            response["headers"]
                .as_object()
                .unwrap()
                .contains_key("X-Request-Id")
        );
    }
    let schemes = &document["components"]["securitySchemes"];
    for (scheme, field, value) in [
        ("ApiKey", "type", "apiKey"),
        ("ApiKey", "in", "header"),
        ("ApiKey", "name", "X-AI-API-Key"),
        ("ClientToken", "type", "http"),
        ("ClientToken", "scheme", "bearer"),
    ] {
        assert_eq!(schemes[scheme][field], value, "{scheme}.{field}");
        assert!(is_described(&schemes[scheme]), "{scheme}");
    }
    for request in ["SessionRequest", "InteractiveSessionRequest"] {
        let request = &document["components"]["schemas"][request];
        assert_eq!(request["additionalProperties"], json!(false));
        for (field, property) in request["properties"].as_object().unwrap() {
            assert_eq!(property["nullable"], json!(true), "{field}");
            // Generated clients would send it, and so override the key's own.
            assert!(property["default"].is_null(), "{field}");
        }
    }
    assert_eq!(document["servers"][0]["url"], "/");
}

#[tokio::test]
async fn every_field_is_described_with_an_example_and_every_word_explained() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(is_described(schema), "{name}");
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(is_described(property), "{name}.{field}: {property}");
            let is_leaf = holds(schemas, property, |s| s["properties"].is_null());
            assert_eq!(property["example"].is_null(), !is_leaf, "{name}.{field}");
        }
        for word in schema["enum"].as_array().into_iter().flatten() {
            // One word needs no list.
            let alone = schema["enum"].as_array().unwrap().len() == 1;
            let listed = format!("- `{}`: ", word.as_str().unwrap());
            let description = schema["description"].as_str().unwrap();
            assert!(alone || description.contains(&listed), "{name}: {word}");
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let score = &schemas["Rejected"]["properties"]["anti_spoof_avg_score"];
    assert_eq!(score["nullable"], json!(true));
}

fn is_described(schema: &Value) -> bool {
    schema["description"].as_str().is_some_and(|d| d.len() > 5)
}

/// Whether the schema that this one is, or is a list of, is like that.
fn holds(schemas: &Map<String, Value>, schema: &Value, like: fn(&Value) -> bool) -> bool {
    let schema = if schema["type"] == "array" {
        &schema["items"]
    } else {
        schema
    };
    let reference = schema["$ref"]
        .as_str()
        .or(schema["allOf"][0]["$ref"].as_str());
    let named = reference.map(|r| &schemas[r.rsplit('/').next().unwrap()]);
    like(named.unwrap_or(schema))
}

#[tokio::test]
async fn every_code_of_every_operation_has_an_example_with_its_status() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    let mut seen = BTreeSet::new();
    for (path, status, response) in responses(&document) {
        if response["content"]["application/json"]["schema"]["$ref"] != "#/components/schemas/Error"
        {
            continue;
        }
        let examples = &response["content"]["application/json"]["examples"];
        let described = response["description"].as_str().unwrap();
        for code in Code::ALL {
            let name = json!(code).as_str().unwrap().to_owned();
            let example = &examples[&name]["value"];
            assert_eq!(
                example.is_object(),
                described.contains(&format!("`{name}`: "))
            );
            if example.is_object() {
                assert_eq!(code.status().as_u16().to_string(), status, "{path} {name}");
                assert_eq!(example["code"], name.as_str(), "{path} {status}");
                seen.insert(name);
            }
        }
        assert!(!examples.as_object().unwrap().is_empty(), "{path} {status}");
    }
    // No operation answers with these: there is none at that path or for that method.
    let names = Code::ALL.map(|code| json!(code).as_str().unwrap().to_owned());
    let nowhere: Vec<_> = names.iter().filter(|name| !seen.contains(*name)).collect();
    assert_eq!(nowhere, ["NOT_FOUND", "METHOD_NOT_ALLOWED"]);
}

#[tokio::test]
async fn every_example_is_what_its_schema_says() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    let mut count = 0;
    let mut check = |place: &str, schema: &Value, example: &Value| {
        validate(&document, place, schema, example);
        count += 1;
    };
    let operations = operations(&document).map(|(path, o)| (path, &o["requestBody"]));
    let responses = responses(&document).map(|(path, _, response)| (path, response));
    for (path, body) in operations.chain(responses) {
        let media = &body["content"]["application/json"];
        for (name, example) in media["examples"].as_object().into_iter().flatten() {
            check(
                &format!("{path} {name}"),
                &media["schema"],
                &example["value"],
            );
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !schema["example"].is_null() {
            check(name, schema, &schema["example"]);
        }
        for (field, property) in schema["properties"].as_object().into_iter().flatten() {
            for value in [&property["example"], &property["default"]] {
                if !value.is_null() {
                    check(&format!("{name}.{field}"), property, value);
                }
            }
        }
    }
    assert!(count > 80, "{count}");
    // No 0.012299999594688416, which is what a rounded f32 looks like as an f64.
    let long = |text: &str| {
        text.split(|c: char| !c.is_ascii_digit())
            .any(|run| run.len() > 8)
    };
    let mut numbers = Vec::new();
    collect_numbers(&document, &mut numbers);
    assert!(numbers.len() > 512);
    assert_eq!(numbers.iter().find(|n| long(n)), None);
}

#[tokio::test]
async fn every_success_and_every_parameter_is_exemplified() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    for (path, status, response) in responses(&document) {
        let examples = &response["content"]["application/json"]["examples"];
        let examples = examples.as_object().map_or(0, Map::len);
        assert!(examples > 0, "{path} {status}");
    }
    for (path, operation) in operations(&document) {
        assert!(operation["tags"][0].is_string(), "{path}");
        for (what, least) in [("summary", 5), ("description", 20)] {
            let text = operation[what].as_str().unwrap_or_default();
            assert!(text.len() > least, "{path}: no {what}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(is_described(parameter), "{path}: {parameter}");
        }
    }
}

/// Every operation with its path.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().values();
        methods.map(move |operation| (path.as_str(), operation))
    })
}

/// Every response with its path and status.
fn responses(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    operations(document).flat_map(|(path, operation)| {
        let responses = operation["responses"].as_object().unwrap().iter();
        responses.map(move |(status, response)| (path, status.as_str(), response))
    })
}

fn collect_numbers(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Number(number) => found.push(number.to_string()),
        Value::Object(fields) => fields.values().for_each(|v| collect_numbers(v, found)),
        Value::Array(items) => items.iter().for_each(|v| collect_numbers(v, found)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        found.push(reference.to_owned());
    }
    let fields = value
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.values());
    let items = value.as_array().into_iter().flatten();
    fields
        .chain(items)
        .for_each(|v| collect_references(v, found));
}

#[tokio::test]
async fn the_page_is_served_without_anything_from_outside() {
    let app = spawn_app().await;
    let root = app.client.get("/").await;
    assert_eq!(
        (root.status, &root.headers["location"]),
        (303, &"/docs".parse().unwrap())
    );
    let request = app.client.request(reqwest::Method::GET, "/docs");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<title>Livegate API</title>"));
    // The document with its examples, not the one that poem-openapi derives.
    assert!(page.contains("SwaggerUIBundle(") && page.contains("\"several_reasons\""));
    for outside in ["src=\"http", "src='http", "href=\"http", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
}
