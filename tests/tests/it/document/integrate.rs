//! The integrator's guide: its tables name all that the API can answer, and its programs run as they
//! stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use livegate_api::error::Code;
use livegate_liveness::evidence::Kind;
use livegate_tests::app::spawn_app;
use livegate_tests::client::Capture;
use livegate_tests::media::root;
use livegate_tests::scripted::{Scene, png};
use serde_json::json;

use super::passages::Document;
use super::tools::{base_url, run, system};

/// The header of the table of errors.
const ERRORS: &str = "| HTTP | code | when | what to do |";

/// The integrator's guide.
pub fn guide() -> Document {
    document("docs/integrate.md")
}

fn document(path: &str) -> Document {
    Document::new(path, fs::read_to_string(root().join(path)).unwrap())
}

/// The rows of the guide's table with this header, cell by cell.
fn rows(header: &str) -> Vec<Vec<String>> {
    rows_of(&guide(), header)
}

fn rows_of(document: &Document, header: &str) -> Vec<Vec<String>> {
    let table = document.passage(&format!("{header}\n"), "\n\n");
    let dashes = 1;
    table.lines().skip(dashes).map(cells).collect()
}

fn cells(row: &str) -> Vec<String> {
    let row = row.trim_matches('|').split('|');
    row.map(|cell| cell.trim().to_owned()).collect()
}

#[test]
fn every_error_is_in_the_guide() {
    let rows = rows(ERRORS);
    let in_guide: Vec<[&str; 2]> = rows.iter().map(|r| [r[0].as_str(), &r[1]]).collect();
    let statuses = Code::ALL.map(Code::status);
    let names = Code::ALL.map(|code| format!("`{}`", json!(code).as_str().unwrap()));
    let of_code: Vec<[&str; 2]> = statuses
        .iter()
        .zip(&names)
        .map(|(status, name)| [status.as_str(), name])
        .collect();
    assert_eq!(in_guide, of_code);
    for row in rows {
        assert!(
            row.len() == 4 && row.iter().all(|c| !c.is_empty()),
            "{row:?}"
        );
    }
}

#[tokio::test]
async fn every_code_reason_and_cause_of_the_api_document_is_in_the_guide() {
    let app = spawn_app().await;
    let document = app.client.without_key().get("/openapi.json").await.body;
    for (schema, header, column) in [
        ("ErrorCode", ERRORS, 1),
        ("ReasonCode", "| reason | what it says | what to do |", 0),
        ("FailureReason", "| `why` | usual cause |", 0),
        ("RetryHint", "| `retry_hints` | a sentence to show |", 0),
    ] {
        let rows = rows(header);
        let names = rows.iter().flat_map(|row| row[column].split(", "));
        let names: BTreeSet<&str> = names.map(|name| name.trim_matches('`')).collect();
        let documented = document["components"]["schemas"][schema]["enum"].as_array();
        let documented = documented.unwrap().iter();
        let documented: BTreeSet<&str> = documented.map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names, documented, "{schema}");
    }
}

#[tokio::test]
async fn every_feedback_is_explained() {
    let explained = rows_of(
        &document("docs/interactive.md"),
        "| `feedback` | given when | tell the user |",
    );
    let explained: BTreeSet<&str> = explained.iter().map(|r| r[0].trim_matches('`')).collect();
    let app = spawn_app().await;
    let api = app.client.without_key().get("/openapi.json").await.body;
    let values = api["components"]["schemas"]["Feedback"]["enum"].as_array();
    let values: BTreeSet<&str> = values
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    assert_eq!(explained, values);
}

#[test]
fn every_kind_of_evidence_is_in_the_guide() {
    let rows = rows("| `evidence` | what it says | what to do |");
    let in_guide: BTreeSet<String> = rows.iter().map(|r| r[0].replace('`', "")).collect();
    let others = [
        "mirrored",
        "undecodable_frame",
        "no_colour",
        "unplayable_clip",
    ];
    let known = Kind::ALL.map(Kind::name).into_iter().chain(others);
    assert_eq!(in_guide, known.map(str::to_owned).collect());
}

#[tokio::test]
async fn every_kind_of_evidence_is_in_the_api_document() {
    let app = spawn_app().await;
    let document = app.client.without_key().get("/openapi.json").await.body;
    let schema = &document["components"]["schemas"]["Evidence"]["properties"]["name"];
    let text = schema["description"].as_str().unwrap();
    for kind in Kind::ALL {
        assert!(
            text.contains(&format!("`{}`", kind.name())),
            "{kind:?} in {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_programs_find_somebody_live() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let frames = Capture::good().0.into_iter().enumerate();
    let frames = frames.map(|(i, (phase, image))| (format!("{i:02}_{phase}.jpg"), image));
    put(&folder.path().join("capture"), frames);
    let live = ["TURN_LEFT", "TURN_RIGHT"]
        .into_iter()
        .flat_map(Scene::doing);
    let live = live.enumerate();
    put(
        &folder.path().join("live"),
        live.map(|(i, scene)| (format!("{i:03}.jpg"), png(&scene))),
    );
    for (program, file, after, arguments, says) in [
        (
            "python3",
            "verify.py",
            "as `verify.py`:",
            ["capture", "turn_left", "turn_right"].as_slice(),
            "True ['liveness_passed'",
        ),
        (
            "node",
            "live.mjs",
            "later, `live.mjs`,",
            ["live", "TURN_LEFT,TURN_RIGHT"].as_slice(),
            "completed true [ 'liveness_passed'",
        ),
    ] {
        fs::write(folder.path().join(file), guide().block(after)).unwrap();
        let mut command = system(program);
        command
            .arg(file)
            .args(arguments)
            .current_dir(folder.path())
            .env("BASE", base_url(&app))
            .env("KEY", &app.key.secret);
        let printed = run(command, Duration::from_secs(60)).await;
        assert!(printed.contains(says), "{printed}");
    }
}

/// Makes a folder of files.
pub fn put(folder: &Path, files: impl IntoIterator<Item = (String, Vec<u8>)>) {
    fs::create_dir(folder).unwrap();
    for (name, content) in files {
        fs::write(folder.join(name), content).unwrap();
    }
}
