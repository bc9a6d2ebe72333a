//! Captures whose numbers are known, and what the report says of them.

use livegate_tests::client::Capture;
use livegate_tests::clips::left_right;
use livegate_tests::scripted::Scene;
use serde_json::{Value, json};

use super::set::{Folder, scored};

/// `"count of of"` of a rate.
fn counts(rate: &Value) -> String {
    format!("{} of {}", rate["count"], rate["of"])
}

fn action<'a>(report: &'a Value, name: &str) -> &'a Value {
    let actions = report["overall"]["actions"].as_array().unwrap();
    actions.iter().find(|a| a["action"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_counted_by_instrument_and_non_responses_apart() {
    let mut folder = Folder::new();
    for (index, score) in [0.9, 0.8, 0.7, 0.4].into_iter().enumerate() {
        let fields = format!("label = \"bona_fide\"\nsubject = \"{}\"", index % 2);
        folder.still(&format!("live_{index}.png"), &scored(score), &fields);
    }
    folder.still("nobody.png", &Scene::empty(), "label = \"bona_fide\"");
    for (index, score) in [0.1, 0.2, 0.6].into_iter().enumerate() {
        let fields = "label = \"attack\"\ninstrument = \"print\"\nsubject = \"0\"";
        folder.still(&format!("print_{index}.png"), &scored(score), fields);
    }
    let mask = "label = \"attack\"\ninstrument = \"mask\"";
    folder.still("mask.png", &scored(0.3), mask);
    folder.still("mask_unseen.png", &Scene::empty(), mask);
    let report = folder.evaluate().await.unwrap();

    let pad = &report["overall"]["pad"];
    let bona_fide = &pad["bona_fide"];
    assert_eq!(bona_fide["presentations"], 5);
    assert_eq!(
        counts(&bona_fide["bpcer"]),
        "1 of 4",
        "of those with a response"
    );
    assert_eq!(counts(&bona_fide["bpnrr"]), "1 of 5", "of all");
    assert_eq!(bona_fide["bpcer"]["subjects"], 2);
    // scipy 1.17: the Clopper-Pearson interval of 1 of 4.
    assert_eq!(bona_fide["bpcer"]["low"], 0.0063);
    assert_eq!(bona_fide["bpcer"]["high"], 0.8059);
    let [mask, print] = &pad["attacks"].as_array().unwrap()[..] else {
        panic!("{pad}")
    };
    assert_eq!(
        (&mask["instrument"], counts(&mask["apcer"])),
        (&json!("mask"), "0 of 1".to_owned())
    );
    assert_eq!(counts(&mask["apnrr"]), "1 of 2");
    assert_eq!(counts(&print["apcer"]), "1 of 3");
    assert_eq!(print["apcer"]["rate"], 0.3333);
    assert_eq!(
        (&pad["worst"]["instrument"], &pad["worst"]["apcer"]),
        (&print["instrument"], &print["apcer"])
    );
    let equal = &pad["trade_off"]["equal_error"];
    assert_eq!(
        (&equal["apcer"], &equal["bpcer"]),
        (&json!(1.0 / 3.0), &json!(0.25))
    );
    let range = |from: f64| {
        let ranges = pad["scores"].as_array().unwrap().iter();
        let range = ranges.clone().find(|r| r["from"] == from).unwrap();
        (range["bona_fide"].clone(), range["attacks"].clone())
    };
    assert_eq!(
        (range(0.6), range(0.9)),
        ((json!(0), json!(1)), (json!(1), json!(0)))
    );
    let unseen = &report["captures"][4];
    assert_eq!(unseen["score"], Value::Null);
    let why = unseen["no_response"].as_str().unwrap();
    assert!(why.starts_with("no face that can be judged"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_is_asked_for_what_a_clip_shows_and_actions_are_found_in_it() {
    // Left is shown from 0.33 to 1 s, right from 1.33 to 2 s.
    let turns = r#"actions = [
      { name = "turn_right", from = 1.3, to = 2.1 },
      { name = "turn_left", from = 0.3, to = 1.1 },
    ]"#;
    let live =
        format!("label = \"bona_fide\"\nsubject = \"a\"\nall_actions_listed = true\n{turns}");
    let replay = format!("label = \"attack\"\ninstrument = \"replay\"\n{turns}");
    let mut folder = Folder::new();
    folder
        .clip("live.mp4", &left_right(|_, _| {}), &live)
        .clip("replay.mp4", &left_right(|_, s| s.bona_fide = 0.2), &replay)
        // The last turn is missing.
        .clip(
            "half.mp4",
            &left_right(|i, s| {
                if i >= 20 {
                    s.yaw = 0.0
                }
            }),
            &live,
        );
    let report = folder.evaluate().await.unwrap();

    let captures = report["captures"].as_array().unwrap();
    assert_eq!(captures[0]["decision"]["accepted"], true, "{}", captures[0]);
    assert_eq!(
        captures[1]["decision"]["reasons"],
        json!(["spoof_detected"])
    );
    assert_eq!(
        captures[2]["decision"]["failed_actions"],
        json!(["turn_right"])
    );
    let pad = &report["overall"]["pad"];
    assert_eq!(counts(&pad["bona_fide"]["rejected"]), "1 of 2");
    assert_eq!(pad["bona_fide"]["reasons"], json!({"challenge_failed": 1}));
    assert_eq!(counts(&pad["attacks"][0]["accepted"]), "0 of 1");

    assert_eq!(counts(&action(&report, "turn_left")["hits"]), "3 of 3");
    assert_eq!(counts(&action(&report, "turn_right")["hits"]), "2 of 3");
    assert_eq!(
        captures[2]["actions"][1],
        json!({"action": "turn_right", "from_ms": 1300, "seen_ms": null})
    );
    // Two clips of 35 frames, listed in full.
    let smile = &action(&report, "smile")["false_hits"];
    assert_eq!(
        (&smile["count"], &smile["per_minute"]),
        (&json!(0), &json!(0.0))
    );
    assert!((smile["minutes"].as_f64().unwrap() - 2.0 * 34.0 / 15.0 / 60.0).abs() < 1e-3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_tagged_frames_is_judged_as_verify_would() {
    let mut folder = Folder::new();
    let asked = "actions = [{ name = \"turn_left\" }, { name = \"turn_right\" }]";
    let swapped = "actions = [{ name = \"turn_right\" }, { name = \"turn_left\" }]";
    let mut cut = Capture::good();
    cut.0[2].1.truncate(200);
    folder
        .frames(
            "good",
            &Capture::good(),
            &format!("label = \"bona_fide\"\n{asked}"),
        )
        .frames(
            "swapped",
            &Capture::good(),
            &format!("label = \"bona_fide\"\n{swapped}"),
        )
        .frames("cut", &cut, &format!("label = \"bona_fide\"\n{asked}"));
    let report = folder.evaluate().await.unwrap();
    let decision = |index: usize| &report["captures"][index]["decision"];
    assert_eq!(decision(0)["accepted"], true, "{report}");
    assert_eq!(decision(1)["reasons"], json!(["challenge_failed"]));
    assert_eq!(decision(2)["reasons"], json!(["invalid_input"]));
    let pad = &report["overall"]["pad"]["bona_fide"];
    assert_eq!(counts(&pad["bpnrr"]), "1 of 3");
    assert_eq!(
        report["overall"]["actions"],
        json!([]),
        "they have no times"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_seen_and_not_shown_is_a_false_hit_once_however_long_it_lasts() {
    let mut scenes = vec![Scene::default(); 60];
    scenes[20..35].fill(Scene::smiling());
    let smile = r#"actions = [{ name = "smile", from = 1.3, to = 2.3 }]"#;
    let mut folder = Folder::new();
    folder
        .clip(
            "absent.mp4",
            &scenes,
            "label = \"bona_fide\"\nabsent = [\"smile\"]",
        )
        .clip(
            "unknown.mp4",
            &[&scenes[..], &scenes[..10]].concat(),
            "label = \"bona_fide\"",
        )
        .clip(
            "listed.mp4",
            &[&scenes[..], &scenes[..20]].concat(),
            &format!("label = \"bona_fide\"\nabsent = [\"smile\"]\n{smile}"),
        );
    let report = folder.evaluate().await.unwrap();
    let smile = action(&report, "smile");
    assert_eq!(counts(&smile["hits"]), "1 of 1");
    assert_eq!(smile["false_hits"]["count"], 1, "{smile}");
    let stray = &report["captures"][0]["false_hits"];
    assert_eq!(*stray, json!([{"action": "smile", "at_ms": 1333}]));
    assert_eq!(
        report["captures"][1]["false_hits"],
        json!([]),
        "unlisted is unknown"
    );
    assert_eq!(report["captures"][2]["false_hits"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn poses_are_held_against_true_ones_also_of_mirrored_captures() {
    let mut folder = Folder::new();
    let scene = |yaw, pitch| Scene {
        yaw,
        pitch,
        ..Scene::default()
    };
    let labelled = |fields: &str| format!("label = \"bona_fide\"\nsubject = \"a\"\n{fields}");
    folder
        .still(
            "a.png",
            &scene(20.0, 0.0),
            &labelled("poses = [{ yaw = 22, pitch = 1 }]"),
        )
        .still(
            "b.png",
            &scene(20.0, 4.0),
            &labelled("mirrored = true\nposes = [{ yaw = -24, pitch = 1 }]"),
        )
        .still(
            "c.png",
            &Scene::empty(),
            &labelled("poses = [{ yaw = 0, pitch = 0 }]"),
        );
    let report = folder.evaluate().await.unwrap();
    let pose = &report["overall"]["pose"];
    assert_eq!(
        (&pose["measured"], &pose["unmeasured"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(
        (&pose["yaw"]["mean_absolute"], &pose["yaw"]["bias"]),
        (&json!(3.0), &json!(1.0))
    );
    assert_eq!(
        (&pose["pitch"]["mean_absolute"], &pose["pitch"]["bias"]),
        (&json!(2.0), &json!(1.0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faces_are_compared_by_pose_within_captures_and_between_them() {
    let person = |person| move |_: usize, s: &mut Scene| s.person = person;
    let of = |subject: &str, glasses: &str| {
        format!(
            "label = \"bona_fide\"\nsubject = \"{subject}\"\ngroup = {{ glasses = \"{glasses}\" }}"
        )
    };
    let mut folder = Folder::new();
    folder
        .clip("a.mp4", &left_right(person(1)), &of("a", "yes"))
        .still(
            "a.png",
            &Scene {
                person: 1,
                ..Scene::default()
            },
            &of("a", "yes"),
        )
        .still(
            "b.png",
            &Scene {
                person: 2,
                ..Scene::default()
            },
            &of("b", "no"),
        )
        .still(
            "unknown.png",
            &Scene {
                person: 3,
                ..Scene::default()
            },
            "label = \"bona_fide\"",
        )
        .still(
            "attack.png",
            &Scene {
                person: 2,
                ..Scene::default()
            },
            "label = \"attack\"\ninstrument = \"print\"\nsubject = \"b\"",
        );
    let report = folder.evaluate().await.unwrap();

    let identity = &report["overall"]["identity"];
    assert_eq!(
        (&identity["pairs_compared"], &identity["pairs_possible"]),
        (&json!(3), &json!(3))
    );
    let pose = |identity: &Value, pose: &str, kind: &str| {
        let poses = identity["poses"].as_array().unwrap();
        poses.iter().find(|p| p["pose"] == pose).unwrap()[kind].clone()
    };
    let turned = pose(identity, "yaw_30_45", "same_capture");
    assert_eq!(turned["median"], 1.0, "{turned}");
    assert_eq!(pose(identity, "frontal", "same_subject")["min"], 1.0);
    let impostor = pose(identity, "frontal", "other_subject");
    assert_eq!(
        (&impostor["min"], &impostor["max"]),
        (&json!(0.0), &json!(0.0))
    );
    assert_eq!(pose(identity, "yaw_45_70", "other_subject"), Value::Null);

    let [no, yes] = &report["groups"].as_array().unwrap()[..] else {
        panic!("{}", report["groups"])
    };
    assert_eq!((&no["value"], &no["captures"]), (&json!("no"), &json!(1)));
    assert_eq!(
        (&yes["value"], &yes["captures"], &yes["subjects"]),
        (&json!("yes"), &json!(2), &json!(1))
    );
    assert_eq!(yes["identity"]["pairs_compared"], 1, "only within a group");
    assert_eq!(
        pose(&yes["identity"], "frontal", "other_subject"),
        Value::Null
    );
}
