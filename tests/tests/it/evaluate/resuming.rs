//! Evaluations that were stopped and go on.

use std::path::Path;

use livegate_common::shutdown::Shutdown;
use livegate_lab::evaluate::EvaluateError;
use livegate_tests::scripted::{Act, Scene};
use serde_json::Value;

use super::set::{Folder, point, run, scored};

/// The number of captures in the journal.
fn written(out: &Path) -> usize {
    let text = std::fs::read_to_string(out.join("journal.jsonl")).unwrap();
    text.matches("{\"measured\"").count()
}

/// A set of this many live stills of one subject each.
fn stills(number: usize) -> Folder {
    let mut folder = Folder::new();
    for index in 0..number {
        let scene = Scene {
            person: index as u16,
            ..scored(0.5 + index as f32 / 20.0)
        };
        let fields = format!("label = \"bona_fide\"\nsubject = \"{index}\"");
        folder.still(&format!("{index}.png"), &scene, &fields);
    }
    folder
}

/// A report without what only one run can compare.
fn without_comparisons(mut report: Value) -> Value {
    report["overall"]["identity"] = Value::Null;
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_journal_is_not_measured_again_and_the_report_is_the_same() {
    let folder = stills(4);
    let first = folder.evaluate().await.unwrap();
    assert_eq!(first["overall"]["identity"]["pairs_compared"], 6);
    assert_eq!(written(&folder.out()), 4);
    let again = folder.evaluate().await.unwrap();
    assert_eq!(again, first);
    assert_eq!(written(&folder.out()), 4, "nothing was measured");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_evaluation_goes_on_and_reports_as_if_it_had_not_been_stopped() {
    let mut folder = stills(3);
    let broken = Scene {
        act: Act::Fail,
        ..Scene::default()
    };
    let fields = "label = \"bona_fide\"\nsubject = \"last\"";
    folder.still("last.png", &broken, fields);
    let error = folder.evaluate().await.unwrap_err();
    assert!(error.to_string().starts_with("last.png: "), "{error}");
    assert_eq!(written(&folder.out()), 3);

    let mend = |folder: &Folder| {
        let scene = livegate_tests::scripted::png(&scored(0.95));
        std::fs::write(folder.path("last.png"), scene).unwrap();
    };
    mend(&folder);
    let resumed = folder.evaluate().await.unwrap();
    assert_eq!(written(&folder.out()), 4);
    assert_eq!(resumed["overall"]["identity"]["pairs_compared"], 3);
    assert_eq!(resumed["overall"]["identity"]["pairs_possible"], 6);

    let mut whole = stills(3);
    whole.still("last.png", &broken, fields);
    mend(&whole);
    let whole = whole.evaluate().await.unwrap();
    assert_eq!(whole["overall"]["identity"]["pairs_compared"], 6);
    assert_eq!(without_comparisons(resumed), without_comparisons(whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signal_to_stop_ends_it_with_how_to_go_on() {
    let folder = stills(2);
    let (trigger, shutdown) = Shutdown::new();
    trigger.stop();
    let error = run(&folder.set(), &folder.out(), &point(), &shutdown).await;
    let Err(EvaluateError::Stopped { done: 0, of: 2 }) = error else {
        panic!("{error:?}")
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_date_is_measured_again() {
    let folder = stills(2);
    let before = folder.evaluate().await.unwrap();

    let mut stricter = point();
    stricter.pad.single_chosen = 5.0;
    stricter.thresholds.pad = stricter.pad.clone();
    let (_trigger, shutdown) = Shutdown::new();
    let report = run(&folder.set(), &folder.out(), &stricter, &shutdown)
        .await
        .unwrap();
    assert_eq!(written(&folder.out()), 4);
    assert_eq!(report.overall.pad.bona_fide.bpcer.count, 2);

    std::fs::write(
        folder.path("0.png"),
        livegate_tests::scripted::png(&scored(0.2)),
    )
    .unwrap();
    let after = folder.evaluate().await.unwrap();
    assert_eq!(written(&folder.out()), 5, "one has changed");
    assert_eq!(after["captures"][0]["score"], 0.2);
    assert_eq!(after["captures"][1], before["captures"][1]);
    assert_eq!(after["overall"]["identity"]["pairs_compared"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_cut_off_is_measured_again() {
    let folder = stills(2);
    let before = folder.evaluate().await.unwrap();
    let journal = folder.out().join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let second = text.match_indices('\n').next().unwrap().0 + 40;
    std::fs::write(&journal, &text[..second]).unwrap();
    let after = folder.evaluate().await.unwrap();
    assert_eq!(without_comparisons(after), without_comparisons(before));
    // It stands in the journal, useless, and the next line is whole all the same.
    assert_eq!(folder.evaluate().await.unwrap()["overall"]["captures"], 2);
    assert_eq!(written(&folder.out()), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_holds_an_embedding() {
    let folder = stills(2);
    folder.evaluate().await.unwrap();
    let journal = std::fs::read_to_string(folder.out().join("journal.jsonl")).unwrap();
    assert!(!journal.contains("embedding"));
    let longest = journal
        .split(['[', ']'])
        .map(|list| list.matches(',').count());
    assert!(
        longest.max().unwrap() < 20,
        "no list of hundreds of numbers"
    );
}
