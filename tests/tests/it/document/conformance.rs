//! The API against its own document: schemathesis makes requests of it, allowed and forbidden ones,
//! and every answer must be one that it lists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use livegate_api::keys::create::NewKey;
use livegate_tests::app::spawn_with_key;
use livegate_tests::clips::{left_right, of_scenes};
use serde_json::Value;

use super::camera::save_pictures;
use super::tools::{base_url, file, python, run};

/// Requests per operation and kind of test. For many more: `LIVEGATE_EXAMPLES=5000`, and a seed of
/// your own in the configuration.
const EXAMPLES: &str = "200";

/// The paths of single interactive sessions.
const SESSION: &str = "/api/v1/liveness/sessions/{id}";
const FRAME: &str = "/api/v1/liveness/sessions/{id}/frame";

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_generated_requests_is_a_documented_one() {
    // Limits are tested elsewhere: here they would hide everything else.
    let key = NewKey {
        requests_per_minute: 1_000_000,
        concurrency: 1_000,
        ..NewKey::named("generous")
    };
    let app = spawn_with_key(key).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.har");
    let clip = folder.path().join("clip.mp4");
    fs::write(&clip, of_scenes(&left_right(|_, _| {}), 15)).unwrap();
    let examples = std::env::var("LIVEGATE_EXAMPLES").unwrap_or(EXAMPLES.to_owned());
    let mut schemathesis = python();
    schemathesis
        .args(["-m", "schemathesis.cli", "--no-color", "--config-file"])
        .arg(file("schemathesis.toml"))
        .args(["run", "--max-examples", &examples, "--report-har-path"])
        .arg(&log)
        .arg(format!("{}/openapi.json", base_url(&app)))
        .current_dir(folder.path())
        .env("BASE", base_url(&app))
        .env("KEY", &app.key.secret)
        .env("HOOKS", file("schemathesis_hooks.py"))
        .env("CLIP", &clip)
        .env("PICTURES", save_pictures(folder.path()));
    run(schemathesis, Duration::from_secs(1800)).await;

    // It has come as far as verdicts, and has been refused in every way that needs no waiting.
    let answers = answers(&log);
    for (path, answer) in [
        ("/v1/liveness/session", "200"),
        ("/v1/liveness/session", "400 INVALID_INPUT"),
        ("/v1/liveness/session", "401 UNAUTHORIZED"),
        ("/v1/liveness/session", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("/v1/liveness/verify", "200 verified images"),
        ("/v1/liveness/verify", "200 rejected images"),
        ("/v1/liveness/verify", "200 verified video"),
        ("/v1/liveness/verify", "200 rejected video"),
        ("/v1/liveness/verify", "400 MISSING_FIELDS"),
        ("/v1/liveness/verify", "400 INVALID_INPUT"),
        ("/v1/liveness/verify", "400 INVALID_FRAME_COUNT"),
        ("/v1/liveness/verify", "400 INVALID_FRAME_FORMAT"),
        ("/v1/liveness/verify", "401 UNAUTHORIZED"),
        ("/v1/liveness/verify", "409 SESSION_USED"),
        ("/v1/liveness/verify", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("/v1/liveness/health", "200"),
        ("/api/v1/liveness/sessions", "200 pending"),
        ("/api/v1/liveness/sessions", "400 INVALID_INPUT"),
        ("/api/v1/liveness/sessions", "401 UNAUTHORIZED"),
        (FRAME, "200 in_progress"),
        (FRAME, "200 completed"),
        (FRAME, "400 MISSING_FIELDS"),
        (FRAME, "401 UNAUTHORIZED"),
        (FRAME, "404 SESSION_NOT_FOUND"),
        (FRAME, "415 UNSUPPORTED_MEDIA_TYPE"),
        (SESSION, "200"),
        (SESSION, "200 in_progress"),
        (SESSION, "401 UNAUTHORIZED"),
        (SESSION, "404 SESSION_NOT_FOUND"),
        ("/api/v1/liveness/presets", "200"),
        ("/api/v1/liveness/presets", "401 UNAUTHORIZED"),
    ] {
        let seen = answers.contains(&(path.to_owned(), answer.to_owned()));
        assert!(seen, "no {answer} from {path} among {answers:#?}");
    }
}

/// The path that the document has for this one; `None` for those of single server-to-server sessions.
fn documented(path: &str) -> Option<&str> {
    let of_session = path.strip_prefix("/api/v1/liveness/sessions/");
    match of_session {
        Some(of_session) if of_session.ends_with("/frame") => Some(FRAME),
        Some(_) => Some(SESSION),
        None if path.starts_with("/v1/liveness/session/") => None,
        None => Some(path),
    }
}

/// The paths asked for, as they are documented, and with what result.
fn answers(log: &Path) -> BTreeSet<(String, String)> {
    let log: Value = serde_json::from_slice(&fs::read(log).unwrap()).unwrap();
    let entries = log["log"]["entries"].as_array().unwrap().iter();
    let answers = entries.filter_map(|entry| {
        let url: reqwest::Url = entry["request"]["url"].as_str().unwrap().parse().unwrap();
        let response = &entry["response"];
        let body = response["content"]["text"].as_str().unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let asked = entry["request"]["postData"]["text"].as_str();
        let asked: Value = serde_json::from_str(asked.unwrap_or_default()).unwrap_or_default();
        let mode = asked["mode"].as_str().unwrap_or("unknown mode");
        let what = match (body["code"].as_str(), body["verified"].as_bool()) {
            (Some(code), _) => format!(" {code}"),
            (None, Some(true)) => format!(" verified {mode}"),
            (None, Some(false)) => format!(" rejected {mode}"),
            (None, None) => {
                let state = body["state"].as_str();
                state.map_or_else(String::new, |state| format!(" {state}"))
            }
        };
        let path = documented(url.path())?.to_owned();
        Some((path, format!("{}{what}", response["status"])))
    });
    answers.collect()
}
