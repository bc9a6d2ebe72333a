//! GitHub's workflow files: what their linters do not ask for.

use std::fs;
use std::path::PathBuf;

use livegate_tests::media::root;
use serde_json::{Value, json};

use super::files::yaml;

/// The workflow files.
pub fn workflows() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join(".github/workflows")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// The jobs of all workflows.
async fn jobs() -> Vec<Value> {
    let mut jobs = Vec::new();
    for file in workflows() {
        let workflow = yaml(&file).await.remove(0);
        jobs.extend(workflow["jobs"].as_object().unwrap().values().cloned());
    }
    jobs
}

#[tokio::test]
async fn workflows_may_read_the_repository_and_nothing_else() {
    for file in workflows() {
        let workflow = yaml(&file).await.remove(0);
        let rights = &workflow["permissions"];
        assert_eq!(*rights, json!({"contents": "read"}), "{}", file.display());
    }
    for job in jobs().await {
        assert!(job.get("permissions").is_none(), "{job}");
    }
}

#[tokio::test]
async fn every_job_of_a_workflow_has_a_time_limit() {
    for job in jobs().await {
        assert!(job["timeout-minutes"].is_u64(), "{job}");
    }
}

#[tokio::test]
async fn workflows_use_actions_by_their_commits() {
    for job in jobs().await {
        for step in job["steps"].as_array().unwrap() {
            let Some(action) = step["uses"].as_str() else {
                continue;
            };
            let (_, commit) = action.split_once('@').unwrap();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_commit, "{action}");
        }
    }
}

#[tokio::test]
async fn the_gate_of_workflows_is_the_projects_own() {
    let text = fs::read_to_string(root().join(".github/workflows/gate.yml")).unwrap();
    assert!(text.contains("- run: .ci/run\n"), "{text}");
    let toolchain = fs::read_to_string(root().join("rust-toolchain.toml")).unwrap();
    let (_, version) = toolchain.split_once("channel = \"").unwrap();
    let (version, _) = version.split_once('"').unwrap();
    for file in workflows() {
        let text = fs::read_to_string(&file).unwrap();
        for image in text.lines().filter(|line| line.contains("image: rust:")) {
            assert!(image.contains(&format!("rust:{version}-")), "{image}");
        }
    }
}
