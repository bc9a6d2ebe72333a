//! The seven challenges: each has its instruction, is passed by its movement and at its measure, and not
//! just short of it, by anything else, or by a still.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::client::Answer;
use livegate_tests::scripted::{CHALLENGES, Scene};
use serde_json::json;

use super::{assert_fields, assert_live, doing, show};

/// A challenge of the table.
struct Row {
    challenge: &'static str,
    instruction: &'static str,
    /// The movement to a measure.
    to: fn(f32) -> Vec<Scene>,
    /// A measure that just passes.
    enough: f32,
    /// One that just does not.
    too_little: f32,
}

impl Row {
    async fn hold(&self) {
        let app = spawn_app().await;
        self.is_described(&app).await;
        let answers = self.show(&app, self.enough).await;
        let (last, way) = answers.split_last().unwrap();
        assert_fields(last, &[("passed", json!(true))]);
        assert_live(last);
        for answer in way {
            self.assert_not_passed(answer);
        }
        for answer in self.show(&app, self.too_little).await {
            self.assert_not_passed(&answer);
        }
        let others: Vec<&str> = CHALLENGES
            .into_iter()
            .filter(|c| *c != self.challenge)
            .collect();
        for answer in show(&app, self.challenge, &doing(&others)).await {
            self.assert_not_passed(&answer);
        }
        for still in (self.to)(self.enough) {
            for answer in show(&app, self.challenge, &[still; 8]).await {
                self.assert_not_passed(&answer);
            }
        }
    }

    async fn is_described(&self, app: &App) {
        let query = format!("challenges={}", self.challenge);
        let created = app.client.interactive(&query).await;
        let expected = json!([{
            "type": self.challenge,
            "instruction": self.instruction,
            "timeout_seconds": 5.0,
        }]);
        assert_fields(&created, &[("challenges", expected)]);
    }

    async fn show(&self, app: &App, measure: f32) -> Vec<Answer> {
        show(app, self.challenge, &(self.to)(measure)).await
    }

    #[track_caller]
    fn assert_not_passed(&self, answer: &Answer) {
        let fields = [
            ("challenge_type", json!(self.challenge)),
            ("passed", json!(false)),
            ("challenges_remaining", json!(1)),
            ("state", json!("in_progress")),
        ];
        assert_fields(answer, &fields);
        let confidence = answer.body["confidence"].as_f64().unwrap();
        assert!((0.0..0.5).contains(&confidence), "{}", answer.body);
    }
}

/// Degrees, with their sign: from the camera, through a pose in between.
fn yaw(to: f32) -> Vec<Scene> {
    [0.0, 0.65 * to, to].map(Scene::turned).to_vec()
}

fn pitch(to: f32) -> Vec<Scene> {
    [0.0, 0.65 * to, to].map(Scene::nodding).to_vec()
}

/// Eyes that are open, as far closed as this, and open again.
fn eyes(ear: f32) -> Vec<Scene> {
    let open = Scene::default();
    let closed = Scene {
        ear,
        eye_blink: Some(0.6),
        ..Scene::eyes_closed()
    };
    vec![open, closed, open]
}

fn lips(smile: f32) -> Vec<Scene> {
    let smiling = Scene {
        smile,
        ..Scene::default()
    };
    vec![Scene::default(), smiling]
}

fn mouth(mouth_opening: f32) -> Vec<Scene> {
    let open = Scene {
        mouth_opening,
        ..Scene::default()
    };
    vec![Scene::default(), open]
}

#[tokio::test]
async fn turn_left() {
    let row = Row {
        challenge: "TURN_LEFT",
        instruction: "Turn your head to the left",
        to: yaw,
        enough: -25.0,
        too_little: -24.5,
    };
    row.hold().await;
}

#[tokio::test]
async fn turn_right() {
    let row = Row {
        challenge: "TURN_RIGHT",
        instruction: "Turn your head to the right",
        to: yaw,
        enough: 25.0,
        too_little: 24.5,
    };
    row.hold().await;
}

#[tokio::test]
async fn look_up() {
    let row = Row {
        challenge: "LOOK_UP",
        instruction: "Look upward",
        to: pitch,
        enough: -20.0,
        too_little: -19.5,
    };
    row.hold().await;
}

#[tokio::test]
async fn look_down() {
    let row = Row {
        challenge: "LOOK_DOWN",
        instruction: "Look downward",
        to: pitch,
        enough: 20.0,
        too_little: 19.5,
    };
    row.hold().await;
}

#[tokio::test]
async fn blink() {
    let row = Row {
        challenge: "BLINK",
        instruction: "Blink your eyes",
        to: eyes,
        // Open eyes are at 0.3 here, and closed at 60% of that.
        enough: 0.175,
        too_little: 0.185,
    };
    row.hold().await;
    // Open again: not while they stay closed.
    let app = spawn_app().await;
    let shut = [Scene::default(), Scene::eyes_closed(), Scene::eyes_closed()];
    for answer in show(&app, "BLINK", &shut).await {
        row.assert_not_passed(&answer);
    }
}

#[tokio::test]
async fn smile() {
    let row = Row {
        challenge: "SMILE",
        instruction: "Smile",
        to: lips,
        // Half of the way from 0.05 to 1.
        enough: 0.53,
        too_little: 0.52,
    };
    row.hold().await;
}

#[tokio::test]
async fn open_mouth() {
    let row = Row {
        challenge: "OPEN_MOUTH",
        instruction: "Open your mouth",
        to: mouth,
        // 0.4 more than the 0.02 at rest.
        enough: 0.43,
        too_little: 0.41,
    };
    row.hold().await;
}
