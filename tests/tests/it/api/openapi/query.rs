//! The query of an interactive session, which no type derives.

use livegate_tests::app::spawn_app;
use serde_json::{Value, json};

use super::schema::validate;

/// The query is read by hand: what the document says of it must be what it takes.
#[tokio::test]
async fn the_query_of_an_interactive_session_is_documented_as_it_is_read() {
    let app = spawn_app().await;
    let document = app.client.get("/openapi.json").await.body;
    let create = &document["paths"]["/api/v1/liveness/sessions"]["post"];
    let parameters = create["parameters"].as_array().unwrap();
    let names: Vec<&str> = parameters
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    let unknown = app.client.interactive("unknown=1").await;
    unknown.assert_error(400, "INVALID_INPUT");
    let listed = unknown.error().split_once("a session takes ").unwrap().1;
    assert_eq!(
        listed.trim_end_matches('.').replace(" and ", ", "),
        names.join(", ")
    );
    for parameter in parameters {
        assert_eq!(
            (&parameter["in"], &parameter["required"]),
            (&json!("query"), &Value::Null)
        );
        // Generated clients would send it, and so override the preset's.
        assert!(parameter["schema"]["default"].is_null(), "{parameter}");
        // The page fills examples in: these go together.
        if let Some(example) = parameter.get("example") {
            validate(&document, "a parameter", &parameter["schema"], example);
        }
    }
    let examples: Vec<String> = parameters
        .iter()
        .filter_map(|p| Some(format!("{}={}", p["name"].as_str()?, p.get("example")?)))
        .collect();
    let created = app.client.interactive(&examples.join("&")).await;
    assert_eq!(created.status, 200, "{}", created.body);

    let schema = |name: &str| {
        let at = names.iter().position(|n| *n == name).unwrap();
        &parameters[at]["schema"]
    };
    for (name, below, above) in [
        ("num_challenges", "0", "8"),
        ("timeout_seconds", "0.99", "60.01"),
    ] {
        for (limit, beyond) in [("minimum", below), ("maximum", above)] {
            let limit = &schema(name)[limit];
            let at_limit = app.client.interactive(&format!("{name}={limit}")).await;
            assert_eq!(at_limit.status, 200, "{name} {limit}");
            let refused = app.client.interactive(&format!("{name}={beyond}")).await;
            refused.assert_error(400, "INVALID_INPUT");
        }
    }
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    let words_of = |name: &str| -> Vec<String> { serde_json::from_value(words(name)).unwrap() };
    let all = words_of("ChallengeType").join(",");
    let chosen = app.client.interactive(&format!("challenges={all}")).await;
    let chosen = chosen.body["challenges"].as_array().unwrap().len();
    assert_eq!(json!(chosen), schema("challenges")["maxItems"]);
    for preset in words_of("PresetName") {
        let created = app.client.interactive(&format!("preset={preset}")).await;
        assert_eq!(created.status, 200, "{preset}");
    }
}
