//! Video mode over a scripted analyzer: real clips, decoded by the real decoder, of scripted scenes.

use std::time::Duration;

use livegate_api::config::ServerConfig;
use livegate_jail::Abilities;
use livegate_tests::app::{Options, spawn, spawn_app};
use livegate_tests::client::{base64, clip_body};
use livegate_tests::clips::{left_right, made, of_scenes};
use livegate_tests::scripted::{Act, Scene};
use livegate_worker::clip::ClipReader;
use serde_json::json;

const LEFT_RIGHT: [&str; 2] = ["turn_left", "turn_right"];

fn clip(change: impl Fn(usize, &mut Scene)) -> Vec<u8> {
    of_scenes(&left_right(change), 15)
}

/// Ends the test unless the clip was refused as no clip, for a reason that says so.
#[track_caller]
pub fn assert_unplayable(answer: &livegate_tests::client::Answer, reason: &str) {
    answer.assert_rejected(&["invalid_input"]);
    let evidence = &answer.body["rejection_details"]["evidence"][0];
    assert_eq!(evidence["name"], "unplayable_clip", "{}", answer.body);
    let text = evidence["text"].as_str().unwrap();
    assert!(text.contains(reason), "{text}");
    assert_eq!(answer.body["frames_analyzed"], 0);
}

#[tokio::test]
async fn a_clip_of_the_challenge_is_verified() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let clip = clip(|index, scene| scene.sharpness = if index == 2 { 300.0 } else { 100.0 });
    let answer = app.client.verify_clip(&session, &clip).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
    assert_eq!(answer.body["frames_analyzed"], 35);
    assert_eq!(
        answer.body["challenge_details"]["completed_actions"],
        json!(LEFT_RIGHT)
    );
    assert_eq!(answer.body["embedding"].as_array().unwrap().len(), 512);
    assert_eq!(answer.body["best_frame_index"], 2);
    let best = answer.body["best_frame_b64"].as_str().unwrap();
    let best = base64_simd::STANDARD.decode_to_vec(best).unwrap();
    assert!(best.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
    assert_eq!(image::load_from_memory(&best).unwrap().width(), 160);

    let again = app.client.verify_clip(&session, &clip).await;
    again.assert_error(409, "SESSION_USED");
    let audit = app.stop().await;
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (&audit[0]["mode"], &audit[0]["frames"]),
        (&json!("video"), &json!(35))
    );
}

#[tokio::test]
async fn actions_are_found_in_the_order_of_the_challenge() {
    let app = spawn_app().await;
    let answer = app
        .client
        .verify_new_clip(&["turn_right", "turn_left"], &clip(|_, _| {}))
        .await;
    answer.assert_rejected(&["challenge_failed"]);
    let details = &answer.body["rejection_details"];
    assert_eq!(details["completed_actions"], json!(["turn_right"]));
    assert_eq!(details["failed_actions"][0]["why"], "out_of_order");
}

#[tokio::test]
async fn a_movement_that_is_not_there_is_named_with_how_near_it_came() {
    let app = spawn_app().await;
    let half = clip(|_, scene| scene.yaw = scene.yaw.max(-18.0));
    let answer = app.client.verify_new_clip(&LEFT_RIGHT, &half).await;
    answer.assert_rejected(&["challenge_failed"]);
    assert_eq!(
        answer.body["rejection_details"]["failed_actions"],
        json!([{ "action": "turn_left", "why": "not_reached", "measured": -18.0, "required": -25.0, "unit": "degrees" }])
    );
}

#[tokio::test]
async fn a_blink_of_one_sample_counts_wherever_it_is() {
    let app = spawn_app().await;
    for at in [2, 17, 33] {
        let clip = clip(|index, scene| scene.ear = if index == at { 0.05 } else { 0.3 });
        for actions in [
            ["turn_left", "turn_right", "blink"],
            ["blink", "turn_left", "turn_right"],
        ] {
            let answer = app.client.verify_new_clip(&actions, &clip).await;
            assert_eq!(answer.body["verified"], true, "{at}: {}", answer.body);
        }
    }
    let never = app
        .client
        .verify_new_clip(&["turn_left", "blink"], &clip(|_, _| {}))
        .await;
    never.assert_rejected(&["challenge_failed"]);
    assert_eq!(
        never.body["rejection_details"]["failed_actions"][0]["why"],
        "not_reached"
    );
}

#[tokio::test]
async fn at_most_15_frames_a_second_are_looked_at_and_none_twice() {
    let app = spawn_app().await;
    let scenes = left_right(|_, _| {});
    for (rate, frames) in [(15, 35), (10, 35), (60, 9), (30, 18)] {
        let clip = of_scenes(&scenes, rate);
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_eq!(
            answer.body["frames_analyzed"], frames,
            "{rate} a second: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn who_and_what_is_seen_decides_as_in_images_mode() {
    let app = spawn_app().await;
    for (reasons, change) in [
        (
            &["spoof_detected"][..],
            (|_, s| s.bona_fide = 0.2) as fn(usize, &mut Scene),
        ),
        (&["different_persons_detected"], |i, s| {
            s.person = u16::from(i == 1 || i == 3)
        }),
        // What somebody else does is no action of the person's.
        (
            &["different_persons_detected", "challenge_failed"],
            |_, s| s.person = u16::from(s.yaw.abs() > 20.0),
        ),
        (&["different_persons_detected"], |i, s| {
            s.faces = if i > 30 { 2 } else { 1 }
        }),
        (&["insufficient_face_detections"], |i, s| {
            s.faces = u8::from(i % 5 < 3)
        }),
    ] {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip(change)).await;
        answer.assert_rejected(reasons);
    }
}

#[tokio::test]
async fn slides_of_a_head_that_never_moves_are_no_movement() {
    let app = spawn_app().await;
    let slides = |yaws: &[f32], rate| {
        let scenes: Vec<Scene> = yaws.iter().map(|yaw| Scene::turned(*yaw)).collect();
        of_scenes(&scenes, rate)
    };
    for (yaws, rate) in [
        ([0.0, 0.0, 0.0, -30.0, -30.0, -30.0, 33.0, 33.0], 2),
        ([0.0, 0.0, 0.0, -30.0, -31.0, 0.0, 33.0, 33.0], 15),
    ] {
        let answer = app
            .client
            .verify_new_clip(&LEFT_RIGHT, &slides(&yaws, rate))
            .await;
        answer.assert_rejected(&["challenge_failed"]);
        for failed in answer.body["rejection_details"]["failed_actions"]
            .as_array()
            .unwrap()
        {
            assert_eq!(failed["why"], "no_movement", "{failed}");
        }
    }
}

#[tokio::test]
async fn mirrored_clips_are_turned_back() {
    let app = spawn_app().await;
    let created = app
        .client
        .create(&json!({ "actions": LEFT_RIGHT, "mirrored": true }))
        .await;
    let session = created.body["session_id"].as_str().unwrap();
    let mirrored = clip(|_, scene| scene.yaw = -scene.yaw);
    let answer = app.client.verify_clip(session, &mirrored).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn what_is_no_clip_is_invalid_input_and_says_why() {
    let app = spawn_app().await;
    let good = clip(|_, _| {});
    let tiny = ["-f", "lavfi", "-i", "testsrc=size=64x64:duration=1"];
    let sound = ["-f", "lavfi", "-i", "sine=duration=1"];
    let mjpeg = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=160x160:duration=1",
        "-c:v",
        "mjpeg",
    ];
    for (bytes, reason) in [
        (b"not a clip at all".to_vec(), "neither mp4 nor webm"),
        (
            b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1/a.ts\n".to_vec(),
            "neither mp4 nor webm",
        ),
        (
            b"ffconcat version 1.0\nfile /etc/passwd\n".to_vec(),
            "neither mp4 nor webm",
        ),
        (good[..good.len() / 2].to_vec(), "ends early"),
        ([&b"\0\0\0\x18ftypmp42"[..], &[7; 5000]].concat(), "damaged"),
        (
            [&[0x1a, 0x45, 0xdf, 0xa3][..], &[7; 5000]].concat(),
            "damaged",
        ),
        (of_scenes(&[Scene::default(); 5], 15), "at least 8"),
        (of_scenes(&[Scene::default(); 8], 1), "half a second apart"),
        (made(&tiny, "mp4"), "64x64"),
        (made(&sound, "mp4"), "no video stream"),
        (made(&mjpeg, "mov"), "mjpeg"),
    ] {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &bytes).await;
        assert_unplayable(&answer, reason);
    }
    for record in app.stop().await {
        assert_eq!(record["reason_codes"], json!(["invalid_input"]));
        assert_eq!(record["mode"], "video");
    }
}

#[tokio::test]
async fn what_is_too_large_or_too_long_is_refused_before_anything_is_measured() {
    let app = spawn_app().await;
    let of = |size: &str, seconds: &str| {
        let source = format!("color=gray:size={size}:rate=10:duration={seconds}");
        made(
            &[
                "-f",
                "lavfi",
                "-i",
                &source,
                "-preset",
                "ultrafast",
                "-crf",
                "40",
            ],
            "mp4",
        )
    };
    for (clip, reason) in [
        (of("3840x2160", "1"), "3840x2160"),
        (of("2160x1300", "1"), "2160x1300"),
        (of("320x240", "600"), "over 30 seconds"),
        (of("320x240", "31"), "over 30 seconds"),
    ] {
        let answer = app.client.verify_new_clip(&LEFT_RIGHT, &clip).await;
        assert_unplayable(&answer, reason);
    }
    let largest = app
        .client
        .verify_new_clip(&LEFT_RIGHT, &of("1440x1920", "1"))
        .await;
    largest.assert_rejected(&["insufficient_face_detections"]);
    let longest = app
        .client
        .verify_new_clip(&LEFT_RIGHT, &of("320x240", "30"))
        .await;
    longest.assert_rejected(&["insufficient_face_detections"]);
    for record in &app.stop().await[..4] {
        assert_eq!(
            (&record["frames"], &record["worker_cpu_ms"]),
            (&json!(0), &json!(0.0))
        );
    }
}

#[tokio::test]
async fn a_body_that_asks_for_something_else_is_told_what_is_wrong() {
    let app = spawn_app().await;
    let session = app.client.session(&LEFT_RIGHT).await;
    let with = |video: serde_json::Value| json!({ "session_id": session, "mode": "video", "video_b64": video });
    let both = json!({ "session_id": session, "mode": "video", "video_b64": "AAAA", "frames": [] });
    let frames = json!({ "session_id": session, "mode": "video", "frames": [] });
    let images = json!({ "session_id": session, "mode": "images", "video_b64": "AAAA" });
    let none = json!({ "session_id": session, "mode": "video" });
    for (body, code, named) in [
        (none, "MISSING_FIELDS", "video_b64"),
        (with(json!(null)), "MISSING_FIELDS", "video_b64"),
        (with(json!(7)), "INVALID_INPUT", "video_b64"),
        (with(json!("")), "INVALID_INPUT", "empty"),
        (
            with(json!("data:video/webm;base64,")),
            "INVALID_INPUT",
            "empty",
        ),
        (with(json!("*not base64*")), "INVALID_INPUT", "base64"),
        (both, "INVALID_INPUT", "not both"),
        (frames, "INVALID_INPUT", "video_b64"),
        (images, "INVALID_INPUT", "frames"),
    ] {
        let answer = app.client.verify_raw(&body).await;
        answer.assert_error(400, code);
        assert!(answer.error().contains(named), "{}", answer.error());
    }
    let large = app
        .client
        .verify_clip(&session, &vec![0; (25 << 20) + 1])
        .await;
    large.assert_error(413, "VIDEO_TOO_LARGE");
    assert!(large.error().contains("25 MiB"), "{}", large.error());

    // None of it has used the session up; a recorder's data URL is taken as it is.
    let url = format!(
        "data:video/mp4;codecs=avc1,mp4a;base64,{}",
        base64(&clip(|_, _| {}))
    );
    let answer = app.client.verify_raw(&with(json!(url))).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn a_clip_that_the_models_fail_on_is_a_processing_error() {
    let app = spawn_app().await;
    for act in [Act::Fail, Act::Panic] {
        let session = app.client.session(&LEFT_RIGHT).await;
        let clip = clip(|index, scene| scene.act = if index == 20 { act } else { Act::Measure });
        let body = clip_body(&session, &clip);
        app.client
            .verify_raw(&body)
            .await
            .assert_error(502, "PROCESSING_ERROR");
        assert_eq!(app.client.status(&session).await.body["state"], "failed");
    }
}

#[tokio::test]
async fn a_clip_is_refused_where_its_decoder_cannot_be_confined_unless_that_is_allowed() {
    for (is_allowed, is_verified) in [(false, false), (true, true)] {
        let reader = ClipReader::start(is_allowed).await.unwrap();
        let abilities = Abilities {
            landlock: false,
            ..reader.abilities()
        };
        let app = spawn(Options {
            clip_reader: Some(reader.as_if(abilities)),
            ..Options::default()
        })
        .await;
        let session = app.client.session(&LEFT_RIGHT).await;
        let answer = app.client.verify_clip(&session, &clip(|_, _| {})).await;
        if is_verified {
            assert_eq!(answer.body["verified"], true, "{}", answer.body);
        } else {
            // The operator's to mend, and no fault of the clip.
            answer.assert_error(502, "PROCESSING_ERROR");
            assert!(!answer.error().contains("Landlock"), "{}", answer.error());
        }
    }
}

#[tokio::test]
async fn a_clip_that_takes_too_long_ends_at_the_deadline_and_leaves_the_workers_free() {
    let app = spawn(Options {
        server: ServerConfig {
            verify_timeout: Duration::from_secs(2),
            ..ServerConfig::default()
        },
        workers: 1,
        ..Options::default()
    })
    .await;
    // Fast at first: otherwise it would be refused as too long.
    let slow = clip(|index, scene| scene.delay_ms = if index < 16 { 1 } else { 300 });
    let session = app.client.session(&LEFT_RIGHT).await;
    let answer = app.client.verify_clip(&session, &slow).await;
    answer.assert_error(502, "PROCESSING_ERROR");
    assert!(answer.error().contains("in time"), "{}", answer.error());
    assert_eq!(app.client.status(&session).await.body["state"], "failed");
    // The other frames are not measured any more.
    let next = app
        .client
        .verify_new_clip(&LEFT_RIGHT, &clip(|_, _| {}))
        .await;
    assert_eq!(next.body["verified"], true, "{}", next.body);
}

#[tokio::test]
async fn a_clip_of_an_empty_room_has_no_face() {
    let app = spawn_app().await;
    let answer = app
        .client
        .verify_new_clip(&LEFT_RIGHT, &of_scenes(&[Scene::empty(); 20], 15))
        .await;
    answer.assert_rejected(&["insufficient_face_detections"]);
    assert_eq!(
        answer.body["rejection_details"]["face_detection_ratio"],
        0.0
    );
}
