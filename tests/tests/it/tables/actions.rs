//! The five actions: at the angle it passes, just short of it it fails, and says by how much.

use livegate_tests::app::{App, spawn_app};
use livegate_tests::scripted::Scene;
use serde_json::json;

use super::{assert_failed, assert_verified, eyes, movement, verify_with};

/// A head movement of the table.
struct Row {
    action: &'static str,
    /// The default angle, with its sign.
    required: f32,
    /// How the head is at an angle.
    at: fn(f32) -> Scene,
}

fn yaw(yaw: f32) -> Scene {
    Scene::turned(yaw)
}

fn pitch(pitch: f32) -> Scene {
    Scene {
        pitch,
        ..Scene::default()
    }
}

impl Row {
    fn new(action: &'static str, required: f32, at: fn(f32) -> Scene) -> Self {
        Self {
            action,
            required,
            at,
        }
    }

    async fn hold(&self) {
        let app = spawn_app().await;
        let Self {
            action,
            required,
            at,
        } = *self;
        let asked = json!({ "actions": [action, "blink"] });
        for tag in [action, &format!("{action}_start"), &format!("{action}_end")] {
            for angle in [required, 1.5 * required] {
                let answer = verify_with(&app, &asked, &movement(tag, at(angle))).await;
                assert_verified(&answer);
            }
        }
        self.fails(&app, required * 0.99, required * 0.99).await;
        // The other way is not this way. What came nearest is the head that looks ahead.
        self.fails(&app, -1.5 * required, 0.0).await;
    }

    /// Ends the test unless a movement to `angle` fails, and `measured` is given for it.
    async fn fails(&self, app: &App, angle: f32, measured: f32) {
        let asked = json!({ "actions": [self.action, "blink"] });
        let capture = movement(self.action, (self.at)(angle));
        let answer = verify_with(app, &asked, &capture).await;
        let measured = (f64::from(measured) * 100.0).round() / 100.0;
        let numbers = (measured, f64::from(self.required), "degrees");
        assert_failed(&answer, self.action, "not_reached", numbers);
        assert_eq!(
            answer.body["rejection_details"]["completed_actions"],
            json!(["blink"])
        );
        assert!(
            !answer.body.to_string().contains("-0.0,"),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn turn_left() {
    Row::new("turn_left", -25.0, yaw).hold().await;
}

#[tokio::test]
async fn turn_right() {
    Row::new("turn_right", 25.0, yaw).hold().await;
}

#[tokio::test]
async fn turn_up() {
    Row::new("turn_up", -20.0, pitch).hold().await;
}

#[tokio::test]
async fn turn_down() {
    Row::new("turn_down", 20.0, pitch).hold().await;
}

#[tokio::test]
async fn blink() {
    let app = spawn_app().await;
    let asked = json!({ "actions": ["turn_left", "blink"] });
    let verify =
        async |level, dip, reopened| verify_with(&app, &asked, &eyes(level, dip, reopened)).await;
    let ratio = "eye_aspect_ratio";
    assert_verified(&verify(0.4, 0.199, 0.4).await);
    assert_verified(&verify(0.3, 0.05, 0.22).await);
    // It dips below blink_ear, not to it; and clearly below the level of the person's own open eyes.
    let grazed = verify(0.4, 0.2, 0.4).await;
    assert_failed(&grazed, "blink", "not_reached", (0.2, 0.2, ratio));
    let open = verify(0.3, 0.3, 0.3).await;
    assert_failed(&open, "blink", "not_reached", (0.3, 0.18, ratio));
    // Then it reopens: above blink_ear, and to most of what it was.
    let shut = verify(0.3, 0.05, 0.05).await;
    assert_failed(&shut, "blink", "not_reopened", (0.05, 0.21, ratio));
    let half = verify(0.4, 0.05, 0.27).await;
    assert_failed(&half, "blink", "not_reopened", (0.27, 0.28, ratio));
    // Eyes that are never open dip nowhere.
    let closed = verify(0.05, 0.05, 0.05).await;
    assert_failed(&closed, "blink", "no_neutral_before", (0.05, 0.2, ratio));
}
