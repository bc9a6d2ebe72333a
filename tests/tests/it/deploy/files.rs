//! The files of the deployment, read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use livegate_tests::media::root;
use serde_json::Value;

use crate::document::tools::{python, run, system};

/// Longest that one of the tools may take on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The documents of a YAML file, less empty ones.
pub async fn yaml(path: &Path) -> Vec<Value> {
    const TO_JSON: &str = "import json, sys, yaml\n\
        print(json.dumps([d for d in yaml.safe_load_all(open(sys.argv[1])) if d]))";
    let mut command = python();
    command.args(["-c", TO_JSON]).arg(path);
    serde_json::from_str(&run(command, PATIENCE).await).unwrap()
}

/// `docker-compose.yml`.
pub async fn compose() -> Value {
    yaml(&root().join("docker-compose.yml")).await.remove(0)
}

/// Runs helm, and gives whether it succeeded and all that it printed.
pub async fn helm(arguments: &[&str]) -> (bool, String) {
    let program = root().join("target/tools/python/bin/helm");
    let folder = tempfile::tempdir().unwrap();
    let mut command = system(program.to_str().unwrap());
    // None of this machine's own settings.
    command
        .env("HOME", folder.path())
        .args(arguments)
        .current_dir(root());
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output
        .unwrap()
        .unwrap_or_else(|error| panic!("{}: {error}; `make test` installs it", program.display()));
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

/// Where the chart is.
pub const CHART: &str = "deploy/helm/livegate";

/// The objects that the chart makes with these settings (`name=value`).
pub async fn chart(settings: &[&str]) -> Vec<Value> {
    let thresholds = "thresholds=liveness/src/thresholds/shipped.toml";
    let mut arguments = vec!["template", "test", CHART, "--set-file", thresholds];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let (rendered, printed) = helm(&arguments).await;
    assert!(rendered, "{printed}");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), printed).unwrap();
    yaml(file.path()).await
}

/// The objects of a kind.
pub fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    let found: Vec<_> = objects.iter().filter(|o| o["kind"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

/// What a stage of the `Dockerfile` says of containers.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// `ENV`.
    pub environment: BTreeMap<String, String>,
    /// `CMD`.
    pub command: Vec<String>,
    /// The command of `HEALTHCHECK`.
    pub health: Option<Vec<String>>,
    /// `USER`.
    pub user: String,
}

/// The stages of the `Dockerfile`, by name.
pub fn images() -> BTreeMap<String, Image> {
    let text = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let mut stages = BTreeMap::<String, Image>::new();
    let mut current = String::new();
    for line in text.replace("\\\n", " ").lines() {
        let (instruction, rest) = line.split_once(' ').unwrap_or_default();
        if instruction == "FROM" {
            let (base, name) = rest.split_once(" AS ").expect("every stage has a name");
            let image = stages.get(base).cloned().unwrap_or_default();
            stages.insert(name.to_owned(), image);
            name.clone_into(&mut current);
            continue;
        }
        let Some(image) = stages.get_mut(&current) else {
            continue;
        };
        // The form of a list: no shell stands between.
        let list = || serde_json::from_str(&rest[rest.find('[').unwrap()..]).unwrap();
        match instruction {
            "ENV" => {
                let variables = rest.split_whitespace().map(|v| v.split_once('=').unwrap());
                let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
                image.environment.extend(variables);
            }
            "CMD" => image.command = list(),
            "HEALTHCHECK" => image.health = Some(list()),
            "USER" => rest.clone_into(&mut image.user),
            _ => {}
        }
    }
    stages
}

/// The texts of a list.
pub fn texts(list: &Value) -> Vec<String> {
    let list = list
        .as_array()
        .unwrap_or_else(|| panic!("{list} is no list"));
    list.iter()
        .map(|t| t.as_str().unwrap().to_owned())
        .collect()
}
