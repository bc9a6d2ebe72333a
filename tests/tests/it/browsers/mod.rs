//! The component `<livegate-check>` in browsers of Debian's packages, whose camera shows a drawn face, and its parts
//! without a browser.

use std::time::Duration;

use livegate_tests::media::root;
use serde_json::Value;

use crate::document::tools::{file, run, system};

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
    assert_eq!(report["violations"], serde_json::json!([]), "{report}");
    assert!(report["states"].as_u64().unwrap() > 40, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_parts_work_without_a_browser() {
    let mut node = system("node");
    node.arg("--test").arg(root().join("web/tests"));
    run(node, PATIENCE).await;
}
