//! One hint a frame.

use livegate_tests::app::spawn_app;
use livegate_tests::scripted::Scene;
use serde_json::json;

#[tokio::test]
async fn feedback_names_what_to_change_first() {
    let app = spawn_app().await;
    let fine = Scene::default();
    for (challenge, scene, feedback) in [
        ("SMILE", Scene::empty(), "no_face"),
        ("SMILE", Scene { faces: 2, ..fine }, "multiple_faces"),
        (
            "SMILE",
            Scene {
                face_width: 0.3,
                ..fine
            },
            "face_too_small",
        ),
        (
            "SMILE",
            Scene {
                face_x: -60.0,
                ..fine
            },
            "face_out_of_frame",
        ),
        // So near that there is no room around it.
        (
            "SMILE",
            Scene {
                face_width: 0.85,
                ..fine
            },
            "face_out_of_frame",
        ),
        (
            "SMILE",
            Scene {
                brightness: 15.0,
                ..fine
            },
            "too_dark",
        ),
        (
            "SMILE",
            Scene {
                noise: 15.0,
                ..fine
            },
            "too_dark",
        ),
        (
            "SMILE",
            Scene {
                coarse_noise: 30.0,
                ..fine
            },
            "too_dark",
        ),
        (
            "SMILE",
            Scene {
                detail_px: Some(5.0),
                ..fine
            },
            "blurred",
        ),
        (
            "SMILE",
            Scene {
                brightness: 245.0,
                ..fine
            },
            "too_bright",
        ),
        (
            "SMILE",
            Scene {
                sharpness: 3.0,
                ..fine
            },
            "blurred",
        ),
        // Head or phone on its side.
        ("TURN_LEFT", Scene { roll: 80.0, ..fine }, "look_straight"),
        (
            "SMILE",
            Scene {
                roll: -50.0,
                ..fine
            },
            "look_straight",
        ),
        ("SMILE", Scene { roll: 30.0, ..fine }, "keep_going"),
        ("SMILE", Scene::turned(40.0), "look_straight"),
        ("TURN_LEFT", Scene::nodding(25.0), "look_straight"),
        ("BLINK", Scene::eyes_closed(), "eyes_not_visible"),
        ("SMILE", fine, "keep_going"),
    ] {
        let id = app.client.interactive_session(challenge).await;
        let answer = app.client.play(&id, &[scene]).await;
        assert_eq!(
            answer.body["feedback"],
            json!(feedback),
            "{challenge} {scene:?}"
        );
    }
}
