//! Real people, in both stacks: live ones do what is asked, a replay does too and is told, two are
//! not one.

use livegate_tests::app::App;
use livegate_tests::client::{Answer, Capture};
use livegate_tests::media::{capture, media};
use serde_json::{Value, json};

use super::stack::{Distributed, embedded, three_anti_spoof_models};

/// Frames of one clip, in time: where in its ground truth each action lies, a little after its
/// start and in its middle.
pub struct Clip {
    pub file: &'static str,
    pub actions: &'static [&'static str],
    pub frames: &'static [(&'static str, f32)],
}

pub const TURNS_A: Clip = Clip {
    file: "live/turns_a.mov",
    actions: &["turn_left", "turn_right", "turn_up", "turn_down"],
    frames: &[
        ("center", 0.1),
        ("center", 0.3),
        ("turn_left", 1.1),
        ("turn_left", 1.3),
        ("turn_right", 3.6),
        ("turn_right", 3.8),
        ("turn_up", 6.6),
        ("turn_up", 6.8),
        ("turn_down", 9.1),
        ("turn_down", 9.3),
    ],
};

pub const TURNS_B: Clip = Clip {
    file: "live/turns_b.mov",
    actions: &["turn_left", "turn_right", "turn_up", "turn_down"],
    frames: &[
        ("center", 0.3),
        ("center", 0.6),
        ("turn_left", 2.1),
        ("turn_left", 2.6),
        ("turn_right", 4.4),
        ("turn_right", 4.9),
        ("turn_up", 6.8),
        ("turn_up", 7.5),
        ("turn_down", 9.5),
        ("turn_down", 10.2),
    ],
};

pub const TURNS_C: Clip = Clip {
    file: "live/turns_c.mov",
    actions: &["turn_up", "turn_right", "turn_left", "turn_down"],
    frames: &[
        ("center", 0.3),
        ("center", 0.6),
        ("turn_up", 2.2),
        ("turn_up", 2.6),
        ("turn_right", 3.6),
        ("turn_right", 4.0),
        ("turn_left", 5.8),
        ("turn_left", 6.3),
        ("turn_down", 9.6),
        ("turn_down", 10.5),
    ],
};

const REPLAY_A: Clip = Clip {
    file: "replay/replay_a.mp4",
    actions: &["turn_right", "turn_left"],
    frames: &[
        ("center", 0.2),
        ("center", 1.0),
        ("turn_right", 1.7),
        ("turn_right", 1.9),
        ("turn_right", 2.2),
        ("turn_left", 3.3),
        ("turn_left", 3.5),
        ("turn_left", 3.8),
    ],
};

impl Clip {
    pub fn capture(&self) -> Capture {
        capture(&media(self.file), self.frames)
    }
}

/// A session for `actions` within angles that a relaxed turn reaches, and its verdict.
pub async fn verify(app: &App, actions: &[&str], capture: &Capture) -> Answer {
    let body = json!({ "actions": actions, "pitch_deg": 15 });
    let created = app.client.create(&body).await;
    assert_eq!(created.status, 200, "{}", created.body);
    app.client
        .verify(created.body["session_id"].as_str().unwrap(), capture)
        .await
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

async fn live_people_are_verified(app: &App) {
    for clip in [TURNS_A, TURNS_B, TURNS_C] {
        let answer = verify(app, clip.actions, &clip.capture()).await;
        assert_eq!(
            answer.body["verified"], true,
            "{}: {}",
            clip.file, answer.body
        );
        assert_eq!(
            answer.body["challenge_details"]["completed_actions"],
            json!(clip.actions)
        );
        assert_eq!(answer.body["frames_analyzed"], 10);
        let embedding = numbers(&answer.body["embedding"]);
        let length: f64 = embedding.iter().map(|v| v * v).sum();
        assert_eq!(embedding.len(), 512);
        assert!((length - 1.0).abs() < 1e-4, "{length}");
        let best = base64_simd::STANDARD
            .decode_to_vec(answer.body["best_frame_b64"].as_str().unwrap())
            .unwrap();
        let best = image::load_from_memory(&best).unwrap();
        assert_eq!((best.width(), best.height()), (360, 480), "upright");
        assert!(
            answer.body["best_frame_index"].as_u64().unwrap() < 2,
            "a frontal frame"
        );
    }
}

async fn another_order_or_a_missing_action_fails(app: &App) {
    for clip in [TURNS_A, TURNS_B, TURNS_C] {
        let good = clip.capture();
        let mut swapped = clip.actions.to_vec();
        swapped.swap(0, 1);

        // The same frames, honestly tagged, for the other order.
        let answer = verify(app, &swapped, &good).await;
        answer.assert_rejected(&["challenge_failed"]);
        let failed = &answer.body["rejection_details"]["failed_actions"][0];
        assert_eq!(
            (&failed["action"], &failed["why"]),
            (&json!(swapped[1]), &json!("out_of_order"))
        );

        // The same frames with the tags of two actions exchanged: the pixels show the opposite.
        let lie = |tag: &str| match tag {
            t if t == clip.actions[0] => clip.actions[1].to_owned(),
            t if t == clip.actions[1] => clip.actions[0].to_owned(),
            t => t.to_owned(),
        };
        let tagged = Capture(
            good.0
                .iter()
                .map(|(tag, jpeg)| (lie(tag), jpeg.clone()))
                .collect(),
        );
        let answer = verify(app, &swapped, &tagged).await;
        answer.assert_rejected(&["challenge_failed"]);
        let failed = &answer.body["rejection_details"]["failed_actions"][0];
        assert_eq!(failed["why"], "not_reached", "{failed}");
        assert!(
            failed["measured"].is_number() && failed["required"].is_number(),
            "{failed}"
        );

        // Without the frames of the last action.
        let last = *clip.actions.last().unwrap();
        let rest = Capture(
            good.0
                .iter()
                .filter(|(tag, _)| tag != last)
                .cloned()
                .collect(),
        );
        let answer = verify(app, clip.actions, &rest).await;
        answer.assert_rejected(&["challenge_failed"]);
        let failed = &answer.body["rejection_details"]["failed_actions"];
        assert_eq!(
            (&failed[0]["action"], &failed[0]["why"]),
            (&json!(last), &json!("no_frames"))
        );
        assert_eq!(failed.as_array().unwrap().len(), 1);
    }
}

async fn a_replay_passes_its_challenge_and_fails_as_a_spoof(app: &App) {
    let answer = verify(app, REPLAY_A.actions, &REPLAY_A.capture()).await;
    answer.assert_rejected(&["spoof_detected"]);
    assert_eq!(answer.body["challenge_passed"], true);
    let evidence = answer.body["rejection_details"]["evidence"].as_array();
    let weakest = |e: &&Value| e["name"] == "weakest_part";
    let weakest = evidence.and_then(|all| all.iter().find(weakest));
    let weakest = weakest.unwrap_or_else(|| panic!("{}", answer.body));
    assert!(
        weakest["measured"].as_f64() < weakest["required"].as_f64(),
        "{weakest}"
    );
}

async fn two_people_are_different_persons(app: &App) {
    let [a, b, c] = [TURNS_A, TURNS_B, TURNS_C].map(|clip| clip.capture());
    let tags = |tags: &'static [&'static str]| {
        move |(tag, _): &&(String, Vec<u8>)| tags.contains(&tag.as_str())
    };
    let mix = |first: &Capture, second: &Capture| {
        let start = first.0.iter().filter(tags(&["center", "turn_left"]));
        Capture(
            start
                .chain(second.0.iter().filter(tags(&["turn_right", "turn_up"])))
                .cloned()
                .collect(),
        )
    };
    for (first, second) in [(&a, &b), (&b, &a), (&b, &c)] {
        let answer = verify(app, &["turn_left", "turn_right"], &mix(first, second)).await;
        // What another person does is no action of the first one's.
        answer.assert_rejected(&["different_persons_detected", "challenge_failed"]);
        let details = &answer.body["rejection_details"];
        let failed = &details["failed_actions"][0];
        assert_eq!(
            (&failed["action"], &failed["why"]),
            (&json!("turn_right"), &json!("not_comparable"))
        );
        assert!(
            details["same_person_score"].as_f64() < details["same_person_threshold"].as_f64(),
            "{details}"
        );
    }
}

async fn everything(app: &App) {
    live_people_are_verified(app).await;
    another_order_or_a_missing_action_fails(app).await;
    a_replay_passes_its_challenge_and_fails_as_a_spoof(app).await;
    two_people_are_different_persons(app).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn people_are_told_apart_in_one_process() {
    everything(&embedded(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(all(has_media, has_optional_weights)),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
async fn people_are_told_apart_in_one_process_with_three_anti_spoof_models() {
    let folder = tempfile::tempdir().unwrap();
    let config = three_anti_spoof_models(folder.path());
    everything(&embedded(Some(&config)).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(has_media),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the models"
)]
async fn people_are_told_apart_across_a_queue_by_two_workers() {
    everything(&Distributed::start(2, None).await.app).await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(
    not(all(has_media, has_optional_weights)),
    ignore = "needs footage of people (LIVEGATE_MEDIA) and the optional models (LIVEGATE_OPTIONAL_MODELS)"
)]
async fn people_are_told_apart_across_a_queue_with_three_anti_spoof_models() {
    let folder = tempfile::tempdir().unwrap();
    let config = three_anti_spoof_models(folder.path());
    everything(&Distributed::start(2, Some(&config)).await.app).await;
}
