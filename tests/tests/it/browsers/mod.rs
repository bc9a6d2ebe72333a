//! The component `<livegate-check>` in browsers of Debian's packages, whose camera shows a drawn face, and its parts
//! without a browser.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_api::web::Component;
use livegate_tests::app::{Options, spawn};
use livegate_tests::media::root;
use serde_json::{Value, json};

use crate::document::tools::{base_url, file, run, system};

/// How long a browser may take, on a machine that runs other tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs every scenario of `tests/tools/web/scenarios.js`; the run fails with its report where one of them does.
async fn scenarios(browser: &str) {
    let mut node = system("node");
    node.arg(file("web/browsers.mjs")).arg(browser);
    let report: Value = serde_json::from_str(&run(node, PATIENCE).await).unwrap();
    let results = report["results"].as_array().unwrap();
    assert!(results.len() > 20, "{report}");
    for result in results {
        assert!(result["failure"].is_null(), "{result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_and_error_comes_in_chromium() {
    scenarios("chromium").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_and_error_comes_in_firefox() {
    scenarios("firefox").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_and_error_comes_in_webkit() {
    scenarios("webkit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_is_accessible_in_every_look() {
    let mut node = system("node");
    node.arg(file("web/states.mjs"));
    let report: Value = serde_json::from_str(&run(node, PATIENCE).await).unwrap();
    assert_eq!(report["violations"], json!([]), "{report}");
    assert!(report["states"].as_u64().unwrap() > 40, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_parts_work_without_a_browser() {
    let mut node = system("node");
    node.arg("--test").arg(root().join("web/tests"));
    run(node, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_uses_it_under_a_strict_policy() {
    let app = spawn(Options {
        server: ServerConfig {
            cors_origins: "*".parse().unwrap(),
            ..Options::default().server
        },
        ..Options::default()
    })
    .await;
    let component = Component::get();
    let session = app
        .client
        .interactive("num_challenges=2&timeout_seconds=60")
        .await
        .body;
    let settings = json!({
        "service": base_url(&app),
        "module": component.versioned_path(),
        "integrity": component.integrity,
        "session_id": session["session_id"],
        "client_token": session["client_token"],
    });
    let mut node = system("node");
    node.arg(file("web/foreign.mjs")).arg(settings.to_string());
    let result: Value = serde_json::from_str(&run(node, PATIENCE).await).unwrap();
    assert_eq!(result["errors"], json!([]), "{result}");
    assert_eq!(result["state"], "cancelled", "{result}");
    // In a frame of a third origin, which has the camera only where the page gives it.
    assert_eq!(result["framed"]["with"], json!(["started"]), "{result}");
    let refused = json!(["camera_denied", "iframe"]);
    assert_eq!(result["framed"]["without"], refused, "{result}");
}

/// Uses the demo page, which gets a key lent, in a browser that refuses the camera.
async fn demo_with_a_lent_key() -> Value {
    let app = spawn(Options {
        server: ServerConfig {
            lends_demo_key: true,
            ..Options::default().server
        },
        ..Options::default()
    })
    .await;
    let settings = json!({
        "url": base_url(&app),
        "key": null,
        "camera": null,
        "challenges": ["BLINK"],
        "timeout_seconds": null,
        "tab": "live",
        "shots": null,
        "timeout_ms": 30_000,
    });
    let mut node = system("node");
    node.arg(file("demo.mjs")).arg(settings.to_string());
    serde_json::from_str(&run(node, PATIENCE).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_page_needs_no_key_on_its_own_machine() {
    let shown = demo_with_a_lent_key().await;
    assert_eq!(shown["error"], "camera_denied", "{shown}");
    assert_eq!(shown["key_is_asked_for"], false, "{shown}");
}
