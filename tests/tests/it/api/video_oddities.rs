//! Clips as recorders, browsers and servers of the field really write them.

use std::fs;
use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::clips::{left_right, made, made_of, of_scenes, of_scenes_at};
use livegate_tests::media::case;
use livegate_tests::scripted::Scene;
use serde_json::json;

use super::video::assert_unplayable;

const LEFT_RIGHT: [&str; 2] = ["turn_left", "turn_right"];

fn clip(change: impl Fn(usize, &mut Scene)) -> Vec<u8> {
    of_scenes(&left_right(change), 15)
}

/// The time of frame `N` of 15 a second, with `seconds` more from frame `at` on.
fn pause(at: usize, seconds: f32) -> String {
    format!("(N+if(lt(N,{at}),0,{}))/15/TB", seconds * 15.0)
}

#[tokio::test]
async fn a_pause_at_the_start_is_left_out_and_a_later_one_is_a_gap() {
    let app = spawn_app().await;
    // What is left out is not judged: somebody else, who is not the person.
    let scenes = left_right(|index, scene| scene.person = u16::from(index < 2));
    for seconds in [0.65, 2.0] {
        let clip = of_scenes_at(&scenes, 15, &pause(2, seconds));
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_eq!(answer.body["verified"], true, "{seconds}: {}", answer.body);
        assert_eq!(answer.body["frames_analyzed"], 33);
        let best = answer.body["best_frame_index"].as_u64().unwrap();
        assert!(best < 33, "{best} is among the frames that remain");
    }
    for (at, seconds) in [(2, 4.0), (20, 2.0), (30, 0.6)] {
        let clip = of_scenes_at(&left_right(|_, _| {}), 15, &pause(at, seconds));
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_unplayable(&answer, "half a second apart");
    }
    let short = of_scenes_at(&[Scene::default(); 9], 15, &pause(2, 1.0));
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &short).await;
    assert_unplayable(&answer, "too few frames: 7");
}

#[tokio::test]
#[cfg_attr(not(has_cases), ignore = "needs files from clients (LIVEGATE_CASES)")]
async fn a_recording_of_chrome_is_judged_by_what_it_shows() {
    let app = spawn_app().await;
    let clip = fs::read(case("chrome_start_freeze.webm")).unwrap();
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
    let reasons = answer.body["reason_codes"].as_array().unwrap();
    assert!(
        !reasons.contains(&json!("invalid_input")),
        "{}",
        answer.body
    );
}

#[tokio::test]
#[cfg_attr(not(has_cases), ignore = "needs files from clients (LIVEGATE_CASES)")]
async fn a_clip_of_a_client_that_does_not_begin_with_a_key_frame_is_told_so() {
    let app = spawn_app().await;
    let clip = fs::read(case("starts_without_key_frame.mp4")).unwrap();
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
    assert_unplayable(&answer, "key frame");
}

#[tokio::test]
async fn a_clip_that_does_not_begin_with_a_key_frame_is_told_so_or_begins_later() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let pattern = |codec: &[&str], extension| {
        let source = [
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x240:rate=15:duration=4",
            "-g",
            "15",
        ];
        fs::write(&whole, made(&[&source[..], codec].concat(), extension)).unwrap();
        let cut = ["-c", "copy", "-bsf:v", "noise=drop=eq(n\\,0)"];
        made_of(&whole, &cut, extension)
    };
    // From the second key frame on there are three seconds.
    for clip in [
        pattern(&["-c:v", "libx264", "-bf", "0"], "mp4"),
        pattern(&["-c:v", "libx264", "-bf", "0"], "webm.mkv"),
    ] {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        let reasons = answer.body["reason_codes"].as_array().unwrap();
        assert!(
            !reasons.contains(&json!("invalid_input")),
            "{}",
            answer.body
        );
    }
    let vp8 = pattern(&["-c:v", "libvpx"], "webm");
    assert_unplayable(
        &app.client.verify_new_clip(&LEFT_RIGHT, &vp8).await,
        "key frame",
    );
}

#[tokio::test]
async fn an_mp4_may_begin_with_any_box_that_files_begin_with() {
    let app = spawn_app().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.mp4");
    fs::write(&path, clip(|_, _| {})).unwrap();
    // Fragments that say where they are from their own beginning on: others must not be moved.
    let moved = "frag_keyframe+empty_moov+default_base_moof";
    let whole = made_of(&path, &["-c", "copy", "-movflags", moved], "mp4");
    let mut styp = whole.clone();
    styp[4..8].copy_from_slice(b"styp");
    let mut clips = vec![("styp for ftyp", styp)];
    for kind in [
        "uuid", "free", "skip", "wide", "emsg", "sidx", "prft", "styp",
    ] {
        let bytes: usize = if kind == "wide" { 0 } else { 40 };
        let length = u32::try_from(8 + bytes).unwrap().to_be_bytes();
        let first = [&length[..], kind.as_bytes(), &vec![0; bytes]].concat();
        clips.push((kind, [first, whole.clone()].concat()));
    }
    let moov = whole.windows(4).position(|w| w == b"moov").unwrap();
    clips.push(("moov", whole[moov - 4..].to_vec()));
    for (name, clip) in clips {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_eq!(answer.body["verified"], true, "{name}: {}", answer.body);
    }
}

#[tokio::test]
async fn turns_to_the_other_side_suggest_that_the_frames_are_mirrored() {
    let app = spawn_app().await;
    let hint = |answer: &livegate_tests::client::Answer| {
        let evidence = answer.body["rejection_details"]["evidence"].clone();
        (evidence[0]["name"].clone(), evidence[0]["measured"].clone())
    };
    let other = clip(|_, scene| scene.yaw = -scene.yaw);
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &other).await;
    answer.assert_rejected(&["challenge_failed"]);
    assert_eq!(hint(&answer), (json!("mirrored"), json!(2.0)));
    let blink = app
        .client
        .verify_new_clip(
            &["turn_left", "blink"],
            &clip(|_, s| s.yaw = s.yaw.max(0.0)),
        )
        .await;
    assert_eq!(hint(&blink), (json!("mirrored"), json!(1.0)));
    let half = clip(|_, scene| scene.yaw = scene.yaw.max(-18.0));
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &half).await;
    assert_eq!(hint(&answer).0, json!(null), "{}", answer.body);
}

#[tokio::test]
async fn a_clip_that_is_too_long_for_the_server_is_told_so_at_once() {
    let app = spawn(Options {
        server: ServerConfig {
            verify_timeout: Duration::from_secs(4),
            ..ServerConfig::default()
        },
        workers: 1,
        ..Options::default()
    })
    .await;
    let scenes = |slow: u64, times: usize| -> Vec<Scene> {
        let all = left_right(|_, scene| scene.delay_ms = slow);
        all.iter().cycle().take(35 * times).copied().collect()
    };
    // Three times 35 frames of 300 ms, on few threads: known after the first of them.
    let long = of_scenes(&scenes(300, 3), 15);
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &long).await;
    assert_unplayable(&answer, "this server can measure about");
    // Then before anything is measured.
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &long).await;
    assert_unplayable(&answer, "send a shorter one");
    let took = answer.body["processing_time_ms"].as_u64().unwrap();
    assert!(took < 2000, "{took} ms");
}
