//! What speaks against a capture beside scores and actions: it is named, with its numbers and a
//! sentence, in both APIs.

use livegate_liveness::measurement::Cues;
use livegate_liveness::thresholds::Thresholds;
use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Capture;
use livegate_tests::clips::{left_right, of_scenes};
use livegate_tests::scripted::{Scene, thresholds};
use serde_json::{Value, json};

/// Names and numbers of the evidence against a capture that is rejected for this reason alone.
async fn evidence(app: &App, capture: &Capture, reason: &str) -> Vec<(Value, Value, Value)> {
    let answer = app.client.verify_new(capture).await;
    answer.assert_rejected(&[reason]);
    spoken(&answer.body)
}

fn spoken(body: &Value) -> Vec<(Value, Value, Value)> {
    let all = body["rejection_details"]["evidence"].as_array();
    let all = all.unwrap_or_else(|| panic!("no evidence: {body}"));
    for one in all {
        assert!(one["text"].as_str().unwrap().ends_with('.'), "{one}");
    }
    let of = |e: &Value| {
        let [name, measured, required] = ["name", "measured", "required"].map(|k| e[k].clone());
        (name, measured, required)
    };
    all.iter().map(of).collect()
}

#[tokio::test]
async fn a_picture_that_comes_again_after_a_movement_is_a_copy() {
    let app = spawn_app().await;
    // Frontal frames are 0 and 1, and 4: the last one is the first again.
    let copied = Capture::left_right(|i, s| {
        s.picture = [7, 0, 0, 0, 7, 0, 0, 0][i];
        s.yaw = if i == 4 { 0.0 } else { s.yaw };
    });
    let said = evidence(&app, &copied, "spoof_detected").await;
    assert_eq!(said, [(json!("repeated_pictures"), json!(1.0), json!(0.0))]);
    let details = &app.client.verify_new(&copied).await.body["rejection_details"];
    let text = details["evidence"][0]["text"].as_str().unwrap();
    assert!(text.contains("frame 4"), "{text}");
    // The score comes with every rejection for spoofing, also where it is high enough.
    assert_eq!(
        (&details["anti_spoof_avg_score"], &details["threshold"]),
        (&json!(0.95), &json!(0.5))
    );
    // The same picture twice in a row is a preview that was read twice.
    let twice = Capture::left_right(|i, s| s.picture = u64::from(i < 2));
    assert_eq!(app.client.verify_new(&twice).await.body["verified"], true);
}

#[tokio::test]
async fn a_face_lost_in_noise_does_not_count_as_seen() {
    let app = spawn_app().await;
    let noisy = |frames: &'static [usize]| {
        Capture::left_right(move |i, s| s.noise = if frames.contains(&i) { 12.0 } else { 4.0 })
    };
    let answer = app.client.verify_new(&noisy(&[1, 4, 7])).await;
    answer.assert_rejected(&["insufficient_face_detections"]);
    let seen = &answer.body["rejection_details"]["face_detection_ratio"];
    assert_eq!(seen, &json!(0.625));
    // A few such frames are no harm.
    let answer = app.client.verify_new(&noisy(&[1, 7])).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn signs_of_a_screen_are_named() {
    let app = spawn_app().await;
    let screen = Capture::left_right(|_, s| {
        s.cues = Cues {
            periodicity: Some(5.5),
            border: None,
        }
    });
    let said = evidence(&app, &screen, "spoof_detected").await;
    let most = f64::from(thresholds().raster);
    assert_eq!(said, [(json!("screen_raster"), json!(5.5), json!(most))]);
    let framed = Capture::left_right(|i, s| {
        s.cues = Cues {
            periodicity: None,
            border: (i < 3).then_some(1.0),
        }
    });
    let said = evidence(&app, &framed, "spoof_detected").await;
    assert_eq!(
        (&said[0].0, &said[0].1),
        (&json!("screen_border"), &json!(1.0))
    );
}

#[tokio::test]
async fn a_clip_whose_head_is_elsewhere_at_once_is_spliced() {
    let app = spawn_app().await;
    let clip = of_scenes(
        &left_right(|index, scene| {
            if index == 20 {
                scene.yaw = -65.0;
            }
        }),
        15,
    );
    let session = app.client.session(&["turn_left", "turn_right"]).await;
    let answer = app.client.verify_clip(&session, &clip).await;
    answer.assert_rejected(&["spoof_detected"]);
    let said = spoken(&answer.body);
    assert_eq!(said[0].0, json!("head_speed"));
    let most = f64::from(thresholds().head_speed);
    assert!(said[0].1.as_f64().unwrap() > most, "{said:?}");
}

/// Somebody whose head goes to the left and to the right and back, picture by picture; of each pose the
/// number of its picture.
fn in_turn(poses: &[(f32, u64)]) -> Vec<Scene> {
    let still = |&(yaw, picture): &(f32, u64)| Scene {
        picture,
        ..Scene::turned(yaw)
    };
    poses.iter().map(still).collect()
}

#[tokio::test]
async fn stills_in_turn_that_pass_a_live_session_are_found_by_their_copies() {
    let app = spawn_app().await;
    let id = app.client.interactive_session("TURN_LEFT,TURN_RIGHT").await;
    let (left, right) = ([(-14.0, 2), (-30.0, 3)], [(14.0, 4), (30.0, 5)]);
    let rest = (0.0, 1);
    let again = [rest, left[0], rest];
    let there = [&[rest, left[0], left[1]], &again[..], &right].concat();
    let answer = app.client.play(&id, &in_turn(&there)).await;
    assert_eq!(answer.body["state"], json!("completed"), "{}", answer.body);
    assert_eq!(answer.body["is_live"], json!(false));
    assert_eq!(answer.body["reason_codes"], json!(["spoof_detected"]));
    let said = spoken(&answer.body);
    // Of a session's frames none may be there by chance.
    let most = 0.0;
    assert_eq!(
        (&said[0].0, &said[0].2),
        (&json!("repeated_pictures"), &json!(most))
    );
    assert!(said[0].1.as_f64().unwrap() > most, "{said:?}");
}

#[tokio::test]
async fn a_turned_head_that_holds_still_is_a_still() {
    let app = spawn_app().await;
    // Stills of the turns, each sent four times; facing the camera a person's picture may repeat.
    let stills = |picture: fn(f32) -> u64| {
        let yaws = [
            0.0, 0.0, 0.0, -30.0, -30.0, -30.0, -30.0, 30.0, 30.0, 30.0, 30.0,
        ];
        Capture::of(yaws.map(|yaw| {
            let tag = match yaw {
                y if y < 0.0 => "turn_left",
                y if y > 0.0 => "turn_right",
                _ => "center",
            };
            let picture = picture(yaw);
            (
                tag,
                Scene {
                    picture,
                    ..Scene::turned(yaw)
                },
            )
        }))
    };
    let said = evidence(&app, &stills(|yaw| (200.0 + yaw) as u64), "spoof_detected").await;
    let turned = 8;
    let most = (turned / thresholds().held_chosen_one_in).max(1) as f64;
    assert_eq!(
        (&said[0].0, &said[0].2),
        (&json!("held_pictures"), &json!(most))
    );
    let moving = stills(|yaw| u64::from(yaw.abs() < 1.0));
    let answer = app.client.verify_new(&moving).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn the_weakest_part_is_named_with_its_score_and_no_other_frames_make_up_for_it() {
    let app = spawn_app().await;
    for (weak, words) in [
        (-12.0..12.0, "that face the camera"),
        (-90.0..-12.0, "turned to the left"),
        (12.0..90.0, "turned to the right"),
    ] {
        let (weak, others): (std::ops::Range<f32>, f32) = (weak, 0.999);
        let capture = Capture::left_right(|_, s| {
            s.bona_fide = if weak.contains(&s.yaw) { 0.2 } else { others };
        });
        let answer = app.client.verify_new(&capture).await;
        answer.assert_rejected(&["spoof_detected"]);
        assert_eq!(
            spoken(&answer.body),
            [(json!("weakest_part"), json!(0.2), json!(0.5))]
        );
        let details = &answer.body["rejection_details"];
        let text = details["evidence"][0]["text"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
        // The average is high, and decides nothing.
        let average = details["anti_spoof_avg_score"].as_f64().unwrap();
        assert!(average > 0.9 && details["threshold"] == 0.5, "{details}");
    }
    // The same in a clip and in a live session.
    let clip = of_scenes(
        &left_right(|_, s| s.bona_fide = if s.yaw > 20.0 { 0.05 } else { 0.999 }),
        15,
    );
    let answer = app
        .client
        .verify_new_clip(&["turn_left", "turn_right"], &clip)
        .await;
    answer.assert_rejected(&["spoof_detected"]);
    assert_eq!(spoken(&answer.body)[0].0, json!("weakest_part"));
    let id = app.client.interactive_session("TURN_LEFT").await;
    let mut turn = Scene::doing("TURN_LEFT");
    turn[2].bona_fide = 0.05;
    let answer = app.client.play(&id, &turn).await;
    assert_eq!(
        answer.body["reason_codes"],
        json!(["spoof_detected"]),
        "{}",
        answer.body
    );
    assert_eq!(spoken(&answer.body)[0].0, json!("weakest_part"));
}

#[tokio::test]
async fn surroundings_that_change_at_once_are_another_place() {
    let app = spawn_app().await;
    let moved = |from: usize| {
        let scenes = left_right(|i, s| s.place = u8::from(i >= from) * 5);
        of_scenes(&scenes, 15)
    };
    let verify = async |clip: &[u8]| {
        let actions = ["turn_left", "turn_right"];
        app.client.verify_new_clip(&actions, clip).await
    };
    let answer = verify(&moved(20)).await;
    answer.assert_rejected(&["spoof_detected"]);
    let said = spoken(&answer.body);
    assert_eq!(
        (&said[0].0, &said[0].2),
        (&json!("scene_change"), &json!(1.0))
    );
    assert!(said[0].1.as_f64().unwrap() > 1.0, "{said:?}");
    let text = &answer.body["rejection_details"]["evidence"][0]["text"];
    assert!(text.as_str().unwrap().contains("frame 20"), "{text}");
    // A camera that was just opened may settle.
    let answer = verify(&moved(5)).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
    // Frames that a caller chose have no times to tell a change by.
    let chosen = Capture::left_right(|i, s| s.place = i as u8);
    assert_eq!(app.client.verify_new(&chosen).await.body["verified"], true);
}

#[tokio::test]
async fn a_drawn_challenge_is_not_met_by_what_was_captured_before_it_was_known() {
    let app = spawn_app().await;
    // Frames by the caller's own times, a second apart: sessions of tests are younger.
    let verify = async |asked: Value, apart_ms: f64| {
        let created = app.client.create(&asked).await;
        let challenge: Vec<String> =
            serde_json::from_value(created.body["challenge"].clone()).unwrap();
        let session = created.body["session_id"].as_str().unwrap();
        let mut body = Capture::doing(&challenge).body(session);
        for (index, frame) in body["frames"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .enumerate()
        {
            frame["timestamp_ms"] = json!(index as f64 * apart_ms);
        }
        app.client.verify_raw(&body).await
    };
    let answer = verify(json!({}), 1_000.0).await;
    answer.assert_rejected(&["spoof_detected"]);
    let said = spoken(&answer.body);
    assert_eq!(
        (said.len(), &said[0].0),
        (1, &json!("captured_before_session"))
    );
    assert_eq!(
        said[0].1,
        json!(16.0),
        "seconds from the first frame to the last"
    );
    assert!(said[0].2.as_f64().unwrap() < 10.0, "{said:?}");
    assert_eq!(answer.body["rejection_details"]["threshold"], json!(0.5));
    // What fits in the time since is fine, and so is a challenge that the caller knew beforehand.
    let named = json!({ "actions": ["turn_left", "turn_right", "turn_up", "turn_down", "blink"] });
    for (asked, apart_ms) in [(json!({}), 5.0), (named, 1_000.0)] {
        let answer = verify(asked, apart_ms).await;
        assert_eq!(answer.body["verified"], true, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_clip_longer_than_its_drawn_session_is_old_has_no_place_in_it() {
    let app = spawn_app().await;
    // Of somebody who does nothing, for 20 seconds: only the time matters here.
    let clip = of_scenes(&[Scene::default(); 100], 5);
    let created = app.client.create(&json!({})).await;
    let session = created.body["session_id"].as_str().unwrap();
    let answer = app.client.verify_clip(session, &clip).await;
    answer.assert_rejected(&["spoof_detected", "challenge_failed"]);
    let said = spoken(&answer.body);
    assert_eq!(
        (said.len(), &said[0].0),
        (1, &json!("captured_before_session"))
    );
    let claimed = said[0].1.as_f64().unwrap();
    assert!((19.0..21.0).contains(&claimed), "{claimed}");
    let named = app
        .client
        .verify_new_clip(&["turn_left", "blink"], &clip)
        .await;
    named.assert_rejected(&["challenge_failed"]);
}

#[tokio::test]
async fn a_frame_turned_too_far_to_be_compared_supports_no_action() {
    let app = spawn_app().await;
    let far = Capture::left_right(|_, s| s.yaw = if s.yaw < -12.0 { -80.0 } else { s.yaw });
    let answer = app.client.verify_new(&far).await;
    answer.assert_rejected(&["challenge_failed"]);
    let failed = &answer.body["rejection_details"]["failed_actions"][0];
    assert_eq!(
        (&failed["action"], &failed["why"]),
        (&json!("turn_left"), &json!("not_comparable"))
    );
    // One frame on the way, far enough and near enough, suffices.
    let one = Capture::left_right(|i, s| {
        s.yaw = [0.0, 1.0, -30.0, -80.0, 5.0, 20.0, 32.0, 30.0][i];
    });
    let answer = app.client.verify_new(&one).await;
    assert_eq!(answer.body["verified"], true, "{}", answer.body);
}

#[tokio::test]
async fn a_face_too_soft_or_too_coarse_to_judge_does_not_count_as_seen() {
    let app = spawn_app().await;
    let t = thresholds();
    for change in [
        (|s, t| s.detail_px = Some(t.face_detail_px / 2.0)) as fn(&mut Scene, &Thresholds),
        |s, t| s.coarse_noise = 2.0 * t.coarse_luma_noise,
        |s, t| s.face_width = t.face_px / 2.0 / 160.0,
    ] {
        let answer = app
            .client
            .verify_new(&Capture::left_right(|_, s| change(s, &t)))
            .await;
        answer.assert_rejected(&["insufficient_face_detections"]);
        assert_eq!(
            answer.body["rejection_details"]["face_detection_ratio"],
            json!(0.0)
        );
    }
}
