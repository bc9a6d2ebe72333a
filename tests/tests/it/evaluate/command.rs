//! `livegate-lab evaluate` with the real models.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use image::{Rgb, RgbImage};
use livegate_tests::media::{jpeg, media, models, portrait_frame, root};
use serde_json::Value;

use livegate_tests::fleet::binary;

/// Portraits of a set: measuring them takes long enough to be stopped.
const NUMBER: u8 = 24;

pub fn command(folder: &Path, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary("livegate-lab"));
    command
        .current_dir(folder)
        .env("LIVEGATE_MODELS", models())
        .env("LIVEGATE_WORKER_THREADS", "2")
        .arg(name)
        .args(arguments);
    command
}

pub fn text_of(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// A set of portraits of one person, told apart by a mark in a corner.
pub fn portraits(folder: &Path, number: u8) {
    let mut manifest = "name = \"portraits\"\n".to_owned();
    let mut picture = portrait_frame(400, 0);
    for index in 0..number {
        let mark = RgbImage::from_pixel(16, 16, Rgb([10 * index; 3]));
        image::imageops::replace(&mut picture, &mark, 0, 0);
        let name = format!("{index}.jpg");
        std::fs::write(folder.join(&name), jpeg(&picture)).unwrap();
        manifest +=
            &format!("[[capture]]\nmedia = \"{name}\"\nlabel = \"bona_fide\"\nsubject = \"a\"\n");
    }
    std::fs::write(folder.join("set.toml"), manifest).unwrap();
}

/// Waits until it has measured a capture, and tells it to stop.
fn stop(mut child: Child) -> Output {
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Measured ") {
        line.clear();
        assert!(errors.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut errors, &mut rest).unwrap();
    let mut output = child.wait_with_output().unwrap();
    output.stderr = rest.into_bytes();
    output
}

fn report(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("report/report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
#[cfg_attr(not(has_models), ignore = "needs the models (make test obtains them)")]
fn a_stopped_evaluation_says_how_to_go_on_and_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    portraits(folder, NUMBER);
    let started = command(folder, "evaluate", &["set.toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let stopped = stop(started.unwrap());
    let (_, errors) = text_of(&stopped);
    assert_eq!(stopped.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("the same command goes on from there"),
        "{errors}"
    );
    assert!(!folder.join("report/report.json").exists());

    let resumed = command(folder, "evaluate", &["set.toml"]).output().unwrap();
    let (printed, errors) = text_of(&resumed);
    assert_eq!(resumed.status.code(), Some(0), "{errors}");
    let measured = errors.matches("Measured ").count();
    assert!(measured < usize::from(NUMBER), "not from the beginning");
    assert!(
        printed.contains("BPCER") && printed.contains("Written to report"),
        "{printed}"
    );
    let mut resumed = report(folder);
    let pairs = |report: &Value| {
        let identity = &report["overall"]["identity"];
        ["pairs_compared", "pairs_possible"].map(|field| identity[field].as_u64().unwrap())
    };
    let [compared, possible] = pairs(&resumed);
    assert!(compared < possible, "{compared} of {possible}");

    let whole = command(folder, "evaluate", &["set.toml", "--restart", "--json"])
        .output()
        .unwrap();
    let mut whole: Value = serde_json::from_slice(&whole.stdout).unwrap();
    assert_eq!(report(folder), whole);
    assert_eq!(pairs(&whole), [possible; 2]);
    assert_eq!(whole["overall"]["pad"]["bona_fide"]["bpcer"]["of"], NUMBER);
    for report in [&mut whole, &mut resumed] {
        report["overall"]["identity"] = Value::Null;
    }
    assert_eq!(resumed, whole);
}

#[test]
fn a_bad_manifest_ends_it_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "name = \"x\"\n[[capture]]\nmedia = \"gone.mp4\"\nlabel = \"attack\"\n";
    std::fs::write(folder.path().join("set.toml"), manifest).unwrap();
    let output = command(folder.path(), "evaluate", &["set.toml"])
        .output()
        .unwrap();
    let (printed, errors) = text_of(&output);
    assert_eq!((output.status.code(), printed.as_str()), (Some(1), ""));
    assert!(
        errors.contains("set.toml:\n  line 3, gone.mp4: there is no gone.mp4"),
        "{errors}"
    );
    assert!(!folder.path().join("report").exists());
}

#[test]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
fn real_people_are_measured_as_they_are_labelled() {
    let folder_of_media = media("");
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("docs/evaluation/shared-media.toml")).unwrap();
    // The whole set is read; what takes long is not measured here.
    let short = ["stills/", "actions/smile_blink", "replay/"];
    let mut set: toml::Table = text.parse().unwrap();
    let captures = set["capture"].as_array_mut().unwrap();
    captures.retain(|capture| {
        let medium = capture["media"].as_str().unwrap();
        assert!(folder_of_media.join(medium).exists(), "{medium}");
        short.iter().any(|start| medium.starts_with(start))
    });
    assert!(captures.len() > 8);
    std::fs::write(folder.path().join("set.toml"), set.to_string()).unwrap();
    let arguments = ["set.toml", "--media", folder_of_media.to_str().unwrap()];
    let output = command(folder.path(), "evaluate", &arguments)
        .output()
        .unwrap();
    let (printed, errors) = text_of(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        printed.contains("APCER screen_replay") && printed.contains("smile"),
        "{printed}"
    );

    let report = report(folder.path());
    let overall = &report["overall"];
    let identity = &overall["identity"];
    assert_eq!(identity["pairs_compared"], identity["pairs_possible"]);
    for action in overall["actions"].as_array().unwrap() {
        let hits = &action["hits"];
        assert_eq!(hits["count"], hits["of"], "{action}");
        assert_eq!(action["false_hits"]["count"], 0, "{action}");
    }
    let pad = &overall["pad"];
    // Every live face is seen. One fills its still, so that the shipped model abstains.
    let captures = report["captures"].as_array().unwrap().iter();
    let live = captures.filter(|c| c["instrument"].is_null());
    let unseen: Vec<_> = live.filter(|c| c["score"].is_null()).collect();
    for capture in &unseen {
        let why = capture["no_response"].as_str().unwrap();
        assert!(why.contains("noisy or close"), "{capture}");
    }
    assert!(unseen.len() <= 1, "{unseen:?}");
    let replay = pad["attacks"].as_array().unwrap().iter();
    let replay = replay.clone().find(|a| a["instrument"] == "screen_replay");
    assert_eq!(replay.unwrap()["accepted"]["count"], 0);
    for file in [
        "report.txt",
        "report.html",
        "det.svg",
        "scores.svg",
        "likeness.svg",
    ] {
        assert!(folder.path().join("report").join(file).exists(), "{file}");
    }
}
