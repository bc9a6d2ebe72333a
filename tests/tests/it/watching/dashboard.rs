//! The dashboard asks for what there is.

use std::collections::BTreeSet;

use livegate_tests::media::root;
use livegate_tests::scrape::Scrape;
use serde_json::Value;

use super::logs::capture;
use super::process::Service;

/// The queries of all panels.
fn queries() -> Vec<String> {
    let file = std::fs::read(root().join("deploy/grafana/livegate.json")).unwrap();
    let dashboard: Value = serde_json::from_slice(&file).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let query = |target: &Value| target["expr"].as_str().unwrap().to_owned();
    targets.flatten().map(query).collect()
}

/// The metrics that a query names.
fn metrics(query: &str) -> impl Iterator<Item = &str> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("livegate_"))
}

/// The labels by which a query sums up.
fn labels(query: &str) -> impl Iterator<Item = &str> {
    let lists = query
        .split("by (")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap());
    lists.flat_map(|list| list.split(", "))
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
async fn every_metric_and_label_that_the_dashboard_names_is_there() {
    let mut service = Service::start(&[]).await;
    let mut worker = service.worker().await;
    let session = service.client.session(&["turn_left", "turn_right"]).await;
    let answer = service.client.verify(&session, &capture()).await;
    answer.assert_rejected(&["challenge_failed"]);
    // Of keys there are numbers once one of them was refused.
    let again = service.client.verify(&session, &capture()).await;
    again.assert_error(409, "SESSION_USED");
    let api = service.api.address("Metrics are on http://").await;
    let worker = worker.address("Metrics are on http://").await;
    let (api, worker) = (Scrape::of(api).await, Scrape::of(worker).await);
    let there: BTreeSet<String> = api.names().union(&worker.names()).cloned().collect();
    let queries = queries();
    assert!(queries.len() > 20, "{queries:#?}");
    for query in &queries {
        assert!(metrics(query).next().is_some(), "{query}");
        for name in metrics(query) {
            assert!(there.contains(name), "no {name}, which {query} asks for");
        }
        for label in labels(query) {
            let labelled = |name: &str, line: &str| {
                line.starts_with(&format!("{name}{{")) && line.contains(&format!("{label}=\""))
            };
            let mut lines = api.0.lines().chain(worker.0.lines());
            assert!(
                lines.any(|line| metrics(query).any(|name| labelled(name, line))),
                "nothing has the label {label}, which {query} asks for"
            );
        }
    }
    // And what there is has a help text that says what it is.
    for text in [&api.0, &worker.0] {
        for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
            let name = line.split(' ').nth(2).unwrap();
            let help = text
                .lines()
                .find(|l| l.starts_with(&format!("# HELP {name} ")));
            assert!(help.is_some_and(|h| h.len() > 20 + name.len()), "{name}");
        }
    }
    // Real models were timed, stage by stage.
    for stage in [
        "decode",
        "detect",
        "landmarks",
        "embed",
        "anti_spoof",
        "cues",
    ] {
        let sample = format!("livegate_worker_stage_duration_seconds_count{{stage=\"{stage}\"}}");
        assert_eq!(worker.value(&sample), 8.0, "{sample}");
    }
    let cpu = |part: &str| {
        worker.value(&format!(
            "livegate_worker_cpu_seconds_total{{part=\"{part}\"}}"
        ))
    };
    // Our own code is several times as slow in a debug build as in a release.
    assert!(
        cpu("inference") > cpu("other") / 4.0,
        "models take a good part of it"
    );
}
