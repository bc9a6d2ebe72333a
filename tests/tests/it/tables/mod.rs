//! The public documents, row by row: one test for each row of each of their tables, named after it,
//! and one for each claim of their prose that no table holds.

mod actions;
mod document;
mod errors;
mod frame;
mod interactive;
mod prose;
mod reason_codes;
mod response;
mod session_body;

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use livegate_api::verify::record::VerifySession;
use livegate_common::job::now_ms;
use livegate_common::records::{Records, Stored};
use livegate_tests::app::App;
use livegate_tests::client::{Answer, Capture};
use livegate_tests::media::reference;
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

/// The challenge that [`Capture::good`] meets.
const LEFT_RIGHT: [&str; 2] = ["turn_left", "turn_right"];

/// A row without a test fails it, and so does a test of a row that no document has any more.
#[test]
#[cfg_attr(
    not(has_reference),
    ignore = "needs the reference documents (LIVEGATE_REFERENCE)"
)]
fn every_row_has_its_test() {
    let text = reference("server-to-server.txt");
    let interactive = reference("interactive-sessions.txt");
    let rows: BTreeSet<String> = document::tables(&text)
        .iter()
        .flat_map(document::Table::tests)
        .chain(interactive::document::tests(&interactive))
        .collect();
    assert_eq!(tests_of_rows(), rows);
}

/// The tests of this binary that stand for a row: `file::row`.
fn tests_of_rows() -> BTreeSet<String> {
    let listed = Command::new(std::env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    listed
        .lines()
        .filter_map(|line| line.strip_prefix("tables::")?.strip_suffix(": test"))
        .filter(|name| name.contains("::") && !name.contains("prose::"))
        .map(str::to_owned)
        .collect()
}

/// Creates a session with this body, and verifies a capture for it.
async fn verify_with(app: &App, asked: &Value, capture: &Capture) -> Answer {
    let created = app.client.create(asked).await;
    assert_eq!(created.status, 200, "{}", created.body);
    let id = created.body["session_id"].as_str().unwrap();
    app.client.verify(id, capture).await
}

#[track_caller]
fn assert_verified(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["verified"], json!(true), "{}", answer.body);
}

/// Ends the test unless nothing failed but the challenge, and of it this action alone, for `why`.
#[track_caller]
fn assert_failed(answer: &Answer, action: &str, why: &str, numbers: (f64, f64, &str)) {
    answer.assert_rejected(&["challenge_failed"]);
    let (measured, required, unit) = numbers;
    assert_eq!(
        answer.body["rejection_details"]["failed_actions"],
        json!([{
            "action": action, "why": why, "measured": measured, "required": required, "unit": unit,
        }])
    );
}

/// Lets time pass for a session: its end comes that much nearer.
async fn let_pass(app: &App, session_id: &str, time: Duration) {
    let services = &app.services;
    let records = Records::new(&*services.sessions, &services.seal);
    let stored: Stored<VerifySession> = records.load(session_id).await.unwrap().unwrap();
    let mut record = stored.record.clone();
    record.expires_at_ms -= u64::try_from(time.as_millis()).unwrap();
    assert!(records.remove(&stored).await.unwrap());
    assert!(records.create(session_id, &record, now_ms()).await.unwrap());
}

/// A capture that takes about half a second to measure.
fn slow() -> Capture {
    Capture::left_right(|_, s| s.delay_ms = 120)
}

/// Somebody who faces the camera, is seen as `peak` in a frame with this tag, faces the camera
/// again and blinks.
fn movement(tag: &str, peak: Scene) -> Capture {
    let (open, shut) = (Scene::default(), Scene::eyes_closed());
    Capture::of([
        ("center", open),
        ("center", open),
        (tag, open),
        (tag, peak),
        (tag, open),
        ("blink", open),
        ("blink", shut),
        ("blink", open),
    ])
}

/// Somebody who turns left and then blinks: eyes as open as `level`, then `dip`, then `reopened`.
fn eyes(level: f32, dip: f32, reopened: f32) -> Capture {
    let with = |ear| Scene {
        ear,
        ..Scene::default()
    };
    // Lids that move, however far.
    let lids = |ear| Scene {
        eye_blink: Some(0.6),
        ..with(ear)
    };
    Capture::of([
        ("center", with(level)),
        ("center", with(level)),
        ("turn_left", Scene::turned(-30.0)),
        ("center", with(level)),
        ("blink", with(level)),
        ("blink", lids(dip)),
        ("blink", with(reopened)),
        ("blink_end", with(reopened)),
    ])
}
