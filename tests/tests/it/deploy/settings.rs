//! The variables that a deployment sets.

use std::collections::BTreeSet;
use std::fs;

use livegate_tests::media::root;
use serde_json::Value;

use super::files::{chart, compose, images, of_kind};
use super::lint::EVERYTHING;

/// The variables of the table of settings.
fn documented() -> BTreeSet<String> {
    let document = fs::read_to_string(root().join("docs/settings.md")).unwrap();
    let rows = document
        .lines()
        .filter(|line| line.starts_with("| `LIVEGATE_"));
    let names = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`'));
    let names = names.filter(|name| name.starts_with("LIVEGATE_"));
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn every_variable_that_a_deployment_sets_is_in_the_table_of_settings() {
    let documented = documented();
    let is_known = |name: &str| assert!(documented.contains(name), "{name}");
    for image in images().values() {
        let ours = image.environment.keys();
        ours.filter(|n| n.starts_with("LIVEGATE_"))
            .for_each(|n| is_known(n));
    }
    for service in compose().await["services"].as_object().unwrap().values() {
        let set = service["environment"].as_object();
        set.into_iter()
            .flatten()
            .for_each(|(name, _)| is_known(name));
    }
    let objects = chart(&EVERYTHING).await;
    for deployment in of_kind(&objects, "Deployment") {
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let set = container["env"].as_array().unwrap().iter();
        set.filter_map(|v| v["name"].as_str()).for_each(is_known);
    }
    let schema = fs::read(root().join("deploy/helm/livegate/values.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let taken = &schema["$defs"]["settings"]["propertyNames"]["not"]["enum"];
    let taken = taken.as_array().unwrap().iter();
    taken.filter_map(Value::as_str).for_each(is_known);
}
