//! The API document and its page.

use livegate_tests::app::spawn_app;
use serde_json::{Value, json};

#[tokio::test]
async fn the_document_lists_every_operation_with_its_answers() {
    let app = spawn_app().await;
    let answer = app.client.without_key().get("/openapi.json").await;
    assert_eq!(answer.status, 200);
    let document = answer.body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for (path, method, statuses) in [
        (
            "/v1/liveness/session",
            "post",
            vec![200, 400, 401, 403, 413, 415, 429, 502],
        ),
        (
            "/v1/liveness/verify",
            "post",
            vec![200, 400, 401, 403, 404, 409, 410, 413, 415, 429, 502],
        ),
        (
            "/v1/liveness/session/{id}",
            "get",
            vec![200, 401, 403, 404, 502],
        ),
        ("/v1/liveness/health", "get", vec![200, 503]),
    ] {
        let operation = &document["paths"][path][method];
        let mut found: Vec<u16> = operation["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(|s| s.parse().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(found, statuses, "{method} {path}");
        assert_eq!(
            operation["security"].is_array(),
            path != "/v1/liveness/health",
            "{path}"
        );
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
                .contains_key("X-REQUEST-ID")
        );
    }
    let scheme = &document["components"]["securitySchemes"]["ApiKey"];
    for (field, value) in [
        ("type", "apiKey"),
        ("in", "header"),
        ("name", "X-AI-API-Key"),
    ] {
        assert_eq!(scheme[field], value, "{field}");
    }
}

#[tokio::test]
async fn every_field_of_the_document_is_described_and_every_reference_resolves() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        let fields = schema["properties"].as_object();
        for (field, schema) in fields.into_iter().flatten() {
            assert!(is_described(schema), "{name}.{field}: {schema}");
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for name in [
        "SessionRequest",
        "SessionCreated",
        "VerifyRequest",
        "Verified",
        "Rejected",
    ] {
        let (schema, example) = (&schemas[name], &schemas[name]["example"]);
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(
                !example[required.as_str().unwrap()].is_null(),
                "{name}.{required}"
            );
        }
        assert!(example.is_object(), "{name}");
    }
    let score = &schemas["Rejected"]["properties"]["anti_spoof_avg_score"];
    assert_eq!(score["nullable"], json!(true));
}

/// With a sentence of its own, or by the schema that it refers to.
fn is_described(schema: &Value) -> bool {
    let described = |s: &Value| s["description"].as_str().is_some_and(|d| !d.is_empty());
    described(schema)
        || schema.get("$ref").is_some()
        || schema["allOf"]
            .as_array()
            .is_some_and(|all| all.iter().any(is_described))
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
    assert!(page.contains("swagger"));
    for outside in ["src=\"http", "src='http", "href=\"http", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
}
